/* SPDX-License-Identifier: Apache-2.0 */
/* What listening and reachability tests bring. */
#include "store/store_parts.h"

static const char *text_or_none(const char *text)
{
	return text != NULL ? text : "";
}

void store_watch(struct store *s, const struct watch_row *r)
{
	store_run(s, INSERT_WATCH, "iitttiiiiiiit", s->scan, (int64_t)r->number, r->kind, r->name,
		  r->link, r->first_ms, r->last_ms, (int64_t)r->packets, (int64_t)r->bytes,
		  (int64_t)r->dropped, (int64_t)r->snapped, (int64_t)r->one_sided, r->note);
}

void store_heard_host(struct store *s, const struct heard_host_row *r)
{
	store_run(s, INSERT_HEARD_HOST, "itttittbtiiii", s->scan, r->address, r->mac, r->vendor,
		  (int64_t)r->vlan, r->zone, r->kind, (int)r->is_public, r->ledger_id,
		  (int64_t)r->sent, (int64_t)r->received, r->first_ms, r->last_ms);
}

void store_flow(struct store *s, const struct flow_row *r)
{
	store_run(s, INSERT_FLOW, "ittbtbbtttttiiiiiiiii", s->scan, r->src, r->dst, (int)r->port,
		  r->transport, (int)r->vlan, (int)r->opened, r->application, r->source, r->name,
		  r->from_zone, r->to_zone, (int64_t)r->connections, (int64_t)r->refused,
		  (int64_t)r->unanswered, (int64_t)r->sent, (int64_t)r->received,
		  (int64_t)r->sent_packets, (int64_t)r->received_packets, r->first_ms, r->last_ms);
}

void store_operation(struct store *s, const struct operation_row *r)
{
	store_run(s, INSERT_OPERATION, "ittbttiittiiii", s->scan, r->src, r->dst, (int)r->port,
		  r->transport, r->protocol, (int64_t)r->unit, (int64_t)r->code, r->word, r->access,
		  (int64_t)r->requests, (int64_t)r->errors, r->first_ms, r->last_ms);
}

void store_heard(struct store *s, const struct heard_row *r)
{
	store_run(s, INSERT_HEARD,
		  "ittttt"
		  "btiii",
		  s->scan, text_or_none(r->address), text_or_none(r->mac), r->kind,
		  text_or_none(r->value), text_or_none(r->peer), (int)r->port,
		  text_or_none(r->transport), (int64_t)r->times, r->first_ms, r->last_ms);
}

void store_path(struct store *s, const struct path_row *r)
{
	store_run(s, INSERT_PATH,
		  "iitttttt"
		  "bttttbttt"
		  "iitt",
		  s->scan, (int64_t)r->number, r->method, r->interface, r->source, r->via,
		  r->via_mac, r->destination, (int)r->port, r->transport, r->from_zone, r->to_zone,
		  r->outcome, (int)r->refutes, r->answered_by, r->seen_as, r->hops, r->at_ms,
		  r->took_ms, r->evidence != NULL ? r->evidence : "{}", r->note);
}

void store_declared(struct store *s, const char *role, const char *address)
{
	store_run(s, INSERT_DECLARED, "itt", s->scan, role, address);
}

void store_zone_declared(struct store *s, const char *zone, const char *word)
{
	store_run(s, INSERT_ZONE_WORD, "itt", s->scan, zone, word);
}

void store_boundary(struct store *s, const char *name, const char *address, const char *zone,
		    const char *other_zone)
{
	store_run(s, INSERT_BOUNDARY, "itttt", s->scan, name, address, zone, other_zone);
}

void store_hours(struct store *s, const struct hours_row *r)
{
	store_run(s, INSERT_HOURS, "itttbbbbbi", s->scan, r->from, r->to, r->transport,
		  (int)r->first, (int)r->last, (int)r->days, (int)r->from_minute, (int)r->to_minute,
		  (int64_t)r->utc_offset);
}

void store_word(struct store *s, const char *kind, const char *word)
{
	store_run(s, INSERT_WORD, "itt", s->scan, kind, word);
}
