/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle on its way to the disk: members one after the other, each header filled in once its size is known. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "bundle/bundle_parts.h"
#include "codec/file.h"

struct bundle {
	struct bundle_facts facts;
	char *path, *part;
	int fd;
	int error; /* sticky, negative errno */
	struct bundle_member members[BUNDLE_MEMBERS];
	size_t count;
};

/* Where a member's bytes go while it is written. */
struct sink {
	int fd, error;
	uint64_t bytes;
	EVP_MD_CTX *md;
};

static const uint8_t zeros[2 * USTAR_BLOCK];

void bundle_drop(struct bundle *b)
{
	if (b == NULL)
		return;
	if (b->fd >= 0) {
		close(b->fd);
		unlink(b->part);
	}
	free(b->part);
	free(b->path);
	free(b);
}

int bundle_begin(const char *path, const struct bundle_facts *f, struct bundle **ret)
{
	struct bundle *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return -ENOMEM;
	b->fd = -1;
	b->facts = *f;
	b->path = strdup(path);
	if (b->path == NULL || asprintf(&b->part, "%s.XXXXXX", path) < 0) {
		b->part = NULL;
		bundle_drop(b);
		return -ENOMEM;
	}
	b->fd = mkostemp(b->part, O_CLOEXEC);
	if (b->fd < 0) {
		int error = -errno;

		bundle_drop(b);
		return error;
	}
	*ret = b;
	return 0;
}

static ssize_t sink_write(void *cookie, const char *bytes, size_t n)
{
	struct sink *s = cookie;

	if (s->error != 0)
		return 0;
	s->bytes += n;
	if (s->bytes > USTAR_BYTES_MOST)
		s->error = -EFBIG;
	else if (EVP_DigestUpdate(s->md, bytes, n) != 1)
		s->error = -ENOMEM;
	else if (!file_write(s->fd, bytes, n))
		s->error = -errno;
	return s->error == 0 ? (ssize_t)n : 0;
}

static int fill(struct sink *s, int (*write)(FILE *out, void *context), void *context)
{
	FILE *out = fopencookie(s, "w", (cookie_io_functions_t){ .write = sink_write });

	if (out == NULL)
		return -ENOMEM;
	int r = write(out, context);
	if (fclose(out) != 0 && r == 0)
		r = -EIO;
	return s->error != 0 ? s->error : r;
}

/* The bytes of a member behind the room for its header, up to the next whole block. */
static int put_member(struct bundle *b, struct bundle_member *m,
		      int (*write)(FILE *out, void *context), void *context)
{
	struct ustar_member head = { .time = b->facts.as_of };
	struct sink sink = { .fd = b->fd, .md = EVP_MD_CTX_new() };
	uint8_t block[USTAR_BLOCK], digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	off_t at = lseek(b->fd, 0, SEEK_CUR);
	int r = 0;

	if (sink.md == NULL || EVP_DigestInit_ex(sink.md, EVP_sha256(), NULL) != 1)
		r = -ENOMEM;
	if (r == 0 && (at < 0 || !file_write(b->fd, zeros, USTAR_BLOCK)))
		r = -errno;
	if (r == 0)
		r = fill(&sink, write, context);
	if (r == 0 && EVP_DigestFinal_ex(sink.md, digest, &length) != 1)
		r = -ENOMEM;
	EVP_MD_CTX_free(sink.md);
	if (r != 0)
		return r;
	m->bytes = head.bytes = sink.bytes;
	hex_text(digest, length, m->digest);
	snprintf(head.name, sizeof(head.name), "%s", m->name);
	if (!ustar_write(&head, block))
		return -EINVAL;
	if (!file_write(b->fd, zeros, ustar_padding(sink.bytes)))
		return -errno;
	return pwrite(b->fd, block, USTAR_BLOCK, at) == USTAR_BLOCK ? 0 : -EIO;
}

static bool is_special(const char *name)
{
	return strcmp(name, BUNDLE_SUMS) == 0 || strcmp(name, BUNDLE_MANIFEST) == 0 ||
	       strcmp(name, BUNDLE_SIGNATURE) == 0 || strcmp(name, BUNDLE_KEY) == 0;
}

static int add(struct bundle *b, const char *name, int (*write)(FILE *out, void *context),
	       void *context)
{
	if (b->error != 0)
		return b->error;
	bool good = ustar_name_safe(name) && b->count < BUNDLE_MEMBERS;
	for (size_t i = 0; i < b->count; i++)
		good = good && strcmp(b->members[i].name, name) != 0;
	struct bundle_member *m = &b->members[b->count];
	if (good)
		snprintf(m->name, sizeof(m->name), "%s", name);
	b->error = good ? put_member(b, m, write, context) : -EINVAL;
	if (b->error == 0)
		b->count++;
	return b->error;
}

int bundle_add(struct bundle *b, const char *name, int (*write)(FILE *out, void *context),
	       void *context)
{
	/* The last places are for the sums. */
	if (b->error == 0 && (is_special(name) || b->count >= BUNDLE_MEMBERS - 1))
		b->error = -EINVAL;
	return add(b, name, write, context);
}

/* As sha256sum(1) writes and reads it. */
static int write_sums(FILE *out, void *context)
{
	const struct bundle *b = context;

	for (size_t i = 0; i < b->count; i++)
		fprintf(out, "%s  %s\n", b->members[i].digest, b->members[i].name);
	return 0;
}

static int write_text(FILE *out, void *context)
{
	fputs(context, out);
	return 0;
}

static int write_key(FILE *out, void *context)
{
	return PEM_write_PUBKEY(out, context) == 1 ? 0 : -ENOMEM;
}

/* What is not of the manifest itself. */
static int put_special(struct bundle *b, const char *name, int (*write)(FILE *out, void *context),
		       void *context)
{
	struct bundle_member m = { 0 };

	snprintf(m.name, sizeof(m.name), "%s", name);
	return put_member(b, &m, write, context);
}

static int put_proof(struct bundle *b, EVP_PKEY *key)
{
	char name[DIGEST_TEXT], seal[SEAL_TEXT + 1];
	int r = add(b, BUNDLE_SUMS, write_sums, b);

	if (r != 0)
		return r;
	if (!digest_key(key, name))
		return -ENOMEM;
	char *text = manifest_text(&b->facts, b->members, b->count, name);
	if (text == NULL || !seal_make(key, text, strlen(text), seal)) {
		free(text);
		return -ENOMEM;
	}
	memcpy(seal + SEAL_TEXT - 1, "\n", 2);
	r = put_special(b, BUNDLE_MANIFEST, write_text, text);
	free(text);
	if (r == 0)
		r = put_special(b, BUNDLE_SIGNATURE, write_text, seal);
	if (r == 0)
		r = put_special(b, BUNDLE_KEY, write_key, key);
	/* Two blocks of zeros are an archive's end. */
	if (r == 0 && !file_write(b->fd, zeros, sizeof(zeros)))
		r = -errno;
	return r;
}

int bundle_end(struct bundle *b, EVP_PKEY *key)
{
	int r = b->error != 0 ? b->error : put_proof(b, key);

	if (r == 0 && fsync(b->fd) != 0)
		r = -errno;
	if (r == 0 && rename(b->part, b->path) != 0)
		r = -errno;
	if (r == 0) {
		if (close(b->fd) != 0)
			r = -errno;
		b->fd = -1;
	}
	bundle_drop(b);
	return r;
}
