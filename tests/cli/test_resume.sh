#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A scan that was killed, or stopped, goes on where it was: with the same plan whatever became of the
# files, without trying again what had an answer, and to the same end as a scan that nobody disturbed.
# shellcheck disable=SC2086,SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"
apart || skip_all 'no network namespace of its own'

# 127.0.0.2 shows an OT sign, 127.0.0.64 to 67 are controllers by declaration; 127.0.0.5 is excluded.
site() {
	cat >"$1.yaml" <<-END
		site: here
		ledger: $1.csv
		zones:
		  - {name: office, kind: it, networks: [127.0.0.0/26]}
		  - {name: line, kind: ot, networks: [127.0.0.64/30]}
		exclude: [127.0.0.5]
		limits: {rate: 400, host_rate: 40}
	END
	printf 'id,address,name\nA1,127.0.0.1,press\n' >"$1.csv"
}
ports=502,21000-21006
peer redis 21001 21003 127.0.0.2:21006 127.0.0.5:21006 127.0.0.9:21006 || skip_all 'no server on loopback'
peer silent 127.0.0.2:502 || skip_all 'no server on loopback'

# begin NAME [OPTION...]: the scan of NAME.yaml in a process group of its own; its id is $scan
begin() {
	name=$1
	shift
	setsid "$TENKEN" scan -c $name.yaml --threads 4 --quiet "$@" >$name.out 2>$name.err </dev/null &
	scan=$!
	children="$children $scan"
	within 10 test -e $name.tenken.journal
}
# What setsid made is the leader of its group.
kill_all() {
	kill -s KILL -- "-$scan"
	wait "$scan" 2>/dev/null
	within 10 group_gone
}
group_gone() { ! pgrep -g "$scan" >/dev/null; }
lines() { [ "$(grep -c "$2" "$1.tenken.journal")" -ge "$3" ]; }
talks() { [ "$(grep '^O' "$1.tenken.journal" | grep -vc 'sweep$')" -ge "$2" ]; }

# What the scan learnt, without times.
learnt() {
	sql "$1" 'SELECT address, zone, kind, treated, state, reason, ot_sign, ledger_id, complete,
		planned, open, closed, filtered, silent FROM host ORDER BY address'
	sql "$1" 'SELECT first, last, addresses, state, reason, zone, kind, treated, complete, planned
		FROM quiet ORDER BY scope, first_key'
	sql "$1" 'SELECT address, port, state, reason, name, protocol, tls, product, version, spoken,
		limited FROM service ORDER BY address, port'
	sql "$1" 'SELECT address, port, probe, ending, document FROM evidence ORDER BY address, port, probe'
	sql "$1" 'SELECT fingerprint, check_id, severity, status, asset, address, port, detail
		FROM finding ORDER BY fingerprint'
	sql "$1" "SELECT kind, subject, text FROM remark WHERE kind <> 'resumed' ORDER BY kind, subject, text"
}
# same NAME: as the scan that nobody disturbed
same() {
	learnt $1.tenken >$1.learnt
	diff whole.learnt $1.learnt
}
# resumed NAME TIMES WORDS: what must hold of a scan that went on to its end
resumed() {
	that "$3: its end is that of a scan that nobody disturbed" same $1
	that "$3: it is one scan, and done" holds $1.tenken \
		'SELECT count(*), min(status), min(reason IS NULL) FROM scan' '1|done|1'
	that "$3: no port that had its answer was tried again" holds $1.tenken \
		"SELECT count(*) FROM (SELECT 1 FROM journal WHERE kind = 'sweep' AND found IS NOT NULL
			GROUP BY address, port HAVING count(*) > 1)" 0
	that "$3: every port was tried" holds $1.tenken \
		"SELECT count(DISTINCT address || ' ' || port) FROM journal WHERE kind = 'sweep'
			AND found IS NOT NULL" "$whole_ports"
	that "$3: a controller has one connection at a time and its pause in between" holds $1.tenken \
		"SELECT count(*) FROM journal a JOIN journal b ON a.address = b.address
			AND b.number > a.number AND b.opened_ms < coalesce(a.closed_ms, a.opened_ms) + 990
			WHERE a.address LIKE '127.0.0.6_' AND a.address >= '127.0.0.64'" 0
	that "$3: nothing went to the excluded address" holds $1.tenken \
		"SELECT count(*) FROM journal WHERE address = '127.0.0.5'" 0
	that "$3: the remarks count $2" holds $1.tenken \
		"SELECT count(*) FROM remark WHERE kind = 'resumed'" "$2"
	that "$3: nothing is left of what going on needs" holds $1.tenken \
		'SELECT (SELECT count(*) FROM resume) + (SELECT count(*) FROM ended)' 0
}

site whole
ends 0 'a scan that nobody disturbs' "$TENKEN" scan -c whole.yaml -p $ports --quiet
learnt whole.tenken >whole.learnt
whole_ports=$(sql whole.tenken "SELECT count(*) FROM journal WHERE kind = 'sweep'")
that 'it found what is there' holds whole.tenken \
	"SELECT count(*), sum(protocol = 'redis') FROM service WHERE state = 'open'" '5|3'
that 'it has an OT sign' holds whole.tenken "SELECT count(*) FROM host WHERE ot_sign IS NOT NULL" 1
that 'it has findings' holds whole.tenken 'SELECT count(*) > 0 FROM finding' 1

# ---- killed in the sweep ----
# The site file and the ledger are gone or say something else when it goes on.
for moment in 20 300; do
	name=s$moment words="killed in the sweep at $moment"
	site $name
	begin $name -p $ports
	within 20 lines $name '^C' $moment
	kill_all
	that "$words: in time" test "$(grep -c '^O.*sweep$' $name.tenken.journal)" -lt "$whole_ports"
	sed -i '/^exclude/d; s/400/4000/' $name.yaml
	rm $name.csv
	ends 0 "$words: it goes on" "$TENKEN" scan --resume -c $name.yaml --quiet
	that "$words: it tells which files are not as they were" test \
		"$(grep -c '^note: .* is not as it was when the scan began' err)" = 2
	resumed $name 1 "$words"
done

# ---- killed in the conversations ----
# In the first, between two, and late: then the sweep is over as well, but for the slow host.
for moment in 1 12; do
	name=t$moment words="killed in the conversations at $moment"
	site $name
	begin $name -p $ports
	within 30 talks $name $moment
	kill_all
	ends 0 "$words: it goes on" "$TENKEN" scan --resume -c $name.yaml --quiet
	resumed $name 1 "$words"
done

# ---- killed again and again ----
site again
begin again -p $ports
within 20 lines again '^C' 100
kill_all
uuid=$(sql again.tenken 'SELECT uuid, started FROM scan')
times=0
for moment in 100 150 0; do
	setsid "$TENKEN" scan --resume -c again.yaml --quiet >again.out 2>&1 </dev/null &
	scan=$!
	children="$children $scan"
	times=$((times + 1))
	that "killed again and again: it goes on $times" within 20 holds again.tenken \
		"SELECT count(*) FROM remark WHERE kind = 'resumed'" $times
	# What the run before left is taken in and removed; then this one writes.
	[ $moment = 0 ] || within 20 lines again '^C' $moment
	kill_all
done
ends 0 'killed again and again: it goes on' "$TENKEN" scan --resume -c again.yaml --quiet
resumed again 4 'killed again and again'
that 'killed again and again: it is the same scan' holds again.tenken 'SELECT uuid, started FROM scan' "$uuid"

# ---- only the main process is killed: the guard still closes what is open ----
site main
begin main -p $ports
within 30 talks main 2
kill -KILL "$scan"
wait "$scan" 2>/dev/null
ends 0 'main is killed: it goes on at once' "$TENKEN" scan --resume -c main.yaml --quiet
resumed main 1 'main is killed'
that 'main is killed: what was open has its end in the journal' holds main.tenken \
	'SELECT count(*) FROM journal WHERE closed_ms IS NULL' 0

# ---- stopped ----
site stop
begin stop -p $ports
within 20 lines stop '^C' 200
"$TENKEN" stop >/dev/null
wait "$scan"
that 'stopped: status 3' test $? = 3
ends 0 'stopped: it goes on' "$TENKEN" scan --resume -c stop.yaml --quiet --json stop.json
resumed stop 1 'stopped'
that 'stopped: the report tells of it' grep -q 'resumed at .* after an early end (stopped), time 1' stop.html

# ---- a host that was left alone stays so ----
site alone
begin alone -p $ports
within 20 lines alone '^C.* 127.0.0.1 .* open' 1
kill_all
echo "D $(now_ms) 127.0.0.1 silent after it had answered" >>alone.tenken.journal
before=$(grep -c '^O.* 127.0.0.1 ' alone.tenken.journal)
ends 0 'left alone: it goes on' "$TENKEN" scan --resume -c alone.yaml --quiet
that 'left alone: nothing more was opened there' holds alone.tenken \
	"SELECT count(*) FROM journal WHERE address = '127.0.0.1'" "$before"
that 'left alone: the report says why' holds alone.tenken \
	"SELECT state, reason, complete FROM host WHERE address = '127.0.0.1'" \
	'distress|silent after it had answered|0'

# ---- what it does not take ----
refuses 2 'its newest scan is done: there is nothing to resume' 'a scan that is done' \
	"$TENKEN" scan --resume -c whole.yaml
refuses 2 'nowhere.tenken: there is no such store' 'no store' "$TENKEN" scan --resume --store nowhere.tenken
that 'and none is made' test ! -e nowhere.tenken
refuses 2 'it takes no target' 'a target' "$TENKEN" scan --resume --store whole.tenken 127.0.0.1
for option in '-p 22' '--exclude 127.0.0.1' '--exclude-file whole.csv' '-iL whole.csv' '--risk touch' \
	'--rate 5' '--host-rate 5' '--zone it' '--owned 203.0.113.0/24' '--profile mlit-water' \
	'--checks whole.csv' --dry-run; do
	refuses 2 "it takes no -" "with $option" "$TENKEN" scan --resume --store whole.tenken $option
done
that 'a refusal leaves the scan as it was' holds whole.tenken 'SELECT count(*), status FROM scan' '1|done'
tap_done
