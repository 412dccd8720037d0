/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/span.h"
#include "judge/judged.h"

/* What a side is, made of the judged run that the database holds now. The earlier side is carried
 * over row by row, since it may lie in another store. */
static const struct {
	const char *name, *columns, *select;
} sides[] = {
	{ "run", "id, uuid, kind, site, vantage, started, finished, status, now",
	  "SELECT s.id, s.uuid, s.kind, s.site, s.vantage, s.started, s.finished,"
	  " iif(s.status = 'done', 'done', 'incomplete'), j.now"
	  " FROM main.scan s JOIN temp.judged j ON j.id = s.id" },
	/* Also what was fixed earlier: who comes back must not pass for new. */
	{ "finding",
	  "fingerprint PRIMARY KEY, check_id, severity, status, asset, address, port, transport,"
	  " zone, vantage, detail, first_seen, last_seen, run, reason, kind, heard_ms",
	  "SELECT f.*, (SELECT kind FROM main.scan s WHERE s.id = f.run),"
	  " (SELECT ms FROM temp.watch_span w WHERE w.run = f.run) FROM ("
	  " SELECT fingerprint, check_id, severity, status, asset, address, port, transport, zone,"
	  "  vantage, detail, first_seen, last_seen, run, reason FROM ("
	  "  SELECT *, NULL AS reason FROM temp.finding_now)"
	  " UNION ALL SELECT fingerprint, check_id, severity, status, asset, address, port,"
	  "  transport, zone, vantage, detail, first_seen, last_seen, last_scan, reason"
	  "  FROM temp.finding_gone"
	  " UNION ALL SELECT x.fingerprint, check_id, severity, 'fixed', asset, address, port,"
	  "  transport, zone, x.vantage, detail, first_seen, last_seen, last_scan, NULL"
	  "  FROM main.finding x JOIN temp.judged j ON x.site = j.site WHERE x.status = 'fixed'"
	  "   AND coalesce(x.fixed_at, 0) < j.now AND x.first_seen <= j.now"
	  "   AND x.fingerprint NOT IN (SELECT fingerprint FROM temp.finding_now)"
	  "   AND x.fingerprint NOT IN (SELECT fingerprint FROM temp.finding_gone)) f" },
	{ "host", "filed PRIMARY KEY, key, addresses, zone, answered",
	  "SELECT filed, min(key), json_group_array(address), max(zone), max(answered) FROM ("
	  " SELECT k.filed, k.key, a.address, a.zone, a.answered FROM temp.asset a"
	  "  JOIN temp.asset_key k USING (address)"
	  "  WHERE a.answering = 1 AND a.addresses = 1 ORDER BY address_key(a.address))"
	  " GROUP BY filed" },
	/* Where the sweep looked: hosts, and ranges where nothing answered. */
	{ "looked", "first PRIMARY KEY, last, complete, udp",
	  "SELECT hex(substr(address_key(address), 2, 16)), hex(substr(address_key(address), 2, "
	  "16)),"
	  "  min(complete), max(coalesce(udp_ports, 0) > 0) FROM temp.host"
	  "  WHERE scanned = 1 AND state <> 'skipped' AND addresses = 1 GROUP BY 1"
	  " UNION ALL SELECT hex(first_key), hex(last_key), complete, 0 FROM temp.quiet"
	  "  WHERE scope = 0 AND state <> 'skipped' AND addresses > 1" },
	{ "service", "filed, key, transport, port, address, protocol, product, version",
	  "SELECT k.filed, min(k.key), s.transport, s.port, min(s.address), max(s.protocol), "
	  "max(s.product),"
	  " max(s.version) FROM temp.service s JOIN temp.asset_key k ON k.address = s.address"
	  " WHERE s.state = 'open' GROUP BY 1, 3, 4" },
	{ "verdict", "guideline, control, item, verdict, level, mandatory, position",
	  "SELECT guideline, control, item, verdict, level, mandatory, position FROM "
	  "temp.verdict" },
};

/* ---- the earlier side ---- */

static int copy(struct db *from, struct db *to, const char *side, const char *name,
		const char *select)
{
	struct query *rows = NULL, *insert = NULL;
	char text[256];
	int r = query_new(from, select, &rows);
	int columns = r >= 0 ? query_columns(rows) : 0;
	int n = snprintf(text, sizeof(text), "INSERT INTO temp.%s_%s VALUES (?", side, name);

	for (int i = 1; i < columns && n > 0 && (size_t)n < sizeof(text) - 8; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ", ?");
	if (n > 0 && (size_t)n < sizeof(text) - 1)
		snprintf(text + n, sizeof(text) - (size_t)n, ")");
	if (r >= 0)
		r = query_new(to, text, &insert);
	/* A commit for each row looks at all pages again. */
	if (r >= 0)
		r = db_exec(to, "SAVEPOINT carry");
	bool open = r >= 0;
	while (r >= 0 && (r = query_step(rows)) == 1) {
		for (int i = 0; i < columns; i++) {
			if (query_numeric(rows, i))
				query_bind_int(insert, i + 1, query_int(rows, i));
			else
				query_bind_text(insert, i + 1, query_text(rows, i));
		}
		r = query_run(insert);
	}
	query_free(rows);
	query_free(insert);
	int ended = open ? db_exec(to, "RELEASE carry") : 0;
	return r < 0 ? r : ended;
}

/* "21-23,80" of the plan as rows (transport, first, last). */
static int note_ports(struct db *from, struct db *to, const char *side)
{
	static const char *const transports[] = { "tcp", "udp" };
	struct query *plan = NULL, *insert = NULL;
	char text[128];
	int r = query_new(from,
			  "SELECT plan->>'$.ports_tcp', plan->>'$.ports_udp' FROM (SELECT"
			  " CASE WHEN json_valid(plan) THEN plan ELSE '{}' END AS plan"
			  " FROM main.scan WHERE id = (SELECT scan FROM temp.judged))",
			  &plan);

	snprintf(text, sizeof(text), "INSERT INTO temp.%s_planned VALUES (?, ?, ?)", side);
	if (r >= 0)
		r = query_new(to, text, &insert);
	if (r >= 0)
		r = query_step(plan);
	for (int t = 0; r == 1 && t < (int)countof(transports); t++) {
		uint64_t set[1024] = { 0 };

		judged_read_ports(query_text(plan, t), set);
		for (unsigned port = 0; r >= 0 && port <= UINT16_MAX; port++) {
			unsigned last = port;

			if (!ports_has(set, (uint16_t)port))
				continue;
			while (last < UINT16_MAX && ports_has(set, (uint16_t)(last + 1)))
				last++;
			query_bind_text(insert, 1, transports[t]);
			query_bind_int(insert, 2, port);
			query_bind_int(insert, 3, last);
			r = query_run(insert);
			port = last;
		}
		r = r < 0 ? r : 1;
	}
	query_free(plan);
	query_free(insert);
	return r < 0 ? r : 0;
}

static int make_side(struct db *from, struct db *to, const char *side)
{
	int r = db_execf(to,
			 "CREATE TEMP TABLE %s_planned (transport TEXT, first INTEGER, last "
			 "INTEGER)",
			 side);

	if (r >= 0)
		r = note_ports(from, to, side);
	for (size_t i = 0; r >= 0 && i < countof(sides); i++) {
		r = db_execf(to, "CREATE TEMP TABLE %s_%s (%s)", side, sides[i].name,
			     sides[i].columns);
		if (r >= 0)
			r = copy(from, to, side, sides[i].name, sides[i].select);
	}
	if (r >= 0)
		r = db_execf(
			to,
			"CREATE INDEX temp.%s_service_of ON %s_service (filed, transport, port);"
			"CREATE INDEX temp.%s_verdict_of ON %s_verdict (guideline, item)",
			side, side, side, side);
	return r;
}

int compare_take(struct db *from, struct db *to)
{
	compare_forget(to);
	int r = make_side(from, to, "before");
	if (r >= 0 && from != to)
		r = db_exec(to, "CREATE TEMP VIEW earlier_finding AS SELECT f.*, r.site AS site"
				" FROM temp.before_finding f, temp.before_run r"
				" WHERE f.status <> 'fixed'");
	return r;
}

/* ---- the changes ---- */

static const char findings[] =
	"CREATE TEMP TABLE changed_finding AS SELECT a.fingerprint, CASE"
	"  WHEN a.status IN ('open', 'waived') AND b.fingerprint IS NULL THEN 'new'"
	"  WHEN a.status IN ('open', 'waived') AND b.status = 'fixed' THEN 'reopened'"
	"  WHEN a.status = 'fixed' AND b.status <> 'fixed' THEN 'fixed'"
	"  WHEN a.status = 'not-retested' AND b.status IN ('open', 'waived') THEN 'not-retested'"
	"  WHEN a.status = 'waived' AND b.status <> 'waived' THEN 'waived'"
	"  WHEN a.status = 'open' AND b.status = 'waived' THEN 'unwaived'"
	"  WHEN a.status IN ('open', 'waived') AND a.severity <> b.severity THEN 'severity'"
	"  END AS change, a.check_id, b.severity AS severity_before, a.severity,"
	" b.status AS status_before, a.status, a.asset, a.address, a.port, a.transport, a.zone,"
	" a.vantage, a.detail, a.first_seen, a.last_seen, a.reason"
	" FROM temp.after_finding a LEFT JOIN temp.before_finding b USING (fingerprint)"
	" WHERE change IS NOT NULL;"
	/* Of a finding that the later store knows nothing of nobody can say more. */
	"INSERT INTO temp.changed_finding SELECT fingerprint, 'not-retested', check_id, severity,"
	"  severity, status, 'not-retested', asset, address, port, transport, zone, vantage, "
	"detail,"
	"  first_seen, last_seen, NULL FROM temp.before_finding"
	"  WHERE status IN ('open', 'waived')"
	"   AND fingerprint NOT IN (SELECT fingerprint FROM temp.after_finding)";

/* Was this address (a text) looked at by that side? complete: its planned ports were all tried. */
#define PLACE_OF(address) "hex(substr(address_key(" address "), 2, 16))"
#define LOOKED(side, address)                           \
	"coalesce((SELECT l.last >= " PLACE_OF(         \
		address) " FROM temp." side "_looked l" \
			 " WHERE l.first <= " PLACE_OF( \
				 address) " ORDER BY l.first DESC LIMIT 1), 0)"
#define TRIED(side, of)                                                                       \
	"coalesce((SELECT l.last >= " PLACE_OF(                                               \
		of ".address") " AND l.complete"                                              \
			       " AND (" of ".transport <> 'udp' OR l.udp) FROM temp." side    \
			       "_looked l"                                                    \
			       " WHERE l.first <= " PLACE_OF(                                 \
				       of ".address") " ORDER BY l.first DESC LIMIT 1), 0)"   \
						      " AND EXISTS (SELECT 1 FROM temp." side \
						      "_planned p WHERE p.transport = " of    \
						      ".transport AND " of                    \
						      ".port BETWEEN p.first AND p.last)"
#define SERVICES_OF(side, of)                                                          \
	"(SELECT json_group_array(json_array(port, transport, protocol)) FROM (SELECT" \
	" port, transport, protocol FROM temp." side "_service s WHERE s.filed = " of  \
	".filed ORDER BY port, transport))"

/* Assets are the same by the key that their findings are filed under. Who was only heard is not missed by a
 * sweep. */
static int make_hosts(struct db *db)
{
	return db_execf(
		db,
		"CREATE TEMP TABLE changed_host AS"
		" SELECT a.key, 'came' AS change, (SELECT max(%s) FROM json_each(a.addresses)) AS"
		"  looked, NULL AS before, a.addresses AS after, a.zone, %s AS services"
		"  FROM temp.after_host a WHERE a.filed NOT IN (SELECT filed FROM temp.before_host)"
		" UNION ALL SELECT b.key, 'went', b.answered AND (SELECT min(%s) FROM"
		"  json_each(b.addresses)), b.addresses, NULL, b.zone, %s"
		"  FROM temp.before_host b WHERE b.filed NOT IN (SELECT filed FROM temp.after_host)"
		" UNION ALL SELECT a.key, 'moved', 1, b.addresses, a.addresses, a.zone, %s"
		"  FROM temp.after_host a JOIN temp.before_host b USING (filed)"
		"  WHERE a.addresses <> b.addresses",
		LOOKED("before", "value"), SERVICES_OF("after", "a"), LOOKED("after", "value"),
		SERVICES_OF("before", "b"), SERVICES_OF("after", "a"));
}

/* What is not known this time is no change. */
static int make_services(struct db *db)
{
	return db_execf(
		db,
		"CREATE TEMP TABLE changed_service AS"
		" SELECT a.key, a.address, a.port, a.transport, 'came' AS change, %s AS looked,"
		"  NULL AS protocol_before, a.protocol, NULL AS product_before, a.product,"
		"  NULL AS version_before, a.version FROM temp.after_service a"
		"  WHERE a.filed IN (SELECT filed FROM temp.before_host)"
		"   AND NOT EXISTS (SELECT 1 FROM temp.before_service b WHERE b.filed = a.filed"
		"    AND b.transport = a.transport AND b.port = a.port)"
		" UNION ALL SELECT b.key, b.address, b.port, b.transport, 'went', %s, b.protocol,"
		"  NULL, b.product, NULL, b.version, NULL FROM temp.before_service b"
		"  WHERE b.filed IN (SELECT filed FROM temp.after_host)"
		"   AND NOT EXISTS (SELECT 1 FROM temp.after_service a WHERE a.filed = b.filed"
		"    AND a.transport = b.transport AND a.port = b.port)"
		" UNION ALL SELECT a.key, a.address, a.port, a.transport, 'changed', 1,"
		"  b.protocol, a.protocol, b.product, a.product, b.version, a.version"
		"  FROM temp.after_service a JOIN temp.before_service b"
		"  USING (filed, transport, port)"
		"  WHERE a.protocol <> b.protocol OR a.product <> b.product"
		"   OR a.version <> b.version",
		TRIED("before", "a"), TRIED("after", "b"));
}

static const char verdicts[] =
	"CREATE TEMP TABLE changed_verdict AS SELECT a.guideline, a.control, a.item,"
	" b.verdict AS before, a.verdict AS after, a.level, a.mandatory, a.position"
	" FROM temp.after_verdict a JOIN temp.before_verdict b USING (guideline, item)"
	" WHERE a.verdict <> b.verdict";

int compare_make(struct db *db)
{
	int r = make_side(db, db, "after");

	if (r >= 0)
		r = db_exec(db, findings);
	if (r >= 0)
		r = make_hosts(db);
	if (r >= 0)
		r = make_services(db);
	return r < 0 ? r : db_exec(db, verdicts);
}

void compare_forget(struct db *db)
{
	static const char *const both[] = { "before", "after" };
	static const char *const made[] = { "finding", "host", "service", "verdict" };

	db_exec(db, "DROP VIEW IF EXISTS temp.earlier_finding");
	for (size_t s = 0; s < countof(both); s++) {
		db_execf(db, "DROP TABLE IF EXISTS temp.%s_planned", both[s]);
		for (size_t i = 0; i < countof(sides); i++)
			db_execf(db, "DROP TABLE IF EXISTS temp.%s_%s", both[s], sides[i].name);
	}
	for (size_t i = 0; i < countof(made); i++)
		db_execf(db, "DROP TABLE IF EXISTS temp.changed_%s", made[i]);
}
