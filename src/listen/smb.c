/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB until somebody is logged in: the dialect and whether it signs ([MS-CIFS], [MS-SMB], [MS-SMB2]), what NTLM
 * tells of both machines, and the names of a NetBIOS session (RFC 1002, 4.3.2). What is read and written behind
 * that is left alone.
 */
#include "codec/smb_message.h"

#include "codec/limits.h"
#include "codec/netbios.h"
#include "codec/utf8.h"
#include "listen/ntlm_ear.h"

enum {
	SESSION_MESSAGE = 0x00,
	SESSION_REQUEST = 0x81,
	SESSION_KEEPALIVE = 0x85,
	SESSION_HEADER = 4,
	CHAIN_MESSAGES_MAX = 8,
	MESSAGES_MAX = 64, /* of the server, before it is left alone */
	SMB2_NEGOTIATE = 0,
	SMB2_SESSION_SETUP = 1,
	DIALECT_ANY = 0x02ff, /* [MS-SMB2] 2.2.4: the client must ask again in SMB 2 */
};

struct smb {
	uint32_t left[2]; /* of a message that is passed over */
	uint8_t heard;    /* messages of the server */
	bool spoken;
	bool plain; /* the server of SMB 1 takes passwords as they are */
	bool extended;
	bool ended;
};

static void tell_dialect(struct smb *s, struct talk *t, const char *dialect, bool required)
{
	if (!s->spoken)
		tell_spoken(t, "smb");
	s->spoken = true;
	tell_server(t, "smb.dialect", span_text(dialect));
	tell_service(t, "smb.signing", span_text(required ? "required" : "optional"));
}

static void tell_name(struct talk *t, enum side about, struct span name)
{
	uint8_t text[ACCOUNT_MAX];

	tell_machine(t, about, "name.ntlm", span_of(text, utf16le_text(name, text, sizeof(text))),
		     true);
}

/* ---- SMB 1 ---- */

static void hear_smb1_negotiated(struct smb *s, struct talk *t, const struct smb1 *m)
{
	struct smb1_negotiated n;
	bool refused;

	if (!smb1_read_negotiated(m, &n, &refused)) {
		/* The dialects before "NT LM 0.12" answer with 13 words or 1. */
		if (!refused && rd_left(&m->words) >= 2)
			tell_dialect(s, t, "1", false);
		return;
	}
	tell_dialect(s, t, "1", n.security & SMB1_SIGNING_REQUIRED);
	s->plain = !(n.security & SMB1_ENCRYPT_PASSWORDS);
	s->extended = n.capabilities & SMB1_EXTENDED;
	tell_name(t, SIDE_SERVER, n.server);
}

static void hear_smb1_session(struct talk *t, const struct smb1 *m)
{
	struct smb1_session e;
	uint8_t text[ACCOUNT_MAX];

	/* "Samba 4.17.12-Debian", "Windows Server 2003 5.2" */
	if (smb1_read_session(m, &e))
		tell_service(t, "service.product",
			     span_of(text, utf16le_text(e.lanman, text, sizeof(text))));
}

static void hear_smb1(struct smb *s, struct talk *t, enum side side, struct span message)
{
	struct smb1 m;

	if (!smb1_read(message, &m))
		return;
	if (m.command == SMB1_NEGOTIATE) {
		if (side == SIDE_SERVER && m.is_answer)
			hear_smb1_negotiated(s, t, &m);
		return;
	}
	/* Whatever else is spoken in SMB 1 was agreed on. */
	if (!s->spoken && side == SIDE_SERVER) {
		s->spoken = true;
		tell_spoken(t, "smb");
		tell_server(t, "smb.dialect", span_text("1"));
	}
	if (m.command != SMB1_SESSION_SETUP) {
		s->ended = side == SIDE_SERVER;
		return;
	}
	if (s->extended || side == SIDE_SERVER)
		ntlm_ear(t, side, message, NULL);
	if (side == SIDE_CLIENT && s->plain && !s->extended)
		tell_login(t, "smb");
	if (side == SIDE_SERVER) {
		if (m.status == 0)
			hear_smb1_session(t, &m);
		s->ended = m.status != STATUS_MORE_PROCESSING;
	}
}

/* ---- SMB 2 and 3 ---- */

static void hear_smb2_negotiated(struct smb *s, struct talk *t, const struct smb2_answer *m)
{
	struct smb2_negotiated n;

	if (m->status != 0 || !smb2_read_negotiated(m, &n) || n.dialect == DIALECT_ANY)
		return;
	const char *name = smb2_dialect_name(n.dialect);
	if (name != NULL)
		tell_dialect(s, t, name, n.security & SMB2_SIGNING_REQUIRED);
}

static void hear_smb2(struct smb *s, struct talk *t, enum side side, struct span message)
{
	for (unsigned i = 0; i < CHAIN_MESSAGES_MAX; i++) {
		struct smb2_answer m;

		if (!smb2_read(message, &m))
			return;
		struct span one = m.next > 0 ? span_first(message, m.next) : message;
		if (m.command == SMB2_NEGOTIATE) {
			if (side == SIDE_SERVER && m.is_answer)
				hear_smb2_negotiated(s, t, &m);
		} else {
			if (!s->spoken && side == SIDE_SERVER) {
				s->spoken = true;
				tell_spoken(t, "smb");
			}
			if (m.command == SMB2_SESSION_SETUP)
				ntlm_ear(t, side, one, NULL);
			if (side == SIDE_SERVER && m.status != STATUS_MORE_PROCESSING &&
			    m.status != 0x103 /* pending */)
				s->ended = true;
		}
		if (m.next < SMB2_HEADER || m.next >= message.length)
			return;
		message = span_from(message, m.next);
	}
}

/* ---- session ---- */

/* Called and calling name; "*SMBSERVER" calls whoever is there. */
static void hear_request(struct talk *t, struct span body)
{
	struct reader r = rd_new(body);
	struct netbios_name called, calling;

	if (!netbios_read_name(body, &r, &called) || !netbios_read_name(body, &r, &calling))
		return;
	if (called.text.length > 0 && called.text.at[0] != '*')
		tell_machine(t, SIDE_SERVER, "name.netbios", called.text, true);
	tell_machine(t, SIDE_CLIENT, "name.netbios", calling.text, true);
}

static void hear_message(struct smb *s, struct talk *t, enum side side, uint8_t type,
			 struct span body)
{
	if (type == SESSION_REQUEST)
		hear_request(t, body);
	if (type != SESSION_MESSAGE || !smb_is_smb(body))
		return;
	if (side == SIDE_SERVER && s->heard++ >= MESSAGES_MAX)
		s->ended = true;
	if (body.at[0] == 0xff)
		hear_smb1(s, t, side, body);
	else if (body.at[0] == 0xfe)
		hear_smb2(s, t, side, body);
	else
		s->ended = true; /* encrypted or compressed: it is behind all that is told */
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct smb *s = t->state;

	if (s->left[side] > 0) {
		size_t n = s->left[side] < bytes.length ? s->left[side] : bytes.length;

		s->left[side] -= (uint32_t)n;
		return (long)n;
	}
	struct reader r = rd_new(bytes);
	uint8_t type = rd_u8(&r);
	uint32_t length = rd_be24(&r);
	if (!rd_ok(&r))
		return HEAR_MORE;
	if (type != SESSION_MESSAGE && (type < SESSION_REQUEST || type > SESSION_KEEPALIVE))
		return s->spoken ? HEAR_DONE : HEAR_NOT_OURS;
	if (length > SMB_MESSAGE_MAX) {
		s->left[side] = length;
		return SESSION_HEADER;
	}
	struct span body = rd_span(&r, length);
	if (!rd_ok(&r))
		return HEAR_MORE;
	hear_message(s, t, side, type, body);
	return s->ended ? HEAR_DONE : SESSION_HEADER + (long)length;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	(void)side;
	if (first.length == 0)
		return 0;
	if (first.at[0] == SESSION_REQUEST && t->server_port == 139)
		return 1;
	if (first.at[0] != SESSION_MESSAGE)
		return -1;
	if (first.length < SESSION_HEADER + 4)
		return 0;
	return smb_is_smb(span_from(first, SESSION_HEADER)) ? 1 : -1;
}

const struct decoder decoder_smb = {
	.name = "smb",
	.tcp_ports = (const uint16_t[]){ 445, 139, 0 },
	.state_size = sizeof(struct smb),
	.recognise = recognise,
	.hear = hear,
};
