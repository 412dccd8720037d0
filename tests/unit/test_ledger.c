/* SPDX-License-Identifier: Apache-2.0 */
/* Ledgers as spreadsheets write them, and with every kind of mistake. */
#include "scratch.h"

#include "codec/csv.h"
#include "site/declare.h"
#include "site/site.h"

static void load_bytes(const void *bytes, size_t n, struct site *s, struct complaints *c)
{
	write_text("site.yaml", "site: here\ntimezone: Asia/Tokyo\nledger: ledger.csv\nzones:\n"
				"  - {name: plant, kind: ot, networks: [192.168.10.0/24]}\n");
	write_bytes("ledger.csv", bytes, n);
	size_t before = c->count;
	int e = site_load("site.yaml", s, c);
	assert_int_equal(e != 0, c->count > before);
}

static void load(const char *text, struct site *s, struct complaints *c)
{
	load_bytes(text, strlen(text), s, c);
}

static void test_english(void **state)
{
	static const char text[] =
		"Address,name,ID,mac,zone,class,vendor,model,os,owner,location,declared,ports,"
		"note\n"
		"192.168.10.4,\"the \"\"big\"\" one, "
		"left\",P-1,00-1A-2B-3C-4D-5E,plant,PLC,ACME,P34,,me,hall,"
		"\"important; closed, important\",\"tcp/502; 22, udp/161-162\",\"two\nlines\"\n"
		"\n"
		" fd00::1 , panel ,,001a.2b3c.4d5f,,workstation,,,,,,,none,\n"
		",only a name\n"
		"fe80::1,x";
	struct complaints c = { 0 };
	struct site s;
	(void)state;

	load(text, &s, &c);
	assert_none(&c);
	assert_int_equal(s.asset_count, 4);
	const struct asset *a = &s.assets[0];
	assert_string_equal(a->name, "the \"big\" one, left");
	assert_string_equal(a->id, "P-1");
	assert_string_equal(a->mac, "00:1a:2b:3c:4d:5e");
	assert_string_equal(a->zone, "plant");
	assert_string_equal(a->class_, "plc");
	assert_null(a->os);
	assert_int_equal(a->declared_count, 2);
	assert_string_equal(a->declared[0], "important");
	assert_string_equal(a->declared[1], "closed");
	assert_true(a->ports_stated);
	assert_int_equal(a->port_count, 3);
	assert_string_equal(a->ports[2].transport, "udp");
	assert_int_equal(a->ports[2].first, 161);
	assert_int_equal(a->line, 2);
	/* The quoted line end and the empty line count. */
	a = &s.assets[1];
	assert_int_equal(a->line, 5);
	assert_string_equal(a->name, "panel");
	assert_string_equal(a->class_, "terminal");
	assert_true(a->ports_stated);
	assert_int_equal(a->port_count, 0);
	assert_false(s.assets[2].has_address);
	assert_false(s.assets[2].ports_stated);
	assert_true(s.assets[3].has_address);
	site_done(&s);
	complaints_done(&c);
}

static void assert_japanese(struct site *s)
{
	assert_int_equal(s->asset_count, 1);
	assert_string_equal(s->assets[0].id, "S-1");
	assert_string_equal(s->assets[0].class_, "server");
	assert_true(s->assets[0].has_address);
	assert_int_equal(s->assets[0].declared_count, 2);
	assert_string_equal(s->assets[0].declared[0], "important");
	assert_string_equal(s->assets[0].declared[1], "closed");
}

/* The same ledger in the three encodings that spreadsheets in Japan write. */
static void test_encodings(void **state)
{
	static const char utf8[] =
		"管理番号,IPアドレス,種別,属性\r\nS-1,192.168.10.4,サーバー,重要、閉域\r\n";
	static const char bom[] =
		"\xef\xbb\xbf"
		"管理番号,IPアドレス,種別,属性\r\nS-1,192.168.10.4,サーバー,重要、閉域\r\n";
	static const unsigned char cp932[] = {
		0x8a, 0xc7, 0x97, 0x9d, 0x94, 0xd4, 0x8d, 0x86, 0x2c, 0x49, 0x50, 0x83, 0x41, 0x83,
		0x68, 0x83, 0x8c, 0x83, 0x58, 0x2c, 0x8e, 0xed, 0x95, 0xca, 0x2c, 0x91, 0xae, 0x90,
		0xab, 0x0d, 0x0a, 0x53, 0x2d, 0x31, 0x2c, 0x31, 0x39, 0x32, 0x2e, 0x31, 0x36, 0x38,
		0x2e, 0x31, 0x30, 0x2e, 0x34, 0x2c, 0x83, 0x54, 0x81, 0x5b, 0x83, 0x6f, 0x81, 0x5b,
		0x2c, 0x8f, 0x64, 0x97, 0x76, 0x81, 0x41, 0x95, 0xc2, 0x88, 0xe6, 0x0d, 0x0a
	};
	struct complaints c = { 0 };
	struct site s;
	(void)state;

	load(utf8, &s, &c);
	assert_none(&c);
	assert_japanese(&s);
	site_done(&s);
	load(bom, &s, &c);
	assert_none(&c);
	assert_japanese(&s);
	site_done(&s);
	load_bytes(cp932, sizeof(cp932), &s, &c);
	assert_none(&c);
	assert_japanese(&s);
	site_done(&s);
	complaints_done(&c);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "", "ledger.csv: has no header line" },
		{ "address,colour\n10.0.0.1,red\n",
		  "ledger.csv:1: field 'colour': is not a column of the ledger" },
		{ "address,ip\n", "ledger.csv:1: field 'address': stands twice" },
		{ "class,os\n", "ledger.csv:1: needs a column 'address', 'mac', 'id' or 'name'" },
		{ "address\n10.0.0.1\n10.0.0.300\n",
		  "ledger.csv:3: field 'address': '10.0.0.300' is not an address" },
		{ "IPアドレス\n10.0.0.0/24\n",
		  "ledger.csv:2: field 'IPアドレス': '10.0.0.0/24' is not an address" },
		{ "address,name\n10.0.0.1,a,b\n", "ledger.csv:2: has 3 fields, the header 2" },
		{ "address,mac\n10.0.0.1,00:11:22:33:44\n",
		  "ledger.csv:2: field 'mac': '00:11:22:33:44' is not a MAC address" },
		{ "address,mac\n10.0.0.1,00:11:22:33:44:55:66\n",
		  "ledger.csv:2: field 'mac': '00:11:22:33:44:55:66' is not a MAC address" },
		{ "address,zone\n10.0.0.1,nowhere\n",
		  "ledger.csv:2: field 'zone': no zone is named 'nowhere'" },
		{ "address,class\n10.0.0.1,toaster\n",
		  "ledger.csv:2: field 'class': 'toaster' is not a class of asset, such as server, "
		  "terminal, network-device, printer, iot or plc" },
		{ "address,declared\n10.0.0.1,important;shiny\n",
		  "ledger.csv:2: field 'declared': 'shiny' is not a word of tenken-site(5)" },
		{ "address,ports\n10.0.0.1,tcp/0\n",
		  "ledger.csv:2: field 'ports': 'tcp/0' is not a port such as 'tcp/443'" },
		{ "address,ports\n10.0.0.1,sctp/1\n",
		  "ledger.csv:2: field 'ports': 'sctp/1' is not a port such as 'tcp/443'" },
		{ "address,os\n,Linux\n", "ledger.csv:2: names neither address, MAC, id nor name" },
		{ "address\n10.0.0.1\n10.0.0.2\n10.0.0.1\n",
		  "ledger.csv:4: field 'address': '10.0.0.1' stands on line 2 already" },
		{ "id\nA\nB\nA\n", "ledger.csv:4: field 'id': 'A' stands on line 2 already" },
		{ "name\n\"open\nend",
		  "ledger.csv:2: a quote is not closed, or stands within a field" },
		{ "name\nbad\"quote\n",
		  "ledger.csv:2: a quote is not closed, or stands within a field" },
		{ "name\n\"a\"b\n",
		  "ledger.csv:2: a quote is not closed, or stands within a field" },
		{ "name\na\x1b[31m\n", "ledger.csv:2: holds a control character (0x1b)" },
		{ "name\na\n\xff\xff\n", "ledger.csv:3: is neither UTF-8 nor CP932" },
		{ "\xff\xfen", "ledger.csv: is UTF-16: save it as CSV in UTF-8" },
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
	struct complaints c = { 0 };
	struct site s;
	load_bytes("name\na\0b\n", 9, &s, &c);
	assert_only(&c, "ledger.csv:2: holds a control character (0x00)");
	site_done(&s);
	complaints_done(&c);
}

/* A row that is wrong does not hide the next. */
static void test_goes_on(void **state)
{
	struct complaints c = { 0 };
	struct site s;
	(void)state;

	load("address,class\nx,server\n10.0.0.1,y\n\"a\"b,server\n10.0.0.2,z\n", &s, &c);
	assert_int_equal(c.count, 4);
	assert_string_equal(c.list[0], "ledger.csv:2: field 'address': 'x' is not an address");
	assert_memory_equal(c.list[1], "ledger.csv:3: ", 14);
	assert_memory_equal(c.list[2], "ledger.csv:4: ", 14);
	assert_memory_equal(c.list[3], "ledger.csv:5: ", 14);
	site_done(&s);
	complaints_done(&c);
}

/* Limits: the last size that is taken, and the first that is not. */
static void test_limits(void **state)
{
	struct complaints c = { 0 };
	struct site s;
	char *text = NULL;
	size_t size = 0;
	(void)state;

	for (unsigned over = 0; over < 2; over++) {
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		fprintf(f, "name,os\nx,%0*d\n", 1000 + (int)over, 0);
		fclose(f);
		load(text, &s, &c);
		if (over)
			assert_only(&c, "ledger.csv:2: field 'os': is longer than 1000 bytes");
		else
			assert_none(&c);
		site_done(&s);
		complaints_done(&c);
		free(text);
	}
	for (unsigned over = 0; over < 2; over++) {
		FILE *f = open_memstream(&text, &size);

		assert_non_null(f);
		fputs("note", f);
		for (unsigned i = 1; i < CSV_FIELDS_MAX + over; i++)
			fputs(",note", f);
		fclose(f);
		load(text, &s, &c);
		assert_string_equal(c.list[0], over ? "ledger.csv:1: has too many fields"
						    : "ledger.csv:1: field 'note': stands twice");
		site_done(&s);
		complaints_done(&c);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_english), cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_wrong),   cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_limits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ledger", tests, scratch_open, scratch_close);
}
