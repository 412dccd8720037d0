#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plants that are closed, and plants that only seem to be: each gives exactly its paths and findings. What a
# neighbour forwards is counted on its far side: packets with a hop limit of 1 go no further.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_need tcpdump nft openssl dnsmasq
# shellcheck source=tests/lab/reach-plant.sh
. "$lab_tests/lab/reach-plant.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA

# ---- what may be sent to whom, and how far it goes ----
# The site's segment with control equipment on it; nobody has answered yet, so each is made known by ARP.
plant frames
leg bastion plant 192.168.10.10/24
leg bastion office 192.168.1.10/24
leg plc plant 192.168.10.20/24
leg quiet plant 192.168.10.66/24
leg modem plant 192.168.10.99/24
leg pc office 192.168.1.20/24
leg shared office 192.168.1.30/24
leg modem outside 203.0.113.5/24
leg shared outside 203.0.113.6/24
leg outside outside 203.0.113.9/24
forwards modem
forwards shared
in_host modem ip route add default via 203.0.113.9
site office
know bastion plant plc quiet modem
know bastion office pc shared
for host in plc quiet modem; do watch $host plant; done
for host in pc shared; do watch $host office; done
watch modem outside
watch shared outside
reach bastion --only gateway
watch_end
gateways 'neighbours' <<'END'
192.168.1.20 2001:db8:9::9 gateway not-forwarded
192.168.1.20 203.0.113.9 gateway not-fully-tested
192.168.1.30 2001:db8:9::9 gateway not-forwarded
192.168.1.30 203.0.113.9 gateway forwarded refutes
192.168.10.20 203.0.113.9 gateway not-fully-tested
192.168.10.66 203.0.113.9 gateway not-tested
192.168.10.99 203.0.113.9 gateway forwarded refutes
END
findings 'findings: neighbours' <<'END'
network.rogue-gateway 192.168.1.30 ipv4 critical
network.rogue-gateway 192.168.10.99 ipv4 critical
END
# frames HOST SEGMENT N WORDS: so many for the beacon came there, all with one hop
frames() {
	to="(dst host 203.0.113.9 or dst host 2001:db8:9::9) and ether dst $(mac "$1" "$2")"
	n=$(saw "$1" "$2" "$to") short=$(saw "$1" "$2" "$to and (ip[8] = 1 or ip6[7] = 1)")
	echoes=$(saw "$1" "$2" "$to and (icmp or icmp6)")
	that "$plant: $4 ($n, $short of one hop, $echoes echoes)" [ "$n-$short-$echoes" = "$3" ]
}
frames plc plant 1-1-1 'a controller got one echo request'
frames modem plant 1-1-1 'so did the modem on its segment'
frames quiet plant 0-0-0 'who is passive only got nothing'
frames pc office 7-7-3 'a computer got an echo request, a SYN and a datagram of each family; of IPv4 once more'
frames shared office 6-6-2 'so did the one that forwards, and has answered'
none modem outside 'behind the modem nothing arrived'
none shared outside 'nor behind the computer'

# ---- a closed plant: nobody leads anywhere ----
plant closed
leg bastion office 192.168.1.10/24
leg pc office 192.168.1.20/24
leg outside outside 203.0.113.9/24 2001:db8:9::9/64
beacon_up outside
site office
know bastion office pc
reach bastion --only tcp,udp,icmp,gateway --full-gateway-test
ways 'no way at all' <<'END'
icmp ipv6 no-route 1
icmp ipv4 no-route 1
tcp ipv6 no-route 11
tcp ipv4 no-route 11
udp ipv6 no-route 9
udp ipv4 no-route 9
END
gateways 'nobody forwards' <<'END'
192.168.1.20 2001:db8:9::9 gateway not-forwarded
192.168.1.20 203.0.113.9 gateway not-fully-tested
192.168.1.20 203.0.113.9 gateway-full silent
END
findings 'findings: nobody forwards' <<'END'
END

# ---- behind a firewall that refuses ----
plant firewall
leg bastion office 192.168.1.10/24
leg fw office 192.168.1.1/24
leg fw outside 203.0.113.1/24
leg outside outside 203.0.113.9/24 2001:db8:9::9/64
beacon_up outside
forwards fw
in_host fw sysctl -q -w net.ipv4.icmp_ratelimit=0 # else it says so of some alone
in_host fw nft -f - <<'END'
table inet filter {
	chain forward {
		type filter hook forward priority 0; policy drop;
		meta l4proto udp reject with icmpx admin-prohibited
		tcp dport 443 reject with tcp reset
	}
}
END
in_host bastion ip route add default via 192.168.1.1
site office 'routers: [192.168.1.1]'
know bastion office fw
watch fw outside
reach bastion --only tcp,udp,icmp,gateway --full-gateway-test
watch_end
ways 'silence, prohibition and a reset on the way' <<'END'
icmp ipv6 no-route 1
icmp ipv4 silent 1
tcp ipv6 no-route 11
tcp ipv4 reset-on-way 1
tcp ipv4 silent 10
udp ipv6 no-route 9
udp ipv4 prohibited 9 by 192.168.1.1
END
gateways 'the declared router forwards by its task, and refuses' <<'END'
192.168.1.1 2001:db8:9::9 gateway not-forwarded
192.168.1.1 203.0.113.9 gateway forwarded
192.168.1.1 203.0.113.9 gateway-full prohibited
END
findings 'findings: the declared router forwards by its task, and refuses' <<'END'
network.internet-path-filtered 192.168.1.10 tcp ipv4 high
network.internet-path-filtered 192.168.1.10 udp ipv4 high
END
none fw outside 'nothing came through'

# ---- a router that translates addresses ----
plant nat
leg bastion office 192.168.1.10/24
leg router office 192.168.1.1/24
leg router outside 203.0.113.1/24
leg outside outside 203.0.113.9/24 2001:db8:9::9/64
beacon_up outside
forwards router
shares router outside
in_host bastion ip route add default via 192.168.1.1
site office 'routers: [192.168.1.1]'
know bastion office router
reach bastion --only tcp,udp,icmp,gateway --full-gateway-test
ways 'everything reaches the beacon, from the address of the router' <<'END'
icmp ipv6 no-route 1
icmp ipv4 reached 1 refutes as 203.0.113.1
tcp ipv6 no-route 11
tcp ipv4 reached 11 refutes as 203.0.113.1
udp ipv6 no-route 9
udp ipv4 reached 9 refutes as 203.0.113.1
END
gateways 'through the router, by its line' <<'END'
192.168.1.1 2001:db8:9::9 gateway not-forwarded
192.168.1.1 203.0.113.9 gateway forwarded
192.168.1.1 203.0.113.9 gateway-full reached refutes as 203.0.113.1
END
findings 'findings: through the router, by its line' <<'END'
network.ot-internet-egress 192.168.1.10 gateway-full via 192.168.1.1 critical
network.ot-internet-egress 192.168.1.10 icmp ipv4 critical
network.ot-internet-egress 192.168.1.10 tcp ipv4 critical
network.ot-internet-egress 192.168.1.10 udp ipv4 critical
END

# ---- a computer with two cards, which does not forward; then one that does; then one that shares its line ----
plant two-cards
leg bastion office 192.168.1.10/24
leg pc office 192.168.1.20/24
leg pc outside 203.0.113.20/24
leg outside outside 203.0.113.9/24 2001:db8:9::9/64
beacon_up outside
site office
know bastion office pc
watch pc outside
reach bastion --only tcp,udp,icmp,gateway --full-gateway-test
watch_end
gateways 'it does not forward' <<'END'
192.168.1.20 2001:db8:9::9 gateway not-forwarded
192.168.1.20 203.0.113.9 gateway not-fully-tested
192.168.1.20 203.0.113.9 gateway-full silent
END
findings 'findings: it does not forward' <<'END'
END
none pc outside 'behind it nothing arrived'
forwards pc
watch pc outside
reach bastion --only tcp,udp,icmp,gateway
watch_end
gateways 'it forwards' <<'END'
192.168.1.20 2001:db8:9::9 gateway not-forwarded
192.168.1.20 203.0.113.9 gateway forwarded refutes
END
findings 'findings: it forwards' <<'END'
network.rogue-gateway 192.168.1.20 ipv4 critical
END
none pc outside 'behind it nothing arrived all the same'
watch pc outside
reach bastion --only tcp,udp,icmp,gateway --full-gateway-test
watch_end
gateways 'it forwards, though no answer finds back' <<'END'
192.168.1.20 2001:db8:9::9 gateway not-forwarded
192.168.1.20 203.0.113.9 gateway forwarded refutes
192.168.1.20 203.0.113.9 gateway-full silent
END
findings 'findings: it forwards, though no answer finds back' <<'END'
network.rogue-gateway 192.168.1.20 ipv4 critical
END
n=$(saw pc outside 'src host 192.168.1.10 and dst host 203.0.113.9')
that "$plant: the captures see what comes through ($n)" [ "$n" = 3 ]
shares pc outside
reach bastion --only tcp,udp,icmp,gateway --full-gateway-test
gateways 'it shares its line' <<'END'
192.168.1.20 2001:db8:9::9 gateway not-forwarded
192.168.1.20 203.0.113.9 gateway forwarded refutes
192.168.1.20 203.0.113.9 gateway-full reached refutes as 203.0.113.20
END
findings 'findings: it shares its line' <<'END'
network.ot-internet-egress 192.168.1.10 gateway-full via 192.168.1.20 critical
network.rogue-gateway 192.168.1.20 ipv4 critical
END

# ---- a hidden modem beside the declared router, which leads nowhere ----
plant modem
leg bastion office 192.168.1.10/24
leg router office 192.168.1.1/24
leg modem office 192.168.1.99/24
leg modem outside 203.0.113.5/24
leg outside outside 203.0.113.9/24 2001:db8:9::9/64
beacon_up outside
forwards router
forwards modem
shares modem outside
in_host bastion ip route add default via 192.168.1.1
site office 'routers: [192.168.1.1]'
know bastion office router modem
reach bastion --only gateway --full-gateway-test
gateways 'the modem does' <<'END'
192.168.1.1 2001:db8:9::9 gateway not-forwarded
192.168.1.1 203.0.113.9 gateway not-forwarded
192.168.1.99 2001:db8:9::9 gateway not-forwarded
192.168.1.99 203.0.113.9 gateway forwarded refutes
192.168.1.99 203.0.113.9 gateway-full reached refutes as 203.0.113.5
END
findings 'findings: the modem does' <<'END'
network.ot-internet-egress 192.168.1.10 gateway-full via 192.168.1.99 critical
network.rogue-gateway 192.168.1.99 ipv4 critical
END

# ---- somebody who forwards back to the declared router: no other way ----
plant back
leg bastion office 192.168.1.10/24
leg router office 192.168.1.1/24
leg docker office 192.168.1.30/24
leg router outside 203.0.113.1/24
leg outside outside 203.0.113.9/24 2001:db8:9::9/64
beacon_up outside
forwards router
forwards docker
in_host router nft -f - <<'END'
table inet filter {
	chain forward {
		type filter hook forward priority 0; policy drop;
	}
}
END
in_host docker ip route add default via 192.168.1.1
site office 'routers: [192.168.1.1]'
know bastion office router docker
reach bastion --only gateway
gateways 'with one hop it looks like any gateway' <<'END'
192.168.1.1 2001:db8:9::9 gateway not-forwarded
192.168.1.1 203.0.113.9 gateway forwarded
192.168.1.30 2001:db8:9::9 gateway not-forwarded
192.168.1.30 203.0.113.9 gateway forwarded refutes
END
findings 'findings: with one hop it looks like any gateway' <<'END'
network.rogue-gateway 192.168.1.30 ipv4 critical
END
reach bastion --only gateway --full-gateway-test
gateways 'with more it says whom it hands on to' <<'END'
192.168.1.1 2001:db8:9::9 gateway not-forwarded
192.168.1.1 203.0.113.9 gateway forwarded
192.168.1.1 203.0.113.9 gateway-full silent
192.168.1.30 2001:db8:9::9 gateway not-forwarded
192.168.1.30 203.0.113.9 gateway forwarded
192.168.1.30 203.0.113.9 gateway-full not-forwarded
END
findings 'findings: with more it says whom it hands on to' <<'END'
END

# ---- IPv6 by router advertisements alone ----
plant ra
leg bastion office 192.168.1.10/24
leg box office 192.168.1.40/24 2001:db8:1::1/64
leg box outside 2001:db8:9::1/64
leg outside outside 203.0.113.9/24 2001:db8:9::9/64
beacon_up outside
in_host outside ip route add 2001:db8:1::/64 via 2001:db8:9::1
in_host box sysctl -q -w net.ipv6.conf.all.forwarding=1
in_host bastion sysctl -q -w net.ipv6.conf.office.accept_ra=2
serve box "$plant-ra" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root --pid-file= \
	--interface=office --enable-ra --dhcp-range=2001:db8:1::,ra-only,64 --ra-param=office,high,4
has_own() { in_host bastion ip -6 -o address show dev office scope global | grep -q 2001:db8:1:; }
within 15 has_own
result $? "$plant: the bastion took an address"
site office
know bastion office box
watch box outside
reach bastion --only gateway
watch_end
gateways 'IPv6 is forwarded, IPv4 is not' <<'END'
192.168.1.40 2001:db8:9::9 gateway forwarded refutes
192.168.1.40 203.0.113.9 gateway not-fully-tested
END
findings 'findings: IPv6 is forwarded, IPv4 is not' <<'END'
network.rogue-gateway 192.168.1.40 ipv6 critical
END
none box outside 'behind it nothing arrived'
reach bastion --only tcp,udp,icmp,gateway --full-gateway-test
ways 'IPv6 leads out, IPv4 does not' <<'END'
icmp ipv6 reached 1 refutes as 2001:db8:1::ff:fe00:724
icmp ipv4 no-route 1
tcp ipv6 reached 11 refutes as 2001:db8:1::ff:fe00:724
tcp ipv4 no-route 11
udp ipv6 reached 9 refutes as 2001:db8:1::ff:fe00:724
udp ipv4 no-route 9
END
gateways 'by IPv6 the beacon is reached' <<'END'
192.168.1.40 2001:db8:9::9 gateway forwarded refutes
192.168.1.40 2001:db8:9::9 gateway-full reached refutes as 2001:db8:1::ff:fe00:724
192.168.1.40 203.0.113.9 gateway not-fully-tested
192.168.1.40 203.0.113.9 gateway-full silent
END
findings 'findings: by IPv6 the beacon is reached' <<'END'
network.ot-internet-egress 2001:db8:1::ff:fe00:724 gateway-full via 192.168.1.40 critical
network.ot-internet-egress 2001:db8:1::ff:fe00:724 icmp ipv6 critical
network.ot-internet-egress 2001:db8:1::ff:fe00:724 tcp ipv6 critical
network.ot-internet-egress 2001:db8:1::ff:fe00:724 udp ipv6 critical
network.rogue-gateway 192.168.1.40 ipv6 critical
END
tap_done
