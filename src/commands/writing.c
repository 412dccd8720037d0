/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/writing.h"

#include <stdio.h>
#include <string.h>

#include "codec/i18n.h"
#include "commands/commands.h"

char *writing_default(const char *site)
{
	char *path = NULL;

	if (site == NULL)
		return strdup("tenken.sqlite");
	size_t n = strlen(site);
	const char *dot = strrchr(site, '.');
	const char *slash = strrchr(site, '/');
	if (dot != NULL && (slash == NULL || dot > slash))
		n = (size_t)(dot - site);
	return asprintf(&path, "%.*s.tenken", (int)n, site) > 0 ? path : NULL;
}

int writing_message(const char *path, enum store_fault fault, const char *words)
{
	switch (fault) {
	case STORE_NEWER:
		fprintf(stderr, _("error: %s: this store was made by a newer tenken\n"), path);
		return EXIT_USAGE;
	case STORE_NOT_OURS:
		fprintf(stderr, _("error: %s: is no tenken store\n"), path);
		return EXIT_USAGE;
	case STORE_NO_FILE:
		fprintf(stderr, _("error: %s: cannot be opened for writing\n"), path);
		return EXIT_USAGE;
	case STORE_BUSY:
		fprintf(stderr, _("error: %s: another process is writing this store\n"), path);
		return EXIT_INCOMPLETE;
	case STORE_FULL:
		fprintf(stderr,
			_("error: %s: no space left on the disk; what was found before is kept\n"),
			path);
		return EXIT_INCOMPLETE;
	default:
		fprintf(stderr, _("error: %s: the store cannot be written: %s\n"), path, words);
		return EXIT_INCOMPLETE;
	}
}
