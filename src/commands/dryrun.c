/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/dryrun.h"

#include <inttypes.h>
#include <stdlib.h>

#include "codec/i18n.h"
#include "wire/sweep.h"

/* The guard's figures, as far as a forecast needs them; see guard.c. */
enum {
	HOSTS_AT_ONCE = 256,
	OT_RATE = 10,
	OT_SILENT_S = 6, /* connect timeout and pause */
	OT_SYNS = 3,     /* with the kernel's repeats */
	IT_SYNS = 3,
	IT_AT_ONCE = 16,
};

static void print_duration(FILE *out, double seconds)
{
	if (seconds < 90)
		fprintf(out, _("%.0f s"), seconds + 0.5);
	else if (seconds < 5400)
		fprintf(out, _("%.0f min"), seconds / 60 + 0.5);
	else
		fprintf(out, _("%.1f h"), seconds / 3600);
}

static double at_least(double a, double b)
{
	return a > b ? a : b;
}

/* One line of the forecast; adds to the totals. */
static void forecast(const struct plan *p, const struct sweep_order *o, const char *zone,
		     enum zone_kind kind, uint64_t hosts, unsigned zone_host_rate, double *ret_shortest,
		     double *ret_longest, FILE *out)
{
	bool gentle = kind == ZONE_OT || kind == ZONE_UNASSIGNED;
	double ports = o->count;
	double host_rate = p->host_rate;
	double n = (double)hosts;
	double rounds = (double)((hosts + HOSTS_AT_ONCE - 1) / HOSTS_AT_ONCE);

	if (zone_host_rate != 0 && (host_rate == 0 || zone_host_rate < host_rate))
		host_rate = zone_host_rate;
	if (gentle && (host_rate == 0 || host_rate > OT_RATE))
		host_rate = OT_RATE;
	double tried_silent = gentle ? o->first : ports;
	double syns = gentle ? OT_SYNS : IT_SYNS;
	double shortest = gentle ? ports : host_rate > 0 ? ports / host_rate : 0;
	double longest = gentle ? tried_silent * OT_SILENT_S :
				  at_least(ports * 3.5 / IT_AT_ONCE,
					   host_rate > 0 ? ports * IT_SYNS / host_rate : 0);
	shortest *= rounds;
	longest *= rounds;
	if (p->rate > 0) {
		shortest = at_least(shortest, n * ports / p->rate);
		longest = at_least(longest, n * tried_silent * syns / p->rate);
	}
	*ret_shortest = at_least(*ret_shortest, shortest < longest ? shortest : longest);
	*ret_longest = at_least(*ret_longest, shortest < longest ? longest : shortest);
	fprintf(out, _("  zone %s (%s): %" PRIu64 " addresses\n"), zone, zone_kind_word(kind), hosts);
	fprintf(out,
		_("    sweep: at most %.0f connections, one SYN each; %.0f packets if nobody answers\n"),
		n * ports, n * tried_silent * syns);
	fprintf(out, gentle ? _("    pace: 1 connection at a time per device, 1 s apart, closed properly; ") :
			      _("    pace: at most 16 connections at a time per host; "));
	if (host_rate > 0)
		fprintf(out, _("at most %.0f packets a second per host\n"), host_rate);
	else
		fprintf(out, _("no limit of packets per host\n"));
	fprintf(out, gentle ? _("    conversations: the safe probe of each known port only, risk class %s\n") :
			      _("    conversations: every open port, risk class %s\n"),
		site_risk_word(p->risk));
}

static int by_strictness(const void *a, const void *b)
{
	const struct zone *const *x = a, *const *y = b;

	return (int)(*x)->kind - (int)(*y)->kind;
}

void dry_run(const struct plan *p, FILE *out)
{
	struct sweep_order order;
	struct ranges left = { 0 };
	double shortest = 0, longest = 0;
	const struct zone **zones = calloc(p->site.zone_count + 1, sizeof(*zones));
	struct ranges loopback = { 0 };

	if (zones == NULL || sweep_order_make(p, &order) != 0) {
		free(zones);
		return;
	}
	char *targets = ranges_text(&p->targets);
	char *ports = ports_text(p->ports.tcp);
	fprintf(out, _("Nothing is sent. A scan would do this:\n"));
	fprintf(out, _("  targets: %s\n"), targets != NULL ? targets : "");
	fprintf(out, _("  %u TCP ports: %s\n"), order.count, ports != NULL ? ports : "");
	for (size_t i = 0; i < p->site.zone_count; i++)
		zones[i] = &p->site.zones[i];
	qsort(zones, p->site.zone_count, sizeof(*zones), by_strictness);
	ranges_add_all(&left, &p->targets);
	for (size_t i = 0; i < p->site.zone_count; i++) {
		uint64_t before = ranges_count(&left);

		ranges_subtract(&left, &zones[i]->networks);
		uint64_t hosts = before - ranges_count(&left);
		if (hosts > 0)
			forecast(p, &order, zones[i]->name, zones[i]->kind, hosts, zones[i]->host_rate,
				 &shortest, &longest, out);
	}
	ranges_parse(&loopback, "127.0.0.0/8");
	ranges_parse(&loopback, "::1");
	uint64_t before = ranges_count(&left);
	ranges_subtract(&left, &loopback);
	uint64_t rest = ranges_count(&left);
	if (before > rest)
		forecast(p, &order, _("this bastion itself"), ZONE_IT, before - rest, 0, &shortest, &longest,
			 out);
	if (rest > 0)
		forecast(p, &order, _("(none declared)"), p->ad_hoc_kind, rest, 0, &shortest, &longest, out);
	if (p->rate > 0)
		fprintf(out, _("  overall: at most %u packets a second\n"), p->rate);
	else
		fprintf(out, _("  overall: no limit of packets\n"));
	fprintf(out, _("  expected duration of the sweep: "));
	print_duration(out, shortest);
	fprintf(out, _(" to "));
	print_duration(out, longest);
	fprintf(out, _("; conversations come on top, per open port\n"));
	for (size_t i = 0; i < p->skipped_count; i++)
		fprintf(out, _("  left out: %s\n"), p->skipped[i]);
	free(targets);
	free(ports);
	free(zones);
	ranges_done(&left);
	ranges_done(&loopback);
	sweep_order_done(&order);
}
