/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IKE: a VPN gateway, which version it speaks, what it says of itself, and whether it takes weak cryptography.
 *
 * Specifications: RFC 7296, 3.1 (header), 3.2 (payloads), 3.10 (notify), 3.12 (vendor id); RFC 2408, 3.1
 * and 3.14 (version 1).
 *
 * Sent: the sweep's question (wire/payloads.c), a first message with a key exchange of a number for
 * private use, so that the responder keeps nothing and only says what it thinks of it. In full depth two
 * more of the kind, which offer weak cryptography: DES and 3DES, then the small Diffie-Hellman groups 1, 2
 * and 5; where it takes neither a third one, which offers what is in use today. Their key exchange has the number for private use again, so a responder that takes the offer can only
 * say with which group it would (INVALID_KE_PAYLOAD, RFC 7296, 1.2); nothing is agreed on or kept.
 */
#include "probe.h"

#include <stdio.h>
#include <string.h>

#include "codec/evidence.h"
#include "codec/writer.h"
#include "udp.h"

enum { PAYLOADS_MAX = 32, NOTIFY_1 = 11, NOTIFY_2 = 41, VENDOR_1 = 13, VENDOR_2 = 43, SA_2 = 33 };
enum { INVALID_KE = 17, NO_PROPOSAL = 14, NAT_PORT = 4500, MARKER = 4 };

static const struct {
	uint16_t type;
	const char *word;
} notifies[] = {
	{ 4, "invalid-ike-spi" },     { 5, "invalid-major-version" },
	{ 7, "invalid-syntax" },      { 14, "no-proposal-chosen" },
	{ 17, "invalid-ke-payload" }, { 24, "authentication-failed" },
	{ 16390, "cookie" },
};

static void note_notify(json_t *evidence, struct reader body, bool first_version)
{
	json_t *list = note_list(evidence, "notify");

	if (first_version)
		rd_skip(&body, 4); /* RFC 2408, 3.14: domain of interpretation */
	rd_skip(&body, 2);         /* protocol, length of SPI */
	uint16_t type = rd_be16(&body);
	if (!rd_ok(&body))
		return;
	for (size_t i = 0; i < countof(notifies); i++)
		if (notifies[i].type == type) {
			list_word(list, notifies[i].word);
			return;
		}
	list_int(list, type);
}

static bool read_payloads(struct span answer, json_t *evidence)
{
	struct reader r = rd_new(answer);

	rd_skip(&r, 16); /* SPIs */
	uint8_t next = rd_u8(&r), version = rd_u8(&r);
	rd_skip(&r, 1 + 1 + 4 + 4);
	note_int(evidence, "major", version >> 4);
	for (unsigned i = 0; next != 0 && i < PAYLOADS_MAX; i++) {
		uint8_t this = next;

		next = rd_u8(&r);
		rd_skip(&r, 1);
		uint16_t length = rd_be16(&r);
		struct reader body = rd_sub(&r, length >= 4 ? length - 4U : SIZE_MAX);
		if (!rd_ok(&r))
			return false;
		if (this == NOTIFY_1 || this == NOTIFY_2)
			note_notify(evidence, body, this == NOTIFY_1);
		else if (this == VENDOR_1 || this == VENDOR_2)
			list_text(note_list(evidence, "vendor_ids"), rd_rest(&body));
		else if (this == SA_2)
			note_bool(evidence, "chosen", true);
	}
	return true;
}

/* ---- weak offers ---- */

enum { ENCRYPTION = 1, PRF = 2, INTEGRITY = 3, GROUP = 4 };
enum { PRIVATE_GROUP = 65000, QUESTION_ROOM = 512 };

struct transform {
	uint8_t type;
	uint16_t id, key_bits;
};

/* RFC 7296, 3.3.2: DES and 3DES with whatever stands beside them. */
static const struct transform old_ciphers[] = {
	{ ENCRYPTION, 2, 0 }, { ENCRYPTION, 3, 0 }, { PRF, 1, 0 },       { PRF, 2, 0 },
	{ PRF, 5, 0 },        { INTEGRITY, 1, 0 },  { INTEGRITY, 2, 0 }, { INTEGRITY, 12, 0 },
	{ GROUP, 1, 0 },      { GROUP, 2, 0 },      { GROUP, 5, 0 },     { GROUP, 14, 0 },
	{ GROUP, 15, 0 },     { GROUP, 16, 0 },     { GROUP, 19, 0 },    { GROUP, 20, 0 },
};
/* AES with 768, 1024 and 1536 bits. */
static const struct transform small_groups[] = {
	{ ENCRYPTION, 12, 128 }, { ENCRYPTION, 12, 256 }, { PRF, 1, 0 },       { PRF, 2, 0 },
	{ PRF, 5, 0 },           { INTEGRITY, 1, 0 },     { INTEGRITY, 2, 0 }, { INTEGRITY, 12, 0 },
	{ GROUP, 1, 0 },         { GROUP, 2, 0 },         { GROUP, 5, 0 },
};

/* What is in use today: a gateway that takes none of it does not want to talk with this bastion at all. */
static const struct transform in_use[] = {
	{ ENCRYPTION, 12, 128 }, { ENCRYPTION, 12, 256 }, { PRF, 2, 0 },       { PRF, 5, 0 },
	{ PRF, 6, 0 },           { PRF, 7, 0 },           { INTEGRITY, 2, 0 }, { INTEGRITY, 12, 0 },
	{ INTEGRITY, 13, 0 },    { INTEGRITY, 14, 0 },    { GROUP, 14, 0 },    { GROUP, 15, 0 },
	{ GROUP, 16, 0 },        { GROUP, 19, 0 },        { GROUP, 20, 0 },    { GROUP, 21, 0 },
	{ GROUP, 31, 0 },
};

static void say_transform(struct writer *w, const struct transform *t, bool last)
{
	wr_u8(w, last ? 0 : 3);
	wr_u8(w, 0);
	wr_be16(w, t->key_bits != 0 ? 12 : 8);
	wr_u8(w, t->type);
	wr_u8(w, 0);
	wr_be16(w, t->id);
	if (t->key_bits != 0) {
		wr_be16(w, 0x800e); /* 3.3.5: key length */
		wr_be16(w, t->key_bits);
	}
}

static size_t weak_question(uint8_t *bytes, const uint8_t spi[static 8], bool marker,
			    const struct transform *list, size_t count)
{
	struct writer w = wr_new(bytes, QUESTION_ROOM);
	size_t transforms = 0;

	for (size_t i = 0; i < count; i++)
		transforms += list[i].key_bits != 0 ? 12 : 8;
	if (marker)
		wr_be32(&w, 0);
	wr_bytes(&w, spi, 8);
	wr_be32(&w, 0);
	wr_be32(&w, 0);
	wr_u8(&w, SA_2);
	wr_u8(&w, 0x20); /* version 2.0 */
	wr_u8(&w, 34);   /* IKE_SA_INIT */
	wr_u8(&w, 0x08); /* from the initiator */
	wr_be32(&w, 0);
	wr_be32(&w, (uint32_t)(28 + 12 + transforms + 40 + 36));
	wr_u8(&w, 34); /* next: KE */
	wr_u8(&w, 0);
	wr_be16(&w, (uint16_t)(12 + transforms));
	wr_be16(&w, 0); /* the last proposal */
	wr_be16(&w, (uint16_t)(8 + transforms));
	wr_u8(&w, 1); /* number */
	wr_u8(&w, 1); /* IKE */
	wr_u8(&w, 0); /* no SPI */
	wr_u8(&w, (uint8_t)count);
	for (size_t i = 0; i < count; i++)
		say_transform(&w, &list[i], i + 1 == count);
	wr_u8(&w, 40); /* next: nonce */
	wr_u8(&w, 0);
	wr_be16(&w, 40);
	wr_be16(&w, PRIVATE_GROUP);
	wr_be16(&w, 0);
	for (size_t i = 0; i < 32; i++)
		wr_u8(&w, 1);
	wr_u8(&w, 0);
	wr_u8(&w, 0);
	wr_be16(&w, 36);
	for (uint8_t i = 1; i <= 32; i++)
		wr_u8(&w, i);
	return wr_ok(&w) ? wr_span(&w).length : 0;
}

/* The group that an answer asks for, 0: it takes no part of the offer, -1: it says something else. */
static int group_wanted(struct span answer, const uint8_t spi[static 8])
{
	struct reader r = rd_new(answer);
	struct span same = rd_span(&r, 8);

	rd_skip(&r, 8);
	uint8_t next = rd_u8(&r), version = rd_u8(&r);
	rd_skip(&r, 1 + 1 + 4 + 4);
	if (!rd_ok(&r) || memcmp(same.at, spi, 8) != 0 || version >> 4 != 2)
		return -1;
	for (unsigned i = 0; next != 0 && i < PAYLOADS_MAX; i++) {
		uint8_t this = next;

		next = rd_u8(&r);
		rd_skip(&r, 1);
		uint16_t length = rd_be16(&r);
		struct reader body = rd_sub(&r, length >= 4 ? length - 4U : SIZE_MAX);
		if (this != NOTIFY_2)
			continue;
		rd_skip(&body, 1);
		rd_skip(&body, rd_u8(&body));
		uint16_t type = rd_be16(&body), group = rd_be16(&body);
		if (type == NO_PROPOSAL)
			return 0;
		if (type == INVALID_KE && rd_ok(&body))
			return group;
	}
	return -1;
}

/* What it would take of the offer; false where that is not known. */
static bool ask_weak(struct conn *c, bool marker, const struct transform *list, size_t count,
		     int *ret_group)
{
	uint8_t question[QUESTION_ROOM], spi[8];

	conn_random(c, spi, sizeof(spi));
	spi[7] |= 1; /* never zero */
	size_t n = weak_question(question, spi, marker, list, count);
	struct span answer = conn_ask(c, question, n);
	if (!conn_ok(c))
		return false;
	*ret_group = group_wanted(span_from(answer, marker ? MARKER : 0), spi);
	return *ret_group >= 0;
}

static void ask_for_weakness(struct conn *c, bool marker, json_t *evidence)
{
	char text[32];
	int cipher = 0, group = 0, usual = 0;

	if (!ask_weak(c, marker, old_ciphers, countof(old_ciphers), &cipher) ||
	    !ask_weak(c, marker, small_groups, countof(small_groups), &group))
		return;
	/* Who refuses everything may know its peers by their addresses (RFC 7296, 2.21.1). */
	if (cipher == 0 && group == 0 &&
	    (!ask_weak(c, marker, in_use, countof(in_use), &usual) || usual == 0))
		return;
	if (cipher > 0)
		list_word(note_list(evidence, "weak"), "des or 3des");
	if (cipher > 0 && cipher < 14)
		group = cipher;
	if (group > 0) {
		snprintf(text, sizeof(text), "dh group %d", group);
		list_text(note_list(evidence, "weak"), span_text(text));
	}
	conn_gathered(c, "weak");
}

/* ---- the conversation ---- */

static enum ending ike_run(struct conn *c, json_t *evidence)
{
	uint16_t port = conn_port(c) == NAT_PORT ? NAT_PORT : 500;
	struct span answer = udp_ask(c, port);

	if (answer.length == 0)
		return udp_ending(c);
	note_bool(evidence, "nat_traversal", port == NAT_PORT);
	if (!read_payloads(span_from(answer, port == NAT_PORT ? MARKER : 0), evidence))
		return conn_oddity(c, "ike.payload-malformed");
	conn_gathered(c, "answer");
	if (conn_depth(c) == DEPTH_FULL &&
	    json_integer_value(json_object_get(evidence, "major")) == 2)
		ask_for_weakness(c, port == NAT_PORT, evidence);
	return ENDING_DONE;
}

static const char ike_view[] =
	"CREATE TEMP VIEW ike AS SELECT address, port, evidence->>'$.major' AS major,"
	" evidence->'$.notify' AS notify FROM document WHERE probe = 'ike' AND evidence <> '{}';"
	"CREATE TEMP VIEW ike_weak AS SELECT d.address, d.port, w.value AS weak"
	" FROM document d, json_each(d.evidence, '$.weak') w WHERE d.probe = 'ike';";

const struct probe probe_ike = {
	.name = "ike",
	.ports = "500,4500",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 512, 2560 }, /* each twice at most */
	.received = { 16384, 16384 },
	.run = ike_run,
	.view = ike_view,
};
