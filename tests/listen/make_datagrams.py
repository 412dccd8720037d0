#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes captures of frames and datagrams that no program at hand sends, made by hand after the specifications
that the decoders name: make_datagrams.py FOLDER

  links.pcap       ARP that names another card, a virtual router, router advertisements, LLDP-MED, what is no CDP
  tunnels.pcap     6to4, ISATAP, Teredo, GRE, IPv4 in IPv4, and a mirror, which is none
  ipsec.pcap       main mode of IKE 1, ESP and AH, ESP behind NAT
  leases.pcap      DHCP and DHCPv6 through relays, refusals
  datagrams.pcap   PTP, RADIUS, a camera, broadcast NTP, model by multicast DNS, DNS with unasked records
  look-alikes.pcap what looks like one of them and is none: only conversations
"""
import hashlib
import struct
import sys
from ipaddress import ip_address

from make_layers import ethernet, ipv4, ipv6, mac, udp, write

BROADCAST = 0xFF


def chance(text, n):
    """n bytes that look like chance, each time the same."""
    out = b""
    while len(out) < n:
        out += hashlib.sha256(text.encode() + bytes([len(out) // 32])).digest()
    return out[:n]


def ip4(src, dst, protocol, payload, **how):
    return ethernet(src, dst, 0x0800, ipv4("192.0.2.%d" % src, "192.0.2.%d" % dst, protocol, payload, **how))


def datagram(src, dst, sport, dport, payload):
    return ip4(src, dst, 17, udp(sport, dport, payload))


def arp(frame_src, operation, sender_mac, sender, target, dst=BROADCAST):
    return ethernet(frame_src, dst, 0x0806, struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + sender_mac +
                    ip_address(sender).packed + bytes(6) + ip_address(target).packed)


def icmp6(src, dst, body, hops=255):
    return ethernet(1, BROADCAST, 0x86DD, ipv6(src, dst, 58, body, hops))


def advertisement(lifetime, options):
    return struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, lifetime, 0, 0) + options


def prefix(network, bits):
    return struct.pack("!BBBBIII", 3, 4, bits, 0xC0, 86400, 14400, 0) + ip_address(network).packed


def tlv(kind, value):
    return struct.pack("!H", kind << 9 | len(value)) + value


def links():
    # Somebody says that the address of another is his; then once with the right card in the frame.
    yield arp(5, 2, mac(6), "192.0.2.1", "192.0.2.9", 9)
    yield arp(6, 2, mac(6), "192.0.2.1", "192.0.2.9", 9)
    yield arp(5, 1, mac(5), "192.0.2.5", "192.0.2.5")
    # A virtual router's address in the frame of one of its machines: nobody forges anything.
    yield arp(7, 2, bytes.fromhex("00005e000105"), "192.0.2.254", "192.0.2.9", 9)
    # Nobody, everybody, and another operation.
    yield arp(8, 1, mac(8), "0.0.0.0", "192.0.2.8")
    yield arp(8, 2, b"\xff" * 6, "192.0.2.8", "192.0.2.9", 9)
    yield arp(8, 3, mac(8), "192.0.2.8", "192.0.2.9", 9)
    # Routers: one without a network, one that is no way out, one from far away, one that is no router's address.
    own = b"\x01\x01" + mac(1)
    yield icmp6("fe80::1", "ff02::1", advertisement(600, own))
    yield icmp6("fe80::2", "ff02::1", advertisement(0, prefix("fd00:20::", 64)))
    yield icmp6("fe80::3", "ff02::1", advertisement(1800, prefix("2001:db8:3::", 64)), hops=64)
    yield icmp6("2001:db8::4", "ff02::1", advertisement(1800, prefix("2001:db8:4::", 64)))
    # Options: none of length, a prefix longer than there is, a route of few bytes.
    yield icmp6("fe80::5", "ff02::1", advertisement(1800, b"\x03\x00" + bytes(30)))
    yield icmp6("fe80::6", "ff02::1", advertisement(1800, prefix("2001:db8:6::", 129)))
    yield icmp6("fe80::7", "ff02::1", advertisement(900, struct.pack("!BBBBI", 24, 1, 0, 0, 900)))
    # LLDP of a telephone: its card, no address, and its inventory.
    med = b"\x00\x12\xbb"
    yield ethernet(16, 14, 0x88CC, tlv(1, b"\x04" + mac(17)) + tlv(2, b"\x03" + mac(16)) + tlv(3, b"\0\x78") +
                   tlv(5, b"phone-16") + tlv(127, med + b"\x09Example") + tlv(127, med + b"\x0aModel 7") + tlv(0, b""))
    # LLDP that does not begin with a chassis; LLC that is no CDP (a spanning tree).
    yield ethernet(16, 14, 0x88CC, tlv(5, b"nobody") + tlv(0, b""))
    yield ethernet(16, 14, 38, b"\x42\x42\x03" + bytes(35))


def icmp_echo():
    return b"\x80\0\0\0\0\1\0\1ping"


def tunnels():
    # 6to4: the client's IPv4 address is in its IPv6 address; the answer comes from a relay.
    client = "2002:c000:201::1"  # 192.0.2.1
    yield ip4(1, 2, 41, ipv6(client, "2001:db8::2", 58, icmp_echo()))
    yield ip4(2, 1, 41, ipv6("2001:db8::2", client, 58, icmp_echo()))
    # ISATAP, in both forms of its identifier.
    yield ip4(3, 4, 41, ipv6("fe80::5efe:c000:203", "ff02::2", 58, icmp_echo()))
    yield ip4(4, 3, 41, ipv6("2001:db8:1::2", "2001:db8:1:0:200:5efe:c000:203", 58, icmp_echo()))
    # Another IPv6 in IPv4, IPv4 in IPv4, GRE with IPv4, GRE with Ethernet (a mirror).
    yield ip4(5, 6, 41, ipv6("2001:db8:5::1", "2001:db8:6::1", 58, icmp_echo()))
    yield ip4(5, 6, 4, ipv4("10.5.0.1", "10.6.0.1", 17, udp(40000, 4000, b"inside")))
    yield ip4(7, 8, 47, struct.pack("!HH", 0, 0x0800) + ipv4("10.7.0.1", "10.8.0.1", 17, udp(40000, 4000, b"inside")))
    mirrored = ethernet(21, 22, 0x0800, ipv4("10.21.0.1", "10.22.0.1", 17, udp(40000, 4000, b"mirrored")))
    yield ip4(9, 10, 47, struct.pack("!HH", 0, 0x6558) + mirrored)
    # Teredo: a bubble, then data with an origin before it.
    teredo = "2001:0:c633:6401::fdff:ff"
    yield datagram(11, 12, 50000, 3544, ipv6(teredo, "2001:db8::9", 59, b""))
    yield datagram(12, 11, 3544, 50000, b"\0\0" + bytes(6) + ipv6("2001:db8::9", teredo, 58, icmp_echo()))


def ike(version, exchange, flags, following, responder, length=28):
    return b"INITIATR" + responder + struct.pack("!BBBBII", following, version, exchange, flags, 0, length)


def ipsec():
    # Main mode: the second message has both cookies and begins with what was chosen; the third is the caller's.
    yield datagram(1, 2, 500, 500, ike(0x10, 2, 0, 1, bytes(8)))
    yield datagram(2, 1, 500, 500, ike(0x10, 2, 0, 1, b"RESPONDR"))
    yield datagram(1, 2, 500, 500, ike(0x10, 2, 0, 4, b"RESPONDR"))
    # A question that nobody answers.
    yield datagram(1, 3, 500, 500, ike(0x20, 34, 8, 33, bytes(8)))
    # ESP, AH; behind NAT: ESP, a sign of life, and a number that is nobody's.
    yield ip4(4, 5, 50, struct.pack("!II", 0xC0FFEE, 1) + chance("esp", 48))
    yield ip4(5, 4, 51, struct.pack("!BBHII", 4, 4, 0, 0xC0FFEE, 1) + chance("ah", 12) + chance("inner", 20))
    yield datagram(6, 7, 4500, 4500, struct.pack("!II", 0xC0FFEE, 1) + chance("nat", 48))
    yield datagram(6, 7, 4500, 4500, b"\xff")
    yield datagram(8, 7, 4501, 4500, struct.pack("!II", 17, 1) + chance("reserved", 48))


def dhcp(op, kind, your="0.0.0.0", options=b"", relay="0.0.0.0"):
    return (struct.pack("!BBBBIHH", op, 1, 6, 0, 7, 0, 0) + bytes(4) + ip_address(your).packed + bytes(4) +
            ip_address(relay).packed + mac(9) + bytes(10 + 192) + b"\x63\x82\x53\x63" + bytes([53, 1, kind]) +
            options + b"\xff")


def option(code, value):
    return bytes([code, len(value)]) + value


def option6(code, value):
    return struct.pack("!HH", code, len(value)) + value


def leases():
    server = option(54, ip_address("203.0.113.5").packed)
    # From a server behind a relay: it is told of, not the relay.
    yield datagram(1, 9, 67, 68, dhcp(2, 5, "192.0.2.9", server + option(3, ip_address("192.0.2.1").packed),
                                      "192.0.2.1"))
    # Refused: nobody is told of. A client's request with a name, to all.
    yield datagram(2, 9, 67, 68, dhcp(2, 6, options=option(54, ip_address("192.0.2.2").packed)))
    yield datagram(9, 255, 68, 67, dhcp(1, 3, options=option(12, b"press-7") + option(81, b"\0\0\0press-7.plant") +
                                        option(55, bytes([1, 3, 6, 15]))))
    # BOOTP: no kind of message.
    plain = dhcp(2, 5, "192.0.2.9")
    yield datagram(3, 9, 67, 68, plain[:240] + b"\xff")
    # DHCPv6 through a relay: a solicitation in it, and the server's reply to the relay.
    name = option6(39, b"\x01\x07press-7\x05plant\x07example\0")
    solicit = b"\x01\0\0\7" + name
    hops = b"\0" + ip_address("2001:db8::1").packed + ip_address("fe80::9").packed
    yield ethernet(1, 2, 0x86DD, ipv6("2001:db8::1", "2001:db8::547", 17, udp(547, 547, b"\x0c" + hops +
                                                                             option6(9, solicit))))
    reply = b"\x07\0\0\7" + option6(23, ip_address("2001:db8::53").packed)
    yield ethernet(2, 1, 0x86DD, ipv6("2001:db8::547", "2001:db8::1", 17, udp(547, 547, b"\x0d" + hops +
                                                                             option6(9, reply))))
    # Relays in relays, more than are followed.
    deep = solicit
    for _ in range(12):
        deep = b"\x0c" + hops + option6(9, deep)
    yield ethernet(1, 2, 0x86DD, ipv6("2001:db8::1", "2001:db8::547", 17, udp(547, 547, deep)))


def labels(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def record(name, kind, data, cls=1):
    return labels(name) + struct.pack("!HHIH", kind, cls, 60, len(data)) + data


CAMERA = """<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>
<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action></s:Header><s:Body>
<d:Scopes>onvif://www.onvif.org/name/Gate%20camera onvif://www.onvif.org/hardware/EX-100
 onvif://www.onvif.org/type/ptz</d:Scopes></s:Body></s:Envelope>"""


def datagrams():
    # PTP over UDP and over Ethernet: an announcement, and a question for delay, which no clock asks for sends.
    yield datagram(1, 2, 320, 320, struct.pack("!BBH", 0x0B, 2, 64) + bytes(60))
    yield ethernet(3, BROADCAST, 0x88F7, struct.pack("!BBH", 0x00, 2, 44) + bytes(40))
    yield datagram(4, 2, 319, 319, struct.pack("!BBH", 0x01, 2, 44) + bytes(40))
    # RADIUS: a question, an answer.
    yield datagram(5, 6, 40000, 1812, struct.pack("!BBH", 1, 7, 20) + chance("request", 16))
    yield datagram(6, 5, 1812, 40000, struct.pack("!BBH", 3, 7, 20) + chance("reject", 16))
    # A camera that was looked for.
    yield datagram(7, 8, 3702, 41000, CAMERA.encode())
    # NTP to all, and a question alone.
    yield datagram(9, 255, 123, 123, b"\x25\x02" + bytes(46))
    yield datagram(10, 11, 123, 123, b"\x23\0" + bytes(46))
    # What a device says of its model.
    text = b"\x0emodel=Panel700\x03x=1"
    yield datagram(12, 251, 5353, 5353, struct.pack("!HHHHHH", 0, 0x8400, 0, 1, 0, 0) +
                   record("panel._device-info._tcp.local", 16, text))
    # An answer with an address that nobody asked for.
    yield datagram(13, 14, 53, 42000, struct.pack("!HHHHHH", 7, 0x8180, 1, 2, 0, 0) + labels("a.example") +
                   struct.pack("!HH", 1, 1) + record("a.example", 1, ip_address("198.51.100.1").packed) +
                   record("other.example", 1, ip_address("198.51.100.2").packed))
    # NetBIOS: a name of Windows XP's kind is registered; a group is nobody's name.
    for name, suffix, flags, at in ((b"PRESS-7", 0x00, 0x0000, 15), (b"PLANT", 0x00, 0x8000, 15)):
        encoded = b"\x20" + b"".join(bytes([65 + (c >> 4), 65 + (c & 15)])
                                     for c in name.ljust(15) + bytes([suffix])) + b"\0"
        yield datagram(at, 255, 137, 137, struct.pack("!HHHHHH", 9, 0x2910, 1, 0, 0, 1) + encoded +
                       struct.pack("!HH", 0x20, 1) + b"\xc0\x0c" + struct.pack("!HHIHH", 0x20, 1, 60, 6, flags) +
                       ip_address("192.0.2.%d" % at).packed)


def look_alikes():
    # Lengths of WireGuard, but padded; a first byte of OpenVPN.
    yield datagram(1, 2, 40001, 5500, b"\x01\0\0\0" + b"value 1234" + bytes(134))
    yield datagram(2, 1, 5501, 40001, b"\x02\0\0\0" + b"value 1234" + bytes(78))
    yield datagram(1, 2, 40002, 5502, b"\x38" + chance("data", 60))
    yield datagram(2, 1, 5503, 40003, b"\x40" + chance("more", 60))
    # On the ports of the protocols, but none of them.
    for port, bytes_of in ((53, b"hello"), (67, b"hello" * 60), (69, b"\0\1name"), (123, b"\0" * 48),
                           (137, b"hello world, hello"), (138, b"\x10hello"), (161, b"\x30\x03\x02\x01\x09"),
                           (500, chance("ike", 40)), (514, b"<999>text"), (514, b"<>text"), (546, b"\x07hello"),
                           (1701, b"\xc8\x02\0\x0c"), (1812, b"\2\1\0\x15" + bytes(16)), (1900, b"hello\r\n\r\n"),
                           (3702, b"<xml/>"), (5060, b"hello SIP\r\n\r\n"), (5353, b"\0\0\x84"), (5355, b"\0\0\x80\0"),
                           (320, b"\x0b\x02\xff\xff")):
        yield datagram(3, 4, port, 50000, bytes_of)
        yield datagram(4, 3, 50001, port, bytes_of)


if __name__ == "__main__":
    for make in (links, tunnels, ipsec, leases, datagrams, look_alikes):
        write("%s/%s.pcap" % (sys.argv[1], make.__name__.replace("_", "-")), make())
