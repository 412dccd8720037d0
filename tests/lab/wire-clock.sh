#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The machine's clock is set in the middle of a scan: windows follow it at once, rates and progress do not
# care. Frames and connections, counted by far, whose own clock goes on.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_need tcpdump jq
# shellcheck source=tests/lab/wire-pair.sh
. "$lab_tests/lab/wire-pair.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA

# shellcheck disable=SC2086 # words
${TENKEN_CC:-cc} -shared -fPIC -O1 -o clock.so "$lab_tests/lab/clock.c" -ldl >"$lab_logs/clock.log" 2>&1 &&
	pair_build >"$lab_logs/build.log" 2>&1 && pair_listen 22 80
result $? 'near and far stand'

# set_clock SECONDS: so many ahead from now on
set_clock() {
	"$lab_python" -c 'import struct, sys
with open("clock", "r+b") as f:
    f.write(struct.pack("=q", int(sys.argv[1])))' "$1"
}
printf '\0\0\0\0\0\0\0\0' >clock
hm() { date -u -d "@$1" +%H:%M; }
now=$(date +%s)
window="\"$(hm $((now - 3600)))-$(hm $((now + 3600)))\""
cat >site.yaml <<END
site: clock
timezone: UTC
vantage: {name: bastion, zone: office}
limits: {rate: 100, host_rate: 20}
zones:
  - {name: office, kind: it, networks: [10.80.0.0/26], window: $window}
  - {name: plant, kind: ot, networks: [10.90.0.16/28], window: $window}
END
sed 's/, window: [^}]*}/}/' site.yaml >always.yaml
targets='10.80.0.3-42 10.90.0.17-20'

# begin NAME SITE: the scan in the background, with a capture of what it sends
begin() {
	name=$1
	far tcpdump -i e0 -n -U --immediate-mode -B 16384 -s 128 -Z root -w "$lab_logs/$name.pcap" \
		>"$lab_logs/$name.tcpdump" 2>&1 </dev/null &
	within 10 grep -q 'listening on' "$lab_logs/$name.tcpdump"
	# shellcheck disable=SC2086 # a list of words
	ip netns exec lab-near env LD_PRELOAD="$lab_dir/clock.so" CLOCK_FILE="$lab_dir/clock" \
		ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$TENKEN" --lang en scan -c "$2" \
		--store "$name.tenken" --json "$lab_logs/$name.json" --no-html --quiet -p 22,81-99 $targets \
		>"$lab_logs/$name.txt" 2>&1 </dev/null 9>&- &
	scan=$!
	said=$lab_logs/$name.txt
}
sent_so_far() { tcpdump -n -r "$lab_logs/$name.pcap" "src host 10.80.0.1 and tcp[tcpflags] == tcp-syn and $1" 2>/dev/null | wc -l; }
both_under_way() { [ "$(sent_so_far 'dst net 10.80')" -gt 20 ] && [ "$(sent_so_far 'dst net 10.90')" -gt 2 ]; }
gone() { [ ! -d "/proc/$scan" ] || grep -q '^State:.Z' "/proc/$scan/status"; }
capture_over() {
	sleep 0.3
	for pid in $(ip netns pids lab-far); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != tcpdump ] || kill -TERM "$pid"
	done
	sleep 0.3
	"$lab_python" "$wire_far" count "$lab_logs/$name.pcap" "$mac" >"$out.heard"
}
# between FROM TO: SYNs to targets in that time
between() {
	tcpdump -tt -n -r "$lab_logs/$name.pcap" 'src host 10.80.0.1 and tcp[tcpflags] == tcp-syn' 2>/dev/null |
		awk -v from="$1" -v to="$2" '$1 >= from && $1 <= to' | wc -l
}
whole() {
	that "$1" jq -e '([.hosts[] | select(.state == "answering")] | length == 44) and
		([.hosts[].services[] | select(.port == 22 and .state == "open")] | length == 44)' "$lab_logs/$name.json"
}

# ---- forwards, past the end of the windows, and back ----
begin window site.yaml
within 30 both_under_way
result $? 'frames and connections are under way'
set_clock 7200
within 20 grep -q '^paused: ' "$said"
result $? 'two hours ahead: the scan says that it waits for its windows'
sleep 1
from=$(date +%s.%N)
sleep 4
to=$(date +%s.%N)
that "two hours ahead: nothing more is sent ($(between "$from" "$to"))" [ "$(between "$from" "$to")" = 0 ]
set_clock 0
within 120 gone
result $? 'back again: it goes on and ends'
wait "$scan"
that 'with status 0' [ $? = 0 ]
capture_over
whole 'all hosts and open ports are found'

# ---- backwards: nothing stands still for an hour, and nothing makes up for it ----
begin back always.yaml
within 30 both_under_way
result $? 'backwards: frames and connections are under way'
set_clock -3600
at=$(date +%s.%N)
sleep 3
that "backwards: it goes on at once ($(between "$at" "$(date +%s.%N)"))" [ "$(between "$at" "$(date +%s.%N)")" -gt 20 ]
within 120 gone
result $? 'backwards: it ends'
wait "$scan"
that 'backwards: with status 0' [ $? = 0 ]
capture_over
whole 'backwards: all hosts and open ports are found'
# To the packet it is counted by wire-gate.sh, which has the machine for itself.
that "backwards: the rate holds ($(got '^most all') of 100)" [ "$(got '^most all')" -le 110 ]
tap_done
