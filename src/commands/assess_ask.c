/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked about each control. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "commands/assess.h"
#include "report/facts.h"
#include "report/text.h"
#include "report/words.h"

/* ---- showing ---- */

static void show_verdict(struct assessment *t, const struct question *q, const struct item *item,
			 char *out, size_t size)
{
	struct query *verdict = NULL;

	out[0] = '\0';
	if (t->db == NULL ||
	    query_new(t->db, "SELECT verdict FROM temp.verdict WHERE guideline = ?1 AND item = ?2",
		      &verdict) != 0)
		return;
	query_bind_text(verdict, 1, q->guideline->id);
	query_bind_text(verdict, 2, item->id);
	if (query_step(verdict) == 1)
		snprintf(out, size, " [%s]",
			 verdict_text(query_text(verdict, 0), item, q->control->level,
				      q->control->mandatory, i18n_language()));
	query_free(verdict);
}

/* What it asks for in figures. */
static size_t show_figures(struct assessment *t, const struct item *item)
{
	enum language l = i18n_language();
	size_t lines = 0;

	for (size_t i = 0; i < item->threshold_count; i++) {
		char figure[THRESHOLD_TEXT], text[2 * THRESHOLD_TEXT];

		snprintf(text, sizeof(text), "%s: %s", word(W_ASKED, l),
			 threshold_text(&item->thresholds[i], l == LANGUAGE_JA, figure));
		lines += ask_wrap(&t->ask, "      ", "      ", text, 0);
	}
	return lines;
}

static size_t show_items(struct assessment *t, const struct question *q, bool all, size_t room)
{
	enum language l = i18n_language();
	size_t lines = 0, i = 0;

	for (; i < q->control->item_count; i++) {
		const struct item *item = &q->control->items[i];
		char verdict[256], front[32], text[4096];

		if (!all && lines >= room)
			break;
		show_verdict(t, q, item, verdict, sizeof(verdict));
		snprintf(front, sizeof(front), "  %2zu) ", i + 1);
		snprintf(text, sizeof(text), "%s%s", bilingual_text(&item->text, l), verdict);
		lines += ask_wrap(&t->ask, front, "      ", text, all ? 0 : 2);
		lines += show_figures(t, item);
		const char *note = bilingual_text(&item->note, l);
		if (all && note != NULL && *note != '\0')
			ask_wrap(&t->ask, "      ", "      ", note, 0);
	}
	if (i < q->control->item_count)
		fprintf(t->ask.out, _("      and %zu more; l lists all\n"),
			q->control->item_count - i);
	return lines;
}

/* How many items have each verdict, and the worst open findings of the control. */
static void show_scan(struct assessment *t, const struct question *q)
{
	enum { FINDINGS = 3 };
	struct query *f = NULL;
	enum language l = i18n_language();
	size_t shown = 0;

	if (t->db == NULL)
		return;
	if (query_new(
		    t->db,
		    "SELECT f.check_id, count(*) FROM temp.verdict v"
		    " JOIN temp.verdict_finding x ON x.guideline = v.guideline AND x.item = v.item"
		    " JOIN temp.finding_now f ON f.fingerprint = x.fingerprint AND f.status = "
		    "'open'"
		    " WHERE v.guideline = ?1 AND v.control = ?2 GROUP BY f.check_id"
		    " ORDER BY min(" BY_SEVERITY "), 1 LIMIT 3",
		    &f) != 0)
		return;
	query_bind_text(f, 1, q->guideline->id);
	query_bind_text(f, 2, q->control->id);
	for (; query_step(f) == 1 && shown < FINDINGS; shown++) {
		const struct check *check = catalogue_check(t->catalogue, query_text(f, 0));
		char text[1024];

		snprintf(text, sizeof(text), "%s (%" PRId64 ")",
			 check != NULL ? bilingual_text(&check->title, l) : query_text(f, 0),
			 query_int(f, 1));
		if (shown == 0)
			fprintf(t->ask.out, "%s\n", _("The scan found:"));
		ask_wrap(&t->ask, "  - ", "    ", text, 2);
	}
	query_free(f);
}

static void show_answer(struct assessment *t, const struct question *q)
{
	const struct attestation *a =
		answers_find(&t->site, q->guideline->id, q->control->id, true);
	char day[DAY_FORM], until[DAY_FORM];

	if (a == NULL)
		return;
	fprintf(t->ask.out, _("Answer so far: %s, %s"), answer_text(a->answer, i18n_language()),
		site_day_text(&t->site, a->at, day));
	if (a->until != 0)
		fprintf(t->ask.out, a->until < t->now ? _(", EXPIRED on %s") : _(", until %s"),
			site_day_text(&t->site, a->until, until));
	if (a->evidence != NULL) {
		fputs(", ", t->ask.out);
		put_line(t->ask.out, a->evidence);
	}
	putc('\n', t->ask.out);
}

void assess_show(struct assessment *t, size_t index, bool all)
{
	enum { AROUND = 12 }; /* lines beside the items */
	const struct question *q = &t->questions[index];
	const struct control *c = q->control;
	enum language l = i18n_language();
	const char *note = bilingual_text(&c->note, l);

	fprintf(t->ask.out, _("\n(%zu of %zu) %s %s  <%s>\n"), index + 1, t->question_count,
		q->guideline->id, c->id, level_text(c->level, c->mandatory, l));
	ask_wrap(&t->ask, "", "", bilingual_text(&c->title, l), 0);
	size_t room = t->ask.rows > AROUND + 4 ? t->ask.rows - AROUND : 4;
	show_items(t, q, all, room);
	if (note != NULL && *note != '\0')
		ask_wrap(&t->ask, "  * ", "    ", note, all ? 0 : 2);
	show_scan(t, q);
	show_answer(t, q);
}

/* ---- asking ---- */

/* With what stands there so far behind it. */
static void put_question(struct assessment *t, const char *question, const char *old)
{
	char text[2 * ASK_TEXT];
	bool some = old != NULL && *old != '\0';

	snprintf(text, sizeof(text), "%s%s%s%s", question, some ? " [" : "", some ? old : "",
		 some ? "]" : "");
	ask_wrap(&t->ask, "", "", text, 0);
}

/* Enter leaves what is there; "-" takes it away. False: the input ended. */
static bool ask_text(struct assessment *t, const char *question, const char *old,
		     char out[static ASK_TEXT])
{
	if (t->ask.end != ASK_LINE) {
		snprintf(out, ASK_TEXT, "%s", old != NULL ? old : "");
		return false;
	}
	put_question(t, question, old);
	if (!ask_line(&t->ask, "> ", false, out)) {
		/* What stood there before stays. */
		snprintf(out, ASK_TEXT, "%s", old != NULL ? old : "");
		return false;
	}
	if (out[0] == '\0' && old != NULL)
		snprintf(out, ASK_TEXT, "%s", old);
	else if (strcmp(out, "-") == 0)
		out[0] = '\0';
	return true;
}

/* A day from today on; Enter: the default (0: none). False: the input ended. */
static bool ask_day(struct assessment *t, const char *question, int64_t normal, int64_t *ret)
{
	char line[ASK_TEXT], form[DAY_FORM];

	while (t->ask.end == ASK_LINE) {
		put_question(t, question,
			     normal != 0 ? site_day_text(&t->site, normal, form) : NULL);
		if (!ask_line(&t->ask, "> ", true, line))
			return false;
		if (line[0] == '\0') {
			*ret = normal;
			return true;
		}
		if (!site_day(&t->site, line, true, ret))
			fprintf(t->ask.out, _("A day is written like 2027-03-31.\n"));
		else if (*ret < t->now)
			fprintf(t->ask.out, _("That day is over.\n"));
		else
			return true;
	}
	return false;
}

/* "2,5-7" as marks of the items. */
static bool read_numbers(const char *text, size_t count, bool *marks)
{
	memset(marks, 0, count * sizeof(*marks));
	while (*text != '\0') {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return false;
		text = end + strspn(end, " ");
		if (*text == '-') {
			last = strtoul(text + 1, &end, 10);
			if (end == text + 1)
				return false;
			text = end + strspn(end, " ");
		}
		if (first == 0 || last < first || last > count)
			return false;
		for (unsigned long i = first; i <= last; i++)
			marks[i - 1] = true;
		if (*text == ',')
			text += 1 + strspn(text + 1, " ");
		else if (*text != '\0' && (*text < '0' || *text > '9'))
			return false;
	}
	return true;
}

static bool ask_numbers(struct assessment *t, const char *question, size_t count, bool *marks)
{
	char line[ASK_TEXT];

	while (t->ask.end == ASK_LINE) {
		put_question(t, question, NULL);
		if (!ask_line(&t->ask, "> ", true, line))
			return false;
		/* A Japanese comma does as well. */
		for (char *at; (at = strstr(line, "\xe3\x80\x81")) != NULL;) {
			*at = ',';
			memmove(at + 1, at + 3, strlen(at + 3) + 1);
		}
		if (read_numbers(line, count, marks))
			return true;
		fprintf(t->ask.out, _("Numbers from 1 to %zu, such as 2,5-7; Enter for none.\n"),
			count);
	}
	return false;
}

/* ---- answers ---- */

static bool set(struct assessment *t, const struct question *q, const char *item,
		const char *answer)
{
	const char *id = item != NULL ? item : q->control->id;
	const struct attestation *old = answers_find(&t->site, q->guideline->id, id, item == NULL);
	bool own = old != NULL && answers_own(&t->site, old->file);
	const struct attestation a = { .guideline = (char *)(uintptr_t)q->guideline->id,
				       .item = (char *)(uintptr_t)id,
				       .whole = item == NULL,
				       .answer = (char *)(uintptr_t)answer,
				       .by = t->role,
				       .at = t->now,
				       .until = t->until,
				       .note = own ? old->note : NULL,
				       .separation = own ? old->separation : NULL,
				       .evidence = own ? old->evidence : NULL };

	if (answers_set(&t->site, &a) == 0)
		return true;
	fprintf(stderr, _("error: %s\n"), _("out of memory"));
	t->ask.end = ASK_OVER;
	t->status = 3;
	return false;
}

/* Items of which the site file itself says something keep that. */
static bool set_item(struct assessment *t, const struct question *q, const char *item,
		     const char *answer)
{
	const struct attestation *old = answers_find(&t->site, q->guideline->id, item, false);

	return (old != NULL && !answers_own(&t->site, old->file)) || set(t, q, item, answer);
}

static const struct item *control_item(const struct control *c, const char *id)
{
	size_t i = 0;

	while (i + 1 < c->item_count && strcmp(c->items[i].id, id) != 0)
		i++;
	return &c->items[i];
}

/* What will be done about what is not met; item NULL: the whole control. */
static void ask_treatment(struct assessment *t, const struct question *q, const char *item)
{
	const char *id = item != NULL ? item : q->control->id;
	const struct treatment_plan *old =
		answers_treatment(&t->site, q->guideline->id, id, item == NULL);
	char action[ASK_TEXT], owner[ASK_TEXT], question[256];
	int64_t due = old != NULL ? old->due : 0;

	if (old != NULL && !answers_own(&t->site, old->file))
		return;
	if (item != NULL && control_item(q->control, item)->threshold_count > 0) {
		put_question(t, item, NULL);
		show_figures(t, control_item(q->control, item));
	}
	snprintf(question, sizeof(question),
		 _("What will be done about %s? Enter: not decided yet"), id);
	if (!ask_text(t, question, old != NULL ? old->action : NULL, action) || action[0] == '\0')
		return;
	if (!ask_text(t, _("Who (a role) sees to it?"), old != NULL ? old->owner : t->role, owner))
		snprintf(owner, sizeof(owner), "%s", t->role);
	ask_day(t, _("By when? Enter: not decided yet"),
		old != NULL && old->due >= t->now ? old->due : 0, &due);
	/* What is under way goes on; what was done begins again, since the answer is that it is not met. */
	bool goes_on = old != NULL && old->state != NULL && strcmp(old->state, "done") != 0;
	const struct treatment_plan plan = { .guideline = (char *)(uintptr_t)q->guideline->id,
					     .item = (char *)(uintptr_t)id,
					     .whole = item == NULL,
					     .action = action,
					     .owner = owner[0] != '\0' ? owner : t->role,
					     .state = goes_on ? old->state
							      : (char *)(uintptr_t) "planned",
					     .state_at = goes_on ? old->state_at : 0,
					     .note = old != NULL ? old->note : NULL,
					     .due = due };

	if (answers_set_treatment(&t->site, &plan) == 0)
		assess_save(t);
}

/* Evidence, remark and how long it holds: the answer itself is kept already. */
static void ask_more(struct assessment *t, const struct question *q)
{
	const struct attestation *a =
		answers_find(&t->site, q->guideline->id, q->control->id, true);
	char evidence[ASK_TEXT] = "", note[ASK_TEXT] = "";
	int64_t until = t->until;

	if (a == NULL)
		return;
	struct attestation more = *a;
	if (!ask_text(t, _("Where is the proof kept (document, number)? Enter: as it is, or none"),
		      a->evidence, evidence))
		return;
	more.evidence = evidence[0] != '\0' ? evidence : NULL;
	if (ask_text(t, _("A remark? Enter: as it is, or none"), a->note, note))
		more.note = note[0] != '\0' ? note : NULL;
	if (ask_day(t, _("Until when does the answer hold?"), t->until, &until))
		more.until = until;
	if (answers_set(&t->site, &more) == 0)
		assess_save(t);
}

static void drop_items(struct assessment *t, const struct question *q)
{
	for (size_t i = 0; i < q->control->item_count; i++)
		answers_drop(&t->site, q->guideline->id, q->control->items[i].id);
}

static void answer_whole(struct assessment *t, const struct question *q, const char *answer)
{
	drop_items(t, q);
	if (!set(t, q, NULL, answer) || !assess_save(t))
		return;
	t->answered++;
	ask_more(t, q);
	if (strcmp(answer, "not-met") == 0)
		ask_treatment(t, q, NULL);
}

/* The rest is met: nothing is kept before the exceptions are known. */
static void answer_partly(struct assessment *t, const struct question *q)
{
	size_t count = q->control->item_count;
	bool *not_met = calloc(count, sizeof(*not_met)),
	     *not_here = calloc(count, sizeof(*not_here));
	bool good = not_met != NULL && not_here != NULL;

	good = good &&
	       ask_numbers(t, _("Which items are NOT met? Numbers such as 2,5-7; Enter: none"),
			   count, not_met) &&
	       ask_numbers(t, _("Which items are not applicable? Enter: none"), count, not_here);
	if (good) {
		drop_items(t, q);
		good = set(t, q, NULL, "met");
	}
	for (size_t i = 0; good && i < count; i++)
		if (not_met[i] || not_here[i])
			good = set_item(t, q, q->control->items[i].id,
					not_met[i] ? "not-met" : "not-applicable");
	if (good && assess_save(t)) {
		t->answered++;
		ask_more(t, q);
		for (size_t i = 0; i < count; i++)
			if (not_met[i])
				ask_treatment(t, q, q->control->items[i].id);
	}
	free(not_met);
	free(not_here);
}

/* False: the input ended, or nobody said who answers. */
static bool ask_role(struct assessment *t)
{
	char role[ASK_TEXT];

	put_question(
		t,
		_("Answers are kept with a role, not with a name: an information security officer, "
		  "for example."),
		NULL);
	while (t->ask.end == ASK_LINE) {
		if (!ask_text(t, _("In which role do you answer?"),
			      t->role[0] != '\0' ? t->role : NULL, role))
			return false;
		if (role[0] != '\0') {
			snprintf(t->role, sizeof(t->role), "%s", role);
			return true;
		}
		fprintf(t->ask.out, "%s\n", _("A role is needed."));
	}
	return false;
}

static void tell_keys(struct assessment *t)
{
	fputs(_("  m  met                 all items are met\n"
		"  n  not met\n"
		"  x  not applicable\n"
		"  p  partly              asks which items are exceptions\n"
		"  l  list                all items with their notes\n"
		"  s  skip (or Enter)     leaves it as it is\n"
		"  b  back                to the control before\n"
		"  q  quit                what was answered is kept\n"),
	      t->ask.out);
}

void assess_answers(struct assessment *t)
{
	char line[ASK_TEXT];
	bool shown = false;

	if (!ask_role(t))
		return;
	tell_keys(t);
	for (size_t i = 0; i < t->question_count;) {
		const struct question *q = &t->questions[i];

		if (!shown)
			assess_show(t, i, false);
		shown = true;
		put_question(
			t,
			_("m met, n not met, x not applicable, p partly, l list, s skip, b back, "
			  "q quit"),
			NULL);
		if (!ask_line(&t->ask, "> ", true, line))
			return;
		/* One letter, or the word that stands in the file. */
		char key = line[0] == '\0' || line[1] == '\0' || strcmp(line, "met") == 0 ? line[0]
			   : strcmp(line, "not-met") == 0                                 ? 'n'
			   : strcmp(line, "not-applicable") == 0                          ? 'x'
											  : '?';
		bool go_on = true;

		switch (key) {
		case 'm':
		case 'M':
			answer_whole(t, q, "met");
			break;
		case 'n':
		case 'N':
			answer_whole(t, q, "not-met");
			break;
		case 'x':
		case 'X':
			answer_whole(t, q, "not-applicable");
			break;
		case 'p':
		case 'P':
			answer_partly(t, q);
			break;
		case '\0':
		case 's':
		case 'S':
			break;
		case 'b':
		case 'B':
			i -= i > 0;
			shown = false;
			continue;
		case 'q':
		case 'Q':
			return;
		case 'l':
		case 'L':
			assess_show(t, i, true);
			go_on = false;
			break;
		default:
			tell_keys(t);
			go_on = false;
			break;
		}
		if (t->ask.end != ASK_LINE && go_on)
			return;
		i += go_on;
		shown = !go_on;
	}
}

/* ---- current and target profile ---- */

/* False: the input ended, or q: quit. */
static bool ask_tier(struct assessment *t, const char *question, unsigned old, unsigned *ret)
{
	char line[ASK_TEXT], figure[16];

	while (t->ask.end == ASK_LINE) {
		snprintf(figure, sizeof(figure), "%u", old);
		put_question(t, question, old != 0 ? figure : NULL);
		if (!ask_line(&t->ask, "> ", true, line) || strcmp(line, "q") == 0)
			return false;
		if (line[0] == '\0') {
			*ret = old;
			return true;
		}
		if (line[0] >= '1' && line[0] <= '4' && line[1] == '\0') {
			*ret = (unsigned)(line[0] - '0');
			return true;
		}
		put_question(t, _("A tier is a number from 1 to 4; Enter: not said, q: quit."),
			     NULL);
	}
	return false;
}

/* False as ask_tier(). */
static bool ask_tiers(struct assessment *t)
{
	static const struct {
		const char *area, *title;
	} areas[] = {
		{ "all", N_("the organization as a whole") },
		{ "identify", N_("identify") },
		{ "protect", N_("protect") },
		{ "detect", N_("detect") },
		{ "respond", N_("respond") },
		{ "recover", N_("recover") },
	};

	put_question(
		t,
		_("Tiers from 1 (partial) to 4 (adaptive), as you see them; Enter: not said, q: "
		  "quit."),
		NULL);
	for (size_t i = 0; i < countof(areas); i++) {
		const struct tier *old = answers_tier(&t->site, areas[i].area);
		unsigned current = old != NULL ? old->current : 0;
		unsigned target = old != NULL ? old->target : 0;
		char question[256];

		if (old != NULL && !answers_own(&t->site, old->file))
			continue;
		snprintf(question, sizeof(question), _("Tier today: %s"), _(areas[i].title));
		if (!ask_tier(t, question, current, &current))
			return false;
		if (current == 0)
			continue;
		snprintf(question, sizeof(question), _("Tier to reach: %s"), _(areas[i].title));
		bool go_on = ask_tier(t, question, target, &target);
		const struct tier tier = { .area = (char *)(uintptr_t)areas[i].area,
					   .current = current,
					   .target = target,
					   .by = t->role,
					   .note = old != NULL ? old->note : NULL,
					   .at = t->now };
		if (answers_set_tier(&t->site, &tier) == 0 && assess_save(t))
			t->answered++;
		if (!go_on || t->ask.end != ASK_LINE)
			return false;
	}
	return true;
}

/* A key in place of a text, full width or not. */
static bool is_key(const char *line, char key)
{
	const char wide[] = { '\xef', '\xbd', (char)(0x80 + key - '`'), '\0' };

	return (line[0] == key && line[1] == '\0') || strcmp(line, wide) == 0;
}

enum step { STEP_ON, STEP_ITEMS, STEP_QUIT };

/* How a control, or one item of it, is and is to be. STEP_ITEMS: its items shall be asked. */
static enum step ask_goal(struct assessment *t, const struct question *q, const char *item)
{
	const char *id = item != NULL ? item : q->control->id;
	const struct goal *old = answers_goal(&t->site, q->guideline->id, id, item == NULL);
	char current[ASK_TEXT] = "", target[ASK_TEXT] = "", note[ASK_TEXT] = "";
	char priority[ASK_TEXT] = "", owner[ASK_TEXT] = "";
	int64_t due = old != NULL ? old->due : 0;

	if (!ask_text(t,
		      item != NULL
			      ? _("How is it today, in your words? Enter: skip, q: quit")
			      : _("How is it today, in your words? Enter: skip, i: item by item, "
				  "q: quit"),
		      old != NULL ? old->current : NULL, current) ||
	    is_key(current, 'q'))
		return STEP_QUIT;
	if (item == NULL && is_key(current, 'i'))
		return STEP_ITEMS;
	if (current[0] == '\0')
		return STEP_ON;
	if (!ask_text(t, _("How is it to be? Enter: skip"), old != NULL ? old->target : NULL,
		      target) ||
	    target[0] == '\0')
		return t->ask.end == ASK_LINE ? STEP_ON : STEP_QUIT;
	ask_text(t, _("What is missing? Enter: as it is, or none"), old != NULL ? old->note : NULL,
		 note);
	ask_text(t, _("Which priority (high, medium, low)? Enter: as it is, or none"),
		 old != NULL ? old->priority : NULL, priority);
	ask_text(t, _("Who (a role) sees to it?"), old != NULL ? old->owner : NULL, owner);
	ask_day(t, _("By when? Enter: not decided yet"),
		old != NULL && old->due >= t->now ? old->due : 0, &due);
	const struct goal goal = { .guideline = (char *)(uintptr_t)q->guideline->id,
				   .item = (char *)(uintptr_t)id,
				   .whole = item == NULL,
				   .current = current,
				   .target = target,
				   .note = note[0] != '\0' ? note : NULL,
				   .priority = priority[0] != '\0' ? priority : NULL,
				   .owner = owner[0] != '\0' ? owner : NULL,
				   .by = t->role,
				   .due = due,
				   .at = t->now };
	if (answers_set_goal(&t->site, &goal) == 0 && assess_save(t))
		t->answered++;
	return t->ask.end == ASK_LINE ? STEP_ON : STEP_QUIT;
}

/* False: quit. */
static bool ask_item_goals(struct assessment *t, const struct question *q)
{
	size_t count = q->control->item_count;
	bool *marks = calloc(count, sizeof(*marks));
	bool go_on = marks != NULL && ask_numbers(t,
						  _("Which items have a goal of their own? Numbers "
						    "such as 2,5-7; Enter: none"),
						  count, marks);

	for (size_t i = 0; go_on && i < count; i++) {
		const struct item *item = &q->control->items[i];
		const struct goal *old = answers_goal(&t->site, q->guideline->id, item->id, false);
		char front[32];

		if (!marks[i])
			continue;
		snprintf(front, sizeof(front), "  %2zu) ", i + 1);
		ask_wrap(&t->ask, front, "      ", bilingual_text(&item->text, i18n_language()), 0);
		show_figures(t, item);
		if (old != NULL && !answers_own(&t->site, old->file))
			put_question(t, _("The site file says this itself; it is changed there."),
				     NULL);
		else
			go_on = ask_goal(t, q, item->id) != STEP_QUIT;
	}
	free(marks);
	return go_on;
}

/* True: go on with the next control. */
static bool ask_goals(struct assessment *t, size_t index)
{
	const struct question *q = &t->questions[index];
	const struct goal *old = answers_goal(&t->site, q->guideline->id, q->control->id, true);
	enum step step;

	if (old != NULL && !answers_own(&t->site, old->file))
		return true;
	assess_show(t, index, false);
	while ((step = ask_goal(t, q, NULL)) == STEP_ITEMS) {
		if (!ask_item_goals(t, q))
			return false;
		put_question(t, _("And the control as a whole:"), NULL);
	}
	return step == STEP_ON;
}

void assess_goals(struct assessment *t)
{
	if (!ask_role(t))
		return;
	if (!ask_tiers(t))
		return;
	for (size_t i = 0; i < t->question_count && t->ask.end == ASK_LINE; i++)
		if (!ask_goals(t, i))
			return;
}
