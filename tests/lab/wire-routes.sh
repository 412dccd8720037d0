#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Routes, neighbours and raw frames of a machine with two legs ("near"), whose other ends are in one
# other namespace ("far"). Nothing but these two is there.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net near far'
lab_need tcpdump
wire=$TENKEN_BUILD/tests/lab/wire
out=$lab_dir/out

near() { in_host near "$@"; }
far() { in_host far "$@"; }

build() {
	for host in near far; do
		ip netns add "lab-$host" && in_host "$host" ip link set lo up || return 1
	done
	for leg in e0 e1; do
		near ip link add "$leg" type veth peer name "$leg" netns lab-far &&
			near ip link set "$leg" up && far ip link set "$leg" up || return 1
	done
	near ip link set e1 mtu 1400 &&
		near ip address add 10.80.0.1/24 dev e0 &&
		near ip address add 10.81.0.1/24 dev e1 &&
		near ip address add 10.85.0.1/24 dev e1 &&
		near ip address add 2001:db8:1::1/64 dev e0 nodad &&
		near ip address add fe80::1/64 dev e0 nodad &&
		near ip address add fe80::1/64 dev e1 nodad &&
		far ip address add 10.80.0.2/24 dev e0 &&
		far ip address add 10.81.0.2/24 dev e1 &&
		far ip address add 2001:db8:1::2/64 dev e0 nodad || return 1
	near ip route add 10.90.0.0/16 via 10.80.0.2 &&
		near ip route add 10.90.4.0/24 via 10.81.0.2 mtu 1300 &&
		near ip route add blackhole 10.90.8.0/24 &&
		near ip route add unreachable 10.90.9.0/24 &&
		near ip route add prohibit 10.90.10.0/24 &&
		near ip route add throw 10.90.11.0/24 &&
		near ip route add 10.86.0.0/24 dev e1 src 10.81.0.1 &&
		near ip -6 route add 2001:db8:9::/48 via 2001:db8:1::2 &&
		near ip -6 route add blackhole 2001:db8:9:1::/64 &&
		near ip -6 route add unreachable 2001:db8:9:2::/64 &&
		near ip -6 route add 2001:db8:9:3::/64 via fe80::99 dev e1
}

# says WORDS LINE COMMAND...: the command's output has this line ('!TEXT': nothing with this text)
says() {
	words=$1 line=$2
	shift 2
	"$@" >"$out" 2>&1 </dev/null
	case $line in
	!*) ! grep -qF -e "${line#!}" "$out" ;;
	*) grep -qxF -e "$line" "$out" ;;
	esac
	good=$?
	result $good "$words"
	[ $good = 0 ] || note <"$out"
}

# The same of lines that are there already.
said() {
	says "$1" "$2" cat "$said_in"
}

# commands HOST INTERFACE BUFFER NAME: runs those of standard input; what was said is in $said_in
commands() {
	said_in=$lab_logs/$4.txt
	in_host "$1" "$wire" tap "$2" "$3" >"$said_in" 2>&1
}

build >"$lab_logs/build.log" 2>&1
built=$?
result $built 'two legs stand'
if [ $built != 0 ]; then
	note <"$lab_logs/build.log"
	tap_done
	exit 1
fi

# ---- interfaces ----
said_in=$lab_logs/interfaces.txt
near "$wire" interfaces >"$said_in" 2>&1
mac=$(near cat /sys/class/net/e1/address)
said 'loopback' \
	'lo up loopback mac 00:00:00:00:00:00 mtu 65536 own ::1,127.0.0.1 networks ::1,127.0.0.0/8'
sed -i 's/,fe80::[0-9a-f]*:[0-9a-f:]*%e[01]//' "$said_in" # the address that the kernel made of the MAC
said 'a leg with two networks and link-local space' \
	"e1 up ethernet mac $mac mtu 1400 own 10.81.0.1,10.85.0.1,fe80::1%e1 networks 10.81.0.0/24,10.85.0.0/24,fe80::%e1/64"

# ---- routes ----
said_in=$lab_logs/routes.txt
near "$wire" routes 10.90.0.0/16 10.80.0.0/24 10.86.0.3 10.99.1.1 2001:db8:1::/120 2001:db8:9::1 \
	2001:db8:9:1::1 2001:db8:9:2::/128 2001:db8:9:3::4/126 fe80::5%e0 fe80::5%e1 fe80::5 ::1 >"$said_in" 2>&1
said 'on link' '10.80.0.2-10.80.0.254 dev e0 ethernet mtu 1500 from 10.80.0.1 on-link'
said 'our own address' '10.80.0.1 dev lo mtu 65536 from 10.80.0.1 local'
said 'broadcast' '10.80.0.255 error EACCES'
said 'before the more specific route' '10.90.0.0/22 dev e0 ethernet mtu 1500 from 10.80.0.1 via 10.80.0.2'
said 'a more specific route by the other leg, with an MTU' \
	'10.90.4.0/24 dev e1 ethernet mtu 1300 from 10.81.0.1 via 10.81.0.2'
said 'behind the more specific route' \
	'10.90.5.0-10.90.7.255 dev e0 ethernet mtu 1500 from 10.80.0.1 via 10.80.0.2'
said 'blackhole' '10.90.8.0/24 error EINVAL'
said 'unreachable' '10.90.9.0/24 error EHOSTUNREACH'
said 'prohibit' '10.90.10.0/24 error EACCES'
said 'throw' '10.90.11.0/24 error ENETUNREACH'
said 'the rest of the network' \
	'10.90.12.0-10.90.255.255 dev e0 ethernet mtu 1500 from 10.80.0.1 via 10.80.0.2'
said 'a route that names its source' '10.86.0.3 dev e1 ethernet mtu 1400 from 10.81.0.1 on-link'
said 'no route' '10.99.1.1 error ENETUNREACH'
said 'IPv6 on link' \
	'2001:db8:1::2-2001:db8:1::ff dev e0 ethernet mtu 1500 from 2001:db8:1::1 on-link'
said 'IPv6 by a gateway' '2001:db8:9::1 dev e0 ethernet mtu 1500 from 2001:db8:1::1 via 2001:db8:1::2'
said 'IPv6 blackhole' '2001:db8:9:1::1 error EINVAL'
said 'IPv6 unreachable' '2001:db8:9:2:: error EHOSTUNREACH'
said 'IPv6 by a link-local gateway' \
	'2001:db8:9:3::4/126 dev e1 ethernet mtu 1400 from 2001:db8:1::1 via fe80::99%e1'
for leg in e0 e1; do
	grep -q "^fe80::5%$leg dev $leg ethernet mtu 1[45]00 from fe80::[0-9a-f:]*%$leg on-link$" "$said_in"
	result $? "link-local by its scope: $leg"
done
said 'link-local without a scope' 'fe80::5 error EINVAL'
said 'IPv6 loopback' '::1 dev lo mtu 65536 from ::1 local'

if near ip rule add to 10.90.20.0/24 lookup 77 2>"$out" && near ip route add default via 10.81.0.2 table 77; then
	says 'a rule by destination and another table' \
		'10.90.20.0/24 dev e1 ethernet mtu 1400 from 10.81.0.1 via 10.81.0.2' \
		near "$wire" routes 10.90.0.0/16
else
	skip 'a rule by destination and another table' 'the kernel has no policy routing'
fi
if near ip route add 10.90.12.0/24 nexthop via 10.80.0.2 nexthop via 10.81.0.2 2>"$out"; then
	near "$wire" routes 10.90.12.0/24 >"$out" 2>&1
	[ "$(wc -l <"$out")" = 1 ] && grep -qE '^10.90.12.0/24 .* via 10.8[01].0.2$' "$out"
	result $? 'one of two next hops'
else
	skip 'one of two next hops' 'the kernel has no multipath routes'
fi
if near ip route add 10.90.13.0/24 via inet6 2001:db8:1::2 dev e0 2>"$out"; then
	says 'a gateway of the other family' \
		'10.90.13.0/24 dev e0 ethernet mtu 1500 from 10.80.0.1 via 2001:db8:1::2' \
		near "$wire" routes 10.90.13.0/24
else
	skip 'a gateway of the other family' 'the kernel has no such routes'
fi
if near ip link add link e0 name e0.5 type vlan id 5 2>"$out"; then
	near ip address add 10.87.0.1/24 dev e0.5
	near ip link set e0.5 up
	says 'a VLAN interface is one as any other' \
		'10.87.0.7 dev e0.5 ethernet mtu 1500 from 10.87.0.1 on-link' near "$wire" routes 10.87.0.7
else
	skip 'a VLAN interface is one as any other' 'the kernel has no 802.1Q'
fi

# ---- neighbours ----
# Datagrams to the discard port make the kernel ask.
near "$lab_python" -c '
import socket
for family, host in ((socket.AF_INET, "10.80.0.2"), (socket.AF_INET, "10.80.0.77"), (socket.AF_INET6, "2001:db8:1::2")):
    socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (host, 9))'
knows() { near "$wire" neighbour "$@" | grep -q '^known'; }
within 5 knows 10.80.0.2 && within 5 knows 2001:db8:1::2
mac=$(far cat /sys/class/net/e0/address)
says 'a neighbour that answers' "known $mac" near "$wire" neighbour 10.80.0.2 e0
says 'on any interface' "known $mac" near "$wire" neighbour 10.80.0.2
says 'not on the other interface' 'unknown ' near "$wire" neighbour 10.80.0.2 e1
says 'an IPv6 neighbour' "known $mac" near "$wire" neighbour 2001:db8:1::2 e0
says 'an IPv6 neighbour on any interface' "known $mac" near "$wire" neighbour 2001:db8:1::2
says 'nobody asked' 'unknown ' near "$wire" neighbour 10.80.0.78 e0
failed() { near "$wire" neighbour 10.80.0.77 e0 | grep -q '^failed'; }
within 10 failed
result $? 'a neighbour that does not answer'

# ---- frames ----
# The far end opens its capture, then runs the near end, then looks at what waits.
sender="ip netns exec lab-near $wire tap"
cat >"$lab_dir/plain" <<'EOF'
powerless
send 1000 58 flush
flush
EOF
far tcpdump -i e0 -n --immediate-mode -s 128 -B 4096 -c 1000 -Z root -w "$lab_logs/frames.pcap" ether proto 0x88b5 \
	>"$lab_logs/tcpdump.log" 2>&1 </dev/null &
watcher=$!
within 10 grep -q 'listening on' "$lab_logs/tcpdump.log"
commands far e0 8000000 plain <<EOF
run $sender e0 0 <$lab_dir/plain >$lab_logs/plain-near.txt 2>&1
receive 1000 5
dropped
EOF
said '1000 frames arrive, in order and unaltered' 'received 1000 altered 0 of 58 to 58 bytes stamped'
said 'none was dropped' 'dropped 0'
ended() { ! kill -0 "$watcher" 2>/dev/null; }
within 10 ended
[ "$(tcpdump -n -Z root -r "$lab_logs/frames.pcap" 2>/dev/null | grep -c 'length 58')" = 1000 ]
result $? 'another program counts 1000 too'
said_in=$lab_logs/plain-near.txt
said 'sent after every capability was given up' 'apply 0 open EPERM'
said 'nothing is left in the batch' 'flush 0 waiting 0'

cat >"$lab_dir/long" <<'EOF'
send 100 60
send 1 300
send 1 1500
send 5 100 flush
flush
EOF
commands far e0 8000000 long <<EOF
run $sender e0 0 <$lab_dir/long >$lab_logs/long-near.txt 2>&1
receive 107 5
filter udp
run $sender e0 0 <$lab_dir/long >$lab_logs/long-near.txt 2>&1
receive 1 1
filter nonsense
EOF
said 'long frames among short ones' 'received 107 altered 0 of 60 to 1500 bytes stamped'
said 'another filter' 'received 0 altered 0 of 0 to 0 bytes'
said 'no filter' 'filter EINVAL'

printf 'send 5000 58 flush\n' >"$lab_dir/flood"
commands far e0 1 flood <<EOF
run $sender e0 0 <$lab_dir/flood >$lab_logs/flood-near.txt 2>&1
receive 5000 1
dropped
EOF
got=$(sed -n 's/^received \([0-9]*\) altered 0 .*/\1/p' "$said_in")
lost=$(sed -n 's/^dropped \([0-9]*\)$/\1/p' "$said_in")
[ "${got:-0}" -gt 0 ] && [ "${lost:-0}" -gt 0 ] && [ $((got + lost)) = 5000 ]
good=$?
result $good 'a tiny buffer: what is not there was counted'
[ $good = 0 ] || note <"$said_in"

commands near e0 0 own <<'EOF'
send 100 58 flush
receive 1 1
EOF
said 'our own frames are not captured' 'received 0 altered 0 of 0 to 0 bytes'

near "$wire" tun >"$out" 2>&1
if [ $? = 77 ]; then
	skip 'packets of an interface without MAC addresses' 'the kernel has no tun interfaces'
else
	said_in=$out.tun
	mv "$out" "$said_in"
	said 'packets of an interface without MAC addresses' 'link 0 flush 1 out same in same; receive 1'
fi

# ---- faults ----
commands near e0 0 faults <<'EOF'
send 3 58 flush
run ip link set e0 down
send 3 58 flush
run ip link set e0 up
flush
EOF
said 'the interface is down' 'formed 3 flush ENETDOWN waiting 3'
said 'and up again: nothing was lost' 'flush 3 waiting 0'

commands far e0 8000000 carrier <<EOF
run printf 'run ip -n lab-far link set e0 down\nrun until ip link show e0 | grep -q "state [A-Z]*DOWN"; do sleep 0.1; done\nsend 300 58\nflush\nrun ip -n lab-far link set e0 up\nflush\nsend 44 58\nflush\n' | $sender e0 0 >$lab_logs/carrier-near.txt 2>&1
receive 300 5
EOF
said 'without a carrier, then with it: the batch arrives in order' \
	'received 300 altered 0 of 58 to 58 bytes stamped'
said_in=$lab_logs/carrier-near.txt
said 'the batch is full' 'formed 256 flush ENOBUFS waiting 256'
said 'it waits' 'flush ENOBUFS waiting 256'
said 'it leaves' 'flush 256 waiting 0'

commands near e0 0 mtu <<'EOF'
run ip link set e0 mtu 576
send 1 700
send 3 60
flush
flush
send 200 60
forget
run ip link set e0 mtu 1500
EOF
said 'a frame longer than the interface takes is told and taken out' 'flush EMSGSIZE waiting 3'
said 'the others leave' 'flush 3 waiting 0'
said 'a batch that is forgotten' 'waiting 0'

commands near e0 0 gone <<'EOF'
run ip link del e0
send 3 58 flush
receive 1 1
EOF
said 'the interface is gone: sending' 'formed 3 flush ENXIO waiting 3'
said 'the interface is gone: receiving' 'receive ENODEV'
says 'no such interface' 'open ENODEV' near "$wire" tap e0 0
near ip link set lo down
says 'an interface that is down' 'open ENETDOWN' near "$wire" tap lo 0
says 'without the capability' 'open EPERM' near setpriv --bounding-set=-net_raw --inh-caps=-net_raw \
	--reuid=65534 --clear-groups "$wire" tap e1 0
tap_done
