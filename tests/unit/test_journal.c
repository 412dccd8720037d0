/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a raw sweep: from the file into the store, and from there back to addresses. */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>

#include "codec/span.h"
#include "commands/sent.h"
#include "store/db.h"
#include "store/store.h"
#include "talk/journal.h"

#define KEY_TEXT "000102030405060708090a0b0c0d0eff"
static const uint8_t key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255 };

static struct store *store_begun(int64_t *ret_scan)
{
	const struct scan_row row = { .uuid = "u",
				      .site = "s",
				      .vantage = "v",
				      .profile = "p",
				      .version = "0",
				      .plan = "{}",
				      .started = 1000 };
	struct store *s;

	unlink("store");
	unlink("store.journal");
	assert_int_equal(store_open("store", &s), STORE_OK);
	*ret_scan = store_scan_begin(s, &row);
	assert_int_equal(*ret_scan, 1);
	return s;
}

static void store_over(struct store *s)
{
	store_close(s);
	unlink("store");
	unlink("store.journal");
}

/* The rows as text, columns with '|' between them, rows with '\n'. */
static void expect_rows(struct store *s, const char *sql, const char *expected)
{
	struct db *db;
	struct query *q;
	char text[4096] = "";
	size_t n = 0;
	int r;

	assert_int_equal(db_borrow(store_db(s), &db), 0);
	assert_int_equal(query_new(db, sql, &q), 0);
	while ((r = query_step(q)) == 1)
		for (int i = 0; i < query_columns(q); i++) {
			const char *v = query_text(q, i);

			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
					      v != NULL ? v : "-",
					      i + 1 < query_columns(q) ? "|" : "\n");
			assert_true(n < sizeof(text));
		}
	assert_int_equal(r, 0);
	query_free(q);
	db_free(db);
	assert_string_equal(text, expected);
}

static const char lanes[] =
	"SELECT number, lane, begun_ms, source, source_port, lower(hex(order_key)),"
	" hosts, ports, targets FROM journal_lane WHERE scan = 1 ORDER BY number";
static const char stretches[] =
	"SELECT block, number, at_ms, kind, first, last FROM journal_stretch"
	" WHERE scan = 1 ORDER BY number";

static void a_killed_scan_has_its_lines(void **state)
{
	static const struct journal_found none = { .known = false };
	struct addr a, source;
	int64_t scan;
	struct store *s = store_begun(&scan);

	(void)state;
	store_close(s);
	int fd = open("store.journal", O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_true(fd >= 0);
	assert_int_equal(addr_parse("10.0.0.9", &source), 0);
	assert_int_equal(addr_parse("10.0.0.1", &a), 0);
	/* As both processes write it. */
	assert_true(journal_lane(fd, 0, 5000, &source, 50000, key, 256, "80,22", "10.0.0.0/24"));
	assert_true(journal_opened(fd, 1, 5001, &a, 502, false, "sweep"));
	assert_true(journal_stretch(fd, 0, 5002, "arp", 0, 256));
	assert_true(journal_lane(fd, 3, 5003, &source, 50000, key, 2, "80,22",
				 "10.1.0.1,10.2.0.7-10.2.0.7"));
	assert_true(journal_closed(fd, 1, 5004, &source, 40000, 7, 0, 0, "done", &none));
	assert_true(journal_stretch(fd, 3, 5005, "syn", 0, 4));
	assert_true(journal_stretch(fd, 0, 6010, "syn", 100, 512));
	assert_true(journal_lane(fd, 0, 7000, &source, 50000, key, 256, "80,22", "10.0.1.0/24"));
	assert_true(journal_stretch(fd, 0, 7001, "arp", 0, 256));
	close(fd);
	assert_int_equal(store_open("store", &s), STORE_OK);
	assert_int_not_equal(access("store.journal", F_OK), 0);
	/* What is the same in the next block is not kept again. */
	expect_rows(s, lanes,
		    "1|0|5000|10.0.0.9|50000|" KEY_TEXT "|256|80,22|10.0.0.0/24\n"
		    "3|3|5003|10.0.0.9|50000|" KEY_TEXT "|2|-|10.1.0.1,10.2.0.7-10.2.0.7\n"
		    "6|0|7000|10.0.0.9|50000|" KEY_TEXT "|256|-|10.0.1.0/24\n");
	expect_rows(s, stretches,
		    "1|2|5002|arp|0|256\n"
		    "3|4|5005|syn|0|4\n"
		    "1|5|6010|syn|100|512\n"
		    "6|7|7001|arp|0|256\n");
	expect_rows(s, "SELECT number, address, port, packets, ending FROM journal",
		    "1|10.0.0.1|502|7|done\n");
	store_over(s);
}

/* Another run of the same scan numbers its lanes anew; and a file that is there again, since the process
 * ended before it could remove it, adds nothing. */
static void runs_follow_each_other(void **state)
{
	static const char first[] = "L 0 5000 10.0.0.9 50000 " KEY_TEXT " 4 80 10.0.0.0/30\n"
				    "R 0 5001 syn 0 4\n";
	static const char second[] = "R 0 8999 syn 0 4\n" /* of no block */
				     "L 0 9000 10.0.0.9 50001 " KEY_TEXT " 2 80 10.0.0.2/31\n"
				     "R 0 9001 syn 0 2\n"
				     "R 7 9002 syn 0 2\n";
	static const char lanes_then[] = "1|0|5000|10.0.0.9|50000|" KEY_TEXT "|4|80|10.0.0.0/30\n"
					 "3|0|9000|10.0.0.9|50001|" KEY_TEXT "|2|80|10.0.0.2/31\n";
	static const char stretches_then[] = "1|2|5001|syn|0|4\n3|4|9001|syn|0|2\n";
	int64_t scan;
	struct store *s = store_begun(&scan);

	(void)state;
	write_text("a.journal", first);
	store_journal(s, scan, "a.journal");
	write_text("a.journal", second);
	store_journal(s, scan, "a.journal");
	expect_rows(s, lanes, lanes_then);
	expect_rows(s, stretches, stretches_then);
	write_text("a.journal", second);
	store_journal(s, scan, "a.journal");
	expect_rows(s, lanes, lanes_then);
	expect_rows(s, stretches, stretches_then);
	assert_int_not_equal(access("a.journal", F_OK), 0);
	store_over(s);
}

static void long_lines_are_whole(void **state)
{
	enum { PORTS = 65535, PIECES = 20000 };
	int64_t scan;
	struct store *s = store_begun(&scan);
	char *ports = malloc((size_t)PORTS * 6 + 1), *targets = malloc((size_t)PIECES * 16 + 1);
	size_t n = 0, m = 0;
	struct addr source;

	(void)state;
	assert_non_null(ports);
	assert_non_null(targets);
	for (unsigned i = 1; i <= PORTS; i++)
		n += (size_t)snprintf(ports + n, 8, i > 1 ? ",%u" : "%u", i);
	for (unsigned i = 0; i < PIECES; i++)
		m += (size_t)snprintf(targets + m, 24, "%s10.%u.%u.%u", i > 0 ? "," : "", i >> 15,
				      i >> 7 & 255, i << 1 & 255);
	int fd = open("a.journal", O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_true(fd >= 0);
	assert_int_equal(addr_parse("2001:db8::1", &source), 0);
	assert_true(journal_lane(fd, 1, 5000, &source, 50000, key, PIECES, ports, targets));
	assert_true(journal_stretch(fd, 1, 5001, "syn", (uint64_t)PIECES * PORTS - 1,
				    (uint64_t)PIECES * PORTS));
	close(fd);
	store_journal(s, scan, "a.journal");
	char expected[256];
	snprintf(expected, sizeof(expected), "%zu|%zu|%s|2001:db8::1\n", n, m,
		 strrchr(targets, ',') + 1);
	expect_rows(s,
		    "SELECT length(ports), length(targets), substr(targets, -11), source FROM"
		    " journal_lane",
		    expected);
	expect_rows(s, "SELECT first, last FROM journal_stretch", "1310699999|1310700000\n");
	free(ports);
	free(targets);
	store_over(s);
}

/* Every beginning of the file is one that a full disk or a power cut can leave. */
static void torn_lines_are_passed_over(void **state)
{
	static const char whole[] = "L 0 5000 10.0.0.9 50000 " KEY_TEXT " 4 80,22 10.0.0.0/30\n"
				    "R 0 5001 syn 0 8\n"
				    "R 0 6001 syn 3 8\n";
	static const char *const wrong[] = {
		"R 0 60R 0 6001 syn 3 8\n",
		"R 0 6001 syn 3\n",
		"R 0 6001 syn 8 3\n",
		"R 0 6001 syn -1 3\n",
		"R 0 6001 syn 3 8 9\n",
		"L 0 5000 10.0.0.9 50000 " KEY_TEXT " 4 80,22\n",
		"L 0 5000 10.0.0.9 50000 " KEY_TEXT " 4 80,22 \n",
		"L 0 5000 10.0.0.9 50000 " KEY_TEXT " 4 80,22 10.0.0.0/30 x\n",
		"L 0 5000 10.0.0.9 50000 " KEY_TEXT " 0 80,22 10.0.0.0/30\n",
		"L 0 5000 10.0.0.9 90000 " KEY_TEXT " 4 80,22 10.0.0.0/30\n",
		"L 0 5000 10.0.0.9 50000 0001020304050607 4 80,22 10.0.0.0/30\n",
		"L 0 5000 10.0.0.9 50000 " KEY_TEXT "00 4 80,22 10.0.0.0/30\n",
		"L 4000000000 5000 10.0.0.9 50000 " KEY_TEXT " 4 80,22 10.0.0.0/30\n",
		"L 0 5000 10.0.0.9 50000 " KEY_TEXT " 4 80,22 10.0.0.0/30\0\n",
	};
	int64_t scan;

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		struct store *s = store_begun(&scan);
		size_t newlines = 0;
		char expected[64];

		write_bytes("a.journal", whole, n);
		for (size_t i = 0; i < n; i++)
			newlines += whole[i] == '\n';
		store_journal(s, scan, "a.journal");
		assert_int_equal(store_error(s), STORE_OK);
		snprintf(expected, sizeof(expected), "%d|%zu\n", newlines > 0,
			 newlines > 0 ? newlines - 1 : 0);
		expect_rows(s,
			    "SELECT (SELECT count(*) FROM journal_lane),"
			    " (SELECT count(*) FROM journal_stretch)",
			    expected);
		store_over(s);
	}
	for (size_t i = 0; i < countof(wrong); i++) {
		struct store *s = store_begun(&scan);
		char text[1024];
		size_t n = sizeof(whole) - 1, more = strlen(wrong[i]);

		/* Behind a whole beginning, so that a lane is there; the last has a zero inside. */
		more += wrong[i][more - 1] != '\n' ? 2 : 0;
		memcpy(text, whole, n);
		memcpy(text + n, wrong[i], more);
		write_bytes("a.journal", text, n + more);
		store_journal(s, scan, "a.journal");
		expect_rows(s,
			    "SELECT (SELECT count(*) FROM journal_lane),"
			    " (SELECT count(*) FROM journal_stretch)",
			    "1|2\n");
		store_over(s);
	}
}

/* ---- questions to whole segments, and to resolvers ---- */

static const char questions[] =
	"SELECT number, opened_ms, closed_ms, source, source_port, address, port, transport, probe,"
	" packets, sent, received, ending FROM journal WHERE kind = 'ask' ORDER BY number DESC";
static const char connections[] = "SELECT number, kind, address, port, packets, ending FROM journal"
				  " WHERE kind <> 'ask' ORDER BY number";

static void questions_have_their_lines(void **state)
{
	static const struct journal_found none = { .known = false };
	struct addr source, local, a;
	int64_t scan;
	struct store *s = store_begun(&scan);

	(void)state;
	assert_int_equal(addr_parse("10.0.0.9", &source), 0);
	assert_int_equal(addr_parse("10.0.0.1", &a), 0);
	assert_int_equal(addr_parse("fe80::9%700001", &local), 0);
	int fd = open("a.journal", O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_true(fd >= 0);
	/* As both processes write it: the packets process looks at the clock less often. */
	assert_true(journal_asked(fd, 5000, "eth0", "router", &local, "ff02::2", 0));
	assert_true(journal_asked(fd, 5000, "eth0", "dhcp", &source, "255.255.255.255", 67));
	assert_true(journal_opened(fd, 1, 5002, &a, 502, false, "sweep"));
	assert_true(journal_asked(fd, 5001, "eth0", "mdns", &source, "224.0.0.251", 5353));
	assert_true(journal_asked(fd, 5003, "-", "names", &source, "10.0.0.53", 53));
	assert_true(journal_asked(fd, 5002, "eth0", "echo-all", &local, "ff02::1", 0));
	/* Two hosts' names, within a millisecond. */
	assert_true(journal_asked(fd, 5003, "-", "names", &source, "10.0.0.53", 53));
	assert_true(journal_closed(fd, 1, 5004, &source, 40000, 7, 0, 0, "done", &none));
	assert_true(journal_asked(fd, 5005, "eth0", "mdns-name", &local, "fe80::a%700001", 5353));
	close(fd);
	store_journal(s, scan, "a.journal");
	assert_int_not_equal(access("a.journal", F_OK), 0);
	expect_rows(s, questions,
		    "-1|5000|5000|fe80::9%700001|-|ff02::2|0|icmp|router|1|0|0|done\n"
		    "-2|5000|5000|10.0.0.9|-|255.255.255.255|67|udp|dhcp|1|0|0|done\n"
		    "-3|5001|5001|10.0.0.9|-|224.0.0.251|5353|udp|mdns|1|0|0|done\n"
		    "-4|5003|5003|10.0.0.9|-|10.0.0.53|53|udp|names|1|0|0|done\n"
		    "-5|5002|5002|fe80::9%700001|-|ff02::1|0|icmp|echo-all|1|0|0|done\n"
		    "-6|5003|5003|10.0.0.9|-|10.0.0.53|53|udp|names|1|0|0|done\n"
		    "-7|5005|5005|fe80::9%700001|-|fe80::a%700001|5353|udp|mdns-name|1|0|0|done\n");
	expect_rows(s, connections, "1|sweep|10.0.0.1|502|7|done\n");
	store_over(s);
}

/* As runs_follow_each_other(): a file that is there again adds nothing, but what it did not hold before. */
static void questions_of_runs_follow_each_other(void **state)
{
	static const char first[] = "A 5000 eth0 dhcp 10.0.0.9 255.255.255.255 67\n"
				    "A 5001 - names 10.0.0.9 10.0.0.53 53\n"
				    "A 5001 - names 10.0.0.9 10.0.0.53 53\n";
	static const char second[] = "A 9000 eth0 dhcp 10.0.0.9 255.255.255.255 67\n"
				     "A 9001 - names 10.0.0.9 10.0.0.53 53\n"
				     "A 9001 - names 10.0.0.9 10.0.0.53 53\n";
	static const char more[] = "A 9001 - names 10.0.0.9 10.0.0.54 53\n"
				   "A 9002 - names 10.0.0.9 10.0.0.53 53\n"
				   "A 9002 - names 10.0.0.9 10.0.0.53 53\n";
	static const char count[] =
		"SELECT opened_ms, address, count(*) FROM journal GROUP BY 1, 2";
	static const char both[] = "5000|255.255.255.255|1\n5001|10.0.0.53|2\n"
				   "9000|255.255.255.255|1\n9001|10.0.0.53|2\n";
	char text[sizeof(second) + sizeof(more)];
	int64_t scan;
	struct store *s = store_begun(&scan);

	(void)state;
	write_text("a.journal", first);
	store_journal(s, scan, "a.journal");
	write_text("a.journal", first);
	store_journal(s, scan, "a.journal");
	expect_rows(s, count, "5000|255.255.255.255|1\n5001|10.0.0.53|2\n");
	for (int i = 0; i < 2; i++) {
		write_text("a.journal", second);
		store_journal(s, scan, "a.journal");
		expect_rows(s, count, both);
	}
	snprintf(text, sizeof(text), "%s%s", second, more);
	write_text("a.journal", text);
	store_journal(s, scan, "a.journal");
	snprintf(text, sizeof(text), "%s9001|10.0.0.54|1\n9002|10.0.0.53|2\n", both);
	expect_rows(s, count, text);
	store_over(s);
}

/* Cut off at any byte, the file loses the line that was not finished, and no other. */
static void what_stands_before_a_torn_line_is_kept(void **state)
{
	static const char whole[] = "A 5000 eth0 dhcp 10.0.0.9 255.255.255.255 67\n"
				    "O 1 5001 10.0.0.1 502 sweep\n"
				    "A 5002 - names 10.0.0.9 10.0.0.53 53\n"
				    "C 1 5003 10.0.0.9 40000 7 0 0 done open 0 connected\n"
				    "D 5004 10.0.0.1 silent after it had answered\n"
				    "L 0 5005 10.0.0.9 50000 " KEY_TEXT " 4 80,22 10.0.0.0/30\n"
				    "R 0 5006 syn 0 8\n"
				    "A 5007 eth0 echo-all fe80::9 ff02::1 0\n";
	static const char state_of[] =
		"SELECT (SELECT count(*) FROM journal WHERE kind = 'ask'),"
		" (SELECT count(*) FROM journal WHERE kind = 'sweep'),"
		" (SELECT count(*) FROM journal WHERE found = 'open'),"
		" (SELECT count(*) FROM remark), (SELECT count(*) FROM journal_lane),"
		" (SELECT count(*) FROM journal_stretch)";
	static const char *const expected[] = { "0|0|0|0|0|0\n", "1|0|0|0|0|0\n", "1|1|0|0|0|0\n",
						"2|1|0|0|0|0\n", "2|1|1|0|0|0\n", "2|1|1|1|0|0\n",
						"2|1|1|1|1|0\n", "2|1|1|1|1|1\n", "3|1|1|1|1|1\n" };
	int64_t scan;

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		struct store *s = store_begun(&scan);
		size_t lines = 0;

		write_bytes("a.journal", whole, n);
		for (size_t i = 0; i < n; i++)
			lines += whole[i] == '\n';
		store_journal(s, scan, "a.journal");
		assert_int_equal(store_error(s), STORE_OK);
		expect_rows(s, state_of, expected[lines]);
		store_over(s);
	}
}

/* Two lines that ran into each other are none, rather than something that nobody sent. */
static void joined_lines_say_nothing(void **state)
{
	static const char *const wrong[] = {
		"A 5000 eth0 dhcp 10.0.0.9 255.255.255.2A 5001 - names 10.0.0.9 10.0.0.53 53\n",
		"A 5000 eth0 dhcp 10.0.0.9 255.255.255.255 67A 5001 - names 10.0.0.9 10.0.0.53 "
		"53\n",
		"A 5000 eth0 dhcp 10.0.0.9 255.255.255.255\n",
		"A 5000 eth0 dhcp 10.0.0.9 255.255.255.255 67 \n",
		"A 5000 eth0 dhcp 10.0.0.9 255.255.255.255 65536\n",
		"A 5000 eth0 dhcp 10.0.0.9 255.255.255.255 -1\n",
		"A -1 eth0 dhcp 10.0.0.9 255.255.255.255 67\n",
		"A 5000 eth0 a-kind-that-is-too-long 10.0.0.9 255.255.255.255 67\n",
		"A\n",
		"O 1 5001 10.0.0.1 50O 2 5002 10.0.0.2 502 sweep\n",
		"O 1 5001 10.0.0.1 502 sweepO 2 5002 10.0.0.2 502 sweep\n",
	};
	int64_t scan;

	(void)state;
	for (size_t i = 0; i < countof(wrong); i++) {
		struct store *s = store_begun(&scan);

		write_text("a.journal", wrong[i]);
		store_journal(s, scan, "a.journal");
		assert_int_equal(store_error(s), STORE_OK);
		expect_rows(s, "SELECT * FROM journal", "");
		store_over(s);
	}
}

/* ---- back to addresses ---- */

static struct addr at(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void ports_are_read_in_their_order(void **state)
{
	static const char *const wrong[] = {
		"22,",   ",22",    "x",       "22 80",  "0",
		"65536", "22/tcp", "22/udpx", "22,,80", "99999999999"
	};
	struct sent_ports p = { 0 };

	(void)state;
	assert_int_equal(sent_ports_read(&p, "443,22,53/udp,65535"), 0);
	assert_int_equal(p.count, 4);
	assert_int_equal(p.list[0].port, 443);
	assert_int_equal(p.list[1].port, 22);
	assert_false(p.list[1].udp);
	assert_int_equal(p.list[2].port, 53);
	assert_true(p.list[2].udp);
	assert_int_equal(p.list[3].port, 65535);
	for (size_t i = 0; i < countof(wrong); i++)
		if (sent_ports_read(&p, wrong[i]) != -EINVAL)
			fail_msg("read: %s", wrong[i]);
	assert_int_equal(p.count, 4);
	assert_int_equal(sent_ports_read(&p, ""), 0);
	assert_int_equal(p.count, 0);
	sent_ports_done(&p);
}

/* Every place of the order is gone through forwards, as the packets process does. */
static void places_lead_back_to_addresses(void **state)
{
	enum { PORTS = 3 };
	static const char targets[] = "10.0.0.0/26,10.0.1.7,10.9.0.250-10.9.1.9,fd00::5-fd00::9";
	struct sent_block b;
	struct ranges set = { 0 };
	struct order o;
	uint64_t n = 64 + 1 + 16 + 5, place, first, last;

	(void)state;
	assert_int_equal(sent_block_make(&b, key, n, targets), 0);
	for (const char *t = "10.0.0.0/26\0"
			     "10.0.1.7\0"
			     "10.9.0.250-10.9.1.9\0"
			     "fd00::5-fd00::9\0";
	     *t != '\0'; t += strlen(t) + 1)
		assert_int_equal(ranges_parse_network(&set, t, true), 0);
	order_init(&o, n, key);
	for (uint64_t i = 0; i < n * PORTS; i++) {
		struct addr a = ranges_at(&set, order_at(&o, i % n));

		assert_true(sent_block_place(&b, &a, &place));
		assert_int_equal(place, i % n);
		/* A stretch of this place alone, those around it, and those that stop short of it. */
		assert_true(sent_due(&b, place, i, i + 1, &first, &last));
		assert_int_equal(first, i / n);
		assert_int_equal(last, i / n + 1);
		assert_false(sent_due(&b, place, i, i, &first, &last));
		if (i > 0 && i / n == (i - 1) / n)
			assert_false(sent_due(&b, place, i / n * n, i, &first, &last));
		assert_true(sent_due(&b, place, 0, n * PORTS, &first, &last));
		assert_int_equal(first, 0);
		assert_int_equal(last, PORTS);
		if (i + 1 < n)
			assert_false(sent_due(&b, place, i + 1, n, &first, &last));
	}
	static const char *const others[] = { "10.0.0.64", "10.0.1.6", "10.9.1.10",
					      "fd00::a",   "fe80::1",  "0.0.0.0" };
	for (size_t i = 0; i < countof(others); i++) {
		struct addr a = at(others[i]);

		assert_false(sent_block_place(&b, &a, &place));
	}
	ranges_done(&set);
	sent_block_done(&b);
	/* Not what the line says of itself. */
	assert_int_equal(sent_block_make(&b, key, n + 1, targets), -EINVAL);
	assert_int_equal(sent_block_make(&b, key, 0, targets), -EINVAL);
	assert_int_equal(sent_block_make(&b, key, 1, "somewhere"), -EINVAL);
	assert_int_equal(sent_block_make(&b, key, 1, ""), -EINVAL);
	assert_int_equal(sent_block_make(&b, key, 1, "10.0.0.1,"), -EINVAL);
}

static void link_local_addresses_need_no_interface(void **state)
{
	struct sent_block b;
	struct addr a = at("fe80::7");
	uint64_t place, same;

	(void)state;
	assert_int_equal(sent_block_make(&b, key, 16, "fe80::%700001/125,fe80::%700002/125"), 0);
	assert_true(sent_block_place(&b, &a, &place));
	a.scope = 700001;
	assert_true(sent_block_place(&b, &a, &same));
	assert_int_equal(place, same);
	a.scope = 700003;
	assert_false(sent_block_place(&b, &a, &same));
	sent_block_done(&b);
}

static void the_next_line_tells_how_far_it_came(void **state)
{
	const struct sent_stretch s = { "syn", 100, 200 };
	const struct {
		struct sent_stretch next;
		uint64_t end;
	} cases[] = {
		{ { "syn", 150, 250 }, 150 }, { { "syn", 100, 200 }, 100 }, /* it could not go on */
		{ { "syn", 300, 300 }, 200 }, /* the end of the pass */
		{ { "syn", 99, 199 }, 200 },  /* a sample: it says nothing */
		{ { "udp", 150, 250 }, 200 },
	};

	(void)state;
	assert_int_equal(sent_stretch_end(&s, NULL), 200);
	for (size_t i = 0; i < countof(cases); i++)
		assert_int_equal(sent_stretch_end(&s, &cases[i].next), cases[i].end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_killed_scan_has_its_lines),
		cmocka_unit_test(runs_follow_each_other),
		cmocka_unit_test(long_lines_are_whole),
		cmocka_unit_test(torn_lines_are_passed_over),
		cmocka_unit_test(questions_have_their_lines),
		cmocka_unit_test(questions_of_runs_follow_each_other),
		cmocka_unit_test(what_stands_before_a_torn_line_is_kept),
		cmocka_unit_test(joined_lines_say_nothing),
		cmocka_unit_test(ports_are_read_in_their_order),
		cmocka_unit_test(places_lead_back_to_addresses),
		cmocka_unit_test(link_local_addresses_need_no_interface),
		cmocka_unit_test(the_next_line_tells_how_far_it_came),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("journal", tests, scratch_open, scratch_close);
}
