/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The most that a packet socket gives on this link: sendmmsg() in a loop, nothing else. SYN segments of
 * 58 bytes (Ethernet, IPv4, TCP with an MSS option), one to each address from the first on, in batches of
 * 256, past the queueing discipline. The measure for scanners, which have more to do per packet.
 *
 *   sendmmsg_loop INTERFACE SOURCE-MAC DESTINATION-MAC SOURCE FIRST COUNT PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 58, IP = 14, TCP = 34, BATCH = 256 };

static uint8_t frames[BATCH][FRAME];
static uint32_t ip_sum, tcp_sum; /* of everything but the destination */

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
		s += (uint32_t)p[i] << 8 | p[i + 1];
	return s;
}

static uint32_t folded(uint32_t s)
{
	s = (s >> 16) + (s & 0xffff);
	s += s >> 16;
	return ~s & 0xffff;
}

static bool mac(const char *text, uint8_t *ret)
{
	unsigned b[6];

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", b, b + 1, b + 2, b + 3, b + 4, b + 5) != 6)
		return false;
	for (int i = 0; i < 6; i++)
		ret[i] = (uint8_t)b[i];
	return true;
}

static bool make(const char *from_mac, const char *to_mac, const char *source, uint32_t port)
{
	uint8_t *f = frames[0];
	struct in_addr a;

	if (!mac(to_mac, f) || !mac(from_mac, f + 6) || inet_pton(AF_INET, source, &a) != 1)
		return false;
	put16(f + 12, ETHERTYPE_IP);
	f[IP] = 0x45;
	put16(f + IP + 2, FRAME - IP);
	put16(f + IP + 4, 0x1234);
	f[IP + 8] = 64; /* hops */
	f[IP + 9] = IPPROTO_TCP;
	memcpy(f + IP + 12, &a, 4);
	put16(f + TCP, 40000);
	put16(f + TCP + 2, port);
	put32(f + TCP + 4, 0x01020304);  /* sequence number */
	f[TCP + 12] = 6 << 4;            /* words of the header */
	f[TCP + 13] = 0x02;              /* SYN */
	put16(f + TCP + 14, 1024);       /* window */
	put32(f + TCP + 20, 0x020405b4); /* MSS 1460 */
	ip_sum = sum(f + IP, 20);
	tcp_sum = sum(f + TCP, FRAME - TCP) + sum(f + IP + 12, 4) + IPPROTO_TCP + FRAME - TCP;
	for (int i = 1; i < BATCH; i++)
		memcpy(frames[i], f, FRAME);
	return true;
}

static void aim(uint8_t *f, uint32_t to)
{
	uint32_t s = (to >> 16) + (to & 0xffff);

	put32(f + IP + 16, to);
	put16(f + IP + 10, folded(ip_sum + s));
	put16(f + TCP + 16, folded(tcp_sum + s));
}

static int packet_socket(const char *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* 0: receives nothing */

	to.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof to) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) < 0)
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH];
	struct in_addr first;
	unsigned long sent = 0, full = 0, count;
	int fd;

	if (argc != 8 || !make(argv[2], argv[3], argv[4], (uint32_t)strtoul(argv[7], NULL, 10)) ||
	    inet_pton(AF_INET, argv[5], &first) != 1) {
		fprintf(stderr,
			"usage: sendmmsg_loop INTERFACE SOURCE-MAC DESTINATION-MAC SOURCE FIRST "
			"COUNT PORT\n");
		return 2;
	}
	count = strtoul(argv[6], NULL, 10);
	fd = packet_socket(argv[1]);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ .iov_base = frames[i], .iov_len = FRAME };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	while (sent < count) {
		unsigned n = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;

		for (unsigned i = 0; i < n; i++)
			aim(frames[i], ntohl(first.s_addr) + (uint32_t)(sent + i));
		for (unsigned done = 0; done < n;) {
			int r = sendmmsg(fd, messages + done, n - done, 0);

			if (r < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
				perror("sendmmsg");
				return 1;
			}
			if (r < 0)
				full++;
			else
				done += (unsigned)r;
		}
		sent += n;
	}
	printf("%lu sent, %lu times full\n", sent, full);
	close(fd);
	return 0;
}
