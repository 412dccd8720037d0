/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict says, in both languages. */
#include "judge/verdict_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct note {
	FILE *en, *ja;
	char *en_text, *ja_text;
	size_t en_size, ja_size;
};

static int note_open(struct note *n)
{
	*n = (struct note){ 0 };
	n->en = open_memstream(&n->en_text, &n->en_size);
	n->ja = open_memstream(&n->ja_text, &n->ja_size);
	return n->en != NULL && n->ja != NULL ? 0 : -ENOMEM;
}

static int note_close(struct note *n)
{
	bool ok = n->en != NULL && fclose(n->en) == 0;

	ok = n->ja != NULL && fclose(n->ja) == 0 && ok;
	n->en = n->ja = NULL;
	return ok ? 0 : -ENOMEM;
}

/* One sentence after another: English is parted by spaces. */
static void say(struct note *n, const char *en, const char *ja)
{
	if (ftell(n->en) > 0)
		fputc(' ', n->en);
	fputs(en, n->en);
	fputs(ja, n->ja);
}

static void say_with(struct note *n, const char *en, const char *en_rest, const char *ja,
		     const char *ja_rest)
{
	say(n, "", "");
	fprintf(n->en, "%c%s%s", en[0] >= 'a' && en[0] <= 'z' ? en[0] - 'a' + 'A' : en[0], en + 1,
		en_rest);
	fprintf(n->ja, "%s%s", ja, ja_rest);
}

static void say_count(struct note *n, size_t count, const char *en_one, const char *en_many,
		      const char *ja)
{
	if (ftell(n->en) > 0)
		fputc(' ', n->en);
	fprintf(n->en, "%zu %s", count, count == 1 ? en_one : en_many);
	fprintf(n->ja, "%zu%s", count, ja);
}

/* A check brings reasons of its own. */
static const char *reason_ja(const struct catalogue *c, const char *reason)
{
	for (size_t i = 0; i < c->check_count; i++)
		if (c->checks[i].seen != NULL && strcmp(c->checks[i].unseen.en, reason) == 0)
			return c->checks[i].unseen.ja;
	return judge_reason_text(reason, "ja");
}

static void say_absent(const struct bench *b, struct note *n, const struct item *item)
{
	const char *comma_en = "", *comma_ja = "";

	say(n, "A check of this item does not exist yet: ", "この項目の検査項目が未対応：");
	for (size_t i = 0; i < item->later.count; i++) {
		if (!verdict_not_yet(b->j->catalogue, item->later.list[i]))
			continue;
		fprintf(n->en, "%s%s", comma_en, item->later.list[i]);
		fprintf(n->ja, "%s%s", comma_ja, item->later.list[i]);
		comma_en = ", ";
		comma_ja = "、";
	}
	fputs(".", n->en);
	fputs("。", n->ja);
}

/* "did not run: a, b (no probe); c (timeout)". */
static void say_not_run(const struct bench *b, struct note *n, const struct item *item,
			const struct outcome *o)
{
	bool some = false, clean = false;

	for (size_t i = 0; i < item->checks.count; i++)
		some |= o->reasons[i] != NULL;
	if (some)
		say(n, "Did not run everywhere: ", "未実施または一部のみ実施：");
	some = false;
	for (size_t i = 0; i < item->checks.count; i++) {
		bool first = o->reasons[i] != NULL;

		for (size_t k = 0; first && k < i; k++)
			first = o->reasons[k] == NULL || strcmp(o->reasons[k], o->reasons[i]) != 0;
		if (!first)
			continue;
		fputs(some ? "; " : "", n->en);
		fputs(some ? "；" : "", n->ja);
		const char *comma_en = "", *comma_ja = "";
		for (size_t k = i; k < item->checks.count; k++) {
			if (o->reasons[k] == NULL || strcmp(o->reasons[k], o->reasons[i]) != 0)
				continue;
			fprintf(n->en, "%s%s", comma_en, item->checks.list[k]);
			fprintf(n->ja, "%s%s", comma_ja, item->checks.list[k]);
			comma_en = ", ";
			comma_ja = "、";
		}
		fprintf(n->en, " (%s)", o->reasons[i]);
		fprintf(n->ja, "（%s）", reason_ja(b->j->catalogue, o->reasons[i]));
		some = true;
	}
	if (some) {
		fputs(".", n->en);
		fputs("。", n->ja);
	}
	if (o->absent != NULL)
		say_absent(b, n, item);
	for (size_t i = 0; i < item->checks.count; i++) {
		if (o->reasons[i] != NULL)
			continue;
		if (clean) {
			fprintf(n->en, ", %s", item->checks.list[i]);
			fprintf(n->ja, "、%s", item->checks.list[i]);
		} else {
			say(n, "Ran clean: ", "実施して検出なし：");
			fputs(item->checks.list[i], n->en);
			fputs(item->checks.list[i], n->ja);
		}
		clean = true;
	}
	if (clean) {
		fputs(".", n->en);
		fputs("。", n->ja);
	}
}

/* The alternatives that are not shown to be absent. */
static void say_alternatives(const struct bench *b, const struct item *item, struct note *n)
{
	bool some = false;

	say(n, "A breach unless an alternative holds: ", "代替措置が成立しない限り不適合：");
	for (size_t i = 0; i < item->alternative_count; i++) {
		const struct words *a = &item->alternatives[i];

		if (alternative_absent(b, a))
			continue;
		fputs(some ? "; or " : "", n->en);
		fputs(some ? "、または" : "", n->ja);
		for (size_t k = 0; k < a->count; k++) {
			fprintf(n->en, "%s%s", k > 0 ? " and " : "", a->list[k]);
			fprintf(n->ja, "%s%s", k > 0 ? "かつ" : "", a->list[k]);
		}
		some = true;
	}
	fputs(".", n->en);
	fputs("。", n->ja);
}

static void say_answer(struct note *n, const struct outcome *o)
{
	static const struct {
		const char *word, *en, *ja;
	} words[] = {
		{ "met", "The operator's answer: met.", "事業者の回答：満たしている。" },
		{ "not-met", "The operator's answer: not met.", "事業者の回答：満たしていない。" },
		{ "not-applicable", "The operator's answer: not applicable.",
		  "事業者の回答：該当しない。" },
	};

	if (!o->answered)
		return;
	if (o->answer.early) {
		say(n, "The operator's answer bears a later day and does not count yet.",
		    "事業者の回答は日付がまだ来ていないため数えない。");
		return;
	}
	if (!o->answer.valid) {
		say(n, "The operator's answer has expired and does not count.",
		    "事業者の回答は期限切れのため数えない。");
		return;
	}
	for (size_t i = 0; i < countof(words); i++)
		if (strcmp(words[i].word, o->answer.word) == 0)
			say(n, words[i].en, words[i].ja);
	if (o->answer.whole)
		say(n, "It was given for the whole control.", "管理策全体に対する回答である。");
	if (o->answer.separation != NULL)
		say_with(n, "separated by ", o->answer.separation->en, "分離の方法：",
			 o->answer.separation->ja);
	if (o->answer.separation != NULL) {
		fputs(".", n->en);
		fputs("。", n->ja);
	}
}

static void say_differs(const char *level, struct note *n)
{
	const struct level_words *w = level_words(level);

	say(n, w != NULL ? w->differs.en : "Differs from the guideline's measure",
	    w != NULL ? w->differs.ja : "ガイドラインの対策と相違");
	fputs("; not a breach of law.", n->en);
	fputs("（法令違反を意味しない）。", n->ja);
}

/* What the operator decided, where that is not the verdict itself. */
static void say_decision(const struct control *control, const struct outcome *o, struct note *n)
{
	if (decided(&o->choice, "decline") && control->mandatory)
		say(n,
		    "The operator has declined it; a requirement of the ministerial ordinance "
		    "cannot be declined, so this does not count.",
		    "事業者は採用しないとしたが、省令が求める措置は不採用にできないため数えない。");
	if (decided(&o->choice, "tighten"))
		say(n, "The operator has tightened this item.",
		    "事業者はこの項目を厳しくしている。");
	if (decided(&o->choice, "tighten") && o->choice.level != NULL) {
		fprintf(n->en, " It is held as: %s.", o->choice.level);
		fprintf(n->ja, "事業者の位置付け：%s。", o->choice.level);
	}
}

static void say_declined(const struct outcome *o, struct note *n)
{
	say(n, "Declined by the operator: ", "事業者は採用しない：");
	fprintf(n->en, "%s.", o->choice.reason != NULL ? o->choice.reason : "-");
	fprintf(n->ja, "%s。", o->choice.reason != NULL ? o->choice.reason : "－");
	if (o->open > 0)
		say_count(n, o->open, "open finding stays a finding.",
			  "open findings stay findings.", "件の検出はそのまま検出として残る。");
}

static void say_violated(const struct item *item, const struct control *control,
			 const struct outcome *o, struct note *n)
{
	if (item->polarity == POLARITY_DEFICIENCY) {
		say_count(n, o->open, "open finding: the described deficiency is seen.",
			  "open findings: the described deficiency is seen.",
			  "件の検出：ここに記された不備が見られる。");
		return;
	}
	say_count(n, o->open, "open finding.", "open findings.", "件の検出。");
	if (control->mandatory)
		say(n, "This is a requirement of the ministerial ordinance.",
		    "省令が求める措置である。");
	else if (decided(&o->choice, "adopt") || decided(&o->choice, "tighten"))
		say_differs("adopted", n);
	else if (strcmp(control->level, "required") != 0)
		say_differs(control->level, n);
}

static void say_outcome(const struct bench *b, size_t place, struct note *n)
{
	const struct item *item = b->items[place];
	const struct outcome *o = &b->outcomes[place];

	switch (o->verdict) {
	case VERDICT_DECLINED:
		say_declined(o, n);
		break;
	case VERDICT_CONTRADICTED:
		if (answered_in_vain(o))
			say_with(n, o->answer.separation->en,
				 " does not count as physical separation.",
				 o->answer.separation->ja, "は物理的な分離とみなされない。");
		if (o->open == 0)
			break;
		say_count(n, o->open, "open finding is evidence against the operator's answer.",
			  "open findings are evidence against the operator's answer.",
			  "件の検出が事業者の回答と矛盾する。");
		break;
	case VERDICT_VIOLATED:
		say_violated(item, b->controls[place], o, n);
		break;
	case VERDICT_HINT:
		if (o->refuted) {
			say_count(n, o->open, "open finding: this alternative does not hold.",
				  "open findings: this alternative does not hold.",
				  "件の検出：この代替措置は成立していない。");
			say(n, "That is no breach by itself; the main requirement applies.",
			    "それ自体は不適合ではなく、本来の要件が適用される。");
			break;
		}
		if (item->polarity == POLARITY_DEFICIENCY)
			say_count(n, o->open,
				  "open finding points to the described deficiency, to be "
				  "confirmed by a person.",
				  "open findings point to the described deficiency, to be "
				  "confirmed by a person.",
				  "件の検出が、ここに記された不備を示唆する。人による確認が必要。");
		else
			say_count(
				n, o->open,
				"open finding is evidence against it, to be confirmed by a person.",
				"open findings are evidence against it, to be confirmed by a "
				"person.",
				"件の検出が不適合を示唆する。人による確認が必要。");
		if (o->inferred == o->open)
			say(n,
			    "What it rests on is not certain (a port's number alone, inferred "
			    "data, "
			    "support that may have been paid for): see the finding.",
			    "根拠は確実ではない（ポート番号だけの判断、推定したデータ、有償延長の可"
			    "能性"
			    "など。検出の内容を参照）。");
		if (o->alternatives_open)
			say_alternatives(b, item, n);
		break;
	case VERDICT_WAIVED:
		say_count(n, o->waived, "finding, under a valid waiver.",
			  "findings, all under a valid waiver.",
			  "件の検出はすべて有効な例外措置の対象。");
		break;
	case VERDICT_NOT_RUN:
		say_not_run(b, n, item, o);
		break;
	case VERDICT_CLEAN:
		if (item->polarity == POLARITY_DEFICIENCY)
			say(n, "All of its checks ran: the described deficiency was not seen.",
			    "すべての検査項目を実施し、ここに記された不備は見られなかった。");
		else
			say(n, "All of its checks ran and found nothing.",
			    "すべての検査項目を実施し、検出なし。");
		if (item->assess == ASSESS_INDIRECT)
			say(n,
			    "A scan sees this item only in part; it does not show that it is met.",
			    "スキャンで確認できるのはこの項目の一部であり、満たしていることを示すも"
			    "ので"
			    "はない。");
		break;
	case VERDICT_ATTESTED:
		break;
	case VERDICT_NOT_ASSESSABLE:
		if (item->untreated) {
			say(n,
			    "The source of this profile does not treat this control: what it asks "
			    "is "
			    "not known here, and it was not assessed.",
			    "このプロファイルの出典はこの項目を扱っていない。求める内容は不明であり"
			    "、"
			    "評価していない。");
			break;
		}
		say(n, "A scan cannot see this; the operator's answer is needed.",
		    "スキャンでは確認できない。事業者の回答が必要。");
		break;
	}
	bool found = o->verdict == VERDICT_VIOLATED || o->verdict == VERDICT_HINT ||
		     o->verdict == VERDICT_CONTRADICTED;
	if (found && o->waived > 0)
		say_count(n, o->waived, "more under a waiver.", "more under a waiver.",
			  "件は例外措置の対象。");
	if ((found || o->verdict == VERDICT_WAIVED) && o->unknown > 0)
		say_count(n, o->unknown, "more on an asset that may belong here.",
			  "more on assets that may belong here.",
			  "件は対象かどうか不明な資産での検出。");
	say_decision(b->controls[place], o, n);
	say_answer(n, o);
}

int verdict_note(const struct bench *b, size_t place, char **ret_en, char **ret_ja)
{
	struct note n;
	int r = note_open(&n);

	if (r >= 0)
		say_outcome(b, place, &n);
	if (note_close(&n) < 0)
		r = -ENOMEM;
	*ret_en = n.en_text;
	*ret_ja = n.ja_text;
	return r;
}
