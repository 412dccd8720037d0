/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `tenken scan`. */
#include "commands/scan_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "judge/catalogue.h"
#include "talk/packets.h"

enum { THREADS = 64 };

enum option_id {
	OPT_PORTS = 256,
	OPT_EXCLUDE,
	OPT_EXCLUDE_FILE,
	OPT_INPUT,
	OPT_RISK,
	OPT_RATE,
	OPT_HOST_RATE,
	OPT_ZONE,
	OPT_OWNED,
	OPT_STORE,
	OPT_JSON,
	OPT_CSV,
	OPT_HTML,
	OPT_NO_HTML,
	OPT_NDJSON,
	OPT_XML,
	OPT_PROFILE,
	OPT_CHECKS,
	OPT_FINGERPRINTS,
	OPT_CREDENTIALS,
	OPT_DRY_RUN,
	OPT_FAIL_ON,
	OPT_WAIT,
	OPT_SKIP_CLOSED,
	OPT_STOP_FILE,
	OPT_THREADS,
	OPT_RETRIES,
	OPT_CONNECT,
	OPT_FIND_ONLY,
	OPT_RESUME,
	OPT_QUIET,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "site", required_argument, NULL, 'c' },
	{ "ports", required_argument, NULL, OPT_PORTS },
	{ "resolve", no_argument, NULL, 'R' },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	{ "exclude-file", required_argument, NULL, OPT_EXCLUDE_FILE },
	{ "excludefile", required_argument, NULL, OPT_EXCLUDE_FILE },
	{ "iL", required_argument, NULL, OPT_INPUT },
	{ "risk", required_argument, NULL, OPT_RISK },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "max-rate", required_argument, NULL, OPT_RATE },
	{ "host-rate", required_argument, NULL, OPT_HOST_RATE },
	{ "zone", required_argument, NULL, OPT_ZONE },
	{ "owned", required_argument, NULL, OPT_OWNED },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "ndjson", required_argument, NULL, OPT_NDJSON },
	{ "csv", required_argument, NULL, OPT_CSV },
	{ "html", required_argument, NULL, OPT_HTML },
	{ "no-html", no_argument, NULL, OPT_NO_HTML },
	{ "nmap-xml", required_argument, NULL, OPT_XML },
	{ "oX", required_argument, NULL, OPT_XML },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "checks", required_argument, NULL, OPT_CHECKS },
	{ "credentials", no_argument, NULL, OPT_CREDENTIALS },
	{ "fingerprints", required_argument, NULL, OPT_FINGERPRINTS },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "fail-on", required_argument, NULL, OPT_FAIL_ON },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "skip-closed", no_argument, NULL, OPT_SKIP_CLOSED },
	{ "stop-file", required_argument, NULL, OPT_STOP_FILE },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "max-retries", required_argument, NULL, OPT_RETRIES },
	{ "connect", no_argument, NULL, OPT_CONNECT },
	{ "sT", no_argument, NULL, OPT_CONNECT },
	{ "unprivileged", no_argument, NULL, OPT_CONNECT },
	{ "discover", no_argument, NULL, OPT_FIND_ONLY },
	{ "sn", no_argument, NULL, OPT_FIND_ONLY },
	{ "resume", no_argument, NULL, OPT_RESUME },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void help(void)
{
	printf(_(
		"Usage: tenken scan [-c SITE.yaml] [TARGET...]\n"
		"Targets: addresses, CIDR, ranges (10.0.0.1-20), names, @FILE. With a site file "
		"and no\n"
		"target, its zones.\n"
		"  -c, --site FILE         zones, ledger, limits, authorisation (tenken-site(5))\n"
		"  -p, --ports PORTS       22,80,1000-2000, names; default: our list for IT and "
		"OT\n"
		"  -iL FILE  --exclude LIST  --exclude-file FILE\n"
		"  --zone KIND             ot, it, dmz, public, unassigned: targets without a "
		"zone\n"
		"  --risk CLASS            the most that may be done: listen, touch, read "
		"(default)\n"
		"  --credentials           try makers' documented passwords on recognised devices\n"
		"                          (needs an authorisation in the site file)\n"
		"  --rate N, --host-rate N packets a second, overall and per host (--max-rate)\n"
		"  --max-retries N         repeats of what was not answered, 0 to 10 (as many as "
		"losses need)\n"
		"  -R, --resolve           names of hosts that answer, by DNS\n"
		"  --connect (-sT)         no frames of our own: the kernel's sockets only\n"
		"  --discover (-sn)        hosts only (ARP, ND, echo); no port is tried\n"
		"  --owned CIDR            repeats public addresses that the site file declares as "
		"owned\n"
		"  --dry-run               says what would be sent, sends nothing\n"
		"  --profile NAME          guideline to judge by; default mlit-water (repeatable)\n"
		"  --checks FILE           checks of your own (repeatable)\n"
		"  --fingerprints FOLDER   fingerprints beside ours, in our format or recog's "
		"(repeatable)\n"
		"  --store FILE            default SITE.tenken beside the site file, or "
		"./tenken.sqlite\n"
		"  --html FILE (default beside the store), --no-html, --json, --ndjson, --csv,\n"
		"  --nmap-xml FILE\n"
		"  --fail-on SEVERITY      exit status 1 where a finding is at least so severe\n"
		"  --resume                go on with the scan of the store that ended early: no "
		"target\n"
		"                          and no option that changes what is sent\n"
		"  --wait                  wait for another scan on this bastion to end\n"
		"  --skip-closed           leave out zones whose window is closed now, instead of "
		"waiting\n"
		"  --stop-file FILE        sending ends when it appears; default STORE.stop\n"
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

static bool number(const char *text, unsigned least, unsigned most, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < least || n > most)
		return false;
	*ret = (unsigned)n;
	return true;
}

/* The first thing given that would change what the scan is, or NULL. */
static const char *not_with_resume(const struct scan_options *o)
{
	return o->wish.target_count > 0     ? _("target")
	       : o->input_files.count > 0   ? "-iL"
	       : o->wish.ports != NULL      ? "--ports"
	       : o->excludes.count > 0      ? "--exclude"
	       : o->exclude_files.count > 0 ? "--exclude-file"
	       : o->wish.risk != NULL       ? "--risk"
	       : o->wish.credentials        ? "--credentials"
	       : o->wish.rate != NULL       ? "--rate"
	       : o->wish.host_rate != NULL  ? "--host-rate"
	       : o->wish.zone != NULL       ? "--zone"
	       : o->owned.count > 0         ? "--owned"
	       : o->profiles.count > 0      ? "--profile"
	       : o->checks.count > 0        ? "--checks"
	       : o->dry_run                 ? "--dry-run"
	       : o->wish.skip_closed        ? "--skip-closed"
	       : o->connect                 ? "--connect"
	       : o->find_only               ? "--discover"
	       : o->retries_given           ? "--max-retries"
					    : NULL;
}

int scan_options_read(int argc, char **argv, struct scan_options *o)
{
	bool good = true;
	int c;

	o->threads = THREADS;
	o->retries = PACKETS_RETRIES;
	opterr = 0;
	optind = 0; /* from the start, whatever was read before */
	while ((c = getopt_long_only(argc, argv, "+:c:p:hR", long_options, NULL)) != -1 ||
	       optind < argc) {
		static const char *targets[4096];

		if (c == -1) { /* a target; options may follow */
			if (o->wish.target_count == countof(targets)) {
				fprintf(stderr, _("error: too many targets; put them into a file "
						  "(@FILE)\n"));
				return EXIT_USAGE;
			}
			targets[o->wish.target_count++] = argv[optind++];
			o->wish.targets = targets;
			continue;
		}
		switch (c) {
		case 'c':
			o->wish.site_path = optarg;
			break;
		case 'p':
		case OPT_PORTS:
			o->wish.ports = optarg;
			break;
		case OPT_EXCLUDE:
			good = add(&o->excludes, optarg);
			break;
		case OPT_EXCLUDE_FILE:
			good = add(&o->exclude_files, optarg);
			break;
		case OPT_INPUT:
			good = add(&o->input_files, optarg);
			break;
		case OPT_RISK:
			o->wish.risk = optarg;
			break;
		case OPT_RATE:
			o->wish.rate = optarg;
			break;
		case OPT_HOST_RATE:
			o->wish.host_rate = optarg;
			break;
		case OPT_ZONE:
			o->wish.zone = optarg;
			break;
		case OPT_OWNED:
			good = add(&o->owned, optarg);
			break;
		case OPT_STORE:
			o->store = optarg;
			break;
		case OPT_JSON:
			o->json = optarg;
			break;
		case OPT_NDJSON:
			o->ndjson = optarg;
			break;
		case OPT_CSV:
			o->csv = optarg;
			break;
		case OPT_HTML:
			o->html = optarg;
			break;
		case OPT_NO_HTML:
			o->no_html = true;
			break;
		case OPT_XML:
			o->nmap_xml = optarg;
			break;
		case OPT_PROFILE:
			good = add(&o->profiles, optarg);
			break;
		case OPT_CHECKS:
			good = add(&o->checks, optarg);
			break;
		case OPT_CREDENTIALS:
			o->wish.credentials = true;
			break;
		case OPT_FINGERPRINTS:
			good = add(&o->fingerprints, optarg);
			break;
		case OPT_DRY_RUN:
			o->dry_run = true;
			break;
		case OPT_FAIL_ON:
			o->fail_on = optarg;
			break;
		case OPT_WAIT:
			o->wait = true;
			break;
		case OPT_SKIP_CLOSED:
			o->wish.skip_closed = true;
			break;
		case OPT_STOP_FILE:
			o->stop_file = optarg;
			break;
		case OPT_THREADS:
			if (!number(optarg, 1, 512, &o->threads)) {
				fprintf(stderr, _("error: --threads takes 1 to 512, not '%s'\n"),
					optarg);
				return EXIT_USAGE;
			}
			break;
		case OPT_RETRIES:
			if (!number(optarg, 0, PACKETS_RETRIES, &o->retries)) {
				fprintf(stderr, _("error: --max-retries takes 0 to %d, not '%s'\n"),
					PACKETS_RETRIES, optarg);
				return EXIT_USAGE;
			}
			o->retries_given = true;
			break;
		case OPT_CONNECT:
			o->connect = true;
			break;
		case OPT_FIND_ONLY:
			o->find_only = true;
			break;
		case OPT_RESUME:
			o->resume = true;
			break;
		case OPT_QUIET:
			o->quiet = true;
			break;
		case 'R':
			o->wish.resolve = true;
			break;
		case 'h':
		case OPT_HELP:
			help();
			return -1;
		case ':':
			fprintf(stderr, _("error: option '%s' needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr, _("error: unknown option '%s'; see tenken scan --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
		if (!good) {
			fprintf(stderr, _("error: option '%s' is given too often\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (o->fail_on != NULL && severity_of_word(o->fail_on) == SEVERITIES) {
		fprintf(stderr,
			_("error: --fail-on takes info, low, medium, high or critical, not '%s'\n"),
			o->fail_on);
		return EXIT_USAGE;
	}
	if (o->find_only && (o->wish.ports != NULL || o->connect)) {
		fprintf(stderr,
			_("error: --discover tries no port and connects to nothing: it "
			  "takes no %s\n"),
			o->connect ? "--connect" : "--ports");
		return EXIT_USAGE;
	}
	o->wish.no_ports = o->find_only;
	const char *strange = o->resume ? not_with_resume(o) : NULL;
	if (strange != NULL) {
		fprintf(stderr,
			_("error: --resume goes on with the scan as it was planned: it takes no "
			  "%s\n"),
			strange);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}
