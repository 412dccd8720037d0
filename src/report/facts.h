/* SPDX-License-Identifier: Apache-2.0 */
/* What every report is made from: the judged scan, and questions to the store. */
#ifndef TENKEN_REPORT_FACTS_H
#define TENKEN_REPORT_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "codec/i18n.h"
#include "judge/catalogue.h"
#include "store/db.h"

struct facts {
	struct db *db;
	const struct catalogue *catalogue; /* NULL where no words are needed */
	/* Sticky: the first failure; afterwards every question has no rows. */
	int error;

	int64_t id, started, finished; /* finished 0: it never was */
	char *kind;                    /* of the judged run: scan, listen, reach, outside */
	char *uuid, *site, *vantage, *vantage_zone, *profile, *version, *reason;
	/* "done" or "incomplete"; a scan that a killed process left as running is incomplete. */
	const char *status;
	json_t *plan;            /* an object, empty where the store has none that can be read */
	struct members *members; /* members.h; NULL until they are asked for */
};

/* The scan of the view judged. 0, -ENOENT, -ENOMEM or -EIO; facts_done() is right in every case. */
int facts_load(struct db *db, const struct catalogue *c, struct facts *ret);
void facts_done(struct facts *f);
/* A text of the plan by its path ("authorisation.by"); NULL: none. */
const char *plan_text(const struct facts *f, const char *path);

/* while (facts_next(f, q)) ... ; query_free(q). A question that fails is NULL, which both accept. */
struct query *facts_ask(struct facts *f, const char *sql);
bool facts_next(struct facts *f, struct query *q);
/* The first column of the only row; 0 where there is none. */
int64_t facts_count(struct facts *f, const char *sql);
/* In the order of the catalogue, the site's own first: how many items of its i-th guideline have a verdict,
 * and whether one of them is mandatory. False past the last. */
struct facts_guideline {
	const struct guideline *guideline;
	int64_t items;
	bool mandatory;
};
bool facts_guideline(struct facts *f, size_t i, struct facts_guideline *ret);
/* Hosts that answered a scan, addresses that it tried, and hosts known by their traffic alone. */
struct facts_hosts {
	int64_t answering, tried, heard;
};
struct facts_hosts facts_hosts(struct facts *f);
/* Rows that belong to hosts, asked once for all of them: the first column is report_place's position, and
 * its order the first one. Hosts are gone through in that order. */
struct host_rows {
	struct query *q; /* query_free() */
	bool there, taken;
};
struct host_rows facts_ask_by_host(struct facts *f, const char *sql);
/* Is there one more row of this host? If so it is the query's. */
bool facts_next_of_host(struct facts *f, struct host_rows *rows, int64_t position);
/* Columns of the row by name. NULL (0) for SQL's NULL. */
const char *cell(struct query *q, const char *column);
int64_t cell_int(struct query *q, const char *column);

/* In this language; the other one's where it is empty. */
const char *bilingual_text(const struct bilingual *b, enum language l);
/* NULL where the catalogue has none (a check of the user's that is gone), and for NULL. */
const struct check *facts_check(const struct facts *f, const char *id);

/* The tables of the judged scan by their columns, beside those of judge_run(). */
#define JUDGED_SCAN "scan = (SELECT id FROM judged)"
/* Severities and verdicts from the worst: an expression over the column. */
#define BY_SEVERITY                                                                    \
	"CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2" \
	" WHEN 'low' THEN 3 ELSE 4 END"
#define BY_VERDICT                                                                          \
	"CASE verdict WHEN 'contradicted' THEN 0 WHEN 'violated' THEN 1 WHEN 'hint' THEN 2" \
	" WHEN 'waived' THEN 3 WHEN 'not-run' THEN 4 WHEN 'no-violation-observed' THEN 5"   \
	" WHEN 'attested' THEN 6 WHEN 'declined' THEN 8 ELSE 7 END"
/* How a verdict is counted: what the operator says is not met apart from other answers, what differs from a recommendation or example apart from what is
 * mandatory or required. An expression over verdict's columns, and its order from the worst. */
#define VERDICT_TOTAL                                                                 \
	"CASE WHEN verdict = 'attested' AND answer = 'not-met' THEN 'admitted'"       \
	" WHEN mandatory = 1 THEN verdict"                                            \
	" WHEN level = 'required' THEN iif(verdict = 'violated', 'lacking', verdict)" \
	" WHEN verdict = 'violated' THEN 'differs'"                                   \
	" WHEN verdict = 'no-violation-observed' THEN 'no-difference-observed'"       \
	" ELSE verdict END"
#define BY_TOTAL                                                                                   \
	"CASE total WHEN 'contradicted' THEN 0 WHEN 'violated' THEN 1 WHEN 'lacking' THEN 2 WHEN " \
	"'differs' THEN 3 WHEN 'hint' THEN 4 WHEN 'admitted' THEN 5 WHEN 'waived' THEN 6"          \
	" WHEN 'not-run' THEN 7 WHEN 'no-violation-observed' THEN 8"                               \
	" WHEN 'no-difference-observed' THEN 9 WHEN 'attested' THEN 10 WHEN 'declined' THEN 12"    \
	" ELSE 11 END"
/* Addresses in their own order rather than that of their texts: a TEMP table (address, position) of
 * every address of the scan and its findings. */
#define JOIN_PLACE(table) " LEFT JOIN report_place place ON place.address = " table ".address"

/* The services of all hosts, to be asked by host: the service's columns are s's, and a join may follow
 * before the order. */
#define SERVICES_BY_HOST(columns, join)                                         \
	"SELECT place.position, " columns " FROM report_place place CROSS JOIN" \
	" service s ON s.address = place.address" join " ORDER BY place.position"

/* Hosts where something answered, in the order of addresses; host's columns are h's, and those of what
 * the machine is (NULL: nothing is known) are d's, of its other addresses m's. */
#define HOSTS_IN_ORDER                                                            \
	" FROM report_place place CROSS JOIN host h ON h.address = place.address" \
	" LEFT JOIN device d ON d.address = h.address"                            \
	" LEFT JOIN machine m ON m.address = h.address"                           \
	" WHERE h.state NOT IN ('silent', 'absent', 'skipped') ORDER BY place.position"

/* What was looked up in imported advisories and cannot be decided, one row per thing and reason:
 * advisories and cves are JSON lists. */
#define UNDECIDED_IN_ORDER                                                                    \
	"SELECT t.address, t.port, t.transport, t.vendor, t.product, t.version,"              \
	" o.feed AS kind, o.reason, o.advisories, o.cves FROM thing t JOIN advice_open o"     \
	" ON o.kind = t.kind AND o.packaged = t.packaged" JOIN_PLACE(                         \
		"t") " ORDER BY place.position IS NULL, place.position, t.port, t.transport," \
		     " t.product, t.vendor, t.version, o.feed, o.reason"

/* The guideline's classes of components (mlit-water 5.1.1.1-1) of the view asset's row a: terminal, server,
 * network-device, special or unknown. The ledger's word decides (profiles/data/class-words.csv), else what the
 * machine is by its answers. An expression, and its order over a column class4. */
#define ASSET_CLASS                                                                           \
	"coalesce((SELECT CASE w.class WHEN 'mobile' THEN 'terminal' WHEN 'printer' THEN "    \
	"'special'"                                                                           \
	"  WHEN 'iot' THEN 'special' ELSE w.class END FROM data_class_words w"                \
	"  WHERE w.word = lower(a.class)),"                                                   \
	" CASE WHEN a.class IN ('workstation') THEN 'terminal'"                               \
	"  WHEN a.class IN ('bmc') THEN 'server'"                                             \
	"  WHEN a.class IN ('router', 'switch', 'firewall', 'access-point', 'gateway') THEN " \
	"'network-device'"                                                                    \
	"  WHEN a.class IN ('recorder', 'pdu', 'kvm', 'converter', 'scanner', 'projector',"   \
	"   'building-controller') THEN 'special' ELSE 'unknown' END)"
#define BY_ASSET_CLASS                                                                         \
	"CASE class4 WHEN 'terminal' THEN 0 WHEN 'server' THEN 1 WHEN 'network-device' THEN 2" \
	" WHEN 'special' THEN 3 ELSE 4 END"

/* The other addresses of the asset where a finding (f) stands too: a JSON list. */
#define ALSO_AT                                                                          \
	"iif(EXISTS (SELECT 1 FROM finding_place o WHERE o.number = f.number"            \
	"  AND o.address <> f.address),"                                                 \
	" (SELECT json_group_array(address) FROM (SELECT o.address FROM finding_place o" \
	"  WHERE o.number = f.number AND o.address <> f.address"                         \
	"  ORDER BY address_key(o.address))), '[]') AS also"

/* What people declared, with how it stands on the day that is judged (stands: valid, future, expired, incomplete,
 * contradicted), as judge/standing.c says; a treatment with whether it is late, or is said to be done and was
 * found again (wrong). */
#define STANDS_OF(kind_)                                                               \
	"iif(x.state = 'valid' AND EXISTS (SELECT 1 FROM finding_about a WHERE a.kind" \
	" = '" kind_ "' AND a.number = x.number AND a.against IS NOT NULL),"           \
	" 'contradicted', x.state) AS stands"
#define WAIVERS_AS_THEY_STAND "(SELECT x.*, " STANDS_OF("waiver") " FROM waiver_state x)"
#define MEASURES_AS_THEY_STAND "(SELECT x.*, " STANDS_OF("measure") " FROM measure_state x)"
#define ANSWERS_AS_THEY_STAND                                                                      \
	"(SELECT x.*, CASE WHEN given_at > j.asof THEN 'future' WHEN"                              \
	" coalesce(until, 0) <> 0 AND until < j.asof THEN 'expired'"                               \
	" WHEN EXISTS (SELECT 1 FROM verdict v WHERE v.guideline = x.guideline AND"                \
	" v.verdict = 'contradicted' AND v.answer_at = x.given_at AND iif(coalesce(x.whole, 0) = " \
	"1,"                                                                                       \
	" v.control = x.item AND v.answer_of_control = 1, v.item = x.item)) THEN 'contradicted'"   \
	" ELSE 'valid' END AS stands FROM attestation x, judged j)"
#define TREATMENTS_AS_THEY_STAND                                                                   \
	"(SELECT x.*, coalesce(due, 0) <> 0 AND due < j.asof AND state IN"                         \
	" ('planned', 'in-progress') AS late, EXISTS (SELECT 1 FROM finding_treated f"             \
	" JOIN treatment_state d USING (number) WHERE f.best = 1 AND f.contradicted AND"           \
	" d.line = x.line AND d.check_id = x.check_id AND d.asset IS x.asset AND d.port IS x.port" \
	" AND d.state_at IS x.state_at) AS wrong FROM treatment x, judged j)"

/* What is planned about a finding that is not there now, or was not looked at again (?1 check, ?2 asset, ?3 address,
 * ?4 port), chosen as judge/standing.c does for the others, of which finding_now says it. */
#define TREATMENT_OF_GONE                                                             \
	"SELECT action, owner, due, note FROM treatment_state WHERE check_id = ?1"    \
	" AND (asset IS NULL OR asset IN (?2, ?3)) AND (port IS NULL OR port = ?4)"   \
	" ORDER BY (asset IS NULL) * 2 + (port IS NULL), coalesce(state_at, 0) DESC," \
	"  number DESC LIMIT 1"

/* Findings from the worst. */
#define FINDINGS_IN_ORDER                                                            \
	"SELECT f.*, f.carried = 1 OR f.vantage <> (SELECT vantage FROM judged) AS " \
	"elsewhere, " ALSO_AT FROM_FINDINGS_IN_ORDER
#define FROM_FINDINGS_IN_ORDER                                                                     \
	" FROM finding_now f" JOIN_PLACE("f") " ORDER BY " BY_SEVERITY                             \
					      ", check_id, place.position IS NULL, place.position" \
					      ", asset, port, transport, detail, fingerprint"

#endif
