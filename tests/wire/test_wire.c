/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays every tests/wire/PROBE/CASE.talk against its probe: what is sent, how it ends and the
 * evidence (CASE.json) must be as expected; then the same conversation cut at every byte and with
 * every bit flipped (a sample of them where it is long) may end in any way but a crash, a leak, a hang or
 * broken JSON.
 *
 * test_wire DIR [--update [PROBE/CASE]]   --update rewrites the expectations, for review.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/ntlm_login.h"
#include "talk.h"

/* Of long conversations a sample is tried, each time the same: the fuzzers go on from there. */
enum { ALL_FLIPS_UP_TO = 1024, SAMPLED_FLIPS = 8192, CUTS = 4096 };

/* Most of a run that meets a certificate would be spent on taking the same one apart again, so what was
 * noted of some bytes is remembered. The linker puts this in x509_note()'s place. */
bool __real_x509_note(json_t *object, struct span der, size_t names_max);
bool __wrap_x509_note(json_t *object, struct span der, size_t names_max);

bool __wrap_x509_note(json_t *object, struct span der, size_t names_max)
{
	static struct {
		uint8_t *der;
		size_t length, names_max;
		json_t *noted;
		bool good;
	} list[16], *m = list;
	static size_t next;

	for (m = list; m < list + countof(list); m++)
		if (m->noted != NULL && m->length == der.length && m->names_max == names_max &&
		    memcmp(m->der, der.at, der.length) == 0)
			break;
	if (m == list + countof(list)) {
		m = &list[next++ % countof(list)];
		free(m->der);
		json_decref(m->noted);
		m->der = der.length > 0 ? malloc(der.length) : NULL;
		m->noted = m->der != NULL ? json_object() : NULL;
		if (m->noted == NULL)
			return __real_x509_note(object, der, names_max);
		memcpy(m->der, der.at, der.length);
		m->length = der.length;
		m->names_max = names_max;
		m->good = __real_x509_note(m->noted, der, names_max);
	}
	json_t *copy = json_deep_copy(m->noted);
	json_object_update(object, copy);
	json_decref(copy);
	return m->good;
}

/* A part's line has no number yet. */
static void result(bool good, const char *name, const char *what, const char *why)
{
	printf("%sok - %s %s\n", good ? "" : "not ", name, what);
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

	size_t stride = 1 + bytes / CUTS;
	for (size_t i = 0; i <= bytes; i += stride)
		bad += !survives(t, probe, i, SIZE_MAX);
	result(bad == 0, name, stride == 1 ? "cut at every byte" : "cut at thousands of places",
	       "broken JSON or ending");
	bad = 0;
	if (bytes <= ALL_FLIPS_UP_TO) {
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

static void print_bytes(FILE *f, const char *mark, const struct step *s)
{
	for (size_t i = 0; i < s->length; i++) {
		if (i % 24 == 0)
			fprintf(f, "%s%s", i > 0 ? "\n" : "", i > 0 ? ">" : mark);
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
				print_bytes(out, line[1] == '>' ? ">>" : ">", &p.sent[i]);
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

/* Every so many-th conversation, from this one on. */
static void run_cases(const char *dir, const char *only, bool updating, unsigned part,
		      unsigned parts)
{
	unsigned number = 0;

	for (size_t i = 0; probes[i] != NULL; i++) {
		char path[1024];
		struct dirent **list = NULL;

		snprintf(path, sizeof(path), "%s/%s", dir, probes[i]->name);
		int n = scandir(path, &list, talk_file, alphasort);
		if (!updating && part == 0)
			result(n > 0, probes[i]->name, "has recorded conversations", path);
		for (int k = 0; k < n; k++) {
			if (number++ % parts == part)
				run_case(dir, probes[i], list[k]->d_name, only, updating);
			free(list[k]);
		}
		free(list);
	}
}

/* Copies a part's lines and numbers its tests. */
static void tell(FILE *f, unsigned *tests, unsigned *failures)
{
	char *line = NULL;
	size_t size = 0;

	rewind(f);
	while (getline(&line, &size, f) > 0) {
		bool bad = strncmp(line, "not ok ", 7) == 0;

		if (!bad && strncmp(line, "ok ", 3) != 0) {
			fputs(line, stdout);
			continue;
		}
		*failures += bad;
		printf("%sok %u %s", bad ? "not " : "", ++*tests, line + (bad ? 7 : 3));
	}
	free(line);
}

int main(int argc, char **argv)
{
	enum { PARTS_MAX = 8 };
	const char *dir = argc > 1 ? argv[1] : getenv("TENKEN_WIRE");
	bool updating = argc > 2 && strcmp(argv[2], "--update") == 0;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned parts = processors < 1           ? 1
			 : processors > PARTS_MAX ? PARTS_MAX
						  : (unsigned)processors;
	unsigned tests = 0, failures = 0;
	FILE *told[PARTS_MAX];
	pid_t children[PARTS_MAX];

	ntlm_login_prepare();
	if (dir == NULL)
		dir = "tests/wire";
	if (updating) {
		run_cases(dir, argc > 3 ? argv[3] : NULL, true, 0, 1);
		return 0;
	}
	for (unsigned i = 0; i < parts; i++) {
		told[i] = tmpfile();
		children[i] = told[i] != NULL ? fork() : -1;
		if (children[i] == 0) {
			if (dup2(fileno(told[i]), STDOUT_FILENO) < 0)
				return 1;
			run_cases(dir, NULL, false, i, parts);
			return 0;
		}
	}
	for (unsigned i = 0; i < parts; i++) {
		int status = -1;
		bool ended = children[i] > 0 && waitpid(children[i], &status, 0) == children[i] &&
			     WIFEXITED(status) && WEXITSTATUS(status) == 0;

		if (told[i] != NULL)
			tell(told[i], &tests, &failures);
		failures += !ended;
		printf("%sok %u - part %u comes to its end\n", ended ? "" : "not ", ++tests, i + 1);
		if (told[i] != NULL)
			fclose(told[i]);
	}
	printf("1..%u\n", tests);
	return failures > 0;
}
