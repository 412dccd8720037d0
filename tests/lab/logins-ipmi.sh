#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Passwords by IPMI at ipmi_sim, on hosts whose page says which board they are: "weak" has the maker's password, "firm"
# one of its own, "old" and "older" are the same for IPMI 1.5 (a relay takes the word of 2.0 away).
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net li-scan li-weak li-firm li-old li-older'
lab_need tcpdump lighttpd ipmi_sim
cd "$lab_dir" || exit 99

in_host net ip link add br-li type bridge && in_host net ip link set br-li up &&
	lab_host li-scan li 10.87.0.1/24 && lab_host li-weak li 10.87.0.11/24 && lab_host li-firm li 10.87.0.12/24 &&
	lab_host li-old li 10.87.0.13/24 && lab_host li-older li 10.87.0.14/24
built=$?
result $built 'a scanner and four boards stand'
[ $built = 0 ] || { tap_done; exit 1; }

# ---- boards ----
mkdir www
echo '<html><head><title>iDRAC9</title></head></html>' >www/index.html
# Between a client and a board: says that the board knows 1.5 alone.
cat >relay.py <<'END'
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.bind((sys.argv[1], 623))
board = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
board.settimeout(1)
while True:
    data, there = client.recvfrom(2048)
    board.sendto(data, ("127.0.0.1", 623))
    try:
        answer = bytearray(board.recv(2048))
    except TimeoutError:
        continue
    if len(answer) == 30 and answer[19] == 0x38 and answer[20] == 0:
        answer[24] &= ~2
        answer[29] = -sum(answer[17:29]) & 0xff
    client.sendto(bytes(answer), there)
END
board() { # HOST ADDRESS PASSWORD [old]
	mkdir "$1.sim"
	[ "${4:-}" = '' ] && at=$2 || at=127.0.0.1
	cat >"$1.sim/lan.conf" <<END
name "$1"
set_working_mc 0x20
  user 2 true "root" "$3" admin 10
  startlan 1
    addr $at 623
    priv_limit admin
    allowed_auths_callback md5
    allowed_auths_user md5
    allowed_auths_operator md5
    allowed_auths_admin md5
    guid a123456789abcdefa123456789abcdef
  endlan
END
	printf 'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n' >"$1.sim/emu"
	serve "$1" "$1-ipmi" ipmi_sim -c "$lab_dir/$1.sim/lan.conf" -f "$lab_dir/$1.sim/emu" -s "$lab_dir/$1.sim" -n
	[ "${4:-}" = '' ] || serve "$1" "$1-relay" "$lab_python" "$lab_dir/relay.py" "$2"
	cat >"$1.lighttpd" <<END
server.document-root = "$lab_dir/www"
server.port = 80
server.bind = "$2"
server.tag = "httpd"
index-file.names = ("index.html")
END
	serve "$1" "$1-lighttpd" lighttpd -D -f "$lab_dir/$1.lighttpd"
}
board li-weak 10.87.0.11 calvin
board li-firm 10.87.0.12 of-its-own
board li-old 10.87.0.13 calvin old
board li-older 10.87.0.14 of-its-own old
hears() { in_host "$1" ss -Hlun 'sport = :623' 2>/dev/null | grep -q "$2:623"; }
up=0
last=11
for host in li-weak li-firm li-old li-older; do
	{ within 60 hears "$host" "10.87.0.$last" && within 60 listening "$host" 80; } ||
		{ up=1; echo "nothing stands at $host" | note; }
	last=$((last + 1))
done
result $up 'every board stands'

# ---- a scan ----
cat >site.yaml <<END
site: logins-ipmi
authorisation: {by: plant manager, reference: R8-1, from: 2020-01-01, until: 2099-12-31, contact: "1"}
zones:
  - {name: office, kind: it, networks: [10.87.0.0/24]}
credentials: {protocols: [ipmi]}
END
cell() { "$lab_python" "$lab_tests/cli/ask.py" first.tenken "$1"; }
attempts() {
	cell "SELECT coalesce(group_concat(x, ', '), '') FROM (SELECT protocol || ' ' || port || '/' || transport || ' ' || account || ' ' ||
		result AS x FROM login WHERE address = '$1' ORDER BY id)"
}
# said HOST TYPE: how many packets of this type of RMCP+ crossed its wire
said() {
	"$lab_python" -c 'import sys; print(open(sys.argv[1], "rb").read().count(b"\x06\0\xff\x07\x06" + bytes([int(sys.argv[2], 16)])))' \
		"$lab_logs/$1.pcap" "$2"
}
capture li-weak
capture li-firm
capture li-older
in_host li-scan "$TENKEN" scan -c site.yaml --store first.tenken --json first.json -p T:80,U:623 --credentials --quiet \
	>"$lab_logs/first.out" 2>"$lab_logs/first.err" </dev/null
that 'the scan ends well' same $? 0
that 'weak: the password of the maker is accepted' same "$(attempts 10.87.0.11)" 'ipmi 623/udp root accepted'
that 'firm: its own password is not' same "$(attempts 10.87.0.12)" 'ipmi 623/udp root refused'
that 'old: the same by IPMI 1.5' same "$(attempts 10.87.0.13)" 'ipmi 623/udp root accepted'
that 'older: silence says nothing for certain, and why' same "$(attempts 10.87.0.14), $(cell "SELECT count(*) FROM remark
	WHERE subject = '10.87.0.14' AND text LIKE 'the board says nothing%'")" 'ipmi 623/udp root untested, 1'
capture_end li-weak
capture_end li-firm
capture_end li-older
that 'weak: RAKP 3 was said, and the session closed' same "$(said li-weak 14) $(said li-weak c0)" '1 2'
that 'firm: nothing made with a wrong password was said' same "$(said li-firm 12) $(said li-firm 14)" '1 0'
that 'older: the wrong password was said once' same "$("$lab_python" -c 'import sys; print(open(sys.argv[1], "rb").read().count(
	b"\x20\x18\xc8\x81\0\x3a"))' "$lab_logs/li-older.pcap")" 1
that 'findings: what was accepted, and nothing else' same "$(cell "SELECT group_concat(x, ' ') FROM (SELECT check_id || '/' || address ||
	'/' || port || '/' || transport AS x FROM finding WHERE check_id IN ('credential.default', 'credential.blank') ORDER BY 1)")" \
	'credential.default/10.87.0.11/623/udp credential.default/10.87.0.13/623/udp'
that 'it stays IPMI that answers there' same "$(cell "SELECT group_concat(DISTINCT protocol) FROM service WHERE port = 623")" ipmi
that 'no password stands in store, exports, page or messages' same "$(grep -la calvin first.* "$lab_logs"/first.*)" ''
tap_done
