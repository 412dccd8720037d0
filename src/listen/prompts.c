/* SPDX-License-Identifier: Apache-2.0 */
#include "listen/prompts.h"

/* Does the line end in a question for a password? In Japanese (UTF-8) it ends in what is kept of it. */
static bool asks(const struct prompts *p)
{
	static const char *const words[] = { "password:", "password",
					     "passwd:",   "passcode:",
					     "password>", "\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89:" };
	struct span tail = span_of(p->tail, p->length);

	while (tail.length > 0 && tail.at[tail.length - 1] == ' ')
		tail.length--;
	for (size_t i = 0; i < countof(words); i++) {
		size_t n = strlen(words[i]);

		if (tail.length >= n && memcmp(tail.at + tail.length - n, words[i], n) == 0)
			return true;
	}
	return false;
}

void prompts_server(struct prompts *p, uint8_t c)
{
	if (c == '\r' || c == '\n') {
		explicit_bzero(p->tail, sizeof(p->tail));
		p->length = 0;
		return;
	}
	if (p->length == PROMPT_TAIL) {
		memmove(p->tail, p->tail + 1, PROMPT_TAIL - 1);
		p->length--;
	}
	p->tail[p->length++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
	p->asked = asks(p);
}

void prompts_client(struct prompts *p, struct talk *t, uint8_t c, const char *way)
{
	if (!p->asked || (c != '\r' && c != '\n'))
		return;
	p->asked = false;
	if (!p->told)
		tell_login(t, way);
	p->told = true;
}
