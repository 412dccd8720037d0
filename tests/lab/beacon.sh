#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The beacon, asked from inside through a router: every way, with right and wrong tokens, through resolvers, by
# strangers and floods. The asking side is a second writing of the protocol (beacon-ask.py).
# shellcheck disable=SC2254,SC2094 # patterns are meant as such; reading and writing take turns
# shellcheck source=tests/lab/lab.sh disable=SC2317
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net inside other outside resolver forwarder third'
lab_need tcpdump jq dig named dnsmasq unbound nft setpriv

cd "$lab_dir" || exit 99
lab_segment plant 192.168.1.1/24
lab_segment world 203.0.113.1/24
lab_host inside plant 192.168.1.10/24 default 192.168.1.1
lab_host other plant 192.168.1.11/24 default 192.168.1.1
lab_host resolver plant 192.168.1.53/24 default 192.168.1.1
lab_host forwarder plant 192.168.1.54/24 default 192.168.1.1
lab_host third plant 192.168.1.55/24 default 192.168.1.1
lab_host outside world 203.0.113.10/24 default 203.0.113.1
in_host outside sysctl -q -w net.ipv6.conf.all.disable_ipv6=0
in_host outside sysctl -q -w net.ipv6.conf.lo.disable_ipv6=0

at=203.0.113.10
ask_of() { # HOST KEY METHOD ADDRESS PORT [OPTION=VALUE...]
	asker=$1
	shift
	in_host "$asker" "$lab_python" "$lab_tests/lab/beacon-ask.py" "$@"
}
ask() { ask_of inside token.key "$@"; }
flood() { in_host "$1" "$lab_python" "$lab_tests/lab/beacon-flood.py" "$2" $at "${3:-0}" "$PWD/token.key"; }
tenken() { in_host outside "$TENKEN" "$@"; }

# ---- keys ----
tenken beacon --make-key token.key >out 2>&1
that 'a key is made' test -s token.key
that 'nobody else may read it' same "$(stat -c %a token.key)" 600
tenken beacon --make-key token.key 2>err
result $(($? != 2)) 'a key that is there is no mistake to repair'
that 'it says so' same "$(cat err)" 'error: token.key: is there already and is left as it is'
tenken beacon --make-key other.key >out 2>&1
cp token.key open.key && chmod 644 open.key
tenken beacon --key open.key 2>err
result $(($? != 2)) 'a key that others may read is refused'
that 'in one line' same "$(cat err)" 'error: open.key: holds a key and may be read by others (chmod 600)'
openssl genpkey -algorithm ED25519 -out sign.key 2>/dev/null && chmod 600 sign.key
tenken beacon --key sign.key 2>err
result $(($? != 2)) 'a key that signs is refused'
that 'in one line too' same "$(wc -l <err)" 1
for wrong in '--rate 0' '--tcp 0' '--udp T:x' '--listen www' '--dns-address ::1' '--dns a..b' '--user root' \
	'--user nobody-such' '--frobnicate' 'word'; do
	# shellcheck disable=SC2086 # an option and its value
	tenken beacon --key token.key --tcp 60001 --udp 60001 $wrong >out 2>err
	good=$(($? != 2))
	[ "$(grep -c '^error: ' err)" = 1 ] || good=1
	result $good "refused in one line: $wrong"
done

# ---- started ----
beacon_pid() {
	for pid in $(ip netns pids lab-outside); do
		[ "$(cat "/proc/$pid/comm")" = tenken ] && echo "$pid" && return 0
	done
	return 1
}
start() { # OPTION...: with beacon.log
	rm -f beacon.log beacon.log.1
	serve outside beacon "$TENKEN" beacon --key "$PWD/token.key" --log "$PWD/beacon.log" -q "$@"
	within 20 grep -qs '"event":"start"' beacon.log
}
stop() {
	pid=$(beacon_pid) || return 1
	kill -TERM "$pid"
	within 10 test ! -d "/proc/$pid"
}
last() { # FILTER: of the newest question
	jq -r "select(.event == \"question\") | $1" beacon.log | tail -n 1
}
count() { jq -r "select(.event == \"stop\") | .$1" beacon.log; }

that 'the beacon starts' start --icmp --dns t.example
pid=$(beacon_pid)
status_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status" | tr -s '\t' ' '; }
that 'it is nobody' same "$(status_of Uid)" "$(id -u nobody) $(id -u nobody) $(id -u nobody) $(id -u nobody)"
that 'in no group' same "$(status_of Groups | tr -d ' ')" ''
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	that "without rights: $set" same "$(status_of $set)" 0000000000000000
done
that 'it can gain none' same "$(status_of NoNewPrivs)" 1
if nm "$TENKEN" 2>/dev/null | grep -q __asan_init; then
	skip 'its calls are filtered' 'a build with sanitizers'
else
	that 'its calls are filtered' same "$(status_of Seccomp)" 2
fi

# ---- every way ----
expect() { # WORDS GOT PATTERN
	case $2 in
	$3) ok "$1" ;;
	*)
		not_ok "$1"
		printf 'expected %s\ngot      %s\n' "$3" "$2" | note
		;;
	esac
}
for port in 21 22 25 53 80 123 443 445 3389 8080 8443; do
	expect "tcp $port" "$(ask tcp $at $port)" 'right 192.168.1.10 * 0'
done
for port in 53 123 161 443 500 1194 3478 4500 51820; do
	expect "udp $port" "$(ask udp $at $port)" 'right 192.168.1.10 * 0'
done
expect 'http' "$(ask http $at 80)" 'right 192.168.1.10 * 0'
expect 'http on its other port' "$(ask http $at 8080)" 'right 192.168.1.10 * 0'
expect 'no http elsewhere' "$(ask http $at 22)" silent
expect 'tls' "$(ask tls $at 443)" 'right 192.168.1.10 * 0'
expect 'tls on its other port' "$(ask tls $at 8443)" 'right 192.168.1.10 * 0'
expect 'no tls elsewhere' "$(ask tls $at 80 wait=1)" silent
expect 'icmp, beside the kernel' "$(ask icmp $at 0)" 'right 192.168.1.10 0 0*'
in_host outside sysctl -q -w net.ipv4.icmp_echo_ignore_all=1
expect 'icmp, where the kernel is silent' "$(ask icmp $at 0)" 'right 192.168.1.10 0 0'
that 'the log names the way' same "$(last '"\(.by) \(.source) \(.verdict) \(.answered)"')" \
	'icmp 192.168.1.10 right true'
for way in 'tcp ::1 22' 'udp ::1 123' 'icmp ::1 0'; do
	# shellcheck disable=SC2086 # words
	expect "IPv6: $way" "$(ask_of outside token.key $way)" 'right ::1 *'
done

# ---- a line of another ----
in_host net nft -f - <<'NFT'
table ip nat { chain out { type nat hook postrouting priority srcnat; oifname "br-world" masquerade; }; }
NFT
expect 'behind address translation its address is seen' "$(ask udp $at 4500)" 'right 203.0.113.1 * 0'
that 'the log has it too' same "$(last .source)" 203.0.113.1
in_host net nft delete table ip nat
in_host net nft -f - <<'NFT'
table ip turn { chain in { type nat hook prerouting priority dstnat; udp dport 161 dnat to 203.0.113.10:500; }; }
NFT
expect 'a port that somebody turns' "$(ask udp $at 161)" 'right 192.168.1.10 * 0'
that 'the log tells both' same "$(last '"\(.asked_port) \(.port)"')" '161 500'
in_host net nft delete table ip turn

# ---- wrong tokens ----
expect 'another key: udp' "$(ask_of inside other.key udp $at 123 wait=1)" silent
that 'the log says forged' same "$(last .verdict)" forged
expect 'another key: tcp' "$(ask_of inside other.key tcp $at 22)" silent
expect 'another key: http' "$(ask_of inside other.key http $at 80)" silent
expect 'another key: tls' "$(ask_of inside other.key tls $at 443)" silent
expect 'another key: icmp' "$(ask_of inside other.key icmp $at 0 wait=1)" silent
expect 'a question' "$(ask udp $at 123 save=question)" 'right *'
expect 'again' "$(ask udp $at 123 replay=question wait=1)" silent
that 'the log says replayed' same "$(last '"\(.verdict) \(.times)"')" 'replayed 2'
expect 'again, by another way' "$(ask tcp $at 22 replay=question)" silent
that 'and counts' same "$(last '"\(.verdict) \(.times)"')" 'replayed 3'
expect 'an hour behind' "$(ask udp $at 123 skew=-3600)" 'right 192.168.1.10 * 60'
that 'the log says by how much' same "$(last '.skew >= 3600 and .skew <= 3605')" true
expect 'an hour ahead' "$(ask tcp $at 22 skew=3600)" 'right 192.168.1.10 * -60'
expect 'further behind' "$(ask udp $at 123 skew=-4000 wait=1)" silent
that 'is too old' same "$(last .verdict)" too-old
expect 'further ahead' "$(ask udp $at 123 skew=4000 wait=1)" silent
that 'is too new' same "$(last .verdict)" too-new

# ---- resolvers ----
mkdir named && cat >named/named.conf <<NAMED
options { directory "$PWD/named"; pid-file none; recursion yes; dnssec-validation no; qname-minimization strict;
	listen-on { any; }; listen-on-v6 { none; }; allow-query { any; }; empty-zones-enable no; };
controls { };
zone "t.example" { type static-stub; server-addresses { $at; }; };
NAMED
chmod -R a+rwX named
serve resolver named named -g -c "$PWD/named/named.conf"
serve forwarder dnsmasq dnsmasq --keep-in-foreground --no-resolv --no-hosts --conf-file=/dev/null --pid-file= \
	--server=/t.example/$at --stop-dns-rebind --user=root
cat >unbound.conf <<UNBOUND
server:
	directory: "$PWD"
	chroot: ""
	username: ""
	pidfile: ""
	use-syslog: no
	interface: 0.0.0.0
	access-control: 0.0.0.0/0 allow
	module-config: "iterator"
	do-ip6: no
	qname-minimisation: yes
	qname-minimisation-strict: yes
	use-caps-for-id: yes
	private-address: 10.0.0.0/8
remote-control:
	control-enable: no
stub-zone:
	name: t.example
	stub-addr: $at
UNBOUND
serve third unbound unbound -d -c "$PWD/unbound.conf"
wait_port resolver 53
wait_port forwarder 53
wait_port third 53
for resolver in 192.168.1.53 192.168.1.54 192.168.1.55; do
	for way in dns-a dns-txt dns-long; do
		expect "$way by $resolver" "$(ask $way $resolver 53 zone=t.example wait=8)" right*
	done
	that "its address is what is seen: $resolver" same "$(last .source)" "$resolver"
done
expect 'a resolver carries no forged one' "$(ask_of inside other.key dns-txt 192.168.1.54 53 zone=t.example wait=2)" \
	'[sc]*'
expect 'dns, asked by name' "$(ask dns-plain $at 53 name=t.example type=6)" 'code 0 answers 1'
expect 'its name server' "$(ask dns-plain $at 53 name=ns.t.example type=1)" 'code 0 answers 1'
expect 'the zone by TCP' "$(in_host inside dig +tcp +short +time=3 +tries=1 "@$at" SOA t.example 2>&1)" 't.example. t.example. 1 *'
expect 'no other name by TCP' "$(in_host inside dig +tcp +short +time=3 +tries=1 "@$at" www.example 2>&1)" '*end of file*'
expect 'no other name' "$(ask dns-plain $at 53 name=www.t.example wait=1)" silent
expect 'no other zone' "$(ask dns-plain $at 53 name=www.example.org wait=1)" silent
expect 'no version' "$(ask dns-plain $at 53 name=version.bind type=16 wait=1)" silent

# ---- never more bytes than it was asked with ----
no_more() { # WORDS ANSWER: "... OUT BACK"
	# shellcheck disable=SC2086 # words
	set -- "$1" $2
	words="$1: $* "
	shift $(($# - 2))
	[ "$1" -gt 0 ] && [ "$2" -gt 0 ] && [ "$2" -le "$1" ]
	result $? "$words"
}
no_more tcp "$(ask tcp $at 22 bytes=1)"
no_more udp "$(ask udp $at 123 bytes=1)"
no_more http "$(ask http $at 80 bytes=1)"
no_more 'http, a short request' "$(ask http $at 80 bytes=1 fill=0)"
no_more 'tls, its certificate included' "$(ask tls $at 443 bytes=1)"
expect 'tls with a request too short gets no answer' "$(ask tls $at 443 fill=0)" silent
no_more 'dns, part of a name' \
	"$(ask dns-plain $at 53 name=0123456789abcdefghijklmnopqrstuv01234567.t.example bytes=1)"
for way in dns-a dns-txt dns-long; do
	ask $way $at 53 zone=t.example bytes=1 | sed "s/^/# $way: /"
done
for type in 2 6; do
	ask dns-plain $at 53 name=t.example type=$type bytes=1 | sed "s/^/# the zone itself, type $type: /"
done

# ---- strangers and floods ----
capture outside
that 'garbage gets no byte' same "$(flood inside garbage)" 0
that 'hellos of strangers get no byte' same "$(flood inside hello)" 0
capture_end outside
tcpdump -nr "$lab_logs/outside.pcap" "src $at and udp" 2>/dev/null >udp
that 'nor a datagram' same "$(wc -l <udp)" 0
tcpdump -nr "$lab_logs/outside.pcap" "src $at and tcp and (ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2)) != 0" \
	2>/dev/null >tcp
that 'nor a segment with anything in it' same "$(wc -l <tcp)" 0
that 'after all that a question is answered' expect 'answered' "$(ask tcp $at 22)" 'right *'
that 'answers that nobody reads' same "$(flood inside unread)" 'done'
flood inside held 60 >held &
holder=$!
within 20 test -s held
expect 'connections of one source are bounded' "$(head -n 1 held)" '[1-9]*'
established() { in_host outside ss -Htn state established "sport != :0" | grep -c '192.168.1.10:'; }
that 'to 64' test "$(established)" -le 64
expect 'others get through meanwhile' "$(ask_of other token.key tcp $at 22)" 'right 192.168.1.11 *'
within 40 grep -q over held
result $? 'and they end'
wait $holder
that 'a byte a second ends too' same "$(flood inside slow 30)" closed

that 'it ends when it is told to' stop
that 'with its counts' test "$(count right)" -gt 50
that 'floods are counted, not written' test "$(count not_logged)" -gt 100
that 'refused connections are counted' test "$(count refused)" -gt 0
jq -e . beacon.log >/dev/null
result $? 'every line of the log is JSON'
cp beacon.log "$lab_logs/beacon-1.log"

# ---- rate ----
that 'a slow one starts' start --rate 4
for _ in 1 2 3 4 5 6; do ask udp $at 123 wait=0.3; done >slow
that 'the rate is bound' grep -q silent slow
that 'but not to nothing' grep -q right slow
stop
that 'and counted' test "$(count rate_bound)" -gt 0

# ---- all ports, or as many as this machine gives descriptors for ----
in_host outside "$lab_python" -c 'import socket, time
s = socket.create_server(("0.0.0.0", 2222)); time.sleep(300)' &
wait_port outside 2222
if prlimit --nofile=140000 true 2>/dev/null; then
	many=--all-ports tcp=65534 udp=65535 some='1 1023 31337 65535'
else
	skip 'all ports' 'the limit of open files cannot be raised here'
	tenken beacon --key token.key --all-ports 2>err
	result $(($? != 2)) 'without enough descriptors it does not start'
	that 'and says in one line how many it needs' grep -q '^error: 13.* open files' err
	many='--tcp 1-8000 --udp 1-8000' tcp=7999 udp=8000 some='1 1023 4321 8000'
fi
# shellcheck disable=SC2086 # options
that "many ports are listened on: $many" start $many
that 'but one' same "$(jq -r 'select(.event == "start") | "\(.tcp) \(.udp)"' beacon.log)" "$tcp $udp"
that 'which is said' grep -q 'somebody else listens there: tcp 2222$' "$lab_logs/beacon.log"
for port in $some; do
	expect "tcp $port" "$(ask tcp $at "$port")" 'right *'
	expect "udp $port" "$(ask udp $at "$port")" 'right *'
done
sed -n 's/^VmRSS:[[:space:]]*/# memory of the process: /p' "/proc/$(beacon_pid)/status"
stop

# ---- as a unit starts it ----
mkdir unit && cp token.key unit/ && chown -R 65534:65534 unit && chmod 440 unit/token.key && chmod 755 .
setpriv_beacon() {
	serve outside unit env CREDENTIALS_DIRECTORY="$PWD/unit" setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps +net_bind_service --ambient-caps +net_bind_service \
		"$TENKEN" beacon --key "$PWD/unit/token.key" --log "$PWD/unit/beacon.log" -q
	within 20 grep -qs '"event":"start"' unit/beacon.log
}
that 'without root it starts too' setpriv_beacon
expect 'and answers' "$(ask tcp $at 22)" 'right *'
pid=$(beacon_pid)
that 'without the right to bind' same "$(status_of CapEff) $(status_of CapAmb)" '0000000000000000 0000000000000000'
stop
tenken beacon --key token.key --icmp --tcp 60001 --udp 60001 --user nobody >out 2>err &
within 10 grep -q '"event":"start"' out
stop
setpriv --reuid 65534 --regid 65534 --clear-groups env true 2>/dev/null
in_host outside setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \
	"$TENKEN" beacon --key unit/token.key --icmp --tcp 60001 --udp 60001 2>err
result $(($? != 2)) 'ICMP without the right is refused'

# ---- the log is bounded ----
head -c 16777100 /dev/zero | tr '\0' 'x' >old.log
rm -f beacon.log beacon.log.1 && mv old.log beacon.log
serve outside beacon "$TENKEN" beacon --key "$PWD/token.key" --log "$PWD/beacon.log" -q
that 'a full log is begun again' within 10 test -s beacon.log.1
within 10 grep -q '"event":"start"' beacon.log
expect 'and written on' "$(ask udp $at 123)" 'right *'
that 'the old one is kept once' same "$(stat -c %s beacon.log.1)" 16777100
that 'the new one is small' test "$(stat -c %s beacon.log)" -lt 4096
stop
tap_done
