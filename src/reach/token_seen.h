/* SPDX-License-Identifier: Apache-2.0 */
/* Between token.c and the memory of its questions. */
#ifndef TENKEN_REACH_TOKEN_SEEN_H
#define TENKEN_REACH_TOKEN_SEEN_H

#include "reach/token.h"

/* Right (and remembered), replayed (with when and how often), or too old to be known. */
enum token_verdict token_seen_check(struct token_seen *s, struct span question, int64_t now,
				    struct token_heard *h);

#endif
