/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: which addresses and ports, under which limits. Made once from the site and the command
 * line; the guard works from its own copy and nobody can widen it later.
 */
#ifndef TENKEN_SITE_PLAN_H
#define TENKEN_SITE_PLAN_H

#include "site/site.h"

/* One row of probes/data/ports.csv. */
struct port_entry {
	uint16_t port;
	bool udp;
	bool ot;        /* belongs to control equipment: tried first, an open one is an OT sign */
	char *name;     /* our word */
	char *family;   /* remote-admin, file, web, mail, database, ot, engineering, print, ... */
	char *reason;   /* why it is in the list */
	bool raw_print; /* whatever is sent is printed or logged: nothing is */
};

struct port_list {
	struct port_entry *list; /* by transport and port */
	size_t count;
};

int port_list_load(const char *path, struct port_list *ret, struct complaints *c);
void port_list_done(struct port_list *l);
/* NULL where the list has none. */
const struct port_entry *port_list_find(const struct port_list *l, uint16_t port, bool udp);

struct plan {
	struct site site;
	struct port_list port_list;
	struct ranges targets; /* without exclusions, passive-only and refused addresses */
	/* IPv6 networks too large to sweep: of them the hosts are targets that a local segment shows, asked
	 * by multicast. The same is taken away from them as from the targets. */
	struct ranges large;
	struct ranges owned; /* repeated with --owned */
	struct ports ports;
	enum site_risk risk; /* of this run; a zone may cap it lower */
	bool credentials;    /* makers' passwords are tried */
	enum zone_kind
		ad_hoc_kind; /* --zone: for targets that no zone declares; default unassigned */
	unsigned rate;       /* packets per second; 0: no limit (--max-rate 0) */
	unsigned host_rate;
	/* -R, or `names` of the site file: who is asked for the names of hosts that answer; none: nobody. */
	struct addr *resolvers;
	size_t resolver_count;
	char **skipped; /* remarks: "192.168.10.9: excluded", ... */
	size_t skipped_count;
};

/* What the command line gave. Strings are borrowed. */
struct plan_wish {
	const char *site_path;      /* -c */
	const char *const *targets; /* addresses, CIDR, ranges, names, @file */
	size_t target_count;
	const char *const *excludes;
	size_t exclude_count;
	const char *const *exclude_files;
	size_t exclude_file_count;
	const char *const *input_files; /* -iL */
	size_t input_file_count;
	const char *const *owned;
	size_t owned_count;
	const char *ports; /* nmap's syntax, or NULL: the default list */
	bool no_ports;     /* -sn: hosts are looked for, and no port is tried */
	bool no_targets;   /* nothing is sent: what is declared alone counts */
	/* UDP ports that can be asked something harmless. */
	const uint16_t *udp_ports;
	size_t udp_port_count;
	const char *risk, *zone, *rate, *host_rate;
	const char *resolv_conf; /* NULL: /etc/resolv.conf */
	const char *data_dir;    /* holds probes/data/ports.csv */
	bool credentials;        /* --credentials */
	bool resolve;            /* -R */
	bool skip_closed; /* zones whose window is closed are left out; else they are waited for */
	int64_t now;
};

/* Without targets the site's zones (but public ones that are not owned) are the targets. Every
 * mistake is a complaint: -EINVAL. *ret can always be given to plan_done(). */
int plan_make(const struct plan_wish *wish, struct plan *ret, struct complaints *c);
void plan_done(struct plan *p);

/* What is kept of a scan so that it can go on: plan_json() and the texts of site file, ledger and trusted certificates (text
 * NULL: none). */
struct plan_kept {
	const char *plan;
	struct file_text site, ledger, trust, answers;
};

/* The same plan again, whatever became of the files. As plan_make(); complaints also where it cannot
 * be made as it was, or where its authorisation is not valid now. */
int plan_again(const struct plan_kept *kept, const char *data_dir, int64_t now, struct plan *ret,
	       struct complaints *c);

/* -sn: hosts are looked for by frames, and no port of theirs is tried. */
bool plan_only_finds(const struct plan *p);
/* Is this address among the targets, or in a large network? */
bool plan_holds(const struct plan *p, const struct addr *a);
/* May everybody on a segment of this zone be asked, as far as this zone is concerned? NULL: of targets
 * that no zone declares. */
bool plan_may_ask(const struct plan *p, const struct zone *z);
/* The declared kind of an address: of its zone, else ad_hoc_kind; loopback outside every zone is it. */
enum zone_kind plan_kind(const struct plan *p, const struct addr *a);
/* NULL, or why nothing may be sent to this address now ("excluded", "outside the targets",
 * "passive only", "public and not owned", "no valid authorisation", "outside the window"): a
 * constant, untranslated text. The guard asks this before every connection. */
const char *plan_refusal(const struct plan *p, const struct addr *a, int64_t now);
/* As plan_refusal(), for what is to be started: what is open when a window ends is closed properly, and
 * the closing belongs into the window, so nothing is started in its last seconds. */
enum { PLAN_CLOSING_S = 2 };
const char *plan_start_refusal(const struct plan *p, const struct addr *a, int64_t now);
/* "Not now" or "never": when this address may be spoken to next; now where it may be at once, negative
 * where no window will change that. */
int64_t plan_opens(const struct plan *p, const struct addr *a, int64_t now);
/* May makers' passwords be tried at this address? gentle: it is treated as ot. Only where the plan has
 * them; in zones of kind ot and unassigned, and of what is treated as ot, only where the zone says so;
 * nowhere that no zone declares. */
bool plan_may_login(const struct plan *p, const struct addr *a, bool gentle);
/* The plan as JSON text for the store (targets, exclusions, ports_tcp, ports_udp, risk, rate,
 * host_rate, zone, authorisation, site); the caller frees it. */
char *plan_json(const struct plan *p);

#endif
