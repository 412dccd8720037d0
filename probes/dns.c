/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS: a name server, what it calls itself, whether it looks names up for whoever asks, and the records
 * of declared mail domains (dns_mail.c).
 *
 * Specifications: RFC 1035, 4.1 (message), RFC 4892 (identity: version.bind, class CH), RFC 6761, 6.4
 * (.invalid).
 *
 * Sent, each by a new number:
 *   version.bind TXT CH             the server's own word; no other server is asked
 *   tenken.invalid A, recursion desired: a name that never exists, which resolvers
 *                                   answer by themselves (RFC 6761, 6.4) or find out at the root; no name
 *                                   of anybody's is said
 *   of the mail domains that the site file names: DOMAIN TXT, _dmarc.DOMAIN TXT (where that
 *   is absent, of at most three domains above it), SELECTOR._domainkey.DOMAIN TXT for declared selectors; with
 *   recursion desired where the server offers it. It answers them like anybody's mail server.
 *   of its DNS zones: ZONE SOA, ZONE NS, without recursion
 *   of the names that it declares internal: NAME A
 */
#include "probe.h"

#include "codec/evidence.h"
#include "dns_mail.h"
#include "udp.h"

enum { STRAYS = 3 };

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

bool dns_conn_ask(struct conn *c, const struct dns_asked *q, struct dns_message *ret,
		  dns_take *take, void *context, bool *ret_malformed)
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

	if (!dns_conn_ask(c, &version, &m, take_version, &v, &malformed))
		return udp_ending(c);
	if (malformed)
		return conn_oddity(c, "dns.answer-malformed");
	note_int(evidence, "version_code", m.code);
	conn_gathered(c, "version");
	m = (struct dns_message){ 0 };
	if (!dns_conn_ask(c, &nowhere, &m, take_nothing, NULL, &malformed))
		return ENDING_DONE;
	if (malformed)
		return conn_oddity(c, "dns.answer-malformed");
	note_int(evidence, "recursion_code", m.code);
	bool recursion = m.recursion_available && m.code != DNS_REFUSED;
	note_bool(evidence, "recursion", recursion);
	conn_gathered(c, "recursion");
	if (!dns_mail(c, recursion, evidence))
		return ENDING_DONE;
	conn_gathered(c, "mail");
	if (!dns_zones(c, evidence))
		return ENDING_DONE;
	conn_gathered(c, "zones");
	if (dns_internal(c, recursion, evidence))
		conn_gathered(c, "internal");
	return ENDING_DONE;
}

static const char dns_view[] =
	"CREATE TEMP VIEW dns AS SELECT address, port, evidence->>'$.software' AS software,"
	" evidence->>'$.recursion' AS recursion FROM document"
	" WHERE probe = 'dns' AND evidence <> '{}';"
	"CREATE TEMP VIEW dns_mail AS SELECT d.address, d.port, m.value->>'$.domain' AS domain,"
	" r.value AS record, m.value->>('$.' || r.value) AS state"
	" FROM document d, json_each(d.evidence, '$.mail') m,"
	" json_each('[\"spf\",\"dmarc\",\"dkim\"]') r"
	" WHERE d.probe = 'dns' AND state IS NOT NULL;"
	"CREATE TEMP VIEW dns_zone AS SELECT d.address, d.port, z.value->>'$.zone' AS zone,"
	" z.value->>'$.authoritative' AS authoritative, z.value->>'$.code' AS code,"
	" z.value->>'$.serial' AS serial, z.value->'$.servers' AS servers,"
	" z.value->'$.addresses' AS addresses"
	" FROM document d, json_each(d.evidence, '$.zones') z WHERE d.probe = 'dns';"
	"CREATE TEMP VIEW dns_internal AS SELECT d.address, d.port, n.value->>'$.name' AS name,"
	" n.value->>'$.state' AS state, n.value->'$.addresses' AS addresses"
	" FROM document d, json_each(d.evidence, '$.internal') n WHERE d.probe = 'dns';";

const struct probe probe_dns = {
	.name = "dns",
	.ports = "53",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	/* Each question twice, names as long as they come. */
	.sent = { 128 * 1024, 128 * 1024 },
	.received = { 256 * 1024, 256 * 1024 },
	.run = dns_run,
	.view = dns_view,
};
