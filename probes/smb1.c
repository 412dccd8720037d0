/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB 1 of the smb probe: negotiation and the first half of a session setup. What is sent, and why
 * that is safe, stands in smb.c.
 */
#include "smb.h"

#include "codec/evidence.h"

/* ---- writers ---- */

/* [MS-CIFS] 2.2.3.1 */
static void write_smb1_header(struct writer *w, uint8_t command, uint16_t multiplex)
{
	wr_bytes(w, "\xffSMB", 4);
	wr_u8(w, command);
	wr_le32(w, 0);      /* status */
	wr_u8(w, 0x18);     /* canonical paths, no case */
	wr_le16(w, 0xc801); /* Unicode, NT status, extended security, long names */
	wr_fill(w, 0, 2 + 8 + 2);
	wr_le16(w, 0); /* tree */
	wr_le16(w, 0); /* process */
	wr_le16(w, 0); /* user */
	wr_le16(w, multiplex);
}

static void say_smb1_negotiate(struct conn *c)
{
	uint8_t buffer[SMB_REQUEST_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t message = smb_open(&w);

	write_smb1_header(&w, SMB1_NEGOTIATE, 0);
	wr_u8(&w, 0); /* no words */
	wr_le16(&w, 12);
	wr_u8(&w, 2); /* a dialect follows */
	wr_bytes(&w, "NT LM 0.12", 11);
	wr_close24(&w, message);
	conn_write_span(c, wr_span(&w));
}

/* [MS-SMB] 2.2.4.6.1; our own system has no name here. */
static void say_smb1_session_setup(struct conn *c, uint32_t session_key)
{
	uint8_t buffer[SMB_REQUEST_MAX], token[256];
	struct writer w = wr_new(buffer, sizeof(buffer));
	struct writer t = wr_new(token, sizeof(token));
	size_t message = smb_open(&w);

	ntlm_write_spnego(&t);
	size_t length = wr_span(&t).length;
	size_t padding = (32 + 1 + 24 + 2 + length) % 2;
	write_smb1_header(&w, SMB1_SESSION_SETUP, 1);
	wr_u8(&w, 12);      /* words */
	wr_u8(&w, 0xff);    /* no further command */
	wr_u8(&w, 0);       /* reserved */
	wr_le16(&w, 0);     /* its offset */
	wr_le16(&w, 16384); /* our buffer */
	wr_le16(&w, 1);     /* requests at once */
	wr_le16(&w, 0);     /* virtual circuit */
	wr_le32(&w, session_key);
	wr_le16(&w, (uint16_t)length);
	wr_le32(&w, 0);                    /* reserved */
	wr_le32(&w, SMB1_EXTENDED | 0x54); /* and Unicode, NT SMBs, NT status */
	wr_le16(&w, (uint16_t)(length + padding + 4));
	wr_span_in(&w, wr_span(&t));
	wr_fill(&w, 0, padding);
	wr_le16(&w, 0); /* system */
	wr_le16(&w, 0); /* LAN manager */
	wr_close24(&w, message);
	conn_write_span(c, wr_span(&w));
}

/* Its row beside those of the other dialects. A server that wants passwords in plain text, or one for
 * each share, is from before Windows NT. */
static void note_offer(json_t *evidence, const struct smb1_negotiated *n)
{
	json_t *row = list_object(note_list(evidence, "by_dialect"));

	if (row == NULL)
		return;
	note_word(row, "dialect", "NT LM 0.12");
	note_bool(row, "signing_enabled", n->security & SMB1_SIGNING_ENABLED);
	note_bool(row, "signing_required", n->security & SMB1_SIGNING_REQUIRED);
	note_bool(row, "encryption", false);
	note_bool(row, "extended_security", n->capabilities & SMB1_EXTENDED);
	note_bool(row, "share_passwords", !(n->security & SMB1_USER_SECURITY));
	note_bool(row, "plain_passwords", !(n->security & SMB1_ENCRYPT_PASSWORDS));
	note_int(row, "max_buffer", n->max_buffer);
}

static void note_smb1_session(json_t *evidence, const struct smb1_session *s)
{
	static const char samba[] = "S\0a\0m\0b\0a\0 "; /* and the zero of the last */
	struct ntlm_challenge n;

	if (json_object_get(evidence, "os_version") == NULL &&
	    ntlm_read_challenge(ntlm_token(s->blob), &n))
		smb_note_challenge(evidence, &n);
	if (s->os.length > 0)
		note_utf16le(evidence, "native_os", s->os);
	if (s->lanman.length > 0)
		note_utf16le(evidence, "native_lanman", s->lanman);
	if (s->lanman.length > sizeof(samba) && memcmp(s->lanman.at, samba, sizeof(samba)) == 0) {
		json_object_del(evidence, "build");
		note_bool(evidence, "samba", true);
		note_word(evidence, "product", "Samba");
		note_utf16le(evidence, "version", span_from(s->lanman, sizeof(samba)));
	}
}

/* ---- conversation ---- */

enum outcome smb1_ask(struct conn *c, json_t *evidence, bool smb2_spoken)
{
	struct span message;
	struct smb1 answer;
	struct smb1_negotiated n;
	struct smb1_session s;
	bool refused;

	say_smb1_negotiate(c);
	enum outcome o = smb_hear(c, &message);
	if (o != ACCEPTED)
		return o;
	if (!smb_is_smb(message))
		return NOT_SMB;
	if (message.at[0] != 0xff)
		return REFUSED;
	if (!smb1_read(message, &answer) || answer.command != SMB1_NEGOTIATE || !answer.is_answer)
		return BROKEN;
	if (!smb1_read_negotiated(&answer, &n, &refused))
		return refused ? REFUSED : BROKEN;
	note_bool(evidence, "smb1", true);
	note_offer(evidence, &n);
	if (!smb2_spoken) {
		note_word(evidence, "dialect", "NT LM 0.12");
		note_bool(evidence, "signing_enabled", n.security & SMB1_SIGNING_ENABLED);
		note_bool(evidence, "signing_required", n.security & SMB1_SIGNING_REQUIRED);
		note_bool(evidence, "encryption", false);
		smb_note_filetime(evidence, "system_time", n.system_time);
	}
	if (n.domain.length > 0 && !smb2_spoken)
		note_utf16le(evidence, "domain", n.domain);
	if (n.server.length > 0 && !smb2_spoken)
		note_utf16le(evidence, "computer", n.server);
	if (!(n.capabilities & SMB1_EXTENDED))
		return ACCEPTED;
	say_smb1_session_setup(c, n.session_key);
	if (smb_hear(c, &message) != ACCEPTED)
		return ACCEPTED;
	if (smb1_read(message, &answer) && answer.is_answer &&
	    answer.command == SMB1_SESSION_SETUP && smb1_read_session(&answer, &s))
		note_smb1_session(evidence, &s);
	else
		conn_note_oddity(c, "smb.smb1-session-malformed");
	return ACCEPTED;
}
