#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# UDP as the sweep asks it: real servers, closed, filtered and silent ports, IPv4 and IPv6, beside
# nmap -sU, and the same by somebody without the right to send raw packets; what is not asked (control
# equipment, class touch), and what the report says.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net udp-scan udp-srv udp-shut'
lab_need tcpdump jq nft setpriv setsid pgrep
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
# shellcheck source=tests/lab/udp-servers.sh
. "$lab_tests/lab/udp-servers.sh"
cd "$lab_dir" || exit 99

host() {
	lab_host "$1" udp "10.79.0.$2/24" && in_host "$1" sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 &&
		in_host "$1" ip address add "fd00:79::$2/64" dev eth0 nodad
}
build() {
	in_host net ip link add br-udp type bridge && in_host net ip link set br-udp up &&
		host udp-scan 1 && host udp-srv 2 && host udp-shut 3 &&
		in_host udp-shut nft -f - <<END
table inet shut {
	chain in {
		type filter hook input priority 0
		udp dport 123 drop
		udp dport 161 reject with icmpx admin-prohibited
	}
}
END
}
# scan NAME OPTION...: a scan of its own store; standard output is kept
scan() {
	kept=$1
	shift
	in_host udp-scan "$TENKEN" scan --store "$kept.tenken" --json "$kept.json" --quiet "$@" \
		>"$lab_logs/$kept.out" 2>"$lab_logs/$kept.err" </dev/null
}
# services NAME ADDRESS: "PORT/STATE ..." of UDP
services() {
	"$lab_python" - "$1.tenken" "$2" <<'END'
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
print(" ".join("%d/%s" % r for r in db.execute(
    "SELECT port, state FROM service WHERE transport = 'udp' AND address = ? ORDER BY port",
    sys.argv[2:])))
END
}
# cell NAME SQL: the first value
cell() {
	"$lab_python" - "$1.tenken" "$2" <<'END'
import sqlite3, sys
row = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(sys.argv[2]).fetchone()
print(row[0] if row else "")
END
}
# arrived NAME FILTER: packets of that kind in a capture
arrived() { tcpdump -nr "$lab_logs/$1.pcap" "$2" 2>/dev/null | wc -l; }

build >"$lab_logs/build.log" 2>&1
built=$?
result $built 'a scanner, a server and a filtered host stand'
if [ $built != 0 ]; then
	note <"$lab_logs/build.log"
	tap_done
	exit 1
fi
udp_servers udp-srv 10.79.0.2
capture udp-srv
capture udp-shut

# ---- in a zone of kind it ----
scan it --zone it -p T:9,U:1-65535 10.79.0.2 10.79.0.3 fd00:79::2 fd00:79::3
that 'it: the scan ends well' same $? 0
open4='' open6=''
for port in 53 123 137 161 500 623 1194 4500 5060 5353 5683; do
	case " $udp_there " in
	*" $port "*)
		open4="$open4 $port/open"
		# nmbd and ipmi_sim know IPv4 only
		[ $port = 137 ] || [ $port = 623 ] || open6="$open6 $port/open"
		;;
	*) skip "it: port $port" 'its server is not installed' ;;
	esac
done
that 'it: every server is found by IPv4' same "$(services it 10.79.0.2)" "${open4# }"
that 'it: every server is found by IPv6' same "$(services it fd00:79::2)" "${open6# }"
that 'it: what each speaks is known' same "$(cell it "SELECT count(*) FROM service
	WHERE transport = 'udp' AND state = 'open' AND (protocol IS NULL
	OR protocol <> replace(name, 'ike-nat', 'ike'))")" 0
# ---- conversations ----
# document ADDRESS PROBE JQ: of a probe's document
document() { jq -r --arg a "$1" --arg p "$2" "[.hosts[] | select(.address == \$a) | .services[].evidence[\$p] |
	values][0] | $3" it.json; }
talks() { # talks PORT PROBE JQ EXPECTED [ADDRESS]
	case "$open4 " in
	*" $1/open "*) that "$2: what it says" same "$(document "${5:-10.79.0.2}" "$2" "$3")" "$4" ;;
	*) skip "$2: what it says" 'its server is not installed' ;;
	esac
}
talks 53 dns '"\(.software) \(.recursion)"' "dnsmasq-$(dnsmasq --version | sed -n '1s/.*ersion \([0-9.]*\).*/\1/p') false"
talks 53 dns '.software' "dnsmasq-$(dnsmasq --version | sed -n '1s/.*ersion \([0-9.]*\).*/\1/p')" fd00:79::2
talks 123 ntp '"\(.stratum) \(.time - .observed | fabs < 3)"' '8 true'
talks 137 netbios-ns '"\(.name) \(.domain) \(.file_server)"' 'LABHOST LAB true'
talks 161 snmp '"\(.v3) \(.enterprise) \(.boots)"' 'true 8072 1'
talks 500 ike '"\(.major) \(.notify[0])"' '2 no-proposal-chosen'
talks 623 ipmi '"\(.anonymous) \(.v20) \(.authentication | join(","))"' 'false true none,md2,md5,password'
talks 1194 openvpn '.product' OpenVPN
talks 5060 sip '"\(.product) \(.version)"' "kamailio $(kamailio -v 2>/dev/null | sed -n '1s/.*kamailio \([0-9.]*\).*/\1/p')"
talks 5353 mdns '.kinds | index("_workstation._tcp.local") >= 0' true
talks 5683 coap '"\(.open) \(.resources | index("/time") >= 0)"' 'true true'
# truth PORT VENDOR PRODUCT VERSION
truth() { printf '*\t%s\tservice\t%s\t%s\t%s\n' "$@"; }
{
	truth 53 'Simon Kelley' dnsmasq "$(dnsmasq --version | sed -n '1s/.*ersion \([0-9.]*\).*/\1/p')"
	truth 161 Net-SNMP Net-SNMP "$(snmpd --version 2>&1 | sed -n 's/.*ersion: *\([0-9.]*\).*/\1/p')"
	truth 1194 OpenVPN OpenVPN "$(openvpn --version | sed -n '1s/OpenVPN \([0-9.]*\).*/\1/p')"
	truth 5060 Kamailio Kamailio "$(kamailio -v 2>/dev/null | sed -n '1s/.*kamailio \([0-9.]*\).*/\1/p')"
} >truths
"$lab_python" "$lab_tests/lab/identity-check.py" it.json <truths >identity
good=$?
note <identity
result $good "identity: $(tail -n 1 identity)"
that 'journal: conversations by UDP stand there with what was sent' same "$(cell it "SELECT count(*) FROM journal
	WHERE transport = 'udp' AND kind = 'talk' AND (packets IS NULL OR packets < 1 OR sent < 1 OR received < 1)
	AND probe IN ('dns', 'snmp') AND ending = 'done'") $(cell it "SELECT count(*) > 2 FROM journal
	WHERE transport = 'udp' AND kind = 'talk'")" '0 1'
that 'checks: a clock, a VPN end point' same "$(cell it "SELECT group_concat(DISTINCT check_id) FROM finding
	WHERE check_id IN ('network.vpn-endpoint', 'asset.time-drift', 'dns.open-resolver', 'exposure.amplifier')")" \
	'network.vpn-endpoint'

that 'filtered: prohibited is told, dropped is not (IPv4)' same "$(services it 10.79.0.3)" '161/filtered'
that 'filtered: prohibited is told, dropped is not (IPv6)' same "$(services it fd00:79::3)" '161/filtered'
that 'closed: the host is there' same "$(cell it "SELECT state || ' ' || udp_ports FROM host
	WHERE address = '10.79.0.3'")" 'answering 16'
that 'counts: those of a host stay those of TCP' same "$(cell it "SELECT
	max(open) || ' ' || max(closed) || ' ' || max(filtered) || ' ' || max(silent) FROM host")" '0 1 0 0'
that 'report: UDP was tried' same "$(cell it "SELECT text FROM remark WHERE kind = 'sweep'")" \
	'UDP was tried in zones of kind it, dmz and public only'
case $open4 in
*5353/open*)
	that 'checks: a service by UDP is a finding' same "$(cell it "SELECT count(*) FROM finding
		WHERE check_id = 'exposure.unneeded-service' AND transport = 'udp' AND port = 5353
		AND address = '10.79.0.2'")" 1
	;;
*) skip 'checks: a service by UDP is a finding' 'no mDNS server' ;;
esac

# ---- by the kernel's sockets: somebody without the right to send raw packets ----
# told NAME: what a scan says where both ways can know the same
told() {
	"$lab_python" - "$1.tenken" <<'END'
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
for sql in ("SELECT address, port, transport, state, name, protocol FROM service WHERE transport = 'udp'",
            "SELECT address, state, complete, udp_ports, open, closed FROM host",
            "SELECT address, port, probe, ending FROM evidence WHERE transport = 'udp'",
            "SELECT check_id, asset, port, transport FROM finding"):
    for row in sorted(map(str, db.execute(sql))):
        print(row)
END
}
told it >"$lab_logs/it.told"
questions=16 # ports with a payload: src/wire/payloads.c
chmod 777 .
in_host udp-scan setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all --bounding-set=-all \
	"$TENKEN" scan --store plain.tenken --json plain.json --quiet --zone it -p T:9,U:1-65535 \
	10.79.0.2 10.79.0.3 fd00:79::2 fd00:79::3 >"$lab_logs/plain.out" 2>"$lab_logs/plain.err" </dev/null
that 'plain: a user without rights scans to the end' same "$? $(grep -c CAP_NET_RAW "$lab_logs/plain.err")" '0 1'
told plain >"$lab_logs/plain.told"
diff "$lab_logs/it.told" "$lab_logs/plain.told" >"$lab_logs/plain.diff"
good=$?
note <"$lab_logs/plain.diff"
result $good 'plain: hosts, services by UDP, what they say and findings are those of the scan by frames'
# shellcheck disable=SC2086 # words are counted
that 'plain: there is something to compare' same "$(cell plain "SELECT count(*) FROM service
	WHERE transport = 'udp' AND state = 'open'")" "$(echo $open4 $open6 | wc -w)"
that 'plain: the report says by which way' same "$(cell plain "SELECT group_concat(text, ' / ') FROM
	(SELECT text FROM remark WHERE kind = 'sweep' ORDER BY text)")" \
	'TCP ports were tried by full connections / UDP was tried by ordinary datagrams in zones of kind it, dmz and public only'
that 'plain: the journal has a line for each port, and what was found' same "$(cell plain "SELECT count(*) || ' ' ||
	count(found) || ' ' || (max(packets) <= 3) || ' ' || count(DISTINCT address) FROM journal
	WHERE transport = 'udp' AND kind = 'sweep'")" "$((4 * questions)) $((4 * questions)) 1 4"

# ---- killed in the middle of it ----
group_gone() { ! pgrep -g "$1" >/dev/null; }
answered_by_udp() { [ "$(grep -c '^C .* \(open\|closed\|silent\) 0' killed.tenken.journal)" -ge 5 ]; }
setsid ip netns exec lab-udp-scan "$TENKEN" scan --store killed.tenken --no-html --quiet --connect --zone it --host-rate 4 \
	-p T:9,U:1-65535 10.79.0.2 >"$lab_logs/killed.out" 2>"$lab_logs/killed.err" </dev/null 9>&- &
scan=$!
within 60 answered_by_udp
kill -s KILL -- "-$scan"
wait "$scan" 2>/dev/null
within 10 group_gone "$scan"
cp killed.tenken.journal "$lab_logs"
in_host udp-scan "$TENKEN" scan --store killed.tenken --no-html --quiet --resume >>"$lab_logs/killed.out" \
	2>>"$lab_logs/killed.err" </dev/null
that 'killed: it goes on to its end and has found the same' same "$? $(services killed 10.79.0.2)" \
	"0 $(services plain 10.79.0.2)"
that 'killed: it had been cut in the middle, and no port with an answer was asked again' same "$(cell killed "SELECT
	sum(found IS NULL) > 0 OR count(*) = $questions FROM journal WHERE transport = 'udp' AND kind = 'sweep'") $(cell killed \
	"SELECT count(*) FROM (SELECT port FROM journal WHERE transport = 'udp' AND kind = 'sweep' AND found IS NOT NULL
	GROUP BY port HAVING count(*) > 1)") $(grep -c '/udp sweep' "$lab_logs/killed.tenken.journal" |
	awk -v n=$questions '{ print ($1 >= 4 && $1 < n) }')" '1 0 1'
that 'killed: each port was asked, and the host is complete' same "$(cell killed "SELECT count(DISTINCT port) FROM journal
	WHERE transport = 'udp' AND kind = 'sweep'") $(cell killed 'SELECT complete || udp_ports FROM host')" "$questions 1$questions"

# ---- answers that are none, and a question that gets lost ----
cat >liar.py <<'END'
import select, socket
dns, sql = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
dns.bind(("10.79.0.3", 53))
sql.bind(("10.79.0.3", 1434))
told = b"\x05\x10\x00ServerName;LIAR;"
while True:
    for s in select.select([dns, sql], [], [])[0]:
        data, (host, port) = s.recvfrom(2048)
        if s is dns: # the number of another question
            s.sendto(bytes([data[0], data[1] ^ 1, 0x80]) + data[3:], (host, port))
        else: # other source ports of the same block, as somebody who guesses would
            for other in range(port - 40, port):
                s.sendto(told, (host, other))
END
in_host udp-shut "$lab_python" liar.py >"$lab_logs/liar.log" 2>&1 </dev/null &
within 10 udp_bound udp-shut 1434
scan forged --zone it -p T:9,U:53,U:1434 10.79.0.3
that 'forged: another number, another source port: nothing is believed' \
	same "$(services forged 10.79.0.3)" ''
scan forged-plain --zone it --connect -p T:9,U:53,U:1434 10.79.0.3
that 'forged, --connect: nothing is believed' same "$(services forged-plain 10.79.0.3)" ''
in_host udp-srv nft -f - <<END
table inet lossy {
	set seen { type ipv4_addr; flags dynamic; timeout 1m; }
	chain in {
		type filter hook input priority 0
		udp dport 5683 ip saddr != @seen add @seen { ip saddr } drop
	}
}
END
case $open4 in
*5683/open*)
	scan lost --zone it -p T:9,U:5683 10.79.0.2
	that 'lost: the second question finds it' same "$(services lost 10.79.0.2) $(in_host udp-srv \
		nft list set inet lossy seen | grep -c '10.79.0.1')" '5683/open 1'
	in_host udp-srv nft flush set inet lossy seen
	scan lost-plain --zone it --connect -p T:9,U:5683 10.79.0.2
	that 'lost, --connect: the same' same "$(services lost-plain 10.79.0.2) $(in_host udp-srv \
		nft list set inet lossy seen | grep -c '10.79.0.1')" '5683/open 1'
	;;
*) skip 'lost: the second question finds it' 'no CoAP server' ;;
esac

# ---- a host that shows itself by UDP alone ----
in_host udp-shut nft add rule inet shut in ip protocol tcp drop
in_host udp-shut nft add rule inet shut in icmp type echo-request drop
scan alone --zone it -p T:9,U:5683 10.79.0.3
that 'alone: port unreachable shows the host' same "$(cell alone "SELECT state || ' ' || closed
	FROM host")" 'answering 0'
scan only --zone it -p U:53,U:5683 10.79.0.2
that 'only: UDP without any TCP port' same "$? $(services only 10.79.0.2)" \
	"0 $(printf '%s' "${open4# }" | tr ' ' '\n' | grep -E '^(53|5683)/' | tr '\n' ' ' | sed 's/ $//')"

scan alone-plain --zone it --connect -p T:9,U:5683 10.79.0.3
that 'alone, --connect: the same' same "$(cell alone-plain "SELECT state || ' ' || closed
	FROM host")" 'answering 0'
scan only-plain --zone it --connect -p U:53,U:5683 10.79.0.2
that 'only, --connect: UDP without any TCP port' same "$? $(services only-plain 10.79.0.2)" \
	"0 $(services only 10.79.0.2)"

capture_end udp-srv
capture_end udp-shut
that 'questions: at most two of one port by each sweep' same "$(tcpdump -nr "$lab_logs/udp-shut.pcap" \
	'src 10.79.0.1 and udp' 2>/dev/null | sed 's/.*> 10.79.0.3.\([0-9]*\):.*/\1/' | sort | uniq -c |
	awk '$1 > ($2 == 5683 || $2 == 53 || $2 == 1434 ? 8 : 4)' | wc -l)" 0
# An OpenVPN server without a client repeats its answer, also when the scan is over.
that 'answers: our kernel calls none of them unreachable' same "$(arrived udp-srv \
	'(src 10.79.0.1 and icmp[0] = 3 and icmp[28:2] != 1194) or
	(src fd00:79::1 and icmp6 and ip6[40] = 1 and ip6[88:2] != 1194)')" 0

# ---- as a stranger: this bastion stands outside ----
cat >outside.yaml <<'END'
site: lab
vantage: {name: line, zone: outside}
zones:
  - {name: outside, kind: public, networks: [10.79.0.1/32]}
  - {name: front, kind: dmz, networks: [10.79.0.2/32]}
END
case $open4 in
*5353/open*5683/open*)
	scan outside -c outside.yaml -p T:9,U:53,U:5353,U:5683 10.79.0.2
	that 'outside: what helps attacks on others is told, a resolver that refuses is not' same "$(cell outside \
		"SELECT group_concat(x, ' ') FROM (SELECT check_id || ':' || port AS x FROM finding
		WHERE check_id IN ('exposure.amplifier', 'dns.open-resolver') ORDER BY 1)")" \
		'exposure.amplifier:5353 exposure.amplifier:5683'
	;;
*) skip 'outside: what helps attacks on others is told' 'no mDNS or CoAP server' ;;
esac

# ---- where nothing is asked ----
capture udp-srv
scan ot --zone ot -p T:9,U:53 10.79.0.2
scan unassigned -p T:9,U:53 10.79.0.2
scan otonly --zone ot -p U:53 10.79.0.2
scan touch --zone it --risk touch -p T:9,U:53 10.79.0.2
scan ot-plain --zone ot --connect -p T:9,U:53 10.79.0.2
scan unassigned-plain --connect -p T:9,U:53 10.79.0.2
scan touch-plain --zone it --connect --risk touch -p T:9,U:53 10.79.0.2
capture_end udp-srv
that 'ot, unassigned, touch, by either way: nothing goes out by UDP' same "$(arrived udp-srv \
	'src 10.79.0.1 and udp and not ether multicast')" 0
for kept in ot unassigned otonly touch ot-plain unassigned-plain touch-plain; do
	that "$kept: the report says that UDP was not tried" same "$(cell $kept "SELECT text FROM remark
		WHERE kind = 'sweep' AND text LIKE 'UDP%'") $(cell $kept 'SELECT max(udp_ports) FROM host')" \
		'UDP was not tried 0'
done

# ---- beside nmap ----
if command -v nmap >/dev/null; then
	in_host udp-scan nmap -n -Pn -sU --max-retries 2 -oG "$lab_logs/nmap.txt" \
		-p 53,69,123,137,161,389,500,623,1194,1434,1900,3702,4500,5060,5353,5683 10.79.0.2 >/dev/null 2>&1
	found=$(tr ',' '\n' <"$lab_logs/nmap.txt" | sed -n 's/.*[^0-9]\([0-9]*\)\/open\/udp.*/\1/p' | sort -n)
	printf 'nmap: open %s\n' "$(echo "$found" | tr '\n' ' ')" | note
	missed=
	for port in $found; do
		case "$open4 " in *" $port/open "*) ;; *) missed="$missed $port" ;; esac
	done
	that 'nmap: calls nothing open that we do not' same "$missed" ''
else
	skip 'nmap: calls nothing open that we do not' 'nmap is not installed'
fi
that 'one machine: both addresses have one card' same "$(jq -r '.hosts[] | select(.address == "10.79.0.2") | .machine | "\(.addresses | join(" ")) \(.certain) \(.signs | index("mac address") != null)"' it.json)" '10.79.0.2 fd00:79::2 true true'
tap_done
