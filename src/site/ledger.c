/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: CSV with Japanese or English headers, one asset per row. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "codec/csv.h"
#include "codec/i18n.h"
#include "site/load.h"

enum {
	LEDGER_ROWS_MAX = 200000,
	ASSET_WORDS_MAX = 64, /* in one field */
};

enum column {
	COLUMN_ADDRESS,
	COLUMN_NAME,
	COLUMN_ID,
	COLUMN_MAC,
	COLUMN_ZONE,
	COLUMN_CLASS,
	COLUMN_VENDOR,
	COLUMN_MODEL,
	COLUMN_OS,
	COLUMN_OWNER,
	COLUMN_LOCATION,
	COLUMN_DECLARED,
	COLUMN_PORTS,
	COLUMN_SUPPORT,
	COLUMN_NOTE, /* read, not kept */
	COLUMNS
};

/* Several words for one thing; ASCII words compare without regard to case. */
struct synonym {
	const char *said;
	unsigned meaning;
};

static const struct synonym headers[] = {
	{ "address", COLUMN_ADDRESS },
	{ "ip", COLUMN_ADDRESS },
	{ "ip address", COLUMN_ADDRESS },
	{ "ipアドレス", COLUMN_ADDRESS },
	{ "ＩＰアドレス", COLUMN_ADDRESS },
	{ "アドレス", COLUMN_ADDRESS },
	{ "name", COLUMN_NAME },
	{ "hostname", COLUMN_NAME },
	{ "機器名", COLUMN_NAME },
	{ "機器名称", COLUMN_NAME },
	{ "ホスト名", COLUMN_NAME },
	{ "名称", COLUMN_NAME },
	{ "id", COLUMN_ID },
	{ "管理番号", COLUMN_ID },
	{ "資産番号", COLUMN_ID },
	{ "資産管理番号", COLUMN_ID },
	{ "mac", COLUMN_MAC },
	{ "mac address", COLUMN_MAC },
	{ "macアドレス", COLUMN_MAC },
	{ "ＭＡＣアドレス", COLUMN_MAC },
	{ "zone", COLUMN_ZONE },
	{ "区画", COLUMN_ZONE },
	{ "ゾーン", COLUMN_ZONE },
	{ "セグメント", COLUMN_ZONE },
	{ "class", COLUMN_CLASS },
	{ "種別", COLUMN_CLASS },
	{ "分類", COLUMN_CLASS },
	{ "機器種別", COLUMN_CLASS },
	{ "vendor", COLUMN_VENDOR },
	{ "メーカー", COLUMN_VENDOR },
	{ "メーカ", COLUMN_VENDOR },
	{ "製造元", COLUMN_VENDOR },
	{ "model", COLUMN_MODEL },
	{ "型番", COLUMN_MODEL },
	{ "型式", COLUMN_MODEL },
	{ "機種", COLUMN_MODEL },
	{ "os", COLUMN_OS },
	{ "ＯＳ", COLUMN_OS },
	{ "オペレーティングシステム", COLUMN_OS },
	{ "owner", COLUMN_OWNER },
	{ "管理者", COLUMN_OWNER },
	{ "担当", COLUMN_OWNER },
	{ "担当者", COLUMN_OWNER },
	{ "管理部署", COLUMN_OWNER },
	{ "location", COLUMN_LOCATION },
	{ "設置場所", COLUMN_LOCATION },
	{ "場所", COLUMN_LOCATION },
	{ "declared", COLUMN_DECLARED },
	{ "属性", COLUMN_DECLARED },
	{ "ports", COLUMN_PORTS },
	{ "許可ポート", COLUMN_PORTS },
	{ "ポート", COLUMN_PORTS },
	{ "support until", COLUMN_SUPPORT },
	{ "support_until", COLUMN_SUPPORT },
	{ "サポート期限", COLUMN_SUPPORT },
	{ "保守期限", COLUMN_SUPPORT },
	{ "サポート終了日", COLUMN_SUPPORT },
	{ "note", COLUMN_NOTE },
	{ "notes", COLUMN_NOTE },
	{ "備考", COLUMN_NOTE },
};

static const char *const class_words[] = {
	"server",      "terminal", "mobile", "network-device",
	"printer",     "iot",      "camera", "phone",
	"plc",         "hmi",      "rtu",    "historian",
	"engineering", "ups",      "nas",    "ot-device",
};

enum {
	SERVER,
	TERMINAL,
	MOBILE,
	NETWORK,
	PRINTER,
	IOT,
	CAMERA,
	PHONE,
	PLC,
	HMI,
	RTU,
	HISTORIAN,
	ENGINEERING,
	UPS,
	NAS,
	OT_DEVICE
};

static const struct synonym classes[] = {
	{ "サーバ", SERVER },
	{ "サーバー", SERVER },
	{ "workstation", TERMINAL },
	{ "pc", TERMINAL },
	{ "client", TERMINAL },
	{ "端末", TERMINAL },
	{ "パソコン", TERMINAL },
	{ "クライアント", TERMINAL },
	{ "ＰＣ", TERMINAL },
	{ "モバイル端末", MOBILE },
	{ "タブレット", MOBILE },
	{ "スマートフォン", MOBILE },
	{ "tablet", MOBILE },
	{ "network device", NETWORK },
	{ "network", NETWORK },
	{ "router", NETWORK },
	{ "switch", NETWORK },
	{ "firewall", NETWORK },
	{ "通信回線装置", NETWORK },
	{ "ネットワーク機器", NETWORK },
	{ "ルータ", NETWORK },
	{ "ルーター", NETWORK },
	{ "スイッチ", NETWORK },
	{ "ハブ", NETWORK },
	{ "ファイアウォール", NETWORK },
	{ "無線ap", NETWORK },
	{ "mfp", PRINTER },
	{ "プリンタ", PRINTER },
	{ "プリンター", PRINTER },
	{ "複合機", PRINTER },
	{ "iot機器", IOT },
	{ "監視カメラ", CAMERA },
	{ "カメラ", CAMERA },
	{ "ネットワークカメラ", CAMERA },
	{ "電話機", PHONE },
	{ "電話", PHONE },
	{ "ip電話", PHONE },
	{ "ip phone", PHONE },
	{ "シーケンサ", PLC },
	{ "シーケンサー", PLC },
	{ "コントローラ", PLC },
	{ "制御装置", PLC },
	{ "controller", PLC },
	{ "タッチパネル", HMI },
	{ "表示器", HMI },
	{ "操作端末", HMI },
	{ "テレメータ", RTU },
	{ "テレメータ装置", RTU },
	{ "ヒストリアン", HISTORIAN },
	{ "データ収集装置", HISTORIAN },
	{ "engineering station", ENGINEERING },
	{ "エンジニアリング端末", ENGINEERING },
	{ "保守端末", ENGINEERING },
	{ "無停電電源装置", UPS },
	{ "ファイルサーバ専用機", NAS },
	{ "制御機器", OT_DEVICE },
	{ "ot機器", OT_DEVICE },
	{ "ot device", OT_DEVICE },
};

static const char *const declared_words[] = {
	"important",
	"personal-data",
	"protected-information",
	"backup-store",
	"log-store",
	"closed",
	"not-patchable",
	"no-antivirus",
	"shared-accounts",
	"relay",
	"ot-office-terminal",
	"emergency-system",
	"internet-exception",
	"compensated",
	"default-id-kept",
	"internet-facing",
	"internet-connected",
	"internet-boundary",
	"it-ot-boundary",
	"remote-access",
	"web",
	"mail",
	"dns",
	"database",
	"cloud",
	"must-log",
	"must-sync",
	"must-update",
	"must-monitor",
	"development",
};

enum {
	IMPORTANT,
	PERSONAL,
	PROTECTED,
	BACKUP,
	LOG,
	CLOSED,
	NOT_PATCHABLE,
	NO_ANTIVIRUS,
	SHARED,
	RELAY,
	OT_OFFICE,
	EMERGENCY,
	EXCEPTION,
	COMPENSATED,
	DEFAULT_ID,
	FACING,
	CONNECTED,
	BOUNDARY,
	IT_OT,
	REMOTE,
	WEB,
	MAIL,
	DNS,
	DATABASE,
	CLOUD,
	MUST_LOG,
	MUST_SYNC,
	MUST_UPDATE,
	MUST_MONITOR,
	DEVELOPMENT
};

static const struct synonym declared[] = {
	{ "重要", IMPORTANT },
	{ "重要システム", IMPORTANT },
	{ "重要資産", IMPORTANT },
	{ "個人情報", PERSONAL },
	{ "要保護情報", PROTECTED },
	{ "機密情報", PROTECTED },
	{ "バックアップ", BACKUP },
	{ "バックアップ保存先", BACKUP },
	{ "ログ保存", LOG },
	{ "ログ保管", LOG },
	{ "ログサーバ", LOG },
	{ "ログ送信", MUST_LOG },
	{ "ログ送信必須", MUST_LOG },
	{ "定義更新", MUST_UPDATE },
	{ "定義更新必須", MUST_UPDATE },
	{ "監視対象", MUST_MONITOR },
	{ "時刻同期", MUST_SYNC },
	{ "時刻同期必須", MUST_SYNC },
	{ "開発", DEVELOPMENT },
	{ "試験環境", DEVELOPMENT },
	{ "開発・試験", DEVELOPMENT },
	{ "閉域", CLOSED },
	{ "閉域網", CLOSED },
	{ "更新不可", NOT_PATCHABLE },
	{ "パッチ適用不可", NOT_PATCHABLE },
	{ "ウイルス対策なし", NO_ANTIVIRUS },
	{ "ウイルス対策不可", NO_ANTIVIRUS },
	{ "共用アカウント", SHARED },
	{ "共有アカウント", SHARED },
	{ "中継", RELAY },
	{ "中継サーバ", RELAY },
	{ "兼用端末", OT_OFFICE },
	{ "非常用", EMERGENCY },
	{ "非常用システム", EMERGENCY },
	{ "インターネット例外", EXCEPTION },
	{ "代替策あり", COMPENSATED },
	{ "代替措置", COMPENSATED },
	{ "初期id", DEFAULT_ID },
	{ "初期id使用", DEFAULT_ID },
	{ "インターネット公開", FACING },
	{ "公開", FACING },
	{ "インターネット接続", CONNECTED },
	{ "インターネット境界", BOUNDARY },
	{ "制御系境界", IT_OT },
	{ "リモートアクセス", REMOTE },
	{ "vpn", REMOTE },
	{ "ウェブ", WEB },
	{ "メール", MAIL },
	{ "データベース", DATABASE },
	{ "クラウド", CLOUD },
};

/* An open file, and which column each of its fields is. */
struct ledger {
	struct site *site;
	struct csv *csv;
	const char *path;
	struct complaints *complaints;
	enum column columns[CSV_FIELDS_MAX];
	const char *titles[COLUMNS]; /* as the file writes them; for messages */
	char title_text[COLUMNS][64];
	size_t column_count;
};

static bool find_synonym(const struct synonym *list, size_t count, const char *text, unsigned *ret)
{
	for (size_t i = 0; i < count; i++)
		if (span_is_nocase(span_text(text), list[i].said)) {
			*ret = list[i].meaning;
			return true;
		}
	return false;
}

static bool find_word(const char *const *words, size_t count, const char *text, unsigned *ret)
{
	for (size_t i = 0; i < count; i++)
		if (span_is_nocase(span_text(text), words[i])) {
			*ret = (unsigned)i;
			return true;
		}
	return false;
}

__attribute__((format(printf, 3, 4))) static void wrong(const struct ledger *l, enum column column,
							const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	complain(l->complaints, l->path, csv_line(l->csv), _("field '%s': %s"), l->titles[column],
		 text);
}

static bool read_header(struct ledger *l)
{
	const char *const *fields;
	bool good = true;

	if (!csv_row(l->csv, &fields, &l->column_count)) {
		complain(l->complaints, l->path, 0, _("has no header line"));
		return false;
	}
	for (size_t i = 0; i < l->column_count; i++) {
		unsigned column = 0;

		if (!find_synonym(headers, countof(headers), fields[i], &column)) {
			complain(l->complaints, l->path, csv_line(l->csv),
				 _("field '%s': is not a column of the ledger"), fields[i]);
			good = false;
			continue;
		}
		l->columns[i] = (enum column)column;
		if (l->titles[column] != NULL) {
			wrong(l, (enum column)column, _("stands twice"));
			good = false;
		}
		snprintf(l->title_text[column], sizeof(l->title_text[column]), "%s", fields[i]);
		l->titles[column] = l->title_text[column];
	}
	if (good && l->titles[COLUMN_ADDRESS] == NULL && l->titles[COLUMN_NAME] == NULL &&
	    l->titles[COLUMN_ID] == NULL && l->titles[COLUMN_MAC] == NULL) {
		complain(l->complaints, l->path, csv_line(l->csv),
			 _("needs a column 'address', 'mac', 'id' or 'name'"));
		good = false;
	}
	return good;
}

/* ---- fields ---- */

static void keep(const struct ledger *l, enum column column, const char *text, char **ret)
{
	if (strlen(text) > SITE_TEXT_MAX) {
		wrong(l, column, _("is longer than %d bytes"), SITE_TEXT_MAX);
		return;
	}
	*ret = strdup(text);
	if (*ret == NULL)
		wrong(l, column, _("out of memory"));
}

/* Six bytes in any of the usual spellings, kept as "00:1a:2b:3c:4d:5e". */
static void keep_mac(const struct ledger *l, const char *text, char **ret)
{
	char hex[13], mac[18];
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == ':' || *p == '-' || *p == '.' || *p == ' ')
			continue;
		bool good = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f') ||
			    (*p >= 'A' && *p <= 'F');
		if (!good || n == 12) {
			n = SIZE_MAX;
			break;
		}
		hex[n++] = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;
	}
	if (n != 12) {
		wrong(l, COLUMN_MAC, _("'%s' is not a MAC address"), text);
		return;
	}
	for (size_t i = 0; i < 6; i++)
		snprintf(mac + 3 * i, 4, "%.2s%s", hex + 2 * i, i < 5 ? ":" : "");
	keep(l, COLUMN_MAC, mac, ret);
}

static void keep_class(const struct ledger *l, const char *text, char **ret)
{
	unsigned k;

	if (find_word(class_words, countof(class_words), text, &k) ||
	    find_synonym(classes, countof(classes), text, &k))
		keep(l, COLUMN_CLASS, class_words[k], ret);
	else
		wrong(l, COLUMN_CLASS,
		      _("'%s' is not a class of asset, such as server, terminal, "
			"network-device, printer, iot or plc"),
		      text);
}

static void keep_zone(const struct ledger *l, const char *text, char **ret)
{
	if (zone_named(l->site, text) != NULL)
		keep(l, COLUMN_ZONE, text, ret);
	else
		wrong(l, COLUMN_ZONE, _("no zone is named '%s'"), text);
}

/* Words of one field are separated by ';', ',', '|' or the Japanese comma. Takes the next one off. */
static struct span next_word(struct span *left)
{
	static const char *const separators[] = { ";", ",", "|", "、", "；", "，", "\n" };
	size_t at = left->length, width = 0;

	for (size_t i = 0; i < countof(separators); i++) {
		ptrdiff_t p = span_find(*left, separators[i], strlen(separators[i]));

		if (p >= 0 && (size_t)p < at) {
			at = (size_t)p;
			width = strlen(separators[i]);
		}
	}
	struct span word = span_trim(span_first(*left, at));
	*left = at + width < left->length ? span_from(*left, at + width) : span_of(left->at, 0);
	return word;
}

static void keep_declared(const struct ledger *l, const char *text, struct asset *a)
{
	struct span left = span_text(text);

	for (size_t i = 0; left.length > 0; i++) {
		struct span word = next_word(&left);
		char copy[128];
		unsigned k;

		if (word.length == 0)
			continue;
		snprintf(copy, sizeof(copy), "%.*s", (int)word.length, (const char *)word.at);
		if (i >= ASSET_WORDS_MAX) {
			wrong(l, COLUMN_DECLARED, _("has more than %d words"), ASSET_WORDS_MAX);
			return;
		}
		if (!find_word(declared_words, countof(declared_words), copy, &k) &&
		    !find_synonym(declared, countof(declared), copy, &k)) {
			wrong(l, COLUMN_DECLARED, _("'%s' is not a word of tenken-site(5)"), copy);
			continue;
		}
		bool known = false;
		for (size_t m = 0; m < a->declared_count; m++)
			known = known || strcmp(a->declared[m], declared_words[k]) == 0;
		if (!known && !texts_add(&a->declared, &a->declared_count, declared_words[k]))
			wrong(l, COLUMN_DECLARED, _("out of memory"));
	}
}

static void keep_ports(const struct ledger *l, const char *text, struct asset *a)
{
	struct span left = span_text(text);

	a->ports_stated = true;
	if (span_is_nocase(left, "none") || span_is(left, "なし"))
		return;
	for (size_t i = 0; left.length > 0; i++) {
		struct span word = next_word(&left);
		struct port_range r;

		if (word.length == 0)
			continue;
		if (i >= ASSET_WORDS_MAX) {
			wrong(l, COLUMN_PORTS, _("has more than %d words"), ASSET_WORDS_MAX);
			return;
		}
		if (!port_range_parse(word, &r)) {
			wrong(l, COLUMN_PORTS, _("'%.*s' is not a port such as 'tcp/443'"),
			      word.length < 100 ? (int)word.length : 100, (const char *)word.at);
			continue;
		}
		struct port_range *place = list_grow(&a->ports, &a->port_count, sizeof(*place));
		if (place != NULL)
			*place = r;
		else
			wrong(l, COLUMN_PORTS, _("out of memory"));
	}
}

/* The last second of that day. */
static void keep_support(const struct ledger *l, const char *text, struct asset *a)
{
	int year, month, day;

	if (day_parse(text, &year, &month, &day))
		a->support_until = site_midnight(l->site, year, month, day + 1) - 1;
	else
		wrong(l, COLUMN_SUPPORT, _("'%s' is not a day (YYYY-MM-DD)"), text);
}

static void keep_address(const struct ledger *l, const char *text, struct asset *a)
{
	if (addr_parse(text, &a->address) != 0)
		wrong(l, COLUMN_ADDRESS, _("'%s' is not an address"), text);
	else
		a->has_address = true;
}

static void keep_field(const struct ledger *l, enum column column, const char *text,
		       struct asset *a)
{
	if (text[0] == '\0')
		return;
	switch (column) {
	case COLUMN_ADDRESS:
		keep_address(l, text, a);
		break;
	case COLUMN_NAME:
		keep(l, column, text, &a->name);
		break;
	case COLUMN_ID:
		keep(l, column, text, &a->id);
		break;
	case COLUMN_MAC:
		keep_mac(l, text, &a->mac);
		break;
	case COLUMN_ZONE:
		keep_zone(l, text, &a->zone);
		break;
	case COLUMN_CLASS:
		keep_class(l, text, &a->class_);
		break;
	case COLUMN_VENDOR:
		keep(l, column, text, &a->vendor);
		break;
	case COLUMN_MODEL:
		keep(l, column, text, &a->model);
		break;
	case COLUMN_OS:
		keep(l, column, text, &a->os);
		break;
	case COLUMN_OWNER:
		keep(l, column, text, &a->owner);
		break;
	case COLUMN_LOCATION:
		keep(l, column, text, &a->location);
		break;
	case COLUMN_DECLARED:
		keep_declared(l, text, a);
		break;
	case COLUMN_PORTS:
		keep_ports(l, text, a);
		break;
	case COLUMN_SUPPORT:
		keep_support(l, text, a);
		break;
	case COLUMN_NOTE:
	case COLUMNS:
		break;
	}
}

/* ---- rows ---- */

static int by_id(const void *x, const void *y)
{
	const struct asset *a = *(const struct asset *const *)x;
	const struct asset *b = *(const struct asset *const *)y;
	int c = strcmp(a->id, b->id);

	return c != 0 ? c : (a->line > b->line) - (a->line < b->line);
}

static int by_address(const void *x, const void *y)
{
	const struct asset *a = *(const struct asset *const *)x;
	const struct asset *b = *(const struct asset *const *)y;
	int c = addr_compare(&a->address, &b->address);

	return c != 0 ? c : (a->line > b->line) - (a->line < b->line);
}

/* An address or id that stands twice: nobody could say which row speaks. */
static void refuse_duplicates(const struct ledger *l)
{
	const struct site *s = l->site;
	const struct asset **list =
		reallocarray(NULL, s->asset_count + 1, sizeof(const struct asset *));
	size_t n = 0;

	if (list == NULL) {
		complain(l->complaints, l->path, 0, _("out of memory"));
		return;
	}
	for (size_t i = 0; i < s->asset_count; i++)
		if (s->assets[i].has_address)
			list[n++] = &s->assets[i];
	qsort(list, n, sizeof(*list), by_address);
	for (size_t i = 1; i < n; i++)
		if (addr_compare(&list[i]->address, &list[i - 1]->address) == 0) {
			char text[ADDR_TEXT];

			complain(l->complaints, l->path, list[i]->line,
				 _("field '%s': '%s' stands on line %u already"),
				 l->titles[COLUMN_ADDRESS], addr_format(&list[i]->address, text),
				 list[i - 1]->line);
		}
	n = 0;
	for (size_t i = 0; i < s->asset_count; i++)
		if (s->assets[i].id != NULL)
			list[n++] = &s->assets[i];
	qsort(list, n, sizeof(*list), by_id);
	for (size_t i = 1; i < n; i++)
		if (strcmp(list[i]->id, list[i - 1]->id) == 0)
			complain(l->complaints, l->path, list[i]->line,
				 _("field '%s': '%s' stands on line %u already"),
				 l->titles[COLUMN_ID], list[i]->id, list[i - 1]->line);
	free(list);
}

static void read_rows(struct ledger *l)
{
	const char *const *fields;
	struct site *s = l->site;
	size_t count;

	while (csv_row(l->csv, &fields, &count)) {
		if (count > l->column_count) {
			complain(l->complaints, l->path, csv_line(l->csv),
				 _("has %zu fields, the header %zu"), count, l->column_count);
			continue;
		}
		struct asset *a = s->asset_count < LEDGER_ROWS_MAX
					  ? list_grow(&s->assets, &s->asset_count, sizeof(*a))
					  : NULL;
		if (a == NULL) {
			complain(l->complaints, l->path, csv_line(l->csv),
				 _("has more than %d rows"), LEDGER_ROWS_MAX);
			return;
		}
		size_t before = l->complaints->count;
		a->line = csv_line(l->csv);
		for (size_t i = 0; i < count; i++)
			keep_field(l, l->columns[i], fields[i], a);
		if (l->complaints->count == before && !a->has_address && a->id == NULL &&
		    a->mac == NULL && a->name == NULL)
			complain(l->complaints, l->path, a->line,
				 _("names neither address, MAC, id nor name"));
	}
}

void ledger_load(struct site *s, const char *path, const struct file_text *text,
		 struct complaints *c)
{
	struct ledger l = { .site = s, .path = path, .complaints = c };

	l.csv = csv_read(path, text->text, text->length, c);
	if (l.csv == NULL)
		return;
	if (read_header(&l)) {
		size_t before = c->count;

		read_rows(&l);
		if (c->count == before)
			refuse_duplicates(&l);
	}
	csv_close(l.csv);
}

void ledger_done(struct site *s)
{
	for (size_t i = 0; i < s->asset_count; i++) {
		struct asset *a = &s->assets[i];

		free(a->id);
		free(a->name);
		free(a->mac);
		free(a->zone);
		free(a->class_);
		free(a->vendor);
		free(a->model);
		free(a->os);
		free(a->owner);
		free(a->location);
		texts_done(&a->declared, &a->declared_count);
		free(a->ports);
	}
	free(s->assets);
	s->assets = NULL;
	s->asset_count = 0;
}
