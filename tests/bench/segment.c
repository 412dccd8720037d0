/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment full of hosts, behind one interface: every STEP-th address from FIRST on, COUNT addresses in
 * all, has a MAC address of its own (02:10 and the IPv4 address), answers ARP, and refuses every TCP
 * connection. The others do not exist. Runs until it is ended.
 *
 *   segment INTERFACE FIRST COUNT STEP
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 256, LONGEST = 128, ARP_FRAME = 42, RST_FRAME = 54, IP = 14 };

static uint32_t first, count, step;

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t sum(const uint8_t *p, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		s += get16(p + i);
	return s;
}

static uint32_t folded(uint32_t s)
{
	s = (s >> 16) + (s & 0xffff);
	s += s >> 16;
	return ~s & 0xffff;
}

static bool lives(uint32_t address)
{
	return address - first < count && (address - first) % step == 0;
}

static void ethernet(uint8_t *f, const uint8_t *to, uint32_t from, uint32_t type)
{
	memcpy(f, to, 6);
	put16(f + 6, 0x0210);
	put32(f + 8, from);
	put16(f + 12, type);
}

static size_t answer_arp(const uint8_t *q, uint8_t *f)
{
	uint32_t asked = get32(q + 38);

	if (get16(q + 20) != 1 || !lives(asked)) /* a request */
		return 0;
	ethernet(f, q + 6, asked, ETHERTYPE_ARP);
	memcpy(f + 14, q + 14, 6);
	put16(f + 20, 2);
	memcpy(f + 22, f + 6, 6);
	put32(f + 28, asked);
	memcpy(f + 32, q + 22, 10); /* who asked */
	return ARP_FRAME;
}

static size_t answer_tcp(const uint8_t *q, size_t n, uint8_t *f)
{
	size_t tcp = IP + (size_t)(q[IP] & 15) * 4;
	uint32_t host = get32(q + IP + 16);

	if (q[IP + 9] != IPPROTO_TCP || n < tcp + 20 || (q[tcp + 13] & 0x16) != 0x02 ||
	    !lives(host))
		return 0; /* no SYN */
	memset(f, 0, RST_FRAME);
	ethernet(f, q + 6, host, ETHERTYPE_IP);
	f[IP] = 0x45;
	put16(f + IP + 2, RST_FRAME - IP);
	f[IP + 8] = 64;
	f[IP + 9] = IPPROTO_TCP;
	put32(f + IP + 12, host);
	memcpy(f + IP + 16, q + IP + 12, 4);
	put16(f + IP + 10, folded(sum(f + IP, 20)));
	memcpy(f + 34, q + tcp + 2, 2);
	memcpy(f + 36, q + tcp, 2);
	put32(f + 42, get32(q + tcp + 4) + 1);
	f[46] = 5 << 4;
	f[47] = 0x14; /* RST, ACK */
	put16(f + 50, folded(sum(f + 34, 20) + sum(f + IP + 12, 8) + IPPROTO_TCP + 20));
	return RST_FRAME;
}

static size_t answer(const uint8_t *q, size_t n, uint8_t *f)
{
	if (n >= ARP_FRAME && get16(q + 12) == ETHERTYPE_ARP)
		return answer_arp(q, f);
	if (n >= RST_FRAME && get16(q + 12) == ETHERTYPE_IP)
		return answer_tcp(q, n, f);
	return 0;
}

static int packet_socket(const char *interface)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct packet_mreq all = { .mr_type = PACKET_MR_PROMISC };
	int on = 1, room = 64 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* hears nothing before bind() */

	at.sll_ifindex = all.mr_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || at.sll_ifindex == 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	static uint8_t asked[BATCH][LONGEST], said[BATCH][LONGEST];
	static struct mmsghdr in[BATCH], out[BATCH];
	static struct iovec in_part[BATCH], out_part[BATCH];
	struct in_addr a;
	int fd;

	if (argc != 5 || inet_pton(AF_INET, argv[2], &a) != 1 ||
	    (step = (uint32_t)strtoul(argv[4], NULL, 10)) == 0) {
		fprintf(stderr, "usage: segment INTERFACE FIRST COUNT STEP\n");
		return 2;
	}
	first = ntohl(a.s_addr);
	count = (uint32_t)strtoul(argv[3], NULL, 10);
	fd = packet_socket(argv[1]);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	for (int i = 0; i < BATCH; i++) {
		in_part[i] = (struct iovec){ .iov_base = asked[i], .iov_len = LONGEST };
		in[i].msg_hdr = (struct msghdr){ .msg_iov = &in_part[i], .msg_iovlen = 1 };
		out_part[i] = (struct iovec){ .iov_base = said[i], .iov_len = LONGEST };
		out[i].msg_hdr = (struct msghdr){ .msg_iov = &out_part[i], .msg_iovlen = 1 };
	}
	for (;;) {
		unsigned n = 0;
		int heard = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);

		for (int i = 0; i < heard; i++) {
			out_part[n].iov_len = answer(asked[i], in[i].msg_len, said[n]);
			n += out_part[n].iov_len > 0;
		}
		for (unsigned done = 0; done < n;) {
			int r = sendmmsg(fd, out + done, n - done, 0);

			done += r > 0 ? (unsigned)r : 1;
		}
	}
}
