/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Names as "Asia/Tokyo": the C library would open any file that TZ names. */
static bool is_zone_name(const char *zone)
{
	if (strlen(zone) > 64 || !isalpha((unsigned char)zone[0]) || strstr(zone, "..") != NULL)
		return false;
	for (const char *p = zone; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("/_+-", *p) == NULL)
			return false;
	char path[128];
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	return access(path, R_OK) == 0;
}

bool clock_enter(struct clock *c, const char *zone)
{
	const char *before = getenv("TZ");

	c->before = before != NULL ? strdup(before) : NULL;
	bool known = zone != NULL && is_zone_name(zone);
	setenv("TZ", known ? zone : "UTC0", 1);
	tzset();
	return known;
}

void clock_leave(struct clock *c)
{
	if (c->before != NULL)
		setenv("TZ", c->before, 1);
	else
		unsetenv("TZ");
	tzset();
	free(c->before);
	c->before = NULL;
}

const char *time_here(int64_t seconds, char out[static TIME_TEXT])
{
	struct tm tm;
	time_t t = (time_t)seconds;

	out[0] = '\0';
	if (seconds != 0 && localtime_r(&t, &tm) != NULL && tm.tm_year >= 0 && tm.tm_year < 8100)
		strftime(out, TIME_TEXT, "%Y-%m-%d %H:%M %Z", &tm);
	return out;
}

const char *day_here(int64_t seconds, char out[static TIME_TEXT])
{
	time_here(seconds, out);
	out[strnlen(out, 10)] = '\0';
	return out;
}
