/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: asking everybody on a segment who is there, where ask_allowed() lets us, and what
 * can be learnt by listening alone, which needs no leave.
 *
 * Each question leaves once, and once more where nothing came back within a second. Hosts that show
 * themselves within networks too large to sweep become lanes of their own; others are noted and never
 * sent to. Routers and DHCP servers are noted; no address is ever requested.
 */
#include "talk/packets_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/dns.h"
#include "talk/ask_way.h"
#include "talk/journal.h"
#include "wire/dhcp.h"

enum {
	ASK_SOURCES = 4, /* own IPv6 addresses beside the link-local one */
	ASK_REPEATS = 2,
	ASK_AGAIN_MS = 1000, /* so long is an answer waited for: RFC 6762 and RFC 4861 have less */
	ASK_DHCP_MS = 4000,  /* a server may try out the address first, by echo requests for 3 s */
	ASK_COLLECT_MS = 1000,
	HOSTS_MOST = 4096, /* that are kept or noted on a segment */
	NAMES_MOST = 1024, /* hosts that are asked for their own name */
	DHCP_CLIENT = 68,
	DHCP_SERVER = 67,
	MDNS = 5353,
};

enum question_kind { ASK_ROUTER, ASK_DHCP, ASK_MDNS, ASK_ECHO };
static const char *const question_words[] = { "router", "dhcp", "mdns", "echo-all" };

struct question {
	enum question_kind kind;
	struct way way;
	uint32_t cookie;
	unsigned sent;
	bool answered;
	bool gone; /* its source is no address of ours any more */
};

/* A host that showed itself. */
struct shown {
	struct addr address;
	uint8_t mac[6];
	bool wanted; /* within a large network: to be swept */
	bool taken;  /* has its lane */
	bool name_asked;
	bool mdns;         /* speaks multicast DNS: may be asked for its name */
	bool router, dhcp; /* told */
};

struct asking {
	struct wing *wing;
	bool allowed;
	bool local; /* there are targets on the segment: who else is there is worth a note */
	struct question questions[4 + ASK_SOURCES];
	size_t question_count, next;
	unsigned round;
	int64_t wait_ms, end_ms, collect_ms;
	bool over;
	struct addr large;         /* one of a large network, or zero; for its window */
	const struct zone **zones; /* that reach into the segment */
	size_t zone_count;
	const char *closed;
	struct shown *shown; /* open addressing by address */
	size_t shown_count;
	unsigned names_asked;
	int plug; /* a socket that takes what comes to our port, so that the kernel refuses nothing */
};

/* ---- who may be asked, and as whom ---- */

static void add_question(struct packets *p, struct asking *a, enum question_kind kind,
			 const struct addr *source)
{
	static const struct addr nobody;
	const struct interface *i = a->wing->interface;
	struct question *q = &a->questions[a->question_count++];

	*q = (struct question){ .kind = kind };
	q->way.ifindex = i->index;
	q->way.on_link = q->way.ethernet = true;
	q->way.mtu = i->mtu;
	q->way.source = *source;
	memcpy(q->way.mac, i->mac, 6);
	q->cookie = frame_cookie(p->setup->key, source, &nobody, (uint8_t)(200 + kind), 0, 0);
}

static bool link_local(const struct addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static void add_questions(struct packets *p, struct asking *a)
{
	const struct ranges *own = &a->wing->interface->own;
	const struct addr *v4 = NULL, *local = NULL;
	unsigned others = 0;

	for (size_t i = 0; i < own->count; i++) {
		const struct addr *first = &own->list[i].first;

		if (addr_is_ipv4(first))
			v4 = v4 != NULL ? v4 : first;
		else if (link_local(first))
			local = local != NULL ? local : first;
	}
	if (local != NULL)
		add_question(p, a, ASK_ROUTER, local);
	if (v4 != NULL) {
		add_question(p, a, ASK_DHCP, v4);
		add_question(p, a, ASK_MDNS, v4);
	}
	if (local != NULL) {
		add_question(p, a, ASK_MDNS, local);
		add_question(p, a, ASK_ECHO, local);
	}
	/* Who is asked from an address of its own network answers from one of that network. */
	for (size_t i = 0; i < own->count && others < ASK_SOURCES - 1; i++) {
		const struct addr *first = &own->list[i].first;

		if (addr_is_ipv4(first) || link_local(first))
			continue;
		add_question(p, a, ASK_ECHO, first);
		others++;
	}
}

static int find_zones(struct packets *p, struct asking *a)
{
	const struct plan *plan = p->setup->plan;
	struct ranges segment = { 0 };
	int e = ask_segment(p->setup->routes, a->wing->interface, &segment);

	a->zones = calloc(plan->site.zone_count + 1, sizeof(*a->zones));
	if (a->zones == NULL)
		e = -ENOMEM;
	for (size_t i = 0; i < plan->site.zone_count && e == 0; i++) {
		struct ranges common = { 0 };

		e = ranges_common(&segment, &plan->site.zones[i].networks, &common);
		if (common.count > 0)
			a->zones[a->zone_count++] = &plan->site.zones[i];
		ranges_done(&common);
	}
	ranges_done(&segment);
	return e;
}

/* What comes back to our port would be refused by the kernel, by packets that nobody counts. */
static int open_plug(const struct interface *i)
{
	struct sockaddr_storage at;
	const struct addr any = { 0 };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1, least = 1;

	if (fd < 0)
		return -1;
	socklen_t n = addr_to_sockaddr(&any, FRAME_MDNS_PORT, &at);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, i->name, sizeof(i->name));
	if (bind(fd, (struct sockaddr *)&at, n) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int make_one(struct packets *p, struct wing *w)
{
	struct asking *more = realloc(p->asking, (p->asking_count + 1) * sizeof(*more));

	if (more == NULL)
		return -ENOMEM;
	p->asking = more;
	struct asking *a = &p->asking[p->asking_count++];
	*a = (struct asking){ .wing = w, .plug = -1 };
	a->allowed = ask_allowed(p->setup->plan, p->setup->routes, w->interface);
	a->over = !a->allowed;
	for (size_t i = 0; i < p->setup->routes->count; i++) {
		const struct way *way = &p->setup->routes->list[i].way;

		a->local |= way->error == 0 && !way->local && way->on_link &&
			    way->ifindex == w->interface->index;
	}
	w->asked = a->allowed;
	a->shown = calloc(2 * HOSTS_MOST, sizeof(*a->shown));
	if (a->shown == NULL)
		return -ENOMEM;
	if (!a->allowed)
		return 0;
	add_questions(p, a);
	a->plug = open_plug(w->interface);
	return find_zones(p, a);
}

int ask_make(struct packets *p)
{
	const struct routes *r = p->setup->routes;
	int e = 0;

	for (size_t i = 0; i < r->interface_count && e == 0; i++)
		if (ask_allowed(p->setup->plan, r, &r->interfaces[i]))
			packets_wing(p, r->interfaces[i].index);
	for (size_t i = 0; i < p->wing_count && e == 0; i++)
		e = make_one(p, &p->wings[i]);
	return e;
}

void ask_done(struct packets *p)
{
	for (size_t i = 0; i < p->asking_count; i++) {
		free(p->asking[i].zones);
		free(p->asking[i].shown);
		if (p->asking[i].plug >= 0)
			close(p->asking[i].plug);
	}
	free(p->asking);
}

size_t ask_filter(const struct packets *p, const struct wing *w, char *out, size_t room,
		  uint16_t port)
{
	const struct ranges *own = &w->interface->own;
	char address[ADDR_TEXT], udp[64] = "";
	size_t n;

	if (!w->asked)
		return (size_t)snprintf(out, room, "%s", "");
	if (p->udp_first != 0)
		snprintf(udp, sizeof(udp), " or (udp and dst portrange %u-%u)", p->udp_first,
			 p->udp_first + PAYLOAD_SOURCES - 1);
	n = (size_t)snprintf(out, room,
			     " or (icmp6 and ip6[40] >= 133 and ip6[40] <= 136)"
			     " or (udp and src port %d and dst port %d)"
			     " or (udp and src port %d and dst port %d)",
			     DHCP_SERVER, DHCP_CLIENT, MDNS, FRAME_MDNS_PORT);
	for (size_t i = 0; i < own->count && n + 200 < room; i++) {
		if (addr_is_ipv4(&own->list[i].first))
			continue;
		addr_format(&own->list[i].first, address);
		address[strcspn(address, "%")] = '\0';
		n += (size_t)snprintf(
			out + n, room - n,
			" or (ip6 and dst host %s and (icmp6 or (tcp and dst port %u)%s))", address,
			port, udp);
	}
	return n;
}

/* ---- windows ---- */

const char *ask_closed(const struct packets *p, const struct wing *w, int64_t now)
{
	for (size_t i = 0; i < p->asking_count; i++) {
		const struct asking *a = &p->asking[i];

		if (a->wing != w)
			continue;
		for (size_t k = 0; k < a->zone_count; k++)
			if (!zone_window_open(&p->setup->plan->site, a->zones[k], now) ||
			    !zone_window_open(&p->setup->plan->site, a->zones[k],
					      now + PLAN_CLOSING_S))
				return "outside the window";
	}
	return NULL;
}

/* When every window of the segment is open; negative: not within two weeks. */
static int64_t opens(const struct packets *p, const struct asking *a, int64_t now)
{
	enum { LOOKS = 64 };
	int64_t at = now;

	for (unsigned look = 0; look < LOOKS; look++) {
		int64_t next = at;

		for (size_t k = 0; k < a->zone_count; k++) {
			int64_t z = zone_window_next(&p->setup->plan->site, a->zones[k], at);

			if (z < 0)
				return -1;
			next = z > next ? z : next;
		}
		if (next == at && ask_closed(p, a->wing, at) == NULL)
			return at;
		at = next > at ? next : at + PLAN_CLOSING_S + 1;
	}
	return -1;
}

void ask_look_at_windows(struct packets *p)
{
	int64_t now = time(NULL);

	for (size_t i = 0; i < p->asking_count; i++) {
		struct asking *a = &p->asking[i];

		if (a->over)
			continue;
		a->closed = ask_closed(p, a->wing, now);
		if (a->closed != NULL && opens(p, a, now) < 0)
			a->over = true;
	}
}

void ask_look_at_addresses(struct packets *p, const struct ranges *own)
{
	for (size_t i = 0; i < p->asking_count; i++)
		for (size_t k = 0; k < p->asking[i].question_count; k++) {
			struct question *q = &p->asking[i].questions[k];

			q->gone = !ranges_contain(own, &q->way.source);
		}
}

bool ask_waiting(struct packets *p, int64_t *best, struct addr *ret)
{
	int64_t now = time(NULL);

	for (size_t i = 0; i < p->asking_count; i++) {
		const struct asking *a = &p->asking[i];

		if (a->over)
			continue;
		if (a->closed == NULL)
			return false;
		int64_t at = opens(p, a, now);
		for (size_t k = 0; k < a->zone_count && at >= 0; k++)
			if ((*best < 0 || at < *best) && a->zones[k]->networks.count > 0 &&
			    !zone_window_open(&p->setup->plan->site, a->zones[k], now)) {
				*best = at;
				*ret = a->zones[k]->networks.list[0].first;
			}
	}
	return true;
}

/* ---- what shows itself ---- */

static struct shown *shown_at(struct asking *a, const struct addr *address)
{
	size_t mask = 2 * HOSTS_MOST - 1, i = (size_t)addr_hash(address) & mask;
	static const struct addr none;

	while (memcmp(a->shown[i].address.bytes, none.bytes, 16) != 0 &&
	       addr_compare(&a->shown[i].address, address) != 0)
		i = (i + 1) & mask;
	return &a->shown[i];
}

static struct asking *asking_of(struct packets *p, const struct wing *w)
{
	for (size_t i = 0; i < p->asking_count; i++)
		if (p->asking[i].wing == w)
			return &p->asking[i];
	return NULL;
}

static void tell_about(struct packets *p, enum sight_kind kind, const struct addr *address,
		       const uint8_t *mac)
{
	struct sight s = { .kind = kind, .address = *address };

	if (mac != NULL) {
		memcpy(s.mac, mac, 6);
		s.has_mac = true;
	}
	packets_tell(p, &s);
}

static bool on_this_link(const struct packets *p, const struct wing *w, const struct addr *address)
{
	const struct way *way = routes_find(p->setup->routes, address);

	return way != NULL && way->error == 0 && way->on_link && !way->local &&
	       way->ifindex == w->interface->index;
}

static struct shown *see(struct packets *p, struct asking *a, const struct addr *address,
			 const uint8_t *mac)
{
	static const uint8_t no_mac[6];
	const struct plan *plan = p->setup->plan;

	if (addr_is_unusable(address) || addr_is_loopback(address) ||
	    ranges_contain(&a->wing->interface->own, address) ||
	    (mac != NULL && (memcmp(mac, no_mac, 6) == 0 || (mac[0] & 1) != 0)))
		return NULL;
	struct shown *s = shown_at(a, address);
	if (addr_compare(&s->address, address) == 0)
		return s;
	if (a->shown_count == HOSTS_MOST)
		return NULL;
	a->shown_count++;
	*s = (struct shown){ .address = *address };
	if (mac != NULL)
		memcpy(s->mac, mac, 6);
	if (ranges_contain(&plan->targets, address))
		return s; /* it is swept anyway */
	if (lanes_hold(p, address))
		return s; /* an earlier run met it */
	s->wanted = a->allowed && packets_gate(p, address) && on_this_link(p, a->wing, address);
	if (!s->wanted && a->local)
		tell_about(p, SIGHT_OUTSIDE, address, mac);
	if (s->wanted && a->collect_ms == 0)
		a->collect_ms = p->now_ms + ASK_COLLECT_MS;
	return s;
}

/* A name comes in as many pieces as it needs. */
static void tell_name(struct packets *p, const struct addr *address, const char *name)
{
	size_t left = strlen(name);

	while (left > 0) {
		struct sight s = { .kind = SIGHT_NAME, .address = *address };
		size_t n = left < sizeof(s.reason) - 1 ? left : sizeof(s.reason) - 1;

		memcpy(s.reason, name, n);
		name += n;
		left -= n;
		s.complete = left == 0;
		packets_tell(p, &s);
	}
}

/* The names in an answer of a host about itself. */
struct names {
	struct packets *p;
	struct asking *a;
	const struct addr *from;
	char reverse[DNS_NAME];
	char service
		[DNS_NAME]; /* the host that offers a service: itself, where it does not say more */
	bool named;
};

static void take_record(void *context, const struct dns_record *r)
{
	struct names *n = context;

	switch (r->type) {
	case DNS_A:
	case DNS_AAAA: {
		struct addr a = r->address;

		if (link_local(&a))
			a.scope = n->a->wing->interface->index;
		if (addr_compare(&a, n->from) == 0 && dns_is_host_name(r->owner)) {
			tell_name(n->p, n->from, r->owner);
			n->named = true;
		}
		break;
	}
	case DNS_PTR:
		if (dns_same_name(r->owner, n->reverse) && dns_is_host_name(r->target)) {
			tell_name(n->p, n->from, r->target);
			n->named = true;
		}
		break;
	case DNS_SRV:
		if (dns_is_host_name(r->target))
			memcpy(n->service, r->target, sizeof(n->service));
		break;
	default:
		break;
	}
}

static void heard_mdns(struct packets *p, struct asking *a, const struct heard *h)
{
	struct names n = { .p = p, .a = a, .from = &h->from };
	struct dns_message m = { 0 };
	struct question *q = NULL;

	for (size_t i = 0; i < a->question_count; i++)
		if (a->questions[i].kind == ASK_MDNS &&
		    memcmp(a->questions[i].way.source.bytes, h->to.bytes, 16) == 0)
			q = &a->questions[i];
	/* The identifier comes first, and what does not bring it back is not looked at further. */
	if (q == NULL || h->payload.length < 3 || (h->payload.at[2] & 0x80) == 0 ||
	    (h->payload.at[0] << 8 | h->payload.at[1]) != (uint16_t)q->cookie)
		return;
	struct shown *s = see(p, a, &h->from, h->mac);
	if (s == NULL)
		return;
	q->answered = true;
	s->mdns = true;
	if (!packets_gate(p, &h->from))
		return; /* of hosts outside nothing more is kept */
	dns_reverse_name(&h->from, n.reverse);
	dns_read(h->payload, &m, take_record, &n);
	if (!n.named && n.service[0] != '\0')
		tell_name(p, &h->from, n.service);
}

static void heard_dhcp(struct packets *p, struct asking *a, const struct heard *h)
{
	for (size_t i = 0; i < a->question_count; i++) {
		struct question *q = &a->questions[i];
		struct addr server;

		if (q->kind != ASK_DHCP ||
		    !dhcp_read_offer(h->payload, q->cookie, q->way.mac, &server))
			continue;
		const struct addr *who = addr_is_unusable(&h->from) ? &server : &h->from;
		struct shown *s = see(p, a, who, h->mac);
		q->answered = true;
		if (s != NULL && !s->dhcp) {
			s->dhcp = true;
			tell_about(p, SIGHT_DHCP, who, h->mac);
		}
	}
}

static void heard_echo(struct packets *p, struct asking *a, const struct heard *h)
{
	for (size_t i = 0; i < a->question_count; i++) {
		struct question *q = &a->questions[i];

		if (q->kind == ASK_ECHO && h->echo == q->cookie &&
		    memcmp(q->way.source.bytes, h->to.bytes, 16) == 0) {
			q->answered = true;
			see(p, a, &h->from, h->mac);
		}
	}
}

void ask_heard(struct packets *p, struct wing *w, const struct heard *h)
{
	struct asking *a = asking_of(p, w);
	struct shown *s;

	if (a == NULL || p->stopping)
		return;
	switch (h->kind) {
	case HEARD_ARP:
	case HEARD_ADVERT:
	case HEARD_SOLICIT:
		see(p, a, &h->from, h->mac);
		break;
	case HEARD_ROUTER:
		s = see(p, a, &h->from, h->mac);
		if (s != NULL && !s->router) {
			s->router = true;
			tell_about(p, SIGHT_ROUTER, &h->from, h->mac);
		}
		for (size_t i = 0; i < a->question_count; i++)
			a->questions[i].answered |= a->questions[i].kind == ASK_ROUTER;
		break;
	case HEARD_ECHO:
		if (a->allowed && !addr_is_ipv4(&h->from))
			heard_echo(p, a, h);
		break;
	case HEARD_UDP:
		if (a->allowed && h->to_port == FRAME_MDNS_PORT && h->from_port == MDNS)
			heard_mdns(p, a, h);
		else if (a->allowed && h->to_port == DHCP_CLIENT && h->from_port == DHCP_SERVER)
			heard_dhcp(p, a, h);
		break;
	default:
		break;
	}
}

/* ---- questions ---- */

static size_t make_frame(const struct question *q, uint8_t out[static FRAME_MOST],
			 const char **ret_to, uint16_t *ret_port)
{
	bool v4 = addr_is_ipv4(&q->way.source);

	*ret_port = 0;
	switch (q->kind) {
	case ASK_ROUTER:
		*ret_to = "ff02::2";
		return frame_router_solicit(out, &q->way);
	case ASK_DHCP:
		*ret_to = "255.255.255.255";
		*ret_port = DHCP_SERVER;
		return frame_dhcp_discover(out, &q->way, q->cookie);
	case ASK_MDNS:
		*ret_to = v4 ? "224.0.0.251" : "ff02::fb";
		*ret_port = MDNS;
		return frame_mdns_services(out, &q->way, (uint16_t)q->cookie);
	case ASK_ECHO:
		*ret_to = "ff02::1";
		return frame_all_nodes_echo(out, &q->way, q->cookie);
	}
	return 0;
}

static int first_zone(const struct packets *p, const struct asking *a)
{
	return a->zone_count > 0 ? (int)(a->zones[0] - p->setup->plan->site.zones) : -1;
}

static bool written(struct packets *p, const struct asking *a, const char *word,
		    const struct addr *source, const char *to, uint16_t port)
{
	if (journal_asked(p->journal, packets_unix_ms(p), a->wing->interface->name, word, source,
			  to, port))
		return true;
	packets_no_journal(p);
	return false;
}

/* The next question that is due; true where something was done. */
static bool ask_next(struct packets *p, struct asking *a)
{
	uint8_t frame[FRAME_MOST];
	const char *to = "";
	uint16_t port;

	while (a->next < a->question_count) {
		struct question *q = &a->questions[a->next];

		if (q->answered || q->gone) {
			a->next++;
			continue;
		}
		size_t n = make_frame(q, frame, &to, &port);
		if (n == 0) {
			a->next++;
			continue;
		}
		enum launch r = packets_ask_room(p, a->wing, first_zone(p, a));
		if (r == LAUNCH_LATER)
			return false;
		if (r != LAUNCHED) {
			a->over = r == LAUNCH_DOWN;
			return false;
		}
		if (!written(p, a, question_words[q->kind], &q->way.source, to, port))
			return false;
		if (packets_launch_ask(p, a->wing, frame, n) == LAUNCHED)
			q->sent++;
		a->next++;
		a->wait_ms = p->now_ms + ASK_AGAIN_MS;
		if (q->kind == ASK_DHCP)
			a->end_ms = p->now_ms + ASK_DHCP_MS;
		return true;
	}
	return false;
}

/* A host that speaks multicast DNS knows its own name: it alone is asked (RFC 6762, 5.5). */
static bool ask_name(struct packets *p, struct asking *a, struct shown *s)
{
	const struct question *q = NULL;
	uint8_t question[DNS_QUESTION];
	char name[DNS_NAME], to[ADDR_TEXT];
	struct frame_form f;
	bool v4 = addr_is_ipv4(&s->address);

	for (size_t i = 0; i < a->question_count; i++)
		if (a->questions[i].kind == ASK_MDNS &&
		    addr_is_ipv4(&a->questions[i].way.source) == v4 && !a->questions[i].gone)
			q = &a->questions[i];
	enum zone_kind kind = plan_kind(p->setup->plan, &s->address);

	s->name_asked = true;
	if (kind == ZONE_OT || kind == ZONE_UNASSIGNED)
		return false; /* to a controller nothing goes but the guard's connections */
	const struct zone *z = site_zone(&p->setup->plan->site, &s->address);
	if (p->setup->plan->risk < SITE_READ || (z != NULL && z->risk < SITE_READ))
		return false; /* a name is read */
	if (q == NULL || !packets_gate_frames(p, &s->address) ||
	    !on_this_link(p, a->wing, &s->address))
		return false;
	size_t n = dns_question(question, sizeof(question), (uint16_t)q->cookie, false,
				dns_reverse_name(&s->address, name), DNS_PTR);
	if (n == 0 ||
	    frame_form_udp(&f, &q->way, s->mac, FRAME_MDNS_PORT, MDNS, question, n, n, 0) != 0)
		return false;
	if (plan_start_refusal(p->setup->plan, &s->address, time(NULL)) != NULL)
		return false;
	enum launch r = packets_ask_room(p, a->wing, first_zone(p, a));
	if (r == LAUNCH_LATER) {
		s->name_asked = false;
		return false;
	}
	if (r != LAUNCHED ||
	    !written(p, a, "mdns-name", &q->way.source, addr_format(&s->address, to), MDNS))
		return false;
	a->names_asked++;
	a->wait_ms = p->now_ms + ASK_AGAIN_MS;
	return packets_launch_name(p, a->wing, &f, &s->address) == LAUNCHED;
}

static bool ask_names(struct packets *p, struct asking *a)
{
	for (size_t i = 0; i < 2 * HOSTS_MOST; i++) {
		struct shown *s = &a->shown[i];

		if (s->mdns && !s->name_asked && a->names_asked < NAMES_MOST)
			return ask_name(p, a, s);
	}
	return false;
}

/* ---- hosts of large networks ---- */

struct neighbours {
	struct packets *p;
	struct asking *a;
};

static int take_neighbour(void *context, const struct addr *address, const uint8_t *mac)
{
	struct neighbours *n = context;

	see(n->p, n->a, address, mac);
	return 0;
}

/* Those of one way become lanes together. */
static void sweep_shown(struct packets *p, struct asking *a)
{
	bool more = true;

	while (more) {
		const struct way *way = NULL;
		struct ranges set = { 0 };
		bool good = true;

		more = false;
		for (size_t i = 0; i < 2 * HOSTS_MOST && good; i++) {
			struct shown *s = &a->shown[i];

			if (!s->wanted || s->taken)
				continue;
			const struct way *own = routes_find(p->setup->routes, &s->address);
			if (way != NULL && own != way) {
				more = true;
				continue;
			}
			way = own;
			s->taken = true;
			good = ranges_add(&set, &(struct range){ s->address, s->address }) == 0;
		}
		if (way != NULL && (!good || lanes_add(p, way, &set) != 0)) {
			packets_remark(p, NULL, "out of memory: hosts were left out");
			more = false;
		}
		ranges_done(&set);
	}
}

static bool advance(struct packets *p, struct asking *a)
{
	if (a->collect_ms != 0 && p->now_ms >= a->collect_ms && p->now_ms >= a->wait_ms) {
		a->collect_ms = 0;
		sweep_shown(p, a);
		return true;
	}
	if (a->over || a->closed != NULL)
		return false;
	if (ask_next(p, a) || ask_names(p, a))
		return true;
	if (a->over || a->next < a->question_count || p->now_ms < a->wait_ms)
		return false;
	if (++a->round < ASK_REPEATS) {
		a->next = 0;
		return true;
	}
	if (a->round == ASK_REPEATS) {
		struct neighbours n = { p, a };

		/* Who answered or was answered is in the kernel's table too. */
		neighbours_each(a->wing->interface->index, take_neighbour, &n);
		return true;
	}
	bool dhcp = true;
	for (size_t i = 0; i < a->question_count; i++)
		dhcp &= a->questions[i].kind != ASK_DHCP || a->questions[i].answered;
	if (a->collect_ms == 0 && (dhcp || p->now_ms >= a->end_ms))
		a->over = true;
	return false;
}

bool ask_advance(struct packets *p)
{
	bool more = false;

	for (size_t i = 0; i < p->asking_count && !p->stopping; i++)
		more |= advance(p, &p->asking[i]);
	return more;
}

bool ask_over(const struct packets *p)
{
	for (size_t i = 0; i < p->asking_count && !p->stopping; i++)
		if (!p->asking[i].over || p->asking[i].collect_ms != 0)
			return false;
	return true;
}
