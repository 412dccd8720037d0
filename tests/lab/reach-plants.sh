#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plants that are closed, and plants that only seem to be: each gives exactly its paths and findings. What a
# neighbour forwards is counted on its far side: packets with a hop limit of 1 go no further.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_need tcpdump nft openssl
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
frames pc office 6-6-2 'a computer got an echo request, a SYN and a datagram of each family'
frames shared office 6-6-2 'so did the one that forwards'
none modem outside 'behind the modem nothing arrived'
none shared outside 'nor behind the computer'
tap_done
