/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_TALK_SANDBOX_H
#define TENKEN_TALK_SANDBOX_H

/*
 * The workers' filter (seccomp, set before the first thread): no socket, connect, bind, listen,
 * accept, open, exec, ptrace and the like; they fail with EPERM. A build with sanitizers has none,
 * since those need files. 0 or negative errno.
 */
int sandbox_worker(void);

#endif
