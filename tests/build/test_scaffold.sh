#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A new probe's template: it compiles, it is named everywhere, and its tests fail until it is filled.
# shellcheck disable=SC2086 # lists of options
set -u
top=${TENKEN_DATA:?run by make check}
dir=$(mktemp -d) || exit 99
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
n=0
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$dir/log"
	fi
}
# is CONDITION: 0 or 1, in words of test
is() { if "$@" >"$dir/log" 2>&1; then echo 0; else echo 1; fi; }

echo 1..8
mkdir -p "$dir/tree/probes" "$dir/tree/tests/wire" "$dir/tree/tests/lab"
cp "$top/probes/probes.c" "$dir/tree/probes/"
cp "$top/Makefile.am" "$dir/tree/"
chmod -R u+w "$dir/tree"
new() { sh "$top/probes/new-probe.sh" "$1" "$dir/tree"; }

result "$(is new fox)" 'make probe NAME=fox'
result "$(is $TENKEN_CC -Werror $TENKEN_CPPFLAGS -fsyntax-only "$dir/tree/probes/fox.c")" \
	'the template compiles without a warning'
result "$(is $TENKEN_CC -Werror $TENKEN_CPPFLAGS -fsyntax-only "$dir/tree/probes/probes.c")" \
	'the registry compiles'
result "$(is grep -q '&probe_fox,' "$dir/tree/probes/probes.c")" 'the registry names it'
result "$(is awk '/probes\/fox\.c \\$/ { p = 1 } /tests\/lab\/fox\.sh \\$/ { l = 1 } END { exit !(p && l) }' \
	"$dir/tree/Makefile.am")" 'Makefile.am names it and its lab test'
unfilled() { sh "$dir/tree/tests/lab/fox.sh" | grep -q '^not ok'; }
result "$(is unfilled)" 'its lab test fails until it is written'

# The wire test on the template: our own registry in front of the library's.
played() {
	$TENKEN_CC $TENKEN_CPPFLAGS -I"$top/probes" -o "$dir/test_wire" "$dir/tree/probes/fox.c" \
		"$dir/tree/probes/probes.c" "$top/tests/wire/test_wire.c" "$top/tests/wire/talk.c" \
		$TENKEN_LINK || return 0
	TENKEN_WIRE="$dir/tree/tests/wire" "$dir/test_wire" | grep -q '^not ok.*fox.*first'
}
result "$(is played)" 'its recorded conversation fails until it is filled in'
refused() { ! new fox && ! new '../x' && ! new 9x && ! new ''; }
result "$(is refused)" 'a name that is taken, or is none, is refused'
