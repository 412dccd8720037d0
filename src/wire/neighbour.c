/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/neighbour.h"

#include <stdio.h>
#include <string.h>

enum { ARP_COMPLETE = 0x2 }; /* ATF_COM of if_arp.h */

bool neighbour_mac(const struct addr *a, uint8_t ret_mac[static 6])
{
	char wanted[ADDR_TEXT], line[256];
	FILE *f = fopen("/proc/net/arp", "re");
	bool found = false;

	if (f == NULL)
		return false;
	addr_format(a, wanted);
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		char address[64];
		unsigned type, flags, m[6];

		if (sscanf(line, "%63s 0x%x 0x%x %x:%x:%x:%x:%x:%x", address, &type, &flags, &m[0],
			   &m[1], &m[2], &m[3], &m[4], &m[5]) != 9 ||
		    strcmp(address, wanted) != 0 || !(flags & ARP_COMPLETE))
			continue;
		for (size_t i = 0; i < 6; i++)
			ret_mac[i] = (uint8_t)m[i];
		found = true;
	}
	fclose(f);
	return found;
}

void neighbour_mac_text(const uint8_t mac[static 6], char out[static 18])
{
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}
