/* SPDX-License-Identifier: Apache-2.0 */
/*
 * S7comm heard: what an engineering station or panel asks of a Siemens S7 controller.
 *
 * TPKT: RFC 1006, 6. COTP: RFC 905, 13 (X.224). S7comm itself has no public specification; the values here
 * are those that its users agree on:
 *
 *	03 00 length(2) | COTP: length, F0 data, end of message | S7comm:
 *	32 kind redundancy(2) reference(2) parameters(2) data(2) [error class, code: in answers]
 *
 * Kinds: 1 job, 2 answer without data, 3 answer, 7 user data. The first byte of a job's parameters is its
 * function; user data has a group and a function in it. S7comm-plus (0x72) and MMS, which live on the same
 * port, are told as spoken only. Of the values that are read and written nothing is told.
 */
#include "listen/decoder.h"

#include <stdio.h>

#include "codec/reader.h"

enum {
	PORT = 102,
	TPKT = 4,
	TPKT_MIN = 7,
	COTP_DATA = 0xf0,
	COTP_REQUEST = 0xe0,
	COTP_CONFIRM = 0xd0,
	COTP_LAST = 0x80, /* of the TPDU number: the message ends here */
	S7 = 0x32,
	S7_PLUS = 0x72,
	S7_HEADER = 10,
	ANSWER_ERROR = 2,

	JOB = 1,
	ACK = 2,
	ANSWER = 3,
	USER_DATA = 7,

	READ_VARIABLES = 0x04,
	WRITE_VARIABLES = 0x05,
	PROGRAM_INVOCATION = 0x28,
	ITEMS_MAX = 255,
	ITEM_FINE = 0xff,

	CODE_USER_DATA = 0x070000, /* | group << 8 | function */
	GROUP_CPU = 4,
	READ_SZL = 1,
	SZL_MODULE = 0x0011, /* module identification: order numbers */
	SZL_MASK = 0x00ff,
	SZL_RECORD = 28,
	ORDER_NUMBER = 20,
	PENDING = 8,
};

/* A job whose answer may say that it failed. */
struct pending {
	uint16_t reference;
	uint32_t code;
	const char *word, *access; /* constants; NULL: none */
};

struct s7_talk {
	const char *spoken; /* what the first data was; a constant */
	bool told;
	bool inside[2]; /* the last COTP packet did not end its message */
	struct pending pending[PENDING];
};

/* ---- words ---- */

struct function {
	uint16_t code;
	const char *word, *access;
};

static const struct function jobs[] = {
	{ 0x00, "cpu-services", "other" },
	{ READ_VARIABLES, "read-variables", "read" },
	{ WRITE_VARIABLES, "write-variables", "write" },
	{ 0x1a, "request-download", "program" },
	{ 0x1b, "download-block", "program" },
	{ 0x1c, "end-download", "program" },
	{ 0x1d, "start-upload", "program" },
	{ 0x1e, "upload", "program" },
	{ 0x1f, "end-upload", "program" },
	{ PROGRAM_INVOCATION, "program-invocation", "control" },
	{ 0x29, "stop", "control" },
	{ 0xf0, "setup-communication", "other" },
};

/* What a program invocation names; the code is 0x28 with this below it, so that each has a row. */
static const struct service {
	const char *name;
	struct function is;
} services[] = {
	{ "P_PROGRAM", { 1, "start", "control" } },
	{ "_INSE", { 2, "activate-block", "program" } },
	{ "_DELE", { 3, "delete-block", "program" } },
	{ "_GARB", { 4, "compress-memory", "program" } },
	{ "_MODU", { 5, "copy-ram-to-rom", "program" } },
};

/* Groups of user data. Those whose functions differ in what they do have rows of functions, which are
 * looked up first; a function of 0 stands for the others of its group. */
static const struct user_function {
	uint8_t group, function;
	const char *word, *access;
} user_functions[] = {
	{ 0, 0, "mode-transition", "other" },
	{ 1, 0x0c, "erase", "program" },
	{ 1, 0x10, "force", "write" },
	{ 1, 0, "programmer", "diagnose" },
	{ 2, 0, "cyclic-data", "read" },
	{ 3, 0, "block-list", "read" },
	{ GROUP_CPU, READ_SZL, "read-system-status", "read" },
	{ GROUP_CPU, 0, "cpu-messages", "read" },
	{ 5, 0, "security", "other" },
	{ 6, 0, "block-transfer", "other" },
	{ 7, 1, "read-clock", "read" },
	{ 7, 2, "set-clock", "write" },
	{ 7, 3, "read-clock", "read" },
	{ 7, 4, "set-clock", "write" },
	{ 15, 0, "nc-programming", "program" },
};

static const struct function *job_of(uint8_t code)
{
	for (size_t i = 0; i < countof(jobs); i++)
		if (jobs[i].code == code)
			return &jobs[i];
	return NULL;
}

static const struct user_function *user_function_of(uint8_t group, uint8_t function)
{
	for (size_t i = 0; i < countof(user_functions); i++)
		if (user_functions[i].group == group &&
		    (user_functions[i].function == function || user_functions[i].function == 0))
			return &user_functions[i];
	return NULL;
}

/* ---- readers ---- */

/* One TPKT. kind: the COTP packet's. */
struct packet_of_s7 {
	uint8_t kind;
	bool last;
	struct span data; /* behind COTP */
};

/* 1: a packet, taken from r; 0: more bytes are needed; -1: none begins here. */
static int read_packet(struct reader *r, struct packet_of_s7 *ret)
{
	struct reader all = *r;
	uint8_t version = rd_u8(&all), reserved = rd_u8(&all);
	uint16_t length = rd_be16(&all);

	if (!rd_ok(&all))
		return rd_left(r) > 0 && r->at[0] != 3 ? -1 : 0;
	if (version != 3 || reserved != 0 || length < TPKT_MIN)
		return -1;
	if (rd_left(&all) < (size_t)(length - TPKT))
		return 0;
	struct reader body = rd_sub(&all, length - TPKT);
	struct reader cotp = rd_sub(&body, rd_u8(&body));
	ret->kind = rd_u8(&cotp) & 0xf0;
	ret->last = ret->kind != COTP_DATA || (rd_u8(&cotp) & COTP_LAST);
	if (!rd_ok(&cotp))
		return -1;
	ret->data = rd_rest(&body);
	*r = all;
	return 1;
}

struct s7 {
	uint8_t kind;
	uint16_t reference;
	struct reader parameters, data;
	bool failed; /* error class or code of an answer */
};

static bool read_s7(struct span bytes, struct s7 *ret)
{
	struct reader r = rd_new(bytes);
	struct s7 m = { 0 };

	if (rd_u8(&r) != S7)
		return false;
	m.kind = rd_u8(&r);
	rd_skip(&r, 2);
	m.reference = rd_be16(&r);
	uint16_t parameters = rd_be16(&r);
	uint16_t data = rd_be16(&r);
	if (m.kind == ACK || m.kind == ANSWER)
		m.failed = rd_be16(&r) != 0;
	if (!rd_ok(&r))
		return false;
	m.parameters = rd_sub(&r, parameters);
	if (!rd_ok(&m.parameters))
		return false;
	/* A message of several packets: what this one holds. */
	m.data = rd_sub(&r, data < rd_left(&r) ? data : rd_left(&r));
	*ret = m;
	return true;
}

/* Is there an item that was not read or written? Each begins with its return code; those that were read go
 * on with transport size, length (in bits for 3, 4 and 5) and bytes, filled up to an even number. */
static bool items_failed(struct s7 m, uint8_t function)
{
	if (function != READ_VARIABLES && function != WRITE_VARIABLES)
		return false;
	rd_skip(&m.parameters, 1);
	unsigned items = rd_u8(&m.parameters);

	for (unsigned i = 0; i < items && i < ITEMS_MAX && rd_left(&m.data) > 0; i++) {
		if (rd_u8(&m.data) != ITEM_FINE)
			return true;
		if (function == WRITE_VARIABLES)
			continue;
		uint8_t size = rd_u8(&m.data);
		size_t length = rd_be16(&m.data);
		if (size >= 3 && size <= 5)
			length = (length + 7) / 8;
		rd_skip(&m.data, length + (length & 1));
	}
	return false;
}

/* The name at the end of a program invocation: 28, seven bytes, a block of parameters, the name. */
static const struct function *service_of(struct reader parameters)
{
	rd_skip(&parameters, 8);
	rd_skip(&parameters, rd_be16(&parameters));
	struct span name = rd_span(&parameters, rd_u8(&parameters));

	for (size_t i = 0; i < countof(services); i++)
		if (span_is(name, services[i].name))
			return &services[i].is;
	return NULL;
}

/* ---- telling ---- */

static void tell_operation(struct talk *t, uint32_t code, const char *word, const char *access,
			   bool error)
{
	t->notes->operation(t->notes, &(struct operation){ .protocol = "s7comm",
							   .word = word,
							   .access = access,
							   .master = t->client,
							   .slave = t->server,
							   .port = t->server_port,
							   .unit = -1,
							   .code = code,
							   .error = error });
}

/* Answers that refuse a job may name no function; they name the job's reference. */
static void tell_job(struct talk *t, const struct s7 *m)
{
	struct s7_talk *state = t->state;
	struct pending *p = &state->pending[m->reference % PENDING];
	struct reader parameters = m->parameters;
	uint8_t code = rd_u8(&parameters);
	bool named = rd_ok(&parameters);

	if (m->kind == JOB && named) {
		const struct function *f = job_of(code);
		const struct function *s =
			code == PROGRAM_INVOCATION ? service_of(m->parameters) : NULL;

		*p = (struct pending){ .reference = m->reference,
				       .code = s != NULL ? (uint32_t)code << 8 | s->code : code,
				       .word = "unknown-function",
				       .access = "other" };
		if (s == NULL)
			s = f;
		if (s != NULL) {
			p->word = s->word;
			p->access = s->access;
		}
		tell_operation(t, p->code, p->word, p->access, false);
	} else if (m->kind != JOB && p->word != NULL && p->reference == m->reference &&
		   (m->failed || (named && items_failed(*m, code)))) {
		tell_operation(t, p->code, p->word, p->access, true);
		p->word = NULL;
	}
}

/* The answer to "read system status list 0x0011": records of index, order number, type and two versions. Index
 * 1 is the module, 7 its firmware ('V' and three numbers). */
static void tell_module(struct talk *t, struct reader data)
{
	rd_skip(&data, 4); /* return code, transport size, length */
	uint16_t list = rd_be16(&data);
	rd_skip(&data, 2); /* index */
	uint16_t size = rd_be16(&data), count = rd_be16(&data);

	if (!rd_ok(&data) || (list & SZL_MASK) != SZL_MODULE || size != SZL_RECORD)
		return;
	while (count-- > 0 && rd_left(&data) >= SZL_RECORD) {
		uint16_t index = rd_be16(&data);
		struct span order = span_trim(rd_span(&data, ORDER_NUMBER));
		rd_skip(&data, 2);
		uint8_t letter = rd_u8(&data), major = rd_u8(&data);
		uint8_t minor = rd_u8(&data), patch = rd_u8(&data);

		if (index == 1 && order.length > 0)
			tell_server(t, "model.s7comm", order);
		if (index == 7 && letter == 'V') {
			char version[16];
			snprintf(version, sizeof(version), "%u.%u.%u", major, minor, patch);
			tell_server(t, "version.s7comm", span_text(version));
		}
	}
}

/* Parameters of user data: 00 01 12, length, method (11 asked, 12 answered), type and group, function,
 * sequence; answered also: data unit, last, error(2). */
static void tell_user_data(struct talk *t, enum side side, const struct s7 *m)
{
	struct reader r = m->parameters;

	rd_skip(&r, 5);
	uint8_t type = rd_u8(&r);
	uint8_t function = rd_u8(&r);
	if (!rd_ok(&r))
		return;
	uint8_t group = type & 0x0f;
	const struct user_function *f = user_function_of(group, function);
	uint32_t code = CODE_USER_DATA | (uint32_t)group << 8 | function;
	const char *word = f != NULL ? f->word : "unknown-function";
	const char *access = f != NULL ? f->access : "other";

	rd_skip(&r, 3);
	switch (type >> 4) {
	case 4: /* asked */
		if (side == SIDE_CLIENT)
			tell_operation(t, code, word, access, false);
		break;
	case 8: /* answered */
		if (side != SIDE_SERVER)
			break;
		if (rd_be16(&r) != 0)
			tell_operation(t, code, word, access, true);
		else if (group == GROUP_CPU && function == READ_SZL)
			tell_module(t, m->data);
		break;
	}
}

static void tell_packet(struct talk *t, enum side side, const struct packet_of_s7 *p)
{
	struct s7_talk *state = t->state;
	bool begins = !state->inside[side];
	struct s7 m;

	state->inside[side] = !p->last;
	if (p->kind != COTP_DATA || !begins || !read_s7(p->data, &m))
		return;
	if (m.kind == USER_DATA)
		tell_user_data(t, side, &m);
	else if (m.kind == JOB ? side == SIDE_CLIENT : side == SIDE_SERVER)
		tell_job(t, &m);
}

/* ---- the stream ---- */

/* The abstract syntax of MMS (ISO 9506-2), as an association names it. */
static const uint8_t mms_syntax[] = { 0x06, 0x05, 0x28, 0xca, 0x22, 0x02, 0x01 };

/* What the COTP data packets carry: the application's name, or NULL. */
static const char *application_of(struct span data)
{
	struct s7 m;

	if (read_s7(data, &m))
		return "s7comm";
	if (data.length >= 2 && data.at[0] == S7_PLUS && data.at[1] >= 1 && data.at[1] <= 3)
		return "s7comm-plus";
	if (span_find(data, mms_syntax, sizeof(mms_syntax)) >= 0)
		return "mms";
	return NULL;
}

/* The connection request is the same for all that ISO transport carries, RDP among it: it takes the first data. */
static int s7_recognise(const struct talk *t, enum side side, struct span first)
{
	struct reader r = rd_new(first);
	struct packet_of_s7 p;
	int found;

	(void)t;
	(void)side;
	while ((found = read_packet(&r, &p)) == 1) {
		if (p.kind == COTP_DATA)
			return application_of(p.data) != NULL ? 1 : -1;
		if (p.kind != COTP_REQUEST && p.kind != COTP_CONFIRM)
			return -1;
	}
	return found;
}

static long s7_hear(struct talk *t, enum side side, struct span bytes)
{
	struct s7_talk *state = t->state;
	struct reader r = rd_new(bytes);
	struct packet_of_s7 p;
	int found;

	while ((found = read_packet(&r, &p)) == 1) {
		if (p.kind == COTP_DATA && state->spoken == NULL)
			t->application = state->spoken = application_of(p.data);
		/* A question alone tells nothing of whom it was put to. */
		if (p.kind == COTP_DATA && state->spoken != NULL && side == SIDE_SERVER &&
		    !state->told) {
			state->told = true;
			tell_server(t, "service.spoken", span_text(state->spoken));
		}
		if (state->told && !span_is(span_text(state->spoken), "s7comm"))
			return HEAR_DONE;
		tell_packet(t, side, &p);
	}
	if (found < 0) {
		if (state->spoken == NULL)
			return HEAR_NOT_OURS;
		/* Behind a gap: on to the next byte that may begin a TPKT. */
		state->inside[side] = false;
		do
			rd_skip(&r, 1);
		while (rd_left(&r) > 0 && r.at[0] != 3);
	}
	return (long)(bytes.length - rd_left(&r));
}

static void s7_gap(struct talk *t, enum side side)
{
	struct s7_talk *state = t->state;

	state->inside[side] = false;
}

static const uint16_t ports[] = { PORT, 0 };

const struct decoder decoder_s7comm = {
	.name = "s7comm",
	.tcp_ports = ports,
	.state_size = sizeof(struct s7_talk),
	.recognise = s7_recognise,
	.hear = s7_hear,
	.gap = s7_gap,
};
