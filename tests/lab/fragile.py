#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A fragile controller, and the operator panel that depends on it.

  fragile.py device ADDRESS LOG [NAME=VALUE ...]
  fragile.py hmi ADDRESS LOG

The device has a TCP of its own on raw frames of eth0, whose namespace holds no address: so it sees
each segment, and treats its connections as small controllers do. It writes an event per line into
LOG, its process id into LOG.pid, and what it counted into LOG.json when SIGTERM ends it.

  slots    4 connections in all. A SYN to an open port takes one; only a close with the FINs of both
           sides acknowledged gives it back. A reset, or a SYN that is never completed, leaks it for
           good. Without a free slot a SYN is refused.
  one CPU  requests are served one after the other, whoever asks; a malformed one costs 2 s.
  ports    502 Modbus, 80 a page (the device closes), any other open port listens and says nothing.

  open=502,80     the open ports
  latency=0.06    seconds between a segment and its answer
  timestamps=yes  TCP timestamps (RFC 7323), which small controllers do without
  hold=0.6        an identification request is answered so much later
  close=never     the device does not close its side when the peer has closed
  change=slow     after=N attempts to connect by others than the panel (.3), the device gets into
                  trouble: slow (latency times 20), refuse (every SYN), silent (no answer to TCP)

The panel (hmi) reads a holding register every 0.2 s on one connection. A poll without an answer
within 1.5 s, less than a stall, is lost, and so is the connection.
"""
import heapq
import json
import os
import re
import select
import signal
import socket
import struct
import sys
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
SLOTS = 4
STALL = 2.0
SERVICE = 0.002
POLL_EVERY, POLL_WAIT = 0.2, 1.5


class Log:
    def __init__(self, path):
        self.path, self.file = path, open(path, "w", buffering=1)
        with open(path + ".pid", "w") as f:
            f.write(f"{os.getpid()}\n")

    def say(self, *words):
        print(f"{time.time():.6f}", *words, file=self.file)

    def end(self, counted):
        with open(self.path + ".json", "w") as f:
            json.dump(counted, f, indent=1)
        sys.exit(0)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


class Talk:
    """One connection, from its SYN on."""

    def __init__(self, mac, ip, peer, port, seq):
        self.mac, self.ip, self.peer, self.port = mac, ip, peer, port
        self.isn, self.expect, self.next = seq, (seq + 1) & 0xffffffff, 1000
        self.echo = None  # the peer's last timestamp
        self.stands = self.peer_closed = self.closed = self.over = self.leaked = False
        self.pending, self.buffer = 0, b""

    def name(self):
        return f"{self.port} {socket.inet_ntoa(self.ip)}:{self.peer}"


class Device:
    def __init__(self, address, log, options):
        self.address, self.log = socket.inet_aton(address), log
        self.panel = self.address[:3] + b"\x03"
        self.ports = {int(p) for p in options.get("open", "502,80,44818").split(",")}
        self.latency = float(options.get("latency", 0))
        self.timestamps = options.get("timestamps") == "yes"
        self.hold = float(options.get("hold", 0))
        self.closes = options.get("close") != "never"
        self.change, self.after = options.get("change"), int(options.get("after", 0))
        self.trouble = None
        self.talks, self.due, self.turn, self.free_at = {}, [], 0, 0.0
        self.used, self.seen = 0, set()
        self.counted = {"attempts": 0, "attempts_in_trouble": 0, "full": 0, "leaked": 0,
                        "most_slots": 0, "malformed": 0, "asked": 0, "requests": {}}
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.wire.bind(("eth0", 0))
        self.mac = self.wire.getsockname()[4]

    # ---- frames ----

    def later(self, delay, action, *arguments):
        self.turn += 1  # keeps the order of equal times
        heapq.heappush(self.due, (time.monotonic() + delay, self.turn, action, arguments))

    def transmit(self, frame):
        if self.trouble != "silent":
            self.wire.send(frame)

    def packet(self, mac, ip, protocol, payload):
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0,
                           self.address, ip)
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        self.later(self.latency, self.transmit, mac + self.mac + b"\x08\x00" + head + payload)

    def segment(self, mac, ip, peer, port, seq, ack, flags, data=b"", options=b""):
        tcp = struct.pack("!HHIIBBHHH", port, peer, seq, ack, (20 + len(options)) << 2, flags, 8192,
                          0, 0) + options + data
        pseudo = self.address + ip + struct.pack("!HH", 6, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        self.packet(mac, ip, 6, tcp)

    def say(self, t, flags, data=b""):
        options = b""
        if t.echo is not None:
            now = int(time.monotonic() * 1000) & 0xffffffff
            options = struct.pack("!BBBBII", 1, 1, 8, 10, now, t.echo)
        self.segment(t.mac, t.ip, t.peer, t.port, t.next, t.expect, flags, data, options)
        t.next = (t.next + len(data) + bool(flags & (SYN | FIN))) & 0xffffffff

    def refuse(self, mac, ip, peer, port, seq):
        self.segment(mac, ip, peer, port, 0, (seq + 1) & 0xffffffff, RST | ACK)

    def frame(self, f):
        mac, kind = f[6:12], f[12:14]
        if kind == b"\x08\x06" and f[20:22] == b"\0\1" and f[38:42] == self.address:
            self.wire.send(mac + self.mac + kind + f[14:20] + b"\0\2" + self.mac + self.address +
                           f[22:32])
        elif kind == b"\x08\x00" and f[30:34] == self.address:
            start = 14 + (f[14] & 15) * 4
            payload = f[start:14 + struct.unpack("!H", f[16:18])[0]]
            if f[23] == 6 and len(payload) >= 20:
                self.tcp(mac, f[26:30], payload)
            elif f[23] == 1 and payload[:1] == b"\x08":
                echo = b"\0\0\0\0" + payload[4:]
                self.packet(mac, f[26:30], 1, echo[:2] + struct.pack("!H", checksum(echo)) + echo[4:])

    # ---- connections ----

    def timestamp(self, segment):
        options = segment[20:(segment[12] >> 4) * 4]
        while options and options[0] != 0:
            if options[0] == 8 and len(options) >= 10:
                return struct.unpack("!I", options[2:6])[0]
            options = options[1 if options[0] == 1 else max(2, (options + b"\0")[1]):]
        return None

    def tcp(self, mac, ip, segment):
        peer, port, seq, ack = struct.unpack("!HHII", segment[:12])
        flags, data = segment[13], segment[(segment[12] >> 4) * 4:]
        t = self.talks.get((ip, peer, port))
        if flags & SYN:
            if t is None or t.isn != seq:
                self.attempt(mac, ip, peer, port, seq, self.timestamp(segment))
        elif flags & RST:
            if t is not None and not t.over:
                self.leak(t, "reset")
        elif t is None:
            self.segment(mac, ip, peer, port, ack, 0, RST)
        elif not t.leaked:
            if t.echo is not None:
                t.echo = self.timestamp(segment) or t.echo
            self.heard(t, seq, ack, flags, data)

    def attempt(self, mac, ip, peer, port, seq, stamp):
        old = self.talks.pop((ip, peer, port), None)
        if old is not None and not old.over:
            self.leak(old, "replaced")
        again = (ip, peer, port, seq) in self.seen
        self.seen.add((ip, peer, port, seq))
        self.log.say("syn", port, f"{socket.inet_ntoa(ip)}:{peer}", "again" * again)
        if ip != self.panel and not again:
            self.counted["attempts"] += 1
            self.counted["attempts_in_trouble"] += self.trouble is not None
            if self.change and not self.trouble and self.counted["attempts"] > self.after:
                self.trouble = self.change
                self.counted["attempts_in_trouble"] = 1
                self.log.say("trouble", self.trouble)
                if self.trouble == "slow":
                    self.latency *= 20
        if self.trouble == "silent":
            return
        if port not in self.ports or self.trouble == "refuse":
            self.refuse(mac, ip, peer, port, seq)
        elif self.used == SLOTS:
            self.counted["full"] += 1
            self.log.say("full", port)
            self.refuse(mac, ip, peer, port, seq)
        else:
            t = self.talks[ip, peer, port] = Talk(mac, ip, peer, port, seq)
            t.echo = stamp if self.timestamps else None
            self.used += 1
            self.counted["most_slots"] = max(self.counted["most_slots"], self.used)
            self.log.say("slot", self.used, t.name())
            self.say(t, SYN | ACK)

    def leak(self, t, why):
        if not t.leaked:
            t.leaked = True
            self.counted["leaked"] += 1
            self.log.say("leak", why, t.name())

    def heard(self, t, seq, ack, flags, data):
        if not t.stands and flags & ACK:
            t.stands = True
            self.log.say("stands", t.name())
        fresh = seq == t.expect
        if fresh and data:
            t.expect = (t.expect + len(data)) & 0xffffffff
            t.buffer += data
            self.read(t)
        if fresh and flags & FIN:
            t.expect = (t.expect + 1) & 0xffffffff
            t.peer_closed = True
            if t.port == 80 and t.buffer:
                self.malformed(t)
        if (data or flags & FIN) and not t.leaked:
            self.say(t, ACK)
        self.close_if_done(t)
        if t.closed and flags & ACK and ack == t.next and t.peer_closed and not t.over:
            t.over = True
            self.used -= 1
            self.log.say("free", t.name())

    def close_if_done(self, t):
        if self.closes and t.peer_closed and not t.closed and t.pending == 0 and not t.leaked:
            t.closed = True
            self.say(t, FIN | ACK)

    # ---- requests ----

    def serve(self, t, cost, answer, then_close=False):
        now = time.monotonic()
        self.free_at = max(now, self.free_at) + cost
        t.pending += 1
        self.later(self.free_at - now, self.answer, t, answer, then_close)

    def answer(self, t, answer, then_close):
        t.pending -= 1
        if t.leaked:
            return
        if answer:
            self.say(t, PSH | ACK, answer)
        if then_close and not t.closed:
            t.closed = True
            self.say(t, FIN | ACK)
        self.close_if_done(t)

    def note(self, t, what):
        who = "panel" if t.ip == self.panel else "others"
        key = f"{who} {what}"
        self.counted["requests"][key] = self.counted["requests"].get(key, 0) + 1
        if t.ip != self.panel:
            self.counted["asked"] += 1
            self.log.say("request", what, t.name())

    def malformed(self, t):
        self.counted["malformed"] += 1
        self.log.say("malformed", t.name(), t.buffer.hex())
        t.buffer = b""
        self.serve(t, STALL, b"")

    def read(self, t):
        if t.port == 502:
            self.modbus(t)
        elif t.port == 80:
            self.page(t)
        else:
            self.malformed(t)

    def modbus(self, t):
        while len(t.buffer) >= 8:
            transaction, protocol, length, unit = struct.unpack("!HHHB", t.buffer[:7])
            if protocol != 0 or not 2 <= length <= 254:
                self.malformed(t)
                return
            if len(t.buffer) < 6 + length:
                return
            pdu, t.buffer = t.buffer[7:6 + length], t.buffer[6 + length:]
            cost = SERVICE
            self.note(t, f"function {pdu[0]}")
            if pdu[0] == 3 and len(pdu) == 5:
                answer = b"\x03\x02\x00\x2a"
            elif pdu == b"\x2b\x0e\x01\x00":
                texts = (b"Kita Controls", b"KC-12", b"1.04")
                answer = b"\x2b\x0e\x01\x01\x00\x00\x03" + b"".join(
                    bytes((i, len(x))) + x for i, x in enumerate(texts))
                cost += self.hold
            elif pdu[0] in (3, 0x2b):
                t.buffer = pdu
                self.malformed(t)
                return
            else:
                answer = bytes((pdu[0] | 0x80, 1))
            self.serve(t, cost, struct.pack("!HHHB", transaction, 0, len(answer) + 1, unit) + answer)

    def page(self, t):
        if not re.match(rb"(GET|HEAD) /[!-~]* HTTP/1\.[01]\r\n", (t.buffer + b" ")[:4096]) and \
                (b"\r\n" in t.buffer or not re.match(rb"[ -~]*\r?$", t.buffer)):
            self.malformed(t)
        elif b"\r\n\r\n" in t.buffer:
            self.note(t, "page")
            t.buffer = b""
            body = b"<html><head><title>KC-12</title></head></html>"
            self.serve(t, SERVICE, b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body, then_close=True)

    # ---- the loop ----

    def end(self, *_):
        held = [t for t in self.talks.values() if not t.over and not t.leaked]
        self.counted["slots_of_panel"] = sum(t.ip == self.panel for t in held)
        # Whatever others still hold at the end is as good as leaked: nobody will close it.
        self.counted["slots_of_others"] = sum(t.ip != self.panel for t in held)
        self.counted["slots_free"] = SLOTS - self.used
        self.log.end(self.counted)

    def run(self):
        signal.signal(signal.SIGTERM, self.end)
        self.log.say("ready")
        while True:
            wait = max(0, self.due[0][0] - time.monotonic()) if self.due else 1
            if select.select([self.wire], [], [], wait)[0]:
                f, origin = self.wire.recvfrom(65536)
                if origin[2] != socket.PACKET_OUTGOING and len(f) >= 34:
                    self.frame(f)
            while self.due and self.due[0][0] <= time.monotonic():
                _, _, action, arguments = heapq.heappop(self.due)
                action(*arguments)


def hmi(address, log):
    counted = {"polls": 0, "lost": 0, "worst_ms": 0, "connections": 0, "refused": 0}
    signal.signal(signal.SIGTERM, lambda *_: log.end(counted))
    s, number = None, 0
    while True:
        began = time.monotonic()
        number = number % 65535 + 1
        counted["polls"] += 1
        try:
            if s is None:
                s = socket.create_connection((address, 502), timeout=POLL_WAIT)
                counted["connections"] += 1
                log.say("connected")
            s.sendall(struct.pack("!HHHBBHH", number, 0, 6, 1, 3, 0, 1))
            answer = b""
            while len(answer) < 11:
                more = s.recv(11 - len(answer))
                if not more:
                    raise OSError("closed")
                answer += more
            if answer != struct.pack("!HHHBBBH", number, 0, 5, 1, 3, 2, 42):
                raise OSError("wrong answer")
            took = time.monotonic() - began
            counted["worst_ms"] = max(counted["worst_ms"], round(took * 1000))
            log.say("poll", f"{took * 1000:.1f}")
        except OSError as e:
            counted["lost"] += 1
            counted["refused"] += isinstance(e, ConnectionRefusedError)
            log.say("lost", e)
            if s is not None:
                s.close()
            s = None
        time.sleep(max(0, POLL_EVERY - (time.monotonic() - began)))


def main():
    what, address, log = sys.argv[1:4]
    if what == "hmi":
        hmi(address, Log(log))
    Device(address, Log(log), dict(o.split("=", 1) for o in sys.argv[4:])).run()


main()
