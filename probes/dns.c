/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS: a name server, what it calls itself, and whether it looks names up for whoever asks.
 *
 * Specifications: RFC 1035, 4.1 (message), RFC 4892 (identity: version.bind, class CH), RFC 6761, 6.4
 * (.invalid).
 *
 * Sent, each by a new number:
 *   version.bind TXT CH             the server's own word; no other server is asked
 *   tenken.invalid A, recursion desired: a name that never exists, which resolvers
 *                                   answer by themselves (RFC 6761, 6.4) or find out at the root; no name
 *                                   of anybody's is said
 */
#include "probe.h"

#include "codec/dns.h"
#include "codec/evidence.h"
#include "udp.h"

enum { STRAYS = 3, CODE_REFUSED = 5 };

struct version {
	json_t *evidence;
};

static void take_version(void *context, const struct dns_record *r)
{
	struct version *v = context;

	if (r->type == DNS_TXT && dns_same_name(r->owner, "version.bind") && r->target[0] != '\0' &&
	    json_object_get(v->evidence, "software") == NULL)
		note_text(v->evidence, "software", span_text(r->target));
}

static void take_nothing(void *context, const struct dns_record *r)
{
	(void)context;
	(void)r;
}

/* Asks and reads the answer that belongs to it; false: none came. *ret_malformed: it did not hold together. */
static bool ask(struct conn *c, const struct dns_asked *q, struct dns_message *ret, dns_take *take,
		void *context, bool *ret_malformed)
{
	uint8_t question[DNS_QUESTION];
	struct dns_asked asked = *q;

	conn_random(c, &asked.id, sizeof(asked.id));
	struct span answer = conn_ask(c, question, dns_ask(question, sizeof(question), &asked));
	for (int i = 0; conn_ok(c) && i < STRAYS; i++) {
		struct reader r = rd_new(answer);
		uint16_t id = rd_be16(&r), flags = rd_be16(&r);

		if (rd_ok(&r) && id == asked.id && (flags & 0xf800) == 0x8000) {
			*ret_malformed = !dns_read(answer, ret, take, context);
			return true;
		}
		answer = conn_datagram(c);
	}
	return false;
}

static enum ending dns_run(struct conn *c, json_t *evidence)
{
	static const struct dns_asked version = { .name = "version.bind",
						  .type = DNS_TXT,
						  .class = DNS_CLASS_CH };
	static const struct dns_asked nowhere = {
		.name = "tenken.invalid", .type = DNS_A, .class = DNS_CLASS_IN, .recursion = true
	};
	struct version v = { evidence };
	struct dns_message m = { 0 };
	bool malformed = false;

	if (!ask(c, &version, &m, take_version, &v, &malformed))
		return udp_ending(c);
	if (malformed)
		return conn_oddity(c, "dns.answer-malformed");
	note_int(evidence, "version_code", m.code);
	conn_gathered(c, "version");
	m = (struct dns_message){ 0 };
	if (!ask(c, &nowhere, &m, take_nothing, NULL, &malformed))
		return ENDING_DONE;
	if (malformed)
		return conn_oddity(c, "dns.answer-malformed");
	note_int(evidence, "recursion_code", m.code);
	note_bool(evidence, "recursion", m.recursion_available && m.code != CODE_REFUSED);
	conn_gathered(c, "recursion");
	return ENDING_DONE;
}

static const char dns_view[] =
	"CREATE TEMP VIEW dns AS SELECT address, port, evidence->>'$.software' AS software,"
	" evidence->>'$.recursion' AS recursion FROM document"
	" WHERE probe = 'dns' AND evidence <> '{}';";

const struct probe probe_dns = {
	.name = "dns",
	.ports = "53",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 256, 256 },
	.received = { 16384, 32768 },
	.run = dns_run,
	.view = dns_view,
};
