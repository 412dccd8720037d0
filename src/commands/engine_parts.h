/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the main process of a scan share: engine.c lists them. Nobody else includes this. */
#ifndef TENKEN_COMMANDS_ENGINE_PARTS_H
#define TENKEN_COMMANDS_ENGINE_PARTS_H

#include "commands/crew.h"
#include "commands/engine.h"
#include "commands/names.h"
#include "commands/progress.h"
#include "commands/status_line.h"
#include "commands/targets.h"

/* One worker thread as main sees it. */
struct desk {
	struct target *target; /* NULL: idle */
	struct open_port port;
	uint32_t job;
	int64_t login;   /* of the job: its row in the store; 0: it is no login */
	bool open;       /* strangers are let in there: a password would prove nothing */
	bool full;       /* the job's depth */
	uint8_t *buffer; /* a result under way */
	size_t length, capacity;
};

struct engine {
	const struct engine_setup *setup;
	struct crew *crew;
	struct desk *desks;
	struct targets *targets;
	struct names *names;
	struct engine_result result;
	const struct target
		*tester; /* the test of an account's lock is under way there; NULL: nowhere */
	uint32_t jobs;
	unsigned active_jobs, respawns;
	bool swept, stopping, stopped, clearing, abandoned;
	bool frames_swept, frames_stopped,
		frames_wait; /* the packets process; true where there is none */
	int epoll, signals;
	unsigned signal_count;
	bool names_told;
	bool sweep_waits;      /* the guard's sweep has closed zones left only */
	struct addr waits_for; /* a host of the one that opens first; zero: none of its own */
	struct addr frames_wait_for;
	const struct zone *closed; /* found closed in this second */
	int64_t closed_s;
	int64_t window_s; /* when pause was judged last */
	int64_t opens;    /* paused until then; 0: not paused */
	char pause[256];
	uint64_t total_hosts;
	uint32_t planned;      /* TCP ports of each host */
	bool udp_asked;        /* somewhere */
	unsigned long notable; /* open ports of remote administration and of control equipment */
	struct progress progress;
	struct status_line line;
	int64_t progress_ms;
	int64_t sync_ms;
	int journal; /* for syncing only */
};

static inline const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static inline const char *transport_word(bool udp)
{
	return udp ? "udp" : "tcp";
}

/* ---- engine.c ---- */
int64_t engine_mono_ms(void);
/* Nothing new is begun; the first reason is the scan's end. */
void engine_begin_stop(struct engine *e, enum engine_end why);

/* ---- engine_hosts.c ---- */
/* What the ledger has of this host, by address, else by MAC; NULL. */
const struct asset *engine_ledger_of(const struct plan *p, const struct guard_event *v);
/* May anything be asked there, beyond the port being open? */
bool engine_may_speak(const struct engine *e, const struct addr *a);
/* Is there a probe for it? What answers by UDP on other ports stays named by the sweep. */
bool engine_has_udp_probe(uint16_t port);
void engine_order_ports(const struct engine *e, struct target *t);
/* The sweep of this host is over: how it is spoken to. */
void engine_swept(const struct engine *e, struct target *t, enum treatment treatment, bool ot_sign);
void engine_take_port(struct engine *e, const struct guard_event *v);
void engine_take_host(struct engine *e, const struct guard_event *v);
/* Nothing came back from the hosts s->address .. s->last; v: the first of them in the guard's words. */
void engine_take_quiet(struct engine *e, const struct sight *s, struct guard_event v);

/* ---- engine_take.c ---- */
/* The name of this host is to be looked up, where it is a host. */
void engine_want_name(struct engine *e, const struct guard_event *v);
void engine_look_up(struct engine *e);
/* The packets process: what it tells, or that it is gone. */
void engine_take_sights(struct engine *e);
void engine_take_event(struct engine *e, const struct guard_event *v);

/* ---- engine_jobs.c ---- */
/* Says it once where the scan begins to wait for windows. */
void engine_watch_pause(struct engine *e);
void engine_hand_out(struct engine *e);
/* Reads what a worker thread sent; false where the process is gone. */
bool engine_take_results(struct engine *e, unsigned index);
/* The worker process died (a fault of ours on hostile bytes): what it was at is said, the rest goes on with
 * a new one. */
void engine_replace_workers(struct engine *e);

/* ---- engine_logins.c ---- */
/* Keeps what a document of this probe tells of the machine; true where it says that strangers are let in. */
bool engine_learn_identity(const struct engine *e, struct target *t, const char *probe,
			   const char *document);
/* An attempt of an earlier run of this scan, as the store has it: it is not made again, and the next one comes
 * after a pause. False without memory. */
bool engine_know_login(const struct engine *e, struct target *t, struct open_port at,
		       unsigned number, bool test, bool accepted);
/* All conversations with the host are over: the logins that fit it, if any may be tried. */
void engine_choose_logins(struct engine *e, struct target *t);
/* May this login begin? Writes it down then, and *ret is its row; false: it is left out. */
bool engine_begin_login(struct engine *e, struct target *t, const struct open_port *port,
			int64_t *ret);
/* Its next job is a login that has to wait for another host's. */
bool engine_login_waits(struct engine *e, const struct target *t);
/* What came of it. */
void engine_end_login(struct engine *e, struct desk *d, const char *document, int64_t took_ms);

/* ---- engine_again.c ---- */
/* What the earlier run found and did: counts for the progress, open ports for the jobs. */
bool engine_refill(struct engine *e);

#endif
