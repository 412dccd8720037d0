/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets of `tenken export`: files in the parts that an importer takes, and the memory of what was told. */
#ifndef TENKEN_COMMANDS_EXPORT_TICKETS_H
#define TENKEN_COMMANDS_EXPORT_TICKETS_H

#include "commands/reading.h"
#include "report/tickets.h"

struct ticket_options {
	const char *lists;     /* "new,update"; NULL: all that the importer can do */
	const char *parent;    /* a ticket's number */
	const char *part_size; /* a number, 0: no parts; NULL: the importer's */
	bool all, no_record;
};
/* Was any of them given? */
bool ticket_options_given(const struct ticket_options *o);

/* Reads them for this format. EXIT_DONE, or EXIT_USAGE after a message. */
int ticket_options_read(const struct ticket_options *o, const struct export_format *f,
			struct ticket_settings *ret, size_t *ret_part_size);

struct ticket_run {
	const struct export_format *format;
	const struct ticket_settings *settings;
	size_t part_size;
	const char *file; /* NULL and "-": standard output */
	enum encoding encoding;
	uint64_t replaced; /* characters, as of export_write() */
	struct tickets chosen;
};
/* Writes them all. EXIT_DONE, or another exit status after a message. tickets_done() is for run->chosen. */
int tickets_put(struct ticket_run *run, struct db *db, const struct catalogue *c);

/* Can what is told be remembered? EXIT_DONE, or EXIT_USAGE after a message. */
int tickets_check_store(const char *path);
/* Remembers what was told, once it stands on the disk. Nobody else has the store open. */
int tickets_remember(const struct ticket_run *run, const char *path);

#endif
