#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makers' passwords: "weak" has them, "firm" has the same devices with passwords of its own, "locks" locks at the
# second wrong one, "plant" is a weak device in a zone of kind ot; "old" and "own" are the same for databases and a
# remote screen, "uaold" and "uaown" for OPC UA. Nothing without the operator's word and a valid authorisation, never
# more attempts than the budget, and no password anywhere in what is written.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
# shellcheck source=tests/lab/login-servers.sh
. "$TENKEN_TESTS/lab/login-servers.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net lg-scan lg-weak lg-firm lg-locks lg-plant lg-old lg-own lg-uaold lg-uaown'
lab_need tcpdump jq setsid pgrep lighttpd snmpd openssl setpriv mariadbd mariadb-install-db Xtigervnc "$pg/postgres"
"$lab_python" -c "import asyncssh" 2>/dev/null || skip_all "python3-asyncssh is not installed"
cd "$lab_dir" || exit 99

in_host net ip link add br-lg type bridge && in_host net ip link set br-lg up &&
	lab_host lg-scan lg 10.85.0.1/24 && lab_host lg-weak lg 10.85.0.11/24 && lab_host lg-firm lg 10.85.0.12/24 &&
	lab_host lg-locks lg 10.85.0.13/24 && lab_host lg-plant lg 10.85.0.14/24 &&
	lab_host lg-old lg 10.85.0.15/24 && lab_host lg-own lg 10.85.0.16/24 &&
	lab_host lg-uaold lg 10.85.0.17/24 && lab_host lg-uaown lg 10.85.0.18/24
built=$?
result $built 'a scanner and eight hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }

# ---- devices ----
# A camera's page behind Basic at 80 and Digest at 8080, as lighttpd serves it.
camera() { # HOST ADDRESS PASSWORD
	mkdir -p "$1.www"
	echo '<html><head><title>camera</title></head></html>' >"$1.www/index.html"
	echo "root:$3" >"$1.users"
	cat >"$1.lighttpd" <<END
server.document-root = "$lab_dir/$1.www"
server.port = 80
server.bind = "$2"
server.tag = "httpd"
server.modules = ("mod_auth", "mod_authn_file")
index-file.names = ("index.html")
auth.backend = "plain"
auth.backend.plain.userfile = "$lab_dir/$1.users"
auth.require = ("/" => ("method" => "basic", "realm" => "AXIS_ACCC8E000001", "require" => "valid-user"))
\$SERVER["socket"] == "$2:8080" {
	auth.require = ("/" => ("method" => "digest", "algorithm" => "MD5|SHA-256", "realm" => "AXIS_ACCC8E000001",
		"require" => "valid-user"))
}
END
	serve "$1" "$1-lighttpd" lighttpd -D -f "$lab_dir/$1.lighttpd"
}
cat >shell.py <<'END'
import asyncio, asyncssh, sys
address, name, password, log = sys.argv[1:]
key = asyncssh.generate_private_key("ssh-ed25519")
class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True
    def password_auth_supported(self):
        return True
    def validate_password(self, username, given):
        good = (username, given) == (name, password)
        with open(log, "a") as f:
            f.write("%s %s\n" % (username, "accepted" if good else "refused"))
        return good
    def session_requested(self):
        with open(log, "a") as f:
            f.write("session\n")
        return False
async def main():
    await asyncssh.listen(address, 22, server_factory=Server, server_host_keys=[key],
                          server_version="OpenSSH_9.2p1 Raspbian-5+deb8u3")
    await asyncio.Event().wait()
asyncio.run(main())
END
agent() { # HOST ADDRESS COMMUNITY
	printf 'agentAddress udp:%s:161\nrocommunity %s\nsysDescr RICOH IM C3000 1.02 / RICOH Network Printer C model\n' "$2" "$3" \
		>"$1.snmpd"
	mkdir -p "$1.snmp"
	serve "$1" "$1-snmpd" env SNMP_PERSISTENT_DIR="$lab_dir/$1.snmp" snmpd -f -Lo -C -c "$lab_dir/$1.snmpd" \
		-p "$lab_dir/$1.pid"
}
cat >locks.py <<'END'
# Asks for a password and locks at the second wrong one.
import http.server, sys
wrong = 0
class Page(http.server.BaseHTTPRequestHandler):
    server_version, sys_version = "httpd", ""
    def do_GET(self):
        global wrong
        given = self.headers.get("Authorization")
        wrong += given is not None
        open(sys.argv[2], "a").write("%s\n" % ("asked" if given is None else "tried"))
        self.send_response(423 if wrong > 1 else 401)
        self.send_header("WWW-Authenticate", 'Basic realm="PageScope"')
        body = b"<html><head><title>PageScope Web Connection</title></head></html>"
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
http.server.HTTPServer((sys.argv[1], 80), Page).serve_forever()
END
# Our list, and passwords of the lab's own for what no maker of these servers documents.
own_data=${TENKEN_DATA:-$TENKEN_TESTS/..}
mkdir -p data/probes
ln -s "$own_data/profiles" data/profiles
cp -R "$own_data/probes/data" data/probes/data
cat >>data/probes/data/default-credentials.csv <<END
MariaDB,*,panel,vnc,,factory1,,lab,
MariaDB,*,panel,postgresql,historian,factory1,,lab,
Axis,*,camera,postgresql,historian,factory1,,lab,
Sterfive,*,panel,opcua,operator,factory1,,lab,
END
TENKEN_DATA=$lab_dir/data
export TENKEN_DATA
# A password of VNC is a file of eight bytes: DES (three times with one key, which is the same) under a known key.
# All scans of this test together look like somebody who guesses.
screen() { # HOST ADDRESS PASSWORD
	known=e84ad660c4721ae0
	printf '%s' "$3" | openssl enc -des-ede3-ecb -nopad -nosalt -K "$known$known$known" >"$1.vnc"
	serve "$1" "$1-vnc" env HOME="$lab_dir" Xtigervnc ":8${2##*.}" -geometry 320x200 -depth 16 -nolock -nolisten unix \
		-nolisten tcp -interface "$2" -rfbport 5900 -PasswordFile "$lab_dir/$1.vnc" -SecurityTypes VncAuth -BlacklistThreshold 1000 \
		-Log '*:stderr:100'
}
chmod 755 "$lab_dir"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=own 2>"$lab_logs/openssl.log"
cp key.pem pg.key && chown postgres pg.key && chmod 600 pg.key
historian lg-old 10.85.0.15 historian factory1
# Lets everybody in: a password proves nothing there, though the list has one that fits.
echo 'host all all 10.85.0.0/24 trust' >trust.hba
historian lg-weak 10.85.0.11 historian factory1 -c hba_file="$lab_dir/trust.hba"
historian lg-own 10.85.0.16 historian 'of-its-own' -c ssl=on -c ssl_cert_file="$lab_dir/cert.pem" -c ssl_key_file="$lab_dir/pg.key"
maria lg-old 10.85.0.15 root ''
maria lg-own 10.85.0.16 root 'of-its-own' --ssl-cert="$lab_dir/cert.pem" --ssl-key="$lab_dir/key.pem"
screen lg-old 10.85.0.15 factory1
screen lg-own 10.85.0.16 its-own8
camera lg-weak 10.85.0.11 pass
camera lg-firm 10.85.0.12 'of-its-own'
camera lg-plant 10.85.0.14 pass
serve lg-weak lg-weak-ssh "$lab_python" shell.py 10.85.0.11 pi raspberry "$lab_logs/weak-ssh.txt"
serve lg-firm lg-firm-ssh "$lab_python" shell.py 10.85.0.12 pi 'of-its-own' "$lab_logs/firm-ssh.txt"
agent lg-weak 10.85.0.11 public
agent lg-firm 10.85.0.12 'of-its-own'
serve lg-locks lg-locks-http "$lab_python" locks.py 10.85.0.13 "$lab_logs/locks.txt"
ua=0
node_has node-opcua && ua=1
if [ $ua = 1 ]; then
	opcua lg-uaold 10.85.0.17 'Filter plant' None None,Basic256Sha256 - operator factory1
	opcua lg-uaown 10.85.0.18 'Filter plant' None None,Basic256Sha256 - operator 'of-its-own'
fi
up=0
for at in weak:80 weak:8080 weak:22 weak:5432 firm:80 firm:22 locks:80 plant:80 old:3306 old:5432 old:5900 own:3306 own:5432 own:5900; do
	within 60 listening "lg-${at%:*}" "${at#*:}" || { up=1; echo "no server at $at" | note; }
done
hears() { in_host "$1" ss -Hlun 'sport = :161' 2>/dev/null | grep -q .; }
for host in lg-weak lg-firm; do
	within 60 hears "$host" || { up=1; echo "no agent at $host" | note; }
done
[ $ua = 0 ] || for host in lg-uaold lg-uaown; do
	within 120 grep -q '^standing' "$lab_logs/$host-opcua.log" || { up=1; echo "no OPC UA at $host" | note; }
done
result $up 'every device stands'

# ---- the site ----
site() { # NAME, lines of the zone plant and of the file on standard input
	{
		cat <<-END
			site: logins
			authorisation: {by: plant manager, reference: R8-1, from: 2020-01-01, until: 2099-12-31, contact: "1"}
			zones:
			  - {name: office, kind: it, networks: [10.85.0.11/32, 10.85.0.12/32, 10.85.0.13/32,
			      10.85.0.15/32, 10.85.0.16/32, 10.85.0.17/32]}
		END
		cat
	} >"$1.yaml"
}
# scan NAME SITE OPTION...
scan() {
	kept=$1 file=$2
	shift 2
	in_host lg-scan "$TENKEN" scan -c "$file.yaml" --store "$kept.tenken" --json "$kept.json" -p T:22,T:80,T:3306,T:4840,T:5432,T:5900,T:8080,U:161 \
		--quiet "$@" >"$lab_logs/$kept.out" 2>"$lab_logs/$kept.err" </dev/null
}
cell() {
	"$lab_python" - "$1.tenken" "$2" <<'END'
import sqlite3, sys
row = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(sys.argv[2]).fetchone()
print(row[0] if row and row[0] is not None else "")
END
}
attempts() { # STORE ADDRESS: "protocol:port account result ..."
	cell "$1" "SELECT group_concat(x, ', ') FROM (SELECT protocol || ':' || port || ' ' || account || ' ' || result AS x
		FROM login WHERE address = '$2' ORDER BY port, id)"
}
site plain <<END
  - {name: plant, kind: ot, networks: [10.85.0.14/32, 10.85.0.18/32]}
END
site communities <<END
  - {name: plant, kind: ot, networks: [10.85.0.14/32, 10.85.0.18/32]}
credentials: {communities: true}
END
site allowed <<END
  - {name: plant, kind: ot, networks: [10.85.0.14/32, 10.85.0.18/32], credentials: true, depth: full}
END
# Here it is declared as what it shows itself to be.
sed -i 's/, 10.85.0.17.32//; s/10.85.0.18.32/10.85.0.17\/32, &/' allowed.yaml
site threshold <<END
  - {name: plant, kind: ot, networks: [10.85.0.14/32, 10.85.0.18/32]}
accounts: {lockout_threshold: 6, reset_window: 30m}
END
sed 's/2099-12-31/2020-12-31/' plain.yaml >expired.yaml

# ---- never by default ----
scan silent plain
that 'without --credentials: nobody is tried' same "$? $(cell silent 'SELECT count(*) FROM login')" '0 0'
scan expired expired --credentials
that 'an authorisation that has expired: exit status 2, and why' same "$? $(grep -c authorisation "$lab_logs/expired.err")" '2 1'
in_host lg-scan "$TENKEN" scan --credentials --zone it 10.85.0.11 --store adhoc.tenken -p 80 --quiet \
	>/dev/null 2>"$lab_logs/adhoc.err" </dev/null
that 'without a site file: exit status 2' same $? 2
in_host lg-scan "$TENKEN" scan -c plain.yaml --credentials --risk read --store adhoc.tenken -p 80 --quiet \
	>/dev/null 2>"$lab_logs/low.err" </dev/null
that '--risk read does not go with --credentials' same "$? $(grep -c 'does not allow' "$lab_logs/low.err")" '2 1'

# ---- with the operator's word ----
capture lg-plant
scan first communities --credentials
that 'the scan ends well' same $? 0
that 'weak: the passwords are found, each account of the device once' same "$(attempts first 10.85.0.11)" \
	'ssh:22 pi accepted, http:80 root accepted, snmp:161 (community) accepted'
that 'weak: PostgreSQL that lets everybody in is seen to, and gets no login at all' same "$(cell first "SELECT
	document ->> '\$.open' FROM evidence WHERE address = '10.85.0.11' AND probe = 'postgresql'") $(cell first "SELECT count(*)
	FROM login WHERE address = '10.85.0.11' AND protocol = 'postgresql'") $(grep -c 'user=historian' "$lab_logs/lg-weak-postgres.log")" '1 0 0'
that 'firm: its own passwords are not' same "$(attempts first 10.85.0.12)" \
	'ssh:22 pi refused, http:80 root refused, snmp:161 (community) refused'
that 'locks: nothing more after the first sign of a lock' same "$(attempts first 10.85.0.13 | sed 's/ [^ ]* \([a-z]*\)\(,\|$\)/ \1\2/g') $(grep -c tried \
	"$lab_logs/locks.txt")" 'http:80 refused, http:80 locked 2'
that 'old: MariaDB with a blank password, PostgreSQL and VNC with those of the list' same "$(attempts first 10.85.0.15)" \
	'snmp:161 (community) untested, mysql:3306 root accepted, postgresql:5432 historian accepted, vnc:5900  accepted'
that 'own: none of them, the databases inside TLS' same "$(attempts first 10.85.0.16)" \
	'snmp:161 (community) untested, mysql:3306 root refused, postgresql:5432 historian refused, vnc:5900  refused'
that 'MariaDB: one session, left at once, and no query' same "$(sed -n 's/.*\t *[0-9][0-9]* \([A-Z][A-Za-z ]*\).*/\1/p' \
	"$lab_logs/lg-old-mariadb.general" | tr -d '\n')" 'ConnectQuit'
that 'PostgreSQL: one session, and no statement' same "$(sed -n 's/.*LOG:  \(connection authenticated\|statement\|execute\).*/\1/p' \
	"$lab_logs/lg-old-postgres.log")" 'connection authenticated'
that 'VNC: the password was right, and no screen went over the wire' same "$(grep -c 'starting desktop' "$lab_logs/lg-old-vnc.log") $(grep -c \
	'Framebuffer updates: [1-9]\|Client pixel format' "$lab_logs/lg-old-vnc.log")" '1 0'
that 'plant: nobody is tried in a zone of kind ot' same "$(cell first "SELECT count(*) FROM login WHERE address = '10.85.0.14'")" 0
capture_end lg-plant
that 'plant: no password crossed its wire' same "$(tcpdump -nAr "$lab_logs/lg-plant.pcap" 2>/dev/null | grep -ci '^Authorization')" 0
that 'SSH: the session was proven and left, no channel was opened' same "$(tr '\n' ' ' <"$lab_logs/weak-ssh.txt")" 'pi accepted '
expected='credential.blank/10.85.0.15/3306 credential.community-default/10.85.0.11/161 credential.default/10.85.0.11/22'
expected="$expected credential.default/10.85.0.11/80 credential.default/10.85.0.15/5432 credential.default/10.85.0.15/5900"
expected="$expected snmp.v1v2c/10.85.0.11/161"
that 'findings: what was accepted, and nothing of firm, locks, own and plant' same "$(cell first "SELECT group_concat(x, ' ') FROM
	(SELECT check_id || '/' || address || '/' || port AS x FROM finding WHERE check_id LIKE 'credential.%default' OR
	check_id IN ('credential.blank', 'snmp.v1v2c') ORDER BY 1)")" \
	"$expected"
that 'finding: the password is named by its number' same "$(jq -r '[.findings[] | select(.check == "credential.default")
	| .evidence.password | test("^vendor default no\\. [0-9]+ of the list$")] | unique | tojson' first.json)" '[true]'
that 'SNMP: what the community told names the device' same "$(jq -r '.hosts[] | select(.address == "10.85.0.11") | .device
	| "\(.signs | index("snmp.description") != null)"' first.json)" true
found=0
for file in first.tenken first.json first.html "$lab_logs/first.out" "$lab_logs/first.err"; do
	[ -e "$file" ] || continue
	if grep -aq 'raspberry\|factory1' "$file"; then
		echo "$file holds a password" | note
		found=1
	fi
done
result $found 'no password stands in store, exports, page or messages'

that 'journal: which account was tried, where and when' same "$(in_host lg-scan "$TENKEN" --lang en journal first.tenken \
	--address 10.85.0.11 2>&1 | sed -n 's/^ *[-0-9]* [:0-9]*  10.85.0.11 port \([0-9]*\)  \([a-z]*\)  account \(.*\)  password no. [0-9]* of the list  /\1 \2 \3 /p' |
	sort -n | tr '\n' ',')" '22 ssh pi accepted,80 http root accepted,161 snmp (community) accepted,'

# ---- the budget ----
rm -f "$lab_logs/locks.txt"
scan first communities --credentials
that 'again within the window: no attempt at all' same "$(cell first "SELECT count(*) FROM login WHERE scan = 2")
$(cell first "SELECT count(*) > 2 FROM remark WHERE scan = 2 AND kind = 'logins'")" '0
1'
scan declared threshold --credentials
that 'a threshold of 6: four attempts at an account, so the page at 8080 (Digest) is tried too' same \
	"$(attempts declared 10.85.0.11)" 'ssh:22 pi accepted, http:80 root accepted, http:8080 root accepted'
that 'a threshold of 6: Digest refuses as well' same "$(attempts declared 10.85.0.12)" \
	'ssh:22 pi refused, http:80 root refused, http:8080 root refused'

# ---- where a zone of kind ot says so ----
asked() { grep -v '^standing\|NODE-OPCUA\|security-revert\|GetEndpoints' "$lab_logs/$1-opcua.log" | tr '\n' ' '; }
before=
[ $ua = 0 ] || before=$(asked lg-uaold)$(asked lg-uaown)
scan zone allowed --credentials
that 'plant: tried where the zone says so' same "$(attempts zone 10.85.0.14)" 'http:80 root accepted'
if [ $ua = 1 ]; then
	that 'OPC UA: before that nobody was tried, in a zone of kind it neither' same "$before" ''
	that 'OPC UA: the password of the list' same "$(attempts zone 10.85.0.17), $(attempts zone 10.85.0.18)" \
		'opcua:4840 operator accepted, opcua:4840 operator refused'
	that 'OPC UA: one session, left at once, and nothing was asked in it' same "$(asked lg-uaold)" \
		'CreateSessionRequest ActivateSessionRequest login operator accepted CloseSessionRequest session closed '
	that 'OPC UA: a session that was refused is left, too' same "$(asked lg-uaown)" \
		'CreateSessionRequest ActivateSessionRequest login operator refused CloseSessionRequest session closed '
	that 'OPC UA: the finding' same "$(cell zone "SELECT group_concat(address || ' ' || detail) FROM finding
		WHERE check_id = 'credential.default' AND port = 4840")" '10.85.0.17 opcua operator'
	that 'OPC UA: no password stands in store, export and messages' same \
		"$(cat zone.tenken zone.json "$lab_logs/zone.out" "$lab_logs/zone.err" | grep -ac factory1)" 0
else
	skip 'OPC UA: the password of the list' 'node-opcua is not installed'
fi

# ---- killed between two attempts: the others are owed ----
group_gone() { ! pgrep -g "$1" >/dev/null; }
begun() { [ "$(cell cut "SELECT count(*) FROM login WHERE address = '10.85.0.11' AND result <> 'pending'" 2>/dev/null)" = 1 ]; }
accounts() { cell "$1" "SELECT group_concat(x, ', ') FROM (SELECT address || ' ' || account || ' ' || protocol AS x
	FROM login WHERE scan = 1 AND address <> '10.85.0.13' ORDER BY 1)"; }
setsid ip netns exec lab-lg-scan "$TENKEN" scan -c communities.yaml --store cut.tenken --no-html --quiet --credentials \
	-p T:22,T:80,T:3306,T:5432,T:5900,T:8080,U:161 >"$lab_logs/cut.out" 2>"$lab_logs/cut.err" </dev/null 9>&- &
scan=$!
within 120 begun
kill -s KILL -- "-$scan"
wait "$scan" 2>/dev/null
within 10 group_gone "$scan"
before=$(cell cut 'SELECT count(*) FROM login')
owed=$(cell cut "SELECT count(*) = 1 FROM login WHERE address = '10.85.0.11'")
in_host lg-scan "$TENKEN" scan --resume --store cut.tenken --no-html --quiet >>"$lab_logs/cut.out" 2>>"$lab_logs/cut.err" </dev/null
that 'killed: it goes on to its end' same "$? $owed" '0 1'
printf 'attempts before the kill: %s, of %s\n' "$before" "$(cell cut 'SELECT count(*) FROM login')" | note
that 'killed: every account is tried once, as in a scan that nobody disturbed' same "$(accounts cut)" "$(accounts first)"
that 'killed: what was owed is found' same "$(attempts cut 10.85.0.11)" \
	'ssh:22 pi accepted, http:80 root accepted, snmp:161 (community) accepted'
in_host lg-scan "$TENKEN" scan --resume --store cut.tenken --no-html --quiet >/dev/null 2>"$lab_logs/done.err" </dev/null
that 'killed: a scan that is done tries nothing more' same "$? $(cell cut 'SELECT count(DISTINCT scan) FROM login')" '2 1'
tap_done
