/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONC RPC over TCP (RFC 5531), as far as calls without arguments and without credentials need it: one call,
 * one answer in one fragment.
 */
#ifndef TENKEN_PROBES_RPC_H
#define TENKEN_PROBES_RPC_H

#include "codec/reader.h"
#include "talk/conn.h"

enum { RPC_PORTMAPPER = 100000, RPC_NFS = 100003, RPC_MOUNT = 100005 };

enum rpc_answer {
	RPC_NONE, /* nothing came (conn_ok() is false), or no answer to this call */
	RPC_SUCCESS,
	RPC_NO_PROGRAM,
	RPC_OTHER_VERSION, /* lowest and highest are told */
	RPC_REFUSED,       /* denied, no such procedure, and the rest */
};

struct rpc_reply {
	struct reader results; /* of RPC_SUCCESS; valid until the next read */
	uint32_t lowest, highest;
};

/* A number for the first call of a conversation; the next ones count on. */
uint32_t rpc_first(struct conn *c);
/* Calls, and reads an answer of at most `most` bytes. */
enum rpc_answer rpc_call(struct conn *c, uint32_t xid, uint32_t program, uint32_t version,
			 uint32_t procedure, size_t most, struct rpc_reply *ret);

#endif
