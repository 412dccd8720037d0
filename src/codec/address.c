/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool addr_is_ipv4(const struct addr *a)
{
	return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

bool addr_is_none(const struct addr *a)
{
	static const uint8_t none[16];

	return memcmp(a->bytes, none, sizeof(none)) == 0;
}

struct addr addr_of_bytes(struct span bytes)
{
	struct addr a = { 0 };

	if (bytes.length == 4) {
		memcpy(a.bytes, mapped, sizeof(mapped));
		memcpy(a.bytes + sizeof(mapped), bytes.at, 4);
	} else if (bytes.length == sizeof(a.bytes) &&
		   memcmp(bytes.at, mapped, sizeof(mapped)) != 0) {
		memcpy(a.bytes, bytes.at, sizeof(a.bytes));
	}
	return a;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	int c = memcmp(a->bytes, b->bytes, sizeof(a->bytes));

	if (c != 0)
		return c;
	return a->scope < b->scope ? -1 : a->scope > b->scope;
}

int addr_parse(const char *text, struct addr *ret)
{
	char copy[ADDR_TEXT];
	struct addr a = { 0 };
	size_t n = strlen(text);

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, n);
	copy[n] = '\0';
	char *percent = strchr(copy, '%');
	if (percent != NULL) {
		*percent++ = '\0';
		a.scope = if_nametoindex(percent);
		if (a.scope == 0) {
			char *end;
			unsigned long index = strtoul(percent, &end, 10);

			if (*percent == '\0' || *end != '\0' || index == 0 || index > INT32_MAX)
				return -EINVAL;
			a.scope = (uint32_t)index;
		}
	}
	memcpy(a.bytes, mapped, sizeof(mapped));
	if (percent == NULL && inet_pton(AF_INET, copy, a.bytes + 12) == 1) {
		*ret = a;
		return 0;
	}
	if (inet_pton(AF_INET6, copy, a.bytes) != 1)
		return -EINVAL;
	if (a.scope != 0 && (addr_is_ipv4(&a) || a.bytes[0] != 0xfe || (a.bytes[1] & 0xc0) != 0x80))
		return -EINVAL; /* a scope belongs to link-local addresses only */
	*ret = a;
	return 0;
}

const char *addr_format(const struct addr *a, char out[static ADDR_TEXT])
{
	if (addr_is_ipv4(a)) {
		inet_ntop(AF_INET, a->bytes + 12, out, ADDR_TEXT);
		return out;
	}
	inet_ntop(AF_INET6, a->bytes, out, ADDR_TEXT);
	if (a->scope != 0) {
		char name[IF_NAMESIZE];
		size_t n = strlen(out);

		if (if_indextoname(a->scope, name) != NULL)
			snprintf(out + n, ADDR_TEXT - n, "%%%s", name);
		else
			snprintf(out + n, ADDR_TEXT - n, "%%%u", a->scope);
	}
	return out;
}

bool addr_next(struct addr *a)
{
	for (size_t i = sizeof(a->bytes); i > 0; i--)
		if (++a->bytes[i - 1] != 0)
			return true;
	return false;
}

/* A scope is no part of a network: the leading bits alone decide. */
struct network {
	uint8_t bytes[16];
	uint8_t bits;
};

#define V4(a, b, c, d, n)                                                                      \
	{                                                                                      \
		.bytes = { [10] = 0xff, [11] = 0xff, [12] = a, [13] = b, [14] = c, [15] = d }, \
		.bits = 96 + (n)                                                               \
	}

static const struct network loopback[] = {
	V4(127, 0, 0, 0, 8),
	{ .bytes = { [15] = 1 }, .bits = 128 },
};

static const struct network unusable[] = {
	V4(0, 0, 0, 0, 8),
	V4(224, 0, 0, 0, 4),
	V4(255, 255, 255, 255, 32),
	{ .bits = 128 },                  /* :: */
	{ .bytes = { 0xff }, .bits = 8 }, /* ff00::/8 */
};

static const struct network not_public[] = {
	V4(10, 0, 0, 0, 8),
	V4(172, 16, 0, 0, 12),
	V4(192, 168, 0, 0, 16),
	V4(100, 64, 0, 0, 10),
	V4(127, 0, 0, 0, 8),
	V4(169, 254, 0, 0, 16),
	{ .bytes = { [15] = 1 }, .bits = 128 },  /* ::1 */
	{ .bytes = { 0xfe, 0x80 }, .bits = 10 }, /* fe80::/10 */
	{ .bytes = { 0xfc }, .bits = 7 },        /* fc00::/7 */
};

static bool within(const struct addr *a, const struct network *n)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (memcmp(a->bytes, n->bytes, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ n->bytes[whole]) & (0xff00U >> rest) & 0xffU) == 0;
}

static bool within_any(const struct addr *a, const struct network *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (within(a, &list[i]))
			return true;
	return false;
}

bool addr_is_loopback(const struct addr *a)
{
	return within_any(a, loopback, countof(loopback));
}

bool addr_is_unusable(const struct addr *a)
{
	return within_any(a, unusable, countof(unusable));
}

bool addr_is_public(const struct addr *a)
{
	return !within_any(a, not_public, countof(not_public));
}

static struct range network_range(const struct network *n)
{
	struct range r = { 0 };

	memcpy(r.first.bytes, n->bytes, sizeof(r.first.bytes));
	r.last = r.first;
	for (unsigned bit = n->bits; bit < 128; bit++)
		r.last.bytes[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
	return r;
}

static int add_networks(struct ranges *set, const struct network *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct range r = network_range(&list[i]);
		int e = ranges_add(set, &r);

		if (e != 0)
			return e;
	}
	return 0;
}

int ranges_add_not_public(struct ranges *set)
{
	return add_networks(set, not_public, countof(not_public));
}

int ranges_add_unusable(struct ranges *set)
{
	return add_networks(set, unusable, countof(unusable));
}

socklen_t addr_to_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (addr_is_ipv4(a)) {
		struct sockaddr_in *in = (struct sockaddr_in *)ret;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->bytes + 12, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	in6->sin6_scope_id = a->scope;
	memcpy(&in6->sin6_addr, a->bytes, 16);
	return sizeof(*in6);
}

int addr_from_sockaddr(const struct sockaddr *sa, struct addr *ret, uint16_t *ret_port)
{
	struct addr a = { 0 };
	uint16_t port;

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		memcpy(a.bytes, mapped, sizeof(mapped));
		memcpy(a.bytes + 12, &in->sin_addr, 4);
		port = ntohs(in->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

		memcpy(a.bytes, &in6->sin6_addr, 16);
		a.scope = in6->sin6_scope_id;
		port = ntohs(in6->sin6_port);
	} else {
		return -EAFNOSUPPORT;
	}
	if (ret_port != NULL)
		*ret_port = port;
	*ret = a;
	return 0;
}

int range_parse(const char *text, bool strict, struct range *ret)
{
	char copy[ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	/* The interface may stand behind the address or behind the length. */
	const char *percent = slash != NULL ? strchr(slash, '%') : NULL;
	size_t scope = percent != NULL ? strlen(percent) : 0;
	struct range r;

	if (n + scope >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, n);
	if (percent != NULL)
		memcpy(copy + n, percent, scope);
	copy[n + scope] = '\0';
	if (addr_parse(copy, &r.first) != 0)
		return -EINVAL;
	r.last = r.first;
	if (slash != NULL) {
		unsigned whole = addr_is_ipv4(&r.first) ? 32 : 128;
		char *end;
		unsigned long bits = strtoul(slash + 1, &end, 10);

		if (slash[1] < '0' || slash[1] > '9' || (*end != '\0' && end != percent) ||
		    bits > whole)
			return -EINVAL;
		for (unsigned bit = 128 - whole + (unsigned)bits; bit < 128; bit++) {
			uint8_t mask = (uint8_t)(0x80U >> bit % 8);

			if (strict && (r.first.bytes[bit / 8] & mask))
				return -EINVAL;
			r.first.bytes[bit / 8] &= (uint8_t)~mask;
			r.last.bytes[bit / 8] |= mask;
		}
	}
	*ret = r;
	return 0;
}

uint64_t addr_hash(const struct addr *a)
{
	uint64_t parts[2], h;

	memcpy(parts, a->bytes, sizeof(parts));
	h = ((parts[0] ^ a->scope) * UINT64_C(0x9e3779b97f4a7c15)) ^ parts[1];
	/* The finaliser of MurmurHash3 (Appleby, public domain). */
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

bool addr_previous(struct addr *a)
{
	for (size_t i = sizeof(a->bytes); i > 0; i--)
		if (a->bytes[i - 1]-- != 0)
			return true;
	return false;
}
