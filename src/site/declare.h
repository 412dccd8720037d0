/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share among themselves. */
#ifndef TENKEN_SITE_DECLARE_H
#define TENKEN_SITE_DECLARE_H

#include "site/site.h"

/* Room for one more zeroed element of size bytes at the end of a list; list is the address of the
 * pointer to it. NULL without memory. */
void *list_grow(void *list, size_t *count, size_t size);
/* Appends a copy; false without memory. */
bool texts_add(char ***list, size_t *count, const char *text);
__attribute__((format(printf, 3, 4))) void texts_addf(char ***list, size_t *count,
						      const char *format, ...);
void texts_done(char ***list, size_t *count);

/* "Sun 02:00-04:00"; false where it is none. */
bool window_parse(const char *text, struct window *ret);

/* "YYYY-MM-DD", a day that exists. */
bool day_parse(const char *text, int *ret_year, int *ret_month, int *ret_day);
/* Reads the offsets of this time zone (NULL: the machine's own) into the site. 0, -ENOENT (no such
 * zone) or -ENOMEM. */
int clock_load(struct site *s, const char *zone);

/* "tcp/443", "443/tcp", "443", "tcp/1000-2000", "tcp" (all of it). */
bool port_range_parse(struct span text, struct port_range *ret);

/* Reads the ledger's text into s->assets; zones must stand already. Complaints name the given path. */
enum { LEDGER_BYTES_MAX = 32 * 1024 * 1024 };
void ledger_load(struct site *s, const char *path, const struct file_text *text,
		 struct complaints *c);
void ledger_done(struct site *s);

#endif
