#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Services spoken inside others, of real servers: within HTTP, inside TLS from the first byte, and what an SMTP server
# would relay. "weak" lets everybody in, "firm" has the same services in order. What each is, what is found, and
# that nothing is found where all is well.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net wi-scan weak firm'
lab_need openssl curl etcd dockerd squid tinyproxy cupsd dnsmasq postfix dovecot slapd vsftpd nginx
cd "$lab_dir" || exit 99

in_host net ip link add br-wi type bridge && in_host net ip link set br-wi up &&
	lab_host wi-scan wi 10.85.0.1/24 && lab_host weak wi 10.85.0.11/24 && lab_host firm wi 10.85.0.12/24 &&
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=firm.example \
		-addext subjectAltName=DNS:firm.example,IP:10.85.0.12 >"$lab_logs/openssl.log" 2>&1
built=$?
result $built 'a scanner and two hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }
chmod 644 key.pem

# ---- servers ----
cluster() { # HOST ADDRESS
	serve "$1" "$1-etcd" etcd --data-dir "$lab_dir/$1.etcd" --listen-client-urls "http://$2:2379" \
		--advertise-client-urls "http://$2:2379" --listen-peer-urls http://127.0.0.1:2380
}
cluster weak 10.85.0.11
cluster firm 10.85.0.12

# Namespaces of hosts have a /sys of their own, where dockerd misses control groups.
# shellcheck disable=SC2016 # expanded by the inner shell
serve weak weak-docker sh -c 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh dockerd --data-root "$lab_dir/docker" --exec-root "$lab_dir/docker.exec" \
	-p "$lab_dir/docker.pid" -H tcp://10.85.0.11:2375 --iptables=false --bridge=none --storage-driver=vfs

# A name under "invalid" is answered at once, as every resolver does.
serve weak weak-dns dnsmasq -k -p 53 --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts \
	--local=/invalid/ -u root --pid-file=
mkdir -m 777 squid
cache() { # HOST ADDRESS ACCESS
	cat >"$1.squid.conf" <<-END
		http_port $2:3128
		http_access $3
		cache_log $lab_logs/$1.squid.log
		access_log none
		pid_filename $lab_dir/squid/$1.pid
		coredump_dir $lab_dir/squid
		netdb_filename none
		pinger_enable off
		visible_hostname $1.example
		dns_nameservers 127.0.0.1
	END
	chmod 777 "$lab_logs"
	serve "$1" "$1-squid" squid -N -f "$lab_dir/$1.squid.conf"
}
cache weak 10.85.0.11 'allow all'
cache firm 10.85.0.12 'deny all'
small() { # HOST ADDRESS WHO
	printf 'Port 8888\nListen %s\nAllow %s\nLogFile "%s"\n' "$2" "$3" "$lab_dir/$1.tinyproxy.log" >"$1.tinyproxy.conf"
	serve "$1" "$1-tinyproxy" tinyproxy -d -c "$lab_dir/$1.tinyproxy.conf"
}
small weak 10.85.0.11 10.85.0.0/24
small firm 10.85.0.12 192.0.2.1

printers=$lab_dir/cups
mkdir -p "$printers/spool" "$printers/cache" "$printers/run" "$printers/ppd"
cat >"$printers/cupsd.conf" <<END
Listen 10.85.0.11:631
WebInterface No
<Location />
Order allow,deny
Allow all
</Location>
END
cat >"$printers/cups-files.conf" <<END
ServerRoot $printers
RequestRoot $printers/spool
CacheDir $printers/cache
StateDir $printers/run
AccessLog stderr
ErrorLog stderr
PageLog stderr
Sandboxing relaxed
END
serve weak weak-cups cupsd -f -c "$printers/cupsd.conf" -s "$printers/cups-files.conf"

mail() { # HOST ADDRESS, further services on standard input
	mkdir -p "$1.postfix" "$1.queue" "$1.data"
	chown postfix "$1.data"
	cat >"$1.postfix/main.cf" <<-END
		compatibility_level = 3.6
		myhostname = $1.example
		mydestination = plant.example
		mynetworks = 127.0.0.0/8
		inet_interfaces = $2
		inet_protocols = ipv4
		queue_directory = $lab_dir/$1.queue
		data_directory = $lab_dir/$1.data
		maillog_file = /dev/stdout
		alias_maps =
		alias_database =
		smtpd_tls_cert_file = $lab_dir/cert.pem
		smtpd_tls_key_file = $lab_dir/key.pem
		smtpd_tls_security_level = may
		smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
		disable_dns_lookups = yes
	END
	{
		cat
		cat <<-END
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
	} >"$1.postfix/master.cf"
	serve "$1" "$1-postfix" postfix -c "$lab_dir/$1.postfix" start-fg
}
mail weak 10.85.0.11 <<'END'
smtp inet n - n - - smtpd
  -o mynetworks=10.85.0.0/24
END
mail firm 10.85.0.12 <<'END'
smtp inet n - n - - smtpd
smtps inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
END

mkdir -p dovecot/run
cat >dovecot.conf <<END
base_dir=$lab_dir/dovecot/run
state_dir=$lab_dir/dovecot
protocols = imap pop3
listen = 10.85.0.12
log_path=$lab_logs/dovecot.log
ssl = required
ssl_cert = <$lab_dir/cert.pem
ssl_key = <$lab_dir/key.pem
passdb {
  driver = static
  args = password=none
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/tmp
}
END
serve firm firm-dovecot dovecot -F -c "$lab_dir/dovecot.conf"
cat >slapd.conf <<END
pidfile $lab_dir/slapd.pid
TLSCertificateFile $lab_dir/cert.pem
TLSCertificateKeyFile $lab_dir/key.pem
database config
END
serve firm firm-slapd slapd -f "$lab_dir/slapd.conf" -h ldaps://10.85.0.12 -d 0
mkdir empty
cat >vsftpd.conf <<END
listen=YES
listen_address=10.85.0.12
listen_port=990
background=NO
anonymous_enable=NO
local_enable=YES
secure_chroot_dir=$lab_dir/empty
ssl_enable=YES
implicit_ssl=YES
ssl_ciphers=HIGH
rsa_cert_file=$lab_dir/cert.pem
rsa_private_key_file=$lab_dir/key.pem
END
serve firm firm-vsftpd vsftpd "$lab_dir/vsftpd.conf"
# An ordinary web server on a port of proxies, and the front of a server that is down.
cat >nginx.conf <<END
daemon off;
pid $lab_dir/nginx.pid;
error_log stderr;
events { }
http {
	access_log off;
	client_body_temp_path $lab_dir/nginx.1;
	proxy_temp_path $lab_dir/nginx.2;
	fastcgi_temp_path $lab_dir/nginx.3;
	uwsgi_temp_path $lab_dir/nginx.4;
	scgi_temp_path $lab_dir/nginx.5;
	server { listen 10.85.0.12:8080; root $lab_dir/empty; }
	server { listen 10.85.0.11:8080; location / { add_header Via "1.1 front" always; proxy_pass http://127.0.0.1:9; } }
}
END
serve firm firm-nginx nginx -c "$lab_dir/nginx.conf" -g 'user root;'
sed 's/listen 10.85.0.12:8080/listen 127.0.0.1:8081/' nginx.conf >front.conf
sed -i '/10.85.0.11/d' nginx.conf
serve weak weak-nginx nginx -c "$lab_dir/front.conf" -g 'user root;'

up() { # HOST PORT...
	host=$1
	shift
	for port; do
		within 30 listening "$host" "$port" || { echo "$host:$port" | note; return 1; }
	done
}
up weak 2375 2379 3128 631 25 8080 8888
result $? 'weak has its services'
up firm 2379 3128 8080 8888 25 465 636 990 993 995
result $? 'firm has its services'

# Access control of etcd is switched on by its own interface.
order() { in_host firm curl -s -f -X POST "http://10.85.0.12:2379/v3/auth/$1" -d "$2" >>"$lab_logs/etcd-auth.log" 2>&1; }
within 20 order user/add '{"name":"root","password":"notforall"}' && order role/add '{"name":"root"}' &&
	order user/grant '{"user":"root","role":"root"}' && order enable '{}'
result $? 'etcd asks for a login'
answers() { in_host weak curl -s -f http://10.85.0.11:2375/version -o docker.json; }
within 20 answers
result $? 'dockerd answers'

# ---- the scan ----
ports=25,465,631,636,990,993,995,2375,2379,3128,8080,8888
scan_services wi-scan $ports 10.85.0.11-10.85.0.12

is 'each port speaks what it speaks; + inside TLS' \
	"SELECT address || ' ' || group_concat(port || ':' || protocol || iif(tls, '+', ''), ' ') FROM (SELECT * FROM service
	WHERE state = 'open' ORDER BY address, port) GROUP BY address ORDER BY address" <<END
10.85.0.11 25:smtp 631:ipp 2375:docker 2379:etcd 3128:proxy 8080:http 8888:proxy
10.85.0.12 25:smtp 465:smtp+ 636:ldap+ 990:ftp+ 993:imap+ 995:pop3+ 2379:etcd 3128:proxy 8080:http 8888:proxy
END
version_of() { "$@" 2>&1 | grep -o '[0-9][0-9.]*[0-9][^ ,]*' | head -1; }
docker=$("$lab_python" -c 'import json; print(json.load(open("docker.json"))["Version"])')
is 'products and versions are those that the programs say' \
	"SELECT DISTINCT protocol || ' ' || product || ' ' || coalesce(version, '-') FROM service
	WHERE protocol IN ('etcd', 'docker', 'proxy') ORDER BY 1" <<END
docker Docker $docker
etcd etcd $(version_of etcd --version)
proxy squid $(version_of squid -v)
proxy tinyproxy $(version_of tinyproxy -v)
END
is 'what each answers to a stranger' \
	"SELECT address || ' ' || port || ' ' || coalesce(document ->> '\$.access', document ->> '\$.open', document ->> '\$.relay')
	FROM evidence WHERE probe IN ('etcd', 'docker', 'proxy', 'smtp') AND ending = 'done' ORDER BY address, port" <<END
10.85.0.11 25 1
10.85.0.11 2375 1
10.85.0.11 2379 1
10.85.0.11 3128 open
10.85.0.11 8888 open
10.85.0.12 25 0
10.85.0.12 465 0
10.85.0.12 2379 0
10.85.0.12 3128 refused
10.85.0.12 8888 refused
END
found() {
	echo "SELECT check_id || ' ' || port || ' ' || coalesce(detail, '-') FROM finding WHERE status <> 'resolved'
	AND address = '$1' AND check_id IN ('exposure.unauthenticated-service', 'exposure.proxy-open', 'mail.open-relay',
	'tls.starttls-missing', 'tls.none', 'exposure.cleartext-admin') ORDER BY check_id, port, detail"
}
is 'weak: who lets everybody in' "$(found 10.85.0.11)" <<END
exposure.proxy-open 3128 http
exposure.proxy-open 8888 http
exposure.unauthenticated-service 2375 docker
exposure.unauthenticated-service 2379 etcd
mail.open-relay 25 
END
is 'firm: nothing of that, inside TLS neither' "$(found 10.85.0.12)" </dev/null
grep -q 'mail=1 rcpt=1 rset=1 quit=1' "$lab_logs/weak-postfix.log" && ! grep -q 'data=' "$lab_logs/weak-postfix.log" &&
	[ -d weak.queue/deferred ] && [ -z "$(find weak.queue/maildrop weak.queue/incoming weak.queue/active weak.queue/deferred -type f)" ]
result $? 'the open one took sender and recipient, and no mail'
tap_done
