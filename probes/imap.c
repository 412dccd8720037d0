/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IMAP: greeting, product, whether TLS is offered and whether a login is taken in clear.
 *
 * On its port inside TLS the same is asked there, and neither question remains.
 *
 * Specifications: RFC 9051, 6.1.1 (CAPABILITY), 6.1.3 (LOGOUT), 7.1 (greeting), 11.3 (LOGINDISABLED);
 * RFC 2971 (ID).
 *
 * Sent on one connection, each after the answer to the one before:
 *   a1 CAPABILITY    valid in any state, changes nothing
 *   a2 ID NIL        where the server offers it: its own name, nothing said of us
 *   a9 LOGOUT
 * No user is named and no mailbox.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/product.h"

enum { UNTAGGED_MAX = 32, CAPABILITY_MAX = 64 };

static const char *const products[] = {
	"Dovecot", "Courier-IMAP", "Cyrus IMAP", "Microsoft Exchange", "hMailServer", "MDaemon",
	"Zimbra",  "Kerio",        "UW IMAP",    "MailEnable",         NULL
};

/* ---- readers ---- */

static bool imap_recognise(struct span greeting)
{
	return span_starts_nocase(greeting, "* OK") || span_starts_nocase(greeting, "* PREAUTH") ||
	       span_starts_nocase(greeting, "* BYE");
}

struct capabilities {
	bool heard, starttls, login_disabled, plain, id;
};

/* "IMAP4rev1 STARTTLS AUTH=PLAIN" */
static void read_capabilities(struct span text, json_t *list, struct capabilities *ret)
{
	ret->heard = true;
	for (unsigned i = 0; text.length > 0 && i < CAPABILITY_MAX; i++) {
		ptrdiff_t end = span_find(text, " ", 1);
		struct span word = end < 0 ? text : span_first(text, (size_t)end);

		ret->starttls |= span_is_nocase(word, "STARTTLS");
		ret->login_disabled |= span_is_nocase(word, "LOGINDISABLED");
		ret->plain |=
			span_is_nocase(word, "AUTH=PLAIN") || span_is_nocase(word, "AUTH=LOGIN");
		ret->id |= span_is_nocase(word, "ID");
		list_text(list, word);
		text = span_trim(span_from(text, word.length));
	}
}

/* ("name" "Dovecot" "version" "2.3"): the string behind this one; empty where there is none. */
static struct span id_value(struct span list, const char *key)
{
	ptrdiff_t at = span_find_nocase(list, key);

	if (at < 0)
		return span_first(list, 0);
	struct span rest = span_trim(span_from(list, (size_t)at + strlen(key)));
	if (rest.length == 0 || rest.at[0] != '"')
		return span_first(list, 0);
	rest = span_from(rest, 1);
	ptrdiff_t end = span_find(rest, "\"", 1);
	return span_first(rest, end < 0 ? 0 : (size_t)end);
}

/* ---- conversation ---- */

/* Reads to the tagged answer; the untagged line that begins so goes to *ret. False: not heard. */
static bool hear(struct conn *c, const char *tag, const char *untagged, char *out, size_t room,
		 struct span *ret)
{
	*ret = span_of(out, 0);
	for (unsigned i = 0; i < UNTAGGED_MAX; i++) {
		struct span line = conn_read_line(c);

		if (!conn_ok(c))
			return false;
		if (span_starts_nocase(line, tag))
			return true;
		if (!span_starts_nocase(line, untagged) || ret->length > 0)
			continue;
		struct span rest = span_trim(span_from(line, strlen(untagged)));
		ret->length = rest.length < room ? rest.length : room;
		memcpy(out, rest.at, ret->length);
	}
	return false;
}

static enum ending leave(struct conn *c)
{
	char none[1];
	struct span unused;

	conn_write_text(c, "a9 LOGOUT\r\n");
	hear(c, "a9 ", "* BYE", none, 0, &unused);
	return ENDING_DONE;
}

static void note_id(json_t *evidence, struct span id)
{
	struct span name = id_value(id, "\"name\""), version = id_value(id, "\"version\"");

	if (name.length > 0)
		note_text(evidence, "product", name);
	if (name.length > 0 && version.length > 0)
		note_text(evidence, "version", version);
}

static enum ending imap_run(struct conn *c, json_t *evidence)
{
	struct capabilities has = { 0 };
	struct product p;
	char kept[2048];
	struct span said;

	if (!conn_begin(c))
		return conn_ending(c);
	struct span greeting = conn_read_line(c);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	if (!imap_recognise(greeting))
		return ENDING_NOT_THIS;
	note_text(evidence, "banner", greeting);
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	if (product_find(greeting, products, &p))
		note_product(evidence, &p);
	bool stranger = !span_starts_nocase(greeting, "* PREAUTH");
	note_bool(evidence, "open", !stranger);
	conn_gathered(c, "greeting");
	if (span_starts_nocase(greeting, "* BYE"))
		return ENDING_CLOSED;
	conn_write_text(c, "a1 CAPABILITY\r\n");
	if (!hear(c, "a1 ", "* CAPABILITY ", kept, sizeof(kept), &said))
		return conn_ok(c) ? conn_oddity(c, "imap.answer-missing") : conn_ending(c);
	if (said.length == 0)
		return conn_oddity(c, "imap.capability-refused");
	read_capabilities(said, note_list(evidence, "capabilities"), &has);
	if (!conn_tls_wanted(c)) {
		note_bool(evidence, "starttls", has.starttls);
		note_bool(evidence, "login_in_clear",
			  stranger && (!has.login_disabled || has.plain));
	}
	conn_gathered(c, "tls");
	conn_gathered(c, "auth");
	if (has.id) {
		conn_write_text(c, "a2 ID NIL\r\n");
		if (!hear(c, "a2 ", "* ID ", kept, sizeof(kept), &said))
			return conn_ok(c) ? conn_oddity(c, "imap.answer-missing") : conn_ending(c);
		note_id(evidence, said);
	}
	return leave(c);
}

static const char imap_view[] =
	"CREATE TEMP VIEW imap AS SELECT address, port, evidence->>'$.banner' AS banner,"
	" evidence->>'$.product' AS product, evidence->>'$.version' AS version,"
	" evidence->>'$.starttls' AS starttls, evidence->>'$.login_in_clear' AS login_in_clear,"
	" evidence->>'$.open' AS open, evidence->>'$.tls' AS tls FROM document WHERE probe = "
	"'imap' AND evidence <> '{}';";

const struct probe probe_imap = {
	.name = "imap",
	.ports = "143",
	.tls_ports = "993",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 16, 4096 },
	.received = { 16384, 65536 },
	.server_first = true,
	.recognise = imap_recognise,
	.run = imap_run,
	.view = imap_view,
};
