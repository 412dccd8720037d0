/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of the sweep and what is concluded from its answers. Pure: no sockets, no clocks. The
 * connect sweep in the guard drives it; a raw sweep can do so as well.
 *
 * OT ports come first, so that a controller shows itself before anything else is tried. A host is
 * over when all ports were tried, or when
 *  - our own stack or a router says that there is no such host (absent);
 *  - it is treated as OT and nothing answered on the OT ports and the most common others (silent):
 *    each further try would cost the full timeout;
 *  - it answers on every port (all-ports).
 */
#ifndef TENKEN_WIRE_SWEEP_H
#define TENKEN_WIRE_SWEEP_H

#include "site/plan.h"
#include "wire/states.h"

enum {
	SWEEP_SILENT_LEAST = 9, /* fewer silent ports say nothing of a host */
	SWEEP_NO_HOST = 2, /* weight of messages that there is no such host: see sweep_answer() */
	SWEEP_ALL_PORTS_LEAST = 20, /* with fewer ports nobody can be said to answer on all */
	SWEEP_ALL_PORTS_ENOUGH = 40,
};

/* The ports of a plan in the order of trying. */
struct sweep_order {
	uint16_t *ports;
	uint32_t count;
	uint32_t first; /* so many are OT ports and the most common others */
};

int sweep_order_make(const struct plan *p, struct sweep_order *ret);
void sweep_order_done(struct sweep_order *o);

struct sweep_host {
	uint32_t next; /* index of the next port */
	uint32_t in_flight;
	/* Ports whose answers an earlier run brought, a bit set; NULL: none. They are passed over. */
	const uint64_t *tried;
	uint32_t count[PORT_STATES];
	unsigned no_host;      /* weight so far */
	bool cut;              /* ended before its end: not complete */
	bool over;             /* no further port is started */
	enum host_state state; /* valid when over */
	const char *reason;
};

/* The next port of this host, or 0 where there is none to start. */
uint16_t sweep_next(struct sweep_host *h, const struct sweep_order *o);
/* One answer. no_host: the weight of a message that this address does not exist, whatever the port:
 * SWEEP_NO_HOST from our own stack, half of it from a router, 0 without. */
void sweep_answer(struct sweep_host *h, const struct sweep_order *o, enum port_state s,
		  unsigned no_host, enum treatment t);
/* Over, and nothing in flight. */
bool sweep_finished(const struct sweep_host *h);

#endif
