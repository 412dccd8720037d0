/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's memory of hosts, and the devices that have several addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "talk/hosts.h"

static struct addr numbered(uint32_t i)
{
	return (struct addr){ .bytes = { [10] = 0xff,
					 0xff,
					 10,
					 (uint8_t)(i >> 16),
					 (uint8_t)(i >> 8),
					 (uint8_t)i } };
}

static void hosts_are_forgotten_and_found(void **state)
{
	enum { COUNT = 20000 };
	struct site site;
	static struct host *made[COUNT];

	(void)state;
	assert_int_equal(site_default(&site), 0);
	struct hosts *hs = hosts_new(&site);
	assert_non_null(hs);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct addr a = numbered(i);

		made[i] = hosts_get(hs, &a);
		assert_non_null(made[i]);
		if (i % 3 != 0 && i >= 50) { /* an earlier one goes */
			uint32_t k = i - 50 + i % 7;

			if (made[k] != NULL)
				hosts_drop(hs, made[k]);
			made[k] = NULL;
		}
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		struct addr a = numbered(i);

		assert_ptr_equal(hosts_find(hs, &a), made[i]);
	}
	hosts_free(hs);
	site_done(&site);
}

static void one_mac_is_one_device(void **state)
{
	static const uint8_t macs[][6] = { { 0, 0, 0x5e, 0, 0x53, 1 }, { 0, 0, 0x5e, 0, 0x53, 2 } };
	struct site site;
	struct host *h[1000];

	(void)state;
	assert_int_equal(site_default(&site), 0);
	struct hosts *hs = hosts_new(&site);
	assert_non_null(hs);
	for (uint32_t i = 0; i < 1000; i++) {
		struct addr a = { .bytes = { [0] = 0xfd, [14] = (uint8_t)(i >> 8), (uint8_t)i } };
		uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i };

		h[i] = hosts_get(hs, &a);
		assert_non_null(h[i]);
		hosts_set_mac(hs, h[i], i % 2 == 0 ? mac : macs[i % 4 / 2]);
	}
	h[5]->device->open = 3;
	for (uint32_t i = 0; i < 1000; i++)
		assert_ptr_equal(h[i]->device, i % 2 == 0 ? &h[i]->own : &h[i % 4]->own);
	/* What one address had under way when it turned out to be another's counts for both. */
	struct addr a = { .bytes = { [0] = 0xfd, [1] = 1 } };
	struct host *late = hosts_get(hs, &a);
	late->own.open = 1;
	late->own.next_ms = 77;
	late->own.ot = true;
	hosts_set_mac(hs, late, macs[0]);
	assert_ptr_equal(late->device, h[1]->device);
	assert_int_equal(h[1]->device->open, 4);
	assert_int_equal(h[1]->device->next_ms, 77);
	assert_true(h[1]->device->ot);
	hosts_free(hs);
	site_done(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_forgotten_and_found),
		cmocka_unit_test(one_mac_is_one_device),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
