/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of SMB as both who asks and who listens read them: [MS-CIFS] 2.2.3, [MS-SMB] 2.2.4.5, 2.2.4.6 and
 * [MS-SMB2] 2.2.1, 2.2.4, 2.2.6. Everything returned views the message.
 */
#ifndef TENKEN_CODEC_SMB_MESSAGE_H
#define TENKEN_CODEC_SMB_MESSAGE_H

#include "codec/reader.h"

/* Is it SMB of any version, wrapped or not? */
bool smb_is_smb(struct span message);

/* ---- SMB 1 ---- */

enum {
	SMB1_NEGOTIATE = 0x72,
	SMB1_SESSION_SETUP = 0x73,
	/* Security mode */
	SMB1_USER_SECURITY = 0x01,
	SMB1_ENCRYPT_PASSWORDS = 0x02,
	SMB1_SIGNING_ENABLED = 0x04,
	SMB1_SIGNING_REQUIRED = 0x08,
};
static const uint32_t SMB1_EXTENDED = 0x80000000; /* capability: extended security */

struct smb1 {
	uint8_t command;
	bool is_answer;
	uint32_t status;
	uint16_t flags2;
	struct reader words;
	struct reader bytes;
	size_t bytes_at; /* from the header's start, for the alignment of text */
};

/* With 17 words: "NT LM 0.12". */
struct smb1_negotiated {
	uint8_t security;
	uint32_t max_buffer;
	uint32_t capabilities;
	uint32_t session_key;
	uint64_t system_time;
	struct span domain, server; /* UTF-16LE, without extended security */
};

struct smb1_session {
	struct span blob;
	struct span os, lanman; /* UTF-16LE */
};

/* A request or an answer. */
bool smb1_read(struct span message, struct smb1 *ret);
/* An answer to NEGOTIATE. False also where the dialect was not taken, with *ret_refused. */
bool smb1_read_negotiated(const struct smb1 *m, struct smb1_negotiated *ret, bool *ret_refused);
/* An answer to SESSION_SETUP with extended security. */
bool smb1_read_session(const struct smb1 *m, struct smb1_session *ret);

/* ---- SMB 2 and 3 ---- */

enum {
	SMB2_HEADER = 64,
	SMB2_SIGNING_ENABLED = 0x1,
	SMB2_SIGNING_REQUIRED = 0x2,
	SMB2_CONTEXT_PREAUTH = 1,
	SMB2_CONTEXT_ENCRYPTION = 2,
	SMB2_CONTEXT_COMPRESSION = 3,
	SMB2_CONTEXT_SIGNING = 8,
	SMB2_COMPRESSIONS = 5, /* numbered from 1 */
};

/* [MS-ERREF] 2.3 */
static const uint32_t STATUS_BUFFER_OVERFLOW = 0x80000005;
static const uint32_t STATUS_MORE_PROCESSING = 0xc0000016;

enum { SMB2_DIALECTS = 5, DIALECT_300 = 0x0300, DIALECT_311 = 0x0311 };
/* In ascending order. */
extern const struct smb2_dialect {
	uint16_t code;
	const char *name;
} smb2_dialects[SMB2_DIALECTS];

/* The server's choice; guid is a view. */
struct smb2_negotiated {
	uint16_t security;
	uint16_t dialect;
	struct span guid;
	uint32_t capabilities;
	uint32_t max_transact, max_read, max_write;
	uint64_t system_time, start_time;
	bool has_cipher, has_signing, has_compression;
	uint16_t cipher, signing;
	unsigned compressions; /* a set */
	bool chained;
};

/* A message; its offsets count from the header on. */
struct smb2_answer {
	uint16_t command;
	bool is_answer, is_async;
	uint32_t status; /* of a request: channel or nothing */
	uint32_t next;   /* where the next message of a chain begins; 0: none */
	uint64_t number, session;
	uint32_t tree;
	struct span message;
	struct reader body;
};

struct smb2_session {
	uint32_t status;
	uint16_t flags;
	struct span blob;
};

/* A request or an answer in the clear. */
bool smb2_read(struct span message, struct smb2_answer *ret);
/* Bytes of the message by offset and length; false where they are not all in it. */
bool smb2_part(const struct smb2_answer *m, size_t offset, size_t length, struct span *ret);
/* The answers to NEGOTIATE and SESSION_SETUP. */
bool smb2_read_negotiated(const struct smb2_answer *m, struct smb2_negotiated *ret);
bool smb2_read_session(const struct smb2_answer *m, struct smb2_session *ret);
/* "3.1.1"; NULL where it is none. */
const char *smb2_dialect_name(uint16_t code);

#endif
