/* SPDX-License-Identifier: Apache-2.0 */
/* A login by SSH (RFC 4252, 8; RFC 4256), through libssh on a lent descriptor. */
#include "login.h"

#include "ssh_lent.h"

enum { LOGIN_MS = 20000 };

enum login_result login_ssh(struct conn *c, const struct credential *k)
{
	int fd = conn_lend(c, SSH_LENT_PACKETS);

	if (fd < 0)
		return LOGIN_UNTESTED;
	switch (ssh_lent_login(fd, LOGIN_MS, k->user, k->password)) {
	case SSH_LOGIN_ACCEPTED:
		return LOGIN_ACCEPTED;
	case SSH_LOGIN_REFUSED:
		return LOGIN_REFUSED;
	default:
		return LOGIN_UNTESTED;
	}
}
