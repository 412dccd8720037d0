/* SPDX-License-Identifier: Apache-2.0 */
/* What the process that listens told, as rows of the store. */
#include <inttypes.h>
#include <stdio.h>

#include "commands/listen.h"
#include "wire/vendor.h"

static const char *zone_name(const struct site *s, const struct addr *a)
{
	const struct zone *z = site_zone(s, a);

	return z != NULL ? z->name : NULL;
}

static const char *mac_text(const uint8_t mac[static 6], char out[static 18])
{
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
	return out;
}

static bool none(const struct addr *a)
{
	static const struct addr zero;

	return addr_compare(a, &zero) == 0;
}

static const char *text_or_null(const struct addr *a, char out[static ADDR_TEXT])
{
	return none(a) ? NULL : addr_format(a, out);
}

static const char *ledger_id(const struct site *s, const struct addr *a, const char *mac)
{
	for (size_t i = 0; i < s->asset_count; i++)
		if (s->assets[i].has_address && addr_compare(&s->assets[i].address, a) == 0)
			return s->assets[i].id;
	for (size_t i = 0; i < s->asset_count && mac != NULL; i++)
		if (!s->assets[i].has_address && s->assets[i].mac != NULL &&
		    strcmp(s->assets[i].mac, mac) == 0)
			return s->assets[i].id;
	return NULL;
}

static void keep_host(struct store *store, const struct plan *p, const struct told_host *h)
{
	char address[ADDR_TEXT], mac[18];
	struct heard_host_row row = {
		.address = addr_format(&h->address, address),
		.mac = h->has_mac ? mac_text(h->mac, mac) : NULL,
		.vendor = h->has_mac ? vendor_name(h->mac) : NULL,
		.zone = zone_name(&p->site, &h->address),
		.kind = zone_kind_word(plan_kind(p, &h->address)),
		.vlan = h->vlan,
		.is_public = addr_is_public(&h->address),
		.sent = h->sent,
		.received = h->received,
		.first_ms = h->first_ms,
		.last_ms = h->last_ms,
	};

	if (addr_is_unusable(&h->address))
		return; /* groups and "everybody" are no hosts */
	row.ledger_id = ledger_id(&p->site, &h->address, row.mac);
	store_heard_host(store, &row);
}

static void keep_flow(struct store *store, const struct plan *p, const struct told_flow *f)
{
	char src[ADDR_TEXT], dst[ADDR_TEXT], transport[TRANSPORT_TEXT];
	struct flow_row row = {
		.src = addr_format(&f->src, src),
		.dst = addr_format(&f->dst, dst),
		.transport = told_transport(f->protocol, transport),
		.application = f->application,
		.source = f->source,
		.name = f->name,
		.from_zone = zone_name(&p->site, &f->src),
		.to_zone = zone_name(&p->site, &f->dst),
		.port = f->port,
		.vlan = f->vlan,
		.opened = f->opened,
		.connections = f->connections,
		.refused = f->refused,
		.unanswered = f->unanswered,
		.sent = f->bytes[0],
		.received = f->bytes[1],
		.sent_packets = f->packets[0],
		.received_packets = f->packets[1],
		.first_ms = f->first_ms,
		.last_ms = f->last_ms,
	};

	if (row.application == NULL && (f->protocol == 6 || f->protocol == 17)) {
		const struct port_entry *e =
			port_list_find(&p->port_list, f->port, f->protocol == 17);

		row.application = e != NULL ? e->name : NULL;
		row.source = e != NULL ? "port" : NULL;
	}
	store_flow(store, &row);
}

static void keep_operation(struct store *store, const struct told_operation *o)
{
	char src[ADDR_TEXT], dst[ADDR_TEXT];
	const struct operation_row row = {
		.src = addr_format(&o->master, src),
		.dst = addr_format(&o->slave, dst),
		.transport = o->udp ? "udp" : "tcp",
		.protocol = o->protocol,
		.word = o->word,
		.access = o->access,
		.port = o->port,
		.unit = o->unit,
		.code = o->code,
		.requests = o->requests,
		.errors = o->errors,
		.first_ms = o->first_ms,
		.last_ms = o->last_ms,
	};

	store_operation(store, &row);
}

static void keep_fact(struct store *store, const struct told_fact *f)
{
	char about[ADDR_TEXT], peer[ADDR_TEXT], mac[18];
	const struct heard_row row = {
		.address = text_or_null(&f->about, about),
		.mac = f->has_mac ? mac_text(f->mac, mac) : NULL,
		.kind = f->kind,
		.value = f->value,
		.peer = text_or_null(&f->peer, peer),
		.transport = f->port == 0 ? NULL
			     : f->udp     ? "udp"
					  : "tcp",
		.port = f->port,
		.times = f->times,
		.first_ms = f->first_ms,
		.last_ms = f->last_ms,
	};

	store_heard(store, &row);
}

void listen_keep(struct store *store, const struct plan *plan, const struct record *r)
{
	switch (r->kind) {
	case RECORD_HOST:
		keep_host(store, plan, &r->u.host);
		break;
	case RECORD_FLOW:
		keep_flow(store, plan, &r->u.flow);
		break;
	case RECORD_OPERATION:
		keep_operation(store, &r->u.operation);
		break;
	case RECORD_FACT:
		keep_fact(store, &r->u.fact);
		break;
	default:
		break;
	}
}

const char *listen_note(const struct told_watch *w)
{
	static const char *const words[] = {
		[CAPTURE_TRUNCATED] = "truncated",
		[CAPTURE_DAMAGED] = "damaged",
		[CAPTURE_NO_FILE] = "not a capture file",
		[CAPTURE_EMPTY] = "empty",
		[CAPTURE_DOWN] = "link down",
		[CAPTURE_GONE] = "interface gone",
	};

	if (w->end < countof(words) && words[w->end] != NULL)
		return words[w->end];
	if (!w->link_known)
		return "link layer not known";
	if (w->downs > 0)
		return "link was down for a time";
	return w->backwards > 0 ? "clock went backwards" : NULL;
}

void listen_keep_watch(struct store *store, const struct told_watch *w, const char *kind,
		       const char *name)
{
	const struct watch_row row = {
		.number = w->number + 1,
		.kind = kind,
		.name = name,
		.link = w->link[0] != '\0' ? w->link : NULL,
		.note = listen_note(w),
		.first_ms = w->first_ns / 1000000,
		.last_ms = w->last_ns / 1000000,
		.packets = w->packets,
		.bytes = w->bytes,
		.dropped = w->dropped,
		.snapped = w->snapped,
		.one_sided = w->one_sided,
	};

	store_watch(store, &row);
}

/* What there was no room for belongs into the report as what a scan left out. */
void listen_keep_counts(struct store *store, const struct listener_counts *c)
{
	const struct {
		const char *before;
		uint64_t count;
		const char *behind;
	} list[] = {
		{ "", c->damaged, "frames could not be understood" },
		{ "", c->fragments, "fragmented packets did not come whole" },
		{ "bytes of connections are missing at ", c->gaps, "places" },
		{ "", c->streams_left, "connections were not read for lack of memory" },
		{ "", c->flows_forgotten, "connections were told in parts for lack of memory" },
		{ "", c->hosts_left, "packets of addresses that were not kept for lack of memory" },
		{ "", c->facts_left, "facts were not kept for lack of memory" },
		{ "", c->operations_left, "operations were not kept for lack of memory" },
	};
	char text[128];

	for (size_t i = 0; i < countof(list); i++) {
		if (list[i].count == 0)
			continue;
		snprintf(text, sizeof(text), "%s%" PRIu64 " %s", list[i].before, list[i].count,
			 list[i].behind);
		store_remark(store, "listening", NULL, text);
	}
}
