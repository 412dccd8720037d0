/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/recognise.h"

#include "store/db.h"

/* Every part of every document's identity, and the services that are plain without one. */
static const char pieces[] =
	"CREATE TEMP TABLE piece AS SELECT e.address, e.port, e.probe,"
	" i.value->>'part' AS part, i.value->>'origin' AS origin, i.value->>'vendor' AS vendor,"
	" i.value->>'product' AS product, i.value->>'version' AS version,"
	" i.value->>'serial' AS serial, i.value->>'role' AS role,"
	" coalesce(i.value->>'certain', 0) AS certain"
	" FROM main.evidence AS e, json_each(e.document, '$.identity') AS i"
	" WHERE e.scan = %lld AND instr(e.document, '\"identity\":') > 0"
	"  AND json_valid(e.document);"
	"CREATE INDEX temp.piece_address ON piece (address);"
	/* Two of the printers' ports belong to nothing else. */
	"INSERT INTO temp.piece (address, port, probe, part, origin, role, certain)"
	" SELECT address, min(port), 'sweep', 'device', 'ports', 'printer', 0 FROM main.service"
	" WHERE scan = %lld AND state = 'open' AND transport = 'tcp' AND port IN (515, 631, 9100)"
	" GROUP BY address HAVING count(*) >= 2;";

/*
 * The maker with the surest signs, then the most. A sign is a probe's (several texts of one document are
 * one), and the maker of the network card. Sure: a certain sign or two of different kinds, and no certain
 * one of somebody else. Model, firmware and serial come from the maker's own signs.
 */
static const char devices[] =
	"DELETE FROM main.device WHERE scan = %lld;"
	"WITH maker AS ("
	"  SELECT p.address, p.vendor, max(p.certain) AS certain,"
	"   count(DISTINCT p.probe) + max(h.vendor IS NOT NULL AND instr(lower(h.vendor),"
	"    lower(p.vendor)) = 1) AS signs"
	"  FROM temp.piece AS p LEFT JOIN main.host AS h ON h.scan = %lld AND h.address = p.address"
	"  WHERE p.part = 'device' AND p.vendor IS NOT NULL GROUP BY p.address, p.vendor),"
	" ranked AS (SELECT *, row_number() OVER (PARTITION BY address"
	"   ORDER BY certain DESC, signs DESC, vendor) AS place,"
	"   sum(certain) OVER (PARTITION BY address) AS certain_makers FROM maker),"
	" best AS (SELECT address, vendor, certain, signs, certain_makers FROM ranked WHERE place "
	"= 1"
	"  UNION ALL SELECT address, NULL, 0, 0, 0 FROM temp.piece WHERE part = 'device'"
	"   AND (role IS NOT NULL OR product IS NOT NULL) AND address NOT IN (SELECT address FROM "
	"maker)"
	"  GROUP BY address)"
	"INSERT INTO main.device (scan, address, vendor, model, firmware, serial, role, certain,"
	"  signs)"
	" SELECT %lld, b.address, b.vendor,"
	"  (SELECT p.product FROM temp.piece AS p WHERE p.address = b.address AND p.part = 'device'"
	"   AND p.vendor IS b.vendor AND p.product IS NOT NULL"
	"   ORDER BY p.certain DESC, length(p.product) DESC, p.product LIMIT 1),"
	"  (SELECT p.version FROM temp.piece AS p WHERE p.address = b.address AND p.part = 'device'"
	"   AND p.vendor IS b.vendor AND p.version IS NOT NULL"
	"   ORDER BY p.certain DESC, length(p.version) DESC, p.version LIMIT 1),"
	"  (SELECT p.serial FROM temp.piece AS p WHERE p.address = b.address AND p.part = 'device'"
	"   AND p.vendor IS b.vendor AND p.serial IS NOT NULL"
	"   ORDER BY p.certain DESC, p.serial LIMIT 1),"
	"  (SELECT p.role FROM temp.piece AS p WHERE p.address = b.address AND p.role IS NOT NULL"
	"   AND (p.vendor IS NULL OR p.vendor IS b.vendor)"
	"   ORDER BY p.certain DESC, p.port, p.role LIMIT 1),"
	"  (b.certain = 1 OR b.signs >= 2) AND b.certain_makers <= 1,"
	"  (SELECT json_group_array(DISTINCT origin) FROM (SELECT origin FROM temp.piece AS p"
	"   WHERE p.address = b.address AND p.part = 'device' ORDER BY origin))"
	" FROM best AS b;"
	"UPDATE main.host SET role = d.role FROM main.device AS d"
	" WHERE main.host.scan = %lld AND d.scan = %lld AND d.address = main.host.address"
	"  AND d.role IS NOT NULL;";

/* Windows tells its build itself; others are told by banners, of which only certain ones count. */
static const char systems[] =
	"UPDATE main.host SET os = told.os FROM (SELECT address, min(port),"
	"  document->>'$.os_version' AS os FROM main.evidence WHERE scan = %lld"
	"  AND probe IN ('smb', 'rdp', 'winrm') AND document->>'$.os_version' IS NOT NULL"
	"  AND document->>'$.samba' IS NOT 1 GROUP BY address) AS told"
	" WHERE main.host.scan = %lld AND main.host.address = told.address;"
	"UPDATE main.host SET os = told.os FROM (SELECT address,"
	"  max(product || coalesce(' ' || version, '')) AS os FROM temp.piece WHERE part = 'os'"
	"  AND certain = 1 AND product IS NOT NULL AND probe NOT IN ('smb', 'rdp', 'winrm')"
	"  GROUP BY address) AS told"
	" WHERE main.host.scan = %lld AND main.host.os IS NULL"
	"  AND main.host.address = told.address;"
	"DROP TABLE temp.piece;";

void recognise(struct store *store, int64_t scan)
{
	struct db *db;
	long long s = (long long)scan;

	if (store_error(store) != STORE_OK || db_borrow(store_db(store), &db) != 0)
		return;
	/* A fault here is one of the store, which its own next write will tell. */
	if (db_execf(db, pieces, s, s) == 0 && db_execf(db, devices, s, s, s, s, s) == 0)
		db_execf(db, systems, s, s, s);
	db_free(db);
}
