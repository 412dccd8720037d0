#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what arrives, at the far end of a link: wire_watch.py RESULT.json INTERFACE MAC

Looks at the interface's own counter every 10 ms until SIGTERM: the packets, the seconds from the first
to the last, and the seconds in which any came. Five times a second it sends MAC a frame that nobody
answers (EtherType 88b5, for experiments): masscan does not look at its clock before it hears something.
"""
import json
import signal
import socket
import sys
import time

STEP = 0.01


class Watch:
    def __init__(self, count, now):
        self.start = self.count = count
        self.now = now
        self.first = self.last = None
        self.busy = 0.0

    def look(self, count, now):
        if count != self.count:
            if self.first is None:
                self.first = self.now  # between the last look and this one
            self.last = now
            self.busy += now - self.now
        self.count, self.now = count, now

    def result(self):
        return {"packets": self.count - self.start,
                "seconds": self.last - self.first if self.first is not None else 0.0,
                "busy_seconds": self.busy}


def received(interface):
    with open("/proc/net/dev", encoding="ascii") as f:
        for line in f:
            name, _, numbers = line.partition(":")
            if name.strip() == interface:
                return int(numbers.split()[1])
    raise SystemExit(f"no interface {interface}")


def main():
    result, interface, mac = sys.argv[1:]
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind((interface, 0))
        frame = bytes.fromhex(mac.replace(":", "")) + link.getsockname()[4] + b"\x88\xb5" + bytes(46)
        watch = Watch(received(interface), time.monotonic())
        looks = 0
        while not ended:
            time.sleep(STEP)
            watch.look(received(interface), time.monotonic())
            looks += 1
            if looks % 20 == 0:
                link.send(frame)
    with open(result, "w", encoding="ascii") as f:
        json.dump(watch.result(), f)


if __name__ == "__main__":
    main()
