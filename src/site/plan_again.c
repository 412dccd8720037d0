/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of a scan that goes on: from what was kept when it began, and from no file of today but
 * our own port list. It must come out as it was; anything else is a refusal.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/declare.h"
#include "site/plan.h"

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text != NULL ? text : "";
}

/* A list as ranges_text() writes it. */
static bool read_ranges(const json_t *o, const char *key, struct ranges *ret)
{
	char *list = strdup(text_of(o, key)), *rest = list;
	bool good = list != NULL;

	while (good && rest != NULL && *rest != '\0') {
		char *word = strsep(&rest, ",");

		good = ranges_parse_network(ret, word, true) == 0;
	}
	free(list);
	return good;
}

static bool read_number(const json_t *o, const char *key, unsigned *ret)
{
	const json_t *n = json_object_get(o, key);

	if (!json_is_integer(n) || json_integer_value(n) < 0 || json_integer_value(n) > UINT32_MAX)
		return false;
	*ret = (unsigned)json_integer_value(n);
	return true;
}

static bool read_ports(const json_t *o, struct ports *ret)
{
	char *text = NULL;
	const char *tcp = text_of(o, "ports_tcp"), *udp = text_of(o, "ports_udp");

	if (asprintf(&text, "%s%s%s%s%s", tcp[0] != '\0' ? "T:" : "", tcp,
		     tcp[0] != '\0' && udp[0] != '\0' ? "," : "", udp[0] != '\0' ? "U:" : "",
		     udp) < 0)
		return false;
	/* None at all: -sn. */
	bool good = text[0] == '\0' || ports_parse(ret, text, NULL, NULL, NULL) == 0;
	free(text);
	return good;
}

/* Those that were chosen then: the machine's own may be others today. */
static bool read_resolvers(const json_t *o, struct plan *p)
{
	const json_t *list = json_object_get(o, "resolvers");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		struct addr a, *place;

		if (text == NULL || addr_parse(text, &a) != 0)
			return false;
		place = list_grow(&p->resolvers, &p->resolver_count, sizeof(*place));
		if (place == NULL)
			return false;
		*place = a;
	}
	return true;
}

static bool fill(const json_t *o, struct plan *p)
{
	const json_t *skipped = json_object_get(o, "skipped");

	p->risk = site_risk_of_word(text_of(o, "risk"));
	p->ad_hoc_kind = zone_kind_of_word(text_of(o, "zone"));
	p->credentials = json_is_true(json_object_get(o, "credentials"));
	ranges_done(&p->site.exclude); /* what was kept holds the site file's and the options' */
	bool good = p->risk != SITE_RISKS && p->ad_hoc_kind != ZONE_KINDS &&
		    read_ranges(o, "targets", &p->targets) && read_ranges(o, "asked", &p->large) &&
		    read_resolvers(o, p) && read_ranges(o, "exclusions", &p->site.exclude) &&
		    read_ranges(o, "owned", &p->owned) && read_ports(o, &p->ports) &&
		    read_number(o, "rate", &p->rate) && read_number(o, "host_rate", &p->host_rate);
	for (size_t i = 0; good && i < json_array_size(skipped); i++) {
		const char *text = json_string_value(json_array_get(skipped, i));

		good = text != NULL && texts_add(&p->skipped, &p->skipped_count, text);
	}
	return good && (p->targets.count > 0 || p->large.count > 0);
}

static bool needs_authorisation(const struct plan *p)
{
	struct ranges public = { 0 }, inside = { 0 };
	bool needs = ranges_add_not_public(&inside) != 0 ||
		     ranges_add_all(&public, &p->targets) != 0 ||
		     ranges_add_all(&public, &p->large) != 0 ||
		     ranges_subtract(&public, &inside) != 0 || public.count > 0;

	ranges_done(&public);
	ranges_done(&inside);
	return needs || p->risk == SITE_LOGIN;
}

int plan_again(const struct plan_kept *kept, const char *data_dir, int64_t now, struct plan *ret,
	       struct complaints *c)
{
	size_t before = c->count;
	json_t *o = json_loads(kept->plan, 0, NULL);
	const char *site_file = json_string_value(json_object_get(o, "site_file"));
	char *path = NULL, *text = NULL;

	*ret = (struct plan){ 0 };
	int e = site_file != NULL ? site_again(site_file,
					       &(struct site_texts){ .site = &kept->site,
								     .ledger = &kept->ledger,
								     .trust = &kept->trust,
								     .answers = &kept->answers },
					       &ret->site, c)
				  : site_default(&ret->site);
	/* Without a site file it is the machine's own, which may be another today. */
	if (e == 0 && site_file == NULL)
		e = clock_load(&ret->site, text_of(o, "timezone"));
	if (e == 0 && asprintf(&path, "%s/probes/data/ports.csv", data_dir) < 0)
		path = NULL;
	if (e == 0 && path != NULL)
		e = port_list_load(path, &ret->port_list, c);
	free(path);
	bool same = e == 0 && fill(o, ret) && (text = plan_json(ret)) != NULL &&
		    strcmp(text, kept->plan) == 0;
	json_decref(o);
	free(text);
	if (c->count > before)
		return -EINVAL;
	if (!same) {
		complain(c, NULL, 0,
			 _("the plan of the scan cannot be made again as it was; scan anew"));
		return -EINVAL;
	}
	const struct authorisation *a = &ret->site.authorisation;
	if (needs_authorisation(ret) && !authorisation_valid(a, now)) {
		complain(c, NULL, 0,
			 a->given && now > a->until
				 ? _("the authorisation of the scan has expired: it cannot go on")
				 : _("the authorisation of the scan is not valid now: it cannot go "
				     "on"));
		return -EINVAL;
	}
	return 0;
}
