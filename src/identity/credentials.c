/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/credentials.h"

#include <fnmatch.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "codec/complaint.h"
#include "codec/csv.h"
#include "codec/i18n.h"

enum { BYTES_MAX = 4 << 20, COLUMNS = 9 };
enum { VENDOR, MODEL, ROLE, PROTOCOL, USER, PASSWORD, MARKET, SOURCE, NOTE };

static const char *const columns[COLUMNS] = { "vendor",   "model",  "role",   "protocol", "user",
					      "password", "market", "source", "note" };

/* The first field that is missing, or COLUMNS. */
static size_t wrong_field(const char *const *f)
{
	static const size_t needed[] = { VENDOR, MODEL, PROTOCOL, PASSWORD, SOURCE };

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (f[needed[i]][0] == '\0')
			return needed[i];
	return COLUMNS;
}

static bool grow(struct credentials *l)
{
	size_t room = l->room == 0 ? 256 : l->room * 2;

	if (l->count < l->room)
		return true;
	struct credential *list = realloc(l->list, room * sizeof(*list));
	if (list == NULL)
		return false;
	l->list = list;
	l->room = room;
	return true;
}

static void add(struct credentials *l, const char *const *f, const char *path, unsigned line,
		struct complaints *c)
{
	size_t wrong = wrong_field(f);

	if (wrong < COLUMNS) {
		complain(c, path, line, _("field '%s': is missing"), columns[wrong]);
		return;
	}
	if (!grow(l)) {
		complain(c, path, line, _("out of memory"));
		return;
	}
	struct credential *r = &l->list[l->count];
	*r = (struct credential){
		.number = (unsigned)l->count + 1,
		.vendor = strdup(f[VENDOR]),
		.model = strdup(f[MODEL]),
		.protocol = strdup(f[PROTOCOL]),
		.user = strdup(f[USER]),
		.password = strdup(strcmp(f[PASSWORD], "(blank)") == 0 ? "" : f[PASSWORD]),
	};
	l->count++;
	if (r->vendor == NULL || r->model == NULL || r->protocol == NULL || r->user == NULL ||
	    r->password == NULL)
		complain(c, path, line, _("out of memory"));
}

static bool is_heading(const char *const *f, size_t n)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (i >= n || strcmp(f[i], columns[i]) != 0)
			return false;
	return n == COLUMNS;
}

bool credentials_load(const char *path, struct credentials *ret, struct complaints *c)
{
	size_t before = c->count, n;
	const char *const *f;
	struct csv *v = csv_open(path, BYTES_MAX, c);

	*ret = (struct credentials){ 0 };
	if (v == NULL)
		return false;
	if (!csv_row(v, &f, &n) || !is_heading(f, n))
		complain(c, path, 1,
			 _("the heading is not "
			   "vendor,model,role,protocol,user,password,market,source,note"));
	while (c->count == before && csv_row(v, &f, &n)) {
		if (n == COLUMNS)
			add(ret, f, path, csv_line(v), c);
		else
			complain(c, path, csv_line(v), _("has %zu fields, not %d"), n, COLUMNS);
	}
	csv_close(v);
	return c->count == before;
}

static int add_attempt(struct credentials *l, const char *protocol, const char *user,
		       const char *password, enum credential_purpose purpose, unsigned number)
{
	uint64_t bits[2];
	char made[40];

	if (password == NULL) {
		if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
			return -EIO;
		snprintf(made, sizeof(made), "%016llx%016llx", (unsigned long long)bits[0],
			 (unsigned long long)bits[1]);
		password = made;
	}
	if (!grow(l))
		return -ENOMEM;
	struct credential *r = &l->list[l->count++];
	*r = (struct credential){ .number = number,
				  .purpose = purpose,
				  .vendor = strdup(CREDENTIAL_TEST_VENDOR),
				  .model = strdup(""),
				  .protocol = strdup(protocol),
				  .user = strdup(user),
				  .password = strdup(password) };
	return r->vendor == NULL || r->model == NULL || r->protocol == NULL || r->user == NULL ||
			       r->password == NULL
		       ? -ENOMEM
		       : 0;
}

int credentials_add_test(struct credentials *l, const char *protocol, const char *user,
			 const char *password, unsigned failures)
{
	int r = add_attempt(l, protocol, user, password, CREDENTIAL_TEST_RIGHT, 1);

	for (unsigned i = 0; r == 0 && i < failures; i++)
		r = add_attempt(l, protocol, user, NULL, CREDENTIAL_TEST_WRONG, i + 2);
	return r != 0 ? r
		      : add_attempt(l, protocol, user, password, CREDENTIAL_TEST_RIGHT,
				    failures + 2);
}

void credentials_done(struct credentials *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->list[i].vendor);
		free(l->list[i].model);
		free(l->list[i].protocol);
		free(l->list[i].user);
		if (l->list[i].password != NULL)
			explicit_bzero(l->list[i].password, strlen(l->list[i].password));
		free(l->list[i].password);
	}
	free(l->list);
	*l = (struct credentials){ 0 };
}

bool credential_fits(const struct credential *c, const char *vendor, const char *model)
{
	if (c->purpose != CREDENTIAL_DEFAULT || vendor == NULL ||
	    strcasecmp(c->vendor, vendor) != 0)
		return false;
	if (strcmp(c->model, "*") == 0)
		return true;
	return model != NULL && fnmatch(c->model, model, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}
