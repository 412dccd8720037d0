/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIP: a telephone, gateway or switchboard, what it calls itself and what it is able to do.
 *
 * Specification: RFC 3261, 7.2 (status line), 11 (OPTIONS), 20.5 (Allow), 20.35 (Server), 20.41 (User-Agent).
 *
 * Sent: OPTIONS to nobody (wire/payloads.c). No call is made and nobody is registered.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/http_message.h"
#include "codec/product.h"
#include "udp.h"

enum { FIELDS_MAX = 100, WORDS_MAX = 32 };

static void note_allowed(json_t *evidence, struct span list)
{
	for (unsigned i = 0; i < WORDS_MAX && list.length > 0; i++) {
		ptrdiff_t end = span_find(list, ",", 1);
		struct span word = end < 0 ? list : span_first(list, (size_t)end);

		list_text(note_list(evidence, "allow"), span_trim(word));
		list = span_from(list, word.length + 1);
	}
}

/* "kamailio (5.6.3 (x86_64/linux))", "Asterisk PBX 18.10.0", "Name/1.2" */
static void note_software(json_t *evidence, struct span server)
{
	ptrdiff_t bracket = span_find(server, " (", 2);
	struct product p;

	if (bracket <= 0) {
		p = product_split(server);
		note_product(evidence, &p);
		return;
	}
	struct span rest = span_from(server, (size_t)bracket + 2);
	size_t n = 0;
	while (n < rest.length && rest.at[n] != ' ' && rest.at[n] != ')')
		n++;
	note_text(evidence, "product", span_first(server, (size_t)bracket));
	if (n > 0 && rest.at[0] >= '0' && rest.at[0] <= '9')
		note_text(evidence, "version", span_first(rest, n));
}

static void read_answer(struct span answer, json_t *evidence)
{
	ptrdiff_t end = span_find(answer, "\n", 1);
	struct span line = span_trim(end < 0 ? answer : span_first(answer, (size_t)end));
	struct reader fields =
		rd_new(end < 0 ? span_first(answer, 0) : span_from(answer, (size_t)end + 1));
	struct http_field f;
	struct span server = span_first(answer, 0), agent = server;

	/* "SIP/2.0 200 OK": payload_fits() has seen three digits */
	note_int(evidence, "status",
		 (line.at[8] - '0') * 100 + (line.at[9] - '0') * 10 + (line.at[10] - '0'));
	for (unsigned i = 0; i < FIELDS_MAX && http_next_field(&fields, &f); i++) {
		if (span_is_nocase(f.name, "Server"))
			server = f.value;
		else if (span_is_nocase(f.name, "User-Agent"))
			agent = f.value;
		else if (span_is_nocase(f.name, "Allow"))
			note_allowed(evidence, f.value);
	}
	if (server.length == 0)
		server = agent;
	if (server.length == 0)
		return;
	note_text(evidence, "server", server);
	note_software(evidence, server);
}

static enum ending sip_run(struct conn *c, json_t *evidence)
{
	struct span answer = udp_ask(c, 5060);

	if (answer.length == 0)
		return udp_ending(c);
	read_answer(answer, evidence);
	conn_gathered(c, "answer");
	return ENDING_DONE;
}

static const char sip_view[] =
	"CREATE TEMP VIEW sip AS SELECT address, port, evidence->>'$.status' AS status,"
	" evidence->>'$.server' AS server FROM document WHERE probe = 'sip' AND evidence <> '{}';";

const struct probe probe_sip = {
	.name = "sip",
	.ports = "5060",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 1024, 1024 },
	.received = { 65536, 65536 },
	.run = sip_run,
	.view = sip_view,
};
