#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Style of the sources: format, shell scripts, banned calls, SPDX lines. `make lint`.
set -u
cd "${1:-.}" || exit 2
status=0
complain() {
	status=1
	printf '%s\n' "$@"
}
sources=$(find src probes tests -name '*.[ch]' | LC_ALL=C sort)
scripts=$(find autogen.sh .ci probes tests packaging -name '*.sh' -o -path .ci/run | LC_ALL=C sort)

if ! command -v clang-format >/dev/null; then
	echo 'skipped: clang-format is not installed'
else
	# shellcheck disable=SC2086 # a list of files
	unformatted=$(clang-format --dry-run $sources 2>&1 | sed -n 's/^\([^:]*:[0-9]*\):.*warning.*/\1/p')
	[ -z "$unformatted" ] || complain "$(printf '%s\n' "$unformatted" | sed 's/$/: differs from .clang-format/')"
fi

if ! command -v shellcheck >/dev/null; then
	echo 'skipped: shellcheck is not installed'
else
	# shellcheck disable=SC2086 # a list of files
	shellcheck -x $scripts || status=1
fi

# banned CALLS REPLACEMENT [FILES THAT MAY]
banned() {
	# shellcheck disable=SC2086 # a list of files
	found=$(grep -nE "(^|[^A-Za-z0-9_>.])($1)[[:space:]]*\(" $sources | grep -vE "^(${3:-none}):" |
		grep -vE ':[[:space:]]*(/?\*|//)')
	[ -z "$found" ] || complain "$found" "   use $2"
}
banned 'strcpy|strcat|strncpy|strncat|stpcpy' 'snprintf, memcpy with a length, or the writer'
banned 'sprintf|vsprintf' 'snprintf'
banned 'strtok' 'a struct span'
banned 'atoi|atol|atoll|atof' 'strtoul with its end, or the reader'
banned 'gmtime|localtime|ctime|asctime' 'gmtime_r, localtime_r'
banned 'system|popen' 'posix_spawn with an argument list'
banned 'gets|scanf|fscanf|alloca' 'getline; a buffer of known size'

for file in $sources $scripts; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
		complain "$file: no SPDX line"
done
[ $status = 0 ] && echo 'lint: clean'
exit $status
