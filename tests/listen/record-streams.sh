#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086,SC2329 # lists of words; functions called by name
#
# Makes the recordings of ordinary servers and clients again: record-streams.sh [NAME...]. Both sides run in network
# namespaces of their own; README.md says of which programs. Every login uses the account planted-user and the
# password PLANTED-SECRET-7f3a, which tests/cli/test_listen_secrets.sh looks for in all that tenken writes.
set -u
# The machine's own name is nobody's business.
# shellcheck disable=SC2016
[ "$(hostname)" = historian ] || exec unshare --uts sh -c 'hostname historian && exec sh "$0" "$@"' "$0" "$@"
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin:/usr/lib/postgresql/15/bin
export PYTHONDONTWRITEBYTECODE=1
client=str-rec-$$-c server=str-rec-$$-s
at=192.168.78.20
user=planted-user secret=PLANTED-SECRET-7f3a
work=$(mktemp -d) pids=''
chmod 755 "$work"

# shellcheck disable=SC2317
down() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null
	done
	ip netns del $client 2>/dev/null
	ip netns del $server 2>/dev/null
	[ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap down EXIT
trap 'exit 1' INT TERM

ip netns add $client && ip netns add $server &&
	ip -n $client link add eth0 address 02:00:00:00:78:10 type veth peer name eth0 netns $server \
		address 02:00:00:00:78:20 || exit 1
for side in $client:10 $server:20; do
	ip netns exec ${side%:*} sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n ${side%:*} address add 192.168.78.${side#*:}/24 dev eth0
	ip -n ${side%:*} link set lo up
	ip -n ${side%:*} link set eth0 up
	ip netns exec ${side%:*} ethtool -K eth0 tx off tso off gso off gro off >/dev/null 2>&1
done

wanted=" $* "
wants() { [ "$wanted" = '  ' ] || case $wanted in *" $1 "*) ;; *) false ;; esac; }
# serve COMMAND...: in the background, at the server
serve() {
	ip netns exec $server setsid "$@" >>"$work/log" 2>&1 & # some end their whole group
	pids="$pids $!"
}
# up PORT: waits until somebody listens there
up() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		ip netns exec $server ss -Hltn "sport = :$1" | grep -q . && return
		sleep 0.5
	done
	echo "nobody listens on port $1; the log ends:"
	tail -n 5 "$work/log"
	return 1
}
# begin NAME PORT: what passes to and from this port from now on
begin() {
	name=$1
	ip netns exec $client tcpdump -q -U -i eth0 -w "$here/$1.pcap" "tcp port $2" 2>/dev/null &
	dump=$!
	pids="$pids $dump"
	sleep 1
}
end() {
	sleep 1
	kill $dump 2>/dev/null
	wait $dump 2>/dev/null
	printf '%s: %s bytes\n' "$name" "$(wc -c <"$here/$name.pcap")"
}
# ask COMMAND...: at the client
ask() {
	ip netns exec $client timeout 20 "$@" >>"$work/log" 2>&1 || echo "$name: $1 ended with $?"
}
python() { ask /usr/bin/python3 "$here/peers/streams.py" "$1" $at $user $secret; }

# ---- certificates ----
cd "$work" || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 3650 -subj /CN=plc.example \
	-addext subjectAltName=DNS:plc.example,IP:$at -sha256 2>/dev/null
chmod 644 key.pem
cat >old.cnf <<'END'
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = old
[old]
MinProtocol = TLSv1
CipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0
END

# tls VERSION CIPHERS: one handshake of that version
tls() {
	serve env OPENSSL_CONF="$work/old.cnf" openssl s_server -accept $at:443 -cert cert.pem -key key.pem -quiet \
		"-$1" -cipher "$2:@SECLEVEL=0"
	tls_pid=${pids##* }
	up 443
	begin "$3" 443
	echo Q | ip netns exec $client env OPENSSL_CONF="$work/old.cnf" timeout 10 openssl s_client -connect $at:443 \
		-servername plc.example "-$1" -cipher "$2:@SECLEVEL=0" >/dev/null 2>&1
	end
	kill "$tls_pid"
	sleep 1
}
wants tls10 && tls tls1 AES128-SHA tls10
wants tls11 && tls tls1_1 ECDHE-RSA-AES256-SHA tls11
wants tls12 && tls tls1_2 ECDHE-RSA-AES128-GCM-SHA256 tls12
wants tls13 && tls tls1_3 ALL tls13

if wants http; then
	mkdir site && echo hello >site/index.html && head -c 3000 /dev/zero | tr '\0' x >site/large.txt
	printf '%s:%s\n' $user "$(openssl passwd -apr1 $secret)" >site.users
	cat >nginx.conf <<-END
		daemon off; pid $work/nginx.pid; error_log /dev/null; worker_processes 1; user root;
		events {}
		http {
			access_log off; client_body_temp_path $work/t1; proxy_temp_path $work/t2;
			fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
			server {
				listen $at:80; root $work/site;
				location /private { auth_basic plc; auth_basic_user_file $work/site.users; alias $work/site; }
				location /login { return 204; }
			}
		}
	END
	serve nginx -c "$work/nginx.conf"
	up 80
	begin http 80
	ask curl -s -H 'Host: plc.example' http://$at/ http://$at/large.txt -I http://$at/
	ask curl -s -u $user:$secret http://$at/private/index.html
	ask curl -s -d "username=$user&password=$secret&go=1" http://$at/login
	ask curl -s -H 'Content-Type: application/json' -d "{\"user\":\"$user\",\"pwd\":\"$secret\"}" http://$at/login
	ask curl -s -F user=$user -F passwd=$secret http://$at/login
	ask curl -s "http://$at/login?user=$user&pass=$secret"
	ask curl -s --ntlm -u $user:$secret http://$at/private/
	end
fi

if wants http-proxy; then
	mkdir -p site && echo hello >site/index.html
	cat >tinyproxy.conf <<-END
		User root
		Group root
		Port 8888
		Listen $at
		Timeout 20
		BasicAuth $user $secret
		DisableViaHeader Yes
	END
	serve tinyproxy -d -c "$work/tinyproxy.conf"
	serve /usr/bin/python3 -m http.server --bind $at --directory "$work/site" 8000
	up 8888 && up 8000
	begin http-proxy 8888
	ask curl -s -x http://$user:$secret@$at:8888 http://$at:8000/
	ask curl -s -p -x http://$user:$secret@$at:8888 http://$at:8000/
	end
fi

if wants socks; then
	mkdir -p site && echo hello >site/index.html
	ip netns exec $server ss -Hltn 'sport = :8000' | grep -q . ||
		serve /usr/bin/python3 -m http.server --bind $at --directory "$work/site" 8000
	serve microsocks -i $at -p 1080 -u $user -P $secret
	up 1080 && up 8000
	begin socks 1080
	ask curl -s -x socks5h://$user:$secret@$at:1080 http://$at:8000/
	end
fi

if wants ftp || wants ftp-tls; then
	useradd -M -d "$work" -s /bin/sh -p "$(openssl passwd -6 $secret)" $user 2>/dev/null
	mkdir -p empty
	cat >vsftpd.conf <<-END
		listen=YES
		background=NO
		listen_address=$at
		local_enable=YES
		anonymous_enable=NO
		secure_chroot_dir=$work/empty
		pam_service_name=vsftpd
		ssl_enable=YES
		force_local_logins_ssl=NO
		force_local_data_ssl=NO
		rsa_cert_file=$work/cert.pem
		rsa_private_key_file=$work/key.pem
		seccomp_sandbox=NO
		require_ssl_reuse=NO
		ssl_tlsv1=YES

	END
	serve vsftpd "$work/vsftpd.conf"
	up 21
	if wants ftp; then
		begin ftp 21
		python ftp
		end
	fi
	if wants ftp-tls; then
		begin ftp-tls 21
		python ftp-tls
		end
	fi
	userdel $user 2>/dev/null
fi

if wants telnet; then
	useradd -M -d / -s /bin/true -p "$(openssl passwd -6 $secret)" $user 2>/dev/null
	echo "telnet stream tcp nowait root $(command -v telnetd) telnetd" >inetd.conf
	serve inetutils-inetd -d "$work/inetd.conf"
	up 23
	begin telnet 23
	python telnet
	end
	userdel $user 2>/dev/null
fi

if wants pop3 || wants imap || wants imap-tls || wants smtp || wants smtp-tls; then
	mkdir -p dovecot/run mail.conf mail.queue mail.data
	cat >dovecot.conf <<-END
		base_dir = $work/dovecot/run
		state_dir = $work/dovecot
		protocols = imap pop3
		listen = $at
		log_path = $work/dovecot.log
		ssl = yes
		ssl_cert = <$work/cert.pem
		ssl_key = <$work/key.pem
		ssl_min_protocol = TLSv1.2
		disable_plaintext_auth = no
		auth_mechanisms = plain login cram-md5
		mail_location = maildir:$work/maildir
		first_valid_uid = 1
		passdb {
		  driver = static
		  args = password=$secret
		}
		userdb {
		  driver = static
		  args = uid=nobody gid=nogroup home=$work
		}
		service auth {
		  unix_listener $work/auth {
		    mode = 0666
		  }
		}
	END
	mkdir -p maildir && chown nobody maildir
	serve dovecot -F -c "$work/dovecot.conf"
	up 110 && up 143
	for protocol in pop3:110 imap:143 imap-tls:143; do
		wants ${protocol%:*} || continue
		begin ${protocol%:*} ${protocol#*:}
		python ${protocol%:*}
		end
	done
	if wants smtp || wants smtp-tls; then
		chown postfix mail.data
		cat >mail.conf/main.cf <<-END
			compatibility_level = 3.6
			myhostname = mail.example
			mydestination = example
			mynetworks = 127.0.0.0/8
			inet_interfaces = $at
			inet_protocols = ipv4
			queue_directory = $work/mail.queue
			data_directory = $work/mail.data
			maillog_file = $work/log
			maillog_file_prefixes = $work, /var
			alias_maps =
			alias_database =
			smtpd_sasl_auth_enable = yes
			smtpd_sasl_type = dovecot
			smtpd_sasl_path = $work/auth
			smtpd_tls_security_level = may
			smtpd_tls_cert_file = $work/cert.pem
			smtpd_tls_key_file = $work/key.pem
			smtpd_tls_protocols = TLSv1.2
			smtpd_relay_restrictions = reject
			disable_dns_lookups = yes
		END
		cat >mail.conf/master.cf <<-END
			smtp inet n - n - - smtpd
			cleanup unix n - n - 0 cleanup
			qmgr unix n - n 300 1 qmgr
			tlsmgr unix - - n 1000? 1 tlsmgr
			rewrite unix - - n - - trivial-rewrite
			error unix - - n - - error
			anvil unix - - n - 1 anvil
			proxymap unix - - n - - proxymap
			postlog unix-dgram n - n - 1 postlogd
		END
		serve postfix -c "$work/mail.conf" start-fg
		up 25
		for protocol in smtp smtp-tls; do
			wants $protocol || continue
			begin $protocol 25
			python $protocol
			end
		done
		ip netns exec $server postfix -c "$work/mail.conf" stop 2>/dev/null
	fi
fi

if wants ldap || wants ldap-tls; then
	cat >slapd.conf <<-END
		include /etc/ldap/schema/core.schema
		modulepath /usr/lib/ldap
		pidfile $work/slapd.pid
		TLSCertificateFile $work/cert.pem
		TLSCertificateKeyFile $work/key.pem
		database ldif
		directory $work/ldif
		suffix dc=example
		rootdn cn=$user,dc=example
		rootpw $secret
	END
	mkdir -p ldif
	serve slapd -f "$work/slapd.conf" -h ldap://$at -d 0
	up 389
	if wants ldap; then
		begin ldap 389
		ask ldapsearch -x -H ldap://$at -D cn=$user,dc=example -w $secret -b '' -s base
		ask ldapsearch -x -H ldap://$at -b '' -s base
		end
	fi
	if wants ldap-tls; then
		begin ldap-tls 389
		ask env LDAPTLS_REQCERT=never LDAPTLS_PROTOCOL_MAX=3.3 ldapsearch -x -ZZ -H ldap://$at \
			-D cn=$user,dc=example -w $secret -b '' -s base
		end
	fi
fi

if wants ssh; then
	ssh-keygen -q -t ed25519 -N '' -f host_key
	mkdir -p /run/sshd
	serve "$(command -v sshd)" -D -e -h "$work/host_key" -o ListenAddress=$at -o PidFile=none -f /dev/null
	up 22
	begin ssh 22
	ask ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes $user@$at true
	end
fi

if wants redis; then
	serve redis-server --bind $at --requirepass $secret --save '' --dir "$work"
	up 6379
	begin redis 6379
	ask redis-cli -h $at -a $secret --no-auth-warning set a b
	ask redis-cli -h $at --user default --pass $secret --no-auth-warning ping
	end
fi

if wants mqtt; then
	printf '%s:%s\n' $user $secret >mqtt.users
	mosquitto_passwd -U mqtt.users 2>/dev/null
	chmod 644 mqtt.users
	printf 'listener 1883 %s\npassword_file %s/mqtt.users\n' $at "$work" >mqtt.conf
	serve mosquitto -c "$work/mqtt.conf"
	up 1883
	begin mqtt 1883
	python mqtt
	end
fi

if wants vnc; then
	printf '%s\n%s\n' "$(echo $secret | cut -c1-8)" "$(echo $secret | cut -c1-8)" | tigervncpasswd -f >vnc.pass 2>/dev/null
	serve Xtigervnc :77 -rfbport 5900 -interface $at -SecurityTypes VncAuth,None -PasswordFile "$work/vnc.pass" \
		-geometry 64x64
	up 5900
	begin vnc 5900
	python vnc
	end
fi

if wants postgresql || wants postgresql-clear || wants postgresql-tls; then
	as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
	mkdir pg && chown postgres pg && cp key.pem pg.key && chown postgres pg.key && chmod 600 pg.key
	as_postgres initdb -D "$work/pg" -A trust >>log 2>&1
	echo "CREATE ROLE \"$user\" LOGIN PASSWORD '$secret';" |
		as_postgres postgres --single -D "$work/pg" postgres >>log 2>&1
	printf 'hostssl all all samenet scram-sha-256\nhost other all samenet scram-sha-256\nhost all all samenet password\n' \
		>pg/pg_hba.conf
	serve setpriv --reuid=postgres --regid=postgres --clear-groups "$(command -v postgres)" -D "$work/pg" \
		-c listen_addresses=$at -c unix_socket_directories= -c ssl=on -c ssl_cert_file="$work/cert.pem" \
		-c ssl_key_file="$work/pg.key" -c ssl_max_protocol_version=TLSv1.2
	up 5432
	for way in postgresql-clear:disable:postgres postgresql:disable:other postgresql-tls:require:postgres; do
		name=${way%%:*}
		wants $name || continue
		mode=${way#*:}
		begin $name 5432
		ask env PGPASSWORD=$secret PGSSLMODE=${mode%:*} PGGSSENCMODE=disable psql -h $at -U $user ${mode#*:} -c 'select 1'
		end
	done
fi

if wants mysql || wants mysql-tls; then
	mkdir my.tmp
	TMPDIR=$work/my.tmp mariadb-install-db --no-defaults --user=root --datadir="$work/my" --skip-test-db \
		--auth-root-authentication-method=socket >>log 2>&1
	echo "CREATE OR REPLACE USER '$user'@'192.168.78.%' IDENTIFIED BY '$secret';" >my.sql
	serve mariadbd --no-defaults --user=root --datadir="$work/my" --tmpdir="$work/my.tmp" --socket="$work/my/socket" \
		--bind-address=$at --skip-name-resolve --init-file="$work/my.sql" --ssl-cert="$work/cert.pem" \
		--ssl-key="$work/key.pem" --tls-version=TLSv1.2
	up 3306
	for way in mysql:--skip-ssl mysql-tls:--ssl; do
		wants ${way%:*} || continue
		begin ${way%:*} 3306
		ask mysql --no-defaults ${way#*:} -h $at -u $user -p$secret -e 'select 1'
		end
	done
fi

if wants smb1 || wants smb3 || wants smb2; then
	mkdir -p smb/state smb/share
	{
		echo '[global]'
		for place in 'lock directory' 'state directory' 'cache directory' 'pid directory' 'private dir' 'ncalrpc dir' \
			'binddns dir'; do
			echo "$place = $work/smb/state"
		done
		cat <<-END
			workgroup = KITA
			netbios name = HISTORIAN
			server role = standalone server
			interfaces = $at/24 lo
			bind interfaces only = yes
			smb ports = 445
			disable netbios = yes
			load printers = no
			printing = bsd
			printcap name = /dev/null
			log file = $work/smbd.log
			server min protocol = NT1
			map to guest = Bad User
			[share]
			path = $work/smb/share
			guest ok = yes
		END
	} >smb.conf
	serve smbd --foreground --no-process-group --configfile="$work/smb.conf"
	up 445
	for way in smb1:NT1 smb2:SMB2_02 smb3:SMB3; do
		wants ${way%:*} || continue
		begin ${way%:*} 445
		ask smbclient "//$at/share" -U $user%$secret -m ${way#*:} -s /dev/null \
			--option="client min protocol=NT1" --option="netbios name=PC7" -c ls
		end
	done
fi

if wants rsh; then
	useradd -M -d / -s /bin/true -p "$(openssl passwd -6 $secret)" $user 2>/dev/null
	{
		echo "exec stream tcp nowait root $(command -v in.rexecd) in.rexecd"
		echo "login stream tcp nowait root $(command -v in.rlogind) in.rlogind"
		echo "shell stream tcp nowait root $(command -v in.rshd) in.rshd"
	} >rcmd.conf
	serve inetutils-inetd -d "$work/rcmd.conf"
	up 512 && up 513 && up 514
	begin rsh '(512 or 513 or 514)'
	python rsh
	end
	userdel $user 2>/dev/null
fi

if wants rdp; then
	cat >xrdp.ini <<-END
		[Globals]
		ini_version=1
		port=tcp://$at:3389
		security_layer=negotiate
		certificate=$work/cert.pem
		key_file=$work/key.pem
		ssl_protocols=TLSv1.2
		[Logging]
		LogFile=$work/xrdp.log
		[Xorg]
		name=Xorg
		lib=libxup.so
		username=ask
		password=ask
		ip=127.0.0.1
		port=-1
	END
	serve xrdp -n -c "$work/xrdp.ini"
	up 3389
	begin rdp 3389
	python rdp
	end
fi
exit 0
