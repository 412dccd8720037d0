/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON and NDJSON exports, schema 1 (doc/schema/export-1.json). Objects are written one by one;
 * no more than one host, finding or item is in memory at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/facts.h"
#include "report/report.h"
#include "report/text.h"

struct writing {
	struct facts *facts;
	enum language language;
	FILE *out;
	bool lines;  /* NDJSON */
	bool inside; /* an element of this list was written */
};

/* Takes the value; json_null() where it could not be made, so that a missing one shows. */
static void set(struct writing *w, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		w->facts->error = -ENOMEM;
}

static void set_text(struct writing *w, json_t *object, const char *key, const char *text)
{
	set(w, object, key, text_json(text));
}

static void set_time(struct writing *w, json_t *object, const char *key, int64_t seconds)
{
	char text[TIME_TEXT];

	time_utc(seconds, text);
	set(w, object, key, text[0] == '\0' ? json_null() : json_string(text));
}

static void set_int(struct writing *w, json_t *object, const char *key, struct query *q,
		    const char *column)
{
	int place = query_column(q, column);

	set(w, object, key, query_null(q, place) ? json_null() : json_integer(query_int(q, place)));
}

static void put_value(struct writing *w, const json_t *value)
{
	if (w->facts->error == 0 && json_dumpf(value, w->out, JSON_COMPACT) < 0)
		w->facts->error = ferror(w->out) ? -EIO : -ENOMEM;
}

/* A new object, in NDJSON with its type in front. */
static json_t *begin(struct writing *w, const char *type)
{
	json_t *object = json_object();

	if (object == NULL)
		w->facts->error = -ENOMEM;
	else if (w->lines)
		set_text(w, object, "type", type);
	return object;
}

/* Writes and releases an element of a list. */
static void put_element(struct writing *w, json_t *object)
{
	if (object != NULL) {
		if (!w->lines)
			fputs(w->inside ? ",\n" : "\n", w->out);
		put_value(w, object);
		if (w->lines)
			putc('\n', w->out);
		w->inside = true;
	}
	json_decref(object);
}

static void put_member(struct writing *w, const char *key, json_t *object)
{
	if (object != NULL) {
		if (!w->lines)
			fprintf(w->out, "%s\"%s\":", w->inside ? ",\n" : "{\n", key);
		put_value(w, object);
		if (w->lines)
			putc('\n', w->out);
		w->inside = true;
	}
	json_decref(object);
}

static void open_list(struct writing *w, const char *key)
{
	if (!w->lines)
		fprintf(w->out, ",\n\"%s\":[", key);
	w->inside = false;
}

static void close_list(struct writing *w)
{
	if (!w->lines)
		fputs(w->inside ? "\n]" : "]", w->out);
	w->inside = true;
}

static void put_heads(struct writing *w)
{
	const struct facts *f = w->facts;

	json_t *tenken = begin(w, "tenken");
	set_text(w, tenken, "version", f->version);
	set(w, tenken, "schema", json_integer(REPORT_SCHEMA));
	put_member(w, "tenken", tenken);

	json_t *scan = begin(w, "scan");
	set_text(w, scan, "id", f->uuid);
	set_text(w, scan, "site", f->site);
	set_text(w, scan, "vantage", f->vantage);
	set_text(w, scan, "profile", f->profile);
	set_time(w, scan, "started", f->started);
	set_time(w, scan, "finished", f->finished);
	set_text(w, scan, "status", f->status);
	put_member(w, "scan", scan);
}

/* The documents of one service by their probe, in the order of probes' names. */
static json_t *evidence_of(struct writing *w, struct query *evidence, const char *address,
			   int64_t port, const char *transport)
{
	json_t *object = json_object();

	query_reset(evidence);
	if (query_bind_text(evidence, 1, address) < 0 || query_bind_int(evidence, 2, port) < 0 ||
	    query_bind_text(evidence, 3, transport) < 0)
		w->facts->error = -EIO;
	while (facts_next(w->facts, evidence)) {
		json_t *document = text_parsed(query_text(evidence, 1));
		json_t *probe = text_json(query_text(evidence, 0));

		/* A store that somebody else filled may hold something else than an object. */
		if (json_is_string(probe) && !json_is_object(document)) {
			json_t *kept = json_pack("{s:o}", "unreadable", document);
			document = kept;
		}
		if (probe != NULL)
			set(w, object, json_string_value(probe), document);
		else
			json_decref(document);
		json_decref(probe);
	}
	return object;
}

static json_t *services_of(struct writing *w, struct query *services, struct query *evidence,
			   const char *address)
{
	json_t *list = json_array();

	query_reset(services);
	if (query_bind_text(services, 1, address) < 0)
		w->facts->error = -EIO;
	while (facts_next(w->facts, services)) {
		json_t *s = json_object();

		set_int(w, s, "port", services, "port");
		set_text(w, s, "transport", cell(services, "transport"));
		set_text(w, s, "state", cell(services, "state"));
		set_text(w, s, "protocol", cell(services, "protocol"));
		set_text(w, s, "product", cell(services, "product"));
		set_text(w, s, "version", cell(services, "version"));
		set(w, s, "evidence",
		    evidence_of(w, evidence, address, cell_int(services, "port"),
				cell(services, "transport")));
		if (json_array_append_new(list, s) < 0)
			w->facts->error = -ENOMEM;
	}
	return list;
}

/* The texts of a JSON list; anything else in it is left out. */
static json_t *names_of(const char *text)
{
	json_t *parsed = text_parsed(text), *name, *list = json_array();
	size_t i;

	json_array_foreach(parsed, i, name) if (json_is_string(name)) json_array_append(list, name);
	json_decref(parsed);
	return list;
}

/* Addresses where nothing answered are no hosts. */
static void put_hosts(struct writing *w)
{
	struct query *q = facts_ask(
		w->facts, "SELECT h.* FROM host h" JOIN_PLACE(
				  "h") " WHERE h.state NOT IN ('silent', 'absent', 'skipped')"
				       " ORDER BY place.position, h.address");
	struct query *services = facts_ask(w->facts, "SELECT * FROM main.service WHERE " JUDGED_SCAN
						     " AND address = ?1 ORDER BY port, transport");
	struct query *evidence = facts_ask(
		w->facts, "SELECT probe, document FROM main.evidence WHERE " JUDGED_SCAN
			  " AND address = ?1 AND port = ?2 AND transport = ?3 ORDER BY probe");

	while (facts_next(w->facts, q)) {
		json_t *host = begin(w, "host");
		set_text(w, host, "address", cell(q, "address"));
		set_text(w, host, "mac", cell(q, "mac"));
		set_text(w, host, "vendor", cell(q, "vendor"));
		set(w, host, "names", names_of(cell(q, "names")));
		set_text(w, host, "zone", cell(q, "zone"));
		set_text(w, host, "role", cell(q, "role"));
		set_text(w, host, "os", cell(q, "os"));
		set(w, host, "services", services_of(w, services, evidence, cell(q, "address")));
		put_element(w, host);
	}
	query_free(evidence);
	query_free(services);
	query_free(q);
}

static json_t *texts_of(struct writing *w, struct query *q, const char *first, const char *second)
{
	json_t *list = json_array();

	query_reset(q);
	if (query_bind_text(q, 1, first) < 0 ||
	    (second != NULL && query_bind_text(q, 2, second) < 0))
		w->facts->error = -EIO;
	while (facts_next(w->facts, q))
		if (json_array_append_new(list, text_json(query_text(q, 0))) < 0)
			w->facts->error = -ENOMEM;
	return list;
}

static void put_findings(struct writing *w)
{
	struct query *q = facts_ask(w->facts, FINDINGS_IN_ORDER);
	struct query *controls = facts_ask(w->facts, CONTROLS_OF_FINDING);

	while (facts_next(w->facts, q)) {
		json_t *f = begin(w, "finding");
		const struct check *check = facts_check(w->facts, cell(q, "check_id"));

		set_text(w, f, "fingerprint", cell(q, "fingerprint"));
		set_text(w, f, "check", cell(q, "check_id"));
		set_text(w, f, "severity", cell(q, "severity"));
		set_text(w, f, "status", cell(q, "status"));
		set_text(w, f, "address", cell(q, "address"));
		set_int(w, f, "port", q, "port");
		set_text(w, f, "transport", cell(q, "transport"));
		set_text(w, f, "zone", cell(q, "zone"));
		set_text(w, f, "vantage", cell(q, "vantage"));
		set_text(w, f, "title",
			 check != NULL ? bilingual_text(&check->title, w->language) : NULL);
		set_text(w, f, "detail", cell(q, "detail"));
		set(w, f, "evidence", text_parsed(cell(q, "evidence")));
		set(w, f, "controls", texts_of(w, controls, cell(q, "fingerprint"), NULL));
		set_text(w, f, "remedy",
			 check != NULL ? bilingual_text(&check->remedy, w->language) : NULL);
		set_time(w, f, "first_seen", cell_int(q, "first_seen"));
		set_time(w, f, "last_seen", cell_int(q, "last_seen"));
		put_element(w, f);
	}
	query_free(controls);
	query_free(q);
}

static void put_controls(struct writing *w)
{
	struct query *q =
		facts_ask(w->facts, "SELECT * FROM verdict ORDER BY guideline, position, item");
	struct query *findings = facts_ask(w->facts, "SELECT fingerprint FROM verdict_finding WHERE"
						     " guideline = ?1 AND item = ?2 ORDER BY 1");
	static const char *const counts[] = { "hosts", "hosts_answering", "ports_planned",
					      "services", "checked" };

	while (facts_next(w->facts, q)) {
		json_t *control = begin(w, "control");
		json_t *coverage = json_object();

		set_text(w, control, "guideline", cell(q, "guideline"));
		set_text(w, control, "control", cell(q, "control"));
		set_text(w, control, "item", cell(q, "item"));
		set_text(w, control, "verdict", cell(q, "verdict"));
		set(w, control, "findings",
		    texts_of(w, findings, cell(q, "guideline"), cell(q, "item")));
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
			set(w, coverage, counts[i], json_integer(cell_int(q, counts[i])));
		set(w, control, "coverage", coverage);
		set_text(w, control, "note",
			 cell(q, w->language == LANGUAGE_JA ? "note_ja" : "note_en"));
		put_element(w, control);
	}
	query_free(findings);
	query_free(q);
}

static int put_all(struct db *db, const struct catalogue *c, enum language l, bool lines, FILE *out)
{
	struct facts facts;
	int r = facts_load(db, c, &facts);
	struct writing w = { .facts = &facts, .language = l, .out = out, .lines = lines };

	if (r == 0) {
		put_heads(&w);
		open_list(&w, "hosts");
		put_hosts(&w);
		close_list(&w);
		/* Evidence of these kinds is not gathered yet. */
		open_list(&w, "reachability");
		close_list(&w);
		open_list(&w, "flows");
		close_list(&w);
		open_list(&w, "findings");
		put_findings(&w);
		close_list(&w);
		open_list(&w, "controls");
		put_controls(&w);
		close_list(&w);
		if (!lines)
			fputs("\n}\n", out);
		r = facts.error;
	}
	facts_done(&facts);
	if (r == 0 && ferror(out))
		r = -EIO;
	return r;
}

int report_json(struct db *db, const struct catalogue *c, enum language l, FILE *out)
{
	return put_all(db, c, l, false, out);
}

int report_ndjson(struct db *db, const struct catalogue *c, enum language l, FILE *out)
{
	return put_all(db, c, l, true, out);
}
