/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords that makers document (probes/data/default-credentials.csv): for devices that were recognised. */
#ifndef TENKEN_IDENTITY_CREDENTIALS_H
#define TENKEN_IDENTITY_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

struct complaints;

/* What attempts of a test have as their vendor; no device has a maker of this name. */
#define CREDENTIAL_TEST_VENDOR "(test account)"

/* Of the test of an account's lock: the right password, failures, the right one again. */
enum credential_purpose { CREDENTIAL_DEFAULT, CREDENTIAL_TEST_RIGHT, CREDENTIAL_TEST_WRONG };

struct credential {
	unsigned number; /* of the list, from 1: what reports call it; of a test: of the attempt */
	enum credential_purpose purpose;
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
/*
 * Adds the attempts of one test, in their order: with the password, so many times with one that is made up, with
 * the password again. 0 or negative errno.
 */
int credentials_add_test(struct credentials *l, const char *protocol, const char *user,
			 const char *password, unsigned failures);
void credentials_done(struct credentials *l);
/* Is it meant for this maker and model? Without a model only what holds for every one is. */
bool credential_fits(const struct credential *c, const char *vendor, const char *model);

#endif
