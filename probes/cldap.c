/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLDAP: a domain controller, its domain, forest and site.
 *
 * Specifications: [MS-ADTS] 6.3.3 (the ping of clients that look for a controller), 6.3.1.9 (its answer),
 * 6.3.1.2 (flags), 6.3.7 (names); RFC 4511, 4.5.1 (search).
 *
 * Sent: that ping (wire/payloads.c), which every member of a domain sends before it logs in. It names
 * neither a user nor a domain; nothing of the directory is read.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/ber.h"
#include "codec/dns.h"
#include "codec/evidence.h"
#include "udp.h"

enum {
	ENTRY = BER_APPLICATION + 4,
	SET = 0x31,
	ANSWER_EX = 23,   /* LOGON_SAM_LOGON_RESPONSE_EX */
	ANSWER_EX_R = 25, /* LOGON_SAM_USER_UNKNOWN_EX: the same, about a user that we never name */
};

/* What is kept of the flags. */
static const struct {
	uint32_t bit;
	const char *key;
} flags[] = {
	{ 0x1, "primary" },
	{ 0x4, "global_catalog" },
	{ 0x20, "key_distribution" },
	{ 0x100, "writable" },
};

/* ---- readers ---- */

/* The value of the attribute netlogon; empty where the answer has none (no controller). False: malformed. */
static bool read_netlogon(struct span answer, struct span *ret)
{
	struct reader r = rd_new(answer);
	struct reader message = ber_enter(&r, BER_SEQUENCE);
	struct ber operation;

	*ret = span_first(answer, 0);
	(void)ber_take_uint(&message, BER_INTEGER);
	if (!ber_read(&message, &operation))
		return false;
	if (operation.tag != ENTRY)
		return true;
	struct reader entry = rd_new(operation.value);
	(void)ber_take(&entry, BER_OCTETS);
	struct reader attributes = ber_enter(&entry, BER_SEQUENCE);
	while (rd_left(&attributes) > 0) {
		struct reader one = ber_enter(&attributes, BER_SEQUENCE);
		struct span type = ber_take(&one, BER_OCTETS);
		struct reader values = ber_enter(&one, SET);

		if (span_is_nocase(type, "netlogon") && rd_left(&values) > 0)
			*ret = ber_take(&values, BER_OCTETS);
		if (!rd_ok(&one) || !rd_ok(&values))
			return false;
	}
	return rd_ok(&attributes);
}

/* [MS-DTYP] 2.3.4.3: the first three fields are little-endian. */
static void note_guid(json_t *evidence, struct reader *r)
{
	char text[40];
	uint32_t a = rd_le32(r);
	uint16_t b = rd_le16(r), c = rd_le16(r), d = rd_be16(r), e = rd_be16(r);
	uint32_t f = rd_be32(r);

	snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%04x%08x", a, b, c, d, e, f);
	if (rd_ok(r))
		note_word(evidence, "domain_guid", text);
}

/* NETLOGON_SAM_LOGON_RESPONSE_EX. Its names refer back into the value itself. False: malformed. */
static bool read_controller(struct span value, json_t *evidence)
{
	static const char *const names[] = { "forest",   "domain", "host", "netbios_domain",
					     "computer", NULL, /* the user: none */
					     "site" };
	struct reader r = rd_new(value);
	char name[DNS_NAME];
	uint16_t opcode = rd_le16(&r);

	rd_skip(&r, 2);
	uint32_t bits = rd_le32(&r);
	if (!rd_ok(&r))
		return false;
	note_bool(evidence, "controller", true);
	note_word(evidence, "role", "domain-controller");
	if (opcode != ANSWER_EX && opcode != ANSWER_EX_R)
		return true; /* the older forms, which our question does not ask for */
	for (size_t i = 0; i < countof(flags); i++)
		note_bool(evidence, flags[i].key, (bits & flags[i].bit) != 0);
	note_guid(evidence, &r);
	for (size_t i = 0; i < countof(names); i++) {
		if (!dns_read_name(value, &r, name))
			return false;
		if (names[i] != NULL && name[0] != '\0')
			note_text(evidence, names[i], span_text(name));
	}
	return true;
}

/* ---- conversation ---- */

static enum ending cldap_run(struct conn *c, json_t *evidence)
{
	struct span answer = udp_ask(c, 389), value;

	if (answer.length == 0)
		return udp_ending(c);
	note_bool(evidence, "answers", true);
	note_int(evidence, "answer_bytes", (json_int_t)answer.length);
	if (!read_netlogon(answer, &value))
		return conn_oddity(c, "cldap.answer-malformed");
	if (value.length == 0)
		note_bool(evidence, "controller", false);
	else if (!read_controller(value, evidence))
		return conn_oddity(c, "cldap.netlogon-malformed");
	conn_gathered(c, "controller");
	return ENDING_DONE;
}

static const char cldap_view[] =
	"CREATE TEMP VIEW cldap AS SELECT address, port, evidence->>'$.controller' AS controller,"
	" evidence->>'$.domain' AS domain, evidence->>'$.forest' AS forest,"
	" evidence->>'$.host' AS host, evidence->>'$.site' AS site,"
	" evidence->>'$.domain_guid' AS domain_guid, evidence->>'$.writable' AS writable,"
	" evidence->>'$.answer_bytes' AS answer_bytes"
	" FROM document WHERE probe = 'cldap' AND evidence <> '{}';";

const struct probe probe_cldap = {
	.name = "cldap",
	.ports = "389",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 128, 128 },
	.received = { 16384, 16384 },
	.run = cldap_run,
	.view = cldap_view,
};
