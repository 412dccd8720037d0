/* SPDX-License-Identifier: Apache-2.0 */
/* The test of an account's lock (credential.no-lockout): what is to be tried. */
#ifndef TENKEN_COMMANDS_LOCKOUT_H
#define TENKEN_COMMANDS_LOCKOUT_H

#include "codec/complaint.h"
#include "identity/credentials.h"
#include "site/plan.h"

/* Where the plan has logins and the site file names a test account: adds its attempts to the list, with the
 * password that is read from its file. False after complaints. */
bool lockout_add(const struct plan *plan, struct credentials *list, struct complaints *c);

#endif
