/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_TALK_SANDBOX_H
#define TENKEN_TALK_SANDBOX_H

/*
 * The workers' filter (seccomp, set before the first thread): no socket, connect, bind, listen,
 * accept, open, exec, ptrace and the like; they fail with EPERM. A build with sanitizers has none,
 * since those need files. 0 or negative errno.
 */
int sandbox_worker(void);
/*
 * For a process that sends by sockets of its own: no file is opened, no program or process started, nothing is
 * listened on; sockets are allowed. 0 or negative errno.
 */
int sandbox_sender(void);
/*
 * For the process that listens: memory, time, reading of what is open, and writing to this channel alone. A
 * packet socket is bound to its interface and could send without naming anybody: that is no more possible. All
 * else fails with EPERM. 0 or negative errno.
 */
int sandbox_listener(int channel);
/* Landlock (landlock(7)): no file of any path can be opened from here on, beside and below what seccomp
 * says. A kernel without it is no fault. 0 or negative errno. */
int sandbox_no_files(void);

#endif
