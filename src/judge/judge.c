/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/judge.h"

#include <errno.h>
#include <string.h>

#include "codec/clock.h"
#include "judge/arena.h"
#include "judge/helper.h"
#include "judge/judged.h"

static int last_quiet(struct judged *j)
{
	struct query *q = NULL;
	bool quiet = false;
	int r = db_has_table(j->db, "quiet", &quiet);

	if (r < 0 || !quiet)
		return r;
	r = query_new(j->db,
		      "SELECT coalesce(max(last_ms), 0) / 1000 FROM main.quiet WHERE scan = ?1",
		      &q);
	if (r < 0)
		return r;
	query_bind_int(q, 1, j->scan);
	r = query_step(q);
	if (r == 1 && query_int(q, 0) > j->now)
		j->now = query_int(q, 0);
	query_free(q);
	return r < 0 ? r : 0;
}

static int last_heard(struct judged *j)
{
	struct query *q = NULL;
	bool there = false;
	int r = db_has_table(j->db, "watch", &there);

	if (r < 0 || !there)
		return r;
	r = query_new(
		j->db,
		"SELECT max(coalesce((SELECT max(last_ms) FROM main.watch WHERE scan = ?1), 0),"
		" coalesce((SELECT max(at_ms) FROM main.path WHERE scan = ?1), 0)) / 1000",
		&q);
	if (r < 0)
		return r;
	query_bind_int(q, 1, j->scan);
	r = query_step(q);
	if (r == 1 && query_int(q, 0) > j->now)
		j->now = query_int(q, 0);
	query_free(q);
	return r < 0 ? r : 0;
}

/* The end of the scan; of a scan that was killed, the last thing it saw. */
static int find_now(struct judged *j)
{
	struct query *q = NULL;
	int r = query_new(
		j->db,
		"SELECT coalesce(finished, max(started,"
		" coalesce((SELECT max(last_ms) FROM main.host WHERE scan = ?1), 0) / 1000,"
		" coalesce((SELECT max(finished_ms) FROM main.evidence WHERE scan = ?1), 0) / 1000,"
		" coalesce((SELECT max(coalesce(closed_ms, opened_ms)) FROM main.journal"
		"  WHERE scan = ?1), 0) / 1000)), finished IS NOT NULL"
		" FROM main.scan WHERE id = ?1",
		&q);

	if (r < 0)
		return r;
	query_bind_int(q, 1, j->scan);
	r = query_step(q);
	bool ended = r == 1 && query_int(q, 1) != 0;
	if (r == 1)
		j->now = query_int(q, 0);
	query_free(q);
	if (r <= 0)
		return r == 0 ? -ENOENT : r;
	if (ended)
		return 0;
	r = last_heard(j);
	return r < 0 ? r : last_quiet(j);
}

/* Days are those of the site's calendar, also what checks ask SQLite for as local time. */
static int enter_clock(struct judged *j, struct clock *clock)
{
	struct query *plan = NULL;
	int r = query_new(j->db,
			  "SELECT iif(json_valid(plan), plan ->> '$.timezone', NULL) FROM main.scan"
			  " WHERE id = ?1",
			  &plan);

	if (r >= 0)
		r = query_bind_int(plan, 1, j->scan);
	if (r >= 0)
		r = query_step(plan);
	clock_enter(clock, r == 1 ? query_text(plan, 0) : NULL);
	query_free(plan);
	return r;
}

int judge_run(struct db *db, const struct catalogue *catalogue, int64_t scan,
	      const struct judge_probe *probes, const struct port_list *ports,
	      const struct judge_options *options)
{
	struct judged j = { .db = db, .catalogue = catalogue, .probes = probes, .scan = scan };
	struct clock clock;
	int r;

	if (options != NULL)
		j.options = *options;
	if (j.options.time_limit_ms == 0)
		j.options.time_limit_ms = 20 * 1000;
	if (j.options.memory_limit == 0)
		j.options.memory_limit = (size_t)256 * 1024 * 1024;
	j.arena = arena_new();
	if (j.arena == NULL)
		return -ENOMEM;
	r = enter_clock(&j, &clock);
	if (r >= 0)
		r = find_now(&j);
	j.asof = j.options.asof != 0 ? j.options.asof : j.now;
	bool making = r >= 0;
	if (r >= 0)
		j.helper = helper_start(&j, ports);
	if (r >= 0)
		r = views_make(&j, ports);
	if (r >= 0)
		r = judged_load(&j);
	if (r >= 0)
		r = findings_make(&j);
	helper_end(j.helper);
	j.helper = NULL;
	if (r >= 0)
		r = history_make(&j);
	if (r >= 0)
		r = standing_make(&j);
	if (r >= 0)
		r = standing_gone(&j);
	if (r >= 0)
		r = findings_declared(&j);
	if (r >= 0)
		r = history_declared(&j);
	if (r >= 0)
		r = findings_end(&j);
	if (r >= 0)
		r = verdicts_make(&j);
	if (r >= 0)
		r = closed_make(&j);
	if (r >= 0)
		r = trend_make(&j);
	if (r >= 0)
		r = gap_make(&j);
	if (making) {
		int listed = views_list(db);

		if (r >= 0)
			r = listed;
		else if (listed >= 0) /* half of it is of no use to anybody */
			judge_forget(db);
	}
	clock_leave(&clock);
	arena_free(j.arena);
	return r < 0 ? r : 0;
}

const char *judge_reason_text(const char *reason, const char *language)
{
	static const struct {
		const char *en, *ja;
	} words[] = {
		{ "no zone declared in the site file (dns, zones), or no server that has the "
		  "authority for it",
		  "サイトファイルにDNSゾーン（dnsのzones）の記載がない、または権威を持つサーバがな"
		  "い" },
		{ "fewer than two servers of a declared zone were asked",
		  "申告されたゾーンのサーバを二台以上確認していない" },
		{ "no internal name declared in the site file (dns, internal), or no answer for "
		  "one",
		  "サイトファイルに内部の名前（dnsのinternal）の記載がない、または応答がない" },
		{ "no period between inspections is set (thresholds, scan_days)",
		  "点検の間隔が設定されていない（thresholdsのscan_days）" },
		{ "no device of the ledger was met", "台帳の機器が見つかっていない" },
		{ "not heard for a day, or no update server declared",
		  "1日以上の観測がない、または更新サーバの申告がない" },
		{ "not heard for an hour, or no monitoring declared",
		  "1時間以上の観測がない、または監視サーバの申告がない" },
		{ "nobody says until when the device is looked after",
		  "機器のサポート期限がわからない" },
		{ "no period for patches is set (thresholds, patch_days), or no advisory can be "
		  "compared with what is known of the host",
		  "パッチ適用の期限（thresholdsのpatch_"
		  "days）が設定されていない、または製品・バージョンを脆弱性情報と照合できない" },
		{ "no list of approved software (approved, software), or the product is not known",
		  "許可ソフトウェアのリスト（approvedのsoftware）がない、または製品が不明" },
		{ "no name of an own address was heard",
		  "自組織のアドレスの名前解決を観測していない" },
		{ "the printer does not tell", "プリンタが設定を答えない" },
		{ "no page was shown", "画面が表示されない" },
		{ "no cookie was set", "Cookieが発行されない" },
		{ "no session cookie was set by a login page",
		  "ログイン画面からセッションCookieが発行されない" },
		{ "no public web host", "公開Webサイトがない" },
		{ "no device that earlier listening heard log, or not heard for an hour",
		  "以前の観測でログを送っていた機器がない、または1時間以上の観測がない" },
		{ "no log traffic was heard", "ログの通信を観測していない" },
		{ "no log store declared", "ログ保存先の申告がない" },
		{ "no login failed there while somebody listened who hears the log server",
		  "ログサーバの通信を観測している間にログイン失敗の試行をしていない" },
		{ "no mail gateway declared (mail, gateway)",
		  "メールゲートウェイの申告（mailのgateway）がない" },
		{ "no list of approved services (approved, services)",
		  "許可するサービスのリスト（approvedのservices）がない" },
		{ "no conduit has hours (conduits, hours)",
		  "時間を定めた許可（conduitsのhours）がない" },
		{ "no boundary device is declared (boundaries)",
		  "境界の機器の申告（boundaries）がない" },
		{ "the site file does not say that this bastion is registered nowhere (vantage, "
		  "registered)",
		  "点検端末が未登録である旨の申告（vantageのregistered）がない" },
		{ "no portal of a VPN is known", "VPNの接続画面が見つかっていない" },
		{ "not seen from outside, or the kind of device is not known",
		  "外部からのスキャンではない、または機器の種類が不明" },
		{ "neither seen from outside nor heard nor tested from",
		  "外部からのスキャンも、観測も、そこからの到達性試験もしていない" },
		{ "no important server in the ledger, or the kind of a neighbour is not known",
		  "台帳に重要なサーバの記載がない、または同じセグメントの機器の種類が不明" },
		{ "the ledger names no host that the Internet reaches",
		  "台帳にインターネットから届く機器の記載がない" },
		{ "the ledger names no backup store", "台帳にバックアップ保存先の記載がない" },
		{ "no zone is declared important, or none was heard for an hour",
		  "重要と申告されたゾーンがない、または1時間以上の観測がない" },
		{ "UDP ports not tried", "UDPポートは未確認" },
		{ "answers on every port", "全ポートで応答" },
		{ "class not allowed", "このリスク区分は許可されていない" },
		{ "closed", "相手が切断" },
		{ "distress", "機器の異常を検知し中止" },
		{ "error in the check", "検査項目の定義の誤り" },
		{ "limit", "上限に到達" },
		{ "limited", "確認の深さを制限" },
		{ "limited in OT", "制御系のため制限" },
		{ "malformed", "応答が不正" },
		{ "no advisories imported", "脆弱性情報を取り込んでいない" },
		{ "no advisory can be compared with what is known of the host",
		  "機器の製品・バージョンを脆弱性情報と照合できない" },
		{ "no backup store declared behind a zone boundary",
		  "ゾーン境界の先にバックアップ保存先の申告がない" },
		{ "no clock read", "時刻を取得できず" },
		{ "no mail domain declared in the site file (mail.domains), or no server that "
		  "knows it",
		  "サイトファイルにメールドメイン（mail."
		  "domains）の記載がない、または答えるDNSサーバがない" },
		{ "no zone declared in the site file (dns.zones), or no answer for one",
		  "サイトファイルにDNSゾーン（dns.zones）の記載がない、または応答がない" },
		{ "nothing tells the maker or the kind of device",
		  "機器のメーカーや種類がわからない" },
		{ "nothing identifies the machine", "機器を識別する情報がない" },
		{ "operating system not known", "OSが不明" },
		{ "product not in the support table", "サポート期限表にない製品" },
		{ "the MAC address was not seen", "MACアドレスを確認できない" },
		{ "the kind of device is not known", "機器の種類が不明" },
		{ "the ledger lists no ports for it", "資産台帳に許可ポートの記載がない" },
		{ "this bastion stands in the zone itself, or the zone is not known",
		  "点検端末がそのゾーンに接続しているか、ゾーンが不明" },
		{ "no asset in scope", "対象となる資産がない" },
		{ "no earlier scan with the same line of the ledger",
		  "台帳の記載が同じ過去のスキャンがない" },
		{ "no conduits declared", "ゾーン間の許可通信が未宣言" },
		{ "no evidence yet", "根拠を集める機能は未対応" },
		{ "no host answered", "応答した機器がない" },
		{ "no ledger", "資産台帳がない" },
		{ "no listening yet", "通信の観測をしていない" },
		{ "no login was tried", "ログインは試していない" },
		{ "no password was tried there", "パスワードを試していない" },
		{ "no test account was tried there", "試験用アカウントでの確認をしていない" },
		{ "no port tried", "ポートは未確認" },
		{ "no probe", "この検査項目は未対応" },
		{ "no reachability test yet", "到達性試験をしていない" },
		{ "no reachability test from its zone", "そのゾーンからの到達性試験をしていない" },
		{ "heard only", "通信の観測でのみ確認" },
		{ "not heard", "通信を観測していない" },
		{ "not heard for a day", "1日以上の観測がない" },
		{ "not heard for an hour", "1時間以上の観測がない" },
		{ "not scanned", "スキャンしていない" },
		{ "not tested again", "今回は試験していない" },
		{ "watched for a shorter time than when it was seen", "検出時より観測時間が短い" },
		{ "no such check", "検査項目がない" },
		{ "no valid authorisation", "有効な実施許可がない" },
		{ "no vantage declared", "観測地点が未宣言" },
		{ "no zones declared", "ゾーンが未宣言" },
		{ "its address is another asset's now", "そのアドレスは別の資産が使用している" },
		{ "not allowed", "許可されていない" },
		{ "not gathered", "情報を取得できず" },
		{ "not in the scan", "今回のスキャン対象外" },
		{ "not probed", "未確認" },
		{ "not seen from outside", "外部からのスキャンではない" },
		{ "not seen from there", "その区域からのスキャンではない" },
		{ "nothing is declared as such", "該当する申告がない" },
		{ "this bastion may be one of those that it serves",
		  "この点検端末がサービスの対象に含まれるか不明" },
		{ "excluded", "除外指定" },
		{ "out of memory", "メモリ不足" },
		{ "outside the targets", "対象範囲外" },
		{ "outside the window", "許可された時間帯の外" },
		{ "passive only", "送信禁止（受動のみ）" },
		{ "ports not in the plan", "対象ポートが計画外" },
		{ "public and not owned", "自組織のものでない公開アドレス" },
		{ "printed or logged: nothing is sent",
		  "送ると印刷・記録されるポートのため送信せず" },
		{ "refused", "接続拒否" },
		{ "scope unknown", "対象かどうか不明" },
		{ "seen from another vantage", "別の観測地点で検出" },
		{ "skipped", "実施せず" },
		{ "stopped", "スキャンを停止" },
		{ "sweep incomplete", "ポートの確認が未完了" },
		{ "the host did not answer", "機器が応答しない" },
		{ "the scan ended before its sweep did", "ポートの確認の途中でスキャンが終わった" },
		{ "timeout", "時間切れ" },
		{ "unknown need", "前提条件の指定が不明" },
	};

	if (reason != NULL && strcmp(language, "ja") == 0)
		for (size_t i = 0; i < countof(words); i++)
			if (strcmp(words[i].en, reason) == 0)
				return words[i].ja;
	return reason;
}
