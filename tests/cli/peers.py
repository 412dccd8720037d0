# SPDX-License-Identifier: Apache-2.0
"""Tiny servers on loopback, standard library only.

peers.py redis [ADDRESS:]PORT... lets anybody in: a finding
peers.py silent [ADDRESS:]PORT... accepts and says nothing
peers.py cut FIRST TESTS         plays what devices said in TESTS/wire/*/*.talk and some greetings,
                                 cut off after so many bytes: every second port from FIRST on, on
                                 eight addresses
Prints "ready" and how many listen. PEER_ADDRESS: where, instead of 127.0.0.1.
"""
import glob
import os
import re
import selectors
import socket
import struct
import sys
import threading

ADDRESS = os.environ.get("PEER_ADDRESS", "127.0.0.1")
CUT_ADDRESSES = 8
CUT_PORTS = 75


def listen(port, address=ADDRESS):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(64)
    return s


def redis(c):
    c.settimeout(5)
    while True:
        data = c.recv(4096)
        if not data:
            return
        if data.upper().startswith(b"PING") or b"\r\nPING" in data.upper():
            c.sendall(b"+PONG\r\n")
        elif b"INFO" in data.upper():
            text = b"# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"
            c.sendall(b"$%d\r\n%s\r\n" % (len(text), text))
        else:
            c.sendall(b"-ERR unknown command\r\n")


def silent(c):
    c.settimeout(60)
    while c.recv(4096):
        pass


def quietly(serve, c):
    try:
        serve(c)
    except OSError:
        pass
    finally:
        c.close()


def accept_all(listeners):
    """listeners: {socket: function of a connection}"""
    waiter = selectors.DefaultSelector()
    for s in listeners:
        waiter.register(s, selectors.EVENT_READ)
    print("ready", len(listeners), flush=True)
    while True:
        for key, _ in waiter.select():
            c, _ = key.fileobj.accept()
            threading.Thread(
                target=quietly, args=(listeners[key.fileobj], c), daemon=True
            ).start()


# ---- servers that close at any byte ----

GREETINGS = [
    b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    b"220 mail.example.test ESMTP Postfix\r\n",
    b"220 (vsFTPd 3.0.3)\r\n",
    b"-ERR unknown command\r\n",
    b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 40\r\n\r\n<html><title>x</title>",
    b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27\r\nlogin: ",
]

ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\", "'": b"'"}


def text_bytes(text):
    out = b""
    for m in re.finditer(r"\\x([0-9a-fA-F]{2})|\\(.)|([^\\])", text):
        if m.group(1):
            out += bytes([int(m.group(1), 16)])
        elif m.group(2):
            out += ESCAPES.get(m.group(2), m.group(2).encode())
        else:
            out += m.group(3).encode()
    return out


def line_bytes(line):
    out = b""
    for m in re.finditer(r"'((?:\\.|[^'\\])*)'(?:\*(\d+))?|([0-9a-fA-F]{2})(?:\*(\d+))?|#.*", line):
        if m.group(1) is not None:
            out += text_bytes(m.group(1)) * int(m.group(2) or 1)
        elif m.group(3):
            out += bytes([int(m.group(3), 16)]) * int(m.group(4) or 1)
    return out


def answers(path):
    """What the device said on its first connection: a list of (after our turn, bytes)."""
    turns, ours = [], False
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.startswith("@ tls") or (line.startswith("+") and turns):
                break
            if line.startswith(">"):
                ours = True
            elif line.startswith("<"):
                turns.append((ours, line_bytes(line[1:])))
                ours = False
    return turns


def cutter(turns, n, reset):
    def serve(c):
        left = n
        c.settimeout(3)
        for ours, data in turns:
            if ours:
                try:
                    if not c.recv(65536):
                        return
                except TimeoutError:
                    return
            c.sendall(data[:left])
            left -= len(data[:left])
            if left == 0:
                break
        if reset:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return serve


def cut(first, tests):
    """Greetings are cut at every byte, recordings at some twelve places each, among them the first
    bytes, where headers are."""
    plays = []
    for g in GREETINGS:
        plays += [([(False, g)], n) for n in range(len(g))]
    for path in sorted(glob.glob(os.path.join(tests, "wire", "*", "*.talk"))):
        turns = answers(path)
        total = sum(len(data) for _, data in turns)
        places = {1, 2, 3, 4, 5, 7, 9} | {total * i // 6 for i in range(1, 6)} | {total - 1}
        plays += [(turns, n) for n in sorted(places) if 0 < n < total]
    listeners = {}
    most = CUT_ADDRESSES * CUT_PORTS
    for i in range(most):
        turns, n = plays[i * len(plays) // most]
        address = "127.0.0.%d" % (i % CUT_ADDRESSES + 1)
        s = listen(first + i // CUT_ADDRESSES * 2, address)
        listeners[s] = cutter(turns, n, i % 5 == 0)
    accept_all(listeners)


def main():
    kind, rest = sys.argv[1], sys.argv[2:]
    if kind == "cut":
        cut(int(rest[0]), rest[1])
    serve = {"redis": redis, "silent": silent}[kind]
    places = (place.rpartition(":") for place in rest)
    accept_all({listen(int(port), address or ADDRESS): serve for address, _, port in places})


main()
