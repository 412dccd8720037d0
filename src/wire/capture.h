/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captured frames by libpcap: from files (pcap and pcapng, of either byte order, with times in micro- or
 * nanoseconds, also packed by gzip) and from interfaces. Nothing can be sent through it.
 */
#ifndef TENKEN_WIRE_CAPTURE_H
#define TENKEN_WIRE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/span.h"

struct capture;

enum capture_end {
	CAPTURE_GOES_ON,
	CAPTURE_OVER,      /* the file's end */
	CAPTURE_TRUNCATED, /* the file ends within a packet, or within its packed bytes */
	CAPTURE_DAMAGED,   /* what follows is no packet */
	CAPTURE_NO_FILE,   /* it is no capture file at all */
	CAPTURE_EMPTY,     /* not even a beginning */
	CAPTURE_DOWN,      /* the interface is down */
	CAPTURE_GONE,      /* the interface does not exist any more */
};

/* Takes the descriptor, which is closed with the capture. Opens no file itself. NULL: *ret_why, and ret_text
 * has libpcap's words, empty where it has none. */
enum { CAPTURE_TEXT = 256 };
struct capture *capture_file(int fd, enum capture_end *ret_why, char ret_text[static CAPTURE_TEXT]);
/* Needs CAP_NET_RAW now, and nothing afterwards. buffer_bytes: of the kernel's ring. 0 or negative errno:
 * -EPERM, -ENODEV, -ENETDOWN, ...; ret_text has libpcap's words. */
int capture_interface(const char *name, size_t buffer_bytes, struct capture **ret,
		      char ret_text[static CAPTURE_TEXT]);
void capture_close(struct capture *c);

/* DLT_* of pcap(3), and its name ("EN10MB"). */
int capture_link(const struct capture *c);
const char *capture_link_name(const struct capture *c);
/* For poll(2); -1 of files. */
int capture_fd(const struct capture *c);

/* wire_length: of the frame on the wire; time: Unix. The bytes are valid during the call. */
typedef void capture_take(void *context, struct span bytes, uint32_t wire_length, int64_t time_ns);
/* Reads at most so many frames. What stands before the place of a fault is taken first. */
enum capture_end capture_read(struct capture *c, int most, capture_take *take, void *context);
/* libpcap's words for what ended it. */
const char *capture_error(const struct capture *c);
/* Frames that the kernel had no room for since the capture began; of files 0. */
uint64_t capture_dropped(struct capture *c);

#endif
