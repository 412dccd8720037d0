/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON and NDJSON exports, schema 1 (doc/schema/export-1.json). Hosts and findings, of which there
 * may be many, are written member by member; only documents and small objects are jansson's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/facts.h"
#include "report/members.h"
#include "report/report.h"
#include "report/text.h"
#include "report/words.h"

struct writing {
	struct facts *facts;
	enum language language;
	FILE *out;
	bool lines;  /* NDJSON */
	bool inside; /* an element of this list was written */
	bool first;  /* no member of this object was written */
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

static void put_value(struct writing *w, const json_t *value)
{
	if (w->facts->error == 0 && json_dumpf(value, w->out, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
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
	set_text(w, scan, "kind", f->kind);
	set_text(w, scan, "vantage", f->vantage);
	set_text(w, scan, "profile", f->profile);
	set_time(w, scan, "started", f->started);
	set_time(w, scan, "finished", f->finished);
	set_text(w, scan, "status", f->status);
	set_time(w, scan, "changes_since",
		 facts_count(w->facts, "SELECT coalesce(at, 0) FROM since"));
	put_member(w, "scan", scan);
}

/* ---- objects written member by member ---- */

/* The head of an element of a list. */
static void start(struct writing *w, const char *type)
{
	if (w->lines)
		fprintf(w->out, "{\"type\":\"%s\"", type);
	else
		fputs_unlocked(w->inside ? ",\n{" : "\n{", w->out);
	w->first = !w->lines;
	w->inside = true;
}

static void end(struct writing *w)
{
	fputs_unlocked(w->lines ? "}\n" : "}", w->out);
}

/* Our own keys, which need no escaping. */
static void key(struct writing *w, const char *name)
{
	fputs_unlocked(w->first ? "\"" : ",\"", w->out);
	fputs_unlocked(name, w->out);
	fputs_unlocked("\":", w->out);
	w->first = false;
}

static void text(struct writing *w, const char *name, const char *value)
{
	key(w, name);
	put_json(w->out, value);
}

static void integer(struct writing *w, const char *name, struct query *q, int column)
{
	key(w, name);
	if (query_null(q, column))
		fputs_unlocked("null", w->out);
	else
		fprintf(w->out, "%" PRId64, query_int(q, column));
}

static void moment(struct writing *w, const char *name, int64_t seconds)
{
	char words[TIME_TEXT];

	time_utc(seconds, words);
	text(w, name, words[0] == '\0' ? NULL : words);
}

/* Takes the value. */
static void member(struct writing *w, const char *name, json_t *value)
{
	key(w, name);
	if (value == NULL)
		w->facts->error = -ENOMEM;
	else
		put_value(w, value);
	json_decref(value);
}

/* JSON that the store holds; NULL is null. */
static void document(struct writing *w, const char *name, const char *value)
{
	key(w, name);
	if (!put_document(w->out, value))
		w->facts->error = -ENOMEM;
}

/* A store that somebody else filled may hold something else than an object. */
static void put_object(struct writing *w, const char *document)
{
	bool object = document != NULL && *document == '{';

	if (!object)
		fputs_unlocked("{\"unreadable\":", w->out);
	if (!put_document(w->out, document))
		w->facts->error = -ENOMEM;
	if (!object)
		putc_unlocked('}', w->out);
}

/* The documents of one host, by port and transport as its services are. */
struct evidence_rows {
	struct query *q; /* NULL: a sweep alone has none */
	bool there;
};

static void evidence_of(struct writing *w, struct evidence_rows *e, const char *address)
{
	if (e->q == NULL)
		return;
	query_reset(e->q);
	if (query_bind_text(e->q, 1, address) < 0)
		w->facts->error = -EIO;
	e->there = facts_next(w->facts, e->q);
}

/* The documents of one service by their probe, in the order of probes' names. */
static void put_evidence(struct writing *w, struct evidence_rows *e, int64_t port,
			 const char *transport)
{
	enum { PORT, TRANSPORT, PROBE, DOCUMENT };
	bool some = false;
	int order = -1;

	key(w, "evidence");
	putc_unlocked('{', w->out);
	while (e->there) {
		order = query_int(e->q, PORT) < port ? -1
			: query_int(e->q, PORT) > port
				? 1
				: strcmp(query_text(e->q, TRANSPORT), transport);
		if (order > 0)
			break;
		if (order == 0) {
			if (some)
				putc_unlocked(',', w->out);
			some = true;
			put_json(w->out, query_text(e->q, PROBE));
			putc_unlocked(':', w->out);
			put_object(w, query_text(e->q, DOCUMENT));
		}
		e->there = facts_next(w->facts, e->q);
	}
	putc_unlocked('}', w->out);
}

#define SERVICES                                                                                   \
	SERVICES_BY_HOST(                                                                          \
		"s.port, s.transport, s.state, s.protocol, s.product, s.version, s.source,"        \
		" iif(EXISTS (SELECT 1 FROM service_grade g WHERE g.address = s.address AND"       \
		"  g.port = s.port AND g.transport = s.transport),"                                \
		"  (SELECT json_group_array(json_object('scheme', scheme, 'level', level,"         \
		"   'basis', basis, 'reasons', json(reasons))) FROM (SELECT * FROM service_grade " \
		"g"                                                                                \
		"   WHERE g.address = s.address AND g.port = s.port AND g.transport = s.transport" \
		"   ORDER BY scheme)), NULL) AS grades",                                           \
		"")                                                                                \
	", s.port, s.transport"

static void put_services(struct writing *w, struct host_rows *services,
			 struct evidence_rows *evidence, int64_t place)
{
	enum { PORT = 1, TEXTS, GRADES = 8 };
	static const char *const texts[] = { "transport", "state",   "protocol",
					     "product",   "version", "source" };
	struct query *q = services->q;
	bool some = false;

	key(w, "services");
	putc_unlocked('[', w->out);
	for (; facts_next_of_host(w->facts, services, place); some = true) {
		fputs_unlocked(some ? ",{" : "{", w->out);
		w->first = true;
		integer(w, "port", q, PORT);
		for (int i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++)
			text(w, texts[i], query_text(q, TEXTS + i));
		put_evidence(w, evidence, query_int(q, PORT), query_text(q, TEXTS));
		if (!query_null(q, GRADES))
			document(w, "grades", query_text(q, GRADES));
		putc_unlocked('}', w->out);
	}
	putc_unlocked(']', w->out);
}

/* The texts of a JSON list; anything else in it is left out. NULL: there are none. */
static void put_names(struct writing *w, const char *names)
{
	json_t *parsed, *name;
	bool some = false;
	size_t i;

	key(w, "names");
	putc_unlocked('[', w->out);
	parsed = names != NULL ? text_parsed(names) : NULL;
	json_array_foreach(parsed, i, name)
	{
		if (!json_is_string(name))
			continue;
		if (some)
			putc_unlocked(',', w->out);
		put_value(w, name);
		some = true;
	}
	json_decref(parsed);
	putc_unlocked(']', w->out);
}

#define DEVICE_JSON                                                                      \
	"iif(d.address IS NULL, NULL, json_object('vendor', d.vendor, 'model', d.model," \
	" 'firmware', d.firmware,"                                                       \
	" 'serial', d.serial, 'certain', json(iif(d.certain, 'true', 'false')),"         \
	" 'signs', json(d.signs)))"

#define MACHINE_JSON                                                                         \
	"iif(m.address IS NULL, NULL, json_object('first', m.machine, 'addresses', (SELECT " \
	"json_group_array(address)"                                                          \
	"  FROM (SELECT o.address FROM machine o LEFT JOIN report_place p"                   \
	"   ON p.address = o.address WHERE o.machine = m.machine ORDER BY p.position)),"     \
	" 'certain', json(iif(m.certain, 'true', 'false')), 'signs', json(m.signs)))"

/* Addresses where nothing answered are no hosts. */
static void put_hosts(struct writing *w)
{
	enum {
		ADDRESS,
		MAC,
		VENDOR,
		ZONE,
		ROLE,
		OS,
		NAMES,
		STATE,
		REASON,
		TREATED,
		DEVICE,
		MACHINE,
		PLACE,
		SCANNED,
		HEARD,
		HEARD_NAMES
	};
	struct query *q =
		facts_ask(w->facts, "SELECT h.address, h.mac, h.vendor, h.zone, h.role,"
				    " h.os, nullif(h.names, '[]'), h.state, h.reason,"
				    " h.treated, " DEVICE_JSON ", " MACHINE_JSON
				    ", place.position, h.scanned, h.heard,"
				    " (SELECT nullif(json_group_array(json_object("
				    "'name', name, 'source', source)), '[]') FROM (SELECT *"
				    " FROM heard_name n WHERE n.address = h.address"
				    " ORDER BY source, name)) AS heard_names" HOSTS_IN_ORDER);
	struct host_rows services = facts_ask_by_host(w->facts, SERVICES);
	struct evidence_rows evidence = { 0 };

	if (facts_count(w->facts, "SELECT EXISTS (SELECT 1 FROM evidence)") != 0)
		evidence.q =
			facts_ask(w->facts, "SELECT port, transport, probe, document FROM evidence"
					    " WHERE address = ?1 ORDER BY port, transport, probe");
	while (facts_next(w->facts, q)) {
		start(w, "host");
		text(w, "address", query_text(q, ADDRESS));
		text(w, "mac", query_text(q, MAC));
		text(w, "vendor", query_text(q, VENDOR));
		put_names(w, query_text(q, NAMES));
		text(w, "zone", query_text(q, ZONE));
		text(w, "role", query_text(q, ROLE));
		text(w, "os", query_text(q, OS));
		text(w, "state", query_text(q, STATE));
		text(w, "reason",
		     query_null(q, REASON) ? NULL
					   : reason_text(query_text(q, REASON), w->language));
		text(w, "treated", query_text(q, TREATED));
		member(w, "scanned", json_boolean(query_int(q, SCANNED) != 0));
		member(w, "heard", json_boolean(query_int(q, HEARD) != 0));
		if (!query_null(q, HEARD_NAMES))
			document(w, "heard_names", query_text(q, HEARD_NAMES));
		document(w, "device", query_text(q, DEVICE));
		document(w, "machine", query_text(q, MACHINE));
		evidence_of(w, &evidence, query_text(q, ADDRESS));
		put_services(w, &services, &evidence, query_int(q, PLACE));
		end(w);
	}
	query_free(evidence.q);
	query_free(services.q);
	query_free(q);
}

/* What all findings of a check say, as JSON. */
struct check_words {
	const struct check *check;
	char *title, *remedy;
};

static char *as_json(struct writing *w, const char *value)
{
	char *json = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&json, &size);

	if (out != NULL)
		put_json(out, value);
	if (out == NULL || fclose(out) != 0 || json == NULL)
		w->facts->error = -ENOMEM;
	return json;
}

static void words_free(struct check_words *c)
{
	free(c->title);
	free(c->remedy);
}

static void words_of(struct writing *w, struct check_words *c, const struct check *check)
{
	if (c->title != NULL && c->check == check)
		return;
	words_free(c);
	*c = (struct check_words){
		.check = check,
		.title = as_json(w,
				 check != NULL ? bilingual_text(&check->title, w->language) : NULL),
		.remedy = as_json(w, check != NULL ? bilingual_text(&check->remedy, w->language)
						   : NULL),
	};
}

/* JSON that was made here. */
static void made(struct writing *w, const char *name, const char *json)
{
	key(w, name);
	fputs_unlocked(json != NULL ? json : "null", w->out);
}

static void texts(struct writing *w, const char *name, struct member_list list)
{
	key(w, name);
	putc_unlocked('[', w->out);
	for (size_t i = 0; i < list.count; i++) {
		if (i > 0)
			putc_unlocked(',', w->out);
		put_json(w->out, list.texts[i]);
	}
	putc_unlocked(']', w->out);
}

static void put_findings(struct writing *w)
{
	struct query *q = facts_ask(w->facts, FINDINGS_IN_ORDER);
	struct check_words words = { 0 };

	while (facts_next(w->facts, q)) {
		words_of(w, &words, facts_check(w->facts, cell(q, "check_id")));
		start(w, "finding");
		text(w, "fingerprint", cell(q, "fingerprint"));
		text(w, "check", cell(q, "check_id"));
		text(w, "severity", cell(q, "severity"));
		text(w, "status", cell(q, "status"));
		text(w, "asset", cell(q, "asset"));
		text(w, "address", cell(q, "address"));
		document(w, "also", cell(q, "also"));
		integer(w, "port", q, query_column(q, "port"));
		text(w, "transport", cell(q, "transport"));
		text(w, "zone", cell(q, "zone"));
		text(w, "vantage", cell(q, "vantage"));
		made(w, "title", words.title);
		text(w, "detail", cell(q, "detail"));
		document(w, "evidence", cell(q, "evidence"));
		made(w, "controls", members_json(w->facts, cell_int(q, "number")));
		made(w, "remedy", words.remedy);
		moment(w, "first_seen", cell_int(q, "first_seen"));
		moment(w, "last_seen", cell_int(q, "last_seen"));
		end(w);
	}
	words_free(&words);
	query_free(q);
}

static void put_controls(struct writing *w)
{
	struct query *q =
		facts_ask(w->facts, "SELECT * FROM verdict ORDER BY guideline, position, item");
	static const char *const counts[] = { "hosts", "hosts_answering", "ports_planned",
					      "services", "checked" };

	while (facts_next(w->facts, q)) {
		start(w, "control");
		text(w, "guideline", cell(q, "guideline"));
		text(w, "control", cell(q, "control"));
		text(w, "item", cell(q, "item"));
		text(w, "verdict", cell(q, "verdict"));
		texts(w, "findings",
		      members_of_item(w->facts, cell(q, "guideline"), cell(q, "item")));
		key(w, "coverage");
		for (size_t i = 0; i < countof(counts); i++)
			fprintf(w->out, "%s\"%s\":%" PRId64, i == 0 ? "{" : ",", counts[i],
				cell_int(q, counts[i]));
		putc_unlocked('}', w->out);
		text(w, "note", cell(q, w->language == LANGUAGE_JA ? "note_ja" : "note_en"));
		end(w);
	}
	query_free(q);
}

/* What a reader must know beside findings. */
static void put_remarks(struct writing *w)
{
	enum { KIND, SUBJECT, TEXT };
	struct query *q = facts_ask(w->facts, "SELECT kind, subject, text FROM remark"
					      " ORDER BY kind, subject, text");
	char words[REMARK_TEXT];

	while (facts_next(w->facts, q)) {
		start(w, "remark");
		text(w, "kind", query_text(q, KIND));
		text(w, "subject", query_text(q, SUBJECT));
		text(w, "text", remark_text(query_text(q, TEXT), w->language, words));
		end(w);
	}
	query_free(q);
}

/* What was known from outside, and how old it was at the scan. */
static void put_offline_data(struct writing *w)
{
	struct query *q = facts_ask(w->facts, "SELECT * FROM offline_data ORDER BY own, kind");

	while (facts_next(w->facts, q)) {
		start(w, "offline_data");
		text(w, "kind", cell(q, "kind"));
		text(w, "title", cell(q, "title"));
		text(w, "date", cell(q, "date"));
		integer(w, "age_days", q, query_column(q, "age"));
		member(w, "stale", json_boolean(cell_int(q, "stale") != 0));
		moment(w, "imported", cell_int(q, "imported"));
		integer(w, "entries", q, query_column(q, "entries"));
		end(w);
	}
	query_free(q);
}

/* Advisories of which nobody can tell whether they apply. */
static void put_undecided(struct writing *w)
{
	static const char *const texts[] = { "transport", "vendor", "product", "version", "kind" };
	struct query *q = facts_ask(w->facts, UNDECIDED_IN_ORDER);

	while (facts_next(w->facts, q)) {
		start(w, "undecided");
		text(w, "address", cell(q, "address"));
		integer(w, "port", q, query_column(q, "port"));
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			text(w, texts[i], cell(q, texts[i]));
		member(w, "advisories", text_parsed(cell(q, "advisories")));
		member(w, "cves", text_parsed(cell(q, "cves")));
		text(w, "reason", reason_text(cell(q, "reason"), w->language));
		end(w);
	}
	query_free(q);
}

/* ---- what was tested and heard ---- */

static void time_ms(struct writing *w, const char *name, struct query *q, const char *column)
{
	moment(w, name, cell_int(q, column) / 1000);
}

struct member_of_row {
	const char *name; /* column and key */
	enum { AS_TEXT, AS_INTEGER, AS_TRUTH, AS_TIME, AS_MOMENT, AS_NUMBER, AS_JSON } as;
};

/* An object for each row, its members in this order. A time's column ends in _ms, its key does not. */
static void put_rows(struct writing *w, const char *type, const char *sql,
		     const struct member_of_row *members, size_t count)
{
	struct query *q = facts_ask(w->facts, sql);

	while (facts_next(w->facts, q)) {
		start(w, type);
		for (size_t i = 0; i < count; i++) {
			const char *name = members[i].name;
			char column[32];

			switch (members[i].as) {
			case AS_TEXT:
				text(w, name, cell(q, name));
				break;
			case AS_INTEGER:
				integer(w, name, q, query_column(q, name));
				break;
			case AS_TRUTH:
				member(w, name, json_boolean(cell_int(q, name) != 0));
				break;
			case AS_TIME:
				snprintf(column, sizeof(column), "%s_ms", name);
				time_ms(w, name, q, column);
				break;
			case AS_MOMENT:
				moment(w, name, cell_int(q, name));
				break;
			case AS_NUMBER:
				key(w, name);
				fputs_unlocked(cell(q, name) != NULL ? cell(q, name) : "null",
					       w->out);
				break;
			case AS_JSON:
				document(w, name, cell(q, name));
				break;
			}
		}
		end(w);
	}
	query_free(q);
}

#define ROWS(w, type, sql, ...)                                                        \
	do {                                                                           \
		static const struct member_of_row members[] = { __VA_ARGS__ };         \
		put_rows(w, type, sql, members, sizeof(members) / sizeof(members[0])); \
	} while (0)

static void put_paths(struct writing *w)
{
	ROWS(w, "path", "SELECT *, destination AS dst FROM path ORDER BY run, number",
	     { "vantage", AS_TEXT }, { "from_zone", AS_TEXT }, { "dst", AS_TEXT },
	     { "to_zone", AS_TEXT }, { "port", AS_INTEGER }, { "transport", AS_TEXT },
	     { "method", AS_TEXT }, { "outcome", AS_TEXT }, { "refutes", AS_TRUTH },
	     { "source", AS_TEXT }, { "interface", AS_TEXT }, { "via", AS_TEXT },
	     { "via_mac", AS_TEXT }, { "answered_by", AS_TEXT }, { "seen_as", AS_TEXT },
	     { "hops", AS_JSON }, { "evidence", AS_JSON }, { "note", AS_TEXT }, { "at", AS_TIME },
	     { "took_ms", AS_INTEGER });
}

static void put_flows(struct writing *w)
{
	ROWS(w, "flow",
	     "SELECT *, sent + received AS bytes FROM flow ORDER BY run, address_key(src),"
	     " address_key(dst), port, transport, vlan, opened",
	     { "src", AS_TEXT }, { "dst", AS_TEXT }, { "port", AS_INTEGER },
	     { "transport", AS_TEXT }, { "application", AS_TEXT }, { "bytes", AS_INTEGER },
	     { "first", AS_TIME }, { "last", AS_TIME }, { "from_zone", AS_TEXT },
	     { "to_zone", AS_TEXT }, { "vantage", AS_TEXT }, { "vlan", AS_INTEGER },
	     { "opened", AS_TRUTH }, { "source", AS_TEXT }, { "name", AS_TEXT },
	     { "answered", AS_TRUTH }, { "connections", AS_INTEGER }, { "refused", AS_INTEGER },
	     { "unanswered", AS_INTEGER }, { "sent", AS_INTEGER }, { "received", AS_INTEGER },
	     { "sent_packets", AS_INTEGER }, { "received_packets", AS_INTEGER });
}

static void put_watched(struct writing *w)
{
	ROWS(w, "watch", "SELECT * FROM watch ORDER BY run, number", { "vantage", AS_TEXT },
	     { "kind", AS_TEXT }, { "name", AS_TEXT }, { "link", AS_TEXT }, { "first", AS_TIME },
	     { "last", AS_TIME }, { "packets", AS_INTEGER }, { "bytes", AS_INTEGER },
	     { "dropped", AS_INTEGER }, { "snapped", AS_INTEGER }, { "one_sided", AS_INTEGER },
	     { "note", AS_TEXT });
}

static void put_operations(struct writing *w)
{
	ROWS(w, "operation",
	     "SELECT * FROM operation ORDER BY run, address_key(src), address_key(dst), port,"
	     " transport, protocol, unit, code",
	     { "src", AS_TEXT }, { "dst", AS_TEXT }, { "port", AS_INTEGER },
	     { "transport", AS_TEXT }, { "protocol", AS_TEXT }, { "unit", AS_INTEGER },
	     { "code", AS_INTEGER }, { "word", AS_TEXT }, { "access", AS_TEXT },
	     { "requests", AS_INTEGER }, { "errors", AS_INTEGER }, { "first", AS_TIME },
	     { "last", AS_TIME }, { "vantage", AS_TEXT });
}

static void put_closed(struct writing *w)
{
	ROWS(w, "closed_network",
	     "SELECT *, heard_ms / 1000 AS heard_seconds, (SELECT json_group_array(fingerprint) "
	     "FROM"
	     " (SELECT fingerprint FROM closed_refuted r WHERE r.zone = c.zone ORDER BY 1)) AS"
	     " refuted_by FROM closed_network c ORDER BY zone",
	     { "zone", AS_TEXT }, { "kind", AS_TEXT }, { "declared", AS_TRUTH },
	     { "verdict", AS_TEXT }, { "paths", AS_INTEGER }, { "held", AS_INTEGER },
	     { "refuted_by", AS_JSON }, { "first", AS_TIME }, { "last", AS_TIME },
	     { "heard_seconds", AS_INTEGER });
}

/* ---- over the runs, and what people set ---- */

static void put_trend(struct writing *w)
{
	ROWS(w, "trend", "SELECT * FROM trend ORDER BY run, " BY_SEVERITY, { "run", AS_INTEGER },
	     { "kind", AS_TEXT }, { "vantage", AS_TEXT }, { "at", AS_MOMENT },
	     { "severity", AS_TEXT }, { "open", AS_INTEGER }, { "unseen", AS_INTEGER },
	     { "waived", AS_INTEGER }, { "new", AS_INTEGER }, { "fixed", AS_INTEGER },
	     { "reopened", AS_INTEGER });
}

static void put_fix_times(struct writing *w)
{
	ROWS(w, "fix_time",
	     "SELECT severity, fixed, round(median_days, 2) AS median_days, open,"
	     " round(median_age_days, 2) AS median_age_days, round(oldest_days, 2) AS oldest_days"
	     " FROM fix_time ORDER BY " BY_SEVERITY,
	     { "severity", AS_TEXT }, { "fixed", AS_INTEGER }, { "median_days", AS_NUMBER },
	     { "open", AS_INTEGER }, { "median_age_days", AS_NUMBER },
	     { "oldest_days", AS_NUMBER });
}

static void put_changes(struct writing *w)
{
	ROWS(w, "change",
	     "SELECT *, check_id AS \"check\" FROM changes ORDER BY change, " BY_SEVERITY
	     ", check_id, address_key(address), asset, port, transport, detail, fingerprint",
	     { "fingerprint", AS_TEXT }, { "change", AS_TEXT }, { "check", AS_TEXT },
	     { "severity", AS_TEXT }, { "asset", AS_TEXT }, { "address", AS_TEXT },
	     { "port", AS_INTEGER }, { "transport", AS_TEXT }, { "zone", AS_TEXT },
	     { "detail", AS_TEXT }, { "at", AS_MOMENT });
}

static void put_gaps(struct writing *w)
{
	ROWS(w, "gap", "SELECT * FROM gap ORDER BY position", { "guideline", AS_TEXT },
	     { "control", AS_TEXT }, { "item", AS_TEXT }, { "current", AS_TEXT },
	     { "target", AS_TEXT }, { "seen", AS_TEXT }, { "verdicts", AS_JSON },
	     { "answer", AS_TEXT }, { "priority", AS_TEXT }, { "owner", AS_TEXT },
	     { "due", AS_MOMENT }, { "action", AS_TEXT }, { "state", AS_TEXT }, { "note", AS_TEXT },
	     { "given_by", AS_TEXT }, { "given_at", AS_MOMENT });
}

static void put_tiers(struct writing *w)
{
	ROWS(w, "tier", "SELECT * FROM tier ORDER BY area, given_at, line", { "area", AS_TEXT },
	     { "current", AS_INTEGER }, { "target", AS_INTEGER }, { "note", AS_TEXT },
	     { "given_by", AS_TEXT }, { "given_at", AS_MOMENT });
}

/* ---- what people declared ---- */

static void put_answers(struct writing *w)
{
	ROWS(w, "answer",
	     "SELECT * FROM " ANSWERS_AS_THEY_STAND " ORDER BY guideline, item, given_at, answer",
	     { "guideline", AS_TEXT }, { "item", AS_TEXT }, { "whole", AS_TRUTH },
	     { "answer", AS_TEXT }, { "evidence", AS_TEXT }, { "separation", AS_TEXT },
	     { "note", AS_TEXT }, { "given_by", AS_TEXT }, { "given_at", AS_MOMENT },
	     { "until", AS_MOMENT }, { "stands", AS_TEXT });
}

static void put_decisions(struct writing *w)
{
	ROWS(w, "decision", "SELECT * FROM decision ORDER BY guideline, item, line",
	     { "guideline", AS_TEXT }, { "item", AS_TEXT }, { "whole", AS_TRUTH },
	     { "decision", AS_TEXT }, { "reason", AS_TEXT }, { "level", AS_TEXT },
	     { "severity", AS_TEXT }, { "checks", AS_JSON }, { "given_by", AS_TEXT },
	     { "given_at", AS_MOMENT });
}

static void put_waivers(struct writing *w)
{
	ROWS(w, "waiver",
	     "SELECT *, check_id AS \"check\" FROM " WAIVERS_AS_THEY_STAND
	     " ORDER BY check_id, asset, port,"
	     " approved_at, until",
	     { "check", AS_TEXT }, { "asset", AS_TEXT }, { "port", AS_INTEGER },
	     { "applicant", AS_TEXT }, { "clause", AS_TEXT }, { "reason", AS_TEXT },
	     { "from_at", AS_MOMENT }, { "until", AS_MOMENT }, { "compensating", AS_TEXT },
	     { "impact", AS_TEXT }, { "closing", AS_TEXT }, { "relies_on", AS_JSON },
	     { "approved_by", AS_TEXT }, { "approved_at", AS_MOMENT }, { "stands", AS_TEXT });
}

static void put_measures(struct writing *w)
{
	ROWS(w, "measure",
	     "SELECT *, check_id AS \"check\" FROM " MEASURES_AS_THEY_STAND " ORDER BY line",
	     { "check", AS_TEXT }, { "asset", AS_TEXT }, { "port", AS_INTEGER },
	     { "guideline", AS_TEXT }, { "item", AS_TEXT }, { "whole", AS_TRUTH },
	     { "measure", AS_TEXT }, { "evidence", AS_TEXT }, { "relies_on", AS_JSON },
	     { "given_by", AS_TEXT }, { "given_at", AS_MOMENT }, { "until", AS_MOMENT },
	     { "stands", AS_TEXT });
}

static void put_treatments(struct writing *w)
{
	ROWS(w, "treatment",
	     "SELECT *, check_id AS \"check\" FROM " TREATMENTS_AS_THEY_STAND " ORDER BY line",
	     { "check", AS_TEXT }, { "asset", AS_TEXT }, { "port", AS_INTEGER },
	     { "guideline", AS_TEXT }, { "item", AS_TEXT }, { "whole", AS_TRUTH },
	     { "action", AS_TEXT }, { "owner", AS_TEXT }, { "due", AS_MOMENT },
	     { "state", AS_TEXT }, { "state_at", AS_MOMENT }, { "late", AS_TRUTH },
	     { "note", AS_TEXT });
}

static void put_thresholds(struct writing *w)
{
	ROWS(w, "threshold", "SELECT * FROM threshold ORDER BY name", { "name", AS_TEXT },
	     { "value", AS_INTEGER }, { "unit", AS_TEXT }, { "source", AS_TEXT });
}

/* What the verdicts are held against, and what its text is not. */
static void put_guidelines(struct writing *w)
{
	const struct catalogue *c = w->facts->catalogue;

	for (size_t i = 0; c != NULL && i < c->guideline_count; i++) {
		const struct guideline *g = &c->guidelines[i];
		const struct {
			const char *name;
			const struct bilingual *words;
		} texts[] = { { "title", &g->title },         { "status", &g->status },
			      { "publisher", &g->publisher }, { "origin", &g->origin },
			      { "terms", &g->terms },         { "source_note", &g->source_note } };

		start(w, "guideline");
		text(w, "id", g->id);
		text(w, "version", g->version);
		text(w, "date", g->date);
		text(w, "sector", g->sector);
		for (size_t k = 0; k < countof(texts); k++)
			text(w, texts[k].name, bilingual_text(texts[k].words, w->language));
		member(w, "own", json_boolean(g->own));
		end(w);
	}
}

static int put_all(struct db *db, const struct catalogue *c, enum language l, bool lines, FILE *out)
{
	static const struct {
		const char *key;
		void (*put)(struct writing *w);
	} lists[] = {
		{ "guidelines", put_guidelines },
		{ "hosts", put_hosts },
		{ "reachability", put_paths },
		{ "flows", put_flows },
		{ "listening", put_watched },
		{ "operations", put_operations },
		{ "closed_network", put_closed },
		{ "findings", put_findings },
		{ "controls", put_controls },
		{ "remarks", put_remarks },
		{ "offline_data", put_offline_data },
		{ "undecided", put_undecided },
		{ "trend", put_trend },
		{ "fix_times", put_fix_times },
		{ "changes", put_changes },
		{ "gaps", put_gaps },
		{ "tiers", put_tiers },
		{ "answers", put_answers },
		{ "decisions", put_decisions },
		{ "waivers", put_waivers },
		{ "measures", put_measures },
		{ "treatments", put_treatments },
		{ "thresholds", put_thresholds },
	};
	struct facts facts;
	int r = facts_load(db, c, &facts);
	struct writing w = { .facts = &facts, .language = l, .out = out, .lines = lines };

	if (r == 0) {
		put_heads(&w);
		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
			open_list(&w, lists[i].key);
			lists[i].put(&w);
			close_list(&w);
		}
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
