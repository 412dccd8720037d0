/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filters of workers, of senders and of the process that listens, on the normal build: in a child of its own,
 * what it never does fails with EPERM, and what it needs can still be done. Builds with sanitizers have no filter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/span.h"
#include "talk/sandbox.h"

/* Made before the filter, as a worker's lent descriptors are. */
static int lent;

static bool refused(long result)
{
	return result == -1 && errno == EPERM;
}

static bool no_socket(void)
{
	return refused(socket(AF_INET, SOCK_STREAM, 0)) && refused(socket(AF_UNIX, SOCK_DGRAM, 0));
}

/* To ourselves: should the filter fail, nobody is spoken to. */
static bool no_connect(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(9) };

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return refused(connect(lent, (struct sockaddr *)&sa, sizeof(sa)));
}

/* A send that connects (tcp(7), MSG_FASTOPEN). */
static bool no_fastopen(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr m = {
		.msg_name = &sa, .msg_namelen = sizeof(sa), .msg_iov = &iov, .msg_iovlen = 1
	};
	struct mmsghdr mm = { .msg_hdr = m };

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return refused(sendto(lent, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&sa, sizeof(sa))) &&
	       refused(sendmsg(lent, &m, MSG_FASTOPEN | MSG_NOSIGNAL)) &&
	       refused(sendmmsg(lent, &mm, 1, MSG_FASTOPEN));
}

static bool no_bind(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return refused(bind(lent, (struct sockaddr *)&sa, sizeof(sa))) && refused(listen(lent, 1));
}

static bool no_open(void)
{
	return refused(open("/dev/null", O_RDONLY)) &&
	       refused(open("/", O_TMPFILE | O_WRONLY, 0600)) &&
	       refused(syscall(SYS_openat2, AT_FDCWD, "/dev/null", NULL, 0));
}

/* A child that should not be: it ends at once. */
static bool no_child(long pid)
{
	int error = errno;

	if (pid == 0)
		_exit(0);
	errno = error;
	return refused(pid);
}

static bool no_fork(void)
{
	return no_child(fork()) && no_child(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static bool no_exec(void)
{
	char *const argv[] = { "false", NULL };
	char *const envp[] = { NULL };

	return refused(execve("/bin/false", argv, envp));
}

static bool no_kill(void)
{
	return refused(kill(getpid(), 0));
}

static void *set(void *context)
{
	*(int *)context = 7;
	return NULL;
}

static bool threads(void)
{
	pthread_t thread;
	int value = 0;

	return pthread_create(&thread, NULL, set, &value) == 0 && pthread_join(thread, NULL) == 0 &&
	       value == 7;
}

/* What a conversation needs goes on. */
static bool lent_descriptor(void)
{
	int pair[2] = { lent, -1 };
	char byte = 0;

	pair[1] = dup(lent);
	return pair[1] >= 0 && recv(pair[1], &byte, 1, MSG_DONTWAIT) == -1 && errno != EPERM &&
	       close(pair[1]) == 0;
}

/* ---- the process that listens: `lent` stands for its packet socket ---- */

static int channel;
static pid_t parent;

static bool listener_sends_nothing(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct mmsghdr mm = { .msg_hdr = m };

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return refused(send(lent, "x", 1, MSG_NOSIGNAL)) && refused(write(lent, "x", 1)) &&
	       refused(writev(lent, &iov, 1)) && refused(sendmsg(lent, &m, MSG_NOSIGNAL)) &&
	       refused(sendmmsg(lent, &mm, 1, 0)) && refused(sendmsg(channel, &m, 0)) &&
	       refused(sendto(channel, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa))) &&
	       refused(splice(channel, NULL, lent, NULL, 1, 0)) && refused(dup2(channel, lent)) &&
	       refused(setsockopt(lent, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof(int)));
}

static bool listener_opens_nothing(void)
{
	return no_socket() && no_open() && no_fork() && no_exec() && no_bind() && no_connect();
}

static bool listener_signals_nobody(void)
{
	return no_kill() && refused(syscall(SYS_tgkill, parent, parent, 0)) &&
	       syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0) == 0;
}

static bool listener_tells(void)
{
	void *p = malloc(1 << 22);

	free(p);
	return p != NULL && send(channel, "x", 1, MSG_NOSIGNAL) == 1;
}

/* Runs one question behind a filter; a child that dies has answered no. */
static void ask_behind(int (*filter)(void), bool (*question)(void))
{
	int status = -1;

	lent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(lent >= 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(filter() != 0 ? 2 : question() ? 0 : 1);
	close(lent);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Of a process that sends by itself: sockets are its own, all else is not. */
static void test_sender(void **state)
{
	static bool (*const questions[])(void) = { no_open, no_fork, no_exec, no_kill, threads };
	int status = -1;
	(void)state;

	for (size_t i = 0; i < countof(questions); i++) {
		fflush(NULL);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			bool good = sandbox_no_files() == 0 && sandbox_sender() == 0;
			int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

			_exit(good && fd >= 0 && refused(listen(fd, 1)) && questions[i]() ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

/* Landlock alone, where the kernel has it; what seccomp says is no part of this. */
static void test_no_files(void **state)
{
	int status = -1;
	(void)state;

	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* -EOPNOTSUPP and the like: there is nothing to ask. */
		if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0)
			_exit(0);
		_exit(sandbox_no_files() == 0 && open("/dev/null", O_RDONLY) == -1 &&
				      errno == EACCES
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void ask(bool (*question)(void))
{
	ask_behind(sandbox_worker, question);
}

static int filter_listener(void)
{
	return sandbox_listener(channel);
}

static void test_listener(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	channel = pair[0];
	parent = getpid();
	ask_behind(filter_listener, listener_sends_nothing);
	ask_behind(filter_listener, listener_opens_nothing);
	ask_behind(filter_listener, listener_signals_nobody);
	ask_behind(filter_listener, listener_tells);
	close(pair[0]);
	close(pair[1]);
}

#define TEST(question)                            \
	static void test_##question(void **state) \
	{                                         \
		(void)state;                      \
		ask(question);                    \
	}
TEST(no_socket)
TEST(no_connect)
TEST(no_fastopen)
TEST(no_bind)
TEST(no_open)
TEST(no_fork)
TEST(no_exec)
TEST(no_kill)
TEST(threads)
TEST(lent_descriptor)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_socket),   cmocka_unit_test(test_no_connect),
		cmocka_unit_test(test_no_fastopen), cmocka_unit_test(test_no_bind),
		cmocka_unit_test(test_no_open),     cmocka_unit_test(test_no_fork),
		cmocka_unit_test(test_no_exec),     cmocka_unit_test(test_no_kill),
		cmocka_unit_test(test_threads),     cmocka_unit_test(test_lent_descriptor),
		cmocka_unit_test(test_sender),      cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_listener),
	};

#ifdef TENKEN_SANITIZED
	printf("1..0 # SKIP built with sanitizers, which need files: no filter\n");
	return countof(tests) == 0;
#endif
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
