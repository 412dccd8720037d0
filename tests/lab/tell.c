/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fingerprints say of texts: tell FOLDER [RECOG-FOLDER] reads lines "FIELD<TAB>TEXT" and writes one
 * JSON array for each ("null" where no rule matches). In TEXT "\n", "\r" and "\\" are escapes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/fingerprint.h"

static void unescape(char *text)
{
	char *out = text;

	for (; *text != '\0'; text++) {
		if (*text == '\\' && text[1] != '\0') {
			text++;
			*out++ = *text == 'n' ? '\n' : *text == 'r' ? '\r' : *text;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

int main(int argc, char **argv)
{
	struct complaints c = { 0 };
	struct fingerprints *f = fingerprints_new();
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (argc < 2 || f == NULL)
		return 2;
	fingerprints_read(f, argv[1], &c);
	if (argc > 2)
		fingerprints_read_recog(f, argv[2], &c);
	complaints_print(&c, stderr);
	fprintf(stderr, "%zu rules\n", fingerprints_count(f));
	while ((n = getline(&line, &room, stdin)) > 0) {
		char *tab = strchr(line, '\t');

		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (tab == NULL)
			continue;
		*tab = '\0';
		unescape(tab + 1);
		json_t *told = fingerprints_match(f, line, tab + 1);
		json_dumpf(told != NULL ? told : json_null(), stdout,
			   JSON_COMPACT | JSON_ENCODE_ANY);
		putchar('\n');
		json_decref(told);
	}
	free(line);
	complaints_done(&c);
	fingerprints_free(f);
	return c.count > 0 ? 2 : 0;
}
