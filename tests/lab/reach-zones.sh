#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A closed zone that leads nowhere itself, but is joined to another one that has a line, or an Internet VPN: two
# vantages of one store, and what each of them alone can say.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_need nft openssl jq
# shellcheck source=tests/lab/reach-plant.sh
. "$lab_tests/lab/reach-plant.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA

# Plant and office behind one firewall, which forwards between both; the office has a router of its own to the
# Internet. site: office is not said to be closed.
joined() {
	plant "$1"
	leg bastion plant 192.168.10.10/24
	leg plc plant 192.168.10.20/24
	leg desk office 192.168.1.10/24
	leg fw plant 192.168.10.1/24
	leg fw office 192.168.1.2/24
	leg router office 192.168.1.1/24
	leg router outside 203.0.113.1/24
	leg outside outside 203.0.113.9/24 2001:db8:9::9/64
	beacon_up outside
	forwards fw
	forwards router
	in_host fw sysctl -q -w net.ipv4.icmp_ratelimit=0
	in_host router sysctl -q -w net.ipv4.icmp_ratelimit=0
	in_host bastion ip route add 192.168.1.0/24 via 192.168.10.1
	in_host plc ip route add 192.168.1.0/24 via 192.168.10.1
	in_host desk ip route add 192.168.10.0/24 via 192.168.1.2
	in_host desk ip route add default via 192.168.1.1
	serve plc "$plant-web" "$lab_python" -m http.server 80
	wait_port plc 80
}
office_words=important

# ---- the office reaches the Internet, and the plant ----
joined transit
shares router outside
site plant 'routers: [192.168.10.1, 192.168.1.1, 192.168.1.2]' 'conduits: [{from: office, to: plant, ports: [tcp/443]}]'
reach bastion --only tcp,udp,icmp
ways 'from the plant no way leads out' <<'END'
icmp ipv6 no-route 1
icmp ipv4 no-route 1
tcp ipv6 no-route 11
tcp ipv4 no-route 11
udp ipv6 no-route 9
udp ipv4 no-route 9
END
findings 'the plant alone looks closed' <<'END'
END
site office 'routers: [192.168.10.1, 192.168.1.1, 192.168.1.2]' 'conduits: [{from: office, to: plant, ports: [tcp/443]}]'
in_host desk "$TENKEN" scan -c site.yaml --store s.tenken --no-html --quiet -p 22,80,443 192.168.10.20 \
	>"$lab_logs/transit-scan.out" 2>&1 </dev/null
reach desk --only tcp,zones
ways 'from the office the beacon is reached, and a port of the plant that nobody allowed' <<'END'
tcp ipv6 no-route 11
tcp ipv4 reached 11 refutes as 203.0.113.1
zone-tcp ipv4 reached 1
zone-tcp ipv4 refused 3
END
findings 'the plant is joined to a network with a line' <<'END'
exposure.dev-interface 192.168.10.20 Python http.server high
exposure.dev-interface 192.168.10.20 directory listing medium
http.frame-options-missing 192.168.10.20  low
http.version-disclosed 192.168.10.20 Server info
network.cross-zone-reachable 192.168.10.20 office > plant high
network.egress-unfiltered 192.168.1.10 web ipv4 medium
network.transitive-internet-exposure 192.168.10.10 plant > office > Internet high
END
is 'each finding says from where it holds' "SELECT check_id || ' ' || vantage FROM finding WHERE status = 'open'
	AND check_id LIKE 'network.%' ORDER BY 1" <<'END'
network.cross-zone-reachable v-office
network.egress-unfiltered v-office
network.transitive-internet-exposure v-office
END
that 'and why' same "$(jq -r '.findings[] | select(.check == "network.transitive-internet-exposure").evidence |
	.line + ", " + .joints[0].how' s.json)" 'a test reached the beacon, a test got through'

# ---- an Internet VPN in the office, heard alone ----
if command -v openvpn >/dev/null; then
	joined portal
	leg vpn office 192.168.1.50/24
	leg caller outside 203.0.113.77/24
	in_host vpn ip route add default via 192.168.1.1
	in_host router nft -f - <<'END'
table ip forward {
	chain in {
		type nat hook prerouting priority -100;
		iifname "outside" udp dport 1194 dnat to 192.168.1.50
	}
}
END
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=lab \
		-keyout vpn.key -out vpn.pem 2>/dev/null
	serve vpn "$plant-openvpn" openvpn --mode p2p --tls-server --dev null --proto udp4 --float --port 1194 \
		--ca vpn.pem --cert vpn.pem --key vpn.key --dh none
	site office 'routers: [192.168.10.1, 192.168.1.1, 192.168.1.2]' \
		'conduits: [{from: office, to: plant, ports: [tcp/443]}]' \
		'listen: {interfaces: [office]}'
	in_host vpn "$TENKEN" listen -c site.yaml -i office --for 8s --store s.tenken --no-html --quiet \
		>"$lab_logs/portal-listen.out" 2>&1 </dev/null &
	listener=$!
	sleep 2
	serve caller "$plant-caller" openvpn --mode p2p --tls-client --dev null --proto udp4 --nobind \
		--remote 203.0.113.1 1194 --ca vpn.pem --cert vpn.pem --key vpn.key
	wait $listener
	result $? "$plant: listening at the end point"
	is "$plant: the end point was heard" "SELECT DISTINCT address || ' ' || kind || ' ' || peer FROM heard WHERE kind LIKE 'vpn.%'" <<'END'
192.168.1.50 vpn.openvpn 203.0.113.77
END
	findings 'the plant is joined to a network with an Internet VPN' <<'END'
network.transitive-internet-exposure - plant > office > Internet high
network.vpn-endpoint 192.168.1.50 openvpn medium
END
else
	skip 'an Internet VPN in the office' 'openvpn is not installed'
fi
tap_done
