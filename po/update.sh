#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# po/update.sh TOP: takes the messages of the sources into po/*.po (make update-po).
# po/update.sh TOP FILE: only writes the template into FILE.
set -eu
cd "$1"
pot=${2:-po/tenken.pot}
find src probes -name '*.c' | LC_ALL=C sort |
	${XGETTEXT:-xgettext} --files-from=- --from-code=UTF-8 --language=C --keyword=_ --keyword=N_ \
		--flag=_:1:pass-c-format --flag=N_:1:pass-c-format --add-comments=po: \
		--package-name=tenken --no-wrap --output="$pot"
test -z "${2:-}" || exit 0
for po in po/*.po; do
	${MSGMERGE:-msgmerge} --quiet --update --backup=none --no-wrap --no-fuzzy-matching \
		--no-location --sort-output "$po" "$pot"
done
rm -f "$pot"
