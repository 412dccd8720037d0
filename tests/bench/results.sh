# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by bench.sh: judging by all five guidelines and writing every format, of 10,000 hosts with 100,000
# services (plant_store.c). The limits of 5 s and 300 MB are those that were set for judging and exporting.

# results_of NAME FORMAT STORE
results_of() {
	"$python" "$bench_tests/measure.py" "$bench_out/results.$1" 3600 "$TENKEN" export "$3" --profile all \
		--format "$2" -o "$bench_out/plant.$2" >"$bench_logs/results.$1.out" 2>&1
}

results_part() {
	echo 'bench: results' >&2
	rm -f "$bench_out"/plant*.tenken* "$bench_out"/results.*
	"$bench_out/plant_store" "$TENKEN_TESTS/wire" "$bench_out/plant.tenken" 10000 >"$bench_out/results.store" || return
	for format in json ndjson csv; do
		results_of "$format" "$format" "$bench_out/plant.tenken"
	done
	# The same site, scanned for the third time.
	"$bench_out/plant_store" "$TENKEN_TESTS/wire" "$bench_out/plants.tenken" 10000 "$TENKEN_DATA" 3 >/dev/null || return
	results_of third json "$bench_out/plants.tenken"
	rm -f "$bench_out"/plants.tenken*
	"$bench_out/exports" "$TENKEN_DATA" "$bench_out/plant.tenken" >"$bench_out/results.formats" 2>&1
}

results_table() {
	[ -s "$bench_out/results.store" ] || return
	echo
	echo "Results of $(cat "$bench_out/results.store"), five guidelines (set: 5 s, 300 MB):"
	echo
	echo '| judged and exported | |'
	echo '|---|---|'
	for format in json ndjson csv third; do
		"$python" -c 'import json, sys
r = json.load(open(sys.argv[1]))
print("| %s | %s |" % (sys.argv[2], ", ".join("%s %s" % (k, r[k]) for k in sorted(r))))' \
			"$bench_out/results.$format" "$(echo "$format" | sed 's/third/json of the third scan, a week after the second/')"
	done
	echo
	sed 's/^/    /' "$bench_out/results.formats"
}
