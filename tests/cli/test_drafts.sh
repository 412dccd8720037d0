#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tables for people to go on with: a draft of the ledger, which is read back, and the table of vulnerabilities.
# Options and commands in variables are words.
# shellcheck disable=SC2086,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

make_sample=${TENKEN_BUILD:?run by make check}/tests/report/make_sample
[ -x "$make_sample" ] || exit 99
"$make_sample" "$TENKEN_DATA" plant.tenken || exit 99
same() { cmp -s "$1" "$2"; }
# cells FILE COLUMN: of a CSV file in UTF-8 or CP932, one on each line
cells() {
	"$python" -c 'import csv, io, sys
raw = open(sys.argv[1], "rb").read().removeprefix(b"\xef\xbb\xbf")
try:
    text = raw.decode()
except UnicodeDecodeError:
    text = raw.decode("cp932")
for row in csv.DictReader(io.StringIO(text, newline=""), strict=True):
    print(row[sys.argv[2]])' "$@"
}

# ---- the ledger ----
export="$TENKEN export plant.tenken --format ledger"
printf 'site: kita\nzones:\n  - {name: office, kind: it, networks: [192.168.1.0/24]}\n' >site.yaml
printf '  - {name: plant, kind: ot, networks: [192.168.10.0/24]}\nledger: draft.csv\n' >>site.yaml
for language in en ja; do
	for encoding in utf-8 utf-8-bom cp932; do
		rm -f draft.csv
		ends 0 "a draft, $language, $encoding" $export --lang $language --encoding $encoding -o draft.csv
		ends 0 'it is read back without a word' "$TENKEN" site check site.yaml
		that 'nothing is wrong with it' test ! -s err
	done
done
rm -f draft.csv
ends 0 'a draft' $export -o draft.csv
lines=$(sql plant.tenken 'SELECT count(*) FROM ledger WHERE scan = (SELECT max(scan) FROM ledger)')
that 'every approved line is there' test "$(cells draft.csv note | grep -c '^approved ledger, line ')" = "$lines"
that 'what was only seen is marked' test "$(cells draft.csv note | grep -c '^DRAFT: ')" -gt 0
that 'the approved ones first' test "$(cells draft.csv note | grep -n '^DRAFT: ' | head -n 1 | cut -d: -f1)" = $((lines + 1))
that 'a draft has no number' test -z "$(cells draft.csv id | tail -n 1)"
that 'what is open is not thereby allowed' test -z "$(cells draft.csv ports | tail -n 1)"
that 'no address stands twice' test -z "$(cells draft.csv address | grep . | sort | uniq -d)"
that 'no formula' sh -c '! grep -qE "(^|,)\"?[=+@]" draft.csv'
$export -o again.csv
that 'the same bytes' same draft.csv again.csv
cp draft.csv kept.csv
refuses 2 'draft.csv: is there already' 'a file that is there' $export -o draft.csv
that 'it is as it was' same draft.csv kept.csv
ln -s draft.csv link.csv
refuses 2 'link.csv: is there already' 'a link to it' $export -o link.csv
that 'it is as it was then too' same draft.csv kept.csv
refuses 2 'none/x.csv: cannot be written' 'no such folder' $export -o none/x.csv
refuses 2 'none.tenken: cannot be opened' 'no such store' "$TENKEN" export none.tenken --format ledger -o left.csv
that 'no file is left' test ! -e left.csv

# ---- a network of one's own: lines with all words ----
cat >own.yaml <<'END'
site: own
zones: [{name: here, kind: it, networks: [127.0.0.0/8]}]
ledger: own.csv
END
cat >own.csv <<'END'
管理番号,名称,IPアドレス,種別,属性,許可ポート,備考,担当,サポート期限
A-1,"台帳, の ""機器""",127.0.0.1,シーケンサ,重要;更新不可、ログ送信必須,tcp/22;udp/100-200,なし,運転課,2031-03-31
A-2,無し,127.0.0.2,端末,,なし,,,
A-3,場所だけ,,,,,,,
END
ends 0 'a scan' "$TENKEN" scan $wait_option -c own.yaml -p 1-3 --no-html --quiet 127.0.0.1-127.0.0.3
cp own.csv approved.csv
ends 0 'its draft' "$TENKEN" export own.tenken --format ledger --lang ja -o next.csv
that 'words as they are written here' grep -q '"重要;更新不可;ログ送信必須","tcp/22;udp/100-200",2031-03-31' next.csv
that 'a name with a comma and quotes' test "$(cells next.csv 名称 | head -n 1)" = '台帳, の "機器"'
that 'no port is a word too' test "$(cells next.csv 許可ポート | sed -n 2p)" = なし
refuses 2 'own.csv: is there already' 'never in the place of the approved one' "$TENKEN" export own.tenken --format ledger -o own.csv
that 'which is as it was' same own.csv approved.csv
sed 's/own.csv/next.csv/' own.yaml >next.yaml
ends 0 'the draft as a ledger' "$TENKEN" site check next.yaml
that 'nothing is wrong' test ! -s err

# ---- vulnerabilities ----
table="$TENKEN export plant.tenken --format csv --table vulnerabilities"
ends 0 'without advisories' $table
that 'there is only the head' test "$(wc -l <out)" = 1
"$TENKEN" update -q --from "$TENKEN_TESTS/advice" --store plant.tenken || exit 99
change() {
	"$python" -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript(sys.argv[2])
db.commit()' "$@"
}
# A device that an advisory of the tests is about, on one asset as it is, on one that is excepted, and one planned.
change plant.tenken "
	INSERT OR REPLACE INTO device (scan, address, vendor, model, firmware, certain, signs) SELECT max(scan), a.address,
		'Kita Works', 'PC-200', '1.10', 1, '[]' FROM host, (SELECT '192.168.1.9' AS address UNION SELECT '192.168.1.10'
		UNION SELECT '192.168.1.100') a GROUP BY a.address;
	INSERT INTO treatment (scan, check_id, asset, action, owner, due, state, line) SELECT max(id), 'asset.firmware-known-vulnerable',
		'PC-009', '更新', '設備課', 1798729200, 'planned', 1 FROM scan;
	INSERT INTO waiver (scan, check_id, asset, reason, compensating, approved_by, approved_at, until, applicant,
		clause, impact, closing) SELECT max(id),
		'asset.firmware-known-vulnerable', 'PC-100', 'x', '隔離', 'y', 1790000000, 1830000000, 'a', 'b', 'c', 'd'
		FROM scan;"
ends 0 'with advisories' $table -o v.csv
that 'three systems' test "$(cells v.csv Vulnerability | grep -c '^KITA-2099-01$')" = 3
that 'their score' test "$(cells v.csv CVSS | sort -u | grep .)" = 6.5
that 'what is planned' grep -q '^PC-009 .*,to be applied,2027-01-01,planned,設備課,' v.csv
that 'what is excepted, and what is done instead' grep -q '^PC-100 .*,not applied: exception approved,,exception until 2027-12-28,,隔離,' v.csv
that 'what nobody has answered stays empty' grep -q "^\"'=cmd.*,,,open,,," v.csv
ends 0 'in Japanese' $table --lang ja --encoding cp932 -o ja.csv
that 'with the columns of the guideline' test "$(cells ja.csv パッチ適用可否 | grep -c '^適用予定$')" = 1
ends 0 'as a sheet' "$TENKEN" export plant.tenken --format xlsx -o v.xlsx
"$python" -m zipfile -e v.xlsx x
that 'it is one' grep -rq KITA-2099-01 x/xl
# What a person has to decide says why in the reader's language.
change plant.tenken "
	INSERT OR REPLACE INTO device (scan, address, vendor, model, firmware, certain, signs) SELECT max(scan), '192.168.1.9',
		'Kita Works', 'PC-200', NULL, 1, '[]' FROM host"
ends 0 'a device whose version nobody knows' $table --lang ja
that 'in Japanese too' grep -q '該当するか要確認：バージョンが不明' out
tap_done
