/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/machines.h"

#include "commands/assets.h"
#include "store/db.h"

/* Routers that stand in for each other share these cards: VRRP (RFC 5798, 7.3) and HSRP (RFC 2281, 5.4). */
#define OWN_CARD(mac) mac " NOT LIKE '00:00:5e:00:0%%' AND " mac " NOT LIKE '00:00:0c:07:ac:%%'"

/*
 * What tells one machine from another, by address. Strong are things that a machine has to itself unless it was
 * copied with them; names and certificates' keys are often the same on several. What more than eight addresses
 * have is no sign of one machine.
 */
static const char signs[] =
	"CREATE TEMP TABLE trait AS"
	" SELECT address, 'mac address' AS kind, mac AS value, 2 AS weight FROM main.host"
	"  WHERE scan = %lld AND mac IS NOT NULL AND " OWN_CARD(
		"mac") " UNION SELECT address, 'mac address', document->>'$.mac', 2 FROM "
		       "main.evidence"
		       "  WHERE scan = %lld AND probe = 'netbios-ns' AND json_valid(document)"
		       "  AND replace(replace(document->>'$.mac', '0', ''), ':', '') <> ''"
		       "  AND " OWN_CARD(
			       "document->>'$.mac'") " UNION SELECT address, 'serial number', "
						     "lower(vendor || ' ' || serial), 1 FROM "
						     "main.device"
						     "  WHERE scan = %lld AND vendor IS NOT NULL "
						     "AND length(serial) >= 4"
						     " UNION SELECT e.address, 'ssh host key', "
						     "k.value->>'$.sha256', 1"
						     "  FROM main.evidence e, "
						     "json_each(e.document, '$.hostkeys') k"
						     "  WHERE e.scan = %lld AND e.probe = 'ssh' "
						     "AND json_valid(e.document)"
						     "  AND k.value->>'$.sha256' IS NOT NULL"
						     " UNION SELECT address, 'smb server guid', "
						     "document->>'$.guid', 1 FROM main.evidence"
						     "  WHERE scan = %lld AND probe = 'smb' AND "
						     "json_valid(document)"
						     "  AND coalesce(document->>'$.samba', 0) = 0"
						     "  AND replace(replace(document->>'$.guid', "
						     "'0', ''), '-', '') <> ''"
						     " UNION SELECT address, 'snmp engine', "
						     "document->>'$.engine', 1 FROM main.evidence"
						     "  WHERE scan = %lld AND probe = 'snmp' AND "
						     "json_valid(document)"
						     "  AND document->>'$.engine' IS NOT NULL"
						     " UNION SELECT address, 'device uuid', "
						     "lower(document->>'$.uuid'), 1"
						     "  FROM main.evidence WHERE scan = %lld AND "
						     "probe = 'wsdiscovery'"
						     "  AND json_valid(document) AND "
						     "document->>'$.uuid' IS NOT NULL"
						     " UNION SELECT address, 'computer name',"
						     "  lower(coalesce(document->>'$.computer', "
						     "document->>'$.name')), 0 FROM main.evidence"
						     "  WHERE scan = %lld AND probe IN ('smb', "
						     "'rdp', 'netbios-ns', 'msrpc', 'cldap', "
						     "'llmnr')"
						     "  AND json_valid(document)"
						     "  AND coalesce(document->>'$.computer', "
						     "document->>'$.name', '') NOT IN ('', "
						     "'localhost')"
						     " UNION SELECT address, 'certificate key', "
						     "document->>'$.certificates[0].spki_sha256', 0"
						     "  FROM main.evidence WHERE scan = %lld AND "
						     "probe = 'tls' AND json_valid(document)"
						     "  AND "
						     "document->>'$.certificates[0].spki_sha256' "
						     "IS NOT NULL;"
						     /* A machine that lists its own addresses names others of this scan. */
						     "INSERT INTO temp.trait SELECT DISTINCT "
						     "h.address, 'address list', e.address, 1"
						     " FROM main.evidence e, json_each(e.document, "
						     "'$.addresses') a"
						     " JOIN main.host h ON h.scan = e.scan AND "
						     "(h.address = a.value OR h.address = "
						     "e.address)"
						     " WHERE e.scan = %lld AND e.probe = 'msrpc' "
						     "AND json_valid(e.document)"
						     "  AND EXISTS (SELECT 1 FROM "
						     "json_each(e.document, '$.addresses') o"
						     "   WHERE o.value = e.address);"
						     "DELETE FROM temp.trait WHERE (kind, value) "
						     "IN (SELECT kind, value FROM temp.trait"
						     "  GROUP BY 1, 2 HAVING count(*) > 8);"
						     "CREATE INDEX temp.trait_value ON trait "
						     "(kind, value);"
						     "CREATE INDEX temp.trait_of ON trait "
						     "(address, kind);";

/* Two addresses: the same card, or two kinds of signs of which one is strong; one strong sign alone is
 * probable, and so is everything where another strong sign of both differs: a router answers ARP for its
 * neighbours, machines on one host share its card. */
static const char pairs[] =
	"CREATE TEMP TABLE twin AS SELECT a.address AS a, b.address AS b,"
	" (max(a.weight) = 2 OR count(DISTINCT a.kind) >= 2) AND NOT EXISTS ("
	"  SELECT 1 FROM temp.trait x JOIN temp.trait y ON y.address = b.address AND y.kind = "
	"x.kind"
	"  WHERE x.address = a.address AND x.weight = 1 AND x.kind <> 'address list'"
	"  GROUP BY x.kind HAVING max(x.value = y.value) = 0) AS certain,"
	" json_group_array(DISTINCT a.kind) AS kinds FROM temp.trait a JOIN temp.trait b"
	" ON b.kind = a.kind AND b.value = a.value AND b.address <> a.address"
	" GROUP BY a.address, b.address HAVING max(a.weight) >= 1;"
	"CREATE INDEX temp.twin_a ON twin (a);";

/* Everybody who can be reached over such pairs is one machine, named by its first address. */
#define GROUPS(where)                                                                         \
	"INSERT OR IGNORE INTO main.machine (scan, address, machine, certain, signs)"         \
	" WITH RECURSIVE reach(a, b) AS (SELECT a, b FROM temp.twin" where                    \
	"  UNION SELECT r.a, t.b FROM reach r JOIN temp.twin t ON t.a = r.b" where ")"        \
	" SELECT %lld, r.a, min(min(r.b), r.a), %d,"                                          \
	"  (SELECT json_group_array(DISTINCT k.value) FROM temp.twin t, json_each(t.kinds) k" \
	"   WHERE t.a = r.a ORDER BY k.value) FROM reach r GROUP BY r.a;"

void machines(struct store *store, int64_t scan)
{
	struct db *db;
	long long s = (long long)scan;

	if (store_error(store) != STORE_OK || db_borrow(store_db(store), &db) != 0)
		return;
	/* A fault here is one of the store, which its own next write will tell. */
	if (db_execf(db, "DELETE FROM main.machine WHERE scan = %lld", s) == 0 &&
	    db_execf(db, signs, s, s, s, s, s, s, s, s, s, s) == 0 && db_exec(db, pairs) == 0 &&
	    db_execf(db, GROUPS(" WHERE certain = 1"), s, 1) == 0 &&
	    db_execf(db, GROUPS(""), s, 0) == 0)
		assets(db, scan);
	db_exec(db, "DROP TABLE IF EXISTS temp.trait; DROP TABLE IF EXISTS temp.twin");
	db_free(db);
}
