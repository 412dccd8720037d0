/* SPDX-License-Identifier: Apache-2.0 */
/* Which findings a tracker has to be told of: those of now laid against what it was told last. */
#include "report/tickets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"
#include "report/ticket_parts.h"

static const char *const action_words[TICKET_ACTIONS] = {
	[TICKET_NEW] = "new",
	[TICKET_UPDATE] = "update",
	[TICKET_CLOSE] = "close",
	[TICKET_REOPEN] = "reopen",
};

const char *ticket_action_word(enum ticket_action a)
{
	return action_words[a];
}

enum ticket_action ticket_action_of_word(const char *word)
{
	enum ticket_action a = 0;

	while (a < TICKET_ACTIONS && strcmp(action_words[a], word) != 0)
		a++;
	return a;
}

/* ---- rows ---- */

#define ROW_COLUMNS                                                                               \
	"f.fingerprint, f.check_id, f.severity, f.asset, f.address, f.port, f.transport, f.zone," \
	" f.vantage, f.detail, f.first_seen, f.last_seen, "
#define NOW_COLUMNS                                                                  \
	ROW_COLUMNS "f.status, iif(f.status = 'waived', f.waiver->>'$.until', NULL)" \
		    " AS waived_until, f.treatment, " ALSO_AT

/* What was told last, in a table of its own: a store of an older version that is only read has none. kept: see
 * struct ticket. */
static int make_told(struct db *db, const char *site, const char *target)
{
	bool there = false;
	int r = db_has_table(db, "exported", &there);

	if (r >= 0)
		r = db_exec(db, "DROP TABLE IF EXISTS temp.ticket_told;"
				"CREATE TEMP TABLE ticket_told (fingerprint TEXT PRIMARY KEY,"
				" status TEXT, severity TEXT, content TEXT, kept TEXT)");
	if (r >= 0 && there)
		r = db_execf(
			db,
			"INSERT INTO temp.ticket_told SELECT fingerprint, status, severity,"
			"  coalesce(kept->>'$.content', content), kept FROM (SELECT *,"
			"   CASE WHEN content LIKE '{%%' AND json_valid(content) THEN content END"
			"    AS kept FROM main.exported WHERE site = %Q AND target = %Q)",
			site, target);
	return r < 0 ? -EIO : 0;
}

bool source_start(struct ticket_source *s, struct db *db, const struct catalogue *c,
		  enum language l, const char *target)
{
	*s = (struct ticket_source){ .language = l, .target = target };
	if (facts_load(db, c, &s->facts) != 0)
		return false;
	struct facts *f = &s->facts;
	s->facts.error = make_told(db, f->site, target);
	s->now = facts_ask(f, "SELECT " NOW_COLUMNS " FROM finding_now f WHERE f.fingerprint = ?1");
	s->gone = facts_ask(
		f, "SELECT " ROW_COLUMNS "NULL AS waived_until, NULL AS treatment, NULL AS also"
		   " FROM main.finding f WHERE f.fingerprint = ?1"
		   " UNION ALL SELECT fingerprint, kept->>'$.check', severity, kept->>'$.asset',"
		   "  kept->>'$.address', kept->>'$.port', kept->>'$.transport', kept->>'$.zone',"
		   "  kept->>'$.vantage', kept->>'$.detail', kept->>'$.first_seen',"
		   "  kept->>'$.last_seen', NULL, NULL, NULL FROM temp.ticket_told"
		   "  WHERE fingerprint = ?1 AND kept IS NOT NULL LIMIT 1");
	if (facts_count(f, "SELECT EXISTS (SELECT 1 FROM temp.ticket_told)"))
		s->told = facts_ask(f, "SELECT status, severity, content FROM temp.ticket_told"
				       " WHERE fingerprint = ?1");
	s->name = facts_ask(f, "SELECT name FROM ledger WHERE id = ?1 ORDER BY line LIMIT 1");
	return f->error == 0;
}

void source_done(struct ticket_source *s)
{
	struct query *const all[] = { s->now, s->gone, s->told, s->name };

	for (size_t i = 0; i < countof(all); i++)
		query_free(all[i]);
	json_decref(s->plan);
	if (s->facts.db != NULL)
		db_exec(s->facts.db, "DROP TABLE IF EXISTS temp.ticket_told");
	facts_done(&s->facts);
}

/* The row of a question with texts for its marks; NULL: there is none, or nothing to ask. */
static struct query *one_row(struct ticket_source *s, struct query *q, const char *const *texts,
			     size_t count)
{
	if (q == NULL)
		return NULL;
	query_reset(q);
	for (size_t i = 0; i < count; i++)
		if (query_bind_text(q, (int)i + 1, texts[i]) < 0)
			s->facts.error = -EIO;
	return facts_next(&s->facts, q) ? q : NULL;
}

static struct query *finding_of(struct ticket_source *s, const struct ticket *t)
{
	const char *fingerprint = t->fingerprint;
	struct query *q = one_row(s, t->gone ? s->gone : s->now, &fingerprint, 1);

	if (q == NULL && s->facts.error == 0)
		s->facts.error = -EIO;
	return q;
}

static const char *plan_text_of(json_t *plan, const char *key)
{
	return json_string_value(json_object_get(plan, key));
}

/* The plan of a row; it is borrowed from the source. */
static struct ticket_plan plan_of(struct ticket_source *s, struct query *finding)
{
	const char *text = cell(finding, "treatment");

	json_decref(s->plan);
	s->plan = text != NULL ? json_loads(text, 0, NULL) : NULL;
	return (struct ticket_plan){
		.action = plan_text_of(s->plan, "action"),
		.owner = plan_text_of(s->plan, "owner"),
		.state = plan_text_of(s->plan, "state"),
		.note = plan_text_of(s->plan, "note"),
		.due = json_integer_value(json_object_get(s->plan, "due")),
		.contradicted = json_is_true(json_object_get(s->plan, "contradicted")),
	};
}

/* What decides about a ticket. */
static struct ticket_row row_of(struct ticket_source *s, const struct ticket *t,
				struct query *finding)
{
	const char *fingerprint = t->fingerprint;

	return (struct ticket_row){ .ticket = t,
				    .finding = finding,
				    .plan = plan_of(s, finding),
				    .told = one_row(s, s->told, &fingerprint, 1) };
}

bool source_row(struct ticket_source *s, const struct ticket *t, struct ticket_row *ret)
{
	struct query *q = finding_of(s, t);

	if (q == NULL)
		return false;
	const char *asset = cell(q, "asset");
	struct query *name = one_row(s, s->name, &asset, 1);
	*ret = row_of(s, t, q);
	ret->check = facts_check(&s->facts, cell(q, "check_id"));
	ret->name = name != NULL ? query_text(name, 0) : NULL;
	return s->facts.error == 0;
}

/* ---- choosing ---- */

static void put_said(FILE *f, const char *text)
{
	fprintf(f, "%s\n", text != NULL ? text : "");
}

/* What a ticket says that may change beside status and severity, in no language. */
static bool content_of(const struct ticket_row *r, char out[static DIGEST_TEXT])
{
	static const char *const columns[] = { "asset",  "address", "port",        "transport",
					       "detail", "also",    "waived_until" };
	const struct ticket_plan *p = &r->plan;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return false;
	for (size_t i = 0; i < countof(columns); i++)
		put_said(f, cell(r->finding, columns[i]));
	put_said(f, p->action);
	put_said(f, p->owner);
	if (p->due != 0)
		fprintf(f, "%" PRId64, p->due);
	putc('\n', f);
	put_said(f, p->contradicted ? "contradicted" : p->state);
	put_said(f, p->note);
	bool good = fclose(f) == 0 && digest_bytes(text, size, out);
	free(text);
	return good;
}

/* TICKET_ACTIONS: nothing has to be told. */
static enum ticket_action action_of(const struct ticket *t, struct query *told)
{
	bool open = strcmp(t->status, "open") == 0;

	if (told == NULL)
		return open ? TICKET_NEW : TICKET_ACTIONS;
	if (strcmp(cell(told, "status"), "fixed") == 0)
		return open ? TICKET_REOPEN : TICKET_ACTIONS;
	return strcmp(cell(told, "status"), t->status) != 0 ||
			       strcmp(cell(told, "severity"), t->severity) != 0 ||
			       strcmp(cell(told, "content"), t->content) != 0
		       ? TICKET_UPDATE
		       : TICKET_ACTIONS;
}

static bool keep(struct tickets *all, const struct ticket *t)
{
	if ((all->count & (all->count - 1)) == 0) {
		size_t room = all->count == 0 ? 1 : all->count * 2;
		struct ticket *bigger = reallocarray(all->list, room, sizeof(*bigger));

		if (bigger == NULL)
			return false;
		all->list = bigger;
	}
	all->list[all->count++] = *t;
	return true;
}

/* A finding as a ticket that closes it once the store knows nothing of it; NULL without memory. */
static char *kept_text(struct query *q, const char *content)
{
	static const char *const texts[] = { "asset", "address", "transport",
					     "zone",  "vantage", "detail" };
	static const char *const numbers[] = { "port", "first_seen", "last_seen" };
	json_t *o = json_pack("{s:s, s:s}", "content", content, "check", cell(q, "check_id"));

	for (size_t i = 0; i < countof(texts); i++)
		json_object_set_new(o, texts[i], text_json(cell(q, texts[i])));
	for (size_t i = 0; i < countof(numbers); i++)
		if (!query_null(q, query_column(q, numbers[i])))
			json_object_set_new(o, numbers[i], json_integer(cell_int(q, numbers[i])));
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return text;
}

static struct ticket ticket_of(struct query *q, const char *status)
{
	struct ticket t = { .status = status };

	snprintf(t.fingerprint, sizeof(t.fingerprint), "%s", cell(q, "fingerprint"));
	snprintf(t.severity, sizeof(t.severity), "%s", cell(q, "severity"));
	return t;
}

/* Keeps it where this list takes such tickets. */
static void take(struct ticket_source *s, struct ticket *t, const struct ticket_settings *set,
		 struct tickets *all)
{
	bool wanted = t->action < TICKET_ACTIONS && (set->actions & 1U << t->action) != 0;

	if (wanted && keep(all, t))
		return;
	free(t->kept);
	if (wanted)
		s->facts.error = -ENOMEM;
}

/* Those that are there. What follows from today's answers alone is not in the history. */
static void choose_now(struct ticket_source *s, const struct ticket_settings *set,
		       struct tickets *all)
{
	struct query *q = facts_ask(
		&s->facts, "SELECT " NOW_COLUMNS
			   ", f.check_id IN (SELECT check_id FROM declared_check) AND f.fingerprint"
			   "  NOT IN (SELECT fingerprint FROM main.finding) AS"
			   " unknown" FROM_FINDINGS_IN_ORDER);

	while (facts_next(&s->facts, q)) {
		bool waived = strcmp(cell(q, "status"), "waived") == 0;
		struct ticket t = ticket_of(q, waived ? "waived" : "open");
		const struct ticket_row r = row_of(s, &t, q);

		if (!content_of(&r, t.content) ||
		    (cell_int(q, "unknown") != 0 && (t.kept = kept_text(q, t.content)) == NULL)) {
			s->facts.error = -ENOMEM;
			break;
		}
		t.action = action_of(&t, set->all ? NULL : r.told);
		take(s, &t, set, all);
	}
	query_free(q);
}

/* Nobody looked again, so it stands; an exception begins or ends without a look. What its ticket says else stays as
 * it was told. */
static void choose_unseen(struct ticket_source *s, const struct ticket_settings *set,
			  struct tickets *all)
{
	struct query *q = facts_ask(
		&s->facts,
		"SELECT * FROM (SELECT " ROW_COLUMNS "NULL AS waived_until, NULL AS treatment,"
		"  '[]' AS also, t.content, iif(f.status = 'waived' AND u.fingerprint IS NULL,"
		"  'waived', 'open') AS stands, t.status AS told, u.fingerprint IS NOT NULL AS "
		"ended"
		" FROM finding_gone g JOIN main.finding f ON f.fingerprint = g.fingerprint"
		" LEFT JOIN temp.ticket_told t ON t.fingerprint = g.fingerprint"
		" LEFT JOIN gone_unwaived u ON u.fingerprint = g.fingerprint"
		" WHERE g.status = 'not-retested')"
		" WHERE iif(told IS NULL, ended, told <> 'fixed' AND told <> stands)"
		" ORDER BY " BY_SEVERITY ", check_id, asset, fingerprint");

	while (facts_next(&s->facts, q)) {
		bool told = !set->all && cell(q, "told") != NULL;
		struct ticket t =
			ticket_of(q, strcmp(cell(q, "stands"), "waived") == 0 ? "waived" : "open");
		const struct ticket_row r = row_of(s, &t, q);

		t.gone = true;
		t.action = told                            ? TICKET_UPDATE
			   : strcmp(t.status, "open") == 0 ? TICKET_NEW
							   : TICKET_ACTIONS;
		if (told)
			snprintf(t.content, sizeof(t.content), "%s", cell(q, "content"));
		else if (!content_of(&r, t.content))
			s->facts.error = -ENOMEM;
		take(s, &t, set, all);
	}
	query_free(q);
}

/* Told once, not there now, and really looked at again since. */
static void choose_gone(struct ticket_source *s, const struct ticket_settings *set,
			struct tickets *all)
{
	struct query *q = facts_ask(
		&s->facts,
		"SELECT * FROM (SELECT d.fingerprint, d.severity, d.check_id, d.asset, t.content,"
		"  NULL AS kept FROM temp.ticket_told t"
		" JOIN main.finding d ON d.fingerprint = t.fingerprint"
		" WHERE t.status <> 'fixed' AND t.fingerprint NOT IN"
		"  (SELECT fingerprint FROM finding_now)"
		" AND coalesce((SELECT g.status FROM finding_gone g"
		"   WHERE g.fingerprint = t.fingerprint), d.status) = 'fixed'"
		" UNION ALL SELECT fingerprint, severity, kept->>'$.check', kept->>'$.asset', "
		"content,"
		"  kept FROM temp.ticket_told WHERE status <> 'fixed' AND kept IS NOT NULL"
		"  AND fingerprint NOT IN (SELECT fingerprint FROM finding_now)"
		"  AND fingerprint NOT IN (SELECT fingerprint FROM main.finding)"
		"  AND kept->>'$.check' IN (SELECT check_id FROM declared_check"
		"   WHERE reason IS NULL)) ORDER BY " BY_SEVERITY ", check_id, asset, fingerprint");

	while (facts_next(&s->facts, q)) {
		struct ticket t = ticket_of(q, "fixed");

		t.gone = true;
		t.action = TICKET_CLOSE;
		snprintf(t.content, sizeof(t.content), "%s", cell(q, "content"));
		t.kept = cell(q, "kept") != NULL ? strdup(cell(q, "kept")) : NULL;
		if (cell(q, "kept") != NULL && t.kept == NULL)
			s->facts.error = -ENOMEM;
		take(s, &t, set, all);
	}
	query_free(q);
}

int tickets_choose(struct db *db, const struct catalogue *c, const struct export_format *f,
		   const struct ticket_settings *s, struct tickets *ret)
{
	struct ticket_source source;
	bool started = source_start(&source, db, c, LANGUAGE_EN, ticket_target(f));
	struct facts *facts = &source.facts;

	*ret = (struct tickets){ 0 };
	if (started) {
		ret->site = strdup(facts->site);
		ret->scan = facts->id;
		if (ret->site == NULL)
			facts->error = -ENOMEM;
		choose_now(&source, s, ret);
		choose_unseen(&source, s, ret);
		if (!s->all)
			choose_gone(&source, s, ret);
	}
	int r = facts->error != 0 ? facts->error : started ? 0 : -EIO;
	source_done(&source);
	return r;
}

void tickets_done(struct tickets *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->list[i].kept);
	free(t->site);
	free(t->list);
	*t = (struct tickets){ 0 };
}
