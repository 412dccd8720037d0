/* SPDX-License-Identifier: Apache-2.0 */
#include "report/oscal_id.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "codec/utf8.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
static const char kinds[] = "csipg";

bool oscal_id_make(const char *guideline, char kind, const char *id, char out[static OSCAL_ID])
{
	if (guideline[0] == '\0' || strchr(letters, guideline[0]) == NULL ||
	    strspn(guideline, plain) != strlen(guideline))
		return false;
	int n = snprintf(out, OSCAL_ID, "%s_%c-", guideline, kind);
	if (n < 0 || n >= OSCAL_ID)
		return false;
	size_t at = (size_t)n, left = strlen(id);
	while (left > 0) {
		uint32_t v = 0;
		size_t step = utf8_next((const uint8_t *)id, left, &v);

		if (step == 0 || at + 12 > OSCAL_ID)
			return false;
		if (v < 0x80 && v != 0 && strchr(plain, (int)v) != NULL)
			out[at++] = (char)v;
		else
			at += (size_t)snprintf(out + at, OSCAL_ID - at, "_%x_", v);
		id += step;
		left -= step;
	}
	out[at] = '\0';
	return true;
}

static size_t utf8_put(uint32_t v, char *out)
{
	if (v < 0x80) {
		out[0] = (char)v;
		return 1;
	}
	if (v < 0x800) {
		out[0] = (char)(0xc0 | v >> 6);
		out[1] = (char)(0x80 | (v & 0x3f));
		return 2;
	}
	if (v < 0x10000) {
		out[0] = (char)(0xe0 | v >> 12);
		out[1] = (char)(0x80 | (v >> 6 & 0x3f));
		out[2] = (char)(0x80 | (v & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | v >> 18);
	out[1] = (char)(0x80 | (v >> 12 & 0x3f));
	out[2] = (char)(0x80 | (v >> 6 & 0x3f));
	out[3] = (char)(0x80 | (v & 0x3f));
	return 4;
}

/* "_5225_": its length, 0 where it is none. */
static size_t read_escape(const char *p, uint32_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t v = 0;
	size_t n = 1;

	for (; n < 8; n++) {
		const char *digit = p[n] != '\0' ? strchr(digits, p[n]) : NULL;

		if (digit == NULL)
			break;
		v = v << 4 | (uint32_t)(digit - digits);
	}
	if (n < 2 || p[n] != '_' || p[1] == '0' || v > 0x10ffff)
		return 0;
	*ret = v;
	return n + 1;
}

bool oscal_id_read(const char *token, char guideline[static OSCAL_ID], char *kind,
		   char id[static OSCAL_ID])
{
	const char *mark = strchr(token, '_');
	size_t at = 0, n = mark != NULL ? (size_t)(mark - token) : 0;

	if (n == 0 || n >= OSCAL_ID || mark[1] == '\0' || strchr(kinds, mark[1]) == NULL ||
	    mark[2] != '-')
		return false;
	memcpy(guideline, token, n);
	guideline[n] = '\0';
	*kind = mark[1];
	for (const char *p = mark + 3; *p != '\0';) {
		uint32_t v = (unsigned char)*p;
		size_t step = 1;

		if (*p == '_')
			step = read_escape(p, &v);
		else if (strchr(plain, *p) == NULL)
			return false;
		if (step == 0 || at + 5 > OSCAL_ID)
			return false;
		at += utf8_put(v, id + at);
		p += step;
	}
	id[at] = '\0';
	return true;
}
