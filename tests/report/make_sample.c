/* SPDX-License-Identifier: Apache-2.0 */
/* A tool of the tests: make_sample DATA STORE [CHECKS [killed|heard]] writes the sample store. */
#include <stdio.h>
#include <string.h>

#include "report/sample.h"

int main(int argc, char **argv)
{
	struct sample_judge j;

	if (argc < 3) {
		fprintf(stderr, "usage: make_sample DATA STORE [CHECKS [killed|heard]]\n");
		return 2;
	}
	const char *checks = argc > 3 && argv[3][0] != '\0' ? argv[3] : NULL;
	bool ended = argc < 5 || strcmp(argv[4], "killed") != 0;
	bool good = sample_judge_start(&j, argv[1], checks) && sample_make(argv[2], &j, ended);
	if (good && argc > 4 && strcmp(argv[4], "heard") == 0)
		good = sample_add_heard(argv[2], &j);
	sample_judge_done(&j);
	return good ? 0 : 1;
}
