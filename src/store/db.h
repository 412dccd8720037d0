/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite, as the other rooms see it: a database, queries with bound values, and a fence around SQL
 * that is not ours. Functions return 0 or negative errno; db_error() then says what SQLite said.
 */
#ifndef TENKEN_STORE_DB_H
#define TENKEN_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct db;
struct query;

enum db_mode {
	DB_READ,   /* an existing file; only TEMP objects can be made */
	DB_WRITE,  /* an existing file */
	DB_CREATE, /* made where it is missing; ":memory:" too */
};

/*
 * Beside SQLite's own, SQL has these functions; the answer to a NULL is NULL.
 * address_key(TEXT): a blob, in whose order addresses have their own; what is no address lies behind them.
 * address_within(ADDRESS, RANGES): 1 where the ranges, as `zone` has them, hold it, 0 where not, NULL for what is no
 * address.
 * address_public(TEXT): 1 for an address of the public Internet, 0 for another, NULL for what is none.
 * version_compare(A, B): -1, 0 or 1; version_within(VERSION, RANGE) and version_of_cycle(VERSION, CYCLE): 1
 * or 0; all of them NULL where it cannot be known (codec/version.h).
 * median(NUMBER): an aggregate, the middle one or the mean of both; NULLs are not counted.
 * name_key(TEXT), vendor_key(TEXT): a name and a maker's name as they are compared (codec/naming.h).
 */
int db_open(const char *path, enum db_mode mode, struct db **ret);
/* Around a handle that the caller keeps and closes after db_free(). TEMP objects live in memory from
 * here on, for which SQLite drops those that it has. */
int db_borrow(struct sqlite3 *handle, struct db **ret);
struct sqlite3 *db_handle(struct db *db);
/* The file, for a process that opens it anew: none while a statement or transaction holds its lock, of a
 * database in memory, or of one whose folder cannot be written to (NULL). Valid as long as db. */
const char *db_path(struct db *db);
/* Whether the database itself can only be read (TEMP objects can be made all the same). */
bool db_only_read(struct db *db);
/* Of a file that somebody else may have written, which is only read: its schema calls nothing, and who writes
 * it is waited for. */
void db_distrust(struct sqlite3 *handle);
void db_free(struct db *db);
/* The last failure, one line; "" where there was none. Valid until the next call. */
const char *db_error(const struct db *db);

/* Runs one or more statements that need no values and give no rows. */
int db_exec(struct db *db, const char *sql);
/* The same with sqlite3_mprintf()'s marks: %Q a quoted text, %w the inside of a quoted name, %lld. */
int db_execf(struct db *db, const char *format, ...);
/* The first column of the first row as a number; fallback where there is no row or a NULL. */
int db_number(struct db *db, const char *sql, int64_t fallback, int64_t *ret);

/* Is there a table of this name that stays (a store of an older version may not have it)? */
int db_has_table(struct db *db, const char *table, bool *ret);

/* One statement. A second statement behind it is -EINVAL. */
int query_new(struct db *db, const char *sql, struct query **ret);
void query_free(struct query *q);
/* Values by place, from 1. NULL is SQL's NULL. Texts are copied. */
int query_bind_text(struct query *q, int place, const char *text);
int query_bind_int(struct query *q, int place, int64_t v);
int query_bind_null(struct query *q, int place);
/* By name (":word"); a statement without it is fine. */
int query_bind_name(struct query *q, const char *name, const char *text);
/* 1: a row; 0: the end; negative: a failure. */
int query_step(struct query *q);
/* Steps once and makes it ready for new values: for statements that give no rows. */
int query_run(struct query *q);
/* The same of an INSERT, and in *ret the number of the row that it made; 0: it made none. */
int query_insert(struct query *q, int64_t *ret);
void query_reset(struct query *q);
/* The place of a column from 0; -1 where the statement gives none of that name. */
int query_column(struct query *q, const char *name);
int query_columns(const struct query *q);
/* Values of the row. A place of -1 is NULL. Texts are valid until the next step; NULL for NULL. */
const char *query_text(struct query *q, int column);
int64_t query_int(struct query *q, int column);
/* The bytes of a BLOB, valid as long as a text; NULL where it has not just this length. */
const uint8_t *query_bytes(struct query *q, int column, size_t length);
bool query_null(struct query *q, int column);
/* The value is a number (integer or real). */
bool query_numeric(struct query *q, int column);

/*
 * The fence: until db_unfence() statements of this database can only read, use no function whose
 * answer changes by itself (random()), and end with -ETIME after time_ms or -ENOMEM once SQLite
 * holds memory bytes more than now (a limit of the whole process). 0: no such limit. Statements made
 * before stay prepared but are denied as well if they write. db_refence() starts the time again.
 */
struct fence {
	unsigned time_ms;
	size_t memory;
};
void db_fence(struct db *db, const struct fence *f);
void db_refence(struct db *db);
void db_unfence(struct db *db);

#endif
