/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process of a scan: logins with makers' passwords, where the plan has them. A host's turn comes when
 * all conversations with it are over, since what they told of it chooses the passwords. One attempt at a time,
 * with a pause behind each; every attempt is in the store before it is made, and no account of a device gets
 * more of them within the window than its budget allows.
 */
#include "commands/engine_parts.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "talk/worker.h"

enum { LOGIN_PAUSE_MS = 5000, SNMP_PORT = 161 };
#define COMMUNITY "(community)" /* stands for the account of SNMP */

/* ---- what is known of the machine ---- */

static void keep_told(struct target *t, const char *vendor, const char *product, bool certain)
{
	for (unsigned i = 0; i < t->told_count; i++)
		if (strcmp(t->told[i].vendor, vendor) == 0 &&
		    strcmp(t->told[i].product, product) == 0) {
			t->told[i].certain |= certain;
			return;
		}
	if (t->told_count == TOLD_MOST)
		return;
	struct told *k = &t->told[t->told_count++];
	snprintf(k->vendor, sizeof(k->vendor), "%s", vendor);
	snprintf(k->product, sizeof(k->product), "%s", product);
	k->certain = certain;
}

static void learn_parts(struct target *t, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *vendor = json_string_value(json_object_get(o, "vendor"));
		const char *product = json_string_value(json_object_get(o, "product"));
		const char *part = json_string_value(json_object_get(o, "part"));

		if (vendor != NULL && part != NULL && strcmp(part, "os") != 0)
			keep_told(t, vendor, product != NULL ? product : "",
				  json_is_true(json_object_get(o, "certain")));
	}
}

bool engine_learn_identity(const struct engine *e, struct target *t, const char *probe,
			   const char *document)
{
	if (e->setup->credentials == NULL)
		return false;
	json_t *parsed = json_loads(document, 0, NULL);

	t->directory |= json_is_true(json_object_get(parsed, "domain_controller")) ||
			(strcmp(probe, "cldap") == 0 &&
			 json_is_true(json_object_get(parsed, "controller"))) ||
			((strcmp(probe, "kerberos") == 0 || strcmp(probe, "ldap") == 0) &&
			 json_object_size(parsed) > 0);
	learn_parts(t, json_object_get(parsed, "identity"));
	/* Of FTP, anonymous is an account beside the others. */
	bool open =
		json_is_true(json_object_get(parsed, "open")) ||
		(strcmp(probe, "mqtt") == 0 && json_is_true(json_object_get(parsed, "anonymous")));
	json_decref(parsed);
	return open;
}

/* ---- choosing ---- */

static void remark(struct engine *e, const struct target *t, const char *text)
{
	char address[ADDR_TEXT];

	store_remark(e->setup->store, "logins", addr_format(&t->address, address), text);
}

static void add_login(struct engine *e, struct target *t, struct open_port at, uint32_t credential)
{
	bool test = e->setup->credentials->list[credential - 1].purpose != CREDENTIAL_DEFAULT;

	/* A domain controller's accounts are those of the whole domain. */
	if (t->directory && strcmp(at.protocol, "smb") == 0) {
		remark(e, t, "answers as a directory (Kerberos, LDAP, NetBIOS): no SMB");
		return;
	}
	for (uint32_t i = 0; i < t->port_count; i++) {
		const struct open_port *p = &t->ports[i];

		/* A test that was cut off proves nothing any more: the lock may have been taken back. */
		if (p->port == at.port && p->udp == at.udp &&
		    (p->credential == credential || (test ? p->tested : p->proven)))
			return;
	}
	if (!target_add_port(t, at.port, at.udp)) {
		engine_begin_stop(e, ENGINE_FAULT);
		return;
	}
	struct open_port *p = &t->ports[t->port_count - 1];
	p->credential = credential;
	p->tls = at.tls;
}

bool engine_know_login(const struct engine *e, struct target *t, struct open_port at,
		       unsigned number, bool test, bool accepted)
{
	const struct credentials *l = e->setup->credentials;

	if (!target_add_port(t, at.port, at.udp))
		return false;
	struct open_port *p = &t->ports[t->port_count - 1];
	for (size_t n = 0; n < l->count && !test; n++)
		if (l->list[n].number == number && l->list[n].purpose == CREDENTIAL_DEFAULT)
			p->credential = (uint32_t)n + 1;
	p->tested = test;
	p->proven = accepted && !test;
	t->login_ms = engine_mono_ms() + LOGIN_PAUSE_MS;
	return true;
}

static void add_fitting(struct engine *e, struct target *t, uint32_t heard, const struct told *k)
{
	const struct credentials *l = e->setup->credentials;

	for (size_t n = 0; n < l->count; n++) {
		const struct credential *c = &l->list[n];

		if (!credential_fits(c, k->vendor, k->product) ||
		    !logins_protocol(&e->setup->plan->site.logins, c->protocol))
			continue;
		for (uint32_t i = 0; i < heard; i++)
			if (strcmp(t->ports[i].protocol, c->protocol) == 0)
				add_login(e, t, t->ports[i], (uint32_t)n + 1);
	}
}

/* Behind all others, since the account may be locked afterwards and this bastion shut out. */
static void add_test(struct engine *e, struct target *t, uint32_t heard)
{
	const struct credentials *l = e->setup->credentials;

	if (!ranges_contain(&e->setup->plan->site.logins.test.hosts, &t->address))
		return;
	for (uint32_t i = 0; i < heard; i++)
		for (size_t n = 0; n < l->count; n++)
			if (l->list[n].purpose != CREDENTIAL_DEFAULT &&
			    strcmp(t->ports[i].protocol, l->list[n].protocol) == 0)
				add_login(e, t, t->ports[i], (uint32_t)n + 1);
}

/* Devices that speak SNMP 1 and 2c alone answer nobody without a community, so they look closed. */
static void add_communities(struct engine *e, struct target *t)
{
	const struct credentials *l = e->setup->credentials;
	const struct plan *p = e->setup->plan;

	if (!p->site.logins.communities || !logins_protocol(&p->site.logins, "snmp") ||
	    !ports_has(p->ports.udp, SNMP_PORT))
		return;
	for (size_t n = 0; n < l->count; n++)
		if (strcmp(l->list[n].vendor, "*") == 0 && strcmp(l->list[n].protocol, "snmp") == 0)
			add_login(e, t, (struct open_port){ .port = SNMP_PORT, .udp = true },
				  (uint32_t)n + 1);
}

void engine_choose_logins(struct engine *e, struct target *t)
{
	uint32_t heard = t->port_count;

	if (e->setup->credentials == NULL || t->logins_chosen || t->distress || t->all_ports ||
	    e->stopping)
		return;
	t->logins_chosen = true;
	if (!plan_may_login(e->setup->plan, &t->address, t->treatment == TREAT_OT))
		return;
	for (int certain = 1; certain >= 0; certain--)
		for (unsigned i = 0; i < t->told_count; i++)
			if (t->told[i].certain == (certain != 0))
				add_fitting(e, t, heard, &t->told[i]);
	add_communities(e, t);
	add_test(e, t, heard);
	targets_queue(e->targets, t);
}

/* ---- what was tried before ---- */

/* The budget is that of an account, whatever its device was called when it was tried: a domain may have been
 * declared since, a MAC address learnt. Many servers do not tell capitals from small letters. */
struct past {
	const struct logins *logins;
	const struct target *target;
	const char *address, *domain, *account;
	bool locked;
	unsigned used;
};

static void take_past(void *context, const struct login_past *was)
{
	struct past *p = context;
	struct addr address;
	bool here = strcmp(was->address, p->address) == 0 ||
		    (p->target->mac[0] != '\0' && strcmp(was->device, p->target->mac) == 0);

	if (!here && p->domain != NULL && strcmp(was->account, COMMUNITY) != 0) {
		const char *domain = addr_parse(was->address, &address) == 0
					     ? logins_domain(p->logins, &address)
					     : NULL;

		here = strcmp(was->device, p->domain) == 0 ||
		       (domain != NULL && strcmp(domain, p->domain) == 0);
	}
	if (!here)
		return;
	p->locked |= strcmp(was->result, "locked") == 0;
	p->used += strcasecmp(was->account, p->account) == 0 && strcmp(was->result, "unasked") != 0;
}

/* ---- one attempt ---- */

static bool is_test(const struct engine *e, const struct open_port *p)
{
	return p->credential != 0 &&
	       e->setup->credentials->list[p->credential - 1].purpose != CREDENTIAL_DEFAULT;
}

/* One test at a time: hosts may ask the same directory, and the success of one would take back the failures that
 * another has counted. */
bool engine_login_waits(struct engine *e, const struct target *t)
{
	bool under_way = e->tester != NULL && e->tester->active > 0;

	for (uint32_t i = e->tester != NULL ? e->tester->port_next : 0;
	     e->tester != NULL && i < e->tester->port_count; i++)
		under_way |= is_test(e, &e->tester->ports[i]);
	if (!under_way)
		e->tester = NULL;
	return e->tester != NULL && e->tester != t && is_test(e, &t->ports[t->port_next]);
}

bool engine_begin_login(struct engine *e, struct target *t, const struct open_port *port,
			int64_t *ret)
{
	const struct logins *l = &e->setup->plan->site.logins;
	const struct credential *k = &e->setup->credentials->list[port->credential - 1];
	const char *domain = logins_domain(l, &t->address);
	bool community = strcmp(k->protocol, "snmp") == 0;
	char address[ADDR_TEXT], text[200];
	int64_t now = worker_unix_ms();
	struct login_row row = {
		.address = addr_format(&t->address, address),
		/* The communities of SNMP are each device's own. */
		.device = domain != NULL && !community ? domain
			  : t->mac[0] != '\0'          ? t->mac
						       : address,
		.transport = transport_word(port->udp),
		.protocol = k->protocol,
		.account = community ? COMMUNITY : k->user,
		.vendor = k->vendor,
		.port = port->port,
		.number = k->number,
		.blank = k->password[0] == '\0',
		.at_ms = now,
	};

	if (t->logins_over)
		return false;
	int64_t since = now - l->reset_s * 1000;
	struct past past = { .logins = l,
			     .target = t,
			     .address = address,
			     .domain = community ? NULL : domain,
			     .account = row.account };
	if (!store_logins_since(e->setup->store, since, take_past, &past))
		return false; /* what cannot be counted has been used up */
	if (past.locked) {
		t->logins_over = true;
		remark(e, t, "a sign of a lock within the window: no attempts at this host");
		return false;
	}
	if (k->purpose == CREDENTIAL_DEFAULT && past.used >= logins_budget(l)) {
		snprintf(text, sizeof(text),
			 "no more attempts with account '%s': %u within %lld s are allowed",
			 row.account[0] != '\0' ? row.account : "-", logins_budget(l),
			 (long long)l->reset_s);
		remark(e, t, text);
		return false;
	}
	if (k->purpose != CREDENTIAL_DEFAULT)
		e->tester = t;
	*ret = store_login_begin(e->setup->store, &row);
	return *ret != 0;
}

/* It answers by SNMP, which nobody knew before. */
static void store_snmp(struct engine *e, const struct desk *d)
{
	char address[ADDR_TEXT];

	addr_format(&d->target->address, address);
	store_service(e->setup->store, address, d->port.port, "udp", "open", "answered a community",
		      "snmp", NULL);
	store_service_spoken(e->setup->store, address, d->port.port, "udp", "snmp", false, "port",
			     NULL);
}

/* Takes the rest of what was chosen for this port and purpose out of the queue; vendor: of this maker's alone,
 * NULL: all. */
static void drop_rest(const struct engine *e, struct desk *d, bool test, const char *vendor)
{
	const struct credential *list = e->setup->credentials->list;
	struct target *t = d->target;
	uint32_t kept = t->port_next;

	for (uint32_t i = t->port_next; i < t->port_count; i++) {
		const struct open_port *p = &t->ports[i];

		if (p->port != d->port.port || p->udp != d->port.udp || is_test(e, p) != test ||
		    (vendor != NULL && p->credential != 0 &&
		     strcmp(list[p->credential - 1].vendor, vendor) != 0))
			t->ports[kept++] = *p;
	}
	targets_drop_ports(e->targets, t, kept);
}

/* A test that cannot end proves nothing, and each attempt of it is a failure in somebody's log. */
static bool test_goes_on(const struct credential *k, const char *result)
{
	return strcmp(result, k->purpose == CREDENTIAL_TEST_RIGHT ? "accepted" : "refused") == 0;
}

void engine_end_login(struct engine *e, struct desk *d, const char *document, int64_t took_ms)
{
	const struct credential *k = &e->setup->credentials->list[d->port.credential - 1];
	json_t *parsed = json_loads(document, 0, NULL);
	const char *result = json_string_value(json_object_get(parsed, "result"));
	const char *reason = json_string_value(json_object_get(parsed, "reason"));
	bool test = k->purpose != CREDENTIAL_DEFAULT;
	struct target *t = d->target;

	if (result == NULL)
		result = "untested";
	store_login_end(e->setup->store, d->login, result);
	if (test)
		store_login_test(e->setup->store, d->login, k->purpose == CREDENTIAL_TEST_RIGHT,
				 took_ms);
	if (reason != NULL)
		remark(e, t, reason);
	t->login_ms = engine_mono_ms() + LOGIN_PAUSE_MS;
	if (strcmp(result, "locked") == 0) {
		t->logins_over = true;
		store_commit(e->setup->store); /* whoever goes on after us is to know it */
		remark(e, t, "a sign that the account is locked: no more attempts at this host");
	}
	if (test && !test_goes_on(k, result)) {
		drop_rest(e, d, true, NULL);
	} else if (!test && strcmp(result, "accepted") == 0) {
		drop_rest(e, d, false, NULL); /* one proof is enough for a port */
		if (strcmp(k->protocol, "snmp") == 0)
			store_snmp(e, d);
	} else if (!test && strcmp(result, "unasked") == 0) {
		drop_rest(e, d, false, k->vendor); /* its page asks nobody, whatever the password */
	}
	json_decref(parsed);
}
