#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the packets process makes of answers: true ones told apart, forged ones not believed; and which
# rights it needs.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_need tcpdump setpriv nft jq
# shellcheck source=tests/lab/wire-pair.sh
. "$lab_tests/lab/wire-pair.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA

pair_build >"$lab_logs/build.log" 2>&1 && pair_listen 22 80
result $? 'near and far stand'
# Ports 1001 to 1004 say why; 1009 says nothing; everything else is closed.
far nft -f - <<'END'
table inet f {
	chain r {
		type filter hook forward priority 0
		ip daddr 10.91.0.0/16 reject with icmp type host-unreachable
	}
	chain i {
		type filter hook input priority 0
		ip daddr { 10.80.0.3, 10.90.0.3 } tcp dport 1001 reject with icmp type host-unreachable
		ip daddr { 10.80.0.4, 10.90.0.4 } tcp dport 1002 reject with icmp type net-prohibited
		ip daddr { 10.80.0.5, 10.90.0.5 } tcp dport 1003 reject with icmp type host-prohibited
		ip daddr { 10.80.0.6, 10.90.0.6 } tcp dport 1004 reject with icmp type admin-prohibited
		ip6 daddr { fd80::6, fd90::6 } tcp dport 1004 reject with icmpv6 type admin-prohibited
		tcp dport 1009 drop
		ip daddr 10.90.0.9 drop
		ip6 daddr fd90::9 drop
	}
}
END
result $? 'far has its rules'

# ---- told apart ----
heard true "$requester" zone=it target=10.80.0.3-6 target=10.90.0.3-6 target=10.90.0.9 target=fd80::6 \
	target=fd90::6 target=fd90::9 ports=22,80,81,1001-1004,1009
that 'it ends well' [ $status = 0 ]
cp "$said" "$lab_logs/true.kept"
for net in 10.80 10.90; do
	for row in 3-1001-3/1 4-1002-3/9 5-1003-3/10 6-1004-3/13; do
		host=$net.0.${row%%-*} port=${row#*-} code=${row##*-}
		port=${port%-*}
		that "$host: 22 is open" says "port $host 22 open SYN-ACK"
		that "$host: $port filtered, ICMP $code" says "port $host $port filtered ICMP $code from $host"
		that "$host: two open, four or five closed, the filtered one, one silent" \
			says "host $host answering 2 4 1 1 "
	done
done
for host in fd80::6 fd90::6; do
	that "$host: 1004 filtered, ICMPv6 1/1" says "port $host 1004 filtered ICMPv6 1/1 from fd[89]0::[0-9]"
	that "$host: the rest" says "host $host answering 2 4 1 1 "
done
that '10.90.0.9: no answer' says 'quiet 10.90.0.9 10.90.0.9 silent no answer'
that 'fd90::9: no answer' says 'quiet fd90::9 fd90::9 silent no answer'

if command -v nmap >/dev/null; then
	near nmap -n -Pn -sS --reason -p 22,80,81,1001-1004,1009 -oG "$lab_logs/nmap.grep" 10.80.0.3-6 10.90.0.3-6 \
		>"$lab_logs/nmap.txt" 2>&1
	# nmap calls filtered both what says so and what is silent.
	theirs=$(grep -o '[0-9]*/open/' "$lab_logs/nmap.grep" | wc -l)
	that "nmap sees the same open ports ($theirs)" [ "$theirs" = "$(lines '^port 10.* open')" ]
	theirs=$(grep -o '[0-9]*/filtered/' "$lab_logs/nmap.grep" | wc -l)
	ours=$(awk '/^host 10/ { n += $6 + $7 } END { print n + 0 }' "$said")
	that "nmap sees the same filtered ports ($theirs, here $ours)" [ "$theirs" = "$ours" ]
else
	skip 'nmap sees the same' 'nmap is not installed'
fi

heard absent "$requester" zone=it target=10.91.0.40/30 target=fd91::40/126 ports=22,80,81,82
that 'hosts that their router does not know are absent' [ "$(lines '^host (10.91.0.4|fd91::4)[0-3] absent .* no such host')" = 8 ]
far nft flush chain inet f i

# ---- forged answers ----
# Where the kernel answers it is the first, so one port says nothing.
far nft add rule inet f i tcp dport 1009 drop
forged() { beside forge "$lab_python" "$wire_far" forge e0 "$mac" "$@"; }
targets='target=10.80.0.3-6 target=10.90.0.3-6'
# The order of what is told is that of the answers.
results() { grep -E '^(port|host|quiet)' "$said" | sort; }
# shellcheck disable=SC2086 # a list of words
heard alone "$requester" zone=it $targets ports=22,80,81,1009
results >true.txt
for kinds in ack address port rst key icmp noise arp 'ack address port rst key icmp noise arp'; do
	# shellcheck disable=SC2086
	forged $kinds
	# shellcheck disable=SC2086
	heard forged "$requester" zone=it $targets ports=22,80,81,1009
	beside_end
	results >forged.txt
	cmp -s true.txt forged.txt
	good=$?
	result $good "forged: $kinds: the same results as without"
	[ $good = 0 ] || diff true.txt forged.txt | note
	that "forged: $kinds: nothing else is told" [ "$(lines '^(remark|duplicate|found)')" = 0 ]
done
# Messages of ICMP without end: what is theirs is not believed, and what is ours is not lost in them.
beside flood "$lab_python" "$wire_far" flood e0 "$mac" 10.80.0.1 50
# shellcheck disable=SC2086 # a list of words
near timeout 40 "$requester" zone=it $targets ports=22,80,81,1009 >"$lab_logs/flooded.txt" 2>&1 </dev/null
status=$?
said=$lab_logs/flooded.txt
going=no
! kill -0 "$beside" 2>/dev/null || going=yes
beside_end
results >flooded.results
that 'a flood of ICMP: it ends well' [ $status = 0 ]
that "a flood of ICMP: it went on all the time" [ $going = yes ]
cmp -s true.txt flooded.results
good=$?
result $good 'a flood of ICMP: the same results as without'
[ $good = 0 ] || diff true.txt flooded.results | note
forged twice
heard twice "$requester" zone=it target=10.80.0.3-6 ports=22,80,81
beside_end
that "two machines with one address: told once for each ($(lines '^duplicate'))" [ "$(lines '^duplicate 10.80.0.[3-6] [0-9a-f:]* [0-9a-f:]*$')" = 4 ]

# ---- which rights ----
near ip neigh flush all # what was forged reached the kernel's table
scan() {
	kept=$1
	shift
	heard "$kept" "$@" --store "$lab_dir/$kept.tenken" --json "$lab_dir/$kept.json" \
		--html "$lab_dir/$kept.html" --quiet --zone it -p 22,81 10.90.0.3-4
}
mkdir -m 777 "$lab_dir/any"
lab_dir_kept=$lab_dir
lab_dir=$lab_dir/any
scan powerless setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$TENKEN" scan
that 'without CAP_NET_RAW: it ends well' [ $status = 0 ]
that 'without CAP_NET_RAW: stderr says so' grep -q 'CAP_NET_RAW' "$said"
that 'without CAP_NET_RAW: the ports are found by connections' [ "$(got '^10.90.0.[34] tcp')" -gt 0 ]
grep -q 'no right to send raw packets: TCP ports were tried by full connections only' "$lab_dir/powerless.json"
result $? 'without CAP_NET_RAW: the JSON says so'
that 'without CAP_NET_RAW: the page says so' grep -q 'full connections only' "$lab_dir/powerless.html"
that 'without CAP_NET_RAW: in Japanese, too' grep -q '完全な接続だけ' "$lab_dir/powerless.html"
scan ambient setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all,+net_raw --inh-caps=-all,+net_raw \
	--ambient-caps=-all,+net_raw "$TENKEN" scan
that 'an ordinary user with CAP_NET_RAW alone: it ends well' [ $status = 0 ]
that "an ordinary user with CAP_NET_RAW alone: SYNs and resets ($(got '^10.90.0.[34] rst'))" \
	[ "$(got '^10.90.0.[34] rst')" -ge 2 ]
that 'an ordinary user with CAP_NET_RAW alone: nothing is said' [ "$(grep -c CAP_NET_RAW "$said")" = 0 ]

# rights NAME PID: of a process tree, while it works
raw_of() { grep -E '^Cap(Prm|Eff)' "/proc/$1/status" | awk '{ print $2 }'; }
has_raw() { for c in $(raw_of "$1"); do [ $((0x$c & 0x2000)) = 0 ] || return 0; done; return 1; }
packet_sockets() {
	n=0
	for fd in /proc/"$1"/fd/*; do
		inode=$(readlink "$fd" | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p')
		[ -z "$inode" ] || ! awk -v i="$inode" '$NF == i { f = 1 } END { exit !f }' "/proc/$1/net/packet" \
			"/proc/$1/net/raw" "/proc/$1/net/raw6" || n=$((n + 1))
	done
	echo $n
}
rights_of() {
	name=$1
	shift
	ip netns exec lab-near "$@" scan --store "$lab_dir/$name.tenken" --no-html --quiet --zone it --rate 10 -p 22,81-120 \
		10.90.0.3-40 >"$lab_logs/$name.out" 2>&1 </dev/null 9>&- &
	main=$!
	# shellcheck disable=SC2016 # expanded by eval
	within 10 eval '[ "$(pgrep -cP $main)" -ge 3 ]'
	sleep 1
	with_sockets=0
	for pid in $main $(pgrep -P "$main"); do
		! has_raw "$pid" || not_ok "$name: process $pid still has CAP_NET_RAW"
		[ "$(packet_sockets "$pid")" = 0 ] || with_sockets=$((with_sockets + 1))
		uids="$uids $(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status")"
	done
	that "$name: packet sockets in one process alone" [ "$with_sockets" = 1 ]
	kill -TERM "$main"
	wait "$main" 2>/dev/null
}
uids=
said=/dev/null
rights_of root "$TENKEN"
uids=
rights_of sudo env SUDO_UID=65534 SUDO_GID=65534 "$TENKEN"
that "sudo: no process keeps root" [ "$(echo "$uids" | tr ' ' '\n' | grep -c '^0$')" = 0 ]
lab_dir=$lab_dir_kept
tap_done
