/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/packets_parts.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "talk/journal.h"
#include "wire/netlink.h"

enum { STOP_POLL_MS = 200, SIGHTS_PER_MESSAGE = 128, SIGHTS_MOST = 1 << 16, SILENT_MS = 5 };

bool packets_able(void)
{
	return capng_get_caps_process() == 0 &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW) == 1;
}

bool packets_wanted(const struct plan *p, const struct routes *r)
{
	if (p->risk < SITE_TOUCH)
		return false;
	for (size_t i = 0; i < r->count; i++) {
		/* A range may lie in several zones; its way alone decides whether frames can be sent. */
		if (r->list[i].way.error == 0 && !r->list[i].way.local && r->list[i].way.ethernet)
			return true;
	}
	return false;
}

/* ---- time ---- */

static int64_t clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t packets_late_ms(const struct packets *p)
{
	return clock_ms(CLOCK_MONOTONIC) - p->start_ms - p->now_ms;
}

uint32_t packets_since(const struct packets *p)
{
	return (uint32_t)p->now_ms;
}

/* ---- telling main ---- */

/* Sends what waits, many in one message; main may be slow. */
static void tell_waiting(struct packets *p)
{
	while (p->sight_first < p->sight_count) {
		size_t n = p->sight_count - p->sight_first;

		if (n > SIGHTS_PER_MESSAGE)
			n = SIGHTS_PER_MESSAGE;
		ssize_t r = send(p->setup->main_fd, &p->sights[p->sight_first],
				 n * sizeof(*p->sights), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && errno == EAGAIN)
			return;
		p->sight_first += n; /* or main is gone, which the loop notices */
	}
	p->sight_first = p->sight_count = 0;
}

static size_t untold(const struct packets *p)
{
	return p->sight_count - p->sight_first;
}

static void stop(struct packets *p);

void packets_tell(struct packets *p, const struct sight *s)
{
	if (p->sight_count == p->sight_room && p->sight_first > p->sight_room / 2) {
		p->sight_count -= p->sight_first;
		memmove(p->sights, p->sights + p->sight_first, p->sight_count * sizeof(*s));
		p->sight_first = 0;
	}
	if (p->sight_count == p->sight_room) {
		size_t more = p->sight_room == 0 ? 1024 : p->sight_room * 2;
		struct sight *list = realloc(p->sights, more * sizeof(*list));

		if (list == NULL) {
			stop(p); /* a host that main never hears of would be called clean */
			return;
		}
		p->sights = list;
		p->sight_room = more;
	}
	p->sights[p->sight_count++] = *s;
	if (untold(p) >= 4 * SIGHTS_PER_MESSAGE)
		tell_waiting(p);
}

static void tell_simple(struct packets *p, enum sight_kind kind)
{
	struct sight s = { .kind = kind };

	packets_tell(p, &s);
}

void packets_remark(struct packets *p, const struct addr *a, const char *text)
{
	struct sight s = { .kind = SIGHT_REMARK };

	if (a != NULL)
		s.address = *a;
	snprintf(s.reason, sizeof(s.reason), "%.*s", (int)sizeof(s.reason) - 1, text);
	packets_tell(p, &s);
}

/* ---- the journal ---- */

int64_t packets_unix_ms(const struct packets *p)
{
	return p->start_unix_ms + p->now_ms;
}

void packets_no_journal(struct packets *p)
{
	if (!p->stopping)
		tell_simple(p, SIGHT_NO_JOURNAL);
	stop(p);
}

bool packets_write_lane(struct packets *p, struct lane *l)
{
	const struct segment *s = &l->segment;
	struct ranges all = { 0 };
	char *text = segment_ranges(l, &all) == 0 ? ranges_text(&all) : NULL;
	bool good =
		text != NULL && journal_lane(p->journal, (unsigned)(l - p->lanes),
					     packets_unix_ms(p), &l->way->source, l->source_port,
					     p->setup->order_key, s->count, p->ports_text, text);
	free(text);
	ranges_done(&all);
	l->written_kind = NULL;
	return good;
}

bool packets_written(struct packets *p, struct lane *l, const char *kind, uint64_t at, uint64_t end)
{
	enum { STRETCH = 1 << 16, SECOND_MS = 1000 };

	if (l->written_kind == kind && at >= l->written_from && at < l->written_to &&
	    p->now_ms - l->written_ms < SECOND_MS)
		return true;
	uint64_t to = end - at < STRETCH ? end : at + STRETCH;
	if (!journal_stretch(p->journal, (unsigned)(l - p->lanes), packets_unix_ms(p), kind, at,
			     to)) {
		packets_no_journal(p);
		return false;
	}
	l->written_kind = kind;
	l->written_from = at;
	l->written_to = to;
	l->written_ms = p->now_ms;
	return true;
}

bool packets_write_end(struct packets *p, struct lane *l, const char *kind, uint64_t end)
{
	return packets_flush(p, l->wing) != LAUNCH_DOWN && packets_written(p, l, kind, end, end);
}

/* ---- starting ---- */

static int list_probes(struct packets *p)
{
	const struct plan *plan = p->setup->plan;
	int e = sweep_order_make(plan, &p->ports);

	if (e != 0)
		return e;
	p->probes = calloc(p->ports.count + p->ports.udp_count + 1, sizeof(*p->probes));
	if (p->probes == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->ports.count; i++) {
		const struct port_entry *entry =
			port_list_find(&plan->port_list, p->ports.ports[i], false);

		p->probes[i] = (struct probe_way){ .port = p->ports.ports[i],
						   .ot = entry != NULL && entry->ot };
	}
	p->probe_count = p->ports.count;
	e = udp_begin(p);
	if (e != 0)
		return e;
	/* In their order, which is what the journal's places mean. */
	size_t room = (size_t)p->probe_count * 10 + 2, n = 0;
	p->ports_text = calloc(room, 1);
	for (uint32_t i = 0; p->ports_text != NULL && i < p->probe_count; i++)
		n += (size_t)snprintf(p->ports_text + n, room - n, "%s%u%s", i > 0 ? "," : "",
				      p->probes[i].port, p->probes[i].udp ? "/udp" : "");
	return p->ports_text != NULL ? 0 : -ENOMEM;
}

/* What a wing has to hear: answers to our own addresses and to our own port. */
static int open_wing(struct packets *p, struct wing *w, uint16_t port)
{
	char filter[4096], address[ADDR_TEXT], udp[64] = "";
	size_t n = 0;

	if (p->udp_first != 0)
		snprintf(udp, sizeof(udp), " or (udp and dst portrange %u-%u)", p->udp_first,
			 p->udp_first + PAYLOAD_SOURCES - 1);

	/* Questions tell of hosts as well as answers do. */
	n += (size_t)snprintf(filter, sizeof(filter), "arp");
	for (size_t i = 0; i < p->lane_count && n < sizeof(filter) / 2; i++) {
		const struct lane *l = &p->lanes[i];
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again |= p->lanes[k].wing == w &&
				 addr_compare(&p->lanes[k].way->source, &l->way->source) == 0;
		if (l->wing != w || again)
			continue;
		addr_format(&l->way->source, address);
		address[strcspn(address, "%")] = '\0';
		n += (size_t)snprintf(filter + n, sizeof(filter) - n,
				      addr_is_ipv4(&l->way->source)
					      ? " or (ip and dst host %s and (icmp or (tcp and dst "
						"port %u)%s))"
					      : " or (ip6 and dst host %s and (icmp6 or (tcp and "
						"dst port %u)%s))",
				      address, port, udp);
	}
	ask_filter(p, w, filter + n, sizeof(filter) - n, port);
	return tap_open(w->interface->name, filter, CAPTURE_BYTES, &w->tap);
}

static int open_wings(struct packets *p)
{
	uint16_t port = (uint16_t)(SOURCE_PORT + (p->setup->key[0] << 4 | p->setup->key[1] >> 4));

	p->source_port = port;
	for (size_t i = 0; i < p->lane_count; i++)
		p->lanes[i].source_port = port;
	for (size_t i = 0; i < p->wing_count; i++) {
		struct wing *w = &p->wings[i];
		int e = open_wing(p, w, port);

		if (e == -EPERM || e == -ENOMEM)
			return e;
		if (e != 0)
			w->error = e; /* its hosts are told as not tried */
	}
	return 0;
}

/* The sockets are open: no more of that. What a real root may see of files stays, for the stop file. */
static bool drop_rights(void)
{
	static const unsigned files[] = { CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH };
	bool held[2] = { false, false };

	if (capng_get_caps_process() != 0)
		return false;
	for (size_t i = 0; i < 2; i++)
		held[i] = capng_have_capability(CAPNG_PERMITTED, files[i]) == 1;
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < 2; i++)
		if (held[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, files[i]);
	return capng_apply(CAPNG_SELECT_CAPS) == 0 && capng_get_caps_process() == 0 &&
	       capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW) != 1;
}

static int start(struct packets *p)
{
	sigset_t mask;
	int e = list_probes(p);

	if (e == 0)
		e = places_read(p);
	if (e == 0)
		e = places_over(p);
	if (e == 0)
		e = lanes_make(p);
	if (e == 0)
		e = packets_gate_make(p);
	if (e == 0)
		e = ask_make(p);
	p->journal = open(p->setup->journal_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (e == 0 && p->journal < 0)
		e = -errno;
	/* Who takes the journal in waits until nothing is written to it any more. */
	if (e == 0)
		flock(p->journal, LOCK_SH);
	if (e == 0)
		e = open_wings(p);
	if (!drop_rights() && e == 0)
		e = -EPERM;
	if (e == 0)
		places_restore(p);
	if (e != 0)
		return e;
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	p->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->signals < 0)
		return -errno;
	p->addresses = netlink_watch_addresses();
	p->addresses_changed = true; /* since the routes were asked for */
	return p->addresses < 0 ? p->addresses : 0;
}

/* ---- stopping ---- */

static void stop(struct packets *p)
{
	if (p->stopping)
		return;
	places_tell(p, true); /* before the rest is told as not done */
	p->stopping = true;
	for (size_t i = 0; i < p->wing_count; i++)
		packets_forget(p, &p->wings[i]);
	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *l = &p->lanes[i];

		if (l->stage != STAGE_OVER && l->stage != STAGE_OPEN && l->segment.seen_of != NULL)
			segment_tell(p, l, HOST_SKIPPED, "stopped");
		l->stage = STAGE_OVER;
	}
}

/* The only orders are to stop and to quit: whatever else main says sends nothing. */
static void take_orders(struct packets *p)
{
	struct guard_order o;
	ssize_t n;

	while ((n = recv(p->setup->main_fd, &o, sizeof(o), MSG_DONTWAIT | MSG_TRUNC)) > 0) {
		if (n != sizeof(o))
			continue;
		if (o.kind == ORDER_STOP || o.kind == ORDER_QUIT)
			stop(p);
		p->quitting |= o.kind == ORDER_QUIT;
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		p->quitting = true; /* nobody is left to work for */
		stop(p);
	}
}

static void poll_stop(struct packets *p)
{
	struct signalfd_siginfo info;
	struct stat st;

	take_orders(p);
	if (read(p->signals, &info, sizeof(info)) == sizeof(info))
		stop(p);
	if (p->now_ms >= p->stop_poll_ms) {
		p->stop_poll_ms = p->now_ms + STOP_POLL_MS;
		if (p->setup->stop_path != NULL && stat(p->setup->stop_path, &st) == 0)
			stop(p);
	}
}

/* ---- the loop ---- */

/* What may be sent now changes with the clock: windows, the authorisation. */
static void look_at_windows(struct packets *p)
{
	int64_t now = time(NULL);

	for (size_t i = 0; i < p->lane_count; i++) {
		struct lane *l = &p->lanes[i];
		const struct addr *first = &l->targets.list[0].first;

		if (l->stage == STAGE_OVER)
			continue;
		l->closed = plan_start_refusal(p->setup->plan, first, now);
		if (l->closed != NULL && plan_opens(p->setup->plan, first, now) < 0)
			lane_end(p, l, HOST_SKIPPED, l->closed); /* no window will change that */
	}
}

/* main says what a scan waits for that has closed zones left only. */
static void tell_waiting_windows(struct packets *p)
{
	struct sight s = { .kind = SIGHT_WAITING };
	bool waiting = !p->stopping;
	int64_t best = -1, now = time(NULL);

	for (size_t i = 0; i < p->lane_count && waiting; i++) {
		const struct lane *l = &p->lanes[i];

		if (l->stage == STAGE_OVER)
			continue;
		waiting = l->closed != NULL;
		int64_t opens = plan_opens(p->setup->plan, &l->targets.list[0].first, now);
		if (best < 0 || opens < best) {
			best = opens;
			s.address = l->targets.list[0].first;
		}
	}
	waiting = waiting && ask_waiting(p, &best, &s.address);
	waiting = waiting && best >= 0;
	if (waiting == p->waiting_told)
		return;
	p->waiting_told = waiting;
	if (!waiting)
		s.kind = SIGHT_GOES_ON;
	packets_tell(p, &s);
}

void packets_disturb(struct packets *p, const struct wing *w)
{
	for (size_t i = 0; i < p->lane_count; i++)
		if (p->lanes[i].wing == w)
			p->lanes[i].segment.disturbed = true;
}

/* 0, or why nothing can be sent and heard there. Any socket can ask. */
static int interface_error(const struct packets *p, const struct wing *w)
{
	struct ifreq q = { 0 };

	snprintf(q.ifr_name, sizeof(q.ifr_name), "%s", w->interface->name);
	if (ioctl(p->setup->main_fd, SIOCGIFINDEX, &q) != 0 ||
	    q.ifr_ifindex != (int)w->interface->index)
		return -ENODEV;
	if (ioctl(p->setup->main_fd, SIOCGIFFLAGS, &q) != 0)
		return -ENODEV;
	return (q.ifr_flags & IFF_UP) != 0 && (q.ifr_flags & IFF_RUNNING) != 0 ? 0 : -ENETDOWN;
}

/* Interfaces go down, lose their cable, and come back. */
static void look_at_wings(struct packets *p)
{
	for (size_t i = 0; i < p->wing_count && !p->swept_told; i++) {
		struct wing *w = &p->wings[i];
		char text[64];
		int e = w->error;

		if (w->tap != NULL && e != -ENODEV)
			e = interface_error(p, w);
		if (w->tap != NULL && tap_dropped(w->tap) > w->dropped) {
			w->dropped = tap_dropped(w->tap);
			packets_disturb(p, w);
		}
		if (e != 0)
			packets_forget(p, w); /* its time is over: all at once would be too many */
		/* What is deleted goes down first: that may be seen, and told, before. */
		if (e != 0 && (w->down_ms < 0 || (e == -ENODEV && w->error != -ENODEV))) {
			if (w->down_ms < 0)
				w->down_ms = p->now_ms;
			snprintf(text, sizeof(text), "interface %s: %s", w->interface->name,
				 strerror(-e));
			packets_remark(p, NULL, text);
		}
		if (e == 0 && w->down_ms >= 0) {
			w->down_ms = -1;
			packets_disturb(p, w);
			p->addresses_changed = true; /* those of IPv6 do not outlive it */
		}
		w->error = e;
	}
}

/* Was this an address of some interface when the routes were asked for? A route may name one that is on
 * none. */
static bool was_ours(const struct packets *p, const struct addr *a)
{
	const struct routes *r = p->setup->routes;

	for (size_t i = 0; i < r->interface_count; i++)
		if (ranges_contain(&r->interfaces[i].own, a))
			return true;
	return false;
}

static void source_gone(struct packets *p, struct lane *l)
{
	char text[64], address[ADDR_TEXT];
	bool told = false;

	l->gone_ms = p->now_ms;
	packets_forget(p, l->wing);
	packets_disturb(p, l->wing); /* others may have lost frames by that */
	for (const struct lane *o = p->lanes; o < l; o++)
		told |= o->gone_ms == p->now_ms &&
			addr_compare(&o->way->source, &l->way->source) == 0;
	if (told)
		return;
	snprintf(text, sizeof(text), "our address %.43s is gone",
		 addr_format(&l->way->source, address));
	packets_remark(p, NULL, text);
}

/* Frames are answered to their source: once an address is not ours any more those answers go to nobody,
 * or to the machine that has it now, and each of our ARP requests would say that it is us. */
static void look_at_addresses(struct packets *p)
{
	struct ranges own = { 0 };

	p->addresses_changed |= netlink_watch_changed(p->addresses);
	if (!p->addresses_changed || p->swept_told)
		return;
	if (own_addresses(&own) == 0) {
		p->addresses_changed = false;
		for (size_t i = 0; i < p->lane_count; i++) {
			struct lane *l = &p->lanes[i];
			bool ours = ranges_contain(&own, &l->way->source);

			/* Where the interface is down that is told, and looked at again later. */
			if (l->stage == STAGE_OVER || l->wing->error != 0)
				continue;
			if (!ours && l->gone_ms < 0 && was_ours(p, &l->way->source))
				source_gone(p, l);
			if (ours && l->gone_ms >= 0) {
				l->gone_ms = -1;
				l->segment.disturbed = true;
			}
		}
		ask_look_at_addresses(p, &own);
	}
	ranges_done(&own);
}

/* Nothing is done on an interface that is down, or from an address that is gone: they may come back, but
 * not for ever. */
static bool is_down(struct packets *p, struct lane *l)
{
	const struct wing *w = l->wing;

	if (w->error == 0 && l->gone_ms < 0)
		return false;
	if (w->error == 0) {
		if (p->now_ms - l->gone_ms >= DOWN_MS)
			lane_end(p, l, HOST_SKIPPED, "our address is gone");
	} else if (w->tap == NULL || w->error == -ENODEV)
		lane_end(p, l, HOST_SKIPPED, "interface gone");
	else if (w->down_ms >= 0 && p->now_ms - w->down_ms >= DOWN_MS)
		lane_end(p, l, HOST_SKIPPED, "interface down");
	return true;
}

static bool lane_advance(struct packets *p, struct lane *l)
{
	sweep_expire(p, l); /* what it holds of the pace is not for as long as it is closed */
	if (l->stage == STAGE_OVER || l->closed != NULL || is_down(p, l))
		return false;
	for (size_t i = l->wait_from; i < l->wait_to; i++)
		if (p->lanes[i].stage != STAGE_OVER)
			return false;
	return sweep_advance(p, l);
}

/* Waits for answers, orders or a little time. */
static void wait_a_little(struct packets *p)
{
	struct pollfd fds[64];
	nfds_t n = 0;

	fds[n++] = (struct pollfd){ .fd = p->setup->main_fd, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = p->signals, .events = POLLIN };
	for (size_t i = 0; i < p->wing_count && n < 64; i++)
		if (p->wings[i].tap != NULL)
			fds[n++] =
				(struct pollfd){ .fd = tap_fd(p->wings[i].tap), .events = POLLIN };
	if (untold(p) > 0)
		fds[0].events |= POLLOUT;
	poll(fds, n, p->swept_told ? STOP_POLL_MS : SILENT_MS);
}

static bool all_over(const struct packets *p)
{
	for (size_t i = 0; i < p->lane_count; i++)
		if (p->lanes[i].stage != STAGE_OVER)
			return false;
	return true;
}

static void tell_ends(struct packets *p)
{
	if (!p->swept_told && ask_over(p) && all_over(p)) {
		uint64_t dropped = 0;
		char text[64];

		p->swept_told = true;
		for (size_t i = 0; i < p->wing_count; i++)
			if (p->wings[i].tap != NULL)
				dropped += tap_dropped(p->wings[i].tap);
		if (dropped > 0) {
			snprintf(text, sizeof(text), "%llu answers were lost by the capture",
				 (unsigned long long)dropped);
			packets_remark(p, NULL, text);
		}
		tell_simple(p, SIGHT_FOUND_LAST);
		tell_simple(p, SIGHT_SWEPT);
	}
	if (p->stopping && !p->stopped_told) {
		p->stopped_told = true;
		tell_simple(p, SIGHT_STOPPED);
	}
}

static void run(struct packets *p)
{
	while (!p->quitting) {
		bool more = false;

		p->now_ms = clock_ms(CLOCK_MONOTONIC) - p->start_ms;
		poll_stop(p);
		if (p->quitting)
			break;
		if (p->now_ms >= p->tick_ms) {
			p->tick_ms = p->now_ms + TICK_MS;
			/* The clock may be set, and a machine that slept did not count the time. */
			p->start_unix_ms = clock_ms(CLOCK_REALTIME) - p->now_ms;
			look_at_windows(p);
			look_at_wings(p);
			look_at_addresses(p);
			ask_look_at_windows(p);
			tell_waiting_windows(p);
		}
		for (size_t i = 0; i < p->wing_count; i++)
			packets_hear(p, &p->wings[i]);
		more |= ask_advance(p);
		/* main has to catch up first where it is far behind. */
		for (size_t i = 0; i < p->lane_count && untold(p) < SIGHTS_MOST; i++)
			more |= lane_advance(p, &p->lanes[(p->turn + i) % p->lane_count]);
		if (p->lane_count > 0)
			p->turn = (p->turn + 1) % p->lane_count;
		for (size_t i = 0; i < p->wing_count; i++)
			if (p->wings[i].tap != NULL && !p->stopping)
				packets_flush(p, &p->wings[i]);
		places_tell(p, false);
		tell_ends(p);
		tell_waiting(p);
		if (!more)
			wait_a_little(p);
	}
}

int packets_run(const struct packets_setup *setup)
{
	struct packets p = { .setup = setup, .journal = -1, .signals = -1, .addresses = -1 };

	/* What an earlier run sent a moment ago is in nobody's paces: it counts for a second. */
	const struct timespec second = { .tv_sec = 1 };
	if (setup->resumed != NULL)
		nanosleep(&second, NULL);
	p.start_ms = clock_ms(CLOCK_MONOTONIC);
	p.start_unix_ms = clock_ms(CLOCK_REALTIME);
	int e = start(&p);
	if (e == 0)
		run(&p);
	else
		fprintf(stderr, _("error: raw packets: %s\n"), strerror(-e));
	/* First, since main waits for the journal: closing the sockets takes a tenth of a second. */
	if (p.journal >= 0)
		close(p.journal);
	ask_done(&p);
	lanes_done(&p);
	places_done(&p);
	packets_gate_done(&p);
	sweep_order_done(&p.ports);
	udp_end(&p);
	free(p.probes);
	free(p.ports_text);
	free(p.sights);
	free(p.devices);
	if (p.signals >= 0)
		close(p.signals);
	if (p.addresses >= 0)
		close(p.addresses);
	return e == 0 ? 0 : 1;
}
