/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict of every item: the first that applies of contradicted, violated (hint), waived,
 * not-run, no-violation-observed, attested, not-assessable.
 */
#include "judge/judged.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "judge/arena.h"

enum verdict {
	VERDICT_CONTRADICTED,
	VERDICT_VIOLATED,
	VERDICT_HINT,
	VERDICT_WAIVED,
	VERDICT_NOT_RUN,
	VERDICT_CLEAN,
	VERDICT_ATTESTED,
	VERDICT_NOT_ASSESSABLE,
};

static const char *const verdict_words[] = {
	"contradicted",          "violated", "hint",           "waived", "not-run",
	"no-violation-observed", "attested", "not-assessable",
};

static const char made_tables[] =
	"CREATE TEMP TABLE verdict (guideline TEXT NOT NULL, control TEXT NOT NULL,"
	" item TEXT NOT NULL, verdict TEXT NOT NULL, assess TEXT NOT NULL, level TEXT NOT NULL,"
	" mandatory INTEGER NOT NULL, note_en TEXT NOT NULL, note_ja TEXT NOT NULL, answer TEXT,"
	" answer_by TEXT, answer_at INTEGER, answer_until INTEGER, hosts INTEGER NOT NULL,"
	" hosts_answering INTEGER NOT NULL, ports_planned INTEGER NOT NULL,"
	" services INTEGER NOT NULL, checked INTEGER NOT NULL, position INTEGER NOT NULL,"
	" PRIMARY KEY (guideline, item)) WITHOUT ROWID;"
	"CREATE TEMP TABLE verdict_finding (guideline TEXT NOT NULL, item TEXT NOT NULL,"
	" fingerprint TEXT NOT NULL, PRIMARY KEY (guideline, item, fingerprint)) WITHOUT ROWID;"
	"CREATE TEMP TABLE verdict_check (guideline TEXT NOT NULL, item TEXT NOT NULL,"
	" check_id TEXT NOT NULL, ran INTEGER NOT NULL, reason TEXT,"
	" PRIMARY KEY (guideline, item, check_id)) WITHOUT ROWID";

struct answer {
	const char *word, *by;
	const struct separation *separation; /* NULL: it does not say how */
	int64_t at, until;
	bool has_until, valid;
};

/* Section 2.2 of mlit-water: carriers' closed networks count as physical separation, though they are
 * separate by logic only; devices that filter, and tunnels through the Internet, do not, however strict. */
static const struct separation {
	const char *word;
	bool counts;
	const char *en, *ja;
} separations[] = {
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

struct outcome {
	enum verdict verdict;
	struct answer answer;
	bool answered;
	size_t open, waived, unknown; /* findings in scope; of unknown scope */
	size_t inferred;              /* of the open ones: they rest on data that is not verified */
	struct coverage coverage;
	const char **reasons; /* per check; NULL: it ran everywhere */
	bool alternatives_open;
	const char *absent; /* a check of the item that does not exist yet */
};

/* ---- findings of an item ---- */

/*
 * Whether a finding counts for the item: 1, 0 or -1 (not known). It does where one of its places does. when: the
 * item's `when` at each of them; NULL: it has none.
 */
static signed char counts_for(const struct judged *j, const struct judged_finding *f,
			      const signed char *members, const signed char *when)
{
	signed char counts = 0;

	for (size_t i = 0; i < f->place_count && counts != 1; i++) {
		ptrdiff_t host = j->places[f->first_place + i];
		signed char here = members == NULL ? 1 : host < 0 ? -1 : members[host];

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
		"SELECT (%s\n) FROM (SELECT n.fingerprint, n.check_id, n.severity, n.status, "
		"n.asset,"
		"  p.address, n.port, n.transport, p.zone, p.kind, n.vantage, n.detail, n.evidence,"
		"  n.waiver, n.first_seen, n.last_seen, n.reopened, n.inferred, s.vantage_zone,"
		"  s.vantage_kind, s.kind AS run_kind FROM temp.finding_now AS n"
		"  JOIN temp.finding_place AS p USING (fingerprint)"
		"  LEFT JOIN main.scan AS s ON s.id = n.run) AS f"
		" LEFT JOIN temp.asset AS a ON a.address = f.address"
		" WHERE f.check_id = ? ORDER BY f.fingerprint, f.address",
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

static int count_findings(struct judged *j, const struct guideline *g, const struct item *item,
			  const struct check_state *state, const char *check,
			  const signed char *members, struct query *note, struct outcome *o)
{
	const struct judged_finding *first = &j->findings[state->first_finding];
	signed char *when = NULL;
	int r = 0;

	if (state->finding_count == 0)
		return 0;
	if (item->when != NULL) {
		const struct judged_finding *last = first + state->finding_count - 1;
		size_t places = last->first_place + last->place_count - first->first_place;

		when = malloc(places);
		if (when == NULL)
			return -ENOMEM;
		r = ask_when(j, g, item, check, when, places);
	}
	for (size_t i = 0; r >= 0 && i < state->finding_count; i++) {
		const struct judged_finding *f = &first[i];
		signed char counts = counts_for(
			j, f, members,
			when != NULL ? when + f->first_place - first->first_place : NULL);

		if (counts == 0)
			continue;
		if (counts == -1) {
			o->unknown++;
			continue;
		}
		o->open += f->open;
		o->inferred += f->open && f->inferred;
		o->waived += !f->open;
		query_bind_text(note, 1, g->id);
		query_bind_text(note, 2, item->id);
		query_bind_text(note, 3, f->fingerprint);
		r = query_run(note);
	}
	free(when);
	return r;
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

/* Nobody has written this check, or nothing feeds it. */
static bool not_yet(const struct catalogue *c, const char *id)
{
	const struct check *check = catalogue_check(c, id);

	return check == NULL || check->sql == NULL;
}

static int assess_checks(struct judged *j, const struct guideline *g, const struct item *item,
			 struct query *note, struct outcome *o)
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
		r = count_findings(j, g, item, state, id, members, note, o);
		o->reasons[i] = missing != NULL ? missing : why_not_run(j, state, members);
		if (state->reason == NULL && missing == NULL)
			covers[cover_count++] = state->cover;
	}
	if (r < 0)
		return r;
	o->coverage = coverage_of(j, covers, cover_count, members);
	for (size_t i = 0; i < item->later.count && o->absent == NULL; i++)
		if (not_yet(c, item->later.list[i]))
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

/* ---- the operator's answers ---- */

static int find_answer(struct judged *j, struct query *q, const char *guideline, const char *item,
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

static bool answered(const struct outcome *o, const char *word)
{
	return o->answered && o->answer.valid && strcmp(o->answer.word, word) == 0;
}

/* It says that it holds, by a way that the guideline does not count. */
static bool answered_in_vain(const struct outcome *o)
{
	return answered(o, "met") && o->answer.separation != NULL && !o->answer.separation->counts;
}

/* ---- the algebra ---- */

struct bench {
	struct judged *j;
	const struct guideline *guideline;
	const struct item **items;
	const struct control **controls;
	struct outcome *outcomes;
	size_t count;
};

static const struct outcome *outcome_of(const struct bench *b, const char *item)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->items[i]->id, item) == 0)
			return &b->outcomes[i];
	return NULL;
}

/* All of an alternative's items must hold, so one that does not is enough. */
static bool alternative_absent(const struct bench *b, const struct words *alternative)
{
	for (size_t i = 0; i < alternative->count; i++) {
		const struct outcome *o = outcome_of(b, alternative->list[i]);

		if (o != NULL && (o->verdict == VERDICT_VIOLATED ||
				  o->verdict == VERDICT_CONTRADICTED || answered(o, "not-met")))
			return true;
	}
	return false;
}

static enum verdict decide(const struct bench *b, const struct item *item, struct outcome *o)
{
	o->alternatives_open = false;
	if (answered_in_vain(o))
		return VERDICT_CONTRADICTED;
	if (item->checks.count == 0)
		return o->answered && o->answer.valid ? VERDICT_ATTESTED : VERDICT_NOT_ASSESSABLE;
	if (o->open > 0) {
		if (answered(o, "met"))
			return VERDICT_CONTRADICTED;
		for (size_t i = 0; i < item->alternative_count; i++)
			o->alternatives_open |= !alternative_absent(b, &item->alternatives[i]);
		return item->assess == ASSESS_DIRECT && !o->alternatives_open &&
				       o->inferred < o->open
			       ? VERDICT_VIOLATED
			       : VERDICT_HINT;
	}
	if (o->waived > 0)
		return VERDICT_WAIVED;
	for (size_t i = 0; i < item->checks.count; i++)
		if (o->reasons[i] != NULL)
			return VERDICT_NOT_RUN;
	return o->absent != NULL ? VERDICT_NOT_RUN : VERDICT_CLEAN;
}

/* ---- notes in both languages ---- */

struct note {
	FILE *en, *ja;
	char *en_text, *ja_text;
	size_t en_size, ja_size;
};

static int note_open(struct note *n)
{
	*n = (struct note){ 0 };
	n->en = open_memstream(&n->en_text, &n->en_size);
	n->ja = open_memstream(&n->ja_text, &n->ja_size);
	return n->en != NULL && n->ja != NULL ? 0 : -ENOMEM;
}

static int note_close(struct note *n)
{
	bool ok = n->en != NULL && fclose(n->en) == 0;

	ok = n->ja != NULL && fclose(n->ja) == 0 && ok;
	n->en = n->ja = NULL;
	return ok ? 0 : -ENOMEM;
}

/* One sentence after another: English is parted by spaces. */
static void say(struct note *n, const char *en, const char *ja)
{
	if (ftell(n->en) > 0)
		fputc(' ', n->en);
	fputs(en, n->en);
	fputs(ja, n->ja);
}

static void say_with(struct note *n, const char *en, const char *en_rest, const char *ja,
		     const char *ja_rest)
{
	say(n, "", "");
	fprintf(n->en, "%c%s%s", en[0] >= 'a' && en[0] <= 'z' ? en[0] - 'a' + 'A' : en[0], en + 1,
		en_rest);
	fprintf(n->ja, "%s%s", ja, ja_rest);
}

static void say_count(struct note *n, size_t count, const char *en_one, const char *en_many,
		      const char *ja)
{
	if (ftell(n->en) > 0)
		fputc(' ', n->en);
	fprintf(n->en, "%zu %s", count, count == 1 ? en_one : en_many);
	fprintf(n->ja, "%zu%s", count, ja);
}

/* A check brings reasons of its own. */
static const char *reason_ja(const struct catalogue *c, const char *reason)
{
	for (size_t i = 0; i < c->check_count; i++)
		if (c->checks[i].seen != NULL && strcmp(c->checks[i].unseen.en, reason) == 0)
			return c->checks[i].unseen.ja;
	return judge_reason_text(reason, "ja");
}

static void say_absent(const struct bench *b, struct note *n, const struct item *item)
{
	const char *comma_en = "", *comma_ja = "";

	say(n, "A check of this item does not exist yet: ", "この項目の検査項目が未対応：");
	for (size_t i = 0; i < item->later.count; i++) {
		if (!not_yet(b->j->catalogue, item->later.list[i]))
			continue;
		fprintf(n->en, "%s%s", comma_en, item->later.list[i]);
		fprintf(n->ja, "%s%s", comma_ja, item->later.list[i]);
		comma_en = ", ";
		comma_ja = "、";
	}
	fputs(".", n->en);
	fputs("。", n->ja);
}

/* "did not run: a, b (no probe); c (timeout)". */
static void say_not_run(const struct bench *b, struct note *n, const struct item *item,
			const struct outcome *o)
{
	bool some = false, clean = false;

	for (size_t i = 0; i < item->checks.count; i++)
		some |= o->reasons[i] != NULL;
	if (some)
		say(n, "Did not run everywhere: ", "未実施または一部のみ実施：");
	some = false;
	for (size_t i = 0; i < item->checks.count; i++) {
		bool first = o->reasons[i] != NULL;

		for (size_t k = 0; first && k < i; k++)
			first = o->reasons[k] == NULL || strcmp(o->reasons[k], o->reasons[i]) != 0;
		if (!first)
			continue;
		fputs(some ? "; " : "", n->en);
		fputs(some ? "；" : "", n->ja);
		const char *comma_en = "", *comma_ja = "";
		for (size_t k = i; k < item->checks.count; k++) {
			if (o->reasons[k] == NULL || strcmp(o->reasons[k], o->reasons[i]) != 0)
				continue;
			fprintf(n->en, "%s%s", comma_en, item->checks.list[k]);
			fprintf(n->ja, "%s%s", comma_ja, item->checks.list[k]);
			comma_en = ", ";
			comma_ja = "、";
		}
		fprintf(n->en, " (%s)", o->reasons[i]);
		fprintf(n->ja, "（%s）", reason_ja(b->j->catalogue, o->reasons[i]));
		some = true;
	}
	if (some) {
		fputs(".", n->en);
		fputs("。", n->ja);
	}
	if (o->absent != NULL)
		say_absent(b, n, item);
	for (size_t i = 0; i < item->checks.count; i++) {
		if (o->reasons[i] != NULL)
			continue;
		if (clean) {
			fprintf(n->en, ", %s", item->checks.list[i]);
			fprintf(n->ja, "、%s", item->checks.list[i]);
		} else {
			say(n, "Ran clean: ", "実施して検出なし：");
			fputs(item->checks.list[i], n->en);
			fputs(item->checks.list[i], n->ja);
		}
		clean = true;
	}
	if (clean) {
		fputs(".", n->en);
		fputs("。", n->ja);
	}
}

/* The alternatives that are not shown to be absent. */
static void say_alternatives(const struct bench *b, const struct item *item, struct note *n)
{
	bool some = false;

	say(n, "A breach unless an alternative holds: ", "代替措置が成立しない限り不適合：");
	for (size_t i = 0; i < item->alternative_count; i++) {
		const struct words *a = &item->alternatives[i];

		if (alternative_absent(b, a))
			continue;
		fputs(some ? "; or " : "", n->en);
		fputs(some ? "、または" : "", n->ja);
		for (size_t k = 0; k < a->count; k++) {
			fprintf(n->en, "%s%s", k > 0 ? " and " : "", a->list[k]);
			fprintf(n->ja, "%s%s", k > 0 ? "かつ" : "", a->list[k]);
		}
		some = true;
	}
	fputs(".", n->en);
	fputs("。", n->ja);
}

static void say_answer(struct note *n, const struct outcome *o)
{
	static const struct {
		const char *word, *en, *ja;
	} words[] = {
		{ "met", "The operator's answer: met.", "事業者の回答：満たしている。" },
		{ "not-met", "The operator's answer: not met.", "事業者の回答：満たしていない。" },
		{ "not-applicable", "The operator's answer: not applicable.",
		  "事業者の回答：該当しない。" },
	};

	if (!o->answered)
		return;
	if (!o->answer.valid) {
		say(n, "The operator's answer has expired and does not count.",
		    "事業者の回答は期限切れのため数えない。");
		return;
	}
	for (size_t i = 0; i < countof(words); i++)
		if (strcmp(words[i].word, o->answer.word) == 0)
			say(n, words[i].en, words[i].ja);
	if (o->answer.separation != NULL)
		say_with(n, "separated by ", o->answer.separation->en, "分離の方法：",
			 o->answer.separation->ja);
	if (o->answer.separation != NULL) {
		fputs(".", n->en);
		fputs("。", n->ja);
	}
}

static void say_violated(const struct control *control, const struct outcome *o, struct note *n)
{
	say_count(n, o->open, "open finding.", "open findings.", "件の検出。");
	if (control->mandatory)
		say(n, "This is a requirement of the ministerial ordinance.",
		    "省令が求める措置である。");
	else if (strcmp(control->level, "example") == 0)
		say(n, "Differs from the example measure.", "対策例と異なる。");
	else if (strcmp(control->level, "required") != 0)
		say(n, "Differs from the recommendation; not a breach of law.",
		    "推奨事項と異なる（法令違反を意味しない）。");
}

static void say_outcome(const struct bench *b, size_t place, struct note *n)
{
	const struct item *item = b->items[place];
	const struct outcome *o = &b->outcomes[place];

	switch (o->verdict) {
	case VERDICT_CONTRADICTED:
		if (answered_in_vain(o))
			say_with(n, o->answer.separation->en,
				 " does not count as physical separation.",
				 o->answer.separation->ja, "は物理的な分離とみなされない。");
		if (o->open == 0)
			break;
		say_count(n, o->open, "open finding is evidence against the operator's answer.",
			  "open findings are evidence against the operator's answer.",
			  "件の検出が事業者の回答と矛盾する。");
		break;
	case VERDICT_VIOLATED:
		say_violated(b->controls[place], o, n);
		break;
	case VERDICT_HINT:
		say_count(n, o->open,
			  "open finding is evidence against it, to be confirmed by a person.",
			  "open findings are evidence against it, to be confirmed by a person.",
			  "件の検出が不適合を示唆する。人による確認が必要。");
		if (o->inferred == o->open)
			say(n,
			    "The data behind it is inferred, not read from its source: see the "
			    "finding.",
			    "根拠としたデータは出典で確認できていない推定である（検出の内容を参照）"
			    "。");
		if (o->alternatives_open)
			say_alternatives(b, item, n);
		break;
	case VERDICT_WAIVED:
		say_count(n, o->waived, "finding, under a valid waiver.",
			  "findings, all under a valid waiver.",
			  "件の検出はすべて有効な例外措置の対象。");
		break;
	case VERDICT_NOT_RUN:
		say_not_run(b, n, item, o);
		break;
	case VERDICT_CLEAN:
		say(n, "All of its checks ran and found nothing.",
		    "すべての検査項目を実施し、検出なし。");
		if (item->assess == ASSESS_INDIRECT)
			say(n,
			    "A scan sees this item only in part; it does not show that it is met.",
			    "スキャンで確認できるのはこの項目の一部であり、満たしていることを示すも"
			    "ので"
			    "はない。");
		break;
	case VERDICT_ATTESTED:
		break;
	case VERDICT_NOT_ASSESSABLE:
		say(n, "A scan cannot see this; the operator's answer is needed.",
		    "スキャンでは確認できない。事業者の回答が必要。");
		break;
	}
	if (o->verdict == VERDICT_VIOLATED || o->verdict == VERDICT_HINT ||
	    o->verdict == VERDICT_CONTRADICTED) {
		if (o->waived > 0)
			say_count(n, o->waived, "more under a waiver.", "more under a waiver.",
				  "件は例外措置の対象。");
		if (o->unknown > 0)
			say_count(n, o->unknown, "more on an asset that may belong here.",
				  "more on assets that may belong here.",
				  "件は対象かどうか不明な資産での検出。");
	}
	say_answer(n, o);
}

/* ---- writing ---- */

struct writers {
	struct query *verdict, *finding, *check, *answer;
};

static int write_outcome(const struct bench *b, size_t place, struct writers *w)
{
	const struct item *item = b->items[place];
	const struct control *control = b->controls[place];
	const struct outcome *o = &b->outcomes[place];
	struct note n;
	int r = note_open(&n);

	if (r >= 0)
		say_outcome(b, place, &n);
	if (note_close(&n) < 0)
		r = -ENOMEM;
	if (r >= 0) {
		const char *const texts[] = { b->guideline->id,
					      control->id,
					      item->id,
					      verdict_words[o->verdict],
					      assess_word(item->assess),
					      control->level };
		const int64_t numbers[] = { o->coverage.hosts,   o->coverage.answering,
					    o->coverage.planned, o->coverage.services,
					    o->coverage.checked, (int64_t)place + 1 };

		for (size_t i = 0; i < countof(texts); i++)
			query_bind_text(w->verdict, (int)i + 1, texts[i]);
		query_bind_int(w->verdict, 7, control->mandatory);
		query_bind_text(w->verdict, 8, n.en_text);
		query_bind_text(w->verdict, 9, n.ja_text);
		if (o->answered) {
			query_bind_text(w->verdict, 10, o->answer.word);
			query_bind_text(w->verdict, 11, o->answer.by);
			query_bind_int(w->verdict, 12, o->answer.at);
			if (o->answer.has_until)
				query_bind_int(w->verdict, 13, o->answer.until);
		}
		for (size_t i = 0; i < countof(numbers); i++)
			query_bind_int(w->verdict, (int)i + 14, numbers[i]);
		r = query_run(w->verdict);
	}
	for (size_t i = 0; r >= 0 && i < item->checks.count; i++) {
		query_bind_text(w->check, 1, b->guideline->id);
		query_bind_text(w->check, 2, item->id);
		query_bind_text(w->check, 3, item->checks.list[i]);
		query_bind_int(w->check, 4, o->reasons[i] == NULL);
		query_bind_text(w->check, 5, o->reasons[i]);
		r = query_run(w->check);
	}
	free(n.en_text);
	free(n.ja_text);
	return r;
}

static int judge_guideline(struct judged *j, const struct guideline *g, struct writers *w)
{
	struct bench b = {
		.j = j,
		.guideline = g,
		.items = arena_array(j->arena, g->item_count, sizeof(*b.items)),
		.controls = arena_array(j->arena, g->item_count, sizeof(*b.controls)),
		.outcomes = arena_array(j->arena, g->item_count, sizeof(*b.outcomes)),
	};
	int r = 0;

	if (b.items == NULL || b.controls == NULL || b.outcomes == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < g->control_count; i++) {
		for (size_t k = 0; k < g->controls[i].item_count; k++) {
			b.items[b.count] = &g->controls[i].items[k];
			b.controls[b.count++] = &g->controls[i];
		}
	}
	for (size_t i = 0; r >= 0 && i < b.count; i++) {
		r = find_answer(j, w->answer, g->id, b.items[i]->id, &b.outcomes[i]);
		if (r >= 0 && b.items[i]->checks.count > 0)
			r = assess_checks(j, g, b.items[i], w->finding, &b.outcomes[i]);
	}
	/* Those with alternatives last: they depend on the verdicts of the others. */
	for (int pass = 0; r >= 0 && pass < 2; pass++)
		for (size_t i = 0; i < b.count; i++)
			if ((b.items[i]->alternative_count > 0) == (pass == 1))
				b.outcomes[i].verdict = decide(&b, b.items[i], &b.outcomes[i]);
	for (size_t i = 0; r >= 0 && i < b.count; i++)
		r = write_outcome(&b, i, w);
	return r;
}

int verdicts_make(struct judged *j)
{
	struct writers w = { 0 };
	int64_t answers = 0;
	int r = db_exec(j->db, made_tables);

	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.attestation", 0, &answers);
	if (r >= 0)
		r = query_new(j->db,
			      "INSERT INTO temp.verdict VALUES"
			      " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			      &w.verdict);
	if (r >= 0)
		r = query_new(j->db, "INSERT OR IGNORE INTO temp.verdict_finding VALUES (?, ?, ?)",
			      &w.finding);
	if (r >= 0)
		r = query_new(j->db,
			      "INSERT OR IGNORE INTO temp.verdict_check VALUES (?, ?, ?, ?, ?)",
			      &w.check);
	/* The newest answer that counts; else the newest of all. The catalogue may name the item with
	 * its guideline in front ("mlit-water:ordinance-2-5"). */
	if (r >= 0 && answers > 0)
		r = query_new(
			j->db,
			"SELECT answer, given_by, given_at, until,"
			"  given_at <= ?3 AND (until IS NULL OR until = 0 OR until >= ?3) AS valid,"
			"  separation"
			" FROM temp.attestation WHERE guideline = ?1"
			" AND item IN (?2, ?1 || ':' || ?2)"
			" ORDER BY valid DESC, given_at DESC, answer LIMIT 1",
			&w.answer);
	for (size_t i = 0; r >= 0 && i < j->catalogue->guideline_count; i++)
		r = judge_guideline(j, &j->catalogue->guidelines[i], &w);
	/* Once all of them are there, which is quicker than row by row. */
	if (r >= 0)
		r = db_exec(
			j->db,
			"CREATE INDEX temp.verdict_finding_fp ON verdict_finding (fingerprint)");
	query_free(w.verdict);
	query_free(w.finding);
	query_free(w.check);
	query_free(w.answer);
	return r < 0 ? r : 0;
}
