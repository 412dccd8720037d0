#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make probe NAME=fox: writes a new probe from its template, with its tests and its page, and adds
# its rows to probes/probes.c and Makefile.am. Its tests fail until it is filled in.
set -u
stop() { printf 'error: %s\n' "$*" >&2; exit 2; }
name=${1-}
top=${2:-$(dirname "$0")/..}
cd "$top" || exit 2

case $name in
'') stop 'which probe? make probe NAME=fox' ;;
*[!a-z0-9]* | [0-9]*) stop "'$name' is no name for a probe: small letters and digits, a letter first" ;;
esac
[ ! -e "probes/$name.c" ] || stop "probes/$name.c is there already"
mkdir -p "tests/wire/$name" tests/lab doc/probes || exit 2

cat >"probes/$name.c" <<END
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $name: FILL IN what it is, in one line.
 *
 * Learnt: FILL IN.
 *
 * Specifications: FILL IN, by section.
 *
 * Sent, on one connection, in this order: FILL IN every byte sequence, and why it is safe for a
 * device (which document calls it read-only).
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/reader.h"
#include "codec/writer.h"

/* ---- readers: bytes to struct; no allocation ---- */

static bool read_greeting(struct reader *r, struct span *ret)
{
	struct span text = rd_rest(r);

	if (!rd_end(r) || text.length == 0)
		return false;
	*ret = text;
	return true;
}

/* ---- writers: struct to request, struct to JSON ---- */

static void note_greeting(json_t *evidence, struct span text)
{
	note_text(evidence, "greeting", span_trim(text));
}

/* ---- conversation: say, hear, understand, note ---- */

static enum ending ${name}_run(struct conn *c, json_t *evidence)
{
	struct reader r = rd_new(conn_read_line(c));
	struct span greeting;

	if (!conn_ok(c))
		return conn_ending(c);
	if (!read_greeting(&r, &greeting))
		return conn_oddity(c, "$name.greeting-malformed");
	note_greeting(evidence, greeting);
	return ENDING_NOT_THIS; /* FILL IN, down to ENDING_DONE */
}

static const char ${name}_view[] =
	"CREATE TEMP VIEW $name AS SELECT address, port, evidence->>'\$.greeting' AS greeting"
	" FROM document WHERE probe = '$name' AND evidence <> '{}';";

const struct probe probe_$name = {
	.name = "$name",
	.ports = "0", /* FILL IN */
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 64, 64 },
	.received = { 1024, 1024 },
	.run = ${name}_run,
	.view = ${name}_view,
};
END

cat >"tests/wire/$name/first.talk" <<END
# tests/wire/$name/first.talk: FILL IN where the bytes come from
< 'FILL IN\r\n'
= done
END
printf '{\n  "greeting": "what the answer says"\n}\n' >"tests/wire/$name/first.json"

cat >"tests/lab/$name.sh" <<END
#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# $name against its real server, weak and hardened: see tests/lab/plant.sh for servers that stand.
set -u
echo 1..1
echo 'not ok 1 - tests/lab/$name.sh is to be filled in'
END
chmod +x "tests/lab/$name.sh"

cat >"doc/probes/$name.md" <<END
# $name

FILL IN: what is learnt.

| | |
|---|---|
| Ports | FILL IN |
| Safety class | read |
| Connections, bytes sent and received | 1, 64, 1024 |
| Specifications | FILL IN |

## What is sent

FILL IN: every request, and which document calls it read-only.

## Evidence

| field | meaning |
|---|---|
| \`greeting\` | FILL IN |

## Checks that use it

FILL IN.
END

# row FILE PATTERN TEXT: one line in front of the line that matches
row() {
	awk -v pattern="$2" -v text="$3" 'index($0, pattern) == 1 && !done { print text; done = 1 }
		{ print } END { exit !done }' "$1" >"$1.new" || stop "$1 has no line '$2'"
	cat "$1.new" >"$1" && rm -f "$1.new"
}
tab=$(printf '\t')
row probes/probes.c 'const struct probe *const probes[]' "extern const struct probe probe_$name;"
row probes/probes.c "${tab}NULL," "${tab}&probe_$name,"
# The lists of Makefile.am go on with a backslash: the new row comes behind the first line.
awk -v name="$name" -v tab="$tab" '
	{ print }
	/^PROBES = \\$/ { print tab "probes/" name ".c \\"; probes = 1 }
	/^LAB_BESIDE = \\$/ { print tab "tests/lab/" name ".sh \\"; lab = 1 }
	END { exit !(probes && lab) }' Makefile.am >Makefile.am.new || stop 'Makefile.am lacks PROBES or LAB_BESIDE'
cat Makefile.am.new >Makefile.am && rm -f Makefile.am.new

cat <<END
probes/$name.c, tests/wire/$name/, tests/lab/$name.sh and doc/probes/$name.md are written;
probes/probes.c and Makefile.am name them. Their tests fail until FILL IN is gone:
  grep -rn 'FILL IN' probes/$name.c tests/wire/$name tests/lab/$name.sh doc/probes/$name.md
END
