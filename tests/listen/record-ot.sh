#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086 # lists of words
#
# Makes the recordings of OT conversations again: record-ot.sh NODE_MODULES. Both sides run in network namespaces of
# their own; README.md says of which programs. Needs root, tcpdump, ethtool, python3-pymodbus, node and the npm
# packages node-snap7, st-ethernet-ip and node-bacnet below NODE_MODULES.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export NODE_PATH="${1:?the folder node_modules}" PYTHONDONTWRITEBYTECODE=1
client=ot-rec-$$-c server=ot-rec-$$-s
plc=192.168.77.20 pids=

down() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null || :
	done
	ip netns del $client 2>/dev/null || :
	ip netns del $server 2>/dev/null || :
}
trap down EXIT
ip netns add $client
ip netns add $server
ip -n $client link add eth0 address 02:00:00:00:77:10 type veth peer name eth0 netns $server \
	address 02:00:00:00:77:20
for side in $client:10 $server:20; do
	ip netns exec ${side%:*} sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n ${side%:*} address add 192.168.77.${side#*:}/24 dev eth0
	ip -n ${side%:*} link set lo up
	ip -n ${side%:*} link set eth0 up
	ip netns exec ${side%:*} ethtool -K eth0 tx off >/dev/null
done

# record NAME FILTER SERVER -- CLIENT: what passes between both
record() {
	name=$1 filter=$2
	shift 2
	served=
	while [ "$1" != -- ]; do
		served="$served $1"
		shift
	done
	shift
	ip netns exec $client tcpdump -q -U -i eth0 -w "$here/$name.pcap" "$filter" 2>/dev/null &
	dump=$!
	pids="$pids $dump"
	server_pid=
	if [ -n "$served" ]; then
		ip netns exec $server $served >/dev/null 2>&1 &
		server_pid=$!
		pids="$pids $server_pid"
	fi
	sleep 2
	ip netns exec $client timeout 30 "$@" || echo "$name: the client ended with $?"
	sleep 1
	kill $dump $server_pid 2>/dev/null || :
	wait $dump 2>/dev/null || :
}

record modbus 'port 502 or arp' /usr/bin/python3 "$here/peers/modbus.py" server $plc -- \
	/usr/bin/python3 "$here/peers/modbus.py" client $plc
record s7comm 'port 102' node "$here/peers/s7.js" server $plc -- node "$here/peers/s7.js" client $plc
record enip 'port 44818' /usr/bin/python3 "$here/peers/enip.py" $plc -- node "$here/peers/enip.js" $plc
record enip-connected 'tcp port 44818' /usr/bin/python3 "$here/peers/enip.py" $plc -- \
	node "$here/peers/enip.js" $plc connected
record bacnet 'udp port 47808' node "$here/peers/bacnet.js" server $plc -- \
	node "$here/peers/bacnet.js" client $plc
/usr/bin/python3 "$here/make-ot.py" "$here"
