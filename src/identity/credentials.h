/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords that makers document (probes/data/default-credentials.csv): for devices that were recognised. */
#ifndef TENKEN_IDENTITY_CREDENTIALS_H
#define TENKEN_IDENTITY_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

struct complaints;

struct credential {
	unsigned number; /* of the list, from 1: what reports call it */
	char *vendor;
	char *model; /* a pattern of glob(7); "*": every one */
	char *protocol;
	char *user;     /* may be empty: the protocol or the page asks for a password only */
	char *password; /* may be empty: a blank one. Of snmp the community */
};

struct credentials {
	struct credential *list;
	size_t count, room;
};

/* Columns: vendor, model, role, protocol, user, password, market, source, note; "(blank)" is an empty
 * password. False after complaints. */
bool credentials_load(const char *path, struct credentials *ret, struct complaints *c);
void credentials_done(struct credentials *l);
/* Is it meant for this maker and model? Without a model only what holds for every one is. */
bool credential_fits(const struct credential *c, const char *vendor, const char *model);

#endif
