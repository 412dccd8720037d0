/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/snapshot.h"

#include <jansson.h>
#include <stdlib.h>

#include "store/answers.h"
#include "store/told.h"

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
		.support_until = a->support_until,
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

/* NULL where there are none. The caller frees it. */
static char *some_words_json(char *const *words, size_t count)
{
	return count > 0 ? words_json(words, count) : NULL;
}

static void keep_answers(struct store *store, const struct site *s)
{
	for (size_t i = 0; i < s->attestation_count; i++) {
		const struct attestation *a = &s->attestations[i];

		store_attestation(store, &(struct attestation_row){
						 .guideline = a->guideline,
						 .item = a->item,
						 .whole = a->whole,
						 .answer = a->answer,
						 .by = a->by,
						 .at = a->at,
						 .until = a->until,
						 .note = a->note,
						 .separation = a->separation,
						 .evidence = a->evidence,
					 });
	}
	for (size_t i = 0; i < s->waiver_count; i++) {
		const struct waiver *w = &s->waivers[i];
		char *relies = some_words_json(w->relies_on, w->relies_count);

		store_waiver(store, &(struct waiver_row){
					    .check = w->check,
					    .asset = w->asset,
					    .port = w->port,
					    .reason = w->reason,
					    .compensating = w->compensating,
					    .by = w->approved_by,
					    .applicant = w->applicant,
					    .clause = w->clause,
					    .impact = w->impact,
					    .closing = w->closing,
					    .relies_on = relies,
					    .at = w->approved_at,
					    .from = w->from,
					    .until = w->until,
				    });
		free(relies);
	}
	for (size_t i = 0; i < s->measure_count; i++) {
		const struct measure *m = &s->measures[i];
		char *relies = some_words_json(m->relies_on, m->relies_count);

		store_measure(store, &(struct measure_row){
					     .check = m->check,
					     .asset = m->asset,
					     .port = m->port,
					     .guideline = m->guideline,
					     .item = m->item,
					     .whole = m->whole,
					     .measure = m->measure,
					     .by = m->by,
					     .at = m->at,
					     .until = m->until,
					     .evidence = m->evidence,
					     .relies_on = relies,
					     .line = m->line,
				     });
		free(relies);
	}
	for (size_t i = 0; i < s->treatment_count; i++) {
		const struct treatment_plan *t = &s->treatments[i];

		store_treatment(store, &(struct treatment_row){
					       .check = t->check,
					       .asset = t->asset,
					       .port = t->port,
					       .guideline = t->guideline,
					       .item = t->item,
					       .whole = t->whole,
					       .action = t->action,
					       .owner = t->owner,
					       .due = t->due,
					       .state = t->state,
					       .state_at = t->state_at,
					       .note = t->note,
					       .line = t->line,
				       });
	}
}

static void keep_decisions(struct store *store, const struct site *s)
{
	for (size_t i = 0; i < s->decision_count; i++) {
		const struct decision *d = &s->decisions[i];
		char *checks = some_words_json(d->checks, d->check_count);

		store_decision(store, &(struct decision_row){
					      .guideline = d->guideline,
					      .item = d->item,
					      .whole = d->whole,
					      .decision = d->decision,
					      .reason = d->reason,
					      .by = d->by,
					      .at = d->at,
					      .level = d->level,
					      .severity = d->severity,
					      .checks = checks,
					      .line = d->line,
				      });
		free(checks);
	}
	for (size_t i = 0; i < s->threshold_count; i++)
		store_threshold(store, s->thresholds[i].name, s->thresholds[i].value);
	for (size_t i = 0; i < s->goal_count; i++) {
		const struct goal *g = &s->goals[i];

		store_goal(store, &(struct goal_row){
					  .guideline = g->guideline,
					  .item = g->item,
					  .whole = g->whole,
					  .current = g->current,
					  .target = g->target,
					  .priority = g->priority,
					  .owner = g->owner,
					  .due = g->due,
					  .note = g->note,
					  .by = g->by,
					  .at = g->at,
					  .line = g->line,
				  });
	}
	for (size_t i = 0; i < s->tier_count; i++) {
		const struct tier *t = &s->tiers[i];

		store_tier(store, &(struct tier_row){
					  .area = t->area,
					  .current = t->current,
					  .target = t->target,
					  .by = t->by,
					  .at = t->at,
					  .note = t->note,
					  .line = t->line,
				  });
	}
}

void snapshot_answers(struct store *store, const struct site *s)
{
	keep_answers(store, s);
	keep_decisions(store, s);
}

/* Devices on boundaries and what is approved. */
static void keep_rules(struct store *store, const struct site *s)
{
	const struct rules *r = &s->rules;
	char text[ADDR_TEXT];

	for (size_t i = 0; i < s->boundary_count; i++) {
		const struct boundary *b = &s->boundaries[i];

		for (uint64_t k = 0; k < ranges_count(&b->addresses); k++) {
			struct addr a = ranges_at(&b->addresses, k);

			store_boundary(store, b->name, addr_format(&a, text), b->between[0],
				       b->between[1]);
		}
	}
	if (r->software_given && r->software_count == 0)
		store_word(store, "approved-software", "");
	if (r->services_given && r->service_count == 0)
		store_word(store, "approved-service", "");
	for (size_t i = 0; i < r->software_count; i++)
		store_word(store, "approved-software", r->software[i]);
	for (size_t i = 0; i < r->service_count; i++)
		store_word(store, "approved-service", r->services[i]);
	for (size_t i = 0; i < r->ledger_field_count; i++)
		store_word(store, "ledger-field", r->ledger_fields[i]);
	if (s->vantage_unregistered)
		store_word(store, "bastion", "unregistered");
}

static void keep_hours(struct store *store, const struct site *s, const struct conduit *c)
{
	static const struct port_range all = { "any", 0, 65535 };
	size_t count = c->port_count > 0 ? c->port_count : 1;

	for (size_t i = 0; i < c->hours_count; i++)
		for (size_t k = 0; k < count; k++) {
			const struct port_range *p = c->port_count > 0 ? &c->ports[k] : &all;

			store_hours(store,
				    &(struct hours_row){
					    .from = c->from,
					    .to = c->to,
					    .transport = p->transport,
					    .first = p->first,
					    .last = p->last,
					    .days = c->hours[i].days,
					    .from_minute = c->hours[i].from,
					    .to_minute = c->hours[i].to,
					    .utc_offset = site_offset(s, (int64_t)time(NULL)),
				    });
		}
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
		keep_hours(store, s, c);
		for (size_t k = 0; k < c->port_count; k++)
			store_conduit(store, c->from, c->to, c->ports[k].transport,
				      c->ports[k].first, c->ports[k].last, c->until);
	}
	for (size_t i = 0; i < s->asset_count; i++)
		keep_asset(store, &s->assets[i]);
	snapshot_answers(store, s);
	if (s->text.text != NULL)
		store_declared_text(store, "site", s->text.text, s->text.length);
	if (s->ledger_text.text != NULL)
		store_declared_text(store, "ledger", s->ledger_text.text, s->ledger_text.length);
	if (s->answers_text.length > 0)
		store_declared_text(store, "answers", s->answers_text.text, s->answers_text.length);
	keep_roles(store, s);
	keep_rules(store, s);
	for (size_t i = 0; i < p->skipped_count; i++)
		store_remark(store, "left-out", NULL, p->skipped[i]);
	for (size_t i = 0; i < s->later_count; i++)
		store_remark(store, "feature-later", NULL, s->later[i]);
}
