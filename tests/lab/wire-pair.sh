# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Two namespaces and nothing else: "near", from where packets leave, and "far", which is every address
# of its networks at once. Sourced behind lab.sh by the tests of the packets process.
lab_known='net near far'
wire_far=$lab_tests/lab/wire-far.py
requester=$TENKEN_BUILD/tests/lab/requester
out=$lab_dir/out

near() { in_host near "$@"; }
far() { in_host far "$@"; }

# 10.80.0.0/24 and fd80::/64 are on the link (of the latter ::2 to ::9 are there), 10.90.0.0/16,
# 8.8.8.0/24 and fd90::/64 lie behind 10.80.0.2 and fd80::2, which say that nobody in 10.91.0.0/16 and
# fd91::/64 exists.
pair_build() {
	for host in near far; do
		ip netns add "lab-$host" && in_host "$host" ip link set lo up || return 1
	done
	for host in near far; do
		in_host "$host" sysctl -q -w net.ipv6.conf.default.addr_gen_mode=1 \
			net.ipv6.conf.default.router_solicitations=0 || return 1
	done
	# Its messages are the test's, not the kernel's to hold back.
	far sysctl -q -w net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 &&
		near ip link add e0 type veth peer name e0 netns lab-far &&
		near ip link set e0 up && far ip link set e0 up &&
		near ip address add 10.80.0.1/24 dev e0 &&
		near ip address add fd80::1/64 dev e0 nodad &&
		far ip address add 10.80.0.2/32 dev e0 &&
		far ip route add 10.80.0.1/32 dev e0 &&
		near ip route add 10.90.0.0/16 via 10.80.0.2 &&
		near ip route add 8.8.8.0/24 via 10.80.0.2 &&
		near ip route add 10.91.0.0/16 via 10.80.0.2 &&
		near ip -6 route add fd91::/64 via fd80::2 &&
		near ip -6 route add fd90::/64 via fd80::2 &&
		far ip route add local 10.80.0.0/24 dev e0 table main &&
		far ip route add local 10.90.0.0/16 dev lo &&
		far ip route add local 8.8.8.0/24 dev lo &&
		far ip -6 route add local fd90::/64 dev lo || return 1
	# A router that knows that they are not there.
	far sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 &&
		far ip link add r0 type veth peer name r1 && far ip link set r0 up && far ip link set r1 up &&
		far ip route add 10.91.0.0/16 dev r0 &&
		far ip -6 route add unreachable fd91::/64 dev lo || return 1
	for i in 2 3 4 5 6 7 8 9; do
		far ip address add "fd80::$i/64" dev e0 nodad || return 1
	done
	mac=$(near cat /sys/class/net/e0/address)
	# Otherwise far's kernel asks for near at times of its own and as any of its addresses, and near's
	# kernel answers: a frame to somebody who was never asked.
	far ip neigh replace 10.80.0.1 lladdr "$mac" dev e0 nud permanent &&
		far ip neigh replace fd80::1 lladdr "$mac" dev e0 nud permanent
}

# pair_listen PORT...: everywhere in far
pair_listen() {
	far "$lab_python" "$wire_far" listen "$@" >"$lab_logs/listen.log" 2>&1 </dev/null &
	for port in "$@"; do
		wait_port far "$port" || return 1
	done
}

# heard NAME COMMAND...: runs the command in near; what far saw of it on $leg is counted into $out.heard:
# "ADDRESS KIND NUMBER" for each address, and the most in any second
leg=e0
heard() {
	name=$1
	shift
	: >"$lab_logs/$name.tcpdump"
	far tcpdump -i "$leg" -n -U --immediate-mode -B 16384 -s 128 -Z root -w "$lab_logs/$name.pcap" \
		>"$lab_logs/$name.tcpdump" 2>&1 </dev/null &
	within 10 grep -q 'listening on' "$lab_logs/$name.tcpdump"
	near "$@" >"$lab_logs/$name.txt" 2>&1 </dev/null
	status=$?
	sleep 0.3
	for pid in $(ip netns pids lab-far); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = tcpdump ] || continue
		kill -TERM "$pid"
		within 5 test ! -d "/proc/$pid"
	done
	"$lab_python" "$wire_far" count "$lab_logs/$name.pcap" "$mac" >"$out.heard"
	said=$lab_logs/$name.txt
	return $status
}

# got PATTERN: so many packets of these lines were counted
got() { awk -v want="$1" '$0 ~ want { n += $3 } END { print n + 0 }' "$out.heard"; }
# hosts PATTERN: so many addresses
hosts_of() { awk -v want="$1" '$0 ~ want { print $1 }' "$out.heard" | sort -u | wc -l; }

# that WORDS TEST...: a result with its condition
that() {
	words=$1
	shift
	"$@"
	good=$?
	result $good "$words"
	[ $good = 0 ] || { [ ! -s "$said" ] || tail -n 25 "$said" | note; }
}

# meanwhile WHEN...: beside the next heard(), as when.sh says; wait "$meanwhile"
meanwhile() {
	[ "$1" != said ] || : >"$2"
	near sh "$lab_tests/lab/when.sh" "$@" >"$lab_logs/meanwhile.log" 2>&1 </dev/null &
	meanwhile=$!
}

# beside NAME COMMAND...: in far, until beside_end; once it has said "ready". (A function in the background
# would be a shell whose command outlives it.)
beside() {
	beside_log=$lab_logs/$1.log
	shift
	: >"$beside_log"
	ip netns exec lab-far "$@" >"$beside_log" 2>&1 </dev/null 9>&- &
	beside=$!
	within 10 grep -q ready "$beside_log"
}
beside_end() {
	kill "$beside"
	wait "$beside" 2>/dev/null
}

# frames PATTERN: those of that run which its count has in these lines; shown PATTERN: to be read
shown() { frames "$1" | head -n 20 | note; }
frames() { "$lab_python" "$wire_far" show "$lab_logs/$name.pcap" "$mac" "$1"; }

# says LINE: a whole line of what the command said
says() { grep -qxE -e "$1" "$said"; }
lines() { grep -cE -e "$1" "$said"; }
