#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of crypto_table.py: run by hand, without root."""
import json
import os
import struct
import tempfile
import unittest

import crypto_table

CLIENT, SERVER, OTHER = b"\x0a\0\0\1", b"\x0a\0\0\2", b"\x0a\0\0\3"
SYN, FIN, RST, ACK = crypto_table.SYN, crypto_table.FIN, crypto_table.RST, crypto_table.ACK


def frame(source, sport, target, dport, flags):
    tcp = struct.pack("!HHIIBBHHH", sport, dport, 0, 0, 0x50, flags, 0, 0, 0)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + source + target
    return b"\0" * 12 + b"\x08\0" + ip + tcp


class Together(unittest.TestCase):
    def most(self, *frames):
        with tempfile.NamedTemporaryFile(suffix=".pcap") as f:
            f.write(b"\xd4\xc3\xb2\xa1" + b"\0" * 20)
            for one in frames:
                f.write(struct.pack("<IIII", 0, 0, len(one), len(one)) + one)
            f.flush()
            return crypto_table.together(f.name)

    def test_one_after_the_other(self):
        self.assertEqual(self.most(
            frame(CLIENT, 1, SERVER, 443, SYN), frame(CLIENT, 1, SERVER, 443, FIN | ACK),
            frame(CLIENT, 2, SERVER, 443, SYN), frame(SERVER, 443, CLIENT, 2, RST),
            frame(CLIENT, 3, SERVER, 443, SYN))["most"], 1)

    def test_server_that_ends_first_does_not_close(self):
        self.assertEqual(self.most(
            frame(CLIENT, 1, SERVER, 443, SYN), frame(SERVER, 443, CLIENT, 1, FIN | ACK),
            frame(CLIENT, 2, SERVER, 443, SYN))["most"], 2)

    def test_repeated_syn_is_one_and_servers_count_apart(self):
        self.assertEqual(self.most(
            frame(CLIENT, 1, SERVER, 443, SYN), frame(CLIENT, 1, SERVER, 443, SYN),
            frame(CLIENT, 2, OTHER, 443, SYN), frame(SERVER, 443, CLIENT, 1, SYN | ACK)),
            {"hosts": 2, "most": 1, "median": 1})


class Readers(unittest.TestCase):
    def read(self, reader, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x")
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
            return reader(path)

    def test_testssl(self):
        self.assertEqual(self.read(crypto_table.of_testssl, json.dumps([
            {"id": "TLS1_2", "finding": "offered"}, {"id": "SSLv3", "finding": "not offered"},
            {"id": "cipher-tls1_2_xc030", "finding": "TLSv1.2 xc030 X AESGCM 256 TLS_A_WITH_B"},
            {"id": "PFS_ECDHE_curves", "finding": "prime256v1 X25519"},
            {"id": "DH_groups", "finding": "ffdhe2048"}])), {
            ("tls.version", "TLSv1.2"), ("tls.suite", ("TLSv1.2", "TLS_A_WITH_B")), ("tls.group", "secp256r1"),
            ("tls.group", "x25519"), ("tls.group", "ffdhe2048")})

    def test_ssh_audit(self):
        self.assertEqual(self.read(crypto_table.of_ssh_audit, json.dumps({
            "kex": [{"algorithm": "a"}], "key": [{"algorithm": "b", "keysize": 1}], "enc": ["c"], "mac": [],
            "fingerprints": [{"hash": "x", "hash_alg": "MD5", "hostkey": "b"}]})),
            {("ssh.kex", "a"), ("ssh.hostkey", "b"), ("ssh.cipher", "c")})
        self.assertEqual(self.read(crypto_table.weak_of_ssh_audit,
                                   "(key) b  -- [fail] why\n(kex) a -- [warn] why\n"), {"hostkey b"})


if __name__ == "__main__":
    unittest.main()
