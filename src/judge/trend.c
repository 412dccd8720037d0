/* SPDX-License-Identifier: Apache-2.0 */
/* How findings come and go from run to run, and how long it takes until they are fixed. */
#include "judge/judged.h"

#include <errno.h>

/* A store of an older version that is only read knows of no events: the view is empty. */
static int open_history(struct judged *j)
{
	static const struct {
		const char *table, *columns;
	} tables[] = {
		{ "finding_event", "site, fingerprint, scan, event, at, severity" },
		{ "tally", "scan, severity, open, unseen, waived, new, fixed, reopened" },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < countof(tables); i++) {
		bool there = false;

		r = db_has_table(j->db, tables[i].table, &there);
		if (r >= 0)
			r = there ? db_execf(j->db,
					     "CREATE TEMP VIEW every_%s AS SELECT %s FROM main.%s",
					     tables[i].table, tables[i].columns, tables[i].table)
				  : db_execf(j->db, "CREATE TEMP TABLE every_%s (%s)",
					     tables[i].table, tables[i].columns);
	}
	return r;
}

/*
 * max(+at): each finding's events by its fingerprint. For max(at) SQLite goes through the site's by time.
 *
 * Since when each finding is open: seen first, or seen again after it was fixed. Of what came back in a store
 * of before events were kept nobody knows (NULL). came: how, where this run brought it; it may not be kept yet.
 */
static const char opened[] =
	"CREATE TEMP TABLE finding_open (number INTEGER PRIMARY KEY, fingerprint TEXT, severity "
	"TEXT,"
	" status TEXT, seen INTEGER, came TEXT, at INTEGER);"
	"INSERT OR IGNORE INTO temp.finding_open SELECT n.number, n.fingerprint, n.severity,"
	"  n.status, 1,"
	"  CASE WHEN f.fingerprint IS NULL OR e.event = 'new' THEN 'new'"
	"   WHEN f.status = 'fixed' AND n.reopened > f.reopened OR e.event = 'reopened'"
	"    THEN 'reopened' END,"
	"  n.first_seen FROM temp.finding_now n"
	"  LEFT JOIN main.finding f ON f.fingerprint = n.fingerprint"
	"  LEFT JOIN temp.every_finding_event e ON e.site = (SELECT site FROM temp.judged)"
	"   AND e.fingerprint = n.fingerprint AND e.scan = (SELECT id FROM temp.judged)"
	"   AND e.event IN ('new', 'reopened')"
	/* As the two others are sorted, where there are any: they are read from their beginning to
	 * their end. */
	"  ORDER BY %s;"
	/* Behind the numbers of those that are seen. */
	"INSERT INTO temp.finding_open SELECT NULL, g.fingerprint, g.severity,"
	"  iif(f.status = 'waived' AND g.fingerprint NOT IN (SELECT fingerprint FROM"
	"   temp.gone_unwaived), 'waived', 'open'), 0, NULL, g.first_seen FROM "
	"temp.finding_gone g"
	"  LEFT JOIN main.finding f ON f.fingerprint = g.fingerprint"
	"  WHERE g.status = 'not-retested' AND g.fingerprint NOT IN"
	"   (SELECT fingerprint FROM temp.finding_now);"
	"UPDATE temp.finding_open SET at = CASE"
	"  WHEN came = 'reopened' THEN (SELECT last_seen FROM temp.finding_now n"
	"   WHERE n.number = finding_open.number)"
	"  ELSE coalesce((SELECT max(+e.at) FROM temp.every_finding_event e"
	"    WHERE e.site = (SELECT site FROM temp.judged) AND e.fingerprint = "
	"finding_open.fingerprint"
	"     AND e.event IN ('new', 'reopened') AND e.scan <= (SELECT id FROM temp.judged)),"
	"   iif((SELECT f.reopened FROM main.finding f"
	"    WHERE f.fingerprint = finding_open.fingerprint) > 0, NULL, at)) END"
	" WHERE came IS NOT 'new'";

#define SEVERITIES_HERE "(VALUES ('critical'), ('high'), ('medium'), ('low'), ('info'))"

static const char trend[] =
	"CREATE TEMP TABLE trend (run INTEGER, kind TEXT, vantage TEXT, at INTEGER, severity TEXT,"
	" open INTEGER, unseen INTEGER, waived INTEGER, new INTEGER, fixed INTEGER,"
	" reopened INTEGER);"
	"INSERT INTO temp.trend SELECT s.id, s.kind, s.vantage, coalesce(s.finished, s.started),"
	"  t.severity, t.open, t.unseen, t.waived, t.new, t.fixed, t.reopened"
	"  FROM temp.judged j JOIN main.scan s ON s.site = j.site AND s.id < j.id"
	"  JOIN temp.every_tally t ON t.scan = s.id ORDER BY s.id;"
	"INSERT INTO temp.trend SELECT j.id, j.kind, (SELECT vantage FROM main.scan s WHERE s.id = "
	"j.id),"
	"  j.now, v.column1, coalesce(o.open, 0), coalesce(o.unseen, 0), coalesce(o.waived, 0),"
	"  coalesce(o.new, 0), coalesce(g.fixed, 0), coalesce(o.reopened, 0)"
	"  FROM temp.judged j CROSS JOIN " SEVERITIES_HERE " v LEFT JOIN"
	"  (SELECT severity, count(*) FILTER (WHERE status = 'open') AS open,"
	"    count(*) FILTER (WHERE status = 'open' AND seen = 0) AS unseen,"
	"    count(*) FILTER (WHERE status = 'waived') AS waived,"
	"    count(*) FILTER (WHERE came = 'new') AS new,"
	"    count(*) FILTER (WHERE came = 'reopened') AS reopened"
	"    FROM temp.finding_open GROUP BY severity) o ON o.severity = v.column1 LEFT JOIN"
	"  (SELECT severity, count(*) AS fixed FROM temp.finding_gone WHERE status = 'fixed'"
	"    GROUP BY severity) g ON g.severity = v.column1";

/* Each time that a finding was fixed, from when it was open until then. */
static const char fixes[] =
	"CREATE TEMP TABLE finding_fix AS"
	" SELECT fingerprint, severity, at, (SELECT max(+o.at) FROM temp.every_finding_event o"
	"   WHERE o.site = e.site AND o.fingerprint = e.fingerprint AND o.scan < e.scan"
	"    AND o.event IN ('new', 'reopened')) AS opened"
	"  FROM temp.every_finding_event e WHERE event = 'fixed'"
	"   AND site = (SELECT site FROM temp.judged) AND scan < (SELECT id FROM temp.judged)"
	" UNION ALL SELECT fingerprint, severity, (SELECT min(coalesce(fixed_at, now), now) FROM "
	"temp.judged),"
	"  (SELECT max(+o.at) FROM temp.every_finding_event o"
	"   WHERE o.site = g.site AND o.fingerprint = g.fingerprint"
	"    AND o.scan < (SELECT id FROM temp.judged) AND o.event IN ('new', 'reopened'))"
	"  FROM temp.finding_gone g WHERE status = 'fixed'"
	/* Fixed before events were kept. */
	" UNION ALL SELECT fingerprint, severity, fixed_at, NULL FROM main.finding f"
	"  WHERE site = (SELECT site FROM temp.judged) AND status = 'fixed'"
	"   AND fixed_at < (SELECT now FROM temp.judged)"
	"   AND fingerprint NOT IN (SELECT fingerprint FROM temp.finding_gone)"
	"   AND NOT EXISTS (SELECT 1 FROM temp.every_finding_event e WHERE e.site = f.site"
	"    AND e.fingerprint = f.fingerprint AND e.event = 'fixed');"
	/* What never came back was open since it was seen first. */
	"UPDATE temp.finding_fix SET opened = f.first_seen FROM main.finding f"
	" WHERE finding_fix.opened IS NULL AND f.fingerprint = finding_fix.fingerprint"
	"  AND f.reopened = 0;";

/* By severity: how many there are, after how many days (NULL: nobody knows), and the most. */
#define DAYS(days, from)                                                         \
	"(SELECT severity, count(*) AS n, median(" days ") AS median, max(" days \
	") AS most FROM " from " GROUP BY severity)"

static const char fix_time[] =
	"CREATE TEMP TABLE fix_time AS SELECT v.column1 AS severity, coalesce(f.n, 0) AS fixed,"
	" f.median AS median_days, coalesce(o.n, 0) AS open, o.median AS median_age_days,"
	" o.most AS oldest_days FROM " SEVERITIES_HERE " v"
	" LEFT JOIN " DAYS(
		"(at - opened) / 86400.0",
		"temp.finding_fix") " f"
				    "  ON f.severity = v.column1"
				    " LEFT JOIN " DAYS(
					    "(j.now - at) / 86400.0",
					    "temp.finding_open, temp.judged j WHERE status = "
					    "'open'") " o"
						      "  ON o.severity = v.column1";

static const char since_tables[] =
	"CREATE TEMP TABLE since (at INTEGER, run INTEGER);"
	"CREATE TEMP TABLE changes (fingerprint TEXT PRIMARY KEY, change TEXT, check_id TEXT,"
	" severity TEXT, asset TEXT, address TEXT, port INTEGER, transport TEXT, zone TEXT,"
	" detail TEXT, at INTEGER)";

static const char changes[] =
	"DELETE FROM temp.changes;"
	"INSERT INTO temp.changes SELECT n.fingerprint, iif(o.came = 'reopened'"
	"   OR n.first_seen <= s.at, 're-detected', 'new'), n.check_id, n.severity, n.asset,"
	"  n.address, n.port, n.transport, n.zone, n.detail, o.at"
	"  FROM temp.finding_now n JOIN temp.finding_open o USING (number), temp.since s"
	"  WHERE o.at > s.at;"
	"INSERT INTO temp.changes SELECT fingerprint, 'mitigated', check_id, severity, asset,"
	"  address, port, transport, zone, detail, min(coalesce(fixed_at, j.now), j.now)"
	"  FROM temp.finding_gone, temp.since s, temp.judged j WHERE status = 'fixed'"
	"   AND min(coalesce(fixed_at, j.now), j.now) > s.at;"
	"INSERT OR IGNORE INTO temp.changes SELECT f.fingerprint, 'mitigated', f.check_id,"
	"  f.severity, f.asset, f.address, f.port, f.transport, f.zone, f.detail, f.fixed_at"
	"  FROM main.finding f JOIN temp.judged j ON j.site = f.site, temp.since s"
	"  WHERE f.status = 'fixed' AND f.fixed_at > s.at AND f.fixed_at <= j.now"
	"   AND f.fingerprint NOT IN (SELECT fingerprint FROM temp.finding_now)";

int trend_make(struct judged *j)
{
	static const char *const steps[] = { trend, fixes, fix_time, since_tables };
	int64_t kept = 0;
	int r = open_history(j);

	if (r >= 0)
		r = db_number(j->db, "SELECT EXISTS (SELECT 1 FROM main.finding)", 0, &kept);
	if (r >= 0)
		r = db_execf(j->db, opened, kept != 0 ? "n.fingerprint" : "n.number");
	for (size_t i = 0; r >= 0 && i < countof(steps); i++)
		r = db_exec(j->db, steps[i]);
	if (r >= 0)
		r = db_exec(
			j->db,
			"INSERT INTO temp.since SELECT coalesce(s.finished, s.started), s.id"
			" FROM main.scan s JOIN main.scan t ON t.id = (SELECT id FROM temp.judged)"
			" WHERE s.id < t.id AND s.site = t.site AND s.kind = t.kind"
			"  AND s.vantage = t.vantage AND s.status <> 'running'"
			" ORDER BY s.id DESC LIMIT 1;"
			"INSERT INTO temp.since SELECT NULL, NULL WHERE NOT EXISTS"
			" (SELECT 1 FROM temp.since)");
	return r < 0 ? r : db_exec(j->db, changes);
}

int judge_since(struct db *db, int64_t at)
{
	int r = db_execf(db, "UPDATE temp.since SET at = %lld, run = NULL", (long long)at);

	return r < 0 ? r : db_exec(db, changes);
}

int trend_keep(struct db *db)
{
	return db_exec(db, "INSERT OR REPLACE INTO main.tally SELECT run, severity, open, unseen,"
			   " waived, new, fixed, reopened FROM temp.trend"
			   " WHERE run = (SELECT id FROM temp.judged)");
}
