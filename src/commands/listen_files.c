/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files by name and by folder, in the order in which they are read. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/listen.h"

static struct listen_file *add(struct listen_files *f, const char *folder, const char *name)
{
	if (f->count == f->room) {
		size_t room = f->room == 0 ? 16 : f->room * 2;
		struct listen_file *list = realloc(f->list, room * sizeof(*list));

		if (list == NULL)
			return NULL;
		f->list = list;
		f->room = room;
	}
	struct listen_file *file = &f->list[f->count];
	*file = (struct listen_file){ .from_folder = folder != NULL };
	if (folder == NULL)
		file->path = strdup(name);
	else if (asprintf(&file->path, "%s/%s", folder, name) < 0)
		file->path = NULL;
	if (file->path == NULL)
		return NULL;
	f->count++;
	return file;
}

static int no_dots(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool add_folder(struct listen_files *f, const char *folder)
{
	struct dirent **list = NULL;
	size_t before = f->count;
	int n = scandir(folder, &list, no_dots, alphasort);
	bool good = n >= 0;

	if (n < 0)
		fprintf(stderr, _("error: %s: cannot be read: %s\n"), folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct stat st;

		if (good && (add(f, folder, list[i]->d_name) == NULL)) {
			fprintf(stderr, _("error: out of memory\n"));
			good = false;
		}
		if (good && (stat(f->list[f->count - 1].path, &st) != 0 || !S_ISREG(st.st_mode)))
			free(f->list[--f->count].path);
		free(list[i]);
	}
	free(list);
	if (good && f->count == before) {
		fprintf(stderr, _("error: %s: the folder holds no file\n"), folder);
		good = false;
	}
	return good;
}

static bool add_source(struct listen_files *f, const char *source)
{
	struct stat st = { 0 };
	bool standard = strcmp(source, "-") == 0;

	if (!standard && stat(source, &st) != 0) {
		fprintf(stderr, _("error: %s: cannot be read: %s\n"), source, strerror(errno));
		return false;
	}
	if (!standard && S_ISDIR(st.st_mode))
		return add_folder(f, source);
	struct listen_file *file = add(f, NULL, source);
	if (file == NULL) {
		fprintf(stderr, _("error: out of memory\n"));
		return false;
	}
	file->stream = standard || !S_ISREG(st.st_mode);
	return true;
}

bool listen_files_find(struct listen_files *f, const char *const *sources, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!add_source(f, sources[i]))
			return false;
	for (size_t i = 0; i < f->count && f->count > 1; i++)
		if (f->list[i].stream) {
			fprintf(stderr,
				_("error: %s: standard input and pipes are read alone, without "
				  "other files\n"),
				f->list[i].path);
			return false;
		}
	return true;
}

static int by_time(const void *a, const void *b)
{
	const struct listen_file *x = a, *y = b;

	if (x->begin.first_ns != y->begin.first_ns)
		return x->begin.first_ns < y->begin.first_ns ? -1 : 1;
	return strcmp(x->path, y->path);
}

void listen_files_order(struct listen_files *f)
{
	if (f->count > 1)
		qsort(f->list, f->count, sizeof(*f->list), by_time);
}

void listen_files_done(struct listen_files *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->list[i].path);
	free(f->list);
	*f = (struct listen_files){ 0 };
}

int listen_file_open(const struct listen_file *f)
{
	int fd = strcmp(f->path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					   : open(f->path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : -errno;
}
