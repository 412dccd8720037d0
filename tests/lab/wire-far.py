#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The far end of the packets process's lab.

  wire-far.py listen PORT...          takes connections on every address, until it is ended
  wire-far.py count FILE.pcap MAC [NETWORK]  what came from this MAC: "ADDRESS KIND NUMBER" by destination, and
                                      "most all|host|broadcast NUMBER" in any sliding second
  wire-far.py show FILE.pcap MAC PATTERN  the frames of which "ADDRESS KIND" is like this: time, that, bytes
  wire-far.py flood INTERFACE MAC NEAR SECONDS  ICMP messages to NEAR, as many as can be sent
  wire-far.py late INTERFACE MS ADDRESS...  answers ARP requests for these, so many milliseconds later
  wire-far.py forge INTERFACE KIND... answers to each SYN and ARP request that nobody gave (forge())
  wire-far.py overrun INTERFACE MAC FILE  is all hosts and ports by itself, and has the capture of the
                                      process that FILE names run over twice (overrun())
"""
import collections
import ipaddress
import os
import random
import re
import select
import signal
import socket
import struct
import sys
import time

SYN, RST, ACK = 2, 4, 16


def listen(ports):
    poll = select.epoll()
    sockets = {}
    for port in ports:
        s = socket.create_server(("", int(port)), family=socket.AF_INET6, backlog=4096,
                                 dualstack_ipv6=True)
        sockets[s.fileno()] = s
        poll.register(s, select.EPOLLIN)
    while True:
        for fd, _ in poll.poll():
            try:
                sockets[fd].accept()[0].close()
            except OSError:
                pass


# ---- what was seen ----

def frames(path):
    with open(path, "rb") as f:
        data = f.read()
    assert data[:4] == b"\xd4\xc3\xb2\xa1", "no capture"
    at = 24
    while at + 16 <= len(data):
        s, us, n, _ = struct.unpack("<IIII", data[at:at + 16])
        yield s + us / 1e6, data[at + 16:at + 16 + n]
        at += 16 + n


def kind_of(frame):
    """Address that the frame is about, and what it is."""
    kind = struct.unpack("!H", frame[12:14])[0]
    if kind == 0x0806 and frame[21] == 2:  # the kernel answers who asks for us
        return str(ipaddress.IPv4Address(frame[38:42])), "own"
    if kind == 0x0806:
        return str(ipaddress.IPv4Address(frame[38:42])), "arp"
    if kind == 0x0800:
        to, protocol = str(ipaddress.IPv4Address(frame[30:34])), frame[23]
        rest = frame[14 + (frame[14] & 15) * 4:]
    elif kind == 0x86dd:
        to, protocol, rest = str(ipaddress.IPv6Address(frame[38:54])), frame[20], frame[54:]
        if protocol == 58 and rest[0] == 135:
            return str(ipaddress.IPv6Address(rest[8:24])), "nd"
        if protocol == 58 and rest[0] in (128,):
            return to, "echo"
        if protocol in (0, 58):  # of the kernel's own: advertisements, group reports, router requests
            return to, "own"
    else:
        return "-", "other"
    if protocol == 6:
        flags = rest[13]
        return to, "rst" if flags & RST else "syn" if flags & SYN and not flags & ACK else "tcp"
    if protocol == 1:
        return to, "echo" if rest[0] == 8 else "icmp"
    return to, "other"


def most(times):
    """In any sliding second."""
    best, first = 0, 0
    for last, t in enumerate(times):
        while times[first] <= t - 1:
            first += 1
        best = max(best, last - first + 1)
    return best


def count(path, mac, network=None):
    within = ipaddress.ip_network(network) if network else None
    source = bytes.fromhex(mac.replace(":", ""))
    seen = collections.Counter()
    times, by_host, broadcast = [], collections.defaultdict(list), []
    for t, frame in frames(path):
        if frame[6:12] != source:
            continue
        address, kind = kind_of(frame)
        if within and (kind == "other" or ipaddress.ip_address(address) not in within):
            continue
        seen[address, kind] += 1
        if kind == "own":
            continue
        times.append(t)
        by_host[address].append(t)
        if frame[0] & 1:
            broadcast.append(t)
    for (address, kind), n in sorted(seen.items()):
        print(address, kind, n)
    print("most all", most(times))
    print("most host", max([most(x) for x in by_host.values()], default=0))
    print("most broadcast", most(broadcast))


def show(path, mac, pattern):
    source = bytes.fromhex(mac.replace(":", ""))
    for t, frame in frames(path):
        if frame[6:12] != source:
            continue
        what = " ".join(kind_of(frame))
        if re.search(pattern, what + " "):
            print("%.6f" % t, what, frame.hex())


# ---- answers that nobody gave ----

def checksum(data):
    if len(data) % 2:
        data += b"\0"
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def tcp(link, source, target, sport, dport, seq, ack, flags):
    part = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff, 0x50, flags,
                       1024, 0, 0)
    pseudo = source + target + struct.pack("!BBH", 0, 6, len(part))
    part = part[:16] + struct.pack("!H", checksum(pseudo + part)) + part[18:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(part), 1, 0, 64, 6, 0) + source + target
    return link + b"\x08\x00" + head[:10] + struct.pack("!H", checksum(head)) + head[12:] + part


def icmp(link, source, target, kind, code, quoted):
    part = struct.pack("!BBHI", kind, code, 0, 0) + quoted
    part = part[:2] + struct.pack("!H", checksum(part)) + part[4:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(part), 1, 0, 64, 1, 0) + source + target
    return link + b"\x08\x00" + head[:10] + struct.pack("!H", checksum(head)) + head[12:] + part


def arp(link, operation, mac, sender, target_mac, target):
    return (link + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac + sender +
            target_mac + target)


def forge(interface, near_mac, kinds):
    """For every SYN to port P of the host A, as `kinds` say:
      ack      open ports that are none: a wrong number acknowledged
      address  the right number from another address
      port     the right number from another port, to another port of ours
      rst      resets without ACK, or with a wrong number
      key      answers to another scan: its source port, its sequence number
      icmp     unreachable: without a quote, with a wrong number, of an address that was not asked
      noise    bytes of chance behind valid headers, short frames, tagged ones
      arp      for every ARP request: replies for all others, gratuitous ones, replies to others
      twice    for every ARP request: a reply of another MAC as well
    """
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((interface, 0))
    mac = bytes.fromhex(near_mac.replace(":", ""))
    own = s.getsockname()[4]
    link = mac + own
    sent = 0

    def send(frame):
        nonlocal sent
        sent += 1
        try:
            s.send(frame)
        except OSError:
            pass

    print("ready", flush=True)
    while True:
        frame = s.recv(2048)
        if frame[6:12] != mac:
            continue
        if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\1":
            asked, asker = frame[38:42], frame[28:32]
            other = asked[:3] + bytes([asked[3] ^ 1])
            if "twice" in kinds:
                send(arp(link, 2, b"\x02\0\0\0\0\x77", asked, mac, asker))
            if "arp" in kinds:
                for last in (200, 201, 202):  # addresses that nobody has
                    who = asked[:3] + bytes([last])
                    send(arp(b"\xff" * 6 + own, 2, own, who, b"\xff" * 6, who))
                    send(arp(b"\xff" * 6 + own, 1, own, who, b"\0" * 6, who))
                    send(arp(link, 2, own, who, mac, asked))
                send(arp(link, 2, b"\xff" * 6, other, mac, asker))
                send(arp(link, 2, b"\0" * 6, other, mac, asker))
            continue
        if frame[12:14] != b"\x08\x00" or frame[23] != 6 or frame[47] != SYN:
            continue
        source, target = frame[26:30], frame[30:34]
        sport, dport, seq = struct.unpack("!HHI", frame[34:42])
        other = target[:3] + bytes([target[3] ^ 1])
        if "ack" in kinds:
            for wrong in (0, seq, seq + 2, random.getrandbits(32)):
                send(tcp(link, target, source, dport, sport, 1, wrong, SYN | ACK))
            send(tcp(link, target, source, dport, sport, 1, seq + 1, SYN))
        if "address" in kinds:
            send(tcp(link, other, source, dport, sport, 1, seq + 1, SYN | ACK))
            send(tcp(link, b"\x0a\x5a\x00\x07", source, dport, sport, 1, seq + 1, SYN | ACK))
        if "port" in kinds:
            send(tcp(link, target, source, dport ^ 1, sport, 1, seq + 1, SYN | ACK))
            send(tcp(link, target, source, dport, sport ^ 1, 1, seq + 1, SYN | ACK))
        if "rst" in kinds:
            send(tcp(link, target, source, dport, sport, 0, seq + 1, RST))
            send(tcp(link, target, source, dport, sport, 0, seq, RST | ACK))
        if "key" in kinds:
            send(tcp(link, target, source, dport, 61000 + random.randrange(4000), 1,
                     random.getrandbits(32), SYN | ACK))
        if "icmp" in kinds:
            quoted = frame[14:42]
            wrong = quoted[:-4] + struct.pack("!I", (seq + 1) & 0xffffffff)
            stranger = quoted[:16] + b"\x08\x08\x08\x08" + quoted[20:]
            for code in (0, 1, 3, 9, 10, 13):
                for q in (b"", quoted[:20], wrong, stranger):
                    send(icmp(link, target, source, 3, code, q))
            send(icmp(link, target, source, 5, 1, quoted))
            send(icmp(link, target, source, 3, 4, quoted[:20] + b"\0" * 8))
        if "noise" in kinds:
            good = tcp(link, target, source, dport, sport, 1, seq + 1, SYN | ACK)
            send(good[:14 + random.randrange(38)])
            tail = bytes(random.getrandbits(8) for _ in range(40))
            send(good[:14 + random.randrange(20)] + tail)
            send(link + b"\x81\x00\x00\x05" + good[12:])  # another network on the same wire


def late(interface, ms, addresses):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
    s.bind((interface, 0))
    own = s.getsockname()[4]
    ours = {ipaddress.IPv4Address(a).packed for a in addresses}
    due = collections.deque()
    print("ready", flush=True)
    while True:
        wait = max(due[0][0] - time.monotonic(), 0) if due else None
        if select.select([s], [], [], wait)[0]:
            frame = s.recv(2048)
            if frame[21] == 1 and frame[38:42] in ours:
                due.append((time.monotonic() + int(ms) / 1000,
                            arp(frame[6:12] + own, 2, own, frame[38:42], frame[22:28], frame[28:32])))
        while due and due[0][0] <= time.monotonic():
            s.send(due.popleft()[1])


# ---- more than the capture holds ----

def overrun(interface, near_mac, said):
    """Answers each ARP request and SYN of near 50 ms later: everybody is there, every port open. When
    so many have come it stops the process, sends 20 MB that pass its filter (echo replies that nobody
    asked for), then the answers that are due, for which there is no room any more, and lets it go on."""
    delay, stop_at = 0.05, {"arp": 50, "syn": 500}
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((interface, 0))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    mac = bytes.fromhex(near_mac.replace(":", ""))
    own = s.getsockname()[4]
    link = mac + own
    asked = collections.Counter()
    due = collections.deque()

    def answer(frame):
        if frame[12:14] == b"\x08\x06":
            return arp(link, 2, own, frame[38:42], mac, frame[28:32])
        sport, dport, seq = struct.unpack("!HHI", frame[34:42])
        return tcp(link, frame[30:34], frame[26:30], dport, sport, 1, seq + 1, SYN | ACK)

    def take(wait):
        """One question, or None."""
        if not select.select([s], [], [], max(wait, 0))[0]:
            return None
        frame = s.recv(2048)
        if frame[6:12] != mac:
            return None
        kind = ("arp" if frame[12:14] == b"\x08\x06" and frame[21] == 1 else
                "syn" if frame[12:14] == b"\x08\x00" and frame[23] == 6 and frame[47] == SYN else None)
        if kind:
            asked[kind] += 1
            due.append((time.monotonic() + delay, answer(frame)))
        return kind

    def run_over(kind):
        line = ""
        while not line.endswith("\n"):
            with open(said) as f:
                line = f.readline()
        pid = int(line.split()[1])
        os.kill(pid, signal.SIGSTOP)
        while True:
            with open("/proc/%d/stat" % pid) as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "T":
                    break
            time.sleep(0.001)
        while take(0.05) is not None:
            pass
        head = struct.pack("!BBHHHBBH", 0x45, 0, 1028, 1, 0, 64, 1, 0) + bytes([10, 80, 0, 2, 10, 80, 0, 1])
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        part = struct.pack("!BBHI", 0, 0, 0, 0) + bytes(1000)
        part = part[:2] + struct.pack("!H", checksum(part)) + part[4:]
        for _ in range(20000):
            s.send(link + b"\x08\x00" + head + part)
        print("lost", kind, len(due), flush=True)
        while due:
            s.send(due.popleft()[1])
        os.kill(pid, signal.SIGCONT)

    print("ready", flush=True)
    while True:
        kind = take(due[0][0] - time.monotonic() if due else 1)
        if kind and asked[kind] == stop_at[kind]:
            run_over(kind)
        while due and due[0][0] <= time.monotonic():
            s.send(due.popleft()[1])


def flood(interface, near_mac, near, seconds):
    """Echo replies, unreachables about scans that nobody made, redirects, time exceeded; at most 10,000,000."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((interface, 0))
    link = bytes.fromhex(near_mac.replace(":", "")) + s.getsockname()[4]
    target = ipaddress.IPv4Address(near).packed
    until, sent = time.monotonic() + float(seconds), 0
    chance = random.Random(1)
    batch = []
    for _ in range(512):
        source = b"\x0a\x50\0" + bytes([chance.randrange(256)])
        quoted = tcp(b"", target, source, chance.randrange(61000, 65536), chance.choice((22, 80, 443)),
                     chance.getrandbits(32), 0, SYN)[2:30]
        kind, code = chance.choice(((0, 0), (3, 1), (3, 3), (3, 13), (5, 1), (11, 0), (8, 0)))
        batch.append(icmp(link, source, target, kind, code, quoted))
    print("ready", flush=True)
    while time.monotonic() < until and sent < 10000000:
        for frame in batch:
            try:
                s.send(frame)
                sent += 1
            except OSError:
                pass
    print("sent", sent, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "listen":
        listen(sys.argv[2:])
    elif sys.argv[1] == "count":
        count(*sys.argv[2:])
    elif sys.argv[1] == "show":
        show(*sys.argv[2:])
    elif sys.argv[1] == "flood":
        flood(*sys.argv[2:])
    elif sys.argv[1] == "forge":
        forge(sys.argv[2], sys.argv[3], sys.argv[4:])
    elif sys.argv[1] == "late":
        late(sys.argv[2], sys.argv[3], sys.argv[4:])
    elif sys.argv[1] == "overrun":
        overrun(*sys.argv[2:])
