/* SPDX-License-Identifier: Apache-2.0 */
/* Where everybody on a segment may be asked who is there. main and the packets process ask the same
 * question of their own copies of plan and routes. */
#ifndef TENKEN_TALK_ASK_WAY_H
#define TENKEN_TALK_ASK_WAY_H

#include "site/plan.h"
#include "wire/routes.h"

/* Adds all addresses that this machine takes to be on the interface's segment: its networks, and the
 * targets that are reached without a gateway. 0 or -ENOMEM. */
int ask_segment(const struct routes *r, const struct interface *i, struct ranges *ret);
/*
 * True where the segment holds targets, and every zone that reaches into it agrees: kinds it and dmz do
 * unless they say `discovery: none`, the others only with `discovery: multicast`. A zone counts also
 * where none of its addresses is a target now, since everybody on the segment hears a multicast; so do
 * addresses that are only listened to. Targets that no zone declares count by their kind (--zone).
 */
bool ask_allowed(const struct plan *p, const struct routes *r, const struct interface *i);

#endif
