#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One scan over real TLS servers of many configurations and libraries: versions, suites and flags of
# each are those of its configuration (tls-matrix.ini), no more and no less. With TENKEN_LAB_PEERS
# set, sslscan is held against the same expectations: notes, no verdict.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net tls-scan tls-srv'
lab_need nft openssl
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
matrix() { "$lab_python" "$lab_tests/lab/tls-matrix.py" "$@"; }

# The addresses of all configurations are the server's own; each port leads to a local one.
build() {
	lab_segment tls 10.79.0.254/24 && lab_host tls-scan tls 10.79.0.1/24 10.80.0.0/16 10.79.0.2 &&
		lab_host tls-srv tls 10.79.0.2/24 &&
		in_host tls-srv sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 && # some bind to :: alone
		in_host tls-srv ip route add local 10.80.0.0/16 dev lo &&
		{
			echo 'table ip matrix {'
			echo 'chain incoming { type nat hook prerouting priority dstnat;'
			matrix list | while read -r _ address port place _; do
				echo "ip daddr $address tcp dport $port redirect to :$place"
			done
			echo '}'
			echo '}'
		} >"$lab_dir/matrix.nft" && in_host tls-srv nft -f "$lab_dir/matrix.nft"
}

matrix keys "$lab_dir/keys" >"$lab_logs/keys.log" 2>&1 && build >"$lab_logs/build.log" 2>&1
built=$?
result $built 'keys, a scanner and the machine of the servers'
if [ $built != 0 ]; then
	cat "$lab_logs"/*.log | note
	tap_done
	exit 1
fi
serve tls-srv serve "$lab_python" "$lab_tests/lab/tls-matrix.py" serve "$lab_dir/keys" "$lab_logs"
if ! within 60 test -e "$lab_dir/keys/up"; then
	not_ok 'the servers are started'
	note <"$lab_logs/serve.log"
	tap_done
	exit 1
fi

targets=$(matrix list | awk '{ print $2 }')
ports=$(matrix list | awk '{ print $3 }' | sort -nu | paste -sd,)
# shellcheck disable=SC2086 # a list of addresses
in_host tls-scan "$TENKEN" scan --zone it --rate 0 --host-rate 0 -p "$ports" --store "$lab_dir/store" \
	--json "$lab_logs/scan.json" --no-html --quiet $targets >"$lab_logs/scan.out" 2>"$lab_logs/scan.err" </dev/null
result $? 'the scan ends well'

# told FILE: verdicts of tls-matrix.py as TAP
told() {
	while read -r word rest; do
		case $word in
		good) ok "$rest" ;;
		bad) not_ok "$rest" ;;
		skip) skip "${rest%%:*}" "${rest#*: }" ;;
		*) echo "$word $rest" ;;
		esac
	done <"$1"
}
matrix check "$lab_dir/keys" "$lab_logs/scan.json" >"$lab_logs/check.txt" 2>"$lab_logs/check.err"
result $? 'what the libraries say could be read'
note <"$lab_logs/check.err"
told "$lab_logs/check.txt"

if [ -n "${TENKEN_LAB_PEERS:-}" ] && command -v sslscan >/dev/null; then
	in_host tls-scan "$lab_python" "$lab_tests/lab/tls-matrix.py" peer "$lab_dir/keys" 2>&1 |
		tee "$lab_logs/peer.txt" | sed 's/^# //' | note
fi
tap_done
