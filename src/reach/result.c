/* SPDX-License-Identifier: Apache-2.0 */
#include "reach/result.h"

#include <jansson.h>

static const char *const methods[REACH_METHODS] = {
	[METHOD_TCP] = "tcp",
	[METHOD_UDP] = "udp",
	[METHOD_ICMP] = "icmp",
	[METHOD_HTTP] = "http",
	[METHOD_TLS] = "tls",
	[METHOD_DNS_A] = "dns-a",
	[METHOD_DNS_TXT] = "dns-txt",
	[METHOD_DNS_LONG] = "dns-long",
	[METHOD_PROXY_CONNECT] = "proxy-connect",
	[METHOD_PROXY_GET] = "proxy-get",
	[METHOD_SOCKS5] = "socks5",
	[METHOD_SOCKS4A] = "socks4a",
	[METHOD_NTP] = "ntp",
	[METHOD_SMTP] = "smtp",
	[METHOD_GATEWAY] = "gateway",
	[METHOD_GATEWAY_FULL] = "gateway-full",
	[METHOD_HOPS] = "hops",
	[METHOD_ZONE_TCP] = "zone-tcp",
};

static const char *const outcomes[REACH_OUTCOMES] = {
	[OUTCOME_NO_ROUTE] = "no-route",
	[OUTCOME_SILENT] = "silent",
	[OUTCOME_PROHIBITED] = "prohibited",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_RESET_ON_WAY] = "reset-on-way",
	[OUTCOME_ANSWERED_BY_OTHER] = "answered-by-other",
	[OUTCOME_NAME_REFUSED] = "name-refused",
	[OUTCOME_REACHED] = "reached",
	[OUTCOME_FORWARDED] = "forwarded",
	[OUTCOME_NOT_FULLY_TESTED] = "not-fully-tested",
	[OUTCOME_NOT_FORWARDED] = "not-forwarded",
	[OUTCOME_RELAYED] = "relayed",
	[OUTCOME_NOT_TESTED] = "not-tested",
};

const char *reach_method_word(enum reach_method m)
{
	return methods[m];
}

enum reach_method reach_method_of_word(const char *word, size_t n)
{
	enum reach_method m = 0;

	while (m < REACH_METHODS && (strlen(methods[m]) != n || strncmp(methods[m], word, n) != 0))
		m++;
	return m;
}

const char *reach_outcome_word(enum reach_outcome o)
{
	return outcomes[o];
}

static void check_json(char *text, size_t room, bool list)
{
	text[room - 1] = '\0';
	if (text[0] == '\0')
		return;
	json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (value == NULL || (list ? !json_is_array(value) : !json_is_object(value)))
		text[0] = '\0';
	json_decref(value);
}

bool reach_result_check(struct reach_result *r, size_t received)
{
	if (received != sizeof(*r) || r->number == 0 || (unsigned)r->method >= REACH_METHODS ||
	    (unsigned)r->outcome >= REACH_OUTCOMES)
		return false;
	r->transport[sizeof(r->transport) - 1] = '\0';
	r->interface[sizeof(r->interface) - 1] = '\0';
	r->via[sizeof(r->via) - 1] = '\0';
	r->answered_by[sizeof(r->answered_by) - 1] = '\0';
	r->note[sizeof(r->note) - 1] = '\0';
	check_json(r->hops, sizeof(r->hops), true);
	check_json(r->evidence, sizeof(r->evidence), false);
	return true;
}
