/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/dryrun.h"

#include <stdlib.h>

#include "codec/i18n.h"
#include "codec/limits.h"
#include "probes/probe.h"
#include "wire/sweep.h"

/* The guard's figures, as far as a forecast needs them; see guard.c. */
enum {
	HOSTS_AT_ONCE = 256,
	OT_RATE = 10,
	OT_SILENT_S = 6, /* connect timeout and pause */
	OT_SYNS = 5,     /* with the repeats of a kernel that sends one in each second */
	IT_SYNS = 4,
	IT_AT_ONCE = 16,
};

enum { DURATION_TEXT = 48 };

static const char *duration_text(double seconds, char out[static DURATION_TEXT])
{
	if (seconds < 90)
		snprintf(out, DURATION_TEXT, _("%.0f s"), seconds + 0.5);
	else if (seconds < 5400)
		snprintf(out, DURATION_TEXT, _("%.0f min"), seconds / 60 + 0.5);
	else
		snprintf(out, DURATION_TEXT, _("%.1f h"), seconds / 3600);
	return out;
}

static double at_least(double a, double b)
{
	return a > b ? a : b;
}

/* Targets that are handled alike. */
struct group {
	const char *name;
	enum zone_kind kind;
	const struct zone *zone; /* NULL: none declared */
	uint64_t hosts, full;    /* of these in full depth by declaration */
};

struct outlook {
	const struct plan *plan;
	struct sweep_order order;
	double shortest, longest;
	int64_t now;
	FILE *out;
};

/* The most that one open port can cost. */
struct cost {
	unsigned connections;
	uint64_t sent, received;
};

static void cost_add(struct cost *c, const struct probe *p, enum depth d)
{
	c->connections += p->connections[d];
	c->sent += p->sent[d];
	c->received += p->received[d];
}

static void cost_most(struct cost *c, const struct cost *other)
{
	c->connections = c->connections > other->connections ? c->connections : other->connections;
	c->sent = c->sent > other->sent ? c->sent : other->sent;
	c->received = c->received > other->received ? c->received : other->received;
}

/*
 * As identify() goes about a port in full depth: the probes of the port one after the other; then a
 * greeting is waited for and its probe goes on, or the hellos are tried; inside TLS what may run there.
 */
static struct cost full_cost(uint16_t port, enum site_risk risk)
{
	struct cost here = { .connections = 1, .received = GREETING_MAX };
	struct cost greeted = { 0 }, hellos = { 0 };

	for (size_t i = 0; probes[i] != NULL; i++) {
		const struct probe *p = probes[i];
		struct cost one = { 0 };

		if ((int)p->risk > (int)risk || p->udp)
			continue;
		cost_add(&one, p, DEPTH_FULL);
		if (p->over_tls || probe_belongs_inside_tls(p, port))
			cost_add(&here, p, DEPTH_FULL);
		if (probe_belongs(p, port))
			cost_add(&here, p, DEPTH_FULL);
		else if (p->recognise != NULL)
			cost_most(&greeted, &one);
		if (!probe_belongs(p, port) && p->hello_order > 0 && !probe_alone(port))
			cost_add(&hellos, p, DEPTH_FULL);
	}
	cost_most(&hellos, &greeted);
	here.connections += hellos.connections;
	here.sent += hellos.sent;
	here.received += hellos.received;
	return here;
}

static void print_cost(FILE *out, const struct cost *c)
{
	fprintf(out,
		ngettext("at most %u connection, %llu bytes sent, %llu received per open port\n",
			 "at most %u connections, %llu bytes sent, %llu received per open port\n",
			 c->connections),
		c->connections, (unsigned long long)c->sent, (unsigned long long)c->received);
}

/* "    ssh (22,2222): " for the planned ports of a probe; limited: those where no probe comes before
 * it. False: none. */
static bool print_probe(const struct outlook *l, const struct probe *p, enum depth d)
{
	struct ports own = { 0 };

	for (unsigned port = 1; p->udp && port <= UINT16_MAX; port++)
		if (ports_has(l->plan->ports.udp, (uint16_t)port) &&
		    probe_belongs(p, (uint16_t)port))
			ports_put(own.tcp, (uint16_t)port);
	for (uint32_t i = 0; i < l->order.count && !p->udp; i++) {
		uint16_t port = l->order.ports[i];
		bool taken = !probe_belongs(p, port);

		for (size_t k = 0; !taken && d == DEPTH_LIMITED && probes[k] != p; k++)
			taken = probes[k]->ot && !probes[k]->udp && probe_belongs(probes[k], port);
		if (!taken)
			ports_put(own.tcp, port);
	}
	if (ports_count(own.tcp) == 0)
		return false;
	char *text = ports_text(own.tcp);
	fprintf(l->out, _("      %s on %s: "), p->name, text != NULL ? text : "?");
	if (p->udp)
		fputs("UDP, ", l->out);
	free(text);
	return true;
}

static void tell_limited(const struct outlook *l, const struct group *g, enum site_risk risk)
{
	fprintf(l->out,
		_("    conversations: the safe probe of each known port only, risk class %s\n"),
		site_risk_word(risk));
	for (size_t i = 0; probes[i] != NULL; i++) {
		struct cost one = { 0 };

		if (!probes[i]->ot || probes[i]->udp || (int)probes[i]->risk > (int)risk ||
		    !print_probe(l, probes[i], DEPTH_LIMITED))
			continue;
		cost_add(&one, probes[i], DEPTH_LIMITED);
		one.connections += g->kind == ZONE_UNASSIGNED;
		print_cost(l->out, &one);
	}
	if (g->kind == ZONE_UNASSIGNED) {
		const struct cost greeting = { .connections = 1, .received = GREETING_MAX };

		fprintf(l->out, _("      any other port, listening for a greeting only: "));
		print_cost(l->out, &greeting);
		fprintf(l->out, _("      a host that speaks SMB or RDP is no controller; its other "
				  "ports are "
				  "asked as in full depth:\n"));
	}
}

static void tell_full(const struct outlook *l, enum site_risk risk)
{
	struct cost most = { 0 };

	fprintf(l->out, _("    conversations: every open port, risk class %s\n"),
		site_risk_word(risk));
	for (size_t i = 0; probes[i] != NULL; i++) {
		struct cost one = { 0 };

		if ((int)probes[i]->risk > (int)risk || !print_probe(l, probes[i], DEPTH_FULL))
			continue;
		cost_add(&one, probes[i], DEPTH_FULL);
		print_cost(l->out, &one);
	}
	for (uint32_t i = 0; i < l->order.count; i++) {
		struct cost one = full_cost(l->order.ports[i], risk);

		cost_most(&most, &one);
	}
	fprintf(l->out, _("      hellos where the server says nothing:"));
	for (int order = 1; order <= 16; order++)
		for (size_t i = 0; probes[i] != NULL; i++)
			if (probes[i]->hello_order == order && (int)probes[i]->risk <= (int)risk)
				fprintf(l->out, " %s", probes[i]->name);
	fprintf(l->out, _("\n      all of this together: "));
	print_cost(l->out, &most);
}

static void tell_conversations(const struct outlook *l, const struct group *g, bool gentle,
			       enum site_risk risk)
{
	if (risk < SITE_READ) {
		fprintf(l->out, _("    conversations: none, risk class %s\n"),
			site_risk_word(risk));
		return;
	}
	if (gentle && g->full < g->hosts)
		tell_limited(l, g, risk);
	if (gentle && g->full > 0)
		fprintf(l->out,
			ngettext("    %llu address is declared for full depth:\n",
				 "    %llu addresses are declared for full depth:\n",
				 g->full > 1000 ? 1000 : (unsigned long)g->full),
			(unsigned long long)g->full);
	if (!gentle || g->full > 0 || g->kind == ZONE_UNASSIGNED)
		tell_full(l, risk);
}

/* Makers' passwords, where they may be tried. */
static void tell_logins(const struct outlook *l, const struct group *g, bool gentle)
{
	const struct logins *w = &l->plan->site.logins;

	if (!l->plan->credentials)
		return;
	if (g->zone == NULL || !plan_may_login(l->plan, &g->zone->networks.list[0].first, gentle)) {
		fprintf(l->out, _("    logins: none in this zone\n"));
		return;
	}
	fprintf(l->out,
		_("    logins: makers' passwords on recognised devices, at most %u of an account "
		  "and "
		  "device within %lld s\n"),
		logins_budget(w), (long long)w->reset_s);
	struct ranges tested = { 0 };
	if (w->test.user != NULL &&
	    ranges_common(&w->test.hosts, &g->zone->networks, &tested) == 0 && tested.count > 0)
		fprintf(l->out,
			_("    test account '%s': %u failures on purpose at each port that speaks "
			  "one of its protocols\n"),
			w->test.user, w->threshold + 1);
	ranges_done(&tested);
}

static void tell_wait(const struct outlook *l, const struct group *g)
{
	const struct site *s = &l->plan->site;
	char when[MOMENT_TEXT];

	if (g->zone == NULL || zone_window_open(s, g->zone, l->now))
		return;
	int64_t opens = zone_window_next(s, g->zone, l->now);
	if (opens >= 0)
		fprintf(l->out, _("    waits until its window opens: %s\n"),
			site_moment(s, opens, when));
}

/* The lines of one zone; adds to the totals. */
static void forecast(struct outlook *l, const struct group *g)
{
	const struct plan *p = l->plan;
	FILE *out = l->out;
	bool gentle = g->kind == ZONE_OT || g->kind == ZONE_UNASSIGNED;
	double ports = l->order.count;
	double host_rate = p->host_rate, rate = p->rate;
	double n = (double)g->hosts;
	double rounds = (double)((g->hosts + HOSTS_AT_ONCE - 1) / HOSTS_AT_ONCE);
	enum site_risk risk = g->zone != NULL && g->zone->risk < p->risk ? g->zone->risk : p->risk;

	fprintf(out,
		ngettext("  zone %s (%s): %llu address\n", "  zone %s (%s): %llu addresses\n",
			 g->hosts > 1000 ? 1000 : (unsigned long)g->hosts),
		g->name, zone_kind_word(g->kind), (unsigned long long)g->hosts);
	if (risk < SITE_TOUCH) {
		fprintf(out, _("    nothing is sent, risk class %s\n"), site_risk_word(risk));
		return;
	}
	tell_wait(l, g);
	if (g->zone != NULL && g->zone->host_rate != 0 &&
	    (host_rate == 0 || g->zone->host_rate < host_rate))
		host_rate = g->zone->host_rate;
	if (g->zone != NULL && g->zone->rate != 0 && (rate == 0 || g->zone->rate < rate))
		rate = g->zone->rate;
	if (plan_only_finds(p)) {
		fprintf(out,
			gentle ? _("    on a local segment: questions by ARP and neighbour "
				   "discovery; "
				   "behind a gateway nothing is sent\n")
			       : _("    questions by ARP and neighbour discovery, behind a gateway "
				   "echo requests; no port is tried\n"));
		l->shortest = l->longest = at_least(l->longest, rate > 0 ? n / rate : 0);
		return;
	}
	if (gentle && (host_rate == 0 || host_rate > OT_RATE))
		host_rate = OT_RATE;
	double tried_silent = gentle ? l->order.first : ports;
	double syns = gentle ? OT_SYNS : IT_SYNS;
	double shortest = gentle ? ports : host_rate > 0 ? ports / host_rate : 0;
	double longest = gentle ? tried_silent * OT_SILENT_S
				: at_least(ports * 3.5 / IT_AT_ONCE,
					   host_rate > 0 ? ports * IT_SYNS / host_rate : 0);
	shortest *= rounds;
	longest *= rounds;
	if (rate > 0) {
		shortest = at_least(shortest, n * ports / rate);
		longest = at_least(longest, n * tried_silent * syns / rate);
	}
	l->shortest = at_least(l->shortest, shortest < longest ? shortest : longest);
	l->longest = at_least(l->longest, shortest < longest ? longest : shortest);
	fprintf(out,
		_("    sweep: at most %.0f connections, one SYN each; %.0f packets if nobody "
		  "answers\n"),
		n * ports, n * tried_silent * syns);
	if (!gentle && risk >= SITE_READ && ports_count(p->ports.udp) > 0)
		fprintf(out,
			_("    UDP: one question to each of %u ports per host, repeated where "
			  "silent\n"),
			ports_count(p->ports.udp));
	fprintf(out, gentle ? _("    pace: 1 connection at a time per device, 1 s apart, closed "
				"properly; ")
			    : _("    pace: at most 16 connections at a time per host; "));
	if (host_rate > 0)
		fprintf(out, _("at most %.0f packets a second per host\n"), host_rate);
	else
		fprintf(out, _("no limit of packets per host\n"));
	if (g->zone != NULL && g->zone->rate != 0)
		fprintf(out, _("    whole zone: at most %.0f packets a second\n"), rate);
	tell_conversations(l, g, gentle, risk);
	tell_logins(l, g, gentle);
}

static int by_strictness(const void *a, const void *b)
{
	const struct zone *const *x = a, *const *y = b;

	if ((*x)->kind != (*y)->kind)
		return (int)(*x)->kind - (int)(*y)->kind;
	return *x < *y ? -1 : *x > *y; /* of one kind the first holds */
}

/* Forecasts what a zone has of the targets that are left, and takes it out of them. */
static void forecast_zone(struct outlook *l, const struct zone *z, struct ranges *left)
{
	struct ranges own = { 0 }, full = { 0 };

	if (ranges_common(left, &z->networks, &own) == 0 &&
	    ranges_common(&own, &z->full_depth, &full) == 0) {
		const struct group g = { .name = z->name,
					 .kind = z->kind,
					 .zone = z,
					 .hosts = ranges_count(&own),
					 .full = ranges_count(&full) };

		if (g.hosts > 0)
			forecast(l, &g);
		ranges_subtract(left, &own);
	}
	ranges_done(&own);
	ranges_done(&full);
}

void dry_run(const struct plan *p, int64_t now, FILE *out)
{
	struct outlook l = { .plan = p, .now = now, .out = out };
	struct ranges left = { 0 };
	const struct zone **zones = calloc(p->site.zone_count + 1, sizeof(*zones));
	struct ranges loopback = { 0 };

	if (zones == NULL || sweep_order_make(p, &l.order) != 0) {
		free(zones);
		return;
	}
	char *targets = ranges_text(&p->targets);
	char *ports = ports_text(p->ports.tcp);
	fprintf(out, _("Nothing is sent. A scan would do this:\n"));
	fprintf(out, _("  targets: %s\n"), targets != NULL ? targets : "");
	if (!plan_only_finds(p))
		fprintf(out, ngettext("  %u TCP port: %s\n", "  %u TCP ports: %s\n", l.order.count),
			l.order.count, ports != NULL ? ports : "");
	for (size_t i = 0; i < p->site.zone_count; i++)
		zones[i] = &p->site.zones[i];
	qsort(zones, p->site.zone_count, sizeof(*zones), by_strictness);
	ranges_add_all(&left, &p->targets);
	for (size_t i = 0; i < p->site.zone_count; i++)
		forecast_zone(&l, zones[i], &left);
	ranges_parse(&loopback, "127.0.0.0/8");
	ranges_parse(&loopback, "::1");
	uint64_t before = ranges_count(&left);
	ranges_subtract(&left, &loopback);
	uint64_t rest = ranges_count(&left);
	const struct group here = { .name = _("this bastion itself"),
				    .kind = ZONE_IT,
				    .hosts = before - rest };
	const struct group strange = { .name = _("(none declared)"),
				       .kind = p->ad_hoc_kind,
				       .hosts = rest };
	if (here.hosts > 0)
		forecast(&l, &here);
	if (strange.hosts > 0)
		forecast(&l, &strange);
	if (p->large.count > 0) {
		char *large = ranges_text(&p->large);

		fprintf(out, _("  %s: hosts that their segments show, where those may be asked\n"),
			large != NULL ? large : "");
		free(large);
	}
	for (size_t i = 0; i < p->resolver_count; i++) {
		char address[ADDR_TEXT];

		fprintf(out, _("  names of hosts that answer: asked of %s\n"),
			addr_format(&p->resolvers[i], address));
	}
	if (p->rate > 0)
		fprintf(out, _("  overall: at most %u packets a second\n"), p->rate);
	else
		fprintf(out, _("  overall: no limit of packets\n"));
	char from[DURATION_TEXT], to[DURATION_TEXT];
	fprintf(out,
		_("  expected duration of the sweep: %s to %s; conversations come on top, per open "
		  "port\n"),
		duration_text(l.shortest, from), duration_text(l.longest, to));
	for (size_t i = 0; i < p->skipped_count; i++)
		fprintf(out, _("  left out: %s\n"), p->skipped[i]);
	free(targets);
	free(ports);
	free(zones);
	ranges_done(&left);
	ranges_done(&loopback);
	sweep_order_done(&l.order);
}
