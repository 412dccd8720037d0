/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The views of the judged scan, in the TEMP schema, where they shadow the tables of the same name
 * (doc/architecture.md, "Store"). What we make is written down in judge_made, so that it can be
 * dropped without touching TEMP objects of others.
 */
#include "judge/judged.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "judge/arena.h"

static int drop_made(struct db *db)
{
	struct query *q = NULL;
	int64_t there = 0;
	int r = db_number(db, "SELECT count(*) FROM sqlite_temp_master WHERE name = 'judge_made'",
			  0, &there);

	if (r < 0 || there == 0)
		return r;
	/* The list is read whole before anything is dropped. */
	r = query_new(
		db,
		"SELECT group_concat(printf('DROP %s IF EXISTS temp.\"%w\";', type, name), '')"
		" FROM temp.judge_made",
		&q);
	if (r < 0)
		return r;
	r = query_step(q);
	char *drops = r == 1 && !query_null(q, 0) ? strdup(query_text(q, 0)) : NULL;
	query_free(q);
	if (r >= 0 && drops != NULL)
		r = db_exec(db, drops);
	free(drops);
	if (r >= 0)
		r = db_exec(db, "DROP TABLE temp.judge_made");
	return r < 0 ? r : 0;
}

void judge_forget(struct db *db)
{
	drop_made(db);
}

/* From here on every new TEMP object is ours. */
static int start_list(struct db *db)
{
	int r = drop_made(db);

	if (r < 0)
		return r;
	return db_exec(db, "CREATE TEMP TABLE judge_made AS SELECT type, name, 1 AS foreign_one"
			   " FROM sqlite_temp_master WHERE type IN ('table', 'view')"
			   " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
}

int views_list(struct db *db)
{
	return db_exec(db,
		       "INSERT INTO temp.judge_made SELECT type, name, 0 FROM sqlite_temp_master"
		       " WHERE type IN ('table', 'view') AND name <> 'judge_made'"
		       " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
		       " AND name NOT IN (SELECT name FROM temp.judge_made);"
		       "DELETE FROM temp.judge_made WHERE foreign_one = 1");
}

/* The tables of the judged runs without their column `scan`: what the sweep and its probes brought. */
static int shadow_tables(struct judged *j)
{
	return db_execf(
		j->db,
		"CREATE TEMP VIEW evidence AS SELECT address, port, transport, probe, ending,"
		" document, connections, sent, received, started_ms, finished_ms"
		" FROM main.evidence WHERE scan = %lld;"
		"CREATE TEMP VIEW remark AS SELECT kind, subject, text FROM main.remark"
		" WHERE scan IN %s",
		(long long)j->primary, j->runs);
}

#define QUIET_COLUMNS                                                                     \
	" scope, first_key, last_key, first, last, addresses, state, reason, zone, kind," \
	" treated, public, planned, complete, first_ms, last_ms"

/* A store of version 1 that is only read has no such table. */
static int make_quiet(struct judged *j)
{
	bool there = false;
	int r = db_has_table(j->db, "quiet", &there);

	if (r < 0)
		return r;
	if (!there)
		return db_exec(j->db, "CREATE TEMP TABLE quiet (" QUIET_COLUMNS ")");
	return db_execf(j->db,
			"CREATE TEMP VIEW quiet AS SELECT" QUIET_COLUMNS
			" FROM main.quiet WHERE scan = %lld",
			(long long)j->primary);
}

/* Tables that newer versions brought: a store of an older one that is only read knows of none. */
static int make_newer(struct judged *j)
{
	static const struct {
		const char *table, *columns;
	} newer[] = {
		{ "device", "address, vendor, model, firmware, serial, role, certain, signs" },
		{ "machine", "address, machine, certain, signs" },
		{ "asset_of", "address, asset" },
		{ "asset_filed", "address, filed" },
		{ "login", "id, at_ms, address, device, port, transport, protocol, account, number,"
			   " vendor, blank, result" },
		{ "login_test", "login, secret, took_ms" },
	};

	for (size_t i = 0; i < countof(newer); i++) {
		bool there = false;
		int r = db_has_table(j->db, newer[i].table, &there);

		if (r >= 0 && !there)
			r = db_execf(j->db, "CREATE TEMP TABLE %s (%s)", newer[i].table,
				     newer[i].columns);
		else if (r >= 0)
			r = db_execf(
				j->db,
				"CREATE TEMP VIEW %s AS SELECT %s FROM main.%s WHERE scan = %lld",
				newer[i].table, newer[i].columns, newer[i].table,
				(long long)j->primary);
		if (r < 0)
			return r;
	}
	return 0;
}

/* For comparisons with earlier scans: tables of all runs, empty in a store that does not have them yet. */
static int make_every(struct judged *j)
{
	static const struct {
		const char *name, *table, *columns;
	} every[] = {
		{ "every_device", "device", "scan, address, vendor, certain" },
		{ "every_quiet", "quiet", "scan, zone, complete" },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < countof(every); i++) {
		bool there = false;

		r = db_has_table(j->db, every[i].table, &there);
		if (r >= 0)
			r = there ? db_execf(j->db, "CREATE TEMP VIEW %s AS SELECT %s FROM main.%s",
					     every[i].name, every[i].columns, every[i].table)
				  : db_execf(j->db, "CREATE TEMP TABLE %s (%s)", every[i].name,
					     every[i].columns);
	}
	return r;
}

/* What `tenken update` brought in belongs to the store, not to a scan. */
static int make_offline(struct judged *j)
{
	static const struct {
		const char *table, *columns;
	} tables[] = {
		{ "offline", "kind, title, date, imported, entries" },
		{ "support",
		  "product, cycle, label, latest, released, ends, ended, extended, url" },
		{ "advisory", "id, kind, publisher, name, title, url, date" },
		{ "advisory_product",
		  "advisory, vendor, product, vendor_key, product_key, versions,"
		  " ranges, status, cves, score" },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < countof(tables); i++) {
		bool there = false;

		r = db_has_table(j->db, tables[i].table, &there);
		if (r >= 0)
			r = there ? db_execf(j->db, "CREATE TEMP VIEW %s AS SELECT %s FROM main.%s",
					     tables[i].table, tables[i].columns, tables[i].table)
				  : db_execf(j->db, "CREATE TEMP TABLE %s (%s)", tables[i].table,
					     tables[i].columns);
	}
	return r;
}

#define HOST_COLUMNS                                                                 \
	" address, zone, kind, treated, state, reason, ot_sign, mac, vendor, names," \
	" ledger_id, role, os, public, planned, open, closed, filtered, silent,"     \
	" complete, rtt_us, first_ms, last_ms"

/* Services and evidence are kept while the sweep runs, a host at its end. Of a scan that was killed
 * some hosts are thus known by what stood on them only: somebody answered there, and nothing tells
 * how much of the host was tried. */
static int add_untold(struct judged *j)
{
	long long scan = (long long)j->primary;

	return db_execf(
		j->db,
		"INSERT INTO temp.host (" HOST_COLUMNS ", addresses)"
		" WITH told AS ("
		"  SELECT address, NULL AS ms FROM main.service WHERE scan = %lld"
		"   AND state IN ('open', 'closed')"
		"  UNION ALL SELECT address, started_ms FROM main.evidence WHERE scan = %lld"
		"  UNION ALL SELECT address, finished_ms FROM main.evidence WHERE scan = %lld)"
		" SELECT address, NULL, 'unassigned', 'unassigned', 'answering',"
		"  'the scan ended before its sweep did', NULL, NULL, NULL, '[]', NULL, NULL, NULL,"
		"  NULL, 0, (SELECT count(*) FROM main.service AS s WHERE s.scan = %lld"
		"   AND s.address = told.address AND s.state = 'open'), 0, 0, 0, 0, NULL,"
		"  min(ms), max(ms), 1"
		" FROM told WHERE address NOT IN (SELECT address FROM temp.host) GROUP BY address",
		scan, scan, scan, scan);
}

static int make_hosts(struct judged *j)
{
	long long scan = (long long)j->primary;
	int64_t tells = 0, done = 0;
	/* A store of an older version that is only read knows of no UDP. */
	int r = db_number(j->db,
			  "SELECT count(*) FROM pragma_table_info('host', 'main')"
			  " WHERE name = 'udp_ports'",
			  0, &tells);

	if (r < 0)
		return r;
	r = db_execf(j->db,
		     "CREATE TEMP TABLE host (address TEXT PRIMARY KEY, zone TEXT, kind TEXT,"
		     " treated TEXT, state TEXT, reason TEXT, ot_sign TEXT, mac TEXT, vendor TEXT,"
		     " names TEXT, ledger_id TEXT, role TEXT, os TEXT, public INTEGER,"
		     " planned INTEGER, open INTEGER, closed INTEGER, filtered INTEGER,"
		     " silent INTEGER, complete INTEGER, rtt_us INTEGER, first_ms INTEGER,"
		     " last_ms INTEGER, addresses INTEGER, udp_ports INTEGER,"
		     " scanned INTEGER NOT NULL DEFAULT 1, heard INTEGER NOT NULL DEFAULT 0,"
		     " on_link INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
		     "INSERT INTO temp.host (" HOST_COLUMNS ", addresses, udp_ports, on_link)"
		     " SELECT" HOST_COLUMNS ", 1, %s, mac IS NOT NULL FROM main.host WHERE scan = "
		     "%lld"
		     " ORDER BY address",
		     tells > 0 ? "udp_ports" : "0", scan);

	if (r >= 0)
		r = db_number(j->db,
			      "SELECT status = 'done' FROM main.scan"
			      " WHERE id = (SELECT scan FROM temp.judged)",
			      1, &done);
	if (r < 0)
		return r;
	if (done == 0)
		r = add_untold(j);
	if (r < 0)
		return r;
	/* A range is one row, named by both ends. */
	return db_exec(
		j->db,
		"INSERT OR IGNORE INTO temp.host (" HOST_COLUMNS ", addresses)"
		" SELECT iif(addresses = 1, first, first || '-' || last), zone, kind, treated,"
		"  state, reason, NULL, NULL, NULL, '[]', NULL, NULL, NULL, public, planned,"
		"  0, 0, 0, 0, complete, NULL, first_ms, last_ms, addresses"
		" FROM temp.quiet");
}

/*
 * The asset key of a fingerprint: the ledger's id of any of the machine's addresses, else the asset that it was
 * recognised as (name), else the address, unless that is another's name by now.
 */
static int make_keys(struct judged *j)
{
	return db_exec(
		j->db,
		"CREATE TEMP TABLE asset_key (address TEXT PRIMARY KEY, key TEXT NOT NULL,"
		" name TEXT NOT NULL, filed TEXT NOT NULL) WITHOUT ROWID;"
		"INSERT INTO temp.asset_key SELECT address, coalesce(id, name), name,"
		"  coalesce(filed, id, name) FROM ("
		"WITH listed AS MATERIALIZED"
		"  (SELECT o.asset AS asset, min(h.ledger_id) AS id FROM temp.asset_of AS o"
		"   JOIN temp.host AS h ON h.address = o.address WHERE h.ledger_id IS NOT NULL"
		"   GROUP BY o.asset)"
		" SELECT h.address AS address, coalesce(h.ledger_id, l.id) AS id, coalesce(o.asset,"
		"  h.address || iif(h.address IN (SELECT asset FROM temp.asset_of), '#', '')) AS "
		"name"
		", f.filed AS filed"
		" FROM temp.host AS h LEFT JOIN temp.asset_of AS o ON o.address = h.address"
		" LEFT JOIN temp.asset_filed AS f ON f.address = h.address"
		" LEFT JOIN listed AS l ON l.asset = o.asset);"
		"CREATE INDEX temp.asset_key_key ON asset_key (key);"
		"CREATE INDEX temp.asset_key_name ON asset_key (name);"
		"CREATE INDEX temp.asset_key_filed ON asset_key (filed)");
}

static int make_assets(struct judged *j)
{
	int r = make_keys(j);

	if (r < 0)
		return r;
	/* One row per ledger id: of several lines the first counts. */
	return db_execf(
		j->db,
		"CREATE TEMP TABLE judge_line (id TEXT PRIMARY KEY, class TEXT, os TEXT,"
		" declared TEXT, line INTEGER) WITHOUT ROWID;"
		"INSERT INTO temp.judge_line SELECT id, class, os,"
		"  CASE WHEN json_valid(declared) THEN declared END, min(line)"
		" FROM main.ledger WHERE scan = %lld GROUP BY id;"
		"CREATE TEMP TABLE asset AS SELECT h.address AS address, k.key AS key,"
		" h.zone AS zone, h.kind AS kind, h.treated AS treated, h.state AS state,"
		" h.reason AS reason, h.public AS public,"
		" h.state IN ('answering', 'all-ports', 'distress', 'heard', 'vantage', 'reached')"
		"  AS answering,"
		" h.scanned AND h.state IN ('answering', 'all-ports', 'distress') AS answered,"
		" h.scanned AS scanned, h.heard AS heard, h.on_link AS on_link,"
		" h.ledger_id AS ledger_id, coalesce(line.class, h.role) AS class, h.role AS role,"
		" coalesce(h.os, line.os) AS os, h.mac AS mac, h.vendor AS vendor,"
		" coalesce(line.declared, '[]') AS declared, h.addresses AS addresses,"
		" h.complete AS complete, h.planned AS planned,"
		" coalesce(h.udp_ports, 0) AS udp_ports,"
		" (SELECT json_group_array(json_array(s.port, s.transport, s.protocol))"
		"  FROM temp.service AS s WHERE s.address = h.address AND s.state = 'open') AS "
		"services"
		" FROM temp.host AS h JOIN temp.asset_key AS k ON k.address = h.address"
		" LEFT JOIN temp.judge_line AS line ON line.id = h.ledger_id"
		" ORDER BY h.address;"
		"CREATE UNIQUE INDEX temp.asset_address ON asset (address);"
		"CREATE INDEX temp.asset_ledger ON asset (ledger_id);"
		"CREATE INDEX temp.asset_by_key ON asset (key)",
		(long long)j->declared);
}

static int make_ports(struct judged *j, const struct port_list *ports)
{
	struct query *q = NULL;
	int r = db_exec(j->db,
			"CREATE TEMP TABLE port_word (port INTEGER, transport TEXT, name TEXT,"
			" family TEXT, kind TEXT, PRIMARY KEY (port, transport))");

	if (r < 0)
		return r;
	r = query_new(j->db, "INSERT OR IGNORE INTO temp.port_word VALUES (?, ?, ?, ?, ?)", &q);
	for (size_t i = 0; r >= 0 && ports != NULL && i < ports->count; i++) {
		const struct port_entry *p = &ports->list[i];

		query_bind_int(q, 1, p->port);
		query_bind_text(q, 2, p->udp ? "udp" : "tcp");
		query_bind_text(q, 3, p->name);
		query_bind_text(q, 4, p->family);
		query_bind_text(q, 5, p->ot ? "ot" : "it");
		r = query_run(q);
	}
	query_free(q);
	return r;
}

static int make_list(struct db *db, const struct data_list *l)
{
	struct query *q = NULL;
	int r = db_execf(db, "CREATE TEMP TABLE \"%w\" (\"%w\" TEXT)", l->table,
			 l->columns.list[0]);

	for (size_t i = 1; r >= 0 && i < l->columns.count; i++)
		r = db_execf(db, "ALTER TABLE temp.\"%w\" ADD COLUMN \"%w\" TEXT", l->table,
			     l->columns.list[i]);
	if (r < 0)
		return r;
	char insert[512] = "";
	/* The table's name is a file's: letters, digits and '_' only (catalogue_read.c). */
	int n = snprintf(insert, sizeof(insert), "INSERT INTO temp.\"%s\" VALUES (?", l->table);
	for (size_t i = 1; i < l->columns.count && n > 0 && (size_t)n < sizeof(insert) - 8; i++)
		n += snprintf(insert + n, sizeof(insert) - (size_t)n, ", ?");
	if (n < 0 || (size_t)n >= sizeof(insert) - 8)
		return -EINVAL;
	snprintf(insert + n, sizeof(insert) - (size_t)n, ")");
	r = query_new(db, insert, &q);
	for (size_t row = 0; r >= 0 && row < l->row_count; row++) {
		for (size_t i = 0; i < l->columns.count; i++)
			query_bind_text(q, (int)i + 1, l->rows[row].list[i]);
		r = query_run(q);
	}
	query_free(q);
	return r;
}

static int make_lists(struct judged *j)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < j->catalogue->list_count; i++)
		r = make_list(j->db, &j->catalogue->lists[i]);
	return r;
}

/* What concerns a service has an index by it, since that is how checks join. */
int view_placed(struct judged *j, const char *name)
{
	struct query *q = NULL;
	int r = query_new(j->db,
			  "SELECT count(*) FROM pragma_table_info(?1, 'temp')"
			  " WHERE name IN ('address', 'port')",
			  &q);

	if (r < 0)
		return r;
	query_bind_text(q, 1, name);
	r = query_step(q);
	bool placed = r == 1 && query_int(q, 0) == 2;
	query_free(q);
	if (r >= 0 && placed)
		r = db_execf(j->db, "CREATE INDEX temp.\"%w_place\" ON \"%w\" (address, port)",
			     name, name);
	return r < 0 ? r : 0;
}

int view_failed(struct judged *j, const struct check_view *v, int error)
{
	if (error == -ENOMEM)
		return error;
	if (j->options.complaints != NULL)
		complain(j->options.complaints, v->file, v->line, _("view '%s': %s"), v->name,
			 db_error(j->db));
	return 0;
}

/* Tables rather than views: every check asks them. */
static int materialise(struct judged *j, const struct check_view *v)
{
	struct query *q = NULL;
	const char *sql = arena_printf(j->arena, "CREATE TEMP TABLE \"%s\" AS %s", v->name, v->sql);
	int r = sql != NULL ? query_new(j->db, sql, &q) : -ENOMEM;

	if (r >= 0)
		r = query_run(q);
	query_free(q);
	return r < 0 ? r : view_placed(j, v->name);
}

/* The user's stay views: a check that asks them does so behind the fence. */
static int user_view(struct judged *j, const struct check_view *v)
{
	struct query *q = NULL;
	const char *sql = arena_printf(j->arena, "CREATE TEMP VIEW \"%s\" AS %s", v->name, v->sql);
	int r = sql != NULL ? query_new(j->db, sql, &q) : -ENOMEM;

	if (r >= 0)
		r = query_run(q);
	query_free(q);
	return r;
}

static int make_view(struct judged *j, const struct check_view *v, bool own)
{
	/* What comes of documents is there already. */
	int r = !own ? user_view(j, v) : v->per_document ? 0 : materialise(j, v);

	if (r >= 0 && own && v->index != NULL)
		r = db_execf(j->db, "CREATE INDEX temp.\"%w_index\" ON \"%w\" (%s)", v->name,
			     v->name, v->index);
	return r < 0 ? view_failed(j, v, r) : 0;
}

static int make_check_views(struct judged *j)
{
	const struct catalogue *c = j->catalogue;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < c->view_count; i++)
		r = make_view(j, &c->views[i], i < c->own_view_count);
	/* Reports ask for them whatever the catalogue has. */
	return r < 0 ? r
		     : db_exec(j->db,
			       "CREATE TEMP TABLE IF NOT EXISTS public_flow (run, vantage, address,"
			       " zone, peer, port, transport, application, source, name, outward,"
			       " answered, connections, sent, received, first_ms, last_ms);"
			       "CREATE TEMP TABLE IF NOT EXISTS service_grade (address, port,"
			       " transport, scheme, level, basis, reasons);"
			       "CREATE TEMP TABLE IF NOT EXISTS offline_data (kind, title, date,"
			       " imported, entries, own, age, stale);"
			       "CREATE TEMP TABLE IF NOT EXISTS thing (address, port, transport,"
			       " part, vendor, product, version, kind, packaged);"
			       "CREATE TEMP TABLE IF NOT EXISTS advice_open (kind, packaged, feed,"
			       " reason, advisories, cves)");
}

int views_make(struct judged *j, const struct port_list *ports)
{
	int r = start_list(j->db);

	if (r >= 0)
		r = runs_make(j);
	if (r >= 0)
		r = declared_views(j);
	if (r >= 0)
		r = shadow_tables(j);
	if (r >= 0)
		r = runs_views(j);
	if (r >= 0)
		r = make_quiet(j);
	if (r >= 0)
		r = make_newer(j);
	if (r >= 0)
		r = make_every(j);
	if (r >= 0)
		r = make_offline(j);
	if (r >= 0)
		r = make_lists(j);
	if (r >= 0)
		r = declared_thresholds(j);
	if (r >= 0)
		r = make_hosts(j);
	if (r >= 0)
		r = heard_join(j);
	if (r >= 0)
		r = make_assets(j);
	if (r >= 0)
		r = make_ports(j, ports);
	if (r >= 0)
		r = documents_make(j);
	if (r >= 0)
		r = make_check_views(j);
	return r;
}
