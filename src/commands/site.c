/* SPDX-License-Identifier: Apache-2.0 */
/* tenken site check FILE: is the site file right, and what does it say? */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/matching.h"
#include "site/site.h"

enum { DAY_TEXT = 32, LIST = 16, OVERLAPS = 50 };

/* The civil day of a moment at the site. */
static const char *day_text(const struct site *s, int64_t when, char out[static DAY_TEXT])
{
	time_t local = (time_t)(when + site_offset(s, when));
	struct tm tm;

	if (gmtime_r(&local, &tm) == NULL || strftime(out, DAY_TEXT, "%Y-%m-%d", &tm) == 0)
		snprintf(out, DAY_TEXT, "?");
	return out;
}

/* ranges_text() with a text also for none and for lack of memory. */
static void print_ranges(const char *title, const struct ranges *set)
{
	if (set->count == 0)
		return;
	char *text = ranges_text(set);
	printf("  %s: %s\n", title, text != NULL ? text : "?");
	free(text);
}

static void print_authorisation(const struct site *s, int64_t now)
{
	const struct authorisation *a = &s->authorisation;
	char from[DAY_TEXT], until[DAY_TEXT];

	if (!a->given) {
		printf(_("authorisation: none (logins, owned public addresses, reach and live "
			 "listening "
			 "need one)\n"));
		return;
	}
	const char *state = now < a->from    ? _("not valid yet")
			    : now > a->until ? _("expired")
					     : _("valid");
	printf(_("authorisation: %s, %s to %s, by %s"), state, day_text(s, a->from, from),
	       day_text(s, a->until, until), a->by);
	if (a->reference != NULL)
		printf(_(", reference %s"), a->reference);
	if (a->contact != NULL)
		printf(_(", contact %s"), a->contact);
	putchar('\n');
}

static void print_count(const struct ranges *set)
{
	uint64_t n = ranges_count(set);

	if (n == UINT64_MAX)
		printf(_("2^64 addresses or more"));
	else
		printf(ngettext("%llu address", "%llu addresses",
				n > 1000 ? 1000 : (unsigned long)n),
		       (unsigned long long)n);
}

static void print_zone(const struct zone *z)
{
	char window[WINDOW_TEXT];

	printf("  %s (%s): ", z->name, zone_kind_word(z->kind));
	print_count(&z->networks);
	char *text = ranges_text(&z->networks);
	printf(", %s", text != NULL ? text : "?");
	free(text);
	for (size_t i = 0; i < z->window_count; i++)
		printf("%s%s", i == 0 ? _("; only ") : ", ", window_format(&z->windows[i], window));
	if (z->risk != SITE_READ)
		printf(_("; risk %s"), site_risk_word(z->risk));
	if (z->rate != 0)
		printf(_("; %u packets per second"), z->rate);
	if (z->host_rate != 0)
		printf(_("; %u per host"), z->host_rate);
	if (z->passive_only.count > 0) {
		printf(_("; passive only: "));
		print_count(&z->passive_only);
	}
	if (z->full_depth.count > 0) {
		printf(_("; full depth: "));
		print_count(&z->full_depth);
	}
	putchar('\n');
}

static void print_conduit(const struct site *s, const struct conduit *c, int64_t now)
{
	char day[DAY_TEXT];

	printf("  %s -> %s: ", c->from, c->to);
	if (c->port_count == 0)
		printf(_("all ports"));
	for (size_t i = 0; i < c->port_count; i++) {
		const struct port_range *r = &c->ports[i];

		printf("%s%s/%u", i > 0 ? ", " : "", r->transport, r->first);
		if (r->last != r->first)
			printf("-%u", r->last);
	}
	if (c->until != 0)
		printf(_(", until %s"), day_text(s, c->until, day));
	if (c->until != 0 && c->until < now)
		printf(_(" (expired)"));
	putchar('\n');
}

static int by_class(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* "server 3, plc 2, no class 1" */
static void print_classes(const struct site *s)
{
	const char **classes = reallocarray(NULL, s->asset_count + 1, sizeof(*classes));
	size_t n = 0;

	for (size_t i = 0; classes != NULL && i < s->asset_count; i++)
		if (s->assets[i].class_ != NULL)
			classes[n++] = s->assets[i].class_;
	if (n > 0)
		qsort(classes, n, sizeof(*classes), by_class);
	const char *comma = "";
	for (size_t i = 0, next; i < n; i = next) {
		for (next = i + 1; next < n && strcmp(classes[next], classes[i]) == 0;)
			next++;
		printf("%s%s %zu", comma, classes[i], next - i);
		comma = ", ";
	}
	if (n < s->asset_count)
		printf(_("%sno class %zu"), comma, s->asset_count - n);
	free(classes);
}

static void print_ledger(const struct site *s)
{
	if (s->ledger_path == NULL) {
		printf(_("ledger: none\n"));
		return;
	}
	printf(ngettext("ledger: %zu asset in %s", "ledger: %zu assets in %s",
			(unsigned long)s->asset_count),
	       s->asset_count, s->ledger_path);
	if (s->asset_count > 0) {
		printf(" (");
		print_classes(s);
		printf(")");
	}
	putchar('\n');
}

static void print_answers(const struct site *s, int64_t now)
{
	size_t stale = 0, expired = 0;

	for (size_t i = 0; i < s->attestation_count; i++)
		stale += s->attestations[i].until != 0 && s->attestations[i].until < now;
	for (size_t i = 0; i < s->waiver_count; i++)
		expired += s->waivers[i].until < now;
	if (s->attestation_count > 0)
		printf(_("attestations: %zu, of these expired %zu\n"), s->attestation_count, stale);
	if (s->waiver_count > 0)
		printf(_("waivers: %zu, of these expired %zu\n"), s->waiver_count, expired);
	if (s->measure_count + s->treatment_count > 0)
		printf(_("compensating measures: %zu, planned treatments: %zu\n"), s->measure_count,
		       s->treatment_count);
	if (s->decision_count + s->threshold_count > 0)
		printf(_("decided items: %zu, thresholds: %zu\n"), s->decision_count,
		       s->threshold_count);
	if (s->goal_count + s->tier_count > 0)
		printf(_("goals: %zu, tiers: %zu\n"), s->goal_count, s->tier_count);
}

static void print_gateway(const struct gateway *g)
{
	char address[ADDR_TEXT];
	char *text = ranges_text(&g->networks);

	printf(_("  %s at %s: one device for all limits with %s\n"), g->name,
	       addr_format(&g->address, address), text != NULL ? text : "?");
	free(text);
}

static void print_site(const struct site *s, int64_t now)
{
	printf(_("site: %s, time zone %s, at most %u packets per second and %u per host\n"),
	       s->name, s->timezone, s->rate, s->host_rate);
	print_authorisation(s, now);
	if (s->vantage_name != NULL)
		printf(_("vantage: %s in zone %s\n"), s->vantage_name, s->vantage_zone);
	printf(_("zones: %zu\n"), s->zone_count);
	for (size_t i = 0; i < s->zone_count; i++)
		print_zone(&s->zones[i]);
	printf(_("conduits: %zu\n"), s->conduit_count);
	for (size_t i = 0; i < s->conduit_count; i++)
		print_conduit(s, &s->conduits[i], now);
	if (s->gateway_count > 0)
		printf(_("gateways: %zu\n"), s->gateway_count);
	for (size_t i = 0; i < s->gateway_count; i++)
		print_gateway(&s->gateways[i]);
	if (s->owned.count > 0 || s->exclude.count > 0)
		printf(_("addresses:\n"));
	print_ranges(_("owned"), &s->owned);
	print_ranges(_("excluded"), &s->exclude);
	print_ledger(s);
	print_answers(s, now);
	for (size_t i = 0; i < s->profile_count; i++)
		printf("%s%s%s", i == 0 ? _("profiles: ") : ", ", s->profiles[i],
		       i + 1 == s->profile_count ? "\n" : "");
	for (size_t i = 0; i < s->later_count; i++)
		printf(_("note: %s\n"), s->later[i]);
}

/* ---- what is allowed, but seldom meant ---- */

__attribute__((format(printf, 3, 4))) static void warn(const struct site *s, unsigned line,
						       const char *format, ...)
{
	struct complaints one = { 0 };
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	complain(&one, s->path, line, "%s", text != NULL ? text : _("out of memory"));
	for (size_t i = 0; i < one.count; i++)
		fprintf(stderr, _("warning: %s\n"), one.list[i]);
	complaints_done(&one);
	free(text);
}

/* Public addresses of the zone that no scan will touch since they are not owned. */
static void warn_public(const struct site *s, const struct zone *z)
{
	struct ranges left = { 0 }, inside = { 0 };
	int e = ranges_add_all(&left, &z->networks);

	if (e == 0 && z->kind != ZONE_PUBLIC)
		e = ranges_add_not_public(&inside);
	if (e == 0)
		e = ranges_subtract(&left, &inside);
	if (e == 0)
		e = ranges_subtract(&left, &s->owned);
	char *text = e == 0 && left.count > 0 ? ranges_text(&left) : NULL;
	if (text != NULL)
		warn(s, z->line,
		     _("zone '%s': %s is not covered by 'owned' and will not be scanned"), z->name,
		     text);
	free(text);
	ranges_done(&left);
	ranges_done(&inside);
}

/* False at the bounds already for nearly all pairs of a large site. */
static bool may_meet(const struct ranges *a, const struct ranges *b)
{
	return a->count > 0 && b->count > 0 &&
	       addr_compare(&a->list[0].first, &b->list[b->count - 1].last) <= 0 &&
	       addr_compare(&b->list[0].first, &a->list[a->count - 1].last) <= 0;
}

static bool warn_overlap(const struct site *s, const struct zone *a, const struct zone *b)
{
	struct ranges common = { 0 };

	if (!may_meet(&a->networks, &b->networks))
		return false;
	char *text = ranges_common(&a->networks, &b->networks, &common) == 0 && common.count > 0
			     ? ranges_text(&common)
			     : NULL;
	const struct zone *wins = b->kind < a->kind ? b : a;
	if (text != NULL)
		warn(s, b->line, _("%s is in zone '%s' and in zone '%s': '%s' (%s) holds"), text,
		     a->name, b->name, wins->name, zone_kind_word(wins->kind));
	bool met = text != NULL;
	free(text);
	ranges_done(&common);
	return met;
}

static void print_warnings(const struct site *s, int64_t now)
{
	const struct authorisation *a = &s->authorisation;
	unsigned met = 0;

	fflush(stdout);
	if (a->given && now < a->from)
		warn(s, 0, _("the authorisation in the site file is not valid yet"));
	if (a->given && now > a->until)
		warn(s, 0, _("the authorisation in the site file has expired"));
	for (size_t i = 0; i < s->zone_count; i++) {
		const struct zone *z = &s->zones[i];

		warn_public(s, z);
		for (size_t k = 0; k < i && met < OVERLAPS; k++)
			met += warn_overlap(s, &s->zones[k], z);
		if (z->passive_only.count > 0)
			warn(s, z->line,
			     _("zone '%s': addresses under 'passive_only' are sent nothing, and "
			       "are "
			       "not listened to yet: nothing will be known of them"),
			     z->name);
	}
}

struct options {
	const char *path, *checks[LIST];
	size_t check_count;
};

static int check(const struct options *o)
{
	struct complaints complaints = { 0 };
	struct site site = { 0 };
	int64_t now = time(NULL);
	int status = EXIT_DONE;

	if (site_load(o->path, &site, &complaints) != 0 ||
	    !site_matches_catalogue(&site, o->checks, o->check_count, &complaints)) {
		complaints_print(&complaints, stderr);
		status = EXIT_USAGE;
	} else {
		print_site(&site, now);
		print_warnings(&site, now);
	}
	site_done(&site);
	complaints_done(&complaints);
	return status;
}

static void usage(FILE *out)
{
	fprintf(out, _("usage: tenken site check FILE [--checks FILE]...\n"));
}

int command_site(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "checks", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct options o = { 0 };

	optind = 0;
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":h", long_options, NULL)) != -1;) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_DONE;
		}
		if (c == 'c' && o.check_count < LIST) {
			o.checks[o.check_count++] = optarg;
			continue;
		}
		if (c == ':')
			fprintf(stderr, _("error: option '%s' needs a value\n"), argv[optind - 1]);
		else if (c == 'c')
			fprintf(stderr, _("error: option '%s' is given too often\n"), "--checks");
		else
			fprintf(stderr, _("error: '%s' is not known here\n"), argv[optind - 1]);
		usage(stderr);
		return EXIT_USAGE;
	}
	const char *what = optind < argc ? argv[optind] : "";
	if (strcmp(what, "check") == 0 && argc - optind == 2 && argv[optind + 1][0] != '\0') {
		o.path = argv[optind + 1];
		return check(&o);
	}
	if (*what != '\0' && strcmp(what, "check") != 0)
		fprintf(stderr, _("error: '%s' is not known here\n"), what);
	usage(stderr);
	return EXIT_USAGE;
}
