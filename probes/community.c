/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attempt with an SNMP community that a maker documents, in version 2c: a community is a password. Made only
 * when main orders it, as logins over TCP are.
 *
 * Specifications: RFC 3416, 3 and 4.2.1 (GetRequest-PDU); RFC 1901, 3 (message); RFC 3418, 2 (system group).
 *
 * Sent: a GetRequest, which reads, for sysDescr, sysObjectID, sysName and the number of interfaces.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/ber.h"
#include "codec/evidence.h"
#include "codec/writer.h"
#include "login.h"

enum {
	VERSION_2C = 1,
	GET_REQUEST = BER_CONTEXT,
	RESPONSE = BER_CONTEXT + 2,
	NULL_VALUE = 0x05,
	OID_MAX = 32,
};

/* 1.3.6.1.2.1.1.{1,2,5}.0 and 1.3.6.1.2.1.2.1.0 (ifNumber) */
static const uint8_t objects[][8] = {
	{ 0x2b, 6, 1, 2, 1, 1, 1, 0 },
	{ 0x2b, 6, 1, 2, 1, 1, 2, 0 },
	{ 0x2b, 6, 1, 2, 1, 1, 5, 0 },
	{ 0x2b, 6, 1, 2, 1, 2, 1, 0 },
};

/* ---- writers ---- */

static void wr_integer(struct writer *w, uint32_t v)
{
	uint8_t bytes[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
			     (uint8_t)v };

	ber_put(w, BER_INTEGER, span_of(bytes, sizeof(bytes)));
}

static struct span write_request(uint8_t *out, size_t room, const char *community, uint32_t id)
{
	struct writer w = wr_new(out, room);
	size_t message = ber_open(&w, BER_SEQUENCE);

	wr_integer(&w, VERSION_2C);
	ber_put(&w, BER_OCTETS, span_text(community));
	size_t pdu = ber_open(&w, GET_REQUEST);
	wr_integer(&w, id);
	wr_integer(&w, 0); /* error-status */
	wr_integer(&w, 0); /* error-index */
	size_t list = ber_open(&w, BER_SEQUENCE);
	for (size_t i = 0; i < countof(objects); i++) {
		size_t one = ber_open(&w, BER_SEQUENCE);

		ber_put(&w, BER_OID, span_of(objects[i], sizeof(objects[i])));
		ber_put(&w, NULL_VALUE, span_of(objects[i], 0));
		ber_close(&w, one);
	}
	ber_close(&w, list);
	ber_close(&w, pdu);
	ber_close(&w, message);
	return wr_span(&w);
}

/* ---- readers ---- */

/* "1.3.6.1.4.1.8072.3.2.10" */
static void note_oid(json_t *evidence, const char *key, struct span oid)
{
	char text[16 * OID_MAX] = "";
	size_t used = 0;
	uint64_t number = 0;
	unsigned count = 0;

	for (size_t i = 0; i < oid.length && count < OID_MAX; i++) {
		number = number << 7 | (oid.at[i] & 0x7f);
		if (number > UINT32_MAX)
			return;
		if ((oid.at[i] & 0x80) != 0)
			continue;
		int n = count == 0 ? snprintf(text, sizeof(text), "%u.%u",
					      (unsigned)(number < 80 ? number / 40 : 2),
					      (unsigned)(number < 80 ? number % 40 : number - 80))
				   : snprintf(text + used, sizeof(text) - used, ".%llu",
					      (unsigned long long)number);
		if (n < 0 || (size_t)n >= sizeof(text) - used)
			return;
		used += (size_t)n;
		number = 0;
		count++;
	}
	note_text(evidence, key, span_of(text, used));
}

static void note_value(json_t *evidence, size_t object, struct reader *binding)
{
	static const char *const keys[] = { "description", "object_id", "name", "interfaces" };
	struct ber value;

	if (!ber_read(binding, &value))
		return;
	if (value.tag == BER_OCTETS && object != 1)
		note_text(evidence, keys[object], span_trim(value.value));
	else if (value.tag == BER_OID && object == 1)
		note_oid(evidence, keys[object], value.value);
	else if (value.tag == BER_INTEGER && object == 3 && value.value.length <= 4) {
		uint32_t v = 0;

		for (size_t i = 0; i < value.value.length; i++)
			v = v << 8 | value.value.at[i];
		note_int(evidence, keys[object], v);
	}
}

/* A response to this request by this community; false: something else. */
static bool read_response(struct span answer, const char *community, uint32_t id, json_t *evidence)
{
	struct reader r = rd_new(answer), message = ber_enter(&r, BER_SEQUENCE);
	uint32_t version = ber_take_uint(&message, BER_INTEGER);
	struct span name = ber_take(&message, BER_OCTETS);
	struct reader pdu = ber_enter(&message, RESPONSE);
	uint32_t back = ber_take_uint(&pdu, BER_INTEGER);

	ber_take_uint(&pdu, BER_INTEGER);
	ber_take_uint(&pdu, BER_INTEGER);
	struct reader list = ber_enter(&pdu, BER_SEQUENCE);
	if (!rd_ok(&pdu) || version != VERSION_2C || back != id || !span_is(name, community))
		return false;
	while (rd_left(&list) > 0) {
		struct reader one = ber_enter(&list, BER_SEQUENCE);
		struct span oid = ber_take(&one, BER_OID);

		if (!rd_ok(&one))
			break;
		for (size_t i = 0; i < countof(objects); i++)
			if (oid.length == sizeof(objects[i]) &&
			    memcmp(oid.at, objects[i], sizeof(objects[i])) == 0)
				note_value(evidence, i, &one);
	}
	return true;
}

/* ---- conversation ---- */

static enum ending community_run(struct conn *c, json_t *evidence)
{
	const struct credential *k = conn_credential(c);
	uint8_t request[256];
	uint32_t id;

	if (k == NULL)
		return ENDING_LIMIT;
	conn_random(c, &id, sizeof(id));
	id &= 0x7fffffff;
	struct span question = write_request(request, sizeof(request), k->password, id);
	struct span answer = question.length > 0 ? conn_ask(c, question.at, question.length)
						 : span_first(question, 0);
	bool accepted = conn_ok(c) && read_response(answer, k->password, id, evidence);

	/* Who does not know the community says nothing, as somebody does who is not there. */
	note_word(evidence, "result",
		  login_words[accepted                           ? LOGIN_ACCEPTED
			      : conn_ending(c) == ENDING_TIMEOUT ? LOGIN_REFUSED
								 : LOGIN_UNTESTED]);
	if (accepted)
		conn_gathered(c, "system");
	return ENDING_DONE;
}

static const char community_view[] =
	"CREATE TEMP VIEW snmp_system AS SELECT address, port,"
	" evidence->>'$.description' AS description, evidence->>'$.object_id' AS object_id,"
	" evidence->>'$.name' AS name, evidence->>'$.interfaces' AS interfaces FROM document"
	" WHERE probe = 'community' AND evidence->>'$.result' = 'accepted';";

const struct probe probe_community = {
	.name = "community",
	.ports = "",
	.risk = RISK_LOGIN,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 512, 512 },
	.received = { 16384, 16384 },
	.run = community_run,
	.view = community_view,
};
