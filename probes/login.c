/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins over TCP: FTP, Redis and MQTT here, the others in files of their own.
 *
 * Specifications: RFC 959, 4.1.1 and 5.4 (USER, PASS, QUIT); Redis command reference (AUTH, QUIT); MQTT 3.1.1,
 * 3.1 and 3.2 (CONNECT, CONNACK), 3.14 (DISCONNECT).
 *
 * Sent: one name and one password, then the end of the session. No command, no file, no topic.
 */
#include "login.h"

#include "codec/evidence.h"
#include "codec/writer.h"
#include "probe.h"
#include "talk/reply.h"

const char *const login_words[LOGIN_RESULTS] = { "untested", "accepted", "refused", "locked",
						 "unasked" };

bool login_speaks_of_lock(struct span text)
{
	static const char *const words[] = { "lock",     "too many",        "blocked",
					     "banned",   "suspend",         "exceeded",
					     "disabled", "try again later", "temporarily",
					     NULL };

	for (size_t i = 0; words[i] != NULL; i++)
		if (span_find_nocase(text, words[i]) >= 0)
			return true;
	return false;
}

/* ---- FTP ---- */

static enum login_result of_reply(const struct reply *r)
{
	if (r->code >= 200 && r->code < 300)
		return LOGIN_ACCEPTED;
	if (r->code == 421 || login_speaks_of_lock(span_of(r->text, r->length)))
		return LOGIN_LOCKED;
	return r->code == 530 || r->code == 430 ? LOGIN_REFUSED : LOGIN_UNTESTED;
}

static void say_line(struct conn *c, const char *verb, const char *text)
{
	uint8_t line[512];
	struct writer w = wr_new(line, sizeof(line));

	wr_text(&w, verb);
	wr_text(&w, text);
	wr_text(&w, "\r\n");
	conn_write_span(c, wr_span(&w));
}

static enum login_result login_ftp(struct conn *c, const struct credential *k)
{
	struct reply r;

	if (conn_tls_wanted(c) && !conn_start_tls(c, NULL))
		return LOGIN_UNTESTED;
	if (!reply_read(c, &r) || r.code != 220)
		return LOGIN_UNTESTED;
	say_line(c, "USER ", k->user);
	if (!reply_read(c, &r))
		return LOGIN_UNTESTED;
	/* Who asks for no password has accepted none. */
	enum login_result result = r.code < 300 ? LOGIN_UNTESTED : of_reply(&r);
	if (r.code == 331) {
		say_line(c, "PASS ", k->password);
		if (!reply_read(c, &r))
			return LOGIN_UNTESTED;
		result = of_reply(&r);
	}
	say_line(c, "QUIT", "");
	return result;
}

/* ---- Redis ---- */

static void wr_bulk(struct writer *w, const char *text)
{
	char length[32];

	snprintf(length, sizeof(length), "$%zu\r\n", strlen(text));
	wr_text(w, length);
	wr_text(w, text);
	wr_text(w, "\r\n");
}

static enum login_result login_redis(struct conn *c, const struct credential *k)
{
	uint8_t request[512];
	struct writer w = wr_new(request, sizeof(request));

	if (conn_tls_wanted(c) && !conn_start_tls(c, NULL))
		return LOGIN_UNTESTED;
	wr_text(&w, k->user[0] != '\0' ? "*3\r\n" : "*2\r\n");
	wr_bulk(&w, "AUTH");
	if (k->user[0] != '\0')
		wr_bulk(&w, k->user);
	wr_bulk(&w, k->password);
	conn_write_span(c, wr_span(&w));
	struct span line = conn_read_line(c);
	if (!conn_ok(c))
		return LOGIN_UNTESTED;
	/* "-ERR AUTH <password> called without any password configured": nothing is asked for. */
	enum login_result result =
		span_starts(line, "+OK") ? LOGIN_ACCEPTED
		: span_starts(line, "-WRONGPASS") || span_starts(line, "-ERR invalid password")
			? LOGIN_REFUSED
			: LOGIN_UNTESTED;
	conn_write_text(c, "QUIT\r\n");
	return result;
}

/* ---- MQTT ---- */

static void wr_field(struct writer *w, const char *text)
{
	size_t place = wr_open16(w);

	wr_text(w, text);
	wr_close16(w, place);
}

static enum login_result login_mqtt(struct conn *c, const struct credential *k)
{
	enum { CONNECT = 0x10, CONNACK = 0x20, CLEAN = 0x02, PASSWORD = 0x40, USER = 0x80 };
	enum { KEEP_ALIVE_S = 30, BAD_PASSWORD = 4, NOT_AUTHORISED = 5 };
	static const uint8_t disconnect[] = { 0xe0, 0 };
	static const char digits[] = "0123456789abcdef";
	uint8_t random[4], packet[128];
	char client[16] = "tenken-";
	struct writer w = wr_new(packet, sizeof(packet));

	if (conn_tls_wanted(c) && !conn_start_tls(c, NULL))
		return LOGIN_UNTESTED;
	conn_random(c, random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++) {
		client[7 + 2 * i] = digits[random[i] >> 4];
		client[8 + 2 * i] = digits[random[i] & 15];
	}
	wr_u8(&w, CONNECT);
	size_t remaining = wr_open8(&w); /* below 128, so one byte (2.2.3); else the writer fails */
	wr_field(&w, "MQTT");
	wr_u8(&w, 4);
	wr_u8(&w, CLEAN | PASSWORD | USER);
	wr_be16(&w, KEEP_ALIVE_S);
	wr_field(&w, client);
	wr_field(&w, k->user);
	wr_field(&w, k->password);
	wr_close8(&w, remaining);
	if (!wr_ok(&w) || wr_span(&w).length > 129)
		return LOGIN_UNTESTED;
	conn_write_span(c, wr_span(&w));
	struct reader r = rd_new(conn_read(c, 4));
	if (!conn_ok(c) || rd_u8(&r) != CONNACK || rd_u8(&r) != 2)
		return LOGIN_UNTESTED;
	rd_skip(&r, 1);
	uint8_t code = rd_u8(&r);
	if (code == 0)
		conn_write(c, disconnect, sizeof(disconnect));
	return code == 0                                        ? LOGIN_ACCEPTED
	       : code == BAD_PASSWORD || code == NOT_AUTHORISED ? LOGIN_REFUSED
								: LOGIN_UNTESTED;
}

/* ---- the probe ---- */

/* clang-format off */
static const struct {
	const char *protocol;
	enum login_result (*run)(struct conn *c, const struct credential *k);
	/* The same with a reason; one of the two. */
	enum login_result (*run_telling)(struct conn *c, const struct credential *k,
					 const char **ret_reason);
} ways[] = {
	{ "ftp", login_ftp, NULL },
	{ "http", login_http, NULL },
	{ "mqtt", login_mqtt, NULL },
	{ "mysql", login_mysql, NULL },
	{ "opcua", login_opcua, NULL },
	{ "postgresql", login_postgresql, NULL },
	{ "redis", login_redis, NULL },
	{ "smb", NULL, login_smb },
	{ "ssh", login_ssh, NULL },
	{ "telnet", login_telnet, NULL },
	{ "vnc", login_vnc, NULL },
};
/* clang-format on */

bool login_known(const char *protocol)
{
	for (size_t i = 0; i < countof(ways); i++)
		if (strcmp(ways[i].protocol, protocol) == 0)
			return true;
	return false;
}

static enum ending login_run(struct conn *c, json_t *evidence)
{
	const struct credential *k = conn_credential(c);
	enum login_result result = LOGIN_UNTESTED;
	const char *reason = NULL;

	if (k == NULL)
		return ENDING_LIMIT;
	for (size_t i = 0; i < countof(ways); i++)
		if (strcmp(ways[i].protocol, k->protocol) == 0)
			result = ways[i].run != NULL ? ways[i].run(c, k)
						     : ways[i].run_telling(c, k, &reason);
	note_word(evidence, "result", login_words[result]);
	if (reason != NULL)
		note_word(evidence, "reason", reason);
	return (result == LOGIN_UNTESTED || result == LOGIN_UNASKED) && !conn_ok(c) ? conn_ending(c)
										    : ENDING_DONE;
}

const struct probe probe_login = {
	.name = "login",
	.ports = "",
	.risk = RISK_LOGIN,
	.connections = { 6, 6 }, /* three pages, the login, its proof, the logout */
	.sent = { 24576, 24576 },
	.received = { 524288, 524288 },
	.run = login_run,
};
