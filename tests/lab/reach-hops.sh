#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hop lists: who is on the way to the beacon, and who refuses, by each transport and family.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_need nft openssl
# shellcheck source=tests/lab/reach-plant.sh
. "$lab_tests/lab/reach-plant.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA
plant hops
leg bastion office 192.168.1.10/24 fd00:1::10/64
leg r1 office 192.168.1.1/24 fd00:1::1/64
leg r1 mid 10.0.0.1/24 fd00:2::1/64
leg r2 mid 10.0.0.2/24 fd00:2::2/64
leg r2 outside 203.0.113.1/24 2001:db8:9::1/64
leg outside outside 203.0.113.9/24 2001:db8:9::9/64
beacon_up outside
for r in r1 r2; do forwards $r; in_host $r sysctl -q -w net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0; done
in_host r1 ip route add default via 10.0.0.2
in_host r1 ip -6 route add default via fd00:2::2
in_host r2 ip route add 192.168.1.0/24 via 10.0.0.1
in_host r2 ip -6 route add fd00:1::/64 via fd00:2::1
in_host outside ip route add default via 203.0.113.1
in_host outside ip -6 route add default via 2001:db8:9::1
in_host bastion ip route add default via 192.168.1.1
in_host bastion ip -6 route add default via fd00:1::1
in_host r2 nft -f - <<'END'
table inet filter {
	chain forward {
		type filter hook forward priority 0;
		ip daddr 203.0.113.9 udp dport 53 reject with icmp admin-prohibited
		ip6 daddr 2001:db8:9::9 meta l4proto udp reject with icmpv6 admin-prohibited
		tcp dport { 21, 22 } reject with tcp reset
		tcp dport 25 drop
		icmp type echo-request drop
		icmpv6 type echo-request drop
	}
}
END
site office
reach bastion --only tcp,udp,icmp,hops
# FAMILY TRANSPORT OUTCOME PORTS: HOP FROM SAID, ...
is 'the second router lets some through, refuses some and drops some' "SELECT iif(destination LIKE '%:%', 'ipv6 ', 'ipv4 ') ||
		transport || ' ' || replace(outcome, 'reset-on-way', 'refused') || ' ' || group_concat(DISTINCT port) || ': ' ||
		(SELECT group_concat(coalesce(h.value->>'\$.from', '-') || ' ' || coalesce(h.value->>'\$.said', '-'), ', ')
			FROM json_each(hops) h)
	FROM (SELECT * FROM path WHERE outcome <> 'reached' ORDER BY port) GROUP BY destination, transport, replace(outcome, 'reset-on-way', 'refused'), hops
	ORDER BY 1" <<'END'
ipv4 icmp silent 0: 192.168.1.1 time exceeded, 10.0.0.2 time exceeded
ipv4 tcp refused 21,22: 192.168.1.1 time exceeded, 10.0.0.2 time exceeded, - reset
ipv4 tcp silent 25: 192.168.1.1 time exceeded, 10.0.0.2 time exceeded
ipv4 udp prohibited 53: 192.168.1.1 time exceeded, 10.0.0.2 time exceeded, 10.0.0.2 prohibited
ipv6 icmp silent 0: fd00:1::1 time exceeded, fd00:2::2 time exceeded
ipv6 tcp refused 21,22: fd00:1::1 time exceeded, fd00:2::2 time exceeded, - reset
ipv6 tcp silent 25: fd00:1::1 time exceeded, fd00:2::2 time exceeded
ipv6 udp prohibited 53,123,161,443,500,1194,3478,4500,51820: fd00:1::1 time exceeded, fd00:2::2 time exceeded, fd00:2::2 prohibited
END
tap_done
