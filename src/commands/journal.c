/* SPDX-License-Identifier: Apache-2.0 */
/* tenken journal: what a scan sent, to whom and when. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/i18n.h"
#include "codec/span.h"
#include "commands/commands.h"
#include "commands/journal.h"
#include "commands/output.h"
#include "commands/reading.h"
#include "commands/sent.h"
#include "report/text.h"

struct options {
	const char *store, *address_text, *from_text, *to_text;
	int64_t scan; /* 0: the newest */
	bool json;
	struct addr address;
};

static void help(void)
{
	printf(_("Usage: tenken journal [STORE] [--address ADDRESS] [--from TIME] [--to TIME]\n"
		 "Says what a scan sent: connections, questions to segments and name servers, raw "
		 "frames.\n"
		 "  --store FILE       the same as STORE; default tenken.sqlite\n"
		 "  --scan ID          which scan of the store; default the newest\n"
		 "  --address ADDRESS  only what was sent to it, with every port\n"
		 "  --from TIME        \"2026-11-21 02:13\" in the site's time zone, or RFC 3339\n"
		 "  --to TIME          the minute, second or day that is named is within\n"
		 "  --json             for other programs; times in UTC\n"
		 "Raw frames are told at most: see tenken-journal(1).\n"
		 "Exit status: 0 done, also where nothing was sent; 2 usage, no such store or "
		 "scan;\n"
		 "3 the store could not be read or writing failed.\n"));
}

static bool read_number(const char *text, int64_t *ret)
{
	char *end;

	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (text[0] < '1' || text[0] > '9' || *end != '\0' || errno != 0)
		return false;
	*ret = v;
	return true;
}

/* EXIT_DONE to go on, EXIT_USAGE after a message, -1 after the help. */
static int read_options(int argc, char **argv, struct options *o)
{
	enum { STORE = 256, SCAN, ADDRESS, FROM, TO, JSON };
	static const struct option long_options[] = {
		{ "store", required_argument, NULL, STORE },
		{ "scan", required_argument, NULL, SCAN },
		{ "address", required_argument, NULL, ADDRESS },
		{ "from", required_argument, NULL, FROM },
		{ "to", required_argument, NULL, TO },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (c) {
		case STORE:
			o->store = optarg;
			break;
		case SCAN:
			if (!read_number(optarg, &o->scan)) {
				fprintf(stderr,
					_("error: --scan takes the number of a scan, not '%s'\n"),
					optarg);
				return EXIT_USAGE;
			}
			break;
		case ADDRESS:
			if (addr_parse(optarg, &o->address) != 0) {
				fprintf(stderr, _("error: --address takes one address, not '%s'\n"),
					optarg);
				return EXIT_USAGE;
			}
			o->address_text = optarg;
			break;
		case FROM:
			o->from_text = optarg;
			break;
		case TO:
			o->to_text = optarg;
			break;
		case JSON:
			o->json = true;
			break;
		case 'h':
			help();
			return -1;
		case ':':
			fprintf(stderr, _("error: %s needs a value\n"), argv[optind - 1]);
			return EXIT_USAGE;
		default:
			fprintf(stderr,
				_("error: unknown option '%s'; see tenken journal --help\n"),
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (argc - optind > 1 || (argc > optind && o->store != NULL)) {
		fprintf(stderr, _("error: one store at a time\n"));
		return EXIT_USAGE;
	}
	if (argc > optind)
		o->store = argv[optind];
	if (o->store == NULL)
		o->store = "tenken.sqlite";
	return EXIT_DONE;
}

/* ---- times ---- */

static bool two_digits(const char **at, int *ret)
{
	const char *p = *at;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*ret = (p[0] - '0') * 10 + (p[1] - '0');
	*at = p + 2;
	return true;
}

/* "Z", "+09:00"; nothing: local time. */
static bool read_offset(const char *at, bool *ret_local, int *ret_seconds)
{
	int hours, minutes;

	*ret_local = *at == '\0';
	*ret_seconds = 0;
	if (*at == '\0' || strcmp(at, "Z") == 0 || strcmp(at, "z") == 0)
		return true;
	int sign = *at == '+' ? 1 : *at == '-' ? -1 : 0;
	at++;
	if (sign == 0 || !two_digits(&at, &hours) || *at++ != ':' || !two_digits(&at, &minutes) ||
	    *at != '\0' || hours > 23 || minutes > 59)
		return false;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* The first and the last millisecond of a day, a minute or a second, in the zone of clock_enter(). */
static bool read_time(const char *text, int64_t *ret_first, int64_t *ret_last)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *at = text;
	int high, low, length = 86400, offset = 0;
	bool local = true;

	if (!two_digits(&at, &high) || !two_digits(&at, &low) || *at++ != '-' ||
	    !two_digits(&at, &tm.tm_mon) || *at++ != '-' || !two_digits(&at, &tm.tm_mday))
		return false;
	tm.tm_year = high * 100 + low - 1900;
	tm.tm_mon--;
	if (*at != '\0') {
		char between = *at++;

		if ((between != ' ' && between != 'T' && between != 't') ||
		    !two_digits(&at, &tm.tm_hour) || *at++ != ':' || !two_digits(&at, &tm.tm_min))
			return false;
		length = 60;
		if (*at == ':') {
			at++;
			length = 1;
			if (!two_digits(&at, &tm.tm_sec))
				return false;
			/* What is below a second is within. */
			if (*at == '.') {
				size_t n = strspn(at + 1, "0123456789");

				if (n == 0)
					return false;
				at += n + 1;
			}
		}
		if (!read_offset(at, &local, &offset))
			return false;
	}
	struct tm day = tm;
	day.tm_isdst = 0;
	if (tm.tm_year < 70 || tm.tm_year >= 200 || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 59)
		return false;
	time_t t = timegm(&day);
	if (day.tm_mday != tm.tm_mday || day.tm_mon != tm.tm_mon)
		return false; /* no such day */
	if (local) {
		struct tm end = tm;

		end.tm_mday += length == 86400; /* a day need not have 24 hours */
		t = mktime(&tm);
		if (length == 86400)
			length = (int)(mktime(&end) - t);
	}
	*ret_first = ((int64_t)t - offset) * 1000;
	*ret_last = *ret_first + (int64_t)length * 1000 - 1;
	return true;
}

static const char *here(int64_t ms, char out[static TIME_TEXT])
{
	struct tm tm;
	time_t t = (time_t)(ms / 1000);

	out[0] = '\0';
	if (localtime_r(&t, &tm) != NULL && tm.tm_year >= 0 && tm.tm_year < 8100)
		strftime(out, TIME_TEXT, "%Y-%m-%d %H:%M:%S", &tm);
	return out;
}

/* ---- telling ---- */

struct telling {
	struct db *db;
	const struct options *options;
	FILE *out;
	int64_t scan, started, finished; /* finished 0: not known */
	int64_t end_ms;                  /* nothing was sent behind it */
	char *site, *zone;
	int64_t from, to;
	uint64_t connections, logins, questions, frames;
};

static bool within_time(const struct telling *t, int64_t first, int64_t last)
{
	return first <= t->to && last >= t->from;
}

static void put_time(const struct telling *t, const char *name, int64_t ms)
{
	char text[TIME_TEXT];

	time_utc(ms / 1000, text);
	text[strcspn(text, "Z")] = '\0';
	fprintf(t->out, "\"%s\":\"%s.%03dZ\"", name, text, (int)(ms % 1000));
}

static void put_name(const struct telling *t, const char *name, const char *text)
{
	fprintf(t->out, ",\"%s\":", name);
	put_json(t->out, text);
}

/* One of a list of JSON objects, or an indented line. */
static void open_row(const struct telling *t, uint64_t before)
{
	fputs(!t->options->json ? "  " : before == 0 ? "\n" : ",\n", t->out);
}

static void put_span(const struct telling *t, int64_t first, int64_t last)
{
	static const size_t day = sizeof("2026-11-21 ") - 1;
	char one[TIME_TEXT], other[TIME_TEXT];

	here(first, one);
	here(last, other);
	fprintf(t->out, "%s - %s  ", one, strncmp(one, other, day) == 0 ? other + day : other);
}

static bool same_address(const struct telling *t, const char *text)
{
	struct addr a, asked = t->options->address;

	if (text == NULL || addr_parse(text, &a) != 0)
		return false;
	if (asked.scope == 0)
		a.scope = 0;
	return addr_compare(&a, &asked) == 0;
}

/* Tells the rows of a query of this scan (?1) from one moment (?2) to another (?3), those to the asked
 * address alone where one is asked for. */
static int tell_each(struct telling *t, const char *sql, int address,
		     void (*tell)(struct telling *t, struct query *q))
{
	struct query *q = NULL;
	int r = query_new(t->db, sql, &q);

	if (r == 0)
		r = query_bind_int(q, 1, t->scan);
	if (r == 0)
		r = query_bind_int(q, 2, t->from);
	if (r == 0)
		r = query_bind_int(q, 3, t->to);
	while (r == 0 && (r = query_step(q)) == 1) {
		r = 0;
		if (t->options->address_text == NULL || same_address(t, query_text(q, address)))
			tell(t, q);
	}
	query_free(q);
	return r;
}

static void tell_connection(struct telling *t, struct query *q)
{
	enum {
		KIND,
		OPENED,
		CLOSED,
		SOURCE,
		SOURCE_PORT,
		ADDRESS,
		PORT,
		PROBE,
		PACKETS,
		SENT,
		RECEIVED,
		ENDING,
		TRANSPORT
	};
	bool udp = query_text(q, TRANSPORT) != NULL && strcmp(query_text(q, TRANSPORT), "udp") == 0;
	bool closed = !query_null(q, CLOSED);
	const char *kind =
		query_text(q, PROBE) != NULL ? query_text(q, PROBE) : query_text(q, KIND);

	open_row(t, t->connections++);
	if (t->options->json) {
		fputc('{', t->out);
		put_time(t, "opened", query_int(q, OPENED));
		if (closed) {
			fputc(',', t->out);
			put_time(t, "closed", query_int(q, CLOSED));
		}
		put_name(t, "kind", query_text(q, KIND));
		put_name(t, "probe", query_text(q, PROBE));
		put_name(t, "source", query_text(q, SOURCE));
		fprintf(t->out, ",\"source_port\":%" PRId64, query_int(q, SOURCE_PORT));
		put_name(t, "address", query_text(q, ADDRESS));
		fprintf(t->out,
			",\"port\":%" PRId64 ",\"packets\":%" PRId64 ",\"sent\":%" PRId64
			",\"received\":%" PRId64,
			query_int(q, PORT), query_int(q, PACKETS), query_int(q, SENT),
			query_int(q, RECEIVED));
		put_name(t, "transport", query_text(q, TRANSPORT));
		put_name(t, "ending", query_text(q, ENDING));
		fputc('}', t->out);
		return;
	}
	put_span(t, query_int(q, OPENED), closed ? query_int(q, CLOSED) : query_int(q, OPENED));
	if (closed) {
		put_line(t->out, query_text(q, SOURCE));
		fprintf(t->out, " port %" PRId64 " > ", query_int(q, SOURCE_PORT));
	}
	put_line(t->out, query_text(q, ADDRESS));
	fprintf(t->out, " port %" PRId64 "%s  ", query_int(q, PORT), udp ? "/udp" : "");
	put_line(t->out, kind);
	if (closed) {
		fprintf(t->out, _("  packets %lld, bytes sent %lld, received %lld, "),
			(long long)query_int(q, PACKETS), (long long)query_int(q, SENT),
			(long long)query_int(q, RECEIVED));
		put_line(t->out, query_text(q, ENDING));
	} else {
		fputs(_("  no line of its end"), t->out);
	}
	fputc('\n', t->out);
}

static int tell_connections(struct telling *t)
{
	return tell_each(t,
			 "SELECT kind, opened_ms, closed_ms, source, source_port, address, port,"
			 " probe, packets, sent, received, ending, transport FROM main.journal"
			 " WHERE scan = ?1 AND kind <> 'ask' AND opened_ms <= ?3"
			 " AND coalesce(closed_ms, ?2) >= ?2 ORDER BY opened_ms, number",
			 5, tell_connection);
}

/* ---- logins ---- */

static void tell_login(struct telling *t, struct query *q)
{
	enum { AT, ADDRESS, PORT, TRANSPORT, PROTOCOL, ACCOUNT, NUMBER, VENDOR, RESULT, TEST };
	char when[TIME_TEXT];

	open_row(t, t->logins++);
	if (t->options->json) {
		fputc('{', t->out);
		put_time(t, "at", query_int(q, AT));
		put_name(t, "address", query_text(q, ADDRESS));
		fprintf(t->out, ",\"port\":%" PRId64, query_int(q, PORT));
		put_name(t, "transport", query_text(q, TRANSPORT));
		put_name(t, "protocol", query_text(q, PROTOCOL));
		put_name(t, "account", query_text(q, ACCOUNT));
		fprintf(t->out, ",\"entry\":%" PRId64, query_int(q, NUMBER));
		put_name(t, "vendor", query_text(q, VENDOR));
		put_name(t, "purpose", query_int(q, TEST) != 0 ? "lockout-test" : "default");
		put_name(t, "result", query_text(q, RESULT));
		fputc('}', t->out);
		return;
	}
	fprintf(t->out, "%s  ", here(query_int(q, AT), when));
	put_line(t->out, query_text(q, ADDRESS));
	fprintf(t->out, " port %" PRId64 "  ", query_int(q, PORT));
	put_line(t->out, query_text(q, PROTOCOL));
	fputs(_("  account "), t->out);
	put_line(t->out, query_text(q, ACCOUNT));
	fprintf(t->out,
		query_int(q, TEST) == 0 ? _("  password no. %lld of the list  ")
					: _("  attempt no. %lld of the lockout test  "),
		(long long)query_int(q, NUMBER));
	put_line(t->out, query_text(q, RESULT));
	fputc('\n', t->out);
}

/* Every account that was tried, so that alarms can be matched. */
static int tell_logins(struct telling *t)
{
	bool there = false, tests = false;
	int r = db_has_table(t->db, "login", &there);

	if (r >= 0)
		r = db_has_table(t->db, "login_test", &tests);
	if (r < 0 || !there)
		return r; /* a store of an older version */
#define LOGINS(test)                                                                               \
	"SELECT at_ms, address, port, transport, protocol, account, number, vendor, result, " test \
	" FROM main.login AS l WHERE scan = ?1 AND at_ms BETWEEN ?2 AND ?3 ORDER BY id"
	return tell_each(t,
			 tests ? LOGINS("EXISTS (SELECT 1 FROM main.login_test"
					" WHERE scan = ?1 AND login = l.id)")
			       : LOGINS("0"),
			 1, tell_login);
#undef LOGINS
}

/* ---- questions to whole segments, and to resolvers ---- */

static const char *question_words(const char *kind)
{
	return strcmp(kind, "router") == 0      ? _("router solicitation")
	       : strcmp(kind, "dhcp") == 0      ? "DHCPDISCOVER"
	       : strcmp(kind, "mdns") == 0      ? _("multicast DNS: which services are there")
	       : strcmp(kind, "echo-all") == 0  ? _("ICMP echo request")
	       : strcmp(kind, "mdns-name") == 0 ? _("multicast DNS: its own name")
	       : strcmp(kind, "names") == 0     ? "DNS"
						: kind;
}

static void tell_question(struct telling *t, struct query *q)
{
	enum { ASKED, SOURCE, ADDRESS, PORT, TRANSPORT, PROBE };
	const char *kind = query_text(q, PROBE) != NULL ? query_text(q, PROBE) : "";
	char when[TIME_TEXT];

	open_row(t, t->questions++);
	if (t->options->json) {
		fputc('{', t->out);
		put_time(t, "asked", query_int(q, ASKED));
		put_name(t, "kind", kind);
		put_name(t, "source", query_text(q, SOURCE));
		put_name(t, "address", query_text(q, ADDRESS));
		put_name(t, "transport", query_text(q, TRANSPORT));
		if (query_int(q, PORT) != 0)
			fprintf(t->out, ",\"port\":%" PRId64, query_int(q, PORT));
		fputc('}', t->out);
		return;
	}
	fprintf(t->out, "%s  ", here(query_int(q, ASKED), when));
	put_line(t->out, query_text(q, SOURCE));
	fputs(" > ", t->out);
	put_line(t->out, query_text(q, ADDRESS));
	if (query_int(q, PORT) != 0)
		fprintf(t->out, " port %" PRId64, query_int(q, PORT));
	fputs("  ", t->out);
	put_line(t->out, question_words(kind));
	fputc('\n', t->out);
}

static int tell_questions(struct telling *t)
{
	return tell_each(t,
			 "SELECT opened_ms, source, address, port, transport, probe"
			 " FROM main.journal WHERE scan = ?1 AND kind = 'ask'"
			 " AND opened_ms BETWEEN ?2 AND ?3 ORDER BY opened_ms, number DESC",
			 2, tell_question);
}

/* ---- raw frames ---- */

/* A block of the store, as long as it is gone through. */
struct block {
	int64_t number, lane, end_ms;
	const char *source, *targets;
	int64_t source_port, hosts;
	const struct sent_ports *ports;
	/* With an address: */
	struct sent_block *sent;
	uint64_t place;
};

/* Stretches of one kind that follow each other. */
struct run {
	char kind[16];
	int64_t from, until;
	uint64_t frames;
};

static const char *kind_words(const char *kind)
{
	return strcmp(kind, "syn") == 0    ? _("TCP SYN")
	       : strcmp(kind, "udp") == 0  ? _("UDP")
	       : strcmp(kind, "echo") == 0 ? _("ICMP echo request")
	       : strcmp(kind, "arp") == 0  ? _("ARP request")
	       : strcmp(kind, "nd") == 0   ? _("neighbour solicitation")
					   : kind;
}

/* Questions by UDP leave by 256 source ports, so only that of TCP is told. */
static void begin_frames(struct telling *t, const struct block *b, const char *kind, int64_t from,
			 int64_t until)
{
	open_row(t, t->frames++);
	if (t->options->json) {
		fputc('{', t->out);
		put_time(t, "from", from);
		fputc(',', t->out);
		put_time(t, "until", until);
		put_name(t, "kind", kind);
		put_name(t, "source", b->source);
		if (strcmp(kind, "syn") == 0)
			fprintf(t->out, ",\"source_port\":%" PRId64, b->source_port);
		return;
	}
	put_span(t, from, until);
	put_line(t->out, b->source);
	if (strcmp(kind, "syn") == 0)
		fprintf(t->out, " port %" PRId64, b->source_port);
	fputs("  ", t->out);
	put_line(t->out, kind_words(kind));
}

static void tell_due(struct telling *t, const struct block *b, const struct sent_stretch *s,
		     uint64_t end, int64_t from, int64_t until)
{
	uint64_t first, last;
	bool ports = sent_has_ports(s->kind);

	if (!sent_due(b->sent, b->place, s->first, end, &first, &last))
		return;
	if (ports && last > b->ports->count)
		last = b->ports->count;
	if (first >= last)
		return;
	begin_frames(t, b, s->kind, from, until);
	if (ports)
		fputs(t->options->json ? ",\"ports\":[" : _("  to ports "), t->out);
	for (uint64_t i = first; i < last && ports; i++)
		fprintf(t->out, i > first ? ",%u" : "%u", b->ports->list[i].port);
	if (t->options->json)
		fputs(ports ? "]}" : "}", t->out);
	else
		fputc('\n', t->out);
}

static void tell_run(struct telling *t, const struct block *b, struct run *r)
{
	if (r->frames == 0)
		return;
	begin_frames(t, b, r->kind, r->from, r->until);
	if (t->options->json) {
		fprintf(t->out,
			",\"lane\":%" PRId64 ",\"frames\":%" PRIu64 ",\"addresses\":%" PRId64,
			b->lane, r->frames, b->hosts);
		put_name(t, "targets", b->targets);
		fputc('}', t->out);
	} else {
		fprintf(t->out, _("  at most %llu to %lld addresses of lane %lld: "),
			(unsigned long long)r->frames, (long long)b->hosts, (long long)b->lane);
		put_line(t->out, b->targets);
		fputc('\n', t->out);
	}
	r->frames = 0;
}

static void take_stretch(struct telling *t, const struct block *b, struct run *r,
			 const struct sent_stretch *s, const struct sent_stretch *next,
			 int64_t from, int64_t until)
{
	uint64_t end = sent_stretch_end(s, next);

	if (!within_time(t, from, until) || end <= s->first)
		return;
	if (b->sent != NULL) {
		tell_due(t, b, s, end, from, until);
		return;
	}
	if (strcmp(r->kind, s->kind) != 0) {
		tell_run(t, b, r);
		snprintf(r->kind, sizeof(r->kind), "%s", s->kind);
	}
	if (r->frames == 0)
		r->from = from;
	r->until = until;
	r->frames += end - s->first;
}

/* Each stretch holds until the next of its block, the last until the lane goes on or the scan ends. Where
 * the clock was set back in between: for the second within which the next one is written. */
static int tell_stretches(struct telling *t, const struct block *b)
{
	struct query *q = NULL;
	struct run run = { 0 };
	struct sent_stretch before = { 0 };
	char kinds[2][16];
	int64_t at = 0;
	unsigned n = 0;
	int r = query_new(t->db,
			  "SELECT at_ms, kind, first, last FROM main.journal_stretch"
			  " WHERE scan = ?1 AND block = ?2 ORDER BY number",
			  &q);

	if (r == 0)
		r = query_bind_int(q, 1, t->scan);
	if (r == 0)
		r = query_bind_int(q, 2, b->number);
	while (r == 0 && (r = query_step(q)) == 1) {
		const char *kind = query_text(q, 1);
		struct sent_stretch s = { .kind = kinds[n % 2],
					  .first = (uint64_t)query_int(q, 2),
					  .last = (uint64_t)query_int(q, 3) };

		r = 0;
		snprintf(kinds[n % 2], sizeof(kinds[0]), "%s", kind != NULL ? kind : "");
		if (n++ > 0)
			take_stretch(t, b, &run, &before, &s, at,
				     query_int(q, 0) > at ? query_int(q, 0) : at + 1000);
		before = s;
		at = query_int(q, 0);
	}
	if (r == 0 && n > 0)
		take_stretch(t, b, &run, &before, NULL, at,
			     b->end_ms > at + 1000 ? b->end_ms : at + 1000);
	tell_run(t, b, &run);
	query_free(q);
	return r;
}

/* A block that cannot be what tenken wrote: the store was changed. */
static int broken(struct telling *t, int64_t number)
{
	fprintf(stderr, _("error: %s: line %lld of the journal contradicts itself\n"),
		t->options->store, (long long)number);
	return -EBADMSG;
}

static int tell_block(struct telling *t, struct block *b, const uint8_t *key)
{
	struct sent_block sent;

	if (t->options->address_text == NULL)
		return tell_stretches(t, b);
	if (key == NULL || b->hosts <= 0 || b->targets == NULL)
		return broken(t, b->number);
	int r = sent_block_make(&sent, key, (uint64_t)b->hosts, b->targets);
	if (r == -EINVAL)
		return broken(t, b->number);
	if (r == 0 && sent_block_place(&sent, &t->options->address, &b->place)) {
		b->sent = &sent;
		r = tell_stretches(t, b);
	}
	sent_block_done(&sent);
	return r;
}

static int tell_frames(struct telling *t)
{
	enum { NUMBER, LANE, END, SOURCE, SOURCE_PORT, KEY, HOSTS, PORTS, TARGETS };
	struct query *q = NULL;
	struct sent_ports ports = { 0 };
	int64_t has;
	int r = db_number(t->db,
			  "SELECT count(*) FROM main.sqlite_schema WHERE name = 'journal_stretch'",
			  0, &has);

	if (r != 0 || has == 0)
		return r; /* a store of an older tenken */
	r = query_new(t->db,
		      "SELECT number, lane, (SELECT n.begun_ms FROM main.journal_lane n"
		      "  WHERE n.scan = l.scan AND n.number > l.number AND n.lane = l.lane"
		      "  ORDER BY n.number LIMIT 1), source, source_port, order_key, hosts, ports,"
		      " targets FROM main.journal_lane l WHERE scan = ?1 ORDER BY number",
		      &q);
	if (r == 0)
		r = query_bind_int(q, 1, t->scan);
	while (r == 0 && (r = query_step(q)) == 1) {
		struct block b = {
			.number = query_int(q, NUMBER),
			.lane = query_int(q, LANE),
			.end_ms = query_null(q, END) ? t->end_ms : query_int(q, END),
			.source = query_text(q, SOURCE),
			.source_port = query_int(q, SOURCE_PORT),
			.hosts = query_int(q, HOSTS),
			.targets = query_text(q, TARGETS),
			.ports = &ports,
		};

		r = query_null(q, PORTS) ? 0 : sent_ports_read(&ports, query_text(q, PORTS));
		if (r == -EINVAL)
			r = broken(t, b.number);
		if (r == 0)
			r = tell_block(t, &b, query_bytes(q, KEY, ORDER_KEY));
	}
	sent_ports_done(&ports);
	query_free(q);
	return r;
}

/* Results that went to servers of the operator's (`tenken export --push`): one line for each server. */
static int tell_pushed(struct telling *t, bool json)
{
	struct query *q = NULL;
	bool there = false, first = true;
	int step = 0, r = db_has_table(t->db, "pushed", &there);

	if (r < 0 || !there)
		return r;
	r = query_new(t->db,
		      "SELECT target, count(*), sum(objects), sum(bytes), min(at), max(at)"
		      " FROM main.pushed WHERE scan = ?1 GROUP BY target ORDER BY target",
		      &q);
	if (r == 0)
		r = query_bind_int(q, 1, t->scan);
	while (r == 0 && (step = query_step(q)) == 1) {
		char one[TIME_TEXT], other[TIME_TEXT];

		if (json) {
			fprintf(t->out, "%s\n{\"target\":", first ? "" : ",");
			put_json(t->out, query_text(q, 0));
			fprintf(t->out, ",\"batches\":%" PRId64 ",\"objects\":%" PRId64,
				query_int(q, 1), query_int(q, 2));
			fprintf(t->out, ",\"bytes\":%" PRId64 ",\"first\":\"%s\",\"last\":\"%s\"}",
				query_int(q, 3), time_utc(query_int(q, 4), one),
				time_utc(query_int(q, 5), other));
		} else {
			if (first)
				fputs(_("Results that were sent to servers:\n"), t->out);
			fputs("  ", t->out);
			put_line(t->out, query_text(q, 0));
			fprintf(t->out, _("   %lld objects, %lld bytes   %s - %s\n"),
				(long long)query_int(q, 2), (long long)query_int(q, 3),
				time_here(query_int(q, 4), one), time_here(query_int(q, 5), other));
		}
		first = false;
	}
	query_free(q);
	return r == 0 && step < 0 ? -EIO : r;
}

static int write_json(struct telling *t)
{
	fputs("{\"scan\":", t->out);
	fprintf(t->out, "%" PRId64, t->scan);
	put_name(t, "site", t->site);
	put_name(t, "timezone", t->zone);
	if (t->options->address_text != NULL)
		put_name(t, "address", t->options->address_text);
	fputs(",\"connections\":[", t->out);
	int r = tell_connections(t);
	fputs("],\n\"logins\":[", t->out);
	if (r == 0)
		r = tell_logins(t);
	fputs("],\n\"questions\":[", t->out);
	if (r == 0)
		r = tell_questions(t);
	fputs("],\n\"frames_at_most\":[", t->out);
	if (r == 0)
		r = tell_frames(t);
	fputs("],\n\"pushed\":[", t->out);
	if (r == 0)
		r = tell_pushed(t, true);
	fputs("]}\n", t->out);
	return r;
}

static int write_text(struct telling *t)
{
	char one[TIME_TEXT], other[TIME_TEXT];

	fputs(_("Site: "), t->out);
	put_line(t->out, t->site);
	fprintf(t->out, _("   Scan %lld   %s - %s\n"), (long long)t->scan,
		time_here(t->started, one),
		t->finished != 0 ? time_here(t->finished, other) : _("not ended"));
	fputs(_("Connections:\n"), t->out);
	int r = tell_connections(t);
	if (t->connections == 0)
		fputs(_("  none\n"), t->out);
	fputs(_("Logins that were tried:\n"), t->out);
	if (r == 0)
		r = tell_logins(t);
	if (t->logins == 0)
		fputs(_("  none\n"), t->out);
	fputs(_("Questions to whole segments, and to name servers:\n"), t->out);
	if (r == 0)
		r = tell_questions(t);
	if (t->questions == 0)
		fputs(_("  none\n"), t->out);
	fputs(_("Raw frames, at most (what had been answered or found absent before was left "
		"out):\n"),
	      t->out);
	if (r == 0)
		r = tell_frames(t);
	if (t->frames == 0)
		fputs(_("  none\n"), t->out);
	if (r == 0)
		r = tell_pushed(t, false);
	return r;
}

static int write_journal(FILE *out, void *context)
{
	struct telling *t = context;

	t->out = out;
	return t->options->json ? write_json(t) : write_text(t);
}

/* ---- the scan ---- */

static char *copy_of(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

/* EXIT_DONE, or another exit status after a message. */
static int find_scan(struct telling *t)
{
	struct query *q = NULL;
	bool newest = t->options->scan == 0;
	int status = EXIT_DONE;

	t->scan = newest ? store_newest_scan(t->db) : t->options->scan;
	int r = t->scan < 0 ? -EIO
			    : query_new(t->db,
					"SELECT site, started, finished, status, CASE WHEN"
					" json_valid(plan) THEN plan->>'$.timezone' END"
					" FROM main.scan WHERE id = ?1",
					&q);
	if (r == 0)
		r = query_bind_int(q, 1, t->scan);
	if (r == 0)
		r = query_step(q);
	if (r < 0) {
		status = reading_message(t->options->store, STORE_BROKEN, db_error(t->db));
	} else if (r == 0) {
		if (newest)
			fprintf(stderr, _("error: %s: holds no scan\n"), t->options->store);
		else
			fprintf(stderr, _("error: %s: holds no scan %lld\n"), t->options->store,
				(long long)t->scan);
		status = EXIT_USAGE;
	} else {
		t->site = copy_of(query_text(q, 0));
		t->started = query_int(q, 1);
		t->finished = query_int(q, 2);
		t->end_ms = (t->finished != 0 ? t->finished : (int64_t)time(NULL)) * 1000 + 999;
		const char *word = query_text(q, 3);
		if (word != NULL && strcmp(word, "running") == 0)
			fprintf(stderr,
				_("warning: %s: scan %lld has not ended in this store; what it "
				  "sent lately is in %s.journal only\n"),
				t->options->store, (long long)t->scan, t->options->store);
		t->zone = copy_of(query_text(q, 4));
	}
	query_free(q);
	return status;
}

int journal_write(struct db *db, int64_t scan, FILE *out)
{
	struct options o = { .store = "", .scan = scan, .json = true };
	struct telling t = {
		.db = db, .options = &o, .out = out, .from = INT64_MIN, .to = INT64_MAX
	};
	struct clock clock;
	int r = find_scan(&t) == EXIT_DONE ? 0 : -EIO;

	clock_enter(&clock, t.zone);
	if (r == 0)
		r = write_json(&t);
	clock_leave(&clock);
	free(t.site);
	free(t.zone);
	return r;
}

/* In the zone of clock_enter(). */
static int read_times(struct telling *t)
{
	const struct options *o = t->options;
	int64_t other;
	const char *wrong = NULL;

	t->from = INT64_MIN;
	t->to = INT64_MAX;
	if (o->from_text != NULL && !read_time(o->from_text, &t->from, &other))
		wrong = o->from_text;
	else if (o->to_text != NULL && !read_time(o->to_text, &other, &t->to))
		wrong = o->to_text;
	if (wrong != NULL)
		fprintf(stderr, _("error: a time is \"2026-11-21 02:13\" or RFC 3339, not '%s'\n"),
			wrong);
	else if (t->from > t->to)
		fprintf(stderr, _("error: --from is behind --to\n"));
	return wrong != NULL || t->from > t->to ? EXIT_USAGE : EXIT_DONE;
}

int command_journal(int argc, char **argv)
{
	struct options o = { 0 };
	struct telling t = { .options = &o };
	struct store_reader store;
	struct clock clock;
	int status = read_options(argc, argv, &o);

	if (status != EXIT_DONE)
		return status < 0 ? EXIT_DONE : status;
	status = reading_open(o.store, &store);
	t.db = store.db;
	if (status == EXIT_DONE)
		status = find_scan(&t);
	clock_enter(&clock, t.zone);
	if (status == EXIT_DONE)
		status = read_times(&t);
	if (status == EXIT_DONE) {
		int r = output_write(NULL, write_journal, &t);

		if (r == -EBADMSG)
			status = EXIT_INCOMPLETE;
		else if (r != 0 && db_error(t.db)[0] != '\0')
			status = reading_message(o.store, STORE_BROKEN, db_error(t.db));
		else if (r != 0)
			status = output_message(NULL, r);
	}
	clock_leave(&clock);
	free(t.site);
	free(t.zone);
	store_close_read(&store);
	return status;
}
