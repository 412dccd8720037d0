/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few lines at the end of a scan. No columns: Japanese characters are two columns wide on most
 * terminals and one on some.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/facts.h"
#include "report/report.h"
#include "report/text.h"
#include "report/words.h"

enum { WORST = 5, LIMITS = 8 };

struct telling {
	struct facts *facts;
	enum language l;
	FILE *out;
};

static void head(struct telling *t, enum word w)
{
	fprintf(t->out, "%s%s", word(w, t->l), t->l == LANGUAGE_JA ? "：" : ": ");
}

static const char *separator(const struct telling *t)
{
	return t->l == LANGUAGE_JA ? "、" : ", ";
}

static void tell_scan(struct telling *t)
{
	const struct facts *f = t->facts;
	char time[TIME_TEXT];

	head(t, W_SITE);
	put_line(t->out, f->site);
	fputs(t->l == LANGUAGE_JA ? "　" : "   ", t->out);
	head(t, W_VANTAGE);
	put_line(t->out, f->vantage);
	if (f->vantage_zone != NULL) {
		fputs(" (", t->out);
		put_line(t->out, f->vantage_zone);
		putc(')', t->out);
	}
	fprintf(t->out, "   %s - ", time_here(f->started, time));
	fprintf(t->out, "%s\n", f->finished != 0 ? time_here(f->finished, time) : "?");
	if (strcmp(f->status, "done") != 0) {
		head(t, W_INCOMPLETE);
		put_line(t->out,
			 f->reason != NULL ? reason_text(f->reason, t->l) : word(W_KILLED, t->l));
		putc('\n', t->out);
	}
}

static void tell_hosts(struct telling *t)
{
	struct facts_hosts h = facts_hosts(t->facts);
	const char *gap = t->l == LANGUAGE_JA ? "　" : "   ";
	char tried[32];
	const char *values[] = { tried };

	snprintf(tried, sizeof(tried), "%" PRId64, h.tried);
	if (h.tried > 0 || h.heard == 0) {
		head(t, W_HOSTS_ANSWERING);
		fprintf(t->out, "%" PRId64 " ", h.answering);
		put_with(t->out, put_line, word(W_OF_TRIED, t->l), values);
		fputs(gap, t->out);
	}
	if (h.heard > 0) {
		head(t, W_HOSTS_HEARD);
		fprintf(t->out, "%" PRId64 "%s", h.heard, gap);
	}
	head(t, W_OPEN_SERVICES);
	fprintf(t->out, "%" PRId64 "\n",
		facts_count(t->facts, "SELECT count(*) FROM service WHERE state = 'open'"));
}

/* What was watched, in one line, and how it stands with each zone that must be closed. */
static void tell_listening(struct telling *t)
{
	struct query *q = facts_ask(
		t->facts, "SELECT sum(packets), sum(dropped), group_concat(DISTINCT vantage),"
			  " min(nullif(first_ms, 0)), max(last_ms) FROM watch");
	char packets[32], dropped[32], time[TIME_TEXT];
	const char *values[] = { packets, dropped };

	if (facts_next(t->facts, q) && !query_null(q, 0)) {
		snprintf(packets, sizeof(packets), "%" PRId64, query_int(q, 0));
		snprintf(dropped, sizeof(dropped), "%" PRId64, query_int(q, 1));
		head(t, W_LISTENED);
		put_with(t->out, put_line, word(W_LISTENED_TEXT, t->l), values);
		if (query_int(q, 3) != 0) {
			fprintf(t->out, "   %s", time_here(query_int(q, 3) / 1000, time));
			fprintf(t->out, " - %s", time_here(query_int(q, 4) / 1000, time));
		}
		fputs("   ", t->out);
		head(t, W_VANTAGE);
		put_line(t->out, query_text(q, 2));
		putc('\n', t->out);
	}
	query_free(q);
}

static void tell_closed(struct telling *t)
{
	struct query *q = facts_ask(t->facts, "SELECT * FROM closed_network WHERE verdict <> "
					      "'not-tested' ORDER BY zone");
	char first[32], second[32];
	const char *values[] = { first, second };

	while (facts_next(t->facts, q)) {
		int64_t findings = cell_int(q, "findings"), paths = cell_int(q, "paths");

		snprintf(first, sizeof(first), "%" PRId64,
			 findings > 0 ? findings : cell_int(q, "held"));
		snprintf(second, sizeof(second), "%" PRId64, paths);
		head(t, W_NAV_CLOSED);
		put_line(t->out, cell(q, "zone"));
		fputs(t->l == LANGUAGE_JA ? "　" : "   ", t->out);
		put_with(t->out, put_line,
			 word(findings > 1   ? W_CLOSED_REFUTED
			      : findings > 0 ? W_CLOSED_REFUTED_ONE
			      : paths > 0    ? W_CLOSED_HELD
					     : W_CLOSED_HEARD,
			      t->l),
			 values);
		putc('\n', t->out);
	}
	query_free(q);
}

static void tell_findings(struct telling *t)
{
	head(t, W_OPEN_FINDINGS);
	fprintf(t->out, "%" PRId64,
		facts_count(t->facts, "SELECT count(*) FROM finding_now WHERE status = 'open'"));
	struct query *q = facts_ask(t->facts, "SELECT severity, count(*) AS n FROM finding_now"
					      " WHERE status = 'open' GROUP BY severity"
					      " ORDER BY " BY_SEVERITY);
	for (bool first = true; facts_next(t->facts, q); first = false)
		fprintf(t->out, "%s%s %" PRId64, first ? " (" : separator(t),
			severity_text(cell(q, "severity"), t->l), cell_int(q, "n"));
	query_free(q);
	if (facts_count(t->facts, "SELECT count(*) FROM finding_now WHERE status = 'open'") > 0)
		putc(')', t->out);
	static const struct {
		enum word w;
		const char *sql;
	} others[] = {
		{ W_WAIVED_FINDINGS, "SELECT count(*) FROM finding_now WHERE status = 'waived'" },
		{ W_REOPENED,
		  "SELECT count(*) FROM finding_now WHERE status = 'open' AND reopened > 0" },
		{ W_FIXED_FINDINGS, "SELECT count(*) FROM finding_gone WHERE status = 'fixed'" },
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		int64_t n = facts_count(t->facts, others[i].sql);

		if (n > 0)
			fprintf(t->out, "%s%s %" PRId64, separator(t), word(others[i].w, t->l), n);
	}
	putc('\n', t->out);
}

/* What became of findings since the run before, and how long it took until they were fixed. */
static void tell_changes(struct telling *t)
{
	static const struct {
		const char *change;
		enum word w;
	} kinds[] = { { "mitigated", W_MITIGATED },
		      { "new", W_NEW },
		      { "re-detected", W_REDETECTED } };
	int64_t since = facts_count(t->facts, "SELECT coalesce(at, 0) FROM since");
	char time[TIME_TEXT], sql[96];
	const char *values[] = { time };

	if (since != 0) {
		time_here(since, time);
		put_with(t->out, put_line, word(W_CHANGES_SINCE, t->l), values);
		fputs(t->l == LANGUAGE_JA ? "：" : ": ", t->out);
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			snprintf(sql, sizeof(sql),
				 "SELECT count(*) FROM changes WHERE change = '%s'",
				 kinds[i].change);
			fprintf(t->out, "%s%s %" PRId64, i > 0 ? separator(t) : "",
				word(kinds[i].w, t->l), facts_count(t->facts, sql));
		}
		putc('\n', t->out);
	}
	struct query *q =
		facts_ask(t->facts, "SELECT severity, round(median_days, 1) FROM fix_time WHERE"
				    " median_days IS NOT NULL ORDER BY " BY_SEVERITY);
	bool some = false;
	for (; facts_next(t->facts, q); some = true) {
		if (!some)
			head(t, W_DAYS_TO_FIX);
		fprintf(t->out, "%s%s %s", some ? separator(t) : "",
			severity_text(query_text(q, 0), t->l), query_text(q, 1));
	}
	query_free(q);
	if (some)
		putc('\n', t->out);
}

/* What people set as current and target profile. */
static void tell_goals(struct telling *t)
{
	struct query *q = facts_ask(
		t->facts, "SELECT count(*), coalesce(sum(same = 0), 0), coalesce(sum(due <"
			  " (SELECT asof FROM judged)), 0) FROM gap");
	char counts[3][32];
	const char *values[] = { counts[0], counts[1], counts[2] };

	if (facts_next(t->facts, q) && query_int(q, 0) > 0) {
		for (int i = 0; i < 3; i++)
			snprintf(counts[i], sizeof(counts[i]), "%" PRId64, query_int(q, i));
		head(t, W_GOALS_SET);
		put_with(t->out, put_line, word(W_GOALS_TEXT, t->l), values);
		putc('\n', t->out);
	}
	query_free(q);
	q = facts_ask(t->facts,
		      "SELECT area, coalesce(current, '-'), coalesce(target, '-') FROM tier"
		      " ORDER BY area, given_at, line");
	bool some = false;
	for (; facts_next(t->facts, q); some = true) {
		if (!some)
			head(t, W_TIERS_SET);
		fputs(some ? separator(t) : "", t->out);
		put_line(t->out, query_text(q, 0));
		fprintf(t->out, " %s -> %s", query_text(q, 1), query_text(q, 2));
	}
	query_free(q);
	if (some)
		putc('\n', t->out);
}

/* The worst checks with one of their places each. */
static void tell_worst(struct telling *t)
{
	struct query *q = facts_ask(
		t->facts,
		"SELECT severity, check_id, address, asset, port, transport, detail, n FROM ("
		"SELECT f.*, place.position, count(*) OVER (PARTITION BY severity, check_id) AS n,"
		" row_number() OVER (PARTITION BY severity, check_id ORDER BY"
		" place.position IS NULL, place.position, asset, port, detail, fingerprint) AS turn"
		" FROM finding_now f" JOIN_PLACE("f") " WHERE status = 'open')"
						      " WHERE turn = 1 ORDER BY " BY_SEVERITY
						      ", n DESC, check_id");
	int shown = 0;

	for (; shown < WORST && facts_next(t->facts, q); shown++) {
		const struct check *check = facts_check(t->facts, cell(q, "check_id"));
		const char *address = cell(q, "address"), *transport = cell(q, "transport");
		char text[REMARK_TEXT];
		const char *detail =
			detail_text(cell(q, "check_id"), cell(q, "detail"), t->l, text);

		if (shown == 0) {
			fprintf(t->out, "%s:\n", word(W_WORST_FIRST, t->l));
		}
		fprintf(t->out, "  [%s] ", severity_text(cell(q, "severity"), t->l));
		put_line(t->out, address != NULL ? address : cell(q, "asset"));
		if (!query_null(q, query_column(q, "port")))
			fprintf(t->out, " %" PRId64 "/%s", cell_int(q, "port"),
				transport != NULL ? transport : "tcp");
		fputs("  ", t->out);
		put_line(t->out,
			 check != NULL ? bilingual_text(&check->title, t->l) : cell(q, "check_id"));
		if (detail != NULL && *detail != '\0') {
			fputs(t->l == LANGUAGE_JA ? "：" : ": ", t->out);
			put_line(t->out, detail);
		}
		if (cell_int(q, "n") > 1) {
			char more[32];
			const char *values[] = { more };

			snprintf(more, sizeof(more), "%" PRId64, cell_int(q, "n") - 1);
			fputs(t->l == LANGUAGE_JA ? "（" : " (", t->out);
			put_with(t->out, put_line,
				 word(more_word(cell_int(q, "n") - 1,
						!query_null(q, query_column(q, "port"))),
				      t->l),
				 values);
			fputs(t->l == LANGUAGE_JA ? "）" : ")", t->out);
		}
		putc('\n', t->out);
	}
	query_free(q);
	if (shown == 0 && t->facts->error == 0)
		fprintf(t->out, "%s\n", word(W_NO_FINDINGS, t->l));
}

static void tell_counts(struct telling *t, const char *sql, const char *guideline)
{
	struct query *q = facts_ask(t->facts, sql);
	bool first = true;

	if (q != NULL && query_bind_text(q, 1, guideline) < 0)
		t->facts->error = -EIO;
	while (facts_next(t->facts, q)) {
		fprintf(t->out, "%s%s %" PRId64, first ? "" : separator(t),
			verdict_total_text(query_text(q, 0), t->l), query_int(q, 1));
		first = false;
	}
	query_free(q);
	putc('\n', t->out);
}

/* That a guideline is a draft, a part of it, or superseded. */
static void tell_state(struct telling *t, const struct guideline *g)
{
	const char *state = bilingual_text(&g->status, t->l);

	if (state == NULL || *state == '\0')
		return;
	fputs("  ", t->out);
	head(t, W_ORIGIN);
	put_line(t->out, state);
	putc('\n', t->out);
}

static void tell_verdicts(struct telling *t)
{
	struct facts_guideline g;

	for (size_t i = 0; facts_guideline(t->facts, i, &g); i++) {
		const char *guideline = g.guideline->id;

		if (g.items == 0)
			continue;
		put_line(t->out, guideline);
		fputs(t->l == LANGUAGE_JA ? "：" : ": ", t->out);
		tell_counts(t,
			    "SELECT " VERDICT_TOTAL " AS total, count(*) FROM verdict"
			    " WHERE guideline = ?1 GROUP BY total ORDER BY " BY_TOTAL,
			    guideline);
		tell_state(t, g.guideline);
		if (!g.mandatory)
			continue;
		fputs("  ", t->out);
		head(t, W_MANDATORY_POINTS);
		tell_counts(
			t,
			"SELECT " VERDICT_TOTAL " AS total, count(*) FROM verdict"
			" WHERE guideline = ?1 AND mandatory = 1 GROUP BY total ORDER BY " BY_TOTAL,
			guideline);
	}
}

/* Why something was not looked at, with how much of it: a line for each kind. */
static void tell_limits(struct telling *t)
{
	static const struct {
		enum word what;
		const char *sql;
	} sources[] = {
		{ W_CHECKS_NONE,
		  "SELECT reason, count(*) FROM check_run WHERE ran = 0 GROUP BY reason"
		  " ORDER BY 2 DESC, 1" },
		{ W_CHECKS_PART,
		  "SELECT reason, count(*) FROM check_run WHERE ran = 1 AND partial = 1"
		  " GROUP BY reason ORDER BY 2 DESC, 1" },
		{ W_NAV_HOSTS,
		  "SELECT coalesce(reason, state), sum(addresses) FROM host WHERE state IN "
		  "('skipped', 'distress', 'all-ports') GROUP BY 1"
		  " ORDER BY 2 DESC, 1" },
		{ W_SERVICES,
		  "SELECT limited, count(*) FROM service WHERE limited IS NOT NULL GROUP BY 1"
		  " ORDER BY 2 DESC, 1" },
		{ W_STALE_DATA,
		  "SELECT title, age FROM offline_data WHERE stale ORDER BY own, kind" },
		{ W_REMARKS, "SELECT text, count(*) FROM remark"
			     " GROUP BY kind, subject, text ORDER BY kind, subject, text" },
	};
	char remark[REMARK_TEXT];
	bool any = false;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct query *q = facts_ask(t->facts, sources[i].sql);
		int64_t rest = 0;
		int shown = 0;

		for (; facts_next(t->facts, q); shown++) {
			if (shown >= LIMITS) {
				rest += query_int(q, 1);
				continue;
			}
			if (!any)
				fprintf(t->out, "%s:\n", word(W_LIMITED_HEAD, t->l));
			any = true;
			if (shown == 0) {
				fputs("  ", t->out);
				head(t, sources[i].what);
			} else {
				fputs(separator(t), t->out);
			}
			put_line(t->out, remark_text(query_text(q, 0), t->l, remark));
			if (sources[i].what != W_REMARKS && !query_null(q, 1))
				fprintf(t->out, " %" PRId64, query_int(q, 1));
		}
		query_free(q);
		if (rest > 0) {
			char more[32];
			const char *values[] = { more };

			snprintf(more, sizeof(more), "%" PRId64, rest);
			fputs(separator(t), t->out);
			put_with(t->out, put_line, word(W_MORE, t->l), values);
		}
		if (shown > 0)
			putc('\n', t->out);
	}
}

int report_summary(struct db *db, const struct catalogue *c, enum language l,
		   const struct report_files *files, FILE *out)
{
	struct facts f;
	int r = facts_load(db, c, &f);

	if (r == 0) {
		struct telling t = { .facts = &f, .l = l, .out = out };
		struct clock clock;

		clock_enter(&clock, plan_text(&f, "timezone"));
		tell_scan(&t);
		tell_hosts(&t);
		tell_listening(&t);
		tell_closed(&t);
		tell_findings(&t);
		tell_changes(&t);
		tell_worst(&t);
		tell_verdicts(&t);
		tell_goals(&t);
		tell_limits(&t);
		clock_leave(&clock);
		if (files->html != NULL) {
			head(&t, W_REPORT_AT);
			put_line(out, files->html);
			putc('\n', out);
		}
		if (files->store != NULL) {
			head(&t, W_STORE_AT);
			put_line(out, files->store);
			putc('\n', out);
		}
		r = f.error;
	}
	facts_done(&f);
	return r == 0 && ferror(out) ? -EIO : r;
}
