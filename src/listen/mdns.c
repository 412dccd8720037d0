/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multicast DNS (RFC 6762; service discovery by RFC 6763) and LLMNR (RFC 4795): what machines call
 * themselves, and of which model they say they are. Questions tell nothing about anybody but what is
 * looked for, and are left.
 */
#include "codec/dns.h"

#include "listen/decoder.h"

enum { MDNS = 5353, LLMNR = 5355 };

struct sender {
	struct notes *notes;
	const struct packet *packet;
	const char *kind; /* of the names */
};

static void tell_name(const struct sender *s, const struct dns_record *r)
{
	const struct packet *p = s->packet;
	struct fact f = {
		.kind = s->kind, .about = r->address, .value = span_text(r->owner), .personal = true
	};

	/* Who speaks for another (a proxy for sleeping machines) lends it no MAC. */
	if (p->has_mac && addr_compare(&r->address, &p->src) == 0)
		f.mac = p->src_mac;
	if (!addr_is_unusable(&r->address) && r->owner[0] != '\0')
		s->notes->fact(s->notes, &f);
}

/* RFC 6763, 6: "key=value" in strings. Apple's device information has the model, printers (Bonjour Printing
 * 1.2.1, 9.2.5) their maker and model as "ty", HomeKit and Cast "md". */
static void tell_model(const struct sender *s, const struct dns_record *r)
{
	static const char *const keys[] = { "model=", "ty=", "md=" };
	struct reader strings = rd_new(r->data);

	while (rd_left(&strings) > 0) {
		struct span text = rd_span(&strings, rd_u8(&strings));

		for (size_t i = 0; i < countof(keys); i++)
			if (span_starts_nocase(text, keys[i]) && text.length > strlen(keys[i]))
				tell_bytes(s->notes, "model.mdns", &s->packet->src,
					   span_from(text, strlen(keys[i])));
	}
}

static void take_record(void *context, const struct dns_record *r)
{
	const struct sender *s = context;

	if (r->type == DNS_A || r->type == DNS_AAAA)
		tell_name(s, r);
	else if (r->type == DNS_TXT && s->packet->src_port == MDNS)
		tell_model(s, r);
}

static bool hear(struct notes *n, const struct packet *p, uint16_t port, const char *kind,
		 const char *protocol)
{
	struct dns_message m = { 0 };
	struct dns_record first;
	struct sender s = { .notes = n, .packet = p, .kind = kind };

	if (!dns_read_first(p->payload, &m, &first))
		return false;
	if (!m.answer || p->src_port != port)
		return !m.answer;
	if (!dns_read(p->payload, &m, take_record, &s))
		return true;
	tell_spoken_by(n, p, p->src_port, protocol);
	return true;
}

static bool mdns_packet(struct notes *n, const struct packet *p)
{
	return hear(n, p, MDNS, "name.mdns", "mdns");
}

static bool llmnr_packet(struct notes *n, const struct packet *p)
{
	return hear(n, p, LLMNR, "name.llmnr", "llmnr");
}

const struct decoder decoder_mdns = {
	.name = "mdns",
	.udp_ports = (const uint16_t[]){ MDNS, 0 },
	.packet = mdns_packet,
};

const struct decoder decoder_llmnr = {
	.name = "llmnr",
	.udp_ports = (const uint16_t[]){ LLMNR, 0 },
	.packet = llmnr_packet,
};
