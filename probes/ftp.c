/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FTP: which server it is, whether it offers TLS, whether it lets strangers in.
 *
 * Learnt: the greeting with product and version; whether AUTH TLS is offered; whether a login as
 * "anonymous" is accepted.
 *
 * Specifications: RFC 959 4.2 (replies), 5.4 (greeting); RFC 2389 3 (FEAT); RFC 4217 4, 6 (AUTH
 * TLS); RFC 1635 (anonymous FTP).
 *
 * Sent, each only after the reply to the one before:
 *   QUIT                 the polite end, always last
 * and in full depth only, before it:
 *   FEAT                 lists the server's extensions; defined to change nothing
 *   AUTH TLS             only where FEAT is unknown to the server. Where it is accepted, that
 *                        connection is closed without a handshake and a second one goes on
 *   USER anonymous       what the server offers to strangers. No directory is listed and nothing is
 *   PASS tenken@         read or written behind the login
 * On its port inside TLS FEAT and AUTH TLS are left out.
 * In limited depth nothing but QUIT is said: the greeting identifies the device, and an anonymous
 * login needs the site's word.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/product.h"
#include "talk/reply.h"

enum {
	WAIT = 120, /* ready in some minutes; the greeting follows */
	FEATURES = 211,
	GREETING = 220,
	LOGGED_IN = 230,
	TLS_READY = 234,
	PASSWORD_PLEASE = 331,
	UNAVAILABLE = 421,
};

/* ---- readers ---- */

/* SMTP greets with the same code: a server that says it is one is left to that probe. */
static bool ftp_recognise(struct span greeting)
{
	return span_starts(greeting, "220") && greeting.length > 3 &&
	       (greeting.at[3] == ' ' || greeting.at[3] == '-') &&
	       span_find_nocase(greeting, "smtp") < 0;
}

static bool greeting_is_mail(const struct reply *r)
{
	return span_find_nocase(span_of(r->text, r->length), "smtp") >= 0;
}

/* RFC 2389 3.2: " AUTH TLS"; RFC 4217 6 also has " AUTH TLS;TLS-C;SSL;". */
static bool features_offer_tls(const struct reply *r)
{
	for (size_t i = 0; reply_has_line(r, i); i++) {
		struct span line = span_trim(reply_line(r, i));

		if (span_starts_nocase(line, "AUTH ") &&
		    (span_find_nocase(line, "TLS") >= 0 || span_find_nocase(line, "SSL") >= 0))
			return true;
	}
	return false;
}

/* ---- writers ---- */

static void note_greeting(json_t *evidence, const struct reply *greeting)
{
	static const char *const names[] = { "vsFTPd",
					     "ProFTPD",
					     "Pure-FTPd",
					     "FileZilla Server",
					     "Microsoft FTP Service",
					     "Serv-U",
					     "NcFTPd",
					     "bftpd",
					     "Cerberus FTP Server",
					     "Wing FTP Server",
					     "Titan FTP Server",
					     "Nucleus",
					     "VxWorks",
					     NULL };
	struct product p;

	note_reply(evidence, "banner", greeting);
	if (product_find(span_of(greeting->text, greeting->length), names, &p))
		note_product(evidence, &p);
}

/* ---- conversation ---- */

static bool ask(struct conn *c, const char *command, struct reply *ret)
{
	conn_write_text(c, command);
	return reply_read(c, ret);
}

/* What ended the asking: our next question or the server's nonsense. */
static enum ending broken(struct conn *c)
{
	return conn_ok(c) ? conn_oddity(c, "ftp.reply-malformed") : conn_ending(c);
}

static enum ending leave(struct conn *c)
{
	struct reply bye;

	ask(c, "QUIT\r\n", &bye);
	return ENDING_DONE;
}

static bool hear_greeting(struct conn *c, struct reply *ret)
{
	bool heard = conn_begin(c) && reply_read(c, ret);

	if (heard && ret->code == WAIT)
		heard = reply_read(c, ret);
	return heard;
}

static enum ending ask_tls(struct conn *c, json_t *evidence)
{
	struct reply r;

	if (conn_tls_wanted(c)) {
		conn_gathered(c, "tls");
		return ENDING_DONE;
	}
	if (!ask(c, "FEAT\r\n", &r))
		return broken(c);
	bool offered = r.code == FEATURES && features_offer_tls(&r);
	if (r.code != FEATURES) {
		if (!ask(c, "AUTH TLS\r\n", &r))
			return broken(c);
		offered = r.code == TLS_READY;
		if (offered && (!conn_again(c) || !hear_greeting(c, &r)))
			return broken(c);
	}
	note_bool(evidence, "auth_tls", offered);
	conn_gathered(c, "tls");
	return ENDING_DONE;
}

static enum ending ask_anonymous(struct conn *c, json_t *evidence)
{
	struct reply r;

	if (!ask(c, "USER anonymous\r\n", &r))
		return broken(c);
	if (r.code == PASSWORD_PLEASE && !ask(c, "PASS tenken@\r\n", &r))
		return broken(c);
	if (r.code == UNAVAILABLE)
		return ENDING_CLOSED;
	note_bool(evidence, "anonymous", r.code == LOGGED_IN);
	note_int(evidence, "anonymous_code", r.code);
	conn_gathered(c, "anonymous");
	return ENDING_DONE;
}

static enum ending ftp_run(struct conn *c, json_t *evidence)
{
	struct reply r = { 0 };

	if (!hear_greeting(c, &r))
		return r.code != 0 || conn_received(c) == 0 ? conn_ending(c) : ENDING_NOT_THIS;
	if ((r.code != GREETING && r.code != UNAVAILABLE) || greeting_is_mail(&r))
		return ENDING_NOT_THIS;
	note_greeting(evidence, &r);
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	conn_gathered(c, "greeting");
	if (r.code == UNAVAILABLE)
		return ENDING_CLOSED;
	if (conn_depth(c) == DEPTH_LIMITED) {
		conn_limited(c, "tls");
		conn_limited(c, "anonymous");
		return leave(c);
	}
	enum ending e = ask_tls(c, evidence);
	if (e == ENDING_DONE && !conn_anonymous(c))
		conn_limited(c, "anonymous");
	else if (e == ENDING_DONE)
		e = ask_anonymous(c, evidence);
	return e == ENDING_DONE ? leave(c) : e;
}

static const char ftp_view[] =
	"CREATE TEMP VIEW ftp AS SELECT address, port, evidence->>'$.banner' AS banner,"
	" evidence->>'$.product' AS product, evidence->>'$.version' AS version,"
	" evidence->>'$.anonymous' AS anonymous, evidence->>'$.auth_tls' AS auth_tls,"
	" evidence->>'$.tls' AS tls"
	" FROM document WHERE probe = 'ftp' AND evidence <> '{}';";

const struct probe probe_ftp = {
	.name = "ftp",
	.ports = "21,2121",
	.tls_ports = "990",
	.risk = RISK_READ,
	.connections = { 1, 2 },
	.sent = { 64, 4096 },
	.received = { 8192, 65536 },
	.ot = true,
	.server_first = true,
	.recognise = ftp_recognise,
	.run = ftp_run,
	.view = ftp_view,
};
