/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interface for raw frames: batches out (packet(7), PACKET_QDISC_BYPASS, sendmmsg), frames in
 * (libpcap with a filter). The only place that holds raw sockets; needs CAP_NET_RAW when opened,
 * nothing afterwards.
 */
#ifndef TENKEN_WIRE_TAP_H
#define TENKEN_WIRE_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TAP_BATCH = 256, /* frames per batch */
	TAP_SLOT = 128,  /* bytes per frame kept for small ones */
};

struct tap;

/* filter: pcap-filter(7). 0, -EPERM without the capability, -ENODEV, or another negative errno.
 * buffer_bytes: of the capture. Both directions are captured unless the filter says otherwise;
 * frames that we sent ourselves are not (pcap_setdirection(PCAP_D_IN)). */
int tap_open(const char *interface, const char *filter, size_t buffer_bytes, struct tap **ret);
void tap_close(struct tap *t);
/* Another filter from now on. */
int tap_filter(struct tap *t, const char *filter);
/* Length of the link-layer header: 14 Ethernet, 0 raw IP. */
size_t tap_link(const struct tap *t);
/* For poll(2): readable when frames wait. */
int tap_fd(const struct tap *t);

/* Room for the next frame of n bytes (1 to 1518, link-layer header included); it goes out with
 * tap_flush(), or when the batch is full (of frames above TAP_SLOT bytes a batch holds one). Never NULL
 * after a flush that sent everything; NULL when the batch is full and cannot be sent now: tap_flush()
 * says why. */
uint8_t *tap_next(struct tap *t, size_t n);
/* Sends what is in the batch. The number of frames that left (may be less: the rest stays first in the
 * batch), or negative errno: -EAGAIN/-ENOBUFS (the interface's queue is full: later), -ENETDOWN,
 * -ENXIO, -ENODEV (the interface went down or away). After these everything is still in the batch.
 * -EMSGSIZE, -EINVAL: the first frame is longer than the interface takes, or shorter than its header;
 * it was taken out, the rest may be sent. */
int tap_flush(struct tap *t);
size_t tap_waiting(const struct tap *t);
/* Drops what is in the batch: it is never sent. */
void tap_forget(struct tap *t);

/* Hands over at most `most` frames that wait, without blocking; of long ones the first 1518 bytes. The
 * number, or negative errno (-ENODEV: the interface is gone; that it went down is told by tap_flush()
 * alone, and frames arrive again once it is up). */
typedef void tap_take(void *context, const uint8_t *frame, size_t n, int64_t unix_us);
int tap_receive(struct tap *t, int most, tap_take *take, void *context);
/* Frames that the kernel had no room for, since opening. */
uint64_t tap_dropped(struct tap *t);

#endif
