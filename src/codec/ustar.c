/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ustar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where the fields stand, and how long they are. */
enum {
	NAME = 0,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	TIME = 136,
	CHECKSUM = 148,
	TYPE = 156,
	MAGIC = 257,
	NUMBER = 12, /* of SIZE and TIME: eleven digits and a zero */
};

bool ustar_name_safe(const char *name)
{
	static const char first[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strlen(name);

	return n > 0 && n <= USTAR_NAME && strchr(first, name[0]) != NULL &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		       n;
}

unsigned ustar_padding(uint64_t bytes)
{
	return (unsigned)((USTAR_BLOCK - bytes % USTAR_BLOCK) % USTAR_BLOCK);
}

bool ustar_write(const struct ustar_member *m, uint8_t out[static USTAR_BLOCK])
{
	char number[NUMBER];
	unsigned sum = 0;

	if (!ustar_name_safe(m->name) || m->bytes > USTAR_BYTES_MOST || m->time < 0 ||
	    m->time > (int64_t)USTAR_BYTES_MOST)
		return false;
	memset(out, 0, USTAR_BLOCK);
	memcpy(out + NAME, m->name, strlen(m->name));
	memcpy(out + MODE, "0000644", 8);
	memcpy(out + UID, "0000000", 8);
	memcpy(out + GID, "0000000", 8);
	snprintf(number, sizeof(number), "%011" PRIo64, m->bytes);
	memcpy(out + SIZE, number, NUMBER);
	snprintf(number, sizeof(number), "%011" PRIo64, (uint64_t)m->time);
	memcpy(out + TIME, number, NUMBER);
	out[TYPE] = '0';
	memcpy(out + MAGIC,
	       "ustar\0"
	       "00",
	       8);
	/* The sum of all bytes, its own counted as blanks. */
	memset(out + CHECKSUM, ' ', 8);
	for (int i = 0; i < USTAR_BLOCK; i++)
		sum += out[i];
	snprintf(number, sizeof(number), "%06o", sum);
	memcpy(out + CHECKSUM, number, 7);
	return true;
}

static bool read_number(const uint8_t *at, uint64_t *ret)
{
	uint64_t v = 0;

	for (int i = 0; i < NUMBER - 1; i++) {
		if (at[i] < '0' || at[i] > '7')
			return false;
		v = v << 3 | (uint64_t)(at[i] - '0');
	}
	*ret = v;
	return true;
}

bool ustar_read(const uint8_t block[static USTAR_BLOCK], struct ustar_member *ret)
{
	uint8_t again[USTAR_BLOCK];
	struct ustar_member m = { 0 };
	uint64_t time;

	memcpy(m.name, block + NAME, USTAR_NAME);
	if (!read_number(block + SIZE, &m.bytes) || !read_number(block + TIME, &time))
		return false;
	m.time = (int64_t)time;
	if (!ustar_write(&m, again) || memcmp(again, block, USTAR_BLOCK) != 0)
		return false;
	*ret = m;
	return true;
}
