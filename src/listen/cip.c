/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/cip.h"

#include "codec/reader.h"

enum {
	ANSWER = 0x80,  /* of a service byte */
	SERVICE = 0x7f, /* the rest of it */
	REQUESTS_MAX = 64,
	DEPTH_MAX = 3,

	CLASS_MESSAGE_ROUTER = 0x02,
	CLASS_CONNECTION_MANAGER = 0x06,
	CLASS_FILE = 0x37,
	CLASS_PCCC = 0x67,
	CLASS_SYMBOL = 0x6b,
	CLASS_ANY = 0xffff,

	MULTIPLE_SERVICE = 0x0a,
	UNCONNECTED_SEND = 0x52,
	EXECUTE_PCCC = 0x4b,

	SEGMENT_CLASS8 = 0x20,
	SEGMENT_CLASS16 = 0x21,
	SEGMENT_SYMBOL = 0x91,
	SERVICE_OBJECT = 0x4b, /* from here on the object's class says what it is */
};

struct service {
	uint16_t class_;
	uint8_t code;
	const char *word, *access;
};

/* Rows of a class stand before those of any. */
static const struct service services[] = {
	{ CLASS_CONNECTION_MANAGER, 0x4e, "forward-close", "other" },
	{ CLASS_CONNECTION_MANAGER, UNCONNECTED_SEND, "unconnected-send", "other" },
	{ CLASS_CONNECTION_MANAGER, 0x54, "forward-open", "other" },
	{ CLASS_CONNECTION_MANAGER, 0x56, "get-connection-data", "read" },
	{ CLASS_CONNECTION_MANAGER, 0x57, "search-connection-data", "read" },
	{ CLASS_CONNECTION_MANAGER, 0x5a, "get-connection-owner", "read" },
	{ CLASS_CONNECTION_MANAGER, 0x5b, "large-forward-open", "other" },
	{ CLASS_FILE, 0x4b, "start-upload", "program" },
	{ CLASS_FILE, 0x4c, "start-download", "program" },
	{ CLASS_FILE, 0x4d, "start-partial-read", "read" },
	{ CLASS_FILE, 0x4e, "start-partial-write", "write" },
	{ CLASS_FILE, 0x4f, "upload", "program" },
	{ CLASS_FILE, 0x50, "download", "program" },
	{ CLASS_FILE, 0x51, "clear-file", "program" },
	{ CLASS_PCCC, EXECUTE_PCCC, "execute-pccc", "other" },
	{ CLASS_SYMBOL, 0x55, "list-tags", "read" },
	{ CLASS_ANY, 0x01, "get-attributes-all", "read" },
	{ CLASS_ANY, 0x02, "set-attributes-all", "write" },
	{ CLASS_ANY, 0x03, "get-attribute-list", "read" },
	{ CLASS_ANY, 0x04, "set-attribute-list", "write" },
	{ CLASS_ANY, 0x05, "reset", "control" },
	{ CLASS_ANY, 0x06, "start", "control" },
	{ CLASS_ANY, 0x07, "stop", "control" },
	{ CLASS_ANY, 0x08, "create", "program" },
	{ CLASS_ANY, 0x09, "delete", "program" },
	{ CLASS_ANY, MULTIPLE_SERVICE, "multiple-service-packet", "other" },
	{ CLASS_ANY, 0x0d, "apply-attributes", "write" },
	{ CLASS_ANY, 0x0e, "get-attribute-single", "read" },
	{ CLASS_ANY, 0x10, "set-attribute-single", "write" },
	{ CLASS_ANY, 0x11, "find-next-instance", "read" },
	{ CLASS_ANY, 0x15, "restore", "program" },
	{ CLASS_ANY, 0x16, "save", "program" },
	{ CLASS_ANY, 0x17, "no-operation", "other" },
	{ CLASS_ANY, 0x18, "get-member", "read" },
	{ CLASS_ANY, 0x19, "set-member", "write" },
	{ CLASS_ANY, 0x1a, "insert-member", "write" },
	{ CLASS_ANY, 0x1b, "remove-member", "write" },
	{ CLASS_ANY, 0x1c, "group-sync", "other" },
	/* Of tags: their path is a symbol's name, or an instance of the symbol's class. */
	{ CLASS_ANY, 0x4c, "read-tag", "read" },
	{ CLASS_ANY, 0x4d, "write-tag", "write" },
	{ CLASS_ANY, 0x4e, "read-modify-write-tag", "write" },
	{ CLASS_ANY, 0x52, "read-tag-fragmented", "read" },
	{ CLASS_ANY, 0x53, "write-tag-fragmented", "write" },
};

/* PCCC commands (CMD and FNC), told as 0x6700000 | command << 8 | function. */
enum { CODE_PCCC = 0x6700000, PCCC_HAS_FUNCTION = 0x0f };
static const struct pccc {
	uint8_t command, function;
	const char *word, *access;
} pccc[] = {
	{ 0x00, 0, "pccc-protected-write", "write" },
	{ 0x01, 0, "pccc-unprotected-read", "read" },
	{ 0x05, 0, "pccc-unprotected-bit-write", "write" },
	{ 0x06, 0, "pccc-diagnostics", "diagnose" },
	{ 0x08, 0, "pccc-unprotected-write", "write" },
	{ 0x0f, 0x00, "pccc-word-range-write", "write" },
	{ 0x0f, 0x01, "pccc-word-range-read", "read" },
	{ 0x0f, 0x02, "pccc-bit-write", "write" },
	{ 0x0f, 0x26, "pccc-read-modify-write", "write" },
	{ 0x0f, 0x3a, "pccc-set-mode", "control" },
	{ 0x0f, 0x50, "pccc-download-all", "program" },
	{ 0x0f, 0x52, "pccc-download-completed", "program" },
	{ 0x0f, 0x53, "pccc-upload-all", "program" },
	{ 0x0f, 0x55, "pccc-upload-completed", "program" },
	{ 0x0f, 0x67, "pccc-typed-write", "write" },
	{ 0x0f, 0x68, "pccc-typed-read", "read" },
	{ 0x0f, 0x80, "pccc-set-mode", "control" },
	{ 0x0f, 0xa1, "pccc-logical-read", "read" },
	{ 0x0f, 0xa2, "pccc-logical-read", "read" },
	{ 0x0f, 0xa9, "pccc-logical-write", "write" },
	{ 0x0f, 0xaa, "pccc-logical-write", "write" },
	{ 0x0f, 0xab, "pccc-masked-write", "write" },
};

static const struct service *service_of(const struct cip_request *q)
{
	for (size_t i = 0; i < countof(services); i++)
		if (services[i].code == q->service &&
		    (services[i].class_ == CLASS_ANY ||
		     (q->has_class && services[i].class_ == q->class_)))
			return &services[i];
	return NULL;
}

struct course {
	void (*take)(void *context, const struct cip_request *r);
	void *context;
	unsigned left;
};

static void read_request(struct course *c, struct span message, unsigned depth);

/* 3-5.5.4: priority, time-out, length of the request, the request, a byte to fill up, the route. */
static void read_unconnected_send(struct course *c, struct reader r, unsigned depth)
{
	rd_skip(&r, 2);
	struct span message = rd_span(&r, rd_le16(&r));

	if (rd_ok(&r))
		read_request(c, message, depth + 1);
}

/* their number, where each begins (from the number on), the requests. */
static void read_multiple(struct course *c, struct reader r, unsigned depth)
{
	struct span all = rd_rest(&r);
	struct reader offsets = rd_new(all);
	unsigned count = rd_le16(&offsets);

	if (count > rd_left(&offsets) / 2)
		return;
	size_t before = 2 + 2 * (size_t)count;
	for (unsigned i = 0; i < count; i++) {
		size_t begin = rd_le16(&offsets);
		struct reader next = offsets;
		size_t end = i + 1 < count ? rd_le16(&next) : all.length;

		if (begin < before || end < begin || end > all.length)
			return;
		read_request(c, span_of(all.at + begin, end - begin), depth + 1);
		before = begin;
	}
}

/* The requester's id, then the PCCC command: CMD, STS, TNS(2), FNC. */
static void read_pccc(struct cip_request *q, struct reader r)
{
	uint8_t id = rd_u8(&r);

	rd_skip(&r, id > 0 ? id - 1U : 0);
	uint8_t command = rd_u8(&r) & 0x0f;
	rd_skip(&r, 3);
	if (!rd_ok(&r))
		return;
	uint8_t function = command == PCCC_HAS_FUNCTION || command == 0x06 ? rd_u8(&r) : 0;
	q->code = CODE_PCCC | (uint32_t)command << 8 | function;
	for (size_t i = 0; i < countof(pccc); i++) {
		if (pccc[i].command != command ||
		    (command == PCCC_HAS_FUNCTION && pccc[i].function != function))
			continue;
		q->word = pccc[i].word;
		q->access = pccc[i].access;
		return;
	}
}

static void read_request(struct course *c, struct span message, unsigned depth)
{
	struct reader r = rd_new(message);
	struct cip_request q = { .service = rd_u8(&r) };
	struct reader path = rd_sub(&r, 2 * (size_t)rd_u8(&r));

	if (!rd_ok(&r) || (q.service & ANSWER) || c->left == 0)
		return;
	c->left--;
	uint8_t segment = rd_u8(&path);
	if (segment == SEGMENT_CLASS8) {
		q.class_ = rd_u8(&path);
	} else if (segment == SEGMENT_CLASS16) {
		rd_skip(&path, 1);
		q.class_ = rd_le16(&path);
	}
	q.has_class = rd_ok(&path) && (segment == SEGMENT_CLASS8 || segment == SEGMENT_CLASS16);

	const struct service *s = service_of(&q);
	q.word = s != NULL ? s->word : "unknown-service";
	q.access = s != NULL ? s->access : "other";
	q.code = q.service;
	if (q.has_class && q.service >= SERVICE_OBJECT && (s == NULL || s->class_ != CLASS_ANY))
		q.code |= (uint32_t)q.class_ << 8;
	if (q.has_class && q.class_ == CLASS_PCCC && q.service == EXECUTE_PCCC)
		read_pccc(&q, r);
	c->take(c->context, &q);

	if (depth + 1 >= DEPTH_MAX)
		return;
	if (q.has_class && q.class_ == CLASS_CONNECTION_MANAGER && q.service == UNCONNECTED_SEND)
		read_unconnected_send(c, r, depth);
	else if (q.service == MULTIPLE_SERVICE && q.has_class && q.class_ == CLASS_MESSAGE_ROUTER)
		read_multiple(c, r, depth);
}

void cip_read_request(struct span message, void (*take)(void *context, const struct cip_request *r),
		      void *context)
{
	struct course c = { .take = take, .context = context, .left = REQUESTS_MAX };

	read_request(&c, message, 0);
}

bool cip_read_answer(struct span message, uint8_t *ret_service, uint8_t *ret_status)
{
	struct reader r = rd_new(message);
	uint8_t service = rd_u8(&r);

	rd_skip(&r, 1);
	uint8_t status = rd_u8(&r);
	if (!rd_ok(&r) || !(service & ANSWER))
		return false;
	*ret_service = service & SERVICE;
	*ret_status = status;
	return true;
}
