/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of `tenken reach` that serve the other side: --from-outside, --import, --make-sign-key. Each reads its own
 * options and gives the exit status. */
#ifndef TENKEN_COMMANDS_REACH_FAR_H
#define TENKEN_COMMANDS_REACH_FAR_H

#include <stdbool.h>

int reach_from_outside(int argc, char **argv);
int reach_import(int argc, char **argv);
int reach_make_sign_key(int argc, char **argv);

/* What tenken reach --help says of them. */
void reach_far_help(void);
/* The form that these arguments ask for, with *ret as its exit status; false: none of them. */
bool reach_far(int argc, char **argv, int *ret);

#endif
