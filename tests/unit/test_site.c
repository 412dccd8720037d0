/* SPDX-License-Identifier: Apache-2.0 */
/* Site files, right and wrong, and the clock of a site. */
#include "scratch.h"

#include "site/declare.h"
#include "site/site.h"

/* What every site file here begins with: lines 1 to 4. */
#define HEAD                                         \
	"site: here\ntimezone: Asia/Tokyo\nzones:\n" \
	"  - {name: plant, kind: ot, networks: [192.168.10.0/24]}\n"
#define OFFICE "  - {name: office, kind: it, networks: [192.168.1.0/24]}\n"

static void load(const char *text, struct site *s, struct complaints *c)
{
	size_t before = c->count;

	write_text("site.yaml", text);
	int e = site_load("site.yaml", s, c);
	assert_int_equal(e != 0, c->count > before);
}

static void test_everything(void **state)
{
	static const char text[] = HEAD OFFICE
		"  - {name: wide, kind: it, networks: [192.168.0.0/16, 'fd00::/64'], window: "
		"'02:00-04:00',\n"
		"     risk: touch, rate: 100, host_rate: 5, anonymous: yes, depth: full,\n"
		"     passive_only: 192.168.7.7}\n"
		"authorisation: {by: 'boss', reference: R8, from: 2026-11-01, until: 2027-03-31, "
		"contact: '1'}\n"
		"vantage: {name: bastion-1, zone: office, registered: no}\n"
		"conduits:\n"
		"  - {from: office, to: plant, ports: [tcp/443, udp/1000-2000, 22], until: "
		"2027-03-31}\n"
		"  - {from: plant, to: office, hours: 'Mon-Fri 08:00-18:00'}\n"
		"gateways: [{name: g, address: 192.168.10.1, networks: 192.168.10.64/27}]\n"
		"owned: 203.0.113.8/29\n"
		"exclude: [192.168.10.9, 192.168.10.20-192.168.10.30]\n"
		"limits: {rate: 500, host_rate: 20}\n"
		"profiles: mlit-water\n"
		"accounts: {lockout_threshold: 3, domains: [{name: d, hosts: 192.0.2.0/24}],\n"
		"  test_account: {user: t, password_file: w, hosts: [192.0.2.1], protocols: ssh}}\n"
		"attestations: [{guideline: g, item: '1', answer: met, by: me, at: 2026-01-01}]\n"
		"waivers:\n"
		"  - {check: tls.none, port: 80, reason: r, compensating: c, approved_by: b,\n"
		"     approved_at: 2026-01-01, until: 2026-12-31, applicant: a, clause: k, impact: "
		"i,\n"
		"     closing: e}\n"
		"beacon: {address: [203.0.113.9, 2001:db8::9], ports: tcp/443, key_file: k, "
		"dns_name: t.example}\n"
		"schedule: [{every: 7d, window: 'Sun 01:00-05:00'}, {at: '02:00'}]\n"
		"dns: {zones: [plant.example, 2.0.192.in-addr.arpa], servers: 192.0.2.53,\n"
		"  internal: hmi.plant.example}\n"
		"mail: {domains: plant.example, selectors: [k1, s2.k], gateway: 192.168.1.25,\n"
		"  test_mailbox: a@plant.example}\n"
		"proxies: [192.168.1.8:3128, '[fd00::8]:1080']\n"
		"boundaries: [{name: fw, address: [192.168.10.1, 192.168.1.1], between: [office, "
		"plant]}]\n"
		"approved: {software: ['OpenSSH*'], services: []}\n"
		"ledger_fields: [name, owner]\n"
		"update_servers: 192.168.1.40\n";
	struct complaints c = { 0 };
	struct site s;
	struct addr a;
	(void)state;

	load(text, &s, &c);
	assert_none(&c);
	assert_string_equal(s.name, "here");
	assert_string_equal(s.timezone, "Asia/Tokyo");
	assert_string_equal(s.vantage_zone, "office");
	/* 2026-10-31T15:00:00Z, and the last second of 2027-03-31 in Tokyo. */
	assert_true(s.authorisation.from == 1793458800);
	assert_true(s.authorisation.until == 1806505199);
	assert_false(authorisation_valid(&s.authorisation, 1793458799));
	assert_true(authorisation_valid(&s.authorisation, 1793458800));
	assert_true(authorisation_valid(&s.authorisation, 1806505199));
	assert_false(authorisation_valid(&s.authorisation, 1806505200));
	assert_int_equal(s.zone_count, 3);
	assert_int_equal(s.zones[0].line, 4);
	assert_int_equal(s.zones[0].risk, SITE_READ);
	assert_int_equal(s.zones[2].risk, SITE_TOUCH);
	assert_int_equal(s.zones[2].rate, 100);
	assert_int_equal(s.zones[2].host_rate, 5);
	assert_true(s.zones[2].anonymous);
	assert_int_equal(s.zones[2].full_depth.count, 2);
	assert_int_equal(s.proxy_count, 2);
	assert_int_equal(s.proxies[0].port, 3128);
	assert_int_equal(s.proxies[1].port, 1080);
	assert_int_equal(s.proxies[1].address.bytes[15], 8);
	assert_int_equal(s.conduit_count, 2);
	assert_int_equal(s.conduits[0].port_count, 3);
	assert_string_equal(s.conduits[0].ports[1].transport, "udp");
	assert_int_equal(s.conduits[0].ports[1].last, 2000);
	assert_int_equal(s.conduits[0].ports[2].first, 22);
	assert_int_equal(s.conduits[1].port_count, 0);
	assert_true(s.conduits[1].until == 0);
	assert_int_equal(s.gateway_count, 1);
	assert_int_equal(s.rate, 500);
	assert_int_equal(s.host_rate, 20);
	assert_int_equal(s.waivers[0].port, 80);
	assert_true(s.attestations[0].until == 0);
	addr_parse("192.0.2.9", &a);
	assert_string_equal(logins_domain(&s.logins, &a), "d");
	addr_parse("192.0.3.9", &a);
	assert_null(logins_domain(&s.logins, &a));
	assert_string_equal(s.logins.test.user, "t");
	assert_string_equal(s.logins.test.protocols[0], "ssh");
	assert_int_equal(s.domains.zone_count, 2);
	assert_string_equal(s.domains.zones[1], "2.0.192.in-addr.arpa");
	assert_int_equal(s.domains.mail_count, 1);
	assert_string_equal(s.domains.mail[0], "plant.example");
	assert_int_equal(s.domains.selector_count, 2);
	assert_string_equal(s.domains.selectors[1], "s2.k");
	assert_int_equal(s.beacon_count, 1);
	assert_int_equal(s.beacons[0].address_count, 2);
	assert_string_equal(s.beacons[0].key_file, "k");
	assert_string_equal(s.domains.internal[0], "hmi.plant.example");
	assert_int_equal(s.conduits[1].hours_count, 1);
	assert_int_equal(s.conduits[1].hours[0].days, 0x3e);
	assert_true(s.vantage_unregistered);
	assert_int_equal(s.boundary_count, 1);
	assert_int_equal(ranges_count(&s.boundaries[0].addresses), 2);
	assert_string_equal(s.boundaries[0].between[1], "plant");
	assert_string_equal(s.rules.software[0], "openssh*");
	assert_true(s.rules.services_given);
	assert_int_equal(s.rules.service_count, 0);
	assert_int_equal(s.rules.ledger_field_count, 2);
	assert_int_equal(ranges_count(&s.roles[ROLE_UPDATE_SERVER]), 1);
	assert_int_equal(ranges_count(&s.roles[ROLE_MAIL_GATEWAY]), 1);
	assert_int_equal(s.later_count, 3);
	assert_string_equal(s.later[0], "site.yaml:28: 'servers' is read, but has no effect yet");
	assert_string_equal(s.later[1],
			    "site.yaml:31: 'test_mailbox' is read, but has no effect yet");
	assert_string_equal(s.later[2], "site.yaml:27: 'schedule' is read, but has no effect yet");

	/* The stricter zone wins, whatever the order. */
	assert_int_equal(addr_parse("192.168.10.4", &a), 0);
	assert_string_equal(site_zone(&s, &a)->name, "plant");
	assert_int_equal(addr_parse("192.168.99.4", &a), 0);
	assert_string_equal(site_zone(&s, &a)->name, "wide");
	assert_int_equal(addr_parse("10.0.0.1", &a), 0);
	assert_null(site_zone(&s, &a));
	assert_int_equal(addr_parse("127.0.0.1", &a), 0);
	assert_string_equal(site_zone(&s, &a)->name, "bastion");
	assert_int_equal(site_zone(&s, &a)->kind, ZONE_IT);
	site_done(&s);
	complaints_done(&c);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "", "site.yaml: is empty" },
		{ "- a\n", "site.yaml:1: is not a site file: it must begin with 'site: NAME'" },
		{ "zones: []\n", "site.yaml:1: field 'site': is missing" },
		{ "site: a\n---\nsite: b\n", "site.yaml:3: holds more than one document" },
		{ "site: [a\n", "site.yaml:2: is not YAML: did not find expected ',' or ']'" },
		{ "site: \"a\\0b\"\n", "site.yaml:1: a text holds a control character" },
		{ "site: \"a\\e[31m\"\n", "site.yaml:1: a text holds a control character" },
		{ "site: \"\\x9b\"\n", "site.yaml:1: a text holds a control character" },
		{ "site: &a x\nprofiles: *a\n",
		  "site.yaml:1: aliases (*name) are not read: write it out" },
		{ "site: &a [*a]\n", "site.yaml:1: aliases (*name) are not read: write it out" },
		{ "site: !x y\n", "site.yaml:1: tags (!x) are not read" },
		{ "site: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
		  "site.yaml:1: is nested too deeply" },
		{ "site: a\nsite: b\n", "site.yaml:2: field 'site': stands twice" },
		{ "site: a\nzone: []\n", "site.yaml:2: field 'zone': is not known here" },
		{ "site: a\n[x]: b\n", "site.yaml:2: a key must be a text" },
		{ "site:\n", "site.yaml:1: field 'site': has no value" },
		{ "site: [a]\n", "site.yaml:1: field 'site': must be a text, not a list" },
		{ "site: a\ntimezone: Asia/Tokio\n",
		  "site.yaml:2: field 'timezone': 'Asia/Tokio' is not in the time zone database "
		  "(package tzdata)" },
		{ "site: a\ntimezone: ../../etc/passwd\n",
		  "site.yaml:2: field 'timezone': '../../etc/passwd' is not in the time zone "
		  "database (package tzdata)" },
		{ "site: a\nzones: {}\n",
		  "site.yaml:2: field 'zones': must be a list, not a mapping" },
		{ "site: a\nzones:\n  - x\n",
		  "site.yaml:3: field 'zones': must be a mapping (key: value), not a text" },
		{ HEAD "  - {name: plant, kind: ot, networks: [10.0.0.0/8]}\n",
		  "site.yaml:5: field 'name': zone 'plant' stands twice, first on line 4" },
		{ HEAD "  - {name: bastion, kind: it, networks: [10.0.0.0/8]}\n",
		  "site.yaml:5: field 'name': 'bastion' is the scanner's own zone: choose another "
		  "name" },
		{ HEAD "  - {name: b, kind: scada, networks: [10.0.0.0/8]}\n",
		  "site.yaml:5: field 'kind': 'scada' is not a kind: ot, it, dmz, public or "
		  "unassigned" },
		{ HEAD "  - {name: b, kind: ot}\n", "site.yaml:5: field 'networks': is missing" },
		{ HEAD "  - {name: b, kind: ot, networks: []}\n",
		  "site.yaml:5: field 'networks': names no network" },
		{ HEAD "  - {name: b, kind: ot, networks: [192.168.1.7/24]}\n",
		  "site.yaml:5: field 'networks': '192.168.1.7/24' has host bits: the network is "
		  "'192.168.1.0/24'" },
		{ HEAD "  - {name: b, kind: ot, networks: [192.168.10.0/24]}\n",
		  "site.yaml:5: field 'networks': '192.168.10.0/24' stands in a zone of kind 'ot' "
		  "already, on line 4" },
		{ HEAD "  - {name: b, kind: it, networks: [nonsense]}\n",
		  "site.yaml:5: field 'networks': 'nonsense' is not an address, a network or a "
		  "range of two addresses" },
		{ HEAD
		  "  - {name: b, kind: it, networks: [10.0.0.0/8], passive_only: [11.0.0.1]}\n",
		  "site.yaml:5: field 'passive_only': '11.0.0.1' is not in the networks of zone "
		  "'b'" },
		{ HEAD
		  "  - {name: b, kind: it, networks: [10.0.0.0/8], window: 'Sun 2:00-04:00'}\n",
		  "site.yaml:5: field 'window': 'Sun 2:00-04:00' is not a window such as 'Sun "
		  "02:00-04:00'" },
		{ HEAD "  - {name: b, kind: it, networks: [10.0.0.0/8], risk: exploit}\n",
		  "site.yaml:5: field 'risk': 'exploit' is not a risk class: listen, touch, read "
		  "or login" },
		{ HEAD "  - {name: b, kind: it, networks: [10.0.0.0/8], depth: deep}\n",
		  "site.yaml:5: field 'depth': 'deep' is neither full nor limited" },
		{ HEAD "  - {name: b, kind: it, networks: [10.0.0.0/8], anonymous: maybe}\n",
		  "site.yaml:5: field 'anonymous': 'maybe' is neither true nor false" },
		{ HEAD "  - {name: b, kind: it, networks: [10.0.0.0/8], rate: 0}\n",
		  "site.yaml:5: field 'rate': '0' is not a whole number from 1 to 1000000" },
		{ HEAD "  - {name: b, kind: it, networks: [10.0.0.0/8], rate: 5, host_rate: 6}\n",
		  "site.yaml:5: field 'host_rate': 6 is more than the rate of all hosts, 5" },
		{ HEAD "  - {name: b, kind: it, networks: [10.0.0.0/8], rate: 1001}\n",
		  "site.yaml:5: field 'rate': 1001 is more than the 'rate' of 'limits', 1000" },
		{ HEAD "  - {name: b, kind: it, networks: [10.0.0.0/8], host_rate: 1001}\n",
		  "site.yaml:5: field 'host_rate': 1001 is more than the rate of all hosts, 1000" },
		{ HEAD "  - {name: b, kind: it, networks: [10.0.0.0/8], host_rate: 41}\n",
		  "site.yaml:5: field 'host_rate': 41 is more than the 'host_rate' of 'limits', "
		  "40" },
		{ HEAD "limits: {rate: 10, host_rate: 20}\n",
		  "site.yaml:5: field 'host_rate': 20 is more than the rate of all hosts, 10" },
		{ HEAD "limits: {rate: -1}\n",
		  "site.yaml:5: field 'rate': '-1' is not a whole number from 1 to 1000000" },
		{ HEAD "vantage: {name: x, zone: nowhere}\n",
		  "site.yaml:5: field 'zone': no zone is named 'nowhere'" },
		{ HEAD "conduits: [{from: plant, to: nowhere}]\n",
		  "site.yaml:5: field 'to': no zone is named 'nowhere'" },
		{ HEAD "conduits: [{from: plant, to: plant}]\n",
		  "site.yaml:5: field 'to': a conduit leads from one zone to another" },
		{ HEAD OFFICE "conduits: [{from: plant, to: office, ports: [https]}]\n",
		  "site.yaml:6: field 'ports': 'https' is not a port such as 'tcp/443'" },
		{ HEAD OFFICE "conduits: [{from: plant, to: office, ports: []}]\n",
		  "site.yaml:6: field 'ports': names no port: leave it out to allow all" },
		{ HEAD OFFICE "conduits: [{from: plant, to: office, until: 2027-02-29}]\n",
		  "site.yaml:6: field 'until': '2027-02-29' is not a day (YYYY-MM-DD)" },
		{ HEAD "gateways: [{address: plc, networks: [10.0.0.0/8]}]\n",
		  "site.yaml:5: field 'address': 'plc' is not an address" },
		{ HEAD "authorisation: {by: me, from: 2026-01-01}\n",
		  "site.yaml:5: field 'until': is missing" },
		{ HEAD "authorisation: {by: me, from: 2026-01-02, until: 2026-01-01}\n",
		  "site.yaml:5: field 'until': lies before 'from'" },
		{ HEAD "owned: [10.0.0.0/8]\n", "site.yaml:5: field 'owned': '10.0.0.0/8' is not "
						"public: private addresses need no owner" },
		{ HEAD "owned: [20.0.0.0/7]\n",
		  "site.yaml:5: field 'owned': '20.0.0.0/7' is too large to be owned by one site" },
		{ HEAD "exclude:\n", "site.yaml:5: field 'exclude': has no value" },
		{ HEAD "profiles: [a, a]\n", "site.yaml:5: field 'profiles': 'a' stands twice" },
		{ HEAD "attestations: [{guideline: g, item: '1', answer: yes, by: me, at: "
		       "2026-01-01}]\n",
		  "site.yaml:5: field 'answer': 'yes' is not an answer: met, not-met or "
		  "not-applicable" },
		{ HEAD "waivers: [{check: x, reason: r, compensating: c, approved_by: b,\n"
		       "  approved_at: 2026-01-02, until: 2026-01-01}]\n",
		  "site.yaml:6: field 'until': lies before 'approved_at'" },
		{ HEAD
		  "waivers: [{check: x, port: 65536, reason: r, compensating: c, approved_by: b,\n"
		  "  approved_at: 2026-01-02, until: 2026-01-03}]\n",
		  "site.yaml:5: field 'port': '65536' is not a whole number from 1 to 65535" },
		{ HEAD "beacon: {address: 192.0.2.1, port: 1}\n",
		  "site.yaml:5: field 'port': is not known here" },
		{ HEAD "proxies: 192.168.1.8\n",
		  "site.yaml:5: field 'proxies': '192.168.1.8' is no address and port, such as "
		  "192.168.1.8:3128" },
		{ HEAD "beacon: {address: b.example}\n",
		  "site.yaml:5: field 'address': 'b.example' is not the address of a host: a "
		  "beacon "
		  "is named by its addresses, since nobody is asked for its name" },
		{ HEAD "routers: 10.0.0.0/8\n", "site.yaml:5: field 'routers': names more than "
						"4096 addresses: name those that it "
						"is about" },
		{ HEAD "schedule: [{every: often}]\n",
		  "site.yaml:5: field 'every': 'often' is not a duration such as 24h or 30d" },
		{ HEAD "dns: {resolvers: [ns.example]}\n",
		  "site.yaml:5: field 'resolvers': 'ns.example' is not an address, a network or a "
		  "range of two addresses" },
		{ HEAD "dns: {zones: [plant..example]}\n",
		  "site.yaml:5: field 'zones': 'plant..example' is not a name such as "
		  "plant.example" },
		{ HEAD "dns: {zones: [plant.example.]}\n",
		  "site.yaml:5: field 'zones': 'plant.example.' is not a name such as "
		  "plant.example" },
		{ HEAD "accounts: {test_account: {user: a, password_file: f, hosts: 192.0.2.1,\n"
		       "  protocols: [ssh]}}\n",
		  "site.yaml:5: field 'test_account': needs 'lockout_threshold': so many failures "
		  "and one more are made" },
		{ HEAD
		  "accounts: {lockout_threshold: 21, test_account: {user: a, password_file: f,\n"
		  "  hosts: 192.0.2.1, protocols: [ssh]}}\n",
		  "site.yaml:5: field 'test_account': 'lockout_threshold' is more than 20: no test "
		  "of so many failures is made" },
		{ HEAD
		  "accounts: {lockout_threshold: 3, test_account: {user: a, hosts: 192.0.2.1,\n"
		  "  protocols: [ssh]}}\n",
		  "site.yaml:5: field 'password_file': is missing" },
		{ HEAD "accounts: {domains: [{name: d, hosts: 192.0.2.0.1}]}\n",
		  "site.yaml:5: field 'hosts': '192.0.2.0.1' is not an address, a network or a "
		  "range of "
		  "two addresses" },
		{ HEAD "dns: {zones: ['']}\n", "site.yaml:5: field 'zones': has no value" },
		{ HEAD "mail: {domains: [192.0.2.1]}\n",
		  "site.yaml:5: field 'domains': '192.0.2.1' is not a name such as plant.example" },
		{ HEAD "mail: {selectors: [a, b, c, d, e, f, g, h, i]}\n",
		  "site.yaml:5: field 'selectors': has more than 8 entries" },
		{ HEAD "mail: {gateway: [mx.example]}\n",
		  "site.yaml:5: field 'gateway': 'mx.example' is not an address, a network or a "
		  "range of two addresses" },
		{ HEAD "attestations: [{guideline: g, item: i, control: c, answer: met, by: b, at: "
		       "2026-11-01}]\n",
		  "site.yaml:5: field 'control': 'item' is given too: it is one or the other" },
		{ HEAD "measures: [{guideline: g, measure: m, by: b, at: 2026-11-01}]\n",
		  "site.yaml:5: field 'item': is missing" },
		{ HEAD "treatments: [{check: c, owner: o, state: done}]\n",
		  "site.yaml:5: field 'treatments': 'at' is needed: the day on which it was done" },
		{ HEAD "treatments: [{check: c, owner: o, state: later}]\n",
		  "site.yaml:5: field 'state': is one of planned, in-progress, done, accepted, not "
		  "'later'" },
		{ HEAD "items: [{guideline: g, item: i, decision: drop}]\n",
		  "site.yaml:5: field 'decision': is 'adopt', 'decline' or 'tighten', not 'drop'" },
		{ HEAD
		  "items: [{guideline: g, item: i, decision: decline, by: b, at: 2026-01-01}]\n",
		  "site.yaml:5: field 'items': 'reason' is needed: why the item is declined" },
		{ HEAD "items: [{guideline: g, item: i, decision: decline, reason: r}]\n",
		  "site.yaml:5: field 'items': 'by' and 'at' are needed: who declined the item, "
		  "and when" },
		{ HEAD "items: [{guideline: g, item: i, decision: adopt},\n"
		       "  {guideline: g, item: i, decision: tighten, level: own}]\n",
		  "site.yaml:6: field 'item': 'i' is decided on at site.yaml:5 already" },
		{ HEAD "waivers: [{check: x, reason: r, compensating: c, approved_by: b,\n"
		       "  approved_at: 2026-01-02, from: 2026-03-01, until: 2026-02-01}]\n",
		  "site.yaml:6: field 'until': lies before 'from'" },
		{ HEAD "items: [{guideline: g, control: c, decision: tighten}]\n",
		  "site.yaml:5: field 'items': 'tighten' needs 'level', 'severity' or 'checks'" },
		{ HEAD "thresholds: {patch_days: 0}\n",
		  "site.yaml:5: field 'patch_days': '0' is not a whole number from 1 to 1000000" },
		{ HEAD "tiers: [{area: all, current: 5, by: b, at: 2026-11-01}]\n",
		  "site.yaml:5: field 'current': '5' is not a whole number from 1 to 4" },
		{ HEAD "boundaries: [{address: 192.0.2.1, between: [plant]}]\n",
		  "site.yaml:5: field 'between': names the two zones on its sides" },
		{ HEAD "boundaries: [{address: 192.0.2.1, between: [plant, moon]}]\n",
		  "site.yaml:5: field 'between': no zone is named 'moon'" },
		{ HEAD "approved: {services: ['*']}\n",
		  "site.yaml:5: field 'services': '*' would approve everything" },
		{ HEAD "approved: {cloud: []}\n", "site.yaml:5: field 'cloud': is not known here" },
		{ HEAD "ledger_fields: [name, colour]\n",
		  "site.yaml:5: field 'ledger_fields': is one of id, name, address, mac, zone, "
		  "class, "
		  "vendor, model, os, owner, location, ports, support_until, not 'colour'" },
		{ HEAD "vantage: {name: b, zone: plant, registered: perhaps}\n",
		  "site.yaml:5: field 'registered': 'perhaps' is neither true nor false" },
		{ HEAD "dns: {internal: ['a..b']}\n",
		  "site.yaml:5: field 'internal': 'a..b' is not a name such as plant.example" },
		{ HEAD "ledger: no-such.csv\n", "site.yaml:5: field 'ledger': no-such.csv cannot "
						"be opened: No such file or directory" },
	};
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct complaints c = { 0 };
		struct site s;

		load(cases[i].text, &s, &c);
		assert_only(&c, cases[i].expected);
		site_done(&s);
		complaints_done(&c);
	}
}

static void test_unreadable(void **state)
{
	struct complaints c = { 0 };
	struct site s;
	(void)state;

	assert_int_not_equal(site_load("missing.yaml", &s, &c), 0);
	assert_only(&c, "missing.yaml: cannot be opened: No such file or directory");
	site_done(&s);
	complaints_done(&c);
	assert_int_not_equal(site_load("/", &s, &c), 0);
	assert_only(&c, "/: cannot be read: Is a directory");
	site_done(&s);
	complaints_done(&c);
}

/* Many mistakes are told together, and not without end. */
static void test_many(void **state)
{
	struct complaints c = { 0 };
	struct site s;
	char *text = NULL;
	size_t size = 0;
	(void)state;

	load("site: a\nx: 1\ny: 1\nlimits: {rate: z}\n", &s, &c);
	assert_int_equal(c.count, 3);
	site_done(&s);
	complaints_done(&c);
	FILE *f = open_memstream(&text, &size);
	assert_non_null(f);
	fputs("site: a\n", f);
	for (unsigned i = 0; i < 2 * COMPLAINTS_MAX; i++)
		fprintf(f, "x%u: 1\n", i);
	fclose(f);
	load(text, &s, &c);
	assert_int_equal(c.count, COMPLAINTS_MAX + 1);
	assert_string_equal(c.list[COMPLAINTS_MAX], "more mistakes follow; these first");
	site_done(&s);
	complaints_done(&c);
	free(text);
}

/* A megabyte of open brackets, for each of which libyaml goes through all that are open [yaml-brackets]: the
 * time would be a day. */
static void test_brackets(void **state)
{
	static const char *const texts[] = { "[", "{a: ", "[a, " };
	enum { MANY = 250000 };
	(void)state;

	for (size_t i = 0; i < countof(texts); i++) {
		struct complaints c = { 0 };
		struct site s;
		char *text = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		fputs("site: a\nx: ", f);
		for (unsigned k = 0; k < MANY; k++)
			fputs(texts[i], f);
		fclose(f);
		load(text, &s, &c);
		assert_int_equal(c.count, 1);
		assert_string_equal(c.list[0], "site.yaml:2: is nested too deeply");
		site_done(&s);
		complaints_done(&c);
		free(text);
	}
}

/* Unix time of a moment in Tokyo (no daylight saving time). 2026-11-01 is a Sunday. */
static int64_t tokyo(int day, int hour, int minute)
{
	return 1793458800 + ((int64_t)(day - 1) * 24 + hour) * 3600 + minute * 60;
}

static void test_windows(void **state)
{
	static const struct {
		const char *window;
		int day, hour, minute; /* of November 2026 */
		bool open;
	} cases[] = {
		{ "Sun 02:00-04:00", 1, 1, 59, false },
		{ "Sun 02:00-04:00", 1, 2, 0, true },
		{ "Sun 02:00-04:00", 1, 3, 59, true },
		{ "Sun 02:00-04:00", 1, 4, 0, false },
		{ "Sun 02:00-04:00", 2, 3, 0, false },
		{ "02:00-04:00", 2, 3, 0, true },
		{ "Sat 22:00-05:00", 1, 4, 59, true },
		{ "Sat 22:00-05:00", 1, 5, 0, false },
		{ "Sat 22:00-05:00", 1, 22, 30, false },
		{ "Sat 22:00-05:00", 7, 21, 59, false },
		{ "Sat 22:00-05:00", 7, 22, 0, true },
		{ "Sat 22:00-05:00", 8, 0, 0, true },
		{ "Sat 22:00-05:00", 7, 3, 0, false },
		{ "Mon-Fri 22:00-05:00", 1, 23, 0, false },
		{ "Mon-Fri 22:00-05:00", 2, 4, 0, false },
		{ "Mon-Fri 22:00-05:00", 3, 4, 0, true },
		{ "Mon-Fri 22:00-05:00", 7, 4, 0, true },
		{ "Sat,Sun 00:00-24:00", 1, 23, 59, true },
		{ "Sat,Sun 00:00-24:00", 2, 0, 0, false },
		{ "Sat,Sun 00:00-24:00", 7, 0, 0, true },
		{ "Fri-Mon 10:00-11:00", 5, 10, 0, false },
		{ "Fri-Mon 10:00-11:00", 6, 10, 0, true },
		{ "Fri-Mon 10:00-11:00", 2, 10, 59, true },
	};
	static const char *const wrong[] = {
		"",
		"Sun",
		"02:00",
		"Sun 02:00",
		"02:00-02:00",
		"24:00-04:00",
		"02:60-04:00",
		"02:00-24:01",
		"Son 02:00-04:00",
		"Sun, 02:00-04:00",
		"2:00-4:00",
		"Sun 02:00-04:00x",
		"Sun-02:00-04:00",
		"Sun-Mon-Tue 02:00-04:00",
	};
	struct complaints c = { 0 };
	struct site s;
	(void)state;

	load(HEAD, &s, &c);
	assert_none(&c);
	for (size_t i = 0; i < countof(cases); i++) {
		struct window w;
		struct zone z = { .windows = &w, .window_count = 1 };

		assert_true(window_parse(cases[i].window, &w));
		int64_t when = tokyo(cases[i].day, cases[i].hour, cases[i].minute);
		if (zone_window_open(&s, &z, when) != cases[i].open)
			fail_msg("%s on day %d at %02d:%02d", cases[i].window, cases[i].day,
				 cases[i].hour, cases[i].minute);
	}
	for (size_t i = 0; i < countof(wrong); i++) {
		struct window w;

		if (window_parse(wrong[i], &w))
			fail_msg("'%s'", wrong[i]);
	}
	struct window w;
	char text[WINDOW_TEXT];
	assert_true(window_parse("Sun,Mon,Tue,Wed,Thu,Fri 22:00-05:30", &w));
	assert_string_equal(window_format(&w, text), "Sun,Mon,Tue,Wed,Thu,Fri 22:00-05:30");
	site_done(&s);
	complaints_done(&c);
}

/* Loading a site leaves the process's own time zone alone. */
static void test_clock(void **state)
{
	struct complaints c = { 0 };
	struct site s;
	(void)state;

	setenv("TZ", "UTC0", 1);
	load("site: a\ntimezone: Asia/Tokyo\n", &s, &c);
	assert_none(&c);
	assert_string_equal(getenv("TZ"), "UTC0");
	assert_int_equal(site_offset(&s, 1793458800), 9 * 3600);
	assert_true(site_midnight(&s, 2026, 11, 1) == 1793458800);
	assert_true(site_midnight(&s, 2028, 3, 1) - site_midnight(&s, 2028, 2, 28) == 2 * 86400);
	site_done(&s);
	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
		return;
	load("site: a\ntimezone: Europe/Berlin\n", &s, &c);
	assert_none(&c);
	/* 2026-03-29T01:00Z and 2026-10-25T01:00Z */
	assert_int_equal(site_offset(&s, 1774745999), 3600);
	assert_int_equal(site_offset(&s, 1774746000), 7200);
	assert_int_equal(site_offset(&s, 1792889999), 7200);
	assert_int_equal(site_offset(&s, 1792890000), 3600);
	assert_true(site_midnight(&s, 2026, 3, 30) - site_midnight(&s, 2026, 3, 29) == 23 * 3600);
	assert_true(site_midnight(&s, 2026, 10, 26) - site_midnight(&s, 2026, 10, 25) == 25 * 3600);
	site_done(&s);
	complaints_done(&c);
}

static void test_example(void **state)
{
	const char *root = getenv("TENKEN_DATA");
	struct complaints c = { 0 };
	struct site s;
	char path[1024];
	(void)state;

	if (root == NULL)
		skip();
	snprintf(path, sizeof(path), "%s/doc/examples/kita-plant.yaml", root);
	site_load(path, &s, &c);
	assert_none(&c);
	assert_int_equal(s.zone_count, 4);
	assert_int_equal(s.asset_count, 10);
	assert_int_equal(s.later_count, 0);
	site_done(&s);
	complaints_done(&c);
}

/* What a waiver lacks is said, and the rest of the file is read. */
static void test_incomplete_waiver(void **state)
{
	struct complaints c = { 0 };
	struct site s;

	(void)state;
	write_text("site.yaml",
		   "site: p\n"
		   "waivers:\n"
		   "- {check: x, reason: r, compensating: c, approved_by: b, approved_at: "
		   "2026-01-02,\n"
		   "   until: 2026-02-01, clause: k, closing: e}\n");
	assert_int_equal(site_load("site.yaml", &s, &c), 0);
	assert_none(&c);
	assert_int_equal(s.later_count, 1);
	assert_string_equal(s.later[0], "site.yaml:3: this waiver lacks applicant, impact and does "
					"not count (mlit-water 4.3.2-18)");
	site_done(&s);
	complaints_done(&c);
}

#define ANSWER "{guideline: g, item: '1', answer: met, by: me, at: 2026-01-01}"

/* The file of the answers: read beside the site file, told by its own name, kept with its text. */
static void test_answers(void **state)
{
	struct complaints c = { 0 };
	struct site s, again;

	(void)state;
	write_text("answers.yaml", "attestations: [" ANSWER "]\n"
				   "treatments: [{guideline: g, control: '5', action: a, owner: o,"
				   " state: planned}]\n"
				   "goals: [{guideline: g, item: '1', current: c, target: t}]\n"
				   "tiers: [{area: all, current: 1, by: me, at: 2026-01-01}]\n");
	load(HEAD "answers: answers.yaml\n", &s, &c);
	assert_int_equal(c.count, 0);
	assert_int_equal(s.attestation_count, 1);
	assert_string_equal(s.attestations[0].file, "answers.yaml");
	assert_int_equal(s.treatment_count, 1);
	assert_string_equal(s.treatments[0].item, "5");
	assert_true(s.treatments[0].whole);
	assert_null(s.treatments[0].check);
	assert_int_equal(s.goal_count, 1);
	assert_int_equal(s.tier_count, 1);
	/* Going on with a scan, what stands there today is of no matter. */
	write_text("answers.yaml", "nonsense\n");
	const struct site_texts texts = { .site = &s.text, .answers = &s.answers_text };
	assert_int_equal(site_again("site.yaml", &texts, &again, &c), 0);
	assert_int_equal(again.attestation_count, 1);
	site_done(&again);
	site_done(&s);

	static const struct {
		const char *site, *answers, *complaint;
	} rows[] = {
		{ HEAD "answers: answers.yaml\n", "zones: []\n",
		  "answers.yaml:1: field 'zones': is not known here" },
		{ HEAD "answers: answers.yaml\n", "\ntreatments: [{owner: o, state: planned}]\n",
		  "answers.yaml:2: field 'guideline': is missing" },
		{ HEAD "answers: answers.yaml\nattestations: [" ANSWER "]\n",
		  "attestations:\n- " ANSWER "\n",
		  "answers.yaml:2: field 'item': '1' is answered at site.yaml:6 already" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_text("answers.yaml", rows[i].answers);
		load(rows[i].site, &s, &c);
		assert_true(c.count > 0);
		assert_string_equal(c.list[0], rows[i].complaint);
		site_done(&s);
		complaints_done(&c);
	}
	unlink("answers.yaml");
	load(HEAD "answers: answers.yaml\n", &s, &c);
	assert_int_equal(c.count, 1);
	site_done(&s);
	complaints_done(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_brackets),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_incomplete_waiver),
		cmocka_unit_test(test_answers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("site", tests, scratch_open, scratch_close);
}
