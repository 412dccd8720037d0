/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/dhcp.h"

#include <string.h>

#include "codec/dhcp.h"

bool dhcp_read_offer(struct span message, uint32_t transaction, const uint8_t mac[static 6],
		     struct addr *ret_server)
{
	struct dhcp_message m;

	if (!dhcp_read(message, &m) || !m.reply || m.transaction != transaction ||
	    m.type != DHCP_OFFER || m.mac.length != 6 || memcmp(m.mac.at, mac, 6) != 0)
		return false;
	*ret_server = m.server;
	return true;
}
