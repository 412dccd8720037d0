/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VNC (RFB): whether a password is asked for, and whether the screen goes over the wire in clear.
 *
 * Learnt: protocol version, security types; in full depth those that VeNCrypt has inside it.
 *
 * Specifications: RFC 6143, 7.1.1 (version), 7.1.2 (security types), 8.4.1 (their numbers; IANA "Remote
 * Framebuffer Security Types"); VeNCrypt: RFB protocol of the rfbproto community, "VeNCrypt".
 *
 * Sent on one connection:
 *   RFB 003.008 (or 003.007, 003.003)   after the server's own version, never above it
 *   13                                  full depth, where VeNCrypt (19) is offered: chosen
 *   00 02                               its version, where the server speaks 0.2
 * Then the connection is closed. No type that ends a login is chosen, no password is said, no screen is
 * asked for. The version is what each client says first (7.1.1).
 */
#include "vnc.h"

#include "codec/evidence.h"
#include "codec/reader.h"
#include "probe.h"

enum {
	VERSION_LENGTH = 12,
	TYPES_MAX = 255,
	/* security types, beside those of the header */
	NONE = 1,
	RA2 = 5,
	TLS = 18,
	VENCRYPT = 19,
	RA2_256 = 129,
	/* inside VeNCrypt */
	TLS_NONE = 257,
	X509_NONE = 260,
};

/* ---- readers ---- */

static bool read_number(struct span s, unsigned *ret)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.length; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		n = n * 10 + (unsigned)(s.at[i] - '0');
	}
	*ret = n;
	return true;
}

/* "RFB 003.008\n" */
static bool read_version(struct span s, struct vnc_version *ret)
{
	return s.length >= VERSION_LENGTH && span_starts(s, "RFB ") && s.at[7] == '.' &&
	       s.at[11] == '\n' && read_number(span_of(s.at + 4, 3), &ret->major) &&
	       read_number(span_of(s.at + 8, 3), &ret->minor);
}

static bool vnc_recognise(struct span greeting)
{
	struct vnc_version v;

	return read_version(greeting, &v);
}

/* ---- writers ---- */

static const struct type_name {
	unsigned type;
	const char *name;
} names[] = {
	{ NONE, "None" },
	{ VNC_AUTHENTICATION, "VNC Authentication" },
	{ RA2, "RA2" },
	{ 6, "RA2ne" },
	{ 16, "Tight" },
	{ 17, "Ultra" },
	{ TLS, "TLS" },
	{ VENCRYPT, "VeNCrypt" },
	{ 20, "GTK-VNC SASL" },
	{ 21, "MD5 hash" },
	{ 22, "xvp" },
	{ 30, "Apple 30" },
	{ 33, "Apple 33" },
	{ 35, "Apple 35" },
	{ 36, "Apple 36" },
	{ 113, "MS-Logon II" },
	{ RA2_256, "RA2-256" },
	{ 130, "RA2ne-256" },
	{ 256, "Plain" },
	{ TLS_NONE, "TLSNone" },
	{ 258, "TLSVnc" },
	{ 259, "TLSPlain" },
	{ X509_NONE, "X509None" },
	{ 261, "X509Vnc" },
	{ 262, "X509Plain" },
	{ 263, "TLSSASL" },
	{ 264, "X509SASL" },
};

static void list_type(json_t *list, unsigned type)
{
	for (size_t i = 0; i < countof(names); i++)
		if (names[i].type == type) {
			list_word(list, names[i].name);
			return;
		}
	list_int(list, type);
}

/* The two that have given away by their version who they are. */
static void note_version(json_t *evidence, const struct vnc_version *v, struct span text)
{
	note_text(evidence, "protocol", span_of(text.at + 4, 7));
	if (v->major == 3 && v->minor == 889)
		note_word(evidence, "product", "Apple Remote Desktop");
	else if (v->major == 4 || v->major == 5)
		note_word(evidence, "product", "RealVNC");
}

struct door {
	bool none, encrypts, clear; /* a type without login; with encryption; without */
	bool vencrypt;
};

static void see_type(struct door *d, unsigned type)
{
	d->none |= type == NONE || type == TLS_NONE || type == X509_NONE;
	d->vencrypt |= type == VENCRYPT;
	if (type == VENCRYPT)
		return; /* what is inside tells */
	if (type == RA2 || type == RA2_256 || type == TLS || (type >= TLS_NONE && type <= 264))
		d->encrypts = true;
	else
		d->clear = true;
}

/* ---- conversation ---- */

struct span vnc_hear_reason(struct conn *c)
{
	struct reader r = rd_new(conn_read(c, 4));
	uint32_t n = rd_be32(&r);

	if (conn_ok(c) && n > VNC_REASON_MAX)
		conn_oddity(c, "vnc.reason-too-long");
	return conn_read(c, n);
}

/* The server gives no types, but a reason (7.1.2). */
static enum ending hear_reason(struct conn *c, json_t *evidence)
{
	struct span text = vnc_hear_reason(c);

	if (!conn_ok(c))
		return conn_ending(c);
	note_text(evidence, "refused", text);
	return ENDING_CLOSED;
}

/* Before 3.7 the server chooses (7.1.2). */
static enum ending hear_one_type(struct conn *c, json_t *evidence, struct door *door)
{
	struct reader r = rd_new(conn_read(c, 4));
	uint32_t type = rd_be32(&r);

	if (!conn_ok(c))
		return conn_ending(c);
	if (type == 0)
		return hear_reason(c, evidence);
	see_type(door, type);
	list_type(note_list(evidence, "types"), type);
	return ENDING_DONE;
}

static enum ending hear_types(struct conn *c, json_t *evidence, struct door *door)
{
	struct reader r = rd_new(conn_read(c, 1));
	uint8_t n = rd_u8(&r);

	if (!conn_ok(c))
		return conn_ending(c);
	if (n == 0)
		return hear_reason(c, evidence);
	struct span types = conn_read(c, n);
	if (!conn_ok(c))
		return conn_ending(c);
	for (size_t i = 0; i < types.length; i++) {
		see_type(door, types.at[i]);
		list_type(note_list(evidence, "types"), types.at[i]);
	}
	return ENDING_DONE;
}

static enum ending ask_vencrypt(struct conn *c, json_t *evidence, struct door *door)
{
	static const uint8_t choose = VENCRYPT, version[] = { 0, 2 };

	conn_write(c, &choose, 1);
	struct span theirs = conn_read(c, 2);
	if (!conn_ok(c))
		return conn_ending(c);
	if (theirs.at[0] == 0 && theirs.at[1] < 2)
		return ENDING_DONE; /* 0.1 numbers its types otherwise */
	conn_write(c, version, sizeof(version));
	struct reader r = rd_new(conn_read(c, 2));
	uint8_t refused = rd_u8(&r), n = rd_u8(&r);
	if (!conn_ok(c))
		return conn_ending(c);
	if (refused != 0 || n == 0)
		return conn_oddity(c, "vnc.vencrypt-refused");
	struct span types = conn_read(c, (size_t)n * 4);
	if (!conn_ok(c))
		return conn_ending(c);
	for (struct reader t = rd_new(types); rd_left(&t) > 0;) {
		uint32_t type = rd_be32(&t);

		see_type(door, type);
		list_type(note_list(evidence, "vencrypt"), type);
	}
	return ENDING_DONE;
}

bool vnc_greet(struct conn *c, struct vnc_version *ret, struct span *ret_text)
{
	struct span greeting = conn_read(c, VERSION_LENGTH);
	struct vnc_version v;

	if (!conn_ok(c) || !read_version(greeting, &v))
		return false;
	v.lists = v.major > 3 || (v.major == 3 && v.minor >= 7);
	v.explains = v.major > 3 || v.minor >= 8;
	conn_write_text(c, v.explains ? "RFB 003.008\n"
			   : v.lists  ? "RFB 003.007\n"
				      : "RFB 003.003\n");
	*ret = v;
	*ret_text = greeting;
	return true;
}

static enum ending vnc_run(struct conn *c, json_t *evidence)
{
	struct vnc_version v;
	struct span greeting;
	struct door door = { 0 };

	if (!vnc_greet(c, &v, &greeting))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	note_version(evidence, &v, greeting);
	enum ending e =
		v.lists ? hear_types(c, evidence, &door) : hear_one_type(c, evidence, &door);
	if (e != ENDING_DONE)
		return e;
	note_bool(evidence, "none", door.none);
	conn_gathered(c, "types");
	if (door.vencrypt && conn_depth(c) == DEPTH_LIMITED) {
		conn_limited(c, "encryption");
		return ENDING_DONE;
	}
	if (door.vencrypt)
		e = ask_vencrypt(c, evidence, &door);
	if (e != ENDING_DONE)
		return e;
	note_bool(evidence, "none", door.none);
	note_word(evidence, "encryption",
		  !door.encrypts ? "none"
		  : door.clear   ? "offered"
				 : "required");
	conn_gathered(c, "encryption");
	return ENDING_DONE;
}

static const char vnc_view[] =
	"CREATE TEMP VIEW vnc AS SELECT address, port, evidence->>'$.protocol' AS protocol,"
	" evidence->'$.types' AS types, evidence->'$.vencrypt' AS vencrypt,"
	" evidence->>'$.none' AS none, evidence->>'$.encryption' AS encryption"
	" FROM document WHERE probe = 'vnc' AND evidence <> '{}';";

const struct probe probe_vnc = {
	.name = "vnc",
	.ports = "5900-5905",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 32, 32 },
	.received = { 8192, 8192 },
	.ot = true,
	.server_first = true,
	.recognise = vnc_recognise,
	.run = vnc_run,
	.view = vnc_view,
};
