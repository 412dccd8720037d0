/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the smb probe share. SMB 2 and 3 (smb2.c) is a talk of numbered messages on the
 * conversation's present connection; SMB 1 (smb1.c) and the shares (smb_shares.c) stand beside it.
 */
#ifndef TENKEN_PROBES_SMB_H
#define TENKEN_PROBES_SMB_H

#include <jansson.h>

#include "codec/ntlm.h"
#include "codec/smb_message.h"
#include "codec/writer.h"
#include "talk/conn.h"

/* What became of one question. */
enum outcome {
	ACCEPTED,
	REFUSED,
	UNKNOWN, /* silence, or we may not ask */
	NOT_SMB,
	BROKEN, /* SMB, but malformed */
};

enum {
	SMB_REQUEST_MAX = 512,
	SMB_SETUP_MAX = 3072, /* a name and what proves its password, beside the server's names */
	SMB2_CIPHERS = 4,     /* numbered from 1 */
	SMB2_SIGNINGS = 3,    /* numbered from 0 */
};

/* [MS-SMB2] 2.2.1.2: commands. */
enum smb2_command {
	SMB2_NEGOTIATE = 0,
	SMB2_SESSION_SETUP = 1,
	SMB2_LOGOFF = 2,
	SMB2_TREE_CONNECT = 3,
	SMB2_CREATE = 5,
	SMB2_READ = 8,
	SMB2_IOCTL = 11,
};

/* [MS-SMB2] 2.2.6 */
enum { SESSION_IS_GUEST = 1, SESSION_IS_NULL = 2, SESSION_ENCRYPTED = 4 };

/* What one NEGOTIATE offers. Ciphers and signing algorithms are sets: 1 << number. */
struct smb2_offer {
	const struct smb2_dialect *dialects;
	size_t count;
	unsigned ciphers;
	unsigned signings;
	bool compression;
};

/* The messages on one connection. */
struct smb2 {
	struct conn *c;
	uint64_t message; /* the number of the next */
	uint64_t session;
	uint32_t tree;
	bool must_sign; /* SESSION_SETUP demands signed messages */
	/* Each message said and heard, from its header on; NULL: nobody asks. */
	void (*seen)(void *context, struct span message);
	void *context;
};

/* One message behind its session header (RFC 1002, 4.3.1). */
enum outcome smb_hear(struct conn *c, struct span *ret);
/* Opens a session message; wr_close24() closes it. */
size_t smb_open(struct writer *w);

/* A request: open, write its body, say. The header carries session and tree of the talk. */
size_t smb2_open(struct smb2 *t, struct writer *w, enum smb2_command command);
void smb2_say(struct smb2 *t, struct writer *w, size_t place);
/* Hears the answer to what was said last. What no answer to it may look like (encrypted, compressed,
 * another number) is BROKEN and leaves an oddity. */
enum outcome smb2_hear(struct smb2 *t, enum smb2_command command, struct smb2_answer *ret);
enum outcome smb2_negotiate(struct smb2 *t, const struct smb2_offer *o,
			    struct smb2_negotiated *ret);
enum outcome smb2_session_setup(struct smb2 *t, struct span token, struct smb2_session *ret);

const char *smb2_cipher_name(unsigned number);
const char *smb2_signing_name(unsigned number);
const char *smb2_compression_name(unsigned number);
bool smb2_encrypts(const struct smb2_negotiated *n);

/* SMB 1 on the present connection, and what its session setup tells. smb2_spoken: what both tell is
 * known from SMB 2. */
enum outcome smb1_ask(struct conn *c, json_t *evidence, bool smb2_spoken);

/* Goes on behind a challenge as nobody (null session) and asks for the names of shares. */
void smb_ask_shares(struct smb2 *t, uint32_t ntlm_flags, json_t *evidence);

/* Notes of smb.c that smb1.c also makes. */
void smb_note_challenge(json_t *evidence, const struct ntlm_challenge *n);
void smb_note_filetime(json_t *evidence, const char *key, uint64_t filetime);

#endif
