/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSAF advisories (OASIS Common Security Advisory Framework 2.0, 3.2): the product tree gives each product its
 * vendor, name and versions (3.2.2), the vulnerabilities say which of them are affected (3.2.3.9). Of 2.1 the
 * same parts are read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/advice_parts.h"
#include "codec/i18n.h"
#include "codec/version.h"

enum { BRANCHES_MAX = 48, PRODUCTS_MAX = 100 * 1000 };

enum status { AFFECTED, NOT_AFFECTED, FIXED, INVESTIGATED, STATUSES };
static const char *const status_words[STATUSES] = { "affected", "not-affected", "fixed",
						    "investigated" };
/* 3.2.3.9: the lists of product_status. "recommended" says nothing of the product as it is. */
static const struct {
	const char *list;
	enum status status;
} lists[] = {
	{ "known_affected", AFFECTED },
	{ "first_affected", AFFECTED },
	{ "last_affected", AFFECTED },
	{ "known_not_affected", NOT_AFFECTED },
	{ "fixed", FIXED },
	{ "first_fixed", FIXED },
	{ "under_investigation", INVESTIGATED },
};

struct product {
	const char *vendor, *name, *versions; /* texts of the JSON */
	bool narrowed;                        /* more than a version tells it from others */
	json_t *cves[STATUSES];
	double score[STATUSES];
};

struct tree {
	struct file *file;
	struct product *products;
	size_t count, room;
	json_t *by_id;  /* number of the product */
	double *scores; /* of one vulnerability, per product; below 0: none */
};

/* What the branches above say. */
struct branch {
	const char *vendor, *name, *versions;
	bool narrowed;
};

static void add_product(struct tree *t, const struct place *at, const json_t *full_name,
			const struct branch *b)
{
	struct file *f = t->file;
	const struct place at_id = place_key(at, "product_id");
	const char *id = member_text(f, at, full_name, "product_id", MUST);
	const char *name = member_text(f, at, full_name, "name", MUST);

	if (f->wrong)
		return;
	if (json_object_get(t->by_id, id) != NULL) {
		file_wrong(f, &at_id, _("'%.80s' stands there twice"), id);
		return;
	}
	if (t->count == PRODUCTS_MAX) {
		file_wrong(f, at, _("more than %d products"), PRODUCTS_MAX);
		return;
	}
	if (t->count == t->room) {
		size_t room = t->room == 0 ? 64 : t->room * 2;
		struct product *list = reallocarray(t->products, room, sizeof(*list));

		if (list == NULL) {
			f->wrong = f->out_of_memory = true;
			return;
		}
		t->products = list;
		t->room = room;
	}
	struct product *p = &t->products[t->count];
	*p = (struct product){ .name = name };
	if (b != NULL && b->name != NULL)
		*p = (struct product){ b->vendor, b->name, b->versions, b->narrowed, { 0 }, { 0 } };
	for (int s = 0; s < STATUSES; s++)
		p->score[s] = -1;
	if (json_object_set_new(t->by_id, id, json_integer((json_int_t)t->count)) < 0)
		f->wrong = f->out_of_memory = true;
	t->count++;
}

static void enter(struct branch *b, const char *category, const char *name)
{
	if (strcmp(category, "vendor") == 0)
		b->vendor = name;
	else if (strcmp(category, "product_name") == 0)
		b->name = name;
	else if (strcmp(category, "product_version") == 0 ||
		 strcmp(category, "product_version_range") == 0)
		b->versions = name;
	else if (strcmp(category, "product_family") != 0 && strcmp(category, "language") != 0)
		b->narrowed =
			true; /* architecture, patch_level, service_pack, specification, ... */
}

/* branches inside each other, at most BRANCHES_MAX deep. */
static void read_branches(struct tree *t, const struct place *above, const json_t *object,
			  const struct branch *from, int depth)
{
	struct file *f = t->file;
	const struct place at_list = place_key(above, "branches");
	const json_t *branches = member_list(f, above, object, "branches", MAY), *branch;
	size_t i;

	if (branches != NULL && depth == BRANCHES_MAX) {
		file_wrong(f, &at_list, _("more than %d inside each other"), BRANCHES_MAX);
		return;
	}
	json_array_foreach(branches, i, branch)
	{
		const struct place at = place_index(&at_list, i),
				   at_product = place_key(&at, "product");
		struct branch here = *from;

		if (f->wrong)
			return;
		if (!json_is_object(branch)) {
			file_wrong(f, &at, "%s", _("must be an object"));
			return;
		}
		const char *category = member_text(f, &at, branch, "category", MUST);
		const char *name = member_text(f, &at, branch, "name", MUST);
		const json_t *product = member_object(f, &at, branch, "product", MAY);
		if (f->wrong)
			return;
		enter(&here, category, name);
		if (product != NULL)
			add_product(t, &at_product, product, &here);
		read_branches(t, &at, branch, &here, depth + 1);
	}
}

/* Products that are named as a whole, in a list of objects: themselves, or in their member. */
static void read_names(struct tree *t, const struct place *above, const json_t *object,
		       const char *key, const char *within)
{
	struct file *f = t->file;
	const struct place at_list = place_key(above, key);
	const json_t *list = member_list(f, above, object, key, MAY), *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const struct place at = place_index(&at_list, i);

		if (f->wrong)
			return;
		if (!json_is_object(item)) {
			file_wrong(f, &at, "%s", _("must be an object"));
			return;
		}
		if (within == NULL) {
			add_product(t, &at, item, NULL);
			continue;
		}
		const struct place at_name = place_key(&at, within);
		const json_t *name = member_object(f, &at, item, within, MUST);
		if (name != NULL)
			add_product(t, &at_name, name, NULL);
	}
}

static void read_tree(struct tree *t, const json_t *root)
{
	const struct place at = place_key(NULL, "product_tree");
	const json_t *tree = member_object(t->file, NULL, root, "product_tree", MAY);
	const struct branch none = { 0 };

	if (tree == NULL)
		return;
	read_branches(t, &at, tree, &none, 0);
	read_names(t, &at, tree, "full_product_names", NULL);
	read_names(t, &at, tree, "relationships", "full_product_name");
}

/* ---- vulnerabilities ---- */

/* The product of a list's entry; NULL: that is wrong. */
static struct product *product_of(struct tree *t, const struct place *at, const json_t *id,
				  size_t *ret_number)
{
	struct file *f = t->file;

	if (!json_is_string(id)) {
		file_wrong(f, at, "%s", _("must be a text"));
		return NULL;
	}
	const json_t *number = json_object_get(t->by_id, json_string_value(id));
	if (number == NULL) {
		file_wrong(f, at, _("the product tree has no product '%.80s'"),
			   json_string_value(id));
		return NULL;
	}
	*ret_number = (size_t)json_integer_value(number);
	return &t->products[*ret_number];
}

/* The highest base score of an object with cvss_v2, cvss_v3, cvss_v4; below 0: none. */
static double base_score(struct file *f, const struct place *of, const json_t *object)
{
	static const char *const kinds[] = { "cvss_v2", "cvss_v3", "cvss_v4" };
	double highest = -1;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct place at_kind = place_key(of, kinds[i]);
		const struct place at = place_key(&at_kind, "baseScore");
		const json_t *cvss = member_object(f, of, object, kinds[i], MAY);
		const json_t *score = json_object_get(cvss, "baseScore");
		double value = json_number_value(score);

		if (score == NULL)
			continue;
		if (!json_is_number(score) || !(value >= 0 && value <= 10))
			file_wrong(f, &at, "%s", _("must be a number from 0 to 10"));
		/* Version 2 counts only where there is no later one. */
		else if (i > 0 ? value > highest : highest < 0)
			highest = value;
		if (i == 0 && (json_object_get(object, "cvss_v3") != NULL ||
			       json_object_get(object, "cvss_v4") != NULL))
			highest = -1;
	}
	return highest;
}

/* CSAF 2.0: scores; 2.1: metrics, with the same inside content. */
static void read_scores(struct tree *t, const struct place *of, const json_t *v, const char *key,
			const char *within)
{
	struct file *f = t->file;
	const struct place at_list = place_key(of, key);
	const json_t *scores = member_list(f, of, v, key, MAY), *score, *id;
	size_t i, k, number;

	json_array_foreach(scores, i, score)
	{
		const struct place at = place_index(&at_list, i),
				   at_within = place_key(&at, within);
		const struct place at_ids = place_key(&at, "products");
		const json_t *of_cvss =
			within == NULL ? score : member_object(f, &at, score, within, MAY);
		double value = of_cvss == NULL
				       ? -1
				       : base_score(f, within == NULL ? &at : &at_within, of_cvss);
		const json_t *ids = member_list(f, &at, score, "products", MAY);

		json_array_foreach(ids, k, id)
		{
			const struct place at_id = place_index(&at_ids, k);

			if (f->wrong || product_of(t, &at_id, id, &number) == NULL)
				return;
			if (value > t->scores[number])
				t->scores[number] = value;
		}
	}
}

/* What the vulnerability is called: its CVE, else the first name that anybody gave it; "" where nobody did. */
static const char *name_of(struct file *f, const struct place *of, const json_t *v)
{
	const struct place at_ids = place_key(of, "ids"), at = place_index(&at_ids, 0);
	const char *cve = member_text(f, of, v, "cve", MAY);
	const json_t *ids = member_list(f, of, v, "ids", MAY), *first = json_array_get(ids, 0);

	if (cve == NULL && json_is_object(first))
		cve = member_text(f, &at, first, "text", MAY);
	return cve != NULL ? cve : "";
}

static void note_status(struct tree *t, struct product *p, size_t number, enum status s,
			const char *name)
{
	size_t i;
	const json_t *known;

	if (p->cves[s] == NULL && (p->cves[s] = json_array()) == NULL)
		t->file->wrong = t->file->out_of_memory = true;
	if (t->scores[number] > p->score[s])
		p->score[s] = t->scores[number];
	json_array_foreach(p->cves[s], i, known)
	{
		if (strcmp(json_string_value(known), name) == 0)
			return;
	}
	if (name[0] != '\0' && json_array_append_new(p->cves[s], json_string(name)) < 0)
		t->file->wrong = t->file->out_of_memory = true;
}

static void read_vulnerability(struct tree *t, const struct place *at, const json_t *v)
{
	struct file *f = t->file;
	const struct place at_status = place_key(at, "product_status");
	const char *name = name_of(f, at, v);
	const json_t *status = member_object(f, at, v, "product_status", MAY), *id;
	size_t k, number;

	for (size_t i = 0; i < t->count; i++)
		t->scores[i] = -1;
	read_scores(t, at, v, "scores", NULL);
	read_scores(t, at, v, "metrics", "content");
	if (status == NULL)
		return;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct place at_list = place_key(&at_status, lists[i].list);
		const json_t *ids = member_list(f, &at_status, status, lists[i].list, MAY);

		json_array_foreach(ids, k, id)
		{
			const struct place at_id = place_index(&at_list, k);

			if (f->wrong)
				return;
			struct product *p = product_of(t, &at_id, id, &number);
			if (p != NULL)
				note_status(t, p, number, lists[i].status, name);
		}
	}
}

static void read_vulnerabilities(struct tree *t, const json_t *root)
{
	const struct place at_list = place_key(NULL, "vulnerabilities");
	const json_t *list = member_list(t->file, NULL, root, "vulnerabilities", MAY), *v;
	size_t i;

	json_array_foreach(list, i, v)
	{
		const struct place at = place_index(&at_list, i);

		if (t->file->wrong)
			return;
		if (!json_is_object(v))
			file_wrong(t->file, &at, "%s", _("must be an object"));
		else
			read_vulnerability(t, &at, v);
	}
}

/* ---- the document ---- */

/* The page about it, rather than the file itself. */
static const char *page_of(struct file *f, const struct place *of, const json_t *document)
{
	const struct place at_list = place_key(of, "references");
	const json_t *list = member_list(f, of, document, "references", MAY), *reference;
	const char *best = NULL;
	size_t i;

	json_array_foreach(list, i, reference)
	{
		const struct place at = place_index(&at_list, i);

		if (f->wrong || !json_is_object(reference))
			break;
		const char *category = member_text(f, &at, reference, "category", MAY);
		const char *url = member_text(f, &at, reference, "url", MAY);
		if (category == NULL || url == NULL || strcmp(category, "self") != 0)
			continue;
		size_t n = strlen(url);
		bool file = n > 5 && strcmp(url + n - 5, ".json") == 0;
		if (best == NULL || !file)
			best = url;
		if (!file)
			break;
	}
	return best;
}

static void keep_status(struct tree *t, int64_t advisory, const struct product *p, enum status s)
{
	char ranges[VERSION_RANGE_MAX];
	char *cves = json_dumps(p->cves[s], JSON_COMPACT);
	struct product_row row = { .vendor = p->vendor,
				   .product = p->name,
				   .versions = p->versions,
				   .status = status_words[s],
				   .cves = cves,
				   .score = p->score[s] };

	if (cves == NULL) {
		t->file->wrong = t->file->out_of_memory = true;
		return;
	}
	if (p->versions != NULL && !p->narrowed &&
	    version_range_read(p->versions, ranges, sizeof(ranges)))
		row.ranges = ranges;
	keep_product(t->file, advisory, &row);
	free(cves);
}

static void keep_document(struct tree *t, const json_t *root)
{
	struct file *f = t->file;
	const struct place at = place_key(NULL, "document");
	const struct place at_publisher = place_key(&at, "publisher"),
			   at_tracking = place_key(&at, "tracking");
	const json_t *document = member_object(f, NULL, root, "document", MUST);
	const json_t *publisher = member_object(f, &at, document, "publisher", MUST);
	const json_t *tracking = member_object(f, &at, document, "tracking", MUST);
	char date[11] = "";
	struct advisory_row row = { .date = date };

	if (f->wrong)
		return;
	row.publisher = member_text(f, &at_publisher, publisher, "name", MUST);
	row.name = member_text(f, &at_tracking, tracking, "id", MUST);
	row.title = member_text(f, &at, document, "title", MUST);
	row.url = page_of(f, &at, document);
	member_date(f, &at_tracking, tracking, "current_release_date", MUST, date);
	if (f->wrong)
		return;
	int64_t advisory = keep_advisory(f, ADVICE_CSAF, &row);
	for (size_t i = 0; advisory != 0 && i < t->count; i++)
		for (int s = 0; s < STATUSES; s++)
			if (t->products[i].cves[s] != NULL)
				keep_status(t, advisory, &t->products[i], (enum status)s);
	note_date(f->advice, ADVICE_CSAF, date);
}

bool is_csaf(const json_t *root)
{
	const json_t *document = json_object_get(root, "document");

	return json_is_object(document) && json_object_get(document, "csaf_version") != NULL;
}

void read_csaf(struct file *f, const json_t *root)
{
	const struct place at = place_key(NULL, "document");
	const struct place at_version = place_key(&at, "csaf_version");
	struct tree t = { .file = f, .by_id = json_object() };
	const char *version =
		member_text(f, &at, json_object_get(root, "document"), "csaf_version", MUST);

	if (t.by_id == NULL)
		f->wrong = f->out_of_memory = true;
	else if (version != NULL && strcmp(version, "2.0") != 0 && strcmp(version, "2.1") != 0)
		file_wrong(f, &at_version, _("'%.40s' is not read here, only 2.0 and 2.1"),
			   version);
	if (!f->wrong)
		read_tree(&t, root);
	t.scores = calloc(t.count + 1, sizeof(*t.scores));
	if (t.scores == NULL)
		f->wrong = f->out_of_memory = true;
	if (!f->wrong)
		read_vulnerabilities(&t, root);
	if (!f->wrong)
		keep_document(&t, root);
	for (size_t i = 0; i < t.count; i++)
		for (int s = 0; s < STATUSES; s++)
			json_decref(t.products[i].cves[s]);
	free(t.products);
	free(t.scores);
	json_decref(t.by_id);
}
