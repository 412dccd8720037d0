#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every format of tenken export, from a store full of hostile texts: the same bytes twice, what the schemas of
# their standards say (tools that are not ours), what spreadsheets make of them, and every fault's line.
set -u
: "${TENKEN:?run by make check}" "${TENKEN_DATA:?}"
make_sample=${TENKEN_BUILD:?}/tests/report/make_sample
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0
checks=$TENKEN_DATA/tests/report/hostile-checks.yaml
store=$work/kita.tenken
heard=$work/heard.tenken
formats='json ndjson csv nmap-xml xlsx sarif oscal-catalog oscal-profile oscal-results ocsf defectdojo'
NODE_PATH=${NODE_PATH:-}:$TENKEN_BUILD/npm/node_modules:$TENKEN_BUILD/../npm/node_modules
export NODE_PATH
reader=$TENKEN_DATA/tests/report/read_exports.py

ok() { n=$((n + 1)); echo "ok $n - $1"; }
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; sed 's/^/# /' "$work/err" | head -20; }
holds() { # name, command...
	name=$1
	shift
	if "$@" >"$work/out" 2>"$work/err"; then ok "$name"; else not_ok "$name"; fi
}
# The status, and one line on stderr that holds the text.
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
has_module() { /usr/bin/python3 -c "import $1" 2>/dev/null; }
node_has() { command -v node >/dev/null && node -e "require.resolve('$1')" 2>/dev/null; }
reads() { # name, words of read_exports.py...
	if test -x /usr/bin/python3; then
		name=$1
		shift
		holds "$name" /usr/bin/python3 -B "$reader" "$@"
	else
		skip "$1" "python3 is missing"
	fi
}
export_to() { # language, format, file, options...
	l=$1 format=$2 file=$3
	shift 3
	"$TENKEN" --lang "$l" export "$store" --checks "$checks" --format "$format" -o "$file" "$@"
}
valid() { # name, schema, kind, file...: the schema holds, and a broken document is refused
	if node_has ajv && node_has ajv-formats; then
		name=$1
		shift
		holds "$name" node "$TENKEN_DATA/tests/report/validate.js" "$@"
	else
		skip "$1" "the npm modules ajv and ajv-formats are missing"
	fi
}

holds "a store full of hostile texts" "$make_sample" "$TENKEN_DATA" "$store" "$checks"
holds "a store with listening" "$make_sample" "$TENKEN_DATA" "$heard" "" heard
cp "$store" "$work/before"

# The same bytes, whatever the zone of the machine
for format in $formats; do
	export_to ja "$format" "$work/ja.$format" 2>"$work/err" &&
		TZ=America/Lima export_to ja "$format" "$work/ja2.$format" 2>"$work/err" &&
		export_to en "$format" "$work/en.$format" 2>"$work/err"
	holds "$format: the same bytes twice" cmp "$work/ja.$format" "$work/ja2.$format"
	holds "$format: and in English" test -s "$work/en.$format"
	holds "$format with listening" "$TENKEN" --lang en export "$heard" --format "$format" -o "$work/heard.$format"
done
holds "the store did not change" cmp "$store" "$work/before"

# Schemas by a validator that is not ours
schema=$TENKEN_DATA/doc/schema/export-1.json
valid "json keeps to our schema" "$schema" 2020 "$work/ja.json" "$work/en.json" "$work/heard.json"
if node_has @microsoft/jest-sarif && node_has ajv-draft-04; then
	valid "sarif keeps to the schema of SARIF 2.1.0" sarif 04 "$work/ja.sarif" "$work/en.sarif" "$work/heard.sarif"
else
	skip "sarif keeps to the schema of SARIF 2.1.0" "the npm modules @microsoft/jest-sarif and ajv-draft-04 are missing"
fi

# What became of findings since the run before
changed=$work/changed.tenken
cp "$store" "$changed"
test -x /usr/bin/python3 && /usr/bin/python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("""
	CREATE TEMP TABLE pick AS SELECT row_number() OVER (ORDER BY fingerprint) AS n, f.fingerprint FROM finding f
		JOIN finding_event e USING (fingerprint) WHERE f.status = '\''open'\'' AND f.severity <> '\''info'\''
		AND e.scan = 1 AND f.last_scan = 2;
	UPDATE finding_event SET severity = '\''info'\'' WHERE fingerprint = (SELECT fingerprint FROM pick WHERE n = 1);
	INSERT INTO finding_event SELECT site, fingerprint, 1, '\''waived'\'', at, severity FROM finding_event
		WHERE fingerprint = (SELECT fingerprint FROM pick WHERE n = 2);
	INSERT INTO finding_event SELECT site, fingerprint, 2, '\''reopened'\'', (SELECT finished FROM scan WHERE id = 2), severity
		FROM finding_event WHERE fingerprint = (SELECT fingerprint FROM pick WHERE n = 3);
	UPDATE finding SET reopened = 1 WHERE fingerprint = (SELECT fingerprint FROM pick WHERE n = 3);
""")
db.commit()' "$changed"
holds "sarif of it" "$TENKEN" --lang en export "$changed" --checks "$checks" --format sarif -o "$work/changed.sarif"
reads "sarif: new, updated and what has come back" sarif_changed "$work/en.sarif" "$work/changed.sarif"
if node_has @microsoft/jest-sarif && node_has ajv-draft-04; then
	valid "sarif keeps to its schema then, too" sarif 04 "$work/changed.sarif"
fi

# What can be held without the others' schemas
reads "ndjson holds the same objects as json" ndjson "$work/en.json" "$work/en.ndjson"
reads "ndjson with listening" ndjson "$work/heard.json" "$work/heard.ndjson"
reads "sarif: rules, places, fingerprints, states" sarif "$work/en.sarif" "$work/en.json"
reads "oscal: ids, references, and a word on every item" oscal "$work/en.oscal-catalog" "$work/en.oscal-profile" \
	"$work/en.oscal-results"
reads "oscal in Japanese" oscal "$work/ja.oscal-catalog" "$work/ja.oscal-profile" "$work/ja.oscal-results"
reads "ocsf: what both classes require" ocsf "$work/en.ocsf" "$work/en.json"
reads "defectdojo: what its importer takes" defectdojo "$work/en.defectdojo" "$work/en.json"

# Tables
for table in findings assets services controls flows; do
	for encoding in utf-8 utf-8-bom cp932; do
		"$TENKEN" --lang ja export "$heard" --format csv --table $table --encoding $encoding \
			-o "$work/$table.$encoding.csv" 2>"$work/losses"
	done
	reads "csv: $table in three encodings, no cell is a formula" csv "$work/$table.utf-8.csv" \
		"$work/$table.utf-8-bom.csv" "$work/$table.cp932.csv"
done
"$TENKEN" --lang en export "$store" --checks "$checks" --format csv --encoding cp932 -o "$work/lost.csv" 2>"$work/losses"
holds "what CP932 lacks is counted" grep -q '^warning: [0-9]* characters that CP932 lacks' "$work/losses"
if has_module openpyxl; then
	for l in en ja; do
		reads "xlsx: sheets, heads, no formula, no link ($l)" xlsx "$work/$l.xlsx" $l
	done
else
	skip "xlsx: sheets, heads, no formula, no link" "python3-openpyxl is missing"
fi

# A megabyte, no UTF-8, NUL, marks of the formats themselves
nasty=$TENKEN_DATA/tests/report/nasty-checks.yaml
for format in json ndjson sarif oscal-catalog oscal-profile oscal-results ocsf defectdojo xlsx csv; do
	holds "nasty texts: $format" "$TENKEN" --lang en export "$store" --checks "$nasty" --format $format \
		-o "$work/nasty.$format"
done
"$TENKEN" --lang en export "$store" --checks "$nasty" --format xlsx -o "$work/nasty.xlsx" 2>"$work/nasty.err"
holds "a cell that was cut is told" grep -qx 'warning: 1 cells were longer than xlsx allows and were cut' "$work/nasty.err"
reads "nasty texts: sarif is as it must be" sarif "$work/nasty.sarif" "$work/nasty.json"
reads "nasty texts: oscal is as it must be" oscal "$work/nasty.oscal-catalog" "$work/nasty.oscal-profile" \
	"$work/nasty.oscal-results"
reads "nasty texts: ocsf is as it must be" ocsf "$work/nasty.ocsf" "$work/nasty.json"
reads "nasty texts: defectdojo is as it must be" defectdojo "$work/nasty.defectdojo" "$work/nasty.json"
if has_module openpyxl; then
	reads "nasty texts: xlsx is as it must be" nasty_xlsx "$work/nasty.xlsx"
else
	skip "nasty texts: xlsx is as it must be" "python3-openpyxl is missing"
fi

# What people declared, by the day that is judged
"$TENKEN" --lang en export "$store" --format json --at 2099-01-01 -o "$work/later.json"
holds "what is over by that day is told as over" grep -q '"check":"exposure.cleartext-admin".*"stands":"expired"' "$work/later.json"
holds "nothing is in force then" sh -c "! grep -q '\"stands\":\"valid\"' '$work/later.json'"
"$TENKEN" --lang en report "$store" --at 2099-01-01 --html "$work/later.html" >"$work/out" 2>&1
holds "nor on the page" sh -c "test -s '$work/later.html' && ! grep -q '>in force<' '$work/later.html'"

# Tables of a format, and what does not go together
holds "ocsf: one table" "$TENKEN" --lang en export "$heard" --format ocsf --table devices -o "$work/devices"
holds "it has devices alone" sh -c "! grep -qv '\"class_uid\":5001' '$work/devices' && test -s '$work/devices'"
fails "no such table" 2 "--table takes one of findings, assets" \
	"$TENKEN" --lang en export "$store" --format csv --table flow
fails "a format without tables" 2 "sarif has no tables" "$TENKEN" --lang en export "$store" --format sarif --table findings
fails "no such encoding" 2 "not 'sjis'" "$TENKEN" --lang en export "$store" --format csv --encoding sjis
fails "an encoding that the format has not" 2 "json is always UTF-8" \
	"$TENKEN" --lang en export "$store" --format json --encoding cp932
fails "a mark that the format has not" 2 "sarif is always UTF-8" "$TENKEN" --lang en export "$store" --format sarif --bom
for format in sarif ocsf defectdojo oscal-results xlsx; do
	fails "disk full: $format" 3 "no space left" "$TENKEN" --lang en export "$store" --format $format -o /dev/full
done
fails "no room to put a workbook together" 2 "cannot be written" \
	env TMPDIR="$work/none" "$TENKEN" --lang en export "$store" --format xlsx -o "$work/none.xlsx"
holds "no half file is left" sh -c "! ls '$work' | grep -q 'none.xlsx'"
echo "1..$n"
