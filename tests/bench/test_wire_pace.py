#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The counters of the benchmark, on lists made by hand. Run by itself: it needs neither root nor network."""
import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire_pace  # noqa: E402
import wire_watch  # noqa: E402

MS = 1_000_000


def frame(last, flags):
    ip = bytes([0x45, 0, 0, 40]) + bytes(5) + bytes([6]) + bytes(2) + bytes([172, 31, 0, 1, 10, 77, 1, last])
    return bytes(12) + b"\x08\x00" + ip + bytes(13) + bytes([flags]) + bytes(6)


def pcap(rows, order="<", unit=1000):
    magic = 0xA1B2C3D4 if unit == 1000 else 0xA1B23C4D
    data = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 96, 1)
    for ns, one in rows:
        data += struct.pack(order + "IIII", ns // 10**9, ns % 10**9 // unit, len(one), len(one)) + one
    return data


class Sliding(unittest.TestCase):
    def test_edges(self):
        self.assertEqual(wire_pace.most_in_a_second([]), 0)
        self.assertEqual(wire_pace.most_in_a_second([5]), 1)
        self.assertEqual(wire_pace.most_in_a_second([0, 1000 * MS]), 1)
        self.assertEqual(wire_pace.most_in_a_second([0, 1000 * MS - 1]), 2)

    def test_a_burst_across_a_full_second(self):
        # 40 a second by the clock's seconds, but 80 around the turn of one.
        times = [(960 + i) * MS for i in range(40)] + [(1000 + i) * MS for i in range(40)]
        self.assertEqual(wire_pace.most_in_a_second(times), 80)

    def test_even(self):
        self.assertEqual(wire_pace.most_in_a_second([i * 25 * MS for i in range(400)]), 40)


class Capture(unittest.TestCase):
    def test_hosts_and_kinds(self):
        rows = [(0, frame(1, 2)), (250 * MS, frame(2, 2)), (500 * MS, frame(1, 4)),
                (1200 * MS, frame(1, 0x11)), (1900 * MS, bytes(12) + b"\x08\x06" + bytes(28))]
        for order in "<>":
            for unit in (1, 1000):
                told = wire_pace.read(pcap(rows, order, unit))
                self.assertEqual(told["all"], {"packets": 5, "seconds": 1.9, "most": 3})
                self.assertEqual(told["hosts"]["10.77.1.1"], {"packets": 3, "seconds": 1.2, "most": 2})
                self.assertEqual(told["hosts"]["10.77.1.2"]["packets"], 1)
                self.assertEqual(told["kinds"], {"syn": 2, "rst": 1, "fin": 1, "arp": 1})

    def test_cut(self):
        data = pcap([(0, frame(1, 2)), (1, frame(1, 2))])
        self.assertEqual(wire_pace.read(data[:-1])["all"]["packets"], 1)
        self.assertRaises(ValueError, wire_pace.read, b"nothing of this kind")


class Arriving(unittest.TestCase):
    def test_pause(self):
        watch = wire_watch.Watch(100, 0.0)
        for count, now in ((100, 1.0), (110, 2.0), (120, 3.0), (120, 8.0), (121, 9.0), (121, 20.0)):
            watch.look(count, now)
        self.assertEqual(watch.result(), {"packets": 21, "seconds": 8.0, "busy_seconds": 3.0})

    def test_nothing(self):
        watch = wire_watch.Watch(7, 0.0)
        watch.look(7, 1.0)
        self.assertEqual(watch.result(), {"packets": 0, "seconds": 0.0, "busy_seconds": 0.0})


if __name__ == "__main__":
    unittest.main()
