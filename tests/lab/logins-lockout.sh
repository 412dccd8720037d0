#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A test account that the operator names: "lax" takes any number of failures (MariaDB, PostgreSQL), "locks" is a
# MariaDB that blocks an account, "slow" a PostgreSQL that delays, "other" knows another password, "apart" is not
# named. And a domain: what is tried at one of its hosts counts at all.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
# shellcheck source=tests/lab/login-servers.sh
. "$TENKEN_TESTS/lab/login-servers.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net lk-scan lk-lax lk-locks lk-slow lk-other lk-apart'
lab_need jq setsid pgrep setpriv mariadbd mariadb-install-db "$pg/postgres"
cd "$lab_dir" || exit 99

in_host net ip link add br-lk type bridge && in_host net ip link set br-lk up &&
	lab_host lk-scan lk 10.87.0.1/24 && lab_host lk-lax lk 10.87.0.11/24 && lab_host lk-locks lk 10.87.0.12/24 &&
	lab_host lk-slow lk 10.87.0.13/24 && lab_host lk-other lk 10.87.0.14/24 && lab_host lk-apart lk 10.87.0.15/24
built=$?
result $built 'a scanner and five hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }
chmod 755 "$lab_dir"
maria lk-lax 10.87.0.11 tenken-test right1
historian lk-lax 10.87.0.11 tenken-test right1
maria lk-locks 10.87.0.12 tenken-test right1 --max-password-errors=3
historian lk-slow 10.87.0.13 tenken-test right1 -c shared_preload_libraries=auth_delay -c auth_delay.milliseconds=1500
maria lk-other 10.87.0.14 tenken-test changed
maria lk-apart 10.87.0.15 tenken-test right1
up=0
for at in lax:3306 lax:5432 locks:3306 slow:5432 other:3306 apart:3306; do
	within 60 listening "lk-${at%:*}" "${at#*:}" || { up=1; echo "no server at $at" | note; }
done
result $up 'every server stands'

site() { # NAME, lines of `accounts` on standard input
	{
		cat <<-END
			site: lockout
			authorisation: {by: plant manager, reference: R8-1, from: 2020-01-01, until: 2099-12-31, contact: "1"}
			zones:
			  - {name: office, kind: it, networks: [10.87.0.0/24]}
			accounts:
		END
		cat
	} >"$1.yaml"
}
test_of() { # LINES: the test account with what differs
	cat <<-END
		  lockout_threshold: 3
		  test_account: {user: tenken-test, password_file: secret, hosts: [10.87.0.11-10.87.0.14], protocols: [mysql, postgresql]}
	END
}
scan() { # NAME OPTION...
	kept=$1
	shift
	in_host lk-scan "$TENKEN" scan -c "$kept.yaml" --store "$kept.tenken" --json "$kept.json" -p 3306,5432 --quiet --lang en "$@" \
		>"$lab_logs/$kept.out" 2>"$lab_logs/$kept.err" </dev/null
}
cell() {
	"$lab_python" - "$1.tenken" "$2" <<'END'
import sqlite3, sys
row = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(sys.argv[2]).fetchone()
print(row[0] if row and row[0] is not None else "")
END
}
attempts() { # STORE ADDRESS: "protocol result result ..., protocol ..."
	cell "$1" "SELECT group_concat(protocol || ' ' || results, ', ') FROM (SELECT protocol, group_concat(result, ' ') AS results
		FROM (SELECT * FROM login WHERE address = '$2' AND account = 'tenken-test' ORDER BY id)
		GROUP BY protocol ORDER BY protocol)"
}
site lockout <<END
$(test_of)
END

# ---- its password is in a file that nobody else reads ----
scan lockout --credentials
that 'no such file: exit status 2' same "$? $(grep -c secret "$lab_logs/lockout.err")" '2 1'
(umask 022 && echo right1 >secret)
scan lockout --credentials
that 'a file that others may read: exit status 2' same "$? $(grep -c 'may be read by others' "$lab_logs/lockout.err")" '2 1'
chmod 600 secret
that 'a dry run says what will be tried' grep -q "test account 'tenken-test': 4 failures" <<END
$(in_host lk-scan "$TENKEN" scan -c lockout.yaml --credentials --dry-run -p 3306 --store x.tenken --lang en 2>&1)
END
scan lockout
that 'without --credentials: nothing is tried' same "$? $(cell lockout 'SELECT count(*) FROM login')" '0 0'
rm -f lockout.tenken

# ---- the test ----
scan lockout --credentials
that 'the scan ends well' same $? 0
that 'lax: threshold and one failures between two successes' same "$(attempts lockout 10.87.0.11)" \
	'mysql accepted refused refused refused refused accepted, postgresql accepted refused refused refused refused accepted'
that 'locks: nothing more after the sign of the lock' same "$(attempts lockout 10.87.0.12)" \
	'mysql accepted refused refused refused locked'
that 'slow: all of them, with a delay' same "$(attempts lockout 10.87.0.13)
$(cell lockout "SELECT min(took_ms) >= 1500 FROM login_test JOIN login ON id = login WHERE address = '10.87.0.13' AND secret = 0")" \
	'postgresql accepted refused refused refused refused accepted
1'
that 'other: its password is not that of the file, so no failure is made' same "$(attempts lockout 10.87.0.14)" 'mysql refused'
that 'apart: nobody named it' same "$(attempts lockout 10.87.0.15)" ''
that 'findings: lax alone, for both of its servers' same "$(jq -r '[.findings[] | select(.check == "credential.no-lockout")
	| "\(.address):\(.port) \(.evidence.failures)"] | join(", ")' lockout.json)" '10.87.0.11:3306 4, 10.87.0.11:5432 4'
that 'nobody has a default password by that' same "$(jq '[.findings[] | select(.check == "credential.default")] | length' \
	lockout.json)" 0
that 'journal: the attempts are told as those of the test' same "$(in_host lk-scan "$TENKEN" --lang en journal lockout.tenken \
	--address 10.87.0.12 2>&1 | grep -c 'account tenken-test  attempt no. [1-5] of the lockout test')" 5
found=0
for file in lockout.tenken lockout.json "$lab_logs/lockout.out" "$lab_logs/lockout.err"; do
	if grep -aq right1 "$file"; then
		echo "$file holds the password" | note
		found=1
	fi
done
result $found 'its password stands nowhere'

# ---- killed in the middle of a test ----
group_gone() { ! pgrep -g "$1" >/dev/null; }
begun() { [ "$(cell killed "SELECT count(*) FROM login WHERE address = '10.87.0.11' AND account = 'tenken-test'" \
	2>/dev/null)" = 2 ]; }
cp lockout.yaml killed.yaml
setsid ip netns exec lab-lk-scan "$TENKEN" scan -c killed.yaml --store killed.tenken --no-html -p 3306,5432 --quiet --credentials \
	>"$lab_logs/killed.out" 2>"$lab_logs/killed.err" </dev/null 9>&- &
scan=$!
within 120 begun
kill -s KILL -- "-$scan"
wait "$scan" 2>/dev/null
within 10 group_gone "$scan"
before=$(cell killed "SELECT protocol || ' ' || count(*) FROM login WHERE address = '10.87.0.11' AND account = 'tenken-test'
	GROUP BY protocol")
in_host lk-scan "$TENKEN" scan --resume --store killed.tenken --json killed.json --no-html --quiet \
	>>"$lab_logs/killed.out" 2>>"$lab_logs/killed.err" </dev/null
that 'killed: it goes on to its end' same "$? $(echo "$before" | wc -l)" '0 1'
that 'killed: the test under way is not gone on with, the other is made whole' same "$(cell killed "SELECT
	group_concat(x, ', ') FROM (SELECT protocol || ' ' || count(*) AS x FROM login WHERE address = '10.87.0.11' AND
	account = 'tenken-test' GROUP BY protocol ORDER BY count(*))")" \
	"$before, $(case $before in mysql*) echo postgresql ;; *) echo mysql ;; esac) 6"
that 'killed: a finding by the one that is whole' same "$(jq '[.findings[] | select(.check == "credential.no-lockout")]
	| length' killed.json)" 1

# ---- a domain ----
site domain <<END
  domains: [{name: plant-directory, hosts: [10.87.0.11, 10.87.0.12]}]
END
scan domain --credentials
that 'domain: the account is tried once for both of its hosts, and at each of the others' same "$(cell domain "SELECT group_concat(n)
	FROM (SELECT count(*) AS n FROM login WHERE account = 'root' AND protocol = 'mysql' GROUP BY device ORDER BY device)
	") $(cell domain "SELECT count(*) FROM login WHERE device = 'plant-directory'")" '1,1,1 1'
tap_done
