#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone.
# shellcheck disable=SC2086 # lists of options
set -u
top=${TENKEN_DATA:?run by make check}
n=0
for header in $(cd "$top" && find src probes -name '*.h' | LC_ALL=C sort); do
	n=$((n + 1))
	if errors=$($TENKEN_CC -Werror $TENKEN_CPPFLAGS -fsyntax-only -x c "$top/$header" 2>&1); then
		echo "ok $n - $header"
	else
		echo "not ok $n - $header"
		printf '%s\n' "$errors" | sed 's/^/# /'
	fi
done
echo "1..$n"
