/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one probe against a real server of the lab, without guard and plan, and can record the
 * conversation as a .talk file:
 *
 *   converse PROBE[+tls|:PROTOCOL] ADDRESS PORT [limited|full] [FILE.talk "first comment line"]
 *
 * For login and community the environment's TENKEN_CREDENTIAL is "PROTOCOL USER PASSWORD [VENDOR]" ("-": empty).
 * TENKEN_ZONES, TENKEN_MAIL and TENKEN_SELECTORS are the names that a site file would declare.
 * "+tls": the port is known to speak TLS, so that the probe starts it by itself. ":PROTOCOL": TLS
 * begins inside it (tls:smtp).
 * Loopback and private addresses only. Random bytes are drawn anew for each run, since servers know
 * clients again by them, and stand in the recording; a TLS layer is recorded as what is said inside
 * it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "codec/address.h"
#include "codec/ntlm_login.h"
#include "identity/credentials.h"
#include "probes/probe.h"
#include "talk/backend.h"
#include "talk/tls.h"
#include "tests/wire/declared.h"
#include "tests/wire/known_forms.h"

enum { RANDOM_BYTES = 61 }; /* a prime, so that what is drawn repeats late */

struct live {
	struct addr address;
	uint16_t port;
	int fd;
	struct tls *tls;
	FILE *out;
	bool udp;
	bool elsewhere; /* the answer comes from another port; until then there is no peer */
	char last;      /* the mark of what was recorded last; of a datagram each counts */
	int64_t clock;
	uint8_t random[RANDOM_BYTES]; /* repeated */
	size_t random_at;
};

static void record(struct live *l, char mark, const uint8_t *bytes, size_t n)
{
	if (l->out == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		if (i % 24 == 0)
			fprintf(l->out, "%s%c", i > 0 ? "\n" : "", mark);
		if (i == 0 && l->udp && l->last == mark)
			fputc(mark, l->out);
		fprintf(l->out, " %02x", bytes[i]);
	}
	fputc('\n', l->out);
	l->last = mark;
}

static ssize_t plain_receive(void *context, void *bytes, size_t n, unsigned timeout_ms)
{
	struct live *l = context;
	struct pollfd p = { .fd = l->fd, .events = POLLIN };

	if (poll(&p, 1, (int)timeout_ms) <= 0)
		return -ETIMEDOUT;
	if (l->elsewhere) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		ssize_t got = recvfrom(l->fd, bytes, n, 0, (struct sockaddr *)&from, &length);

		l->elsewhere = got < 0 || connect(l->fd, (struct sockaddr *)&from, length) != 0;
		return got < 0 ? -errno : got;
	}
	ssize_t got = read(l->fd, bytes, n);
	return got < 0 ? -errno : got;
}

static int plain_send(void *context, const void *bytes, size_t n, unsigned timeout_ms)
{
	struct live *l = context;

	(void)timeout_ms;
	while (n > 0) {
		struct sockaddr_storage sa;
		socklen_t length = addr_to_sockaddr(&l->address, l->port, &sa);
		ssize_t put = l->elsewhere ? sendto(l->fd, bytes, n, MSG_NOSIGNAL,
						    (struct sockaddr *)&sa, length)
					   : send(l->fd, bytes, n, MSG_NOSIGNAL);

		if (put < 0)
			return -errno;
		bytes = (const uint8_t *)bytes + put;
		n -= (size_t)put;
	}
	return 0;
}

static ssize_t live_receive(void *context, void *bytes, size_t n, unsigned timeout_ms)
{
	struct live *l = context;
	ssize_t got = l->tls != NULL ? tls_receive(l->tls, bytes, n, timeout_ms)
				     : plain_receive(l, bytes, n, timeout_ms);

	if (got > 0)
		record(l, '<', bytes, (size_t)got);
	else if (l->out != NULL && got != -ETIMEDOUT)
		fprintf(l->out, got == 0 ? "!\n" : "! reset\n");
	return got;
}

static int live_send(void *context, const void *bytes, size_t n, unsigned timeout_ms)
{
	struct live *l = context;

	record(l, '>', bytes, n);
	return l->tls != NULL ? tls_send(l->tls, bytes, n, timeout_ms)
			      : plain_send(l, bytes, n, timeout_ms);
}

static enum ending connect_now(struct live *l)
{
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&l->address, l->port, &sa);

	l->fd = socket(sa.ss_family, (l->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || (!l->elsewhere && connect(l->fd, (struct sockaddr *)&sa, n) != 0))
		return errno == ECONNREFUSED ? ENDING_REFUSED : ENDING_TIMEOUT;
	return ENDING_DONE;
}

static enum ending live_open(void *context)
{
	struct live *l = context;
	enum ending e = connect_now(l);

	if (l->out != NULL)
		fprintf(l->out, e == ENDING_DONE ? "+\n" : "+ %s\n", ending_word(e));
	return e;
}

static void live_close(void *context)
{
	struct live *l = context;

	tls_free(l->tls);
	l->tls = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* For a recording TLS is done here rather than in conn.c, so that what is inside it is seen. */
static int live_plays_tls(void *context, bool old)
{
	static const struct tls_carrier carrier = { .send = plain_send, .receive = plain_receive };
	struct live *l = context;
	int error;

	if (l->out == NULL)
		return 0;
	l->tls = tls_connect(&carrier, l, NULL, old, 5000, &error);
	if (l->tls == NULL) {
		fprintf(stderr, "TLS: %s\n", strerror(-error));
		fprintf(l->out, "@ tls refused\n");
		return -1;
	}
	fprintf(l->out, "@ tls\n");
	return 1;
}

static enum renegotiation live_plays_renegotiation(void *context)
{
	static const char *const words[] = { "refused", "done", "unknown" };
	struct live *l = context;
	int r = tls_renegotiate(l->tls, 5000);
	enum renegotiation result = r == 1   ? RENEGOTIATION_DONE
				    : r == 0 ? RENEGOTIATION_REFUSED
					     : RENEGOTIATION_UNKNOWN;

	fprintf(l->out, "@ renegotiation %s\n", words[result]);
	return result;
}

static int live_lend(void *context, unsigned packets)
{
	struct live *l = context;

	(void)packets;
	return l->out == NULL ? l->fd : -1; /* a library's bytes cannot be recorded */
}

static void live_random(void *context, void *bytes, size_t n)
{
	struct live *l = context;

	for (size_t i = 0; i < n; i++, l->random_at++)
		((uint8_t *)bytes)[i] = l->random[l->random_at % RANDOM_BYTES];
}

static int64_t live_clock(void *context)
{
	struct live *l = context;

	return l->clock;
}

static int64_t live_now(void *context)
{
	struct timespec t;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const struct backend live = {
	.receive = live_receive,
	.send = live_send,
	.open = live_open,
	.close = live_close,
	.lend = live_lend,
	.plays_tls = live_plays_tls,
	.plays_renegotiation = live_plays_renegotiation,
	.random = live_random,
	.clock = live_clock,
	.now_ms = live_now,
};

int main(int argc, char **argv)
{
	struct live l = { .fd = -1, .clock = time(NULL) };
	char *suffix = argc > 1 ? strstr(argv[1], "+tls") : NULL;
	bool tls_wanted = suffix != NULL && suffix[4] == '\0';

	static const char *const kinds[] = { "zones", "mail", "selectors", "internal" };
	char *names[DECLARED_KINDS] = { getenv("TENKEN_ZONES"), getenv("TENKEN_MAIL"),
					getenv("TENKEN_SELECTORS"), getenv("TENKEN_INTERNAL") };
	struct declared declared;

	if (getrandom(l.random, sizeof(l.random), 0) != (ssize_t)sizeof(l.random))
		return 1;
	if (tls_wanted)
		*suffix = '\0';
	char *starttls = argc > 1 ? strchr(argv[1], ':') : NULL;
	if (starttls != NULL)
		*starttls++ = '\0';
	if (argc < 4 || probe_find(argv[1]) == NULL || addr_parse(argv[2], &l.address) != 0 ||
	    addr_is_public(&l.address)) {
		fprintf(stderr,
			"usage: converse PROBE[+tls] ADDRESS PORT [limited|full] [FILE COMMENT]\n");
		return 2;
	}
	const struct probe *probe = probe_find(argv[1]);
	enum depth depth = argc > 4 && strcmp(argv[4], "limited") == 0 ? DEPTH_LIMITED : DEPTH_FULL;
	l.port = (uint16_t)strtoul(argv[3], NULL, 10);
	if (argc > 6) {
		l.out = fopen(argv[5], "w");
		if (l.out == NULL) {
			perror(argv[5]);
			return 1;
		}
		fprintf(l.out, "# %s\n@ port %u\n@ clock %lld\n", argv[6], l.port,
			(long long)l.clock);
		if (depth == DEPTH_LIMITED)
			fprintf(l.out, "@ depth limited\n");
		if (tls_wanted)
			fprintf(l.out, "@ wanted tls\n");
		if (starttls != NULL)
			fprintf(l.out, "@ starttls %s\n", starttls);
		if (getenv("TENKEN_CREDENTIAL") != NULL)
			fprintf(l.out, "@ credential %s\n", getenv("TENKEN_CREDENTIAL"));
		for (size_t i = 0; i < countof(names); i++)
			if (names[i] != NULL)
				fprintf(l.out, "@ %s %s\n", kinds[i], names[i]);
		fputs("@ random", l.out);
		for (size_t i = 0; i < RANDOM_BYTES; i++)
			fprintf(l.out, " %02x", l.random[i]);
		fputc('\n', l.out);
	}
	l.udp = probe->udp;
	l.elsewhere = probe->elsewhere;
	probe_ssh_prepare();
	ntlm_login_prepare();
	enum ending e = connect_now(&l);
	if (e != ENDING_DONE) {
		fprintf(stderr, "connect: %s\n", strerror(errno));
		return 1;
	}
	json_t *evidence = json_object();
	char *words[3] = { 0 }, *said = getenv("TENKEN_CREDENTIAL"),
	     *rest = said != NULL ? strdup(said) : NULL;
	for (size_t i = 0; i < countof(words); i++) {
		words[i] = strsep(&rest, " ");
		if (words[i] == NULL || strcmp(words[i], "-") == 0)
			words[i] = (char *)"";
	}
	const struct credential k = {
		.number = 1,
		.vendor = rest,
		.protocol = words[0],
		.user = words[1],
		.password = words[2],
	};
	struct conn_setup setup = {
		.declared = &declared.domains,
		.credential = probe->risk == RISK_LOGIN ? &k : NULL,
		.forms = probe->risk == RISK_LOGIN ? known_forms() : NULL,
		.backend = &live,
		.context = &l,
		.address = "192.0.2.1", /* as the player says it */
		.port = l.port,
		.identity = "tenken/test (contact: none)",
		.ehlo = "tenken.invalid",
		.depth = depth,
		.anonymous = depth == DEPTH_FULL,
		.tls = tls_wanted,
		.starttls = starttls,
		.connections = probe->connections[depth],
		.sent = probe->sent[depth],
		.received = probe->received[depth],
		.deadline_ms = probe->udp ? 1500 : 5000,
		.evidence = evidence,
	};
	declared_init(&declared, names);
	struct conn *c = conn_new(&setup);
	int64_t start = live_now(&l);
	e = probe->run(c, evidence);
	if (l.out != NULL) {
		fprintf(l.out, "= %s\n", ending_word(e));
		fclose(l.out);
		l.out = NULL;
	}
	printf("%s in %lld ms: %u connections, %zu bytes sent, %zu received\n", ending_word(e),
	       (long long)(live_now(&l) - start), conn_connections(c), conn_sent(c),
	       conn_received(c));
	conn_free(c);
	declared_done(&declared);
	json_dumpf(evidence, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(evidence);
	return 0;
}
