/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: one row per probe. */
#include "probe.h"

#include <string.h>

extern const struct probe probe_modbus;
extern const struct probe probe_tls;

const struct probe *const probes[] = {
	&probe_modbus,
	&probe_tls,
	NULL,
};

const struct probe *probe_find(const char *name)
{
	for (size_t i = 0; probes[i] != NULL; i++)
		if (strcmp(probes[i]->name, name) == 0)
			return probes[i];
	return NULL;
}
