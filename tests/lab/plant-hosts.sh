# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The plant of the lab: an office segment (10.77.1.0/24) and a plant segment (10.77.2.0/24) with a
# router between them, real servers configured well and badly, and hosts that misbehave. Sourced
# behind lab.sh; plant_up builds it, lab_down (by trap) removes it. A server that is not installed
# leaves its host out: plant_absent holds "HOST PROGRAM" lines.
plant_addresses='bastion 10.77.1.1
ssh-good 10.77.1.11
ssh-old 10.77.1.12
smb-old 10.77.1.13
smb-good 10.77.1.14
rdp 10.77.1.15
web-good 10.77.1.16
web-old 10.77.1.17
ftp 10.77.1.18
telnet 10.77.1.19
mail 10.77.1.20
redis-open 10.77.1.21
redis-shut 10.77.1.22
mqtt-open 10.77.1.23
mqtt-shut 10.77.1.24
anyport 10.77.1.30
silent 10.77.1.31
drip 10.77.1.32
endless 10.77.1.33
plc 10.77.2.11
gateway 10.77.2.12
serial 10.77.2.13'
lab_known="net $(printf '%s\n' "$plant_addresses" | sed 's/ .*//' | tr '\n' ' ')"
plant_absent=
plant_failed=

# have HOST PROGRAM...: all are installed; else the host stays out
have() {
	wanted=$1
	shift
	for program; do
		command -v "$program" >/dev/null || {
			plant_absent="$plant_absent$wanted $program
"
			return 1
		}
	done
}

# up HOST PORT...: it listens in time
up() {
	risen=$1
	shift
	for port; do
		wait_port "$risen" "$port" || plant_failed="$plant_failed$risen $port
"
	done
}

address_of() { printf '%s\n' "$plant_addresses" | sed -n "s/^$1 //p"; }

office() { lab_host "$1" office "10.77.1.$2/24" 10.77.2.0/24 10.77.1.254; }
plant() { lab_host "$1" plant "10.77.2.$2/24" 10.77.1.0/24 10.77.2.254; }

odd() {
	odd_host=$1
	shift
	serve "$odd_host" "$odd_host-$1" "$lab_python" "$lab_tests/lab/odd.py" "$@"
}

# ---- servers ----

ssh_server() { # HOST LAST-BYTE KEY-TYPE KEY-BITS, options on standard input
	cat >"$lab_dir/$1.conf"
	have "$1" sshd ssh-keygen || return 0
	office "$1" "$2" || return 1
	ssh-keygen -q -N '' -t "$3" -b "$4" -f "$lab_dir/$1.key" || return 1
	cat >>"$lab_dir/$1.conf" <<-END
		ListenAddress 10.77.1.$2
		HostKey $lab_dir/$1.key
		PidFile none
		UsePAM no
		AuthorizedKeysFile none
	END
	serve "$1" "$1" "$(command -v sshd)" -D -e -f "$lab_dir/$1.conf"
	up "$1" 22
}

ssh_servers() {
	ssh_server ssh-good 11 ed25519 256 <<-END
		KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256
		Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com
		MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
		HostKeyAlgorithms ssh-ed25519
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PermitRootLogin no
	END
	ssh_server ssh-old 12 rsa 1024 <<-END
		KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1
		Ciphers 3des-cbc,aes128-cbc,aes256-cbc
		MACs hmac-md5,hmac-sha1,hmac-sha1-96
		HostKeyAlgorithms ssh-rsa
		PasswordAuthentication yes
		KbdInteractiveAuthentication no
	END
}

smb_server() { # HOST LAST-BYTE, options on standard input
	mkdir -p "$lab_dir/$1/share" "$lab_dir/$1/state"
	cat >"$lab_dir/$1/options"
	have "$1" smbd smbclient || return 0
	office "$1" "$2" || return 1
	{
		echo '[global]'
		for place in 'lock directory' 'state directory' 'cache directory' 'pid directory' \
			'private dir' 'ncalrpc dir' 'binddns dir'; do
			echo "$place = $lab_dir/$1/state"
		done
		cat <<-END
			workgroup = KITA
			server role = standalone server
			interfaces = 10.77.1.$2/24 lo
			bind interfaces only = yes
			smb ports = 445
			disable netbios = yes
			load printers = no
			printing = bsd
			printcap name = /dev/null
			log file = $lab_logs/$1.smbd.log
		END
		cat "$lab_dir/$1/options"
	} >"$lab_dir/$1/smb.conf"
	serve "$1" "$1" smbd --foreground --no-process-group --configfile="$lab_dir/$1/smb.conf"
	up "$1" 445
}

smb_servers() {
	smb_server smb-old 13 <<-END
		netbios name = OLDFILES
		server min protocol = NT1
		server max protocol = SMB2_10
		server signing = disabled
		ntlm auth = ntlmv1-permitted
		map to guest = Bad User
		[public]
		path = $lab_dir/smb-old/share
		guest ok = yes
	END
	smb_server smb-good 14 <<-END
		netbios name = FILES
		server min protocol = SMB3_00
		server signing = mandatory
		server smb encrypt = desired
		restrict anonymous = 2
		map to guest = Never
		[plans]
		path = $lab_dir/smb-good/share
	END
}

# certificate NAME SUBJECT FROM UNTIL KEY-OPTIONS...: self-signed, NAME.pem and NAME.key
certificate() {
	name=$1 subject=$2 from=$3 until=$4
	shift 4
	openssl genpkey -quiet -out "$lab_dir/$name.key" "$@" 2>/dev/null ||
		openssl genpkey -out "$lab_dir/$name.key" "$@" 2>"$lab_logs/$name.openssl.log" || return 1
	mkdir -p "$lab_dir/$name.ca"
	: >"$lab_dir/$name.ca/index"
	cat >"$lab_dir/$name.ca/conf" <<-END
		[ca]
		default_ca = lab
		[lab]
		database = $lab_dir/$name.ca/index
		new_certs_dir = $lab_dir/$name.ca
		rand_serial = yes
		default_md = sha256
		policy = any
		x509_extensions = extensions
		[any]
		commonName = supplied
		[req]
		distinguished_name = empty
		[empty]
		[extensions]
		subjectAltName = $subject
	END
	openssl req -new -batch -config "$lab_dir/$name.ca/conf" -key "$lab_dir/$name.key" \
		-subj "/CN=${subject#*:}" -out "$lab_dir/$name.csr" 2>>"$lab_logs/$name.openssl.log" &&
		openssl ca -batch -notext -selfsign -config "$lab_dir/$name.ca/conf" \
			-keyfile "$lab_dir/$name.key" -in "$lab_dir/$name.csr" -startdate "$from" \
			-enddate "$until" -out "$lab_dir/$name.pem" 2>>"$lab_logs/$name.openssl.log"
}

rdp_server() {
	have rdp xrdp openssl || return 0
	office rdp 15 || return 1
	certificate rdp DNS:rdp.kita.example 20260101000000Z 20490101000000Z \
		-algorithm RSA -pkeyopt rsa_keygen_bits:2048 || return 1
	cat >"$lab_dir/rdp.ini" <<-END
		[Globals]
		ini_version=1
		fork=true
		port=tcp://10.77.1.15:3389
		security_layer=negotiate
		crypt_level=low
		certificate=$lab_dir/rdp.pem
		key_file=$lab_dir/rdp.key
		ssl_protocols=TLSv1.2, TLSv1.3
		[Logging]
		LogFile=$lab_logs/rdp.xrdp.log
		LogLevel=INFO
		EnableSyslog=false
		[Xorg]
		name=Xorg
		lib=libxup.so
		username=ask
		password=ask
	END
	serve rdp rdp xrdp --nodaemon --config "$lab_dir/rdp.ini"
	up rdp 3389
}

web_server() { # HOST LAST-BYTE, server blocks on standard input
	cat >"$lab_dir/$1.servers"
	have "$1" nginx openssl || return 0
	mkdir -p "$lab_dir/$1.www" "$lab_dir/$1.tmp"
	cat >"$lab_dir/$1.conf" <<-END
		daemon off;
		user root;
		worker_processes 1;
		pid $lab_dir/$1.pid;
		error_log $lab_logs/$1.nginx.log;
		events { worker_connections 256; }
		http {
		access_log $lab_logs/$1.access.log;
		client_body_temp_path $lab_dir/$1.tmp/1; proxy_temp_path $lab_dir/$1.tmp/2;
		fastcgi_temp_path $lab_dir/$1.tmp/3; uwsgi_temp_path $lab_dir/$1.tmp/4;
		scgi_temp_path $lab_dir/$1.tmp/5;
		types { text/html html; }
		include $lab_dir/$1.servers;
		}
	END
	office "$1" "$2" || return 1
	serve "$1" "$1" nginx -e "$lab_logs/$1.nginx.log" -c "$lab_dir/$1.conf"
}

web_servers() {
	certificate web-good DNS:www.kita.example 20260101000000Z 20490101000000Z \
		-algorithm EC -pkeyopt ec_paramgen_curve:P-256 || return 1
	certificate web-old DNS:old.kita.example 20200101000000Z 20210101000000Z \
		-algorithm RSA -pkeyopt rsa_keygen_bits:1024 || return 1
	web_server web-good 16 <<-END
		server {
		listen 10.77.1.16:443 ssl;
		server_tokens off;
		charset utf-8;
		ssl_certificate $lab_dir/web-good.pem;
		ssl_certificate_key $lab_dir/web-good.key;
		ssl_protocols TLSv1.2 TLSv1.3;
		ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256;
		add_header Strict-Transport-Security "max-age=63072000" always;
		add_header X-Frame-Options DENY always;
		add_header X-Content-Type-Options nosniff always;
		add_header Content-Security-Policy "default-src 'self'" always;
		root $lab_dir/web-good.www;
		}
	END
	web_server web-old 17 <<-END
		server {
		listen 10.77.1.17:80;
		listen 10.77.1.17:443 ssl;
		ssl_certificate $lab_dir/web-old.pem;
		ssl_certificate_key $lab_dir/web-old.key;
		ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
		ssl_ciphers ALL:!aNULL:@SECLEVEL=0;
		ssl_prefer_server_ciphers on;
		root $lab_dir/web-old.www;
		}
	END
	[ -d "$lab_dir/web-old.www" ] || return 0
	cat >"$lab_dir/web-good.www/index.html" <<-END
		<!DOCTYPE html><html><head><title>Kita waterworks</title></head><body>Notices</body></html>
	END
	cat >"$lab_dir/web-old.www/index.html" <<-END
		<!DOCTYPE html><html><head><title>Meter readings</title></head><body>
		<form method="post" action="/login"><input name="user">
		<input name="password" type="password"></form></body></html>
	END
	up web-good 443
	up web-old 80 443
}

ftp_server() {
	have ftp vsftpd || return 0
	office ftp 18 || return 1
	mkdir -p "$lab_dir/ftp/pub" "$lab_dir/ftp.empty"
	cat >"$lab_dir/ftp.conf" <<-END
		listen=YES
		listen_address=10.77.1.18
		background=NO
		anonymous_enable=YES
		no_anon_password=YES
		local_enable=NO
		anon_root=$lab_dir/ftp
		secure_chroot_dir=$lab_dir/ftp.empty
		vsftpd_log_file=$lab_logs/ftp.vsftpd.log
		xferlog_enable=YES
	END
	serve ftp ftp vsftpd "$lab_dir/ftp.conf"
	up ftp 21
}

telnet_server() {
	have telnet inetutils-inetd telnetd || return 0
	office telnet 19 || return 1
	echo "10.77.1.19:23 stream tcp nowait root $(command -v telnetd) telnetd" >"$lab_dir/inetd.conf"
	serve telnet telnet inetutils-inetd -d "$lab_dir/inetd.conf"
	up telnet 23
}

mail_server() {
	have mail postfix || return 0
	office mail 20 || return 1
	mkdir -p "$lab_dir/mail.conf" "$lab_dir/mail.queue" "$lab_dir/mail.data"
	chown postfix "$lab_dir/mail.data"
	cat >"$lab_dir/mail.conf/main.cf" <<-END
		compatibility_level = 3.6
		myhostname = mail.kita.example
		mydestination = kita.example
		mynetworks = 127.0.0.0/8
		inet_interfaces = 10.77.1.20
		inet_protocols = ipv4
		queue_directory = $lab_dir/mail.queue
		data_directory = $lab_dir/mail.data
		maillog_file = /dev/stdout
		alias_maps =
		alias_database =
		smtpd_tls_security_level = none
		smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
		disable_dns_lookups = yes
		default_transport = error:nothing leaves the lab
	END
	cat >"$lab_dir/mail.conf/master.cf" <<-END
		smtp inet n - n - - smtpd
		pickup unix n - n 60 1 pickup
		cleanup unix n - n - 0 cleanup
		qmgr unix n - n 300 1 qmgr
		tlsmgr unix - - n 1000? 1 tlsmgr
		rewrite unix - - n - - trivial-rewrite
		bounce unix - - n - 0 bounce
		defer unix - - n - 0 bounce
		error unix - - n - - error
		local unix - n n - - local
		anvil unix - - n - 1 anvil
		scache unix - - n - 1 scache
		proxymap unix - - n - - proxymap
		postlog unix-dgram n - n - 1 postlogd
	END
	serve mail mail postfix -c "$lab_dir/mail.conf" start-fg
	up mail 25
}

redis_servers() {
	for which in open:21 shut:22; do
		host=redis-${which%:*}
		have "$host" redis-server || continue
		office "$host" "${which#*:}" || return 1
		mkdir -p "$lab_dir/$host"
		cat >"$lab_dir/$host.conf" <<-END
			bind 10.77.1.${which#*:}
			protected-mode no
			dir $lab_dir/$host
			save ""
		END
		[ "$host" = redis-open ] || echo 'requirepass Correct-Horse-77' >>"$lab_dir/$host.conf"
		serve "$host" "$host" redis-server "$lab_dir/$host.conf"
		up "$host" 6379
	done
}

mqtt_servers() {
	for which in open:23 shut:24; do
		host=mqtt-${which%:*}
		have "$host" mosquitto || continue
		office "$host" "${which#*:}" || return 1
		cat >"$lab_dir/$host.conf" <<-END
			user root
			listener 1883 10.77.1.${which#*:}
			log_dest stderr
			allow_anonymous $([ "$host" = mqtt-open ] && echo true || echo false)
		END
		serve "$host" "$host" mosquitto -c "$lab_dir/$host.conf"
		up "$host" 1883
	done
}

odd_hosts() {
	office anyport 30 && office silent 31 && office drip 32 && office endless 33 || return 1
	if have anyport nft; then
		odd anyport hello 10.77.1.30 7
		in_host anyport nft -f - <<-END || return 1
			table ip lab {
				chain incoming {
					type nat hook prerouting priority dstnat;
					tcp dport 1-65535 redirect to :7
				}
			}
		END
		up anyport 7
	fi
	odd silent silent 10.77.1.31 22 80 443 445
	odd drip drip 10.77.1.32 21 22 80
	odd endless endless 10.77.1.33 22 80 443 3389
	up silent 22 80 443 445
	up drip 21 22 80
	up endless 22 80 443 3389
}

plant_devices() {
	plant plc 11 && plant serial 13 || return 1
	odd plc panel 10.77.2.11 80
	odd serial record "$lab_logs/serial.bytes" 10.77.2.13 4001 10001
	up plc 80
	up serial 4001 10001
	if "$lab_python" -c 'import pymodbus.server' 2>/dev/null; then
		odd plc modbus 10.77.2.11 502
		up plc 502
	else
		plant_absent="${plant_absent}plc python3-pymodbus
"
	fi
	if have gateway dropbear dropbearkey; then
		plant gateway 12 || return 1
		dropbearkey -t ed25519 -f "$lab_dir/gateway.key" >/dev/null 2>&1 || return 1
		serve gateway gateway dropbear -F -E -r "$lab_dir/gateway.key" -p 10.77.2.12:22
		up gateway 22
	fi
}

plant_up() {
	lab_segment office 10.77.1.254/24 && lab_segment plant 10.77.2.254/24 && office bastion 1 &&
		ssh_servers && smb_servers && rdp_server && web_servers && ftp_server && telnet_server &&
		mail_server && redis_servers && mqtt_servers && odd_hosts && plant_devices
}

# stands HOST: it was built
stands() { [ -e "/run/netns/lab-$1" ] && ! printf '%s' "$plant_absent" | grep -q "^$1 "; }
