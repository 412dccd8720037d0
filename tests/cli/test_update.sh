#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `tenken update`: what it reads, what it says of mistakes, that a store loses nothing by them, and what
# reports make of it.
# Options and commands in variables are words.
# shellcheck disable=SC1010,SC2086,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

data=$TENKEN_TESTS/advice
update="$TENKEN update"
same() { [ "$(sha256sum <"$1")" = "$2" ]; }

# ---- the command line ----
refuses 2 'which folder?' 'no folder' $update
refuses 2 '--from needs a value' 'no value' $update --from
refuses 2 "unknown option '--frm'" 'no such option' $update --frm x
refuses 2 "'x' is no option" 'the folder without its option' $update x
refuses 2 '--store and -c both name the store' 'two stores' $update --from x --store a -c b
refuses 2 'nowhere: cannot be opened: No such file' 'no such folder' $update --from nowhere
: >file
refuses 2 'file: cannot be opened: Not a directory' 'a file in place of the folder' $update --from file
refuses 2 'none.yaml: cannot be opened: No such file' 'no such site file' $update --from "$data" -c none.yaml
mkdir empty
refuses 2 'empty: holds nothing to import' 'an empty folder' $update --from empty
that 'none of them made a store' test ! -e tenken.sqlite

# ---- reading ----
ends 0 'a folder' $update --from "$data"
that 'it says what was read' grep -qx 'CISA KEV: 6 vulnerabilities from 1 files, data of 2025-08-19.*' out
that 'and that it is old' grep -q '^CSAF: 3 advisories from 3 files, data of .* days old: look for newer data)$' out
that 'of endoflife.date too' grep -q '^endoflife.date: 30 cycles from 4 files, data of 2025-08-20' out
that 'the store is for its owner alone' test "$(stat -c %a tenken.sqlite)" = 600
that 'it is one plain file' test ! -e tenken.sqlite-wal -a ! -e tenken.sqlite-shm
that 'it holds all kinds' holds tenken.sqlite 'SELECT group_concat(kind) FROM offline ORDER BY kind' csaf,endoflife,kev
: >site.yaml
ends 0 'the store beside a site file, quietly' $update -q --from "$data/" -c site.yaml
that 'it is there, and nothing was said' test -s site.tenken -a ! -s out -a ! -s err
mkdir -p deep/a/b/c/.hidden outside
cp "$data/kev.json" deep/a/b/c/kev.JSON
cp "$data/kita-2099-01.json" outside/
ln -s "$dir/outside" deep/a/link
ln -s "$dir/outside/kita-2099-01.json" deep/a/link.json
ln -s "$dir/deep" deep/a/loop
mkfifo deep/a/pipe.json
echo '{' >deep/a/b/c/.hidden/x.json
echo '{' >deep/a/.x.json
echo '{' >deep/a/changes.csv
echo '{"feed": {}}' >deep/a/feed.json
echo '{"hello": 1}' >deep/a/other.json
ends 0 'folders within; no link, no pipe, nothing hidden' $update --from deep --store deep.sqlite
that 'only what lies there was read' holds deep.sqlite 'SELECT group_concat(kind) FROM offline' kev
that 'another JSON is told, an index is not' test "$(cat err)" = 'warning: deep/a/other.json: no format that is known; passed over'
mkdir bom
printf '\357\273\277' | cat - "$data/kev.json" >bom/kev.json
ends 0 'a byte order mark in front' $update --from bom --store deep.sqlite

# ---- mistakes: the file, the line, the field; the store stays as it was ----
mkdir wrong
cp "$data/products-full.json" wrong/
sum=$(sha256sum <tenken.sqlite)
# wrong TEXT WORDS FILE: the file beside a good one
wrong() {
	refuses 2 "wrong/$3$1" "$2" $update --from wrong
	that "$2: nothing is lost" same tenken.sqlite "$sum"
	refuses 2 "wrong/$3$1" "$2, a new store" $update --from wrong --store new.sqlite
	that "$2: no store is made" test ! -e new.sqlite
	rm -f "wrong/$3"
}
sed 's/"2022-05-03"/"2022-05-40"/' "$data/kev.json" >wrong/kev.json
line=$(grep -n '2022-05-40' wrong/kev.json | head -n 1 | cut -d: -f1)
wrong ":$line: vulnerabilities[" 'a date that is none' kev.json
head -c 2000 "$data/kev.json" >wrong/kev.json
wrong ":$(($(head -c 2000 "$data/kev.json" | wc -l) + 1)): column " 'a file that was cut off' kev.json
sed 's/"count": 6/"count": 1404/' "$data/kev.json" >wrong/kev.json
wrong ':5: count: is 1404, but there are 6 entries' 'entries are missing' kev.json
sed 's/^\( *\)"CSAFPID-0002"/\1"CSAFPID-0009"/' "$data/kita-2099-01.json" >wrong/i.json
line=$(grep -n 'CSAFPID-0009' wrong/i.json | tail -n 1 | cut -d: -f1)
wrong ":$line: vulnerabilities[0].scores[0].products[1]: the product tree has no product" 'a product that the tree does not have' i.json
"$python" -c 'print("[" * 10000 + "]" * 10000)' >wrong/deep.json
wrong ':1: column 2049: maximum parsing depth reached' 'a depth of 10,000' deep.json
"$python" -c 'print("[{\"cycle\": " + "9" * 5000 + "}]")' >wrong/nginx.json
wrong ':1: column ' 'a number of 5,000 digits' nginx.json
: >wrong/zero.json
wrong ':1: column 0: ' 'an empty file' zero.json
truncate -s 67108865 wrong/large.json
wrong ': is longer than 67108864 bytes' 'a file that is too large' large.json
printf '{"a": "\377"}' >wrong/bytes.json
wrong ':1: column ' 'no UTF-8' bytes.json
if [ -n "$powerless" ] || [ "$(id -u)" != 0 ]; then
	cp "$data/kev.json" wrong/shut.json
	chmod 0 wrong/shut.json
	refuses 2 'wrong/shut.json: cannot be opened: Permission denied' 'a file that may not be read' \
		$powerless $update --from wrong
	rm -f wrong/shut.json
else
	skip 'a file that may not be read' 'root may read everything'
fi
echo '{' >wrong/a.json
echo '[' >wrong/b.json
run $update --from wrong
that 'each file has its line' test "$status" = 2 -a "$(grep -c '^error: wrong/[ab].json:' err)" = 2 -a "$(wc -l <err)" = 2
run "$TENKEN" --lang ja update --from empty
that 'a message in Japanese' grep -q '^エラー：empty: 取り込めるデータがありません' err

# ---- stores that cannot be written ----
echo 'my shopping list' >text.sqlite
refuses 2 'text.sqlite: is no tenken store' 'a text in place of the store' $update --from "$data" --store text.sqlite
"$python" - <<-'END'
	import sqlite3
	newer = sqlite3.connect("newer.sqlite")
	sqlite3.connect("tenken.sqlite").backup(newer)
	newer.execute("PRAGMA user_version = 999")
END
sum=$(sha256sum <newer.sqlite)
refuses 2 'newer.sqlite: this store was made by a newer tenken' 'a newer store' $update --from "$data" --store newer.sqlite
that 'it stays as it was' same newer.sqlite "$sum"
refuses 2 'nowhere/x.sqlite: cannot be opened for writing' 'a folder that is not there' \
	$update --from "$data" --store nowhere/x.sqlite
cp tenken.sqlite busy.sqlite
"$python" -c '
import fcntl, os, signal
f = open("busy.sqlite", "rb")
fcntl.flock(f, fcntl.LOCK_EX)
open("held", "w").close()
signal.pause()' &
children="$children $!"
within 10 test -e held
refuses 3 'busy.sqlite: another process is writing this store' 'a store that a scan writes' \
	$update --from "$data" --store busy.sqlite
if apart; then
	mkdir disk
	mount -t tmpfs -o size=1m tmpfs disk
	cp deep.sqlite disk/full.sqlite
	dd if=/dev/zero of=disk/filler bs=4096 2>/dev/null
	run $update --from "$data" --store disk/full.sqlite
	that 'a full disk: status 3, one line' test "$status" = 3 -a "$(wc -l <err)" = 1
	that 'it says so' grep -q '^error: disk/full.sqlite: ' err
	rm disk/filler
	that 'what was there is still there' holds disk/full.sqlite 'SELECT kind, entries FROM offline' 'kev|6'
	ends 0 'and can be replaced once there is room' $update -q --from "$data" --store disk/full.sqlite
	umount disk
else
	skip 'a full disk' 'nothing can be mounted here'
fi

# ---- what reports make of it ----
"$TENKEN_BUILD/tests/report/make_sample" "$TENKEN_DATA" plant.tenken >log 2>&1 || note <log
"$python" - <<-'END'
	import sqlite3
	store = sqlite3.connect("plant.tenken")
	scan = store.execute("SELECT max(id) FROM scan").fetchone()[0]
	store.executemany("INSERT OR REPLACE INTO device VALUES (?, ?, ?, ?, ?, NULL, NULL, ?, '[]')", [
	    (scan, "192.168.10.5", "Kita Works", "PC-200", "1.10", 1),
	    (scan, "192.168.10.6", "株式会社Kita Works", "PC-210", "1.11", 1),
	    (scan, "192.168.1.10", "Kita Works", "Storage Box", "4.3.6", 1)])
	store.commit()
END
ends 0 'an import into the store of a scan' $update --from "$data" --store plant.tenken
ends 0 'the scan is still there' "$TENKEN" export plant.tenken --format json -o plant.json
"$python" - >log 2>&1 <<-'END'
	import json
	whole = json.load(open("plant.json"))
	found = [(f["address"], f["detail"], f["severity"], f["evidence"]["cves"]) for f in whole["findings"]
	         if f["check"] == "asset.firmware-known-vulnerable"]
	assert found == [("192.168.10.5", "KITA-2099-01", "medium", ["CVE-2099-0001"])], found
	open_ones = {(u["address"], u["product"], u["kind"], u["reason"]): u["cves"] for u in whole["undecided"]}
	cves = open_ones[("192.168.1.10", "Storage Box", "kev", "the catalogue names no versions")]
	assert len(open_ones) == 1 and cves == ["CVE-2099-0102"], open_ones
	data = {d["kind"]: d for d in whole["offline_data"]}
	assert data["kev"]["date"] == "2025-08-19" and data["kev"]["stale"] and data["kev"]["age_days"] > 90, data
	assert data["os-banners"]["imported"] is None, data
END
that 'one device is affected, one is not, of one nobody can tell' test ! -s log
note <log
if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	that 'the export keeps to its schema' /usr/bin/python3 -W ignore -c '
import json, jsonschema, sys
jsonschema.Draft202012Validator(json.load(open(sys.argv[1]))).validate(json.load(open("plant.json")))
' "$TENKEN_DATA/doc/schema/export-1.json"
else
	skip 'the export keeps to its schema' 'python3-jsonschema is missing'
fi
ends 0 'its report' "$TENKEN" report plant.tenken
that 'the summary says that data is old' grep -q 'Offline data older than 90 days (days): .*CISA Known Exploited Vulnerabilities [0-9]' out
that 'so does the page' grep -q 'Data about end of support or vulnerabilities is older than 90 days: CSAF: Example CERT; endoflife.date' plant.html
that 'with day and age' grep -q '<td>2025-08-19</td><td><span lang="en">[0-9]* days</span>' plant.html
that 'and what nobody can tell' grep -q 'id="undecided"' plant.html

# ---- the table of mlit-water 5.1.3.6 ----
site=$(sql plant.tenken 'SELECT DISTINCT site FROM scan')
ended=$(sql plant.tenken "SELECT date(max(finished), 'unixepoch', '+9 hours') FROM scan")
# table DAYS [LINE]: as of so many days after the scan, by a site file with this plan
table() {
	{
		printf 'site: "%s"\ntimezone: Asia/Tokyo\n' "$site"
		[ $# = 1 ] || printf 'treatments:\n  - {check: asset.firmware-known-vulnerable, %s}\n' "$2"
	} >today.yaml
	"$TENKEN" --lang en export plant.tenken --format csv --table vulnerabilities -c today.yaml \
		--at "$(date -d "$ended +$1 days" +%F)" >table.csv 2>err || note <err
}
row() { grep -q "^[^,]*,192.168.10.5,Kita Works PC-200 1.10,KITA-2099-01,CVE-2099-0001,Pump controllers take an empty password,[0-9.]*,,$1,https" table.csv; }
table 3
that 'what applies' row ',,open,,'
that 'and what a person has to decide' grep -q '^[^,]*,192.168.1.10,Kita Works Storage Box 4.3.6,.*,to be decided by a person: the catalogue names no versions,' table.csv
table 3 "owner: O, state: planned, action: a, due: $(date -d "$ended +9 days" +%F)"
that 'what is planned' row "to be applied,$(date -d "$ended +9 days" +%F),planned,O,"
table 3 "owner: O, state: done, at: $(date -d "$ended +2 days" +%F)"
that 'what is done after the scan was not looked at again' row '.applied, as declared.,,.done, as declared; not looked at again since.,O,'
table 3 "owner: O, state: done, at: $(date -d "$ended -2 days" +%F)"
that 'what was done before it was found again' row '.applied, as declared.,,.done, as declared; found again.,O,'
table 1 "owner: O, state: done, at: $(date -d "$ended +2 days" +%F)"
that 'what is said later does not count' row ',,open,,'

ends 0 'a scan of that store keeps what was imported' \
	"$TENKEN" scan $wait_option --quiet --no-html --zone it -p 25499 --store plant.tenken 127.0.0.1
that 'it is there' holds plant.tenken 'SELECT entries FROM offline WHERE kind = '"'kev'" 6
tap_done
