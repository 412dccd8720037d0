#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tenken diff: two runs of a store, and two stores of one site.
# shellcheck disable=SC2016,SC2154 source=tests/cli/tap.sh
. "${TENKEN_TESTS:?run by make check}/cli/tap.sh"

"$TENKEN_BUILD/tests/report/make_sample" "$TENKEN_DATA" two.sqlite >log 2>&1 || note <log
# The same two runs as two stores of their own, which know nothing of each other; and changes by hand.
cat >part.py <<'EOF'
import shutil, sqlite3, sys

def part(name, keep):
    shutil.copy("two.sqlite", name)
    db = sqlite3.connect(name)
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if "scan" in [c[1] for c in db.execute(f"PRAGMA table_info({table})")] and table != "scan":
            db.execute(f"DELETE FROM {table} WHERE scan <> ?", (keep,))
    db.execute("DELETE FROM finding")
    db.execute("DELETE FROM scan WHERE id <> ?", (keep,))
    db.commit()
    return db

part("one.sqlite", 1).close()
part("later.sqlite", 2).close()
# The second run without ports: nothing was looked at again.
db = part("blind.sqlite", 2)
db.execute("UPDATE scan SET plan = json_set(plan, '$.ports_tcp', '9')")
db.execute("DELETE FROM service")
db.execute("DELETE FROM evidence")
db.commit()
db = part("elsewhere.sqlite", 2)
db.execute("UPDATE scan SET site = 'another'")
db.commit()
EOF
"$python" part.py || exit 99
digest() { sha256sum two.sqlite one.sqlite later.sqlite; }
digest >before

# facts FILE: what a JSON file says, a line for each finding, host and service
cat >facts.py <<'EOF'
import json, sys
d = json.load(open(sys.argv[1], encoding="utf-8"))
for f in d["findings"]:
    print("finding", f["change"], f["severity"], f["check"], f["address"], f["port"] or "-", f["detail"])
for h in d["hosts"]:
    print("host", h["change"], h["looked"], h["asset"])
for s in d["services"]:
    print("service", s["change"], s["looked"], s["address"], s["port"])
EOF
facts() { "$python" facts.py "$1"; }

ends 0 'two runs of a store' "$TENKEN" diff two.sqlite --json runs.json --csv runs.csv
that 'what opened is new' grep -q '^  \[critical\] 192\.168\.1\.10 .* 6379/tcp' out
that 'what was closed, and looked at again, is fixed' \
	sh -c "sed -n '/^Fixed/,/^[A-Z]/p' out | grep -q '192\.168\.1\.100 (PC-100) 23/tcp'"
that 'the service that opened' sh -c "sed -n '/^Services that opened: 1/,\$p' out | grep -q '6379/tcp'"
that 'no formula leaves' grep -q "\"'=cmd|' /C calc'!A0\"" runs.csv
run "$TENKEN" diff two.sqlite --quiet --json again.json --csv again.csv
that 'twice the same bytes' sh -c 'cmp runs.json again.json && cmp runs.csv again.csv && ! [ -s out ]'

ends 0 'two stores' "$TENKEN" diff one.sqlite later.sqlite --json stores.json --quiet
facts runs.json | grep -v asset.changed >runs.txt
facts stores.json | grep -v asset.changed >stores.txt
# asset.changed looks at the scans before, which the later store alone does not have.
that 'they say the same as the two runs' diff runs.txt stores.txt
run "$TENKEN" diff one.sqlite blind.sqlite --json blind.json --quiet
facts blind.json >blind.txt
that 'where nobody looked nothing is fixed' sh -c \
	"! grep -q '^finding fixed' blind.txt && grep -q '^finding not-retested high exposure.cleartext-admin' blind.txt"
that 'and no service is known to be closed' \
	sh -c "! grep -q '^service went True' blind.txt && grep -q '^service went False' blind.txt"
that 'the stores are as they were' sh -c 'sha256sum -c --quiet before'

ends 0 'in Japanese' "$TENKEN" --lang ja diff two.sqlite
that 'the words are Japanese' grep -q '^解消を確認した検出事項：2$' out
ends 1 '--fail-on: something new is as severe' "$TENKEN" diff two.sqlite --fail-on critical
ends 0 '--fail-on: nothing new is as severe' "$TENKEN" diff later.sqlite blind.sqlite --fail-on critical
ends 0 'the runs are listed' "$TENKEN" diff two.sqlite --runs
that 'by their numbers' sh -c '[ "$(grep -c . out)" = 2 ] && grep -q "^ *2  2026-11-2" out'

ends 0 'changes since the run before' "$TENKEN" report two.sqlite --no-html
that 'the summary tells them' grep -q '^Changes since 2026-11-20 .*: mitigated 2, new 3, ' out
ends 0 'changes since a day' "$TENKEN" report two.sqlite --no-html --since 2026-11-01
that 'before which nothing was known' grep -q '^Changes since 2026-11-01 00:00 JST: mitigated 2, new 4[0-9], ' out
refuses 2 'takes a day' 'no such run before' "$TENKEN" report two.sqlite --no-html --since 2

refuses 2 'there is no earlier run' 'one run alone' "$TENKEN" diff one.sqlite
refuses 2 'holds no run 7' 'a run that is not there' "$TENKEN" diff two.sqlite --from 7
refuses 2 'takes the number of a run' 'no number' "$TENKEN" diff two.sqlite --to new
refuses 2 'compared with another one' 'a run with itself' "$TENKEN" diff two.sqlite --from 2 --to 2
refuses 2 'later than the second' 'backwards' "$TENKEN" diff two.sqlite --from 2 --to 1
refuses 2 'different sites' 'stores of two sites' "$TENKEN" diff one.sqlite elsewhere.sqlite
refuses 2 'cannot be opened' 'a store that is not there' "$TENKEN" diff one.sqlite none.sqlite
refuses 2 'at most two stores' 'three stores' "$TENKEN" diff a b c
refuses 2 'which store' 'no store' "$TENKEN" diff
refuses 2 '--fail-on takes' 'no severity' "$TENKEN" diff two.sqlite --fail-on bad

if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	cat >validate.py <<'EOF'
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
check = jsonschema.Draft202012Validator(schema)
for name in sys.argv[2:]:
    document = json.load(open(name))
    for e in list(check.iter_errors(document))[:5]:
        sys.exit(f"{name}: {list(e.path)} {e.message[:200]}")
    if not list(check.iter_errors({**document, "findings": [{}]})):
        sys.exit("a broken document passes")
EOF
	that 'the files keep to their schema' /usr/bin/python3 -W ignore validate.py \
		"$TENKEN_DATA/doc/schema/diff-1.json" runs.json stores.json blind.json
else
	skip 'the files keep to their schema' 'python3-jsonschema is missing'
fi
tap_done
