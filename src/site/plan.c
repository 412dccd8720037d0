/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making the plan: the wish of the command line, cut down by everything that the site and the rules
 * for public addresses take away. What is taken away is said: as a complaint where the user asked
 * for exactly that, as a remark where it only lay within what was asked.
 */
#include "site/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/declare.h"
#include "site/targets.h"

enum {
	RATE_MOST = 1000000,
	SWEEP_MOST = 65536, /* addresses of an IPv6 network that came with a zone */
	RESOLVERS_MOST = 3, /* as resolv.conf(5) */
	REMARKS_MOST = 50,  /* of one kind: exclusions may be many thousand */
};

/* 2^32 addresses at a thousand a second are seven weeks: more is a mistake. */
static const uint64_t targets_most = UINT64_C(1) << 32;

static void no_memory(struct complaints *c)
{
	complain(c, NULL, 0, _("out of memory"));
}

/* ---- options ---- */

/* nmap's --max-rate: 0 is no limit. */
static void wish_rate(const char *option, const char *text, unsigned *ret, struct complaints *c)
{
	char *end;

	if (text == NULL)
		return;
	errno = 0;
	unsigned long v = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || v > RATE_MOST)
		complain(c, NULL, 0,
			 _("%s: '%s' is not a number of packets per second from 0 to %d"), option,
			 text, RATE_MOST);
	else
		*ret = (unsigned)v;
}

static void wish_words(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	p->risk = SITE_READ;
	p->ad_hoc_kind = ZONE_UNASSIGNED;
	if (w->risk != NULL) {
		p->risk = site_risk_of_word(w->risk);
		if (p->risk == SITE_RISKS) {
			complain(c, NULL, 0, _("--risk: '%s' is not listen, touch, read or login"),
				 w->risk);
			p->risk = SITE_READ;
		}
	}
	p->credentials = w->credentials || p->site.logins.by_default;
	if (p->credentials && w->risk == NULL)
		p->risk = SITE_LOGIN;
	else if (w->credentials && p->risk < SITE_LOGIN)
		complain(c, NULL, 0, _("--credentials are logins, which --risk %s does not allow"),
			 w->risk);
	p->credentials = p->credentials && p->risk == SITE_LOGIN;
	if (w->zone != NULL) {
		p->ad_hoc_kind = zone_kind_of_word(w->zone);
		if (p->ad_hoc_kind == ZONE_KINDS) {
			complain(c, NULL, 0,
				 _("--zone: '%s' is not ot, it, dmz, public or unassigned"),
				 w->zone);
			p->ad_hoc_kind = ZONE_UNASSIGNED;
		}
	}
	p->rate = p->site.rate;
	p->host_rate = p->site.host_rate;
	wish_rate("--rate", w->rate, &p->rate, c);
	wish_rate("--host-rate", w->host_rate, &p->host_rate, c);
}

static bool port_name(void *context, struct span name, bool udp, struct ports *set)
{
	const struct port_list *l = context;
	bool found = false;

	for (size_t i = 0; i < l->count; i++) {
		const struct port_entry *e = &l->list[i];

		if (e->udp != udp || !span_is_nocase(name, e->name))
			continue;
		ports_put(udp ? set->udp : set->tcp, e->port);
		found = true;
	}
	return found;
}

/* Of the UDP ports asked for those stay that something harmless can be asked. */
static void wish_udp(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	const char *why = _("no harmless question is known for them");
	struct ports able = { 0 };
	unsigned dropped = ports_count(p->ports.udp);

	if (p->risk < SITE_READ)
		why = _("asking needs the risk class read");
	for (size_t i = 0; i < w->udp_port_count && p->risk >= SITE_READ; i++)
		if (ports_has(p->ports.udp, w->udp_ports[i]))
			ports_put(able.udp, w->udp_ports[i]);
	memcpy(p->ports.udp, able.udp, sizeof(able.udp));
	dropped -= ports_count(able.udp);
	if (dropped > 0 && ports_count(p->ports.tcp) + ports_count(able.udp) == 0)
		complain(c, NULL, 0, _("--ports: '%s' names UDP ports only: %s"), w->ports, why);
	else if (dropped > 0)
		texts_addf(&p->skipped, &p->skipped_count, _("%u UDP ports: %s"), dropped, why);
}

static void wish_ports(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	struct span bad;

	if (w->no_ports)
		return;
	if (w->ports == NULL) {
		for (size_t i = 0; i < w->udp_port_count && p->risk >= SITE_READ; i++)
			if (port_list_find(&p->port_list, w->udp_ports[i], true) != NULL)
				ports_put(p->ports.udp, w->udp_ports[i]);
		for (size_t i = 0; i < p->port_list.count; i++)
			if (!p->port_list.list[i].udp)
				ports_put(p->ports.tcp, p->port_list.list[i].port);
		return;
	}
	if (ports_parse(&p->ports, w->ports, port_name, &p->port_list, &bad) != 0) {
		complain(c, NULL, 0,
			 _("--ports: '%.*s' is not a port, a range of ports or a name of the port "
			   "list"),
			 bad.length < 100 ? (int)bad.length : 100, (const char *)bad.at);
		return;
	}
	wish_udp(w, p, c);
}

/* ---- targets ---- */

/* One remark per range. */
static void remark(struct plan *p, const struct ranges *set, const char *why)
{
	for (size_t i = 0; i < set->count; i++) {
		char text[RANGE_TEXT];

		if (i == REMARKS_MOST) {
			texts_addf(&p->skipped, &p->skipped_count, _("%zu more ranges: %s"),
				   set->count - i, why);
			return;
		}
		texts_addf(&p->skipped, &p->skipped_count, "%s: %s",
			   range_format(&set->list[i], text), why);
	}
}

/* Named targets are complaints, those that came with a zone are remarks. */
static void refuse(struct plan *p, const struct ranges *set, bool named, const char *why,
		   struct complaints *c)
{
	if (!named) {
		remark(p, set, why);
		return;
	}
	for (size_t i = 0; i < set->count; i++) {
		char text[RANGE_TEXT];

		complain(c, NULL, 0, "'%s': %s", range_format(&set->list[i], text), why);
	}
}

static int drop(struct plan *p, const struct ranges *set)
{
	int e = ranges_subtract(&p->targets, set);

	return e == 0 ? ranges_subtract(&p->large, set) : e;
}

/* Takes a set out of the targets; what was in them is remarked. */
static int leave_out(struct plan *p, const struct ranges *set, const char *why)
{
	struct ranges common = { 0 };
	int e = ranges_common(&p->targets, set, &common);

	if (e == 0)
		e = ranges_common(&p->large, set, &common);
	if (e == 0)
		e = drop(p, &common);
	if (e == 0)
		remark(p, &common, why);
	ranges_done(&common);
	return e;
}

static bool link_local(const struct addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* IPv6 networks of more than `most` addresses are asked for their hosts instead. */
static int set_large_aside(struct plan *p, uint64_t most)
{
	int e = 0;

	for (size_t i = 0; i < p->targets.count && e == 0; i++) {
		const struct range *r = &p->targets.list[i];
		struct ranges one = { .list = p->targets.list + i, .count = 1 };

		if (!addr_is_ipv4(&r->first) && ranges_count(&one) > most &&
		    !(link_local(&r->first) && r->first.scope == 0))
			e = ranges_add(&p->large, r);
	}
	return e == 0 ? ranges_subtract(&p->targets, &p->large) : e;
}

/* As far as the site lets them be asked: by the strictest zone of each address. */
static int leave_out_unaskable(struct plan *p, bool named, struct complaints *c)
{
	const char *why = named ? _("is too large to sweep: name its hosts, or let its segment be "
				    "asked (discovery in tenken-site(5))")
				: _("too large to sweep: name its hosts as targets");
	struct ranges rest = { 0 }, no = { 0 };
	int e = ranges_add_all(&rest, &p->large);

	for (unsigned kind = 0; kind < ZONE_KINDS && e == 0; kind++)
		for (size_t i = 0; i < p->site.zone_count && e == 0; i++) {
			const struct zone *z = &p->site.zones[i];
			struct ranges own = { 0 };

			if ((unsigned)z->kind != kind)
				continue;
			e = ranges_common(&rest, &z->networks, &own);
			if (e == 0)
				e = ranges_subtract(&rest, &own);
			if (e == 0 && !plan_may_ask(p, z))
				e = ranges_add_all(&no, &own);
			ranges_done(&own);
		}
	if (e == 0 && !plan_may_ask(p, NULL))
		e = ranges_add_all(&no, &rest);
	if (e == 0)
		e = ranges_subtract(&p->large, &no);
	if (e == 0)
		refuse(p, &no, named, why, c);
	ranges_done(&rest);
	ranges_done(&no);
	return e;
}

/* IPv6 networks of a zone that cannot be swept: their hosts must be named. */
static int leave_out_unsweepable(struct plan *p)
{
	struct ranges large = { 0 };
	int e = 0;

	for (size_t i = 0; i < p->targets.count && e == 0; i++) {
		const struct range *r = &p->targets.list[i];
		struct ranges one = { .list = p->targets.list + i, .count = 1 };

		if (!addr_is_ipv4(&r->first) && (ranges_count(&one) > SWEEP_MOST ||
						 (link_local(&r->first) && r->first.scope == 0)))
			e = ranges_add(&large, r);
	}
	if (e == 0)
		e = leave_out(p, &large, _("too large to sweep: name its hosts as targets"));
	ranges_done(&large);
	return e;
}

/* The site's zones; public ones as far as they are owned. */
static int zones_as_targets(struct plan *p, struct complaints *c)
{
	const struct site *s = &p->site;
	int e = 0;

	for (size_t i = 0; i < s->zone_count && e == 0; i++)
		if (s->zones[i].kind != ZONE_PUBLIC)
			e = ranges_add_all(&p->targets, &s->zones[i].networks);
		else
			e = ranges_common(&s->zones[i].networks, &s->owned, &p->targets);
	if (e == 0)
		e = set_large_aside(p, SWEEP_MOST);
	if (e == 0)
		e = leave_out_unaskable(p, false, c);
	if (e == 0)
		e = leave_out_unsweepable(p);
	return e;
}

static int wish_targets(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	size_t before = c->count;

	for (size_t i = 0; i < w->target_count; i++)
		targets_add(&p->targets, w->targets[i], NULL, 0, c);
	for (size_t i = 0; i < w->input_file_count; i++)
		targets_add_file(&p->targets, w->input_files[i], c);
	if (c->count > before)
		return 0;
	if (w->target_count == 0 && w->input_file_count == 0) {
		if (p->site.path == NULL)
			complain(c, NULL, 0, _("nothing to scan: name a target or a site file"));
		else if (p->site.zone_count == 0)
			complain(c, p->site.path, 0,
				 _("declares no zone: name a target on the command line"));
		return zones_as_targets(p, c);
	}
	if (p->targets.count == 0)
		complain(c, NULL, 0, _("nothing to scan: the list of targets is empty"));
	int e = set_large_aside(p, targets_most);
	return e == 0 ? leave_out_unaskable(p, true, c) : e;
}

static int exclude(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	for (size_t i = 0; i < w->exclude_count; i++)
		exclusions_add(&p->site.exclude, w->excludes[i], NULL, 0, c);
	for (size_t i = 0; i < w->exclude_file_count; i++)
		exclusions_add_file(&p->site.exclude, w->exclude_files[i], c);
	int e = leave_out(p, &p->site.exclude, _("excluded"));
	for (size_t i = 0; i < p->site.zone_count && e == 0; i++)
		e = leave_out(p, &p->site.zones[i].passive_only, _("passive only"));
	return e;
}

/* Addresses that name no single machine. */
static int refuse_unusable(struct plan *p, struct complaints *c)
{
	struct ranges unusable = { 0 }, common = { 0 };
	int e = ranges_add_unusable(&unusable);

	if (e == 0)
		e = ranges_common(&p->targets, &unusable, &common);
	if (e == 0)
		e = ranges_common(&p->large, &unusable, &common);
	for (size_t i = 0; i < common.count && e == 0; i++) {
		char text[RANGE_TEXT];

		complain(c, NULL, 0,
			 _("'%s': multicast, broadcast and unspecified addresses are no targets"),
			 range_format(&common.list[i], text));
	}
	if (e == 0)
		e = drop(p, &common);
	ranges_done(&unusable);
	ranges_done(&common);
	return e;
}

/* A link-local IPv6 address means nothing without its interface. */
static void refuse_scopeless(const struct plan *p, struct complaints *c)
{
	for (size_t i = 0; i < p->targets.count; i++) {
		const struct range *r = &p->targets.list[i];
		char text[RANGE_TEXT];

		if (r->first.scope == 0 && link_local(&r->first))
			complain(c, NULL, 0,
				 _("'%s': a link-local address needs its interface, as in "
				   "'fe80::1%%eth0'"),
				 range_format(r, text));
	}
}

/* ---- public addresses ---- */

static void wish_owned(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	for (size_t i = 0; i < w->owned_count; i++) {
		struct ranges one = { 0 }, outside = { 0 };
		int e = ranges_parse_network(&one, w->owned[i], true);

		if (e == -EINVAL)
			complain(c, NULL, 0, _("--owned: '%s' is not a network without host bits"),
				 w->owned[i]);
		else if (e != 0 || ranges_add_all(&outside, &one) != 0 ||
			 ranges_subtract(&outside, &p->site.owned) != 0 ||
			 ranges_add_all(&p->owned, &one) != 0)
			no_memory(c);
		else if (outside.count > 0)
			complain(c, NULL, 0,
				 _("--owned: '%s' is not listed under 'owned' in a site file, "
				   "which alone admits it"),
				 w->owned[i]);
		ranges_done(&one);
		ranges_done(&outside);
	}
}

/* Why public addresses may not be scanned now although they are owned; NULL: they may. */
static const char *unauthorised(const struct authorisation *a, int64_t now)
{
	if (!a->given)
		return _("public addresses need an 'authorisation' in the site file");
	if (now < a->from)
		return _("the authorisation in the site file is not valid yet");
	if (now > a->until)
		return _("the authorisation in the site file has expired");
	return NULL;
}

static int refuse_public(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	struct ranges public = { 0 }, inside = { 0 }, left = { 0 }, strange = { 0 };
	const struct site *s = &p->site;
	bool named = w->target_count > 0 || w->input_file_count > 0;
	int e = ranges_add_not_public(&inside);

	if (e == 0)
		e = ranges_add_all(&public, &p->targets);
	if (e == 0)
		e = ranges_add_all(&public, &p->large);
	if (e == 0)
		e = ranges_subtract(&public, &inside);
	/* Strange: nobody declared it as owned. Left: declared, but not repeated. */
	if (e == 0)
		e = ranges_add_all(&strange, &public);
	if (e == 0)
		e = ranges_subtract(&strange, &s->owned);
	if (e == 0)
		e = ranges_add_all(&left, &public);
	if (e == 0)
		e = ranges_subtract(&left, &strange);
	if (e == 0)
		e = ranges_subtract(&public, &strange);
	if (e == 0)
		e = ranges_subtract(&left, &p->owned);
	if (e == 0)
		e = ranges_subtract(&public, &left);
	if (e == 0)
		e = drop(p, &strange);
	if (e == 0)
		e = drop(p, &left);
	if (e == 0) {
		const char *why = unauthorised(&s->authorisation, w->now);

		refuse(p, &strange, named,
		       _("is public: list it under 'owned' in the site file and repeat it with "
			 "--owned"),
		       c);
		refuse(p, &left, named, _("is public: repeat its range with --owned"), c);
		if (why != NULL) {
			refuse(p, &public, named, why, c);
			e = drop(p, &public);
		}
	}
	ranges_done(&public);
	ranges_done(&inside);
	ranges_done(&left);
	ranges_done(&strange);
	return e;
}

/* ---- windows ---- */

/* The addresses that belong to this zone and to no stricter (or earlier, equally strict) one. */
static int own_addresses(const struct site *s, const struct zone *z, struct ranges *ret)
{
	int e = ranges_add_all(ret, &z->networks);

	for (const struct zone *o = s->zones; o < s->zones + s->zone_count && e == 0; o++)
		if (o->kind < z->kind || (o->kind == z->kind && o < z))
			e = ranges_subtract(ret, &o->networks);
	return e;
}

static int leave_closed_zones(struct plan *p, int64_t now)
{
	int e = 0;

	for (size_t i = 0; i < p->site.zone_count && e == 0; i++) {
		const struct zone *z = &p->site.zones[i];
		struct ranges own = { 0 };
		char window[WINDOW_TEXT], *why = NULL;

		if (zone_window_open(&p->site, z, now))
			continue;
		e = own_addresses(&p->site, z, &own);
		if (e == 0 && asprintf(&why, _("outside the window of zone '%s' (%s%s)"), z->name,
				       window_format(&z->windows[0], window),
				       z->window_count > 1 ? ", ..." : "") < 0)
			e = -ENOMEM;
		else if (e == 0)
			e = leave_out(p, &own, why);
		free(why);
		ranges_done(&own);
	}
	return e;
}

/* ---- the whole ---- */

static int load_declarations(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	char *path = NULL;
	int e = w->site_path != NULL ? site_load(w->site_path, &p->site, c)
				     : site_default(&p->site);

	if (e == -ENOMEM)
		no_memory(c);
	if (asprintf(&path, "%s/probes/data/ports.csv", w->data_dir) < 0) {
		no_memory(c);
		return -EINVAL;
	}
	int l = port_list_load(path, &p->port_list, c);
	free(path);
	return e != 0 ? e : l;
}

static bool empty(const struct plan *p)
{
	return p->targets.count == 0 && p->large.count == 0;
}

/* 0 or -ENOMEM; complaints are the other result. */
static int choose_targets(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	size_t before = c->count;

	wish_owned(w, p, c);
	int e = wish_targets(w, p, c);
	if (e == 0 && c->count == before && empty(p))
		complain(c, p->site.path, 0, _("no zone holds an address that may be scanned"));
	if (e == 0)
		e = exclude(w, p, c);
	if (e == 0)
		e = refuse_unusable(p, c);
	if (e == 0)
		refuse_scopeless(p, c);
	if (e == 0)
		e = refuse_public(w, p, c);
	if (e == 0 && w->skip_closed)
		e = leave_closed_zones(p, w->now);
	if (e != 0 || c->count > before)
		return e;
	if (empty(p))
		complain(c, NULL, 0, _("nothing is left to scan: %s"),
			 p->skipped_count > 0 ? p->skipped[p->skipped_count - 1] : _("no targets"));
	else if (ranges_count(&p->targets) > targets_most)
		complain(c, NULL, 0, _("the targets are more than 2^32 addresses"));
	return 0;
}

/* ---- names ---- */

/* The machine's own, as far as they are in the house: what is inside is no business of a public one. */
static int own_resolvers(const struct plan_wish *w, struct plan *p)
{
	FILE *f = fopen(w->resolv_conf != NULL ? w->resolv_conf : "/etc/resolv.conf", "re");
	char line[256], text[ADDR_TEXT];
	int e = 0;

	if (f == NULL)
		return 0;
	while (e == 0 && p->resolver_count < RESOLVERS_MOST && fgets(line, sizeof(line), f)) {
		struct addr a, *place;

		if (sscanf(line, "nameserver %63s", text) != 1 || addr_parse(text, &a) != 0)
			continue;
		if (addr_is_public(&a)) {
			texts_addf(&p->skipped, &p->skipped_count,
				   _("resolver %s is public: not asked for names"), text);
			continue;
		}
		place = list_grow(&p->resolvers, &p->resolver_count, sizeof(*place));
		if (place == NULL)
			e = -ENOMEM;
		else
			*place = a;
	}
	fclose(f);
	return e;
}

static int choose_resolvers(const struct plan_wish *w, struct plan *p, struct complaints *c)
{
	const struct site *s = &p->site;
	char text[ADDR_TEXT];
	int e = 0;

	if ((!w->resolve && !s->names_dns) || p->risk < SITE_TOUCH)
		return 0;
	for (size_t i = 0; i < s->resolver_count && i < RESOLVERS_MOST && e == 0; i++) {
		struct addr *place = list_grow(&p->resolvers, &p->resolver_count, sizeof(*place));

		if (place == NULL)
			e = -ENOMEM;
		else
			*place = s->resolvers[i];
	}
	if (e == 0 && s->resolver_count == 0)
		e = own_resolvers(w, p);
	for (size_t i = 0; i < p->resolver_count; i++)
		if (ranges_contain(&s->exclude, &p->resolvers[i]))
			complain(c, NULL, 0, _("the resolver '%s' is excluded"),
				 addr_format(&p->resolvers[i], text));
	if (e == 0 && p->resolver_count == 0)
		texts_addf(&p->skipped, &p->skipped_count,
			   _("names are not looked up: there is no resolver"));
	return e;
}

/* ---- the whole, made ---- */

int plan_make(const struct plan_wish *wish, struct plan *ret, struct complaints *c)
{
	size_t before = c->count;

	*ret = (struct plan){ 0 };
	if (load_declarations(wish, ret, c) != 0)
		return -EINVAL;
	wish_words(wish, ret, c);
	wish_ports(wish, ret, c);
	if (ret->risk == SITE_LOGIN && !authorisation_valid(&ret->site.authorisation, wish->now))
		complain(c, NULL, 0,
			 _("logins (--risk login, --credentials) need an 'authorisation' in the "
			   "site file that is valid now"));
	if (!wish->no_targets &&
	    (choose_targets(wish, ret, c) != 0 || choose_resolvers(wish, ret, c) != 0))
		no_memory(c);
	return c->count == before ? 0 : -EINVAL;
}

void plan_done(struct plan *p)
{
	site_done(&p->site);
	port_list_done(&p->port_list);
	ranges_done(&p->targets);
	ranges_done(&p->large);
	ranges_done(&p->owned);
	free(p->resolvers);
	texts_done(&p->skipped, &p->skipped_count);
}
