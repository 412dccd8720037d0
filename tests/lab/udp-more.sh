#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Services by UDP that need a host of their own: a domain controller, TFTP (whose answer comes from another port),
# devices that are looked for, LLMNR; their findings, and a host without any of it.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
lab_known='net more-scan more-dc more-srv more-any more-none'
lab_need tcpdump jq nft setpriv
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
# shellcheck source=tests/lab/udp-servers.sh
. "$lab_tests/lab/udp-servers.sh"
cd "$lab_dir" || exit 99

host() {
	lab_host "$1" more "10.83.0.$2/24" && in_host "$1" sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 &&
		in_host "$1" ip address add "fd00:83::$2/64" dev eth0 nodad
}
build() {
	in_host net ip link add br-more type bridge && in_host net ip link set br-more up &&
		host more-scan 1 && host more-dc 2 && host more-srv 3 && host more-any 4 && host more-none 5 &&
		in_host more-none nft -f - <<END
table inet none {
	chain in {
		type filter hook input priority 0
		meta l4proto { tcp, udp } reject with icmpx admin-prohibited
	}
}
END
}
domain_controller() {
	mkdir dc
	in_host more-dc unshare --uts sh -c 'hostname dc1 && exec "$@"' sh samba-tool domain provision \
		--targetdir="$lab_dir/dc" --realm=LAB.EXAMPLE --domain=LAB --server-role=dc --adminpass=Passw0rd-of-the-lab \
		--dns-backend=SAMBA_INTERNAL --host-name=dc1 --host-ip=10.83.0.2 --host-ip6=fd00:83::2 --site=Plant-1 \
		--option='interfaces=lo eth0' --option='bind interfaces only=yes' --option="log file=$lab_dir/dc/log" \
		>"$lab_logs/provision.log" 2>&1 &&
		udp_server more-dc 389 dc samba -F --no-process-group -s "$lab_dir/dc/etc/smb.conf"
}
tftp() { # tftp HOST OPTION...
	from=$1
	shift
	udp_server "$from" 69 "tftpd-$from" in.tftpd -L -v "$@" -s "$lab_dir/files"
}
scan() {
	kept=$1
	shift
	in_host more-scan "$TENKEN" scan --store "$kept.tenken" --json "$kept.json" --quiet "$@" \
		>"$lab_logs/$kept.out" 2>"$lab_logs/$kept.err" </dev/null
	got=$?
	cp "$kept.json" "$lab_logs" 2>/dev/null
	return $got
}
# document ADDRESS PROBE JQ
document() { jq -r --arg a "$1" --arg p "$2" "[.hosts[] | select(.address == \$a) | .services[].evidence[\$p] |
	values][0] | $3" it.json; }
findings() { "$lab_python" "$lab_tests/cli/ask.py" "$1.tenken" "SELECT address || ' ' || check_id || ' ' || detail
	FROM finding WHERE check_id IN ('exposure.unneeded-service', 'exposure.amplifier')
	AND detail IN ('tftp', 'wsdiscovery', 'cldap', 'llmnr') ORDER BY 1"; }

build >"$lab_logs/build.log" 2>&1
built=$?
result $built 'a scanner and four hosts stand'
if [ $built != 0 ]; then
	note <"$lab_logs/build.log"
	tap_done
	exit 1
fi
mkdir files
printf 'one file' >files/one
printf 'r .* one\n' >rules
there=
command -v samba-tool >/dev/null && domain_controller && there="$there dc"
command -v in.tftpd >/dev/null && tftp more-srv && tftp more-any -m "$lab_dir/rules" && there="$there tftp"
udp_server more-srv 3702 wsdd2 wsdd2 -4 -u -W -N LABHOST -G LAB -i eth0
case $udp_there in *' 3702'*) there="$there wsd" ;; esac
has() { # has NAME WORDS: what the test is about, if its server is not installed
	case "$there " in *" $1 "*) return 0 ;; esac
	skip "$2" 'its server is not installed'
	return 1
}
mkdir plain && chown nobody plain && chmod 755 "$lab_dir"
capture more-any
capture more-none
scan it --zone it -p T:9,T:5355,U:1-65535 10.83.0.2 10.83.0.3 10.83.0.4 10.83.0.5 fd00:83::2 fd00:83::3
that 'the scan ends well' same $? 0
capture_end more-any
capture_end more-none

if has dc 'cldap: a domain controller'; then
	that 'cldap: a domain controller' same "$(document 10.83.0.2 cldap \
		'"\(.domain) \(.forest) \(.host) \(.site) \(.computer) \(.writable)"')" \
		'lab.example lab.example dc1.lab.example Plant-1 DC1 true'
	that 'cldap: the same by IPv6' same "$(document fd00:83::2 cldap .host)" dc1.lab.example
	that 'cldap: the role of the machine' same "$(jq -r '.hosts[] | select(.address == "10.83.0.2") | .role' it.json)" \
		domain-controller
	sid=$(sed -n 's/.*DOMAIN SID: *//p' "$lab_logs/provision.log")
	printf 'domain %s\n' "$sid" | note
fi
if has tftp 'tftp: an error is an answer'; then
	that 'tftp: an error is an answer' same "$(document 10.83.0.3 tftp '"\(.error) \(.message)"')" '1 File not found'
	that 'tftp: the same by IPv6' same "$(document fd00:83::3 tftp .error)" 1
	that 'tftp: a file for every name' same "$(document 10.83.0.4 tftp .any_name)" true
	# The server repeats its first block until it is told that nobody wants it: the sweep's does that, ours does not.
	tcpdump -nr "$lab_logs/more-any.pcap" -w ended.pcap \
		'src 10.83.0.1 and udp and not dst port 69 and udp[8:2] = 5 and udp[10:2] = 0' 2>/dev/null
	that 'tftp: the transfer is ended, once' same "$(tcpdump -nr ended.pcap 2>/dev/null | wc -l)" 1
	port=$(tcpdump -nr ended.pcap 2>/dev/null | sed 's/.*> 10.83.0.4.\([0-9]*\):.*/\1/')
	that 'tftp: and not repeated by the server' same "$(tcpdump -nr "$lab_logs/more-any.pcap" \
		"src 10.83.0.4 and src port $port and udp[8:2] = 3" 2>/dev/null | wc -l)" 1
	that 'tftp: nothing else leaves to a port that is not asked' same "$(tcpdump -nr "$lab_logs/more-any.pcap" \
		"src 10.83.0.1 and udp and not ether multicast and not dst port $port" 2>/dev/null |
		sed 's/.*> 10.83.0.4.\([0-9]*\):.*/\1/' | sort -un | tr '\n' ' ')" \
		'53 69 123 137 161 389 500 623 1194 1434 1900 3702 4500 5060 5353 5683 '
	that 'tftp: no request to write' same "$(tcpdump -nr "$lab_logs/more-any.pcap" \
		'dst port 69 and udp[8:2] = 2' 2>/dev/null | wc -l)" 0
fi
# ---- the same by ordinary datagrams ----
open_there() { jq -r '[.hosts[] | .address as $a | .services[] | select(.transport == "udp" and .state == "open")
	| "\($a):\(.port)"] | join(" ")' "$1.json"; }
in_host more-scan setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all --bounding-set=-all \
	"$TENKEN" scan --zone it --store "$lab_dir/plain/s.tenken" --json "$lab_dir/plain/s.json" --quiet -p T:9,T:5355,U:1-65535 \
	10.83.0.2 10.83.0.3 10.83.0.4 10.83.0.5 fd00:83::2 fd00:83::3 >"$lab_logs/plain.out" 2>"$lab_logs/plain.err" </dev/null
that 'without rights: the scan ends well' same $? 0
that 'without rights: the same services, TFTP among them' same "$(open_there plain/s)" "$(open_there it)"
if has wsd 'wsdiscovery: a computer'; then
	that 'wsdiscovery: a computer' same "$(document 10.83.0.3 wsdiscovery '"\(.types | join(" ")) \(.uuid | length)"')" \
		'wsdp:Device pub:Computer 36'
fi
that 'none: nothing is found there' same "$(jq '[.hosts[] | select(.address == "10.83.0.5") | .services[] |
	select(.state == "open")] | length' it.json)" 0
case $there in
*dc*tftp*wsd*)
	findings it >found
	that 'findings: what is hardly needed, once for each machine' same "$(cat found)" "10.83.0.3 exposure.unneeded-service tftp
10.83.0.3 exposure.unneeded-service wsdiscovery
10.83.0.4 exposure.unneeded-service tftp"
	cat >outside.yaml <<'END'
site: lab
vantage: {name: line, zone: outside}
zones:
  - {name: outside, kind: public, networks: [10.83.0.1/32]}
  - {name: front, kind: dmz, networks: [10.83.0.2/31]}
END
	scan outside -c outside.yaml -p T:9,U:389,U:3702 10.83.0.2 10.83.0.3
	findings outside >found
	that 'outside: what helps attacks on others' same "$(grep amplifier found)" \
		"10.83.0.2 exposure.amplifier cldap
10.83.0.3 exposure.amplifier wsdiscovery"
	;;
*) skip 'findings' 'a server is not installed' ;;
esac

# ---- LLMNR: systemd-resolved, in a file system of its own view ----
resolved=/lib/systemd/systemd-resolved
if [ -x $resolved ]; then
	mkdir -p etc && printf '[Resolve]\nLLMNR=yes\nMulticastDNS=no\nDNSStubListener=no\n' >etc/resolved.conf
	{ cat /etc/passwd && echo 'systemd-resolve:x:991:991::/:/usr/sbin/nologin'; } >etc/passwd
	{ cat /etc/group && echo 'systemd-resolve:x:991:'; } >etc/group
	serve more-none resolved sh -c "mount --bind etc /etc/systemd && mount --bind etc/passwd /etc/passwd &&
		mount --bind etc/group /etc/group && mkdir -p /run/systemd/resolve &&
		chown 991:991 /run/systemd/resolve && exec $resolved"
	in_host more-none nft flush ruleset
	wait_port more-none 5355
	scan llmnr --zone it -p T:5355 10.83.0.5
	that 'llmnr: its name' same "$(jq -r '.hosts[].services[].evidence.llmnr.name' llmnr.json)" more-none
	that 'llmnr: a finding' same "$(findings llmnr)" '10.83.0.5 exposure.unneeded-service llmnr'
else
	skip 'llmnr: its name' 'systemd-resolved is not installed'
fi
tap_done
