#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What one machine sent on a segment, from a capture.

  segment-check.py FILE.pcap SCANNER-MAC [OTHER-MAC]

Prints one line: how many questions to everybody by kind, the most frames to everybody in any second,
and the frames to OTHER-MAC alone."""
import struct
import sys


def frames(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:4] != b"\xd4\xc3\xb2\xa1":
        raise ValueError("no capture file")
    at = 24
    while at + 16 <= len(data):
        seconds, micro, length, _ = struct.unpack("<IIII", data[at:at + 16])
        yield seconds + micro / 1e6, data[at + 16:at + 16 + length]
        at += 16 + length


def kind_of(frame):
    kind = struct.unpack("!H", frame[12:14])[0]
    if kind == 0x806:
        return "arp"
    if kind == 0x86DD:
        if frame[20] == 58:
            return {128: "echo-all", 133: "router", 135: "nd"}.get(frame[54], "icmp6")
        if frame[20] == 17 and struct.unpack("!H", frame[56:58])[0] == 5353:
            return "mdns"
    if kind == 0x800 and frame[23] == 17:
        return {5353: "mdns", 67: "dhcp"}.get(struct.unpack("!H", frame[36:38])[0], "udp")
    return "other"


def main():
    mac = bytes.fromhex(sys.argv[2].replace(":", ""))
    other = bytes.fromhex(sys.argv[3].replace(":", "")) if len(sys.argv) > 3 else None
    counts = {"echo-all": 0, "router": 0, "dhcp": 0, "mdns": 0}
    times, alone = [], 0
    for time, frame in frames(sys.argv[1]):
        if frame[6:12] != mac:
            continue
        alone += frame[0:6] == other
        if frame[0] & 1:
            times.append(time)
            kind = kind_of(frame)
            counts[kind] = counts.get(kind, 0) + 1
    most = max((sum(1 for t in times if first <= t < first + 1) for first in times), default=0)
    words = " ".join(f"{k}={v}" for k, v in sorted(counts.items()))
    print(f"{words} most={most} alone={alone}")


main()
