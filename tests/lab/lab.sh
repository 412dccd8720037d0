# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# Helpers of the lab, sourced by its tests: TAP, network namespaces, bounded waiting. Every host is
# a namespace "lab-HOST" of its own; the namespace lab-net holds the segments as bridges and routes
# between them. Nothing touches the network of the machine itself.
#
# A script sees its namespaces alone: their names live in a mount namespace of its own, so that several
# labs run side by side, and none is left behind by name.
set -u
PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" = 0 ] && [ -z "${TENKEN_LAB_ALONE:-}" ] && command -v unshare >/dev/null &&
	mkdir -p /run/netns && unshare --mount true 2>/dev/null; then
	TENKEN_LAB_ALONE=1 exec unshare --mount --propagation private \
		sh -c 'mount -t tmpfs tmpfs /run/netns && exec "$@"' sh "${TENKEN_SHELL:-sh}" "$0" "$@"
fi
lab_tests=${TENKEN_TESTS:?run by make check}
lab_logs=${TENKEN_BUILD:?run by make check}/tests/lab/$(basename "$0" .sh).d
lab_python=/usr/bin/python3
[ -x "$lab_python" ] || lab_python=python3
export PYTHONDONTWRITEBYTECODE=1

# ---- TAP ----
tap_count=0
ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $*"
}
not_ok() {
	tap_count=$((tap_count + 1))
	echo "not ok $tap_count - $*"
}
# result STATUS WORDS
result() {
	if [ "$1" = 0 ]; then
		shift
		ok "$@"
	else
		shift
		not_ok "$@"
	fi
}
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}
# that WORDS COMMAND...: it succeeds
that() {
	words=$1
	shift
	"$@"
	result $? "$words"
}
same() {
	[ "$1" = "$2" ] && return 0
	printf 'expected %s\ngot      %s\n' "$2" "$1" | note
	return 1
}
# The lines of standard input as diagnostics.
note() { sed 's/^/# /'; }
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}
tap_done() { echo "1..$tap_count"; }

# ---- waiting ----
# within SECONDS COMMAND...: asks every tenth of a second until it succeeds; a minute at least, since
# machines are slow at times and only a failure waits that long
within() {
	tries=$((($1 < 60 ? 60 : $1) * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# Somebody listens there. Asked inside the namespace, so that the host itself is not spoken to.
listening() { ip netns exec "lab-$1" ss -Hltn "sport = :$2" 2>/dev/null | grep -q .; }

# wait_port HOST PORT
wait_port() { within 10 listening "$1" "$2"; }

# ---- namespaces ----
lab_hosts=

# Only this list is ever removed, so that other namespaces of the machine are safe.
lab_known='net bastion'

lab_need() {
	[ "$(id -u)" = 0 ] || skip_all 'needs root'
	for tool in ip ss flock "$lab_python" "$@"; do
		command -v "$tool" >/dev/null || skip_all "$tool is not installed"
	done
	if [ -z "${TENKEN_LAB_ALONE:-}" ]; then
		# Without names of its own: one lab at a time on a machine.
		exec 9>/run/lock/tenken-lab.lock
		flock -w 300 9 || skip_all 'another lab is running'
	fi
	if ! ip netns add lab-net 2>/dev/null; then
		lab_remove
		ip netns add lab-net 2>/dev/null || skip_all 'network namespaces cannot be made here'
	fi
	if ! ip netns exec lab-net true 2>/dev/null; then
		ip netns del lab-net
		skip_all 'network namespaces cannot be entered here'
	fi
	trap lab_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	lab_dir=$(mktemp -d /tmp/tenken-lab.XXXXXX) || exit 99
	chmod 755 "$lab_dir" # some servers give up root before they read
	rm -rf "$lab_logs"
	mkdir -p "$lab_logs" || exit 99
	in_host net sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.disable_ipv6=1
	in_host net ip link set lo up
}

lab_remove() {
	for host in $lab_known; do
		[ -e "/run/netns/lab-$host" ] || continue
		pids=$(ip netns pids "lab-$host")
		# shellcheck disable=SC2086 # a list of numbers
		[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
		ip netns del "lab-$host"
	done
}

lab_down() {
	status=$?
	trap - EXIT
	lab_remove
	rm -rf "$lab_dir"
	exit $status
}

# in_host HOST COMMAND...
in_host() {
	inner=$1
	shift
	ip netns exec "lab-$inner" "$@" 9>&-
}

# lab_segment NAME ADDRESS/LENGTH: a segment, and the router's leg in it
lab_segment() {
	in_host net ip link add "br-$1" type bridge &&
		in_host net ip address add "$2" dev "br-$1" &&
		in_host net ip link set "br-$1" up
}

# lab_host NAME SEGMENT ADDRESS/LENGTH [ROUTE VIA]
lab_host() {
	ip netns add "lab-$1" || return 1
	lab_hosts="$lab_hosts $1"
	in_host "$1" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
	in_host net ip link add "v-$1" type veth peer name eth0 netns "lab-$1" &&
		in_host net ip link set "v-$1" master "br-$2" up &&
		in_host "$1" ip link set lo up &&
		in_host "$1" ip address add "$3" dev eth0 &&
		in_host "$1" ip link set eth0 up || return 1
	[ $# -lt 5 ] || in_host "$1" ip route add "$4" via "$5"
}

# serve HOST LOG COMMAND...: in the background, with a name and a /run of its own
serve() {
	server=$1 log=$lab_logs/$2.log
	shift 2
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_host "$server" unshare --uts sh -c 'hostname "$1" && shift && mount -t tmpfs tmpfs /run &&
		mkdir -p /run/sshd /run/xrdp /run/samba /run/lock && exec "$@"' sh "$server" "$@" \
		>"$log" 2>&1 </dev/null &
}

# node_has MODULE: Node.js finds it; autogen.sh puts modules beside the build
node_has() {
	NODE_PATH=${NODE_PATH:-}:$TENKEN_BUILD/npm/node_modules:$TENKEN_BUILD/../npm/node_modules
	export NODE_PATH
	command -v node >/dev/null && node -e "require.resolve('$1')" 2>/dev/null
}

# opcua HOST ADDRESS NAME MODES POLICIES WORDS [USER PASSWORD]: tests/lab/opcua-server.js on port 4840
opcua() {
	server=$1 at=$2
	shift 2
	mkdir -p "$lab_dir/$server.opcua"
	serve "$server" "$server-opcua" node "$lab_tests/lab/opcua-server.js" "$lab_dir/$server.opcua" "$at" 4840 "$@"
}

# capture HOST: from here on, all that this host sees of the network
capture() {
	in_host "$1" tcpdump -i eth0 -n -U --immediate-mode -Z root -w "$lab_logs/$1.pcap" \
		>"$lab_logs/$1.tcpdump.log" 2>&1 </dev/null &
	within 10 grep -q 'listening on' "$lab_logs/$1.tcpdump.log"
}

# The capture is whole once its tcpdump has ended.
capture_end() {
	for pid in $(ip netns pids "lab-$1"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = tcpdump ] || continue
		kill -TERM "$pid"
		within 5 test ! -d "/proc/$pid"
	done
}

# ---- a scan of services ----
# scan_services HOST PORTS TARGET: into s.tenken; what it said stays with the logs
scan_services() {
	in_host "$1" "$TENKEN" scan --zone it --store s.tenken --json s.json --no-html --quiet -p "$2" "$3" \
		>"$lab_logs/scan.out" 2>"$lab_logs/scan.err" </dev/null
	status=$?
	[ $status = 0 ] || [ $status = 1 ]
	good=$?
	result $good 'the scan'
	[ $good = 0 ] || note <"$lab_logs/scan.err"
	cp s.json "$lab_logs" 2>/dev/null
}

sql() { "$lab_python" "$lab_tests/cli/ask.py" s.tenken "$1"; }

# is WORDS QUERY: its rows are those of standard input
is() {
	cat >expected
	sql "$2" >got
	diff expected got >difference
	good=$?
	result $good "$1"
	[ $good = 0 ] || note <difference
}
