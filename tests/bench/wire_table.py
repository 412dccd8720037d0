#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of the wire parts of make bench from the folder with their runs: wire_table.py FOLDER ARP-RATE"""
import glob
import ipaddress
import json
import os
import re
import sys

ENOUGH = 0.999
LIVE = ipaddress.ip_network("10.77.0.0/16")
SEGMENT = {str(ipaddress.ip_address("10.78.0.0") + i) for i in range(0, 65536, 16)}


def tenken_open(text):
    return {h["address"] for h in json.loads(text)["hosts"] if any(s.get("state") == "open" for s in h["services"])}


def tenken_mac(text):
    return {h["address"] for h in json.loads(text)["hosts"] if h.get("mac")}


def lines(pattern):
    return lambda text: set(re.findall(pattern, text, re.M))


READERS = {
    "wire-live-tenken": tenken_open,
    "wire-live-nmap": lines(r"^Host: (\S+) .*\b80/open/tcp"),
    "wire-live-masscan": lines(r"^open tcp 80 (\S+)"),
    "wire-live-zmap": lines(r"^(\d+\.\d+\.\d+\.\d+)$"),
    "wire-arp-tenken": tenken_mac,
    "wire-arp-with": tenken_mac,
    "wire-arp-arpscan": lines(r"^(\d+\.\d+\.\d+\.\d+)\t"),
}


class Run:
    def __init__(self, folder, name):
        place = os.path.join(folder, name)
        self.who = name.split("-")[2].replace("with", "tenken, a port of each host too")
        with open(place + ".run", encoding="ascii") as f:
            self.measured = json.load(f)
        with open(place + ".seen", encoding="ascii") as f:
            self.seen = json.load(f)
        self.found = set()
        reader = READERS.get("-".join(name.split("-")[:3]))
        if reader is not None and os.path.exists(place + ".found"):
            with open(place + ".found", encoding="utf-8", errors="replace") as f:
                try:
                    self.found = reader(f.read())
                except ValueError:  # half a file
                    pass
        self.seconds = self.measured["seconds"]
        self.cpu = self.measured["cpu_seconds"]

    def per_cpu(self):
        return self.seen["packets"] / self.cpu if self.cpu else 0.0

    def per_second(self):
        return self.seen["packets"] / self.seen["seconds"] if self.seen["seconds"] else 0.0

    def note(self):
        if not self.measured["finished"]:
            return "ended at its limit"
        return f"status {self.measured['status']}" if self.measured["status"] else ""


def load(folder, name):
    """A run, the name of the program that is missing, or None."""
    try:
        with open(os.path.join(folder, name + ".missing"), encoding="utf-8") as f:
            return os.path.basename(f.read().strip())
    except OSError:
        pass
    try:
        return Run(folder, name)
    except OSError:
        return None


def every(folder, stem):
    names = sorted({os.path.basename(p).rsplit(".", 1)[0] for p in glob.glob(os.path.join(folder, stem + "-*"))
                    if p.endswith((".run", ".missing"))})
    return [(name, one) for name in names for one in [load(folder, name)] if one is not None]


def setting(run):
    """What makes one run of a peer differ from its others."""
    words, told = run.measured["command"], []
    for i, word in enumerate(words):
        if word in ("--min-rate", "--max-retries", "--rate", "--wait", "--retries", "-r", "-T"):
            told.append(f"{word} {words[i + 1]}")
        elif word.startswith(("--interval", "--retry")):
            told.append(word)
    return " ".join(told)


def number(n):
    return f"{n:,.0f}"


def ratio(a, b):
    return f"{a / b:.2f}" if b else "-"


def found_table(runs, true, what):
    missing = [one for _, one in runs if isinstance(one, str)]
    runs = [one for _, one in runs if not isinstance(one, str)]
    print(f"\n| who | setting | time, s | CPU, s | peak memory, MB | {what} sent | found | recall | |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---|")
    for run in runs:
        hits = len(run.found & true)
        print(f"| {run.who} | {setting(run)} | {run.seconds:.2f} | {run.cpu:.2f} | {run.measured['peak_mb']:.1f} | "
              f"{number(run.seen['packets'])} | {number(hits)} | {100 * hits / len(true):.2f} % | {run.note()} |")
    for name in sorted(set(missing)):
        print(f"| {name} | not installed | | | | | | | |")
    return runs


def fastest(runs, true):
    """tenken beside the fastest of the others that found enough."""
    good = [r for r in runs if len(r.found & true) >= ENOUGH * len(true) and r.measured["finished"]]
    tenken = next((r for r in runs if r.who == "tenken"), None)
    others = [r for r in good if r.who != "tenken"]
    if not others:
        print(f"\nNo other found {100 * ENOUGH:.1f} %.")
        return
    best = min(others, key=lambda r: r.seconds)
    words = f"\nFastest other with {100 * ENOUGH:.1f} %: {best.who} ({setting(best)}), {best.seconds:.2f} s"
    if tenken is not None:
        words += f"; {ratio(best.seconds, tenken.seconds)} times tenken's time"
        words += "" if tenken in good else ", which has not found as much"
    print(words + ".")


def live(folder):
    runs = every(folder, "wire-live")
    if not runs:
        return
    print("\n### 65,536 live addresses, one port, all answering")
    print("\nTarget: 100 % found, in less time than the fastest other with 99.9 %.")
    true = {str(a) for a in LIVE}
    fastest(found_table(runs, true, "packets"), true)
    try:
        with open(os.path.join(folder, "wire-live.server"), encoding="ascii") as f:
            told = [line.split() for line in f]
    except OSError:
        told = []
    for name, count in told:
        if count != "0":
            print(f"\nThe server was at its limits, doubt the figures: {name} {count}.")


def silence(folder):
    names = ("loop", "masscan", "zmap", "tenken")
    runs = {who: load(folder, f"wire-silence-{who}") for who in names}
    if not any(runs.values()):
        return
    print("\n### 1,048,576 probes to silence")
    print("\n| who | packets | CPU, s | packets per CPU second | packets per second, first to last | while any came | "
          "time, s | peak memory, MB | |\n|---|---:|---:|---:|---:|---:|---:|---:|---|")
    for who, run in runs.items():
        if isinstance(run, str):
            print(f"| {who} | not installed | | | | | | | |")
        elif run is not None:
            busy = run.seen["busy_seconds"]
            print(f"| {who} | {number(run.seen['packets'])} | {run.cpu:.2f} | {number(run.per_cpu())} | "
                  f"{number(run.per_second())} | {number(run.seen['packets'] / busy) if busy else '-'} | "
                  f"{run.seconds:.2f} | {run.measured['peak_mb']:.1f} | {run.note()} |")
    tenken, masscan, loop = (runs[w] if isinstance(runs[w], Run) else None for w in ("tenken", "masscan", "loop"))
    if tenken and masscan:
        print(f"\ntenken : masscan, packets per CPU second: {ratio(tenken.per_cpu(), masscan.per_cpu())} "
              "(target: at least 1.5)")
    if tenken and loop:
        print(f"\ntenken : loop, packets per second, first to last: {ratio(tenken.per_second(), loop.per_second())} "
              "(target: at least 0.50)")


def memory(folder):
    run = load(folder, "wire-memory-tenken")
    if isinstance(run, Run):
        print("\n### Memory over a /8 plan, one port, silence")
        print(f"\ntenken: {run.measured['peak_mb']:.1f} MB in {run.measured['processes']} processes (target: < 32 MB), "
              f"{number(run.seen['packets'])} packets in {run.seconds:.0f} s"
              + (f" ({run.note()})" if run.note() else "") + ".")


def pace_row(way, what, told, rate):
    share = (told["packets"] - 1) / told["seconds"] / rate if told["seconds"] else 0.0
    print(f"| {way} | {what} | {told['packets']} | {told['seconds']:.1f} | {told['most']} | {rate} | {100 * share:.0f} % |")


def pace(folder):
    if os.path.exists(os.path.join(folder, "wire-pace.missing")):
        print("\n### Declared pace\n\nNot measured: tcpdump is not installed.")
        return
    told, notes = [], []
    for way in ("raw", "connect"):
        for part in ("host", "zone"):
            name = f"wire-pace-{part}-{way}"
            try:
                with open(os.path.join(folder, name + ".pace"), encoding="ascii") as f:
                    told.append((way, part, json.load(f)))
            except (OSError, ValueError):
                continue
            run = load(folder, name)
            if isinstance(run, Run) and run.note():
                notes.append(f"{part}, {way}: {run.note()}.")
    if not told:
        return
    print("\n### Declared pace: 40 packets a second for a host, 200 for the zone")
    print("\nTargets: never more than the limit in any second; at least 90 % used between the first packet and the last.")
    print("\n| way asked for | of | packets | seconds | most in any second | limit | used |\n|---|---|---:|---:|---:|---:|---:|")
    for way, part, one in told:
        if part == "host":
            for address, words in (("10.77.1.1", "live host"), ("10.77.2.1", "silent host")):
                if address in one["hosts"]:
                    pace_row(way, words, one["hosts"][address], 40)
        else:
            pace_row(way, "zone of 256 live hosts", one["all"], 200)
            most = max((h["most"] for h in one["hosts"].values()), default=0)
            notes.append(f"zone, {way}: at most {most} packets in any second to one of its hosts (limit 40).")
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(one["kinds"].items()))
        notes.append(f"{part}, {way}: {kinds}.")
    print("\n" + "\n\n".join(notes))


def arp(folder, rate):
    runs = every(folder, "wire-arp")
    if not runs:
        return
    print(f"\n### ARP sweep of a /16 with 4,096 hosts, at most {rate} packets a second")
    print("\nTarget: faster than arp-scan, with its recall.")
    fastest(found_table(runs, SEGMENT, "frames"), SEGMENT)


def main():
    folder = sys.argv[1]
    live(folder)
    silence(folder)
    memory(folder)
    pace(folder)
    arp(folder, sys.argv[2])


if __name__ == "__main__":
    main()
