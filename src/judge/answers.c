/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator answered to an item, and what the answer is worth. */
#include "judge/verdict_parts.h"

#include <errno.h>
#include <string.h>

#include "judge/arena.h"

/* Section 2.2 of mlit-water: carriers' closed networks count as physical separation, though they are
 * separate by logic only; devices that filter, and tunnels through the Internet, do not, however strict. */
static const struct separation separations[] = {
	{ "own-lines", true, "own lines", "独自回線" },
	{ "wide-area-ethernet", true, "wide-area Ethernet", "広域イーサネット" },
	{ "ip-vpn", true, "IP-VPN", "IP-VPN" },
	{ "entry-vpn", true, "entry VPN", "エントリーVPN" },
	{ "firewall", false, "a firewall", "ファイアウォール" },
	{ "router", false, "a router", "ルータ" },
	{ "internet-vpn", false, "an Internet VPN", "インターネットVPN" },
};

static const struct separation *separation_of(const char *word)
{
	for (size_t i = 0; word != NULL && i < countof(separations); i++)
		if (strcmp(separations[i].word, word) == 0)
			return &separations[i];
	return NULL;
}

int answers_make(struct judged *j, struct query **ret)
{
	/* An index over a view there is none. An item's own answer comes before its control's even where
	 * it has run out: what was said of the item is not made good by what is said of the whole. */
	int r = db_exec(
		j->db,
		"CREATE TEMP TABLE judge_answer AS SELECT a.guideline,"
		"  iif(item LIKE a.guideline || ':%', substr(item, length(a.guideline) + 2), item)"
		"   AS subject, coalesce(whole, 0) AS whole, answer, given_by, given_at, until,"
		"  separation, evidence, given_at <= j.asof AS given,"
		"  coalesce(until, 0) = 0 OR until >= j.asof AS lasts"
		" FROM temp.attestation a, temp.judged j;"
		"CREATE INDEX temp.judge_answer_of ON judge_answer (guideline, subject)");

	return r < 0 ? r
		     : query_new(
			       j->db,
			       "SELECT answer, given_by, given_at, nullif(until, 0), given, lasts,"
			       " whole, separation, evidence FROM temp.judge_answer"
			       " WHERE guideline = ?1 AND ((subject = ?2 AND whole = 0)"
			       "  OR (subject = ?3 AND whole = 1))"
			       " ORDER BY given DESC, whole, lasts DESC, given_at DESC, answer"
			       " LIMIT 1",
			       ret);
}

int answer_find(struct judged *j, struct query *q, const char *guideline, const char *item,
		const char *control, struct outcome *o)
{
	query_bind_text(q, 1, guideline);
	query_bind_text(q, 2, item);
	query_bind_text(q, 3, control);
	int r = query_step(q);
	if (r == 1) {
		o->answered = true;
		o->answer = (struct answer){
			.word = arena_text(j->arena, query_text(q, 0)),
			.by = arena_text(j->arena, query_text(q, 1)),
			.at = query_int(q, 2),
			.until = query_int(q, 3),
			.has_until = !query_null(q, 3),
			.early = query_int(q, 4) == 0,
			.valid = query_int(q, 4) != 0 && query_int(q, 5) != 0,
			.whole = query_int(q, 6) != 0,
			.separation = separation_of(query_text(q, 7)),
			.evidence = arena_text(j->arena, query_text(q, 8)),
		};
		if (o->answer.word == NULL || o->answer.by == NULL)
			r = -ENOMEM;
	}
	query_reset(q);
	return r < 0 ? r : 0;
}

bool answered(const struct outcome *o, const char *word)
{
	return o->answered && o->answer.valid && strcmp(o->answer.word, word) == 0;
}

bool answered_in_vain(const struct outcome *o)
{
	return answered(o, "met") && o->answer.separation != NULL && !o->answer.separation->counts;
}
