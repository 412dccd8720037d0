/* SPDX-License-Identifier: Apache-2.0 */
/* The beacon outside, listening, and the addresses of the site that have a part to play. */
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/load.h"

enum { ROLE_MOST = 4096 };

static const struct {
	const char *key, *word;
} roles[SITE_ROLES] = {
	[ROLE_ROUTER] = { "routers", "router" },
	[ROLE_DHCP_SERVER] = { "dhcp_servers", "dhcp-server" },
	[ROLE_LOG_SERVER] = { "log_servers", "log-server" },
	[ROLE_TIME_SERVER] = { "time_servers", "time-server" },
	[ROLE_MONITORING] = { "monitoring", "monitoring" },
	[ROLE_UPDATE_SERVER] = { "update_servers", "update-server" },
	[ROLE_MAIL_GATEWAY] = { NULL, "mail-gateway" }, /* stands under `mail` */
};

const char *site_role_word(enum site_role r)
{
	return roles[r].word;
}

static void load_beacon_address(struct beacon *b, struct ynode n)
{
	const char *text = yn_text(n);
	struct addr a;

	if (text == NULL)
		return;
	if (addr_parse(text, &a) != 0 || addr_is_unusable(&a)) {
		yn_complain(n,
			    _("'%s' is not the address of a host: a beacon is named by its "
			      "addresses, since nobody is asked for its name"),
			    text);
		return;
	}
	struct addr *place = list_grow(&b->addresses, &b->address_count, sizeof(*place));
	if (place != NULL)
		*place = a;
	else
		yn_complain(n, _("out of memory"));
}

static void load_beacon(struct site *s, struct ynode n)
{
	static const char *const keys[] = {
		"name", "address", "ports", "key_file", "dns_name", NULL
	};

	if (!yn_map(n, keys))
		return;
	struct beacon *b = list_grow(&s->beacons, &s->beacon_count, sizeof(*b));
	if (b == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	b->line = yn_line(n);
	load_name(yn_get(n, "name"), &b->name);
	struct ynode address = yn_need(n, "address");
	for (size_t i = 0; i < load_count(address); i++)
		load_beacon_address(b, load_element(address, i));
	load_port_ranges(yn_get(n, "ports"), &b->ports, &b->port_count);
	load_text(yn_get(n, "dns_name"), &b->dns_name);
	const char *file = yn_text(yn_get(n, "key_file"));
	if (file != NULL && (b->key_file = load_beside(s->path, file)) == NULL)
		yn_complain(n, _("out of memory"));
}

/* "192.168.1.8:3128", "[2001:db8::8]:3128" */
static void load_proxy(struct site *s, struct ynode n)
{
	const char *text = yn_text(n), *colon = text != NULL ? strrchr(text, ':') : NULL;
	struct proxy p = { 0 };
	char address[ADDR_TEXT + 2], *end = NULL;

	if (text == NULL)
		return;
	unsigned long port = colon != NULL && colon[1] >= '0' && colon[1] <= '9'
				     ? strtoul(colon + 1, &end, 10)
				     : 0;
	snprintf(address, sizeof(address), "%.*s", colon != NULL ? (int)(colon - text) : 0, text);
	if (port == 0 || port > UINT16_MAX || *end != '\0' ||
	    (strchr(address, ':') != NULL && address[0] != '[') ||
	    addr_parse(address, &p.address) != 0 || addr_is_unusable(&p.address)) {
		yn_complain(n, _("'%s' is no address and port, such as 192.168.1.8:3128"), text);
		return;
	}
	p.port = (uint16_t)port;
	struct proxy *place = list_grow(&s->proxies, &s->proxy_count, sizeof(*place));
	if (place != NULL)
		*place = p;
	else
		yn_complain(n, _("out of memory"));
}

static void load_listening(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "interfaces", "for", "mask_names", NULL };
	struct listening *l = &s->listening;
	bool mask = true;

	if (!yn_given(n) || !yn_map(n, keys))
		return;
	load_texts(yn_get(n, "interfaces"), &l->interfaces, &l->interface_count);
	load_duration(yn_get(n, "for"), &l->for_s);
	yn_bool(yn_get(n, "mask_names"), &mask);
	l->show_names = !mask;
}

static void load_role(struct ynode n, struct ranges *ret)
{
	load_ranges(n, ret);
	if (ranges_count(ret) > ROLE_MOST)
		yn_complain(n, _("names more than %d addresses: name those that it is about"),
			    ROLE_MOST);
}

void load_roles(struct site *s, struct ynode root)
{
	struct ynode beacons = yn_get(root, "beacon");

	for (size_t i = 0; i < load_count(beacons); i++)
		load_beacon(s, load_element(beacons, i));
	struct ynode proxies = yn_get(root, "proxies");
	for (size_t i = 0; i < load_count(proxies); i++)
		load_proxy(s, load_element(proxies, i));
	load_listening(s, yn_get(root, "listen"));
	for (enum site_role r = 0; r < SITE_ROLES; r++)
		load_role(roles[r].key != NULL ? yn_get(root, roles[r].key)
					       : yn_get(yn_get(root, "mail"), "gateway"),
			  &s->roles[r]);
}

void roles_done(struct site *s)
{
	for (size_t i = 0; i < s->beacon_count; i++) {
		struct beacon *b = &s->beacons[i];

		free(b->name);
		free(b->addresses);
		free(b->ports);
		free(b->key_file);
		free(b->dns_name);
	}
	free(s->beacons);
	free(s->proxies);
	texts_done(&s->listening.interfaces, &s->listening.interface_count);
	for (enum site_role r = 0; r < SITE_ROLES; r++)
		ranges_done(&s->roles[r]);
}
