/* SPDX-License-Identifier: Apache-2.0 */
/* From a wish to a plan: targets, ports, exclusions, and who may not be scanned. */
#include "scratch.h"

#include <jansson.h>

#include "site/declare.h"
#include "site/plan.h"

/* 2026-11-15, 12:00 in Tokyo: a Sunday, within the authorisation below. */
static const int64_t noon = 1793458800 + 14 * 86400 + 12 * 3600;

#define SITE                                                                                       \
	"site: here\ntimezone: Asia/Tokyo\n"                                                       \
	"zones:\n"                                                                                 \
	"  - {name: office, kind: it, networks: [192.168.1.0/24]}\n"                               \
	"  - {name: plant, kind: ot, networks: [192.168.10.0/24], passive_only: [192.168.10.5],\n" \
	"     window: 'Sun 10:00-14:00'}\n"                                                        \
	"  - {name: line, kind: public, networks: [203.0.113.0/24]}\n"                             \
	"owned: [203.0.113.8/29]\n"                                                                \
	"exclude: [192.168.10.9]\n"
#define AUTHORISED SITE "authorisation: {by: me, from: 2026-11-01, until: 2026-11-30}\n"

struct given {
	const char *site;       /* text of the site file, or NULL */
	const char *targets[4]; /* ends with NULL */
	const char *exclude, *owned, *ports, *risk, *zone, *rate, *host_rate;
	const char *input_file, *exclude_file;
	int64_t now; /* 0: noon */
	bool skip_closed;
	bool udp; /* 53, 123 and 137 can be asked */
};

static void make(const struct given *g, struct plan *p, struct complaints *c)
{
	static const uint16_t askable[] = { 53, 123, 137 };
	struct plan_wish w = { .targets = g->targets,
			       .excludes = &g->exclude,
			       .exclude_count = g->exclude != NULL,
			       .exclude_files = &g->exclude_file,
			       .exclude_file_count = g->exclude_file != NULL,
			       .input_files = &g->input_file,
			       .input_file_count = g->input_file != NULL,
			       .owned = &g->owned,
			       .owned_count = g->owned != NULL,
			       .ports = g->ports,
			       .risk = g->risk,
			       .zone = g->zone,
			       .rate = g->rate,
			       .host_rate = g->host_rate,
			       .data_dir = getenv("TENKEN_DATA"),
			       .skip_closed = g->skip_closed,
			       .now = g->now != 0 ? g->now : noon,
			       .udp_ports = askable,
			       .udp_port_count = g->udp ? 3 : 0 };

	assert_non_null(w.data_dir);
	while (w.target_count < 4 && g->targets[w.target_count] != NULL)
		w.target_count++;
	if (g->site != NULL) {
		write_text("site.yaml", g->site);
		w.site_path = "site.yaml";
	}
	size_t before = c->count;
	int e = plan_make(&w, p, c);
	assert_int_equal(e != 0, c->count > before);
}

static void assert_targets(const struct plan *p, const char *expected)
{
	char *text = ranges_text(&p->targets);

	assert_string_equal(text, expected);
	free(text);
}

static void test_targets(void **state)
{
	static const struct {
		struct given given;
		const char *expected;
		const char *skipped; /* the first remark */
	} cases[] = {
		{ { .targets = { "10.0.0.1" } }, "10.0.0.1", NULL },
		{ { .targets = { "10.0.0.77/24" } }, "10.0.0.0/24", NULL },
		{ { .targets = { "10.0.0.1-3", "10.0.0.4" } }, "10.0.0.1-10.0.0.4", NULL },
		{ { .targets = { "10.0.0-1.7" } }, "10.0.0.7,10.0.1.7", NULL },
		{ { .targets = { "fd00::1", "127.0.0.1" } }, "127.0.0.1,fd00::1", NULL },
		{ { .targets = { "@list" } }, "10.9.0.1-10.9.0.2", NULL },
		{ { .input_file = "list" }, "10.9.0.1-10.9.0.2", NULL },
		{ { .targets = { "10.0.0.0-9" }, .exclude = "10.0.0.1,10.0.0.5-7" },
		  "10.0.0.0,10.0.0.2-10.0.0.4,10.0.0.8/31",
		  "10.0.0.1: excluded" },
		{ { .targets = { "10.9.0.0/30" }, .exclude_file = "list" },
		  "10.9.0.0,10.9.0.3",
		  "10.9.0.1-10.9.0.2: excluded" },
		{ { .targets = { "10.0.0.1" },
		    .exclude = "0.0.0.0/1,::/0",
		    .exclude_file = "more" },
		  NULL,
		  "10.0.0.1: excluded" },
		{ { .site = AUTHORISED, .targets = { "192.168.10.4-10" } },
		  "192.168.10.4,192.168.10.6-192.168.10.8,192.168.10.10",
		  "192.168.10.9: excluded" },
		/* Without targets: the zones, of the public one what was repeated. */
		{ { .site = AUTHORISED },
		  "192.168.1.0/24,192.168.10.0-192.168.10.4,192.168.10.6-192.168.10.8,"
		  "192.168.10.10-192.168.10.255",
		  "192.168.10.9: excluded" },
		{ { .site = AUTHORISED, .owned = "203.0.113.8/30", .exclude = "192.168.0.0/16" },
		  "203.0.113.8/30",
		  "192.168.1.0/24: excluded" },
	};
	(void)state;

	write_text("list", "# two hosts\n10.9.0.1 # first\n\n\t10.9.0.2\r\n");
	write_text("more", "");
	for (size_t i = 0; i < countof(cases); i++) {
		struct complaints c = { 0 };
		struct plan p;

		make(&cases[i].given, &p, &c);
		if (cases[i].expected != NULL) {
			assert_none(&c);
			assert_targets(&p, cases[i].expected);
		} else {
			assert_only(&c, "nothing is left to scan: 10.0.0.1: excluded");
		}
		assert_int_equal(p.skipped_count > 0, cases[i].skipped != NULL);
		if (cases[i].skipped != NULL)
			assert_string_equal(p.skipped[0], cases[i].skipped);
		plan_done(&p);
		complaints_done(&c);
	}
}

/* 64 characters: no resolver asks anybody for such a label. */
#define LONG_NAME "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_wrong(void **state)
{
	static const struct {
		struct given given;
		const char *expected;
	} cases[] = {
		{ { .site = NULL }, "nothing to scan: name a target or a site file" },
		{ { .site = "site: a\n" },
		  "site.yaml: declares no zone: name a target on the command line" },
		{ { .input_file = "list" }, "nothing to scan: the list of targets is empty" },
		{ { .targets = { "10.0.0.300" } },
		  "'10.0.0.300' is not an address, network or range" },
		{ { .targets = { "10.0.0.1/33" } },
		  "'10.0.0.1/33' is not an address, network or range" },
		{ { .targets = { "10.0.0.9-1" } },
		  "'10.0.0.9-1' is not an address, network or range" },
		{ { .targets = { "host/24" } }, "'host/24' is not an address, network or range" },
		{ { .targets = { "0x7f.1" } }, "'0x7f.1' is not an address, network or range" },
		{ { .targets = { "-v" } }, "'-v' is neither an address nor a name" },
		{ { .targets = { "a b" } }, "'a b' is neither an address nor a name" },
		{ { .targets = { "" } }, "'' is not an address, network or range" },
		{ { .targets = { "2001:db8::/64" } },
		  "'2001:db8::/64': is too large to sweep: name its hosts, or let its segment be "
		  "asked "
		  "(discovery in tenken-site(5))" },
		{ { .targets = { "fe80::1" } },
		  "'fe80::1': a link-local address needs its interface, as in 'fe80::1%eth0'" },
		{ { .targets = { "224.0.0.1" } },
		  "'224.0.0.1': multicast, broadcast and unspecified addresses are no targets" },
		{ { .targets = { "@missing" } },
		  "missing: cannot be opened: No such file or directory" },
		{ { .targets = { "@more" } },
		  "more:2: '10.0.0.300' is not an address, network or range" },
		{ { .targets = { "10.0.0.1" }, .exclude = "10.0.0.1,,10.0.0.2" },
		  "'10.0.0.1,,10.0.0.2' is not a list of addresses" },
		{ { .targets = { "10.0.0.1" }, .exclude = "10.0.0.300" },
		  "'10.0.0.300' is not an address, network or range" },
		{ { .targets = { "10.0.0.1" }, .risk = "exploit" },
		  "--risk: 'exploit' is not listen, touch, read or login" },
		{ { .targets = { "10.0.0.1" }, .risk = "login" },
		  "logins (--risk login, --credentials) need an 'authorisation' in the site file "
		  "that is valid now" },
		{ { .targets = { "10.0.0.1" }, .zone = "x" },
		  "--zone: 'x' is not ot, it, dmz, public or unassigned" },
		{ { .targets = { "10.0.0.1" }, .rate = "fast" },
		  "--rate: 'fast' is not a number of packets per second from 0 to 1000000" },
		{ { .targets = { "10.0.0.1" }, .host_rate = "1000001" },
		  "--host-rate: '1000001' is not a number of packets per second from 0 to "
		  "1000000" },
		{ { .targets = { "10.0.0.1" }, .ports = "22,nonsense" },
		  "--ports: 'nonsense' is not a port, a range of ports or a name of the port "
		  "list" },
		{ { .targets = { "10.0.0.1" }, .ports = "U:69", .udp = true },
		  "--ports: 'U:69' names UDP ports only: no harmless question is known for them" },
		{ { .targets = { "10.0.0.1" }, .ports = "U:53", .udp = true, .risk = "touch" },
		  "--ports: 'U:53' names UDP ports only: asking needs the risk class read" },
		{ { .targets = { "10.0.0.1" }, .owned = "203.0.113.8/29" },
		  "--owned: '203.0.113.8/29' is not listed under 'owned' in a site file, which "
		  "alone admits it" },
		{ { .targets = { "10.0.0.1" }, .owned = "203.0.113.9/29" },
		  "--owned: '203.0.113.9/29' is not a network without host bits" },
	};
	(void)state;

	write_text("list", "# nothing\n");
	write_text("more", "10.0.0.1\n10.0.0.300\n");
	for (size_t i = 0; i < countof(cases); i++) {
		struct complaints c = { 0 };
		struct plan p;

		make(&cases[i].given, &p, &c);
		assert_only(&c, cases[i].expected);
		plan_done(&p);
		complaints_done(&c);
	}
	struct complaints c = { 0 };
	struct plan p;
	struct given name = { .targets = { LONG_NAME } };
	make(&name, &p, &c);
	assert_int_equal(c.count, 1);
	assert_memory_equal(c.list[0], "'" LONG_NAME "' does not resolve: ", 84);
	plan_done(&p);
	complaints_done(&c);
}

static void test_public(void **state)
{
	static const struct {
		struct given given;
		const char *expected; /* NULL: allowed */
	} cases[] = {
		{ { .targets = { "203.0.113.9" } },
		  "'203.0.113.9': is public: list it under 'owned' in the site file and repeat it "
		  "with --owned" },
		{ { .site = AUTHORISED, .targets = { "203.0.113.9" } },
		  "'203.0.113.9': is public: repeat its range with --owned" },
		{ { .site = AUTHORISED, .targets = { "203.0.113.9" }, .owned = "203.0.113.8/29" },
		  NULL },
		{ { .site = AUTHORISED, .targets = { "203.0.113.9" }, .owned = "203.0.113.12/30" },
		  "'203.0.113.9': is public: repeat its range with --owned" },
		{ { .site = AUTHORISED, .targets = { "203.0.113.16" }, .owned = "203.0.113.8/29" },
		  "'203.0.113.16': is public: list it under 'owned' in the site file and repeat it "
		  "with --owned" },
		{ { .site = AUTHORISED,
		    .targets = { "203.0.113.15-16" },
		    .owned = "203.0.113.8/29" },
		  "'203.0.113.16': is public: list it under 'owned' in the site file and repeat it "
		  "with --owned" },
		{ { .site = AUTHORISED, .targets = { "203.0.113.9" }, .owned = "203.0.113.0/24" },
		  "--owned: '203.0.113.0/24' is not listed under 'owned' in a site file, which "
		  "alone admits it" },
		{ { .site = SITE, .targets = { "203.0.113.9" }, .owned = "203.0.113.8/29" },
		  "'203.0.113.9': public addresses need an 'authorisation' in the site file" },
		{ { .site = AUTHORISED,
		    .targets = { "203.0.113.9" },
		    .owned = "203.0.113.8/29",
		    .now = 1793458799 },
		  "'203.0.113.9': the authorisation in the site file is not valid yet" },
		{ { .site = AUTHORISED,
		    .targets = { "203.0.113.9" },
		    .owned = "203.0.113.8/29",
		    .now = 1793458800 + 30 * 86400 },
		  "'203.0.113.9': the authorisation in the site file has expired" },
		{ { .site = AUTHORISED,
		    .targets = { "203.0.113.9" },
		    .owned = "203.0.113.8/29",
		    .now = 1793458800 + 30 * 86400 - 1 },
		  NULL },
		/* An excluded public address needs no permission. */
		{ { .targets = { "203.0.113.9", "10.0.0.1" }, .exclude = "203.0.113.0/24" }, NULL },
	};
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct complaints c = { 0 };
		struct plan p;

		make(&cases[i].given, &p, &c);
		if (cases[i].expected == NULL)
			assert_none(&c);
		else if (c.count == 0)
			fail_msg("allowed: %s", cases[i].expected);
		else if (strcmp(c.list[0], cases[i].expected) != 0)
			fail_msg("expected: %s\nfound:    %s", cases[i].expected, c.list[0]);
		plan_done(&p);
		complaints_done(&c);
	}
}

/* What the guard asks, address by address. */
static void test_refusal(void **state)
{
	static const struct {
		const char *address, *expected;
		int64_t later; /* seconds after noon */
	} cases[] = {
		{ "192.168.1.7", NULL, 0 },
		{ "192.168.10.7", NULL, 0 },
		{ "192.168.10.7", NULL, 2 * 3600 - 1 },
		{ "192.168.10.7", "outside the window", 2 * 3600 },
		{ "192.168.1.7", NULL, 2 * 3600 },
		{ "192.168.10.9", "excluded", 0 },
		{ "192.168.1.77", "excluded", 0 },
		{ "192.168.10.5", "passive only", 0 },
		{ "192.168.2.1", "outside the targets", 0 },
		{ "127.0.0.1", "outside the targets", 0 },
		{ "8.8.8.8", "outside the targets", 0 },
		{ "203.0.113.12", "outside the targets", 0 },
		{ "203.0.113.9", NULL, 0 },
		{ "203.0.113.9", NULL, 15 * 86400 + 12 * 3600 - 1 },
		{ "203.0.113.9", "no valid authorisation", 15 * 86400 + 12 * 3600 },
		{ "224.0.0.1", "outside the targets", 0 },
	};
	struct given given = { .site = AUTHORISED,
			       .targets = { "192.168.1.0/24", "192.168.10.0/24", "203.0.113.8/30" },
			       .owned = "203.0.113.8/30",
			       .exclude = "192.168.1.77" };
	struct complaints c = { 0 };
	struct plan p;
	(void)state;

	make(&given, &p, &c);
	assert_none(&c);
	for (size_t i = 0; i < countof(cases); i++) {
		struct addr a;

		assert_int_equal(addr_parse(cases[i].address, &a), 0);
		const char *why = plan_refusal(&p, &a, noon + cases[i].later);
		if ((why == NULL) != (cases[i].expected == NULL) ||
		    (why != NULL && strcmp(why, cases[i].expected) != 0))
			fail_msg("%s: %s", cases[i].address, why != NULL ? why : "allowed");
	}
	/* A plan that was widened behind its back still refuses what nobody owns. */
	struct addr stranger;
	assert_int_equal(addr_parse("8.8.8.8", &stranger), 0);
	struct range r = { stranger, stranger };
	assert_int_equal(ranges_add(&p.targets, &r), 0);
	assert_string_equal(plan_refusal(&p, &stranger, noon), "public and not owned");
	assert_int_equal(ranges_add(&p.owned, &r), 0);
	assert_string_equal(plan_refusal(&p, &stranger, noon), "public and not owned");
	/* Owned, but --owned did not repeat it. */
	assert_int_equal(addr_parse("203.0.113.13", &stranger), 0);
	r = (struct range){ stranger, stranger };
	assert_int_equal(ranges_add(&p.targets, &r), 0);
	assert_string_equal(plan_refusal(&p, &stranger, noon), "public and not owned");
	plan_done(&p);
	complaints_done(&c);

	given.risk = "login";
	make(&given, &p, &c);
	assert_none(&c);
	struct addr office;
	assert_int_equal(addr_parse("192.168.1.7", &office), 0);
	assert_null(plan_refusal(&p, &office, noon));
	assert_string_equal(plan_refusal(&p, &office, noon + 30 * 86400), "no valid authorisation");
	plan_done(&p);
	complaints_done(&c);
}

static void test_windows(void **state)
{
	struct given both = { .site = AUTHORISED,
			      .targets = { "192.168.1.7", "192.168.10.7" },
			      .now = noon + 3 * 3600,
			      .skip_closed = true };
	struct given closed = { .site = AUTHORISED,
				.targets = { "192.168.10.7" },
				.now = noon + 3 * 3600,
				.skip_closed = true };
	struct complaints c = { 0 };
	struct plan p;
	(void)state;

	make(&both, &p, &c);
	assert_none(&c);
	assert_targets(&p, "192.168.1.7");
	assert_int_equal(p.skipped_count, 1);
	assert_string_equal(p.skipped[0],
			    "192.168.10.7: outside the window of zone 'plant' (Sun 10:00-14:00)");
	plan_done(&p);
	make(&closed, &p, &c);
	assert_only(&c, "nothing is left to scan: 192.168.10.7: outside the window of zone 'plant' "
			"(Sun 10:00-14:00)");
	plan_done(&p);
	complaints_done(&c);
	/* An address in an open zone and a stricter closed one is closed. */
	struct given overlap = { .site = "site: a\ntimezone: Asia/Tokyo\nzones:\n"
					 "  - {name: all, kind: it, networks: [10.0.0.0/29]}\n"
					 "  - {name: in, kind: ot, networks: [10.0.0.4/30], "
					 "window: '01:00-02:00'}\n",
				 .skip_closed = true };
	make(&overlap, &p, &c);
	assert_none(&c);
	assert_targets(&p, "10.0.0.0/30");
	plan_done(&p);
	complaints_done(&c);
}

/* An open strict zone within a closed looser one stays open. */
static void test_open_within_closed(void **state)
{
	struct given given = { .site = "site: a\ntimezone: Asia/Tokyo\nzones:\n"
				       "  - {name: all, kind: it, networks: [10.0.0.0/29], "
				       "window: '01:00-02:00'}\n"
				       "  - {name: in, kind: ot, networks: [10.0.0.4/30]}\n",
			       .skip_closed = true };
	struct complaints c = { 0 };
	struct plan p;
	(void)state;

	make(&given, &p, &c);
	assert_none(&c);
	assert_targets(&p, "10.0.0.4/30");
	plan_done(&p);
	complaints_done(&c);
}

/* Without --skip-closed nothing is left out: it waits. */
static void test_waiting(void **state)
{
	struct given given = { .site = AUTHORISED,
			       .targets = { "192.168.1.7", "192.168.10.7", "203.0.113.9" },
			       .owned = "203.0.113.8/29" };
	const int64_t after = noon + 2 * 3600;
	const struct {
		const char *address;
		int64_t now, opens;
	} cases[] = {
		{ "192.168.1.7", after, after },
		{ "192.168.10.7", noon, noon },
		{ "192.168.10.7", after, noon + 7 * 86400 - 2 * 3600 },
		{ "192.168.10.7", noon - 3 * 3600, noon - 2 * 3600 },
		/* The last seconds are for closing. */
		{ "192.168.10.7", after - PLAN_CLOSING_S - 1, after - PLAN_CLOSING_S - 1 },
		{ "192.168.10.7", after - PLAN_CLOSING_S, noon + 7 * 86400 - 2 * 3600 },
		/* No window changes that. */
		{ "192.168.10.9", noon, -1 },
		{ "192.168.2.1", noon, -1 },
		{ "203.0.113.9", noon, noon },
		{ "203.0.113.9", noon + 60 * 86400, -1 },
	};
	struct complaints c = { 0 };
	struct plan p;
	(void)state;

	given.now = after;
	make(&given, &p, &c);
	assert_none(&c);
	assert_targets(&p, "192.168.1.7,192.168.10.7,203.0.113.9");
	assert_int_equal(p.skipped_count, 0);
	for (size_t i = 0; i < countof(cases); i++) {
		struct addr a;

		assert_int_equal(addr_parse(cases[i].address, &a), 0);
		if (plan_opens(&p, &a, cases[i].now) != cases[i].opens)
			fail_msg("%s, case %zu: %lld", cases[i].address, i,
				 (long long)plan_opens(&p, &a, cases[i].now));
		assert_int_equal(plan_start_refusal(&p, &a, cases[i].now) == NULL,
				 cases[i].opens == cases[i].now);
	}
	plan_done(&p);
	complaints_done(&c);
}

/* Central Europe, 2026: 02:00 becomes 03:00 on 29 March, 03:00 becomes 02:00 on 25 October. */
static void test_windows_and_summer_time(void **state)
{
	static const struct {
		const char *window;
		const char *now, *opens; /* UTC, minutes */
	} cases[] = {
		{ "02:30-04:00", "2026-03-28 12:00",
		  "2026-03-29 01:00" }, /* at the change itself */
		{ "02:00-03:00", "2026-03-28 12:00", "2026-03-30 00:00" }, /* does not exist */
		{ "Sun 02:00-03:00", "2026-03-28 12:00", "2026-04-05 00:00" },
		{ "03:00-04:00", "2026-03-28 12:00", "2026-03-29 01:00" },
		{ "02:00-03:00", "2026-10-24 12:00", "2026-10-25 00:00" },
		{ "02:00-02:30", "2026-10-25 00:30", "2026-10-25 01:00" }, /* exists twice */
		{ "02:00-03:00", "2026-10-25 02:00", "2026-10-26 01:00" },
		{ "Sat 23:00-01:00", "2026-03-28 12:00", "2026-03-28 22:00" },
		{ "Sat 23:00-24:00", "2026-03-28 23:00", "2026-04-04 21:00" },
	};
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		char text[400], found[32];
		struct given given = { .site = text };
		struct complaints c = { 0 };
		struct plan p;
		struct tm tm = { 0 };
		struct addr a;

		snprintf(text, sizeof(text),
			 "site: a\ntimezone: Europe/Berlin\nzones:\n"
			 "  - {name: z, kind: ot, networks: [10.0.0.0/30], window: '%s'}\n",
			 cases[i].window);
		assert_non_null(strptime(cases[i].now, "%Y-%m-%d %H:%M", &tm));
		given.now = timegm(&tm);
		make(&given, &p, &c);
		assert_none(&c);
		assert_int_equal(addr_parse("10.0.0.1", &a), 0);
		time_t opens = plan_opens(&p, &a, given.now);
		assert_non_null(gmtime_r(&opens, &tm));
		strftime(found, sizeof(found), "%Y-%m-%d %H:%M", &tm);
		if (strcmp(found, cases[i].opens) != 0)
			fail_msg("%s after %s: %s, not %s", cases[i].window, cases[i].now, found,
				 cases[i].opens);
		/* The same, the slow way. */
		for (int64_t t = given.now; t < opens; t += 60)
			assert_false(zone_window_open(&p.site, &p.site.zones[0], t));
		assert_true(zone_window_open(&p.site, &p.site.zones[0], opens));
		plan_done(&p);
		complaints_done(&c);
	}
}

static void test_moment(void **state)
{
	struct given given = { .site = AUTHORISED };
	struct complaints c = { 0 };
	struct plan p;
	char text[MOMENT_TEXT];
	(void)state;

	make(&given, &p, &c);
	assert_string_equal(site_moment(&p.site, noon + 7 * 86400 - 10 * 3600, text),
			    "Sun 2026-11-22 02:00 (Asia/Tokyo)");
	plan_done(&p);
	complaints_done(&c);
}

/* Public addresses that came with a zone are left out, not complained of. */
static void test_public_in_zone(void **state)
{
	struct given given = { .site = "site: a\nzones: [{name: z, kind: it, "
				       "networks: [10.0.0.0/30, 203.0.113.0/30]}]\n" };
	struct complaints c = { 0 };
	struct plan p;
	(void)state;

	make(&given, &p, &c);
	assert_none(&c);
	assert_targets(&p, "10.0.0.0/30");
	assert_string_equal(p.skipped[0], "203.0.113.0/30: is public: list it under 'owned' in the "
					  "site file and repeat it with --owned");
	plan_done(&p);
	complaints_done(&c);
}

static void test_udp_ports(void **state)
{
	static const struct {
		struct given given;
		const char *udp, *skipped;
		unsigned tcp;
	} rows[] = {
		/* by default: what can be asked; not in class touch */
		{ { .targets = { "10.0.0.1" }, .udp = true }, "53,123,137", NULL, 0 },
		{ { .targets = { "10.0.0.1" } }, "", NULL, 0 },
		{ { .targets = { "10.0.0.1" }, .udp = true, .risk = "touch" }, "", NULL, 0 },
		{ { .targets = { "10.0.0.1" }, .udp = true, .ports = "U:53" }, "53", NULL, 0 },
		{ { .targets = { "10.0.0.1" }, .udp = true, .ports = "T:22,U:1-65535" },
		  "53,123,137",
		  "65532 UDP ports: no harmless question is known for them",
		  1 },
		{ { .targets = { "10.0.0.1" }, .udp = true, .ports = "22" }, "", NULL, 1 },
		{ { .targets = { "10.0.0.1" }, .udp = true, .ports = "22,U:53", .risk = "touch" },
		  "",
		  "1 UDP ports: asking needs the risk class read",
		  1 },
	};
	(void)state;

	for (size_t i = 0; i < countof(rows); i++) {
		struct complaints c = { 0 };
		struct plan p;

		make(&rows[i].given, &p, &c);
		assert_none(&c);
		char *udp = ports_text(p.ports.udp);
		assert_string_equal(udp, rows[i].udp);
		free(udp);
		if (rows[i].given.ports != NULL)
			assert_int_equal(ports_count(p.ports.tcp), rows[i].tcp);
		else
			assert_true(ports_count(p.ports.tcp) > 50);
		assert_int_equal(p.skipped_count, rows[i].skipped != NULL);
		if (rows[i].skipped != NULL)
			assert_string_equal(p.skipped[0], rows[i].skipped);
		plan_done(&p);
		complaints_done(&c);
	}
}

static void test_options(void **state)
{
	struct given given = { .site = AUTHORISED,
			       .targets = { "192.168.1.7", "10.0.0.1", "127.0.0.1" },
			       .ports = "ssh,modbus,8000-8002,U:53",
			       .zone = "it",
			       .risk = "touch",
			       .rate = "0",
			       .host_rate = "7" };
	struct given ipv6 = { .site = "site: a\nzones: [{name: z, kind: it, "
				      "networks: [10.0.0.0/30, 'fd00::/64']}]\n" };
	struct given controllers = { .site = "site: a\nzones: [{name: z, kind: ot, "
					     "networks: [10.0.0.0/30, 'fd00::/64']}]\n" };
	struct complaints c = { 0 };
	struct plan p;
	struct addr a;
	(void)state;

	make(&given, &p, &c);
	assert_none(&c);
	char *tcp = ports_text(p.ports.tcp);
	assert_string_equal(tcp, "22,502,8000-8002");
	free(tcp);
	assert_int_equal(p.skipped_count, 1);
	assert_string_equal(p.skipped[0], "1 UDP ports: asking needs the risk class read");
	assert_int_equal(ports_count(p.ports.udp), 0);
	assert_int_equal(p.risk, SITE_TOUCH);
	assert_int_equal(p.rate, 0);
	assert_int_equal(p.host_rate, 7);
	assert_int_equal(addr_parse("10.0.0.1", &a), 0);
	assert_int_equal(plan_kind(&p, &a), ZONE_IT);
	p.ad_hoc_kind = ZONE_UNASSIGNED;
	assert_int_equal(plan_kind(&p, &a), ZONE_UNASSIGNED);
	assert_int_equal(addr_parse("127.0.0.1", &a), 0);
	assert_int_equal(plan_kind(&p, &a), ZONE_IT);
	assert_int_equal(addr_parse("192.168.10.1", &a), 0);
	assert_int_equal(plan_kind(&p, &a), ZONE_OT);
	char *text = plan_json(&p);
	assert_non_null(text);
	json_t *o = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "targets")),
			    "10.0.0.1,127.0.0.1,192.168.1.7");
	assert_string_equal(json_string_value(json_object_get(o, "exclusions")), "192.168.10.9");
	assert_string_equal(json_string_value(json_object_get(o, "ports_tcp")), "22,502,8000-8002");
	assert_string_equal(json_string_value(json_object_get(o, "ports_udp")), "");
	assert_string_equal(json_string_value(json_object_get(o, "risk")), "touch");
	assert_string_equal(json_string_value(json_object_get(o, "site")), "here");
	json_t *authorisation = json_object_get(o, "authorisation");
	assert_string_equal(json_string_value(json_object_get(authorisation, "until")),
			    "2026-11-30");
	json_decref(o);
	free(text);
	plan_done(&p);
	complaints_done(&c);

	make(&ipv6, &p, &c);
	assert_none(&c);
	assert_targets(&p, "10.0.0.0/30");
	assert_int_equal(p.skipped_count, 0);
	assert_int_equal(p.large.count, 1); /* its hosts are asked for */
	plan_done(&p);
	complaints_done(&c);

	make(&controllers, &p, &c);
	assert_none(&c);
	assert_string_equal(p.skipped[0],
			    "fd00::/64: too large to sweep: name its hosts as targets");
	plan_done(&p);
	complaints_done(&c);
}

/* The list that ships: sizes, and the rows that others lean on. */
static void test_port_list(void **state)
{
	struct given given = { .targets = { "10.0.0.1" } };
	struct complaints c = { 0 };
	struct plan p;
	(void)state;

	make(&given, &p, &c);
	assert_none(&c);
	unsigned tcp = ports_count(p.ports.tcp);
	assert_in_range(tcp, 120, 170);
	assert_int_equal(ports_count(p.ports.udp), 0);
	const struct port_entry *e = port_list_find(&p.port_list, 502, false);
	assert_non_null(e);
	assert_true(e->ot);
	assert_string_equal(e->name, "modbus");
	e = port_list_find(&p.port_list, 9100, false);
	assert_non_null(e);
	assert_true(e->raw_print);
	assert_null(port_list_find(&p.port_list, 502, true));
	assert_null(port_list_find(&p.port_list, 4, false));
	plan_done(&p);

	static const char head[] = "port,transport,name,kind,family,raw_print,reason\n";
	static const struct {
		const char *rows, *expected;
	} cases[] = {
		{ "22,tcp,ssh,it,remote-admin,no,x\n22,tcp,s,it,y,no,x\n",
		  "ports.csv: port 22 stands twice" },
		{ "0,tcp,ssh,it,y,no,x\n", "ports.csv:2: field 'port': '0' is not allowed here" },
		{ "1,sctp,ssh,it,y,no,x\n",
		  "ports.csv:2: field 'transport': 'sctp' is not allowed here" },
		{ "1,tcp,SSH,it,y,no,x\n", "ports.csv:2: field 'name': 'SSH' is not allowed here" },
		{ "1,tcp,s,is,y,no,x\n", "ports.csv:2: field 'kind': 'is' is not allowed here" },
		{ "1,tcp,s,it,y,2,x\n", "ports.csv:2: field 'raw_print': '2' is not allowed here" },
		{ "1,tcp,s,it,y,no,\n", "ports.csv:2: field 'reason': '' is not allowed here" },
		{ "1,tcp,s,it,y,no\n", "ports.csv:2: has 6 fields, the header 7" },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct port_list l;
		char text[256];

		snprintf(text, sizeof(text), "%s%s", head, cases[i].rows);
		write_text("ports.csv", text);
		assert_int_not_equal(port_list_load("ports.csv", &l, &c), 0);
		assert_only(&c, cases[i].expected);
		port_list_done(&l);
		complaints_done(&c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_windows_and_summer_time),
		cmocka_unit_test(test_moment),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_udp_ports),
		cmocka_unit_test(test_port_list),
		cmocka_unit_test(test_open_within_closed),
		cmocka_unit_test(test_public_in_zone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("plan", tests, scratch_open, scratch_close);
}
