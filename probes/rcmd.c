/* SPDX-License-Identifier: Apache-2.0 */
#include "rcmd.h"

#include "codec/evidence.h"

enum {
	REFUSED = 0x01,
	TEXT_BYTES = 256,
	QUIET_MS = 1000, /* the text comes with the byte, or right behind it */
};

static bool is_words(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] < 0x20 && text.at[i] != '\r' && text.at[i] != '\n' &&
		    text.at[i] != '\t')
			return false;
	return span_trim(text).length > 0;
}

enum ending rcmd_hear(struct conn *c, json_t *evidence)
{
	struct span first = conn_read(c, 1);

	if (!conn_ok(c))
		return conn_ending(c);
	if (first.at[0] != REFUSED)
		return ENDING_NOT_THIS;
	struct span text = conn_read_quiet(c, TEXT_BYTES, QUIET_MS);
	if (!is_words(text))
		return ENDING_NOT_THIS;
	note_text(evidence, "refusal", span_trim(text));
	conn_gathered(c, "answer");
	return ENDING_DONE;
}
