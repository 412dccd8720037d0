/* SPDX-License-Identifier: Apache-2.0 */
/* A store of two scans of an invented plant, with texts that try to break every report. */
#ifndef TENKEN_TESTS_SAMPLE_H
#define TENKEN_TESTS_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "judge/catalogue.h"
#include "judge/judge.h"
#include "store/store.h"

struct sample_judge {
	struct catalogue catalogue;
	struct port_list ports;
	struct judge_probe *probes;
};

/* Reads profiles and ports below data; checks (a file, or NULL) adds to them. */
bool sample_judge_start(struct sample_judge *ret, const char *data, const char *checks);
/* The same with these guidelines ("all"); else it is mlit-water. */
bool sample_judge_start_with(struct sample_judge *ret, const char *data, const char *checks,
			     const char *const *guidelines, size_t count);
void sample_judge_done(struct sample_judge *j);

/* Writes both scans to a new store at path and judges them one after the other, so that the second
 * has a history. ended: else the second scan stays as a killed process leaves it. */
bool sample_make(const char *path, const struct sample_judge *j, bool ended);

/* Adds to that store a time of listening and a reachability test from the control zone, and judges the
 * latter: what they bring is as hostile. */
bool sample_add_heard(const char *path, const struct sample_judge *j);

/* Texts that hostile peers and careless operators have put into it. */
extern const char *const sample_hostile[];

#endif
