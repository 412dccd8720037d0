/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of files: as a mirror, an unpacked archive or a stick brings them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "advice/advice_parts.h"
#include "codec/file.h"
#include "codec/i18n.h"

struct walk {
	struct advice *advice;
	void (*passed)(void *context, const char *path);
	void *context;
	struct complaints *complaints;
	size_t files, read;
	bool wrong, out_of_memory;
};

static bool is_json(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcasecmp(name + n - 5, ".json") == 0;
}

static void take_file(struct walk *w, const char *path)
{
	size_t length = 0;

	if (++w->files > ADVICE_FILES_MAX) {
		if (w->files == ADVICE_FILES_MAX + 1)
			complain(w->complaints, path, 0, _("more than %d files"), ADVICE_FILES_MAX);
		w->wrong = true;
		return;
	}
	char *text = file_read(path, ADVICE_FILE_MAX, &length, w->complaints);
	enum advice_read r = text == NULL
				     ? ADVICE_WRONG
				     : advice_read(w->advice, path, text, length, w->complaints);
	free(text);
	w->read += r == ADVICE_READ;
	w->wrong |= r == ADVICE_WRONG;
	w->out_of_memory |= r == ADVICE_OUT_OF_MEMORY;
	if (r == ADVICE_UNKNOWN && w->passed != NULL)
		w->passed(w->context, path);
}

static int no_hidden(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void take_folder(struct walk *w, const char *dir, int depth)
{
	struct dirent **names = NULL;
	int count = depth < ADVICE_FOLDERS_MAX ? scandir(dir, &names, no_hidden, by_bytes) : -1;

	if (count < 0) {
		if (depth == ADVICE_FOLDERS_MAX)
			complain(w->complaints, dir, 0, _("more than %d folders inside each other"),
				 ADVICE_FOLDERS_MAX);
		else
			complain(w->complaints, dir, 0, _("cannot be opened: %s"), strerror(errno));
		w->wrong = true;
		return;
	}
	for (int i = 0; i < count; i++) {
		struct stat st;
		char *path = NULL;

		/* A link might lead out of the folder, or back into it. */
		if (w->out_of_memory || asprintf(&path, "%s/%s", dir, names[i]->d_name) < 0) {
			path = NULL;
			w->out_of_memory = true;
		} else if (lstat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				take_folder(w, path, depth + 1);
			else if (S_ISREG(st.st_mode) && is_json(path))
				take_file(w, path);
		}
		free(path);
		free(names[i]);
	}
	free(names);
}

enum advice_read advice_read_folder(struct advice *a, const char *dir,
				    void (*passed)(void *context, const char *path), void *context,
				    struct complaints *c)
{
	struct walk w = { .advice = a, .passed = passed, .context = context, .complaints = c };
	size_t n = strlen(dir);
	char *folder = NULL;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	folder = strndup(dir, n);
	if (folder == NULL)
		return ADVICE_OUT_OF_MEMORY;
	take_folder(&w, folder, 0);
	free(folder);
	if (w.out_of_memory)
		return ADVICE_OUT_OF_MEMORY;
	if (!w.wrong && w.read == 0) {
		complain(c, dir, 0,
			 _("holds nothing to import: no JSON of endoflife.date, CISA KEV or CSAF"));
		w.wrong = true;
	}
	return w.wrong ? ADVICE_WRONG : ADVICE_READ;
}
