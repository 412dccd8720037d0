/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multicast DNS, asked at one address: which kinds of services a device announces, and under which names.
 *
 * Specifications: RFC 6762, 5.5 and 6.7 (direct unicast queries); RFC 6763, 4 (names), 9 (kinds).
 *
 * Sent: the question for the kinds (wire/payloads.c), and one question for each of up to
 * eight of them, to that address alone.
 */
#include "probe.h"

#include "codec/dns.h"
#include "codec/evidence.h"
#include "udp.h"

enum { KINDS_MOST = 8, STRAYS = 3, TEXT_ROOM = 256 };

struct kinds {
	json_t *evidence;
	char names[KINDS_MOST][TEXT_ROOM];
	unsigned count;
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n > k && strcmp(text + n - k, end) == 0;
}

static void take_kind(void *context, const struct dns_record *r)
{
	struct kinds *k = context;

	if (r->type != DNS_PTR || !dns_same_name(r->owner, "_services._dns-sd._udp.local"))
		return;
	list_text(note_list(k->evidence, "kinds"), span_text(r->target));
	if (k->count < KINDS_MOST && strlen(r->target) < TEXT_ROOM && dns_is_host_name(r->target) &&
	    ends_with(r->target, ".local"))
		memcpy(k->names[k->count++], r->target, strlen(r->target) + 1);
}

static void take_instance(void *context, const struct dns_record *r)
{
	if (r->type == DNS_PTR)
		list_text(note_list(context, "instances"), span_text(r->target));
	else if (r->type == DNS_SRV)
		list_text(note_list(context, "hosts"), span_text(r->target));
}

static void ask_instances(struct conn *c, const char *kind, json_t *evidence)
{
	uint8_t question[DNS_QUESTION];
	struct dns_message m;
	uint16_t id;

	conn_random(c, &id, sizeof(id));
	struct span answer = conn_ask(
		c, question, dns_question(question, sizeof(question), id, false, kind, DNS_PTR));
	for (int i = 0; conn_ok(c) && i < STRAYS; i++) {
		struct reader r = rd_new(answer);

		if (rd_be16(&r) == id && rd_ok(&r)) {
			dns_read(answer, &m, take_instance, evidence);
			return;
		}
		answer = conn_datagram(c);
	}
}

static enum ending mdns_run(struct conn *c, json_t *evidence)
{
	struct kinds k = { .evidence = evidence };
	struct dns_message m;
	struct span answer = udp_ask(c, 5353);

	if (answer.length == 0)
		return udp_ending(c);
	note_bool(evidence, "answers", true);
	if (!dns_read(answer, &m, take_kind, &k))
		return conn_oddity(c, "mdns.answer-malformed");
	conn_gathered(c, "kinds");
	for (unsigned i = 0; i < k.count && conn_ok(c); i++)
		ask_instances(c, k.names[i], evidence);
	if (conn_ok(c))
		conn_gathered(c, "instances");
	return ENDING_DONE;
}

static const char mdns_view[] =
	"CREATE TEMP VIEW mdns AS SELECT address, port, evidence->'$.kinds' AS kinds,"
	" evidence->'$.instances' AS instances FROM document"
	" WHERE probe = 'mdns' AND evidence <> '{}';";

const struct probe probe_mdns = {
	.name = "mdns",
	.ports = "5353",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 2048, 2048 },
	.received = { 16384, 131072 },
	.run = mdns_run,
	.view = mdns_view,
};
