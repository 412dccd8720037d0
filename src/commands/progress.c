/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/i18n.h"

enum { SAMPLE_MS = 1000, KNOWN_AFTER_MS = 3000 };

static void sample(struct progress *p, const struct progress_count *c, int64_t now_ms)
{
	if (p->sample_count == PROGRESS_SAMPLES) {
		memmove(p->samples, p->samples + 1, sizeof(p->samples) - sizeof(p->samples[0]));
		p->sample_count--;
	}
	p->samples[p->sample_count].at_ms = now_ms;
	p->samples[p->sample_count].tried = c->tried;
	p->samples[p->sample_count].packets = c->packets;
	p->sample_count++;
}

void progress_begin(struct progress *p, int64_t now_ms)
{
	const struct progress_count none = { 0 };

	*p = (struct progress){ .began_ms = now_ms };
	sample(p, &none, now_ms);
}

void progress_pass(struct progress *p, const struct progress_count *c, bool paused, int64_t now_ms)
{
	int64_t passed = now_ms - p->samples[p->sample_count - 1].at_ms;

	if (passed < SAMPLE_MS)
		return;
	if (paused)
		p->paused_ms += passed;
	sample(p, c, now_ms);
}

int64_t progress_left_s(const struct progress *p, const struct progress_count *c, int64_t now_ms)
{
	int64_t worked_ms = now_ms - p->began_ms - p->paused_ms;

	if (c->hosts == 0 || c->hosts >= c->total_hosts || worked_ms < KNOWN_AFTER_MS)
		return -1;
	double left =
		(double)worked_ms / 1000 * (double)(c->total_hosts - c->hosts) / (double)c->hosts;
	return left < 1e9 ? (int64_t)left : -1;
}

static void left_text(int64_t s, char *out, size_t n)
{
	if (s < 0)
		snprintf(out, n, "--");
	else if (s < 90)
		snprintf(out, n, _("%.0f s"), (double)s);
	else if (s < 5400)
		snprintf(out, n, _("%.0f min"), (double)s / 60);
	else
		snprintf(out, n, _("%.1f h"), (double)s / 3600);
}

/* A second's worth of what grew by so much in so many milliseconds. */
static double rate(uint64_t before, uint64_t after, int64_t ms)
{
	return ms > 0 && after > before ? (double)(after - before) * 1000 / (double)ms : 0;
}

void progress_line(const struct progress *p, const struct progress_count *c, const char *pause,
		   int64_t now_ms, char out[static PROGRESS_TEXT])
{
	int64_t ms = now_ms - p->samples[0].at_ms;
	char left[64];
	int n;

	left_text(progress_left_s(p, c, now_ms), left, sizeof(left));
	n = snprintf(out, PROGRESS_TEXT,
		     _("%llu/%llu hosts, %.0f ports/s, %.0f packets/s, %lu open (%lu notable), %lu "
		       "conversations, "),
		     (unsigned long long)c->hosts, (unsigned long long)c->total_hosts,
		     rate(p->samples[0].tried, c->tried, ms),
		     rate(p->samples[0].packets, c->packets, ms), c->open, c->notable,
		     c->conversations);
	if (n < 0 || n >= PROGRESS_TEXT)
		return;
	if (pause != NULL)
		snprintf(out + n, PROGRESS_TEXT - (size_t)n, "%s", pause);
	else
		snprintf(out + n, PROGRESS_TEXT - (size_t)n, _("%s left"), left);
}

void progress_cut(char *text, size_t columns)
{
	size_t width = 0;
	char *at = text;

	while (*at != '\0') {
		/* What has three bytes or more is wide in all that we print (Japanese). */
		unsigned char c = (unsigned char)*at;
		size_t bytes = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

		width += bytes >= 3 ? 2 : 1;
		if (width > columns || strnlen(at, bytes) < bytes) {
			*at = '\0';
			return;
		}
		at += bytes;
	}
}
