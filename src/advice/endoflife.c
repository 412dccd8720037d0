/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endoflife.date: its API v1 (https://endoflife.date/docs/api/v1/: /products/full, /products/PRODUCT), and the
 * older one (/api/PRODUCT.json), which does not say of which product or day it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/advice_parts.h"
#include "codec/i18n.h"

enum { NUMBER_TEXT = 24 };

static bool has_list(const json_t *object, const char *key)
{
	return json_is_array(json_object_get(object, key));
}

bool is_endoflife(const json_t *root)
{
	const json_t *result = json_object_get(root, "result");

	if (json_object_get(root, "schema_version") == NULL)
		return false;
	/* A list of products has no releases, nor has the answer to a question for one release. */
	return has_list(result, "releases") || has_list(json_array_get(result, 0), "releases");
}

bool is_endoflife_cycles(const json_t *root)
{
	return json_object_get(json_array_get(root, 0), "cycle") != NULL;
}

/* A support that ends: "isEol" with "eolFrom" (v1), or one member that is a date, true or false. */
struct end {
	char date[11]; /* "": none is given */
	bool over, given;
};

static struct end end_of_release(struct file *f, const struct place *of, const json_t *release,
				 const char *is, const char *from)
{
	const json_t *over = json_object_get(release, is);
	const struct place at = place_key(of, is);
	struct end e = { .given = json_is_boolean(over), .over = json_is_true(over) };

	if (over != NULL && !json_is_boolean(over) && !json_is_null(over))
		file_wrong(f, &at, "%s", _("must be true or false"));
	member_date(f, of, release, from, MAY, e.date);
	return e;
}

static struct end end_of_cycle(struct file *f, const struct place *of, const json_t *cycle,
			       const char *key)
{
	const json_t *value = json_object_get(cycle, key);
	const struct place at = place_key(of, key);
	struct end e = { .given = value != NULL && !json_is_null(value) };

	if (json_is_string(value))
		member_date(f, of, cycle, key, MAY, e.date);
	else if (e.given && !json_is_boolean(value))
		file_wrong(f, &at, "%s", _("must be a date, true or false"));
	/* Of the older format `true` is "over" for the end of life, and "still there" for extended support. */
	e.over = json_is_true(value);
	return e;
}

static const char *some(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void read_release(struct file *f, const struct place *of, const json_t *release,
			 const char *product, const char *label, const char *url)
{
	char released[11];
	const struct place at_latest = place_key(of, "latest");
	const json_t *latest = member_object(f, of, release, "latest", MAY);
	struct end end = end_of_release(f, of, release, "isEol", "eolFrom");
	struct end extended = end_of_release(f, of, release, "isEoes", "eoesFrom");
	struct support_row row = {
		.product = product,
		.label = label,
		.url = url,
		.cycle = member_text(f, of, release, "name", MUST),
		.ends = some(end.date),
		.ended = end.over && end.date[0] == '\0',
	};

	member_date(f, of, release, "releaseDate", MAY, released);
	row.released = some(released);
	if (latest != NULL)
		row.latest = member_text(f, &at_latest, latest, "name", MAY);
	if (extended.date[0] != '\0')
		row.extended = extended.date;
	else if (extended.given && !extended.over)
		row.extended = "open";
	keep_support(f, &row);
}

static void read_product(struct file *f, const struct place *of, const json_t *product)
{
	const struct place at_links = place_key(of, "links"), at_list = place_key(of, "releases");
	const char *name = member_text(f, of, product, "name", MUST);
	const char *label = member_text(f, of, product, "label", MAY);
	const json_t *links = member_object(f, of, product, "links", MAY);
	const char *url = links != NULL ? member_text(f, &at_links, links, "html", MAY) : NULL;
	const json_t *releases = member_list(f, of, product, "releases", MUST), *release;
	size_t i;

	json_array_foreach(releases, i, release)
	{
		const struct place at = place_index(&at_list, i);

		if (f->wrong)
			return;
		if (!json_is_object(release))
			file_wrong(f, &at, "%s", _("must be an object"));
		else
			read_release(f, &at, release, name, label != NULL ? label : name, url);
	}
}

void read_endoflife(struct file *f, const json_t *root)
{
	const struct place at_result = place_key(NULL, "result");
	const json_t *result = json_object_get(root, "result"), *product;
	char date[11];
	size_t i;

	member_date(f, NULL, root, "generated_at", MAY, date);
	if (date[0] == '\0')
		member_date(f, NULL, root, "last_modified", MAY, date);
	if (json_is_object(result))
		read_product(f, &at_result, result);
	json_array_foreach(result, i, product)
	{
		const struct place at = place_index(&at_result, i);

		if (f->wrong)
			return;
		if (!json_is_object(product))
			file_wrong(f, &at, "%s", _("must be an object"));
		else
			read_product(f, &at, product);
	}
	if (json_is_array(result))
		check_count(f, root, "total", json_array_size(result));
	if (!f->wrong)
		note_date(f->advice, ADVICE_ENDOFLIFE, date);
}

/* "8" and 8 are the same cycle; 1.10 as a number is not "1.10". */
static const char *cycle_name(struct file *f, const struct place *of, const json_t *cycle,
			      char number[static NUMBER_TEXT])
{
	const json_t *value = json_object_get(cycle, "cycle");

	if (!json_is_integer(value))
		return member_text(f, of, cycle, "cycle", MUST);
	snprintf(number, NUMBER_TEXT, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return number;
}

static void read_cycle(struct file *f, const struct place *of, const json_t *cycle,
		       const char *product)
{
	char released[11], number[NUMBER_TEXT], url[256];
	struct end end = end_of_cycle(f, of, cycle, "eol");
	struct end extended = end_of_cycle(f, of, cycle, "extendedSupport");
	const char *latest = NULL;

	/* A number in some of the older files, and then nothing to go by. */
	if (json_is_string(json_object_get(cycle, "latest")))
		latest = member_text(f, of, cycle, "latest", MAY);
	member_date(f, of, cycle, "releaseDate", MAY, released);
	snprintf(url, sizeof(url), "https://endoflife.date/%s", product);
	struct support_row row = {
		.product = product,
		.label = product,
		.url = url,
		.cycle = cycle_name(f, of, cycle, number),
		.latest = latest,
		.released = some(released),
		.ends = some(end.date),
		.ended = end.over,
	};
	if (extended.date[0] != '\0')
		row.extended = extended.date;
	else if (extended.over)
		row.extended = "open";
	keep_support(f, &row);
}

void read_endoflife_cycles(struct file *f, const json_t *root)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	const char *slash = strrchr(f->name, '/'), *name = slash != NULL ? slash + 1 : f->name;
	const char *dot = strrchr(name, '.');
	size_t n = dot != NULL ? (size_t)(dot - name) : strlen(name), i;
	char product[64];
	const json_t *cycle;

	if (n == 0 || n >= sizeof(product) || strspn(name, letters) < n) {
		file_wrong(f, NULL, "%s",
			   _("the file's name must be the product's, as in nginx.json: nothing "
			     "else tells it"));
		return;
	}
	memcpy(product, name, n);
	product[n] = '\0';
	json_array_foreach(root, i, cycle)
	{
		const struct place at = place_index(NULL, i);

		if (f->wrong)
			return;
		if (!json_is_object(cycle))
			file_wrong(f, &at, "%s", _("must be an object"));
		else
			read_cycle(f, &at, cycle, product);
	}
}
