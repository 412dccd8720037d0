/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a text from the network tells of the program, the device and the operating system behind it.
 * Fingerprints are data: a folder holds sources.yaml (which text of which document is which field) and
 * one file per field with its rules (PCRE2); doc/fingerprints.md describes both. Rules in the XML format
 * of the recog project can be read beside them.
 *
 * Everything is read and compiled before the processes are forked; matching allocates little, has limits
 * on its work, and is done by the workers.
 */
#ifndef TENKEN_IDENTITY_FINGERPRINT_H
#define TENKEN_IDENTITY_FINGERPRINT_H

#include <jansson.h>

#include "codec/complaint.h"

enum part { PART_SERVICE, PART_DEVICE, PART_OS, PARTS };
/* Of a device the product is its model and the version its firmware. */
enum fact { FACT_VENDOR, FACT_PRODUCT, FACT_VERSION, FACT_SERIAL, FACT_ROLE, FACTS };

/* "service", "device", "os"; "vendor", ... "role". */
extern const char *const part_words[PARTS];
extern const char *const fact_words[FACTS];

struct fingerprints;

/* The caller frees it; NULL without memory. */
struct fingerprints *fingerprints_new(void);
void fingerprints_free(struct fingerprints *f);

/* Reads a folder of our format. Files stand in order of their names; what is wrong becomes complaints.
 * sources.yaml may be missing where the fields are known already. */
void fingerprints_read(struct fingerprints *f, const char *dir, struct complaints *c);
/* Reads a folder in recog's format (*.xml). Its rules come after ours, of each field, and what they tell
 * is never certain. Databases whose `matches` no source names are passed over. */
void fingerprints_read_recog(struct fingerprints *f, const char *dir, struct complaints *c);
/* A folder the user names: of whichever format its files are. */
void fingerprints_read_any(struct fingerprints *f, const char *dir, struct complaints *c);

size_t fingerprints_count(const struct fingerprints *f);

/*
 * What the first matching rule of this field says: a new array of objects {part, vendor, product,
 * version, serial, role, certain, origin (the field), rule ("FILE:LINE")}, texts that are not told left
 * out. NULL: no rule matches.
 */
json_t *fingerprints_match(const struct fingerprints *f, const char *field, const char *text);

/* Puts under "identity" of this probe's document what its texts tell; nothing where they tell nothing.
 * Sets "product" and "version" where the document lacks both and the service is certain. */
void fingerprints_tell(const struct fingerprints *f, const char *probe, json_t *evidence);

#endif
