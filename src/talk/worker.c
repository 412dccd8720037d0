/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "codec/limits.h"
#include "talk/sandbox.h"
#include "talk/transfer.h"

enum {
	STACK_BYTES = 512 * 1024,
	STOP_POLL_MS = 100,
};

struct worker {
	const struct worker_setup *setup;
	int main_fd, guard_fd;
	size_t index;
	int fd;       /* the lent connection, or -1 */
	int other_fd; /* hears the answer from another port, until it has come; or -1 */
	bool unpaced;
	uint32_t received;          /* of the lent connection */
	struct worker_request open; /* how this conversation opens connections */
	uint32_t conversations;
	char address[ADDR_TEXT];
	pthread_t thread;
};

int64_t worker_unix_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t mono_ms(void *context)
{
	struct timespec t;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the backend of conversations ---- */

/* Asks the guard and waits; a dead guard stops everything. */
static struct guard_reply ask(struct worker *w, const struct worker_request *q, int *ret_fd)
{
	struct guard_reply r = { .ending = ENDING_STOPPED };

	*ret_fd = -1;
	if (transfer_send(w->guard_fd, q, sizeof(*q), -1) != 0)
		return r;
	ssize_t n = transfer_receive(w->guard_fd, &r, sizeof(r), ret_fd);
	if (n != sizeof(r))
		r = (struct guard_reply){ .ending = ENDING_STOPPED };
	return r;
}

static enum ending lent_open(void *context)
{
	struct worker *w = context;
	struct guard_reply r = ask(w, &w->open, &w->fd);

	w->unpaced = r.unpaced;
	w->received = 0;
	if (r.ending == ENDING_DONE && r.elsewhere)
		ask(w, &(struct worker_request){ .kind = REQUEST_ELSEWHERE }, &w->other_fd);
	return r.ending;
}

static void close_as(struct worker *w, enum ending e)
{
	struct worker_request q = { .kind = REQUEST_CLOSE, .n = e, .received = w->received };

	if (w->fd < 0)
		return;
	close(w->fd);
	if (w->other_fd >= 0)
		close(w->other_fd);
	w->fd = w->other_fd = -1;
	transfer_send(w->guard_fd, &q, sizeof(q), -1);
}

static void lent_close(void *context)
{
	close_as(context, ENDING_DONE);
}

static int error_of(enum ending e)
{
	switch (e) {
	case ENDING_STOPPED:
		return -ECANCELED;
	case ENDING_DISTRESS:
		return -EHOSTDOWN;
	case ENDING_LIMIT:
		return -EDQUOT;
	default:
		return -EPIPE;
	}
}

static bool stopping(const struct worker *w)
{
	return atomic_load_explicit(&w->setup->shared->stop, memory_order_relaxed) != 0;
}

/* The window of the target's zone ended: what this job found may be half the truth. */
static bool cut_short(const struct worker *w)
{
	return atomic_load_explicit(&w->setup->shared->cut[w->index], memory_order_relaxed);
}

/* Waits for the descriptor, looking up from time to time. 1 ready, or negative errno. */
static int wait_for(struct worker *w, short events, int64_t until)
{
	for (;;) {
		int64_t left = until - mono_ms(NULL);
		struct pollfd p[] = { { .fd = w->fd, .events = events },
				      { .fd = w->other_fd, .events = events & POLLIN } };

		if (stopping(w) || cut_short(w))
			return -ECANCELED;
		if (left <= 0)
			return -ETIMEDOUT;
		int n = poll(p, 2, left < STOP_POLL_MS ? (int)left : STOP_POLL_MS);
		if (n > 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* The answer came from another port: what follows goes there. */
static bool follow(struct worker *w)
{
	struct pollfd p = { .fd = w->other_fd, .events = POLLIN };
	int none;

	if (w->other_fd < 0 || poll(&p, 1, 0) <= 0)
		return false;
	bool good = ask(w, &(struct worker_request){ .kind = REQUEST_FOLLOW }, &none).ending ==
		    ENDING_DONE;
	close(good ? w->fd : w->other_fd);
	w->fd = good ? w->other_fd : w->fd;
	w->other_fd = -1;
	return good;
}

static ssize_t lent_receive(void *context, void *bytes, size_t n, unsigned timeout_ms)
{
	struct worker *w = context;
	int64_t until = mono_ms(NULL) + timeout_ms;

	for (;;) {
		ssize_t got = recv(w->fd, bytes, n, MSG_DONTWAIT);

		if (got >= 0) {
			w->received += (uint32_t)got;
			return got;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (follow(w))
			continue;
		int r = wait_for(w, POLLIN, until);
		if (r < 0)
			return r;
	}
}

static int lent_send(void *context, const void *bytes, size_t n, unsigned timeout_ms)
{
	struct worker *w = context;
	int64_t until = mono_ms(NULL) + timeout_ms;

	if (!w->unpaced) {
		struct worker_request q = { .kind = REQUEST_WRITE, .n = (uint32_t)n };
		int none;
		enum ending e = ask(w, &q, &none).ending;

		if (e != ENDING_DONE)
			return error_of(e);
		until = mono_ms(NULL) +
			timeout_ms; /* waiting for our own pace is not the peer's time */
	}
	while (n > 0) {
		ssize_t put = send(w->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put > 0) {
			bytes = (const uint8_t *)bytes + put;
			n -= (size_t)put;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return stopping(w) || cut_short(w) ? -ECANCELED : -errno;
		int r = wait_for(w, POLLOUT, until);
		if (r < 0)
			return r;
	}
	return 0;
}

static int lent_lend(void *context, unsigned packets)
{
	struct worker *w = context;
	struct worker_request q = { .kind = REQUEST_LEND, .n = packets };
	int none;

	if (!w->unpaced && ask(w, &q, &none).ending != ENDING_DONE)
		return -1;
	return w->fd;
}

static void lent_random(void *context, void *bytes, size_t n)
{
	(void)context;
	while (n > 0) {
		ssize_t got = getrandom(bytes, n, 0);

		if (got <= 0)
			continue; /* only EINTR can happen to small requests (getrandom(2)) */
		bytes = (uint8_t *)bytes + got;
		n -= (size_t)got;
	}
}

static int64_t lent_clock(void *context)
{
	(void)context;
	return time(NULL);
}

static const struct backend lent = {
	.receive = lent_receive,
	.send = lent_send,
	.open = lent_open,
	.close = lent_close,
	.lend = lent_lend,
	.random = lent_random,
	.clock = lent_clock,
	.now_ms = mono_ms,
};

/* ---- for the job ---- */

static struct conn_setup complete(struct worker *w, const struct job *job,
				  const struct conn_setup *setup)
{
	struct conn_setup s = *setup;

	s.backend = &lent;
	s.context = w;
	s.address = w->address;
	s.port = job->port;
	s.identity = w->setup->identity;
	s.ehlo = w->setup->ehlo;
	s.declared = w->setup->declared;
	return s;
}

struct conn *worker_open(struct worker *w, const struct job *job, int probe,
			 const struct conn_setup *setup, enum ending *ret_ending)
{
	w->open = (struct worker_request){
		.kind = REQUEST_OPEN,
		.address = job->address,
		.port = job->port,
		.probe = probe,
		.conversation = ++w->conversations,
	};
	enum ending e = lent_open(w);
	struct conn *c = NULL;
	if (e == ENDING_DONE) {
		struct conn_setup s = complete(w, job, setup);

		c = conn_new(&s);
		if (c == NULL) {
			lent_close(w);
			e = ENDING_LIMIT;
		}
	}
	*ret_ending = e;
	return c;
}

enum ending worker_become(struct worker *w, struct conn *c, int probe,
			  const struct conn_setup *setup)
{
	w->open.kind = REQUEST_BECOME;
	w->open.probe = probe;
	w->open.conversation = ++w->conversations;
	int none;
	struct guard_reply r = ask(w, &w->open, &none);
	w->open.kind = REQUEST_OPEN;
	if (r.ending != ENDING_DONE)
		return r.ending;
	const struct job job = { .port = w->open.port };
	struct conn_setup s = complete(w, &job, setup);
	conn_hand_over(c, &s);
	return ENDING_DONE;
}

static bool put_all(int fd, const void *bytes, size_t n)
{
	while (n > 0) {
		ssize_t put = send(fd, bytes, n, MSG_NOSIGNAL);

		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0) {
			bytes = (const uint8_t *)bytes + put;
			n -= (size_t)put;
		}
	}
	return true;
}

void worker_report(struct worker *w, const struct job *job, int probe, enum ending e,
		   const struct conn *c, json_t *evidence, int64_t started_ms)
{
	char *text = json_dumps(evidence, JSON_COMPACT | JSON_SORT_KEYS);

	if (text != NULL && strlen(text) > EVIDENCE_MAX) {
		free(text);
		text = NULL;
	}
	const char *document = text != NULL ? text : "{}";
	struct result_header h = {
		.kind = RESULT_EVIDENCE,
		.job = job->id,
		.length = (uint32_t)strlen(document),
		.probe = probe,
		.ending = cut_short(w) ? ENDING_STOPPED : e,
		.started_ms = started_ms,
		.finished_ms = worker_unix_ms(),
	};
	if (c != NULL) {
		h.connections = conn_connections(c);
		h.sent = conn_sent(c);
		h.received = conn_received(c);
	}
	if (put_all(w->main_fd, &h, sizeof(h)))
		put_all(w->main_fd, document, h.length);
	free(text);
}

/* ---- threads ---- */

static void *thread_run(void *context)
{
	struct worker *w = context;
	struct job job;

	while (recv(w->main_fd, &job, sizeof(job), MSG_WAITALL) == sizeof(job)) {
		struct result_header done = { .kind = RESULT_DONE,
					      .job = job.id,
					      .ending = ENDING_DONE };

		atomic_store(&w->setup->shared->cut[w->index], false);
		addr_format(&job.address, w->address);
		snprintf(done.spoken, sizeof(done.spoken), "none");
		w->setup->work(w, &job, &done);
		if (cut_short(w))
			done.ending = ENDING_STOPPED;
		if (!put_all(w->main_fd, &done, sizeof(done)))
			break;
	}
	return NULL;
}

int worker_run(const struct worker_setup *setup)
{
	struct worker *workers = calloc(setup->count, sizeof(*workers));
	pthread_attr_t attributes;
	sigset_t all;

	if (workers == NULL)
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL); /* the guard decides when to stop */
	setup->prepare();
	if (sandbox_worker() != 0)
		return 1;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (size_t i = 0; i < setup->count; i++) {
		workers[i] = (struct worker){
			.setup = setup,
			.index = i,
			.main_fd = setup->main_fds[i],
			.guard_fd = setup->guard_fds[i],
			.fd = -1,
			.other_fd = -1,
			.conversations = 0,
		};
		if (pthread_create(&workers[i].thread, &attributes, thread_run, &workers[i]) != 0)
			return 1;
	}
	for (size_t i = 0; i < setup->count; i++)
		pthread_join(workers[i].thread, NULL);
	free(workers);
	return 0;
}
