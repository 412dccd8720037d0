/* SPDX-License-Identifier: Apache-2.0 */
/* The site file as a whole, and what stands at its top. */
#include "site/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/file.h"
#include "codec/x509_trust.h"
#include "codec/i18n.h"
#include "site/load.h"

enum { RATE_DEFAULT = 1000, HOST_RATE_DEFAULT = 40 };

/* Nobody owns more than this by mistake: 2^24 addresses. */
static const uint64_t owned_most = UINT64_C(1) << 24;

static int defaults(struct site *s)
{
	*s = (struct site){ .rate = RATE_DEFAULT, .host_rate = HOST_RATE_DEFAULT };
	s->name = strdup("ad-hoc");
	if (s->name == NULL)
		return -ENOMEM;
	return clock_load(s, NULL);
}

int site_default(struct site *ret)
{
	return defaults(ret);
}

int site_in_zone(const char *timezone, struct site *ret)
{
	int r = defaults(ret);

	if (r == 0 && timezone != NULL && clock_load(ret, timezone) == -ENOMEM)
		r = -ENOMEM;
	return r;
}

void site_done(struct site *s)
{
	free(s->path);
	free(s->name);
	free(s->timezone);
	free(s->offsets);
	free(s->vantage_name);
	free(s->vantage_zone);
	free(s->authorisation.by);
	free(s->authorisation.reference);
	free(s->authorisation.contact);
	zones_done(s);
	answers_done(s);
	decisions_done(s);
	ranges_done(&s->owned);
	ranges_done(&s->exclude);
	free(s->ledger_path);
	free(s->text.text);
	free(s->ledger_text.text);
	free(s->answers_path);
	free(s->answers_text.text);
	free(s->trust.text);
	ledger_done(s);
	free(s->resolvers);
	logins_done(&s->logins);
	domains_done(&s->domains);
	roles_done(s);
	outside_done(s);
	rules_done(s);
	texts_done(&s->profiles, &s->profile_count);
	texts_done(&s->later, &s->later_count);
	*s = (struct site){ 0 };
}

static void load_timezone(struct site *s, struct ynode n)
{
	const char *text = yn_text(n);

	if (text == NULL)
		return;
	int e = clock_load(s, text);
	if (e == -ENOENT)
		yn_complain(n, _("'%s' is not in the time zone database (package tzdata)"), text);
	else if (e != 0)
		yn_complain(n, _("out of memory"));
}

static void load_authorisation(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "by", "reference", "from", "until", "contact", NULL };
	struct authorisation *a = &s->authorisation;

	if (!yn_map(n, keys))
		return;
	load_text(yn_need(n, "by"), &a->by);
	load_text(yn_get(n, "reference"), &a->reference);
	load_text(yn_get(n, "contact"), &a->contact);
	load_day(s, yn_need(n, "from"), false, &a->from);
	load_day(s, yn_need(n, "until"), true, &a->until);
	if (a->until != 0 && a->until < a->from)
		yn_complain(yn_get(n, "until"), _("lies before 'from'"));
	a->given = true;
}

static void load_vantage(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "name", "zone", "registered", NULL };
	bool registered = true;

	if (!yn_map(n, keys))
		return;
	yn_bool(yn_get(n, "registered"), &registered);
	s->vantage_unregistered = !registered;
	load_name(yn_need(n, "name"), &s->vantage_name);
	struct ynode zone = yn_need(n, "zone");
	load_name(zone, &s->vantage_zone);
	if (s->vantage_zone != NULL && zone_named(s, s->vantage_zone) == NULL)
		yn_complain(zone, _("no zone is named '%s'"), s->vantage_zone);
}

static void load_limits(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "rate", "host_rate", NULL };

	if (!yn_given(n) || !yn_map(n, keys))
		return;
	load_rate(yn_get(n, "rate"), &s->rate);
	load_rate(yn_get(n, "host_rate"), &s->host_rate);
	if (s->host_rate <= s->rate)
		return;
	if (yn_given(yn_get(n, "host_rate")))
		yn_complain(yn_get(n, "host_rate"), _("%u is more than the rate of all hosts, %u"),
			    s->host_rate, s->rate);
	else
		s->host_rate = s->rate; /* only the default was higher */
}

static void load_owned(struct site *s, struct ynode n)
{
	for (size_t i = 0; i < load_count(n); i++) {
		struct ynode element = load_element(n, i);
		struct ranges one = { 0 }, inside = { 0 }, common = { 0 };

		if (load_network(element, &one)) {
			const char *text = yn_text(element);

			if (ranges_add_not_public(&inside) != 0 ||
			    ranges_common(&one, &inside, &common) != 0 ||
			    ranges_add_all(&s->owned, &one) != 0)
				yn_complain(element, _("out of memory"));
			else if (common.count > 0)
				yn_complain(
					element,
					_("'%s' is not public: private addresses need no owner"),
					text);
			else if (ranges_count(&one) > owned_most &&
				 addr_is_ipv4(&one.list[0].first))
				yn_complain(element, _("'%s' is too large to be owned by one site"),
					    text);
		}
		ranges_done(&one);
		ranges_done(&inside);
		ranges_done(&common);
	}
}

/* A resolver of the site: inside a zone, so that its limits and windows hold, and not left out. */
static void load_resolver(struct site *s, struct ynode n)
{
	const char *text = yn_text(n);
	struct addr a;

	if (text == NULL)
		return;
	if (addr_parse(text, &a) != 0 || addr_is_unusable(&a)) {
		yn_complain(n, _("'%s' is not the address of a host"), text);
		return;
	}
	const struct zone *z = site_zone(s, &a);
	if (ranges_contain(&s->exclude, &a)) {
		yn_complain(n, _("'%s' is excluded"), text);
		return;
	}
	if (z == NULL) {
		yn_complain(n, _("'%s' lies in no zone of this file"), text);
		return;
	}
	if (ranges_contain(&z->passive_only, &a) || z->risk == SITE_LISTEN) {
		yn_complain(n, _("nothing may be sent to '%s': see zone '%s'"), text, z->name);
		return;
	}
	struct addr *place = list_grow(&s->resolvers, &s->resolver_count, sizeof(*place));
	if (place != NULL)
		*place = a;
	else
		yn_complain(n, _("out of memory"));
}

static void load_names(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "dns", "resolvers", NULL };
	struct ynode list = yn_get(n, "resolvers");

	if (!yn_given(n) || !yn_map(n, keys))
		return;
	yn_bool(yn_get(n, "dns"), &s->names_dns);
	for (size_t i = 0; i < load_count(list); i++)
		load_resolver(s, load_element(list, i));
}

char *load_beside(const char *site_path, const char *path)
{
	const char *slash = strrchr(site_path, '/');
	char *text = NULL;

	if (path[0] == '/' || slash == NULL)
		return strdup(path);
	if (asprintf(&text, "%.*s/%s", (int)(slash - site_path), site_path, path) < 0)
		return NULL;
	return text;
}

/* A file that the site file names: one that is not there is its mistake. */
static bool at_hand(struct ynode n, const char *path)
{
	if (access(path, R_OK) == 0)
		return true;
	yn_complain(n, _("%s cannot be opened: %s"), path, strerror(errno));
	return false;
}

static void load_ledger(struct site *s, struct ynode n, struct complaints *c)
{
	const char *text = yn_text(n);

	if (text == NULL)
		return;
	s->ledger_path = load_beside(s->path, text);
	if (s->ledger_path == NULL)
		yn_complain(n, _("out of memory"));
	else if (s->ledger_text.text == NULL && at_hand(n, s->ledger_path))
		s->ledger_text.text =
			file_read(s->ledger_path, LEDGER_BYTES_MAX, &s->ledger_text.length, c);
	if (s->ledger_text.text != NULL)
		ledger_load(s, s->ledger_path, &s->ledger_text, c);
}

/* Adds what one file holds. */
static void load_trusted(struct site *s, struct ynode n, struct complaints *c)
{
	enum { TRUST_BYTES_MAX = 4 << 20 };

	const char *text = yn_text(n);
	char *path = text != NULL ? load_beside(s->path, text) : NULL;
	size_t length = 0;
	unsigned line;

	if (text == NULL)
		return;
	char *pem = path != NULL ? file_read(path, TRUST_BYTES_MAX, &length, c) : NULL;
	int count = pem != NULL ? x509_trust_count(span_of(pem, length), &line) : 0;
	if (pem != NULL && count < 0)
		complain(c, path, line, _("the certificate that ends here is broken"));
	else if (pem != NULL && count == 0)
		yn_complain(n, _("'%s' holds no certificate (PEM)"), text);
	char *all = count > 0 ? realloc(s->trust.text, s->trust.length + length + 2) : NULL;
	if (all != NULL) {
		memcpy(all + s->trust.length, pem, length);
		s->trust.text = all;
		s->trust.length += length + 1;
		all[s->trust.length - 1] = '\n';
		all[s->trust.length] = '\0';
	} else if (count > 0 || path == NULL) {
		yn_complain(n, _("out of memory"));
	}
	free(pem);
	free(path);
}

static void load_trust(struct site *s, struct ynode n, struct complaints *c)
{
	if (s->trust.text != NULL) /* as it was kept */
		return;
	for (size_t i = 0; i < load_count(n); i++)
		load_trusted(s, load_element(n, i), c);
}

bool profile_is_file(const char *profile)
{
	size_t n = strlen(profile);

	return strchr(profile, '/') != NULL || (n > 5 && strcmp(profile + n - 5, ".yaml") == 0);
}

static void load_profiles(struct site *s, struct ynode n)
{
	load_texts(n, &s->profiles, &s->profile_count);
	s->profiles_line = yn_line(n);
	for (size_t i = 0; i < s->profile_count; i++) {
		if (!profile_is_file(s->profiles[i]))
			continue;
		char *path = load_beside(s->path, s->profiles[i]);
		if (path == NULL) {
			yn_complain(n, _("out of memory"));
			continue;
		}
		free(s->profiles[i]);
		s->profiles[i] = path;
	}
}

/* The file that `tenken assess` writes: people's answers and nothing else. */
static void read_answers(struct site *s, struct complaints *c)
{
	static const char *const keys[] = { "attestations", "waivers", "measures", "treatments",
					    "items",        "goals",   "tiers",    NULL };
	struct yfile *f =
		s->answers_text.text != NULL && s->answers_text.length > 0
			? yf_read(s->answers_path, s->answers_text.text, s->answers_text.length, c)
			: NULL;

	if (f != NULL && yn_map(yf_root(f), keys)) {
		struct ynode root = yf_root(f);

		s->reading = s->answers_path;
		load_attestations(s, yn_get(root, "attestations"));
		load_waivers(s, yn_get(root, "waivers"));
		load_measures(s, yn_get(root, "measures"));
		load_treatments(s, yn_get(root, "treatments"));
		load_decisions(s, yn_get(root, "items"));
		load_goals(s, yn_get(root, "goals"));
		load_tiers(s, yn_get(root, "tiers"));
	}
	yf_close(f);
}

static void load_answers(struct site *s, struct ynode n, struct complaints *c)
{
	const char *text = yn_given(n) ? yn_text(n) : NULL;

	if (text == NULL)
		return;
	s->answers_path = load_beside(s->path, text);
	if (s->answers_path == NULL)
		yn_complain(n, _("out of memory"));
	else if (s->answers_text.text == NULL && !s->answers_to_come && at_hand(n, s->answers_path))
		s->answers_text.text =
			file_read(s->answers_path, YAML_BYTES_MAX, &s->answers_text.length, c);
	read_answers(s, c);
}

static void load_site(struct site *s, struct ynode root, struct complaints *c)
{
	static const char *const keys[] = {
		"site",         "timezone",    "authorisation", "vantage",       "zones",
		"conduits",     "gateways",    "owned",         "exclude",       "limits",
		"ledger",       "profiles",    "waivers",       "attestations",  "names",
		"trust",        "credentials", "accounts",      "dns",           "mail",
		"beacon",       "listen",      "routers",       "dhcp_servers",  "log_servers",
		"time_servers", "monitoring",  "proxies",       "signing_key",   "push",
		"measures",     "treatments",  "items",         "thresholds",    "goals",
		"tiers",        "boundaries",  "approved",      "ledger_fields", "update_servers",
		"answers",
	};
	enum { OWN = countof(keys) };
	const char *all[OWN + 32] = { NULL };

	memcpy(all, keys, sizeof(keys));
	for (size_t i = 0; later_site_keys[i] != NULL && OWN + i + 1 < countof(all); i++)
		all[OWN + i] = later_site_keys[i];
	if (!yn_map(root, all))
		return;
	load_name(yn_need(root, "site"), &s->name);
	/* What later parts lean on comes first: the clock, the limits, the zones. */
	load_timezone(s, yn_get(root, "timezone"));
	load_limits(s, yn_get(root, "limits"));
	load_zones(s, yn_get(root, "zones"));
	if (yn_given(yn_get(root, "authorisation")))
		load_authorisation(s, yn_get(root, "authorisation"));
	if (yn_given(yn_get(root, "vantage")))
		load_vantage(s, yn_get(root, "vantage"));
	load_conduits(s, yn_get(root, "conduits"));
	load_gateways(s, yn_get(root, "gateways"));
	load_owned(s, yn_get(root, "owned"));
	load_ranges(yn_get(root, "exclude"), &s->exclude);
	load_names(s, yn_get(root, "names"));
	load_profiles(s, yn_get(root, "profiles"));
	s->reading = s->path;
	load_attestations(s, yn_get(root, "attestations"));
	load_waivers(s, yn_get(root, "waivers"));
	load_measures(s, yn_get(root, "measures"));
	load_treatments(s, yn_get(root, "treatments"));
	load_decisions(s, yn_get(root, "items"));
	load_thresholds(s, yn_get(root, "thresholds"));
	load_goals(s, yn_get(root, "goals"));
	load_tiers(s, yn_get(root, "tiers"));
	load_logins(s, yn_get(root, "credentials"), yn_get(root, "accounts"));
	load_domains(s, yn_get(root, "dns"), yn_get(root, "mail"));
	load_roles(s, root);
	load_rules(s, root);
	load_outside(s, root);
	load_later(s, root);
	load_trust(s, yn_get(root, "trust"), c);
	load_ledger(s, yn_get(root, "ledger"), c);
	load_answers(s, yn_get(root, "answers"), c);
}

static bool begin(const char *path, struct site *ret, struct complaints *c)
{
	if (defaults(ret) == 0 && (ret->path = strdup(path)) != NULL)
		return true;
	complain(c, path, 0, _("out of memory"));
	return false;
}

/* The texts stand already. */
static int read_texts(struct site *ret, struct complaints *c)
{
	size_t before = c->count;
	struct yfile *f = yf_read(ret->path, ret->text.text, ret->text.length, c);

	if (f != NULL) {
		if (yn_is_map(yf_root(f)))
			load_site(ret, yf_root(f), c);
		else
			yn_complain(yf_root(f),
				    _("is not a site file: it must begin with 'site: NAME'"));
		yf_close(f);
	}
	return c->count == before ? 0 : -EINVAL;
}

int site_load(const char *path, struct site *ret, struct complaints *c)
{
	if (!begin(path, ret, c))
		return -EINVAL;
	ret->text.text = file_read(path, YAML_BYTES_MAX, &ret->text.length, c);
	return ret->text.text != NULL ? read_texts(ret, c) : -EINVAL;
}

int site_load_to_answer(const char *path, struct site *ret, bool *ret_named, struct complaints *c)
{
	if (!begin(path, ret, c))
		return -EINVAL;
	ret->answers_to_come = true;
	ret->text.text = file_read(path, YAML_BYTES_MAX, &ret->text.length, c);
	int r = ret->text.text != NULL ? read_texts(ret, c) : -EINVAL;
	if (r != 0)
		return r;
	*ret_named = ret->answers_path != NULL;
	if (!*ret_named)
		ret->answers_path = load_beside(path, "answers.yaml");
	if (ret->answers_path == NULL) {
		complain(c, path, 0, _("out of memory"));
		return -EINVAL;
	}
	size_t before = c->count;
	if (access(ret->answers_path, F_OK) == 0) {
		ret->answers_text.text =
			file_read(ret->answers_path, YAML_BYTES_MAX, &ret->answers_text.length, c);
		read_answers(ret, c);
	}
	return c->count == before ? 0 : -EINVAL;
}

char *site_unnamed_answers(const struct site *s)
{
	char *path = s->answers_path == NULL && s->path != NULL
			     ? load_beside(s->path, "answers.yaml")
			     : NULL;

	if (path != NULL && access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static bool copy_text(const struct file_text *from, struct file_text *ret)
{
	if (from == NULL || from->text == NULL)
		return true;
	ret->text = malloc(from->length + 1);
	if (ret->text == NULL)
		return false;
	memcpy(ret->text, from->text, from->length);
	ret->text[from->length] = '\0';
	ret->length = from->length;
	return true;
}

int site_again(const char *path, const struct site_texts *texts, struct site *ret,
	       struct complaints *c)
{
	static const struct file_text none = { (char *)(uintptr_t) "", 0 };
	const struct {
		const struct file_text *from;
		struct file_text *to;
	} rows[] = {
		{ texts->site, &ret->text },
		{ texts->ledger, &ret->ledger_text },
		{ texts->trust, &ret->trust },
		{ texts->answers, &ret->answers_text },
	};

	if (!begin(path, ret, c))
		return -EINVAL;
	/* Without a text of its own a file that the site file names would be read from today's. */
	for (size_t i = 0; i < countof(rows); i++)
		if (!copy_text(rows[i].from != NULL && rows[i].from->text != NULL ? rows[i].from
										  : &none,
			       rows[i].to)) {
			complain(c, path, 0, _("out of memory"));
			return -EINVAL;
		}
	return read_texts(ret, c);
}
