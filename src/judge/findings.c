/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the checks and keeps what they found, with fingerprint, waiver and what is known of before. */
#include "judge/judged.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "codec/i18n.h"
#include "judge/arena.h"
#include "judge/helper.h"

static const char made_tables[] =
	"CREATE TEMP TABLE finding_now (fingerprint TEXT NOT NULL, check_id TEXT NOT NULL,"
	" severity TEXT NOT NULL, status TEXT NOT NULL, asset TEXT NOT NULL, address TEXT,"
	" port INTEGER, transport TEXT, zone TEXT, kind TEXT, vantage TEXT NOT NULL,"
	" detail TEXT NOT NULL, evidence TEXT, waiver TEXT, first_seen INTEGER NOT NULL,"
	" last_seen INTEGER NOT NULL, reopened INTEGER NOT NULL,"
	" inferred INTEGER NOT NULL, run INTEGER NOT NULL, carried INTEGER NOT NULL,"
	" measures TEXT, treatment TEXT, number INTEGER PRIMARY KEY);"
	/* Where it was found: one asset may have it at several of its addresses. */
	"CREATE TEMP TABLE finding_place (number INTEGER NOT NULL, address TEXT, zone TEXT, kind "
	"TEXT,"
	" UNIQUE (number, address));"
	"CREATE TEMP TABLE check_run (check_id TEXT PRIMARY KEY, severity TEXT NOT NULL,"
	" ran INTEGER NOT NULL, partial INTEGER NOT NULL, reason TEXT, hosts INTEGER NOT NULL,"
	" hosts_answering INTEGER NOT NULL, ports_planned INTEGER NOT NULL,"
	" services INTEGER NOT NULL, checked INTEGER NOT NULL, findings INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	/* reason: why it did not run. */
	"CREATE TEMP TABLE declared_check (check_id TEXT PRIMARY KEY, reason TEXT) WITHOUT ROWID";

/* Once most of them are there, which is quicker than row by row. Each fingerprint is there once already. */
static const char made_indexes[] =
	"CREATE UNIQUE INDEX temp.finding_now_fingerprint ON finding_now (fingerprint);"
	"CREATE INDEX temp.finding_now_check ON finding_now (check_id)";

int fingerprint_make(const char *site, const char *check, const char *asset, const char *transport,
		     unsigned port, const char *detail, char out[static FINGERPRINT_TEXT])
{
	char number[16] = "";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (port != 0)
		snprintf(number, sizeof(number), "%u", port);
	const char *parts[] = { site,   check, asset, transport != NULL ? transport : "",
				number, detail };
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; ok && i < countof(parts); i++) {
		if (i > 0)
			ok = EVP_DigestUpdate(md, "\x1f", 1) == 1;
		ok = ok && EVP_DigestUpdate(md, parts[i], strlen(parts[i])) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(md, digest, &length) == 1 && length == 32;
	EVP_MD_CTX_free(md);
	if (!ok)
		return -EIO;
	static const char digits[] = "0123456789abcdef";
	memcpy(out, "fp1:", 4);
	for (size_t i = 0; i < 16; i++) {
		out[4 + 2 * i] = digits[digest[i] >> 4];
		out[5 + 2 * i] = digits[digest[i] & 15];
	}
	out[4 + 32] = '\0';
	return 0;
}

/* ---- keeping them ---- */

struct keeper {
	struct query *filed, *insert, *place, *number, *observed, *support, *origin;
	struct query *before; /* NULL: there is none to be found */
	/* Of the judged run, where nothing may be known from listening alone. */
	bool told;
	int64_t told_run, told_end;
	const char *told_vantage;
};

static void keeper_done(struct keeper *k)
{
	query_free(k->filed);
	query_free(k->before);
	query_free(k->insert);
	query_free(k->place);
	query_free(k->number);
	query_free(k->observed);
	query_free(k->support);
	query_free(k->origin);
}

/* The run whose evidence a finding is (?1; 0: it does not say): its vantage and when it ended. */
static const char origin_told[] =
	"SELECT r.id, r.vantage, coalesce(r.finished, r.started) FROM temp.judged_run r"
	" WHERE r.id = coalesce(nullif(?1, 0), (SELECT coalesce(scan, id) FROM temp.judged))";
/* The same, where something may be known from listening alone: ?2 address, ?3 port, ?4 transport. */
static const char origin_heard[] =
	"SELECT r.id, r.vantage, coalesce(r.finished, r.started) FROM temp.judged_run r"
	" WHERE r.id = coalesce(nullif(?1, 0),"
	"  (SELECT s.run FROM temp.service s WHERE s.address = ?2 AND s.port = ?3"
	"    AND s.transport = ?4 AND s.source = 'listen'),"
	"  (SELECT x.run FROM temp.heard_asset x JOIN temp.host h ON h.address = x.address"
	"    WHERE x.address = ?2 AND h.scanned = 0),"
	"  (SELECT coalesce(scan, id) FROM temp.judged))";

static int ask_told(struct judged *j, struct keeper *k)
{
	query_bind_int(k->origin, 1, 0);
	int r = query_step(k->origin);

	if (r == 1) {
		k->told = true;
		k->told_run = query_int(k->origin, 0);
		k->told_end = query_int(k->origin, 2);
		k->told_vantage = arena_text(j->arena, query_text(k->origin, 1));
		r = k->told_vantage == NULL ? -ENOMEM : 0;
	}
	query_reset(k->origin);
	return r;
}

#define INSERT_FINDING                                                          \
	"INSERT INTO temp.finding_now VALUES"                                   \
	" (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, 0," \
	"  NULL, NULL, NULL)"
/* With one that was carried over: the worst of its places. */
#define ON_CONFLICT                                                             \
	" ON CONFLICT (fingerprint) DO UPDATE SET severity = excluded.severity" \
	" WHERE instr('info,low,medium,high,critical', excluded.severity)"      \
	"  > instr('info,low,medium,high,critical', finding_now.severity)"

static int keeper_init(struct judged *j, struct keeper *k)
{
	int64_t findings = 0;
	int r = query_new(j->db, "SELECT min(filed) FROM temp.asset_key WHERE key = ?", &k->filed);

	if (r >= 0)
		r = db_number(j->db, "SELECT EXISTS (SELECT 1 FROM main.finding)", 0, &findings);
	if (r >= 0 && findings > 0)
		r = query_new(j->db,
			      "SELECT min(first_seen, ?2),"
			      " reopened + (status = 'fixed' AND coalesce(fixed_at, 0) < ?2)"
			      " FROM main.finding WHERE fingerprint = ?1",
			      &k->before);
	if (r >= 0)
		r = query_new(j->db, j->heard ? origin_heard : origin_told, &k->origin);
	/* The conversations with this port, else all with this host, else what the sweep saw of it. */
	if (r >= 0)
		r = query_new(
			j->db,
			"SELECT max((SELECT started FROM temp.judged), min(?4, coalesce("
			"  (SELECT max(finished_ms) FROM temp.evidence WHERE address = ?1"
			"    AND port = ?2 AND transport = ?3),"
			"  iif(?2 = 0, (SELECT max(finished_ms) FROM temp.evidence WHERE address ="
			"   ?1), NULL),"
			"  (SELECT last_ms FROM temp.host WHERE address = ?5)) / 1000))",
			&k->observed);
	if (r >= 0)
		r = query_new(
			j->db,
			"SELECT json_object('protocol', protocol, 'tls', json(iif(tls, 'true', "
			"'false')),"
			"  'product', product, 'version', version, 'documents',"
			"  (SELECT json_group_object(e.probe, json(e.document)) FROM temp.evidence "
			"AS e"
			"   WHERE e.address = ?1 AND e.port = ?2 AND e.transport = ?3"
			"    AND e.ending = 'done' AND json_valid(e.document)"
			"    AND length(e.document) <= 1024))"
			" FROM temp.service WHERE address = ?1 AND port = ?2 AND transport = ?3",
			&k->support);
	if (r >= 0)
		r = query_new(j->db,
			      j->findings_indexed ? INSERT_FINDING ON_CONFLICT : INSERT_FINDING,
			      &k->insert);
	if (r >= 0)
		r = query_new(j->db, "INSERT OR IGNORE INTO temp.finding_place VALUES (?, ?, ?, ?)",
			      &k->place);
	if (r >= 0)
		r = query_new(j->db, "SELECT number FROM temp.finding_now WHERE fingerprint = ?",
			      &k->number);
	return r < 0 || j->heard ? r : ask_told(j, k);
}

/* Whose evidence it is, and when that was: what a sweep and its probes saw, by their conversations. */
struct origin {
	int64_t run, seen;
	const char *vantage; /* of the statement's row */
};

static int find_origin(struct judged *j, struct keeper *k, const struct row *row, ptrdiff_t host,
		       const char *place, struct origin *ret)
{
	int64_t end = k->told_end;
	int r = 0;

	*ret = (struct origin){ .run = k->told_run, .seen = j->now, .vantage = k->told_vantage };
	if (!k->told || row->run != 0) {
		*ret = (struct origin){ .run = j->scan, .seen = j->now, .vantage = j->vantage };
		query_bind_int(k->origin, 1, row->run);
		if (j->heard) {
			query_bind_text(k->origin, 2, row->address);
			query_bind_int(k->origin, 3, row->port);
			query_bind_text(k->origin, 4, row->transport);
		}
		r = query_step(k->origin);
		if (r == 1) {
			ret->run = query_int(k->origin, 0);
			ret->vantage = query_text(k->origin, 1);
			end = query_int(k->origin, 2);
		}
	}
	if (r >= 0 && ret->run != j->primary) {
		ret->seen = row->seen != 0 ? row->seen : end;
		if (ret->seen > j->now)
			ret->seen = j->now;
		return 0;
	}
	ptrdiff_t service =
		host >= 0 && row->port != 0 && row->transport != NULL && place == row->address
			? judged_service_find(j, (size_t)host, row->port,
					      strcmp(row->transport, "udp") == 0)
			: -1;
	int64_t talked_ms =
		service >= 0 ? j->services[service].talked_ms
		: host >= 0 && row->port == 0 && j->talked_known && place == row->address
			? j->hosts[host].talked_ms
			: 0;
	if (r >= 0 && talked_ms > 0) {
		int64_t seen = talked_ms / 1000;

		ret->seen = seen > j->now ? j->now : seen < j->started ? j->started : seen;
		return 0;
	}
	if (r >= 0) {
		query_bind_text(k->observed, 1, row->address);
		query_bind_int(k->observed, 2, row->port);
		query_bind_text(k->observed, 3, row->transport);
		query_bind_int(k->observed, 4, j->now);
		query_bind_text(k->observed, 5, place);
		r = query_step(k->observed);
	}
	if (r == 1 && !query_null(k->observed, 0))
		ret->seen = query_int(k->observed, 0);
	return r;
}

static int find_number(struct keeper *k, const char *fingerprint, int64_t *ret)
{
	query_bind_text(k->number, 1, fingerprint);
	int r = query_step(k->number);

	if (r == 1)
		*ret = query_int(k->number, 0);
	query_reset(k->number);
	return r;
}

/* Where a row lies. An address where nothing answered may stand in the row of a range. */
struct spot {
	ptrdiff_t host; /* -1: none of the scan */
	bool alone;     /* the host is the address itself */
	const char *place, *zone, *kind;
};

static struct spot spot_of(const struct judged *j, const struct row *row)
{
	ptrdiff_t host = judged_host_find(j, row->address);
	const struct judged_host *h = host >= 0 ? &j->hosts[host] : NULL;
	bool alone = h != NULL && strcmp(h->address, row->address) == 0;

	return (struct spot){ .host = host,
			      .alone = alone,
			      .place = h != NULL && !alone ? h->address : row->address,
			      .zone = h != NULL ? j->words[h->zone].text : NULL,
			      .kind = h != NULL ? j->words[h->kind].text : NULL };
}

/* A row among those of its check: one asset may have a finding at several of its addresses. */
struct found {
	char fingerprint[FINGERPRINT_TEXT];
	const char *key;
	struct found *first; /* the first one of this fingerprint; its own, where it is that */
	enum severity worst; /* of all of them, with the first one */
	int64_t number;      /* with the first one, once it is kept */
};

static int name_row(struct judged *j, struct keeper *k, const struct check *check,
		    const struct row *row, struct found *ret)
{
	const struct spot spot = spot_of(j, row);
	const char *key = row->asset, *filed = NULL;
	int r = 0;

	if (key == NULL && spot.alone) {
		key = j->hosts[spot.host].key;
		filed = j->hosts[spot.host].filed;
	}
	if (key == NULL)
		key = row->address;
	if (row->asset != NULL) {
		query_bind_text(k->filed, 1, key);
		r = query_step(k->filed);
		filed = query_text(k->filed, 0);
	}
	*ret = (struct found){ .key = key, .first = ret, .worst = row->severity };
	if (r >= 0)
		r = fingerprint_make(j->site, check->id, filed != NULL ? filed : key,
				     row->transport, (unsigned)row->port, row->detail,
				     ret->fingerprint);
	query_reset(k->filed);
	return r;
}

static int by_fingerprint(const void *a, const void *b)
{
	const struct found *x = *(struct found *const *)a, *y = *(struct found *const *)b;
	int order = strcmp(x->fingerprint, y->fingerprint);

	return order != 0 ? order : (x > y) - (x < y);
}

/* Which of them are the same. */
static int join_rows(struct found *found, size_t count)
{
	struct found **order = calloc(count, sizeof(struct found *));

	if (order == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		order[i] = &found[i];
	qsort((void *)order, count, sizeof(struct found *), by_fingerprint);
	for (size_t i = 1; i < count; i++) {
		struct found *first = order[i - 1]->first;

		if (strcmp(first->fingerprint, order[i]->fingerprint) != 0)
			continue;
		order[i]->first = first;
		if (order[i]->worst > first->worst)
			first->worst = order[i]->worst;
	}
	free((void *)order);
	return 0;
}

static int keep_place(struct keeper *k, const struct row *row, const struct spot *spot,
		      int64_t number)
{
	query_bind_int(k->place, 1, number);
	query_bind_text(k->place, 2, row->address);
	query_bind_text(k->place, 3, spot->zone);
	query_bind_text(k->place, 4, spot->kind);
	return query_run(k->place);
}

/* What supports a grave finding that brings nothing itself: it is never without. The text is the row's of the
 * statement. */
static int find_support(struct keeper *k, const struct check *check, const struct row *row,
			const char **ret)
{
	*ret = row->evidence;
	if (row->evidence != NULL ||
	    (row->severity < SEVERITY_HIGH && check->severity < SEVERITY_HIGH))
		return 0;
	query_bind_text(k->support, 1, row->address);
	query_bind_int(k->support, 2, row->port);
	query_bind_text(k->support, 3, row->transport);
	int r = query_step(k->support);
	if (r == 1)
		*ret = query_text(k->support, 0);
	return r;
}

static int keep_row(struct judged *j, struct keeper *k, const struct check *check,
		    const struct row *row, struct found *found)
{
	const struct spot spot = spot_of(j, row);
	struct origin o = { 0 };
	const char *evidence = NULL;
	int64_t first_seen, reopened = 0;

	if (found->first != found) /* it has another place only */
		return keep_place(k, row, &spot, found->first->number);
	int r = find_origin(j, k, row, spot.host, spot.place, &o);
	if (r >= 0)
		r = find_support(k, check, row, &evidence);
	first_seen = o.seen;
	if (r >= 0 && k->before != NULL) {
		query_bind_text(k->before, 1, found->fingerprint);
		query_bind_int(k->before, 2, o.seen);
		r = query_step(k->before);
		if (r == 1) {
			first_seen = query_int(k->before, 0);
			reopened = query_int(k->before, 1);
		}
	}
	if (r >= 0) {
		const char *const texts[] = { found->fingerprint, check->id,
					      severity_word(found->worst), found->key,
					      row->address };

		for (size_t i = 0; i < countof(texts); i++)
			query_bind_text(k->insert, (int)i + 1, texts[i]);
		if (row->port != 0)
			query_bind_int(k->insert, 6, row->port);
		query_bind_text(k->insert, 7, row->transport);
		query_bind_text(k->insert, 8, spot.zone);
		query_bind_text(k->insert, 9, spot.kind);
		query_bind_text(k->insert, 10, o.vantage);
		query_bind_text(k->insert, 11, row->detail);
		query_bind_text(k->insert, 12, evidence);
		query_bind_int(k->insert, 13, first_seen);
		query_bind_int(k->insert, 14, o.seen);
		query_bind_int(k->insert, 15, reopened);
		query_bind_int(k->insert, 16, row->inferred);
		query_bind_int(k->insert, 17, o.run);
		r = query_insert(k->insert, &found->number);
	}
	if (r >= 0 && found->number == 0) {
		r = find_number(k, found->fingerprint, &found->number);
		if (r >= 0)
			r = keep_place(k, row, &spot, found->number);
	}
	query_reset(k->origin);
	query_reset(k->observed);
	query_reset(k->support);
	if (k->before != NULL)
		query_reset(k->before);
	return r;
}

/* In one transaction: a commit for each row looks at all pages again. The check's own SQL must not run in one,
 * since what fails for want of memory takes it back. */
static int keep_rows(struct judged *j, struct keeper *k, const struct check *check,
		     const struct rows *rows)
{
	struct found *found = calloc(rows->count, sizeof(*found));
	int64_t before = 0;
	int r = found != NULL ? db_exec(j->db, "SAVEPOINT keep_rows") : -ENOMEM;
	bool open = r >= 0;

	if (r >= 0)
		r = keeper_init(j, k);
	if (r >= 0)
		r = db_number(j->db, "SELECT max(number) FROM temp.finding_now", 0, &before);
	for (size_t i = 0; r >= 0 && i < rows->count; i++)
		r = name_row(j, k, check, &rows->list[i], &found[i]);
	if (r >= 0)
		r = join_rows(found, rows->count);
	for (size_t i = 0; r >= 0 && i < rows->count; i++)
		r = keep_row(j, k, check, &rows->list[i], &found[i]);
	/* The first place of each stands with it. */
	if (r >= 0)
		r = db_execf(
			j->db,
			"INSERT OR IGNORE INTO temp.finding_place SELECT number, address, zone,"
			" kind FROM temp.finding_now WHERE number > %lld",
			(long long)before);
	int ended = open ? db_exec(j->db, "RELEASE keep_rows") : 0;
	free(found);
	return r < 0 ? r : ended;
}

/* Ours mean it so; whoever wrote another must not take what fell out for a clean result. */
static void tell_nowhere(struct judged *j, const struct check *check, const struct rows *rows,
			 struct check_state *state)
{
	if (!check->own || rows->nowhere == 0)
		return;
	if (j->options.complaints != NULL)
		complain(j->options.complaints, check->file, check->sql_line,
			 _("check '%s': rows whose columns 'address' and 'asset' are both empty "
			   "are no findings: %zu"),
			 check->id, rows->nowhere);
	if (rows->count == 0)
		state->reason = "error in the check";
}

/* 0 also where the check's own SQL failed: that is a complaint and its state's reason. */
static int run_check(struct judged *j, size_t place)
{
	const struct check *check = &j->catalogue->checks[place];
	struct check_state *state = &j->states[place];
	struct keeper keeper = { 0 };
	struct rows rows;
	int r = helper_rows(j->helper, j, place, &rows);

	if (r >= 0 && rows.wrong != NULL) {
		if (j->options.complaints != NULL)
			complain(j->options.complaints, check->file, check->sql_line,
				 _("check '%s': %s"), check->id, rows.wrong);
		state->reason = "error in the check";
	} else if (r >= 0) {
		tell_nowhere(j, check, &rows, state);
		if (rows.count > 0)
			r = keep_rows(j, &keeper, check, &rows);
	}
	keeper_done(&keeper);
	rows_done(&rows);
	return r < 0 ? r : 0;
}

/* ---- what ran ---- */

/* The reason met most often among hosts and services; NULL: everything ran. */
static const char *main_reason(const struct judged *j, const struct cover *v)
{
	size_t best = 0;
	size_t *counts = calloc(j->reason_count, sizeof(*counts));

	if (counts == NULL)
		return j->reasons[0]; /* out of memory */
	for (size_t i = 0; i < j->host_count; i++)
		if (v->host[i] >= SUBJECT_REASON)
			counts[v->host[i] - SUBJECT_REASON] += (size_t)j->hosts[i].count;
	for (size_t i = 0; i < j->service_count; i++)
		if (v->service[i] >= SUBJECT_REASON)
			counts[v->service[i] - SUBJECT_REASON]++;
	for (size_t n = 1; n < j->reason_count; n++)
		if (counts[n] > counts[best])
			best = n;
	const char *reason = counts[best] > 0 ? j->reasons[best] : NULL;
	free(counts);
	return reason;
}

static int note_run(struct judged *j, struct query *q, const struct check *check,
		    const struct check_state *state)
{
	const struct cover *const covers[] = { state->cover };
	struct coverage c = coverage_of(j, covers, state->reason == NULL ? 1 : 0, NULL);
	const char *reason = state->reason;
	bool ran = reason == NULL, partial = false;

	if (ran && (reason = main_reason(j, state->cover)) != NULL) {
		/* What it found it found, also where it could not look at everything. */
		ran = c.checked > 0 || state->finding_count > 0;
		partial = ran;
	} else if (ran && state->cover->unseen != NULL && c.checked == 0) {
		reason = state->cover->unseen;
		ran = false;
	}
	query_bind_text(q, 1, check->id);
	query_bind_text(q, 2, severity_word(check->severity));
	query_bind_int(q, 3, ran);
	query_bind_int(q, 4, partial);
	query_bind_text(q, 5, reason);
	query_bind_int(q, 6, c.hosts);
	query_bind_int(q, 7, c.answering);
	query_bind_int(q, 8, c.planned);
	query_bind_int(q, 9, c.services);
	query_bind_int(q, 10, c.checked);
	query_bind_int(q, 11, (int64_t)state->finding_count);
	return query_run(q);
}

/* The places of a finding stand together, in the order in which when_sql() asks. */
static int load_findings(struct judged *j)
{
	struct query *q = NULL;
	const struct judged_finding *last = NULL;
	int64_t count = 0, places = 0;
	int r = db_number(j->db, "SELECT count(*) FROM temp.finding_now", 0, &count);

	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.finding_place", 0, &places);
	if (r < 0)
		return r;
	j->findings = arena_array(j->arena, (size_t)count, sizeof(*j->findings));
	j->places = arena_array(j->arena, (size_t)places, sizeof(*j->places));
	if (j->findings == NULL || j->places == NULL)
		return -ENOMEM;
	r = query_new(j->db,
		      "SELECT n.fingerprint, n.check_id, p.address, n.status = 'open', n.inferred, "
		      "n.number"
		      " FROM temp.finding_now AS n JOIN temp.finding_place AS p USING (number)"
		      " ORDER BY n.check_id, n.number, p.address",
		      &q);
	for (size_t check = 0; r >= 0 && (r = query_step(q)) == 1;) {
		struct judged_finding *f = &j->findings[j->finding_count];

		j->places[j->place_count++] = judged_host_find(j, query_text(q, 2));
		if (last != NULL && last->number == query_int(q, 5)) {
			f[-1].place_count++;
			continue;
		}
		while (strcmp(j->catalogue->checks[check].id, query_text(q, 1)) != 0)
			check++;
		struct check_state *state = &j->states[check];
		if (state->finding_count++ == 0)
			state->first_finding = j->finding_count;
		f->check = j->catalogue->checks[check].id;
		f->fingerprint = arena_text(j->arena, query_text(q, 0));
		f->first_place = j->place_count - 1;
		f->place_count = 1;
		f->open = query_int(q, 3) != 0;
		f->inferred = query_int(q, 4) != 0;
		f->number = query_int(q, 5);
		if (f->fingerprint == NULL)
			r = -ENOMEM;
		last = f;
		j->finding_count++;
	}
	query_free(q);
	return r;
}

int findings_tables(struct db *db)
{
	return db_exec(db, made_tables);
}

static bool is_declared(const struct check *check)
{
	for (size_t i = 0; i < check->needs.count; i++)
		if (strcmp(check->needs.list[i], "declared") == 0)
			return true;
	return false;
}

int findings_declared(struct judged *j)
{
	const struct catalogue *c = j->catalogue;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < c->check_count; i++) {
		if (!is_declared(&c->checks[i]))
			continue;
		if (j->states[i].reason == NULL)
			r = run_check(j, i);
		if (r >= 0 && j->states[i].reason != NULL)
			r = db_execf(j->db,
				     "UPDATE temp.declared_check SET reason = %Q WHERE check_id ="
				     " %Q",
				     j->states[i].reason, c->checks[i].id);
	}
	return r;
}

static int findings_indexes(struct judged *j)
{
	j->findings_indexed = true;
	return db_exec(j->db, made_indexes);
}

int findings_make(struct judged *j)
{
	const struct catalogue *c = j->catalogue;
	int r = findings_tables(j->db);

	j->covers = arena_array(j->arena, c->check_count, sizeof(struct cover *));
	j->states = arena_array(j->arena, c->check_count, sizeof(*j->states));
	if (j->covers == NULL || j->states == NULL)
		return -ENOMEM;
	for (size_t i = 0; r >= 0 && i < c->check_count; i++) {
		struct check_state *state = &j->states[i];

		state->cover = cover_for(j, &c->checks[i], &r);
		if (state->cover == NULL)
			break;
		state->reason = state->cover->reason;
		if (state->reason == NULL && c->checks[i].sql == NULL)
			state->reason = "no evidence yet";
		if (is_declared(&c->checks[i]))
			r = db_execf(j->db, "INSERT INTO temp.declared_check VALUES (%Q, NULL)",
				     c->checks[i].id);
		else if (state->reason == NULL)
			helper_offer(j->helper, i);
	}
	helper_all(j->helper);
	for (size_t i = 0; r >= 0 && i < c->check_count; i++)
		if (j->states[i].reason == NULL && !is_declared(&c->checks[i]))
			r = run_check(j, i);
	return r < 0 ? r : findings_indexes(j);
}

int findings_end(struct judged *j)
{
	const struct catalogue *c = j->catalogue;
	struct query *q = NULL;
	int r = load_findings(j);

	if (r >= 0)
		r = query_new(j->db,
			      "INSERT INTO temp.check_run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			      &q);
	for (size_t i = 0; r >= 0 && i < c->check_count; i++)
		r = note_run(j, q, &c->checks[i], &j->states[i]);
	query_free(q);
	return r;
}
