/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EtherNet/IP heard: what is asked of a controller by CIP, which devices answer with their identity, and
 * that inputs and outputs are exchanged.
 *
 * The CIP Networks Library, Volume 2 (edition 1.4), 2-3 (encapsulation), 2-4 (commands), 2-6 (common packet
 * format), 3-2 (connected data over UDP). All numbers are little-endian but those of the socket address.
 *
 *	command(2) length(2) session(4) status(4) context(8) options(4) | data, `length` bytes
 *
 * Of the values of tags and attributes nothing is told.
 */
#include "listen/decoder.h"

#include <stdio.h>

#include "codec/reader.h"
#include "listen/cip.h"

enum {
	PORT = 44818,
	IO_PORT = 2222,
	HEADER = 24,

	LIST_SERVICES = 0x0004,
	LIST_IDENTITY = 0x0063,
	LIST_INTERFACES = 0x0064,
	REGISTER_SESSION = 0x0065,
	SEND_RR_DATA = 0x006f,
	SEND_UNIT_DATA = 0x0070,

	ITEM_IDENTITY = 0x000c,
	ITEM_CONNECTED = 0x00b1,
	ITEM_UNCONNECTED = 0x00b2,
	ITEM_SEQUENCED = 0x8002,
	ITEMS_MAX = 16,

	STATUS_PARTIAL = 0x06, /* of CIP: more follows */
	CODE_COMMAND = 0x1000000,
	PENDING = 8,
};

/* A request whose answer may say that it failed. */
struct pending {
	uint64_t context; /* of the sender, or the connection's count of packets */
	uint8_t service;
	uint32_t code;
	const char *word, *access; /* constants */
};

struct enip_talk {
	bool spoken; /* by either side */
	bool told;
	unsigned next;
	struct pending pending[PENDING];
};

/* ---- words ---- */

static const struct command {
	uint16_t code;
	const char *word, *access; /* NULL: what it carries counts */
} commands[] = {
	{ 0x0000, NULL, NULL },
	{ LIST_SERVICES, "list-services", "read" },
	{ LIST_IDENTITY, "list-identity", "read" },
	{ LIST_INTERFACES, "list-interfaces", "read" },
	{ REGISTER_SESSION, "register-session", "other" },
	{ 0x0066, "unregister-session", "other" },
	{ SEND_RR_DATA, NULL, NULL },
	{ SEND_UNIT_DATA, NULL, NULL },
	{ 0x0072, NULL, NULL },
	{ 0x0073, NULL, NULL },
};

static const struct command *command_of(uint16_t code)
{
	for (size_t i = 0; i < countof(commands); i++)
		if (commands[i].code == code)
			return &commands[i];
	return NULL;
}

/* ---- readers ---- */

struct message {
	const struct command *command;
	uint32_t status;
	uint64_t context;
	struct span data;
};

/* 1: a message, taken from r; 0: more bytes are needed; -1: none begins here. */
static int read_message(struct reader *r, struct message *ret)
{
	struct reader all = *r;
	const struct command *c = command_of(rd_le16(&all));
	uint16_t length = rd_le16(&all);

	if (rd_ok(&all) && c == NULL)
		return -1;
	rd_skip(&all, 4);
	ret->status = rd_le32(&all);
	ret->context = rd_le64(&all);
	uint32_t options = rd_le32(&all);
	if (!rd_ok(&all))
		return 0;
	/* 2-3.1: options are zero; the status has one byte's worth of values, or two. */
	if (options != 0 || ret->status > 0xffff)
		return -1;
	/* 2-4.4: protocol version 1, no options. */
	if (c->code == REGISTER_SESSION && length != 4)
		return -1;
	if (rd_left(&all) < length)
		return 0;
	ret->command = c;
	ret->data = rd_span(&all, length);
	*r = all;
	return 1;
}

struct item {
	uint16_t type;
	struct span data;
};

/* Common packet format. How many items were read. */
static size_t read_items(struct reader *r, struct item ret[static ITEMS_MAX])
{
	size_t count = rd_le16(r), n = 0;

	while (n < count && n < ITEMS_MAX) {
		uint16_t type = rd_le16(r);
		struct span data = rd_span(r, rd_le16(r));
		if (!rd_ok(r))
			break;
		ret[n++] = (struct item){ .type = type, .data = data };
	}
	return n;
}

/* ---- telling ---- */

/* Whom it is about: TCP or UDP. */
struct parties {
	struct notes *notes;
	struct addr client, server;
	uint16_t port;
	bool udp;
	struct enip_talk *state; /* NULL: of a datagram */
	uint64_t context;
};

static void tell_fact(const struct parties *p, const char *kind, struct span value)
{
	p->notes->fact(p->notes, &(struct fact){ .kind = kind,
						 .about = p->server,
						 .peer = p->client,
						 .port = p->port,
						 .udp = p->udp,
						 .value = value });
}

static void tell_operation(const struct parties *p, uint32_t code, const char *word,
			   const char *access, bool error)
{
	p->notes->operation(p->notes, &(struct operation){ .protocol = "enip",
							   .word = word,
							   .access = access,
							   .master = p->client,
							   .slave = p->server,
							   .port = p->port,
							   .udp = p->udp,
							   .unit = -1,
							   .code = code,
							   .error = error });
}

static void take_request(void *context, const struct cip_request *q)
{
	struct parties *p = context;

	tell_operation(p, q->code, q->word, q->access, false);
	if (p->state == NULL)
		return;
	p->state->pending[p->state->next++ % PENDING] = (struct pending){ .context = p->context,
									  .service = q->service,
									  .code = q->code,
									  .word = q->word,
									  .access = q->access };
}

static void take_answer(const struct parties *p, struct span message)
{
	uint8_t service, status;

	if (p->state == NULL || !cip_read_answer(message, &service, &status) || status == 0 ||
	    status == STATUS_PARTIAL)
		return;
	for (unsigned i = 0; i < PENDING; i++) {
		const struct pending *q = &p->state->pending[i];

		if (q->word != NULL && q->service == service && q->context == p->context) {
			tell_operation(p, q->code, q->word, q->access, true);
			return;
		}
	}
}

/* 2-4.3.3, 2-4.2: version, socket address (16, big-endian), vendor, type, code, revision, status, serial number,
 * name, state. */
static void tell_identity(const struct parties *p, struct span data)
{
	struct reader r = rd_new(data);
	char text[32];

	rd_skip(&r, 2);
	uint16_t family = rd_be16(&r);
	rd_skip(&r, 2);
	struct span address = rd_span(&r, 4);
	rd_skip(&r, 8);
	unsigned vendor = rd_le16(&r);
	rd_skip(&r, 4);
	unsigned major = rd_u8(&r), minor = rd_u8(&r);
	rd_skip(&r, 2);
	uint32_t serial = rd_le32(&r);
	struct span name = span_trim(rd_span(&r, rd_u8(&r)));
	if (!rd_ok(&r))
		return;
	if (name.length > 0)
		tell_fact(p, "model.enip", name);
	snprintf(text, sizeof(text), "%u.%u", major, minor);
	tell_fact(p, "version.enip", span_text(text));
	if (serial != 0) {
		snprintf(text, sizeof(text), "%u:%08x", vendor, serial);
		tell_fact(p, "serial.enip", span_text(text));
	}
	if (family == 2 && (address.at[0] | address.at[1] | address.at[2] | address.at[3]) != 0) {
		snprintf(text, sizeof(text), "%u.%u.%u.%u", address.at[0], address.at[1],
			 address.at[2], address.at[3]);
		tell_fact(p, "socket.enip", span_text(text));
	}
}

static void tell_data(struct parties *p, enum side side, const struct message *m)
{
	struct reader r = rd_new(m->data);
	struct item items[ITEMS_MAX];

	rd_skip(&r, 6); /* interface, time-out */
	size_t count = read_items(&r, items);
	for (size_t i = 0; i < count; i++) {
		struct span message = items[i].data;

		p->context = m->context;
		if (items[i].type == ITEM_CONNECTED) {
			struct reader connected = rd_new(message);
			p->context = rd_le16(&connected);
			message = rd_rest(&connected);
		} else if (items[i].type != ITEM_UNCONNECTED) {
			continue;
		}
		if (side == SIDE_CLIENT)
			cip_read_request(message, take_request, p);
		else
			take_answer(p, message);
	}
}

static void tell_message(struct parties *p, enum side side, const struct message *m)
{
	const struct command *c = m->command;
	struct item items[ITEMS_MAX];

	if (c->word != NULL) {
		if (side == SIDE_CLIENT)
			tell_operation(p, CODE_COMMAND | c->code, c->word, c->access, false);
		else if (m->status != 0)
			tell_operation(p, CODE_COMMAND | c->code, c->word, c->access, true);
	}
	if (c->code == SEND_RR_DATA || c->code == SEND_UNIT_DATA)
		tell_data(p, side, m);
	if (c->code == LIST_IDENTITY && side == SIDE_SERVER) {
		struct reader r = rd_new(m->data);
		size_t count = read_items(&r, items);
		for (size_t i = 0; i < count; i++)
			if (items[i].type == ITEM_IDENTITY)
				tell_identity(p, items[i].data);
	}
}

/* ---- streams ---- */

static int enip_recognise(const struct talk *t, enum side side, struct span first)
{
	struct reader r = rd_new(first);
	struct message m;
	int found = read_message(&r, &m);

	if (found <= 0)
		return found;
	/* Elsewhere than on its port: what a session begins with, and nothing else. */
	if (t->server_port != PORT && m.command->code != REGISTER_SESSION &&
	    (m.command->code != LIST_IDENTITY || (side == SIDE_CLIENT && m.data.length > 0)))
		return -1;
	return 1;
}

static long enip_hear(struct talk *t, enum side side, struct span bytes)
{
	struct enip_talk *state = t->state;
	struct parties p = { .notes = t->notes,
			     .client = t->client,
			     .server = t->server,
			     .port = t->server_port,
			     .state = state };
	struct reader r = rd_new(bytes);
	struct message m;
	int found;

	while ((found = read_message(&r, &m)) == 1) {
		state->spoken = true;
		/* A question alone tells nothing of whom it was put to. */
		if (side == SIDE_SERVER && !state->told) {
			state->told = true;
			tell_fact(&p, "service.spoken", span_text("enip"));
		}
		tell_message(&p, side, &m);
	}
	if (found < 0) {
		if (!state->spoken)
			return HEAR_NOT_OURS;
		rd_skip(&r, 1); /* behind a gap: on to the next header */
	}
	return (long)(bytes.length - rd_left(&r));
}

/* The next message is searched for by hear(). */
static void enip_gap(struct talk *t, enum side side)
{
	(void)t;
	(void)side;
}

/* ---- datagrams ---- */

static bool enip_packet(struct notes *n, const struct packet *packet)
{
	bool to_server = packet->dst_port == PORT;
	struct parties p = { .notes = n,
			     .client = to_server ? packet->src : packet->dst,
			     .server = to_server ? packet->dst : packet->src,
			     .port = PORT,
			     .udp = true };
	struct reader r = rd_new(packet->payload);
	struct message m;

	if (read_message(&r, &m) != 1 || rd_left(&r) > 0)
		return false;
	/* A question to everybody is about nobody. */
	if (to_server &&
	    (addr_is_unusable(&packet->dst) || (packet->has_mac && (packet->dst_mac[0] & 1))))
		return true;
	if (!to_server)
		tell_fact(&p, "service.spoken", span_text("enip"));
	tell_message(&p, to_server ? SIDE_CLIENT : SIDE_SERVER, &m);
	return true;
}

/* 3-2: connection and count of packets, then the data. Either side sends from and to this port. */
static bool io_packet(struct notes *n, const struct packet *packet)
{
	struct parties p = { .notes = n,
			     .client = packet->dst,
			     .server = packet->src,
			     .port = IO_PORT,
			     .udp = true };
	struct reader r = rd_new(packet->payload);
	struct item items[ITEMS_MAX];

	if (read_items(&r, items) != 2 || !rd_end(&r) || items[0].type != ITEM_SEQUENCED ||
	    items[0].data.length != 8 || items[1].type != ITEM_CONNECTED)
		return false;
	if (addr_is_unusable(&packet->dst) || (packet->has_mac && (packet->dst_mac[0] & 1)))
		p.client = (struct addr){ 0 };
	if (packet->src_port == IO_PORT)
		tell_fact(&p, "service.spoken", span_text("enip-io"));
	return true;
}

static const uint16_t ports[] = { PORT, 0 };

const struct decoder decoder_enip = {
	.name = "enip",
	.udp_ports = ports,
	.packet = enip_packet,
	.tcp_ports = ports,
	.state_size = sizeof(struct enip_talk),
	.recognise = enip_recognise,
	.hear = enip_hear,
	.gap = enip_gap,
};

const struct decoder decoder_enip_io = {
	.name = "enip-io",
	.udp_ports = (const uint16_t[]){ IO_PORT, 0 },
	.packet = io_packet,
};
