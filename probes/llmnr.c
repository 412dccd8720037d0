/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LLMNR: a host that answers for names without a name server, and the name that it goes by.
 *
 * Specification: RFC 4795, 2.1 (format), 2.4 (questions to one address: by TCP, and for the name of an address).
 *
 * Sent: one question, for the name of the address that is asked. By UDP nothing: responders discard what comes to
 * their own address there (2.4).
 */
#include "probe.h"

#include "codec/dns.h"
#include "codec/evidence.h"
#include "codec/writer.h"

enum { ANSWER_MAX = 4096, HEADER = 12 };

static void take_name(void *context, const struct dns_record *r)
{
	if (r->type == DNS_PTR && json_object_get(context, "name") == NULL)
		note_text(context, "name", span_text(r->target));
}

static uint16_t say_question(struct conn *c)
{
	uint8_t question[2 + DNS_QUESTION];
	char name[DNS_NAME];
	struct addr own;
	uint16_t id;
	size_t n = 0;

	conn_random(c, &id, sizeof(id));
	if (addr_parse(conn_address(c), &own) == 0)
		n = dns_question(question + 2, DNS_QUESTION, id, false,
				 dns_reverse_name(&own, name), DNS_PTR);
	struct writer w = wr_new(question, sizeof(question));
	wr_be16(&w, (uint16_t)n);
	conn_write(c, question, 2 + n);
	return id;
}

static enum ending llmnr_run(struct conn *c, json_t *evidence)
{
	uint16_t id = say_question(c);
	struct reader prefix = rd_new(conn_read(c, 2));
	size_t n = rd_be16(&prefix);
	struct dns_message m;

	if (!conn_ok(c))
		return conn_ending(c);
	if (n < HEADER || n > ANSWER_MAX)
		return ENDING_NOT_THIS;
	struct span answer = conn_read(c, n);
	if (!conn_ok(c))
		return conn_ending(c);
	struct reader r = rd_new(answer);
	bool ours = rd_be16(&r) == id;
	if (!ours || (rd_u8(&r) & 0x80) == 0)
		return ENDING_NOT_THIS;
	note_bool(evidence, "answers", true);
	if (!dns_read(answer, &m, take_name, evidence))
		return conn_oddity(c, "llmnr.answer-malformed");
	conn_gathered(c, "name");
	return ENDING_DONE;
}

static const char llmnr_view[] =
	"CREATE TEMP VIEW llmnr AS SELECT address, port, evidence->>'$.name' AS name"
	" FROM document WHERE probe = 'llmnr' AND evidence <> '{}';";

const struct probe probe_llmnr = {
	.name = "llmnr",
	.ports = "5355",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 512, 512 },
	.received = { 8192, 8192 },
	.run = llmnr_run,
	.view = llmnr_view,
};
