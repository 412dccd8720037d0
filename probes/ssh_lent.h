/* SPDX-License-Identifier: Apache-2.0 */
/* Login methods of an SSH server, through libssh on a lent descriptor. */
#ifndef TENKEN_PROBES_SSH_LENT_H
#define TENKEN_PROBES_SSH_LENT_H

#include <jansson.h>

#include "codec/span.h"

/* The packets that ssh_lent_ask() may need, repeats included. */
enum { SSH_LENT_PACKETS = 96 };

/* The user whose login methods are asked for: one that no device has. */
#define SSH_NOBODY "tenken-nobody"

/*
 * Exchanges keys, asks for the login methods without logging in and notes "auth" [...], and
 * "auth_banner" where the server shows a text before the login. Works on a duplicate of fd, which
 * stays open and in its mode. Takes at most timeout_ms. False where the methods are not known;
 * "session_error" in the evidence says why.
 */
bool ssh_lent_ask(int fd, unsigned timeout_ms, json_t *evidence);

/* One login with a name and a password, by the method password or, where only that is offered,
 * keyboard-interactive with one question. No channel is opened. As ssh_lent_ask(). */
enum ssh_login { SSH_LOGIN_UNTESTED, SSH_LOGIN_ACCEPTED, SSH_LOGIN_REFUSED };
enum ssh_login ssh_lent_login(int fd, unsigned timeout_ms, const char *user, const char *password);

#endif
