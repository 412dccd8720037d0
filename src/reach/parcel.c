/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three lines of text, then the content to the end of the file:
 *
 *	tenken results 1
 *	{"bytes":8192,"created":1800000000,...}
 *	the signature of both lines with their ends, in base64
 */
#include "reach/parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/file.h"
#include "codec/i18n.h"
#include "codec/seal.h"

#define MAGIC "tenken results 1\n"

enum {
	HEAD_MOST = 4096,
};
static const uint64_t content_most = UINT64_C(4) << 30;

/* ---- packing ---- */

/* Both lines; 0 where they do not fit. */
static size_t head_text(const struct parcel *p, char out[static HEAD_MOST])
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "site", p->site,
			      "vantage", p->vantage, "run", p->run, "version", p->version,
			      "created", (json_int_t)p->created, "bytes", (json_int_t)p->bytes,
			      "sha256", p->sha256, "key", p->key);
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	int n = text != NULL ? snprintf(out, HEAD_MOST, "%s%s\n", MAGIC, text) : -1;

	free(text);
	json_decref(o);
	return n > 0 && n < HEAD_MOST ? (size_t)n : 0;
}

/* Fills the rest of p from the content, which is read twice: first for its digest. */
static bool write_parts(int to, int from, struct parcel *p, EVP_PKEY *key)
{
	char head[HEAD_MOST], signature[SEAL_TEXT + 1], again[DIGEST_TEXT];
	uint64_t bytes;

	if (!sign_key_name(key, p->key) ||
	    !digest_copy(from, -1, content_most, &p->bytes, p->sha256))
		return false;
	size_t n = head_text(p, head);
	errno = EINVAL;
	if (n == 0 || !seal_make(key, head, n, signature))
		return false;
	signature[SEAL_TEXT - 1] = '\n';
	if (lseek(from, 0, SEEK_SET) != 0 || !file_write(to, head, n) ||
	    !file_write(to, signature, SEAL_TEXT) ||
	    !digest_copy(from, to, p->bytes, &bytes, again))
		return false;
	errno = EIO; /* it changed in between */
	return bytes == p->bytes && strcmp(again, p->sha256) == 0 && fsync(to) == 0;
}

bool parcel_write(const char *path, const struct parcel *facts, const char *content, EVP_PKEY *key,
		  struct complaints *c)
{
	struct parcel p = *facts;
	char *part = NULL;
	bool good = false;

	if (asprintf(&part, "%s.part", path) < 0)
		return false;
	int from = open(content, O_RDONLY | O_CLOEXEC);
	int to = from >= 0 ? open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)
			   : -1;
	if (to >= 0) {
		good = write_parts(to, from, &p, key);
		good = close(to) == 0 && good && rename(part, path) == 0;
	}
	if (!good)
		complain(c, path, 0, "%s", strerror(errno));
	if (!good && to >= 0)
		unlink(part);
	if (from >= 0)
		close(from);
	free(part);
	return good;
}

/* ---- unpacking ---- */

/* Reads one byte after the other up to the n-th end of a line, so that the descriptor stands right behind it. */
static size_t read_lines(int fd, unsigned lines, char out[static HEAD_MOST])
{
	size_t n = 0;

	while (lines > 0 && n < HEAD_MOST && read(fd, out + n, 1) == 1)
		if (out[n++] == '\n')
			lines--;
	return lines == 0 ? n : 0;
}

static bool take_text(const json_t *o, const char *name, char *out, size_t room)
{
	const char *text = json_string_value(json_object_get(o, name));

	if (text == NULL || strlen(text) >= room)
		return false;
	snprintf(out, room, "%s", text);
	return true;
}

/* Digits alone: it is told to people before the signature is looked at. */
static bool is_hex(const char *text, size_t n)
{
	return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}

static bool take_number(const json_t *o, const char *name, uint64_t *ret)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(v);
	return true;
}

static bool read_facts(const char *text, size_t n, struct parcel *ret)
{
	json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	uint64_t created = 0;
	bool good = json_is_object(o) && take_text(o, "site", ret->site, sizeof(ret->site)) &&
		    take_text(o, "vantage", ret->vantage, sizeof(ret->vantage)) &&
		    take_text(o, "run", ret->run, sizeof(ret->run)) &&
		    take_text(o, "version", ret->version, sizeof(ret->version)) &&
		    take_text(o, "sha256", ret->sha256, sizeof(ret->sha256)) &&
		    take_text(o, "key", ret->key, sizeof(ret->key)) &&
		    take_number(o, "bytes", &ret->bytes) && take_number(o, "created", &created);

	json_decref(o);
	ret->created = (int64_t)created;
	return good && created <= UINT32_MAX && ret->bytes <= content_most &&
	       is_hex(ret->key, PARCEL_KEY_NAME - 1) && is_hex(ret->sha256, 64);
}

static bool prove(int fd, const char *path, EVP_PKEY *verify, struct parcel *ret,
		  struct complaints *c)
{
	char head[HEAD_MOST], last[HEAD_MOST], ours[PARCEL_KEY_NAME];
	struct parcel p = { 0 };
	const size_t magic = strlen(MAGIC);
	size_t n = read_lines(fd, 2, head);

	if (n <= magic || memcmp(head, MAGIC, magic) != 0 || read_lines(fd, 1, last) != SEAL_TEXT ||
	    !read_facts(head + magic, n - magic, &p)) {
		complain(c, path, 0, _("holds no results of tenken reach --from-outside"));
		return false;
	}
	if (!sign_key_name(verify, ours)) {
		complain(c, path, 0, "%s", strerror(ENOMEM));
		return false;
	}
	if (strcmp(ours, p.key) != 0) {
		complain(c, path, 0, _("is signed by the key %s, and this is the key %s"), p.key,
			 ours);
		return false;
	}
	if (!seal_holds(verify, head, n, last)) {
		complain(c, path, 0,
			 _("was changed after it was signed, or never signed by this key"));
		return false;
	}
	*ret = p;
	return true;
}

int parcel_open(const char *path, EVP_PKEY *verify, struct parcel *ret, struct complaints *c)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) != 0)
		complain(c, path, 0, "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		complain(c, path, 0, _("is no file"));
	else if (prove(fd, path, verify, ret, c))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool parcel_unpack(int fd, const char *path, const struct parcel *p, const char *to,
		   struct complaints *c)
{
	char sha256[DIGEST_TEXT];
	uint64_t bytes = 0;
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (out < 0) {
		complain(c, to, 0, "%s", strerror(errno));
		return false;
	}
	bool read = digest_copy(fd, out, p->bytes, &bytes, sha256);
	bool written = close(out) == 0;
	if (read && written && bytes == p->bytes && strcmp(sha256, p->sha256) == 0)
		return true;
	if (read || errno == EFBIG)
		complain(c, path, 0, _("what it holds was changed after it was signed"));
	else
		complain(c, to, 0, "%s", strerror(errno));
	unlink(to);
	return false;
}
