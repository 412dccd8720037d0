/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP: which server it is, whether it offers TLS, which logins it takes without TLS, and whether it
 * would take mail of strangers for other domains.
 *
 * Learnt: the greeting with product and version; STARTTLS, the AUTH mechanisms offered in clear,
 * the size limit; the answer to a recipient elsewhere.
 *
 * Specifications: RFC 5321 3.1, 4.1.1.1 (greeting, EHLO), 4.1.1.2, 4.1.1.3, 4.1.1.5 (MAIL, RCPT, RSET),
 * 4.1.1.10 (QUIT), 4.2 (replies); RFC 3207 (STARTTLS); RFC 4954 3 (AUTH); RFC 1870 (SIZE); RFC 2606 3
 * (example.com belongs to nobody).
 *
 * Sent, each only after the reply to the one before:
 *   QUIT                 the polite end, always last
 * and in full depth only, before it:
 *   EHLO name            opens the session and lists the extensions; the name names tenken
 *   HELO name            only where EHLO is unknown to the server (RFC 5321 3.2)
 * and behind it, in full depth, where strangers may be tried:
 *   MAIL FROM:<>                        the empty sender of reports (RFC 5321 4.5.5): no answer by mail is due
 *   RCPT TO:<postmaster@example.com>    where MAIL was accepted: would it be relayed?
 *   RSET                                where MAIL was accepted: forgets both
 * DATA is never sent, so there is no mail that could be queued, relayed or delivered (RFC 5321 3.3). In
 * limited depth nothing but QUIT is said: the greeting identifies the device.
 * On the port inside TLS the same is asked there, and what was offered before TLS is no question.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/product.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "talk/reply.h"

enum {
	GREETING = 220,
	OK = 250,
	UNAVAILABLE = 421,
	FORWARDED = 251,  /* not ours, but we see to it (RFC 5321 3.4) */
	NOT_YET = 530,    /* RFC 4954 6, RFC 3207 4: a login, or TLS, has to come first */
	NO_SERVICE = 554, /* a host that takes no mail answers so (RFC 5321 3.1) */
};

struct extensions {
	bool starttls;
	bool sized;
	uint64_t size;
	struct span auth; /* "PLAIN LOGIN", empty where there is none */
};

/* ---- readers ---- */

/* FTP greets with the same code, so the greeting must say that it is mail. */
static bool smtp_recognise(struct span greeting)
{
	return span_starts(greeting, "220") && span_find_nocase(greeting, "smtp") >= 0;
}

static bool greeting_is_ftp(const struct reply *r)
{
	struct span text = span_of(r->text, r->length);

	return span_find_nocase(text, "ftp") >= 0 && span_find_nocase(text, "smtp") < 0;
}

static uint64_t read_number(struct span s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.length && s.at[i] >= '0' && s.at[i] <= '9'; i++)
		n = n > INT64_MAX / 10 - 1 ? INT64_MAX / 10 : n * 10 + (s.at[i] - '0');
	return n;
}

/* RFC 5321 4.1.1.1: the first line is the server's name, the others keywords with parameters. */
static struct extensions read_extensions(const struct reply *r)
{
	struct extensions e = { .auth = span_of(r->text, 0) };

	for (size_t i = 1; reply_has_line(r, i); i++) {
		struct span line = span_trim(reply_line(r, i));

		if (span_is_nocase(line, "STARTTLS")) {
			e.starttls = true;
		} else if (span_is_nocase(line, "SIZE") || span_starts_nocase(line, "SIZE ")) {
			e.sized = true;
			e.size = read_number(span_trim(span_from(line, 4)));
		} else if (span_starts_nocase(line, "AUTH ") ||
			   (e.auth.length == 0 && span_starts_nocase(line, "AUTH="))) {
			/* "AUTH=" is a draft's form that some servers repeat for old clients. */
			e.auth = span_trim(span_from(line, 5));
		}
	}
	return e;
}

/* TLS has to come first: what is taken inside it was not told. */
static bool wants_tls(const struct reply *r)
{
	return r->code == NOT_YET && span_find_nocase(span_of(r->text, r->length), "STARTTLS") >= 0;
}

/* ---- writers ---- */

static void note_greeting(json_t *evidence, const struct reply *greeting)
{
	static const char *const names[] = {
		"Postfix",   "Exim",        "Sendmail",   "Microsoft ESMTP MAIL",
		"OpenSMTPD", "hMailServer", "MailEnable", "Haraka",
		"qmail",     "Dovecot",     "Exchange",   "Zimbra",
		"IceWarp",   "MDaemon",     "Kerio",      "Lotus Domino",
		NULL
	};
	struct product p;

	note_reply(evidence, "banner", greeting);
	if (product_find(span_of(greeting->text, greeting->length), names, &p))
		note_product(evidence, &p);
}

static void note_extensions(json_t *evidence, const struct extensions *e, const struct reply *r,
			    bool inside_tls)
{
	json_t *auth = note_list(evidence, "auth");
	json_t *all = note_list(evidence, "extensions");

	for (size_t i = 1; reply_has_line(r, i); i++)
		list_text(all, span_trim(reply_line(r, i)));
	for (struct span rest = e->auth; rest.length > 0;) {
		size_t n = 0;

		while (n < rest.length && rest.at[n] != ' ')
			n++;
		list_text(auth, span_first(rest, n));
		rest = span_trim(span_from(rest, n));
	}
	if (!inside_tls) {
		note_bool(evidence, "starttls", e->starttls);
		note_bool(evidence, "auth_before_tls", e->auth.length > 0);
	}
	if (e->sized)
		note_int(evidence, "size", (json_int_t)e->size);
}

/* ---- conversation ---- */

static bool ask(struct conn *c, const char *command, const char *name, struct reply *ret)
{
	char buffer[300];
	struct writer w = wr_new(buffer, sizeof(buffer));

	wr_text(&w, command);
	wr_text(&w, name);
	wr_text(&w, "\r\n");
	conn_write_span(c, wr_span(&w));
	return reply_read(c, ret);
}

static enum ending leave(struct conn *c)
{
	struct reply bye;

	ask(c, "QUIT", "", &bye);
	return ENDING_DONE;
}

static enum ending broken(struct conn *c)
{
	return conn_ok(c) ? conn_oddity(c, "smtp.reply-malformed") : conn_ending(c);
}

/* Would mail of a stranger go to another domain? A refusal "for now" does not tell. */
static enum ending ask_relay(struct conn *c, json_t *evidence)
{
	struct reply r, forgotten;

	if (!ask(c, "MAIL FROM:<>", "", &r))
		return broken(c);
	bool begun = r.code == OK;
	if (begun && !ask(c, "RCPT TO:<postmaster@example.com>", "", &r))
		return broken(c);
	if (r.code == UNAVAILABLE)
		return ENDING_CLOSED;
	bool accepted = begun && (r.code == OK || r.code == FORWARDED);
	note_int(evidence, "relay_code", r.code);
	if (accepted || (r.code >= 500 && !wants_tls(&r))) {
		note_bool(evidence, "relay", accepted);
		conn_gathered(c, "relay");
	}
	if (begun && !ask(c, "RSET", "", &forgotten))
		return broken(c);
	return ENDING_DONE;
}

static enum ending smtp_run(struct conn *c, json_t *evidence)
{
	struct reply r = { 0 };

	if (!conn_begin(c))
		return conn_ending(c);
	if (!reply_read(c, &r))
		return r.code != 0 || conn_received(c) == 0 ? conn_ending(c) : ENDING_NOT_THIS;
	if ((r.code != GREETING && r.code != UNAVAILABLE && r.code != NO_SERVICE) ||
	    greeting_is_ftp(&r))
		return ENDING_NOT_THIS;
	note_greeting(evidence, &r);
	note_int(evidence, "code", r.code);
	if (conn_tls_wanted(c))
		note_bool(evidence, "tls", true);
	conn_gathered(c, "greeting");
	if (r.code == UNAVAILABLE)
		return ENDING_CLOSED;
	if (r.code == NO_SERVICE)
		return leave(c);
	if (conn_depth(c) == DEPTH_LIMITED) {
		conn_limited(c, "tls");
		conn_limited(c, "auth");
		conn_limited(c, "relay");
		return leave(c);
	}
	bool heard = ask(c, "EHLO ", conn_ehlo(c), &r);
	if (heard && r.code >= 500)
		heard = ask(c, "HELO ", conn_ehlo(c), &r);
	if (!conn_ok(c))
		return conn_ending(c);
	if (!heard)
		return broken(c);
	if (r.code == UNAVAILABLE)
		return ENDING_CLOSED;
	if (r.code != OK)
		return conn_oddity(c, "smtp.ehlo-refused");
	struct extensions e = read_extensions(&r);
	note_extensions(evidence, &e, &r, conn_tls_wanted(c));
	conn_gathered(c, "tls");
	conn_gathered(c, "auth");
	enum ending end = ENDING_DONE;
	if (!conn_anonymous(c))
		conn_limited(c, "relay");
	else
		end = ask_relay(c, evidence);
	return end == ENDING_DONE ? leave(c) : end;
}

static const char smtp_view[] =
	"CREATE TEMP VIEW smtp AS SELECT address, port, evidence->>'$.banner' AS banner,"
	" evidence->>'$.product' AS product, evidence->>'$.version' AS version,"
	" evidence->>'$.starttls' AS starttls, evidence->'$.auth' AS auth,"
	" evidence->>'$.auth_before_tls' AS auth_before_tls,"
	" evidence->>'$.tls' AS tls, evidence->>'$.relay' AS relay,"
	" evidence->>'$.relay_code' AS relay_code"
	" FROM document WHERE probe = 'smtp' AND evidence <> '{}';";

const struct probe probe_smtp = {
	.name = "smtp",
	.ports = "25,587",
	.tls_ports = "465",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 64, 4096 },
	.received = { 8192, 65536 },
	.ot = true,
	.server_first = true,
	.recognise = smtp_recognise,
	.run = smtp_run,
	.view = smtp_view,
};
