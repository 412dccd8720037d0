/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the closed network closed? For each zone that must be: refuted, by which findings; or not refuted,
 * for how many of the paths that were to be tested. That it is closed is never said: silence shows
 * nothing beyond the path, the time and the place of the test.
 */
#include "judge/judged.h"

#include <errno.h>

/* What refutes it by itself: something came through, or a device stands where there should be no way. */
#define REFUTES                                                                                   \
	"('network.ot-internet-egress', 'network.ot-internet-ingress', 'network.ot-public-flow'," \
	" 'exposure.ot-protocol-public', 'network.internet-path-filtered',"                       \
	" 'network.transitive-internet-exposure')"

/* The tests of a relay's own work and of neighbours that may lead anywhere say nothing of this. */
#define PATHS                                                                             \
	"SELECT * FROM temp.path WHERE method NOT IN ('zone-tcp', 'hops', 'ntp', 'smtp')" \
	" AND run NOT IN (SELECT id FROM temp.judged_run WHERE kind = 'outside')"

static const char make[] =
	"CREATE TEMP TABLE closed_network (zone TEXT PRIMARY KEY, kind TEXT NOT NULL,"
	" declared INTEGER NOT NULL, verdict TEXT NOT NULL, paths INTEGER NOT NULL,"
	" held INTEGER NOT NULL, findings INTEGER NOT NULL, first_ms INTEGER, last_ms INTEGER,"
	" heard_ms INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TEMP TABLE closed_refuted (zone TEXT NOT NULL, fingerprint TEXT NOT NULL,"
	" PRIMARY KEY (zone, fingerprint)) WITHOUT ROWID;"
	"INSERT INTO temp.closed_network SELECT z.name, z.kind, 'closed' IN (SELECT d.word"
	"  FROM temp.zone_declared d WHERE d.zone = z.name), 'not-tested', 0, 0, 0, NULL, NULL, 0"
	" FROM temp.zone z WHERE z.kind = 'ot' OR 'closed' IN (SELECT d.word"
	"  FROM temp.zone_declared d WHERE d.zone = z.name) GROUP BY z.name;"
	"INSERT OR IGNORE INTO temp.closed_refuted SELECT p.zone, n.fingerprint"
	" FROM temp.finding_place p JOIN temp.finding_now n USING (number)"
	" WHERE n.check_id IN " REFUTES " AND p.zone IN (SELECT zone FROM temp.closed_network);"
	/* A path holds where it was tested and nobody let it through, nor refused it on the way. */
	"UPDATE temp.closed_network SET paths = p.paths, held = p.held, first_ms = p.first_ms,"
	"  last_ms = p.last_ms FROM (SELECT from_zone, count(*) AS paths,"
	"   sum(refutes = 0 AND outcome NOT IN ('not-tested', 'not-fully-tested', 'prohibited',"
	"    'refused', 'reset-on-way', 'answered-by-other', 'name-refused')"
	"    OR (method = 'gateway' AND outcome <> 'not-fully-tested'"
	"     AND outcome <> 'not-tested' AND outcome <> 'forwarded')) AS held,"
	"   min(at_ms) AS first_ms, max(at_ms) AS last_ms FROM (" PATHS ") GROUP BY from_zone) AS p"
	" WHERE p.from_zone = closed_network.zone;"
	"UPDATE temp.closed_network SET heard_ms = w.ms FROM (SELECT h.zone, max(w.ms) AS ms"
	"  FROM temp.watch_span AS w JOIN (SELECT DISTINCT run, zone"
	"   FROM temp.heard_host WHERE sent > 0) AS h ON h.run = w.run GROUP BY h.zone) AS w"
	" WHERE w.zone = closed_network.zone;"
	"UPDATE temp.closed_network SET findings = (SELECT count(*) FROM temp.closed_refuted r"
	"  WHERE r.zone = closed_network.zone);"
	"UPDATE temp.closed_network SET verdict = CASE WHEN findings > 0 THEN 'refuted'"
	"  WHEN paths > 0 OR heard_ms > 0 THEN 'not-refuted' ELSE 'not-tested' END";

int closed_make(struct judged *j)
{
	return db_exec(j->db, make);
}
