/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/lock.h"

/* Neither command takes anything but --help; -1: go on. */
static int read_arguments(int argc, char **argv)
{
	if (argc < 2)
		return -1;
	if (strcmp(argv[1], "--help") == 0) {
		printf(_("usage: tenken stop    ends the running scan of this bastion within a "
			 "second\n"
			 "       tenken status  says who is sending from this bastion\n"));
		return EXIT_DONE;
	}
	fprintf(stderr, _("error: tenken %s takes no argument: '%s'\n"), argv[0], argv[1]);
	return EXIT_USAGE;
}

int command_stop(int argc, char **argv)
{
	char holder[1024] = "";
	int status = read_arguments(argc, argv);

	if (status >= 0)
		return status;
	switch (lock_stop(holder, sizeof(holder))) {
	case 0:
		printf(_("told to stop: %s\n"), holder);
		return EXIT_DONE;
	case -ENOENT:
		printf(_("nothing is running on this bastion\n"));
		return EXIT_DONE;
	case -EPERM:
		fprintf(stderr, _("error: only root and the user who runs it may stop it: %s\n"),
			holder);
		return EXIT_USAGE;
	default:
		fprintf(stderr, _("error: the running scan does not answer\n"));
		return EXIT_INCOMPLETE;
	}
}

int command_status(int argc, char **argv)
{
	char holder[1024] = "";
	int status = read_arguments(argc, argv);

	if (status >= 0)
		return status;
	if (lock_holder(holder, sizeof(holder)))
		printf(_("running: %s\n"), holder);
	else
		printf(_("nothing is running on this bastion\n"));
	return EXIT_DONE;
}
