/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"

/* The stream's place: it keeps the first error, which stdio would lose between two writes. */
struct sink {
	int fd;
	int error;
};

static ssize_t sink_write(void *cookie, const char *bytes, size_t n)
{
	struct sink *s = cookie;
	size_t done = 0;

	while (done < n && s->error == 0) {
		ssize_t r = write(s->fd, bytes + done, n - done);

		if (r > 0)
			done += (size_t)r;
		else if (r == 0 || errno != EINTR)
			s->error = r == 0 ? EIO : errno;
	}
	return s->error == 0 ? (ssize_t)n : 0;
}

static int fill(int fd, int (*write)(FILE *out, void *context), void *context)
{
	struct sink sink = { .fd = fd };
	FILE *out = fopencookie(&sink, "w", (cookie_io_functions_t){ .write = sink_write });

	if (out == NULL)
		return -ENOMEM;
	int r = write(out, context);
	if (fclose(out) != 0 && r == 0)
		r = -EIO;
	return sink.error != 0 ? -sink.error : r;
}

/* A new file beside path. Readable as the one that it replaces (kept) or, without one, as other files of this user. */
static int make_part(const char *path, const struct stat *kept, char **ret_part)
{
	mode_t mask = umask(0);
	int fd = -ENOMEM;

	umask(mask);
	if (asprintf(ret_part, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(*ret_part, O_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
		free(*ret_part);
		return fd;
	}
	fchmod(fd, kept != NULL ? kept->st_mode & 0777 : 0666 & ~mask);
	return fd;
}

int output_write(const char *path, int (*write)(FILE *out, void *context), void *context)
{
	struct stat st;
	char *part;

	if (path == NULL || strcmp(path, "-") == 0) {
		fflush(stdout);
		return fill(STDOUT_FILENO, write, context);
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		int r = fill(fd, write, context);
		return close(fd) != 0 && r == 0 ? -errno : r;
	}
	int fd = make_part(path, stat(path, &st) == 0 ? &st : NULL, &part);
	if (fd < 0)
		return fd;
	int r = fill(fd, write, context);
	if (fsync(fd) != 0 && r == 0)
		r = -errno;
	if (close(fd) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(part, path) != 0)
		r = -errno;
	if (r != 0)
		unlink(part);
	free(part);
	return r;
}

bool output_spares(const char *path, const char *const *inputs, size_t count)
{
	struct stat out, in;

	if (path == NULL || strcmp(path, "-") == 0 || stat(path, &out) != 0 ||
	    !S_ISREG(out.st_mode))
		return true;
	for (size_t i = 0; i < count; i++)
		if (inputs[i] != NULL && stat(inputs[i], &in) == 0 && in.st_dev == out.st_dev &&
		    in.st_ino == out.st_ino) {
			fprintf(stderr,
				_("error: %s: is read by this command and would be written over\n"),
				path);
			return false;
		}
	return true;
}

int output_message(const char *path, int error)
{
	const char *name = path == NULL || strcmp(path, "-") == 0 ? _("standard output") : path;

	if (error == -ENOSPC || error == -EDQUOT)
		fprintf(stderr, _("error: %s: no space left on the disk\n"), name);
	else
		fprintf(stderr, _("error: %s: cannot be written: %s\n"), name, strerror(-error));
	/* A wrong place is the user's to mend; anything else happened while writing. */
	switch (-error) {
	case ENOENT:
	case EACCES:
	case EPERM:
	case EISDIR:
	case ENOTDIR:
	case EROFS:
	case ENAMETOOLONG:
	case ELOOP:
	case ENXIO:
		return EXIT_USAGE;
	default:
		return EXIT_INCOMPLETE;
	}
}
