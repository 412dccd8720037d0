/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finger: that a host tells strangers of its users.
 *
 * Specification: RFC 1288, 2.3 (query), 2.5.
 *
 * Sent on one connection:
 *   "tenken-nobody\r\n"    the question for one user, who is nobody's
 * The list of users, which an empty question would bring, is not asked for; what a service tells all the
 * same is not kept.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/limits.h"

enum { QUIET_MS = 3000 };

static const char nobody[] = "tenken-nobody\r\n";

/* The name in words of its own, or the heading of a list that some devices answer everything with. */
static const char *read_answer(struct span answer)
{
	struct span text = span_trim(answer);

	for (size_t i = 0; i < answer.length; i++)
		if (answer.at[i] < 0x07 || (answer.at[i] > 0x0d && answer.at[i] < 0x1b))
			return NULL;
	if (span_starts_nocase(text, "Login") || span_starts_nocase(text, "Line ") ||
	    span_starts_nocase(text, "User "))
		return "list";
	/* What says back the question alone is an echo. */
	bool named = span_find_nocase(text, "tenken-nobody") >= 0;
	return named && !span_is(answer, nobody) ? "user" : NULL;
}

static enum ending finger_run(struct conn *c, json_t *evidence)
{
	conn_write_text(c, nobody);
	struct span answer = conn_read_quiet(c, GREETING_MAX, QUIET_MS);
	if (answer.length == 0) {
		(void)conn_read(c, 1); /* how it ended */
		return conn_ok(c) ? ENDING_NOT_THIS : conn_ending(c);
	}
	const char *kind = read_answer(answer);
	if (kind == NULL)
		return ENDING_NOT_THIS;
	note_word(evidence, "answers", kind);
	conn_gathered(c, "answer");
	return ENDING_DONE;
}

static const char finger_view[] =
	"CREATE TEMP VIEW finger AS SELECT address, port, evidence->>'$.answers' AS answers"
	" FROM document WHERE probe = 'finger' AND evidence <> '{}';";

const struct probe probe_finger = {
	.name = "finger",
	.ports = "79",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 32, 32 },
	.received = { 8192, 8192 },
	.run = finger_run,
	.view = finger_view,
};
