#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SSH servers of five makers, one address each: lists, keys, groups, methods and weaknesses are what
# they were made with, and what ssh-audit and nmap say of them; in limited depth one greeting is all.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net ssh-scan ssh-srv'
lab_need jq sshd ssh-keygen tcpdump
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
converse=$TENKEN_BUILD/tests/lab/converse
compare() { "$lab_python" "$lab_tests/lab/ssh-compare.py" "$lab_logs/it.json" "$@"; }
cd "$lab_dir" || exit 99

# that WORDS COMMAND...: its output, where it fails, as a note
that() {
	words=$1
	shift
	"$@" >out 2>&1
	good=$?
	result $good "$words"
	[ $good = 0 ] || note <out
}
same() {
	[ "$1" = "$2" ] || printf 'expected %s\ngot      %s\n' "$2" "$1"
	[ "$1" = "$2" ]
}

in_host net ip link add br-ssh type bridge && in_host net ip link set br-ssh up &&
	lab_host ssh-scan ssh 10.81.0.1/24 && lab_host ssh-srv ssh 10.81.0.2/24
built=$?
result $built 'a scanner and a host with servers stand'
[ $built = 0 ] || { tap_done; exit 1; }

# ---- keys ----
key() { ssh-keygen -q -N '' -t "$1" -b "$2" -C lab -f "$3"; }
key rsa 3072 rsa && key ecdsa 256 ecdsa && key ed25519 256 ed25519 && key rsa 1024 rsa1024 &&
	key dsa 1024 dsa && key ecdsa 384 ecdsa384 && key ecdsa 521 ecdsa521 && key rsa 1024 authority &&
	key ed25519 256 certified && ssh-keygen -q -s authority -h -I kita -n kita certified.pub
result $? 'keys are made'

# ---- servers: NAME ADDRESS ----
servers=
last=10
# serves NAME: the next address is its own; $at
serves() {
	last=$((last + 1))
	at=10.81.0.$last
	servers="$servers $1=$at"
	in_host ssh-srv ip address add "$at/24" dev eth0
}
# shellcheck disable=SC2086 # a list of words
at_of() { printf '%s\n' $servers | sed -n "s/^$1=//p"; }
# openssh NAME KEY...; options on standard input
openssh() {
	name=$1
	shift
	serves "$name"
	{
		cat
		printf 'ListenAddress %s\nPidFile none\nUsePAM no\nAuthorizedKeysFile none\n' "$at"
		for k; do echo "HostKey $lab_dir/$k"; done
	} >"$name.conf"
	serve ssh-srv "$name" "$(command -v sshd)" -D -e -f "$lab_dir/$name.conf"
}
openssh debian rsa ecdsa ed25519 </dev/null
printf 'Authorised staff only\n' >banner
openssh old rsa1024 dsa ecdsa384 ecdsa521 ed25519 certified <<END
HostCertificate $lab_dir/certified-cert.pub
HostKeyAlgorithms +ssh-rsa,ssh-dss
KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1
Ciphers +3des-cbc,aes128-cbc,aes192-cbc,aes256-cbc
MACs +hmac-md5,hmac-md5-96,hmac-sha1-96,hmac-md5-etm@openssh.com
ModuliFile /dev/null
RequiredRSASize 1024
Banner $lab_dir/banner
HostbasedAuthentication yes
END
openssh hardened ed25519 <<END
KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256
Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
HostKeyAlgorithms ssh-ed25519
PasswordAuthentication no
KbdInteractiveAuthentication no
END
openssh two-factors ed25519 <<END
AuthenticationMethods publickey,password
END
# One key exchange each: all of them can be begun.
for kex in curve25519-sha256 ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521 \
	diffie-hellman-group1-sha1 diffie-hellman-group14-sha256 diffie-hellman-group16-sha512 \
	diffie-hellman-group18-sha512 diffie-hellman-group-exchange-sha256 \
	sntrup761x25519-sha512@openssh.com; do
	openssh "kex-${kex%@*}" ed25519 <<END
KexAlgorithms $kex
END
done
if command -v dropbear >/dev/null && command -v dropbearkey >/dev/null; then
	serves dropbear
	for type in rsa ecdsa ed25519; do
		dropbearkey -t $type -f "dropbear.$type" 2>/dev/null | grep '^[es]' >"dropbear.$type.pub"
	done
	serve ssh-srv dropbear "$(command -v dropbear)" -F -E -p "$at:22" -r "$lab_dir/dropbear.rsa" \
		-r "$lab_dir/dropbear.ecdsa" -r "$lab_dir/dropbear.ed25519"
fi
if command -v tinysshd >/dev/null; then
	serves tinyssh
	tinysshd-makekey tinyssh.key >/dev/null 2>&1
	cat >inetd.py <<'END'
import socket, subprocess, sys
s = socket.create_server((sys.argv[1], 22))
while True:
    c = s.accept()[0]
    subprocess.Popen(sys.argv[2:], stdin=c, stdout=c)
    c.close()
END
	serve ssh-srv tinyssh "$lab_python" "$lab_dir/inetd.py" "$at" "$(command -v tinysshd)" "$lab_dir/tinyssh.key"
fi
if command -v lshd >/dev/null && command -v lsh-keygen >/dev/null; then
	serves lsh
	head -c 32 /dev/urandom >lsh.seed && chmod 600 lsh.seed
	export LSH_YARROW_SEED_FILE="$lab_dir/lsh.seed" LOGNAME=root
	lsh-keygen -a rsa -l 1024 --server 2>/dev/null | lsh-writekey --server -o lsh.key 2>/dev/null
	serve ssh-srv lsh "$(command -v lshd)" --interface="$at" -p 22 --host-key="$lab_dir/lsh.key" \
		--login-auth-mode --no-tcpwrappers
fi
for library in asyncssh paramiko; do
	"$lab_python" -W ignore -c "import $library" 2>/dev/null || continue
	serves $library
	serve ssh-srv $library "$lab_python" "$lab_tests/lab/ssh-servers.py" $library "$at" "$lab_dir"
done
all_listen() {
	for s in $servers; do
		in_host ssh-srv ss -Hltn "src ${s#*=}:22" | grep -q . || return 1
	done
}
within 20 all_listen
result $? 'every server listens'

# ---- the scan ----
in_host ssh-scan "$TENKEN" scan --store it.tenken --json "$lab_logs/it.json" --no-html --quiet --zone it -p 22 \
	10.81.0.11-10.81.0.$last >"$lab_logs/it.out" 2>"$lab_logs/it.err" </dev/null
that 'the scan ends well' same $? 0
# has NAME FILTER EXPECTED: of its evidence
has() {
	same "$(jq -c --arg a "$(at_of "$1")" '.hosts[] | select(.address == $a) | .services[0].evidence.ssh | '"$2" \
		"$lab_logs/it.json")" "$3"
}
# found NAME: "check detail, ..." but what is of severity info
found() {
	jq -r --arg a "$(at_of "$1")" '[.findings[] | select(.address == $a and .severity != "info" and
		(.check | test("^(ssh|credential)\\."))) | .check + " " + (.detail // "")] | sort | join(", ")' \
		"$lab_logs/it.json"
}

that 'debian: every key' compare "$(at_of debian)" keys rsa.pub ecdsa.pub ed25519.pub
that 'old: every key, and the certificate' compare "$(at_of old)" keys rsa1024.pub dsa.pub ecdsa384.pub \
	ecdsa521.pub ed25519.pub certified.pub
that 'old: what the certificate says' has old '.hostkeys[] | select(.certificate) | .certificate
	| [.key_id, .authority.type, .authority.bits]' '["kita","ssh-rsa",1024]'
that 'debian: groups' has debian '[.moduli[] | .bits // 0]' '[0,2048,3072]'
that 'old: OpenSSH without a file of groups' has old '[.moduli[] | .group // "none"]' \
	'["none","RFC 3526 group 14","RFC 3526 group 18"]'
that 'debian: methods' has debian '.auth | sort' '["keyboard-interactive","password","publickey"]'
that 'old: methods, and the text before them' has old '[(.auth | sort), .auth_banner]' \
	'[["hostbased","keyboard-interactive","password","publickey"],"Authorised staff only"]'
that 'hardened: methods' has hardened .auth '["publickey"]'
that 'two factors: the first alone' has two-factors .auth '["publickey"]'
that 'hardened: no finding' same "$(found hardened)" ''
that 'two factors: no finding of the login' same "$(found two-factors)" ''
that 'debian: the password' same "$(found debian)" 'ssh.password-login '
that 'old: Terrapin is answered' has old .strict_kex true
for s in $servers; do
	case $s in kex-*) ;; *) continue ;; esac
	# libssh does not know the hybrid: its methods are not.
	that "${s%=*}: the key is read" has "${s%=*}" \
		'[.hostkeys[].type, (.gathered | contains(["hostkey", "moduli"]))]' '["ssh-ed25519",true]'
done
if [ -n "$(at_of dropbear)" ]; then
	that 'dropbear: every key' compare "$(at_of dropbear)" keys dropbear.rsa.pub dropbear.ecdsa.pub \
		dropbear.ed25519.pub
else
	skip 'dropbear' 'not installed'
fi
if [ -n "$(at_of lsh)" ]; then
	that 'lsh: lets in without a credential, a small key, no Terrapin' same "$(found lsh)" "$(
		printf %s 'credential.none-required ssh, ssh.algorithm-weak cipher 3des-cbc, ssh.algorithm-weak '
		printf %s 'cipher aes256-cbc, ssh.algorithm-weak cipher arcfour, ssh.algorithm-weak cipher '
		printf %s 'blowfish-cbc, ssh.algorithm-weak hostkey ssh-rsa, ssh.algorithm-weak kex '
		printf %s 'diffie-hellman-group1-sha1, ssh.algorithm-weak kex diffie-hellman-group14-sha1, '
		printf %s 'ssh.algorithm-weak mac hmac-md5, ssh.hostkey-weak RSA 1024'
	)"
else
	skip 'lsh' 'not installed'
fi
if [ -n "$(at_of asyncssh)" ]; then
	that 'asyncssh: a key of each type' has asyncssh '[.hostkeys[] | .type + " " + (.bits | tostring)] | sort' \
		'["ecdsa-sha2-nistp256 256","ecdsa-sha2-nistp384 384","ecdsa-sha2-nistp521 521","ssh-dss 1024","ssh-ed25519 256","ssh-ed448 448","ssh-rsa 2048"]'
	that 'asyncssh: none, after half a second and a banner' has asyncssh '[.auth, (.auth_banner | length > 9)]' \
		'[["none"],true]'
	that 'asyncssh: a small group' has asyncssh '.moduli[0] | [.bits, .group]' '[1024,"RFC 2409 group 2"]'
else
	skip 'asyncssh' 'not installed'
fi
if [ -n "$(at_of paramiko)" ]; then
	that 'paramiko: a small group, though a larger one was asked for' has paramiko \
		'[(.moduli | map(.bits)), .oddities]' '[[1024,1024],["ssh.moduli-range"]]'
	that 'paramiko: it is a finding' grep -q 'kex diffie-hellman-group-exchange-sha256' <<END
$(found paramiko)
END
else
	skip 'paramiko' 'not installed'
fi
that 'shared: addresses of one MAC are one device' same "$(jq '[.findings[]
	| select(.check == "ssh.hostkey-shared")] | length' "$lab_logs/it.json")" 0

# ---- limited depth ----
capture ssh-srv
in_host ssh-scan "$converse" ssh "$(at_of debian)" 22 limited >"$lab_logs/limited.txt" 2>&1
that 'limited: one connection, no key exchange' grep -q '^done in .* 1 connections, 20 bytes sent' "$lab_logs/limited.txt"
in_host ssh-scan "$TENKEN" scan --store ot.tenken --json "$lab_logs/ot.json" --no-html --quiet --zone ot -p 22 \
	"$(at_of debian)" >"$lab_logs/ot.out" 2>"$lab_logs/ot.err" </dev/null
that 'ot: lists alone' same "$(jq -c '.hosts[0].services[0].evidence.ssh | [.gathered, .limited, has("hostkeys"),
	has("auth")]' "$lab_logs/ot.json")" '[["algorithms"],["hostkey","moduli","auth"],false,false]'
capture_end ssh-srv
that 'ot: nothing but the identification is said' same "$(tcpdump -nr "$lab_logs/ssh-srv.pcap" \
	'src 10.81.0.1 and tcp port 22 and ip[2:2] - ((ip[0] & 15) << 2) - ((tcp[12] & 240) >> 2) > 20' 2>/dev/null |
	wc -l)" 0

# ---- beside others ----
# beside PEER PROGRAM
beside() { command -v "$2" >/dev/null || { skip "$1" 'not installed'; return 1; }; }
if beside ssh-audit ssh-audit; then
	for s in $servers; do
		name=${s%=*}
		case $name in kex-*) continue ;; esac
		in_host ssh-scan ssh-audit -jj "${s#*=}" >"$lab_logs/$name.audit.json" 2>"$lab_logs/$name.audit.err"
		in_host ssh-scan ssh-audit -n -b -l warn "${s#*=}" >"$lab_logs/$name.audit.txt" 2>&1
		that "ssh-audit: says the same of $name" compare "${s#*=}" ssh-audit "$lab_logs/$name.audit.json" \
			"$lab_logs/$name.audit.txt"
	done
fi
if beside nmap nmap; then
	for s in $servers; do
		name=${s%=*}
		case $name in kex-*) continue ;; esac
		# It waits long for methods that it cannot ask for.
		in_host ssh-scan nmap -n -Pn -p 22 --script-timeout 8s --script ssh2-enum-algos,ssh-hostkey,ssh-auth-methods --script-args \
			ssh_hostkey=all,ssh.user=tenken-nobody -oX "$lab_logs/$name.nmap.xml" "${s#*=}" >/dev/null 2>&1
		that "nmap: says the same of $name" compare "${s#*=}" nmap "$lab_logs/$name.nmap.xml"
	done
fi
tap_done
