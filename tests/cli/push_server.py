# SPDX-License-Identifier: Apache-2.0
"""push_server.py LOG [CERTIFICATE KEY]: a server of many moods on loopback; it prints "ready PORT"."""
import hashlib
import http.server
import json
import os
import ssl
import sys
import time

counts = {}
log = open(sys.argv[1], "a", encoding="utf-8")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **heads):
        self.send_response(status)
        for name, value in heads.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self, body):
        entry = {name.lower(): value for name, value in self.headers.items()}
        entry.update(path=self.path, bytes=len(body), sha256=hashlib.sha256(body).hexdigest())
        lines = body.splitlines() if "ndjson" in entry["content-type"] else [body]
        entry["objects"] = sum(isinstance(json.loads(line), dict) for line in lines)
        log.write(json.dumps(entry) + "\n")
        log.flush()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.note(body)
        mood = self.path.split("?")[0].strip("/")
        n = counts[mood] = counts.get(mood, 0) + 1
        if mood == "twice" and n <= 2:
            self.answer(500)
        elif mood == "later" and n == 1:
            self.answer(429, Retry_After="2")
        elif mood == "always":
            self.answer(503)
        elif mood == "never":
            self.answer(429, Retry_After="86400")
        elif mood == "away":
            self.answer(307, Location="/stolen")
        elif mood == "refuse":
            self.answer(400, b"\x1b[31mno\xe2\x80\xae, because\nof a second line")
        elif mood == "hang":
            time.sleep(30)
        elif mood == "half":
            self.wfile.write(b"HTTP/1.1 200 O")
            self.close_connection = True
        elif mood == "large":
            self.answer(200, b"x" * (1 << 20))
        elif mood == "one" and not os.path.exists("open") and n > 1:
            self.answer(503)
        else:
            self.answer(202, b"{}")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", server.server_address[1], flush=True)
server.serve_forever()
