/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats that `tenken export --format NAME` writes: one row each in formats.c, and its writer in a
 * file of its own. doc/exports.md says what every field is, and of which version of whose standard.
 *
 * A writer reads the judged store (report.h) and writes all of its output to out, streamed: nothing that
 * grows with the network is held as one tree. The same job gives the same bytes. It returns 0 or negative
 * errno as report.h says, and changes nothing in the store.
 */
#ifndef TENKEN_REPORT_FORMATS_H
#define TENKEN_REPORT_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "codec/i18n.h"
#include "judge/catalogue.h"
#include "report/encoding.h"
#include "store/db.h"

/* What the user must be told beside the output: the command says it on stderr. */
struct export_told {
	uint64_t cells_cut; /* longer than the format allows; marked in place */
	uint64_t rows_left; /* beyond what the format holds */
};

struct export_job {
	struct db *db;
	const struct catalogue *catalogue;
	enum language language;
	/* One of the format's tables, never NULL where it has any. */
	const char *table;
	/* Of the file; export_write() sees to it, writers write UTF-8. */
	enum encoding encoding;
	/* A folder for what a format must put together before it is written; NULL: that of the system. */
	const char *scratch;
	struct export_told *told; /* never NULL for a writer */
};

struct export_format {
	const char *name;       /* the word of --format */
	const char *extension;  /* of its files, without the dot */
	const char *media_type; /* for --push */
	/* One line of --help and of doc/exports.md, in English; N_(). */
	const char *words;
	/* The tables of --table, the first is the default; ends with NULL. NULL: there are none. */
	const char *const *tables;
	bool encodings; /* it is CSV: --encoding holds for it */
	bool lines;     /* one JSON object on each line: --push may send it in batches */
	bool binary;    /* it is no text: not for a terminal */
	bool draft;     /* for a person to go through: it never takes the place of a file */
	int (*write)(const struct export_job *job, FILE *out);
};

/* The writers, each in the file of its name; those of OSCAL share oscal.c. */
int report_csv_table(const struct export_job *job, FILE *out);
int report_sarif(const struct export_job *job, FILE *out);
int report_ocsf(const struct export_job *job, FILE *out);
int report_defectdojo(const struct export_job *job, FILE *out);
int report_xlsx(const struct export_job *job, FILE *out);
int report_oscal_catalog(const struct export_job *job, FILE *out);
int report_oscal_profile(const struct export_job *job, FILE *out);
int report_oscal_results(const struct export_job *job, FILE *out);

/* A table of csv: report/vulnerabilities.h. */
int report_vulnerabilities(const struct export_job *job, FILE *out);
int report_ledger(const struct export_job *job, FILE *out);

/* Ends with a NULL name. */
extern const struct export_format export_formats[];
/* NULL where there is none of this name. */
const struct export_format *export_format_of(const char *name);
/* The format has this table. */
bool export_has_table(const struct export_format *f, const char *table);

/*
 * Writes a format through its encoding: what export, scan and a bundle call. A NULL table becomes the
 * format's first. replaced takes how many characters the encoding lacks; it may be NULL. 0 or negative
 * errno.
 */
int export_write(const struct export_format *f, const struct export_job *job, uint64_t *replaced,
		 FILE *out);

#endif
