# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# Helpers of the command line's tests, sourced by them. Everything stays on loopback; where the
# machine permits, a script runs in a network and a mount namespace of its own, since the sending
# lock is one per network namespace and scripts run side by side.
set -u
: "${TENKEN:?run by make check}" "${TENKEN_DATA:?run by make check}" "${TENKEN_TESTS:?run by make check}"
[ -x "$TENKEN" ] || exit 99
PATH=$PATH:/usr/sbin:/sbin
python=/usr/bin/python3
[ -x "$python" ] || python=python3
export PYTHONDONTWRITEBYTECODE=1
# What these scripts read is English, unless they ask for Japanese.
LC_ALL=C.UTF-8
export LC_ALL
unset LANGUAGE SUDO_UID SUDO_GID

# ---- TAP ----
tap_count=0
ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $*"
}
not_ok() {
	tap_count=$((tap_count + 1))
	echo "not ok $tap_count - $*"
}
# result STATUS WORDS
result() {
	if [ "$1" = 0 ]; then
		shift
		ok "$@"
	else
		shift
		not_ok "$@"
	fi
}
# that WORDS COMMAND...: the command succeeds
that() {
	that_words=$1
	shift
	"$@" >"$dir/that" 2>&1
	that_status=$?
	result $that_status "$that_words"
	[ $that_status = 0 ] || note <"$dir/that"
}
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}
note() { sed 's/^/# /'; }
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}
tap_done() { echo "1..$tap_count"; }

# ---- a world of our own ----
# Entered once, at the script's first line: root in it may mount and bind, and nothing leaves it.
case ${TENKEN_APART-} in
'')
	for how in '-nm' '-rnm'; do
		# shellcheck disable=SC2086 # one option
		if unshare $how --propagation private ip link set lo up 2>/dev/null; then
			TENKEN_APART=yes
			export TENKEN_APART
			# shellcheck disable=SC2086,SC2016 # the same; expanded by the inner shell
			exec unshare $how --propagation private \
				sh -c 'ip link set lo up && exec sh "$0"' "$0"
		fi
	done
	TENKEN_APART=no
	;;
esac
apart() { [ "$TENKEN_APART" = yes ]; }
# Scans of scripts that are not apart wait for each other.
wait_option=
apart || wait_option=--wait

dir=$(mktemp -d "${TMPDIR:-/tmp}/tenken-cli.XXXXXX") || exit 99
children=
down() {
	status=$?
	trap - EXIT
	for pid in $children; do
		kill -KILL "$pid" 2>/dev/null
	done
	cd /
	rm -rf "$dir" 2>/dev/null
	exit $status
}
trap down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
cd "$dir" || exit 99

# In front of a command: without the rights that let root read and write everything.
powerless=
[ "$(id -u)" != 0 ] || powerless='setpriv --bounding-set=-all --inh-caps=-all --'

# ---- running tenken ----
# run COMMAND...: into out, err and $status. Never longer than 120 s: a hang is status 124.
run() {
	timeout -k 5 120 "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}
tell() {
	echo "# status $status"
	sed 's/^/# out: /' "$dir/out" | head -20
	sed 's/^/# err: /' "$dir/err" | head -20
}
# errors TEXT: one line on stderr, an error, with this text in it, and nothing on stdout
errors() {
	[ "$(wc -l <"$dir/err")" = 1 ] && [ ! -s "$dir/out" ] && grep -q '^error: ' "$dir/err" &&
		grep -qF -e "$1" "$dir/err"
}
# refuses STATUS TEXT WORDS COMMAND...
refuses() {
	wanted=$1 wanted_text=$2 wanted_words=$3
	shift 3
	run "$@"
	if [ "$status" = "$wanted" ] && errors "$wanted_text"; then
		ok "$wanted_words"
	else
		not_ok "$wanted_words"
		echo "# wanted: status $wanted, one line with: $wanted_text"
		tell
	fi
}
# ends STATUS WORDS COMMAND...
ends() {
	wanted=$1 wanted_words=$2
	shift 2
	run "$@"
	if [ "$status" = "$wanted" ]; then
		ok "$wanted_words"
	else
		not_ok "$wanted_words"
		echo "# wanted: status $wanted"
		tell
	fi
}
# The store's answer to a question.
sql() { "$python" "$TENKEN_TESTS/cli/ask.py" "$@"; }
# holds STORE QUERY VALUE
holds() {
	got=$(sql "$1" "$2") || return 1
	[ "$got" = "$3" ] || {
		echo "$2: got $got, wanted $3"
		return 1
	}
}

# ---- peers and waiting ----
# within SECONDS COMMAND...: a minute at least; only a failure waits that long
within() {
	tries=$((($1 < 60 ? 60 : $1) * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}
# peer KIND ARGUMENT...: one of peers.py's servers, in the background, once it listens
peer() {
	peer_log=$dir/peer.$1.$$
	"$python" "$TENKEN_TESTS/cli/peers.py" "$@" >"$peer_log" 2>&1 </dev/null &
	children="$children $!"
	within 10 grep -q '^ready' "$peer_log" || {
		note <"$peer_log"
		return 1
	}
}
now_ms() { date +%s%3N; }
