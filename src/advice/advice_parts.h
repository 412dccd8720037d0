/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of this room share. Nobody else includes this. */
#ifndef TENKEN_ADVICE_ADVICE_PARTS_H
#define TENKEN_ADVICE_ADVICE_PARTS_H

#include <jansson.h>

#include "advice/advice.h"

struct advice {
	struct db *db;
	struct query *support, *support_before, *advisory, *advisory_before, *forget, *product;
	struct advice_count counts[ADVICE_KINDS];
};

/* ---- a file, and where in it something is wrong ---- */

struct file {
	struct advice *advice;
	const char *name; /* as it stands in messages */
	const char *text;
	size_t length;
	struct complaints *complaints;
	bool wrong, out_of_memory; /* sticky: what is read after it is of no use */
};

/* The way to a value: a key, or (key NULL) a place in a list. Lives on the stack of who reads it. */
struct place {
	const struct place *above; /* NULL: the whole file */
	const char *key;
	size_t index;
};

static inline struct place place_key(const struct place *above, const char *key)
{
	return (struct place){ .above = above, .key = key };
}

static inline struct place place_index(const struct place *above, size_t index)
{
	return (struct place){ .above = above, .index = index };
}

/* "file:line: field: words". The first one of a file counts. */
__attribute__((format(printf, 3, 4))) void file_wrong(struct file *f, const struct place *at,
						      const char *format, ...);
/* The line (from 1) on which the value begins, in JSON that has been found right; 0: it is not there. */
unsigned json_line_of(const char *text, const struct place *at);
/* "vulnerabilities[3].cveID" */
void place_text(const struct place *at, char *out, size_t size);

/* Members of an object. What is missing or of another type is wrong, unless `may` allows that it is missing or
 * null. NULL then; texts are those of the JSON, at most ADVICE_TEXT_MAX bytes long. */
enum { MUST, MAY };
const char *member_text(struct file *f, const struct place *of, const json_t *object,
			const char *key, int may);
json_t *member_object(struct file *f, const struct place *of, const json_t *object, const char *key,
		      int may);
json_t *member_list(struct file *f, const struct place *of, const json_t *object, const char *key,
		    int may);
/* "2026-11-30", also out of a longer time of RFC 3339; ret is at least 11 bytes and "" where there is none. */
bool member_date(struct file *f, const struct place *of, const json_t *object, const char *key,
		 int may, char ret[static 11]);
bool date_valid(const char *text);
/* A member that says how many entries there are: data that was cut short would make products look safe. */
void check_count(struct file *f, const json_t *root, const char *key, size_t entries);

/* ---- keeping ---- */

struct support_row {
	const char *product, *cycle, *label, *latest, *released, *ends, *extended, *url;
	bool ended;
};
/* A cycle that is told twice keeps the later end. */
void keep_support(struct file *f, const struct support_row *row);

struct advisory_row {
	const char *publisher, *name, *title, *url, *date;
};
/* The number of the new advisory; 0: there is one of a later date already (or memory ran out), and this one is
 * to be passed over. An earlier one is forgotten. */
int64_t keep_advisory(struct file *f, enum advice_kind kind, const struct advisory_row *row);

struct product_row {
	const char *vendor, *product, *versions, *ranges, *status, *cves;
	double score; /* below 0: none */
};
void keep_product(struct file *f, int64_t advisory, const struct product_row *row);

/* A day of the data; the latest counts. */
void note_date(struct advice *a, enum advice_kind kind, const char *date);

/* ---- formats ---- */

bool is_endoflife(const json_t *root);
void read_endoflife(struct file *f, const json_t *root);
/* The older one, one product to a file. */
bool is_endoflife_cycles(const json_t *root);
void read_endoflife_cycles(struct file *f, const json_t *root);
bool is_kev(const json_t *root);
void read_kev(struct file *f, const json_t *root);
bool is_csaf(const json_t *root);
void read_csaf(struct file *f, const json_t *root);

#endif
