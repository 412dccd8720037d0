/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenken profile list           the guidelines there are
 * tenken profile show NAME      one of them: its controls and items, and the checks that bear on them
 * tenken profile check [FILE]   reads everything, and the user's guidelines, checks and scope words, and tries
 *                               their SQL
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "codec/yaml.h"
#include "commands/commands.h"
#include "judge/judge.h"
#include "probes/probe.h"
#include "report/words.h"
#include "store/schema.h"

static int usage(FILE *out)
{
	fputs(_("usage: tenken profile list | show NAME | check [FILE...]\n"), out);
	return EXIT_USAGE;
}

/* The page's words are data in two languages; which one to print follows the messages. */
static bool japanese(void)
{
	static const char *const names[] = { "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < countof(names); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && *value != '\0')
			return strncmp(value, "ja", 2) == 0;
	}
	return false;
}

static const char *in_language(const struct bilingual *b)
{
	return japanese() ? b->ja : b->en;
}

static int told(int r, struct complaints *c)
{
	complaints_print(c, stderr);
	if (r < 0 && c->count == 0)
		fprintf(stderr, _("error: %s\n"), strerror(-r));
	return r < 0 || c->count > 0 ? EXIT_USAGE : EXIT_DONE;
}

/* Files of the user's by what they hold: a guideline is a mapping, everything else a list. */
struct own_files {
	const char **guidelines, **checks; /* "all" is the first guideline */
	char **made;                       /* paths that were put together */
	size_t guideline_count, check_count, made_count;
};

static bool holds_guideline(const char *path)
{
	struct complaints unheard = { 0 };
	struct yfile *f = yf_open(path, &unheard);
	bool map = f != NULL && yn_is_map(yf_root(f));

	yf_close(f);
	complaints_done(&unheard);
	return map;
}

/* One that tenken brings is read anyway. */
static bool brought(const char *path)
{
	char *folder = NULL, *whole = realpath(path, NULL);
	char *joined = NULL;
	bool is = whole != NULL && asprintf(&joined, "%s/profiles", data_dir()) > 0 &&
		  (folder = realpath(joined, NULL)) != NULL &&
		  strncmp(whole, folder, strlen(folder)) == 0 && whole[strlen(folder)] == '/';

	free(folder);
	free(joined);
	free(whole);
	return is;
}

static bool sort_files(const char *const *files, size_t count, struct own_files *ret)
{
	*ret = (struct own_files){ .guidelines = calloc(count + 1, sizeof(char *)),
				   .checks = calloc(count + 1, sizeof(char *)),
				   .made = calloc(count + 1, sizeof(char *)) };
	if (ret->guidelines == NULL || ret->checks == NULL || ret->made == NULL)
		return false;
	ret->guidelines[ret->guideline_count++] = "all";
	for (size_t i = 0; i < count; i++) {
		if (brought(files[i]))
			continue;
		if (!holds_guideline(files[i])) {
			ret->checks[ret->check_count++] = files[i];
			continue;
		}
		/* A name without a folder would be one of the data folder. */
		char *path = NULL;
		if (strchr(files[i], '/') == NULL && asprintf(&path, "./%s", files[i]) < 0)
			return false;
		if (path != NULL)
			ret->made[ret->made_count++] = path;
		ret->guidelines[ret->guideline_count++] = path != NULL ? path : files[i];
	}
	return true;
}

static void files_done(struct own_files *f)
{
	for (size_t i = 0; i < f->made_count; i++)
		free(f->made[i]);
	free(f->made);
	free(f->guidelines);
	free(f->checks);
}

struct counts {
	size_t items, assessed, direct;
};

static struct counts count_items(const struct guideline *g)
{
	struct counts n = { 0 };

	for (size_t i = 0; i < g->control_count; i++) {
		for (size_t k = 0; k < g->controls[i].item_count; k++) {
			const struct item *item = &g->controls[i].items[k];

			n.items += !item->untreated;
			n.assessed += item->checks.count > 0;
			n.direct += item->assess == ASSESS_DIRECT;
		}
	}
	return n;
}

static int list_profiles(void)
{
	struct catalogue catalogue;
	struct complaints c = { 0 };
	static const char *const all[] = { "all" };
	int r = catalogue_load(data_dir(), all, 1, NULL, 0, &catalogue, &c);

	for (size_t i = 0; i < catalogue.guideline_count; i++) {
		const struct guideline *g = &catalogue.guidelines[i];
		struct counts n = count_items(g);

		printf("%-16s %s\n", g->id, in_language(&g->title));
		printf(_("%-16s %s, %s; %zu controls, %zu items, %zu with checks\n"), "",
		       g->version, g->date, g->control_count, n.items, n.assessed);
		if (*g->status.en != '\0')
			printf("%-16s %s\n", "", in_language(&g->status));
	}
	int status = told(r, &c);
	catalogue_done(&catalogue);
	complaints_done(&c);
	return status;
}

static void print_words(const char *title, const struct words *words)
{
	if (words->count == 0)
		return;
	printf("      %s:", title);
	for (size_t i = 0; i < words->count; i++)
		printf(" %s", words->list[i]);
	putchar('\n');
}

static void print_text(const char *title, const char *text)
{
	if (text != NULL && *text != '\0')
		printf("      %s: %s\n", title, text);
}

static void print_item(const struct item *item)
{
	if (item->untreated) {
		printf("  %s\n", _("(the source does not treat this control: not assessed)"));
		return;
	}
	printf("  %s  %s\n", item->id, in_language(&item->text));
	print_text(_("basis"), item->basis);
	for (size_t i = 0; i < item->threshold_count; i++) {
		char text[THRESHOLD_TEXT];

		print_text(_("figure"), threshold_text(&item->thresholds[i], japanese(), text));
	}
	if (item->checks.count > 0)
		print_words(item->assess == ASSESS_DIRECT ? _("checks") : _("checks, seen in part"),
			    &item->checks);
	print_words(_("later"), &item->later);
	for (size_t i = 0; i < item->scope_count; i++)
		print_words(i == 0 ? _("only assets") : _("and"), &item->scope[i]);
	for (size_t i = 0; i < item->alternative_count; i++)
		print_words(_("unless all of"), &item->alternatives[i]);
	print_text(_("only findings"), item->when);
	print_words(_("only with"), &item->needs);
	print_text(_("note"), in_language(&item->note));
}

static void print_control(const struct control *control)
{
	printf("\n%s  %s [%s]\n", control->id, in_language(&control->title),
	       level_text(control->level, control->mandatory,
			  japanese() ? LANGUAGE_JA : LANGUAGE_EN));
	if (*control->label_no != '\0')
		printf("  %s %s %s\n", _("label"), control->label_no, in_language(&control->label));
	if (*control->scope.en != '\0')
		printf("  %s: %s\n", _("concerns"), in_language(&control->scope));
	if (control->page > 0)
		printf("  %s %u\n", _("page"), control->page);
	if (*control->note.en != '\0')
		printf("  %s: %s\n", _("note"), in_language(&control->note));
	for (size_t k = 0; k < control->item_count; k++)
		print_item(&control->items[k]);
}

static int show_profile(const char *name)
{
	const char *const names[] = { name };
	struct catalogue catalogue;
	struct complaints c = { 0 };
	int r = catalogue_load(data_dir(), names, 1, NULL, 0, &catalogue, &c);

	if (catalogue.guideline_count > 0) {
		const struct guideline *g = &catalogue.guidelines[0];

		printf("%s\n%s, %s, %s\n", in_language(&g->title), in_language(&g->publisher),
		       g->version, g->date);
		if (*g->terms.en != '\0')
			printf("%s\n", in_language(&g->terms));
		if (*g->origin.en != '\0')
			printf("%s\n", in_language(&g->origin));
		if (*g->status.en != '\0')
			printf("%s\n", in_language(&g->status));
		if (*g->source_note.en != '\0')
			printf("%s\n", in_language(&g->source_note));
		for (size_t i = 0; i < g->control_count; i++)
			print_control(&g->controls[i]);
	}
	int status = told(r, &c);
	catalogue_done(&catalogue);
	complaints_done(&c);
	return status;
}

/* The registry as judging sees it; ends with a NULL name. */
static struct judge_probe *probe_list(void)
{
	size_t count = 0;

	while (probes[count] != NULL)
		count++;
	struct judge_probe *list = calloc(count + 1, sizeof(*list));
	for (size_t i = 0; list != NULL && i < count; i++)
		list[i] = (struct judge_probe){
			.name = probes[i]->name,
			.ports = probes[i]->ports,
			.udp = probes[i]->udp,
			.over_tls = probes[i]->over_tls,
			.tls_ports = probes[i]->tls_ports,
			.within = probes[i]->within,
			.view = probes[i]->view,
		};
	return list;
}

static int try_sql(const struct catalogue *catalogue, struct complaints *c)
{
	struct judge_probe *list = probe_list();
	struct db *db = NULL;
	int r = list == NULL ? -ENOMEM : db_open(":memory:", DB_CREATE, &db);

	for (int i = 0; r >= 0 && i < store_version; i++)
		r = db_exec(db, store_migrations[i]);
	if (r >= 0)
		r = judge_try(db, catalogue, list, c);
	if (r < 0 && db != NULL)
		complain(c, NULL, 0, "%s", db_error(db));
	db_free(db);
	free(list);
	return r;
}

static int check_profiles(const char *const *files, size_t count)
{
	struct catalogue catalogue;
	struct complaints c = { 0 };
	struct own_files own;
	int r = -ENOMEM;

	catalogue = (struct catalogue){ 0 };
	if (sort_files(files, count, &own))
		r = catalogue_load(data_dir(), own.guidelines, own.guideline_count, own.checks,
				   own.check_count, &catalogue, &c);
	if (r >= 0 || r == -EINVAL)
		catalogue_cross_check(&catalogue, &c);
	if (r >= 0)
		r = try_sql(&catalogue, &c);
	int status = told(r, &c);
	for (size_t i = 0; i < catalogue.check_count; i++)
		for (size_t k = 0; k < count; k++)
			if (strcmp(catalogue.checks[i].file, files[k]) == 0) {
				printf("%s: %s (%s)\n", files[k], catalogue.checks[i].id,
				       severity_word(catalogue.checks[i].severity));
				break;
			}
	for (size_t i = 0; i < catalogue.guideline_count; i++) {
		const struct guideline *g = &catalogue.guidelines[i];
		struct counts n = count_items(g);

		if (g->own)
			printf(_("%s: guideline %s: %zu controls, %zu items, %zu with checks\n"),
			       g->file, g->id, g->control_count, n.items, n.assessed);
	}
	size_t fed = 0;
	for (size_t i = 0; i < catalogue.check_count; i++)
		fed += catalogue.checks[i].sql != NULL;
	printf(_("%zu guidelines, %zu checks (%zu wait for evidence that nothing brings yet), %zu "
		 "scope words\n"),
	       catalogue.guideline_count, catalogue.check_count, catalogue.check_count - fed,
	       catalogue.scope_count);
	files_done(&own);
	catalogue_done(&catalogue);
	complaints_done(&c);
	return status;
}

int command_profile(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };

	optind = 1;
	for (int o; (o = getopt_long(argc, argv, "+h", options, NULL)) != -1;) {
		usage(o == 'h' ? stdout : stderr);
		return o == 'h' ? EXIT_DONE : EXIT_USAGE;
	}
	const char *what = optind < argc ? argv[optind] : "";
	int left = argc - optind - 1;
	if (strcmp(what, "list") == 0 && left == 0)
		return list_profiles();
	if (strcmp(what, "show") == 0 && left == 1)
		return show_profile(argv[optind + 1]);
	if (strcmp(what, "check") == 0)
		return check_profiles((const char *const *)argv + optind + 1, (size_t)left);
	return usage(stderr);
}
