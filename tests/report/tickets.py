# SPDX-License-Identifier: Apache-2.0
"""What the importers of trackers require of a file: tickets.py FORM LANGUAGE FILE [ROWS]. Says what is wrong."""
import csv
import io
import json
import re
import sys

BIDI = re.compile("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
FINGERPRINT = re.compile(r"fp1:[0-9a-f]{32}")
DAY = re.compile(r"(\d{4}-\d\d-\d\d)?")
# What a page would load, or a macro that it would run.
MARKUP = re.compile(r"!|<|\{\{")
PRIORITIES = {
    ("redmine", "en"): "Low Normal High Urgent",
    ("redmine", "ja"): "低め 通常 高め 急いで",
    ("jira", "en"): "Lowest Low Medium High Highest",
    ("jira", "ja"): "Lowest Low Medium High Highest",
    ("backlog", "en"): "Low Normal High",
    ("backlog", "ja"): "低 中 高",
}
NAMES = {
    ("redmine", "en"): "subject description priority category parent due fingerprint",
    ("jira", "en"): "subject description type priority due fingerprint label",
    ("servicenow", "en"): "fingerprint label subject description impact urgency state category asset due notes"
    " close_code close_notes action",
    ("backlog", "en"): "subject description type priority category due fingerprint",
    ("list", "en"): "action key fingerprint subject priority due notes",
}
HEADERS = {
    ("redmine", "en"): "Subject,Description,Priority,Category,Parent task,Due date,Fingerprint",
    ("redmine", "ja"): "題名,説明,優先度,カテゴリ,親チケット,期日,フィンガープリント",
    ("backlog", "ja"): "件名,詳細,種別,優先度,カテゴリー,期限日,フィンガープリント",
}
wrong = []


def expect(good, words):
    if not good:
        wrong.append(words)


def decode(raw):
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp932")


def read_csv(text):
    """As Ruby's CSV and Jira's do: CR LF between rows, LF within quotes, quotes doubled, nothing behind a quote."""
    expect(text.endswith("\r\n"), "the last row does not end")
    expect("\r" not in text.replace("\r\n", ""), "a CR stands alone")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    expect(all(len(row) == len(rows[0]) for row in rows), "rows have different numbers of fields")
    for row in rows:
        for cell in row:
            expect("\r" not in cell, "CR within a field")
            expect(cell[:1] not in tuple("=+-@\t＝＋－＠") or cell == "", f"a formula: {cell!r}")
    return rows


def check_text(name, text):
    expect(not CONTROL.search(text), f"{name}: a control character")
    expect(not BIDI.search(text), f"{name}: turns the direction of writing")
    # Our own remedies may show "<" nowhere, and no picture.
    own = [line for line in text.split("\n") if not re.match(r"(What to do: |対処：)", line)]
    found = MARKUP.search("\n".join(own))
    expect(not found, f"{name}: markup: {text!r}")
    expect("//" not in "\n".join(own), f"{name}: a link: {text!r}")


def check_ticket(form, language, t, seen):
    expect(FINGERPRINT.fullmatch(t["fingerprint"]), f"fingerprint {t['fingerprint']!r}")
    expect(t["fingerprint"] not in seen, "a fingerprint stands twice")
    seen.add(t["fingerprint"])
    most = 160 if form == "servicenow" else 255
    expect(1 <= len(t["subject"]) <= most, f"subject of {len(t['subject'])} characters")
    expect("\n" not in t["subject"], "a line end in the subject")
    for name in ("subject", "description", "notes"):
        if name in t:
            check_text(name, t[name])
    expect(t["fingerprint"] in t.get("description", t["fingerprint"]), "the description has no fingerprint")
    expect(DAY.fullmatch(t.get("due", "")), f"a day: {t.get('due')!r}")
    expect(len(t.get("category", "")) <= 30, "a category longer than 30")
    expect(re.fullmatch(r"(#?\d+)?", t.get("parent", "")), "a parent that is no number")
    expect(re.fullmatch(r"[^\s]*", t.get("label", "")), "a label with blanks")
    if "priority" in t:
        expect(t["priority"] in PRIORITIES[form, language].split(), f"priority {t['priority']!r}")
    if form == "backlog" and "type" in t:
        expect(t["type"] in ("Task", "タスク"), "no type")
    if form == "servicenow":
        expect(t["impact"] in "123" and t["urgency"] in "123", "impact or urgency")
        expect(t["state"] in ("", "1", "2", "6"), "state")
        expect(t["state"] != "6" or (t["close_code"] and t["close_notes"]), "resolved without code and notes")


def check_csv(form, language, raw):
    text = decode(raw)
    rows = read_csv(text)
    header = rows[0]
    listed = header[0] in ("Action", "操作")
    names = NAMES["list" if listed else form, "en"].split()
    expect(len(header) == len(names), f"columns: {header}")
    if not listed and (form, language) in HEADERS:
        expect(",".join(header) == HEADERS[form, language], f"columns: {header}")
    if form == "redmine" and not listed:
        # Import#set_default_settings: of 256 bytes the separator that is seen more often.
        expect(raw[:256].count(b",") > raw[:256].count(b";"), "Redmine would take ; for the separator")
    if form == "jira":
        expect(all(re.fullmatch(r"[A-Za-z0-9 ]+", h) for h in header) or language == "ja", "punctuation in a header")
    if form == "servicenow":
        expect(all(re.fullmatch(r"[a-z_]+", h) for h in header), "a header is no column")
    if form in ("jira", "backlog"):
        expect(len(rows) - 1 <= 250, "more than 250 tickets")
    seen = set()
    for row in rows[1:]:
        check_ticket(form, language, dict(zip(names, row)), seen)
    return len(rows) - 1


def flat(form, o):
    """The fields of a body by the names that are used above."""
    body = o["body"]
    fields = body.get("issue") or body.get("fields") or body
    t = {"fingerprint": o["fingerprint"], "priority": o["priority"], "category": o["category"]}
    t["subject"] = fields.get("subject") or fields.get("summary")
    if "description" in fields:
        t["description"] = fields["description"]
    t["due"] = fields.get("due_date") or fields.get("duedate") or fields.get("dueDate") or ""
    notes = fields.get("notes") or fields.get("comment")
    if form == "jira" and o["action"] != "new":
        notes = body["update"]["comment"][0]["add"]["body"]
    if notes:
        t["notes"] = notes
    expect((o["action"] == "new") == ("description" in t), "what is new has a description")
    expect((o["action"] == "new") == ("notes" not in t), "what is told again has notes")
    expect(o["fingerprint"] in o["find"], "find")
    if form == "backlog":
        expect(body["priorityId"] in (2, 3, 4), "priorityId")
        expect({"close": 4, "reopen": 1}.get(o["action"]) == body.get("statusId"), "statusId")
    if form == "jira" and o["action"] == "new":
        expect(fields["labels"] == [o["fingerprint"], "tenken"], "labels")
    return t


def check_json(form, language, raw):
    seen = set()
    text = raw.decode("utf-8")
    if form == "servicenow":
        records = json.loads(text)["records"]
        names = NAMES["servicenow", "en"].split()
        for r in records:
            check_ticket(form, language, dict(zip(names, r.values())), seen)
        return len(records)
    lines = text.splitlines()
    for line in lines:
        check_ticket(form, language, flat(form, json.loads(line)), seen)
    return len(lines)


def main():
    form, language, path = sys.argv[1:4]
    with open(path, "rb") as f:
        raw = f.read()
    kind = check_json if form.endswith("-json") else check_csv
    rows = kind(form.removesuffix("-json"), language, raw)
    if len(sys.argv) > 4:
        expect(rows == int(sys.argv[4]), f"{rows} tickets, expected {sys.argv[4]}")
    for words in dict.fromkeys(wrong):
        print(f"{path}: {words}")
    return 1 if wrong else 0


sys.exit(main())
