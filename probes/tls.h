/* SPDX-License-Identifier: Apache-2.0 */
/* The survey of the tls probe, for TLS that begins inside another protocol (STARTTLS). */
#ifndef TENKEN_PROBES_TLS_H
#define TENKEN_PROBES_TLS_H

#include "talk/conn.h"

/*
 * Surveys TLS on c, whose first connection is open, as deep as conn_depth() says. prelude, where it
 * is not NULL, is called on each fresh connection and says what leads up to the ClientHello; where
 * it gives false the survey ends. Its evidence is that of the tls probe.
 */
enum ending tls_survey(struct conn *c, json_t *evidence, bool (*prelude)(struct conn *c));

#endif
