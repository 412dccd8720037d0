#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Discovery on local segments: an office (it) whose hosts are asked for, and a plant (ot) where nobody
# is. What leaves is counted in captures of hosts on both.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net bastion alpha beta gamma twin1 twin2 router names plc'
lab_need tcpdump jq dnsmasq avahi-daemon setsid pgrep
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

capture gamma && capture plc && capture beta && capture names && capture alpha
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
for h in gamma plc beta names alpha; do capture_end $h; done

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
# ---- the journal's word for it
cat >"$lab_dir/asked.py" <<'END'
"""The journal's questions against what left: asked.py STORE LINES-OF-TCPDUMP..."""
import collections, datetime, json, os, re, subprocess, sys


def unix(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


left, times = collections.Counter(), collections.defaultdict(list)
for path in sys.argv[2:]:
    for line in open(path):
        m = re.match(r"([\d.]+) IP6? ([\da-f:.]+?)(?:\.\d+)? > ([\da-f:.]+?)(?:\.(53|67|5353))?: (.*)", line)
        if not m or (m[4] is None and not re.search("router solicitation|echo request", m[5])):
            continue
        # A client without an address of its own has none to ask from.
        to = (m[3], int(m[4] or 0))
        left[to] += 1
        times[to].append(float(m[1]))
told, wrong = collections.Counter(), []
doc = json.loads(subprocess.run([os.environ["TENKEN"], "journal", sys.argv[1], "--json"], check=True,
                                stdout=subprocess.PIPE).stdout)
for q in doc["questions"]:
    to = (q["address"].split("%")[0], q.get("port", 0))
    told[to] += 1
    if ("port" in q) != (q["transport"] == "udp"):
        wrong.append(q)
    if not any(-0.1 <= t - unix(q["asked"]) <= 1 for t in times[to]):
        wrong.append(q)
for to in sorted(set(told) | set(left)):
    print("# %s %s: told %d, left %d" % (*to, told[to], left[to]))
for q in wrong:
    print("# not so, or not then: %s" % q)
print(" ".join(sorted({q["kind"] for q in doc["questions"]})))
sys.exit(told != left or bool(wrong))
END
mac=$(mac_of bastion)
lines() { tcpdump -tt -n -r "$lab_logs/$1.pcap" "ether src $mac and ($2)" 2>/dev/null >"$lab_dir/$1.lines"; }
lines gamma 'ether multicast and not arp' && lines names 'udp dst port 53' &&
	lines alpha 'udp dst port 5353 and not ether multicast'
"$lab_python" "$lab_dir/asked.py" "$kept.tenken" "$lab_dir"/*.lines >"$lab_logs/asked" 2>&1
result $? 'the journal tells every question that left, and no other'
grep '^#' "$lab_logs/asked"
[ "$(tail -n 1 "$lab_logs/asked")" = 'dhcp echo-all mdns mdns-name names router' ]
result $? 'of every kind'
"$TENKEN" --lang en journal "$kept.tenken" >"$lab_logs/asked.text" 2>&1
for words in "  $(link_local_of bastion)%eth0 > ff02::2  router solicitation" \
	'  10\.90\.0\.1 > 255\.255\.255\.255 port 67  DHCPDISCOVER' \
	'  10\.90\.0\.1 > 224\.0\.0\.251 port 5353  multicast DNS: which services' \
	'  fd90::1 > ff02::1  ICMP echo request' '> 10\.90\.0\.10 port 5353  multicast DNS: its own name' \
	'  10\.90\.0\.1 > 10\.90\.0\.53 port 53  DNS'; do
	sed -n '/^Questions/,/^Raw/p' "$lab_logs/asked.text" | grep -q -- "$words"
	result $? "in words: $words"
done
sed -n '/^Connections/,/^Questions/p' "$lab_logs/asked.text" | grep -q ' DNS$'
[ $? = 1 ]
result $? 'they do not stand among the connections'
"$TENKEN" --lang en journal "$kept.tenken" --address 10.90.0.53 --json |
	jq -e '(.questions | length) > 0 and all(.questions[]; .address == "10.90.0.53")' >/dev/null
result $? 'by address'

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

# ---- killed, and its journal cut off in the middle of a line
torn=$lab_logs/torn.tenken
setsid ip netns exec lab-bastion "$TENKEN" scan -c "$lab_dir/site.yaml" --store "$torn" --no-html --quiet \
	-p 8080 >"$lab_logs/torn.out" 2>&1 </dev/null 9>&- &
killed=$!
within 15 grep -qs '^A .* names .*' "$torn.journal" && within 15 grep -qs '^R .* syn ' "$torn.journal"
result $? 'a scan asks'
kill -s KILL -- "-$killed"
wait "$killed" 2>/dev/null
none_left() { ! pgrep -g "$killed" >/dev/null; }
within 10 none_left
now=$(date +%s)
# As if the last of it had been a question that was not written to its end.
printf 'A %s000 - names 10.90.0.1 10.9' "$now" >>"$torn.journal"
cp "$torn.journal" "$lab_logs/torn.journal"
(cd "$lab_dir" && in_host bastion "$TENKEN" scan --resume -c "$lab_dir/site.yaml" --store "$torn" \
	--no-html --quiet) >>"$lab_logs/torn.out" 2>&1 </dev/null
result $? 'and goes on'
"$lab_python" - "$torn" "$lab_logs/torn.journal" >"$lab_logs/torn.check" 2>&1 <<'END'
import collections, sqlite3, sys

store, path = sys.argv[1:]
written = collections.Counter()
lines = open(path).read().split("\n")[:-1]
for line in lines:
    w = line.split()
    if w[0] == "A":
        written["A", int(w[1]), w[3], w[4], w[5], int(w[6])] += 1
    elif w[0] == "O":
        written["O", int(w[2]), w[3], int(w[4])] += 1
    elif w[0] == "R":
        written["R", int(w[2]), w[3], int(w[4]), int(w[5])] += 1
last = max(k[1] for k in written)
db = sqlite3.connect("file:" + store + "?mode=ro", uri=True)
told = collections.Counter()
for ms, kind, source, to, port, probe in db.execute(
        "SELECT opened_ms, kind, source, address, port, probe FROM journal"):
    if ms <= last and kind == "ask":
        told["A", ms, probe, source, to, port] += 1
    elif ms <= last:
        told["O", ms, to, port] += 1
for row in db.execute("SELECT at_ms, kind, first, last FROM journal_stretch"):
    if row[0] <= last:
        told[("R", *row)] += 1
print("# %d lines: %s" % (len(lines), collections.Counter(k[0] for k in written.elements())))
for k in (written - told) + (told - written):
    print("#", k)
asked = sum(n for k, n in written.items() if k[0] == "A")
sys.exit(written != told or asked < 3)
END
result $? 'nothing that stood before the line that was cut off is lost, and nothing is there twice'
cat "$lab_logs/torn.check"

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
