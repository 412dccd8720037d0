/* SPDX-License-Identifier: Apache-2.0 */
/* A store of one scan of a large invented site: many zones, and five findings and more on each machine. */
#ifndef TENKEN_TESTS_CROWD_H
#define TENKEN_TESTS_CROWD_H

#include <stdbool.h>

#include "report/sample.h"

/* Writes the scan of so many machines to a new store at path, and judges and keeps it. */
bool crowd_make(const char *path, const struct sample_judge *j, unsigned machines);

#endif
