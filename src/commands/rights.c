/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/rights.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "codec/i18n.h"

bool rights_of_caller(void)
{
	const char *uid_text = getenv("SUDO_UID"), *gid_text = getenv("SUDO_GID");

	if (geteuid() != 0 || uid_text == NULL || gid_text == NULL)
		return true;
	uid_t uid = (uid_t)strtoul(uid_text, NULL, 10);
	gid_t gid = (gid_t)strtoul(gid_text, NULL, 10);
	const struct passwd *user = uid != 0 ? getpwuid(uid) : NULL;
	if (uid == 0)
		return true;
	bool raw = capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW) == 1;
	/* The capability outlives the change of the user only where that is asked for. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
	    (user != NULL ? initgroups(user->pw_name, gid) : setgroups(1, &gid)) != 0 ||
	    setgid(gid) != 0 || setuid(uid) != 0) {
		fprintf(stderr, _("error: cannot drop privileges: %s\n"), strerror(errno));
		return false;
	}
	capng_clear(CAPNG_SELECT_BOTH);
	if (raw)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0) {
		fprintf(stderr, _("error: cannot drop privileges: %s\n"), strerror(errno));
		return false;
	}
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	return true;
}

bool rights_drop(enum rights keep)
{
	static const int files[] = { CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH };
	bool held[2];

	if (capng_get_caps_process() != 0)
		return false;
	if (keep == RIGHTS_ALL_BUT_RAW) {
		capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE,
			     CAP_NET_RAW);
	} else {
		for (size_t i = 0; i < 2; i++)
			held[i] = capng_have_capability(CAPNG_PERMITTED, (unsigned)files[i]) == 1;
		capng_clear(CAPNG_SELECT_CAPS);
		for (size_t i = 0; i < 2 && keep == RIGHTS_FILES; i++)
			if (held[i])
				capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
					     (unsigned)files[i]);
	}
	return capng_apply(CAPNG_SELECT_CAPS) == 0 && capng_get_caps_process() == 0 &&
	       capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW) != 1;
}
