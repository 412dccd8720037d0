# SPDX-License-Identifier: Apache-2.0
"""What tenken says of an SSH server beside what another scanner says.

ssh-compare.py EXPORT.json ADDRESS ssh-audit AUDIT.json AUDIT.txt
ssh-compare.py EXPORT.json ADDRESS nmap NMAP.xml
ssh-compare.py EXPORT.json ADDRESS keys PUBLIC-KEY-FILE...   every one of them, and no other

One line for each difference; status 1 where there is one. Differences that are meant to be are told in
doc/probes/ssh.md.
"""
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

export, address, peer = sys.argv[1:4]
document = json.load(open(export))
host = [h for h in document["hosts"] if h["address"] == address]
evidence = [s["evidence"]["ssh"] for h in host for s in h["services"] if "ssh" in (s.get("evidence") or {})]
if len(evidence) != 1:
    sys.exit("%s: %d SSH servers in the export" % (address, len(evidence)))
ours = evidence[0]
findings = [f for f in document["findings"] if f["address"] == address]
failed = False


def differ(words, got, expected):
    global failed
    if got != expected:
        failed = True
        if isinstance(got, set):
            got, expected = sorted(got - expected), sorted(expected - got)
        print("%s: only tenken %s, only %s %s" % (words, got, peer, expected))


def once(names):
    """Two keys of one type make OpenSSH name it twice."""
    return list(dict.fromkeys(names))


def keys():
    return ours.get("hostkeys", [])


# ---- ssh-audit ----
def audit_weak(text):
    """(kind, algorithm) with a warning or failure, where it is meant as one."""
    kinds = {"kex": "kex", "key": "hostkey", "enc": "cipher", "mac": "mac"}
    weak = set()
    for line in open(text):
        m = re.match(r"\((kex|key|enc|mac)\) (\S+)(?: \(.*\))? +-- \[(?:fail|warn)\] (.*)", line.rstrip())
        if m is None:
            continue
        kind, name, reason = kinds[m[1]], m[2], m[3]
        # Not known to it; not weak by today; a short key is a finding of the key (ssh.hostkey-weak).
        if reason == "unknown algorithm" or reason == "using experimental algorithm":
            continue
        if kind == "hostkey" and re.match(r"using small \d+-bit modulus$", reason):
            if not any(f["check"] == "ssh.hostkey-weak" for f in findings):
                weak.add((kind, name + " (key)"))
            continue
        weak.add((kind, name))
    return weak


def our_weak():
    weak = set()
    for f in findings:
        if f["check"] == "ssh.algorithm-weak" and f["detail"] != "CRYPTREC list":
            kind, name = f["detail"].split(" ", 1)
            told = (f.get("evidence") or {}).get("algorithms")
            weak |= {(kind, a) for a in (told if told is not None else [name])}
    return weak


# What ssh-audit 2.5 does not know, or knows without calling it weak.
OURS_ALONE = {
    ("mac", "hmac-sha256-2@ssh.com"), ("mac", "hmac-sha224@ssh.com"), ("mac", "hmac-sha384@ssh.com"),
} | {("kex", "diffie-hellman-group-exchange-sha%d@ssh.com" % n) for n in (224, 384, 512)}


def against_audit(audit, text):
    theirs = json.load(open(audit))
    differ("software", ours["software"], theirs["banner"]["software"])
    differ("protocol", ours["protocol"], "%d.%d" % tuple(theirs["banner"]["protocol"]))
    for kind, name in (("kex", "kex"), ("hostkey", "key")):
        differ(kind, ours["algorithms"][kind], once(a["algorithm"] for a in theirs[name]))
    for kind, name in (("cipher", "enc"), ("mac", "mac"), ("compression", "compression")):
        differ(kind, ours["algorithms"][kind], theirs[name])
    sizes = {a["algorithm"]: a["keysize"] for a in theirs["key"] if "keysize" in a}
    for k in keys():
        size = k["bits"]
        if "certificate" in k: # it tells the smaller of key and authority, and of RSA alone
            size = k["certificate"]["authority"]["bits"] if "rsa" in k["certificate"]["authority"]["type"] else None
        if k["algorithm"] in sizes and size is not None:
            differ("size of " + k["algorithm"], size, sizes[k["algorithm"]])
    prints = {(f["hostkey"], f["hash_alg"], f["hash"]) for f in theirs["fingerprints"]}
    told = {(k["type"], a, h) for k in keys() if "certificate" not in k
            for a, h in (("SHA256", k["sha256"][len("SHA256:"):]), ("MD5", k["md5"]))}
    differ("fingerprints", told & prints, {p for p in prints if "cert" not in p[0]})
    bits = {a["algorithm"]: a["keysize"] for a in theirs["kex"] if "keysize" in a}
    least = min((m["bits"] for m in ours.get("moduli", []) if "bits" in m), default=None)
    for name, size in bits.items():
        differ("group of " + name, least, size)
    weak, other = our_weak(), audit_weak(text)
    differ("weak", weak - OURS_ALONE, other - OURS_ALONE)


# ---- nmap ----
def against_nmap(path):
    scripts = {s.get("id"): s for s in ElementTree.parse(path).iter("script")}
    lists = {t.get("key"): [e.text for e in t.findall("elem")] for t in scripts["ssh2-enum-algos"].findall("table")}
    for kind, name in (("kex", "kex_algorithms"), ("hostkey", "server_host_key_algorithms"),
                       ("cipher", "encryption_algorithms"), ("mac", "mac_algorithms"),
                       ("compression", "compression_algorithms")):
        differ(kind, ours["algorithms"][kind], once(lists[name]))
    theirs = {(t.find("elem[@key='type']").text, int(t.find("elem[@key='bits']").text),
               t.find("elem[@key='fingerprint']").text)
              for t in (scripts["ssh-hostkey"].findall("table") if "ssh-hostkey" in scripts else [])}
    # It knows fewer key exchanges and no RSA without SHA-1: what it sees must be among ours.
    differ("keys", {(k["type"], k["bits"], k["md5"].replace(":", "")) for k in keys()} & theirs, theirs)
    methods = scripts.get("ssh-auth-methods")
    if methods is not None:
        table = methods.find("table")
        told = {e.text for e in table.findall("elem")} if table is not None else set()
        if told:
            differ("methods", set(ours.get("auth", [])), {"none" if t == "none_auth" else t for t in told})


# ---- the keys themselves ----
def against_files(paths):
    def told(path, algorithm):
        line = subprocess.run(["ssh-keygen", "-l", "-E", algorithm, "-f", path], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.split()
        return line[0], line[1]

    files = set()
    for path in paths:
        bits, sha256 = told(path, "sha256")
        files.add((int(bits), sha256, told(path, "md5")[1][len("MD5:"):]))
    differ("keys", {(k["bits"], k["sha256"], k["md5"]) for k in keys()}, files)


{"ssh-audit": against_audit, "nmap": against_nmap, "keys": lambda *paths: against_files(paths)}[peer](*sys.argv[4:])
sys.exit(failed)
