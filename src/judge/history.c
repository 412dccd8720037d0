/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of findings that are not there any more, and the table `finding`, which carries them
 * from scan to scan.
 */
#include "judge/judged.h"

#include <errno.h>
#include <string.h>

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
	" WHERE x.address = ?2 AND (k.key = ?1 OR k.name = ?1) LIMIT 1";

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

/* NULL: the check ran again on this asset and port and did not find it. */
static const char *not_retested(struct judged *j, struct query *hosts, struct query *others,
				const char *check, const char *asset, const char *address,
				int64_t port, const char *transport, const char *vantage,
				int *ret_error)
{
	const struct check *c = catalogue_check(j->catalogue, check);

	if (c == NULL)
		return "no such check";
	const struct check_state *state = &j->states[c - j->catalogue->checks];
	if (state->reason != NULL)
		return state->reason;
	if (strcmp(vantage, j->vantage) != 0)
		return "seen from another vantage";
	const char *reason = "not in the scan";
	bool udp = transport != NULL && strcmp(transport, "udp") == 0;
	query_bind_text(hosts, 1, asset);
	int r;
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
		" ORDER BY fingerprint",
		j->site, (long long)j->now, (long long)j->now);

	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.finding_gone", 0, &count);
	if (r >= 0)
		r = query_new(j->db,
			      "SELECT check_id, asset, address, port, transport, vantage"
			      " FROM temp.finding_gone"
			      " WHERE rowid = ?",
			      &gone);
	if (r >= 0)
		r = query_new(j->db,
			      "SELECT address FROM temp.asset_key WHERE key = ?1 OR name = ?1"
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
		if (r == 1)
			reason = not_retested(j, hosts, others, query_text(gone, 0),
					      query_text(gone, 1), query_text(gone, 2),
					      query_int(gone, 3), query_text(gone, 4),
					      query_text(gone, 5), &r);
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
	return r < 0 ? r : 0;
}

int judge_keep(struct db *db)
{
	static const char merge[] =
		"SAVEPOINT judge_keep;"
		"INSERT INTO main.finding (fingerprint, site, check_id, severity, asset, address, "
		"port,"
		"  transport, detail, status, vantage, zone, first_seen, first_scan, last_seen,"
		"  last_scan, fixed_at, reopened)"
		" SELECT n.fingerprint, j.site, n.check_id, n.severity, n.asset, n.address, n.port,"
		"  n.transport, n.detail, n.status, n.vantage, n.zone, n.last_seen, j.id, "
		"n.last_seen,"
		"  j.id, NULL, 0 FROM temp.finding_now AS n, temp.judged AS j WHERE true"
		" ON CONFLICT (fingerprint) DO UPDATE SET severity = excluded.severity,"
		"  address = excluded.address, status = excluded.status, vantage = "
		"excluded.vantage,"
		"  zone = excluded.zone, last_seen = excluded.last_seen,"
		"  last_scan = excluded.last_scan, fixed_at = NULL,"
		"  reopened = (SELECT reopened FROM temp.finding_now AS n"
		"   WHERE n.fingerprint = excluded.fingerprint)"
		/* A later scan has the last word, whatever the order of judging. */
		" WHERE excluded.last_seen >= finding.last_seen"
		"  AND excluded.last_seen >= coalesce(finding.fixed_at, 0);"
		"UPDATE main.finding SET status = 'fixed', fixed_at = (SELECT now FROM temp.judged)"
		" WHERE status <> 'fixed' AND last_seen <= (SELECT now FROM temp.judged)"
		" AND fingerprint IN (SELECT fingerprint FROM temp.finding_gone WHERE status = "
		"'fixed');"
		"RELEASE judge_keep";
	int r = db_exec(db, merge);

	if (r < 0)
		db_exec(db, "ROLLBACK TO judge_keep; RELEASE judge_keep");
	return r;
}
