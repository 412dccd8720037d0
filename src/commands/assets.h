/* SPDX-License-Identifier: Apache-2.0 */
/* At the end of a scan: which asset each answering address is, over all scans of the site. */
#ifndef TENKEN_COMMANDS_ASSETS_H
#define TENKEN_COMMANDS_ASSETS_H

#include "store/db.h"

/*
 * Fills the table asset_of and keeps what the assets are known by. An asset has the name of the address where
 * it was met first, with "#2" and so on where that name is another's; it keeps it wherever it goes. Reads the
 * table machine of the scan and temp.trait (address, kind, value, weight: 2 a MAC address, 1 strong, 0 weak;
 * commands/machines.c). Doing it twice changes nothing. 0 or negative errno.
 */
int assets(struct db *db, int64_t scan);

#endif
