# shellcheck shell=sh disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
#
# Plants of the labs of `tenken reach`, sourced behind lab.sh: segments without a router of ours, hosts with
# several legs, a beacon, and counting of what passed. A plant ends where the next begins.
openssl rand -hex 32 >"$lab_dir/token.key" && chmod 600 "$lab_dir/token.key"

# plant NAME: from here on another one
plant() {
	plant=$1
	for host in $lab_known; do
		[ "$host" = net ] || ! [ -e "/run/netns/lab-$host" ] || host_gone "$host"
	done
	for bridge in $plant_bridges; do in_host net ip link del "$bridge"; done
	plant_bridges='' lab_known=net
	rm -f ./*.tenken* ./*.yaml ./*.json
}
plant_bridges=

host_gone() {
	pids=$(ip netns pids "lab-$1")
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
	ip netns del "lab-$1"
}

# leg HOST SEGMENT ADDRESS/LENGTH...: an interface named after the segment; host and segment are made
# where they are missing. The MAC address says which host and leg it is.
plant_mac=0
leg() {
	host=$1 segment=$2
	shift 2
	case " $plant_bridges " in
	*" br-$segment "*) ;;
	*)
		in_host net ip link add "br-$segment" type bridge mcast_snooping 0 &&
			in_host net ip link set "br-$segment" up || return 1
		plant_bridges="$plant_bridges br-$segment"
		;;
	esac
	if ! [ -e "/run/netns/lab-$host" ]; then
		ip netns add "lab-$host" || return 1
		lab_known="$lab_known $host"
		in_host "$host" ip link set lo up
		in_host "$host" sysctl -q -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 \
			net.ipv6.conf.default.accept_dad=0
	fi
	plant_mac=$((plant_mac + 1))
	in_host net ip link add "v$plant_mac" type veth peer name "$segment" \
		address "$(printf '02:00:00:00:07:%02x' $plant_mac)" netns "lab-$host" &&
		in_host net ip link set "v$plant_mac" master "br-$segment" up || return 1
	for address in "$@"; do
		case $address in
		*:*) in_host "$host" ip address add "$address" dev "$segment" nodad || return 1 ;;
		*) in_host "$host" ip address add "$address" dev "$segment" || return 1 ;;
		esac
	done
	in_host "$host" ip link set "$segment" up
}

# mac HOST SEGMENT
mac() { in_host "$1" cat "/sys/class/net/$2/address"; }

# forwards HOST: it routes, IPv4 and IPv6
forwards() { in_host "$1" sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; }

# shares HOST SEGMENT: address translation towards this segment
shares() {
	in_host "$1" nft -f - <<-END
		table inet share {
			chain out {
				type nat hook postrouting priority 100
				oifname "$2" masquerade
			}
		}
	END
}

# site HOST-ZONE LINES...: site.yaml; zones office (it) and plant (ot), and what the lines add
site() {
	vantage_zone=$1
	shift
	{
		cat <<-END
			site: $plant
			timezone: UTC
			authorisation: {by: lab, reference: LAB-1, from: 2026-01-01, until: 2099-12-31, contact: lab}
			vantage: {name: v-$vantage_zone, zone: $vantage_zone}
			beacon: {name: outside, address: [$beacon_addresses], key_file: token.key}
			zones:
			  - {name: office, kind: it, networks: [192.168.1.0/24, "fd00:1::/64"], declared: [$office_words]}
			  - {name: plant, kind: ot, networks: [192.168.10.0/24, "fd00:a::/64"], passive_only: [192.168.10.66], declared: [closed]}
		END
		[ $# = 0 ] || printf '%s\n' "$@"
	} >site.yaml
	[ -e token.key ] || cp "$lab_dir/token.key" .
}
office_words=closed
beacon_addresses='203.0.113.9, "2001:db8:9::9"'

# beacon_up HOST: our listener
beacon_up() {
	serve "$1" "$plant-beacon" "$TENKEN" beacon --key "$lab_dir/token.key" --icmp
	within 10 listening "$1" 443
}

# reach HOST [OPTIONS]: into s.tenken
reach() {
	from=$1
	shift
	in_host "$from" "$TENKEN" reach -c site.yaml --store s.tenken --json s.json --no-html --quiet "$@" \
		>"$lab_logs/$plant.out" 2>"$lab_logs/$plant.err" </dev/null
	status=$?
	[ $status = 0 ] || [ $status = 1 ]
	good=$?
	result $good "$plant: the run"
	[ $good = 0 ] || note <"$lab_logs/$plant.err"
	cp s.tenken "$lab_logs/$plant.tenken" 2>/dev/null
}

# watch HOST SEGMENT: what this leg sees, into a file of its own
watch() {
	in_host "$1" tcpdump -i "$2" -n -U --immediate-mode -Z root -w "$lab_logs/$plant-$1-$2.pcap" \
		>"$lab_logs/$plant-$1-$2.tcpdump" 2>&1 </dev/null &
	within 10 grep -q 'listening on' "$lab_logs/$plant-$1-$2.tcpdump"
}

# The captures are whole once their tcpdumps have ended.
watch_end() {
	for host in $lab_known; do
		for pid in $(ip netns pids "lab-$host"); do
			[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = tcpdump ] || continue
			kill -TERM "$pid"
			within 5 test ! -d "/proc/$pid"
		done
	done
}

# saw HOST SEGMENT FILTER: how many packets
saw() { tcpdump -n -r "$lab_logs/$plant-$1-$2.pcap" "$3" 2>/dev/null | grep -c .; }

# gateways WORDS: what the newest run says of neighbours
gateways() {
	is "$plant: $1" "SELECT coalesce(via, '-') || ' ' || destination || ' ' || method || ' ' || outcome
			|| CASE refutes WHEN 1 THEN ' refutes' ELSE '' END || coalesce(' as ' || seen_as, '')
		FROM path WHERE scan = (SELECT max(id) FROM scan) AND method LIKE 'gateway%'
		ORDER BY via, destination, method"
}

# ways WORDS: what the newest run says of the ordinary ways to the beacon, counted
ways() {
	is "$plant: $1" "SELECT method || iif(destination LIKE '%:%', ' ipv6 ', ' ipv4 ') || outcome || ' ' || count(*)
			|| CASE max(refutes) WHEN 1 THEN ' refutes' ELSE '' END || coalesce(' as ' || max(seen_as), '')
			|| coalesce(' by ' || max(answered_by), '')
		FROM path WHERE scan = (SELECT max(id) FROM scan) AND method NOT LIKE 'gateway%'
		GROUP BY method, destination, outcome ORDER BY method, destination, outcome"
}

# findings WORDS: all that are open
findings() {
	is "$plant: $1" "SELECT check_id || ' ' || coalesce(address, '-') || ' ' || detail || ' ' || severity FROM finding
		WHERE status = 'open' ORDER BY check_id, address, detail"
}

# none HOST SEGMENT WORDS: nothing that the bastion sent to the beacon left this leg
none() {
	n=$(saw "$1" "$2" 'dst host 203.0.113.9 or dst host 2001:db8:9::9')
	that "$plant: $3 ($n)" [ "$n" = 0 ]
}

# know HOST SEGMENT OTHER...: the kernel of the host has the others in its table of neighbours
know() {
	knowing=$1 segment=$2
	shift 2
	for other in "$@"; do
		address=$(in_host "$other" ip -4 -o address show dev "$segment" | awk '{ sub("/.*", "", $4); print $4 }')
		in_host "$knowing" ip neigh replace "$address" lladdr "$(mac "$other" "$segment")" dev "$segment" nud reachable
	done
}
