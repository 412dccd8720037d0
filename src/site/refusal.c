/* SPDX-License-Identifier: Apache-2.0 */
/* What the finished plan says about one address, and about itself. */
#include <jansson.h>
#include <stdlib.h>

#include "codec/i18n.h"
#include "site/plan.h"

enum zone_kind plan_kind(const struct plan *p, const struct addr *a)
{
	const struct zone *z = site_zone(&p->site, a);

	return z != NULL ? z->kind : p->ad_hoc_kind;
}

bool plan_only_finds(const struct plan *p)
{
	return ports_count(p->ports.tcp) + ports_count(p->ports.udp) == 0;
}

bool plan_holds(const struct plan *p, const struct addr *a)
{
	return ranges_contain(&p->targets, a) || ranges_contain(&p->large, a);
}

bool plan_may_ask(const struct plan *p, const struct zone *z)
{
	enum zone_kind kind = z != NULL ? z->kind : p->ad_hoc_kind;

	if (z != NULL && (z->discovery == DISCOVERY_NONE || z->risk < SITE_TOUCH))
		return false;
	if (z != NULL && z->discovery == DISCOVERY_MULTICAST)
		return true;
	return kind == ZONE_IT || kind == ZONE_DMZ;
}

const char *plan_refusal(const struct plan *p, const struct addr *a, int64_t now)
{
	const struct site *s = &p->site;

	if (ranges_contain(&s->exclude, a))
		return N_("excluded");
	for (size_t i = 0; i < s->zone_count; i++)
		if (ranges_contain(&s->zones[i].passive_only, a))
			return N_("passive only");
	if (!plan_holds(p, a) || addr_is_unusable(a))
		return N_("outside the targets");
	if (addr_is_public(a)) {
		if (!ranges_contain(&s->owned, a) || !ranges_contain(&p->owned, a))
			return N_("public and not owned");
		if (!authorisation_valid(&s->authorisation, now))
			return N_("no valid authorisation");
	}
	/* Logins anywhere end with the authorisation. */
	if (p->risk == SITE_LOGIN && !authorisation_valid(&s->authorisation, now))
		return N_("no valid authorisation");
	const struct zone *z = site_zone(s, a);
	if (z != NULL && !zone_window_open(s, z, now))
		return N_("outside the window");
	return NULL;
}

const char *plan_start_refusal(const struct plan *p, const struct addr *a, int64_t now)
{
	const char *why = plan_refusal(p, a, now);

	return why != NULL ? why : plan_refusal(p, a, now + PLAN_CLOSING_S);
}

int64_t plan_opens(const struct plan *p, const struct addr *a, int64_t now)
{
	const struct zone *z = site_zone(&p->site, a);

	if (plan_start_refusal(p, a, now) == NULL)
		return now;
	/* In the last seconds of a window the next one counts. */
	int64_t from = now;
	while (from <= now + PLAN_CLOSING_S && plan_refusal(p, a, from) == NULL)
		from++;
	int64_t opens = z != NULL ? zone_window_next(&p->site, z, from) : -1;
	return opens >= 0 && plan_start_refusal(p, a, opens) == NULL ? opens : -1;
}

/* Takes the text. */
static void put_text(json_t *object, const char *key, char *text)
{
	json_object_set_new(object, key, text != NULL ? json_string(text) : json_null());
	free(text);
}

static void put_day(json_t *object, const struct site *s, const char *key, int64_t when)
{
	time_t local = (time_t)(when + site_offset(s, when));
	struct tm tm;
	char text[32];

	if (gmtime_r(&local, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%d", &tm) > 0)
		json_object_set_new(object, key, json_string(text));
}

static json_t *authorisation_json(const struct site *s)
{
	const struct authorisation *a = &s->authorisation;

	if (!a->given)
		return json_null();
	json_t *o = json_object();
	if (a->by != NULL)
		json_object_set_new(o, "by", json_string(a->by));
	if (a->reference != NULL)
		json_object_set_new(o, "reference", json_string(a->reference));
	if (a->contact != NULL)
		json_object_set_new(o, "contact", json_string(a->contact));
	put_day(o, s, "from", a->from);
	put_day(o, s, "until", a->until);
	return o;
}

static json_t *resolvers_json(const struct plan *p)
{
	json_t *list = json_array();
	char text[ADDR_TEXT];

	for (size_t i = 0; i < p->resolver_count; i++)
		json_array_append_new(list, json_string(addr_format(&p->resolvers[i], text)));
	return list;
}

char *plan_json(const struct plan *p)
{
	const struct site *s = &p->site;
	json_t *o = json_object();

	json_object_set_new(o, "site", json_string(s->name));
	json_object_set_new(o, "site_file", s->path != NULL ? json_string(s->path) : json_null());
	json_object_set_new(o, "timezone", json_string(s->timezone));
	put_text(o, "targets", ranges_text(&p->targets));
	if (p->large.count > 0)
		put_text(o, "asked", ranges_text(&p->large));
	if (p->resolver_count > 0)
		json_object_set_new(o, "resolvers", resolvers_json(p));
	put_text(o, "exclusions", ranges_text(&s->exclude));
	put_text(o, "owned", ranges_text(&p->owned));
	put_text(o, "ports_tcp", ports_text(p->ports.tcp));
	put_text(o, "ports_udp", ports_text(p->ports.udp));
	json_object_set_new(o, "risk", json_string(site_risk_word(p->risk)));
	if (p->credentials)
		json_object_set_new(o, "credentials", json_true());
	json_object_set_new(o, "rate", json_integer(p->rate));
	json_object_set_new(o, "host_rate", json_integer(p->host_rate));
	json_object_set_new(o, "zone", json_string(zone_kind_word(p->ad_hoc_kind)));
	json_object_set_new(o, "authorisation", authorisation_json(s));
	json_t *skipped = json_array();
	for (size_t i = 0; i < p->skipped_count; i++)
		json_array_append_new(skipped, json_string(p->skipped[i]));
	json_object_set_new(o, "skipped", skipped);
	char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text;
}
