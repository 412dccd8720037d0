# SPDX-License-Identifier: Apache-2.0
"""A server that answers as a recorded conversation does, for products that no lab can have.

    replay.py ADDRESS PORT FILE.talk [PORT FILE.talk ...]

What a client says must be what the file says, byte for byte; else the connection is closed. The format is that
of tests/wire/README.md, as far as one connection without TLS needs it.
"""
import re
import socket
import sys
import threading

TOKEN = re.compile(r"'((?:[^'\\]|\\.)*)'|([0-9a-f]{2})(?:\*(\d+))?(?=\s|$)|#.*")
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")
NAMES = {"r": "\r", "n": "\n", "t": "\t"}


def unescape(match):
    e = match[1]
    return chr(int(e[1:], 16)) if len(e) == 3 else NAMES.get(e, e)


def read_bytes(line):
    out, at = b"", 0
    while line[at:].strip():
        at += len(line[at:]) - len(line[at:].lstrip())
        m = TOKEN.match(line, at)
        if m is None:
            raise ValueError(line)
        if m[1] is not None:
            out += ESCAPE.sub(unescape, m[1]).encode("latin-1")
        elif m[2] is not None:
            out += bytes([int(m[2], 16)]) * int(m[3] or 1)
        at = m.end()
    return out


def read_talk(path):
    steps = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            mark, rest = line[:1], line[1:].rstrip("\n")
            if mark not in "<>":
                continue
            if steps and steps[-1][0] == mark:
                steps[-1][1] += read_bytes(rest)
            else:
                steps.append([mark, read_bytes(rest)])
    return steps


def converse(c, steps):
    with c:
        c.settimeout(20)
        try:
            for mark, data in steps:
                if mark == "<":
                    c.sendall(data)
                    continue
                heard = b""
                while len(heard) < len(data):
                    more = c.recv(len(data) - len(heard))
                    if not more:
                        return
                    heard += more
                if heard != data:
                    print("heard", heard.hex(" "), flush=True)
                    return
            c.recv(1)
        except OSError:
            pass


def serve(address, port, steps):
    s = socket.create_server((address, port))
    while True:
        threading.Thread(target=converse, args=(s.accept()[0], steps), daemon=True).start()


def main():
    address, rest = sys.argv[1], sys.argv[2:]
    threads = [threading.Thread(target=serve, args=(address, int(port), read_talk(path)))
               for port, path in zip(rest[::2], rest[1::2])]
    for t in threads:
        t.start()


main()
