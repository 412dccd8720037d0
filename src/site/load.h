/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of reading a site file; each takes a node and fills its part of the site. */
#ifndef TENKEN_SITE_LOAD_H
#define TENKEN_SITE_LOAD_H

#include "codec/yaml.h"
#include "site/declare.h"

enum {
	SITE_ENTRIES_MAX = 10000, /* of any list in a site file */
	SITE_TEXT_MAX = 1000,     /* bytes of a text */
	SITE_NAME_MAX = 64,       /* bytes of a name */
};

/* Every helper leaves *ret as it is where the node is not there or wrong; a mistake is a complaint. */
void load_text(struct ynode n, char **ret);
/* A path beside the site file, malloc()ed; NULL out of memory. */
char *load_beside(const char *site_path, const char *path);
void load_name(struct ynode n, char **ret);
/* One text or a list of them; each element comes back as a node. The list is bounded. */
size_t load_count(struct ynode n);
struct ynode load_element(struct ynode n, size_t index);
void load_texts(struct ynode n, char ***list, size_t *count);
/* Networks (no host bits), addresses, ranges of two addresses. */
void load_ranges(struct ynode n, struct ranges *ret);
bool load_network(struct ynode n, struct ranges *ret);
void load_address(struct ynode n, struct addr *ret);
/* The first or the last second of a day at the site. */
void load_day(const struct site *s, struct ynode n, bool end, int64_t *ret);
void load_windows(struct ynode n, struct window **list, size_t *count);
void load_port_ranges(struct ynode n, struct port_range **list, size_t *count);
void load_rate(struct ynode n, unsigned *ret);
/* "30m", "24h": a number and a unit, in seconds. */
void load_duration(struct ynode n, int64_t *ret);

void load_zones(struct site *s, struct ynode n);
void load_conduits(struct site *s, struct ynode n);
void load_gateways(struct site *s, struct ynode n);
const struct zone *zone_named(const struct site *s, const char *name);
void load_attestations(struct site *s, struct ynode n);
void load_waivers(struct site *s, struct ynode n);
void load_measures(struct site *s, struct ynode n);
void load_treatments(struct site *s, struct ynode n);
/* `guideline` and either `item` or `control` of an answer. */
struct subject_of_answer {
	char **guideline, **item;
	bool *whole;
	unsigned *guideline_line, *item_line;
};
void load_subject(struct ynode n, const struct subject_of_answer *ret);
void load_decisions(struct site *s, struct ynode n);
void load_thresholds(struct site *s, struct ynode n);
void load_goals(struct site *s, struct ynode n);
void load_tiers(struct site *s, struct ynode n);

/* Keys of a mapping whose feature does not exist yet: their form is checked, and s->later says that
 * they have no effect. */
extern const char *const later_site_keys[];
void load_later(struct site *s, struct ynode map);

/* Says of this key, where it is given, that it has no effect yet; its form is the caller's to check. */
void load_not_yet(struct site *s, struct ynode n);

void load_domains(struct site *s, struct ynode dns, struct ynode mail);
void domains_done(struct domains *d);
void load_logins(struct site *s, struct ynode credentials, struct ynode accounts);
void logins_done(struct logins *l);

/* Beacons, `listen`, and the addresses that play a part. */
void load_roles(struct site *s, struct ynode root);
void roles_done(struct site *s);

/* `signing_key` and `push`. */
void load_outside(struct site *s, struct ynode root);
void outside_done(struct site *s);

/* `boundaries`, `approved`, `ledger_fields`; zones must stand already. */
void load_rules(struct site *s, struct ynode root);
void rules_done(struct site *s);

void zones_done(struct site *s);
void answers_done(struct site *s);
void decisions_done(struct site *s);

#endif
