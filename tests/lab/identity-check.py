#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What JSON exports tell of programs and systems, beside what the programs say themselves.

identity-check.py EXPORT... <TRUTHS

A truth is "ADDRESS PORT PART VENDOR PRODUCT VERSION" between tabs; PART is service or os, ADDRESS may be "*". Each
part of each document's identity counts, and the document's own product and version, whose vendor is not told. How
names are written in capitals does not matter.
Ends with 0 where 95 of 100 are right and nothing that is certain is wrong.
"""
import json
import sys

truths = {}
for line in sys.stdin:
    address, port, part, *rest = line.rstrip("\n").split("\t")
    truths[address, int(port), part] = rest


def told(document):
    """(part, vendor, product, version, certain)"""
    for part in document.get("identity", []):
        if part["part"] != "device":
            yield part["part"], part.get("vendor"), part.get("product"), part.get("version"), part["certain"]
    if document.get("product"):
        yield "service", None, document["product"], document.get("version"), True


right = wrong = sure = 0
seen = set()
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
        hosts = json.load(f)["hosts"]
    for host in hosts:
        for service in host["services"]:
            for probe, document in service["evidence"].items():
                for part, *names, certain in told(document):
                    address, port = host["address"], service["port"]
                    key = next((k for k in ((address, port, part), ("*", port, part)) if k in truths), None)
                    seen.add(key)
                    truth = truths.get(key, ["nothing that is known here"] * 3)
                    if all(name is None or name.lower() == fact.lower() for name, fact in zip(names, truth)):
                        right += 1
                        continue
                    wrong += 1
                    sure += certain
                    print(f"{address} {port} {probe} {part}: {names}{' certain' if certain else ''}, it is {truth}")
for key in sorted(set(truths) - seen):
    print(f"not told: {' '.join(map(str, key))}: {' '.join(truths[key])}")
print(f"{right} of {right + wrong} right, {sure} certain and wrong")
sys.exit(0 if right + wrong > 0 and right >= 0.95 * (right + wrong) and sure == 0 else 1)
