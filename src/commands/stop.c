/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/lock.h"

int command_stop(int argc, char **argv)
{
	char holder[512] = "";

	if (argc > 1) {
		fprintf(stderr, _("error: tenken stop takes no argument: '%s'\n"), argv[1]);
		return EXIT_USAGE;
	}
	switch (lock_stop(holder, sizeof(holder))) {
	case 0:
		printf(_("told to stop: %s\n"), holder);
		return EXIT_DONE;
	case -ENOENT:
		printf(_("nothing is running on this bastion\n"));
		return EXIT_DONE;
	case -EPERM:
		fprintf(stderr, _("error: only root and the user who runs it may stop it: %s\n"), holder);
		return EXIT_USAGE;
	default:
		fprintf(stderr, _("error: the running scan does not answer\n"));
		return EXIT_INCOMPLETE;
	}
}

int command_status(int argc, char **argv)
{
	char holder[512] = "";

	if (argc > 1) {
		fprintf(stderr, _("error: tenken status takes no argument: '%s'\n"), argv[1]);
		return EXIT_USAGE;
	}
	if (lock_holder(holder, sizeof(holder)))
		printf(_("running: %s\n"), holder);
	else
		printf(_("nothing is running on this bastion\n"));
	return EXIT_DONE;
}
