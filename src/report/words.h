/* SPDX-License-Identifier: Apache-2.0 */
/* The words of reports in both languages. They are data, not messages: one page carries both. */
#ifndef TENKEN_REPORT_WORDS_H
#define TENKEN_REPORT_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "judge/catalogue.h"
#include "report/words_page.h"

/* clang-format off */
#define WORDS(X) \
	/* the page */ \
	X(REPORT_TITLE, "Network inspection report", "ネットワーク点検報告書") \
	X(NAV_SUMMARY, "Summary", "概要") \
	X(NAV_FINDINGS, "Findings", "検出事項") \
	X(NAV_CONTROLS, "Controls", "対策項目") \
	X(NAV_HOSTS, "Hosts", "機器") \
	X(NAV_COVERAGE, "Coverage", "スキャン範囲") \
	X(NAV_RECORDS, "Records", "記録") \
	X(PRINT_NOTE, "Closed sections are not printed: open those that belong on paper.", \
	  "閉じている節は印刷されません。紙に残す節は開いてから印刷してください。") \
	/* the scan */ \
	X(SITE, "Site", "施設") \
	X(VANTAGE, "Seen from", "観測地点") \
	X(ZONE, "Zone", "ゾーン") \
	X(STARTED, "Started", "開始") \
	X(FINISHED, "Finished", "終了") \
	X(NOT_FINISHED, "never", "未完了") \
	X(STATUS, "Status", "状態") \
	X(DONE, "Complete", "完了") \
	X(INCOMPLETE, "INCOMPLETE", "未完了（途中終了）") \
	X(INCOMPLETE_TEXT, \
	  "This scan ended before everything planned was done. What it found stands; what it did not reach is not clean.", \
	  "このスキャンは計画をすべて終える前に終了しました。検出された事項は有効ですが、未到達の範囲は「問題なし」を意味しません。") \
	X(KILLED, "the scan was killed or is still running", "強制終了されたか、まだ実行中です") \
	X(AUTHORISATION, "Authorised by", "実施許可") \
	X(AUTHORISATION_NONE, "not stated", "記載なし") \
	X(PROFILE, "Profile", "プロファイル") \
	X(TARGETS, "Targets", "対象") \
	X(EXCLUDED, "Excluded", "除外") \
	X(PORTS, "Ports planned", "対象ポート") \
	X(RISK, "Risk class", "リスク区分") \
	X(MADE_BY, "Made by", "作成") \
	X(TIMES_IN, "Times are in", "時刻の表示") \
	X(CONTACT, "contact", "連絡先") \
	/* summary */ \
	X(HOSTS_ANSWERING, "Hosts answering", "応答した機器") \
	X(HOSTS_HEARD, "Hosts known by their traffic alone", "通信の観測だけで確認した機器") \
	X(OF_TRIED, "of %s addresses tried", "／ 試行したアドレス %s") \
	X(OPEN_SERVICES, "Open services", "開いているサービス") \
	X(OPEN_FINDINGS, "Open findings", "未解決の検出事項") \
	X(WAIVED_FINDINGS, "waived", "例外措置") \
	X(FIXED_FINDINGS, "fixed since", "解消") \
	X(REOPENED, "returned", "再発") \
	X(NEW, "new", "新規") \
	X(WORST_FIRST, "Worst first", "深刻な順") \
	X(NO_FINDINGS, "No finding. See what was covered before reading this as clean.", \
	  "検出事項はありません。「問題なし」と読む前にスキャン範囲を確認してください。") \
	X(MORE, "and %s more", "ほか %s 件") \
	X(MORE_SERVICE, "and %s more service", "ほか %s 件") \
	X(MORE_SERVICES, "and %s more services", "ほか %s 件") \
	X(VERDICTS, "Verdicts by guideline", "ガイドライン別の判定") \
	X(MANDATORY_POINTS, "Mandatory points (ministerial ordinance)", "義務事項（省令）") \
	X(OTHER_CONTROLS, "Other items of the guideline (no legal requirement)", "ガイドラインのその他の項目（法令上の義務ではない）") \
	X(ITEMS, "items", "項目") \
	X(LIMITS_TITLE, "What this report cannot say", "この報告書では判断できないこと") \
	X(LIMITS_NOT_ASSESSABLE, \
	  "%s items cannot be seen by a scan. They are open until the operator answers them.", \
	  "%s 項目はスキャンでは確認できません。事業者の回答があるまで未判定です。") \
	X(LIMITS_NOT_RUN, "%s items were not judged because a check behind them did not run everywhere.", \
	  "%s 項目は、関係する検査項目が一部または全部実施されなかったため判定していません。") \
	X(LIMITS_CHECKS, "%s checks did not run at all, %s only in part.", \
	  "検査項目 %s 件は未実施、%s 件は一部のみ実施しました。") \
	X(LIMITS_CLEAN, "\"No violation observed\" and \"No difference observed\" speak of what was covered at that time, nothing else.", \
	  "「違反は観測されず」「相違は観測されず」は、その時点でスキャンした範囲についてのみ述べるものです。") \
	X(LIMITS_STALE, "Data about end of support or vulnerabilities is older than 90 days: %s. What became known since is not in it.", \
	  "サポート期限や脆弱性のデータが90日より古くなっています（%s）。その後に分かったことは反映されていません。") \
	X(LIMITED_HEAD, "Limited or not run", "制限または未実施") \
	X(CHECKS_NONE, "Checks not run", "未実施の検査項目") \
	X(STALE_DATA, "Offline data older than 90 days (days)", "90日より古いオフラインデータ（経過日数）") \
	X(CHECKS_PART, "Checks run in part", "一部実施の検査項目") \
	X(REPORT_AT, "Report", "報告書") \
	X(STORE_AT, "Store", "保存先") \
	/* findings */ \
	X(CHECK, "Check", "検査項目") \
	X(SEVERITY, "Severity", "重大度") \
	X(ASSET, "Asset", "資産") \
	X(ADDRESS, "Address", "アドレス") \
	X(DETAIL, "Detail", "詳細") \
	X(EVIDENCE, "Evidence", "証拠") \
	X(REMEDY, "Remedy", "対処") \
	X(FIRST_SEEN, "First seen", "初回検出") \
	X(LAST_SEEN, "Last seen", "最終検出") \
	X(COUNTS_AGAINST, "Counts against", "関係する項目") \
	X(NO_ITEM, "no item of the judged guidelines names this check", "この検査項目を挙げるガイドライン項目はありません") \
	X(WAIVED, "Waived", "例外措置") \
	X(WAIVER_EXPIRED, "The waiver has expired", "例外措置は期限切れです") \
	X(GONE_TITLE, "Earlier findings not found this time", "前回までの検出事項のうち今回検出されなかったもの") \
	X(GONE_FIXED, "Fixed", "解消") \
	X(GONE_NOT_RETESTED, "Not tested again", "今回は未確認") \
	/* controls */ \
	X(SHOW, "Show", "表示") \
	X(SHOW_ALL, "all", "すべて") \
	X(SHOW_AGAINST, "with evidence against", "相違・兆候あり") \
	X(SHOW_NOT_RUN, "not run", "未実施") \
	X(SHOW_CLEAN, "no violation or difference observed", "違反・相違は観測されず") \
	X(SHOW_PERSON, "for a person to answer", "人の回答が必要") \
	X(COVERED, "Covered", "範囲") \
	X(COVERAGE_TEXT, "%s of %s looked at; %s of %s hosts answered", "%s／%s を確認、機器 %s／%s が応答") \
	X(CHECKS_RAN, "Ran", "実施") \
	X(CHECKS_NOT_RUN, "Not run, or not everywhere", "未実施または一部のみ") \
	X(ANSWER, "Operator's answer", "事業者の回答") \
	X(UNTIL, "until", "期限") \
	X(ASKED, "Asked for", "求める値") \
	X(CONCERNS, "Concerns", "対象") \
	X(ORIGIN, "Source", "出典") \
	X(LEVEL_MANDATORY, "mandatory", "義務") \
	X(LEVEL_NOTE, \
	  "Only the mandatory points are law. Everything else is what the guideline recommends or gives as an example; differing from it is not a breach of law.", \
	  "法令上の義務は義務事項のみです。その他はガイドラインの推奨または例示であり、相違は法令違反を意味しません。") \
	X(NO_GUIDELINES, "No guideline was judged.", "判定したガイドラインはありません。") \
	/* hosts */ \
	X(HOST_STATE, "State", "状態") \
	X(ROLE, "Role", "役割") \
	X(SERVICES, "Services", "サービス") \
	X(MAC_VENDOR, "MAC, maker", "MAC・メーカー") \
	X(HANDLED_AS, "handled as", "取扱い") \
	X(SILENT_HEAD, "Addresses without an answer, or not tried to the end", "応答のなかったアドレス、最後まで調べられなかったアドレス") \
	X(COUNT, "Count", "件数") \
	X(REASON, "Reason", "理由") \
	X(NOTHING_OPEN, "nothing open", "開いているポートなし") \
	X(PORTS_INCOMPLETE, "not all planned ports were tried", "計画したポートの一部は未試行") \
	X(SAME_MACHINE, "same machine as", "同じ機器のアドレス") \
	X(ALSO_AT, "also at", "同じ資産の別アドレス") \
	X(PROBABLE, "probable", "推定") \
	X(FIRMWARE, "firmware", "ファームウェア") \
	X(SERIAL, "serial no.", "製造番号") \
	X(OT_SIGN, "OT sign", "OT の兆候") \
	X(NO_HOSTS, "No host answered.", "応答した機器はありません。") \
	/* coverage */ \
	X(RAN, "Ran", "実施") \
	X(RAN_PARTLY, "Ran in part", "一部実施") \
	X(NOT_RUN, "Not run", "未実施") \
	X(LOOKED_AT, "Looked at", "確認数") \
	X(FOUND, "Found", "検出") \
	X(CHECKS, "checks", "検査項目") \
	X(SERVICES_LIMITED, "Services that were not looked at further", "詳しく調べなかったサービス") \
	/* the table of vulnerabilities of mlit-water 5.1.3.6 */ \
	X(VULNERABILITIES, "Vulnerabilities", "脆弱性一覧") \
	X(VULN_SYSTEM, "System", "対象システム") \
	X(VULN_ADDRESS, "Address", "アドレス") \
	X(VULN_PRODUCT, "Product and version", "製品・バージョン") \
	X(VULN_NAME, "Vulnerability", "脆弱性") \
	X(VULN_CVES, "CVE", "CVE") \
	X(VULN_TITLE, "Title", "概要") \
	X(VULN_CVSS, "CVSS", "CVSS") \
	X(VULN_EXPLOITED, "Known to be exploited", "悪用の確認") \
	X(VULN_APPLICABLE, "Can the patch be applied", "パッチ適用可否") \
	X(VULN_WHEN, "When", "適用時期") \
	X(VULN_STATE, "State", "対応状況") \
	X(VULN_OWNER, "Owner", "担当") \
	X(VULN_INSTEAD, "Measure in its place", "代替措置") \
	X(VULN_SOURCE, "Source", "情報源") \
	X(VULN_FINGERPRINT, "Fingerprint", "フィンガープリント") \
	X(OFFLINE_DATA, "Offline data: end of support and known vulnerabilities", "オフラインデータ（サポート期限・既知の脆弱性）") \
	X(DATA, "Data", "データ") \
	X(DATA_OF, "Data of", "データの日付") \
	X(DAY_NOT_KNOWN, "day not known", "日付不明") \
	X(AGE, "Age", "経過") \
	X(AGE_DAYS, "%s days", "%s 日") \
	X(STALE, "STALE", "古いデータ") \
	X(IMPORTED, "Imported", "取込日時") \
	X(COMES_ALONG, "comes with tenken", "tenken に同梱") \
	X(ENTRIES, "Entries", "件数") \
	X(UNDECIDED, "Known vulnerabilities that may apply: nobody can tell", "該当するかどうか判断できない既知の脆弱性") \
	X(UNDECIDED_TEXT, \
	  "The product is named in an advisory, but its version is not known or cannot be compared. Ask the supplier.", \
	  "脆弱性情報に製品名がありますが、バージョンが不明か比べられません。納入業者に確認してください。") \
	X(PRODUCT_SEEN, "Product and version", "製品・バージョン") \
	X(ADVISORIES, "Advisories", "脆弱性情報") \
	/* the closed network */ \
	X(NAV_CLOSED, "Closed network", "閉域網の確認") \
	X(NAV_TRAFFIC, "Traffic", "通信の観測") \
	X(CLOSED_INTRO, "A test can refute that a network is closed; it can never prove it. Each statement holds for the paths tested, from the vantage and at the time given.", "試験で示せるのは「閉域網ではない」ことだけで、「閉域網である」ことは証明できません。以下は、記載した観測地点と時刻に試験した経路についてのみ述べるものです。") \
	X(CLOSED_REFUTED, "Refuted by %s findings: it is not a closed network.", "反証あり：%s 件の検出により、閉域網ではありません。") \
	X(CLOSED_REFUTED_ONE, "Refuted by one finding: it is not a closed network.", "反証あり：1件の検出により、閉域網ではありません。") \
	X(CLOSED_HELD, "Not refuted for %s of %s tested paths.", "試験した経路 %s／%s で反証は得られませんでした。") \
	X(CLOSED_HEARD, "Not refuted by listening. No path was tested.", "通信の観測では反証は得られませんでした。経路の試験は未実施です。") \
	X(CLOSED_NOT_TESTED, "Neither tested nor listened to.", "経路の試験も通信の観測も未実施です。") \
	X(CLOSED_DECLARED, "declared closed", "閉域と申告") \
	X(CLOSED_AGAINST, "Findings against it", "反証となる検出") \
	X(PATHS, "Paths tested", "試験した経路") \
	X(PATHS_MORE, "%s more paths are in the export.", "このほか %s 件の経路はエクスポートにあります。") \
	X(WAY, "Way", "方法") \
	X(FROM, "From", "送信元") \
	X(TO, "To", "宛先") \
	X(OUTCOME, "Outcome", "結果") \
	X(ANSWERED_BY, "Answered by", "応答元") \
	X(SEEN_AS, "Seen as", "外部から見えた送信元") \
	X(TIME, "Time", "時刻") \
	X(HOPS, "Hops", "経路上の機器") \
	/* listening */ \
	X(WATCHED, "What was watched", "観測した範囲") \
	X(WATCHED_NOTE, "What did not pass there was not seen.", "ここを通らない通信は観測していません。") \
	X(LINK, "Interface or file", "インターフェース・ファイル") \
	X(SPAN, "Length", "時間") \
	X(BYTES, "Bytes", "バイト") \
	X(DROPPED, "Dropped", "取りこぼし") \
	X(SNAPPED, "Cut short", "途中で切れたパケット") \
	X(ONE_SIDED, "One direction only", "片方向のみの接続") \
	X(MATRIX, "Between zones: declared, seen, tested", "ゾーン間の通信（申告・観測・試験）") \
	X(DECLARED, "Declared", "申告") \
	X(SEEN, "Seen: answered / all", "観測：応答／全体") \
	X(TESTED, "Tested: open / all", "試験：到達／全体") \
	X(PUBLIC_PEERS, "Public end points", "外部（公開アドレス）との通信") \
	X(PUBLIC_PEER, "Public address", "公開アドレス") \
	X(NAMES, "Names", "名前") \
	X(ANSWERED, "Answered / all", "応答／全体") \
	X(OT_OPERATIONS, "Control: who asks whom for what", "制御通信（主局・従局・読み書き）") \
	X(MASTER, "Master", "主局") \
	X(SLAVE, "Slave", "従局") \
	X(PROTOCOL, "Protocol", "プロトコル") \
	X(READS, "Reads", "読み出し") \
	X(WRITES, "Writes", "書き込み") \
	X(CONTROLS_SENT, "Control, program", "制御・プログラム") \
	X(OTHERS, "Other", "その他") \
	X(ERRORS, "Refused", "エラー応答") \
	X(FLOWS, "Flows, the largest first", "通信（量の多い順）") \
	X(FLOWS_MORE, "%s more flows are in the export.", "このほか %s 件の通信はエクスポートにあります。") \
	X(APPLICATION, "Application", "アプリケーション") \
	X(SERVICE, "Service", "サービス") \
	X(LISTENED, "Listened", "通信の観測") \
	X(LISTENED_TEXT, "%s packets, %s dropped", "パケット %s、取りこぼし %s") \
	/* records */ \
	X(REMARKS, "Remarks", "特記事項") \
	X(WAIVERS, "Waivers", "例外措置") \
	X(COMPENSATING, "Compensating measure", "代替措置") \
	X(APPROVED_BY, "Approved by", "承認者") \
	X(IN_FORCE, "in force", "有効") \
	X(EXPIRED, "expired", "期限切れ") \
	X(ANSWERS, "Operator's answers", "事業者の回答") \
	X(ITEM, "Item", "項目") \
	X(GIVEN_BY, "Given by", "回答者") \
	X(GIVEN_AT, "On", "回答日") \
	X(NOTE, "Note", "備考") \
	X(JOURNAL, "Journal: what was sent", "送信記録") \
	X(JOURNAL_KIND, "Kind", "種別") \
	X(KIND_SWEEP, "sweep", "探索") \
	X(KIND_TALK, "conversation", "会話") \
	X(PROBE, "Probe", "プローブ") \
	X(CONVERSATIONS, "Connections", "接続") \
	X(PACKETS, "Packets", "パケット") \
	X(BYTES_SENT, "Bytes sent", "送信バイト") \
	X(BYTES_RECEIVED, "Bytes received", "受信バイト") \
	X(FIRST, "First", "最初") \
	X(LAST, "Last", "最後") \
	X(ENDINGS_HEAD, "Endings", "終わり方") \
	X(NONE, "None.", "なし。") \
	X(ZONES, "Declared zones", "申告されたゾーン") \
	X(NETWORKS, "Networks", "ネットワーク") \
	X(KIND, "Kind", "種類") \
	/* what changed */ \
	X(DIFF_FROM, "From", "比較元") \
	X(DIFF_TO, "To", "比較先") \
	X(DIFF_NO_FINDINGS, "No finding changed.", "検出事項に変化はありません。") \
	X(DIFF_VERDICTS, "Verdicts that changed", "判定が変わった項目") \
	X(CHANGES_SINCE, "Changes since %s", "%s 以降の変化") \
	X(DAYS_TO_FIX, "Days until findings were fixed (median)", "解消までの日数（中央値）") \
	X(GOALS_SET, "Current and target profile", "現在プロファイルと目標") \
	X(GOALS_TEXT, "%s goals, %s where the words for today and the target differ, %s past their day", \
	  "目標 %s 件、現状と目標の記載が異なるもの %s 件、期限超過 %s 件") \
	X(TIERS_SET, "Tiers, as people see them", "ティア（担当者の自己評価）") \
	/* tables of the exports */ \
	X(TABLE_ASSETS, "Assets", "資産") \
	X(TABLE_FLOWS, "Flows", "通信") \
	X(TABLE_TREATMENTS, "Treatments", "対応計画") \
	X(TABLE_CHECKLIST, "Checklist", "チェックリスト") \
	X(NUMBER_HEAD, "No.", "No.") \
	X(FINDING_STANDS, "open", "継続") \
	X(FINDING_HEAD, "Finding", "検出内容") \
	X(PLACE_HEAD, "Place", "場所") \
	X(PORT, "Port", "ポート") \
	X(FINGERPRINT, "Fingerprint", "検出識別子") \
	X(CONTROL_NO, "Measure no.", "対策番号") \
	X(CONTROL_HEAD, "Measure", "対策") \
	X(ITEM_NO, "Item no.", "項目番号") \
	X(ITEM_TEXT, "What the item asks", "項目の内容") \
	X(LEVEL, "Level", "区分") \
	X(VERDICT, "Verdict", "判定") \
	X(VERDICT_BASIS, "On what it rests", "判定の根拠") \
	X(GUIDANCE, "Remark of the profile", "プロファイルの注記") \
	X(EVIDENCE_REFERENCE, "Evidence reference", "証拠資料") \
	X(ASSET_CLASS_HEAD, "Class", "資産区分") \
	X(NAME_HEAD, "Names", "名称") \
	X(MAC_HEAD, "MAC address", "MACアドレス") \
	X(MAKER, "Maker", "メーカー") \
	X(MODEL, "Model", "型式") \
	X(OS_HEAD, "Operating system", "OS") \
	X(OPEN_PORTS, "Open ports", "開いているポート") \
	X(LEDGER_HEAD, "In the ledger", "資産台帳") \
	X(FROM_DAY, "From", "開始日") \
	X(FOR_WHAT, "For", "対象") \
	X(MEASURE_HEAD, "Compensating measures", "代替措置") \
	X(TO_FILL, "Yellow cells are for you to fill in.", "黄色の欄は記入用です。") \
	X(OSCAL_REVIEWED, "Items that were judged. All others are observations that say why nothing is said of them.", "判定した項目。その他の項目は、判定していない理由を observation として記載しています。") \
	X(OSCAL_PLAN, "What the scan was to do (in the place of an assessment plan)", "スキャンの計画（評価計画に代わるもの）") \
	X(OSCAL_REMARKS, \
	  "satisfied/pass: no violation was observed in what was covered at that time. satisfied/other: the operator answered that it is met. not-satisfied/fail: evidence against the item, of the weight that its property 'level' has; only 'mandatory' is law. not-satisfied/other: an approved exception, or the operator's answer. Hints, and items that were not run or that a scan cannot see, are observations.", \
	  "satisfied/pass：その時点でスキャンした範囲では違反が観測されなかったもの。satisfied/other：事業者が満たすと回答したもの。not-satisfied/fail：項目に反する証拠があるもの（重みは level による。法令上の義務は mandatory のみ）。not-satisfied/other：承認された例外措置、または事業者の回答。兆候、未実施、スキャンでは確認できない項目は observation に記載しています。") \
	X(PAPER_NOTE, "Verdicts tell what was seen from one place at one time. \"Not run\" and \"cannot be seen by a scan\" are no good marks.", "判定は、ある観測地点からある時点に見えた事実を示します。「未実施」「スキャンでは確認できない」は良い評価ではありません。")

/* clang-format on */

#define WORD_ENUM(name, en, ja) W_##name,
enum word { WORDS(WORD_ENUM) PAGE_WORDS(WORD_ENUM) WORD_COUNT };
#undef WORD_ENUM

const char *word(enum word w, enum language l);
/* Writes text with each "%s" replaced by the next of values, all through put (text.h). */
void put_with(FILE *out, void (*put)(FILE *, const char *), const char *text,
	      const char *const *values);

/* Where a word of the store has no words of its own, the word itself. */
const char *severity_text(const char *severity, enum language l);
const char *zone_kind_text(const char *kind, enum language l);
/* What a machine is ("plc", "camera"); other words as they are. */
const char *role_text(const char *role, enum language l);
const char *host_state_text(const char *state, enum language l);
/* met, not-met, not-applicable */
const char *answer_text(const char *answer, enum language l);
/* planned, in-progress, done, accepted */
const char *treatment_text(const char *state, enum language l);
/* adopt, decline, tighten */
const char *decision_text(const char *decision, enum language l);
/* What an item rests on: "condition", "criterion", "guidance", "example" */
const char *basis_text(const char *basis, enum language l);
const char *level_text(const char *level, bool mandatory, enum language l);
/* Constant English texts that other rooms put into the store as reasons. */
const char *reason_text(const char *reason, enum language l);
/* Of a tested path; the note itself where it is none that is known. */
const char *path_note_text(const char *note, enum language l);
/* The same for texts with names and numbers in them ("port 502 (modbus)", "10.0.0.1: excluded"), in
 * whichever language they were kept. Others come back as they are. */
enum { REMARK_TEXT = 600 };
const char *remark_text(const char *text, enum language l, char out[static REMARK_TEXT]);
/* What a check of ours says of a finding in words of its own; names and numbers, and what checks of the user's
 * say, as they are. NULL where detail is. */
const char *detail_text(const char *check, const char *detail, enum language l,
			char out[static REMARK_TEXT]);
/* Does the text look like this form? Each "%s" takes what stands before the next own words. */
enum { FORM_VALUES = 4 };
bool form_fits(const char *text, const char *form, struct span values[static FORM_VALUES]);
void form_fill(const char *form, const struct span *values, char out[static REMARK_TEXT]);
/* What became of findings (changed_finding, judge/compare.h), of hosts and of services; looked: the other
 * run looked there too. */
const char *change_text(const char *change, enum language l);
const char *host_change_text(const char *change, bool looked, enum language l);
const char *service_change_text(const char *change, bool looked, enum language l);
/* scan, listen, reach, outside */
const char *run_kind_text(const char *kind, enum language l);
/* "and %s more", of services or of anything. */
enum word more_word(int64_t n, bool services);
/* How a declaration stands (facts.h), and of a finding's waiver as a sentence of its own. */
enum word stands_word(const char *state);
enum word waiver_word(const char *state);

/*
 * The verdict of an item in words that say no more than its level allows: only the mandatory points
 * can be violated, a recommendation is differed from, a hint is no violation yet. item: NULL where the
 * catalogue has it no more; one that describes a bad state is seen or not seen.
 */
const char *verdict_text(const char *verdict, const struct item *item, const char *level,
			 bool mandatory, enum language l);
/* The verdict as it is shown: an answer by which an item is not met is "admitted", as VERDICT_TOTAL counts it. */
const char *verdict_shown(const char *verdict, const char *answer);
/* A word of total_words where items are counted together. */
const char *verdict_total_text(const char *verdict, enum language l);
/* What VERDICT_TOTAL (facts.h) counts, from the worst; ends with NULL. */
extern const char *const total_words[];
/* From the worst; ends with NULL. */
extern const char *const severity_words[];

#endif
