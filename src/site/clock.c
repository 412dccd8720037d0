/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The site's time zone. The C library knows the tz database, but only for the process's own zone:
 * so the zone is switched once, while the site is loaded and no thread exists, and all its offsets
 * between 1970 and 2100 are noted. From then on local time is arithmetic.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "site/declare.h"

static const int64_t clock_end = 4102444800; /* 2100-01-01 */
static const int64_t step = 7 * 86400;       /* no zone changes its offset twice a week */

static const char zoneinfo[] = "/usr/share/zoneinfo";

/* A name such as "Asia/Tokyo", never a path that leads out of the database. */
static bool sound_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 100 || name[0] == '/' || name[0] == '.' || name[0] == '-')
		return false;
	if (strstr(name, "/.") != NULL || strstr(name, "//") != NULL || name[n - 1] == '/')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_+-") ==
	       n;
}

static bool in_database(const char *name)
{
	char path[256], magic[4];

	if (snprintf(path, sizeof(path), "%s/%s", zoneinfo, name) >= (int)sizeof(path))
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool good =
		read(fd, magic, sizeof(magic)) == sizeof(magic) && memcmp(magic, "TZif", 4) == 0;
	close(fd);
	return good;
}

/* What TZ must be for this zone; NULL where nobody knows it. A small system may lack the database,
 * but not the zones that need none. */
static const char *tz_value(const char *name)
{
	if (sound_name(name) && in_database(name))
		return name;
	if (strcmp(name, "UTC") == 0)
		return "UTC0";
	if (strcmp(name, "Asia/Tokyo") == 0 || strcmp(name, "Japan") == 0)
		return "JST-9";
	return NULL;
}

/* The name of the machine's own zone. */
static const char *own_zone(char out[static PATH_MAX])
{
	const char *tz = getenv("TZ");

	if (tz != NULL && tz_value(*tz == ':' ? tz + 1 : tz) != NULL)
		return *tz == ':' ? tz + 1 : tz;
	ssize_t n = readlink("/etc/localtime", out, PATH_MAX - 1);
	if (n > 0) {
		out[n] = '\0';
		char *name = strstr(out, "/zoneinfo/");
		if (name != NULL && tz_value(name + 10) != NULL)
			return name + 10;
	}
	return "UTC";
}

static int32_t offset_at(int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	return localtime_r(&t, &tm) != NULL ? (int32_t)tm.tm_gmtoff : 0;
}

static bool note_offset(struct site *s, int64_t from, int32_t seconds)
{
	struct offset *o = list_grow(&s->offsets, &s->offset_count, sizeof(*o));

	if (o == NULL)
		return false;
	*o = (struct offset){ .from = from, .seconds = seconds };
	return true;
}

/* The process's zone is the site's here. */
static bool note_offsets(struct site *s)
{
	int32_t seconds = offset_at(0);

	if (!note_offset(s, INT64_MIN, seconds))
		return false;
	for (int64_t t = 0; t < clock_end; t += step) {
		int32_t next = offset_at(t + step);
		int64_t low = t, high = t + step;

		if (next == seconds)
			continue;
		while (high - low > 1) {
			int64_t mid = low + (high - low) / 2;

			if (offset_at(mid) == seconds)
				low = mid;
			else
				high = mid;
		}
		if (!note_offset(s, high, next))
			return false;
		seconds = next;
	}
	return true;
}

int clock_load(struct site *s, const char *zone)
{
	char own[PATH_MAX];
	const char *name = zone != NULL ? zone : own_zone(own);
	const char *value = tz_value(name);

	if (value == NULL)
		return -ENOENT;
	const char *before = getenv("TZ");
	char *kept = before != NULL ? strdup(before) : NULL;
	char *copy = strdup(name);
	if (copy == NULL || (before != NULL && kept == NULL)) {
		free(copy);
		free(kept);
		return -ENOMEM;
	}
	free(s->timezone);
	s->timezone = copy;
	free(s->offsets);
	s->offsets = NULL;
	s->offset_count = 0;
	setenv("TZ", value, 1);
	tzset();
	bool noted = note_offsets(s);
	if (kept != NULL)
		setenv("TZ", kept, 1);
	else
		unsetenv("TZ");
	tzset();
	free(kept);
	return noted ? 0 : -ENOMEM;
}

int32_t site_offset(const struct site *s, int64_t when)
{
	size_t i = s->offset_count;

	while (i > 1 && s->offsets[i - 1].from > when)
		i--;
	return i > 0 ? s->offsets[i - 1].seconds : 0;
}

/* Days from 1970-01-01 to a civil day, by counting years from March. */
static int64_t day_number(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

int64_t site_midnight(const struct site *s, int year, int month, int day)
{
	int64_t utc = day_number(year, month, day) * 86400;
	int64_t when = utc - site_offset(s, utc);

	/* The offset at that moment may be another than at midnight UTC. */
	return utc - site_offset(s, when);
}

bool day_parse(const char *text, int *ret_year, int *ret_month, int *ret_day)
{
	static const char form[] = "0000-00-00";
	static const int lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int v[3] = { 0 };
	size_t part = 0;

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i] != '\0'; i++) {
		if (form[i] == '-' && text[i] == '-')
			part++;
		else if (form[i] == '0' && text[i] >= '0' && text[i] <= '9')
			v[part] = v[part] * 10 + (text[i] - '0');
		else
			return false;
	}
	bool leap = (v[0] % 4 == 0 && v[0] % 100 != 0) || v[0] % 400 == 0;
	if (v[0] < 1970 || v[0] >= 2100 || v[1] < 1 || v[1] > 12 || v[2] < 1 ||
	    v[2] > lengths[v[1] - 1] || (v[1] == 2 && v[2] == 29 && !leap))
		return false;
	*ret_year = v[0];
	*ret_month = v[1];
	*ret_day = v[2];
	return true;
}
