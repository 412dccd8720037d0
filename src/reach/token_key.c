/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a token key. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "reach/token.h"

enum { FILE_MOST = 4096, HEX_TEXT = 2 * TOKEN_KEY, BASE64_TEXT = 44 };

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool from_hex(struct span text, uint8_t ret[static TOKEN_KEY])
{
	for (size_t i = 0; i < TOKEN_KEY; i++) {
		int high = hex_value((char)text.at[2 * i]);
		int low = hex_value((char)text.at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* 44 characters of base64 are 33 bytes, the last of which is padding. */
static bool from_base64(struct span text, uint8_t ret[static TOKEN_KEY])
{
	uint8_t bytes[TOKEN_KEY + 1];
	bool good = text.at[BASE64_TEXT - 1] == '=' && text.at[BASE64_TEXT - 2] != '=' &&
		    EVP_DecodeBlock(bytes, text.at, BASE64_TEXT) == sizeof(bytes);

	if (good)
		memcpy(ret, bytes, TOKEN_KEY);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return good;
}

/* The one line that is no remark; empty where there is none, or more than one. */
static struct span only_line(struct span text)
{
	struct span found = span_first(text, 0);

	while (text.length > 0) {
		ptrdiff_t end = span_find(text, "\n", 1);
		size_t length = end < 0 ? text.length : (size_t)end;
		struct span line = span_trim(span_first(text, length));
		text = span_from(text, end < 0 ? length : length + 1);
		if (line.length == 0 || line.at[0] == '#')
			continue;
		if (found.length > 0)
			return span_first(text, 0);
		found = line;
	}
	return found;
}

static bool key_of_text(struct span text, uint8_t ret[static TOKEN_KEY])
{
	struct span line = only_line(text);

	if (line.length == HEX_TEXT)
		return from_hex(line, ret);
	return line.length == BASE64_TEXT && from_base64(line, ret);
}

/* systemd hands keys out in a folder that is nobody else's, as files of root's that its access list opens for
 * the service, which shows as a right of the group (systemd.exec(5), LoadCredential=). */
static bool is_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t n = folder != NULL ? strlen(folder) : 0;

	return n > 0 && strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* Bytes of the file; negative after a complaint. */
static ssize_t read_secret(const char *path, uint8_t *out, size_t room, struct complaints *c)
{
	struct stat st;
	/* A pipe without a writer would hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		complain(c, path, 0, "%s", strerror(errno));
		return -1;
	}
	ssize_t n = -1;
	if (fstat(fd, &st) != 0)
		complain(c, path, 0, "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		complain(c, path, 0, _("is no file"));
	else if ((st.st_mode & (S_IRWXG | S_IRWXO) &
		  (is_credential(path) ? ~(mode_t)S_IRGRP : ~(mode_t)0)) != 0)
		complain(c, path, 0, _("holds a key and may be read by others (chmod 600)"));
	else if ((n = read(fd, out, room)) < 0)
		complain(c, path, 0, "%s", strerror(errno));
	close(fd);
	return n;
}

bool token_key_read(const char *path, struct token_key *ret, struct complaints *c)
{
	uint8_t text[FILE_MOST], key[TOKEN_KEY] = { 0 };
	ssize_t n = read_secret(path, text, sizeof(text), c);
	bool good = false;

	if (n < 0)
		return false;
	if (span_starts(span_of(text, (size_t)n), "-----BEGIN"))
		complain(c, path, 0,
			 _("is a key of another kind (PEM); tokens have one of their own: "
			   "tenken beacon --make-key"));
	else if (!key_of_text(span_of(text, (size_t)n), key))
		complain(c, path, 0,
			 _("is no token key: 32 bytes as 64 hexadecimal digits or as base64"));
	else if (!token_key_from(key, ret))
		complain(c, path, 0, "%s", strerror(ENOMEM));
	else
		good = true;
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(key, sizeof(key));
	return good;
}

bool token_key_make(const char *path, struct complaints *c)
{
	uint8_t key[TOKEN_KEY];
	char text[HEX_TEXT + 1];

	if (RAND_bytes(key, sizeof(key)) != 1) {
		complain(c, path, 0, _("the machine gives no random numbers"));
		return false;
	}
	for (size_t i = 0; i < sizeof(key); i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
	OPENSSL_cleanse(key, sizeof(key));
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		complain(c, path, 0, "%s",
			 errno == EEXIST ? _("is there already and is left as it is")
					 : strerror(errno));
		OPENSSL_cleanse(text, sizeof(text));
		return false;
	}
	bool written = dprintf(fd,
			       "# tenken: key of tokens between beacon and reach. Whoever has it "
			       "can pass as "
			       "the beacon.\n%s\n",
			       text) > 0 &&
		       fsync(fd) == 0;
	OPENSSL_cleanse(text, sizeof(text));
	if (close(fd) != 0 || !written) {
		complain(c, path, 0, "%s", strerror(errno));
		unlink(path);
		return false;
	}
	return true;
}
