#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Between zones: hosts that a scan has seen are tried on ports that no conduit allows; a conduit that is over is
# told; control equipment gets one connection at a time, a second apart; a zone of which nothing is known is
# told as not tested.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net rz-bas rz-gw rz-plc rz-web'
lab_need tcpdump nft
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
cd "$lab_dir" || exit 99

# more HOST INTERFACE SEGMENT ADDRESS
more() {
	in_host net ip link add "w-$2" type veth peer name "$2" netns "lab-$1" &&
		in_host net ip link set "w-$2" master "br-$3" up && in_host "$1" ip address add "$4" dev "$2" &&
		in_host "$1" ip link set "$2" up
}
build() {
	for segment in rzo rzp rzd; do
		in_host net ip link add "br-$segment" type bridge && in_host net ip link set "br-$segment" up || return 1
	done
	lab_host rz-bas rzo 10.82.1.10/24 default 10.82.1.1 && lab_host rz-gw rzo 10.82.1.1/24 &&
		more rz-gw eth1 rzp 10.82.2.1/24 && more rz-gw eth2 rzd 10.82.3.1/24 &&
		in_host rz-gw sysctl -q -w net.ipv4.ip_forward=1 &&
		lab_host rz-plc rzp 10.82.2.20/24 default 10.82.2.1 &&
		lab_host rz-web rzd 10.82.3.20/24 default 10.82.3.1
}
cat >listen.py <<'END'
import socket, sys, threading
def serve(port):
    s = socket.create_server((sys.argv[1], port), backlog=16)
    while True:
        c, _ = s.accept()
        c.close()
for port in map(int, sys.argv[3:]):
    threading.Thread(target=serve, args=(port,), daemon=True).start()
serve(int(sys.argv[2]))
END
cat >site.yaml <<END
site: zones
timezone: Asia/Tokyo
authorisation: {by: somebody, from: 2020-01-01, until: 2099-12-31}
vantage: {name: bastion, zone: office}
zones:
  - {name: office, kind: it, networks: 10.82.1.0/24}
  - {name: plant, kind: ot, networks: 10.82.2.0/24}
  - {name: dmz, kind: dmz, networks: 10.82.3.0/24}
  - {name: lab, kind: it, networks: 10.82.4.0/24}
conduits:
  - {from: office, to: dmz, ports: tcp/443}
  - {from: office, to: dmz, ports: tcp/80, until: 2025-03-31}
beacon: {address: 203.0.113.9, key_file: key}
END
that 'the lab stands' build
"$TENKEN" beacon --make-key key >/dev/null
serve rz-plc plc "$lab_python" "$lab_dir/listen.py" 10.82.2.20 502
serve rz-web web "$lab_python" "$lab_dir/listen.py" 10.82.3.20 80 443 8081
wait_port rz-plc 502 && wait_port rz-web 8081
in_host rz-bas "$TENKEN" scan -c site.yaml --store s.tenken --no-html --quiet -p 80,443,502,8081 \
	10.82.2.20 10.82.3.20 >"$lab_logs/scan.out" 2>&1 </dev/null
in_host rz-gw nft -f - <<END
table inet f { chain forward { type filter hook forward priority 0;
	ip daddr 10.82.2.0/24 tcp dport != 502 drop; }; }
END
capture rz-plc
in_host rz-bas "$TENKEN" reach -c site.yaml --store s.tenken --no-html --quiet --only zones \
	>"$lab_logs/reach.out" 2>"$lab_logs/reach.err" </dev/null
result $? 'the run'
capture_end rz-plc
cp s.tenken "$lab_logs"
is 'what policy denies was tried, and nothing else' "SELECT destination || ' ' || port || ' ' || from_zone || ' ' ||
	to_zone || ' ' || outcome || ' ' || coalesce(note, '-') FROM path
	WHERE scan = (SELECT max(id) FROM scan) ORDER BY destination, port" <<END
10.82.2.20 22 office plant silent -
10.82.2.20 80 office plant silent -
10.82.2.20 443 office plant silent -
10.82.2.20 445 office plant silent -
10.82.2.20 502 office plant reached -
10.82.2.20 3389 office plant silent -
10.82.3.20 22 office dmz refused -
10.82.3.20 80 office dmz reached expired
10.82.3.20 445 office dmz refused -
10.82.3.20 3389 office dmz refused -
10.82.3.20 8081 office dmz reached -
10.82.4.0 0 office lab not-tested no host of this zone is known yet: it takes a scan, or listening
END
# Not a byte is sent on what stands, and it is closed properly.
that 'the controller is connected to once, and gets no byte' test \
	"$(tcpdump -nr "$lab_logs/rz-plc.pcap" 'tcp[13] & 18 = 2 and dst port 502' 2>/dev/null | wc -l)" = 1
that 'no data' test "$(tcpdump -nr "$lab_logs/rz-plc.pcap" \
	'dst host 10.82.2.20 and tcp[13] & 8 != 0' 2>/dev/null | wc -l)" = 0
that 'and no reset' test "$(tcpdump -nr "$lab_logs/rz-plc.pcap" \
	'dst host 10.82.2.20 and tcp[13] & 4 != 0' 2>/dev/null | wc -l)" = 0
that 'the journal tells them a second apart' "$lab_python" - s.tenken <<'END'
import sqlite3, sys
at = [r[0] for r in sqlite3.connect(sys.argv[1]).execute(
    "SELECT opened_ms FROM journal WHERE scan = (SELECT max(id) FROM scan) AND address = '10.82.2.20' ORDER BY 1")]
sys.exit(not (len(at) == 6 and all(b - a >= 1000 for a, b in zip(at, at[1:]))))
END
tap_done
