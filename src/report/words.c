/* SPDX-License-Identifier: Apache-2.0 */
#include "report/words.h"

#include <string.h>

#include "judge/judge.h"

#define WORD_ROW(name, en, ja) [W_##name] = { en, ja },
static const struct bilingual table[WORD_COUNT] = { WORDS(WORD_ROW) };

const char *const verdict_words[] = { "contradicted", "violated",       "hint",
				      "waived",       "not-run",        "no-violation-observed",
				      "attested",     "not-assessable", NULL };
const char *const severity_words[] = { "critical", "high", "medium", "low", "info", NULL };

static const char *pick(const struct bilingual *b, enum language l)
{
	return l == LANGUAGE_JA ? b->ja : b->en;
}

const char *word(enum word w, enum language l)
{
	return pick(&table[w], l);
}

void put_with(FILE *out, void (*put)(FILE *, const char *), const char *text,
	      const char *const *values)
{
	char part[512];

	for (;;) {
		const char *mark = strstr(text, "%s");
		size_t n = mark != NULL ? (size_t)(mark - text) : strlen(text);

		if (n >= sizeof(part)) /* our own words are shorter */
			n = sizeof(part) - 1;
		memcpy(part, text, n);
		part[n] = '\0';
		put(out, part);
		if (mark == NULL)
			return;
		put(out, *values++);
		text = mark + 2;
	}
}

struct pair {
	const char *key;
	struct bilingual text;
};

static const char *find(const struct pair *list, const char *key, enum language l)
{
	if (key == NULL)
		return "";
	for (; list->key != NULL; list++)
		if (strcmp(list->key, key) == 0)
			return pick(&list->text, l);
	return key;
}

const char *severity_text(const char *severity, enum language l)
{
	static const struct pair list[] = {
		{ "critical", { "critical", "緊急" } }, { "high", { "high", "高" } },
		{ "medium", { "medium", "中" } },       { "low", { "low", "低" } },
		{ "info", { "info", "情報" } },         { NULL, { NULL, NULL } },
	};
	return find(list, severity, l);
}

const char *zone_kind_text(const char *kind, enum language l)
{
	static const struct pair list[] = {
		{ "ot", { "OT", "OT（制御系）" } },
		{ "it", { "IT", "IT（情報系）" } },
		{ "dmz", { "DMZ", "DMZ" } },
		{ "public", { "public", "公開" } },
		{ "unassigned", { "not declared", "未申告" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, kind, l);
}

const char *host_state_text(const char *state, enum language l)
{
	static const struct pair list[] = {
		{ "answering", { "answering", "応答あり" } },
		{ "silent", { "no answer", "応答なし" } },
		{ "absent", { "no such host", "機器なし" } },
		{ "skipped", { "not tried", "未試行" } },
		{ "distress", { "left alone: showed distress", "負荷の兆候があり中止" } },
		{ "all-ports", { "answers on every port", "すべてのポートで応答" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, state, l);
}

const char *answer_text(const char *answer, enum language l)
{
	static const struct pair list[] = {
		{ "met", { "met", "適合" } },
		{ "not-met", { "not met", "不適合" } },
		{ "not-applicable", { "not applicable", "対象外" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, answer, l);
}

const char *level_text(const char *level, bool mandatory, enum language l)
{
	static const struct pair list[] = {
		{ "required", { "required", "必須" } },
		{ "recommended", { "recommended", "推奨" } },
		{ "example", { "example", "例示" } },
		{ "informative", { "informative", "参考" } },
		{ NULL, { NULL, NULL } },
	};
	return mandatory ? word(W_LEVEL_MANDATORY, l) : find(list, level, l);
}

const char *reason_text(const char *reason, enum language l)
{
	static const struct pair list[] = {
		{ "limited in OT", { "limited in OT", "OT のため制限" } },
		{ "not allowed", { "not allowed", "許可されていない" } },
		{ "answers on every port",
		  { "answers on every port", "すべてのポートで応答するため" } },
		{ "excluded", { "excluded", "除外指定" } },
		{ "outside the targets", { "outside the targets", "対象外" } },
		{ "passive only", { "passive only", "受信観測のみ" } },
		{ "public and not owned",
		  { "public and not owned", "公開アドレスで所有の申告なし" } },
		{ "no valid authorisation", { "no valid authorisation", "有効な実施許可なし" } },
		{ "outside the window", { "outside the window", "許可時間帯の外" } },
		{ "not planned", { "not planned", "計画外" } },
		{ "stopped", { "stopped", "中止" } },
		{ "no answer", { "no answer", "応答なし" } },
		{ "distress", { "a host showed distress", "機器に異常の兆候があり中止" } },
		{ "killed", { "the process was killed", "プロセスが強制終了された" } },
		{ "no such host", { "no such host", "その機器は存在しない" } },
		{ "no answer on the first ports",
		  { "no answer on the OT ports and the most common others",
		    "制御系と代表的なポートのいずれにも応答なし" } },
		{ "filtered", { "filtered", "途中で遮断" } },
		{ "risk class listen", { "only listening is allowed", "受信観測のみ許可" } },
		{ "connections take ten times as long as at first",
		  { "connections take ten times as long as at first",
		    "接続にかかる時間が当初の10倍を超えた" } },
		{ "silent after it had answered",
		  { "silent after it had answered", "応答していたが無応答となった" } },
		{ "left in distress",
		  { "left alone because of signs of distress", "異常の兆候があり中止" } },
		{ "worker fault", { "a process of tenken failed here", "tenken の処理異常" } },
		{ "the worker process ended while it spoke with this port",
		  { "the worker process ended while it spoke with this port",
		    "このポートとの通信中に処理プロセスが終了した" } },
		{ "raw print port: nothing is sent",
		  { "raw print port: nothing is sent", "印刷用ポートのため何も送らない" } },
		{ "TCP ports were tried by full connections; UDP was not tried",
		  { "TCP ports were tried by full connections; UDP was not tried",
		    "TCPポートは完全な接続で確認し、UDPは確認していない" } },
		{ "fault", { "a process of tenken failed", "tenken の処理異常" } },
		{ "journal not writable",
		  { "the journal could not be written", "通信記録を書き込めない" } },
		{ NULL, { NULL, NULL } },
	};

	if (reason == NULL)
		return "";
	const char *own = find(list, reason, l);
	return own != reason ? own : judge_reason_text(reason, language_word(l));
}

const char *verdict_text(const char *verdict, const char *level, bool mandatory, enum language l)
{
	static const struct pair list[] = {
		{ "contradicted",
		  { "The operator's answer is contradicted by evidence",
		    "事業者の回答と証拠が矛盾" } },
		{ "hint",
		  { "A hint, not yet a violation", "兆候あり（違反とは確定していません）" } },
		{ "waived", { "Waived: approved exception", "例外措置（承認済み）" } },
		{ "not-run", { "Not run", "未実施" } },
		{ "attested", { "Answered by the operator", "事業者の回答あり" } },
		{ "not-assessable", { "Cannot be seen by a scan", "スキャンでは確認できない" } },
		{ NULL, { NULL, NULL } },
	};
	static const struct bilingual violated = { "Violation observed", "違反を観測" };
	static const struct bilingual not_met = { "Differs from what the guideline requires",
						  "ガイドラインの必須事項と相違" };
	static const struct bilingual differs = { "Differs from the recommendation",
						  "推奨事項と相違" };
	static const struct bilingual example = { "Differs from the example measure",
						  "例示された対策と相違" };
	static const struct bilingual clean = { "No violation observed", "違反は観測されず" };
	static const struct bilingual same = { "No difference observed", "相違は観測されず" };
	bool required = mandatory || (level != NULL && strcmp(level, "required") == 0);

	if (verdict != NULL && strcmp(verdict, "violated") == 0) {
		if (mandatory)
			return pick(&violated, l);
		if (required)
			return pick(&not_met, l);
		return pick(level != NULL && strcmp(level, "example") == 0 ? &example : &differs,
			    l);
	}
	if (verdict != NULL && strcmp(verdict, "no-violation-observed") == 0)
		return pick(required ? &clean : &same, l);
	return find(list, verdict, l);
}

const char *verdict_total_text(const char *verdict, enum language l)
{
	static const struct pair list[] = {
		{ "contradicted", { "answer contradicted", "回答と矛盾" } },
		{ "violated", { "not met", "不適合" } },
		{ "hint", { "hint (not yet a violation)", "兆候（違反とは未確定）" } },
		{ "waived", { "waived", "例外措置" } },
		{ "not-run", { "not run", "未実施" } },
		{ "no-violation-observed", { "no violation observed", "違反は観測されず" } },
		{ "attested", { "answered by the operator", "事業者の回答" } },
		{ "not-assessable", { "not assessable by a scan", "スキャンでは確認不可" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, verdict, l);
}
