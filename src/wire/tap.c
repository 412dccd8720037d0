/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batch is a ring: what could not be sent stays where it is, in order, and new frames follow it.
 */
#include "wire/tap.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/xdp_out.h"

enum {
	FRAME_MOST = 1518,
	SNAPLEN = 1518,         /* answers of DHCP and of names are long */
	BUFFER_LEAST = 1 << 16, /* below this libpcap has no room for a frame of some systems */
	SEND_BUFFER = 1 << 20,  /* a batch of frames with what the kernel counts for each */
};

struct tap {
	int fd;
	unsigned ifindex;
	char name[IF_NAMESIZE];
	size_t link;
	struct xdp_out *xdp; /* the faster way out, where the kernel has it; else NULL */
	pcap_t *pcap;
	uint64_t dropped;
	unsigned dropped_seen; /* libpcap's counter, which wraps */
	size_t first, waiting;
	bool large_used;
	struct mmsghdr messages[TAP_BATCH];
	struct iovec vectors[TAP_BATCH];
	struct sockaddr_ll to[TAP_BATCH]; /* raw IP only: the protocol is not in the frame */
	uint8_t slots[TAP_BATCH][TAP_SLOT];
	uint8_t large[FRAME_MOST];
};

/* ---- opening ---- */

static int open_socket(struct tap *t)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = (int)t->ifindex };
	int yes = 1, room = SEND_BUFFER;

	/* Protocol 0: it only sends, nothing is queued on it. */
	t->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		return -errno;
	if (bind(t->fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return -errno;
	if (setsockopt(t->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) != 0)
		return -errno;
	setsockopt(t->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return 0;
}

static int error_of(int pcap_error)
{
	switch (pcap_error) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return -EPERM;
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return -ENODEV;
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENETDOWN;
	default:
		return -EIO;
	}
}

/* What became of the interface, where libpcap only has words. */
static int interface_error(const struct tap *t)
{
	return if_nametoindex(t->name) == t->ifindex ? -ENETDOWN : -ENODEV;
}

static int open_capture(struct tap *t, size_t buffer_bytes)
{
	char words[PCAP_ERRBUF_SIZE];
	int e, yes = 1;

	if (buffer_bytes < BUFFER_LEAST)
		buffer_bytes = BUFFER_LEAST;
	if (buffer_bytes > INT32_MAX)
		buffer_bytes = INT32_MAX;
	t->pcap = pcap_create(t->name, words);
	if (t->pcap == NULL)
		return -ENOMEM;
	pcap_set_snaplen(t->pcap, SNAPLEN);
	pcap_set_immediate_mode(t->pcap, 1);
	pcap_set_buffer_size(t->pcap, (int)buffer_bytes);
	e = pcap_activate(t->pcap);
	if (e < 0)
		return error_of(e);
	switch (pcap_datalink(t->pcap)) {
	case DLT_EN10MB:
		t->link = ETH_HLEN;
		break;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		t->link = 0;
		break;
	default:
		return -EPROTONOSUPPORT;
	}
	/* Before the kernel copies it, where the kernel can (Linux 4.20); else libpcap throws it away. */
	setsockopt(pcap_fileno(t->pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
	if (pcap_setdirection(t->pcap, PCAP_D_IN) != 0 || pcap_setnonblock(t->pcap, 1, words) != 0)
		return -EIO;
	return 0;
}

int tap_filter(struct tap *t, const char *filter)
{
	struct bpf_program program;
	int e;

	if (pcap_compile(t->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return -EINVAL;
	e = pcap_setfilter(t->pcap, &program) != 0 ? -EIO : 0;
	pcap_freecode(&program);
	return e;
}

int tap_open(const char *interface, const char *filter, size_t buffer_bytes, struct tap **ret)
{
	struct tap *t = calloc(1, sizeof(*t));
	int e = 0;

	if (t == NULL)
		return -ENOMEM;
	t->fd = -1;
	t->ifindex = if_nametoindex(interface);
	if (t->ifindex == 0 || strlen(interface) >= sizeof(t->name))
		e = -ENODEV;
	else
		memcpy(t->name, interface, strlen(interface));
	for (size_t i = 0; i < TAP_BATCH; i++) {
		t->messages[i].msg_hdr.msg_iov = &t->vectors[i];
		t->messages[i].msg_hdr.msg_iovlen = 1;
	}
	if (e == 0)
		e = open_socket(t);
	if (e == 0)
		e = open_capture(t, buffer_bytes);
	if (e == 0)
		e = tap_filter(t, filter);
	if (e == 0 && t->link == ETH_HLEN)
		t->xdp = xdp_out_open(t->ifindex);
	if (e != 0) {
		tap_close(t);
		return e;
	}
	*ret = t;
	return 0;
}

void tap_close(struct tap *t)
{
	if (t == NULL)
		return;
	if (t->pcap != NULL)
		pcap_close(t->pcap);
	if (t->fd >= 0)
		close(t->fd);
	xdp_out_close(t->xdp);
	free(t);
}

size_t tap_link(const struct tap *t)
{
	return t->link;
}

int tap_fd(const struct tap *t)
{
	return pcap_get_selectable_fd(t->pcap);
}

/* ---- sending ---- */

static bool has_room(const struct tap *t, size_t n)
{
	return t->waiting < TAP_BATCH && (n <= TAP_SLOT || !t->large_used);
}

uint8_t *tap_next(struct tap *t, size_t n)
{
	size_t i;
	uint8_t *room;

	if (n == 0 || n > FRAME_MOST)
		return NULL;
	if (!has_room(t, n)) {
		tap_flush(t);
		if (!has_room(t, n))
			return NULL;
	}
	i = (t->first + t->waiting) % TAP_BATCH;
	room = t->slots[i];
	if (n > TAP_SLOT) {
		room = t->large;
		t->large_used = true;
	}
	t->vectors[i] = (struct iovec){ .iov_base = room, .iov_len = n };
	t->waiting++;
	return room;
}

/* Raw IP has no header that names the protocol, so the socket address does. */
static void address(struct tap *t, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++) {
		const uint8_t *packet = t->vectors[i].iov_base;
		uint16_t protocol = packet[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6;

		t->to[i] = (struct sockaddr_ll){
			.sll_family = AF_PACKET,
			.sll_protocol = (uint16_t)(protocol << 8 | protocol >> 8),
			.sll_ifindex = (int)t->ifindex,
		};
		t->messages[i].msg_hdr.msg_name = &t->to[i];
		t->messages[i].msg_hdr.msg_namelen = sizeof(t->to[i]);
	}
}

static void leave(struct tap *t, size_t count)
{
	for (; count > 0 && t->waiting > 0; count--) {
		if (t->vectors[t->first].iov_base == t->large)
			t->large_used = false;
		t->first = (t->first + 1) % TAP_BATCH;
		t->waiting--;
	}
}

/* Without a carrier AF_XDP throws frames away and says nothing; packet(7) says -ENOBUFS. */
static bool running(const struct tap *t)
{
	struct ifreq r = { 0 };

	memcpy(r.ifr_name, t->name, sizeof(t->name));
	return ioctl(t->fd, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_UP) != 0 &&
	       (r.ifr_flags & IFF_RUNNING) != 0;
}

/* The first frames of the batch: how many left, or negative errno. */
static int send_now(struct tap *t, size_t count)
{
	if (t->xdp != NULL && !t->large_used && running(t)) {
		int n = xdp_out_send(t->xdp, t->vectors + t->first, count);

		if (xdp_out_broken(t->xdp)) {
			xdp_out_close(t->xdp);
			t->xdp = NULL;
		}
		/* An interface that went away and one that refuses this way are told apart by packet(7). */
		if (n > 0 || n == -EAGAIN || n == -ENOBUFS)
			return n;
	}
	if (t->link == 0)
		address(t, t->first, count);
	int sent = sendmmsg(t->fd, t->messages + t->first, (unsigned)count, MSG_DONTWAIT);
	return sent >= 0 ? sent : -errno;
}

int tap_flush(struct tap *t)
{
	int left = 0, e = 0;

	while (t->waiting > 0 && e == 0) {
		size_t count = TAP_BATCH - t->first; /* up to the end of the ring */

		if (count > t->waiting)
			count = t->waiting;
		int sent = send_now(t, count);
		if (sent > 0) {
			left += sent;
			leave(t, (size_t)sent);
		} else if (sent == 0) {
			break;
		} else if (sent != -EINTR) {
			e = sent;
		}
	}
	if (left > 0)
		return left;
	/* Longer than the interface takes, or no frame: it would stand in the way for ever. */
	if (e == -EMSGSIZE || e == -EINVAL)
		leave(t, 1);
	return e;
}

size_t tap_waiting(const struct tap *t)
{
	return t->waiting;
}

void tap_forget(struct tap *t)
{
	leave(t, t->waiting);
}

/* ---- receiving ---- */

struct taking {
	tap_take *take;
	void *context;
};

static void taken(u_char *context, const struct pcap_pkthdr *h, const u_char *frame)
{
	struct taking *t = (struct taking *)(void *)context;

	t->take(t->context, frame, h->caplen, (int64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec);
}

int tap_receive(struct tap *t, int most, tap_take *take, void *context)
{
	struct taking taking = { .take = take, .context = context };
	int n;

	if (most <= 0)
		return 0;
	n = pcap_dispatch(t->pcap, most, taken, (u_char *)&taking);
	return n >= 0 ? n : interface_error(t);
}

uint64_t tap_dropped(struct tap *t)
{
	struct pcap_stat s;

	if (pcap_stats(t->pcap, &s) == 0) {
		t->dropped += s.ps_drop - t->dropped_seen;
		t->dropped_seen = s.ps_drop;
	}
	return t->dropped;
}
