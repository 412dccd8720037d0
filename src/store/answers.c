/* SPDX-License-Identifier: Apache-2.0 */
#include "store/answers.h"

#include "store/store_parts.h"

void store_attestation(struct store *s, const struct attestation_row *r)
{
	store_run(s, INSERT_ATTESTATION, "ittttiittti", s->scan, r->guideline, r->item, r->answer,
		  r->by, r->at, r->until, r->note, r->separation, r->evidence, (int64_t)r->whole);
}

void store_waiver(struct store *s, const struct waiver_row *r)
{
	store_run(s, INSERT_WAIVER, "ittitttiittittt", s->scan, r->check, r->asset,
		  (int64_t)r->port, r->reason, r->compensating, r->by, r->at, r->until,
		  r->applicant, r->clause, r->from, r->impact, r->closing, r->relies_on);
}

void store_measure(struct store *s, const struct measure_row *r)
{
	store_run(s, INSERT_MEASURE, "ittittittiitti", s->scan, r->check, r->asset,
		  (int64_t)r->port, r->guideline, r->item, (int64_t)r->whole, r->measure, r->by,
		  r->at, r->until, r->evidence, r->relies_on, (int64_t)r->line);
}

void store_treatment(struct store *s, const struct treatment_row *r)
{
	store_run(s, INSERT_TREATMENT, "ittittittititi", s->scan, r->check, r->asset,
		  (int64_t)r->port, r->guideline, r->item, (int64_t)r->whole, r->action, r->owner,
		  r->due, r->state, r->state_at, r->note, (int64_t)r->line);
}

void store_decision(struct store *s, const struct decision_row *r)
{
	store_run(s, INSERT_DECISION, "ittitttittti", s->scan, r->guideline, r->item,
		  (int64_t)r->whole, r->decision, r->reason, r->by, r->at, r->level, r->severity,
		  r->checks, (int64_t)r->line);
}

void store_threshold(struct store *s, const char *name, int64_t value)
{
	store_run(s, INSERT_THRESHOLD, "iti", s->scan, name, value);
}

void store_goal(struct store *s, const struct goal_row *r)
{
	store_run(s, INSERT_GOAL, "ittittttittii", s->scan, r->guideline, r->item,
		  (int64_t)r->whole, r->current, r->target, r->priority, r->owner, r->due, r->note,
		  r->by, r->at, (int64_t)r->line);
}

void store_tier(struct store *s, const struct tier_row *r)
{
	store_run(s, INSERT_TIER, "itiititi", s->scan, r->area, (int64_t)r->current,
		  (int64_t)r->target, r->by, r->at, r->note, (int64_t)r->line);
}
