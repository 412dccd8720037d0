/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process of a scan: the loop. Its parts: engine_hosts.c (hosts and ports into the store),
 * engine_take.c (what guard and packets process tell), engine_jobs.c (conversations), engine_again.c (a scan
 * that goes on).
 */
#include "commands/engine_parts.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/lock.h"

enum { PROGRESS_MS = 500 };

int64_t engine_mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void engine_begin_stop(struct engine *e, enum engine_end why)
{
	if (e->result.end == ENGINE_DONE)
		e->result.end = why;
	if (e->stopping)
		return;
	e->stopping = true;
	crew_order(e->crew, ORDER_STOP, NULL, NULL);
}

/* After a power cut the journal tells what was tried: it may not lag behind the store. */
static void sync_journal(struct engine *e)
{
	int64_t now = engine_mono_ms();

	if (now < e->sync_ms + 1000)
		return;
	e->sync_ms = now;
	if (e->journal < 0)
		e->journal = open(e->setup->journal_path, O_RDONLY | O_CLOEXEC);
	if (e->journal >= 0)
		fdatasync(e->journal);
}

/* ---- the loop ---- */

static void progress_text(struct engine *e, char out[static PROGRESS_TEXT])
{
	struct progress_count c = {
		.hosts = e->result.hosts,
		.total_hosts = e->total_hosts,
		.open = e->result.services,
		.notable = e->notable,
		.conversations = e->result.conversations,
	};
	int64_t now = engine_mono_ms();

	if (e->crew != NULL)
		crew_counts(e->crew, &c.tried, &c.packets);
	progress_pass(&e->progress, &c, e->opens != 0, now);
	progress_line(&e->progress, &c, e->opens != 0 ? e->pause : NULL, now, out);
}

static void show_progress(struct engine *e, bool last)
{
	int64_t now = engine_mono_ms();
	char text[PROGRESS_TEXT];

	if (!last && now < e->progress_ms)
		return;
	e->progress_ms = now + PROGRESS_MS;
	progress_text(e, text);
	if (last)
		status_line_clear(&e->line);
	else
		status_line_show(&e->line, "%s", text);
}

/* Somebody asks: a line of its own. */
static void tell_progress(struct engine *e)
{
	char text[PROGRESS_TEXT];

	progress_text(e, text);
	fprintf(stderr, e->setup->progress ? "\r\033[K%s\n" : "%s\n", text);
	fflush(stderr);
}

/* Nothing is left to do but to wait until the guard has closed what is open. */
static bool idle(const struct engine *e)
{
	return e->swept && e->frames_swept && targets_idle(e->targets) && e->active_jobs == 0 &&
	       names_idle(e->names);
}

static bool over(const struct engine *e)
{
	if (e->abandoned)
		return true;
	if (e->stopping)
		return e->stopped && e->frames_stopped && e->active_jobs == 0;
	return idle(e) && crew_settled(e->crew);
}

static void take_signal(struct engine *e)
{
	struct signalfd_siginfo info;

	while (read(e->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1) {
			tell_progress(e);
			continue;
		}
		e->signal_count++;
		if (e->signal_count > 1)
			e->abandoned = true; /* the guard still closes what is open */
		engine_begin_stop(e, ENGINE_STOPPED);
	}
}

enum { TAG_SIGNAL = 1U << 20, TAG_GUARD, TAG_LOCK, TAG_PACKETS };

static bool watch(struct engine *e, int fd, uint32_t tag)
{
	struct epoll_event v = { .events = EPOLLIN, .data.u32 = tag };

	return fd < 0 || epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &v) == 0;
}

static void dispatch(struct engine *e, uint32_t tag)
{
	struct guard_event v;

	if (tag == TAG_SIGNAL) {
		take_signal(e);
	} else if (tag == TAG_LOCK) {
		char description[1024];

		snprintf(description, sizeof(description), e->opens != 0 ? "%s, %s" : "%s",
			 e->setup->description, e->pause);
		if (lock_answer(e->setup->lock_fd, description))
			engine_begin_stop(e, ENGINE_STOPPED);
	} else if (tag == TAG_PACKETS) {
		engine_take_sights(e);
	} else if (tag == TAG_GUARD) {
		int more = 256;

		while (more-- > 0 && crew_event(e->crew, &v, false))
			engine_take_event(e, &v);
		if (crew_guard_gone(e->crew)) {
			e->abandoned = true;
			if (e->result.end == ENGINE_DONE)
				e->result.end = ENGINE_FAULT;
		}
	} else if (!engine_take_results(e, tag)) {
		engine_replace_workers(e);
	}
}

/* Of large networks nothing is known where their segments cannot be asked. */
static void tell_unasked(struct engine *e)
{
	struct ranges set = { 0 };

	if (e->crew == NULL)
		return;
	if (crew_unasked(e->crew, &set) != 0)
		engine_begin_stop(e, ENGINE_FAULT);
	for (size_t i = 0; i < set.count; i++) {
		char range[RANGE_TEXT], text[300];

		range_format(&set.list[i], range);
		fprintf(stderr,
			_("note: %s: too large to sweep, and its segment cannot be asked\n"),
			range);
		snprintf(text, sizeof(text),
			 "%s: too large to sweep, and its segment cannot be asked", range);
		store_remark(e->setup->store, "left-out", NULL, text);
	}
	ranges_done(&set);
}

struct engine_result engine_run(const struct engine_setup *setup)
{
	struct engine e = { .setup = setup,
			    .planned = ports_count(setup->plan->ports.tcp),
			    .total_hosts = ranges_count(&setup->plan->targets),
			    .journal = -1 };
	enum { TICK_MS = 200, SETTLING_MS = 5 }; /* the guard tells nobody when it has settled */
	struct epoll_event events[64];
	sigset_t mask, old;

	e.desks = calloc(setup->threads, sizeof(*e.desks));
	e.targets = targets_new();
	e.names = names_new();
	e.epoll = epoll_create1(EPOLL_CLOEXEC);
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &old);
	e.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	e.crew = e.desks != NULL && e.targets != NULL && e.names != NULL && engine_refill(&e)
			 ? crew_start(setup)
			 : NULL;
	if (e.crew == NULL || !watch(&e, e.signals, TAG_SIGNAL) ||
	    !watch(&e, crew_guard_channel(e.crew), TAG_GUARD) ||
	    !watch(&e, crew_packets_channel(e.crew), TAG_PACKETS) ||
	    !watch(&e, setup->lock_fd, TAG_LOCK) || !crew_watch_workers(e.crew, e.epoll)) {
		e.result.end = ENGINE_FAULT;
		e.abandoned = true;
	}
	e.result.frames = e.crew != NULL && crew_packets_channel(e.crew) >= 0;
	e.frames_swept = e.frames_stopped = !e.result.frames;
	bool finds = plan_only_finds(setup->plan);
	if (e.crew != NULL && finds)
		store_remark(setup->store, "sweep", NULL,
			     "hosts were only looked for; no port was tried");
	else if (e.crew != NULL && !e.result.frames)
		store_remark(setup->store, "sweep", NULL,
			     "TCP ports were tried by full connections");
	if (e.crew != NULL && crew_unframed(e.crew)) {
		fprintf(stderr, _("note: without the right to send raw packets (CAP_NET_RAW) TCP "
				  "ports are tried by full connections only\n"));
		store_remark(setup->store, "no-capability", NULL,
			     "no raw packets: TCP ports were tried by full connections only");
	}
	tell_unasked(&e);
	progress_begin(&e.progress, engine_mono_ms());
	e.line.wanted = setup->progress;
	while (!over(&e)) {
		engine_hand_out(&e);
		engine_look_up(&e);
		int n = epoll_wait(e.epoll, events, 64, idle(&e) ? SETTLING_MS : TICK_MS);

		for (int i = 0; i < n; i++)
			dispatch(&e, events[i].data.u32);
		engine_watch_pause(&e);
		sync_journal(&e);
		store_tick(setup->store);
		if (store_error(setup->store) != STORE_OK)
			engine_begin_stop(&e, ENGINE_STORE);
		show_progress(&e, false);
	}
	/* What the guard said before it had closed the last connection. */
	for (struct guard_event v; e.crew != NULL && crew_event(e.crew, &v, false);)
		engine_take_event(&e, &v);
	if (e.crew != NULL && !finds)
		store_remark(setup->store, "sweep", NULL,
			     !e.udp_asked ? "UDP was not tried"
			     : e.result.frames
				     ? "UDP was tried in zones of kind it, dmz and public only"
				     : "UDP was tried by ordinary datagrams in zones of kind it, "
				       "dmz and public only");
	show_progress(&e, true);
	/* The guard goes on after a stop by the stop file or a signal of its own; main learns by that. */
	if (e.result.end == ENGINE_DONE && (e.stopped || (e.crew != NULL && crew_stopping(e.crew))))
		e.result.end = ENGINE_STOPPED;
	if (e.result.end == ENGINE_DONE && e.result.hosts > 0 &&
	    e.result.unrouted == e.result.hosts)
		e.result.end = ENGINE_NO_ROUTE;
	e.result.closing = crew_end(e.crew, e.abandoned);
	for (unsigned i = 0; e.desks != NULL && i < setup->threads; i++)
		free(e.desks[i].buffer);
	free(e.desks);
	targets_free(e.targets);
	names_free(e.names);
	if (e.journal >= 0)
		close(e.journal);
	close(e.signals);
	close(e.epoll);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return e.result;
}
