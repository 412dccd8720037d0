/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the site allows and asks for beside zones and conduits: devices that stand on a boundary, software and
 * services that are approved, fields that the ledger must fill in. Checks hold what is seen against it.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "site/load.h"

enum { BOUNDARY_ADDRESSES_MOST = 256, PATTERN_MOST = 1000 };

static const char *load_boundary_zone(const struct site *s, struct ynode n)
{
	const char *text = yn_text(n);
	const struct zone *z = text != NULL ? zone_named(s, text) : NULL;

	if (text != NULL && z == NULL)
		yn_complain(n, _("no zone is named '%s'"), text);
	return z != NULL ? z->name : NULL;
}

static void load_boundary(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "name", "address", "between", NULL };

	if (!yn_map(n, keys))
		return;
	struct boundary *b = list_grow(&s->boundaries, &s->boundary_count, sizeof(*b));
	if (b == NULL) {
		yn_complain(n, _("out of memory"));
		return;
	}
	load_name(yn_get(n, "name"), &b->name);
	struct ynode addresses = yn_need(n, "address"), between = yn_need(n, "between");
	load_ranges(addresses, &b->addresses);
	if (ranges_count(&b->addresses) > BOUNDARY_ADDRESSES_MOST)
		yn_complain(addresses,
			    _("names more than %d addresses: name those that it is about"),
			    BOUNDARY_ADDRESSES_MOST);
	if (yn_given(between) && load_count(between) != 2) {
		yn_complain(between, _("names the two zones on its sides"));
		return;
	}
	for (size_t i = 0; i < load_count(between); i++)
		b->between[i] = load_boundary_zone(s, load_element(between, i));
	if (b->between[0] != NULL && b->between[0] == b->between[1])
		yn_complain(between, _("names the two zones on its sides"));
}

/* Patterns as checks compare them: lower case, '*' for any text. */
static void load_patterns(struct ynode n, char ***list, size_t *count)
{
	if (load_count(n) > PATTERN_MOST) {
		yn_complain(n, _("has more than %d entries"), PATTERN_MOST);
		return;
	}
	for (size_t i = 0; i < load_count(n); i++) {
		struct ynode element = load_element(n, i);
		const char *text = yn_text(element);

		if (text != NULL && text[strspn(text, "*?")] == '\0')
			yn_complain(element, _("'%s' would approve everything"), text);
	}
	load_texts(n, list, count);
	for (size_t i = 0; i < *count; i++)
		for (char *p = (*list)[i]; *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
}

static void load_approved(struct site *s, struct ynode n)
{
	static const char *const keys[] = { "software", "services", NULL };
	struct rules *r = &s->rules;

	if (!yn_given(n) || !yn_map(n, keys))
		return;
	r->software_given = yn_given(yn_get(n, "software"));
	r->services_given = yn_given(yn_get(n, "services"));
	load_patterns(yn_get(n, "software"), &r->software, &r->software_count);
	load_patterns(yn_get(n, "services"), &r->services, &r->service_count);
}

static void load_ledger_fields(struct site *s, struct ynode n)
{
	static const char *const fields[] = { "id",       "name",   "address",      "mac", "zone",
					      "class",    "vendor", "model",        "os",  "owner",
					      "location", "ports",  "support_until" };
	static const char list[] = "id, name, address, mac, zone, class, vendor, model, os, owner, "
				   "location, ports, support_until";

	for (size_t i = 0; i < load_count(n); i++) {
		struct ynode element = load_element(n, i);
		const char *text = yn_text(element);
		bool known = text == NULL;

		for (size_t k = 0; !known && k < countof(fields); k++)
			known = strcmp(text, fields[k]) == 0;
		if (!known)
			yn_complain(element, _("is one of %s, not '%s'"), list, text);
	}
	load_texts(n, &s->rules.ledger_fields, &s->rules.ledger_field_count);
}

void load_rules(struct site *s, struct ynode root)
{
	struct ynode boundaries = yn_get(root, "boundaries");

	if (yn_given(boundaries) && yn_list(boundaries))
		for (size_t i = 0; i < load_count(boundaries); i++)
			load_boundary(s, yn_at(boundaries, i));
	load_approved(s, yn_get(root, "approved"));
	load_ledger_fields(s, yn_get(root, "ledger_fields"));
}

void rules_done(struct site *s)
{
	struct rules *r = &s->rules;

	for (size_t i = 0; i < s->boundary_count; i++) {
		free(s->boundaries[i].name);
		ranges_done(&s->boundaries[i].addresses);
	}
	free(s->boundaries);
	texts_done(&r->software, &r->software_count);
	texts_done(&r->services, &r->service_count);
	texts_done(&r->ledger_fields, &r->ledger_field_count);
}
