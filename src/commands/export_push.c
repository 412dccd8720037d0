/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store is judged and closed before the first byte leaves: the output lies in a file without a name, and what
 * a server took is written down batch by batch. The same content makes the same batches, so what was taken before is
 * passed over, also after an end in the middle.
 */
#include "commands/export_push.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/file.h"
#include "codec/i18n.h"
#include "codec/seal.h"
#include "codec/span.h"
#include "codec/x509_trust.h"
#include "commands/commands.h"
#include "commands/export_tickets.h"
#include "commands/reading.h"
#include "commands/writing.h"
#include "push/push.h"
#include "report/text.h"
#include "store/told.h"

enum {
	BATCH_LINES = 500,
	BATCH_BYTES = 1 << 20,
	BODY_MOST = 64 << 20, /* of one object or document */
	CA_MOST = 4 << 20,
	SERVERS = 64,
};

/* One server, and what is to be sent there. */
struct server {
	const char *url, *secret_file;
	const struct export_format *format;
	char *secret;
	struct push *push;
	FILE *spool;
	uint64_t taken, before, objects; /* batches taken now and before; objects of now */
	bool failed;
};

struct pushing {
	const struct push_options *options;
	const struct push_source *from;
	struct server servers[SERVERS];
	size_t count;
	unsigned tries, timeout_s;
	char *trust;
	char *site, *run; /* of the newest run */
	int64_t scan;
	int recorded; /* EXIT_DONE, or the status of the first thing that could not be written down */
};

/* ---- which servers ---- */

static bool read_number(const char *option, const char *text, unsigned least, unsigned most,
			unsigned *ret)
{
	char *end;
	unsigned long n = text != NULL ? strtoul(text, &end, 10) : *ret;

	if (text != NULL &&
	    (text[0] < '0' || text[0] > '9' || *end != '\0' || n < least || n > most)) {
		fprintf(stderr, _("error: %s: '%s' is no number from %u to %u\n"), option, text,
			least, most);
		return false;
	}
	*ret = (unsigned)n;
	return true;
}

static bool add_server(struct pushing *p, const char *url, const struct push_server *s)
{
	struct server *v = &p->servers[p->count];
	const char *form = s != NULL && s->format != NULL ? s->format : "ndjson";

	if (p->count == SERVERS) {
		fprintf(stderr, _("error: --push: more than %d servers\n"), SERVERS);
		return false;
	}
	v->url = url;
	v->secret_file = p->options->secret_file != NULL ? p->options->secret_file
			 : s != NULL                     ? s->secret_file
							 : NULL;
	v->format = p->from->format != NULL ? p->from->format : export_format_of(form);
	if (v->format == NULL || ticket_target(v->format) != NULL ||
	    (!v->format->lines && strcmp(v->format->media_type, "application/json") != 0)) {
		fprintf(stderr,
			_("error: --push sends json and formats of one object on each line, "
			  "not %s\n"),
			v->format != NULL ? v->format->name : form);
		return false;
	}
	p->count++;
	return true;
}

static bool choose_servers(struct pushing *p, const struct site *site)
{
	const char *url = p->options->url;
	const struct push_server *named = NULL;

	if (strcmp(url, "site") != 0) {
		for (size_t i = 0; site != NULL && i < site->push_count; i++)
			if (site->pushes[i].url != NULL && strcmp(site->pushes[i].url, url) == 0)
				named = &site->pushes[i];
		return add_server(p, url, named);
	}
	if (site == NULL || site->push_count == 0) {
		fprintf(stderr, _("error: --push site: no site file with 'push' was named (-c)\n"));
		return false;
	}
	for (size_t i = 0; i < site->push_count; i++)
		if (!add_server(p, site->pushes[i].url, &site->pushes[i]))
			return false;
	return true;
}

static void tell_wait(void *context, const char *words, unsigned seconds)
{
	(void)context;
	fprintf(stderr, _("waiting %u s: %s\n"), seconds, words);
}

/* The option's certificates and the site's are trusted beside the system's. */
static bool read_trust(struct pushing *p, const struct site *site, struct complaints *c)
{
	size_t length = 0;
	char *own = p->options->ca_file != NULL
			    ? file_read(p->options->ca_file, CA_MOST, &length, c)
			    : NULL;
	const char *sites = site != NULL ? site->trust.text : NULL;

	if (p->options->ca_file != NULL && own == NULL)
		return false;
	unsigned line;
	if (own != NULL && x509_trust_count(span_of(own, length), &line) <= 0) {
		complain(c, p->options->ca_file, 0, _("holds no certificate (PEM)"));
		free(own);
		return false;
	}
	if ((own != NULL || sites != NULL) &&
	    asprintf(&p->trust, "%s\n%s", own != NULL ? own : "", sites != NULL ? sites : "") < 0)
		p->trust = NULL;
	free(own);
	return true;
}

static bool open_server(struct pushing *p, struct server *v, struct complaints *c)
{
	if (v->secret_file != NULL) {
		v->secret = push_secret_read(v->secret_file, c);
		if (v->secret == NULL)
			return false;
	}
	v->push = push_open(&(struct push_setup){ .url = v->url,
						  .secret = v->secret,
						  .trust = p->trust,
						  .proxy = p->options->proxy,
						  .media_type = v->format->media_type,
						  .tries = p->tries,
						  .timeout_s = p->timeout_s,
						  .wait = tell_wait },
			    c);
	return v->push != NULL;
}

static int prepare(struct pushing *p, const struct site *site)
{
	struct complaints c = { 0 };

	p->tries = PUSH_TRIES;
	p->timeout_s = PUSH_TIMEOUT_S;
	if (!choose_servers(p, site) ||
	    !read_number("--tries", p->options->tries, 1, PUSH_TRIES_MOST, &p->tries) ||
	    !read_number("--timeout", p->options->timeout, 1, PUSH_TIMEOUT_MOST_S, &p->timeout_s))
		return EXIT_USAGE;
	bool good = read_trust(p, site, &c);
	for (size_t i = 0; good && i < p->count; i++)
		good = open_server(p, &p->servers[i], &c);
	complaints_print(&c, stderr);
	complaints_done(&c);
	return good ? EXIT_DONE : EXIT_USAGE;
}

/* ---- what is sent ---- */

static bool read_run(struct pushing *p, struct db *db)
{
	struct query *q = NULL;
	bool good = query_new(db,
			      "SELECT id, site, uuid FROM main.scan WHERE id ="
			      " (SELECT id FROM judged)",
			      &q) == 0 &&
		    query_step(q) == 1;

	if (good) {
		p->scan = query_int(q, 0);
		p->site = strdup(query_text(q, 1));
		p->run = strdup(query_text(q, 2));
	}
	query_free(q);
	return good && p->site != NULL && p->run != NULL;
}

static int spool(struct pushing *p, struct server *v, const struct reading *r)
{
	struct export_job job = { .db = r->store.db,
				  .catalogue = r->catalogue,
				  .language = i18n_language(),
				  .table = p->from->table };

	v->spool = tmpfile();
	if (v->spool == NULL)
		return -errno;
	int error = export_write(v->format, &job, NULL, v->spool);
	if (error == 0 && fflush(v->spool) != 0)
		error = -errno;
	rewind(v->spool);
	return error;
}

static int make_spools(struct pushing *p)
{
	struct reading r;
	int status =
		reading_start_today(&r, p->from->store, p->from->profiles, p->from->profile_count,
				    p->from->checks, p->from->check_count, p->from->site, NULL);

	if (status == EXIT_DONE && !read_run(p, r.store.db))
		status = reading_message(p->from->store, STORE_BROKEN, db_error(r.store.db));
	for (size_t i = 0; status == EXIT_DONE && i < p->count; i++) {
		int error = spool(p, &p->servers[i], &r);

		if (error != 0) {
			fprintf(stderr,
				_("error: what is to be pushed cannot be put together: %s\n"),
				strerror(-error));
			status = EXIT_INCOMPLETE;
		}
	}
	int judged = r.judged;
	reading_done(&r);
	return status == EXIT_DONE ? judged : status;
}

/* ---- sending ---- */

static bool taken_before(struct pushing *p, const struct server *v, const char *key)
{
	struct store_reader r = { 0 };
	struct query *q = NULL;
	bool there = false, taken = false;

	if (p->options->again || store_open_read(p->from->store, &r) != STORE_OK)
		return false;
	if (db_has_table(r.db, "pushed", &there) >= 0 && there &&
	    query_new(r.db, "SELECT 1 FROM pushed WHERE site = ?1 AND target = ?2 AND key = ?3",
		      &q) == 0) {
		query_bind_text(q, 1, p->site);
		query_bind_text(q, 2, push_target(v->push));
		query_bind_text(q, 3, key);
		taken = query_step(q) == 1;
	}
	query_free(q);
	store_close_read(&r);
	return taken;
}

static void remember(struct pushing *p, const struct server *v, const char *key, uint64_t objects,
		     size_t bytes)
{
	struct store *s = NULL;
	char words[256] = "";

	if (p->options->no_record || p->recorded != EXIT_DONE)
		return;
	enum store_fault fault = store_open(p->from->store, &s);
	if (fault == STORE_OK) {
		store_pushed(s, &(struct pushed_row){ .site = p->site,
						      .target = push_target(v->push),
						      .key = key,
						      .at = time(NULL),
						      .scan = p->scan,
						      .objects = objects,
						      .bytes = bytes });
		store_commit(s);
		fault = store_error(s);
		snprintf(words, sizeof(words), "%s", store_error_text(s));
	}
	store_close(s);
	/* It was taken; that it will be sent once more is harmless, and is said once. */
	if (fault != STORE_OK)
		p->recorded = writing_message(p->from->store, fault, words);
}

/* False: nothing more is to be sent to this server. */
static bool send_batch(struct pushing *p, struct server *v, const char *body, size_t n,
		       uint64_t objects, uint64_t number)
{
	char key[DIGEST_TEXT], run[64], batch[64], words[PUSH_WORDS];
	const char *heads[] = { run, batch, NULL };

	if (!digest_bytes(body, n, key))
		return false;
	if (taken_before(p, v, key)) {
		v->before++;
		return true;
	}
	snprintf(run, sizeof(run), "Tenken-Run: %.36s", p->run);
	snprintf(batch, sizeof(batch), "Tenken-Batch: %" PRIu64, number);
	if (push_send(v->push, body, n, key, heads, words) != PUSH_TAKEN) {
		fprintf(stderr, _("error: %s: batch %llu was not taken: "), push_target(v->push),
			(unsigned long long)number);
		put_line(stderr, words);
		putc('\n', stderr);
		v->failed = true;
		return false;
	}
	v->taken++;
	v->objects += objects;
	remember(p, v, key, objects, n);
	return true;
}

/* Lines up to a batch's limits; one line may be longer than a batch. */
static void send_lines(struct pushing *p, struct server *v)
{
	char *batch = malloc(BODY_MOST + 1), *line = NULL;
	size_t used = 0, room = 0;
	uint64_t objects = 0, number = 0;
	ssize_t n;
	bool good = batch != NULL;

	while (good && (n = getline(&line, &room, v->spool)) > 0) {
		if ((size_t)n > BODY_MOST) {
			fprintf(stderr, _("error: %s: one object is larger than %d MiB\n"),
				push_target(v->push), BODY_MOST >> 20);
			v->failed = true;
			break;
		}
		if (objects == BATCH_LINES || (objects > 0 && used + (size_t)n > BATCH_BYTES)) {
			good = send_batch(p, v, batch, used, objects, ++number);
			used = 0;
			objects = 0;
		}
		memcpy(batch + used, line, (size_t)n);
		used += (size_t)n;
		objects++;
	}
	if (good && !v->failed && objects > 0)
		good = send_batch(p, v, batch, used, objects, ++number);
	v->failed = v->failed || !good;
	free(line);
	free(batch);
}

static void send_document(struct pushing *p, struct server *v)
{
	char *body = malloc(BODY_MOST + 1);
	size_t n = body != NULL ? fread(body, 1, BODY_MOST + 1, v->spool) : 0;

	if (n > BODY_MOST)
		fprintf(stderr, _("error: %s: the document is larger than %d MiB: push ndjson\n"),
			push_target(v->push), BODY_MOST >> 20);
	v->failed = n == 0 || n > BODY_MOST || !send_batch(p, v, body, n, 1, 1);
	free(body);
}

static int send_all(struct pushing *p)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < p->count; i++) {
		struct server *v = &p->servers[i];

		if (v->format->lines)
			send_lines(p, v);
		else
			send_document(p, v);
		fprintf(stderr,
			_("%s: %llu objects in %llu batches taken, %llu batches were there "
			  "already\n"),
			push_target(v->push), (unsigned long long)v->objects,
			(unsigned long long)v->taken, (unsigned long long)v->before);
		if (v->failed)
			status = EXIT_INCOMPLETE;
	}
	return status != EXIT_DONE ? status : p->recorded;
}

int export_push(const struct push_options *o, const struct push_source *from,
		const struct site *site)
{
	struct pushing p = { .options = o, .from = from };
	int status = prepare(&p, site);

	if (status == EXIT_DONE && !o->no_record)
		status = tickets_check_store(from->store);
	if (status == EXIT_DONE)
		status = make_spools(&p);
	if (status == EXIT_DONE)
		status = send_all(&p);
	for (size_t i = 0; i < p.count; i++) {
		struct server *v = &p.servers[i];

		push_close(v->push);
		if (v->spool != NULL)
			fclose(v->spool);
		if (v->secret != NULL)
			explicit_bzero(v->secret, strlen(v->secret));
		free(v->secret);
	}
	free(p.trust);
	free(p.site);
	free(p.run);
	return status;
}
