/* SPDX-License-Identifier: Apache-2.0 */
/* What is opened while there is a right to: raw sockets, frames, the journal. */
#include "reach/overheard.h"
#include "reach/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TAP_BYTES = 1 << 20, PER_INTERFACE = 16 };

/* A raw ICMP socket of this address and interface; -1: not allowed. */
static int open_echo(const struct reach_source *s)
{
	bool v4 = addr_is_ipv4(&s->address);
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&s->address, 0, &sa);
	int on = 1;
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->interface,
		       (socklen_t)strlen(s->interface) + 1) != 0 ||
	    bind(fd, (struct sockaddr *)&sa, n) != 0) {
		close(fd);
		return -1;
	}
	/* The hop limit of what comes; of IPv4 the header is there anyway. */
	if (!v4)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
	return fd;
}

static bool link_local(const struct addr *a)
{
	return a->scope != 0 ||
	       (!addr_is_ipv4(a) && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80);
}

static bool has_wider(const struct interface *i, bool v4)
{
	for (uint64_t k = 0; k < ranges_count(&i->own) && k < PER_INTERFACE; k++) {
		struct addr a = ranges_at(&i->own, k);

		if (addr_is_ipv4(&a) == v4 && !link_local(&a))
			return true;
	}
	return false;
}

static void add_sources(struct reach_run *r, const struct interface *i)
{
	for (uint64_t k = 0; k < ranges_count(&i->own) && k < PER_INTERFACE; k++) {
		struct addr a = ranges_at(&i->own, k);

		if (r->source_count == REACH_SOURCES)
			return;
		if (link_local(&a) && has_wider(i, addr_is_ipv4(&a)))
			continue;
		struct reach_source *s = &r->sources[r->source_count++];
		snprintf(s->interface, sizeof(s->interface), "%s", i->name);
		s->ifindex = i->index;
		s->address = a;
		s->echo_fd = open_echo(s);
	}
}

static void add_link(struct reach_run *r, const struct interface *i)
{
	if (!i->ethernet || r->link_count == REACH_LINKS || ranges_count(&i->own) == 0)
		return;
	struct reach_link *l = &r->links[r->link_count++];
	l->interface = *i;
	/* Its user says what it wants to hear. */
	if (tap_open(i->name, "less 1", TAP_BYTES, &l->tap) != 0)
		l->tap = NULL;
}

int reach_open(struct reach_run *r, const char *journal_path)
{
	for (size_t i = 0; i < r->routes->interface_count; i++) {
		const struct interface *n = &r->routes->interfaces[i];

		if (!n->up || n->loopback)
			continue;
		add_sources(r, n);
		add_link(r, n);
	}
	r->heard = overheard_open();
	if (r->heard == NULL)
		return -ENOMEM;
	r->journal =
		open(journal_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->journal < 0)
		return -errno;
	/* Who takes it in waits until we have ended (store_journal()). */
	return flock(r->journal, LOCK_EX | LOCK_NB) != 0 ? -errno : 0;
}
