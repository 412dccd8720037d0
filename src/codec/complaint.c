/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/complaint.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"

/* Takes the text over; NULL stands for memory that ran out. That a complaint exists is what makes a
 * command fail, so it must not get lost: without room for it, an earlier one stands for both. */
static void take_text(struct complaints *c, char *text)
{
	char **list = reallocarray(c->list, c->count + 1, sizeof(*list));

	if (list == NULL) {
		free(text);
		assert(c->count > 0); /* nothing at all can be said any more */
		return;
	}
	for (char *p = text; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	c->list = list;
	c->list[c->count++] = text;
}

void complain(struct complaints *c, const char *file, unsigned line, const char *format, ...)
{
	char *text = NULL;
	size_t size = 0;
	va_list arguments;

	if (c->count >= COMPLAINTS_MAX) {
		if (c->count == COMPLAINTS_MAX)
			take_text(c, strdup(_("more mistakes follow; these first")));
		return;
	}
	FILE *f = open_memstream(&text, &size);
	if (f == NULL) {
		take_text(c, NULL);
		return;
	}
	if (file != NULL && line > 0)
		fprintf(f, "%s:%u: ", file, line);
	else if (file != NULL)
		fprintf(f, "%s: ", file);
	va_start(arguments, format);
	vfprintf(f, format, arguments);
	va_end(arguments);
	fclose(f);
	take_text(c, text);
}

void complaints_print(const struct complaints *c, FILE *out)
{
	for (size_t i = 0; i < c->count; i++)
		fprintf(out, _("error: %s\n"),
			c->list[i] != NULL ? c->list[i] : _("out of memory"));
}

void complaints_done(struct complaints *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->list[i]);
	free(c->list);
	*c = (struct complaints){ 0 };
}
