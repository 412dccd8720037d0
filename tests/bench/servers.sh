# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The servers of the benchmark, sourced by bench.sh: a machine is a namespace with nine services that
# answers for a block of addresses through a local route. The servers are configured to bear the load
# of a scan without limits of their own, so that the scanners are measured and not a server's wish to
# slow them down.
bench_ports=21,22,23,25,80,443,445,3389,6379
bench_programs='vsftpd sshd ssh-keygen inetutils-inetd telnetd postfix nginx smbd xrdp redis-server openssl'

# serve NAME COMMAND...: in the background, on the machine that is set up, with a /run of its own
serve() {
	server=$1
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	ip netns exec "$machine" unshare --uts sh -c 'hostname plant && mount -t tmpfs tmpfs /run &&
		mkdir -p /run/sshd /run/xrdp /run/samba /run/lock && { ulimit -n "$(ulimit -Hn)"; exec "$@"; }' \
		sh "$@" >"$machine_dir/$server.log" 2>&1 </dev/null 9>&- &
}

# The keys are elliptic where they may be: what a server computes burdens both scanners alike and
# measures neither.
make_keys() {
	for type in rsa ecdsa ed25519; do
		ssh-keygen -q -N '' -t $type -f "$bench_dir/ssh.$type" || return 1
	done
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
		-subj '/O=Kita Waterworks/CN=www.kita.example' -addext 'subjectAltName=DNS:www.kita.example' \
		-keyout "$bench_dir/tls.key" -out "$bench_dir/tls.pem" 2>"$bench_logs/openssl.log"
}

start_ssh() {
	cat >"$machine_dir/sshd.conf" <<-END
		HostKey $bench_dir/ssh.rsa
		HostKey $bench_dir/ssh.ecdsa
		HostKey $bench_dir/ssh.ed25519
		PidFile none
		UsePAM no
		UseDNS no
		AuthorizedKeysFile none
		KbdInteractiveAuthentication no
		MaxStartups 4000:30:8000
		PerSourceMaxStartups none
		LogLevel ERROR
	END
	serve sshd "$(command -v sshd)" -D -e -f "$machine_dir/sshd.conf"
}

start_ftp() {
	mkdir -p "$machine_dir/ftp/pub" "$machine_dir/ftp.empty"
	cat >"$machine_dir/ftp.conf" <<-END
		listen=YES
		background=NO
		anonymous_enable=YES
		no_anon_password=YES
		local_enable=NO
		max_clients=0
		max_per_ip=0
		anon_root=$machine_dir/ftp
		secure_chroot_dir=$machine_dir/ftp.empty
		xferlog_enable=NO
	END
	serve vsftpd vsftpd "$machine_dir/ftp.conf"
}

# inetd listens with a backlog of 10, xrdp with one of 2, which is too little for the sixteen addresses
# of a machine: four listeners share the load, by the last bits of the address.
share() { # PORT PORT PORT PORT
	ip netns exec "$machine" nft -f - <<-END
		table ip share$1 {
			chain incoming {
				type nat hook prerouting priority dstnat
				tcp dport $1 redirect to : ip daddr & 0.0.0.3 map {
					0.0.0.0 : $1, 0.0.0.1 : $2, 0.0.0.2 : $3, 0.0.0.3 : $4 }
			}
		}
	END
}

start_telnet() {
	for port in 23 10023 20023 30023; do
		echo "$port stream tcp nowait root $(command -v telnetd) telnetd -h"
	done >"$machine_dir/inetd.conf"
	serve inetd inetutils-inetd -d -R 1000000 "$machine_dir/inetd.conf"
	share 23 10023 20023 30023
}

start_mail() {
	mkdir -p "$machine_dir/mail.conf" "$machine_dir/mail.queue" "$machine_dir/mail.data"
	chown postfix "$machine_dir/mail.data"
	cat >"$machine_dir/mail.conf/main.cf" <<-END
		compatibility_level = 3.6
		myhostname = mail.kita.example
		mydestination = kita.example
		mynetworks = 127.0.0.0/8
		inet_interfaces = all
		inet_protocols = ipv4
		queue_directory = $machine_dir/mail.queue
		data_directory = $machine_dir/mail.data
		maillog_file = /dev/null
		maillog_file_prefixes = /dev
		alias_maps =
		alias_database =
		smtpd_tls_security_level = none
		smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
		smtpd_peername_lookup = no
		smtpd_client_connection_count_limit = 0
		smtpd_client_connection_rate_limit = 0
		smtpd_junk_command_limit = 1000
		smtpd_error_sleep_time = 0
		default_process_limit = 1000
		disable_dns_lookups = yes
		default_transport = error:nothing leaves
	END
	cat >"$machine_dir/mail.conf/master.cf" <<-END
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
	serve postfix postfix -c "$machine_dir/mail.conf" start-fg
}

start_web() {
	mkdir -p "$machine_dir/www" "$machine_dir/www.tmp"
	cat >"$machine_dir/www/index.html" <<-END
		<!DOCTYPE html><html><head><title>Kita waterworks</title></head><body>Notices</body></html>
	END
	cat >"$machine_dir/nginx.conf" <<-END
		daemon off;
		user root;
		worker_processes 2;
		pid $machine_dir/nginx.pid;
		error_log $machine_dir/nginx.error.log crit;
		events { worker_connections 16384; }
		http {
		access_log off;
		client_body_temp_path $machine_dir/www.tmp/1; proxy_temp_path $machine_dir/www.tmp/2;
		fastcgi_temp_path $machine_dir/www.tmp/3; uwsgi_temp_path $machine_dir/www.tmp/4;
		scgi_temp_path $machine_dir/www.tmp/5;
		types { text/html html; }
		server {
		listen 80 backlog=4096;
		listen 443 ssl backlog=4096;
		ssl_certificate $bench_dir/tls.pem;
		ssl_certificate_key $bench_dir/tls.key;
		ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
		ssl_ciphers HIGH:!aNULL:!MD5:@SECLEVEL=0;
		add_header X-Frame-Options DENY always;
		root $machine_dir/www;
		}
		}
	END
	serve nginx nginx -e "$machine_dir/nginx.error.log" -c "$machine_dir/nginx.conf"
}

start_smb() {
	mkdir -p "$machine_dir/smb/share" "$machine_dir/smb/state"
	{
		echo '[global]'
		for place in 'lock directory' 'state directory' 'cache directory' 'pid directory' \
			'private dir' 'ncalrpc dir' 'binddns dir'; do
			echo "$place = $machine_dir/smb/state"
		done
		cat <<-END
			netbios name = FILES
			workgroup = KITA
			server role = standalone server
			server min protocol = NT1
			smb ports = 445
			disable netbios = yes
			load printers = no
			printing = bsd
			printcap name = /dev/null
			map to guest = Bad User
			log level = 0
			log file = $machine_dir/smbd.log
			[public]
			path = $machine_dir/smb/share
			guest ok = yes
		END
	} >"$machine_dir/smb.conf"
	serve smbd.out smbd --foreground --no-process-group --configfile="$machine_dir/smb.conf"
}

start_rdp() {
	for port in 3389 13389 23389 33389; do
		cat >"$machine_dir/rdp.$port.ini" <<-END
			[Globals]
			ini_version=1
			fork=true
			port=tcp://0.0.0.0:$port
			security_layer=negotiate
			crypt_level=low
			certificate=$bench_dir/tls.pem
			key_file=$bench_dir/tls.key
			ssl_protocols=TLSv1.2, TLSv1.3
			[Logging]
			LogFile=$machine_dir/xrdp.$port.log
			LogLevel=ERROR
			EnableSyslog=false
			[Xorg]
			name=Xorg
			lib=libxup.so
			username=ask
			password=ask
		END
		serve xrdp.$port xrdp --nodaemon --config "$machine_dir/rdp.$port.ini"
	done
	share 3389 13389 23389 33389
}

start_redis() {
	mkdir -p "$machine_dir/redis"
	cat >"$machine_dir/redis.conf" <<-END
		bind 0.0.0.0
		protected-mode no
		maxclients 16000
		tcp-backlog 4096
		dir $machine_dir/redis
		save ""
	END
	serve redis redis-server "$machine_dir/redis.conf"
}

listening() { ip netns exec "$machine" ss -Hltn "sport = :$1" 2>/dev/null | grep -q .; }

# machine_up NAME FOLDER: starts its servers; machine_wait when all were started
machine_up() {
	machine=$1 machine_dir=$2
	mkdir -p "$machine_dir"
	start_ssh
	start_ftp
	start_telnet
	start_mail
	start_web
	start_smb
	start_rdp
	start_redis
}

# machine_wait NAME FOLDER: all servers listen, or the message names the port where nobody does
machine_wait() {
	machine=$1 machine_dir=$2
	for port in $(echo $bench_ports,10023,20023,30023,13389,23389,33389 | tr , ' '); do
		tries=300
		until listening "$port"; do
			tries=$((tries - 1))
			if [ "$tries" = 0 ]; then
				echo "bench: nothing listens on port $port of $machine; see $machine_dir" >&2
				return 1
			fi
			sleep 0.1
		done
	done
}
