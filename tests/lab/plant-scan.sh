#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A scan of the lab's plant: the findings are the expected ones, and the captures of the devices
# prove that they were treated politely.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
# shellcheck source=tests/lab/plant-hosts.sh
. "$TENKEN_TESTS/lab/plant-hosts.sh"
lab_need tcpdump jq
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
out=$lab_dir/out
scan=$lab_logs/scan
expected=$TENKEN_TESTS/lab/expected-findings.txt

if ! plant_up || [ -n "$plant_failed" ]; then
	printf '%s' "$plant_failed" | sed 's/^/does not listen: /' | note
	not_ok 'the plant stands (see plant.log)'
	tap_done
	exit 1
fi
ok 'the plant stands'
printf '%s' "$plant_absent" | while read -r host program; do
	echo "# $host is left out: $program is not installed"
done

devices='plc serial'
! stands gateway || devices="$devices gateway"
for device in $devices; do
	capture "$device" || not_ok "capture at $device"
done

cp "$TENKEN_TESTS/lab/plant/site.yaml" "$TENKEN_TESTS/lab/plant/ledger.csv" "$lab_dir/"
chmod u+w "$lab_dir/site.yaml" "$lab_dir/ledger.csv"
printf '%s' "$plant_absent" | while read -r host program; do
	[ "$host" = plc ] || sed -i "/^[^,]*,$host,/d" "$lab_dir/ledger.csv" # not missing, never built
done
mkdir -p "$scan"
cd "$lab_dir" || exit 99
# A scan that hangs must not hold up everything else.
in_host bastion timeout -k 60 3600 "$TENKEN" scan -c site.yaml --store "$scan/lab.tenken" \
	--json "$scan/lab.json" >"$scan/stdout" 2>"$scan/stderr" </dev/null
status=$?
result "$status" "the scan ends with status 0 ($status)"
[ "$status" = 0 ] || tail -n 20 "$scan/stderr" | note

# ---- findings ----
jq -r '.findings[] | [.check, .address // "-", .port // "-" | tostring] + [.detail // "" | if . == "" then "-" else . end]
	| join(" ")' "$scan/lab.json" 2>"$out" | LC_ALL=C sort >"$lab_dir/found"
result "$([ -s "$out" ] && echo 1 || echo 0)" 'the export can be read'
note <"$out"

# Hosts that were left out have no findings to expect.
grep -v -e '^#' -e '^[[:space:]]*$' "$expected" >"$lab_dir/expected.all"
printf '%s' "$plant_absent" | while read -r host program; do
	case $host in
	plc) echo " $(address_of plc) 502 " ;;
	*) echo " $(address_of "$host") " ;;
	esac
done >"$lab_dir/absent"
grep -vFf "$lab_dir/absent" "$lab_dir/expected.all" | LC_ALL=C sort >"$lab_dir/expected"
LC_ALL=C comm -23 "$lab_dir/expected" "$lab_dir/found" >"$lab_dir/missing"
LC_ALL=C comm -13 "$lab_dir/expected" "$lab_dir/found" >"$lab_dir/extra"
[ -s "$lab_dir/expected" ]
result $? "findings are expected ($(wc -l <"$lab_dir/expected"))"
[ ! -s "$lab_dir/missing" ]
result $? 'no expected finding is missing'
sed 's/^/missing: /' "$lab_dir/missing" | note
[ ! -s "$lab_dir/extra" ]
result $? 'no other finding'
sed 's/^/extra: /' "$lab_dir/extra" | note

# ---- manners ----
# manners HOST ADDRESS KNOWN-PORTS
manners() {
	capture_end "$1"
	"$lab_python" "$TENKEN_TESTS/lab/capture-check.py" "$2" 10.77.1.1 "$3" "$lab_logs/$1.pcap" >"$out" 2>&1
	result $? "$1: no half-open, one at a time, a second between, closed by FIN, unknown ports not spoken to"
	note <"$out"
	# A device that nobody came to proves nothing.
	grep -qE ' [1-9][0-9]* connections,' "$out"
	result $? "$1: was visited"
}
sleep 1
manners plc 10.77.2.11 80,502
manners serial 10.77.2.13 -
! stands gateway || manners gateway 10.77.2.12 22
[ ! -s "$lab_logs/serial.bytes" ]
result $? 'the serial port got no byte'
tap_done
