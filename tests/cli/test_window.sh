#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Scan windows in a real scan: one zone's ends and another's begins while the scan runs. Windows are
# cut to the minute, so the scan is begun shortly before one. Times come from the journal.
# shellcheck disable=SC1010,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"
apart || skip_all 'no network namespace of its own: tenken stop would end the scans of other tests'

gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
hm() { date -u -d "@$1" +%H:%M; }

# On every address of loopback: nobody else is in this namespace.
PEER_ADDRESS=0.0.0.0
export PEER_ADDRESS
peer redis 23001 || skip_all 'no server on loopback'
peer silent 23002 || skip_all 'no server on loopback'

# The turn of the minute: ending closes, beginning opens. Midnight would be another day.
now=$(date +%s)
turn=$(((now / 60 + 1) * 60))
[ $((turn - now)) -ge 8 ] || turn=$((turn + 60))
site() {
	cat >"$1" <<END
site: windows
timezone: UTC
zones:
  - {name: ending, kind: it, networks: [127.1.0.0/24], window: "$(hm $((turn - 3600)))-$(hm $turn)", rate: 40}
  - {name: talking, kind: it, networks: [127.4.0.1/32], window: "$(hm $((turn - 3600)))-$(hm $turn)"}
  - {name: beginning, kind: it, networks: [127.2.0.0/30], window: "$(hm $turn)-$(hm $((turn + 3600)))"}
  - {name: always, kind: it, networks: [127.3.0.0/30]}
END
}
site site.yaml

ends 0 'a forecast' "$TENKEN" scan -c site.yaml -p 23000-23010 --dry-run
that 'it says which zone waits, and until when' test \
	"$(grep -c 'waits until its window opens' out)" = 1
that 'by the clock of the site' grep -q "window opens: ... $(date -u -d "@$turn" '+%F %H:%M') (UTC)" out
ends 0 'a forecast with --skip-closed' "$TENKEN" scan -c site.yaml -p 23000-23010 --dry-run --skip-closed
that 'it leaves the closed zone out, with a remark' \
	grep -q "left out: 127.2.0.0/30: outside the window of zone 'beginning'" out

while [ $(($(date +%s) + 6)) -lt $turn ]; do sleep 0.2; done
"$TENKEN" scan -c site.yaml -p 23000-23010 --store w.sqlite >w.out 2>w.err </dev/null &
scan=$!
children="$children $scan"
# All that can be done is done some seconds after the turn; "ending" opens tomorrow, or in an hour less.
that 'it says that it waits' within 100 grep -q '^paused: ' w.err
that 'for which zone and until when' grep -q \
	"^paused: zone '[a-z]*ing' opens ... $(date -u -d "@$((turn + 82800))" '+%F %H:%M') (UTC)\$" w.err
that 'in one line' test "$(wc -l <w.err)" = 1
ends 0 'tenken status' "$TENKEN" status
that 'it says the same' grep -q "process $scan,.*w.sqlite, paused: zone '[a-z]*ing' opens" out
refuses 3 'another scan is sending from this bastion' 'the lock is held while it waits' \
	"$TENKEN" scan -p 23001 --store other.sqlite 127.0.0.1
opened=$(grep -c '^O' w.sqlite.journal)
sleep 1
that 'nothing is opened while it waits' test "$(grep -c '^O' w.sqlite.journal)" = "$opened"
ends 0 'tenken stop' "$TENKEN" stop
that 'the wait ends with it' within 3 gone "$scan"
wait "$scan"
that 'with status 3' test $? = 3

counts() { sql w.sqlite "SELECT count(*) FROM journal WHERE address LIKE '$1' AND $2"; }
that 'the zone that ended: something was opened before' test "$(counts '127.1.%' "opened_ms < $turn * 1000")" -gt 0
that 'and nothing from the end on' test "$(counts '127.1.%' "opened_ms >= $turn * 1000")" = 0
that 'what was open was closed before the end' test "$(counts '127.1.%' "closed_ms >= $turn * 1000")" = 0
that 'a conversation was cut short' test \
	"$(counts '127.4.%' "probe <> 'sweep' AND ending = 'stopped'")" -gt 0
that 'before the end' test "$(counts '127.4.%' "closed_ms >= $turn * 1000")" = 0
that 'and left no evidence that says so' holds w.sqlite \
	"SELECT count(*) FROM evidence WHERE address LIKE '127.4.%' AND ending = 'stopped'" 0
that 'its port is not called done' holds w.sqlite \
	"SELECT count(*) FROM service WHERE address LIKE '127.4.%' AND port = 23002 AND (spoken <> 'none' OR limited IS NOT NULL)" 0
that 'the zone that began: nothing was opened before' test "$(counts '127.2.%' "opened_ms < $turn * 1000")" = 0
that 'and its hosts are whole' holds w.sqlite \
	"SELECT count(*) FROM host WHERE address LIKE '127.2.%' AND complete = 1" 4
that 'with what was said to them' holds w.sqlite \
	"SELECT count(*) FROM evidence WHERE address LIKE '127.2.%' AND probe = 'redis' AND ending = 'done'" 4
that 'the zone without a window did not wait' test "$(counts '127.3.%' "opened_ms < $turn * 1000")" -gt 0
that 'no host of the ended zone is called whole that was not' holds w.sqlite \
	"SELECT count(*) FROM host WHERE complete = 1 AND planned > open + closed + filtered + silent" 0

site later.yaml
sed -i -e '/always/d' -e '/talking/d' -e '/beginning/d' later.yaml
ends 2 'only closed zones, and --skip-closed' "$TENKEN" scan -c later.yaml -p 23001 --skip-closed \
	--store later.sqlite
that 'that nothing is left is said' grep -q "nothing is left to scan: .*outside the window of zone 'ending'" err
LC_ALL=C.UTF-8 LANGUAGE=ja timeout -s INT 3 "$TENKEN" scan -c later.yaml -p 23001 --store later.sqlite \
	>later.out 2>later.err </dev/null
that 'Ctrl-C ends a wait' test $? = 124
that 'which sent nothing' holds later.sqlite 'SELECT count(*) FROM journal' 0
tap_done
