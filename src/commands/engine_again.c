/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process of a scan that goes on: what the store has of the earlier run becomes targets, names and
 * counts again.
 */
#include "commands/engine_parts.h"

#include <stdio.h>
#include <string.h>

#include "store/db.h"

/* Open ports whose conversations did not come to their end. A port that showed a general-purpose
 * computer is looked at once more in full, as in learn(). */
static const char left_sql[] =
	"SELECT s.address, s.port, h.treated, h.ot_sign IS NOT NULL, s.transport = 'udp'"
	" FROM service s LEFT JOIN host h ON h.scan = s.scan AND h.address = s.address"
	" LEFT JOIN ended n ON n.scan = s.scan AND n.address = s.address AND"
	"  n.port = s.port + 65536 * (s.transport = 'udp')"
	" WHERE s.scan = ?1 AND s.state = 'open'"
	" AND coalesce(h.state, '') <> 'all-ports' AND (n.port IS NULL OR"
	"  (NOT n.full AND h.treated = 'it' AND h.kind = 'unassigned' AND EXISTS"
	"   (SELECT 1 FROM evidence e WHERE e.scan = s.scan AND e.address = s.address"
	"    AND e.port = s.port AND e.transport = s.transport AND e.probe IN ('smb', 'rdp') AND "
	"e.ending = 'done')))"
	" ORDER BY s.address, s.port, s.transport";

static bool refill_targets(struct engine *e, struct query *q)
{
	struct target *last = NULL;
	int r;

	while ((r = query_step(q)) == 1) {
		const char *text = query_text(q, 0), *treated = query_text(q, 2);
		const struct resumed_host *known;
		struct addr a;

		if (addr_parse(text, &a) != 0 || !engine_may_speak(e, &a))
			continue;
		known = resumed_find(e->setup->resumed, &a);
		if (known != NULL && known->distress != NULL && known->over)
			continue; /* left alone */
		uint16_t port = (uint16_t)query_int(q, 1);
		bool udp = query_int(q, 4) != 0;
		if (udp && !engine_has_udp_probe(port))
			continue;
		struct target *t = targets_get(e->targets, &a);
		if (t == NULL || !target_add_port(t, port, udp))
			return false;
		if (last != NULL && last != t && last->swept) {
			engine_order_ports(e, last);
			targets_queue(e->targets, last);
		}
		last = t;
		/* Where the sweep of the host goes on, its end comes as an event. */
		if (!t->swept && resumed_is_over(e->setup->resumed, &a)) {
			engine_swept(e, t,
				     treated != NULL && strcmp(treated, "it") == 0 ? TREAT_IT
										   : TREAT_OT,
				     query_int(q, 3) != 0);
			t->unassigned = t->unassigned && t->treatment == TREAT_OT;
		}
	}
	if (last != NULL && last->swept) {
		engine_order_ports(e, last);
		targets_queue(e->targets, last);
	}
	return r == 0;
}

/* Names stay known; who has none yet may not have been looked up. */
static bool refill_names(struct engine *e, struct query *q)
{
	int r;

	while ((r = query_step(q)) == 1) {
		const char *names = query_text(q, 1);
		struct guard_event v = { .open = (uint32_t)query_int(q, 2) };

		if (addr_parse(query_text(q, 0), &v.address) != 0)
			continue;
		if (!names_known(e->names, &v.address, names))
			return false;
		snprintf(v.mac, sizeof(v.mac), "%s", query_text(q, 3));
		if (strcmp(names, "[]") == 0)
			engine_want_name(e, &v);
	}
	return r == 0;
}

bool engine_refill(struct engine *e)
{
	const struct engine_setup *s = e->setup;
	struct query *q = NULL;
	struct db *db;

	if (s->resumed == NULL)
		return true;
	if (db_borrow(store_db(s->store), &db) != 0)
		return false;
	bool good = query_new(db, left_sql, &q) == 0 &&
		    query_bind_int(q, 1, s->resumed_scan) == 0 && refill_targets(e, q);
	query_free(q);
	q = NULL;
	good = good &&
	       query_new(db,
			 "SELECT address, names, open + closed, coalesce(mac, '') FROM host"
			 " WHERE scan = ?1",
			 &q) == 0 &&
	       query_bind_int(q, 1, s->resumed_scan) == 0 && refill_names(e, q);
	query_free(q);
	q = NULL;
	good = good &&
	       query_new(db,
			 "SELECT (SELECT count(*) FROM service WHERE scan = ?1 AND state = 'open'),"
			 " (SELECT count(*) FROM evidence WHERE scan = ?1)",
			 &q) == 0 &&
	       query_bind_int(q, 1, s->resumed_scan) == 0 && query_step(q) == 1;
	if (good) {
		e->result.hosts = (unsigned long)resumed_over_count(s->resumed);
		e->result.services = (unsigned long)query_int(q, 0);
		e->result.conversations = (unsigned long)query_int(q, 1);
	}
	query_free(q);
	db_free(db);
	return good;
}
