/* SPDX-License-Identifier: Apache-2.0 */
/* The page's traffic: what was watched, what zones said to each other, public end points. */
#include <inttypes.h>

#include "report/page.h"

enum { FLOWS_SHOWN = 200 };

bool page_has_listening(struct page *p)
{
	return facts_count(p->facts, "SELECT EXISTS (SELECT 1 FROM watch)") != 0;
}

/* Each pair of zones that anything is known of. */
#define MATRIX                                                                                    \
	"WITH pair AS (SELECT from_zone, to_zone FROM conduit UNION SELECT from_zone, to_zone "   \
	"FROM"                                                                                    \
	"  flow WHERE from_zone <> to_zone UNION SELECT from_zone, to_zone FROM path"             \
	"  WHERE from_zone IS NOT NULL AND to_zone IS NOT NULL AND from_zone <> to_zone),"        \
	" seen AS (SELECT from_zone, to_zone, sum(connections) AS n, sum(sent + received) AS "    \
	"bytes,"                                                                                  \
	"  count(DISTINCT transport || '/' || port) AS services, sum(connections * answered) AS " \
	"answered"                                                                                \
	"  FROM flow WHERE from_zone <> to_zone GROUP BY 1, 2),"                                  \
	" tested AS (SELECT from_zone, to_zone, count(*) AS n, sum(outcome = 'reached') AS open"  \
	"  FROM path WHERE to_zone IS NOT NULL GROUP BY 1, 2)"                                    \
	" SELECT p.from_zone, p.to_zone, coalesce((SELECT group_concat(text, ', ') FROM (SELECT"  \
	"   c.transport || iif(c.first_port = 0 AND c.last_port = 65535, '', '/' || c.first_port" \
	"   || iif(c.last_port > c.first_port, '-' || c.last_port, '')) AS text FROM conduit c"   \
	"   WHERE c.from_zone = p.from_zone AND c.to_zone = p.to_zone ORDER BY text)), '-') AS "  \
	"declared,"                                                                               \
	"  coalesce(s.answered || ' / ' || s.n, '-') AS seen, s.bytes,"                           \
	"  coalesce(t.open || ' / ' || t.n, '-') AS tested FROM pair p"                           \
	" LEFT JOIN seen s ON s.from_zone = p.from_zone AND s.to_zone = p.to_zone"                \
	" LEFT JOIN tested t ON t.from_zone = p.from_zone AND t.to_zone = p.to_zone"              \
	" ORDER BY p.from_zone, p.to_zone"

/* By address, with every name that it was called by. */
#define PEERS                                                                                     \
	"SELECT peer, (SELECT group_concat(name, ', ') FROM (SELECT DISTINCT o.name AS name FROM" \
	"  public_flow o WHERE o.peer = f.peer AND o.name IS NOT NULL UNION SELECT h.value FROM"  \
	"  heard h WHERE h.kind = 'name.dns' AND h.address = f.peer ORDER BY 1 LIMIT 8)) AS "     \
	"names,"                                                                                  \
	" group_concat(DISTINCT transport || '/' || port) AS ports,"                              \
	" group_concat(DISTINCT address) AS hosts, sum(connections * answered) || ' / '"          \
	"  || sum(connections) AS answered, sum(sent + received) AS bytes, min(first_ms) AS "     \
	"first,"                                                                                  \
	" max(last_ms) AS last, group_concat(DISTINCT vantage) AS vantage FROM public_flow f"     \
	" GROUP BY peer ORDER BY bytes DESC, peer LIMIT 200"

#define FLOWS                                                                                      \
	"SELECT src || coalesce(' ' || from_zone, '') AS source,"                                  \
	" dst || coalesce(' ' || to_zone, '') AS target, transport || iif(port > 0, '/' || port, " \
	"'')"                                                                                      \
	" AS service, application, name, connections * answered || ' / ' || connections AS "       \
	"answered,"                                                                                \
	" sent + received AS bytes, first_ms, last_ms, vantage FROM flow"                          \
	" ORDER BY sent + received DESC, src, dst, port, transport, run LIMIT 200"

void page_listening(struct page *p)
{
	page_section(p, "traffic");
	TABLE(p, W_WATCHED,
	      "SELECT *, coalesce(last_ms - first_ms, 0) AS span FROM watch ORDER BY run, number",
	      { "vantage", W_VANTAGE, SHOW_TEXT }, { "name", W_LINK, SHOW_MONO },
	      { "first_ms", W_FIRST, SHOW_MS }, { "last_ms", W_LAST, SHOW_MS },
	      { "span", W_SPAN, SHOW_SPAN }, { "packets", W_PACKETS, SHOW_NUMBER },
	      { "bytes", W_BYTES, SHOW_NUMBER }, { "dropped", W_DROPPED, SHOW_NUMBER },
	      { "snapped", W_SNAPPED, SHOW_NUMBER }, { "one_sided", W_ONE_SIDED, SHOW_NUMBER },
	      { "note", W_NOTE, SHOW_TEXT });
	mark(p, "<p class=\"quiet\">");
	say_word(p, W_WATCHED_NOTE);
	mark(p, "</p>\n");
	TABLE(p, W_MATRIX, MATRIX, { "from_zone", W_FROM, SHOW_TEXT },
	      { "to_zone", W_TO, SHOW_TEXT }, { "declared", W_DECLARED, SHOW_MONO },
	      { "seen", W_SEEN, SHOW_MONO }, { "bytes", W_BYTES, SHOW_NUMBER },
	      { "tested", W_TESTED, SHOW_MONO });
	TABLE(p, W_PUBLIC_PEERS, PEERS, { "peer", W_PUBLIC_PEER, SHOW_MONO },
	      { "names", W_NAMES, SHOW_TEXT }, { "ports", W_SERVICE, SHOW_MONO },
	      { "hosts", W_ADDRESS, SHOW_MONO }, { "answered", W_ANSWERED, SHOW_MONO },
	      { "bytes", W_BYTES, SHOW_NUMBER }, { "first", W_FIRST, SHOW_MS },
	      { "last", W_LAST, SHOW_MS }, { "vantage", W_VANTAGE, SHOW_TEXT });
	TABLE(p, W_FLOWS, FLOWS, { "source", W_FROM, SHOW_MONO }, { "target", W_TO, SHOW_MONO },
	      { "service", W_SERVICE, SHOW_MONO }, { "application", W_APPLICATION, SHOW_TEXT },
	      { "name", W_NAMES, SHOW_TEXT }, { "answered", W_ANSWERED, SHOW_MONO },
	      { "bytes", W_BYTES, SHOW_NUMBER }, { "first_ms", W_FIRST, SHOW_MS },
	      { "last_ms", W_LAST, SHOW_MS }, { "vantage", W_VANTAGE, SHOW_TEXT });
	int64_t flows = facts_count(p->facts, "SELECT count(*) FROM flow");
	if (flows > FLOWS_SHOWN) {
		char more[32];
		const char *values[] = { more };

		snprintf(more, sizeof(more), "%" PRId64, flows - FLOWS_SHOWN);
		mark(p, "<p class=\"quiet\">");
		say_with(p, W_FLOWS_MORE, values);
		mark(p, "</p>\n");
	}
	mark(p, "</section>\n");
}
