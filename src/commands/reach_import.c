/* SPDX-License-Identifier: Apache-2.0 */
/* `tenken reach --import`: results from outside go into the site's store, as a run of their own vantage. Nothing is
 * sent. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/judging.h"
#include "commands/machines.h"
#include "commands/reach_far.h"
#include "commands/rights.h"
#include "commands/run_files.h"
#include "commands/snapshot.h"
#include "commands/writing.h"
#include "reach/parcel.h"
#include "store/merge.h"

enum { IMPORT = 256, VERIFY_KEY, STORE, NO_HTML, QUIET, MAKE_SIGN_KEY };

struct wish {
	const char *site, *file, *verify_key, *store;
	bool no_html, quiet;
};

void reach_far_help(void)
{
	printf(_("The other side:\n"
		 "  --from-outside -c SITE.yaml --sign-key FILE --out FILE\n"
		 "                          scan the site's owned public addresses from here, "
		 "beside\n"
		 "                          the beacon; --vantage NAME, -p PORTS, --store FILE\n"
		 "  --import FILE --verify-key FILE -c SITE.yaml\n"
		 "                          take such results into the site's store; nothing is "
		 "sent\n"
		 "  --make-sign-key FILE    make the key that signs, and FILE.pub to check by\n"));
}

/* EXIT_DONE to go on, or EXIT_USAGE after a message. */
static int read_options(int argc, char **argv, struct wish *w)
{
	static const struct option long_options[] = {
		{ "import", required_argument, NULL, IMPORT },
		{ "verify-key", required_argument, NULL, VERIFY_KEY },
		{ "site", required_argument, NULL, 'c' },
		{ "store", required_argument, NULL, STORE },
		{ "no-html", no_argument, NULL, NO_HTML },
		{ "quiet", no_argument, NULL, QUIET },
		{ 0 },
	};
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":c:", long_options, NULL)) != -1) {
		switch (c) {
		case IMPORT:
			w->file = optarg;
			break;
		case VERIFY_KEY:
			w->verify_key = optarg;
			break;
		case 'c':
			w->site = optarg;
			break;
		case STORE:
			w->store = optarg;
			break;
		case NO_HTML:
			w->no_html = true;
			break;
		case QUIET:
			w->quiet = true;
			break;
		case ':':
			fprintf(stderr, _("error: option '%s' needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr, _("error: '%s' is no option of tenken reach --import\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, _("error: '%s' is no option of tenken reach --import\n"),
			argv[optind]);
		return EXIT_USAGE;
	}
	if (w->file == NULL || w->verify_key == NULL || w->site == NULL) {
		fprintf(stderr, _("error: --import FILE needs --verify-key FILE and -c SITE\n"));
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* The store that came: brought to our schema, and whole. */
static bool ready(const char *path, const char *told, struct complaints *c)
{
	struct store *s;
	enum store_fault fault = store_open(path, &s);

	if (fault == STORE_OK) {
		fault = store_error(s);
		store_close(s);
	}
	if (fault == STORE_NEWER)
		complain(c, told, 0, _("was made by a newer tenken"));
	else if (fault != STORE_OK)
		complain(c, told, 0, _("holds no store of tenken"));
	return fault == STORE_OK;
}

/* Takes it in and judges it. */
static int take(const struct wish *w, const struct parcel *p, const char *content,
		const struct plan *plan, const struct run_files *files, struct judging *j,
		struct complaints *c)
{
	const struct judging_outputs outputs = { .html = files->html, .summary = !w->quiet };
	char when[MOMENT_TEXT];
	struct store *store;
	int64_t started = 0, scan = 0;
	enum store_fault fault = store_open(files->store, &store);
	int status = EXIT_USAGE;

	if (fault != STORE_OK)
		return writing_message(files->store, fault, _("it is damaged or cannot be read"));
	if (store_has_run(store, p->run, &started)) {
		complain(c, w->file, 0, _("was taken in before (its run began %s)"),
			 site_moment(&plan->site, started, when));
	} else if ((scan = store_take_run(store, content, p->run, false)) != 0) {
		snapshot_site(store, plan);
		machines(store, scan);
		store_commit(store);
		status = store_error(store) == STORE_OK
				 ? judging_end(j, store, scan, &outputs, files->store, NULL)
				 : EXIT_INCOMPLETE;
	} else if (store_error(store) == STORE_NOT_OURS) {
		complain(c, w->file, 0, _("holds no run that has ended"));
	}
	if (store_error(store) != STORE_OK && store_error(store) != STORE_NOT_OURS)
		status = writing_message(files->store, store_error(store), store_error_text(store));
	store_close(store);
	return status;
}

static int unpack_and_take(const struct wish *w, int fd, const struct parcel *p,
			   const struct plan *plan, struct judging *j, struct complaints *c)
{
	char *store = w->store != NULL ? strdup(w->store) : writing_default(plan->site.path);
	char *content = NULL;
	struct run_files files = { 0 };
	int status = EXIT_USAGE;

	if (store == NULL || asprintf(&content, "%s.import-%d", store, (int)getpid()) < 0 ||
	    !run_files_make(&files, store, NULL, NULL, w->no_html)) {
		complain(c, w->file, 0, _("out of memory"));
		status = EXIT_INCOMPLETE;
	} else if (!run_writable(store) || !run_writable(files.html)) {
		status = EXIT_USAGE; /* said already */
	} else if (parcel_unpack(fd, w->file, p, content, c)) {
		if (ready(content, w->file, c))
			status = take(w, p, content, plan, &files, j, c);
		unlink(content);
	}
	run_files_done(&files);
	free(content);
	free(store);
	return status;
}

int reach_import(int argc, char **argv)
{
	struct wish w = { 0 };
	struct complaints c = { 0 };
	struct plan plan = { 0 };
	struct judging *j = NULL;
	struct parcel p;
	int fd = -1, status = read_options(argc, argv, &w);

	if (status != EXIT_DONE)
		return status;
	if (!rights_of_caller())
		return EXIT_USAGE;
	const struct plan_wish wish = {
		.site_path = w.site, .data_dir = data_dir(), .no_targets = true, .now = time(NULL)
	};
	EVP_PKEY *key = sign_key_read(w.verify_key, false, &c);
	status = EXIT_USAGE;
	if (key != NULL && (fd = parcel_open(w.file, key, &p, &c)) >= 0 &&
	    plan_make(&wish, &plan, &c) == 0) {
		if (strcmp(p.site, plan.site.name) != 0)
			complain(&c, w.file, 0, _("is of the site '%s', and %s is of '%s'"), p.site,
				 w.site, plan.site.name);
		else if (judging_start(&j, &plan.site, NULL, 0, NULL, 0, &c))
			status = unpack_and_take(&w, fd, &p, &plan, j, &c);
	}
	if (fd >= 0)
		close(fd);
	EVP_PKEY_free(key);
	complaints_print(&c, stderr);
	complaints_done(&c);
	judging_free(j);
	plan_done(&plan);
	return status == EXIT_FOUND ? EXIT_DONE : status;
}

int reach_make_sign_key(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "make-sign-key", required_argument, NULL, MAKE_SIGN_KEY },
		{ 0 },
	};
	struct complaints c = { 0 };
	const char *path = NULL;
	int o;

	opterr = 0;
	optind = 0;
	while ((o = getopt_long(argc, argv, ":", long_options, NULL)) == MAKE_SIGN_KEY)
		path = optarg;
	if (o != -1 || optind < argc || path == NULL) {
		fprintf(stderr, _("error: --make-sign-key takes a file and stands alone\n"));
		return EXIT_USAGE;
	}
	bool made = sign_key_make(path, &c);
	complaints_print(&c, stderr);
	complaints_done(&c);
	if (made)
		printf(_("%s: a new key that signs; %s.pub is for those who check\n"), path, path);
	return made ? EXIT_DONE : EXIT_USAGE;
}

bool reach_far(int argc, char **argv, int *ret)
{
	static const struct {
		const char *option;
		int (*run)(int argc, char **argv);
	} forms[] = {
		{ "--from-outside", reach_from_outside },
		{ "--import", reach_import },
		{ "--make-sign-key", reach_make_sign_key },
	};

	for (int i = 1; i < argc; i++)
		for (size_t f = 0; f < countof(forms); f++) {
			size_t n = strlen(forms[f].option);
			if (strncmp(argv[i], forms[f].option, n) == 0 &&
			    (argv[i][n] == '\0' || argv[i][n] == '=')) {
				*ret = forms[f].run(argc, argv);
				return true;
			}
		}
	return false;
}
