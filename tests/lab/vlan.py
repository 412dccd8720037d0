#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""802.1Q by hand, for kernels without it.

  vlan.py tap WIRE NAME ID            a tap interface NAME whose frames are on WIRE with this tag, until ended
  vlan.py answer WIRE MAC PORT ID...  says SYN-ACK to every SYN of this MAC to this port, with these tags
                                      ("none": without one)
  vlan.py tags FILE.pcap MAC PREFIX   what came from this MAC about addresses that begin so: "TAG NUMBER"
"""
import collections
import fcntl
import importlib
import os
import select
import socket
import struct
import sys

far = importlib.import_module("wire-far")

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING, TP_STATUS_VLAN_VALID = 263, 8, 4, 0x10
TAG = b"\x81\x00"


def tagged(frame, ids):
    return frame[:12] + b"".join(TAG + struct.pack("!H", i) for i in ids) + frame[12:]


def untagged(frame):
    """The frame without its outermost tag, and that (None: it has none)."""
    if frame[12:14] != TAG:
        return frame, None
    return frame[:12] + frame[16:], struct.unpack("!H", frame[14:16])[0] & 0xfff


def open_wire(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((interface, 0))
    s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    return s


def receive(s):
    """As untagged(), of the next frame; (b"", None) where that is one of our own. The kernel hands the tag
    over beside the frame."""
    frame, beside, _, address = s.recvmsg(2048, 64)
    if address[2] == PACKET_OUTGOING:
        return b"", None
    for level, kind, data in beside:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tag = struct.unpack("IIIHHH", data[:18])
            if status & TP_STATUS_VLAN_VALID:
                return frame, tag & 0xfff
    return untagged(frame)


def tap(wire, name, number):
    number = int(number)
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    s = open_wire(wire)
    print("ready", flush=True)
    while True:
        for ready in select.select([fd, s], [], [])[0]:
            try:
                if ready is s:
                    frame, got = receive(s)
                    if got == number:
                        os.write(fd, frame)
                else:
                    s.send(tagged(os.read(fd, 2048), [number]))
            except OSError:
                pass  # one of them is down


def answer(wire, mac, port, ids):
    port, mac = int(port), bytes.fromhex(mac.replace(":", ""))
    ids = [] if ids == ["none"] else [int(i) for i in ids]
    s = open_wire(wire)
    link = mac + s.getsockname()[4]
    print("ready", flush=True)
    while True:
        frame, _ = receive(s)
        if len(frame) < 48 or frame[6:12] != mac or frame[12:14] != b"\x08\x00" or frame[23] != 6 or frame[47] != far.SYN:
            continue
        sport, dport, seq = struct.unpack("!HHI", frame[34:42])
        if dport == port:
            s.send(tagged(far.tcp(link, frame[30:34], frame[26:30], dport, sport, 1, seq + 1,
                                  far.SYN | far.ACK), ids))
            print("answered", flush=True)


def tags(path, mac, prefix):
    source = bytes.fromhex(mac.replace(":", ""))
    seen = collections.Counter()
    for _, frame in far.frames(path):
        if frame[6:12] == source:
            inner, tag = untagged(frame)
            if far.kind_of(inner)[0].startswith(prefix):
                seen["none" if tag is None else tag] += 1
    for tag, n in sorted(seen.items(), key=str):
        print(tag, n)


if __name__ == "__main__":
    if sys.argv[1] == "tap":
        tap(*sys.argv[2:])
    elif sys.argv[1] == "answer":
        answer(*sys.argv[2:5], sys.argv[5:])
    elif sys.argv[1] == "tags":
        tags(*sys.argv[2:])
