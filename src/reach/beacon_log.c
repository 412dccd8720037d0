/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the beacon records: JSON, an object per line, of nothing but addresses, numbers and our own words. Both
 * files are opened at the start, since nothing can be opened later: a full log is copied over the one before it
 * and begun again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "reach/beacon_parts.h"

enum { LINE = 512, COPY = 65536 };

static int open_file(const char *path, struct complaints *c)
{
	struct stat st;
	int fd =
		open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0 || fstat(fd, &st) != 0) {
		complain(c, path, 0, "%s", strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		complain(c, path, 0, _("is no file"));
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

bool beacon_log_open(struct beacon *b, struct complaints *c)
{
	struct log *l = &b->log;
	const char *path = b->setup->log;
	char *old = NULL;
	struct stat st;

	l->fd = l->old_fd = -1;
	if (path == NULL) {
		l->out = stdout;
		return true;
	}
	if (asprintf(&old, "%s.1", path) < 0)
		return false;
	l->fd = open_file(path, c);
	l->old_fd = l->fd < 0 ? -1 : open_file(old, c);
	free(old);
	if (l->old_fd < 0 || fstat(l->fd, &st) != 0)
		return false;
	l->written = (uint64_t)st.st_size;
	return (l->out = fdopen(l->fd, "a")) != NULL;
}

void beacon_log_close(struct beacon *b)
{
	struct log *l = &b->log;

	if (l->old_fd >= 0)
		close(l->old_fd);
	if (l->out != NULL && l->out != stdout)
		fclose(l->out);
	else if (l->fd >= 0)
		close(l->fd);
	*l = (struct log){ .fd = -1, .old_fd = -1 };
}

/* The file becomes the one before it. What cannot be copied is lost, and the bound holds. */
static void turn_over(struct log *l)
{
	static uint8_t bytes[COPY];
	off_t at = 0;
	ssize_t n = 0;

	if (ftruncate(l->old_fd, 0) == 0)
		while ((n = pread(l->fd, bytes, sizeof(bytes), at)) > 0) {
			if (write(l->old_fd, bytes, (size_t)n) != n)
				break;
			at += n;
		}
	if (ftruncate(l->fd, 0) != 0)
		l->failed = true;
	l->written = 0;
}

/* A whole line. A full disk loses lines, and never stops the beacon. */
static void put(struct beacon *b, const char *line, int length)
{
	struct log *l = &b->log;

	if (length < 0 || length >= LINE || l->out == NULL) {
		b->counts.not_logged++;
		return;
	}
	if (l->fd >= 0 && l->written + (uint64_t)length > LOG_MOST)
		turn_over(l);
	if (fwrite(line, 1, (size_t)length, l->out) != (size_t)length || fflush(l->out) != 0) {
		clearerr(l->out);
		b->counts.not_logged++;
		return;
	}
	l->written += (uint64_t)length;
}

static const char *time_text(int64_t when, char out[static 32])
{
	struct tm t;
	time_t seconds = (time_t)when;

	if (gmtime_r(&seconds, &t) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &t) == 0)
		out[0] = '\0';
	return out;
}

/* Lines about those who may send as much as they like are bounded by the second; they are counted all. */
static bool within_bounds(struct beacon *b, enum token_verdict v)
{
	struct log *l = &b->log;

	if (b->now != l->second) {
		l->second = b->now;
		l->strangers = l->refused = 0;
	}
	if (v == TOKEN_RIGHT)
		return true;
	unsigned *lines = v == TOKEN_NONE ? &l->strangers : &l->refused;
	unsigned most = v == TOKEN_NONE ? STRANGERS_LOGGED : REFUSED_LOGGED;
	if (*lines >= most) {
		b->counts.not_logged++;
		return false;
	}
	(*lines)++;
	return true;
}

void beacon_log_question(struct beacon *b, const struct heard_by *by, enum token_verdict v,
			 const struct token_heard *h, bool answered)
{
	char line[LINE], when[32], from[ADDR_TEXT], more[200] = "";

	if (!within_bounds(b, v))
		return;
	if (h != NULL)
		snprintf(more, sizeof(more),
			 ",\"run\":\"%016" PRIx64 "\",\"number\":%" PRIu32 ",\"asked\":\"%s\","
			 "\"asked_port\":%u,\"skew\":%" PRId64 ",\"times\":%u",
			 h->question.run, h->question.number, token_method_word(h->question.method),
			 h->question.port, h->skew_s, h->times);
	put(b, line,
	    snprintf(line, sizeof(line),
		     "{\"event\":\"question\",\"time\":\"%s\",\"source\":\"%s\","
		     "\"source_port\":%u,\"by\":\"%s\",\"port\":%u,\"verdict\":\"%s\","
		     "\"answered\":%s%s}\n",
		     time_text(b->now, when), addr_format(&by->from, from), by->from_port,
		     token_method_word(by->method), by->port, token_verdict_word(v),
		     answered ? "true" : "false", more));
}

void beacon_log_start(struct beacon *b, const struct complaints *warnings)
{
	char line[LINE], when[32];

	put(b, line,
	    snprintf(line, sizeof(line),
		     "{\"event\":\"start\",\"time\":\"%s\",\"version\":\"%s\",\"key\":\"%s\","
		     "\"tcp\":%u,\"udp\":%u,\"icmp\":%s,\"certificate\":\"%s\","
		     "\"passed_over\":%zu}\n",
		     time_text(b->now, when), PACKAGE_VERSION, b->setup->key->name,
		     ports_count(b->setup->ports.tcp) - ports_count(b->missing.tcp),
		     ports_count(b->setup->ports.udp) - ports_count(b->missing.udp),
		     b->setup->icmp ? "true" : "false", b->certificate, warnings->count));
}

void beacon_log_counts(struct beacon *b, const char *event)
{
	char line[LINE], when[32];
	const struct counts *n = &b->counts;

	put(b, line,
	    snprintf(line, sizeof(line),
		     "{\"event\":\"%s\",\"time\":\"%s\",\"right\":%" PRIu64 ",\"answered\":%" PRIu64
		     ",\"none\":%" PRIu64 ",\"forged\":%" PRIu64 ",\"too_old\":%" PRIu64
		     ",\"too_new\":%" PRIu64 ",\"replayed\":%" PRIu64 ",\"repeated\":%" PRIu64
		     ",\"rate_bound\":%" PRIu64 ",\"connections\":%" PRIu64 ",\"evicted\":%" PRIu64
		     ",\"refused\":%" PRIu64 ",\"send_failed\":%" PRIu64 ",\"not_logged\":%" PRIu64
		     "}\n",
		     event, time_text(b->now, when), n->verdicts[TOKEN_RIGHT], n->answered,
		     n->verdicts[TOKEN_NONE], n->verdicts[TOKEN_FORGED], n->verdicts[TOKEN_OLD],
		     n->verdicts[TOKEN_AHEAD], n->verdicts[TOKEN_REPLAYED], n->repeated,
		     n->rate_bound, n->connections, n->evicted, n->refused_connections,
		     n->send_failed, n->not_logged));
}
