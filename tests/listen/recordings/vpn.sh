# shellcheck shell=sh disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
# Recordings of VPNs and tunnels, see record.sh.
all="${all:-} openvpn-plain openvpn-auth openvpn-crypt openvpn-tcp wireguard ike ike-aggressive l2tp pptp teredo quic"

vpn_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=plant \
		-keyout "$work/vpn.key" -out "$work/vpn.pem" 2>/dev/null
}

# vpn_pair PROTOCOL PORT FRAMES OPTIONS...: both sides with the same certificate
vpn_pair() {
	need openvpn openssl || return
	protocol=$1 port=$2 frames=$3
	shift 3
	host server 1
	host client 9
	vpn_certificate
	openvpn --genkey secret "$work/shared.key" 2>/dev/null
	server=udp client=udp
	[ "$protocol" = tcp ] && server=tcp-server && client=tcp-client
	start server openvpn --mode p2p --tls-server --dev null --proto "$server" --local 10.20.0.1 \
		--port "$port" --ca "$work/vpn.pem" --cert "$work/vpn.pem" --key "$work/vpn.key" \
		--dh none "$@"
	sleep 1
	record "$name" "port $port" "$frames"
	start client openvpn --tls-client --dev null --proto "$client" --remote 10.20.0.1 "$port" \
		--nobind --ca "$work/vpn.pem" --cert "$work/vpn.pem" --key "$work/vpn.key" "$@"
	recorded 3
}

record_openvpn_plain() { vpn_pair udp 1194 12; }
record_openvpn_auth() { vpn_pair udp 443 12 --tls-auth "$work/shared.key"; }
record_openvpn_crypt() { vpn_pair udp 53001 12 --tls-crypt "$work/shared.key"; }
record_openvpn_tcp() { vpn_pair tcp 8443 14 --tls-crypt "$work/shared.key"; }

record_wireguard() {
	need wireguard-go wg || return
	host server 1
	host client 9
	for n in server client; do
		(umask 077 && wg genkey) >"$work/$n.key"
		wg pubkey <"$work/$n.key" >"$work/$n.pub"
	done
	for n in server client; do
		ip netns exec "rec-$n" unshare --mount sh -c "mount -t tmpfs tmpfs /var/run &&
			mkdir -p /var/run/wireguard && wireguard-go -f wg0 & sleep 1
			if [ $n = server ]; then
				wg set wg0 listen-port 40404 private-key $work/server.key \
					peer \$(cat $work/client.pub) allowed-ips 10.99.0.0/24
				ip addr add 10.99.0.1/24 dev wg0
			else
				wg set wg0 private-key $work/client.key peer \$(cat $work/server.pub) \
					allowed-ips 10.99.0.0/24 endpoint 10.20.0.1:40404 persistent-keepalive 1
				ip addr add 10.99.0.9/24 dev wg0
			fi
			ip link set wg0 up
			wait" >"$work/log.$n" 2>&1 &
		started="$started $!"
		[ "$n" = server ] && sleep 2 && record wireguard udp 12
	done
	recorded 6
}

record_ike() {
	need charon-systemd swanctl || return
	ike_pair ike
}

# ike_pair NAME
ike_pair() {
	host server 1
	host client 9
	for n in server client; do
		mkdir -p "$work/$n"
		printf 'charon-systemd {\n install_routes = no\n plugins {\n  bypass-lan {\n   load = no\n  }\n  vici {\n   socket = unix://%s/vici\n  }\n }\n i_dont_care_about_security_and_use_aggressive_mode_psk = yes\n}\n' \
			"$work/$n" >"$work/$n/strongswan.conf"
		if [ "$n" = server ]; then local=10.20.0.1 remote=10.20.0.9; else
			local=10.20.0.9 remote=10.20.0.1
		fi
		cat >"$work/$n/swanctl.conf" <<-END
			connections { plant {
				${2:-version = 2}
				local_addrs = $local
				remote_addrs = $remote
				local { auth = psk
					id = $n.plant.example }
				remote { auth = psk }
				children { net { mode = tunnel } }
			} }
			secrets { ike-1 { secret = planted-secret } }
		END
		start "$n" env "STRONGSWAN_CONF=$work/$n/strongswan.conf" charon-systemd
	done
	sleep 3
	for n in server client; do
		try "$n" env "STRONGSWAN_CONF=$work/$n/strongswan.conf" swanctl --load-all \
			--file "$work/$n/swanctl.conf" --uri "unix://$work/$n/vici"
	done
	record "$1" 'udp port 500 or udp port 4500'
	try client swanctl --initiate --ike plant --timeout 2 --uri "unix://$work/client/vici"
	recorded 1
}

record_ike_aggressive() {
	need charon-systemd swanctl || return
	ike_pair ike-aggressive 'version = 1
	aggressive = yes'
}

record_l2tp() {
	need xl2tpd || return
	host server 1
	host client 9
	for n in server client; do
		mkdir -p "$work/$n"
		if [ "$n" = server ]; then
			cat >"$work/$n/conf" <<-END
				[global]
				port = 1701
				[lns default]
				ip range = 10.99.0.10-10.99.0.20
				local ip = 10.99.0.1
				require authentication = no
				refuse pap = yes
				refuse chap = yes
			END
		else
			printf '[global]\nport = 1701\n[lac plant]\nlns = 10.20.0.1\nautodial = yes\n' \
				>"$work/$n/conf"
		fi
		[ "$n" = client ] && record l2tp 'udp port 1701' 12
		ip netns exec "rec-$n" unshare --mount sh -c "mount -t tmpfs tmpfs /run &&
			mkdir -p /run/xl2tpd && : >/run/secrets &&
			exec xl2tpd -D -c $work/$n/conf -s /run/secrets -p /run/pid -C /run/control" \
			>"$work/log.$n" 2>&1 &
		started="$started $!"
		sleep 1
	done
	recorded 3
}

record_pptp() {
	need pptpd pptpctrl pptp || return
	host server 1
	host client 9
	printf 'option /dev/null\nlocalip 10.99.0.1\nremoteip 10.99.0.10-12\nppp /bin/cat\n' \
		>"$work/pptpd.conf"
	start server pptpd -f -c "$work/pptpd.conf" -p "$work/pptpd.pid" -l 10.20.0.1
	record pptp 'tcp port 1723 or proto gre' 20
	sleep 1
	try client pptp 10.20.0.1 --nolaunchpppd
	recorded
}

# Server and client of Teredo; what the client wants to reach lies nowhere.
record_teredo() {
	need miredo miredo-server || return
	host server 1
	host client 9
	# Both sides want addresses of the Internet; those for documentation pass for such.
	in_host server ip addr add 198.51.100.1/24 dev eth0
	in_host server ip addr add 198.51.100.2/24 dev eth0
	in_host server ip route add 203.0.113.0/24 dev eth0
	in_host client ip addr add 203.0.113.9/24 dev eth0
	in_host client ip route add 198.51.100.0/24 dev eth0 src 203.0.113.9
	printf 'ServerBindAddress 198.51.100.1\nServerBindAddress2 198.51.100.2\nPrefix 2001:0::\n' \
		>"$work/miredo-server.conf"
	printf 'InterfaceName teredo\nServerAddress 198.51.100.1\nServerAddress2 198.51.100.2\n' \
		>"$work/miredo.conf"
	start server miredo-server -f -u nobody -c "$work/miredo-server.conf" -p "$work/ms.pid"
	record teredo 'udp port 3544' 20
	start client miredo -f -u nobody -c "$work/miredo.conf" -p "$work/mc.pid"
	recorded 6
}

# HTTP/3 on a port that is not its own.
record_quic() {
	need gtlsclient gtlsserver || return
	host server 1
	host client 9
	vpn_certificate
	mkdir -p "$work/htdocs"
	echo hello >"$work/htdocs/index.html"
	start server gtlsserver -d "$work/htdocs" 10.20.0.1 4433 "$work/vpn.key" "$work/vpn.pem"
	sleep 1
	record quic 'udp port 4433' 8
	try client gtlsclient --exit-on-all-streams-close 10.20.0.1 4433 \
		https://localhost/index.html
	recorded
}
