#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Passwords by SMB at Samba, on hosts whose page says that they are a file server of a maker: "weak" has the password
# of the list, "firm" one of its own, "guest" lets in whom it does not know, "locks" locks at the first wrong one, and
# "dc" is a domain controller, which gets no attempt at all.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net ls-scan ls-weak ls-firm ls-guest ls-locks ls-dc'
lab_need tcpdump jq lighttpd smbd pdbedit samba samba-tool
[ -e /usr/share/samba/setup/provision.ldif ] || skip_all 'samba-ad-provision is not installed'
cd "$lab_dir" || exit 99
mkdir tmp && TMPDIR=$lab_dir/tmp && export TMPDIR

in_host net ip link add br-ls type bridge && in_host net ip link set br-ls up &&
	lab_host ls-scan ls 10.86.0.1/24 && lab_host ls-weak ls 10.86.0.11/24 && lab_host ls-firm ls 10.86.0.12/24 &&
	lab_host ls-guest ls 10.86.0.13/24 && lab_host ls-locks ls 10.86.0.14/24 && lab_host ls-dc ls 10.86.0.15/24
built=$?
result $built 'a scanner and five hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }

# ---- servers ----
page() { # HOST ADDRESS
	mkdir -p www
	echo '<html><head><title>TeraStation</title></head></html>' >www/index.html
	cat >"$1.lighttpd" <<END
server.document-root = "$lab_dir/www"
server.port = 80
server.bind = "$2"
server.tag = "httpd"
index-file.names = ("index.html")
END
	serve "$1" "$1-lighttpd" lighttpd -D -f "$lab_dir/$1.lighttpd"
}
# A file server with an account of its own.
files() { # HOST ADDRESS PASSWORD [LINE]
	mkdir -p "$1.smb"
	cat >"$1.conf" <<END
[global]
	netbios name = $1
	workgroup = LAB
	server role = standalone server
	passdb backend = tdbsam:$lab_dir/$1.smb/passdb.tdb
	lock directory = $lab_dir/$1.smb
	state directory = $lab_dir/$1.smb
	cache directory = $lab_dir/$1.smb
	private dir = $lab_dir/$1.smb
	pid directory = $lab_dir/$1.smb
	ncalrpc dir = $lab_dir/$1.smb/ncalrpc
	log file = $lab_logs/$1-smbd.log
	log level = 1 auth_audit:3
	disable netbios = yes
	smb ports = 445
	load printers = no
	${4:-}
END
	# The account is one that every Debian has.
	printf '%s\n%s\n' "$3" "$3" | pdbedit -s "$lab_dir/$1.conf" -a -t -u backup >"$lab_logs/$1-pdbedit.log" 2>&1
}
directory() { # HOST ADDRESS
	samba-tool domain provision --targetdir="$lab_dir/dc" --realm=LAB.INVALID --domain=LAB --server-role=dc \
		--adminpass='Of-its-own-1' --host-name=dc --host-ip="$2" --dns-backend=NONE >"$lab_logs/provision.log" 2>&1
	mkdir -p dc/state dc/cache
	sed -i "s|^\[global\]|&\n\tlog file = $lab_logs/$1-samba.log\n\tpid directory = $lab_dir/dc\n\tncalrpc dir = $lab_dir/dc/ncalrpc|" \
		dc/etc/smb.conf
	serve "$1" "$1-samba" samba -F --no-process-group -s "$lab_dir/dc/etc/smb.conf"
}
files ls-weak 10.86.0.11 factory1
files ls-firm 10.86.0.12 of-its-own 'server signing = mandatory'
files ls-guest 10.86.0.13 of-its-own 'map to guest = bad user'
files ls-locks 10.86.0.14 of-its-own
pdbedit -s "$lab_dir/ls-locks.conf" -P 'bad lockout attempt' -C 1 >>"$lab_logs/ls-locks-pdbedit.log" 2>&1
directory ls-dc 10.86.0.15
page ls-dc 10.86.0.15
last=11
for host in ls-weak ls-firm ls-guest ls-locks; do
	serve "$host" "$host-out" smbd -F --no-process-group -s "$lab_dir/$host.conf"
	page "$host" "10.86.0.$last"
	last=$((last + 1))
done
up=0
for at in weak:80 weak:445 firm:80 firm:445 guest:80 guest:445 locks:80 locks:445 dc:80 dc:445 dc:88 dc:389; do
	within 60 listening "ls-${at%:*}" "${at#*:}" || { up=1; echo "no server at $at" | note; }
done
result $up 'every server stands'

# ---- scans ----
# No maker's list names these; the site's own rows do.
own_data=${TENKEN_DATA:-$TENKEN_TESTS/..}
mkdir -p data/probes
ln -s "$own_data/profiles" data/profiles
cp -R "$own_data/probes/data" data/probes/data
cat >>data/probes/data/default-credentials.csv <<END
Buffalo,*,nas,smb,backup,factory1,,lab,
Buffalo,*,nas,smb,backup,factory2,,lab,
Buffalo,*,nas,smb,operator,factory1,,lab,
END
TENKEN_DATA=$lab_dir/data
export TENKEN_DATA
cat >site.yaml <<END
site: logins-smb
authorisation: {by: plant manager, reference: R8-1, from: 2020-01-01, until: 2099-12-31, contact: "1"}
zones:
  - {name: office, kind: it, networks: [10.86.0.0/24]}
accounts: {lockout_threshold: 4, reset_window: 30m}
credentials: {protocols: [smb]}
END
scan() { # NAME PORTS OPTION...
	kept=$1 ports=$2
	shift 2
	in_host ls-scan "$TENKEN" scan -c site.yaml --store "$kept.tenken" --json "$kept.json" -p "$ports" --credentials --quiet "$@" \
		>"$lab_logs/$kept.out" 2>"$lab_logs/$kept.err" </dev/null
}
cell() { "$lab_python" "$lab_tests/cli/ask.py" "$1.tenken" "$2"; }
attempts() { # STORE ADDRESS
	cell "$1" "SELECT coalesce(group_concat(x, ', '), '') FROM (SELECT account || ' ' || result AS x FROM login
		WHERE address = '$2' ORDER BY id)"
}
named() { # HOST: how often the account's name crossed its wire
	"$lab_python" -c 'import sys; print(open(sys.argv[1], "rb").read().count("backup".encode("utf-16-le")))' "$lab_logs/$1.pcap"
}
capture ls-weak
capture ls-dc
scan first T:80,T:88,T:389,T:445
that 'the scan ends well' same $? 0
that 'weak: the password of the list is accepted' same "$(attempts first 10.86.0.11)" 'backup accepted'
that 'weak: one session, said to be from us' same "$(grep -c 'user \[LS-WEAK\]\\\[backup\].*status \[NT_STATUS_OK\] workstation \[TENKEN\]' \
	"$lab_logs/ls-weak-smbd.log")" 1
that 'firm: its own password is not' same "$(attempts first 10.86.0.12)" 'backup refused, backup refused, operator refused'
that 'guest: who is let in as guest has proven nothing' same "$(attempts first 10.86.0.13)" \
	'backup refused, backup refused, operator untested'
that 'guest: the reason is told' same "$(cell first "SELECT count(*) FROM remark WHERE subject = '10.86.0.13'
	AND text LIKE 'let in as guest%'")" 1
that 'locks: nothing more after the sign of a lock' same "$(attempts first 10.86.0.14)" 'backup refused, backup locked'
that 'locks: the server saw no more than was written down' same "$(grep -c 'user \[LS-LOCKS\]\\\[' "$lab_logs/ls-locks-smbd.log")" 2
that 'dc: no attempt, and why' same "$(cell first "SELECT count(*) FROM login WHERE address = '10.86.0.15'") $(cell first \
	"SELECT count(*) FROM remark WHERE subject = '10.86.0.15' AND text LIKE 'answers as a directory%'")" '0 1'
that 'findings: what was accepted, and nothing else' same "$(cell first "SELECT group_concat(check_id || '/' || address || '/' || port)
	FROM finding WHERE check_id IN ('credential.default', 'credential.blank')")" 'credential.default/10.86.0.11/445'

# Its other ports are not looked at: then only the challenge tells what it is.
scan blind T:80,T:445 10.86.0.15
that 'dc, seen by its challenge alone: could not be tested' same "$(attempts blind 10.86.0.15 | sed 's/ \(untested\|refused\)/:\1/g')" \
	'backup:untested, backup:untested, operator:untested'
that 'dc: the reason is told' same "$(cell blind "SELECT count(*) FROM remark WHERE subject = '10.86.0.15'
	AND text LIKE 'the server belongs to a domain%'")" 1
capture_end ls-weak
capture_end ls-dc
that 'the name crossed the wire of weak, and never that of dc' same "$(named ls-weak) $(named ls-dc)" '1 0'
that 'no password stands in store, exports, page or messages' same "$(grep -la 'factory[12]' first.* blind.* \
	"$lab_logs"/first.* "$lab_logs"/blind.*)" ''
tap_done
