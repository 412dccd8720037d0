/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMB: which dialects, whether messages must be signed and may be encrypted and how, who the server
 * is, and what it shows to strangers.
 *
 * Learnt: SMB 1 accepted or not; the SMB 2 and 3 dialects accepted, each with signing, capabilities
 * and sizes; ciphers, signing and compression algorithms of 3.1.1; server GUID, clock and start
 * time; names and operating system version from the server's NTLM challenge; Samba's own version
 * where SMB 1 tells it; whether a null session is let in, as guest, and the names of shares that it
 * is told.
 *
 * Specifications: [MS-SMB2] 2.2.1, 2.2.3 to 2.2.6 and those in smb_shares.c; [MS-SMB] 2.2.4.5,
 * 2.2.4.6; [MS-CIFS] 2.2.3, 2.2.4.52; [MS-NLMP] and [MS-SPNG] (codec/ntlm.h); RFC 1002, 4.3.1
 * (session message).
 *
 * Sent:
 *   1. SMB2 NEGOTIATE with the dialects 2.0.2 to 3.1.1 and the contexts preauthentication integrity,
 *      encryption, compression and signing. In limited depth nothing else.
 *   2. on the same connection SMB2 SESSION_SETUP with the first NTLM message, which names nobody.
 *      Where strangers may not be tried, the server's challenge is left unanswered.
 *   3. where they may (conn_anonymous()): SESSION_SETUP of nobody (no user, no password, no
 *      response); where that is let in TREE_CONNECT to IPC$, CREATE (open, never make) of the pipe
 *      srvsvc, IOCTL with an RPC bind and NetrShareEnum at level 1 (names, types, comments), READ of
 *      the rest of a long answer; LOGOFF. The server's log shows an anonymous logon. It is what
 *      every browse of the network neighbourhood asks; no share is connected, no file opened, no
 *      user named and no password tried.
 *   4. while 3.1.1 is chosen, SMB2 NEGOTIATE with 3.1.1 alone and the ciphers and signing algorithms
 *      that were not picked yet, at most six times (seldom more than three), each on its own
 *      connection
 *   5. for each dialect below the chosen one, SMB2 NEGOTIATE with it alone, on its own connection
 *   6. SMB1 NEGOTIATE with "NT LM 0.12" alone, on its own connection; where it is accepted,
 *      SMB1 SESSION_SETUP_ANDX with the first NTLM message, left unanswered.
 * A negotiation only agrees on a language and is where every client begins. An answer may be
 * compressed only where a request asks for it ([MS-SMB2] 3.3.4.1.5), which none of ours does.
 */
#include "smb.h"

#include <stdio.h>

#include "codec/evidence.h"
#include "codec/limits.h"
#include "probe.h"

enum { NARROWINGS = 6, ALL_CIPHERS = 0x1e, ALL_SIGNINGS = 0x7 };

/* ---- readers ---- */

/* Samba's GUID is its own name in lower case, filled up with zeros; any other is random. */
static bool is_name(struct span guid)
{
	size_t n = 0;

	while (n < guid.length && ((guid.at[n] >= 'a' && guid.at[n] <= 'z') ||
				   (guid.at[n] >= '0' && guid.at[n] <= '9') || guid.at[n] == '-'))
		n++;
	if (n == 0 || n == guid.length)
		return false;
	while (n < guid.length && guid.at[n] == 0)
		n++;
	return n == guid.length;
}

/* ---- writers ---- */

/* [MS-DTYP] 2.3.4.2: the first three fields are little endian. */
static void note_guid(json_t *evidence, struct span guid)
{
	struct reader r = rd_new(guid);
	char text[37];
	unsigned a = rd_le32(&r), b = rd_le16(&r), c = rd_le16(&r), d = rd_be16(&r);
	unsigned e = rd_be16(&r);
	unsigned f = rd_be32(&r);
	int n = snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%04x%08x", a, b, c, d, e, f);

	note_text(evidence, "guid", span_of(text, (size_t)n));
}

void smb_note_filetime(json_t *evidence, const char *key, uint64_t filetime)
{
	int64_t seconds;

	if (filetime_to_unix(filetime, &seconds))
		note_int(evidence, key, seconds);
}

static void note_capabilities(json_t *object, const struct smb2_negotiated *n)
{
	static const char *const capabilities[] = { "dfs",
						    "leasing",
						    "large-mtu",
						    "multi-channel",
						    "persistent-handles",
						    "directory-leasing",
						    "encryption" };
	json_t *list = note_list(object, "capabilities");

	for (size_t i = 0; i < countof(capabilities); i++)
		if (n->capabilities & 1U << i)
			list_word(list, capabilities[i]);
}

/* What holds for one dialect. */
static void note_dialect(json_t *evidence, const struct smb2_negotiated *n)
{
	json_t *row = list_object(note_list(evidence, "by_dialect"));

	if (row == NULL)
		return;
	note_word(row, "dialect", smb2_dialect_name(n->dialect));
	note_bool(row, "signing_enabled", n->security & SMB2_SIGNING_ENABLED);
	note_bool(row, "signing_required", n->security & SMB2_SIGNING_REQUIRED);
	note_bool(row, "encryption", smb2_encrypts(n));
	note_capabilities(row, n);
	note_int(row, "max_transact", n->max_transact);
	note_int(row, "max_read", n->max_read);
	note_int(row, "max_write", n->max_write);
}

static void note_negotiated(json_t *evidence, const struct smb2_negotiated *n)
{
	note_word(evidence, "dialect", smb2_dialect_name(n->dialect));
	note_bool(evidence, "signing_enabled", n->security & SMB2_SIGNING_ENABLED);
	note_bool(evidence, "signing_required", n->security & SMB2_SIGNING_REQUIRED);
	note_guid(evidence, n->guid);
	if (is_name(n->guid)) {
		note_bool(evidence, "samba", true);
		note_word(evidence, "product", "Samba");
	}
	note_capabilities(evidence, n);
	smb_note_filetime(evidence, "system_time", n->system_time);
	smb_note_filetime(evidence, "boot_time", n->start_time);
	note_bool(evidence, "encryption", smb2_encrypts(n));
	if (n->has_cipher && n->cipher != 0)
		note_word(evidence, "cipher", smb2_cipher_name(n->cipher));
	if (n->has_signing)
		note_word(evidence, "signing", smb2_signing_name(n->signing));
	if (n->dialect != DIALECT_311)
		return;
	json_t *list = note_list(evidence, "compression");
	for (unsigned i = 1; i <= SMB2_COMPRESSIONS; i++)
		if (n->compressions & 1U << i)
			list_word(list, smb2_compression_name(i));
	if (n->compressions != 0)
		note_bool(evidence, "compression_chained", n->chained);
}

/* A build that only Samba says is never taken for Windows. */
void smb_note_challenge(json_t *evidence, const struct ntlm_challenge *n)
{
	ntlm_note(evidence, n);
	if (ntlm_is_samba(n)) {
		note_bool(evidence, "samba", true);
		note_word(evidence, "product", "Samba");
	} else if (n->has_version && n->build != 0) {
		note_bool(evidence, "samba", false);
	}
}

/* ---- conversation ---- */

/* The server's NTLM challenge, on the connection that has negotiated, and what a stranger is told. */
static void ask_challenge(struct smb2 *t, json_t *evidence)
{
	uint8_t token[256];
	struct writer w = wr_new(token, sizeof(token));
	struct smb2_session session;
	struct ntlm_challenge n;

	ntlm_write_spnego(&w);
	enum outcome o = smb2_session_setup(t, wr_span(&w), &session);
	if (o == REFUSED)
		conn_gathered(t->c, "ntlm");
	if (o != ACCEPTED)
		return;
	if (session.status != STATUS_MORE_PROCESSING ||
	    !ntlm_read_challenge(ntlm_token(session.blob), &n)) {
		conn_note_oddity(t->c, "smb.challenge-malformed");
		return;
	}
	smb_note_challenge(evidence, &n);
	conn_gathered(t->c, "ntlm");
	if (conn_anonymous(t->c))
		smb_ask_shares(t, n.flags, evidence);
	else
		conn_limited(t->c, "shares");
}

/* What was picked of a list that is narrowed; nothing picked ends it. */
static void take(json_t *list, unsigned *left, bool picked, unsigned number, const char *name)
{
	if (*left == 0)
		return;
	if (picked)
		list_word(list, name);
	*left = picked ? *left & ~(1U << number) : 0;
}

/* Which ciphers and signing algorithms 3.1.1 takes besides those that it picked first: the rest of
 * both lists is offered until nothing of it is picked. A server may refuse where it can take nothing
 * of one list: then one is narrowed after the other, beside all of the other. So is the rest of one
 * when the other is done, as no list at all means AES-CMAC alone. */
static void ask_algorithms(struct smb2 *t, json_t *evidence, const struct smb2_negotiated *first)
{
	unsigned ciphers = ALL_CIPHERS, signings = ALL_SIGNINGS;
	struct smb2_negotiated n = *first;
	json_t *cipher_list = note_list(evidence, "ciphers");
	json_t *signing_list = note_list(evidence, "signings");
	bool together = true;

	take(cipher_list, &ciphers, n.has_cipher && n.cipher != 0, n.cipher,
	     smb2_cipher_name(n.cipher));
	take(signing_list, &signings, n.has_signing, n.signing, smb2_signing_name(n.signing));
	for (unsigned i = 0; ciphers != 0 || signings != 0; i++) {
		bool ask_ciphers = ciphers != 0;
		bool ask_signings = signings != 0 && (together || ciphers == 0);
		struct smb2_offer offer = {
			.dialects = &smb2_dialects[SMB2_DIALECTS - 1],
			.count = 1,
			.ciphers = ask_ciphers ? ciphers : ALL_CIPHERS,
			.signings = ask_signings ? signings : ALL_SIGNINGS,
		};
		enum outcome o = UNKNOWN;

		if (i < NARROWINGS && conn_again(t->c))
			o = smb2_negotiate(t, &offer, &n);
		if (o == REFUSED && ask_ciphers && ask_signings) {
			together = false;
			continue;
		}
		if (o != ACCEPTED && o != REFUSED)
			return;
		if (ask_ciphers)
			take(cipher_list, &ciphers, o == ACCEPTED && n.has_cipher && n.cipher != 0,
			     n.cipher, smb2_cipher_name(n.cipher));
		if (ask_signings)
			take(signing_list, &signings, o == ACCEPTED && n.has_signing, n.signing,
			     smb2_signing_name(n.signing));
	}
	conn_gathered(t->c, "algorithms");
}

/* Which dialects below the chosen one are taken as well: the server picks the best of an offer, so
 * that those above are known to be refused. */
static void ask_dialects(struct smb2 *t, json_t *evidence, const struct smb2_negotiated *chosen)
{
	json_t *list = note_list(evidence, "dialects");
	bool all = true;

	for (size_t i = 0; i < SMB2_DIALECTS && smb2_dialects[i].code < chosen->dialect; i++) {
		struct smb2_offer offer = { .dialects = &smb2_dialects[i], .count = 1 };
		struct smb2_negotiated n;
		enum outcome o = UNKNOWN;

		if (conn_again(t->c))
			o = smb2_negotiate(t, &offer, &n);
		if (o == ACCEPTED) {
			list_word(list, smb2_dialects[i].name);
			note_dialect(evidence, &n);
		} else if (o != REFUSED) {
			all = false;
		}
	}
	list_word(list, smb2_dialect_name(chosen->dialect));
	note_dialect(evidence, chosen);
	if (all)
		conn_gathered(t->c, "dialects");
}

static enum ending ending_of_outcome(struct conn *c, enum outcome o)
{
	if (o == NOT_SMB)
		return ENDING_NOT_THIS;
	if (o == BROKEN)
		return conn_oddity(c, "smb.negotiate-malformed");
	return conn_ok(c) ? ENDING_NOT_THIS : conn_ending(c);
}

static enum ending smb_run(struct conn *c, json_t *evidence)
{
	static const char *const further[] = { "smb1", "dialects", "ntlm", "algorithms", "shares" };
	static const struct smb2_offer everything = {
		.dialects = smb2_dialects,
		.count = SMB2_DIALECTS,
		.ciphers = ALL_CIPHERS,
		.signings = ALL_SIGNINGS,
		.compression = true,
	};
	struct smb2 talk = { .c = c };
	struct smb2_negotiated n;
	enum outcome smb2 = smb2_negotiate(&talk, &everything, &n);
	enum ending first = ending_of_outcome(c, smb2);

	if (smb2 == NOT_SMB || smb2 == BROKEN)
		return first;
	if (smb2 == ACCEPTED) {
		note_int(evidence, "observed", conn_clock(c));
		note_negotiated(evidence, &n);
		conn_gathered(c, "negotiate");
	}
	if (conn_depth(c) == DEPTH_LIMITED) {
		for (size_t i = 0; smb2 == ACCEPTED && i < countof(further); i++)
			conn_limited(c, further[i]);
		return smb2 == ACCEPTED ? ENDING_DONE : first;
	}
	if (smb2 == ACCEPTED) {
		ask_challenge(&talk, evidence);
		if (n.dialect == DIALECT_311)
			ask_algorithms(&talk, evidence, &n);
		else
			conn_gathered(c, "algorithms");
		ask_dialects(&talk, evidence, &n);
	}
	enum outcome smb1 = conn_again(c) ? smb1_ask(c, evidence, smb2 == ACCEPTED) : UNKNOWN;
	if (smb2 != ACCEPTED && smb1 != ACCEPTED)
		return smb1 == NOT_SMB || smb1 == BROKEN ? ending_of_outcome(c, smb1) : first;
	if (smb1 == ACCEPTED) {
		list_word(note_list(evidence, "dialects"), "NT LM 0.12");
		conn_gathered(c, "smb1");
	} else if (smb1 == REFUSED) {
		note_bool(evidence, "smb1", false);
		conn_gathered(c, "smb1");
	}
	if (smb2 != ACCEPTED) {
		note_int(evidence, "observed", conn_clock(c));
		conn_gathered(c, "negotiate");
		if (smb2 == REFUSED)
			conn_gathered(c, "dialects");
		if (json_object_get(evidence, "os_version") != NULL)
			conn_gathered(c, "ntlm");
	}
	if (conn_ending(c) == ENDING_STOPPED || conn_ending(c) == ENDING_DISTRESS)
		return conn_ending(c);
	return ENDING_DONE;
}

static const char smb_view[] =
	"CREATE TEMP VIEW smb AS SELECT address, port, evidence->>'$.smb1' AS smb1,"
	" evidence->>'$.dialect' AS dialect, evidence->>'$.signing_required' AS signing_required,"
	" evidence->>'$.guid' AS guid, evidence->>'$.computer' AS computer,"
	" evidence->>'$.domain' AS domain, evidence->>'$.build' AS build,"
	" evidence->>'$.os_version' AS os_version, evidence->>'$.system_time' AS system_time,"
	" evidence->>'$.encryption' AS encryption, evidence->>'$.samba' AS samba,"
	" evidence->>'$.native_os' AS native_os,"
	" evidence->>'$.null_session' AS null_session, evidence->>'$.guest' AS guest"
	" FROM document WHERE probe = 'smb' AND evidence->>'$.dialect' IS NOT NULL;"
	"CREATE TEMP VIEW smb_dialect AS SELECT address, port, d.value AS dialect"
	" FROM document, json_each(json_member(document.evidence, 'dialects')) AS d WHERE probe = "
	"'smb';"
	"CREATE TEMP VIEW smb_signing AS SELECT address, port, d.value->>'$.dialect' AS dialect,"
	" d.value->>'$.signing_enabled' AS enabled, d.value->>'$.signing_required' AS required"
	" FROM document, json_each(json_member(document.evidence, 'by_dialect')) AS d WHERE probe "
	"= 'smb';"
	"CREATE TEMP VIEW smb_algorithm AS SELECT address, port, 'cipher' AS kind, d.value AS name"
	" FROM document, json_each(json_member(document.evidence, 'ciphers')) AS d WHERE probe = "
	"'smb'"
	" UNION ALL SELECT address, port, 'signing', d.value"
	" FROM document, json_each(json_member(document.evidence, 'signings')) AS d WHERE probe = "
	"'smb'"
	" UNION ALL SELECT address, port, 'compression', d.value"
	" FROM document, json_each(json_member(document.evidence, 'compression')) AS d WHERE probe "
	"= 'smb';"
	"CREATE TEMP VIEW smb_share AS SELECT address, port, d.value->>'$.name' AS name,"
	" d.value->>'$.type' AS type, coalesce(d.value->>'$.special', 0) AS special"
	" FROM document, json_each(json_member(document.evidence, 'shares')) AS d WHERE probe = "
	"'smb';";

const struct probe probe_smb = {
	.name = "smb",
	.ports = "445",
	.risk = RISK_READ,
	.connections = { 1, 1 + NARROWINGS + SMB2_DIALECTS },
	.sent = { 512, 8192 },
	.received = { SMB_MESSAGE_MAX, 128 * 1024 },
	.ot = true,
	.hello_order = 4,
	.run = smb_run,
	.view = smb_view,
};
