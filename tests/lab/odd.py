#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Servers that behave badly, and devices that the distribution has no server for.

  odd.py hello ADDRESS PORT...      greets and waits for the end
  odd.py silent ADDRESS PORT...     accepts and says nothing
  odd.py drip ADDRESS PORT...       one byte a second
  odd.py endless ADDRESS PORT...    bytes without end and without meaning
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
    elif what == "record":
        serve(record(arguments[0]), arguments[1], arguments[2:])
    else:
        serve({"hello": hello, "silent": silent, "drip": drip, "endless": endless}[what],
              arguments[0], arguments[1:])


main()
