/* SPDX-License-Identifier: Apache-2.0 */
/* Which findings a tracker has to be told of: those of now laid against what it was told last. */
#include "report/tickets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* What was told last, in a table of its own: a store of an older version that is only read has none. */
static int make_told(struct db *db, const char *site, const char *target)
{
	bool there = false;
	int r = db_has_table(db, "exported", &there);

	if (r >= 0)
		r = db_exec(db, "DROP TABLE IF EXISTS temp.ticket_told;"
				"CREATE TEMP TABLE ticket_told (fingerprint TEXT PRIMARY KEY,"
				" status TEXT, severity TEXT, content TEXT)");
	if (r >= 0 && there)
		r = db_execf(db,
			     "INSERT INTO temp.ticket_told SELECT fingerprint, status, severity,"
			     " content FROM main.exported WHERE site = %Q AND target = %Q",
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
	s->now = facts_ask(f, "SELECT " ROW_COLUMNS "iif(f.status = 'waived', f.waiver->>'$.until',"
			      " NULL) AS waived_until, " ALSO_AT
			      " FROM finding_now f WHERE f.fingerprint = ?1");
	s->gone = facts_ask(f, "SELECT " ROW_COLUMNS "NULL AS waived_until, NULL AS also"
			       " FROM main.finding f WHERE f.fingerprint = ?1");
	/* The narrowest one that fits. */
	if (facts_count(f, "SELECT EXISTS (SELECT 1 FROM treatment WHERE check_id IS NOT NULL)"))
		s->treatment =
			facts_ask(f, "SELECT action, owner, due, state, note FROM treatment"
				     " WHERE check_id = ?1 AND (asset IS NULL OR asset IN (?2, ?3))"
				     " AND (port IS NULL OR port = ?4)"
				     " ORDER BY asset IS NULL, port IS NULL, line LIMIT 1");
	if (facts_count(f, "SELECT EXISTS (SELECT 1 FROM temp.ticket_told)"))
		s->told = facts_ask(f, "SELECT status, severity, content FROM temp.ticket_told"
				       " WHERE fingerprint = ?1");
	s->name = facts_ask(f, "SELECT name FROM ledger WHERE id = ?1 ORDER BY line LIMIT 1");
	s->controls = facts_ask(f, CONTROLS_OF_FINDING);
	return f->error == 0;
}

void source_done(struct ticket_source *s)
{
	struct query *const all[] = {
		s->now, s->gone, s->treatment, s->told, s->name, s->controls
	};

	for (size_t i = 0; i < countof(all); i++)
		query_free(all[i]);
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

static struct query *treatment_of(struct ticket_source *s, struct query *finding)
{
	const char *texts[] = { cell(finding, "check_id"), cell(finding, "asset"),
				cell(finding, "address") };

	if (s->treatment == NULL)
		return NULL;
	query_reset(s->treatment);
	for (size_t i = 0; i < countof(texts); i++)
		if (query_bind_text(s->treatment, (int)i + 1, texts[i]) < 0)
			s->facts.error = -EIO;
	if (query_bind_int(s->treatment, 4, cell_int(finding, "port")) < 0)
		s->facts.error = -EIO;
	return facts_next(&s->facts, s->treatment) ? s->treatment : NULL;
}

static struct query *finding_of(struct ticket_source *s, const struct ticket *t)
{
	const char *fingerprint = t->fingerprint;
	struct query *q = one_row(s, t->action == TICKET_CLOSE ? s->gone : s->now, &fingerprint, 1);

	if (q == NULL && s->facts.error == 0)
		s->facts.error = -EIO;
	return q;
}

/* What decides about a ticket. */
static struct ticket_row row_of(struct ticket_source *s, const struct ticket *t,
				struct query *finding)
{
	const char *fingerprint = t->fingerprint;

	return (struct ticket_row){ .ticket = t,
				    .finding = finding,
				    .treatment = treatment_of(s, finding),
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

/* What a ticket says that may change beside status and severity, in no language. */
static bool content_of(struct ticket_source *s, const struct ticket_row *r,
		       char out[static DIGEST_TEXT])
{
	static const char *const columns[] = { "asset",  "address", "port",        "transport",
					       "detail", "also",    "waived_until" };
	static const char *const planned[] = { "action", "owner", "due", "state", "note" };
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return false;
	for (size_t i = 0; i < countof(columns); i++) {
		const char *v = cell(r->finding, columns[i]);
		fprintf(f, "%s\n", v != NULL ? v : "");
	}
	for (size_t i = 0; i < countof(planned); i++) {
		const char *v = r->treatment != NULL ? cell(r->treatment, planned[i]) : NULL;
		fprintf(f, "%s\n", v != NULL ? v : "");
	}
	bool good = fclose(f) == 0 && digest_bytes(text, size, out);
	free(text);
	(void)s;
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

static void take(struct ticket_source *s, struct query *q, const char *status,
		 const struct ticket_settings *set, struct tickets *all)
{
	struct ticket t = { .status = status,
			    .action = strcmp(status, "fixed") == 0 ? TICKET_CLOSE : TICKET_NEW };
	bool good = true;

	snprintf(t.fingerprint, sizeof(t.fingerprint), "%s", cell(q, "fingerprint"));
	snprintf(t.severity, sizeof(t.severity), "%s", cell(q, "severity"));
	/* What is open stands in q as its ticket tells it. */
	struct query *finding = strcmp(status, "open") == 0 ? q : finding_of(s, &t);
	if (finding != NULL) {
		const struct ticket_row r = row_of(s, &t, finding);

		good = content_of(s, &r, t.content);
		if (t.action != TICKET_CLOSE)
			t.action = action_of(&t, set->all ? NULL : r.told);
		if (t.action < TICKET_ACTIONS && (set->actions & 1U << t.action) != 0)
			good = good && keep(all, &t);
	}
	if (!good)
		s->facts.error = -ENOMEM;
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
		struct query *q = facts_ask(facts, FINDINGS_IN_ORDER);
		while (facts_next(facts, q))
			take(&source, q,
			     strcmp(cell(q, "status"), "waived") == 0 ? "waived" : "open", s, ret);
		query_free(q);
		/* Told once, not there now, and really looked at again since. */
		q = facts_ask(facts,
			      "SELECT * FROM (SELECT d.fingerprint, d.severity, d.check_id, d.asset"
			      " FROM temp.ticket_told t"
			      " JOIN main.finding d ON d.fingerprint = t.fingerprint"
			      " WHERE t.status <> 'fixed' AND t.fingerprint NOT IN"
			      "  (SELECT fingerprint FROM finding_now)"
			      " AND coalesce((SELECT g.status FROM finding_gone g"
			      "   WHERE g.fingerprint = t.fingerprint), d.status) = 'fixed')"
			      " ORDER BY " BY_SEVERITY ", check_id, asset, fingerprint");
		while (!s->all && facts_next(facts, q))
			take(&source, q, "fixed", s, ret);
		query_free(q);
	}
	int r = facts->error != 0 ? facts->error : started ? 0 : -EIO;
	source_done(&source);
	return r;
}

void tickets_done(struct tickets *t)
{
	free(t->site);
	free(t->list);
	*t = (struct tickets){ 0 };
}
