/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page's frame. One file, nothing from outside: language and reader are chosen by radio buttons in
 * front of everything, and CSS hides what is not chosen. The content security policy allows our style and
 * our small script by their digests and nothing else at all; nothing that is needed depends on the script.
 */
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/page.h"
#include "report/report.h"

void mark(struct page *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vfprintf(p->out, format, ap);
	va_end(ap);
}

void say(struct page *p, const char *text)
{
	(p->bare ? put_html : put_html_apart)(p->out, text);
}

void say_int(struct page *p, int64_t n)
{
	fprintf(p->out, "%" PRId64, n);
}

void say_time(struct page *p, int64_t seconds)
{
	char machine[TIME_TEXT], here[TIME_TEXT];

	if (seconds != 0)
		mark(p, "<time datetime=\"%s\">%s</time>", time_utc(seconds, machine),
		     time_here(seconds, here));
}

void say_day(struct page *p, int64_t seconds)
{
	char text[TIME_TEXT];

	if (seconds != 0)
		mark(p, "%.10s", time_here(seconds, text));
}

void say_moment(struct page *p, int64_t seconds)
{
	char text[TIME_TEXT];

	if (seconds != 0)
		mark(p, "%.16s", time_here(seconds, text));
}

void say_both(struct page *p, const char *en, const char *ja)
{
	if (en == NULL || ja == NULL || strcmp(en, ja) == 0) {
		say(p, en != NULL ? en : ja);
		return;
	}
	mark(p, "<span lang=\"en\">");
	say(p, en);
	mark(p, "</span><span lang=\"ja\">");
	say(p, ja);
	mark(p, "</span>");
}

void say_both_as(struct page *p, const char *class, const char *en, const char *ja)
{
	bool one = en == NULL || ja == NULL || strcmp(en, ja) == 0;

	mark(p, "<span class=\"%s\"%s>", class, one ? "" : " lang=\"en\"");
	say(p, en != NULL ? en : ja);
	if (!one) {
		mark(p, "</span><span class=\"%s\" lang=\"ja\">", class);
		say(p, ja);
	}
	mark(p, "</span>");
}

void say_word(struct page *p, enum word w)
{
	say_both(p, word(w, LANGUAGE_EN), word(w, LANGUAGE_JA));
}

void say_with(struct page *p, enum word w, const char *const *values)
{
	mark(p, "<span lang=\"en\">");
	put_with(p->out, put_html_apart, word(w, LANGUAGE_EN), values);
	mark(p, "</span><span lang=\"ja\">");
	put_with(p->out, put_html_apart, word(w, LANGUAGE_JA), values);
	mark(p, "</span>");
}

void say_bilingual(struct page *p, const struct bilingual *b)
{
	say_both(p, bilingual_text(b, LANGUAGE_EN), bilingual_text(b, LANGUAGE_JA));
}

void say_severity(struct page *p, const char *severity)
{
	enum severity known = severity != NULL ? severity_of_word(severity) : SEVERITIES;
	char class[32] = "chip";

	if (known != SEVERITIES)
		snprintf(class, sizeof(class), "chip s-%s", severity_word(known));
	say_both_as(p, class, severity_text(severity, LANGUAGE_EN),
		    severity_text(severity, LANGUAGE_JA));
}

void say_reason(struct page *p, const char *reason)
{
	char en[REMARK_TEXT], ja[REMARK_TEXT];

	say_both(p, remark_text(reason, LANGUAGE_EN, en), remark_text(reason, LANGUAGE_JA, ja));
}

void say_detail(struct page *p, struct query *q)
{
	const char *detail = cell(q, "detail");
	char ja[REMARK_TEXT];

	say_both(p, detail, detail_text(cell(q, "check_id"), detail, LANGUAGE_JA, ja));
}

/* Two ids stay two: items may be called "(1)ア(ア)-1". */
void say_id(struct page *p, const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		    (*text >= '0' && *text <= '9') || *text == '-' || *text == '.')
			putc(*text, p->out);
		else
			fprintf(p->out, "_%02x", (unsigned char)*text);
}

void heads(struct page *p, const enum word *list, size_t count)
{
	mark(p, "<thead><tr>");
	for (size_t i = 0; i < count; i++) {
		mark(p, "<th scope=\"col\">");
		say_word(p, list[i]);
		mark(p, "</th>");
	}
	mark(p, "</tr></thead>\n");
}

struct query *ask_of(struct page *p, const char *sql, const char *first, const char *second)
{
	struct query *q = facts_ask(p->facts, sql);

	if (q != NULL && (query_bind_text(q, 1, first) < 0 ||
			  (second != NULL && query_bind_text(q, 2, second) < 0)))
		p->facts->error = -EIO;
	return q;
}

/* The views of the page: who reads it. Radio buttons choose one, CSS shows the parts that it names. */
static const struct {
	const char *id;
	enum word w;
} views[] = {
	{ "all", W_VIEW_ALL }, { "management", W_VIEW_MANAGEMENT }, { "it", W_VIEW_IT },
	{ "ot", W_VIEW_OT },   { "auditor", W_VIEW_AUDITOR },
};

enum { MANAGEMENT = 1, IT = 2, OT = 4, AUDITOR = 8, EVERYBODY = 15 };

/* The parts in the order of the page. The style changes that order for some views (html_style.c). */
static const struct {
	const char *id;
	enum word nav;
	unsigned views;
	bool (*there)(struct page *p); /* NULL: always */
	void (*write)(struct page *p);
} parts[] = {
	{ "summary", W_NAV_SUMMARY, EVERYBODY, NULL, page_summary },
	{ "map", W_NAV_MAP, EVERYBODY, NULL, page_map },
	{ "trend", W_NAV_TREND, MANAGEMENT | IT | AUDITOR, page_has_trend, page_trend },
	{ "closed", W_NAV_CLOSED, EVERYBODY, page_has_closed, page_closed },
	{ "ot", W_NAV_OT, OT, page_has_ot, page_ot },
	{ "findings", W_NAV_FINDINGS, IT | OT | AUDITOR, NULL, page_findings },
	{ "controls", W_NAV_CONTROLS, AUDITOR, NULL, page_controls },
	{ "gap", W_NAV_GAP, MANAGEMENT | AUDITOR, page_has_gap, page_gap },
	{ "records", W_NAV_PLAN, MANAGEMENT | AUDITOR, NULL, page_records },
	{ "hosts", W_NAV_HOSTS, IT | OT | AUDITOR, NULL, page_hosts },
	{ "traffic", W_NAV_TRAFFIC, IT | OT, page_has_listening, page_listening },
	{ "coverage", W_NAV_COVERAGE, EVERYBODY, NULL, page_coverage },
	{ "sent", W_NAV_SENT, IT | OT | AUDITOR, NULL, page_sent },
	{ "scan", W_NAV_SCAN, EVERYBODY, NULL, page_scan },
};

bool report_view_known(const char *view)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(views[i].id, view) == 0)
			return true;
	return false;
}

/* The classes by which the style knows the views of a part. */
static void view_classes(struct page *p, unsigned of)
{
	mark(p, " class=\"part");
	for (size_t i = 1; i < sizeof(views) / sizeof(views[0]); i++)
		if (of & 1U << (i - 1))
			mark(p, " for-%s", views[i].id);
	mark(p, "\"");
}

void page_section(struct page *p, const char *id)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].id, id) != 0)
			continue;
		mark(p, "<section id=\"%s\"", id);
		view_classes(p, parts[i].views);
		mark(p, ">\n");
		if (parts[i].write == page_summary) /* has the page's own title */
			return;
		mark(p, "<h2>");
		say_word(p, parts[i].nav);
		mark(p, "</h2>\n");
	}
}

/* The policy's 'sha256-...' of a text (CSP Level 3, 2.3.1). */
static int digest_of(const char *text, char out[static 64])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_Digest(text, strlen(text), digest, &length, EVP_sha256(), NULL) != 1 ||
	    length != 32)
		return -EIO;
	EVP_EncodeBlock((unsigned char *)out, digest, (int)length);
	return 0;
}

static int policy(struct page *p)
{
	char style[64], script[64];
	int r = digest_of(page_style, style);

	if (r == 0)
		r = digest_of(page_script, script);
	if (r == 0)
		mark(p,
		     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
		     " style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action"
		     " 'none'\">\n",
		     style, script);
	return r;
}

static void language_choice(struct page *p, enum language first)
{
	mark(p, "<fieldset class=\"choice\"><legend class=\"away\">Language / 言語</legend>");
	for (int l = 0; l < LANGUAGES; l++)
		mark(p,
		     "<input type=\"radio\" name=\"language\" id=\"show-%s\"%s><label "
		     "for=\"show-%s\" lang=\"%s\">%s</label>",
		     language_word((enum language)l), l == (int)first ? " checked" : "",
		     language_word((enum language)l), language_word((enum language)l),
		     l == LANGUAGE_JA ? "日本語" : "English");
	mark(p, "</fieldset>\n");
}

static void view_choice(struct page *p, const char *view)
{
	mark(p, "<fieldset class=\"choice\"><legend>");
	say_word(p, W_VIEW);
	mark(p, "</legend>");
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		mark(p,
		     "<input type=\"radio\" name=\"view\" id=\"view-%s\"%s><label "
		     "for=\"view-%s\">",
		     views[i].id, strcmp(view, views[i].id) == 0 ? " checked" : "", views[i].id);
		say_word(p, views[i].w);
		mark(p, "</label>");
	}
	mark(p, "</fieldset>\n");
}

static int head(struct page *p, enum language first, const char *view)
{
	mark(p, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
	     language_word(first));
	int r = policy(p);
	mark(p, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"generator\" "
		"content=\"tenken\">\n"
		"<title>tenken: ");
	p->bare = true;
	say(p, p->facts->site);
	p->bare = false;
	mark(p, "</title>\n<style>");
	fputs(page_style, p->out);
	mark(p, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#summary\">");
	say_word(p, W_SKIP);
	mark(p, "</a>\n<header>\n<p class=\"brand\">tenken <span>点検</span></p>\n");
	view_choice(p, view);
	language_choice(p, first);
	mark(p, "</header>\n<nav>\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].there != NULL && !parts[i].there(p))
			continue;
		mark(p, "<a href=\"#%s\"", parts[i].id);
		view_classes(p, parts[i].views);
		mark(p, ">");
		say_word(p, parts[i].nav);
		mark(p, "</a>\n");
	}
	mark(p, "</nav>\n<main>\n");
	return r;
}

static void foot(struct page *p)
{
	mark(p, "</main>\n<footer><p>tenken ");
	say(p, p->facts->version);
	mark(p, " · ");
	say(p, p->facts->uuid);
	mark(p, "</p><p>");
	say_word(p, W_PRINT_NOTE);
	mark(p, "</p></footer>\n<script>");
	fputs(page_script, p->out);
	mark(p, "</script>\n</body>\n</html>\n");
}

int report_html(struct db *db, const struct catalogue *c, enum language first, const char *view,
		FILE *out)
{
	struct facts f;
	int r = facts_load(db, c, &f);

	if (r == 0) {
		struct page p = { .facts = &f, .out = out };
		struct clock clock;
		bool known = clock_enter(&clock, plan_text(&f, "timezone"));

		page_count_findings(&p);
		p.zone_note = known ? plan_text(&f, "timezone") : "UTC";
		r = head(&p, first, view != NULL ? view : views[0].id);
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			if (parts[i].there == NULL || parts[i].there(&p))
				parts[i].write(&p);
		foot(&p);
		clock_leave(&clock);
		if (r == 0)
			r = f.error;
	}
	facts_done(&f);
	return r == 0 && ferror(out) ? -EIO : r;
}
