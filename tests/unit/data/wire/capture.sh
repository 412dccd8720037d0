#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the captures of this folder again: as root, in network namespaces of its own. Needs iproute2,
# nftables, tcpdump, nmap, iputils-ping, python3 and radvd (the program; no service is started).
#
#   frames-a 192.0.2.1 -------- .254 frames-r .254 -------- 198.51.100.2 frames-b
#     2001:db8:1::1        ::fe             2001:db8:2::fe        2001:db8:2::2
set -u
cd "$(dirname "$0")" || exit 2
work=$(mktemp -d) || exit 2

a() { ip netns exec frames-a "$@"; }
r() { ip netns exec frames-r "$@"; }
b() { ip netns exec frames-b "$@"; }

tidy() {
	cat "$work"/*.pid 2>/dev/null | while read -r pid; do kill "$pid"; done
	for ns in a r b; do ip netns del frames-$ns 2>/dev/null; done
	rm -rf "$work"
}
trap tidy EXIT
trap 'exit 130' INT TERM

for ns in a r b; do
	ip netns add frames-$ns || exit 2
	ip -n frames-$ns link set lo up
done
ip -n frames-a link add eth0 address 00:00:5e:00:53:01 type veth \
	peer name eth0 address 00:00:5e:00:53:fe netns frames-r || exit 2
ip -n frames-b link add eth0 address 00:00:5e:00:53:02 type veth \
	peer name eth1 address 00:00:5e:00:53:fd netns frames-r || exit 2
r sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
ip -n frames-a addr add 192.0.2.1/24 dev eth0
ip -n frames-a addr add 2001:db8:1::1/64 dev eth0 nodad
ip -n frames-r addr add 192.0.2.254/24 dev eth0
ip -n frames-r addr add 2001:db8:1::fe/64 dev eth0 nodad
ip -n frames-r addr add 198.51.100.254/24 dev eth1
ip -n frames-r addr add 2001:db8:2::fe/64 dev eth1 nodad
ip -n frames-b addr add 198.51.100.2/24 dev eth0
ip -n frames-b addr add 2001:db8:2::2/64 dev eth0 nodad
for end in a:eth0 r:eth0 r:eth1 b:eth0; do
	ip -n "frames-${end%:*}" link set "${end#*:}" up
done
for ns in a b; do
	gw=254 gw6=fe n=1 net=192.0.2
	[ $ns = a ] || { n=2 net=198.51.100; }
	ip -n frames-$ns route add default via $net.$gw
	ip -n frames-$ns route add default via 2001:db8:$n::$gw6
done
sleep 3 # duplicate address detection of the link-local addresses

# begin FILE FILTER [NAMESPACE [INTERFACE [SNAPLEN]]]
begin() {
	ip netns exec "frames-${3:-a}" tcpdump -i "${4:-eth0}" -s "${5:-262144}" -U -n --immediate-mode -Z root -w "$1.pcap" \
		"$2" 2>"$work/tcpdump" &
	echo $! >"$work/tcpdump.pid"
	while ! grep -q 'listening on' "$work/tcpdump"; do sleep 0.1; done
}
end() {
	sleep 0.5
	kill -INT "$(cat "$work/tcpdump.pid")"
	wait "$(cat "$work/tcpdump.pid")"
	rm "$work/tcpdump.pid"
}

begin neighbours 'arp or icmp6[0] == 135 or icmp6[0] == 136'
ip -n frames-a neigh flush all
a ping -q -c 1 192.0.2.254 >"$work/log"
a ping -q -c 1 2001:db8:1::fe >"$work/log"
a ping -q -c 1 -W 1 192.0.2.77 >"$work/log"
end

begin echo 'icmp[0] == 0 or icmp[0] == 8 or icmp6[0] == 128 or icmp6[0] == 129'
a ping -q -c 2 -i 0.2 198.51.100.2 >"$work/log"
a ping -q -c 2 -i 0.2 2001:db8:2::2 >"$work/log"
end

# Answers in fragments; the capture keeps 96 bytes of each frame.
begin fragments 'icmp or ip6' a eth0 96
a ping -q -c 1 -s 1600 198.51.100.2 >"$work/log"
a ping -q -c 1 -s 1600 2001:db8:2::2 >"$work/log"
end

b python3 -c '
import socket, time
keep = []
for family, address in ((socket.AF_INET, "198.51.100.2"), (socket.AF_INET6, "2001:db8:2::2")):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.bind((address, 8080)); s.listen(5); keep.append(s)
time.sleep(600)' &
echo $! >"$work/tcp.pid"
b python3 -c '
import select, socket
keep = []
for family, address in ((socket.AF_INET, "198.51.100.2"), (socket.AF_INET6, "2001:db8:2::2")):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((address, 8053))
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS, bytes((0, 0, 1, 4, 0, 0, 0, 0)))
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, bytes((0, 0, 1, 4, 0, 0, 0, 0)))
    keep.append(s)
while True:
    for s in select.select(keep, [], [])[0]:
        data, sender = s.recvfrom(2048)
        s.sendto(b"heard " + data, sender)' &
echo $! >"$work/udp.pid"
sleep 1

# 8080 is open, 8081 closed. The first with record route: a longer IPv4 header.
begin syn 'tcp or (ip6[6] == 6)'
a nmap -sS -Pn -n -p 8080,8081 --ip-options R 198.51.100.2 >"$work/log"
a nmap -sS -Pn -n -p 8080,8081 198.51.100.2 >"$work/log"
a nmap -6 -sS -Pn -n -p 8080,8081 2001:db8:2::2 >"$work/log"
end

say() {
	a python3 -c '
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.bind(("", 40000))
if len(sys.argv) > 4:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, bytes((0, 0, 1, 4, 0, 0, 0, 0)))
s.settimeout(1)
try:
    s.connect((sys.argv[1], int(sys.argv[2]))); s.send(sys.argv[3].encode()); s.recv(2048)
except OSError:
    pass' "$@"
}

# 8053 answers, over IPv6 with hop-by-hop and destination options; 8054 is closed. One question goes
# out with destination options, so that the quote has them too.
begin udp 'udp or icmp or icmp6[0] < 128 or (ip6[6] == 0)'
say 198.51.100.2 8053 four
say 2001:db8:2::2 8053 six
say 198.51.100.2 8054 four
say 2001:db8:2::2 8054 six
say 2001:db8:2::2 8054 options with
end

# The router rejects by rule, knows no such neighbour, and lets the hop count run out.
r nft -f - <<'RULES'
table inet frames {
	chain forward {
		type filter hook forward priority 0;
		ip daddr 198.51.100.2 tcp dport 9000 reject with icmp admin-prohibited
		ip6 daddr 2001:db8:2::2 tcp dport 9000 reject with icmpv6 admin-prohibited
		ip daddr 198.51.100.2 tcp dport 9001 reject with tcp reset
		ip daddr 198.51.100.2 icmp type echo-request ip length 99 reject with icmp host-prohibited
	}
}
RULES
begin errors 'icmp[0] == 3 or icmp[0] == 11 or icmp6[0] == 1 or icmp6[0] == 3 or tcp'
a nmap -sS -Pn -n --max-retries 0 -p 9000,9001 198.51.100.2 >"$work/log"
a nmap -6 -sS -Pn -n --max-retries 0 -p 9000 2001:db8:2::2 >"$work/log"
a ping -q -c 1 -s 71 198.51.100.2 >"$work/log"
a ping -q -c 1 -W 5 198.51.100.99 >"$work/log"
a ping -q -c 1 -W 5 2001:db8:2::99 >"$work/log"
a ping -q -c 1 -t 1 198.51.100.2 >"$work/log"
a ping -q -c 1 -t 1 2001:db8:2::2 >"$work/log"
say 2001:db8:9::1 9 nowhere
end

# The router's own next hop for these is on the link that they come from: it says so.
ip -n frames-r neigh add 192.0.2.77 lladdr 00:00:5e:00:53:77 dev eth0
ip -n frames-r neigh add fe80::77 lladdr 00:00:5e:00:53:77 dev eth0
ip -n frames-r route add 203.0.113.0/24 via 192.0.2.77
ip -n frames-r route add 2001:db8:9::/64 via fe80::77 dev eth0
begin redirects 'icmp[0] == 5 or icmp6[0] == 137'
a ping -q -c 1 -W 1 203.0.113.9 >"$work/log"
a ping -q -c 1 -W 1 2001:db8:9::9 >"$work/log"
end

# Router advertisements by radvd.
printf 'interface eth0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;
	prefix 2001:db8:1::/64 { }; };\n' >"$work/radvd.conf"
chmod 600 "$work/radvd.conf"
begin router 'icmp6[0] == 133 or icmp6[0] == 134'
r radvd -n -C "$work/radvd.conf" -p "$work/radvd.own" -m stderr 2>"$work/log" &
echo $! >"$work/radvd.pid"
sleep 4
end

# An interface without MAC addresses: two tun devices, each read into the other.
python3 -c '
import ctypes, fcntl, os, select, struct
fds = []
for name in ("frames-a", "frames-b"):
    ns = os.open("/run/netns/" + name, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(ns, 0x40000000) != 0:
        raise OSError("setns")
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"tun0", 0x1001))
    fds.append(fd)
while True:
    for fd in select.select(fds, [], [])[0]:
        packet = os.read(fd, 2048)
        try:
            os.write(fds[1 - fds.index(fd)], packet)
        except OSError:
            pass # the other one is not up yet' &
echo $! >"$work/tun.pid"
sleep 1
ip -n frames-a addr add 203.0.113.1 peer 203.0.113.2 dev tun0
ip -n frames-b addr add 203.0.113.2 peer 203.0.113.1 dev tun0
ip -n frames-a addr add 2001:db8:3::1 peer 2001:db8:3::2 dev tun0 nodad
ip -n frames-b addr add 2001:db8:3::2 peer 2001:db8:3::1 dev tun0 nodad
ip -n frames-a link set tun0 up
ip -n frames-b link set tun0 up
begin tun 'icmp or tcp or icmp6[0] == 129 or icmp6[0] < 128' a tun0
a ping -q -c 1 203.0.113.2 >"$work/log"
a ping -q -c 1 2001:db8:3::2 >"$work/log"
a nmap -sS -Pn -n -p 8081 203.0.113.2 >"$work/log"
say 203.0.113.2 8054 tun
say 2001:db8:3::2 8054 tun
end

# Tags, for a kernel without 802.1Q: set into the frames of a capture that has none.
python3 -c '
import struct
def frames(name):
    data = open(name, "rb").read()
    at = 24
    while at < len(data):
        n = struct.unpack("<I", data[at + 8:at + 12])[0]
        yield data[at:at + 8], data[at + 16:at + 16 + n]
        at += 16 + n
with open("tags.pcap", "wb") as out:
    out.write(open("echo.pcap", "rb").read()[:24])
    for name in ("neighbours.pcap", "echo.pcap", "syn.pcap"):
        for i, (time, frame) in enumerate(frames(name)):
            tag = bytes.fromhex("81000064") if i % 2 == 0 else bytes.fromhex("88a800c88100a064")
            frame = frame[:12] + tag + frame[12:]
            out.write(time + struct.pack("<II", len(frame), len(frame)) + frame)'
ls -l ./*.pcap
