#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example units are what systemd accepts, and stay as closed as they claim.
set -u
top=${TENKEN_DATA:?run by make check}
if ! command -v systemd-analyze >/dev/null; then
	echo "1..0 # SKIP systemd-analyze is not installed"
	exit 0
fi
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
echo 1..5
n=0
# verify wants the program to be there: the installed one may not be yet.
for unit in "$top"/packaging/*.service "$top"/packaging/*.timer; do
	sed 's,^\(Exec[A-Za-z]*=\)/usr/bin/tenken,\1/bin/true,' "$unit" >"$dir/${unit##*/}"
done
for unit in tenken-scan@kita-plant.service tenken-scan@kita-plant.timer tenken-beacon.service; do
	n=$((n + 1))
	errors=$(cd "$dir" && systemd-analyze verify --man=no --recursive-errors=no "./$unit" 2>&1)
	status=$?
	if [ $status = 0 ] && ! printf '%s\n' "$errors" | grep -q 'tenken-'; then
		echo "ok $n - $unit"
	else
		echo "not ok $n - $unit"
		printf '%s\n' "$errors" | sed 's/^/# /'
	fi
done
for unit in tenken-scan@.service tenken-beacon.service; do
	n=$((n + 1))
	if systemd-analyze security --offline=yes --threshold=25 "$dir/$unit" >"$dir/security" 2>&1; then
		echo "ok $n - $unit: exposure level at most 2.5"
	else
		echo "not ok $n - $unit: exposure level at most 2.5"
		sed 's/^/# /' "$dir/security"
	fi
done
