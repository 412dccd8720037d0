/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the three OSCAL documents share (NIST, version 1.1.2, JSON). Texts of theirs are Markdown of one line
 * or of several; a property's value is one line without blanks at its ends. doc/oscal.md tells the mapping.
 */
#ifndef TENKEN_REPORT_OSCAL_H
#define TENKEN_REPORT_OSCAL_H

#include "report/facts.h"
#include "report/finding_row.h"
#include "report/formats.h"
#include "report/json_out.h"
#include "report/oscal_id.h"
#include "report/words.h"

struct oscal {
	struct json_out j;
	struct facts facts;
	const struct catalogue *catalogue;
	enum language l;
	bool listed; /* a list of put_prop() is open */
};

/* 0 or a negative errno; oscal_done() is right in both cases. */
int oscal_start(struct oscal *o, const struct export_job *job, FILE *out);
int oscal_done(struct oscal *o);

/* The document's first member: {"KIND":{"uuid":..., ends to be closed by oscal_end(). name: what the UUID is
 * made of. */
void oscal_begin(struct oscal *o, const char *kind, const char *name);
void oscal_end(struct oscal *o);
void oscal_metadata(struct oscal *o, const char *title, const char *version);

/* Text of ours or of others as Markdown; nothing for NULL and "". */
void oscal_text(struct oscal *o, const char *key, const char *text);
/* Members "uuid" and so on, of uuid_make(kind, name). */
void oscal_uuid(struct oscal *o, const char *key, const char *kind, const char *name);
/* A token as a member; a fault where it cannot be made. */
void oscal_token(struct oscal *o, const char *key, const char *guideline, char kind,
		 const char *id);
/* Properties: the list is opened by the first and closed by oscal_props_end(). own: in our namespace. Nothing
 * for NULL and "". */
void oscal_prop(struct oscal *o, const char *name, const char *value, bool own);
void oscal_props_end(struct oscal *o);
/* A name for what the export is of: guidelines with their versions. The caller frees it. */
char *oscal_guidelines(const struct oscal *o);

#endif
