/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnet puts the headers together, in a context without a device (LIBNET_NONE): it has no
 * descriptor, so making a frame needs no right and sends nothing. Such a context does not hand out
 * its packet; only the kind "advanced link" does, so the context takes that kind once it exists. The
 * checksums are ours in every frame, whole or filled in, so that the same sums serve both.
 *
 * Filling in is the inner loop of a sweep: it stores at known places instead of writing through
 * src/codec/writer.h. Every place lies within the form, which frame_form_*() made and measured.
 */
#include "wire/frames.h"

#include <assert.h>
#include <errno.h>
#include <libnet.h>

#include "codec/writer.h"

enum { ETHERNET = 14, IPV4 = 20, IPV6 = 40, UDP = 8, TCP_WITH_MSS = 24, ICMP_ECHO_HEADER = 8 };
enum { HOPS = 64, HOPS_ND = 255, HOPS_LINK = 1, WINDOW = 1024, DONT_FRAGMENT = 0x4000 };
enum { ECHO_REQUEST = 8, ECHO_REQUEST6 = 128, ROUTER_SOLICIT = 133, NEIGHBOUR_SOLICIT = 135 };
enum { OPTION_SOURCE = 1 };
/* Offsets in the headers. */
enum { V4_ID = 4, V4_HOPS = 8, V4_PROTOCOL = 9, V4_SUM = 10, V4_FROM = 12, V4_TO = 16 };
enum { V6_NEXT = 6, V6_HOPS = 7, V6_FROM = 8, V6_TO = 24 };
enum { PORT_TO = 2, TCP_SEQUENCE = 4, TCP_SUM = 16, UDP_SUM = 6, ICMP_SUM = 2, ICMP_NUMBER = 4 };

static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t echo_data[8] = { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' };
static const struct addr all_nodes = { .bytes = { 0xff, 0x02, [15] = 1 } };
static const struct addr all_routers = { .bytes = { 0xff, 0x02, [15] = 2 } };
static const struct addr mdns4 = { .bytes = { [10] = 0xff, 0xff, 224, 0, 0, 251 } };
static const struct addr mdns6 = { .bytes = { 0xff, 0x02, [15] = 0xfb } };
static const struct addr nobody4 = { .bytes = { [10] = 0xff, 0xff, 0, 0, 0, 0 } };
static const struct addr everybody4 = { .bytes = { [10] = 0xff, 0xff, 255, 255, 255, 255 } };

/* ---- the keyed value ---- */

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotated(uint64_t v, int bits)
{
	return v << bits | v >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotated(s->v1, 13) ^ s->v0;
	s->v3 = rotated(s->v3, 16) ^ s->v2;
	s->v0 = rotated(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotated(s->v1, 17) ^ s->v2;
	s->v3 = rotated(s->v3, 21) ^ s->v0;
	s->v2 = rotated(s->v2, 32);
}

static inline void sip_take(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

/* Eight bytes, the first of them lowest. */
static inline uint64_t sip_word(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

static inline uint64_t siphash(const uint8_t *key, const uint8_t *p, size_t n)
{
	uint64_t k0 = sip_word(key), k1 = sip_word(key + 8), last = (uint64_t)n << 56;
	struct sip s = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
			 k1 ^ 0x7465646279746573 };

	for (; n >= 8; n -= 8, p += 8)
		sip_take(&s, sip_word(p));
	for (size_t i = 0; i < n; i++)
		last |= (uint64_t)p[i] << 8 * i;
	sip_take(&s, last);
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t frame_siphash(const uint8_t key[static FRAME_KEY], const void *bytes, size_t n)
{
	return siphash(key, bytes, n);
}

/* ---- stores and sums ---- */

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

uint32_t frame_cookie(const uint8_t key[static FRAME_KEY], const struct addr *source,
		      const struct addr *destination, uint8_t protocol, uint16_t source_port,
		      uint16_t port)
{
	/* The family shows in the length, which SipHash takes in. */
	uint8_t asked[16 + 16 + 5];
	bool v4 = addr_is_ipv4(source) && addr_is_ipv4(destination);
	size_t n = v4 ? 4 : 16;
	uint8_t *p = asked + 2 * n;
	uint64_t hash;

	p[0] = protocol;
	put16(p + 1, source_port);
	put16(p + 3, port);
	if (v4) {
		memcpy(asked, source->bytes + 12, 4);
		memcpy(asked + 4, destination->bytes + 12, 4);
		hash = siphash(key, asked, 4 + 4 + 5);
	} else {
		memcpy(asked, source->bytes, 16);
		memcpy(asked + 16, destination->bytes, 16);
		hash = siphash(key, asked, 16 + 16 + 5);
	}
	if ((uint32_t)hash != 0)
		return (uint32_t)hash;
	return hash != 0 ? (uint32_t)(hash >> 32) : 1;
}

/* The sum of 16-bit words of RFC 1071, not yet folded; n bytes, the last padded with zero. */
static uint64_t sum_of(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;

	for (; n >= 2; n -= 2, p += 2)
		sum += (uint64_t)p[0] << 8 | p[1];
	return n > 0 ? sum + ((uint64_t)p[0] << 8) : sum;
}

/* As 2^16 is 1 in this arithmetic, the sum may have been made of words of any even width. Below 2^48,
 * as every sum here is, the first line leaves at most 2^32 + 2^16 - 2, the second 0x1fffe. */
static inline uint32_t folded(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

static inline uint32_t inverse(uint64_t sum)
{
	return ~folded(sum) & 0xffff;
}

/* RFC 768: a sum of zero is sent as all ones, as zero means none. */
static inline uint32_t inverse_udp(uint64_t sum)
{
	uint32_t v = inverse(sum);

	return v != 0 ? v : 0xffff;
}

/* Of an IP packet: pseudo header (not for ICMP of IPv4) and everything behind the IP header. */
static uint64_t transport_sum(const uint8_t *ip, size_t n, bool v4)
{
	size_t header = v4 ? IPV4 : IPV6;
	uint8_t protocol = ip[v4 ? V4_PROTOCOL : V6_NEXT];
	uint64_t sum = sum_of(ip + header, n - header);

	if (protocol == IPPROTO_ICMP)
		return sum;
	sum += v4 ? sum_of(ip + V4_FROM, 8) : sum_of(ip + V6_FROM, 32);
	return sum + protocol + (n - header);
}

/* ---- drafts: frames in the making ---- */

/* Layers are added from the top down; a failure sticks. */
struct draft {
	libnet_t *l;
	const struct way *way;
	bool v4;
	bool failed;
	size_t n; /* of the layers so far */
	uint16_t type;
};

static struct draft draft_new(const struct way *way)
{
	char error[LIBNET_ERRBUF_SIZE];
	struct draft d = { .l = libnet_init(LIBNET_NONE, NULL, error), .way = way };

	d.v4 = addr_is_ipv4(&way->source);
	if (d.l == NULL)
		d.failed = true;
	else
		d.l->injection_type = LIBNET_LINK_ADV;
	return d;
}

static void added(struct draft *d, libnet_ptag_t tag, size_t n)
{
	if (tag == -1)
		d->failed = true;
	else
		libnet_toggle_checksum(d->l, tag, LIBNET_OFF);
	d->n += n;
}

static struct libnet_in6_addr in6(const struct addr *a)
{
	struct libnet_in6_addr v;

	memcpy(&v, a->bytes, sizeof(v));
	return v;
}

static uint32_t in4(const struct addr *a)
{
	uint32_t v;

	memcpy(&v, a->bytes + 12, sizeof(v));
	return v;
}

static void add_data(struct draft *d, const void *bytes, size_t n)
{
	if (!d->failed && n > 0)
		added(d, libnet_build_data(bytes, (uint32_t)n, d->l, 0), n);
}

static void add_udp(struct draft *d, uint16_t from, uint16_t to)
{
	if (!d->failed)
		added(d, libnet_build_udp(from, to, (uint16_t)(UDP + d->n), 0, NULL, 0, d->l, 0),
		      UDP);
}

static void add_ip(struct draft *d, uint8_t protocol, uint8_t hops, const struct addr *from,
		   const struct addr *to)
{
	if (d->failed)
		return;
	if (d->v4)
		added(d,
		      libnet_build_ipv4((uint16_t)(IPV4 + d->n), 0, 0, DONT_FRAGMENT, hops,
					protocol, 0, in4(from), in4(to), NULL, 0, d->l, 0),
		      IPV4);
	else
		added(d,
		      libnet_build_ipv6(0, 0, (uint16_t)d->n, protocol, hops, in6(from), in6(to),
					NULL, 0, d->l, 0),
		      IPV6);
	d->type = d->v4 ? ETHERTYPE_IP : ETHERTYPE_IPV6;
}

/* The frame goes to out; its length, or 0. The draft is gone. */
static size_t draft_done(struct draft *d, const uint8_t to_mac[static 6], uint8_t *out)
{
	uint8_t *packet = NULL;
	uint32_t n = 0;

	if (!d->failed && d->way->ethernet)
		added(d, libnet_build_ethernet(to_mac, d->way->mac, d->type, NULL, 0, d->l, 0),
		      ETHERNET);
	if (!d->failed && libnet_adv_cull_packet(d->l, &packet, &n) == -1)
		packet = NULL;
	if (packet != NULL) {
		assert(n == d->n && n <= FRAME_MOST);
		memcpy(out, packet, n);
		libnet_adv_free_packet(d->l, packet);
	} else {
		n = 0;
	}
	libnet_destroy(d->l);
	*d = (struct draft){ 0 };
	return n;
}

/* Sets the checksums of a whole frame with an IP packet. */
static size_t with_sums(uint8_t *frame, size_t n, const struct way *way)
{
	size_t link = way->ethernet ? ETHERNET : 0;
	bool v4 = addr_is_ipv4(&way->source);
	uint8_t *ip = frame + link, *transport = ip + (v4 ? IPV4 : IPV6);

	if (n == 0)
		return 0;
	uint64_t sum = transport_sum(ip, n - link, v4);
	if (ip[v4 ? V4_PROTOCOL : V6_NEXT] == IPPROTO_UDP)
		put16(transport + UDP_SUM, inverse_udp(sum));
	else
		put16(transport + ICMP_SUM, inverse(sum));
	if (v4)
		put16(ip + V4_SUM, inverse(sum_of(ip, IPV4)));
	return n;
}

/* ---- forms ---- */

static int form_of(struct draft *d, const uint8_t next_mac[static 6], uint16_t source_port,
		   struct frame_form *ret)
{
	struct frame_form f = { .v4 = d->v4, .source_port = source_port, .source = d->way->source };

	f.link = d->way->ethernet ? ETHERNET : 0;
	f.length = draft_done(d, next_mac, f.bytes);
	if (f.length == 0)
		return -ENOMEM;
	/* Checksums, destination and what else is filled in are zero here and count nothing. */
	if (f.v4)
		f.ip_sum = folded(sum_of(f.bytes + f.link, IPV4));
	f.transport_sum = folded(transport_sum(f.bytes + f.link, f.length - f.link, f.v4));
	*ret = f;
	return 0;
}

static const struct addr *nowhere(const struct draft *d)
{
	static const struct addr nowhere6;

	return d->v4 ? &nobody4 : &nowhere6;
}

int frame_form_syn(struct frame_form *ret, const struct way *way, const uint8_t next_mac[static 6],
		   uint16_t source_port)
{
	struct draft d = draft_new(way);
	uint16_t mss = d.v4 ? 1460 : 1440;
	uint8_t option[4] = { 2, 4, (uint8_t)(mss >> 8), (uint8_t)mss };

	if (!d.failed)
		added(&d, libnet_build_tcp_options(option, sizeof(option), d.l, 0), sizeof(option));
	if (!d.failed)
		added(&d,
		      libnet_build_tcp(source_port, 0, 0, 0, TH_SYN, WINDOW, 0, 0, TCP_WITH_MSS,
				       NULL, 0, d.l, 0),
		      TCP_WITH_MSS - sizeof(option));
	add_ip(&d, IPPROTO_TCP, HOPS, &way->source, nowhere(&d));
	return form_of(&d, next_mac, source_port, ret);
}

/* bytes: at most what a frame holds. */
static void add_echo_of(struct draft *d, uint32_t number, uint8_t hops, const struct addr *to,
			const uint8_t *bytes, size_t n)
{
	/* The builders of ICMPv6 take what they copy as changeable. */
	uint8_t data[FRAME_MOST] = { 0 };
	uint16_t id = (uint16_t)(number >> 16), sequence = (uint16_t)number;
	uint32_t length = (uint32_t)n;

	assert(n > 0 && n <= sizeof(data));
	memcpy(data, bytes, n);
	if (!d->failed)
		added(d,
		      d->v4 ? libnet_build_icmpv4_echo(ECHO_REQUEST, 0, 0, id, sequence, data,
						       length, d->l, 0)
			    : libnet_build_icmpv6_echo(ECHO_REQUEST6, 0, 0, id, sequence, data,
						       length, d->l, 0),
		      ICMP_ECHO_HEADER + n);
	add_ip(d, d->v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, hops, &d->way->source, to);
}

static void add_echo(struct draft *d, uint32_t number, uint8_t hops, const struct addr *to)
{
	add_echo_of(d, number, hops, to, echo_data, sizeof(echo_data));
}

int frame_form_echo(struct frame_form *ret, const struct way *way, const uint8_t next_mac[static 6])
{
	return frame_form_echo_of(ret, way, next_mac, echo_data, sizeof(echo_data));
}

int frame_form_echo_of(struct frame_form *ret, const struct way *way,
		       const uint8_t next_mac[static 6], const uint8_t *data, size_t n)
{
	size_t header = (addr_is_ipv4(&way->source) ? IPV4 : IPV6) + (size_t)ICMP_ECHO_HEADER;

	if (n == 0)
		return -EINVAL;
	if (n > FRAME_MOST - ETHERNET - header || (way->mtu != 0 && header + n > way->mtu))
		return -EMSGSIZE;
	struct draft d = draft_new(way);
	add_echo_of(&d, 0, HOPS, nowhere(&d), data, n);
	return form_of(&d, next_mac, 0, ret);
}

int frame_form_udp(struct frame_form *ret, const struct way *way, const uint8_t next_mac[static 6],
		   uint16_t source_port, uint16_t port, const uint8_t *payload, size_t n,
		   size_t cookie_at, size_t cookie_bytes)
{
	uint8_t data[FRAME_MOST] = { 0 };
	size_t header = (addr_is_ipv4(&way->source) ? IPV4 : IPV6) + (size_t)UDP;
	bool keyed = cookie_at < n;

	if (keyed && ((cookie_bytes != 2 && cookie_bytes != 4) || cookie_bytes > n - cookie_at))
		return -EINVAL;
	if (n > FRAME_MOST - ETHERNET - header || (way->mtu != 0 && header + n > way->mtu))
		return -EMSGSIZE;
	if (n > 0)
		memcpy(data, payload, n);
	if (keyed)
		memset(data + cookie_at, 0, cookie_bytes);

	struct draft d = draft_new(way);
	add_data(&d, data, n);
	add_udp(&d, source_port, port);
	add_ip(&d, IPPROTO_UDP, HOPS, &way->source, nowhere(&d));
	int r = form_of(&d, next_mac, source_port, ret);
	if (r == 0 && keyed) {
		ret->cookie_at = ret->link + header + cookie_at;
		ret->cookie_bytes = cookie_bytes;
	}
	return r;
}

/* The hop limit counts in the checksum of IPv4 alone. */
void frame_form_hops(struct frame_form *f, uint8_t hops)
{
	f->bytes[f->link + (f->v4 ? V4_HOPS : V6_HOPS)] = hops;
	if (f->v4)
		f->ip_sum = folded(sum_of(f->bytes + f->link, IPV4));
}

/* ---- filling in ---- */

/* Copies the form and sets the destination. Returns the sum of its words; *ret_transport is where the
 * transport begins. */
static inline uint64_t fill_ip(const struct frame_form *f, uint8_t *out,
			       const struct addr *destination, uint16_t ip_id,
			       uint8_t **ret_transport)
{
	uint8_t *ip = out + f->link;

	assert(addr_is_ipv4(destination) == f->v4);
	memcpy(out, f->bytes, f->length);
	if (f->v4) {
		uint32_t to = get32(destination->bytes + 12);

		put32(ip + V4_TO, to);
		put16(ip + V4_ID, ip_id);
		put16(ip + V4_SUM, inverse((uint64_t)f->ip_sum + to + ip_id));
		*ret_transport = ip + IPV4;
		return to;
	}
	memcpy(ip + V6_TO, destination->bytes, 16);
	*ret_transport = ip + IPV6;
	return (uint64_t)get32(destination->bytes) + get32(destination->bytes + 4) +
	       get32(destination->bytes + 8) + get32(destination->bytes + 12);
}

void frame_fill_syn(const struct frame_form *f, uint8_t *out, const struct addr *destination,
		    uint16_t port, uint32_t cookie, uint16_t ip_id)
{
	uint8_t *tcp;
	uint64_t sum = fill_ip(f, out, destination, ip_id, &tcp);

	put16(tcp + PORT_TO, port);
	put32(tcp + TCP_SEQUENCE, cookie);
	put16(tcp + TCP_SUM, inverse(sum + f->transport_sum + port + cookie));
}

void frame_fill_echo(const struct frame_form *f, uint8_t *out, const struct addr *destination,
		     uint32_t cookie, uint16_t ip_id)
{
	uint8_t *icmp;
	uint64_t sum = fill_ip(f, out, destination, ip_id, &icmp);

	if (f->v4)
		sum = 0; /* no pseudo header */
	put32(icmp + ICMP_NUMBER, cookie);
	put16(icmp + ICMP_SUM, inverse(sum + f->transport_sum + cookie));
}

static inline void fill_udp(const struct frame_form *f, uint8_t *out,
			    const struct addr *destination, uint16_t source_port, uint32_t cookie,
			    uint16_t ip_id)
{
	uint8_t *udp;
	uint64_t sum = fill_ip(f, out, destination, ip_id, &udp);

	if (source_port != 0) {
		put16(udp, source_port);
		sum += source_port;
	}
	if (f->cookie_bytes != 0) {
		uint8_t *p = out + f->cookie_at;
		uint64_t value = f->cookie_bytes == 2 ? cookie & 0xffff : cookie;

		if (f->cookie_bytes == 2)
			put16(p, cookie);
		else
			put32(p, cookie);
		/* At an odd place each of its bytes stands in the other half of a word. */
		sum += (p - udp) % 2 == 0 ? value : value << 8;
	}
	put16(udp + UDP_SUM, inverse_udp(sum + f->transport_sum));
}

void frame_fill_udp(const struct frame_form *f, uint8_t *out, const struct addr *destination,
		    uint32_t cookie, uint16_t ip_id)
{
	fill_udp(f, out, destination, 0, cookie, ip_id);
}

void frame_fill_udp_from(const struct frame_form *f, uint8_t *out, const struct addr *destination,
			 uint16_t source_port, uint32_t cookie, uint16_t ip_id)
{
	assert(f->source_port == 0);
	fill_udp(f, out, destination, source_port, cookie, ip_id);
}

/* ---- whole frames ---- */

/* RFC 1112, 6.4; RFC 2464, 7. */
static void group_mac(const struct addr *group, uint8_t ret[static 6])
{
	const uint8_t *a = group->bytes;
	uint8_t mac4[6] = { 0x01, 0x00, 0x5e, a[13] & 0x7f, a[14], a[15] };
	uint8_t mac6[6] = { 0x33, 0x33, a[12], a[13], a[14], a[15] };

	memcpy(ret, addr_is_ipv4(group) ? mac4 : mac6, 6);
}

size_t frame_arp_request(uint8_t out[static FRAME_MOST], const struct way *way,
			 const struct addr *target, const uint8_t *to_mac)
{
	static const uint8_t unknown[6];

	if (!way->ethernet || !addr_is_ipv4(&way->source) || !addr_is_ipv4(target))
		return 0;
	struct draft d = draft_new(way);
	if (!d.failed)
		added(&d,
		      libnet_build_arp(ARPHRD_ETHER, ETHERTYPE_IP, 6, 4, ARPOP_REQUEST, way->mac,
				       way->source.bytes + 12, to_mac != NULL ? to_mac : unknown,
				       target->bytes + 12, NULL, 0, d.l, 0),
		      LIBNET_ARP_ETH_IP_H);
	d.type = ETHERTYPE_ARP;
	return draft_done(&d, to_mac != NULL ? to_mac : everybody, out);
}

/* The option with our MAC, which must not go with an unspecified source (RFC 4861, 4.1, 4.3). */
static bool names_us(const struct way *way)
{
	static const struct addr unspecified;

	return way->ethernet &&
	       memcmp(way->source.bytes, unspecified.bytes, sizeof(unspecified.bytes)) != 0;
}

size_t frame_neighbour_solicit(uint8_t out[static FRAME_MOST], const struct way *way,
			       const struct addr *target, const uint8_t *to_mac)
{
	if (addr_is_ipv4(&way->source) || addr_is_ipv4(target))
		return 0;
	struct addr group = { .bytes = { 0xff, 0x02, [11] = 1, 0xff } };
	uint8_t mac[6], own[6];
	struct draft d = draft_new(way);

	memcpy(group.bytes + 13, target->bytes + 13, 3);
	group_mac(&group, mac);
	memcpy(own, way->mac, 6);
	if (!d.failed && names_us(way))
		added(&d, libnet_build_icmpv6_ndp_opt(OPTION_SOURCE, own, 6, d.l, 0), 8);
	if (!d.failed)
		added(&d,
		      libnet_build_icmpv6_ndp_nsol(NEIGHBOUR_SOLICIT, 0, 0, in6(target), NULL, 0,
						   d.l, 0),
		      24);
	add_ip(&d, IPPROTO_ICMPV6, HOPS_ND, &way->source, to_mac != NULL ? target : &group);
	return with_sums(out, draft_done(&d, to_mac != NULL ? to_mac : mac, out), way);
}

size_t frame_all_nodes_echo(uint8_t out[static FRAME_MOST], const struct way *way, uint32_t cookie)
{
	uint8_t mac[6];

	if (addr_is_ipv4(&way->source))
		return 0;
	struct draft d = draft_new(way);
	group_mac(&all_nodes, mac);
	add_echo(&d, cookie, HOPS_LINK, &all_nodes);
	return with_sums(out, draft_done(&d, mac, out), way);
}

size_t frame_router_solicit(uint8_t out[static FRAME_MOST], const struct way *way)
{
	uint8_t mac[6], message[16];
	struct writer w = wr_new(message, sizeof(message));

	if (addr_is_ipv4(&way->source))
		return 0;
	/* libnet has no builder for these. */
	wr_u8(&w, ROUTER_SOLICIT);
	wr_u8(&w, 0);
	wr_be16(&w, 0); /* checksum */
	wr_be32(&w, 0);
	if (names_us(way)) {
		wr_u8(&w, OPTION_SOURCE);
		wr_u8(&w, 1); /* times 8 bytes */
		wr_bytes(&w, way->mac, 6);
	}
	struct draft d = draft_new(way);
	group_mac(&all_routers, mac);
	add_data(&d, message, wr_span(&w).length);
	add_ip(&d, IPPROTO_ICMPV6, HOPS_ND, &way->source, &all_routers);
	return with_sums(out, draft_done(&d, mac, out), way);
}

size_t frame_dhcp_discover(uint8_t out[static FRAME_MOST], const struct way *way, uint32_t xid)
{
	enum {
		BROADCAST = 0x8000,
		OPTIONS = 60
	}; /* 300 bytes in all: BOOTP's least, RFC 1542, 2.1 */
	/* RFC 2132: message type (53) DISCOVER; what we would like to hear of: mask, router, DNS,
	 * domain, server; client identifier. Neither an address (50) nor a host name is named. */
	uint8_t options[OPTIONS];
	struct writer w = wr_new(options, sizeof(options));

	if (!way->ethernet || !addr_is_ipv4(&way->source))
		return 0;
	wr_bytes(&w, (uint8_t[]){ 53, 1, 1 }, 3);
	wr_bytes(&w, (uint8_t[]){ 55, 5, 1, 3, 6, 15, 54 }, 7);
	wr_bytes(&w, (uint8_t[]){ 61, 7, ARPHRD_ETHER }, 3);
	wr_bytes(&w, way->mac, 6);
	wr_u8(&w, 255);
	wr_fill(&w, 0, sizeof(options) - w.length);
	struct draft d = draft_new(way);
	if (!d.failed)
		added(&d,
		      libnet_build_dhcpv4(1, ARPHRD_ETHER, 6, 0, xid, 0, BROADCAST, 0, 0, 0, 0,
					  way->mac, NULL, NULL, options, sizeof(options), d.l, 0),
		      LIBNET_DHCPV4_H + sizeof(options));
	add_udp(&d, 68, 67);
	add_ip(&d, IPPROTO_UDP, HOPS, &nobody4, &everybody4);
	return with_sums(out, draft_done(&d, everybody, out), way);
}

size_t frame_mdns_services(uint8_t out[static FRAME_MOST], const struct way *way, uint16_t id)
{
	static const char *const labels[] = { "_services", "_dns-sd", "_udp", "local" };
	uint8_t mac[6], question[64];
	struct writer w = wr_new(question, sizeof(question));

	wr_be16(&w, id);
	wr_be16(&w, 0); /* flags: a standard query */
	wr_be16(&w, 1); /* questions */
	wr_fill(&w, 0, 6);
	for (size_t i = 0; i < countof(labels); i++) {
		size_t place = wr_open8(&w);

		wr_text(&w, labels[i]);
		wr_close8(&w, place);
	}
	wr_u8(&w, 0);
	wr_be16(&w, 12); /* PTR */
	wr_be16(&w, 1);  /* IN */
	struct draft d = draft_new(way);
	const struct addr *group = d.v4 ? &mdns4 : &mdns6;
	group_mac(group, mac);
	add_data(&d, question, wr_span(&w).length);
	add_udp(&d, FRAME_MDNS_PORT, 5353);
	add_ip(&d, IPPROTO_UDP, HOPS_ND, &way->source, group);
	return with_sums(out, draft_done(&d, mac, out), way);
}
