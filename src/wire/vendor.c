/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IEEE MA-L (24 bits), MA-M (28) and MA-S (36) registries as CSV: Registry, Assignment,
 * Organization Name, Organization Address. The longest prefix wins.
 */
#include "wire/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct entry {
	uint64_t prefix; /* left-aligned in 48 bits */
	uint8_t bits;
	char name[39];
};

static struct entry *entries;
static size_t entry_count;
static char (*makers)[48];
static size_t maker_count;

static int by_prefix(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->bits != y->bits)
		return x->bits < y->bits ? -1 : 1;
	return x->prefix < y->prefix ? -1 : x->prefix > y->prefix;
}

static void read_registry(const char *dir, const char *file)
{
	char path[512], line[1024];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		struct entry e = { 0 };
		char *assignment = strchr(line, ',');
		char *end;

		if (assignment == NULL)
			continue;
		e.prefix = strtoull(++assignment, &end, 16);
		e.bits = (uint8_t)((end - assignment) * 4);
		if (*end != ',' || (e.bits != 24 && e.bits != 28 && e.bits != 36))
			continue;
		e.prefix <<= 48 - e.bits;
		const char *name = end + 1;
		char stop = ',';
		if (*name == '"') {
			stop = '"';
			name++;
		}
		size_t n = 0;
		while (name[n] != '\0' && name[n] != stop && name[n] != '\n' &&
		       n + 1 < sizeof(e.name))
			n++;
		memcpy(e.name, name, n);
		if (entry_count % 4096 == 0) {
			struct entry *more =
				realloc(entries, (entry_count + 4096) * sizeof(*entries));

			if (more == NULL)
				break;
			entries = more;
		}
		entries[entry_count++] = e;
	}
	fclose(f);
}

static void read_makers(const char *path)
{
	char line[128];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "#\r\n")] = '\0';
		size_t n = strlen(line);
		while (n > 0 && line[n - 1] == ' ')
			line[--n] = '\0';
		if (n == 0 || n >= sizeof(makers[0]))
			continue;
		void *more = realloc(makers, (maker_count + 1) * sizeof(makers[0]));
		if (more == NULL)
			break;
		makers = more;
		memcpy(makers[maker_count++], line, n + 1);
	}
	fclose(f);
}

void vendor_load(const char *ieee_dir, const char *makers_path)
{
	vendor_unload();
	read_registry(ieee_dir, "oui.csv");
	read_registry(ieee_dir, "mam.csv");
	read_registry(ieee_dir, "oui36.csv");
	if (entry_count > 0)
		qsort(entries, entry_count, sizeof(*entries), by_prefix);
	read_makers(makers_path);
}

void vendor_unload(void)
{
	free(entries);
	free(makers);
	entries = NULL;
	makers = NULL;
	entry_count = maker_count = 0;
}

const char *vendor_name(const uint8_t mac[static 6])
{
	uint64_t v = 0;

	for (size_t i = 0; i < 6; i++)
		v = v << 8 | mac[i];
	static const uint8_t widths[] = { 36, 28, 24 };
	for (size_t i = 0; i < sizeof(widths) && entry_count > 0; i++) {
		struct entry key = { .bits = widths[i],
				     .prefix = v >> (48 - widths[i]) << (48 - widths[i]) };
		const struct entry *e =
			bsearch(&key, entries, entry_count, sizeof(*entries), by_prefix);

		if (e != NULL)
			return e->name;
	}
	return NULL;
}

const char *vendor_controller_maker(const uint8_t mac[static 6])
{
	const char *name = vendor_name(mac);

	for (size_t i = 0; name != NULL && i < maker_count; i++)
		if (strncasecmp(name, makers[i], strlen(makers[i])) == 0)
			return makers[i];
	return NULL;
}
