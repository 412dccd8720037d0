/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending by an AF_XDP socket in copy mode (Linux 4.18, Documentation/networking/af_xdp.rst): frames in
 * shared memory, one system call for many, no message header to copy and check for each. It uses no XDP
 * program and takes nothing from the interface's other users; where the kernel does not offer it,
 * tap.c sends by packet(7). Needs CAP_NET_RAW when opened.
 */
#ifndef TENKEN_WIRE_XDP_OUT_H
#define TENKEN_WIRE_XDP_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct xdp_out;

/* NULL where the kernel or the interface does not offer it. */
struct xdp_out *xdp_out_open(unsigned ifindex);
void xdp_out_close(struct xdp_out *x);
/* Sends these frames (each at most 2048 bytes) in their order. How many left: the rest was not taken and
 * is not sent later; or where none did a negative errno: -EAGAIN (no room now), -ENETDOWN, -ENXIO. */
int xdp_out_send(struct xdp_out *x, const struct iovec *frames, size_t n);
/* The last call could not send everything: what is left is in the kernel's hands until the socket is
 * closed, which has to be next. */
bool xdp_out_broken(const struct xdp_out *x);

#endif
