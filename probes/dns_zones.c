/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Declared zones as this name server has them: its serial number and the servers that it names. And declared
 * names that nobody outside should be told.
 *
 * Specifications: RFC 1035, 3.3.11 and 3.3.13 (NS, SOA); RFC 6891 (size of an answer).
 */
#include <string.h>

#include "codec/evidence.h"
#include "dns_mail.h"
#include "site/domains.h"

enum { ANSWER_ROOM = 1232, ADDRESSES_MOST = 16 };

struct found {
	json_t *object;
	const char *name;
	bool soa;
	char alias[DNS_NAME]; /* whose addresses the name has, where it is another's */
	unsigned addresses;
};

static void take_zone(void *context, const struct dns_record *r)
{
	struct found *f = context;
	char text[ADDR_TEXT];

	if (r->type == DNS_SOA && dns_same_name(r->owner, f->name)) {
		f->soa = true;
		note_int(f->object, "serial", r->serial);
	} else if (r->type == DNS_NS && dns_same_name(r->owner, f->name)) {
		list_text(note_list(f->object, "servers"), span_text(r->target));
	} else if ((r->type == DNS_A || r->type == DNS_AAAA) && f->addresses < ADDRESSES_MOST) {
		f->addresses++;
		list_text(note_list(f->object, "addresses"),
			  span_text(addr_format(&r->address, text)));
	}
}

static void take_address(void *context, const struct dns_record *r)
{
	struct found *f = context;
	char text[ADDR_TEXT];

	if (r->type == DNS_CNAME)
		memcpy(f->alias, r->target, sizeof(f->alias));
	else if (r->type == DNS_A &&
		 (dns_same_name(r->owner, f->name) || dns_same_name(r->owner, f->alias)) &&
		 f->addresses < ADDRESSES_MOST) {
		f->addresses++;
		list_text(note_list(f->object, "addresses"),
			  span_text(addr_format(&r->address, text)));
	}
}

static bool ask(struct conn *c, const char *name, enum dns_type type, bool recursion,
		struct dns_message *ret, dns_take *take, struct found *f, bool *ret_good)
{
	const struct dns_asked q = { .recursion = recursion,
				     .name = name,
				     .type = type,
				     .class = DNS_CLASS_IN,
				     .room = ANSWER_ROOM };
	bool malformed = false;

	if (!dns_conn_ask(c, &q, ret, take, f, &malformed))
		return false;
	*ret_good = !malformed && !ret->truncated;
	return true;
}

bool dns_zones(struct conn *c, json_t *evidence)
{
	const struct domains *d = conn_declared(c);

	for (size_t i = 0; d != NULL && i < d->zone_count; i++) {
		struct found f = { .object = list_object(note_list(evidence, "zones")),
				   .name = d->zones[i] };
		struct dns_message m = { 0 };
		bool good = false;

		note_word(f.object, "zone", d->zones[i]);
		if (!ask(c, d->zones[i], DNS_SOA, false, &m, take_zone, &f, &good))
			return false;
		note_int(f.object, "code", m.code);
		note_bool(f.object, "authoritative", good && m.authoritative && f.soa);
		/* Glue of the first answer belongs to the second, which has it all. */
		json_object_del(f.object, "addresses");
		json_object_del(f.object, "servers");
		f.addresses = 0;
		if (good && m.authoritative && f.soa &&
		    !ask(c, d->zones[i], DNS_NS, false, &m, take_zone, &f, &good))
			return false;
	}
	return true;
}

bool dns_internal(struct conn *c, bool recursion, json_t *evidence)
{
	const struct domains *d = conn_declared(c);

	for (size_t i = 0; d != NULL && i < d->internal_count; i++) {
		struct found f = { .object = list_object(note_list(evidence, "internal")),
				   .name = d->internal[i] };
		struct dns_message m = { 0 };
		bool good = false;

		note_word(f.object, "name", d->internal[i]);
		if (!ask(c, d->internal[i], DNS_A, recursion, &m, take_address, &f, &good))
			return false;
		bool knows = (recursion && m.recursion_available) || m.authoritative;
		note_word(f.object, "state",
			  f.addresses > 0                                                ? "told"
			  : good && knows && (m.code == 0 || m.code == DNS_NO_SUCH_NAME) ? "absent"
			  : m.code == DNS_REFUSED                                        ? "refused"
						  : "not-known");
	}
	return true;
}
