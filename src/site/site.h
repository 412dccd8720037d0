/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator declares: site file (YAML), ledger (CSV). doc in man/tenken-site.5.
 *
 * Reading never stops at the first mistake: every mistake becomes one message "FILE:LINE: field
 * 'X': what is wrong" (translated), collected in struct complaints.
 */
#ifndef TENKEN_SITE_SITE_H
#define TENKEN_SITE_SITE_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "codec/address.h"
#include "codec/complaint.h"
#include "site/domains.h"

/* Stricter first: an address in two zones belongs to the stricter one. */
enum zone_kind { ZONE_OT, ZONE_UNASSIGNED, ZONE_DMZ, ZONE_IT, ZONE_PUBLIC, ZONE_KINDS };

/* "ot", "unassigned", "dmz", "it", "public". */
const char *zone_kind_word(enum zone_kind k);
enum zone_kind zone_kind_of_word(const char *word); /* ZONE_KINDS where it is none */

/* In the order of risk classes: a zone caps what may be asked there. */
enum site_risk { SITE_LISTEN, SITE_TOUCH, SITE_READ, SITE_LOGIN, SITE_RISKS };
const char *site_risk_word(enum site_risk r);
enum site_risk site_risk_of_word(const char *word);

/* "Sun 02:00-04:00", "Mon-Fri 22:00-05:00", "Sat,Sun 00:00-24:00", "02:00-04:00" (every day). Times
 * are local to the site; an end before the start is on the next day. */
struct window {
	uint8_t days;      /* bit 0 = Sunday: the day of the start */
	uint16_t from, to; /* minutes */
};

/* As the site file writes it, days in the user's language. Returns out. */
enum { WINDOW_TEXT = 48 };
const char *window_format(const struct window *w, char out[static WINDOW_TEXT]);

/* May everybody on a segment be asked who is there, by multicast and broadcast? */
enum zone_discovery {
	DISCOVERY_BY_KIND, /* the zone says nothing: it and dmz */
	DISCOVERY_MULTICAST,
	DISCOVERY_NONE,
};

struct zone {
	char *name;
	enum zone_kind kind;
	unsigned line;
	struct ranges networks;
	struct ranges passive_only; /* listened to, never sent to */
	struct ranges full_depth;   /* `depth: full` for the zone or a device list */
	struct window *windows;
	size_t window_count;
	enum site_risk risk; /* cap; default read */
	bool risk_given;
	bool credentials;   /* makers' passwords may be tried here: plan_may_login() */
	unsigned host_rate; /* packets per second and host; 0: the site's */
	unsigned rate;      /* packets per second, whole zone; 0: the site's */
	bool anonymous;     /* ot: anonymous logins allowed */
	enum zone_discovery discovery;
	unsigned discovery_line;
	char **declared; /* words of scopes: closed, important, ... */
	size_t declared_count;
};

struct port_range {
	char transport[8]; /* "tcp", "udp" */
	uint16_t first, last;
};

struct conduit {
	char *from, *to;
	struct port_range *ports; /* none: all */
	size_t port_count;
	int64_t until;        /* 0: without end */
	struct window *hours; /* when it may be used; none: always */
	size_t hours_count;
	unsigned line;
};

/* All addresses of networks count as one device for limits. */
struct gateway {
	char *name;
	struct addr address;
	struct ranges networks;
};

struct authorisation {
	bool given;
	char *by, *reference, *contact;
	int64_t from, until; /* Unix seconds, in the site's time zone; until the end of that day */
};

/* Moments are 0 where they are not said; `until` is the last second of its day. */
struct attestation {
	const char *
		file; /* that the lines are of: the site file or the answers file; so in all of these */
	char *guideline, *item, *answer, *by, *note;
	bool whole; /* item is a control: the answer is for its items that have none of their own */
	char *separation; /* how a network is apart: ip-vpn, firewall, ...; NULL: it is not said */
	char *evidence;   /* where the proof is kept */
	int64_t at, until;
	unsigned line, guideline_line, item_line;
};

/* An exception, with the fields of the guideline's request for one (mlit-water 4.3.2-18). */
struct waiver {
	const char *file;
	char *check, *asset, *reason, *compensating, *approved_by;
	char *applicant, *clause, *impact, *closing;
	uint16_t port; /* 0: any */
	int64_t approved_at, from, until;
	char **relies_on; /* checks that must find nothing on the asset */
	size_t relies_count;
	unsigned line, check_line, asset_line, relies_line;
};

/* A compensating measure: for findings of a check, or for an item (or control) of a guideline. */
struct measure {
	const char *file;
	char *check, *asset, *guideline, *item, *measure, *by, *evidence;
	bool whole;
	uint16_t port;
	int64_t at, until;
	char **relies_on;
	size_t relies_count;
	unsigned line, check_line, asset_line, guideline_line, item_line, relies_line;
};

/* What is going to be done about findings of a check, or about an item (or control) that is not met. */
struct treatment_plan {
	const char *file;
	char *check, *asset, *guideline, *item, *action, *owner, *note;
	char *state; /* planned, in-progress, done, accepted */
	bool whole;
	uint16_t port;
	int64_t due, state_at;
	unsigned line, check_line, asset_line, guideline_line, item_line;
};

/* What the operator makes of an item or control: adopt, decline or tighten. */
struct decision {
	const char *file;
	char *guideline, *item, *decision, *reason, *by, *level, *severity;
	bool whole;
	int64_t at;
	char **checks; /* that bear on it too */
	size_t check_count;
	unsigned line, guideline_line, item_line, decision_line, checks_line, level_line;
};

/* Current and target profile, and tiers: set by people, never computed. */
struct goal {
	const char *file;
	char *guideline, *item, *current, *target, *priority, *owner, *note, *by;
	bool whole;
	int64_t due, at;
	unsigned line, guideline_line, item_line;
};
struct tier {
	const char *file;
	char *area, *by, *note;
	unsigned current, target; /* 1 to 4; 0: not said */
	int64_t at;
	unsigned line;
};

/* What guidelines leave open; "lockout_count", "patch_days", ... */
struct threshold {
	const char *name;
	int64_t value;
};

struct asset {
	char *id, *name, *mac, *zone, *class_, *vendor, *model, *os, *owner, *location;
	struct addr address;
	bool has_address;
	char **declared; /* words of scopes: important, personal-data, closed, ... */
	size_t declared_count;
	struct port_range *ports; /* that may be open */
	size_t port_count;
	bool ports_stated;
	int64_t support_until; /* its maker looks after it until then; 0: not said */
	unsigned line;
};

/* `credentials` and `accounts`: logins with passwords that makers document. */
/* Hosts that ask one directory for their accounts: what is tried at one of them counts at all. */
struct login_domain {
	char *name;
	struct ranges hosts;
};

/* An account for tests, at which failures may be made until it locks. */
struct test_account {
	char *user; /* NULL: none */
	char *password_file;
	unsigned line; /* of the site file */
	struct ranges hosts;
	char **protocols;
	size_t protocol_count;
};

struct logins {
	bool by_default;  /* without --credentials too */
	bool communities; /* SNMP: "public" of whoever answers nothing else */
	char **protocols; /* none: all */
	size_t protocol_count;
	char **zones; /* names; none: all that allow it */
	size_t zone_count;
	unsigned threshold; /* failures that lock an account; 0: not declared */
	int64_t reset_s;    /* within so many seconds they count */
	unsigned budget;    /* attempts per account and window; 0: what the threshold leaves */
	unsigned bastions;  /* that share them */
	struct login_domain *domains;
	size_t domain_count;
	struct test_account test;
};

/* Our own listener outside, against which reachability is measured. */
struct beacon {
	char *name; /* NULL: none */
	struct addr *addresses;
	size_t address_count;
	struct port_range *ports; /* that it answers on; none: the default set */
	size_t port_count;
	char *key_file; /* of its tokens, as a path */
	char *dns_name; /* the zone that it has the authority for; NULL: none */
	unsigned line;
};

/* A proxy that the site has, by address and port. */
struct proxy {
	struct addr address;
	uint16_t port;
};

/* A server of the operator's that takes results. */
struct push_server {
	char *url, *secret_file, *format; /* format: ndjson or json; NULL: not said */
	unsigned line;
};

/* `listen`. */
struct listening {
	char **interfaces;
	size_t interface_count;
	int64_t for_s;   /* 0: not said */
	bool show_names; /* names of people's machines and accounts as they are; else masked */
};

/* The parts that addresses of the site play. */
enum site_role {
	ROLE_ROUTER,
	ROLE_DHCP_SERVER,
	ROLE_LOG_SERVER,
	ROLE_TIME_SERVER,
	ROLE_MONITORING,
	ROLE_UPDATE_SERVER, /* hands out updates of anti-virus and systems */
	ROLE_MAIL_GATEWAY,
	SITE_ROLES
};
/* "router", "dhcp-server", "log-server", "time-server", "monitoring", "update-server", "mail-gateway". */
const char *site_role_word(enum site_role r);

/* A device through which all that passes between two zones goes. */
struct boundary {
	char *name; /* NULL: none */
	struct ranges addresses;
	const char *between[2]; /* names of zones, the site's */
};

/* What is approved, as patterns in lower case, and what a line of the ledger must say. A list that was not given
 * says nothing; one that is empty approves nothing. */
struct rules {
	char **software, **services, **ledger_fields;
	size_t software_count, service_count, ledger_field_count;
	bool software_given, services_given;
};

/* From this moment on local time is UTC plus so many seconds. */
struct offset {
	int64_t from;
	int32_t seconds;
};

/* A file's bytes as they were read. */
struct file_text {
	char *text; /* NULL: there is none */
	size_t length;
};

struct site {
	char *path;     /* of the site file; NULL for an ad-hoc scan */
	char *name;     /* "ad-hoc" without a site file */
	char *timezone; /* its name in the tz database; the machine's own where the file has none */
	struct offset *offsets; /* of that time zone, in order */
	size_t offset_count;
	char *vantage_name, *vantage_zone;
	bool vantage_unregistered; /* no access control of the network knows this machine */
	struct authorisation authorisation;
	struct zone *zones;
	size_t zone_count;
	struct conduit *conduits;
	size_t conduit_count;
	struct gateway *gateways;
	size_t gateway_count;
	struct ranges owned;
	struct ranges exclude;
	unsigned rate, host_rate; /* defaults 1000 and 40 */
	char *ledger_path;
	struct asset *assets;
	size_t asset_count;
	char **profiles; /* guidelines by name, "all", or files (profile_is_file()) as paths */
	size_t profile_count;
	unsigned profiles_line;
	struct attestation *attestations;
	size_t attestation_count;
	struct waiver *waivers;
	size_t waiver_count;
	struct measure *measures;
	size_t measure_count;
	struct treatment_plan *treatments;
	size_t treatment_count;
	struct decision *decisions; /* of the key `items` */
	size_t decision_count;
	struct threshold *thresholds;
	size_t threshold_count;
	struct goal *goals;
	size_t goal_count;
	struct tier *tiers;
	size_t tier_count;
	char *answers_path;   /* of the file that `tenken assess` writes; NULL: none */
	bool answers_to_come; /* it is read by itself, and need not be there */
	const char *reading;  /* which of the two is being read */
	struct file_text text, ledger_text, answers_text; /* what was read, for the store */
	bool names_dns;                                   /* hosts that answer are looked up */
	struct addr *resolvers;                           /* by these; none: by the machine's own */
	size_t resolver_count;
	struct logins logins;
	struct domains domains;
	char *signing_key; /* the secret half, as a path; NULL: none */
	struct push_server *pushes;
	size_t push_count;
	struct beacon *beacons;
	size_t beacon_count;
	struct proxy *proxies;
	size_t proxy_count;
	struct listening listening;
	struct ranges roles[SITE_ROLES];
	struct boundary *boundaries;
	size_t boundary_count;
	struct rules rules;
	struct file_text trust; /* certificates that the site trusts, PEM, of all its files */
	char **later; /* "site.yaml:12: 'schedule' is understood but has no effect yet"; waivers that do not count */
	size_t later_count;
};

/* An ad-hoc site: defaults only. 0 or -ENOMEM. */
int site_default(struct site *ret);
/* The same by the clock of a time zone of the tz database; NULL, or one that is not known: the machine's
 * own. */
int site_in_zone(const char *timezone, struct site *ret);
/* Reads the site file and its ledger. 0, or -EINVAL with at least one complaint; *ret is valid to
 * pass to site_done() in both cases. Both functions must be called before the first thread: they
 * switch the process's time zone for a moment, to ask it for the site's offsets. */
int site_load(const char *path, struct site *ret, struct complaints *c);
/* The same for who is going to write the answers file, which need not exist yet: s->answers_path is set, to
 * answers.yaml beside the site file where that does not name one (*ret_named false). */
int site_load_to_answer(const char *path, struct site *ret, bool *ret_named, struct complaints *c);
/* The file that `tenken assess` writes, where it lies beside a site file that names none; NULL: it does not. The caller
 * releases it. */
char *site_unnamed_answers(const struct site *s);
/* The same from texts that were kept (NULL where there was none): no file is read. */
struct site_texts {
	const struct file_text *site, *ledger, *trust, *answers;
};
int site_again(const char *path, const struct site_texts *texts, struct site *ret,
	       struct complaints *c);
void site_done(struct site *s);

/* It has a '/' or ends in ".yaml": a file with a guideline of the user's, no name. */
bool profile_is_file(const char *profile);

/* How often one account of one device may be tried within the window: one where no threshold is declared,
 * else two less than it; the share of this bastion. */
unsigned logins_budget(const struct logins *l);
bool logins_protocol(const struct logins *l, const char *protocol);
/* The name of the domain that this host asks for its accounts; NULL: none was declared. */
const char *logins_domain(const struct logins *l, const struct addr *a);

/* The zone of an address: the strictest that contains it; NULL: nobody declared one. Loopback that
 * no zone declares is the bastion itself: a built-in zone "bastion" of kind it. */
const struct zone *site_zone(const struct site *s, const struct addr *a);
/* May something be sent to this zone at this time? True without windows. */
bool zone_window_open(const struct site *s, const struct zone *z, int64_t when);
/* When a window of this zone is open next: `when` itself where one is now; negative where none is within
 * two weeks. */
int64_t zone_window_next(const struct site *s, const struct zone *z, int64_t when);
/* "Sun 2026-11-22 02:00 (Asia/Tokyo)": a moment by the site's clock. */
enum { MOMENT_TEXT = 160 };
const char *site_moment(const struct site *s, int64_t when, char out[static MOMENT_TEXT]);
/* Seconds that the site's clock is ahead of UTC. */
int32_t site_offset(const struct site *s, int64_t when);
/* "YYYY-MM-DD": the first or the last second of that day at the site. False where it is no day. */
bool site_day(const struct site *s, const char *text, bool end, int64_t *ret);
/* Midnight at the start of a civil day at the site. */
int64_t site_midnight(const struct site *s, int year, int month, int day);
/* Valid at this time? */
bool authorisation_valid(const struct authorisation *a, int64_t when);

#endif
