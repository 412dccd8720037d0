#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Discovery on local segments: an office (it) whose hosts are asked for, and a plant (ot) where nobody
# is. What leaves is counted in captures of hosts on both.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net bastion alpha beta gamma twin1 twin2 router names plc'
lab_need tcpdump jq dnsmasq avahi-daemon
site=$lab_dir/site.yaml

# member NAME BRIDGE LEG ADDRESS/LENGTH [IPV6]: a host, or one more leg of a host
member() {
	[ -e "/run/netns/lab-$1" ] || ip netns add "lab-$1" || return 1
	in_host net ip link add "$3-$1" type veth peer name "$3" netns "lab-$1" &&
		in_host net ip link set "$3-$1" master "$2" up &&
		in_host "$1" ip link set lo up || return 1
	in_host "$1" sysctl -q -w "net.ipv6.conf.$3.accept_dad=0" "net.ipv6.conf.$3.accept_ra=0" \
		"net.ipv6.conf.$3.router_solicitations=0" \
		"net.ipv6.conf.$3.disable_ipv6=$([ $# -gt 4 ] && echo 0 || echo 1)"
	in_host "$1" ip address add "$4" dev "$3" && in_host "$1" ip link set "$3" up || return 1
	[ $# -lt 5 ] || in_host "$1" ip address add "$5" dev "$3" nodad
}

build() {
	for bridge in br-it br-ot; do
		in_host net ip link add "$bridge" type bridge mcast_snooping 0 &&
			in_host net ip link set "$bridge" up || return 1
	done
	member bastion br-it eth0 10.90.0.1/24 fd90::1/64 &&
		member bastion br-ot eth1 10.91.0.1/24 &&
		member alpha br-it eth0 10.90.0.10/24 fd90::a:10/64 &&
		member beta br-it eth0 10.90.0.20/24 fd90::b:20/64 &&
		member gamma br-it eth0 10.90.0.200/24 &&
		member twin1 br-it eth0 10.90.0.30/24 &&
		member twin2 br-it eth0 10.90.0.30/24 &&
		member router br-it eth0 10.90.0.254/24 fd91::254/64 &&
		member names br-it eth0 10.90.0.53/24 &&
		member plc br-ot eth0 10.91.0.10/24
}

# MACs of the documentation block, which the registry knows.
makers() {
	in_host beta ip link set eth0 address 00:00:5e:00:53:20 &&
		in_host plc ip link set eth0 address 00:00:5e:00:53:10
}

mac_of() { in_host "$1" cat "/sys/class/net/${2:-eth0}/address"; }
link_local_of() { in_host "$1" ip -6 -br address show dev eth0 scope link | awk '{print $3}' | cut -d/ -f1; }

servers() {
	printf '[server]\nhost-name=alpha\nenable-dbus=no\nallow-interfaces=eth0\n[publish]\npublish-workstation=yes\n' \
		>"$lab_dir/avahi.conf"
	serve alpha avahi avahi-daemon -f "$lab_dir/avahi.conf" --no-drop-root --no-chroot --no-rlimits
	serve alpha http "$lab_python" -m http.server --bind :: 8080
	serve beta http2 "$lab_python" -m http.server --bind :: 8080
	serve plc http3 "$lab_python" -m http.server 8080
	serve router ra "$lab_python" "$TENKEN_TESTS/lab/segment-host.py" eth0
	serve names dnsmasq dnsmasq --keep-in-foreground --no-ping --no-resolv --no-hosts \
		--conf-file=/dev/null --user=root --pid-file= --dhcp-leasefile=/run/leases \
		--dhcp-range=10.90.0.100,10.90.0.110,1h --log-queries --log-facility=- \
		--host-record=beta.plant.test,10.90.0.20,fd90::b:20 \
		--ptr-record=10.0.90.10.in-addr.arpa,liar.plant.test
	wait_port alpha 8080 && wait_port beta 8080 && wait_port plc 8080 && wait_port names 53 &&
		within 10 grep -q ready "$lab_logs/ra.log" &&
		within 15 grep -q 'Server startup complete' "$lab_logs/avahi.log"
}

cat >"$site" <<END
site: discovery
zones:
  - {name: office, kind: it, networks: [10.90.0.0/25, 'fd90::/64', 'fe80::/64%eth0']}
  - {name: plant, kind: ot, networks: [10.91.0.8/29]}
names: {dns: true, resolvers: [10.90.0.53]}
END

build >"$lab_logs/build.log" 2>&1 && makers && servers
built=$?
result $built 'segments and servers stand'
if [ $built != 0 ]; then
	note <"$lab_logs/build.log"
	tap_done
	exit 1
fi

# scan NAME ARGUMENTS...
scan() {
	kept=$lab_logs/$1
	shift
	(cd "$lab_dir" && in_host bastion "$TENKEN" --lang en scan --store "$kept.tenken" \
		--json "$kept.json" --html "$kept.html" -p 8080 "$@") >"$kept.out" 2>&1 </dev/null
}
holds() { # WORDS JQ-EXPRESSION
	jq -e "$2" "$kept.json" >/dev/null 2>&1
	good=$?
	result $good "$1"
	[ $good = 0 ] || jq -c '.hosts[] | [.address, .mac, .names], .remarks' "$kept.json" | head -60 | note
}
host() { printf '.hosts[] | select(.address == "%s")' "$1"; }
remark() { printf 'any(.remarks[]; .kind == "%s" and .subject == "%s" and (.text | test("%s")))' "$1" "$2" "$3"; }

capture gamma && capture plc && capture beta
result $? 'captures run'
# Somebody outside the targets asks for an address that nobody has while the scan runs.
in_host gamma "$lab_python" -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(20):
    try:
        s.sendto(b"", ("10.90.0.99", 9))
    except OSError:
        pass  # nobody answered the last time
    time.sleep(0.5)' >/dev/null 2>&1 &
scan scan -c "$site"
result $? 'the scan ends well'
[ -s "$kept.json" ] || note <"$kept.out"
for h in gamma plc beta; do capture_end $h; done

# ---- (a) hosts of networks too large to sweep
holds 'a host of a /64 is found and swept' "$(host fd90::a:10) | .services[] | select(.port == 8080 and .state == \"open\")"
holds 'and another' "$(host fd90::b:20) | .services[] | select(.port == 8080)"
holds 'a link-local host is found with its scope' "$(host "$(link_local_of alpha)%eth0") | .services[] | select(.port == 8080)"
holds 'its MAC came with it' "$(host fd90::a:10) | select(.mac == \"$(mac_of alpha)\")"
holds 'MACs of the IPv4 sweep' "$(host 10.90.0.20) | select(.mac == \"$(mac_of beta)\")"
holds 'and of the connect sweep' "$(host 10.91.0.10) | select(.mac == \"$(mac_of plc eth0)\")"
holds 'who is outside the targets is noted' "$(remark outside-targets 10.90.0.200 "$(mac_of gamma)")"
holds 'and is no host of the report' '[.hosts[] | select(.address == "10.90.0.200")] == []'
for address in 10.90.0.20 fd90::b:20 10.91.0.10; do
	holds "the maker of $address" "$(host $address) | select(.vendor // \"\" | test(\"IANA\"))"
done
holds 'and none that nobody knows' "$(host 10.90.0.10) | select(.vendor == null)"
# ---- (b) routers and DHCP servers
holds 'a router that advertises itself' "$(remark router "$(link_local_of router)%eth0" "$(mac_of router)")"
holds 'a DHCP server that the ledger does not know' "$(remark dhcp-server 10.90.0.53 'ledger.*'"$(mac_of names)")"
result "$(in_host names sh -c 'test ! -s /run/leases'; echo $?)" 'no address was taken'
! grep -qE 'DHCP(REQUEST|ACK)' "$lab_logs/dnsmasq.log"
result $? 'nor requested'
# ---- (c) names
holds 'a name by multicast DNS' "$(host 10.90.0.10) | select(.names | index(\"alpha.local\"))"
holds 'a name by DNS' "$(host 10.90.0.20) | select(.names | index(\"beta.plant.test\"))"
holds 'also of an IPv6 address' "$(host fd90::b:20) | select(.names | index(\"beta.plant.test\"))"
holds 'a name that does not lead back is marked' "$(remark name-unconfirmed 10.90.0.10 liar.plant.test)"
holds 'one that does is not' '[.remarks[] | select(.kind == "name-unconfirmed" and .subject == "10.90.0.20")] == []'
grep -q beta.plant.test "$kept.html" && grep -q alpha.local "$kept.html"
result $? 'names stand in the HTML report'
# ---- duplicates
holds 'two devices with one address' "$(remark duplicate-address 10.90.0.30 "$(mac_of twin1) and $(mac_of twin2)|$(mac_of twin2) and $(mac_of twin1)")"
grep -q 'アドレス重複' "$kept.html"
result $? 'in Japanese in the HTML report'
# ---- what left
check() { "$lab_python" "$TENKEN_TESTS/lab/segment-check.py" "$lab_logs/$1.pcap" "$2" "${3:-}"; }
sent=$("$lab_python" "$TENKEN_TESTS/lab/segment-check.py" "$lab_logs/gamma.pcap" "$(mac_of bastion)" "$(mac_of gamma)")
echo "# office: $sent"
case $sent in *' alone=0') ok 'nothing went to the host outside' ;; *) not_ok 'nothing went to the host outside' ;; esac
case $sent in *'dhcp=1 echo-all=2 '*' router=1 '*) ok 'each question once, or twice by source' ;; *) not_ok 'each question once, or twice by source' ;; esac
sent=$("$lab_python" "$TENKEN_TESTS/lab/segment-check.py" "$lab_logs/plc.pcap" "$(mac_of bastion eth1)")
echo "# plant: $sent"
case $sent in
*'dhcp=0 echo-all=0 mdns=0 '*'router=0 '*) ok 'no question left on the plant'"'"'s segment' ;;
*) not_ok 'no question left on the plant'"'"'s segment' ;;
esac
most=${sent#*most=}
[ "${most%% *}" -ge 1 ] && [ "${most%% *}" -le 5 ]
result $? 'at most 5 frames to everybody in any second there'

# ---- the site's word
sed "s/kind: it, /kind: it, discovery: none, /" "$site" >"$lab_dir/none.yaml"
site=$lab_dir/none.yaml
rm -f "$lab_logs/gamma.pcap"
capture gamma
scan none -c "$site"
result $? 'a scan that may not ask ends well'
capture_end gamma
sent=$("$lab_python" "$TENKEN_TESTS/lab/segment-check.py" "$lab_logs/gamma.pcap" "$(mac_of bastion)")
echo "# discovery: none: $sent"
case $sent in
*'dhcp=0 echo-all=0 mdns=0 '*'router=0 '*) ok 'discovery: none is kept' ;;
*) not_ok 'discovery: none is kept' ;;
esac
holds 'what could not be asked is told' 'any(.remarks[]; .kind == "left-out" and (.text | test("fd90::/64: too large to sweep")))'
holds 'IPv4 hosts are found all the same' "$(host 10.90.0.10)"
# ---- targets of the command line
rm -f "$lab_logs/gamma.pcap"
capture gamma
scan strange 10.90.0.0/28
capture_end gamma
sent=$("$lab_python" "$TENKEN_TESTS/lab/segment-check.py" "$lab_logs/gamma.pcap" "$(mac_of bastion)")
echo "# targets nobody declared: $sent"
case $sent in
*'dhcp=0 echo-all=0 mdns=0 '*'router=0 '*) ok 'targets that nobody declared are not asked about' ;;
*) not_ok 'targets that nobody declared are not asked about' ;;
esac
scan strange6 'fe80::/64%eth0'
[ $? = 2 ] && grep -q 'too large to sweep' "$kept.out"
result $? 'a large network that nobody declared is refused'
scan local --zone it 'fe80::/64%eth0'
holds 'with --zone it its hosts are found' "$(host "$(link_local_of beta)%eth0") | .services[] | select(.port == 8080)"
scan one --zone it "$(link_local_of beta)%eth0" 'fd90::b:0-fd90::b:ff'
holds 'one link-local target' "$(host "$(link_local_of beta)%eth0")"
holds 'a listed IPv6 range by neighbour discovery' "$(host fd90::b:20) | select(.mac == \"$(mac_of beta)\")"
# ---- several interfaces, and one on top of another
if in_host bastion ip link add link eth0 name mv0 type macvlan mode bridge 2>"$lab_logs/macvlan.log" &&
	in_host bastion ip address add 10.92.0.1/24 dev mv0 &&
	in_host bastion ip link set mv0 up &&
	in_host beta ip address add 10.92.0.20/24 dev eth0; then
	scan several --zone it 10.92.0.16/28 10.90.0.16/28 10.91.0.8/29
	holds 'three interfaces in one scan, a macvlan among them' '[.hosts[].address] | contains(["10.92.0.20", "10.90.0.20", "10.91.0.10"])'
else
	skip 'three interfaces in one scan, a macvlan among them' 'the kernel has no macvlan'
fi
if in_host bastion ip link add link eth0 name eth0.7 type vlan id 7 2>/dev/null; then
	in_host beta ip link add link eth0 name eth0.7 type vlan id 7 &&
		in_host beta ip address add 10.97.0.20/24 dev eth0.7 && in_host beta ip link set eth0.7 up &&
		in_host bastion ip address add 10.97.0.1/24 dev eth0.7 && in_host bastion ip link set eth0.7 up
	scan vlan --zone it 10.97.0.16/28
	holds 'a VLAN interface' "$(host 10.97.0.20) | select(.mac != null)"
else
	skip 'a VLAN interface' 'the kernel has no 802.1Q'
fi
tap_done
