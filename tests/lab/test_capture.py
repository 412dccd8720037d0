#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The judge of captures must see each kind of breach, on conversations made by hand."""
import importlib.util
import os
import struct
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
spec = importlib.util.spec_from_file_location("check", os.path.join(here, "capture-check.py"))
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
DEVICE, US = "10.77.2.11", "10.77.1.1"


def segment(time, ours, port, sport, flags, seq, ack, data=b"", protocol=6):
    ports = (sport, port) if ours else (port, sport)
    body = struct.pack("!HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 0, 0, 0) + data
    source, target = (US, DEVICE) if ours else (DEVICE, US)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0)
    ip += b"".join(bytes(int(x) for x in a.split(".")) for a in (source, target))
    frame = b"\0" * 12 + b"\x08\x00" + ip + body
    seconds = int(time)
    return struct.pack("<IIII", seconds, round((time - seconds) * 1e6), len(frame), len(frame)) + frame


def polite(t, port, sport, data=b""):
    """A whole conversation that lasts 0.3 s."""
    n = len(data)
    return [
        segment(t, True, port, sport, SYN, 10, 0),
        segment(t + .01, False, port, sport, SYN | ACK, 90, 11),
        segment(t + .02, True, port, sport, ACK, 11, 91, data),
        segment(t + .1, True, port, sport, FIN | ACK, 11 + n, 91),
        segment(t + .2, False, port, sport, FIN | ACK, 91, 12 + n),
        segment(t + .3, True, port, sport, ACK, 12 + n, 92),
    ]


def refused(t, port, sport):
    return [segment(t, True, port, sport, SYN, 10, 0),
            segment(t + .01, False, port, sport, RST | ACK, 0, 11)]


CASES = [
    ("two polite conversations", None, polite(1, 502, 40000, b"x") + polite(3, 502, 40001, b"x")),
    ("refused attempts", None, refused(1, 81, 40000) + refused(1.1, 82, 40001) + polite(2, 502, 4)),
    ("a port reused by a later connection", None, polite(1, 502, 4) + [
        segment(3, True, 502, 4, SYN, 70, 0), segment(3.1, False, 502, 4, RST | ACK, 0, 71)]),
    ("the device's own reset", None, polite(1, 502, 4)[:3] + [segment(2, False, 502, 4, RST, 91, 0)]),
    ("half-open and silent", "half-open", polite(1, 502, 4)[:2]),
    ("half-open, then reset", "half-open", polite(1, 502, 4)[:2] + [segment(2, True, 502, 4, RST, 11, 0)]),
    ("reset by us", "reset", polite(1, 502, 4)[:3] + [segment(2, True, 502, 4, RST, 11, 0)]),
    ("reset by us behind our FIN", "reset", polite(1, 502, 4)[:5] + [segment(2, True, 502, 4, RST, 12, 0)]),
    ("never closed", "not closed", polite(1, 502, 4)[:3]),
    ("the last FIN not acknowledged", "not closed", polite(1, 502, 4)[:5]),
    ("two at a time", "two at a time", sorted(polite(1, 502, 4) + polite(1.15, 502, 5),
                                             key=lambda f: struct.unpack("<II", f[:8]))),
    ("an attempt beside a connection", "two at a time", polite(1, 502, 4)[:3] + refused(1.05, 81, 5) +
     polite(1, 502, 4)[3:]),
    ("two refused attempts at a time", "two at a time", [
        refused(1, 81, 4)[0], refused(1.001, 82, 5)[0], refused(1, 81, 4)[1], refused(1.001, 82, 5)[1]]),
    ("two unanswered attempts at a time", "two at a time", [
        refused(1, 81, 4)[0], refused(3, 82, 5)[0]]),
    ("unanswered attempts one by one", None, [
        refused(1, 81, 4)[0], refused(2, 81, 4)[0], refused(6, 82, 5)[0]]),
    ("no second between", "gap", polite(1, 502, 4) + polite(2.2, 502, 5)),
    ("no second between, a refusal in the middle", "gap",
     polite(1, 502, 4) + refused(1.5, 81, 6) + polite(2.2, 502, 5)),
    ("bytes to an unknown port", "spoken to", polite(1, 4001, 4, b"GET")),
    ("a datagram", "other", [segment(1, True, 502, 4, 0, 0, 0, protocol=17)]),
    ("a segment from nowhere", "other", [segment(1, True, 502, 4, ACK, 0, 0)]),
]

print(f"1..{len(CASES) + 2}")
failures = 0


def result(n, good, words, *why):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} {n} - {words}")
    for line in why if not good else ():
        print(f"# {line}")


HEADER = struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)


def read(content):
    with tempfile.NamedTemporaryFile() as f:
        f.write(content)
        f.flush()
        return list(check.packets(f.name))


for n, (words, breach, frames) in enumerate(CASES, 1):
    figures, found = check.judge(read(HEADER + b"".join(frames)), DEVICE, US, {502})
    kinds = {b.split(":")[0] for b in found}
    result(n, kinds == ({breach} if breach else set()), words, figures, *found)
for words, content in (("no capture", b"nonsense" * 4), ("a cut one", HEADER + refused(1, 81, 4)[0][:-3])):
    n += 1
    try:
        read(content)
        result(n, False, f"{words} is refused")
    except ValueError:
        result(n, True, f"{words} is refused")
sys.exit(failures > 0)
