/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_LISTEN_FRAME_H
#define TENKEN_LISTEN_FRAME_H

#include "listen/fragments.h"
#include "listen/packet.h"

/* Is this link layer (DLT_* of pcap(3)) one that frame_read() knows? */
bool frame_link_known(int link);
/*
 * Takes a frame apart. wire_length: of the frame on the wire, which is at least frame.length. fragments may be
 * NULL: then no fragments are put together. False where it is damaged already in its link layer; what is
 * damaged further in is told as far as it could be understood.
 */
bool frame_read(int link, struct span frame, uint32_t wire_length, int64_t time_ns,
		struct fragments *fragments, struct packet *ret);

#endif
