/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/lock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const names[] = {
	[LOCK_SENDING] = "tenken",
	[LOCK_LISTENING] = "tenken-listen",
};

enum { ANSWER_MS = 1000, ANSWER_MOST = 1024 };

static socklen_t address(enum lock_kind kind, struct sockaddr_un *sa)
{
	size_t n = strlen(names[kind]);

	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	memcpy(sa->sun_path + 1, names[kind], n); /* a leading zero: abstract, see unix(7) */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

int lock_take(enum lock_kind kind)
{
	struct sockaddr_un sa;
	socklen_t n = address(kind, &sa);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, n) != 0 || listen(fd, 8) != 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int visit(enum lock_kind kind, const char *word, char *text, size_t n)
{
	struct sockaddr_un sa;
	socklen_t length = address(kind, &sa);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, length) != 0) {
		close(fd);
		return -ENOENT;
	}
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t got = -1;
	if (send(fd, word, strlen(word), MSG_NOSIGNAL) > 0 && poll(&p, 1, ANSWER_MS) > 0)
		got = recv(fd, text, n - 1, 0);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0 ? 0 : -EIO;
}

bool lock_holder(enum lock_kind kind, char *text, size_t n)
{
	char answer[ANSWER_MOST];

	if (visit(kind, "who", answer, sizeof(answer)) != 0 || strlen(answer) < 3)
		return false;
	snprintf(text, n, "%s", answer + 2);
	return true;
}

int lock_stop(enum lock_kind kind, char *text, size_t n)
{
	char answer[ANSWER_MOST];
	int r = visit(kind, "stop", answer, sizeof(answer));

	text[0] = '\0';
	if (r != 0)
		return r;
	if (strlen(answer) >= 2)
		snprintf(text, n, "%s", answer + 2);
	return answer[0] == '+' ? 0 : -EPERM;
}

bool lock_answer(int fd, const char *description)
{
	int visitor = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t n = sizeof(who);
	char word[16], answer[ANSWER_MOST];

	if (visitor < 0)
		return false;
	struct pollfd p = { .fd = visitor, .events = POLLIN };
	ssize_t got = poll(&p, 1, 100) > 0 ? recv(visitor, word, sizeof(word), 0) : -1;
	bool known = getsockopt(visitor, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0;
	bool asks = got == 4 && memcmp(word, "stop", 4) == 0;
	bool may = known && (who.uid == 0 || who.uid == geteuid());
	snprintf(answer, sizeof(answer), "%c %s", asks && !may ? '-' : '+', description);
	send(visitor, answer, strlen(answer), MSG_NOSIGNAL);
	close(visitor);
	return asks && may;
}
