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

int answer_find(struct judged *j, struct query *q, const char *guideline, const char *item,
		struct outcome *o)
{
	if (q == NULL) /* nobody has given any */
		return 0;
	query_bind_text(q, 1, guideline);
	query_bind_text(q, 2, item);
	query_bind_int(q, 3, j->now);
	int r = query_step(q);
	if (r == 1) {
		o->answered = true;
		o->answer = (struct answer){
			.word = arena_text(j->arena, query_text(q, 0)),
			.by = arena_text(j->arena, query_text(q, 1)),
			.at = query_int(q, 2),
			.until = query_int(q, 3),
			.has_until = !query_null(q, 3),
			.valid = query_int(q, 4) != 0,
			.separation = separation_of(query_text(q, 5)),
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
