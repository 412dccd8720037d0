/* SPDX-License-Identifier: Apache-2.0 */
/* What the zone map shows: zones as lanes, their machines, and the ways between them. */
#ifndef TENKEN_REPORT_MAP_H
#define TENKEN_REPORT_MAP_H

#include "report/facts.h"

enum { MAP_LANES = 40, MAP_WAYS = 30, MAP_DOTS = 200, MAP_WORDS = 400 };

struct map_dot {
	unsigned char severity; /* 0: critical ... 4: info, 5: no finding */
	bool control;           /* treated as OT */
};

/* A zone; the one of machines in no declared zone has an empty name. */
struct map_lane {
	char *name, *kind;
	int64_t machines, control;
	int64_t by_severity[SEVERITIES + 1];
	int64_t each; /* machines that one dot stands for */
	size_t dots;
	struct map_dot dot[MAP_DOTS];
};

/* From the gravest: what is cut off is what matters least. */
enum map_state {
	MAP_OUTSIDE_OT, /* with the Internet, from a zone that must be closed */
	MAP_AROUND,     /* by a machine that nobody declared as a way out */
	MAP_FORBIDDEN,  /* open or used, and not allowed */
	MAP_UNKNOWN,    /* used, and nobody declared what is allowed */
	MAP_OUTSIDE,    /* with the Internet */
	MAP_ALLOWED,    /* allowed and used */
	MAP_UNUSED      /* allowed */
};

/* From one lane to another; -1: the Internet. */
struct map_way {
	int from, to;
	enum map_state state;
	bool seen, tested, scanned; /* how it is known */
	bool cut;                   /* what has no room for all of it */
	char what[MAP_WORDS];       /* ports and machines, as they were told: hostile */
};

struct map {
	struct map_lane *lanes;
	size_t lane_count, lanes_left; /* zones beyond the bound */
	struct map_way *ways;
	size_t way_count, ways_left;
	int64_t peers; /* public addresses that were talked with */
};

/* Asks the judged scan; f->error tells of failure. map_done() in every case. */
void map_load(struct facts *f, struct map *ret);
void map_done(struct map *m);

#endif
