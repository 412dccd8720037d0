/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of the store comes first, and everything else is made from that copy: so the report belongs to the store
 * that lies beside it. The copy holds what SQL can see of the store and no page that was freed.
 */
#include "commands/export_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle/bundle.h"
#include "codec/i18n.h"
#include "codec/span.h"
#include "commands/commands.h"
#include "commands/journal.h"
#include "commands/output.h"
#include "commands/reading.h"
#include "reach/parcel.h"
#include "report/formats.h"
#include "report/report.h"
#include "report/text.h"
#include "store/schema.h"

enum { JOURNALS = 16 };

struct packing {
	const struct bundle_options *options;
	char *copy; /* the store's, as long as it is there */
	struct reading reading;
	struct bundle *bundle;
	/* Of the member that is being written. */
	const struct export_format *format;
	enum encoding encoding;
	int64_t scan;
	const char *name;
	const struct file_text *today;
	bool beside; /* something that is declared today was laid beside */
};

/* ---- the copy ---- */

static int copy_store(struct packing *p)
{
	struct store_reader from;
	int fd = -1, status = reading_open(p->options->store, &from);

	if (status != EXIT_DONE)
		return status;
	if (asprintf(&p->copy, "%s.store.XXXXXX", p->options->file) < 0) {
		p->copy = NULL;
		status = output_message(p->options->file, -ENOMEM);
	} else if ((fd = mkostemp(p->copy, O_CLOEXEC)) < 0) {
		status = output_message(p->options->file, -errno);
		free(p->copy);
		p->copy = NULL;
	} else if (db_execf(from.db, "VACUUM main INTO %Q", p->copy) < 0) {
		fprintf(stderr, _("error: %s: cannot be copied: %s\n"), p->options->store,
			db_error(from.db));
		status = EXIT_INCOMPLETE;
	}
	if (fd >= 0)
		close(fd);
	store_close_read(&from);
	return status;
}

/* ---- members ---- */

static int write_copy(FILE *out, void *context)
{
	const struct packing *p = context;
	char block[BUFSIZ];
	FILE *f = fopen(p->copy, "rb");
	size_t n;

	if (f == NULL)
		return -errno;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		fwrite(block, 1, n, out);
	bool good = ferror(f) == 0;
	fclose(f);
	return good ? 0 : -EIO;
}

static int write_page(FILE *out, void *context)
{
	const struct packing *p = context;

	return report_html(p->reading.store.db, p->reading.catalogue, i18n_language(), NULL, out);
}

static int write_form(FILE *out, void *context)
{
	const struct packing *p = context;
	struct export_job job = { .db = p->reading.store.db,
				  .catalogue = p->reading.catalogue,
				  .language = i18n_language(),
				  .encoding = p->encoding };

	return export_write(p->format, &job, NULL, out);
}

static int write_journal(FILE *out, void *context)
{
	const struct packing *p = context;

	return journal_write(p->reading.store.db, p->scan, out);
}

/* The bytes of a declared file as they were read. */
static int write_declared(FILE *out, void *context)
{
	const struct packing *p = context;
	struct query *q = NULL;
	int r = query_new(p->reading.store.db,
			  "SELECT hex(k.text) FROM main.declared_text d JOIN main.kept_text k"
			  " USING (digest) WHERE d.scan = ?1 AND d.name = ?2",
			  &q);

	if (r == 0)
		r = query_bind_int(q, 1, p->scan);
	if (r == 0)
		r = query_bind_text(q, 2, p->name);
	if (r == 0)
		r = query_step(q) == 1 ? 0 : -EIO;
	const char *hex = r == 0 ? query_text(q, 0) : NULL;
	for (; hex != NULL && hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
		char digits[3] = { hex[0], hex[1], '\0' };

		putc((int)strtoul(digits, NULL, 16), out);
	}
	query_free(q);
	return r;
}

static int add_form(struct packing *p, const char *form, enum encoding e, const char *name)
{
	p->format = export_format_of(form);
	p->encoding = e;
	return bundle_add(p->bundle, name, write_form, p);
}

static int add_journals(struct packing *p)
{
	int64_t runs[JOURNALS];
	size_t count = 0;
	struct query *q = NULL;
	int r = query_new(p->reading.store.db,
			  "SELECT id FROM judged_run WHERE used = 1 ORDER BY id", &q);
	int step = 0;

	while (r == 0 && count < JOURNALS && (step = query_step(q)) == 1)
		runs[count++] = query_int(q, 0);
	query_free(q);
	if (step < 0)
		r = -EIO;
	for (size_t i = 0; r == 0 && i < count; i++) {
		char name[48];

		p->scan = runs[i];
		snprintf(name, sizeof(name), "journal-%lld.json", (long long)runs[i]);
		r = bundle_add(p->bundle, name, write_journal, p);
	}
	return r;
}

/* The run whose files go in, the newest that had any; 0: it had none of this name. */
static int declared_run(struct db *db, const char *name, int64_t *ret)
{
	struct query *q = NULL;
	int r = query_new(db,
			  "SELECT max(d.scan) FROM main.declared_text d WHERE d.name = ?1"
			  " AND d.scan = (SELECT max(scan) FROM main.declared_text)"
			  " AND d.scan <= (SELECT id FROM judged)",
			  &q);

	if (r == 0)
		r = query_bind_text(q, 1, name);
	int step = r == 0 ? query_step(q) : 0;
	*ret = step == 1 ? query_int(q, 0) : 0;
	query_free(q);
	return r < 0 ? r : step < 0 ? step : 0;
}

static int write_today(FILE *out, void *context)
{
	const struct packing *p = context;

	fwrite(p->today->text, 1, p->today->length, out);
	return 0;
}

/* What is declared today, unless the run (0: it had none) was declared with the same. */
static int add_today(struct packing *p, int64_t run, const char *name,
		     const struct file_text *today, const char *member)
{
	char digest[DIGEST_TEXT];
	struct query *q = NULL;

	if (today == NULL || today->length == 0)
		return 0;
	if (!digest_bytes(today->text, today->length, digest))
		return -ENOMEM;
	int r = run > 0 ? query_new(p->reading.store.db,
				    "SELECT 1 FROM main.declared_text WHERE scan = ?1"
				    " AND name = ?2 AND digest = ?3",
				    &q)
			: 0;
	bool same = false;
	if (q != NULL) {
		query_bind_int(q, 1, run);
		query_bind_text(q, 2, name);
		query_bind_text(q, 3, digest);
		same = query_step(q) == 1;
	}
	query_free(q);
	p->today = today;
	p->beside |= r >= 0 && !same;
	return r < 0 || same ? r : bundle_add(p->bundle, member, write_today, p);
}

static int add_declared(struct packing *p)
{
	static const char *const names[][2] = { { "site", "site.yaml" },
						{ "ledger", "ledger.csv" },
						{ "answers", "answers.yaml" } };
	struct db *db = p->reading.store.db;
	bool there = false;
	int64_t site_run = 0;
	int r = db_has_table(db, "declared_text", &there);

	p->scan = 0;
	for (size_t i = 0; r >= 0 && there && i < countof(names); i++) {
		r = declared_run(db, names[i][0], &p->scan);
		p->name = names[i][0];
		if (r == 0 && p->scan > 0)
			r = bundle_add(p->bundle, names[i][1], write_declared, p);
		if (i == 0)
			site_run = p->scan;
	}
	if (r >= 0)
		r = add_today(p, site_run, "site", p->options->site, "site-today.yaml");
	return r < 0 ? r
		     : add_today(p, p->scan, "answers", p->options->answers, "answers-today.yaml");
}

/* ---- the whole ---- */

static char *clean_text(const char *text)
{
	char *clean = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&clean, &size);

	if (f == NULL)
		return NULL;
	put_line(f, text);
	return fclose(f) == 0 ? clean : NULL;
}

static bool read_facts(struct db *db, struct bundle_facts *f)
{
	struct query *q = NULL;
	bool good = query_new(db,
			      "SELECT site, uuid, coalesce(finished, started) FROM main.scan"
			      " WHERE id = (SELECT id FROM judged)",
			      &q) == 0 &&
		    query_step(q) == 1;
	char *site = good ? clean_text(query_text(q, 0)) : NULL;
	char *run = good ? clean_text(query_text(q, 1)) : NULL;

	good = site != NULL && run != NULL &&
	       db_number(db, "PRAGMA user_version", 0, &f->schema) == 0;
	if (good) {
		f->as_of = query_int(q, 2) > 0 ? query_int(q, 2) : 0;
		snprintf(f->version, sizeof(f->version), "%s", PACKAGE_VERSION);
		snprintf(f->run, sizeof(f->run), "%s", run);
		size_t n = strlen(site) < sizeof(f->site) ? strlen(site) : sizeof(f->site) - 1;
		while (n > 0 && ((unsigned char)site[n] & 0xc0) == 0x80)
			n--; /* whole characters only */
		snprintf(f->site, sizeof(f->site), "%.*s", (int)n, site);
	}
	free(site);
	free(run);
	query_free(q);
	return good;
}

static int pack(struct packing *p, EVP_PKEY *key)
{
	struct bundle_facts facts = { 0 };
	const struct bundle_options *o = p->options;

	if (!read_facts(p->reading.store.db, &facts))
		return reading_message(o->store, STORE_BROKEN, db_error(p->reading.store.db));
	int r = bundle_begin(o->file, &facts, &p->bundle);
	if (r == 0)
		r = bundle_add(p->bundle, "store.tenken", write_copy, p);
	if (r == 0)
		r = bundle_add(p->bundle, "report.html", write_page, p);
	if (r == 0)
		r = add_form(p, "json", ENCODING_UTF8, "export.json");
	if (r == 0)
		r = add_form(p, "csv", ENCODING_UTF8_BOM, "findings.csv");
	if (r == 0)
		r = add_journals(p);
	if (r == 0)
		r = add_declared(p);
	if (r == 0)
		r = bundle_end(p->bundle, key);
	else
		bundle_drop(p->bundle);
	return r == 0 ? EXIT_DONE : output_message(o->file, r);
}

int export_bundle(const struct bundle_options *o)
{
	struct packing p = { .options = o };
	struct complaints c = { 0 };
	EVP_PKEY *key = sign_key_read(o->key, true, &c);
	int status = key != NULL ? copy_store(&p) : EXIT_USAGE;

	complaints_print(&c, stderr);
	complaints_done(&c);
	if (status == EXIT_DONE) {
		status = reading_start(&p.reading, p.copy, o->profiles, o->profile_count, o->checks,
				       o->check_count);
		int judged = p.reading.judged;
		if (status == EXIT_DONE)
			status = pack(&p, key);
		reading_done(&p.reading);
		if (status == EXIT_DONE && p.beside)
			fprintf(stderr, _("note: the bundle is judged by what was declared at the "
					  "time of the run; "
					  "what is declared today (-c) lies beside as a text\n"));
		if (status == EXIT_DONE)
			status = judged;
	}
	if (p.copy != NULL)
		unlink(p.copy);
	free(p.copy);
	EVP_PKEY_free(key);
	return status;
}
