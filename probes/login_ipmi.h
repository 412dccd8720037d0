/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the login by IPMI share: 2.0 (login_ipmi.c) and 1.5 (login_ipmi15.c). */
#ifndef TENKEN_PROBES_LOGIN_IPMI_H
#define TENKEN_PROBES_LOGIN_IPMI_H

#include "codec/writer.h"
#include "login.h"

enum {
	IPMI_PACKET = 256,
	IPMI_NAME = 16,
	IPMI_KEY = 20,    /* by 1.5: 16 */
	IPMI_NUMBER = 16, /* random numbers, GUID, keys of AES, MD5 */
	IPMI_STRAYS_MOST = 4,
	IPMI_USER = 2, /* the privilege */
	IPMI_CLOSE = 0x3c,
};

struct ipmi_login {
	struct conn *c;
	const struct credential *k;
	const char **reason;
	uint8_t key[IPMI_KEY];
	uint8_t theirs[4]; /* the board's session id, as it is on the wire */
	uint8_t their_number[IPMI_NUMBER];
};

/* LOGIN_UNTESTED, and why. */
enum login_result ipmi_because(const struct ipmi_login *l, const char *reason);
/* 13.1.3: what every packet begins with. */
void ipmi_write_rmcp(struct writer *w);
/* 13.8: a command of the application's, from its address to its last checksum. */
void ipmi_write_command(struct writer *w, uint8_t command, struct span data);

enum login_result login_ipmi15(struct ipmi_login *l);

#endif
