/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/dhcp.h"

#include <string.h>

#include "codec/reader.h"

enum { REPLY = 2, COOKIE = 0x63825363, PAD = 0, END = 255, TYPE = 53, OFFER = 2, SERVER = 54 };

bool dhcp_read_offer(struct span message, uint32_t transaction, const uint8_t mac[static 6],
		     struct addr *ret_server)
{
	struct reader r = rd_new(message);
	struct addr server = { 0 };
	bool offer = false;

	uint8_t op = rd_u8(&r);
	rd_skip(&r, 3); /* kind and length of the MAC, hops */
	uint32_t id = rd_be32(&r);
	rd_skip(&r, 20); /* seconds, flags, four addresses */
	struct span to = rd_span(&r, 16);
	rd_skip(&r, 192); /* name of the server, file to boot */
	uint32_t cookie = rd_be32(&r);
	if (!rd_ok(&r) || op != REPLY || id != transaction || cookie != COOKIE ||
	    memcmp(to.at, mac, 6) != 0)
		return false;
	while (rd_left(&r) > 0) {
		uint8_t option = rd_u8(&r);

		if (option == PAD)
			continue;
		if (option == END)
			break;
		struct reader value = rd_sub(&r, rd_u8(&r));
		if (!rd_ok(&r))
			break;
		if (option == TYPE) {
			offer = rd_u8(&value) == OFFER && rd_end(&value);
		} else if (option == SERVER && rd_left(&value) == 4) {
			server.bytes[10] = server.bytes[11] = 0xff;
			memcpy(server.bytes + 12, rd_span(&value, 4).at, 4);
		}
	}
	if (!offer)
		return false;
	*ret_server = server;
	return true;
}
