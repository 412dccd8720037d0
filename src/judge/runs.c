/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which runs are judged together: the judged one, and the newest one before it of every other kind and
 * vantage of the site. So that the same run always gives the same answer, later ones never count.
 */
#include "judge/judged.h"

#include <errno.h>
#include <string.h>

#include "judge/arena.h"

static int make_table(struct judged *j)
{
	return db_execf(
		j->db,
		"CREATE TEMP TABLE judged_run (id INTEGER PRIMARY KEY, kind TEXT, vantage TEXT,"
		" vantage_zone TEXT, vantage_kind TEXT, started INTEGER, finished INTEGER,"
		" status TEXT, used INTEGER NOT NULL DEFAULT 0);"
		"INSERT INTO temp.judged_run (id, kind, vantage, vantage_zone, vantage_kind, "
		"started,"
		"  finished, status)"
		" SELECT id, kind, vantage, vantage_zone, vantage_kind, started, finished, status"
		" FROM main.scan WHERE id = %lld"
		" UNION ALL SELECT max(s.id), s.kind, s.vantage, s.vantage_zone, s.vantage_kind,"
		"  s.started, s.finished, s.status"
		" FROM main.scan s JOIN main.scan r ON r.id = %lld WHERE s.site = r.site"
		"  AND s.id < r.id AND s.status <> 'running'"
		"  AND NOT (s.kind = r.kind AND s.vantage = r.vantage)"
		" GROUP BY s.kind, s.vantage",
		(long long)j->scan, (long long)j->scan);
}

static int find_primary(struct judged *j)
{
	struct query *q = NULL;
	int r = query_new(j->db,
			  "SELECT p.id FROM temp.judged_run p, temp.judged_run r WHERE r.id = ?1"
			  " AND ((p.id = r.id AND r.kind IN ('scan', 'outside'))"
			  "  OR (p.kind = 'scan' AND r.kind NOT IN ('scan', 'outside')))"
			  " ORDER BY p.vantage = r.vantage DESC, p.id DESC LIMIT 1",
			  &q);

	if (r < 0)
		return r;
	query_bind_int(q, 1, j->scan);
	r = query_step(q);
	if (r == 1)
		j->primary = query_int(q, 0);
	query_free(q);
	return r < 0 ? r : 0;
}

/* Whoever listens to a file, or stands outside, may not have the site file at hand. */
static int find_declared(struct judged *j)
{
	struct query *q = NULL;
	int r = query_new(j->db,
			  "SELECT id FROM (SELECT r.id, r.kind,"
			  "  EXISTS (SELECT 1 FROM main.zone z WHERE z.scan = r.id) AS declares"
			  "  FROM temp.judged_run r)"
			  " ORDER BY id = ?1 AND (kind = 'scan' OR declares) DESC,"
			  "  declares DESC, id = ?1 DESC, id DESC LIMIT 1",
			  &q);

	if (r < 0)
		return r;
	query_bind_int(q, 1, j->scan);
	r = query_step(q);
	if (r == 1)
		j->declared = query_int(q, 0);
	query_free(q);
	return r < 0 ? r : 0;
}

/* "(3,5)", "()" where there are none. */
static int list_runs(struct judged *j, const char *where, const char **ret)
{
	struct query *q = NULL;
	const char *sql =
		arena_printf(j->arena,
			     "SELECT '(' || coalesce(group_concat(id, ','), '') || ')'"
			     " FROM (SELECT id FROM temp.judged_run WHERE %s ORDER BY id)",
			     where);
	int r = sql != NULL ? query_new(j->db, sql, &q) : -ENOMEM;

	if (r >= 0)
		r = query_step(q);
	*ret = r == 1 ? arena_text(j->arena, query_text(q, 0)) : NULL;
	query_free(q);
	if (r < 0)
		return r;
	return *ret != NULL ? 0 : -ENOMEM;
}

int runs_make(struct judged *j)
{
	int r = make_table(j);

	if (r >= 0)
		r = find_primary(j);
	if (r >= 0)
		r = find_declared(j);
	if (r >= 0)
		r = db_execf(j->db,
			     "UPDATE temp.judged_run SET used = 1 WHERE id IN (%lld, %lld)"
			     " OR kind IN ('listen', 'reach', 'outside')",
			     (long long)j->scan, (long long)j->primary);
	if (r >= 0)
		r = list_runs(j, "used = 1", &j->runs);
	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.judged_run WHERE kind = 'listen'",
			      0, &j->listened);
	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.judged_run WHERE kind = 'reach'", 0,
			      &j->reached);
	/* What sweeps and probes saw was seen from where the scan of the set stood. */
	if (r >= 0)
		r = db_execf(j->db,
			     "CREATE TEMP TABLE judged AS SELECT r.id, r.site, p.vantage,"
			     " p.vantage_zone, p.vantage_kind, p.started, %lld AS now, r.kind,"
			     " nullif(%lld, 0) AS scan, %lld AS asof, %Q AS answers"
			     " FROM main.scan r JOIN main.scan p ON p.id = %lld WHERE r.id = %lld",
			     (long long)j->now, (long long)j->primary, (long long)j->asof,
			     j->options.answers != NULL ? "site" : "run",
			     (long long)(j->primary != 0 ? j->primary : j->scan),
			     (long long)j->scan);
	return r;
}

/* ---- what listening and reachability tests brought ---- */

#define FLOW_COLUMNS                                                                     \
	"src, dst, port, transport, vlan, opened, application, source, name, from_zone," \
	" to_zone, connections, refused, unanswered, sent, received, sent_packets,"      \
	" received_packets, first_ms, last_ms"
/* Somebody answered; where the capture has one direction only, the data that followed shows it. */
#define FLOW_ANSWERED                          \
	", connections > refused + unanswered" \
	" OR (transport = 'tcp' AND sent > 1000 * connections) AS answered"

static const struct {
	const char *table, *columns, *more;
} heard_tables[] = {
	{ "watch",
	  "number, kind, name, link, first_ms, last_ms, packets, bytes, dropped, snapped,"
	  " one_sided, note",
	  "" },
	{ "heard_host",
	  "address, mac, vendor, vlan, zone, kind, public, ledger_id, sent, received, first_ms,"
	  " last_ms",
	  "" },
	{ "flow", FLOW_COLUMNS, FLOW_ANSWERED },
	{ "operation",
	  "src, dst, port, transport, protocol, unit, code, word, access, requests, errors,"
	  " first_ms, last_ms",
	  "" },
	{ "heard", "address, mac, kind, value, peer, port, transport, times, first_ms, last_ms",
	  "" },
	{ "path",
	  "number, method, interface, source, via, via_mac, destination, port, transport,"
	  " from_zone, to_zone, outcome, refutes, answered_by, seen_as, hops, at_ms, took_ms,"
	  " evidence, note",
	  "" },
};

static int make_empty(struct judged *j, const char *table, const char *columns, const char *more)
{
	return db_execf(j->db, "CREATE TEMP TABLE %s (%s%s)", table, columns, more);
}

int runs_views(struct judged *j)
{
	bool there = false;
	int r = db_has_table(j->db, "watch", &there);

	for (size_t i = 0; r >= 0 && i < countof(heard_tables); i++) {
		const char *table = heard_tables[i].table, *columns = heard_tables[i].columns;

		r = !there ? make_empty(j, table, columns,
					heard_tables[i].more[0] != '\0' ? ", answered, run, vantage"
									: ", run, vantage")
			   : db_execf(j->db,
				      "CREATE TEMP VIEW %s AS SELECT %s%s, scan AS run,"
				      " (SELECT r.vantage FROM temp.judged_run r WHERE r.id = scan)"
				      " AS vantage FROM main.%s WHERE scan IN %s",
				      table, columns, heard_tables[i].more, table, j->runs);
	}
	/* Interfaces are watched side by side, files one after the other. */
	if (r >= 0)
		r = db_exec(j->db,
			    "CREATE TEMP VIEW watch_span AS SELECT run, coalesce(sum(last_ms -"
			    " first_ms) FILTER (WHERE kind = 'file'), 0) + coalesce(max(last_ms -"
			    " first_ms) FILTER (WHERE kind <> 'file'), 0) AS ms FROM temp.watch"
			    " WHERE first_ms > 0 GROUP BY run");
	if (r >= 0)
		r = !there ? make_empty(j, "declared_address", "role, address", "")
			   : db_execf(j->db,
				      "CREATE TEMP VIEW declared_address AS SELECT role, address"
				      " FROM main.declared_address WHERE scan = %lld",
				      (long long)j->declared);
	if (r >= 0)
		r = !there ? make_empty(j, "zone_declared", "zone, word", "")
			   : db_execf(j->db,
				      "CREATE TEMP VIEW zone_declared AS SELECT zone, word"
				      " FROM main.zone_declared WHERE scan = %lld",
				      (long long)j->declared);
	return r;
}
