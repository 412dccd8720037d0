#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `tenken listen -i`: what it hears of real servers is what a capture of the same traffic tells; nothing leaves;
# it is stopped in every way; the interface goes down, comes back, and is taken away.
# shellcheck disable=SC2154 source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net pc plc ear'
lab_need tcpdump curl dig dnsmasq

build() {
	lab_segment plant 10.60.0.254/24 &&
		lab_host pc plant 10.60.0.1/24 && lab_host plc plant 10.60.0.2/24 &&
		ip netns add lab-ear && in_host net ip link add v-ear type veth peer name eth0 netns lab-ear &&
		in_host ear sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 &&
		in_host net ip link set v-ear master br-plant up && in_host ear ip link set lo up &&
		in_host ear ip link set eth0 up
}
build || skip_all 'the network cannot be built'
# A bridge that forgets at once sends every frame everywhere, as a mirror port would.
in_host net ip link set br-plant type bridge ageing_time 0

mkdir -p "$lab_dir/www"
echo hello >"$lab_dir/www/index.html"
serve plc http "$lab_python" -m http.server --bind 10.60.0.2 --directory "$lab_dir/www" 80
serve plc dns dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
	--listen-address=10.60.0.2 --bind-interfaces --pid-file= --address=/example.org/198.51.100.7
wait_port plc 80 || skip_all 'the web server does not start'
wait_port plc 53 || skip_all 'the name server does not start'

cat >"$lab_dir/site.yaml" <<END
site: kita
authorisation: {by: head, from: 2020-01-01, until: 2099-01-01, contact: "1"}
zones:
  - {name: plant, kind: ot, networks: [10.60.0.0/24]}
END
sql() { "$lab_python" "$lab_tests/cli/ask.py" "$lab_dir/$1" "$2"; }
# hears NAME OPTION...: in the background, once it is listening; its process is $ear
hears() {
	name=$1
	shift
	ip netns exec lab-ear "$TENKEN" listen -c "$lab_dir/site.yaml" -i eth0 --store "$lab_dir/$name" --no-html --quiet "$@" \
		>"$lab_logs/$name.out" 2>"$lab_logs/$name.err" </dev/null 9>&- &
	ear=$!
	within 10 begun "$name"
}
begun() { [ "$(sql "$1" 'SELECT count(*) FROM watch' 2>/dev/null)" = 1 ]; }
# ended: its status, once it is over
ended() {
	wait "$ear"
	status=$?
}
traffic() {
	in_host pc curl -s -o "$lab_dir/got" http://10.60.0.2/ &&
		in_host pc curl -s -o "$lab_dir/got" http://10.60.0.2/none &&
		in_host pc dig +short +tries=1 @10.60.0.2 www.example.org >"$lab_logs/dig.log"
}
# A connection that nobody takes.
refused() { in_host pc curl -s -o /dev/null http://10.60.0.2:81/; }
tx() { in_host ear cat /sys/class/net/eth0/statistics/tx_packets; }

before=$(tx)
hears live.tenken
result $? 'it listens'
capture ear
traffic
refused
# The last frames have come once the other tool has them.
arrived() { in_host ear tcpdump -n -r "$lab_logs/ear.pcap" 'src 10.60.0.2 and tcp[tcpflags] & tcp-rst != 0' 2>/dev/null | grep -q .; }
within 10 arrived
that 'status says that it is listening' sh -c "ip netns exec lab-ear \"$TENKEN\" status | grep -q '^listening: process'"
in_host ear "$TENKEN" stop >"$lab_logs/stop.out" 2>&1
that 'tenken stop finds it' grep -q '^told to stop' "$lab_logs/stop.out"
ended
same "$status" 0
result $? 'it ends well'
capture_end ear
same "$(tx)" "$before"
result $? 'no frame has left the interface'
same "$(sql live.tenken "SELECT kind, status FROM scan")" 'listen|done'
result $? 'the store says so'

# But for what the segment's own machine says of its groups at any time, also before the other tool listens.
flows="SELECT src, dst, port, transport, opened, application, source, name, from_zone, to_zone, connections, refused,
	unanswered, sent, received, sent_packets, received_packets FROM flow WHERE transport <> 'icmp' AND src <> '10.60.0.254' ORDER BY 1, 2, 3, 4"
facts="SELECT address, mac, kind, value, peer, port, transport FROM heard ORDER BY 1, 2, 3, 4, 5, 6"
hosts="SELECT address, mac, zone, kind, sent, received FROM heard_host WHERE address <> '10.60.0.254' ORDER BY 1"
"$TENKEN" listen -c "$lab_dir/site.yaml" -r "$lab_logs/ear.pcap" --store "$lab_dir/file.tenken" --no-html --quiet
result $? 'the capture of the same is read'
# both WHAT QUESTION
both() {
	sql live.tenken "$2" >"$lab_logs/live.$1"
	sql file.tenken "$2" >"$lab_logs/file.$1"
	diff "$lab_logs/live.$1" "$lab_logs/file.$1" | note
	that "both tell the same $1" cmp "$lab_logs/live.$1" "$lab_logs/file.$1"
}
both conversations "$flows"
both facts "$facts"
both hosts "$hosts"
same "$(sql live.tenken "SELECT connections, application, source FROM flow WHERE port = 80")" '2|http|decoder'
result $? 'two connections to the web server'
same "$(sql live.tenken "SELECT connections, refused FROM flow WHERE port = 81")" '1|1'
result $? 'one that was refused'
same "$(sql live.tenken "SELECT address, value FROM heard WHERE kind = 'dns.question'")" '10.60.0.1|www.example.org'
result $? 'a name that was asked for'
mac=$(in_host plc cat /sys/class/net/eth0/address)
same "$(sql live.tenken "SELECT mac, zone, kind FROM heard_host WHERE address = '10.60.0.2'")" "$mac|plant|ot"
result $? 'the MAC address of the controller'
same "$(sql live.tenken "SELECT packets > 20, dropped, note FROM watch")" '1|0|'
result $? 'nothing was dropped'

# ---- the process that listens ----
hears rights.tenken
listener=$(pgrep -P "$ear" -x tenken)
same "$(sed -n 's/^CapEff:\t//p' "/proc/$listener/status")" 0000000000000000
result $? 'it has no capability left'
if grep -q '^#define TENKEN_SANITIZED 1' "$TENKEN_BUILD/config.h"; then
	skip 'it is in its sandbox' 'builds with sanitizers have none'
else
	same "$(sed -n 's/^Seccomp:\t//p' "/proc/$listener/status")" 2
	result $? 'it is in its sandbox'
fi
kill -TERM "$ear"
ended
same "$status" 0
result $? 'SIGTERM ends it well'

# ---- ends ----
hears for.tenken --for 1s
ended
same "$status" 0
result $? '--for ends it'
hears file2.tenken
: >"$lab_dir/file2.tenken.stop"
ended
same "$status" 0
result $? 'the stop file ends it'
hears early.tenken --for 1h
kill -INT "$ear"
ended
same "$status" 3
result $? 'before the end of --for it is not complete'
same "$(sql early.tenken "SELECT status, reason FROM scan")" 'incomplete|stopped'
result $? 'and says so'

# ---- the interface ----
hears link.tenken
in_host ear ip link set eth0 down
said() { grep -q "$1" "$lab_logs/link.tenken.err"; }
within 10 said 'eth0: the interface is down; waiting for it'
result $? 'it says that the interface is down'
in_host ear ip link set eth0 up
traffic
sleep 1 # the kernel hands a block of its ring over after a tenth of a second
kill -TERM "$ear"
ended
same "$status" 0
result $? 'it went on'
same "$(sql link.tenken "SELECT count(*) > 0 FROM flow WHERE port = 80")" 1
result $? 'and heard what came once it was back'
same "$(sql link.tenken "SELECT note FROM watch")" 'link was down for a time'
result $? 'the store says that it was down'
same "$(wc -l <"$lab_logs/link.tenken.err")" 1
result $? 'one line was said'
hears gone.tenken
traffic
in_host ear ip link del eth0
ended
same "$status" 3
result $? 'an interface that is taken away ends it'
# It is down for a moment before it is gone, which may be seen.
same "$(grep -vc 'the interface is down' "$lab_logs/gone.tenken.err")" 1
result $? 'in one line'
same "$(sql gone.tenken "SELECT status, reason, note FROM scan, watch")" 'incomplete|a capture was not whole|interface gone'
result $? 'which is written down'
same "$(sql gone.tenken "SELECT count(*) > 0 FROM flow WHERE port = 80")" 1
result $? 'what was heard is kept'

tap_done
