/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker process: threads that hold conversations. It parses what the network says, and can
 * open, connect and bind nothing: descriptors come from the guard, jobs from main.
 */
#ifndef TENKEN_TALK_WORKER_H
#define TENKEN_TALK_WORKER_H

#include "talk/backend.h"
#include "talk/seam.h"

/* One thread's side of the seam, and the backend of its conversations. */
struct worker;

struct worker_setup {
	const int *main_fds;  /* SOCK_STREAM, one per thread: jobs in, results out */
	const int *guard_fds; /* SOCK_SEQPACKET, one per thread */
	size_t count;
	struct shared *shared;
	const char *identity; /* User-Agent */
	const char *ehlo;
	const struct domains *declared; /* conn_declared() */
	/* Before the sandbox closes: load what a probe's library needs. */
	void (*prepare)(void);
	/* Does one job: opens conversations through worker_open(), reports by worker_report(). Fills
	 * done's protocol, tls, spoken, limited. */
	void (*work)(struct worker *w, const struct job *job, struct result_header *done);
};

/* Runs the threads until main closes the channels. Does not return before; the exit status. */
int worker_run(const struct worker_setup *setup);

/*
 * A conversation with the job's port by this probe (index, or NO_PROBE to listen only), its first
 * connection open. setup's budgets, depth and evidence are the caller's; the rest is filled in.
 * NULL and *ret_ending where it did not open.
 */
struct conn *worker_open(struct worker *w, const struct job *job, int probe,
			 const struct conn_setup *setup, enum ending *ret_ending);
/* The open connection of the listening conversation passes on to a probe: ENDING_DONE, or why not. */
enum ending worker_become(struct worker *w, struct conn *c, int probe,
			  const struct conn_setup *setup);
/* One document to main. The text is cut to nothing ("{}") where it is larger than EVIDENCE_MAX. */
void worker_report(struct worker *w, const struct job *job, int probe, enum ending e,
		   const struct conn *c, json_t *evidence, int64_t started_ms);
int64_t worker_unix_ms(void);

#endif
