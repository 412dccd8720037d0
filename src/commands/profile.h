/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_COMMANDS_PROFILE_H
#define TENKEN_COMMANDS_PROFILE_H

/* `tenken profile list|show NAME|check [FILE...]`; argv[0] is "profile". Gives the exit status: 0, or
 * 2 for a wrong command line or a catalogue with mistakes. */
int command_profile(int argc, char **argv);

#endif
