#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The packets process in trouble: interfaces that go, losses, hosts that are open everywhere, and hosts
# that turn out to be control equipment.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_need tcpdump nft
# shellcheck source=tests/lab/wire-pair.sh
. "$lab_tests/lab/wire-pair.sh"
cd "$lab_dir" || exit 99
export TENKEN_DATA
twenty=21,22,23,25,53,80,110,135,139,143,443,445,993,995,1433,3306,3389,5432,8080,8443

# shellcheck disable=SC2046 # a list of words
pair_build >"$lab_logs/build.log" 2>&1 && pair_listen 502 $(echo $twenty | tr , ' ')
result $? 'near and far stand'

# ---- losses ----
# The whole /24 is there, with 20 open ports each; a fifth of what reaches far is lost, ARP included.
rules='table netdev f { chain i { type filter hook ingress device e0 priority 0; numgen random mod 100 < 20 drop; }; }'
if far nft "$rules" 2>"$out"; then
	heard lossy timeout 100 "$requester" zone=it rate=20000 target=10.80.0.3-254 ports=$twenty
	that 'a fifth is lost: it ends well' [ $status = 0 ]
	that "a fifth is lost: every host is found ($(lines '^host .* answering'))" [ "$(lines '^host .* answering')" = 252 ]
	that "a fifth is lost: every open port is found ($(lines '^port .* open'))" [ "$(lines '^port .* open')" = 5040 ]
	asked=$(awk '$2 == "syn" && $3 > n { n = $3 } END { print n }' "$out.heard")
	echo "# packets to the most asked host: $asked SYNs for 20 ports"
	far nft flush chain netdev f i
	far nft add rule netdev f i drop
	heard nothing timeout 60 "$requester" zone=it rate=20000 target=10.80.0.3-254 target=10.90.0.1-9 ports=22,80
	that 'all is lost: nobody is there' [ "$(lines '^(port|host)')" = 0 ]
	far nft delete table netdev f
else
	skip 'a fifth is lost' 'the kernel has no netdev tables'
fi

# ---- more frames than the capture holds ----
# far's kernel says nothing; wire-far.py is all hosts.
if far nft 'table netdev f { chain i { type filter hook ingress device e0 priority 0; drop; }; }' 2>"$out"; then
	: >"$lab_logs/overrun.txt"
	beside overrun "$lab_python" "$wire_far" overrun e0 "$mac" "$lab_logs/overrun.txt"
	heard overrun timeout 100 "$requester" zone=it rate=2000 target=10.80.0.100-199 ports=30001-30010
	beside_end
	that 'the capture runs over: it ends well' [ $status = 0 ]
	that "the capture runs over: answers of both kinds were due then ($(tr '\n' ' ' <"$lab_logs/overrun.log"))" \
		[ "$(grep -cE '^lost (arp|syn) [1-9]' "$lab_logs/overrun.log")" = 2 ]
	that 'the capture runs over: told' says 'remark [1-9][0-9]* answers were lost by the capture'
	that "the capture runs over: every host is found ($(lines '^host .* answering'))" [ "$(lines '^host .* answering')" = 100 ]
	that "the capture runs over: every open port is found ($(lines '^port .* open'))" [ "$(lines '^port .* open')" = 1000 ]
	far nft delete table netdev f
else
	skip 'the capture runs over' 'the kernel has no netdev tables'
fi

# ---- the interface ----
# shellcheck disable=SC2016 # expanded by the inner shell
heard updown timeout 60 sh -c '"$0" zone=it rate=200 target=10.80.0.3-32 ports='$twenty' & sleep 2
	ip link set e0 down; sleep 1; ip link set e0 up; ip address replace fd80::1/64 dev e0 nodad; wait $!' "$requester"
that "down for a second and up again: every open port is found ($(lines '^port .* open'))" [ "$(lines '^port .* open')" = 600 ]
that 'down for a second and up again: told' says 'remark interface e0: Network is down'
near ip route replace 10.90.0.0/16 via 10.80.0.2
near ip route replace 10.91.0.0/16 via 10.80.0.2
# shellcheck disable=SC2016 # expanded by the inner shell
heard down timeout 60 sh -c '"$0" zone=it rate=200 target=10.80.0.3-32 ports='$twenty' & sleep 2
	ip link set e0 down; wait $!' "$requester"
that 'down and not up again: it ends' [ $status = 0 ]
that 'down and not up again: nobody is called clean' [ "$(lines '^(host|quiet) .* (silent|absent) ')" = 0 ]
that "down and not up again: told as interface down ($(lines 'interface down'))" [ "$(lines 'interface down$')" -gt 0 ]
near ip link set e0 up
near ip route replace 10.90.0.0/16 via 10.80.0.2
near ip route replace 10.91.0.0/16 via 10.80.0.2

# ---- the gateway does not answer ----
near ip address add 10.93.0.1/24 dev e0
near ip route add 10.94.0.0/16 via 10.93.0.77
heard gateway timeout 60 "$requester" zone=it target=10.94.0.1-9 ports=22,80
that 'a gateway that does not answer: told' says 'quiet 10.94.0.1 10.94.0.9 silent no answer from the gateway'
that "a gateway that does not answer: asked three times ($(got '^10.93.0.77 arp')), nothing else" \
	[ "$(got '^10.93.0.77 arp')-$(got '^10.94')" = 3-0 ]

# ---- short frames ----
for mtu in 600 68; do
	near ip link set e0 mtu $mtu
	heard "mtu-$mtu" timeout 60 "$requester" zone=it target=10.80.0.3-6 ports=22,81
	that "MTU $mtu: the same" [ "$(lines '^host .* answering 1 1 0 0 ')" = 4 ]
done
near ip link set e0 mtu 1500

# ---- open everywhere ----
# Without OT ports among them: the first of those would hand the host to the guard.
if far nft 'table ip t { chain p { type nat hook prerouting priority -100; ip daddr 10.90.7.0/24 tcp dport 1-65535 redirect to :22; }; }' 2>"$out"; then
	heard tarpit timeout 60 "$requester" zone=it target=10.90.7.9 ports=30001-34000
	that 'open everywhere: recognised' says 'host 10.90.7.9 all-ports .* answers on every port'
	that "open everywhere: bounded ($(got '^10.90.7.9 syn') SYNs of 4000)" [ "$(got '^10.90.7.9 syn')" -le 1100 ]
	heard tarpits timeout 60 "$requester" zone=it rate=20000 target=10.90.7.0/24 ports=30001-30400
	that "open everywhere, 256 hosts: recognised ($(lines ' all-ports '))" [ "$(lines ' all-ports ')" = 256 ]
	that "open everywhere, 256 hosts: bounded ($(got '^10.90.7.[0-9]* syn') SYNs of 102400)" \
		[ "$(got '^10.90.7.[0-9]* syn')" -le $((256 * 80)) ]
else
	skip 'open everywhere' 'the kernel cannot redirect'
fi

# ---- control equipment ----
heard sign timeout 60 "$requester" zone=it target=10.80.0.9 ports=502,22,80,81-300
that 'an OT port in an it zone: handed to the guard' says 'found 10.80.0.9 port 502 .*'
that 'an OT port in an it zone: no result of ours' [ "$(lines '^host ')" = 0 ]
for kind in ot unassigned; do
	heard "gentle-$kind" timeout 60 "$requester" zone=$kind target=10.80.0.9-12 target=10.90.0.9-12 ports=22,80
	that "$kind: found, and not a single packet but questions" \
		[ "$(lines '^found ')-$(got '^10.[89]0.0.[0-9]* (syn|echo|tcp|rst|icmp|other)')" = 4-0 ]
done
tap_done
