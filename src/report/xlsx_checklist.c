/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checklist of a guideline: every item in the guideline's own order, what was judged and on what that
 * rests, and columns for a person's answer. What the operator has answered already stands in them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"
#include "report/xlsx_book.h"

enum { COLUMN_ANSWER = 7, PRINTED = 12 };

/* "looked at 34 of 36, 2 findings; the host did not answer" */
static void put_basis(struct sheet *s, struct query *q)
{
	enum language l = s->book->l;
	const char *note = cell(q, l == LANGUAGE_JA ? "note_ja" : "note_en");
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL) {
		s->book->facts->error = -ENOMEM;
		return;
	}
	if (strcmp(cell(q, "assess"), "none") != 0) {
		char numbers[4][24];
		static const char *const names[] = { "checked", "services", "hosts_answering",
						     "hosts" };
		const char *values[4];

		for (int i = 0; i < 4; i++) {
			snprintf(numbers[i], sizeof(numbers[i]), "%" PRId64, cell_int(q, names[i]));
			values[i] = numbers[i];
		}
		put_with(out, put_line, word(W_COVERAGE_TEXT, l), values);
		if (cell_int(q, "findings") > 0)
			fprintf(out, "; %s %" PRId64, word(W_NAV_FINDINGS, l),
				cell_int(q, "findings"));
	}
	if (note != NULL && *note != '\0')
		fprintf(out, "%s%s", ftell(out) > 0 ? "; " : "", note);
	if (fclose(out) == 0)
		cell_put(s, text);
	free(text);
}

static enum look verdict_look(const char *verdict, bool binding)
{
	if (strcmp(verdict, "violated") == 0 || strcmp(verdict, "contradicted") == 0)
		return binding ? LOOK_HIGH : LOOK_MEDIUM;
	if (strcmp(verdict, "hint") == 0 || strcmp(verdict, "admitted") == 0)
		return LOOK_MEDIUM;
	if (strcmp(verdict, "no-violation-observed") == 0 || strcmp(verdict, "attested") == 0)
		return LOOK_GOOD;
	return LOOK_TEXT;
}

static void put_item(struct sheet *s, const struct guideline *g, struct query *q)
{
	enum language l = s->book->l;
	const struct control *control = NULL;
	const struct item *item = guideline_item(g, cell(q, "item"), &control);
	const char *verdict = verdict_shown(cell(q, "verdict"), cell(q, "answer"));
	const char *level = cell(q, "level");
	bool mandatory = cell_int(q, "mandatory") != 0;
	bool binding = mandatory || strcmp(level, "required") == 0;

	cell_put(s, cell(q, "control"));
	cell_put(s, control != NULL ? bilingual_text(&control->title, l) : NULL);
	cell_put(s, cell(q, "item"));
	cell_put(s, item != NULL ? bilingual_text(&item->text, l) : NULL);
	cell_put(s, level_text(level, mandatory, l));
	cell_put_look(s, verdict_text(verdict, item, level, mandatory, l),
		      verdict_look(verdict, binding));
	put_basis(s, q);
	cell_put(s, cell(q, "answer") != NULL ? answer_text(cell(q, "answer"), l) : NULL);
	cell_put(s, cell(q, "answer_evidence"));
	cell_put(s, cell(q, "answer_by"));
	cell_day(s, cell_int(q, "answer_at"));
	cell_put(s, cell(q, "answer_note"));
	cell_day(s, cell_int(q, "answer_until"));
	cell_put(s, item != NULL ? bilingual_text(&item->note, l) : NULL);
}

void sheet_checklist(struct book *b, const struct guideline *g)
{
	static const struct column columns[] = {
		{ W_CONTROL_NO, 10, LOOK_TEXT },
		{ W_CONTROL_HEAD, 20, LOOK_TEXT },
		{ W_ITEM_NO, 13, LOOK_TEXT },
		{ W_ITEM_TEXT, 40, LOOK_TEXT },
		{ W_LEVEL, 8, LOOK_TEXT },
		{ W_VERDICT, 16, LOOK_TEXT },
		{ W_VERDICT_BASIS, 26, LOOK_TEXT },
		{ W_ANSWER, 10, LOOK_FILL },
		{ W_EVIDENCE_REFERENCE, 16, LOOK_FILL },
		{ W_GIVEN_BY, 11, LOOK_FILL },
		{ W_GIVEN_AT, 11, LOOK_FILL },
		{ W_NOTE, 18, LOOK_FILL },
		{ W_UNTIL, 12, LOOK_FILL },
		{ W_GUIDANCE, 60, LOOK_SHORT },
	};
	const char *choices[] = { answer_text("met", b->l), answer_text("not-met", b->l),
				  answer_text("not-applicable", b->l), NULL };
	char *title = NULL, *note = NULL;
	const char *status = bilingual_text(&g->status, b->l);

	if (asprintf(&title, "%s %s", bilingual_text(&g->title, b->l), g->version) < 0 ||
	    asprintf(&note, "%s %s %s%s%s", word(W_TO_FILL, b->l), bilingual_text(&g->terms, b->l),
		     status != NULL ? status : "", status != NULL && *status != '\0' ? " " : "",
		     bilingual_text(&g->source_note, b->l)) < 0) {
		b->facts->error = -ENOMEM;
		return;
	}
	struct sheet s = sheet_new_titled(b, g->id, title, note, columns,
					  sizeof(columns) / sizeof(columns[0]), PRINTED);
	struct query *q = facts_ask(
		b->facts, "SELECT v.*, (SELECT count(*) FROM verdict_finding f WHERE f.guideline ="
			  " v.guideline AND f.item = v.item) AS findings, (SELECT a.note FROM"
			  "  attestation a WHERE a.guideline = v.guideline AND a.item ="
			  "   iif(v.answer_of_control = 1, v.control, v.item)"
			  "   AND coalesce(a.whole, 0) = coalesce(v.answer_of_control, 0)"
			  "   AND a.given_at = v.answer_at AND a.answer = v.answer LIMIT 1)"
			  " AS answer_note FROM verdict v"
			  " WHERE v.guideline = ?1 ORDER BY v.position, v.item");

	if (q != NULL && query_bind_text(q, 1, g->id) < 0)
		b->facts->error = -EIO;
	while (facts_next(b->facts, q))
		if (sheet_row(&s))
			put_item(&s, g, q);
	column_choice(&s, COLUMN_ANSWER, choices);
	sheet_end(&s, PRINTED);
	query_free(q);
	free(note);
	free(title);
}
