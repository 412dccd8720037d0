#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The report page in a headless browser (page.js): both languages, every view, without scripts, dark and light, on
# a phone and on paper; what axe-core says of it; and the page of a large site.
set -u
here=${TENKEN_TESTS:?run by make check}/report
build=${TENKEN_BUILD:?run by make check}
skip() { printf '1..0 # SKIP %s\n' "$1"; exit 0; }

if grep -q '^#define TENKEN_SANITIZED 1' "$build/config.h"; then
	skip 'a build with sanitizers makes the same page (test_report), and the browser has none'
fi
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || skip 'chromium is not installed'
command -v node >/dev/null || skip 'node is not installed'
command -v pdftotext >/dev/null || skip 'pdftotext (poppler-utils) is not installed'
NODE_PATH=${NODE_PATH:-}:$build/npm/node_modules:$build/../npm/node_modules
export NODE_PATH
for module in playwright-core axe-core; do
	node -e "require.resolve('$module')" 2>/dev/null || skip "the npm package $module is not installed"
done
folder=$(mktemp -d /tmp/tenken-page.XXXXXX) || exit 99
trap 'rm -rf "$folder"' EXIT
"$build/tests/report/make_sample" "$TENKEN_DATA" "$folder/kita.tenken" "$here/hostile-checks.yaml" heard &&
	"${TENKEN:?run by make check}" report "$folder/kita.tenken" --checks "$here/hostile-checks.yaml" --quiet --lang en &&
	"$build/tests/report/make_crowd" "$TENKEN_DATA" "$folder/crowd.tenken" 500 &&
	"$TENKEN" report "$folder/crowd.tenken" --profile all --quiet --lang en || exit 99
node "$here/page.js" "$browser" "$folder/kita.html" "$folder/crowd.html" "$folder"
