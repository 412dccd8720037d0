/* SPDX-License-Identifier: Apache-2.0 */
/* What probes by UDP share. */
#ifndef TENKEN_PROBES_UDP_H
#define TENKEN_PROBES_UDP_H

#include "talk/conn.h"

/*
 * Asks the question of this port (wire/payloads.h) with a new keyed value and gives the answer that
 * belongs to it; other datagrams are passed over, a few of them. Empty where none came: conn_ok() is
 * false then, or, where something else came, true.
 */
struct span udp_ask(struct conn *c, uint16_t port);
/* The ending of a probe that got nothing: silence, refusal, or not its protocol. */
enum ending udp_ending(const struct conn *c);

#endif
