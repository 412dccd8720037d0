/* SPDX-License-Identifier: Apache-2.0 */
/* What became of findings, hosts and services between two runs. */
#include "report/words.h"

#include <string.h>

#include "codec/span.h"

struct change_words {
	const char *key;
	struct bilingual text;
};

static const char *look_up(const struct change_words *list, size_t count, const char *key,
			   enum language l)
{
	for (size_t i = 0; key != NULL && i < count; i++)
		if (strcmp(list[i].key, key) == 0)
			return l == LANGUAGE_JA ? list[i].text.ja : list[i].text.en;
	return key != NULL ? key : "";
}

const char *change_text(const char *change, enum language l)
{
	static const struct change_words list[] = {
		{ "new", { "New findings", "新たな検出事項" } },
		{ "reopened", { "Returned after they were fixed", "解消後に再発した検出事項" } },
		{ "unwaived", { "No longer waived", "例外措置が終了し、未解決に戻った検出事項" } },
		{ "severity", { "Severity changed", "重大度が変わった検出事項" } },
		{ "waived", { "Waived since", "新たに例外措置とした検出事項" } },
		{ "fixed", { "Fixed: looked at again and gone", "解消を確認した検出事項" } },
		{ "not-retested",
		  { "Not seen this time, but not looked at again: still open",
		    "今回は未確認のため未解決のままの検出事項" } },
	};

	return look_up(list, countof(list), change, l);
}

const char *host_change_text(const char *change, bool looked, enum language l)
{
	static const struct change_words seen[] = {
		{ "came", { "New hosts", "新たに現れた機器" } },
		{ "went", { "Hosts that no longer answer", "応答しなくなった機器" } },
		{ "moved", { "Hosts at other addresses", "アドレスが変わった機器" } },
	};
	static const struct change_words unseen[] = {
		{ "came",
		  { "Hosts where nobody had looked before", "前回は確認していなかった機器" } },
		{ "went", { "Hosts that were not looked at again", "今回は確認していない機器" } },
	};

	return looked ? look_up(seen, countof(seen), change, l)
		      : look_up(unseen, countof(unseen), change, l);
}

const char *service_change_text(const char *change, bool looked, enum language l)
{
	static const struct change_words seen[] = {
		{ "came", { "Services that opened", "新たに開いたサービス" } },
		{ "went", { "Services that closed", "閉じたサービス" } },
		{ "changed", { "Services that changed", "内容が変わったサービス" } },
	};
	static const struct change_words unseen[] = {
		{ "came",
		  { "Services where nobody had looked before",
		    "前回は確認していなかったサービス" } },
		{ "went",
		  { "Services that were not looked at again", "今回は確認していないサービス" } },
	};

	return looked ? look_up(seen, countof(seen), change, l)
		      : look_up(unseen, countof(unseen), change, l);
}

const char *run_kind_text(const char *kind, enum language l)
{
	static const struct change_words list[] = {
		{ "scan", { "scan", "スキャン" } },
		{ "listen", { "listening", "通信の観測" } },
		{ "reach", { "reachability test", "到達性試験" } },
		{ "outside", { "scan from outside", "外部からのスキャン" } },
	};

	return look_up(list, countof(list), kind, l);
}
