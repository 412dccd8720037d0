/* SPDX-License-Identifier: Apache-2.0 */
#include "udp.h"

#include "wire/payloads.h"

enum { STRAYS_MOST = 4 };

struct span udp_ask(struct conn *c, uint16_t port)
{
	const struct payload *p = payload_find(port);
	uint8_t question[PAYLOAD_MOST];
	uint32_t key;

	conn_random(c, &key, sizeof(key));
	struct span answer = conn_ask(c, question, payload_write(p, key, question));
	for (int i = 0; conn_ok(c) && i < STRAYS_MOST; i++) {
		if (payload_fits(p, key, answer))
			return answer;
		answer = conn_datagram(c);
	}
	return span_first(answer, 0);
}

enum ending udp_ending(const struct conn *c)
{
	return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
}
