#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Scan windows in a real scan: windows end and begin while it runs. They are cut to the minute, so the
# scan is begun shortly before one, and lasts into the next but one. Times come from the journal.
# shellcheck disable=SC1010,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"
apart || skip_all 'no network namespace of its own: tenken stop would end the scans of other tests'

gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
hm() { date -u -d "@$1" +%H:%M; }

# On every address of loopback: nobody else is in this namespace.
PEER_ADDRESS=0.0.0.0
export PEER_ADDRESS
peer redis 23001 || skip_all 'no server on loopback'
PEER_ADDRESS=127.4.0.1
peer silent 23002 || skip_all 'no server on loopback'
silent=${children##* }

now=$(date +%s)
turn=$(((now / 60 + 1) * 60))
[ $((turn - now)) -ge 14 ] || turn=$((turn + 60))
again=$((turn + 60))
before="\"$(hm $((turn - 3600)))-$(hm $turn)\""
after="\"$(hm $again)-$(hm $((again + 3600)))\""
cat >site.yaml <<END
site: windows
timezone: UTC
zones:
  - {name: sweeping, kind: it, networks: [127.1.0.0/28], window: [$before, $after], rate: 24}
  - {name: talking, kind: it, networks: [127.4.0.1/32], window: [$before, $after]}
  - {name: beginning, kind: it, networks: [127.2.0.0/30], window: "$(hm $turn)-$(hm $((turn + 3600)))"}
  - {name: always, kind: it, networks: [127.3.0.0/30]}
END

ends 0 'a forecast' "$TENKEN" scan -c site.yaml -p 23000-23010 --dry-run
that 'it says which zone waits, and until when' test \
	"$(grep -c 'waits until its window opens' out)" = 1
that 'by the clock of the site' grep -q "window opens: ... $(date -u -d "@$turn" '+%F %H:%M') (UTC)" out
ends 0 'a forecast with --skip-closed' "$TENKEN" scan -c site.yaml -p 23000-23010 --dry-run --skip-closed
that 'it leaves the closed zone out, with a remark' \
	grep -q "left out: 127.2.0.0/30: outside the window of zone 'beginning'" out

while [ $(($(date +%s) + 10)) -lt $turn ]; do sleep 0.2; done
"$TENKEN" scan -c site.yaml -p 23000-23010 --store w.sqlite >w.out 2>w.err </dev/null &
scan=$!
children="$children $scan"
# It may wait for the turn itself, for two seconds.
that 'it says that it waits, for which zone and until when' within 50 grep -q \
	"^paused: zone '[a-z]*ing' opens ... $(date -u -d "@$again" '+%F %H:%M') (UTC)\$" w.err
ends 0 'tenken status' "$TENKEN" status
that 'it says the same' grep -q "process $scan,.*w.sqlite, $(tail -n 1 w.err)" out
refuses 3 'another scan is sending from this bastion' 'the lock is held while it waits' \
	"$TENKEN" scan -p 23001 --store other.sqlite 127.0.0.1
opened=$(grep -c '^O' w.sqlite.journal)
sleep 1
that 'nothing is opened while it waits' test "$(grep -c '^O' w.sqlite.journal)" = "$opened"
# Whoever said nothing in the first window has an answer in the second.
kill "$silent"
within 5 gone "$silent"
peer redis 23002 || skip_all 'no server on loopback'
that 'it goes on by itself, and ends' within 140 gone "$scan"
wait "$scan"
that 'with status 0' test $? = 0
that 'it said each wait once, and nothing else' test "$(grep -cv '^paused: zone' w.err)" = 0 -a \
	"$(sort w.err | uniq -d | wc -l)" = 0

counts() { sql w.sqlite "SELECT count(*) FROM journal WHERE address LIKE '$1' AND $2"; }
for zone in 127.1.% 127.4.%; do
	that "$zone: something was opened before the end" test "$(counts $zone "opened_ms < $turn * 1000")" -gt 0
	that "$zone: and from the next window on" test "$(counts $zone "opened_ms >= $again * 1000")" -gt 0
	that "$zone: nothing in between" test \
		"$(counts $zone "opened_ms >= $turn * 1000 AND opened_ms < $again * 1000")" = 0
	that "$zone: what was open was closed before the end" test \
		"$(counts $zone "opened_ms < $turn * 1000 AND closed_ms >= $turn * 1000")" = 0
done
that 'no port was swept twice' holds w.sqlite "SELECT count(*) FROM (SELECT 1 FROM journal
	WHERE probe = 'sweep' AND ending <> 'stopped' GROUP BY address, port HAVING count(*) > 1)" 0
that 'a conversation was cut short' test \
	"$(counts '127.4.%' "probe <> 'sweep' AND port = 23002 AND ending = 'stopped'")" -gt 0
that 'and left no evidence that says so' holds w.sqlite \
	"SELECT count(*) FROM evidence WHERE ending = 'stopped'" 0
that 'it was held again in the next window' holds w.sqlite \
	"SELECT probe, ending FROM evidence WHERE address = '127.4.0.1' AND port = 23002 AND ending = 'done'" \
	'redis|done'
that 'the zone that began: nothing was opened before' test "$(counts '127.2.%' "opened_ms < $turn * 1000")" = 0
that 'and it did not wait for the others' test "$(counts '127.2.%' "opened_ms >= $again * 1000")" = 0
that 'the zone without a window did not wait' test "$(counts '127.3.%' "opened_ms < $turn * 1000")" -gt 0
that 'all hosts are whole' holds w.sqlite \
	'SELECT count(*), sum(complete), sum(open + closed) FROM host' "25|25|$((25 * 11))"

# A window that opens in hours.
cat >later.yaml <<END
site: later
timezone: UTC
zones:
  - {name: far, kind: it, networks: [127.1.0.0/28], window: "$(hm $((turn + 7200)))-$(hm $((turn + 10800)))"}
END
refuses 2 "nothing is left to scan: 127.1.0.0/28: outside the window of zone 'far'" \
	'only closed zones, and --skip-closed' \
	"$TENKEN" scan -c later.yaml -p 23001 --skip-closed --store skipped.sqlite
# waiting STORE: a scan that waits
waiting() {
	"$TENKEN" scan -c later.yaml -p 23001 --store "$1" >"$1.out" 2>"$1.err" </dev/null &
	scan=$!
	children="$children $scan"
	within 10 grep -q '^paused: ' "$1.err"
}
# ended STORE WORDS
ended() {
	that "$2 ends a wait" within 60 gone "$scan"
	wait "$scan"
	that "$2: status 3" test $? = 3
	that "$2: nothing was sent" holds "$1" 'SELECT count(*) FROM journal' 0
	that "$2: the store says so" holds "$1" 'SELECT status, reason FROM scan' 'incomplete|stopped'
}
waiting a.sqlite
"$TENKEN" stop >/dev/null
ended a.sqlite 'tenken stop'
waiting b.sqlite
kill -INT "$scan"
ended b.sqlite 'Ctrl-C'
waiting c.sqlite
: >c.sqlite.stop
ended c.sqlite 'the stop file'
tap_done
