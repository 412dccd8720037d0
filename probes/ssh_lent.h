/* SPDX-License-Identifier: Apache-2.0 */
/* Host key and login methods of an SSH server, through libssh on a lent descriptor. */
#ifndef TENKEN_PROBES_SSH_LENT_H
#define TENKEN_PROBES_SSH_LENT_H

#include <jansson.h>

#include "codec/span.h"

/* The packets that ssh_lent_ask() may need, repeats included. */
enum { SSH_LENT_PACKETS = 96 };

/* The user whose login methods are asked for: one that no device has. */
#define SSH_NOBODY "tenken-nobody"

/* What a public key blob says about itself (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4). */
struct ssh_key_facts {
	struct span type; /* "ssh-rsa", of the blob */
	unsigned bits;    /* 0 where the type is unknown to us */
};

bool ssh_read_key(struct span blob, struct ssh_key_facts *ret);

/*
 * Exchanges keys, notes "hostkey" {type, bits, sha256}, asks for the login methods without logging
 * in and notes "auth" [...]. Works on a duplicate of fd, which stays open and in its mode. Takes at
 * most timeout_ms. ret_hostkey and ret_auth tell what was learnt; where something is missing,
 * "session_error" in the evidence says why.
 */
void ssh_lent_ask(int fd, unsigned timeout_ms, json_t *evidence, bool *ret_hostkey, bool *ret_auth);

#endif
