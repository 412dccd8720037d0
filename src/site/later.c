/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys whose feature does not exist yet. Their form stands here as tables and is checked now, so that
 * a file written today is right tomorrow; that they have no effect is said, never passed over. Who
 * builds the feature takes its rows out.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/load.h"

enum shape {
	SHAPE_TEXT,
	SHAPE_TEXTS, /* one or a list */
	SHAPE_FLAG,
	SHAPE_NUMBER, /* 1 to 1,000,000 */
	SHAPE_DAY,
	SHAPE_DURATION,  /* "24h", "30m", "90d", "2w" */
	SHAPE_ADDRESSES, /* networks, addresses, ranges; one or a list */
	SHAPE_PORTS,
	SHAPE_WINDOWS,
	SHAPE_MAP,  /* of the named children */
	SHAPE_MAPS, /* a list of such mappings */
};

struct later {
	const char *key;
	enum shape shape;
	const struct later *children; /* of SHAPE_MAP and SHAPE_MAPS; ends with a NULL key */
	bool needed;                  /* within its mapping */
};

#define END                                   \
	{                                     \
		NULL, SHAPE_TEXT, NULL, false \
	}

static const struct later schedule[] = {
	{ "name", SHAPE_TEXT, NULL, false },    { "every", SHAPE_DURATION, NULL, false },
	{ "at", SHAPE_TEXTS, NULL, false },     { "window", SHAPE_WINDOWS, NULL, false },
	{ "zones", SHAPE_TEXTS, NULL, false },  { "profiles", SHAPE_TEXTS, NULL, false },
	{ "command", SHAPE_TEXT, NULL, false }, END,
};

static const struct later fleet[] = {
	{ "servers", SHAPE_TEXTS, NULL, true },
	{ "credentials_file", SHAPE_TEXT, NULL, false },
	{ "bastion", SHAPE_TEXT, NULL, false },
	END,
};

static const struct later site_keys[] = {
	{ "schedule", SHAPE_MAPS, schedule, false },
	{ "advisories", SHAPE_TEXTS, NULL, false },
	{ "fingerprints", SHAPE_TEXTS, NULL, false },
	{ "fleet", SHAPE_MAP, fleet, false },
	END,
};

const char *const later_site_keys[] = {
	"schedule", "advisories", "fingerprints", "fleet", NULL,
};

static const struct later *row(const struct later *table, const char *key)
{
	for (; table->key != NULL; table++)
		if (strcmp(table->key, key) == 0)
			return table;
	return NULL;
}

/* ---- the shapes ---- */

static void check_duration(struct ynode n)
{
	const char *text = yn_text(n);

	if (text == NULL)
		return;
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 6 || strchr("smhdw", text[digits]) == NULL ||
	    text[digits] == '\0' || text[digits + 1] != '\0')
		yn_complain(n, _("'%s' is not a duration such as 24h or 30d"), text);
}

static void check_texts(struct ynode n)
{
	for (size_t i = 0; i < load_count(n); i++)
		yn_text(load_element(n, i));
}

static void check_scratch(const struct site *s, struct ynode n, enum shape shape)
{
	struct ranges ranges = { 0 };
	struct port_range *ports = NULL;
	struct window *windows = NULL;
	size_t count = 0;
	int64_t day;

	if (shape == SHAPE_ADDRESSES)
		load_ranges(n, &ranges);
	else if (shape == SHAPE_PORTS)
		load_port_ranges(n, &ports, &count);
	else if (shape == SHAPE_WINDOWS)
		load_windows(n, &windows, &count);
	else if (shape == SHAPE_DAY)
		load_day(s, n, false, &day);
	ranges_done(&ranges);
	free(ports);
	free(windows);
}

/* A mapping whose values have no children of their own: the tables are two levels deep. */
static void check_leaf(const struct site *s, struct ynode n, const struct later *l)
{
	uint64_t number;
	bool flag;

	switch (l->shape) {
	case SHAPE_TEXT:
		yn_text(n);
		break;
	case SHAPE_TEXTS:
		check_texts(n);
		break;
	case SHAPE_FLAG:
		yn_bool(n, &flag);
		break;
	case SHAPE_NUMBER:
		yn_number(n, 1, 1000000, &number);
		break;
	case SHAPE_DURATION:
		check_duration(n);
		break;
	case SHAPE_ADDRESSES:
	case SHAPE_PORTS:
	case SHAPE_WINDOWS:
	case SHAPE_DAY:
		check_scratch(s, n, l->shape);
		break;
	case SHAPE_MAP:
	case SHAPE_MAPS:
		break;
	}
}

static void check_map(const struct site *s, struct ynode n, const struct later *table)
{
	const char *keys[16] = { NULL };

	for (size_t i = 0; table[i].key != NULL && i + 1 < countof(keys); i++)
		keys[i] = table[i].key;
	if (!yn_map(n, keys))
		return;
	for (const struct later *l = table; l->key != NULL; l++)
		check_leaf(s, l->needed ? yn_need(n, l->key) : yn_get(n, l->key), l);
}

void load_not_yet(struct site *s, struct ynode n)
{
	if (yn_given(n))
		texts_addf(&s->later, &s->later_count,
			   _("%s:%u: '%s' is read, but has no effect yet"), yf_path(n.file),
			   yn_line(n), n.field);
}

void load_later(struct site *s, struct ynode map)
{
	for (size_t i = 0; i < yn_count(map); i++) {
		const char *key;
		struct ynode n = yn_pair(map, i, &key);
		const struct later *l = key != NULL ? row(site_keys, key) : NULL;

		if (l == NULL)
			continue;
		if (l->shape == SHAPE_MAP)
			check_map(s, n, l->children);
		else if (l->shape == SHAPE_MAPS)
			for (size_t k = 0; k < load_count(n); k++)
				check_map(s, load_element(n, k), l->children);
		else
			check_leaf(s, n, l);
		texts_addf(&s->later, &s->later_count,
			   _("%s:%u: '%s' is read, but has no effect yet"), yf_path(n.file),
			   yn_line(n), key);
	}
}
