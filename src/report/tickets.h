/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings as tickets of a tracker: what is new or changed since it was told last, in the form that it imports.
 * doc/tickets.md says what every column is, and from which rules of whose importer it comes.
 *
 * A finding's ticket is found again by its fingerprint, which stands in a field that can be searched. What was told
 * is remembered by the command, per tracker, once the output is whole (store/told.h, table exported).
 */
#ifndef TENKEN_REPORT_TICKETS_H
#define TENKEN_REPORT_TICKETS_H

#include "codec/seal.h"
#include "judge/judge.h"
#include "report/formats.h"

/* What the tracker has to do. A finding that is excepted and was never told has no ticket. */
enum ticket_action { TICKET_NEW, TICKET_UPDATE, TICKET_CLOSE, TICKET_REOPEN, TICKET_ACTIONS };
/* "new", "update", "close", "reopen". */
const char *ticket_action_word(enum ticket_action a);
enum ticket_action ticket_action_of_word(const char *word); /* TICKET_ACTIONS where it is none */

struct ticket {
	enum ticket_action action;
	char fingerprint[FINGERPRINT_TEXT];
	const char *status;        /* open, waived or fixed */
	char severity[16];         /* of the finding */
	char content[DIGEST_TEXT]; /* of what else its ticket says */
	bool gone;                 /* not there now: the store's history tells of it */
	/* The history may never come to know it: what a ticket that closes it has to say, with content, as
	 * JSON; NULL: it does. */
	char *kept;
};

/* Of every kind of ticket, in the order of findings; then those whose exception ended or began though nobody looked
 * again, those to be closed last. */
struct tickets {
	char *site;
	int64_t scan;
	struct ticket *list;
	size_t count;
};

/* What may be set for one tracker, NULL: not. */
struct ticket_settings {
	const char *parent; /* redmine: the number of the ticket above */
	bool all;           /* as if nothing had been told */
	unsigned
		actions; /* bits of 1 << enum ticket_action; 0: those that the tracker's importer can do */
};

/* A tracker's forms are formats of their own (redmine, redmine-json); what was told counts for both. */
const char *ticket_target(
	const struct export_format *f); /* "redmine"; NULL: the format has no tickets */
/* What is told without --list, as bits: all that the importer can do. */
unsigned ticket_actions(const struct export_format *f);
/* False: the importer of this form only makes tickets, so what is new needs a file of its own. */
bool ticket_actions_fit(const struct export_format *f, unsigned actions);
/* What the importer of this form takes at a time; 0: no limit is known. */
size_t ticket_part_size(const struct export_format *f);

/* Which tickets there are. 0 or negative errno; tickets_done() is right in both cases. */
int tickets_choose(struct db *db, const struct catalogue *c, const struct export_format *f,
		   const struct ticket_settings *s, struct tickets *ret);
void tickets_done(struct tickets *t);

/* What the files of one export share: all that a ticket is made of is looked up in it. */
struct ticket_writing;
/* Between judge_run() and judge_forget(), one at a time. 0 or negative errno; in both cases tickets_end() frees *ret. */
int tickets_begin(const struct export_job *job, const struct export_format *f,
		  const struct ticket_settings *s, struct ticket_writing **ret);
/* Writes tickets first to first + count - 1 of those in the format's form, as formats.h says of writers. */
int tickets_write(struct ticket_writing *w, const struct tickets *t, size_t first, size_t count,
		  FILE *out);
void tickets_end(struct ticket_writing *w); /* NULL: nothing */

/* Writers of the rows in formats.c: all that the importer takes, nothing counted as told. */
int write_redmine(const struct export_job *job, FILE *out);
int write_redmine_json(const struct export_job *job, FILE *out);
int write_jira(const struct export_job *job, FILE *out);
int write_jira_json(const struct export_job *job, FILE *out);
int write_servicenow(const struct export_job *job, FILE *out);
int write_servicenow_json(const struct export_job *job, FILE *out);
int write_backlog(const struct export_job *job, FILE *out);
int write_backlog_json(const struct export_job *job, FILE *out);

#endif
