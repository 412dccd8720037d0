#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Capture files of every kind, good and bad, from the frames of tests/listen/make_layers.py. Formats: pcap and pcapng
# as tcpdump.org and draft-ietf-opsawg-pcapng describe them.
# Usage: captures.py FOLDER_OF_make_layers TARGET_FOLDER
import gzip
import os
import struct
import sys

sys.path.insert(0, sys.argv[1])
import make_layers  # noqa: E402

target = sys.argv[2]
START = 1700000000
# A question and its answer, and a connection.
frames = list(make_layers.frames())[:11]


def pcap(frames, order="<", magic=0xA1B2C3D4, link=1, start=START, step=10, snap=65535, lengths=None):
    out = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, snap, link)
    for i, frame in enumerate(frames):
        kept = frame[:snap]
        length = len(kept) if lengths is None else lengths
        out += struct.pack(order + "IIII", start + i * step, 0, length, len(frame)) + kept
    return out


def pcapng(frames, start=START):
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))

    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack("<HHI", 1, 0, 65535))
    for i, frame in enumerate(frames):
        at = (start + i * 10) * 1000000
        out += block(6, struct.pack("<IIIII", 0, at >> 32, at & 0xFFFFFFFF, len(frame), len(frame)) + frame)
    return out


def put(name, data):
    path = os.path.join(target, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


plain = pcap(frames)
put("plain.pcap", plain)
put("swapped.pcap", pcap(frames, order=">"))
put("nano.pcap", pcap(frames, magic=0xA1B23C4D))
put("plain.pcapng", pcapng(frames))
put("packed.pcap.gz", gzip.compress(plain))
put("snapped.pcap", pcap(frames, snap=48))
put("cooked.pcap", pcap([struct.pack("!HHH8sH", 0, 1, 6, f[6:12], 0x800) + f[14:] for f in frames], link=113))
put("cooked2.pcap", pcap([struct.pack("!HHIHBB8s", 0x800, 0, 1, 1, 0, 6, f[6:12]) + f[14:] for f in frames], link=276))
put("raw.pcap", pcap([f[14:] for f in frames], link=101))
put("null.pcap", pcap([struct.pack("<I", 2) + f[14:] for f in frames], link=0))
put("ppp.pcap", pcap([b"\xff\x03\0\x21" + f[14:] for f in frames], link=9))
put("truncated.pcap", plain[:-5])
put("cut.pcap.gz", gzip.compress(plain, 0)[:-30])
put("head.pcap", plain[:20])
put("empty.pcap", b"")
put("no-packet.pcap", pcap([]))
put("absurd.pcap", plain + struct.pack("<IIII", START, 0, 0x7FFFFFFF, 0x7FFFFFFF) + b"\0" * 64)
put("wifi.pcap", pcap(frames, link=105))
put("text.pcap", b"This is no capture, but somebody called it one.\n")
put("backwards.pcap", pcap(frames, step=-3600, start=START + 360000))
put("far.pcap", pcap(frames, start=0x7FFFFFFF, step=0))
many = [make_layers.ethernet(1, 2, 0x0800, make_layers.ipv4("10.1.%d.%d" % (i // 250, i % 250 + 1), "192.0.2.2", 17,
                                                            make_layers.udp(40000, 4000, b"x"))) for i in range(9000)]
put("many.pcap", pcap(many, step=0))
half = len(frames) // 2
put("folder/b.pcap", pcap(frames[:half]))
put("folder/a.pcap", pcap(frames[half:], start=START + half * 10))
put("folder/readme.txt", b"Captures of the day.\n")
put("folder/.hidden.pcap", plain)
put("nothing/.keep", b"")
