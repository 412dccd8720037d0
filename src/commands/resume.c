/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/resume.h"

#include <errno.h>
#include <jansson.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/file.h"
#include "codec/i18n.h"
#include "commands/commands.h"
#include "site/declare.h"
#include "store/db.h"
#include "talk/packets.h"
#include "talk/seam.h"

/* ---- keeping ---- */

/* A link-local address is kept with the index of its interface, which another start of the machine
 * may give to another one. */
static void put_interfaces(json_t *o, const struct ranges *set)
{
	for (size_t i = 0; i < set->count; i++) {
		char index[16], name[IF_NAMESIZE] = "";
		uint32_t scope = set->list[i].first.scope;

		if (scope == 0)
			continue;
		snprintf(index, sizeof(index), "%u", scope);
		json_object_set_new(o, index,
				    json_string(if_indextoname(scope, name) != NULL ? name : ""));
	}
}

static json_t *interfaces_json(const struct plan *p)
{
	json_t *o = json_object();

	put_interfaces(o, &p->targets);
	put_interfaces(o, &p->large);
	return o;
}

static json_t *list_json(const char *const *list, size_t count, bool files)
{
	json_t *a = json_array();

	for (size_t i = 0; i < count; i++) {
		char *whole = files ? realpath(list[i], NULL) : NULL;

		json_array_append_new(a, json_string(whole != NULL ? whole : list[i]));
		free(whole);
	}
	return a;
}

void resume_keep(struct store *store, const struct plan *plan, const char *const *profiles,
		 size_t profile_count, const char *const *checks, size_t check_count,
		 const struct resume_way *way)
{
	const struct site *s = &plan->site;
	json_t *o = json_object();
	char key[2 * sizeof(way->order_key) + 1];

	for (size_t i = 0; i < sizeof(way->order_key); i++)
		snprintf(key + 2 * i, 3, "%02x", way->order_key[i]);
	json_object_set_new(o, "order_key", json_string(key));
	json_object_set_new(o, "retries", json_integer(way->retries));
	json_object_set_new(o, "connect", json_boolean(way->connect));

	json_object_set_new(o, "profiles", list_json(profiles, profile_count, false));
	json_object_set_new(o, "checks", list_json(checks, check_count, true));
	json_object_set_new(o, "interfaces", interfaces_json(plan));
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text != NULL)
		store_resume_text(store, "options", text, strlen(text));
	free(text);
	if (s->text.text != NULL)
		store_resume_text(store, "site", s->text.text, s->text.length);
	if (s->ledger_text.text != NULL)
		store_resume_text(store, "ledger", s->ledger_text.text, s->ledger_text.length);
	if (s->trust.text != NULL)
		store_resume_text(store, "trust", s->trust.text, s->trust.length);
	if (s->answers_text.text != NULL)
		store_resume_text(store, "answers", s->answers_text.text, s->answers_text.length);
}

/* ---- finding ---- */

static bool take_list(const json_t *a, char ***list, size_t *count)
{
	for (size_t i = 0; i < json_array_size(a); i++) {
		const char *text = json_string_value(json_array_get(a, i));

		if (text == NULL || !texts_add(list, count, text))
			return false;
	}
	return true;
}

static bool take_way(const json_t *o, struct resume_way *ret)
{
	const char *key = json_string_value(json_object_get(o, "order_key"));
	const json_t *retries = json_object_get(o, "retries");
	size_t n = 0;

	if (key == NULL || !json_is_integer(retries) || json_integer_value(retries) < 0 ||
	    json_integer_value(retries) > PACKETS_RETRIES)
		return false;
	ret->retries = (unsigned)json_integer_value(retries);
	ret->connect = json_is_true(json_object_get(o, "connect"));
	while (n < sizeof(ret->order_key) && sscanf(key + 2 * n, "%2hhx", &ret->order_key[n]) == 1)
		n++;
	return n == sizeof(ret->order_key) && key[2 * n] == '\0';
}

static bool take_options(const char *text, struct resume *r, struct complaints *c)
{
	json_t *o = json_loads(text, 0, NULL);
	const char *index;
	json_t *name;
	bool good = o != NULL && take_way(o, &r->way) &&
		    take_list(json_object_get(o, "profiles"), &r->profiles, &r->profile_count) &&
		    take_list(json_object_get(o, "checks"), &r->checks, &r->check_count);

	json_object_foreach(json_object_get(o, "interfaces"), index, name)
	{
		const char *was = json_string_value(name);

		if (was != NULL && if_nametoindex(was) == strtoul(index, NULL, 10))
			continue;
		complain(c, NULL, 0,
			 _("interface '%s' of the scan's targets is not there as it was"),
			 was != NULL ? was : index);
		good = false;
	}
	json_decref(o);
	return good;
}

static bool take_text(const char *text, struct file_text *ret)
{
	ret->text = strdup(text);
	ret->length = strlen(text);
	return ret->text != NULL;
}

static int read_texts(struct db *db, struct resume *r, struct complaints *c)
{
	struct query *q = NULL;
	bool any = false,
	     good = query_new(db, "SELECT name, text FROM resume WHERE scan = ?", &q) == 0 &&
		    query_bind_int(q, 1, r->scan) == 0;
	size_t before = c->count;
	int step = 0;

	while (good && (step = query_step(q)) == 1) {
		const char *name = query_text(q, 0), *text = query_text(q, 1);

		if (text == NULL)
			text = "";
		if (strcmp(name, "options") == 0)
			any = good = take_options(text, r, c);
		else if (strcmp(name, "site") == 0)
			good = take_text(text, &r->kept.site);
		else if (strcmp(name, "ledger") == 0)
			good = take_text(text, &r->kept.ledger);
		else if (strcmp(name, "trust") == 0)
			good = take_text(text, &r->kept.trust);
		else if (strcmp(name, "answers") == 0)
			good = take_text(text, &r->kept.answers);
	}
	query_free(q);
	if (good && step == 0 && any)
		return EXIT_DONE;
	if (c->count == before)
		complain(c, NULL, 0, _("the store does not hold what going on needs: scan anew"));
	return EXIT_USAGE;
}

static int find(struct db *db, const char *path, struct resume *r, struct complaints *c)
{
	struct query *q = NULL;
	int step = query_new(db,
			     "SELECT id, status, reason, plan, (SELECT count(*) FROM remark m"
			     "  WHERE m.scan = scan.id AND m.kind = 'resumed') FROM scan"
			     " WHERE kind = 'scan' ORDER BY started DESC, id DESC LIMIT 1",
			     &q);

	if (step == 0)
		step = query_step(q);
	if (step < 0) {
		complain(c, path, 0, _("it is damaged or cannot be read"));
	} else if (step == 0) {
		complain(c, path, 0, _("holds no scan that could be resumed"));
	} else if (strcmp(query_text(q, 1), "done") == 0) {
		complain(c, path, 0, _("its newest scan is done: there is nothing to resume"));
	} else {
		r->scan = query_int(q, 0);
		r->reason = strdup(query_text(q, 2) != NULL ? query_text(q, 2) : "killed");
		r->kept.plan = strdup(query_text(q, 3));
		r->times = (unsigned)query_int(q, 4);
	}
	query_free(q);
	if (r->scan == 0)
		return step < 0 ? EXIT_INCOMPLETE : EXIT_USAGE;
	if (r->reason == NULL || r->kept.plan == NULL) {
		complain(c, NULL, 0, _("out of memory"));
		return EXIT_INCOMPLETE;
	}
	return read_texts(db, r, c);
}

int resume_find(struct store *store, const char *path, struct resume *ret, struct complaints *c)
{
	struct db *db;

	*ret = (struct resume){ 0 };
	if (db_borrow(store_db(store), &db) != 0) {
		complain(c, NULL, 0, _("out of memory"));
		return EXIT_INCOMPLETE;
	}
	int status = find(db, path, ret, c);
	db_free(db);
	return status;
}

void resume_done(struct resume *r)
{
	texts_done(&r->profiles, &r->profile_count);
	texts_done(&r->checks, &r->check_count);
	free((char *)(uintptr_t)r->kept.plan);
	free(r->kept.site.text);
	free(r->kept.ledger.text);
	free(r->kept.trust.text);
	free(r->kept.answers.text);
	free(r->reason);
	*r = (struct resume){ 0 };
}

static void note_change(const char *path, const struct file_text *was)
{
	struct complaints c = { 0 };
	size_t length = 0;
	char *text;

	if (path == NULL || was->text == NULL || strcmp(path, "-") == 0)
		return;
	text = file_read(path, LEDGER_BYTES_MAX, &length, &c);
	if (text == NULL || length != was->length || memcmp(text, was->text, length) != 0)
		fprintf(stderr,
			_("note: %s is not as it was when the scan began; what it said then "
			  "holds\n"),
			path);
	free(text);
	complaints_done(&c);
}

void resume_note_changes(const struct resume *r, const struct plan *plan)
{
	note_change(plan->site.path, &r->kept.site);
	note_change(plan->site.ledger_path, &r->kept.ledger);
	note_change(plan->site.answers_path, &r->kept.answers);
}

void resume_begin(struct store *store, const struct resume *r, int64_t now)
{
	char text[256], when[32] = "";
	time_t t = (time_t)now;
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	store_scan_resume(store, r->scan);
	/* Its form stands in report/words.c too. */
	snprintf(text, sizeof(text), "resumed at %s after an early end (%s), time %u", when,
		 r->reason, r->times + 1);
	store_remark(store, "resumed", NULL, text);
	store_commit(store);
}

/* ---- what was done ---- */

/* The sweep of host h is over for good. Without a route or an answer from the gateway nothing was sent,
 * so that is no end. Of a host that is left alone the row may be from before the end: the table ended
 * knows. */
#define SENT "coalesce(h.reason, '') NOT IN ('" GUARD_NO_ROUTE "', '" PACKETS_NO_GATEWAY "')"
#define OVER                                                                                \
	"(h.address IS NOT NULL AND (h.complete OR h.state = 'all-ports'"                   \
	" OR (h.state IN ('silent', 'absent') AND " SENT ")"                                \
	" OR (h.state = 'distress' AND EXISTS (SELECT 1 FROM ended n WHERE n.scan = h.scan" \
	"  AND n.address = h.address AND n.port = 0))))"

struct loading {
	struct resumed *to;
	size_t over_room, host_room, row_room;
};

static bool grow(void *list, size_t count, size_t *room, size_t size)
{
	void **at = list;

	if (count < *room)
		return true;
	size_t more = *room == 0 ? 256 : *room * 2;
	void *bigger = reallocarray(*at, more, size);
	if (bigger == NULL)
		return false;
	*at = bigger;
	*room = more;
	return true;
}

static struct resumed_host *new_host(struct loading *l, const struct addr *a)
{
	if (!grow(&l->to->hosts, l->to->host_count, &l->host_room, sizeof(*l->to->hosts)))
		return NULL;
	struct resumed_host *h = &l->to->hosts[l->to->host_count++];
	*h = (struct resumed_host){ .address = *a };
	return h;
}

static bool take_host(struct loading *l, struct query *q)
{
	const char *sign = query_text(q, 4), *mac = query_text(q, 5);
	bool over = query_int(q, 9) != 0, distress = strcmp(query_text(q, 2), "distress") == 0;
	struct addr a;

	if (addr_parse(query_text(q, 0), &a) != 0)
		return true;
	if (over) {
		if (!grow(&l->to->over, l->to->over_count, &l->over_room, sizeof(*l->to->over)))
			return false;
		l->to->over[l->to->over_count++] = a;
	} else {
		if (!grow(&l->to->rows, l->to->row_count, &l->row_room, sizeof(*l->to->rows)))
			return false;
		l->to->rows[l->to->row_count++] =
			(struct resumed_row){ .address = a, .heard = query_int(q, 11) != 0 };
	}
	/* Of most addresses of a large scan nothing else is to be said. */
	if (over && query_int(q, 10) == 0 && sign == NULL && mac == NULL && !distress)
		return true;
	struct resumed_host *h = new_host(l, &a);
	if (h == NULL)
		return false;
	h->over = over;
	h->general = query_int(q, 1) != 0;
	h->rtt_us = (uint32_t)query_int(q, 6);
	h->first_ms = query_int(q, 7);
	h->last_ms = query_int(q, 8);
	if (mac != NULL)
		snprintf(h->mac, sizeof(h->mac), "%s", mac);
	h->ot_sign = sign != NULL ? strdup(sign) : NULL;
	h->distress =
		distress ? strdup(query_text(q, 3) != NULL ? query_text(q, 3) : "distress") : NULL;
	return (sign == NULL || h->ot_sign != NULL) && (!distress || h->distress != NULL);
}

static bool take_quiet(struct loading *l, struct query *q)
{
	struct range r;

	/* Texts that are no addresses are not ours: those addresses are tried again. */
	if (addr_parse(query_text(q, 0), &r.first) != 0 ||
	    addr_parse(query_text(q, 1), &r.last) != 0)
		return true;
	return ranges_add(&l->to->quiet, &r) != -ENOMEM;
}

static bool take_distress(struct loading *l, struct query *q)
{
	struct resumed_host *h;
	struct addr a;

	if (query_text(q, 0) == NULL || addr_parse(query_text(q, 0), &a) != 0)
		return true;
	h = new_host(l, &a);
	if (h == NULL)
		return false;
	h->distress = strdup(query_text(q, 1));
	return h->distress != NULL;
}

static bool add_answer(struct resumed_host *h, uint16_t port, bool udp, enum port_state s,
		       unsigned no_host)
{
	size_t n = h->answer_count;

	if (h->tried == NULL)
		h->tried = calloc(1, sizeof(*h->tried));
	if (h->tried == NULL)
		return false;
	uint64_t *tried = udp ? h->tried->udp : h->tried->tcp;
	if (ports_has(tried, port))
		return true;
	/* A power of two: the list is full and doubles. */
	if ((n & (n - 1)) == 0) {
		struct resumed_answer *more =
			reallocarray(h->answers, n == 0 ? 1 : 2 * n, sizeof(*more));

		if (more == NULL)
			return false;
		h->answers = more;
	}
	h->answers[h->answer_count++] =
		(struct resumed_answer){ port, udp, (uint8_t)s,
					 (uint8_t)(no_host < 255 ? no_host : 255) };
	ports_put(tried, port);
	return true;
}

static bool state_of(const char *word, enum port_state *ret)
{
	static const char *const words[PORT_STATES] = { "open", "closed", "filtered", "silent" };

	for (int i = 0; i < PORT_STATES; i++)
		if (strcmp(words[i], word) == 0) {
			*ret = (enum port_state)i;
			return true;
		}
	return false;
}

struct answers {
	struct loading *loading;
	struct store *store;
	const struct plan *plan;
	size_t at; /* the host under way */
	char address[ADDR_TEXT];
	bool answered;
};

/* The journal comes by host, in the order of the answers. */
static bool take_answer(struct answers *s, struct query *q)
{
	struct loading *l = s->loading;
	const char *address = query_text(q, 0);
	uint16_t port = (uint16_t)query_int(q, 1);
	enum port_state state;
	struct addr a;

	if (addr_parse(address, &a) != 0 || !state_of(query_text(q, 2), &state))
		return true;
	if (strcmp(address, s->address) != 0) {
		struct resumed_host *h = new_host(l, &a);

		if (h == NULL)
			return false;
		snprintf(s->address, sizeof(s->address), "%s", address);
		s->at = l->to->host_count - 1;
		s->answered = false;
		h->first_ms = query_int(q, 5);
	}
	struct resumed_host *h = &l->to->hosts[s->at];
	if (query_int(q, 6) > h->last_ms)
		h->last_ms = query_int(q, 6);
	bool udp = query_int(q, 8) != 0;
	s->answered |= !udp && (state == PORT_OPEN || state == PORT_CLOSED);
	/* As engine_take_port() does; the last second before a kill is in the journal only. */
	if (query_int(q, 7) == 0 &&
	    (state == PORT_OPEN || (state == PORT_FILTERED && s->answered))) {
		const struct port_entry *e = port_list_find(&s->plan->port_list, port, udp);
		const struct zone *z = site_zone(&s->plan->site, &a);
		bool speak = s->plan->risk >= SITE_READ && (z == NULL || z->risk >= SITE_READ);

		store_service(s->store, address, port, udp ? "udp" : "tcp", query_text(q, 2),
			      query_text(q, 4), e != NULL ? e->name : NULL,
			      speak || state != PORT_OPEN ? NULL : "not allowed");
		if (udp && state == PORT_OPEN)
			store_service_spoken(s->store, address, port, "udp",
					     e != NULL ? e->name : NULL, false, "port", NULL);
	}
	return add_answer(h, port, udp, state, (unsigned)query_int(q, 3));
}

static int by_host(const void *a, const void *b)
{
	return addr_compare(&((const struct resumed_host *)a)->address,
			    &((const struct resumed_host *)b)->address);
}

static int by_addr(const void *a, const void *b)
{
	return addr_compare(a, b);
}

static int by_row(const void *a, const void *b)
{
	return addr_compare(&((const struct resumed_row *)a)->address,
			    &((const struct resumed_row *)b)->address);
}

/* What is known of one host from several places becomes one entry. */
static void merge(struct resumed_host *into, struct resumed_host *from)
{
	into->over |= from->over;
	into->general |= from->general;
	if (into->rtt_us == 0)
		into->rtt_us = from->rtt_us;
	if (into->first_ms == 0 || (from->first_ms != 0 && from->first_ms < into->first_ms))
		into->first_ms = from->first_ms;
	if (from->last_ms > into->last_ms)
		into->last_ms = from->last_ms;
	if (into->mac[0] == '\0')
		memcpy(into->mac, from->mac, sizeof(into->mac));
	if (into->distress == NULL) {
		into->distress = from->distress;
		from->distress = NULL;
	}
	if (into->ot_sign == NULL) {
		into->ot_sign = from->ot_sign;
		from->ot_sign = NULL;
	}
	if (into->answer_count == 0) {
		free(into->answers);
		free(into->tried);
		into->answers = from->answers;
		into->answer_count = from->answer_count;
		into->tried = from->tried;
		from->answers = NULL;
		from->tried = NULL;
	}
	free(from->distress);
	free(from->ot_sign);
	free(from->answers);
	free(from->tried);
}

static void put_in_order(struct resumed *r)
{
	size_t n = 0;

	if (r->over_count > 0)
		qsort(r->over, r->over_count, sizeof(*r->over), by_addr);
	if (r->row_count > 0)
		qsort(r->rows, r->row_count, sizeof(*r->rows), by_row);
	if (r->host_count == 0)
		return;
	qsort(r->hosts, r->host_count, sizeof(*r->hosts), by_host);
	for (size_t i = 1; i < r->host_count; i++)
		if (by_host(&r->hosts[n], &r->hosts[i]) == 0)
			merge(&r->hosts[n], &r->hosts[i]);
		else
			r->hosts[++n] = r->hosts[i];
	r->host_count = n + 1;
}

/* Open ports that were told before their connection was closed have no end in the journal. */
static bool take_service(struct loading *l, struct query *q)
{
	enum port_state state;
	struct addr a;

	if (addr_parse(query_text(q, 0), &a) != 0 || !state_of(query_text(q, 2), &state))
		return true;
	struct resumed_host *h = (struct resumed_host *)(uintptr_t)resumed_find(l->to, &a);
	if (h == NULL && (h = new_host(l, &a)) != NULL)
		put_in_order(l->to), h = (struct resumed_host *)(uintptr_t)resumed_find(l->to, &a);
	return h != NULL &&
	       add_answer(h, (uint16_t)query_int(q, 1), query_int(q, 3) != 0, state, 0);
}

typedef bool take_row(void *context, struct query *q);

static int each_row(struct db *db, const char *sql, int64_t scan, take_row *take, void *context)
{
	struct query *q = NULL;
	int r = query_new(db, sql, &q);

	if (r == 0)
		r = query_bind_int(q, 1, scan);
	while (r >= 0 && (r = query_step(q)) == 1)
		if (!take(context, q))
			r = -ENOMEM;
	query_free(q);
	return r;
}

static bool row_host(void *context, struct query *q)
{
	return take_host(context, q);
}

static bool row_quiet(void *context, struct query *q)
{
	return take_quiet(context, q);
}

static bool row_distress(void *context, struct query *q)
{
	return take_distress(context, q);
}

static bool row_answer(void *context, struct query *q)
{
	return take_answer(context, q);
}

static bool row_service(void *context, struct query *q)
{
	return take_service(context, q);
}

/* ---- places ---- */

static void take_place(void *context, const char *name, const void *place, size_t n)
{
	struct resume_places *p = context;
	struct span *more;
	uint8_t *copy;

	(void)name;
	if (n == 0)
		return; /* nothing under way there */
	more = reallocarray(p->list, p->count + 1, sizeof(*more));
	copy = malloc(n);
	if (more != NULL)
		p->list = more;
	if (more == NULL || copy == NULL) {
		free(copy); /* its segment begins anew */
		return;
	}
	memcpy(copy, place, n);
	p->list[p->count++] = span_of(copy, n);
}

int resume_places(struct store *store, struct resume_places *ret)
{
	*ret = (struct resume_places){ 0 };
	store_places_read(store, take_place, ret);
	return store_error(store) == STORE_OK ? 0 : -EIO;
}

void resume_places_done(struct resume_places *p)
{
	for (size_t i = 0; i < p->count; i++)
		free((void *)(uintptr_t)p->list[i].at);
	free(p->list);
	*p = (struct resume_places){ 0 };
}

int resume_load(struct store *store, int64_t scan, const struct plan *plan, struct resumed *ret)
{
	struct resumed to = { 0 };
	struct loading l = { .to = &to };
	struct answers s = { .loading = &l, .store = store, .plan = plan };
	int64_t number = 0;
	struct db *db;

	if (db_borrow(store_db(store), &db) != 0)
		return -ENOMEM;
	int r = each_row(
		db,
		"SELECT address, treated = 'it' AND kind = 'unassigned', state, reason, ot_sign,"
		" mac, coalesce(rtt_us, 0), coalesce(first_ms, 0), coalesce(last_ms, 0), " OVER
		", open, open + closed + filtered > 0 FROM host h WHERE scan = ?1",
		scan, row_host, &l);
	if (r >= 0)
		r = each_row(db,
			     "SELECT first, last FROM quiet h WHERE scan = ?1"
			     " AND (complete OR (state IN ('silent', 'absent') AND " SENT "))",
			     scan, row_quiet, &l);
	if (r >= 0)
		r = each_row(
			db,
			"SELECT subject, text FROM remark WHERE scan = ?1 AND kind = 'distress'",
			scan, row_distress, &l);
	if (r >= 0)
		r = each_row(db,
			     "SELECT j.address, j.port, j.found, coalesce(j.no_host, 0), j.reason,"
			     " j.opened_ms, coalesce(j.closed_ms, 0), s.port IS NOT NULL,"
			     " j.transport = 'udp' FROM journal j"
			     " LEFT JOIN host h ON h.scan = j.scan AND h.address = j.address"
			     " LEFT JOIN service s ON s.scan = j.scan AND s.address = j.address"
			     "  AND s.port = j.port AND s.transport = j.transport"
			     " WHERE j.scan = ?1 AND j.kind = 'sweep' AND j.found IS NOT NULL AND"
			     " NOT " OVER " ORDER BY j.address, j.closed_ms, j.number",
			     scan, row_answer, &s);
	put_in_order(&to);
	if (r >= 0)
		r = each_row(db,
			     "SELECT s.address, s.port, s.state, s.transport = 'udp' FROM service s"
			     " LEFT JOIN host h ON h.scan = s.scan AND h.address = s.address"
			     " WHERE s.scan = ?1 AND NOT " OVER,
			     scan, row_service, &l);
	if (r >= 0)
		r = db_execf(db,
			     "DELETE FROM evidence WHERE scan = %lld AND ending = 'stopped'"
			     " AND (address, port + 65536 * (transport = 'udp')) NOT IN"
			     " (SELECT address, port FROM ended WHERE scan = %lld)",
			     (long long)scan, (long long)scan);
	/* The end of this run says what holds then. */
	if (r >= 0)
		r = db_execf(db,
			     "DELETE FROM remark WHERE scan = %lld AND kind = 'sweep' AND"
			     " text = 'UDP was not tried'",
			     (long long)scan);
	if (r >= 0)
		r = db_number(db, "SELECT max(number) FROM journal", 0, &number);
	to.journal_number = (uint64_t)number;
	db_free(db);
	store_commit(store);
	if (r < 0) {
		resumed_done(&to);
		return r;
	}
	*ret = to;
	return 0;
}
