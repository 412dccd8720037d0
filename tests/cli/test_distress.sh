#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hosts that suffer in the middle of the sweep are left alone; a firewall or a lossy link is no reason.
# shellcheck disable=SC1010,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"
apart || skip_all 'no network namespace of its own'
[ -c /dev/net/tun ] || skip_all 'no /dev/net/tun'

"$python" "$TENKEN_TESTS/cli/moods.py" "$dir/syns" >moods.out 2>&1 </dev/null &
children="$children $!"
within 10 grep -q ready moods.out || skip_all "no tun interface: $(tail -1 moods.out)"

cat >site.yaml <<'END'
site: moods
timezone: UTC
zones:
  - {name: floor, kind: ot, networks: [10.99.0.0/24]}
  - {name: office, kind: it, networks: [10.99.1.0/24]}
END
timeout -k 5 170 "$TENKEN" scan -c site.yaml --risk touch -p 502,2001-2010 --store ot.sqlite --html ot.html \
	10.99.0.10-15 >out 2>err </dev/null
that 'the scan ends' test $? = 0

# host STORE LAST STATE REASON WORDS
host() {
	that "$5" holds "$1" "SELECT state || '|' || ifnull(reason, '') FROM host WHERE address = '$2'" "$3|$4"
}
attempts() { grep -c " $1 [0-9]*\$" syns; }
silent_words='silent after it had answered'
host ot.sqlite 10.99.0.10 answering '' 'a host that is well is swept'
host ot.sqlite 10.99.0.11 distress "$silent_words" 'one that falls silent is left alone'
# Six were answered, three are silent, then one look at 502.
that 'after three silent ports and one look' test "$(attempts 10.99.0.11)" = 10
that 'which goes to a port that was open' test "$(grep ' 10.99.0.11 [0-9]*$' syns | tail -1 | cut -d' ' -f3)" = 502
host ot.sqlite 10.99.0.12 answering '' 'a firewall is no distress'
that 'its host is swept to the end' holds ot.sqlite \
	"SELECT complete, open, silent FROM host WHERE address = '10.99.0.12'" '1|1|10'
# Ten silent ports: a look after three, and after six more.
that 'at the cost of two looks' test "$(attempts 10.99.0.12)" = 13
host ot.sqlite 10.99.0.13 distress 'refuses what it had accepted' 'an open port that refuses is distress'
that 'it is left alone then' test "$(attempts 10.99.0.13)" = 10
host ot.sqlite 10.99.0.14 distress 'connections take ten times as long as at first' \
	'answers that take much longer are distress'
# The second of them, or a later one of its five where some are in doubt, or were not timed: that depends on how
# busy this machine is.
slow_ones=$(($(attempts 10.99.0.14) - 6))
that "the second of them ends it, or soon after ($slow_ones)" test "$slow_ones" -ge 2 -a "$slow_ones" -le 4
host ot.sqlite 10.99.0.15 answering '' 'a link that loses SYNs is no distress'
that 'nothing is lost by that' holds ot.sqlite \
	"SELECT complete, open, closed FROM host WHERE address = '10.99.0.15'" '1|1|10'
that 'the store remarks it' holds ot.sqlite "SELECT count(*) FROM remark WHERE kind = 'distress'" 3
that 'the report names the hosts' grep -q '10.99.0.13' ot.html
that 'and the alarm' grep -q "$silent_words" ot.html

: >syns
timeout -k 5 170 "$TENKEN" scan -c site.yaml --risk touch --rate 0 --host-rate 0 -p 2001-2500 --store it.sqlite \
	10.99.1.10-11 >out 2>err </dev/null
that 'the scan of the office ends' test $? = 0
host it.sqlite 10.99.1.10 answering '' 'a host that is well is swept in full'
host it.sqlite 10.99.1.11 distress "$silent_words" 'one that falls silent is left alone, if later'
# 99 answers, two rounds of 16, what was begun meanwhile, and the look.
that 'after two rounds of silence' test "$(attempts 10.99.1.11)" -le 148
tap_done
