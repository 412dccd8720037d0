# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The listening parts of the benchmark, sourced by bench.sh: captures made here are read by tenken, ndpiReader,
# tshark and p0f. Nothing is sent.
listen_all='listen-ordinary listen-unknown listen-many'
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
