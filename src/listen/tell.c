/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/decoder.h"

void tell_bytes(struct notes *n, const char *kind, const struct addr *about, struct span value)
{
	n->fact(n, &(struct fact){ .kind = kind, .about = *about, .value = value });
}

void tell(struct notes *n, const char *kind, const struct addr *about, const char *value)
{
	tell_bytes(n, kind, about, value != NULL ? span_text(value) : (struct span){ 0 });
}

void tell_spoken_by(struct notes *n, const struct packet *p, uint16_t port, const char *protocol)
{
	n->fact(n, &(struct fact){ .kind = "service.spoken",
				   .about = p->src,
				   .port = port,
				   .udp = true,
				   .value = span_text(protocol) });
}

void tell_server(struct talk *t, const char *kind, struct span value)
{
	t->notes->fact(t->notes, &(struct fact){ .kind = kind,
						 .about = t->server,
						 .peer = t->client,
						 .port = t->server_port,
						 .value = value });
}
