/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checks of profiles/checks put into `detail` of their own words, in Japanese. Names, numbers, protocols and
 * versions stay as they are, and so does whatever a check of the user's says. The English words are part of the
 * fingerprint, so they are what the store keeps.
 */
#include "report/words.h"

#include <string.h>

#include "codec/span.h"

struct form {
	const char *check; /* an id, or the beginning of several, up to a '*' */
	const char *en, *ja;
};

static const struct form forms[] = {
	{ "declared.contradicted", "%s against %s", "%s（矛盾する検出：%s）" },
	{ "declared.contradicted", "waiver %s", "例外措置 %s" },
	{ "declared.contradicted", "measure %s", "代替措置 %s" },
	{ "declared.contradicted", "treatment %s", "対応計画 %s" },
	{ "declared.*", "%s port %s", "%s ポート%s" },
	{ "declared.figure-short", "lockout_count", "ロックまでの失敗回数（lockout_count）" },
	{ "declared.figure-short", "patch_days", "パッチ適用の期限（patch_days）" },
	{ "declared.figure-short", "log_months", "ログの保存期間（log_months）" },
	{ "declared.figure-short", "scan_days", "点検の間隔（scan_days）" },
	{ "declared.figure-short", "certificate_days", "証明書の期限の予告（certificate_days）" },
	{ "declared.figure-short", "clock_seconds", "時計のずれの許容値（clock_seconds）" },

	{ "asset.changed", "MAC address", "MACアドレス" },
	{ "asset.changed", "vendor", "メーカー" },
	{ "asset.changed", "SSH host key", "SSHホスト鍵" },
	{ "asset.changed", "certificate", "証明書" },
	{ "asset.changed", "open services", "開いているサービス" },
	{ "asset.os-unsupported", "Windows build %s", "Windows（ビルド%s）" },
	{ "asset.hardware-unsupported", "by the ledger", "資産台帳の記載による" },
	{ "asset.ledger-mismatch", "fields missing", "記載漏れの欄がある" },
	{ "asset.ledger-mismatch", "another zone", "台帳のゾーンとアドレスのゾーンが異なる" },

	{ "credential.cleartext-seen", "%s form", "%s ログイン画面" },
	{ "credential.cleartext-seen", "%s proxy %s", "%sプロキシ %s" },
	{ "credential.no-mfa", "ssh password", "sshのパスワード認証" },
	{ "credential.shared", "community", "コミュニティ名" },

	{ "dns.zone-inconsistent", "%s (lame)", "%s（委任先のサーバがゾーンを持たない）" },

	{ "exposure.cleartext-admin", "%s login", "%s ログイン" },
	{ "exposure.unauthenticated-service", "ftp anonymous", "ftp（匿名）" },
	{ "exposure.unauthenticated-service", "smb guest", "smb（ゲスト）" },
	{ "exposure.ot-protocol-public", "%s (outward)", "%s（内から外への通信）" },
	{ "exposure.device-public", "iot", "IoT機器" },

	{ "http.admin-without-tls", "login form", "ログイン画面" },
	{ "http.admin-without-tls", "basic authentication", "ベーシック認証" },

	{ "log.store-exposed", "smb guest", "smb（ゲスト）" },
	{ "log.store-exposed", "ftp anonymous", "ftp（匿名）" },
	{ "log.store-exposed", "from %s", "%s から到達可能" },

	{ "mail.submission-unauthenticated", "%s login before TLS",
	  "%s TLSに切り替える前のログイン" },
	{ "mail.submission-unauthenticated", "%s without login", "%s 認証なし" },

	{ "network.arp-anomaly", "sender differs", "送信元のMACアドレスが食い違う" },
	{ "network.critical-internet-path", "from the Internet", "インターネットから" },
	{ "network.critical-internet-path", "to the Internet", "インターネットへ" },
	{ "network.dhcp-rogue", "router advertisement", "ルータ広告" },
	{ "network.egress-unfiltered", "web via %s", "Web（%s 経由）" },
	{ "network.egress-unfiltered", "web ipv6", "Web（IPv6）" },
	{ "network.egress-unfiltered", "web ipv4", "Web（IPv4）" },
	{ "network.internet-path-filtered", "%s via %s", "%s（%s 経由）" },
	{ "network.ipv6-unintended", "router advertisement", "ルータ広告" },
	{ "network.ipv6-unintended", "DHCPv6 server", "DHCPv6サーバ" },
	{ "network.ipv6-unintended", "DHCPv6 address", "DHCPv6によるアドレス" },
	{ "network.ipv6-unintended", "IPv6 address", "IPv6アドレス" },
	{ "network.ot-internet-egress", "%s via %s", "%s（%s 経由）" },
	{ "network.segment-mixed-roles", "terminal", "端末" },
	{ "network.segment-mixed-roles", "iot", "IoT機器" },
	{ "network.segment-mixed-roles", "mobile", "モバイル端末" },
	{ "network.transitive-internet-exposure", "%s > Internet", "%s > インターネット" },
	{ "network.vpn-endpoint", "%s to %s", "%s（接続先：%s）" },

	{ "print.job-unauthenticated", "raw printing", "RAW印刷" },

	{ "rdp.security-legacy", "level none", "暗号化なし" },
	{ "rdp.security-legacy", "level low", "暗号化レベル：低" },
	{ "rdp.security-legacy", "level client-compatible", "暗号化レベル：クライアント互換" },
	{ "rdp.security-legacy", "level high", "暗号化レベル：高" },
	{ "rdp.security-legacy", "level fips", "暗号化レベル：FIPS準拠" },
	{ "rdp.security-legacy", "level unknown", "暗号化レベル：不明" },
	{ "rdp.security-legacy", "level %s", "暗号化レベル：%s" },

	{ "ssh.algorithm-weak", "CRYPTREC list", "CRYPTREC暗号リストの推奨外" },
	{ "ssh.algorithm-weak", "kex NIST curves", "鍵交換 NIST曲線" },
	{ "ssh.algorithm-weak", "kex withdrawn hybrid", "鍵交換 廃止されたハイブリッド方式" },
	{ "ssh.algorithm-weak", "mac HMAC with SHA-1", "MAC SHA-1を用いるHMAC" },
	{ "ssh.algorithm-weak", "mac encrypt-and-MAC", "MAC encrypt-and-MAC方式" },
	{ "ssh.algorithm-weak", "mac short tags", "MAC 短い認証タグ" },
	{ "ssh.algorithm-weak", "kex %s", "鍵交換 %s" },
	{ "ssh.algorithm-weak", "cipher %s", "暗号 %s" },
	{ "ssh.algorithm-weak", "mac %s", "MAC %s" },
	{ "ssh.algorithm-weak", "hostkey %s", "ホスト鍵 %s" },
	{ "ssh.hostkey-weak", "CA %s", "認証局の鍵 %s" },

	{ "tls.certificate-expired", "expired", "期限切れ" },
	{ "tls.certificate-expired", "not yet valid", "有効期間前" },
	{ "tls.certificate-untrusted", "self-signed", "自己署名" },
	{ "tls.certificate-untrusted", "unknown-issuer", "発行元が不明" },
	{ "tls.certificate-untrusted", "not-for-servers", "サーバ用ではない" },
	{ "tls.certificate-untrusted", "invalid", "証明書が不正" },
	{ "tls.certificate-weak-key", "issuer: %s", "発行元：%s" },
	{ "tls.none", "%s login", "%s ログイン" },
	{ "tls.none", "http proxy", "httpプロキシ" },

	{ "vpn.weak-crypto", "ike des or 3des", "ike（DESまたは3DES）" },
	{ "vpn.weak-crypto", "ike dh group %s", "ike（DHグループ%s）" },
	{ "vpn.weak-crypto", "l2tp without ipsec", "IPsecを使わないl2tp" },
	{ "vpn.weak-crypto", "ike aggressive mode", "ike（アグレッシブモード）" },
};

/* Details of these are kinds of machines. */
static const char *const of_roles[] = {
	"asset.default-device-role",
	"exposure.device-public",
	"network.segment-mixed-roles",
};

static bool is_of(const char *check, const char *pattern)
{
	size_t n = strcspn(pattern, "*");

	return strncmp(check, pattern, n) == 0 && (pattern[n] == '*' || check[n] == '\0');
}

enum { NESTED = 2 };

static const char *told(const char *check, const char *detail, int depth,
			char out[static REMARK_TEXT])
{
	struct span values[FORM_VALUES];
	char inner[REMARK_TEXT], first[REMARK_TEXT];

	for (size_t i = 0; i < countof(forms); i++) {
		if (!is_of(check, forms[i].check) || !form_fits(detail, forms[i].en, values))
			continue;
		const char *gap = strstr(forms[i].en, "%s");

		/* "waiver CHECK port 502 against CHECK": our words stand within the first value too. */
		if (gap != NULL && depth < NESTED) {
			memcpy(first, values[0].at, values[0].length);
			first[values[0].length] = '\0';
			values[0] = span_text(told(check, first, depth + 1, inner));
		}
		form_fill(forms[i].ja, values, out);
		return out;
	}
	for (size_t i = 0; i < countof(of_roles); i++)
		if (strcmp(check, of_roles[i]) == 0)
			return role_text(detail, LANGUAGE_JA);
	return detail;
}

const char *detail_text(const char *check, const char *detail, enum language l,
			char out[static REMARK_TEXT])
{
	/* What does not fit with our words around it stays as it is. */
	if (l != LANGUAGE_JA || check == NULL || detail == NULL || *detail == '\0' ||
	    strlen(detail) + 200 > REMARK_TEXT)
		return detail;
	return told(check, detail, 0, out);
}
