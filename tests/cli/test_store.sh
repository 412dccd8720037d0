#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stores that cannot be written, are not ours, are newer, full, or on read-only media: one line,
# the status, and nothing lost.
# Options and commands in variables are words; scripts for inner shells stand in single quotes.
# shellcheck disable=SC1010,SC2086,SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

peer redis 25411 || skip_all 'no server on loopback'
# scan STORE [OPTION...]: as words for refuses and ends
scan="$TENKEN scan $wait_option --zone it --rate 4000 --host-rate 4000 -p 25411,25412"
same() { [ "$(sha256sum <"$1")" = "$2" ]; }

# ---- a good one, which the rest is compared with ----
ends 0 'a scan' $scan --store good.sqlite 127.0.0.1
that 'its store holds a finding' holds good.sqlite "SELECT count(*) > 0 FROM finding WHERE status = 'open'" 1
that 'its store is for its owner alone' test "$(stat -c %a good.sqlite)" = 600
that 'it is one plain file' test ! -e good.sqlite-wal -a ! -e good.sqlite-shm -a ! -e good.sqlite.journal
ends 1 '--fail-on met' $scan --store good.sqlite --fail-on low 127.0.0.1
ends 0 '--fail-on not met' $scan --store good.sqlite --fail-on critical -p 25412 127.0.0.1

# ---- places that cannot be written ----
mkdir shut folder
chmod 555 shut
for option in --store --html --json --ndjson --csv --nmap-xml; do
	store='--store ok.sqlite'
	[ $option != --store ] || store=
	refuses 2 'shut/x: cannot write there: Permission denied' "$option in a folder that is not writable" \
		$powerless $scan $store $option shut/x 127.0.0.1
	refuses 2 'nowhere/x: cannot write there: No such file' "$option in a folder that is not there" \
		$scan $store $option nowhere/x 127.0.0.1
	refuses 2 'folder: cannot write there: Is a directory' "$option is a folder" \
		$scan $store $option folder 127.0.0.1
done
that 'no refused run began a store' test ! -e ok.sqlite
cp good.sqlite readonly.sqlite
chmod 444 readonly.sqlite
sum=$(sha256sum <readonly.sqlite)
refuses 2 'readonly.sqlite: cannot be opened for writing' 'a store that may not be written' \
	$powerless $scan --store readonly.sqlite 127.0.0.1
that 'it stays as it was' same readonly.sqlite "$sum"
ln -s good.sqlite link.sqlite
refuses 2 'link.sqlite: cannot be opened for writing' 'a link in place of the store' \
	$scan --store link.sqlite 127.0.0.1
mkfifo pipe.sqlite
refuses 2 'pipe.sqlite: cannot be opened for writing' 'a pipe in place of the store' \
	$scan --store pipe.sqlite 127.0.0.1
mkdir blocked.sqlite.journal
refuses 3 'blocked.sqlite.journal: the journal cannot be written' 'a journal that cannot be made' \
	$scan --quiet --no-html --store blocked.sqlite 127.0.0.1
that 'nothing was sent without it' holds blocked.sqlite 'SELECT count(*) FROM service' 0
that 'the store says why' holds blocked.sqlite 'SELECT status, reason FROM scan' \
	'incomplete|journal not writable'

# ---- files that are no store of ours ----
"$python" - <<-'END'
	import sqlite3
	newer = sqlite3.connect("newer.sqlite")
	sqlite3.connect("good.sqlite").backup(newer)
	newer.execute("PRAGMA user_version = 999")
	other = sqlite3.connect("other.sqlite")
	other.executescript("PRAGMA journal_mode = WAL; CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
END
echo 'my shopping list' >text.sqlite
head -c 100 good.sqlite >torn.sqlite
# stranger FILE TEXT WORDS: neither scanned into, nor reported from, nor changed
stranger() {
	sum=$(sha256sum <"$1")
	refuses 2 "$1: $2" "scan: $3" $scan --store "$1" 127.0.0.1
	refuses 2 "$1: $2" "report: $3" "$TENKEN" report "$1"
	refuses 2 "$1: $2" "export: $3" "$TENKEN" export --format json "$1"
	that "$3: it stays as it was" same "$1" "$sum"
}
stranger newer.sqlite 'this store was made by a newer tenken' 'a store of a newer schema'
stranger text.sqlite 'is no tenken store' 'a text'
stranger other.sqlite 'is no tenken store' 'the database of another program'
sum=$(sha256sum <torn.sqlite)
refuses 3 'torn.sqlite: the store cannot be written: it is damaged' 'scan: a store cut off in its header' \
	$scan --store torn.sqlite 127.0.0.1
refuses 3 'torn.sqlite: the store cannot be read: ' 'report: a store cut off in its header' \
	"$TENKEN" report torn.sqlite
that 'a store cut off in its header: it stays as it was' same torn.sqlite "$sum"
refuses 2 'absent.sqlite: ' 'report: a store that is not there' "$TENKEN" report absent.sqlite
that 'it was not made' test ! -e absent.sqlite
: >zero.sqlite
refuses 2 'zero.sqlite: ' 'report: an empty file' "$TENKEN" report zero.sqlite
ends 0 'scan: an empty file becomes a store' $scan --quiet --no-html --store zero.sqlite 127.0.0.1
size=$(stat -c %s good.sqlite)
head -c $((size / 2)) good.sqlite >half.sqlite
run "$TENKEN" report half.sqlite
that 'report: half a store is refused in one line, status 3' test "$status" = 3 -a "$(wc -l <err)" = 1
that 'it names the file' grep -q '^error: half.sqlite: ' err

# ---- read-only media ----
if apart; then
	mkdir cd
	mount -t tmpfs -o size=16m tmpfs cd
	cp good.sqlite cd/plant.tenken
	mount -o remount,bind,ro cd
	ends 0 'report from read-only media' "$TENKEN" report cd/plant.tenken --html here.html
	that 'its page is written elsewhere' grep -q '</html>' here.html
	ends 0 'export from read-only media' "$TENKEN" export --format json cd/plant.tenken
	that 'the export is whole' "$python" -m json.tool out /dev/null
	refuses 2 'cd/plant' 'scan into read-only media' $scan --store cd/plant.tenken 127.0.0.1
	run "$TENKEN" report cd/plant.tenken
	that 'a page beside a store on read-only media: one line' test "$(wc -l <err)" = 1
	that 'the page is named' grep -q '^error: cd/plant.html: ' err
	that 'the summary is told all the same' test -s out
	umount cd
else
	skip 'read-only media' 'nothing can be mounted here'
fi

# ---- no space left ----
if apart; then
	mkdir disk
	mount -t tmpfs -o size=4m tmpfs disk
	ends 0 'a scan on a disk with room' $scan --quiet --no-html --store disk/a.sqlite 127.0.0.1
	services=$(sql disk/a.sqlite 'SELECT count(*) FROM service')
	dd if=/dev/zero of=disk/filler bs=4096 2>/dev/null
	refuses 3 'disk/a.sqlite: no space left on the disk' 'a disk that is full at the start' \
		$scan --quiet --no-html --store disk/a.sqlite 127.0.0.1
	that 'what the store held is still there' holds disk/a.sqlite 'SELECT count(*) FROM service' "$services"
	rm disk/filler
	ends 0 'the store can be used again once there is room' \
		$scan --quiet --no-html --store disk/a.sqlite 127.0.0.1

	# It fills up while the scan runs: the journal grows by some 120 bytes per attempt.
	rm -f disk/*
	dd if=/dev/zero of=disk/filler bs=4096 count=740 2>/dev/null
	run $scan --quiet --no-html --store disk/b.sqlite 127.0.0.1 127.1.0.0/16
	that 'a disk that fills up during the scan: status 3' test "$status" = 3
	that 'one line says why' test "$(wc -l <err)" = 1 -a "$(grep -c '^error: disk/b.sqlite' err)" = 1
	[ "$(wc -l <err)" = 1 ] || tell
	rm disk/filler
	ends 0 'what was found before is kept and can be reported' "$TENKEN" report disk/b.sqlite --html b.html
	that 'the service that was found is there' holds disk/b.sqlite \
		"SELECT count(*) FROM service WHERE port = 25411 AND state = 'open'" 1
	that 'the scan does not count as done' holds disk/b.sqlite \
		"SELECT count(*) FROM scan WHERE status = 'done'" 0

	# Only the reports do not fit.
	rm -f disk/*
	dd if=/dev/zero of=disk/filler bs=4096 2>/dev/null
	refuses 3 'disk/page.html: no space left on the disk' 'a page that does not fit' \
		$scan --quiet --html disk/page.html --store page.sqlite 127.0.0.1
	that 'no half page is left' test ! -e disk/page.html -a "$(echo disk/*)" = disk/filler
	that 'the store is whole' holds page.sqlite 'SELECT status FROM scan' done
	umount disk
else
	skip 'a full disk' 'nothing can be mounted here'
fi
tap_done
