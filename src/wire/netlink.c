/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink is in the byte order of the machine and aligned to four bytes; nothing of it is laid over
 * the buffer, so that a message that is not whole cannot be read past its end.
 */
#include "wire/netlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	ANSWER = 64 * 1024, /* more than the kernel puts into one datagram of a dump */
	DUMP_TRIES = 5,
	PATIENCE_S = 5, /* the kernel answers within the call; this is for a kernel that does not */
};

/* ---- reading ---- */

static bool head(struct span *body, void *ret, size_t n)
{
	if (body->length < n)
		return false;
	memcpy(ret, body->at, n);
	*body = span_from(*body, NLMSG_ALIGN(n));
	return true;
}

/* The next attribute; false at the end, and where the rest is none. */
static bool attribute(struct span *rest, uint16_t *ret_type, struct span *ret_value)
{
	struct rtattr a;

	if (rest->length < sizeof(a))
		return false;
	memcpy(&a, rest->at, sizeof(a));
	if (a.rta_len < sizeof(a) || a.rta_len > rest->length)
		return false;
	*ret_type = (uint16_t)(a.rta_type & (uint16_t)NLA_TYPE_MASK);
	*ret_value = span_from(span_first(*rest, a.rta_len), sizeof(a));
	*rest = span_from(*rest, RTA_ALIGN(a.rta_len));
	return true;
}

static bool number(struct span value, uint32_t *ret)
{
	if (value.length != sizeof(*ret))
		return false;
	memcpy(ret, value.at, sizeof(*ret));
	return true;
}

static bool address(uint8_t family, struct span value, struct addr *ret)
{
	struct addr a = { .bytes = { [10] = 0xff, [11] = 0xff } };

	if (family == AF_INET && value.length == 4)
		memcpy(a.bytes + 12, value.at, 4);
	else if (family == AF_INET6 && value.length == 16)
		memcpy(a.bytes, value.at, 16);
	else
		return false;
	*ret = a;
	return true;
}

static bool is_link_local(const struct addr *a)
{
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static void scoped(struct addr *a, unsigned ifindex)
{
	if (is_link_local(a))
		a->scope = ifindex;
}

/* The network of this many bits around an address. */
static bool network(uint8_t family, const struct addr *a, unsigned bits, struct range *ret)
{
	bits += family == AF_INET ? 96 : 0;
	if (bits > 128)
		return false;
	ret->first = ret->last = *a;
	for (unsigned i = bits; i < 128; i++) {
		ret->first.bytes[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
		ret->last.bytes[i / 8] |= (uint8_t)(0x80U >> i % 8);
	}
	return true;
}

/* What a route or rule without a destination holds. */
static bool everything(uint8_t family, struct addr *ret)
{
	static const uint8_t zero[16];

	return address(family, span_of(zero, family == AF_INET ? 4 : 16), ret);
}

bool said_link(struct span body, struct link_said *ret)
{
	struct link_said l = { 0 };
	struct ifinfomsg m;
	struct span value;
	uint16_t type;

	if (!head(&body, &m, sizeof(m)) || m.ifi_index <= 0)
		return false;
	l.index = (unsigned)m.ifi_index;
	l.type = m.ifi_type;
	l.up = (m.ifi_flags & IFF_UP) != 0;
	l.loopback = (m.ifi_flags & IFF_LOOPBACK) != 0;
	while (attribute(&body, &type, &value)) {
		if (type == IFLA_IFNAME && value.length > 0 && value.length <= sizeof(l.name) &&
		    value.at[value.length - 1] == '\0') {
			memcpy(l.name, value.at, value.length);
		} else if (type == IFLA_MTU && value.length == sizeof(l.mtu)) {
			memcpy(&l.mtu, value.at, sizeof(l.mtu));
		} else if (type == IFLA_ADDRESS && value.length == sizeof(l.mac)) {
			memcpy(l.mac, value.at, sizeof(l.mac));
			l.has_mac = true;
		}
	}
	*ret = l;
	return l.name[0] != '\0';
}

bool said_address(struct span body, struct address_said *ret)
{
	struct address_said a = { 0 };
	struct addr local, peer;
	bool has_local = false, has_peer = false;
	struct ifaddrmsg m;
	struct span value;
	uint32_t flags;
	uint16_t type;

	if (!head(&body, &m, sizeof(m)))
		return false;
	flags = m.ifa_flags;
	while (attribute(&body, &type, &value)) {
		if (type == IFA_LOCAL)
			has_local = address(m.ifa_family, value, &local);
		else if (type == IFA_ADDRESS)
			has_peer = address(m.ifa_family, value, &peer);
		else if (type == IFA_FLAGS)
			number(value, &flags);
	}
	if (!has_local && !has_peer)
		return false;
	/* Of a point-to-point link the network is the other end's. */
	a.ifindex = m.ifa_index;
	a.own = has_local ? local : peer;
	a.on_link = (flags & IFA_F_NOPREFIXROUTE) == 0;
	a.ready = (flags & IFA_F_DADFAILED) == 0 &&
		  ((flags & IFA_F_TENTATIVE) == 0 || (flags & IFA_F_OPTIMISTIC) != 0);
	if (!network(m.ifa_family, has_peer ? &peer : &local, m.ifa_prefixlen, &a.network))
		return false;
	scoped(&a.own, a.ifindex);
	scoped(&a.network.first, a.ifindex);
	a.network.last.scope = a.network.first.scope;
	*ret = a;
	return true;
}

/* The first next hop of a multipath route (rtnetlink(7), RTA_MULTIPATH). */
static struct span first_hop(struct span hops, unsigned *ret_ifindex)
{
	struct rtnexthop h;

	if (hops.length < sizeof(h))
		return span_first(hops, 0);
	memcpy(&h, hops.at, sizeof(h));
	if (h.rtnh_len < sizeof(h) || h.rtnh_len > hops.length || h.rtnh_ifindex <= 0)
		return span_first(hops, 0);
	*ret_ifindex = (unsigned)h.rtnh_ifindex;
	return span_from(span_first(hops, h.rtnh_len), sizeof(h));
}

static void next_hop(struct route_said *r, uint16_t type, struct span value)
{
	if (type == RTA_GATEWAY) {
		r->has_gateway = address(r->family, value, &r->gateway);
	} else if (type == RTA_VIA && value.length > sizeof(uint16_t)) {
		/* struct rtvia: a family, then the address: a gateway of the other family. */
		uint16_t family;

		memcpy(&family, value.at, sizeof(family));
		r->has_gateway =
			family <= UINT8_MAX &&
			address((uint8_t)family, span_from(value, sizeof(family)), &r->gateway);
	}
}

bool said_route(struct span body, struct route_said *ret)
{
	struct route_said r = { 0 };
	struct rtmsg m;
	struct addr to;
	struct span value, hops = { 0 }, metrics = { 0 };
	uint16_t type;

	if (!head(&body, &m, sizeof(m)) || !everything(m.rtm_family, &to))
		return false;
	r.family = m.rtm_family;
	r.type = m.rtm_type;
	while (attribute(&body, &type, &value)) {
		if (type == RTA_DST && !address(r.family, value, &to))
			return false;
		if (type == RTA_OIF)
			number(value, &r.ifindex);
		else if (type == RTA_PREFSRC)
			r.has_source = address(r.family, value, &r.source);
		else if (type == RTA_MULTIPATH)
			hops = value;
		else if (type == RTA_METRICS)
			metrics = value;
		else
			next_hop(&r, type, value);
	}
	if (hops.length > 0) {
		hops = first_hop(hops, &r.ifindex);
		while (attribute(&hops, &type, &value))
			next_hop(&r, type, value);
	}
	while (metrics.length > 0 && attribute(&metrics, &type, &value))
		if (type == RTAX_MTU)
			number(value, &r.mtu);
	if (!network(r.family, &to, m.rtm_dst_len, &r.to))
		return false;
	scoped(&r.gateway, r.ifindex);
	scoped(&r.source, r.ifindex);
	*ret = r;
	return true;
}

bool said_rule(struct span body, struct rule_said *ret)
{
	struct rule_said r = { 0 };
	struct fib_rule_hdr m;
	struct span value;
	struct addr to;
	uint16_t type;

	if (!head(&body, &m, sizeof(m)))
		return false;
	while (attribute(&body, &type, &value))
		if (type == FRA_DST && address(m.family, value, &to))
			r.has_to = network(m.family, &to, m.dst_len, &r.to);
	*ret = r;
	return true;
}

bool said_neighbour(struct span body, struct neighbour_said *ret)
{
	struct neighbour_said n = { 0 };
	struct ndmsg m;
	struct span value;
	bool has_address = false;
	uint16_t type;

	if (!head(&body, &m, sizeof(m)) || m.ndm_ifindex <= 0)
		return false;
	n.ifindex = (unsigned)m.ndm_ifindex;
	n.state = m.ndm_state;
	while (attribute(&body, &type, &value)) {
		if (type == NDA_DST) {
			has_address = address(m.ndm_family, value, &n.address);
		} else if (type == NDA_LLADDR && value.length == sizeof(n.mac)) {
			memcpy(n.mac, value.at, sizeof(n.mac));
			n.has_mac = true;
		}
	}
	scoped(&n.address, n.ifindex);
	*ret = n;
	return has_address;
}

/* ---- asking ---- */

int netlink_open(struct netlink *ret)
{
	struct netlink n = { .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) };
	struct timeval patience = { .tv_sec = PATIENCE_S };

	if (n.fd < 0)
		return -errno;
	n.answer = malloc(ANSWER);
	if (n.answer == NULL) {
		close(n.fd);
		return -ENOMEM;
	}
	setsockopt(n.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	*ret = n;
	return 0;
}

void netlink_close(struct netlink *n)
{
	if (n->answer == NULL)
		return;
	close(n->fd);
	free(n->answer);
	*n = (struct netlink){ .fd = -1 };
}

int netlink_watch_addresses(void)
{
	struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&groups, sizeof(groups)) != 0) {
		int e = -errno;

		close(fd);
		return e;
	}
	return fd >= 0 ? fd : -errno;
}

bool netlink_watch_changed(int fd)
{
	enum { MOST = 64 };
	uint8_t bytes[256]; /* that something came is enough */
	bool changed = false;

	for (int i = 0; i < MOST; i++) {
		if (recv(fd, bytes, sizeof(bytes), 0) < 0 && errno != ENOBUFS && errno != EINTR)
			break;
		changed = true;
	}
	return changed;
}

/* A request: a message header, a fixed part and attributes. */
struct request {
	uint8_t bytes[128];
	size_t length;
};

static void put(struct request *q, const void *bytes, size_t n)
{
	memcpy(q->bytes + q->length, bytes, n);
	q->length = NLMSG_ALIGN(q->length + n);
}

static void put_attribute(struct request *q, uint16_t type, const void *value, size_t n)
{
	struct rtattr a = { .rta_len = (uint16_t)(sizeof(a) + n), .rta_type = type };

	put(q, &a, sizeof(a));
	put(q, value, n);
}

static uint8_t family_of(const struct addr *a)
{
	return addr_is_ipv4(a) ? AF_INET : AF_INET6;
}

static void put_address(struct request *q, uint16_t type, const struct addr *a)
{
	if (addr_is_ipv4(a))
		put_attribute(q, type, a->bytes + 12, 4);
	else
		put_attribute(q, type, a->bytes, 16);
}

/* The result of a question that ends with this message: NLMSG_ERROR and NLMSG_DONE begin with one. */
static int outcome(struct span body)
{
	int32_t e = 0;

	if (body.length >= sizeof(e))
		memcpy(&e, body.at, sizeof(e));
	return e <= 0 ? e : -EPROTO;
}

/* Reads one datagram. *ret_over: the answer is complete. */
static int hear(struct netlink *n, netlink_take *take, void *context, bool *ret_over,
		bool *ret_changed)
{
	struct sockaddr_nl from = { 0 };
	struct iovec v = { .iov_base = n->answer, .iov_len = ANSWER };
	struct msghdr m = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &v, .msg_iovlen = 1
	};
	ssize_t got = recvmsg(n->fd, &m, 0);

	*ret_over = false;
	if (got < 0)
		return errno == EINTR ? 0 : errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (m.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	if (from.nl_pid != 0) /* not the kernel */
		return 0;
	for (struct span rest = span_of(n->answer, (size_t)got); rest.length > 0;) {
		struct nlmsghdr h;

		if (rest.length < sizeof(h))
			return -EPROTO;
		memcpy(&h, rest.at, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > rest.length)
			return -EPROTO;
		struct span body = span_from(span_first(rest, h.nlmsg_len), sizeof(h));
		rest = span_from(rest, NLMSG_ALIGN(h.nlmsg_len));
		if (h.nlmsg_seq != n->sequence) /* of a question that was given up */
			continue;
		*ret_changed |= (h.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (h.nlmsg_type == NLMSG_ERROR || h.nlmsg_type == NLMSG_DONE) {
			*ret_over = true;
			return outcome(body);
		}
		if (h.nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		int e = take(context, h.nlmsg_type, body);
		if (e != 0)
			return e;
		if ((h.nlmsg_flags & NLM_F_MULTI) == 0) {
			*ret_over = true;
			return 0;
		}
	}
	return 0;
}

static int ask(struct netlink *n, uint16_t type, uint16_t flags, const struct request *q,
	       netlink_take *take, void *context, bool *ret_changed)
{
	struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)(sizeof(h) + q->length),
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_seq = ++n->sequence,
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec v[2] = { { &h, sizeof(h) }, { (void *)(uintptr_t)q->bytes, q->length } };
	struct msghdr m = {
		.msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = v, .msg_iovlen = 2
	};
	bool over = false;
	int e;

	*ret_changed = false;
	do {
		e = sendmsg(n->fd, &m, 0) < 0 ? -errno : 0;
	} while (e == -EINTR);
	while (e == 0 && !over)
		e = hear(n, take, context, &over, ret_changed);
	return e;
}

int netlink_dump(struct netlink *n, uint16_t type, uint8_t family, netlink_take *take,
		 void *context)
{
	/* Every fixed part begins with the family and may be zero but for that; the largest is struct
	 * ifinfomsg. Newer kernels want the length of the kind's own. */
	size_t length = type == RTM_GETLINK   ? sizeof(struct ifinfomsg)
			: type == RTM_GETADDR ? sizeof(struct ifaddrmsg)
					      : sizeof(struct rtmsg);
	struct request q = { .bytes = { family }, .length = length };
	bool changed = true;
	int e = 0;

	_Static_assert(sizeof(struct ndmsg) == sizeof(struct rtmsg), "one length for both");
	_Static_assert(sizeof(struct fib_rule_hdr) == sizeof(struct rtmsg), "one length for both");
	for (int i = 0; i < DUMP_TRIES && e == 0 && changed; i++)
		e = ask(n, type, NLM_F_DUMP, &q, take, context, &changed);
	return e;
}

int netlink_route(struct netlink *n, const struct addr *to, netlink_take *take, void *context)
{
	struct rtmsg m = { .rtm_family = family_of(to),
			   .rtm_dst_len = addr_is_ipv4(to) ? 32 : 128 };
	struct request q = { 0 };
	bool changed;

	put(&q, &m, sizeof(m));
	put_address(&q, RTA_DST, to);
	if (to->scope != 0)
		put_attribute(&q, RTA_OIF, &to->scope, sizeof(to->scope));
	return ask(n, RTM_GETROUTE, 0, &q, take, context, &changed);
}

int netlink_neighbour(struct netlink *n, const struct addr *a, unsigned ifindex, netlink_take *take,
		      void *context)
{
	struct ndmsg m = { .ndm_family = family_of(a), .ndm_ifindex = (int)ifindex };
	struct request q = { 0 };
	bool changed;

	put(&q, &m, sizeof(m));
	put_address(&q, NDA_DST, a);
	return ask(n, RTM_GETNEIGH, 0, &q, take, context, &changed);
}
