/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rexec, rlogin and rsh have in common: whatever is wrong, the server says it as the byte 01 and a line of
 * text (rcmd(3), rexecd(8), rlogind(8), rshd(8) of BSD), and closes.
 */
#ifndef TENKEN_PROBES_RCMD_H
#define TENKEN_PROBES_RCMD_H

#include "talk/conn.h"

/* The refusal of a server, under "refusal"; for the name is listened, nothing is said. ENDING_CLOSED or
 * ENDING_TIMEOUT where it closes, or waits, without a word. */
enum ending rcmd_hear(struct conn *c, json_t *evidence);

#endif
