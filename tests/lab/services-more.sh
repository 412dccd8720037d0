#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Exports, a Kerberos centre, small services, and what stands for databases and Windows (conversations of tests/wire, since no
# lab can have these products): "weak" lets everybody in, is old and knows no encryption, "firm" has the same
# services in order, "named" knows the scanner's name. What each is, what is found, and that nothing is found where all is well.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net sm-scan weak firm named'
lab_need nmap tcpdump rpcbind ganesha.nfsd krb5kdc kdb5_util showmount inetutils-inetd in.fingerd \
	in.rexecd in.rlogind in.rshd
cd "$lab_dir" || exit 99

in_host net ip link add br-sm type bridge && in_host net ip link set br-sm up &&
	lab_host sm-scan sm 10.85.0.1/24 && lab_host weak sm 10.85.0.11/24 && lab_host firm sm 10.85.0.12/24 &&
	lab_host named sm 10.85.0.13/24
built=$?
result $built 'a scanner and three hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }

# ---- servers ----
plugins=$(dirname "$(find /usr/lib -name libfsalvfs.so 2>/dev/null | head -n 1)")
exports() { # HOST, what makes the first export's clients on standard input
	cat >"$1.ganesha" <<-END
		NFS_CORE_PARAM {
			NFS_Port = 2049; MNT_Port = 20048; Protocols = 3, 4; Enable_NLM = false; Enable_RQUOTA = false;
			Plugins_Dir = "$plugins";
		}
		NFSV4 { Graceless = true; RecoveryBackend = fs; }
		EXPORT {
			Export_Id = 1; Path = /srv/plans; Pseudo = /plans; SecType = sys; FSAL { Name = VFS; }
			$(cat)
		}
	END
	# shellcheck disable=SC2016 # expanded by the inner shell
	serve "$1" "$1-nfs" sh -c 'mount -t tmpfs tmpfs /srv && mount -t tmpfs tmpfs /var/lib/nfs &&
		mkdir -p /srv/plans /var/lib/nfs/ganesha /run/ganesha || exit 1
		rpcbind -w -f & while [ ! -e /run/rpcbind.sock ]; do sleep 0.1; done
		exec ganesha.nfsd -F -f "$1.ganesha" -L STDOUT -p /run/ganesha.pid' sh "$lab_dir/$1"
}
exports weak <<END
Access_Type = RO;
END
exports firm <<END
Access_Type = NONE; CLIENT { Clients = 10.85.0.0/24; Access_Type = RO; }
END

export KRB5_CONFIG="$lab_dir/krb5.conf"
printf '[libdefaults]\n\tdefault_realm = PLANT.EXAMPLE\n' >krb5.conf
cat >kdc.conf <<END
[kdcdefaults]
	kdc_listen = 88
	kdc_tcp_listen = 88
[realms]
	PLANT.EXAMPLE = {
		database_module = lab
		key_stash_file = $lab_dir/stash
	}
[dbmodules]
	lab = {
		db_library = db2
		database_name = $lab_dir/principals
	}
[logging]
	kdc = STDERR
END
export KRB5_KDC_PROFILE="$lab_dir/kdc.conf"
kdb5_util -r PLANT.EXAMPLE create -s -P notforall >"$lab_logs/kdb5_util.log" 2>&1
result $? 'Kerberos has a realm'
for host in weak firm; do
	serve $host $host-kdc krb5kdc -n
done

for small in echo discard daytime chargen time; do
	echo "$small stream tcp nowait root internal"
done >inetd.conf
cat >>inetd.conf <<END
finger stream tcp nowait nobody $(command -v in.fingerd) in.fingerd
exec stream tcp nowait root $(command -v in.rexecd) in.rexecd
login stream tcp nowait root $(command -v in.rlogind) in.rlogind
shell stream tcp nowait root $(command -v in.rshd) in.rshd
END
serve weak weak-inetd inetutils-inetd -d "$lab_dir/inetd.conf"
# To whom they find a name, rexec waits and rsh closes, both without a word.
grep -E '^(exec|login|shell) ' inetd.conf >named.conf
printf '127.0.0.1 localhost\n10.85.0.1 scanner.example\n' >hosts
# shellcheck disable=SC2016 # expanded by the inner shell
serve named named-inetd sh -c 'mount --bind "$1" /etc/hosts && shift && exec "$@"' sh "$lab_dir/hosts" \
	inetutils-inetd -d "$lab_dir/named.conf"

talks=$lab_tests/wire
serve weak weak-replay "$lab_python" "$lab_tests/lab/replay.py" 10.85.0.11 135 "$talks/msrpc/two-networks.talk" \
	1433 "$talks/mssql/not-supported.talk" 1521 "$talks/oracle/accepted.talk" 27017 "$talks/mongodb/open.talk"
serve firm firm-replay "$lab_python" "$lab_tests/lab/replay.py" 10.85.0.12 135 "$talks/msrpc/fault.talk" \
	514 "$talks/rsh/rsyslog.talk" 1433 "$talks/mssql/required.talk" 1521 "$talks/oracle/hidden.talk" 27017 "$talks/mongodb/login.talk"

up() { # HOST PORT...
	host=$1
	shift
	for port; do
		within 30 listening "$host" "$port" || return 1
	done
}
for host in weak firm; do
	up $host 111 2049 20048 88 135 1433 1521 27017
	result $? "$host has its services"
done
up weak 7 9 13 19 37 79 512 513 514
result $? 'weak has small services'
up named 512 513 514
result $? 'named has three of them'
# The exports stand a moment after the port.
for address in 10.85.0.11 10.85.0.12; do
	within 20 in_host sm-scan showmount --no-headers -e $address >/dev/null 2>&1
	result $? "$address shows its exports"
done

# ---- the scan ----
capture weak && capture firm && capture named
result $? 'what they hear is kept'
ports=7,9,13,19,21,23,37,79,80,88,111,135,512,513,514,1433,1521,2049,20048,27017
in_host sm-scan "$TENKEN" scan --zone it --store s.tenken --json s.json --no-html --quiet -p $ports \
	10.85.0.11-10.85.0.13 >"$lab_logs/scan.out" 2>"$lab_logs/scan.err" </dev/null
status=$?
[ $status = 0 ] || [ $status = 1 ]
good=$?
result $good 'the scan'
[ $good = 0 ] || note <"$lab_logs/scan.err"
cp s.json "$lab_logs" 2>/dev/null
for host in weak firm named; do capture_end $host; done
sql() { "$lab_python" "$lab_tests/cli/ask.py" s.tenken "$1"; }

# is WORDS QUERY: its rows are those of standard input
is() {
	cat >expected
	sql "$2" >got
	diff expected got >difference
	good=$?
	result $good "$1"
	[ $good = 0 ] || note <difference
}
is 'each port speaks what it speaks' \
	"SELECT address || ' ' || group_concat(port || ':' || protocol, ' ') FROM (SELECT * FROM service
	WHERE state = 'open' ORDER BY address, port) GROUP BY address ORDER BY address" <<END
10.85.0.11 7:echo 79:finger 88:kerberos 111:portmap 135:msrpc 512:rexec 513:rlogin 514:rsh 1433:mssql 1521:oracle 2049:nfs 20048:nfs 27017:mongodb
10.85.0.12 88:kerberos 111:portmap 135:msrpc 1433:mssql 1521:oracle 2049:nfs 20048:nfs 27017:mongodb
10.85.0.13 513:rlogin
END
is 'products and versions' \
	"SELECT address || ' ' || port || ' ' || product || ' ' || coalesce(version, '-') FROM service
	WHERE product IS NOT NULL ORDER BY address, port" <<END
10.85.0.11 88 MIT Kerberos -
10.85.0.11 1433 Microsoft SQL Server 2008 R2 10.50.4276
10.85.0.11 1521 Oracle TNS listener 9.2.0.4.0
10.85.0.11 27017 MongoDB 7.0.14
10.85.0.12 88 MIT Kerberos -
10.85.0.12 1433 Microsoft SQL Server 2019 15.0.4320
10.85.0.12 1521 Oracle TNS listener -
10.85.0.12 27017 MongoDB 5.0.9
END
found() {
	echo "SELECT check_id || ' ' || port || ' ' || coalesce(detail, '-') FROM finding WHERE status <> 'resolved'
	AND address = '$1' AND check_id IN ('exposure.unauthenticated-service', 'asset.software-unsupported',
	'asset.time-drift', 'tls.starttls-missing', 'tls.none') ORDER BY check_id, port, detail"
}
is 'weak: who lets everybody in, who is old, and who knows no encryption' "$(found 10.85.0.11)" <<END
asset.software-unsupported 1433 Microsoft SQL Server 2008 R2
asset.software-unsupported 1521 Oracle 9i
exposure.unauthenticated-service 20048 nfs
exposure.unauthenticated-service 27017 mongodb
tls.none 1433 mssql
tls.starttls-missing 1433 mssql
END
is 'firm: nothing of that' "$(found 10.85.0.12)" </dev/null
is 'services that nobody needs, and a login in clear, also where only the port tells' \
	"SELECT address || ' ' || check_id || ' ' || port || ' ' || detail || CASE WHEN check_id = 'exposure.cleartext-admin'
	THEN ' ' || severity ELSE '' END FROM finding WHERE status <> 'resolved'
	AND check_id IN ('exposure.unneeded-service', 'exposure.cleartext-admin') ORDER BY address, check_id, port" <<END
10.85.0.11 exposure.cleartext-admin 512 rexec high
10.85.0.11 exposure.cleartext-admin 513 rlogin high
10.85.0.11 exposure.cleartext-admin 514 rsh high
10.85.0.11 exposure.unneeded-service 7 echo
10.85.0.11 exposure.unneeded-service 9 discard
10.85.0.11 exposure.unneeded-service 13 daytime
10.85.0.11 exposure.unneeded-service 19 chargen
10.85.0.11 exposure.unneeded-service 37 time
10.85.0.11 exposure.unneeded-service 79 finger
10.85.0.11 exposure.unneeded-service 111 portmap
10.85.0.11 exposure.unneeded-service 512 rexec
10.85.0.11 exposure.unneeded-service 513 rlogin
10.85.0.11 exposure.unneeded-service 514 rsh
10.85.0.12 exposure.unneeded-service 111 portmap
10.85.0.13 exposure.cleartext-admin 512 rexec high
10.85.0.13 exposure.cleartext-admin 513 rlogin high
10.85.0.13 exposure.unneeded-service 512 rexec
10.85.0.13 exposure.unneeded-service 513 rlogin
END
# Not counted: what the kernel repeats because an answer is late.
for port in 7 13 19 37 79; do
	said=$(tcpdump -n -A -r "$lab_logs/weak.pcap" "dst port $port and tcp[tcpflags] & tcp-push != 0" 2>/dev/null |
		grep -oE 'tenken-nobody|tenken|HTTP|MQTT|PING|version' | sort | uniq | tr '\n' ' ')
	case $port in
	7) expected='tenken ' ;;
	79) expected='tenken-nobody ' ;;
	*) expected= ;;
	esac
	[ "$said" = "$expected" ]
	result $? "port $port hears one line at most ($said)"
done
# A name, a password and an order are read from whatever is said; who waits on 514 keeps it as a record.
for host in weak firm named; do
	for port in 512 513 514; do
		said=$(tcpdump -n -r "$lab_logs/$host.pcap" "dst port $port" 2>/dev/null | sed -n 's/.* length \([0-9]*\).*/\1/p' |
			sort -rn | head -n 1)
		[ "${said:-0}" -le $((port == 513)) ]
		result $? "$host: port $port hears no more than the byte that begins rlogin (${said:-none})"
	done
done
is 'what a machine says of its addresses, and the databases that it tells' \
	"SELECT probe || ' ' || coalesce(document ->> '\$.addresses', document ->> '\$.databases') FROM evidence
	WHERE address = '10.85.0.11' AND probe IN ('msrpc', 'mongodb') ORDER BY 1" <<END
mongodb ["admin","historian","local"]
msrpc ["192.168.10.5","10.1.0.5","fd00::5"]
END
sql "SELECT 'near' FROM evidence WHERE probe = 'kerberos' AND abs((document ->> '\$.time') - started_ms / 1000) < 120" >clocks
[ "$(grep -c near clocks)" = 2 ]
result $? 'both centres have the clock of this machine'

# ---- beside others ----
for address in 10.85.0.11 10.85.0.12; do
	in_host sm-scan showmount --no-headers -e $address | sed 's/  */ /; s/ $//; s/ (everyone)$//' >theirs
	sql "SELECT trim(x.value ->> '\$.path' || ' ' || (SELECT coalesce(group_concat(c.value, ','), '')
		FROM json_each(x.value, '\$.clients') c)) FROM evidence e, json_each(e.document, '\$.exports') x
		WHERE e.probe = 'nfs' AND e.address = '$address'" >ours
	[ -s ours ] && diff theirs ours >difference
	good=$?
	result $good "$address: showmount tells the same exports"
	[ $good = 0 ] || note <difference
done
in_host sm-scan nmap -n -Pn -sV -p 88,2049 10.85.0.11 -oG nmap.out >/dev/null 2>&1
cp nmap.out "$lab_logs"
grep -q '88/open/tcp//kerberos-sec//MIT Kerberos' nmap.out && grep -q '2049/open/tcp//nfs//3-4' nmap.out
result $? 'nmap tells the same products and versions'
is 'versions of NFS' "SELECT DISTINCT (document ->> '\$.lowest') || '-' || (document ->> '\$.highest') FROM evidence
	WHERE probe = 'nfs' AND document ->> '\$.nfs' = 1" <<END
3-4
END
grep heard "$lab_logs"/*-replay.log >said
good=$?
result $((good == 1 ? 0 : 1)) 'nothing was said to the databases but what their conversations hold'
[ $good = 1 ] || note <said
tap_done
