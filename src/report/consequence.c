/* SPDX-License-Identifier: Apache-2.0 */
#include "report/consequence.h"

#include <string.h>

#include "codec/span.h"

/* The first that an id starts with holds. */
static const struct {
	const char *start;
	enum consequence c;
} places[] = {
	{ "network.ot-", CONSEQUENCE_OUTSIDE },
	{ "network.rogue-gateway", CONSEQUENCE_OUTSIDE },
	{ "network.cellular-gateway", CONSEQUENCE_OUTSIDE },
	{ "network.transitive-internet-exposure", CONSEQUENCE_OUTSIDE },
	{ "network.internet-path-filtered", CONSEQUENCE_OUTSIDE },
	{ "network.vpn-endpoint", CONSEQUENCE_OUTSIDE },
	{ "network.remote-support-tool", CONSEQUENCE_OUTSIDE },
	{ "network.dns-leak", CONSEQUENCE_OUTSIDE },
	{ "exposure.remote-admin-public", CONSEQUENCE_OUTSIDE },
	{ "exposure.ot-protocol-public", CONSEQUENCE_OUTSIDE },
	{ "exposure.device-public", CONSEQUENCE_OUTSIDE },
	{ "exposure.database-public", CONSEQUENCE_OUTSIDE },
	{ "exposure.cloud-storage-public", CONSEQUENCE_OUTSIDE },
	{ "exposure.ot-protocol-cleartext", CONSEQUENCE_READ },
	{ "exposure.ot-", CONSEQUENCE_CONTROL },
	{ "exposure.engineering-port", CONSEQUENCE_CONTROL },
	{ "exposure.proxy-open", CONSEQUENCE_OTHERS },
	{ "exposure.amplifier", CONSEQUENCE_OTHERS },
	{ "exposure.cleartext-admin", CONSEQUENCE_READ },
	{ "exposure.unauthenticated-service", CONSEQUENCE_ENTRY },
	{ "exposure.dev-interface", CONSEQUENCE_ENTRY },
	{ "exposure.unapproved-service", CONSEQUENCE_UNKNOWN },
	{ "exposure.", CONSEQUENCE_SPREAD },
	{ "credential.cleartext-seen", CONSEQUENCE_READ },
	{ "credential.", CONSEQUENCE_ENTRY },
	{ "vnc.", CONSEQUENCE_ENTRY },
	{ "smb.guest-access", CONSEQUENCE_ENTRY },
	{ "smb.encryption-missing", CONSEQUENCE_READ },
	{ "smb.", CONSEQUENCE_SPREAD },
	{ "rdp.", CONSEQUENCE_SPREAD },
	{ "network.cross-zone", CONSEQUENCE_SPREAD },
	{ "network.segment-flat", CONSEQUENCE_SPREAD },
	{ "network.ipv6-unintended", CONSEQUENCE_SPREAD },
	{ "network.conduit-expired", CONSEQUENCE_SPREAD },
	{ "network.dhcp-rogue", CONSEQUENCE_READ },
	{ "network.arp-anomaly", CONSEQUENCE_READ },
	{ "network.discovery-leak", CONSEQUENCE_TIDY },
	{ "network.policy-unused", CONSEQUENCE_TIDY },
	{ "asset.bridging-host", CONSEQUENCE_SPREAD },
	{ "asset.os-unsupported", CONSEQUENCE_SPREAD },
	{ "asset.software-unsupported", CONSEQUENCE_SPREAD },
	{ "asset.hardware-unsupported", CONSEQUENCE_SPREAD },
	{ "asset.firmware-known-vulnerable", CONSEQUENCE_SPREAD },
	{ "asset.patch-overdue", CONSEQUENCE_SPREAD },
	{ "asset.default-device-role", CONSEQUENCE_TIDY },
	{ "asset.", CONSEQUENCE_UNKNOWN },
	{ "host.firewall-absent", CONSEQUENCE_SPREAD },
	{ "log.", CONSEQUENCE_UNKNOWN },
	{ "backup.", CONSEQUENCE_RECOVER },
	{ "mail.", CONSEQUENCE_OTHERS },
	{ "dns.open-resolver", CONSEQUENCE_OTHERS },
	{ "dns.cache-spoofable", CONSEQUENCE_READ },
	{ "tls.protocol-no-1.3", CONSEQUENCE_TIDY },
	{ "tls.", CONSEQUENCE_READ },
	{ "ssh.password-login", CONSEQUENCE_ENTRY },
	{ "ssh.", CONSEQUENCE_READ },
	{ "snmp.", CONSEQUENCE_READ },
	{ "http.admin-without-tls", CONSEQUENCE_READ },
};

static const struct consequence_text texts[CONSEQUENCES] = {
	[CONSEQUENCE_OUTSIDE] = { { "The plant and the outside are connected",
				    "プラント側が外部とつながっている" },
				  { "Somebody outside may get as far as machines of the plant. In "
				    "the worst case %s is "
				    "disturbed or stopped from outside.",
				    "外部の者がプラント側の機器まで到達できるおそれがあります。最悪"
				    "の場合、外部からの操作で%sに支障が"
				    "出る、または止まることがあり得ます。" } },
	[CONSEQUENCE_CONTROL] = { { "Control equipment obeys anybody who reaches it",
				    "制御機器が、相手を確かめずに操作を受け付ける" },
				  { "Whoever gets into that network can read and change settings "
				    "or the programme of the "
				    "equipment. Nothing then protects %s but that nobody gets in.",
				    "そのネットワークに入った者は、制御機器の設定やプログラムを読み"
				    "書きできます。侵入されないことだけが"
				    "%sを守っている状態です。" } },
	[CONSEQUENCE_ENTRY] = { { "Doors without a lock: no login, or one that everybody knows",
				  "鍵のない入口：認証がない、または弱い" },
				{ "Anybody on the network can use or take over these machines "
				  "without special skill. Data "
				  "can be lost or changed, and the machines be turned against %s.",
				  "ネットワーク内の誰でも、特別な技術なしにこれらの機器を使えます。"
				  "データの消失や改ざんのほか、"
				  "%sを妨げる足場にされるおそれがあります。" } },
	[CONSEQUENCE_SPREAD] = { { "Old or weakly protected machines, and open ways between zones",
				   "古い機器・弱い設定と、区画をまたぐ経路" },
				 { "Malware such as ransomware that gets in at one place can move "
				   "from machine to machine. "
				   "Work may stand still for days, and %s have to go on by hand.",
				   "ランサムウェアなどが1か所に入ると、機器から機器へ広がり得ます。"
				   "業務が数日止まり、%sを手作業で"
				   "続けることになるおそれがあります。" } },
	[CONSEQUENCE_READ] = { { "Talk that can be read or changed on the way",
				 "通信が途中で読まれる・書き換えられる" },
			       { "Passwords and instructions can be read on the way and be used "
				 "later to get in. This "
				 "seldom disturbs %s by itself; it opens the next door.",
				 "パスワードや指示が途中で読み取られ、後の侵入に使われ得ます。それ"
				 "だけで%sに支障が出ることは"
				 "少ないものの、次の侵入の入口になります。" } },
	[CONSEQUENCE_RECOVER] = { { "Backups that an attacker reaches too",
				    "攻撃者の手が届くバックアップ" },
				  { "After an incident the copies that %s needs to start again may "
				    "be lost as well.",
				    "被害のあと、%"
				    "sの再開に必要な控えまで失うおそれがあります。" } },
	[CONSEQUENCE_UNKNOWN] = { { "Machines and services that nobody has declared, or that leave "
				    "no trace",
				    "把握されていない機器・サービス、記録の残らない機器" },
				  { "Nobody looks after them, and nobody notices when something "
				    "happens there. Finding out "
				    "what disturbs %s takes longer.",
				    "管理の手が届かず、異変があっても気付けません。%"
				    "sに支障が出たときの原因究明が長引きます。" } },
	[CONSEQUENCE_OTHERS] = { { "Machines that can be used against others",
				   "他者への攻撃に悪用され得る機器" },
				 { "Strangers can attack others or send mail through them, in your "
				   "name. Others may block "
				   "your addresses, and what %s needs from outside may not get "
				   "through.",
				   "第三者がこれらを踏み台に攻撃やメール送信を行えます。取引先など"
				   "から通信を拒まれ、%sに必要な外部との"
				   "やり取りに支障が出るおそれがあります。" } },
	[CONSEQUENCE_TIDY] = { { "Details that help to prepare an attack, and other matters",
				 "攻撃の準備に役立つ情報の開示など" },
			       { "No direct effect on %s is to be expected; to be tidied up in the "
				 "course of other work.",
				 "%sへの直接の影響は見込まれません。ほかの作業の機会に整理してくだ"
				 "さい。" } },
};

enum consequence consequence_of(const char *check)
{
	for (size_t i = 0; check != NULL && i < countof(places); i++)
		if (strncmp(check, places[i].start, strlen(places[i].start)) == 0)
			return places[i].c;
	return CONSEQUENCE_TIDY;
}

const struct consequence_text *consequence_text(enum consequence c)
{
	return &texts[c];
}
