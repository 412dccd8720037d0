#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a beacon, by a writing of doc/reach.md of its own: what both agree on is what the page says.

beacon-ask.py KEY METHOD ADDRESS PORT [OPTION=VALUE...]: a line of words. METHOD: tcp, udp, icmp, http, tls,
dns-a, dns-txt, dns-long, dns-plain (ADDRESS is that of a resolver or of the beacon). Options: skew (seconds
that our clock is ahead), zone, save and replay (a file with the question), sni, fill (bytes of a header
that makes a request longer), wait, bytes (prints how many went out and came back); of dns-plain: name, type.
"""
import base64
import hashlib
import hmac
import ipaddress
import os
import socket
import ssl
import struct
import sys
import time

METHODS = {"tcp": 0, "udp": 1, "icmp": 2, "http": 3, "tls": 4, "dns": 5}
ALPHABET = "0123456789abcdefghijklmnopqrstuv"


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


class Key:
    def __init__(self, path):
        with open(path, encoding="ascii") as f:
            secret = bytes.fromhex([x for x in f.read().splitlines() if not x.startswith("#")][0])
        self.question = mac(secret, b"tenken token 1: question")
        self.answer = mac(secret, b"tenken token 1: answer")


def text(data):
    return base64.b32hexencode(data).decode().rstrip("=").lower()


def untext(word):
    word = word.upper()
    return base64.b32hexdecode(word + "=" * (-len(word) % 8))


def question(key, method, port, skew):
    head = struct.pack(">4sBBHQI12sQ8s", b"TKNQ", 1, METHODS[method], port, 0x1122334455667788,
                       int.from_bytes(os.urandom(4), "big"), bytes(12), int(time.time()) + skew,
                       os.urandom(8))
    return head + mac(key.question, head)[:16]


def short_question(key, method, skew):
    head = struct.pack(">BQII3s", 0x10 | METHODS[method], 0x1122334455667788,
                       int.from_bytes(os.urandom(4), "big"), int(time.time()) + skew, os.urandom(3))
    return head + mac(key.question, head)[:10]


def seen_text(address, port):
    a = ipaddress.IPv6Address(address)
    return f"{a.ipv4_mapped or a} {port}"


def check(key, asked, data, skew=0):
    """What an answer says, or why it is none; with the minutes that the beacon's clock is ahead."""
    if len(data) == 33:
        _, address, port, when = struct.unpack(">B16sHI", data[:23])
        good = mac(key.answer, data[:23] + asked)[:10] == data[23:]
    elif len(data) == 64:
        magic, version, _, _, address, port, when, _ = struct.unpack(">4sBBH12x16sHQH", data[:48])
        good = (magic == b"TKNA" and version == 1 and data[8:20] == asked[8:20] and
                mac(key.answer, data[:48] + asked)[:16] == data[48:])
    else:
        return "none"
    if not good:
        return "forged"
    return f"right {seen_text(address, port)} {round((when - time.time() - skew) / 60)}"


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def receive(sock, most=65536):
    data = b""
    try:
        while len(data) < most:
            piece = sock.recv(4096)
            if not piece:
                break
            data += piece
    except (socket.timeout, ConnectionError, ssl.SSLError):
        pass
    return data


class Ask:
    def __init__(self, argv):
        self.key = Key(argv[1])
        self.method, self.address, self.port = argv[2], argv[3], int(argv[4])
        self.options = dict(x.split("=", 1) for x in argv[5:])
        self.wait = float(self.options.get("wait", "3"))
        self.skew = int(self.options.get("skew", "0"))
        self.out = self.back = 0
        self.family = socket.AF_INET6 if ":" in self.address else socket.AF_INET

    def make(self, method, short=False):
        skew = self.skew
        if "replay" in self.options:
            with open(self.options["replay"], "rb") as f:
                return f.read()
        asked = short_question(self.key, method, skew) if short else \
            question(self.key, method, self.port, skew)
        if "save" in self.options:
            with open(self.options["save"], "wb") as f:
                f.write(asked)
        return asked

    def connect(self):
        return socket.create_connection((self.address, self.port), self.wait)

    def tcp(self):
        asked = self.make("tcp")
        with self.connect() as s:
            s.sendall(asked)
            data = receive(s)
        self.out, self.back = len(asked), len(data)
        return check(self.key, asked, data, self.skew) if data else "silent"

    def datagram(self, asked):
        with socket.socket(self.family, socket.SOCK_DGRAM) as s:
            s.settimeout(self.wait)
            s.connect((self.address, self.port))
            s.send(asked)
            self.out = len(asked)
            try:
                data = s.recv(4096)
            except socket.timeout:
                return b""
            except OSError as e:
                print("error", e.strerror)
                sys.exit(0)
        self.back = len(data)
        return data

    def udp(self):
        asked = self.make("udp")
        data = self.datagram(asked)
        return check(self.key, asked, data, self.skew) if data else "silent"

    def icmp(self):
        """Both replies: the kernel's, which gives back what it got, and the beacon's."""
        asked = self.make("icmp")
        v4 = self.family == socket.AF_INET
        head = struct.pack(">BBHHH", 8 if v4 else 128, 0, 0, 4711, 1)
        if v4:
            head = struct.pack(">BBHHH", 8, 0, checksum(head + asked), 4711, 1)
        proto = socket.IPPROTO_ICMP if v4 else socket.IPPROTO_ICMPV6
        mirrored, verdict = False, "silent"
        with socket.socket(self.family, socket.SOCK_RAW, proto) as s:
            s.settimeout(self.wait)
            s.sendto(head + asked, (self.address, 0))
            end = time.time() + self.wait
            while time.time() < end and verdict == "silent":
                try:
                    data = s.recv(4096)
                except socket.timeout:
                    break
                if v4:
                    data = data[(data[0] & 15) * 4:]
                if data[0] != (0 if v4 else 129) or data[4:8] != head[4:8]:
                    continue
                if data[8:] == asked:
                    mirrored = True
                else:
                    verdict = check(self.key, asked, data[8:])
        return verdict + (" mirrored" if mirrored else "")

    def request(self, asked):
        return (f"GET /tenken/{text(asked)} HTTP/1.1\r\nHost: {self.address}\r\n"
                "User-Agent: tenken\r\nAccept: */*\r\nConnection: close\r\n"
                f"X-Fill: {'x' * int(self.options.get('fill', '480'))}\r\n\r\n").encode()

    def found(self, asked, data):
        start = text(b"TKNA\1").encode()
        at = data.find(start)
        if at < 0:
            return "silent" if not data else "none"
        return check(self.key, asked, untext(data[at:at + 103].decode()))

    def http(self):
        asked = self.make("http")
        request = self.request(asked)
        with self.connect() as s:
            s.sendall(request)
            data = receive(s)
        self.out, self.back = len(request), len(data)
        return self.found(asked, data)

    def tls(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        sni = self.options.get("sni") or text(self.make("tls", True)) + ".tenken.invalid"
        asked = question(self.key, "tls", self.port, 0)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        t = context.wrap_bio(incoming, outgoing, server_hostname=sni)
        data, sent = b"", False
        with self.connect() as s:
            while True:
                try:
                    if not sent:
                        t.do_handshake()
                        t.write(self.request(asked))
                        sent = True
                    piece = t.read(4096)
                    data += piece
                    if not piece:
                        break
                except ssl.SSLWantReadError:
                    pending = outgoing.read()
                    s.sendall(pending)
                    self.out += len(pending)
                    try:
                        piece = s.recv(4096)
                    except (socket.timeout, ConnectionError):
                        break
                    self.back += len(piece)
                    if not piece:
                        break
                    incoming.write(piece)
                except ssl.SSLError:
                    break
        return self.found(asked, data)

    # ---- DNS ----

    def dns_ask(self, name, kind):
        head = struct.pack(">HHHHHH", 0x4242, 0x0100, 1, 0, 0, 0)
        wire = b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"
        return self.datagram(head + wire + struct.pack(">HH", kind, 1)), len(wire)

    def dns(self, kind, long_labels=False):
        asked = self.make("dns", not long_labels)
        word = text(asked)
        labels = [word[:63], word[63:]] if long_labels else [word]
        data, name = self.dns_ask(".".join(labels + [self.options["zone"]]), kind)
        if not data:
            return "silent"
        code, count = data[3] & 15, struct.unpack(">H", data[6:8])[0]
        if code != 0 or count == 0:
            return f"code {code}"
        at, values, kinds = 12 + name + 4, [], []
        for _ in range(count):
            while data[at] & 0xc0 != 0xc0 and data[at] != 0:
                at += data[at] + 1
            at += 2 if data[at] & 0xc0 else 1
            rtype, length = struct.unpack(">HxxxxxxH", data[at:at + 10])
            values.append(data[at + 10:at + 10 + length])
            kinds.append(rtype)
            at += 10 + length
        if kind == 16:
            return check(self.key, asked, untext(values[0][1:].decode()))
        seal = mac(self.key.answer, b"A" + asked)
        right = {struct.pack(">I", 0xc6120000 | i << 15 |
                             (int.from_bytes(seal[2 * i:2 * i + 2], "big") & 0x7fff))
                 for i in range(4)}
        return "right" if right == set(values) else "forged"

    def plain_dns(self):
        """Any name and type: code, how many answers, and bytes."""
        data, _ = self.dns_ask(self.options["name"], int(self.options.get("type", "1")))
        if not data:
            return "silent"
        return f"code {data[3] & 15} answers {struct.unpack('>H', data[6:8])[0]}"

    def run(self):
        ways = {"tcp": self.tcp, "udp": self.udp, "icmp": self.icmp, "http": self.http,
                "tls": self.tls,
                "dns-a": lambda: self.dns(1), "dns-txt": lambda: self.dns(16),
                "dns-long": lambda: self.dns(16, True), "dns-plain": self.plain_dns}
        try:
            words = ways[self.method]()
        except ConnectionRefusedError:
            words = "refused"
        except socket.timeout:
            words = "timeout"
        print(words + (f" {self.out} {self.back}" if "bytes" in self.options else ""))


if __name__ == "__main__":
    Ask(sys.argv).run()
