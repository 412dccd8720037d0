#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Servers that close at any byte, one port for each place: the scan ends as if nothing had happened,
# and no worker falls over.
# Options and commands in variables are words; scripts for inner shells stand in single quotes.
# shellcheck disable=SC1010,SC2086,SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

# Between closed ports: a host that answers on every port is not looked at.
peer cut 25500 "$TENKEN_TESTS" || skip_all 'no servers on loopback'
count=$(sed -n 's/^ready //p' "$peer_log")
that 'there are 600 of them' test "$count" = 600
ends 0 'the scan ends with status 0' "$TENKEN" scan $wait_option --zone it --rate 100000 --host-rate 100000 \
	--threads 128 -p 25490-25659 --store a.sqlite --json a.json 127.0.0.1-8
that 'nothing to complain' test ! -s err
note <err
that 'no worker fault' holds a.sqlite "SELECT count(*) FROM remark WHERE kind = 'worker-fault'" 0
that 'the scan is whole' holds a.sqlite 'SELECT status FROM scan' done
that 'every port was found open' holds a.sqlite "SELECT count(*) FROM service WHERE state = 'open'" "$count"
that 'and was looked at: none was left out' holds a.sqlite \
	"SELECT count(*) FROM service WHERE state = 'open' AND limited IS NOT NULL AND limited != ''" 0
that 'they were spoken with by many probes' holds a.sqlite \
	'SELECT count(DISTINCT probe) >= 4 FROM evidence' 1
that 'every document is JSON' holds a.sqlite 'SELECT count(*) FROM evidence WHERE NOT json_valid(document)' 0
that 'the export is JSON' "$python" -m json.tool a.json /dev/null
that 'everything opened was closed' holds a.sqlite 'SELECT count(*) FROM journal WHERE closed_ms IS NULL' 0
tap_done
