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
 * Names of one house do not speak against each other: what HP made before 2015 is called HP, HPE or Aruba by turns, in
 * its own texts and in the registry of network cards. HP's printers are another company's than HPE's machines, so
 * that those two at one address stay two makers.
 */
#define HOUSE "('HP', 'HP and HPE'), ('HPE', 'HP and HPE'), ('Aruba', 'HP and HPE')"
#define CARD                                                     \
	"('HP', 'hewlett packard'), ('HPE', 'hewlett packard')," \
	" ('HPE', 'aruba'), ('Aruba', 'hewlett packard enterprise')"

/*
 * The maker with the surest signs, then the most. A sign is a probe's (several texts of one document are
 * one), and the maker of the network card. Sure: a certain sign or two of different kinds, and no certain
 * one of somebody else. Model, firmware and serial come from the maker's own signs.
 */
static const char devices[] =
	"DELETE FROM main.device WHERE scan = %lld;"
	"WITH house (vendor, house) AS (VALUES " HOUSE "), card (vendor, starts) AS (VALUES " CARD
	"),"
	" sign AS (SELECT p.address, p.vendor, p.probe, p.product, p.certain,"
	"   CASE WHEN max(p.role = 'printer') OVER (PARTITION BY p.address, p.vendor) = 1"
	"    THEN p.vendor ELSE coalesce(h.house, p.vendor) END AS house"
	"  FROM temp.piece AS p LEFT JOIN house AS h ON h.vendor = p.vendor"
	"  WHERE p.part = 'device' AND p.vendor IS NOT NULL),"
	" maker AS ("
	"  SELECT s.address, s.vendor, s.house, max(s.certain) AS certain,"
	"   count(DISTINCT s.probe) AS own, max(s.product IS NOT NULL) AS named,"
	"   max(h.vendor IS NOT NULL AND (instr(lower(h.vendor), lower(s.vendor)) = 1"
	"    OR EXISTS (SELECT 1 FROM card AS k WHERE k.vendor = s.vendor"
	"     AND instr(lower(h.vendor), k.starts) = 1))) AS card"
	"  FROM sign AS s LEFT JOIN main.host AS h ON h.scan = %lld AND h.address = s.address"
	"  GROUP BY s.address, s.vendor),"
	" heard AS (SELECT address, house, count(DISTINCT probe) AS probes,"
	"   sum(max(certain)) OVER (PARTITION BY address) AS certain_makers"
	"  FROM sign GROUP BY address, house),"
	" ranked AS (SELECT m.*, h.certain_makers,"
	"   h.probes + max(m.card) OVER (PARTITION BY m.address, m.house) AS signs"
	"  FROM maker AS m JOIN heard AS h USING (address, house)),"
	" placed AS (SELECT *, row_number() OVER (PARTITION BY address"
	"   ORDER BY certain DESC, signs DESC, own DESC, named DESC, vendor) AS place FROM ranked),"
	" best AS (SELECT address, vendor, certain, signs, certain_makers FROM placed WHERE place "
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
