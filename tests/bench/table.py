#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The table of make bench from the folder with its runs: table.py FOLDER."""
import json
import os
import sys

import facts

PARTS = (
    ("small", "16 addresses, pace lifted"),
    ("all", "256 addresses, pace lifted"),
    ("plain", "16 addresses, pace lifted, without telnet"),
    ("pace", "16 addresses, default pace"),
)


class Run:
    def __init__(self, folder, name):
        place = os.path.join(folder, name)
        with open(place + ".run", encoding="ascii") as f:
            self.measured = json.load(f)
        with open(place + ".syn", encoding="ascii") as f:
            self.connections = int(f.read())
        found = place + ".found"
        self.facts = facts.read(found) if os.path.exists(found) else facts.Facts()
        self.finished = self.measured["finished"]
        self.seconds = self.measured["seconds"]
        self.peak_mb = self.measured["peak_mb"]


def load(folder, name):
    try:
        return Run(folder, name)
    except OSError:
        return None


def ratio(a, b):
    return f"{a / b:.2f}" if b and a / b < 10 else f"{a / b:.0f}" if b else "-"


def row(words, tenken, nmap, shown, quotient, bound=""):
    print(f"| {words} | {shown(tenken)} | {bound}{shown(nmap)} | {bound}{quotient} |")


def common(run, shared):
    return sum(1 for fact in run.facts if fact[2] in shared)


def compare(tenken, nmap, shared):
    bound = "" if nmap.finished else "> "
    print("\n| | tenken | nmap | nmap : tenken |\n|---|---:|---:|---:|")
    row("time, s", tenken, nmap, lambda r: f"{r.seconds:.1f}", ratio(nmap.seconds, tenken.seconds), bound)
    row("peak memory, MB", tenken, nmap, lambda r: f"{r.peak_mb:.0f}",
        ratio(nmap.peak_mb, tenken.peak_mb), bound)
    row("own CPU time, s", tenken, nmap, lambda r: f"{r.measured['cpu_seconds']:.1f}",
        ratio(nmap.measured["cpu_seconds"], tenken.measured["cpu_seconds"]), bound)
    row("connections", tenken, nmap, lambda r: str(r.connections),
        ratio(nmap.connections, tenken.connections), bound)
    row("facts of kinds that both tell", tenken, nmap, lambda r: str(common(r, shared)),
        ratio(common(nmap, shared), common(tenken, shared)))
    row("facts of kinds of its own", tenken, nmap, lambda r: str(len(r.facts) - common(r, shared)), "")
    row("facts, all", tenken, nmap, lambda r: str(len(r.facts)), ratio(len(nmap.facts), len(tenken.facts)))
    if not nmap.finished:
        print(f"\nnmap was ended after {nmap.seconds:.0f} s; its time is a lower bound, and its facts are "
              "those of the hosts that it had finished.")


def main():
    runs = {name: [load(sys.argv[1], f"{name}-{who}") for who in ("tenken", "nmap")] for name, _ in PARTS}
    # What each told of anywhere: an unfinished run says nothing of what its tool can tell.
    told = [set().union(*(facts.kinds(pair[i].facts) for pair in runs.values() if pair[i])) for i in (0, 1)]
    shared = told[0] & told[1]
    for name, words in PARTS:
        tenken, nmap = runs[name]
        if tenken is None:
            continue
        print(f"\n### {words}")
        if nmap is not None:
            compare(tenken, nmap, shared)
        else:
            print(f"\ntenken: {tenken.seconds:.1f} s, {tenken.peak_mb:.0f} MB, "
                  f"{tenken.connections} connections, {len(tenken.facts)} facts")
        for who, run in (("tenken", tenken), ("nmap", nmap)):
            if run is not None and run.finished and run.measured["status"] != 0:
                print(f"\n{who} ended with status {run.measured['status']}.")


main()
