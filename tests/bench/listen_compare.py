#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `tenken listen -r` understands of captures, beside tshark.

  listen_compare.py TENKEN CAPTURE...       the differences of each capture, and a line that sums it up
  listen_compare.py --store FILE CAPTURE    the same of a store that is there already

Compared: addresses; conversations by address pair with packets and bytes (of IP, as its headers say); names asked
of DNS; names of TLS servers; TLS versions negotiated; Modbus requests by function. Tunnels: the innermost packet on
both sides; what an ICMP error quotes is no packet.
"""
import collections
import ipaddress
import os
import sqlite3
import subprocess
import sys
import tempfile

TSHARK = ["tshark", "-n", "-o", "tcp.relative_sequence_numbers:FALSE", "-o", "ip.defragment:TRUE"]
VERSIONS = {0x0002: "SSLv2", 0x0300: "SSLv3", 0x0301: "TLSv1.0", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}
WANTED = (
    "frame.protocols", "ip.src", "ip.dst", "ip.len", "ipv6.src", "ipv6.dst", "ipv6.plen",
    "dns.flags.response", "dns.qry.name", "tls.handshake.extensions_server_name", "tls.handshake.type",
    "tls.handshake.version", "tls.handshake.extensions.supported_version", "tcp.srcport", "tcp.dstport",
    "modbus.func_code", "modbus.exception_code",
)
FIELDS = ("hosts", "conversations", "dns", "sni", "tls", "modbus")


def tshark(path):
    """A row for each packet: of each field the list of its values."""
    command = TSHARK + ["-r", path, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=\x1f"]
    for field in WANTED:
        command += ["-e", field]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        values = line.split("\t")
        if len(values) == len(WANTED):
            yield dict(zip(WANTED, (value.split("\x1f") if value else [] for value in values)))


def number(text):
    return int(text, 16) if text.startswith("0x") else int(text)


def truth(values):
    """None: the field is not there."""
    return values[0] in ("1", "True") if values else None


# ---- what tshark sees ----


def innermost(protocols, v4, v6):
    """The addresses and length of the innermost IP packet that is no quotation: layers in their order."""
    used = {"ip": 0, "ipv6": 0}
    found = None
    for layer in protocols:
        if layer in ("icmp", "icmpv6"):
            break
        if layer not in used:
            continue
        at, values = used[layer], v4 if layer == "ip" else v6
        used[layer] += 1
        if at < len(values[0]) and at < len(values[1]) and at < len(values[2]):
            length = number(values[2][at]) + (0 if layer == "ip" else 40)
            found = values[0][at], values[1][at], length
    return found


def seen_by_tshark(path):
    seen = {field: set() for field in FIELDS}
    seen["conversations"] = collections.defaultdict(lambda: [0, 0])
    seen["modbus"] = collections.Counter()
    for row in tshark(path):
        layers = row["frame.protocols"][0].split(":")
        packet = innermost(
            layers, [row["ip.src"], row["ip.dst"], row["ip.len"]], [row["ipv6.src"], row["ipv6.dst"], row["ipv6.plen"]]
        )
        if packet is None:
            continue
        src, dst, length = packet
        seen["hosts"].update((src, dst))
        pair = seen["conversations"][tuple(sorted((src, dst)))]
        pair[0] += 1
        pair[1] += length
        if "dns" in layers and truth(row["dns.flags.response"][:1]) is False:
            seen["dns"].update(name.lower().rstrip(".") for name in row["dns.qry.name"] if name != "<Root>")
        seen["sni"].update(name.lower() for name in row["tls.handshake.extensions_server_name"])
        if "2" in row["tls.handshake.type"] and row["tcp.srcport"] and row["tls.handshake.version"]:
            chosen = row["tls.handshake.extensions.supported_version"]
            word = number((chosen or row["tls.handshake.version"])[0])
            # Drafts of TLS 1.3.
            word = 0x0304 if word >> 8 in (0x7F, 0xFB) else word
            seen["tls"].add((src, int(row["tcp.srcport"][-1]), VERSIONS.get(word, hex(word))))
        if "502" in row["tcp.dstport"] and not row["modbus.exception_code"]:
            seen["modbus"].update(number(code) for code in row["modbus.func_code"])
    return seen


# ---- what the store says ----


def seen_by_us(store):
    db = sqlite3.connect("file:%s?mode=ro" % store, uri=True)
    seen = {"hosts": {row[0] for row in db.execute("SELECT address FROM heard_host WHERE sent + received > 0")}}
    seen["conversations"] = collections.defaultdict(lambda: [0, 0])
    for src, dst, packets, sent in db.execute(
        "SELECT src, dst, sum(sent_packets + received_packets), sum(sent + received) FROM flow "
        "WHERE src <> '' AND dst <> '' GROUP BY src, dst"
    ):
        pair = seen["conversations"][tuple(sorted((src, dst)))]
        pair[0] += packets
        pair[1] += sent
    fact = "SELECT address, port, value FROM heard WHERE kind = ?"
    seen["dns"] = {value.lower().rstrip(".") for _, _, value in db.execute(fact, ("dns.question",)) if value not in ("", ".")}
    seen["sni"] = {value.lower() for _, _, value in db.execute(fact, ("name.tls",))}
    seen["tls"] = set(db.execute(fact + " AND transport = 'tcp'", ("tls.version",)))
    seen["modbus"] = collections.Counter()
    for code, requests in db.execute("SELECT code, requests FROM operation WHERE protocol = 'modbus' AND port = 502"):
        seen["modbus"][code & 0xFF] += requests
    seen["modbus"] += collections.Counter()  # without those that were only refused
    db.close()
    return seen


# ---- both ----


def is_host(text):
    """No multicast, broadcast or unspecified address."""
    a = ipaddress.ip_address(text.split("%")[0])
    return not a.is_multicast and not a.is_unspecified and str(a) != "255.255.255.255" and not (a.version == 4 and a.packed[0] == 0)


def plain(value):
    if isinstance(value, (set, frozenset)):
        return value
    return {(key, tuple(v) if isinstance(v, list) else v) for key, v in value.items()}


def compare(capture, ours, theirs):
    words = []
    for seen in (ours, theirs):
        seen["hosts"] = {host for host in seen["hosts"] if is_host(host)}
    for field in FIELDS:
        a, b = plain(ours[field]), plain(theirs[field])
        for item in sorted(a - b, key=repr)[:20]:
            print("  %s: tenken only: %s" % (field, item))
        for item in sorted(b - a, key=repr)[:20]:
            print("  %s: tshark only: %s" % (field, item))
        words.append("%s %s" % (field, "differs" if a != b else len(b) if b else "-"))
    print("%s: %s" % (capture, ", ".join(words)))
    return all("differs" not in word for word in words)


def main(arguments):
    same = True
    if arguments[0] == "--store":
        return compare(arguments[2], seen_by_us(arguments[1]), seen_by_tshark(arguments[2]))
    for capture in arguments[1:]:
        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, "store.sqlite")
            command = [os.path.abspath(arguments[0]), "listen", "-r", os.path.abspath(capture), "--store", store, "--quiet"]
            done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
            if not os.path.exists(store):
                print("%s: tenken ended with %d" % (capture, done.returncode))
                same = False
                continue
            same &= compare(capture, seen_by_us(store), seen_by_tshark(capture))
    return same


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
