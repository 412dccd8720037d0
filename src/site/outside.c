/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves the site: the key that signs, and the servers that take results. */
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/load.h"

static void load_path(const struct site *s, struct ynode n, char **ret)
{
	const char *text = yn_given(n) ? yn_text(n) : NULL;

	if (text == NULL)
		return;
	*ret = load_beside(s->path, text);
	if (*ret == NULL)
		yn_complain(n, _("out of memory"));
}

static void load_server(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "url", "secret_file", "format", NULL };
	struct ynode url = yn_need(n, "url"), format = yn_get(n, "format");

	if (!yn_map(n, keys))
		return;
	struct push_server *p = list_grow(&s->pushes, &s->push_count, sizeof(*p));
	if (p == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	p->line = yn_line(n);
	load_text(url, &p->url);
	if (p->url != NULL && strncmp(p->url, "https://", 8) != 0 &&
	    strncmp(p->url, "http://", 7) != 0)
		yn_complain(url, _("'%s' is no URL: https://..."), p->url);
	load_path(s, yn_get(n, "secret_file"), &p->secret_file);
	load_text(format, &p->format);
	if (p->format != NULL && strcmp(p->format, "ndjson") != 0 && strcmp(p->format, "json") != 0)
		yn_complain(format, _("is 'ndjson' or 'json', not '%s'"), p->format);
}

void load_outside(struct site *s, struct ynode root)
{
	struct ynode list = yn_get(root, "push");

	load_path(s, yn_get(root, "signing_key"), &s->signing_key);
	if (!yn_given(list) || !yn_list(list))
		return;
	for (size_t i = 0; i < load_count(list); i++)
		if (yn_is_map(yn_at(list, i)))
			load_server(s, yn_at(list, i));
		else
			yn_map_any(yn_at(list, i));
}

void outside_done(struct site *s)
{
	for (size_t i = 0; i < s->push_count; i++) {
		free(s->pushes[i].url);
		free(s->pushes[i].secret_file);
		free(s->pushes[i].format);
	}
	free(s->pushes);
	free(s->signing_key);
}
