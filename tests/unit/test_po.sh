#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every message of the sources has its Japanese words, none is a guess, and none is malformed.
set -u
top=${TENKEN_DATA:?run by make check}
for program in xgettext msgmerge msgattrib msgfmt; do
	command -v $program >/dev/null || { echo "1..0 # SKIP $program is missing (package gettext)"; exit 0; }
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0
check() { # name, file that must be empty
	n=$((n + 1))
	if test -s "$2"; then
		echo "not ok $n - $1"
		sed 's/^/# /' "$2"
	else
		echo "ok $n - $1"
	fi
}
sh "$top/po/update.sh" "$top" "$work/tenken.pot" 2>"$work/warnings"
check "xgettext has no complaint" "$work/warnings"
test -s "$work/tenken.pot" || echo "no messages found" >"$work/empty"
touch "$work/empty"
check "the sources have messages" "$work/empty"
msgmerge --quiet --no-fuzzy-matching -o "$work/ja.po" "$top/po/ja.po" "$work/tenken.pot"
msgattrib --untranslated --no-obsolete --no-wrap "$work/ja.po" | grep '^msgid' | sed 1d >"$work/untranslated"
check "every message is translated (make update-po, then fill po/ja.po)" "$work/untranslated"
msgattrib --only-fuzzy --no-obsolete --no-wrap "$work/ja.po" | grep '^msgid' | sed 1d >"$work/fuzzy"
check "no translation is a guess" "$work/fuzzy"
msgfmt --check-format --check-domain -o /dev/null "$work/ja.po" 2>"$work/format"
check "formats agree" "$work/format"
echo "1..$n"
