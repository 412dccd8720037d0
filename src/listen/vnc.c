/* SPDX-License-Identifier: Apache-2.0 */
/* RFB (VNC): RFC 6143, 7.1. Told is how the client was asked to prove itself; then it is left alone. */
#include "listen/stream.h"

enum { VERSION_LENGTH = 12, NONE = 1, AUTHENTICATION = 2, TIGHT = 16 };

struct vnc {
	uint8_t versions; /* sides whose version was heard, as bits */
	bool lists;       /* 3.7 and later: the client picks one of a list */
};

static bool read_version(struct span bytes, unsigned *ret_minor)
{
	struct span v = span_first(bytes, VERSION_LENGTH);

	if (v.length < VERSION_LENGTH || !span_starts(v, "RFB ") || v.at[7] != '.' ||
	    v.at[11] != '\n')
		return false;
	*ret_minor = 0;
	for (size_t i = 4; i < 11; i++) {
		if (i == 7)
			continue;
		if (v.at[i] < '0' || v.at[i] > '9')
			return false;
		if (i > 7)
			*ret_minor = *ret_minor * 10 + v.at[i] - '0';
	}
	return true;
}

/* RFC 6143, 7.2, and the registry it names. */
static const char *security_name(uint32_t type)
{
	switch (type) {
	case NONE:
		return "none";
	case AUTHENTICATION:
		return "vnc";
	case 5:
	case 6:
	case 13:
	case 129:
	case 130:
		return "rsa-aes";
	case TIGHT:
		return "tight";
	case 18:
		return "tls";
	case 19:
		return "vencrypt";
	case 20:
		return "sasl";
	case 30:
	case 35:
	case 36:
		return "apple";
	default:
		return NULL;
	}
}

static long tell_security(struct talk *t, uint32_t type)
{
	const char *name = security_name(type);

	if (name != NULL)
		tell_server(t, "vnc.security", span_text(name));
	if (type == AUTHENTICATION)
		tell_challenge(t, "vnc");
	return HEAR_DONE;
}

static long hear(struct talk *t, enum side side, struct span bytes)
{
	struct vnc *s = t->state;
	struct reader r = rd_new(bytes);
	unsigned minor;

	if (!(s->versions & 1U << side)) {
		if (bytes.length < VERSION_LENGTH)
			return HEAR_MORE;
		if (!read_version(bytes, &minor))
			return s->versions == 0 ? HEAR_NOT_OURS : HEAR_DONE;
		s->versions |= (uint8_t)(1U << side);
		if (side == SIDE_SERVER) {
			tell_spoken(t, "vnc");
			tell_service(t, "service.product", span_first(bytes, VERSION_LENGTH - 1));
		} else {
			s->lists = minor >= 7;
		}
		return VERSION_LENGTH;
	}
	/* The server's turn comes once the client has said its version. */
	if (s->versions != 3)
		return HEAR_MORE;
	if (side == SIDE_CLIENT)
		return tell_security(t, rd_u8(&r));
	if (s->lists)
		return (long)bytes.length;
	uint32_t type = rd_be32(&r);
	return rd_ok(&r) ? tell_security(t, type) : HEAR_MORE;
}

static int recognise(const struct talk *t, enum side side, struct span first)
{
	unsigned minor;

	(void)t;
	(void)side;
	if (first.length < VERSION_LENGTH)
		return memcmp(first.at, "RFB 003.008\n", first.length < 4 ? first.length : 4) == 0
			       ? 0
			       : -1;
	return read_version(first, &minor) ? 1 : -1;
}

const struct decoder decoder_vnc = {
	.name = "vnc",
	.tcp_ports = (const uint16_t[]){ 5900, 5901, 5902, 5903, 0 },
	.state_size = sizeof(struct vnc),
	.recognise = recognise,
	.hear = hear,
};
