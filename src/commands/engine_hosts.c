/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process of a scan: what is known of hosts and ports goes to the store. A host has a row of its
 * own where anything came back from it or the ledger names it; the others stand together in ranges. What
 * is open, and may be spoken with, becomes a target of the jobs.
 */
#include "commands/engine_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/probe.h"
#include "wire/vendor.h"

static const char *const port_words[PORT_STATES] = { "open", "closed", "filtered", "silent" };
static const char *const host_words[] = { "answering", "silent",    "absent",
					  "skipped",   "all-ports", "distress" };

static const char *treatment_word(enum treatment t)
{
	return t == TREAT_OT ? "ot" : "it";
}

const struct asset *engine_ledger_of(const struct plan *p, const struct guard_event *v)
{
	for (size_t i = 0; i < p->site.asset_count; i++) {
		const struct asset *a = &p->site.assets[i];

		if (a->has_address && addr_compare(&a->address, &v->address) == 0)
			return a;
	}
	for (size_t i = 0; i < p->site.asset_count && v->mac[0] != '\0'; i++)
		if (!p->site.assets[i].has_address && p->site.assets[i].mac != NULL &&
		    strcmp(p->site.assets[i].mac, v->mac) == 0)
			return &p->site.assets[i];
	return NULL;
}

/* The row that an earlier run of the scan gave this address, or NULL. */
static const struct resumed_row *row_of(const struct engine *e, const struct addr *a)
{
	const struct resumed_row *row = resumed_next_row(e->setup->resumed, a);

	return row != NULL && addr_compare(&row->address, a) == 0 ? row : NULL;
}

/* Nothing came back, from the link neither, and the ledger does not name it. */
static bool is_quiet(const struct engine *e, const struct guard_event *v, const struct asset *a)
{
	return a == NULL && row_of(e, &v->address) == NULL && v->mac[0] == '\0' &&
	       v->ot_sign[0] == '\0' &&
	       (v->host_state == HOST_SILENT || v->host_state == HOST_ABSENT ||
		v->host_state == HOST_SKIPPED);
}

static void write_host(struct engine *e, const struct guard_event *v)
{
	const struct plan *p = e->setup->plan;
	const struct zone *z = site_zone(&p->site, &v->address);
	const struct asset *a = engine_ledger_of(p, v);
	char address[ADDR_TEXT];
	uint8_t mac[6];
	struct host_row row = {
		.address = addr_format(&v->address, address),
		.zone = z != NULL ? z->name : NULL,
		.kind = zone_kind_word(plan_kind(p, &v->address)),
		.treated = treatment_word(v->treatment),
		.state = host_words[v->host_state],
		.reason = or_null(v->reason),
		.ot_sign = or_null(v->ot_sign),
		.mac = or_null(v->mac),
		.names = names_json(e->names, &v->address),
		.ledger_id = a != NULL ? a->id : NULL,
		.is_public = addr_is_public(&v->address),
		.complete = v->complete,
		.planned = e->planned,
		.open = v->open,
		.closed = v->closed,
		.filtered = v->filtered,
		.silent = v->silent,
		.udp_ports = v->udp_ports,
		.rtt_us = v->rtt_us,
		.first_ms = v->first_ms,
		.last_ms = v->last_ms,
	};

	if (sscanf(v->mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) == 6)
		row.vendor = vendor_name(mac);
	if (!is_quiet(e, v, a)) {
		store_host(e->setup->store, &row);
		return;
	}
	const struct quiet_row quiet = { .first = v->address,
					 .last = v->address,
					 .state = row.state,
					 .reason = row.reason,
					 .zone = row.zone,
					 .kind = row.kind,
					 .treated = row.treated,
					 .complete = row.complete,
					 .planned = row.planned,
					 .first_ms = row.first_ms,
					 .last_ms = row.last_ms };
	store_quiet(e->setup->store, &quiet);
}

static void keep_host(struct engine *e, const struct guard_event *v)
{
	write_host(e, v);
	e->result.hosts++;
	e->result.unrouted += strcmp(v->reason, GUARD_NO_ROUTE) == 0;
	if (v->host_state == HOST_ANSWERING || v->host_state == HOST_ALL_PORTS ||
	    v->host_state == HOST_DISTRESS)
		e->result.answering += v->open + v->closed > 0;
}

/* Ports where a general-purpose computer shows itself come first among those of an unassigned host,
 * behind the OT ports. */
static int port_rank(const struct engine *e, struct open_port p)
{
	const struct port_entry *entry = port_list_find(&e->setup->plan->port_list, p.port, p.udp);

	if (entry != NULL && entry->ot)
		return 0;
	return !p.udp && (p.port == 445 || p.port == 3389) ? 1 : 2;
}

void engine_order_ports(const struct engine *e, struct target *t)
{
	if (t->port_next == t->port_count)
		return;
	struct open_port *sorted = calloc(t->port_count, sizeof(*sorted));
	uint32_t n = t->port_next; /* those before it are done */

	if (sorted == NULL)
		return;
	memcpy(sorted, t->ports, n * sizeof(*sorted));
	for (int rank = 0; rank <= 2; rank++)
		for (uint32_t i = t->port_next; i < t->port_count; i++)
			if (port_rank(e, t->ports[i]) == rank)
				sorted[n++] = t->ports[i];
	free(t->ports);
	t->ports = sorted;
}

bool engine_may_speak(const struct engine *e, const struct addr *a)
{
	const struct zone *z = site_zone(&e->setup->plan->site, a);

	return e->setup->plan->risk >= SITE_READ && (z == NULL || z->risk >= SITE_READ);
}

bool engine_has_udp_probe(uint16_t port)
{
	for (size_t i = 0; probes[i] != NULL; i++)
		if (probes[i]->udp && probe_belongs(probes[i], port))
			return true;
	return false;
}

void engine_take_port(struct engine *e, const struct guard_event *v)
{
	const struct port_entry *entry =
		port_list_find(&e->setup->plan->port_list, v->port, v->udp);
	struct target *t;
	char address[ADDR_TEXT];

	if (v->port_state == PORT_FILTERED && v->open + v->closed == 0)
		return; /* the whole host may be behind a filter: its counts say so */
	bool speak = engine_may_speak(e, &v->address);
	store_service(e->setup->store, addr_format(&v->address, address), v->port,
		      transport_word(v->udp), port_words[v->port_state], or_null(v->reason),
		      entry != NULL ? entry->name : NULL,
		      speak || v->port_state != PORT_OPEN ? NULL : "not allowed");
	if (v->port_state != PORT_OPEN)
		return;
	e->result.services++;
	e->notable += entry != NULL && (entry->ot || strcmp(entry->family, "remote-admin") == 0);
	if (v->udp) /* its answer was one of the protocol that belongs there */
		store_service_spoken(e->setup->store, address, v->port, "udp",
				     entry != NULL ? entry->name : NULL, false, "port", NULL);
	if (!speak || (v->udp && !engine_has_udp_probe(v->port)))
		return;
	t = targets_get(e->targets, &v->address);
	if (t == NULL || !target_add_port(t, v->port, v->udp)) {
		engine_begin_stop(e, ENGINE_FAULT);
		return;
	}
	/* The row is complete when the sweep of the host is; a scan killed before has it like this. */
	if (t->port_count == 1) {
		struct guard_event so_far = *v;

		so_far.reason[0] = '\0';
		write_host(e, &so_far);
	}
}

void engine_swept(const struct engine *e, struct target *t, enum treatment treatment, bool ot_sign)
{
	const struct plan *p = e->setup->plan;
	const struct zone *z = site_zone(&p->site, &t->address);

	t->swept = true;
	t->treatment = treatment;
	t->unassigned = plan_kind(p, &t->address) == ZONE_UNASSIGNED && !ot_sign;
	t->full_depth =
		treatment == TREAT_IT || (z != NULL && ranges_contain(&z->full_depth, &t->address));
	t->anonymous = z != NULL && z->anonymous;
}

void engine_take_host(struct engine *e, const struct guard_event *v)
{
	char address[ADDR_TEXT];

	keep_host(e, v);
	if (v->host_state == HOST_DISTRESS)
		store_ended(e->setup->store, addr_format(&v->address, address), 0, false, false);
	engine_want_name(e, v);
	/* The counts are those of TCP. */
	struct target *t = targets_find(e->targets, &v->address);
	if (t == NULL || !engine_may_speak(e, &v->address))
		return;
	engine_swept(e, t, v->treatment, v->ot_sign[0] != '\0');
	memcpy(t->mac, v->mac, sizeof(t->mac));
	t->all_ports = v->host_state == HOST_ALL_PORTS;
	t->distress = t->distress || v->host_state == HOST_DISTRESS;
	if (t->all_ports || t->distress) {
		addr_format(&v->address, address);
		for (uint32_t i = t->port_next; i < t->port_count; i++)
			store_service_spoken(e->setup->store, address, t->ports[i].port,
					     transport_word(t->ports[i].udp), NULL, false, "none",
					     t->all_ports ? "answers on every port"
							  : "left in distress");
		t->port_next = t->port_count;
		return;
	}
	engine_order_ports(e, t);
	if (t->port_next == t->port_count)
		engine_choose_logins(e, t); /* an earlier run had the conversations */
	else if (!e->stopping)
		targets_queue(e->targets, t);
}

/* The first address at or behind this one, up to last, that has a row of its own: the ledger names it,
 * or an earlier run heard of it. */
static const struct addr *next_named(const struct engine *e, const struct addr *from,
				     const struct addr *last)
{
	const struct plan *p = e->setup->plan;
	const struct resumed_row *row = resumed_next_row(e->setup->resumed, from);
	const struct addr *best =
		row != NULL && addr_compare(&row->address, last) <= 0 ? &row->address : NULL;

	for (size_t i = 0; i < p->site.asset_count; i++) {
		const struct asset *a = &p->site.assets[i];

		if (a->has_address && addr_compare(&a->address, from) >= 0 &&
		    addr_compare(&a->address, last) <= 0 &&
		    (best == NULL || addr_compare(&a->address, best) < 0))
			best = &a->address;
	}
	return best;
}

/* All are of one zone; what the ledger names has a row of its own. */
void engine_take_quiet(struct engine *e, const struct sight *s, struct guard_event v)
{
	const struct plan *p = e->setup->plan;
	const struct zone *z = site_zone(&p->site, &s->address);
	enum zone_kind kind = plan_kind(p, &s->address);
	struct quiet_row row = {
		.state = host_words[s->host_state],
		.reason = or_null(v.reason),
		.zone = z != NULL ? z->name : NULL,
		.kind = zone_kind_word(kind),
		.complete = s->complete,
		.planned = e->planned,
		.first_ms = s->first_ms,
		.last_ms = s->last_ms,
	};
	struct addr from = s->address;
	bool more = true;

	v.treatment = kind == ZONE_OT || kind == ZONE_UNASSIGNED ? TREAT_OT : TREAT_IT;
	row.treated = treatment_word(v.treatment);
	while (more && addr_compare(&from, &s->last) <= 0) {
		const struct addr *named = next_named(e, &from, &s->last);

		row.first = from;
		row.last = s->last;
		if (named == NULL) {
			more = false;
		} else {
			row.last = *named;
			v.address = *named;
			const struct resumed_row *known = row_of(e, named);
			/* It is gone since, or does not answer twice: what was heard stays. */
			if (known != NULL && known->heard)
				e->result.hosts++;
			else
				keep_host(e, &v);
			from = *named;
			more = addr_next(&from);
		}
		if (named != NULL && addr_compare(&row.first, named) == 0)
			continue;
		if (named != NULL)
			addr_previous(&row.last);
		store_quiet(e->setup->store, &row);
		struct range r = { .first = row.first, .last = row.last };
		struct ranges one = { .list = &r, .count = 1 };
		e->result.hosts += ranges_count(&one);
	}
}
