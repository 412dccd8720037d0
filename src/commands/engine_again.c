/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main process of a scan that goes on: what the store has of the earlier run becomes targets, names and
 * counts again, and, where logins may be tried, what the choice of these rests on.
 */
#include "commands/engine_parts.h"

#include <stdio.h>
#include <string.h>

#include "store/db.h"

/* Open ports whose conversations did not come to their end. A port that showed a general-purpose
 * computer is looked at once more in full, as in learn(). */
static const char left_sql[] =
	"SELECT s.address, s.port, h.treated, h.ot_sign IS NOT NULL, s.transport = 'udp', h.mac"
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

/* The sweep of the host is over, unless it goes on and its end comes as an event. */
static void know_host(struct engine *e, struct target *t, const char *treated, bool ot_sign,
		      const char *mac)
{
	if (t->swept || !resumed_is_over(e->setup->resumed, &t->address))
		return;
	engine_swept(e, t, treated != NULL && strcmp(treated, "it") == 0 ? TREAT_IT : TREAT_OT,
		     ot_sign);
	t->unassigned = t->unassigned && t->treatment == TREAT_OT;
	snprintf(t->mac, sizeof(t->mac), "%s", mac != NULL ? mac : ""); /* logins count by it */
}

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
		know_host(e, t, treated, query_int(q, 3) != 0, query_text(q, 5));
	}
	if (last != NULL && last->swept) {
		engine_order_ports(e, last);
		targets_queue(e->targets, last);
	}
	return r == 0;
}

/* ---- logins that are still owed ---- */

/* Open ports whose conversations came to their end. By UDP the protocol of a service may be that of its
 * port alone, which nobody has spoken. */
static const char done_sql[] =
	"SELECT s.address, s.port, s.transport = 'udp', h.treated, h.ot_sign IS NOT NULL, h.mac,"
	" CASE WHEN s.transport = 'tcp' OR EXISTS (SELECT 1 FROM evidence e WHERE e.scan = s.scan"
	"  AND e.address = s.address AND e.port = s.port AND e.transport = s.transport"
	"  AND e.ending = 'done') THEN s.protocol END, s.tls"
	" FROM service s JOIN host h ON h.scan = s.scan AND h.address = s.address"
	" JOIN ended n ON n.scan = s.scan AND n.address = s.address AND"
	"  n.port = s.port + 65536 * (s.transport = 'udp')"
	" WHERE s.scan = ?1 AND s.state = 'open' AND h.state NOT IN ('all-ports', 'distress')"
	" ORDER BY s.address, s.port, s.transport";

static bool refill_done(struct engine *e, struct query *q)
{
	int r;

	while ((r = query_step(q)) == 1) {
		const char *treated = query_text(q, 3), *protocol = query_text(q, 6);
		const struct resumed_host *known;
		struct addr a;

		if (addr_parse(query_text(q, 0), &a) != 0 || !engine_may_speak(e, &a) ||
		    !plan_may_login(e->setup->plan, &a, strcmp(treated, "ot") == 0))
			continue;
		known = resumed_find(e->setup->resumed, &a);
		if (known != NULL && known->distress != NULL)
			continue;
		struct target *t = targets_get(e->targets, &a);
		if (t == NULL ||
		    !target_add_port(t, (uint16_t)query_int(q, 1), query_int(q, 2) != 0))
			return false;
		struct open_port *p = &t->ports[t->port_count - 1];
		snprintf(p->protocol, sizeof(p->protocol), "%s", protocol != NULL ? protocol : "");
		p->tls = query_int(q, 7) != 0;
		t->port_next = t->port_count;
		know_host(e, t, treated, query_int(q, 4) != 0, query_text(q, 5));
	}
	return r == 0;
}

static struct target *target_of(struct engine *e, struct query *q)
{
	struct addr a;

	return addr_parse(query_text(q, 0), &a) == 0 ? targets_find(e->targets, &a) : NULL;
}

/* What the documents told of the machines. */
static bool refill_told(struct engine *e, struct query *q)
{
	int r;

	while ((r = query_step(q)) == 1) {
		struct target *t = target_of(e, q);
		uint16_t port = (uint16_t)query_int(q, 1);
		bool udp = query_int(q, 2) != 0;

		if (t == NULL || !engine_learn_identity(e, t, query_text(q, 3), query_text(q, 4)))
			continue;
		/* Strangers are let in there: a password would prove nothing. */
		for (uint32_t i = 0; i < t->port_count; i++)
			if (t->ports[i].port == port && t->ports[i].udp == udp)
				t->ports[i].protocol[0] = '\0';
	}
	return r == 0;
}

static bool refill_attempts(struct engine *e, struct query *q)
{
	int r;

	while ((r = query_step(q)) == 1) {
		struct target *t = target_of(e, q);
		const struct open_port at = { .port = (uint16_t)query_int(q, 1),
					      .udp = query_int(q, 2) != 0 };

		if (t == NULL)
			continue;
		if (!engine_know_login(e, t, at, (unsigned)query_int(q, 3),
				       strcmp(query_text(q, 5), CREDENTIAL_TEST_VENDOR) == 0,
				       query_int(q, 4) != 0))
			return false;
		t->port_next = t->port_count;
	}
	return r == 0;
}

/* Who has no conversation left; the others' logins are chosen behind these. */
static bool choose_logins(struct engine *e, struct query *q)
{
	int r;

	while ((r = query_step(q)) == 1) {
		struct target *t = target_of(e, q);

		if (t != NULL && t->swept && t->port_next == t->port_count)
			engine_choose_logins(e, t);
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

static bool refill_counts(struct engine *e, struct query *q)
{
	if (query_step(q) != 1)
		return false;
	e->result.hosts = (unsigned long)resumed_over_count(e->setup->resumed);
	e->result.services = (unsigned long)query_int(q, 0);
	e->result.conversations = (unsigned long)query_int(q, 1);
	e->udp_asked = query_int(q, 2) != 0;
	return true;
}

/* In this order: what was done stands before what is left. */
static const struct step {
	const char *sql;
	bool (*take)(struct engine *e, struct query *q);
	bool logins; /* needed where logins may be tried only */
} steps[] = {
	{ done_sql, refill_done, true },
	{ "SELECT address, port, transport = 'udp', probe, document FROM evidence WHERE scan = ?1"
	  " ORDER BY address, started_ms, probe",
	  refill_told, true },
	{ "SELECT address, port, transport = 'udp', number, result = 'accepted',"
	  " vendor FROM login"
	  " WHERE scan = ?1 ORDER BY id",
	  refill_attempts, true },
	{ left_sql, refill_targets, false },
	{ "SELECT DISTINCT address FROM service WHERE scan = ?1 AND state = 'open' ORDER BY "
	  "address",
	  choose_logins, true },
	{ "SELECT address, names, open + closed, coalesce(mac, '') FROM host WHERE scan = ?1",
	  refill_names, false },
	{ "SELECT (SELECT count(*) FROM service WHERE scan = ?1 AND state = 'open'),"
	  " (SELECT count(*) FROM evidence WHERE scan = ?1),"
	  " (SELECT coalesce(max(udp_ports), 0) FROM host WHERE scan = ?1)",
	  refill_counts, false },
};

bool engine_refill(struct engine *e)
{
	const struct engine_setup *s = e->setup;
	bool good = true;
	struct db *db;

	if (s->resumed == NULL)
		return true;
	if (db_borrow(store_db(s->store), &db) != 0)
		return false;
	for (size_t i = 0; good && i < countof(steps); i++) {
		struct query *q = NULL;

		if (steps[i].logins && s->credentials == NULL)
			continue;
		good = query_new(db, steps[i].sql, &q) == 0 &&
		       query_bind_int(q, 1, s->resumed_scan) == 0 && steps[i].take(e, q);
		query_free(q);
	}
	db_free(db);
	return good;
}
