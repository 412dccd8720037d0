/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool of the bench: exports DATA STORE [CHECKS [FORMAT]] judges the newest scan of a store by the five
 * guidelines and writes every format of tenken export (or one) to a file that is thrown away, and prints for each
 * the seconds, the size and the most memory that was held while it was written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/formats.h"
#include "report/sample.h"
#include "store/open.h"

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The kernel's mark of the most memory begins anew. */
static void forget_peak(void)
{
	FILE *f = fopen("/proc/self/clear_refs", "we");

	if (f != NULL) {
		fputs("5", f);
		fclose(f);
	}
}

static long peak_kib(void)
{
	char line[256];
	long kib = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kib;
}

static bool try_format(const struct export_format *f, const char *table, struct export_job *job)
{
	FILE *out = tmpfile();
	double since = now_s();
	long size = 0;

	if (out == NULL)
		return false;
	job->table = table;
	forget_peak();
	int r = export_write(f, job, NULL, out);
	if (fflush(out) != 0)
		r = -1;
	size = ftell(out);
	fclose(out);
	printf("%-18s %-9s %7.2f s %9.1f MB %7.0f MB held%s\n", f->name, table != NULL ? table : "",
	       now_s() - since, (double)size / 1e6, (double)peak_kib() / 1e3,
	       r == 0 ? "" : "  FAILED");
	return r == 0;
}

int main(int argc, char **argv)
{
	static const char *const guidelines[] = { "mlit-water", "mlit-port", "jama-japia",
						  "nisc-measures", "nisc-handbook" };
	struct sample_judge j;
	struct store_reader reader;
	struct export_told told = { 0 };
	bool good = true;

	if (argc < 3) {
		fprintf(stderr, "usage: exports DATA STORE [CHECKS [FORMAT]]\n");
		return 2;
	}
	const char *checks = argc > 3 && argv[3][0] != '\0' ? argv[3] : NULL;
	if (!sample_judge_start_with(&j, argv[1], checks, guidelines,
				     sizeof(guidelines) / sizeof(guidelines[0])) ||
	    store_open_read(argv[2], &reader) != STORE_OK)
		return 1;
	double since = now_s();
	if (judge_run(reader.db, &j.catalogue, store_newest_scan(reader.db), j.probes, &j.ports,
		      NULL) != 0)
		return 1;
	printf("%-18s %-9s %7.2f s %9s    %7.0f MB held\n", "judging", "", now_s() - since, "",
	       (double)peak_kib() / 1e3);
	struct export_job job = {
		.db = reader.db, .catalogue = &j.catalogue, .language = LANGUAGE_JA, .told = &told
	};
	for (const struct export_format *f = export_formats; f->name != NULL; f++) {
		if (argc > 4 && strcmp(argv[4], f->name) != 0)
			continue;
		if (f->tables == NULL)
			good = try_format(f, NULL, &job) && good;
		for (size_t i = 0; f->tables != NULL && f->tables[i] != NULL; i++)
			good = try_format(f, f->tables[i], &job) && good;
	}
	judge_forget(reader.db);
	store_close_read(&reader);
	sample_judge_done(&j);
	return good ? 0 : 1;
}
