/* SPDX-License-Identifier: Apache-2.0 */
/* tenken site check FILE: is the site file right, and what does it say? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "site/site.h"

enum { STATUS_DONE = 0, STATUS_USAGE = 2 };

enum { DAY_TEXT = 32 };

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

static int check(const char *path)
{
	struct complaints complaints = { 0 };
	struct site site = { 0 };
	int status = STATUS_DONE;

	if (site_load(path, &site, &complaints) != 0) {
		complaints_print(&complaints, stderr);
		status = STATUS_USAGE;
	} else {
		print_site(&site, time(NULL));
	}
	site_done(&site);
	complaints_done(&complaints);
	return status;
}

static void usage(FILE *out)
{
	fprintf(out, _("usage: tenken site check FILE\n"));
}

int command_site(int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(stdout);
		return STATUS_DONE;
	}
	if (argc == 3 && strcmp(argv[1], "check") == 0 && argv[2][0] != '\0')
		return check(argv[2]);
	if (argc > 1 && strcmp(argv[1], "check") != 0)
		fprintf(stderr, _("error: '%s' is not known here\n"), argv[1]);
	usage(stderr);
	return STATUS_USAGE;
}
