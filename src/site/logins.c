/* SPDX-License-Identifier: Apache-2.0 */
/* What the site file says of logins with makers' passwords: `credentials` and `accounts`. */
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/load.h"
#include "site/plan.h"

enum { DAY = 86400, THRESHOLD_MOST = 1000, TEST_FAILURES_MOST = 20 };

static void load_count_of(struct ynode n, unsigned *ret)
{
	uint64_t v = *ret;

	if (yn_number(n, 1, THRESHOLD_MOST, &v))
		*ret = (unsigned)v;
}

static void load_credentials(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "default",     "protocols", "zones",
					    "communities", "anonymous", NULL };
	struct logins *l = &s->logins;
	bool anonymous = false;

	if (!yn_given(n) || !yn_map(n, keys))
		return;
	yn_bool(yn_get(n, "default"), &l->by_default);
	yn_bool(yn_get(n, "communities"), &l->communities);
	yn_bool(yn_get(n, "anonymous"), &anonymous);
	load_not_yet(s, yn_get(n, "anonymous"));
	load_texts(yn_get(n, "protocols"), &l->protocols, &l->protocol_count);
	struct ynode zones = yn_get(n, "zones");
	load_texts(zones, &l->zones, &l->zone_count);
	for (size_t i = 0; i < load_count(zones); i++) {
		struct ynode zone = load_element(zones, i);
		const char *name = yn_text(zone);

		if (name != NULL && zone_named(s, name) == NULL)
			yn_complain(zone, _("no zone is named '%s'"), name);
	}
}

/* A name alone says that there is such an account, and no more. */
static void load_test_account(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "user", "password_file", "hosts", "protocols", NULL };
	struct logins *l = &s->logins;
	struct test_account *t = &l->test;

	if (!yn_is_map(n)) {
		yn_text(n);
		load_not_yet(s, n);
		return;
	}
	if (!yn_map(n, keys))
		return;
	const char *file = yn_text(yn_need(n, "password_file"));
	load_name(yn_need(n, "user"), &t->user);
	load_ranges(yn_need(n, "hosts"), &t->hosts);
	load_texts(yn_need(n, "protocols"), &t->protocols, &t->protocol_count);
	t->line = yn_line(n);
	if (file == NULL)
		return;
	t->password_file = load_beside(s->path, file);
	if (t->password_file == NULL)
		yn_complain(n, _("out of memory"));
	if (l->threshold == 0)
		yn_complain(n,
			    _("needs 'lockout_threshold': so many failures and one more are made"));
	else if (l->threshold > TEST_FAILURES_MOST)
		yn_complain(n,
			    _("'lockout_threshold' is more than %d: no test of so many failures is "
			      "made"),
			    TEST_FAILURES_MOST);
}

static void load_login_domain(struct logins *l, struct ynode n)
{
	static const char *const keys[] = { "name", "hosts", NULL };

	if (!yn_map(n, keys))
		return;
	struct login_domain *list =
		reallocarray(l->domains, l->domain_count + 1, sizeof(*l->domains));
	if (list == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	l->domains = list;
	struct login_domain *d = &list[l->domain_count++];
	*d = (struct login_domain){ 0 };
	load_name(yn_need(n, "name"), &d->name);
	load_ranges(yn_need(n, "hosts"), &d->hosts);
}

static void load_login_domains(struct site *s, struct ynode n)
{
	bool names = false;

	for (size_t i = 0; i < load_count(n); i++) {
		struct ynode domain = load_element(n, i);

		if (yn_is_text(domain)) {
			yn_text(domain);
			names = true;
		} else {
			load_login_domain(&s->logins, domain);
		}
	}
	/* A name without hosts says nothing. */
	if (names)
		load_not_yet(s, n);
}

static void load_accounts(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "lockout_threshold",
					    "reset_window",
					    "test_account",
					    "domains",
					    "budget",
					    "bastions",
					    NULL };
	struct logins *l = &s->logins;

	if (!yn_given(n) || !yn_map(n, keys))
		return;
	load_count_of(yn_get(n, "lockout_threshold"), &l->threshold);
	load_duration(yn_get(n, "reset_window"), &l->reset_s);
	load_count_of(yn_get(n, "budget"), &l->budget);
	size_t bastions = load_count(yn_get(n, "bastions"));
	for (size_t i = 0; i < bastions; i++)
		yn_text(load_element(yn_get(n, "bastions"), i));
	l->bastions = bastions > 1 ? (unsigned)bastions : 1;
	if (yn_given(yn_get(n, "test_account")))
		load_test_account(s, yn_get(n, "test_account"));
	load_login_domains(s, yn_get(n, "domains"));
}

void load_logins(struct site *s, struct ynode credentials, struct ynode accounts)
{
	s->logins.reset_s = DAY;
	s->logins.bastions = 1;
	load_credentials(s, credentials);
	load_accounts(s, accounts);
}

void logins_done(struct logins *l)
{
	texts_done(&l->protocols, &l->protocol_count);
	texts_done(&l->zones, &l->zone_count);
	texts_done(&l->test.protocols, &l->test.protocol_count);
	free(l->test.user);
	free(l->test.password_file);
	ranges_done(&l->test.hosts);
	for (size_t i = 0; i < l->domain_count; i++) {
		free(l->domains[i].name);
		ranges_done(&l->domains[i].hosts);
	}
	free(l->domains);
}

unsigned logins_budget(const struct logins *l)
{
	enum { MARGIN = 2 }; /* somebody else may mistype meanwhile */
	unsigned n = 1;

	if (l->threshold > 0)
		n = l->threshold > MARGIN ? l->threshold - MARGIN : 0;
	if (l->budget > 0 && l->budget < n)
		n = l->budget;
	return l->bastions > 1 ? n / l->bastions : n;
}

static bool listed(char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return count == 0;
}

bool logins_protocol(const struct logins *l, const char *protocol)
{
	return listed(l->protocols, l->protocol_count, protocol);
}

const char *logins_domain(const struct logins *l, const struct addr *a)
{
	for (size_t i = 0; i < l->domain_count; i++)
		if (ranges_contain(&l->domains[i].hosts, a))
			return l->domains[i].name;
	return NULL;
}

bool plan_may_login(const struct plan *p, const struct addr *a, bool gentle)
{
	const struct zone *z = site_zone(&p->site, a);

	if (!p->credentials || z == NULL ||
	    !listed(p->site.logins.zones, p->site.logins.zone_count, z->name))
		return false;
	if (gentle || z->kind == ZONE_OT || z->kind == ZONE_UNASSIGNED)
		return z->credentials;
	return z->credentials || !z->risk_given || z->risk == SITE_LOGIN;
}
