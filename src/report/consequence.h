/* SPDX-License-Identifier: Apache-2.0 */
/* What findings can cause for the service, in words of operation rather than of technique. */
#ifndef TENKEN_REPORT_CONSEQUENCE_H
#define TENKEN_REPORT_CONSEQUENCE_H

#include "judge/catalogue.h"

/* From the gravest. */
enum consequence {
	CONSEQUENCE_OUTSIDE, /* control equipment and the outside meet */
	CONSEQUENCE_CONTROL, /* control equipment obeys anybody */
	CONSEQUENCE_ENTRY,   /* no lock on the door */
	CONSEQUENCE_SPREAD,  /* what gets in gets on */
	CONSEQUENCE_READ,    /* talk can be read or changed */
	CONSEQUENCE_RECOVER, /* the way back is lost too */
	CONSEQUENCE_UNKNOWN, /* nobody looks after it */
	CONSEQUENCE_OTHERS,  /* used against others */
	CONSEQUENCE_TIDY,    /* makes an attack easier to prepare */
	CONSEQUENCES
};

struct consequence_text {
	struct bilingual wrong; /* what is wrong, a heading */
	struct bilingual
		effect; /* what it can cause; "%s" once is what the site does (W_SERVICE_...) */
};

/* By the check's id; checks that nobody placed (a user's own): CONSEQUENCE_TIDY. */
enum consequence consequence_of(const char *check);
const struct consequence_text *consequence_text(enum consequence c);

#endif
