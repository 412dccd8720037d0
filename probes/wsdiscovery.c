/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WS-Discovery: what a camera, printer or Windows computer says of itself to those who look for devices.
 *
 * Specifications: Web Services Dynamic Discovery of April 2005 (the one that devices speak), 5.1 (Probe), 5.2 (Probe
 * Match); SOAP-over-UDP of September 2004, 3; ONVIF Core Specification, 7.3.3 (scopes).
 *
 * Sent: the probe of wire/payloads.c, to this address alone. What the device's own addresses lead to is not fetched.
 */
#include "probe.h"

#include <expat.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "udp.h"

enum {
	DEPTH_MAX = 16,
	VALUE_MAX = 4096, /* bytes of one list of words */
	WORDS_MAX = 64,
};

/* ---- reader ---- */

#define DISCOVERY "http://schemas.xmlsoap.org/ws/2005/04/discovery "
#define ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing "

static const struct element {
	const char *name; /* namespace, space, local name */
	const char *key;
	bool list;
} elements[] = {
	{ ADDRESSING "Address", "endpoints", false },
	{ DISCOVERY "Types", "types", true },
	{ DISCOVERY "Scopes", "scopes", true },
	{ DISCOVERY "XAddrs", "addresses", true },
};

struct reading {
	XML_Parser parser;
	json_t *evidence;
	unsigned depth, matches;
	bool in_match;
	const struct element *at;
	char text[VALUE_MAX];
	size_t length;
};

static void XMLCALL element_begins(void *context, const XML_Char *name, const XML_Char **list)
{
	struct reading *r = context;

	(void)list;
	if (++r->depth > DEPTH_MAX) {
		XML_StopParser(r->parser, XML_FALSE);
		return;
	}
	if (strcmp(name, DISCOVERY "ProbeMatch") == 0) {
		r->in_match = true;
		r->matches++;
	}
	r->at = NULL;
	r->length = 0;
	for (size_t i = 0; r->in_match && i < countof(elements); i++)
		if (strcmp(name, elements[i].name) == 0)
			r->at = &elements[i];
}

static void XMLCALL characters(void *context, const XML_Char *text, int n)
{
	struct reading *r = context;
	size_t room = sizeof(r->text) - r->length, length = (size_t)n;

	if (r->at == NULL)
		return;
	length = length < room ? length : room;
	memcpy(r->text + r->length, text, length);
	r->length += length;
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

/* RFC 3986, 2.1. */
static size_t unescape(struct span s, char out[static VALUE_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.length && n < VALUE_MAX; i++) {
		bool escaped = s.at[i] == '%' && i + 2 < s.length && digit(s.at[i + 1]) >= 0 &&
			       digit(s.at[i + 2]) >= 0;

		out[n++] = (char)(escaped ? digit(s.at[i + 1]) * 16 + digit(s.at[i + 2]) : s.at[i]);
		i += escaped ? 2 : 0;
	}
	return n;
}

/* onvif://www.onvif.org/hardware/X, %20 and the like in it. */
static void note_onvif(json_t *evidence, struct span scope)
{
	static const char base[] = "onvif://www.onvif.org/";
	static const struct {
		const char *path, *key;
	} kept[] = { { "name/", "name" },
		     { "hardware/", "hardware" },
		     { "manufacturer/", "manufacturer" },
		     { "location/", "location" } };
	char text[VALUE_MAX];

	if (!span_starts_nocase(scope, base))
		return;
	struct span rest = span_from(scope, sizeof(base) - 1);
	for (size_t i = 0; i < countof(kept); i++) {
		if (!span_starts_nocase(rest, kept[i].path) ||
		    json_object_get(evidence, kept[i].key) != NULL)
			continue;
		struct span value = span_from(rest, strlen(kept[i].path));
		size_t n = unescape(value, text);
		if (n > 0)
			note_text(evidence, kept[i].key, span_of(text, n));
	}
}

static void note_words(json_t *evidence, const struct element *e, struct span s)
{
	for (unsigned i = 0; i < WORDS_MAX && s.length > 0; i++) {
		size_t n = 0;

		while (n < s.length && s.at[n] > ' ')
			n++;
		if (n > 0) {
			list_text(note_list(evidence, e->key), span_first(s, n));
			if (strcmp(e->key, "scopes") == 0)
				note_onvif(evidence, span_first(s, n));
		}
		s = span_from(s, n + 1);
	}
}

/* "urn:uuid:1234...": who it is, whatever its addresses. */
static void note_endpoint(json_t *evidence, struct span s)
{
	static const char urn[] = "urn:uuid:";

	list_text(note_list(evidence, "endpoints"), s);
	if (span_starts_nocase(s, urn) && json_object_get(evidence, "uuid") == NULL)
		note_text(evidence, "uuid", span_from(s, sizeof(urn) - 1));
}

static void XMLCALL element_ends(void *context, const XML_Char *name)
{
	struct reading *r = context;
	struct span s = span_trim(span_of(r->text, r->length));

	r->depth--;
	if (r->at != NULL && r->at->list)
		note_words(r->evidence, r->at, s);
	else if (r->at != NULL && s.length > 0)
		note_endpoint(r->evidence, s);
	r->at = NULL;
	if (strcmp(name, DISCOVERY "ProbeMatch") == 0)
		r->in_match = false;
}

/* SOAP has no document type (SOAP 1.2, 5), and so no entities. */
static void XMLCALL type_begins(void *context, const XML_Char *name, const XML_Char *system,
				const XML_Char *public, int internal)
{
	struct reading *r = context;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	XML_StopParser(r->parser, XML_FALSE);
}

/* The types are names with a prefix of the device's own choice ("dn:NetworkVideoTransmitter"). */
static void note_role(json_t *evidence)
{
	static const struct {
		const char *type, *role;
	} roles[] = { { "NetworkVideoTransmitter", "camera" },
		      { "NetworkVideoStorage", "recorder" },
		      { "PrintDeviceType", "printer" },
		      { "ScanDeviceType", "scanner" } };
	json_t *types = json_object_get(evidence, "types");

	for (size_t i = 0; i < countof(roles); i++)
		for (size_t k = 0; k < json_array_size(types); k++) {
			const char *type = json_string_value(json_array_get(types, k));
			const char *name = type != NULL ? strchr(type, ':') : NULL;

			if (name != NULL && strcmp(name + 1, roles[i].type) == 0) {
				note_word(evidence, "role", roles[i].role);
				return;
			}
		}
}

/* False: malformed; what came before stays. */
static bool read_matches(struct span answer, json_t *evidence)
{
	struct reading *r = calloc(1, sizeof(*r));
	bool good = false;

	if (r == NULL)
		return false;
	r->evidence = evidence;
	r->parser = XML_ParserCreateNS(NULL, ' ');
	if (r->parser != NULL) {
		XML_SetUserData(r->parser, r);
		XML_SetElementHandler(r->parser, element_begins, element_ends);
		XML_SetCharacterDataHandler(r->parser, characters);
		XML_SetStartDoctypeDeclHandler(r->parser, type_begins);
		good = XML_Parse(r->parser, (const char *)answer.at, (int)answer.length,
				 XML_TRUE) == XML_STATUS_OK;
		note_int(evidence, "matches", r->matches);
		XML_ParserFree(r->parser);
	}
	free(r);
	return good;
}

/* ---- conversation ---- */

static enum ending wsdiscovery_run(struct conn *c, json_t *evidence)
{
	struct span answer = udp_ask(c, 3702);

	if (answer.length == 0)
		return udp_ending(c);
	note_bool(evidence, "answers", true);
	note_int(evidence, "answer_bytes", (json_int_t)answer.length);
	if (!read_matches(answer, evidence))
		return conn_oddity(c, "wsdiscovery.answer-malformed");
	note_role(evidence);
	conn_gathered(c, "match");
	return ENDING_DONE;
}

static const char wsdiscovery_view[] =
	"CREATE TEMP VIEW wsdiscovery AS SELECT address, port, evidence->>'$.uuid' AS uuid,"
	" evidence->>'$.name' AS name, evidence->>'$.hardware' AS hardware,"
	" evidence->'$.types' AS types, evidence->'$.scopes' AS scopes,"
	" evidence->'$.addresses' AS addresses, evidence->>'$.answer_bytes' AS answer_bytes"
	" FROM document WHERE probe = 'wsdiscovery' AND evidence <> '{}';";

const struct probe probe_wsdiscovery = {
	.name = "wsdiscovery",
	.ports = "3702",
	.risk = RISK_READ,
	.udp = true,
	.connections = { 1, 1 },
	.sent = { 2048, 2048 },
	.received = { 65536, 131072 },
	.run = wsdiscovery_run,
	.view = wsdiscovery_view,
};
