/* SPDX-License-Identifier: Apache-2.0 */
/* What the beacon gives up once everything is open: it may then read and write what it has, accept
 * connections, and nothing else. */
#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "reach/beacon_parts.h"
#include "talk/sandbox.h"

static bool become(const char *name, struct complaints *c)
{
	const struct passwd *user = getpwnam(name);

	if (user == NULL) {
		complain(c, NULL, 0, _("--user: there is no user '%s'"), name);
		return false;
	}
	if (user->pw_uid == 0 || user->pw_gid == 0) {
		complain(c, NULL, 0, _("--user: '%s' has the rights of root"), name);
		return false;
	}
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_change_id((int)user->pw_uid, (int)user->pw_gid,
			    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING) != 0) {
		complain(c, NULL, 0, _("cannot become user '%s'"), name);
		return false;
	}
	return true;
}

static bool drop_capabilities(void)
{
	capng_clear(CAPNG_SELECT_ALL);
	return capng_apply(CAPNG_SELECT_CAPS) == 0 && capng_get_caps_process() == 0 &&
	       capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE;
}

/* to_file: the log, which is bounded by itself, for a second time. */
static bool limit(bool to_file)
{
	static const struct {
		__rlimit_resource_t resource;
		rlim_t most;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NPROC, 0 },
		{ RLIMIT_FSIZE, LOG_MOST + 65536 },
	};

	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < countof(limits) - (to_file ? 0 : 1); i++) {
		struct rlimit l = { limits[i].most, limits[i].most };
		if (setrlimit(limits[i].resource, &l) != 0)
			return false;
	}
	return true;
}

/* The key is in memory: no other process of the same user may look there. A sanitizer has to. */
static bool hide(void)
{
#ifndef TENKEN_SANITIZED
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#else
	return true;
#endif
}

/* Everything that is not listed fails with EPERM. */
static int filter(void)
{
#ifndef TENKEN_SANITIZED
	static const int allowed[] = {
		SCMP_SYS(read),          SCMP_SYS(write),
		SCMP_SYS(writev),        SCMP_SYS(pread64),
		SCMP_SYS(ftruncate),     SCMP_SYS(lseek),
		SCMP_SYS(fstat),         SCMP_SYS(newfstatat),
		SCMP_SYS(recvfrom),      SCMP_SYS(recvmsg),
		SCMP_SYS(sendto),        SCMP_SYS(sendmsg),
		SCMP_SYS(accept4),       SCMP_SYS(getsockname),
		SCMP_SYS(shutdown),      SCMP_SYS(close),
		SCMP_SYS(epoll_wait),    SCMP_SYS(epoll_pwait),
		SCMP_SYS(epoll_ctl),     SCMP_SYS(brk),
		SCMP_SYS(mmap),          SCMP_SYS(munmap),
		SCMP_SYS(mremap),        SCMP_SYS(madvise),
		SCMP_SYS(futex),         SCMP_SYS(getrandom),
		SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64),
		SCMP_SYS(gettimeofday),  SCMP_SYS(time),
		SCMP_SYS(getpid),        SCMP_SYS(gettid),
		SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(rt_sigaction),  SCMP_SYS(restart_syscall),
		SCMP_SYS(exit),          SCMP_SYS(exit_group),
	};
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = f != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < countof(allowed); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r;
#else
	return 0;
#endif
}

bool beacon_rights_give_up(const struct beacon_setup *setup, struct complaints *c)
{
	if (geteuid() == 0) {
		if (!become(setup->user != NULL ? setup->user : "nobody", c))
			return false;
	} else if (setup->user != NULL) {
		complain(c, NULL, 0, _("--user: only root can become somebody else"));
		return false;
	}
	if (!drop_capabilities() || !limit(setup->log != NULL) || !hide() ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || sandbox_no_files() != 0 ||
	    filter() != 0) {
		complain(c, NULL, 0, _("cannot drop privileges"));
		return false;
	}
	return true;
}
