/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One harness for every probe: the program's name (fuzz_PROBE) or TENKEN_PROBE picks it. The input
 * is a conversation (tests/wire/talk.c, talk_from_bytes()). Built without libFuzzer, main() runs
 * the files and folders that it is given: seeds and past crashes, inside `make check`.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "codec/ntlm_login.h"
#include "wire/talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct probe *chosen;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct talk t;

	if (chosen == NULL) {
		const char *name = getenv("TENKEN_PROBE");

		if (name == NULL) {
			name = strstr(program_invocation_short_name, "fuzz_");
			name = name != NULL ? name + 5 : "";
		}
		chosen = probe_find(name);
		ntlm_login_prepare();
		if (chosen == NULL) {
			fprintf(stderr, "no probe '%s'\n", name);
			exit(2);
		}
	}
	if (talk_from_bytes(&t, bytes, n)) {
		for (int depth = DEPTH_LIMITED; depth <= DEPTH_FULL; depth++) {
			struct play p = { .talk = &t, .cut = SIZE_MAX, .flip = SIZE_MAX };

			t.depth = (enum depth)depth;
			if (!play_probe(&p, chosen))
				continue;
			char *text = json_dumps(p.evidence, 0);
			if (text != NULL) {
				json_t *back = json_loads(text, 0, NULL);

				if (back == NULL)
					abort();
				json_decref(back);
			}
			free(text);
			json_decref(p.evidence);
		}
	}
	talk_done(&t);
	return 0;
}

#ifndef TENKEN_LIBFUZZER
static unsigned runs;

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 20);

	if (f != NULL && bytes != NULL) {
		LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, 1 << 20, f));
		runs++;
	}
	free(bytes);
	if (f != NULL)
		fclose(f);
}

/* A .talk file gives its answers as a seed. */
static void run_talk(const char *path)
{
	struct talk t;

	if (talk_read(&t, path)) {
		size_t n = 0;
		uint8_t *bytes = talk_to_bytes(&t, &n);

		if (bytes != NULL)
			LLVMFuzzerTestOneInput(bytes, n);
		if (bytes != NULL && getenv("TENKEN_SEEDS") != NULL) {
			char out[1024];
			const char *base = strrchr(path, '/');

			snprintf(out, sizeof(out), "%s/%s.seed", getenv("TENKEN_SEEDS"),
				 base != NULL ? base + 1 : path);
			FILE *f = fopen(out, "wb");
			if (f != NULL) {
				fwrite(bytes, 1, n, f);
				fclose(f);
			}
		}
		free(bytes);
		runs++;
	}
	talk_done(&t);
}

static void run_path(const char *path)
{
	DIR *d = opendir(path);
	size_t length = strlen(path);

	if (d == NULL) {
		if (length > 5 && strcmp(path + length - 5, ".talk") == 0)
			run_talk(path);
		else if (length < 5 || strcmp(path + length - 5, ".json") != 0)
			run_file(path);
		return;
	}
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char inner[2048];

		if (e->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		run_path(inner);
	}
	closedir(d);
}

/* fuzz_PROBE PATH...; without paths and without a probe in the name: every probe on its own seeds
 * and crashes below TENKEN_TESTS, as TAP. */
int main(int argc, char **argv)
{
	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			run_path(argv[i]);
		printf("%u inputs\n", runs);
		return 0;
	}
	const char *dir = getenv("TENKEN_TESTS");
	unsigned n = 0;

	for (size_t i = 0; probes[i] != NULL; i++) {
		char path[1024];

		chosen = probes[i];
		runs = 0;
		snprintf(path, sizeof(path), "%s/wire/%s", dir != NULL ? dir : "tests",
			 chosen->name);
		run_path(path);
		snprintf(path, sizeof(path), "%s/fuzz/%s", dir != NULL ? dir : "tests",
			 chosen->name);
		struct stat st;
		if (stat(path, &st) == 0)
			run_path(path);
		printf("%sok %u - fuzz %s: %u inputs\n", runs > 0 ? "" : "not ", ++n, chosen->name,
		       runs);
	}
	printf("1..%u\n", n);
	return 0;
}
#endif
