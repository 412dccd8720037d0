/* SPDX-License-Identifier: Apache-2.0 */
/* What SQL can call beside SQLite's own functions; db.h says what they give. For store/db.c alone. */
#ifndef TENKEN_STORE_FUNCTIONS_H
#define TENKEN_STORE_FUNCTIONS_H

struct sqlite3;

/* 0 or -ENOMEM. */
int functions_add(struct sqlite3 *handle);

#endif
