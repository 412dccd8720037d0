/* SPDX-License-Identifier: Apache-2.0 */
/* What bears on one item: which findings count for it, and which of its checks ran on its assets. */
#include "judge/verdict_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "judge/arena.h"

/* ---- findings of an item ---- */

/* Whether an asset of the zone in which this host stands is in the scope. */
static signed char zone_member(const struct judged *j, size_t host, const signed char *members)
{
	signed char in = members[host];

	for (size_t i = 0; in != 1 && i < j->host_count; i++)
		if (j->hosts[host].zone != 0 && j->hosts[i].zone == j->hosts[host].zone &&
		    members[i] != 0)
			in = members[i];
	return in;
}

/*
 * Whether a finding counts for the item: 1, 0 or -1 (not known). It does where one of its places does. when: the
 * item's `when` at each of them; NULL: it has none.
 */
static signed char counts_for(const struct judged *j, const struct judged_finding *f,
			      const struct check *check, const signed char *members,
			      const signed char *when)
{
	signed char counts = 0;

	for (size_t i = 0; i < f->place_count && counts != 1; i++) {
		ptrdiff_t host = j->places[f->first_place + i];
		signed char here = members == NULL || check->of_site ? 1
				   : host < 0                        ? -1
				   : check->of_zone ? zone_member(j, (size_t)host, members)
						    : members[host];

		if (when != NULL && (when[i] == 0 || here == 0))
			here = 0;
		else if (when != NULL && when[i] == -1)
			here = -1;
		if (here != 0)
			counts = here;
	}
	return counts;
}

const char *when_sql(struct arena *arena, const struct item *item)
{
	return arena_printf(
		arena,
		"SELECT (%s\n) FROM (SELECT n.number, n.fingerprint, n.check_id, n.severity, "
		"n.status, "
		"n.asset,"
		"  p.address, n.port, n.transport, p.zone, p.kind, n.vantage, n.detail, n.evidence,"
		"  n.waiver, n.first_seen, n.last_seen, n.reopened, n.inferred, s.vantage_zone,"
		"  s.vantage_kind, s.kind AS run_kind FROM temp.finding_now AS n"
		"  JOIN temp.finding_place AS p USING (number)"
		"  LEFT JOIN main.scan AS s ON s.id = n.run) AS f"
		" LEFT JOIN temp.asset AS a ON a.address = f.address"
		" WHERE f.check_id = ? ORDER BY f.number, f.address",
		item->when);
}

/* The item's `when` for each place of each finding of one check, in order. */
static int ask_when(struct judged *j, const struct guideline *g, const struct item *item,
		    const char *check, signed char *answers, size_t count)
{
	const struct fence fence = { j->options.time_limit_ms, j->options.memory_limit };
	struct query *q = NULL;
	const char *sql = when_sql(j->arena, item);

	if (sql == NULL)
		return -ENOMEM;
	memset(answers, -1, count);
	db_fence(j->db, &fence);
	int r = query_new(j->db, sql, &q);
	if (r >= 0)
		r = query_bind_text(q, 1, check);
	for (size_t i = 0; r >= 0 && i < count && (r = query_step(q)) == 1; i++)
		if (!query_null(q, 0) && query_numeric(q, 0))
			answers[i] = query_int(q, 0) != 0;
	query_free(q);
	if (r < 0 && r != -ENOMEM && j->options.complaints != NULL)
		complain(j->options.complaints, g->file, item->line, _("item '%s': %s"), item->id,
			 db_error(j->db));
	db_unfence(j->db);
	return r == -ENOMEM ? r : 0;
}

/*
 * Most items that name a check ask for the same of its findings: the scope and the condition are those of many
 * others. Such a set of findings is counted and kept once.
 */
struct finding_set {
	struct finding_set *next;
	const struct check *check;
	const signed char *members;
	const char *when;
	int64_t number;
	struct tally tally;
};

static const struct finding_set *set_find(const struct judged *j, const struct check *check,
					  const signed char *members, const char *when)
{
	for (const struct finding_set *s = j->finding_sets; s != NULL; s = s->next)
		if (s->check == check && s->members == members &&
		    (s->when == when ||
		     (s->when != NULL && when != NULL && strcmp(s->when, when) == 0)))
			return s;
	return NULL;
}

static int run_keep(struct query *keep, const struct finding_set *s, int64_t first, int64_t last)
{
	query_bind_int(keep, 1, s->number);
	query_bind_int(keep, 2, first);
	query_bind_int(keep, 3, last);
	return query_run(keep);
}

/* The findings of one check stand in the order of their numbers. */
static int set_keep(struct judged *j, const struct judged_finding *first, size_t count,
		    struct finding_set *s, const signed char *when, struct query *keep)
{
	int r = db_exec(j->db, "SAVEPOINT finding_set");
	bool open = r >= 0;
	int64_t from = 0, to = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		const struct judged_finding *f = &first[i];
		signed char counts = counts_for(
			j, f, s->check, s->members,
			when != NULL ? when + f->first_place - first->first_place : NULL);

		if (counts == 0)
			continue;
		if (counts == -1) {
			s->tally.unknown++;
			continue;
		}
		s->tally.open += f->open;
		s->tally.inferred += f->open && f->inferred;
		s->tally.waived += !f->open;
		if (from != 0 && f->number != to + 1) {
			r = run_keep(keep, s, from, to);
			from = 0;
		}
		from = from == 0 ? f->number : from;
		to = f->number;
	}
	if (r >= 0 && from != 0)
		r = run_keep(keep, s, from, to);
	int ended = open ? db_exec(j->db, "RELEASE finding_set") : 0;
	return r < 0 ? r : ended;
}

/* The set of what this check found for the item; *ret is NULL where it found nothing. */
static int set_make(struct judged *j, const struct guideline *g, const struct item *item,
		    const struct check_state *state, const struct check *check,
		    const signed char *members, struct query *keep, const struct finding_set **ret)
{
	const struct judged_finding *first = &j->findings[state->first_finding];
	signed char *when = NULL;
	int r = 0;

	*ret = NULL;
	if (state->finding_count == 0)
		return 0;
	*ret = set_find(j, check, members, item->when);
	if (*ret != NULL)
		return 0;
	struct finding_set *s = arena_array(j->arena, 1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	*s = (struct finding_set){ .next = j->finding_sets,
				   .check = check,
				   .members = members,
				   .when = item->when,
				   .number = j->finding_sets != NULL ? j->finding_sets->number + 1
								     : 1 };
	if (item->when != NULL) {
		const struct judged_finding *last = first + state->finding_count - 1;
		size_t places = last->first_place + last->place_count - first->first_place;

		when = malloc(places);
		if (when == NULL)
			return -ENOMEM;
		r = ask_when(j, g, item, check->id, when, places);
	}
	if (r >= 0)
		r = set_keep(j, first, state->finding_count, s, when, keep);
	free(when);
	if (r < 0)
		return r;
	j->finding_sets = s;
	*ret = s;
	return 0;
}

static int count_findings(struct judged *j, const struct guideline *g, const struct item *item,
			  const struct check_state *state, const struct check *check,
			  const signed char *members, const struct set_writers *w,
			  struct outcome *o)
{
	const struct finding_set *s;
	int r = set_make(j, g, item, state, check, members, w->keep, &s);

	if (r < 0 || s == NULL)
		return r;
	o->open += s->tally.open;
	o->inferred += s->tally.inferred;
	o->waived += s->tally.waived;
	o->unknown += s->tally.unknown;
	query_bind_text(w->of_item, 1, g->id);
	query_bind_text(w->of_item, 2, item->id);
	query_bind_int(w->of_item, 3, s->number);
	return query_run(w->of_item);
}

/* ---- what ran for an item ---- */

static const char *reason_at(const struct judged *j, uint16_t state)
{
	return state >= SUBJECT_REASON ? j->reasons[state - SUBJECT_REASON] : NULL;
}

static const char *look_why_not_run(struct judged *j, const struct cover *v,
				    const signed char *members)
{
	const char *unknown = NULL;

	for (size_t i = 0; i < j->host_count; i++) {
		const char *reason = NULL;

		if (members == NULL || members[i] == 1)
			reason = reason_at(j, v->host[i]);
		else if (members[i] == -1)
			unknown = "scope unknown";
		if (reason != NULL)
			return reason;
	}
	for (size_t i = 0; i < j->service_count; i++) {
		const char *reason = NULL;

		if (members == NULL || members[j->services[i].host] == 1)
			reason = reason_at(j, v->service[i]);
		if (reason != NULL)
			return reason;
	}
	if (unknown == NULL && v->unseen != NULL) {
		const struct cover *const covers[] = { v };

		if (coverage_of(j, covers, 1, members).checked == 0)
			return v->unseen;
	}
	return unknown;
}

/* Answers for the next item with the same scope. */
struct asked {
	struct asked *next;
	const struct cover *cover;
	const signed char *members;
	const char *reason;
};

/* NULL: the check ran on everything in scope. */
static const char *why_not_run(struct judged *j, const struct check_state *state,
			       const signed char *members)
{
	if (state->reason != NULL)
		return state->reason;
	for (const struct asked *a = j->asked; a != NULL; a = a->next)
		if (a->cover == state->cover && a->members == members)
			return a->reason;
	const char *reason = look_why_not_run(j, state->cover, members);
	struct asked *a = arena_array(j->arena, 1, sizeof(*a));
	if (a != NULL) {
		*a = (struct asked){ .next = j->asked,
				     .cover = state->cover,
				     .members = members,
				     .reason = reason };
		j->asked = a;
	}
	return reason;
}

/* Nothing of the scope was there to be looked at: not clean, but not run. */
static const char *why_empty(const struct judged *j, const struct coverage *c,
			     const signed char *members)
{
	if (c->answering > 0)
		return NULL;
	for (size_t i = 0; members != NULL && i < j->host_count; i++)
		if (members[i] == -1)
			return "scope unknown";
	if (c->hosts > 0)
		return "no host answered";
	/* What was left out might have been in the scope. */
	return j->left_out != NULL ? j->left_out : "no asset in scope";
}

bool verdict_not_yet(const struct catalogue *c, const char *id)
{
	const struct check *check = catalogue_check(c, id);

	return check == NULL || check->sql == NULL;
}

int outcome_of_checks(struct judged *j, const struct guideline *g, const struct item *item,
		      const struct set_writers *w, struct outcome *o)
{
	const struct catalogue *c = j->catalogue;
	const signed char *members = NULL;
	const struct cover **covers = arena_array(j->arena, item->checks.count, sizeof(*covers));
	size_t cover_count = 0;
	const char *missing = NULL;
	int r = scope_members(j, item, &members);

	o->reasons = arena_array(j->arena, item->checks.count, sizeof(*o->reasons));
	if (covers == NULL || o->reasons == NULL)
		return -ENOMEM;
	for (size_t i = 0; r >= 0 && missing == NULL && i < item->needs.count; i++)
		r = need_missing(j, item->needs.list[i], &missing);
	for (size_t i = 0; r >= 0 && i < item->checks.count; i++) {
		const char *id = item->checks.list[i];
		const struct check *check = catalogue_check(c, id);

		if (check == NULL) {
			o->reasons[i] = "no such check";
			continue;
		}
		const struct check_state *state = &j->states[check - c->checks];
		r = count_findings(j, g, item, state, check, members, w, o);
		o->reasons[i] = missing != NULL ? missing : why_not_run(j, state, members);
		if (state->reason == NULL && missing == NULL)
			covers[cover_count++] = state->cover;
	}
	if (r < 0)
		return r;
	o->coverage = coverage_of(j, covers, cover_count, members);
	for (size_t i = 0; i < item->later.count && o->absent == NULL; i++)
		if (verdict_not_yet(c, item->later.list[i]))
			o->absent = item->later.list[i];
	const char *empty = why_empty(j, &o->coverage, members);
	for (size_t i = 0; i < item->checks.count; i++) {
		if (o->reasons[i] == NULL && o->unknown > 0)
			o->reasons[i] = "scope unknown";
		if (o->reasons[i] == NULL)
			o->reasons[i] = empty;
	}
	return 0;
}
