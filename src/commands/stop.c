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
		printf(_("usage: tenken stop    ends what runs on this bastion, a scan within a "
			 "second\n"
			 "       tenken status  says who sends from this bastion, or listens on "
			 "it\n"));
		return EXIT_DONE;
	}
	fprintf(stderr, _("error: tenken %s takes no argument: '%s'\n"), argv[0], argv[1]);
	return EXIT_USAGE;
}

/* The exit status; told: whether anything was running. */
static int stop_one(enum lock_kind kind, bool *told)
{
	char holder[1024] = "";

	switch (lock_stop(kind, holder, sizeof(holder))) {
	case 0:
		printf(_("told to stop: %s\n"), holder);
		*told = true;
		return EXIT_DONE;
	case -ENOENT:
		return EXIT_DONE;
	case -EPERM:
		fprintf(stderr, _("error: only root and the user who runs it may stop it: %s\n"),
			holder);
		*told = true;
		return EXIT_USAGE;
	default:
		fprintf(stderr, _("error: the running scan does not answer\n"));
		*told = true;
		return EXIT_INCOMPLETE;
	}
}

int command_stop(int argc, char **argv)
{
	bool told = false;
	int status = read_arguments(argc, argv);

	if (status >= 0)
		return status;
	status = stop_one(LOCK_SENDING, &told);
	int other = stop_one(LOCK_LISTENING, &told);
	if (!told)
		printf(_("nothing is running on this bastion\n"));
	return status != EXIT_DONE ? status : other;
}

int command_status(int argc, char **argv)
{
	char holder[1024] = "";
	int status = read_arguments(argc, argv);

	if (status >= 0)
		return status;
	bool sending = lock_holder(LOCK_SENDING, holder, sizeof(holder));
	if (sending)
		printf(_("running: %s\n"), holder);
	bool listening = lock_holder(LOCK_LISTENING, holder, sizeof(holder));
	if (listening)
		printf(_("listening: %s\n"), holder);
	if (!sending && !listening)
		printf(_("nothing is running on this bastion\n"));
	return EXIT_DONE;
}
