/* SPDX-License-Identifier: Apache-2.0 */
/* Single values of a site file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/load.h"

static void take_copy(struct ynode n, const char *text, size_t most, char **ret)
{
	if (text == NULL)
		return;
	if (strlen(text) > most) {
		yn_complain(n, _("is longer than %zu bytes"), most);
		return;
	}
	char *copy = strdup(text);
	if (copy == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	free(*ret);
	*ret = copy;
}

void load_text(struct ynode n, char **ret)
{
	take_copy(n, yn_text(n), SITE_TEXT_MAX, ret);
}

void load_name(struct ynode n, char **ret)
{
	const char *text = yn_text(n);

	if (text != NULL && strpbrk(text, "\n\t") != NULL)
		yn_complain(n, _("a name is one line without tabs"));
	else
		take_copy(n, text, SITE_NAME_MAX, ret);
}

size_t load_count(struct ynode n)
{
	if (!yn_is_list(n))
		return yn_given(n) ? 1 : 0;
	if (yn_count(n) > SITE_ENTRIES_MAX) {
		yn_complain(n, _("has more than %d entries"), SITE_ENTRIES_MAX);
		return 0;
	}
	return yn_count(n);
}

struct ynode load_element(struct ynode n, size_t index)
{
	return yn_is_list(n) ? yn_at(n, index) : n;
}

void load_texts(struct ynode n, char ***list, size_t *count)
{
	for (size_t i = 0; i < load_count(n); i++) {
		struct ynode element = load_element(n, i);
		const char *text = yn_text(element);

		for (size_t k = 0; text != NULL && k < *count; k++)
			if (strcmp((*list)[k], text) == 0) {
				yn_complain(element, _("'%s' stands twice"), text);
				text = NULL;
			}
		if (text != NULL && strlen(text) > SITE_TEXT_MAX)
			yn_complain(element, _("is longer than %d bytes"), SITE_TEXT_MAX);
		else if (text != NULL && !texts_add(list, count, text))
			yn_complain(element, _("out of memory"));
	}
}

bool load_network(struct ynode n, struct ranges *ret)
{
	struct ranges loose = { 0 };
	const char *text = yn_text(n);

	if (text == NULL)
		return false;
	int e = ranges_parse_network(ret, text, true);
	if (e == 0)
		return true;
	if (e == -ENOMEM) {
		yn_complain(n, _("out of memory"));
	} else if (ranges_parse_network(&loose, text, false) == 0 && loose.count > 0) {
		char network[RANGE_TEXT];

		yn_complain(n, _("'%s' has host bits: the network is '%s'"), text,
			    range_format(&loose.list[0], network));
	} else {
		yn_complain(n, _("'%s' is not an address, a network or a range of two addresses"),
			    text);
	}
	ranges_done(&loose);
	return false;
}

void load_ranges(struct ynode n, struct ranges *ret)
{
	for (size_t i = 0; i < load_count(n); i++)
		load_network(load_element(n, i), ret);
}

void load_address(struct ynode n, struct addr *ret)
{
	const char *text = yn_text(n);

	if (text != NULL && addr_parse(text, ret) != 0)
		yn_complain(n, _("'%s' is not an address"), text);
}

bool site_day(const struct site *s, const char *text, bool end, int64_t *ret)
{
	int year, month, day;

	if (!day_parse(text, &year, &month, &day))
		return false;
	/* The day behind the last of a month: site_midnight() counts on. */
	*ret = site_midnight(s, year, month, end ? day + 1 : day) - end;
	return true;
}

void load_day(const struct site *s, struct ynode n, bool end, int64_t *ret)
{
	const char *text = yn_text(n);

	if (text != NULL && !site_day(s, text, end, ret))
		yn_complain(n, _("'%s' is not a day (YYYY-MM-DD)"), text);
}

void load_windows(struct ynode n, struct window **list, size_t *count)
{
	for (size_t i = 0; i < load_count(n); i++) {
		struct ynode element = load_element(n, i);
		const char *text = yn_text(element);
		struct window w;

		if (text == NULL)
			continue;
		if (!window_parse(text, &w)) {
			yn_complain(element, _("'%s' is not a window such as 'Sun 02:00-04:00'"),
				    text);
			continue;
		}
		struct window *place = list_grow(list, count, sizeof(*place));
		if (place != NULL)
			*place = w;
		else
			yn_complain(element, _("out of memory"));
	}
}

void load_port_ranges(struct ynode n, struct port_range **list, size_t *count)
{
	for (size_t i = 0; i < load_count(n); i++) {
		struct ynode element = load_element(n, i);
		const char *text = yn_text(element);
		struct port_range r;

		if (text == NULL)
			continue;
		if (!port_range_parse(span_text(text), &r)) {
			yn_complain(element, _("'%s' is not a port such as 'tcp/443'"), text);
			continue;
		}
		struct port_range *place = list_grow(list, count, sizeof(*place));
		if (place != NULL)
			*place = r;
		else
			yn_complain(element, _("out of memory"));
	}
}

void load_rate(struct ynode n, unsigned *ret)
{
	uint64_t v;

	if (yn_number(n, 1, 1000000, &v))
		*ret = (unsigned)v;
}

void load_duration(struct ynode n, int64_t *ret)
{
	enum { DAY = 86400 };
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY }, { 'w', 7 * DAY } };
	const char *text = yn_text(n);

	if (text == NULL)
		return;
	size_t digits = strspn(text, "0123456789");
	if (digits > 0 && digits <= 6 && text[digits] != '\0' && text[digits + 1] == '\0')
		for (size_t i = 0; i < countof(units); i++)
			if (units[i].unit == text[digits]) {
				*ret = strtoll(text, NULL, 10) * units[i].seconds;
				return;
			}
	yn_complain(n, _("'%s' is not a duration such as 24h or 30d"), text);
}
