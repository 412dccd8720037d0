/* SPDX-License-Identifier: Apache-2.0 */
/* What the process that listens tells main: every record comes back as it was, and nothing else is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "listen/record.h"

static struct record got; /* large */

static struct addr address(uint8_t last)
{
	return (struct addr){ .bytes = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = last } };
}

static const struct told_fact fact = {
	.kind = "name.dhcp",
	.value = "h******",
	.has_mac = true,
	.mac = { 2, 0, 0, 0, 0, 1 },
	.port = 53,
	.udp = true,
	.times = 3,
	.first_ms = 1700000000000,
	.last_ms = 1700000001000,
};

/* One of each kind. */
static size_t write_all(uint8_t *bytes, size_t room)
{
	struct writer w = wr_new(bytes, room);
	struct told_host host = { .address = address(1), .vlan = 7, .sent = 5, .last_ms = 9 };
	struct told_flow flow = { .src = address(1),
				  .dst = address(2),
				  .port = 502,
				  .protocol = 6,
				  .opened = true,
				  .application = "modbus",
				  .source = "decoder",
				  .name = "plc.example",
				  .connections = 2,
				  .bytes = { 100, 200 },
				  .packets = { 3, 4 },
				  .first_ms = 1,
				  .last_ms = 2 };
	struct told_operation operation = { .master = address(1),
					    .slave = address(2),
					    .port = 502,
					    .protocol = "modbus",
					    .word = "write-single-coil",
					    .access = "write",
					    .unit = -1,
					    .code = 5,
					    .requests = 1 };
	struct told_begin begin = { .why = CAPTURE_GOES_ON, .first_ns = 5, .link = "EN10MB" };
	struct told_watch watch = { .number = 3, .link = "EN10MB", .packets = 9, .downs = 1 };
	struct listener_counts counts = { .frames = 9, .gaps = 2 };

	record_write_host(&w, &host);
	record_write_flow(&w, &flow);
	record_write_operation(&w, &operation);
	record_write_fact(&w, &fact);
	record_write_begin(&w, &begin);
	record_write_watch(&w, &watch);
	record_write_end(&w, &counts);
	assert_true(wr_ok(&w));
	return wr_span(&w).length;
}

static void comes_back(void **state)
{
	(void)state;
	uint8_t bytes[2048];
	struct reader r = rd_new(span_of(bytes, write_all(bytes, sizeof(bytes))));

	assert_true(record_read(&r, &got));
	assert_int_equal(got.kind, RECORD_HOST);
	assert_int_equal(got.u.host.vlan, 7);
	assert_true(record_read(&r, &got));
	assert_int_equal(got.u.flow.bytes[1], 200);
	assert_string_equal(got.u.flow.application, "modbus");
	assert_string_equal(got.u.flow.name, "plc.example");
	assert_true(record_read(&r, &got));
	assert_int_equal(got.u.operation.unit, -1);
	assert_string_equal(got.u.operation.access, "write");
	assert_true(record_read(&r, &got));
	assert_string_equal(got.u.fact.value, "h******");
	assert_memory_equal(got.u.fact.mac, fact.mac, 6);
	assert_true(record_read(&r, &got));
	assert_int_equal(got.u.begin.first_ns, 5);
	assert_true(record_read(&r, &got));
	assert_int_equal(got.u.watch.downs, 1);
	assert_true(record_read(&r, &got));
	assert_int_equal(got.kind, RECORD_END);
	assert_int_equal(got.u.counts.gaps, 2);
	assert_false(record_read(&r, &got));
	assert_true(rd_end(&r));
}

static bool believed(const struct told_fact *f)
{
	static uint8_t bytes[RECORD_MESSAGE];
	struct writer w = wr_new(bytes, sizeof(bytes));

	record_write_fact(&w, f);
	struct reader r = rd_new(wr_span(&w));
	return record_read(&r, &got) && rd_end(&r);
}

static void not_believed(void **state)
{
	(void)state;
	struct told_fact f = fact;

	assert_true(believed(&f));
	f.value = "escape \033[31m";
	assert_false(believed(&f));
	f.value = "no UTF-8 \xff";
	assert_false(believed(&f));
	f = fact;
	f.kind = "with space";
	assert_false(believed(&f));
	f.kind = "";
	assert_false(believed(&f));
	f = fact;
	f.times = UINT64_MAX;
	assert_false(believed(&f));
	f = fact;
	f.first_ms = -1;
	assert_false(believed(&f));
	f = fact;
	f.kind = "tls.certificate";
	f.value = "{\"subject\":";
	assert_false(believed(&f));
	f.value = "{\"subject\":\"CN=x\"}";
	assert_true(believed(&f));
}

static void mutated(void **state)
{
	(void)state;
	uint8_t bytes[2048];
	size_t n = write_all(bytes, sizeof(bytes));

	for (size_t bit = 0; bit < n * 8; bit++) {
		/* In a block of its own: reading behind its end is seen. */
		size_t kept = n - bit % 40;
		uint8_t *copy = malloc(kept);
		assert_non_null(copy);
		memcpy(copy, bytes, kept);
		if (bit / 8 < kept)
			copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
		struct reader r = rd_new(span_of(copy, kept));
		while (record_read(&r, &got))
			;
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(not_believed),
		cmocka_unit_test(mutated),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(all, NULL, NULL);
}
