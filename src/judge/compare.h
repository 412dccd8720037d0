/* SPDX-License-Identifier: Apache-2.0 */
/* Two judged runs side by side: of one store, or of two stores of one site. */
#ifndef TENKEN_JUDGE_COMPARE_H
#define TENKEN_JUDGE_COMPARE_H

#include "store/db.h"

/*
 * After judge_run() of the earlier run on `from`: keeps what comparing needs in TEMP tables before_*
 * of `to`, which may be the same database. Where it is another one, the earlier findings stand in
 * its view earlier_finding, so that judge_run() of the later run tells of them too whether they were
 * really looked at again. 0 or negative errno; compare_forget() is right in every case.
 */
int compare_take(struct db *from, struct db *to);

/*
 * After judge_run() of the later run: leaves these TEMP tables, beside before_run and after_run (id,
 * uuid, kind, site, vantage, started, finished, status, now).
 *
 * changed_finding(fingerprint, change, check_id, severity_before, severity, status_before, status,
 *   asset, address, port, transport, zone, vantage, detail, first_seen, last_seen, reason)
 *   change: 'new', 'reopened', 'fixed' (really looked at again), 'not-retested' (not there any more,
 *   and nobody looked: reason says why), 'waived', 'unwaived' (the waiver ended), 'severity'. status:
 *   open, waived, fixed, not-retested; severity_before and status_before are NULL where it is new.
 * changed_host(key, change ('came', 'went', 'moved'), looked, before, after, zone, services)
 *   one row per asset; before and after are JSON lists of its addresses. looked 0: the other run did
 *   not look there, so that nothing shows a change. services: JSON, [port, transport, protocol] of
 *   the run in which it was there.
 * changed_service(key, address, port, transport, change ('came', 'went', 'changed'), looked,
 *   protocol_before, protocol, product_before, product, version_before, version)
 *   of assets that both runs met.
 * changed_verdict(guideline, control, item, before, after, level, mandatory, position)
 */
int compare_make(struct db *db);

/* Drops what both made. */
void compare_forget(struct db *db);

#endif
