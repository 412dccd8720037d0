/* SPDX-License-Identifier: Apache-2.0 */
/* What was read, in tables of its own, and from there into the store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "advice/advice_parts.h"
#include "codec/i18n.h"
#include "store/schema.h"

const char *advice_kind_word(enum advice_kind k)
{
	static const char *const words[ADVICE_KINDS] = { "endoflife", "kev", "csaf" };

	return words[k];
}

struct db *advice_db(struct advice *a)
{
	return a->db;
}

struct advice_count advice_counted(const struct advice *a, enum advice_kind k)
{
	struct advice_count n = a->counts[k];

	/* A cycle may be told by several files. */
	if (k == ADVICE_ENDOFLIFE &&
	    db_number(a->db, "SELECT count(*) FROM support", 0, &n.entries) < 0)
		n.entries = 0;
	return n;
}

void note_date(struct advice *a, enum advice_kind kind, const char *date)
{
	if (strcmp(date, a->counts[kind].date) > 0)
		memcpy(a->counts[kind].date, date, sizeof(a->counts[kind].date));
}

static int prepare(struct advice *a)
{
	const struct {
		struct query **q;
		const char *sql;
	} statements[] = {
		/* Twice told: the later end; one that is not known is later than any. */
		{ &a->support,
		  "INSERT INTO support (product, cycle, label, latest, released, ends, ended,"
		  " extended, url) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
		  " ON CONFLICT DO UPDATE SET"
		  " ends = iif((support.ends IS NULL AND NOT support.ended)"
		  "   OR (excluded.ends IS NULL AND NOT excluded.ended), NULL,"
		  "  nullif(max(coalesce(support.ends, ''), coalesce(excluded.ends, '')), '')),"
		  " ended = support.ended AND excluded.ended,"
		  " extended = nullif(max(coalesce(support.extended, ''),"
		  "  coalesce(excluded.extended, '')), ''),"
		  " label = iif(excluded.label = excluded.product, support.label, excluded.label),"
		  " latest = coalesce(excluded.latest, support.latest)" },
		{ &a->advisory_before, "SELECT id, date FROM advisory WHERE kind = ?1 AND "
				       "publisher = ?2 AND name = ?3" },
		{ &a->forget, "DELETE FROM advisory_product WHERE advisory = ?1" },
		{ &a->advisory, "INSERT OR REPLACE INTO advisory (id, kind, publisher, name, title,"
				" url, date) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)" },
		{ &a->product, "INSERT INTO advisory_product (advisory, vendor, product, "
			       "vendor_key, product_key,"
			       " versions, ranges, status, cves, score) VALUES (?1, ?2, ?3,"
			       " coalesce(vendor_key(?2), ''), name_key(?3), ?4, ?5, ?6, ?7,"
			       " iif(?8 < 0, NULL, ?8 / 10.0))" },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(statements) / sizeof(statements[0]); i++)
		r = query_new(a->db, statements[i].sql, statements[i].q);
	return r;
}

int advice_new(struct advice **ret)
{
	struct advice *a = calloc(1, sizeof(*a));
	int r = a != NULL ? db_open(":memory:", DB_CREATE, &a->db) : -ENOMEM;

	for (int i = 0; r >= 0 && i < store_version; i++)
		r = db_exec(a->db, store_migrations[i]);
	if (r >= 0)
		r = prepare(a);
	if (r < 0) {
		advice_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

void advice_free(struct advice *a)
{
	if (a == NULL)
		return;
	query_free(a->support);
	query_free(a->advisory_before);
	query_free(a->advisory);
	query_free(a->forget);
	query_free(a->product);
	db_free(a->db);
	free(a);
}

/* ---- rows ---- */

static void run(struct file *f, struct query *q)
{
	if (query_run(q) < 0)
		f->wrong = f->out_of_memory = true; /* tables in memory fail for nothing else */
}

void keep_support(struct file *f, const struct support_row *row)
{
	struct advice *a = f->advice;
	const char *const texts[] = { row->product, row->cycle,    row->label,
				      row->latest,  row->released, row->ends };

	if (f->wrong)
		return;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		query_bind_text(a->support, (int)i + 1, texts[i]);
	query_bind_int(a->support, 7, row->ended);
	query_bind_text(a->support, 8, row->extended);
	query_bind_text(a->support, 9, row->url);
	run(f, a->support);
}

int64_t keep_advisory(struct file *f, enum advice_kind kind, const struct advisory_row *row)
{
	struct advice *a = f->advice;
	struct query *q = a->advisory_before;
	int64_t id = 0;
	bool later = true;

	if (f->wrong)
		return 0;
	query_bind_text(q, 1, advice_kind_word(kind));
	query_bind_text(q, 2, row->publisher);
	query_bind_text(q, 3, row->name);
	if (query_step(q) == 1) {
		id = query_int(q, 0);
		later = strcmp(row->date, query_text(q, 1)) > 0;
	}
	query_reset(q);
	if (id == 0)
		id = ++a->counts[kind].entries + ((int64_t)kind << 40);
	else if (!later)
		return 0;
	query_bind_int(a->forget, 1, id);
	run(f, a->forget);
	query_bind_int(a->advisory, 1, id);
	const char *const texts[] = {
		advice_kind_word(kind), row->publisher, row->name, row->title, row->url, row->date
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		query_bind_text(a->advisory, (int)i + 2, texts[i]);
	run(f, a->advisory);
	return f->wrong ? 0 : id;
}

void keep_product(struct file *f, int64_t advisory, const struct product_row *row)
{
	struct query *q = f->advice->product;
	const char *const texts[] = { row->vendor, row->product, row->versions,
				      row->ranges, row->status,  row->cves };

	if (f->wrong)
		return;
	query_bind_int(q, 1, advisory);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		query_bind_text(q, (int)i + 2, texts[i]);
	query_bind_int(q, 8, row->score < 0 ? -1 : (int64_t)(row->score * 10 + 0.5));
	run(f, q);
}

/* ---- a file ---- */

static const struct {
	enum advice_kind kind;
	bool (*is)(const json_t *root);
	void (*read)(struct file *f, const json_t *root);
} formats[] = {
	{ ADVICE_CSAF, is_csaf, read_csaf },
	{ ADVICE_KEV, is_kev, read_kev },
	{ ADVICE_ENDOFLIFE, is_endoflife, read_endoflife },
	{ ADVICE_ENDOFLIFE, is_endoflife_cycles, read_endoflife_cycles },
};

/* CSAF 2.0, 7.1: what tells where advisories lie. */
static bool is_index(const json_t *root)
{
	static const char *const keys[] = { "feed", "service", "categories", "aggregator",
					    "canonical_url" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(root, keys[i]) != NULL)
			return true;
	return false;
}

enum advice_read advice_read(struct advice *a, const char *name, const char *text, size_t length,
			     struct complaints *c)
{
	struct file f = {
		.advice = a, .name = name, .text = text, .length = length, .complaints = c
	};
	json_error_t error;
	size_t bom = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	json_t *root = json_loadb(text + bom, length - bom, JSON_REJECT_DUPLICATES, &error);

	if (root == NULL) {
		complain(c, name, error.line > 0 ? (unsigned)error.line : 0, _("column %d: %s"),
			 error.column, error.text);
		return json_error_code(&error) == json_error_out_of_memory ? ADVICE_OUT_OF_MEMORY
									   : ADVICE_WRONG;
	}
	f.text += bom;
	f.length -= bom;
	enum advice_read r = ADVICE_UNKNOWN;
	for (size_t i = 0; r == ADVICE_UNKNOWN && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!formats[i].is(root))
			continue;
		formats[i].read(&f, root);
		a->counts[formats[i].kind].files++;
		r = ADVICE_READ;
	}
	if (r == ADVICE_UNKNOWN && is_index(root))
		r = ADVICE_PASSED;
	json_decref(root);
	if (f.out_of_memory)
		return ADVICE_OUT_OF_MEMORY;
	return f.wrong ? ADVICE_WRONG : r;
}

/* ---- into the store ---- */

/* Publishers by how much they brought: "CSAF: Siemens ProductCERT, CISA". */
static const char title_sql[] =
	"SELECT CASE ?1 WHEN 'endoflife' THEN 'endoflife.date'"
	" WHEN 'kev' THEN 'CISA Known Exploited Vulnerabilities'"
	" ELSE 'CSAF: ' || (SELECT group_concat(publisher, ', ') FROM (SELECT publisher FROM "
	"advisory"
	"   WHERE kind = 'csaf' GROUP BY publisher ORDER BY count(*) DESC, publisher LIMIT 3))"
	" || (SELECT iif(count(DISTINCT publisher) > 3, ', ...', '') FROM advisory WHERE kind = "
	"'csaf')"
	" END";

/* The rows of a question to ours as values of a statement of the store's. */
static int copy(struct advice *a, struct db *store, const char *from, const char *into,
		const char *kind)
{
	struct query *source = NULL, *target = NULL;
	int r = query_new(a->db, from, &source);

	if (r >= 0)
		r = query_bind_name(source, ":kind", kind);
	if (r >= 0)
		r = query_new(store, into, &target);
	while (r >= 0 && (r = query_step(source)) == 1) {
		for (int i = 0; i < query_columns(source); i++)
			query_bind_text(target, i + 1, query_text(source, i));
		r = query_run(target);
	}
	query_free(source);
	query_free(target);
	return r < 0 ? r : 0;
}

static int keep_note(struct advice *a, struct db *store, enum advice_kind kind, int64_t now)
{
	const struct advice_count n = advice_counted(a, kind);
	struct query *title = NULL, *q = NULL;
	int r = query_new(a->db, title_sql, &title);

	if (r >= 0)
		r = query_bind_text(title, 1, advice_kind_word(kind));
	if (r >= 0)
		r = query_step(title);
	if (r >= 0)
		r = query_new(
			store,
			"INSERT OR REPLACE INTO main.offline (kind, title, date, imported, entries)"
			" VALUES (?1, ?2, nullif(?3, ''), ?4, ?5)",
			&q);
	if (r >= 0) {
		query_bind_text(q, 1, advice_kind_word(kind));
		query_bind_text(q, 2, query_text(title, 0));
		query_bind_text(q, 3, n.date);
		query_bind_int(q, 4, now);
		query_bind_int(q, 5, n.entries);
		r = query_run(q);
	}
	query_free(title);
	query_free(q);
	return r;
}

static int keep_kind(struct advice *a, struct db *store, enum advice_kind kind)
{
	const char *word = advice_kind_word(kind);
	int r;

	if (kind == ADVICE_ENDOFLIFE) {
		r = db_exec(store, "DELETE FROM main.support");
		return r < 0 ? r
			     : copy(a, store,
				    "SELECT product, cycle, label, latest, released, ends, ended,"
				    " extended, url FROM support",
				    "INSERT INTO main.support (product, cycle, label, latest, "
				    "released,"
				    " ends, ended, extended, url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
				    "?)",
				    NULL);
	}
	r = db_execf(store,
		     "DELETE FROM main.advisory_product WHERE advisory IN"
		     " (SELECT id FROM main.advisory WHERE kind = %Q);"
		     "DELETE FROM main.advisory WHERE kind = %Q",
		     word, word);
	if (r >= 0)
		r = copy(a, store,
			 "SELECT id, kind, publisher, name, title, url, date FROM advisory"
			 " WHERE kind = :kind ORDER BY id",
			 "INSERT INTO main.advisory (id, kind, publisher, name, title, url, date)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?)",
			 word);
	if (r >= 0)
		r = copy(a, store,
			 "SELECT p.advisory, p.vendor, p.product, p.vendor_key, p.product_key, "
			 "p.versions,"
			 " p.ranges, p.status, p.cves, p.score FROM advisory_product AS p"
			 " JOIN advisory AS a ON a.id = p.advisory WHERE a.kind = :kind ORDER BY "
			 "p.rowid",
			 "INSERT INTO main.advisory_product (advisory, vendor, product, vendor_key,"
			 " product_key, versions, ranges, status, cves, score)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 word);
	return r;
}

int advice_keep(struct advice *a, struct db *store, int64_t now)
{
	int r = db_exec(store, "BEGIN IMMEDIATE");

	if (r < 0)
		return r;
	for (int k = 0; r >= 0 && k < ADVICE_KINDS; k++) {
		if (a->counts[k].files == 0)
			continue;
		r = keep_kind(a, store, (enum advice_kind)k);
		if (r >= 0)
			r = keep_note(a, store, (enum advice_kind)k, now);
	}
	if (r >= 0)
		r = db_exec(store, "COMMIT");
	if (r < 0) {
		/* What went wrong is to be told, not how the undoing went. */
		struct query *undo = NULL;

		if (query_new(store, "ROLLBACK", &undo) == 0)
			query_run(undo);
		query_free(undo);
	}
	return r;
}
