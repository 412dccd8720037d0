#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A network with 802.1Q tags, through the kernel's VLAN interfaces and, as not every kernel has them,
# through a tap whose frames vlan.py tags; and tagged answers to a sweep without tags.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_need tcpdump nft jq
# shellcheck source=tests/lab/wire-pair.sh
. "$lab_tests/lab/wire-pair.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA
vlan=$lab_tests/lab/vlan.py

pair_build >"$lab_logs/build.log" 2>&1 && pair_listen 22 80 &&
	far nft 'table inet f { chain i { type filter hook input priority 0; tcp dport 1009 drop; }; }'
result $? 'near and far stand'

# tap_of HOST: a tap with the name of a VLAN interface
tap_of() {
	in_host "$1" "$lab_python" "$vlan" tap e0 e0.5 5 >"$lab_logs/tap-$1.log" 2>&1 </dev/null &
	within 10 grep -q ready "$lab_logs/tap-$1.log"
}
kernel_of() { in_host "$1" ip link add link e0 name e0.5 type vlan id 5; }
# Network 5: 10.87.0.0/28 is there, the rest of 10.87.0.0/24 is not.
network() {
	"${1}_of" near && "${1}_of" far && near ip link set e0.5 up && far ip link set e0.5 up &&
		near ip address add 10.87.0.1/24 dev e0.5 &&
		far ip address add 10.87.0.2/32 dev e0.5 && far ip route add 10.87.0.1/32 dev e0.5 &&
		far ip route add local 10.87.0.0/28 dev e0.5 table main
}
# answering TAG... : somebody in far says that port 1009 is open wherever near asks
answering() {
	beside answer "$lab_python" "$vlan" answer e0 "$mac" 1009 "$@"
}
# answered WORDS STATE: ends that; each of the four hosts was answered for, and its port is told so
answered() {
	beside_end
	answers=$(grep -c answered "$beside_log")
	that "$1 ($answers answers)" \
		[ "$((answers >= 4))-$(lines '^port .* 1009 open')-$(lines "^host .* answering $2 ")" = "1-$3-4" ]
}

# through KIND: the whole scan by such an interface
through() {
	mac=$(near cat /sys/class/net/e0.5/address)
	far_mac=$(far cat /sys/class/net/e0.5/address)
	heard "$1" "$TENKEN" --lang en scan --zone it -p 22,80,81 --store "$lab_logs/$1.tenken" \
		--json "$lab_logs/$1.json" --no-html 10.87.0.3-6 10.87.0.20-23
	that "$1: the scan ends well" [ $status = 0 ]
	open=$(jq -c '[.hosts[] | [.address, .mac, [.services[] | select(.state == "open") | .port]]]' "$lab_logs/$1.json")
	want=$(for i in 3 4 5 6; do printf '["10.87.0.%d","%s",[22,80]]\n' $i "$far_mac"; done | jq -sc .)
	that "$1: hosts with MAC and ports: $open" [ "$open" = "$want" ]
	on_wire=$("$lab_python" "$vlan" tags "$lab_logs/$1.pcap" "$mac" 10.87.)
	that "$1: what is on the wire has the tag ($on_wire frames)" [ "${on_wire% *}" = 5 ]
	that "$1: and SYNs and questions are among it" \
		[ "$(tcpdump -nr "$lab_logs/$1.pcap" "vlan 5 and ether src $mac and tcp[13] == 2" 2>/dev/null | wc -l)" -ge 12 ]
	for tag in 6 0 none; do
		answering $tag
		heard "$1-$tag" "$requester" zone=it target=10.87.0.3-6 ports=22,81,1009
		answered "$1: answers with the tag $tag are not believed" '1 1 0 1' 0
	done
	answering 5
	heard "$1-5" "$requester" zone=it target=10.87.0.3-6 ports=22,81,1009
	answered "$1: those with its own are" '2 1 0 0' 4
}

if (network kernel) >"$lab_logs/kernel.log" 2>&1; then
	through kernel
	near ip link del e0.5
	far ip link del e0.5
else
	near ip link del e0.5 2>/dev/null
	skip 'kernel: a scan through a VLAN interface' 'the kernel has no 802.1Q'
fi
if [ -c /dev/net/tun ] && network tap >"$lab_logs/tap.log" 2>&1; then
	through tap
else
	skip 'tap: a scan through a tagged tap' 'the kernel has no tun interfaces'
fi

# ---- a sweep without tags ----
mac=$(near cat /sys/class/net/e0/address)
for tag in 6 '0 6'; do
	# shellcheck disable=SC2086 # a list of words
	answering $tag
	heard plain-6 "$requester" zone=it target=10.80.0.3-6 ports=22,81,1009
	answered "no tag: answers with the tag $tag are not believed" '1 1 0 1' 0
done
# A priority is no network: as the kernel has it.
answering 0
heard plain-0 "$requester" zone=it target=10.80.0.3-6 ports=22,81,1009
answered 'no tag: those with a priority alone are' '2 1 0 0' 4
answering none
heard plain-none "$requester" zone=it target=10.80.0.3-6 ports=22,81,1009
answered 'no tag: and those without one' '2 1 0 0' 4
tap_done
