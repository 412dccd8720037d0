#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Records the captures of this folder again: real programs in network namespaces of their own, one bridge
# between them, tcpdump on the bridge's side. Needs root and the packages that README.md names; a
# recording whose programs are missing is left out, and said. Usage: record.sh FOLDER [NAME...]
set -u
PATH=$PATH:/usr/sbin:/sbin
if [ -z "${RECORD_ALONE:-}" ]; then
	# Names of namespaces of our own, so that nothing collides.
	RECORD_ALONE=1 exec unshare --mount --uts --propagation private \
		sh -c 'hostname localhost && mount -t tmpfs tmpfs /run/netns && exec "$@"' sh sh "$0" "$@"
fi
folder=${1:?usage: record.sh FOLDER [NAME...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/tenken-record.XXXXXX) || exit 2
chmod 755 "$work"
started=

in_host() {
	host=$1
	shift
	ip netns exec "rec-$host" "$@"
}

# start HOST COMMAND...: in the background, ended with the recording
start() {
	host=$1
	shift
	ip netns exec "rec-$host" "$@" >"$work/log" 2>&1 &
	started="$started $!"
}

# A host on the bridge: host NAME NUMBER -> 10.20.0.NUMBER, 2001:db8:20::NUMBER, MAC 02:00:00:00:00:NUMBER
host() {
	ip netns add "rec-$1"
	in_host "$1" ip link set lo up
	ip -n rec-net link add "p-$1" type veth peer name eth0 netns "rec-$1"
	ip -n rec-net link set "p-$1" master br0 up
	in_host "$1" sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.addr_gen_mode=0
	in_host "$1" ip link set eth0 address "$(printf '02:00:00:00:00:%02x' "$2")" up
	if [ "${3:-}" != bare ]; then
		in_host "$1" ip addr add "10.20.0.$2/24" broadcast 10.20.0.255 dev eth0
		in_host "$1" ip addr add "2001:db8:20::$2/64" dev eth0 nodad
	fi
}

open_net() {
	recorded_at=br0
	ip netns add rec-net
	ip -n rec-net link set lo up
	ip -n rec-net link add br0 type bridge mcast_snooping 0
	ip netns exec rec-net sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	# Frames for LLDP's group are for neighbours only; here both are on one cable.
	ip -n rec-net link set br0 type bridge group_fwd_mask 16384
	ip -n rec-net link set br0 up
}

close_net() {
	for pid in $started; do
		kill "$pid" 2>/dev/null
	done
	sleep 0.3
	for ns in $(ip netns list | sed -n 's/^\(rec-[a-z]*\).*/\1/p'); do
		for pid in $(ip netns pids "$ns"); do
			kill "$pid" 2>/dev/null
		done
		ip netns del "$ns"
	done
	started=
}

# record NAME FILTER [FRAMES]: from now on, so many at most; recorded ends it
record() {
	ip netns exec rec-net tcpdump -i "$recorded_at" -w "$folder/$1.pcap" -U -s 0 ${3:+-c "$3"} "$2" \
		2>"$work/tcpdump" &
	tcpdump=$!
	sleep 1
}

recorded() {
	sleep "${1:-1}"
	kill -INT "$tcpdump" 2>/dev/null
	wait "$tcpdump"
}

# Some servers tell the release of the kernel that recorded them: letters of the same number stand there.
without_release() {
	LC_ALL=C sed -i "s/$(uname -r)/$(uname -r | sed 's/./x/g; s/^...../6.1.0/')/g" "$1"
}

need() {
	for program in "$@"; do
		command -v "$program" >/dev/null || {
			echo "$name: $program is not there" >&2
			return 1
		}
	done
}

# try HOST COMMAND...: for three seconds at most; what comes of it shows in the capture
try() {
	host=$1
	shift
	ip netns exec "rec-$host" timeout 3 "$@" >"$work/out" 2>&1
}

for part in "$here"/recordings/*.sh; do
	# shellcheck source=/dev/null
	. "$part"
done

# shellcheck disable=SC2048
for name in ${*:-$all}; do
	open_net
	"record_$(echo "$name" | tr - _)" && without_release "$folder/$name.pcap" && echo "$name: $(stat -c %s "$folder/$name.pcap") bytes"
	close_net
done
rm -rf "$work"
