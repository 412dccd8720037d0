/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the ssh probe: identification, packets, KEXINIT. */
#include "ssh_survey.h"

enum {
	LINES_MAX = 32,  /* before the identification */
	PACKETS_MAX = 4, /* IGNORE and DEBUG, which may come at any time, with what follows them */
	COOKIE = 16,
	LISTS_BYTES = 2048,
};

/* ---- readers ---- */

struct span ssh_read_string(struct reader *r)
{
	return rd_span(r, rd_be32(r));
}

unsigned ssh_mpint_bits(struct span n)
{
	while (n.length > 0 && n.at[0] == 0)
		n = span_from(n, 1);
	if (n.length == 0 || n.length > SSH_PACKET_MAX)
		return 0;
	unsigned bits = (unsigned)n.length * 8;
	for (uint8_t top = n.at[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

struct span ssh_next_name(struct span *list)
{
	ptrdiff_t comma = span_find(*list, ",", 1);
	struct span name = comma < 0 ? *list : span_first(*list, (size_t)comma);

	*list = comma < 0 ? span_first(*list, 0) : span_from(*list, (size_t)comma + 1);
	return name;
}

bool ssh_list_has(struct span list, const char *name)
{
	while (list.length > 0)
		if (span_is(ssh_next_name(&list), name))
			return true;
	return false;
}

bool ssh_is_name(struct span s)
{
	for (size_t i = 0; i < s.length; i++)
		if (s.at[i] <= 0x20 || s.at[i] >= 0x7f || s.at[i] == ',')
			return false;
	return s.length > 0 && s.length <= SSH_NAME_MAX;
}

static bool read_identification(struct span line, struct ssh_identification *ret)
{
	struct ssh_identification id = { .line = line };

	if (!span_starts(line, "SSH-"))
		return false;
	struct span rest = span_from(line, 4);
	ptrdiff_t dash = span_find(rest, "-", 1);
	if (dash <= 0)
		return false;
	id.protocol = span_first(rest, (size_t)dash);
	rest = span_from(rest, (size_t)dash + 1);
	ptrdiff_t space = span_find(rest, " ", 1);
	id.software = space < 0 ? rest : span_first(rest, (size_t)space);
	id.comment = space < 0 ? span_first(rest, 0) : span_trim(span_from(rest, (size_t)space));
	*ret = id;
	return true;
}

/* The payload of a packet without its length: padding length, payload, padding (RFC 4253 6). */
static bool read_payload(struct span packet, struct span *ret)
{
	struct reader r = rd_new(packet);
	size_t padding = rd_u8(&r);

	if (!rd_ok(&r) || rd_left(&r) <= padding)
		return false;
	*ret = rd_span(&r, rd_left(&r) - padding);
	return true;
}

/* The whole is a multiple of 8, with 4 bytes of padding at least. Some old servers do not care. */
static bool well_padded(struct span packet)
{
	return packet.at[0] >= 4 && (4 + packet.length) % 8 == 0;
}

bool ssh_read_kexinit(struct span payload, struct ssh_kexinit *ret)
{
	struct reader r = rd_new(payload);
	struct ssh_kexinit k;

	rd_skip(&r, 1 + COOKIE);
	for (size_t i = 0; i < LISTS; i++)
		k.list[i] = ssh_read_string(&r);
	k.guessed = rd_u8(&r) != 0;
	rd_skip(&r, 4); /* reserved */
	if (!rd_end(&r))
		return false;
	*ret = k;
	return true;
}

/* ---- writers ---- */

static const char our_identification[] = "SSH-2.0-tenken_0.1\r\n";

/* In one write with what stands before it, since a write is a packet on the wire. */
static void say_behind(struct conn *c, const char *before, struct span payload)
{
	uint8_t packet[LISTS_BYTES + 96];
	struct writer w = wr_new(packet, sizeof(packet));

	/* RFC 4253 6: the whole is a multiple of 8, with 4 bytes of padding at least. */
	size_t padding = 8 - (4 + 1 + payload.length) % 8;
	if (padding < 4)
		padding += 8;
	wr_text(&w, before);
	wr_be32(&w, (uint32_t)(1 + payload.length + padding));
	wr_u8(&w, (uint8_t)padding);
	wr_span_in(&w, payload);
	wr_fill(&w, 0, padding);
	conn_write_span(c, wr_span(&w));
}

void ssh_say(struct conn *c, struct span payload)
{
	say_behind(c, "", payload);
}

void ssh_say_identification(struct conn *c)
{
	conn_write_text(c, our_identification);
}

void ssh_say_kexinit(struct conn *c, const struct span lists[static LISTS], bool identify)
{
	uint8_t body[LISTS_BYTES], cookie[COOKIE];
	struct writer w = wr_new(body, sizeof(body));

	conn_random(c, cookie, sizeof(cookie));
	wr_u8(&w, SSH_MSG_KEXINIT);
	wr_bytes(&w, cookie, sizeof(cookie));
	for (size_t i = 0; i < LISTS; i++) {
		wr_be32(&w, (uint32_t)lists[i].length);
		wr_span_in(&w, lists[i]);
	}
	wr_u8(&w, 0);   /* no guessed packet follows */
	wr_be32(&w, 0); /* reserved */
	say_behind(c, identify ? our_identification : "", wr_span(&w));
}

/* ---- hearing ---- */

enum ending ssh_hear_identification(struct conn *c, struct ssh_identification *ret)
{
	for (unsigned i = 0; i < LINES_MAX; i++) {
		struct span line = conn_read_line(c);

		if (!conn_ok(c)) /* lines, but never ours, are another protocol's greeting */
			return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
		if (!span_starts(line, "SSH-")) {
			/* What OpenSSH says instead of its identification while it is busy. */
			if (span_starts(line, "Exceeded MaxStartups") ||
			    span_starts(line, "Not allowed at this time"))
				return ENDING_CLOSED;
			continue;
		}
		return read_identification(line, ret)
			       ? ENDING_DONE
			       : conn_oddity(c, "ssh.identification-malformed");
	}
	return ENDING_NOT_THIS;
}

enum ending ssh_hear(struct conn *c, struct span *ret, bool *ret_padded)
{
	for (unsigned i = 0; i < PACKETS_MAX; i++) {
		struct reader header = rd_new(conn_read(c, 4));
		uint32_t length = rd_be32(&header);
		struct span payload;

		if (!conn_ok(c))
			return conn_ending(c);
		if (length < 2 || length > SSH_PACKET_MAX)
			return conn_oddity(c, "ssh.packet-length");
		struct span packet = conn_read(c, length);
		if (!conn_ok(c))
			return conn_ending(c);
		if (!read_payload(packet, &payload))
			return conn_oddity(c, "ssh.packet-malformed");
		switch (payload.at[0]) {
		case SSH_MSG_IGNORE:
		case SSH_MSG_DEBUG:
			continue;
		case SSH_MSG_DISCONNECT:
			return ENDING_CLOSED;
		default:
			if (ret_padded != NULL)
				*ret_padded = well_padded(packet);
			*ret = payload;
			return ENDING_DONE;
		}
	}
	return conn_oddity(c, "ssh.packet-missing");
}
