#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a scanner did to a device, as the device's own capture shows it: NAME=VALUE lines.

  gentle-figures.py DEVICE SCANNER FILE.pcap [UNIX-TIME]

What a connection is, and how it ends, is capture-check.py's to say.

  seconds           from the scanner's first packet to its last
  attempts          SYNs to a port and source port of their own
  stood             those that the device answered
  half_open         answered by the device, never acknowledged
  at_once           most connections at a time, an unanswered attempt being one until its timeout
  resets            connections that stood, or half stood, and were ended by the scanner's reset
  left_open         stood, and ended neither by the FINs of both sides nor by a reset
  packets           of the scanner to the device, all of IP
  a_second          most of them in any sliding second
  repeats           SYNs beyond the first of an attempt
  bytes             said by the scanner
  gap_ms            least time between the end of a connection and the next; -1: no two connections
  broadcasts        broadcast and multicast frames that reached the device, of any address of the
                    interface that the scanner's come from
  broadcasts_a_second
  no_arp            those of them that are not ARP
  arp               ARP frames of the scanner to the device alone
  echo              echo requests
  other             packets that are neither TCP nor an echo request
  late              packets of the scanner more than a second after UNIX-TIME
  late_resets       those of them that are resets
  late_acks         those of them that only acknowledge
"""
import importlib.util
import os
import socket
import sys

here = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("check", os.path.join(here, "capture-check.py"))
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)


def most_in_a_second(times):
    """Two clocks meet here, the sender's and the capture's: hence the tolerance."""
    times, most, first = sorted(times), 0, 0
    for last, t in enumerate(times):
        while t - times[first] >= 1 - check.TOLERANCE:
            first += 1
        most = max(most, last - first + 1)
    return most


def most_at_once(attempts):
    """A connection that ends at the very moment when another begins is not beside it."""
    changes = sorted([(c.began, 1) for c in attempts] + [(c.until(), -1) for c in attempts])
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def figures(path, device, scanner, moment):
    ours = [p for p in check.packets(path) if (p.source, p.target) == (scanner, device)]
    syns = [p for p in ours if p.flags is not None and p.flags & check.SYN]
    _, breaches, attempts = check.examine(check.packets(path), device, scanner, set())
    mine = socket.inet_aton(scanner)
    broadcasts, no_arp, arp, sources = [], 0, 0, set()
    for _, f in check.frames(path):
        sender = f[28:32] if f[12:14] == b"\x08\x06" else f[26:30] if f[12:14] == b"\x08\x00" else b""
        if sender == mine:
            sources.add(f[6:12])
    for time, f in check.frames(path):
        if f[6:12] in sources and f[0] & 1:
            broadcasts.append(time)
            no_arp += f[12:14] != b"\x08\x06"
        elif f[12:14] == b"\x08\x06" and f[28:32] == mine:
            arp += 1
    stood = [c for c in attempts if c.answered]
    gaps = [b.began - a.until() for a, b in zip(stood, stood[1:])]
    late = [p for p in ours if moment is not None and p.time > moment + 1]
    reset = [c for c in stood if c.reset_by_us]
    other = sum(b.startswith("other: protocol") for b in breaches)
    return {
        "seconds": round(ours[-1].time - ours[0].time) if ours else 0,
        "attempts": len(attempts),
        "stood": len(stood),
        "half_open": sum(not c.open for c in stood),
        "at_once": most_at_once(attempts),
        "resets": len(reset),
        "left_open": sum(c.open and not c.reset_by_us and not c.reset_by_device and len(c.acked) < 2
                         for c in stood),
        "packets": len(ours),
        "a_second": most_in_a_second(p.time for p in ours),
        "repeats": len(syns) - len(attempts),
        "bytes": sum(c.said for c in attempts),
        "gap_ms": int(min(gaps) * 1000 + 0.5) if gaps else -1,
        "broadcasts": len(broadcasts),
        "broadcasts_a_second": most_in_a_second(broadcasts),
        "no_arp": no_arp,
        "arp": arp,
        "echo": sum(p.flags is None for p in ours) - other,
        "other": other,
        "late": len(late),
        "late_resets": sum(p.flags is not None and bool(p.flags & check.RST) for p in late),
        "late_acks": sum(p.flags == check.ACK and p.data == 0 for p in late),
    }


def main():
    device, scanner, path = sys.argv[1:4]
    moment = float(sys.argv[4]) if len(sys.argv) > 4 else None
    for name, value in figures(path, device, scanner, moment).items():
        print(f"{name}={value}")


if __name__ == "__main__":
    main()
