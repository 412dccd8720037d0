/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging one scan of a store: which checks ran where, what they found, what became of earlier
 * findings, and the verdict of every item of the guidelines. It writes TEMP tables only, so it works
 * on a store that cannot be written, and gives the same answer whenever it is repeated.
 */
#ifndef TENKEN_JUDGE_JUDGE_H
#define TENKEN_JUDGE_JUDGE_H

#include "judge/catalogue.h"
#include "site/plan.h"
#include "store/db.h"

/* A probe, as judging sees it. A list ends with a NULL name. */
struct judge_probe {
	const char *name;
	const char *ports;     /* where it is expected, nmap syntax; NULL: nowhere */
	bool udp;              /* its ports are those of UDP */
	bool over_tls;         /* may also be spoken inside TLS */
	const char *tls_ports; /* where it is expected inside TLS; NULL: nowhere */
	const char *within;    /* the protocol that carries it; NULL: it speaks for itself */
	const char *view;      /* its views over document (probes/probe.h); NULL: none */
};

/* Zero: the defaults. */
struct judge_options {
	struct complaints *complaints; /* takes what is wrong with a check's SQL; may be NULL */
	unsigned time_limit_ms;        /* of one check or scope word; default 20 s */
	size_t memory_limit;           /* of SQLite beside what it holds already; default 256 MiB */
	/* A store that holds what people answer and decide by now (the tables of store/answers.h, all
	 * rows); NULL: what was declared with the run. It is read while judging only. */
	struct db *answers;
	/* The moment by which answers, waivers, measures, treatments and decisions are judged; 0: the
	 * run's end. What is given later than that does not count. */
	int64_t asof;
	/* Whether a second process asks checks, on a connection of its own. What comes of it is the same. By
	 * default where that pays: a large store that is only read, and more than one processor. */
	enum { JUDGE_HELPER_DEFAULT, JUDGE_HELPER_NEVER, JUDGE_HELPER_ALWAYS } helper;
};

/*
 * Leaves these TEMP tables, beside the views of doc/architecture.md, "Store":
 *
 * judged(id, site, vantage, vantage_zone, vantage_kind, started, now, kind, scan, asof, answers)
 *   the judged run. scan: the one whose sweep and probes count, NULL: none; vantage... and started
 *   are that one's. asof: by when what people declared is judged; answers: whose it is, 'run' or
 *   'site' (a later site file).
 * attestation, waiver, measure, treatment, decision, goal, tier: what people declared, as the tables
 *   of the store without scan. threshold(name, value, unit, source): source 'site' or 'default'.
 * judged_run(id, kind, vantage, vantage_zone, vantage_kind, started, finished, status, used)
 *   the runs that are judged together; used 1: its evidence counts.
 * finding_now(fingerprint, check_id, severity, status ('open', 'waived'), asset, address, port,
 *   transport, zone, kind, vantage, detail, evidence, waiver, first_seen, last_seen, reopened,
 *   inferred, run, carried, measures, treatment, number)
 *   what they found. waiver: JSON with "state", reason, compensating, approved_by, approved_at,
 *   until, applicant, clause, from, impact, closing, relies_on (list), against (fingerprint) and
 *   against_check; NULL: none. state is 'valid', or one that leaves the finding open: 'expired',
 *   'future', 'incomplete' (it lacks fields of the request for an exception), 'contradicted' (a
 *   check that it relies on found something on the asset: against). run: whose evidence it is.
 *   carried 1: seen earlier from a vantage that did not look again. measures: JSON list of
 *   compensating measures, each measure, by, at, until, evidence, state (as of waivers), against,
 *   against_check; NULL: none. treatment: JSON with state ('planned', 'in-progress', 'done',
 *   'accepted'), owner, due, action, at, note, overdue, contradicted (it is said to be done, and was
 *   found after that day); NULL: none. Neither hides a finding.
 * finding_place(number, address, zone, kind): where each finding of that number was found, one row at least;
 *   several where one asset has it at several of its addresses (finding_now then names the first).
 * finding_gone(the same columns as the table finding, status 'fixed' or 'not-retested', reason)
 *   what was open before and was not found this time.
 * gone_unwaived(fingerprint): of those that were not looked at again, the ones whose waiver is over.
 * declared_check(check_id, reason): the checks of what people declared; reason: why it did not run, else NULL.
 * check_run(check_id, severity, ran, partial, reason, hosts, hosts_answering, ports_planned,
 *   services, checked, findings)
 * verdict(guideline, control, item, verdict, assess, level, mandatory, note_en, note_ja, answer,
 *   answer_by, answer_at, answer_until, hosts, hosts_answering, ports_planned, services, checked,
 *   position, answer_evidence, decision, decision_reason, measures, answer_of_control, decision_by,
 *   decision_at, decision_level)
 *   position counts from 1 within the guideline. answer...: the operator's answer, whether or not
 *   it decides; an expired one too. answer_of_control 1: it was given for the whole control.
 *   decision: 'adopt', 'decline', 'tighten' or NULL. measures: as in finding_now, those that were
 *   declared for the item or its control, each also with asset.
 * declared_state(kind, subject, asset, port, state, until, given_by, text, against, against_check,
 *   key, address, detail, day)
 *   how each declaration stands, and where it is contradicted (one row for each asset). kind:
 *   attestation, waiver, measure, treatment; subject: a check, or GUIDELINE:ITEM; key, address and
 *   detail: of a finding about it; day: that of until, in the calendar of the site.
 * verdict_finding(guideline, item, fingerprint): the findings in the item's scope; a view.
 * verdict_check(guideline, item, check_id, ran, reason): ran is 1 only where it ran everywhere.
 * closed_network(zone, kind, declared, verdict ('refuted', 'not-refuted', 'not-tested'), paths, held,
 *   findings, first_ms, last_ms, heard_ms)
 *   each zone that must be closed: paths to the outside that were to be tested from it, those that
 *   were and led nowhere, the findings against it (closed_refuted(zone, fingerprint)), when it was
 *   tested, and for how long it was listened to.
 *
 * trend(run, kind, vantage, at, severity, open, unseen, waived, new, fixed, reopened)
 *   how things stood at the end of each run of the site up to the judged one, for each severity, in the
 *   order of runs. open: unseen of them were not looked at again; new, fixed, reopened: in this run.
 *   Runs of before tenken kept this have no rows.
 * fix_time(severity, fixed, median_days, open, median_age_days, oldest_days)
 *   what was fixed so far (each time that it was), the median of days from first seen (or seen again) to
 *   fixed; what is open, and how old that is. Days have fractions; NULL where there is nothing.
 * since(at, run): one row: the moment that changes are told from, by default the end of the run before of
 *   the same kind and vantage (run; NULL where it was named), at NULL: there is none.
 * changes(fingerprint, change ('mitigated', 'new', 're-detected'), check_id, severity, asset, address,
 *   port, transport, zone, detail, at)
 *   what became of findings since then: fixed, open and not known before, open again after it was fixed.
 *   judge_since() makes both anew.
 * gap(position, guideline, control, item, whole, level, mandatory, current, target, same, seen, verdicts,
 *   answer, priority, owner, due, action, state, note, given_by, given_at)
 *   current and target profile as people set them, one row per goal, in the order of the guidelines.
 *   item is NULL and whole 1 where the goal is for a control. current, target, priority, note: their
 *   words. same: 1 where current and target are the same words, 0 where not, NULL where no current is
 *   said. seen: the worst verdict of the item (of the control's items), beside the words; verdicts:
 *   JSON, how many items have each; answer: the operator's answer for it. owner and due: the goal's,
 *   else the treatment's, whose action and state stand beside. Nothing of it is computed into a profile.
 *
 * Coverage: hosts of the scope, those that answered, the sum of the ports planned for them, the
 * services that the checks look into (hosts, for checks that look at hosts), and how many of these
 * all of them ran on. reason is a word in English; judge_reason_text() translates it.
 *
 * The judged scan's views shadow the tables of the same name until judge_forget(); who wants the
 * tables says main.host.
 *
 * The clock of the process is the site's meanwhile (codec/clock.h): not while other threads run.
 *
 * 0 or negative errno (db_error()); -ENOENT: no such scan. A check whose SQL fails is a complaint
 * and did not run; judging goes on.
 */
int judge_run(struct db *db, const struct catalogue *catalogue, int64_t scan,
	      const struct judge_probe *probes, const struct port_list *ports,
	      const struct judge_options *options);

/*
 * At the end of a scan, after judge_run() of it: brings the table finding up to date in one
 * transaction. A finding that is not there any more is fixed only where its check ran again on that
 * asset and port, from the same vantage; else it stays as it was. Doing it twice changes nothing.
 */
int judge_keep(struct db *db);

/* Tells changes since this moment (Unix seconds) instead. Between judge_run() and judge_forget(). */
int judge_since(struct db *db, int64_t at);

/* Drops what judge_run() made. Also done at the start of the next one. */
void judge_forget(struct db *db);

/*
 * Tries every SQL of the catalogue on a store with a scan and nothing in it (the caller made it of
 * store_migrations): what cannot be prepared is a complaint. Checks that need a probe which is not
 * in the list are passed over. 0, or negative errno where the trying itself failed.
 */
int judge_try(struct db *db, const struct catalogue *catalogue, const struct judge_probe *probes,
	      struct complaints *complaints);

/* A reason of check_run or verdict_check in another language ("ja"); itself where it has no other
 * words. */
const char *judge_reason_text(const char *reason, const char *language);

/* A level of a guideline's control. */
struct level_words {
	const char *level;        /* as it stands in the guideline's file */
	struct bilingual name;    /* "matter to be considered" */
	struct bilingual differs; /* what is said of an item that is not kept */
};
/* NULL: a level that is not known, as guidelines of the user's own may have. */
const struct level_words *level_words(const char *level);
/* Is this level less than that one, of the same guideline's words? No where nothing orders the two. */
bool level_less(const char *level, const char *than);

enum { FINGERPRINT_TEXT = 4 + 32 + 1 };
/* "fp1:" and 32 hexadecimal digits. port 0 and a NULL transport stand for none. 0 or -EIO. */
int fingerprint_make(const char *site, const char *check, const char *asset, const char *transport,
		     unsigned port, const char *detail, char out[static FINGERPRINT_TEXT]);

#endif
