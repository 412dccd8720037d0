#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The archive of `make dist` holds every file that is under version control.
set -u
top=${TENKEN_DATA:?run by make check}
if ! files=$(git -c safe.directory='*' -C "$top" ls-files 2>/dev/null) || [ -z "$files" ]; then
	echo "1..0 # SKIP no git checkout"
	exit 0
fi
unset MAKEFLAGS MFLAGS MAKELEVEL
to=$(mktemp -d) || exit 99
trap 'chmod -R u+w "$to"; rm -rf "$to"' EXIT
echo 1..2
if make -C "$TENKEN_BUILD" distdir distdir="$to/dist" >"$to/log" 2>&1; then
	echo "ok 1 - make distdir"
else
	echo "not ok 1 - make distdir"
	tail -n 20 "$to/log" | sed 's/^/# /'
fi
absent=$(printf '%s\n' "$files" | while read -r file; do
	case $file in
	.gitignore | .gitattributes | .github/* | .ci/environment*) continue ;;
	esac
	[ ! -e "$top/$file" ] || [ -e "$to/dist/$file" ] || echo "$file"
done)
if [ -z "$absent" ]; then
	echo "ok 2 - every file is in the archive"
else
	echo "not ok 2 - every file is in the archive"
	printf '%s\n' "$absent" | sed 's/^/# missing: /'
fi
