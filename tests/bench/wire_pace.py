#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast packets came, from a capture of Ethernet: wire_pace.py PCAP

Writes JSON: for all frames and for each IPv4 destination the number, the seconds from first to last,
and the largest number in any second, wherever it begins (first and last less than a second apart).
"""
import collections
import json
import struct
import sys

SECOND = 1_000_000_000


def most_in_a_second(times):
    """The largest number of times (ns, rising) within less than one second."""
    most = oldest = 0
    for newest, time in enumerate(times):
        while time - times[oldest] >= SECOND:
            oldest += 1
        most = max(most, newest - oldest + 1)
    return most


def frames(data):
    """(ns, bytes) of each frame of a pcap file."""
    for order in "<>":
        magic = struct.unpack(order + "I", data[:4])[0]
        if magic in (0xA1B2C3D4, 0xA1B23C4D):
            break
    else:
        raise ValueError("not a pcap file")
    unit = 1000 if magic == 0xA1B2C3D4 else 1
    at = 24
    while at + 16 <= len(data):
        seconds, part, kept, _ = struct.unpack(order + "IIII", data[at:at + 16])
        if at + 16 + kept > len(data):
            break
        yield seconds * SECOND + part * unit, data[at + 16:at + 16 + kept]
        at += 16 + kept


def kind(frame):
    """What a frame is: arp, syn, ack, fin, rst, ..."""
    if frame[12:14] != b"\x08\x00":
        return "arp" if frame[12:14] == b"\x08\x06" else "other"
    tcp = 14 + (frame[14] & 15) * 4
    if frame[23] != 6 or len(frame) < tcp + 14:
        return "other"
    flags = frame[tcp + 13]
    for bit, name in ((4, "rst"), (2, "syn"), (1, "fin"), (16, "ack")):
        if flags & bit:
            return name
    return "other"


def told(times):
    times = sorted(times)
    return {"packets": len(times), "seconds": (times[-1] - times[0]) / SECOND if times else 0.0,
            "most": most_in_a_second(times)}


def read(data):
    every, hosts, kinds = [], collections.defaultdict(list), collections.Counter()
    for time, frame in frames(data):
        every.append(time)
        kinds[kind(frame)] += 1
        if frame[12:14] == b"\x08\x00" and len(frame) >= 34:
            hosts[".".join(map(str, frame[30:34]))].append(time)
    return {"all": told(every), "kinds": kinds,
            "hosts": {host: told(times) for host, times in sorted(hosts.items())}}


def main():
    with open(sys.argv[1], "rb") as f:
        json.dump(read(f.read()), sys.stdout)


if __name__ == "__main__":
    main()
