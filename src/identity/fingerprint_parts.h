/* SPDX-License-Identifier: Apache-2.0 */
/* What reading and matching of fingerprints share. */
#ifndef TENKEN_IDENTITY_FINGERPRINT_PARTS_H
#define TENKEN_IDENTITY_FINGERPRINT_PARTS_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>

#include "identity/fingerprint.h"

enum {
	SUBJECT_MAX = 4096,       /* bytes of a text that are looked at */
	GROUPS_MOST = 32,         /* groups of one pattern */
	MATCH_LIMIT = 200000,     /* steps of one match */
	RULES_MOST = 200000,      /* of all fields */
	RULE_TEXT_MAX = 8 * 1024, /* bytes of a pattern */
	GROUP_MARK = '\1', /* in a fixed text: the next byte is the group that stands there */
};

struct rule {
	pcre2_code *code;
	char *fixed[PARTS][FACTS];
	uint8_t group[PARTS][FACTS]; /* the group that brings it; 0: none does */
	bool certain;
	const char *file; /* name without folder, owned by struct fingerprints */
	unsigned line;
};

/* A text of a document: the probe that brings it and its way through the document, keys and list
 * indexes between dots; several ways between spaces give one text. */
struct field {
	char *name, *probe, *path;
	char *recog; /* recog's word for it, or NULL */
	struct rule *rules;
	size_t count, room;
};

/* A document that names things itself: the ways to the facts of one part. */
struct direct {
	char *probe;
	enum part part;
	char *path[FACTS];
	char *fixed[FACTS];
	bool certain;
	char *origin; /* "modbus" */
};

struct fingerprints {
	struct field *fields;
	size_t field_count, field_room;
	struct direct *directs;
	size_t direct_count, direct_room;
	char **files;
	size_t file_count, file_room;
	size_t rule_count;
	pcre2_match_context *limits;
};

/* A member more of a list; the new one is zero. False without memory. */
bool fingerprints_grow(void **list, size_t count, size_t *room, size_t size);
/* Keeps the file's name without its folder; NULL without memory. */
const char *fingerprints_file(struct fingerprints *f, const char *path);
struct field *fingerprints_field(struct fingerprints *f, const char *name);
/* Compiles; false with a text of PCRE2's and the place in the pattern. */
bool rule_compile(struct rule *r, const char *pattern, uint32_t options, char *ret_error,
		  size_t room, size_t *ret_at);
/* Takes the rule over, or frees it; false without memory. */
bool field_add(struct fingerprints *f, struct field *field, struct rule *r);
/* One file of recog's format. */
void recog_read_file(struct fingerprints *f, const char *path, struct complaints *c);
void rule_done(struct rule *r);

#endif
