/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of findings that are not there any more, and the table `finding`, which carries them
 * from scan to scan.
 */
#include "judge/judged.h"

#include <errno.h>
#include <string.h>

#include "judge/arena.h"

static const char elsewhere[] = "seen from another vantage";

static const char *reason_of(const struct judged *j, uint16_t state)
{
	return state >= SUBJECT_REASON ? j->reasons[state - SUBJECT_REASON] : NULL;
}

static bool is_unseen(const struct judged *j, const struct cover *v, size_t host)
{
	const char *reason = reason_of(j, v->host[host]);

	return v->unseen != NULL && reason != NULL && strcmp(reason, v->unseen) == 0;
}

/* NULL: the check looked at this port of this host again; else why not. */
static const char *not_retested_port(const struct judged *j, const struct cover *v, size_t host,
				     int64_t port, bool udp)
{
	if (!ports_has(udp ? j->planned.udp : j->planned.tcp, (uint16_t)port))
		return "ports not in the plan";
	if (udp && !j->hosts[host].udp)
		return "UDP ports not tried";
	ptrdiff_t at = judged_service_find(j, host, port, udp);
	if (is_unseen(j, v, host))
		return v->unseen;
	if (at < 0 || v->counts_hosts)
		return NULL; /* not open any more, or the sweep says it all */
	uint16_t state = v->service[at];
	if (state == SUBJECT_NONE)
		return j->services[at].protocol != 0
			       ? NULL
			       : "not probed"; /* it speaks something else now */
	return reason_of(j, state);
}

static const char *not_retested_host(const struct judged *j, const struct cover *v, size_t host)
{
	if (is_unseen(j, v, host))
		return v->unseen;
	return reason_of(j, judged_host_reason(j, v, host));
}

static const char *not_retested_there(const struct judged *j, const struct cover *v, size_t host,
				      int64_t port, bool udp)
{
	const struct judged_host *h = &j->hosts[host];

	if (h->gap != NULL)
		return h->gap;
	if (!h->answering)
		return "the host did not answer";
	return port != 0 ? not_retested_port(j, v, host, port, udp) : not_retested_host(j, v, host);
}

/* An address that an earlier scan saw together with one of those that the asset has now. */
static const char other_address[] =
	"SELECT 1 FROM main.asset_of AS x JOIN main.scan AS s ON s.id = x.scan AND s.site = ?3"
	" JOIN main.asset_of AS y ON y.scan = x.scan AND y.asset = x.asset"
	" JOIN temp.asset_key AS k ON k.address = y.address AND k.name = y.asset"
	" WHERE x.address = ?2 AND (k.key = ?1 OR k.name = ?1 OR k.filed = ?1) LIMIT 1";

static int was_with_it(struct judged *j, struct query *others, const char *asset,
		       const char *address, bool *ret)
{
	*ret = false;
	if (others == NULL || address == NULL)
		return 0;
	query_bind_text(others, 1, asset);
	query_bind_text(others, 2, address);
	query_bind_text(others, 3, j->site);
	int r = query_step(others);
	*ret = r == 1;
	query_reset(others);
	return r < 0 ? r : 0;
}

/* ---- what was heard, or tested, before ---- */

struct gone {
	const char *check, *asset, *address, *transport, *vantage, *kind, *zone, *filed;
	int64_t port, run;
	int64_t heard_ms; /* for how long it was listened then, where another store tells it */
};

static struct gone gone_of(struct query *q)
{
	return (struct gone){
		.check = query_text(q, 0),
		.asset = query_text(q, 1),
		.address = query_text(q, 2),
		.port = query_int(q, 3),
		.transport = query_text(q, 4),
		.vantage = query_text(q, 5),
		.run = query_int(q, 6),
		.kind = query_text(q, 7) != NULL ? query_text(q, 7) : "scan",
		.zone = query_text(q, 8),
		.heard_ms = query_int(q, 9),
		.filed = query_text(q, 10),
	};
}

/* The run of the set that looked in the same way from the same vantage; 0: there is none. */
static int same_view(struct judged *j, const struct gone *g, int64_t *ret)
{
	struct query *q = NULL;
	int r = query_new(
		j->db,
		"SELECT id FROM temp.judged_run WHERE kind = ?1 AND vantage = ?2"
		" AND (kind IN ('listen', 'reach') OR id = (SELECT scan FROM temp.judged))",
		&q);

	*ret = 0;
	if (r < 0)
		return r;
	query_bind_text(q, 1, g->kind);
	query_bind_text(q, 2, g->vantage);
	r = query_step(q);
	if (r == 1)
		*ret = query_int(q, 0);
	query_free(q);
	return r < 0 ? r : 0;
}

/* ?1 the new run, ?2 the one that saw it last, ?3 address, ?4 port, ?5 transport, ?6 zone, ?7 heard_ms. */
static int ask_reason(struct judged *j, const char *sql, const struct gone *g, int64_t run,
		      const char **ret)
{
	struct query *q = NULL;
	int r = query_new(j->db, sql, &q);

	if (r < 0)
		return r;
	query_bind_int(q, 1, run);
	query_bind_int(q, 2, g->run);
	query_bind_text(q, 3, g->address);
	query_bind_int(q, 4, g->port);
	query_bind_text(q, 5, g->transport);
	query_bind_text(q, 6, g->zone);
	query_bind_int(q, 7, g->heard_ms);
	r = query_step(q);
	if (r == 1 && !query_null(q, 0)) {
		*ret = arena_text(j->arena, query_text(q, 0));
		if (*ret == NULL)
			r = -ENOMEM;
	}
	query_free(q);
	return r < 0 ? r : 0;
}

/* That it was not heard again shows something only where the same was heard for about as long. */
static const char heard_again[] =
	"WITH span AS (SELECT scan, coalesce(sum(last_ms - first_ms) FILTER (WHERE kind = 'file'),"
	"   0) + coalesce(max(last_ms - first_ms) FILTER (WHERE kind <> 'file'), 0) AS ms"
	"  FROM main.watch WHERE scan IN (?1, ?2) AND first_ms > 0 GROUP BY scan)"
	" SELECT CASE WHEN ?1 = ?2 THEN NULL"
	"  WHEN coalesce((SELECT ms FROM span WHERE scan = ?1), 0)"
	"   < 0.9 * coalesce((SELECT ms FROM span WHERE scan = ?2), ?7)"
	"   THEN 'watched for a shorter time than when it was seen'"
	"  WHEN ?3 IS NULL THEN NULL"
	"  WHEN coalesce(?4, 0) = 0 THEN iif(EXISTS (SELECT 1 FROM main.heard_host h"
	"    WHERE h.scan = ?1 AND h.address = ?3), NULL, 'not heard')"
	"  WHEN EXISTS (SELECT 1 FROM main.flow f WHERE f.scan = ?1 AND f.dst = ?3 AND f.port = ?4"
	"   AND f.transport = ?5) OR EXISTS (SELECT 1 FROM main.heard f WHERE f.scan = ?1"
	"   AND f.address = ?3 AND f.port = ?4 AND f.transport = ?5) THEN NULL"
	"  ELSE 'not heard' END";

static const char tested_again[] =
	"SELECT CASE WHEN ?1 = ?2 OR EXISTS (SELECT 1 FROM main.path p WHERE p.scan = ?1"
	"  AND (p.source = ?3 OR p.via = ?3 OR p.destination = ?3 OR p.from_zone = ?6)"
	"  AND (coalesce(?4, 0) = 0 OR (p.port = ?4 AND p.transport = ?5)))"
	" THEN NULL ELSE 'not tested again' END";

/* Where none of a probe's own ports is planned, and nothing was heard that it speaks with, its checks have nothing to
 * look into; the port where one of them found something before may have been tried all the same. */
static bool was_tried(const struct check_state *state, int64_t port)
{
	return port != 0 && state->cover->counts_services && state->cover->service != NULL &&
	       strcmp(state->reason, "ports not in the plan") == 0;
}

/* NULL: the check ran again on this asset and port and did not find it. */
static const char *not_retested(struct judged *j, struct query *hosts, struct query *others,
				const struct gone *g, int *ret_error)
{
	const struct check *c = catalogue_check(j->catalogue, g->check);
	const char *asset = g->asset, *address = g->address, *again = NULL;
	int64_t port = g->port, run = 0;
	int r = same_view(j, g, &run);

	*ret_error = r;
	if (r < 0)
		return NULL;
	if (c == NULL)
		return "no such check";
	const struct check_state *state = &j->states[c - j->catalogue->checks];
	if (run == 0)
		return elsewhere;
	if (state->reason != NULL && !was_tried(state, port))
		return state->reason;
	if (strcmp(g->kind, "listen") == 0 || strcmp(g->kind, "reach") == 0) {
		*ret_error =
			ask_reason(j, strcmp(g->kind, "listen") == 0 ? heard_again : tested_again,
				   g, run, &again);
		return again;
	}
	const char *reason = "not in the scan";
	bool udp = g->transport != NULL && strcmp(g->transport, "udp") == 0;
	query_bind_text(hosts, 1, asset);
	query_bind_text(hosts, 2, g->filed);
	bool found = false, at_last = false;
	while ((r = query_step(hosts)) == 1) {
		ptrdiff_t host = judged_host_find(j, query_text(hosts, 0));

		if (host < 0)
			continue;
		found = true;
		at_last |= address != NULL && strcmp(j->hosts[host].address, address) == 0;
		reason = not_retested_there(j, state->cover, (size_t)host, port, udp);
		if (reason != NULL)
			break;
	}
	/* What stands where it was last seen: silence, perhaps in the row of a range, or another asset. */
	ptrdiff_t host = r >= 0 && !found ? judged_host_find(j, address) : -1;
	if (host >= 0)
		reason = j->hosts[host].answering
				 ? "its address is another asset's now"
				 : not_retested_there(j, state->cover, (size_t)host, port, udp);
	query_reset(hosts);
	/* It has several addresses, and the one in question was not among them this time. */
	bool another = false;
	if (r >= 0 && found && reason == NULL && !at_last)
		r = was_with_it(j, others, asset, address, &another);
	if (another) {
		host = judged_host_find(j, address);
		reason = host < 0 ? "not in the scan"
				  : not_retested_there(j, state->cover, (size_t)host, port, udp);
	}
	*ret_error = r < 0 ? r : 0;
	return reason;
}

/* Nobody looked from there this time, and what was seen from there stands until somebody does. */
static int carry(struct judged *j)
{
	int r = db_execf(
		j->db,
		"INSERT OR IGNORE INTO temp.finding_now"
		" SELECT g.fingerprint, g.check_id, g.severity, 'open', g.asset, g.address, g.port,"
		"  g.transport, g.zone, coalesce((SELECT z.kind FROM temp.zone z WHERE z.name = "
		"g.zone),"
		"   (SELECT a.kind FROM temp.asset a WHERE a.address = g.address)), g.vantage, "
		"g.detail,"
		"  json_object('vantage', g.vantage, 'seen', strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ',"
		"   g.last_seen, 'unixepoch')),"
		"  NULL,"
		"  g.first_seen, g.last_seen, g.reopened, 0, g.last_scan, 1, NULL, NULL, NULL"
		" FROM temp.finding_gone g WHERE g.reason = %Q;"
		"INSERT OR IGNORE INTO temp.finding_place SELECT number, address, zone, kind"
		"  FROM temp.finding_now WHERE carried = 1;"
		"DELETE FROM temp.finding_gone WHERE reason = %Q",
		elsewhere, elsewhere);

	return r < 0 ? r : 0;
}

/* What another store knows of before (judge/compare.h), of declared checks or of the others: its runs have
 * negative numbers here. ret: there is such a store. */
static int add_foreign(struct judged *j, bool declared, bool *ret)
{
	int64_t there = 0;
	int r = db_number(j->db,
			  "SELECT count(*) FROM sqlite_temp_master WHERE name = 'earlier_finding'",
			  0, &there);

	if (ret != NULL)
		*ret = there > 0;
	if (r < 0 || there == 0)
		return r;
	return db_execf(
		j->db,
		"INSERT INTO temp.finding_gone (fingerprint, site, check_id, severity, asset,"
		"  address, port, transport, detail, status, vantage, zone, first_seen, first_scan,"
		"  last_seen, last_scan, reopened, reason)"
		" SELECT fingerprint, site, check_id, severity, asset, address, port, transport,"
		"  detail, status, vantage, zone, first_seen, -run, last_seen, -run, 0, ''"
		"  FROM temp.earlier_finding"
		"  WHERE fingerprint NOT IN (SELECT fingerprint FROM temp.finding_now)"
		"  AND fingerprint NOT IN (SELECT fingerprint FROM main.finding)"
		"  AND check_id %s (SELECT check_id FROM temp.declared_check) ORDER BY fingerprint",
		declared ? "IN" : "NOT IN");
}

#define EARLIER(column)                                  \
	"(SELECT " column " FROM temp.earlier_finding e" \
	"  WHERE e.fingerprint = finding_gone.fingerprint)"

/* The columns of struct gone; a store of an older version does not know under which key it was filed. */
static int prepare_gone(struct judged *j, struct query **ret)
{
	bool foreign = false, filed = false;
	int r = add_foreign(j, false, &foreign);

	if (r >= 0)
		r = db_has_table(j->db, "asset_filed", &filed);
	if (r < 0)
		return r;
	const char *sql = arena_printf(
		j->arena,
		"SELECT check_id, asset, address, port, transport, vantage, last_scan,"
		" coalesce((SELECT kind FROM main.scan s WHERE s.id = last_scan), %s), zone, %s, %s"
		" FROM temp.finding_gone WHERE rowid = ?",
		foreign ? EARLIER("kind") : "NULL", foreign ? EARLIER("heard_ms") : "0",
		filed ? "(SELECT f.filed FROM main.asset_filed f WHERE f.scan = last_scan"
			" AND f.address = finding_gone.address)"
		      : "NULL");
	return sql != NULL ? query_new(j->db, sql, ret) : -ENOMEM;
}

int history_make(struct judged *j)
{
	struct query *gone = NULL, *hosts = NULL, *others = NULL, *set = NULL;
	int64_t count = 0;
	bool there = false;
	/* As things stood at `now`: what was fixed before is history, what was seen only later is not
	 * yet, and what this very scan fixed (and judge_keep() wrote down) is told again. */
	int r = db_execf(
		j->db,
		"CREATE TEMP TABLE finding_gone AS SELECT *, '' AS reason FROM main.finding"
		" WHERE site = %Q AND first_seen <= %lld"
		" AND (status <> 'fixed' OR coalesce(fixed_at, 0) >= %lld)"
		" AND fingerprint NOT IN (SELECT fingerprint FROM temp.finding_now)"
		" AND check_id NOT IN (SELECT check_id FROM temp.declared_check)"
		" ORDER BY fingerprint",
		j->site, (long long)j->now, (long long)j->now);

	if (r >= 0)
		r = prepare_gone(j, &gone);
	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.finding_gone", 0, &count);
	if (r >= 0)
		r = query_new(j->db,
			      "SELECT address FROM temp.asset_key WHERE key = ?1 OR name = ?1"
			      " OR filed = ?1 OR filed = ?2"
			      " ORDER BY address",
			      &hosts);
	if (r >= 0)
		r = db_has_table(j->db, "asset_of", &there);
	if (r >= 0 && there)
		r = query_new(j->db, other_address, &others);
	if (r >= 0)
		r = query_new(j->db,
			      "UPDATE temp.finding_gone SET status = ?2, reason = ?3,"
			      " fixed_at = iif(?2 = 'fixed', coalesce(fixed_at, ?4), NULL)"
			      " WHERE rowid = ?1",
			      &set);
	for (int64_t row = 1; r >= 0 && row <= count; row++) {
		const char *reason = NULL;

		query_bind_int(gone, 1, row);
		r = query_step(gone);
		if (r == 1) {
			const struct gone g = gone_of(gone);

			reason = not_retested(j, hosts, others, &g, &r);
		}
		query_reset(gone);
		if (r < 0)
			break;
		query_bind_int(set, 1, row);
		query_bind_text(set, 2, reason == NULL ? "fixed" : "not-retested");
		query_bind_text(set, 3, reason);
		query_bind_int(set, 4, j->now);
		r = query_run(set);
	}
	query_free(gone);
	query_free(hosts);
	query_free(others);
	query_free(set);
	return r < 0 ? r : carry(j);
}

/* What contradicted a declaration stands until somebody looks for it again, as long as the declaration does. */
static const char still_against[] =
	"UPDATE temp.finding_gone SET status = 'not-retested', reason = x.reason, fixed_at = NULL"
	" FROM (SELECT f.fingerprint, min(g.reason) AS reason FROM temp.finding_gone f"
	"  JOIN temp.finding_gone g ON g.status = 'not-retested' AND g.asset = f.asset"
	"   AND instr(' ' || f.detail || ' ', ' ' || g.check_id || ' ') > 0"
	"  WHERE f.check_id = 'declared.contradicted' AND EXISTS (SELECT 1 FROM"
	"   temp.declared_state d WHERE d.state IN ('valid', 'done')"
	"   AND instr(f.detail, d.kind || ' ' || d.subject) = 1)"
	"  GROUP BY f.fingerprint) x WHERE finding_gone.fingerprint = x.fingerprint";

/* What is declared is looked at by every run that has it before it, from wherever it stands; not by a check that
 * could not be asked. */
int history_declared(struct judged *j)
{
	int r = db_execf(
		j->db,
		"INSERT INTO temp.finding_gone SELECT *, NULL FROM main.finding"
		" WHERE site = %Q AND first_seen <= %lld"
		" AND (status <> 'fixed' OR coalesce(fixed_at, 0) >= %lld)"
		" AND fingerprint NOT IN (SELECT fingerprint FROM temp.finding_now)"
		" AND check_id IN (SELECT check_id FROM temp.declared_check) ORDER BY fingerprint",
		j->site, (long long)j->now, (long long)j->now);

	if (r >= 0)
		r = add_foreign(j, true, NULL);
	if (r >= 0)
		r = db_execf(j->db,
			     "UPDATE temp.finding_gone SET"
			     " status = iif(d.reason IS NULL, 'fixed', 'not-retested'),"
			     " reason = d.reason,"
			     " fixed_at = iif(d.reason IS NULL, coalesce(fixed_at, %lld), NULL)"
			     " FROM temp.declared_check d"
			     " WHERE d.check_id = finding_gone.check_id",
			     (long long)j->now);
	if (r >= 0)
		r = db_exec(j->db, still_against);
	return r < 0 ? r : 0;
}

/* A later scan has the last word, whatever the order of judging. */
#define LAST_WORD "n.last_seen >= f.last_seen AND n.last_seen >= coalesce(f.fixed_at, 0)"

/* What this run makes of each finding (n), told from what the table finding (f) knows so far. */
static const struct {
	const char *event, *at, *where;
} events[] = {
	{ "'new'", "n.last_seen", "n.carried = 0 AND f.fingerprint IS NULL" },
	{ "'reopened'", "n.last_seen", "n.carried = 0 AND f.status = 'fixed' AND " LAST_WORD },
	{ "'waived'", "j.now",
	  "n.status = 'waived' AND (f.fingerprint IS NULL OR f.status <> 'waived' AND " LAST_WORD
	  ")" },
	{ "'unwaived'", "j.now", "n.status = 'open' AND f.status = 'waived' AND " LAST_WORD },
	{ "'severity'", "j.now",
	  "n.carried = 0 AND f.status <> 'fixed' AND n.severity <> f.severity AND " LAST_WORD },
};

static int keep_events(struct db *db)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < countof(events); i++)
		r = db_execf(db,
			     "INSERT OR IGNORE INTO main.finding_event"
			     " SELECT j.site, n.fingerprint, j.id, %s, %s, n.severity"
			     " FROM temp.finding_now n JOIN temp.judged j LEFT JOIN main.finding f"
			     "  ON f.fingerprint = n.fingerprint WHERE %s",
			     events[i].event, events[i].at, events[i].where);
	if (r >= 0)
		r = db_exec(db, "INSERT OR IGNORE INTO main.finding_event"
				" SELECT j.site, f.fingerprint, j.id, 'unwaived', j.now, f.severity"
				" FROM main.finding f JOIN temp.judged j JOIN temp.gone_unwaived g"
				"  ON g.fingerprint = f.fingerprint"
				" WHERE f.status = 'waived' AND f.last_seen <= j.now");
	return r < 0 ? r
		     : db_exec(db, "INSERT OR IGNORE INTO main.finding_event"
				   " SELECT j.site, f.fingerprint, j.id, 'fixed', j.now, f.severity"
				   " FROM main.finding f JOIN temp.judged j"
				   " WHERE f.status <> 'fixed' AND f.last_seen <= j.now"
				   "  AND f.fingerprint IN (SELECT fingerprint"
				   "   FROM temp.finding_gone WHERE status = 'fixed')");
}

static const char merge[] =
	"INSERT INTO main.finding AS f (fingerprint, site, check_id, severity, asset, address, "
	"port,"
	"  transport, detail, status, vantage, zone, first_seen, first_scan, last_seen,"
	"  last_scan, fixed_at, reopened)"
	" SELECT n.fingerprint, j.site, n.check_id, n.severity, n.asset, n.address, n.port,"
	"  n.transport, n.detail, n.status, n.vantage, n.zone, n.last_seen, n.run, "
	"n.last_seen,"
	"  n.run, NULL, 0 FROM temp.finding_now AS n, temp.judged AS j WHERE n.carried = 0"
	" ON CONFLICT (fingerprint) DO UPDATE SET severity = excluded.severity,"
	"  asset = excluded.asset,"
	"  address = excluded.address, status = excluded.status, vantage = "
	"excluded.vantage,"
	"  zone = excluded.zone, last_seen = excluded.last_seen,"
	"  last_scan = excluded.last_scan, fixed_at = NULL,"
	"  reopened = (SELECT reopened FROM temp.finding_now AS n"
	"   WHERE n.fingerprint = excluded.fingerprint)"
	" WHERE excluded.last_seen >= f.last_seen"
	"  AND excluded.last_seen >= coalesce(f.fixed_at, 0);"
	"UPDATE main.finding SET status = 'fixed', fixed_at = "
	"(SELECT now FROM temp.judged)"
	" WHERE status <> 'fixed' AND last_seen <= (SELECT now FROM "
	"temp.judged)"
	" AND fingerprint IN (SELECT fingerprint FROM "
	"temp.finding_gone WHERE status = 'fixed');"
	/* A waiver needs no new look, neither does its end. */
	"UPDATE main.finding SET status = 'open' WHERE status = 'waived'"
	" AND last_seen <= (SELECT now FROM temp.judged)"
	" AND fingerprint IN (SELECT fingerprint FROM temp.gone_unwaived);"
	"UPDATE main.finding SET status = n.status FROM "
	"temp.finding_now AS n"
	" WHERE n.fingerprint = finding.fingerprint AND n.carried = 1"
	"  AND finding.status <> 'fixed' AND "
	"  n.last_seen >= finding.last_seen";

int judge_keep(struct db *db)
{
	int r = db_exec(db, "SAVEPOINT judge_keep");

	if (r < 0)
		return r;
	r = keep_events(db);
	if (r >= 0)
		r = db_exec(db, merge);
	if (r >= 0)
		r = trend_keep(db);
	if (r >= 0)
		r = db_exec(db, "RELEASE judge_keep");
	if (r < 0)
		db_exec(db, "ROLLBACK TO judge_keep; RELEASE judge_keep");
	return r;
}
