#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The progress: a line on a terminal, none in a pipe, one on SIGUSR1 in any case.
# shellcheck disable=SC1010,SC2086,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"
apart || skip_all 'no network namespace of its own'

peer redis 23401 || skip_all 'no server on loopback'
cat >site.yaml <<'END'
site: progress
timezone: Asia/Tokyo
zones:
  - {name: floor, kind: it, networks: [127.0.0.0/25], rate: 60}
END
line='[0-9]+/128 hosts, [0-9]+ ports/s, [0-9]+ packets/s, [0-9]+ open \([0-9]+ notable\), [0-9]+ conversations, '

# on COLUMNS [OPTION...]: what a terminal of that width showed, one line per redrawing, into shown
on() {
	width=$1
	shift
	"$python" "$TENKEN_TESTS/cli/terminal.py" "$width" 5 "$TENKEN" scan -c site.yaml --no-html \
		-p 23,23401,23402 --store t.sqlite "$@" >raw 2>&1 </dev/null
	tr '\r' '\n' <raw | sed 's/\x1b\[K//' >shown
}
longest() { awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }' "$1"; }

on 200
that 'a terminal shows the line' grep -Eqx "$line(--|[0-9]+ s|[0-9]+ min) left" shown
that 'more than once' test "$(grep -Ec "^$line" shown)" -gt 5
that 'the time left is unknown at first' grep -Eq "^0/128 .* -- left" shown
that 'and an estimate later' grep -Eq "^[1-9][0-9]*/128 .*, [0-9]+ (s|min) left" shown
that 'it counts ports and packets' grep -Eq ', [1-9][0-9]* ports/s, [1-9][0-9]* packets/s, ' shown
that 'it never leaves the line' test "$(grep -c "hosts.*hosts" shown)" = 0
# SIGUSR1: the same line, ended, so that it stays: a newline of its own behind it.
that 'SIGUSR1 leaves one line there' test "$(tr '\r' '~' <raw | grep -Ec "hosts, .* left~?\$")" = 1

on 40
that 'a narrow terminal gets what fits' test "$(grep -E '^[0-9]+/128 hosts, ' shown | grep -vc left)" -gt 5
grep -E '^[0-9]+/128 hosts, ' shown | grep -v left >narrow
that 'and never more' test "$(longest narrow)" = 39

on 200 --quiet
that 'with --quiet it shows no line' test "$(grep -Ec "^$line" shown)" = 1
that 'but on SIGUSR1' grep -Eqx "$line(--|[0-9]+ s|[0-9]+ min) left" shown

"$TENKEN" scan -c site.yaml --no-html -p 23,23401,23402 --store p.sqlite >p.out 2>p.err </dev/null &
scan=$!
children="$children $scan"
within 10 grep -q '^C' p.sqlite.journal
kill -USR1 "$scan"
that 'in a pipe it is written on SIGUSR1' within 5 grep -Eqx "$line.* left" p.err
kill -INT "$scan"
wait "$scan"
that 'and only then' test "$(grep -c hosts p.err)" = 1
that 'without codes of a terminal' test "$(tr -d -c '\033\r' <p.err | wc -c)" = 0

# A pause is said in the line.
hour=$(TZ=Asia/Tokyo date +%H)
cat >site.yaml <<END
site: progress
timezone: Asia/Tokyo
zones:
  - {name: floor, kind: it, networks: [127.0.0.0/25], window: "$(printf %02d $(((${hour#0} + 2) % 24))):00-$(printf %02d $(((${hour#0} + 3) % 24))):00"}
END
on 200
that 'in a pause it says until when' grep -Eq \
	"^$line.*paused: zone 'floor' opens [A-Z][a-z]{2} [0-9-]{10} [0-9]{2}:00 \(Asia/Tokyo\)$" shown
that 'beside the message of its own' grep -Eqx "paused: zone 'floor' opens .*" shown
tap_done
