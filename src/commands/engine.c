/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "codec/limits.h"
#include "commands/crew.h"
#include "commands/lock.h"
#include "commands/names.h"
#include "commands/progress.h"
#include "commands/targets.h"
#include "probes/probe.h"
#include "store/db.h"
#include "wire/routes.h"
#include "wire/vendor.h"

enum {
	JOBS_OT = 1, /* conversations under way per host */
	JOBS_IT = 16,
	CUTS_MOST = 100, /* jobs of a host that may be done again because a window ended */
	RESPAWNS = 8,    /* how often a dead worker process is replaced */
	LOOKUPS = 64,    /* names that are asked for at once */
	PROGRESS_MS = 500,
};

/* One worker thread as main sees it. */
struct desk {
	struct target *target; /* NULL: idle */
	uint16_t port;
	uint32_t job;
	bool full;       /* the job's depth */
	uint8_t *buffer; /* a result under way */
	size_t length, capacity;
};

struct engine {
	const struct engine_setup *setup;
	struct crew *crew;
	struct desk *desks;
	struct targets *targets;
	struct names *names;
	struct engine_result result;
	uint32_t jobs;
	unsigned active_jobs, respawns;
	bool swept, stopping, stopped, clearing, abandoned;
	bool frames_swept, frames_stopped,
		frames_wait; /* the packets process; true where there is none */
	int epoll, signals;
	unsigned signal_count;
	bool names_told;
	bool sweep_waits;      /* the guard's sweep has closed zones left only */
	struct addr waits_for; /* a host of the one that opens first; zero: none of its own */
	struct addr frames_wait_for;
	const struct zone *closed; /* found closed in this second */
	int64_t closed_s;
	int64_t window_s; /* when pause was judged last */
	int64_t opens;    /* paused until then; 0: not paused */
	char pause[256];
	uint64_t total_hosts;
	uint32_t planned;      /* TCP ports of each host */
	bool udp_asked;        /* somewhere */
	unsigned long notable; /* open ports of remote administration and of control equipment */
	struct progress progress;
	int64_t progress_ms;
	int64_t sync_ms;
	int journal; /* for syncing only */
};

static int64_t mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void begin_stop(struct engine *e, enum engine_end why)
{
	if (e->result.end == ENGINE_DONE)
		e->result.end = why;
	if (e->stopping)
		return;
	e->stopping = true;
	crew_order(e->crew, ORDER_STOP, NULL, NULL);
}

/* ---- what the guard tells ---- */

static const char *const port_words[PORT_STATES] = { "open", "closed", "filtered", "silent" };
static const char *const host_words[] = { "answering", "silent",    "absent",
					  "skipped",   "all-ports", "distress" };

static const char *treatment_word(enum treatment t)
{
	return t == TREAT_OT ? "ot" : "it";
}

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static const struct asset *ledger_of(const struct plan *p, const struct guard_event *v)
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
	const struct asset *a = ledger_of(p, v);
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

/* ---- names ---- */

/* Is this a host, rather than an address where nothing is? */
static void want_name(struct engine *e, const struct guard_event *v)
{
	if (e->setup->plan->resolver_count == 0 || e->stopping ||
	    (v->open + v->closed == 0 && v->mac[0] == '\0') || addr_is_loopback(&v->address) ||
	    v->address.scope != 0)
		return; /* link-local addresses have no names in the DNS */
	if (!names_want(e->names, &v->address))
		begin_stop(e, ENGINE_FAULT);
}

static void look_up(struct engine *e)
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
	return ledger_of(p, &v) != NULL;
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

/* Ports where a general-purpose computer shows itself come first among those of an unassigned host,
 * behind the OT ports. */
static int port_rank(const struct engine *e, uint16_t port)
{
	const struct port_entry *entry = port_list_find(&e->setup->plan->port_list, port, false);

	if (entry != NULL && entry->ot)
		return 0;
	return port == 445 || port == 3389 ? 1 : 2;
}

static void order_ports(const struct engine *e, struct target *t)
{
	uint16_t *sorted = calloc(t->port_count, sizeof(*sorted));
	uint32_t n = 0;

	if (sorted == NULL)
		return;
	for (int rank = 0; rank <= 2; rank++)
		for (uint32_t i = 0; i < t->port_count; i++)
			if (port_rank(e, t->ports[i]) == rank)
				sorted[n++] = t->ports[i];
	free(t->ports);
	t->ports = sorted;
}

/* May anything be asked there, beyond the port being open? */
static bool may_speak(const struct engine *e, const struct addr *a)
{
	const struct zone *z = site_zone(&e->setup->plan->site, a);

	return e->setup->plan->risk >= SITE_READ && (z == NULL || z->risk >= SITE_READ);
}

static void take_port(struct engine *e, const struct guard_event *v)
{
	const struct port_entry *entry =
		port_list_find(&e->setup->plan->port_list, v->port, v->udp);
	struct target *t;
	char address[ADDR_TEXT];

	if (v->port_state == PORT_FILTERED && v->open + v->closed == 0)
		return; /* the whole host may be behind a filter: its counts say so */
	bool speak = may_speak(e, &v->address);
	store_service(e->setup->store, addr_format(&v->address, address), v->port,
		      v->udp ? "udp" : "tcp", port_words[v->port_state], or_null(v->reason),
		      entry != NULL ? entry->name : NULL,
		      speak || v->port_state != PORT_OPEN ? NULL : "not allowed");
	if (v->port_state != PORT_OPEN)
		return;
	e->result.services++;
	e->notable += entry != NULL && (entry->ot || strcmp(entry->family, "remote-admin") == 0);
	if (v->udp) /* its answer was one of the protocol that belongs there */
		store_service_spoken(e->setup->store, address, v->port, "udp",
				     entry != NULL ? entry->name : NULL, false, "port", NULL);
	if (v->udp || !speak)
		return;
	t = targets_get(e->targets, &v->address);
	if (t == NULL || !target_add_port(t, v->port)) {
		begin_stop(e, ENGINE_FAULT);
		return;
	}
	/* The row is complete when the sweep of the host is; a scan killed before has it like this. */
	if (t->port_count == 1) {
		struct guard_event so_far = *v;

		so_far.reason[0] = '\0';
		write_host(e, &so_far);
	}
}

/* The sweep of this host is over: how it is spoken to. */
static void swept(const struct engine *e, struct target *t, enum treatment treatment, bool ot_sign)
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

static void take_host(struct engine *e, const struct guard_event *v)
{
	char address[ADDR_TEXT];

	keep_host(e, v);
	if (v->host_state == HOST_DISTRESS)
		store_ended(e->setup->store, addr_format(&v->address, address), 0, false);
	want_name(e, v);
	if (v->open == 0 || !may_speak(e, &v->address))
		return;
	struct target *t = targets_get(e->targets, &v->address);
	if (t == NULL)
		return;
	swept(e, t, v->treatment, v->ot_sign[0] != '\0');
	t->all_ports = v->host_state == HOST_ALL_PORTS;
	t->distress = t->distress || v->host_state == HOST_DISTRESS;
	if (t->all_ports || t->distress) {
		addr_format(&v->address, address);
		for (uint32_t i = 0; i < t->port_count; i++)
			store_service_spoken(
				e->setup->store, address, t->ports[i], "tcp", NULL, false, "none",
				t->all_ports ? "answers on every port" : "left in distress");
		t->port_next = t->port_count;
		return;
	}
	order_ports(e, t);
	if (!e->stopping)
		targets_queue(e->targets, t);
}

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

/* Nothing came back from these. All are of one zone; what the ledger names has a row of its own. */
static void take_quiet(struct engine *e, const struct sight *s)
{
	const struct plan *p = e->setup->plan;
	const struct zone *z = site_zone(&p->site, &s->address);
	enum zone_kind kind = plan_kind(p, &s->address);
	struct guard_event v = event_of(s, EVENT_HOST);
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

static void take_sight(struct engine *e, const struct sight *s)
{
	char address[ADDR_TEXT];
	struct guard_event v;

	e->udp_asked = e->udp_asked || s->udp_ports > 0;
	switch (s->kind) {
	case SIGHT_PORT:
		v = event_of(s, EVENT_PORT);
		take_port(e, &v);
		break;
	case SIGHT_HOST:
		v = event_of(s, EVENT_HOST);
		take_host(e, &v);
		break;
	case SIGHT_QUIET:
		take_quiet(e, s);
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
		begin_stop(e, ENGINE_JOURNAL);
		break;
	case SIGHT_STOPPED:
		e->frames_stopped = true;
		begin_stop(e, ENGINE_STOPPED);
		break;
	}
}

/* The packets process: what it tells, or that it is gone. */
static void take_sights(struct engine *e)
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
		begin_stop(e, ENGINE_FAULT);
	}
	e->frames_swept = true;
}

static void take_event(struct engine *e, const struct guard_event *v)
{
	struct target *t;
	char address[ADDR_TEXT];

	switch (v->kind) {
	case EVENT_PORT:
		take_port(e, v);
		break;
	case EVENT_HOST:
		take_host(e, v);
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
		begin_stop(e, ENGINE_JOURNAL);
		break;
	case EVENT_STOPPED:
		e->stopped = true;
		/* Where nobody else told us: no job is handed out any more. */
		begin_stop(e, ENGINE_STOPPED);
		break;
	}
}

/* ---- windows ---- */

/* The guard decides; this keeps worker threads from asking in vain. What needs no connection needs no
 * window: the ports of a host in distress, which are not looked at. */
static bool may_now(void *context, const struct target *t)
{
	struct engine *e = context;
	const struct plan *p = e->setup->plan;

	if (t->distress)
		return true;
	const struct zone *z = site_zone(&p->site, &t->address);
	int64_t now = time(NULL);

	if (z != NULL && z == e->closed && now == e->closed_s)
		return false; /* as its neighbour in the queue a moment ago */
	if (plan_start_refusal(p, &t->address, now) == NULL || plan_opens(p, &t->address, now) < 0)
		return true;
	e->closed = z;
	e->closed_s = now;
	return false;
}

static void earlier(const struct engine *e, const struct addr *a, int64_t now, int64_t *best,
		    const struct addr **ret)
{
	int64_t opens = plan_opens(e->setup->plan, a, now);

	if (opens >= 0 && (*best == 0 || opens < *best)) {
		*best = opens;
		*ret = a;
	}
}

/* Are there closed zones left only? Then until when? 0: something can be done. */
static int64_t paused_until(const struct engine *e, int64_t now, const struct addr **ret)
{
	int64_t best = 0;

	if (e->stopping || e->active_jobs > 0 || !(e->swept || e->sweep_waits) ||
	    !(e->frames_swept || e->frames_wait))
		return 0;
	if (!e->swept && !addr_is_unusable(&e->waits_for))
		earlier(e, &e->waits_for, now, &best, ret);
	if (!e->frames_swept)
		earlier(e, &e->frames_wait_for, now, &best, ret);
	for (const struct target *t = targets_queued(e->targets, NULL); t != NULL;
	     t = targets_queued(e->targets, t))
		earlier(e, &t->address, now, &best, ret);
	return best > now ? best : 0;
}

/* Says it once where the scan begins to wait. */
static void watch_pause(struct engine *e)
{
	const struct site *s = &e->setup->plan->site;
	const struct addr *a = NULL;
	int64_t now = time(NULL);
	char when[MOMENT_TEXT];

	if (now == e->window_s)
		return;
	e->window_s = now;
	int64_t opens = paused_until(e, now, &a);
	if (opens == e->opens)
		return;
	e->opens = opens;
	if (opens == 0)
		return;
	const struct zone *z = site_zone(s, a);
	snprintf(e->pause, sizeof(e->pause), _("paused: zone '%s' opens %s"),
		 z != NULL ? z->name : "?", site_moment(s, opens, when));
	fprintf(stderr, e->setup->progress ? "\r\033[K%s\n" : "%s\n", e->pause);
}

/* ---- jobs ---- */

static void hand_out(struct engine *e)
{
	for (unsigned i = 0; i < e->setup->threads && !e->stopping && !e->clearing; i++) {
		struct desk *d = &e->desks[i];

		if (d->target != NULL)
			continue;
		struct target *t = targets_next(e->targets, JOBS_OT, JOBS_IT, may_now, e);
		if (t == NULL)
			return;
		uint16_t port = t->ports[t->port_next++];
		const struct port_entry *entry =
			port_list_find(&e->setup->plan->port_list, port, false);
		struct job job = {
			.id = ++e->jobs,
			.address = t->address,
			.port = port,
			.treatment = t->treatment,
			.full_depth = t->full_depth,
			.anonymous = t->treatment == TREAT_IT || t->anonymous,
			.unassigned = t->unassigned,
			.quiet = entry != NULL && entry->raw_print,
		};
		if (!t->distress && crew_give(e->crew, i, &job)) {
			*d = (struct desk){ .target = t,
					    .port = port,
					    .job = job.id,
					    .full = job.full_depth,
					    .buffer = d->buffer,
					    .capacity = d->capacity };
			t->active++;
			e->active_jobs++;
		} else if (t->distress) {
			i--; /* this port is not looked at; the desk is still free */
		} else {
			t->port_next--; /* the workers died a moment ago: their successors get it */
			targets_queue(e->targets, t);
			return;
		}
		targets_queue(e->targets, t);
	}
}

/* What a document shows of the host. */
static void learn(struct engine *e, struct target *t, const struct result_header *h, uint16_t port)
{
	const struct probe *p = probes[h->probe];
	char sign[64];

	if (p->ot_sign && h->ending == ENDING_DONE && t->treatment != TREAT_OT) {
		snprintf(sign, sizeof(sign), "%s spoken on port %u", p->name, port);
		crew_order(e->crew, ORDER_OT, &t->address, sign);
		t->treatment = TREAT_OT;
		t->full_depth = false;
	}
	/* A file server or a desktop is no controller; its other ports may be looked at in full. */
	if (t->unassigned && h->ending == ENDING_DONE &&
	    (strcmp(p->name, "smb") == 0 || strcmp(p->name, "rdp") == 0)) {
		crew_order(e->crew, ORDER_IT, &t->address, p->name);
		t->treatment = TREAT_IT;
		t->full_depth = true;
		t->unassigned = false;
		char address[ADDR_TEXT];
		store_host_state(e->setup->store, addr_format(&t->address, address), "it", NULL,
				 NULL, NULL);
		target_add_port(t, port); /* once more, in full */
		targets_queue(e->targets, t);
	}
}

static void take_evidence(struct engine *e, struct desk *d, const struct result_header *h,
			  const char *document)
{
	char address[ADDR_TEXT];
	json_t *parsed = json_loadb(document, h->length, 0, NULL);
	char *text = strndup(parsed != NULL ? document : "{}", parsed != NULL ? h->length : 2);

	json_decref(parsed);
	if (text == NULL) {
		begin_stop(e, ENGINE_FAULT);
		return;
	}
	struct evidence_row row = {
		.address = addr_format(&d->target->address, address),
		.port = d->port,
		.transport = "tcp",
		.probe = probes[h->probe]->name,
		.ending = ending_word(h->ending),
		.document = text,
		.connections = h->connections,
		.sent = h->sent,
		.received = h->received,
		.started_ms = h->started_ms,
		.finished_ms = h->finished_ms,
	};
	if (h->ending != ENDING_STOPPED || crew_stopping(e->crew)) {
		store_evidence(e->setup->store, &row);
		e->result.conversations++;
	} /* else it is gathered once more */
	free(text);
	learn(e, d->target, h, d->port);
}

static void end_job(struct engine *e, struct desk *d)
{
	d->target->active--;
	e->active_jobs--;
	targets_queue(e->targets, d->target);
	d->target = NULL;
}

static void take_done(struct engine *e, struct desk *d, const struct result_header *h)
{
	char address[ADDR_TEXT];

	if (h->ending == ENDING_STOPPED && !crew_stopping(e->crew) && d->target->cuts < CUTS_MOST) {
		d->target->cuts++;
		target_again(d->target, d->port);
		end_job(e, d);
		return;
	}
	store_service_spoken(e->setup->store, addr_format(&d->target->address, address), d->port,
			     "tcp", or_null(h->protocol), h->tls, h->spoken,
			     h->ending == ENDING_STOPPED    ? "stopped"
			     : h->ending == ENDING_DISTRESS ? "left in distress"
							    : or_null(h->limited));
	if (h->ending != ENDING_STOPPED)
		store_ended(e->setup->store, address, d->port, d->full);
	end_job(e, d);
}

static bool probe_number(int probe)
{
	for (int i = 0; probes[i] != NULL; i++)
		if (i == probe)
			return true;
	return false;
}

/* Reads what a worker thread sent; false where the process is gone. */
static bool take_results(struct engine *e, unsigned index)
{
	struct desk *d = &e->desks[index];
	struct result_header h;

	for (;;) {
		if (d->capacity - d->length < 16384) {
			size_t capacity = d->capacity + 65536;
			uint8_t *more = capacity <= 2 * EVIDENCE_MAX + 131072
						? realloc(d->buffer, capacity)
						: NULL;

			if (more == NULL)
				return false;
			d->buffer = more;
			d->capacity = capacity;
		}
		ssize_t n = recv(crew_channel(e->crew, index), d->buffer + d->length,
				 d->capacity - d->length, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (n < 0)
			return true;
		d->length += (size_t)n;
		while (d->length >= sizeof(h)) {
			memcpy(&h, d->buffer, sizeof(h));
			if (d->target == NULL || h.job != d->job || h.length > EVIDENCE_MAX ||
			    h.ending >= ENDINGS ||
			    (h.kind == RESULT_EVIDENCE && !probe_number(h.probe)))
				return false; /* a worker that has lost its mind */
			if (d->length < sizeof(h) + h.length)
				break;
			h.protocol[sizeof(h.protocol) - 1] = h.spoken[sizeof(h.spoken) - 1] =
				h.limited[sizeof(h.limited) - 1] = '\0';
			size_t used = sizeof(h) + h.length;
			if (h.kind == RESULT_EVIDENCE)
				take_evidence(e, d, &h, (const char *)d->buffer + sizeof(h));
			else
				take_done(e, d, &h);
			memmove(d->buffer, d->buffer + used, d->length - used);
			d->length -= used;
		}
	}
}

/* The worker process died (a fault of ours on hostile bytes): what it was at is said, the rest goes
 * on with a new one. */
static void replace_workers(struct engine *e)
{
	char address[ADDR_TEXT];

	e->result.faults++;
	for (unsigned i = 0; i < e->setup->threads; i++) {
		struct desk *d = &e->desks[i];

		if (d->target != NULL) {
			char subject[ADDR_TEXT + 8];

			addr_format(&d->target->address, address);
			snprintf(subject, sizeof(subject), "%s:%u", address, d->port);
			store_service_spoken(e->setup->store, address, d->port, "tcp", NULL, false,
					     "none", "worker fault");
			store_ended(e->setup->store, address, d->port, d->full);
			store_remark(e->setup->store, "worker-fault", subject,
				     "the worker process ended while it spoke with this port");
			end_job(e, d);
		}
		d->length = 0;
	}
	crew_kill_workers(e->crew,
			  e->epoll); /* before the guard forgets them: nothing more is asked */
	if (++e->respawns > RESPAWNS) {
		begin_stop(e, ENGINE_FAULT);
		return;
	}
	e->clearing = true;
	crew_order(e->crew, ORDER_WORKERS_GONE, NULL, NULL);
	while (e->clearing) { /* the guard answers at once; its other events are taken on the way */
		struct guard_event v;

		if (!crew_event(e->crew, &v, true)) {
			begin_stop(e, ENGINE_FAULT);
			return;
		}
		take_event(e, &v);
	}
	if (!crew_replace_workers(e->crew, e->epoll))
		begin_stop(e, ENGINE_FAULT);
}

/* ---- a scan that goes on ---- */

/* Open ports whose conversations did not come to their end. A port that showed a general-purpose
 * computer is looked at once more in full, as in learn(). */
static const char left_sql[] =
	"SELECT s.address, s.port, h.treated, h.ot_sign IS NOT NULL"
	" FROM service s LEFT JOIN host h ON h.scan = s.scan AND h.address = s.address"
	" LEFT JOIN ended n ON n.scan = s.scan AND n.address = s.address AND n.port = s.port"
	" WHERE s.scan = ?1 AND s.transport = 'tcp' AND s.state = 'open'"
	" AND coalesce(h.state, '') <> 'all-ports' AND (n.port IS NULL OR"
	"  (NOT n.full AND h.treated = 'it' AND h.kind = 'unassigned' AND EXISTS"
	"   (SELECT 1 FROM evidence e WHERE e.scan = s.scan AND e.address = s.address"
	"    AND e.port = s.port AND e.probe IN ('smb', 'rdp') AND e.ending = 'done')))"
	" ORDER BY s.address, s.port";

static bool refill_targets(struct engine *e, struct query *q)
{
	struct target *last = NULL;
	int r;

	while ((r = query_step(q)) == 1) {
		const char *text = query_text(q, 0), *treated = query_text(q, 2);
		const struct resumed_host *known;
		struct addr a;

		if (addr_parse(text, &a) != 0 || !may_speak(e, &a))
			continue;
		known = resumed_find(e->setup->resumed, &a);
		if (known != NULL && known->distress != NULL && known->over)
			continue; /* left alone */
		struct target *t = targets_get(e->targets, &a);
		if (t == NULL || !target_add_port(t, (uint16_t)query_int(q, 1)))
			return false;
		if (last != NULL && last != t && last->swept) {
			order_ports(e, last);
			targets_queue(e->targets, last);
		}
		last = t;
		/* Where the sweep of the host goes on, its end comes as an event. */
		if (!t->swept && resumed_is_over(e->setup->resumed, &a)) {
			swept(e, t,
			      treated != NULL && strcmp(treated, "it") == 0 ? TREAT_IT : TREAT_OT,
			      query_int(q, 3) != 0);
			t->unassigned = t->unassigned && t->treatment == TREAT_OT;
		}
	}
	if (last != NULL && last->swept) {
		order_ports(e, last);
		targets_queue(e->targets, last);
	}
	return r == 0;
}

/* Names stay known; who has none yet may not have been looked up. */
static bool refill_names(struct engine *e, struct query *q)
{
	int r;

	while ((r = query_step(q)) == 1) {
		const char *names = query_text(q, 1);
		struct guard_event v = { .open = (uint32_t)query_int(q, 2) };

		if (addr_parse(query_text(q, 0), &v.address) != 0)
			continue;
		if (!names_known(e->names, &v.address, names))
			return false;
		snprintf(v.mac, sizeof(v.mac), "%s", query_text(q, 3));
		if (strcmp(names, "[]") == 0)
			want_name(e, &v);
	}
	return r == 0;
}

/* What the earlier run found and did: counts for the progress, open ports for the jobs. */
static bool refill(struct engine *e)
{
	const struct engine_setup *s = e->setup;
	struct query *q = NULL;
	struct db *db;

	if (s->resumed == NULL)
		return true;
	if (db_borrow(store_db(s->store), &db) != 0)
		return false;
	bool good = query_new(db, left_sql, &q) == 0 &&
		    query_bind_int(q, 1, s->resumed_scan) == 0 && refill_targets(e, q);
	query_free(q);
	q = NULL;
	good = good &&
	       query_new(db,
			 "SELECT address, names, open + closed, coalesce(mac, '') FROM host"
			 " WHERE scan = ?1",
			 &q) == 0 &&
	       query_bind_int(q, 1, s->resumed_scan) == 0 && refill_names(e, q);
	query_free(q);
	q = NULL;
	good = good &&
	       query_new(db,
			 "SELECT (SELECT count(*) FROM service WHERE scan = ?1 AND state = 'open'),"
			 " (SELECT count(*) FROM evidence WHERE scan = ?1)",
			 &q) == 0 &&
	       query_bind_int(q, 1, s->resumed_scan) == 0 && query_step(q) == 1;
	if (good) {
		e->result.hosts = (unsigned long)resumed_over_count(s->resumed);
		e->result.services = (unsigned long)query_int(q, 0);
		e->result.conversations = (unsigned long)query_int(q, 1);
	}
	query_free(q);
	db_free(db);
	return good;
}

/* After a power cut the journal tells what was tried: it may not lag behind the store. */
static void sync_journal(struct engine *e)
{
	int64_t now = mono_ms();

	if (now < e->sync_ms + 1000)
		return;
	e->sync_ms = now;
	if (e->journal < 0)
		e->journal = open(e->setup->journal_path, O_RDONLY | O_CLOEXEC);
	if (e->journal >= 0)
		fdatasync(e->journal);
}

/* ---- the loop ---- */

static void progress_text(struct engine *e, char out[static PROGRESS_TEXT])
{
	struct progress_count c = {
		.hosts = e->result.hosts,
		.total_hosts = e->total_hosts,
		.open = e->result.services,
		.notable = e->notable,
		.conversations = e->result.conversations,
	};
	int64_t now = mono_ms();

	if (e->crew != NULL)
		crew_counts(e->crew, &c.tried, &c.packets);
	progress_pass(&e->progress, &c, e->opens != 0, now);
	progress_line(&e->progress, &c, e->opens != 0 ? e->pause : NULL, now, out);
}

static void show_progress(struct engine *e, bool last)
{
	int64_t now = mono_ms();
	char text[PROGRESS_TEXT];
	struct winsize w;

	if (!last && now < e->progress_ms)
		return;
	e->progress_ms = now + PROGRESS_MS;
	progress_text(e, text);
	if (!e->setup->progress)
		return;
	/* The last column stays free: a cursor behind it would be on the next line. */
	progress_cut(text, ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col - 1U
										     : 79);
	fprintf(stderr, "\r\033[K%s", last ? "" : text);
	fflush(stderr);
}

/* Somebody asks: a line of its own. */
static void tell_progress(struct engine *e)
{
	char text[PROGRESS_TEXT];

	progress_text(e, text);
	fprintf(stderr, e->setup->progress ? "\r\033[K%s\n" : "%s\n", text);
	fflush(stderr);
}

static bool over(const struct engine *e)
{
	if (e->abandoned)
		return true;
	if (e->stopping)
		return e->stopped && e->frames_stopped && e->active_jobs == 0;
	return e->swept && e->frames_swept && targets_idle(e->targets) && e->active_jobs == 0 &&
	       names_idle(e->names) && crew_settled(e->crew);
}

static void take_signal(struct engine *e)
{
	struct signalfd_siginfo info;

	while (read(e->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1) {
			tell_progress(e);
			continue;
		}
		e->signal_count++;
		if (e->signal_count > 1)
			e->abandoned = true; /* the guard still closes what is open */
		begin_stop(e, ENGINE_STOPPED);
	}
}

enum { TAG_SIGNAL = 1U << 20, TAG_GUARD, TAG_LOCK, TAG_PACKETS };

static bool watch(struct engine *e, int fd, uint32_t tag)
{
	struct epoll_event v = { .events = EPOLLIN, .data.u32 = tag };

	return fd < 0 || epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &v) == 0;
}

static void dispatch(struct engine *e, uint32_t tag)
{
	struct guard_event v;

	if (tag == TAG_SIGNAL) {
		take_signal(e);
	} else if (tag == TAG_LOCK) {
		char description[1024];

		snprintf(description, sizeof(description), e->opens != 0 ? "%s, %s" : "%s",
			 e->setup->description, e->pause);
		if (lock_answer(e->setup->lock_fd, description))
			begin_stop(e, ENGINE_STOPPED);
	} else if (tag == TAG_PACKETS) {
		take_sights(e);
	} else if (tag == TAG_GUARD) {
		int more = 256;

		while (more-- > 0 && crew_event(e->crew, &v, false))
			take_event(e, &v);
		if (crew_guard_gone(e->crew)) {
			e->abandoned = true;
			if (e->result.end == ENGINE_DONE)
				e->result.end = ENGINE_FAULT;
		}
	} else if (!take_results(e, tag)) {
		replace_workers(e);
	}
}

/* Of large networks nothing is known where their segments cannot be asked. */
static void tell_unasked(struct engine *e)
{
	struct ranges set = { 0 };

	if (e->crew == NULL)
		return;
	if (crew_unasked(e->crew, &set) != 0)
		begin_stop(e, ENGINE_FAULT);
	for (size_t i = 0; i < set.count; i++) {
		char range[RANGE_TEXT], text[300];

		range_format(&set.list[i], range);
		fprintf(stderr,
			_("note: %s: too large to sweep, and its segment cannot be asked\n"),
			range);
		snprintf(text, sizeof(text),
			 "%s: too large to sweep, and its segment cannot be asked", range);
		store_remark(e->setup->store, "left-out", NULL, text);
	}
	ranges_done(&set);
}

struct engine_result engine_run(const struct engine_setup *setup)
{
	struct engine e = { .setup = setup,
			    .planned = ports_count(setup->plan->ports.tcp),
			    .total_hosts = ranges_count(&setup->plan->targets),
			    .journal = -1 };
	struct epoll_event events[64];
	sigset_t mask, old;

	e.desks = calloc(setup->threads, sizeof(*e.desks));
	e.targets = targets_new();
	e.names = names_new();
	e.epoll = epoll_create1(EPOLL_CLOEXEC);
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &old);
	e.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	e.crew = e.desks != NULL && e.targets != NULL && e.names != NULL && refill(&e)
			 ? crew_start(setup)
			 : NULL;
	if (e.crew == NULL || !watch(&e, e.signals, TAG_SIGNAL) ||
	    !watch(&e, crew_guard_channel(e.crew), TAG_GUARD) ||
	    !watch(&e, crew_packets_channel(e.crew), TAG_PACKETS) ||
	    !watch(&e, setup->lock_fd, TAG_LOCK) || !crew_watch_workers(e.crew, e.epoll)) {
		e.result.end = ENGINE_FAULT;
		e.abandoned = true;
	}
	e.result.frames = e.crew != NULL && crew_packets_channel(e.crew) >= 0;
	e.frames_swept = e.frames_stopped = !e.result.frames;
	if (e.crew != NULL && !e.result.frames)
		store_remark(setup->store, "sweep", NULL,
			     "TCP ports were tried by full connections; UDP was not tried");
	if (e.crew != NULL && crew_unframed(e.crew)) {
		fprintf(stderr, _("note: without the right to send raw packets (CAP_NET_RAW) ports "
				  "are tried by full connections only\n"));
		store_remark(setup->store, "no-capability", NULL,
			     "no raw packets: ports were tried by full connections only");
	}
	tell_unasked(&e);
	progress_begin(&e.progress, mono_ms());
	while (!over(&e)) {
		hand_out(&e);
		look_up(&e);
		int n = epoll_wait(e.epoll, events, 64, 200);

		for (int i = 0; i < n; i++)
			dispatch(&e, events[i].data.u32);
		watch_pause(&e);
		sync_journal(&e);
		store_tick(setup->store);
		if (store_error(setup->store) != STORE_OK)
			begin_stop(&e, ENGINE_STORE);
		show_progress(&e, false);
	}
	/* What the guard said before it had closed the last connection. */
	for (struct guard_event v; e.crew != NULL && crew_event(e.crew, &v, false);)
		take_event(&e, &v);
	if (e.result.frames)
		store_remark(setup->store, "sweep", NULL,
			     e.udp_asked ? "UDP was tried in zones of kind it, dmz and public only"
					 : "UDP was not tried");
	show_progress(&e, true);
	/* The guard goes on after a stop by the stop file or a signal of its own; main learns by that. */
	if (e.result.end == ENGINE_DONE && (e.stopped || (e.crew != NULL && crew_stopping(e.crew))))
		e.result.end = ENGINE_STOPPED;
	if (e.result.end == ENGINE_DONE && e.result.hosts > 0 &&
	    e.result.unrouted == e.result.hosts)
		e.result.end = ENGINE_NO_ROUTE;
	crew_end(e.crew, e.abandoned);
	for (unsigned i = 0; e.desks != NULL && i < setup->threads; i++)
		free(e.desks[i].buffer);
	free(e.desks);
	targets_free(e.targets);
	names_free(e.names);
	if (e.journal >= 0)
		close(e.journal);
	close(e.signals);
	close(e.epoll);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return e.result;
}
