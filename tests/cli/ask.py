# SPDX-License-Identifier: Apache-2.0
"""ask.py STORE QUERY: the rows, columns separated by |, as any reader of the file sees them."""
import sqlite3
import sys
import urllib.parse

db = sqlite3.connect("file:" + urllib.parse.quote(sys.argv[1]) + "?mode=ro", uri=True)
for row in db.execute(sys.argv[2]):
    print("|".join("" if v is None else str(v) for v in row))
