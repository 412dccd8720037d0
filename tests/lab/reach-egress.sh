#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The egress matrix against the real beacon: ways out that are open, filtered in every manner, not there,
# taken by somebody else; proxies, resolvers, IPv6 only; a beacon that is not there, has another key or clock,
# answers that are forged or old. Each gives exactly its rows.
# shellcheck disable=SC2154,SC2086 # variables of lab.sh; words of a command
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net re-bas re-gw re-srv re-out'
lab_need tcpdump nft unbound dnsmasq tinyproxy danted faketime
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
cd "$lab_dir" || exit 99

# bastion -- inside -- gateway -- outside -- beacon; a server with a leg in both, which forwards nothing.
build() {
	for segment in in out; do
		in_host net ip link add "br-$segment" type bridge && in_host net ip link set "br-$segment" up || return 1
	done
	lab_host re-bas in 10.81.1.10/24 default 10.81.1.1 && lab_host re-gw in 10.81.1.1/24 &&
		lab_host re-srv in 10.81.1.53/24 && lab_host re-out out 203.0.113.9/24 || return 1
	for host in re-bas re-gw re-srv re-out; do
		in_host "$host" sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0
		in_host "$host" ip link set lo up
	done
	leg re-gw 203.0.113.1/24 && leg re-srv 203.0.113.53/24 &&
		in_host re-gw sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 &&
		in_host re-out ip route add 10.81.1.0/24 via 203.0.113.1 &&
		in_host re-bas ip -6 address add fd81:1::10/64 dev eth0 nodad &&
		in_host re-gw ip -6 address add fd81:1::1/64 dev eth0 nodad &&
		in_host re-gw ip -6 address add 2001:db8:81::1/64 dev eth1 nodad &&
		in_host re-out ip -6 address add 2001:db8:81::9/64 dev eth0 nodad &&
		in_host re-out ip -6 route add fd81:1::/64 via 2001:db8:81::1
}
# leg HOST ADDRESS: a second interface, outside
leg() {
	in_host net ip link add "w-$1" type veth peer name eth1 netns "lab-$1" &&
		in_host net ip link set "w-$1" master br-out up && in_host "$1" ip address add "$2" dev eth1 &&
		in_host "$1" ip link set eth1 up
}

# site ADDRESSES [LINE...]: a site file with this beacon
site() {
	addresses=$1
	shift
	cat >site.yaml <<END
site: egress
timezone: Asia/Tokyo
authorisation: {by: somebody, reference: R1, from: 2020-01-01, until: 2099-12-31}
vantage: {name: bastion, zone: plant}
zones:
  - {name: plant, kind: it, networks: [10.81.1.0/24, 'fd81:1::/64']}
beacon: {name: far, address: [$addresses], key_file: key, dns_name: t.example,
  ports: [tcp/80, tcp/443, tcp/2222, udp/123]}
END
	for line; do
		echo "$line" >>site.yaml
	done
}
# reach NAME OPTION...
reach() {
	kept=$1
	shift
	in_host re-bas "$TENKEN" reach -c site.yaml --store "$kept.tenken" --no-html --quiet "$@" \
		>"$lab_logs/$kept.out" 2>"$lab_logs/$kept.err" </dev/null
	status=$?
	cp "$kept.tenken" "$lab_logs" 2>/dev/null
	[ $status = 0 ] || note <"$lab_logs/$kept.err"
	return $status
}
# rows NAME [COLUMNS]: what became of every path
rows() {
	"$lab_python" - "$1.tenken" "${2:-method, port, outcome}" <<'END'
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
for row in db.execute("SELECT %s FROM path ORDER BY method, via, port, destination, number" % sys.argv[2]):
    print(" ".join("-" if v is None else str(v) for v in row))
END
}
# gives WORDS NAME COLUMNS: its rows are those of standard input
gives() {
	cat >expected
	rows "$2" "$3" >got
	diff expected got >difference
	good=$?
	result $good "$1"
	[ $good = 0 ] || note <difference
}
beacon() {
	serve re-out "beacon-$1" ${prefix:-} "${BEACON:-$TENKEN}" beacon --key "$2" --tcp 80,443,2222 --udp 53,123 \
		--http 80 --tls 443 --dns t.example --dns-address 203.0.113.9 --icmp
	wait_port re-out 2222
}
beacon_end() {
	for pid in $(ip netns pids lab-re-out); do
		kill -TERM "$pid" 2>/dev/null
	done
	within 5 test -z "$(ip netns pids lab-re-out)"
}
filter() { in_host re-gw nft -f -; }
open_filter() { in_host re-gw nft flush ruleset; }
matrix() { gives "$1" "$2" "method, port, outcome"; }
direct=tcp,udp,icmp,http,tls

that 'the lab stands' build
# The resolver of this machine is none of the lab's.
[ -n "${TENKEN_LAB_ALONE:-}" ] || skip_all 'no mount namespace of its own'
: >resolv.conf
mount --bind resolv.conf /etc/resolv.conf || skip_all 'resolv.conf cannot be covered'
"$TENKEN" beacon --make-key key >/dev/null
that 'the beacon listens' beacon first key
wait_beacon() { within 10 grep -q listening "$lab_logs/beacon-$1.log"; }
wait_beacon first
capture re-gw

# ---- open ----
site 203.0.113.9
that 'open: the run' reach open --only $direct
matrix 'open: everything arrives' open <<END
http 80 reached
icmp 0 reached
tcp 80 reached
tcp 443 reached
tcp 2222 reached
tls 443 reached
udp 123 reached
END
gives 'open: seen as itself, from the own interface' open "DISTINCT interface, source, seen_as, refutes, from_zone, answered_by, note" <<END
eth0 10.81.1.10 10.81.1.10 1 plant - -
END
gives 'open: both sides of a conversation are kept' open \
	"DISTINCT length(evidence->>'sent'), length(evidence->>'received'), (evidence->>'clock_ahead_s') BETWEEN -5 AND 5" <<END
128 128 1
END
that 'the journal tells every conversation' test "$(in_host re-bas "$TENKEN" journal open.tenken |
	grep -c '203.0.113.9 .*reach-')" = 7

# ---- filtered ----
filter <<END
table inet f { chain forward { type filter hook forward priority 0; ip daddr 203.0.113.9 drop; }; }
END
that 'drop: the run' reach drop --only $direct,hops
matrix 'drop: silence everywhere' drop <<END
http 80 silent
icmp 0 silent
tcp 80 silent
tcp 443 silent
tcp 2222 silent
tls 443 silent
udp 123 silent
END
gives 'drop: the last that answers is the gateway' drop "DISTINCT hops ->> '\$[0].from', json_array_length(hops)" <<END
10.81.1.1 1
END
open_filter
filter <<END
table inet f { chain forward { type filter hook forward priority 0;
	ip daddr 203.0.113.9 meta l4proto tcp reject with tcp reset; ip daddr 203.0.113.9 drop; }; }
END
that 'reset: the run' reach reset --only $direct
matrix 'reset: by somebody on the way' reset <<END
http 80 reset-on-way
icmp 0 silent
tcp 80 reset-on-way
tcp 443 reset-on-way
tcp 2222 reset-on-way
tls 443 reset-on-way
udp 123 silent
END
open_filter
filter <<END
table inet f { chain forward { type filter hook forward priority 0;
	ip daddr 203.0.113.9 reject with icmpx admin-prohibited; }; }
END
that 'prohibited: the run' reach prohibited --only $direct
gives 'prohibited: by whom' prohibited "DISTINCT outcome, answered_by, evidence ->> 'icmp_type', evidence ->> 'icmp_code'" <<END
prohibited 10.81.1.1 3 13
END
open_filter
filter <<END
table inet f { chain forward { type filter hook forward priority 0; ip daddr 203.0.113.9 reject; }; }
END
that 'rejected: the run' reach rejected --only $direct
gives 'port unreachable by a router is no refusal of the beacon' rejected "DISTINCT outcome, answered_by" <<END
prohibited 10.81.1.1
END
open_filter
# One port through a filter that resets the rest: whose reset it is shows by its distance.
filter <<END
table inet f { chain forward { type filter hook forward priority 0;
	ip daddr 203.0.113.9 tcp dport { 80, 443 } reject with tcp reset; }; }
END
that 'one port: the run' reach one --only tcp
gives 'one port: the others are reset on the way' one "port, outcome, note" <<END
80 reset-on-way it comes from another distance than the beacon's answers
443 reset-on-way it comes from another distance than the beacon's answers
2222 reached -
END
open_filter

# ---- no route ----
in_host re-bas ip route del default
that 'no route: the run' reach noroute --only $direct
gives 'no route: nothing leaves' noroute "DISTINCT outcome, answered_by, refutes" <<END
no-route - 0
END
in_host re-bas ip route add default via 10.81.1.1
in_host re-gw ip route add unreachable 203.0.113.9/32
that 'no way on: the run' reach nowayon --only $direct
gives 'no way on: the gateway says so' nowayon "DISTINCT outcome, answered_by, note" <<END
no-route 10.81.1.1 a router says that there is no way on
END
in_host re-gw ip route del unreachable 203.0.113.9/32
in_host re-bas ip route replace default via 10.81.1.99
that 'dead gateway: the run' reach deadgw --only tcp,udp
gives 'dead gateway: the next hop does not answer' deadgw "DISTINCT outcome, answered_by, note" <<END
no-route - the next hop does not answer
END
in_host re-bas ip route replace default via 10.81.1.1

# ---- address translation ----
filter <<END
table inet f { chain post { type nat hook postrouting priority 100; oifname eth1 masquerade; }; }
END
that 'translated: the run' reach nat --only $direct
gives 'translated: seen as the gateway' nat "DISTINCT outcome, source, seen_as" <<END
reached 10.81.1.10 203.0.113.1
END
open_filter

# ---- somebody else answers ----
cat >portal.py <<'END'
import socket, ssl, sys, threading
PAGE = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/login\r\nServer: portal\r\nContent-Length: 0\r\n\r\n"
def serve(port):
    s = socket.create_server(("10.81.1.1", port), backlog=64)
    print("listening", port, flush=True)
    while True:
        c, _ = s.accept()
        try:
            c.settimeout(2)
            c.recv(4096)
            c.sendall(PAGE)
        except OSError:
            pass
        c.close()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("10.81.1.1", 9000))
threading.Thread(target=serve, args=(8000,), daemon=True).start()
while True:
    data, peer = u.recvfrom(2048)
    u.sendto(data[::-1], peer)
END
serve re-gw portal "$lab_python" "$lab_dir/portal.py"
wait_port re-gw 8000
filter <<END
table ip f { chain pre { type nat hook prerouting priority -100;
	ip daddr 203.0.113.9 meta l4proto tcp redirect to :8000;
	ip daddr 203.0.113.9 meta l4proto udp redirect to :9000;
	ip daddr 203.0.113.9 meta l4proto icmp redirect; }; }
END
that 'portal: the run' reach portal --only $direct
matrix 'portal: recognised on every way' portal <<END
http 80 answered-by-other
icmp 0 answered-by-other
tcp 80 answered-by-other
tcp 443 answered-by-other
tcp 2222 answered-by-other
tls 443 answered-by-other
udp 123 answered-by-other
END
gives 'portal: refutes nothing, and its page is told' portal \
	"DISTINCT refutes, seen_as, max(evidence ->> 'location'), max(evidence ->> 'server')" <<END
0 - http://portal.example/login portal
END
that 'portal, all ports: the run' reach strange --only tcp --all-ports
gives 'portal, all ports: a stranger is not swept' strange "sum(port = 0), min(iif(port = 0, outcome, NULL)), min(iif(port = 0, note, NULL)), count(*)" <<END
1 not-tested all ports: somebody else answers at the beacon's address 4
END
open_filter
for pid in $(ip netns pids lab-re-gw); do kill -TERM "$pid" 2>/dev/null; done

# ---- proxies only ----
block() { filter; }
block <<END
table inet f { chain forward { type filter hook forward priority 0; drop; }; }
END
cat >tinyproxy.conf <<END
Port 8888
Listen 10.81.1.53
Timeout 20
Allow 10.81.1.0/24
ConnectPort 443
LogLevel Error
END
cat >danted.conf <<END
internal: 10.81.1.53 port = 1080
external: eth1
socksmethod: none
clientmethod: none
client pass { from: 10.81.1.0/24 to: 0.0.0.0/0 }
socks pass { from: 10.81.1.0/24 to: 0.0.0.0/0 }
END
cat >refuser.conf <<END
Port 8889
Listen 10.81.1.53
Timeout 20
Allow 192.0.2.1
LogLevel Error
END
serve re-srv tinyproxy tinyproxy -d -c "$lab_dir/tinyproxy.conf"
serve re-srv refuser tinyproxy -d -c "$lab_dir/refuser.conf"
serve re-srv danted danted -f "$lab_dir/danted.conf"
wait_port re-srv 8888 && wait_port re-srv 8889 && wait_port re-srv 1080
site 203.0.113.9 'proxies: [10.81.1.53:8888, 10.81.1.53:8889, 10.81.1.53:1080]'
that 'proxies: the run' reach proxies --only tcp,proxy
gives 'proxies: the only ways out' proxies "method, via, outcome, seen_as" <<END
proxy-connect 10.81.1.53:1080 not-tested -
proxy-connect 10.81.1.53:8888 reached 203.0.113.53
proxy-connect 10.81.1.53:8889 prohibited -
proxy-get 10.81.1.53:1080 not-tested -
proxy-get 10.81.1.53:8888 reached 203.0.113.53
proxy-get 10.81.1.53:8889 prohibited -
socks4a 10.81.1.53:1080 reached 203.0.113.53
socks4a 10.81.1.53:8888 not-tested -
socks4a 10.81.1.53:8889 not-tested -
socks5 10.81.1.53:1080 reached 203.0.113.53
socks5 10.81.1.53:8888 not-tested -
socks5 10.81.1.53:8889 not-tested -
tcp - silent -
tcp - silent -
tcp - silent -
END

# ---- names only ----
cat >unbound.conf <<END
server:
	interface: 10.81.1.53
	access-control: 10.81.1.0/24 allow
	do-daemonize: no
	use-syslog: no
	chroot: ""
	username: ""
	pidfile: ""
	directory: "$lab_dir"
	module-config: "iterator"
	do-ip6: no
	do-not-query-localhost: no
remote-control:
	control-enable: no
stub-zone:
	name: "t.example"
	stub-addr: 203.0.113.9
stub-zone:
	name: "."
	stub-addr: 203.0.113.250
END
serve re-srv unbound unbound -d -c "$lab_dir/unbound.conf"
within 10 test -n "$(in_host re-srv ss -Hlun 'sport = :53')"
site 203.0.113.9 'names: {resolvers: 10.81.1.53}'
echo 'nameserver 192.0.2.53' >resolv.conf
that 'names: the run' reach names --only udp,dns
gives 'names: the resolver is a way out, and only declared zones are asked' names "method, via, outcome, refutes, seen_as, note" <<END
dns-a 10.81.1.53 reached 1 - -
dns-a 192.0.2.53 not-tested 0 - outside the declared zones
dns-long 10.81.1.53 reached 1 203.0.113.53 -
dns-long 192.0.2.53 not-tested 0 - outside the declared zones
dns-txt - silent 0 - -
dns-txt 10.81.1.53 reached 1 203.0.113.53 -
dns-txt 192.0.2.53 not-tested 0 - outside the declared zones
udp - silent 0 - -
END
: >resolv.conf
for pid in $(ip netns pids lab-re-srv); do kill -TERM "$pid" 2>/dev/null; done
within 5 test -z "$(ip netns pids lab-re-srv)"
serve re-srv wildcard dnsmasq -k -C /dev/null --no-resolv --no-hosts --listen-address=10.81.1.53 --bind-interfaces \
	--address=/#/10.81.1.53
within 10 test -n "$(in_host re-srv ss -Hlun 'sport = :53')"
site 203.0.113.9 'names: {resolvers: 10.81.1.53}'
that 'wildcard: the run' reach wildcard --only dns
gives 'wildcard: a resolver that answers every name is recognised' wildcard "method, via, outcome, note" <<END
dns-a 10.81.1.53 answered-by-other this resolver answers every name
dns-long 10.81.1.53 name-refused -
dns-txt - silent -
dns-txt 10.81.1.53 name-refused -
END
for pid in $(ip netns pids lab-re-srv); do kill -TERM "$pid" 2>/dev/null; done

# ---- proxies that browsers would find by themselves ----
cat >wpad.py <<'END'
import http.server
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"function FindProxyForURL(u, h) { return '%s'; }" % (
            b"PROXY 10.81.1.53:8888" if self.path == "/wpad.dat" else b"SOCKS 10.81.1.53:1080")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("10.81.1.53", 80), H).serve_forever()
END
serve re-srv wpad "$lab_python" "$lab_dir/wpad.py"
serve re-srv tinyproxy2 tinyproxy -d -c "$lab_dir/tinyproxy.conf"
serve re-srv danted2 danted -f "$lab_dir/danted.conf"
serve re-srv names dnsmasq -k -C /dev/null --no-resolv --no-hosts --listen-address=10.81.1.53 --bind-interfaces \
	--address=/wpad.plant.example/10.81.1.53
wait_port re-srv 80 && wait_port re-srv 8888 && wait_port re-srv 1080
site 203.0.113.9 'names: {resolvers: 10.81.1.53}' 'dns: {zones: plant.example}'
# What listening would have heard: option 252, and a resolver that no zone declares.
reach wpad --only ntp
"$lab_python" - wpad.tenken <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO scan (uuid, kind, site, vantage, profile, started, finished, status, version, plan)"
           " VALUES ('l', 'listen', 'egress', 'bastion', 'mlit-water', 1, 2, 'done', '0', '{}')")
run = db.execute("SELECT max(id) FROM scan").fetchone()[0]
for kind, value in (("dhcp.wpad", "http://10.81.1.53/other.pac"), ("dhcp.dns", "198.51.100.53")):
    db.execute("INSERT INTO heard VALUES (?, '10.81.1.1', '', ?, ?, '', 0, '', 1, 1, 1)", (run, kind, value))
db.commit()
END
that 'wpad: the run' reach wpad --only proxy,dns-a
gives 'wpad: by name and by DHCP; a resolver outside is not asked' wpad "method, via, outcome, seen_as, note" <<END
dns-a 10.81.1.53 name-refused - -
dns-a 198.51.100.53 not-tested - outside the declared zones
proxy-connect 10.81.1.53:8888 reached 203.0.113.53 -
proxy-get 10.81.1.53:8888 reached 203.0.113.53 -
socks4a 10.81.1.53:1080 reached 203.0.113.53 -
socks5 10.81.1.53:1080 reached 203.0.113.53 -
END
for pid in $(ip netns pids lab-re-srv); do kill -TERM "$pid" 2>/dev/null; done
open_filter

# ---- every port ----
site 203.0.113.9 'limits: {rate: 20000}'
sed -i 's/ports: .*}/ports: tcp\/80}/' site.yaml
that 'all ports: the run' reach all --only tcp --all-ports
gives 'all ports: what is open has its row, the rest is one' all "port, outcome, evidence ->> 'count', seen_as" <<END
0 refused 65531 -
53 reached - 10.81.1.10
80 reached - 10.81.1.10
443 reached - 10.81.1.10
2222 reached - 10.81.1.10
END
site 203.0.113.9

# ---- without rights, and stopped ----
mkdir -m 755 plain && cp key site.yaml plain && chown -R nobody plain
(cd plain && in_host re-bas setpriv --reuid nobody --clear-groups "$TENKEN" reach -c site.yaml --store plain.tenken \
	--no-html --quiet --only tcp,udp,icmp >"$lab_logs/plain.out" 2>"$lab_logs/plain.err" </dev/null)
result $? 'without rights: the run'
cp plain/plain.tenken .
matrix 'without rights: all but echo requests' plain <<END
icmp 0 not-tested
tcp 80 reached
tcp 443 reached
tcp 2222 reached
udp 123 reached
END
filter <<END
table inet f { chain forward { type filter hook forward priority 0; drop; }; }
END
in_host re-bas "$TENKEN" reach -c site.yaml --store stopped.tenken --no-html --quiet --all-ports \
	>"$lab_logs/stopped.out" 2>"$lab_logs/stopped.err" </dev/null &
run=$!
sleep 6
in_host re-bas "$TENKEN" stop >"$lab_logs/stop.out" 2>&1
wait "$run"
that 'stopped: it ended early' test $? = 3
gives 'stopped: what was found is kept' stopped "DISTINCT (SELECT status || ' ' || reason FROM scan), count(*) > 4" <<END
incomplete stopped 1
END
open_filter

# ---- IPv6 alone ----
filter <<END
table ip f { chain forward { type filter hook forward priority 0; drop; }; }
END
in_host re-bas ip -6 route add default via fd81:1::1
site "203.0.113.9, '2001:db8:81::9'"
that 'IPv6: the run' reach six --only $direct
gives 'IPv6: the only way out' six "DISTINCT destination, outcome, seen_as" <<END
2001:db8:81::9 reached fd81:1::10
203.0.113.9 silent -
END
open_filter

# ---- the beacon itself ----
site 203.0.113.9
"$TENKEN" beacon --make-key other >/dev/null
cp key right && cat other >key
that 'wrong key: the run' reach wrongkey --only $direct
matrix 'wrong key: never reached' wrongkey <<END
http 80 answered-by-other
icmp 0 answered-by-other
tcp 80 answered-by-other
tcp 443 answered-by-other
tcp 2222 answered-by-other
tls 443 answered-by-other
udp 123 silent
END
cat right >key
beacon_end
that 'gone: the run' reach gone --only $direct
matrix 'gone: its machine refuses' gone <<END
http 80 refused
icmp 0 answered-by-other
tcp 80 refused
tcp 443 refused
tcp 2222 refused
tls 443 refused
udp 123 refused
END
if ! faketime -f +1h "$TENKEN" --version >/dev/null 2>&1; then
	skip 'clocks that differ' 'libfaketime does not go with this build'
else
	for skew in +1h -1h; do
		prefix="faketime -f $skew" beacon "$skew" key
		wait_beacon "$skew"
		that "$skew: the run" reach "skew$skew" --only tcp,udp,tls
		gives "$skew: reached, and the difference is told" "skew$skew" \
			"DISTINCT outcome, abs((evidence ->> 'clock_ahead_s') - (${skew%h} * 3600)) < 60" <<END
reached 1
END
		beacon_end
	done
	prefix='faketime -f +3h' beacon 3h key
	wait_beacon 3h
	that '3 hours: the run' reach skew3 --only tcp,udp
	gives '3 hours: nothing is answered' skew3 "DISTINCT method, outcome" <<END
tcp answered-by-other
udp silent
END
	beacon_end
fi

# ---- forged and old answers ----
"$lab_python" "$lab_tests/cli/ask.py" open.tenken \
	"SELECT evidence ->> 'received' FROM path WHERE method = 'tcp' AND port = 80" >old.hex
cat >liar.py <<'END'
import socket, sys, threading
old = bytes.fromhex(open(sys.argv[1]).read().strip())
def answer(question, port):
    if port == 80:
        return old
    if port == 443:  # of this question, sealed by nobody
        return b"TKNA" + question[4:64]
    return question[:64]
def serve(port):
    s = socket.create_server(("203.0.113.9", port), backlog=64)
    while True:
        c, _ = s.accept()
        try:
            c.settimeout(2)
            q = c.recv(4096)
            c.sendall(answer(q, port))
        except OSError:
            pass
        c.close()
for port in (80, 443, 2222):
    threading.Thread(target=serve, args=(port,), daemon=True).start()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("203.0.113.9", 123))
while True:
    data, peer = u.recvfrom(2048)
    u.sendto(old, peer)
END
serve re-out liar "$lab_python" "$lab_dir/liar.py" "$lab_dir/old.hex"
wait_port re-out 2222
that 'liar: the run' reach liar --only tcp,udp
gives 'liar: old, forged and echoed answers are recognised' liar "method, port, outcome, refutes, note" <<END
tcp 80 answered-by-other 0 an old answer of the beacon was played again
tcp 443 answered-by-other 0 an answer that the beacon's key did not make
tcp 2222 answered-by-other 0 somebody else answered
udp 123 answered-by-other 0 an old answer of the beacon was played again
END

# ---- all that was sent ----
capture_end re-gw
that 'of all these runs nothing went to any other address outside' same "$(tcpdump -nr "$lab_logs/re-gw.pcap" \
	'src host 10.81.1.10 and not dst net 10.81.1.0/24 and not dst host 203.0.113.9' 2>/dev/null | wc -l)" 0
that 'and it was much' test "$(tcpdump -nr "$lab_logs/re-gw.pcap" 'src host 10.81.1.10 and dst host 203.0.113.9' \
	2>/dev/null | wc -l)" -gt 200

# ---- what is wrong with the site file is said before anything is sent ----
says() { # WORDS LINE SEDSCRIPT
	site 203.0.113.9
	sed "$3" site.yaml >wrong.yaml
	in_host re-bas "$TENKEN" --lang en reach -c wrong.yaml --store wrong.tenken --no-html >wrong.out 2>&1 </dev/null
	got=$?
	[ $got = 2 ] && same "$(cat wrong.out)" "error: wrong.yaml$2" && [ ! -e wrong.tenken ]
	result $? "$1: one line, and nothing is sent"
}
says 'no beacon' ": field 'beacon': missing; it names our own listener outside (tenken-beacon(1))" '/^beacon/,/ports/d'
says 'no key' ":7: field 'key_file': missing; the beacon answers nobody without its key" 's/key_file: key, //'
says 'not authorised any more' ": field 'authorisation': not valid now, but from Wed 2020-01-01 00:00 (Asia/Tokyo) until Thu 2020-12-31 23:59 (Asia/Tokyo)" 's/2099/2020/'
tap_done
