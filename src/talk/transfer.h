/* SPDX-License-Identifier: Apache-2.0 */
/* A message with at most one descriptor over a Unix socket (SCM_RIGHTS, unix(7)). */
#ifndef TENKEN_TALK_TRANSFER_H
#define TENKEN_TALK_TRANSFER_H

#include <stddef.h>
#include <sys/types.h>

/* fd < 0: none. 0 or negative errno. The descriptor stays the sender's too. */
int transfer_send(int channel, const void *bytes, size_t n, int fd);
/* The same, but -EAGAIN rather than waiting for room. */
int transfer_offer(int channel, const void *bytes, size_t n, int fd);
/* Bytes received, 0 at the end, negative errno. *ret_fd is -1 where none came; else the receiver's. */
ssize_t transfer_receive(int channel, void *bytes, size_t n, int *ret_fd);

#endif
