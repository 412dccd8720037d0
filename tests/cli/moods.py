# SPDX-License-Identifier: Apache-2.0
"""moods.py LOG: devices behind a point-to-point interface (tun), 10.99.0.0/24, each in its own way:

10.99.0.10  answers well: port 502 open, all others closed
10.99.0.11  falls silent for good with the seventh attempt
10.99.0.12  behind a firewall: 502 open, nothing else ever answers
10.99.0.13  with the seventh attempt: refuses 502, and the rest is silent
10.99.0.14  from the seventh attempt on each answer takes 2.4 s
10.99.0.15  loses the first SYN of every attempt
10.99.1.11  as .11, with the hundredth attempt, all at once

TCP made by hand, as little as a client's kernel needs. LOG gets a line per SYN: seconds, address, port,
and "again" for a repeat. Prints "ready".
"""
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
FIN, SYN, RST, ACK = 1, 2, 4, 16
OPEN = 502


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def packet(source, to, sport, dport, seq, ack, flags):
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 8192, 0, 0)
    pseudo = source + to + struct.pack("!BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + source + to
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


class Device:
    def __init__(self, name):
        self.name = name
        self.attempts = []  # (their port, our port), in the order of their first SYN

    def answer(self, sport, dport, again):
        """of a SYN: None, or (flags, delay in seconds)"""
        if not again:
            self.attempts.append((sport, dport))
        number = len(self.attempts)
        well = SYN | ACK if dport == OPEN else RST | ACK
        if self.name == "10.99.0.11" and number >= 7:
            return None
        if self.name == "10.99.1.11" and number >= 100:
            return None
        if self.name == "10.99.0.12" and dport != OPEN:
            return None
        if self.name == "10.99.0.13" and number >= 7:
            return (RST | ACK, 0) if dport == OPEN else None
        if self.name == "10.99.0.14" and number >= 7:
            return None if again else (well, 2.4)
        if self.name == "10.99.0.15" and not again:
            return None
        return (well, 0)


def main():
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"moods", IFF_TUN | IFF_NO_PI))
    for words in ("addr add 10.99.255.1 dev moods", "link set moods up", "route add 10.99.0.0/16 dev moods"):
        subprocess.run(["ip"] + words.split(), check=True)
    log = open(sys.argv[1], "w", buffering=1)
    devices, later, seen = {}, [], set()
    print("ready", flush=True)
    while True:
        wait = max(0, min(later)[0] - time.monotonic()) if later else None
        ready, _, _ = select.select([tun], [], [], wait)
        while later and min(later)[0] <= time.monotonic():
            due = min(later)
            later.remove(due)
            os.write(tun, due[1])
        if not ready:
            continue
        data = os.read(tun, 2048)
        if len(data) < 40 or data[0] != 0x45 or data[9] != 6:
            continue
        source, to = data[12:16], data[16:20]
        sport, dport, seq, ack, offset, flags = struct.unpack("!HHIIBB", data[20:34])
        payload = struct.unpack("!H", data[2:4])[0] - 20 - (offset >> 4) * 4
        name = ".".join(map(str, to))
        device = devices.setdefault(name, Device(name))
        if flags & SYN:
            key = (name, sport, dport, seq)
            again = key in seen
            seen.add(key)
            print("%.3f %s %d%s" % (time.time(), name, dport, " again" if again else ""), file=log)
            what = device.answer(sport, dport, again)
            if what is not None:
                p = packet(to, source, dport, sport, 1000 if what[0] & SYN else 0, seq + 1 & 0xFFFFFFFF, what[0])
                later.append((time.monotonic() + what[1], p))
        elif flags & FIN:
            os.write(tun, packet(to, source, dport, sport, ack, seq + payload + 1 & 0xFFFFFFFF, FIN | ACK))
        elif payload > 0 and not flags & RST:
            os.write(tun, packet(to, source, dport, sport, ack, seq + payload & 0xFFFFFFFF, ACK))


main()
