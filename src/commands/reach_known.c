/* SPDX-License-Identifier: Apache-2.0 */
/* What is known before the first packet: by the site file, by this machine, by earlier runs of the store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands/reach.h"
#include "store/db.h"
#include "wire/vendor.h"

enum { RESOLV_LINES = 1000 };

/* The newest runs that ended; 0: none. */
static const char newest_scan[] = "(SELECT coalesce(max(id), 0) FROM scan WHERE kind = 'scan' AND"
				  " status <> 'running' AND site = :site)";
static const char newest_listen[] =
	"(SELECT coalesce(max(id), 0) FROM scan WHERE kind = 'listen' AND status <> 'running' AND"
	" site = :site)";

static struct reach_server *add_server(struct reach_server *list, size_t *count,
				       const struct addr *a, uint16_t port, const char *from)
{
	for (size_t i = 0; i < *count; i++)
		if (list[i].port == port && addr_compare(&list[i].address, a) == 0)
			return &list[i];
	if (*count == REACH_ADDRESSES)
		return NULL;
	struct reach_server *s = &list[(*count)++];
	*s = (struct reach_server){ .address = *a, .port = port };
	snprintf(s->from, sizeof(s->from), "%s", from);
	return s;
}

static void add_text(char list[][REACH_TEXT], size_t most, size_t *count, const char *text)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(list[i], text) == 0)
			return;
	if (*count < most && text[0] != '\0' && strlen(text) < REACH_TEXT)
		snprintf(list[(*count)++], REACH_TEXT, "%s", text);
}

/* ---- this machine ---- */

/* resolv.conf(5): nameserver, and the domains in which names without a dot are looked for. */
static void of_machine(struct reach_known *k)
{
	char line[512];
	FILE *f = fopen("/etc/resolv.conf", "re");

	for (int i = 0; f != NULL && i < RESOLV_LINES && fgets(line, sizeof(line), f) != NULL;
	     i++) {
		char *rest, *word = strtok_r(line, " \t\r\n", &rest);
		bool server = word != NULL && strcmp(word, "nameserver") == 0;
		bool search = word != NULL &&
			      (strcmp(word, "search") == 0 || strcmp(word, "domain") == 0);
		struct addr a;

		while ((server || search) && (word = strtok_r(NULL, " \t\r\n", &rest)) != NULL) {
			if (search)
				add_text(k->search_domains, countof(k->search_domains),
					 &k->search_count, word);
			else if (addr_parse(word, &a) == 0)
				add_server(k->resolvers, &k->resolver_count, &a, 53, "resolv.conf");
		}
	}
	if (f != NULL)
		fclose(f);
}

static void of_site(const struct site *s, struct reach_known *k)
{
	for (size_t i = 0; i < s->resolver_count; i++)
		add_server(k->resolvers, &k->resolver_count, &s->resolvers[i], 53, "site");
	for (size_t i = 0; i < s->proxy_count; i++)
		add_server(k->proxies, &k->proxy_count, &s->proxies[i].address, s->proxies[i].port,
			   "site");
	for (uint64_t i = 0; i < ranges_count(&s->roles[ROLE_TIME_SERVER]) && i < REACH_ADDRESSES;
	     i++) {
		struct addr a = ranges_at(&s->roles[ROLE_TIME_SERVER], i);

		add_server(k->clocks, &k->clock_count, &a, 123, "site");
	}
	for (size_t i = 0; i < s->domains.zone_count; i++)
		add_text(k->search_domains, countof(k->search_domains), &k->search_count,
			 s->domains.zones[i]);
}

/* ---- the store ---- */

struct asking {
	struct db *db;
	const char *site;
	struct reach_known *known;
	const struct plan *plan;
	int64_t now;
};

typedef void take_row(struct asking *a, struct query *q);

/* select: what goes behind "WITH s(id) AS (newest scan), l(id) AS (newest listen)". Faults leave out. */
static void each_row(struct asking *a, const char *select, take_row *take)
{
	char *sql = NULL;
	struct query *q;

	if (asprintf(&sql, "WITH s(id) AS %s, l(id) AS %s %s", newest_scan, newest_listen, select) <
	    0)
		return;
	if (query_new(a->db, sql, &q) == 0) {
		query_bind_name(q, ":site", a->site);
		while (query_step(q) == 1)
			take(a, q);
		query_free(q);
	}
	free(sql);
}

static bool row_address(struct query *q, int column, struct addr *ret)
{
	const char *text = query_text(q, column);

	return text != NULL && addr_parse(text, ret) == 0;
}

static void take_resolver(struct asking *a, struct query *q)
{
	struct addr at;

	if (row_address(q, 0, &at))
		add_server(a->known->resolvers, &a->known->resolver_count, &at, 53,
			   query_text(q, 1));
}

static void take_proxy(struct asking *a, struct query *q)
{
	const char *protocol = query_text(q, 2);
	struct addr at;

	if (!row_address(q, 0, &at))
		return;
	struct reach_server *s = add_server(a->known->proxies, &a->known->proxy_count, &at,
					    (uint16_t)query_int(q, 1), "scan");
	if (s == NULL || protocol == NULL)
		return;
	s->socks = s->socks || strcmp(protocol, "socks") == 0;
	s->http = s->http || strcmp(protocol, "socks") != 0;
}

static void take_clock(struct asking *a, struct query *q)
{
	struct addr at;

	if (row_address(q, 0, &at))
		add_server(a->known->clocks, &a->known->clock_count, &at, 123, query_text(q, 1));
}

static void take_mail(struct asking *a, struct query *q)
{
	struct addr at;

	if (row_address(q, 0, &at))
		add_server(a->known->mail, &a->known->mail_count, &at, (uint16_t)query_int(q, 1),
			   "scan");
}

static void take_wpad(struct asking *a, struct query *q)
{
	const char *url = query_text(q, 0);

	if (url != NULL)
		add_text(a->known->wpad_urls, countof(a->known->wpad_urls), &a->known->wpad_count,
			 url);
}

static bool mac_parse(const char *text, uint8_t ret[static 6])
{
	unsigned b[6];
	char more;

	if (text == NULL || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3],
				   &b[4], &b[5], &more) != 6)
		return false;
	for (int i = 0; i < 6; i++)
		ret[i] = (uint8_t)b[i];
	return true;
}

static void take_neighbour(struct asking *a, struct query *q)
{
	struct reach_known *k = a->known;
	struct neighbour_known n = { .ot = query_int(q, 2) != 0,
				     .announces = query_int(q, 3) != 0 };

	if (k->neighbour_count == REACH_NEIGHBOURS || !row_address(q, 0, &n.address) ||
	    !mac_parse(query_text(q, 1), n.mac))
		return;
	for (size_t i = 0; i < k->neighbour_count; i++) {
		struct neighbour_known *o = &k->neighbours[i];

		if (addr_compare(&o->address, &n.address) == 0 && memcmp(o->mac, n.mac, 6) == 0) {
			o->ot = o->ot || n.ot;
			o->announces = o->announces || n.announces;
			return;
		}
	}
	k->neighbours[k->neighbour_count++] = n;
}

/* ---- hosts of other zones ---- */

/* May somebody of the vantage's zone speak to this port? expired: a conduit that is over said so. */
static bool allowed(const struct asking *a, const struct zone *to, uint16_t port, bool *expired)
{
	const struct site *s = &a->plan->site;

	*expired = false;
	for (size_t i = 0; i < s->conduit_count; i++) {
		const struct conduit *c = &s->conduits[i];
		bool fits = c->port_count == 0;

		if (strcmp(c->from, s->vantage_zone) != 0 || strcmp(c->to, to->name) != 0)
			continue;
		for (size_t k = 0; k < c->port_count; k++)
			fits = fits || (strcmp(c->ports[k].transport, "tcp") == 0 &&
					port >= c->ports[k].first && port <= c->ports[k].last);
		if (fits && (c->until == 0 || c->until >= a->now))
			return true;
		*expired = *expired || fits;
	}
	return false;
}

static void add_port(const struct asking *a, struct reach_host *h, uint16_t port)
{
	bool expired;

	if (port == 0 || h->port_count == REACH_PORTS || allowed(a, h->zone, port, &expired))
		return;
	for (size_t i = 0; i < h->port_count; i++)
		if (h->ports[i] == port)
			return;
	h->expired[h->port_count] = expired;
	h->ports[h->port_count++] = port;
}

static void take_host(struct asking *a, struct query *q)
{
	/* What attackers and administrators alike would try first; in zones of control equipment its
	 * own ports come from what was found open. */
	static const uint16_t usual[] = { 22, 80, 443, 445, 3389 };
	struct reach_known *k = a->known;
	const struct site *s = &a->plan->site;
	struct addr at;
	size_t in_zone = 0;

	if (!row_address(q, 0, &at))
		return;
	const struct zone *z = site_zone(s, &at);
	if (z == NULL || s->vantage_zone == NULL || strcmp(z->name, s->vantage_zone) == 0 ||
	    z < s->zones || z >= s->zones + s->zone_count)
		return;
	struct reach_host *h = NULL;
	for (size_t i = 0; i < k->host_count; i++) {
		in_zone += k->hosts[i].zone == z;
		if (addr_compare(&k->hosts[i].address, &at) == 0)
			h = &k->hosts[i];
	}
	if (h == NULL && in_zone < REACH_HOSTS_PER_ZONE) {
		struct reach_host *more =
			realloc(k->hosts, (k->host_count + 1) * sizeof(*k->hosts));

		if (more == NULL)
			return;
		k->hosts = more;
		h = &k->hosts[k->host_count++];
		*h = (struct reach_host){ .address = at, .zone = z };
		for (size_t i = 0; i < countof(usual); i++)
			add_port(a, h, usual[i]);
	}
	if (h != NULL)
		add_port(a, h, (uint16_t)query_int(q, 1));
}

static void of_store(struct asking *a)
{
	each_row(a,
		 "SELECT value, 'dhcp' FROM heard, l WHERE scan = l.id AND kind IN ('dhcp.dns',"
		 " 'ra.dns') UNION SELECT address, 'scan' FROM service, s WHERE scan = s.id AND"
		 " protocol IN ('dns', 'dns-tcp') AND state = 'open' ORDER BY 2, 1",
		 take_resolver);
	each_row(a,
		 "SELECT address, port, protocol FROM service, s WHERE scan = s.id AND transport ="
		 " 'tcp' AND state = 'open' AND protocol IN ('proxy', 'socks') ORDER BY 1, 2",
		 take_proxy);
	each_row(a,
		 "SELECT address, 'scan' FROM service, s WHERE scan = s.id AND protocol = 'ntp' AND"
		 " transport = 'udp' ORDER BY 1",
		 take_clock);
	each_row(a,
		 "SELECT address, port FROM evidence, s WHERE scan = s.id AND probe = 'smtp' AND"
		 " document ->> '$.relay' = 1 ORDER BY 1, 2",
		 take_mail);
	each_row(a,
		 "SELECT DISTINCT value FROM heard, l WHERE scan = l.id AND kind = 'dhcp.wpad'"
		 " ORDER BY 1",
		 take_wpad);
	each_row(a,
		 "SELECT address, mac, treated = 'ot' OR ot_sign IS NOT NULL, 0 FROM host, s WHERE"
		 " scan = s.id AND mac IS NOT NULL UNION ALL SELECT h.address, h.mac, 0,"
		 " EXISTS (SELECT 1 FROM heard r WHERE r.scan = l.id AND r.kind = 'ra.router' AND"
		 " r.address = h.address) FROM heard_host h, l WHERE h.scan = l.id AND h.mac IS NOT"
		 " NULL AND h.public = 0 ORDER BY 1, 2",
		 take_neighbour);
	each_row(a,
		 "SELECT h.address, v.port FROM host h JOIN s LEFT JOIN service v ON v.scan ="
		 " h.scan AND v.address = h.address AND v.transport = 'tcp' AND v.state = 'open'"
		 " WHERE h.scan = s.id AND h.state IN ('answering', 'all-ports') UNION ALL SELECT"
		 " address, 0 FROM heard_host, l WHERE scan = l.id AND sent > 0",
		 take_host);
}

int reach_known_make(const struct plan *plan, struct store *store, int64_t now,
		     struct reach_known *ret)
{
	struct asking a = { .site = plan->site.name, .known = ret, .plan = plan, .now = now };

	*ret = (struct reach_known){ 0 };
	ret->neighbours = calloc(REACH_NEIGHBOURS, sizeof(*ret->neighbours));
	if (ret->neighbours == NULL)
		return -ENOMEM;
	of_site(&plan->site, ret);
	of_machine(ret);
	int e = db_borrow(store_db(store), &a.db);
	if (e != 0)
		return e;
	of_store(&a);
	db_free(a.db);
	return 0;
}

void reach_known_done(struct reach_known *k)
{
	free(k->neighbours);
	free(k->hosts);
	*k = (struct reach_known){ 0 };
}
