/* SPDX-License-Identifier: Apache-2.0 */
/* tenken verify: does an audit bundle hold, and by whose key? */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"
#include "codec/i18n.h"
#include "commands/commands.h"
#include "commands/reading.h"
#include "reach/parcel.h"
#include "report/text.h"

struct options {
	const char *bundle;
	const char *files[OPTION_LIST], *digests[OPTION_LIST];
	EVP_PKEY *keys[OPTION_LIST];
	size_t file_count, digest_count, key_count;
	bool quiet;
};

static void help(void)
{
	printf(_("Usage: tenken verify BUNDLE [--key FILE.pub]\n"
		 "Proves an audit bundle of tenken export: its signature, the digest of "
		 "every\nmember, that none is missing and none was added. Nothing is unpacked.\n"
		 "  --key FILE       a public key that may have signed it (repeatable)\n"
		 "  --key-digest HEX  the SHA-256 of such a key, as this command shows it "
		 "(repeatable)\n"
		 "  -q, --quiet      say only what is wrong\n"
		 "Without a key that you name, the key within the bundle shows only that it is in "
		 "one\npiece, not whose it is.\n"
		 "Exit status: 0 it holds, by a key that you named; 1 it does not; 2 usage, or it "
		 "cannot be\nopened; 3 it could not be read to its end.\n"));
}

static bool is_digest(const char *text)
{
	return strlen(text) == DIGEST_TEXT - 1 &&
	       strspn(text, "0123456789abcdef") == DIGEST_TEXT - 1;
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int take_option(struct options *o, int c, char **argv)
{
	switch (c) {
	case 'k':
		return option_add(o->files, &o->file_count, optarg, "--key") ? EXIT_DONE
									     : EXIT_USAGE;
	case 'd':
		if (is_digest(optarg))
			return option_add(o->digests, &o->digest_count, optarg, "--key-digest")
				       ? EXIT_DONE
				       : EXIT_USAGE;
		fprintf(stderr, _("error: --key-digest: '%s' is no SHA-256: 64 of 0-9 and a-f\n"),
			optarg);
		return EXIT_USAGE;
	case 'q':
		o->quiet = true;
		return EXIT_DONE;
	case 'h':
		help();
		return -1;
	case ':':
		fprintf(stderr, _("error: %s needs a value\n"), argv[optind - 1]);
		return EXIT_USAGE;
	default:
		fprintf(stderr, _("error: unknown option '%s'; see tenken verify --help\n"),
			argv[optind - 1]);
		return EXIT_USAGE;
	}
}

static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option long_options[] = {
		{ "key", required_argument, NULL, 'k' },
		{ "key-digest", required_argument, NULL, 'd' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":hq", long_options, NULL)) != -1) {
		int r = take_option(o, c, argv);

		if (r != EXIT_DONE)
			return r;
	}
	if (argc - optind != 1) {
		fprintf(stderr, argc == optind ? _("error: which bundle? tenken verify BUNDLE\n")
					       : _("error: one bundle at a time\n"));
		return EXIT_USAGE;
	}
	o->bundle = argv[optind];
	return EXIT_DONE;
}

static int read_keys(struct options *o)
{
	struct complaints c = { 0 };

	for (size_t i = 0; i < o->file_count && c.count == 0; i++) {
		o->keys[o->key_count] = sign_key_read(o->files[i], false, &c);
		o->key_count += o->keys[o->key_count] != NULL;
	}
	int status = c.count == 0 ? EXIT_DONE : EXIT_USAGE;
	complaints_print(&c, stderr);
	complaints_done(&c);
	return status;
}

static void tell_whole(const struct bundle_proof *p)
{
	char time[TIME_TEXT];

	if (!p->signed_)
		return;
	fputs(_("Site: "), stdout);
	put_line(stdout, p->facts.site);
	printf(_("   as of %s   run "), time_utc(p->facts.as_of, time));
	put_line(stdout, p->facts.run);
	putchar('\n');
	printf(_("Made by tenken "));
	put_line(stdout, p->facts.version);
	printf(_(", store schema %lld\n"), (long long)p->facts.schema);
	printf(_("Signed by the key %s\n"), p->key);
	printf(_("%zu members, %llu bytes, as the manifest says\n"), p->members,
	       (unsigned long long)p->bytes);
}

static int judge(const struct options *o, const struct bundle_proof *p)
{
	for (size_t i = 0; i < p->wrong.count; i++) {
		fprintf(stderr, _("error: %s: "), o->bundle);
		put_line(stderr, p->wrong.list[i]);
		putc('\n', stderr);
	}
	if (!o->quiet)
		tell_whole(p);
	if (p->wrong.count > 0 || !p->signed_) {
		if (!o->quiet)
			puts(_("IT DOES NOT HOLD."));
		return EXIT_FOUND;
	}
	if (!p->trusted) {
		fprintf(stderr,
			_("error: %s: no key was named: it is in one piece, but only the key "
			  "within says so, "
			  "and anybody could have put it there (--key FILE.pub, or compare the "
			  "key's digest)\n"),
			o->bundle);
		return EXIT_FOUND;
	}
	if (!o->quiet)
		puts(_("It holds: signature, members and their digests, by a key that you named."));
	return EXIT_DONE;
}

int command_verify(int argc, char **argv)
{
	struct options o = { 0 };
	struct bundle_proof proof = { 0 };
	int status = read_options(argc, argv, &o);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	status = read_keys(&o);
	if (status == EXIT_DONE) {
		int r = bundle_prove(o.bundle,
				     &(struct bundle_trust){ .keys = o.keys,
							     .key_count = o.key_count,
							     .digests = o.digests,
							     .digest_count = o.digest_count },
				     &proof);

		if (r == 0) {
			status = judge(&o, &proof);
		} else {
			fprintf(stderr, _("error: %s: cannot be read: %s\n"), o.bundle,
				strerror(-r));
			status = r == -EIO ? EXIT_INCOMPLETE : EXIT_USAGE;
		}
		complaints_done(&proof.wrong);
	}
	for (size_t i = 0; i < o.key_count; i++)
		EVP_PKEY_free(o.keys[i]);
	return status;
}
