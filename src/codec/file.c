/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/i18n.h"

/* All of a descriptor, but never more than max + 1 bytes. NULL with errno. */
static char *read_all(int fd, size_t max, size_t *ret_length)
{
	size_t used = 0, capacity = 0;
	char *text = NULL;

	for (;;) {
		if (capacity - used < 2) {
			capacity = capacity == 0 ? 64 * 1024 : capacity * 2;
			char *bigger = realloc(text, capacity);
			if (bigger == NULL)
				break;
			text = bigger;
		}
		ssize_t n = read(fd, text + used, capacity - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		used += (size_t)n;
		if (n == 0 || used > max) {
			text[used] = '\0';
			*ret_length = used;
			return text;
		}
	}
	int e = errno;
	free(text);
	errno = e;
	return NULL;
}

char *file_read(const char *path, size_t max, size_t *ret_length, struct complaints *c)
{
	bool input = strcmp(path, "-") == 0;
	int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;

	if (fd < 0) {
		complain(c, path, 0, _("cannot be opened: %s"), strerror(errno));
		return NULL;
	}
	char *text = read_all(fd, max, &length);
	int e = errno;
	if (!input)
		close(fd);
	if (text == NULL) {
		complain(c, path, 0, _("cannot be read: %s"), strerror(e));
		return NULL;
	}
	if (length > max) {
		complain(c, path, 0, _("is longer than %zu bytes"), max);
		free(text);
		return NULL;
	}
	*ret_length = length;
	return text;
}

size_t utf8_valid(const char *text, size_t length)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	size_t i = 0;

	while (i < length) {
		size_t n = p[i] < 0x80             ? 1
			   : (p[i] & 0xe0) == 0xc0 ? 2
			   : (p[i] & 0xf0) == 0xe0 ? 3
			   : (p[i] & 0xf8) == 0xf0 ? 4
						   : 0;
		if (n == 0 || n > length - i)
			return i;
		uint32_t v = n == 1 ? p[i] : p[i] & (0x7fU >> n);
		for (size_t k = 1; k < n; k++) {
			if ((p[i + k] & 0xc0) != 0x80)
				return i;
			v = v << 6 | (p[i + k] & 0x3fU);
		}
		if (n > 1 && (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff)))
			return i;
		i += n;
	}
	return length;
}

bool file_write(int fd, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n > 0) {
		ssize_t w = write(fd, at, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w == 0)
			errno = EIO;
		if (w <= 0)
			return false;
		at += w;
		n -= (size_t)w;
	}
	return true;
}
