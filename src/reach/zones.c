/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between zones: what policy denies, tried by full connections that are closed at once, from here to hosts that
 * earlier runs have seen. A host's ports are tried one after the other; the pace of its zone holds. That
 * a port refuses shows too that packets arrive, but not whose refusal it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "reach/egress.h"

enum { THREADS = 8 };

struct zones {
	struct egress *e;
	_Atomic size_t next;
};

static void test_port(struct zones *z, const struct reach_host *h, size_t i)
{
	struct reach_run *r = z->e->run;
	struct reach_link_to way = {
		.use = GATE_HOST, .to = h->address, .port = h->ports[i], .purpose = "reach-zone"
	};
	struct egress_job job = { .method = METHOD_ZONE_TCP,
				  .to = h->address,
				  .port = h->ports[i],
				  .reset_ttl = -1,
				  .beacon_ttl = -1 };
	struct reach_result *p = malloc(sizeof(*p));
	struct reach_talk t;

	if (p == NULL)
		return;
	*p = reach_begin(r, METHOD_ZONE_TCP, NULL, &h->address, h->ports[i], "tcp");
	if (egress_open(z->e, &job, &way, &t, p)) {
		p->outcome = OUTCOME_REACHED;
		reach_end(r, &t, reach_outcome_word(p->outcome));
	}
	egress_settle(z->e, p);
	if (h->expired[i] && p->outcome != OUTCOME_NOT_TESTED)
		egress_note(p, "expired");
	reach_tell(r, p);
	free(p);
}

static void *work(void *context)
{
	struct zones *z = context;
	const struct reach_known *k = z->e->run->known;
	size_t i;

	while (!reach_stopping(z->e->run) && (i = atomic_fetch_add(&z->next, 1)) < k->host_count)
		for (size_t p = 0; p < k->hosts[i].port_count && !reach_stopping(z->e->run); p++)
			test_port(z, &k->hosts[i], p);
	return NULL;
}

/* A zone without a host to try is told too, so that nobody takes it for tested. */
static void tell_unknown(struct reach_run *r)
{
	const struct site *s = r->site;

	for (size_t i = 0; i < s->zone_count; i++) {
		const struct zone *z = &s->zones[i];
		bool known = strcmp(z->name, s->vantage_zone) == 0 || z->networks.count == 0;

		for (size_t k = 0; k < r->known->host_count && !known; k++)
			known = r->known->hosts[k].zone == z;
		if (known)
			continue;
		struct reach_result p =
			reach_begin(r, METHOD_ZONE_TCP, NULL, &z->networks.list[0].first, 0, "tcp");
		egress_note(&p, "no host of this zone is known yet: it takes a scan, or listening");
		reach_tell(r, &p);
	}
}

int zones_run(struct reach_run *r)
{
	struct egress e = { .run = r, .heard = r->heard };
	struct zones z = { .e = &e };

	if (!r->options->methods[METHOD_ZONE_TCP] || r->site->vantage_zone == NULL)
		return 0;
	overheard_start(r->heard);
	reach_together(work, &z, THREADS);
	overheard_stop(r->heard);
	tell_unknown(r);
	return 0;
}
