/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPP, within HTTP: which printer this is, its firmware, and what it asks of those who print.
 *
 * Specifications: RFC 8010, 3.1 (encoding), RFC 8011, 4.2.5 (Get-Printer-Attributes: "allows a Client to obtain the
 * values of the attributes of a Printer"), 5.4 (the attributes), PWG 5110.1 (printer-firmware-*), RFC 8011, 4.1.8
 * (version).
 *
 * Sent on one connection:
 *   POST /ipp/print, Get-Printer-Attributes of that printer, of the attributes that are named below
 * It reads only, makes no job, names no user, and no paper moves. A print server of several queues answers that there
 * is no such printer; its queues are not asked for.
 */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "http_ask.h"

enum {
	GET_PRINTER_ATTRIBUTES = 0x000b,
	REQUEST = 1, /* our number of it */
	OPERATION_GROUP = 0x01,
	END = 0x03,
	GROUP_LAST = 0x0f, /* tags below are of groups (RFC 8010, 3.5.1) */
	CHARSET = 0x47,
	LANGUAGE = 0x48,
	URI = 0x45,
	KEYWORD = 0x44,
	INTEGER = 0x21,
	ENUM = 0x23,
	TEXT_WITH_LANGUAGE = 0x35,
	STATUS_ERRORS = 0x0400, /* client-error-bad-request and above */
	VALUES_MAX = 2048,
	TARGET_PORT = 631,
};

/* What is asked for, and how the evidence calls it. */
static const struct wanted {
	const char *attribute, *key;
	bool list;
} wanted[] = {
	{ "printer-make-and-model", "make_and_model", false },
	{ "printer-info", "info", false },
	{ "printer-firmware-name", "firmware", true },
	{ "printer-firmware-string-version", "firmware_version", true },
	{ "printer-state", "state", false },
	{ "printer-state-reasons", "state_reasons", true },
	{ "uri-authentication-supported", "authentication", true },
	{ "uri-security-supported", "security", true },
	{ "ipp-versions-supported", "ipp_versions", true },
};

/* ---- writers ---- */

static void put_attribute(struct writer *w, uint8_t tag, const char *name, const char *value)
{
	wr_u8(w, tag);
	size_t n = wr_open16(w);
	wr_text(w, name);
	wr_close16(w, n);
	n = wr_open16(w);
	wr_text(w, value);
	wr_close16(w, n);
}

static void write_request(struct writer *w, const struct conn *c)
{
	char host[HTTP_HOST_LENGTH], uri[HTTP_HOST_LENGTH + 32];
	char port[8] = "";

	http_host(c, host);
	if (conn_port(c) != TARGET_PORT)
		snprintf(port, sizeof(port), ":%u", conn_port(c));
	snprintf(uri, sizeof(uri), "%s://%s%s/ipp/print", conn_tls_wanted(c) ? "ipps" : "ipp", host,
		 port);
	wr_be16(w, 0x0101); /* version 1.1, which all must take (RFC 8011, 4.1.8) */
	wr_be16(w, GET_PRINTER_ATTRIBUTES);
	wr_be32(w, REQUEST);
	wr_u8(w, OPERATION_GROUP);
	put_attribute(w, CHARSET, "attributes-charset", "utf-8");
	put_attribute(w, LANGUAGE, "attributes-natural-language", "en");
	put_attribute(w, URI, "printer-uri", uri);
	for (size_t i = 0; i < countof(wanted); i++)
		put_attribute(w, KEYWORD, i == 0 ? "requested-attributes" : "",
			      wanted[i].attribute);
	wr_u8(w, END);
}

static void note_state(json_t *evidence, uint32_t state)
{
	static const char *const words[] = { "idle", "processing", "stopped" }; /* 3 to 5 */

	if (state >= 3 && state - 3 < countof(words))
		note_word(evidence, "state", words[state - 3]);
}

static void note_value(json_t *evidence, const struct wanted *a, uint8_t tag, struct span value)
{
	if (tag == INTEGER || tag == ENUM) {
		struct reader r = rd_new(value);
		uint32_t n = rd_be32(&r);

		if (rd_end(&r) && strcmp(a->key, "state") == 0)
			note_state(evidence, n);
		return;
	}
	if (tag == TEXT_WITH_LANGUAGE) { /* RFC 8010, 3.9: language and text, each with a length */
		struct reader r = rd_new(value);

		rd_skip(&r, rd_be16(&r));
		value = rd_span(&r, rd_be16(&r));
		if (!rd_ok(&r))
			return;
	}
	/* Tags below are out-of-band: no value, unknown (RFC 8010, 3.5.2). */
	if (tag < 0x20 || strcmp(a->key, "state") == 0)
		return;
	if (a->list)
		list_text(note_list(evidence, a->key), value);
	else
		note_text(evidence, a->key, value);
}

/* ---- readers ---- */

static const struct wanted *wanted_of(struct span name)
{
	for (size_t i = 0; i < countof(wanted); i++)
		if (span_is(name, wanted[i].attribute))
			return &wanted[i];
	return NULL;
}

/* Groups of attributes to the end; false where they do not hold together. A further value of a list has no name; so
 * have the members of a collection, whose outermost name none of ours is. */
static bool read_attributes(struct reader *r, json_t *evidence)
{
	const struct wanted *a = NULL;

	for (size_t i = 0; i < VALUES_MAX && rd_left(r) > 0; i++) {
		uint8_t tag = rd_u8(r);

		if (tag == END)
			return true;
		if (tag <= GROUP_LAST) {
			a = NULL;
			continue;
		}
		struct span name = rd_span(r, rd_be16(r));
		struct span value = rd_span(r, rd_be16(r));
		if (!rd_ok(r))
			return false;
		if (name.length > 0)
			a = wanted_of(name);
		if (a != NULL)
			note_value(evidence, a, tag, value);
	}
	return false;
}

/* ---- conversation ---- */

static enum ending hear(struct conn *c, json_t *evidence, const struct http_page *p)
{
	struct reader r = rd_new(span_of(p->body, p->body_length));
	uint8_t major = rd_u8(&r), minor = rd_u8(&r);
	uint16_t status = rd_be16(&r);

	if (rd_be32(&r) != REQUEST || !rd_ok(&r) || major < 1 || major > 2)
		return ENDING_NOT_THIS;
	char version[8];
	snprintf(version, sizeof(version), "%u.%u", major, minor);
	note_word(evidence, "ipp", version);
	note_int(evidence, "ipp_status", status);
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	if (!read_attributes(&r, evidence))
		return conn_oddity(c, "ipp.attributes-malformed");
	if (status < STATUS_ERRORS)
		conn_gathered(c, "printer");
	return ENDING_DONE;
}

static enum ending converse(struct conn *c, json_t *evidence, struct http_page *p)
{
	uint8_t buffer[1024];
	struct writer w = wr_new(buffer, sizeof(buffer));
	struct http_head head;
	struct span type, server;

	write_request(&w, c);
	const struct http_question q = {
		.method = "POST",
		.target = "/ipp/print",
		.headers = "Content-Type: application/ipp\r\nAccept: application/ipp\r\n",
		.body = wr_span(&w),
	};
	enum ending e = http_ask(c, &q, p, &head);
	if (e != ENDING_DONE)
		return e;
	if (!http_find(&head, "Content-Type", 0, &type) ||
	    !span_starts_nocase(type, "application/ipp"))
		return ENDING_NOT_THIS;
	e = hear(c, evidence, p);
	if (e != ENDING_NOT_THIS && http_find(&head, "Server", 0, &server) &&
	    span_starts(server, "CUPS/")) {
		ptrdiff_t space = span_find(server, " ", 1);

		note_word(evidence, "product", "CUPS");
		note_text(evidence, "version",
			  span_from(span_first(server, space < 0 ? server.length : (size_t)space),
				    5));
	}
	return e;
}

static enum ending ipp_run(struct conn *c, json_t *evidence)
{
	return http_with_page(c, evidence, converse);
}

static const char ipp_view[] =
	"CREATE TEMP VIEW ipp AS SELECT address, port, evidence->>'$.make_and_model' AS model,"
	" evidence->>'$.info' AS info, evidence->>'$.firmware_version[0]' AS firmware_version,"
	" evidence->>'$.product' AS product, evidence->>'$.version' AS version,"
	" evidence->'$.authentication' AS authentication, evidence->'$.security' AS security,"
	" evidence->>'$.tls' AS tls FROM document WHERE probe = 'ipp' AND evidence <> '{}';";

const struct probe probe_ipp = {
	.name = "ipp",
	.ports = "631",
	.within = "http",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 2048, 16384 },
	.received = { 65536, 131072 },
	.run = ipp_run,
	.view = ipp_view,
};
