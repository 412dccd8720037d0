/* SPDX-License-Identifier: Apache-2.0 */
/* Which asset an address is from scan to scan: what moves, what is renewed, what is replaced. */
#include "scratch.h"

#include "commands/machines.h"
#include "store/db.h"

static struct store *store;
static int64_t scan;

static int open_store(void **state)
{
	(void)state;
	unlink("list");
	return store_open("list", &store) == STORE_OK ? 0 : -1;
}

static int close_store(void **state)
{
	(void)state;
	store_close(store);
	unlink("list");
	return 0;
}

static void begin_at(const char *site)
{
	static char uuid[] = "0";
	const struct scan_row row = { .uuid = uuid,
				      .site = site,
				      .vantage = "v",
				      .profile = "p",
				      .version = "0",
				      .plan = "{}",
				      .started = 1 };

	uuid[0]++;
	scan = store_scan_begin(store, &row);
	assert_true(scan > 0);
}

static void begin(void)
{
	begin_at("s");
}

static void host_in(const char *address, const char *mac, const char *state)
{
	const struct host_row row = { .address = address,
				      .kind = "it",
				      .treated = "it",
				      .state = state,
				      .mac = mac,
				      .complete = true };

	store_host(store, &row);
}

static void host(const char *address, const char *mac)
{
	host_in(address, mac, "answering");
}

static void tells(const char *address, const char *probe, const char *document)
{
	const struct evidence_row row = { .address = address,
					  .transport = "tcp",
					  .probe = probe,
					  .ending = "done",
					  .document = document,
					  .port = 1 };

	store_service(store, address, 1, "tcp", "open", "connected", probe, NULL);
	store_evidence(store, &row);
}

static void ssh(const char *address, const char *key)
{
	char document[64];

	snprintf(document, sizeof(document), "{\"hostkeys\":[{\"sha256\":\"%s\"}]}", key);
	tells(address, "ssh", document);
}

static void named(const char *address, const char *name)
{
	char document[64];

	snprintf(document, sizeof(document), "{\"computer\":\"%s\"}", name);
	tells(address, "smb", document);
}

/* "ADDRESS=ASSET ...", twice: the second time changes nothing. */
static void assert_assets(const char *expected)
{
	store_commit(store);
	for (int i = 0; i < 2; i++) {
		struct query *q = NULL;
		struct db *db;

		machines(store, scan);
		assert_int_equal(store_error(store), STORE_OK);
		assert_int_equal(db_borrow(store_db(store), &db), 0);
		assert_int_equal(query_new(db,
					   "SELECT coalesce(group_concat(x, ' '), '') FROM"
					   " (SELECT address || '=' || asset AS x FROM asset_of"
					   "  WHERE scan = ? ORDER BY address)",
					   &q),
				 0);
		query_bind_int(q, 1, scan);
		assert_int_equal(query_step(q), 1);
		assert_string_equal(query_text(q, 0), expected);
		query_free(q);
		db_free(db);
	}
}

#define A "02:00:00:00:00:0a"
#define B "02:00:00:00:00:0b"

static void a_card_is_followed(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", A);
	host("10.0.0.2", B);
	assert_assets("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.2");
	begin(); /* they changed places */
	host("10.0.0.1", B);
	host("10.0.0.2", A);
	assert_assets("10.0.0.1=10.0.0.2 10.0.0.2=10.0.0.1");
	begin(); /* one went on, a stranger has its place */
	host("10.0.0.2", "02:00:00:00:00:0c");
	host("10.0.0.3", A);
	assert_assets("10.0.0.2=10.0.0.2#2 10.0.0.3=10.0.0.1");
	begin(); /* the stranger's successor: the name is never given twice */
	host("10.0.0.2", "02:00:00:00:00:0d");
	assert_assets("10.0.0.2=10.0.0.2#3");
}

static void two_signs_are_followed(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", NULL);
	ssh("10.0.0.1", "aa");
	named("10.0.0.1", "PUMP");
	assert_assets("10.0.0.1=10.0.0.1");
	begin(); /* a key alone may be a copy */
	host("10.0.0.5", NULL);
	ssh("10.0.0.5", "aa");
	assert_assets("10.0.0.5=10.0.0.5");
	begin();
	host("10.0.0.6", NULL);
	ssh("10.0.0.6", "bb");
	named("10.0.0.6", "VALVE");
	assert_assets("10.0.0.6=10.0.0.6");
	begin();
	host("10.0.0.7", NULL);
	ssh("10.0.0.7", "bb");
	named("10.0.0.7", "VALVE");
	assert_assets("10.0.0.7=10.0.0.6");
}

static void a_copy_is_somebody_else(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", A);
	ssh("10.0.0.1", "aa");
	named("10.0.0.1", "IMAGE");
	assert_assets("10.0.0.1=10.0.0.1");
	begin(); /* the original is switched off */
	host("10.0.0.2", B);
	ssh("10.0.0.2", "aa");
	named("10.0.0.2", "IMAGE");
	assert_assets("10.0.0.2=10.0.0.2");
}

static void what_two_show_is_no_sign(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", NULL);
	ssh("10.0.0.1", "aa");
	assert_assets("10.0.0.1=10.0.0.1");
	begin();
	host("10.0.0.2", NULL);
	host("10.0.0.3", NULL);
	ssh("10.0.0.2", "aa");
	ssh("10.0.0.3", "aa");
	assert_assets("10.0.0.2=10.0.0.2 10.0.0.3=10.0.0.3");
}

static void a_renewed_key_is_the_same_machine(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", NULL);
	ssh("10.0.0.1", "aa");
	assert_assets("10.0.0.1=10.0.0.1");
	begin();
	host("10.0.0.1", NULL);
	ssh("10.0.0.1", "bb");
	assert_assets("10.0.0.1=10.0.0.1");
	begin(); /* and one that shows nothing */
	host("10.0.0.1", NULL);
	assert_assets("10.0.0.1=10.0.0.1");
}

static void a_new_card_in_the_same_machine(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", A);
	ssh("10.0.0.1", "aa");
	assert_assets("10.0.0.1=10.0.0.1");
	begin();
	host("10.0.0.1", B);
	ssh("10.0.0.1", "aa");
	assert_assets("10.0.0.1=10.0.0.1");
}

static void several_addresses_are_one(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", A);
	host("10.0.0.2", A);
	assert_assets("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.1");
	begin();
	host("10.0.0.2", A);
	host("10.0.0.3", A);
	assert_assets("10.0.0.2=10.0.0.1 10.0.0.3=10.0.0.1");
}

static void what_was_known_apart_stays_apart(void **state)
{
	(void)state;
	begin(); /* nobody told their cards */
	host("10.0.0.1", NULL);
	host("10.0.0.2", NULL);
	assert_assets("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.2");
	for (int i = 0; i < 2; i++) {
		begin();
		host("10.0.0.1", A);
		host("10.0.0.2", A);
		assert_assets("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.2");
	}
}

static void what_was_known_as_one_stays_one(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", A);
	host("10.0.0.2", A);
	assert_assets("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.1");
	begin(); /* nobody tells the card now */
	host("10.0.0.1", NULL);
	host("10.0.0.2", NULL);
	assert_assets("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.1");
	begin(); /* somebody else is there */
	host("10.0.0.1", A);
	host("10.0.0.2", B);
	assert_assets("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.2");
}

static void findings_of_before_have_their_names(void **state)
{
	static const char finding[] =
		"INSERT INTO finding (fingerprint, site, check_id, severity, asset, address, "
		"status,"
		" vantage, first_seen, first_scan, last_seen, last_scan) VALUES"
		" (%Q, 's', 'c', 'low', %Q, %Q, 'open', 'v', 1, 1, 1, 1)";
	struct db *db;

	(void)state;
	begin();
	host("10.0.0.1", A);
	host("10.0.0.2", A);
	store_commit(store);
	assert_int_equal(db_borrow(store_db(store), &db), 0);
	assert_int_equal(db_execf(db, finding, "f", "10.0.0.2", "10.0.0.2"), 0);
	assert_int_equal(db_execf(db, finding, "g", "10.0.0.1", "10.0.0.1"), 0);
	db_free(db);
	assert_assets("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.2");
}

/* A router that answers ARP for its neighbours, or machines that share the card of their host. */
static void one_card_with_different_keys(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", A);
	host("10.0.0.2", A);
	ssh("10.0.0.1", "aa");
	ssh("10.0.0.2", "bb");
	assert_assets("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.2");
}

static void routers_that_stand_in_for_each_other(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", "00:00:5e:00:01:07");
	assert_assets("10.0.0.1=10.0.0.1");
	begin();
	host("10.0.0.2", "00:00:5e:00:01:07");
	assert_assets("10.0.0.2=10.0.0.2");
}

static void silence_is_no_asset(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", A);
	assert_assets("10.0.0.1=10.0.0.1");
	begin();
	host_in("10.0.0.1", NULL, "silent");
	host("10.0.0.2", A);
	assert_assets("10.0.0.2=10.0.0.1");
}

static void sites_are_apart(void **state)
{
	(void)state;
	begin();
	host("10.0.0.1", A);
	assert_assets("10.0.0.1=10.0.0.1");
	begin_at("elsewhere");
	host("10.0.0.2", A);
	assert_assets("10.0.0.2=10.0.0.2");
}

static void a_serial_number_and_a_name(void **state)
{
	struct db *db;

	(void)state;
	for (int i = 1; i <= 2; i++) {
		char address[16];

		begin();
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		host(address, NULL);
		named(address, "UPS");
		store_commit(store);
		assert_int_equal(db_borrow(store_db(store), &db), 0);
		assert_int_equal(
			db_execf(db,
				 "INSERT INTO device VALUES (%lld, %Q, 'Maker', NULL, NULL,"
				 " 'SN-1234', NULL, 1, '[]')",
				 (long long)scan, address),
			0);
		db_free(db);
	}
	assert_assets("10.0.0.2=10.0.0.2"); /* the first scan's was not asked for yet */
	scan--;
	assert_assets("10.0.0.1=10.0.0.2");
}

/* ---- under which key findings are filed ---- */

/* An answering host that the ledger (its line is written too) has under this id; NULL: it does not have it. */
static void listed(const char *address, const char *mac, const char *id)
{
	const struct host_row row = { .address = address,
				      .kind = "it",
				      .treated = "it",
				      .state = "answering",
				      .mac = mac,
				      .ledger_id = id,
				      .complete = true };
	const struct ledger_row line = { .id = id, .declared = "[]", .line = 2 };

	store_host(store, &row);
	if (id != NULL)
		store_ledger(store, &line);
}

/* "ADDRESS=KEY ...", twice. */
static void assert_filed(const char *expected)
{
	store_commit(store);
	for (int i = 0; i < 2; i++) {
		struct query *q = NULL;
		struct db *db;

		machines(store, scan);
		assert_int_equal(store_error(store), STORE_OK);
		assert_int_equal(db_borrow(store_db(store), &db), 0);
		assert_int_equal(query_new(db,
					   "SELECT coalesce(group_concat(x, ' '), '') FROM"
					   " (SELECT address || '=' || filed AS x FROM asset_filed"
					   "  WHERE scan = ? ORDER BY address)",
					   &q),
				 0);
		query_bind_int(q, 1, scan);
		assert_int_equal(query_step(q), 1);
		assert_string_equal(query_text(q, 0), expected);
		query_free(q);
		db_free(db);
	}
}

static void keys_go_with_the_machine(void **state)
{
	(void)state;
	begin();
	listed("10.0.0.1", A, NULL);
	listed("10.0.0.2", B, NULL);
	ssh("10.0.0.3", "aa");
	named("10.0.0.3", "PRINTER");
	listed("10.0.0.3", NULL, NULL);
	assert_filed("10.0.0.1=10.0.0.1 10.0.0.2=10.0.0.2 10.0.0.3=10.0.0.3");
	begin(); /* two change their addresses, one gets a new one by DHCP: known by its host key */
	listed("10.0.0.1", B, NULL);
	listed("10.0.0.2", A, NULL);
	ssh("10.0.0.9", "aa");
	named("10.0.0.9", "PRINTER");
	listed("10.0.0.9", NULL, NULL);
	assert_filed("10.0.0.1=10.0.0.2 10.0.0.2=10.0.0.1 10.0.0.9=10.0.0.3");
}

static void keys_outlive_the_ledger(void **state)
{
	(void)state;
	begin();
	listed("10.0.0.1", A, NULL);
	listed("10.0.0.2", B, "PC-2");
	assert_filed("10.0.0.1=10.0.0.1 10.0.0.2=PC-2");
	begin(); /* one enters the ledger, the other one has a new id there */
	listed("10.0.0.1", A, "PC-1");
	listed("10.0.0.2", B, "SRV-2");
	assert_filed("10.0.0.1=10.0.0.1 10.0.0.2=PC-2");
	begin(); /* with other addresses */
	listed("10.0.0.8", A, "PC-1");
	listed("10.0.0.9", B, "SRV-2");
	assert_filed("10.0.0.8=10.0.0.1 10.0.0.9=PC-2");
	begin(); /* both leave the ledger */
	listed("10.0.0.8", A, NULL);
	listed("10.0.0.9", B, NULL);
	assert_filed("10.0.0.8=10.0.0.1 10.0.0.9=PC-2");
	begin(); /* the old id comes to somebody else: two assets do not share their findings */
	listed("10.0.0.9", B, NULL);
	listed("10.0.0.7", "02:00:00:00:00:0c", "PC-2");
	assert_filed("10.0.0.7=PC-2 10.0.0.9=10.0.0.2");
}

/* Whoever the operator calls PC-1 is PC-1: a new machine for an old one too. */
static void ids_are_the_operators(void **state)
{
	(void)state;
	begin();
	listed("10.0.0.1", A, "PC-1");
	listed("10.0.0.2", B, "PC-2");
	assert_filed("10.0.0.1=PC-1 10.0.0.2=PC-2");
	begin();
	listed("10.0.0.1", A, "PC-2");
	listed("10.0.0.2", B, "PC-1");
	assert_filed("10.0.0.1=PC-2 10.0.0.2=PC-1");
	begin();
	listed("10.0.0.3", "02:00:00:00:00:0c", "PC-1");
	assert_filed("10.0.0.3=PC-1");
	begin(); /* the id that it had is another's now */
	listed("10.0.0.1", A, "PC-9");
	listed("10.0.0.2", B, "PC-2");
	assert_filed("10.0.0.1=PC-9 10.0.0.2=PC-2");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_card_is_followed),
		TEST(two_signs_are_followed),
		TEST(a_copy_is_somebody_else),
		TEST(what_two_show_is_no_sign),
		TEST(a_renewed_key_is_the_same_machine),
		TEST(a_new_card_in_the_same_machine),
		TEST(several_addresses_are_one),
		TEST(what_was_known_apart_stays_apart),
		TEST(what_was_known_as_one_stays_one),
		TEST(findings_of_before_have_their_names),
		TEST(one_card_with_different_keys),
		TEST(routers_that_stand_in_for_each_other),
		TEST(silence_is_no_asset),
		TEST(sites_are_apart),
		TEST(a_serial_number_and_a_name),
		TEST(keys_go_with_the_machine),
		TEST(keys_outlive_the_ledger),
		TEST(ids_are_the_operators),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
