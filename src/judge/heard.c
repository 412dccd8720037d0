/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One list of assets and services from all that was done: the hosts of the sweep, those that were heard to
 * talk, and those that a reachability test met. Each says where it is known from.
 */
#include "judge/judged.h"

#include <errno.h>

/* Who talks: its newest run, with what any run knows of it. A public address that nobody declared is
 * somebody else's. */
static const char make_heard[] =
	"CREATE TEMP TABLE heard_asset (address TEXT PRIMARY KEY, run INTEGER, mac TEXT, vendor "
	"TEXT,"
	" zone TEXT, kind TEXT, public INTEGER, ledger_id TEXT, first_ms INTEGER, last_ms INTEGER,"
	" names TEXT, os TEXT, ot INTEGER) WITHOUT ROWID;"
	"INSERT INTO temp.heard_asset (address, run, mac, vendor, zone, kind, public, ledger_id,"
	"  first_ms, last_ms, ot)"
	" SELECT address, max(run), mac, vendor, zone, kind, public, ledger_id, min(first_ms),"
	"  max(last_ms), address IN (SELECT dst FROM temp.operation)"
	" FROM temp.heard_host WHERE sent > 0 AND (zone IS NOT NULL OR public = 0)"
	" GROUP BY address;"
	"UPDATE temp.heard_asset SET ledger_id = coalesce(ledger_id,"
	"  (SELECT min(l.id) FROM temp.ledger l WHERE l.address = heard_asset.address));"
	/* A machine's other addresses (IPv6 beside IPv4) are known by its MAC address. */
	"CREATE TEMP TABLE judge_mac AS SELECT mac, min(ledger_id) AS ledger_id FROM ("
	"  SELECT mac, ledger_id FROM temp.heard_asset"
	"  UNION ALL SELECT lower(mac), id FROM temp.ledger)"
	" WHERE mac IS NOT NULL AND ledger_id IS NOT NULL GROUP BY mac;"
	"UPDATE temp.heard_asset SET ledger_id = m.ledger_id FROM temp.judge_mac AS m"
	" WHERE heard_asset.ledger_id IS NULL AND m.mac = heard_asset.mac;"
	"DROP TABLE temp.judge_mac;"
	/* The same, where a link-local address is all that would be added. */
	"DELETE FROM temp.heard_asset WHERE address LIKE 'fe80:%' AND zone IS NULL AND mac IN ("
	" SELECT mac FROM temp.heard_host WHERE sent > 0 AND address NOT LIKE 'fe80:%'"
	"  AND (zone IS NOT NULL OR public = 0));"
	"CREATE TEMP VIEW heard_name AS SELECT DISTINCT address, value AS name, kind AS source"
	" FROM temp.heard WHERE kind IN ('name.dhcp', 'name.dhcpv6', 'name.netbios', 'name.mdns',"
	"  'name.llmnr', 'name.ntlm', 'name.ssdp', 'name.lldp', 'name.cdp') AND address <> '';"
	"UPDATE temp.heard_asset SET names = n.names FROM (SELECT address,"
	"  json_group_array(name) AS names FROM (SELECT DISTINCT address, name FROM "
	"temp.heard_name"
	"   ORDER BY address, name) GROUP BY address) AS n WHERE n.address = heard_asset.address;"
	"UPDATE temp.heard_asset SET os = 'Windows ' || o.value FROM (SELECT address, max(value) "
	"AS"
	"  value FROM temp.heard WHERE kind = 'os.ntlm' GROUP BY address) AS o"
	" WHERE o.address = heard_asset.address";

/* What the sweep has of it stands; where nothing had answered it, it is somebody now. */
static const char join_hosts[] =
	"UPDATE temp.host SET heard = 1, mac = coalesce(host.mac, x.mac),"
	"  vendor = coalesce(host.vendor, x.vendor), os = coalesce(host.os, x.os),"
	"  role = coalesce(host.role, iif(x.ot, 'ot-device', NULL)),"
	"  ledger_id = coalesce(host.ledger_id, x.ledger_id),"
	"  reason = CASE WHEN host.state IN ('silent', 'absent') THEN NULL ELSE host.reason END,"
	"  state = CASE WHEN host.state IN ('silent', 'absent', 'skipped') THEN 'heard'"
	"   ELSE host.state END,"
	"  names = CASE WHEN x.names IS NULL THEN host.names WHEN coalesce(host.names, '[]') = "
	"'[]'"
	"   THEN x.names ELSE (SELECT json_group_array(value) FROM (SELECT value FROM"
	"   json_each(host.names) UNION SELECT value FROM json_each(x.names))) END"
	" FROM temp.heard_asset AS x WHERE x.address = host.address AND host.addresses = 1;"
	"INSERT INTO temp.host (address, zone, kind, treated, state, reason, mac, vendor, names,"
	"  ledger_id, role, os, public, planned, open, closed, filtered, silent, complete, "
	"first_ms,"
	"  last_ms, addresses, udp_ports, scanned, heard, on_link)"
	" SELECT address, zone, coalesce(kind, 'unassigned'), CASE WHEN kind = 'ot' OR ot THEN "
	"'ot'"
	"   WHEN coalesce(kind, 'unassigned') = 'unassigned' THEN 'unassigned' ELSE 'it' END,"
	"  'heard', NULL, mac, vendor, coalesce(names, '[]'), ledger_id, iif(ot, 'ot-device', "
	"NULL),"
	"  os, public, 0, 0, 0, 0, 0, 0, first_ms, last_ms, 1, 0, 0, 1, 0"
	" FROM temp.heard_asset WHERE address NOT IN (SELECT address FROM temp.host);"
	/* It is no part of a silent range any more. */
	"UPDATE temp.host SET addresses = max(host.addresses - n.count, 1) FROM (SELECT"
	"  iif(q.addresses = 1, q.first, q.first || '-' || q.last) AS name, count(*) AS count"
	"  FROM temp.quiet q JOIN temp.heard_asset x"
	"  ON q.scope = 0 AND substr(address_key(x.address), 2, 16) BETWEEN q.first_key AND "
	"q.last_key"
	"  WHERE q.addresses > 1 GROUP BY 1) AS n WHERE n.name = host.address";

/* From where it was tested, and what answered to a test. */
static const char join_tested[] =
	"INSERT OR IGNORE INTO temp.host (address, zone, kind, treated, state, names, public, "
	"planned,"
	"  open, closed, filtered, silent, complete, first_ms, last_ms, addresses, udp_ports,"
	"  scanned, heard, on_link, mac, ledger_id)"
	" SELECT t.address, t.zone, coalesce(z.kind, 'unassigned'), coalesce(z.kind, "
	"'unassigned'),"
	"  t.state, '[]', coalesce(address_public(t.address), 0), 0, 0, 0, 0, 0, 0, min(at_ms), "
	"max(at_ms), 1, 0, 0, 0,"
	"  t.state = 'reached' AND t.mac IS NOT NULL, t.mac,"
	"  (SELECT min(l.id) FROM temp.ledger l WHERE l.address = t.address)"
	" FROM (SELECT source AS address, from_zone AS zone, 'vantage' AS state, NULL AS mac, "
	"at_ms"
	"   FROM temp.path WHERE source IS NOT NULL AND run NOT IN (SELECT id FROM judged_run"
	"    WHERE kind = 'outside')"
	"  UNION ALL SELECT via, from_zone, 'reached', via_mac, at_ms FROM temp.path"
	"   WHERE via IS NOT NULL AND refutes = 1"
	"  UNION ALL SELECT destination, to_zone, 'reached', NULL, at_ms FROM temp.path"
	"   WHERE to_zone IS NOT NULL AND refutes = 1) AS t"
	" LEFT JOIN temp.zone z ON z.name = t.zone"
	" WHERE address_public(t.address) = 0 OR z.name IS NOT NULL"
	" GROUP BY t.address";

/* Whoever opened a connection met a service; facts with a port speak of one too. */
static const char make_services[] =
	"CREATE TEMP TABLE heard_service (address TEXT, port INTEGER, transport TEXT, protocol "
	"TEXT,"
	" tls INTEGER, product TEXT, run INTEGER, last_ms INTEGER,"
	" PRIMARY KEY (address, port, transport)) WITHOUT ROWID;"
	"INSERT INTO temp.heard_service"
	" SELECT address, port, transport, max(protocol), max(tls), max(product), max(run), "
	"max(last_ms)"
	" FROM ("
	"  SELECT f.dst AS address, f.port, f.transport,"
	"   CASE WHEN f.source = 'decoder' THEN lower(f.application) END AS protocol,"
	"   0 AS tls, NULL AS product, f.run, f.last_ms FROM temp.flow f"
	"   WHERE f.answered AND f.port > 0 AND f.transport IN ('tcp', 'udp')"
	"    AND (f.opened = 1 OR f.source = 'decoder')"
	"    AND (f.transport = 'tcp' OR f.source = 'decoder')"
	"  UNION ALL SELECT address, port, transport,"
	"   CASE WHEN kind = 'service.spoken' THEN lower(value) END, kind GLOB 'tls.*',"
	"   CASE WHEN kind = 'service.product' THEN value END, run, last_ms FROM temp.heard"
	"   WHERE port > 0 AND transport IN ('tcp', 'udp') AND kind IN ('service.spoken',"
	"    'service.product', 'tls.version', 'tls.suite', 'tls.certificate', 'smb.dialect',"
	"    'ssh.version', 'login.cleartext', 'snmp.version'))"
	" WHERE address IN (SELECT address FROM temp.host WHERE heard = 1)"
	" GROUP BY address, port, transport;"
	"UPDATE temp.heard_service SET protocol = 'tls' WHERE tls = 1 AND protocol IS NULL";

/* A table, since checks ask by port as well as by address. */
static const char scanned_services[] =
	"CREATE TEMP TABLE service (address TEXT, port INTEGER, transport TEXT, state TEXT,"
	" reason TEXT, name TEXT, protocol TEXT, tls INTEGER, product TEXT, version TEXT,"
	" spoken TEXT, limited TEXT, source TEXT, run INTEGER,"
	" PRIMARY KEY (address, port, transport)) WITHOUT ROWID;"
	"INSERT INTO temp.service SELECT address, port, transport, state, reason, name, protocol,"
	" tls, product, version, spoken, limited, 'scan', scan FROM main.service WHERE scan = %lld"
	" ORDER BY address, port, transport;"
	"CREATE INDEX temp.service_port ON service (port, transport, state, protocol)";

static const char heard_services[] =
	"INSERT INTO temp.service SELECT address, port, transport, 'open', NULL, NULL, protocol, "
	"tls,"
	"  product, NULL, 'heard', NULL, 'listen', run FROM temp.heard_service WHERE true"
	" ON CONFLICT (address, port, transport) DO UPDATE SET state = 'open', source = 'listen',"
	"  run = excluded.run, protocol = coalesce(service.protocol, excluded.protocol),"
	"  tls = max(service.tls, excluded.tls), spoken = 'heard'"
	"  WHERE service.state <> 'open';"
	"UPDATE temp.host SET open = n.count FROM (SELECT address, count(*) AS count"
	"  FROM temp.service WHERE state = 'open' GROUP BY address) AS n"
	" WHERE n.address = host.address AND heard = 1";

/* Our own words for what decoders and nDPI call otherwise, where the catalogue has a list of them. */
static int name_protocols(struct judged *j)
{
	int64_t there = 0;
	int r = db_number(j->db,
			  "SELECT count(*) FROM sqlite_temp_master WHERE name ="
			  " 'data_application_words'",
			  0, &there);

	if (r < 0 || there == 0)
		return r;
	return db_exec(j->db,
		       "UPDATE temp.heard_service SET protocol = w.protocol FROM"
		       " temp.data_application_words AS w WHERE w.word = heard_service.protocol");
}

int heard_join(struct judged *j)
{
	int64_t paths = 0, hosts = 0;
	int r = db_exec(j->db, make_heard);

	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.heard_asset", 0, &hosts);
	if (r >= 0 && hosts > 0)
		r = db_exec(j->db, join_hosts);
	if (r >= 0)
		r = db_number(j->db, "SELECT count(*) FROM temp.path", 0, &paths);
	if (r >= 0 && paths > 0)
		r = db_exec(j->db, join_tested);
	if (r >= 0)
		r = db_exec(j->db, make_services);
	if (r >= 0 && hosts > 0)
		r = name_protocols(j);
	j->heard = hosts > 0;
	if (r >= 0)
		r = db_execf(j->db, scanned_services, (long long)j->primary);
	if (r >= 0 && j->heard)
		r = db_exec(j->db, heard_services);
	return r;
}
