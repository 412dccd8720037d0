/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a capture for the bench of listening: mix KIND MEGABYTES OUT.pcap RECORDING...
 *
 *	ordinary  the recorded exchanges over and over, each time between other addresses and from other
 *	          ports, and as many bytes of HTTP downloads
 *	unknown   the same, but every second connection is random bytes
 *	many      MEGABYTES does not count: 1,000,000 connections between 100,000 hosts, all within a minute
 *
 * Checksums are right, connections overlap in time, and the same arguments give the same bytes.
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ETHERNET = 14,
	IPV4 = 20,
	TCP = 6,
	UDP = 17,
	FRAME_MAX = 65536,
	SEGMENT = 1460,
	ADDRESSES = 16, /* of one recording that get others */
	ACTIVE = 400,   /* connections at a time */
	CLIENTS = 2000,
	SERVERS = 200,
	HOSTS = 100000,
	FLOWS = 1000000,
	EPHEMERAL = 32768,
	EPHEMERAL_COUNT = 28000,
	FIN = 1,
	SYN = 2,
	PSH = 8,
	ACK = 16,
};

static uint64_t random_state = 0x9e3779b97f4a7c15;

/* xorshift64*, so that every run writes the same. */
static uint32_t draw(uint32_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1d) >> 32) % below;
}

static void put16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v & 0xffff);
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)(at[0] << 8 | at[1]);
}

/* ---- checksums ---- */

static uint32_t add_up(uint32_t sum, const uint8_t *at, size_t n)
{
	for (; n > 1; at += 2, n -= 2)
		sum += get16(at);
	return n > 0 ? sum + (uint32_t)(at[0] << 8) : sum;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* Of the IPv4 packet at ip and of its transport, which is n bytes. */
static void fill_checksums(uint8_t *ip, size_t header, size_t n)
{
	uint8_t *transport = ip + header;
	size_t at = ip[9] == TCP ? 16 : 6;

	put16(ip + 10, 0);
	put16(ip + 10, fold(add_up(0, ip, header)));
	if ((ip[9] != TCP && ip[9] != UDP) || n < at + 2)
		return;
	put16(transport + at, 0);
	uint32_t sum = add_up(add_up(ip[9] + (uint32_t)n, ip + 12, 8), transport, n);
	put16(transport + at, fold(sum));
}

/* ---- recordings ---- */

struct packet {
	uint32_t after_us; /* since the first */
	uint32_t length;
	uint8_t *bytes;
};

struct recording {
	uint32_t number;
	struct packet *list;
	size_t count;
	uint8_t address[ADDRESSES][4];
	size_t addresses;
	uint8_t ephemeral[65536 / 8]; /* ports that connections were opened from */
	uint8_t served[65536 / 8];    /* ports that they were opened to */
};

static bool has(const uint8_t *set, uint32_t n)
{
	return (set[n / 8] & 1U << n % 8) != 0;
}

static void put(uint8_t *set, uint32_t n)
{
	set[n / 8] |= (uint8_t)(1U << n % 8);
}

static size_t address_number(struct recording *r, const uint8_t *address)
{
	for (size_t i = 0; i < r->addresses; i++)
		if (memcmp(r->address[i], address, 4) == 0)
			return i;
	/* Multicast and broadcast stay what they are. */
	if (address[0] >= 224 || address[0] == 0 || address[3] == 255 || r->addresses == ADDRESSES)
		return ADDRESSES;
	memcpy(r->address[r->addresses], address, 4);
	return r->addresses++;
}

/* Whole IPv4 packets in plain Ethernet frames; others are left out. */
static bool is_usable(const uint8_t *frame, uint32_t length)
{
	const uint8_t *ip = frame + ETHERNET;

	return length >= ETHERNET + IPV4 && get16(frame + 12) == 0x0800 && ip[0] >> 4 == 4 &&
	       (get16(ip + 6) & 0x3fff) == 0 && get16(ip + 2) <= length - ETHERNET &&
	       (size_t)(ip[0] & 15) * 4 + 8 <= get16(ip + 2) && (ip[0] & 15) >= 5 &&
	       length < FRAME_MAX;
}

/* The first packet between two ports tells which one was picked by the client's system. */
static void note_ports(struct recording *r, const uint8_t *ip)
{
	const uint8_t *transport = ip + (size_t)(ip[0] & 15) * 4;
	uint32_t from = get16(transport), to = get16(transport + 2);

	if ((ip[9] != TCP && ip[9] != UDP) || has(r->served, from) || has(r->ephemeral, to))
		return;
	put(r->served, to);
	if (from >= EPHEMERAL && from != to)
		put(r->ephemeral, from);
}

static bool read_recording(const char *path, struct recording *ret)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, error);
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	int64_t first = -1;

	if (p == NULL || pcap_datalink(p) != DLT_EN10MB) {
		if (p != NULL)
			pcap_close(p);
		return false;
	}
	while (pcap_next_ex(p, &h, &bytes) == 1) {
		int64_t at = (int64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec;

		if (h->caplen != h->len || !is_usable(bytes, h->caplen))
			continue;
		if (first < 0)
			first = at;
		ret->list = realloc(ret->list, (ret->count + 1) * sizeof(*ret->list));
		uint8_t *copy = malloc(h->caplen);
		if (ret->list == NULL || copy == NULL)
			abort();
		memcpy(copy, bytes, h->caplen);
		/* Pauses of a script that recorded are no pauses of traffic. */
		int64_t after = at - first;
		uint32_t before = ret->count > 0 ? ret->list[ret->count - 1].after_us : 0;
		if (after < before)
			after = before;
		if (after > before + 20000)
			after = before + 20000;
		ret->list[ret->count++] = (struct packet){ .after_us = (uint32_t)after,
							   .length = h->caplen,
							   .bytes = copy };
		note_ports(ret, bytes + ETHERNET);
		address_number(ret, bytes + ETHERNET + 12);
		address_number(ret, bytes + ETHERNET + 16);
	}
	pcap_close(p);
	return ret->count > 0;
}

/* ---- connections that are under way ---- */

enum kind { RECORDED, DOWNLOAD, RANDOM_TCP, RANDOM_UDP };

struct run {
	enum kind kind;
	int64_t at_us;
	const struct recording *recording;
	size_t step, steps;
	uint8_t client[4], server[4];
	uint8_t others[ADDRESSES][4];
	uint32_t client_port, server_port, salt;
	uint32_t sequence[2];
};

static FILE *out;
static uint64_t written, packets, connections;

static void write_frame(int64_t at_us, const uint8_t *frame, size_t n)
{
	uint32_t head[4] = { (uint32_t)(at_us / 1000000), (uint32_t)(at_us % 1000000), (uint32_t)n,
			     (uint32_t)n };

	if (fwrite(head, sizeof(head), 1, out) != 1 || fwrite(frame, n, 1, out) != 1) {
		perror("mix");
		exit(1);
	}
	written += sizeof(head) + n;
	packets++;
}

static void put_macs(uint8_t *frame)
{
	const uint8_t *ip = frame + ETHERNET;

	if (ip[16] < 224 && ip[19] != 255) {
		put16(frame, 0x0200);
		memcpy(frame + 2, ip + 16, 4);
	}
	put16(frame + 6, 0x0200);
	memcpy(frame + 8, ip + 12, 4);
}

static uint32_t map_port(const struct run *r, uint32_t port)
{
	return has(r->recording->ephemeral, port) ? EPHEMERAL + (port + r->salt) % EPHEMERAL_COUNT
						  : port;
}

static void map_address(const struct run *r, uint8_t *address)
{
	for (size_t i = 0; i < r->recording->addresses; i++)
		if (memcmp(r->recording->address[i], address, 4) == 0) {
			memcpy(address, r->others[i], 4);
			return;
		}
}

static void step_recorded(struct run *r)
{
	static uint8_t frame[FRAME_MAX];
	const struct packet *p = &r->recording->list[r->step];
	uint8_t *ip = frame + ETHERNET;
	size_t header = (size_t)(p->bytes[ETHERNET] & 15) * 4;

	memcpy(frame, p->bytes, p->length);
	map_address(r, ip + 12);
	map_address(r, ip + 16);
	if (ip[9] == TCP || ip[9] == UDP) {
		put16(ip + header, map_port(r, get16(ip + header)));
		put16(ip + header + 2, map_port(r, get16(ip + header + 2)));
	}
	put_macs(frame);
	fill_checksums(ip, header, get16(ip + 2) - header);
	write_frame(r->at_us, frame, p->length);
}

/* One packet of a connection that is made here. */
static void write_packet(struct run *r, bool from_server, uint8_t flags, const void *payload,
			 size_t n)
{
	static uint8_t frame[ETHERNET + IPV4 + 20 + SEGMENT];
	uint8_t *ip = frame + ETHERNET, *transport = ip + IPV4;
	bool tcp = r->kind != RANDOM_UDP;
	size_t header = tcp ? 20 : 8;

	memset(frame, 0, ETHERNET + IPV4 + header);
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(IPV4 + header + n));
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = tcp ? TCP : UDP;
	memcpy(ip + 12, from_server ? r->server : r->client, 4);
	memcpy(ip + 16, from_server ? r->client : r->server, 4);
	put16(transport, from_server ? r->server_port : r->client_port);
	put16(transport + 2, from_server ? r->client_port : r->server_port);
	if (tcp) {
		put32(transport + 4, r->sequence[from_server]);
		put32(transport + 8, flags & ACK ? r->sequence[!from_server] : 0);
		transport[12] = 0x50;
		transport[13] = flags;
		put16(transport + 14, 64240);
		r->sequence[from_server] += (uint32_t)n + ((flags & (SYN | FIN)) != 0);
	} else {
		put16(transport + 4, (uint32_t)(header + n));
	}
	if (n > 0)
		memcpy(transport + header, payload, n);
	put_macs(frame);
	fill_checksums(ip, IPV4, header + n);
	write_frame(r->at_us, frame, ETHERNET + IPV4 + header + n);
}

static void random_bytes(uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i += 4) {
		uint32_t word = draw(UINT32_MAX);
		memcpy(at + i, &word, n - i < 4 ? n - i : 4);
	}
}

/* Handshake, what is said, and the end: the steps of a TCP connection. */
static void step_made(struct run *r)
{
	static uint8_t payload[SEGMENT];
	char head[256];

	if (r->kind == RANDOM_UDP) {
		size_t n = 40 + draw(1200);
		random_bytes(payload, n);
		write_packet(r, r->step & 1, 0, payload, n);
		return;
	}
	if (r->step < 3) {
		write_packet(r, r->step == 1,
			     r->step == 0   ? SYN
			     : r->step == 1 ? SYN | ACK
					    : ACK,
			     NULL, 0);
		return;
	}
	if (r->step + 2 >= r->steps) {
		write_packet(r, r->step + 2 == r->steps, FIN | ACK, NULL, 0);
		return;
	}
	size_t step = r->step - 3;
	if (r->kind == RANDOM_TCP) {
		size_t n = 40 + draw(SEGMENT - 40);
		random_bytes(payload, n);
		write_packet(r, step & 1, PSH | ACK, payload, n);
	} else if (step == 0) {
		snprintf(head, sizeof(head),
			 "GET /files/%u.bin HTTP/1.1\r\nHost: files.kita.example\r\n"
			 "User-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
			 r->salt);
		write_packet(r, false, PSH | ACK, head, strlen(head));
	} else if (step == 1) {
		snprintf(head, sizeof(head),
			 "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: "
			 "application/octet-stream\r\nContent-Length: %zu\r\n\r\n",
			 (r->steps - 5 - 2) / 3 * 2 * SEGMENT);
		write_packet(r, true, PSH | ACK, head, strlen(head));
	} else if (step % 3 == 1) {
		write_packet(r, false, ACK, NULL, 0);
	} else {
		random_bytes(payload, SEGMENT);
		write_packet(r, true, ACK, payload, SEGMENT);
	}
}

static void put_address(uint8_t *address, uint32_t first, uint32_t n)
{
	put32(address, first + n + n / 250 * 6);
}

/* A client has its services, every sixth of all, and for each of them its server. */
static void pick_addresses(struct run *r)
{
	enum { CLIENT_FIRST = 0x0a800001, SERVER_FIRST = 0x0a010001, EACH = 6 };
	uint32_t service = r->recording != NULL ? r->recording->number : UINT8_MAX;
	uint32_t client = draw(CLIENTS / EACH) * EACH + service % EACH;

	put_address(r->client, CLIENT_FIRST, client);
	/* What nobody recognises goes anywhere. */
	put_address(r->server, SERVER_FIRST,
		    r->kind == DOWNLOAD ? client % SERVERS : draw(SERVERS));
	for (size_t i = 0; r->recording != NULL && i < r->recording->addresses; i++)
		put_address(r->others[i], i > 0 ? SERVER_FIRST : CLIENT_FIRST,
			    i > 0 ? (client * 31 + service * 7 + (uint32_t)i) % SERVERS : client);
}

static struct run begin(int64_t at_us, enum kind kind, const struct recording *recording)
{
	struct run r = { .kind = kind, .at_us = at_us, .recording = recording };

	connections++;
	r.salt = draw(EPHEMERAL_COUNT);
	r.client_port = EPHEMERAL + r.salt;
	r.server_port = kind == DOWNLOAD ? 80 : 10000 + draw(20000);
	r.sequence[0] = draw(UINT32_MAX);
	r.sequence[1] = draw(UINT32_MAX);
	pick_addresses(&r);
	switch (kind) {
	case RECORDED:
		r.steps = recording->count;
		break;
	case DOWNLOAD:
		r.steps = 5 + 2 + 3 * (20 + draw(300));
		break;
	case RANDOM_TCP:
		r.steps = 5 + 4 + draw(40);
		break;
	case RANDOM_UDP:
		r.steps = 2 + draw(30);
		break;
	}
	return r;
}

/* False: it is over. */
static bool step(struct run *r)
{
	if (r->kind == RECORDED)
		step_recorded(r);
	else
		step_made(r);
	if (++r->step == r->steps)
		return false;
	if (r->kind == RECORDED)
		r->at_us += 1 + r->recording->list[r->step].after_us -
			    r->recording->list[r->step - 1].after_us;
	else
		r->at_us += 50 + draw(2000);
	return true;
}

static void write_mix(bool unknown, uint64_t bytes, const struct recording *recordings,
		      size_t count)
{
	static struct run active[ACTIVE];
	int64_t now = INT64_C(1780000000) * 1000000;
	uint64_t downloaded = 0;
	bool random = false;

	for (size_t i = 0; i < ACTIVE; i++)
		active[i].at_us = -1;
	while (written < bytes) {
		size_t next = 0;

		for (size_t i = 0; i < ACTIVE; i++) {
			if (active[i].at_us < 0) {
				enum kind kind = RECORDED;
				random = unknown && !random;
				if (random)
					kind = draw(4) == 0 ? RANDOM_UDP : RANDOM_TCP;
				else if (downloaded < written / 2)
					kind = DOWNLOAD;
				active[i] =
					begin(now + draw(5000), kind,
					      kind == RECORDED ? &recordings[draw((uint32_t)count)]
							       : NULL);
				if (kind == DOWNLOAD)
					downloaded += active[i].steps * 1000;
			}
			if (active[i].at_us < active[next].at_us)
				next = i;
		}
		now = active[next].at_us;
		if (!step(&active[next]))
			active[next].at_us = -1;
	}
}

/* Three packets each, one connection after the other, so that none is over when the last one begins. */
static void write_many(void)
{
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct run r = { .kind = RANDOM_TCP, .steps = 100 };
		uint32_t client = i % HOSTS, server = (i / HOSTS * 7919 + i * 31) % HOSTS;

		r.at_us = INT64_C(1780000000) * 1000000 + i * INT64_C(50);
		put32(r.client, UINT32_C(0x0a000001) + client);
		put32(r.server,
		      UINT32_C(0x0a000001) + (server == client ? (server + 1) % HOSTS : server));
		r.client_port = EPHEMERAL + i / HOSTS;
		r.server_port = 1024 + i % 5000;
		connections++;
		for (r.step = 0; r.step < 3; r.step++)
			step_made(&r);
	}
}

int main(int argc, char **argv)
{
	static const uint32_t head[] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, DLT_EN10MB };
	struct recording *recordings = calloc((size_t)argc, sizeof(*recordings));
	size_t count = 0;

	if (argc < 4 || recordings == NULL)
		return 2;
	for (int i = 4; i < argc; i++) {
		recordings[count].number = (uint32_t)count;
		count += read_recording(argv[i], &recordings[count]);
	}
	out = fopen(argv[3], "wb");
	if (out == NULL || fwrite(head, sizeof(head), 1, out) != 1) {
		perror(argv[3]);
		return 1;
	}
	setvbuf(out, NULL, _IOFBF, 1 << 20);
	if (strcmp(argv[1], "many") == 0)
		write_many();
	else if (count > 0)
		write_mix(strcmp(argv[1], "unknown") == 0, strtoull(argv[2], NULL, 10) * 1000000,
			  recordings, count);
	if (fclose(out) != 0) {
		perror(argv[3]);
		return 1;
	}
	printf("%s: %zu recordings, %" PRIu64 " connections, %" PRIu64 " packets, %" PRIu64
	       " bytes\n",
	       argv[1], count, connections, packets, written + sizeof(head));
	return 0;
}
