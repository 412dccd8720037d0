/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays every tests/wire/PROBE/CASE.talk against its probe: what is sent, how it ends and the
 * evidence (CASE.json) must be as expected; then the same conversation cut at every byte and with
 * every bit flipped (a sample of both where it is long) may end in any way but a crash, a leak, a
 * hang or broken JSON.
 *
 * test_wire DIR [--update [PROBE/CASE]]   --update rewrites the expectations, for review.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "talk.h"

enum { ALL_UP_TO = 2048, SAMPLED_CUTS = 2000, SAMPLED_FLIPS = 6000 };

static unsigned tests, failures;

static void result(bool good, const char *name, const char *what, const char *why)
{
	tests++;
	failures += !good;
	printf("%sok %u - %s %s\n", good ? "" : "not ", tests, name, what);
	if (!good && why != NULL)
		printf("# %s\n", why);
}

static char *dump(json_t *evidence)
{
	return json_dumps(evidence, JSON_INDENT(2) | JSON_SORT_KEYS);
}

/* One mutated run: everything but the verdict of the sanitizers is right. */
static bool survives(const struct talk *t, const struct probe *probe, size_t cut, size_t flip)
{
	struct play p = { .talk = t, .cut = cut, .flip = flip };

	if (!play_probe(&p, probe))
		return false;
	char *text = json_dumps(p.evidence, 0);
	json_t *back = text != NULL ? json_loads(text, 0, NULL) : NULL;
	bool good = back != NULL && p.ending < ENDINGS;
	json_decref(back);
	free(text);
	json_decref(p.evidence);
	return good;
}

static void mutate(const struct talk *t, const struct probe *probe, const char *name)
{
	size_t bytes = talk_received(t);
	size_t bad = 0;

	size_t step = bytes > ALL_UP_TO ? bytes / SAMPLED_CUTS : 1;
	for (size_t i = 0; i <= bytes; i += step)
		bad += !survives(t, probe, i, SIZE_MAX);
	result(bad == 0, name, step == 1 ? "cut at every byte" : "cut at many bytes",
	       "broken JSON or ending");
	bad = 0;
	if (bytes <= ALL_UP_TO) {
		for (size_t i = 0; i < bytes * 8; i++)
			bad += !survives(t, probe, SIZE_MAX, i);
	} else {
		uint64_t seed = 88172645463325252ULL; /* xorshift64 */

		for (unsigned i = 0; i < SAMPLED_FLIPS; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			bad += !survives(t, probe, SIZE_MAX, seed % (bytes * 8));
		}
	}
	result(bad == 0, name, "with bits flipped", "broken JSON or ending");
}

static void print_bytes(FILE *f, char mark, const struct step *s)
{
	for (size_t i = 0; i < s->length; i++) {
		if (i % 24 == 0)
			fprintf(f, "%s%c", i > 0 ? "\n" : "", mark);
		fprintf(f, " %02x", s->bytes[i]);
	}
	fputc('\n', f);
}

/* Writes the evidence, and the sent bytes into the .talk file where they differ: the first line of
 * each changed message is replaced, its further lines dropped. */
static void update(const struct talk *t, const struct probe *probe, const char *talk_path,
		   const char *json_path)
{
	struct play p = { .talk = t, .cut = SIZE_MAX, .flip = SIZE_MAX, .record = true };

	if (!play_probe(&p, probe))
		return;
	char *text = dump(p.evidence);
	FILE *f = fopen(json_path, "w");
	if (f != NULL && text != NULL)
		fprintf(f, "%s\n", text);
	if (f != NULL)
		fclose(f);
	char *old = NULL;
	size_t old_size = 0, size = 0;
	FILE *in = fopen(talk_path, "r");
	FILE *out = open_memstream(&old, &old_size);
	char *line = NULL;
	unsigned number = 0;
	bool dropping = false;
	while (in != NULL && out != NULL && getline(&line, &size, in) > 0) {
		number++;
		if (line[0] != '>')
			dropping = false;
		for (size_t i = 0; i < t->count; i++) {
			const struct step *s = &t->steps[i];

			if (s->kind != STEP_SEND || s->line != number)
				continue;
			dropping = p.sent[i].length != s->length ||
				   memcmp(p.sent[i].bytes, s->bytes, s->length) != 0;
			if (dropping && p.sent[i].length > 0)
				print_bytes(out, '>', &p.sent[i]);
		}
		if (line[0] == '=')
			fprintf(out, "= %s\n", ending_word(p.ending));
		else if (!dropping)
			fputs(line, out);
	}
	free(line);
	if (in != NULL)
		fclose(in);
	if (out != NULL)
		fclose(out);
	f = fopen(talk_path, "w");
	if (f != NULL) {
		fwrite(old, 1, old_size, f);
		fclose(f);
	}
	for (size_t i = 0; i < t->count; i++)
		free(p.sent[i].bytes);
	free(p.sent);
	free(old);
	free(text);
	json_decref(p.evidence);
}

static void run_case(const char *dir, const struct probe *probe, const char *file, const char *only,
		     bool updating)
{
	char name[256], talk_path[1024], json_path[1024];
	struct talk t;

	snprintf(name, sizeof(name), "%s/%.*s", probe->name, (int)(strlen(file) - 5), file);
	if (only != NULL && strcmp(only, name) != 0)
		return;
	snprintf(talk_path, sizeof(talk_path), "%s/%s.talk", dir, name);
	snprintf(json_path, sizeof(json_path), "%s/%s.json", dir, name);
	if (!talk_read(&t, talk_path)) {
		result(false, name, "is readable", NULL);
		talk_done(&t);
		return;
	}
	if (updating) {
		update(&t, probe, talk_path, json_path);
		printf("updated %s\n", name);
		talk_done(&t);
		return;
	}
	struct play p = { .talk = &t, .strict = true, .cut = SIZE_MAX, .flip = SIZE_MAX };
	if (play_probe(&p, probe)) {
		char why[600];
		json_t *expected = json_load_file(json_path, 0, NULL);

		result(p.complaint[0] == '\0', name, "sends what it should", p.complaint);
		snprintf(why, sizeof(why), "expected %s, got %s", ending_word(t.ending),
			 ending_word(p.ending));
		result(p.ending == t.ending, name, "ends as it should", why);
		bool same = expected != NULL && json_equal(expected, p.evidence);
		result(same, name, "gives the expected evidence", json_path);
		if (!same) {
			char *text = dump(p.evidence);

			fprintf(stderr, "%s: got %s\n", name, text);
			free(text);
		}
		json_decref(expected);
		json_decref(p.evidence);
	}
	mutate(&t, probe, name);
	talk_done(&t);
}

static int talk_file(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && strcmp(d->d_name + n - 5, ".talk") == 0;
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : getenv("TENKEN_WIRE");
	bool updating = argc > 2 && strcmp(argv[2], "--update") == 0;
	const char *only = updating && argc > 3 ? argv[3] : NULL;

	if (dir == NULL)
		dir = "tests/wire";
	for (size_t i = 0; probes[i] != NULL; i++) {
		char path[1024];
		struct dirent **list = NULL;

		snprintf(path, sizeof(path), "%s/%s", dir, probes[i]->name);
		int n = scandir(path, &list, talk_file, alphasort);
		if (!updating)
			result(n > 0, probes[i]->name, "has recorded conversations", path);
		for (int k = 0; k < n; k++) {
			run_case(dir, probes[i], list[k]->d_name, only, updating);
			free(list[k]);
		}
		free(list);
	}
	if (!updating)
		printf("1..%u\n", tests);
	return failures > 0;
}
