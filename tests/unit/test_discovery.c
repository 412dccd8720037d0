/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discovery without a network: DNS and DHCP messages (bytes of avahi 0.8 and dnsmasq 2.90), and on which
 * segments everybody may be asked.
 */
#include "scratch.h"

#include "codec/dns.h"
#include "site/plan.h"
#include "talk/ask_way.h"
#include "wire/dhcp.h"

static const uint8_t services[] = {
	0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x19, 0x61,
	0x6c, 0x70, 0x68, 0x61, 0x20, 0x5b, 0x30, 0x61, 0x3a, 0x30, 0x65, 0x3a, 0x63, 0x35,
	0x3a, 0x33, 0x65, 0x3a, 0x34, 0x36, 0x3a, 0x34, 0x39, 0x5d, 0x0c, 0x5f, 0x77, 0x6f,
	0x72, 0x6b, 0x73, 0x74, 0x61, 0x74, 0x69, 0x6f, 0x6e, 0x04, 0x5f, 0x74, 0x63, 0x70,
	0x05, 0x6c, 0x6f, 0x63, 0x61, 0x6c, 0x00, 0x00, 0xff, 0x00, 0x01, 0xc0, 0x0c, 0x00,
	0x21, 0x00, 0x01, 0x00, 0x00, 0x00, 0x78, 0x00, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x09, 0x05, 0x61, 0x6c, 0x70, 0x68, 0x61, 0xc0, 0x38, 0xc0, 0x0c, 0x00, 0x10, 0x00,
	0x01, 0x00, 0x00, 0x11, 0x94, 0x00, 0x01, 0x00,
};

static const uint8_t offer_options[] = {
	0x63, 0x82, 0x53, 0x63, 0x35, 0x01, 0x02, 0x36, 0x04, 0x0a, 0x5a, 0x00, 0x35, 0x33,
	0x04, 0x00, 0x00, 0x0e, 0x10, 0x3a, 0x04, 0x00, 0x00, 0x07, 0x08, 0x3b, 0x04, 0x00,
	0x00, 0x0c, 0x4e, 0x01, 0x04, 0xff, 0xff, 0xff, 0x00, 0x1c, 0x04, 0x0a, 0x5a, 0x00,
	0xff, 0x03, 0x04, 0x0a, 0x5a, 0x00, 0x35, 0x06, 0x04, 0x0a, 0x5a, 0x00, 0x35, 0xff,
};

static const uint8_t offer_head[] = {
	0x02, 0x01, 0x06, 0x00, 0x45, 0xbd, 0x30, 0x9a, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x0a, 0x5a, 0x00, 0x6b, 0x0a, 0x5a, 0x00, 0x35, 0x00, 0x00, 0x00, 0x00, 0x8e, 0x04,
	0xc0, 0xfd, 0xb9, 0x0b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static const uint8_t reverse[] = {
	0x21, 0x5e, 0x84, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x02, 0x31,
	0x30, 0x01, 0x30, 0x02, 0x39, 0x30, 0x02, 0x31, 0x30, 0x07, 0x69, 0x6e, 0x2d, 0x61,
	0x64, 0x64, 0x72, 0x04, 0x61, 0x72, 0x70, 0x61, 0x00, 0x00, 0x0c, 0x00, 0x01, 0xc0,
	0x0c, 0x00, 0x0c, 0x00, 0x01, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x0d, 0x05, 0x61, 0x6c,
	0x70, 0x68, 0x61, 0x05, 0x6c, 0x6f, 0x63, 0x61, 0x6c, 0x00,
};

static const uint8_t ptr[] = {
	0x1c, 0xab, 0x85, 0x80, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x02, 0x31,
	0x30, 0x01, 0x30, 0x02, 0x39, 0x30, 0x02, 0x31, 0x30, 0x07, 0x69, 0x6e, 0x2d, 0x61,
	0x64, 0x64, 0x72, 0x04, 0x61, 0x72, 0x70, 0x61, 0x00, 0x00, 0x0c, 0x00, 0x01, 0xc0,
	0x0c, 0x00, 0x0c, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x11, 0x04, 0x6c, 0x69,
	0x61, 0x72, 0x05, 0x70, 0x6c, 0x61, 0x6e, 0x74, 0x04, 0x74, 0x65, 0x73, 0x74, 0x00,
};

/* ---- DNS ---- */

struct taken {
	struct dns_record list[8];
	size_t count;
};

static void take(void *context, const struct dns_record *r)
{
	struct taken *t = context;

	if (t->count < countof(t->list))
		t->list[t->count++] = *r;
}

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void test_names(void **state)
{
	struct addr v4 = address("10.90.0.10"), v6 = address("fd90::b:20");
	char name[DNS_NAME];
	(void)state;

	assert_string_equal(dns_reverse_name(&v4, name), "10.0.90.10.in-addr.arpa");
	assert_string_equal(
		dns_reverse_name(&v6, name),
		"0.2.0.0.b.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.9.d.f.ip6.arpa");
	assert_true(dns_is_host_name("plc-1.line_2.example"));
	assert_false(dns_is_host_name(""));
	assert_false(dns_is_host_name("10.0.0.1"));
	assert_false(dns_is_host_name("a\\046b.local"));
	assert_false(dns_is_host_name("<b>.local"));
}

static void test_question(void **state)
{
	uint8_t out[DNS_QUESTION];
	char name[DNS_NAME], long_label[80];
	struct addr a = address("10.90.0.10");
	(void)state;

	size_t n =
		dns_question(out, sizeof(out), 0x1cab, true, dns_reverse_name(&a, name), DNS_PTR);
	assert_int_equal(n, 41);
	assert_int_equal(out[2], 1); /* recursion desired; dnsmasq repeats the question as it was */
	assert_memory_equal(out + 12, ptr + 12, n - 12);
	assert_int_equal(dns_question(out, sizeof(out), 1, true, "a..b", DNS_A), 0);
	assert_int_equal(dns_question(out, 20, 1, true, name, DNS_PTR), 0);
	memset(long_label, 'a', sizeof(long_label));
	long_label[64] = '\0';
	assert_int_equal(dns_question(out, sizeof(out), 1, true, long_label, DNS_A), 0);
}

static void test_answers(void **state)
{
	struct taken t = { 0 };
	struct dns_message m;
	(void)state;

	assert_true(dns_read((struct span){ ptr, sizeof(ptr) }, &m, take, &t));
	assert_true(m.answer);
	assert_int_equal(m.id, 0x1cab);
	assert_int_equal(m.question_type, DNS_PTR);
	assert_string_equal(m.question, "10.0.90.10.in-addr.arpa");
	assert_int_equal(t.count, 1);
	assert_string_equal(t.list[0].owner, m.question);
	assert_string_equal(t.list[0].target, "liar.plant.test");

	t.count = 0;
	assert_true(dns_read((struct span){ reverse, sizeof(reverse) }, &m, take, &t));
	assert_int_equal(t.count, 1);
	assert_string_equal(t.list[0].target, "alpha.local");

	/* avahi tries out its name: a question that brings the records along. */
	t.count = 0;
	assert_true(dns_read((struct span){ services, sizeof(services) }, &m, take, &t));
	assert_false(m.answer);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.list[0].type, DNS_SRV);
	assert_string_equal(t.list[0].target, "alpha.local");
	assert_false(dns_is_host_name(t.list[0].owner));
	assert_int_equal(t.list[1].type, DNS_TXT);
	assert_string_equal(t.list[1].target, "");
}

/* Cut at every byte and with every bit turned: nothing beyond the message is read (the sanitizers see to
 * that), and a cut message is never whole. */
static void test_broken_answers(void **state)
{
	static const struct span all[] = { { ptr, sizeof(ptr) },
					   { reverse, sizeof(reverse) },
					   { services, sizeof(services) } };
	(void)state;

	for (size_t i = 0; i < countof(all); i++) {
		for (size_t n = 0; n < all[i].length; n++) {
			struct taken t = { 0 };
			struct dns_message m;
			uint8_t *cut = malloc(n + 1);

			memcpy(cut, all[i].at, n);
			assert_false(dns_read((struct span){ cut, n }, &m, take, &t));
			free(cut);
		}
		for (size_t bit = 0; bit < all[i].length * 8; bit++) {
			struct taken t = { 0 };
			struct dns_message m;
			uint8_t *turned = malloc(all[i].length);

			memcpy(turned, all[i].at, all[i].length);
			turned[bit / 8] ^= (uint8_t)(1U << bit % 8);
			dns_read((struct span){ turned, all[i].length }, &m, take, &t);
			for (size_t k = 0; k < t.count; k++)
				assert_true(strlen(t.list[k].owner) < DNS_NAME);
			free(turned);
		}
	}
}

/* A reference to itself, or forwards, leads nowhere. */
static void test_circles(void **state)
{
	static const uint8_t circle[] = { 0, 0, 0x80, 0,    0,  1, 0, 0, 0,
					  0, 0, 0,    0xc0, 12, 0, 1, 0, 1 };
	static const uint8_t two[] = { 0, 0,   0x80, 0,  0, 1,   0,    0,  0, 0, 0, 0,
				       1, 'a', 0xc0, 16, 1, 'b', 0xc0, 12, 0, 1, 0, 1 };
	struct taken t = { 0 };
	struct dns_message m;
	(void)state;

	assert_false(dns_read((struct span){ circle, sizeof(circle) }, &m, take, &t));
	assert_false(dns_read((struct span){ two, sizeof(two) }, &m, take, &t));
}

/* ---- DHCP ---- */

static void test_offer(void **state)
{
	static const uint8_t mac[6] = { 0x8e, 0x04, 0xc0, 0xfd, 0xb9, 0x0b }, other[6] = { 0 };
	uint8_t message[300] = { 0 };
	struct span whole = { message, sizeof(message) };
	struct addr server;
	char text[ADDR_TEXT];
	(void)state;

	memcpy(message, offer_head, sizeof(offer_head));
	memcpy(message + 236, offer_options, sizeof(offer_options));
	assert_true(dhcp_read_offer(whole, 0x45bd309a, mac, &server));
	assert_string_equal(addr_format(&server, text), "10.90.0.53");
	assert_false(dhcp_read_offer(whole, 0x45bd309a + 1, mac, &server));
	assert_false(dhcp_read_offer(whole, 0x45bd309a, other, &server));
	for (size_t n = 0; n < 243; n++)
		assert_false(
			dhcp_read_offer((struct span){ message, n }, 0x45bd309a, mac, &server));
	message[242] = 5; /* an ACK, which nobody asked for */
	assert_false(dhcp_read_offer(whole, 0x45bd309a, mac, &server));
}

/* ---- where everybody may be asked ---- */

#define HEAD "site: here\nzones:\n"

static void make_plan(struct plan *p, const char *site, const char *target, const char *kind,
		      struct complaints *c)
{
	struct plan_wish w = { .targets = &target,
			       .target_count = target != NULL,
			       .zone = kind,
			       .data_dir = getenv("TENKEN_DATA") };

	if (site != NULL) {
		write_text("site.yaml", site);
		w.site_path = "site.yaml";
	}
	plan_make(&w, p, c);
}

static void test_segments(void **state)
{
	static const struct {
		const char *site, *target, *kind;
		bool allowed;
	} cases[] = {
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/24]}\n", NULL, NULL, true },
		{ HEAD "  - {name: a, kind: dmz, networks: [10.0.0.0/24]}\n", NULL, NULL, true },
		{ HEAD "  - {name: a, kind: ot, networks: [10.0.0.0/24]}\n", NULL, NULL, false },
		{ HEAD "  - {name: a, kind: ot, networks: [10.0.0.0/24], discovery: multicast}\n",
		  NULL, NULL, true },
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/24], discovery: none}\n", NULL,
		  NULL, false },
		/* Somebody else on the segment does not agree, target or not. */
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/25]}\n"
		       "  - {name: b, kind: ot, networks: [10.0.0.128/25]}\n",
		  "10.0.0.1", NULL, false },
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/25]}\n"
		       "  - {name: b, kind: ot, networks: [10.0.0.128/25], discovery: multicast}\n",
		  "10.0.0.1", NULL, true },
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/25], discovery: multicast}\n"
		       "  - {name: b, kind: it, networks: [10.0.0.128/25], discovery: none}\n",
		  "10.0.0.1", NULL, false },
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/24],\n"
		       "     passive_only: [10.0.0.9]}\n",
		  "10.0.0.1", NULL, false },
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/24], risk: listen}\n",
		  "10.0.0.1", NULL, false },
		/* A zone of another segment has no say. */
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/24]}\n"
		       "  - {name: b, kind: ot, networks: [10.9.0.0/24]}\n",
		  "10.0.0.1", NULL, true },
		/* Nobody declared the target. */
		{ NULL, "10.0.0.1", NULL, false },
		{ NULL, "10.0.0.1", "ot", false },
		{ NULL, "10.0.0.1", "it", true },
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/25]}\n", "10.0.0.120-130", NULL,
		  false },
	};
	struct range network, target;
	struct interface leg = { .index = 2, .up = true, .ethernet = true };
	(void)state;

	assert_int_equal(range_parse("10.0.0.0/24", true, &network), 0);
	assert_int_equal(ranges_add(&leg.networks, &network), 0);
	for (size_t i = 0; i < countof(cases); i++) {
		struct complaints c = { 0 };
		struct plan p;

		make_plan(&p, cases[i].site, cases[i].target, cases[i].kind, &c);
		assert_none(&c);
		target = p.targets.list[0];
		struct way_range way = {
			.range = target, .way = { .ifindex = 2, .on_link = true, .ethernet = true }
		};
		struct routes r = {
			.interfaces = &leg, .interface_count = 1, .list = &way, .count = 1
		};
		if (ask_allowed(&p, &r, &leg) != cases[i].allowed)
			fail_msg("case %zu", i);
		way.way.on_link = false; /* behind a gateway: nobody is asked */
		assert_false(ask_allowed(&p, &r, &leg));
		plan_done(&p);
		complaints_done(&c);
	}
	ranges_done(&leg.networks);
}

static void test_words(void **state)
{
	static const struct {
		const char *site, *complaint;
	} cases[] = {
		{ HEAD "  - {name: a, kind: ot, networks: [10.0.0.0/24],\n     discovery: yes}\n",
		  "site.yaml:4: field 'discovery': 'yes' is neither multicast nor none" },
		{ HEAD "  - {name: a, kind: ot, networks: [10.0.0.0/24], risk: listen,\n"
		       "     discovery: multicast}\n",
		  "site.yaml:4: field 'discovery': 'multicast' sends, which 'risk: listen' on line "
		  "3 "
		  "forbids" },
		{ HEAD "  - {name: a, kind: ot, networks: [10.0.0.0/24], discovery: none}\n"
		       "  - {name: b, kind: it, networks: [10.0.0.0/25], discovery: multicast}\n",
		  "site.yaml:4: field 'discovery': zone 'a' says the opposite for the same "
		  "addresses, "
		  "on line 3" },
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/24]}\n"
		       "names: {dns: true, resolvers: [10.1.0.53]}\n",
		  "site.yaml:4: field 'resolvers': '10.1.0.53' lies in no zone of this file" },
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/24]}\nexclude: [10.0.0.53]\n"
		       "names: {dns: true, resolvers: [10.0.0.53]}\n",
		  "site.yaml:5: field 'resolvers': '10.0.0.53' is excluded" },
		{ HEAD "  - {name: a, kind: it, networks: [10.0.0.0/24]}\n"
		       "names: {dns: true, resolvers: [224.0.0.1]}\n",
		  "site.yaml:4: field 'resolvers': '224.0.0.1' is not the address of a host" },
		{ HEAD
		  "  - {name: a, kind: it, networks: [10.0.0.0/24], passive_only: [10.0.0.53]}\n"
		  "names: {dns: true, resolvers: [10.0.0.53]}\n",
		  "site.yaml:4: field 'resolvers': nothing may be sent to '10.0.0.53': see zone "
		  "'a'" },
	};
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct complaints c = { 0 };
		struct plan p;

		make_plan(&p, cases[i].site, NULL, NULL, &c);
		assert_only(&c, cases[i].complaint);
		plan_done(&p);
		complaints_done(&c);
	}
}

static void assert_set(const struct ranges *set, const char *expected)
{
	char *text = ranges_text(set);

	assert_string_equal(text, expected);
	free(text);
}

static void test_large(void **state)
{
	static const struct {
		const char *site, *target, *kind, *targets, *large, *complaint;
	} cases[] = {
		{ HEAD "  - {name: a, kind: it, networks: ['fd90::/64', 10.0.0.1]}\n"
		       "exclude: ['fd90::/65']\n",
		  NULL, NULL, "10.0.0.1", "fd90::8000:0:0:0/65", NULL },
		{ HEAD "  - {name: a, kind: ot, networks: ['fd90::/64', 10.0.0.1]}\n", NULL, NULL,
		  "10.0.0.1", "", NULL },
		{ HEAD "  - {name: a, kind: ot, networks: ['fd90::/64'], discovery: multicast}\n",
		  NULL, NULL, "", "fd90::/64", NULL },
		{ NULL, "fd90::/64", "it", "", "fd90::/64", NULL },
		{ NULL, "fe80::/64%lo", "it", "", "fe80::%lo/64", NULL },
		{ NULL, "fd90::/112", NULL, "fd90::/112", "", NULL },
		{ NULL, "fd90::/64", NULL, "", "",
		  "error: 'fd90::/64': is too large to sweep: name its hosts, or let its segment "
		  "be "
		  "asked (discovery in tenken-site(5))" },
		{ NULL, "fe80::/64", "it", "", "",
		  "error: 'fe80::/64': a link-local address needs its interface, as in "
		  "'fe80::1%eth0'" },
	};
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct complaints c = { 0 };
		struct plan p;

		make_plan(&p, cases[i].site, cases[i].target, cases[i].kind, &c);
		if (cases[i].complaint != NULL) {
			assert_true(c.count > 0);
			assert_non_null(strstr(c.list[0], strchr(cases[i].complaint, '\'')));
		} else {
			assert_none(&c);
			assert_set(&p.targets, cases[i].targets);
			assert_set(&p.large, cases[i].large);
			if (p.large.count > 0)
				assert_null(plan_refusal(&p, &p.large.list[0].last, 1));
		}
		plan_done(&p);
		complaints_done(&c);
	}
}

static void test_resolvers(void **state)
{
	const char *target = "10.0.0.1";
	struct plan_wish w = { .targets = &target,
			       .target_count = 1,
			       .resolve = true,
			       .resolv_conf = "list",
			       .data_dir = getenv("TENKEN_DATA") };
	struct complaints c = { 0 };
	struct plan p;
	char text[ADDR_TEXT];
	(void)state;

	write_text("list", "# of this machine\nsearch example\nnameserver 192.0.2.53\n"
			   "nameserver 192.168.1.53\nnameserver nonsense\n");
	assert_int_equal(plan_make(&w, &p, &c), 0);
	assert_int_equal(p.resolver_count, 1);
	assert_string_equal(addr_format(&p.resolvers[0], text), "192.168.1.53");
	assert_string_equal(p.skipped[0], "resolver 192.0.2.53 is public: not asked for names");
	plan_done(&p);
	w.resolve = false;
	assert_int_equal(plan_make(&w, &p, &c), 0);
	assert_int_equal(p.resolver_count, 0);
	plan_done(&p);
	w.resolve = true;
	const char *exclude = "192.168.1.0/24";
	w.excludes = &exclude;
	w.exclude_count = 1;
	assert_int_not_equal(plan_make(&w, &p, &c), 0);
	assert_int_equal(c.count, 1);
	assert_non_null(strstr(c.list[0], "the resolver '192.168.1.53' is excluded"));
	plan_done(&p);
	complaints_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),    cmocka_unit_test(test_question),
		cmocka_unit_test(test_answers),  cmocka_unit_test(test_broken_answers),
		cmocka_unit_test(test_circles),  cmocka_unit_test(test_offer),
		cmocka_unit_test(test_segments), cmocka_unit_test(test_words),
		cmocka_unit_test(test_large),    cmocka_unit_test(test_resolvers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
