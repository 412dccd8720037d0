#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tenken report and tenken export on files: what other programs make of them, and every fault's line
# and exit status.
set -u
: "${TENKEN:?run by make check}" "${TENKEN_DATA:?}"
make_sample=${TENKEN_BUILD:?}/tests/report/make_sample
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
n=0
checks=$TENKEN_DATA/tests/report/hostile-checks.yaml
store=$work/kita.tenken

ok() { n=$((n + 1)); echo "ok $n - $1"; }
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; sed 's/^/# /' "$work/err" | head -20; }
holds() { # name, command...
	name=$1
	shift
	if "$@" >"$work/out" 2>"$work/err"; then ok "$name"; else not_ok "$name"; fi
}
# The status, and one line on stderr that holds the text. Lines about a file of profiles are the
# catalogue's and tested elsewhere.
fails() { # name, status, text, command...
	name=$1 wanted=$2 text=$3
	shift 3
	"$@" >"$work/out" 2>"$work/err"
	status=$?
	if test $status = "$wanted" && test "$(grep -vc "$TENKEN_DATA/profiles/" "$work/err")" = 1 && grep -qF -- "$text" "$work/err"; then
		ok "$name"
	else
		echo "status $status, wanted $wanted and one line with: $text" >>"$work/err"
		not_ok "$name"
	fi
}
export_to() { "$TENKEN" --lang en export "$store" --checks "$checks" --format "$1" -o "$2"; }
python() { PYTHONWARNINGS=ignore /usr/bin/python3 -c "$@"; }
has_module() { /usr/bin/python3 -c "import $1" 2>/dev/null; }

holds "the sample store is made" "$make_sample" "$TENKEN_DATA" "$store" "$checks"
cp "$store" "$work/before"
for format in json ndjson csv nmap-xml; do
	holds "export $format" export_to $format "$work/one.$format"
	holds "export $format again" export_to $format "$work/two.$format"
	holds "both $format exports are the same bytes" cmp "$work/one.$format" "$work/two.$format"
done
holds "the store did not change" cmp "$store" "$work/before"
"$TENKEN" export "$store" --checks "$checks" --format csv --bom -o "$work/bom.csv"

if has_module jsonschema; then
	cat >"$work/validate.py" <<'EOF'
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
document = json.load(open(sys.argv[2]))
jsonschema.Draft202012Validator.check_schema(schema)
errors = list(jsonschema.Draft202012Validator(schema).iter_errors(document))
for e in errors[:5]:
    print(list(e.path), e.message[:200], file=sys.stderr)
if errors or not document["findings"]:
    sys.exit(1)
# The schema is no empty promise: a document that breaks it is refused.
for broken in ({"findings": 1}, {"extra": 1}, {"tenken": {"version": "0", "schema": 2}}):
    if not list(jsonschema.Draft202012Validator(schema).iter_errors({**document, **broken})):
        sys.exit("a broken document passes")
EOF
	holds "the export keeps to its schema" /usr/bin/python3 -W ignore "$work/validate.py" \
		"$TENKEN_DATA/doc/schema/export-1.json" "$work/one.json"
	holds "the NDJSON lines are the same objects" python '
import json, sys
whole = json.load(open(sys.argv[1]))
lines = [json.loads(l) for l in open(sys.argv[2], encoding="utf-8") if l.strip()]
names = {"host": "hosts", "finding": "findings", "control": "controls", "remark": "remarks",
         "offline_data": "offline_data", "undecided": "undecided", "path": "reachability", "flow": "flows",
         "watch": "listening", "operation": "operations", "closed_network": "closed_network",
         "trend": "trend", "fix_time": "fix_times", "change": "changes", "gap": "gaps", "tier": "tiers"}
for kind, name in names.items():
    got = [{k: v for k, v in l.items() if k != "type"} for l in lines if l["type"] == kind]
    assert got == whole[name], kind
' "$work/one.json" "$work/one.ndjson"
	holds "a host that was left alone says so, and so do the remarks" python '
import json, sys
whole = json.load(open(sys.argv[1]))
state = {h["address"]: (h["state"], h["reason"], h["treated"]) for h in whole["hosts"]}
assert state["192.168.10.7"] == ("distress", "silent after an answer", "ot"), state
assert state["192.168.10.5"] == ("answering", None, "ot"), state
assert state["fd00:10::5"][0] == "all-ports", state
remarks = [(r["kind"], r["subject"]) for r in whole["remarks"]]
assert remarks == [("feature-later", "kita.yaml:12"), ("no-capability", None)], remarks
' "$work/one.json"
else
	skip "the export keeps to its schema" "python3-jsonschema is missing"
	skip "a host that was left alone says so, and so do the remarks" "python3-jsonschema is missing"
	skip "the NDJSON lines are the same objects" "python3-jsonschema is missing"
fi
if test -x /usr/bin/python3; then
	holds "CSV: every record has 16 cells, no cell is a formula" python '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], encoding="utf-8", newline=""), strict=True))
assert len(rows) > 30 and {len(r) for r in rows} == {16}, {len(r) for r in rows}
assert not [c for r in rows for c in r if c[:1] in ("=", "+", "-", "@", "\t", "\r", "＝")]
assert any(c.startswith(chr(39) + "=cmd|") for r in rows for c in r)
' "$work/one.csv"
	holds "CSV opens as UTF-8 with its mark" python '
import sys
data = open(sys.argv[1], "rb").read()
assert data.startswith(b"\xef\xbb\xbffingerprint,") and data[3:].decode("utf-8")
' "$work/bom.csv"
else
	skip "CSV: every record has 16 cells, no cell is a formula" "python3 is missing"
	skip "CSV opens as UTF-8 with its mark" "python3 is missing"
fi
if command -v xmllint >/dev/null; then
	holds "nmap XML is well-formed" xmllint --noout "$work/one.nmap-xml"
	if test -r /usr/share/nmap/nmap.dtd; then
		holds "nmap XML keeps to nmap's DTD" xmllint --noout --dtdvalid /usr/share/nmap/nmap.dtd "$work/one.nmap-xml"
	else
		skip "nmap XML keeps to nmap's DTD" "nmap is missing"
	fi
else
	skip "nmap XML is well-formed" "xmllint is missing (package libxml2-utils)"
	skip "nmap XML keeps to nmap's DTD" "xmllint is missing (package libxml2-utils)"
fi
if has_module libnmap; then
	holds "python3-libnmap reads hosts and services" python '
import sys
from libnmap.parser import NmapParser
report = NmapParser.parse_fromfile(sys.argv[1])
assert report.hosts_up == 7 and report.hosts_total == 8, (report.hosts_up, report.hosts_total)
services = {(h.address, s.port): s for h in report.hosts for s in h.services}
assert services["192.168.10.5", 502].service == "modbus"
assert "OpenSSH" in services["192.168.1.9", 22].banner
' "$work/one.nmap-xml"
else
	skip "python3-libnmap reads hosts and services" "python3-libnmap is missing"
fi
if command -v ndiff >/dev/null; then
	holds "ndiff sees no difference of a scan with itself" ndiff "$work/one.nmap-xml" "$work/two.nmap-xml"
else
	skip "ndiff sees no difference of a scan with itself" "ndiff is missing"
fi

holds "report" "$TENKEN" --lang en report "$store" --checks "$checks"
cp "$work/out" "$work/summary"
holds "the summary names the page beside the store" grep -qxF "Report: $work/kita.html" "$work/summary"
holds "the page is there" grep -q '</html>' "$work/kita.html"
holds "its map tells what is allowed beside what is not" sh -c "sed -n '/id=\"map\"/,/<\/section>/p' '$work/kita.html' | tr -d '\\n' | grep -q 'tcp/502<.*tcp/80<'"
holds "the page again" "$TENKEN" --lang en report "$store" --checks "$checks" --quiet --html "$work/again.html"
holds "both pages are the same bytes" cmp "$work/kita.html" "$work/again.html"
holds "the Japanese summary" sh -c "'$TENKEN' --lang ja report '$store' --no-html | grep -q 応答した機器"
holds "--html - writes the page alone" sh -c "'$TENKEN' --lang en report '$store' --checks '$checks' --html - | cmp - '$work/kita.html'"

# Listening and a reachability test beside the scans
heard=$work/heard.tenken
holds "a store with listening and reachability" "$make_sample" "$TENKEN_DATA" "$heard" "" heard
for format in json ndjson csv nmap-xml; do
	holds "its export $format" "$TENKEN" --lang en export "$heard" --format $format -o "$work/heard.$format"
done
"$TENKEN" --lang en export "$heard" --format json -o "$work/heard2.json"
holds "both are the same bytes" cmp "$work/heard.json" "$work/heard2.json"
if has_module jsonschema; then
	holds "it keeps to its schema" /usr/bin/python3 -W ignore "$work/validate.py" \
		"$TENKEN_DATA/doc/schema/export-1.json" "$work/heard.json"
	holds "it tells paths, flows, operations, what was watched, and the closed network" python '
import json, sys
whole = json.load(open(sys.argv[1]))
assert whole["scan"]["kind"] == "reach", whole["scan"]
assert [p["outcome"] for p in whole["reachability"]] == ["silent", "reached"]
assert len(whole["flows"]) == 3 and whole["flows"][0]["vantage"] == "tap-1"
assert whole["operations"][0]["access"] == "write"
assert whole["listening"][0]["dropped"] == 7
closed = {c["zone"]: c for c in whole["closed_network"]}
assert closed["plant"]["verdict"] == "refuted" and closed["plant"]["refuted_by"], closed
assert (closed["plant"]["held"], closed["plant"]["paths"]) == (1, 2), closed
found = {f["fingerprint"]: f for f in whole["findings"]}
assert {found[f]["vantage"] for f in closed["plant"]["refuted_by"]} == {"bastion-2", "tap-1"}
hosts = {h["address"]: h for h in whole["hosts"]}
assert hosts["192.168.10.88"]["state"] == "heard" and not hosts["192.168.10.88"]["scanned"]
assert hosts["192.168.10.88"]["heard_names"][0]["source"] == "name.netbios"
assert hosts["192.168.10.5"]["scanned"] and hosts["192.168.10.5"]["heard"]
lines = [json.loads(l) for l in open(sys.argv[2], encoding="utf-8") if l.strip()]
names = {"path": "reachability", "flow": "flows", "watch": "listening", "operation": "operations",
         "closed_network": "closed_network"}
for kind, name in names.items():
    got = [{k: v for k, v in l.items() if k != "type"} for l in lines if l["type"] == kind]
    assert got == whole[name] and got, kind
' "$work/heard.json" "$work/heard.ndjson"
else
	skip "it keeps to its schema" "python3-jsonschema is missing"
	skip "it tells paths, flows, operations, what was watched, and the closed network" "python3-jsonschema is missing"
fi
holds "its report" "$TENKEN" --lang en report "$heard"
cp "$work/out" "$work/summary"
holds "the summary tells of the closed network" \
	grep -qxF "Closed network: plant   Refuted by 2 findings: it is not a closed network." "$work/summary"
holds "the summary tells what was listened to" grep -q "^Listened: 123456 packets, 7 dropped   .*tap-1$" "$work/summary"
holds "the page has both parts" sh -c "grep -q 'id=\"closed\"' '$work/heard.html' && grep -q 'id=\"traffic\"' '$work/heard.html'"
holds "the page says for how long, and from where" sh -c "grep -q '2 <span lang=\"en\">h</span>' '$work/heard.html' && grep -q 'tap-1' '$work/heard.html'"
holds "no text of others becomes markup" sh -c "test \"\$(grep -o '<script' '$work/heard.html' | wc -l)\" -eq 1"
holds "in Japanese too" sh -c "'$TENKEN' --lang ja report '$heard' --no-html | grep -q '閉域網の確認：plant　反証あり'"

# Faults
fails "no such store" 2 "cannot be opened: No such file" "$TENKEN" --lang en report "$work/none.tenken"
printf 'no database at all, but long enough to be read' >"$work/text"
fails "a text is no store" 2 "is no tenken store" "$TENKEN" --lang en report "$work/text"
: >"$work/empty"
fails "an empty file is no store" 2 "is no tenken store" "$TENKEN" --lang en report "$work/empty"
fails "a folder is no store" 2 "is no tenken store" "$TENKEN" --lang en export "$work" --format json
fails "which store" 2 "which store" "$TENKEN" --lang en report
fails "which format" 2 "which format" "$TENKEN" --lang en export "$store"
fails "no such format" 2 "not 'pdf'" "$TENKEN" --lang en export "$store" --format pdf
fails "no such option" 2 "'--frobnicate'" "$TENKEN" --lang en export "$store" --frobnicate
fails "the folder of the output is missing" 2 "cannot be written: No such file" \
	"$TENKEN" --lang en export "$store" --format csv -o "$work/none/out.csv"
fails "the output is a folder" 2 "cannot be written: Is a directory" \
	"$TENKEN" --lang en export "$store" --format csv -o "$work"
for format in json ndjson csv nmap-xml; do
	fails "disk full: $format" 3 "no space left" "$TENKEN" --lang en export "$store" --format $format -o /dev/full
done
fails "disk full: stdout" 3 "standard output: no space left" \
	sh -c "'$TENKEN' --lang en export '$store' --format nmap-xml >/dev/full"
fails "disk full: the summary" 3 "standard output: no space left" \
	sh -c "'$TENKEN' --lang en report '$store' --no-html >/dev/full"
holds "a device is written in place, not replaced" test -c /dev/full
fails "a Japanese message" 2 "tenken の保存ファイルではありません" "$TENKEN" --lang ja report "$work/text"
echo old >"$work/kept.json"
python 'import sys; open(sys.argv[1], "r+b").truncate(60000)' "$work/before" 2>/dev/null
fails "a store cut short is told" 3 "the store cannot be read" \
	"$TENKEN" --lang en export "$work/before" --format json -o "$work/kept.json"
holds "and what was there before stays" grep -qx old "$work/kept.json"
holds "no half file is left" sh -c "! ls '$work' | grep -q 'json\.......$'"
if command -v sqlite3 >/dev/null; then
	cp "$store" "$work/newer" && sqlite3 "$work/newer" 'PRAGMA user_version=99'
	fails "a store of a newer tenken" 2 "newer tenken" "$TENKEN" --lang en report "$work/newer"
else
	skip "a store of a newer tenken" "sqlite3 is missing"
fi

# A killed scan, and read-only media.
holds "a killed scan's store" "$make_sample" "$TENKEN_DATA" "$work/killed.tenken" "$checks" killed
holds "its summary says so" sh -c "'$TENKEN' --lang en report '$work/killed.tenken' | grep -q '^INCOMPLETE: '"
holds "its page says so" grep -q 'role="alert"' "$work/killed.html"
holds "its export says so" sh -c "'$TENKEN' export '$work/killed.tenken' --format json | grep -q '\"status\":\"incomplete\"'"
mkdir "$work/medium" && cp "$store" "$work/medium/odd name?#%.tenken" && chmod -R a-w "$work/medium"
holds "a store in a folder that cannot be written" \
	"$TENKEN" export "$work/medium/odd name?#%.tenken" --checks "$checks" --format json -o "$work/three.json"
if test "$(id -u)" != 0; then
	fails "a page beside a store on read-only media" 2 "cannot be written: Permission denied" \
		"$TENKEN" --lang en report "$work/medium/odd name?#%.tenken"
else
	skip "a page beside a store on read-only media" "root may write everywhere"
fi
echo "1..$n"
