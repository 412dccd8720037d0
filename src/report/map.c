/* SPDX-License-Identifier: Apache-2.0 */
#include "report/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALL_WAYS = 1024 }; /* that are sorted; more are counted only */

/* ---- lanes ---- */

/* From the outside to the plant. */
#define BY_KIND                                                                                \
	"CASE kind WHEN 'public' THEN 0 WHEN 'dmz' THEN 1 WHEN 'it' THEN 2 WHEN 'unassigned' " \
	"THEN 3 ELSE 4 END"

static void load_lanes(struct facts *f, struct map *m)
{
	struct query *q = facts_ask(
		f, "SELECT * FROM (SELECT name, kind, (SELECT count(*) FROM host h WHERE h.zone = "
		   "z.name AND "
		   "h.state NOT"
		   " IN ('silent', 'absent', 'skipped')) AS n FROM zone z"
		   " UNION ALL SELECT '', 'unassigned', n FROM (SELECT count(*) AS n FROM host"
		   "  WHERE state NOT IN ('silent', 'absent', 'skipped') AND public = 0"
		   "  AND coalesce(zone, '') NOT IN (SELECT name FROM zone)) WHERE n > 0)"
		   " ORDER BY " BY_KIND ", name");

	while (facts_next(f, q)) {
		struct map_lane *lane = &m->lanes[m->lane_count];

		if (m->lane_count == MAP_LANES) {
			m->lanes_left++;
			continue;
		}
		lane->name = strdup(cell(q, "name"));
		lane->kind = strdup(cell(q, "kind"));
		lane->machines = cell_int(q, "n");
		m->lane_count++;
		if (lane->name == NULL || lane->kind == NULL)
			f->error = -ENOMEM;
	}
	query_free(q);
}

/* -2: no lane of the map. */
static int lane_of(const struct map *m, const char *name)
{
	for (size_t i = 0; i < m->lane_count; i++)
		if (strcmp(m->lanes[i].name, name != NULL ? name : "") == 0)
			return (int)i;
	return -2;
}

/* How many machines of each lane have which finding as their worst: dots in that order, each for so many
 * machines that they have room; none that is there goes without. */
static void load_dots(struct facts *f, struct map *m)
{
	struct query *q = facts_ask(
		f,
		"WITH worst AS (SELECT p.address, min(" BY_SEVERITY ") AS rank FROM finding_place p"
		"  JOIN finding_now n USING (number) WHERE n.status = 'open' GROUP BY "
		"p.address)"
		" SELECT iif(h.zone IN (SELECT name FROM zone), h.zone, '') AS lane,"
		"  coalesce(w.rank, 5) AS rank, h.treated = 'ot' AS control, count(*) AS n"
		" FROM host h LEFT JOIN worst w ON w.address = h.address"
		" WHERE h.state NOT IN ('silent', 'absent', 'skipped')"
		"  AND (h.public = 0 OR h.zone IN (SELECT name FROM zone))"
		" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 DESC");

	while (facts_next(f, q)) {
		int at = lane_of(m, cell(q, "lane"));

		if (at < 0)
			continue;
		struct map_lane *lane = &m->lanes[at];
		int64_t n = cell_int(q, "n"), rank = cell_int(q, "rank");
		bool control = cell_int(q, "control") != 0;

		if (rank < 0 || rank > SEVERITIES)
			rank = SEVERITIES;
		/* Each of the groups (at most 12) may round one up. */
		if (lane->each == 0)
			lane->each = (lane->machines + MAP_DOTS - 14) / (MAP_DOTS - 13);
		if (lane->each == 0)
			lane->each = 1;
		lane->by_severity[rank] += n;
		lane->control += control ? n : 0;
		for (int64_t k = 0; k < n && lane->dots < MAP_DOTS; k += lane->each)
			lane->dot[lane->dots++] = (struct map_dot){ .severity = (unsigned char)rank,
								    .control = control };
	}
	query_free(q);
}

/* ---- ways ---- */

/*
 * Every way that is known, with its state: of a pair the gravest stands, and beside it what is allowed. Traffic and tests that no conduit
 * allows are forbidden only where somebody declared what is allowed. zone_flow, public_flow and closed_zone
 * are views of the checks (profiles/checks/listening.yaml).
 */
#define WAYS                                                                                       \
	"WITH policy AS (SELECT EXISTS (SELECT 1 FROM conduit) AS there),"                         \
	" closed AS (SELECT zone FROM closed_zone),"                                               \
	" every AS ("                                                                              \
	"SELECT from_zone AS a, to_zone AS b, CASE WHEN allowed > 0 THEN 5 WHEN there THEN 2"      \
	"  ELSE 3 END AS state, 'seen' AS how, transport || iif(port > 0, '/' || port, '') AS "    \
	"what,"                                                                                    \
	"  sum(connections) AS weight FROM zone_flow, policy GROUP BY 1, 2, 3, 5"                  \
	" UNION ALL SELECT substr(detail, 1, instr(detail, ' > ') - 1),"                           \
	"  substr(detail, instr(detail, ' > ') + 3), 2, iif(evidence ->> '$.method' IS NULL,"      \
	"  'scanned', 'tested'), coalesce(transport, '') || coalesce('/' || port, ''), count(*)"   \
	"  FROM finding_now WHERE check_id = 'network.cross-zone-reachable'"                       \
	"  AND status = 'open' AND instr(detail, ' > ') > 0 GROUP BY 1, 2, 4, 5"                   \
	" UNION ALL SELECT from_zone, to_zone, 6, '', transport || iif(first_port = 0"             \
	"  AND last_port = 65535, '', '/' || first_port || iif(last_port > first_port, '-'"        \
	"  || last_port, '')), 0 FROM conduit WHERE from_zone <> to_zone"                          \
	" UNION ALL SELECT coalesce(zone, ''), NULL, iif(zone IN (SELECT zone FROM closed), 0, "   \
	"4),"                                                                                      \
	"  'seen', address || ' - ' || peer, sum(connections) FROM public_flow WHERE answered"     \
	"  GROUP BY 1, 3, 5"                                                                       \
	" UNION ALL SELECT coalesce(from_zone, ''), NULL, iif(from_zone IN (SELECT zone FROM "     \
	"closed), 0, 4),"                                                                          \
	"  'tested', coalesce(method || ' ' || via, method), count(*) FROM path WHERE refutes = 1" \
	"  AND to_zone IS NULL AND method NOT IN ('gateway', 'gateway-full', 'zone-tcp', 'hops')"  \
	"  GROUP BY 1, 3, 5"                                                                       \
	" UNION ALL SELECT coalesce(zone, ''), NULL, 1, iif(check_id = 'network.rogue-gateway',"   \
	"  'tested', 'scanned'), coalesce(address, asset), 1 FROM finding_now WHERE status = "     \
	"'open'"                                                                                   \
	"  AND check_id IN ('network.rogue-gateway', 'network.cellular-gateway'))"                 \
	" SELECT a, b, state, how, what, weight FROM every WHERE coalesce(a, '') <> coalesce(b, "  \
	"'-')"                                                                                     \
	" ORDER BY a, b, state, weight DESC, what"

static struct map_way *way_at(struct map *m, struct map_way *w, size_t *count, int from, int to,
			      enum map_state state)
{
	for (size_t i = 0; i < *count; i++) {
		if (w[i].from != from || w[i].to != to)
			continue;
		/* A machine that leads around is a way of its own, beside the zone's; what is allowed
		 * is one beside what is not. */
		if ((w[i].state == MAP_AROUND) != (state == MAP_AROUND) ||
		    (w[i].state >= MAP_ALLOWED) != (state >= MAP_ALLOWED))
			continue;
		return &w[i];
	}
	if (*count == ALL_WAYS) {
		m->ways_left++;
		return NULL;
	}
	w[*count] = (struct map_way){ .from = from, .to = to, .state = state };
	return &w[(*count)++];
}

/* The gravest comes first; of ways that are allowed and used, what was declared follows. */
static void add_what(struct map_way *w, const char *what)
{
	size_t used = strlen(w->what), n = strlen(what);

	if (*what == '\0' || strstr(w->what, what) != NULL)
		return;
	if (w->cut)
		return;
	size_t left = sizeof(w->what) - used;
	const char *comma = used > 0 ? ", " : "";

	if (n + sizeof(", ...") + 2 <= left)
		snprintf(w->what + used, left, "%s%s", comma, what);
	else if (left > sizeof(", ..."))
		w->cut = snprintf(w->what + used, left, "%s...", comma) > 0;
}

static int by_state(const void *a, const void *b)
{
	const struct map_way *x = a, *y = b;

	if (x->state != y->state)
		return (int)x->state - (int)y->state;
	return x->from != y->from ? x->from - y->from : x->to - y->to;
}

static void load_ways(struct facts *f, struct map *m)
{
	struct map_way *all = calloc(ALL_WAYS, sizeof(*all));
	struct query *q = facts_ask(f, WAYS);
	size_t count = 0;

	if (all == NULL)
		f->error = -ENOMEM;
	while (facts_next(f, q)) {
		enum map_state state = (enum map_state)cell_int(q, "state");
		int from = lane_of(m, cell(q, "a"));
		int to = cell(q, "b") == NULL ? -1 : lane_of(m, cell(q, "b"));
		const char *how = cell(q, "how");

		if (from == -2 || to == -2) {
			m->ways_left += m->lanes_left > 0;
			continue;
		}
		struct map_way *w = way_at(m, all, &count, from, to, state);
		if (w == NULL)
			continue;
		w->seen = w->seen || strcmp(how, "seen") == 0;
		w->tested = w->tested || strcmp(how, "tested") == 0;
		w->scanned = w->scanned || strcmp(how, "scanned") == 0;
		add_what(w, cell(q, "what"));
		if (state < w->state)
			w->state = state;
	}
	query_free(q);
	if (all != NULL) {
		qsort(all, count, sizeof(*all), by_state);
		m->way_count = count < MAP_WAYS ? count : MAP_WAYS;
		m->ways_left += count - m->way_count;
		memcpy(m->ways, all, m->way_count * sizeof(*all));
	}
	free(all);
}

void map_load(struct facts *f, struct map *ret)
{
	*ret = (struct map){ .lanes = calloc(MAP_LANES, sizeof(*ret->lanes)),
			     .ways = calloc(MAP_WAYS, sizeof(*ret->ways)) };
	if (ret->lanes == NULL || ret->ways == NULL) {
		f->error = -ENOMEM;
		return;
	}
	load_lanes(f, ret);
	load_dots(f, ret);
	load_ways(f, ret);
	ret->peers = facts_count(f, "SELECT count(DISTINCT peer) FROM public_flow");
}

void map_done(struct map *m)
{
	for (size_t i = 0; m->lanes != NULL && i < m->lane_count; i++) {
		free(m->lanes[i].name);
		free(m->lanes[i].kind);
	}
	free(m->lanes);
	free(m->ways);
	*m = (struct map){ 0 };
}
