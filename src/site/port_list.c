/* SPDX-License-Identifier: Apache-2.0 */
/* The port list (probes/data/ports.csv): which ports are tried by default, and our words for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/csv.h"
#include "codec/i18n.h"
#include "site/declare.h"
#include "site/plan.h"

enum { PORT_LIST_BYTES_MAX = 1024 * 1024, PORT_LIST_COLUMNS = 7 };

static const char *const columns[PORT_LIST_COLUMNS] = { "port",   "transport", "name",  "kind",
							"family", "raw_print", "reason" };

static int by_port(const void *x, const void *y)
{
	const struct port_entry *a = x, *b = y;

	if (a->udp != b->udp)
		return a->udp ? 1 : -1;
	return (a->port > b->port) - (a->port < b->port);
}

static bool pick(const char *text, const char *no, const char *yes, bool *ret)
{
	*ret = strcmp(text, yes) == 0;
	return *ret || strcmp(text, no) == 0;
}

/* Names go on command lines and in reports: lower-case words with dashes. */
static bool sound_name(const char *text)
{
	return text[0] >= 'a' && text[0] <= 'z' && strlen(text) <= 40 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

/* The first field that is wrong, or PORT_LIST_COLUMNS. The texts are not copied yet. */
static size_t read_entry(const char *const *f, struct port_entry *ret)
{
	struct port_range port;
	struct port_entry e = { 0 };

	if (!port_range_parse(span_text(f[0]), &port) || port.first != port.last)
		return 0;
	e.port = port.first;
	if (!pick(f[1], "tcp", "udp", &e.udp))
		return 1;
	if (!sound_name(f[2]))
		return 2;
	if (!pick(f[3], "it", "ot", &e.ot))
		return 3;
	if (!sound_name(f[4]))
		return 4;
	if (!pick(f[5], "no", "yes", &e.raw_print))
		return 5;
	if (f[6][0] == '\0')
		return 6;
	*ret = e;
	return PORT_LIST_COLUMNS;
}

static void add_entry(struct port_list *l, const struct port_entry *e, const char *const *f,
		      const char *path, unsigned line, struct complaints *c)
{
	struct port_entry *place = list_grow(&l->list, &l->count, sizeof(*place));

	if (place == NULL) {
		complain(c, path, line, _("out of memory"));
		return;
	}
	*place = *e;
	place->name = strdup(f[2]);
	place->family = strdup(f[4]);
	place->reason = strdup(f[6]);
	if (place->name == NULL || place->family == NULL || place->reason == NULL)
		complain(c, path, line, _("out of memory"));
}

static bool right_header(const char *const *fields, size_t count)
{
	if (count != PORT_LIST_COLUMNS)
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i], columns[i]) != 0)
			return false;
	return true;
}

int port_list_load(const char *path, struct port_list *ret, struct complaints *c)
{
	size_t before = c->count;
	const char *const *fields;
	size_t count;

	*ret = (struct port_list){ 0 };
	struct csv *csv = csv_open(path, PORT_LIST_BYTES_MAX, c);
	if (csv == NULL)
		return -EINVAL;
	if (!csv_row(csv, &fields, &count) || !right_header(fields, count)) {
		complain(c, path, csv_line(csv), _("must begin with the columns %s"),
			 "port,transport,name,kind,family,raw_print,reason");
		csv_close(csv);
		return -EINVAL;
	}
	while (csv_row(csv, &fields, &count)) {
		struct port_entry e;
		size_t bad;

		if (count != PORT_LIST_COLUMNS)
			complain(c, path, csv_line(csv), _("has %zu fields, the header %zu"), count,
				 (size_t)PORT_LIST_COLUMNS);
		else if ((bad = read_entry(fields, &e)) < PORT_LIST_COLUMNS)
			complain(c, path, csv_line(csv), _("field '%s': '%s' is not allowed here"),
				 columns[bad], fields[bad]);
		else
			add_entry(ret, &e, fields, path, csv_line(csv), c);
	}
	csv_close(csv);
	if (ret->count > 1)
		qsort(ret->list, ret->count, sizeof(*ret->list), by_port);
	for (size_t i = 1; i < ret->count; i++)
		if (by_port(&ret->list[i - 1], &ret->list[i]) == 0)
			complain(c, path, 0, _("port %u stands twice"), ret->list[i].port);
	return c->count == before ? 0 : -EINVAL;
}

void port_list_done(struct port_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->list[i].name);
		free(l->list[i].family);
		free(l->list[i].reason);
	}
	free(l->list);
	*l = (struct port_list){ 0 };
}

const struct port_entry *port_list_find(const struct port_list *l, uint16_t port, bool udp)
{
	struct port_entry key = { .port = port, .udp = udp };

	if (l->count == 0)
		return NULL;
	return bsearch(&key, l->list, l->count, sizeof(key), by_port);
}
