#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The table of the listening parts of make bench: listen_table.py FOLDER"""
import glob
import json
import os
import sqlite3
import statistics
import sys

PEERS = (("tenken", "tenken listen -r"), ("ndpi", "ndpiReader -q"), ("tshark", "tshark -q -z conv,ip"), ("p0f", "p0f -r"))


def runs(folder, name):
    found = []
    for path in sorted(glob.glob(os.path.join(folder, f"{name}-[0-9]*.run"))):
        with open(path, encoding="ascii") as f:
            found.append(json.load(f))
    return [run for run in found if run["finished"] and run["status"] == 0]


def stored(folder, name):
    """What the last run left: conversations, hosts, facts, what it remarked."""
    path = os.path.join(folder, f"{name}.sqlite")
    if not os.path.exists(path):
        return None
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("flow", "heard_host", "heard")]
    notes = [row[0] for row in db.execute("SELECT text FROM remark WHERE kind = 'listening'")]
    db.close()
    return counts, notes


def main():
    folder = sys.argv[1]
    for kind in ("ordinary", "unknown", "many"):
        seen = os.path.join(folder, f"listen-{kind}.seen")
        if not os.path.exists(seen):
            continue
        with open(seen, encoding="ascii") as f:
            print(f"\n### listen-{kind}\n\n{f.read().strip()}\n")
        print("| | seconds | CPU seconds | MB | of ndpiReader's time |\n|---|---|---|---|---|")
        base = runs(folder, f"listen-{kind}-ndpi")
        for peer, words in PEERS:
            name = f"listen-{kind}-{peer}"
            if os.path.exists(os.path.join(folder, f"{name}.missing")):
                print(f"| {words} | not installed | | | |")
                continue
            of = runs(folder, name)
            if not of:
                continue
            middle = [statistics.median(run[key] for run in of) for key in ("seconds", "cpu_seconds", "peak_mb")]
            ratio = f"{middle[0] / statistics.median(run['seconds'] for run in base):.2f}" if base else ""
            print(f"| {words} | {middle[0]:.2f} | {middle[1]:.2f} | {middle[2]:.0f} | {ratio} |")
        left = stored(folder, f"listen-{kind}-tenken")
        if left:
            print("\nIn the store: %d conversations, %d hosts, %d facts." % tuple(left[0]))
            for note in left[1]:
                print(f"It says: {note}.")


main()
