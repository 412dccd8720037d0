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
		" h.ledger_id IS NOT NULL, h.treated = 'ot'"
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
		if (gap != NULL)
			h->gap = j->reasons[reason_state(j, gap) - SUBJECT_REASON];
		if (h->address == NULL || h->key == NULL) {
			r = -ENOMEM;
			break;
		}
		j->any_answering |= h->answering;
	}
	query_free(q);
	return r < 0 ? r : 0;
}

ptrdiff_t judged_host_find(const struct judged *j, const char *address)
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

ptrdiff_t judged_service_find(const struct judged *j, size_t host, int64_t port, bool udp)
{
	size_t low = 0, high = j->service_count;

	while (low < high) { /* the first one of this host or behind */
		size_t middle = low + (high - low) / 2;

		if (j->services[middle].host < host)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < j->service_count && j->services[low].host == host; low++)
		if (j->services[low].port == port && j->services[low].udp == udp)
			return (ptrdiff_t)low;
	return -1;
}

#define OPEN_SERVICES "FROM main.service AS s"
#define OPEN_SERVICES_WHERE \
	" WHERE s.scan = ?1 AND s.state = 'open' ORDER BY s.address, s.port, s.transport"

static int load_services(struct judged *j)
{
	struct query *q = NULL;
	int64_t count = 0;
	int r = db_number(j->db, "SELECT count(*) FROM service WHERE state = 'open'", 0, &count);

	if (r < 0)
		return r;
	j->services = arena_array(j->arena, (size_t)count, sizeof(*j->services));
	if (j->services == NULL)
		return -ENOMEM;
	r = query_new(j->db,
		      "SELECT s.address, s.port, s.transport, s.protocol IS NOT NULL " OPEN_SERVICES
			      OPEN_SERVICES_WHERE,
		      &q);
	if (r < 0)
		return r;
	query_bind_int(q, 1, j->scan);
	while ((r = query_step(q)) == 1 && j->service_count < (size_t)count) {
		ptrdiff_t host = judged_host_find(j, query_text(q, 0));

		if (host < 0) { /* the view host has one for every service */
			r = -EBADMSG;
			break;
		}
		j->services[j->service_count++] = (struct judged_service){
			.host = (size_t)host,
			.port = (uint16_t)query_int(q, 1),
			.udp = strcmp(query_text(q, 2), "udp") == 0,
			.known = query_int(q, 3) != 0,
		};
	}
	query_free(q);
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

static const struct judge_probe *find_probe(const struct judge_probe *probes, const char *name,
					    size_t length)
{
	for (size_t i = 0; probes != NULL && probes[i].name != NULL; i++)
		if (strlen(probes[i].name) == length && memcmp(probes[i].name, name, length) == 0)
			return &probes[i];
	return NULL;
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
		    ports_has(udp ? j->planned.udp : j->planned.tcp, (uint16_t)number))
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

/* What one probe did on each open service, in the order of load_services(). */
#define PROBE_SQL                                                                       \
	"SELECT s.protocol, s.tls, s.limited, e.ending,"                                \
	" e.document IS NOT NULL AND e.document <> '{}',"                               \
	" EXISTS (SELECT 1 FROM json_each(e.document, '$.gathered') WHERE value = ?3)," \
	" EXISTS (SELECT 1 FROM json_each(e.document, '$.limited') WHERE value = "      \
	"?3) " OPEN_SERVICES                                                            \
	" LEFT JOIN main.evidence AS e ON e.scan = ?1 AND e.address = s.address"        \
	" AND e.port = s.port AND e.transport = s.transport AND e.probe = ?2"           \
	" AND json_valid(e.document)" OPEN_SERVICES_WHERE

enum { AT_PROTOCOL, AT_TLS, AT_LIMITED, AT_ENDING, AT_FULL, AT_GATHERED, AT_LEFT_OUT };

static bool is(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

static const char *limited_text(const struct judged *j, const struct judged_service *s)
{
	return j->hosts[s->host].ot ? "limited in OT" : "limited";
}

/* The state of one service for one probe. */
static uint16_t probe_state(struct judged *j, struct query *q, const struct judged_service *s,
			    const struct judge_probe *p, const struct ports *expected,
			    const char *facet)
{
	const char *protocol = query_text(q, AT_PROTOCOL);
	const char *limited = query_text(q, AT_LIMITED);
	const char *ending = query_text(q, AT_ENDING);
	bool tls = query_int(q, AT_TLS) != 0;
	bool here = ports_has(s->udp ? expected->udp : expected->tcp, s->port);

	if (is(ending, "done")) {
		if (facet == NULL || query_int(q, AT_GATHERED) != 0)
			return SUBJECT_RAN;
		if (query_int(q, AT_LEFT_OUT) != 0)
			return reason_state(j, limited_text(j, s));
		return reason_state(j, limited != NULL ? limited : "not gathered");
	}
	if (is(ending, "not-this-protocol"))
		return SUBJECT_NONE;
	/* Somebody speaks it for all we know: the greeting, a part of an answer, or its own port. */
	bool speaks = is(protocol, p->name) || (tls && strcmp(p->name, "tls") == 0) ||
		      (ending != NULL && query_int(q, AT_FULL) != 0) ||
		      (protocol == NULL && here) ||
		      (tls && p->over_tls && ending == NULL && limited != NULL);
	if (!speaks)
		return SUBJECT_NONE;
	if (ending != NULL)
		return reason_state(j, ending);
	return reason_state(j, limited != NULL ? limited : "not probed");
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
	struct query *q = NULL;
	struct ports *expected = calloc(1, sizeof(*expected));

	if (expected == NULL)
		return -ENOMEM;
	read_ports(p->ports, expected->tcp);
	int r = query_new(j->db, PROBE_SQL, &q);
	if (r >= 0) {
		query_bind_int(q, 1, j->scan);
		query_bind_text(q, 2, p->name);
		query_bind_text(q, 3, facet);
		for (size_t i = 0; i < j->service_count && (r = query_step(q)) == 1; i++)
			meet(&v->service[i],
			     probe_state(j, q, &j->services[i], p, expected, facet));
	}
	query_free(q);
	free(expected);
	return r < 0 ? r : 0;
}

static bool any_service(const struct judged *j, const struct cover *v)
{
	for (size_t i = 0; i < j->service_count; i++)
		if (v->service[i] != SUBJECT_NONE)
			return true;
	return false;
}

/* "NAME", "NAME/FACET", separated by commas. all: each must exist, else one must. */
static int add_probes(struct judged *j, struct cover *v, const char *list, bool all)
{
	bool one = false, planned = false, every = true;

	v->counts_services = true;
	for (const char *at = list; *at != '\0';) {
		size_t length = strcspn(at, ",");
		size_t name = strcspn(at, ",/");
		const struct judge_probe *p = find_probe(j->probes, at, name);

		if (p == NULL && all) {
			v->reason = "no probe";
			return 0;
		}
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
			one = true;
			bool here = p->ports == NULL || ports_planned(j, p->ports, true);
			planned |= here;
			every &= here;
		}
		at += length;
		if (*at == ',')
			at++;
	}
	if (!one)
		v->reason = "no probe";
	else if (!j->probing)
		v->reason = "class not allowed";
	else if (!planned && !any_service(j, v))
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
	bool network = false;

	for (size_t i = 0; i < needs->count && v->reason == NULL; i++) {
		const char *need = needs->list[i];
		int r = need_missing(j, need, &v->reason);

		if (r >= 0 && v->reason == NULL && starts(need, "probe:"))
			r = add_probes(j, v, need + 6, true);
		else if (r >= 0 && v->reason == NULL && starts(need, "any:"))
			r = add_probes(j, v, need + 4, false);
		if (r >= 0 && v->missing == NULL && starts(need, "ports:"))
			v->missing = listed_ports_missing(j, need + 6);
		if (r < 0)
			return r;
		network |= starts(need, "probe:") || starts(need, "any:") ||
			   starts(need, "port:") || strcmp(need, "sweep") == 0;
	}
	v->counts_hosts = !v->counts_services;
	if (!network && needs->count > 0)
		network = true; /* "ledger" alone still speaks of the hosts that were seen */
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
	if (v->reason == NULL && !j->any_answering)
		v->reason = nobody_answered(j);
	return 0;
}

struct cover *cover_of(struct judged *j, const struct words *needs, int *ret_error)
{
	for (size_t i = 0; i < j->cover_count; i++)
		if (same_needs(j->covers[i]->needs, needs))
			return j->covers[i];
	struct cover *v = arena_array(j->arena, 1, sizeof(*v));
	if (v != NULL) {
		v->needs = needs;
		v->host = arena_array(j->arena, j->host_count, sizeof(*v->host));
		v->service = arena_array(j->arena, j->service_count, sizeof(*v->service));
	}
	if (v == NULL || v->host == NULL || v->service == NULL) {
		*ret_error = -ENOMEM;
		return NULL;
	}
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

struct coverage coverage_of(const struct judged *j, const struct cover *const *covers, size_t count,
			    const signed char *members)
{
	struct coverage c = { 0 };
	bool hosts = false;

	for (size_t i = 0; i < count; i++)
		hosts |= covers[i]->counts_hosts;
	for (size_t i = 0; i < j->host_count; i++) {
		const struct judged_host *h = &j->hosts[i];

		if (members != NULL && members[i] != 1)
			continue;
		c.hosts++;
		c.answering += h->answering;
		c.planned += h->planned;
		if (hosts && !h->absent) {
			uint16_t state = joined(covers, count, i, false);

			c.services += state != SUBJECT_NONE;
			c.checked += state == SUBJECT_RAN;
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
