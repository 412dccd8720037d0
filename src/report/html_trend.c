/* SPDX-License-Identifier: Apache-2.0 */
/* How things went: what changed since the report before, open findings from run to run, and days to fix. */
#include <inttypes.h>
#include <string.h>

#include "report/page.h"

enum { RUNS = 24, WIDTH = 760, HEIGHT = 150, BASE = 128 };

/* The runs that are shown: the newest of those with rows. */
#define SHOWN "(SELECT run FROM (SELECT DISTINCT run FROM trend ORDER BY run DESC LIMIT 24))"

bool page_has_trend(struct page *p)
{
	return facts_count(p->facts, "SELECT count(DISTINCT run) > 1 FROM trend") != 0;
}

static void since(struct page *p)
{
	static const struct {
		const char *change;
		enum word w;
	} kinds[] = { { "mitigated", W_MITIGATED },
		      { "new", W_NEW_FINDINGS },
		      { "re-detected", W_REDETECTED } };
	static const enum word columns[] = { W_STATE,   W_SEVERITY, W_CHECK,
					     W_ADDRESS, W_DETAIL,   W_TIME };
	struct query *q = facts_ask(p->facts, "SELECT at FROM since WHERE at IS NOT NULL");
	bool known = facts_next(p->facts, q);

	if (known) {
		mark(p, "<h3>");
		say_word(p, W_SINCE);
		mark(p, " ");
		say_time(p, query_int(q, 0));
		mark(p, "</h3>\n<ul class=\"tiles small\">\n");
	}
	query_free(q);
	if (!known)
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		q = ask_of(p, "SELECT count(*) FROM changes WHERE change = ?1", kinds[i].change,
			   NULL);
		mark(p, "<li class=\"tile\"><b>%" PRId64 "</b><span>",
		     facts_next(p->facts, q) ? query_int(q, 0) : 0);
		say_word(p, kinds[i].w);
		mark(p, "</span></li>\n");
		query_free(q);
	}
	mark(p, "</ul>\n");
	struct fold rows = { .columns = columns,
			     .column_count = sizeof(columns) / sizeof(columns[0]),
			     .total = facts_count(p->facts, "SELECT count(*) FROM changes") };
	q = facts_ask(p->facts, "SELECT * FROM changes ORDER BY change, " BY_SEVERITY ", check_id,"
				" address_key(address), address, asset, port, detail, fingerprint");
	while (facts_next(p->facts, q)) {
		const struct check *check = facts_check(p->facts, cell(q, "check_id"));

		fold_row(p, &rows, cell(q, "address"));
		mark(p, "<tr><td>");
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strcmp(cell(q, "change"), kinds[i].change) == 0)
				say_word(p, kinds[i].w);
		mark(p, "</td><td>");
		say_severity(p, cell(q, "severity"));
		mark(p, "</td><td>");
		if (check != NULL)
			say_bilingual(p, &check->title);
		else
			say(p, cell(q, "check_id"));
		mark(p, "</td><td>");
		say(p, cell(q, "address") != NULL ? cell(q, "address") : cell(q, "asset"));
		if (!query_null(q, query_column(q, "port")))
			mark(p, " %" PRId64, cell_int(q, "port"));
		mark(p, "</td><td>");
		say_detail(p, q);
		mark(p, "</td><td>");
		say_moment(p, cell_int(q, "at"));
		mark(p, "</td></tr>\n");
	}
	query_free(q);
	fold_end(p, &rows);
}

/* One bar per run, the gravest at its foot. The table beside it has the figures. */
static void bars(struct page *p)
{
	int64_t most = facts_count(p->facts, "SELECT max(n) FROM (SELECT sum(open) AS n FROM trend"
					     " WHERE run IN " SHOWN " GROUP BY run)");
	int64_t runs = facts_count(p->facts, "SELECT count(DISTINCT run) FROM trend"
					     " WHERE run IN " SHOWN);
	struct query *q =
		facts_ask(p->facts, "SELECT run, severity, open FROM trend WHERE run IN " SHOWN
				    " ORDER BY run, " BY_SEVERITY);
	int64_t run = -1, step = runs > 0 ? WIDTH / (runs > 8 ? runs : 8) : WIDTH;
	int x = -(int)step, y = BASE;

	if (most < 1)
		most = 1;
	mark(p, "<svg class=\"trend\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\">", WIDTH, HEIGHT);
	mark(p, "<path class=\"axis\" d=\"M0 %dH%d\"/>", BASE, WIDTH);
	while (facts_next(p->facts, q)) {
		if (query_int(q, 0) != run) {
			run = query_int(q, 0);
			x += (int)step;
			y = BASE;
			mark(p, "<text x=\"%d\" y=\"%d\">%" PRId64 "</text>", x + (int)step / 2,
			     HEIGHT - 5, run);
		}
		int height = (int)(query_int(q, 2) * (BASE - 12) / most);

		if (query_int(q, 2) > 0 && height == 0)
			height = 1;
		y -= height;
		if (height > 0) {
			mark(p, "<rect class=\"e-");
			say_id(p, query_text(q, 1));
			mark(p, "\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", x + 3, y,
			     (int)step - 6, height);
		}
	}
	query_free(q);
	mark(p, "</svg>\n");
}

void page_trend(struct page *p)
{
	page_section(p, "trend");
	since(p);
	mark(p, "<h3>");
	say_word(p, W_OPEN_BY_RUN);
	mark(p, "</h3>\n");
	bars(p);
	TABLE(p, W_RUNS,
	      "SELECT run, at, vantage, sum(open) AS n, sum(open * (severity = 'critical')) AS "
	      "critical,"
	      " sum(open * (severity = 'high')) AS high, sum(unseen) AS unseen, sum(waived) AS "
	      "waived,"
	      " sum(\"new\") AS fresh, sum(fixed) AS fixed, sum(reopened) AS again FROM trend"
	      " WHERE run IN " SHOWN " GROUP BY run ORDER BY run DESC",
	      { "run", W_MAP_WAY, SHOW_NUMBER }, { "at", W_TIME, SHOW_TIME },
	      { "vantage", W_VANTAGE, SHOW_TEXT }, { "n", W_OPEN_FINDINGS, SHOW_NUMBER },
	      { "critical", W_OPEN_CRITICAL, SHOW_NUMBER }, { "high", W_OPEN_HIGH, SHOW_NUMBER },
	      { "unseen", W_UNSEEN, SHOW_NUMBER }, { "waived", W_WAIVED_FINDINGS, SHOW_NUMBER },
	      { "fresh", W_NEW, SHOW_NUMBER }, { "fixed", W_GONE_FIXED, SHOW_NUMBER },
	      { "again", W_REOPENED, SHOW_NUMBER });
	TABLE(p, W_FIX_TIME,
	      "SELECT severity, fixed, round(median_days, 1) AS median, open,"
	      " round(median_age_days, 1) AS age, round(oldest_days, 1) AS oldest FROM fix_time"
	      " ORDER BY " BY_SEVERITY,
	      { "severity", W_SEVERITY, SHOW_SEVERITY }, { "fixed", W_GONE_FIXED, SHOW_NUMBER },
	      { "median", W_MEDIAN_DAYS, SHOW_NUMBER }, { "open", W_OPEN_FINDINGS, SHOW_NUMBER },
	      { "age", W_MEDIAN_AGE, SHOW_NUMBER }, { "oldest", W_OLDEST, SHOW_NUMBER });
	mark(p, "</section>\n");
}
