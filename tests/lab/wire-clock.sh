#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The machine's clock is set while a scan runs, by packets and by connections: forwards past the end of a
# zone's window, which gets nothing more until its next one, and backwards by an hour, which is nothing
# to a scan without windows. clock.c sets it for the scan alone.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_need tcpdump jq
# shellcheck source=tests/lab/wire-pair.sh
. "$lab_tests/lab/wire-pair.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA
LC_ALL=C.UTF-8
CLOCK_FILE=$lab_dir/clock
export LC_ALL CLOCK_FILE
unset LANGUAGE

# shellcheck disable=SC2086 # a compiler and its options
${TENKEN_CC:-cc} -shared -fPIC -O1 -o clock.so "$lab_tests/lab/clock.c" >"$lab_logs/clock.log" 2>&1 ||
	skip_all 'clock.c cannot be compiled'
# The file is mapped: written over, never made anew.
cat >set_clock <<'END'
import os, struct, sys
fd = os.open(os.environ["CLOCK_FILE"], os.O_RDWR | os.O_CREAT, 0o644)
os.pwrite(fd, struct.pack("q", int(sys.argv[1])), 0)
END
set_clock() { "$lab_python" set_clock "$1"; }
# A sanitizer wants to be the first library, which it need not be for this one.
with_clock="env ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 LD_PRELOAD=$lab_dir/clock.so"

set_clock 10000
echo 'import time; print(int(time.time()))' >now
for clock in 'date +%s' "$lab_python now"; do
	# shellcheck disable=SC2086 # lists of words
	ahead=$(($($with_clock $clock) - $(date +%s)))
	result "$((ahead < 9990 || ahead > 10010))" "the clock is set for this alone: ${clock%% *} ($ahead s ahead)"
done

pair_build >"$lab_logs/build.log" 2>&1 && pair_listen 22 80
result $? 'near and far stand'

# The zone "timed" has three hours of each day, of which one is over; "always" has no window.
now=$(date +%s)
hm() { date -u -d "@$1" +%H:%M; }
site() {
	cat <<-END
		site: clock
		timezone: UTC
		limits: {rate: 100, host_rate: 50}
		zones:
		  - {name: timed, kind: it, networks: [10.80.0.32/28]$1}
		  - {name: always, kind: it, networks: [10.90.0.32/29]}
	END
}
site ", window: \"$(hm $((now - 3600)))-$(hm $((now + 7200)))\"" >windows.yaml
site '' >plain.yaml
timed='^(10\.80\.0\.(3[2-9]|4[0-7])|22[4-9]\.|255\.|ff)'

# scan NAME OPTION SITE: 24 hosts of 20 ports, of which two are open
scan() {
	# shellcheck disable=SC2086 # an option or none, and a list of words
	heard "$1" timeout 200 $with_clock "$TENKEN" --lang en scan $2 -c "$3" -p 22,80,30001-30018 \
		--store "$lab_logs/$1.tenken" --json "$lab_logs/$1.json" --no-html
	wait "$meanwhile"
}
whole() {
	that "$1: it ends well" [ $status = 0 ]
	found=$(jq -c '[([.hosts[] | select(.reason == null)] | length), ([.hosts[].services[] | select(.state == "open")] | length)]' \
		"$lab_logs/$name.json")
	that "$1: every host is whole, every open port is found ($found)" [ "$found" = '[24,48]' ]
	# A clock that jumps must not set free what was held back: a scan without bounds sends 1100 to 2400
	# packets in its fullest second. To the last packet the rate is held by wire-gate.sh, on a machine
	# that does nothing else; beside other tests the kernel repeats SYNs and looks for its neighbours.
	most=$(frames . | awk '$3 != "own" && ($3 != "arp" || $4 ~ /^ffffffffffff/) {
		t[++n] = $1
		while (t[first + 1] <= $1 - 1) first++
		if (n - first > best) best = n - first
	} END { print best + 0 }')
	that "$1: the rate holds ($most of 100)" [ "$most" -le 240 ]
}
# sql STORE QUESTION
cat >sql.py <<'END'
import sqlite3, sys
print(*sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone())
END
sql() { "$lab_python" sql.py "$lab_logs/$1.tenken" "$2"; }

# Three hours on, and once the scan has said that it waits, to the same time of the next day. The file
# FROM holds when nothing could be sent any more, by the true clock.
cat >forwards <<'END'
"$1" set_clock 10800
date +%s.%N >from
tries=300
until grep -q "^paused: zone 'timed' opens" "$2" || [ $tries = 0 ]; do
	tries=$((tries - 1))
	sleep 0.1
done
sleep 6
date +%s.%N >to
"$1" set_clock 86400
END

for way in packets connections; do
	option=
	[ $way = packets ] || option=--connect

	set_clock 0
	meanwhile sent e0 60 - sh forwards "$lab_python" "$lab_logs/forwards-$way.txt"
	scan "forwards-$way" "$option" windows.yaml
	that "forwards, $way: it waits for the next window, and says so once" \
		[ "$(lines "^paused: zone 'timed' opens ")" = 1 ]
	# What stood when the clock was set is closed soon, and by its side of the connection (a busy machine
	# takes its time); later the kernel looks whether its neighbours are still there, one by one.
	frames "$timed" | awk -v from="$(cat from)" -v to="$(cat to)" '
		$3 != "own" && ($1 < from || $1 > to) { print "in" }
		$1 > from + 2 && $1 < to && $3 ~ /^(syn|echo|udp|other|nd)$/ { print "out" }
		$1 > from + 2 && $1 < to && $3 == "arp" && $4 ~ /^ffffffffffff/ { print "out" }
		$1 > from + 5 && $1 < to && $3 ~ /^(tcp|rst)$/ { print "late" }' >windows.seen
	seen="$(grep -c in windows.seen) in its windows, $(grep -c out windows.seen) outside, $(grep -c late windows.seen) not closed in time"
	that "forwards, $way: nothing is sent to the zone between its windows ($seen)" \
		[ "$(grep -cE 'out|late' windows.seen)-$(grep -c in windows.seen | awk '{ print ($1 > 300) }')" = 0-1 ]
	# By the scan's own clock.
	from=$(awk '{ printf "%d", $1 + 10801 }' from) to=$(awk '{ printf "%d", $1 + 86400 }' to)
	case $way in
	packets) row="FROM journal_stretch s JOIN journal_lane l ON l.scan = s.scan AND l.number = s.block
		WHERE targets LIKE '10.80.%' AND at_ms" ;;
	connections) row="FROM journal WHERE address LIKE '10.80.%' AND opened_ms" ;;
	esac
	between=$(sql "forwards-$way" "SELECT (SELECT count(*) $row < ${from}000),
		(SELECT count(*) $row BETWEEN ${from}000 AND ${to}000), (SELECT count(*) $row > ${to}000)")
	that "forwards, $way: the journal has it by the clock that was set (before, between and after: $between)" \
		[ "$(echo "$between" | awk '{ print ($1 > 0), $2, ($3 > 0) }')" = '1 0 1' ]
	whole "forwards, $way"

	set_clock 0
	meanwhile sent e0 60 - "$lab_python" set_clock -3600
	scan "backwards-$way" "$option" plain.yaml
	whole "backwards, $way"
done
tap_done
