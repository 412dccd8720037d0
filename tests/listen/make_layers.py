#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes layers.pcap: frames made by hand after the specifications named in src/listen/frame.c, one of each layer.
# Usage: make_layers.py FILE
import struct
import sys
from ipaddress import ip_address


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xFFFF) + (n >> 16)
    return ~n & 0xFFFF


def mac(n):
    return bytes([2, 0, 0, 0, 0, n])


def ethernet(src, dst, kind, payload, tags=()):
    frame = mac(dst) + mac(src)
    for tag_type, tag in tags:
        frame += struct.pack("!HH", tag_type, tag)
    return frame + struct.pack("!H", kind) + payload


def ipv4(src, dst, protocol, payload, ttl=64, ident=1, offset=0, more=False):
    field = offset // 8 | (0x2000 if more else 0)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, field, ttl, protocol, 0,
                       ip_address(src).packed, ip_address(dst).packed)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, protocol, payload, hops=64):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, hops,
                       ip_address(src).packed, ip_address(dst).packed) + payload


def udp(sport, dport, payload):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def tcp(sport, dport, seq, ack, flags, payload=b"", options=b""):
    options += b"\1" * (-len(options) % 4)
    return struct.pack("!HHIIBBHHH", sport, dport, seq, ack, (5 + len(options) // 4) << 4, flags, 64240, 0,
                       0) + options + payload


def conversation(client, server, sport, dport, question=b"question", answer=b"answer"):
    """A whole TCP connection, as (from client, segment)."""
    yield True, tcp(sport, dport, 1000, 0, 0x02, options=b"\2\4\5\xb4")
    yield False, tcp(dport, sport, 5000, 1001, 0x12, options=b"\2\4\5\xb4")
    yield True, tcp(sport, dport, 1001, 5001, 0x10)
    yield True, tcp(sport, dport, 1001, 5001, 0x18, question)
    yield False, tcp(dport, sport, 5001, 1001 + len(question), 0x18, answer)
    yield True, tcp(sport, dport, 1001 + len(question), 5001 + len(answer), 0x11)
    yield False, tcp(dport, sport, 5001 + len(answer), 1002 + len(question), 0x11)
    yield True, tcp(sport, dport, 1002 + len(question), 5002 + len(answer), 0x10)


def frames():
    # A TCP connection over Ethernet, IPv4.
    for from_client, segment in conversation("192.0.2.1", "192.0.2.2", 50000, 4000):
        src, dst = (1, 2) if from_client else (2, 1)
        yield ethernet(src, dst, 0x0800, ipv4("192.0.2.%d" % src, "192.0.2.%d" % dst, 6, segment))
    # One that is refused, one that nobody answers.
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 6, tcp(50001, 4001, 1, 0, 0x02)))
    yield ethernet(2, 1, 0x0800, ipv4("192.0.2.2", "192.0.2.1", 6, tcp(4001, 50001, 0, 2, 0x14)))
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 6, tcp(50002, 4002, 1, 0, 0x02)))
    # 802.1Q, and 802.1ad around it.
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 17, udp(40000, 4500, b"tag")), [(0x8100, 100)])
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 17, udp(40000, 4501, b"tags")),
                   [(0x88A8, 200), (0x8100, 100)])
    # IPv6 with a hop-by-hop and a destination header.
    extensions = bytes([60, 0, 5, 2, 0, 0, 1, 0]) + bytes([17, 0, 1, 4, 0, 0, 0, 0])
    yield ethernet(1, 2, 0x86DD, ipv6("2001:db8::1", "2001:db8::2", 0, extensions + udp(40000, 4502, b"six")))
    # PPPoE.
    packet = ipv4("192.0.2.1", "192.0.2.2", 17, udp(40000, 4503, b"session"))
    yield ethernet(1, 2, 0x8864, struct.pack("!BBHHH", 0x11, 0, 7, len(packet) + 2, 0x21) + packet)
    # Fragments: IPv4 in order, IPv6 the last one first.
    whole = udp(40000, 4504, bytes(range(256)) * 8)
    for at in range(0, len(whole), 800):
        piece = whole[at:at + 800]
        yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 17, piece, ident=7, offset=at,
                                          more=at + 800 < len(whole)))
    whole = udp(40000, 4505, bytes(range(256)) * 8)
    for at in reversed(range(0, len(whole), 1200)):
        piece = whole[at:at + 1200]
        head = struct.pack("!BBHI", 17, 0, at | (at + 1200 < len(whole)), 9)
        yield ethernet(1, 2, 0x86DD, ipv6("2001:db8::1", "2001:db8::2", 44, head + piece))
    # What is wrapped: GRE with a key, ERSPAN I, II and III, VXLAN, IPv6 in IPv4, IPv4 in IPv4, Teredo.
    inner = ipv4("198.51.100.1", "198.51.100.2", 17, udp(40000, 4506, b"gre"))
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 47, struct.pack("!HHI", 0x2000, 0x0800, 5) + inner))
    for port, head in ((4507, struct.pack("!HH", 0, 0x88BE)),
                       (4508, struct.pack("!HHI", 0x1000, 0x88BE, 1) + struct.pack("!HHI", 0x1001, 1, 0)),
                       (4509, struct.pack("!HHI", 0x1000, 0x22EB, 1) + struct.pack("!HHIHH", 0x2001, 1, 0, 0, 0))):
        mirrored = ethernet(3, 4, 0x0800, ipv4("198.51.100.3", "198.51.100.4", 17, udp(40000, port, b"mirror")))
        yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 47, head + mirrored))
    mirrored = ethernet(5, 6, 0x0800, ipv4("198.51.100.5", "198.51.100.6", 17, udp(40000, 4510, b"overlay")),
                        [(0x8100, 30)])
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 17,
                                      udp(50000, 4789, struct.pack("!II", 0x08000000, 42 << 8) + mirrored)))
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 41,
                                      ipv6("2001:db8:1::1", "2001:db8:1::2", 17, udp(40000, 4511, b"6in4"))))
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 4,
                                      ipv4("198.51.100.7", "198.51.100.8", 17, udp(40000, 4512, b"4in4"))))
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 17, udp(
        51000, 3544, ipv6("2001:db8:2::1", "2001:db8:2::2", 17, udp(40000, 4513, b"teredo")))))
    # Wrapped more often than is looked at: what is left is the innermost of those.
    packet = ipv4("198.51.100.9", "198.51.100.10", 17, udp(40000, 4514, b"deep"))
    for i in range(6):
        packet = ipv4("198.51.100.%d" % (20 + i), "198.51.100.%d" % (30 + i), 4, packet)
    yield ethernet(1, 2, 0x0800, packet)
    # A frame that came through a router: its MAC address is not the host's.
    for i in range(3):
        yield ethernet(9, 1, 0x0800, ipv4("203.0.113.%d" % (i + 1), "192.0.2.1", 17, udp(53000, 4515, b"far"), ttl=61))
    # 802.3 with LLC, ICMP, and a length that nobody can keep.
    yield ethernet(1, 2, 3, b"\x42\x42\x03" + b"\0" * 43)
    yield ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.2", 1, b"\x08\0\0\0\0\1\0\1ping"))
    broken = bytearray(ethernet(1, 2, 0x0800, ipv4("192.0.2.1", "192.0.2.3", 17, udp(40000, 4516, b"short"))))
    broken[16:18] = b"\xff\xff"
    yield bytes(broken)


def write(path, list_of_frames, start=1700000000):
    with open(path, "wb") as f:
        f.write(struct.pack("!IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(list_of_frames):
            f.write(struct.pack("!IIII", start + i // 100, i % 100 * 10000, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    write(sys.argv[1], frames())
