/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What src/wire makes of the machine it runs on, as lines of text for the lab:
 *
 *   wire routes TARGET...             every piece of the targets and its way
 *   wire interfaces
 *   wire neighbour ADDRESS [INTERFACE]
 *   wire tap INTERFACE BUFFER         then one command per line on standard input:
 *       send COUNT SIZE [flush]       frames with a number and a pattern, for experiments (0x88b5)
 *       flush | forget | dropped
 *       receive COUNT SECONDS         until so many are there; looks at every byte
 *       filter WORDS
 *       powerless                     gives up every capability, and shows that it did
 *       run COMMAND
 *   wire tun                          one packet out of and one into an interface without MAC addresses
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/routes.h"
#include "wire/tap.h"

static int routes(char **targets)
{
	struct ranges set = { 0 };
	struct routes r;
	int e = 0;

	for (; e == 0 && *targets != NULL; targets++)
		e = ranges_parse(&set, *targets);
	if (e == 0)
		e = routes_make(&set, &r);
	ranges_done(&set);
	if (e != 0) {
		printf("error %s\n", strerror(-e));
		return 1;
	}
	for (size_t i = 0; i < r.count; i++) {
		const struct way *w = &r.list[i].way;
		const struct interface *on = routes_interface(&r, w->ifindex);
		char range[RANGE_TEXT], source[ADDR_TEXT], hop[ADDR_TEXT];

		printf("%s", range_format(&r.list[i].range, range));
		if (w->error != 0) {
			printf(" error %s\n", strerrorname_np(-w->error));
			continue;
		}
		printf(" dev %s%s mtu %u from %s", on->name, w->ethernet ? " ethernet" : "", w->mtu,
		       addr_format(&w->source, source));
		if (w->local)
			printf(" local");
		else if (w->on_link)
			printf(" on-link");
		else
			printf(" via %s", addr_format(&w->next_hop, hop));
		putchar('\n');
	}
	routes_done(&r);
	return 0;
}

static int interfaces(void)
{
	struct ranges none = { 0 };
	struct routes r;
	int e = routes_make(&none, &r);

	if (e != 0) {
		printf("error %s\n", strerror(-e));
		return 1;
	}
	for (size_t i = 0; i < r.interface_count; i++) {
		const struct interface *on = &r.interfaces[i];
		char *networks = ranges_text(&on->networks), *own = ranges_text(&on->own), mac[18];

		neighbour_mac_text(on->mac, mac);
		printf("%s%s%s%s mac %s mtu %u own %s networks %s\n", on->name, on->up ? " up" : "",
		       on->loopback ? " loopback" : "", on->ethernet ? " ethernet" : "", mac,
		       on->mtu, own, networks);
		free(networks);
		free(own);
	}
	routes_done(&r);
	return 0;
}

static int neighbour(const char *address, const char *interface)
{
	static const char *const words[] = { "unknown", "incomplete", "failed", "known" };
	struct addr a;
	uint8_t mac[6];
	char text[18] = "";

	if (addr_parse(address, &a) != 0)
		return 2;
	enum neighbour_state s =
		neighbour_find(&a, interface != NULL ? if_nametoindex(interface) : 0, mac);
	if (s == NEIGHBOUR_KNOWN)
		neighbour_mac_text(mac, text);
	printf("%s %s\n", words[s], text);
	return 0;
}

/* ---- frames ---- */

enum { HEADER = 14, FRAME_LEAST = HEADER + 4 };

static void form(uint8_t *frame, size_t n, uint32_t number)
{
	static const uint8_t header[HEADER] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
						0,    0,    0,    0,    7,    0x88, 0xb5 };

	memcpy(frame, header, HEADER);
	for (size_t i = 0; i < 4; i++)
		frame[HEADER + i] = (uint8_t)(number >> 8 * i);
	for (size_t i = FRAME_LEAST; i < n; i++)
		frame[i] = (uint8_t)(number * 31 + i * 7);
}

struct arrived {
	uint32_t next; /* frames come in the order in which they were sent */
	unsigned whole, altered;
	size_t shortest, longest;
	bool stamped;
};

static void look(void *context, const uint8_t *frame, size_t n, int64_t unix_us)
{
	struct arrived *a = context;
	uint8_t expected[1518];

	form(expected, n <= sizeof(expected) ? n : sizeof(expected), a->next++);
	if (n >= FRAME_LEAST && n <= sizeof(expected) && memcmp(frame, expected, n) == 0)
		a->whole++;
	else
		a->altered++;
	if (a->shortest == 0 || n < a->shortest)
		a->shortest = n;
	if (n > a->longest)
		a->longest = n;
	a->stamped = unix_us > INT64_C(1600000000000000);
}

static void say(const char *what, int e)
{
	if (e < 0)
		printf("%s %s", what, strerrorname_np(-e));
	else
		printf("%s %d", what, e);
}

static int flush(struct tap *t)
{
	int sent = 0, n = 0;

	while (tap_waiting(t) > 0 && (n = tap_flush(t)) > 0)
		sent += n;
	return sent > 0 && n >= 0 ? sent : n;
}

static void send_frames(struct tap *t, const char *words)
{
	static uint32_t number;
	unsigned count = 0, size = 0, formed = 0;
	bool at_once = strstr(words, "flush") != NULL;

	sscanf(words, "%u %u", &count, &size);
	for (; formed < count; formed++) {
		uint8_t *frame = size < FRAME_LEAST ? NULL : tap_next(t, size);

		if (frame == NULL)
			break;
		form(frame, size, number++);
	}
	printf("formed %u ", formed);
	if (at_once || formed < count)
		say("flush", flush(t));
	printf(" waiting %zu\n", tap_waiting(t));
}

static void receive_frames(struct tap *t, const char *words)
{
	struct arrived a = { 0 };
	unsigned count = 0;
	int seconds = 0, e = 0;
	struct pollfd p = { .fd = tap_fd(t), .events = POLLIN };

	sscanf(words, "%u %d", &count, &seconds);
	while (e >= 0 && a.whole + a.altered < count && poll(&p, 1, seconds * 1000) > 0)
		e = tap_receive(t, (int)count, look, &a);
	if (e < 0) {
		say("receive", e);
		putchar('\n');
		return;
	}
	printf("received %u altered %u of %zu to %zu bytes%s\n", a.whole, a.altered, a.shortest,
	       a.longest, a.stamped ? " stamped" : "");
}

static void powerless(const char *interface)
{
	struct tap *t;

	capng_clear(CAPNG_SELECT_ALL);
	say("apply", capng_apply(CAPNG_SELECT_CAPS));
	say(" open", tap_open(interface, "", 0, &t));
	putchar('\n');
}

static int run(char *words)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, words, NULL };
	pid_t pid;
	int status;

	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static int tap(const char *interface, const char *buffer)
{
	struct tap *t;
	char line[512];
	int e = tap_open(interface, "ether proto 0x88b5", strtoul(buffer, NULL, 10), &t);

	say("open", e);
	putchar('\n');
	if (e != 0)
		return 1;
	while (fflush(stdout) == 0 && fgets(line, sizeof(line), stdin) != NULL) {
		char *words;

		line[strcspn(line, "\n")] = '\0';
		words = strchr(line, ' ');
		words = words != NULL ? words + 1 : line + strlen(line);
		if (strncmp(line, "send ", 5) == 0) {
			send_frames(t, words);
		} else if (strcmp(line, "flush") == 0) {
			say("flush", flush(t));
			printf(" waiting %zu\n", tap_waiting(t));
		} else if (strcmp(line, "forget") == 0) {
			tap_forget(t);
			printf("waiting %zu\n", tap_waiting(t));
		} else if (strncmp(line, "receive ", 8) == 0) {
			receive_frames(t, words);
		} else if (strcmp(line, "dropped") == 0) {
			printf("dropped %llu\n", (unsigned long long)tap_dropped(t));
		} else if (strncmp(line, "filter ", 7) == 0) {
			say("filter", tap_filter(t, words));
			putchar('\n');
		} else if (strcmp(line, "powerless") == 0) {
			powerless(interface);
		} else if (strncmp(line, "run ", 4) == 0) {
			printf("run %d\n", run(words));
		} else {
			printf("unknown command\n");
		}
	}
	tap_close(t);
	return 0;
}

static void same(void *context, const uint8_t *frame, size_t n, int64_t unix_us)
{
	const struct span *expected = context;

	(void)unix_us;
	printf(" in %s",
	       n == expected->length && memcmp(frame, expected->at, n) == 0 ? "same" : "other");
}

static int tun(void)
{
	/* 192.0.2.1 to 192.0.2.2, protocol 253 (for experiments, RFC 3692); and the other way. */
	static uint8_t packet[] = { 0x45, 0, 0, 24, 0,   0, 0, 0, 64,  253, 0xf5, 0xe4,
				    192,  0, 2, 1,  192, 0, 2, 2, 't', 'u', 'n',  '0' };
	struct span sent = span_of(packet, sizeof(packet));
	struct ifreq q = { .ifr_name = "tun0", .ifr_flags = IFF_TUN | IFF_NO_PI };
	uint8_t got[256];
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	struct tap *t;

	if (fd < 0 || ioctl(fd, TUNSETIFF, &q) != 0)
		return 77;
	if (run((char[]){ "ip link set tun0 up" }) != 0)
		return 1;
	int e = tap_open("tun0", "ip proto 253", 0, &t);
	if (e != 0) {
		say("open", e);
		putchar('\n');
		return 1;
	}
	printf("link %zu", tap_link(t));
	uint8_t *room = tap_next(t, sizeof(packet));
	memcpy(room, packet, sizeof(packet));
	say(" flush", tap_flush(t));
	/* The kernel may have words of its own for a new interface, in IPv6. */
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = 0;
	do {
		if (poll(&p, 1, 2000) <= 0)
			break;
		n = read(fd, got, sizeof(got));
	} while (n > 0 && got[0] >> 4 != 4);
	printf(" out %s", (size_t)n == sizeof(packet) && memcmp(got, packet, sizeof(packet)) == 0
				  ? "same"
				  : "other");
	if (write(fd, packet, sizeof(packet)) != (ssize_t)sizeof(packet))
		return 1;
	p.fd = tap_fd(t);
	poll(&p, 1, 2000);
	say("; receive", tap_receive(t, 10, same, &sent));
	putchar('\n');
	tap_close(t);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "routes") == 0)
		return routes(argv + 2);
	if (argc == 2 && strcmp(argv[1], "interfaces") == 0)
		return interfaces();
	if (argc >= 3 && strcmp(argv[1], "neighbour") == 0)
		return neighbour(argv[2], argv[3]);
	if (argc == 2 && strcmp(argv[1], "tun") == 0)
		return tun();
	if (argc == 4 && strcmp(argv[1], "tap") == 0)
		return tap(argv[2], argv[3]);
	fprintf(stderr, "usage: wire routes TARGET...|interfaces|neighbour ADDRESS [INTERFACE]|"
			"tap INTERFACE BUFFER|tun\n");
	return 2;
}
