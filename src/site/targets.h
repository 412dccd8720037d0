/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that name targets and exclusions on the command line and in files. */
#ifndef TENKEN_SITE_TARGETS_H
#define TENKEN_SITE_TARGETS_H

#include "site/plan.h"

/* Adds what one word names: an address, network, range, nmap's octet ranges, a host name (all its
 * addresses), or "@FILE". A mistake is a complaint; file and line say where the word stands (NULL
 * and 0: the command line). */
void targets_add(struct ranges *set, const char *word, const char *file, unsigned line,
		 struct complaints *c);
/* The words of a file ("-": standard input): white space separates them, '#' begins a comment. */
void targets_add_file(struct ranges *set, const char *path, struct complaints *c);
/* A list with commas, as --exclude takes it; exclusions may be of any size. */
void exclusions_add(struct ranges *set, const char *list, const char *file, unsigned line,
		    struct complaints *c);
void exclusions_add_file(struct ranges *set, const char *path, struct complaints *c);

#endif
