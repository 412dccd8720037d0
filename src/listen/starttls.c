/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/starttls.h"

long starttls_hear(struct starttls *s, struct talk *t, enum side side, struct span bytes,
		   long (*line)(struct talk *t, enum side side, struct span line))
{
	struct span text;

	if (s->asked && bytes.length > 0 && bytes.at[0] == 0x16)
		s->begun = true;
	if (s->begun) {
		long taken = tls_ear_hear(&s->ear, t, side, bytes);

		return taken == HEAR_NOT_OURS ? HEAR_DONE : taken;
	}
	long taken = line_take(bytes, &s->dropping[side], &text);
	if (taken <= 0)
		return taken;
	long ended = line(t, side, text);
	return ended != 0 ? ended : taken;
}
