/* SPDX-License-Identifier: Apache-2.0 */
/* What changed between two runs, for other programs: JSON (doc/schema/diff-1.json) and CSV. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/span.h"
#include "report/diff.h"
#include "report/facts.h"
#include "report/report.h"
#include "report/text.h"
#include "report/words.h"

struct writing {
	struct facts *facts;
	enum language l;
	FILE *out;
};

/* A column of a row and its key. */
struct field {
	const char *key, *column;
	enum { TEXT, NUMBER, TRUTH, MOMENT, LIST, TITLE, REASON } as;
};

static json_t *value_of(struct writing *w, struct query *q, const struct field *f)
{
	int column = query_column(q, f->column);
	const char *text = query_text(q, column);
	const struct check *check;
	char time[TIME_TEXT];

	if (query_null(q, column))
		return json_null();
	switch (f->as) {
	case NUMBER:
		return json_integer(query_int(q, column));
	case TRUTH:
		return json_boolean(query_int(q, column) != 0);
	case MOMENT:
		time_utc(query_int(q, column), time);
		return time[0] == '\0' ? json_null() : json_string(time);
	case LIST:
		return text_parsed(text);
	case TITLE:
		check = facts_check(w->facts, text);
		return check != NULL ? text_json(bilingual_text(&check->title, w->l)) : json_null();
	case REASON:
		return text_json(reason_text(text, w->l));
	case TEXT:
		break;
	}
	return text_json(text);
}

static void put_object(struct writing *w, struct query *q, const struct field *fields, size_t count)
{
	json_t *o = json_object();

	for (size_t i = 0; i < count; i++)
		if (json_object_set_new(o, fields[i].key, value_of(w, q, &fields[i])) < 0)
			w->facts->error = -ENOMEM;
	if (w->facts->error == 0 && json_dumpf(o, w->out, JSON_COMPACT) < 0)
		w->facts->error = ferror(w->out) ? -EIO : -ENOMEM;
	json_decref(o);
}

static void put_list(struct writing *w, const char *key, const char *sql,
		     const struct field *fields, size_t count)
{
	struct query *q = facts_ask(w->facts, sql);
	bool some = false;

	fprintf(w->out, ",\n\"%s\":[", key);
	for (; facts_next(w->facts, q); some = true) {
		fputs(some ? ",\n" : "\n", w->out);
		put_object(w, q, fields, count);
	}
	fputs(some ? "\n]" : "]", w->out);
	query_free(q);
}

static const struct field run_fields[] = {
	{ "number", "id", NUMBER },         { "id", "uuid", TEXT },
	{ "kind", "kind", TEXT },           { "site", "site", TEXT },
	{ "vantage", "vantage", TEXT },     { "started", "started", MOMENT },
	{ "finished", "finished", MOMENT }, { "status", "status", TEXT },
};
static const struct field finding_fields[] = {
	{ "fingerprint", "fingerprint", TEXT },
	{ "change", "change", TEXT },
	{ "check", "check_id", TEXT },
	{ "title", "check_id", TITLE },
	{ "severity_before", "severity_before", TEXT },
	{ "severity", "severity", TEXT },
	{ "status_before", "status_before", TEXT },
	{ "status", "status", TEXT },
	{ "asset", "asset", TEXT },
	{ "address", "address", TEXT },
	{ "port", "port", NUMBER },
	{ "transport", "transport", TEXT },
	{ "zone", "zone", TEXT },
	{ "vantage", "vantage", TEXT },
	{ "detail", "detail", TEXT },
	{ "reason", "reason", REASON },
	{ "first_seen", "first_seen", MOMENT },
	{ "last_seen", "last_seen", MOMENT },
};
static const struct field host_fields[] = {
	{ "asset", "key", TEXT },         { "change", "change", TEXT },
	{ "looked", "looked", TRUTH },    { "before", "before", LIST },
	{ "after", "after", LIST },       { "zone", "zone", TEXT },
	{ "services", "services", LIST },
};
static const struct field service_fields[] = {
	{ "asset", "key", TEXT },
	{ "address", "address", TEXT },
	{ "port", "port", NUMBER },
	{ "transport", "transport", TEXT },
	{ "change", "change", TEXT },
	{ "looked", "looked", TRUTH },
	{ "protocol_before", "protocol_before", TEXT },
	{ "protocol", "protocol", TEXT },
	{ "product_before", "product_before", TEXT },
	{ "product", "product", TEXT },
	{ "version_before", "version_before", TEXT },
	{ "version", "version", TEXT },
};
static const struct field verdict_fields[] = {
	{ "guideline", "guideline", TEXT },
	{ "control", "control", TEXT },
	{ "item", "item", TEXT },
	{ "before", "before", TEXT },
	{ "after", "after", TEXT },
	{ "level", "level", TEXT },
	{ "mandatory", "mandatory", TRUTH },
};

static void put_run(struct writing *w, const char *key, const char *sql)
{
	struct query *q = facts_ask(w->facts, sql);

	fprintf(w->out, ",\n\"%s\":", key);
	if (facts_next(w->facts, q))
		put_object(w, q, run_fields, countof(run_fields));
	query_free(q);
}

int report_diff_json(struct db *db, const struct catalogue *c, enum language l, FILE *out)
{
	struct facts f;
	int r = facts_load(db, c, &f);
	struct writing w = { .facts = &f, .l = l, .out = out };

	if (r == 0) {
		fprintf(out, "{\n\"tenken\":{\"version\":");
		put_json(out, f.version);
		fprintf(out, ",\"schema\":%d}", DIFF_SCHEMA);
		put_run(&w, "from", "SELECT * FROM before_run");
		put_run(&w, "to", "SELECT * FROM after_run");
		put_list(&w, "findings", CHANGED_FINDINGS, finding_fields, countof(finding_fields));
		put_list(&w, "hosts", CHANGED_HOSTS, host_fields, countof(host_fields));
		put_list(&w, "services", CHANGED_SERVICES, service_fields, countof(service_fields));
		put_list(&w, "verdicts", CHANGED_VERDICTS, verdict_fields, countof(verdict_fields));
		fputs("\n}\n", out);
		r = f.error;
	}
	facts_done(&f);
	return r == 0 && ferror(out) ? -EIO : r;
}

/* ---- CSV ---- */

static const char csv_header[] =
	"kind,change,looked_at,severity_before,severity,asset,address,port,transport,zone,subject,"
	"title,before,after,detail,reason,fingerprint\r\n";

/* One table for all of them; each question gives the columns of the header but the title. */
#define SAID(suffix)                                                              \
	"trim(coalesce(protocol" suffix ", '') || ' ' || coalesce(product" suffix \
	", '') || ' ' || coalesce(version" suffix ", ''))"
static const char *const csv_rows[] = {
	"SELECT 'finding', change, NULL, severity_before, severity, asset, address, port,"
	" transport, zone, check_id, status_before, status, detail, reason, fingerprint"
	" FROM (" CHANGED_FINDINGS ")",
	"SELECT 'host', change, looked, NULL, NULL, key, NULL, NULL, NULL, zone, NULL, before,"
	" after, NULL, NULL, NULL FROM (" CHANGED_HOSTS ")",
	"SELECT 'service', change, looked, NULL, NULL, key, address, port, transport, NULL, NULL,"
	" " SAID("_before") ", " SAID("") ", NULL, NULL, NULL FROM (" CHANGED_SERVICES ")",
	"SELECT 'verdict', 'changed', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
	" guideline || ':' || item, before, after, NULL, NULL, NULL FROM (" CHANGED_VERDICTS ")",
};

static void put_csv_row(struct writing *w, struct query *q)
{
	enum { SUBJECT = 10, DETAIL = 13, REASON_COLUMN = 14 };
	char detail[REMARK_TEXT];

	for (int i = 0, columns = query_columns(q); i < columns; i++) {
		const char *text = query_text(q, i);

		if (i == DETAIL)
			text = detail_text(query_text(q, SUBJECT), text, w->l, detail);
		if (i > 0)
			putc(',', w->out);
		put_csv(w->out,
			i == REASON_COLUMN && text != NULL ? reason_text(text, w->l) : text);
		if (i != SUBJECT)
			continue;
		const struct check *check = facts_check(w->facts, text);
		putc(',', w->out);
		put_csv(w->out, check != NULL ? bilingual_text(&check->title, w->l) : NULL);
	}
	fputs("\r\n", w->out);
}

int report_diff_csv(struct db *db, const struct catalogue *c, enum language l, FILE *out)
{
	struct facts f;
	int r = facts_load(db, c, &f);
	struct writing w = { .facts = &f, .l = l, .out = out };

	if (r == 0)
		fprintf(out, "\xef\xbb\xbf%s", csv_header);
	for (size_t i = 0; r == 0 && i < countof(csv_rows); i++) {
		struct query *q = facts_ask(&f, csv_rows[i]);

		while (facts_next(&f, q))
			put_csv_row(&w, q);
		query_free(q);
	}
	if (r == 0)
		r = f.error;
	facts_done(&f);
	return r == 0 && ferror(out) ? -EIO : r;
}
