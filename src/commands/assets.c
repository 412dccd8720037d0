/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/assets.h"

/* What has findings by its address alone was known before assets were. */
static const char seeds[] =
	"INSERT OR IGNORE INTO main.asset_known SELECT DISTINCT %Q, asset, %lld FROM main.finding"
	" WHERE site = %Q AND asset = address;"
	"INSERT OR IGNORE INTO main.asset_sign SELECT DISTINCT %Q, 'address', address, asset"
	" FROM main.finding WHERE site = %Q AND asset = address";

/* A unit is what this scan holds for one machine: a group of addresses, or one. What two units show is no sign
 * of either. */
static const char units[] =
	"CREATE TEMP TABLE unit AS SELECT h.address AS address, coalesce(m.machine, h.address) AS "
	"unit"
	" FROM main.host h LEFT JOIN main.machine m"
	"  ON m.scan = h.scan AND m.address = h.address AND m.certain = 1"
	" WHERE h.scan = %lld AND h.state IN ('answering', 'all-ports', 'distress');"
	"CREATE INDEX temp.unit_address ON unit (address);"
	"CREATE TEMP TABLE mark AS SELECT DISTINCT u.unit AS unit, t.kind AS kind, t.value AS "
	"value,"
	"  t.weight AS weight FROM temp.trait t JOIN temp.unit u ON u.address = t.address"
	"  WHERE t.kind <> 'address list';"
	"DELETE FROM temp.mark WHERE (kind, value) IN"
	" (SELECT kind, value FROM temp.mark GROUP BY 1, 2 HAVING count(*) > 1);"
	"CREATE INDEX temp.mark_of ON mark (unit, kind);";

/* Both sides show something of this kind, and nothing the same. */
#define DIFFERS(which)                                               \
	"EXISTS (SELECT 1 FROM temp.mark x JOIN main.asset_sign y"   \
	"  ON y.site = %Q AND y.asset = c.asset AND y.kind = x.kind" \
	"  WHERE x.unit = c.unit AND " which                         \
	"  GROUP BY x.kind HAVING max(x.value = y.value) = 0)"
#define STRONG_DIFFERS DIFFERS("x.weight >= 1")
#define CARD_DIFFERS DIFFERS("x.weight = 2")

/*
 * Who may be whom. The same card is enough. Else two kinds of signs of which one is strong, the same address
 * being one, unless it is elsewhere and another strong sign differs (a copy). Else the same address, where the
 * cards do not differ: a renewed key makes no other machine.
 */
static const char claims[] =
	"CREATE TEMP TABLE claim AS SELECT unit, asset, weight, kinds, here,"
	" iif(weight = 2, 100, 0) + kinds * 2 + here AS score FROM ("
	" SELECT unit, asset, max(weight) AS weight, count(DISTINCT kind) AS kinds,"
	"  max(kind = 'address') AS here FROM ("
	"  SELECT m.unit, s.asset, m.kind, m.weight FROM temp.mark m JOIN main.asset_sign s"
	"   ON s.site = %Q AND s.kind = m.kind AND s.value = m.value"
	"  UNION ALL SELECT u.unit, s.asset, 'address', 0 FROM temp.unit u JOIN main.asset_sign s"
	"   ON s.site = %Q AND s.kind = 'address' AND s.value = u.address) GROUP BY 1, 2) c"
	" WHERE weight = 2"
	"  OR (weight = 1 AND kinds >= 2 AND (here OR NOT " STRONG_DIFFERS "))"
	"  OR (here AND NOT " CARD_DIFFERS ");"
	"CREATE INDEX temp.claim_unit ON claim (unit);"
	"CREATE INDEX temp.claim_asset ON claim (asset);"
	"CREATE TEMP TABLE claimed AS SELECT unit, asset FROM temp.claim;"
	"CREATE TEMP TABLE known (unit TEXT PRIMARY KEY, asset TEXT);"
	"CREATE INDEX temp.known_asset ON known (asset)";

/* One round: who is the best for each other. */
static const char choose[] =
	"INSERT INTO temp.known SELECT unit, asset FROM ("
	" SELECT unit, asset, row_number() OVER (PARTITION BY unit ORDER BY score DESC, asset) AS "
	"u,"
	"  row_number() OVER (PARTITION BY asset ORDER BY score DESC, unit) AS a"
	"  FROM temp.claim) WHERE u = 1 AND a = 1;"
	"DELETE FROM temp.claim WHERE unit IN (SELECT unit FROM temp.known)"
	" OR asset IN (SELECT asset FROM temp.known)";

/* Two units that an earlier scan saw as one asset: what showed it is missing this time. */
static const char join[] =
	"INSERT INTO temp.known SELECT c.unit, min(c.asset) FROM ("
	" SELECT u.unit AS unit, k.asset AS asset FROM temp.unit u"
	"  JOIN main.asset_sign s ON s.site = %Q AND s.kind = 'address' AND s.value = u.address"
	"  JOIN temp.known k ON k.asset = s.asset JOIN temp.unit v ON v.unit = k.unit"
	"  WHERE u.unit NOT IN (SELECT unit FROM temp.known) AND EXISTS ("
	"   SELECT 1 FROM main.asset_of x JOIN main.asset_of y"
	"    ON y.scan = x.scan AND y.asset = x.asset AND y.address = v.address"
	"    JOIN main.scan o ON o.id = x.scan AND o.site = %Q"
	"    WHERE x.asset = k.asset AND x.address = u.address)) c"
	" WHERE NOT " STRONG_DIFFERS " GROUP BY c.unit";

/*
 * Whoever is left was never met before. An address that was an asset of its own when it was met stays that, though
 * it is seen now whose machine it is: its findings have their names from it.
 */
static const char keep[] =
	"INSERT INTO temp.known SELECT u.unit, u.unit || iif(k.asset IS NULL, '',"
	"  (SELECT '#' || (2 + count(*)) FROM main.asset_known n"
	"   WHERE n.site = k.site AND n.asset GLOB k.asset || '#*'))"
	" FROM (SELECT DISTINCT unit FROM temp.unit) u"
	" LEFT JOIN main.asset_known k ON k.site = %Q AND k.asset = u.unit"
	" WHERE u.unit NOT IN (SELECT unit FROM temp.known);"
	"INSERT OR IGNORE INTO main.asset_known SELECT %Q, asset, %lld FROM temp.known;"
	"INSERT OR REPLACE INTO main.asset_sign SELECT %Q, m.kind, m.value, k.asset"
	" FROM temp.mark m JOIN temp.known k ON k.unit = m.unit;"
	"INSERT INTO main.asset_of SELECT %lld, u.address, coalesce((SELECT s.asset"
	"  FROM main.asset_sign s JOIN temp.claimed c ON c.unit = u.unit AND c.asset = s.asset"
	"  WHERE s.site = %Q AND s.kind = 'address' AND s.value = u.address"
	"   AND s.asset NOT IN (SELECT asset FROM temp.known)), k.asset)"
	" FROM temp.unit u JOIN temp.known k ON k.unit = u.unit;"
	"INSERT OR REPLACE INTO main.asset_sign SELECT %Q, 'address', address, asset"
	" FROM main.asset_of WHERE scan = %lld";

/*
 * The key of the findings. The operator's id of the ledger comes first: what was filed under it stays so. An id that
 * is new is another name of an asset that was known, unless the id that it had stands in the ledger still and is
 * somebody else's by now. One key is not that of two assets.
 */
static const char file_them[] =
	"CREATE TEMP TABLE filing AS SELECT k.asset AS asset, min(h.ledger_id) AS ledger,"
	"  coalesce('l' || min(h.ledger_id), 'a' || k.asset) AS unit"
	" FROM main.asset_of k JOIN main.host h ON h.scan = k.scan AND h.address = k.address"
	" WHERE k.scan = %lld GROUP BY k.asset;"
	"CREATE TEMP TABLE filed AS SELECT unit, max(ledger) AS ledger, min(asset) AS asset,"
	" coalesce((SELECT l.filed FROM main.filed_ledger l WHERE l.site = %Q AND l.ledger = "
	"f.ledger),"
	"  min((SELECT a.filed FROM main.filed_asset a WHERE a.site = %Q AND a.asset = f.asset"
	"   AND (a.ledger IS NULL OR a.ledger IS f.ledger OR NOT EXISTS (SELECT 1 FROM main.ledger "
	"g"
	"    WHERE g.scan = %lld AND g.id = a.ledger)))),"
	"  max(ledger), min(asset)) AS filed FROM temp.filing f GROUP BY unit;"
	"UPDATE temp.filed SET filed = coalesce(ledger, asset) WHERE unit IN (SELECT unit FROM ("
	" SELECT unit, row_number() OVER (PARTITION BY filed ORDER BY ledger IS NULL, unit) AS turn"
	"  FROM temp.filed) WHERE turn > 1);"
	"INSERT INTO main.asset_filed SELECT k.scan, k.address, t.filed FROM main.asset_of k"
	" JOIN temp.filing f ON f.asset = k.asset JOIN temp.filed t ON t.unit = f.unit"
	" WHERE k.scan = %lld;"
	"INSERT OR REPLACE INTO main.filed_ledger SELECT %Q, ledger, filed FROM temp.filed"
	" WHERE ledger IS NOT NULL;"
	"INSERT OR REPLACE INTO main.filed_asset SELECT %Q, f.asset, t.filed, f.ledger"
	" FROM temp.filing f JOIN temp.filed t ON t.unit = f.unit";

static int match(struct db *db, const char *site, int64_t scan)
{
	long long s = (long long)scan;
	int64_t claims_left = 1;
	int r = db_execf(db, "DELETE FROM main.asset_of WHERE scan = %lld", s);

	if (r == 0)
		r = db_execf(db, seeds, site, s, site, site, site);
	if (r == 0)
		r = db_execf(db, units, s);
	if (r == 0)
		r = db_execf(db, claims, site, site, site, site);
	/* Each round settles the best claim that is left, at least. */
	while (r == 0 && claims_left > 0) {
		r = db_exec(db, choose);
		if (r == 0)
			r = db_number(db, "SELECT count(*) FROM temp.claim", 0, &claims_left);
	}
	if (r == 0)
		r = db_execf(db, join, site, site, site);
	if (r == 0)
		r = db_execf(db, keep, site, site, s, site, s, site, site, s);
	if (r == 0)
		r = db_execf(db, "DELETE FROM main.asset_filed WHERE scan = %lld", s);
	return r != 0 ? r : db_execf(db, file_them, s, site, site, s, s, site, site);
}

int assets(struct db *db, int64_t scan)
{
	struct query *q = NULL;
	int r = query_new(db, "SELECT site FROM main.scan WHERE id = ?", &q);

	if (r == 0)
		r = query_bind_int(q, 1, scan);
	if (r == 0)
		r = query_step(q);
	if (r == 1)
		r = match(db, query_text(q, 0), scan);
	query_free(q);
	db_exec(db, "DROP TABLE IF EXISTS temp.unit; DROP TABLE IF EXISTS temp.mark;"
		    "DROP TABLE IF EXISTS temp.claim; DROP TABLE IF EXISTS temp.claimed;"
		    "DROP TABLE IF EXISTS temp.known; DROP TABLE IF EXISTS temp.filing;"
		    "DROP TABLE IF EXISTS temp.filed");
	return r;
}
