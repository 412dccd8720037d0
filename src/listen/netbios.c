/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NetBIOS over UDP: the name service (RFC 1002, 4.2) and datagrams with the announcements of the browser
 * service ([MS-BRWS], 2.2.1 and 2.2.8), which tell names of machines.
 */
#include "codec/netbios.h"

#include <stdio.h>

#include "listen/decoder.h"

enum { NAME_SERVICE = 137, DATAGRAMS = 138 };
enum { QUERY = 0, REGISTRATION = 5, REFRESH = 8, REFRESH_TOO = 9, MULTIHOMED = 15 };
enum { TYPE_NAME = 0x20, TYPE_STATUS = 0x21, GROUP = 0x8000, ADDRESSES_MOST = 16 };
enum { WORKSTATION = 0x00, FILE_SERVER = 0x20 };

struct station {
	struct notes *notes;
	struct addr about;
};

static bool is_machine(uint8_t suffix, bool group)
{
	return !group && (suffix == WORKSTATION || suffix == FILE_SERVER);
}

static void tell_name(struct notes *n, const struct addr *about, struct span name)
{
	if (name.length > 0 && !span_is(name, "*") && !addr_is_none(about) &&
	    !addr_is_unusable(about))
		n->fact(n, &(struct fact){ .kind = "name.netbios",
					   .about = *about,
					   .value = name,
					   .personal = true });
}

/* ---- name service ---- */

static void take_own(void *context, struct span name, uint8_t suffix, bool group)
{
	const struct station *s = context;

	if (is_machine(suffix, group))
		tell_name(s->notes, &s->about, name);
}

/* RFC 1002, 4.2.13: flags and address, as often as the owner has addresses. */
static void read_addresses(struct notes *n, struct reader data, const struct netbios_name *name)
{
	for (unsigned i = 0; i < ADDRESSES_MOST && rd_left(&data) >= 6; i++) {
		bool group = (rd_be16(&data) & GROUP) != 0;
		struct addr address = addr_of_bytes(rd_span(&data, 4));

		if (is_machine(name->suffix, group))
			tell_name(n, &address, name->text);
	}
}

/* A resource record (RFC 1002, 4.2.1.3). */
static bool read_record(struct notes *n, const struct packet *p, struct reader *r)
{
	struct netbios_name name;
	struct span mac;

	if (!netbios_read_name(p->payload, r, &name))
		return false;
	uint16_t type = rd_be16(r);
	rd_skip(r, 2 + 4); /* class, time to live */
	struct reader data = rd_sub(r, rd_be16(r));
	if (!rd_ok(r))
		return false;
	if (type == TYPE_NAME)
		read_addresses(n, data, &name);
	else if (type == TYPE_STATUS)
		return netbios_read_status(&data, take_own,
					   &(struct station){ .notes = n, .about = p->src }, &mac);
	return true;
}

static bool name_service_packet(struct notes *n, const struct packet *p)
{
	struct reader r = rd_new(p->payload);

	rd_skip(&r, 2); /* transaction */
	uint16_t flags = rd_be16(&r);
	uint16_t questions = rd_be16(&r), answers = rd_be16(&r);
	rd_skip(&r, 2); /* authorities */
	uint16_t more = rd_be16(&r);
	unsigned operation = flags >> 11 & 15;
	bool response = (flags & 0x8000) != 0;

	if (!rd_ok(&r) || questions > 1 || answers > 1 || more > 1)
		return false;
	if (questions == 1) {
		struct netbios_name asked;

		if (!netbios_read_name(p->payload, &r, &asked))
			return false;
		rd_skip(&r, 4); /* type, class */
	}
	if (!rd_ok(&r))
		return false;
	/* 4.2.2 to 4.2.4: who registers or renews a name says its address. 4.2.13, 4.2.18: answers. */
	bool claims = !response && (operation == REGISTRATION || operation == REFRESH ||
				    operation == REFRESH_TOO || operation == MULTIHOMED);
	bool answers_name = response && operation == QUERY && (flags & 15) == 0;
	if ((claims && more == 1) || (answers_name && answers == 1)) {
		if (!read_record(n, p, &r))
			return false;
	}
	if (response && p->src_port == NAME_SERVICE)
		tell_spoken_by(n, p, p->src_port, "netbios-ns");
	return true;
}

/* ---- datagrams ---- */

/* [MS-BRWS], 2.2.1, 2.2.8: announcements of a host and of a local master. */
static void read_announcement(struct notes *n, const struct addr *about, struct span data)
{
	enum { HOST = 1, LOCAL_MASTER = 15, SERVER_NAME = 16 };
	static const char mailslot[] = "\\MAILSLOT\\BROWSE"; /* with its zero */
	char version[16];
	ptrdiff_t at = span_find(data, mailslot, sizeof(mailslot));

	if (at < 0)
		return;
	struct reader r = rd_new(span_from(data, (size_t)at + sizeof(mailslot)));
	uint8_t command = rd_u8(&r);
	if (command != HOST && command != LOCAL_MASTER)
		return;
	rd_skip(&r, 1 + 4); /* count, period */
	struct span name = rd_span(&r, SERVER_NAME);
	unsigned major = rd_u8(&r), minor = rd_u8(&r);
	if (!rd_ok(&r))
		return;
	size_t length = 0;
	while (length < name.length && name.at[length] != 0)
		length++;
	tell_name(n, about, span_first(name, length));
	snprintf(version, sizeof(version), "%u.%u", major, minor);
	tell(n, "os.browser", about, version);
}

/* RFC 1002, 4.4.1 and 4.4.2. */
static bool datagrams_packet(struct notes *n, const struct packet *p)
{
	enum { DIRECT_UNIQUE = 0x10, BROADCAST = 0x12 };
	struct reader r = rd_new(p->payload);
	struct netbios_name source, destination;
	uint8_t type = rd_u8(&r);

	rd_skip(&r, 1 + 2); /* flags, identification */
	struct addr from = addr_of_bytes(rd_span(&r, 4));
	rd_skip(&r, 2 + 2); /* port, length */
	uint16_t offset = rd_be16(&r);
	if (!rd_ok(&r) || type < DIRECT_UNIQUE || type > BROADCAST)
		return false;
	if (offset != 0) /* a later piece has no names */
		return true;
	if (!netbios_read_name(p->payload, &r, &source) ||
	    !netbios_read_name(p->payload, &r, &destination))
		return false;
	if (is_machine(source.suffix, false))
		tell_name(n, &from, source.text);
	read_announcement(n, &from, rd_rest(&r));
	return true;
}

const struct decoder decoder_netbios_ns = {
	.name = "netbios-ns",
	.udp_ports = (const uint16_t[]){ NAME_SERVICE, 0 },
	.packet = name_service_packet,
};

const struct decoder decoder_netbios_dgm = {
	.name = "netbios-dgm",
	.udp_ports = (const uint16_t[]){ DATAGRAMS, 0 },
	.packet = datagrams_packet,
};
