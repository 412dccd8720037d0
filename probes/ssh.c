/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSH: which server it is, what it offers, its host key and how one may log in.
 *
 * Learnt: the identification (protocol, software, product, version), whether protocol 1 is offered,
 * the algorithm lists, strict key exchange; in full depth the host key and the login methods.
 *
 * Specifications: RFC 4253 4.2 (identification, lines before it), 5 (protocol 1.99), 6 (packets),
 * 7.1 (KEXINIT); RFC 4252 5.2 (the "none" request); OpenSSH's PROTOCOL 1.10 (strict key exchange).
 *
 * Sent on the first connection, after the server's identification was heard:
 *   SSH-2.0-tenken_0.1 CR LF     many servers send their KEXINIT only after it
 *   KEXINIT                      only where the server stays silent after that: some wait for the
 *                                client's. It is what every client says first (RFC 4253 7.1)
 * and then the connection is closed: no key is exchanged, so that the device computes nothing. A
 * server of protocol 1 alone gets nothing.
 *
 * In full depth a second connection goes through libssh: key exchange, then the "none" request for
 * the user "tenken-nobody", which no device has. RFC 4252 5.2 defines it as the question for the
 * list of methods; no password and no key is ever offered.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/product.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "ssh_lent.h"

enum {
	PACKET_MAX = 35000,  /* RFC 4253 6.1 */
	NAME_MAX_BYTES = 64, /* RFC 4251 6 */
	LINES_MAX = 32,      /* before the identification */
	PACKETS_MAX = 4,     /* before the KEXINIT: IGNORE and DEBUG may come at any time */
	MSG_DISCONNECT = 1,
	MSG_IGNORE = 2,
	MSG_DEBUG = 4,
	MSG_KEXINIT = 20,
	COOKIE = 16,
	KEXINIT_WAIT_MS = 2000,
	SESSION_TIMEOUT_MS = 20000,
};

static const char our_identification[] = "SSH-2.0-tenken_0.1\r\n";

/* "SSH-2.0-OpenSSH_9.2p1 Debian-2" */
struct identification {
	struct span line;
	struct span protocol;
	struct span software;
	struct span comment; /* may be empty */
};

/* RFC 4253 7.1: the ten lists, in the order of the message. */
enum {
	KEX,
	HOSTKEY,
	CIPHER,
	CIPHER_BACK,
	MAC,
	MAC_BACK,
	COMPRESSION,
	COMPRESSION_BACK,
	LANGUAGES,
	LANGUAGES_BACK,
	LISTS
};

struct kexinit {
	struct span list[LISTS];
};

/* ---- readers ---- */

static bool read_identification(struct span line, struct identification *ret)
{
	struct identification id = { .line = line };

	if (!span_starts(line, "SSH-"))
		return false;
	struct span rest = span_from(line, 4);
	ptrdiff_t dash = span_find(rest, "-", 1);
	if (dash <= 0)
		return false;
	id.protocol = span_first(rest, (size_t)dash);
	rest = span_from(rest, (size_t)dash + 1);
	ptrdiff_t space = span_find(rest, " ", 1);
	id.software = space < 0 ? rest : span_first(rest, (size_t)space);
	id.comment = space < 0 ? span_first(rest, 0) : span_trim(span_from(rest, (size_t)space));
	*ret = id;
	return true;
}

/* "2.0", or "1.99" for both; anything else cannot speak version 2 (RFC 4253 5.1). */
static bool speaks_version_2(const struct identification *id)
{
	return span_is(id->protocol, "2.0") || span_is(id->protocol, "1.99");
}

/* The payload of a packet without its length: padding length, payload, padding (RFC 4253 6). */
static bool read_payload(struct span packet, struct span *ret)
{
	struct reader r = rd_new(packet);
	size_t padding = rd_u8(&r);

	if (!rd_ok(&r) || rd_left(&r) <= padding)
		return false;
	*ret = rd_span(&r, rd_left(&r) - padding);
	return true;
}

static bool read_kexinit(struct span payload, struct kexinit *ret)
{
	struct reader r = rd_new(payload);
	struct kexinit k;

	rd_skip(&r, 1 + COOKIE);
	for (size_t i = 0; i < LISTS; i++)
		k.list[i] = rd_span(&r, rd_be32(&r));
	rd_skip(&r, 1 + 4); /* a guessed packet follows; reserved */
	if (!rd_end(&r))
		return false;
	*ret = k;
	return true;
}

/* The next name of a comma-separated list; an empty span at its end. */
static struct span next_name(struct span *list)
{
	ptrdiff_t comma = span_find(*list, ",", 1);
	struct span name = comma < 0 ? *list : span_first(*list, (size_t)comma);

	*list = comma < 0 ? span_first(*list, 0) : span_from(*list, (size_t)comma + 1);
	return name;
}

static bool list_has(struct span list, const char *name)
{
	while (list.length > 0)
		if (span_is(next_name(&list), name))
			return true;
	return false;
}

/* RFC 4251 6: printable US-ASCII, at most 64 bytes. */
static bool is_name(struct span s)
{
	for (size_t i = 0; i < s.length; i++)
		if (s.at[i] <= 0x20 || s.at[i] >= 0x7f)
			return false;
	return s.length > 0 && s.length <= NAME_MAX_BYTES;
}

/* Lines may stand before the identification (RFC 4253 4.2). */
static bool ssh_recognise(struct span greeting)
{
	return span_starts(greeting, "SSH-") || span_find(greeting, "\nSSH-", 5) >= 0;
}

/* ---- writers ---- */

static void note_identification(json_t *evidence, const struct identification *id)
{
	struct product p = product_split(id->software);

	note_text(evidence, "banner", id->line);
	note_text(evidence, "protocol", id->protocol);
	note_text(evidence, "software", id->software);
	if (id->comment.length > 0)
		note_text(evidence, "comment", id->comment);
	note_product(evidence, &p);
}

static bool array_has(const json_t *array, struct span name)
{
	size_t i;
	json_t *value;

	json_array_foreach(array, i, value)
	{
		struct span s = span_of(json_string_value(value), json_string_length(value));

		if (s.length == name.length && memcmp(s.at, name.at, s.length) == 0)
			return true;
	}
	return false;
}

/* False where a name was none and was left out. */
static bool note_names(json_t *array, struct span list)
{
	bool good = true;

	while (list.length > 0) {
		struct span name = next_name(&list);

		if (!is_name(name))
			good = false;
		else if (!array_has(array, name))
			list_text(array, name);
	}
	return good;
}

/* Both directions of a kind are one list. */
static bool note_kexinit(json_t *evidence, const struct kexinit *k)
{
	static const struct {
		const char *kind;
		unsigned first, last;
	} kinds[] = { { "kex", KEX, KEX },
		      { "hostkey", HOSTKEY, HOSTKEY },
		      { "cipher", CIPHER, CIPHER_BACK },
		      { "mac", MAC, MAC_BACK },
		      { "compression", COMPRESSION, COMPRESSION_BACK } };
	json_t *algorithms = note_object(evidence, "algorithms");
	bool good = true;

	for (size_t i = 0; i < countof(kinds); i++)
		for (unsigned n = kinds[i].first; n <= kinds[i].last; n++)
			good = note_names(note_list(algorithms, kinds[i].kind), k->list[n]) && good;
	note_bool(evidence, "strict_kex", list_has(k->list[KEX], "kex-strict-s-v00@openssh.com"));
	return good;
}

static void write_name_list(struct writer *w, const char *names)
{
	wr_be32(w, (uint32_t)strlen(names));
	wr_text(w, names);
}

static void say_kexinit(struct conn *c)
{
	static const char *const lists[LISTS] = {
		[KEX] = "curve25519-sha256,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
		[HOSTKEY] = "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-256,ssh-rsa,ssh-dss",
		[CIPHER] = "aes128-ctr,aes256-ctr,aes128-cbc,3des-cbc",
		[CIPHER_BACK] = "aes128-ctr,aes256-ctr,aes128-cbc,3des-cbc",
		[MAC] = "hmac-sha2-256,hmac-sha1,hmac-md5",
		[MAC_BACK] = "hmac-sha2-256,hmac-sha1,hmac-md5",
		[COMPRESSION] = "none",
		[COMPRESSION_BACK] = "none",
		[LANGUAGES] = "",
		[LANGUAGES_BACK] = "",
	};
	uint8_t body[800], packet[1024], cookie[COOKIE];
	struct writer w = wr_new(body, sizeof(body));

	conn_random(c, cookie, sizeof(cookie));
	wr_u8(&w, MSG_KEXINIT);
	wr_bytes(&w, cookie, sizeof(cookie));
	for (size_t i = 0; i < LISTS; i++)
		write_name_list(&w, lists[i]);
	wr_u8(&w, 0);   /* no guessed packet follows */
	wr_be32(&w, 0); /* reserved */
	struct span payload = wr_span(&w);

	/* RFC 4253 6: the whole is a multiple of 8, with 4 bytes of padding at least. */
	size_t padding = 8 - (4 + 1 + payload.length) % 8;
	if (padding < 4)
		padding += 8;
	w = wr_new(packet, sizeof(packet));
	wr_be32(&w, (uint32_t)(1 + payload.length + padding));
	wr_u8(&w, (uint8_t)padding);
	wr_span_in(&w, payload);
	wr_fill(&w, 0, padding);
	conn_write_span(c, wr_span(&w));
}

/* ---- conversation ---- */

static enum ending hear_identification(struct conn *c, struct identification *ret)
{
	for (unsigned i = 0; i < LINES_MAX; i++) {
		struct span line = conn_read_line(c);

		if (!conn_ok(c)) /* lines, but never ours, are another protocol's greeting */
			return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
		if (!span_starts(line, "SSH-")) {
			/* What OpenSSH says instead of its identification while it is busy. */
			if (span_starts(line, "Exceeded MaxStartups") ||
			    span_starts(line, "Not allowed at this time"))
				return ENDING_CLOSED;
			continue;
		}
		return read_identification(line, ret)
			       ? ENDING_DONE
			       : conn_oddity(c, "ssh.identification-malformed");
	}
	return ENDING_NOT_THIS;
}

static enum ending hear_kexinit(struct conn *c, json_t *evidence)
{
	if (conn_peek_quiet(c, 1, KEXINIT_WAIT_MS).length == 0 && !conn_peer_closed(c))
		say_kexinit(c);
	for (unsigned i = 0; i < PACKETS_MAX; i++) {
		struct reader header = rd_new(conn_read(c, 4));
		uint32_t length = rd_be32(&header);
		struct span payload;
		struct kexinit k;

		if (!conn_ok(c))
			return conn_ending(c);
		if (length < 2 || length > PACKET_MAX)
			return conn_oddity(c, "ssh.packet-length");
		struct span packet = conn_read(c, length);
		if (!conn_ok(c))
			return conn_ending(c);
		if (!read_payload(packet, &payload))
			return conn_oddity(c, "ssh.packet-malformed");
		switch (payload.at[0]) {
		case MSG_IGNORE:
		case MSG_DEBUG:
			continue;
		case MSG_DISCONNECT:
			return ENDING_CLOSED;
		case MSG_KEXINIT:
			if (!read_kexinit(payload, &k))
				return conn_oddity(c, "ssh.kexinit-malformed");
			if (!note_kexinit(evidence, &k))
				conn_note_oddity(c, "ssh.algorithm-name");
			conn_gathered(c, "algorithms");
			return ENDING_DONE;
		default:
			return conn_oddity(c, "ssh.packet-unexpected");
		}
	}
	return conn_oddity(c, "ssh.kexinit-missing");
}

/* What fails here leaves its facet out of the coverage; the conversation itself is done. */
static enum ending ask_session(struct conn *c, json_t *evidence)
{
	bool hostkey, auth;

	if (!conn_again(c))
		return conn_ending(c) == ENDING_LIMIT ? ENDING_DONE : conn_ending(c);
	int fd = conn_lend(c, SSH_LENT_PACKETS);
	if (fd < 0)
		return ENDING_DONE;
	ssh_lent_ask(fd, SESSION_TIMEOUT_MS, evidence, &hostkey, &auth);
	if (hostkey)
		conn_gathered(c, "hostkey");
	if (auth)
		conn_gathered(c, "auth");
	return ENDING_DONE;
}

static enum ending ssh_run(struct conn *c, json_t *evidence)
{
	struct identification id;
	enum ending e = hear_identification(c, &id);

	if (e != ENDING_DONE)
		return e;
	bool version_2 = speaks_version_2(&id);
	note_identification(evidence, &id);
	if (!version_2)
		return ENDING_DONE;
	conn_write_text(c, our_identification);
	e = hear_kexinit(c, evidence);
	if (conn_depth(c) == DEPTH_LIMITED) {
		conn_limited(c, "hostkey");
		conn_limited(c, "auth");
		return e;
	}
	return e == ENDING_DONE ? ask_session(c, evidence) : e;
}

static const char ssh_view[] =
	"CREATE TEMP VIEW ssh AS SELECT address, port, evidence->>'$.software' AS software,"
	" evidence->>'$.protocol' AS protocol, evidence->>'$.product' AS product,"
	" evidence->>'$.version' AS version, evidence->>'$.hostkey.type' AS hostkey_type,"
	" evidence->>'$.hostkey.bits' AS hostkey_bits,"
	" evidence->>'$.hostkey.sha256' AS hostkey_sha256, evidence->>'$.strict_kex' AS strict_kex"
	" FROM document WHERE probe = 'ssh' AND evidence <> '{}';"
	"CREATE TEMP VIEW ssh_algorithm AS"
	" SELECT address, port, k.key AS kind, a.value AS algorithm"
	" FROM document d, json_each(d.evidence, '$.algorithms') k, json_each(k.value) a"
	" WHERE d.probe = 'ssh';"
	"CREATE TEMP VIEW ssh_auth AS SELECT address, port, a.value AS method"
	" FROM document d, json_each(d.evidence, '$.auth') a WHERE d.probe = 'ssh';";

const struct probe probe_ssh = {
	.name = "ssh",
	.ports = "22,2222",
	.risk = RISK_READ,
	.connections = { 1, 2 },
	.sent = { 1024, 1024 },
	.received = { 65536, 65536 },
	.ot = true,
	.server_first = true,
	.recognise = ssh_recognise,
	.run = ssh_run,
	.view = ssh_view,
};
