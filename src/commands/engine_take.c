/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process of a scan: what the guard and the packets process tell. Hosts and ports go on to
 * engine_hosts.c; names, remarks and the ends of things are dealt with here.
 */
#include "commands/engine_parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "wire/routes.h"
#include "wire/vendor.h"

enum { LOOKUPS = 64 }; /* names that are asked for at once */

/* ---- names ---- */

/* Is this a host, rather than an address where nothing is? */
void engine_want_name(struct engine *e, const struct guard_event *v)
{
	if (e->setup->plan->resolver_count == 0 || e->stopping ||
	    (v->open + v->closed == 0 && v->mac[0] == '\0') || addr_is_loopback(&v->address) ||
	    v->address.scope != 0)
		return; /* link-local addresses have no names in the DNS */
	if (!names_want(e->names, &v->address))
		engine_begin_stop(e, ENGINE_FAULT);
}

void engine_look_up(struct engine *e)
{
	struct addr a;

	while (!e->stopping && names_next(e->names, LOOKUPS, &a))
		crew_order(e->crew, ORDER_NAME, &a, NULL);
}

static void take_name(struct engine *e, const struct addr *a, const char *piece, bool last,
		      bool doubtful)
{
	char address[ADDR_TEXT], text[400];
	const char *name;

	if (!names_piece(e->names, a, piece, last, &name))
		return;
	addr_format(a, address);
	store_host_names(e->setup->store, address, names_json(e->names, a));
	if (!doubtful)
		return;
	snprintf(text, sizeof(text), "%s: the name does not lead back to this address", name);
	store_remark(e->setup->store, "name-unconfirmed", address, text);
}

/* ---- what shows itself on a segment ---- */

static void take_duplicate(struct engine *e, const struct sight *s)
{
	char address[ADDR_TEXT], text[128];
	int first = (int)strcspn(s->reason, " ");

	snprintf(text, sizeof(text), "two devices answer for this address: %.*s and %s", first,
		 s->reason, s->reason + first + (s->reason[first] == ' '));
	store_remark(e->setup->store, "duplicate-address", addr_format(&s->address, address), text);
}

static bool in_ledger(const struct plan *p, const struct sight *s)
{
	struct guard_event v = { .address = s->address };

	if (s->has_mac)
		neighbour_mac_text(s->mac, v.mac);
	return engine_ledger_of(p, &v) != NULL;
}

static void take_shown(struct engine *e, const struct sight *s)
{
	char address[ADDR_TEXT], who[80] = "", text[200];
	const char *vendor = s->has_mac ? vendor_name(s->mac) : NULL, *kind = "", *form = "";
	bool known = in_ledger(e->setup->plan, s);

	if (s->has_mac)
		neighbour_mac_text(s->mac, who);
	if (vendor != NULL)
		snprintf(who + strlen(who), sizeof(who) - strlen(who), " (%s)", vendor);
	switch (s->kind) {
	case SIGHT_OUTSIDE:
		kind = "outside-targets";
		form = "seen on the segment, outside the targets: %s";
		break;
	case SIGHT_ROUTER:
		kind = "router";
		form = known ? "advertises itself as a router: %s"
			     : "advertises itself as a router, and the ledger does not name it: %s";
		break;
	case SIGHT_DHCP:
		kind = "dhcp-server";
		form = known ? "offers addresses by DHCP: %s"
			     : "offers addresses by DHCP, and the ledger does not name it: %s";
		break;
	default:
		return;
	}
	const char *gap = strstr(form, "%s");
	snprintf(text, sizeof(text), "%.*s%s", (int)(gap - form), form, who);
	store_remark(e->setup->store, kind, addr_format(&s->address, address), text);
}
/* ---- events ---- */

/* What the packets process tells of one host or port, in the guard's words. */
static struct guard_event event_of(const struct sight *s, enum event_kind kind)
{
	struct guard_event v = {
		.kind = kind,
		.address = s->address,
		.port = s->port,
		.udp = s->udp,
		.port_state = s->port_state,
		.host_state = s->host_state,
		.treatment = TREAT_IT,
		.open = s->open,
		.closed = s->closed,
		.filtered = s->filtered,
		.silent = s->silent,
		.udp_ports = s->udp_ports,
		.rtt_us = s->rtt_us,
		.complete = s->complete,
		.first_ms = s->first_ms,
		.last_ms = s->last_ms,
	};

	if (s->has_mac)
		neighbour_mac_text(s->mac, v.mac);
	snprintf(v.reason, sizeof(v.reason), "%s", s->reason);
	return v;
}

static void take_sight(struct engine *e, const struct sight *s)
{
	char address[ADDR_TEXT];
	struct guard_event v;

	e->udp_asked = e->udp_asked || s->udp_ports > 0;
	switch (s->kind) {
	case SIGHT_PORT:
		v = event_of(s, EVENT_PORT);
		engine_take_port(e, &v);
		break;
	case SIGHT_HOST:
		v = event_of(s, EVENT_HOST);
		engine_take_host(e, &v);
		break;
	case SIGHT_QUIET:
		engine_take_quiet(e, s, event_of(s, EVENT_HOST));
		break;
	case SIGHT_FOUND:
		crew_sweep(e->crew, s);
		break;
	case SIGHT_FOUND_LAST:
		crew_order(e->crew, ORDER_SWEEP_LAST, NULL, NULL);
		break;
	case SIGHT_DUPLICATE:
		take_duplicate(e, s);
		break;
	case SIGHT_REMARK:
		store_remark(e->setup->store, "packets",
			     addr_is_unusable(&s->address) ? NULL
							   : addr_format(&s->address, address),
			     s->reason);
		break;
	case SIGHT_OUTSIDE:
	case SIGHT_ROUTER:
	case SIGHT_DHCP:
		take_shown(e, s);
		break;
	case SIGHT_NAME:
		take_name(e, &s->address, s->reason, s->complete, false);
		break;
	case SIGHT_PLACE:
		/* With the results that were told before it, and at once: what was sent since would be
		 * sent again. */
		crew_places(e->crew, e->setup->store);
		store_commit(e->setup->store);
		break;
	case SIGHT_WAITING:
		e->frames_wait = true;
		e->frames_wait_for = s->address;
		break;
	case SIGHT_GOES_ON:
		e->frames_wait = false;
		break;
	case SIGHT_SWEPT:
		e->frames_swept = true;
		break;
	case SIGHT_NO_JOURNAL:
		engine_begin_stop(e, ENGINE_JOURNAL);
		break;
	case SIGHT_STOPPED:
		e->frames_stopped = true;
		engine_begin_stop(e, ENGINE_STOPPED);
		break;
	}
}

void engine_take_sights(struct engine *e)
{
	struct sight sights[SIGHTS_ROOM];
	size_t n;
	int more = 64;

	while (more-- > 0 && (n = crew_sights(e->crew, sights, SIGHTS_ROOM)) > 0)
		for (size_t i = 0; i < n; i++)
			take_sight(e, &sights[i]);
	if (!crew_packets_gone(e->crew))
		return;
	epoll_ctl(e->epoll, EPOLL_CTL_DEL, crew_packets_channel(e->crew), NULL);
	e->frames_stopped = true;
	if (!e->frames_swept) {
		store_remark(e->setup->store, "packets", NULL, "the packets process ended early");
		engine_begin_stop(e, ENGINE_FAULT);
	}
	e->frames_swept = true;
}

void engine_take_event(struct engine *e, const struct guard_event *v)
{
	struct target *t;
	char address[ADDR_TEXT];

	switch (v->kind) {
	case EVENT_PORT:
		engine_take_port(e, v);
		break;
	case EVENT_HOST:
		e->udp_asked = e->udp_asked || v->udp_ports > 0;
		engine_take_host(e, v);
		break;
	case EVENT_DISTRESS:
		e->result.distressed++;
		t = targets_get(e->targets, &v->address);
		if (t != NULL)
			t->distress = true;
		addr_format(&v->address, address);
		store_host_state(e->setup->store, address, NULL, "distress", v->reason, NULL);
		store_remark(e->setup->store, "distress", address, v->reason);
		break;
	case EVENT_OT:
		t = targets_get(e->targets, &v->address);
		if (t != NULL) {
			const struct zone *z = site_zone(&e->setup->plan->site, &v->address);

			t->treatment = TREAT_OT;
			t->unassigned = false;
			t->full_depth = z != NULL && ranges_contain(&z->full_depth, &v->address);
		}
		store_host_state(e->setup->store, addr_format(&v->address, address), "ot", NULL,
				 NULL, v->ot_sign);
		break;
	case EVENT_NAME:
		take_name(e, &v->address, v->reason, v->complete, v->port == 0);
		break;
	case EVENT_NAMED:
		names_done(e->names);
		if (v->reason[0] != '\0' && !e->names_told) {
			e->names_told = true;
			store_remark(e->setup->store, "names", NULL, v->reason);
		}
		break;
	case EVENT_SWEPT:
		e->swept = true;
		break;
	case EVENT_WAITING:
		e->sweep_waits = true;
		e->waits_for = v->address;
		break;
	case EVENT_GOES_ON:
		e->sweep_waits = false;
		break;
	case EVENT_WORKERS_CLEARED:
		e->clearing = false;
		break;
	case EVENT_NO_JOURNAL:
		engine_begin_stop(e, ENGINE_JOURNAL);
		break;
	case EVENT_STOPPED:
		e->stopped = true;
		/* Where nobody else told us: no job is handed out any more. */
		engine_begin_stop(e, ENGINE_STOPPED);
		break;
	}
}
