#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves from a device's own capture that a scan was polite to it.

  capture-check.py DEVICE SCANNER KNOWN-PORTS FILE.pcap

KNOWN-PORTS ("502,80", or "-" for none) are those that a probe may speak to. One line of figures,
one line per breach; status 1 where there is a breach, 2 where the file is no capture.

  half-open       the device answered a SYN and was not acknowledged, or the capture ends before
  not closed      a connection that both sides did not end by FIN and acknowledge
  reset           the scanner reset a connection that stood
  two at a time   an attempt began before the previous connection had ended
  gap             less than a second between two connections
  spoken to       bytes of the scanner's to a port that is not known
  other           datagrams of the scanner's that are neither TCP, ARP nor an echo request
"""
import socket
import struct
import sys

FIN, SYN, RST, ACK = 1, 2, 4, 16
GAP = 1.0
CONNECT_TIMEOUT = 5.0 - 0.05
TOLERANCE = 0.005  # the clock ran at the sender's close, the capture a few packets later


class Packet:
    """A TCP segment, or another protocol's packet (flags is None)."""

    def __init__(self, time, source, target, protocol, payload):
        self.time, self.source, self.target, self.protocol = time, source, target, protocol
        self.flags = None
        self.kind = payload[0] if payload else 0
        if protocol == 6:
            if len(payload) < 20:
                raise ValueError("short TCP header")
            self.sport, self.dport, self.seq, self.ack = struct.unpack("!HHII", payload[:12])
            self.flags = payload[13]
            self.data = len(payload) - (payload[12] >> 4) * 4


def frames(path):
    """Time and bytes of every Ethernet frame."""
    with open(path, "rb") as f:
        data = f.read()
    formats = {b"\xd4\xc3\xb2\xa1": ("<", 1e6), b"\xa1\xb2\xc3\xd4": (">", 1e6),
               b"\x4d\x3c\xb2\xa1": ("<", 1e9), b"\xa1\xb2\x3c\x4d": (">", 1e9)}
    if data[:4] not in formats:
        raise ValueError("no capture file")
    order, unit = formats[data[:4]]
    if struct.unpack(order + "I", data[20:24])[0] != 1:
        raise ValueError("not Ethernet")
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, length, whole = struct.unpack(order + "IIII", data[at:at + 16])
        frame = data[at + 16:at + 16 + length]
        if len(frame) < length:
            raise ValueError("the capture is cut")
        at += 16 + length
        yield seconds + fraction / unit, frame


def packets(path):
    for time, frame in frames(path):
        if frame[12:14] != b"\x08\x00" or len(frame) < 34:
            continue
        head = (frame[14] & 15) * 4
        total = struct.unpack("!H", frame[16:18])[0]
        yield Packet(time, socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34]),
                     frame[23], frame[14 + head:14 + total])


class Connection:
    """One attempt of the scanner, from its first SYN."""

    def __init__(self, p):
        self.port, self.sport, self.began, self.ended = p.dport, p.sport, p.time, None
        self.answered = self.open = self.refused = self.reset_by_us = self.reset_by_device = False
        self.fins = {}      # side -> sequence number behind its FIN
        self.acked = set()  # sides whose FIN the other has acknowledged
        self.said = 0
        self.isn = p.seq

    def see(self, p, ours):
        other = "device" if ours else "us"
        if p.flags & RST:
            if self.ended is None:
                self.ended = p.time
            if ours:
                # Behind the exchange of FINs a reset ends nothing any more.
                self.reset_by_us = self.reset_by_us or len(self.acked) < 2
            elif self.open:
                self.reset_by_device = True
            else:
                self.refused = True
            return
        if not ours and p.flags & SYN:
            self.answered = True
            return
        if ours and self.answered and p.flags & ACK:
            self.open = True
        if ours:
            self.said += p.data
        if p.flags & FIN:
            self.fins["us" if ours else "device"] = (p.seq + p.data + 1) & 0xffffffff
        if p.flags & ACK and other in self.fins and p.ack == self.fins[other]:
            self.acked.add(other)
        if len(self.acked) == 2 and self.ended is None:
            self.ended = p.time

    def until(self):
        """When it was over; a SYN without an answer is waited for."""
        if self.ended is not None:
            return self.ended
        return float("inf") if self.answered else self.began + CONNECT_TIMEOUT

    def name(self):
        return f"port {self.port} from {self.sport}"


def judge(stream, device, scanner, known):
    """The line of figures, the breaches."""
    figures, breaches, _ = examine(stream, device, scanner, known)
    return figures, breaches


def examine(stream, device, scanner, known):
    """As judge(), and the attempts themselves."""
    live, attempts, breaches = {}, [], []
    for p in stream:
        ours = (p.source, p.target) == (scanner, device)
        if not ours and (p.source, p.target) != (device, scanner):
            continue
        if p.flags is None:
            if ours and not (p.protocol == 1 and p.kind == 8):
                breaches.append(f"other: protocol {p.protocol}")
            continue
        key = (p.dport, p.sport) if ours else (p.sport, p.dport)
        c = live.get(key)
        if ours and p.flags & SYN and (c is None or p.seq != c.isn):
            c = live[key] = Connection(p)
            attempts.append(c)
        elif c is not None:
            c.see(p, ours)
        elif ours:
            breaches.append(f"other: a segment outside every connection to port {p.dport}")
    before, stood, gaps = None, None, []  # the attempt before, and the last connection that stood
    for c in attempts:
        for other in {before, stood} - {None}:
            if c.began < other.until():
                breaches.append(f"two at a time: {c.name()} began before {other.name()} ended")
        if c.answered:
            if stood is not None and c.began >= stood.until():
                gaps.append(c.began - stood.until())
            stood = c
        before = c
        if c.answered and not c.open:
            breaches.append(f"half-open: {c.name()}")
        if c.open and c.reset_by_us:
            breaches.append(f"reset: {c.name()}")
        elif c.open and not c.reset_by_device and len(c.acked) < 2:
            breaches.append(f"not closed: {c.name()}")
        if c.said and c.port not in known:
            breaches.append(f"spoken to: {c.name()}: {c.said} bytes")
    breaches += [f"gap: {g:.3f} s" for g in gaps if g < GAP - TOLERANCE]
    opened = sum(c.answered for c in attempts)
    least = f"{min(gaps):.3f} s" if gaps else "none"
    half = sum(b.startswith("half-open") for b in breaches)
    return (f"{len(attempts)} attempts, {opened} connections, {half} half-open, "
            f"least gap {least}, {sum(c.said for c in attempts)} bytes said", breaches, attempts)


def main():
    device, scanner, ports, path = sys.argv[1:]
    known = set() if ports == "-" else {int(p) for p in ports.split(",")}
    try:
        figures, breaches = judge(packets(path), device, scanner, known)
    except (OSError, ValueError) as e:
        print(f"{path}: {e}")
        return 2
    print(figures)
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
