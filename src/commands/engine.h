/* SPDX-License-Identifier: Apache-2.0 */
/* The main process of a scan: it forks guard and workers, hands out jobs and writes the store. */
#ifndef TENKEN_COMMANDS_ENGINE_H
#define TENKEN_COMMANDS_ENGINE_H

#include <stdbool.h>

#include "codec/span.h"
#include "identity/credentials.h"
#include "identity/login_forms.h"
#include "identity/fingerprint.h"
#include "site/plan.h"
#include "store/store.h"
#include "talk/resumed.h"

struct engine_setup {
	const struct plan *plan;
	struct store *store;
	const char *journal_path;
	const char *stop_path;
	const char *identity, *ehlo;
	int lock_fd;             /* lock.h; answered while the scan runs */
	const char *description; /* what visitors of the lock are told */
	bool progress;           /* a line on stderr */
	unsigned threads;
	const struct credentials *credentials;   /* NULL: no login is tried */
	const struct login_forms *login_forms;   /* for those of HTTP */
	const struct fingerprints *fingerprints; /* NULL: nothing is told of texts */
	bool connect;                            /* no packets process */
	unsigned retries;                        /* --max-retries: by packets, and by UDP */
	uint8_t key[16], order_key[16];          /* see packets.h */
	/* A scan that goes on: what was done before, and its id; else NULL and 0. */
	const struct resumed *resumed;
	int64_t resumed_scan;
	const struct span *places; /* of the packets process */
	size_t place_count;
};

enum engine_end {
	ENGINE_DONE,
	ENGINE_STOPPED,  /* by a signal, the stop file or `tenken stop` */
	ENGINE_STORE,    /* the store could not be written: nothing more was sent */
	ENGINE_JOURNAL,  /* the journal could not be written: nothing more was sent */
	ENGINE_NO_ROUTE, /* there is no route to any of the targets */
	ENGINE_FAULT,    /* guard or workers could not be kept alive */
};

struct engine_result {
	enum engine_end end;
	unsigned long hosts, answering, services, conversations, distressed, unrouted, faults;
	bool frames;   /* a packets process took part */
	pid_t closing; /* for crew_wait() before the command ends */
};

struct engine_result engine_run(const struct engine_setup *setup);

#endif
