/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocols of datagrams of which only this is told, that a machine speaks them: NTP (RFC 5905, 7.3), PTP (IEEE
 * 1588-2019, 13.3), syslog (RFC 5424, 6; RFC 3164, 4.1), TFTP (RFC 1350, 5), RADIUS (RFC 2865, 3) and SIP
 * (RFC 3261, 7), which names its program as well.
 */
#include "codec/http_message.h"

#include "listen/decoder.h"

enum { NTP = 123, SYSLOG = 514, TFTP = 69, SIP = 5060 };

/* peer: who is spoken with. */
static void tell_spoken(struct notes *n, const struct addr *about, uint16_t port,
			const struct addr *peer, const char *protocol)
{
	n->fact(n, &(struct fact){ .kind = "service.spoken",
				   .about = *about,
				   .peer = *peer,
				   .port = port,
				   .udp = true,
				   .value = span_text(protocol) });
}

/* ---- clocks ---- */

static bool ntp_packet(struct notes *n, const struct packet *p)
{
	enum { WHOLE = 48, SYMMETRIC = 1, CLIENT = 3, SERVER = 4, BROADCAST = 5, CONTROL = 6 };
	struct reader r = rd_new(p->payload);
	uint8_t first = rd_u8(&r);
	unsigned version = first >> 3 & 7, mode = first & 7;

	if (!rd_ok(&r) || version < 1 || version > 4 || mode < SYMMETRIC)
		return false;
	if (mode >= CONTROL)
		return p->payload_length >= 8;
	if (p->payload_length < WHOLE)
		return false;
	/* A question shows no server; an answer, a broadcast and a peer's packet do. */
	if (mode != CLIENT && p->src_port == NTP)
		tell_spoken(n, &p->src, NTP, mode == BROADCAST ? &(struct addr){ 0 } : &p->dst,
			    "ntp");
	return true;
}

static bool ptp_packet(struct notes *n, const struct packet *p)
{
	enum { SYNC = 0, ANNOUNCE = 11, HEADER = 34 };
	struct reader r = rd_new(p->payload);
	uint8_t type = rd_u8(&r) & 15, version = rd_u8(&r) & 15;
	uint16_t length = rd_be16(&r);

	if (!rd_ok(&r) || version != 2 || length < HEADER || length > p->payload_length ||
	    (type > 3 && type < 8) || type > 13)
		return false;
	/* Only who gives the time sends these. */
	if (type == SYNC || type == ANNOUNCE)
		n->fact(n, &(struct fact){ .kind = "service.spoken",
					   .about = p->src,
					   .mac = p->is_ip || !p->has_mac ? NULL : p->src_mac,
					   .port = p->dst_port,
					   .udp = p->is_ip,
					   .value = span_text("ptp") });
	return true;
}

/* ---- logs, files, logins ---- */

/* "<34>": facility and severity, 0 to 191. */
static bool syslog_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);
	unsigned value = 0, digits = 0;

	if (p->dst_port != SYSLOG || rd_u8(&r) != '<')
		return false;
	for (;;) {
		uint8_t c = rd_u8(&r);

		if (c == '>')
			break;
		if (c < '0' || c > '9' || ++digits > 3)
			return false;
		value = value * 10 + c - '0';
	}
	if (digits == 0 || value > 191)
		return false;
	tell_spoken(n, &p->dst, SYSLOG, &p->src, "syslog");
	return true;
}

/* A request: its answer comes from a port of its own, which nothing here connects with it. */
static bool tftp_packet(struct notes *n, const struct packet *p)
{
	enum { READ = 1, WRITE = 2 };
	struct reader r = rd_new(p->payload);
	uint16_t operation = rd_be16(&r);
	struct span rest = rd_rest(&r);

	if (p->dst_port != TFTP || (operation != READ && operation != WRITE))
		return false;
	/* The file's name, a zero, the mode, a zero. */
	ptrdiff_t end = span_find(rest, "", 1);
	if (end <= 0)
		return false;
	struct span mode = span_from(rest, (size_t)end + 1);
	ptrdiff_t mode_end = span_find(mode, "", 1);
	if (mode_end < 0)
		return false;
	mode = span_first(mode, (size_t)mode_end);
	if (!span_is_nocase(mode, "octet") && !span_is_nocase(mode, "netascii") &&
	    !span_is_nocase(mode, "mail"))
		return false;
	tell_spoken(n, &p->dst, TFTP, &p->src, "tftp");
	return true;
}

static bool radius_packet(struct notes *n, const struct packet *p)
{
	enum { REQUEST = 1, ACCEPT = 2, REJECT = 3, ACCOUNTING = 4, RESPONSE = 5, CHALLENGE = 11 };
	enum { HEADER = 20, MOST = 4096 };
	struct reader r = rd_new(p->payload);
	uint8_t code = rd_u8(&r);

	rd_skip(&r, 1); /* identifier */
	uint16_t length = rd_be16(&r);
	if (!rd_ok(&r) || length < HEADER || length > MOST || length != p->payload_length)
		return false;
	if (code == ACCEPT || code == REJECT || code == RESPONSE || code == CHALLENGE)
		tell_spoken(n, &p->src, p->src_port, &p->dst, "radius");
	else if (code != REQUEST && code != ACCOUNTING)
		return false;
	return true;
}

/* ---- telephones ---- */

/* RFC 3261, 20.41 and 20.35: a caller's program, a server's. */
static void tell_program(struct notes *n, const struct packet *p, const struct http_head *head)
{
	struct span value;

	if ((http_find(head, "User-Agent", 0, &value) || http_find(head, "Server", 0, &value)) &&
	    value.length > 0)
		n->fact(n, &(struct fact){ .kind = "service.product",
					   .about = p->src,
					   .peer = p->dst,
					   .port = p->src_port,
					   .udp = true,
					   .value = value });
}

static bool sip_packet(struct notes *n, const struct packet *p)
{
	struct span first;
	struct http_head head;

	if (p->payload.length < 12 || !http_read_lines(p->payload, &first, &head))
		return false;
	if (span_starts(first, "SIP/2.0 ")) {
		tell_spoken(n, &p->src, p->src_port, &p->dst, "sip");
		tell_program(n, p, &head);
		return true;
	}
	if (first.length < 8 || !span_is(span_from(first, first.length - 8), " SIP/2.0"))
		return false;
	if (p->src_port == SIP)
		tell_program(n, p, &head);
	return true;
}

const struct decoder decoder_ntp = {
	.name = "ntp",
	.udp_ports = (const uint16_t[]){ NTP, 0 },
	.packet = ntp_packet,
};

const struct decoder decoder_ptp = {
	.name = "ptp",
	.ethertypes = (const uint16_t[]){ 0x88f7, 0 },
	.udp_ports = (const uint16_t[]){ 319, 320, 0 },
	.packet = ptp_packet,
};

const struct decoder decoder_syslog = {
	.name = "syslog",
	.udp_ports = (const uint16_t[]){ SYSLOG, 0 },
	.packet = syslog_packet,
};

const struct decoder decoder_tftp = {
	.name = "tftp",
	.udp_ports = (const uint16_t[]){ TFTP, 0 },
	.packet = tftp_packet,
};

const struct decoder decoder_radius = {
	.name = "radius",
	.udp_ports = (const uint16_t[]){ 1812, 1813, 1645, 1646, 0 },
	.packet = radius_packet,
};

const struct decoder decoder_sip = {
	.name = "sip",
	.udp_ports = (const uint16_t[]){ SIP, 0 },
	.packet = sip_packet,
};
