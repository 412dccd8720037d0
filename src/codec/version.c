/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "codec/span.h"

/* ---- taking a version apart ---- */

/* A number or a word, with what stands in front of it: '.', '-', '(' or nothing. */
struct part {
	char before;
	bool number;
	struct span text; /* of a number without zeros in front */
};

struct version {
	struct part parts[VERSION_PARTS_MAX];
	size_t count;
};

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "V2.1", "v.2.1", "Ver. 2.1", "version 2.1". */
static const char *skip_prefix(const char *p)
{
	static const char *const words[] = { "version", "ver", "v" };

	while (*p == ' ')
		p++;
	for (size_t i = 0; i < countof(words); i++) {
		size_t n = strlen(words[i]);

		if (strncasecmp(p, words[i], n) != 0)
			continue;
		const char *after = p + n;
		if (*after == '.')
			after++;
		while (*after == ' ')
			after++;
		if (digit(*after))
			return after;
	}
	return p;
}

/* The repairs of distributions do not show in the version that they began from. */
static bool packaged(const char *text)
{
	static const char *const marks[] = { "deb",  "ubuntu",  "dfsg",   "bpo",
					     "+",    "~",       ".fc",    ".amzn",
					     ".mga", ".module", "alpine", "raspbian" };

	for (size_t i = 0; i < countof(marks); i++)
		if (strcasestr(text, marks[i]) != NULL)
			return true;
	for (const char *p = strcasestr(text, ".el"); p != NULL; p = strcasestr(p + 1, ".el"))
		if (digit(p[3]))
			return true;
	return false;
}

static struct span number_at(const char **p)
{
	while (**p == '0' && digit((*p)[1]))
		(*p)++;
	const char *start = *p;
	while (digit(**p))
		(*p)++;
	return span_of(start, (size_t)(*p - start));
}

static bool take_apart(const char *text, struct version *ret)
{
	const char *p = skip_prefix(text);
	struct version v = { 0 };
	char before = '\0';

	if (strlen(text) > VERSION_BYTES_MAX || !digit(*p) || packaged(text))
		return false;
	while (*p != '\0' && strspn(p, " ") != strlen(p)) {
		if (v.count == VERSION_PARTS_MAX)
			return false;
		struct part *part = &v.parts[v.count];

		if (digit(*p)) {
			*part = (struct part){ before, true, number_at(&p) };
		} else if (letter(*p)) {
			const char *start = p;

			while (letter(*p))
				p++;
			*part = (struct part){ before, false, span_of(start, (size_t)(p - start)) };
		} else if (before == '\0' && (*p == '.' || *p == '-' || *p == '_' || *p == '(')) {
			before = *p == '_' ? '-' : *p;
			p++;
			continue;
		} else if (*p == ')' && before == '\0') {
			p++;
			continue;
		} else {
			return false;
		}
		before = '\0';
		v.count++;
	}
	*ret = v;
	return before == '\0';
}

/* ---- order ---- */

static enum version_order order_of(int difference)
{
	return difference < 0 ? VERSION_LESS : difference > 0 ? VERSION_MORE : VERSION_SAME;
}

static enum version_order turned(enum version_order o)
{
	return o == VERSION_LESS ? VERSION_MORE : o == VERSION_MORE ? VERSION_LESS : o;
}

static enum version_order number_order(struct span a, struct span b)
{
	if (a.length != b.length)
		return a.length < b.length ? VERSION_LESS : VERSION_MORE;
	return order_of(memcmp(a.at, b.at, a.length));
}

static bool is_word(struct span s, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_is_nocase(s, words[i]))
			return true;
	return false;
}

/* "2.0-rc1" comes before "2.0". */
static bool before_release(const struct part *p)
{
	static const char *const words[] = { "alpha",   "beta", "rc",      "pre",
					     "preview", "dev",  "snapshot" };

	return !p->number && is_word(p->text, words, countof(words));
}

/* "9.2p1" comes after "9.2", and so does "1.0.2k", a letter as OpenSSL counts its repairs. */
static bool after_release(const struct version *v, size_t at)
{
	const struct part *p = &v->parts[at];

	if (p->number || p->before != '\0')
		return false;
	if (at + 1 == v->count)
		return p->text.length == 1;
	return span_is_nocase(p->text, "p") && at + 2 == v->count && v->parts[at + 1].number &&
	       v->parts[at + 1].before == '\0';
}

static enum version_order word_order(const struct version *a, const struct version *b, size_t at)
{
	struct span x = a->parts[at].text, y = b->parts[at].text;

	if (x.length == y.length &&
	    strncasecmp((const char *)x.at, (const char *)y.at, x.length) == 0)
		return VERSION_SAME;
	/* "1.0.2k", "1.0.2z", "1.0.2zf" */
	if (at + 1 != a->count || at + 1 != b->count || x.length > 2 || y.length > 2 ||
	    a->parts[at].before != '\0' || b->parts[at].before != '\0' ||
	    islower(x.at[0]) != islower(y.at[0]))
		return VERSION_UNKNOWN;
	if (x.length != y.length)
		return x.length < y.length ? VERSION_LESS : VERSION_MORE;
	return order_of(memcmp(x.at, y.at, x.length));
}

/* What the rest of v, from here on, makes of a version that ends here: more, less, or the same. */
static enum version_order rest_order(const struct version *v, size_t at, bool *ret_more)
{
	for (; at < v->count; at++) {
		const struct part *p = &v->parts[at];

		if (before_release(p))
			return VERSION_LESS;
		if (after_release(v, at))
			break;
		if (!p->number || p->before != '.')
			return VERSION_UNKNOWN;
		if (!span_is(p->text, "0"))
			break;
	}
	*ret_more = at < v->count;
	return at < v->count ? VERSION_MORE : VERSION_SAME;
}

/* *ret_short: one of them ends where the other goes on, and that decided it. */
static enum version_order compare_parts(const struct version *a, const struct version *b,
					bool *ret_short)
{
	*ret_short = false;
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		const struct part *x = &a->parts[i], *y = &b->parts[i];
		enum version_order o;

		if (x->before != y->before || x->number != y->number)
			return VERSION_UNKNOWN;
		o = x->number ? number_order(x->text, y->text) : word_order(a, b, i);
		if (o != VERSION_SAME)
			return o;
	}
	if (a->count == b->count)
		return VERSION_SAME;
	return a->count < b->count ? turned(rest_order(b, a->count, ret_short))
				   : rest_order(a, b->count, ret_short);
}

static enum version_order compare(const char *a, const char *b, bool *ret_short)
{
	struct version x, y;

	*ret_short = false;
	if (strcmp(a, b) == 0)
		return VERSION_SAME;
	if (!take_apart(a, &x) || !take_apart(b, &y))
		return VERSION_UNKNOWN;
	return compare_parts(&x, &y, ret_short);
}

enum version_order version_compare(const char *a, const char *b)
{
	bool is_short;

	return compare(a, b, &is_short);
}

int version_of_cycle(const char *version, const char *cycle)
{
	const char *v = skip_prefix(version), *c = cycle;

	if (!digit(*c) || strlen(cycle) > VERSION_BYTES_MAX ||
	    strlen(version) > VERSION_BYTES_MAX || !digit(*v))
		return -1;
	for (;;) {
		if (!digit(*v)) /* "1" may be of any "1.18" */
			return -1;
		if (!digit(*c))
			return -1;
		struct span x = number_at(&v), y = number_at(&c);
		if (number_order(x, y) != VERSION_SAME)
			return 0;
		if (*c == '\0')
			return 1;
		if (*c++ != '.')
			return -1;
		if (*v != '.')
			return -1;
		v++;
	}
}

/* ---- ranges ---- */

/* The operator at the start of a constraint; "" where there is none. */
static const char *operator_at(const char *p)
{
	static const char *const operators[] = { "<=", ">=", "!=", "<", ">", "=" };

	for (size_t i = 0; i < countof(operators); i++)
		if (strncmp(p, operators[i], strlen(operators[i])) == 0)
			return operators[i];
	return "";
}

static int holds(const char *version, const char *constraint)
{
	const char *o = operator_at(constraint);
	bool is_short;

	if (strcmp(constraint, "*") == 0)
		return 1;
	if (*o == '\0')
		return -1;
	enum version_order order = compare(version, constraint + strlen(o), &is_short);
	if (order == VERSION_UNKNOWN)
		return -1;
	/* "1.2.3" is behind "1.2" in any reading; whether it is no longer 1.2 is not known. */
	if (is_short && !(order == VERSION_MORE && (strcmp(o, "<") == 0 || strcmp(o, ">=") == 0)))
		return -1;
	if (*o == '!')
		return order != VERSION_SAME;
	if (order == VERSION_SAME)
		return strchr(o, '=') != NULL;
	return *o == '<' ? order == VERSION_LESS : *o == '>' ? order == VERSION_MORE : 0;
}

int version_within(const char *version, const char *range)
{
	char constraint[VERSION_BYTES_MAX + 8];
	int any = 0, all = 1;

	if (*range == '\0' || *version == '\0')
		return -1;
	for (const char *p = range;;) {
		size_t n = strcspn(p, ",|");

		if (n == 0 || n >= sizeof(constraint))
			return -1;
		memcpy(constraint, p, n);
		constraint[n] = '\0';
		int one = holds(version, constraint);
		/* Of a conjunction no beats unknown beats yes; of alternatives the other way round. */
		all = one == 0 || all == 0 ? 0 : one < 0 || all < 0 ? -1 : 1;
		p += n;
		if (*p != ',') {
			any = all == 1 || any == 1 ? 1 : all < 0 || any < 0 ? -1 : 0;
			all = 1;
		}
		if (*p == '\0')
			return any;
		p++;
	}
}

/* ---- reading ranges of advisories ---- */

struct constraint {
	const char *sign; /* "<", ... "=" */
	char version[VERSION_BYTES_MAX];
};

enum { CONSTRAINTS_MAX = 64 };

struct reading {
	const char *at;
	struct constraint list[CONSTRAINTS_MAX];
	size_t count;
};

static void skip_blanks(struct reading *r)
{
	r->at += strspn(r->at, " \t");
}

static bool skip_word(struct reading *r, const char *word)
{
	size_t n = strlen(word);

	skip_blanks(r);
	if (strncasecmp(r->at, word, n) != 0 || letter(r->at[n]) || digit(r->at[n]))
		return false;
	r->at += n;
	skip_blanks(r);
	return true;
}

/* A version as a whole: what can be compared at all. "9.x" and "V9.9 SP2" are none. */
static bool read_version(struct reading *r, char out[static VERSION_BYTES_MAX])
{
	struct version v;

	skip_blanks(r);
	const char *start = r->at, *digits = skip_prefix(start);
	size_t n = (size_t)(digits - start) + strspn(digits, "0123456789abcdefghijklmnopqrstuvwxyz"
							     "ABCDEFGHIJKLMNOPQRSTUVWXYZ._()-");
	/* "V9.9<V9.10" has no blank between them. */
	if (n == 0 || n >= VERSION_BYTES_MAX || !digit(*digits))
		return false;
	memcpy(out, start, n);
	out[n] = '\0';
	r->at += n;
	skip_blanks(r);
	if (!take_apart(out, &v))
		return false;
	for (size_t i = 0; i < v.count; i++)
		if (!v.parts[i].number && span_is_nocase(v.parts[i].text, "x"))
			return false;
	return true;
}

static bool add(struct reading *r, const char *sign, const char *version)
{
	if (r->count == CONSTRAINTS_MAX)
		return false;
	r->list[r->count].sign = sign;
	snprintf(r->list[r->count].version, VERSION_BYTES_MAX, "%s", version);
	r->count++;
	return true;
}

/* "1.2 and prior", "1.2 or earlier", "1.2 and below" */
static const char *sign_behind(struct reading *r)
{
	static const char *const down[] = { "prior", "earlier", "below", "older", "lower" };
	static const char *const up[] = { "later", "newer", "above", "higher" };
	const char *before = r->at;

	if (skip_word(r, "and") || skip_word(r, "or")) {
		(void)(skip_word(r, "all") && skip_word(r, "versions"));
		for (size_t i = 0; i < countof(down); i++)
			if (skip_word(r, down[i]))
				return "<=";
		for (size_t i = 0; i < countof(up); i++)
			if (skip_word(r, up[i]))
				return ">=";
		r->at = before;
	}
	return "=";
}

static bool read_constraint(struct reading *r)
{
	char version[VERSION_BYTES_MAX];
	const char *sign = NULL;

	skip_blanks(r);
	if (*r->at != '\0' && strchr("<>=!", *r->at) != NULL) {
		sign = operator_at(r->at);
		if (*sign == '\0')
			return false;
		r->at += strlen(sign);
	} else if (skip_word(r, "prior to") || skip_word(r, "before") ||
		   skip_word(r, "earlier than")) {
		sign = "<";
	}
	(void)(skip_word(r, "version") || skip_word(r, "versions"));
	if (!read_version(r, version))
		return false;
	/* "0 < 8.0.1": from here to below that, as CVE records have it. */
	if (sign == NULL)
		sign = *r->at == '<' ? ">=" : sign_behind(r);
	return add(r, sign, version);
}

static bool opens(const struct constraint *c)
{
	return c->sign[0] == '>';
}

static bool closes(const struct constraint *c)
{
	return c->sign[0] == '<';
}

/* The next constraint that takes nothing away; the count where there is none. */
static size_t next_of(const struct reading *r, size_t i)
{
	while (i < r->count && r->list[i].sign[0] == '!')
		i++;
	return i;
}

/* VERS says how constraints belong together, and other texts mean the same: one that opens and the next,
 * which closes, are an interval; any other stands for itself. "!=" takes away from all of them. */
static bool put_in_order(const struct reading *r, char *out, size_t size)
{
	FILE *f = fmemopen(out, size, "w");
	bool good = f != NULL, first = true, below = false, above = false;

	for (size_t i = next_of(r, 0); good && i < r->count; i = next_of(r, i + 1)) {
		const struct constraint *c = &r->list[i];
		size_t next = next_of(r, i + 1);
		bool pair = opens(c) && next < r->count && closes(&r->list[next]);

		fprintf(f, "%s%s%s", first ? "" : "|", c->sign, c->version);
		first = false;
		/* Below the one or below the other is meant for two lines of a product, and says nothing of a
		 * version between them. */
		good = (pair || !closes(c) || !below) && (pair || !opens(c) || !above);
		below |= !pair && closes(c);
		above |= !pair && opens(c);
		if (pair) {
			const struct constraint *end = &r->list[next];
			enum version_order o = version_compare(c->version, end->version);

			good = o == VERSION_LESS || o == VERSION_SAME;
			fprintf(f, ",%s%s", end->sign, end->version);
			i = next;
		}
		for (size_t k = 0; k < r->count; k++)
			if (r->list[k].sign[0] == '!')
				fprintf(f, ",!=%s", r->list[k].version);
	}
	if (f != NULL && (fflush(f) != 0 || ferror(f) || (size_t)ftell(f) + 1 >= size))
		good = false;
	if (f != NULL)
		fclose(f);
	return good && !first;
}

bool version_range_read(const char *text, char *out, size_t size)
{
	struct reading r = { .at = text };

	if (size < 2 || size > VERSION_RANGE_MAX || strchr(text, '%') != NULL)
		return false;
	skip_blanks(&r);
	if (strncmp(r.at, "vers:", 5) == 0) {
		const char *slash = strchr(r.at, '/');

		if (slash == NULL)
			return false;
		r.at = slash + 1;
	} else if (skip_word(&r, "all versions") || skip_word(&r, "all")) {
		if (*r.at == '\0') {
			snprintf(out, size, "*");
			return true;
		}
	} else {
		(void)(skip_word(&r, "versions") || skip_word(&r, "version"));
	}
	skip_blanks(&r);
	if (*r.at == '*' && r.at[1 + strspn(r.at + 1, " ")] == '\0') {
		snprintf(out, size, "*");
		return true;
	}
	for (;;) {
		if (!read_constraint(&r))
			return false;
		if (*r.at == '\0')
			return put_in_order(&r, out, size);
		if (*r.at == '|' || *r.at == ',')
			r.at++;
		else if (strchr("<>=!", *r.at) == NULL && !skip_word(&r, "and"))
			return false;
	}
}
