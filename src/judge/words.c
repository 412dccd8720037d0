/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of the judged scan by number, each kept once: words of services and of what probes brought, and the
 * reasons why a check did not run.
 */
#include "judge/judged.h"

#include <errno.h>
#include <string.h>

#include "judge/arena.h"

enum { REASONS_MAX = 60000 };

uint16_t reason_state(struct judged *j, const char *reason)
{
	for (size_t i = 0; i < j->reason_count; i++)
		if (strcmp(j->reasons[i], reason) == 0)
			return (uint16_t)(SUBJECT_REASON + i);
	if (j->reason_count == j->reason_room) {
		size_t room = j->reason_room == 0 ? 64 : j->reason_room * 2;
		const char **list = arena_array(j->arena, room, sizeof(*list));

		if (list == NULL || room > REASONS_MAX)
			return SUBJECT_REASON; /* the first one stands for it */
		if (j->reason_count > 0)
			memcpy(list, j->reasons, j->reason_count * sizeof(*list));
		j->reasons = list;
		j->reason_room = room;
	}
	const char *copy = arena_text(j->arena, reason);
	if (copy == NULL)
		return SUBJECT_REASON;
	j->reasons[j->reason_count] = copy;
	return (uint16_t)(SUBJECT_REASON + j->reason_count++);
}

static uint32_t hash(const char *text)
{
	uint32_t h = 2166136261; /* FNV-1a */

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 16777619;
	return h;
}

/* Its place in the table: that of the word, or a free one (0). */
static uint32_t *word_place(const struct judged *j, const char *text)
{
	size_t at = hash(text) & (j->word_room - 1);

	while (j->word_places[at] != 0 && strcmp(j->words[j->word_places[at]].text, text) != 0)
		at = (at + 1) & (j->word_room - 1);
	return &j->word_places[at];
}

bool words_make(struct judged *j)
{
	size_t room = j->word_room == 0 ? 256 : j->word_room * 2;
	struct word *words = arena_array(j->arena, room / 2, sizeof(*words));
	uint32_t *places = arena_array(j->arena, room, sizeof(*places));

	if (words == NULL || places == NULL)
		return false;
	if (j->word_count > 0)
		memcpy(words, j->words, j->word_count * sizeof(*words));
	else
		j->word_count = 1;
	j->words = words;
	j->word_places = places;
	j->word_room = room;
	for (uint32_t i = 1; i < j->word_count; i++)
		*word_place(j, j->words[i].text) = i;
	return true;
}

int word_of(struct judged *j, const char *text, uint32_t *ret)
{
	if (text == NULL) {
		*ret = 0;
		return 0;
	}
	if (j->word_count >= j->word_room / 2 && !words_make(j))
		return -ENOMEM;
	uint32_t *place = word_place(j, text);
	if (*place == 0) {
		char *copy = arena_text(j->arena, text);

		if (copy == NULL)
			return -ENOMEM;
		j->words[j->word_count].text = copy;
		*place = (uint32_t)j->word_count++;
	}
	*ret = *place;
	return 0;
}

uint16_t word_state(struct judged *j, uint32_t number)
{
	struct word *w = &j->words[number];

	if (w->state == 0)
		w->state = reason_state(j, w->text);
	return w->state;
}
