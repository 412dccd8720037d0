/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a tested path beside its outcome: the notes of src/reach, word for word. */
#include "report/words.h"

#include <string.h>

const char *path_note_text(const char *note, enum language l)
{
	static const struct {
		const char *en, *ja;
	} list[] = {
		{ "no route", "経路なし" },
		{ "somebody else answered", "別の機器が応答" },
		{ "all ports: somebody else answers at the beacon's address",
		  "全ポート：ビーコンのアドレスで別の機器が応答するため試していない" },
		{ "not the beacon's address", "ビーコンのアドレスではない" },
		{ "outside the declared zones", "申告したゾーンの外" },
		{ "the zone's risk class does not allow it",
		  "このゾーンのリスク区分では許可されていない" },
		{ "not the address of a host", "機器のアドレスではない" },
		{ "not the port of this service", "このサービスのポートではない" },
		{ "not among the hosts of this run", "今回の対象の機器ではない" },
		{ "not the MAC address of one host", "1台の機器のMACアドレスではない" },
		{ "too many neighbours", "隣接機器が多すぎる" },
		{ "not a neighbour", "隣接機器ではない" },
		{ "only one hop is allowed", "1ホップまでのみ許可" },
		{ "control equipment gets one echo request and nothing else",
		  "制御機器にはエコー要求を1回だけ送る" },
		{ "a port of control equipment or of a printer",
		  "制御機器またはプリンタのポートのため送らない" },
		{ "control equipment, and named by hearsay alone",
		  "制御機器であり、DHCPなどの伝聞だけで挙げられているため送らない" },
		{ "its addresses are in too many zones", "アドレスが多すぎるゾーンにまたがる" },
		{ "no right to send ICMP", "ICMPを送る権限がない" },
		{ "no right to send frames", "フレームを送る権限がない" },
		{ "it could not be sent", "送信できなかった" },
		{ "the journal cannot be written", "通信記録を書き込めない" },
		{ "the next hop does not answer", "次のホップが応答しない" },
		{ "a router says that there is no way on", "ルータが「先の経路なし」と応答" },
		{ "the packets do not arrive within their hop limit",
		  "ホップ数の上限までに届かない" },
		{ "this machine could not open a connection", "この端末で接続を開始できなかった" },
		{ "the connection stood and was then reset", "接続の確立後に切断された" },
		{ "it comes from another distance than the beacon's answers",
		  "ビーコンの応答とは異なる距離から届いた" },
		{ "it comes from the next hop", "次のホップから届いた" },
		{ "by the beacon's machine, or by somebody on the way",
		  "ビーコンの機器、または途中の機器による" },
		{ "an answer that the beacon's key did not make", "ビーコンの鍵によらない応答" },
		{ "an old answer of the beacon was played again", "ビーコンの以前の応答の再送" },
		{ "the connection stood, but no answer came: somebody else took it, or the beacon "
		  "has another key",
		  "接続は確立したが応答がない（別の機器が受けたか、ビーコンの鍵が異なる）" },
		{ "an echo reply came, but none of the beacon's own: it runs without --icmp, or "
		  "somebody else answered",
		  "エコー応答はあったがビーコン自身のものではない（--icmp "
		  "なしで動作中か、別の機器が応答）" },
		{ "a page of somebody else: a captive portal or proxy",
		  "別の機器のページ（認証ポータルまたはプロキシ）" },
		{ "the proxy cannot reach the beacon", "プロキシからビーコンに届かない" },
		{ "the proxy asks for a login", "プロキシが認証を要求" },
		{ "the proxy refuses", "プロキシが拒否" },
		{ "the proxy was refused", "プロキシの接続が拒否された" },
		{ "the proxy does not do that", "プロキシが対応していない" },
		{ "the proxy refuses, or cannot reach the beacon",
		  "プロキシが拒否したか、ビーコンに届かない" },
		{ "the proxy opened the way, but no answer of the beacon came",
		  "プロキシは接続したが、ビーコンの応答がない" },
		{ "what answers there is no proxy of this kind", "この種類のプロキシではない" },
		{ "TLS was opened on the way: the certificate is not the beacon's",
		  "途中でTLSが復号されている（証明書がビーコンのものではない）" },
		{ "the TLS connection stood, but no answer came: somebody else took it, or the "
		  "beacon has another key",
		  "TLS接続は確立したが応答がない（別の機器が受けたか、ビーコンの鍵が異なる）" },
		{ "the connection stood, but nobody spoke TLS", "接続は確立したがTLSの応答がない" },
		{ "this resolver answers every name", "このリゾルバはどの名前にも応答する" },
		{ "an answer that is not the beacon's", "ビーコンのものではない応答" },
		{ "the beacon's zone leaves no room for a question",
		  "ビーコンのゾーン名が長く、問い合わせを収められない" },
		{ "the scan found that it relays mail; nothing was sent",
		  "スキャンでメール中継を確認済み（送信はしていない）" },
		{ "expired", "期限切れの許可通信" },
		{ "no host of this zone is known yet: it takes a scan, or listening",
		  "このゾーンの機器がまだ分からない（スキャンか受信観測が必要）" },
		{ "silence after one hop: some forward and drop without a word",
		  "1ホップでは無応答（黙って中継・破棄する機器もある）" },
		{ "it knows no way to the beacon", "ビーコンへの経路を持たない" },
		{ "it routes, by another router of this segment",
		  "同じセグメントの別のルータへ中継する" },
		{ "it routes, but a rule is against it", "中継機能はあるが、規則で拒否" },
		{ "the zone is only listened to", "このゾーンは受信観測のみ" },
		{ "could be a device that is excluded or passive only",
		  "除外または受信観測のみの機器の可能性がある" },
	};

	for (size_t i = 0; l == LANGUAGE_JA && i < sizeof(list) / sizeof(list[0]); i++)
		if (strcmp(list[i].en, note) == 0)
			return list[i].ja;
	return note;
}
