/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of devices (tests/gallery): through the http probe, or as the document of the probe that keeps
 * such a text; then the fingerprints, the store and recognise(). What it says is what the file expects.
 */
#include "documents.h"

#include <dirent.h>

#include "identity/fingerprint.h"
#include "wire/talk.h"

enum { LEAST_DEVICES = 40, LEAST_OTHERS = 10 };

static struct fingerprints *rules;

struct picture {
	char name[256], field[32], expect[256];
	char *text;
	size_t length;
	char address[16];
	json_t *document;
};

static struct picture pictures[256];
static size_t picture_count;

/* ---- reading ---- */

static void read_heading(struct picture *p, const char *line)
{
	sscanf(line, "# field: %31s", p->field);
	sscanf(line, "# expect: %255[^\n]", p->expect);
}

static void read_picture(struct picture *p, const char *path, const char *name)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	*p = (struct picture){ 0 };
	snprintf(p->name, sizeof(p->name), "%s", name);
	assert_non_null(f);
	while ((n = getline(&line, &room, f)) > 0 && line[0] == '#')
		read_heading(p, line);
	assert_string_equal(line, "\n");
	FILE *out = open_memstream(&p->text, &p->length);
	assert_non_null(out);
	while ((n = getline(&line, &room, f)) > 0)
		fwrite(line, 1, (size_t)n, out);
	fclose(out);
	fclose(f);
	free(line);
	if (p->field[0] == '\0' || p->expect[0] == '\0' || p->length == 0)
		fail_msg("%s: lacks field, expectation or text", name);
}

static int is_picture(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && strcmp(d->d_name + n - 4, ".txt") == 0;
}

static void read_gallery(void)
{
	char folder[2048], path[4096];
	struct dirent **list;

	snprintf(folder, sizeof(folder), "%s/tests/gallery", getenv("TENKEN_DATA"));
	int n = scandir(folder, &list, is_picture, alphasort);
	for (int i = 0; i < n; i++) {
		assert_true(picture_count < countof(pictures));
		snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name);
		struct picture *p = &pictures[picture_count++];
		read_picture(p, path, list[i]->d_name);
		snprintf(p->address, sizeof(p->address), "10.0.0.%zu", picture_count);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* ---- what the probes make of it ---- */

static json_t *http_document(const struct picture *p)
{
	struct step steps[] = {
		{ .kind = STEP_SEND },
		{ .kind = STEP_RECEIVE, .bytes = (uint8_t *)p->text, .length = p->length },
		{ .kind = STEP_CLOSE }
	};
	struct talk t = {
		.steps = steps, .count = countof(steps), .depth = DEPTH_FULL, .clock = 1767225600
	};
	struct play play = { .talk = &t, .cut = SIZE_MAX, .flip = SIZE_MAX };
	const struct probe *http = NULL;

	for (size_t i = 0; probes[i] != NULL; i++)
		if (strcmp(probes[i]->name, "http") == 0)
			http = probes[i];
	assert_non_null(http);
	assert_true(play_probe(&play, http));
	return play.evidence;
}

/* The probe's document with this text alone, at the place where the probe keeps it. */
static json_t *text_document(const struct picture *p, const char **ret_probe)
{
	static const struct {
		const char *field, *probe, *key;
	} places[] = {
		{ "ftp.banner", "ftp", "banner" },
		{ "snmp.description", "community", "description" },
		{ "snmp.object-id", "community", "object_id" },
		{ "ssh.software", "ssh", "software" },
		{ "telnet.banner", "telnet", "banner" },
	};

	for (size_t i = 0; i < countof(places); i++)
		if (strcmp(places[i].field, p->field) == 0) {
			size_t n = p->length;

			while (n > 0 && p->text[n - 1] == '\n')
				n--;
			*ret_probe = places[i].probe;
			return json_pack("{s:s%}", places[i].key, p->text, n);
		}
	fail_msg("%s: field '%s' has no place here", p->name, p->field);
	return NULL;
}

/* ---- what is expected ---- */

/* The text behind "vendor=", up to the next word that has an equals sign. */
static bool expected_value(const char *expect, const char *key, char *out, size_t room)
{
	size_t n = strlen(key);
	const char *at = expect;

	out[0] = '\0';
	while ((at = strstr(at, key)) != NULL && (at[n] != '=' || (at > expect && at[-1] != ' ')))
		at++;
	if (at == NULL)
		return false;
	at += n + 1;
	const char *next = strchr(at, '='), *end = at + strlen(at);
	if (next != NULL)
		for (end = next; end > at && *end != ' ';)
			end--;
	snprintf(out, room, "%.*s", (int)(end - at), at);
	return true;
}

static unsigned wrong;

static void compare(const struct picture *p, const char *what, const char *expected,
		    const char *found)
{
	if (strcmp(expected, found) == 0)
		return;
	wrong++;
	print_error("%s: %s is '%s', not '%s'\n", p->name, what, found, expected);
}

/* "VENDOR/PRODUCT" of the first such part, or nothing. */
static void part_named(const json_t *identity, const char *part, char *out, size_t room)
{
	out[0] = '\0';
	for (size_t i = 0; i < json_array_size(identity) && out[0] == '\0'; i++) {
		const json_t *o = json_array_get(identity, i);
		const char *vendor = json_string_value(json_object_get(o, "vendor"));
		const char *product = json_string_value(json_object_get(o, "product"));

		if (strcmp(json_string_value(json_object_get(o, "part")), part) == 0)
			snprintf(out, room, "%s/%s", vendor != NULL ? vendor : "",
				 product != NULL ? product : "");
	}
}

static void expect_device(const struct picture *p, const struct device *d)
{
	char text[256];

	expected_value(p->expect, "vendor", text, sizeof(text));
	compare(p, "vendor", text, d->vendor);
	expected_value(p->expect, "product", text, sizeof(text));
	compare(p, "model", text, d->model);
	expected_value(p->expect, "role", text, sizeof(text));
	compare(p, "role", text, d->role);
	compare(p, "the host's role", text, d->host_role);
	expected_value(p->expect, "certain", text, sizeof(text));
	compare(p, "certain", text, d->certain ? "yes" : "no");
}

static void expect_no_device(const struct picture *p, bool found, const struct device *d)
{
	static const char *const parts[] = { "service", "os" };
	const json_t *identity = json_object_get(p->document, "identity");
	char text[256], told[256];

	if (found)
		compare(p, "a device", "", d->vendor[0] != '\0' ? d->vendor : d->role);
	if (strcmp(p->expect, "none") == 0 && identity != NULL) {
		char *all = json_dumps(identity, JSON_COMPACT);

		compare(p, "what is told", "", all != NULL ? all : "something");
		free(all);
	}
	for (size_t i = 0; i < countof(parts); i++) {
		expected_value(p->expect, parts[i], text, sizeof(text));
		part_named(identity, parts[i], told, sizeof(told));
		compare(p, parts[i], text, told);
	}
}

static void the_gallery_is_recognised(void **state)
{
	struct documents store;
	unsigned devices = 0, others = 0;

	(void)state;
	read_gallery();
	documents_open(&store);
	for (size_t i = 0; i < picture_count; i++) {
		struct picture *p = &pictures[i];
		const char *probe = "http";

		p->document =
			strcmp(p->field, "http") == 0 ? http_document(p) : text_document(p, &probe);
		fingerprints_tell(rules, probe, p->document);
		char *text = json_dumps(p->document, JSON_COMPACT);
		documents_host(&store, p->address, NULL);
		documents_add(&store, p->address, 80, probe, text);
		free(text);
	}
	documents_recognise(&store);
	for (size_t i = 0; i < picture_count; i++) {
		struct picture *p = &pictures[i];
		struct device d;
		char vendor[256];
		bool found = documents_device(&store, p->address, &d);

		if (expected_value(p->expect, "vendor", vendor, sizeof(vendor))) {
			devices++;
			expect_device(p, &d);
		} else {
			others++;
			expect_no_device(p, found, &d);
		}
		json_decref(p->document);
		free(p->text);
	}
	documents_close(&store);
	print_message("# %u devices, %u that are none, %u differences\n", devices, others, wrong);
	assert_int_equal(wrong, 0);
	assert_true(devices >= LEAST_DEVICES);
	assert_true(others >= LEAST_OTHERS);
}

static int open_all(void **state)
{
	struct complaints c = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/profiles/fingerprints", getenv("TENKEN_DATA"));
	rules = fingerprints_new();
	if (rules == NULL)
		return 1;
	fingerprints_read(rules, path, &c);
	complaints_print(&c, stderr);
	int faults = c.count > 0;
	complaints_done(&c);
	return faults || scratch_open(state);
}

static int close_all(void **state)
{
	fingerprints_free(rules);
	return scratch_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_gallery_is_recognised) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_all, close_all);
}
