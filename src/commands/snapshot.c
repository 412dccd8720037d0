/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/snapshot.h"

#include <jansson.h>
#include <stdlib.h>

const char *snapshot_vantage_kind(const struct site *s)
{
	for (size_t i = 0; s->vantage_zone != NULL && i < s->zone_count; i++)
		if (strcmp(s->zones[i].name, s->vantage_zone) == 0)
			return zone_kind_word(s->zones[i].kind);
	return NULL;
}

static char *words_json(char *const *words, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(words[i]));
	char *text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

static char *ports_json(const struct port_range *ports, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("[s, i, i]", ports[i].transport,
						      (int)ports[i].first, (int)ports[i].last));
	char *text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	return text;
}

static void keep_asset(struct store *store, const struct asset *a)
{
	char address[ADDR_TEXT];
	char *declared = words_json(a->declared, a->declared_count);
	char *ports = a->ports_stated ? ports_json(a->ports, a->port_count) : NULL;
	struct ledger_row row = {
		.id = a->id,
		.name = a->name,
		.address = a->has_address ? addr_format(&a->address, address) : NULL,
		.mac = a->mac,
		.zone = a->zone,
		.class_ = a->class_,
		.vendor = a->vendor,
		.model = a->model,
		.os = a->os,
		.owner = a->owner,
		.location = a->location,
		.declared = declared != NULL ? declared : "[]",
		.ports = ports,
		.line = a->line,
	};

	store_ledger(store, &row);
	free(declared);
	free(ports);
}

/* Addresses with a part to play, and the words behind `declared` of zones. */
static void keep_roles(struct store *store, const struct site *s)
{
	char text[ADDR_TEXT];

	for (enum site_role r = 0; r < SITE_ROLES; r++)
		for (uint64_t i = 0; i < ranges_count(&s->roles[r]); i++) {
			struct addr a = ranges_at(&s->roles[r], i);

			store_declared(store, site_role_word(r), addr_format(&a, text));
		}
	for (size_t i = 0; i < s->beacon_count; i++)
		for (size_t k = 0; k < s->beacons[i].address_count; k++)
			store_declared(store, "beacon",
				       addr_format(&s->beacons[i].addresses[k], text));
	for (size_t i = 0; i < s->zone_count; i++)
		for (size_t k = 0; k < s->zones[i].declared_count; k++)
			store_zone_declared(store, s->zones[i].name, s->zones[i].declared[k]);
}

void snapshot_site(struct store *store, const struct plan *p)
{
	const struct site *s = &p->site;

	for (size_t i = 0; i < s->zone_count; i++) {
		char *networks = ranges_text(&s->zones[i].networks);

		store_zone(store, s->zones[i].name, zone_kind_word(s->zones[i].kind),
			   networks != NULL ? networks : "");
		free(networks);
	}
	for (size_t i = 0; i < s->conduit_count; i++) {
		const struct conduit *c = &s->conduits[i];

		if (c->port_count == 0)
			store_conduit(store, c->from, c->to, "any", 0, 65535, c->until);
		for (size_t k = 0; k < c->port_count; k++)
			store_conduit(store, c->from, c->to, c->ports[k].transport,
				      c->ports[k].first, c->ports[k].last, c->until);
	}
	for (size_t i = 0; i < s->asset_count; i++)
		keep_asset(store, &s->assets[i]);
	for (size_t i = 0; i < s->attestation_count; i++) {
		const struct attestation *a = &s->attestations[i];

		store_attestation(store, a->guideline, a->item, a->answer, a->by, a->at, a->until,
				  a->note, a->separation);
	}
	for (size_t i = 0; i < s->waiver_count; i++) {
		const struct waiver *w = &s->waivers[i];

		store_waiver(store, w->check, w->asset, w->port, w->reason, w->compensating,
			     w->approved_by, w->approved_at, w->until);
	}
	keep_roles(store, s);
	for (size_t i = 0; i < p->skipped_count; i++)
		store_remark(store, "left-out", NULL, p->skipped[i]);
	for (size_t i = 0; i < s->later_count; i++)
		store_remark(store, "feature-later", NULL, s->later[i]);
}
