#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whatever ends a scan early ends all sending and leaves a store that says so, can
# be reported from, and is taken up by the next run. Times come from the journal, not from waiting.
# Options and commands in variables are words; scripts for inner shells stand in single quotes.
# shellcheck disable=SC1010,SC2086,SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"
apart || skip_all 'no network namespace of its own: tenken stop would end the scans of other tests'

# A scan that would last for minutes: 127.0.0.1 has a service, then many addresses, all refusing.
# begin STORE [OPTION...]: once it has sent something; its id is $scan
begin() {
	store=$1
	shift
	"$TENKEN" scan --zone it --rate 400 --threads 4 -p 25401,25402 --store "$store" "$@" \
		127.0.0.1 127.1.0.0/16 >"$store.out" 2>"$store.err" </dev/null &
	scan=$!
	children="$children $scan"
	within 10 journal_has "$store" 50 && within 5 test -s "$store.journal"
}
journal_has() { [ "$(grep -c '^O' "$1.journal")" -ge "$2" ]; }
all_gone() { for kid in $kids; do gone "$kid" || return 1; done; }
# finish: its status; judging what was found may take long where the machine is slow
finish() {
	within 60 gone "$scan" || return 1
	wait "$scan"
	status=$?
}
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
# sent_after STORE MS: in the store's own words: connections opened later than ten seconds after MS. The promise
# is a second; a busy machine takes longer to run a command, and the scan would go on for minutes.
sent_after() { sql "$1" "SELECT count(*) FROM journal WHERE opened_ms > $2 + 10000"; }

# stopped STORE MS WORDS: what must hold after every kind of early end
stopped() {
	store=$1 at=$2 words=$3
	if finish; then
		ok "$words: the scan ends"
	else
		not_ok "$words: the scan ends"
		kill -KILL "$scan"
		return
	fi
	that "$words: status 3" test "$status" = 3
	that "$words: it was sending until then" test \
		"$(sql "$store" "SELECT count(*) > 0 FROM journal WHERE opened_ms BETWEEN $at - 1000 AND $at")" = 1
	that "$words: nothing is opened any more" test "$(sent_after "$store" "$at")" = 0
	that "$words: everything opened was closed, and written down" holds "$store" \
		'SELECT count(*) FROM journal WHERE closed_ms IS NULL' 0
	that "$words: one line says so" test "$(grep -c 'stopped before its end' "$store.err")" = 1 -a \
		"$(wc -l <"$store.err")" = 1
	that "$words: the store says so" holds "$store" 'SELECT status, reason FROM scan' \
		'incomplete|stopped'
	that "$words: what was found is kept" holds "$store" \
		"SELECT state FROM service WHERE address = '127.0.0.1' AND port = 25401" open
	that "$words: hosts that were not tried are not called complete" holds "$store" \
		"SELECT count(*) > 0 FROM host WHERE complete = 1 AND planned > open + closed + filtered + silent" 0
	that "$words: one plain file is left, no journal" \
		test ! -e "$store.journal" -a ! -e "$store-wal" -a ! -e "$store-shm"
	ends 0 "$words: it can be reported" "$TENKEN" report "$store" --html "$store.again.html"
	that "$words: the report calls it incomplete" grep -qi incomplete out
}

peer redis 25401 || skip_all 'no server on loopback'

begin a.sqlite --fail-on info
within 5 holds a.sqlite "SELECT count(*) > 0 FROM evidence WHERE ending = 'done'" 1
at=$(now_ms)
ends 0 'tenken stop' "$TENKEN" stop
that 'tenken stop says whom it told' grep -q "^told to stop: process $scan,.*a.sqlite" out
stopped a.sqlite "$at" 'tenken stop'
that 'tenken stop: status 3 won although --fail-on was met' holds a.sqlite \
	"SELECT count(*) > 0 FROM finding WHERE status = 'open'" 1

begin b.sqlite
at=$(now_ms)
kill -TERM "$scan"
stopped b.sqlite "$at" SIGTERM

begin c.sqlite
at=$(now_ms)
: >c.sqlite.stop
stopped c.sqlite "$at" 'stop file'
refuses 2 'c.sqlite.stop' 'a stop file that is there at the start' \
	"$TENKEN" scan -p 25401 --store c.sqlite 127.0.0.1
that 'the refused run left the store alone' holds c.sqlite 'SELECT count(*) FROM scan' 1
refuses 2 'c.sqlite.stop' 'a stop file elsewhere' \
	"$TENKEN" scan -p 25401 --stop-file c.sqlite.stop --store d.sqlite 127.0.0.1
that 'the refused run made no store' test ! -e d.sqlite

# A terminal sends Ctrl-C to every process in the foreground: main, guard and workers.
# family SIGNAL: in one order that the kernel chooses
family() { kill -s "$1" "$scan" $(pgrep -P "$scan"); }
begin e.sqlite
at=$(now_ms)
family INT
stopped e.sqlite "$at" 'Ctrl-C'

# Twice: a conversation that would hold the end up is given up.
peer silent 25402 || skip_all 'no server on loopback'
begin f.sqlite
within 5 grep -q '^O [0-9]* [0-9]* 127.0.0.1 25402 [^s]' f.sqlite.journal
at=$(now_ms)
family INT
family INT
stopped f.sqlite "$at" 'Ctrl-C twice'
that 'Ctrl-C twice: the silent conversation was not waited for' holds f.sqlite \
	"SELECT count(*) FROM journal WHERE closed_ms > $at + 3000" 0

begin g.sqlite
kill -HUP "$scan"
at=$(now_ms)
stopped g.sqlite "$at" 'SIGHUP'

# ---- a second run beside the first ----
begin h.sqlite
refuses 3 "another scan is sending from this bastion: process $scan," 'a second run beside the first' \
	"$TENKEN" scan -p 25401 --store i.sqlite 127.0.0.1
that 'it wrote nothing' test ! -e i.sqlite -a ! -e i.html
ends 0 'tenken status' "$TENKEN" status
that 'tenken status names the holder and its store' grep -q "process $scan,.*h.sqlite" out
"$TENKEN" scan --wait -p 25401 --store i.sqlite 127.0.0.1 >i.out 2>i.err </dev/null &
second=$!
children="$children $second"
within 5 grep -q "^waiting: .*process $scan," i.err
that 'with --wait it says whom it waits for' grep -q "^waiting: .*process $scan," i.err
"$TENKEN" stop >/dev/null
wait "$second"
that 'and goes on once the first has ended' test $? = 0
that 'its scan is whole' holds i.sqlite 'SELECT status FROM scan' done
finish

# The same store from another network namespace: the lock does not reach there, the store's does.
begin j.sqlite
refuses 3 'j.sqlite: another process is writing this store' 'a second run on the same store elsewhere' \
	unshare -n sh -c 'ip link set lo up; exec "$0" scan -p 25401 --store j.sqlite 127.0.0.1' "$TENKEN"
that 'it left the journal of the first where it was' test -s j.sqlite.journal
at=$(now_ms)
"$TENKEN" stop >/dev/null
stopped j.sqlite "$at" 'the first of two on one store'
ends 0 'tenken status, nobody sends' "$TENKEN" status
ends 0 'tenken stop, nobody sends' "$TENKEN" stop

# ---- kill -9 ----
begin k.sqlite
within 5 holds k.sqlite "SELECT count(*) > 20 FROM host" 1
kids=$(pgrep -P "$scan")
that 'kill -9: there are a guard and workers' test "$(echo "$kids" | wc -l)" = 2
at=$(now_ms)
kill -KILL "$scan"
finish
that 'kill -9: guard and workers end by themselves' within 5 all_gone
that 'kill -9: the guard opened nothing more than a second later' test \
	"$(awk -v at="$at" '$1 == "O" && $3 > at + 10000' k.sqlite.journal | wc -l)" = 0
that 'kill -9: the guard closed what was open' test \
	"$(grep -c '^O' k.sqlite.journal)" = "$(grep -c '^C' k.sqlite.journal)"
opened=$(grep -c '^O' k.sqlite.journal)
that 'kill -9: the store can be read by anything that reads SQLite' \
	holds k.sqlite "SELECT count(*) > 20 FROM host" 1
that 'kill -9: the service that was found is there' holds k.sqlite \
	"SELECT state FROM service WHERE address = '127.0.0.1' AND port = 25401" open
hosts=$(sql k.sqlite 'SELECT count(*) FROM host')
ends 0 'kill -9: it can be reported before any other run' \
	"$TENKEN" report k.sqlite --html k.again.html
that 'kill -9: the report calls it incomplete' grep -qi incomplete out
ends 0 'kill -9: the next run on that store' "$TENKEN" scan --quiet -p 25401 --store k.sqlite 127.0.0.1
that 'kill -9: it marks the killed scan' holds k.sqlite 'SELECT status, reason FROM scan WHERE id = 1' \
	'incomplete|killed'
that 'kill -9: its hosts are still there' holds k.sqlite 'SELECT count(*) FROM host WHERE scan = 1' "$hosts"
that 'kill -9: the journal that was left is in the store' holds k.sqlite \
	'SELECT count(*) FROM journal WHERE scan = 1' "$opened"
that 'kill -9: and gone from the folder' test ! -e k.sqlite.journal
that 'kill -9: the new scan is whole beside it' holds k.sqlite \
	'SELECT status FROM scan WHERE id = 2' done
tap_done
