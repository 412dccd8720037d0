#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Servers that behave badly, and devices that the distribution has no server for.

  odd.py hello ADDRESS PORT...      greets and waits for the end
  odd.py silent ADDRESS PORT...     accepts and says nothing
  odd.py drip ADDRESS PORT...       one byte a second
  odd.py endless ADDRESS PORT...    bytes without end and without meaning
  odd.py tls MOOD ADDRESS PORT...   TLS 1.2 with one suite, as far as the first flight:
                                    stubborn: its own group and signature whatever is offered
                                    extensions: hangs up on a request for OCSP, as one that
                                    knows few extensions
                                    version: resets where TLS 1.3 is named
                                    crumbs: each byte of its answer in a record of its own
                                    chain: a hundred certificates; large: one of a megabyte
  odd.py record FILE ADDRESS PORT... a serial-port server: keeps every byte it gets, says nothing
  odd.py panel ADDRESS PORT         a device's page with a login form
  odd.py modbus ADDRESS PORT        a controller (pymodbus) with its identification
"""
import http.server
import random
import socket
import sys
import threading
import time

CONNECTIONS = threading.Semaphore(200)


def hello(s):
    s.sendall(b"ready\r\n")
    silent(s)


def silent(s):
    while s.recv(4096):
        pass


def drip(s):
    for byte in b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2 and so on, and so on, and so on\r\n" * 10:
        s.sendall(bytes([byte]))
        time.sleep(1)


def endless(s):
    rubbish = random.Random(1).randbytes(65536)
    while True:
        s.sendall(rubbish)


# ---- TLS, no further than the first flight ----

SUITE = 0xC02F


class Hello:
    def __init__(self, body):
        self.version, at = int.from_bytes(body[4:6], "big"), 38
        at += 1 + body[at]
        n = int.from_bytes(body[at : at + 2], "big")
        self.suites = [int.from_bytes(body[i : i + 2], "big") for i in range(at + 2, at + 2 + n, 2)]
        at += 2 + n
        at += 1 + body[at]
        self.extensions, at = {}, at + 2
        while at + 4 <= len(body):
            n = int.from_bytes(body[at + 2 : at + 4], "big")
            self.extensions[int.from_bytes(body[at : at + 2], "big")] = body[at + 4 : at + 4 + n]
            at += 4 + n


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def records(data, size=16384):
    return b"".join(
        b"\x16\x03\x03" + len(data[i : i + size]).to_bytes(2, "big") + data[i : i + size]
        for i in range(0, len(data), size)
    )


def exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise OSError
        data += more
    return data


def tls(mood):
    def answer(s):
        head = exactly(s, 5)
        if head[0] != 22:
            return
        hello = Hello(exactly(s, int.from_bytes(head[3:5], "big")))
        if mood == "extensions" and 5 in hello.extensions:
            return
        if mood == "version" and 43 in hello.extensions:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return
        if hello.version < 0x303 or SUITE not in hello.suites:
            s.sendall(b"\x15\x03\x01\x00\x02\x02" + bytes([70 if hello.version < 0x303 else 40]))
            return
        groups = hello.extensions.get(10, b"\0\0\0\x17")[2:]
        flight = message(2, b"\x03\x03" + bytes(32) + b"\0" + SUITE.to_bytes(2, "big") + b"\0")
        if mood in ("chain", "large"):
            der = bytes(60) if mood == "chain" else bytes(1 << 20)
            one = len(der).to_bytes(3, "big") + der
            chain = one * (100 if mood == "chain" else 1)
            flight += message(11, len(chain).to_bytes(3, "big") + chain)
        if mood != "stubborn" and b"\0\x17" not in [groups[i : i + 2] for i in range(0, len(groups), 2)]:
            s.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
            return
        flight += message(12, b"\3\0\x17\4abcd" + b"\4\1" + b"\0\4sign") + message(14, b"")
        s.sendall(records(flight, 1 if mood == "crumbs" else 16384))
        silent(s)

    return answer


def record(path):
    lock = threading.Lock()
    open(path, "wb").close()

    def keep(s):
        while data := s.recv(4096):
            with lock, open(path, "ab") as f:
                f.write(data)

    return keep


def one(behave, s):
    try:
        s.settimeout(120)
        behave(s)
    except OSError:
        pass
    finally:
        s.close()
        CONNECTIONS.release()


def listen(behave, address, port):
    door = socket.create_server((address, port), backlog=128)
    while True:
        CONNECTIONS.acquire()
        s, _ = door.accept()
        threading.Thread(target=one, args=(behave, s), daemon=True).start()


def serve(behave, address, ports):
    threads = [threading.Thread(target=listen, args=(behave, address, int(p))) for p in ports]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


class Panel(http.server.BaseHTTPRequestHandler):
    server_version = "PanelServer/2.1"
    sys_version = ""
    page = (
        b"<!DOCTYPE html><html><head><title>Pump station 3 - operator panel</title></head><body>"
        b"<form method=post action=/login><input name=user><input name=password type=password>"
        b"<input type=submit></form></body></html>"
    )

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(self.page)))
        self.end_headers()
        self.wfile.write(self.page)


def modbus(address, port):
    from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
    from pymodbus.device import ModbusDeviceIdentification
    from pymodbus.server import StartTcpServer

    block = ModbusSequentialDataBlock(0, [0] * 100)
    unit = ModbusSlaveContext(di=block, co=block, hr=block, ir=block)
    identity = ModbusDeviceIdentification()
    identity.VendorName = "Kita Controls"
    identity.ProductCode = "KC-340"
    identity.MajorMinorRevision = "2.11"
    StartTcpServer(
        context=ModbusServerContext(slaves=unit, single=True),
        identity=identity,
        address=(address, port),
    )


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    if what == "modbus":
        modbus(arguments[0], int(arguments[1]))
    elif what == "panel":
        http.server.ThreadingHTTPServer((arguments[0], int(arguments[1])), Panel).serve_forever()
    elif what == "tls":
        serve(tls(arguments[0]), arguments[1], arguments[2:])
    elif what == "record":
        serve(record(arguments[0]), arguments[1], arguments[2:])
    else:
        serve({"hello": hello, "silent": silent, "drip": drip, "endless": endless}[what],
              arguments[0], arguments[1:])


main()
