# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The listening parts of the benchmark, sourced by bench.sh: captures made here are read by tenken, ndpiReader,
# tshark and p0f. Nothing is sent.
listen_all='listen-ordinary listen-unknown listen-many listen-live'
listen_a=$ns-mirror listen_b=$ns-ear
listen_megabytes=${TENKEN_BENCH_LISTEN_MB:-500}
listen_runs=${TENKEN_BENCH_LISTEN_RUNS:-3}
listen_memory=${TENKEN_BENCH_LISTEN_MEMORY:-900}

# listen_run NAME COMMAND...: without the network, once for each run
listen_run() {
	name=$1
	shift
	command -v "$1" >/dev/null || {
		echo "$1" >"$bench_out/$name.missing"
		return
	}
	echo "bench: $name: $*" >&2
	i=0
	while [ $i -lt "$listen_runs" ]; do
		i=$((i + 1))
		rm -f "$bench_out/$name.sqlite"*
		"$python" "$bench_tests/measure.py" "$bench_out/$name-$i.run" 3600 "$@" \
			>"$bench_logs/$name.out" 2>"$bench_logs/$name.err"
	done
}

# listen_part KIND: writes the capture, reads it with everything
listen_part() {
	kind=$1
	capture=$bench_dir/$kind.pcap
	(
		LC_ALL=C
		export LC_ALL
		set -- "$bench_tests/../listen/"*.pcap
		"${TENKEN_BUILD:?}/tests/bench/mix" "$kind" "$listen_megabytes" "$capture" "$@"
	) >"$bench_out/listen-$kind.seen" || fail "the capture '$kind' cannot be written"
	cat "$capture" >/dev/null # from now on in memory, for all alike
	set -- listen -r "$capture" --no-html --quiet --store "$bench_out/listen-$kind-tenken.sqlite"
	[ "$kind" != many ] || set -- "$@" --memory "$listen_memory"
	listen_run "listen-$kind-tenken" "$TENKEN" "$@"
	listen_run "listen-$kind-ndpi" ndpiReader -q -i "$capture"
	if [ "$kind" != many ]; then
		listen_run "listen-$kind-tshark" tshark -n -q -z conv,ip -r "$capture"
		listen_run "listen-$kind-p0f" p0f -r "$capture"
	fi
	rm -f "$capture"
}

listen_down() {
	for one in "$listen_a" "$listen_b"; do
		[ -e "/run/netns/$one" ] && ip netns del "$one"
	done
}

# listen_live: the ordinary capture is played at 200,000 packets a second for 15 s; tenken listens on one core, the
# player has another.
listen_live() {
	capture=$bench_dir/live.pcap
	"${TENKEN_BUILD:?}/tests/bench/mix" ordinary 100 "$capture" "$bench_tests/../listen/"*.pcap >/dev/null ||
		fail 'the capture cannot be written'
	listen_down
	{
		ip netns add "$listen_a" && ip netns add "$listen_b" &&
			ip -n "$listen_a" link add eth0 type veth peer name eth0 netns "$listen_b" &&
			ip netns exec "$listen_b" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv4.ip_forward=0 &&
			ip -n "$listen_a" link set eth0 mtu 9000 up && ip -n "$listen_b" link set eth0 mtu 9000 up
	} || fail 'network namespaces cannot be made here'
	cat >"$bench_dir/listen.yaml" <<-END
		site: bench
		timezone: UTC
		authorisation: {by: bench, reference: B-1, from: 2026-01-01, until: 2099-12-31, contact: bench}
	END
	echo 'bench: listen-live' >&2
	rm -f "$bench_out/listen-live.sqlite"*
	ip netns exec "$listen_b" taskset -c 0 "$python" "$bench_tests/measure.py" "$bench_out/listen-live.run" 120 \
		"$TENKEN" listen -c "$bench_dir/listen.yaml" -i eth0 --for 22s --store "$bench_out/listen-live.sqlite" \
		--no-html --quiet >"$bench_logs/listen-live.out" 2>&1 9>&- &
	listener=$!
	sleep 3
	ip netns exec "$listen_a" taskset -c 1 tcpreplay -q -K --loop 0 --duration 15 --pps 200000 -i eth0 "$capture" \
		>"$bench_out/listen-live.player" 2>&1 9>&- || :
	wait $listener || :
	listen_down
	rm -f "$capture"
}

# What was played, heard and lost.
listen_live_table() {
	[ -e "$bench_out/listen-live.player" ] || return 0
	echo
	echo '### listen-live'
	echo
	grep -E '^(Actual|Rated|Successful|Failed)|[Aa]ctual:|[Rr]ated:' "$bench_out/listen-live.player"
	"$python" - "$bench_out/listen-live.run" "$bench_out/listen-live.sqlite" <<-'END'
		import json, sqlite3, sys
		run = json.load(open(sys.argv[1]))
		db = sqlite3.connect("file:" + sys.argv[2] + "?mode=ro", uri=True)
		packets, dropped = db.execute("SELECT sum(packets), sum(dropped) FROM watch").fetchone()
		print(f"heard: {packets} packets, {dropped} dropped; {run['cpu_seconds']:.1f} s of CPU, judging included")
	END
}
