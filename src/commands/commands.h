/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands. argv[0] is the subcommand's own name; the result is the exit status. */
#ifndef TENKEN_COMMANDS_COMMANDS_H
#define TENKEN_COMMANDS_COMMANDS_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FOUND = 1,      /* --fail-on was met */
	EXIT_USAGE = 2,      /* usage or configuration */
	EXIT_INCOMPLETE = 3, /* it ended before its end; wins over 1 */
};

int command_assess(int argc, char **argv);
int command_beacon(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_export(int argc, char **argv);
int command_journal(int argc, char **argv);
int command_listen(int argc, char **argv);
int command_profile(int argc, char **argv);
int command_reach(int argc, char **argv);
int command_report(int argc, char **argv);
int command_scan(int argc, char **argv);
int command_site(int argc, char **argv);
int command_stop(int argc, char **argv);
int command_status(int argc, char **argv);
int command_update(int argc, char **argv);
int command_verify(int argc, char **argv);

/* The folder with probes/data and profiles: $TENKEN_DATA, else the installed one. */
const char *data_dir(void);

#endif
