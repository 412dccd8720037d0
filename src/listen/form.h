/* SPDX-License-Identifier: Apache-2.0 */
/* Does a form that was sent hold a password? Its fields are seen by name; no password is looked at. */
#ifndef TENKEN_LISTEN_FORM_H
#define TENKEN_LISTEN_FORM_H

#include "codec/span.h"

struct form {
	bool password;       /* a field of that kind of name is there */
	struct span account; /* as it stands in the form; empty: none */
	bool encoded;        /* account is percent-encoded */
};

/* "user=a&password=b", as a query or as application/x-www-form-urlencoded. */
void form_read_pairs(struct span text, struct form *ret);
/* A JSON text's names and texts, wherever they stand in it. It need not be whole. */
void form_read_json(struct span text, struct form *ret);
/* multipart/form-data (RFC 7578). */
void form_read_multipart(struct span text, struct form *ret);
/* An account that was percent-encoded; returns its bytes. */
size_t form_decode(struct span text, uint8_t *out, size_t size);

#endif
