/* SPDX-License-Identifier: Apache-2.0 */
/* Windows in the week of the site, and whether an authorisation holds. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/i18n.h"
#include "site/declare.h"

enum { DAY_MINUTES = 24 * 60, EVERY_DAY = 0x7f };

static const char *const day_words[7] = { N_("Sun"), N_("Mon"), N_("Tue"), N_("Wed"),
					  N_("Thu"), N_("Fri"), N_("Sat") };

static bool day_word(struct span *s, unsigned *ret)
{
	for (unsigned i = 0; i < 7; i++)
		if (span_starts_nocase(*s, day_words[i])) {
			*s = span_from(*s, 3);
			*ret = i;
			return true;
		}
	return false;
}

/* "Sun", "Mon-Fri", "Sat,Sun", "Fri-Mon". */
static bool days_parse(struct span s, uint8_t *ret)
{
	uint8_t days = 0;

	for (;;) {
		unsigned first, last;

		if (!day_word(&s, &first))
			return false;
		last = first;
		if (span_starts(s, "-")) {
			s = span_from(s, 1);
			if (!day_word(&s, &last))
				return false;
		}
		for (unsigned d = first;; d = (d + 1) % 7) {
			days |= (uint8_t)(1U << d);
			if (d == last)
				break;
		}
		if (s.length == 0)
			break;
		if (!span_starts(s, ","))
			return false;
		s = span_from(s, 1);
	}
	*ret = days;
	return true;
}

static bool digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* "02:00", "24:00" as an end. */
static bool clock_parse(struct span s, uint16_t *ret)
{
	if (s.length != 5 || s.at[2] != ':' || !digit(s.at[0]) || !digit(s.at[1]) ||
	    !digit(s.at[3]) || !digit(s.at[4]))
		return false;
	unsigned hour = (s.at[0] - '0') * 10U + (s.at[1] - '0');
	unsigned minute = (s.at[3] - '0') * 10U + (s.at[4] - '0');
	if (minute > 59 || hour * 60 + minute > DAY_MINUTES)
		return false;
	*ret = (uint16_t)(hour * 60 + minute);
	return true;
}

bool window_parse(const char *text, struct window *ret)
{
	struct span s = span_trim(span_text(text));
	struct window w = { .days = EVERY_DAY };
	ptrdiff_t space = span_find(s, " ", 1);

	if (space >= 0) {
		if (!days_parse(span_first(s, (size_t)space), &w.days))
			return false;
		s = span_trim(span_from(s, (size_t)space));
	}
	if (s.length != 11 || s.at[5] != '-' || !clock_parse(span_first(s, 5), &w.from) ||
	    !clock_parse(span_from(s, 6), &w.to) || w.from == w.to || w.from == DAY_MINUTES)
		return false;
	*ret = w;
	return true;
}

const char *window_format(const struct window *w, char out[static WINDOW_TEXT])
{
	const char *comma = i18n_language() == LANGUAGE_JA ? "" : ",";
	size_t n = 0;

	for (unsigned d = 0; d < 7 && w->days != EVERY_DAY; d++)
		if (w->days & 1U << d)
			n += (size_t)snprintf(out + n, WINDOW_TEXT - n, "%s%s", n > 0 ? comma : "",
					      _(day_words[d]));
	snprintf(out + n, WINDOW_TEXT - n, "%s%02u:%02u-%02u:%02u", n > 0 ? " " : "", w->from / 60U,
		 w->from % 60U, w->to / 60U, w->to % 60U);
	return out;
}

static bool holds(const struct window *w, unsigned weekday, unsigned minute)
{
	bool today = w->days >> weekday & 1;
	bool yesterday = w->days >> (weekday + 6) % 7 & 1;

	if (w->from < w->to)
		return today && minute >= w->from && minute < w->to;
	return (today && minute >= w->from) || (yesterday && minute < w->to);
}

bool zone_window_open(const struct site *s, const struct zone *z, int64_t when)
{
	if (z->window_count == 0)
		return true;
	int64_t local = when + site_offset(s, when);
	int64_t days = local / 86400 - (local % 86400 < 0);
	unsigned minute = (unsigned)((local - days * 86400) / 60);
	unsigned weekday = (unsigned)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
	for (size_t i = 0; i < z->window_count; i++)
		if (holds(&z->windows[i], weekday, minute))
			return true;
	return false;
}

static void earlier(const struct site *s, const struct zone *z, int64_t after, int64_t candidate,
		    int64_t *best)
{
	if (candidate > after && (*best < 0 || candidate < *best) &&
	    zone_window_open(s, z, candidate))
		*best = candidate;
}

int64_t zone_window_next(const struct site *s, const struct zone *z, int64_t when)
{
	enum { DAYS = 15 }; /* a change of the clock may swallow this week's window */
	int64_t best = -1;

	if (zone_window_open(s, z, when))
		return when;
	/* What is closed opens where a window begins, or where the clocks are changed. */
	int64_t today = (when + site_offset(s, when)) / 86400;
	for (int64_t day = today - 1; day <= today + DAYS; day++)
		for (size_t i = 0; i < z->window_count; i++) {
			int64_t local = day * 86400 + z->windows[i].from * 60;

			earlier(s, z, when, local - site_offset(s, local - 86400), &best);
			earlier(s, z, when, local - site_offset(s, local + 86400), &best);
		}
	for (size_t i = 0; i < s->offset_count; i++)
		if (s->offsets[i].from > when && s->offsets[i].from < when + DAYS * 86400)
			earlier(s, z, when, s->offsets[i].from, &best);
	return best;
}

const char *site_moment(const struct site *s, int64_t when, char out[static MOMENT_TEXT])
{
	time_t local = (time_t)(when + site_offset(s, when));
	struct tm tm = { 0 };
	char day[32] = "";

	if (gmtime_r(&local, &tm) != NULL)
		strftime(day, sizeof(day), "%Y-%m-%d %H:%M", &tm);
	snprintf(out, MOMENT_TEXT, "%s %s (%s)", _(day_words[tm.tm_wday]), day,
		 s->timezone != NULL ? s->timezone : "UTC");
	return out;
}

bool authorisation_valid(const struct authorisation *a, int64_t when)
{
	return a->given && when >= a->from && when <= a->until;
}
