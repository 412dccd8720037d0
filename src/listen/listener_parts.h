/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the listening core share with each other. */
#ifndef TENKEN_LISTEN_LISTENER_PARTS_H
#define TENKEN_LISTEN_LISTENER_PARTS_H

#include "listen/decoder.h"
#include "listen/fragments.h"
#include "listen/listener.h"
#include "listen/table.h"

struct stream;
struct ndpi_part;

/* Decoders by their place in decoders[], a bit each. */
__extension__ typedef unsigned __int128 decoder_set;

enum { DECODERS_MAX = 128 };

static inline decoder_set set_of(unsigned decoder)
{
	return (decoder_set)1 << decoder;
}

/* The first one of a set that is not empty. */
static inline unsigned set_first(decoder_set set)
{
	uint64_t low = (uint64_t)set;

	return (unsigned)(low != 0 ? __builtin_ctzll(low)
				   : 64 + __builtin_ctzll((uint64_t)(set >> 64)));
}

/* ---- connections (flows.c) ---- */

/* Both directions have one key: the smaller end is 0. */
struct flow_key {
	uint8_t address[2][16];
	uint16_t port[2];
	uint16_t vlan;
	uint8_t protocol, zero;
};

enum flow_flag {                    /* bits */
		 FLOW_OPENED = 1,   /* its first packet was seen: `client` is who sent it */
		 FLOW_SYN = 2,      /* a SYN was seen */
		 FLOW_ACK = 4,      /* a segment that answers another one was seen */
		 FLOW_REFUSED = 8,  /* RST instead of SYN-ACK */
		 FLOW_ENDED = 16,   /* FIN of both ends, or RST */
		 FLOW_COUNTED = 32, /* its conversation knows of it */
		 FLOW_READ = 64,    /* no decoder wants more of it */
		 FLOW_ASKED = 128,  /* nDPI has said what it can say */
		 FLOW_TO_ALL = 256, /* multicast or broadcast: nobody need answer */
};

struct flow {
	struct flow_key key;
	uint16_t flags;
	uint8_t client;      /* the end that opened it */
	uint8_t heard, fins; /* bit per end: it has sent something; its FIN */
	uint8_t known;       /* bit per end: `next` holds */
	/* Packets given to decoders of any port, or TRIED_CALLED and the decoder that called it its own; and
	 * to nDPI. */
	uint8_t tried, asked;
	uint32_t conversation; /* 0: none yet */
	uint32_t host[2];
	uint32_t packets[2]; /* since they were last added to the conversation, as bytes */
	uint64_t bytes[2];
	int64_t first_ns, last_ns;
	uint16_t given[2]; /* bytes of each end that nDPI got */
	uint32_t next[2];  /* TCP: the sequence number of the end's next byte */
	struct stream *stream;
	struct ndpi_flow_struct *ndpi;
	const char *application; /* a constant of a decoder, or of classify.c */
	bool by_decoder;
	uint8_t mac[2][6]; /* that the end's frames came from last */
};

/* ---- conversations (talks.c) ---- */

struct conversation_key {
	uint8_t src[16], dst[16];
	uint16_t port, vlan;
	uint8_t protocol, opened;
	uint16_t zero;
};

struct conversation {
	struct conversation_key key;
	bool changed, by_decoder;
	uint8_t asked; /* connections that nDPI has said its word about */
	const char *application;
	char *name;
	uint32_t flows; /* connections that point here */
	uint64_t connections, refused, unanswered;
	uint64_t bytes[2], packets[2];
	int64_t first_ms, last_ms;
};

/* ---- hosts (hosts.c) ---- */

struct host_key {
	uint8_t address[16];
};

struct host {
	struct host_key key;
	uint16_t vlan;
	bool changed, mac_told, forwarded;
	uint32_t mac,
		own_mac; /* numbers of table macs: seen before its frames; said to be its own */
	uint8_t ttl;     /* highest seen */
	uint64_t sent, received;
	int64_t first_ms, last_ms;
};

struct mac_key {
	uint8_t mac[6];
	uint16_t vlan;
};

struct mac {
	struct mac_key key;
	uint32_t hosts;  /* addresses that it sent for */
	uint32_t owner;  /* a host that said it is its own; 0: none */
	uint32_t behind; /* addresses told as behind it */
	bool forwards;
};

/* ---- facts and operations (kept.c) ---- */

enum { KINDS_MAX = 128 };

/* What facts of one kind take. */
struct kind_share {
	const char *kind; /* a constant of a decoder */
	uint32_t count;
	size_t bytes;
};

struct listener {
	struct notes notes; /* first: decoders get its address */
	struct listener_setup setup;
	struct listener_counts counts;
	struct fragments *fragments;
	struct table flows, conversations, hosts, macs, facts, operations;
	struct packet packet;
	struct flow *datagram; /* whose datagram decoders look at; NULL: none */
	int64_t now_ns;        /* the newest time, of this capture */
	uint32_t hand;         /* flows are looked at in turn */
	int64_t looked_ns;
	unsigned telling; /* which table listener_tell() is at, and where in it */
	uint32_t telling_next;
	size_t stream_bytes, stream_most; /* allocated by streams; at most */
	size_t text_bytes, text_most;     /* of facts and names */
	struct kind_share kinds[KINDS_MAX];
	struct ndpi_part *ndpi;
	/* Which decoders want what. */
	struct {
		decoder_set streams, any_udp, wrapped;
		decoder_set protocols[256];
		decoder_set sets[256];
		uint8_t udp_set[65536], tcp_set[65536], type_set[65536]; /* index into sets */
		unsigned set_count;
	} want;
};

/* flows.c */
int flows_init(struct listener *l, uint32_t most);
/* Counts the packet; NULL where there is no room. *ret_end: which end sent it. */
struct flow *flows_take(struct listener *l, const struct packet *p, unsigned *ret_end);
/* Looks whether connections are over: some of them, as time passes. */
void flows_look(struct listener *l);
void flows_end_all(struct listener *l);
/* Adds what a connection counted to its conversation. */
void flows_count(struct listener *l, struct flow *f);

/* talks.c */
int talks_init(struct listener *l, uint32_t most);
struct conversation *talks_of(struct listener *l, struct flow *f);
void talks_name(struct listener *l, struct flow *f, struct span name);
void talks_tell(struct listener *l, struct conversation *c);
void talks_forget(struct listener *l);
void talks_done(struct listener *l);

/* hosts.c */
int hosts_init(struct listener *l, uint32_t most);
/* The number of this address' entry; 0: no room. */
uint32_t hosts_number(struct listener *l, const uint8_t address[static 16], uint16_t vlan,
		      int64_t time_ns);
/* A frame with this MAC address came from this host. */
void hosts_sent_by(struct listener *l, uint32_t host, const struct packet *p);
/* The host's MAC address is its own: ARP, ND or DHCP said so. */
void hosts_own_mac(struct listener *l, const struct addr *a, const uint8_t mac[static 6],
		   uint16_t vlan, int64_t time_ns);
void hosts_tell(struct listener *l, struct host *h);

/* kept.c */
int kept_init(struct listener *l, uint32_t most_facts, uint32_t most_operations);
void keep_fact(struct notes *n, const struct fact *f);
void keep_operation(struct notes *n, const struct operation *o);
void kept_tell_fact(struct listener *l, void *entry);
void kept_tell_operation(struct listener *l, void *entry);
void kept_forget(struct listener *l);
void kept_done(struct listener *l);

/* streams.c */
/* A segment with, or without, payload of a connection whose bytes are still wanted. */
void streams_take(struct listener *l, struct flow *f, unsigned end, const struct packet *p);
/* The connection is over: what waited for missing bytes is read without them. */
void streams_end(struct listener *l, struct flow *f);

/* classify.c */
/* NULL: nDPI could not be set up; flows stay without its words. */
struct ndpi_part *classify_new(size_t most_bytes);
void classify_free(struct ndpi_part *n);
void classify_take(struct listener *l, struct flow *f, unsigned end, struct span payload);
void classify_forget(struct listener *l, struct flow *f);

static inline void addr_put(struct addr *a, const uint8_t bytes[static 16])
{
	*a = (struct addr){ 0 };
	memcpy(a->bytes, bytes, 16);
}

#endif
