/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: one row per probe. */
#include "probe.h"

#include <string.h>

extern const struct probe probe_ftp;
extern const struct probe probe_modbus;
extern const struct probe probe_mqtt;
extern const struct probe probe_redis;
extern const struct probe probe_smtp;
extern const struct probe probe_ssh;
extern const struct probe probe_telnet;

const struct probe *const probes[] = {
	&probe_ssh,
	&probe_smtp,
	&probe_ftp,
	&probe_telnet,
	&probe_modbus,
	&probe_mqtt,
	&probe_redis,
	NULL,
};

const struct probe *probe_find(const char *name)
{
	for (size_t i = 0; probes[i] != NULL; i++)
		if (strcmp(probes[i]->name, name) == 0)
			return probes[i];
	return NULL;
}
