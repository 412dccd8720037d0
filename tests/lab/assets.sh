#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Findings go with the asset: a machine with two addresses has one finding, machines that change places keep
# theirs, and what was mended is fixed where the machine is now.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net as-scan as-one as-two'
lab_need redis-server redis-cli jq
cd "$lab_dir" || exit 99

in_host net ip link add br-as type bridge && in_host net ip link set br-as up &&
	lab_host as-scan as 10.88.0.1/24 && lab_host as-one as 10.88.0.11/24 && lab_host as-two as 10.88.0.12/24
built=$?
result $built 'a scanner and two hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }
in_host as-one ip address add 10.88.0.21/24 dev eth0
for host in as-one as-two; do
	serve "$host" "$host-redis" redis-server --bind 0.0.0.0 --port 6379 --protected-mode no --save '' --dir "$lab_dir"
	wait_port "$host" 6379 || echo "no server at $host" | note
done

# scan NAME: into one store; what the checks of strangers' access say, one line per finding
scan() {
	in_host as-scan "$TENKEN" scan --zone it --store s.tenken --json "$1.json" --html "$1.html" -p 6379 --quiet 10.88.0.8-10.88.0.23 \
		>"$lab_logs/$1.out" 2>"$lab_logs/$1.err" </dev/null
}
found() { jq -r '[.findings[] | select(.check == "exposure.unauthenticated-service")
	| "\(.asset) at \([.address] + .also | join("+"))"] | join(", ")' "$1.json"; }
prints() { jq -r '[.findings[] | select(.check == "exposure.unauthenticated-service") | "\(.asset) \(.fingerprint)"] | sort
	| join(", ")' "$1.json"; }
history() {
	sql "SELECT group_concat(x, ', ') FROM (SELECT asset || ' ' || status || ' at ' || address AS x FROM finding
		WHERE check_id = 'exposure.unauthenticated-service' ORDER BY asset)"
}

scan before
that 'one finding for each machine, at all of its addresses' same "$(found before)" \
	'10.88.0.11 at 10.88.0.11+10.88.0.21, 10.88.0.12 at 10.88.0.12'
that 'the page names the other address' grep -q '10\.88\.0\.21</span>' before.html

# They change places, and the first one has one address less.
in_host as-one ip address flush dev eth0 scope global && in_host as-two ip address flush dev eth0 scope global
in_host as-one ip address add 10.88.0.12/24 dev eth0 && in_host as-two ip address add 10.88.0.11/24 dev eth0
in_host as-scan ip neigh flush all
scan moved
that 'after they changed places: the same findings elsewhere' same "$(found moved)" \
	'10.88.0.12 at 10.88.0.11, 10.88.0.11 at 10.88.0.12'
that 'their fingerprints stay' same "$(prints moved)" "$(prints before)"
that 'nothing is fixed, nothing is new' same "$(history)" '10.88.0.11 open at 10.88.0.12, 10.88.0.12 open at 10.88.0.11'

# The first one is mended.
in_host as-one redis-cli -h 127.0.0.1 CONFIG SET requirepass of-its-own >"$lab_logs/mend.log" 2>&1
scan mended
that 'what was mended is fixed where the machine is now' same "$(history)" \
	'10.88.0.11 fixed at 10.88.0.12, 10.88.0.12 open at 10.88.0.11'

# Somebody else takes the place of the second one.
in_host as-two ip link set eth0 down
in_host as-one ip address add 10.88.0.11/24 dev eth0
in_host as-scan ip neigh flush all
scan gone
that 'another machine at its address does not fix it' same "$(history)" \
	'10.88.0.11 fixed at 10.88.0.12, 10.88.0.12 open at 10.88.0.11'
tap_done
