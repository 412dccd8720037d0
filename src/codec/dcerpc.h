/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DCE RPC, connection oriented (C706, chapter 12): binding to one interface without authentication, and the
 * header of what follows. Windows calls it MS-RPC.
 */
#ifndef TENKEN_CODEC_DCERPC_H
#define TENKEN_CODEC_DCERPC_H

#include "codec/reader.h"
#include "codec/writer.h"

enum {
	DCERPC_HEADER = 16,
	DCERPC_REQUEST_HEADER = 8,  /* behind it, of requests and responses */
	DCERPC_BIND_LENGTH = 72,    /* as dcerpc_put_bind() writes it */
	DCERPC_FRAGMENT_MAX = 4280, /* as Windows says it; the server must keep to it */
	DCERPC_REQUEST = 0,
	DCERPC_RESPONSE = 2,
	DCERPC_FAULT = 3,
	DCERPC_BIND = 11,
	DCERPC_BIND_ACK = 12,
	DCERPC_FIRST = 1,
	DCERPC_LAST = 2,
};

struct dcerpc_fragment {
	uint8_t type, flags;
	struct span body; /* behind the common header; the caller's to fill in */
};

/* 12.6.3.1: the common header, of DCERPC_HEADER bytes. False where it lies or belongs to another call. */
bool dcerpc_read_header(const uint8_t *bytes, uint32_t call, struct dcerpc_fragment *ret,
			size_t *ret_length);
/* 12.6.4.4: is the only interface that we asked for accepted? */
bool dcerpc_read_bind_ack(struct span body, bool *ret_accepted);
/* 12.6.3.1: of a whole message of one fragment. */
void dcerpc_put_header(struct writer *w, uint8_t type, uint32_t call, size_t length);
/* 12.6.4.3: call 1, an interface in NDR 2.0. */
void dcerpc_put_bind(struct writer *w, const uint8_t interface[static 16], uint32_t version);

#endif
