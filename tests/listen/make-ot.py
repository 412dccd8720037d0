#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the recordings of OT protocols that are made by hand, after their specifications: make-ot.py FOLDER

  ot-streams.pcap    one connection for each protocol of src/listen/ot_streams.c, and two of look-alikes
  ot-datagrams.pcap  datagrams and frames of src/listen/ot_datagrams.c, and look-alikes
  modbus-again.pcap  a client that lost its power and uses its port again, without an end of the first connection
  modbus-lost.pcap   Modbus/TCP met in its middle, with bytes missing; Restart Communications; nonsense
  s7comm-plus.pcap   S7comm-plus and MMS, which live on the port of S7comm
  enip-io.pcap       inputs and outputs over UDP, PCCC inside of CIP
"""
import struct
import sys

CLIENT, SERVER = bytes([192, 168, 77, 10]), bytes([192, 168, 77, 30])
MACS = {CLIENT: bytes.fromhex("020000007710"), SERVER: bytes.fromhex("020000007730")}
SYN, ACK, PSH, FIN = 2, 16, 8, 1


def checksum(data):
    data += bytes(len(data) & 1)
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        self.at = 1_780_000_000_000_000  # microseconds
        self.port = 40000

    def frame(self, data):
        self.at += 1000
        data += bytes(max(0, 60 - len(data)))
        self.file.write(struct.pack("<IIII", self.at // 10**6, self.at % 10**6, len(data), len(data)) + data)

    def ip(self, src, dst, protocol, body):
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol, 0) + src + dst
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        mac = MACS.get(dst, b"\xff" * 6)
        self.frame(mac + MACS[src] + b"\x08\0" + head + body)

    def udp(self, src, dst, from_port, to_port, data):
        pseudo = src + dst + struct.pack(">HH", 17, 8 + len(data))
        body = struct.pack(">HHHH", from_port, to_port, 8 + len(data), 0) + data
        body = body[:6] + struct.pack(">H", checksum(pseudo + body) or 0xFFFF) + data
        self.ip(src, dst, 17, body)

    def tcp(self, src, dst, from_port, to_port, sequence, acknowledged, flags, data=b""):
        pseudo = src + dst + struct.pack(">HH", 6, 20 + len(data))
        body = struct.pack(">HHIIBBHHH", from_port, to_port, sequence, acknowledged, 0x50, flags, 64240, 0, 0)
        body = body[:16] + struct.pack(">H", checksum(pseudo + body + data)) + body[18:] + data
        self.ip(src, dst, 6, body)

    def talk(self, port, *messages, middle=False, again=0, left=False):
        """messages: (">", bytes) from the client, ("<", bytes) from the server, ("!>", n): n bytes are lost.
        again: so many seconds later from the same port, other numbers; left: nobody ends it"""
        self.port += not again
        self.at += again * 10**6
        ours, theirs = 1000 + again * 7_000_000, 5000 + again * 9_000_000
        if not middle:
            self.tcp(CLIENT, SERVER, self.port, port, ours, 0, SYN)
            self.tcp(SERVER, CLIENT, port, self.port, theirs, ours + 1, SYN | ACK)
            ours, theirs = ours + 1, theirs + 1
            self.tcp(CLIENT, SERVER, self.port, port, ours, theirs, ACK)
        for way, data in messages:
            if way == "!>":
                ours += data
            elif way == ">":
                self.tcp(CLIENT, SERVER, self.port, port, ours, theirs, PSH | ACK, data)
                ours += len(data)
            else:
                self.tcp(SERVER, CLIENT, port, self.port, theirs, ours, PSH | ACK, data)
                theirs += len(data)
        if left:
            return
        self.tcp(CLIENT, SERVER, self.port, port, ours, theirs, FIN | ACK)
        self.tcp(SERVER, CLIENT, port, self.port, theirs, ours + 1, FIN | ACK)


def hexes(text):
    return bytes.fromhex(text)


# DNP3: request link status from 1 to 10, and its answer (checksums by the polynomial of IEEE 1815, 9.2.4).
def dnp3(control, to, source):
    head = hexes("0564 05") + struct.pack("<BHH", control, to, source)
    total = 0
    for byte in head:
        total ^= byte
        for _ in range(8):
            total = total >> 1 ^ 0xA6BC if total & 1 else total >> 1
    return head + struct.pack("<H", ~total & 0xFFFF)


MELSEC_ASKED = hexes("5000 00 ff ff03 00 0c00 1000 0104 0000 640000 a8 0100")  # read one word from D100
MELSEC_ANSWERED = hexes("d000 00 ff ff03 00 0400 0000 3412")
HART = hexes("01 00 00 00 0001 000d 01 00007530")  # session initiate
HART_ANSWERED = hexes("01 01 00 00 0001 000d 01 00007530")


def streams(c):
    c.talk(20000, (">", dnp3(0xC9, 10, 1)), ("<", dnp3(0x0B, 1, 10)))
    c.talk(2404, (">", hexes("6804 07000000")), ("<", hexes("6804 0b000000")))
    url = b"opc.tcp://192.168.77.30:4840"
    hello = struct.pack("<IIIIII", 0, 65536, 65536, 0, 0, len(url)) + url
    c.talk(4840, (">", b"HELF" + struct.pack("<I", 8 + len(hello)) + hello), ("<", b"ACKF" + struct.pack("<IIIIII", 28, 0, 65536, 65536, 0, 0)))
    c.talk(9600, (">", b"FINS" + hexes("0000000c 00000000 00000000 00000000")), ("<", b"FINS" + hexes("00000010 00000001 00000000 0000000a 0000001e")))
    c.talk(5007, (">", MELSEC_ASKED), ("<", MELSEC_ANSWERED))
    c.talk(1200, (">", hexes("bbbb 0100 000001 00 0000")), ("<", hexes("bbbb 0100 000001 00 0000")))
    c.talk(11740, (">", hexes("000117e8 14000000 c56b4003 00000000 00000000")), ("<", hexes("000117e8 14000000 c56b4003 00000000 00000000")))
    c.talk(5094, (">", HART), ("<", HART_ANSWERED))
    hello = b" -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n"
    c.talk(1911, (">", b"fox a 1" + hello), ("<", b"fox a 0" + hello))
    # Asked, and not answered: a service of which nothing is told.
    c.talk(20000, (">", dnp3(0xC9, 11, 1)))
    # Not these: a DNP3 header whose checksum is wrong, and a U format that does not exist.
    c.talk(20000, (">", hexes("0564 05c9 0a00 0100 0000")))
    c.talk(2404, (">", hexes("6804 0f000000")))


def datagrams(c):
    everybody = bytes([192, 168, 77, 255])
    c.udp(CLIENT, everybody, 47808, 47808, hexes("810b 000c 0120 ffff 00 ff 1008"))  # who is
    c.udp(SERVER, CLIENT, 47808, 47808, hexes("810a 0014 0100 1000 c4 0200 07d1 22 01e0 91 00 21 0f"))  # I am 2001
    c.udp(CLIENT, SERVER, 40100, 3671, hexes("0610 0203 000e 0801 00000000 0000"))
    c.udp(SERVER, CLIENT, 3671, 40100, hexes("0610 0204 0008 0000"))
    c.udp(SERVER, everybody, 55000, 55000, b"FACN" + bytes(60))
    c.udp(CLIENT, SERVER, 1743, 1740, hexes("c5 6b 40 03 0000 0000 0000 0000 0000 0000"))
    c.udp(CLIENT, SERVER, 9600, 9600, hexes("80 00 02 00 1e 00 00 0a 00 01 0501 00"))
    c.udp(SERVER, CLIENT, 9600, 9600, hexes("c0 00 02 00 0a 00 00 1e 00 01 0501 0000"))
    c.udp(CLIENT, SERVER, 20000, 20000, dnp3(0xC9, 10, 1))
    c.udp(SERVER, CLIENT, 20000, 20000, dnp3(0x0B, 1, 10))
    c.udp(CLIENT, SERVER, 40101, 5006, MELSEC_ASKED)
    c.udp(SERVER, CLIENT, 5006, 40101, MELSEC_ANSWERED)
    c.udp(CLIENT, SERVER, 40102, 5094, HART)
    c.udp(SERVER, CLIENT, 5094, 40102, HART_ANSWERED)
    # PROFINET connection management: the beginning of an RPC to a device's interface.
    rpc = hexes("04 00 20 00 000000 00") + hexes("dea00000 6c97 11d1 8271 000100020003")
    rpc += hexes("dea00001 6c97 11d1 8271 00a02442df7d") + bytes(40)
    c.udp(CLIENT, SERVER, 40103, 34964, rpc)
    c.udp(SERVER, CLIENT, 34964, 40103, hexes("04 02") + rpc[2:])
    # Look-alikes: a length that is not the datagram's.
    c.udp(CLIENT, SERVER, 40104, 47808, hexes("810a 0044 0100 1008"))
    c.udp(CLIENT, SERVER, 40105, 3671, hexes("0610 0203 0044 0801"))
    # PROFINET DCP: identify all, and the answer of a station with an address.
    c.frame(hexes("010ecf000000") + MACS[CLIENT] + hexes("8892 fefe 05 00 00000001 0001 0004 ffff 0000"))
    blocks = b""
    for option, value in (
        (0x0201, b"KITA DRIVE"),
        (0x0202, b"mixer-drive-1"),
        (0x0102, SERVER + bytes([255, 255, 255, 0]) + bytes(4)),
    ):
        blocks += struct.pack(">HHH", option, 2 + len(value), 0) + value + bytes(len(value) & 1)
    c.frame(MACS[CLIENT] + MACS[SERVER] + hexes("8892 feff 05 01 00000001 0000") + struct.pack(">H", len(blocks)) + blocks)
    c.frame(MACS[CLIENT] + MACS[SERVER] + hexes("8892 8001") + bytes(40) + hexes("0400 35 00"))
    # GOOSE and sampled values: application id, length, then BER.
    c.frame(hexes("010ccd010001") + MACS[SERVER] + hexes("88b8 0001 0020 00000000 6116") + bytes(22))
    c.frame(hexes("010ccd040001") + MACS[SERVER] + hexes("88ba 4000 0020 00000000 6016") + bytes(22))
    c.frame(hexes("01010105 0400") + MACS[CLIENT] + hexes("88a4 0e10 0700 0000 0000 0200 0000 00 00 0000"))


def mbap(transaction, unit, pdu):
    return struct.pack(">HHHB", transaction, 0, 1 + len(pdu), unit) + pdu


def modbus(c):
    read = mbap(1, 1, hexes("03 000a 0002"))
    answer = mbap(1, 1, hexes("03 04 0001 0002"))
    # The first byte that is seen lies inside of a request.
    c.talk(502, (">", read[5:]), ("<", answer), (">", read), ("<", answer), middle=True)
    # A request of which the middle was lost, and one behind it.
    c.talk(502, (">", read), ("<", answer), (">", read[:4]), ("!>", 8), (">", read[-1:]),
           (">", mbap(2, 1, hexes("06 0004 0063"))), ("<", mbap(2, 1, hexes("06 0004 0063"))))
    # Restart Communications, Force Listen Only; a function of a maker; two in one segment.
    c.talk(502, (">", mbap(3, 9, hexes("08 0001 0000"))), (">", mbap(4, 9, hexes("08 0004 0000"))),
           (">", mbap(5, 0, hexes("5a 00 02")) + read), ("<", mbap(5, 0, hexes("da 01")) + answer))
    # On another port, and something on its port that is none.
    c.talk(10502, (">", read), ("<", answer))
    c.talk(502, (">", b"GET / HTTP/1.0\r\n\r\n"))


def modbus_again(c):
    read = mbap(1, 1, hexes("03 000a 0002"))
    answer = mbap(1, 1, hexes("03 04 0001 0002"))
    # The last request is cut in its middle: what comes later is no rest of it.
    c.talk(502, (">", read), ("<", answer), (">", read[:5]), left=True)
    c.talk(502, (">", mbap(1, 1, hexes("06 0004 0063"))), ("<", mbap(1, 1, hexes("06 0004 0063"))), again=20)


def cotp(data):
    return struct.pack(">BBH", 3, 0, 7 + len(data)) + hexes("02 f0 80") + data


REQUEST = hexes("03000016 11 e0 0000 0001 00 c00109 c1020100 c2020102")
CONFIRM = hexes("03000016 11 d0 0001 0002 00 c00109 c1020100 c2020102")


def s7(c):
    c.talk(102, (">", REQUEST), ("<", CONFIRM), (">", cotp(hexes("72 01 0010 31 0000 04ca 0000 0002 0000 0120 3600 0000 7201 0000"))),
           ("<", cotp(hexes("72 01 0010 32 0000 04ca 0000 0002 0000 0120 3600 0000 7201 0000"))))
    session = hexes("0d 28 05 06 13 01 00 16 01 02 14 02 00 02 c1 1a") + hexes("31 18 a0 03 80 01 01 a2 11 a4 0f 30 0d 02 01 01 06 05 28 ca 22 02 01 30 04")
    c.talk(102, (">", REQUEST), ("<", CONFIRM), (">", cotp(session)), ("<", cotp(hexes("0e") + session[1:])))
    # A request of several COTP packets is told once; a setup behind bytes that are nothing.
    setup = hexes("32 01 0000 0100 0008 0000 f0 00 0001 0001 01e0")
    write = hexes("32 01 0000 0200 000e 0044 05 01 12 0a 10 02 0040 0001 84 000000") + hexes("00 04 0200") + bytes(64)
    part = struct.pack(">BBH", 3, 0, 7 + 40) + hexes("02 f0 00") + write[:40]
    c.talk(102, (">", REQUEST), ("<", CONFIRM), (">", cotp(setup)), (">", part), (">", cotp(write[40:])),
           (">", b"\x01\x02\x03\x04" + cotp(setup)))


def enip(c):
    # CPF: sequenced address (connection, count), connected data (count of its class, run, data).
    io = hexes("0200 0280 0800 88776655 01000000 b100 0a00 0100 01000000 2a000000")
    c.udp(CLIENT, SERVER, 2222, 2222, io)
    c.udp(SERVER, CLIENT, 2222, 2222, io)
    # PCCC: a protected typed logical write (0f, aa) and a change of mode (0f, 80).
    register = hexes("6500 0400 00000000 00000000 0000000000000000 00000000 0100 0000")
    session = hexes("6500 0400 01000000 00000000 0000000000000000 00000000 0100 0000")

    def rr(cip, context):
        data = hexes("00000000 0000 0200 0000 0000 b200") + struct.pack("<H", len(cip)) + cip
        return hexes("6f00") + struct.pack("<HIIQI", len(data), 1, 0, context, 0) + data

    pccc = hexes("4b 02 20 67 24 01 07 0100 04030201")
    reset = hexes("05 02 20 01 24 01")
    c.talk(44818, (">", register), ("<", session),
           (">", rr(pccc + hexes("0f 00 0001 aa 02 07 89 00 00 3412"), 1)), ("<", rr(hexes("cb 00 00 00 07 0100 04030201 4f 00 0001"), 1)),
           (">", rr(pccc + hexes("0f 00 0002 80 06"), 2)), ("<", rr(hexes("cb 00 00 00 07 0100 04030201 4f 10 0002"), 2)),
           (">", rr(reset, 3)), ("<", rr(hexes("85 00 0f 00"), 3)))


for name, write in (
    ("ot-streams", streams),
    ("ot-datagrams", datagrams),
    ("modbus-again", modbus_again),
    ("modbus-lost", modbus),
    ("s7comm-plus", s7),
    ("enip-io", enip),
):
    write(Capture("%s/%s.pcap" % (sys.argv[1], name)))
