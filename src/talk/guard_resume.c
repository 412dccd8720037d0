/* SPDX-License-Identifier: Apache-2.0 */
/* The guard: what an earlier run of the same scan knows of a host holds from the start. */
#include "talk/guard_parts.h"

#include <stdio.h>
#include <time.h>

void guard_resume_host(struct guard *g, struct host *h)
{
	const struct resumed_host *r = resumed_find(g->setup->resumed, &h->address);
	uint8_t mac[6];

	if (r == NULL)
		return;
	if (sscanf(r->mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) == 6)
		hosts_set_mac(g->hosts, h, mac);
	h->rtt_us = r->rtt_us;
	h->last_ms = r->last_ms;
	if (r->first_ms != 0)
		h->first_ms = r->first_ms;
	if (r->ot_sign != NULL)
		guard_make_ot(g, h, r->ot_sign);
	else if (r->general)
		guard_make_it(g, h);
	if (r->distress == NULL)
		return;
	h->distress = true;
	h->device->distress = true;
	h->sweep.cut = true;
	h->sweep.over = true;
	h->sweep.state = HOST_DISTRESS;
	h->sweep.reason = r->distress;
}

void guard_resume_sweep(struct guard *g, struct host *h)
{
	const struct resumed_host *r = resumed_find(g->setup->resumed, &h->address);

	if (r == NULL || r->answer_count == 0)
		return;
	h->sweep.tried = r->tried;
	h->sweep.in_flight = (uint32_t)r->answer_count; /* else the first would end the host */
	for (size_t i = 0; i < r->answer_count; i++)
		h->sweep.udp_in_flight += r->answers[i].udp;
	for (size_t i = 0; i < r->answer_count; i++) {
		const struct resumed_answer *a = &r->answers[i];
		const struct finding f = { .state = (enum port_state)a->state,
					   .no_host = a->no_host,
					   .known = true };

		guard_sweep_found(g, h, (struct sweep_port){ a->port, a->udp }, &f);
	}
}

bool guard_resume_all(struct guard *g, int64_t now)
{
	const struct resumed *r = g->setup->resumed;

	if (r == NULL)
		return true;
	g->journal_number = r->journal_number;
	/* What the earlier run had open ended with it, perhaps a moment ago: a device gets its pause. */
	const struct timespec pause = { OT_PAUSE_MS / 1000, OT_PAUSE_MS % 1000 * 1000000L };
	nanosleep(&pause, NULL);
	now += OT_PAUSE_MS;
	/* All at once: what is known of one address of a device holds for the others. */
	for (size_t i = 0; i < r->host_count; i++) {
		struct host *h = hosts_get(g->hosts, &r->hosts[i].address);

		if (h == NULL)
			return false;
		guard_host_setup(g, h, true, now);
		guard_resume_host(g, h);
		h->resumed = true;
	}
	return true;
}
