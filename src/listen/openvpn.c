/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VPNs that sit on any port of their owner's choice, known by their first packets: OpenVPN, over UDP and TCP (the
 * page "OpenVPN protocol" of its documentation; ssl_pkt.h of its sources), and WireGuard (its white paper, 5.4).
 */
#include "listen/decoder.h"

#include "codec/reader.h"

enum { OPENVPN = 1194 };

static void tell_end(struct notes *n, const struct packet *p, const char *kind)
{
	n->fact(n, &(struct fact){ .kind = kind,
				   .about = p->src,
				   .peer = p->dst,
				   .port = p->src_port,
				   .udp = true });
}

/* ---- OpenVPN ---- */

/* The first packet of either side: its operation in the upper five bits, key 0 in the others. */
enum {
	CLIENT_1 = 1 << 3,
	SERVER_1 = 2 << 3,
	CLIENT_2 = 7 << 3,
	SERVER_2 = 8 << 3,
	CLIENT_3 = 10 << 3
};
enum { RESET_LEAST = 14, RESET_MOST = 1500 };

static bool is_client(uint8_t first)
{
	return first == CLIENT_1 || first == CLIENT_2 || first == CLIENT_3;
}

static bool is_server(uint8_t first)
{
	return first == SERVER_1 || first == SERVER_2;
}

static uint32_t be32_at(struct span s, size_t at)
{
	struct reader r = rd_new(span_from(s, at));

	return rd_be32(&r);
}

/* Number 1 (with a mark where the server may ask for a proof of the address) and the sender's time. */
static bool is_stamp(struct span s, size_t at, int64_t now_ns)
{
	enum { MARKED = 0x0f000000, DAY = 86400 };
	int64_t apart = (int64_t)be32_at(s, at + 4) - now_ns / 1000000000;

	return (be32_at(s, at) & ~(uint32_t)MARKED) == 1 && apart > -DAY && apart < DAY;
}

/*
 * Operation and session (9 bytes), then one of:
 *	no key		number of acknowledgements (0, or 1 with number and session), number 0
 *	tls-auth	digest, stamp, then the same
 *	tls-crypt	stamp, digest, the same encrypted
 */
static bool is_sure(struct span s, bool server, int64_t now_ns)
{
	enum { SESSION = 9, STAMP = 8, DIGEST = 32, ACKNOWLEDGED = 1 + 4 + 8, NUMBER = 4 };
	static const uint8_t digests[] = { 20, 32, 64, 16, 28, 48 };
	size_t plain = SESSION + (server ? ACKNOWLEDGED : 1);

	if (s.length == plain + NUMBER && s.at[SESSION] == server && be32_at(s, plain) == 0)
		return true;
	if (s.length > SESSION + STAMP + DIGEST && is_stamp(s, SESSION, now_ns))
		return true;
	for (size_t i = 0; i < countof(digests); i++) {
		size_t at = SESSION + digests[i];

		if (s.length > at + STAMP && s.at[at + STAMP] == server && is_stamp(s, at, now_ns))
			return true;
	}
	return false;
}

static bool openvpn_packet(struct notes *n, const struct packet *p)
{
	struct span s = p->payload;
	bool server;

	if (s.length < RESET_LEAST || (!is_client(s.at[0]) && !is_server(s.at[0])))
		return false;
	server = is_server(s.at[0]);
	if ((server ? p->src_port : p->dst_port) != OPENVPN && !is_sure(s, server, p->time_ns))
		return false;
	if (server)
		tell_end(n, p, "vpn.openvpn");
	return true;
}

/* Over TCP each packet has its length before it. */
static int openvpn_recognise(const struct talk *t, enum side side, struct span first)
{
	struct reader r = rd_new(first);
	size_t length = rd_be16(&r);

	if (first.length >= 1 && first.at[0] > RESET_MOST >> 8)
		return -1;
	if (first.length < 3)
		return 0;
	uint8_t operation = first.at[2];
	if (length < RESET_LEAST || length > RESET_MOST ||
	    !(side == SIDE_CLIENT ? is_client(operation) : is_server(operation)))
		return -1;
	struct span message = rd_span(&r, length);
	if (!rd_ok(&r))
		return 0;
	return t->server_port == OPENVPN || is_sure(message, side == SIDE_SERVER, t->notes->time_ns)
		       ? 1
		       : -1;
}

static long openvpn_hear(struct talk *t, enum side side, struct span bytes)
{
	if (side == SIDE_CLIENT)
		return (long)bytes.length;
	if (bytes.length < 3)
		return HEAR_MORE;
	if (is_server(bytes.at[2]))
		tell_server(t, "vpn.openvpn", (struct span){ 0 });
	return HEAR_DONE;
}

/* ---- WireGuard ---- */

/* Keys look like chance, what is padded does not. */
static bool is_random(struct span s)
{
	enum { DISTINCT = 20 }; /* of 32; chance gives 30 */
	bool seen[256] = { false };
	unsigned distinct = 0;

	for (size_t i = 0; i < s.length; i++) {
		distinct += !seen[s.at[i]];
		seen[s.at[i]] = true;
	}
	return distinct >= DISTINCT;
}

/* 5.4.2 and 5.4.3: kind and three zeros, indexes, then the key of this session. */
static bool wireguard_packet(struct notes *n, const struct packet *p)
{
	enum { INITIATION = 148, RESPONSE = 92, KEY = 32 };
	struct span s = p->payload;

	if ((s.length != INITIATION && s.length != RESPONSE) || s.at[1] != 0 || s.at[2] != 0 ||
	    s.at[3] != 0 || s.length != p->payload_length)
		return false;
	if (s.at[0] == 1 && s.length == INITIATION)
		return is_random(span_first(span_from(s, 8), KEY));
	if (s.at[0] != 2 || s.length != RESPONSE || !is_random(span_first(span_from(s, 12), KEY)))
		return false;
	tell_end(n, p, "vpn.wireguard");
	return true;
}

const struct decoder decoder_openvpn = {
	.name = "openvpn",
	.udp_ports = (const uint16_t[]){ OPENVPN, 0 },
	.any_udp = true,
	.packet = openvpn_packet,
	.tcp_ports = (const uint16_t[]){ OPENVPN, 0 },
	.recognise = openvpn_recognise,
	.hear = openvpn_hear,
};

const struct decoder decoder_wireguard = {
	.name = "wireguard",
	.udp_ports = (const uint16_t[]){ 51820, 0 },
	.any_udp = true,
	.packet = wireguard_packet,
};
