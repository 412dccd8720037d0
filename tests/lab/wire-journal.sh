#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tenken journal against a capture: a raw sweep on a link and behind a gateway, and connections to a zone
# of kind ot, from one namespace ("near") to all the addresses of another ("far"). Every frame that
# reached it is in the journal's answer, and nothing is said of an address that was no target.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net near far'
lab_need tcpdump
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
cd "$lab_dir" || exit 99
LC_ALL=C.UTF-8
LANGUAGE=en
export LC_ALL LANGUAGE

near() { in_host near "$@"; }
far() { in_host far "$@"; }

build() {
	for host in near far; do
		ip netns add "lab-$host" && in_host "$host" ip link set lo up &&
			in_host "$host" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 || return 1
	done
	near ip link add e0 type veth peer name e0 netns lab-far &&
		near ip link set e0 up && far ip link set e0 up &&
		near ip address add 10.80.0.1/24 dev e0 &&
		near ip route add 10.90.0.0/16 via 10.80.0.2 || return 1
	for last in 2 3 4 5 6 66; do
		far ip address add "10.80.0.$last/24" dev e0 || return 1
	done
	# What nobody has behind the gateway is silent.
	far ip address add 10.90.0.7/32 dev lo && far ip route add blackhole 10.90.0.0/16 &&
		far sysctl -q -w net.ipv4.ip_forward=1
}
build >"$lab_logs/build.log" 2>&1
built=$?
result $built 'two namespaces stand'
if [ $built != 0 ]; then
	note <"$lab_logs/build.log"
	tap_done
	exit 1
fi

cat >site.yaml <<'END'
site: journal
timezone: Asia/Tokyo
vantage: {name: bastion, zone: office}
zones:
  - {name: office, kind: it, networks: [10.80.0.0/26, 10.90.0.0/24]}
  - {name: plant, kind: ot, networks: [10.80.0.64/29]}
END
far "$lab_python" -c '
import select, socket
listening = []
for port in (22, 80, 502):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("0.0.0.0", port))
    s.listen(64)
    listening.append(s)
while True:
    for s in select.select(listening, [], [])[0]:
        s.accept()[0].close()' >"$lab_logs/server.log" 2>&1 </dev/null &
wait_port far 502
far tcpdump -i e0 -n --immediate-mode -s 128 -B 4096 -Z root -U -w "$lab_logs/far.pcap" \
	src host 10.80.0.1 >"$lab_logs/tcpdump.log" 2>&1 </dev/null &
watcher=$!
within 10 grep -q 'listening on' "$lab_logs/tcpdump.log"

near "$TENKEN" scan -c site.yaml --store s.tenken --no-html --quiet \
	-p T:22,80,443,502,8080,9100,U:53,161 10.80.0.2-10.80.0.62 10.80.0.64/29 10.90.0.0/24 \
	>"$lab_logs/scan.out" 2>"$lab_logs/scan.err" </dev/null
status=$?
result $status 'the scan ends well'
[ $status = 0 ] || note <"$lab_logs/scan.err"
[ ! -e s.tenken.journal ]
result $? 'its journal is in the store'
kill -INT "$watcher"
ended() { ! kill -0 "$watcher" 2>/dev/null; }
within 10 ended
tcpdump -n -tt -Z root -r "$lab_logs/far.pcap" >"$lab_logs/far.txt" 2>/dev/null

cat >check.py <<'END'
"""Every captured frame against the journal's answer for its address."""
import collections, datetime, json, re, subprocess, sys

tenken, store, seen = sys.argv[1:]


def ask(*options):
    out = subprocess.run([tenken, "journal", store, "--json", *options], check=True,
                         stdout=subprocess.PIPE).stdout
    return json.loads(out)


def unix(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def stamp(t):
    return datetime.datetime.fromtimestamp(int(t), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


frames = collections.defaultdict(list)  # by address: time, kind, port, source port
for line in open(seen):
    t = float(line.split()[0])
    arp = re.search(r"ARP, Request who-has ([\d.]+)", line)
    echo = re.search(r"IP [\d.]+ > ([\d.]+): ICMP echo request", line)
    syn = re.search(r"IP 10\.80\.0\.1\.(\d+) > ([\d.]+)\.(\d+): Flags \[S\]", line)
    udp = re.search(r"IP 10\.80\.0\.1\.(\d+) > ([\d.]+)\.(53|161): (?!Flags)", line)
    if arp:
        frames[arp[1]].append((t, "arp", None, None))
    elif echo:
        frames[echo[1]].append((t, "echo", None, None))
    elif syn or udp:
        one = syn or udp
        frames[one[2]].append((t, "syn" if syn else "udp", int(one[3]), int(one[1])))

raw_port = {ask("--address", "10.90.0.20")["frames_at_most"][0]["source_port"]}
# Whoever answers is asked for by the kernel too, before its reset and its connections.
live = {"10.80.0.%d" % last for last in (2, 3, 4, 5, 6, 66)}
wrong, counts = [], collections.Counter()
for address, list_ in sorted(frames.items()):
    told = ask("--address", address)
    for t, kind, port, source in list_:
        due = [f for f in told["frames_at_most"] if f["kind"] == kind and
               (port is None or port in f["ports"]) and unix(f["from"]) - 1 <= t <= unix(f["until"]) + 1]
        if kind == "syn" and source not in raw_port:
            due = [c for c in told["connections"] if c["port"] == port and c["source_port"] == source and
                   unix(c["opened"]) - 1 <= t <= unix(c["closed"]) + 1]
            kind = "connection"
        counts[kind] += 1
        if not due and kind == "arp" and address in live:
            continue
        if not due:
            wrong.append("%s %.3f %s %s" % (address, t, kind, port))
        # The same asked by time.
        elif kind == "syn" and counts["syn"] % 50 == 1:
            around = ask("--address", address, "--from", stamp(t - 1), "--to", stamp(t + 1))
            if not any(port in f.get("ports", ()) for f in around["frames_at_most"]):
                wrong.append("%s %.3f: not within its second" % (address, t))
print("captured:", dict(counts), "addresses:", len(frames), file=sys.stderr)


def tell(good, words):
    print("%s %s" % ("ok" if good else "not ok", words))


tell(not wrong, "every frame is in the journal's answer for its address" +
     "".join("\n# " + w for w in wrong[:20]))
tell(all(counts[kind] > 0 for kind in ("arp", "echo", "syn", "udp", "connection")), "every kind was captured")

# Nothing answers there and nothing is left out: what was due by TCP is what was sent.
exact = []
for last in range(20, 60):
    address = "10.90.0.%d" % last
    due = collections.Counter(p for f in ask("--address", address)["frames_at_most"]
                              if f["kind"] == "syn" for p in f["ports"])
    sent = collections.Counter(p for _, kind, p, _ in frames[address] if kind == "syn")
    if not sent or due != sent:
        exact.append("%s due %s sent %s" % (address, dict(due), dict(sent)))
tell(not exact, "of silent addresses it names what was sent and no more" + "".join("\n# " + w for w in exact[:5]))

first = min(t for list_ in frames.values() for t, *_ in list_)
for words, options in (("an address that was no target", ["--address", "10.90.1.20"]),
                       ("one of another family", ["--address", "2001:db8::1"]),
                       ("the day before", ["--address", "10.90.0.20", "--to", stamp(first - 86400)]),
                       ("of everything, the day before", ["--to", stamp(first - 86400)])):
    told = ask(*options)
    tell(not told["connections"] and not told["frames_at_most"], "nothing: " + words)

# All connections, without an address: as many as the capture saw begin.
began = {(a, p, s) for a, list_ in frames.items() for _, kind, p, s in list_ if kind == "syn" and s not in raw_port}
told = {(c["address"], c["port"], c["source_port"]) for c in ask()["connections"]}
tell(began == told, "all connections, and no other" + "".join("\n# %s" % (x,) for x in sorted(began ^ told)[:10]))
END
"$lab_python" check.py "$TENKEN" s.tenken "$lab_logs/far.txt" >checked 2>"$lab_logs/check.err"
while IFS= read -r line; do
	case $line in
	'ok '*) ok "${line#ok }" ;;
	'not ok '*) not_ok "${line#not ok }" ;;
	*) echo "$line" ;;
	esac
done <checked
[ "$(grep -c '^ok\|^not ok' checked)" = 8 ]
result $? 'all was looked at'
note <"$lab_logs/check.err"

# In words, by the clock of the site. It may begin in one hour and end in the next.
begun=$(head -n 1 "$lab_logs/far.txt" | cut -d . -f 1) ended=$(tail -n 1 "$lab_logs/far.txt" | cut -d . -f 1)
minute=$(TZ=Asia/Tokyo date -d "@$begun" '+%Y-%m-%d %H:%M') end=$(TZ=Asia/Tokyo date -d "@$ended" '+%Y-%m-%d %H')
"$TENKEN" journal s.tenken --address 10.90.0.7 --from "$minute" >"$lab_logs/text" 2>&1
result $? 'in words'
grep -qE "^  (${minute%:*}|$end):.* 10.80.0.1 port 6[0-9]*  TCP SYN  to ports .*22" "$lab_logs/text"
good=$?
result $good 'times are those of the site'
[ $good = 0 ] || note <"$lab_logs/text"
"$TENKEN" journal s.tenken >"$lab_logs/summary" 2>&1
[ "$(grep -c ' at most ' "$lab_logs/summary")" -lt 40 ] && grep -q ' at most .*10.90.0.0/24' "$lab_logs/summary"
good=$?
result $good 'all of it is a few lines'
[ $good = 0 ] || note <"$lab_logs/summary"

# refuses WORDS OPTION...: status 2 and one line
refuses() {
	words=$1
	shift
	"$TENKEN" journal "$@" >out 2>err </dev/null
	[ $? = 2 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ]
	good=$?
	result $good "refused: $words"
	[ $good = 0 ] || note <err
}
refuses 'no address' s.tenken --address office
refuses 'a network' s.tenken --address 10.90.0.0/24
refuses 'no time' s.tenken --from noon
refuses 'a day that is none' s.tenken --from 2026-02-30
refuses 'a minute that is none' s.tenken --to '2026-11-21 02:60'
refuses 'the end before the beginning' s.tenken --from 2026-11-22 --to 2026-11-21
refuses 'no such scan' s.tenken --scan 9
refuses 'no number of a scan' s.tenken --scan newest
refuses 'no such store' absent.tenken
refuses 'no store' site.yaml
tap_done
