/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/export_tickets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "commands/commands.h"
#include "commands/output.h"
#include "commands/writing.h"
#include "store/told.h"

bool ticket_options_given(const struct ticket_options *o)
{
	return o->lists != NULL || o->parent != NULL || o->part_size != NULL || o->all;
}

/* ---- options ---- */

static bool read_lists(const char *text, unsigned *ret)
{
	*ret = 0;
	for (const char *at = text; at != NULL;) {
		size_t n = strcspn(at, ",");
		char word[16];

		snprintf(word, sizeof(word), "%.*s", n < 15 ? (int)n : 15, at);
		enum ticket_action a = ticket_action_of_word(word);
		if (a == TICKET_ACTIONS) {
			fprintf(stderr,
				_("error: --list takes new, update, close and reopen, with commas "
				  "between them, not '%s'\n"),
				text);
			return false;
		}
		*ret |= 1U << a;
		at = at[n] == ',' ? at + n + 1 : NULL;
	}
	return true;
}

static bool read_number(const char *option, const char *text, size_t *ret)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 9 || text[n] != '\0') {
		fprintf(stderr, _("error: %s: '%s' is no number\n"), option, text);
		return false;
	}
	*ret = (size_t)strtoul(text, NULL, 10);
	return true;
}

int ticket_options_read(const struct ticket_options *o, const struct export_format *f,
			struct ticket_settings *ret, size_t *ret_part_size)
{
	struct ticket_settings s = { .parent = o->parent,
				     .all = o->all,
				     .actions = ticket_actions(f) };
	size_t part = ticket_part_size(f), number;

	if ((o->lists != NULL && !read_lists(o->lists, &s.actions)) ||
	    (o->part_size != NULL && !read_number("--part-size", o->part_size, &part)) ||
	    (o->parent != NULL && !read_number("--parent", o->parent, &number)))
		return EXIT_USAGE;
	if (!ticket_actions_fit(f, s.actions)) {
		fprintf(stderr,
			_("error: the import of %s only makes tickets: 'new' needs a file of its "
			  "own\n"),
			ticket_target(f));
		return EXIT_USAGE;
	}
	if (o->parent != NULL && strcmp(ticket_target(f), "redmine") != 0) {
		fprintf(stderr, _("error: --parent is for redmine\n"));
		return EXIT_USAGE;
	}
	*ret = s;
	*ret_part_size = part;
	return EXIT_DONE;
}

/* ---- writing ---- */

struct part {
	struct ticket_run *run;
	struct ticket_writing *writing;
	size_t first, count;
};

static int write_plain(FILE *out, void *context)
{
	const struct part *p = context;

	return tickets_write(p->writing, &p->run->chosen, p->first, p->count, out);
}

static int write_part(FILE *out, void *context)
{
	struct part *p = context;
	uint64_t replaced = 0;
	int r = encoding_write(p->run->encoding, out, &replaced, write_plain, p);

	p->run->replaced += replaced;
	return r == 0 && ferror(out) ? -EIO : r;
}

/* "tickets.csv" and 2 become "tickets-2.csv". NULL without memory. */
static char *part_name(const char *file, size_t number)
{
	const char *dot = strrchr(file, '.'), *slash = strrchr(file, '/');
	size_t n = dot != NULL && (slash == NULL || dot > slash + 1) && dot > file
			   ? (size_t)(dot - file)
			   : strlen(file);
	char *name;

	return asprintf(&name, "%.*s-%zu%s", (int)n, file, number, file + n) < 0 ? NULL : name;
}

static int put_part(struct part *p, const char *file)
{
	int r = output_write(file, write_part, p);

	return r == 0 ? EXIT_DONE : output_message(file, r);
}

/* In files of so many; how many there are in all is said at the end. */
static int put_parts(struct part *p, size_t most)
{
	size_t all = p->run->chosen.count, number = 0;

	for (; p->first < all; p->first += most) {
		char *name = part_name(p->run->file, ++number);

		p->count = all - p->first < most ? all - p->first : most;
		int status =
			name != NULL ? put_part(p, name) : output_message(p->run->file, -ENOMEM);
		free(name);
		if (status != EXIT_DONE)
			return status;
	}
	fprintf(stderr, _("%zu tickets in %zu parts of at most %zu\n"), all, number, most);
	return EXIT_DONE;
}

int tickets_put(struct ticket_run *run, struct db *db, const struct catalogue *c)
{
	const struct export_job job = { .db = db, .catalogue = c, .language = i18n_language() };
	struct part p = { .run = run };
	bool on_stdout = run->file == NULL || strcmp(run->file, "-") == 0;
	int r = tickets_choose(db, c, run->format, run->settings, &run->chosen);
	size_t all = run->chosen.count, most = run->part_size;
	int status;

	if (r == 0)
		r = tickets_begin(&job, run->format, run->settings, &p.writing);
	if (r != 0) {
		fprintf(stderr, _("error: the store cannot be read: %s\n"), db_error(db));
		status = EXIT_INCOMPLETE;
	} else if (most == 0 || all <= most || on_stdout) {
		if (most > 0 && all > most)
			fprintf(stderr,
				_("warning: the import of %s takes %zu tickets at a time, and "
				  "these are %zu: "
				  "-o FILE writes them in parts\n"),
				ticket_target(run->format), most, all);
		p.count = all;
		status = put_part(&p, run->file);
	} else {
		status = put_parts(&p, most);
	}
	tickets_end(p.writing);
	return status;
}

/* ---- remembering ---- */

int tickets_check_store(const char *path)
{
	if (access(path, W_OK) == 0 || errno == ENOENT)
		return EXIT_DONE;
	fprintf(stderr,
		_("error: %s: cannot be written, so what is told now would be told again; "
		  "--no-record "
		  "goes on without\n"),
		path);
	return EXIT_USAGE;
}

int tickets_remember(const struct ticket_run *run, const char *path)
{
	const struct tickets *t = &run->chosen;
	struct store *s = NULL;
	enum store_fault fault = t->count > 0 ? store_open(path, &s) : STORE_OK;
	char words[256] = "";
	int64_t now = time(NULL);

	for (size_t i = 0; fault == STORE_OK && i < t->count; i++)
		store_exported(s, &(struct exported_row){
					  .site = t->site,
					  .target = ticket_target(run->format),
					  .fingerprint = t->list[i].fingerprint,
					  .status = t->list[i].status,
					  .severity = t->list[i].severity,
					  .content = t->list[i].kept != NULL ? t->list[i].kept
									     : t->list[i].content,
					  .at = now,
					  .scan = t->scan,
				  });
	if (s != NULL) {
		store_commit(s);
		fault = store_error(s);
		snprintf(words, sizeof(words), "%s", store_error_text(s));
		store_close(s);
	}
	return fault == STORE_OK ? EXIT_DONE : writing_message(path, fault, words);
}
