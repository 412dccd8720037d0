/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telnet: that a terminal is offered in clear, its banner, and whether it asks for a login.
 *
 * Specifications: RFC 854 (commands, the duty to answer), RFC 855 (options, subnegotiation),
 * RFC 1143 (why each request is answered only once).
 *
 * Sent: nothing of our own. Each option request of the server is refused, as RFC 854 lets every
 * client do:
 *   ff fc xx    WON'T xx, the answer to DO xx
 *   ff fe xx    DON'T xx, the answer to WILL xx
 * No user name, no password and no line end is ever sent by the probe. login_telnet(), which main orders
 * by itself, sends one of each and nothing else.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "login.h"
#include "codec/writer.h"

enum {
	SE = 0xf0,
	SB = 0xfa,
	WILL = 0xfb,
	WONT = 0xfc,
	DO = 0xfd,
	DONT = 0xfe,
	IAC = 0xff,
	BANNER_MAX = 4096,
	REQUESTS_MAX = 64, /* answered; a server with more wants to keep us busy */
	ROUNDS_MAX = 32,
	LATER_MS = 3000, /* what follows the first bytes comes soon, or after a name lookup */
};

enum state { STATE_TEXT, STATE_IAC, STATE_VERB, STATE_SB, STATE_SB_IAC };

/* The terminal as heard so far; a command may be split over reads. */
struct terminal {
	enum state state;
	uint8_t verb;
	bool commands;            /* an IAC command was seen */
	uint8_t requested[2][32]; /* bit sets: WILL, DO */
	struct {
		uint8_t verb, option;
	} requests[REQUESTS_MAX];
	size_t count;
	size_t answered;
	uint8_t text[BANNER_MAX];
	size_t length;
};

/* ---- readers ---- */

static void hear_request(struct terminal *t, uint8_t verb, uint8_t option)
{
	uint8_t *seen = &t->requested[verb == DO][option / 8];
	uint8_t bit = (uint8_t)(1U << option % 8);

	if ((verb != DO && verb != WILL) || (*seen & bit) != 0 || t->count == REQUESTS_MAX)
		return;
	*seen |= bit;
	t->requests[t->count].verb = verb;
	t->requests[t->count++].option = option;
}

static void hear_text(struct terminal *t, uint8_t b)
{
	if (b != '\0' && t->length < BANNER_MAX)
		t->text[t->length++] = b;
}

static void hear_byte(struct terminal *t, uint8_t b)
{
	switch (t->state) {
	case STATE_TEXT:
		if (b == IAC)
			t->state = STATE_IAC;
		else
			hear_text(t, b);
		break;
	case STATE_IAC:
		t->state = STATE_TEXT;
		if (b == IAC) {
			hear_text(t, b);
		} else if (b >= WILL) {
			t->verb = b;
			t->state = STATE_VERB;
		} else if (b == SB) {
			t->state = STATE_SB;
		}
		break;
	case STATE_VERB:
		t->state = STATE_TEXT;
		t->commands = true;
		hear_request(t, t->verb, b);
		break;
	case STATE_SB:
		if (b == IAC)
			t->state = STATE_SB_IAC;
		break;
	case STATE_SB_IAC:
		t->state = b == SE ? STATE_TEXT : STATE_SB;
		break;
	}
}

static void hear(struct terminal *t, struct span bytes)
{
	for (size_t i = 0; i < bytes.length; i++)
		hear_byte(t, bytes.at[i]);
}

static struct span heard_text(const struct terminal *t)
{
	return span_trim(span_of(t->text, t->length));
}

static struct span last_line(struct span text)
{
	size_t from = text.length;

	while (from > 0 && text.at[from - 1] != '\n' && text.at[from - 1] != '\r')
		from--;
	return span_from(text, from);
}

/* The terminal waits behind a line such as "login:", "Username:", "Password:", "user name >". */
static bool is_login_prompt(struct span text)
{
	static const char *const words[] = { "login",   "user",  "password",
					     "account", "logon", "passwd" };
	struct span line = last_line(span_trim(text));

	if (line.length == 0 || memchr(":>?", line.at[line.length - 1], 3) == NULL)
		return false;
	for (size_t i = 0; i < countof(words); i++)
		if (span_find_nocase(line, words[i]) >= 0)
			return true;
	return false;
}

/* Text that could stand on a terminal and is no other protocol's greeting. */
static bool is_terminal_text(struct span text)
{
	static const char *const others[] = { "SSH-",  "220",  "+OK",     "* OK",
					      "HTTP/", "RFB ", "@RSYNCD", "-ERR" };

	for (size_t i = 0; i < countof(others); i++)
		if (span_starts(text, others[i]))
			return false;
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] < 0x20 && memchr("\r\n\t\a\b\x1b", text.at[i], 6) == NULL)
			return false;
	return text.length > 0;
}

static bool telnet_recognise(struct span greeting)
{
	struct terminal t = { 0 };

	hear(&t, greeting);
	struct span text = heard_text(&t);
	return (t.commands || is_login_prompt(text)) &&
	       (text.length == 0 || is_terminal_text(text));
}

/* ---- writers ---- */

/* Refuses what was requested since the last time. */
static void say_refusals(struct conn *c, struct terminal *t)
{
	uint8_t buffer[3 * REQUESTS_MAX];
	struct writer w = wr_new(buffer, sizeof(buffer));

	for (; t->answered < t->count; t->answered++) {
		wr_u8(&w, IAC);
		wr_u8(&w, t->requests[t->answered].verb == DO ? WONT : DONT);
		wr_u8(&w, t->requests[t->answered].option);
	}
	conn_write_span(c, wr_span(&w));
}

static void note_terminal(json_t *evidence, const struct terminal *t)
{
	uint8_t line[BANNER_MAX];
	size_t n = 0;
	struct span text = heard_text(t);
	json_t *wills = note_list(evidence, "will");
	json_t *dos = note_list(evidence, "do");

	for (size_t i = 0; i < t->count; i++)
		list_int(t->requests[i].verb == WILL ? wills : dos, t->requests[i].option);
	for (size_t i = 0; i < text.length; i++) { /* each run of blanks becomes one space */
		bool blank = memchr(" \t\r\n", text.at[i], 4) != NULL;

		if (!blank || (n > 0 && line[n - 1] != ' '))
			line[n++] = blank ? ' ' : text.at[i];
	}
	note_text(evidence, "banner", span_of(line, n));
	note_bool(evidence, "login_prompt", is_login_prompt(text));
}

/* ---- conversation ---- */

static enum ending telnet_run(struct conn *c, json_t *evidence)
{
	struct terminal t = { 0 };

	for (unsigned i = 0; i < ROUNDS_MAX && t.length < BANNER_MAX; i++) {
		hear(&t, conn_read_some(c, BANNER_MAX));
		if (!conn_ok(c) || is_login_prompt(heard_text(&t)))
			break;
		say_refusals(c, &t);
		conn_deadline(c, LATER_MS);
	}
	if (conn_received(c) == 0)
		return conn_ending(c);
	struct span text = heard_text(&t);
	bool on_its_port = conn_port(c) == 23 || conn_port(c) == 2323;
	if (text.length > 0 && !is_terminal_text(text))
		return ENDING_NOT_THIS;
	if (!t.commands && !is_login_prompt(text) && !(on_its_port && text.length > 0))
		return ENDING_NOT_THIS;
	note_terminal(evidence, &t);
	conn_gathered(c, "banner");
	return ENDING_DONE;
}

/* ---- one login ---- */

enum step { STEP_USER, STEP_PASSWORD, STEP_OVER };

/* A prompt of a shell or of a device's own commands. */
static bool is_command_prompt(struct span text)
{
	struct span line = span_trim(last_line(text));

	return line.length > 0 && memchr("#$>%]", line.at[line.length - 1], 5) != NULL;
}

/* Listens until the terminal waits for something or stays silent; what it said since the last time. */
static struct span listen_on(struct conn *c, struct terminal *t)
{
	enum { QUIET_MS = 500, SILENT_ROUNDS = 8 };
	unsigned silent = 0;

	t->length = 0;
	for (unsigned i = 0; i < ROUNDS_MAX && silent < SILENT_ROUNDS && t->length < BANNER_MAX;
	     i++) {
		struct span heard = conn_read_quiet(c, BANNER_MAX, QUIET_MS);

		silent = heard.length > 0 ? 0 : silent + 1;
		hear(t, heard);
		say_refusals(c, t);
		if (conn_peer_closed(c) || is_login_prompt(heard_text(t)) ||
		    is_command_prompt(heard_text(t)))
			break;
	}
	return heard_text(t);
}

static bool asks_for_password(struct span text)
{
	struct span line = last_line(text);

	return span_find_nocase(line, "pass") >= 0 || span_find_nocase(line, "pwd") >= 0;
}

static bool speaks_of_refusal(struct span text)
{
	static const char *const words[] = { "incorrect", "fail",      "invalid", "denied",
					     "wrong",     "not valid", "bad ",    "error" };

	for (size_t i = 0; i < countof(words); i++)
		if (span_find_nocase(text, words[i]) >= 0)
			return true;
	return false;
}

/* What the terminal said behind the password. A message of the day may have such words too, so that with a
 * command prompt behind them neither is sure. */
static enum login_result read_result(struct span text)
{
	bool locked = login_speaks_of_lock(text), refused = speaks_of_refusal(text);

	if (is_login_prompt(text))
		return locked ? LOGIN_LOCKED : LOGIN_REFUSED;
	if (is_command_prompt(text))
		return locked || refused ? LOGIN_UNTESTED : LOGIN_ACCEPTED;
	return locked ? LOGIN_LOCKED : refused ? LOGIN_REFUSED : LOGIN_UNTESTED;
}

enum login_result login_telnet(struct conn *c, const struct credential *k)
{
	struct terminal t = { 0 };
	enum step step = k->user[0] != '\0' ? STEP_USER : STEP_PASSWORD;

	if (conn_tls_wanted(c) && !conn_start_tls(c, NULL))
		return LOGIN_UNTESTED;
	for (;;) {
		struct span text = listen_on(c, &t);

		if (step == STEP_OVER) {
			return read_result(text);
		}
		if (!conn_ok(c) || conn_peer_closed(c) || !is_login_prompt(text) ||
		    asks_for_password(text) != (step == STEP_PASSWORD))
			return LOGIN_UNTESTED;
		conn_write_text(c, step == STEP_USER ? k->user : k->password);
		conn_write_text(c, "\r\n");
		step = step == STEP_USER ? STEP_PASSWORD : STEP_OVER;
	}
}

static const char telnet_view[] =
	"CREATE TEMP VIEW telnet AS SELECT address, port, evidence->>'$.banner' AS banner,"
	" evidence->>'$.login_prompt' AS login_prompt"
	" FROM document WHERE probe = 'telnet' AND evidence <> '{}';";

const struct probe probe_telnet = {
	.name = "telnet",
	.ports = "23,2323",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 3 * REQUESTS_MAX, 3 * REQUESTS_MAX },
	.received = { 8192, 8192 },
	.ot = true,
	.server_first = true,
	.recognise = telnet_recognise,
	.run = telnet_run,
	.view = telnet_view,
};
