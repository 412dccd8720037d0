/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WinRM and other WS-Management, within HTTP: whose it is, its version, the Windows behind it, and by which logins one
 * would get in.
 *
 * Specifications: DSP0226 1.2, 11 (Identify: "the operation shall ... not require authentication" where a server
 * offers that), [MS-WSMV] 2.2.1 and 3.1.4 (the header WSMANIDENTIFY, what is told to strangers), RFC 9110, 11.6.1
 * (challenges), RFC 4559 and [MS-NLMP] (NTLM within Negotiate).
 *
 * Sent, each on a connection of its own, all of them POST /wsman:
 *   Identify with the header "WSMANIDENTIFY: unauthenticated"    the question that strangers may ask
 *   Identify without it    the server asks for a login and says which ones it takes; only where the first was answered
 *   the same with "Authorization: Negotiate" and the first message of NTLM    where Negotiate is taken. No user, domain
 *       or password is named, and the challenge stays unanswered, so that nobody counts it as a login that failed
 * Identify reads only. No shell is opened and no other operation is named.
 */
#include "probe.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "codec/evidence.h"
#include "codec/ntlm.h"
#include "codec/writer.h"
#include "http_ask.h"

enum { NTLM_MAX = 2048, OS_PARTS = 3 };

static const char identify[] =
	"<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:wsmid=\"http://"
	"schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"><s:Header/><s:Body>"
	"<wsmid:Identify/></s:Body></s:Envelope>";

#define SOAP "Content-Type: application/soap+xml;charset=UTF-8\r\n"

/* ---- readers ---- */

/* The text of the first element of this name, whatever its prefix. False where there is none, or an empty one. */
static bool read_element(struct span xml, const char *name, struct span *ret)
{
	for (ptrdiff_t at; (at = span_find(xml, "<", 1)) >= 0;) {
		xml = span_from(xml, (size_t)at + 1);
		size_t length = http_before(xml, " \t\r\n/><");
		struct span tag = span_first(xml, length);
		ptrdiff_t colon = span_find(tag, ":", 1);
		ptrdiff_t end = span_find(xml, ">", 1);

		if (end < 0)
			return false;
		if (!span_is(span_from(tag, (size_t)(colon + 1)), name))
			continue;
		struct span text = span_from(xml, (size_t)end + 1);
		ptrdiff_t until = span_find(text, "<", 1);
		if (until < 0)
			return false;
		*ret = span_trim(span_first(text, (size_t)until));
		return ret->length > 0 && xml.at[end - (end > 0)] != '/';
	}
	return false;
}

/* "OS: 10.0.17763 SP: 0.0 Stack: 3.0": the word behind a label. */
static struct span read_word(struct span version, const char *label)
{
	ptrdiff_t at = span_find(version, label, strlen(label));

	if (at < 0)
		return span_first(version, 0);
	struct span rest = span_trim(span_from(version, (size_t)at + strlen(label)));
	return span_first(rest, http_before(rest, " "));
}

/* "10.0.17763": the last number, 0 where it is no such version. Strangers are told "0.0.0". */
static unsigned read_build(struct span os)
{
	unsigned part[OS_PARTS] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < os.length; i++) {
		if (os.at[i] == '.' && n + 1 < OS_PARTS)
			n++;
		else if (os.at[i] >= '0' && os.at[i] <= '9' && part[n] < 100000)
			part[n] = part[n] * 10 + (unsigned)(os.at[i] - '0');
		else
			return 0;
	}
	return n + 1 == OS_PARTS ? part[OS_PARTS - 1] : 0;
}

/* The challenge in base64 behind "Negotiate "; bytes are the caller's. */
static struct span read_challenge(struct span value, uint8_t bytes[static NTLM_MAX])
{
	struct span coded = span_trim(span_from(value, http_before(value, " ")));
	int n = coded.length > 0 && coded.length <= NTLM_MAX && coded.length % 4 == 0
			? EVP_DecodeBlock(bytes, coded.at, (int)coded.length)
			: 0;

	return span_of(bytes, n > 0 ? (size_t)n : 0);
}

/* ---- writers ---- */

static void note_product(json_t *evidence, struct span vendor, struct span version)
{
	note_text(evidence, "vendor", vendor);
	if (!span_starts(vendor, "Microsoft")) {
		note_text(evidence, "product", vendor);
		note_text(evidence, "version", version);
		return;
	}
	struct span os = read_word(version, "OS:"), stack = read_word(version, "Stack:");
	unsigned build = read_build(os);
	note_word(evidence, "product", "Windows Remote Management");
	if (stack.length > 0)
		note_text(evidence, "version", stack);
	if (build > 0) {
		note_text(evidence, "os_version", os);
		note_int(evidence, "build", build);
	}
}

static bool note_identity(json_t *evidence, const struct http_page *p)
{
	struct span body = span_of(p->body, p->body_length);
	struct span protocol, vendor, version;

	if (!read_element(body, "ProtocolVersion", &protocol) ||
	    span_find(protocol, "wsman", 5) < 0)
		return false;
	note_text(evidence, "protocol", protocol);
	if (!read_element(body, "ProductVersion", &version))
		version = span_first(body, 0);
	if (read_element(body, "ProductVendor", &vendor))
		note_product(evidence, vendor, version);
	return true;
}

static void note_logins(json_t *evidence, const struct http_head *head)
{
	struct span value;

	for (size_t i = 0; http_find(head, "WWW-Authenticate", i, &value); i++)
		http_note_authentication(evidence, value);
}

static bool offers(const json_t *evidence, const char *scheme)
{
	size_t i;
	json_t *known;

	json_array_foreach(json_object_get(evidence, "auth_schemes"), i, known)
	{
		if (strcasecmp(json_string_value(known), scheme) == 0)
			return true;
	}
	return false;
}

/* ---- conversation ---- */

static enum ending ask_names(struct conn *c, json_t *evidence, struct http_page *p)
{
	uint8_t message[64], bytes[NTLM_MAX];
	char coded[96], headers[256];
	struct writer w = wr_new(message, sizeof(message));
	struct http_head head;
	struct ntlm_challenge challenge;
	struct span value;

	ntlm_write_negotiate(&w);
	if (!wr_ok(&w))
		return ENDING_LIMIT;
	EVP_EncodeBlock((uint8_t *)coded, message, (int)wr_span(&w).length);
	snprintf(headers, sizeof(headers), SOAP "Authorization: Negotiate %s\r\n", coded);
	const struct http_question q = { .method = "POST",
					 .target = "/wsman",
					 .headers = headers,
					 .body = span_text(identify) };
	enum ending e = http_ask_again(c, &q, p, &head);
	if (e != ENDING_DONE)
		return e;
	for (size_t i = 0; http_find(&head, "WWW-Authenticate", i, &value); i++) {
		if (!span_starts_nocase(value, "Negotiate ") ||
		    !ntlm_read_challenge(ntlm_token(read_challenge(value, bytes)), &challenge))
			continue;
		ntlm_note(evidence, &challenge);
		conn_gathered(c, "ntlm");
		break;
	}
	return ENDING_DONE;
}

/* One that names neither its realm nor Kerberos is any page that asks for a login. */
static bool asks_as_winrm(json_t *evidence, const struct http_head *head)
{
	if (head->status != 401)
		return false;
	note_logins(evidence, head);
	const char *realm = json_string_value(json_object_get(evidence, "realm"));
	if ((realm != NULL && strcmp(realm, "WSMAN") == 0) || offers(evidence, "Kerberos"))
		return true;
	json_object_clear(evidence);
	return false;
}

static enum ending converse(struct conn *c, json_t *evidence, struct http_page *p)
{
	struct http_question q = { .method = "POST",
				   .target = "/wsman",
				   .headers = SOAP "WSMANIDENTIFY: unauthenticated\r\n",
				   .body = span_text(identify) };
	struct http_head head;
	enum ending e = http_ask(c, &q, p, &head);

	if (e != ENDING_DONE)
		return e;
	bool told = head.status == 200 && note_identity(evidence, p);
	if (!told && !asks_as_winrm(evidence, &head))
		return ENDING_NOT_THIS;
	note_bool(evidence, "tls", conn_tls_wanted(c));
	if (told) {
		conn_gathered(c, "identity");
		q.headers = SOAP;
		e = http_ask_again(c, &q, p, &head);
		if (e != ENDING_DONE || head.status != 401)
			return e;
		note_logins(evidence, &head);
	}
	conn_gathered(c, "login");
	return offers(evidence, "Negotiate") ? ask_names(c, evidence, p) : ENDING_DONE;
}

static enum ending winrm_run(struct conn *c, json_t *evidence)
{
	return http_with_page(c, evidence, converse);
}

static const char winrm_view[] =
	"CREATE TEMP VIEW winrm AS SELECT address, port, evidence->>'$.vendor' AS vendor,"
	" evidence->>'$.product' AS product, evidence->>'$.version' AS version,"
	" evidence->>'$.os_version' AS os_version, evidence->>'$.build' AS build,"
	" evidence->>'$.computer' AS computer, evidence->>'$.tls' AS tls,"
	" evidence->'$.auth_schemes' AS schemes, EXISTS (SELECT 1 FROM"
	" json_each(evidence, '$.auth_schemes') WHERE value = 'Basic') AS basic"
	" FROM document WHERE probe = 'winrm' AND evidence <> '{}';";

const struct probe probe_winrm = {
	.name = "winrm",
	.ports = "1270,5985,5986,47001",
	.within = "http",
	.risk = RISK_READ,
	.connections = { 1, 3 },
	.sent = { 2048, 8192 },
	.received = { 65536, 262144 },
	.run = winrm_run,
	.view = winrm_view,
};
