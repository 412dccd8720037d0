/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SNMP: which version an agent speaks (RFC 1157, 4; RFC 1901, 3; RFC 3412, 6). Nothing else of a message is
 * looked at but what kind it is; the community is stepped over.
 */
#include "codec/ber.h"

#include "listen/decoder.h"

enum { AGENT = 161, TRAPS = 162 };
enum { VERSION_1 = 0, VERSION_2C = 1, VERSION_3 = 3 };
enum { RESPONSE = 0xa2, TRAP_1 = 0xa4, INFORM = 0xa6, TRAP_2 = 0xa7 };

static const char *version_word(uint32_t version)
{
	switch (version) {
	case VERSION_1:
		return "1";
	case VERSION_2C:
		return "2c";
	case VERSION_3:
		return "3";
	default:
		return NULL;
	}
}

static bool snmp_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);
	struct reader message = ber_enter(&r, BER_SEQUENCE);
	const char *word = version_word(ber_take_uint(&message, BER_INTEGER));
	struct fact f = { .kind = "snmp.version", .udp = true };
	uint8_t kind = 0;

	if (!rd_ok(&message) || word == NULL)
		return false;
	if (word[0] != '3') {
		struct ber pdu;

		if (!ber_skip(&message, BER_OCTETS) || !ber_read(&message, &pdu))
			return false;
		kind = pdu.tag;
	}
	/* Of version 3 the ports tell who is who: the rest may be encrypted. An agent is told of where it
	 * has answered, or sent of its own accord. */
	if (p->src_port == AGENT && (kind == RESPONSE || word[0] == '3')) {
		f.about = p->src;
		f.peer = p->dst;
		f.port = AGENT;
	} else if (p->dst_port == TRAPS &&
		   (kind == TRAP_1 || kind == TRAP_2 || kind == INFORM || word[0] == '3')) {
		f.about = p->src;
		f.peer = p->dst;
	} else {
		return true;
	}
	f.value = span_text(word);
	n->fact(n, &f);
	if (f.port != 0) {
		f.kind = "service.spoken";
		f.value = span_text("snmp");
		n->fact(n, &f);
	}
	return true;
}

const struct decoder decoder_snmp = {
	.name = "snmp",
	.udp_ports = (const uint16_t[]){ AGENT, TRAPS, 0 },
	.packet = snmp_packet,
};
