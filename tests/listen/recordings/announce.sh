# shellcheck shell=sh disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
# Recordings of what devices announce, and of clocks, logs, agents, files and telephones, see record.sh.
all="${all:-} lldp-cdp ssdp-notify ssdp-search wsd snmp ntp syslog tftp sip"

# lldpd speaks CDP as well where it is told to (-ccc).
record_lldp_cdp() {
	need lldpd || return
	host one 1
	host two 2 bare
	# The user that the package would make.
	{ cat /etc/passwd && echo '_lldpd:x:991:991::/run/lldpd:/usr/sbin/nologin'; } >"$work/passwd"
	{ cat /etc/group && echo '_lldpd:x:991:'; } >"$work/group"
	for n in one two; do
		echo "127.0.0.1 cabinet-$n.plant.example cabinet-$n" >"$work/hosts.$n"
		ip netns exec "rec-$n" unshare --mount --uts sh -c "hostname cabinet-$n &&
			mount --bind $work/passwd /etc/passwd && mount --bind $work/group /etc/group &&
			mount --bind $work/hosts.$n /etc/hosts &&
			mount -t tmpfs tmpfs /run && mkdir -p /run/lldpd &&
			exec lldpd -d -l -ccc -M 1 -S 'Example switch, software 4.2' -u /run/lldpd.socket -L $(command -v lldpcli)" \
			>"$work/log.$n" 2>&1 &
		started="$started $!"
	done
	recorded_at=p-one
	record lldp-cdp 'ether proto 0x88cc or ether dst 01:00:0c:cc:cc:cc'
	recorded 5
}

# A router that announces itself, and whom a client looks for.
ssdp_router() {
	host gateway 1
	host client 9
	in_host gateway ip link add wan0 type veth peer name wan1
	in_host gateway ip addr add 198.51.100.1/24 dev wan0
	in_host gateway ip link set wan0 up
	cat >"$work/upnp.conf" <<-END
		ext_ifname=wan0
		listening_ip=eth0
		port=5000
		uuid=00000000-0000-4000-8000-000000000001
		friendly_name=Example router
		enable_upnp=yes
		notify_interval=30
	END
	start gateway miniupnpd -d -f "$work/upnp.conf" -P "$work/upnp.pid"
	sleep 2
}

record_ssdp_notify() {
	need miniupnpd || return
	record ssdp-notify 'udp port 1900' 12
	ssdp_router
	recorded
}

record_ssdp_search() {
	need miniupnpd upnpc || return
	ssdp_router
	record ssdp-search 'udp port 1900' 12
	try client upnpc -m eth0 -l
	recorded
}

record_wsd() {
	need wsdd || return
	host one 1
	host two 2
	record wsd 'udp port 3702' 6
	start one wsdd -i eth0 -4 -n DESK-ONE
	sleep 2
	start two wsdd -i eth0 -4 -n DESK-TWO -D
	recorded 3
}

record_snmp() {
	need snmpd snmpget snmptrap || return
	host agent 1
	host manager 9
	cat >"$work/snmpd.conf" <<-END
		agentAddress udp:161
		rocommunity public-secret
		createUser operator SHA planted-pass AES planted-pass
		rouser operator
	END
	start agent env "SNMP_PERSISTENT_DIR=$work/snmp" snmpd -f -Lo -C -c "$work/snmpd.conf" \
		-p "$work/snmpd.pid"
	record snmp 'udp portrange 161-162'
	sleep 1
	try manager snmpget -v 1 -c public-secret 10.20.0.1 .1.3.6.1.2.1.1.5.0
	try manager snmpget -v 2c -c public-secret 10.20.0.1 .1.3.6.1.2.1.1.5.0
	try manager snmpget -v 3 -u operator -l authPriv -a SHA -A planted-pass -x AES -X planted-pass \
		10.20.0.1 .1.3.6.1.2.1.1.5.0
	try agent snmptrap -v 2c -c public-secret 10.20.0.9 '' .1.3.6.1.6.3.1.1.5.1
	recorded
}

record_ntp() {
	need chronyd || return
	host server 1
	host client 9
	printf 'local stratum 3\nallow\ncmdport 0\nbindcmdaddress /\npidfile %s/a.pid\n' "$work" \
		>"$work/a.conf"
	printf 'server 10.20.0.1 iburst\ncmdport 0\nbindcmdaddress /\npidfile %s/b.pid\n' "$work" \
		>"$work/b.conf"
	start server chronyd -d -x -u root -f "$work/a.conf"
	record ntp 'udp port 123'
	sleep 1
	start client chronyd -d -x -u root -f "$work/b.conf"
	recorded 4
}

record_syslog() {
	need logger || return
	host server 1
	host client 9
	record syslog 'udp port 514'
	try client logger -n 10.20.0.1 -d -P 514 -p auth.notice -t planted 'pump stopped'
	try client logger --rfc3164 -n 10.20.0.1 -d -P 514 -p local0.info -t planted 'pump started'
	recorded
}

record_tftp() {
	need in.tftpd tftp || return
	host server 1
	host client 9
	mkdir -p "$work/tftp"
	echo 'a small configuration' >"$work/tftp/device.cfg"
	chmod -R a+rX "$work"
	start server in.tftpd -L -s -4 -u nobody "$work/tftp"
	record tftp udp
	sleep 1
	(cd "$work" && echo 'get device.cfg /dev/null' | try client tftp -4 10.20.0.1)
	recorded
}

record_sip() {
	need kamailio sipsak || return
	host server 1
	host client 9
	cat >"$work/kamailio.cfg" <<-END
		debug=1
		fork=no
		children=1
		log_stderror=yes
		disable_tcp=yes
		mpath="/usr/lib/$(uname -m)-linux-gnu/kamailio/modules/"
		loadmodule "sl.so"
		request_route { sl_send_reply("200", "OK"); }
	END
	start server kamailio -DD -E -m 16 -M 4 -f "$work/kamailio.cfg" -Y "$work" \
		-P "$work/kamailio.pid" -l udp:10.20.0.1:5060
	record sip 'udp port 5060'
	sleep 5
	try client sipsak -s sip:pump@10.20.0.1
	recorded
}
