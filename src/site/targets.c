/* SPDX-License-Identifier: Apache-2.0 */
#include "site/targets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "codec/file.h"
#include "codec/i18n.h"

enum {
	TARGET_FILE_BYTES_MAX = 16 * 1024 * 1024,
	TARGET_WORD_MAX = 255, /* no name and no range is longer */
	NAME_ADDRESSES_MAX = 64,
};

typedef void add_word(struct ranges *set, const char *word, const char *file, unsigned line,
		      struct complaints *c);

/* Cuts the text into words in place and hands them out. */
static void each_word(char *text, size_t length, const char *path, add_word *add,
		      struct ranges *set, struct complaints *c)
{
	unsigned line = 1;
	size_t i = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (i < length) {
		size_t n = strcspn(text + i, " \t\r\n#");

		if (n == 0 && text[i] == '#') {
			i += strcspn(text + i, "\n");
		} else if (n == 0 && text[i] == '\0') {
			complain(c, path, line, _("holds a NUL byte: is it a text file?"));
			return;
		} else if (n == 0) {
			line += text[i] == '\n';
			i++;
		} else {
			char word[TARGET_WORD_MAX + 1];

			if (n > TARGET_WORD_MAX) {
				complain(c, path, line, _("'%.40s...' is too long for a target"),
					 text + i);
			} else {
				memcpy(word, text + i, n);
				word[n] = '\0';
				add(set, word, path, line, c);
			}
			i += n;
		}
	}
}

static void add_file(struct ranges *set, const char *path, add_word *add, struct complaints *c)
{
	size_t length = 0;
	char *text = file_read(path, TARGET_FILE_BYTES_MAX, &length, c);

	if (text == NULL)
		return;
	each_word(text, length, path, add, set, c);
	free(text);
}

/* ---- one word ---- */

/* Made of what addresses are made of: then it is one or a mistake, never a name to look up. */
static bool looks_like_address(const char *word)
{
	struct in_addr old;

	if (strchr(word, ':') != NULL || strchr(word, '/') != NULL || word[0] == '[')
		return true;
	if (strspn(word, "0123456789.,-*") == strlen(word))
		return true;
	return inet_aton(word, &old) != 0; /* "0x7f.1", which resolvers take for an address */
}

static bool looks_like_name(const char *word)
{
	size_t n = strlen(word);

	return n > 0 && n <= 253 && word[0] != '-' && word[0] != '.' &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
		       n;
}

static int add_found(struct ranges *set, const struct addrinfo *found)
{
	size_t n = 0;

	for (; found != NULL && n < NAME_ADDRESSES_MAX; found = found->ai_next, n++) {
		struct range r;
		uint16_t port;

		if (addr_from_sockaddr(found->ai_addr, &r.first, &port) != 0)
			continue;
		r.last = r.first;
		int e = ranges_add(set, &r);
		if (e != 0)
			return e;
	}
	return 0;
}

static void add_name(struct ranges *set, const char *word, const char *file, unsigned line,
		     struct complaints *c)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	if (!looks_like_name(word)) {
		complain(c, file, line, _("'%s' is neither an address nor a name"), word);
		return;
	}
	int e = getaddrinfo(word, NULL, &hints, &found);
	if (e != 0) {
		complain(c, file, line, _("'%s' does not resolve: %s"), word, gai_strerror(e));
		return;
	}
	if (add_found(set, found) != 0)
		complain(c, file, line, _("out of memory"));
	freeaddrinfo(found);
}

static void add_address(struct ranges *set, const char *word, const char *file, unsigned line,
			struct complaints *c)
{
	int e = ranges_parse(set, word);
	struct range r;

	/* Of IPv6 nobody sweeps all of it; the plan decides whether its hosts may be asked for. */
	if (e == -E2BIG && range_parse(word, false, &r) == 0 && !addr_is_ipv4(&r.first))
		e = ranges_add(set, &r);
	if (e == -E2BIG)
		complain(c, file, line,
			 _("'%s' is too large: more than 2^32 addresses or 65536 ranges"), word);
	else if (e == -ENOMEM)
		complain(c, file, line, _("out of memory"));
	else if (e != 0)
		complain(c, file, line, _("'%s' is not an address, network or range"), word);
}

static void add_plain(struct ranges *set, const char *word, const char *file, unsigned line,
		      struct complaints *c)
{
	if (looks_like_address(word))
		add_address(set, word, file, line, c);
	else
		add_name(set, word, file, line, c);
}

static void add_from_file(struct ranges *set, const char *word, const char *file, unsigned line,
			  struct complaints *c)
{
	if (word[0] == '@')
		complain(c, file, line, _("'%s': a file of targets names no other file"), word);
	else
		add_plain(set, word, file, line, c);
}

void targets_add(struct ranges *set, const char *word, const char *file, unsigned line,
		 struct complaints *c)
{
	if (word[0] == '@')
		targets_add_file(set, word + 1, c);
	else
		add_plain(set, word, file, line, c);
}

void targets_add_file(struct ranges *set, const char *path, struct complaints *c)
{
	add_file(set, path, add_from_file, c);
}

/* ---- exclusions ---- */

static void exclude_word(struct ranges *set, const char *word, const char *file, unsigned line,
			 struct complaints *c)
{
	int e = ranges_parse_network(set, word, false);

	if (e == -ENOMEM)
		complain(c, file, line, _("out of memory"));
	else if (e != 0)
		add_from_file(set, word, file, line, c);
}

void exclusions_add(struct ranges *set, const char *list, const char *file, unsigned line,
		    struct complaints *c)
{
	for (const char *p = list;;) {
		size_t n = strcspn(p, ",");
		char word[TARGET_WORD_MAX + 1];

		if (n == 0 || n > TARGET_WORD_MAX) {
			complain(c, file, line, _("'%s' is not a list of addresses"), list);
			return;
		}
		memcpy(word, p, n);
		word[n] = '\0';
		exclude_word(set, word, file, line, c);
		if (p[n] == '\0')
			return;
		p += n + 1;
	}
}

void exclusions_add_file(struct ranges *set, const char *path, struct complaints *c)
{
	add_file(set, path, exclusions_add, c);
}
