/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that were heard, and whose MAC address is whose. The MAC address of a frame is that of the last
 * router on its way, so it is a host's own only where the host says so (ARP, ND, DHCP), or where nothing speaks
 * against it: it sends for few addresses, and their packets have come through no router.
 */
#include "listen/listener_parts.h"

enum {
	OWN_MAX = 8,      /* addresses that one machine may have */
	BEHIND_MAX = 256, /* addresses behind a router that are told */
};

int hosts_init(struct listener *l, uint32_t most)
{
	int e = table_init(&l->hosts, sizeof(struct host), sizeof(struct host_key), most,
			   l->setup.seed);

	return e != 0 ? e
		      : table_init(&l->macs, sizeof(struct mac), sizeof(struct mac_key), most,
				   l->setup.seed);
}

uint32_t hosts_number(struct listener *l, const uint8_t address[static 16], uint16_t vlan,
		      int64_t time_ns)
{
	uint64_t hash = table_hash(&l->hosts, address);
	struct host *h = table_find(&l->hosts, address, hash);

	if (h == NULL) {
		h = table_add(&l->hosts, address, hash);
		if (h == NULL) {
			l->counts.hosts_left++;
			return 0;
		}
		h->vlan = vlan;
		h->first_ms = h->last_ms = time_ns / 1000000;
		h->changed = true;
	}
	return table_number(h);
}

static struct mac *mac_of(struct listener *l, const uint8_t mac[static 6], uint16_t vlan)
{
	struct mac_key key = { .vlan = vlan };

	memcpy(key.mac, mac, 6);
	uint64_t hash = table_hash(&l->macs, &key);
	struct mac *m = table_find(&l->macs, &key, hash);
	return m != NULL ? m : table_add(&l->macs, &key, hash);
}

/* Systems begin with 32, 64, 128 or 255, and with 1 for the segment alone; each router takes one away. */
static bool came_through_router(uint8_t ttl)
{
	return (ttl > 32 && ttl < 64) || (ttl > 64 && ttl < 128) || (ttl > 128 && ttl < 255);
}

void hosts_sent_by(struct listener *l, uint32_t host, const struct packet *p)
{
	struct host *h = table_at(&l->hosts, host);
	struct mac *m;

	if (h == NULL || addr_is_unusable(&p->src) || (p->src_mac[0] & 1) != 0)
		return;
	m = mac_of(l, p->src_mac, p->vlan);
	if (m == NULL)
		return;
	if (h->mac == table_number(m))
		return;
	/* It may go to and fro: two machines with one address, two cards of one machine. */
	struct mac *before = table_at(&l->macs, h->mac);
	if (before != NULL && before->hosts > 0)
		before->hosts--;
	h->mac = table_number(m);
	h->ttl = p->ttl;
	h->changed = true;
	m->hosts++;
}

void hosts_own_mac(struct listener *l, const struct addr *a, const uint8_t mac[static 6],
		   uint16_t vlan, int64_t time_ns)
{
	struct mac *m;
	struct host *h;

	if (addr_is_unusable(a) || (mac[0] & 1) != 0)
		return;
	h = table_at(&l->hosts, hosts_number(l, a->bytes, vlan, time_ns));
	m = mac_of(l, mac, vlan);
	if (h == NULL || m == NULL)
		return;
	if (h->last_ms < time_ns / 1000000)
		h->last_ms = time_ns / 1000000;
	if (h->own_mac == table_number(m))
		return;
	h->own_mac = table_number(m);
	h->changed = true;
	m->owner = table_number(h);
}

/* Has this MAC address sent for a host that is behind it? */
static bool behind(const struct host *h, const struct mac *m)
{
	struct addr a;

	addr_put(&a, h->key.address);
	if (h->own_mac != 0)
		return h->own_mac != table_number(m);
	if (m->forwards || m->hosts > OWN_MAX)
		return true;
	/* It has an address of its own, and this one shows that it came from further away. */
	return came_through_router(h->ttl) && (m->owner != 0 || m->hosts > 1 || addr_is_public(&a));
}

static void tell_behind(struct listener *l, struct host *h, struct mac *m)
{
	char text[ADDR_TEXT];
	struct addr a;
	struct fact fact = { .kind = "router.forwards", .mac = m->key.mac };
	const struct host *owner = table_at(&l->hosts, m->owner);

	m->forwards = true;
	if (h->forwarded || m->behind >= BEHIND_MAX)
		return;
	h->forwarded = true;
	m->behind++;
	addr_put(&a, h->key.address);
	if (owner != NULL)
		addr_put(&fact.about, owner->key.address);
	fact.value = span_text(addr_format(&a, text));
	l->notes.time_ns = h->last_ms * 1000000;
	keep_fact(&l->notes, &fact);
}

/* What stands for no address yet (RFC 1122, 3.2.1.3; RFC 4291, 2.5.2). */
static bool is_nobody(const struct addr *a)
{
	static const struct addr unspecified = { .bytes = { [10] = 0xff, [11] = 0xff } };

	return addr_is_none(a) || memcmp(a->bytes, unspecified.bytes, sizeof(a->bytes)) == 0;
}

void hosts_tell(struct listener *l, struct host *h)
{
	const struct told *told = l->setup.told;
	struct mac *m = table_at(&l->macs, h->mac);
	const struct mac *own = table_at(&l->macs, h->own_mac);
	struct told_host row = {
		.vlan = h->vlan,
		.sent = h->sent,
		.received = h->received,
		.first_ms = h->first_ms,
		.last_ms = h->last_ms,
	};

	if (!h->changed)
		return;
	if (m != NULL && behind(h, m))
		tell_behind(l, h, m);
	else if (own == NULL)
		own = m;
	if (own != NULL) {
		row.has_mac = true;
		memcpy(row.mac, own->key.mac, 6);
	}
	addr_put(&row.address, h->key.address);
	if (!is_nobody(&row.address))
		told->host(told->context, &row);
	h->changed = false;
	h->sent = h->received = 0;
}
