/* SPDX-License-Identifier: Apache-2.0 */
/* Files for one test, in a folder of its own, and what their reading complains about. */
#ifndef TENKEN_TESTS_UNIT_SCRATCH_H
#define TENKEN_TESTS_UNIT_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "codec/complaint.h"

static char scratch_folder[] = "/tmp/tenken-unit-XXXXXX";

static inline int scratch_open(void **state)
{
	(void)state;
	return mkdtemp(scratch_folder) == NULL || chdir(scratch_folder) != 0;
}

static inline int scratch_close(void **state)
{
	static const char *const names[] = { "site.yaml", "ledger.csv", "ports.csv", "list",
					     "more" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	return chdir("/") != 0 || rmdir(scratch_folder) != 0;
}

static inline void write_bytes(const char *name, const void *bytes, size_t n)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static inline void write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

static inline void assert_none(struct complaints *c)
{
	if (c->count > 0)
		fail_msg("%s", c->list[0]);
}

/* Exactly one complaint, this one. */
static inline void assert_only(struct complaints *c, const char *expected)
{
	if (c->count == 0)
		fail_msg("no complaint, expected: %s", expected);
	if (strcmp(c->list[0], expected) != 0)
		fail_msg("expected: %s\nfound:    %s", expected, c->list[0]);
	if (c->count > 1)
		fail_msg("also: %s", c->list[1]);
}

#endif
