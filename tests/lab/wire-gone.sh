#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a sweep stands on goes away under it: an interface is deleted, our own address is taken away or
# given to another machine. Nothing more leaves there, and whoever was not tried is told as that.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_need tcpdump jq
# shellcheck source=tests/lab/wire-pair.sh
. "$lab_tests/lab/wire-pair.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA
ten=22,25,53,80,110,143,443,993,3306,8080

# A second leg: 10.81.0.0/24 is on the link, 10.95.0.0/24 behind 10.81.0.2.
second_leg() {
	near ip link add e1 type veth peer name e1 netns lab-far &&
		near ip link set e1 up && far ip link set e1 up &&
		near ip address add 10.81.0.1/24 dev e1 &&
		near ip route add 10.95.0.0/24 via 10.81.0.2 &&
		far ip address add 10.81.0.2/32 dev e1 &&
		far ip route add 10.81.0.1/32 dev e1 &&
		far ip route add local 10.81.0.0/24 dev e1 table main
}
# shellcheck disable=SC2046 # a list of words
pair_build >"$lab_logs/build.log" 2>&1 && far ip route add local 10.95.0.0/24 dev lo &&
	second_leg >>"$lab_logs/build.log" 2>&1 && pair_listen $(echo $ten | tr , ' ')
result $? 'near and far stand on two legs'

# addresses PATTERN: so many addresses are in lines like this, ranges counted whole
addresses() {
	grep -E -e "$1" "$said" | awk '
		function last(a, f) { split(a, f, "."); return f[4] }
		$1 == "host" { n++ }
		$1 == "quiet" { n += last($3) - last($2) + 1 }
		END { print n + 0 }'
}
# not_tried WORDS WHY NUMBER: all of the second leg are told so, and nobody as silent or absent
not_tried() {
	that "$1: it ends well" says 'ended 0'
	that "$1: all $3 of the leg are told as not tried to the end ($(addresses "^(host|quiet) 10\.(81|95)\..* $2\$"))" \
		[ "$(addresses "^(host|quiet) 10\.(81|95)\..* $2\$")" = "$3" ]
	that "$1: nobody there is told in any other way" \
		[ "$(addresses '^(host|quiet) 10\.(81|95)\.')-$(addresses '^(host|quiet) 10\.(81|95)\..* (silent|absent) ')" = "$3-0" ]
}
# as_ever WORDS: the first leg
as_ever() {
	that "$1: the other leg is swept to its end ($(lines '^port 10\.80\..* open'))" \
		[ "$(lines '^port 10\.80\..* open')-$(lines '^host 10\.80\..* answering 10 0 0 0 $')" = 80-8 ]
}

# ---- the interface is deleted ----
meanwhile said "$lab_logs/deleted.txt" 5 '^port 10.(81|95)' ip link del e1
heard deleted timeout 60 "$requester" zone=it rate=200 target=10.80.0.3-10 target=10.81.0.3-32 target=10.95.0.1-30 ports=$ten
wait "$meanwhile"
that 'deleted: told' says 'remark interface e1: No such device'
that "deleted: in the middle ($(lines '^port 10\.(81|95)\..* open') ports of 600)" \
	[ "$(lines '^port 10\.(81|95)\..* open')" -lt 500 ]
not_tried deleted 'interface gone' 60
as_ever deleted

# Another one of its name is not the same.
second_leg >>"$lab_logs/build.log" 2>&1
meanwhile said "$lab_logs/another.txt" 5 '^port 10.(81|95)' sh -c 'ip link del e1; ip link add e1 type veth peer name e1 netns lab-far &&
	ip link set e1 up && ip address add 10.81.0.1/24 dev e1'
heard another timeout 60 "$requester" zone=it rate=200 target=10.80.0.3-10 target=10.81.0.3-32 ports=$ten
wait "$meanwhile"
not_tried 'another of its name' 'interface gone' 30
as_ever 'another of its name'
near ip link del e1

# While hosts are still being asked for.
second_leg >>"$lab_logs/build.log" 2>&1
meanwhile sent e1 20 - ip link del e1
heard asking timeout 60 "$requester" zone=it rate=20 target=10.81.0.3-202 ports=80
wait "$meanwhile"
not_tried 'deleted while hosts are asked for' 'interface gone' 200

# What the reader of a report sees.
second_leg >>"$lab_logs/build.log" 2>&1
meanwhile sent e1 60 - ip link del e1
heard report timeout 100 "$TENKEN" scan --store "$lab_logs/report.tenken" --json "$lab_logs/report.json" --html "$lab_logs/report.html" \
	--zone it --rate 100 -p 30001-30010 10.80.0.3-10 10.81.0.3-32
wait "$meanwhile"
that 'report: the scan ends well' [ $status = 0 ]
leg_reasons() { jq -c "[.hosts[] | select(.address | startswith(\"$1\")) | .reason] | [length, unique]" "$lab_logs/report.json"; }
that "report: why the hosts of the leg are not whole ($(leg_reasons 10.81.))" [ "$(leg_reasons 10.81.)" = '[30,["the interface is gone"]]' ]
that "report: the others are ($(leg_reasons 10.80.))" [ "$(leg_reasons 10.80.)" = '[8,[null]]' ]
that 'report: in Japanese, too' grep -q 'インターフェースがなくなった' "$lab_logs/report.html"

# ---- our address ----
# quiet_since FILE: frames of ours that left more than half a second after the time in this file (and
# before that in the next, where there is one), but for what the kernel says of itself
quiet_since() {
	frames . | awk -v from="$(cat "$1")" -v to="$([ ! -s "$1.end" ] || cat "$1.end")" '
		$3 != "own" && $1 > from + 0.5 && (to == "" || $1 < to) { n++ } END { print n + 0 }'
}
second_leg >>"$lab_logs/build.log" 2>&1
leg=e1 mac0=$mac
mac=$(near cat /sys/class/net/e1/address)
meanwhile said "$lab_logs/replaced.txt" 5 '^port 10.(81|95)' sh -c "ip address del 10.81.0.1/24 dev e1; ip address add 10.81.0.77/24 dev e1
	ip route add 10.95.0.0/24 via 10.81.0.2; date +%s.%N >$lab_dir/replaced"
heard replaced timeout 60 "$requester" zone=it rate=200 target=10.80.0.3-10 target=10.81.0.3-32 target=10.95.0.1-30 ports=$ten
wait "$meanwhile"
that 'replaced: told, once' [ "$(lines '^remark our address 10.81.0.1 is gone$')-$(lines '^remark')" = 1-1 ]
that "replaced: in the middle ($(lines '^port 10\.(81|95)\..* open') ports of 600)" \
	[ "$(lines '^port 10\.(81|95)\..* open')" -lt 500 ]
that "replaced: nothing leaves from it any more ($(quiet_since "$lab_dir/replaced"))" [ "$(quiet_since "$lab_dir/replaced")" = 0 ]
not_tried replaced 'our address is gone' 60
as_ever replaced

near ip address del 10.81.0.77/24 dev e1
near ip address add 10.81.0.1/24 dev e1
near ip route replace 10.95.0.0/24 via 10.81.0.2
meanwhile said "$lab_logs/back.txt" 5 '^port 10.(81|95)' sh -c "ip address del 10.81.0.1/24 dev e1; date +%s.%N >$lab_dir/back; sleep 2
	date +%s.%N >$lab_dir/back.end; ip address add 10.81.0.1/24 dev e1; ip route add 10.95.0.0/24 via 10.81.0.2"
heard back timeout 60 "$requester" zone=it rate=200 target=10.80.0.3-10 target=10.81.0.3-32 target=10.95.0.1-30 ports=$ten
wait "$meanwhile"
that 'away for two seconds: told, once' [ "$(lines '^remark our address 10.81.0.1 is gone$')-$(lines '^remark')" = 1-1 ]
that "away for two seconds: nothing leaves then ($(quiet_since "$lab_dir/back"))" [ "$(quiet_since "$lab_dir/back")" = 0 ]
that "away for two seconds: all the same every open port is found ($(lines '^port 10\.(81|95)\..* open'))" \
	[ "$(lines '^port 10\.(81|95)\..* open')" = 600 ]
as_ever 'away for two seconds'

# Of the addresses of one interface it is that of IPv6.
leg=e0 mac=$mac0
meanwhile said "$lab_logs/six.txt" 5 '^port fd' sh -c "ip address del fd80::1/64 dev e0; date +%s.%N >$lab_dir/six"
heard six timeout 60 "$requester" zone=it rate=60 target=10.80.0.3-10 target=fd80::3-fd80::9 target=fd90::1-fd90::20 ports=$ten
wait "$meanwhile"
that 'only IPv6: told, once' [ "$(lines '^remark our address fd80::1 is gone$')-$(lines '^remark')" = 1-1 ]
that 'only IPv6: it ends well' says 'ended 0'
sixes=$(frames '^fd' | awk -v from="$(cat six)" '$3 != "own" && $1 > from + 0.5 { n++ } END { print n + 0 }')
that "only IPv6: nothing leaves from it any more ($sixes)" [ "$sixes" = 0 ]
that "only IPv6: its hosts are told as not tried to the end ($(lines '^(host|quiet) fd.* our address is gone$'))" \
	[ "$(lines '^(host|quiet) fd.* our address is gone$')-$(lines '^(host|quiet) fd')-$(lines '^(host|quiet) fd.* (silent|absent) ')" = \
	"$(lines '^(host|quiet) fd')-$(lines '^(host|quiet) fd.* our address is gone$')-0" ]
as_ever 'only IPv6'
tap_done
