/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that we send, and their keyed values.
 *
 * A form is a frame made once with libnet; filling it in for one destination copies it and sets the
 * destination, the ports, the keyed value and the checksums (from sums made once, RFC 1624), without
 * allocation, in well under a microsecond. The keyed value (SipHash-2-4 of source, destination and both ports) is what an
 * answer must bring back: TCP's sequence number, the identifier and sequence of an echo request.
 */
#ifndef TENKEN_WIRE_FRAMES_H
#define TENKEN_WIRE_FRAMES_H

#include "wire/routes.h"

enum { FRAME_MOST = 1518, FRAME_KEY = 16 };

struct frame_form {
	uint8_t bytes[FRAME_MOST];
	size_t length;
	size_t link; /* length of the Ethernet header: 14, or 0 on an interface without MACs */
	bool v4;
	uint16_t source_port;
	struct addr source;
	uint32_t ip_sum; /* ones' complement sums over everything that does not change */
	uint32_t transport_sum;
	size_t cookie_at; /* where a UDP payload has the keyed value, in the frame, and how wide: 0, 2, 4 */
	size_t cookie_bytes;
};

/* SipHash-2-4 (Aumasson, Bernstein 2012) of n bytes. */
uint64_t frame_siphash(const uint8_t key[static FRAME_KEY], const void *bytes, size_t n);
/* The keyed value for a destination: what a SYN carries as its sequence number. protocol: 6, 17, 1, 58.
 * Never 0 in its lower 32 bits. */
uint32_t frame_cookie(const uint8_t key[static FRAME_KEY], const struct addr *source,
		      const struct addr *destination, uint8_t protocol, uint16_t source_port,
		      uint16_t port);

/* Forms, for packets that leave this way through the neighbour with this MAC (ignored where the way is
 * not Ethernet). family: by way->source; it is that of every destination later. 0 or negative errno:
 * -EINVAL (a keyed value outside of the payload), -EMSGSIZE (more than the interface takes), -ENOMEM;
 * nothing is opened. The hop limit is 64; a SYN carries MSS
 * 1460 (v6: 1440), window 1024, and DF is set. */
int frame_form_syn(struct frame_form *ret, const struct way *way, const uint8_t next_mac[static 6],
		   uint16_t source_port);
/* ICMP or ICMPv6 echo request with 8 bytes of data. */
int frame_form_echo(struct frame_form *ret, const struct way *way,
		    const uint8_t next_mac[static 6]);
/* The same with these n bytes of data. -EMSGSIZE as below. */
int frame_form_echo_of(struct frame_form *ret, const struct way *way,
		       const uint8_t next_mac[static 6], const uint8_t *data, size_t n);
/* UDP with a payload that stays the same but for the keyed value: where cookie_at is less than n, the
 * four bytes there are replaced by it (DNS and SNMP numbers of two bytes: cookie_bytes 2, the lower
 * half of the value). */
int frame_form_udp(struct frame_form *ret, const struct way *way, const uint8_t next_mac[static 6],
		   uint16_t source_port, uint16_t port, const uint8_t *payload, size_t n,
		   size_t cookie_at, size_t cookie_bytes);
/* Another hop limit than 64, for every frame of this form from now on. */
void frame_form_hops(struct frame_form *f, uint8_t hops);

/* Fill a form in for one destination. out has room for form->length bytes, which are all written. */
void frame_fill_syn(const struct frame_form *f, uint8_t *out, const struct addr *destination,
		    uint16_t port, uint32_t cookie, uint16_t ip_id);
void frame_fill_echo(const struct frame_form *f, uint8_t *out, const struct addr *destination,
		     uint32_t cookie, uint16_t ip_id);
void frame_fill_udp(const struct frame_form *f, uint8_t *out, const struct addr *destination,
		    uint32_t cookie, uint16_t ip_id);
/* The same from another source port each time; the form was made with source port 0. */
void frame_fill_udp_from(const struct frame_form *f, uint8_t *out, const struct addr *destination,
			 uint16_t source_port, uint32_t cookie, uint16_t ip_id);

/* Whole frames; they return the length, or 0 where there is no such frame on this way: the other
 * family, ARP and DHCP on an interface without MAC addresses. For ARP (RFC 826) a broadcast request; for ND (RFC 4861, 4.3) a
 * neighbour solicitation to the solicited-node group, with our source link-layer address. to_mac: NULL
 * for broadcast/group, else the unicast check of a neighbour that is known. */
size_t frame_arp_request(uint8_t out[static FRAME_MOST], const struct way *way,
			 const struct addr *target, const uint8_t *to_mac);
size_t frame_neighbour_solicit(uint8_t out[static FRAME_MOST], const struct way *way,
			       const struct addr *target, const uint8_t *to_mac);
/* Asking everybody on a link; only where the site allows it. Echo to ff02::1 (RFC 4443, 4.1), router
 * solicitation to ff02::2 (RFC 4861, 4.1), DHCPDISCOVER (RFC 2131; broadcast flag set, no address is
 * ever requested), mDNS question for _services._dns-sd._udp.local (RFC 6762, 6763; to 224.0.0.251 or
 * ff02::fb by the family of source), from FRAME_MDNS_PORT: RFC 6762, 5.1 and 6.7, forbids 5353 to
 * those who ask once, and has the answers sent to the asking port alone, with our identifier. */
enum { FRAME_MDNS_PORT = 53535 };
size_t frame_all_nodes_echo(uint8_t out[static FRAME_MOST], const struct way *way, uint32_t cookie);
size_t frame_router_solicit(uint8_t out[static FRAME_MOST], const struct way *way);
size_t frame_dhcp_discover(uint8_t out[static FRAME_MOST], const struct way *way, uint32_t xid);
size_t frame_mdns_services(uint8_t out[static FRAME_MOST], const struct way *way, uint16_t id);

#endif
