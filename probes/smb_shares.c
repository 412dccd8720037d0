/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file server tells somebody who says no name: a null session, IPC$, and the names of shares
 * by the srvsvc pipe. What is sent, and why that is safe, stands in smb.c.
 *
 * Specifications: [MS-SMB2] 2.2.7 to 2.2.10, 2.2.13, 2.2.14, 2.2.19, 2.2.20, 2.2.31, 2.2.32;
 * [MS-SRVS] 2.2.4.23, 3.1.4.8; DCE 1.1 RPC (C706), chapter 12 and 14.3 (NDR).
 */
#include "smb.h"

#include "codec/dcerpc.h"
#include "codec/evidence.h"
#include "codec/limits.h"

enum {
	SHARE_PIPE = 2,
	FSCTL_PIPE_TRANSCEIVE = 0x0011c017,
	READ_AND_WRITE = 3, /* a pipe is asked and answers */
	FILE_ID = 16,
	FRAGMENTS_MAX = 16,     /* of one answer */
	PIECES_MAX = 16,        /* reads for one fragment */
	LIST_BYTES = 32 * 1024, /* of one answer, without headers */
	LIST_ASKED = 8 * 1024,  /* what we ask the server to keep to */
	SHARE_ENUM = 15,
	ERROR_MORE_DATA = 234,
};
static const uint32_t SHARE_SPECIAL = 0x80000000;

struct pipe {
	struct smb2 *t;
	uint8_t file[FILE_ID];
	uint8_t raw[DCERPC_FRAGMENT_MAX];
	size_t length;
};

struct shares {
	size_t count;
	struct reader entries; /* 12 bytes each: name, type, comment */
	struct reader texts;
	uint32_t error;
};

/* ---- readers ---- */

/* NDR, 14.3.4.2: a string with maximum, offset and length in characters. */
static struct span read_string(struct reader *r)
{
	rd_skip(r, 4);
	uint32_t offset = rd_le32(r);
	uint32_t characters = rd_le32(r);

	if (offset != 0 || characters > rd_left(r) / 2) {
		rd_fail(r);
		return span_of(r->end, 0);
	}
	struct span s = rd_span(r, (size_t)characters * 2);
	size_t past = (4 - s.length % 4) % 4; /* nothing pads the end of the answer */
	rd_skip(r, past < rd_left(r) ? past : rd_left(r));
	while (s.length >= 2 && s.at[s.length - 1] == 0 && s.at[s.length - 2] == 0)
		s.length -= 2;
	return s;
}

/* [MS-SRVS] 3.1.4.8 at level 1. The texts are walked here once, to reach what stands behind them. */
static bool read_shares(struct span stub, struct shares *ret)
{
	struct reader r = rd_new(stub);
	struct shares s = { 0 };
	uint32_t level = rd_le32(&r), which = rd_le32(&r);

	if (level != 1 || which != 1)
		return false;
	if (rd_le32(&r) != 0) { /* the container */
		size_t count = rd_le32(&r);

		if (rd_le32(&r) != 0) { /* its list */
			if (rd_le32(&r) != count || count > rd_left(&r) / 12)
				return false;
			s.count = count;
			s.entries = rd_sub(&r, count * 12);
			s.texts = r;
		}
	}
	struct reader entries = s.entries;
	for (size_t i = 0; i < s.count; i++) {
		bool name = rd_le32(&entries) != 0;

		rd_skip(&entries, 4);
		if (name)
			(void)read_string(&r);
		if (rd_le32(&entries) != 0)
			(void)read_string(&r);
	}
	rd_skip(&r, 4); /* how many there are */
	if (rd_le32(&r) != 0)
		rd_skip(&r, 4); /* where to go on */
	s.error = rd_le32(&r);
	if (!rd_end(&r))
		return false;
	*ret = s;
	return true;
}

/* ---- writers ---- */

static void write_utf16(struct writer *w, const char *text)
{
	for (; *text != '\0'; text++)
		wr_le16(w, (uint8_t)*text);
}

/* [MS-SMB2] 2.2.9: \\ADDRESS\IPC$ */
static void say_tree_connect(struct smb2 *t)
{
	uint8_t buffer[SMB_REQUEST_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t place = smb2_open(t, &w, SMB2_TREE_CONNECT);
	const char *address = conn_address(t->c);

	wr_le16(&w, 9);
	wr_le16(&w, 0);
	wr_le16(&w, SMB2_HEADER + 8);
	wr_le16(&w, (uint16_t)(2 * (2 + strlen(address) + 5)));
	write_utf16(&w, "\\\\");
	write_utf16(&w, address);
	write_utf16(&w, "\\IPC$");
	smb2_say(t, &w, place);
}

/* [MS-SMB2] 2.2.13: opens the pipe that is there, makes nothing. */
static void say_open_srvsvc(struct smb2 *t)
{
	uint8_t buffer[SMB_REQUEST_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t place = smb2_open(t, &w, SMB2_CREATE);

	wr_le16(&w, 57);
	wr_u8(&w, 0);   /* security flags */
	wr_u8(&w, 0);   /* no oplock */
	wr_le32(&w, 2); /* impersonation */
	wr_le64(&w, 0);
	wr_le64(&w, 0);
	wr_le32(&w, READ_AND_WRITE);
	wr_le32(&w, 0); /* attributes */
	wr_le32(&w, 7); /* others may do as they like */
	wr_le32(&w, 1); /* FILE_OPEN: fails where it does not exist */
	wr_le32(&w, 0); /* options */
	wr_le16(&w, SMB2_HEADER + 56);
	wr_le16(&w, 12);
	wr_le32(&w, 0); /* no contexts */
	wr_le32(&w, 0);
	write_utf16(&w, "srvsvc");
	smb2_say(t, &w, place);
}

/* [MS-SMB2] 2.2.31: says rpc to the pipe and asks for what it answers. */
static void say_transceive(struct pipe *p, struct span rpc)
{
	uint8_t buffer[SMB_REQUEST_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t place = smb2_open(p->t, &w, SMB2_IOCTL);

	wr_le16(&w, 57);
	wr_le16(&w, 0);
	wr_le32(&w, FSCTL_PIPE_TRANSCEIVE);
	wr_bytes(&w, p->file, FILE_ID);
	wr_le32(&w, SMB2_HEADER + 56);
	wr_le32(&w, (uint32_t)rpc.length);
	wr_le32(&w, 0);
	wr_le32(&w, 0);
	wr_le32(&w, 0);
	wr_le32(&w, DCERPC_FRAGMENT_MAX);
	wr_le32(&w, 1); /* an FSCTL */
	wr_le32(&w, 0);
	wr_span_in(&w, rpc);
	smb2_say(p->t, &w, place);
}

/* [MS-SMB2] 2.2.19 */
static void say_read(struct pipe *p, size_t length)
{
	uint8_t buffer[SMB_REQUEST_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t place = smb2_open(p->t, &w, SMB2_READ);

	wr_le16(&w, 49);
	wr_u8(&w, SMB2_HEADER + 16); /* where we would like the data */
	wr_u8(&w, 0);                /* flags: uncompressed */
	wr_le32(&w, (uint32_t)length);
	wr_le64(&w, 0);
	wr_bytes(&w, p->file, FILE_ID);
	wr_le32(&w, 0); /* at least */
	wr_le32(&w, 0); /* channel */
	wr_le32(&w, 0); /* remaining */
	wr_le16(&w, 0);
	wr_le16(&w, 0);
	wr_u8(&w, 0);
	smb2_say(p->t, &w, place);
}

/* [MS-SMB2] 2.2.7: ends the session and all that was opened in it. */
static void say_logoff(struct smb2 *t)
{
	uint8_t buffer[SMB_REQUEST_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t place = smb2_open(t, &w, SMB2_LOGOFF);

	wr_le16(&w, 4);
	wr_le16(&w, 0);
	smb2_say(t, &w, place);
}

/* The interface srvsvc 3.0 */
static void write_bind(struct writer *w)
{
	static const uint8_t srvsvc[] = { 0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3, 0x01,
					  0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88 };

	dcerpc_put_bind(w, srvsvc, 3);
}

/* [MS-SRVS] 3.1.4.8: NetrShareEnum, level 1 (names, types, comments) */
static void write_share_enum(struct writer *w)
{
	dcerpc_put_header(w, DCERPC_REQUEST, 2, DCERPC_HEADER + 8 + 36);
	wr_le32(w, 36); /* bytes of the arguments */
	wr_le16(w, 0);  /* context */
	wr_le16(w, SHARE_ENUM);
	wr_le32(w, 0); /* server name: itself */
	wr_le32(w, 1); /* level */
	wr_le32(w, 1);
	wr_le32(w, 0x20000); /* an empty container */
	wr_le32(w, 0);
	wr_le32(w, 0);
	wr_le32(w, LIST_ASKED);
	wr_le32(w, 0x20004); /* from the start */
	wr_le32(w, 0);
}

static void note_shares(json_t *evidence, struct shares *s)
{
	static const char *const types[] = { "disk", "printer", "device", "ipc" };
	json_t *list = note_list(evidence, "shares");

	for (size_t i = 0; i < s->count; i++) {
		json_t *row = list_object(list);
		bool has_name = rd_le32(&s->entries) != 0;
		uint32_t type = rd_le32(&s->entries);
		bool has_comment = rd_le32(&s->entries) != 0;
		struct span name = has_name ? read_string(&s->texts) : span_of("", 0);
		struct span comment = has_comment ? read_string(&s->texts) : span_of("", 0);

		if (row == NULL)
			continue;
		note_utf16le(row, "name", name);
		if ((type & 0xffff) < countof(types))
			note_word(row, "type", types[type & 0xffff]);
		if (type & SHARE_SPECIAL)
			note_bool(row, "special", true);
		if (comment.length > 0)
			note_utf16le(row, "comment", comment);
	}
	if (s->error == ERROR_MORE_DATA || s->count > LIST_MAX)
		note_bool(evidence, "shares_more", true);
}

/* ---- conversation ---- */

/* An answer whose status is not good is a refusal. */
static enum outcome hear_good(struct smb2 *t, enum smb2_command command, struct smb2_answer *ret)
{
	enum outcome o = smb2_hear(t, command, ret);

	if (o == ACCEPTED && ret->status != 0 && ret->status != STATUS_BUFFER_OVERFLOW)
		return REFUSED;
	return o;
}

static enum outcome broken_rpc(struct smb2 *t)
{
	conn_note_oddity(t->c, "smb.rpc-malformed");
	return BROKEN;
}

static enum outcome keep(struct pipe *p, const struct smb2_answer *m, size_t offset, size_t length)
{
	struct span data;

	if (!smb2_part(m, offset, length, &data) || length == 0 ||
	    length > sizeof(p->raw) - p->length)
		return broken_rpc(p->t);
	memcpy(p->raw + p->length, data.at, length);
	p->length += length;
	return ACCEPTED;
}

/* [MS-SMB2] 2.2.32 */
static enum outcome transceive(struct pipe *p, struct span rpc)
{
	struct smb2_answer answer;

	say_transceive(p, rpc);
	enum outcome o = hear_good(p->t, SMB2_IOCTL, &answer);
	if (o != ACCEPTED)
		return o;
	struct reader r = answer.body;
	uint16_t size = rd_le16(&r);
	rd_skip(&r, 2 + 4 + FILE_ID + 4 + 4); /* code, file, input */
	size_t offset = rd_le32(&r);
	size_t length = rd_le32(&r);
	if (!rd_ok(&r) || size != 49)
		return broken_rpc(p->t);
	return keep(p, &answer, offset, length);
}

/* [MS-SMB2] 2.2.20 */
static enum outcome read_more(struct pipe *p)
{
	struct smb2_answer answer;

	say_read(p, sizeof(p->raw) - p->length);
	enum outcome o = hear_good(p->t, SMB2_READ, &answer);
	if (o != ACCEPTED)
		return o;
	struct reader r = answer.body;
	uint16_t size = rd_le16(&r);
	size_t offset = rd_u8(&r);
	rd_skip(&r, 1);
	size_t length = rd_le32(&r);
	if (!rd_ok(&r) || size != 17)
		return broken_rpc(p->t);
	return keep(p, &answer, offset, length);
}

/* At least n bytes are there. */
static enum outcome fill(struct pipe *p, size_t n)
{
	for (unsigned i = 0; p->length < n; i++) {
		enum outcome o = i < PIECES_MAX ? read_more(p) : broken_rpc(p->t);

		if (o != ACCEPTED)
			return o;
	}
	return ACCEPTED;
}

/* The next fragment; its body is valid until the next. What came behind it stays. */
static enum outcome hear_fragment(struct pipe *p, uint32_t call, size_t *consumed,
				  struct dcerpc_fragment *ret)
{
	size_t length;

	memmove(p->raw, p->raw + *consumed, p->length - *consumed);
	p->length -= *consumed;
	*consumed = 0;
	enum outcome o = fill(p, DCERPC_HEADER);
	if (o != ACCEPTED)
		return o;
	if (!dcerpc_read_header(p->raw, call, ret, &length))
		return broken_rpc(p->t);
	o = fill(p, length);
	if (o != ACCEPTED)
		return o;
	ret->body = span_of(p->raw + DCERPC_HEADER, length - DCERPC_HEADER);
	*consumed = length;
	return ACCEPTED;
}

static enum outcome bind(struct pipe *p)
{
	uint8_t buffer[128];
	struct writer w = wr_new(buffer, sizeof(buffer));
	struct dcerpc_fragment f;
	size_t consumed = 0;
	bool accepted;

	write_bind(&w);
	enum outcome o = transceive(p, wr_span(&w));
	if (o == ACCEPTED)
		o = hear_fragment(p, 1, &consumed, &f);
	if (o != ACCEPTED)
		return o;
	p->length = 0;
	if (f.type != DCERPC_BIND_ACK)
		return REFUSED;
	if (!dcerpc_read_bind_ack(f.body, &accepted))
		return broken_rpc(p->t);
	return accepted ? ACCEPTED : REFUSED;
}

static enum outcome list_shares(struct pipe *p, json_t *evidence)
{
	uint8_t buffer[128], stub[LIST_BYTES];
	struct writer w = wr_new(buffer, sizeof(buffer));
	struct writer all = wr_new(stub, sizeof(stub));
	struct shares s;
	size_t consumed = 0;

	write_share_enum(&w);
	enum outcome o = transceive(p, wr_span(&w));
	for (unsigned i = 0; o == ACCEPTED; i++) {
		struct dcerpc_fragment f;

		o = hear_fragment(p, 2, &consumed, &f);
		if (o != ACCEPTED)
			break;
		if (f.type == DCERPC_FAULT)
			return REFUSED;
		/* 12.6.4.10: hint, context, cancels before the arguments */
		if (f.type != DCERPC_RESPONSE || !!(f.flags & DCERPC_FIRST) != (i == 0) ||
		    f.body.length < 8 || i == FRAGMENTS_MAX)
			return broken_rpc(p->t);
		wr_span_in(&all, span_from(f.body, 8));
		if (f.flags & DCERPC_LAST)
			break;
	}
	if (o != ACCEPTED)
		return o;
	if (!wr_ok(&all) || !read_shares(wr_span(&all), &s))
		return broken_rpc(p->t);
	if (s.error != 0 && s.error != ERROR_MORE_DATA)
		return REFUSED;
	note_shares(evidence, &s);
	return ACCEPTED;
}

/* Each step says how far a stranger comes; the word of the one that was refused is kept. */
static enum outcome ask(struct smb2 *t, json_t *evidence, const char **step)
{
	struct smb2_answer answer;
	struct pipe p = { .t = t };

	*step = "tree";
	say_tree_connect(t);
	enum outcome o = hear_good(t, SMB2_TREE_CONNECT, &answer);
	if (o != ACCEPTED)
		return o;
	struct reader r = answer.body;
	rd_skip(&r, 2);
	if (rd_u8(&r) != SHARE_PIPE)
		return REFUSED;
	t->tree = answer.tree;
	*step = "pipe";
	say_open_srvsvc(t);
	o = hear_good(t, SMB2_CREATE, &answer);
	if (o != ACCEPTED)
		return o;
	r = answer.body;
	uint16_t size = rd_le16(&r);
	rd_skip(&r, 62); /* oplock, flags, action, times, sizes, attributes */
	struct span file = rd_span(&r, FILE_ID);
	if (!rd_ok(&r) || size != 89)
		return broken_rpc(t);
	memcpy(p.file, file.at, FILE_ID);
	o = bind(&p);
	if (o != ACCEPTED)
		return o;
	*step = "list";
	return list_shares(&p, evidence);
}

void smb_ask_shares(struct smb2 *t, uint32_t ntlm_flags, json_t *evidence)
{
	uint8_t buffer[SMB_REQUEST_MAX], key[16];
	struct writer w = wr_new(buffer, sizeof(buffer));
	struct smb2_session session = { 0 };
	struct smb2_answer answer;
	const char *step = "session";

	conn_random(t->c, key, sizeof(key));
	ntlm_write_anonymous(&w, ntlm_flags, key);
	enum outcome o = smb2_session_setup(t, wr_span(&w), &session);
	if (o == ACCEPTED && session.status != 0)
		o = REFUSED; /* it wants still more */
	if (o == ACCEPTED || o == REFUSED)
		note_bool(evidence, "null_session", o == ACCEPTED);
	if (o == ACCEPTED) {
		note_bool(evidence, "guest", session.flags & SESSION_IS_GUEST);
		if (session.flags & SESSION_ENCRYPTED)
			note_bool(evidence, "encryption_required", true);
		o = ask(t, evidence, &step);
		if (conn_ok(t->c)) {
			say_logoff(t);
			(void)smb2_hear(t, SMB2_LOGOFF, &answer);
		}
	}
	if (o == REFUSED)
		note_word(evidence, "shares_refused", step);
	if (o == ACCEPTED || o == REFUSED)
		conn_gathered(t->c, "shares");
}
