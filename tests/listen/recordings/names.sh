# shellcheck shell=sh disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
# Recordings of what gives addresses and names, see record.sh.
all="${all:-} arp neighbours dhcp-named dhcpv6-named router dns mdns-named llmnr netbios-named"

record_arp() {
	need arping curl || return
	host one 1
	host two 2
	record arp 'arp or tcp'
	try one curl -s http://10.20.0.2/
	try two arping -q -c 1 -U -I eth0 10.20.0.2
	try two arping -q -c 1 -D -I eth0 10.20.0.9
	recorded
}

record_neighbours() {
	host one 1
	host two 2
	record neighbours 'icmp6 or tcp'
	try one curl -s 'http://[2001:db8:20::2]/'
	recorded
}

dhcp_server() {
	host server 1
	start server dnsmasq -k -C /dev/null -p 0 -i eth0 --leasefile-ro --no-ping --dhcp-authoritative "$@"
}

record_dhcp_named() {
	need dnsmasq dhclient || return
	dhcp_server --dhcp-range=10.20.0.100,10.20.0.110,1h --dhcp-option=3,10.20.0.1 \
		--dhcp-option=6,10.20.0.1,10.20.0.2 --dhcp-option=252,http://10.20.0.1/wpad.dat
	host client 9 bare
	cat >"$work/dhclient.conf" <<-END
		option option-252 code 252 = text;
		send host-name "hmi-tanaka";
		send vendor-class-identifier "MSFT 5.0";
		send fqdn.fqdn "hmi-tanaka.plant.example";
		request subnet-mask, routers, domain-name-servers, host-name, option-252;
	END
	record dhcp-named udp
	try client dhclient -4 -d -1 -sf /bin/true -lf "$work/leases" -pf "$work/pid" \
		-cf "$work/dhclient.conf" eth0
	recorded
}

record_dhcpv6_named() {
	need dnsmasq dhclient || return
	dhcp_server --dhcp-range=2001:db8:20::100,2001:db8:20::1ff,64,1h \
		'--dhcp-option=option6:dns-server,[2001:db8:20::1]'
	host client 9 bare
	printf 'send fqdn.fqdn "hmi-tanaka.plant.example";\n' >"$work/dhclient6.conf"
	record dhcpv6-named udp
	try client dhclient -6 -d -1 -sf /bin/true -lf "$work/leases6" -pf "$work/pid6" \
		-cf "$work/dhclient6.conf" eth0
	recorded
}

record_router() {
	need radvd || return
	host router 1
	host client 9 bare
	in_host router sysctl -qw net.ipv6.conf.all.forwarding=1
	cat >"$work/radvd.conf" <<-END
		interface eth0 {
			AdvSendAdvert on;
			MinRtrAdvInterval 3;
			MaxRtrAdvInterval 4;
			AdvDefaultLifetime 1800;
			prefix 2001:db8:20::/64 { };
			route 2001:db8:99::/48 { AdvRouteLifetime 900; };
			RDNSS 2001:db8:20::53 { AdvRDNSSLifetime 600; };
		};
	END
	record router icmp6
	start router radvd -n -C "$work/radvd.conf" -p "$work/radvd.pid" -m stderr -u root
	recorded 3
}

record_dns() {
	need dnsmasq dig || return
	host server 1
	host client 9
	start server dnsmasq -k -C /dev/null -i eth0 --no-resolv --no-hosts \
		--host-record=historian.plant.example,10.20.0.30,2001:db8:20::30 \
		--cname=trend.plant.example,historian.plant.example \
		--txt-record=note.plant.example,"a text" --local=/plant.example/
	record dns 'port 53'
	for question in 'historian.plant.example A' 'trend.plant.example AAAA' \
		'note.plant.example TXT' 'none.plant.example A' '-x 10.20.0.30' \
		'-x 2001:db8:20::30' '+tcp trend.plant.example A' 'update.vendor.example A'; do
		# shellcheck disable=SC2086
		try client dig +tries=1 @10.20.0.1 $question
	done
	recorded
}

record_mdns_named() {
	need avahi-daemon || return
	host one 1
	host two 2
	printf '[server]\nenable-dbus=no\nhost-name=press-line\n[publish]\npublish-workstation=yes\n' \
		>"$work/avahi.conf"
	mkdir -p "$work/services"
	cat >"$work/printer.service" <<-END
		<service-group><name>Printer</name><service><type>_ipp._tcp</type><port>631</port>
		<txt-record>txtvers=1</txt-record><txt-record>ty=Example LaserPrinter 400</txt-record>
		</service></service-group>
	END
	record mdns-named 'udp port 5353'
	ip netns exec rec-one unshare --mount sh -c "mount -t tmpfs tmpfs /etc/avahi &&
		mkdir /etc/avahi/services && cp $work/printer.service /etc/avahi/services &&
		mount -t tmpfs tmpfs /run && mkdir -p /run/avahi-daemon &&
		exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f $work/avahi.conf" \
		>"$work/log" 2>&1 &
	started="$started $!"
	recorded 5
}

record_llmnr() {
	need llmnrd || return
	host one 1
	host two 2
	start one llmnrd -6 -H operator-desk -i eth0
	record llmnr 'udp port 5355'
	sleep 1
	try two llmnr-query -c 1 -I eth0 operator-desk
	try two llmnr-query -c 1 -I eth0 nobody-here
	recorded
}

record_netbios_named() {
	need nmbd nmblookup || return
	host one 1
	host two 2
	for n in one two; do
		mkdir -p "$work/$n"
		cat >"$work/$n/smb.conf" <<-END
			[global]
			netbios name = PANEL-$n
			workgroup = PLANT
			server string = Packing line
			lock directory = $work/$n
			state directory = $work/$n
			cache directory = $work/$n
			private dir = $work/$n
			pid directory = $work/$n
			log file = $work/$n/log
			interfaces = eth0
			local master = no
		END
	done
	record netbios-named 'udp portrange 137-138'
	start one nmbd -F --no-process-group -s "$work/one/smb.conf"
	sleep 10
	try two nmblookup -s "$work/two/smb.conf" PANEL-ONE
	try two nmblookup -s "$work/two/smb.conf" -A 10.20.0.1
	recorded 2
}
