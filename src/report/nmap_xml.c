/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts and ports in the XML form that nmap writes, for tools that read it. The form demands
 * scanner="nmap"; args and the comment say who wrote it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/address.h"
#include "report/facts.h"
#include "report/report.h"
#include "report/text.h"

static void attribute(FILE *out, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	fprintf(out, " %s=\"", name);
	put_xml(out, value);
	putc('"', out);
}

static void number(FILE *out, const char *name, int64_t value)
{
	fprintf(out, " %s=\"%" PRId64 "\"", name, value);
}

/* The C library's own form, in UTC, as readers of startstr expect. */
static void moment(FILE *out, const char *name, int64_t seconds)
{
	char text[TIME_TEXT];

	attribute(out, name, time_utc(seconds, text));
}

/* "22,80,1000-2000" counted. */
static int64_t count_ports(const char *list)
{
	int64_t n = 0;

	while (list != NULL && *list != '\0') {
		char *end;
		long first = strtol(list, &end, 10), last = first;

		if (end == list)
			return n;
		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		n += last >= first ? last - first + 1 : 0;
		list = end + (*end == ',');
	}
	return n;
}

static void put_head(const struct facts *f, FILE *out)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<!DOCTYPE nmaprun>\n<!-- written by tenken from its store -->\n"
	      "<nmaprun scanner=\"nmap\" args=\"tenken export --format nmap-xml\"",
	      out);
	number(out, "start", f->started);
	moment(out, "startstr", f->started);
	attribute(out, "version", f->version);
	fputs(" xmloutputversion=\"1.05\">\n", out);
	static const char *const transports[][2] = { { "tcp", "ports_tcp" },
						     { "udp", "ports_udp" } };
	for (size_t i = 0; i < 2; i++) {
		const char *ports = plan_text(f, transports[i][1]);

		if (ports == NULL || *ports == '\0')
			continue;
		fprintf(out, "<scaninfo type=\"%s\" protocol=\"%s\"", i == 0 ? "connect" : "udp",
			transports[i][0]);
		number(out, "numservices", count_ports(ports));
		attribute(out, "services", ports);
		fputs("/>\n", out);
	}
	fputs("<verbose level=\"0\"/>\n<debugging level=\"0\"/>\n", out);
}

static void put_address(struct query *q, FILE *out)
{
	const char *text = cell(q, "address"), *mac = cell(q, "mac");
	struct addr a;
	bool ipv6 = addr_parse(text, &a) == 0 && !addr_is_ipv4(&a);

	fputs("<address", out);
	attribute(out, "addr", text);
	attribute(out, "addrtype", ipv6 ? "ipv6" : "ipv4");
	fputs("/>\n", out);
	if (mac == NULL || *mac == '\0')
		return;
	fputs("<address", out);
	attribute(out, "addr", mac);
	attribute(out, "addrtype", "mac");
	attribute(out, "vendor", cell(q, "vendor"));
	fputs("/>\n", out);
}

static void put_names(struct query *q, FILE *out)
{
	json_t *names = text_parsed(cell(q, "names")), *name;
	size_t i;

	fputs("<hostnames>\n", out);
	json_array_foreach(names, i, name)
	{
		if (!json_is_string(name))
			continue;
		fputs("<hostname", out);
		attribute(out, "name", json_string_value(name));
		fputs(" type=\"PTR\"/>\n", out);
	}
	fputs("</hostnames>\n", out);
	json_decref(names);
}

/* What an open or filtered port was heard to be. */
static void put_port(struct query *q, FILE *out)
{
	const char *protocol = cell(q, "protocol"), *name = cell(q, "name");
	const char *state = cell(q, "state"), *reason = cell(q, "reason");
	const char *transport = cell(q, "transport");
	bool open = strcmp(state, "open") == 0;
	bool tls = cell_int(q, "tls") != 0 && (protocol == NULL || strcmp(protocol, "tls") != 0);

	fprintf(out, "<port protocol=\"%s\"", strcmp(transport, "udp") == 0 ? "udp" : "tcp");
	number(out, "portid", cell_int(q, "port"));
	fputs("><state", out);
	attribute(out, "state", state);
	attribute(out, "reason",
		  reason != NULL && *reason != '\0' ? reason
		  : open                            ? "syn-ack"
						    : "no-response");
	fputs(" reason_ttl=\"0\"/>", out);
	if (protocol != NULL || name != NULL) {
		fputs("<service", out);
		attribute(out, "name", protocol != NULL ? protocol : name);
		attribute(out, "product", cell(q, "product"));
		attribute(out, "version", cell(q, "version"));
		attribute(out, "extrainfo", cell(q, "limited"));
		attribute(out, "tunnel", tls ? "ssl" : NULL);
		fputs(protocol != NULL ? " method=\"probed\" conf=\"10\"/>"
				       : " method=\"table\" conf=\"3\"/>",
		      out);
	}
	fputs("</port>\n", out);
}

static void put_extra(FILE *out, const char *state, int64_t count, const char *reason)
{
	if (count <= 0)
		return;
	fprintf(out,
		"<extraports state=\"%s\" count=\"%" PRId64 "\"><extrareasons reason=\"%s\""
		" count=\"%" PRId64 "\"/></extraports>\n",
		state, count, reason, count);
}

static void put_host(struct facts *f, struct query *q, struct host_rows *services, FILE *out)
{
	const char *reason = cell(q, "reason");

	fputs("<host", out);
	if (cell_int(q, "first_ms") > 0)
		number(out, "starttime", cell_int(q, "first_ms") / 1000);
	if (cell_int(q, "last_ms") > 0)
		number(out, "endtime", cell_int(q, "last_ms") / 1000);
	fputs("><status state=\"up\"", out);
	attribute(out, "reason", reason != NULL && *reason != '\0' ? reason : "user-set");
	fputs(" reason_ttl=\"0\"/>\n", out);
	put_address(q, out);
	put_names(q, out);
	fputs("<ports>\n", out);
	/* Open and filtered ports have rows of their own; the others are only counted. */
	put_extra(out, "closed", cell_int(q, "closed"), "conn-refused");
	put_extra(out, "filtered", cell_int(q, "silent"), "no-response");
	while (facts_next_of_host(f, services, cell_int(q, "place")))
		put_port(services->q, out);
	fputs("</ports>\n</host>\n", out);
}

int report_nmap_xml(struct db *db, FILE *out)
{
	struct facts f;
	int r = facts_load(db, NULL, &f);

	if (r == 0) {
		struct query *q =
			facts_ask(&f, "SELECT h.*, place.position AS place" HOSTS_IN_ORDER);
		struct host_rows services =
			facts_ask_by_host(&f, SERVICES_BY_HOST("s.*", "") ", s.transport, s.port");
		int64_t up = 0;

		put_head(&f, out);
		for (; facts_next(&f, q); up++)
			put_host(&f, q, &services, out);
		query_free(services.q);
		query_free(q);
		int64_t total =
			facts_count(&f, "SELECT sum(addresses) FROM host WHERE state <> 'skipped'");
		int64_t end = f.finished != 0 ? f.finished : f.started;
		bool done = strcmp(f.status, "done") == 0;
		fputs("<runstats><finished", out);
		number(out, "time", end);
		moment(out, "timestr", end);
		number(out, "elapsed", end - f.started);
		fputs(done ? " exit=\"success\"" : " exit=\"error\" errormsg=\"incomplete\"", out);
		fputs("/><hosts", out);
		number(out, "up", up);
		number(out, "down", total - up);
		number(out, "total", total);
		fputs("/></runstats>\n</nmaprun>\n", out);
		r = f.error;
	}
	facts_done(&f);
	return r == 0 && ferror(out) ? -EIO : r;
}
