/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/matching.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "judge/catalogue.h"
#include "judge/judge.h"

struct matching {
	const struct site *site;
	struct catalogue catalogue;
	char **names; /* of all guidelines */
	size_t name_count;
	struct complaints *complaints;
};

__attribute__((format(printf, 5, 6))) static void wrong(const struct matching *m, const char *file,
							unsigned line, const char *field,
							const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	complain(m->complaints, file, line, _("field '%s': %s"), field,
		 text != NULL ? text : _("out of memory"));
	free(text);
}

static void match_guideline(const struct matching *m, const char *file, unsigned line,
			    const char *field, const char *name)
{
	char known[1024] = "";
	size_t n = 0;

	for (size_t i = 0; i < m->name_count; i++) {
		if (strcmp(m->names[i], name) == 0)
			return;
		if (n < sizeof(known))
			n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
					      i > 0 ? ", " : "", m->names[i]);
	}
	wrong(m, file, line, field, _("there is no guideline '%s'; known: %s"), name, known);
}

static bool has_control(const struct guideline *g, const char *id)
{
	for (size_t i = 0; i < g->control_count; i++)
		if (strcmp(g->controls[i].id, id) == 0)
			return true;
	return false;
}

/* What an answer is about: an item, or (whole) a control. */
struct about {
	const char *file, *guideline, *item;
	unsigned guideline_line, item_line;
	bool whole;
};

/* The control itself, or that of the item; NULL: there is none. */
static const struct control *control_of(const struct guideline *g, const struct about *a)
{
	const struct control *control = NULL;

	for (size_t i = 0; a->whole && i < g->control_count; i++)
		if (strcmp(g->controls[i].id, a->item) == 0)
			return &g->controls[i];
	if (!a->whole && guideline_item(g, a->item, &control) == NULL)
		return NULL;
	return control;
}

/* NULL after a complaint. */
static const struct guideline *match_about(const struct matching *m, const struct about *a)
{
	const struct guideline *g = catalogue_guideline(&m->catalogue, a->guideline);

	if (g == NULL)
		match_guideline(m, a->file, a->guideline_line, "guideline", a->guideline);
	else if (a->whole && !has_control(g, a->item))
		wrong(m, a->file, a->item_line, "control", _("guideline '%s' has no control '%s'"),
		      a->guideline, a->item);
	else if (!a->whole && guideline_item(g, a->item, NULL) == NULL)
		wrong(m, a->file, a->item_line, "item", _("guideline '%s' has no item '%s'"),
		      a->guideline, a->item);
	else
		return g;
	return NULL;
}

#define ABOUT(x)                                                                     \
	(&(struct about){ (x)->file, (x)->guideline, (x)->item, (x)->guideline_line, \
			  (x)->item_line, (x)->whole })

static void match_check(const struct matching *m, const char *file, unsigned line,
			const char *field, const char *check)
{
	if (catalogue_check(&m->catalogue, check) == NULL)
		wrong(m, file, line, field,
		      _("there is no check '%s'; tenken profile show lists them"), check);
}

static void match_relies(const struct matching *m, const char *file, unsigned line,
			 const char *check, char *const *relies_on, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		match_check(m, file, line, "relies_on", relies_on[i]);
		if (check != NULL && strcmp(relies_on[i], check) == 0)
			wrong(m, file, line, "relies_on",
			      _("'%s' is the check that it is for: it would never count"), check);
	}
}

/* A waiver names what a finding is about: an asset by its id in the ledger, or an address. */
static bool asset_known(const struct site *s, const char *name)
{
	struct addr address;

	for (size_t i = 0; i < s->asset_count; i++)
		if (s->assets[i].id != NULL && strcmp(s->assets[i].id, name) == 0)
			return true;
	if (addr_parse(name, &address) != 0)
		return false;
	for (size_t i = 0; i < s->asset_count; i++)
		if (s->assets[i].has_address && addr_compare(&s->assets[i].address, &address) == 0)
			return true;
	return site_zone(s, &address) != NULL;
}

static void match_asset(const struct matching *m, const char *file, unsigned line,
			const char *asset)
{
	if (asset != NULL && !asset_known(m->site, asset))
		wrong(m, file, line, "asset",
		      _("'%s' is neither an id in the ledger nor an address in a zone"), asset);
}

static void match_waiver(const struct matching *m, const struct waiver *w)
{
	match_check(m, w->file, w->check_line, "check", w->check);
	match_asset(m, w->file, w->asset_line, w->asset);
	match_relies(m, w->file, w->relies_line, w->check, w->relies_on, w->relies_count);
}

static void match_measure(const struct matching *m, const struct measure *d)
{
	if (d->check != NULL)
		match_check(m, d->file, d->check_line, "check", d->check);
	match_asset(m, d->file, d->asset_line, d->asset);
	match_relies(m, d->file, d->relies_line, d->check, d->relies_on, d->relies_count);
	if (d->guideline != NULL)
		match_about(m, ABOUT(d));
}

static void match_treatment(const struct matching *m, const struct treatment_plan *t)
{
	if (t->check != NULL)
		match_check(m, t->file, t->check_line, "check", t->check);
	match_asset(m, t->file, t->asset_line, t->asset);
	if (t->guideline != NULL)
		match_about(m, ABOUT(t));
}

static void match_decision(const struct matching *m, const struct decision *d)
{
	const struct guideline *g = match_about(m, ABOUT(d));

	for (size_t i = 0; i < d->check_count; i++)
		match_check(m, d->file, d->checks_line, "checks", d->checks[i]);
	const struct control *c = g != NULL ? control_of(g, ABOUT(d)) : NULL;
	if (c != NULL && strcmp(d->decision, "tighten") == 0 && d->level != NULL &&
	    c->level != NULL && level_less(d->level, c->level))
		wrong(m, d->file, d->level_line, "level",
		      _("'%s' is less than '%s', the level that the guideline gives: 'tighten' "
			"only makes stricter"),
		      d->level, c->level);
	if (c != NULL && strcmp(d->decision, "decline") == 0 && c->mandatory)
		wrong(m, d->file, d->decision_line, "decision",
		      _("'%s' is a requirement of the ministerial ordinance: it cannot be "
			"declined"),
		      d->item);
}

static void match_answers(const struct matching *m)
{
	const struct site *s = m->site;

	for (size_t i = 0; i < s->attestation_count; i++)
		match_about(m, ABOUT(&s->attestations[i]));
	for (size_t i = 0; i < s->waiver_count; i++)
		match_waiver(m, &s->waivers[i]);
	for (size_t i = 0; i < s->measure_count; i++)
		match_measure(m, &s->measures[i]);
	for (size_t i = 0; i < s->treatment_count; i++)
		match_treatment(m, &s->treatments[i]);
	for (size_t i = 0; i < s->decision_count; i++)
		match_decision(m, &s->decisions[i]);
	for (size_t i = 0; i < s->goal_count; i++)
		match_about(m, ABOUT(&s->goals[i]));
}

bool site_matches_catalogue(const struct site *s, const char *const *checks, size_t check_count,
			    struct complaints *c)
{
	struct matching m = { .site = s, .complaints = c };
	size_t before = c->count;

	if (s->profile_count + s->attestation_count + s->waiver_count + s->measure_count +
		    s->treatment_count + s->decision_count + s->goal_count ==
	    0)
		return true;
	int r = catalogue_names(data_dir(), &m.names, &m.name_count);
	/* All that tenken brings, whether the site is judged by it or not, and its own. */
	const char **load = calloc(s->profile_count + 1, sizeof(*load));
	size_t count = 0;
	if (load != NULL)
		load[count++] = "all";
	for (size_t i = 0; load != NULL && i < s->profile_count; i++)
		if (profile_is_file(s->profiles[i]))
			load[count++] = s->profiles[i];
	if (r < 0)
		complain(c, data_dir(), 0, _("cannot be read: %s"), strerror(-r));
	else
		r = load == NULL ? -ENOMEM
				 : catalogue_load(data_dir(), load, count, checks, check_count,
						  &m.catalogue, c);
	free(load);
	for (size_t i = 0; r >= 0 && i < s->profile_count; i++)
		if (!profile_is_file(s->profiles[i]) && strcmp(s->profiles[i], "all") != 0)
			match_guideline(&m, s->path, s->profiles_line, "profiles", s->profiles[i]);
	if (r >= 0)
		match_answers(&m);
	if (r < 0 && c->count == before)
		complain(c, NULL, 0, "%s", strerror(-r));
	for (size_t i = 0; i < m.name_count; i++)
		free(m.names[i]);
	free(m.names);
	catalogue_done(&m.catalogue);
	return c->count == before;
}
