/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dhcp.h"

#include "codec/reader.h"

enum { REQUEST = 1, REPLY = 2, ETHERNET = 1, COOKIE = 0x63825363, PAD = 0, END = 255 };

static struct addr address(struct reader *r)
{
	struct addr a = addr_of_bytes(rd_span(r, 4));

	return addr_is_unusable(&a) ? (struct addr){ 0 } : a;
}

bool dhcp_read(struct span message, struct dhcp_message *ret)
{
	struct reader r = rd_new(message);
	struct dhcp_message m = { 0 };
	struct span value;

	uint8_t op = rd_u8(&r), hardware = rd_u8(&r), length = rd_u8(&r);
	rd_skip(&r, 1); /* hops */
	m.transaction = rd_be32(&r);
	rd_skip(&r, 4); /* seconds, flags */
	m.client = address(&r);
	m.your = address(&r);
	rd_skip(&r, 8); /* next server, relay */
	m.mac = span_first(rd_span(&r, 16), hardware == ETHERNET && length == 6 ? 6 : 0);
	rd_skip(&r, 192); /* name of the server, file to boot */
	uint32_t cookie = rd_be32(&r);
	if (!rd_ok(&r) || (op != REQUEST && op != REPLY) || cookie != COOKIE)
		return false;
	m.reply = op == REPLY;
	m.options = rd_rest(&r);
	if (dhcp_find(&m, DHCP_TYPE, &value) && value.length == 1)
		m.type = value.at[0];
	if (dhcp_find(&m, DHCP_SERVER, &value) && value.length == 4)
		m.server = addr_of_bytes(value);
	*ret = m;
	return true;
}

bool dhcp_find(const struct dhcp_message *m, uint8_t option, struct span *ret)
{
	struct reader r = rd_new(m->options);

	while (rd_left(&r) > 0) {
		uint8_t this = rd_u8(&r);

		if (this == PAD)
			continue;
		if (this == END)
			break;
		struct span value = rd_span(&r, rd_u8(&r));
		if (rd_ok(&r) && this == option) {
			*ret = value;
			return true;
		}
	}
	return false;
}
