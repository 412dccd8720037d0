/* SPDX-License-Identifier: Apache-2.0 */
/* One finding as exports for other programs tell it: from the tables finding_now and finding_gone. */
#ifndef TENKEN_REPORT_FINDING_ROW_H
#define TENKEN_REPORT_FINDING_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "report/facts.h"

enum finding_state {
	FINDING_OPEN,
	FINDING_WAIVED,
	FINDING_FIXED,        /* looked at again, and gone */
	FINDING_NOT_RETESTED, /* not looked at again: it stands */
};

/* Texts are borrowed until the query steps; NULL: none. */
struct finding_row {
	enum finding_state state;
	const char *fingerprint, *check_id, *severity, *asset, *address, *transport, *zone,
		*vantage, *detail, *evidence, *waiver, *treatment,
		*reason;           /* reason: why it was not looked at */
	const struct check *check; /* NULL: the catalogue has none of this id */
	int64_t port;              /* 0: none */
	int64_t first_seen, last_seen, fixed_at;
	bool fresh;    /* seen for the first time */
	bool again;    /* it had been fixed before */
	bool inferred; /* it rests on data that nobody has read */
};

/* Those that stand (FINDINGS_IN_ORDER), then those that are gone. */
struct finding_rows {
	struct facts *facts;
	struct query *now, *gone;
	bool behind; /* those that stand are told */
};
struct finding_rows finding_rows(struct facts *f);
bool finding_rows_next(struct finding_rows *rows, struct finding_row *ret);
void finding_rows_done(struct finding_rows *rows);

/* "192.168.10.5:502/tcp", "[fd00::5]:502/tcp", "192.168.10.5", or the asset where there is no address. */
enum { PLACE_TEXT = 128 };
const char *finding_place(const struct finding_row *r, char out[static PLACE_TEXT]);
/* The check's title in this language; its id where there is none. */
const char *finding_title(const struct finding_row *r, enum language l);
/* NULL: none. */
const char *finding_remedy(const struct finding_row *r, enum language l);
/* The JSON of the waiver; NULL: there is none. The caller releases it. */
json_t *finding_waiver(const struct finding_row *r);
/* The same of what is planned about it. */
json_t *finding_plan(const struct finding_row *r);

/*
 * UUIDs of version 5 (RFC 9562, 5.5) in the namespace that is tenken's own: the same name gives the same
 * UUID in every store. kind keeps names of different kinds apart.
 */
enum { UUID_TEXT = 37 };
extern const char uuid_namespace[UUID_TEXT];
/* 0 or -EIO. */
int uuid_make(const char *kind, const char *name, char out[static UUID_TEXT]);

#endif
