/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/transfer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static int put(int channel, const void *bytes, size_t n, int fd, int flags)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(size_t)bytes, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd < 0) { /* workers may not call sendmsg() */
		while (send(channel, bytes, n, MSG_NOSIGNAL | flags) < 0)
			if (errno != EINTR)
				return -errno;
		return 0;
	}
	m.msg_control = control.room;
	m.msg_controllen = sizeof(control.room);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	while (sendmsg(channel, &m, MSG_NOSIGNAL | flags) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int transfer_send(int channel, const void *bytes, size_t n, int fd)
{
	return put(channel, bytes, n, fd, 0);
}

int transfer_offer(int channel, const void *bytes, size_t n, int fd)
{
	return put(channel, bytes, n, fd, MSG_DONTWAIT);
}

ssize_t transfer_receive(int channel, void *bytes, size_t n, int *ret_fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = bytes, .iov_len = n };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t got;

	*ret_fd = -1;
	while ((got = recvmsg(channel, &m, MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR)
			return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	return got;
}
