/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second process that asks checks, on a connection to the store of its own and with views of its own, while
 * the first one works out where they ran and keeps what they find. It never has the last word: what it cannot
 * do the first one does. It is no thread, since SQLite counts the memory of all threads behind one lock.
 */
#ifndef TENKEN_JUDGE_HELPER_H
#define TENKEN_JUDGE_HELPER_H

#include "judge/judged.h"
#include "judge/rows.h"

struct helper;

/* Starts one where it pays, before anything is made of the store. NULL: there is none, which all the others
 * take for what it is. */
struct helper *helper_start(const struct judged *j, const struct port_list *ports);
/* This check (its place in the catalogue) is to be asked. */
void helper_offer(struct helper *h, size_t check);
/* Nothing more is offered. */
void helper_all(struct helper *h);
/* The check's rows, by whomever, in the order in which they were offered; as rows_ask(). */
int helper_rows(struct helper *h, struct judged *j, size_t check, struct rows *ret);
void helper_end(struct helper *h);

#endif
