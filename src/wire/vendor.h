/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makers by MAC address, from the files of the package ieee-data where they are installed. Loaded
 * once before the processes part; afterwards read only.
 */
#ifndef TENKEN_WIRE_VENDOR_H
#define TENKEN_WIRE_VENDOR_H

#include <stdbool.h>
#include <stdint.h>

/* makers_path: our list of controller makers, one per line, matched as a word at the start of the
 * registered name. Missing files leave the tables empty. */
void vendor_load(const char *ieee_dir, const char *makers_path);
void vendor_unload(void);
/* The registered name, or NULL. */
const char *vendor_name(const uint8_t mac[static 6]);
/* The name from the list of controller makers, or NULL. */
const char *vendor_controller_maker(const uint8_t mac[static 6]);

#endif
