/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The levels of the guidelines, in the guidelines' own words, and what may be said of an item that is
 * not kept. None of them says breach: only the mandatory points of the ordinance are law.
 */
#include "judge/judge.h"

#include <string.h>

#include "codec/span.h"

static const struct level_words levels[] = {
	{ "required",
	  { "required", "必須" },
	  { "Differs from what the guideline requires", "ガイドラインの必須事項と相違" } },
	{ "recommended",
	  { "recommended", "推奨" },
	  { "Differs from the recommendation", "推奨事項と相違" } },
	{ "example",
	  { "example", "例示" },
	  { "Differs from the example measure", "例示された対策と相違" } },
	{ "informative",
	  { "informative", "参考" },
	  { "Differs from the explanation", "解説の内容と相違" } },
	/* nisc-handbook */
	{ "reference",
	  { "for reference", "参考情報" },
	  { "Differs from what is given for reference", "参考情報と相違" } },
	{ "consideration",
	  { "point to consider", "考慮事項" },
	  { "Differs from a point to consider", "考慮事項と相違" } },
	/* nisc-measures: the level is the control's, its items are examples. */
	{ "要検討事項",
	  { "matter to be considered", "要検討事項" },
	  { "Differs from an example under a matter to be considered", "要検討事項の例と相違" } },
	{ "参考事項",
	  { "matter for reference", "参考事項" },
	  { "Differs from an example given for reference", "参考事項の例と相違" } },
	/* jama-japia */
	{ "Lv1",
	  { "Lv1", "Lv1" },
	  { "Differs from the industry's guideline (Lv1)", "業界ガイドライン（Lv1）と相違" } },
	{ "Lv2",
	  { "Lv2", "Lv2" },
	  { "Differs from the industry's guideline (Lv2)", "業界ガイドライン（Lv2）と相違" } },
	{ "Lv3",
	  { "Lv3", "Lv3" },
	  { "Differs from the industry's guideline (Lv3)", "業界ガイドライン（Lv3）と相違" } },
	/* Of the site file's decisions, whatever level the guideline gives it. */
	{ "adopted",
	  { "adopted by the operator", "事業者が採用" },
	  { "Differs from what the operator has adopted", "事業者が採用した事項と相違" } },
	{ "none",
	  { "no level", "レベルなし" },
	  { "Differs from the explanation", "解説の内容と相違" } },
};

const struct level_words *level_words(const char *level)
{
	for (size_t i = 0; level != NULL && i < countof(levels); i++)
		if (strcmp(levels[i].level, level) == 0)
			return &levels[i];
	return NULL;
}

bool level_less(const char *level, const char *than)
{
	static const char *const orders[][4] = {
		{ "required", "recommended", "example", "informative" },
		{ "要検討事項", "参考事項" },
	};

	for (size_t i = 0; i < countof(orders); i++) {
		size_t at = countof(orders[i]), of = at;

		for (size_t k = 0; k < countof(orders[i]) && orders[i][k] != NULL; k++) {
			if (strcmp(orders[i][k], level) == 0)
				at = k;
			if (strcmp(orders[i][k], than) == 0)
				of = k;
		}
		if (at < countof(orders[i]) && of < at)
			return true;
	}
	return false;
}
