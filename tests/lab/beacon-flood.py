#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a beacon has to stand: beacon-flood.py KIND ADDRESS [SECONDS].

garbage: datagrams of every length to its ports, and bytes of every kind on connections. held: connections that
say nothing, until they are closed. slow: a byte a second. hello: TLS hellos of strangers, half of one, and none.
unread: questions whose answers nobody reads (needs KEY as a fourth word).
"""
import importlib.util
import os
import random
import socket
import struct
import sys
import time

TCP = [22, 53, 80, 443, 8443]
UDP = [53, 123, 443, 500]


def connect(address, port):
    s = socket.socket()
    s.settimeout(2)
    try:
        s.connect((address, port))
    except OSError:
        s.close()
        return None
    return s


def heard(s):
    try:
        return len(s.recv(4096))
    except OSError:
        return 0


def garbage(address, _):
    rng = random.Random(1)
    back = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        for i in range(4000):
            data = rng.randbytes(rng.randrange(1400))
            if i % 4 == 0:
                data = b"TKNQ\1" + rng.randbytes(59)
            s.sendto(data, (address, UDP[i % len(UDP)]))
        try:
            while True:
                back += len(s.recv(4096))
        except socket.timeout:
            pass
    starts = [b"TKNQ", b"T", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /tenken/0 HTTP/1.1\r\n\r\n",
              b"GET " + b"a" * 4000, b"\x16\x03\x01\xff\xff", b"\x00\x1d\x00", b"\x01\x00" + bytes(256),
              b"SSH-2.0-x\r\n", b"\0" * 3000, b"TKNQ\1" + bytes(200)]
    for port in TCP:
        for start in starts:
            s = connect(address, port)
            if s is None:
                continue
            try:
                s.sendall(start)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            back += heard(s)
            s.close()
    print(back)


def held(address, seconds):
    """Prints how many stood at once; they end when the beacon ends them."""
    socks = [s for s in (connect(address, TCP[i % len(TCP)]) for i in range(200)) if s is not None]
    print(len(socks), flush=True)
    end = time.time() + seconds
    for s in socks:
        s.settimeout(max(0.1, end - time.time()))
        try:
            s.recv(1)
        except OSError:
            pass
    print("over", flush=True)


def slow(address, seconds):
    s = connect(address, 22)
    end = time.time() + seconds
    try:
        for byte in b"TKNQ\1" + bytes(200):
            s.sendall(bytes([byte]))
            if time.time() > end:
                break
            time.sleep(1)
    except OSError:
        print("closed")
        return
    print("still open")


def hello(address, _):
    """The greeting that a browser would send, with a name that is nobody's."""
    import ssl
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    t = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="www.example.org")
    try:
        t.do_handshake()
    except ssl.SSLError:
        pass
    data = outgoing.read()
    back = 0
    for cut in [len(data), len(data) // 2, 6]:
        s = connect(address, 443)
        s.sendall(data[:cut])
        if cut < len(data):
            s.shutdown(socket.SHUT_WR)
        back += heard(s)
        s.close()
    print(back)


def unread(address, _):
    """Right questions, whose answers find no room because nobody reads: closed by a reset."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "beacon-ask.py")
    spec = importlib.util.spec_from_file_location("beacon_ask", path)
    ask = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(ask)
    key = ask.Key(sys.argv[4])
    for i in range(20):
        s = connect(address, 22)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.sendall(ask.question(key, "tcp", 22, 0))
        if i % 2 == 0:
            time.sleep(0.01)
        s.close()
    print("done")


if __name__ == "__main__":
    {"garbage": garbage, "held": held, "slow": slow, "hello": hello, "unread": unread}[sys.argv[1]](
        sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 0)
