#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A small EtherNet/IP controller for a recorded conversation: CIP Networks Library, volumes 1 and 2, and 1756-PM020.

  enip.py ADDRESS    listens on TCP and UDP 44818 until it is ended
"""
import socket
import socketserver
import struct
import sys
import threading

NAME = b"KC-1756 Mixer"
IDENTITY = struct.pack("<HHHBBHI", 1, 14, 166, 20, 11, 0x60, 0x00C0FFEE)
TAGS = {b"Speed": (0xC4, struct.pack("<i", 1450)), b"Level": (0xCA, struct.pack("<f", 2.5))}


def wrap(command, session, context, data, status=0):
    return struct.pack("<HHII", command, len(data), session, status) + context + bytes(4) + data


def list_identity(address):
    item = struct.pack("<H", 1) + struct.pack(">HH", 2, 44818) + socket.inet_aton(address) + bytes(8)
    item += IDENTITY + bytes([len(NAME)]) + NAME + b"\x03"
    return struct.pack("<HHH", 1, 0x0C, len(item)) + item


def answer(service, status=0, data=b""):
    return bytes([service | 0x80, 0, status, 0]) + data


def cip(message):
    service, words = message[0], message[1]
    path, data = message[2 : 2 + 2 * words], message[2 + 2 * words :]
    if path[:2] == b"\x20\x06":  # connection manager
        if service in (0x54, 0x5B):  # forward open
            serial = data[10:18]
            return answer(service, 0, struct.pack("<II", 0x11223344, 0x55667788) + serial + bytes(10))
        if service == 0x4E:  # forward close
            return answer(service, 0, data[2:10] + b"\0\0")
        if service == 0x52:  # unconnected send
            size = struct.unpack_from("<H", data, 2)[0]
            return cip(data[4 : 4 + size])
    if service == 0x0A:  # multiple service packet
        count = struct.unpack_from("<H", data)[0]
        offsets = list(struct.unpack_from("<%dH" % count, data, 2)) + [len(data)]
        answers = [cip(data[offsets[i] : offsets[i + 1]]) for i in range(count)]
        at, head = 2 + 2 * count, b""
        for one in answers:
            head += struct.pack("<H", at)
            at += len(one)
        return answer(service, 0, struct.pack("<H", count) + head + b"".join(answers))
    if service == 0x01 and path[:2] == b"\x20\x01":
        return answer(service, 0, IDENTITY + bytes([len(NAME)]) + NAME)
    if service == 0x55:  # instances of the symbol object: the tags
        listed = b""
        for number, (name, (kind, _)) in enumerate(TAGS.items(), 1):
            listed += struct.pack("<IH", number, len(name)) + name + struct.pack("<H", kind)
        return answer(service, 0, listed)
    tag = TAGS.get(path[2 : 2 + path[1]]) if path[:1] == b"\x91" else None
    if tag is None:
        return answer(service, 5)  # path destination unknown
    if service == 0x4C:
        return answer(service, 0, struct.pack("<H", tag[0]) + tag[1])
    return answer(service) if service == 0x4D else answer(service, 8)


class Session(socketserver.BaseRequestHandler):
    def handle(self):
        while True:
            head = self.request.recv(24, socket.MSG_WAITALL)
            if len(head) < 24:
                return
            command, length, session, _, context, _ = struct.unpack("<HHII8sI", head)
            data = self.request.recv(length, socket.MSG_WAITALL) if length else b""
            if command == 0x65:
                out = wrap(command, 0x1234, context, data)
            elif command == 0x63:
                out = wrap(command, session, context, list_identity(self.server.server_address[0]))
            elif command == 0x66:
                return
            elif command == 0x6F:
                kind, size = struct.unpack_from("<HH", data, 12)
                body = cip(data[16 : 16 + size])
                items = struct.pack("<HHHHH", 2, 0, 0, kind, len(body)) + body
                out = wrap(command, session, context, data[:6] + items)
            elif command == 0x70:
                size = struct.unpack_from("<H", data, 18)[0]
                body = data[20:22] + cip(data[22 : 20 + size])
                items = struct.pack("<HHHIHH", 2, 0xA1, 4, 0x55667788, 0xB1, len(body)) + body
                out = wrap(command, session, context, data[:6] + items)
            else:
                out = wrap(command, session, context, b"", 1)  # unsupported
            self.request.sendall(out)


def datagrams(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", 44818))
    while True:
        data, peer = s.recvfrom(2048)
        if len(data) >= 24 and data[:2] == b"\x63\0":
            s.sendto(wrap(0x63, 0, data[12:20], list_identity(address)), peer)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


threading.Thread(target=datagrams, args=(sys.argv[1],), daemon=True).start()
Server((sys.argv[1], 44818), Session).serve_forever()
