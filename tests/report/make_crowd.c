/* SPDX-License-Identifier: Apache-2.0 */
/* A tool of the tests and the bench: make_crowd DATA STORE MACHINES writes the store of a large site. */
#include <stdio.h>
#include <stdlib.h>

#include "report/crowd.h"

int main(int argc, char **argv)
{
	static const char *const all[] = { "all" };
	struct sample_judge j;

	if (argc != 4) {
		fprintf(stderr, "usage: make_crowd DATA STORE MACHINES\n");
		return 2;
	}
	bool good = sample_judge_start_with(&j, argv[1], NULL, all, 1) &&
		    crowd_make(argv[2], &j, (unsigned)strtoul(argv[3], NULL, 10));
	sample_judge_done(&j);
	return good ? 0 : 1;
}
