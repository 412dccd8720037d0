/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `tenken listen`. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/listen.h"
#include "judge/catalogue.h"

enum {
	MEMORY_MB = LISTENER_MEMORY >> 20,
	BUFFER_MB = 64,
	SOURCES = 4096,
};

enum option_id {
	OPT_FOR = 256,
	OPT_MEMORY,
	OPT_BUFFER,
	OPT_STORE,
	OPT_HTML,
	OPT_NO_HTML,
	OPT_JSON,
	OPT_NDJSON,
	OPT_CSV,
	OPT_PROFILE,
	OPT_CHECKS,
	OPT_FAIL_ON,
	OPT_STOP_FILE,
	OPT_QUIET,
};

static const struct option long_options[] = {
	{ "site", required_argument, NULL, 'c' },
	{ "interface", required_argument, NULL, 'i' },
	{ "read", required_argument, NULL, 'r' },
	{ "for", required_argument, NULL, OPT_FOR },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "buffer", required_argument, NULL, OPT_BUFFER },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "html", required_argument, NULL, OPT_HTML },
	{ "no-html", no_argument, NULL, OPT_NO_HTML },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "ndjson", required_argument, NULL, OPT_NDJSON },
	{ "csv", required_argument, NULL, OPT_CSV },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "checks", required_argument, NULL, OPT_CHECKS },
	{ "fail-on", required_argument, NULL, OPT_FAIL_ON },
	{ "stop-file", required_argument, NULL, OPT_STOP_FILE },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void help(void)
{
	printf(_(
		"Usage: tenken listen -c SITE.yaml -i IFACE [OPTIONS]\n"
		"       tenken listen [-c SITE.yaml] -r FILE... [OPTIONS]\n"
		"Learns from traffic what is there and who talks with whom. Sends nothing.\n"
		"  -i, --interface IFACE   listen there (repeatable); needs an authorisation in\n"
		"                          the site file\n"
		"  -r, --read FILE...      capture files (pcap, pcapng, also by gzip), folders of\n"
		"                          them, or - for standard input\n"
		"  -c, --site FILE         zones, ledger, authorisation (tenken-site(5))\n"
		"  --for TIME              30s, 15m, 24h or 7d; default: until it is stopped\n"
		"  --memory MB             what may be kept at once; default 512\n"
		"  --buffer MB             for packets that wait in the kernel; default 64\n"
		"  --profile NAME          guideline to judge by; default mlit-water (repeatable)\n"
		"  --checks FILE           checks of your own (repeatable)\n"
		"  --store FILE            default SITE.tenken beside the site file, or "
		"./tenken.sqlite\n"
		"  --html FILE (default beside the store), --no-html, --json, --ndjson, --csv\n"
		"  --fail-on SEVERITY      exit status 1 where a finding is at least so severe\n"
		"  --stop-file FILE        listening ends when it appears; default STORE.stop\n"
		"  --quiet                 no summary\n"
		"Exit status: 0 done, 1 --fail-on was met, 2 usage or configuration, 3 ended "
		"early.\n"));
}

static bool add(struct scan_list *l, const char *text)
{
	if (l->count == SCAN_LIST)
		return false;
	l->at[l->count++] = text;
	return true;
}

static bool duration(const char *text, int64_t *ret)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end;
	long n = strtol(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || n < 1 || n > 1000000)
		return false;
	for (size_t i = 0; i < countof(units); i++)
		if (end[0] == units[i].unit && end[1] == '\0') {
			*ret = n * units[i].seconds;
			return true;
		}
	return false;
}

static bool megabytes(const char *option, const char *text, unsigned least, unsigned *ret)
{
	enum { MOST = 1 << 20 };
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < least || n > MOST) {
		fprintf(stderr, _("error: %s takes megabytes, %u or more, not '%s'\n"), option,
			least, text);
		return false;
	}
	*ret = (unsigned)n;
	return true;
}

/* Which are contradictions, or what is missing. */
static bool consistent(const struct listen_wish *w)
{
	if (w->interfaces.count > 0 && w->source_count > 0)
		fprintf(stderr, _("error: -i and -r exclude each other\n"));
	else if (w->interfaces.count > LISTEN_INTERFACES)
		fprintf(stderr, _("error: at most %d interfaces at once\n"), LISTEN_INTERFACES);
	else if (w->source_count > 0 && w->for_s != 0)
		fprintf(stderr, _("error: --for is about interfaces; files are read to their "
				  "end\n"));
	else if (w->interfaces.count == 0 && w->source_count == 0 && w->site == NULL)
		fprintf(stderr, _("error: nothing to listen to: name an interface (-i) or a file "
				  "(-r)\n"));
	else if (w->fail_on != NULL && severity_of_word(w->fail_on) == SEVERITIES)
		fprintf(stderr,
			_("error: --fail-on takes info, low, medium, high or critical, not '%s'\n"),
			w->fail_on);
	else
		return true;
	return false;
}

static bool take(struct listen_wish *w, int option, const char *value)
{
	switch (option) {
	case 'c':
		w->site = value;
		return true;
	case 'i':
		return add(&w->interfaces, value);
	case OPT_STORE:
		w->store = value;
		return true;
	case OPT_HTML:
		w->html = value;
		return true;
	case OPT_NO_HTML:
		w->no_html = true;
		return true;
	case OPT_JSON:
		w->json = value;
		return true;
	case OPT_NDJSON:
		w->ndjson = value;
		return true;
	case OPT_CSV:
		w->csv = value;
		return true;
	case OPT_PROFILE:
		return add(&w->profiles, value);
	case OPT_CHECKS:
		return add(&w->checks, value);
	case OPT_FAIL_ON:
		w->fail_on = value;
		return true;
	case OPT_STOP_FILE:
		w->stop_file = value;
		return true;
	default:
		w->quiet = true;
		return true;
	}
}

int listen_options_read(int argc, char **argv, struct listen_wish *w)
{
	static const char *sources[SOURCES];
	bool reads = false;
	int c;

	w->memory_mb = MEMORY_MB;
	w->buffer_mb = BUFFER_MB;
	w->sources = sources;
	opterr = 0;
	optind = 1;
	while ((c = getopt_long_only(argc, argv, "+:c:i:r:h", long_options, NULL)) != -1 ||
	       optind < argc) {
		const char *source = c == 'r' ? optarg : c == -1 ? argv[optind++] : NULL;

		reads |= c == 'r';
		if (source != NULL && !reads) {
			fprintf(stderr, _("error: '%s': files are named behind -r\n"), source);
			return EXIT_USAGE;
		}
		if (source != NULL && w->source_count == SOURCES) {
			fprintf(stderr, _("error: too many files; name their folder\n"));
			return EXIT_USAGE;
		}
		if (source != NULL) {
			sources[w->source_count++] = source;
		} else if (c == OPT_FOR) {
			if (!duration(optarg, &w->for_s)) {
				fprintf(stderr,
					_("error: --for takes 30s, 15m, 24h or 7d, not '%s'\n"),
					optarg);
				return EXIT_USAGE;
			}
		} else if (c == OPT_MEMORY) {
			if (!megabytes("--memory", optarg, LISTENER_MEMORY_LEAST >> 20,
				       &w->memory_mb))
				return EXIT_USAGE;
		} else if (c == OPT_BUFFER) {
			if (!megabytes("--buffer", optarg, 1, &w->buffer_mb))
				return EXIT_USAGE;
		} else if (c == 'h') {
			help();
			return -1;
		} else if (c == ':') {
			fprintf(stderr, _("error: option '%s' needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		} else if (c == '?') {
			fprintf(stderr, _("error: unknown option '%s'; see tenken listen --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		} else if (!take(w, c, optarg)) {
			fprintf(stderr, _("error: option '%s' is given too often\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	return consistent(w) ? EXIT_DONE : EXIT_USAGE;
}
