/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers that pass on what they get. A time server that answers is no way out by itself, but says from whom
 * it has the time (RFC 5905, 7.3); a mail server that relays was found by the scan's smtp probe, and nothing
 * is sent to it here.
 */
#include <errno.h>
#include <stdio.h>

#include "codec/evidence.h"
#include "codec/reader.h"
#include "reach/egress.h"

enum { NTP = 48, MODE_SERVER = 4, CLIENT4 = 0x23, AGAIN_MS = 1500, TRIES = 2 };

static bool read_time(struct span bytes, struct reach_result *ret)
{
	struct reader r = rd_new(bytes);
	uint8_t first = rd_u8(&r), stratum = rd_u8(&r);

	rd_skip(&r, 10);
	struct span reference = rd_span(&r, 4);
	if (!rd_ok(&r) || bytes.length < NTP || (first & 7) != MODE_SERVER)
		return false;
	json_t *o = json_object();
	note_int(o, "stratum", stratum);
	/* Of a primary server a word; above it an address, or a piece of one's digest. */
	if (stratum <= 1) {
		size_t n = 0;

		while (n < reference.length && reference.at[n] != 0)
			n++;
		note_text(o, "reference", span_first(reference, n));
	} else {
		char text[16];

		snprintf(text, sizeof(text), "%u.%u.%u.%u", reference.at[0], reference.at[1],
			 reference.at[2], reference.at[3]);
		note_word(o, "reference", text);
	}
	egress_evidence(ret, o);
	ret->outcome = OUTCOME_RELAYED;
	return true;
}

void egress_ntp(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	struct reach_link_to way = { .use = GATE_CLOCK,
				     .to = job->to,
				     .port = job->port,
				     .udp = true,
				     .purpose = "reach-ntp" };
	uint8_t question[NTP] = { CLIENT4 }, bytes[512];
	struct reach_talk t;
	ssize_t n = -ETIMEDOUT;

	if (!egress_open(e, job, &way, &t, ret))
		return;
	for (int i = 0; i < TRIES && ret->outcome != OUTCOME_RELAYED && n == -ETIMEDOUT; i++) {
		int64_t until = reach_mono_ms() + AGAIN_MS;

		if (!reach_send(e->run, &t, question, sizeof(question)))
			break;
		while ((n = egress_read(e, &t, bytes, sizeof(bytes), until)) >= 0)
			if (read_time(span_of(bytes, (size_t)n), ret))
				break;
	}
	if (ret->outcome != OUTCOME_RELAYED)
		egress_failed(e, job, &t, n < 0 ? (int)-n : ETIMEDOUT, ret);
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}

void egress_smtp(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	(void)e;
	(void)job;
	ret->outcome = OUTCOME_RELAYED;
	egress_note(ret, "the scan found that it relays mail; nothing was sent");
}
