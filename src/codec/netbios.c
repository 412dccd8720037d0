/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/netbios.h"

enum { ENCODED = 32, REFERENCE = 0xc0, LABEL_MOST = 63, LABELS_MOST = 127, GROUP = 0x8000 };
enum { NAMES_MOST = 64 };

/* RFC 1001, 14.1: two letters 'A' to 'P' for a byte. */
static bool read_letters(struct span letters, struct netbios_name *ret)
{
	uint8_t bytes[NETBIOS_NAME + 1];

	for (size_t i = 0; i < sizeof(bytes); i++) {
		uint8_t high = letters.at[2 * i], low = letters.at[2 * i + 1];

		if (high < 'A' || high > 'P' || low < 'A' || low > 'P')
			return false;
		bytes[i] = (uint8_t)((high - 'A') << 4 | (low - 'A'));
	}
	memcpy(ret->bytes, bytes, NETBIOS_NAME);
	ret->suffix = bytes[NETBIOS_NAME];
	size_t n = NETBIOS_NAME;
	while (n > 0 && (ret->bytes[n - 1] == ' ' || ret->bytes[n - 1] == 0))
		n--;
	ret->text = span_of(ret->bytes, n);
	return true;
}

/* RFC 1001, 14.1: labels of the scope behind the name, up to the root. */
static void skip_scope(struct reader *r)
{
	for (unsigned i = 0; i < LABELS_MOST; i++) {
		uint8_t length = rd_u8(r);

		if (length == 0)
			return;
		if (length >= REFERENCE) {
			rd_skip(r, 1);
			return;
		}
		if (length > LABEL_MOST)
			break;
		rd_skip(r, length);
	}
	rd_fail(r);
}

bool netbios_read_name(struct span message, struct reader *r, struct netbios_name *ret)
{
	size_t place = (size_t)(r->at - message.at);
	uint8_t length = rd_u8(r);

	if (length >= REFERENCE) {
		size_t to = (size_t)(length & 0x3f) << 8 | rd_u8(r);

		/* Once, and backwards [netbios-reference-loop]. */
		if (!rd_ok(r) || to >= place) {
			rd_fail(r);
			return false;
		}
		struct reader at = rd_new(span_from(message, to));
		if (rd_u8(&at) != ENCODED)
			rd_fail(&at);
		struct span letters = rd_span(&at, ENCODED);
		if (rd_ok(&at) && read_letters(letters, ret))
			return true;
		rd_fail(r);
		return false;
	}
	if (length != ENCODED)
		rd_fail(r);
	struct span letters = rd_span(r, ENCODED);
	if (!rd_ok(r) || !read_letters(letters, ret)) {
		rd_fail(r);
		return false;
	}
	skip_scope(r);
	return rd_ok(r);
}

bool netbios_read_status(struct reader *data, netbios_take *take, void *context,
			 struct span *ret_mac)
{
	unsigned count = rd_u8(data);

	for (unsigned i = 0; i < count && i < NAMES_MOST; i++) {
		struct span name = rd_span(data, NETBIOS_NAME);
		uint8_t suffix = rd_u8(data);
		uint16_t flags = rd_be16(data);

		if (!rd_ok(data))
			return false;
		take(context, span_trim(name), suffix, (flags & GROUP) != 0);
	}
	struct span mac = rd_span(data, 6);
	if (!rd_ok(data))
		return false;
	*ret_mac = mac;
	return true;
}
