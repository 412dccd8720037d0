/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page's frame. One file, nothing from outside, no script: the language is chosen
 * by radio buttons in front of everything and CSS hides the other one. The content security policy
 * allows our style by its digest and nothing else at all.
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
	put_html(p->out, text);
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

void say_word(struct page *p, enum word w)
{
	say_both(p, word(w, LANGUAGE_EN), word(w, LANGUAGE_JA));
}

void say_with(struct page *p, enum word w, const char *const *values)
{
	mark(p, "<span lang=\"en\">");
	put_with(p->out, put_html, word(w, LANGUAGE_EN), values);
	mark(p, "</span><span lang=\"ja\">");
	put_with(p->out, put_html, word(w, LANGUAGE_JA), values);
	mark(p, "</span>");
}

void say_bilingual(struct page *p, const struct bilingual *b)
{
	say_both(p, bilingual_text(b, LANGUAGE_EN), bilingual_text(b, LANGUAGE_JA));
}

void say_severity(struct page *p, const char *severity)
{
	mark(p, "<span class=\"chip s-");
	say_id(p, severity);
	mark(p, "\">");
	say_both(p, severity_text(severity, LANGUAGE_EN), severity_text(severity, LANGUAGE_JA));
	mark(p, "</span>");
}

void say_reason(struct page *p, const char *reason)
{
	char en[REMARK_TEXT], ja[REMARK_TEXT];

	say_both(p, remark_text(reason, LANGUAGE_EN, en), remark_text(reason, LANGUAGE_JA, ja));
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

/* The policy's 'sha256-...' of the style (CSP Level 3, 2.3.1). */
static int style_digest(char out[static 64])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_Digest(page_style, strlen(page_style), digest, &length, EVP_sha256(), NULL) != 1 ||
	    length != 32)
		return -EIO;
	EVP_EncodeBlock((unsigned char *)out, digest, (int)length);
	return 0;
}

static void head(struct page *p, enum language first, const char *digest)
{
	const struct {
		const char *id;
		enum word w;
		bool there;
	} parts[] = {
		{ "summary", W_NAV_SUMMARY, true },
		{ "closed", W_NAV_CLOSED, page_has_closed(p) },
		{ "findings", W_NAV_FINDINGS, true },
		{ "controls", W_NAV_CONTROLS, true },
		{ "hosts", W_NAV_HOSTS, true },
		{ "traffic", W_NAV_TRAFFIC, page_has_listening(p) },
		{ "coverage", W_NAV_COVERAGE, true },
		{ "records", W_NAV_RECORDS, true },
	};

	mark(p, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
	     language_word(first));
	mark(p,
	     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src"
	     " 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n",
	     digest);
	mark(p, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"generator\" "
		"content=\"tenken\">\n"
		"<title>tenken: ");
	say(p, p->facts->site);
	mark(p, "</title>\n<style>");
	fputs(page_style, p->out);
	mark(p, "</style>\n</head>\n<body>\n");
	for (int l = 0; l < LANGUAGES; l++)
		mark(p,
		     "<input class=\"switch\" type=\"radio\" name=\"language\" id=\"show-%s\" "
		     "aria-label=\"%s\"%s>\n",
		     language_word((enum language)l), l == LANGUAGE_JA ? "日本語" : "English",
		     l == (int)first ? " checked" : "");
	mark(p,
	     "<header>\n<div class=\"bar\"><p class=\"brand\">tenken <span>点検</span></p>\n<nav>");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!parts[i].there)
			continue;
		mark(p, "<a href=\"#%s\">", parts[i].id);
		say_word(p, parts[i].w);
		mark(p, "</a>");
	}
	mark(p,
	     "</nav>\n<p class=\"languages\"><label for=\"show-en\" lang=\"x-en\">English</label>"
	     "<label for=\"show-ja\" lang=\"x-ja\">日本語</label></p></div>\n</header>\n<main>\n");
}

int report_html(struct db *db, const struct catalogue *c, enum language first, FILE *out)
{
	struct facts f;
	char digest[64];
	int r = facts_load(db, c, &f);

	if (r == 0)
		r = style_digest(digest);
	if (r == 0) {
		struct page p = { .facts = &f, .out = out };
		struct clock clock;
		bool known = clock_enter(&clock, plan_text(&f, "timezone"));

		head(&p, first, digest);
		page_summary(&p, known ? plan_text(&f, "timezone") : "UTC");
		page_closed(&p);
		page_findings(&p);
		page_controls(&p);
		page_hosts(&p);
		page_listening(&p);
		page_coverage(&p);
		page_records(&p);
		mark(&p, "</main>\n<footer><p>tenken ");
		say(&p, f.version);
		mark(&p, " · ");
		say(&p, f.uuid);
		mark(&p, "</p><p class=\"screen\">");
		say_word(&p, W_PRINT_NOTE);
		mark(&p, "</p></footer>\n</body>\n</html>\n");
		clock_leave(&clock);
		r = f.error;
	}
	facts_done(&f);
	return r == 0 && ferror(out) ? -EIO : r;
}
