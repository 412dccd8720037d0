/* SPDX-License-Identifier: Apache-2.0 */
/* Words that stand on the HTML page only: its answer, map, audience views and tools. Part of words.h. */
#ifndef TENKEN_REPORT_WORDS_PAGE_H
#define TENKEN_REPORT_WORDS_PAGE_H

/* clang-format off */
#define PAGE_WORDS(X) \
	/* the frame */ \
	X(SKIP, "Skip to the report", "本文へ移動") \
	X(VIEW, "View for", "読み手") \
	X(VIEW_ALL, "everybody", "すべて") \
	X(VIEW_MANAGEMENT, "management", "経営層") \
	X(VIEW_IT, "IT", "情報系担当") \
	X(VIEW_OT, "OT", "制御系担当") \
	X(VIEW_AUDITOR, "auditor", "監査") \
	X(NAV_MAP, "Map", "構成図") \
	X(NAV_TREND, "Trend", "推移") \
	X(NAV_OT, "OT", "制御系") \
	X(NAV_GAP, "Current and target", "現状と目標") \
	X(NAV_PLAN, "Answers and plan", "回答と計画") \
	X(NAV_SENT, "What was sent", "送信記録") \
	X(NAV_SCAN, "This inspection", "点検の条件") \
	X(OPEN_ALL, "Open all sections", "すべて開く") \
	X(CLOSE_ALL, "Close all", "すべて閉じる") \
	X(SEARCH, "Show rows with", "絞り込み（アドレス・名称など）") \
	X(SEARCH_COUNT, "rows shown:", "表示中の行：") \
	/* the answer */ \
	X(ANSWER_CRITICAL, "Act now: %s machines or places have critical gaps.", "すぐに対応が必要です：重大度「緊急」の事項が %s か所にあります。") \
	X(ANSWER_CRITICAL_ONE, "Act now: one machine or place has a critical gap.", "すぐに対応が必要です：重大度「緊急」の事項が 1 か所にあります。") \
	X(ANSWER_HIGH, "Act soon: nothing critical, but %s machines or places have serious gaps.", "早めの対応が必要です：「緊急」はありませんが、重大度「高」の事項が %s か所にあります。") \
	X(ANSWER_HIGH_ONE, "Act soon: nothing critical, but one machine or place has a serious gap.", "早めの対応が必要です：「緊急」はありませんが、重大度「高」の事項が 1 か所にあります。") \
	X(ANSWER_LOW, "Improve by plan: nothing critical or high was found; %s machines or places have lesser gaps.", "計画的に改善してください：「緊急」「高」はなく、より軽い事項が %s か所にあります。") \
	X(ANSWER_LOW_ONE, "Improve by plan: nothing critical or high was found; one machine or place has a lesser gap.", "計画的に改善してください：「緊急」「高」はなく、より軽い事項が 1 か所にあります。") \
	X(ANSWER_NONE, "Nothing was found in what was looked at. Read below what was not looked at.", "点検した範囲では検出事項はありません。点検していない範囲を下で確認してください。") \
	X(ANSWER_HONEST, "A finding says what is possible. It does not say that somebody has done it, nor that a law was broken.", "検出事項は「起こり得ること」を示します。被害があったこと、法令に違反したことを意味しません。") \
	X(WHAT_IS_WRONG, "What is wrong, and what it can cause", "何が問題で、何が起こり得るか") \
	X(PLACES, "%s machines or places", "%s か所") \
	X(PLACES_ONE, "1 machine or place", "1 か所") \
	X(OF_THESE, ", of these ", "、うち") \
	X(FIRST_ACTIONS, "What to do first", "まず行うこと") \
	X(HEALS, "Heals %s findings on %s machines or places.", "%s 件（%s か所）が解消します。") \
	X(HEALS_ONE, "Heals one finding.", "1 件が解消します。") \
	X(HEALS_AT, "Heals %s findings at one place.", "%s 件（1 か所）が解消します。") \
	X(WITH_OT, "control equipment", "制御機器を含む") \
	X(OT_CAUTION, "Control equipment: agree the time with operation, ask the maker, keep a backup and a way back, and try it on a spare first. Never change it from this report alone.", \
	  "制御機器への作業は、運転部門と日時を決め、製造者に確認し、バックアップと元に戻す手順を用意し、予備機で試してから行ってください。この報告書だけを根拠に変更しないでください。") \
	X(OWNER, "Owner", "担当") \
	X(DUE, "Due", "期限") \
	X(MORE_ACTIONS, "%s more kinds of findings follow under Findings.", "このほか %s 種類は「検出事項」にあります。") \
	X(NOT_LOOKED_AT, "What was not looked at", "点検していないこと") \
	X(SERVICE_WATER, "the water supply", "給水") \
	X(SERVICE_PORT, "cargo handling", "荷役") \
	X(SERVICE_FACTORY, "production", "生産") \
	X(SERVICE_ANY, "the service", "業務") \
	/* the map */ \
	X(MAP_TITLE, "Zones, and what passes between them", "ゾーンと、その間の通信") \
	X(MAP_SAME, "The tables below say the same in words.", "図と同じ内容を下の表に示します。") \
	X(MAP_NOTHING, "No zone was declared and no machine answered: there is nothing to draw.", "ゾーンの申告も応答した機器もないため、図はありません。") \
	X(INTERNET, "Internet", "インターネット") \
	X(NOT_DECLARED_ZONE, "in no declared zone", "ゾーンの申告なし") \
	X(MACHINE, "machine", "台") \
	X(MACHINES, "machines", "台") \
	X(HOSTS_WORD, "Machines", "機器") \
	X(DOT_IS, "1 dot: %s machines", "1点＝%s台") \
	X(MAP_TABLE, "Ways between zones", "ゾーン間の経路") \
	X(MAP_WAY, "No.", "番号") \
	X(MAP_STATE, "State", "区分") \
	X(MAP_WHAT, "What", "内容") \
	X(WAY_FORBIDDEN, "not allowed, but open or used", "許可していないのに通っている") \
	X(WAY_UNKNOWN, "used; nobody declared what is allowed", "使われている（許可の申告なし）") \
	X(WAY_ALLOWED, "allowed and used", "許可済み・使用中") \
	X(WAY_UNUSED, "allowed, not seen in use", "許可済み・使用は未確認") \
	X(WAY_OUTSIDE, "contact with the Internet", "インターネットとの通信") \
	X(WAY_OUTSIDE_OT, "contact with the Internet from a network that must be closed", "閉域であるべき網からのインターネット通信") \
	X(WAY_AROUND, "machine that leads out past the declared way", "申告外の出口になっている機器") \
	X(WAYS_MORE, "%s more ways are not drawn; each is among the findings or in the export.", "このほか %s 本は図にありません。検出事項またはエクスポートを見てください。") \
	X(ZONES_MORE, "%s more zones are not drawn.", "このほか %s ゾーンは図にありません。") \
	X(WAY_SEEN, "traffic seen", "通信を観測") \
	X(WAY_TESTED, "a test got through", "試験で到達") \
	X(WAY_SCANNED, "open to the scan", "スキャンで到達") \
	X(WAY_DECLARED, "declared", "申告") \
	X(LEGEND_DOT, "a machine, coloured by its worst finding", "機器（最も重い検出事項の色）") \
	X(LEGEND_OT, "control equipment", "制御機器") \
	X(NO_FINDING, "no finding", "検出なし") \
	/* controls */ \
	X(CHAPTER, "Chapter %s", "第%s章") \
	X(ANNEX, "Annex %s", "附属書%s") \
	X(SOURCE_LACKS, "About the source, and what it lacks", "出典についての注記と、含まれないもの") \
	/* trend */ \
	X(SINCE, "Since the report before:", "前回の報告以降：") \
	X(MITIGATED, "mitigated", "解消") \
	X(NEW_FINDINGS, "new", "新規") \
	X(REDETECTED, "detected again", "再検出") \
	X(OPEN_BY_RUN, "Open findings from inspection to inspection, the gravest at the foot", "未解決の検出事項の推移（下ほど重い）") \
	X(RUNS, "Inspections", "点検ごとの件数") \
	X(OPEN_CRITICAL, "of them critical", "うち緊急") \
	X(OPEN_HIGH, "of them high", "うち高") \
	X(UNSEEN, "not looked at again", "今回は未確認") \
	X(FIX_TIME, "Days until fixed", "解消までの日数") \
	X(MEDIAN_DAYS, "Median of days", "中央値（日）") \
	X(MEDIAN_AGE, "Median age of the open ones", "未解決の経過日数（中央値）") \
	X(OLDEST, "Oldest", "最長") \
	/* current and target */ \
	X(GAP_NOTE, "People set these words; nothing here is computed. What was seen stands beside them.", "現状と目標は人が定めたものです。計算した値はなく、観測結果は参考として並べています。") \
	X(CURRENT, "Current", "現状") \
	X(TARGET_PROFILE, "Target", "目標") \
	X(SEEN_BESIDE, "Seen", "観測結果") \
	X(PRIORITY, "Priority", "優先度") \
	X(REACHED, "reached", "到達") \
	X(TIERS, "Tiers", "ティア") \
	X(AREA, "Area", "領域") \
	/* answers and plan */ \
	X(TREATMENTS, "What is going to be done", "対応の計画") \
	X(ACTION, "Action", "対応") \
	X(STATE, "State", "状態") \
	X(SET_BY_SITE, "set by the site", "サイトの指定") \
	X(BY_DEFAULT, "tenken's default", "tenkenの既定値") \
	X(NOT_SET, "not set", "未設定") \
	X(SET_BY, "From", "根拠") \
	X(LATE, "overdue", "期限超過") \
	X(APPLICANT, "Asked for by", "申請者") \
	X(CLAUSE, "Clause of the rules", "対象となる規程の条項") \
	X(IMPACT, "What it affects", "影響") \
	X(CLOSING, "How its end is reported", "終了の報告方法") \
	X(PERIOD, "From, until", "期間") \
	X(RELIES_ON, "Holds while these stay clean", "前提（検出なしが条件）") \
	X(MEASURES, "Compensating measures", "代替措置") \
	X(MEASURE, "Measure", "措置") \
	X(SAID_DONE, "said to be done, but found again", "実施済みとされているが検出") \
	X(WAIVER_INCOMPLETE, "The waiver lacks fields and does not hold", "例外措置は記載が不足しており無効") \
	X(WAIVER_CONTRADICTED, "What the waiver relies on does not hold", "例外措置の前提が崩れている") \
	X(WAIVER_FUTURE, "The waiver holds only later", "例外措置は期間前") \
	X(NOT_YET, "holds only later", "期間前") \
	X(CONTRADICTED, "what was seen speaks against it", "観測結果と食い違い") \
	X(PROOF, "Proof kept at", "証跡") \
	X(DECISIONS, "Decisions about items", "項目の採否") \
	X(DECISION, "Decision", "判断") \
	X(TO_WHAT, "Level", "水準") \
	X(THRESHOLDS, "Thresholds that the guideline leaves open", "ガイドラインが定めていない数値") \
	X(VALUE, "Value", "値") \
	/* control equipment */ \
	X(OT_INTRO, "%s machines were handled as control equipment: one connection at a time, closed properly, with requests that only read. %s of their services were not looked at further for their sake; %s machines showed distress and were left alone.", \
	  "%s 台を制御機器として扱い、接続は1本ずつ、正しく終了し、読み出しの要求だけを送りました。そのため詳しく調べなかったサービスは %s 件、負荷の兆候があり点検を中止した機器は %s 台です。") \
	X(OT_FOUND, "Found on control equipment", "制御機器で検出した事項") \
	X(OT_SPOKEN, "What it offers on the network", "ネットワークに提供しているサービス") \
	/* machines */ \
	X(CLASS_TERMINAL, "Terminals", "端末") \
	X(CLASS_SERVER, "Servers", "サーバ") \
	X(CLASS_NETWORK, "Network devices", "通信回線装置") \
	X(CLASS_SPECIAL, "Special-purpose devices, control equipment included", "特定用途機器（制御機器を含む）") \
	X(CLASS_UNKNOWN, "Of unknown kind", "種別不明") \
	/* what was sent */ \
	X(SENT_TO, "By machine", "機器ごと") \
	X(EXPORTED, "Results given to trackers", "課題管理などへ渡した結果") \
	X(TARGET_OF, "To", "渡し先")

/* clang-format on */

#endif
