/* SPDX-License-Identifier: Apache-2.0 */
/* The page of 10,000 machines and 50,000 findings keeps below 20 MB: told from two smaller ones, since each
 * machine and each finding adds as much as the one before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "report/crowd.h"
#include "report/report.h"
#include "store/open.h"

enum { FEW = 120, MORE = 620, MACHINES = 10000, FINDINGS = 50000, MOST = 20000000 };

struct size {
	double findings_part, rest, findings;
};

static struct size size_of(const struct sample_judge *j, unsigned machines)
{
	char path[] = "/tmp/tenken-crowd-XXXXXX", *page = NULL;
	int fd = mkstemp(path);
	struct store_reader reader;
	struct size s = { 0 };
	int64_t findings = 0;
	size_t size = 0;
	FILE *out = open_memstream(&page, &size);

	assert_true(fd >= 0 && out != NULL);
	close(fd);
	unlink(path);
	assert_true(crowd_make(path, j, machines));
	assert_int_equal(store_open_read(path, &reader), STORE_OK);
	assert_int_equal(judge_run(reader.db, &j->catalogue, store_newest_scan(reader.db),
				   j->probes, &j->ports, NULL),
			 0);
	assert_int_equal(report_html(reader.db, &j->catalogue, LANGUAGE_JA, NULL, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(db_number(reader.db, "SELECT count(*) FROM finding_now", 0, &findings), 0);
	store_close_read(&reader);
	unlink(path);

	const char *from = strstr(page, "<section id=\"findings\""),
		   *to = from != NULL ? strstr(from, "</section>") : NULL;
	assert_non_null(to);
	s.findings = (double)findings;
	s.findings_part = (double)(to - from);
	s.rest = (double)size - s.findings_part;
	free(page);
	return s;
}

static void a_large_page_is_not_too_large(void **state)
{
	static const char *const all[] = { "all" };
	struct sample_judge j;

	(void)state;
	assert_true(sample_judge_start_with(&j, getenv("TENKEN_DATA"), NULL, all, 1));
	struct size few = size_of(&j, FEW), more = size_of(&j, MORE);
	double each_finding =
		(more.findings_part - few.findings_part) / (more.findings - few.findings);
	double each_machine = (more.rest - few.rest) / (MORE - FEW);
	double whole = few.rest + few.findings_part + each_machine * (MACHINES - FEW) +
		       each_finding * (FINDINGS - few.findings);

	printf("# %.0f bytes each machine, %.0f each finding, %.1f MB with %d and %d\n",
	       each_machine, each_finding, whole / 1e6, MACHINES, FINDINGS);
	sample_judge_done(&j);
	assert_true(more.findings >= 5 * MORE);
	assert_true(whole < MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_large_page_is_not_too_large) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
