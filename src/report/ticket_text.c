/* SPDX-License-Identifier: Apache-2.0 */
/* What a ticket says in words. Every text of a network's making goes through put_ticket(). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/utf8.h"
#include "report/members.h"
#include "report/text.h"
#include "report/ticket_parts.h"
#include "report/words.h"

/* clang-format off */
#define TICKET_WORDS(X) \
	X(WHAT, "Finding", "検出事項") \
	X(WHERE, "Where", "対象") \
	X(ALSO, "Also at", "同じ機器の別アドレス") \
	X(ZONE, "Zone", "ゾーン") \
	X(SEEN_FROM, "Seen from", "観測地点") \
	X(DETAIL, "Detail", "内容") \
	X(SEVERITY, "Severity", "深刻度") \
	X(REMEDY, "What to do", "対処") \
	X(CONTROLS, "Guideline items", "対策項目") \
	X(FIRST, "First seen", "初回検出") \
	X(LAST, "Last seen", "最終検出") \
	X(EXCEPTED, "Exception approved until", "例外措置の期限") \
	X(PLAN, "Planned treatment", "対応計画") \
	X(OWNER, "Owner", "担当") \
	X(DUE, "Due", "期限") \
	X(STATE, "State", "状態") \
	X(FINGERPRINT, "Fingerprint", "フィンガープリント") \
	X(CHECK, "Check", "検査項目") \
	X(NOTE_NEW, "Found.", "検出されました。") \
	X(NOTE_FIXED, "Fixed: it was looked at again and is not there any more.", "解消：再点検で検出されなくなりました。") \
	X(NOTE_REOPENED, "It has come back.", "再発しました。") \
	X(NOTE_WAIVED, "An exception was approved for it.", "例外措置が承認されました。") \
	X(NOTE_UNWAIVED, "The exception is over: it counts as open again.", "例外措置が終了し、未解決に戻りました。") \
	X(NOTE_SEVERITY, "Severity was", "変更前の深刻度：") \
	X(NOTE_CONTENT, "Its place, detail or planned treatment has changed.", "対象、内容または対応計画が変わりました。") \
	X(STATE_PLANNED, "planned", "計画") \
	X(STATE_PROGRESS, "in progress", "対応中") \
	X(STATE_DONE, "done, as declared", "完了（申告）") \
	X(STATE_CONTRADICTED, "done, as declared, but found again since", "完了（申告）とされたが、その後も検出") \
	X(STATE_ACCEPTED, "accepted", "受容")
/* clang-format on */

#define NAME_OF(name, en, ja) TW_##name,
enum ticket_word { TICKET_WORDS(NAME_OF) WORDS_OF_TICKETS };
#define TEXTS_OF(name, en, ja) { en, ja },
static const char *const words[WORDS_OF_TICKETS][2] = { TICKET_WORDS(TEXTS_OF) };

static const char *say(const struct ticket_source *s, enum ticket_word w)
{
	return words[w][s->language == LANGUAGE_JA];
}

static const char *title_of(const struct ticket_source *s, const struct ticket_row *r)
{
	return r->check != NULL ? bilingual_text(&r->check->title, s->language)
				: cell(r->finding, "check_id");
}

/* "PLC-1 (pump 3) 192.168.10.5 tcp/22" */
static void put_where(const struct ticket_row *r, FILE *out)
{
	struct query *q = r->finding;
	const char *asset = cell(q, "asset"), *address = cell(q, "address");
	int64_t port = cell_int(q, "port");

	put_ticket(out, asset);
	if (r->name != NULL) {
		fputs(" (", out);
		put_ticket(out, r->name);
		putc(')', out);
	}
	if (address != NULL && (asset == NULL || strcmp(asset, address) != 0)) {
		putc(' ', out);
		put_ticket(out, address);
	}
	if (port > 0) {
		putc(' ', out);
		put_ticket(out, cell(q, "transport"));
		fprintf(out, "/%" PRId64, port);
	}
}

void put_ticket_subject(struct ticket_source *s, const struct ticket_row *r, size_t most, FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL) {
		s->facts.error = -ENOMEM;
		return;
	}
	put_line(f, title_of(s, r));
	fputs(" (", f);
	put_where(r, f);
	putc(')', f);
	/* Several findings of one check may stand at one place. */
	char text_of[REMARK_TEXT];
	const char *detail = detail_text(cell(r->finding, "check_id"), cell(r->finding, "detail"),
					 s->language, text_of);
	if (detail != NULL && *detail != '\0') {
		fputs(": ", f);
		put_ticket(f, detail);
	}
	if (fclose(f) != 0) {
		s->facts.error = -ENOMEM;
		free(text);
		return;
	}
	/* Whole characters, the last of which says that there were more. */
	size_t at = 0, cut = 0, count = 0;
	while (at < size && count <= most) {
		uint32_t v;
		size_t n = utf8_next((const uint8_t *)text + at, size - at, &v);

		at += n > 0 ? n : 1;
		count++;
		if (count == most - 1)
			cut = at;
	}
	fwrite(text, 1, count > most ? cut : size, out);
	if (count > most)
		fputs("\xe2\x80\xa6", out);
	free(text);
}

void put_ticket_day(int64_t seconds, FILE *out)
{
	char time[TIME_TEXT];

	if (seconds != 0)
		fprintf(out, "%.10s", time_here(seconds, time));
}

static void put_label(const struct ticket_source *s, enum ticket_word w, FILE *out)
{
	fprintf(out, "%s%s", say(s, w), s->language == LANGUAGE_JA ? "：" : ": ");
}

static void put_entry(const struct ticket_source *s, enum ticket_word w, const char *text,
		      FILE *out)
{
	if (text == NULL || *text == '\0')
		return;
	put_label(s, w, out);
	put_ticket(out, text);
	putc('\n', out);
}

/* The catalogue's own words, which may name an address of the Internet. */
static void put_own(const struct ticket_source *s, enum ticket_word w, const char *text, FILE *out)
{
	put_label(s, w, out);
	put_line(out, text);
	putc('\n', out);
}

static void put_also(const struct ticket_source *s, const char *list, FILE *out)
{
	json_t *all = list != NULL ? json_loads(list, 0, NULL) : NULL;

	if (json_array_size(all) > 0) {
		put_label(s, TW_ALSO, out);
		for (size_t i = 0; i < json_array_size(all); i++) {
			fputs(i > 0 ? ", " : "", out);
			put_ticket(out, json_string_value(json_array_get(all, i)));
		}
		putc('\n', out);
	}
	json_decref(all);
}

static void put_controls(struct ticket_source *s, const struct ticket_row *r, FILE *out)
{
	struct member_list items = members_of_finding(&s->facts, r->ticket->fingerprint);

	if (items.count > 0)
		put_label(s, TW_CONTROLS, out);
	for (size_t i = 0; i < items.count; i++) {
		fputs(i > 0 ? ", " : "", out);
		put_ticket(out, items.texts[i]);
	}
	fputs(items.count > 0 ? "\n" : "", out);
}

static const char *state_text(const struct ticket_source *s, const char *state)
{
	static const struct {
		const char *state;
		enum ticket_word word;
	} list[] = {
		{ "planned", TW_STATE_PLANNED },
		{ "in-progress", TW_STATE_PROGRESS },
		{ "done", TW_STATE_DONE },
		{ "accepted", TW_STATE_ACCEPTED },
	};

	for (size_t i = 0; state != NULL && i < countof(list); i++)
		if (strcmp(list[i].state, state) == 0)
			return say(s, list[i].word);
	return state;
}

static void put_plan(const struct ticket_source *s, const struct ticket_plan *p, FILE *out)
{
	if (p->state == NULL)
		return;
	put_entry(s, TW_PLAN, p->action != NULL ? p->action : p->note, out);
	put_entry(s, TW_OWNER, p->owner, out);
	if (p->due != 0) {
		put_label(s, TW_DUE, out);
		put_ticket_day(p->due, out);
		putc('\n', out);
	}
	put_entry(s, TW_STATE,
		  p->contradicted ? say(s, TW_STATE_CONTRADICTED) : state_text(s, p->state), out);
}

static void put_moment(const struct ticket_source *s, enum ticket_word w, int64_t seconds,
		       FILE *out)
{
	char time[TIME_TEXT];

	put_entry(s, w, time_here(seconds, time), out);
}

void put_ticket_description(struct ticket_source *s, const struct ticket_row *r, FILE *out)
{
	struct query *q = r->finding;
	char detail[REMARK_TEXT];

	put_own(s, TW_WHAT, title_of(s, r), out);
	put_label(s, TW_WHERE, out);
	put_where(r, out);
	putc('\n', out);
	put_also(s, cell(q, "also"), out);
	put_entry(s, TW_ZONE, cell(q, "zone"), out);
	put_entry(s, TW_SEEN_FROM, cell(q, "vantage"), out);
	put_entry(s, TW_DETAIL,
		  detail_text(cell(q, "check_id"), cell(q, "detail"), s->language, detail), out);
	put_entry(s, TW_SEVERITY, severity_text(cell(q, "severity"), s->language), out);
	if (r->check != NULL)
		put_own(s, TW_REMEDY, bilingual_text(&r->check->remedy, s->language), out);
	put_controls(s, r, out);
	put_plan(s, &r->plan, out);
	if (cell_int(q, "waived_until") != 0) {
		put_label(s, TW_EXCEPTED, out);
		put_ticket_day(cell_int(q, "waived_until"), out);
		putc('\n', out);
	}
	put_moment(s, TW_FIRST, cell_int(q, "first_seen"), out);
	put_moment(s, TW_LAST, cell_int(q, "last_seen"), out);
	put_entry(s, TW_CHECK, cell(q, "check_id"), out);
	put_entry(s, TW_FINGERPRINT, r->ticket->fingerprint, out);
}

void put_ticket_notes(struct ticket_source *s, const struct ticket_row *r, FILE *out)
{
	const struct ticket *t = r->ticket;
	const char *status = r->told != NULL ? cell(r->told, "status") : NULL;
	const char *severity = r->told != NULL ? cell(r->told, "severity") : NULL;

	if (t->action == TICKET_NEW || status == NULL) {
		fputs(say(s, TW_NOTE_NEW), out);
		return;
	}
	if (t->action == TICKET_CLOSE || t->action == TICKET_REOPEN) {
		fputs(say(s, t->action == TICKET_CLOSE ? TW_NOTE_FIXED : TW_NOTE_REOPENED), out);
		return;
	}
	bool any = strcmp(status, t->status) != 0;
	if (any)
		fputs(say(s, strcmp(t->status, "waived") == 0 ? TW_NOTE_WAIVED : TW_NOTE_UNWAIVED),
		      out);
	if (severity != NULL && strcmp(severity, t->severity) != 0) {
		fprintf(out, "%s%s ", any ? " " : "", say(s, TW_NOTE_SEVERITY));
		put_ticket(out, severity_text(severity, s->language));
		fputs(s->language == LANGUAGE_JA ? "。" : ".", out);
		any = true;
	}
	if (!any)
		fputs(say(s, TW_NOTE_CONTENT), out);
}
