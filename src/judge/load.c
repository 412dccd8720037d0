/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judged scan in memory: its plan, hosts, ranges that were quiet, open services and what the probes
 * brought from them.
 */
#include "judge/judged.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/address.h"
#include "judge/arena.h"

void judged_read_ports(const char *text, uint64_t set[static 1024])
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
	int r = db_number(j->db, "SELECT started FROM temp.judged", 0, &j->started);

	if (r < 0)
		return r;
	r = query_new(
		j->db,
		"SELECT site, vantage, plan->>'$.ports_tcp', plan->>'$.ports_udp',"
		" coalesce(plan->>'$.risk', 'read')"
		" FROM (SELECT site, vantage, CASE WHEN json_valid(plan) THEN plan ELSE '{}' END"
		"  AS plan FROM main.scan WHERE id = ?)",
		&q);

	if (r < 0)
		return r;
	query_bind_int(q, 1, j->primary != 0 ? j->primary : j->scan);
	r = query_step(q);
	if (r == 1) {
		const char *risk = query_text(q, 4);

		j->site = arena_text(j->arena, query_text(q, 0));
		j->vantage = arena_text(j->arena, query_text(q, 1));
		if (j->primary != 0) {
			judged_read_ports(query_text(q, 2), j->planned.tcp);
			judged_read_ports(query_text(q, 3), j->planned.udp);
		}
		/* Without a sweep no class forbade anything. */
		j->probing =
			j->primary == 0 ||
			(risk != NULL && (strcmp(risk, "read") == 0 || strcmp(risk, "login") == 0));
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
	/* Nothing answered the sweep, which may have been made to the end. */
	if (strcmp(state, "heard") == 0 && !complete)
		return reason != NULL ? reason : "heard only";
	if (strcmp(state, "vantage") == 0)
		return NULL;
	if (strcmp(state, "reached") == 0)
		return "not scanned";
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
	int r = db_number(j->db, "SELECT count(*) FROM temp.asset", 0, &count);

	if (r < 0)
		return r;
	j->hosts = arena_array(j->arena, (size_t)count, sizeof(*j->hosts));
	if (j->hosts == NULL)
		return -ENOMEM;
	r = query_new(
		j->db,
		"SELECT a.address, a.key, answering, state, reason, complete, planned,"
		" ledger_id IS NOT NULL, treated = 'ot', addresses, udp_ports > 0, heard, zone,"
		" kind, k.filed FROM temp.asset AS a JOIN temp.asset_key AS k USING (address)"
		" ORDER BY a.address",
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
		h->heard = query_int(q, 11) != 0;
		h->own = strcmp(state, "vantage") == 0;
		const char *filed = query_text(q, 14);
		if (filed != NULL && h->key != NULL && strcmp(filed, h->key) != 0)
			h->filed = arena_text(j->arena, filed);
		if ((r = word_of(j, query_text(q, 12), &h->zone)) < 0 ||
		    (r = word_of(j, query_text(q, 13), &h->kind)) < 0)
			break;
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

/* ---- services and what the probes brought from them ---- */

static const char open_services[] =
	"SELECT s.address, s.port, s.transport, s.protocol, s.tls, s.limited, c.probe, c.ending,"
	" c.told, c.gathered, c.limited, c.finished_ms"
	" FROM temp.service AS s LEFT JOIN temp.conversation AS c ON c.address = s.address"
	" AND c.port = s.port AND c.transport = s.transport"
	" WHERE s.state = 'open' ORDER BY s.address, s.port, s.transport";

enum {
	AT_ADDRESS,
	AT_PORT,
	AT_TRANSPORT,
	AT_PROTOCOL,
	AT_TLS,
	AT_LIMITED,
	AT_PROBE,
	AT_ENDING,
	AT_TOLD,
	AT_GATHERED,
	AT_LEFT_OUT,
	AT_FINISHED,
};

const struct judge_probe *judged_probe_find(const struct judge_probe *probes, const char *name,
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
	struct judged_service *service = &j->services[j->service_count - 1];
	const char *name = query_text(q, AT_PROBE);

	int64_t finished = query_int(q, AT_FINISHED);
	struct judged_host *host = &j->hosts[service->host];
	if (finished > service->talked_ms)
		service->talked_ms = finished;
	if (finished > host->talked_ms)
		host->talked_ms = finished;
	const struct judge_probe *probe =
		name != NULL ? judged_probe_find(j->probes, name, strlen(name)) : NULL;

	if (probe == NULL)
		return 0;
	struct judged_told *t = &j->told[j->told_count++];
	*t = (struct judged_told){ .probe = (uint16_t)(probe - j->probes),
				   .full = query_int(q, AT_TOLD) != 0 };
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
	int64_t services = 0, told = 0, joined = 0;
	int r = db_number(j->db, "SELECT count(*) FROM service WHERE state = 'open'", 0, &services);

	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.conversation", 0, &told);
	if (r < 0)
		return r;
	j->services = arena_array(j->arena, (size_t)services + 1, sizeof(*j->services));
	j->told = arena_array(j->arena, (size_t)told, sizeof(*j->told));
	if (j->services == NULL || j->told == NULL || !words_make(j))
		return -ENOMEM;
	r = query_new(j->db, open_services, &q);
	if (r < 0)
		return r;
	while (r >= 0 && (r = query_step(q)) == 1) {
		r = word_of(j, query_text(q, AT_TRANSPORT), &transport);
		if (r >= 0 && is_next(j, q, transport, last))
			r = j->service_count < (size_t)services ? load_service(j, q) : -EBADMSG;
		last = transport;
		joined += !query_null(q, AT_PROBE);
		if (r >= 0 && j->told_count < (size_t)told)
			r = load_told(j, q);
	}
	query_free(q);
	j->services[j->service_count].first_told = (uint32_t)j->told_count;
	j->talked_known = joined == told;
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

int judged_load(struct judged *j)
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
