/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/xdp_out.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CHUNK = 2048, /* the least that the kernel takes */
	CHUNKS = 512, /* 1 MiB of locked memory; a power of two */
	AT_ONCE = 32, /* frames that one call takes (TX_BATCH_SIZE) */
	KICKS = 64,   /* before a busy interface is left to packet(7) */
};

struct ring {
	void *map;
	size_t length;
	_Atomic uint32_t *producer, *consumer;
};

struct xdp_out {
	int fd;
	uint8_t *memory;
	struct ring out, done;
	struct xdp_desc *descriptors;
	uint64_t *completed;
	bool broken;
	uint32_t free_count;
	uint32_t free[CHUNKS]; /* numbers of chunks that nobody uses */
};

static bool map_ring(struct xdp_out *x, struct ring *r, const struct xdp_ring_offset *o,
		     size_t entry, uint64_t page)
{
	r->length = (size_t)o->desc + CHUNKS * entry;
	r->map = mmap(NULL, r->length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, x->fd,
		      (off_t)page);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return false;
	}
	r->producer = (void *)((uint8_t *)r->map + o->producer);
	r->consumer = (void *)((uint8_t *)r->map + o->consumer);
	return true;
}

static bool make_rings(struct xdp_out *x)
{
	struct xdp_umem_reg memory = {
		.addr = (uint64_t)(uintptr_t)x->memory,
		.len = (uint64_t)CHUNKS * CHUNK,
		.chunk_size = CHUNK,
	};
	struct xdp_mmap_offsets o;
	socklen_t n = sizeof(o);
	int size = CHUNKS;

	/* The kernel wants a fill ring too, though nothing is received here. */
	if (setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &memory, sizeof(memory)) != 0 ||
	    setsockopt(x->fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof(size)) != 0 ||
	    setsockopt(x->fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof(size)) != 0 ||
	    setsockopt(x->fd, SOL_XDP, XDP_TX_RING, &size, sizeof(size)) != 0 ||
	    getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &o, &n) != 0 || n != sizeof(o))
		return false;
	if (!map_ring(x, &x->out, &o.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING) ||
	    !map_ring(x, &x->done, &o.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING))
		return false;
	x->descriptors = (void *)((uint8_t *)x->out.map + o.tx.desc);
	x->completed = (void *)((uint8_t *)x->done.map + o.cr.desc);
	return true;
}

struct xdp_out *xdp_out_open(unsigned ifindex)
{
	struct xdp_out *x = calloc(1, sizeof(*x));
	struct sockaddr_xdp at = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = ifindex,
		.sxdp_flags = XDP_COPY,
	};

	if (x == NULL)
		return NULL;
	x->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	x->memory = mmap(NULL, (size_t)CHUNKS * CHUNK, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (x->memory == MAP_FAILED)
		x->memory = NULL;
	if (x->fd < 0 || x->memory == NULL || !make_rings(x) ||
	    bind(x->fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		xdp_out_close(x);
		return NULL;
	}
	for (uint32_t i = 0; i < CHUNKS; i++)
		x->free[x->free_count++] = i;
	return x;
}

void xdp_out_close(struct xdp_out *x)
{
	if (x == NULL)
		return;
	if (x->out.map != NULL)
		munmap(x->out.map, x->out.length);
	if (x->done.map != NULL)
		munmap(x->done.map, x->done.length);
	if (x->fd >= 0)
		close(x->fd);
	if (x->memory != NULL)
		munmap(x->memory, (size_t)CHUNKS * CHUNK);
	free(x);
}

/* Chunks that the kernel is through with are free again. */
static void reap(struct xdp_out *x)
{
	uint32_t to = atomic_load_explicit(x->done.producer, memory_order_acquire);
	uint32_t from = atomic_load_explicit(x->done.consumer, memory_order_relaxed);

	for (; from != to && x->free_count < CHUNKS; from++)
		x->free[x->free_count++] =
			(uint32_t)(x->completed[from & (CHUNKS - 1)] / CHUNK) & (CHUNKS - 1);
	atomic_store_explicit(x->done.consumer, from, memory_order_release);
}

/* At most AT_ONCE frames: how many left. */
static int send_some(struct xdp_out *x, const struct iovec *frames, uint32_t n)
{
	uint32_t first = atomic_load_explicit(x->out.producer, memory_order_relaxed), taken = 0;
	int e = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t chunk = x->free[x->free_count - 1 - i];

		memcpy(x->memory + (size_t)chunk * CHUNK, frames[i].iov_base, frames[i].iov_len);
		x->descriptors[(first + i) & (CHUNKS - 1)] = (struct xdp_desc){
			.addr = (uint64_t)chunk * CHUNK,
			.len = (uint32_t)frames[i].iov_len,
		};
	}
	atomic_store_explicit(x->out.producer, first + n, memory_order_release);
	for (int kicks = 0; taken < n && kicks < KICKS; kicks++) {
		if (sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN &&
		    errno != EINTR)
			e = -errno;
		uint32_t now = atomic_load_explicit(x->out.consumer, memory_order_acquire) - first;

		taken = now < n ? now : n;
		if (e != 0)
			break;
	}
	/* The kernel remembers how far the ring was filled: what it did not take could leave at another
	 * time, and cannot be taken back but by closing the socket. */
	x->broken = taken < n;
	x->free_count -= taken;
	return taken > 0 ? (int)taken : e != 0 ? e : -EAGAIN;
}

bool xdp_out_broken(const struct xdp_out *x)
{
	return x->broken;
}

int xdp_out_send(struct xdp_out *x, const struct iovec *frames, size_t n)
{
	size_t left = 0;
	int r = 0;

	while (left < n) {
		uint32_t some = n - left < AT_ONCE ? (uint32_t)(n - left) : AT_ONCE;

		reap(x);
		if (some > x->free_count)
			some = x->free_count;
		if (some == 0) {
			r = -EAGAIN;
			break;
		}
		r = send_some(x, frames + left, some);
		if (r < 0)
			break;
		left += (size_t)r;
		if ((uint32_t)r < some)
			break;
	}
	return left > 0 ? (int)left : r;
}
