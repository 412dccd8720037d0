/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of declared mail domains that tell forged mail from theirs, as a name server shows them. An
 * answer counts where the server looks names up or is authoritative for the name; what it cannot know,
 * and what was cut to fit a datagram, is "not-known" rather than absent.
 *
 * Specifications: RFC 7208, 3.1 and 4.5 (SPF); RFC 7489, 6.1 and 6.6.3 (DMARC); RFC 6376, 3.6 (DKIM);
 * RFC 6891 (size of an answer).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "codec/evidence.h"
#include "dns_mail.h"
#include "site/domains.h"

enum {
	ANSWER_ROOM = 1232, /* fits every path (RFC 9715, 3.1); more is cut by the server */
	PARENTS_MOST = 3,
};

enum known { NOT_KNOWN, ABSENT, PRESENT };
static const char *const words[] = { "not-known", "absent", "present" };

/* ---- what is a record of the kind ---- */

static bool is_spf(const char *text)
{
	return strncasecmp(text, "v=spf1", 6) == 0 && (text[6] == ' ' || text[6] == '\0');
}

static bool is_dmarc(const char *text)
{
	return strncmp(text, "v=DMARC1", 8) == 0 && strchr("; \t", text[8]) != NULL;
}

/* An empty key is a key that was withdrawn. */
static bool is_dkim(const char *text)
{
	static const char blank[] = " \t\r\n";

	for (const char *tag = text; *tag != '\0'; tag += strcspn(tag, ";"), tag += *tag == ';') {
		tag += strspn(tag, blank);
		if (*tag != 'p')
			continue;
		const char *rest = tag + 1 + strspn(tag + 1, blank);
		if (*rest == '=')
			return strchr(";", rest[1 + strspn(rest + 1, blank)]) == NULL;
	}
	return false;
}

/* ---- asking ---- */

struct look {
	struct conn *c;
	bool recursion;
	bool silent;  /* an answer did not come: nothing more is asked */
	bool foreign; /* the server cannot know this name */
};

struct texts {
	const char *name;
	bool (*is)(const char *text);
	bool alias, present;
};

static void take_text(void *context, const struct dns_record *r)
{
	struct texts *t = context;

	if (r->type == DNS_CNAME)
		t->alias = true;
	else if (r->type == DNS_TXT && (t->alias || dns_same_name(r->owner, t->name)))
		t->present |= t->is(r->target);
}

static enum known look(struct look *l, const char *name, bool (*is)(const char *text))
{
	struct texts t = { .name = name, .is = is };
	const struct dns_asked q = { .recursion = l->recursion,
				     .name = name,
				     .type = DNS_TXT,
				     .class = DNS_CLASS_IN,
				     .room = ANSWER_ROOM };
	uint8_t question[DNS_QUESTION];
	struct dns_message m = { 0 };
	bool malformed = false;

	l->foreign = false;
	if (l->silent ||
	    dns_ask(question, sizeof(question), &q) == 0) /* a selector too long for it */
		return NOT_KNOWN;
	if (!dns_conn_ask(l->c, &q, &m, take_text, &t, &malformed)) {
		l->silent = true;
		return NOT_KNOWN;
	}
	bool looks_up = l->recursion && m.recursion_available;
	l->foreign = m.code == DNS_REFUSED || (!looks_up && !m.authoritative);
	if (malformed || m.truncated || l->foreign)
		return NOT_KNOWN;
	if (m.code == DNS_NO_SUCH_NAME)
		return ABSENT;
	if (m.code != DNS_NO_ERROR)
		return NOT_KNOWN;
	if (t.present)
		return PRESENT;
	/* Where the name leads elsewhere a server that does not look names up cannot follow. */
	return t.alias && !looks_up ? NOT_KNOWN : ABSENT;
}

/* Where registries of organisations begin, as far as it is known here; everywhere at a single label. */
static bool is_suffix(const char *domain)
{
	static const char *const list[] = { "ac.jp", "ad.jp", "co.jp", "ed.jp", "go.jp",
					    "gr.jp", "lg.jp", "ne.jp", "or.jp" };

	for (size_t i = 0; i < countof(list); i++)
		if (dns_same_name(domain, list[i]))
			return true;
	return strchr(domain, '.') == NULL;
}

/* RFC 7489, 6.6.3: a policy of the organisation holds for what is below it. The list of all public suffixes
 * is not needed: where one is asked for by mistake it has no policy. */
static enum known look_for_policy(struct look *l, const char *domain)
{
	char name[DNS_NAME];
	enum known found = ABSENT;

	for (int i = 0; i <= PARENTS_MOST && found == ABSENT; i++) {
		snprintf(name, sizeof(name), "_dmarc.%s", domain);
		found = look(l, name, is_dmarc);
		domain = strchr(domain, '.');
		if (domain == NULL || is_suffix(++domain))
			break;
	}
	return found;
}

static enum known look_for_keys(struct look *l, const struct domains *d, const char *domain)
{
	char name[2 * DNS_NAME];
	size_t absent = 0;

	for (size_t i = 0; i < d->selector_count; i++) {
		snprintf(name, sizeof(name), "%s._domainkey.%s", d->selectors[i], domain);
		enum known found = look(l, name, is_dkim);
		if (found == PRESENT)
			return PRESENT;
		absent += found == ABSENT;
	}
	return absent == d->selector_count ? ABSENT : NOT_KNOWN;
}

bool dns_mail(struct conn *c, bool recursion, json_t *evidence)
{
	const struct domains *d = conn_declared(c);
	struct look l = { .c = c, .recursion = recursion };

	for (size_t i = 0; d != NULL && i < d->mail_count && !l.silent; i++) {
		enum known spf = look(&l, d->mail[i], is_spf), dmarc = NOT_KNOWN, dkim = NOT_KNOWN;
		json_t *o = list_object(note_list(evidence, "mail"));

		if (!l.foreign) {
			dmarc = look_for_policy(&l, d->mail[i]);
			dkim = look_for_keys(&l, d, d->mail[i]);
		}
		note_word(o, "domain", d->mail[i]);
		note_word(o, "spf", words[spf]);
		note_word(o, "dmarc", words[dmarc]);
		if (d->selector_count > 0)
			note_word(o, "dkim", words[dkim]);
	}
	return !l.silent;
}
