/* SPDX-License-Identifier: Apache-2.0 */
#include "report/words.h"

#include <string.h>

#include "codec/span.h"
#include "judge/judge.h"

#define WORD_ROW(name, en, ja) [W_##name] = { en, ja },
static const struct bilingual table[WORD_COUNT] = { WORDS(WORD_ROW) PAGE_WORDS(WORD_ROW) };

const char *const total_words[] = {
	"contradicted",
	"violated",
	"lacking",
	"differs",
	"hint",
	"admitted",
	"waived",
	"not-run",
	"no-violation-observed",
	"no-difference-observed",
	"attested",
	"not-assessable",
	"declined",
	NULL,
};
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
		{ "heard", { "heard only", "通信の観測のみ" } },
		{ "vantage", { "this is where it was tested from", "試験の送信元" } },
		{ "reached", { "answered a reachability test", "到達性試験に応答" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, state, l);
}

const char *role_text(const char *role, enum language l)
{
	static const struct pair list[] = {
		{ "plc", { "PLC", "PLC（制御装置）" } },
		{ "hmi", { "HMI", "操作表示器（HMI）" } },
		{ "rtu", { "RTU", "遠方監視装置（RTU）" } },
		{ "historian", { "historian", "データ収集サーバ" } },
		{ "printer", { "printer or MFP", "プリンタ・複合機" } },
		{ "camera", { "camera", "監視カメラ" } },
		{ "recorder", { "video recorder", "録画装置" } },
		{ "phone", { "IP phone", "IP電話" } },
		{ "router", { "router", "ルータ" } },
		{ "switch", { "switch", "スイッチ" } },
		{ "firewall", { "firewall or VPN gateway", "ファイアウォール・VPN装置" } },
		{ "access-point", { "access point", "無線アクセスポイント" } },
		{ "ups", { "UPS", "無停電電源装置（UPS）" } },
		{ "pdu", { "power distribution unit", "電源タップ（PDU）" } },
		{ "nas", { "NAS", "NAS" } },
		{ "server", { "server", "サーバ" } },
		{ "domain-controller", { "domain controller", "ドメインコントローラ" } },
		{ "workstation", { "workstation", "端末" } },
		{ "bmc", { "server management (BMC)", "サーバ管理装置（BMC）" } },
		{ "kvm", { "KVM", "KVM切替器" } },
		{ "converter", { "serial device server", "シリアル変換器" } },
		{ "gateway", { "gateway", "ゲートウェイ" } },
		{ "scanner", { "scanner", "スキャナ" } },
		{ "projector", { "projector", "プロジェクタ" } },
		{ "ot-device", { "control device", "制御機器" } },
		{ "building-controller", { "building controller", "ビル設備制御装置" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, role, l);
}

const char *answer_text(const char *answer, enum language l)
{
	static const struct pair list[] = {
		{ "met", { "met", "満たしている" } },
		{ "not-met", { "not met", "満たしていない" } },
		{ "not-applicable", { "not applicable", "対象外" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, answer, l);
}

const char *treatment_text(const char *state, enum language l)
{
	static const struct pair list[] = {
		{ "planned", { "planned", "計画済み" } },
		{ "in-progress", { "in progress", "実施中" } },
		{ "done", { "done", "実施済み" } },
		{ "accepted", { "risk accepted", "リスク受容" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, state, l);
}

const char *decision_text(const char *decision, enum language l)
{
	static const struct pair list[] = {
		{ "adopt", { "adopted", "採用" } },
		{ "decline", { "declined", "不採用" } },
		{ "tighten", { "tightened", "強化" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, decision, l);
}

const char *basis_text(const char *basis, enum language l)
{
	static const struct pair list[] = {
		{ "condition", { "condition", "達成条件" } },
		{ "criterion", { "criterion", "達成基準" } },
		{ "condition+criterion", { "condition and criterion", "達成条件・達成基準" } },
		{ "guidance", { "guidance", "解説" } },
		{ "example", { "example", "解説の例" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, basis, l);
}

const char *level_text(const char *level, bool mandatory, enum language l)
{
	const struct level_words *w = level_words(level);

	if (mandatory)
		return word(W_LEVEL_MANDATORY, l);
	return w != NULL ? pick(&w->name, l) : level != NULL ? level : "";
}

const char *reason_text(const char *reason, enum language l)
{
	static const struct pair list[] = {
		{ "limited in OT", { "limited in OT", "OT のため制限" } },
		{ "answered a community", { "answered a community", "コミュニティ名に応答" } },
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
		{ "a capture was not whole",
		  { "a capture was not whole", "読み取れない通信記録がある" } },
		{ "truncated",
		  { "the file ends within a packet", "ファイルがパケットの途中で終わっている" } },
		{ "damaged", { "the file is damaged", "ファイルが途中で壊れている" } },
		{ "not a capture file", { "not a capture file", "通信記録のファイルではない" } },
		{ "empty", { "empty", "空のファイル" } },
		{ "link down", { "the interface was down at the end", "終了時にリンク断" } },
		{ "link was down for a time",
		  { "the interface was down for a time", "一時的にリンク断" } },
		{ "link layer not known", { "link layer not known", "未対応のリンク層" } },
		{ "clock went backwards",
		  { "its clock went backwards", "記録中に時計が戻っている" } },
		{ "class not allowed",
		  { "class not allowed", "このリスク区分は許可されていない" } },
		{ "error in the check", { "error in the check", "検査項目の定義の誤り" } },
		{ "limited", { "limited", "確認の深さを制限" } },
		{ "no evidence yet", { "no probe gathers this yet", "この検査は未対応" } },
		{ "no probe", { "no probe for this yet", "この検査は未対応" } },
		{ "no listening yet", { "no listening yet", "通信の受信観測をしていない" } },
		{ "no such check", { "no such check", "その検査項目はない" } },
		{ "no vantage declared", { "no vantage declared", "観測地点の申告なし" } },
		{ "no zones declared", { "no zones declared", "ゾーンの申告なし" } },
		{ "no conduits declared",
		  { "no conduits declared", "ゾーン間の許可通信の申告なし" } },
		{ "not in the scan", { "not in the scan", "今回のスキャンの対象外" } },
		{ "not probed", { "not probed", "未確認" } },
		{ "not seen from outside",
		  { "not seen from outside", "外部からのスキャンではない" } },
		{ "seen from another vantage",
		  { "seen from another vantage", "別の観測地点で検出" } },
		{ "skipped", { "skipped", "未試行" } },
		{ "sweep incomplete", { "sweep incomplete", "ポートの探索が未完了" } },
		{ "UDP ports not tried", { "UDP ports not tried", "UDPポートは未確認" } },
		{ "the scan ended before its sweep did",
		  { "the scan ended before its sweep did",
		    "ポートの探索の途中でスキャンが終わった" } },
		{ "no network", { "no network", "ネットワークに接続されていない" } },
		{ "done", { "done", "完了" } },
		{ "not-this-protocol", { "another protocol", "別のプロトコル" } },
		{ "limit", { "a limit was reached", "上限に到達" } },
		{ "open", { "open", "開" } },
		{ "closed", { "closed", "切断" } },
		{ "left-out", { "left out", "対象からの除外" } },
		{ "feature-later", { "no effect yet", "未対応の設定" } },
		{ "sweep", { "method of the sweep", "探索の方法" } },
		{ "worker-fault", { "a process of tenken failed", "tenken の処理異常" } },
		{ "ask",
		  { "question to a segment or resolver",
		    "セグメントや名前サーバーへの問い合わせ" } },
		{ "no-capability", { "rights on this machine", "この端末での権限" } },
		{ "no raw packets: ports were tried by full connections only",
		  { "no right to send raw packets: ports were tried by full connections only",
		    "生のパケットを送る権限がないため、ポートは完全な接続だけで確認した" } },
		{ "no raw packets: TCP ports were tried by full connections only",
		  { "no right to send raw packets: TCP ports were tried by full connections only",
		    "生のパケットを送る権限がないため、TCPポートは完全な接続だけで確認した" } },
		{ "packets", { "sweep by packets", "パケットによる探索" } },
		{ "the packets process ended early",
		  { "the process that sends packets ended early",
		    "パケットを送るプロセスが途中で終了した" } },
		{ "duplicate-address",
		  { "two machines answer for one address", "一つのアドレスに2台の機器が応答" } },
		{ "no answer from the gateway",
		  { "no answer from the gateway", "ゲートウェイから応答なし" } },
		{ "interface gone", { "the interface is gone", "インターフェースがなくなった" } },
		{ "our address is gone",
		  { "our own address is gone", "この端末のアドレスがなくなった" } },
		{ "interface down", { "the interface is down", "インターフェースが停止している" } },
		{ "no answer", { "no answer", "応答なし" } },
		{ "no port tried",
		  { "no port tried: hosts were only looked for",
		    "ポートは確認せず、機器の有無だけを確認した" } },
		{ "no TCP port in the plan",
		  { "no TCP port in the plan", "確認するTCPポートの指定がない" } },
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
		{ "refuses what it had accepted",
		  { "refuses connections that it had accepted",
		    "受け付けていた接続を拒否するようになった" } },
		{ "does not close a connection",
		  { "does not close a connection that tenken has ended",
		    "終了した接続を機器側が閉じない" } },
		{ "left in distress",
		  { "left alone because of signs of distress", "異常の兆候があり中止" } },
		{ "worker fault", { "a process of tenken failed here", "tenken の処理異常" } },
		{ "the worker process ended while it spoke with this port",
		  { "the worker process ended while it spoke with this port",
		    "このポートとの通信中に処理プロセスが終了した" } },
		{ "printed or logged: nothing is sent",
		  { "printed or logged: nothing is sent",
		    "送ると印刷・記録されるポートのため何も送らない" } },
		{ "TCP ports were tried by full connections; UDP was not tried",
		  { "TCP ports were tried by full connections; UDP was not tried",
		    "TCPポートは完全な接続で確認し、UDPは確認していない" } },
		{ "TCP ports were tried by full connections",
		  { "TCP ports were tried by full connections",
		    "TCPポートは完全な接続で確認した" } },
		{ "UDP was not tried", { "UDP was not tried", "UDPは確認していない" } },
		{ "UDP was tried by ordinary datagrams in zones of kind it, dmz and public only",
		  { "UDP was tried by ordinary datagrams in zones of kind it, dmz and public only",
		    "UDPは種別 it、dmz、public のゾーンでのみ、通常のデータグラムで確認した" } },
		{ "hosts were only looked for; no port was tried",
		  { "hosts were only looked for; no port was tried",
		    "機器の有無だけを確認し、ポートは確認していない" } },
		{ "UDP was tried in zones of kind it, dmz and public only",
		  { "UDP was tried in zones of kind it, dmz and public only",
		    "UDPは種別 it、dmz、public のゾーンでのみ確認した" } },
		{ "fault", { "a process of tenken failed", "tenken の処理異常" } },
		/* what became of a tested path */
		{ "no-route", { "no route", "経路なし" } },
		{ "silent", { "no answer", "応答なし" } },
		{ "prohibited", { "refused by a device on the way", "途中の機器が拒否" } },
		{ "reset-on-way", { "reset on the way", "途中で切断" } },
		{ "answered-by-other", { "somebody else answered", "別の機器が応答" } },
		{ "name-refused", { "the name was refused", "名前解決を拒否" } },
		{ "reached", { "reached", "到達" } },
		{ "forwarded", { "forwarded", "中継した" } },
		{ "not-forwarded", { "not forwarded", "中継しない" } },
		{ "not-fully-tested", { "not fully tested", "完全には試験していない" } },
		{ "relayed", { "relayed", "中継サーバが応答" } },
		{ "not-tested", { "not tested", "未試験" } },
		/* what a neighbour said to a frame for the beacon */
		{ "silence after one hop: some forward and drop without a word",
		  { "silence after one hop: some forward and drop without a word",
		    "1ホップでは応答なし：中継しても黙って捨てる機器がある" } },
		{ "it knows no way to the beacon",
		  { "it knows no way to the beacon", "ビーコンへの経路を持たない" } },
		{ "it routes, by another router of this segment",
		  { "it routes, by another router of this segment",
		    "中継するが、同じセグメントの別のルータに回す" } },
		{ "it routes, but a rule is against it",
		  { "it routes, but a rule is against it", "中継するが、設定で禁止している" } },
		{ "it hands on to the declared router of this segment",
		  { "it hands on to the declared router of this segment",
		    "このセグメントの申告済みルータに回すだけ" } },
		{ "its zone is not assigned", { "its zone is not assigned", "ゾーンが未分類" } },
		{ "could be a device that is excluded or passive only",
		  { "could be a device that is excluded or passive only",
		    "除外または受信観測のみの機器かもしれないため" } },
		{ "the zone is only listened to",
		  { "the zone is only listened to", "このゾーンは受信観測のみ" } },
		{ "no right to send frames",
		  { "no right to send frames", "フレームを送信する権限がない" } },
		{ "it could not be sent", { "it could not be sent", "送信できなかった" } },
		/* lists that come along */
		{ "operating systems by banner",
		  { "operating systems by banner", "バナーによるOSの期限" } },
		{ "Windows builds", { "Windows builds", "Windowsビルドの期限" } },
		{ "server software", { "server software", "サーバソフトウェアの期限" } },
		{ "SSH servers", { "SSH servers", "SSHサーバの期限" } },
		/* why an advisory cannot be applied */
		{ "the catalogue names no versions",
		  { "the catalogue names no versions", "データにバージョンの記載がない" } },
		{ "the product is only probable",
		  { "the product is only probable", "製品は推定にとどまる" } },
		{ "the version is not known", { "the version is not known", "バージョンが不明" } },
		{ "a package of a distribution may hold the repair",
		  { "a package of a distribution may hold the repair",
		    "ディストリビューションのパッケージで修正済みの可能性がある" } },
		{ "the advisory says both",
		  { "the advisory says both", "脆弱性情報の記載が一致しない" } },
		{ "the versions cannot be compared",
		  { "the versions cannot be compared", "バージョンを比べられない" } },
		{ "journal not writable",
		  { "the journal could not be written", "通信記録を書き込めない" } },
		{ NULL, { NULL, NULL } },
	};

	if (reason == NULL)
		return "";
	const char *own = find(list, reason, l);
	if (own == reason)
		own = path_note_text(reason, l);
	return own != reason ? own : judge_reason_text(reason, language_word(l));
}

/* ---- texts with names and numbers ---- */

/* The same number of "%s" in the same order in both. */
static const struct bilingual remarks[] = {
	{ "port %s (%s)", "ポート%s（%s）" },
	{ "%s spoken on port %s", "%sの応答（ポート%s）" },
	{ "maker %s", "メーカー %s" },
	{ "the same device as %s", "%s と同じ機器" },
	{ "%s answers were lost by the capture", "受信の取りこぼし：応答 %s 件" },
	{ "%s frames could not be understood", "解釈できないフレーム: %s 件" },
	{ "%s fragmented packets did not come whole", "分割パケットのうち復元できないもの: %s 件" },
	{ "bytes of connections are missing at %s places", "通信内容の欠落: %s か所" },
	{ "%s connections were not read for lack of memory",
	  "メモリ不足のため内容を見ていない接続: %s 件" },
	{ "%s connections were told in parts for lack of memory",
	  "メモリ不足のため分割して記録した接続: %s 件" },
	{ "%s packets of addresses that were not kept for lack of memory",
	  "メモリ不足のため記録していないアドレスのパケット: %s 件" },
	{ "%s facts were not kept for lack of memory",
	  "メモリ不足のため記録していない事項: %s 件" },
	{ "%s operations were not kept for lack of memory",
	  "メモリ不足のため記録していない操作: %s 件" },
	{ "interface %s: %s", "インターフェース %s：%s" },
	{ "resumed at %s after an early end (%s), time %s",
	  "%s に再開しました（途中終了の理由: %s、%s 回目）" },
	{ "%s: excluded", "%s: 除外指定" },
	{ "%s: passive only", "%s: 受信観測のみ" },
	{ "%s: too large to sweep: name its hosts as targets",
	  "%s: 探索するには大きすぎます。機器を対象として指定してください" },
	{ "%s: too large to sweep, and its segment cannot be asked",
	  "%s: 探索するには大きすぎ、そのセグメントに一斉照会もできません" },
	{ "resolver %s is public: not asked for names",
	  "リゾルバー %s は公開アドレスのため、名前を照会しません" },
	{ "seen on the segment, outside the targets: %s",
	  "セグメント上で観測（対象外、送信なし）: %s" },
	{ "advertises itself as a router, and the ledger does not name it: %s",
	  "ルーターとして広告、資産台帳に記載なし: %s" },
	{ "advertises itself as a router: %s", "ルーターとして広告: %s" },
	{ "offers addresses by DHCP, and the ledger does not name it: %s",
	  "DHCPでアドレスを提示、資産台帳に記載なし: %s" },
	{ "offers addresses by DHCP: %s", "DHCPでアドレスを提示: %s" },
	{ "%s: the name does not lead back to this address",
	  "%s: この名前を正引きしても、このアドレスになりません" },
	{ "two devices answer for this address: %s and %s",
	  "このアドレスに2台の機器が応答（アドレス重複）: %s と %s" },
	{ "%s: is public: list it under 'owned' in the site file and repeat it with --owned",
	  "%s: 公開アドレスです。サイトファイルの 'owned' に書き、--owned でも指定してください" },
	{ "%s: is public: repeat its range with --owned",
	  "%s: 公開アドレスです。その範囲を --owned でも指定してください" },
	{ "%s: public addresses need an 'authorisation' in the site file",
	  "%s: 公開アドレスには、サイトファイルの 'authorisation' が必要です" },
	{ "%s: the authorisation in the site file has expired",
	  "%s: サイトファイルの実施許可は期限切れです" },
	{ "%s: the authorisation in the site file is not valid yet",
	  "%s: サイトファイルの実施許可はまだ有効期間の前です" },
	{ "%s: outside the window of zone '%s' (%s)", "%s: ゾーン '%s' の許可時間帯の外（%s）" },
	{ "%s more ranges: %s", "ほかに %s 範囲：%s" },
	{ "%s UDP ports: asking needs the risk class read",
	  "UDP ポート %s 個：問い合わせにはリスク区分 read が必要です" },
	{ "%s UDP ports: no harmless question is known for them",
	  "UDP ポート %s 個：無害な問い合わせがありません" },
	{ "%s UDP ports: they need packets of our own, and --connect makes none",
	  "UDP ポート %s 個：生パケットが必要ですが、--connect では作りません" },
	{ "%s UDP ports: they need the right to send raw packets (CAP_NET_RAW)",
	  "UDP ポート %s 個：生パケットの送信権限（CAP_NET_RAW）が必要です" },
	{ "a fault: frames outside the scope were held back",
	  "内部の誤り：対象範囲外へのフレームを送信前に止めました" },
	{ "no more attempts with account '%s': %s within %s s are allowed",
	  "アカウント '%s' はこれ以上試しません（%s 回まで、%s 秒以内）" },
	{ "a sign that the account is locked: no more attempts at this host",
	  "アカウントロックの兆候があるため、この機器ではこれ以上試しません" },
	{ "a sign of a lock within the window: no attempts at this host",
	  "期間内にアカウントロックの兆候があったため、この機器では試しません" },
	{ "answers as a directory (Kerberos, LDAP, NetBIOS): no SMB",
	  "ディレクトリとして応答する（Kerberos、LDAP、NetBIOS）ため、SMBのログインは試しません" },
	{ "NTLMv2 cannot be answered here", "この端末ではNTLMv2に応答できず、確認できません" },
	{ "an algorithm is not to be had here", "必要な暗号方式がこの端末になく、確認できません" },
	{ "let in as guest, which proves nothing of the password",
	  "ゲストとして入れたため、パスワードの確認にはなりません" },
	{ "let in, but the board does not prove that it knows the password",
	  "入れましたが、管理ボードがパスワードを知っていることを証明しません" },
	{ "let in, but the server does not prove that it knows the password",
	  "入れましたが、サーバがパスワードを知っていることを証明しません" },
	{ "longer than a name or password of IPMI",
	  "IPMIで使える名前またはパスワードの長さを超えています" },
	{ "longer than a password of IPMI 1.5", "IPMI 1.5で使えるパスワードの長さを超えています" },
	{ "the board does not answer to a name", "管理ボードが名前に応答しません" },
	{ "the board does not answer to a right password",
	  "管理ボードが正しいパスワードに応答しません" },
	{ "the board does not go on with this name", "管理ボードはこの名前では先に進みません" },
	{ "the board does not tell how it lets in", "管理ボードが認証方式を示しません" },
	{ "the board has no session left", "管理ボードに空いているセッションがありません" },
	{ "the board offers neither IPMI 2.0 nor MD5", "管理ボードはIPMI 2.0もMD5も提供しません" },
	{ "the board opens no session", "管理ボードがセッションを開きません" },
	{ "the board says nothing to the password: it is wrong, or a packet was lost",
	  "管理ボードがパスワードに応答しません（誤りか、パケットの紛失）" },
	{ "the board takes neither cipher suite 3 nor 17",
	  "管理ボードは暗号スイート3にも17にも対応しません" },
	{ "the password is right, but no session stands: the board may have a key of its own",
	  "パスワードは正しいもののセッションが成立しません（管理ボードが独自の鍵を持つ可能性）" },
	{ "the server refuses with a status that says nothing of the password",
	  "サーバの拒否はパスワードの正誤を示しません" },
	{ "the server speaks neither SMB 2 nor 3", "サーバはSMB 2にも3にも対応しません" },
	{ "the password has expired", "パスワードの有効期限が切れています" },
	{ "the password must be changed first", "先にパスワードの変更が必要です" },
	{ "the account is restricted", "アカウントに制限があります" },
	{ "the account may not log in at this hour",
	  "このアカウントはこの時間帯にログインできません" },
	{ "the account may not log in from here",
	  "このアカウントはこの端末からログインできません" },
	{ "the account is disabled", "アカウントは無効です" },
	{ "the account has expired", "アカウントの有効期限が切れています" },
	{ "the account may not log in over the network",
	  "このアカウントはネットワーク経由でログインできません" },
	{ "the server does not tell its own name", "サーバが自身の名前を示しません" },
	{ "the server belongs to a domain, so it may be a domain controller",
	  "サーバはドメインに参加しており、ドメインコントローラの可能性があるため試しません" },
	{ "access denied", "アクセスが拒否されました" },
	{ "the server does not take NTLM", "サーバはNTLMを受け付けません" },
	{ "the server does not support the login", "サーバはこのログインに対応しません" },
	{ "the server has no session left", "サーバに空いているセッションがありません" },
	{ "%s:%s: this waiver lacks %s and does not count (mlit-water 4.3.2-18)",
	  "%s:%s：この例外措置には%sの記載がないため有効と認めません（mlit-water 4.3.2-18）" },
	{ "%s: '%s' is read, but has no effect yet",
	  "%s: '%s' は読み込みましたが、まだ効果がありません" },
};

bool form_fits(const char *text, const char *form, struct span values[static FORM_VALUES])
{
	size_t n = 0;

	for (;;) {
		const char *gap = strstr(form, "%s");
		size_t own = gap != NULL ? (size_t)(gap - form) : strlen(form);

		if (strncmp(text, form, own) != 0)
			return false;
		text += own;
		if (gap == NULL)
			return *text == '\0';
		form = gap + 2;
		gap = strstr(form, "%s");
		own = gap != NULL ? (size_t)(gap - form) : strlen(form);
		const char *end = NULL;
		if (own == 0) {
			end = text + strlen(text);
		} else if (gap == NULL) { /* the end of the text */
			size_t left = strlen(text);

			end = left >= own ? text + left - own : NULL;
		} else {
			end = memmem(text, strlen(text), form, own);
		}
		if (end == NULL || end == text || n == FORM_VALUES)
			return false;
		values[n++] = (struct span){ (const uint8_t *)text, (size_t)(end - text) };
		text = end;
	}
}

void form_fill(const char *form, const struct span *values, char out[static REMARK_TEXT])
{
	size_t n = 0;

	while (*form != '\0' && n + 1 < REMARK_TEXT) {
		if (strncmp(form, "%s", 2) == 0) {
			size_t length = values->length;

			if (length > REMARK_TEXT - 1 - n)
				length = REMARK_TEXT - 1 - n;
			memcpy(out + n, values->at, length);
			n += length;
			values++;
			form += 2;
		} else {
			out[n++] = *form++;
		}
	}
	out[n] = '\0';
}

const char *remark_text(const char *text, enum language l, char out[static REMARK_TEXT])
{
	struct span values[FORM_VALUES];

	/* What does not fit with our words around it stays as it is. */
	if (text == NULL || strlen(text) + 200 > REMARK_TEXT)
		return reason_text(text, l);
	for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++)
		if (form_fits(text, remarks[i].en, values) ||
		    form_fits(text, remarks[i].ja, values)) {
			form_fill(pick(&remarks[i], l), values, out);
			return out;
		}
	return reason_text(text, l);
}

struct state_word {
	const char *state; /* NULL: any other */
	enum word w;
};

enum word more_word(int64_t n, bool services)
{
	return !services ? W_MORE : n == 1 ? W_MORE_SERVICE : W_MORE_SERVICES;
}

static enum word word_of_state(const struct state_word *list, const char *state)
{
	while (list->state != NULL && (state == NULL || strcmp(list->state, state) != 0))
		list++;
	return list->w;
}

enum word stands_word(const char *state)
{
	static const struct state_word list[] = {
		{ "expired", W_EXPIRED }, { "incomplete", W_WAIVER_INCOMPLETE },
		{ "future", W_NOT_YET },  { "contradicted", W_CONTRADICTED },
		{ NULL, W_IN_FORCE },
	};

	return word_of_state(list, state);
}

enum word waiver_word(const char *state)
{
	static const struct state_word list[] = {
		{ "expired", W_WAIVER_EXPIRED },
		{ "incomplete", W_WAIVER_INCOMPLETE },
		{ "future", W_WAIVER_FUTURE },
		{ "contradicted", W_WAIVER_CONTRADICTED },
		{ NULL, W_WAIVED },
	};

	return word_of_state(list, state);
}

const char *verdict_shown(const char *verdict, const char *answer)
{
	bool admitted = verdict != NULL && strcmp(verdict, "attested") == 0 && answer != NULL &&
			strcmp(answer, "not-met") == 0;

	return admitted ? "admitted" : verdict;
}

const char *verdict_text(const char *verdict, const struct item *item, const char *level,
			 bool mandatory, enum language l)
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
		{ "admitted",
		  { "The operator's answer: not met", "事業者の回答：満たしていない" } },
		{ "not-assessable", { "Cannot be seen by a scan", "スキャンでは確認できない" } },
		{ "declined", { "Declined by the operator", "事業者が不採用" } },
		{ NULL, { NULL, NULL } },
	};
	static const struct bilingual violated = { "Violation observed", "違反を観測" };
	static const struct bilingual differs = { "Differs from the guideline's measure",
						  "ガイドラインの対策と相違" };
	static const struct bilingual clean = { "No violation observed", "違反は観測されず" };
	static const struct bilingual same = { "No difference observed", "相違は観測されず" };
	static const struct bilingual seen = { "The described deficiency is seen",
					       "記載された不備を確認" };
	static const struct bilingual unseen = { "The described deficiency is not seen",
						 "記載された不備は確認されず" };
	bool bad = item != NULL && item->polarity == POLARITY_DEFICIENCY;
	bool required = mandatory || (level != NULL && strcmp(level, "required") == 0);

	if (verdict != NULL && strcmp(verdict, "violated") == 0) {
		const struct level_words *w = level_words(level);

		return pick(bad         ? &seen
			    : mandatory ? &violated
			    : w != NULL ? &w->differs
					: &differs,
			    l);
	}
	if (verdict != NULL && strcmp(verdict, "no-violation-observed") == 0)
		return pick(bad ? &unseen : required ? &clean : &same, l);
	return find(list, verdict, l);
}

const char *verdict_total_text(const char *verdict, enum language l)
{
	static const struct pair list[] = {
		{ "contradicted", { "answer contradicted", "回答と矛盾" } },
		{ "violated",
		  { "mandatory by the ordinance, not met", "義務事項（省令）を満たさない" } },
		{ "lacking",
		  { "required by the guideline's wording, not met",
		    "ガイドラインの必須事項と相違" } },
		{ "differs", { "differs from the recommendation", "推奨事項と相違" } },
		{ "hint", { "hint, not yet a violation", "兆候（違反とは未確定）" } },
		{ "waived", { "waived", "例外措置" } },
		{ "not-run", { "not run", "未実施" } },
		{ "no-violation-observed", { "no violation observed", "違反は観測されず" } },
		{ "no-difference-observed", { "no difference observed", "相違は観測されず" } },
		{ "admitted",
		  { "not met, by the operator's own answer", "満たしていない（事業者の回答）" } },
		{ "attested", { "answered by the operator", "事業者の回答" } },
		{ "not-assessable", { "not assessable by a scan", "スキャンでは確認不可" } },
		{ "declined", { "declined by the operator", "事業者が不採用" } },
		{ NULL, { NULL, NULL } },
	};
	return find(list, verdict, l);
}
