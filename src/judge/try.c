/* SPDX-License-Identifier: Apache-2.0 */
/* Tries the catalogue's SQL without a scan: what `tenken profile check` says about it. */
#include "judge/judged.h"

#include <errno.h>
#include <string.h>

#include "codec/i18n.h"
#include "judge/arena.h"

static int try_sql(struct judged *j, const char *sql, const char *file, unsigned line,
		   const char *kind, const char *name, bool is_check)
{
	struct complaints *c = j->options.complaints;
	struct query *q = NULL;

	if (sql == NULL)
		return -ENOMEM;
	int r = query_new(j->db, sql, &q);
	if (r < 0 && r != -ENOMEM)
		complain(c, file, line, "%s '%s': %s", kind, name, db_error(j->db));
	else if (r >= 0 && is_check && query_column(q, "address") < 0 &&
		 query_column(q, "asset") < 0)
		complain(c, file, line,
			 _("check '%s': the query gives neither a column 'address' nor 'asset'"),
			 name);
	query_free(q);
	return r == -ENOMEM ? r : 0;
}

static bool has_probes(const struct judged *j, const struct check *check)
{
	for (size_t i = 0; i < check->needs.count; i++)
		if (!need_has_probes(j->probes, check->needs.list[i]))
			return false;
	return true;
}

static int try_guideline(struct judged *j, const struct guideline *g)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < g->control_count; i++) {
		for (size_t k = 0; r >= 0 && k < g->controls[i].item_count; k++) {
			const struct item *item = &g->controls[i].items[k];

			if (item->when != NULL)
				r = try_sql(j, when_sql(j->arena, item), g->file, item->line,
					    _("item"), item->id, false);
		}
	}
	return r;
}

/* A check waits for probes that are still to come only as long as it has no SQL or another probe
 * feeds it: "probe:nosuch" beside SQL never runs. */
static void tell_unknown_probes(const struct judged *j, const struct check *check)
{
	for (size_t i = 0; i < check->needs.count; i++)
		if (check->sql != NULL && strncmp(check->needs.list[i], "probe:", 6) == 0 &&
		    !need_has_probes(j->probes, check->needs.list[i]))
			complain(j->options.complaints, check->file, check->line,
				 _("check '%s': there is no probe for '%s'"), check->id,
				 check->needs.list[i]);
}

int judge_try(struct db *db, const struct catalogue *catalogue, const struct judge_probe *probes,
	      struct complaints *complaints)
{
	struct judged j = { .db = db,
			    .catalogue = catalogue,
			    .probes = probes,
			    .scan = 1,
			    .options = { .complaints = complaints } };
	const struct fence fence = { 0 };
	int r = db_exec(db,
			"INSERT INTO main.scan (id, uuid, site, vantage, profile, started, status,"
			" version, plan) VALUES (1, '', '', '', '', 0, 'done', '', '{}')");

	j.arena = arena_new();
	if (j.arena == NULL)
		return -ENOMEM;
	if (r >= 0)
		r = views_make(&j, NULL);
	if (r >= 0)
		r = findings_tables(db);
	if (r >= 0)
		r = standing_make(&j);
	db_fence(db, &fence);
	for (size_t i = 0; r >= 0 && i < catalogue->check_count; i++) {
		const struct check *check = &catalogue->checks[i];

		tell_unknown_probes(&j, check);
		if (r >= 0 && check->seen != NULL && has_probes(&j, check))
			r = try_sql(&j, check->seen, check->file, check->seen_line, _("check"),
				    check->id, true);
		if (r >= 0 && check->sql != NULL && has_probes(&j, check))
			r = try_sql(&j, check->sql, check->file, check->sql_line, _("check"),
				    check->id, true);
	}
	for (size_t i = 0; r >= 0 && i < catalogue->scope_count; i++) {
		const struct scope_word *scope = &catalogue->scopes[i];

		r = try_sql(&j, scope_sql(j.arena, scope), scope->file, scope->line, _("scope"),
			    scope->word, false);
	}
	for (size_t i = 0; r >= 0 && i < catalogue->guideline_count; i++)
		r = try_guideline(&j, &catalogue->guidelines[i]);
	db_unfence(db);
	arena_free(j.arena);
	return r < 0 ? r : 0;
}
