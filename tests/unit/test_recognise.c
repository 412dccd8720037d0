/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of several documents make together: maker, model, role, and how sure that is. */
#include "documents.h"

#define HOST "10.0.0.1"
#define PART(PART, MEMBERS, CERTAIN) \
	"{\"identity\":[{\"part\":\"" PART "\"," MEMBERS ",\"certain\":" CERTAIN "}]}"
#define DEVICE(MEMBERS, CERTAIN) PART("device", MEMBERS ",\"origin\":\"o\"", CERTAIN)

struct sign {
	uint16_t port;
	const char *probe, *document; /* probe NULL: an open port, nothing more */
};

static const struct {
	const char *what;
	const char *mac_maker;
	struct sign signs[4];
	bool found;
	const char *vendor, *model, *role;
	bool certain;
} cases[] = {
	{ .what = "nothing is known",
	  .signs = { { 80, "http", "{\"status\":200}" } },
	  .vendor = "",
	  .model = "",
	  .role = "" },
	{ .what = "one certain sign",
	  .signs = { { 161, "snmp",
		       DEVICE("\"vendor\":\"Kita\",\"product\":\"K9\",\"role\":\"plc\"",
			      "true") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "K9",
	  .role = "plc",
	  .certain = true },
	{ .what = "one probable sign alone",
	  .signs = { { 80, "http", DEVICE("\"vendor\":\"Kita\",\"role\":\"plc\"", "false") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "",
	  .role = "plc" },
	{ .what = "two probable signs of different probes agree",
	  .signs = { { 80, "http", DEVICE("\"vendor\":\"Kita\"", "false") },
		     { 21, "ftp", DEVICE("\"vendor\":\"Kita\",\"product\":\"K9\"", "false") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "K9",
	  .role = "",
	  .certain = true },
	{ .what = "two signs of the same probe are one",
	  .signs = { { 80, "http", DEVICE("\"vendor\":\"Kita\"", "false") },
		     { 8080, "http", DEVICE("\"vendor\":\"Kita\"", "false") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "",
	  .role = "" },
	{ .what = "two certain makers",
	  .signs = { { 80, "http", DEVICE("\"vendor\":\"Kita\"", "true") },
		     { 161, "snmp", DEVICE("\"vendor\":\"Minami\"", "true") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "",
	  .role = "" },
	{ .what = "a certain maker, and a probable other one with more signs",
	  .signs = { { 80, "http", DEVICE("\"vendor\":\"Minami\",\"product\":\"M1\"", "false") },
		     { 21, "ftp", DEVICE("\"vendor\":\"Minami\"", "false") },
		     { 161, "snmp", DEVICE("\"vendor\":\"Kita\"", "true") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "",
	  .role = "",
	  .certain = true },
	{ .what = "the maker of the network card agrees",
	  .mac_maker = "KITA ELECTRIC CORPORATION",
	  .signs = { { 80, "http", DEVICE("\"vendor\":\"Kita\"", "false") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "",
	  .role = "",
	  .certain = true },
	{ .what = "the maker of the network card is another",
	  .mac_maker = "Minami Kogyo",
	  .signs = { { 80, "http", DEVICE("\"vendor\":\"Kita\"", "false") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "",
	  .role = "" },
	{ .what = "two names of one house",
	  .signs = { { 443, "http", DEVICE("\"vendor\":\"HPE\",\"product\":\"iLO\"", "true") },
		     { 161, "snmp", DEVICE("\"vendor\":\"HP\"", "true") } },
	  .found = true,
	  .vendor = "HPE",
	  .model = "iLO",
	  .role = "",
	  .certain = true },
	{ .what = "two names of one house, the second of which has more signs",
	  .signs = { { 443, "http", DEVICE("\"vendor\":\"HPE\",\"role\":\"switch\"", "false") },
		     { 22, "ssh", DEVICE("\"vendor\":\"HPE\"", "false") },
		     { 161, "snmp", DEVICE("\"vendor\":\"Aruba\"", "false") } },
	  .found = true,
	  .vendor = "HPE",
	  .model = "",
	  .role = "switch",
	  .certain = true },
	{ .what = "a printer of HP and a machine of HPE at one address",
	  .signs = { { 9100, "http", DEVICE("\"vendor\":\"HP\",\"role\":\"printer\"", "true") },
		     { 443, "tls", DEVICE("\"vendor\":\"HPE\",\"role\":\"bmc\"", "true") } },
	  .found = true,
	  .vendor = "HP",
	  .model = "",
	  .role = "printer" },
	{ .what = "the network card has the house's old name",
	  .mac_maker = "Hewlett Packard",
	  .signs = { { 80, "http", DEVICE("\"vendor\":\"HP\",\"role\":\"printer\"", "false") } },
	  .found = true,
	  .vendor = "HP",
	  .model = "",
	  .role = "printer",
	  .certain = true },
	{ .what = "two of the printers' ports",
	  .signs = { { 515, NULL, NULL }, { 9100, NULL, NULL } },
	  .found = true,
	  .vendor = "",
	  .model = "",
	  .role = "printer" },
	{ .what = "one of the printers' ports alone",
	  .signs = { { 9100, NULL, NULL } },
	  .vendor = "",
	  .model = "",
	  .role = "" },
	{ .what = "printers' ports, and a maker that tells no role",
	  .signs = { { 631, NULL, NULL },
		     { 9100, NULL, NULL },
		     { 80, "http", DEVICE("\"vendor\":\"Kita\"", "false") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "",
	  .role = "printer" },
	{ .what = "the surest model, then the most exact one",
	  .signs = { { 80, "http",
		       DEVICE("\"vendor\":\"Kita\",\"product\":\"K9 very long\"", "false") },
		     { 161, "snmp", DEVICE("\"vendor\":\"Kita\",\"product\":\"K9\"", "true") },
		     { 21, "ftp", DEVICE("\"vendor\":\"Kita\",\"product\":\"K9-01\"", "true") } },
	  .found = true,
	  .vendor = "Kita",
	  .model = "K9-01",
	  .role = "",
	  .certain = true },
	{ .what = "a program is no device",
	  .signs = { { 80, "http",
		       PART("service", "\"vendor\":\"Kita\",\"product\":\"webd\"", "true") } },
	  .vendor = "",
	  .model = "",
	  .role = "" },
};

static void signs_make_a_device(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct documents s;
		struct device d;

		documents_open(&s);
		documents_host(&s, HOST, cases[i].mac_maker);
		for (size_t k = 0; k < countof(cases[i].signs) && cases[i].signs[k].port != 0;
		     k++) {
			const struct sign *sign = &cases[i].signs[k];

			if (sign->probe == NULL)
				documents_port(&s, HOST, sign->port);
			else
				documents_add(&s, HOST, sign->port, sign->probe, sign->document);
		}
		documents_recognise(&s);
		bool found = documents_device(&s, HOST, &d);
		documents_close(&s);
		if (found == cases[i].found && d.certain == cases[i].certain &&
		    strcmp(d.vendor, cases[i].vendor) == 0 &&
		    strcmp(d.model, cases[i].model) == 0 && strcmp(d.role, cases[i].role) == 0 &&
		    strcmp(d.host_role, cases[i].role) == 0)
			continue;
		wrong++;
		print_error("%s: %s vendor '%s' model '%s' role '%s' certain %d host's role '%s'\n",
			    cases[i].what, found ? "device" : "none", d.vendor, d.model, d.role,
			    d.certain, d.host_role);
	}
	assert_int_equal(wrong, 0);
}

/* Windows tells its own; of others only what is certain counts. */
static void systems(void **state)
{
	static const struct {
		const char *address;
		struct sign signs[2];
		const char *os;
	} hosts[] = {
		{ "10.0.0.1", { { 445, "smb", "{\"os_version\":\"10.0.17763\"}" } }, "10.0.17763" },
		{ "10.0.0.2", { { 445, "smb", "{\"os_version\":\"6.1.0\",\"samba\":true}" } }, "" },
		{ "10.0.0.3",
		  { { 22, "ssh",
		      PART("os", "\"product\":\"Debian\",\"version\":\"12\"", "true") } },
		  "Debian 12" },
		{ "10.0.0.4",
		  { { 22, "ssh", PART("os", "\"product\":\"Debian\"", "false") } },
		  "" },
		{ "10.0.0.5",
		  { { 445, "smb", "{\"os_version\":\"10.0.17763\"}" },
		    { 80, "http", PART("os", "\"product\":\"Windows Server 2019\"", "true") } },
		  "10.0.17763" },
	};
	struct documents s;

	(void)state;
	documents_open(&s);
	for (size_t i = 0; i < countof(hosts); i++) {
		documents_host(&s, hosts[i].address, NULL);
		for (size_t k = 0; k < countof(hosts[i].signs) && hosts[i].signs[k].port != 0; k++)
			documents_add(&s, hosts[i].address, hosts[i].signs[k].port,
				      hosts[i].signs[k].probe, hosts[i].signs[k].document);
	}
	documents_recognise(&s);
	for (size_t i = 0; i < countof(hosts); i++) {
		struct device d;

		documents_device(&s, hosts[i].address, &d);
		assert_string_equal(d.host_os, hosts[i].os);
	}
	documents_close(&s);
}

/* Done again, as after a scan that went on, it says the same. */
static void again(void **state)
{
	struct documents s;
	struct device d;

	(void)state;
	documents_open(&s);
	documents_host(&s, HOST, NULL);
	documents_add(&s, HOST, 161, "snmp",
		      DEVICE("\"vendor\":\"Kita\",\"version\":\"1.2\",\"serial\":\"7\"", "true"));
	documents_recognise(&s);
	db_free(s.db);
	documents_recognise(&s);
	assert_true(documents_device(&s, HOST, &d));
	assert_string_equal(d.vendor, "Kita");
	assert_string_equal(d.firmware, "1.2");
	assert_string_equal(d.serial, "7");
	assert_string_equal(d.signs, "[\"o\"]");
	documents_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_make_a_device),
		cmocka_unit_test(systems),
		cmocka_unit_test(again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
