/* SPDX-License-Identifier: Apache-2.0 */
/* All sockets are opened at the start: one for each address, port and transport. */
#include <errno.h>
#include <fcntl.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "reach/beacon_parts.h"

enum { BACKLOG = 128, SPARE_DESCRIPTORS = 64, DNS_PORT = 53 };

/* Why ports could not be had. */
struct missing {
	struct ports used, denied;
};

static int option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* both: IPv4 too, on an IPv6 socket. */
static int open_socket(const struct addr *a, uint16_t port, bool udp, bool both)
{
	struct sockaddr_storage sa;
	bool v4 = addr_is_ipv4(a);
	socklen_t length = addr_to_sockaddr(a, port, &sa);
	int fd = socket(v4 ? AF_INET : AF_INET6,
			(udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if ((v4 || option(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? 0 : 1) == 0) &&
	    (udp ? option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1)
		 : option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) == 0 &&
	    bind(fd, (struct sockaddr *)&sa, length) == 0 && (udp || listen(fd, BACKLOG) == 0))
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

/* Takes the descriptor. */
static int add(struct beacon *b, struct endpoint e)
{
	if (b->end_count == b->end_room) {
		close(e.fd);
		return -ENOSPC;
	}
	struct endpoint *at = &b->ends[b->end_count];
	*at = e;
	int r = beacon_watch(b, at);
	if (r != 0)
		close(e.fd);
	else
		b->end_count++;
	return r;
}

static int add_port(struct beacon *b, const struct addr *a, uint16_t port, bool udp, bool both)
{
	const struct beacon_setup *s = b->setup;
	int fd = open_socket(a, port, udp, both);

	if (fd < 0)
		return fd;
	return add(b, (struct endpoint){
			      .kind = udp ? END_UDP : END_TCP,
			      .fd = fd,
			      .port = port,
			      .http = !udp && ports_has(s->http.tcp, port),
			      .tls = !udp && ports_has(s->tls.tcp, port),
			      .dns = port == DNS_PORT && b->zone.length > 0,
		      });
}

static bool add_ports(struct beacon *b, const struct addr *a, bool udp, bool both,
		      struct missing *m, struct complaints *c)
{
	const uint64_t *set = udp ? b->setup->ports.udp : b->setup->ports.tcp;
	char text[ADDR_TEXT];

	for (unsigned port = 1; port <= UINT16_MAX; port++) {
		if (!ports_has(set, (uint16_t)port))
			continue;
		int r = add_port(b, a, (uint16_t)port, udp, both);
		struct ports *why = r == -EADDRINUSE ? &m->used : r == -EACCES ? &m->denied : NULL;
		if (why != NULL) {
			ports_put(udp ? why->udp : why->tcp, (uint16_t)port);
			ports_put(udp ? b->missing.udp : b->missing.tcp, (uint16_t)port);
		} else if (r != 0) {
			complain(c, NULL, 0, _("cannot listen on %s, %s port %u: %s"),
				 addr_format(a, text), udp ? "udp" : "tcp", port, strerror(-r));
			return false;
		}
	}
	return true;
}

/* All addresses of the machine: one socket for both families where there is IPv6. */
static bool add_everywhere(struct beacon *b, struct missing *m, struct complaints *c)
{
	struct addr any = { 0 };
	bool both = true;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		close(fd);
	} else {
		addr_parse("0.0.0.0", &any);
		both = false;
	}
	return add_ports(b, &any, false, both, m, c) && add_ports(b, &any, true, both, m, c);
}

static void warn(struct complaints *warnings, const uint64_t set[static 1024],
		 const char *transport, const char *why)
{
	char *text = ports_count(set) > 0 ? ports_text(set) : NULL;

	if (text == NULL)
		return;
	if (strlen(text) > 200)
		memcpy(text + 197, "...", 4);
	complain(warnings, NULL, 0, "%s: %s %s", why, transport, text);
	free(text);
}

/* Echo requests alone; what they hold is looked at later. */
static bool add_icmp(struct beacon *b, bool v4, struct complaints *c)
{
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	bool good = false;

	if (fd < 0 && !v4 && errno == EAFNOSUPPORT)
		return true;
	if (fd >= 0 && v4) {
		struct icmp_filter f = { .data = ~(UINT32_C(1) << ICMP_ECHO) };
		good = setsockopt(fd, SOL_RAW, ICMP_FILTER, &f, sizeof(f)) == 0 &&
		       option(fd, IPPROTO_IP, IP_PKTINFO, 1) == 0;
	} else if (fd >= 0) {
		struct icmp6_filter f;
		ICMP6_FILTER_SETBLOCKALL(&f);
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REQUEST, &f);
		good = setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof(f)) == 0 &&
		       option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) == 0;
	}
	if (!good) {
		complain(c, NULL, 0, _("ICMP: %s (the right CAP_NET_RAW is needed at the start)"),
			 strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	return add(b, (struct endpoint){ .kind = v4 ? END_ICMP4 : END_ICMP6, .fd = fd }) == 0;
}

static bool add_signals(struct beacon *b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd >= 0 && add(b, (struct endpoint){ .kind = END_SIGNAL, .fd = fd }) == 0;
}

static bool raise_limit(size_t sockets, struct complaints *c)
{
	struct rlimit now, want;
	rlim_t need = sockets + CONNECTIONS_MOST + SPARE_DESCRIPTORS;

	if (getrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur >= need)
		return true;
	want = (struct rlimit){ need, now.rlim_max > need ? now.rlim_max : need };
	if (setrlimit(RLIMIT_NOFILE, &want) == 0)
		return true;
	complain(c, NULL, 0,
		 _("%zu sockets need a limit of %llu open files, and it is %llu (ulimit -n, "
		   "LimitNOFILE=)"),
		 sockets, (unsigned long long)need, (unsigned long long)now.rlim_max);
	return false;
}

bool beacon_sockets_open(struct beacon *b, struct complaints *c, struct complaints *warnings)
{
	const struct beacon_setup *s = b->setup;
	struct missing m = { 0 };
	size_t ports = ports_count(s->ports.tcp) + ports_count(s->ports.udp);
	bool good = true;

	b->end_room = ports * (s->address_count > 0 ? s->address_count : 1) + 3;
	b->ends = calloc(b->end_room, sizeof(*b->ends));
	if (b->ends == NULL || !raise_limit(b->end_room, c))
		return false;
	if (s->address_count == 0)
		good = add_everywhere(b, &m, c);
	for (size_t i = 0; i < s->address_count && good; i++)
		good = add_ports(b, &s->addresses[i], false, false, &m, c) &&
		       add_ports(b, &s->addresses[i], true, false, &m, c);
	if (!good)
		return false;
	warn(warnings, m.used.tcp, "tcp", _("passed over, since somebody else listens there"));
	warn(warnings, m.used.udp, "udp", _("passed over, since somebody else listens there"));
	warn(warnings, m.denied.tcp, "tcp", _("passed over without the right to listen there"));
	warn(warnings, m.denied.udp, "udp", _("passed over without the right to listen there"));
	if (s->icmp && (!add_icmp(b, true, c) || !add_icmp(b, false, c)))
		return false;
	if (b->end_count == 0) {
		complain(c, NULL, 0, _("nothing can be listened on"));
		return false;
	}
	return add_signals(b);
}
