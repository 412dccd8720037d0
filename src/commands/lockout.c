/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/lockout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/file.h"
#include "codec/i18n.h"
#include "probes/login.h"

enum { PASSWORD_MOST = 128, FILE_MOST = 4096 };

/* The first line of the file, malloc()ed; NULL after a complaint. Others may not read it. */
static char *read_password(const char *path, struct complaints *c)
{
	struct stat st;
	size_t length = 0;

	if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		complain(c, path, 0, _("holds a password and may be read by others (chmod 600)"));
		return NULL;
	}
	char *text = file_read(path, FILE_MOST, &length, c);
	if (text == NULL)
		return NULL;
	size_t line = strcspn(text, "\r\n");
	if (line == 0 || line > PASSWORD_MOST || memchr(text, '\0', length) != NULL) {
		complain(c, path, 1, _("is not a password of 1 to %d bytes"), PASSWORD_MOST);
		explicit_bzero(text, length);
		free(text);
		return NULL;
	}
	explicit_bzero(text + line, length - line);
	return text;
}

bool lockout_add(const struct plan *plan, struct credentials *list, struct complaints *c)
{
	const struct site *s = &plan->site;
	const struct test_account *t = &s->logins.test;
	size_t before = c->count;

	if (!plan->credentials || t->user == NULL)
		return true;
	for (size_t i = 0; i < t->protocol_count; i++)
		if (!login_known(t->protocols[i]))
			complain(c, s->path, t->line,
				 _("field 'protocols': there is no login for '%s'"),
				 t->protocols[i]);
	char *password = read_password(t->password_file, c);
	if (password == NULL)
		return false;
	for (size_t i = 0; i < t->protocol_count && c->count == before; i++)
		if (credentials_add_test(list, t->protocols[i], t->user, password,
					 s->logins.threshold + 1) != 0)
			complain(c, s->path, t->line, _("out of memory"));
	explicit_bzero(password, strlen(password));
	free(password);
	return c->count == before;
}
