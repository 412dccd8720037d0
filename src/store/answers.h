/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people declared beside the evidence, kept with the run that it was declared for. schema.c says
 * what each column means. Texts are borrowed and NULL where nothing was said, moments are Unix seconds
 * and 0 where none was said, lists are JSON.
 */
#ifndef TENKEN_STORE_ANSWERS_H
#define TENKEN_STORE_ANSWERS_H

#include "store/store.h"

struct attestation_row {
	const char *guideline, *item, *answer, *by, *note, *separation, *evidence;
	int64_t at, until;
	bool whole; /* item is a control */
};
void store_attestation(struct store *s, const struct attestation_row *row);

struct waiver_row {
	const char *check, *asset, *reason, *compensating, *by, *applicant, *clause, *impact,
		*closing, *relies_on;
	uint16_t port; /* 0: any */
	int64_t at, from, until;
};
void store_waiver(struct store *s, const struct waiver_row *row);

struct measure_row {
	const char *check, *asset, *guideline, *item, *measure, *by, *evidence, *relies_on;
	uint16_t port;
	bool whole;
	int64_t at, until;
	unsigned line;
};
void store_measure(struct store *s, const struct measure_row *row);

struct treatment_row {
	const char *check, *asset, *guideline, *item, *action, *owner, *state, *note;
	bool whole;
	uint16_t port;
	int64_t due, state_at;
	unsigned line;
};
void store_treatment(struct store *s, const struct treatment_row *row);

struct decision_row {
	const char *guideline, *item, *decision, *reason, *by, *level, *severity, *checks;
	bool whole;
	int64_t at;
	unsigned line;
};
void store_decision(struct store *s, const struct decision_row *row);

void store_threshold(struct store *s, const char *name, int64_t value);

struct goal_row {
	const char *guideline, *item, *current, *target, *priority, *owner, *note, *by;
	bool whole;
	int64_t due, at;
	unsigned line;
};
void store_goal(struct store *s, const struct goal_row *row);

struct tier_row {
	const char *area, *by, *note;
	unsigned current, target; /* 0: not said */
	int64_t at;
	unsigned line;
};
void store_tier(struct store *s, const struct tier_row *row);

#endif
