# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Servers with accounts, for the labs of logins.
# shellcheck disable=SC2154 # variables of lab.sh
pg=/usr/lib/postgresql/15/bin
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }

# A PostgreSQL server with one account, whose log has each connection and statement.
historian() { # HOST ADDRESS ACCOUNT PASSWORD OPTION...
	host=$1 at=$2
	mkdir "$host.pg" && chown postgres "$host.pg"
	as_postgres "$pg/initdb" -D "$lab_dir/$host.pg" -A trust >"$lab_logs/$host-initdb.log" 2>&1
	echo "CREATE ROLE \"$3\" LOGIN PASSWORD '$4';" | as_postgres "$pg/postgres" --single -D "$lab_dir/$host.pg" postgres \
		>"$lab_logs/$host-role.log" 2>&1
	echo 'host all all samenet scram-sha-256' >"$host.pg/pg_hba.conf"
	shift 4
	serve "$host" "$host-postgres" setpriv --reuid=postgres --regid=postgres --clear-groups "$pg/postgres" \
		-D "$lab_dir/$host.pg" -c listen_addresses="$at" -c unix_socket_directories= -c log_connections=on \
		-c log_statement=all "$@"
}

# The same of MariaDB.
maria() { # HOST ADDRESS ACCOUNT PASSWORD OPTION...
	host=$1 at=$2
	mkdir "$host.tmp"
	TMPDIR=$lab_dir/$host.tmp mariadb-install-db --no-defaults --user=root --datadir="$lab_dir/$host.my" --skip-test-db \
		--auth-root-authentication-method=socket >"$lab_logs/$host-install.log" 2>&1
	echo "CREATE OR REPLACE USER '$3'@'${at%.*}.%' IDENTIFIED BY '$4';" >"$host.sql"
	shift 4
	serve "$host" "$host-mariadb" mariadbd --no-defaults --user=root --datadir="$lab_dir/$host.my" \
		--tmpdir="$lab_dir/$host.tmp" --socket="$lab_dir/$host.my/socket" --bind-address="$at" --skip-name-resolve \
		--init-file="$lab_dir/$host.sql" --general-log --general-log-file="$lab_logs/$host-mariadb.general" "$@"
}
