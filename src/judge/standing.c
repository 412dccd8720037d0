/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How what people declared stands on the day that is judged, and against what was found: waivers, compensating
 * measures, treatments, answers. A waiver or measure that relies on checks is contradicted where one of
 * them found something on the asset, waived or not: what should make up for the gap is not there then.
 */
#include "judge/judged.h"

#include <string.h>

#include "codec/clock.h"

/* A waiver counts with all seven fields of mlit-water 4.3.2-18, and its approval; the columns that the
 * period stands in are never empty. */
static const char waivers[] =
	"CREATE TEMP TABLE waiver_state AS SELECT row_number() OVER (ORDER BY check_id, asset,"
	"  port, until, reason) AS number, w.*,"
	"  CASE WHEN json_valid(relies_on) THEN relies_on ELSE '[]' END AS relies,"
	"  CASE WHEN max(approved_at, coalesce(from_at, 0)) > j.asof THEN 'future'"
	"   WHEN until < j.asof THEN 'expired'"
	"   WHEN min(length(coalesce(applicant, '')), length(coalesce(clause, '')),"
	"    length(coalesce(impact, '')), length(coalesce(closing, '')),"
	"    length(coalesce(compensating, '')), length(reason)) = 0 THEN 'incomplete'"
	"   ELSE 'valid' END AS state"
	"  FROM temp.waiver w, temp.judged j";

static const char measures[] =
	"CREATE TEMP TABLE measure_state AS SELECT row_number() OVER (ORDER BY line, check_id,"
	"  guideline, item, measure) AS number, m.*,"
	"  CASE WHEN json_valid(relies_on) THEN relies_on ELSE '[]' END AS relies,"
	"  NULL AS against,"
	"  CASE WHEN given_at > j.asof THEN 'future'"
	"   WHEN coalesce(until, 0) <> 0 AND until < j.asof THEN 'expired' ELSE 'valid' END"
	"   AS state"
	"  FROM temp.measure m, temp.judged j";

/* What was reached on a later day was not said yet. */
static const char treatments[] =
	"CREATE TEMP TABLE treatment_state AS SELECT row_number() OVER (ORDER BY line, check_id,"
	"  guideline, item) AS number, t.*, coalesce(due, 0) <> 0 AND due < j.asof"
	"  AND state IN ('planned', 'in-progress') AS overdue"
	"  FROM temp.treatment t, temp.judged j WHERE coalesce(state_at, 0) <= j.asof";

/* Where something stands of what nothing should be found of: the asset, and each of its addresses. */
static const char relied[] =
	"CREATE TEMP TABLE relied (check_id TEXT, place TEXT, fingerprint TEXT,"
	"  PRIMARY KEY (check_id, place)) WITHOUT ROWID;"
	"INSERT OR IGNORE INTO temp.relied"
	" WITH checks AS (SELECT r.value AS id FROM temp.waiver_state, json_each(relies) r"
	"  UNION SELECT r.value FROM temp.measure_state, json_each(relies) r)"
	" SELECT n.check_id, p.address, n.fingerprint FROM checks"
	"  CROSS JOIN temp.finding_now n ON n.check_id = checks.id"
	"  CROSS JOIN temp.finding_place p ON p.number = n.number"
	"  WHERE p.address IS NOT NULL"
	" UNION ALL SELECT n.check_id, n.asset, n.fingerprint FROM checks"
	"  CROSS JOIN temp.finding_now n ON n.check_id = checks.id ORDER BY 1, 3, 2;"
	/* A measure for an item is not about one finding. */
	"UPDATE temp.measure_state SET against = (SELECT min(l.fingerprint) FROM json_each(relies)"
	"   r JOIN temp.relied l ON l.check_id = r.value"
	"   WHERE measure_state.asset IS NULL OR l.place = measure_state.asset)"
	"  WHERE state = 'valid' AND guideline IS NOT NULL;"
	"UPDATE temp.measure_state SET state = 'contradicted' WHERE against IS NOT NULL";

/*
 * Which findings each of them is about, at each of their places. An asset is named by its id in the ledger or
 * by its address of today, not by one that it had when it was met first.
 */
static const char about[] =
	"CREATE TEMP TABLE declared_about AS SELECT 'waiver' AS kind, number, check_id, asset,"
	"  coalesce(port, 0) AS port, relies, state FROM temp.waiver_state"
	" UNION ALL SELECT 'measure', number, check_id, asset, coalesce(port, 0), relies, state"
	"  FROM temp.measure_state WHERE check_id IS NOT NULL"
	" UNION ALL SELECT 'treatment', number, check_id, asset, coalesce(port, 0), '[]', state"
	"  FROM temp.treatment_state WHERE check_id IS NOT NULL;"
	"CREATE TEMP TABLE finding_about AS SELECT x.*, f.check_id AS against_check FROM"
	" (SELECT d.kind, d.number, n.fingerprint, n.asset AS asset, p.address AS address,"
	"   (d.asset IS NULL) * 2 + (d.port = 0) AS wide, d.state AS state,"
	"   CASE WHEN d.state = 'valid' AND d.relies <> '[]' THEN (SELECT min(l.fingerprint)"
	"    FROM json_each(d.relies) r JOIN temp.relied l ON l.check_id = r.value"
	"     AND l.place IN (n.asset, p.address) WHERE l.fingerprint <> n.fingerprint) END"
	"    AS against"
	"  FROM temp.declared_about d JOIN temp.finding_now n ON n.check_id = d.check_id"
	"  JOIN temp.finding_place p ON p.number = n.number"
	"  WHERE (d.port = 0 OR d.port = n.port) AND (d.asset IS NULL OR d.asset = p.address"
	"   OR (d.asset = n.asset AND NOT EXISTS (SELECT 1 FROM temp.asset_key k"
	"    WHERE k.address = p.address AND k.name = n.asset AND k.key = n.asset)))) x"
	" LEFT JOIN temp.finding_now f ON f.fingerprint = x.against;"
	"UPDATE temp.finding_about SET state = 'contradicted' WHERE against IS NOT NULL";

/* The best one for each place of a finding; the worst of these counts, and a place without any leaves it
 * open. */
static const char waived[] =
	"CREATE TEMP TABLE finding_waived AS SELECT fingerprint, count(*) AS places,"
	"  (SELECT count(*) FROM temp.finding_place p JOIN temp.finding_now n USING (number)"
	"    WHERE n.fingerprint = a.fingerprint)"
	"   AS all_places, sum(state = 'valid') AS valid, state, number, against, against_check,"
	"  max(rank * 1000000 + number)"
	" FROM (SELECT *, row_number() OVER (PARTITION BY fingerprint, address ORDER BY rank,"
	"   until DESC, wide, number) AS best FROM"
	"   (SELECT f.*, w.until, CASE f.state WHEN 'valid' THEN 0 WHEN 'contradicted' THEN 1"
	"     WHEN 'expired' THEN 2 WHEN 'incomplete' THEN 3 ELSE 4 END AS rank"
	"    FROM temp.finding_about f JOIN temp.waiver_state w USING (number)"
	"    WHERE f.kind = 'waiver')) a WHERE best = 1 GROUP BY fingerprint;"
	"UPDATE temp.finding_now SET status = iif(x.valid = x.all_places, 'waived', 'open'),"
	"  waiver = iif(x.state = 'valid' AND x.valid < x.all_places, NULL, x.told) FROM"
	"  (SELECT w.*, json_object('state', w.state, 'reason', d.reason, 'compensating',"
	"    d.compensating, 'approved_by', d.approved_by, 'approved_at', d.approved_at, 'until',"
	"    d.until, 'applicant', d.applicant, 'clause', d.clause, 'from',"
	"    coalesce(nullif(d.from_at, 0), d.approved_at), 'impact', d.impact, 'closing',"
	"    d.closing, 'relies_on', json(d.relies), 'against', w.against, 'against_check',"
	"    w.against_check) AS told"
	"   FROM temp.finding_waived w JOIN temp.waiver_state d USING (number)) x"
	"  WHERE finding_now.fingerprint = x.fingerprint";

static const char measured[] =
	"UPDATE temp.finding_now SET measures = x.told FROM (SELECT fingerprint,"
	"  json_group_array(json(told)) AS told FROM (SELECT f.fingerprint, json_object('measure',"
	"   d.measure, 'by', d.given_by, 'at', d.given_at, 'until', nullif(d.until, 0), 'evidence',"
	"   d.evidence, 'state', iif(max(f.against) IS NULL, d.state, 'contradicted'), 'against',"
	"   max(f.against), 'against_check', f.against_check) AS told"
	"   FROM temp.finding_about f JOIN temp.measure_state d USING (number)"
	"   WHERE f.kind = 'measure' GROUP BY f.fingerprint, d.number"
	"   ORDER BY f.fingerprint, d.number) GROUP BY fingerprint) x"
	" WHERE finding_now.fingerprint = x.fingerprint";

/* `done` is disproved by whoever looked after that day and still found it. */
static const char treated[] =
	"CREATE TEMP TABLE finding_treated AS SELECT *, row_number() OVER (PARTITION BY"
	"   fingerprint ORDER BY wide, coalesce(state_at, 0) DESC, number DESC) AS best FROM"
	"  (SELECT f.fingerprint, f.asset AS asset, d.number, d.state_at, min(f.wide) AS wide,"
	"    d.state = 'done' AND n.last_seen >= d.state_at + 86400 AS contradicted"
	"   FROM temp.finding_about f JOIN temp.treatment_state d USING (number)"
	"   JOIN temp.finding_now n ON n.fingerprint = f.fingerprint WHERE f.kind = 'treatment'"
	"   GROUP BY f.fingerprint, d.number);"
	"UPDATE temp.finding_now SET treatment = x.told FROM (SELECT f.fingerprint,"
	"   json_object('state', d.state, 'owner', d.owner, 'due', nullif(d.due, 0), 'action',"
	"    d.action, 'at', nullif(d.state_at, 0), 'note', d.note, 'overdue', json(iif(d.overdue,"
	"    'true', 'false')), 'contradicted', json(iif(f.contradicted, 'true', 'false'))) AS told"
	"   FROM temp.finding_treated f JOIN temp.treatment_state d USING (number)"
	"   WHERE f.best = 1) x WHERE finding_now.fingerprint = x.fingerprint";

/* One row for each declaration by its state, and for each asset where it is contradicted. What was prolonged
 * by another one for the same is not told as expired. */
static const char told[] =
	"CREATE TEMP TABLE declared_state (kind TEXT NOT NULL, subject TEXT NOT NULL, asset TEXT,"
	"  port INTEGER, state TEXT NOT NULL, until INTEGER, given_by TEXT, text TEXT,"
	"  against TEXT, against_check TEXT, key TEXT, address TEXT, detail TEXT, day TEXT);"
	"INSERT INTO temp.declared_state (kind, subject, asset, port, state, until, given_by, text,"
	"  against, against_check) SELECT 'attestation', guideline || ':' || item, NULL,"
	"  NULL, CASE WHEN given_at > j.asof THEN 'future' WHEN coalesce(until, 0) <> 0"
	"   AND until < j.asof THEN 'expired' ELSE 'valid' END, nullif(until, 0), given_by,"
	"  answer, NULL, NULL FROM temp.attestation, temp.judged j;"
	"INSERT INTO temp.declared_state (kind, subject, asset, port, state, until, given_by, text,"
	"  against, against_check) SELECT 'waiver', check_id, asset, nullif(port, 0), state,"
	"  until, approved_by, reason, NULL, NULL FROM temp.waiver_state w"
	" WHERE state NOT IN ('expired', 'incomplete') OR NOT EXISTS (SELECT 1 FROM"
	"  temp.waiver_state v WHERE v.state = 'valid' AND v.check_id = w.check_id"
	"  AND v.asset IS w.asset AND coalesce(v.port, 0) = coalesce(w.port, 0));"
	"INSERT INTO temp.declared_state (kind, subject, asset, port, state, until, given_by, text,"
	"  against, against_check) SELECT 'measure', coalesce(m.check_id, m.guideline || ':'"
	"  || m.item), m.asset, nullif(m.port, 0), m.state, nullif(m.until, 0), m.given_by,"
	"  m.measure, m.against, f.check_id FROM temp.measure_state m LEFT JOIN temp.finding_now f"
	"  ON f.fingerprint = m.against WHERE m.state <> 'expired' OR NOT EXISTS (SELECT 1 FROM"
	"  temp.measure_state v WHERE v.state = 'valid' AND v.check_id IS m.check_id"
	"  AND v.guideline IS m.guideline AND v.item IS m.item AND v.asset IS m.asset"
	"  AND coalesce(v.port, 0) = coalesce(m.port, 0));"
	"INSERT INTO temp.declared_state (kind, subject, asset, port, state, until, given_by, text,"
	"  against, against_check) SELECT 'treatment', coalesce(check_id, guideline || ':' ||"
	"  item), asset, nullif(port, 0), iif(overdue, 'overdue', state), nullif(due, 0), owner,"
	"  action, NULL, NULL FROM temp.treatment_state;"
	"INSERT INTO temp.declared_state (kind, subject, asset, port, state, until, given_by, text,"
	"  against, against_check) SELECT DISTINCT 'waiver', d.check_id, f.asset,"
	"  nullif(d.port, 0), 'contradicted', d.until, d.approved_by, d.reason, f.against,"
	"  f.against_check FROM temp.finding_about f JOIN temp.waiver_state d USING (number)"
	"  WHERE f.kind = 'waiver' AND f.against IS NOT NULL;"
	"INSERT INTO temp.declared_state (kind, subject, asset, port, state, until, given_by, text,"
	"  against, against_check) SELECT DISTINCT 'measure', d.check_id, f.asset,"
	"  nullif(d.port, 0), 'contradicted', nullif(d.until, 0), d.given_by, d.measure, f.against,"
	"  f.against_check FROM temp.finding_about f JOIN temp.measure_state d USING (number)"
	"  WHERE f.kind = 'measure' AND f.against IS NOT NULL;"
	"INSERT INTO temp.declared_state (kind, subject, asset, port, state, until, given_by, text,"
	"  against, against_check) SELECT 'treatment', d.check_id, f.asset, n.port,"
	"  'contradicted', d.state_at, d.owner, d.action, n.fingerprint, n.check_id"
	"  FROM temp.finding_treated f JOIN temp.treatment_state d USING (number)"
	"  JOIN temp.finding_now n ON n.fingerprint = f.fingerprint"
	"  WHERE f.best = 1 AND f.contradicted;"
	/* Where a finding about it stands: at the asset, else at the site. */
	"UPDATE temp.declared_state SET key = coalesce(asset, (SELECT site FROM temp.judged)),"
	"  address = (SELECT min(k.address) FROM temp.asset_key k WHERE k.key ="
	"   declared_state.asset OR k.address = declared_state.asset),"
	"  detail = subject || iif(port IS NULL, '', ' port ' || port)";

/* Those of the site's calendar: judge_run() entered its clock. */
static int put_days(struct judged *j)
{
	struct query *list = NULL, *put = NULL;
	char day[TIME_TEXT];
	int r = query_new(j->db,
			  "SELECT rowid, until FROM temp.declared_state WHERE until IS NOT NULL",
			  &list);

	if (r >= 0)
		r = query_new(j->db, "UPDATE temp.declared_state SET day = ?2 WHERE rowid = ?1",
			      &put);
	while (r >= 0 && (r = query_step(list)) == 1) {
		query_bind_int(put, 1, query_int(list, 0));
		query_bind_text(put, 2, day_here(query_int(list, 1), day));
		r = query_run(put);
	}
	query_free(list);
	query_free(put);
	return r;
}

int standing_make(struct judged *j)
{
	static const char *const steps[] = { waivers, measures, treatments, relied, about,
					     waived,  measured, treated,    told };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < countof(steps); i++)
		r = db_exec(j->db, steps[i]);
	return r < 0 ? r : put_days(j);
}

/* Findings under a waiver that nobody looked for again: the waiver ends all the same. */
static const char gone[] =
	"CREATE TEMP TABLE gone_unwaived (fingerprint TEXT PRIMARY KEY) WITHOUT ROWID;"
	"INSERT INTO temp.gone_unwaived SELECT g.fingerprint FROM temp.finding_gone g"
	" JOIN main.finding f ON f.fingerprint = g.fingerprint AND f.status = 'waived'"
	" WHERE g.status = 'not-retested' AND NOT EXISTS (SELECT 1 FROM temp.waiver_state w"
	"  WHERE w.state = 'valid' AND w.check_id = g.check_id"
	"   AND (w.asset IS NULL OR w.asset IN (g.asset, g.address))"
	"   AND (coalesce(w.port, 0) = 0 OR w.port = g.port))";

int standing_gone(struct judged *j)
{
	return db_exec(j->db, gone);
}
