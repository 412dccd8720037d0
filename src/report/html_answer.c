/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer for those who lead the plant: one sentence, what is wrong and what that can cause for the
 * service, and what to do first. What is only waived, or of severity info, does not enter into it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/consequence.h"
#include "report/page.h"

enum { WRONG = 4, ACTIONS = 5, CHECKS_MAX = 512 };

#define COUNTS "status = 'open' AND severity <> 'info'"

/* What the site does, by the first guideline that is some sector's own. */
static enum word service_word(const struct page *p)
{
	static const struct {
		const char *sector, *guideline;
		enum word w;
	} sectors[] = { { "water", "mlit-water", W_SERVICE_WATER },
			{ "port", "mlit-port", W_SERVICE_PORT },
			{ "automotive", "jama-japia", W_SERVICE_FACTORY } };
	const struct catalogue *c = p->facts->catalogue;

	for (size_t i = 0; c != NULL && i < c->guideline_count; i++)
		for (size_t k = 0; k < sizeof(sectors) / sizeof(sectors[0]); k++)
			if (strcmp(c->guidelines[i].sector, sectors[k].sector) == 0 ||
			    strcmp(c->guidelines[i].id, sectors[k].guideline) == 0)
				return sectors[k].w;
	return W_SERVICE_ANY;
}

static void say_number_with(struct page *p, enum word one, enum word many, int64_t n)
{
	char text[32];
	const char *values[] = { text };

	snprintf(text, sizeof(text), "%" PRId64, n);
	if (n == 1)
		say_word(p, one);
	else
		say_with(p, many, values);
}

static int64_t places_of(struct page *p, const char *severity)
{
	struct query *q = ask_of(p,
				 "SELECT count(DISTINCT asset) FROM finding_now"
				 " WHERE status = 'open' AND severity = ?1",
				 severity, NULL);
	int64_t n = facts_next(p->facts, q) ? query_int(q, 0) : 0;

	query_free(q);
	return n;
}

static void headline(struct page *p)
{
	int64_t critical = places_of(p, "critical"), high = places_of(p, "high");
	int64_t any = facts_count(p->facts, "SELECT count(DISTINCT asset) FROM finding_now"
					    " WHERE " COUNTS);

	mark(p, "<p class=\"answer a-%s\">",
	     critical > 0 ? "critical"
	     : high > 0   ? "high"
	     : any > 0    ? "low"
			  : "none");
	if (critical > 0)
		say_number_with(p, W_ANSWER_CRITICAL_ONE, W_ANSWER_CRITICAL, critical);
	else if (high > 0)
		say_number_with(p, W_ANSWER_HIGH_ONE, W_ANSWER_HIGH, high);
	else if (any > 0)
		say_number_with(p, W_ANSWER_LOW_ONE, W_ANSWER_LOW, any);
	else
		say_word(p, W_ANSWER_NONE);
	mark(p, "</p>\n");
}

struct effect {
	enum consequence c;
	int severity;          /* 0: critical */
	int64_t places, worst; /* all of them, and those with a finding of that severity */
};

static int by_weight(const void *a, const void *b)
{
	const struct effect *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity - y->severity;
	return (int)x->c - (int)y->c;
}

static void wrong(struct page *p)
{
	struct effect effects[CONSEQUENCES];
	size_t count = 0, shown = 0;
	enum word service = service_word(p);
	/* Which consequence a check has, as a table: so that a machine counts once in each. */
	struct query *q = NULL;

	for (size_t i = 0; i < CONSEQUENCES; i++)
		effects[i] = (struct effect){ .c = (enum consequence)i, .severity = SEVERITIES };
	if (p->facts->error == 0 &&
	    db_exec(p->facts->db, "DROP TABLE IF EXISTS temp.report_effect;"
				  "CREATE TEMP TABLE report_effect (check_id TEXT PRIMARY KEY,"
				  " effect INTEGER NOT NULL) STRICT") < 0)
		p->facts->error = -EIO;
	struct query *checks = facts_ask(p->facts, "SELECT check_id FROM finding_now WHERE " COUNTS
						   " GROUP BY check_id");
	struct query *add = facts_ask(p->facts, "INSERT INTO temp.report_effect VALUES (?1, ?2)");
	while (facts_next(p->facts, checks))
		if (query_bind_text(add, 1, query_text(checks, 0)) < 0 ||
		    query_bind_int(add, 2, consequence_of(query_text(checks, 0))) < 0 ||
		    query_run(add) < 0)
			p->facts->error = -EIO;
	query_free(checks);
	query_free(add);
	q = facts_ask(p->facts, "SELECT effect, min(rank), count(*), sum(rank = worst) FROM ("
				"SELECT effect, min(" BY_SEVERITY ") AS rank,"
				" min(min(" BY_SEVERITY ")) OVER (PARTITION BY effect) AS worst"
				" FROM finding_now JOIN temp.report_effect USING (check_id)"
				" WHERE " COUNTS " GROUP BY effect, asset) GROUP BY effect");
	for (; facts_next(p->facts, q); count++) {
		struct effect *e = &effects[query_int(q, 0)];

		e->severity = (int)query_int(q, 1);
		e->places = query_int(q, 2);
		e->worst = query_int(q, 3);
	}
	query_free(q);
	if (count == 0)
		return;
	qsort(effects, CONSEQUENCES, sizeof(effects[0]), by_weight);
	mark(p, "<div><h2>");
	say_word(p, W_WHAT_IS_WRONG);
	mark(p, "</h2>\n<ul class=\"wrong\">\n");
	for (size_t i = 0; i < CONSEQUENCES && shown < WRONG && effects[i].places > 0; i++) {
		const struct consequence_text *t = consequence_text(effects[i].c);
		const char *en[] = { word(service, LANGUAGE_EN) };
		const char *ja[] = { word(service, LANGUAGE_JA) };

		/* Small matters do not stand beside great ones. */
		if (shown > 0 && effects[i].c == CONSEQUENCE_TIDY)
			continue;
		shown++;
		mark(p, "<li class=\"e-%s\"><h3>", severity_words[effects[i].severity]);
		say_severity(p, severity_words[effects[i].severity]);
		mark(p, " ");
		say_bilingual(p, &t->wrong);
		mark(p, "</h3><p><span lang=\"en\">");
		put_with(p->out, put_html_apart, t->effect.en, en);
		mark(p, "</span><span lang=\"ja\">");
		put_with(p->out, put_html_apart, t->effect.ja, ja);
		mark(p, "</span> <span class=\"quiet\">");
		say_number_with(p, W_PLACES_ONE, W_PLACES, effects[i].places);
		/* Sixty places under "critical" are not sixty that are critical. */
		if (effects[i].worst < effects[i].places) {
			say_word(p, W_OF_THESE);
			say_both(p, severity_text(severity_words[effects[i].severity], LANGUAGE_EN),
				 severity_text(severity_words[effects[i].severity], LANGUAGE_JA));
			mark(p, " %" PRId64, effects[i].worst);
		}
		mark(p, "</span></p></li>\n");
	}
	mark(p, "</ul>\n<p class=\"quiet\">");
	say_word(p, W_ANSWER_HONEST);
	mark(p, "</p></div>\n");
}

/* What one remedy heals: all checks whose remedy reads the same. */
struct action {
	const struct check *check; /* the gravest of them; NULL: the check is gone */
	const char *severity;
	char *id;
	int64_t findings, places, control;
};

static struct action *same_remedy(struct action *list, size_t count, const struct check *check)
{
	for (size_t i = 0; check != NULL && i < count; i++)
		if (list[i].check != NULL && *check->remedy.en != '\0' &&
		    strcmp(list[i].check->remedy.en, check->remedy.en) == 0)
			return &list[i];
	return NULL;
}

static const char *own_severity_word(const char *severity)
{
	for (size_t i = 0; severity_words[i] != NULL; i++)
		if (severity != NULL && strcmp(severity_words[i], severity) == 0)
			return severity_words[i];
	return severity_words[SEVERITIES - 1];
}

static size_t load_actions(struct page *p, struct action *list)
{
	struct query *q = facts_ask(
		p->facts,
		/* SQLite takes severity from the row of the least rank. */
		"SELECT check_id, severity, min(rank) AS rank, sum(n) AS n, max(places) AS places,"
		" sum(control) AS control FROM (SELECT f.check_id, f.severity, count(*) AS n,"
		"  count(DISTINCT f.asset) AS places, coalesce(sum(h.treated = 'ot'), 0) AS "
		"control,"
		"  " BY_SEVERITY " AS rank FROM finding_now f"
		"  LEFT JOIN host h ON h.address = f.address WHERE " COUNTS
		"  GROUP BY f.check_id, f.severity)"
		" GROUP BY check_id ORDER BY rank, places DESC, check_id");
	size_t count = 0;

	while (facts_next(p->facts, q) && count < CHECKS_MAX) {
		const struct check *check = facts_check(p->facts, cell(q, "check_id"));
		struct action *a = same_remedy(list, count, check);

		if (a == NULL) {
			a = &list[count];
			*a = (struct action){ .check = check,
					      .severity = own_severity_word(cell(q, "severity")),
					      .id = strdup(cell(q, "check_id")) };
			if (a->id == NULL) {
				p->facts->error = -ENOMEM;
				break;
			}
			count++;
		}
		a->findings += cell_int(q, "n");
		/* Of several checks at the same machines no more is known than the greatest. */
		if (cell_int(q, "places") > a->places)
			a->places = cell_int(q, "places");
		a->control += cell_int(q, "control");
	}
	query_free(q);
	return count;
}

/* The first sentence of a remedy says what to do; how stands with the findings. */
static void first_sentence(struct page *p, const char *text, const char *end)
{
	const char *stop = strstr(text, end);
	size_t n = stop != NULL ? (size_t)(stop - text) + strlen(end) : strlen(text);
	char *part = strndup(text, n);

	if (part == NULL)
		p->facts->error = -ENOMEM;
	say(p, part);
	free(part);
}

static void say_remedy(struct page *p, const struct bilingual *remedy)
{
	mark(p, "<span lang=\"en\">");
	first_sentence(p, bilingual_text(remedy, LANGUAGE_EN), ". ");
	mark(p, "</span><span lang=\"ja\">");
	first_sentence(p, bilingual_text(remedy, LANGUAGE_JA), "。");
	mark(p, "</span>");
}

static void one_action(struct page *p, const struct action *a)
{
	char findings[32], places[32];
	const char *values[] = { findings, places };

	snprintf(findings, sizeof(findings), "%" PRId64, a->findings);
	snprintf(places, sizeof(places), "%" PRId64, a->places);
	mark(p, "<li><b>");
	if (a->check != NULL && *a->check->remedy.en != '\0')
		say_remedy(p, &a->check->remedy);
	else
		say(p, a->id);
	mark(p, "</b> <span class=\"quiet\">");
	if (a->findings == 1)
		say_word(p, W_HEALS_ONE);
	else
		say_with(p, a->places == 1 ? W_HEALS_AT : W_HEALS, values);
	mark(p, "</span> ");
	say_severity(p, a->severity);
	mark(p, " <a href=\"#c-%s-", a->severity);
	say_id(p, a->id);
	mark(p, "\">");
	if (a->check != NULL)
		say_bilingual(p, &a->check->title);
	else
		say(p, a->id);
	mark(p, "</a>");
	if (a->control > 0) {
		mark(p, " <span class=\"chip s-ot\">");
		say_word(p, W_WITH_OT);
		mark(p, "</span>");
	}
	mark(p, "</li>\n");
}

static void actions(struct page *p)
{
	struct action *list = calloc(CHECKS_MAX, sizeof(*list));
	bool control = false;

	if (list == NULL) {
		p->facts->error = -ENOMEM;
		return;
	}
	size_t count = load_actions(p, list);
	if (count > 0) {
		mark(p, "<div><h2>");
		say_word(p, W_FIRST_ACTIONS);
		mark(p, "</h2>\n<ol class=\"actions\">\n");
		for (size_t i = 0; i < count && i < ACTIONS; i++) {
			one_action(p, &list[i]);
			control = control || list[i].control > 0;
		}
		mark(p, "</ol>\n");
		if (control) {
			mark(p, "<p class=\"caution\">");
			say_word(p, W_OT_CAUTION);
			mark(p, "</p>\n");
		}
		if (count > ACTIONS) {
			char more[32];
			const char *values[] = { more };

			snprintf(more, sizeof(more), "%zu", count - ACTIONS);
			mark(p, "<p class=\"quiet\"><a href=\"#findings\">");
			say_with(p, W_MORE_ACTIONS, values);
			mark(p, "</a></p>\n");
		}
		mark(p, "</div>\n");
	}
	for (size_t i = 0; i < count; i++)
		free(list[i].id);
	free(list);
}

void page_answer(struct page *p)
{
	headline(p);
	mark(p, "<div class=\"halves\">\n");
	wrong(p);
	actions(p);
	mark(p, "</div>\n");
}
