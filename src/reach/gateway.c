/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test of neighbours as gateways: who they are, one turn of frames with a hop limit of 1, where the
 * operator asked for it a second one with an ordinary hop limit, and a path told for each neighbour and
 * family.
 */
#include "reach/gateway.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "codec/i18n.h"
#include "reach/neighbours.h"
#include "reach/reach.h"

enum {
	SOURCE_PORT = 61000, /* above the kernel's own (ip_local_port_range) */
	SOURCE_PORTS = 4000,
	WAIT_MS = 1500, /* for a neighbour */
	RECEIVE = 64,
	TICK = 20,
};

/* One neighbour in one family: what a row of the table path is about. */
struct subject {
	const struct neighbour *who;
	struct reach_link *link;
	struct addr from, to;
	size_t first, count; /* of its questions, in this turn */
	const char *untested;
	struct reach_result told; /* of the first turn */
	bool has_told;
};

struct gateway_test {
	struct reach_run *r;
	uint8_t key[FRAME_KEY];
	struct neighbours neighbours;
	bool has_beacon[2]; /* IPv4, IPv6 */
	struct addr beacon[2];
	struct addr own_hop[2]; /* of this machine's own route to the beacon; zero: none */
	bool none_declared;     /* the site file names no router at all */
	struct subject *subjects;
	size_t subject_count;
	struct gateway_asked *asked;
	size_t asked_count;
	uint16_t next_port;
};

static const struct addr nobody;

static bool is_zero(const struct addr *a)
{
	return memcmp(a->bytes, nobody.bytes, 16) == 0;
}

static bool link_local(const struct addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* ---- who ---- */

/* Does this machine's own route to the beacon lead over it? */
static bool is_own_hop(const struct gateway_test *g, const struct neighbour *n, bool v4)
{
	const struct addr *hop = &g->own_hop[v4 ? 0 : 1];

	for (size_t i = 0; i < n->address_count && !is_zero(hop); i++)
		if (memcmp(n->addresses[i].bytes, hop->bytes, 16) == 0)
			return true;
	return false;
}

static struct reach_link *link_of(struct reach_run *r, unsigned ifindex)
{
	for (size_t i = 0; i < r->link_count; i++)
		if (r->links[i].interface.index == ifindex)
			return &r->links[i];
	return NULL;
}

/* What the store had, and what the kernel has learnt since. */
static int find_neighbours(struct gateway_test *g)
{
	struct reach_run *r = g->r;
	size_t count = r->known->neighbour_count;
	struct neighbour_known *list = calloc(count + 1, sizeof(*list));
	struct interface *interfaces = calloc(r->link_count + 1, sizeof(*interfaces));
	int e = list != NULL && interfaces != NULL ? 0 : -ENOMEM;

	if (e == 0 && count > 0)
		memcpy(list, r->known->neighbours, count * sizeof(*list));
	for (size_t i = 0; i < r->link_count && e == 0; i++) {
		interfaces[i] = r->links[i].interface;
		e = neighbours_of_kernel(interfaces[i].index, &list, &count);
	}
	if (e == 0)
		e = neighbours_make(r->site, interfaces, r->link_count, list, count,
				    reach_unix_ms() / 1000, &g->neighbours);
	for (size_t i = 0; i < count && e == 0; i++) {
		for (size_t l = 0; l < r->link_count; l++) {
			struct gate_neighbour n = { .ifindex = interfaces[l].index,
						    .address = list[i].address,
						    .ot = list[i].ot };

			if (!ranges_contain(&interfaces[l].networks, &list[i].address) &&
			    list[i].address.scope != interfaces[l].index)
				continue;
			memcpy(n.mac, list[i].mac, 6);
			pthread_mutex_lock(&r->gate_lock);
			gate_neighbour(r->gate, &n, reach_unix_ms() / 1000);
			pthread_mutex_unlock(&r->gate_lock);
		}
	}
	free(list);
	free(interfaces);
	return e;
}

/* Ours on this segment, as a neighbour at `to` would expect it. */
static bool source_of(const struct interface *i, const struct neighbour *n, bool v4,
		      struct addr *ret)
{
	bool found = false;

	for (uint64_t k = 0; k < ranges_count(&i->own); k++) {
		struct addr own = ranges_at(&i->own, k);

		if (addr_is_ipv4(&own) != v4)
			continue;
		/* A link-local one is better than none: a hop limit is looked at before the scope. */
		if (!found || (!v4 && link_local(ret)))
			*ret = own;
		found = true;
		for (size_t r = 0; v4 && r < i->networks.count; r++) {
			struct ranges one = { &i->networks.list[r], 1 };

			if (n->address_count > 0 && ranges_contain(&one, &own) &&
			    ranges_contain(&one, &n->addresses[0]))
				return *ret = own, true;
		}
	}
	return found;
}

static bool family_of(const struct gateway_test *g, const struct neighbour *n, bool v4,
		      struct reach_link *link, struct subject *ret)
{
	*ret = (struct subject){ .who = n, .link = link, .to = g->beacon[v4 ? 0 : 1] };
	return g->has_beacon[v4 ? 0 : 1] && source_of(&link->interface, n, v4, &ret->from);
}

/* One frame alone may be sent: by the family in which it could be a router. */
static bool prefers_v4(const struct gateway_test *g, const struct neighbour *n)
{
	return !n->announces && !is_own_hop(g, n, false) && addr_is_ipv4(&n->addresses[0]);
}

static void add_subjects(struct gateway_test *g, const struct neighbour *n)
{
	struct reach_link *link = link_of(g->r, n->ifindex);
	struct subject s;
	bool first = prefers_v4(g, n);

	if (link == NULL)
		return;
	for (unsigned i = 0; i < 2; i++) {
		if (!family_of(g, n, i == 0 ? first : !first, link, &s))
			continue;
		if (n->care == NEIGHBOUR_LEFT)
			s.untested = n->why;
		else if (link->tap == NULL)
			s.untested = N_("no right to send frames");
		g->subjects[g->subject_count++] = s;
		if (n->care != NEIGHBOUR_FULL)
			return;
	}
}

/* ---- asking ---- */

static void send_out(struct gateway_test *g, struct subject *s, struct gateway_asked *q)
{
	uint8_t frame[FRAME_MOST];
	struct way way = { .ifindex = s->who->ifindex,
			   .ethernet = true,
			   .mtu = s->link->interface.mtu,
			   .source = s->from };
	struct gate_frame out = { .ifindex = q->ifindex, .to = q->to, .hops = q->hops };

	memcpy(way.mac, s->link->interface.mac, 6);
	memcpy(out.mac, q->mac, 6);
	size_t n = gateway_frame(q, &way, frame);
	if (n == 0) {
		q->unsent = N_("no memory");
		return;
	}
	out.protocol = frame[14 + (addr_is_ipv4(&q->to) ? 9 : 6)];
	q->unsent = reach_frame(g->r, s->link, &out, &q->from, &s->who->addresses[0], frame, n);
}

static void ask(struct gateway_test *g, struct subject *s, enum gateway_kind kind, uint8_t hops)
{
	static const enum token_method methods[] = { TOKEN_ICMP, TOKEN_TCP, TOKEN_UDP };
	struct gateway_asked *q = &g->asked[g->asked_count++];
	struct token_question question = { .run = g->r->run_id,
					   .number = atomic_fetch_add(&g->r->questions, 1) + 1,
					   .method = methods[kind],
					   .port = gateway_port(kind),
					   .time = reach_unix_ms() / 1000 };

	*q = (struct gateway_asked){ .kind = kind,
				     .ifindex = s->who->ifindex,
				     .hops = hops,
				     .from = s->from,
				     .to = s->to,
				     .source_port = (uint16_t)(SOURCE_PORT + g->next_port) };
	g->next_port = (uint16_t)((g->next_port + 1) % SOURCE_PORTS);
	memcpy(q->mac, s->who->mac, 6);
	q->cookie = gateway_cookie(q, g->key);
	s->count++;
	if (getrandom(question.random, sizeof(question.random), 0) ==
		    (ssize_t)sizeof(question.random) &&
	    token_ask(g->r->key, &question, &q->question))
		send_out(g, s, q);
	else
		q->unsent = N_("no memory");
}

struct hearing {
	struct gateway_test *g;
	unsigned ifindex;
};

static void take(void *context, const uint8_t *frame, size_t n, int64_t unix_us)
{
	struct hearing *h = context;

	(void)unix_us;
	gateway_hear(h->g->asked, h->g->asked_count, h->ifindex, h->g->r->key, frame, n);
}

/* An interface that is gone answers no more; what was heard stays. */
static void hear(struct gateway_test *g)
{
	for (size_t i = 0; i < g->r->link_count; i++) {
		struct hearing h = { g, g->r->links[i].interface.index };

		while (g->r->links[i].tap != NULL &&
		       tap_receive(g->r->links[i].tap, RECEIVE, take, &h) == RECEIVE)
			;
	}
}

static void listen_to_answers(struct reach_run *r)
{
	char filter[256];

	snprintf(filter, sizeof(filter), "icmp or icmp6 or ((tcp or udp) and dst portrange %u-%u)",
		 SOURCE_PORT, SOURCE_PORT + SOURCE_PORTS - 1);
	for (size_t i = 0; i < r->link_count; i++)
		if (r->links[i].tap != NULL)
			tap_filter(r->links[i].tap, filter);
}

/* ---- telling ---- */

static json_t *text_of(const struct addr *a)
{
	char text[ADDR_TEXT];

	return json_string(addr_format(a, text));
}

static json_t *frame_json(const struct gateway_asked *q)
{
	static const char *const words[] = { "silence",    "unreachable",   "redirect", "answer",
					     "prohibited", "time exceeded", "beacon" };
	json_t *o = json_object();

	json_object_set_new(o, "transport", json_string(gateway_transport(q->kind)));
	if (gateway_port(q->kind) != 0)
		json_object_set_new(o, "port", json_integer(gateway_port(q->kind)));
	if (q->unsent != NULL) {
		json_object_set_new(o, "unsent", json_string(q->unsent));
		return o;
	}
	json_object_set_new(o, "heard", json_string(words[q->heard]));
	if (q->heard == GATEWAY_SILENT)
		return o;
	json_object_set_new(o, "from", text_of(&q->heard_from));
	if (memcmp(q->heard_mac, q->mac, 6) != 0) {
		char mac[18];

		neighbour_mac_text(q->heard_mac, mac);
		json_object_set_new(o, "mac", json_string(mac));
	}
	if (q->type != 0) {
		json_object_set_new(o, "type", json_integer(q->type));
		json_object_set_new(o, "code", json_integer(q->code));
	}
	return o;
}

static void put_packet(json_t *o, const struct gateway_asked *q)
{
	char hex[2 * GATEWAY_PACKET + 1] = "";

	for (size_t i = 0; i < q->packet_length; i++)
		snprintf(hex + 2 * i, 3, "%02x", q->packet[i]);
	json_object_set_new(o, "packet", json_string(hex));
}

static bool is_declared(const struct gateway_test *g, const struct subject *s)
{
	if (s->who->declared)
		return true;
	/* Where nobody declared a router, that of this machine's own IPv4 route is the known one. */
	for (size_t i = 0; i < s->who->address_count && g->none_declared; i++)
		if (!is_zero(&g->own_hop[0]) &&
		    addr_compare(&s->who->addresses[i], &g->own_hop[0]) == 0)
			return true;
	return false;
}

static void put_evidence(const struct gateway_test *g, const struct subject *s, uint8_t hops,
			 const struct gateway_asked *best, struct reach_result *ret)
{
	json_t *o = json_object(), *frames = json_array(), *addresses = json_array();

	json_object_set_new(o, "hop_limit", json_integer(hops));
	for (size_t i = 0; i < s->who->address_count; i++)
		json_array_append_new(addresses, text_of(&s->who->addresses[i]));
	json_object_set_new(o, "addresses", addresses);
	json_object_set_new(o, "declared", json_boolean(is_declared(g, s)));
	if (s->who->why != NULL && s->who->care == NEIGHBOUR_ONE)
		json_object_set_new(o, "one_frame", json_string(s->who->why));
	if (is_own_hop(g, s->who, addr_is_ipv4(&s->to)))
		json_object_set_new(o, "own_route", json_true());
	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(frames, frame_json(&g->asked[s->first + i]));
	json_object_set_new(o, "frames", frames);
	for (size_t i = 0; i < s->count; i++)
		if (!is_zero(&g->asked[s->first + i].next))
			json_object_set_new(o, "redirects_to",
					    text_of(&g->asked[s->first + i].next));
	if (best != NULL && best->heard != GATEWAY_SILENT)
		put_packet(o, best);
	size_t n = json_dumpb(o, ret->evidence, sizeof(ret->evidence) - 1, JSON_COMPACT);
	ret->evidence[n < sizeof(ret->evidence) ? n : 0] = '\0';
	json_decref(o);
}

static const struct gateway_asked *best_of(const struct gateway_test *g, const struct subject *s)
{
	const struct gateway_asked *best = NULL;

	for (size_t i = 0; i < s->count; i++) {
		const struct gateway_asked *q = &g->asked[s->first + i];

		/* Of those that reached the beacon the one that tells by which line. */
		if (q->unsent == NULL && (best == NULL || q->heard > best->heard ||
					  (q->heard == best->heard && q->has_answer)))
			best = q;
	}
	return best;
}

static void put_text(char *to, size_t room, const char *text)
{
	snprintf(to, room, "%s", text != NULL ? text : "");
}

static void conclude(const struct subject *s, const struct gateway_asked *best, uint8_t hops,
		     bool declared, struct reach_result *p)
{
	static const struct {
		enum reach_outcome outcome;
		const char *note;
	} words[] = {
		[GATEWAY_SILENT] = { OUTCOME_NOT_FULLY_TESTED, "silence after one hop: some "
							       "forward and drop without a word" },
		[GATEWAY_UNREACHABLE] = { OUTCOME_NOT_FORWARDED, "it knows no way to the beacon" },
		[GATEWAY_REDIRECTED] = { OUTCOME_NOT_FORWARDED,
					 "it routes, by another router of this segment" },
		[GATEWAY_ANSWERED] = { OUTCOME_ANSWERED_BY_OTHER, NULL },
		[GATEWAY_PROHIBITED] = { OUTCOME_PROHIBITED,
					 "it routes, but a rule is against it" },
		[GATEWAY_EXCEEDED] = { OUTCOME_FORWARDED, NULL },
		[GATEWAY_REACHED] = { OUTCOME_REACHED, NULL },
	};
	char text[ADDR_TEXT];

	if (best == NULL) {
		const char *why = s->untested;

		p->outcome = OUTCOME_NOT_TESTED;
		put_text(p->note, sizeof(p->note), why != NULL ? why : "it could not be sent");
		return;
	}
	p->outcome = words[best->heard].outcome;
	put_text(p->note, sizeof(p->note), words[best->heard].note);
	if (best->heard == GATEWAY_SILENT && hops > 1) {
		p->outcome = OUTCOME_SILENT;
		p->note[0] = '\0';
	}
	put_text(p->transport, sizeof(p->transport), gateway_transport(best->kind));
	p->port = gateway_port(best->kind);
	/* The beacon itself is reached through anybody; forwarding is a declared router's task. */
	p->refutes =
		p->outcome == OUTCOME_REACHED || (p->outcome == OUTCOME_FORWARDED && !declared);
	if (best->heard != GATEWAY_SILENT && best->heard != GATEWAY_REACHED)
		put_text(p->answered_by, sizeof(p->answered_by),
			 addr_format(&best->heard_from, text));
	if (best->has_answer) {
		p->has_seen_as = true;
		p->seen_as = best->answer.seen;
		p->seen_port = best->answer.seen_port;
	}
}

/* A neighbour that only hands on to the declared router of the segment opens no other way. */
static void mend_first(const struct gateway_test *g, struct subject *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct addr *next = &g->asked[s->first + i].next;

		for (size_t n = 0; n < g->neighbours.count && !is_zero(next); n++) {
			const struct neighbour *m = &g->neighbours.list[n];

			for (size_t a = 0; a < m->address_count; a++) {
				if (!m->declared || m->ifindex != s->who->ifindex ||
				    memcmp(m->addresses[a].bytes, next->bytes, 16) != 0)
					continue;
				s->told.refutes = false;
				put_text(s->told.note, sizeof(s->told.note),
					 "it hands on to the declared router of this segment");
				reach_tell(g->r, &s->told);
				return;
			}
		}
	}
}

static void tell(struct gateway_test *g, struct subject *s, enum reach_method method, uint8_t hops)
{
	const struct gateway_asked *best = best_of(g, s);
	struct reach_result p = s->told;
	char text[ADDR_TEXT];

	if (p.method != method || !s->has_told) {
		p = reach_begin(g->r, method, NULL, &s->to, 0, "icmp");
		put_text(p.interface, sizeof(p.interface), s->link->interface.name);
		p.has_source = true;
		p.source = s->from;
		p.has_via_mac = true;
		memcpy(p.via_mac, s->who->mac, 6);
		put_text(p.via, sizeof(p.via), addr_format(&s->who->addresses[0], text));
	}
	for (size_t i = 0; i < s->count && best == NULL && s->untested == NULL; i++)
		s->untested = g->asked[s->first + i].unsent;
	/* Nobody waited for an answer, or nothing was asked: that is no silence. */
	if (reach_stopping(g->r) && s->untested == NULL &&
	    (best == NULL || best->heard == GATEWAY_SILENT)) {
		best = NULL;
		s->untested = "stopped";
	}
	conclude(s, best, hops, is_declared(g, s), &p);
	put_evidence(g, s, hops, best, &p);
	reach_tell(g->r, &p);
	if (method == METHOD_GATEWAY) {
		s->told = p;
		s->has_told = true;
	} else if (s->has_told && s->told.outcome == OUTCOME_FORWARDED) {
		mend_first(g, s);
	}
}

/* ---- turns ---- */

/* Who said that it knows no way has nothing more to tell; who may get one frame has had it. */
static bool goes_further(const struct subject *s)
{
	return s->who->care == NEIGHBOUR_FULL && s->untested == NULL &&
	       !(s->has_told && s->told.outcome == OUTCOME_NOT_FORWARDED);
}

static void wait_for_answers(struct gateway_test *g, int64_t ms)
{
	for (int64_t until = reach_mono_ms() + ms;
	     reach_mono_ms() < until && !reach_stopping(g->r);) {
		reach_sleep(g->r, TICK);
		hear(g);
	}
}

/* A frame may be lost, and routers say so few things a second that they may have said them to others: the
 * echo requests of those that were silent once more. Control equipment has had its one. */
static bool ask_again(struct gateway_test *g)
{
	bool any = false;

	for (size_t i = 0; i < g->subject_count && !reach_stopping(g->r); i++) {
		struct subject *s = &g->subjects[i];
		const struct gateway_asked *best = best_of(g, s);

		if (s->who->care != NEIGHBOUR_FULL || best == NULL || best->heard != GATEWAY_SILENT)
			continue;
		/* The first one has left, whatever becomes of the second. */
		struct gateway_asked again = g->asked[s->first];

		again.unsent = NULL;
		send_out(g, s, &again);
		if (again.unsent == NULL)
			g->asked[s->first].unsent = NULL;
		any = true;
		hear(g);
	}
	return any;
}

static void turn(struct gateway_test *g, enum reach_method method, uint8_t hops, int64_t wait_ms)
{
	g->asked_count = 0;
	for (size_t i = 0; i < g->subject_count; i++)
		g->subjects[i].first = g->subjects[i].count = 0;
	for (size_t i = 0; i < g->subject_count && !reach_stopping(g->r); i++) {
		struct subject *s = &g->subjects[i];
		bool one = s->who->care != NEIGHBOUR_FULL;

		s->first = g->asked_count;
		if (hops > 1 && !goes_further(s))
			continue;
		for (unsigned k = 0; k < GATEWAY_KINDS && s->untested == NULL; k++) {
			ask(g, s, (enum gateway_kind)k, hops);
			if (one)
				break;
		}
		hear(g);
	}
	if (g->asked_count > 0)
		wait_for_answers(g, wait_ms);
	if (hops == 1 && ask_again(g))
		wait_for_answers(g, wait_ms);
	for (size_t i = 0; i < g->subject_count; i++)
		if (hops == 1 || goes_further(&g->subjects[i]))
			tell(g, &g->subjects[i], method, hops);
}

static void find_beacon(struct gateway_test *g)
{
	struct reach_run *r = g->r;

	for (size_t i = 0; i < r->beacon->address_count; i++) {
		unsigned family = addr_is_ipv4(&r->beacon->addresses[i]) ? 0 : 1;
		const struct way *way = routes_find(r->routes, &r->beacon->addresses[i]);

		if (g->has_beacon[family])
			continue;
		g->has_beacon[family] = true;
		g->beacon[family] = r->beacon->addresses[i];
		if (way != NULL && way->error == 0 && !way->on_link && !way->local)
			g->own_hop[family] = way->next_hop;
	}
	g->none_declared = r->site->roles[ROLE_ROUTER].count == 0 && r->site->gateway_count == 0;
}

int gateway_run(struct reach_run *r)
{
	struct gateway_test g = { .r = r };
	int e;

	if (getrandom(g.key, sizeof(g.key), 0) != (ssize_t)sizeof(g.key))
		return -EIO;
	find_beacon(&g);
	e = find_neighbours(&g);
	g.subjects = calloc(2 * g.neighbours.count + 1, sizeof(*g.subjects));
	if (e == 0 && g.subjects == NULL)
		e = -ENOMEM;
	for (size_t i = 0; e == 0 && i < g.neighbours.count; i++)
		add_subjects(&g, &g.neighbours.list[i]);
	g.asked = calloc(GATEWAY_KINDS * g.subject_count + 1, sizeof(*g.asked));
	if (e == 0 && g.asked == NULL)
		e = -ENOMEM;
	if (e == 0) {
		listen_to_answers(r);
		if (r->options->methods[METHOD_GATEWAY])
			turn(&g, METHOD_GATEWAY, 1, WAIT_MS);
		if (r->options->full_gateway && r->options->methods[METHOD_GATEWAY_FULL])
			turn(&g, METHOD_GATEWAY_FULL, GATEWAY_HOPS, REACH_ANSWER_MS);
	}
	free(g.asked);
	free(g.subjects);
	neighbours_done(&g.neighbours);
	return e;
}
