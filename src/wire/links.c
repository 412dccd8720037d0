/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/links.h"

#include <dumbnet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

struct each {
	links_take *take;
	void *context;
	int result;
};

static int one(const struct intf_entry *e, void *context)
{
	struct each *each = context;
	struct link_seen l = {
		.name = e->intf_name,
		.up = (e->intf_flags & INTF_FLAG_UP) != 0,
		.loopback = (e->intf_flags & INTF_FLAG_LOOPBACK) != 0,
		.has_mac = e->intf_link_addr.addr_type == ADDR_TYPE_ETH,
		.mtu = e->intf_mtu,
	};

	if (l.has_mac)
		memcpy(l.mac, &e->intf_link_addr.addr_eth, sizeof(l.mac));
	each->result = each->take(each->context, &l);
	return each->result;
}

int links_each(links_take *take, void *context)
{
	struct each each = { .take = take, .context = context };
	intf_t *handle = intf_open();

	if (handle == NULL)
		return errno != 0 ? -errno : -ENOMEM;
	errno = 0;
	if (intf_loop(handle, one, &each) != 0 && each.result == 0)
		each.result = errno != 0 ? -errno : -EIO;
	intf_close(handle);
	return each.result;
}
