/* SPDX-License-Identifier: Apache-2.0 */
#include "report/vulnerabilities.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "codec/span.h"
#include "report/formats.h"
#include "report/text.h"
#include "report/words.h"

struct pair {
	const char *en, *ja;
};

const enum word vulnerability_heads[VULNERABILITY_COLUMNS] = {
	[VULNERABILITY_SYSTEM] = W_VULN_SYSTEM,
	[VULNERABILITY_ADDRESS] = W_VULN_ADDRESS,
	[VULNERABILITY_PRODUCT] = W_VULN_PRODUCT,
	[VULNERABILITY_NAME] = W_VULN_NAME,
	[VULNERABILITY_CVES] = W_VULN_CVES,
	[VULNERABILITY_TITLE] = W_VULN_TITLE,
	[VULNERABILITY_CVSS] = W_VULN_CVSS,
	[VULNERABILITY_EXPLOITED] = W_VULN_EXPLOITED,
	[VULNERABILITY_APPLICABLE] = W_VULN_APPLICABLE,
	[VULNERABILITY_WHEN] = W_VULN_WHEN,
	[VULNERABILITY_STATE] = W_VULN_STATE,
	[VULNERABILITY_OWNER] = W_VULN_OWNER,
	[VULNERABILITY_INSTEAD] = W_VULN_INSTEAD,
	[VULNERABILITY_SOURCE] = W_VULN_SOURCE,
	[VULNERABILITY_FINGERPRINT] = W_VULN_FINGERPRINT,
};

static const struct pair yes = { "yes", "あり" }, to_apply = { "to be applied", "適用予定" },
			 applied = { "applied, as declared", "適用済み（申告）" },
			 accepted = { "not applied: the risk was accepted",
				      "適用見送り（リスク受容）" },
			 excepted = { "not applied: exception approved", "適用見送り（例外措置）" },
			 never = { "cannot be applied, by the ledger", "適用不可（台帳）" },
			 open_state = { "open", "未対応" }, planned = { "planned", "計画済み" },
			 progress = { "in progress", "対応中" },
			 done = { "done, as declared; not looked at again since",
				  "完了（申告）、再点検は未実施" },
			 in_vain = { "done, as declared; found again",
				     "完了（申告）、再点検でも検出" },
			 waived = { "exception until %s", "例外措置（%sまで）" },
			 undecided = { "to be decided by a person: %s", "該当するか要確認：%s" };

static const char *say(const struct vulnerability_rows *r, const struct pair *p)
{
	return r->l == LANGUAGE_JA ? p->ja : p->en;
}

#define IN_LEDGER                                                                                \
	"SELECT a.*, (SELECT l.name FROM ledger l WHERE l.id = a.asset ORDER BY l.line LIMIT 1)" \
	" AS name, EXISTS (SELECT 1 FROM ledger l, json_each(l.declared) w"                      \
	"  WHERE l.id = a.asset AND w.value = 'not-patchable') AS fixed_for_good FROM "

/* What they stand on is plain SQL over the columns of finding_now (judge/judge.h). */
static const char applies[] = IN_LEDGER
	"(SELECT f.asset AS asset, f.address AS address, f.port AS port,"
	" f.transport AS transport, f.detail AS advisory, f.fingerprint AS fingerprint,"
	" e.value->>'$.vendor' AS vendor, e.value->>'$.product' AS product,"
	" e.value->>'$.version' AS version, e.value->>'$.title' AS title,"
	" e.value->>'$.cves' AS cves, e.value->>'$.score' AS score,"
	" e.value->>'$.exploited' AS exploited, e.value->>'$.source' AS source,"
	" f.status AS status, f.waiver->>'$.until' AS waived_until,"
	" coalesce((SELECT m.value->>'$.measure' FROM json_each(f.measures) m"
	"  WHERE m.value->>'$.state' = 'valid' ORDER BY m.key LIMIT 1), iif(f.status = 'waived',"
	" f.waiver->>'$.compensating', NULL)) AS instead, f.treatment->>'$.state' AS state,"
	" f.treatment->>'$.due' AS due, f.treatment->>'$.owner' AS owner,"
	" f.treatment->>'$.contradicted' AS contradicted,"
	" place.position AS position FROM finding_now f"
	" JOIN (SELECT fingerprint AS of, CASE WHEN json_valid(evidence) THEN evidence"
	"  ELSE '{}' END AS value FROM finding_now) e ON e.of = f.fingerprint" JOIN_PLACE(
		"f") " WHERE f.check_id = 'asset.firmware-known-vulnerable') a"
		     " ORDER BY a.exploited IS NOT 1, CAST(a.score AS REAL) DESC,"
		     " a.advisory, a.position IS NULL, a.position, a.asset, a.port,"
		     " a.fingerprint";

struct vulnerability_rows vulnerability_rows(struct facts *f, enum language l)
{
	return (struct vulnerability_rows){
		.facts = f,
		.l = l,
		.certain = facts_ask(f, applies),
		.open = facts_ask(f,
				  IN_LEDGER "(SELECT k.key AS asset, u.* FROM (" UNDECIDED_IN_ORDER
					    ") u LEFT JOIN asset_key k ON k.address ="
					    " u.address) a"),
	};
}

static void forget(struct vulnerability_rows *r)
{
	for (size_t i = 0; i < VULNERABILITY_COLUMNS; i++) {
		free(r->text[i]);
		r->text[i] = NULL;
	}
}

__attribute__((format(printf, 3, 4))) static void keep(struct vulnerability_rows *r,
						       enum vulnerability_column c,
						       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&r->text[c], format, arguments) < 0) {
		r->text[c] = NULL;
		r->facts->error = -ENOMEM;
	}
	va_end(arguments);
}

static void keep_text(struct vulnerability_rows *r, enum vulnerability_column c, const char *text)
{
	if (text != NULL && *text != '\0')
		keep(r, c, "%s", text);
}

/* A list's texts, with commas. */
static void keep_list(struct vulnerability_rows *r, enum vulnerability_column c, const char *list)
{
	json_t *all = list != NULL ? json_loads(list, 0, NULL) : NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; f != NULL && i < json_array_size(all); i++) {
		const char *one = json_string_value(json_array_get(all, i));

		fprintf(f, "%s%s", i > 0 ? ", " : "", one != NULL ? one : "");
	}
	if (f != NULL && fclose(f) == 0)
		keep_text(r, c, text);
	free(text);
	json_decref(all);
}

static void keep_place(struct vulnerability_rows *r, struct query *q)
{
	const char *asset = cell(q, "asset"), *name = cell(q, "name"),
		   *address = cell(q, "address");
	const char *vendor = cell(q, "vendor"), *version = cell(q, "version");

	if (name != NULL)
		keep(r, VULNERABILITY_SYSTEM, "%s %s", asset, name);
	else
		keep_text(r, VULNERABILITY_SYSTEM, asset != NULL ? asset : address);
	if (address != NULL && cell_int(q, "port") > 0)
		keep(r, VULNERABILITY_ADDRESS, "%s %s/%" PRId64, address, cell(q, "transport"),
		     cell_int(q, "port"));
	else
		keep_text(r, VULNERABILITY_ADDRESS, address);
	keep(r, VULNERABILITY_PRODUCT, "%s%s%s%s%s", vendor != NULL ? vendor : "",
	     vendor != NULL ? " " : "", cell(q, "product") != NULL ? cell(q, "product") : "",
	     version != NULL ? " " : "", version != NULL ? version : "");
}

/* What people declared decides, the ledger's word last. */
static void keep_answers(struct vulnerability_rows *r, struct query *q)
{
	const char *state = cell(q, "state");
	bool is_waived = strcmp(cell(q, "status"), "waived") == 0;
	const struct pair *applicable = NULL, *now = &open_state;
	char time[TIME_TEXT];

	if (state != NULL && strcmp(state, "accepted") == 0)
		applicable = now = &accepted;
	else if (state != NULL && strcmp(state, "done") == 0)
		applicable = &applied, now = cell_int(q, "contradicted") != 0 ? &in_vain : &done;
	else if (state != NULL)
		applicable = &to_apply, now = strcmp(state, "planned") == 0 ? &planned : &progress;
	if (applicable == NULL && is_waived)
		applicable = &excepted;
	if (applicable == NULL && cell_int(q, "fixed_for_good") != 0)
		applicable = &never;
	if (applicable != NULL)
		keep_text(r, VULNERABILITY_APPLICABLE, say(r, applicable));
	if (cell_int(q, "due") != 0)
		keep(r, VULNERABILITY_WHEN, "%.10s", time_here(cell_int(q, "due"), time));
	if (is_waived) {
		const char *words = say(r, &waived), *mark = strstr(words, "%s");

		keep(r, VULNERABILITY_STATE, "%.*s%.10s%s", (int)(mark - words), words,
		     time_here(cell_int(q, "waived_until"), time), mark + 2);
	} else {
		keep_text(r, VULNERABILITY_STATE, say(r, now));
	}
	keep_text(r, VULNERABILITY_OWNER, cell(q, "owner"));
	keep_text(r, VULNERABILITY_INSTEAD, cell(q, "instead"));
}

static void keep_certain(struct vulnerability_rows *r, struct query *q)
{
	keep_place(r, q);
	keep_text(r, VULNERABILITY_NAME, cell(q, "advisory"));
	keep_list(r, VULNERABILITY_CVES, cell(q, "cves"));
	keep_text(r, VULNERABILITY_TITLE, cell(q, "title"));
	keep_text(r, VULNERABILITY_CVSS, cell(q, "score"));
	if (cell_int(q, "exploited") != 0)
		keep_text(r, VULNERABILITY_EXPLOITED, say(r, &yes));
	keep_answers(r, q);
	keep_text(r, VULNERABILITY_SOURCE, cell(q, "source"));
	keep_text(r, VULNERABILITY_FINGERPRINT, cell(q, "fingerprint"));
}

static void keep_open(struct vulnerability_rows *r, struct query *q)
{
	const char *words = say(r, &undecided), *mark = strstr(words, "%s");
	const char *reason = reason_text(cell(q, "reason"), r->l);

	keep_place(r, q);
	keep_list(r, VULNERABILITY_NAME, cell(q, "advisories"));
	keep_list(r, VULNERABILITY_CVES, cell(q, "cves"));
	keep(r, VULNERABILITY_STATE, "%.*s%s%s", (int)(mark - words), words, reason, mark + 2);
}

bool vulnerability_next(struct vulnerability_rows *r, const char *ret[static VULNERABILITY_COLUMNS])
{
	forget(r);
	if (r->certain != NULL && facts_next(r->facts, r->certain)) {
		keep_certain(r, r->certain);
	} else {
		query_free(r->certain);
		r->certain = NULL;
		if (!facts_next(r->facts, r->open))
			return false;
		keep_open(r, r->open);
	}
	for (size_t i = 0; i < VULNERABILITY_COLUMNS; i++)
		ret[i] = r->text[i];
	return r->facts->error == 0;
}

void vulnerability_done(struct vulnerability_rows *r)
{
	forget(r);
	query_free(r->certain);
	query_free(r->open);
}

int report_vulnerabilities(const struct export_job *job, FILE *out)
{
	const char *text[VULNERABILITY_COLUMNS];
	struct facts f;
	struct clock clock;
	int r = facts_load(job->db, job->catalogue, &f);

	if (r == 0) {
		struct vulnerability_rows rows = vulnerability_rows(&f, job->language);

		clock_enter(&clock, plan_text(&f, "timezone"));
		for (size_t i = 0; i < VULNERABILITY_COLUMNS; i++)
			fprintf(out, "%s%s", word(vulnerability_heads[i], job->language),
				i + 1 < VULNERABILITY_COLUMNS ? "," : "\r\n");
		while (vulnerability_next(&rows, text))
			for (size_t i = 0; i < VULNERABILITY_COLUMNS; i++) {
				put_csv(out, text[i]);
				fputs(i + 1 < VULNERABILITY_COLUMNS ? "," : "\r\n", out);
			}
		clock_leave(&clock);
		vulnerability_done(&rows);
		r = f.error;
	}
	facts_done(&f);
	return r == 0 && ferror(out) ? -EIO : r;
}
