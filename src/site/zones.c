/* SPDX-License-Identifier: Apache-2.0 */
/* Zones, conduits between them, and gateways, as the site file declares them. */
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/load.h"

/* The bastion itself: loopback that nobody declared. */
static char bastion_name[] = "bastion";
static const struct zone bastion = { .name = bastion_name, .kind = ZONE_IT, .risk = SITE_READ };

const struct zone *site_zone(const struct site *s, const struct addr *a)
{
	const struct zone *strictest = NULL;

	for (size_t i = 0; i < s->zone_count; i++) {
		const struct zone *z = &s->zones[i];

		if ((strictest == NULL || z->kind < strictest->kind) &&
		    ranges_contain(&z->networks, a))
			strictest = z;
	}
	if (strictest == NULL && addr_is_loopback(a))
		return &bastion;
	return strictest;
}

const struct zone *zone_named(const struct site *s, const char *name)
{
	for (size_t i = 0; i < s->zone_count; i++)
		if (s->zones[i].name != NULL && strcmp(s->zones[i].name, name) == 0)
			return &s->zones[i];
	return NULL;
}

/* A network and where it was said. */
struct said {
	struct range range;
	enum zone_kind kind;
	unsigned line;
};

struct said_list {
	struct said *list;
	size_t count;
};

static bool same_range(const struct range *a, const struct range *b)
{
	return addr_compare(&a->first, &b->first) == 0 && addr_compare(&a->last, &b->last) == 0;
}

/* Two zones of one kind that hold the same network: nobody could say to which an address belongs. */
static void say_network(struct said_list *said, struct ynode n, const struct range *r,
			enum zone_kind kind)
{
	char text[RANGE_TEXT];

	for (size_t i = 0; i < said->count; i++)
		if (said->list[i].kind == kind && same_range(&said->list[i].range, r)) {
			yn_complain(n, _("'%s' stands in a zone of kind '%s' already, on line %u"),
				    range_format(r, text), zone_kind_word(kind),
				    said->list[i].line);
			return;
		}
	struct said *place = list_grow(&said->list, &said->count, sizeof(*place));
	if (place != NULL)
		*place = (struct said){ .range = *r, .kind = kind, .line = yn_line(n) };
	else
		yn_complain(n, _("out of memory"));
}

static void load_networks(struct zone *z, struct ynode n, struct said_list *said)
{
	if (yn_given(n) && load_count(n) == 0 && yn_count(n) == 0)
		yn_complain(n, _("names no network"));
	for (size_t i = 0; i < load_count(n); i++) {
		struct ranges one = { 0 };
		struct ynode element = load_element(n, i);

		if (load_network(element, &one)) {
			for (size_t k = 0; k < one.count; k++)
				say_network(said, element, &one.list[k], z->kind);
			if (ranges_add_all(&z->networks, &one) != 0)
				yn_complain(element, _("out of memory"));
		}
		ranges_done(&one);
	}
}

/* Addresses that must lie in the zone: a mistyped exclusion would exclude nothing. */
static void load_inside(struct zone *z, struct ynode n, struct ranges *ret)
{
	for (size_t i = 0; i < load_count(n); i++) {
		struct ranges one = { 0 }, outside = { 0 };
		struct ynode element = load_element(n, i);

		if (load_network(element, &one)) {
			char text[RANGE_TEXT];

			if (ranges_add_all(&outside, &one) != 0 ||
			    ranges_subtract(&outside, &z->networks) != 0 ||
			    ranges_add_all(ret, &one) != 0)
				yn_complain(element, _("out of memory"));
			else if (outside.count > 0)
				yn_complain(element, _("'%s' is not in the networks of zone '%s'"),
					    range_format(&outside.list[0], text),
					    z->name != NULL ? z->name : "?");
		}
		ranges_done(&one);
		ranges_done(&outside);
	}
}

static void load_kind(struct zone *z, struct ynode n)
{
	const char *text = yn_text(n);

	z->kind = ZONE_UNASSIGNED;
	if (text == NULL)
		return;
	enum zone_kind kind = zone_kind_of_word(text);
	if (kind == ZONE_KINDS)
		yn_complain(n, _("'%s' is not a kind: ot, it, dmz, public or unassigned"), text);
	else
		z->kind = kind;
}

static void load_risk(struct zone *z, struct ynode n)
{
	const char *text = yn_text(n);

	if (text == NULL)
		return;
	enum site_risk risk = site_risk_of_word(text);
	z->risk_given = true;
	if (risk == SITE_RISKS)
		yn_complain(n, _("'%s' is not a risk class: listen, touch, read or login"), text);
	else
		z->risk = risk;
}

static void load_depth(struct zone *z, struct ynode depth, struct ynode devices)
{
	const char *text = yn_text(depth);

	load_inside(z, devices, &z->full_depth);
	if (text == NULL)
		return;
	if (strcmp(text, "full") == 0) {
		if (ranges_add_all(&z->full_depth, &z->networks) != 0)
			yn_complain(depth, _("out of memory"));
	} else if (strcmp(text, "limited") != 0) {
		yn_complain(depth, _("'%s' is neither full nor limited"), text);
	}
}

static void load_discovery(struct zone *z, struct ynode n, struct ynode risk)
{
	const char *text = yn_text(n);

	if (text == NULL)
		return;
	z->discovery_line = yn_line(n);
	if (strcmp(text, "multicast") == 0)
		z->discovery = DISCOVERY_MULTICAST;
	else if (strcmp(text, "none") == 0)
		z->discovery = DISCOVERY_NONE;
	else
		yn_complain(n, _("'%s' is neither multicast nor none"), text);
	if (z->discovery == DISCOVERY_MULTICAST && z->risk == SITE_LISTEN)
		yn_complain(n, _("'multicast' sends, which 'risk: listen' on line %u forbids"),
			    yn_line(risk));
}

/* Everybody on a segment hears what one of its zones wants to be asked. */
static void check_discovery(const struct site *s, const struct zone *z, struct ynode n)
{
	if (z->discovery == DISCOVERY_BY_KIND)
		return;
	for (const struct zone *o = s->zones; o < z; o++) {
		struct ranges common = { 0 };

		if (o->discovery == DISCOVERY_BY_KIND || o->discovery == z->discovery)
			continue;
		if (ranges_common(&o->networks, &z->networks, &common) != 0)
			yn_complain(n, _("out of memory"));
		else if (common.count > 0)
			yn_complain(
				n,
				_("zone '%s' says the opposite for the same addresses, on line %u"),
				o->name != NULL ? o->name : "?", o->discovery_line);
		ranges_done(&common);
	}
}

static void load_zone_name(struct site *s, struct zone *z, struct ynode n)
{
	char *name = NULL;

	load_name(n, &name);
	if (name == NULL)
		return;
	const struct zone *same = zone_named(s, name);
	if (same != NULL)
		yn_complain(n, _("zone '%s' stands twice, first on line %u"), name, same->line);
	else if (strcmp(name, bastion_name) == 0)
		yn_complain(n, _("'%s' is the scanner's own zone: choose another name"), name);
	z->name = name;
}

/* What holds for the whole holds in each zone: a zone that says more would not get it. */
static void check_rates(const struct site *s, const struct zone *z, struct ynode n)
{
	unsigned rate = z->rate != 0 && z->rate < s->rate ? z->rate : s->rate;

	if (z->rate > s->rate)
		yn_complain(yn_get(n, "rate"), _("%u is more than the '%s' of 'limits', %u"),
			    z->rate, "rate", s->rate);
	if (z->host_rate > rate)
		yn_complain(yn_get(n, "host_rate"), _("%u is more than the rate of all hosts, %u"),
			    z->host_rate, rate);
	else if (z->host_rate > s->host_rate)
		yn_complain(yn_get(n, "host_rate"), _("%u is more than the '%s' of 'limits', %u"),
			    z->host_rate, "host_rate", s->host_rate);
}

static void load_zone(struct site *s, struct ynode n, struct said_list *said)
{
	static const char *const keys[] = { "name",         "kind",      "networks",   "window",
					    "passive_only", "depth",     "full_depth", "risk",
					    "rate",         "host_rate", "anonymous",  "discovery",
					    "credentials",  "declared",  NULL };

	if (!yn_map(n, keys))
		return;
	struct zone *z = list_grow(&s->zones, &s->zone_count, sizeof(*z));
	if (z == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	z->line = yn_line(n);
	z->risk = SITE_READ;
	load_zone_name(s, z, yn_need(n, "name"));
	load_kind(z, yn_need(n, "kind"));
	load_networks(z, yn_need(n, "networks"), said);
	load_windows(yn_get(n, "window"), &z->windows, &z->window_count);
	load_inside(z, yn_get(n, "passive_only"), &z->passive_only);
	load_depth(z, yn_get(n, "depth"), yn_get(n, "full_depth"));
	load_risk(z, yn_get(n, "risk"));
	load_rate(yn_get(n, "rate"), &z->rate);
	load_rate(yn_get(n, "host_rate"), &z->host_rate);
	yn_bool(yn_get(n, "anonymous"), &z->anonymous);
	yn_bool(yn_get(n, "credentials"), &z->credentials);
	load_discovery(z, yn_get(n, "discovery"), yn_get(n, "risk"));
	check_discovery(s, z, yn_get(n, "discovery"));
	check_rates(s, z, n);
	load_texts(yn_get(n, "declared"), &z->declared, &z->declared_count);
}

void load_zones(struct site *s, struct ynode n)
{
	struct said_list said = { 0 };

	if (!yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_zone(s, yn_at(n, i), &said);
	free(said.list);
}

static void load_zone_of(const struct site *s, struct ynode n, char **ret)
{
	load_name(n, ret);
	if (*ret != NULL && zone_named(s, *ret) == NULL)
		yn_complain(n, _("no zone is named '%s'"), *ret);
}

static void load_conduit(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "from", "to", "ports", "until", "hours", "note", NULL };

	if (!yn_map(n, keys))
		return;
	struct conduit *c = list_grow(&s->conduits, &s->conduit_count, sizeof(*c));
	if (c == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	c->line = yn_line(n);
	load_zone_of(s, yn_need(n, "from"), &c->from);
	load_zone_of(s, yn_need(n, "to"), &c->to);
	if (c->from != NULL && c->to != NULL && strcmp(c->from, c->to) == 0)
		yn_complain(yn_get(n, "to"), _("a conduit leads from one zone to another"));
	struct ynode ports = yn_get(n, "ports");
	load_port_ranges(ports, &c->ports, &c->port_count);
	/* An empty list would say nothing, and no ports mean all. */
	if (yn_is_list(ports) && yn_count(ports) == 0)
		yn_complain(ports, _("names no port: leave it out to allow all"));
	load_day(s, yn_get(n, "until"), true, &c->until);
	load_windows(yn_get(n, "hours"), &c->hours, &c->hours_count);
	yn_text(yn_get(n, "note"));
}

void load_conduits(struct site *s, struct ynode n)
{
	if (!yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_conduit(s, yn_at(n, i));
}

static void load_gateway(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "name", "address", "networks", NULL };

	if (!yn_map(n, keys))
		return;
	struct gateway *g = list_grow(&s->gateways, &s->gateway_count, sizeof(*g));
	if (g == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	load_name(yn_get(n, "name"), &g->name);
	load_address(yn_need(n, "address"), &g->address);
	load_ranges(yn_need(n, "networks"), &g->networks);
}

void load_gateways(struct site *s, struct ynode n)
{
	if (!yn_list(n))
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_gateway(s, yn_at(n, i));
}

void zones_done(struct site *s)
{
	for (size_t i = 0; i < s->zone_count; i++) {
		struct zone *z = &s->zones[i];

		free(z->name);
		ranges_done(&z->networks);
		ranges_done(&z->passive_only);
		ranges_done(&z->full_depth);
		free(z->windows);
		texts_done(&z->declared, &z->declared_count);
	}
	free(s->zones);
	for (size_t i = 0; i < s->conduit_count; i++) {
		free(s->conduits[i].from);
		free(s->conduits[i].to);
		free(s->conduits[i].ports);
		free(s->conduits[i].hours);
	}
	free(s->conduits);
	for (size_t i = 0; i < s->gateway_count; i++) {
		free(s->gateways[i].name);
		ranges_done(&s->gateways[i].networks);
	}
	free(s->gateways);
}
