#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OPC UA servers in a zone of kind ot: "weak" is open to anybody and knows no encryption, "firm" wants signed and
# encrypted messages and a name or a certificate, "both" leaves it to the client, "shut" does not even speak with
# strangers. What each tells, what is found, and what the servers were asked.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net oc-scan weak firm both shut'
lab_need tcpdump openssl
node_has node-opcua || skip_all 'node-opcua is not installed'
cd "$lab_dir" || exit 99

in_host net ip link add br-oc type bridge && in_host net ip link set br-oc up &&
	lab_host oc-scan oc 10.85.0.1/24 && lab_host weak oc 10.85.0.11/24 && lab_host firm oc 10.85.0.12/24 &&
	lab_host both oc 10.85.0.13/24 && lab_host shut oc 10.85.0.14/24
built=$?
result $built 'a scanner and four hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }

opcua weak 10.85.0.11 'Filter plant' None None,Basic256 anonymous operator secret
opcua firm 10.85.0.12 'Filter plant' SignAndEncrypt Basic256Sha256,Aes128_Sha256_RsaOaep - operator secret
opcua both 10.85.0.13 'Filter plant' None,SignAndEncrypt None,Basic256Sha256 - operator secret
opcua shut 10.85.0.14 'Filter plant' SignAndEncrypt Basic256Sha256 no-discovery operator secret
up=0
for host in weak firm both shut; do
	within 120 grep -q '^standing' "$lab_logs/$host-opcua.log" || { up=1; note <"$lab_logs/$host-opcua.log"; }
done
result $up 'every server stands'

capture weak
result $? 'what weak hears is kept'
in_host oc-scan "$TENKEN" scan --zone ot --store s.tenken --json s.json --no-html --quiet -p 4840 10.85.0.11-10.85.0.14 \
	>"$lab_logs/scan.out" 2>"$lab_logs/scan.err" </dev/null
status=$?
cp s.json "$lab_logs" 2>/dev/null
capture_end weak
[ $status = 0 ] || note <"$lab_logs/scan.err"
that 'the scan' same $status 0

is 'each port speaks OPC UA' "SELECT address || ' ' || port || ' ' || protocol FROM service WHERE state = 'open'
	ORDER BY address" <<END
10.85.0.11 4840 opcua
10.85.0.12 4840 opcua
10.85.0.13 4840 opcua
10.85.0.14 4840 opcua
END
is 'what each says of itself and of its users' "SELECT address || ' ' || (document ->> '\$.channel') || ' '
	|| coalesce((document ->> '\$.application') || ', ' || (document ->> '\$.type') || ', ' || (document ->> '\$.security')
	|| ', encryption ' || (document ->> '\$.encryption') || ', anonymous ' || (document ->> '\$.anonymous')
	|| ', names ' || (document ->> '\$.user_name'), document ->> '\$.status')
	FROM evidence WHERE probe = 'opcua' ORDER BY address" <<END
10.85.0.11 1 Filter plant, server, none, encryption 0, anonymous 1, names 1
10.85.0.12 1 Filter plant, server, required, encryption 1, anonymous 0, names 1
10.85.0.13 1 Filter plant, server, optional, encryption 1, anonymous 0, names 1
10.85.0.14 0 0x80550000
END
is 'the endpoints, and how a password is encrypted where messages are not' "SELECT address || ' '
	|| (e.value ->> '\$.mode') || ' ' || (e.value ->> '\$.policy') || ' '
	|| coalesce(e.value ->> '\$.user_name_policies', '-') FROM evidence, json_each(document, '\$.endpoints') e
	WHERE probe = 'opcua' ORDER BY 1" <<END
10.85.0.11 none None ["Basic256"]
10.85.0.12 sign-and-encrypt Aes128_Sha256_RsaOaep -
10.85.0.12 sign-and-encrypt Basic256Sha256 -
10.85.0.13 none None ["Basic256Sha256"]
10.85.0.13 sign-and-encrypt Basic256Sha256 -
END
# The servers' own copies.
for host in weak firm both; do
	openssl x509 -in "$host.opcua/pki/own/certs/certificate.pem" -noout -fingerprint -sha256 2>&1 |
		sed -n 's/.*=//; s/://gp' | tr 'A-F' 'a-f'
done >theirs
sql "SELECT document ->> '\$.certificates[0].sha256' FROM evidence WHERE probe = 'opcua' AND document ->> '\$.channel'
	ORDER BY address" >ours
[ -s theirs ] && diff theirs ours >difference
good=$?
result $good 'their certificates'
[ $good = 0 ] || note <difference
is 'findings: weak is open to anybody and encrypts nothing; both may be spoken with in clear' "SELECT address || ' ' || check_id || ' '
	|| coalesce(detail, '-') FROM finding WHERE port = 4840 ORDER BY address, check_id" <<END
10.85.0.11 exposure.ot-protocol-cleartext opcua
10.85.0.11 exposure.unauthenticated-service opcua
10.85.0.11 tls.none opcua
10.85.0.13 exposure.ot-protocol-cleartext opcua
END
is 'the library is recognised' "SELECT DISTINCT i.value ->> '\$.product' FROM evidence, json_each(document, '\$.identity') i
	WHERE probe = 'opcua'" <<END
node-opcua
END

# ---- manners ----
asked() { grep -v '^standing\|NODE-OPCUA\|security-revert' "$lab_logs/$1-opcua.log" | tr '\n' ' '; }
that 'weak, firm and both were asked for their endpoints and nothing else, no session was made' same \
	"$(asked weak)$(asked firm)$(asked both)" 'GetEndpointsRequest GetEndpointsRequest GetEndpointsRequest '
that 'weak: one connection of the sweep, one with the question' same "$(tcpdump -nr "$lab_logs/weak.pcap" \
	'dst port 4840 and tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn' 2>/dev/null | awk '{print $3}' | sort -u | wc -l)" 2
that 'weak: no reset' same "$(tcpdump -nr "$lab_logs/weak.pcap" 'tcp[tcpflags] & tcp-rst != 0' 2>/dev/null | wc -l)" 0
tap_done
