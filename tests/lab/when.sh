#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A command in the middle of a run:
#   when.sh said FILE NUMBER PATTERN COMMAND...  once so many lines of FILE are like PATTERN
#   when.sh sent LEG NUMBER - COMMAND...         once LEG has sent so many frames from now on
# Without them in a minute it is not run.
what=$1 of=$2 enough=$3 pattern=$4
shift 4
count() {
	case $what in
	said) grep -cE -e "$pattern" "$of" ;;
	sent) cat "/sys/class/net/$of/statistics/tx_packets" ;;
	esac
}
[ "$what" = said ] || enough=$((enough + $(count)))
tries=1200
until n=$(count) && [ "${n:-0}" -ge "$enough" ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || exit 1
	sleep 0.05
done
exec "$@"
