/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A workbook for Excel (ECMA-376), as its sheets are written: rows from the top, texts as texts and never as
 * formulas or links, with what the printed page needs. Limits of Excel (1,048,576 rows, 32,767 UTF-16 units in
 * a cell) are kept and told.
 */
#ifndef TENKEN_REPORT_XLSX_BOOK_H
#define TENKEN_REPORT_XLSX_BOOK_H

#include <xlsxwriter.h>

#include "report/facts.h"
#include "report/formats.h"
#include "report/words.h"

enum look {
	LOOK_TEXT,  /* wrapped, from the top */
	LOOK_SHORT, /* one line */
	LOOK_NUMBER,
	LOOK_COUNT, /* a number that stands on the left */
	LOOK_FILL,  /* for a person to fill in */
	LOOK_HEAD,
	LOOK_TITLE,
	LOOK_PART, /* a heading between rows */
	LOOK_CRITICAL,
	LOOK_HIGH,
	LOOK_MEDIUM,
	LOOK_LOW,
	LOOK_GOOD,
	LOOKS
};

struct book {
	lxw_workbook *workbook;
	lxw_format *looks[LOOKS];
	struct facts *facts;
	const struct catalogue *catalogue;
	enum language l;
	struct export_told *told;
	char *header; /* of the printed page */
};

struct column {
	enum word head;
	double width; /* in characters */
	enum look look;
};

struct sheet {
	struct book *book;
	lxw_worksheet *at;
	const struct column *columns;
	lxw_row_t row, head; /* head: the row of the columns' heads */
	lxw_col_t column, count;
	unsigned lines; /* that the highest cell of this row takes */
	bool full;
};

/* A sheet with heads, frozen and filtered; name is cut to what Excel takes (31, without []:*?/\). */
struct sheet sheet_new(struct book *b, const char *name, const struct column *columns,
		       size_t count);
/* The same with a title and an explanation, as wide as the printed columns, above the heads. */
struct sheet sheet_new_titled(struct book *b, const char *name, const char *title, const char *note,
			      const struct column *columns, size_t count, size_t printed);
/* Filter over the rows that were written, and what has to come last. On paper go the first columns only: so
 * many that they can be read; 0: all. */
void sheet_end(struct sheet *s, lxw_col_t printed);

/* A new row. False, and counted, where the sheet is full. */
bool sheet_row(struct sheet *s);
/* Cells of the row, one behind the other, in the look of their column. */
void cell_put(struct sheet *s, const char *text);
void cell_put_look(struct sheet *s, const char *text, enum look look);
void cell_number(struct sheet *s, int64_t n);
void cell_count(struct sheet *s, int64_t n);
void cell_number_of(struct sheet *s, struct query *q, const char *column); /* empty for NULL */
void cell_time(struct sheet *s, int64_t seconds); /* in the zone of clock_enter(); empty for 0 */
void cell_day(struct sheet *s, int64_t seconds);
void cell_severity(struct sheet *s, const char *severity);
/* A list to choose from in this column, for all rows below the heads. */
void column_choice(struct sheet *s, lxw_col_t column, const char *const *words);

/* ---- the sheets ---- */
void sheet_summary(struct book *b);
void sheet_findings(struct book *b);
void sheet_checklist(struct book *b, const struct guideline *g);
void sheet_assets(struct book *b);
void sheet_flows(struct book *b);
void sheet_waivers(struct book *b);
void sheet_treatments(struct book *b);
void sheet_vulnerabilities(struct book *b);

#endif
