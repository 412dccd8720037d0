/* SPDX-License-Identifier: Apache-2.0 */
#include "report/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/members.h"

struct query *facts_ask(struct facts *f, const char *sql)
{
	struct query *q = NULL;

	if (f->error == 0 && query_new(f->db, sql, &q) < 0)
		f->error = -EIO;
	return q;
}

bool facts_next(struct facts *f, struct query *q)
{
	if (f->error != 0 || q == NULL)
		return false;
	int r = query_step(q);
	if (r < 0)
		f->error = -EIO;
	return r > 0;
}

struct host_rows facts_ask_by_host(struct facts *f, const char *sql)
{
	return (struct host_rows){ .q = facts_ask(f, sql), .taken = true, .there = true };
}

bool facts_next_of_host(struct facts *f, struct host_rows *rows, int64_t position)
{
	if (rows->taken)
		rows->there = rows->there && facts_next(f, rows->q);
	while (rows->there && query_int(rows->q, 0) < position)
		rows->there = facts_next(f, rows->q);
	rows->taken = rows->there && query_int(rows->q, 0) == position;
	return rows->taken;
}

int64_t facts_count(struct facts *f, const char *sql)
{
	struct query *q = facts_ask(f, sql);
	int64_t n = facts_next(f, q) ? query_int(q, 0) : 0;

	query_free(q);
	return n;
}

bool facts_guideline(struct facts *f, size_t i, struct facts_guideline *ret)
{
	if (f->catalogue == NULL || i >= f->catalogue->guideline_count)
		return false;
	*ret = (struct facts_guideline){ .guideline = &f->catalogue->guidelines[i] };
	struct query *q =
		facts_ask(f, "SELECT count(*), max(mandatory) FROM verdict WHERE guideline = ?1");

	if (q != NULL && query_bind_text(q, 1, ret->guideline->id) < 0)
		f->error = -EIO;
	if (facts_next(f, q)) {
		ret->items = query_int(q, 0);
		ret->mandatory = query_int(q, 1) != 0;
	}
	query_free(q);
	return true;
}

struct facts_hosts facts_hosts(struct facts *f)
{
	return (struct facts_hosts){
		.answering = facts_count(f, "SELECT count(*) FROM host WHERE scanned = 1 AND state "
					    "NOT IN ('silent', 'absent', 'skipped')"),
		.tried = facts_count(f, "SELECT sum(addresses) FROM host WHERE scanned = 1 AND "
					"state <> 'skipped'"),
		.heard = facts_count(f, "SELECT count(*) FROM host WHERE scanned = 0 AND heard = "
					"1"),
	};
}

const char *cell(struct query *q, const char *column)
{
	return query_text(q, query_column(q, column));
}

int64_t cell_int(struct query *q, const char *column)
{
	return query_int(q, query_column(q, column));
}

const char *bilingual_text(const struct bilingual *b, enum language l)
{
	const char *text = l == LANGUAGE_JA ? b->ja : b->en;
	const char *other = l == LANGUAGE_JA ? b->en : b->ja;

	return text != NULL && *text != '\0' ? text : other;
}

const struct check *facts_check(const struct facts *f, const char *id)
{
	return id != NULL && f->catalogue != NULL ? catalogue_check(f->catalogue, id) : NULL;
}

static json_t *plan_value(json_t *from, const char *path)
{
	while (from != NULL && *path != '\0') {
		char key[64];
		size_t n = strcspn(path, ".");

		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		from = json_object_get(from, key);
		path += n + (path[n] == '.');
	}
	return from;
}

const char *plan_text(const struct facts *f, const char *path)
{
	return json_string_value(plan_value(f->plan, path));
}

static int places_make(struct facts *f)
{
	return db_exec(
		f->db,
		"DROP TABLE IF EXISTS temp.report_place;"
		"CREATE TEMP TABLE report_place (position INTEGER PRIMARY KEY,"
		" address TEXT NOT NULL) STRICT;"
		"INSERT INTO temp.report_place (address)"
		" WITH shown AS (SELECT address FROM host"
		"  WHERE state NOT IN ('silent', 'absent', 'skipped')),"
		" found AS (SELECT address FROM finding_now UNION SELECT address FROM finding_gone)"
		" SELECT address FROM (SELECT address FROM shown UNION ALL SELECT address FROM "
		"found"
		"  WHERE address IS NOT NULL AND address NOT IN (SELECT address FROM shown))"
		" ORDER BY address_key(address), address;"
		"CREATE INDEX temp.report_place_address ON report_place (address)");
}

static bool copy(char **ret, const char *text)
{
	*ret = text != NULL ? strdup(text) : NULL;
	return text == NULL || *ret != NULL;
}

int facts_load(struct db *db, const struct catalogue *c, struct facts *ret)
{
	struct facts f = { .db = db, .catalogue = c };
	bool memory = true;

	struct query *q =
		facts_ask(&f, "SELECT * FROM main.scan WHERE id = (SELECT id FROM judged)");
	bool found = facts_next(&f, q);
	if (found) {
		f.id = cell_int(q, "id");
		f.started = cell_int(q, "started");
		f.finished = cell_int(q, "finished");
		const char *status = cell(q, "status");
		f.status = status != NULL && strcmp(status, "done") == 0 ? "done" : "incomplete";
		memory = copy(&f.kind, cell(q, "kind")) && copy(&f.uuid, cell(q, "uuid")) &&
			 copy(&f.site, cell(q, "site")) && copy(&f.vantage, cell(q, "vantage")) &&
			 copy(&f.vantage_zone, cell(q, "vantage_zone")) &&
			 copy(&f.profile, cell(q, "profile")) &&
			 copy(&f.version, cell(q, "version")) && copy(&f.reason, cell(q, "reason"));
		const char *plan = cell(q, "plan");
		f.plan = plan != NULL ? json_loads(plan, JSON_ALLOW_NUL, NULL) : NULL;
		if (!json_is_object(f.plan)) {
			json_decref(f.plan);
			f.plan = json_object();
		}
	}
	query_free(q);
	int r = f.error;
	if (r == 0 && !found)
		r = -ENOENT;
	if (r == 0 && (!memory || f.plan == NULL))
		r = -ENOMEM;
	if (r == 0)
		r = places_make(&f);
	*ret = f;
	return r;
}

void facts_done(struct facts *f)
{
	free(f->kind);
	free(f->uuid);
	free(f->site);
	free(f->vantage);
	free(f->vantage_zone);
	free(f->profile);
	free(f->version);
	free(f->reason);
	json_decref(f->plan);
	members_free(f->members);
	*f = (struct facts){ 0 };
}
