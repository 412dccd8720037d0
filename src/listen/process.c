/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "listen/frame.h"
#include "talk/sandbox.h"
#include "talk/transfer.h"

enum {
	BATCH = 1024, /* frames between two looks at the orders */
	WAIT_MS = 200,
	LINGER_MS =
		300, /* what an interface that is gone has left in the kernel comes within that */
	TELL_MS = 60000,   /* what came is told once in a minute */
	TELL_PIECE = 2000, /* entries at a time, so that the ring does not run over meanwhile */
	LARGEST_RECORD = RECORD_VALUE_MAX + 1024,
};

/* A clock that goes back by less is none that was set: captures of several queues are a little out of order. */
static const int64_t backwards_ns = INT64_C(1000000000);

/* A capture that is being read. */
struct reading {
	struct capture *capture;
	struct told_watch watch;
	uint64_t one_sided_before, damaged_before;
	int64_t before_ns; /* of the last frame */
	int64_t gone_ms;   /* since when the interface is gone; 0: it is there */
	int link;
	bool over;
};

struct teller {
	const struct listen_process *setup;
	struct listener *listener;
	struct told told;
	struct writer message;
	uint8_t bytes[RECORD_MESSAGE];
	bool gone; /* main is */
	struct reading reading[LISTEN_INTERFACES];
	struct reading *now; /* whose frame is taken */
};

/* ---- telling main ---- */

static void flush(struct teller *t)
{
	struct span s = wr_span(&t->message);

	if (s.length > 0 && !t->gone && transfer_send(t->setup->channel, s.at, s.length, -1) != 0)
		t->gone = true;
	t->message = wr_new(t->bytes, sizeof(t->bytes));
}

static struct writer *room(struct teller *t, size_t n)
{
	if (t->message.length + n > t->message.capacity)
		flush(t);
	return &t->message;
}

enum { SMALL_RECORD = 1024 }; /* all but facts with a document */

static void tell_host(void *context, const struct told_host *h)
{
	record_write_host(room(context, SMALL_RECORD), h);
}

static void tell_flow(void *context, const struct told_flow *f)
{
	record_write_flow(room(context, SMALL_RECORD), f);
}

static void tell_operation(void *context, const struct told_operation *o)
{
	record_write_operation(room(context, SMALL_RECORD), o);
}

static void tell_fact(void *context, const struct told_fact *f)
{
	size_t n = f->value != NULL ? strlen(f->value) : 0;

	record_write_fact(room(context, n + SMALL_RECORD), f);
}

static void tell_watch(struct teller *t, struct reading *r)
{
	struct listener_counts counts;

	listener_counts(t->listener, &counts);
	r->watch.dropped = capture_dropped(r->capture);
	r->watch.one_sided = counts.one_sided - r->one_sided_before;
	record_write_watch(room(t, SMALL_RECORD), &r->watch);
}

static void tell_end(struct teller *t)
{
	struct listener_counts counts;

	listener_counts(t->listener, &counts);
	record_write_end(room(t, SMALL_RECORD), &counts);
	flush(t);
}

/* ---- frames ---- */

static void take_frame(void *context, struct span bytes, uint32_t wire_length, int64_t time_ns)
{
	struct teller *t = context;
	struct told_watch *w = &t->now->watch;

	w->packets++;
	w->bytes += wire_length;
	w->snapped += bytes.length < wire_length;
	if (w->first_ns == 0)
		w->first_ns = time_ns;
	if (time_ns + backwards_ns < t->now->before_ns)
		w->backwards++;
	t->now->before_ns = time_ns;
	if (w->last_ns < time_ns)
		w->last_ns = time_ns;
	if (w->first_ns > time_ns)
		w->first_ns = time_ns;
	listener_take(t->listener, t->now->link, bytes, wire_length, time_ns);
}

static void begin_reading(struct teller *t, struct reading *r, struct capture *c, uint32_t number)
{
	struct listener_counts counts;

	listener_counts(t->listener, &counts);
	*r = (struct reading){ .capture = c,
			       .link = capture_link(c),
			       .one_sided_before = counts.one_sided,
			       .watch = { .number = number,
					  .end = CAPTURE_GOES_ON,
					  .link_known = frame_link_known(capture_link(c)) } };
	snprintf(r->watch.link, sizeof(r->watch.link), "%s", capture_link_name(c));
}

static bool stopping(const struct teller *t)
{
	return t->gone || atomic_load(t->setup->stop) != 0;
}

/* ---- files ---- */

static void first_frame(void *context, struct span bytes, uint32_t wire_length, int64_t time_ns)
{
	(void)bytes;
	(void)wire_length;
	*(int64_t *)context = time_ns;
}

static void peek(struct teller *t, int fd)
{
	struct told_begin begin = { .why = CAPTURE_NO_FILE };
	char text[CAPTURE_TEXT];
	struct capture *c = capture_file(fd, &begin.why, text);

	if (c != NULL) {
		capture_read(c, 1, first_frame, &begin.first_ns);
		begin.link_known = frame_link_known(capture_link(c));
		snprintf(begin.link, sizeof(begin.link), "%s", capture_link_name(c));
		capture_close(c);
	}
	record_write_begin(room(t, SMALL_RECORD), &begin);
	flush(t);
}

static void read_file(struct teller *t, int fd, uint32_t number)
{
	struct reading *r = &t->reading[0];
	enum capture_end why;
	char text[CAPTURE_TEXT];
	struct capture *c = capture_file(fd, &why, text);

	if (c == NULL) {
		record_write_watch(room(t, SMALL_RECORD),
				   &(struct told_watch){ .number = number, .end = why });
		flush(t);
		return;
	}
	begin_reading(t, r, c, number);
	t->now = r;
	listener_next_capture(t->listener);
	while (r->watch.link_known && r->watch.end == CAPTURE_GOES_ON && !stopping(t))
		r->watch.end = capture_read(c, BATCH, take_frame, t);
	tell_watch(t, r);
	flush(t);
	capture_close(c);
}

static int read_files(struct teller *t)
{
	uint32_t number = 0;

	for (;;) {
		char order = 0;
		int fd;
		ssize_t n = transfer_receive(t->setup->channel, &order, 1, &fd);

		if (n <= 0)
			return 1;
		if (order == LISTEN_PEEK && fd >= 0)
			peek(t, fd);
		else if (order == LISTEN_READ && fd >= 0)
			read_file(t, fd, number++);
		else if (fd >= 0)
			close(fd);
		if (order == LISTEN_END)
			return 0;
		if (t->gone)
			return 1;
	}
}

/* ---- interfaces ---- */

static int64_t mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void wait_for_frames(struct teller *t, int wait_ms)
{
	struct pollfd p[LISTEN_INTERFACES + 1];
	nfds_t n = 0;

	for (size_t i = 0; i < t->setup->interface_count; i++)
		if (!t->reading[i].over && t->reading[i].watch.end == CAPTURE_GOES_ON)
			p[n++] = (struct pollfd){ .fd = capture_fd(t->reading[i].capture),
						  .events = POLLIN };
	p[n++] = (struct pollfd){ .fd = t->setup->channel, .events = 0 };
	poll(p, n, wait_ms);
	if ((p[n - 1].revents & (POLLHUP | POLLERR)) != 0)
		t->gone = true;
}

/* An interface may come back; one that was taken away does not. */
static bool read_interfaces(struct teller *t)
{
	bool any = false;

	for (size_t i = 0; i < t->setup->interface_count; i++) {
		struct reading *r = &t->reading[i];

		if (r->over)
			continue;
		enum capture_end before = r->watch.end;
		uint64_t packets = r->watch.packets;
		t->now = r;
		r->watch.end = capture_read(r->capture, BATCH, take_frame, t);
		if (r->watch.end == CAPTURE_GONE && r->gone_ms == 0)
			r->gone_ms = mono_ms();
		r->over = r->gone_ms != 0 && r->watch.packets == packets &&
			  mono_ms() - r->gone_ms >= LINGER_MS;
		r->watch.downs += r->watch.end == CAPTURE_DOWN && before == CAPTURE_GOES_ON;
		if (r->watch.end != before) {
			tell_watch(t, r);
			flush(t);
		}
		any |= !r->over;
	}
	return any;
}

static int watch_interfaces(struct teller *t)
{
	int64_t start = mono_ms(), told = start;
	bool telling = false, any = true;

	for (size_t i = 0; i < t->setup->interface_count; i++) {
		begin_reading(t, &t->reading[i], t->setup->interfaces[i], (uint32_t)i);
		tell_watch(t, &t->reading[i]);
	}
	flush(t);
	while (any && !stopping(t)) {
		int64_t now = mono_ms();

		if (t->setup->for_ms != 0 && now - start >= t->setup->for_ms)
			break;
		wait_for_frames(t, telling ? 0 : WAIT_MS);
		any = read_interfaces(t);
		if (!telling && now - told < TELL_MS)
			continue;
		told = telling ? told : now;
		telling = !listener_tell(t->listener, TELL_PIECE);
		if (!telling)
			for (size_t i = 0; i < t->setup->interface_count; i++)
				tell_watch(t, &t->reading[i]);
		flush(t);
	}
	listener_end(t->listener);
	for (size_t i = 0; i < t->setup->interface_count; i++) {
		tell_watch(t, &t->reading[i]);
		capture_close(t->reading[i].capture);
	}
	return 0;
}

int listen_process(const struct listen_process *setup)
{
	struct teller *t = calloc(1, sizeof(*t));
	struct listener_setup how = { .memory = setup->memory, .show_names = setup->show_names };
	int status = 1;

	if (t == NULL)
		return 1;
	t->setup = setup;
	t->told = (struct told){ .context = t,
				 .host = tell_host,
				 .flow = tell_flow,
				 .operation = tell_operation,
				 .fact = tell_fact };
	how.told = &t->told;
	t->message = wr_new(t->bytes, sizeof(t->bytes));
	signal(SIGINT, SIG_IGN); /* main tells it to stop, so that what was heard is told first */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (getrandom(&how.seed, sizeof(how.seed), 0) == (ssize_t)sizeof(how.seed))
		t->listener = listener_new(&how);
	if (t->listener != NULL && sandbox_no_files() == 0 &&
	    sandbox_listener(setup->channel) == 0) {
		status = setup->interface_count > 0 ? watch_interfaces(t) : read_files(t);
		if (status == 0 && setup->interface_count == 0)
			listener_end(t->listener);
		tell_end(t);
	}
	listener_free(t->listener);
	free(t);
	return status;
}
