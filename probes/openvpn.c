/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenVPN: a VPN server that answers strangers. Those that want a shared key first (tls-auth, tls-crypt)
 * stay silent and are not seen.
 *
 * Specification: OpenVPN's protocol page; ssl_pkt.h of its sources.
 *
 * Sent: the sweep's question (wire/payloads.c), the first packet of a client. Nothing is agreed on.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "udp.h"

static enum ending openvpn_run(struct conn *c, json_t *evidence)
{
	struct span answer = udp_ask(c, 1194);

	if (answer.length == 0)
		return udp_ending(c);
	note_word(evidence, "product", "OpenVPN");
	note_bool(evidence, "shared_key", false);
	conn_gathered(c, "answer");
	return ENDING_DONE;
}

static const char openvpn_view[] = "CREATE TEMP VIEW openvpn AS SELECT address, port FROM document"
				   " WHERE probe = 'openvpn' AND evidence <> '{}';";

const struct probe probe_openvpn = {
	.name = "openvpn",
	.ports = "1194",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 64, 64 },
	.received = { 4096, 4096 },
	.run = openvpn_run,
	.view = openvpn_view,
};
