/* SPDX-License-Identifier: Apache-2.0 */
/* Current and target profile as people set them, beside what scans and answers say. */
#include "judge/judged.h"

#define WORST                                                                                 \
	"CASE v.verdict WHEN 'contradicted' THEN 0 WHEN 'violated' THEN 1 WHEN 'hint' THEN 2" \
	" WHEN 'waived' THEN 3 WHEN 'not-run' THEN 4 WHEN 'not-assessable' THEN 5"            \
	" WHEN 'no-violation-observed' THEN 6 ELSE 7 END"
/* The items that a goal (g) is for. */
#define OF_GOAL                                                \
	" FROM temp.verdict v WHERE v.guideline = g.guideline" \
	"  AND iif(g.whole = 1, v.control, v.item) = g.item"

int gap_make(struct judged *j)
{
	return db_exec(
		j->db,
		"CREATE TEMP TABLE gap AS SELECT row_number() OVER (ORDER BY guideline, first IS "
		"NULL,"
		"  first, whole DESC, item, line) AS position, guideline,"
		" iif(whole = 1, item, control) AS control, iif(whole = 1, NULL, item) AS item, "
		"whole,"
		" level, mandatory, current, target,"
		" iif(current IS NULL, NULL, current = target) AS same, seen, verdicts, answer,"
		" priority, coalesce(owner, t_owner) AS owner, coalesce(due, t_due) AS due, action,"
		" state, note, given_by, given_at FROM ("
		" SELECT g.*, t.owner AS t_owner, t.due AS t_due, t.action, t.state,"
		"  (SELECT min(v.position)" OF_GOAL ") AS first,"
		"  (SELECT max(v.control)" OF_GOAL ") AS control,"
		"  (SELECT max(v.level)" OF_GOAL ") AS level,"
		"  (SELECT max(v.mandatory)" OF_GOAL ") AS mandatory,"
		"  (SELECT v.verdict" OF_GOAL " ORDER BY " WORST ", v.position LIMIT 1) AS seen,"
		"  (SELECT json_group_object(verdict, n) FROM (SELECT v.verdict, count(*) AS "
		"n" OF_GOAL "   GROUP BY v.verdict ORDER BY " WORST ")) AS verdicts,"
		/* As it counts on the day that is judged. */
		"  (SELECT a.answer FROM temp.attestation a, temp.judged j"
		"   WHERE a.guideline = g.guideline"
		"   AND a.item = g.item AND coalesce(a.whole, 0) = g.whole AND a.given_at <= j.asof"
		"   AND (coalesce(a.until, 0) = 0 OR a.until >= j.asof)"
		"   ORDER BY a.given_at DESC LIMIT 1) AS answer"
		" FROM (SELECT *, row_number() OVER () AS turn FROM temp.goal) g LEFT JOIN ("
		"  SELECT guideline, item, coalesce(whole, 0) AS whole, owner, due, action, state,"
		"   max(line) FROM temp.treatment_state WHERE guideline IS NOT NULL"
		"  GROUP BY 1, 2, 3) t"
		"  ON t.guideline = g.guideline AND t.item = g.item AND t.whole = g.whole)");
}
