#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ask.py ADDRESS PORT [SECONDS [WORDS]...]: connects, says WORDS (escapes \\r \\n \\xHH) one by one,
hears after each of them for at most SECONDS, and prints what came back as Python writes bytes;
"closed" where the peer ended it. An empty WORD says nothing and hears; '~TEXT' says nothing and hears
until TEXT has come, in however many pieces."""
import ast
import socket
import sys

seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 2
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as s:
    s.settimeout(seconds)

    def hear():
        try:
            data = s.recv(4096)
            print(data if data else "closed")
            return data
        except TimeoutError:
            print("silence")
            return b""

    for word in sys.argv[4:] or [""]:
        if word.startswith("~"):
            came = piece = hear()
            while piece and word[1:].encode() not in came:
                piece = hear()
                came += piece
            continue
        if word:
            s.sendall(ast.literal_eval('b"' + word.replace('"', '\\"') + '"'))
        hear()
    s.shutdown(socket.SHUT_WR)
