/* SPDX-License-Identifier: Apache-2.0 */
/* The process that listens, as main sees it: fork, files to it, records from it, stopping it. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/listen.h"
#include "commands/lock.h"
#include "commands/rights.h"
#include "talk/transfer.h"

enum { TICK_MS = 200, SECOND_SIGNAL = 2, CHANNEL_BYTES = 1 << 20, MESSAGES_AT_ONCE = 16 };

/* ---- the process ---- */

/* False after a message. */
static bool open_interfaces(const struct listen_wish *w, struct listen_process *p)
{
	for (size_t i = 0; i < w->interfaces.count; i++) {
		const char *name = w->interfaces.at[i];
		char text[CAPTURE_TEXT];
		int e = capture_interface(name, (size_t)w->buffer_mb << 20, &p->interfaces[i],
					  text);

		if (e == -EPERM)
			fprintf(stderr,
				_("error: %s: listening needs the right to open raw sockets "
				  "(CAP_NET_RAW)\n"),
				name);
		else if (e == -ENODEV)
			fprintf(stderr, _("error: %s: there is no such interface\n"), name);
		else if (e == -ENETDOWN)
			fprintf(stderr, _("error: %s: the interface is down\n"), name);
		else if (e != 0)
			fprintf(stderr, _("error: %s: cannot listen there: %s\n"), name, text);
		if (e != 0)
			return false;
		p->interface_count++;
	}
	return true;
}

static _Noreturn void be_listener(struct listen_crew *c, int channel)
{
	struct listen_process p = {
		.channel = channel,
		.stop = c->stopping,
		.for_ms = c->wish->for_s * 1000,
		.memory = (size_t)c->wish->memory_mb << 20,
		.show_names = c->plan->site.listening.show_names,
	};
	char ready = 0;

	/* Of main's descriptors only this channel: not the store. */
	if (channel > 3)
		syscall(SYS_close_range, 3U, (unsigned)channel - 1, 0);
	syscall(SYS_close_range, (unsigned)channel + 1, ~0U, 0);
	if (!open_interfaces(c->wish, &p))
		_exit(2);
	if (!rights_drop(RIGHTS_NONE))
		_exit(1);
	send(channel, &ready, 1, MSG_NOSIGNAL);
	_exit(listen_process(&p));
}

static int watch_signals(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

int listen_crew_start(struct listen_crew *c)
{
	int pair[2], room = CHANNEL_BYTES, status = 0;
	char ready;

	c->record = calloc(1, sizeof(*c->record));
	c->stopping = mmap(NULL, sizeof(*c->stopping), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	c->signals = watch_signals();
	if (c->record == NULL || c->stopping == MAP_FAILED || c->signals < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		fprintf(stderr, _("error: the process that listens cannot be started\n"));
		return EXIT_INCOMPLETE;
	}
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	fflush(NULL);
	c->child = fork();
	if (c->child == 0)
		be_listener(c, pair[1]);
	close(pair[1]);
	c->channel = pair[0];
	if (c->child > 0 && rights_drop(RIGHTS_ALL_BUT_RAW) && recv(c->channel, &ready, 1, 0) == 1)
		return EXIT_DONE;
	if (c->child > 0)
		waitpid(c->child, &status, 0);
	c->child = 0;
	/* It has said why. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		return EXIT_USAGE;
	fprintf(stderr, _("error: the process that listens cannot be started\n"));
	return EXIT_INCOMPLETE;
}

void listen_crew_end(struct listen_crew *c)
{
	if (c->channel > 0)
		close(c->channel);
	while (c->child > 0 && waitpid(c->child, NULL, 0) < 0 && errno == EINTR)
		;
	if (c->signals > 0)
		close(c->signals);
	if (c->stopping != NULL && c->stopping != MAP_FAILED)
		munmap(c->stopping, sizeof(*c->stopping));
	free(c->record);
}

/* ---- hearing it ---- */

static void stop(struct listen_crew *c, enum listen_end why)
{
	if (c->end == LISTEN_DONE || c->end == LISTEN_NOT_WHOLE)
		c->end = why;
	atomic_store(c->stopping, 1);
}

static void look_around(struct listen_crew *c, bool lock_asks)
{
	struct signalfd_siginfo info;

	while (read(c->signals, &info, sizeof(info)) == sizeof(info)) {
		stop(c, LISTEN_STOPPED);
		if (++c->signal_count == SECOND_SIGNAL)
			kill(c->child, SIGKILL);
	}
	if (lock_asks && lock_answer(c->lock, c->description))
		stop(c, LISTEN_STOPPED);
	if (access(c->stop, F_OK) == 0)
		stop(c, LISTEN_STOPPED);
	if (c->store == NULL)
		return;
	if (status_line_due(&c->line)) {
		long passed = (long)(time(NULL) - c->began);

		status_line_show(&c->line, _("listening: %ld:%02ld:%02ld, %lu entries noted"),
				 passed / 3600, passed / 60 % 60, passed % 60, c->noted);
	}
	store_tick(c->store);
	if (store_error(c->store) != STORE_OK)
		stop(c, LISTEN_STORE);
}

static const char *watch_name(const struct listen_crew *c, const struct told_watch *w)
{
	if (c->wish->interfaces.count > 0)
		return w->number < c->wish->interfaces.count ? c->wish->interfaces.at[w->number]
							     : NULL;
	for (size_t i = 0, n = 0; i < c->files->count; i++)
		if (!c->files->list[i].passed_over && n++ == w->number)
			return c->files->list[i].path;
	return NULL;
}

/* The lines about one capture that did not go well. */
static void tell_watch(struct listen_crew *c, const struct told_watch *w, const char *name)
{
	/* Interfaces are told again and again. */
	if (c->wish->interfaces.count > 0) {
		if (c->seen[w->number] == w->end)
			return;
		c->seen[w->number] = w->end;
	}
	if (w->end == CAPTURE_TRUNCATED)
		fprintf(stderr,
			_("warning: %s: it ends within a packet, after %" PRIu64
			  " packets; those are kept\n"),
			name, w->packets);
	else if (w->end == CAPTURE_DAMAGED)
		fprintf(stderr,
			_("warning: %s: it is damaged after %" PRIu64 " packets; those are kept\n"),
			name, w->packets);
	else if (w->end == CAPTURE_DOWN)
		fprintf(stderr, _("warning: %s: the interface is down; waiting for it\n"), name);
	else if (w->end == CAPTURE_GONE)
		fprintf(stderr, _("warning: %s: the interface is gone\n"), name);
	else if (!w->link_known && w->packets == 0 && c->wish->interfaces.count > 0)
		fprintf(stderr, _("warning: %s: its link layer %s is not known\n"), name, w->link);
	if (w->end == CAPTURE_TRUNCATED || w->end == CAPTURE_DAMAGED || w->end == CAPTURE_GONE ||
	    w->end == CAPTURE_NO_FILE || w->end == CAPTURE_EMPTY)
		c->end = c->end == LISTEN_DONE ? LISTEN_NOT_WHOLE : c->end;
	if (w->backwards > 0 && c->wish->interfaces.count == 0)
		fprintf(stderr, _("warning: %s: its clock goes backwards at %" PRIu64 " places\n"),
			name, w->backwards);
}

static bool take_record(struct listen_crew *c, const struct record *r)
{
	if (r->kind == RECORD_WATCH) {
		const char *name = watch_name(c, &r->u.watch);

		if (name == NULL)
			return false;
		if (c->store != NULL)
			listen_keep_watch(c->store, &r->u.watch,
					  c->wish->interfaces.count > 0 ? "interface" : "file",
					  name);
		status_line_clear(&c->line);
		tell_watch(c, &r->u.watch, name);
		return true;
	}
	if (c->store == NULL)
		return r->kind == RECORD_BEGIN;
	if (r->kind == RECORD_END)
		listen_keep_counts(c->store, &r->u.counts);
	else
		listen_keep(c->store, c->plan, r);
	c->noted++;
	return true;
}

enum taken { TAKEN_NOTHING, TAKEN_OTHERS, TAKEN_AWAITED, TAKEN_END, TAKEN_BROKEN };

/* One message. Its last record stays in c->record; it is what was awaited, or not. */
static enum taken take_message(struct listen_crew *c, enum record_kind awaited)
{
	static uint8_t bytes[RECORD_MESSAGE];
	ssize_t n = recv(c->channel, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);
	bool found = false;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? TAKEN_NOTHING : TAKEN_END;
	if (n == 0)
		return TAKEN_END;
	if ((size_t)n > sizeof(bytes))
		return TAKEN_BROKEN;
	struct reader r = rd_new(span_of(bytes, (size_t)n));
	while (record_read(&r, c->record)) {
		if (!take_record(c, c->record))
			return TAKEN_BROKEN;
		found = c->record->kind == awaited;
	}
	return !rd_end(&r) ? TAKEN_BROKEN : found ? TAKEN_AWAITED : TAKEN_OTHERS;
}

/* Hears until this kind of record came. False: the process has failed. */
static bool hear_until(struct listen_crew *c, enum record_kind awaited)
{
	for (;;) {
		struct pollfd p[] = { { .fd = c->channel, .events = POLLIN },
				      { .fd = c->signals, .events = POLLIN },
				      { .fd = c->lock, .events = POLLIN } };
		enum taken got = TAKEN_OTHERS;

		poll(p, countof(p), TICK_MS);
		look_around(c, (p[2].revents & POLLIN) != 0);
		for (unsigned i = 0; i < MESSAGES_AT_ONCE && got == TAKEN_OTHERS; i++)
			got = take_message(c, awaited);
		if (got == TAKEN_AWAITED)
			return true;
		if (got == TAKEN_BROKEN)
			kill(c->child, SIGKILL);
		if (got == TAKEN_BROKEN || got == TAKEN_END)
			return false;
	}
}

static bool give(struct listen_crew *c, enum listen_order order, int fd)
{
	char byte = (char)order;
	bool good = transfer_send(c->channel, &byte, 1, fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

/* ---- files ---- */

/* Why a file is not read, for people; NULL: it is. */
static const char *unreadable(const struct told_begin *b)
{
	if (b->why == CAPTURE_EMPTY)
		return _("it is empty");
	if (b->why == CAPTURE_TRUNCATED)
		return _("it ends within its header");
	if (b->why != CAPTURE_GOES_ON)
		return _("it is no capture file (pcap, pcapng)");
	return b->link_known ? NULL : _("its link layer is not known");
}

static void tell_passed_over(const struct listen_file *f, const char *why, bool alone)
{
	bool link = f->begin.why == CAPTURE_GOES_ON && f->begin.link[0] != '\0';

	fprintf(stderr,
		alone ? _("error: %s: cannot be read: %s%s%s\n")
		      : _("warning: %s: passed over: %s%s%s\n"),
		f->path, why, link ? ": " : "", link ? f->begin.link : "");
}

bool listen_crew_look(struct listen_crew *c)
{
	size_t left = 0;

	for (size_t i = 0; i < c->files->count && atomic_load(c->stopping) == 0; i++) {
		struct listen_file *f = &c->files->list[i];
		const char *why = NULL;

		if (f->stream) {
			left++;
			continue;
		}
		int fd = listen_file_open(f);
		if (fd < 0)
			why = strerror(-fd);
		else if (!give(c, LISTEN_PEEK, fd) || !hear_until(c, RECORD_BEGIN)) {
			c->end = LISTEN_FAULT;
			return false;
		}
		if (fd >= 0) {
			f->begin = c->record->u.begin;
			why = unreadable(&f->begin);
		}
		f->passed_over = why != NULL;
		left += why == NULL;
		if (why != NULL)
			tell_passed_over(f, why, c->files->count == 1);
		if (why != NULL && !f->from_folder)
			c->end = LISTEN_NOT_WHOLE;
	}
	listen_files_order(c->files);
	if (left == 0 && c->files->count > 1)
		fprintf(stderr, _("error: there is no capture to read\n"));
	return left > 0;
}

static enum listen_end read_all(struct listen_crew *c)
{
	for (size_t i = 0; i < c->files->count && atomic_load(c->stopping) == 0; i++) {
		struct listen_file *f = &c->files->list[i];

		if (f->passed_over)
			continue;
		int fd = listen_file_open(f);
		if (fd < 0) {
			fprintf(stderr, _("warning: %s: passed over: %s\n"), f->path,
				strerror(-fd));
			f->passed_over = true;
			c->end = LISTEN_NOT_WHOLE;
		} else if (!give(c, LISTEN_READ, fd) || !hear_until(c, RECORD_WATCH)) {
			return LISTEN_FAULT;
		}
	}
	return give(c, LISTEN_END, -1) && hear_until(c, RECORD_END) ? c->end : LISTEN_FAULT;
}

/* What was named and could not be read is part of what was watched, too. */
static void keep_passed_over(struct listen_crew *c)
{
	struct told_watch w = { 0 };

	for (size_t i = 0; i < c->files->count; i++)
		w.number += !c->files->list[i].passed_over;
	for (size_t i = 0; i < c->files->count; i++) {
		const struct listen_file *f = &c->files->list[i];

		if (!f->passed_over || f->from_folder)
			continue;
		w.end = f->begin.why;
		w.link_known = f->begin.link_known;
		snprintf(w.link, sizeof(w.link), "%s", f->begin.link);
		listen_keep_watch(c->store, &w, "file", f->path);
		w.number++;
	}
}

enum listen_end listen_crew_run(struct listen_crew *c)
{
	enum listen_end end;

	status_line_begin(&c->line, c->wish->quiet);
	c->began = time(NULL);
	if (c->wish->interfaces.count == 0)
		end = read_all(c);
	else
		end = hear_until(c, RECORD_END) ? c->end : LISTEN_FAULT;
	status_line_clear(&c->line);
	if (c->wish->interfaces.count == 0)
		keep_passed_over(c);
	store_commit(c->store);
	if (store_error(c->store) != STORE_OK)
		end = LISTEN_STORE;
	/* Killed by a second signal, it could not tell the rest. */
	if (end == LISTEN_FAULT && c->signal_count >= SECOND_SIGNAL)
		end = LISTEN_STOPPED;
	return end;
}
