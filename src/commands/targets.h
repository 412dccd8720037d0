/* SPDX-License-Identifier: Apache-2.0 */
/* What main knows of the hosts with open ports while it hands out jobs. */
#ifndef TENKEN_COMMANDS_TARGETS_H
#define TENKEN_COMMANDS_TARGETS_H

#include "talk/seam.h"

struct open_port {
	uint16_t port;
	bool udp;
	bool tls;            /* as it was heard; of a login: inside it */
	uint32_t credential; /* a login: see struct job */
	bool proven, tested; /* of a login of an earlier run: accepted; one of a lock's test */
	char protocol[16];   /* as it was heard */
};

/* What a document told of the machine or of a program on it. */
struct told {
	char vendor[48], product[64];
	bool certain;
};
enum { TOLD_MOST = 8 };

struct target {
	struct addr address;
	enum treatment treatment;
	bool unassigned, full_depth, anonymous, swept, distress, all_ports;
	struct open_port *ports; /* in the order of the jobs */
	uint32_t port_count, port_next;
	unsigned active; /* jobs under way */
	char mac[18];
	struct told told[TOLD_MOST];
	unsigned told_count;
	bool logins_chosen, logins_over;
	bool directory;   /* it answered as one: it may be a domain controller */
	int64_t login_ms; /* no login before that (monotonic) */
	unsigned cuts;    /* jobs that the end of a window cut short */
	struct target *next_ready;
	bool queued;
};

struct targets;

struct targets *targets_new(void);
void targets_free(struct targets *ts);
/* NULL: it has no open port so far. */
struct target *targets_find(struct targets *ts, const struct addr *a);
/* Made when new; NULL without memory. */
struct target *targets_get(struct targets *ts, const struct addr *a);
bool target_add_port(struct target *t, uint16_t port, bool udp);
/* Puts the target at the end of the queue of those with jobs left. */
void targets_queue(struct targets *ts, struct target *t);
/* Of its ports only the first count stay; whoever has none left leaves the queue. */
void targets_drop_ports(struct targets *ts, struct target *t, uint32_t count);
/* This port again, as the next one. Only for a port that was taken by port_next. */
void target_again(struct target *t, struct open_port port);
/* The next job of a target that may have one more under way (most, by treatment), and that may be spoken
 * to now. NULL: none. */
struct target *targets_next(struct targets *ts, unsigned most_ot, unsigned most_it,
			    bool (*may)(void *context, const struct target *t), void *context);
/* All targets with jobs left, in their order; NULL begins. */
const struct target *targets_queued(const struct targets *ts, const struct target *after);
bool targets_idle(const struct targets *ts);

#endif
