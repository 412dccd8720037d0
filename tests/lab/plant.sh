#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The plant stands: every server of the lab really is what it is meant to be, seen with other tools
# than tenken. Where this fails the lab is broken, not the scanner.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
# shellcheck source=tests/lab/plant-hosts.sh
. "$TENKEN_TESTS/lab/plant-hosts.sh"
lab_need tcpdump
out=$lab_dir/out

from_bastion() { in_host bastion timeout 20 "$@" >"$out" 2>&1 </dev/null; }
ask() { from_bastion "$lab_python" "$TENKEN_TESTS/lab/ask.py" "$@"; }

# shows HOST WORDS PATTERN COMMAND...: the output has the pattern ('!pattern': has it not)
shows() {
	host=$1 words=$2 pattern=$3
	shift 3
	if ! stands "$host"; then
		skip "$host: $words" "$(printf '%s' "$plant_absent" | sed -n "s/^$host //p" | head -n 1) is not installed"
		return
	fi
	"$@"
	case $pattern in
	!*) ! grep -qE "${pattern#!}" "$out" ;;
	*) grep -qE "$pattern" "$out" ;;
	esac
	good=$?
	result $good "$host: $words"
	[ $good = 0 ] || note <"$out"
}

plant_up
built=$?
result $built 'the plant is built'
if [ $built != 0 ]; then
	tap_done
	exit 1
fi
[ -z "$plant_failed" ]
result $? 'every server listens in time'
printf '%s' "$plant_failed" | sed 's/^\([^ ]*\) \(.*\)/\1 does not listen on \2/' | note

# ---- the network is closed ----
from_bastion ip route show default
[ ! -s "$out" ]
result $? 'no default route leads out'
from_bastion ip -o address show
! grep -vE ' (127\.0\.0\.1|::1|10\.77\.1\.1)/' "$out" >"$out.other"
result $? 'the bastion has one address'

# ---- office ----
ssh_old='-F none -oBatchMode=yes -oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null -oRequiredRSASize=1024
	-oHostKeyAlgorithms=ssh-rsa -oCiphers=3des-cbc -oMACs=hmac-md5'
ssh_new='-F none -oBatchMode=yes -oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null'
# shellcheck disable=SC2086 # lists of options
{
	shows ssh-old 'weak algorithms, RSA host key, passwords' 'denied .*password' \
		from_bastion ssh $ssh_old -oKexAlgorithms=diffie-hellman-group1-sha1 x@10.77.1.12
	shows ssh-old 'RSA host key of 1024 bits' '1024 SHA256:.*RSA' from_bastion sh -c \
		"ssh-keyscan -T 5 -t rsa -O hashalg=sha256 10.77.1.12 2>/dev/null | ssh-keygen -lf - ||
		ssh-keygen -lf '$lab_dir/ssh-old.key.pub'"
	shows ssh-good 'keys only' 'denied \(publickey\)' from_bastion ssh $ssh_new x@10.77.1.11
	shows ssh-good 'no weak key exchange' 'no matching key exchange' \
		from_bastion ssh $ssh_new -oKexAlgorithms=diffie-hellman-group14-sha1 x@10.77.1.11
	shows ssh-good 'no weak cipher' 'no matching cipher' \
		from_bastion ssh $ssh_new -oCiphers=aes128-cbc x@10.77.1.11
}
smb() { from_bastion smbclient -s /dev/null -N -L "//$1" "$2" "$3" "$4"; }
shows smb-old 'SMB 1, and shares for guests' 'public +Disk' smb 10.77.1.13 \
	--option='client max protocol=NT1' --option='client min protocol=NT1' --option='client signing=off'
shows smb-good 'no SMB 1' 'CONNECTION_DISCONNECTED|CONNECTION_RESET|INVALID_NETWORK_RESPONSE|protocol negotiation failed' \
	smb 10.77.1.14 --option='client max protocol=NT1' --option='client min protocol=NT1' --option='client signing=off'
shows smb-good 'SMB 3, and no shares for strangers' 'ACCESS_DENIED|LOGON_FAILURE' smb 10.77.1.14 \
	--option='client min protocol=SMB3' --option='client signing=required' --option='client max protocol=SMB3_11'
# SMB 2 NEGOTIATE for 2.0.2 alone, and the security mode of the answer: 3 is "required".
zeros() { printf '%*s' "$1" '' | sed 's/ /\\x00/g'; }
negotiate='\x00\x00\x00\x66\xfeSMB\x40\x00\x01\x00'$(zeros 6)'\x1f\x00'$(zeros 48)
negotiate=$negotiate'\x24\x00\x01\x00\x01'$(zeros 7)'ABCDEFGHIJKLMNOP'$(zeros 8)
signing() { ask "$1" 445 20 "$negotiate$2"; }
shows smb-old 'signing is not required' 'A\\x00\\x01\\x00\\x02\\x02' signing 10.77.1.13 '\x02\x02'
shows smb-good 'signing is required' 'A\\x00\\x03\\x00\\x00\\x03' signing 10.77.1.14 '\x00\x03'

rdp() { ask 10.77.1.15 3389 20 "\\x03\\x00\\x00\\x13\\x0e\\xe0\\x00\\x00\\x00\\x00\\x00\\x01\\x00\\x08\\x00$1\\x00\\x00\\x00"; }
shows rdp 'TLS where it is asked for' 'x02\\x1?.*\\x08\\x00\\x01\\x00\\x00\\x00|\\x08\\x00\\x01\\x00\\x00\\x00' rdp '\x01'
shows rdp 'standard security without it' '\\x08\\x00\\x00\\x00\\x00\\x00|\\xd0\\x00\\x00\\x124\\x00' rdp '\x00'
shows rdp 'no network level authentication' '\\x08\\x00[^ ]\\x00|\\x08\\x00\\x0[015]\\x00' rdp '\x02'

tls() { from_bastion openssl s_client -connect "$1:443" -"$2" -cipher "$3"; }
shows web-old 'TLS 1.0 with CBC' 'New, .*Cipher is [A-Z]' tls 10.77.1.17 tls1 'AES128-SHA:@SECLEVEL=0'
shows web-old 'TLS 1.1' 'New, .*Cipher is [A-Z]' tls 10.77.1.17 tls1_1 'ALL:@SECLEVEL=0'
shows web-old 'no TLS 1.3' 'alert|Cipher is \(NONE\)' from_bastion openssl s_client -connect 10.77.1.17:443 -tls1_3
expired() {
	from_bastion sh -c 'openssl s_client -connect 10.77.1.17:443 -tls1_2 -cipher ALL:@SECLEVEL=0 |
		openssl x509 -noout -enddate -text | grep -E "notAfter|Public-Key|Issuer|Subject:"'
}
shows web-old 'certificate expired in 2021' 'notAfter=Jan +1 .* 2021' expired
shows web-old 'key of 1024 bits' 'Public-Key: \(1024 bit\)' expired
shows web-old 'a login form without TLS' 'type="password"' from_bastion curl -s http://10.77.1.17/
shows web-good 'TLS 1.3' 'New, TLSv1.3, Cipher is TLS_' from_bastion openssl s_client -connect 10.77.1.16:443
shows web-good 'no TLS 1.1' 'Cipher is \(NONE\)' tls 10.77.1.16 tls1_1 'ALL:@SECLEVEL=0'
shows web-good 'no CBC' 'Cipher is \(NONE\)' tls 10.77.1.16 tls1_2 'AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'
shows web-good 'security headers' '^[Ss]trict-[Tt]ransport' from_bastion curl -ksI https://10.77.1.16/

shows ftp 'anonymous login' "b'230 " ask 10.77.1.18 21 20 '' 'USER anonymous\r\n' 'PASS \r\n'
shows telnet 'asks for a login' 'login:' ask 10.77.1.19 23 20 '' \
	'\xff\xfe\x25\xff\xfe\x26\xff\xfc\x18\xff\xfc\x20\xff\xfc\x23\xff\xfc\x27\xff\xfc\x24' \
	'\xff\xfd\x03\xff\xfc\x01\xff\xfc\x22\xff\xfc\x1f\xff\xfe\x05\xff\xfc\x21' '~login:'
shows mail 'ESMTP without STARTTLS' '^b.250-mail' ask 10.77.1.20 25 20 '' 'EHLO lab\r\n'
shows mail 'no STARTTLS' '!STARTTLS' ask 10.77.1.20 25 20 '' 'EHLO lab\r\n'
shows redis-open 'answers strangers' 'PONG' ask 10.77.1.21 6379 20 'PING\r\n'
shows redis-shut 'wants a password' 'NOAUTH' ask 10.77.1.22 6379 20 'PING\r\n'
shows mqtt-open 'CONNACK 0' "x02.x00.x00" ask 10.77.1.23 1883 20 '\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03lab'
shows mqtt-shut 'CONNACK 5' "x02.x00.x05" ask 10.77.1.24 1883 20 '\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03lab'

# ---- odd ones ----
for port in 1 22 4444 65535; do
	shows anyport "answers on $port" 'ready' ask 10.77.1.30 $port 20
done
shows silent 'says nothing' '^silence$' ask 10.77.1.31 22 1
shows drip 'a byte at a time' "^b'S'$" ask 10.77.1.32 22 0.5
endless() { from_bastion timeout 2 sh -c 'curl -s --http0.9 --max-time 1 http://10.77.1.33:80/ | wc -c'; }
shows endless 'never ends' '^[0-9]{6,}$' endless

# ---- plant ----
modbus='\x00\x01\x00\x00\x00\x05\xff\x2b\x0e\x01\x00'
if capture plc && capture serial; then
	shows plc 'Modbus identification' 'Kita Controls.*KC-340' ask 10.77.2.11 502 20 "$modbus"
	sleep 1.2
	shows plc 'panel with a login form' 'type=password' from_bastion curl -s http://10.77.2.11/
	shows gateway 'dropbear' 'dropbear' ask 10.77.2.12 22 20
	shows serial 'is silent' 'silence' ask 10.77.2.13 4001 1 hello
	within 5 test -s "$lab_logs/serial.bytes"
	[ "$(cat "$lab_logs/serial.bytes")" = hello ]
	result $? 'serial: what is said to it is kept'
	sleep 0.3
	capture_end plc
	capture_end serial

	# The judge of captures on real ones: the first was polite, the second spoke to a serial port.
	judge() { "$lab_python" "$TENKEN_TESTS/lab/capture-check.py" "$@" >"$out" 2>&1; }
	if stands plc; then
		judge 10.77.2.11 10.77.1.1 502,80 "$lab_logs/plc.pcap"
		result $? 'a polite visit passes the capture check'
		note <"$out"
	fi
	judge 10.77.2.13 10.77.1.1 - "$lab_logs/serial.pcap"
	[ $? = 1 ] && grep -q '^spoken to: port 4001' "$out"
	result $? 'bytes to a serial port fail it'
	note <"$out"
else
	not_ok 'captures at the devices'
	note <"$lab_logs/plc.tcpdump.log"
fi
tap_done
