/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of tickets share. */
#ifndef TENKEN_REPORT_TICKET_PARTS_H
#define TENKEN_REPORT_TICKET_PARTS_H

#include "report/facts.h"
#include "report/tickets.h"

/* What is planned about a finding, as its judging says; state NULL: nothing. */
struct ticket_plan {
	const char *action, *owner, *state, *note;
	int64_t due;
	bool contradicted; /* it is said to be done, and was found after that day */
};

/* One finding as its ticket tells it. Texts are valid until the next row. */
struct ticket_row {
	const struct ticket *ticket;
	struct query *finding, *told; /* one row each; told NULL: there is none */
	struct ticket_plan plan;
	const struct check *check; /* NULL: a check that is gone */
	const char *name;          /* of the asset, from the ledger; NULL: none */
};

/* Reads rows by fingerprint; what is prepared is kept. */
struct ticket_source {
	struct facts facts;
	enum language language;
	const char *target;
	struct query *now, *gone, *told, *name;
	json_t *plan; /* of the row; NULL: none */
};
/* The facts are loaded and the tables of ticket_told() are there. */
bool source_start(struct ticket_source *s, struct db *db, const struct catalogue *c,
		  enum language l, const char *target);
void source_done(struct ticket_source *s);
bool source_row(struct ticket_source *s, const struct ticket *t, struct ticket_row *ret);

/* "Weak SSH algorithms offered (PLC-1 192.168.10.5 tcp/22): ssh-dss", at most so many characters. */
void put_ticket_subject(struct ticket_source *s, const struct ticket_row *r, size_t most,
			FILE *out);
/* Several lines, ended by LF alone. */
void put_ticket_description(struct ticket_source *s, const struct ticket_row *r, FILE *out);
/* What became of it, in one line. */
void put_ticket_notes(struct ticket_source *s, const struct ticket_row *r, FILE *out);
/* A moment's day, "2026-11-20"; nothing for 0. */
void put_ticket_day(int64_t seconds, FILE *out);

#endif
