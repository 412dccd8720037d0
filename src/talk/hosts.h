/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's memory of hosts, and which of them are one device. */
#ifndef TENKEN_TALK_HOSTS_H
#define TENKEN_TALK_HOSTS_H

#include "talk/pace.h"
#include "wire/sweep.h"

/* One machine for limits: one MAC, or everything behind a declared gateway. */
struct device {
	unsigned open;   /* connections now */
	int64_t next_ms; /* the next may begin then */
	bool ot;         /* one of its addresses is a controller's: strict for all of them */
	bool distress;   /* one of its addresses showed distress: all are left alone */
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
	enum site_risk risk;
	struct device *device; /* own, or shared */
	struct device own;
	struct sweep_host sweep;
	struct pace pace;
	uint32_t rtt_us; /* the shortest seen */
	unsigned slow, failures;
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
/* Reads the kernel's neighbour table for an on-link host: sets mac and maker, and joins the host
 * with the device of the same MAC. */
void hosts_look_up_mac(struct hosts *hs, struct host *h);
/* The same where it is known: "00:00:5e:00:53:01". Nothing where the host has one. */
void hosts_set_mac(struct hosts *hs, struct host *h, const char *mac);

#endif
