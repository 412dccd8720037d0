#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command and measures it from outside: measure.py RESULT.json LIMIT-SECONDS COMMAND...

Time is that of the wall clock. Memory is the largest sum of the proportional set sizes (Pss of
/proc/PID/smaps_rollup) of all processes of the tree, seen every 50 ms, or less often where looking
would take more than a twentieth of the time. A command that reaches the limit is killed with its
children; the result then says "finished": false. CPU time is that of the whole tree, also of processes
that outlive the command, which are ended and waited for.
"""
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time


def tree(pid):
    """The process and all that descend from it."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        try:
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children", encoding="ascii") as f:
                    todo += [int(word) for word in f.read().split()]
        except OSError:
            pass
    return found


def pss_kb(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


PR_SET_CHILD_SUBREAPER = 36


def reap():
    """Ends what the command has left; only what was waited for is in the CPU time."""
    deadline = time.monotonic() + 2
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            if time.monotonic() > deadline:
                for one in tree(os.getpid())[1:]:
                    os.kill(one, signal.SIGKILL)
            time.sleep(0.01)


def main():
    result, limit, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    peak = samples = processes = 0
    finished = True
    while child.poll() is None:
        before = time.monotonic()
        if before - start > limit:
            finished = False
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            break
        pids = tree(child.pid)
        peak = max(peak, sum(pss_kb(pid) for pid in pids))
        processes = max(processes, len(pids))
        samples += 1
        cost = time.monotonic() - before
        try:
            child.wait(max(0.05, 20 * cost))
        except subprocess.TimeoutExpired:
            pass
    wall = time.monotonic() - start
    reap()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(result, "w", encoding="ascii") as f:
        json.dump(
            {
                "command": command,
                "finished": finished,
                "status": child.returncode,
                "seconds": round(wall, 2),
                "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
                "peak_mb": round(peak / 1024, 1),
                "largest_rss_mb": round(used.ru_maxrss / 1024, 1),
                "processes": processes,
                "samples": samples,
            },
            f,
            indent=1,
        )


main()
