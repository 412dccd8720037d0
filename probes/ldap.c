/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LDAP: who the directory server is, whether TLS is offered, whether strangers are let in.
 *
 * Specifications: RFC 4511, 4.5 (search), 4.2 (bind), 4.3 (unbind); RFC 4512, 5.1 (root DSE); RFC 4513,
 * 5.1.1 (anonymous); RFC 3045 (vendorName, vendorVersion); [MS-ADTS] 3.1.1.3.2 (rootDSE attributes).
 *
 * Sent on one connection:
 *   search of the root DSE     base object "", its own attributes by name: what the server says of itself to
 *                              every client before a login (RFC 4512, 5.1)
 *   bind without name          where strangers may be tried: is it taken?
 *   unbind
 *   StartTLS                   on a second connection, where the root DSE is not shown: starttls_binary.c
 * On its ports inside TLS the same is asked there, without StartTLS.
 * No entry of the directory is read.
 */
#include "probe.h"

#include "codec/ber.h"
#include "codec/evidence.h"
#include "starttls.h"

enum {
	MESSAGE_MAX = 64 * 1024,
	MESSAGES_MAX = 8,
	BIND = BER_APPLICATION + 0,
	BIND_RESPONSE = BER_APPLICATION + 1,
	SEARCH = BER_APPLICATION + 3,
	ENTRY = BER_APPLICATION + 4,
	DONE = BER_APPLICATION + 5,
	SET = 0x31,
	BOOLEAN = 0x01,
	PRESENT = 0x87, /* filter [7] */
	SIMPLE = 0x80,
};

/* What is asked for, and how the evidence calls it; without a name it only shows who it is. */
static const struct wanted {
	const char *attribute, *key;
	bool list;
} wanted[] = {
	{ "namingContexts", "naming_contexts", true },
	{ "supportedLDAPVersion", "ldap_versions", true },
	{ "supportedSASLMechanisms", "sasl", true },
	{ "supportedExtension", NULL, true },
	{ "objectClass", NULL, true },
	{ "vendorName", "vendor", false },
	{ "vendorVersion", "vendor_version", false },
	{ "dnsHostName", "dns_name", false },
	{ "rootDomainNamingContext", "root_domain", false },
	{ "domainControllerFunctionality", "controller_level", false },
};

/* ---- readers ---- */

/* One message, whole: the operation inside it and its number; false where it is none. */
static bool read_message(struct conn *c, struct ber *ret, uint32_t *ret_id)
{
	struct span message;

	if (!starttls_read_ldap(c, MESSAGE_MAX, &message))
		return false;
	struct reader body = rd_new(message);
	*ret_id = ber_take_uint(&body, BER_INTEGER);
	return ber_read(&body, ret);
}

static bool read_result(const struct ber *m, uint32_t *ret)
{
	struct reader r = rd_new(m->value);

	*ret = ber_take_uint(&r, BER_ENUMERATED);
	return rd_ok(&r);
}

/* ---- writers ---- */

static void say_search(struct conn *c)
{
	static const uint8_t zero = 0;
	uint8_t buffer[512];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t message = ber_open(&w, BER_SEQUENCE);

	ber_put(&w, BER_INTEGER, span_of("\1", 1));
	size_t search = ber_open(&w, SEARCH);
	ber_put(&w, BER_OCTETS, span_of("", 0));
	ber_put(&w, BER_ENUMERATED, span_of(&zero, 1)); /* the base object alone */
	ber_put(&w, BER_ENUMERATED, span_of(&zero, 1)); /* no alias followed */
	ber_put(&w, BER_INTEGER, span_of("\1", 1));     /* one entry */
	ber_put(&w, BER_INTEGER, span_of("\5", 1));     /* five seconds */
	ber_put(&w, BOOLEAN, span_of(&zero, 1));
	ber_put(&w, PRESENT, span_text("objectClass"));
	size_t attributes = ber_open(&w, BER_SEQUENCE);
	for (size_t i = 0; i < countof(wanted); i++)
		ber_put(&w, BER_OCTETS, span_text(wanted[i].attribute));
	ber_close(&w, attributes);
	ber_close(&w, search);
	ber_close(&w, message);
	conn_write_span(c, wr_span(&w));
}

static void say_bind(struct conn *c)
{
	uint8_t buffer[32];
	struct writer w = wr_new(buffer, sizeof(buffer));
	size_t message = ber_open(&w, BER_SEQUENCE);

	ber_put(&w, BER_INTEGER, span_of("\2", 1));
	size_t bind = ber_open(&w, BIND);
	ber_put(&w, BER_INTEGER, span_of("\3", 1));
	ber_put(&w, BER_OCTETS, span_of("", 0));
	ber_put(&w, SIMPLE, span_of("", 0));
	ber_close(&w, bind);
	ber_close(&w, message);
	conn_write_span(c, wr_span(&w));
}

static void note_value(json_t *evidence, const struct wanted *a, struct span value)
{
	static const char starttls[] = "1.3.6.1.4.1.1466.20037";

	if (a->key != NULL && a->list)
		list_text(note_list(evidence, a->key), value);
	else if (a->key != NULL)
		note_text(evidence, a->key, value);
	else if (span_is(value, starttls))
		note_bool(evidence, "starttls", true);
	else if (span_is_nocase(value, "OpenLDAProotDSE"))
		note_word(evidence, "product", "OpenLDAP");
	if (a->key != NULL && strcmp(a->key, "controller_level") == 0)
		note_word(evidence, "product", "Active Directory");
}

/* PartialAttribute: the type, and a set of values. */
static bool note_entry(json_t *evidence, const struct ber *m)
{
	struct reader r = rd_new(m->value);

	(void)ber_take(&r, BER_OCTETS);
	struct reader list = ber_enter(&r, BER_SEQUENCE);
	while (rd_left(&list) > 0) {
		struct reader one = ber_enter(&list, BER_SEQUENCE);
		struct span type = ber_take(&one, BER_OCTETS);
		struct reader values = ber_enter(&one, SET);
		const struct wanted *a = NULL;

		for (size_t i = 0; i < countof(wanted); i++)
			if (span_is_nocase(type, wanted[i].attribute))
				a = &wanted[i];
		while (rd_left(&values) > 0) {
			struct span value = ber_take(&values, BER_OCTETS);

			if (a != NULL && rd_ok(&values))
				note_value(evidence, a, value);
		}
		if (!rd_ok(&values))
			rd_fail(&list);
	}
	return rd_ok(&list);
}

/* ---- conversation ---- */

static enum ending broken(struct conn *c)
{
	return conn_ok(c) ? conn_oddity(c, "ldap.answer-malformed") : conn_ending(c);
}

static enum ending hear_search(struct conn *c, json_t *evidence)
{
	bool heard = false;

	for (unsigned i = 0; i < MESSAGES_MAX; i++) {
		struct ber m;
		uint32_t id, code;

		if (!read_message(c, &m, &id))
			return heard                  ? broken(c)
			       : conn_received(c) > 0 ? ENDING_NOT_THIS
						      : conn_ending(c);
		if (id != 1 || (m.tag != ENTRY && m.tag != DONE))
			return heard ? broken(c) : ENDING_NOT_THIS;
		if (!heard)
			note_bool(evidence, conn_tls_wanted(c) ? "tls" : "starttls",
				  conn_tls_wanted(c));
		heard = true;
		if (m.tag == ENTRY && !note_entry(evidence, &m))
			return broken(c);
		if (m.tag == DONE) {
			if (!read_result(&m, &code))
				return broken(c);
			note_int(evidence, "root_result", code);
			return ENDING_DONE;
		}
	}
	return conn_oddity(c, "ldap.answer-endless");
}

static enum ending try_anonymous(struct conn *c, json_t *evidence)
{
	struct ber m;
	uint32_t id, code;

	say_bind(c);
	if (!read_message(c, &m, &id) || id != 2 || m.tag != BIND_RESPONSE ||
	    !read_result(&m, &code))
		return broken(c);
	note_int(evidence, "bind_result", code);
	note_bool(evidence, "anonymous", code == 0);
	conn_gathered(c, "anonymous");
	return ENDING_DONE;
}

/* The root DSE was not shown: nobody has said which extensions there are. */
static enum ending ask_starttls(struct conn *c, json_t *evidence)
{
	json_object_del(evidence, "starttls");
	if (!conn_again(c))
		return conn_ending(c);
	enum starttls_answer a = starttls_lead_ldap(c);
	if (a != STARTTLS_READY && a != STARTTLS_ABSENT)
		return conn_ok(c) ? ENDING_DONE : conn_ending(c);
	note_bool(evidence, "starttls", a == STARTTLS_READY);
	conn_gathered(c, "tls");
	return ENDING_DONE;
}

static enum ending ldap_run(struct conn *c, json_t *evidence)
{
	static const uint8_t unbind[] = { BER_SEQUENCE, 5, BER_INTEGER, 1, 3, 0x42, 0 };
	enum ending e;

	if (!conn_begin(c))
		return conn_ending(c);
	say_search(c);
	e = hear_search(c, evidence);
	if (e != ENDING_DONE)
		return e;
	conn_gathered(c, "root");
	if (conn_tls_wanted(c))
		json_object_del(evidence, "starttls");
	bool shown = conn_tls_wanted(c) || json_object_get(evidence, "ldap_versions") != NULL;
	if (shown)
		conn_gathered(c, "tls");
	if (!conn_anonymous(c))
		conn_limited(c, "anonymous");
	else
		e = try_anonymous(c, evidence);
	if (e != ENDING_DONE)
		return e;
	conn_write(c, unbind, sizeof(unbind));
	return shown ? e : ask_starttls(c, evidence);
}

static const char ldap_view[] =
	"CREATE TEMP VIEW ldap AS SELECT address, port, evidence->>'$.product' AS product,"
	" evidence->>'$.vendor' AS vendor, evidence->>'$.dns_name' AS dns_name,"
	" evidence->>'$.starttls' AS starttls, evidence->>'$.anonymous' AS anonymous,"
	" evidence->>'$.tls' AS tls"
	" FROM document WHERE probe = 'ldap' AND evidence <> '{}';";

const struct probe probe_ldap = {
	.name = "ldap",
	.ports = "389,3268",
	.tls_ports = "636,3269",
	.risk = RISK_READ,
	.connections = { 1, 2 },
	.sent = { 512, 4096 },
	.received = { 131072, 131072 },
	.run = ldap_run,
	.view = ldap_view,
};
