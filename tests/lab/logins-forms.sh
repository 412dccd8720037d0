#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makers' passwords on pages with a form of their own: "weak" has them in real programs (a form with a cookie, a JSON
# endpoint), "firm" the same with passwords of its own, "locks" has locked us out already. "odd" is a device made for
# this test: pages that redirect for ever or away, that never end, that are packed, that say the same to everybody.
# "away", where one of them leads, must hear nothing.
# shellcheck disable=SC2154 # variables of lab.sh
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net lf-scan lf-weak lf-firm lf-locks lf-odd lf-away'
lab_need tcpdump curl qbittorrent-nox deluge-web
cd "$lab_dir" || exit 99

in_host net ip link add br-lf type bridge && in_host net ip link set br-lf up &&
	lab_host lf-scan lf 10.86.0.1/24 && lab_host lf-weak lf 10.86.0.11/24 && lab_host lf-firm lf 10.86.0.12/24 &&
	lab_host lf-locks lf 10.86.0.13/24 && lab_host lf-odd lf 10.86.0.14/24 && lab_host lf-away lf 10.86.0.99/24
built=$?
result $built 'a scanner and five hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }

# ---- programs ----
torrents() { # HOST ADDRESS [PASSWORD]: the maker's one where none is given
	mkdir -p "$1.qb/qBittorrent/config" "$1.deluge"
	"$lab_python" - "$@" <<'END'
import base64, hashlib, json, os, sys
host, address, password = (sys.argv[1:] + [None])[:3]
lines = ["[LegalNotice]", "Accepted=true", "[BitTorrent]", "Session\\DHTEnabled=false", "Session\\LSDEnabled=false",
         "[Preferences]", "Connection\\UPnP=false", "WebUI\\Address=" + address, "WebUI\\Port=8088", "WebUI\\UseUPnP=false"]
if password:
    salt = os.urandom(16)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 100000)
    pair = [base64.b64encode(x).decode() for x in (salt, key)]
    lines.append('WebUI\\Password_PBKDF2="@ByteArray(%s:%s)"' % tuple(pair))
    web = {"pwd_salt": "salt", "pwd_sha1": hashlib.sha1(b"salt" + password.encode()).hexdigest()}
    with open(host + ".deluge/web.conf", "w") as f:
        f.write(json.dumps({"file": 2, "format": 1}) + json.dumps(web))
with open(host + ".qb/qBittorrent/config/qBittorrent.conf", "w") as f:
    f.write("\n".join(lines) + "\n")
END
	serve "$1" "$1-qb" env HOME="$lab_dir/$1.qb" qbittorrent-nox --profile="$lab_dir/$1.qb"
	serve "$1" "$1-deluge" env HOME="$lab_dir/$1.deluge" deluge-web -d -c "$lab_dir/$1.deluge" -i "$2" -p 8112
}

# ---- a device of our own ----
cat >odd.py <<'END'
# Every port shows the same login page and answers what is sent to it in a way of its own.
import gzip, http.server, sys, threading, time
address, log = sys.argv[1:]
PAGE = b'<html><head><title>qBittorrent Web UI</title></head><body><form id="loginform">'
BOMB = gzip.compress(b"Ok." + b"\0" * (64 << 20), 9)
lock = threading.Lock()
class Page(http.server.BaseHTTPRequestHandler):
    server_version, sys_version = "httpd", ""
    def note(self, word):
        with lock, open(log, "a") as f:
            f.write("%d %s\n" % (self.server.server_port, word))
    def head(self, status, length, *more):
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in more:
            self.send_header(name, value)
        self.end_headers()
    def say(self, status, body, *more):
        self.head(status, len(body), *more)
        self.wfile.write(body)
    def without_end(self):
        self.close_connection = True
        for _ in range(20000):
            self.wfile.write(b"<input name=a>" * 100)
    def do_GET(self):
        self.note("GET " + self.path)
        port = self.server.server_port
        if port == 8003:
            self.say(200, PAGE + b"<p>" + b" " * (10 << 20))
        elif port == 8005:
            self.head(200, None, ("Content-Type", "text/html"))
            self.wfile.write(PAGE)
            self.without_end()
        elif port == 8007:
            self.say(200, PAGE.replace(b"loginform", b"settings"))
        elif port == 8008:
            self.say(302, b"", ("Location", self.path + "x"))
        else:
            self.say(200, PAGE)
    def do_POST(self):
        self.note("POST " + self.path)
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        port = self.server.server_port
        session = ("Set-Cookie", "SID=abc; path=/")
        if port == 8001:
            self.say(302, b"", ("Location", self.path), session)
        elif port == 8002:
            self.say(302, b"", ("Location", "http://10.86.0.99/welcome"), session)
        elif port == 8003:
            self.say(200, b"Ok." * (4 << 20), session)
        elif port == 8004:
            self.say(200, BOMB, ("Content-Encoding", "gzip"), session)
        elif port == 8005:
            self.head(200, None, session)
            self.without_end()
        else:
            self.say(200, b"Thank you.", session)
    def handle(self):
        try:
            super().handle()
        except OSError:
            pass
    def log_message(self, *args):
        pass
for port in range(8001, 8009):
    threading.Thread(target=http.server.ThreadingHTTPServer((address, port), Page).serve_forever).start()
END

torrents lf-weak 10.86.0.11
torrents lf-firm 10.86.0.12 of-its-own
torrents lf-locks 10.86.0.13 of-its-own
serve lf-odd lf-odd-http "$lab_python" odd.py 10.86.0.14 "$lab_logs/odd.txt"
serve lf-away lf-away-http "$lab_python" -m http.server -b 10.86.0.99 80
up=0
for at in weak:8088 weak:8112 firm:8088 firm:8112 locks:8088 locks:8112 odd:8001 odd:8008 away:80; do
	within 60 listening "lf-${at%:*}" "${at#*:}" || { up=1; echo "no server at $at" | note; }
done
result $up 'every server stands'

# ---- the site ----
cat >forms.yaml <<END
site: forms
authorisation: {by: plant manager, reference: R8-1, from: 2020-01-01, until: 2099-12-31, contact: "1"}
zones:
  - {name: office, kind: it, networks: [10.86.0.11/32, 10.86.0.12/32, 10.86.0.13/32]}
END
cat >odd.yaml <<END
site: odd
authorisation: {by: plant manager, reference: R8-1, from: 2020-01-01, until: 2099-12-31, contact: "1"}
zones:
  - {name: office, kind: it, networks: [10.86.0.14/32]}
accounts: {lockout_threshold: 20, reset_window: 30m}
END
# scan NAME PORTS OPTION...
scan() {
	kept=$1 ports=$2
	shift 2
	in_host lf-scan "$TENKEN" scan -c "$kept.yaml" --store "$kept.tenken" --json "$kept.json" -p "$ports" --quiet "$@" \
		>"$lab_logs/$kept.out" 2>"$lab_logs/$kept.err" </dev/null
}
attempts() { # STORE ADDRESS: "port vendor result, ..."
	"$lab_python" - "$1.tenken" "$2" <<'END'
import sqlite3, sys
rows = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(
    "SELECT port, vendor, result FROM login WHERE address = ? ORDER BY port, vendor", (sys.argv[2],))
print(", ".join("%d %s %s" % row for row in rows))
END
}
# What went over the wire of a host: the first lines of requests with a name, a password or a session.
said() {
	tcpdump -nAr "$lab_logs/$1.pcap" 'tcp and dst host '"$2" 2>/dev/null |
		grep -ao 'POST /[^ ]*\|auth\.[a-z_]*' | tr '\n' ' '
}

# ---- real programs ----
n=0
while [ $n -lt 5 ]; do
	in_host lf-scan curl -s -o /dev/null -d 'username=admin&password=x' http://10.86.0.13:8088/api/v2/auth/login
	n=$((n + 1))
done
capture lf-weak
scan forms T:8088,T:8112 --credentials
that 'the scan ends well' same $? 0
capture_end lf-weak
that 'weak: both passwords are found' same "$(attempts forms 10.86.0.11 | sed 's/[0-9]* [A-Za-z]* unasked, //g')" \
	'8088 qBittorrent accepted, 8112 Deluge accepted'
that 'weak: one login each, and left again' same "$(said lf-weak 10.86.0.11)" \
	'POST /api/v2/auth/login POST /api/v2/auth/logout POST /json auth.login POST /json auth.delete_session '
that "firm: its own passwords are not; an entry at another product's page says nothing and is no attempt" same \
	"$(attempts forms 10.86.0.12)" '8088 Deluge unasked, 8088 qBittorrent refused, 8112 Deluge refused'
that 'locks: locked out, and nothing more is tried' same "$(attempts forms 10.86.0.13 | grep -o '8088 qBittorrent [a-z]*')" \
	'8088 qBittorrent locked'
that 'findings: the two of weak' same "$("$lab_python" - forms.tenken <<'END'
import sqlite3, sys
rows = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute(
    "SELECT address, port FROM finding WHERE check_id = 'credential.default' ORDER BY 1, 2")
print(", ".join("%s %d" % row for row in rows))
END
)" '10.86.0.11 8088, 10.86.0.11 8112'
found=0
for file in forms.tenken forms.json forms.html "$lab_logs/forms.out" "$lab_logs/forms.err"; do
	[ -e "$file" ] && grep -aq 'adminadmin' "$file" && found=1 && echo "$file holds a password" | note
done
result $found 'no password stands in store, exports, page or messages'

# ---- the odd device ----
capture lf-away
scan odd T:8001-8008 --credentials
that 'odd: the scan ends well' same $? 0
capture_end lf-away
that 'odd: nothing is proven by a redirect, a packed body, one without end, the same words for all' same \
	"$(attempts odd 10.86.0.14)" \
	"8001 qBittorrent untested, 8002 qBittorrent untested, 8003 qBittorrent untested, 8004 qBittorrent untested,\
 8005 qBittorrent untested, 8006 qBittorrent untested, 8007 qBittorrent unasked, 8008 qBittorrent unasked"
that 'odd: one login at each page of this form, none at another' same "$(grep POST "$lab_logs/odd.txt" | sort | uniq -c |
	tr -s ' \n' ' ')" " $(for p in 1 2 3 4 5 6; do printf '1 800%d POST /api/v2/auth/login ' $p; done)"
that 'odd: no redirect of a login is followed' same "$(grep -c 'welcome\|GET /api' "$lab_logs/odd.txt")" 0
that 'away: hears nothing, not even a question for its address' same "$(tcpdump -nr "$lab_logs/lf-away.pcap" \
	'host 10.86.0.1 and host 10.86.0.99' 2>/dev/null | wc -l)" 0

# ---- a broken file ----
own_data=${TENKEN_DATA:-$TENKEN_TESTS/..}
mkdir -p data/probes
ln -s "$own_data/profiles" data/profiles
cp -R "$own_data/probes/data" data/probes/data
printf 'forms:\n  - {vendor: A, sign: x}\n' >data/probes/data/login-forms.yaml
in_host lf-scan env TENKEN_DATA="$lab_dir/data" "$TENKEN" --lang en scan -c forms.yaml --store bad.tenken -p 8088 --credentials \
	--quiet >/dev/null 2>"$lab_logs/bad.err" </dev/null
that 'a file that is wrong: exit status 2, with file, line and field' same "$? $(grep -c \
	"login-forms.yaml:2: field 'sign': is not known" "$lab_logs/bad.err")" '2 1'
tap_done
