#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A router that advertises itself, for the lab: answers router solicitations (RFC 4861), and says
nothing on its own. Usage: segment-host.py INTERFACE"""
import socket
import struct
import sys

SOLICIT, ADVERT, GROUP = 133, 134, "ff02::2"


def main():
    index = socket.if_nametoindex(sys.argv[1])
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                 socket.inet_pton(socket.AF_INET6, GROUP) + struct.pack("@I", index))
    # hop limit 64, no flags, no lifetime as a default router, no times
    advert = struct.pack("!BBHBBHII", ADVERT, 0, 0, 64, 0, 0, 0, 0)
    print("ready", flush=True)
    while True:
        data, _ = s.recvfrom(1500)
        if data and data[0] == SOLICIT:
            s.sendto(advert, ("ff02::1", 0, 0, index))


main()
