#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Mail stores, directories, databases, screens, shares and proxies of real servers: "weak" lets everybody in
# and knows no TLS, "firm" has the same services in order, "shut" asks for a login in clear. What each is, what
# is found, and that nothing is found where all is well. "known" has programs that say who they are; what is told
# of all of them is held against what they say themselves.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
pg=/usr/lib/postgresql/15/bin
lab_known='net sv-scan weak firm shut known'
lab_need openssl setpriv nmap dovecot memcached rsync rpcbind slapd mariadbd mariadb-install-db Xtigervnc Xvfb \
	xauth microsocks "$pg/postgres" nginx sshd ssh ssh-keygen dropbear dropbearkey vsftpd redis-server
cd "$lab_dir" || exit 99

in_host net ip link add br-sv type bridge && in_host net ip link set br-sv up &&
	lab_host sv-scan sv 10.84.0.1/24 && lab_host weak sv 10.84.0.11/24 && lab_host firm sv 10.84.0.12/24 &&
	lab_host shut sv 10.84.0.13/24 && lab_host known sv 10.84.0.14/24 &&
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=firm.example \
		-addext subjectAltName=DNS:firm.example,IP:10.84.0.12 >"$lab_logs/openssl.log" 2>&1
built=$?
result $built 'a scanner and four hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }
chmod 644 key.pem

# ---- servers ----
mail() { # HOST ADDRESS, lines on standard input
	mkdir -p "$1.dovecot/run"
	{
		cat
		cat <<-END
			base_dir=$lab_dir/$1.dovecot/run
			state_dir=$lab_dir/$1.dovecot
			protocols = imap pop3
			listen = $2
			log_path=$lab_logs/$1.dovecot.log
			passdb {
			  driver = static
			  args = password=none
			}
			userdb {
			  driver = static
			  args = uid=nobody gid=nogroup home=/tmp
			}
		END
	} >"$1.conf"
	serve "$1" "$1-dovecot" dovecot -F -c "$lab_dir/$1.conf"
}
mail weak 10.84.0.11 <<END
ssl = no
disable_plaintext_auth = no
END
mail firm 10.84.0.12 <<END
ssl = required
ssl_cert = <$lab_dir/cert.pem
ssl_key = <$lab_dir/key.pem
END

directory() { # HOST ADDRESS, lines on standard input
	{
		echo "pidfile $lab_dir/$1.slapd.pid"
		cat
		echo 'database config'
	} >"$1.slapd.conf"
	serve "$1" "$1-slapd" slapd -f "$lab_dir/$1.slapd.conf" -h "ldap://$2" -d 0
}
directory weak 10.84.0.11 </dev/null
directory firm 10.84.0.12 <<END
TLSCertificateFile $lab_dir/cert.pem
TLSCertificateKeyFile $lab_dir/key.pem
disallow bind_anon
require authc
END

echo 'user:notforall' >memcached.auth
serve weak memcached memcached -l 10.84.0.11 -u nobody
serve shut memcached memcached -l 10.84.0.13 -u nobody -Y "$lab_dir/memcached.auth"

echo 'tech:notforall' >rsync.secrets
chmod 600 rsync.secrets
mkdir module
store() { # HOST, lines on standard input
	{
		printf 'use chroot = no\nlog file = %s\n' "$lab_logs/$1.rsyncd.log"
		printf '[plans]\npath = %s\n' "$lab_dir/module"
		cat
	} >"$1.rsyncd.conf"
	serve "$1" "$1-rsync" rsync --daemon --no-detach --config="$lab_dir/$1.rsyncd.conf"
}
store weak </dev/null
store firm <<END
auth users = tech
secrets file = $lab_dir/rsync.secrets
END

as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
mkdir pg-weak && chown postgres pg-weak && cp key.pem pg.key && chown postgres pg.key && chmod 600 pg.key
chmod 755 "$lab_dir"
as_postgres "$pg/initdb" -D pg-weak -A trust >"$lab_logs/initdb.log" 2>&1 && cp -a pg-weak pg-firm &&
	cp -a pg-weak pg-shut
result $? 'PostgreSQL has data to serve'
printf 'host all all 10.84.0.0/24 trust\n' >pg-weak/pg_hba.conf
printf 'hostssl all all 10.84.0.0/24 scram-sha-256\n' >pg-firm/pg_hba.conf
printf 'host all all 10.84.0.0/24 md5\n' >pg-shut/pg_hba.conf
postgres() { # HOST ADDRESS OPTION...
	host=$1 at=$2
	shift 2
	serve "$host" "$host-postgres" setpriv --reuid=postgres --regid=postgres --clear-groups "$pg/postgres" \
		-D "$lab_dir/pg-$host" -c listen_addresses="$at" -c unix_socket_directories= "$@"
}
postgres weak 10.84.0.11
postgres firm 10.84.0.12 -c ssl=on -c ssl_cert_file="$lab_dir/cert.pem" -c ssl_key_file="$lab_dir/pg.key"
postgres shut 10.84.0.13

# One that starts removes what others have in a common folder for temporary tables.
mkdir my-tmp my-weak.tmp my-firm.tmp my-shut.tmp
TMPDIR=$lab_dir/my-tmp mariadb-install-db --no-defaults --user=root --datadir="$lab_dir/my-weak" --skip-test-db \
	--auth-root-authentication-method=socket >"$lab_logs/mariadb-install.log" 2>&1
result $? 'MariaDB has data to serve'
cat >grants.sql <<END
CREATE OR REPLACE USER lab@'10.84.0.%' IDENTIFIED BY 'notforall';
END
cp -a my-weak my-firm && cp -a my-weak my-shut
maria() { # HOST ADDRESS OPTION...
	host=$1 at=$2
	shift 2
	serve "$host" "$host-mariadb" mariadbd --no-defaults --user=root --datadir="$lab_dir/my-$host" \
		--tmpdir="$lab_dir/my-$host.tmp" --socket="$lab_dir/my-$host/socket" --bind-address="$at" --skip-name-resolve "$@"
}
maria weak 10.84.0.11 --init-file="$lab_dir/grants.sql"
maria firm 10.84.0.12 --init-file="$lab_dir/grants.sql" --ssl-cert="$lab_dir/cert.pem" --ssl-key="$lab_dir/key.pem"
maria shut 10.84.0.13

# A password of VNC is a file of eight bytes.
printf '\001\002\003\004\005\006\007\010' >vnc.password
screen() { # HOST ADDRESS OPTION...
	host=$1 at=$2
	shift 2
	serve "$host" "$host-vnc" env HOME="$lab_dir" Xtigervnc ":4${at##*.}" -geometry 320x200 -depth 16 -nolock -nolisten unix \
		-nolisten tcp -interface "$at" -rfbport 5900 -PasswordFile "$lab_dir/vnc.password" "$@"
}
screen weak 10.84.0.11 -SecurityTypes None
screen firm 10.84.0.12 -SecurityTypes X509Vnc -X509Cert "$lab_dir/cert.pem" -X509Key "$lab_dir/key.pem"
screen shut 10.84.0.13 -SecurityTypes VncAuth

xauth -q -f "$lab_dir/authority" add :2 . 00112233445566778899aabbccddeeff 2>"$lab_logs/xauth.log"
serve weak weak-x11 Xvfb :1 -listen tcp -ac -nolock -nolisten unix
serve firm firm-x11 Xvfb :2 -listen tcp -auth "$lab_dir/authority" -nolock -nolisten unix

serve weak weak-socks microsocks -i 10.84.0.11 -p 1080
serve shut shut-socks microsocks -i 10.84.0.13 -p 1080 -u tech -P notforall
serve weak weak-rpcbind rpcbind -f -w

ssh-keygen -q -N '' -t ed25519 -f ssh.key
printf 'HostKey %s/ssh.key\nPidFile none\nUsePAM no\n' "$lab_dir" >sshd.conf
serve known sshd sh -c "mkdir -p /run/sshd && exec $(command -v sshd) -D -e -f '$lab_dir/sshd.conf' -p 22"
dropbearkey -t ed25519 -f dropbear.key >"$lab_logs/dropbearkey.log" 2>&1
serve known dropbear dropbear -F -E -p 10.84.0.14:2222 -P "$lab_dir/dropbear.pid" -r "$lab_dir/dropbear.key"
mkdir -p nginx ftp.empty
cat >nginx.conf <<END
daemon off;
pid $lab_dir/nginx.pid;
error_log $lab_logs/nginx.log;
events { }
http {
	access_log off;
	client_body_temp_path $lab_dir/nginx;
	server { listen 10.84.0.14:80; root $lab_dir/nginx; }
}
END
serve known nginx nginx -c "$lab_dir/nginx.conf"
printf 'listen=YES\nbackground=NO\nanonymous_enable=NO\nlocal_enable=YES\nsecure_chroot_dir=%s\n' \
	"$lab_dir/ftp.empty" >vsftpd.conf
serve known vsftpd vsftpd "$lab_dir/vsftpd.conf"
serve known redis redis-server --bind 10.84.0.14 --port 6379 --protected-mode no --save '' --dir "$lab_dir"

up() { # HOST PORT...
	host=$1
	shift
	for port; do
		within 30 listening "$host" "$port" || return 1
	done
}
up weak 143 110 389 11211 873 5432 3306 5900 6001 1080 111
result $? 'weak has its services'
up firm 143 110 389 873 5432 3306 5900 6002
result $? 'firm has its services'
up shut 11211 5432 3306 5900 1080
result $? 'shut has its services'
up known 22 2222 80 21 6379
result $? 'known has its services'

# ---- the scan ----
ports=110,111,143,389,873,1080,3306,5432,5900,6001,6002,11211
scan_services sv-scan $ports 10.84.0.11-10.84.0.13

is 'each port speaks what it speaks' \
	"SELECT address || ' ' || group_concat(port || ':' || protocol, ' ') FROM (SELECT * FROM service
	WHERE state = 'open' ORDER BY address, port) GROUP BY address ORDER BY address" <<END
10.84.0.11 110:pop3 111:portmap 143:imap 389:ldap 873:rsync 1080:socks 3306:mysql 5432:postgresql 5900:vnc 6001:x11 11211:memcached
10.84.0.12 110:pop3 143:imap 389:ldap 873:rsync 3306:mysql 5432:postgresql 5900:vnc 6002:x11
10.84.0.13 1080:socks 3306:mysql 5432:postgresql 5900:vnc 11211:memcached
END
memcached=$(memcached -V | awk '{ print $2 }')
mariadb=$(mariadbd --version | sed -n 's/.*Ver \([0-9.]*\)-MariaDB.*/\1/p')
is 'products and versions are those that the programs say' \
	"SELECT DISTINCT protocol || ' ' || product || ' ' || coalesce(version, '-') FROM service
	WHERE product IS NOT NULL ORDER BY 1" <<END
imap Dovecot -
ldap OpenLDAP -
memcached Memcached -
memcached Memcached $memcached
mysql MariaDB $mariadb
pop3 Dovecot -
rsync rsync -
END
found() {
	echo "SELECT check_id || ' ' || port || ' ' || coalesce(detail, '-') FROM finding WHERE status <> 'resolved'
	AND address = '$1' AND check_id IN ('exposure.unauthenticated-service', 'vnc.security-none', 'exposure.proxy-open',
	'tls.starttls-missing', 'tls.none', 'exposure.cleartext-admin') ORDER BY check_id, port, detail"
}
is 'weak: who lets everybody in, and who knows no TLS' "$(found 10.84.0.11)" <<END
exposure.cleartext-admin 5900 vnc
exposure.proxy-open 1080 socks
exposure.unauthenticated-service 873 rsync
exposure.unauthenticated-service 5432 postgresql
exposure.unauthenticated-service 5900 vnc
exposure.unauthenticated-service 6001 x11
exposure.unauthenticated-service 11211 memcached
tls.none 110 pop3 login
tls.none 143 imap login
tls.none 389 ldap
tls.none 3306 mysql
tls.none 5432 postgresql
tls.starttls-missing 110 pop3
tls.starttls-missing 143 imap
tls.starttls-missing 389 ldap
tls.starttls-missing 3306 mysql
tls.starttls-missing 5432 postgresql
vnc.security-none 5900 
END
is 'firm: nothing of that' "$(found 10.84.0.12)" </dev/null
is 'shut: logins in clear, and nobody let in' "$(found 10.84.0.13)" <<END
exposure.cleartext-admin 5900 vnc
tls.none 1080 socks
tls.none 5432 postgresql
tls.none 5900 vnc
tls.none 11211 memcached
tls.starttls-missing 5432 postgresql
END
is 'who may use what of rsync' \
	"SELECT address || ' ' || (value ->> '\$.name') || ' ' || (value ->> '\$.access') FROM evidence,
	json_each(document, '\$.modules') WHERE probe = 'rsync' ORDER BY 1" <<END
10.84.0.11 plans open
10.84.0.12 plans password
END

# ---- who they are ----
in_host sv-scan "$TENKEN" scan --zone it --store k.tenken --json k.json --no-html --quiet -p 21,22,80,2222,6379 \
	10.84.0.14 >"$lab_logs/known.out" 2>"$lab_logs/known.err" </dev/null
status=$?
[ $status = 0 ] || [ $status = 1 ]
result $? 'the scan of those that say who they are'
cp k.json "$lab_logs" 2>/dev/null
# truth ADDRESS PORT PART VENDOR PRODUCT VERSION
truth() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@"; }
first() { sed -n "s|.*$1.*|\1|p" | head -n 1; }
{
	dovecot=$(dovecot --version | cut -d ' ' -f 1)
	truth '*' 110 service Dovecot Dovecot "$dovecot"
	truth '*' 143 service Dovecot Dovecot "$dovecot"
	truth '*' 389 service OpenLDAP OpenLDAP "$(slapd -VV 2>&1 | first 'slapd \([0-9.]*\)')"
	truth '*' 873 service Samba rsync "$(rsync --version | first 'version \([0-9.]*\)')"
	truth '*' 3306 service MariaDB MariaDB "$mariadb"
	truth '*' 11211 service Memcached Memcached "$memcached"
	truth 10.84.0.14 22 service OpenBSD OpenSSH "$(ssh -V 2>&1 | first 'OpenSSH_\([0-9.p]*\)')"
	truth 10.84.0.14 2222 service Dropbear Dropbear "$(dropbear -V 2>&1 | first 'v\([0-9.]*\)')"
	truth 10.84.0.14 80 service nginx nginx "$(nginx -v 2>&1 | first 'nginx/\([0-9.]*\)')"
	truth 10.84.0.14 21 service vsftpd vsFTPd "$(vsftpd -v 2>&1 0>&1 | first 'version \([0-9.]*\)')"
	truth 10.84.0.14 6379 service Redis Redis "$(redis-server --version | first 'v=\([0-9.]*\)')"
	# shellcheck source=/dev/null
	. /etc/os-release
	case $ID in
	debian) system='Debian Debian' ;;
	ubuntu) system='Canonical Ubuntu' ;;
	*) system="$ID $ID" ;;
	esac
	for port in 22 110 143 3306; do
		truth '*' $port os "${system% *}" "${system#* }" "$VERSION_ID"
	done
} >truths
"$lab_python" "$lab_tests/lab/identity-check.py" s.json k.json <truths >identity
good=$?
note <identity
result $good "identity: $(tail -n 1 identity)"
tap_done
