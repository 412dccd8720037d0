# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by bench.sh: the report page of 10,000 machines and 50,000 findings, its size, how long it takes to be made
# and, where chromium and playwright-core are there, to be shown: the best of three.

page_part() {
	echo 'bench: page' >&2
	rm -f "$bench_out"/crowd.tenken*
	"$TENKEN_BUILD/tests/report/make_crowd" "$TENKEN_DATA" "$bench_out/crowd.tenken" 10000 || return
	NODE_PATH=${NODE_PATH:-}:$TENKEN_BUILD/npm/node_modules:$TENKEN_BUILD/../npm/node_modules
	export NODE_PATH
	"$python" "$bench_tests/measure.py" "$bench_out/page.run" 3600 "$TENKEN" report "$bench_out/crowd.tenken" \
		--profile all --quiet >"$bench_logs/page.out" 2>&1
	browser=$(command -v chromium) && node -e 'require.resolve("playwright-core")' 2>/dev/null || return
	for _ in 1 2 3; do
		node "$bench_tests/page_load.js" "$browser" "$bench_out/crowd.html"
	done >"$bench_out/page.load"
}

page_table() {
	[ -e "$bench_out/crowd.html" ] || return
	echo
	echo '| report page of 10,000 machines | |'
	echo '|---|---|'
	echo "| size | $(($(stat -c %s "$bench_out/crowd.html") / 1000)) kB |"
	"$python" -c 'import json, sys
r = json.load(open(sys.argv[1]))
print("| judged and made | %s |" % ", ".join("%s %s" % (k, r[k]) for k in sorted(r)))' "$bench_out/page.run" 2>/dev/null
	[ ! -s "$bench_out/page.load" ] || sort -n -k 3 "$bench_out/page.load" |
		awk 'NR == 1 { print "| elements when loaded | " $1 " |\n| first paint | " $2 " ms |\n| loaded | " $3 " ms |\n| all rows in | " $4 " ms |" }'
}
