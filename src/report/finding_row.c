/* SPDX-License-Identifier: Apache-2.0 */
#include "report/finding_row.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "report/text.h"

const char uuid_namespace[UUID_TEXT] = "c7095861-08f7-4b7c-a90a-f513e268d162";

struct finding_rows finding_rows(struct facts *f)
{
	return (struct finding_rows){
		.facts = f,
		.now = facts_ask(f, FINDINGS_IN_ORDER),
		.gone = facts_ask(f, "SELECT f.* FROM finding_gone f ORDER BY " BY_SEVERITY
				     ", check_id, fingerprint"),
	};
}

void finding_rows_done(struct finding_rows *rows)
{
	query_free(rows->now);
	query_free(rows->gone);
}

static struct finding_row row_of(struct facts *f, struct query *q)
{
	struct finding_row r = {
		.fingerprint = cell(q, "fingerprint"),
		.check_id = cell(q, "check_id"),
		.severity = cell(q, "severity"),
		.asset = cell(q, "asset"),
		.address = cell(q, "address"),
		.port = cell_int(q, "port"),
		.transport = cell(q, "transport"),
		.zone = cell(q, "zone"),
		.vantage = cell(q, "vantage"),
		.detail = cell(q, "detail"),
		.first_seen = cell_int(q, "first_seen"),
		.last_seen = cell_int(q, "last_seen"),
	};

	r.check = facts_check(f, r.check_id);
	return r;
}

bool finding_rows_next(struct finding_rows *rows, struct finding_row *ret)
{
	struct query *q = rows->now;

	/* SQLite begins again when it is asked behind the end. */
	if (!rows->behind && facts_next(rows->facts, q)) {
		*ret = row_of(rows->facts, q);
		ret->state =
			strcmp(cell(q, "status"), "waived") == 0 ? FINDING_WAIVED : FINDING_OPEN;
		ret->evidence = cell(q, "evidence");
		ret->waiver = cell(q, "waiver");
		ret->treatment = cell(q, "treatment");
		ret->again = cell_int(q, "reopened") > 0;
		ret->fresh = !ret->again && ret->first_seen == ret->last_seen;
		ret->inferred = cell_int(q, "inferred") != 0;
		return true;
	}
	rows->behind = true;
	q = rows->gone;
	if (!facts_next(rows->facts, q))
		return false;
	*ret = row_of(rows->facts, q);
	ret->state = strcmp(cell(q, "status"), "fixed") == 0 ? FINDING_FIXED : FINDING_NOT_RETESTED;
	ret->reason = cell(q, "reason");
	ret->fixed_at = cell_int(q, "fixed_at");
	return true;
}

const char *finding_place(const struct finding_row *r, char out[static PLACE_TEXT])
{
	const char *address = r->address != NULL ? r->address : r->asset;
	bool six = r->address != NULL && strchr(r->address, ':') != NULL;

	if (r->port == 0)
		snprintf(out, PLACE_TEXT, "%s", address != NULL ? address : "");
	else
		snprintf(out, PLACE_TEXT, six ? "[%s]:%u/%s" : "%s:%u/%s",
			 address != NULL ? address : "", (unsigned)r->port,
			 r->transport != NULL ? r->transport : "tcp");
	return out;
}

const char *finding_title(const struct finding_row *r, enum language l)
{
	const char *title = r->check != NULL ? bilingual_text(&r->check->title, l) : NULL;

	return title != NULL && *title != '\0' ? title : r->check_id;
}

const char *finding_remedy(const struct finding_row *r, enum language l)
{
	const char *remedy = r->check != NULL ? bilingual_text(&r->check->remedy, l) : NULL;

	return remedy != NULL && *remedy != '\0' ? remedy : NULL;
}

json_t *finding_waiver(const struct finding_row *r)
{
	json_t *w = r->waiver != NULL ? json_loads(r->waiver, JSON_ALLOW_NUL, NULL) : NULL;

	if (w != NULL && !json_is_object(w)) {
		json_decref(w);
		w = NULL;
	}
	return w;
}

json_t *finding_plan(const struct finding_row *r)
{
	return r->treatment != NULL ? json_loads(r->treatment, JSON_ALLOW_NUL, NULL) : NULL;
}

/* The 16 bytes of the namespace. */
static void namespace_bytes(uint8_t out[static 16])
{
	size_t n = 0;

	for (const char *p = uuid_namespace; *p != '\0' && n < 16;) {
		unsigned byte = 0;

		if (*p == '-') {
			p++;
			continue;
		}
		sscanf(p, "%2x", &byte);
		out[n++] = (uint8_t)byte;
		p += 2;
	}
}

int uuid_make(const char *kind, const char *name, char out[static UUID_TEXT])
{
	uint8_t space[16], digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	namespace_bytes(space);
	bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha1(), NULL) == 1 &&
		  EVP_DigestUpdate(md, space, sizeof(space)) == 1 &&
		  EVP_DigestUpdate(md, kind, strlen(kind)) == 1 &&
		  EVP_DigestUpdate(md, ":", 1) == 1 &&
		  EVP_DigestUpdate(md, name, strlen(name)) == 1 &&
		  EVP_DigestFinal_ex(md, digest, &length) == 1 && length == 20;
	EVP_MD_CTX_free(md);
	if (!ok)
		return -EIO;
	digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x50); /* version */
	digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80); /* variant */
	char *at = out;
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		snprintf(at, 3, "%02x", digest[i]);
		at += 2;
	}
	return 0;
}
