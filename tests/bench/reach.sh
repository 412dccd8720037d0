# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The parts of reachability, sourced by bench.sh: how long `tenken reach` takes at the default pace where nobody
# answers at all, which is the slowest case.
#
#   reach-neighbours  254 neighbours of a segment as gateways, one hop and all kinds of frames
#   reach-egress      the usual ports to a beacon that is silent, by one source address
reach_all='reach-neighbours reach-egress'
reach_a=$ns-near reach_b=$ns-quiet

reach_down() {
	for one in "$reach_a" "$reach_b"; do
		[ -e "/run/netns/$one" ] && ip netns del "$one"
	done
}

# Nobody is behind the neighbours' addresses, and the router takes everything and says nothing.
reach_up() {
	reach_down
	{
		ip netns add "$reach_a" && ip netns add "$reach_b" &&
			ip -n "$reach_a" link add eth0 type veth peer name eth0 netns "$reach_b" &&
			ip -n "$reach_a" address add 192.168.0.1/23 dev eth0 &&
			ip -n "$reach_b" address add 192.168.1.254/23 dev eth0 &&
			ip -n "$reach_a" link set eth0 up && ip -n "$reach_b" link set eth0 up &&
			ip -n "$reach_a" route add default via 192.168.1.254
	} || fail 'network namespaces cannot be made here'
	i=0
	while [ $i -lt 253 ]; do # and the router
		i=$((i + 1))
		printf 'neigh replace 192.168.0.%d lladdr 02:00:00:00:01:%02x dev eth0 nud permanent\n' $((i + 1)) $i
	done | ip -n "$reach_a" -batch -
	ip -n "$reach_a" neigh replace 192.168.1.254 nud permanent dev eth0 lladdr \
		"$(ip netns exec "$reach_b" cat /sys/class/net/eth0/address)"
	openssl rand -hex 32 >"$bench_dir/token.key" && chmod 600 "$bench_dir/token.key"
	cat >"$bench_dir/reach.yaml" <<-END
		site: bench
		timezone: UTC
		authorisation: {by: bench, reference: B-1, from: 2026-01-01, until: 2099-12-31, contact: bench}
		vantage: {name: near, zone: office}
		beacon: {name: outside, address: 203.0.113.9, key_file: token.key}
		zones:
		  - {name: office, kind: it, networks: [192.168.0.0/23]}
	END
}

# reach_part NAME METHODS
reach_part() {
	reach_up
	echo "bench: $1" >&2
	rm -f "$bench_out/$1.sqlite"*
	ip netns exec "$reach_a" "$python" "$bench_tests/measure.py" "$bench_out/$1.run" 600 "$TENKEN" reach \
		-c "$bench_dir/reach.yaml" --only "$2" --store "$bench_out/$1.sqlite" --no-html --quiet \
		>"$bench_logs/$1.out" 2>&1 9>&-
	reach_down
}

# A row for each part that ran.
reach_table() {
	for part in $reach_all; do
		[ -e "$bench_out/$part.run" ] || continue
		"$python" - "$bench_out/$part.run" "$bench_out/$part.sqlite" "$part" <<-'END'
			import json, sqlite3, sys
			run = json.load(open(sys.argv[1]))
			db = sqlite3.connect("file:" + sys.argv[2] + "?mode=ro", uri=True)
			rows = db.execute("SELECT method, outcome, count(*), count(DISTINCT via) FROM path GROUP BY 1, 2")
			what = "; ".join(f"{m} {o}: {n}" + (f" of {v} neighbours" if v else "") for m, o, n, v in rows)
			print(f"| {sys.argv[3]} | {run['seconds']:.1f} s | {what} |")
		END
	done
}
