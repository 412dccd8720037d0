/* SPDX-License-Identifier: Apache-2.0 */
/* A scan that goes on: its plan out of the store, and what was done, as a kill leaves it. */
#include "scratch.h"

#include "codec/span.h"
#include "commands/resume.h"
#include "site/plan.h"
#include "store/db.h"
#include "talk/resumed.h"
#include "wire/sweep.h"

/* 2026-11-15, 12:00 in Tokyo. */
static const int64_t noon = 1793458800 + 14 * 86400 + 12 * 3600;

#define SITE                                                                                       \
	"site: here\ntimezone: Asia/Tokyo\nledger: ledger.csv\n"                                   \
	"zones:\n"                                                                                 \
	"  - {name: office, kind: it, networks: [192.168.1.0/24], host_rate: 7}\n"                 \
	"  - {name: plant, kind: ot, networks: [192.168.10.0/24], passive_only: [192.168.10.5]}\n" \
	"  - {name: line, kind: public, networks: [203.0.113.0/24]}\n"                             \
	"owned: [203.0.113.8/29]\n"                                                                \
	"exclude: [192.168.10.9]\n"                                                                \
	"limits: {rate: 77, host_rate: 11}\n"                                                      \
	"authorisation: {by: me, from: 2026-11-01, until: 2026-11-30}\n"

/* The plan that a scan begins with. */
static void make(struct plan_wish *w, const char *site, struct plan *p)
{
	struct complaints c = { 0 };

	w->data_dir = getenv("TENKEN_DATA");
	w->now = noon;
	assert_non_null(w->data_dir);
	if (site != NULL) {
		write_text("site.yaml", site);
		write_text("ledger.csv", "id,address,name\nA1,192.168.1.7,press\n");
		w->site_path = "site.yaml";
	}
	int e = plan_make(w, p, &c);
	assert_none(&c);
	assert_int_equal(e, 0);
}

static void keep(const struct plan *p, char *text, struct plan_kept *ret)
{
	*ret = (struct plan_kept){ .plan = text,
				   .site = p->site.text,
				   .ledger = p->site.ledger_text };
}

static void the_plan_comes_out_as_it_was(void **state)
{
	static const char *const targets[] = { "192.168.1.0/28", "10.0.0.1-9", "fd00::1",
					       "203.0.113.9" };
	static const char *const large[] = { "fd00:1::/64", "10.0.0.1" };
	static const char *const excludes[] = { "192.168.1.3,10.0.0.4-10.0.0.5" };
	static const char *const owned[] = { "203.0.113.8/30" };
	struct {
		const char *site;
		struct plan_wish wish;
	} cases[] = {
		{ SITE, { 0 } },
		{ SITE,
		  { .targets = targets,
		    .target_count = 4,
		    .excludes = excludes,
		    .exclude_count = 1,
		    .owned = owned,
		    .owned_count = 1,
		    .ports = "22,80,8000-8100,U:53",
		    .risk = "touch",
		    .zone = "dmz",
		    .rate = "55",
		    .host_rate = "0" } },
		{ NULL, { .targets = targets, .target_count = 3, .ports = "http,102" } },
		/* Names and networks too large to sweep; the machine's resolvers change afterwards. */
		{ SITE "names: {dns: true, resolvers: [192.168.1.2, 192.168.10.7]}\n", { 0 } },
		{ NULL,
		  { .targets = large,
		    .target_count = 2,
		    .zone = "it",
		    .resolve = true,
		    .resolv_conf = "resolv.conf" } },
		{ NULL, { .targets = large, .target_count = 1, .zone = "it" } },
	};
	size_t resolvers = 0, networks = 0;
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct complaints c = { 0 };
		struct plan before, after;
		struct plan_kept kept;

		write_text("resolv.conf", "nameserver 192.168.1.2\nnameserver fd00::53\n");
		make(&cases[i].wish, cases[i].site, &before);
		write_text("resolv.conf", "nameserver 192.168.1.3\n");
		char *text = plan_json(&before);
		keep(&before, text, &kept);
		/* Today's files say something else, or are gone. */
		if (i == 0)
			write_text("site.yaml", "site: other\n");
		else
			unlink("site.yaml");
		unlink("ledger.csv");
		int e = plan_again(&kept, getenv("TENKEN_DATA"), noon, &after, &c);
		assert_none(&c);
		assert_int_equal(e, 0);
		char *again = plan_json(&after);
		assert_string_equal(again, text);
		resolvers += before.resolver_count;
		networks += before.large.count;
		assert_int_equal(after.resolver_count, before.resolver_count);
		for (size_t k = 0; k < before.resolver_count; k++)
			assert_int_equal(addr_compare(&after.resolvers[k], &before.resolvers[k]),
					 0);
		assert_int_equal(after.site.asset_count, before.site.asset_count);
		assert_int_equal(after.site.zone_count, before.site.zone_count);
		/* What the JSON does not say, but the guard asks. */
		static const char *const addresses[] = {
			"192.168.1.3",  "192.168.1.4", "10.0.0.4",     "10.0.0.6",  "192.168.10.5",
			"192.168.10.9", "203.0.113.9", "203.0.113.13", "fd00:1::7", "fd00:2::7"
		};
		for (size_t k = 0; k < countof(addresses); k++) {
			struct addr a;

			assert_int_equal(addr_parse(addresses[k], &a), 0);
			assert_ptr_equal(plan_refusal(&after, &a, noon),
					 plan_refusal(&before, &a, noon));
			assert_int_equal(plan_kind(&after, &a), plan_kind(&before, &a));
		}
		for (size_t k = 0; k < before.site.zone_count; k++)
			assert_int_equal(after.site.zones[k].host_rate,
					 before.site.zones[k].host_rate);
		free(again);
		free(text);
		plan_done(&before);
		plan_done(&after);
	}
	unlink("resolv.conf");
	assert_int_equal(resolvers, 4);
	assert_int_equal(networks, 2);
}

static void a_plan_that_cannot_be_the_same_is_refused(void **state)
{
	static const struct {
		const char *plan; /* what the store says instead */
		const char *site;
	} cases[] = {
		{ "{}", NULL },
		{ "nonsense", NULL },
		{ NULL, "site: here\n" },
		{ NULL, "" },
	};
	(void)state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct plan_wish w = { 0 };
		struct complaints c = { 0 };
		struct plan before, after;
		struct plan_kept kept;

		make(&w, SITE, &before);
		char *text = plan_json(&before);
		keep(&before, text, &kept);
		if (cases[i].plan != NULL)
			kept.plan = cases[i].plan;
		if (cases[i].site != NULL)
			kept.site = (struct file_text){ (char *)(uintptr_t)cases[i].site,
							strlen(cases[i].site) };
		assert_int_not_equal(plan_again(&kept, getenv("TENKEN_DATA"), noon, &after, &c), 0);
		assert_true(c.count > 0);
		complaints_done(&c);
		free(text);
		plan_done(&before);
		plan_done(&after);
	}
}

static void an_expired_authorisation_is_a_refusal(void **state)
{
	static const char *const targets[] = { "203.0.113.9" }, *const owned[] = { "203.0.113.9" },
				 *const inside[] = { "192.168.1.1" };
	struct plan_wish w = {
		.targets = targets, .target_count = 1, .owned = owned, .owned_count = 1
	};
	struct complaints c = { 0 };
	struct plan before, after;
	struct plan_kept kept;
	(void)state;

	make(&w, SITE, &before);
	char *text = plan_json(&before);
	keep(&before, text, &kept);
	assert_int_not_equal(
		plan_again(&kept, getenv("TENKEN_DATA"), noon + 30 * 86400, &after, &c), 0);
	assert_only(&c, "the authorisation of the scan has expired: it cannot go on");
	complaints_done(&c);
	plan_done(&after);
	assert_int_equal(plan_again(&kept, getenv("TENKEN_DATA"), noon, &after, &c), 0);
	plan_done(&after);
	free(text);
	plan_done(&before);
	/* Private addresses need none. */
	w = (struct plan_wish){ .targets = inside, .target_count = 1 };
	make(&w, SITE, &before);
	text = plan_json(&before);
	keep(&before, text, &kept);
	assert_int_equal(plan_again(&kept, getenv("TENKEN_DATA"), noon + 30 * 86400, &after, &c),
			 0);
	plan_done(&after);
	free(text);
	plan_done(&before);
}

/* ---- what was done ---- */

struct bench {
	struct plan plan;
	struct store *store;
	int64_t scan;
};

static void begin(struct bench *b)
{
	static const char *const targets[] = { "10.0.0.1-9" };
	struct plan_wish w = { .targets = targets, .target_count = 1, .ports = "22,80,102,443" };
	static const struct resume_way way = { .order_key = { 0xf0, 1, [15] = 0xab },
					       .retries = 3 };

	make(&w, NULL, &b->plan);
	char *text = plan_json(&b->plan);
	const struct scan_row row = { .uuid = "u",
				      .site = "s",
				      .vantage = "v",
				      .profile = "p",
				      .version = "0",
				      .plan = text,
				      .started = noon };
	unlink("store");
	assert_int_equal(store_open("store", &b->store), STORE_OK);
	b->scan = store_scan_begin(b->store, &row);
	assert_int_equal(b->scan, 1);
	resume_keep(b->store, &b->plan, NULL, 0, NULL, 0, &way);
	free(text);
}

static void end(struct bench *b)
{
	store_close(b->store);
	plan_done(&b->plan);
	unlink("store");
	unlink("store.journal");
}

static void host(struct bench *b, const char *address, const char *state, const char *reason,
		 bool complete, uint32_t open)
{
	const struct host_row row = { .address = address,
				      .kind = "unassigned",
				      .treated = "ot",
				      .state = state,
				      .reason = reason,
				      .complete = complete,
				      .open = open };

	store_host(b->store, &row);
}

/* As after a kill: the journal lies there, the next opening takes it in. */
static void kill_and_open(struct bench *b, const char *journal)
{
	store_close(b->store);
	write_text("store.journal", journal);
	assert_int_equal(store_open("store", &b->store), STORE_OK);
	assert_int_not_equal(access("store.journal", F_OK), 0);
}

static bool over(const struct resumed *r, const char *address)
{
	struct addr a;

	assert_int_equal(addr_parse(address, &a), 0);
	return resumed_is_over(r, &a);
}

static const struct resumed_host *known(const struct resumed *r, const char *address)
{
	struct addr a;

	assert_int_equal(addr_parse(address, &a), 0);
	return resumed_find(r, &a);
}

static int64_t number(struct bench *b, const char *sql)
{
	struct db *db;
	int64_t n = -1;

	assert_int_equal(db_borrow(store_db(b->store), &db), 0);
	assert_true(db_number(db, sql, -1, &n) >= 0);
	db_free(db);
	return n;
}

static void what_was_done_is_read(void **state)
{
	struct bench b;
	struct resume r;
	struct resumed done;
	struct complaints c = { 0 };
	(void)state;

	begin(&b);
	host(&b, "10.0.0.1", "answering", NULL, true, 1);
	host(&b, "10.0.0.2", "silent", "no answer on the first ports", false, 0);
	host(&b, "10.0.0.3", "absent", "no route from here", false, 0); /* nothing was sent */
	host(&b, "10.0.0.4", "answering", NULL, false, 1);              /* under way */
	store_service(b.store, "10.0.0.4", 443, "tcp", "open", "connected", "https", NULL);
	host(&b, "10.0.0.5", "answering", "stopped", false, 0);
	host(&b, "10.0.0.6", "skipped", "outside the window", false, 0);
	host(&b, "10.0.0.7", "distress", "silent after it had answered", false, 1);
	store_ended(b.store, "10.0.0.7", 0, false, false);
	host(&b, "10.0.0.8", "distress", "silent after it had answered", false, 1);
	store_host_state(b.store, "10.0.0.1", "ot", NULL, NULL, "port 102 (s7)");
	kill_and_open(&b,
		      "O 1 1000 10.0.0.4 102 sweep\n"
		      "O 2 1001 10.0.0.4 80 sweep\n"
		      "O 3 1002 10.0.0.4 443 sweep\n" /* open already, not yet closed */
		      "C 1 1003 10.9.9.9 4000 2 0 0 timeout filtered 0 ICMP 3/13 from 10.0.0.4\n"
		      "C 2 1004 10.9.9.9 4001 2 0 0 refused closed 0 reset\n"
		      "O 4 1005 10.0.0.9 102 sweep\n"
		      "C 4 1006 10.9.9.9 4002 4 0 0 done open 0 connected\n"
		      "O 5 1007 10.0.0.9 80 sweep\n" /* in flight */
		      "O 6 1008 10.0.0.9 22 sweep\n"
		      "C 6 1009 10.9.9.9 4003 1 0 0 timeout silent 1 ICMP 3/1 from 10.0.0.254\n"
		      "O 8 1009 10.0.0.9 53/udp sweep\n"
		      "C 8 1010 10.9.9.9 4005 1 17 40 done open 0 dns\n"
		      "O 9 1010 10.0.0.9 123/udp sweep\n" /* in flight */
		      "O 10 1011 10.0.0.9 161/udp sweep\n"
		      "C 10 1012 10.9.9.9 4006 2 60 0 refused closed 0\n"
		      "O 7 1010 10.0.0.5 22 sweep\n"
		      "C 7 1011 10.9.9.9 4004 1 0 0 stopped\n"
		      "D 1012 10.0.0.5 connections take ten times as long as at first\n"
		      "O 11 1013 10.0.0.9 44"); /* a power cut in mid-line */
	assert_int_equal(resume_find(b.store, "store", &r, &c), EXIT_SUCCESS);
	assert_none(&c);
	assert_string_equal(r.reason, "killed");
	assert_int_equal(r.times, 0);
	resume_begin(b.store, &r, noon);
	assert_int_equal(resume_load(b.store, r.scan, &b.plan, &done), 0);

	assert_true(over(&done, "10.0.0.1"));
	assert_true(over(&done, "10.0.0.2"));
	assert_false(over(&done, "10.0.0.3"));
	assert_false(over(&done, "10.0.0.4"));
	assert_false(over(&done, "10.0.0.5"));
	assert_false(over(&done, "10.0.0.6"));
	assert_true(over(&done, "10.0.0.7"));
	assert_false(over(&done, "10.0.0.8"));
	assert_false(over(&done, "10.0.0.9"));
	assert_int_equal(done.over_count, 3);
	assert_int_equal(done.journal_number, 10);
	assert_string_equal(known(&done, "10.0.0.1")->ot_sign, "port 102 (s7)");
	assert_null(known(&done, "10.0.0.2"));
	assert_non_null(known(&done, "10.0.0.7")->distress);
	assert_non_null(known(&done, "10.0.0.8")->distress);
	assert_string_equal(known(&done, "10.0.0.5")->distress,
			    "connections take ten times as long as at first");
	assert_int_equal(known(&done, "10.0.0.5")->answer_count, 0);

	const struct resumed_host *h = known(&done, "10.0.0.4");
	assert_int_equal(h->answer_count, 3);
	assert_int_equal(h->answers[0].port, 102);
	assert_int_equal(h->answers[0].state, PORT_FILTERED);
	assert_int_equal(h->answers[1].port, 80);
	assert_int_equal(h->answers[1].state, PORT_CLOSED);
	assert_int_equal(h->answers[2].port, 443);
	assert_int_equal(h->answers[2].state, PORT_OPEN);
	h = known(&done, "10.0.0.9");
	assert_int_equal(h->answer_count, 4);
	assert_true(ports_has(h->tried->tcp, 102) && ports_has(h->tried->tcp, 22) &&
		    !ports_has(h->tried->tcp, 80));
	assert_true(ports_has(h->tried->udp, 53) && ports_has(h->tried->udp, 161) &&
		    !ports_has(h->tried->udp, 123) && !ports_has(h->tried->tcp, 53));
	assert_true(h->answers[2].udp && h->answers[2].state == PORT_OPEN);
	assert_true(h->answers[3].udp && h->answers[3].state == PORT_CLOSED);
	assert_int_equal(h->answers[1].no_host, 1);
	assert_int_equal(h->first_ms, 1005);

	/* The last second of the store, made up from the journal. */
	assert_int_equal(number(&b, "SELECT count(*) FROM service WHERE address = '10.0.0.9'"
				    " AND port = 102 AND state = 'open' AND reason = 'connected'"),
			 1);
	assert_int_equal(number(&b, "SELECT count(*) FROM service WHERE address = '10.0.0.9' AND"
				    " port = 53 AND transport = 'udp' AND state = 'open' AND"
				    " reason = 'dns' AND protocol IS NOT NULL AND spoken = 'port'"),
			 1);
	/* Filtered before the host had answered: an uninterrupted run does not keep it either. */
	assert_int_equal(number(&b, "SELECT count(*) FROM service WHERE address = '10.0.0.4'"), 1);
	assert_int_equal(number(&b, "SELECT status = 'running' AND reason IS NULL FROM scan"), 1);
	assert_int_equal(number(&b, "SELECT count(*) FROM remark WHERE kind = 'resumed'"), 1);
	resumed_done(&done);
	resume_done(&r);

	/* Killed again, and again. */
	kill_and_open(
		&b,
		"O 11 2000 10.0.0.9 80 sweep\nC 11 2001 10.9.9.9 1 1 0 0 refused closed 0 reset\n");
	assert_int_equal(resume_find(b.store, "store", &r, &c), EXIT_SUCCESS);
	assert_int_equal(r.times, 1);
	assert_int_equal(resume_load(b.store, r.scan, &b.plan, &done), 0);
	assert_int_equal(known(&done, "10.0.0.9")->answer_count, 5);
	assert_int_equal(done.journal_number, 11);
	resumed_done(&done);
	resume_done(&r);
	end(&b);
}

static void only_the_newest_scan_and_only_when_it_is_not_done(void **state)
{
	struct bench b;
	struct resume r;
	struct complaints c = { 0 };
	(void)state;

	begin(&b);
	store_scan_end(b.store, "incomplete", "stopped", noon);
	assert_int_equal(resume_find(b.store, "store", &r, &c), EXIT_SUCCESS);
	assert_string_equal(r.reason, "stopped");
	resume_done(&r);
	store_scan_end(b.store, "done", NULL, noon);
	assert_int_equal(
		number(&b, "SELECT (SELECT count(*) FROM resume) + (SELECT count(*) FROM ended)"
			   " + (SELECT count(*) FROM place)"),
		0);
	assert_int_equal(resume_find(b.store, "store", &r, &c), 2);
	assert_only(&c, "store: its newest scan is done: there is nothing to resume");
	complaints_done(&c);
	resume_done(&r);
	end(&b);
	assert_int_equal(store_open("store", &b.store), STORE_OK);
	assert_int_equal(resume_find(b.store, "store", &r, &c), 2);
	assert_only(&c, "store: holds no scan that could be resumed");
	complaints_done(&c);
	resume_done(&r);
	store_close(b.store);
	unlink("store");
}

struct place {
	unsigned count;
	char name[16], bytes[16];
	size_t n;
};

static void take_place(void *context, const char *name, const void *bytes, size_t n)
{
	struct place *p = context;

	p->count++;
	snprintf(p->name, sizeof(p->name), "%s", name);
	assert_true(n <= sizeof(p->bytes));
	memcpy(p->bytes, bytes, n);
	p->n = n;
}

/* The place of a sweep and its results are committed together, or neither is. */
static void a_place_goes_with_its_results(void **state)
{
	struct place p = { 0 };
	struct bench b;
	(void)state;

	begin(&b);
	store_service(b.store, "10.0.0.1", 80, "tcp", "open", NULL, NULL, NULL);
	store_place(b.store, "raw", "one\0two", 7);
	store_commit(b.store);
	store_service(b.store, "10.0.0.2", 80, "tcp", "open", NULL, NULL, NULL);
	store_place(b.store, "raw", "later", 5);
	/* Another reader sees what a kill here would leave. */
	struct db *other;
	int64_t services = 0, length = 0;
	assert_int_equal(db_open("store", DB_READ, &other), 0);
	assert_true(db_number(other, "SELECT count(*) FROM service", 0, &services) >= 0);
	assert_true(db_number(other, "SELECT length(place) FROM place", 0, &length) >= 0);
	assert_int_equal(services, 1);
	assert_int_equal(length, 7);
	db_free(other);
	store_commit(b.store);
	store_places_read(b.store, take_place, &p);
	assert_int_equal(p.count, 1);
	assert_string_equal(p.name, "raw");
	assert_int_equal(p.n, 5);
	assert_memory_equal(p.bytes, "later", 5);
	end(&b);
}

/* Tried ports are passed over; those that were in flight come again, and the end is found. */
static void a_sweep_goes_on_with_what_is_left(void **state)
{
	struct plan_wish w = { .ports = "1-10" };
	static const char *const targets[] = { "10.0.0.1" };
	struct plan p;
	struct sweep_order o;
	struct ports before = { 0 };
	uint64_t *tried = before.tcp;
	(void)state;

	w.targets = targets;
	w.target_count = 1;
	make(&w, NULL, &p);
	assert_int_equal(sweep_order_make(&p, &o), 0);
	for (int left = 0; left <= 10; left++) {
		struct sweep_host h = { .tried = &before, .in_flight = (uint32_t)(10 - left) };
		int again = 0;

		memset(&before, 0, sizeof(before));
		/* Every second of the last ones was answered; what is left lies in between. */
		for (uint16_t port = 1; port <= 10; port++)
			if (port * 7 % 10 >= left)
				ports_put(tried, port);
		for (int i = 0; i < 10 - left; i++)
			sweep_answer(&h, &o, false, PORT_CLOSED, 0, TREAT_IT);
		assert_int_equal(sweep_finished(&h), left == 0);
		for (uint16_t port; (port = sweep_next(&h, &o).port) != 0; again++) {
			assert_false(ports_has(tried, port));
			ports_put(tried, port);
			sweep_answer(&h, &o, false, PORT_CLOSED, 0, TREAT_IT);
		}
		assert_int_equal(again, left);
		assert_true(sweep_finished(&h));
		assert_int_equal(h.count[PORT_CLOSED], 10);
	}
	sweep_order_done(&o);
	plan_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plan_comes_out_as_it_was),
		cmocka_unit_test(a_plan_that_cannot_be_the_same_is_refused),
		cmocka_unit_test(an_expired_authorisation_is_a_refusal),
		cmocka_unit_test(what_was_done_is_read),
		cmocka_unit_test(only_the_newest_scan_and_only_when_it_is_not_done),
		cmocka_unit_test(a_place_goes_with_its_results),
		cmocka_unit_test(a_sweep_goes_on_with_what_is_left),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("resume", tests, scratch_open, scratch_close);
}
