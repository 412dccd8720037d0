/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the shipped checks find in planted stores: each case of tests/checks/NAME.cases is a store, made by a few
 * statements, and what one check says of it. Documents may be those that tests/wire expects of the probes.
 *
 *   macro NAME SQL       later lines "NAME a b c" are this SQL; $1 is the word as it stands, ?1 the word as a text of
 *                        SQL, NULL for '-'; words may stand in double quotes. All files know those of macros.cases
 *   base NAME            statements up to the next line of this kind
 *   check ID             what the cases behind it are about
 *   case WHAT on BASE..  statements up to what is expected, which is one of:
 *   finds ASSET-OR-ADDRESS PORT SEVERITY DETAIL    one line for each finding; PORT '-': none
 *   evidence TEXT        behind those lines: the evidence of one of them has this text
 *   clean [N]            nothing was found, and N (else one at least) were looked at
 *   unrun REASON         nothing was found and nobody looked, for this reason
 *   document ADDRESS PORT TRANSPORT PROBE FILE     what the probe is expected to bring in tests/wire/FILE.json
 *
 * Each check that stands in a file has a case that finds and one that is clean.
 */
#include <dirent.h>

#include "../unit/scratch.h"

#include "judge/catalogue.h"
#include "judge/judge.h"
#include "probes/probe.h"
#include "store/db.h"
#include "store/schema.h"

enum { TEXT_MOST = 64 * 1024, WORDS_MOST = 24, LIST_MOST = 2048 };

struct named {
	char name[64];
	char *text;
};

static const char *const guidelines[] = { "mlit-water" };
static struct catalogue shipped;
static struct judge_probe list[128];
static struct named macros[128], bases[32];
static size_t macro_count, base_count;

static int load(void **state)
{
	struct complaints c = { 0 };
	size_t i = 0;

	(void)state;
	for (; probes[i] != NULL && i + 1 < sizeof(list) / sizeof(list[0]); i++)
		list[i] = (struct judge_probe){ .name = probes[i]->name,
						.ports = probes[i]->ports,
						.udp = probes[i]->udp,
						.over_tls = probes[i]->over_tls,
						.tls_ports = probes[i]->tls_ports,
						.within = probes[i]->within,
						.view = probes[i]->view };
	if (probes[i] != NULL)
		return -1;
	int r = catalogue_load(getenv("TENKEN_DATA"), guidelines, 1, NULL, 0, &shipped, &c);
	complaints_print(&c, stderr);
	complaints_done(&c);
	return r;
}

static int unload(void **state)
{
	(void)state;
	catalogue_done(&shipped);
	return 0;
}

/* ---- texts ---- */

static void add(char *text, const char *more, size_t length)
{
	size_t have = strlen(text);

	if (have + length + 1 > TEXT_MOST)
		fail_msg("a case of more than %d bytes", TEXT_MOST);
	memcpy(text + have, more, length);
	text[have + length] = '\0';
}

static size_t words_of(char *line, char *words[static WORDS_MOST])
{
	size_t n = 0;

	for (char *at = line + strspn(line, " \t"); *at != '\0'; at += strspn(at, " \t")) {
		bool quoted = *at == '"';

		if (n == WORDS_MOST)
			break;
		at += quoted;
		words[n++] = at;
		at += strcspn(at, quoted ? "\"" : " \t");
		if (*at != '\0')
			*at++ = '\0';
	}
	return n;
}

static const struct named *named(const struct named *all, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

static void keep(struct named *all, size_t *count, size_t most, const char *name, const char *text)
{
	if (*count == most || named(all, *count, name) != NULL)
		fail_msg("'%s' is one too many", name);
	snprintf(all[*count].name, sizeof(all[*count].name), "%s", name);
	all[(*count)++].text = strdup(text);
}

static void add_quoted(char *text, const char *word)
{
	if (strcmp(word, "-") == 0) {
		add(text, "NULL", 4);
		return;
	}
	add(text, "'", 1);
	for (const char *p = word; *p != '\0'; p++)
		add(text, *p == '\'' ? "''" : p, *p == '\'' ? 2 : 1);
	add(text, "'", 1);
}

static void expand(char *text, const struct named *macro, char *words[], size_t count)
{
	for (const char *p = macro->text; *p != '\0'; p++) {
		size_t n = p[1] >= '1' && p[1] <= '9' ? (size_t)(p[1] - '0') : 0;

		if ((*p != '$' && *p != '?') || n == 0) {
			add(text, p, 1);
			continue;
		}
		const char *word = n < count ? words[n] : "-";
		if (*p == '$')
			add(text, word, strlen(word));
		else
			add_quoted(text, word);
		p++;
	}
	add(text, "\n", 1);
}

static char *file_text(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *f = fopen(path, "r");

	if (f == NULL)
		fail_msg("%s cannot be read", path);
	size_t n = fread(text, 1, (1 << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void add_document(char *text, char *words[], size_t count)
{
	char path[512];

	if (count != 6)
		fail_msg("document ADDRESS PORT TRANSPORT PROBE FILE");
	snprintf(path, sizeof(path), "%s/tests/wire/%s.json", getenv("TENKEN_DATA"), words[5]);
	char *document = file_text(path);
	const struct named *macro = named(macros, macro_count, "brought");
	char *values[] = { words[0], words[1], words[2], words[3], words[4], document };

	expand(text, macro, values, 6);
	free(document);
}

/* A line of statements. */
static void add_line(char *text, const char *line)
{
	char copy[8192];
	char *words[WORDS_MOST];

	snprintf(copy, sizeof(copy), "%s", line);
	size_t count = words_of(copy, words);
	const struct named *macro = count > 0 ? named(macros, macro_count, words[0]) : NULL;

	if (count > 0 && strcmp(words[0], "document") == 0) {
		add_document(text, words, count);
	} else if (macro != NULL) {
		expand(text, macro, words, count);
	} else {
		add(text, line, strlen(line));
		add(text, "\n", 1);
	}
}

/* ---- one case ---- */

struct one {
	const char *file;
	char check[64], what[256];
	char *sql, *want; /* findings, one a line; "clean N", "unrun REASON" */
	char evidence[256];
};

static void tell(struct db *db, const struct one *o, char *have)
{
	struct query *q = NULL;
	char sql[512];

	have[0] = '\0';
	snprintf(sql, sizeof(sql),
		 "SELECT coalesce(iif(asset LIKE '%%.%%' OR address IS NULL OR asset LIKE '%% %%',"
		 " asset, address), ''), coalesce(port, '-'), severity, detail FROM finding_now"
		 " WHERE check_id = '%s' ORDER BY 1, port, detail",
		 o->check);
	if (query_new(db, sql, &q) < 0)
		fail_msg("%s: %s", sql, db_error(db));
	while (query_step(q) == 1) {
		char line[1024];
		int n = snprintf(line, sizeof(line), "finds %s %s %s%s%s\n", query_text(q, 0),
				 query_text(q, 1), query_text(q, 2),
				 query_text(q, 3)[0] != '\0' ? " " : "", query_text(q, 3));
		add(have, line, (size_t)n);
	}
	query_free(q);
	if (have[0] != '\0')
		return;
	snprintf(sql, sizeof(sql),
		 "SELECT ran, partial, checked, coalesce(reason, '') FROM check_run WHERE check_id "
		 "= '%s'",
		 o->check);
	if (query_new(db, sql, &q) < 0 || query_step(q) != 1)
		fail_msg("%s: no such check", o->check);
	char line[512];
	int n = query_int(q, 0) != 0 && query_int(q, 2) > 0
			? snprintf(line, sizeof(line), "clean %d\n", (int)query_int(q, 2))
			: snprintf(line, sizeof(line), "unrun %s\n", query_text(q, 3));
	add(have, line, (size_t)n);
	query_free(q);
}

static bool has_evidence(struct db *db, const struct one *o)
{
	struct query *q = NULL;
	int r = query_new(db,
			  "SELECT 1 FROM finding_now WHERE check_id = ?1"
			  " AND instr(evidence, ?2) > 0",
			  &q);

	if (r >= 0)
		r = query_bind_text(q, 1, o->check);
	if (r >= 0)
		r = query_bind_text(q, 2, o->evidence);
	if (r >= 0)
		r = query_step(q);
	query_free(q);
	return r == 1;
}

static int failures;

static void play(const struct one *o)
{
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };
	char *have = calloc(1, TEXT_MOST);
	struct db *db = NULL;
	int64_t run = 0;

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	if (db_exec(db, o->sql) < 0)
		fail_msg("%s: %s: %s: %s", o->file, o->check, o->what, db_error(db));
	assert_int_equal(db_number(db, "SELECT max(id) FROM scan", 0, &run), 0);
	if (judge_run(db, &shipped, run, list, NULL, &options) < 0)
		fail_msg("%s", db_error(db));
	for (size_t i = 0; i < c.count; i++)
		print_error("%s: %s: %s\n", o->check, o->what, c.list[i]);
	tell(db, o, have);
	if (o->evidence[0] != '\0' && !has_evidence(db, o)) {
		print_error("%s: %s: %s\n  no evidence has %s\n", o->file, o->check, o->what,
			    o->evidence);
		failures++;
	}
	bool clean = strcmp(o->want, "clean\n") == 0 && strncmp(have, "clean ", 6) == 0;
	if (c.count > 0 || (!clean && strcmp(have, o->want) != 0)) {
		print_error("%s: %s: %s\n  have %s  want %s", o->file, o->check, o->what, have,
			    o->want);
		failures++;
	}
	complaints_done(&c);
	db_free(db);
	free(have);
}

/* ---- files ---- */

static void begin_case(struct one *o, char *words[], size_t count)
{
	size_t last = count;

	o->sql[0] = o->want[0] = o->evidence[0] = '\0';
	o->what[0] = '\0';
	for (size_t i = 1; i < count; i++)
		last = strcmp(words[i], "on") == 0 ? i : last;
	for (size_t i = 1; i < last; i++)
		snprintf(o->what + strlen(o->what), sizeof(o->what) - strlen(o->what), "%s%s",
			 i > 1 ? " " : "", words[i]);
	for (size_t i = last + 1; i < count; i++) {
		const struct named *base = named(bases, base_count, words[i]);

		if (base == NULL)
			fail_msg("%s: no base is named '%s'", o->file, words[i]);
		add(o->sql, base->text, strlen(base->text));
	}
}

static bool expects(const char *line)
{
	return strncmp(line, "finds ", 6) == 0 || strncmp(line, "clean", 5) == 0 ||
	       strncmp(line, "unrun", 5) == 0;
}

/* Of each check that stands in a file: it was seen to find (1) and to be clean (2). */
static struct {
	char check[64];
	int seen;
} checked[LIST_MOST];
static size_t checked_count;

static void end_case(const struct one *o)
{
	size_t i = 0;

	if (o->what[0] == '\0')
		return;
	if (o->want[0] == '\0')
		fail_msg("%s: %s: %s expects nothing", o->file, o->check, o->what);
	play(o);
	while (i < checked_count && strcmp(checked[i].check, o->check) != 0)
		i++;
	if (i == checked_count) {
		assert_true(checked_count < LIST_MOST);
		snprintf(checked[checked_count++].check, sizeof(checked[0].check), "%s", o->check);
	}
	checked[i].seen |= o->want[0] == 'f' ? 1 : o->want[0] == 'c' ? 2 : 0;
}

static void play_file(const char *folder, const char *name)
{
	char path[512], base[64] = "";
	struct one o = { .file = name, .sql = calloc(1, TEXT_MOST), .want = calloc(1, TEXT_MOST) };
	char *base_text = calloc(1, TEXT_MOST);

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	char *text = file_text(path), *next = NULL;
	for (char *line = text; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		char copy[8192];
		char *words[WORDS_MOST];
		snprintf(copy, sizeof(copy), "%s", line);
		bool comment = line[0] == '#' || line[strspn(line, " \t")] == '\0';
		size_t count = comment ? 0 : words_of(copy, words);

		if (count == 0)
			continue;
		if (strcmp(words[0], "macro") == 0 || strcmp(words[0], "base") == 0 ||
		    strcmp(words[0], "check") == 0 || strcmp(words[0], "case") == 0) {
			end_case(&o);
			o.what[0] = '\0';
			if (base[0] != '\0')
				keep(bases, &base_count, 32, base, base_text);
			base[0] = base_text[0] = '\0';
		}
		if (strcmp(words[0], "macro") == 0)
			keep(macros, &macro_count, 128, words[1],
			     strstr(line, words[1]) + strlen(words[1]) + 1);
		else if (strcmp(words[0], "base") == 0)
			snprintf(base, sizeof(base), "%s", words[1]);
		else if (strcmp(words[0], "check") == 0)
			snprintf(o.check, sizeof(o.check), "%s", words[1]);
		else if (strcmp(words[0], "case") == 0)
			begin_case(&o, words, count);
		else if (base[0] != '\0')
			add_line(base_text, line);
		else if (expects(line))
			add_line(o.want, line);
		else if (strcmp(words[0], "evidence") == 0)
			snprintf(o.evidence, sizeof(o.evidence), "%s", line + strlen("evidence "));
		else
			add_line(o.sql, line);
	}
	end_case(&o);
	if (base[0] != '\0')
		keep(bases, &base_count, 32, base, base_text);
	free(base_text);
	free(o.sql);
	free(o.want);
	free(text);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	bool first = strcmp((*a)->d_name, "macros.cases") == 0;

	return first ? -1 : strcmp((*b)->d_name, "macros.cases") == 0 ? 1 : alphasort(a, b);
}

static int is_cases(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot != NULL && strcmp(dot, ".cases") == 0;
}

static void each_case(void **state)
{
	char folder[400];
	struct dirent **entries;
	const char *only = getenv("CASES");

	(void)state;
	snprintf(folder, sizeof(folder), "%s/tests/checks", getenv("TENKEN_DATA"));
	int n = scandir(folder, &entries, is_cases, by_name);
	assert_true(n > 1);
	for (int i = 0; i < n; i++) {
		if (only == NULL || i == 0 || strstr(entries[i]->d_name, only) != NULL)
			play_file(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	for (size_t i = 0; i < checked_count; i++)
		if (checked[i].seen != 3) {
			print_error("%s: no case that %s\n", checked[i].check,
				    (checked[i].seen & 1) == 0 ? "finds" : "is clean");
			failures++;
		}
	while (macro_count > 0)
		free(macros[--macro_count].text);
	while (base_count > 0)
		free(bases[--base_count].text);
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_case) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load, unload);
}
