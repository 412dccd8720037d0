# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# UDP servers of the distribution on one lab host, as they answer strangers. Sourced by udp.sh. Each
# that is not installed is left out, and told by its absence in $udp_there ("PORT ...").
# shellcheck disable=SC2154 # variables of lab.sh
set -u

udp_there=

# udp_server HOST PORT NAME COMMAND...: runs it and waits for its port
udp_server() {
	udp_host=$1 udp_port=$2
	shift 2
	command -v "$2" >/dev/null || return 0
	serve "$udp_host" "$@"
	if within 10 udp_bound "$udp_host" "$udp_port"; then
		udp_there="$udp_there $udp_port"
	fi
}
udp_bound() { in_host "$1" ss -Hlun "sport = :$2" 2>/dev/null | grep -q .; }

# udp_servers HOST ADDRESS
udp_servers() {
	d=$lab_dir/udp
	mkdir -p "$d/samba" "$d/snmp"

	udp_server "$1" 53 dnsmasq dnsmasq -k -C /dev/null --no-resolv --no-hosts --user=root \
		--pid-file= --address=/lab.invalid/192.0.2.1

	printf 'pidfile %s/chronyd.pid\nlocal stratum 8\nallow\ncmdport 0\nbindcmdaddress /\n' "$d" >"$d/chrony.conf"
	udp_server "$1" 123 chronyd chronyd -d -x -u root -f "$d/chrony.conf"

	cat >"$d/smb.conf" <<END
[global]
	workgroup = LAB
	netbios name = LABHOST
	lock directory = $d/samba
	state directory = $d/samba
	cache directory = $d/samba
	private dir = $d/samba
	pid directory = $d/samba
	log file = $d/samba/log
	interfaces = $2/24
	bind interfaces only = no
	domain master = no
	local master = no
END
	udp_server "$1" 137 nmbd nmbd -F --no-process-group -s "$d/smb.conf"

	printf 'agentAddress udp:161,udp6:161\n' >"$d/snmpd.conf"
	udp_server "$1" 161 snmpd env SNMP_PERSISTENT_DIR="$d/snmp" snmpd -f -Lo -C -c "$d/snmpd.conf" -p "$d/snmpd.pid"

	charon=/usr/sbin/charon-systemd
	if [ -x $charon ]; then
		printf 'charon-systemd {\n install_routes = no\n plugins {\n  bypass-lan {\n   load = no\n  }\n }\n filelog {\n  stderr {\n   default = 1\n  }\n }\n}\n' \
			>"$d/strongswan.conf"
		udp_server "$1" 500 charon env STRONGSWAN_CONF="$d/strongswan.conf" $charon
		if udp_bound "$1" 4500; then udp_there="$udp_there 4500"; fi
	fi

	if command -v ipmi_sim >/dev/null; then
		cat >"$d/lan.conf" <<END
name "lab"
set_working_mc 0x20
  startlan 1
    addr $2 623
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
END
		printf 'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n' \
			>"$d/ipmi.emu"
		udp_server "$1" 623 ipmi_sim ipmi_sim -c "$d/lan.conf" -f "$d/ipmi.emu" -s "$d" -n
	fi

	if command -v openvpn >/dev/null; then
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=lab \
			-keyout "$d/vpn.key" -out "$d/vpn.pem" 2>/dev/null
		udp_server "$1" 1194 openvpn openvpn --mode p2p --tls-server --dev null --proto udp6 --float \
			--ca "$d/vpn.pem" --cert "$d/vpn.pem" --key "$d/vpn.key" --dh none
	fi

	cat >"$d/kamailio.cfg" <<END
debug=1
fork=no
children=1
log_stderror=yes
disable_tcp=yes
mpath="/usr/lib/$(uname -m)-linux-gnu/kamailio/modules/"
loadmodule "sl.so"
request_route { sl_send_reply("200", "OK"); }
END
	udp_server "$1" 5060 kamailio kamailio -DD -E -m 16 -M 4 -f "$d/kamailio.cfg" \
		-Y "$d" -P "$d/kamailio.pid" -l "udp:$2:5060" -l "udp:[fd00:79::2]:5060"

	printf '[server]\nenable-dbus=no\n[publish]\npublish-workstation=yes\n' >"$d/avahi.conf"
	udp_server "$1" 5353 avahi avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$d/avahi.conf"

	# It binds at once and answers when nobody else claims its names.
	case $udp_there in
	*' 5353'*) within 10 grep -q 'Server startup complete' "$lab_logs/avahi.log" ;;
	esac

	udp_server "$1" 5683 coap coap-server-notls -v 6
}
