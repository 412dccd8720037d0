/* SPDX-License-Identifier: Apache-2.0 */
/* The sheet of vulnerabilities: what is known is filled in, the rest is for people. */
#include "codec/span.h"
#include "report/vulnerabilities.h"
#include "report/xlsx_book.h"

void sheet_vulnerabilities(struct book *b)
{
	enum { PRINTED = 13 };
	static const struct column columns[] = {
		{ W_VULN_SYSTEM, 20, LOOK_TEXT },       { W_VULN_ADDRESS, 18, LOOK_TEXT },
		{ W_VULN_PRODUCT, 22, LOOK_TEXT },      { W_VULN_NAME, 18, LOOK_TEXT },
		{ W_VULN_CVES, 18, LOOK_TEXT },         { W_VULN_TITLE, 30, LOOK_TEXT },
		{ W_VULN_CVSS, 7, LOOK_TEXT },          { W_VULN_EXPLOITED, 9, LOOK_TEXT },
		{ W_VULN_APPLICABLE, 18, LOOK_FILL },   { W_VULN_WHEN, 12, LOOK_FILL },
		{ W_VULN_STATE, 18, LOOK_FILL },        { W_VULN_OWNER, 12, LOOK_FILL },
		{ W_VULN_INSTEAD, 26, LOOK_FILL },      { W_VULN_SOURCE, 30, LOOK_SHORT },
		{ W_VULN_FINGERPRINT, 38, LOOK_SHORT },
	};
	struct sheet s = sheet_new(b, word(W_VULNERABILITIES, b->l), columns, countof(columns));
	struct vulnerability_rows rows = vulnerability_rows(b->facts, b->l);
	const char *text[VULNERABILITY_COLUMNS];

	while (vulnerability_next(&rows, text))
		if (sheet_row(&s))
			for (size_t i = 0; i < VULNERABILITY_COLUMNS; i++)
				cell_put(&s, text[i]);
	vulnerability_done(&rows);
	sheet_end(&s, PRINTED);
}
