/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a check ran. A need speaks of the whole scan ("ledger"), of hosts ("sweep") or of services
 * ("probe:ssh"); together they give for each host and service of the scan: nothing to do here, ran,
 * or why not. A host whose planned ports were not all tried is a gap for every check that asks the
 * network, because a service might stand on one of them.
 */
#include "judge/judged.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/address.h"
#include "judge/arena.h"

enum { REASONS_MAX = 60000 };

uint16_t reason_state(struct judged *j, const char *reason)
{
	for (size_t i = 0; i < j->reason_count; i++)
		if (strcmp(j->reasons[i], reason) == 0)
			return (uint16_t)(SUBJECT_REASON + i);
	if (j->reason_count == j->reason_room) {
		size_t room = j->reason_room == 0 ? 64 : j->reason_room * 2;
		const char **list = arena_array(j->arena, room, sizeof(*list));

		if (list == NULL || room > REASONS_MAX)
			return SUBJECT_REASON; /* the first one stands for it */
		if (j->reason_count > 0)
			memcpy(list, j->reasons, j->reason_count * sizeof(*list));
		j->reasons = list;
		j->reason_room = room;
	}
	const char *copy = arena_text(j->arena, reason);
	if (copy == NULL)
		return SUBJECT_REASON;
	j->reasons[j->reason_count] = copy;
	return (uint16_t)(SUBJECT_REASON + j->reason_count++);
}

/* ---- loading ---- */

/* "22,80,1000-2000", as ports_text() writes it; what is no port is passed over. */
static void read_ports(const char *text, uint64_t set[static 1024])
{
	for (const char *p = text; p != NULL && *p != '\0';) {
		char *end;
		unsigned long first = strtoul(p, &end, 10);
		unsigned long last = first;

		if (end != p && *end == '-')
			last = strtoul(end + 1, &end, 10);
		if (end != p && last <= 65535)
			for (unsigned long n = first; n <= last; n++)
				ports_put(set, (uint16_t)n);
		p = end + strcspn(end, ",");
		if (*p == ',')
			p++;
	}
}

static int load_plan(struct judged *j)
{
	struct query *q = NULL;
	int r = query_new(
		j->db,
		"SELECT site, vantage, plan->>'$.ports_tcp', plan->>'$.ports_udp',"
		" coalesce(plan->>'$.risk', 'read')"
		" FROM (SELECT site, vantage, CASE WHEN json_valid(plan) THEN plan ELSE '{}' END"
		"  AS plan FROM main.scan WHERE id = ?)",
		&q);

	if (r < 0)
		return r;
	query_bind_int(q, 1, j->scan);
	r = query_step(q);
	if (r == 1) {
		const char *risk = query_text(q, 4);

		j->site = arena_text(j->arena, query_text(q, 0));
		j->vantage = arena_text(j->arena, query_text(q, 1));
		read_ports(query_text(q, 2), j->planned.tcp);
		read_ports(query_text(q, 3), j->planned.udp);
		j->probing =
			risk != NULL && (strcmp(risk, "read") == 0 || strcmp(risk, "login") == 0);
	}
	query_free(q);
	if (r == 1)
		return j->site != NULL && j->vantage != NULL ? 0 : -ENOMEM;
	return r < 0 ? r : -ENOENT;
}

/* Why a host's planned ports were not all tried. */
static const char *gap_of(const char *state, const char *reason, bool complete)
{
	if (strcmp(state, "absent") == 0)
		return NULL;
	if (strcmp(state, "all-ports") == 0)
		return "answers on every port";
	/* A host that never answered has no service to look into, unless the scan ended before it was
	 * given the time; the coverage tells how many answered. */
	if (complete ||
	    (strcmp(state, "silent") == 0 && (reason == NULL || strcmp(reason, "stopped") != 0)))
		return NULL;
	if (strcmp(state, "distress") == 0)
		return "distress";
	if (strcmp(state, "skipped") == 0)
		return reason != NULL ? reason : "skipped";
	/* Of other hosts the reason says how their state is known ("connected"). */
	static const char *const ends[] = { "stopped", "the scan ended before its sweep did" };

	for (size_t i = 0; i < countof(ends); i++)
		if (reason != NULL && strcmp(reason, ends[i]) == 0)
			return ends[i];
	return "sweep incomplete";
}

static int load_hosts(struct judged *j)
{
	struct query *q = NULL;
	int64_t count = 0;
	int r = db_number(j->db, "SELECT count(*) FROM host", 0, &count);

	if (r < 0)
		return r;
	j->hosts = arena_array(j->arena, (size_t)count, sizeof(*j->hosts));
	if (j->hosts == NULL)
		return -ENOMEM;
	r = query_new(
		j->db,
		"SELECT h.address, a.key, a.answering, h.state, h.reason, h.complete, h.planned,"
		" h.ledger_id IS NOT NULL, h.treated = 'ot', h.addresses,"
		" coalesce(h.udp_ports, 0) > 0"
		" FROM host AS h JOIN asset AS a ON a.address = h.address ORDER BY h.address",
		&q);
	if (r < 0)
		return r;
	while ((r = query_step(q)) == 1 && j->host_count < (size_t)count) {
		struct judged_host *h = &j->hosts[j->host_count++];
		const char *state = query_text(q, 3);
		const char *gap = gap_of(state, query_text(q, 4), query_int(q, 5) != 0);

		h->address = arena_text(j->arena, query_text(q, 0));
		h->key = arena_text(j->arena, query_text(q, 1));
		h->answering = query_int(q, 2) != 0;
		h->absent = strcmp(state, "absent") == 0;
		h->planned = query_int(q, 6);
		h->asset = h->answering || query_int(q, 7) != 0;
		h->ot = query_int(q, 8) != 0;
		h->count = query_int(q, 9);
		h->udp = query_int(q, 10) != 0;
		if (gap != NULL)
			h->gap = j->reasons[reason_state(j, gap) - SUBJECT_REASON];
		if (h->address == NULL || h->key == NULL) {
			r = -ENOMEM;
			break;
		}
		j->any_answering |= h->answering;
		j->any_without_udp |= h->answering && !h->udp;
	}
	query_free(q);
	return r < 0 ? r : 0;
}

static ptrdiff_t find_host(const struct judged *j, const char *address)
{
	size_t low = 0, high = j->host_count;

	while (address != NULL && low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(address, j->hosts[middle].address);

		if (order == 0)
			return (ptrdiff_t)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

static int order_of_range(const struct judged_range *r, int64_t scope, const uint8_t *key)
{
	if (r->scope != scope)
		return r->scope < scope ? -1 : 1;
	return memcmp(r->first, key, sizeof(r->first));
}

ptrdiff_t judged_host_find(const struct judged *j, const char *address)
{
	ptrdiff_t host = find_host(j, address);
	struct addr a;
	size_t low = 0, high = j->range_count;

	if (host >= 0 || address == NULL || high == 0 || addr_parse(address, &a) != 0)
		return host;
	while (low < high) { /* the first range behind it */
		size_t middle = low + (high - low) / 2;

		if (order_of_range(&j->ranges[middle], a.scope, a.bytes) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return -1;
	const struct judged_range *r = &j->ranges[low - 1];
	return r->scope == a.scope && memcmp(a.bytes, r->last, sizeof(r->last)) <= 0
		       ? (ptrdiff_t)r->host
		       : -1;
}

static int load_ranges(struct judged *j)
{
	struct query *q = NULL;
	int64_t count = 0;
	int r = db_number(j->db, "SELECT count(*) FROM quiet", 0, &count);

	if (r < 0 || count == 0)
		return r;
	j->ranges = arena_array(j->arena, (size_t)count, sizeof(*j->ranges));
	if (j->ranges == NULL)
		return -ENOMEM;
	r = query_new(j->db,
		      "SELECT scope, first_key, last_key,"
		      " iif(addresses = 1, first, first || '-' || last) FROM quiet"
		      " ORDER BY scope, first_key",
		      &q);
	if (r < 0)
		return r;
	while ((r = query_step(q)) == 1 && j->range_count < (size_t)count) {
		const uint8_t *first = query_bytes(q, 1, 16), *last = query_bytes(q, 2, 16);
		ptrdiff_t host = find_host(j, query_text(q, 3));

		if (first == NULL || last == NULL || host < 0)
			continue;
		struct judged_range *range = &j->ranges[j->range_count++];
		range->scope = query_int(q, 0);
		range->host = (uint32_t)host;
		memcpy(range->first, first, sizeof(range->first));
		memcpy(range->last, last, sizeof(range->last));
	}
	query_free(q);
	return r < 0 ? r : 0;
}

ptrdiff_t judged_service_find(const struct judged *j, size_t host, int64_t port, bool udp)
{
	const struct judged_host *h = &j->hosts[host];

	for (size_t i = h->first_service; i < h->first_service + h->service_count; i++)
		if (j->services[i].port == port && j->services[i].udp == udp)
			return (ptrdiff_t)i;
	return -1;
}

uint16_t judged_host_reason(const struct judged *j, const struct cover *v, size_t host)
{
	const struct judged_host *h = &j->hosts[host];

	for (size_t i = h->first_service; i < h->first_service + h->service_count; i++)
		if (v->service[i] >= SUBJECT_REASON)
			return v->service[i];
	return SUBJECT_NONE;
}

/* ---- words ---- */

static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261; /* FNV-1a */

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 16777619;
	return h;
}

/* Its place in the table: that of the word, or a free one (0). */
static uint32_t *word_place(const struct judged *j, const char *text)
{
	size_t at = hash(text) & (j->word_room - 1);

	while (j->word_places[at] != 0 && strcmp(j->words[j->word_places[at]].text, text) != 0)
		at = (at + 1) & (j->word_room - 1);
	return &j->word_places[at];
}

static bool more_words(struct judged *j)
{
	size_t room = j->word_room == 0 ? 256 : j->word_room * 2;
	struct word *words = arena_array(j->arena, room / 2, sizeof(*words));
	uint32_t *places = arena_array(j->arena, room, sizeof(*places));

	if (words == NULL || places == NULL)
		return false;
	if (j->word_count > 0)
		memcpy(words, j->words, j->word_count * sizeof(*words));
	else
		j->word_count = 1;
	j->words = words;
	j->word_places = places;
	j->word_room = room;
	for (uint32_t i = 1; i < j->word_count; i++)
		*word_place(j, j->words[i].text) = i;
	return true;
}

int word_of(struct judged *j, const char *text, uint32_t *ret)
{
	if (text == NULL) {
		*ret = 0;
		return 0;
	}
	if (j->word_count >= j->word_room / 2 && !more_words(j))
		return -ENOMEM;
	uint32_t *place = word_place(j, text);
	if (*place == 0) {
		char *copy = arena_text(j->arena, text);

		if (copy == NULL)
			return -ENOMEM;
		j->words[j->word_count].text = copy;
		*place = (uint32_t)j->word_count++;
	}
	*ret = *place;
	return 0;
}

/* The number of a word as a reason. */
static uint16_t word_state(struct judged *j, uint32_t number)
{
	struct word *w = &j->words[number];

	if (w->state == 0)
		w->state = reason_state(j, w->text);
	return w->state;
}

/* ---- services and what the probes brought from them ---- */

#define OPEN_SERVICES                                                                      \
	"SELECT s.address, s.port, s.transport, s.protocol, s.tls, s.limited, e.probe,"    \
	" e.ending, e.document <> '{}', e.document->'$.gathered', e.document->'$.limited'" \
	" FROM main.service AS s LEFT JOIN main.evidence AS e ON e.scan = ?1"              \
	" AND e.address = s.address AND e.port = s.port AND e.transport = s.transport"     \
	" AND json_valid(e.document) WHERE s.scan = ?1 AND s.state = 'open'"               \
	" ORDER BY s.address, s.port, s.transport"

enum {
	AT_ADDRESS,
	AT_PORT,
	AT_TRANSPORT,
	AT_PROTOCOL,
	AT_TLS,
	AT_LIMITED,
	AT_PROBE,
	AT_ENDING,
	AT_FULL,
	AT_GATHERED,
	AT_LEFT_OUT
};

static const struct judge_probe *find_probe(const struct judge_probe *probes, const char *name,
					    size_t length)
{
	for (size_t i = 0; probes != NULL && probes[i].name != NULL; i++)
		if (strlen(probes[i].name) == length && memcmp(probes[i].name, name, length) == 0)
			return &probes[i];
	return NULL;
}

static int load_service(struct judged *j, struct query *q)
{
	struct judged_service *s = &j->services[j->service_count];
	const char *address = query_text(q, AT_ADDRESS);
	/* Both have the same order. */
	ptrdiff_t host = j->service_count > 0 ? (ptrdiff_t)s[-1].host : 0;

	if (j->host_count == 0 || strcmp(j->hosts[host].address, address) != 0)
		host = (size_t)host + 1 < j->host_count &&
				       strcmp(j->hosts[host + 1].address, address) == 0
			       ? host + 1
			       : judged_host_find(j, address);

	if (host < 0) /* the view host has one for every service */
		return -EBADMSG;
	*s = (struct judged_service){
		.host = (uint32_t)host,
		.port = (uint16_t)query_int(q, AT_PORT),
		.udp = strcmp(query_text(q, AT_TRANSPORT), "udp") == 0,
		.tls = query_int(q, AT_TLS) != 0,
		.first_told = (uint32_t)j->told_count,
	};
	struct judged_host *h = &j->hosts[host];
	if (h->service_count++ == 0)
		h->first_service = (uint32_t)j->service_count;
	j->service_count++;
	int r = word_of(j, query_text(q, AT_PROTOCOL), &s->protocol);
	return r < 0 ? r : word_of(j, query_text(q, AT_LIMITED), &s->limited);
}

static int load_told(struct judged *j, struct query *q)
{
	const char *name = query_text(q, AT_PROBE);
	const struct judge_probe *probe =
		name != NULL ? find_probe(j->probes, name, strlen(name)) : NULL;

	if (probe == NULL)
		return 0;
	struct judged_told *t = &j->told[j->told_count++];
	*t = (struct judged_told){ .probe = (uint16_t)(probe - j->probes),
				   .full = query_int(q, AT_FULL) != 0 };
	int r = word_of(j, query_text(q, AT_ENDING), &t->ending);
	if (r >= 0)
		r = word_of(j, query_text(q, AT_GATHERED), &t->gathered);
	return r < 0 ? r : word_of(j, query_text(q, AT_LEFT_OUT), &t->limited);
}

/* The row has another service than the last one: its address, port or transport is another. */
static bool is_next(const struct judged *j, struct query *q, uint32_t transport,
		    uint32_t last_transport)
{
	const struct judged_service *last = &j->services[j->service_count] - 1;

	return j->service_count == 0 || last->port != query_int(q, AT_PORT) ||
	       transport != last_transport ||
	       strcmp(j->hosts[last->host].address, query_text(q, AT_ADDRESS)) != 0;
}

static int load_services(struct judged *j)
{
	uint32_t transport = 0, last = 0;
	struct query *q = NULL;
	int64_t services = 0, told = 0;
	int r = db_number(j->db, "SELECT count(*) FROM service WHERE state = 'open'", 0, &services);

	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM evidence", 0, &told);
	if (r < 0)
		return r;
	j->services = arena_array(j->arena, (size_t)services + 1, sizeof(*j->services));
	j->told = arena_array(j->arena, (size_t)told, sizeof(*j->told));
	if (j->services == NULL || j->told == NULL || !more_words(j))
		return -ENOMEM;
	r = query_new(j->db, OPEN_SERVICES, &q);
	if (r < 0)
		return r;
	query_bind_int(q, 1, j->scan);
	while (r >= 0 && (r = query_step(q)) == 1) {
		r = word_of(j, query_text(q, AT_TRANSPORT), &transport);
		if (r >= 0 && is_next(j, q, transport, last))
			r = j->service_count < (size_t)services ? load_service(j, q) : -EBADMSG;
		last = transport;
		if (r >= 0 && j->told_count < (size_t)told)
			r = load_told(j, q);
	}
	query_free(q);
	j->services[j->service_count].first_told = (uint32_t)j->told_count;
	return r < 0 ? r : 0;
}

/* Left-out remarks are "RANGE: why"; others of that kind ("3 UDP ports: ...") begin with no address. */
static int load_left_out(struct judged *j)
{
	struct query *q = NULL;
	int r = query_new(j->db,
			  "SELECT substr(text, instr(text, ': ') + 2) FROM remark"
			  " WHERE kind = 'left-out' AND instr(text, ': ') > 1"
			  " AND substr(text, 1, instr(text, ': ') - 1) GLOB '[0-9a-f]*[.:]*'"
			  " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
			  &q);

	if (r < 0)
		return r;
	r = query_step(q);
	if (r == 1) {
		j->left_out = arena_text(j->arena, query_text(q, 0));
		r = j->left_out == NULL ? -ENOMEM : 0;
	}
	query_free(q);
	return r;
}

int cover_load(struct judged *j)
{
	int r = load_plan(j);

	if (r >= 0)
		r = reason_state(j, "out of memory") == SUBJECT_REASON && j->reason_count == 1
			    ? 0
			    : -ENOMEM;
	if (r >= 0)
		r = load_hosts(j);
	if (r >= 0)
		r = load_ranges(j);
	if (r >= 0)
		r = load_left_out(j);
	if (r >= 0)
		r = load_services(j);
	return r;
}

/* ---- needs ---- */

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool need_known(const char *need)
{
	static const char *const plain[] = { "sweep",   "ledger",         "conduits",  "zones",
					     "vantage", "vantage:public", "listen",    "reach",
					     "login",   "history",        "advisories" };

	for (size_t i = 0; i < countof(plain); i++)
		if (strcmp(need, plain[i]) == 0)
			return true;
	if (starts(need, "probe:"))
		return need[6] != '\0' && strchr(need, ',') == NULL;
	if (starts(need, "any:"))
		return need[4] != '\0' && need[4] != ',';
	if (starts(need, "ports:"))
		return need[6] != '\0' && need[6] != '/';
	if (starts(need, "port:"))
		return need[5] != '\0' && strspn(need + 5, "0123456789,-") == strlen(need + 5);
	return false;
}

bool need_has_probes(const struct judge_probe *probes, const char *need)
{
	if (!starts(need, "probe:") && !starts(need, "any:"))
		return true;
	for (const char *at = strchr(need, ':') + 1; *at != '\0';) {
		if (find_probe(probes, at, strcspn(at, ",/")) == NULL)
			return false;
		at += strcspn(at, ",");
		at += *at == ',';
	}
	return true;
}

static size_t column_of(const struct data_list *l, const char *name)
{
	for (size_t i = 0; i < l->columns.count; i++)
		if (strcmp(l->columns.list[i], name) == 0)
			return i;
	return SIZE_MAX;
}

/* "LIST" or "LIST/WORD": the ports of the list's rows whose first column is the word. */
static const char *listed_ports_missing(const struct judged *j, const char *text)
{
	static const char front[] = "data_";
	size_t length = strcspn(text, "/");
	const char *word = text[length] == '/' ? text + length + 1 : NULL;
	const struct data_list *l = NULL;
	const char *missing = NULL;
	bool some = false;

	for (size_t i = 0; l == NULL && i < j->catalogue->list_count; i++) {
		const char *name = j->catalogue->lists[i].table + strlen(front);
		bool same = strlen(name) == length;

		for (size_t k = 0; same && k < length; k++)
			same = name[k] == (text[k] == '-' ? '_' : text[k]);
		if (same)
			l = &j->catalogue->lists[i];
	}
	if (l == NULL)
		return "unknown need";
	size_t port = column_of(l, "port"), transport = column_of(l, "transport");
	if (port == SIZE_MAX || transport == SIZE_MAX)
		return "unknown need";
	for (size_t i = 0; i < l->row_count; i++) {
		const char *const *row = l->rows[i].list;

		if (word != NULL && strcmp(row[0], word) != 0)
			continue;
		bool udp = strcmp(row[transport], "udp") == 0;
		unsigned long number = strtoul(row[port], NULL, 10);

		some = true;
		if (number > 65535 ||
		    (ports_has(udp ? j->planned.udp : j->planned.tcp, (uint16_t)number) &&
		     (!udp || !j->any_without_udp)))
			continue;
		if (!udp)
			return "ports not in the plan";
		missing = "UDP ports not tried";
	}
	return some ? missing : "unknown need";
}

/* Every port of the list ("502,102") is planned; any: one of them is. */
static bool ports_planned(const struct judged *j, const char *text, bool any)
{
	struct ports *wanted = calloc(1, sizeof(*wanted));
	bool all = true, one = false;

	if (wanted == NULL)
		return false;
	read_ports(text, wanted->tcp);
	for (size_t i = 0; i < countof(wanted->tcp); i++) {
		all &= (wanted->tcp[i] & ~j->planned.tcp[i]) == 0;
		one |= (wanted->tcp[i] & j->planned.tcp[i]) != 0;
	}
	free(wanted);
	return any ? one : all;
}

static int table_missing(struct judged *j, const char *sql, const char *text,
			 const char **ret_reason)
{
	int64_t there = 0;
	int r = db_number(j->db, sql, 0, &there);

	*ret_reason = r >= 0 && there == 0 ? text : NULL;
	return r;
}

int need_missing(struct judged *j, const char *need, const char **ret_reason)
{
	*ret_reason = NULL;
	if (strcmp(need, "ledger") == 0)
		return table_missing(j, "SELECT EXISTS (SELECT 1 FROM ledger)", "no ledger",
				     ret_reason);
	if (strcmp(need, "conduits") == 0)
		return table_missing(j, "SELECT EXISTS (SELECT 1 FROM conduit)",
				     "no conduits declared", ret_reason);
	if (strcmp(need, "zones") == 0)
		return table_missing(j, "SELECT EXISTS (SELECT 1 FROM zone)", "no zones declared",
				     ret_reason);
	if (strcmp(need, "vantage") == 0)
		return table_missing(j, "SELECT vantage_zone IS NOT NULL FROM judged",
				     "no vantage declared", ret_reason);
	if (strcmp(need, "vantage:public") == 0)
		return table_missing(j, "SELECT vantage_kind IS 'public' FROM judged",
				     "not seen from outside", ret_reason);
	if (strcmp(need, "listen") == 0)
		*ret_reason = "no listening yet";
	else if (strcmp(need, "reach") == 0)
		*ret_reason = "no reachability test yet";
	else if (strcmp(need, "login") == 0)
		*ret_reason = "no login attempts yet";
	else if (strcmp(need, "history") == 0)
		*ret_reason = "no comparison with earlier scans yet";
	else if (strcmp(need, "advisories") == 0)
		*ret_reason = "no advisories yet";
	else if (starts(need, "port:") && !ports_planned(j, need + 5, false))
		*ret_reason = "ports not in the plan";
	else if (!need_known(need))
		*ret_reason = "unknown need";
	return 0;
}

/* ---- services ---- */

/* What a probe was to bring; a document that brought it names it in a list. */
struct wanted {
	const struct judge_probe *probe;
	const struct ports *expected;
	const char *facet; /* NULL: nothing more than the document */
	uint32_t name;     /* as a word */
	bool is_tls;
	struct query *listed;
	signed char *lists; /* per word: 1 it names the facet, -1 it does not, 0 not asked yet */
	size_t words;
	int error;
};

static bool lists_facet(struct judged *j, struct wanted *w, uint32_t list)
{
	if (list == 0)
		return false;
	if (w->lists[list] == 0) {
		query_bind_text(w->listed, 1, j->words[list].text);
		query_bind_text(w->listed, 2, w->facet);
		int r = query_step(w->listed);

		if (r < 0)
			w->error = r;
		w->lists[list] = r == 1 && query_int(w->listed, 0) != 0 ? 1 : -1;
		query_reset(w->listed);
	}
	return w->lists[list] == 1;
}

static const struct judged_told *told_by(const struct judged *j, const struct judged_service *s,
					 const struct judge_probe *p)
{
	for (size_t i = s->first_told; i < s[1].first_told; i++)
		if (&j->probes[j->told[i].probe] == p)
			return &j->told[i];
	return NULL;
}

static const char *limited_text(const struct judged *j, const struct judged_service *s)
{
	return j->hosts[s->host].ot ? "limited in OT" : "limited";
}

/* The state of one service for one probe. */
static uint16_t probe_state(struct judged *j, struct wanted *w, const struct judged_service *s)
{
	const struct judged_told *t = told_by(j, s, w->probe);
	const char *ending = t != NULL ? j->words[t->ending].text : NULL;
	bool here = ports_has(s->udp ? w->expected->udp : w->expected->tcp, s->port);

	if (ending != NULL && strcmp(ending, "done") == 0) {
		if (w->facet == NULL || lists_facet(j, w, t->gathered))
			return SUBJECT_RAN;
		if (lists_facet(j, w, t->limited))
			return reason_state(j, limited_text(j, s));
		return s->limited != 0 ? word_state(j, s->limited)
				       : reason_state(j, "not gathered");
	}
	if (ending != NULL && strcmp(ending, "not-this-protocol") == 0)
		return SUBJECT_NONE;
	/* Somebody speaks it for all we know: the greeting, a part of an answer, or its own port. */
	bool speaks = (s->protocol != 0 && s->protocol == w->name) || (s->tls && w->is_tls) ||
		      (ending != NULL && t->full) || (s->protocol == 0 && here) ||
		      (s->tls && w->probe->over_tls && ending == NULL && s->limited != 0);
	if (!speaks)
		return SUBJECT_NONE;
	if (ending != NULL)
		return word_state(j, t->ending);
	return s->limited != 0 ? word_state(j, s->limited) : reason_state(j, "not probed");
}

/* Where two needs meet on one service, a reason wins over having run. */
static void meet(uint16_t *state, uint16_t with)
{
	if (with > *state)
		*state = with;
}

static int add_probe(struct judged *j, struct cover *v, const struct judge_probe *p,
		     const char *facet)
{
	struct wanted w = { .probe = p, .facet = facet, .is_tls = strcmp(p->name, "tls") == 0 };
	struct ports *expected = calloc(1, sizeof(*expected));

	w.expected = expected;
	int r = word_of(j, p->name, &w.name);
	w.lists = calloc(j->word_count, 1);
	if (expected == NULL || w.lists == NULL)
		r = -ENOMEM;
	if (r >= 0)
		r = query_new(j->db, "SELECT EXISTS (SELECT 1 FROM json_each(?1) WHERE value = ?2)",
			      &w.listed);
	if (r >= 0) {
		read_ports(p->ports, expected->tcp);
		for (size_t i = 0; i < j->service_count; i++)
			meet(&v->service[i], probe_state(j, &w, &j->services[i]));
		r = w.error;
	}
	query_free(w.listed);
	free(w.lists);
	free(expected);
	return r;
}

static bool any_service(const struct judged *j, const struct cover *v)
{
	for (size_t i = 0; i < j->service_count; i++)
		if (v->service[i] != SUBJECT_NONE)
			return true;
	return false;
}

/* A cover that says nothing but its reason has no lists. */
static bool cover_lists(struct judged *j, struct cover *v)
{
	if (v->service == NULL) {
		v->host = arena_array(j->arena, j->host_count, sizeof(*v->host));
		v->service = arena_array(j->arena, j->service_count, sizeof(*v->service));
	}
	return v->host != NULL && v->service != NULL;
}

/* What keeps probes of a list (as below) from running anywhere. all: each must exist, else one. */
static const char *probes_missing(const struct judged *j, const char *list, bool all)
{
	bool one = false, every = true;

	for (const char *at = list; *at != '\0'; at += *at == ',') {
		bool known = find_probe(j->probes, at, strcspn(at, ",/")) != NULL;

		one |= known;
		every &= known;
		at += strcspn(at, ",");
	}
	if (!one || (all && !every))
		return "no probe";
	return j->probing ? NULL : "class not allowed";
}

/* "NAME", "NAME/FACET", separated by commas. */
static int add_probes(struct judged *j, struct cover *v, const char *list)
{
	bool planned = false, every = true;

	if (!cover_lists(j, v))
		return -ENOMEM;
	for (const char *at = list; *at != '\0';) {
		size_t length = strcspn(at, ",");
		size_t name = strcspn(at, ",/");
		const struct judge_probe *p = find_probe(j->probes, at, name);

		if (p != NULL) {
			char *facet = NULL;

			if (name < length) {
				facet = arena_printf(j->arena, "%.*s", (int)(length - name - 1),
						     at + name + 1);
				if (facet == NULL)
					return -ENOMEM;
			}
			int r = add_probe(j, v, p, facet);
			if (r < 0)
				return r;
			bool here = p->ports == NULL || ports_planned(j, p->ports, true);
			planned |= here;
			every &= here;
		}
		at += length;
		if (*at == ',')
			at++;
	}
	if (!planned && !any_service(j, v))
		v->reason = "ports not in the plan";
	else if (!every)
		v->missing = "ports not in the plan";
	return 0;
}

/* ---- covers ---- */

static bool same_needs(const struct words *a, const struct words *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->list[i], b->list[i]) != 0)
			return false;
	return true;
}

/* Where all were left alone, nobody was asked. */
static const char *nobody_answered(const struct judged *j)
{
	for (size_t i = 0; i < j->host_count; i++)
		if (j->hosts[i].gap != NULL)
			return j->hosts[i].gap;
	return j->host_count == 0 && j->left_out != NULL ? j->left_out : "no host answered";
}

static int fill_cover(struct judged *j, struct cover *v)
{
	const struct words *needs = v->needs;

	for (size_t i = 0; i < needs->count && v->reason == NULL; i++) {
		const char *need = needs->list[i];
		bool all = starts(need, "probe:");
		int r = need_missing(j, need, &v->reason);

		if (r >= 0 && v->reason == NULL && (all || starts(need, "any:"))) {
			v->counts_services = true;
			v->reason = probes_missing(j, strchr(need, ':') + 1, all);
			if (v->reason == NULL)
				r = add_probes(j, v, strchr(need, ':') + 1);
		}
		if (r >= 0 && v->missing == NULL && starts(need, "ports:"))
			v->missing = listed_ports_missing(j, need + 6);
		if (r < 0)
			return r;
	}
	if (v->reason == NULL && !j->any_answering)
		v->reason = nobody_answered(j);
	if (v->reason != NULL)
		return 0;
	if (!cover_lists(j, v))
		return -ENOMEM;
	v->counts_hosts = !v->counts_services;
	for (size_t i = 0; i < j->host_count; i++) {
		const struct judged_host *h = &j->hosts[i];

		if (h->absent)
			continue;
		if (h->gap != NULL)
			v->host[i] = reason_state(j, h->gap);
		else if (v->missing != NULL && (v->counts_hosts || h->answering))
			v->host[i] = reason_state(j, v->missing);
		else if (v->counts_hosts)
			v->host[i] = SUBJECT_RAN;
	}
	return 0;
}

struct cover *cover_of(struct judged *j, const struct words *needs, int *ret_error)
{
	for (size_t i = 0; i < j->cover_count; i++)
		if (same_needs(j->covers[i]->needs, needs))
			return j->covers[i];
	struct cover *v = arena_array(j->arena, 1, sizeof(*v));
	if (v == NULL) {
		*ret_error = -ENOMEM;
		return NULL;
	}
	v->needs = needs;
	*ret_error = fill_cover(j, v);
	if (*ret_error < 0)
		return NULL;
	j->covers[j->cover_count++] = v; /* room for one per check */
	return v;
}

/* ---- counting ---- */

/* All the covers' states of one host or service: none, ran by all that have to do with it, or not. */
static uint16_t joined(const struct cover *const *covers, size_t count, size_t index, bool service)
{
	uint16_t state = SUBJECT_NONE;

	for (size_t i = 0; i < count; i++)
		meet(&state, service ? covers[i]->service[index] : covers[i]->host[index]);
	return state;
}

static struct coverage count_coverage(const struct judged *j, const struct cover *const *covers,
				      size_t count, const signed char *members)
{
	struct coverage c = { 0 };
	bool hosts = false;

	for (size_t i = 0; i < count; i++)
		hosts |= covers[i]->counts_hosts;
	for (size_t i = 0; i < j->host_count; i++) {
		const struct judged_host *h = &j->hosts[i];

		if (members != NULL && members[i] != 1)
			continue;
		c.hosts += h->count;
		c.answering += h->answering;
		c.planned += h->planned * h->count;
		if (hosts && !h->absent) {
			uint16_t state = joined(covers, count, i, false);

			c.services += state != SUBJECT_NONE ? h->count : 0;
			c.checked += state == SUBJECT_RAN ? h->count : 0;
		}
	}
	for (size_t i = 0; i < j->service_count; i++) {
		if (members != NULL && members[j->services[i].host] != 1)
			continue;
		uint16_t state = joined(covers, count, i, true);
		c.services += state != SUBJECT_NONE;
		c.checked += state == SUBJECT_RAN;
	}
	return c;
}

/* Many items have the same scope and checks. */
struct counted {
	struct counted *next;
	const struct cover **covers;
	size_t count;
	const signed char *members;
	struct coverage coverage;
};

struct coverage coverage_of(struct judged *j, const struct cover *const *covers, size_t count,
			    const signed char *members)
{
	for (const struct counted *c = j->counted; c != NULL; c = c->next)
		if (c->count == count && c->members == members &&
		    (count == 0 || memcmp(c->covers, covers, count * sizeof(struct cover *)) == 0))
			return c->coverage;
	struct coverage coverage = count_coverage(j, covers, count, members);
	struct counted *c = arena_array(j->arena, 1, sizeof(*c));
	const struct cover **list = arena_array(j->arena, count, sizeof(*list));
	if (c == NULL || list == NULL)
		return coverage;
	if (count > 0)
		memcpy(list, covers, count * sizeof(struct cover *));
	*c = (struct counted){ .next = j->counted,
			       .covers = list,
			       .count = count,
			       .members = members,
			       .coverage = coverage };
	j->counted = c;
	return coverage;
}
