/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A draft of the ledger: the lines of the approved one, and below them what was seen and is in none of them. It is in
 * the form that tenken-site(5) describes, so what a person has gone through can be read at once; where a line comes
 * from stands in its note.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/span.h"
#include "report/facts.h"
#include "report/formats.h"
#include "report/text.h"
#include "report/words.h"

enum { TEXT_MOST = 1000 }; /* bytes that the ledger's reader takes in a field */

struct pair {
	const char *en, *ja;
};

/* Columns as site/ledger.c reads them. */
static const struct pair heads[] = {
	{ "id", "管理番号" },
	{ "name", "名称" },
	{ "address", "IPアドレス" },
	{ "mac", "MACアドレス" },
	{ "zone", "区画" },
	{ "class", "種別" },
	{ "vendor", "メーカー" },
	{ "model", "型番" },
	{ "os", "OS" },
	{ "owner", "管理者" },
	{ "location", "設置場所" },
	{ "declared", "属性" },
	{ "ports", "許可ポート" },
	{ "support_until", "サポート期限" },
	{ "note", "備考" },
};

/* Words of it that people in Japan write; the others stay as they are, and are read too. */
static const struct pair classes[] = {
	{ "server", "サーバ" },
	{ "terminal", "端末" },
	{ "mobile", "モバイル端末" },
	{ "network-device", "通信回線装置" },
	{ "printer", "プリンタ" },
	{ "iot", "IoT機器" },
	{ "camera", "監視カメラ" },
	{ "phone", "電話機" },
	{ "plc", "シーケンサ" },
	{ "hmi", "表示器" },
	{ "rtu", "テレメータ" },
	{ "historian", "ヒストリアン" },
	{ "engineering", "エンジニアリング端末" },
	{ "ups", "無停電電源装置" },
	{ "nas", "ファイルサーバ専用機" },
	{ "ot-device", "制御機器" },
};
static const struct pair declared[] = {
	{ "important", "重要" },
	{ "personal-data", "個人情報" },
	{ "protected-information", "要保護情報" },
	{ "backup-store", "バックアップ保存先" },
	{ "log-store", "ログ保存" },
	{ "closed", "閉域" },
	{ "not-patchable", "更新不可" },
	{ "no-antivirus", "ウイルス対策なし" },
	{ "shared-accounts", "共用アカウント" },
	{ "relay", "中継" },
	{ "ot-office-terminal", "兼用端末" },
	{ "emergency-system", "非常用" },
	{ "internet-exception", "インターネット例外" },
	{ "compensated", "代替措置" },
	{ "default-id-kept", "初期ID使用" },
	{ "internet-facing", "インターネット公開" },
	{ "internet-connected", "インターネット接続" },
	{ "internet-boundary", "インターネット境界" },
	{ "it-ot-boundary", "制御系境界" },
	{ "remote-access", "リモートアクセス" },
	{ "web", "ウェブ" },
	{ "mail", "メール" },
	{ "database", "データベース" },
	{ "cloud", "クラウド" },
	{ "must-log", "ログ送信必須" },
	{ "must-sync", "時刻同期必須" },
};

/* Notes. */
static const struct pair approved = { "approved ledger, line ", "承認済み台帳の" },
			 approved_end = { "", "行目" },
			 unseen = { "not seen this time", "今回は検出されず" },
			 filled = { "filled in from what was seen: ", "点検結果から補った項目：" },
			 draft = { "DRAFT: seen, and in no line of the ledger",
				   "【案】点検で検出、台帳に記載なし" },
			 seen = { "last seen ", "最終検出 " },
			 open = { "open: ", "開いているポート：" }, none = { "none", "なし" };

struct draft {
	struct facts facts;
	enum language l;
	FILE *out;
};

static const char *say(const struct draft *d, const struct pair *p)
{
	return d->l == LANGUAGE_JA ? p->ja : p->en;
}

static const char *word_of(const struct draft *d, const struct pair *list, size_t count,
			   const char *word)
{
	for (size_t i = 0; word != NULL && d->l == LANGUAGE_JA && i < count; i++)
		if (strcmp(list[i].en, word) == 0)
			return list[i].ja;
	return word;
}

/* At most as long as it can be read back, in whole characters. */
static void put_field(const struct draft *d, const char *text)
{
	size_t n = text != NULL ? strnlen(text, TEXT_MOST + 1) : 0;

	if (n > TEXT_MOST) {
		char cut[TEXT_MOST + 1];

		for (n = TEXT_MOST - 2; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
		snprintf(cut, sizeof(cut), "%.*s", (int)n, text);
		put_csv(d->out, cut);
	} else if (n > 0) {
		put_csv(d->out, text);
	}
	putc(',', d->out);
}

/* A text that is put together, as one field. */
struct joined {
	FILE *f;
	char *text;
	size_t size;
};

static bool join_start(struct draft *d, struct joined *j)
{
	*j = (struct joined){ 0 };
	j->f = open_memstream(&j->text, &j->size);
	if (j->f == NULL)
		d->facts.error = -ENOMEM;
	return j->f != NULL;
}

static void join_end(struct draft *d, struct joined *j, bool last)
{
	if (fclose(j->f) != 0)
		d->facts.error = -ENOMEM;
	else if (last)
		put_csv(d->out, j->text);
	else
		put_field(d, j->text);
	free(j->text);
	if (last)
		fputs("\r\n", d->out);
}

static void put_declared(struct draft *d, const char *list)
{
	json_t *all = list != NULL ? json_loads(list, 0, NULL) : NULL;
	struct joined j;

	if (join_start(d, &j)) {
		for (size_t i = 0; i < json_array_size(all); i++) {
			const char *word = json_string_value(json_array_get(all, i));

			fprintf(j.f, "%s%s", i > 0 ? ";" : "",
				word != NULL ? word_of(d, declared, countof(declared), word) : "");
		}
		join_end(d, &j, false);
	}
	json_decref(all);
}

/* "tcp/443;udp/1-100", the word for none, nothing where the ledger does not say. */
static void put_ports(struct draft *d, const char *list)
{
	json_t *all = list != NULL ? json_loads(list, 0, NULL) : NULL;
	struct joined j;

	if (!join_start(d, &j)) {
		json_decref(all);
		return;
	}
	if (json_is_array(all) && json_array_size(all) == 0)
		fputs(say(d, &none), j.f);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const char *transport;
		json_int_t first, last;

		if (json_unpack(json_array_get(all, i), "[s,I,I]", &transport, &first, &last) != 0)
			continue;
		fprintf(j.f, "%s%s/%" JSON_INTEGER_FORMAT, i > 0 ? ";" : "", transport, first);
		if (last != first)
			fprintf(j.f, "-%" JSON_INTEGER_FORMAT, last);
	}
	join_end(d, &j, false);
	json_decref(all);
}

static void put_day(struct draft *d, int64_t seconds)
{
	char time[TIME_TEXT];

	if (seconds != 0)
		fprintf(d->out, "%.10s", time_here(seconds, time));
	putc(',', d->out);
}

/* What the ledger says, else what was seen; what was filled in is noted. */
static void put_filled(struct draft *d, struct query *q, const char *column, const char *from,
		       const struct pair *head, struct joined *note)
{
	const char *own = cell(q, column), *found = cell(q, from);
	bool fill = (own == NULL || *own == '\0') && found != NULL && *found != '\0';

	put_field(d, word_of(d, classes, countof(classes), fill ? found : own));
	if (fill && note->f != NULL)
		fprintf(note->f, "%s%s", ftell(note->f) > 0 ? ", " : "", say(d, head));
}

static void put_line_of_ledger(struct draft *d, struct query *q)
{
	struct joined note, fills;

	if (!join_start(d, &fills))
		return;
	put_field(d, cell(q, "id"));
	put_field(d, cell(q, "name"));
	put_field(d, cell(q, "address"));
	put_filled(d, q, "mac", "seen_mac", &heads[3], &fills);
	put_field(d, cell(q, "zone"));
	put_filled(d, q, "class", "seen_role", &heads[5], &fills);
	put_filled(d, q, "vendor", "seen_vendor", &heads[6], &fills);
	put_filled(d, q, "model", "seen_model", &heads[7], &fills);
	put_filled(d, q, "os", "seen_os", &heads[8], &fills);
	put_field(d, cell(q, "owner"));
	put_field(d, cell(q, "location"));
	put_declared(d, cell(q, "declared"));
	put_ports(d, cell(q, "ports"));
	put_day(d, cell_int(q, "support_until"));
	if (fclose(fills.f) != 0 || !join_start(d, &note)) {
		free(fills.text);
		d->facts.error = -ENOMEM;
		return;
	}
	fprintf(note.f, "%s%" PRId64 "%s", say(d, &approved), cell_int(q, "line"),
		say(d, &approved_end));
	if (cell(q, "seen_state") == NULL)
		fprintf(note.f, "; %s", say(d, &unseen));
	if (fills.size > 0)
		fprintf(note.f, "; %s%s", say(d, &filled), fills.text);
	join_end(d, &note, true);
	free(fills.text);
}

static const char *first_name(json_t *names)
{
	const char *name = json_string_value(json_array_get(names, 0));

	return name != NULL ? name : "";
}

static void put_seen(struct draft *d, struct query *q)
{
	json_t *names = cell(q, "names") != NULL ? json_loads(cell(q, "names"), 0, NULL) : NULL;
	struct joined note;
	char time[TIME_TEXT];

	putc(',', d->out); /* no number yet */
	put_field(d, first_name(names));
	json_decref(names);
	put_field(d, cell(q, "address"));
	put_field(d, cell(q, "seen_mac"));
	put_field(d, cell(q, "zone"));
	put_field(d, word_of(d, classes, countof(classes), cell(q, "seen_role")));
	put_field(d, cell(q, "seen_vendor"));
	put_field(d, cell(q, "seen_model"));
	put_field(d, cell(q, "seen_os"));
	/* Owner, place, words, allowed ports and end of support are for people: what is open is not thereby allowed. */
	fputs(",,,,,", d->out);
	if (!join_start(d, &note))
		return;
	fprintf(note.f, "%s; %s%.10s", say(d, &draft), say(d, &seen),
		time_here(cell_int(q, "last_ms") / 1000, time));
	if (cell(q, "open") != NULL)
		fprintf(note.f, "; %s%s", say(d, &open), cell(q, "open"));
	join_end(d, &note, true);
}

/* What is known of a host by its address (h) and its device. Only classes that the ledger has are one. */
#define CLASS_WORDS                                                                        \
	"('server','terminal','mobile','network-device','printer','iot','camera','phone'," \
	"'plc','hmi','rtu','historian','engineering','ups','nas','ot-device')"
#define SEEN_COLUMNS                                                                     \
	"h.state AS seen_state, h.mac AS seen_mac, coalesce(v.vendor, h.vendor)"         \
	" AS seen_vendor, v.model AS seen_model, h.os AS seen_os,"                       \
	" (SELECT r FROM (SELECT coalesce(h.role, v.role) AS r) WHERE r IN " CLASS_WORDS \
	") AS seen_role"
#define ANSWERED "state NOT IN ('silent', 'absent', 'skipped')"

static void put_all(struct draft *d)
{
	struct facts *f = &d->facts;

	for (size_t i = 0; i < countof(heads); i++)
		fprintf(d->out, "%s%s", say(d, &heads[i]), i + 1 < countof(heads) ? "," : "\r\n");
	struct query *q = facts_ask(
		f, "SELECT l.*, " SEEN_COLUMNS " FROM ledger l LEFT JOIN host h"
		   " ON h.address = iif(l.address IS NOT NULL, (SELECT o.address FROM host o"
		   "   WHERE o." ANSWERED " AND o.address = l.address),"
		   "  (SELECT o.address FROM asset a JOIN host o ON o.address = a.address"
		   "   WHERE a.ledger_id = l.id AND o." ANSWERED
		   "   ORDER BY address_key(o.address) LIMIT 1))"
		   " LEFT JOIN device v ON v.address = h.address ORDER BY l.line");
	while (facts_next(f, q))
		put_line_of_ledger(d, q);
	query_free(q);
	/* Machines that are known by another of their addresses are in the ledger already. */
	q = facts_ask(f,
		      "SELECT h.address, h.names, h.last_ms, iif(h.zone IN (SELECT name FROM zone),"
		      "  h.zone, NULL) AS zone, " SEEN_COLUMNS ","
		      " (SELECT group_concat(transport || '/' || port, ' ') FROM"
		      "  (SELECT s.transport, s.port FROM service s WHERE s.address = h.address"
		      "   AND s.state = 'open' ORDER BY s.transport, s.port LIMIT 40)) AS open"
		      " FROM report_place place CROSS JOIN host h ON h.address = place.address"
		      " LEFT JOIN device v ON v.address = h.address"
		      " WHERE h." ANSWERED " AND h.ledger_id IS NULL"
		      " AND h.address NOT IN (SELECT address FROM ledger WHERE address IS NOT NULL)"
		      " ORDER BY place.position");
	while (facts_next(f, q))
		put_seen(d, q);
	query_free(q);
}

int report_ledger(const struct export_job *job, FILE *out)
{
	struct draft d = { .l = job->language, .out = out };
	struct clock clock;
	int r = facts_load(job->db, job->catalogue, &d.facts);

	if (r == 0) {
		clock_enter(&clock, plan_text(&d.facts, "timezone"));
		put_all(&d);
		clock_leave(&clock);
		r = d.facts.error;
	}
	facts_done(&d.facts);
	return r == 0 && ferror(out) ? -EIO : r;
}
