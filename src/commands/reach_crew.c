/* SPDX-License-Identifier: Apache-2.0 */
/* The process that tests, as main sees it: fork, hearing what it found, stopping it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/lock.h"
#include "commands/reach.h"
#include "commands/rights.h"
#include "commands/status_line.h"

enum { TICK_MS = 200, SECOND_SIGNAL = 2 };

static const char *or_none(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static const char *zone_name(const struct site *s, const struct addr *a)
{
	const struct zone *z = site_zone(s, a);

	return z != NULL ? z->name : NULL;
}

static void keep(struct reach_crew *c, const struct reach_result *r)
{
	const struct site *s = c->run->site;
	char source[ADDR_TEXT], destination[ADDR_TEXT], seen[ADDR_TEXT + 8], mac[18];
	const char *from = r->has_source ? zone_name(s, &r->source) : NULL;
	struct path_row row = {
		.number = r->number,
		.method = reach_method_word(r->method),
		.interface = or_none(r->interface),
		.source = r->has_source ? addr_format(&r->source, source) : NULL,
		.via = or_none(r->via),
		.destination = addr_format(&r->destination, destination),
		.transport = r->transport,
		.from_zone = from != NULL ? from : s->vantage_zone,
		.to_zone = zone_name(s, &r->destination),
		.outcome = reach_outcome_word(r->outcome),
		.answered_by = or_none(r->answered_by),
		.hops = or_none(r->hops),
		.evidence = or_none(r->evidence),
		.note = or_none(r->note),
		.port = r->port,
		.refutes = r->refutes,
		.at_ms = r->at_ms,
		.took_ms = r->took_ms,
	};

	if (r->has_via_mac) {
		neighbour_mac_text(r->via_mac, mac);
		row.via_mac = mac;
	}
	if (r->has_seen_as)
		row.seen_as = addr_format(&r->seen_as, seen);
	store_path(c->store, &row);
	if (r->number > c->told)
		c->told = r->number;
}

/* False: the process has closed its end. */
static bool take(struct reach_crew *c, int fd)
{
	struct reach_result r;

	for (;;) {
		ssize_t n = recv(fd, &r, sizeof(r), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		if (reach_result_check(&r, (size_t)n))
			keep(c, &r);
	}
}

static _Noreturn void be_tester(struct reach_crew *c, int fd)
{
	struct reach_run *r = c->run;

	/* Of main's descriptors only this channel. */
	if (fd > 3)
		syscall(SYS_close_range, 3U, (unsigned)fd - 1, 0);
	syscall(SYS_close_range, (unsigned)fd + 1, ~0U, 0);
	r->main_fd = fd;
	int e = reach_open(r, c->journal);
	if (e != 0 || !rights_drop(RIGHTS_NONE))
		_exit(e != 0 ? 2 : 1);
	_exit(reach_process(r));
}

static int watch_signals(sigset_t *old)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, old);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum reach_end hear(struct reach_crew *c, int channel, int signals, pid_t child)
{
	enum reach_end end = REACH_DONE;
	struct status_line line;
	unsigned count = 0;

	status_line_begin(&line, c->quiet);

	for (bool open = true; open;) {
		struct pollfd p[] = { { .fd = channel, .events = POLLIN },
				      { .fd = signals, .events = POLLIN },
				      { .fd = c->lock, .events = POLLIN } };
		struct signalfd_siginfo info;
		bool stop = false;

		poll(p, countof(p), TICK_MS);
		while (read(signals, &info, sizeof(info)) == sizeof(info)) {
			stop = true;
			if (++count == SECOND_SIGNAL)
				kill(child,
				     SIGKILL); /* nothing of it is open longer than it lives */
		}
		if ((p[2].revents & POLLIN) != 0 && lock_answer(c->lock, c->description))
			stop = true;
		if (access(c->stop, F_OK) == 0)
			stop = true;
		open = take(c, channel);
		if (status_line_due(&line))
			status_line_show(&line, _("testing: %u paths tried, %u of them lead out"),
					 c->told, c->refuting);
		store_tick(c->store);
		if (store_error(c->store) != STORE_OK) {
			end = REACH_STORE;
			stop = true;
		}
		if (stop) {
			atomic_store(c->run->stop, 1);
			if (end == REACH_DONE)
				end = REACH_STOPPED;
		}
	}
	status_line_clear(&line);
	return end;
}

enum reach_end reach_crew_run(struct reach_crew *c)
{
	enum reach_end end = REACH_FAULT;
	sigset_t old;
	int pair[2], status = 0;

	c->run->stop = mmap(NULL, sizeof(*c->run->stop), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->run->stop == MAP_FAILED)
		return end;
	int signals = watch_signals(&old);
	if (signals >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
		fflush(NULL);
		pid_t child = fork();

		if (child == 0)
			be_tester(c, pair[1]);
		close(pair[1]);
		/* Nobody else keeps the right to send what sockets do not. */
		if (child > 0 && rights_drop(RIGHTS_ALL_BUT_RAW))
			end = hear(c, pair[0], signals, child);
		else if (child > 0)
			atomic_store(c->run->stop, 1);
		close(pair[0]);
		while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		if (end == REACH_DONE && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
			end = WIFEXITED(status) && WEXITSTATUS(status) == 2 ? REACH_JOURNAL
									    : REACH_FAULT;
	}
	if (signals >= 0)
		close(signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	munmap(c->run->stop, sizeof(*c->run->stop));
	c->run->stop = NULL;
	return end;
}
