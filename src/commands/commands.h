/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subcommands. Each gets the arguments from its own name on (argv[0] is "site") and returns the
 * exit status: 0 done, 1 done and --fail-on was met, 2 usage or configuration error, 3 incomplete.
 */
#ifndef TENKEN_COMMANDS_COMMANDS_H
#define TENKEN_COMMANDS_COMMANDS_H

int command_site(int argc, char **argv);

#endif
