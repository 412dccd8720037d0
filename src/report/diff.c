/* SPDX-License-Identifier: Apache-2.0 */
#include "report/diff.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "codec/span.h"
#include "report/facts.h"
#include "report/text.h"
#include "report/words.h"

enum { SHOWN = 20 }; /* of each kind; the rest is in JSON and CSV */

struct telling {
	struct facts *facts;
	enum language l;
	FILE *out;
};

static const char *colon(const struct telling *t)
{
	return t->l == LANGUAGE_JA ? "：" : ": ";
}

static void tell_run(struct telling *t, enum word w, const char *sql)
{
	struct query *q = facts_ask(t->facts, sql);
	char time[TIME_TEXT];

	if (facts_next(t->facts, q)) {
		const char *status = cell(q, "status");

		fprintf(t->out, "%s%s%" PRId64 "  %s  %s", word(w, t->l), colon(t),
			cell_int(q, "id"), run_kind_text(cell(q, "kind"), t->l),
			time_here(cell_int(q, "started"), time));
		fprintf(t->out, "  %s%s", word(W_VANTAGE, t->l), colon(t));
		put_line(t->out, cell(q, "vantage"));
		if (status == NULL || strcmp(status, "done") != 0)
			fprintf(t->out, "  %s", word(W_INCOMPLETE, t->l));
		putc('\n', t->out);
	}
	query_free(q);
}

static void tell_more(struct telling *t, int64_t count)
{
	char more[32];
	const char *values[] = { more };

	if (count <= SHOWN)
		return;
	snprintf(more, sizeof(more), "%" PRId64, count - SHOWN);
	fputs("  ", t->out);
	put_with(t->out, put_line, word(W_MORE, t->l), values);
	putc('\n', t->out);
}

/* Is this row the first of its group? Then its heading, with how many there are. */
static bool first_of(struct telling *t, struct query *q, const char *heading, int *shown)
{
	if (cell_int(q, "turn") == 1) {
		fprintf(t->out, "%s%s%" PRId64 "\n", heading, colon(t), cell_int(q, "n"));
		*shown = 0;
	}
	return ++*shown <= SHOWN;
}

static void tell_place(struct telling *t, struct query *q)
{
	const char *address = cell(q, "address"), *asset = cell(q, "asset");

	put_line(t->out, address != NULL ? address : asset);
	if (address != NULL && asset != NULL && strcmp(address, asset) != 0) {
		fputs(" (", t->out);
		put_line(t->out, asset);
		putc(')', t->out);
	}
	if (!query_null(q, query_column(q, "port")))
		fprintf(t->out, " %" PRId64 "/%s", cell_int(q, "port"),
			cell(q, "transport") != NULL ? cell(q, "transport") : "tcp");
}

static void tell_finding(struct telling *t, struct query *q)
{
	const struct check *check = facts_check(t->facts, cell(q, "check_id"));
	char text[REMARK_TEXT];
	const char *detail = detail_text(cell(q, "check_id"), cell(q, "detail"), t->l, text);
	const char *reason = cell(q, "reason");
	const char *before = cell(q, "severity_before"), *after = cell(q, "severity");

	fputs("  [", t->out);
	if (before != NULL && strcmp(before, after) != 0)
		fprintf(t->out, "%s -> ", severity_text(before, t->l));
	fprintf(t->out, "%s] ", severity_text(after, t->l));
	tell_place(t, q);
	fputs("  ", t->out);
	put_line(t->out, check != NULL ? bilingual_text(&check->title, t->l) : cell(q, "check_id"));
	if (detail != NULL && *detail != '\0') {
		fputs(colon(t), t->out);
		put_line(t->out, detail);
	}
	if (reason != NULL && *reason != '\0') {
		fputs(t->l == LANGUAGE_JA ? "（" : " (", t->out);
		put_line(t->out, reason_text(reason, t->l));
		fputs(t->l == LANGUAGE_JA ? "）" : ")", t->out);
	}
	putc('\n', t->out);
}

/* turn counts within a group, n is how many it has; rows beyond SHOWN are left out. */
#define GROUPED(columns, from, group, order)                                                \
	"SELECT * FROM (SELECT " columns ", count(*) OVER (PARTITION BY " group ") AS n,"   \
	" row_number() OVER (PARTITION BY " group " ORDER BY " order ") AS turn FROM " from \
	") WHERE turn <= 20 ORDER BY "

static void tell_findings(struct telling *t)
{
	struct query *q =
		facts_ask(t->facts, GROUPED("*", "changed_finding", "change",
					    BY_SEVERITY
					    ", check_id, address_key(address), asset, port,"
					    " transport, detail, fingerprint") BY_CHANGE ", turn");
	int64_t n = 0;
	int shown = 0;

	_Static_assert(SHOWN == 20, "GROUPED says so too");
	while (facts_next(t->facts, q)) {
		if (cell_int(q, "turn") == 1 && n > 0)
			tell_more(t, n);
		n = cell_int(q, "n");
		if (first_of(t, q, change_text(cell(q, "change"), t->l), &shown))
			tell_finding(t, q);
	}
	tell_more(t, n);
	query_free(q);
	if (n == 0 && t->facts->error == 0)
		fprintf(t->out, "%s\n", word(W_DIFF_NO_FINDINGS, t->l));
}

static void tell_addresses(struct telling *t, const char *list)
{
	json_t *addresses = list != NULL ? text_parsed(list) : NULL, *address;
	size_t i;

	json_array_foreach(addresses, i, address)
	{
		fputs(i > 0 ? ", " : "", t->out);
		put_line(t->out, json_string_value(address));
	}
	json_decref(addresses);
}

static void tell_host(struct telling *t, struct query *q)
{
	const char *before = cell(q, "before"), *after = cell(q, "after");

	fputs("  ", t->out);
	put_line(t->out, cell(q, "key"));
	fputs("  ", t->out);
	tell_addresses(t, before);
	if (before != NULL && after != NULL)
		fputs(" -> ", t->out);
	tell_addresses(t, after);
	if (cell(q, "zone") != NULL) {
		fputs("  ", t->out);
		put_line(t->out, cell(q, "zone"));
	}
	putc('\n', t->out);
}

static void tell_hosts(struct telling *t)
{
	struct query *q =
		facts_ask(t->facts, GROUPED("*, coalesce(after, before)->>'$[0]' AS place",
					    "changed_host", "change, looked",
					    "address_key(coalesce(after, before)->>'$[0]'), "
					    "key") "change, looked DESC, turn");
	int64_t n = 0;
	int shown = 0;

	while (facts_next(t->facts, q)) {
		if (cell_int(q, "turn") == 1 && n > 0)
			tell_more(t, n);
		n = cell_int(q, "n");
		if (first_of(t, q,
			     host_change_text(cell(q, "change"), cell_int(q, "looked") != 0, t->l),
			     &shown))
			tell_host(t, q);
	}
	tell_more(t, n);
	query_free(q);
}

static void tell_version(struct telling *t, struct query *q, bool before)
{
	static const char *const columns[][2] = { { "protocol", "protocol_before" },
						  { "product", "product_before" },
						  { "version", "version_before" } };
	bool some = false;

	for (size_t i = 0; i < countof(columns); i++) {
		const char *text = cell(q, columns[i][before]);

		if (text == NULL)
			continue;
		fputs(some ? " " : "", t->out);
		put_line(t->out, text);
		some = true;
	}
}

static void tell_services(struct telling *t)
{
	struct query *q = facts_ask(
		t->facts, GROUPED("*, key AS asset", "changed_service", "change, looked",
				  "address_key(address), port, transport, key") "change, looked "
										"DESC, turn");
	int64_t n = 0;
	int shown = 0;

	while (facts_next(t->facts, q)) {
		const char *change = cell(q, "change");

		if (cell_int(q, "turn") == 1 && n > 0)
			tell_more(t, n);
		n = cell_int(q, "n");
		if (!first_of(t, q, service_change_text(change, cell_int(q, "looked") != 0, t->l),
			      &shown))
			continue;
		fputs("  ", t->out);
		tell_place(t, q);
		fputs("  ", t->out);
		if (change != NULL && strcmp(change, "came") != 0)
			tell_version(t, q, true);
		if (change != NULL && strcmp(change, "changed") == 0)
			fputs(" -> ", t->out);
		if (change != NULL && strcmp(change, "went") != 0)
			tell_version(t, q, false);
		putc('\n', t->out);
	}
	tell_more(t, n);
	query_free(q);
}

static void tell_verdicts(struct telling *t)
{
	struct query *q = facts_ask(t->facts, GROUPED("*", "changed_verdict", "guideline",
						      "position, item") "guideline, turn");
	char heading[256];
	int64_t n = 0;
	int shown = 0;

	while (facts_next(t->facts, q)) {
		const char *level = cell(q, "level");
		bool mandatory = cell_int(q, "mandatory") != 0;
		const struct guideline *g =
			catalogue_guideline(t->facts->catalogue, cell(q, "guideline"));
		const struct item *item =
			g != NULL ? guideline_item(g, cell(q, "item"), NULL) : NULL;

		if (cell_int(q, "turn") == 1 && n > 0)
			tell_more(t, n);
		n = cell_int(q, "n");
		snprintf(heading, sizeof(heading), "%s (%.100s)", word(W_DIFF_VERDICTS, t->l),
			 cell(q, "guideline"));
		if (!first_of(t, q, heading, &shown))
			continue;
		fputs("  ", t->out);
		put_line(t->out, cell(q, "item"));
		fprintf(t->out, "  %s -> ",
			verdict_text(cell(q, "before"), item, level, mandatory, t->l));
		fprintf(t->out, "%s\n",
			verdict_text(cell(q, "after"), item, level, mandatory, t->l));
	}
	tell_more(t, n);
	query_free(q);
}

int report_diff(struct db *db, const struct catalogue *c, enum language l, FILE *out)
{
	struct facts f;
	int r = facts_load(db, c, &f);

	if (r == 0) {
		struct telling t = { .facts = &f, .l = l, .out = out };
		struct clock clock;

		clock_enter(&clock, plan_text(&f, "timezone"));
		fprintf(out, "%s%s", word(W_SITE, l), colon(&t));
		put_line(out, f.site);
		putc('\n', out);
		tell_run(&t, W_DIFF_FROM, "SELECT * FROM before_run");
		tell_run(&t, W_DIFF_TO, "SELECT * FROM after_run");
		tell_findings(&t);
		tell_hosts(&t);
		tell_services(&t);
		tell_verdicts(&t);
		clock_leave(&clock);
		r = f.error;
	}
	facts_done(&f);
	return r == 0 && ferror(out) ? -EIO : r;
}
