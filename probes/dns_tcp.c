/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS by TCP: a name server, and whether it hands whole zones to whoever asks.
 *
 * Specifications: RFC 1035, 4.1 and 4.2.2 (message, length), RFC 4892 (version.bind), RFC 5936, 2.2
 * (transfer: the first record is the zone's SOA).
 *
 * Sent, each by a new number, in full depth only:
 *   version.bind TXT CH   the server's own word; no other server is asked
 *   ZONE AXFR IN          for each zone that the site file names, on a connection of its own
 *
 * A transfer reads and changes nothing at the server, which logs it. Of its answer the owner and the
 * type of the first record are read, and the connection is closed: at most one block of 4096 bytes is
 * taken from it, and no record is kept.
 */
#include "probe.h"

#include <string.h>

#include "codec/dns.h"
#include "codec/evidence.h"
#include "codec/writer.h"
#include "site/domains.h"

enum {
	HEADER = 12,
	VERSION_MOST = 4096,
	FIRST_MOST = 12 + 255 + 4 + 255 + 10, /* header, question, head of a record */
};

static void take_version(void *context, const struct dns_record *r)
{
	if (r->type == DNS_TXT && dns_same_name(r->owner, "version.bind") && r->target[0] != '\0' &&
	    json_object_get(context, "software") == NULL)
		note_text(context, "software", span_text(r->target));
}

/* ---- the conversation ---- */

static void say(struct conn *c, struct dns_asked *q)
{
	uint8_t bytes[2 + DNS_QUESTION];
	struct writer w = wr_new(bytes, sizeof(bytes));
	uint8_t question[DNS_QUESTION];

	conn_random(c, &q->id, sizeof(q->id));
	size_t n = dns_ask(question, sizeof(question), q);
	wr_be16(&w, (uint16_t)n);
	wr_bytes(&w, question, n);
	conn_write_span(c, wr_span(&w));
}

/* The first bytes of the message that answers q, `most` at most, into message; *ret_whole: that is all of it.
 * Empty where none does. */
static struct span hear(struct conn *c, const struct dns_asked *q, uint8_t *message, size_t most,
			bool *ret_whole)
{
	enum { BEGINNING = 4 };
	struct reader prefix = rd_new(conn_read(c, 2));
	size_t length = rd_be16(&prefix);

	if (!conn_ok(c) || length < HEADER)
		return span_of(message, 0);
	struct span begin = conn_read(c, BEGINNING);
	struct reader r = rd_new(begin);
	uint16_t id = rd_be16(&r), flags = rd_be16(&r);

	if (!conn_ok(c) || id != q->id || (flags & 0xf800) != 0x8000)
		return span_of(message, 0);
	memcpy(message, begin.at, BEGINNING);
	*ret_whole = length <= most;
	if (!*ret_whole)
		length = most;
	struct span rest = conn_read(c, length - BEGINNING);
	if (!conn_ok(c))
		return span_of(message, 0);
	memcpy(message + BEGINNING, rest.at, rest.length);
	return span_of(message, length);
}

/* Nobody may be asked further: the guard, the operator or the clock says so. */
static bool is_over(enum ending e)
{
	return e == ENDING_TIMEOUT || e == ENDING_LIMIT || e == ENDING_DISTRESS ||
	       e == ENDING_STOPPED || e == ENDING_REFUSED;
}

static void note_transfer(json_t *evidence, const char *zone, const char *word)
{
	json_t *o = list_object(note_list(evidence, "transfers"));

	note_word(o, "zone", zone);
	note_word(o, "transfer", word);
}

/* One transfer, begun and broken off. False: what was heard is no DNS. */
static bool ask_transfer(struct conn *c, const char *zone, json_t *evidence)
{
	struct dns_asked q = { .name = zone, .type = DNS_AXFR, .class = DNS_CLASS_IN };
	uint8_t message[FIRST_MOST];
	struct dns_message m;
	struct dns_record first = { 0 };
	bool whole = false;

	say(c, &q);
	struct span answer = hear(c, &q, message, sizeof(message), &whole);
	if (conn_ok(c))
		conn_close(c);
	if (answer.length == 0) {
		note_transfer(evidence, zone, "not-known");
		return true;
	}
	if (!dns_read_first(answer, &m, &first))
		return false;
	/* Without an answer the first record is of another section: the SOA of "there is none". */
	bool allowed = m.code == DNS_NO_ERROR && m.answers > 0 && first.type == DNS_SOA &&
		       dns_same_name(first.owner, zone);
	note_transfer(evidence, zone, allowed ? "allowed" : "refused");
	json_t *list = note_list(evidence, "transfers");
	note_int(json_array_get(list, json_array_size(list) - 1), "code", m.code);
	return true;
}

static enum ending ask_transfers(struct conn *c, json_t *evidence)
{
	const struct domains *d = conn_declared(c);

	for (size_t i = 0; d != NULL && i < d->zone_count; i++) {
		if (!conn_again(c))
			return conn_ending(c);
		if (!ask_transfer(c, d->zones[i], evidence))
			return conn_oddity(c, "dns.answer-malformed");
		if (is_over(conn_ending(c)))
			return conn_ending(c);
	}
	conn_gathered(c, "transfer");
	return ENDING_DONE;
}

static enum ending dns_tcp_run(struct conn *c, json_t *evidence)
{
	struct dns_asked version = { .name = "version.bind",
				     .type = DNS_TXT,
				     .class = DNS_CLASS_CH };
	uint8_t message[VERSION_MOST];
	struct dns_message m = { 0 };
	bool whole = false;

	say(c, &version);
	struct span answer = hear(c, &version, message, sizeof(message), &whole);
	if (answer.length == 0)
		return conn_ok(c) ? ENDING_NOT_THIS : conn_ending(c);
	if (!whole || !dns_read(answer, &m, take_version, evidence))
		return conn_oddity(c, "dns.answer-malformed");
	note_int(evidence, "version_code", m.code);
	conn_gathered(c, "version");
	conn_close(c);
	return ask_transfers(c, evidence);
}

static const char dns_tcp_view[] =
	"CREATE TEMP VIEW dns_tcp AS SELECT address, port, evidence->>'$.software' AS software"
	" FROM document WHERE probe = 'dns-tcp' AND evidence <> '{}';"
	"CREATE TEMP VIEW dns_transfer AS SELECT d.address, d.port, t.value->>'$.zone' AS zone,"
	" t.value->>'$.transfer' AS transfer, t.value->>'$.code' AS code"
	" FROM document d, json_each(d.evidence, '$.transfers') t WHERE d.probe = 'dns-tcp';";

const struct probe probe_dns_tcp = {
	.name = "dns-tcp",
	.ports = "53",
	.risk = RISK_READ,
	.connections = { 1, 1 + DOMAINS_MOST },
	.sent = { 128, 8192 },
	.received = { 8192, 131072 },
	.run = dns_tcp_run,
	.view = dns_tcp_view,
};
