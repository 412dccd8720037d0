#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Unattended use and faults of our own: no prompt, closed standard descriptors, no network, a worker
# or the guard that dies during the scan.
# Options and commands in variables are words; scripts for inner shells stand in single quotes.
# shellcheck disable=SC1010,SC2086,SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

peer redis 25451 || skip_all 'no server on loopback'
pace='--rate 4000 --host-rate 4000'
scan="$TENKEN scan $wait_option --zone it $pace -p 25451,25453"

# ---- no prompt, whatever stdin is ----
ends 0 'stdin is empty' $scan --quiet --no-html --store a.sqlite 127.0.0.1
# A terminal, where a prompt would be asked for: script(1) gives one; nobody types.
if command -v script >/dev/null; then
	timeout -k 5 30 script -qec "$scan --no-html --store tty.sqlite 127.0.0.1" /dev/null \
		>tty.out 2>&1 </dev/null
	that 'on a terminal where nobody types' test $? = 0
	that 'its scan is whole' holds tty.sqlite 'SELECT status FROM scan' done
else
	skip 'on a terminal where nobody types' 'script is not installed'
	skip 'its scan is whole' 'script is not installed'
fi

# closed WORDS SCRIPT: runs it with "$@" being the scan, then looks at what it left
closed() {
	closed_words=$1
	rm -f c.sqlite* c.html c.json
	timeout -k 5 30 sh -c "$2" sh $scan --store c.sqlite --json c.json 127.0.0.1
	that "$closed_words: status 0" test $? = 0
	that "$closed_words: the store is whole" holds c.sqlite 'SELECT status FROM scan' done
	that "$closed_words: so is its database" holds c.sqlite 'PRAGMA integrity_check' ok
	that "$closed_words: the page is" grep -q '</html>' c.html
	that "$closed_words: the page holds nothing else" \
		test "$(head -c 15 c.html | tr '[:upper:]' '[:lower:]')" = '<!doctype html>'
	that "$closed_words: the export is" "$python" -m json.tool c.json /dev/null
}
closed 'stdin closed' '"$@" <&- >c.out 2>c.err'
that 'stdin closed: the summary is told' test -s c.out
that 'stdin closed: nothing to complain' test ! -s c.err
closed 'stdout closed' '"$@" </dev/null >&- 2>c.err'
closed 'stdin and stdout closed' '"$@" <&- >&- 2>c.err'
closed 'all three closed' '"$@" <&- >&- 2>&-'
closed 'stdout is a pipe that nobody reads' '{ "$@" </dev/null 2>c.err; echo $? >c.status; } | true; exit $(cat c.status)'
refuses 2 "'10.0.0.0/33'" 'stdin closed: a message' sh -c '"$@" <&-' sh "$TENKEN" scan 10.0.0.0/33
sh -c '"$@" >&- 2>err' sh "$TENKEN" export --format json c.sqlite
that 'an export onto a closed stdout is an error' test $? != 0 -a "$(wc -l <err)" = 1
that 'it names standard output' grep -q '^error: standard output: ' err
if [ -c /dev/full ]; then
	"$TENKEN" export --format csv c.sqlite >/dev/full 2>err
	that 'an export onto a full device is an error' test $? = 3 -a "$(wc -l <err)" = 1
	"$TENKEN" report --no-html c.sqlite >/dev/full 2>err
	that 'so is a summary' test $? = 3 -a "$(wc -l <err)" = 1
	$scan --store c.sqlite --no-html 127.0.0.1 >/dev/full 2>err
	that 'so is the summary of a scan' test $? = 3 -a "$(wc -l <err)" = 1
	that 'its scan is kept' holds c.sqlite "SELECT count(*) FROM scan WHERE status = 'done'" 2
else
	skip 'a full device' 'there is no /dev/full'
fi

# ---- no network ----
if apart; then
	# In a namespace where even loopback is down.
	run unshare -n $scan --no-html --store off.sqlite 10.9.9.0/29
	that 'no network: one line says so' test "$(wc -l <err)" = 1 -a "$(grep -c '^error: no network: ' err)" = 1
	that 'no network: status 3' test "$status" = 3
	that 'no network: the store says so' holds off.sqlite 'SELECT status, reason FROM scan' \
		'incomplete|no network'
	that 'no network: the store does not call anything clean' holds off.sqlite \
		"SELECT count(*) FROM host WHERE state = 'answering'" 0
else
	skip 'no network' 'no network namespace of its own'
fi

# ---- a process that dies ----
# One service is known already, a silent one is being asked. Only SIGKILL is tried: a fault of its own
# gets through to a process that blocks signals, one sent by kill(1) does not.
peer silent 25452 || skip_all 'no server on loopback'
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
talking() { grep -q "^O [0-9]* [0-9]* 127.0.0.1 25452 [^s]" "$1.journal"; }
# child OF THREADS: the workers have many threads, the guard has one
child() {
	for pid in $(pgrep -P "$1"); do
		threads=$(sed -n 's/^Threads:[^0-9]*//p' "/proc/$pid/status")
		case $2 in
		workers) [ "$threads" -le 2 ] || echo "$pid" ;;
		guard) [ "$threads" -gt 2 ] || echo "$pid" ;;
		esac
	done
}
begin() {
	$TENKEN scan $wait_option --zone it $pace -p 25451,25452,25454 --threads 8 --no-html --store "$1" 127.0.0.1 \
		>"$1.out" 2>"$1.err" </dev/null &
	scanner=$!
	children="$children $scanner"
	within 20 holds "$1" "SELECT count(*) > 0 FROM evidence WHERE port = 25451 AND ending = 'done'" 1
	talking "$1"
}
store=worker.sqlite
begin $store
victim=$(child "$scanner" workers)
that "workers are killed: there is one process" test "$(echo "$victim" | wc -w)" = 1
kill -KILL "$victim"
within 20 gone "$scanner"
wait "$scanner"
that "workers are killed: the scan ends with status 0" test $? = 0
that "workers are killed: it says so in one line" \
	test "$(grep -c '^warning: .*fault' $store.err)" = 1 -a "$(wc -l <$store.err)" = 1
that "workers are killed: the store names the service" holds $store \
	"SELECT subject FROM remark WHERE kind = 'worker-fault' AND subject LIKE '%25452'" 127.0.0.1:25452
that "workers are killed: the service is marked" holds $store \
	'SELECT limited FROM service WHERE port = 25452' 'worker fault'
that "workers are killed: the other one was looked at" holds $store \
	"SELECT count(*) FROM evidence WHERE port = 25451 AND ending = 'done'" 1
that "workers are killed: everything opened was closed" holds $store \
	'SELECT count(*) FROM journal WHERE closed_ms IS NULL' 0

# It goes on: the workers die while one address is spoken with, and others come after it.
"$TENKEN" scan $wait_option --zone it --rate 200 -p 25451,25452,25454 --threads 8 --no-html --store on.sqlite 127.0.0.1 \
	127.2.0.0/24 127.0.0.1-3 >on.out 2>on.err </dev/null &
scanner=$!
children="$children $scanner"
within 10 talking on.sqlite
kill -KILL "$(child "$scanner" workers)"
within 30 gone "$scanner"
wait "$scanner"
that 'workers die early: status 0' test $? = 0
that 'workers die early: every address was tried' holds on.sqlite \
	'SELECT count(*) FROM host WHERE complete = 1' 259

begin guard.sqlite
kill -KILL "$(child "$scanner" guard)"
within 20 gone "$scanner"
wait "$scanner"
that 'the guard dies: status 3' test $? = 3
that 'the guard dies: one line says so' test "$(grep -c '^error: .*failed' guard.sqlite.err)" = 1 -a \
	"$(wc -l <guard.sqlite.err)" = 1
that 'the guard dies: the store says so' holds guard.sqlite 'SELECT status, reason FROM scan' 'incomplete|fault'
that 'the guard dies: what was found is kept' holds guard.sqlite \
	"SELECT state FROM service WHERE port = 25451" open
that 'the guard dies: no process is left' test -z "$(pgrep -P "$scanner")"
tap_done
