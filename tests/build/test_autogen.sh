#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# First contact: what cannot start says so in one line and with status 2.
set -u
top=${TENKEN_DATA:?run by make check}
dir=$(mktemp -d) || exit 99
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
n=0

# fails WORDS PATTERN COMMAND...: status 2, nothing on stdout, one line on stderr that matches
fails() {
	words=$1 pattern=$2
	shift 2
	n=$((n + 1))
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	if [ $status = 2 ] && [ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" = 1 ] &&
		grep -q "$pattern" "$dir/err"; then
		echo "ok $n - $words"
	else
		echo "not ok $n - $words"
		echo "# status $status"
		sed 's/^/# /' "$dir/out" "$dir/err"
	fi
}

# A copy of the script in a tree of its own, and a PATH with little on it. As root it would install
# packages, so root becomes nobody.
mkdir "$dir/tree" "$dir/bin"
cp "$top/autogen.sh" "$dir/tree/"
for tool in sh dirname id sed tr cat tail find rm getent cut grep env; do
	ln -s "$(command -v $tool)" "$dir/bin/$tool"
done
chmod 755 "$dir" "$dir/tree" "$dir/bin"
bare() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups env PATH="$dir/bin" \
			sh "$dir/tree/autogen.sh" "$@"
	else
		env PATH="$dir/bin" sh "$dir/tree/autogen.sh" "$@"
	fi
}

echo 1..6
fails 'an unknown word' "unknown word 'frobnicate'" sh "$dir/tree/autogen.sh" frobnicate
fails 'scan without an address' 'at least one address' sh "$dir/tree/autogen.sh" scan
fails 'check with an argument' 'no further argument' sh "$dir/tree/autogen.sh" check everything
fails 'scan without packages names them' ': autoconf automake .*libssl-dev .*libcmocka-dev' bare scan 192.0.2.1
fails 'check without packages names them' ': autoconf automake .*libssl-dev .*libcmocka-dev' bare check
fails 'bootstrap without packages names them' ': autoconf automake pkg-config' bare
