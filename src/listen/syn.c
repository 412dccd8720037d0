/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a machine opens connections: time to live, window and options of its SYN (RFC 9293, 3.1 and 3.2; RFC 7323),
 * which differ between operating systems. A router on the way takes one off the time to live, so that what it
 * began with is told.
 */
#include "listen/decoder.h"

#include <stdio.h>

#include "codec/reader.h"

enum { SYN = 2, ACK = 16, FIN = 1, RST = 4, VALUE = 160 };
enum { END = 0, NOP = 1, MSS = 2, SCALE = 3, SACK = 4, TIMES = 8 };

static unsigned first_ttl(unsigned ttl)
{
	return ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
}

/* The option as a word; its length was looked at. */
static void put_option(char *out, size_t room, uint8_t kind, struct span value)
{
	if (kind == MSS && value.length == 2)
		snprintf(out, room, "mss%u", (unsigned)value.at[0] << 8 | value.at[1]);
	else if (kind == SCALE && value.length == 1)
		snprintf(out, room, "ws%u", value.at[0]);
	else if (kind == SACK)
		snprintf(out, room, "sok");
	else if (kind == TIMES)
		snprintf(out, room, "ts");
	else
		snprintf(out, room, "%u", kind);
}

static bool syn_packet(struct notes *n, const struct packet *p)
{
	char value[VALUE + 16];

	if ((p->tcp_flags & (SYN | ACK | FIN | RST)) != SYN || p->is_fragment)
		return false;
	struct reader r = rd_new(p->tcp_options);
	int at = snprintf(value, sizeof(value), "%u:%u:", first_ttl(p->ttl), p->tcp_window);
	size_t length = (size_t)at, start = length;
	while (rd_left(&r) > 0 && length < VALUE) {
		char word[16] = "nop";
		uint8_t kind = rd_u8(&r);

		if (kind == END)
			break;
		if (kind != NOP) {
			uint8_t size = rd_u8(&r);
			struct span bytes = rd_span(&r, size >= 2 ? size - 2U : SIZE_MAX);

			if (!rd_ok(&r))
				return false;
			put_option(word, sizeof(word), kind, bytes);
		}
		length += (size_t)snprintf(value + length, sizeof(value) - length, "%s%s",
					   length > start ? "," : "", word);
	}
	tell(n, "os.syn", &p->src, value);
	return false;
}

const struct decoder decoder_syn = {
	.name = "syn",
	.protocols = (const uint8_t[]){ 6, 0 },
	.packet = syn_packet,
};
