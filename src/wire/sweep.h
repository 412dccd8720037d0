/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of the sweep and what is concluded from its answers. Pure: no sockets, no clocks. The
 * connect sweep in the guard drives it; a raw sweep can do so as well.
 *
 * OT ports come first, so that a controller shows itself before anything else is tried, and UDP last:
 * it is not asked of one that has. Silence by UDP says nothing of a host. A host is over when all ports
 * were tried, or when
 *  - our own stack or a router says that there is no such host (absent);
 *  - it is treated as OT and nothing answered on the OT ports and the most common others (silent):
 *    each further try would cost the full timeout;
 *  - it answers on every port (all-ports).
 *
 * A host that has answered and then gives no answer on several ports in a row is behind a firewall, or
 * in distress because of us. So a port that did answer is tried once more: see sweep_watch_answer().
 */
#ifndef TENKEN_WIRE_SWEEP_H
#define TENKEN_WIRE_SWEEP_H

#include "site/plan.h"
#include "wire/payloads.h"
#include "wire/states.h"

/* The reason of a host that nothing is planned for: UDP ports alone, and it is not asked by UDP. */
#define SWEEP_NO_TCP "no TCP port in the plan"

enum {
	SWEEP_SILENT_LEAST = 9, /* fewer silent ports say nothing of a host */
	SWEEP_NO_HOST = 2, /* weight of messages that there is no such host: see sweep_answer() */
	SWEEP_ALL_PORTS_LEAST = 20, /* with fewer ports nobody can be said to answer on all */
	SWEEP_ALL_PORTS_ENOUGH = 40,
	/* Silent ports in a row before another look. Two at a controller may be chance, and each costs
	 * it up to five SYNs and us six seconds: the third is where asking costs less than going on. At
	 * others a whole round of the 16 attempts at once may be lost together: two such rounds. */
	SWEEP_ROW_OT = 3,
	SWEEP_ROW_IT = 32,
	SWEEP_LOOKS_MOST = 6,  /* after so many looks that found it well the row grows no more */
	SWEEP_AGAIN_MOST = 16, /* attempts of one host that may be taken back: see sweep_undo() */
};

/* A port of one of the two transports; port 0: none. */
struct sweep_port {
	uint16_t port;
	bool udp;
};

/* The ports of a plan in the order of trying: those of TCP, then those of UDP that have a question. */
struct sweep_order {
	uint16_t *ports;
	uint32_t count;
	uint32_t first; /* so many are OT ports and the most common others */
	uint16_t udp[PAYLOAD_PORTS];
	uint32_t udp_count;
};

int sweep_order_make(const struct plan *p, struct sweep_order *ret);
void sweep_order_done(struct sweep_order *o);

struct sweep_host {
	bool asks_udp; /* it may be asked by UDP too, once the answers by TCP are in */
	uint32_t next; /* index of the next port */
	uint32_t in_flight, udp_in_flight; /* all; those of UDP among them */
	/* Ports whose answers an earlier run brought; NULL: none. They are passed over. */
	const struct ports *tried;
	uint32_t count[PORT_STATES]; /* of TCP */
	bool heard_udp;              /* it answered itself by UDP: open, or closed */
	unsigned no_host;            /* weight so far */
	unsigned again_count;
	/* Ports whose attempt was taken back: the next ones. */
	struct sweep_port again[SWEEP_AGAIN_MOST];
	bool cut;              /* ended before its end: not complete */
	bool over;             /* no further port is started */
	enum host_state state; /* valid when over */
	const char *reason;
};

/* The next port of this host; none where there is none to start now. */
struct sweep_port sweep_next(struct sweep_host *h, const struct sweep_order *o);
/* One answer. no_host: the weight of a message that this address does not exist, whatever the port:
 * SWEEP_NO_HOST from our own stack, half of it from a router, 0 without. */
void sweep_answer(struct sweep_host *h, const struct sweep_order *o, bool udp, enum port_state s,
		  unsigned no_host, enum treatment t);
/* The attempt of this port was not made, or cut short by us: it is to be made later. */
void sweep_undo(struct sweep_host *h, struct sweep_port port);
/* Something came back from the host itself. */
bool sweep_answered(const struct sweep_host *h);
/* How many ports are planned for it. */
uint32_t sweep_planned(const struct sweep_host *h, const struct sweep_order *o);
/* It is control equipment: what is left is not asked by UDP. */
void sweep_leave_udp(struct sweep_host *h, const struct sweep_order *o);
/* Are there ports that were not tried yet? */
bool sweep_left(const struct sweep_host *h, const struct sweep_order *o);
/* Something else of this host is under way: it is not over before. */
void sweep_hold(struct sweep_host *h);
void sweep_release(struct sweep_host *h, const struct sweep_order *o);
/* Over, and nothing in flight. */
bool sweep_finished(const struct sweep_host *h);

/* What is watched for signs that a host suffers. */
struct sweep_watch {
	uint16_t port; /* answered before, open rather than closed; 0: none did */
	bool open;
	unsigned silent; /* in a row, since the last answer */
	unsigned looks;  /* that found it well */
};

enum sweep_look { LOOK_WELL, LOOK_SILENT, LOOK_REFUSES };

/* The answer of one port; true: .port is to be tried once more before any other. After each look that
 * found the host well (a firewall then) the next comes after twice as many silent ports. */
bool sweep_watch_answer(struct sweep_watch *w, uint16_t port, enum port_state s, enum treatment t);
/* What .port said now. */
enum sweep_look sweep_watch_look(struct sweep_watch *w, enum port_state s, enum treatment t);

#endif
