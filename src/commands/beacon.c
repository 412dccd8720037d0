/* SPDX-License-Identifier: Apache-2.0 */
/* tenken beacon: the listener outside, against which reachability is measured. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/i18n.h"
#include "commands/commands.h"
#include "reach/beacon.h"

enum {
	KEY = 256,
	MAKE_KEY,
	LISTEN,
	TCP,
	UDP,
	ALL_PORTS,
	ICMP,
	HTTP,
	TLS,
	DNS,
	DNS_ADDRESS,
	LOG,
	RATE,
	USER
};

struct options {
	const char *key, *make_key;
	const char *tcp, *udp, *http, *tls;
	bool all_ports, quiet;
	struct beacon_setup setup;
};

static void help(void)
{
	printf(_("Usage: tenken beacon --key FILE [OPTIONS]\n"
		 "       tenken beacon --make-key FILE\n"
		 "Listens outside of a plant, for tenken reach to be measured against. It answers\n"
		 "only who has its key, and is silent to everybody else.\n"
		 "  --key FILE          the key of its tokens\n"
		 "  --make-key FILE     make such a key and end\n"
		 "  --listen ADDR       an address to listen on, may be repeated; default all\n"
		 "  --tcp PORTS         default %s\n"
		 "  --udp PORTS         default %s\n"
		 "  --all-ports         all of TCP and UDP\n"
		 "  --icmp              answer echo requests that hold a token\n"
		 "  --http PORTS        ports of TCP that speak HTTP too; default %s\n"
		 "  --tls PORTS         and TLS; default %s\n"
		 "  --dns LABEL.ZONE    be the name server of this zone, on port 53\n"
		 "  --dns-address ADDR  its IPv4 address; default the one it is asked at\n"
		 "  --log FILE          record there; default standard output\n"
		 "  --rate N            answers a second, default %d\n"
		 "  --user NAME         become this user once everything is open; default nobody\n"
		 "  -q, --quiet         say only what is wrong\n"
		 "Exit status: 0 done; 2 usage, or nothing could be listened on; 3 it ended "
		 "early.\n"),
	       BEACON_TCP_PORTS, BEACON_UDP_PORTS, BEACON_HTTP_PORTS, BEACON_TLS_PORTS,
	       BEACON_RATE);
}

static bool read_listen(struct beacon_setup *s, const char *text)
{
	if (s->address_count == BEACON_ADDRESSES) {
		fprintf(stderr, _("error: --listen: more than %d addresses\n"), BEACON_ADDRESSES);
		return false;
	}
	if (addr_parse(text, &s->addresses[s->address_count]) != 0) {
		fprintf(stderr, _("error: --listen: '%s' is no address\n"), text);
		return false;
	}
	s->address_count++;
	return true;
}

static bool read_rate(struct beacon_setup *s, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n == 0 || n > BEACON_RATE_MOST) {
		fprintf(stderr, _("error: --rate: '%s' is no number from 1 to %d\n"), text,
			BEACON_RATE_MOST);
		return false;
	}
	s->rate = (unsigned)n;
	return true;
}

static bool read_dns_address(struct beacon_setup *s, const char *text)
{
	if (addr_parse(text, &s->zone_address) == 0 && addr_is_ipv4(&s->zone_address))
		return true;
	fprintf(stderr, _("error: --dns-address: '%s' is no IPv4 address\n"), text);
	return false;
}

/* -1: not one of those that are simply kept. */
static int keep_text(struct options *o, int c)
{
	const char **const places[] = {
		[KEY - KEY] = &o->key,         [MAKE_KEY - KEY] = &o->make_key,
		[TCP - KEY] = &o->tcp,         [UDP - KEY] = &o->udp,
		[HTTP - KEY] = &o->http,       [TLS - KEY] = &o->tls,
		[DNS - KEY] = &o->setup.zone,  [LOG - KEY] = &o->setup.log,
		[USER - KEY] = &o->setup.user,
	};

	if (c < KEY || c > USER || places[c - KEY] == NULL)
		return -1;
	*places[c - KEY] = optarg;
	return EXIT_DONE;
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int take_option(struct options *o, int c, char **argv)
{
	switch (c) {
	case LISTEN:
		return read_listen(&o->setup, optarg) ? EXIT_DONE : EXIT_USAGE;
	case RATE:
		return read_rate(&o->setup, optarg) ? EXIT_DONE : EXIT_USAGE;
	case DNS_ADDRESS:
		return read_dns_address(&o->setup, optarg) ? EXIT_DONE : EXIT_USAGE;
	case ALL_PORTS:
		o->all_ports = true;
		return EXIT_DONE;
	case ICMP:
		o->setup.icmp = true;
		return EXIT_DONE;
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
		break;
	}
	if (keep_text(o, c) == EXIT_DONE)
		return EXIT_DONE;
	fprintf(stderr, _("error: unknown option '%s'; see tenken beacon --help\n"),
		argv[optind - 1]);
	return EXIT_USAGE;
}

static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option long_options[] = {
		{ "key", required_argument, NULL, KEY },
		{ "make-key", required_argument, NULL, MAKE_KEY },
		{ "listen", required_argument, NULL, LISTEN },
		{ "tcp", required_argument, NULL, TCP },
		{ "udp", required_argument, NULL, UDP },
		{ "all-ports", no_argument, NULL, ALL_PORTS },
		{ "icmp", no_argument, NULL, ICMP },
		{ "http", required_argument, NULL, HTTP },
		{ "tls", required_argument, NULL, TLS },
		{ "dns", required_argument, NULL, DNS },
		{ "dns-address", required_argument, NULL, DNS_ADDRESS },
		{ "log", required_argument, NULL, LOG },
		{ "rate", required_argument, NULL, RATE },
		{ "user", required_argument, NULL, USER },
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
	if (optind < argc) {
		fprintf(stderr, _("error: '%s' is no option; see tenken beacon --help\n"),
			argv[optind]);
		return EXIT_USAGE;
	}
	if ((o->key == NULL) == (o->make_key == NULL)) {
		fprintf(stderr, _("error: either --key FILE or --make-key FILE is needed\n"));
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* Adds the ports of a text to one set. */
static bool add_ports(uint64_t set[static 1024], const char *option, const char *text)
{
	struct ports p = { 0 };
	struct span bad = { 0 };

	if (text == NULL)
		return true;
	if (ports_parse(&p, text, NULL, NULL, &bad) != 0 || ports_count(p.udp) > 0) {
		fprintf(stderr, _("error: %s: '%s' is no list of ports\n"), option, text);
		return false;
	}
	for (size_t i = 0; i < countof(p.tcp); i++)
		set[i] |= p.tcp[i];
	return true;
}

/* Those that speak HTTP or TLS are ports of TCP too where they were said. DNS needs its port. */
static bool choose_ports(struct options *o)
{
	struct beacon_setup *s = &o->setup;
	const char *all = "1-65535";
	const char *tcp = o->all_ports ? all : o->tcp != NULL ? o->tcp : BEACON_TCP_PORTS;
	const char *udp = o->all_ports ? all : o->udp != NULL ? o->udp : BEACON_UDP_PORTS;
	const char *dns = s->zone != NULL ? "53" : NULL;

	return add_ports(s->ports.tcp, "--tcp", tcp) && add_ports(s->ports.udp, "--udp", udp) &&
	       add_ports(s->ports.tcp, "--dns", dns) && add_ports(s->ports.udp, "--dns", dns) &&
	       add_ports(s->ports.tcp, "--http", o->http) &&
	       add_ports(s->ports.tcp, "--tls", o->tls) &&
	       add_ports(s->http.tcp, "--http", o->http != NULL ? o->http : BEACON_HTTP_PORTS) &&
	       add_ports(s->tls.tcp, "--tls", o->tls != NULL ? o->tls : BEACON_TLS_PORTS);
}

static int make_key(const char *path)
{
	struct complaints c = { 0 };
	bool made = token_key_make(path, &c);

	complaints_print(&c, stderr);
	complaints_done(&c);
	if (made)
		printf(_("%s: a new key; take it to the other side by a way that nobody reads\n"),
		       path);
	return made ? EXIT_DONE : EXIT_USAGE;
}

static void print_warnings(const struct complaints *warnings)
{
	for (size_t i = 0; i < warnings->count; i++)
		fprintf(stderr, _("warning: %s\n"), warnings->list[i]);
}

static int serve(const struct options *o)
{
	struct complaints c = { 0 }, warnings = { 0 };
	struct beacon *b = beacon_open(&o->setup, &c, &warnings);
	int status = EXIT_USAGE;

	complaints_print(&c, stderr);
	print_warnings(&warnings);
	if (b != NULL) {
		if (!o->quiet)
			beacon_tell(b, stderr);
		int r = beacon_run(b);
		status = r == 0 ? EXIT_DONE : EXIT_INCOMPLETE;
		if (r != 0)
			fprintf(stderr, _("error: the beacon cannot go on: %s\n"), strerror(-r));
	}
	beacon_close(b);
	complaints_done(&c);
	complaints_done(&warnings);
	return status;
}

int command_beacon(int argc, char **argv)
{
	struct options o = { .setup = { .rate = BEACON_RATE } };
	struct complaints c = { 0 };
	struct token_key key;
	int r = read_options(argc, argv, &o);

	if (r != EXIT_DONE)
		return r < 0 ? EXIT_DONE : r;
	if (o.make_key != NULL)
		return make_key(o.make_key);
	if (!choose_ports(&o))
		return EXIT_USAGE;
	if (!token_key_read(o.key, &key, &c)) {
		complaints_print(&c, stderr);
		complaints_done(&c);
		return EXIT_USAGE;
	}
	o.setup.key = &key;
	int status = serve(&o);
	token_key_forget(&key);
	return status;
}
