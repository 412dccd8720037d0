/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: who talks with whom, who began, how much, and when it is over. */
#include <errno.h>

#include "listen/listener_parts.h"

enum { TCP = 6, UDP = 17, SYN = 2, FIN = 1, RST = 4, ACK = 16 };

static const int64_t second_ns = INT64_C(1000000000);

/* Nothing was heard of it for so long: it is over. */
static int64_t patience_ns(const struct flow *f)
{
	if (f->key.protocol == TCP) {
		if ((f->flags & FLOW_ENDED) != 0)
			return 30 * second_ns;
		/* Masters in plants ask every few minutes at times. */
		return (f->heard == 3 ? 900 : 120) * second_ns;
	}
	return 120 * second_ns;
}

int flows_init(struct listener *l, uint32_t most)
{
	return table_init(&l->flows, sizeof(struct flow), sizeof(struct flow_key), most,
			  l->setup.seed);
}

/* Puts both ends in order; the end that sent this packet. */
static unsigned key_of(const struct packet *p, struct flow_key *ret)
{
	int order = memcmp(p->src.bytes, p->dst.bytes, 16);
	unsigned end = order < 0 || (order == 0 && p->src_port <= p->dst_port) ? 0 : 1;

	memcpy(ret->address[end], p->src.bytes, 16);
	memcpy(ret->address[1 - end], p->dst.bytes, 16);
	ret->port[end] = p->src_port;
	ret->port[1 - end] = p->dst_port;
	ret->vlan = p->vlan;
	ret->protocol = p->protocol;
	ret->zero = 0;
	return end;
}

/* How much a port looks like that of a service. */
static unsigned service_rank(const struct listener *l, uint16_t port, bool udp)
{
	if ((udp ? l->want.udp_set : l->want.tcp_set)[port] != 0)
		return 3;
	if (port != 0 && port < 1024)
		return 2;
	return port < 32768 ? 1 : 0; /* above are those that Linux gives to clients */
}

static bool to_all(const struct packet *p)
{
	if (!addr_is_ipv4(&p->dst))
		return p->dst.bytes[0] == 0xff;
	return p->dst.bytes[12] >= 224 || p->dst.bytes[15] == 255;
}

/* Who began, as far as the first packet tells. */
static void judge_opening(const struct listener *l, struct flow *f, const struct packet *p,
			  unsigned end)
{
	bool udp = p->protocol == UDP;

	f->client = (uint8_t)end;
	f->flags |= FLOW_OPENED;
	if (to_all(p)) {
		f->flags |= FLOW_TO_ALL;
		return;
	}
	if (p->protocol == TCP && (p->tcp_flags & SYN) != 0) {
		if ((p->tcp_flags & ACK) != 0)
			f->client = (uint8_t)(1 - end);
		return;
	}
	if (p->protocol != TCP && !udp)
		return;
	unsigned sender = service_rank(l, p->src_port, udp);
	unsigned receiver = service_rank(l, p->dst_port, udp);
	if (p->protocol == TCP)
		f->flags &= (uint16_t)~FLOW_OPENED;
	if (sender > receiver ||
	    (sender == receiver && p->protocol == TCP && p->src_port < p->dst_port)) {
		f->client = (uint8_t)(1 - end);
		f->flags &= (uint16_t)~FLOW_OPENED;
	}
}

/* ---- the end ---- */

static void add_host(struct listener *l, struct flow *f, unsigned end)
{
	struct host *h = table_at(&l->hosts, f->host[end]);

	if (h == NULL)
		return;
	h->changed = true;
	h->sent += f->packets[end];
	h->received += f->packets[1 - end];
	if (h->last_ms < f->last_ns / 1000000)
		h->last_ms = f->last_ns / 1000000;
}

void flows_count(struct listener *l, struct flow *f)
{
	if ((f->flags & FLOW_COUNTED) != 0 && f->packets[0] + f->packets[1] == 0)
		return;
	struct conversation *c = talks_of(l, f);

	add_host(l, f, 0);
	add_host(l, f, 1);
	if (c != NULL) {
		unsigned client = f->client;

		c->changed = true;
		if ((f->flags & FLOW_COUNTED) == 0)
			c->connections++;
		c->bytes[0] += f->bytes[client];
		c->bytes[1] += f->bytes[1 - client];
		c->packets[0] += f->packets[client];
		c->packets[1] += f->packets[1 - client];
		if (c->last_ms < f->last_ns / 1000000)
			c->last_ms = f->last_ns / 1000000;
		if (f->application != NULL && (f->by_decoder || !c->by_decoder)) {
			c->application = f->application;
			c->by_decoder = f->by_decoder;
		}
		f->flags |= FLOW_COUNTED;
	}
	f->bytes[0] = f->bytes[1] = 0;
	f->packets[0] = f->packets[1] = 0;
}

static void end(struct listener *l, struct flow *f)
{
	streams_end(l, f);
	classify_forget(l, f);
	flows_count(l, f);
	struct conversation *c = table_at(&l->conversations, f->conversation);
	bool alone = (f->heard & 1U << (1 - f->client)) == 0 && (f->flags & FLOW_TO_ALL) == 0;
	if (c != NULL) {
		c->refused += (f->flags & FLOW_REFUSED) != 0;
		c->unanswered += alone && (f->key.protocol == UDP || (f->flags & FLOW_ACK) == 0);
		c->flows--;
	}
	if (f->key.protocol == TCP && f->heard != 3 && (f->flags & FLOW_ACK) != 0)
		l->counts.one_sided++;
	table_remove(&l->flows, f);
}

void flows_end_all(struct listener *l)
{
	for (uint32_t n = 1; n <= l->flows.highest; n++) {
		struct flow *f = table_at(&l->flows, n);

		if (f != NULL)
			end(l, f);
	}
}

/* Each connection is looked at about once in half a minute. */
void flows_look(struct listener *l)
{
	int64_t passed = l->now_ns - l->looked_ns;

	if (passed < second_ns / 4)
		return;
	uint64_t n = l->flows.highest;
	if (passed < 30 * second_ns)
		n = n * (uint64_t)(passed / 1000000) / 30000 + 1;
	l->looked_ns = l->now_ns;
	for (; n > 0 && l->flows.highest > 0; n--) {
		l->hand = l->hand >= l->flows.highest ? 1 : l->hand + 1;
		struct flow *f = table_at(&l->flows, l->hand);

		if (f != NULL && l->now_ns - f->last_ns > patience_ns(f))
			end(l, f);
	}
}

/* No room: of some the one that was silent longest has to go. It is told; what comes of it later counts as
 * another connection. */
static void make_room(struct listener *l)
{
	enum { LOOK = 32 };
	struct flow *oldest = NULL;

	for (unsigned i = 0; i < LOOK; i++) {
		l->hand = l->hand >= l->flows.highest ? 1 : l->hand + 1;
		struct flow *f = table_at(&l->flows, l->hand);

		if (f != NULL && (oldest == NULL || f->last_ns < oldest->last_ns))
			oldest = f;
	}
	if (oldest == NULL)
		return;
	l->counts.flows_forgotten++;
	end(l, oldest);
}

/* ---- a packet ---- */

static void note_tcp(struct flow *f, const struct packet *p, unsigned end)
{
	uint8_t flags = p->tcp_flags;

	if ((flags & SYN) != 0 && (flags & ACK) == 0)
		f->flags |= FLOW_SYN;
	if ((flags & ACK) != 0 && (flags & RST) == 0)
		f->flags |= FLOW_ACK;
	if ((flags & FIN) != 0) {
		f->fins = (uint8_t)(f->fins | 1U << end);
		if (f->fins == 3)
			f->flags |= FLOW_ENDED;
	}
	if ((flags & RST) != 0) {
		f->flags |= FLOW_ENDED;
		if (end != f->client && (f->flags & FLOW_SYN) != 0 && (f->heard & 1U << end) == 0)
			f->flags |= FLOW_REFUSED;
	}
}

static struct flow *begin(struct listener *l, const struct flow_key *key, uint64_t hash,
			  const struct packet *p, unsigned sender)
{
	struct flow *f = table_add(&l->flows, key, hash);

	if (f == NULL) {
		make_room(l);
		f = table_add(&l->flows, key, hash);
	}
	if (f == NULL)
		return NULL;
	judge_opening(l, f, p, sender);
	f->first_ns = p->time_ns;
	f->last_ns = p->time_ns;
	for (unsigned i = 0; i < 2; i++)
		f->host[i] = hosts_number(l, key->address[i], p->vlan, p->time_ns);
	return f;
}

/* The ports are used again: after an end, or by a machine that lost its power and knows of no connection. A
 * SYN that is only repeated has the same number, and comes soon. */
static bool begins_anew(const struct flow *f, const struct packet *p, unsigned sender)
{
	static const int64_t repeated_ns = INT64_C(3000000000);

	if (p->protocol != TCP || (p->tcp_flags & (SYN | ACK)) != SYN)
		return false;
	return (f->flags & FLOW_ENDED) != 0 ||
	       (f->heard == 3 && (f->flags & FLOW_ACK) != 0 &&
		p->time_ns - f->last_ns > repeated_ns &&
		((f->known & 1U << sender) == 0 || f->next[sender] != p->sequence + 1));
}

struct flow *flows_take(struct listener *l, const struct packet *p, unsigned *ret_end)
{
	struct flow_key key;
	unsigned sender = key_of(p, &key);
	uint64_t hash = table_hash(&l->flows, &key);
	struct flow *f = table_find(&l->flows, &key, hash);

	if (f != NULL && begins_anew(f, p, sender)) {
		end(l, f);
		f = NULL;
	}
	if (f == NULL)
		f = begin(l, &key, hash, p, sender);
	if (f == NULL)
		return NULL;
	if (p->protocol == TCP)
		note_tcp(f, p, sender);
	f->heard = (uint8_t)(f->heard | 1U << sender);
	f->bytes[sender] += p->ip_length;
	f->packets[sender]++;
	if (f->last_ns < p->time_ns)
		f->last_ns = p->time_ns;
	if (p->has_mac && memcmp(f->mac[sender], p->src_mac, 6) != 0) {
		memcpy(f->mac[sender], p->src_mac, 6);
		hosts_sent_by(l, f->host[sender], p);
	}
	*ret_end = sender;
	return f;
}
