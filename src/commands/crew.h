/* SPDX-License-Identifier: Apache-2.0 */
/* The processes beside main: forking them, the channels to them, ending them. */
#ifndef TENKEN_COMMANDS_CREW_H
#define TENKEN_COMMANDS_CREW_H

#include "commands/engine.h"
#include <sys/types.h>

#include "talk/seam.h"

struct crew;

/* Forks packets process (where it is of use and allowed), guard and workers; NULL where that failed. */
struct crew *crew_start(const struct engine_setup *setup);
/* Ends them: quietly after work, at once where abandoned (the guard still closes properly). Accepts
 * NULL. Returns the packets process (0: there was none), which sends nothing any more and only closes its
 * sockets; the kernel takes a tenth of a second for that. It is to be given to crew_wait(). */
pid_t crew_end(struct crew *c, bool abandoned);
void crew_wait(pid_t pid);

int crew_guard_channel(const struct crew *c);
/* The channel to this worker thread; its epoll tag is the index. */
int crew_channel(const struct crew *c, unsigned index);
bool crew_watch_workers(struct crew *c, int epoll);

void crew_order(struct crew *c, enum order_kind kind, const struct addr *a, const char *reason);
/* To the guard: the packets process found this host. */
void crew_sweep(struct crew *c, const struct sight *s);
/* The channel to the packets process; -1: there is none. Whole messages are read: room for
 * SIGHTS_ROOM. */
enum { SIGHTS_ROOM = 128 };
/* Adds the networks too large to sweep whose hosts nobody asks for: they are on no segment of this machine,
 * or everybody there may not be asked, or there is no packets process. 0 or -ENOMEM. */
int crew_unasked(const struct crew *c, struct ranges *ret);
/* Frames were wanted, but CAP_NET_RAW is missing. */
bool crew_unframed(const struct crew *c);
int crew_packets_channel(const struct crew *c);
size_t crew_sights(struct crew *c, struct sight *ret, size_t most);
/* After SIGHT_PLACE: stores how far the packets process is. */
void crew_places(struct crew *c, struct store *store);
bool crew_packets_gone(const struct crew *c);
/* The next event; false where there is none (or, waiting, where the guard is gone). */
bool crew_event(struct crew *c, struct guard_event *ret, bool wait);
/* The guard ends everything: what workers report from now on may have been cut short by that. */
bool crew_stopping(const struct crew *c);
/* The guard has closed every connection, and said everything. */
bool crew_settled(const struct crew *c);
/* Ports tried by the sweep and packets sent so far. */
void crew_counts(const struct crew *c, uint64_t *ret_tried, uint64_t *ret_packets);
bool crew_guard_gone(const struct crew *c);
bool crew_give(struct crew *c, unsigned index, const struct job *job);
/* Ends the worker process, whatever is left of it, and takes its channels out of epoll. */
void crew_kill_workers(struct crew *c, int epoll);
/* After ORDER_WORKERS_GONE was answered: a new worker process on the same seats. */
bool crew_replace_workers(struct crew *c, int epoll);

#endif
