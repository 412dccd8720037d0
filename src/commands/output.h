/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a command writes for people. */
#ifndef TENKEN_COMMANDS_OUTPUT_H
#define TENKEN_COMMANDS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Lets write() fill the file at path: into a new file in the same folder that takes the name once
 * it is whole, so that a fault leaves what was there before. NULL and "-" are stdout; a path that
 * exists and is no regular file (/dev/stdout, a pipe) is written in place. 0 or negative errno,
 * also for what only shows while closing.
 */
int output_write(const char *path, int (*write)(FILE *out, void *context), void *context);

/* False after a message: path is one of these files, which are read and would be gone then. NULLs are passed over. */
bool output_spares(const char *path, const char *const *inputs, size_t count);

/* The one line about a failed output_write(), and the exit status that it means. */
int output_message(const char *path, int error);

#endif
