/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins over UDP with a name and a password, of which IPMI is the only one (login_ipmi.c). Communities of SNMP are
 * the probe community's.
 */
#include "codec/evidence.h"
#include "login.h"
#include "probe.h"

static enum ending login_udp_run(struct conn *c, json_t *evidence)
{
	const struct credential *k = conn_credential(c);
	enum login_result result = LOGIN_UNTESTED;
	const char *reason = NULL;

	if (k == NULL)
		return ENDING_LIMIT;
	if (strcmp(k->protocol, "ipmi") == 0)
		result = login_ipmi(c, k, &reason);
	note_word(evidence, "result", login_words[result]);
	if (reason != NULL)
		note_word(evidence, "reason", reason);
	return result == LOGIN_UNTESTED && !conn_ok(c) ? conn_ending(c) : ENDING_DONE;
}

const struct probe probe_login_udp = {
	.name = "login-udp",
	.ports = "",
	.risk = RISK_LOGIN,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 2048, 2048 },
	.received = { 16384, 16384 },
	.run = login_udp_run,
};
