/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tenken reach --from-outside`: a scan of the site's owned public addresses, run where the beacon stands, whose
 * results leave as one signed file. It is the ordinary scan in everything that is sent.
 */
#include <getopt.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/reach_far.h"
#include "commands/rights.h"
#include "commands/run_files.h"
#include "commands/scan_options.h"
#include "commands/writing.h"
#include "reach/parcel.h"
#include "store/merge.h"

enum {
	FROM_OUTSIDE = 256,
	SIGN_KEY,
	OUT,
	VANTAGE,
	PORTS,
	STORE,
	WAIT,
	QUIET,
	WORDS = 2 * SCAN_LIST + 32
};

struct wish {
	const char *site, *sign_key, *out, *vantage, *ports, *store;
	bool wait, quiet;
};

/* EXIT_DONE to go on, or EXIT_USAGE after a message. */
static int read_options(int argc, char **argv, struct wish *w)
{
	static const struct option long_options[] = {
		{ "from-outside", no_argument, NULL, FROM_OUTSIDE },
		{ "site", required_argument, NULL, 'c' },
		{ "sign-key", required_argument, NULL, SIGN_KEY },
		{ "out", required_argument, NULL, OUT },
		{ "vantage", required_argument, NULL, VANTAGE },
		{ "ports", required_argument, NULL, 'p' },
		{ "store", required_argument, NULL, STORE },
		{ "wait", no_argument, NULL, WAIT },
		{ "quiet", no_argument, NULL, QUIET },
		{ 0 },
	};
	const char **const places[] = { [SIGN_KEY - SIGN_KEY] = &w->sign_key,
					[OUT - SIGN_KEY] = &w->out,
					[VANTAGE - SIGN_KEY] = &w->vantage,
					[STORE - SIGN_KEY] = &w->store };
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":c:p:", long_options, NULL)) != -1) {
		if (c >= SIGN_KEY && c <= STORE) {
			*places[c - SIGN_KEY] = optarg;
		} else if (c == 'c') {
			w->site = optarg;
		} else if (c == 'p') {
			w->ports = optarg;
		} else if (c == WAIT) {
			w->wait = true;
		} else if (c == QUIET) {
			w->quiet = true;
		} else if (c != FROM_OUTSIDE) {
			fprintf(stderr,
				c == ':' ? _("error: option '%s' needs a value\n")
					 : _("error: '%s' is no option of tenken reach "
					     "--from-outside\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, _("error: '%s' is no option of tenken reach --from-outside\n"),
			argv[optind]);
		return EXIT_USAGE;
	}
	if (w->site == NULL || w->sign_key == NULL || w->out == NULL) {
		fprintf(stderr,
			_("error: --from-outside needs -c SITE, --sign-key FILE and --out FILE\n"));
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* ---- what is scanned ---- */

/* What the site file says. */
struct order {
	char *text; /* of the ranges, which point into it */
	struct scan_list ranges;
	char *store, *vantage;
};

static void order_done(struct order *r)
{
	free(r->text);
	free(r->store);
	free(r->vantage);
}

/* site.yaml -> site-outside.tenken */
static char *default_store(const char *site)
{
	char *plain = writing_default(site), *name = NULL;
	char *dot = plain != NULL ? strrchr(plain, '.') : NULL;

	if (dot != NULL) {
		*dot = '\0';
		if (asprintf(&name, "%s-outside.tenken", plain) < 0)
			name = NULL;
	}
	free(plain);
	return name;
}

/* Private addresses are the plant's inside; out here they are somebody else's. */
static bool all_public(const struct site *s)
{
	struct ranges inside = { 0 }, common = { 0 };
	bool good = ranges_add_not_public(&inside) == 0 &&
		    ranges_common(&s->owned, &inside, &common) == 0 && common.count == 0;

	ranges_done(&inside);
	ranges_done(&common);
	return good;
}

static bool allowed(const struct site *s, struct complaints *c)
{
	if (s->owned.count == 0)
		complain(c, s->path, 0,
			 _("field 'owned': missing; from outside only the site's own public "
			   "addresses are looked at"));
	else if (s->owned.count > SCAN_LIST)
		complain(c, s->path, 0, _("field 'owned': more than %d ranges"), SCAN_LIST);
	else if (!all_public(s))
		complain(c, s->path, 0,
			 _("field 'owned': holds private addresses, which from outside are "
			   "somebody else's"));
	else if (!authorisation_valid(&s->authorisation, time(NULL)))
		complain(c, s->path, 0,
			 _("field 'authorisation': there is none that is valid now; public "
			   "addresses need it"));
	else
		return true;
	return false;
}

static const char *vantage_of(const struct wish *w, const struct site *s)
{
	if (w->vantage != NULL)
		return w->vantage;
	return s->beacon_count > 0 && s->beacons[0].name != NULL ? s->beacons[0].name : "outside";
}

static bool make_order(const struct wish *w, const struct site *s, struct order *r)
{
	r->text = ranges_text(&s->owned);
	r->store = w->store != NULL ? strdup(w->store) : default_store(w->site);
	r->vantage = strdup(vantage_of(w, s));
	if (r->text == NULL || r->store == NULL || r->vantage == NULL)
		return false;
	char *rest = r->text;
	for (char *one; r->ranges.count < SCAN_LIST && (one = strsep(&rest, ",")) != NULL;)
		r->ranges.at[r->ranges.count++] = one;
	return true;
}

static bool load_order(const struct wish *w, struct order *r, char site_name[static PARCEL_TEXT],
		       struct complaints *c)
{
	struct site s = { 0 };
	bool good = site_load(w->site, &s, c) == 0 && allowed(&s, c);

	if (good && !make_order(w, &s, r)) {
		complain(c, s.path, 0, _("out of memory"));
		good = false;
	}
	if (good)
		snprintf(site_name, PARCEL_TEXT, "%s", s.name);
	site_done(&s);
	return good;
}

/* ---- what leaves ---- */

/* A store of this run alone. */
static bool copy_run(const char *from, const char *uuid, const char *to, struct complaints *c)
{
	struct store *s = NULL;

	unlink(to);
	enum store_fault fault = store_open(to, &s);
	bool good = fault == STORE_OK && store_take_run(s, from, uuid, true) != 0;

	if (!good)
		complain(c, to, 0, _("the results cannot be copied: %s"),
			 s != NULL ? store_error_text(s) : "");
	store_close(s);
	return good;
}

static bool pack(const struct wish *w, const struct order *r, const char *site_name,
		 const char *uuid, EVP_PKEY *key, struct complaints *c)
{
	struct parcel p = { .created = time(NULL) };
	char *content = NULL;

	if (asprintf(&content, "%s.%d.part", w->out, (int)getpid()) < 0) {
		complain(c, w->out, 0, _("out of memory"));
		return false;
	}
	snprintf(p.site, sizeof(p.site), "%s", site_name);
	snprintf(p.vantage, sizeof(p.vantage), "%s", r->vantage);
	snprintf(p.run, sizeof(p.run), "%s", uuid);
	snprintf(p.version, sizeof(p.version), "%s", PACKAGE_VERSION);
	bool good =
		copy_run(r->store, uuid, content, c) && parcel_write(w->out, &p, content, key, c);
	unlink(content);
	free(content);
	return good;
}

/* The key that signs comes into memory: no core file, no tracing. */
static void keep_secrets(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#ifndef TENKEN_SANITIZED /* the leak checker traces */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* An ordinary scan with the site file, of its owned ranges. */
static bool make_scan(const struct wish *w, const struct order *r, struct scan_options *o)
{
	const char *words[] = { "scan", "-c", w->site, NULL };

	if (scan_options_read(countof(words) - 1, (char **)words, o) != EXIT_DONE)
		return false;
	o->owned = r->ranges;
	o->wish.targets = r->ranges.at;
	o->wish.target_count = r->ranges.count;
	o->wish.ports = w->ports;
	o->store = r->store;
	o->no_html = true;
	o->quiet = w->quiet;
	o->wait = w->wait;
	o->outside = r->vantage;
	return true;
}

/* Said before the scan, and by a process of its own: those that read what strangers send are forked from this one,
 * and would have the key in their memory. */
static bool key_is_good(const char *path)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct complaints c = { 0 };
		EVP_PKEY *key = sign_key_read(path, true, &c);

		complaints_print(&c, stderr);
		_exit(key != NULL ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		fprintf(stderr, _("error: out of memory\n"));
		return false;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int scan_and_pack(const struct wish *w, const struct order *r, const char *site_name,
			 struct complaints *c)
{
	struct scan_options o = { 0 };

	if (!make_scan(w, r, &o))
		return EXIT_USAGE;
	int status = scan_run(&o);
	if (o.run[0] == '\0')
		return status;
	EVP_PKEY *key = sign_key_read(w->sign_key, true, c);
	bool packed = key != NULL && pack(w, r, site_name, o.run, key, c);
	EVP_PKEY_free(key);
	if (!packed)
		return EXIT_INCOMPLETE;
	printf(_("%s: results of run %s, signed\n"), w->out, o.run);
	return status == EXIT_FOUND ? EXIT_DONE : status;
}

int reach_from_outside(int argc, char **argv)
{
	struct wish w = { 0 };
	struct order order = { 0 };
	struct complaints c = { 0 };
	char site_name[PARCEL_TEXT] = "";
	int status = read_options(argc, argv, &w);

	if (status != EXIT_DONE)
		return status;
	if (!rights_of_caller() || !run_writable(w.out))
		return EXIT_USAGE;
	keep_secrets();
	status = EXIT_USAGE;
	if (key_is_good(w.sign_key) && load_order(&w, &order, site_name, &c))
		status = scan_and_pack(&w, &order, site_name, &c);
	complaints_print(&c, stderr);
	complaints_done(&c);
	order_done(&order);
	return status;
}
