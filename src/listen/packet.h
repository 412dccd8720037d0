/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A captured frame, taken apart by the bounded reader down to the payload of its transport: Ethernet,
 * 802.1Q/802.1ad tags, PPPoE, and what mirrors wrap around frames (GRE, ERSPAN, VXLAN), then ARP or IP. Of
 * nested packets the innermost one is told. Views live as long as the frame.
 */
#ifndef TENKEN_LISTEN_PACKET_H
#define TENKEN_LISTEN_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/address.h"
#include "codec/span.h"

enum packet_wrap { /* bits */
		   WRAP_PPPOE = 1,
		   WRAP_GRE = 2,
		   WRAP_ERSPAN = 4,
		   WRAP_VXLAN = 8,
		   WRAP_IP_IN_IP = 16, /* IPv6 in IPv4 (protocol 41), IPv4 in IPv4 */
		   WRAP_TEREDO = 32,
};

struct packet {
	int64_t time_ns;      /* Unix */
	uint32_t wire_length; /* of the whole frame on the wire */
	bool snapped;         /* less was captured */
	unsigned wraps;       /* enum packet_wrap */
	/* Where it was wrapped by IP: the outermost addresses. All zero else. */
	struct addr outer_src, outer_dst;
	bool has_mac;
	uint8_t src_mac[6], dst_mac[6];
	uint16_t vlan;      /* outermost tag's id, 0: none */
	uint16_t ethertype; /* of what `payload` is where it is not IP; below 1536: an 802.3 length,
			       * and the payload begins with LLC */
	bool is_ip;
	struct addr src, dst;
	uint8_t protocol; /* IANA; of IPv6 the one behind the extension headers */
	uint8_t ttl;
	uint32_t ip_length; /* of the IP packet by its header, which is what flows count */
	/* A part of an IP packet that is not whole yet. It has ports where the first part was seen before it,
	 * and no payload; the part that makes it whole is told with all of it. */
	bool is_fragment;
	uint16_t src_port, dst_port; /* TCP, UDP, SCTP; ICMP: 0 */
	/* TCP */
	uint32_t sequence, acknowledged;
	uint8_t tcp_flags;
	uint16_t tcp_window;
	struct span tcp_options;
	/* Behind the transport's header (ICMP: from its type on; other protocols: behind IP; not IP: behind
	 * the Ethernet type or length). As much as was captured. */
	struct span payload;
	struct span ip; /* the IP packet as it was captured, empty where it came in fragments */
	uint32_t
		payload_length; /* as the headers say; more than payload.length where it was snapped */
};

#endif
