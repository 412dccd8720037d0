# SPDX-License-Identifier: Apache-2.0
"""What other programs make of exports: read_exports.py KIND FILE...; a line on stderr and status 1 where it fails."""
import collections
import csv
import ipaddress
import json
import re
import sys

# Control characters, and marks that turn the direction of writing.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
FINGERPRINT = re.compile(r"^fp1:[0-9a-f]{32}$")
UUID5 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
TOKEN = re.compile(r"^[A-Za-z_][A-Za-z0-9._-]*$")


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def props(value):
    """Every property anywhere in a document of OSCAL."""
    if isinstance(value, dict):
        yield from value.get("props", [])
        for one in value.values():
            yield from props(one)
    elif isinstance(value, list):
        for one in value:
            yield from props(one)


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def ndjson(whole, by_line):
    lists = {key: value for key, value in load(whole).items() if isinstance(value, list)}
    objects = [o for o in lines(by_line) if o["type"] not in ("tenken", "scan")]
    rest = [{k: v for k, v in o.items() if k != "type"} for o in objects]
    assert rest == [o for value in lists.values() for o in value]
    assert len({o["type"] for o in objects}) == len([v for v in lists.values() if v])


def sarif(path, whole):
    run = load(path)["runs"][0]
    found = {f["fingerprint"]: f for f in load(whole)["findings"]}
    rules = run["tool"]["driver"]["rules"]
    taxa = {(t["name"], x["id"]) for t in run["taxonomies"] for x in t["taxa"]}
    states = collections.Counter()
    seen = set()
    assert run["results"]
    for r in run["results"]:
        fp = r["partialFingerprints"]["fp1"]
        assert FINGERPRINT.match(fp) and fp not in seen, fp
        seen.add(fp)
        assert rules[r["ruleIndex"]]["id"] == r["ruleId"] if "ruleIndex" in r else True
        assert (r["level"] == "none") == (r["kind"] != "fail"), r
        assert "physicalLocation" not in r["locations"][0]
        assert not UNSAFE.search(r["message"]["text"]), r["message"]
        # No text of others is a link or a place holder.
        assert not re.search(r"(?<!\\)\[", r["message"]["text"]), r["message"]
        assert not re.search(r"(?<!{){(?!{)", r["message"]["text"].replace("{{", "")), r["message"]
        for t in r.get("taxa", []):
            assert (t["toolComponent"]["name"], t["id"]) in taxa
        states[r["baselineState"]] += 1
        if fp in found:
            assert bool(r["suppressions"]) == (found[fp]["status"] == "waived"), fp
            assert r["baselineState"] != "absent"
        else:
            assert r["baselineState"] == "absent" or r["kind"] == "open"
    assert set(found) <= seen
    assert states["new"] and states["unchanged"] and states["absent"], states


def sarif_changed(before, after):
    """What the run before knew otherwise: another severity, an exception, and that it was fixed."""
    before, after = (load(path)["runs"][0] for path in (before, after))
    assert after["baselineGuid"] not in ("", after["automationDetails"]["guid"])
    was, now = ({r["partialFingerprints"]["fp1"]: r for r in run["results"]} for run in (before, after))
    assert not any(r["baselineState"] == "updated" for r in was.values())
    changed = [now[fp] for fp in now if now[fp]["baselineState"] != was[fp]["baselineState"]]
    assert sorted(r["baselineState"] for r in changed) == ["new", "updated", "updated"], changed
    assert [r["properties"]["severity_before"] for r in changed if "severity_before" in r["properties"]] == ["info"]
    assert [r["properties"].get("reopened") for r in changed if r["baselineState"] == "new"] == [True]


def oscal(catalog, profile, results):
    catalog, profile = load(catalog)["catalog"], load(profile)["profile"]
    results = load(results)["assessment-results"]
    ids, controls, items = collections.Counter(), set(), set()
    for group in catalog["groups"]:
        ids[group["id"]] += 1
        for control in group["controls"]:
            ids[control["id"]] += 1
            controls.add(control["id"])
            for part in control["parts"]:
                ids[part["id"]] += 1
                for item in part.get("parts", []):
                    ids[item["id"]] += 1
                    items.add(item["id"])
    assert max(ids.values()) == 1 and all(TOKEN.match(i) for i in ids)
    for one in profile["imports"]:
        for chosen in one["include-controls"]:
            assert set(chosen["with-ids"]) <= controls
    uuids = collections.Counter()

    def gather(value):
        if isinstance(value, dict):
            if "uuid" in value:
                uuids[value["uuid"]] += 1
            for one in value.values():
                gather(one)
        elif isinstance(value, list):
            for one in value:
                gather(one)

    for document in (catalog, profile, results):
        gather(document)
        assert document["metadata"]["oscal-version"] == "1.1.2"
    assert all(UUID5.match(u) for u in uuids)
    uuids = collections.Counter()
    gather(results)
    assert max(uuids.values()) == 1, uuids.most_common(3)
    result = results["results"][0]
    observations = {o["uuid"] for o in result["observations"]}
    inventory = {i["uuid"] for i in result["local-definitions"]["inventory-items"]}
    for o in result["observations"]:
        assert {s["subject-uuid"] for s in o.get("subjects", [])} <= inventory
    for kind in ("findings", "risks"):
        for one in result[kind]:
            related = {r["observation-uuid"] for r in one.get("related-observations", [])}
            assert related <= observations
    for chosen in result["reviewed-controls"]["control-selections"][0]["include-controls"]:
        assert chosen["control-id"] in controls and set(chosen["statement-ids"]) <= items
    said = [f["target"]["target-id"] for f in result["findings"]]
    said += [p["value"] for o in result["observations"] for p in o["props"] if p["name"] == "statement-id"]
    assert sorted(said) == sorted(items), len(said)
    states = {(f["target"]["status"]["state"], f["props"][0]["value"]) for f in result["findings"]}
    assert ("not-satisfied", "violated") in states and ("satisfied", "attested") in states, states
    assert not {v for _, v in states} & {"hint", "not-run", "not-assessable"}, states
    # Nothing found shows that an item is met only where a scan sees all of it.
    part = set()

    def gather_parts(value):
        for one in value.get("parts", []):
            part.update([one["id"]] if any(p["name"] == "assess" and p["value"] == "indirect"
                                           for p in one.get("props", [])) else [])
            gather_parts(one)

    for group in catalog["groups"]:
        for control in group["controls"]:
            gather_parts(control)
    clean = [f for f in result["findings"] if f["props"][0]["value"] == "no-violation-observed"]
    assert part and not {f["target"]["target-id"] for f in clean} & part
    for document in (catalog, profile, results):
        for one in props(document):
            assert re.match(r"^\S(.*\S)?$", one["value"]), one
    risks = {r["status"] for r in result["risks"]}
    assert {"open", "deviation-approved"} <= risks <= {"open", "deviation-approved", "investigating"}, risks
    for document in (catalog, profile, results):
        for text in texts(document):
            assert text and not UNSAFE.search(text) and text == text.strip("\r\n"), repr(text)


def ocsf(path, whole):
    whole = load(whole)
    found = {f["fingerprint"]: f for f in whole["findings"]}
    classes, status, seen = collections.Counter(), collections.Counter(), set()
    for e in lines(path):
        classes[e["class_uid"]] += 1
        for key in ("activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"):
            assert key in e, (key, e)
        assert e["type_uid"] == e["class_uid"] * 100 + e["activity_id"]
        assert e["category_uid"] == e["class_uid"] // 1000 and e["time"] > 10 ** 12
        assert e["metadata"]["version"] == "1.5.0" and e["metadata"]["product"]["name"] == "tenken"
        if e["class_uid"] == 5001:
            ipaddress.ip_address(e["device"]["ip"])
            assert isinstance(e["device"]["type_id"], int)
            continue
        assert e["finding_info"]["uid"] not in seen
        seen.add(e["finding_info"]["uid"])
        assert e["compliance"]["control"] and e["compliance"]["standards"]
        assert e["compliance"]["status_id"] in (1, 2, 3, 99)
        status[e["compliance"].get("status_code"), e["compliance"]["status_id"]] += 1
        if e["finding_info"]["uid"] in found:
            f = found[e["finding_info"]["uid"]]
            assert e["severity_id"] == 1 + ("info", "low", "medium", "high", "critical").index(f["severity"])
            assert (e["status_id"] == 3) == (f["status"] == "waived")
    assert set(found) <= seen
    assert classes[5001] == len(whole["hosts"])
    assert status["violated", 3] and status["hint", 2] and status["attested", 99], status
    assert not any(code == "not-assessable" for code, _ in status)


# What the importer of DefectDojo takes; it refuses a file with any other key.
DOJO = """title severity description mitigation date active verified is_mitigated mitigated risk_accepted static_finding
dynamic_finding unique_id_from_tool vuln_id_from_tool endpoints vulnerability_ids tags""".split()


def defectdojo(path, whole):
    whole = load(whole)
    found = {f["fingerprint"]: f for f in whole["findings"]}
    document = load(path)
    seen, same = set(), set()
    assert document["type"] == "tenken"
    for f in document["findings"]:
        assert set(f) <= set(DOJO), set(f) - set(DOJO)
        assert f["severity"] in ("Info", "Low", "Medium", "High", "Critical")
        assert f["title"] and len(f["title"]) <= 511 and f["description"]
        assert re.match(r"^\d{4}-\d{2}-\d{2}$", f["date"])
        assert f["unique_id_from_tool"] not in seen
        seen.add(f["unique_id_from_tool"])
        assert (f["severity"], f["title"], f["description"]) not in same
        same.add((f["severity"], f["title"], f["description"]))
        assert not (f["active"] and (f["is_mitigated"] or f["risk_accepted"]))
        assert f["is_mitigated"] == ("mitigated" in f)
        for e in f.get("endpoints", []):
            m = re.match(r"^(\[[0-9a-f:]+\]|[0-9.]+)(:\d+)?$", e)
            assert m, e
            ipaddress.ip_address(m.group(1).strip("[]"))
        # Markdown of ours alone: no mark of theirs outside of a code span is left as it is.
        for line in f["description"].split("\n"):
            text = line.split(": ", 1)[-1].strip()
            if not text.startswith("`"):
                assert not re.search(r"(?<!\\)[<>\[\]`]", text), line
        assert not UNSAFE.search(f["title"]) and not UNSAFE.search(f["description"].replace("\n", ""))
        if f["unique_id_from_tool"] in found:
            assert f["risk_accepted"] == (found[f["unique_id_from_tool"]]["status"] == "waived")
    assert set(found) <= seen and any(f["is_mitigated"] for f in document["findings"])


def rows_of(path, encoding):
    with open(path, encoding=encoding, newline="") as f:
        return list(csv.reader(f, strict=True))


def csv_tables(utf8, marked, cp932):
    rows = rows_of(utf8, "utf-8")
    assert len(rows) > 1 and len({len(r) for r in rows}) == 1, {len(r) for r in rows}
    for row in rows:
        for cell in row:
            assert not cell.startswith(FORMULA) and not UNSAFE.search(cell), repr(cell)
    with open(utf8, "rb") as a, open(marked, "rb") as b:
        plain = a.read()
        assert b.read() == b"\xef\xbb\xbf" + plain
    assert plain.count(b"\n") == plain.count(b"\r\n") or any("\n" in c for r in rows for c in r)
    other = rows_of(cp932, "cp932")
    assert len(other) == len(rows)
    for a, b in zip(rows, other):
        for x, y in zip(a, b):
            assert x == y or "〓" in y, (x, y)


SHEETS = {
    "en": ["Summary", "Findings", "mlit-water", "Assets", "Flows", "Waivers", "Treatments"],
    "ja": ["概要", "検出事項", "mlit-water", "資産", "通信", "例外措置", "対応計画"],
}
HEADS = {"en": ("Severity", "Item no.", "Operator's answer"), "ja": ("重大度", "項目番号", "事業者の回答")}


def xlsx(path, language):
    import openpyxl

    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:len(SHEETS[language])] == SHEETS[language], book.sheetnames
    hostile = 0
    for sheet in book:
        assert sheet.freeze_panes, sheet.title
        assert sheet.page_setup.orientation == "landscape" and int(sheet.page_setup.paperSize) == 9
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" and cell.hyperlink is None, (sheet.title, cell.coordinate)
                if isinstance(cell.value, str):
                    assert not UNSAFE.search(cell.value), repr(cell.value)
                    hostile += cell.value.startswith("=cmd|") or "<script>" in cell.value
        assert not sheet._hyperlinks
    assert hostile > 2
    findings, checklist = book[SHEETS[language][1]], book["mlit-water"]
    assert HEADS[language][0] in [c.value for c in findings[1]]
    details = {c.value for row in findings for c in row}
    assert {"en": "ftp anonymous", "ja": "ftp（匿名）"}[language] in details
    assert {"ja": "ftp anonymous", "en": "ftp（匿名）"}[language] not in details
    assert findings.auto_filter.ref and findings.max_row > 30
    heads = [c.value for c in checklist[3]]
    assert HEADS[language][1] in heads and HEADS[language][2] in heads, heads
    assert checklist.max_row == 3 + 1607, checklist.max_row
    order = [checklist.cell(r, heads.index(HEADS[language][1]) + 1).value for r in range(4, 12)]
    assert order[0] == "1.1.1-1", order
    # A list to choose the answer from.
    assert [v.type for v in checklist.data_validations.dataValidation] == ["list"]
    assert any(c.value for c in checklist["H"][3:]), "the operator's answer stands in it"


def nasty_xlsx(path):
    import openpyxl

    cells = [c.value for r in openpyxl.load_workbook(path)["Findings"].iter_rows() for c in r if isinstance(c.value, str)]
    assert max(len(c) for c in cells) <= 32767 and any(c.endswith("A ...") for c in cells)
    assert not any(UNSAFE.search(c) for c in cells)
    # Excel would read an escape of its own.
    assert "_x005F_x003D_1+1 _xZZZZ_ _x005F_x0041_" in cells
    assert not any(re.search(r"(?<!_x005F)_x00(3D|41)_", c) for c in cells)
    assert "\\xff=A1A\\xc3(" in cells and "nul" in cells


KINDS = {"ndjson": ndjson, "sarif": sarif, "sarif_changed": sarif_changed, "oscal": oscal, "ocsf": ocsf, "defectdojo": defectdojo, "csv": csv_tables,
         "xlsx": xlsx, "nasty_xlsx": nasty_xlsx}
KINDS[sys.argv[1]](*sys.argv[2:])
