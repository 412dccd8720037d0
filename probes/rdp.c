/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RDP: which security protocols a server accepts, and who it is.
 *
 * Learnt: standard RDP security, TLS and CredSSP (Network Level Authentication, NLA) accepted or
 * not; whether NLA is required; level, methods and key of standard security's encryption; names and
 * operating system version from the NTLM challenge inside CredSSP.
 *
 * Specifications: [MS-RDPBCGR] 2.2.1.1 (connection request), 2.2.1.2 (confirm, negotiation response
 * and failure), 5.4 and those in rdp_mcs.c; X.224, 13.3 and 13.4; RFC 1006 (TPKT); [MS-CSSP] 2.2.1
 * (TSRequest); [MS-NLMP].
 *
 * Sent, each on its own connection:
 *   03 00 00 13 0e e0 0000 0000 00 01 00 08 00 PP 00 00 00   X.224 connection request, protocols PP
 * with PP = 00 (standard), 01 (TLS), 03 (CredSSP; it stands on TLS, whose bit goes with it), 0b
 * (the same with the early result of the user's authorisation). On the third connection, once
 * CredSSP was chosen: TLS, and in it one TSRequest with the first NTLM message, which names nobody.
 * The server's challenge stays unanswered, so that no logon is tried and no session begins.
 * Where standard security was confirmed, on that first connection:
 *   03 00 01 LL 02 f0 80 7f 65 ...   MCS Connect Initial that offers all four encryption methods
 *   03 00 00 09 02 f0 80 21 80       MCS Disconnect Provider Ultimatum, once the answer has come
 * and again, each on its own connection, with each method alone that was not chosen. The answer
 * tells method, level and public key; what would lead to a login screen (joining channels, the key
 * exchange) is never sent.
 * In limited depth one request with PP = 0b and nothing else.
 */
#include "rdp.h"

#include "codec/ber.h"
#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/ntlm.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "probe.h"

enum {
	TPKT_MAX = 512, /* a confirm is 11 or 19 bytes */
	X224_REQUEST = 0xe0,
	X224_CONFIRM = 0xd0,
	NEGOTIATION_REQUEST = 1,
	NEGOTIATION_RESPONSE = 2,
	NEGOTIATION_FAILURE = 3,
	PROTOCOL_TLS = 1,
	PROTOCOL_CREDSSP = 2,
	PROTOCOL_CREDSSP_EARLY = 8,
	TLS_NOT_ALLOWED = 2, /* SSL_NOT_ALLOWED_BY_SERVER: standard security alone */
	CERTIFICATE_MISSING = 3,
	CREDSSP_REQUIRED = 5, /* HYBRID_REQUIRED_BY_SERVER */
	CREDSSP_VERSION = 6,
	REQUESTS = 4,
};

enum outcome {
	SELECTED,
	FAILED,  /* a failure code */
	CLOSED,  /* the server closes instead of an answer */
	UNKNOWN, /* silence, or we may not ask */
	NOT_RDP,
};

struct confirm {
	enum outcome outcome;
	uint32_t protocol; /* of SELECTED */
	uint32_t code;     /* of FAILED */
	uint8_t flags;
};

/* What each question is called, and the protocols that are its yes. */
static const struct question {
	const char *name;
	uint32_t offered;
	uint32_t answer;
} questions[REQUESTS] = {
	{ "standard", 0, 0 },
	{ "tls", PROTOCOL_TLS, PROTOCOL_TLS },
	{ "credssp", PROTOCOL_TLS | PROTOCOL_CREDSSP, PROTOCOL_CREDSSP },
	{ "credssp_early", PROTOCOL_TLS | PROTOCOL_CREDSSP | PROTOCOL_CREDSSP_EARLY,
	  PROTOCOL_CREDSSP_EARLY },
};
enum { STANDARD, TLS, CREDSSP, CREDSSP_EARLY };

/* ---- readers ---- */

size_t rdp_read_tpkt(struct span header, size_t max)
{
	struct reader r = rd_new(header);
	uint8_t version = rd_u8(&r);

	rd_skip(&r, 1);
	size_t length = rd_be16(&r);
	if (!rd_end(&r) || version != TPKT_VERSION || length < TPKT_HEADER + 3 || length > max)
		return 0;
	return length - TPKT_HEADER;
}

/* X.224, 13.4 and [MS-RDPBCGR] 2.2.1.2. Servers older than the negotiation confirm without it: they
 * know standard security alone. */
static bool read_confirm(struct span bytes, struct confirm *ret)
{
	struct reader r = rd_new(bytes);
	struct confirm a = { .outcome = SELECTED };
	struct reader tpdu = rd_sub(&r, rd_u8(&r));
	uint8_t code = rd_u8(&tpdu) & 0xf0;

	rd_skip(&tpdu, 2 + 2 + 1); /* references, class */
	if (!rd_ok(&tpdu) || !rd_end(&r) || code != X224_CONFIRM)
		return false;
	if (rd_left(&tpdu) > 0) {
		uint8_t type = rd_u8(&tpdu);

		a.flags = rd_u8(&tpdu);
		uint16_t length = rd_le16(&tpdu);
		uint32_t value = rd_le32(&tpdu);
		if (!rd_end(&tpdu) || length != 8)
			return false;
		if (type == NEGOTIATION_RESPONSE)
			a.protocol = value;
		else if (type == NEGOTIATION_FAILURE)
			a.code = value;
		else
			return false;
		a.outcome = type == NEGOTIATION_RESPONSE ? SELECTED : FAILED;
	}
	*ret = a;
	return true;
}

/* [MS-CSSP] 2.2.1: the first token of a TSRequest's contents. */
static bool read_token(struct span contents, struct span *ret)
{
	struct reader r = rd_new(contents);
	struct reader version = ber_enter(&r, BER_CONTEXT);
	struct reader tokens = ber_enter(&r, BER_CONTEXT + 1);
	struct reader list = ber_enter(&tokens, BER_SEQUENCE);
	struct reader item = ber_enter(&list, BER_SEQUENCE);
	struct reader token = ber_enter(&item, BER_CONTEXT);
	struct span bytes = ber_take(&token, BER_OCTETS);

	(void)ber_take_uint(&version, BER_INTEGER);
	if (!rd_ok(&version) || !rd_end(&token))
		return false;
	*ret = bytes;
	return true;
}

/* ---- writers ---- */

static void say_request(struct conn *c, uint32_t protocols)
{
	uint8_t buffer[32];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_u8(&w, TPKT_VERSION);
	wr_u8(&w, 0);
	wr_be16(&w, TPKT_HEADER + 15);
	size_t length = wr_open8(&w);
	wr_u8(&w, X224_REQUEST);
	wr_be16(&w, 0); /* destination */
	wr_be16(&w, 0); /* source */
	wr_u8(&w, 0);   /* class 0 */
	wr_u8(&w, NEGOTIATION_REQUEST);
	wr_u8(&w, 0); /* flags */
	wr_le16(&w, 8);
	wr_le32(&w, protocols);
	wr_close8(&w, length);
	conn_write_span(c, wr_span(&w));
}

/* [MS-CSSP] 2.2.1: version and one token, the first NTLM message. */
static void say_ntlm(struct conn *c)
{
	uint8_t buffer[128];
	struct writer w = wr_new(buffer, sizeof(buffer));
	static const uint8_t version[] = { CREDSSP_VERSION };
	size_t all = ber_open(&w, BER_SEQUENCE);
	size_t number = ber_open(&w, BER_CONTEXT);

	ber_put(&w, BER_INTEGER, span_of(version, sizeof(version)));
	ber_close(&w, number);
	size_t tokens = ber_open(&w, BER_CONTEXT + 1);
	size_t list = ber_open(&w, BER_SEQUENCE);
	size_t item = ber_open(&w, BER_SEQUENCE);
	size_t token = ber_open(&w, BER_CONTEXT);
	size_t octets = ber_open(&w, BER_OCTETS);
	ntlm_write_negotiate(&w);
	ber_close(&w, octets);
	ber_close(&w, token);
	ber_close(&w, item);
	ber_close(&w, list);
	ber_close(&w, tokens);
	ber_close(&w, all);
	conn_write_span(c, wr_span(&w));
}

static const char *code_word(uint32_t code)
{
	static const char *const words[] = {
		NULL,
		"tls-required",
		"tls-not-allowed",
		"certificate-missing",
		"flags-inconsistent",
		"credssp-required",
		"tls-with-user-certificate-required",
	};

	return code < countof(words) && words[code] != NULL ? words[code] : "unknown-code";
}

/* One row per request: what was offered, and what came of it. */
static void note_request(json_t *evidence, const struct question *q, const struct confirm *a)
{
	json_t *row = list_object(note_list(evidence, "requests"));

	if (row == NULL)
		return;
	note_word(row, "asked", q->name);
	note_int(row, "offered", q->offered);
	if (a->outcome == SELECTED) {
		note_int(row, "selected", a->protocol);
		note_int(row, "flags", a->flags);
	} else if (a->outcome == FAILED) {
		note_int(row, "code", a->code);
		note_word(row, "refused", code_word(a->code));
	} else {
		note_word(row, "refused", a->outcome == CLOSED ? "closed" : "no-answer");
	}
}

/* NLA is required where a server takes CredSSP and refuses everything below it, or says so itself;
 * it is not where something below it was taken. Else it is not known. */
static void note_nla(json_t *evidence, const struct confirm answers[static REQUESTS])
{
	bool below = json_is_true(json_object_get(evidence, "standard")) ||
		     json_is_true(json_object_get(evidence, "tls"));
	bool refused = json_is_false(json_object_get(evidence, "standard")) &&
		       json_is_false(json_object_get(evidence, "tls"));
	bool said = true;

	for (size_t i = STANDARD; i <= TLS; i++)
		said &= answers[i].outcome == FAILED && answers[i].code == CREDSSP_REQUIRED;
	if (below)
		note_bool(evidence, "nla_required", false);
	else if (said || (refused && json_is_true(json_object_get(evidence, "credssp"))))
		note_bool(evidence, "nla_required", true);
}

/* [MS-RDPBCGR] 2.2.1.2.1: what a server says beside its choice. */
static void note_features(json_t *evidence, const struct confirm answers[static REQUESTS])
{
	static const struct {
		uint8_t flag;
		const char *word;
	} features[] = {
		{ 0x01, "extended-client-data" },
		{ 0x02, "graphics-pipeline" },
		{ 0x08, "restricted-admin" },
		{ 0x10, "remote-credential-guard" },
	};
	uint8_t flags = 0;

	for (size_t i = 0; i < REQUESTS; i++)
		if (answers[i].outcome == SELECTED)
			flags |= answers[i].flags;
	for (size_t i = 0; i < countof(features); i++)
		if (flags & features[i].flag)
			list_word(note_list(evidence, "features"), features[i].word);
}

/* ---- conversation ---- */

static struct confirm ask(struct conn *c, const struct question *q)
{
	struct confirm a = { .outcome = UNKNOWN };

	say_request(c, q->offered);
	struct span header = conn_read(c, TPKT_HEADER);
	if (conn_ok(c)) {
		a.outcome = NOT_RDP;
		size_t length = rdp_read_tpkt(header, TPKT_MAX);
		struct span body = conn_read(c, length);
		if (length > 0 && conn_ok(c))
			(void)read_confirm(body, &a);
	} else if (conn_ending(c) == ENDING_CLOSED) {
		a.outcome = CLOSED;
	}
	return a;
}

/* A fresh connection is led as far as the first one. */
static bool confirm_standard(struct conn *c)
{
	struct confirm a = ask(c, &questions[STANDARD]);

	return a.outcome == SELECTED && a.protocol == 0;
}

/* The NTLM challenge inside CredSSP, on the connection that has chosen it. */
static void ask_challenge(struct conn *c, json_t *evidence)
{
	struct ntlm_challenge n;
	struct span token;

	if (!conn_start_tls(c, NULL))
		return;
	say_ntlm(c);
	/* The element's own header says how much to read. */
	struct reader header = rd_new(conn_read(c, 2));
	uint8_t tag = rd_u8(&header);
	size_t length = rd_u8(&header);
	if (!conn_ok(c))
		return;
	if (length > 0x80 && length <= 0x83) {
		size_t bytes = length & 0x7f;
		struct reader longer = rd_new(conn_read(c, bytes));

		for (length = 0; bytes > 0; bytes--)
			length = length << 8 | rd_u8(&longer);
	} else if (length >= 0x80) {
		length = CREDSSP_MAX + 1;
	}
	struct span contents = conn_read(c, length <= CREDSSP_MAX ? length : 0);
	if (!conn_ok(c))
		return;
	if (tag != BER_SEQUENCE || length > CREDSSP_MAX || !read_token(contents, &token) ||
	    !ntlm_read_challenge(ntlm_token(token), &n)) {
		conn_note_oddity(c, "rdp.challenge-malformed");
		return;
	}
	ntlm_note(evidence, &n);
	conn_gathered(c, "ntlm");
}

/* One offer of everything: the choice tells what it tells, a refusal of the rest cannot be seen. */
static enum ending look(struct conn *c, json_t *evidence)
{
	const struct question *q = &questions[CREDSSP_EARLY];
	struct confirm a = ask(c, q);

	if (a.outcome == NOT_RDP)
		return ENDING_NOT_THIS;
	if (a.outcome == CLOSED || a.outcome == UNKNOWN)
		return conn_ending(c);
	note_request(evidence, q, &a);
	if (a.outcome == SELECTED && a.protocol == 0) {
		note_bool(evidence, "standard", true);
		note_bool(evidence, "tls", false);
		note_bool(evidence, "credssp", false);
		note_bool(evidence, "nla_required", false);
	} else if (a.outcome == SELECTED && a.protocol == PROTOCOL_TLS) {
		note_bool(evidence, "tls", true);
		note_bool(evidence, "credssp", false);
		note_bool(evidence, "nla_required", false);
	} else if (a.outcome == SELECTED) {
		note_bool(evidence, "credssp", true);
	} else if (a.code == TLS_NOT_ALLOWED || a.code == CERTIFICATE_MISSING) {
		note_bool(evidence, "tls", false);
		note_bool(evidence, "credssp", false);
		note_bool(evidence, "nla_required", false);
	}
	conn_limited(c, "protocols");
	conn_limited(c, "encryption");
	conn_limited(c, "ntlm");
	return ENDING_DONE;
}

static enum ending rdp_run(struct conn *c, json_t *evidence)
{
	struct confirm answers[REQUESTS] = { 0 };
	bool all = true;

	if (conn_depth(c) == DEPTH_LIMITED)
		return look(c, evidence);
	for (size_t i = 0; i < REQUESTS; i++) {
		struct confirm *a = &answers[i];

		a->outcome = UNKNOWN;
		if (i == 0 || conn_again(c))
			*a = ask(c, &questions[i]);
		if (a->outcome == NOT_RDP && i == STANDARD)
			return ENDING_NOT_THIS;
		if (a->outcome == NOT_RDP) {
			conn_note_oddity(c, "rdp.confirm-malformed");
			a->outcome = UNKNOWN;
		}
		/* Any server that speaks RDP answers this first one, if only by a failure. */
		if (i == STANDARD && a->outcome != SELECTED && a->outcome != FAILED)
			return conn_ending(c);
		all &= a->outcome != UNKNOWN;
		if (a->outcome == SELECTED && a->protocol & ~questions[i].offered) {
			conn_note_oddity(c, "rdp.protocol-not-offered");
			all = false;
			continue;
		}
		if (i == STANDARD && a->outcome == SELECTED && a->protocol == 0)
			rdp_ask_encryption(c, evidence, confirm_standard);
		else if (i == STANDARD)
			conn_gathered(c, "encryption");
		if (i == CREDSSP && a->outcome == SELECTED && a->protocol == PROTOCOL_CREDSSP)
			ask_challenge(c, evidence);
	}
	for (size_t i = 0; i < REQUESTS; i++) {
		const struct confirm *a = &answers[i];

		note_request(evidence, &questions[i], a);
		if (a->outcome != UNKNOWN && !(a->protocol & ~questions[i].offered))
			note_bool(evidence, questions[i].name,
				  a->outcome == SELECTED && a->protocol == questions[i].answer);
	}
	note_nla(evidence, answers);
	note_features(evidence, answers);
	if (all)
		conn_gathered(c, "protocols");
	if (conn_ending(c) == ENDING_STOPPED || conn_ending(c) == ENDING_DISTRESS)
		return conn_ending(c);
	return ENDING_DONE;
}

static const char rdp_view[] =
	"CREATE TEMP VIEW rdp AS SELECT address, port, evidence->>'$.nla_required' AS nla_required,"
	" evidence->>'$.standard' AS standard, evidence->>'$.tls' AS tls,"
	" evidence->>'$.credssp' AS credssp, evidence->>'$.build' AS build,"
	" evidence->>'$.os_version' AS os_version, evidence->>'$.computer' AS computer,"
	" evidence->>'$.encryption_level' AS encryption_level,"
	" evidence->>'$.certificate.bits' AS key_bits"
	" FROM document WHERE probe = 'rdp' AND evidence->>'$.requests' IS NOT NULL;"
	"CREATE TEMP VIEW rdp_method AS SELECT address, port, d.value AS method"
	" FROM document, json_each(json_member(document.evidence, 'encryption_methods')) AS d"
	" WHERE probe = 'rdp';";

const struct probe probe_rdp = {
	.name = "rdp",
	.ports = "3389",
	.risk = RISK_READ,
	.connections = { 1, REQUESTS + RDP_METHODS },
	.sent = { 64, 8192 },
	.received = { TPKT_MAX, 128 * 1024 },
	.ot = true,
	.hello_order = 3,
	.run = rdp_run,
	.view = rdp_view,
};
