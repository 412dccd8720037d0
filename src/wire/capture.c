/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/capture.h"

#include <errno.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <zlib.h>

enum {
	FILE_BUFFER = 256 * 1024,
	SNAP = 65535,
	TIMEOUT_MS = 100,      /* a ring's block is handed over after that, full or not */
	GZIP_WINDOW = 15 + 16, /* zlib.h: the largest window, gzip's header alone */
};

/* A file's bytes, unpacked where gzip packed them (RFC 1952). */
struct source {
	int fd;
	uint8_t head[2];
	size_t head_length, head_read;
	bool packed, over, cut; /* over: the packed bytes have ended; cut: before their end */
	z_stream z;
	uint8_t in[64 * 1024];
};

struct capture {
	pcap_t *pcap;
	struct source *source; /* NULL: an interface; closed by libpcap */
	char *buffer;
	unsigned index; /* of the interface, which may get another name */
	uint64_t dropped;
	uint32_t dropped_seen;
	capture_take *take; /* of the call under way */
	void *context;
};

static ssize_t read_some(int fd, void *bytes, size_t n)
{
	ssize_t got;

	while ((got = read(fd, bytes, n)) < 0 && errno == EINTR)
		;
	return got;
}

static ssize_t read_plain(struct source *s, char *out, size_t n)
{
	size_t left = s->head_length - s->head_read;

	if (left == 0)
		return read_some(s->fd, out, n);
	if (n > left)
		n = left;
	memcpy(out, s->head + s->head_read, n);
	s->head_read += n;
	return (ssize_t)n;
}

static ssize_t read_packed(struct source *s, char *out, size_t n)
{
	s->z.next_out = (Bytef *)out;
	s->z.avail_out = (uInt)(n < INT32_MAX ? n : INT32_MAX);
	while (s->z.avail_out > 0 && !s->over) {
		if (s->z.avail_in == 0) {
			ssize_t got = read_plain(s, (char *)s->in, sizeof(s->in));

			s->z.next_in = s->in;
			s->z.avail_in = got > 0 ? (uInt)got : 0;
			s->cut |= got <= 0;
			if (got <= 0)
				break;
		}
		int r = inflate(&s->z, Z_NO_FLUSH);
		if (r == Z_STREAM_END) {
			/* Files may be written piece by piece (RFC 1952, 2.2); padding behind them is none. */
			s->over = s->z.avail_in == 0 || s->z.next_in[0] != 0x1f ||
				  inflateReset(&s->z) != Z_OK;
		} else if (r != Z_OK) {
			s->cut = true;
			break;
		}
	}
	size_t got = (size_t)((char *)s->z.next_out - out);
	return (ssize_t)got;
}

static ssize_t source_read(void *cookie, char *out, size_t n)
{
	struct source *s = cookie;

	return s->packed ? read_packed(s, out, n) : read_plain(s, out, n);
}

static int source_close(void *cookie)
{
	struct source *s = cookie;

	if (s->packed)
		inflateEnd(&s->z);
	close(s->fd);
	free(s);
	return 0;
}

static FILE *open_source(int fd, struct source **ret)
{
	static const cookie_io_functions_t functions = { .read = source_read,
							 .close = source_close };
	struct source *s = calloc(1, sizeof(*s));
	FILE *f;

	if (s == NULL) {
		close(fd);
		return NULL;
	}
	s->fd = fd;
	while (s->head_length < sizeof(s->head)) {
		ssize_t got =
			read_some(fd, s->head + s->head_length, sizeof(s->head) - s->head_length);

		if (got <= 0)
			break;
		s->head_length += (size_t)got;
	}
	s->packed = s->head_length == 2 && s->head[0] == 0x1f && s->head[1] == 0x8b &&
		    inflateInit2(&s->z, GZIP_WINDOW) == Z_OK;
	f = fopencookie(s, "r", functions);
	if (f == NULL)
		source_close(s);
	*ret = s;
	return f;
}

struct capture *capture_file(int fd, enum capture_end *ret_why, char ret_text[static CAPTURE_TEXT])
{
	char text[PCAP_ERRBUF_SIZE] = "";
	struct capture *c = calloc(1, sizeof(*c));
	FILE *f = NULL;

	*ret_why = CAPTURE_NO_FILE;
	ret_text[0] = '\0';
	if (c == NULL) {
		close(fd);
		return NULL;
	}
	f = open_source(fd, &c->source);
	c->buffer = malloc(FILE_BUFFER);
	if (f == NULL || c->buffer == NULL) {
		if (f != NULL)
			fclose(f);
		free(c->buffer);
		free(c);
		return NULL;
	}
	setvbuf(f, c->buffer, _IOFBF, FILE_BUFFER);
	c->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, text);
	if (c->pcap == NULL) {
		if (c->source->head_length == 0)
			*ret_why = CAPTURE_EMPTY;
		else if (c->source->cut || strstr(text, "truncated") != NULL)
			*ret_why = CAPTURE_TRUNCATED;
		snprintf(ret_text, CAPTURE_TEXT, "%s", text);
		fclose(f);
		free(c->buffer);
		free(c);
		return NULL;
	}
	*ret_why = CAPTURE_GOES_ON;
	return c;
}

int capture_interface(const char *name, size_t buffer_bytes, struct capture **ret,
		      char ret_text[static CAPTURE_TEXT])
{
	char text[PCAP_ERRBUF_SIZE] = "";
	struct capture *c = calloc(1, sizeof(*c));
	int r = c != NULL ? 0 : -ENOMEM;

	ret_text[0] = '\0';
	if (r != 0)
		return r;
	c->pcap = pcap_create(name, text);
	if (c->pcap == NULL) {
		snprintf(ret_text, CAPTURE_TEXT, "%s", text);
		free(c);
		return -ENODEV;
	}
	pcap_set_snaplen(c->pcap, SNAP);
	pcap_set_promisc(c->pcap, 1);
	pcap_set_timeout(c->pcap, TIMEOUT_MS);
	pcap_set_buffer_size(c->pcap, buffer_bytes < INT32_MAX ? (int)buffer_bytes : INT32_MAX);
	pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO);
	int e = pcap_activate(c->pcap);
	if (e >= 0 && pcap_setnonblock(c->pcap, 1, text) == 0) {
		c->index = if_nametoindex(name); /* 0: "any" */
		*ret = c;
		return 0;
	}
	snprintf(ret_text, CAPTURE_TEXT, "%s", pcap_geterr(c->pcap));
	r = e == PCAP_ERROR_PERM_DENIED || e == PCAP_ERROR_PROMISC_PERM_DENIED ? -EPERM
	    : e == PCAP_ERROR_NO_SUCH_DEVICE                                   ? -ENODEV
	    : e == PCAP_ERROR_IFACE_NOT_UP                                     ? -ENETDOWN
									       : -EIO;
	capture_close(c);
	return r;
}

void capture_close(struct capture *c)
{
	if (c == NULL)
		return;
	pcap_close(c->pcap);
	free(c->buffer);
	free(c);
}

int capture_link(const struct capture *c)
{
	return pcap_datalink(c->pcap);
}

const char *capture_link_name(const struct capture *c)
{
	const char *name = pcap_datalink_val_to_name(pcap_datalink(c->pcap));

	return name != NULL ? name : "?";
}

int capture_fd(const struct capture *c)
{
	return c->source != NULL ? -1 : pcap_get_selectable_fd(c->pcap);
}

static void taken(u_char *context, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct capture *c = (struct capture *)(void *)context;
	int64_t second = h->ts.tv_sec;

	/* A damaged file may hold any number. */
	if (second < 0 || second > INT64_C(8000000000))
		second = 0;
	c->take(c->context, span_of(bytes, h->caplen), h->len,
		second * 1000000000 + (h->ts.tv_usec >= 0 ? h->ts.tv_usec : 0));
}

/* By two questions that any socket may be asked. */
static enum capture_end interface_state(const struct capture *c)
{
	struct ifreq q = { .ifr_ifindex = (int)c->index };
	int fd = pcap_fileno(c->pcap);

	if (c->index == 0)
		return CAPTURE_GOES_ON;
	if (ioctl(fd, SIOCGIFNAME, &q) != 0 || ioctl(fd, SIOCGIFFLAGS, &q) != 0)
		return CAPTURE_GONE;
	return (q.ifr_flags & IFF_UP) != 0 ? CAPTURE_GOES_ON : CAPTURE_DOWN;
}

enum capture_end capture_read(struct capture *c, int most, capture_take *take, void *context)
{
	c->take = take;
	c->context = context;
	int n = pcap_dispatch(c->pcap, most, taken, (u_char *)c);
	if (c->source != NULL) {
		if (n > 0)
			return CAPTURE_GOES_ON;
		if (n == 0)
			return c->source->cut ? CAPTURE_TRUNCATED : CAPTURE_OVER;
		return c->source->cut || strstr(pcap_geterr(c->pcap), "truncated") != NULL
			       ? CAPTURE_TRUNCATED
			       : CAPTURE_DAMAGED;
	}
	(void)n; /* what libpcap says of an interface is told once; its state is asked for */
	return interface_state(c);
}

const char *capture_error(const struct capture *c)
{
	return pcap_geterr(c->pcap);
}

uint64_t capture_dropped(struct capture *c)
{
	struct pcap_stat s;

	if (c->source == NULL && pcap_stats(c->pcap, &s) == 0) {
		c->dropped += s.ps_drop - c->dropped_seen;
		c->dropped_seen = s.ps_drop;
	}
	return c->dropped;
}
