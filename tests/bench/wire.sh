# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The wire parts of the benchmark, sourced by bench.sh: what is found and sent, how fast, at what cost,
# beside the scanners that do nothing else. Two namespaces and one link: a0 of the scanner's, b0 of the
# target's; neither has to ask for the other's MAC address.
wire_all='wire-live wire-silence wire-memory wire-pace wire-arp'
wire_limit=${TENKEN_BENCH_WIRE_LIMIT:-120}
wire_arp_rate=${TENKEN_BENCH_ARP_RATE:-10000}
wire_a=$ns-a wire_b=$ns-b
wire_mac_a=02:00:00:00:00:0a wire_mac_b=02:00:00:00:00:0b
wire_router=02-00-00-00-00-0b # as masscan writes it

wire_down() {
	for one in "$wire_a" "$wire_b"; do
		[ -e "/run/netns/$one" ] || continue
		pids=$(ip netns pids "$one")
		# shellcheck disable=SC2086 # a list of numbers
		[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
		ip netns del "$one"
	done
}

# The queues for connections take all 65,536 at once, so that no answer is a cookie, and nothing tracks
# connections or doubts an address.
wire_tune() {
	ip netns exec "$1" sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv4.icmp_ratelimit=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.core.somaxconn=262144 net.ipv4.tcp_max_syn_backlog=262144 \
		net.ipv4.ip_local_port_range='1024 65000'
}

wire_up() {
	wire_down
	{
		ip netns add "$wire_a" && ip netns add "$wire_b" && wire_tune "$wire_a" && wire_tune "$wire_b" &&
			ip -n "$wire_a" link set lo up && ip -n "$wire_b" link set lo up &&
			ip -n "$wire_a" link add a0 address $wire_mac_a type veth peer name b0 \
				address $wire_mac_b netns "$wire_b" &&
			ip -n "$wire_a" address add 172.31.0.1/30 dev a0 &&
			ip -n "$wire_b" address add 172.31.0.2/30 dev b0 &&
			ip -n "$wire_a" link set a0 up && ip -n "$wire_b" link set b0 up &&
			ip -n "$wire_a" neighbour replace 172.31.0.2 lladdr $wire_mac_b dev a0 nud permanent &&
			ip -n "$wire_b" neighbour replace 172.31.0.1 lladdr $wire_mac_a dev b0 nud permanent &&
			ip -n "$wire_a" route add 10.0.0.0/8 via 172.31.0.2
	} || fail 'network namespaces cannot be made here'
}

# Everything that reaches b0 vanishes as early and as cheaply as nft can; the interface has counted it.
wire_silent() {
	ip netns exec "$wire_b" nft -f - <<-END || fail 'nft cannot drop at an interface here'
		table netdev bench {
			chain incoming {
				type filter hook ingress device b0 priority 0; policy drop;
			}
		}
	END
}

# wire_server LISTENING...: nginx on all addresses of 10.77.0.0/16
wire_server() {
	listen=
	for port in "$@"; do
		listen="$listen listen $port backlog=262144;"
	done
	ip -n "$wire_b" route add local 10.77.0.0/16 dev lo || fail 'no local route'
	cat >"$bench_dir/wire.conf" <<-END
		daemon off;
		worker_processes 1;
		worker_rlimit_nofile 200000;
		pid $bench_dir/wire.pid;
		error_log $bench_dir/wire.log;
		events { worker_connections 100000; }
		http {
			access_log off;
			client_body_temp_path $bench_dir/wire.1;
			proxy_temp_path $bench_dir/wire.2;
			fastcgi_temp_path $bench_dir/wire.3;
			uwsgi_temp_path $bench_dir/wire.4;
			scgi_temp_path $bench_dir/wire.5;
			server { $listen }
		}
	END
	# In a shell of its own: this one would tell of its end.
	(ip netns exec "$wire_b" nginx -c "$bench_dir/wire.conf" >>"$bench_logs/wire-nginx.log" 2>&1 9>&- &)
	tries=0
	until ip netns exec "$wire_b" ss -Hltn | grep -q ":$1 "; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || fail "nginx does not listen; see $bench_logs/wire-nginx.log"
		sleep 0.1
	done
}

# wire_run NAME LIMIT COMMAND...: from the scanner's namespace; what reached b0 goes to NAME.seen
wire_run() {
	name=$1 most=$2
	shift 2
	echo "bench: $name: $*" >&2
	if ! "$python" -c 'import shutil, sys; sys.exit(not shutil.which(sys.argv[1]))' "$1"; then
		echo "$1" >"$bench_out/$name.missing" # command -v would find a function
		return
	fi
	ip netns exec "$wire_b" "$python" "$bench_tests/wire_watch.py" "$bench_out/$name.seen" b0 $wire_mac_a 9>&- &
	watch=$!
	sleep 0.5
	ip netns exec "$wire_a" "$python" "$bench_tests/measure.py" "$bench_out/$name.run" "$most" "$@" \
		>"$bench_logs/$name.out" 2>&1 9>&-
	sleep 0.2
	kill -TERM $watch 2>/dev/null
	wait $watch 2>/dev/null
	pids=$(ip netns pids "$wire_a") # what a run that was ended has left
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
	sleep 1
}

# wire_tenken NAME OPTIONS...: the store is not kept, it may be large
wire_tenken() {
	name=$1
	shift
	wire_run "$name" "$wire_limit" "$TENKEN" scan "$@" --store "$bench_dir/$name.sqlite" \
		--json "$bench_out/$name.found" --no-html --quiet
	rm -f "$bench_dir/$name".sqlite*
}

wire_lifted='--zone it --risk touch --rate 0 --host-rate 0'

# Each peer in several settings; the table takes the fastest that finds 99.9 %.
wire_live() {
	net=10.77.0.0/16
	wire_up
	wire_server 80
	# shellcheck disable=SC2086 # options
	wire_tenken wire-live-tenken $wire_lifted -p 80 $net
	i=0
	for way in '100000 --max-retries 0' '100000 --max-retries 1' '1000000 --max-retries 0'; do
		i=$((i + 1))
		# shellcheck disable=SC2086 # options
		wire_run wire-live-nmap-$i "$wire_limit" nmap -sS -n -Pn --min-rate $way -p 80 \
			-oG "$bench_out/wire-live-nmap-$i.found" $net
	done
	i=0
	for way in '30000 --wait 1' '100000 --wait 0' '100000 --wait 1' '100000 --wait 1 --retries 1' '300000 --wait 1' \
		'1000000 --wait 1'; do
		i=$((i + 1))
		# shellcheck disable=SC2086 # options
		wire_run wire-live-masscan-$i "$wire_limit" masscan $net -p 80 -i a0 --adapter-ip 172.31.0.1 \
			--router-mac $wire_router --rate $way -oL "$bench_out/wire-live-masscan-$i.found"
	done
	i=0
	for way in '0 -T 1' '100000 -T 1' '0 -T 2'; do
		i=$((i + 1))
		# shellcheck disable=SC2086 # options
		wire_run wire-live-zmap-$i "$wire_limit" zmap -q -p 80 -i a0 -G $wire_mac_b -S 172.31.0.1 -c 1 \
			-b /dev/null -r $way -o "$bench_out/wire-live-zmap-$i.found" $net
	done
	ip netns exec "$wire_b" nstat -az TcpExtSyncookiesSent TcpExtListenDrops TcpExtTCPReqQFullDrop |
		awk '/^Tcp/ { print $1, $2 }' >"$bench_out/wire-live.server"
}

wire_silence() {
	wire_up
	wire_silent
	net=10.16.0.0/12
	wire_run wire-silence-loop "$wire_limit" "$bench_out/sendmmsg_loop" a0 $wire_mac_a $wire_mac_b 172.31.0.1 \
		10.16.0.0 1048576 80
	wire_run wire-silence-masscan "$wire_limit" masscan $net -p 80 -i a0 --adapter-ip 172.31.0.1 \
		--router-mac $wire_router --rate 10000000 --retries 0 --wait 0 \
		-oL "$bench_out/wire-silence-masscan.found"
	wire_run wire-silence-zmap "$wire_limit" zmap -q -p 80 -i a0 -G $wire_mac_b -S 172.31.0.1 -c 1 -b /dev/null \
		-r 0 -T 1 -o "$bench_out/wire-silence-zmap.found" $net
	# shellcheck disable=SC2086 # options
	wire_tenken wire-silence-tenken $wire_lifted --max-retries 0 -p 80 $net
}

wire_memory() {
	wire_up
	wire_silent
	# shellcheck disable=SC2086 # options
	wire_tenken wire-memory-tenken $wire_lifted -p 80 10.0.0.0/8
}

# wire_paced NAME SITE-FILE OPTIONS...: with a capture of all that the scanner's side sends
wire_paced() {
	paced=$1
	shift
	ip netns exec "$wire_b" tcpdump -i b0 -Q in -n -s 96 -B 16384 -U -w "$bench_dir/$paced.pcap" \
		"ether src $wire_mac_a" 2>"$bench_logs/$paced.tcpdump" 9>&- &
	capture=$!
	sleep 1
	TENKEN=$wire_tenken_here wire_tenken "$paced" "$@"
	kill -TERM $capture 2>/dev/null
	wait $capture 2>/dev/null
	"$python" "$bench_tests/wire_pace.py" "$bench_dir/$paced.pcap" >"$bench_out/$paced.pace" ||
		rm -f "$bench_out/$paced.pace"
}

# Of the live host one port in ten is open. Without the right to raw sockets, whoever runs it, tenken
# connects.
wire_pace() {
	if ! command -v tcpdump >/dev/null; then
		echo tcpdump >"$bench_out/wire-pace.missing"
		return
	fi
	wire_up
	# shellcheck disable=SC2046 # a list
	wire_server $(seq 8001 10 8191)
	ip netns exec "$wire_b" nft -f - <<-END || fail 'nft cannot drop at an interface here'
		table netdev bench {
			chain incoming {
				type filter hook ingress device b0 priority 0;
				ip daddr 10.77.2.1 drop
			}
		}
	END
	cat >"$bench_dir/pace.yaml" <<-END
		site: pace
		zones:
		  - {name: office, kind: it, networks: [10.77.0.0/16], risk: touch, rate: 200, host_rate: 40}
		limits: {rate: 10000, host_rate: 1000}
	END
	printf '#!/bin/sh\nexec setpriv --inh-caps=-net_raw --bounding-set=-net_raw "%s" "$@"\n' "$TENKEN" \
		>"$bench_dir/unprivileged" && chmod 755 "$bench_dir/unprivileged"
	for way in raw connect; do
		wire_tenken_here=$TENKEN
		[ $way = raw ] || wire_tenken_here=$bench_dir/unprivileged
		wire_paced wire-pace-host-$way -c "$bench_dir/pace.yaml" -p 8001-8200 10.77.1.1 10.77.2.1
		wire_paced wire-pace-zone-$way -c "$bench_dir/pace.yaml" -p 8001-8010 10.77.3.0/24
	done
}

wire_arp() {
	wire_up
	wire_silent # for the kernel; the hosts are those of the program
	ip -n "$wire_a" address add 10.78.0.1/16 dev a0
	(ip netns exec "$wire_b" "$bench_out/segment" b0 10.78.0.0 65536 16 >"$bench_logs/wire-segment.out" 2>&1 9>&- &)
	sleep 0.5
	net=10.78.0.0/16
	for tries in 1 2; do
		wire_run wire-arp-arpscan-$tries "$wire_limit" arp-scan -I a0 -q -x \
			--interval=$((1000000 / wire_arp_rate))u --retry=$tries $net
		mv "$bench_logs/wire-arp-arpscan-$tries.out" "$bench_out/wire-arp-arpscan-$tries.found" 2>/dev/null
	done
	arp_options="--zone it --risk touch --rate $wire_arp_rate --host-rate 0"
	# shellcheck disable=SC2086 # options
	wire_tenken wire-arp-tenken $arp_options -sn $net
	# shellcheck disable=SC2086 # options
	wire_tenken wire-arp-with-port $arp_options -p 80 $net
}
