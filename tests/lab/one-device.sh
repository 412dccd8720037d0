#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One device with several addresses, which nobody declared, and no right to raw packets: the guard learns
# their MAC only by its first attempts. The device never has two of them at a time.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net near far'
lab_need tcpdump nft
cd "$lab_dir" || exit 99

near() { in_host near "$@"; }
far() { in_host far "$@"; }

build() {
	for host in near far; do
		ip netns add "lab-$host" && in_host "$host" ip link set lo up &&
			in_host "$host" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 || return 1
	done
	near ip link add e0 type veth peer name e0 netns lab-far &&
		near ip link set e0 up && far ip link set e0 up &&
		near ip address add 10.63.0.1/24 dev e0 || return 1
	for last in 5 6 14 23; do
		far ip address add "10.63.0.$last/24" dev e0 || return 1
	done
	# Another one beside it.
	far sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 &&
		far ip link add c0 link e0 type macvlan mode bridge && far ip link set c0 up &&
		far ip address add 10.63.0.20/32 dev c0 || return 1
	# Nothing comes back from the first port: attempts that last, and would be seen beside each other. The
	# device takes its time to say its MAC.
	far nft -f - <<-'END'
		table ip lab {
			chain input {
				type filter hook input priority 0;
				tcp dport 502 drop
			}
		}
		table arp lab {
			chain input {
				type filter hook input priority 0;
				iifname "e0" arp operation request drop
			}
		}
	END
	far "$lab_python" "$lab_tests/lab/wire-far.py" late e0 150 10.63.0.5 10.63.0.6 10.63.0.14 10.63.0.23 \
		>"$lab_logs/late.log" 2>&1 </dev/null 9>&- &
	within 10 grep -qs ready "$lab_logs/late.log" &&
		far ip neigh replace 10.63.0.1 lladdr "$(near cat /sys/class/net/e0/address)" dev e0 nud permanent
}
build >"$lab_logs/build.log" 2>&1
built=$?
result $built 'a device with four addresses, and another'
if [ $built != 0 ]; then
	note <"$lab_logs/build.log"
	tap_done
	exit 1
fi
mac=$(far cat /sys/class/net/e0/address)

far tcpdump -i e0 -n --immediate-mode -s 96 -B 4096 -Z root -U -w "$lab_logs/far.pcap" \
	"tcp and ether host $mac" >"$lab_logs/tcpdump.log" 2>&1 </dev/null &
within 10 grep -qs 'listening on' "$lab_logs/tcpdump.log"
begun=$(date +%s)
near "$TENKEN" scan --connect --store s.tenken --no-html --quiet -p 502,80,443,8080 10.63.0.2-10.63.0.29 \
	>"$lab_logs/scan.out" 2>"$lab_logs/scan.err" </dev/null
status=$?
result $status 'a scan without raw packets'
[ $status = 0 ] || note <"$lab_logs/scan.err"
echo "# $(($(date +%s) - begun)) seconds"
capture_end far
tcpdump -n -tt -r "$lab_logs/far.pcap" >"$lab_logs/far.txt" 2>/dev/null

"$lab_python" - "$lab_logs/far.txt" >checked <<'END'
import re, sys

began, ended = {}, {}
for line in open(sys.argv[1]):
    m = re.match(r"([\d.]+) IP (10\.63\.0\.\d+)\.(\d+) > (10\.63\.0\.\d+)\.(\d+): Flags \[(\S+)\]", line)
    if not m:
        continue
    t, ours = float(m[1]), m[2] == "10.63.0.1"
    key = (m[4], m[5], m[3]) if ours else (m[2], m[3], m[5])
    if ours and m[6] == "S":
        began.setdefault(key, t)
        ended[key] = t + 0.5  # its last SYN leaves nearly a second before it is given up
    elif "R" in m[6]:
        ended[key] = t
print("# attempts", len(began), "addresses", len({k[0] for k in began}))
beside = []
for a in began:
    for b in began:
        if a[0] < b[0] and began[a] < ended[b] and began[b] < ended[a]:
            beside.append((a, b, round(began[b] - began[a], 3)))
for x in beside[:20]:
    print("#", x)
sys.exit(2 if len(began) < 16 else 1 if beside else 0)
END
good=$?
result $good 'one attempt at a time'
cat checked
"$lab_python" "$lab_tests/cli/ask.py" s.tenken \
	"SELECT count(*) || ' ' || count(DISTINCT mac) || ' ' || min(complete) FROM host
	WHERE state = 'answering' AND mac IS NOT NULL" >hosts
[ "$(cat hosts)" = '5 2 1' ]
good=$?
result $good 'all of it was found'
[ $good = 0 ] || note <hosts
tap_done
