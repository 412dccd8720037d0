/* SPDX-License-Identifier: Apache-2.0 */
/* What `tenken listen` was asked for, and its parts. */
#ifndef TENKEN_COMMANDS_LISTEN_H
#define TENKEN_COMMANDS_LISTEN_H

#include "commands/scan_options.h"
#include "commands/status_line.h"
#include "listen/process.h"
#include "store/store.h"

struct listen_wish {
	const char *site, *store, *html, *json, *ndjson, *csv, *stop_file, *fail_on;
	struct scan_list interfaces, profiles, checks;
	const char *const *sources; /* files and folders */
	size_t source_count;
	int64_t for_s; /* 0: until it is stopped */
	unsigned memory_mb, buffer_mb;
	bool no_html, quiet;
};

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. The sources are argv's. */
int listen_options_read(int argc, char **argv, struct listen_wish *w);

/* ---- what there is to read (listen_files.c) ---- */

struct listen_file {
	char *path;
	bool from_folder; /* nobody named it: what is no capture there is passed over in silence */
	bool stream;      /* standard input or a pipe: it can be read once */
	bool passed_over;
	struct told_begin begin;
};

struct listen_files {
	struct listen_file *list;
	size_t count, room;
};

/* False after a message. */
bool listen_files_find(struct listen_files *f, const char *const *sources, size_t count);
/* By the time of their first packets. */
void listen_files_order(struct listen_files *f);
void listen_files_done(struct listen_files *f);
/* A descriptor, or negative errno. */
int listen_file_open(const struct listen_file *f);

/* ---- the process that listens, as main sees it (listen_crew.c) ---- */

enum listen_end {
	LISTEN_DONE,
	LISTEN_STOPPED,
	LISTEN_STORE,     /* the store could not be written */
	LISTEN_NOT_WHOLE, /* a capture could not be read to its end, or an interface is gone */
	LISTEN_FAULT,     /* the process that listens failed, or told what nobody may tell */
};

struct listen_crew {
	const struct listen_wish *wish;
	const struct plan *plan;
	struct listen_files *files;
	const char *stop; /* the stop file */
	int lock;         /* -1: none */
	const char *description;
	struct store *store; /* NULL: nothing is written yet */
	/* Of listen_crew.c. */
	pid_t child;
	int channel, signals;
	unsigned signal_count;
	atomic_int *stopping;
	enum listen_end end;
	enum capture_end seen[LISTEN_INTERFACES]; /* of each interface, as it was last said */
	struct record *record;
	struct status_line line;
	time_t began;
	unsigned long noted;
};

/* Starts the process: opens the interfaces. EXIT_DONE, or the exit status after a message. */
int listen_crew_start(struct listen_crew *c);
/* Looks into the files and orders them: false where there is nothing to read, or the process failed; said. */
bool listen_crew_look(struct listen_crew *c);
/* Everything, into the store. */
enum listen_end listen_crew_run(struct listen_crew *c);
/* Ends the process; accepts one that never began. */
void listen_crew_end(struct listen_crew *c);

/* ---- rows (listen_keep.c) ---- */

void listen_keep(struct store *store, const struct plan *plan, const struct record *r);
/* kind: interface or file. */
void listen_keep_watch(struct store *store, const struct told_watch *w, const char *kind,
		       const char *name);
void listen_keep_counts(struct store *store, const struct listener_counts *c);
/* Why a capture ended before its end, as the store keeps it; NULL: it did not. */
const char *listen_note(const struct told_watch *w);

#endif
