/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "codec/reader.h"
#include "codec/writer.h"

enum { LABEL_MOST = 63, NAME_MOST = 255, HOST_NAME_MOST = 253 };
enum {
	FLAG_ANSWER = 0x8000,
	FLAG_AUTHORITATIVE = 0x400,
	FLAG_TRUNCATED = 0x200,
	FLAG_RECURSION = 0x100,
	FLAG_RECURSES = 0x80
};
/* RFC 6762, 10.2: the top bit of a record's class says that it replaces older ones. */
enum { CLASS_MASK = 0x7fff };

/* ---- names ---- */

const char *dns_reverse_name(const struct addr *a, char out[static DNS_NAME])
{
	size_t n = 0;

	if (addr_is_ipv4(a)) {
		snprintf(out, DNS_NAME, "%u.%u.%u.%u.in-addr.arpa", a->bytes[15], a->bytes[14],
			 a->bytes[13], a->bytes[12]);
		return out;
	}
	for (size_t i = sizeof(a->bytes); i > 0; i--)
		n += (size_t)snprintf(out + n, DNS_NAME - n, "%x.%x.", a->bytes[i - 1] & 15U,
				      a->bytes[i - 1] >> 4);
	snprintf(out + n, DNS_NAME - n, "ip6.arpa");
	return out;
}

bool dns_same_name(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

static bool plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

bool dns_is_host_name(const char *name)
{
	struct addr a;
	size_t n = strlen(name);

	if (n == 0 || n > HOST_NAME_MOST || addr_parse(name, &a) == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!plain((uint8_t)name[i]) && name[i] != '.')
			return false;
	return true;
}

/* RFC 1035, 5.1: the dot between labels, the escape, and what a zone file gives another meaning. */
static bool printable(uint8_t c)
{
	return c > 0x20 && c < 0x7f && strchr(".\\\"();@$", c) == NULL;
}

static size_t put_label(struct span label, char *out, size_t at)
{
	if (at > 0 && at + 1 < DNS_NAME)
		out[at++] = '.';
	for (size_t i = 0; i < label.length && at + 5 < DNS_NAME; i++) {
		if (printable(label.at[i]))
			out[at++] = (char)label.at[i];
		else
			at += (size_t)snprintf(out + at, 5, "\\%03u", label.at[i]);
	}
	return at;
}

/* RFC 1035, 4.1.4. A reference leads backwards, so that each is nearer to the beginning than the last:
 * there is no way in a circle. */
bool dns_read_name(struct span message, struct reader *r, char out[static DNS_NAME])
{
	struct reader at = *r;
	size_t n = 0, bytes = 0, place = (size_t)(r->at - message.at);
	bool followed = false;

	out[0] = '\0';
	for (;;) {
		uint8_t length = rd_u8(&at);

		if (!rd_ok(&at))
			break;
		if (length >= 0xc0) {
			size_t to = (size_t)(length & 0x3f) << 8 | rd_u8(&at);

			if (!rd_ok(&at) || to >= place)
				break;
			if (!followed)
				*r = at;
			followed = true;
			place = to;
			at = rd_new((struct span){ message.at + to, message.length - to });
			continue;
		}
		if (length > LABEL_MOST)
			break;
		if (length == 0) {
			out[n] = '\0';
			if (!followed)
				*r = at;
			return true;
		}
		bytes += 1U + length;
		struct span label = rd_span(&at, length);
		if (!rd_ok(&at) || bytes >= NAME_MOST)
			break;
		n = put_label(label, out, n);
	}
	out[0] = '\0';
	rd_fail(r);
	return false;
}

/* ---- questions ---- */

size_t dns_question(uint8_t *out, size_t room, uint16_t id, bool recursion, const char *name,
		    enum dns_type type)
{
	return dns_ask(out, room,
		       &(struct dns_asked){ .id = id,
					    .recursion = recursion,
					    .name = name,
					    .type = type,
					    .class = DNS_CLASS_IN });
}

size_t dns_ask(uint8_t *out, size_t room, const struct dns_asked *q)
{
	struct writer w = wr_new(out, room);

	if (!dns_is_host_name(q->name))
		return 0;
	wr_be16(&w, q->id);
	wr_be16(&w, q->recursion ? FLAG_RECURSION : 0);
	wr_be16(&w, 1); /* questions */
	wr_fill(&w, 0, 4);
	wr_be16(&w, q->room > 0); /* additional records */
	for (const char *p = q->name; *p != '\0';) {
		size_t n = strcspn(p, ".");

		if (n == 0 || n > LABEL_MOST)
			return 0;
		wr_u8(&w, (uint8_t)n);
		wr_bytes(&w, p, n);
		p += n + (p[n] == '.');
	}
	wr_u8(&w, 0);
	wr_be16(&w, (uint16_t)q->type);
	wr_be16(&w, (uint16_t)q->class);
	if (q->room > 0) { /* RFC 6891, 6.1.2: of the root, OPT, room, flags, no options */
		wr_u8(&w, 0);
		wr_be16(&w, 41);
		wr_be16(&w, q->room);
		wr_fill(&w, 0, 6);
	}
	return wr_span(&w).length;
}

/* ---- answers ---- */

/* RFC 1035, 3.3.14 */
static void read_strings(struct reader *r, char out[static DNS_NAME])
{
	size_t n = 0;

	while (rd_left(r) > 0) {
		struct span text = rd_span(r, rd_u8(r));

		for (size_t i = 0; i < text.length && n + 1 < DNS_NAME; i++)
			if (text.at[i] != 0)
				out[n++] = (char)text.at[i];
	}
	out[n] = '\0';
}

static void read_data(struct span message, struct reader data, struct dns_record *ret, bool *good)
{
	struct addr a = { .bytes = { [10] = 0xff, [11] = 0xff } };
	struct span bytes;

	*good = true;
	switch (ret->type) {
	case DNS_A:
		bytes = rd_span(&data, 4);
		if (rd_end(&data))
			memcpy(a.bytes + 12, bytes.at, 4);
		ret->address = a;
		break;
	case DNS_AAAA:
		bytes = rd_span(&data, 16);
		if (rd_end(&data))
			memcpy(ret->address.bytes, bytes.at, 16);
		break;
	case DNS_SRV:
		rd_skip(&data, 6); /* priority, weight, port */
		dns_read_name(message, &data, ret->target);
		break;
	case DNS_SOA: {
		char person[DNS_NAME];

		dns_read_name(message, &data, ret->target);
		dns_read_name(message, &data, person);
		ret->serial = rd_be32(&data);
		rd_skip(&data, 16); /* refresh, retry, expire, minimum */
		break;
	}
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		dns_read_name(message, &data, ret->target);
		break;
	case DNS_TXT:
		read_strings(&data, ret->target);
		break;
	default:
		*good = false;
		return;
	}
	*good = rd_end(&data);
}

static bool read_record(struct span message, struct reader *r, dns_take *take, void *context)
{
	struct dns_record record = { 0 };
	bool good;

	if (!dns_read_name(message, r, record.owner))
		return false;
	record.type = rd_be16(r);
	uint16_t class = rd_be16(r) & CLASS_MASK;
	rd_skip(r, 4); /* time to live */
	struct reader data = rd_sub(r, rd_be16(r));
	if (!rd_ok(r))
		return false;
	record.data = span_of(data.at, rd_left(&data));
	read_data(message, data, &record, &good);
	if (good && (class == DNS_CLASS_IN || record.type == DNS_TXT))
		take(context, &record);
	return true;
}

/* Header and questions. */
static bool read_head(struct span bytes, struct reader *r, struct dns_message *ret,
		      size_t *ret_records)
{
	struct dns_message m = { .id = rd_be16(r) };
	uint16_t flags = rd_be16(r);
	size_t questions = rd_be16(r);

	m.answers = rd_be16(r);
	*ret_records = (size_t)m.answers + rd_be16(r);
	*ret_records += rd_be16(r);
	m.answer = (flags & FLAG_ANSWER) != 0;
	m.authoritative = (flags & FLAG_AUTHORITATIVE) != 0;
	m.truncated = (flags & FLAG_TRUNCATED) != 0;
	m.recursion_available = (flags & FLAG_RECURSES) != 0;
	m.code = flags & 15;
	if (!rd_ok(r) || questions > rd_left(r) / 5)
		return false;
	for (size_t i = 0; i < questions; i++) {
		char name[DNS_NAME];

		if (!dns_read_name(bytes, r, name))
			return false;
		uint16_t type = rd_be16(r);
		rd_skip(r, 2);
		if (i == 0) {
			memcpy(m.question, name, sizeof(name));
			m.question_type = type;
		}
	}
	if (!rd_ok(r))
		return false;
	*ret = m;
	return true;
}

bool dns_read(struct span bytes, struct dns_message *ret, dns_take *take, void *context)
{
	struct reader r = rd_new(bytes);
	struct dns_message m;
	size_t records;

	if (!read_head(bytes, &r, &m, &records) || records > DNS_RECORDS_MOST)
		return false;
	*ret = m;
	for (size_t i = 0; i < records; i++)
		if (!read_record(bytes, &r, take, context))
			return false;
	return rd_end(&r);
}

bool dns_read_first(struct span bytes, struct dns_message *ret, struct dns_record *ret_first)
{
	struct reader r = rd_new(bytes);
	struct dns_record first = { 0 };
	struct dns_message m;
	size_t records;

	if (!read_head(bytes, &r, &m, &records))
		return false;
	if (records > 0) {
		if (!dns_read_name(bytes, &r, first.owner))
			return false;
		first.type = rd_be16(&r);
		rd_skip(&r, 2 + 4 + 2); /* class, time to live, length */
		if (!rd_ok(&r))
			return false;
	}
	*ret = m;
	*ret_first = first;
	return true;
}
