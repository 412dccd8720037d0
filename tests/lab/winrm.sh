#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# WS-Management. Neither Windows nor OMI can stand in a lab: a server of ours answers as the specifications say. "weak" is
# an old Windows that takes Basic in clear, "firm" one that takes Negotiate and Kerberos, in clear and inside TLS, and
# a port of HTTP.sys with nothing behind it.
set -u
# shellcheck source=tests/lab/lab.sh
. "${TENKEN_TESTS:?run by make check}/lab/lab.sh"
[ -x "${TENKEN:?run by make check}" ] || skip_all 'tenken is not built'
lab_known='net wr-scan wr-weak wr-firm'
lab_need openssl
cd "$lab_dir" || exit 99

in_host net ip link add br-wr type bridge && in_host net ip link set br-wr up &&
	lab_host wr-scan wr 10.85.0.1/24 && lab_host wr-weak wr 10.85.0.11/24 && lab_host wr-firm wr 10.85.0.12/24 &&
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=firm.example \
		>"$lab_logs/openssl.log" 2>&1
built=$?
result $built 'a scanner and two hosts stand'
[ $built = 0 ] || { tap_done; exit 1; }

cat >wsman.py <<'END'
# Made by us after DSP0226, [MS-WSMV] and [MS-NLMP]: wsman.py ADDRESS PORT BUILD tls|clear SCHEME...
import base64, http.server, ssl, struct, sys
address, port, build, how = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
schemes = sys.argv[5:]
ANSWER = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><wsmid:IdentifyResponse
 xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><wsmid:ProtocolVersion>
http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation
</wsmid:ProductVendor><wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion>
</wsmid:IdentifyResponse></s:Body></s:Envelope>"""
def challenge():
    name = "PUMPS".encode("utf-16le")
    pairs = struct.pack("<HH", 1, len(name)) + name + bytes(4)
    major, minor = (10, 0) if build > 9600 else (6, 1)
    fixed = b"NTLMSSP\0" + struct.pack("<IHHII8s8sHHI", 2, 0, 0, 56, 0xE2898215, b"\1" * 8, bytes(8),
                                       len(pairs), len(pairs), 56)
    return base64.b64encode(fixed + struct.pack("<BBH4s", major, minor, build, b"\0\0\0\x0f") + pairs).decode()
class Page(http.server.BaseHTTPRequestHandler):
    server_version, sys_version = "Microsoft-HTTPAPI/2.0", ""
    def answer(self, status, body, headers):
        self.send_response(status, "")
        for header in headers:
            self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
    def do_GET(self):
        self.answer(404, "", [])
    def do_POST(self):
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = self.headers.get("Authorization", "")
        print(self.path, "identify" if "<wsmid:Identify/>" in said else "else", given.split(" ")[0] or "-", flush=True)
        if not schemes:
            self.answer(404, "", [])
        elif self.headers.get("WSMANIDENTIFY") == "unauthenticated":
            self.answer(200, ANSWER, [("Content-Type", "application/soap+xml;charset=UTF-8")])
        elif given.startswith("Negotiate "):
            message = base64.b64decode(given.split(" ")[1])
            if message[:8] != b"NTLMSSP\0" or message[8] != 1 or message[16:24] != bytes(8):
                print("somebody is named", flush=True)
            self.answer(401, "", [("WWW-Authenticate", "Negotiate " + challenge())])
        else:
            self.answer(401, "", [("WWW-Authenticate", s) for s in schemes])
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer((address, port), Page)
if how == "tls":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
END
basic='Basic realm="WSMAN"'
serve wr-weak weak "$lab_python" wsman.py 10.85.0.11 5985 7601 clear Negotiate Kerberos "$basic"
serve wr-firm firm-clear "$lab_python" wsman.py 10.85.0.12 5985 26100 clear Negotiate Kerberos
serve wr-firm firm-tls "$lab_python" wsman.py 10.85.0.12 5986 26100 tls Negotiate Kerberos "$basic"
serve wr-firm firm-none "$lab_python" wsman.py 10.85.0.12 47001 26100 clear
up=0
for at in weak:5985 firm:5985 firm:5986 firm:47001; do
	within 30 listening "wr-${at%:*}" "${at#*:}" || { up=1; echo "no server at $at" | note; }
done
result $up 'every server stands'

scan_services wr-scan 5985,5986,47001 10.85.0.11-10.85.0.12
is 'each port speaks what it speaks' \
	"SELECT address || ' ' || port || ' ' || protocol || ' ' || coalesce(product || ' ' || version, '-') FROM service
	WHERE state = 'open' ORDER BY address, port" <<END
10.85.0.11 5985 winrm Windows Remote Management 3.0
10.85.0.12 5985 winrm Windows Remote Management 3.0
10.85.0.12 5986 winrm Windows Remote Management 3.0
10.85.0.12 47001 http Microsoft-HTTPAPI 2.0
END
is 'the Windows behind it' "SELECT address || ' ' || os FROM host WHERE os IS NOT NULL ORDER BY address" <<END
10.85.0.11 6.1.7601
10.85.0.12 10.0.26100
END
is 'weak: a password in clear, an old Windows; firm: neither, since Basic is taken inside TLS only' \
	"SELECT address || ' ' || check_id || ' ' || coalesce(port, '-') || ' ' || detail FROM finding WHERE status <> 'resolved'
	AND check_id IN ('exposure.cleartext-admin', 'tls.none', 'asset.os-unsupported') ORDER BY address, check_id" <<END
10.85.0.11 asset.os-unsupported - Windows build 7601
10.85.0.11 exposure.cleartext-admin 5985 winrm
10.85.0.11 tls.none 5985 winrm
END
grep -hE '^(/|somebody)' "$lab_logs"/weak.log "$lab_logs"/firm-*.log | sort -u >said
printf '/wsman identify %s\n' - Negotiate >expected
diff expected said >difference
good=$?
result $good 'what was said: Identify, to nobody a name'
[ $good = 0 ] || note <difference
tap_done
