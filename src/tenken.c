/* SPDX-License-Identifier: Apache-2.0 */
/* main(): picks a command. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *purpose;
};

static const struct command commands[] = {
	{ "scan", command_scan, N_("sweep, probe, judge and report") },
	{ "listen", command_listen, N_("learn from traffic, judge and report; sends nothing") },
	{ "reach", command_reach, N_("is the closed network closed? tests from inside") },
	{ "beacon", command_beacon, N_("the listener outside that reach is measured against") },
	{ "report", command_report, N_("the HTML page and the summary of a store") },
	{ "diff", command_diff, N_("what changed between two runs, or two stores") },
	{ "export", command_export, N_("a store for other programs, trackers and auditors") },
	{ "journal", command_journal, N_("what a scan sent, to whom and when") },
	{ "verify", command_verify, N_("prove an audit bundle") },
	{ "site", command_site, N_("check a site file and its ledger") },
	{ "assess", command_assess, N_("asks for what a scan cannot see") },
	{ "profile", command_profile, N_("guidelines and checks: list, show, check") },
	{ "update", command_update, N_("offline data: end of support, vulnerabilities") },
	{ "status", command_status, N_("who sends from this bastion, or listens on it") },
	{ "stop", command_stop, N_("end what runs on this bastion") },
};

static void help(FILE *out)
{
	fprintf(out, _("Usage: tenken COMMAND [OPTIONS]\n\n"));
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, _(commands[i].purpose));
	fprintf(out, _("\ntenken COMMAND --help says more. --version, --lang ja|en.\n"));
}

const char *data_dir(void)
{
	const char *dir = getenv("TENKEN_DATA");

	return dir != NULL && dir[0] != '\0' ? dir : TENKEN_DATADIR;
}

/* --lang may stand anywhere; it is taken out, so that no command has to know it. */
static const char *take_language(int *argc, char **argv)
{
	const char *language = NULL;
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		if (strncmp(argv[i], "--lang=", 7) == 0)
			language = argv[i] + 7;
		else if (strcmp(argv[i], "--lang") == 0 && i + 1 < *argc)
			language = argv[++i];
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	*argc = kept;
	return language;
}

/* --help behind anything is a wish for help, whatever stands before it. */
static int run(const struct command *c, int argc, char **argv)
{
	static char help_option[] = "--help";
	char *wish[] = { argv[0], help_option, NULL };

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return c->run(2, wish);
	return c->run(argc, argv);
}

/* Started with one of them closed, the next file opened would take its place, and messages would go
 * into it. Reading gives nothing, writing fails. */
static bool open_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	if (!open_standard())
		return EXIT_USAGE; /* nowhere to say why */
	const char *language = take_language(&argc, argv);

	signal(SIGPIPE, SIG_IGN);
	if (i18n_start(language) != 0) {
		fprintf(stderr, _("error: --lang takes ja or en, not '%s'\n"), language);
		return EXIT_USAGE;
	}
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("tenken %s\n", PACKAGE_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run(&commands[i], argc - 1, argv + 1);
	fprintf(stderr, _("error: unknown command '%s'; see tenken --help\n"), argv[1]);
	return EXIT_USAGE;
}
