/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses are one machine, and what does not make them one. */
#include "scratch.h"

#include "commands/machines.h"
#include "store/db.h"

static struct store *store;
static int64_t scan;

static void begin(void)
{
	const struct scan_row row = { .uuid = "u",
				      .site = "s",
				      .vantage = "v",
				      .profile = "p",
				      .version = "0",
				      .plan = "{}",
				      .started = 1 };

	unlink("list");
	assert_int_equal(store_open("list", &store), STORE_OK);
	scan = store_scan_begin(store, &row);
	assert_true(scan > 0);
}

static void host(const char *address, const char *mac)
{
	const struct host_row row = { .address = address,
				      .kind = "it",
				      .treated = "it",
				      .state = "answering",
				      .mac = mac,
				      .complete = true };

	store_host(store, &row);
}

static void tells(const char *address, uint16_t port, const char *probe, const char *document)
{
	const struct evidence_row row = { .address = address,
					  .transport = "tcp",
					  .probe = probe,
					  .ending = "done",
					  .document = document,
					  .port = port };

	store_service(store, address, port, "tcp", "open", "connected", probe, NULL);
	store_evidence(store, &row);
}

/* "ADDRESS MACHINE CERTAIN SIGNS; ..." */
static void assert_machines(const char *expected)
{
	struct query *q = NULL;
	struct db *db;

	store_commit(store);
	machines(store, scan);
	machines(store, scan); /* once more changes nothing */
	assert_int_equal(store_error(store), STORE_OK);
	assert_int_equal(db_borrow(store_db(store), &db), 0);
	assert_int_equal(
		query_new(db,
			  "SELECT coalesce(group_concat(x, '; '), '') FROM (SELECT address || ' '"
			  " || machine || ' ' || certain || ' ' || signs AS x FROM machine"
			  " ORDER BY address)",
			  &q),
		0);
	assert_int_equal(query_step(q), 1);
	assert_string_equal(query_text(q, 0), expected);
	query_free(q);
	db_free(db);
	store_close(store);
	unlink("list");
}

#define KEY "{\"hostkeys\":[{\"sha256\":\"aa\"}]}"
#define OTHER_KEY "{\"hostkeys\":[{\"sha256\":\"bb\"}]}"

static void one_card(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", "02:00:00:00:00:01");
	host("10.0.0.2", "02:00:00:00:00:01");
	host("10.0.0.3", "02:00:00:00:00:03");
	assert_machines(
		"10.0.0.1 10.0.0.1 1 [\"mac address\"]; 10.0.0.2 10.0.0.1 1 [\"mac address\"]");
}

static void one_sign_is_probable(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", NULL);
	host("10.0.0.2", NULL);
	tells("10.0.0.1", 22, "ssh", KEY);
	tells("10.0.0.2", 22, "ssh", KEY);
	assert_machines(
		"10.0.0.1 10.0.0.1 0 [\"ssh host key\"]; 10.0.0.2 10.0.0.1 0 [\"ssh host key\"]");
}

static void two_signs_are_certain(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", NULL);
	host("10.0.0.2", NULL);
	host("10.0.0.3", NULL);
	tells("10.0.0.1", 22, "ssh", KEY);
	tells("10.0.0.2", 22, "ssh", KEY);
	tells("10.0.0.1", 445, "smb", "{\"computer\":\"PUMP\"}");
	tells("10.0.0.2", 445, "smb", "{\"computer\":\"pump\"}");
	/* It shares one sign with both, so it is probably the same. */
	tells("10.0.0.3", 22, "ssh", KEY);
	assert_machines("10.0.0.1 10.0.0.1 1 [\"computer name\",\"ssh host key\"]; "
			"10.0.0.2 10.0.0.1 1 [\"computer name\",\"ssh host key\"]; "
			"10.0.0.3 10.0.0.1 0 [\"ssh host key\"]");
}

static void names_alone_are_nothing(void **state)
{
	(void)state;
	begin();
	for (int i = 1; i <= 2; i++) {
		char address[16];

		snprintf(address, sizeof(address), "10.0.0.%d", i);
		host(address, NULL);
		tells(address, 445, "smb", "{\"computer\":\"PC\",\"guid\":\"00000000-0000\"}");
		tells(address, 443, "tls", "{\"certificates\":[{\"spki_sha256\":\"cc\"}]}");
		tells(address, 22, "ssh", i == 1 ? KEY : OTHER_KEY);
	}
	assert_machines("");
}

static void what_many_share_is_no_sign(void **state)
{
	(void)state;
	begin();
	for (int i = 1; i <= 9; i++) {
		char address[16];

		snprintf(address, sizeof(address), "10.0.0.%d", i);
		host(address, NULL);
		tells(address, 22, "ssh", KEY);
	}
	assert_machines("");
}

static void a_machine_lists_its_addresses(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", NULL);
	host("10.0.9.1", NULL);
	host("10.0.0.3", NULL);
	tells("10.0.0.1", 135, "msrpc",
	      "{\"addresses\":[\"10.0.0.1\",\"10.0.9.1\",\"172.16.0.1\"]}");
	/* Who does not name itself is not believed. */
	tells("10.0.0.3", 135, "msrpc", "{\"addresses\":[\"10.0.9.1\"]}");
	assert_machines(
		"10.0.0.1 10.0.0.1 0 [\"address list\"]; 10.0.9.1 10.0.0.1 0 [\"address list\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_card),
		cmocka_unit_test(one_sign_is_probable),
		cmocka_unit_test(two_signs_are_certain),
		cmocka_unit_test(names_alone_are_nothing),
		cmocka_unit_test(what_many_share_is_no_sign),
		cmocka_unit_test(a_machine_lists_its_addresses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
