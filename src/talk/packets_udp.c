/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets process: UDP. One question per port (wire/payloads.h), behind the TCP ports of a pass. An
 * answer that fits its question is an open port; port unreachable from the host itself is a closed one
 * (RFC 1122, 3.2.2.1; RFC 4443, 3.1), any other error a filtered one; silence says nothing.
 *
 * An error quotes no more of IPv4 than the ports, and some answers bring nothing of the question back:
 * so the source port carries a part of the keyed value, one of 256 behind a first one that is chosen for
 * each run. Sockets that nothing is ever received on keep them, so that the kernel does not call them
 * unreachable.
 */
#include "talk/packets_parts.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 16, BLOCKS = 4096 };

/* A socket on this port, for both families where there are both; negative errno. */
static int keep_port(uint16_t port)
{
	static struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	static const struct sock_fprog drop = { .len = 1, .filter = &nothing };
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int no = 0, type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd = socket(AF_INET6, type, 0);
	bool v6 = fd >= 0;

	if (!v6)
		fd = socket(AF_INET, type, 0);
	if (fd < 0)
		return -errno;
	if ((v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) != 0) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &drop, sizeof(drop)) != 0 ||
	    bind(fd, v6 ? (struct sockaddr *)&any6 : (struct sockaddr *)&any4,
		 v6 ? sizeof(any6) : sizeof(any4)) != 0) {
		int e = -errno;

		close(fd);
		return e;
	}
	return fd;
}

void udp_end(struct packets *p)
{
	for (size_t i = 0; p->udp_first != 0 && i < PAYLOAD_SOURCES; i++)
		close(p->udp_ports[i]);
	p->udp_first = 0;
}

/* The whole block, or nothing of it. */
static int keep_block(struct packets *p, uint16_t first)
{
	for (size_t i = 0; i < PAYLOAD_SOURCES; i++) {
		int fd = keep_port((uint16_t)(first + i));

		if (fd < 0) {
			while (i > 0)
				close(p->udp_ports[--i]);
			return fd;
		}
		p->udp_ports[i] = fd;
	}
	p->udp_first = first;
	return 0;
}

int udp_begin(struct packets *p)
{
	int e = -EADDRINUSE;

	for (uint32_t i = 0; i < p->ports.udp_count; i++)
		p->probes[p->probe_count++] = (struct probe_way){
			.port = p->ports.udp[i],
			.udp = true,
			.payload = payload_find(p->ports.udp[i]),
		};
	if (p->probe_count == p->ports.count)
		return 0;
	for (unsigned i = 0; i < TRIES && e == -EADDRINUSE; i++) {
		uint64_t draw = frame_siphash(p->setup->key, &i, sizeof(i));

		e = keep_block(p, (uint16_t)(SOURCE_PORT + draw % BLOCKS));
	}
	return e;
}

uint32_t udp_probes(const struct packets *p, const struct lane *l)
{
	return l->asks_udp ? p->probe_count : p->ports.count;
}

int udp_forms(struct packets *p, struct lane *l)
{
	static const uint8_t later[6] = { 0 };
	uint32_t count = udp_probes(p, l) - p->ports.count;
	int e = 0;

	if (count == 0 || l->udp != NULL)
		return 0;
	struct frame_form *forms = calloc(count, sizeof(*forms));
	if (forms == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && e == 0; i++) {
		const struct payload *w = p->probes[p->ports.count + i].payload;

		e = frame_form_udp(&forms[i], l->way, later, 0, w->port, w->bytes, w->length,
				   w->key_bytes != 0 ? w->key_at : w->length, w->key_bytes);
	}
	if (e != 0) {
		free(forms);
		return e;
	}
	l->udp = forms;
	return 0;
}

/* The keyed value of what was asked there, where `ours` is the source port that goes with it. */
static bool key_of(const struct packets *p, const struct lane *l, const struct addr *a,
		   uint16_t port, uint16_t ours, uint32_t *ret)
{
	*ret = frame_cookie(p->setup->key, &l->way->source, a, 17, 0, port);
	return p->udp_first != 0 && ours == payload_source(p->udp_first, *ret);
}

/* The question whose answer comes from a port of its own. */
static uint32_t elsewhere_of(const struct packets *p)
{
	for (uint32_t i = p->ports.count; i < p->probe_count; i++)
		if (p->probes[i].payload->elsewhere)
			return i;
	return UINT32_MAX;
}

void udp_heard(struct packets *p, struct lane *l, uint32_t host, const struct heard *h)
{
	uint32_t key, probe = sweep_probe_of(p, h->from_port, true);

	if (probe == UINT32_MAX)
		probe = elsewhere_of(p);
	if (probe == UINT32_MAX || !l->asks_udp ||
	    !key_of(p, l, &h->from, p->probes[probe].port, h->to_port, &key) ||
	    !payload_fits(p->probes[probe].payload, key, h->payload))
		return;
	sweep_result(p, l, host, probe, PORT_OPEN, 0, p->probes[probe].payload->protocol);
}

void udp_heard_error(struct packets *p, struct lane *l, uint32_t host, const struct heard *h,
		     unsigned no_host, const char *text)
{
	uint32_t key, probe = sweep_probe_of(p, h->quoted_to_port, true);
	bool v4 = addr_is_ipv4(&h->quoted_to);

	if (probe == UINT32_MAX || !l->asks_udp ||
	    !key_of(p, l, &h->quoted_to, h->quoted_to_port, h->quoted_from_port, &key))
		return;
	bool itself = addr_compare(&h->from, &h->quoted_to) == 0;
	bool port = v4 ? h->type == 3 && h->code == 3 : h->type == 1 && h->code == 4;
	sweep_result(p, l, host, probe,
		     itself && port ? PORT_CLOSED
		     : no_host > 0  ? PORT_SILENT
				    : PORT_FILTERED,
		     no_host, text);
}
