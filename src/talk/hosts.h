/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's memory of hosts, and which of them are one device. */
#ifndef TENKEN_TALK_HOSTS_H
#define TENKEN_TALK_HOSTS_H

#include "talk/pace.h"
#include "wire/routes.h"
#include "wire/sweep.h"

/* One machine for limits: one MAC, or everything behind a declared gateway. */
struct device {
	unsigned open;   /* connections now */
	int64_t next_ms; /* the next may begin then */
	bool ot;         /* one of its addresses is a controller's: strict for all of them */
	bool distress;   /* one of its addresses showed distress: all are left alone */
};

/* Where frames to a host go first: a gateway, or the segment itself. */
struct hop {
	struct hop *next;
	unsigned ifindex;
	struct addr gateway; /* all zero: the segment */
	unsigned unanswered; /* attempts to connect that nothing has come back for yet */
};

struct host {
	struct addr address;
	const struct zone *zone; /* NULL: nobody declared one */
	enum zone_kind kind;
	enum treatment treatment;
	bool unassigned; /* no zone, and nothing has shown yet what it is */
	bool full_depth;
	bool distress;
	bool resumed;    /* set up before its turn: see guard_resume_all() */
	bool waited_for; /* under way, and nothing has come back yet */
	bool found;      /* it is there: the packets process found it */
	bool resolving;  /* the kernel may be asking the segment for its MAC */
	enum site_risk risk;
	struct device *device; /* own, or shared */
	struct device own;
	const struct way *way; /* NULL: not known */
	struct hop *hop;       /* NULL: none that is limited */
	int zone_index;        /* in the plan, or -1 */
	int segment;           /* index of its interface where it is on link, or -1 */
	unsigned links;
	int64_t known_ms, unknown_ms; /* until then the neighbour table need not be asked again */
	struct sweep_host sweep;
	struct sweep_watch watch;
	bool look_wanted, looking; /* once more at a port that did answer, before anything else */
	uint32_t quickest_ms;      /* answer to an attempt, by our own clock; valid where timed */
	bool timed;
	struct pace pace;
	uint32_t rtt_us; /* the shortest seen */
	unsigned slow, failures;
	bool udp_lost; /* a service by UDP answered no earlier than the second question */
	int64_t first_ms, last_ms;
	char mac[18];   /* "00:00:5e:00:53:01", or empty */
	char maker[48]; /* controller maker by its MAC, or empty */
	char ot_sign[64];
};

struct hosts;

struct hosts *hosts_new(const struct site *site);
void hosts_free(struct hosts *hs);
/* The host of this address, made when it is new (zeroed but for address and device); borrowed, its
 * place in memory stays. NULL without memory. */
struct host *hosts_get(struct hosts *hs, const struct addr *a);
struct host *hosts_find(const struct hosts *hs, const struct addr *a);
/* Forgets a host that nobody refers to and whose MAC is not known. */
void hosts_drop(struct hosts *hs, struct host *h);
/* The hop of this way, made when it is new; NULL without memory, and where nothing leaves. */
struct hop *hosts_hop(struct hosts *hs, const struct way *w);
/* Sets mac and maker where they are not known yet, and joins the host with the device of the same
 * MAC. */
void hosts_set_mac(struct hosts *hs, struct host *h, const uint8_t mac[static 6]);
/* The same from the kernel's neighbour table, for what may be on link; says whether it was there. */
bool hosts_look_up_mac(struct hosts *hs, struct host *h);

#endif
