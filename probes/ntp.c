/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NTP: the clock behind the port, and what the server says of itself.
 *
 * Specifications: RFC 5905, 7.3 (packet), 8 (on-wire protocol); RFC 9327, 2 and 3 (control messages,
 * read variables); ntp_request.h of the reference implementation (mode 7, MON_GETLIST_1).
 *
 * Sent: a client's question (wire/payloads.c), one control message that reads the
 * system's variables (opcode 2, association 0), and once, from a socket of its own, the 8 bytes that ask
 * old servers for their last clients (monlist): they only read, and of the answer the first datagram alone
 * is counted. Nothing is set, and no client's address is kept.
 */
#include "probe.h"

#include <stdio.h>

#include "codec/evidence.h"
#include "udp.h"

enum {
	EPOCH = 2208988800U, /* 1900 to 1970, in seconds */
	VARIABLES_MAX = 32,
	MONLIST_BYTES = 8,
	IMPLEMENTATION = 3, /* IMPL_XNTPD */
	MON_GETLIST_1 = 42,
};

/* ---- readers ---- */

static void note_reference(json_t *evidence, uint8_t stratum, struct span id)
{
	char text[20];

	if (stratum <= 1) { /* four letters: GPS, LOCL, or a kiss code */
		size_t n = 0;

		while (n < id.length && id.at[n] != 0)
			n++;
		note_text(evidence, "reference", span_first(id, n));
		return;
	}
	snprintf(text, sizeof(text), "%u.%u.%u.%u", id.at[0], id.at[1], id.at[2], id.at[3]);
	note_word(evidence, "reference", text);
}

static void read_packet(struct conn *c, struct span answer, json_t *evidence)
{
	struct reader r = rd_new(answer);
	uint8_t first = rd_u8(&r), stratum = rd_u8(&r);

	rd_skip(&r, 2 + 4 + 4); /* poll, precision, root delay and dispersion */
	struct span reference = rd_span(&r, 4);
	rd_skip(&r, 8 + 8 + 8);
	uint32_t sent = rd_be32(&r);
	note_int(evidence, "version_number", first >> 3 & 7);
	note_int(evidence, "leap", first >> 6);
	note_int(evidence, "stratum", stratum);
	note_reference(evidence, stratum, reference);
	if (stratum >= 1 && stratum <= 15 && first >> 6 != 3 && sent != 0) {
		/* Since 2036 the count begins anew (RFC 5905, 6). */
		int64_t seconds = sent >= EPOCH ? (int64_t)sent - EPOCH
						: (int64_t)sent + ((int64_t)1 << 32) - EPOCH;

		note_int(evidence, "time", seconds);
		note_int(evidence, "observed", conn_clock(c));
	}
}

/* version="ntpd 4.2.8p15", processor="x86_64", leap=0, ... The text behind this name, without quotes. */
static struct span variable(struct span list, const char *name)
{
	for (unsigned i = 0; i < VARIABLES_MAX && list.length > 0; i++) {
		struct span key = span_trim(list);
		ptrdiff_t equals = span_find(key, "=", 1);

		if (equals < 0)
			break;
		struct span value = span_from(key, (size_t)equals + 1);
		key = span_trim(span_first(key, (size_t)equals));
		bool quoted = span_starts(value, "\"");
		ptrdiff_t end =
			quoted ? span_find(span_from(value, 1), "\"", 1) : span_find(value, ",", 1);
		size_t n = end < 0 ? value.length : (size_t)end + (quoted ? 2 : 0);
		struct span here = span_first(value, n);
		list = span_from(value, n);
		while (list.length > 0 && (list.at[0] == ',' || list.at[0] == ' ' ||
					   list.at[0] == '\r' || list.at[0] == '\n'))
			list = span_from(list, 1);
		if (!span_is(key, name))
			continue;
		if (quoted && here.length >= 2)
			here = span_first(span_from(here, 1), here.length - 2);
		return span_trim(here);
	}
	return span_first(list, 0);
}

static void read_variables(struct span answer, json_t *evidence)
{
	struct reader r = rd_new(answer);

	rd_skip(&r, 10); /* header, offset */
	struct span list = rd_span(&r, rd_be16(&r));
	struct span version = variable(list, "version"), system = variable(list, "system");

	if (!rd_ok(&r))
		return;
	note_bool(evidence, "control", true);
	if (version.length > 0) {
		/* "ntpd 4.2.8p15@1.3728-o Wed ...", "ntpd ntpsec-1.2.2" */
		ptrdiff_t space = span_find(version, " ", 1);
		struct span rest =
			span_from(version, space < 0 ? version.length : (size_t)space + 1);
		size_t n = 0;

		note_text(evidence, "software", version);
		bool sec = span_starts(rest, "ntpsec-");
		if (sec)
			rest = span_from(rest, 7);
		while (n < rest.length && rest.at[n] != ' ' && rest.at[n] != '@')
			n++;
		if (sec)
			note_word(evidence, "product", "NTPsec");
		else if (space > 0)
			note_text(evidence, "product", span_first(version, (size_t)space));
		if (n > 0)
			note_text(evidence, "version", span_first(rest, n));
	}
	if (system.length > 0)
		note_text(evidence, "system", system);
}

/* ---- conversation ---- */

static void ask_variables(struct conn *c, json_t *evidence)
{
	/* RFC 9327, 2: version 2, mode 6; opcode 2; sequence; status, association, offset, count 0 */
	static const uint8_t question[] = { 0x16, 2, 0x74, 0x65, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct span answer = conn_ask(c, question, sizeof(question));
	struct reader r = rd_new(answer);
	uint8_t first = rd_u8(&r), second = rd_u8(&r);

	/* A response to opcode 2, no error; silence is the rule today. */
	if (!conn_ok(c) || (first & 7) != 6 || (second & 0x80) == 0 || (second & 0x1f) != 2 ||
	    rd_be16(&r) != 0x7465)
		return;
	if ((second & 0x40) != 0)
		note_bool(evidence, "control", false);
	else
		read_variables(answer, evidence);
}

/* A header of 8 bytes: response, more, version, mode 7; sequence; implementation; request; error (4 bits) and
 * count of items; size of an item. False: it is no answer. */
static bool read_monlist(struct span answer, json_t *evidence)
{
	struct reader r = rd_new(answer);
	uint8_t first = rd_u8(&r);

	rd_skip(&r, 1);
	uint8_t implementation = rd_u8(&r), request = rd_u8(&r);
	uint16_t items = rd_be16(&r), size = rd_be16(&r);
	unsigned error = items >> 12, count = items & 0xfff;

	if (!rd_ok(&r) || (first & 0x80) == 0 || (first & 7) != 7 ||
	    implementation != IMPLEMENTATION || request != MON_GETLIST_1)
		return false;
	bool told = error == 0 && count > 0 && (size & 0xfff) * (size_t)count <= rd_left(&r);
	note_bool(evidence, "monlist", told);
	if (!told)
		return true;
	note_int(evidence, "monlist_clients", count);
	note_bool(evidence, "monlist_more", (first & 0x40) != 0);
	note_int(evidence, "monlist_factor", (json_int_t)(answer.length / MONLIST_BYTES));
	return true;
}

/* Asked once: whoever answers sends up to a hundred datagrams for it. */
static void ask_monlist(struct conn *c, json_t *evidence)
{
	/* version 2, mode 7; sequence; implementation, request; no items */
	static const uint8_t question[MONLIST_BYTES] = { 0x17, 0, IMPLEMENTATION, MON_GETLIST_1 };

	if (!conn_again(c))
		return;
	conn_write(c, question, sizeof(question));
	struct span answer = conn_datagram(c);
	if (conn_ok(c) && !read_monlist(answer, evidence))
		return;
	if (conn_ok(c) || conn_ending(c) == ENDING_TIMEOUT || conn_ending(c) == ENDING_REFUSED)
		conn_gathered(c, "monlist");
}

static enum ending ntp_run(struct conn *c, json_t *evidence)
{
	struct span answer = udp_ask(c, 123);

	if (answer.length == 0)
		return udp_ending(c);
	read_packet(c, answer, evidence);
	conn_gathered(c, "time");
	ask_variables(c, evidence);
	if (conn_ok(c) || conn_ending(c) == ENDING_TIMEOUT || conn_ending(c) == ENDING_REFUSED)
		conn_gathered(c, "control");
	ask_monlist(c, evidence);
	return ENDING_DONE;
}

static const char ntp_view[] =
	"CREATE TEMP VIEW ntp AS SELECT address, port, evidence->>'$.stratum' AS stratum,"
	" evidence->>'$.reference' AS reference, evidence->>'$.time' AS time,"
	" evidence->>'$.control' AS control, evidence->>'$.monlist' AS monlist,"
	" evidence->>'$.monlist_factor' AS monlist_factor, evidence->>'$.software' AS software,"
	" evidence->>'$.system' AS system FROM document WHERE probe = 'ntp' AND evidence <> '{}';";

const struct probe probe_ntp = {
	.name = "ntp",
	.ports = "123",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 2 },
	.sent = { 128, 256 },
	.received = { 4096, 65536 },
	.run = ntp_run,
	.view = ntp_view,
};
