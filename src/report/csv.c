/* SPDX-License-Identifier: Apache-2.0 */
/* The findings as CSV (RFC 4180), for spreadsheets and ticket systems. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/facts.h"
#include "report/members.h"
#include "report/report.h"
#include "report/text.h"
#include "report/words.h"

static const char header[] =
	"fingerprint,check,severity,status,asset,address,port,transport,zone,vantage,"
	"title,detail,controls,remedy,first_seen,last_seen\r\n";

static void put_cell(FILE *out, const char *text)
{
	put_csv(out, text);
	putc(',', out);
}

int report_csv(struct db *db, const struct catalogue *c, enum language l, bool mark, FILE *out)
{
	static const char *const before[] = { "fingerprint", "check_id", "severity",
					      "status",      "asset",    "address" };
	struct facts f;
	int r = facts_load(db, c, &f);

	if (r == 0) {
		fputs(mark ? "\xef\xbb\xbf" : "", out);
		fputs(header, out);
	}
	struct query *q = r < 0 ? NULL : facts_ask(&f, FINDINGS_IN_ORDER);
	while (r == 0 && facts_next(&f, q)) {
		const struct check *check = facts_check(&f, cell(q, "check_id"));
		char time[TIME_TEXT], detail[REMARK_TEXT];

		for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
			put_cell(out, cell(q, before[i]));
		if (!query_null(q, query_column(q, "port")))
			fprintf(out, "%" PRId64, cell_int(q, "port"));
		putc(',', out);
		put_cell(out, cell(q, "transport"));
		put_cell(out, cell(q, "zone"));
		put_cell(out, cell(q, "vantage"));
		put_cell(out, check != NULL ? bilingual_text(&check->title, l) : NULL);
		put_cell(out, detail_text(cell(q, "check_id"), cell(q, "detail"), l, detail));
		char *items = members_text(&f, cell(q, "fingerprint"), " ");
		put_cell(out, items);
		free(items);
		put_cell(out, check != NULL ? bilingual_text(&check->remedy, l) : NULL);
		fprintf(out, "%s,", time_utc(cell_int(q, "first_seen"), time));
		fprintf(out, "%s\r\n", time_utc(cell_int(q, "last_seen"), time));
	}
	query_free(q);
	if (r == 0)
		r = f.error;
	facts_done(&f);
	return r == 0 && ferror(out) ? -EIO : r;
}
