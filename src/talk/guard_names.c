/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: names of hosts that answer, by DNS (RFC 1035). Each question leaves by a socket of its own,
 * connected to a resolver of the plan, so that nothing else is heard and the port is the kernel's choice;
 * an answer must bring back our identifier and our question. A name that leads back to the address is
 * marked. Nothing but the resolvers of the plan is ever sent to from here.
 */
#include "talk/guard_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "codec/dns.h"
#include "talk/journal.h"

enum {
	LOOKUPS_MOST = 32,  /* under way */
	WAITING_MOST = 256, /* main asks for fewer at once */
	TRIES = 3,
	TRY_MS = 2000,
	ARP_MS = 3000, /* the kernel asks for a resolver's MAC three times, a second apart */
	ARP_FRAMES = 3,
	NAMES_OF_HOST = 4,
	DEAD_AFTER = 8, /* lookups in a row without any answer */
	DNS_PORT = 53,
	ANSWER_MOST = 4096,
};

struct resolver {
	struct addr address;
	struct way way;
	int zone, segment;
	struct pace pace;
	int64_t arp_ms;
};

struct lookup {
	bool active;
	struct addr host;
	int fd; /* -1: nothing is under way */
	uint16_t id;
	unsigned tries;
	int64_t deadline_ms;
	char names[NAMES_OF_HOST][DNS_NAME];
	unsigned name_count;
	unsigned confirming; /* 0: its names are asked for; else the name with this number */
	bool leads_back;
};

struct guard_names {
	struct resolver *resolvers;
	size_t resolver_count, turn;
	struct lookup lookups[LOOKUPS_MOST];
	struct addr waiting[WAITING_MOST];
	size_t first, count;
	unsigned unanswered; /* lookups in a row */
	bool dead;
};

/* ---- making ---- */

static void make_resolver(struct guard *g, struct resolver *r, const struct addr *a)
{
	const struct plan *p = g->setup->plan;
	struct ranges one = { 0 };
	struct routes routes = { 0 };
	const struct zone *z = site_zone(&p->site, a);
	unsigned rate = p->host_rate;

	*r = (struct resolver){ .address = *a, .zone = -1, .segment = -1 };
	if (z != NULL && z >= p->site.zones && z < p->site.zones + p->site.zone_count)
		r->zone = (int)(z - p->site.zones);
	if (z != NULL && z->host_rate != 0 && (rate == 0 || z->host_rate < rate))
		rate = z->host_rate;
	if (z != NULL && (z->kind == ZONE_OT || z->kind == ZONE_UNASSIGNED) &&
	    (rate == 0 || rate > OT_HOST_RATE))
		rate = OT_HOST_RATE;
	pace_init(&r->pace, rate, 1, false, guard_mono_ms());
	if (ranges_add(&one, &(struct range){ *a, *a }) == 0 && routes_make(&one, &routes) == 0 &&
	    routes.count > 0)
		r->way = routes.list[0].way;
	for (size_t i = 0; g->setup->routes != NULL && i < g->setup->routes->interface_count; i++)
		if (g->setup->routes->interfaces[i].index == r->way.ifindex && r->way.on_link &&
		    !r->way.local)
			r->segment = (int)i;
	routes_done(&routes);
	ranges_done(&one);
}

static struct guard_names *names_of(struct guard *g)
{
	const struct plan *p = g->setup->plan;

	if (g->names != NULL || p->resolver_count == 0)
		return g->names;
	g->names = calloc(1, sizeof(*g->names));
	if (g->names == NULL)
		return NULL;
	g->names->resolvers = calloc(p->resolver_count, sizeof(*g->names->resolvers));
	for (size_t i = 0; g->names->resolvers != NULL && i < p->resolver_count; i++)
		make_resolver(g, &g->names->resolvers[g->names->resolver_count++],
			      &p->resolvers[i]);
	return g->names;
}

void guard_names_done(struct guard *g)
{
	if (g->names == NULL)
		return;
	for (size_t i = 0; i < LOOKUPS_MOST; i++)
		if (g->names->lookups[i].active && g->names->lookups[i].fd >= 0)
			close(g->names->lookups[i].fd);
	free(g->names->resolvers);
	free(g->names);
	g->names = NULL;
}

/* ---- ends ---- */

static void tell_done(struct guard *g, const struct addr *host, const char *why)
{
	struct guard_event e = { .kind = EVENT_NAMED, .address = *host };

	guard_set_reason(&e, why);
	guard_tell(g, &e);
}

static void tell_name(struct guard *g, const struct lookup *l, const char *name)
{
	size_t left = strlen(name);

	while (left > 0) {
		struct guard_event e = { .kind = EVENT_NAME,
					 .address = l->host,
					 .port = l->leads_back };
		size_t n = left < sizeof(e.reason) - 1 ? left : sizeof(e.reason) - 1;

		memcpy(e.reason, name, n);
		name += n;
		left -= n;
		e.complete = left == 0;
		guard_tell(g, &e);
	}
}

static void hang_up(struct lookup *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->tries = 0;
}

static void end(struct guard *g, struct lookup *l, const char *why)
{
	hang_up(l);
	l->active = false;
	tell_done(g, &l->host, why);
}

/* What was asked is known, or will not be: the next name, or the end. */
static void go_on(struct guard *g, struct lookup *l)
{
	hang_up(l);
	if (l->confirming > 0)
		tell_name(g, l, l->names[l->confirming - 1]);
	l->leads_back = false;
	if (l->confirming++ >= l->name_count)
		end(g, l, "");
}

/* ---- answers ---- */

static void take_record(void *context, const struct dns_record *r)
{
	struct lookup *l = context;

	if (l->confirming > 0) {
		l->leads_back |= (r->type == DNS_A || r->type == DNS_AAAA) &&
				 memcmp(r->address.bytes, l->host.bytes, 16) == 0;
		return;
	}
	if (r->type != DNS_PTR || l->name_count == NAMES_OF_HOST || !dns_is_host_name(r->target))
		return;
	for (unsigned i = 0; i < l->name_count; i++)
		if (dns_same_name(l->names[i], r->target))
			return;
	memcpy(l->names[l->name_count++], r->target, DNS_NAME);
}

static enum dns_type type_of(const struct lookup *l)
{
	if (l->confirming == 0)
		return DNS_PTR;
	return addr_is_ipv4(&l->host) ? DNS_A : DNS_AAAA;
}

static const char *question_of(const struct lookup *l, char out[static DNS_NAME])
{
	return l->confirming == 0 ? dns_reverse_name(&l->host, out) : l->names[l->confirming - 1];
}

static bool hear(struct guard *g, struct lookup *l)
{
	uint8_t bytes[ANSWER_MOST];
	char name[DNS_NAME];
	struct lookup learnt = *l;
	struct dns_message m = { 0 };
	ssize_t n = recv(l->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0)
		return false; /* nothing yet, or refused: the next try comes at its time */
	dns_read((struct span){ bytes, (size_t)n }, &m, take_record, &learnt);
	if (!m.answer || m.id != l->id || m.question_type != (uint16_t)type_of(l) ||
	    !dns_same_name(m.question, question_of(l, name)))
		return false;
	*l = learnt;
	g->names->unanswered = 0;
	go_on(g, l);
	return true;
}

/* ---- questions ---- */

/* The plan's rules for what is sent to, as far as they concern a resolver, which need be no target. */
static bool may_ask(const struct guard *g, const struct resolver *r)
{
	const struct site *s = &g->setup->plan->site;
	const struct zone *z = site_zone(s, &r->address);
	int64_t now = guard_clock(g);

	if (ranges_contain(&s->exclude, &r->address) || addr_is_unusable(&r->address))
		return false;
	if (z == NULL)
		return true;
	return !ranges_contain(&z->passive_only, &r->address) && z->risk >= SITE_TOUCH &&
	       zone_window_open(s, z, now) && zone_window_open(s, z, now + PLAN_CLOSING_S);
}

static bool room(struct guard *g, struct resolver *r, int64_t now)
{
	struct pace_need need = { .zone = r->zone, .segment = -1, .packets = 1 };
	uint8_t mac[6];

	if (r->segment >= 0 && now >= r->arp_ms &&
	    neighbour_find(&r->address, r->way.ifindex, mac) != NEIGHBOUR_KNOWN) {
		need.segment = r->segment;
		need.broadcasts = ARP_FRAMES;
	}
	if (!pace_ready(&r->pace, 1, 0, now) || !pace_board_try(g->board, &need, now))
		return false;
	if (need.broadcasts > 0)
		r->arp_ms = now + ARP_MS;
	pace_take(&r->pace, 1, now);
	return true;
}

static int open_socket(const struct resolver *r)
{
	struct sockaddr_storage to;
	socklen_t n = addr_to_sockaddr(&r->address, DNS_PORT, &to);
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&to, n) == 0)
		return fd;
	close(fd);
	return -1;
}

/* False: later. */
static bool ask(struct guard *g, struct lookup *l, int64_t now)
{
	struct guard_names *n = g->names;
	struct resolver *r = NULL;
	uint8_t bytes[DNS_QUESTION];
	char name[DNS_NAME], to[ADDR_TEXT];

	for (size_t i = 0; i < n->resolver_count && r == NULL; i++) {
		struct resolver *o = &n->resolvers[(n->turn + l->tries + i) % n->resolver_count];

		if (may_ask(g, o))
			r = o;
	}
	if (r == NULL) {
		end(g, l, "no resolver may be asked now");
		return true;
	}
	if (!room(g, r, now))
		return false;
	if (getrandom(&l->id, sizeof(l->id), 0) != sizeof(l->id))
		return false;
	size_t length =
		dns_question(bytes, sizeof(bytes), l->id, true, question_of(l, name), type_of(l));
	if (length == 0) {
		go_on(g, l);
		return true;
	}
	if (!journal_asked(g->journal, guard_unix_ms(), "-", "names", &r->way.source,
			   addr_format(&r->address, to), DNS_PORT)) {
		guard_tell_simple(g, EVENT_NO_JOURNAL);
		guard_stop(g);
		return false;
	}
	if (l->fd >= 0)
		close(l->fd);
	l->fd = open_socket(r);
	if (l->fd >= 0)
		send(l->fd, bytes, length, MSG_NOSIGNAL);
	atomic_fetch_add_explicit(&g->setup->shared->packets, 1, memory_order_relaxed);
	l->tries++;
	l->deadline_ms = now + TRY_MS;
	return true;
}

static void advance(struct guard *g, struct lookup *l, int64_t now)
{
	if (l->fd >= 0 && hear(g, l))
		return;
	if (l->tries > 0 && now < l->deadline_ms)
		return;
	if (l->tries < TRIES) {
		ask(g, l, now);
		return;
	}
	if (l->confirming == 0 && ++g->names->unanswered >= DEAD_AFTER)
		g->names->dead = true;
	go_on(g, l);
}

void guard_names_add(struct guard *g, const struct guard_order *o)
{
	struct guard_names *n = names_of(g);

	/* Only of hosts that may be sent to themselves; nobody else knows a name of loopback. */
	if (n == NULL || n->resolver_count == 0 || n->dead || n->count == WAITING_MOST ||
	    g->stopping || !plan_holds(g->setup->plan, &o->address) ||
	    addr_is_loopback(&o->address)) {
		tell_done(g, &o->address,
			  n != NULL && n->dead ? "no answer from the resolvers" : "");
		return;
	}
	n->waiting[(n->first + n->count++) % WAITING_MOST] = o->address;
}

void guard_names_advance(struct guard *g, int64_t now)
{
	struct guard_names *n = g->names;

	if (n == NULL || g->stopping || g->event_count > 0)
		return;
	for (size_t i = 0; i < LOOKUPS_MOST; i++) {
		struct lookup *l = &n->lookups[i];

		if (!l->active && n->count > 0) {
			*l = (struct lookup){ .active = true,
					      .host = n->waiting[n->first],
					      .fd = -1 };
			n->first = (n->first + 1) % WAITING_MOST;
			n->count--;
			if (n->dead)
				end(g, l, "no answer from the resolvers");
		}
		if (l->active)
			advance(g, l, now);
	}
}
