/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: answers from another port of the address that was asked (TFTP: RFC 1350, 4). A second socket on
 * the same local port hears them, from that address alone: a filter that cannot be taken off says so. It has
 * no peer, so nothing can be sent by it, until the guard itself has looked where the first answer came from;
 * then it has that one peer and no other.
 */
#include "talk/guard_parts.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <unistd.h>

/* Lets through what has this source address in its IP header (socket(7); offsets: RFC 791, 3.1; RFC 8200, 3). */
static int hear_only(int fd, const struct addr *from)
{
	bool v4 = addr_is_ipv4(from);
	size_t words = v4 ? 1 : 4, n = 0;
	struct sock_filter code[4 * 2 + 2];
	int on = 1;

	for (size_t i = 0; i < words; i++) {
		const uint8_t *b = from->bytes + (v4 ? 12 : 4 * i);
		uint32_t word =
			(uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
		uint32_t at = (uint32_t)SKF_NET_OFF + (v4 ? 12 : 8) + (uint32_t)(4 * i);
		/* Unequal: to the last statement. */
		uint8_t over = (uint8_t)(2 * (words - i) - 1);

		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at);
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word, 0, over);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog filter = { .len = (unsigned short)n, .filter = code };
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) != 0)
		return -errno;
	return 0;
}

int guard_elsewhere_open(struct link *l)
{
	struct sockaddr_storage own;
	socklen_t n = sizeof(own);
	int on = 1, off = 0;

	if (getsockname(l->fd, (struct sockaddr *)&own, &n) != 0)
		return -errno;
	int fd = socket(own.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int e = hear_only(fd, &l->host->address);
	/* Both have to agree to share the port, for as long as it takes to take it. */
	if (e == 0 && (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		       setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		       bind(fd, (struct sockaddr *)&own, n) != 0 ||
		       setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off)) != 0))
		e = -errno;
	if (e != 0)
		close(fd);
	else
		l->other_fd = fd;
	return e;
}

bool guard_elsewhere_follow(struct link *l)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof(from);
	struct addr address;
	uint16_t port = 0;
	uint8_t waste;

	if (l->other_fd < 0 || l->followed)
		return false;
	if (recvfrom(l->other_fd, &waste, sizeof(waste), MSG_PEEK | MSG_DONTWAIT,
		     (struct sockaddr *)&from, &n) < 0 ||
	    addr_from_sockaddr((struct sockaddr *)&from, &address, &port) != 0 || port == 0 ||
	    addr_compare(&address, &l->host->address) != 0)
		return false;
	l->followed = connect(l->other_fd, (struct sockaddr *)&from, n) == 0;
	return l->followed;
}

void guard_elsewhere_end(struct link *l)
{
	if (l->other_fd < 0)
		return;
	/* A worker may hold its duplicate still: it leads nowhere then (connect(2)). */
	connect(l->other_fd, &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr));
	close(l->other_fd);
	l->other_fd = -1;
}
