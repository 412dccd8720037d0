/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that the store holds, on its way into an export. */
#include "codec/compact.h"
#include "report/text.h"

bool put_document(FILE *out, const char *text)
{
	if (text == NULL || compact_json(text)) {
		fputs_unlocked(text != NULL ? text : "null", out);
		return true;
	}
	json_t *v = text_parsed(text);
	bool good = v != NULL && json_dumpf(v, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0;

	json_decref(v);
	return good || ferror(out);
}
