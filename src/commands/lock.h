/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sending lock: one sender per bastion. It is an abstract Unix socket, "@tenken", so that it
 * vanishes with its holder however that ends, and exists once per network namespace, which is what
 * sends. Through it a second run learns who sends, and `tenken stop` asks to stop; the kernel tells
 * who asks (SO_PEERCRED): root and the holder's own user may.
 */
#ifndef TENKEN_COMMANDS_LOCK_H
#define TENKEN_COMMANDS_LOCK_H

#include <stdbool.h>
#include <stddef.h>

/* Listening sends nothing and has a lock of its own, by which it is found and stopped. */
enum lock_kind { LOCK_SENDING, LOCK_LISTENING };

/* The listening descriptor, or negative errno; -EADDRINUSE where somebody has it. */
int lock_take(enum lock_kind kind);
/* Who holds it: "process 123 of user alice, since 02:13, store kita.tenken" into text. */
bool lock_holder(enum lock_kind kind, char *text, size_t n);
/* Answers one visitor of a held lock. description is what visitors are told. True where it asks to
 * stop and may. */
bool lock_answer(int fd, const char *description);
/* 0: told to stop; -ENOENT: nobody has it; -EPERM: not ours to stop. text gets the holder. */
int lock_stop(enum lock_kind kind, char *text, size_t n);

#endif
