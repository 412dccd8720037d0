#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of the cryptography parts of make bench: crypto_table.py FOLDER

    crypto_table.py --together CAPTURE      the largest number of connections that one server had open
"""
import collections
import glob
import json
import os
import re
import statistics
import struct
import subprocess
import sys
import xml.etree.ElementTree

import facts

FIN, SYN, RST, ACK = 1, 2, 4, 16
TLS_KINDS = ("tls.version", "tls.suite", "tls.group")
SSH_KINDS = ("ssh.kex", "ssh.hostkey", "ssh.cipher", "ssh.mac", "ssh.compression", "ssh.host-key")


# ---- connections at a time ----

def frames(path):
    with open(path, "rb") as f:
        if f.read(24)[:4] != b"\xd4\xc3\xb2\xa1":
            raise SystemExit(f"{path}: no capture of this machine")
        while True:
            head = f.read(16)
            if len(head) < 16:
                return
            data = f.read(struct.unpack("<IIII", head)[2])
            if data[12:14] == b"\x08\x00" and data[23] == 6:
                ip = data[14:]
                size = (ip[0] & 15) * 4
                source, target, flags = *struct.unpack("!HH", ip[size:size + 4]), ip[size + 13]
                yield (ip[12:16], source), (ip[16:20], target), flags


def together(path):
    """A connection lasts from the SYN to the FIN of the one who made it, or to a RST of either."""
    open_now, most = collections.defaultdict(set), collections.Counter()
    for sender, receiver, flags in frames(path):
        if flags & SYN and not flags & ACK:
            open_now[receiver[0]].add((sender, receiver))
            most[receiver[0]] = max(most[receiver[0]], len(open_now[receiver[0]]))
        elif flags & (FIN | RST):
            open_now[receiver[0]].discard((sender, receiver))
            if flags & RST:
                open_now[sender[0]].discard((receiver, sender))
    counts = sorted(most.values())
    return {"hosts": len(counts), "most": counts[-1] if counts else 0,
            "median": statistics.median(counts) if counts else 0}


# ---- what was found ----

def iana_of_openssl():
    text = subprocess.run(["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL"], capture_output=True,
                          text=True, check=True).stdout
    return {name: iana for iana, name in re.findall(r"^\s*0x..,0x.. - (\S+)\s+- (\S+)", text, re.M)}


def group_name(text):
    text = text.split(" ")[0].lower()
    text = {"prime256v1": "secp256r1", "p-256": "secp256r1", "p-384": "secp384r1", "p-521": "secp521r1",
            "brainpoolp256r1": "brainpoolP256r1", "brainpoolp384r1": "brainpoolP384r1",
            "brainpoolp512r1": "brainpoolP512r1"}.get(text, text)
    return facts.group(text)


def of_sslscan(path):
    names, found = iana_of_openssl(), set()
    for node in xml.etree.ElementTree.parse(path).iter():
        if node.tag == "protocol" and node.get("enabled") == "1":
            found.add(("tls.version", f"{node.get('type').upper()}v{node.get('version')}"))
        elif node.tag == "cipher":
            found.add(("tls.suite", (node.get("sslversion"), names.get(node.get("cipher"), node.get("cipher")))))
        elif node.tag == "group":
            found.add(("tls.group", group_name(node.get("name"))))
    return found


TESTSSL_VERSIONS = {"SSLv2": "SSLv2", "SSLv3": "SSLv3", "TLS1": "TLSv1.0", "TLS1_1": "TLSv1.1", "TLS1_2": "TLSv1.2",
                    "TLS1_3": "TLSv1.3"}


def of_testssl(path):
    found = set()
    with open(path, encoding="utf-8") as f:
        told = json.load(f)
    for one in told:
        name, text = one["id"], one["finding"]
        if name in TESTSSL_VERSIONS and text.startswith("offered"):
            found.add(("tls.version", TESTSSL_VERSIONS[name]))
        suite = re.match(r"cipher-(ssl2|ssl3|tls1|tls1_1|tls1_2|tls1_3)_x", name)
        if suite:
            version = {k.lower(): v for k, v in TESTSSL_VERSIONS.items()}[suite.group(1).replace("ssl", "sslv")]
            found.add(("tls.suite", (version, re.findall(r"\S+", text)[-1])))
        elif re.search(r"FS_(TLS1[23]_)?ECDHE_curves$", name):
            found |= {("tls.group", group_name(g)) for g in text.split()}
        elif name == "DH_groups":
            found |= {("tls.group", g.lower()) for g in re.findall(r"ffdhe\d+", text, re.I)}
    return found


def of_ssh_audit(path):
    found = set()
    with open(path, encoding="utf-8") as f:
        told = json.load(f)
    for key, kind in (("kex", "kex"), ("key", "hostkey"), ("enc", "cipher"), ("mac", "mac"),
                      ("compression", "compression")):
        found |= {(f"ssh.{kind}", one if isinstance(one, str) else one["algorithm"]) for one in told.get(key, [])}
    found |= {("ssh.host-key", (one["hostkey"], "SHA256:" + one["hash"]))
              for one in told.get("fingerprints", []) if one["hash_alg"] == "SHA256"}
    return found


def weak_of_ssh_audit(path):
    """What it calls a failure."""
    with open(path, encoding="utf-8") as f:
        told = re.findall(r"^\((kex|key|enc|mac)\) (\S+).*\[fail\]", f.read(), re.M)
    kinds = {"key": "hostkey", "enc": "cipher"}
    return {f"{kinds.get(kind, kind)} {name}" for kind, name in told}


def weak_of_tenken(path):
    with open(path, encoding="utf-8") as f:
        return {one["detail"] for one in json.load(f)["findings"] if one["check"] == "ssh.algorithm-weak"}


def by_server(path, kinds):
    try:
        return {(kind, (address, value)) for address, _, kind, value in facts.read(path) if kind in kinds}
    except (OSError, ValueError): # of a run that was ended at its limit
        return set()


def of_others(path, kinds):
    found = {(kind, value) for _, _, kind, value in facts.read(path) if kind in kinds}
    found = {(k, (v[0], v[2]) if k == "ssh.host-key" else v) for k, v in found} # without the size
    with open(path, "rb") as f:
        tenken = f.read(1) == b"{"
    if tenken: # every group that was asked for, where the probe tells it
        with open(path, encoding="utf-8") as f:
            for host in json.load(f)["hosts"]:
                for service in host["services"]:
                    for one in service.get("evidence", {}).get("tls", {}).get("groups", []):
                        found.add(("tls.group", group_name(one if isinstance(one, str) else one.get("group", ""))))
    # nmap has "dh 2048" and "rsa 2048" among them
    return {(k, v) for k, v in found if k != "tls.group" or (v and " " not in v)}


class Run:
    def __init__(self, folder, name):
        place = os.path.join(folder, name)
        self.who, self.place = name.split("-")[2], place
        with open(place + ".run", encoding="ascii") as f:
            self.measured = json.load(f)
        with open(place + ".syn", encoding="ascii") as f:
            self.connections = int(f.read())
        with open(place + ".servers", encoding="ascii") as f:
            self.servers = int(f.read()) / 100
        self.seconds, self.cpu = self.measured["seconds"], self.measured["cpu_seconds"]
        try:
            with open(place + ".together", encoding="ascii") as f:
                self.together = json.load(f)
        except OSError:
            self.together = None
        self.found = set()
        kinds = SSH_KINDS if "-ssh-" in name else TLS_KINDS
        reader = {"sslscan": of_sslscan, "testssl": of_testssl, "sshaudit": of_ssh_audit}.get(
            self.who, lambda path: of_others(path, kinds))
        try:
            self.found = reader(place + ".found")
        except (OSError, ValueError, KeyError, xml.etree.ElementTree.ParseError) as wrong:
            print(f"\n{name}: what it found cannot be read ({wrong}).")

    def of(self, kind):
        return {v for k, v in self.found if k == kind}


TITLES = {"tenken": "tenken, pace lifted", "pace": "tenken, default pace", "sshaudit": "ssh-audit",
          "testssl": "testssl.sh", "nmap": "nmap"}


def runs(folder, part):
    """Of each program the run with the median time, and the names of those that are not installed."""
    by_name, absent = collections.defaultdict(list), []
    for path in sorted(glob.glob(os.path.join(folder, f"crypto-{part}-*.missing"))):
        with open(path, encoding="utf-8") as f:
            absent.append(os.path.basename(f.read().strip()))
    for path in sorted(glob.glob(os.path.join(folder, f"crypto-{part}-*.run"))):
        run = Run(folder, os.path.basename(path)[:-4])
        by_name[run.who].append(run)
    median = {who: sorted(some, key=lambda r: r.seconds)[len(some) // 2] for who, some in by_name.items()}
    return median, sorted(set(absent))


def ratio(a, b):
    return f"{a / b:.2f}" if b else "-"


def table(found, absent, kinds):
    print("\n| who | time, s | CPU, s | the servers' CPU, s | connections | most at a time to a server | "
          + " | ".join(k.split(".")[1] for k in kinds) + " | |")
    print("|---|" + "---:|" * (5 + len(kinds)) + "---|")
    for who in ("tenken", "pace", "sslscan", "testssl", "sshaudit", "nmap"):
        run = found.get(who)
        if run is None:
            continue
        most = str(run.together["most"]) if run.together else "-"
        note = "" if run.measured["finished"] else "ended at its limit"
        note = note or (f"status {run.measured['status']}" if run.measured["status"] else "")
        print(f"| {TITLES.get(who, who)} | {run.seconds:.2f} | {run.cpu:.2f} | {run.servers:.2f} | {run.connections} | "
              f"{most} | "
              + " | ".join(str(len(run.of(k))) for k in kinds) + f" | {note} |")
    for name in absent:
        print(f"| {name} | not installed |" + " |" * (5 + len(kinds)))


def named(values):
    told = sorted(" ".join(map(str, v)) if isinstance(v, tuple) else str(v) for v in values)
    return ", ".join(told[:12]) + (f" and {len(told) - 12} more" if len(told) > 12 else "")


def agreement(found, kinds):
    tenken = found.get("tenken")
    if tenken is None:
        return
    for who, run in found.items():
        if who in ("tenken", "pace"):
            continue
        for kind in kinds:
            if not run.of(kind):
                continue # it does not tell this
            title = f"{TITLES.get(who, who)}, {kind}"
            only, missed = tenken.of(kind) - run.of(kind), run.of(kind) - tenken.of(kind)
            if not only and not missed:
                print(f"- {title}: the same {len(tenken.of(kind))}")
            for words, some in (("only tenken", only), (f"only {TITLES.get(who, who)}", missed)):
                if some:
                    print(f"- {title}: {words} {len(some)}: {named(some)}")


def one(folder):
    found, absent = runs(folder, "one")
    if not found:
        return
    print("\n### One TLS server with everything from TLS 1.0 on")
    table(found, absent, TLS_KINDS)
    tenken, sslscan, testssl = (found.get(who) for who in ("tenken", "sslscan", "testssl"))
    print()
    if tenken and sslscan:
        print(f"- tenken : sslscan, connections: {ratio(tenken.connections, sslscan.connections)} (target: at most 0.60)")
        print(f"- tenken : sslscan, time: {ratio(tenken.seconds, sslscan.seconds)} (target: at most 1.00)")
    if tenken and testssl:
        print(f"- testssl.sh : tenken, time: {ratio(testssl.seconds, tenken.seconds)} (target: at least 30)")
    agreement(found, TLS_KINDS)


def many(folder):
    found, absent = runs(folder, "many")
    if not found:
        return
    print("\n### Many such servers")
    values = {who: run.found for who, run in found.items()}
    for run in found.values():
        run.found = by_server(run.place + ".found", TLS_KINDS[:2])
    table(found, absent, TLS_KINDS[:2])
    tenken, nmap = found.get("tenken"), found.get("nmap")
    print()
    if tenken and nmap:
        bound = "" if nmap.measured["finished"] else "more than "
        print(f"- nmap : tenken, time: {bound}{ratio(nmap.seconds, tenken.seconds)} (target: at least 3)")
    if tenken:
        processors = os.cpu_count() or 1
        print(f"- scanners and servers share {processors} processors, which the servers alone keep busy for "
              f"{tenken.servers / processors:.2f} s with what tenken asks")
    for who in ("tenken", "pace"):
        if found.get(who) and found[who].together:
            told = found[who].together
            print(f"- {TITLES[who]}, connections at a time to one of {told['hosts']} servers: at most {told['most']}, "
                  f"median {told['median']:g} (target: at most 2)")
    if tenken and nmap:
        print(f"- versions and suites of all servers: {len(tenken.found & nmap.found)} told by both, "
              f"{len(tenken.found - nmap.found)} only by tenken, {len(nmap.found - tenken.found)} only by nmap")
    for who, run in found.items():
        run.found = values[who]
    agreement(found, TLS_KINDS)


def ssh(folder):
    found, absent = runs(folder, "ssh")
    if not found:
        return
    print("\n### One SSH server")
    table(found, absent, SSH_KINDS)
    tenken, audit = found.get("tenken"), found.get("sshaudit")
    print()
    if tenken and audit:
        print(f"- tenken : ssh-audit, time: {ratio(tenken.seconds, audit.seconds)} (target: below 1.00)")
    agreement(found, SSH_KINDS)
    try:
        ours = weak_of_tenken(os.path.join(folder, "crypto-ssh-tenken-1.found"))
        theirs = weak_of_ssh_audit(os.path.join(folder, "crypto-ssh.weak"))
    except (OSError, ValueError):
        return
    print(f"- weak algorithms: tenken {len(ours)}, ssh-audit (fail) {len(theirs)}, both {len(ours & theirs)}")
    for words, some in (("tenken", ours - theirs), ("ssh-audit", theirs - ours)):
        if some:
            print(f"- weak algorithms: only {words}: {named(some)}")


def main():
    if sys.argv[1] == "--together":
        print(json.dumps(together(sys.argv[2])))
        return
    one(sys.argv[1])
    many(sys.argv[1])
    ssh(sys.argv[1])


if __name__ == "__main__":
    main()
