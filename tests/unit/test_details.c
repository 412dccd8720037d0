/* SPDX-License-Identifier: Apache-2.0 */
/* What findings say of themselves: every word that a check of ours writes there has Japanese, or is technical. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <strings.h>
#include "judge/catalogue.h"
#include "report/words.h"

/* ---- what stands in the column `detail` of a question ---- */

enum { LITERALS = 64, LITERAL_TEXT = 64, DEPTH = 32 };

struct literal {
	char text[LITERAL_TEXT];
};

/* A pair of parentheses, or the whole. */
struct frame {
	bool listing;   /* between SELECT and FROM */
	bool first;     /* of the selects that UNION puts together */
	bool skipped;   /* texts here are compared with, not told */
	int at, detail; /* columns; -1: none */
	char last[64];  /* word of this column */
	struct literal texts[LITERALS];
	size_t count;
};

struct reading {
	struct frame stack[DEPTH];
	size_t depth;
	void (*tell)(const char *check, const char *text);
	const char *check;
};

static bool is_word(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(word, list[i]) == 0)
			return true;
	return false;
}

static void column_ends(struct reading *r)
{
	struct frame *f = &r->stack[r->depth];

	if (!f->listing)
		return;
	if (f->first && (strcmp(f->last, "detail") == 0 || strcmp(f->last, "way") == 0))
		f->detail = f->at;
	for (size_t i = 0; f->at == f->detail && i < f->count; i++)
		r->tell(r->check, f->texts[i].text);
	f->count = 0;
	f->last[0] = '\0';
	f->at++;
}

static void word_met(struct reading *r, const char *word, const char *before)
{
	struct frame *f = &r->stack[r->depth];

	if (strcmp(word, "SELECT") == 0) {
		f->first = strcmp(before, "UNION") != 0 && strcmp(before, "ALL") != 0;
		if (f->first)
			f->detail = -1;
		f->listing = true;
		f->at = 0;
		f->count = 0;
	} else if (strcmp(word, "FROM") == 0 || strcmp(word, "UNION") == 0) {
		column_ends(r);
		f->listing = false;
	}
	snprintf(f->last, sizeof(f->last), "%s", word);
}

static void text_met(struct reading *r, const char *text, size_t n, const char *before)
{
	static const char *const compared[] = { "=", "<>", "LIKE", "GLOB", "WHEN", "IS" };

	if (is_word(before, compared, countof(compared)) || r->stack[r->depth].skipped)
		return;
	for (size_t i = 0; i <= r->depth; i++) {
		struct frame *f = &r->stack[i];

		if (!f->listing)
			continue;
		assert_true(f->count < LITERALS && n < LITERAL_TEXT);
		memcpy(f->texts[f->count].text, text, n);
		f->texts[f->count++].text[n] = '\0';
	}
}

static void read_sql(struct reading *r, const char *sql)
{
	static const char *const looking[] = { "IN",      "instr",     "substr",  "rtrim",
					       "replace", "json_each", "strftime" };
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	char before[64] = "";

	r->depth = 0;
	r->stack[0] = (struct frame){ .detail = -1 };
	for (const char *at = sql; *at != '\0';) {
		size_t n = strspn(at, letters);

		if (n > 0) {
			char word[64];

			snprintf(word, sizeof(word), "%.*s", (int)n, at);
			word_met(r, word, before);
			memcpy(before, word, sizeof(before));
			at += n;
			continue;
		}
		if (strncmp(at, "--", 2) == 0) {
			at += strcspn(at, "\n");
			continue;
		}
		if (*at == '\'') {
			n = strcspn(at + 1, "'");
			text_met(r, at + 1, n, before);
			at += n + 2;
			snprintf(before, sizeof(before), "'");
			continue;
		}
		if (*at == '(') {
			assert_true(++r->depth < DEPTH);
			r->stack[r->depth] = (struct frame){
				.detail = -1, .skipped = is_word(before, looking, countof(looking))
			};
		} else if (*at == ')') {
			column_ends(r);
			assert_true(r->depth > 0);
			r->depth--;
		} else if (*at == ',') {
			column_ends(r);
		}
		if (strchr(" \n\t", *at) == NULL)
			snprintf(before, sizeof(before), "%.*s",
				 (int)strspn(at, "<>=|") > 0 ? (int)strspn(at, "<>=|") : 1, at);
		at += strspn(at, "<>=|") > 0 ? strspn(at, "<>=|") : 1;
	}
	column_ends(r);
}

/* ---- is there Japanese for it ---- */

/* Protocols, products and headers, which are called so in Japanese too. */
static const char *const technical[] = {
	"telnet",  "ssh",         "ipmi",          "ftp",     "vnc",     "winrm",
	"rexec",   "rlogin",      "rsh",           "redis",   "dns",     "ntp",
	"cldap",   "wsdiscovery", "ssdp",          "mdns",    "coap",    "snmp v",
	"opcua",   "mqtt",        "modbus",        "socks",   "http",    "memcached",
	"rsync",   "postgresql",  "x11",           "mongodb", "nfs",     "docker",
	"etcd",    "kubernetes",  "elasticsearch", "hsts",    "Server",  "X-Powered-By",
	"DHCP",    "DHCPv6",      "LLDP",          "CDP",     "NetBIOS", "LLMNR",
	"Teredo",  "6to4",        "ISATAP",        "ipv4",    "ipv6",    "ike",
	"openvpn", "ipp",         "lpd",           "v2c",     "v",       "RSA",
	"DSA",     "ldap",        "mysql",         "mssql",   "smtp",    "imap",
	"pop3",    "pptp",
};

static size_t literals, bare;

static bool has_letters(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z'))
			return true;
	return false;
}

/* The text by itself, or with a value before or behind it. */
static bool has_japanese(const char *check, const char *text)
{
	static const char *const forms[] = { "%s", "%s7", "7%s", "7%s7" };

	for (size_t i = 0; i < countof(forms); i++) {
		char whole[2 * LITERAL_TEXT], out[REMARK_TEXT];
		const char *gap = strstr(forms[i], "%s");

		snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(gap - forms[i]), forms[i], text,
			 gap + 2);
		if (strcmp(detail_text(check, whole, LANGUAGE_JA, out), whole) != 0)
			return true;
	}
	return false;
}

static void look(const char *check, const char *text)
{
	char trimmed[LITERAL_TEXT];
	size_t n = strlen(text);

	while (n > 0 && text[n - 1] == ' ')
		n--;
	snprintf(trimmed, sizeof(trimmed), "%.*s", (int)n, text);
	literals++;
	if (!has_letters(text) || is_word(trimmed, technical, countof(technical)) ||
	    has_japanese(check, text))
		return;
	bare++;
	print_message("%s: '%s' has no Japanese\n", check, text);
}

static struct catalogue shipped;

static void every_word_of_our_checks_has_japanese(void **state)
{
	static struct reading r = { .tell = look };

	(void)state;
	for (size_t i = 0; i < shipped.check_count; i++) {
		r.check = shipped.checks[i].id;
		if (shipped.checks[i].sql != NULL)
			read_sql(&r, shipped.checks[i].sql);
	}
	assert_int_equal(bare, 0);
	/* They were found: each of 20 files has some. */
	assert_true(literals > 100);
}

/* Words that come out of our lists. */
static void words_of_lists_have_japanese(void **state)
{
	static const struct {
		const char *list, *check;
		int kind, word; /* columns; kind -1: none */
		const char *only;
	} rows[] = {
		{ "data_thresholds", "declared.figure-short", -1, 0, NULL },
		{ "data_class_words", "exposure.device-public", 1, 0, "printer" },
		{ "data_class_words", "exposure.device-public", 1, 0, "iot" },
		{ "data_class_words", "network.segment-mixed-roles", 1, 1, "terminal" },
		{ "data_class_words", "network.segment-mixed-roles", 1, 1, "printer" },
		{ "data_class_words", "network.segment-mixed-roles", 1, 1, "iot" },
		{ "data_class_words", "network.segment-mixed-roles", 1, 1, "mobile" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		size_t met = 0;

		for (size_t n = 0; n < shipped.list_count; n++)
			for (size_t k = 0; strcmp(shipped.lists[n].table, rows[i].list) == 0 &&
					   k < shipped.lists[n].row_count;
			     k++) {
				const char **cells = shipped.lists[n].rows[k].list;

				if (rows[i].kind >= 0 &&
				    strcmp(cells[rows[i].kind], rows[i].only) != 0)
					continue;
				met++;
				if (!has_japanese(rows[i].check, cells[rows[i].word]))
					fail_msg("%s: '%s' has no Japanese", rows[i].check,
						 cells[rows[i].word]);
			}
		assert_true(met > 0);
	}
}

/* Words with names in them, words that the probes bring, and what stays as it is. */
static void details_are_told_in_japanese(void **state)
{
	static const struct {
		const char *check, *detail, *ja;
	} rows[] = {
		{ "declared.waiver-expired", "tls.none port 443", "tls.none ポート443" },
		{ "declared.waiver-expired", "tls.none", "tls.none" },
		{ "declared.contradicted", "waiver tls.none", "例外措置 tls.none" },
		{ "declared.contradicted", "measure mlit-water:1.1-1 against ssh.protocol-1",
		  "代替措置 mlit-water:1.1-1（矛盾する検出：ssh.protocol-1）" },
		{ "declared.contradicted", "treatment tls.none port 443 against tls.none",
		  "対応計画 tls.none ポート443（矛盾する検出：tls.none）" },
		{ "asset.default-device-role", "camera", "監視カメラ" },
		{ "asset.os-unsupported", "Windows build 7601", "Windows（ビルド7601）" },
		{ "asset.os-unsupported", "Ubuntu 14.04", "Ubuntu 14.04" },
		{ "credential.cleartext-seen", "http proxy basic", "httpプロキシ basic" },
		{ "credential.cleartext-seen", "smtp plain", "smtp plain" },
		{ "network.ot-internet-egress", "dns via 10.0.0.1", "dns（10.0.0.1 経由）" },
		{ "network.ot-internet-egress", "tcp ipv6", "tcp ipv6" },
		{ "network.transitive-internet-exposure", "plant > office > Internet",
		  "plant > office > インターネット" },
		{ "network.vpn-endpoint", "wireguard to 192.0.2.1",
		  "wireguard（接続先：192.0.2.1）" },
		{ "rdp.security-legacy", "level client-compatible",
		  "暗号化レベル：クライアント互換" },
		{ "ssh.algorithm-weak", "kex NIST curves", "鍵交換 NIST曲線" },
		{ "ssh.algorithm-weak", "cipher 3des-cbc", "暗号 3des-cbc" },
		{ "tls.certificate-untrusted", "unknown-issuer", "発行元が不明" },
		{ "tls.certificate-weak-key", "issuer: RSA 1024", "発行元：RSA 1024" },
		{ "vpn.weak-crypto", "ike dh group 2", "ike（DHグループ2）" },
		/* Names that strangers give, and checks of the user's, are no words of ours. */
		{ "credential.default", "ssh certificate", "ssh certificate" },
		{ "dns.internal-name-public", "expired", "expired" },
		{ "own.check", "expired", "expired" },
		{ "tls.certificate-expired-by-me", "expired", "expired" },
		{ "tls.certificate-expired", "", "" },
	};
	char out[REMARK_TEXT], long_text[2 * REMARK_TEXT];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_string_equal(detail_text(rows[i].check, rows[i].detail, LANGUAGE_JA, out),
				    rows[i].ja);
		assert_string_equal(detail_text(rows[i].check, rows[i].detail, LANGUAGE_EN, out),
				    rows[i].detail);
	}
	assert_null(detail_text("tls.none", NULL, LANGUAGE_JA, out));
	memset(long_text, 'x', sizeof(long_text));
	memcpy(long_text, "kex ", 4);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_ptr_equal(detail_text("ssh.algorithm-weak", long_text, LANGUAGE_JA, out), long_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_of_our_checks_has_japanese),
		cmocka_unit_test(words_of_lists_have_japanese),
		cmocka_unit_test(details_are_told_in_japanese),
	};
	struct complaints c = { 0 };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	int r = catalogue_load(getenv("TENKEN_DATA"), NULL, 0, NULL, 0, &shipped, &c);

	complaints_print(&c, stderr);
	if (r == 0)
		r = cmocka_run_group_tests(tests, NULL, NULL);
	catalogue_done(&shipped);
	complaints_done(&c);
	return r;
}
