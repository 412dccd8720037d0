#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154
#
# make bench: tenken beside nmap on live addresses with nine IT services each (README.md). Everything
# happens between network namespaces that are made and removed here. It asserts nothing; it measures.
#
#   TENKEN_BENCH_NMAP_LIMIT  seconds that nmap gets for all addresses; default 1800
#   TENKEN_BENCH_PARTS       which parts to run; default all of them
#   TENKEN_BENCH_WIRE_LIMIT  seconds that each run of the wire parts gets; default 120
#   TENKEN_BENCH_ARP_RATE    packets per second of the ARP sweep; default 10000
#   TENKEN_BENCH_CRYPTO_LIMIT, _RUNS, _HOSTS  seconds for each run of the crypto parts, 600; how often
#                            short runs are repeated, 3; servers of crypto-many, 256
#   TENKEN_BENCH_LISTEN_MB, _RUNS, _MEMORY  size of the captures that are read, 500; how often each program reads
#                            them, 3; what tenken may keep of the capture with many connections, 900 MB
#   TENKEN_BENCH_NAME        prefix of the namespaces; default "bench"
set -u
PATH=$PATH:/usr/sbin:/sbin
bench_tests=${TENKEN_TESTS:?run by make bench}/bench
bench_out=${TENKEN_BUILD:?run by make bench}/tests/bench
bench_logs=$bench_out/logs
ns=${TENKEN_BENCH_NAME:-bench}
limit=${TENKEN_BENCH_NMAP_LIMIT:-1800}
python=/usr/bin/python3
[ -x "$python" ] || python=python3
export PYTHONDONTWRITEBYTECODE=1

machines=16 # each answers for 16 addresses
all=10.99.0.0/24
small= # one of each machine
for last in 0 16 32 48 64 80 96 112 128 144 160 176 192 208 224 240; do
	small="$small 10.99.0.$last"
done

# shellcheck source=tests/bench/servers.sh
. "$bench_tests/servers.sh"
# shellcheck source=tests/bench/wire.sh
. "$bench_tests/wire.sh"
# shellcheck source=tests/bench/crypto.sh
. "$bench_tests/crypto.sh"
# shellcheck source=tests/bench/reach.sh
. "$bench_tests/reach.sh"
# shellcheck source=tests/bench/listen.sh
. "$bench_tests/listen.sh"
# shellcheck source=tests/bench/page.sh
. "$bench_tests/page.sh"
# shellcheck source=tests/bench/results.sh
. "$bench_tests/results.sh"
parts=${TENKEN_BENCH_PARTS:-small all plain pace $wire_all $crypto_all $reach_all $listen_all page results}
# Telnetd of GNU inetutils is not among the services that nmap knows; it tries all its probes on it.
without_telnet=$(echo "$bench_ports" | sed 's/,23,/,/')

# The scripts that tell what tenken tells, and no others. Listings are not asked for.
nmap_scripts=ssh2-enum-algos,ssh-auth-methods,ssh-hostkey,ssl-enum-ciphers,ssl-cert,smb-protocols,smb2-security-mode,smb-os-discovery,rdp-enum-encryption,http-title,http-headers,http-server-header,ftp-anon,smtp-commands,redis-info
# As fast as it gets: all hosts in one group, as many probes and script sockets at once as help.
nmap_speed='-T4 --min-hostgroup 256 --min-parallelism 300 --max-parallelism 1000 --max-retries 2'

fail() {
	echo "bench: $*" >&2
	exit 1
}

# ---- namespaces ----
bench_down() {
	status=$?
	trap - EXIT
	exec 2>/dev/null # some shells tell of every server that ends here
	wire_down
	crypto_down
	reach_down
	listen_down
	i=0
	while [ $i -le $machines ]; do
		one=$ns-$i
		i=$((i + 1))
		[ -e "/run/netns/$one" ] || continue
		pids=$(ip netns pids "$one")
		# shellcheck disable=SC2086 # a list of numbers
		[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
		ip netns del "$one"
	done
	rm -rf "$bench_dir"
	exit $status
}

# machine_net NUMBER: a namespace with a block of addresses, on the bridge of the scanner's (number 0).
# All hosts stand behind one interface: nmap would not take others together.
machine_net() {
	one=$ns-$1 block=10.99.0.$((($1 - 1) * 16))/28
	ip netns add "$one" &&
		ip -n "$one" link set lo up &&
		ip -n "$ns-0" link add "m$1" type veth peer name eth0 netns "$one" &&
		ip -n "$ns-0" link set "m$1" master bridge up &&
		ip -n "$one" address add "10.98.0.$(($1 + 1))/24" dev eth0 &&
		ip -n "$one" link set eth0 up &&
		ip -n "$one" route add local "$block" dev lo &&
		ip -n "$ns-0" route add "$block" via "10.98.0.$(($1 + 1))" &&
		tune "$one" &&
		ip netns exec "$one" nft -f - <<-END
			table ip bench {
				counter syn {
				}
				chain incoming {
					type filter hook input priority 0
					iif eth0 tcp flags & (syn | ack) == syn counter name syn
				}
			}
		END
}

# Without a limit on ICMP errors: nmap's SMB scripts ask for the NetBIOS name on UDP port 137, one host
# after the other, and wait where not even a refusal comes.
tune() {
	ip netns exec "$1" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.core.somaxconn=4096 \
		net.ipv4.tcp_max_syn_backlog=8192 net.ipv4.icmp_ratelimit=0 \
		net.ipv4.ip_local_port_range='10000 65000'
}

bench_up() {
	{
		ip netns add "$ns-0" && ip -n "$ns-0" link set lo up && tune "$ns-0" &&
			ip -n "$ns-0" link add bridge type bridge &&
			ip -n "$ns-0" address add 10.98.0.1/24 dev bridge &&
			ip -n "$ns-0" link set bridge up
	} || fail 'network namespaces cannot be made here'
	make_keys || fail "no keys; see $bench_logs"
	i=1
	while [ $i -le $machines ]; do
		machine_net $i || fail "machine $i cannot be linked"
		machine_up "$ns-$i" "$bench_dir/$i"
		i=$((i + 1))
	done
	i=1
	while [ $i -le $machines ]; do
		machine_wait "$ns-$i" "$bench_dir/$i" || fail "machine $i does not stand"
		i=$((i + 1))
	done
}

# Connection attempts (SYN segments) that reached the machines so far.
attempts() {
	i=1 sum=0
	while [ $i -le $machines ]; do
		n=$(ip netns exec "$ns-$i" nft list counter ip bench syn | awk '/packets/ { print $2 }')
		sum=$((sum + n))
		i=$((i + 1))
	done
	echo $sum
}

# run NAME LIMIT COMMAND...: from the scanner's namespace
run() {
	name=$1 most=$2
	shift 2
	echo "bench: $name: $*" >&2
	before=$(attempts)
	ip netns exec "$ns-0" "$python" "$bench_tests/measure.py" "$bench_out/$name.run" "$most" "$@" \
		>"$bench_logs/$name.out" 2>&1 9>&-
	echo $(($(attempts) - before)) >"$bench_out/$name.syn"
	sleep 5 # what the servers still have to end
}

# tenken NAME PORTS TARGETS OPTIONS...
tenken() {
	name=$1 ports=$2 targets=$3
	shift 3
	rm -f "$bench_out/$name".sqlite*
	# shellcheck disable=SC2086 # a list of addresses
	run "$name" 3600 "${TENKEN:?run by make bench}" scan --zone it --ports "$ports" "$@" \
		--store "$bench_out/$name.sqlite" --json "$bench_out/$name.found" --no-html --quiet $targets
}

# nmap NAME PORTS TARGETS LIMIT
nmap() {
	# shellcheck disable=SC2086 # lists of options and addresses
	run "$1" "$4" "$(command -v nmap)" -n -Pn -sS -sV $nmap_speed -p "$2" --script "$nmap_scripts" \
		--script-args ftp-anon.maxlist=0 -oX "$bench_out/$1.found" $3
}

# ---- the course ----
[ "$(id -u)" = 0 ] || fail 'needs root'
[ -x "${TENKEN:?run by make bench}" ] || fail 'tenken is not built'
needed= # programs
machines_needed=
for part in $parts; do
	case $part in
	small | all | plain | pace) needed="$needed nmap $bench_programs" machines_needed=yes ;;
	wire-live | wire-silence | wire-memory | wire-pace | wire-arp) ;;
	listen-ordinary | listen-unknown | listen-many | page | results) ;;
	listen-live) needed="$needed tcpreplay taskset" ;;
	crypto-one | crypto-many) needed="$needed openssl" ;;
	crypto-ssh) needed="$needed sshd ssh-keygen" ;;
	reach-*) needed="$needed openssl" ;;
	*) fail "unknown part '$part'" ;;
	esac
done
# shellcheck disable=SC2086 # a list
for tool in ip nft flock unshare ss nginx $needed; do
	command -v "$tool" >/dev/null || fail "$tool is not installed"
done
exec 9>/run/lock/tenken-bench.lock
flock -n 9 || fail 'another bench is running'
mkdir -p "$bench_logs" || exit 1
bench_dir=$(mktemp -d /tmp/tenken-bench.XXXXXX) || exit 1
chmod 755 "$bench_dir" # some servers give up root before they read
trap bench_down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
rm -f "$bench_out"/*.run "$bench_out"/*.player "$bench_out"/*.syn "$bench_out"/*.found \
	"$bench_out"/*.seen "$bench_out"/*.missing "$bench_out"/*.pace "$bench_out"/*.server \
	"$bench_out"/*.together "$bench_out"/*.weak
[ -z "$machines_needed" ] || bench_up

for part in $parts; do
	case $part in
	small)
		tenken small-tenken "$bench_ports" "$small" --rate 0 --host-rate 0
		nmap small-nmap "$bench_ports" "$small" 3600
		;;
	all)
		tenken all-tenken "$bench_ports" "$all" --rate 0 --host-rate 0
		nmap all-nmap "$bench_ports" "$all" "$limit"
		;;
	plain)
		tenken plain-tenken "$without_telnet" "$small" --rate 0 --host-rate 0
		nmap plain-nmap "$without_telnet" "$small" 3600
		;;
	pace) tenken pace-tenken "$bench_ports" "$small" ;;
	wire-live) wire_live ;;
	wire-silence) wire_silence ;;
	wire-memory) wire_memory ;;
	wire-pace) wire_pace ;;
	wire-arp) wire_arp ;;
	crypto-one) crypto_one ;;
	crypto-many) crypto_many ;;
	crypto-ssh) crypto_ssh ;;
	reach-neighbours) reach_part "$part" gateway ;;
	reach-egress) reach_part "$part" tcp,udp,icmp,hops ;;
	listen-ordinary) listen_part ordinary ;;
	listen-unknown) listen_part unknown ;;
	listen-many) listen_part many ;;
	listen-live) listen_live ;;
	page) page_part ;;
	results) results_part ;;
	esac
done
{
	[ -z "$machines_needed" ] || "$python" "$bench_tests/table.py" "$bench_out"
	"$python" "$bench_tests/wire_table.py" "$bench_out" "$wire_arp_rate"
	"$python" "$bench_tests/crypto_table.py" "$bench_out"
	reach_table
	"$python" "$bench_tests/listen_table.py" "$bench_out"
	listen_live_table
	page_table
	results_table
} | tee "$bench_out/table.md"
