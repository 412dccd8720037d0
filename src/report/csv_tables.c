/* SPDX-License-Identifier: Apache-2.0 */
/* The other tables of the CSV export: assets, services, controls, flows. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/facts.h"
#include "report/formats.h"
#include "report/report.h"
#include "report/text.h"
#include "report/words.h"

/* The heading, and a query with just these columns. */
struct table {
	const char *name, *heading, *sql;
};

#define UTC(ms) "strftime('%Y-%m-%dT%H:%M:%SZ', " ms " / 1000, 'unixepoch')"
/* The texts of a JSON list, blanks between them. */
#define WORDS_OF(list) "(SELECT group_concat(value, ' ') FROM json_each(" list "))"

static const struct table tables[] = {
	{ "assets",
	  "asset,address,names,zone,kind,treated,class,role,vendor,model,firmware,serial,os,mac,"
	  "ledger_id,owner,location,state,scanned,heard,complete,open_ports,first,last",
	  "SELECT a.key, a.address, " WORDS_OF(
		  "iif(json_valid(h.names), h.names, '[]')") ", a.zone, a.kind, "
							     "a.treated, " ASSET_CLASS ","
							     " coalesce(d.role, a.role), "
							     "coalesce(d.vendor, a.vendor), "
							     "d.model, d.firmware, d.serial,"
							     " a.os, a.mac, a.ledger_id, l.owner, "
							     "l.location, a.state, a.scanned, "
							     "a.heard, a.complete,"
							     " (SELECT group_concat(port || '/' || "
							     "transport, ' ') FROM (SELECT port, "
							     "transport FROM"
							     "  service s WHERE s.address = "
							     "a.address AND s.state = 'open' ORDER "
							     "BY port, transport)),"
							     " " UTC("h.first_ms") ", " UTC(
								     "h.last_ms") " FROM asset a "
										  "JOIN host h ON "
										  "h.address = "
										  "a.address"
										  " JOIN "
										  "report_place p "
										  "ON p.address = "
										  "a.address LEFT "
										  "JOIN device d "
										  "ON d.address = "
										  "a.address"
										  " LEFT JOIN "
										  "(SELECT id, "
										  "min(owner) AS "
										  "owner, "
										  "min(location) "
										  "AS location "
										  "FROM ledger"
										  "  GROUP BY id) "
										  "l ON l.id = "
										  "a.ledger_id"
										  " WHERE a.state "
										  "NOT IN "
										  "('silent', "
										  "'absent', "
										  "'skipped') "
										  "ORDER BY "
										  "p.position" },
	{ "services",
	  "asset,address,port,transport,state,protocol,tls,product,version,source,looked_at,grade",
	  "SELECT k.key, s.address, s.port, s.transport, s.state, coalesce(s.protocol, s.name), "
	  "s.tls,"
	  " s.product, s.version, s.source, coalesce(s.limited, s.spoken),"
	  " (SELECT group_concat(scheme || ' ' || level, ' ') FROM (SELECT scheme, level FROM"
	  "  service_grade g WHERE g.address = s.address AND g.port = s.port AND g.transport ="
	  "  s.transport ORDER BY scheme)) FROM report_place p JOIN service s ON s.address = "
	  "p.address"
	  " LEFT JOIN asset_key k ON k.address = s.address ORDER BY p.position, s.port, "
	  "s.transport" },
	{ "flows",
	  "src,from_zone,dst,to_zone,port,transport,application,name,connections,refused,"
	  "unanswered,"
	  "bytes,sent,received,first,last,vantage,vlan",
	  "SELECT src, from_zone, dst, to_zone, port, transport, application, name, connections,"
	  " refused, unanswered, sent + received, sent, received, " UTC("first_ms") ", " UTC(
		  "last_ms") ", vantage, vlan FROM flow ORDER BY run, address_key(src),"
			     " address_key(dst), port, transport, vlan, opened" },
};

static void put_row(FILE *out, struct query *q)
{
	int count = query_columns(q);

	for (int i = 0; i < count; i++) {
		if (i > 0)
			putc(',', out);
		if (query_numeric(q, i))
			fprintf(out, "%" PRId64, query_int(q, i));
		else
			put_csv(out, query_text(q, i));
	}
	fputs("\r\n", out);
}

static void put_table(struct facts *f, const struct table *t, FILE *out)
{
	struct query *q = facts_ask(f, t->sql);

	fprintf(out, "%s\r\n", t->heading);
	while (facts_next(f, q))
		put_row(out, q);
	query_free(q);
}

static void put_cell(FILE *out, const char *text)
{
	put_csv(out, text);
	putc(',', out);
}

static void put_control(const struct guideline *g, struct query *q, enum language l, FILE *out)
{
	static const char *const numbers[] = { "findings", "hosts", "hosts_answering", "services",
					       "checked" };
	const struct control *control = NULL;
	const struct item *item = g != NULL ? guideline_item(g, cell(q, "item"), &control) : NULL;
	bool mandatory = cell_int(q, "mandatory") != 0;
	char time[TIME_TEXT];

	put_cell(out, cell(q, "guideline"));
	put_cell(out, cell(q, "control"));
	put_cell(out, control != NULL ? bilingual_text(&control->title, l) : NULL);
	put_cell(out, cell(q, "item"));
	put_cell(out, item != NULL ? bilingual_text(&item->text, l) : NULL);
	put_cell(out, mandatory ? "mandatory" : cell(q, "level"));
	put_cell(out, cell(q, "verdict"));
	put_cell(out, verdict_text(cell(q, "verdict"), item, cell(q, "level"), mandatory, l));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		fprintf(out, "%" PRId64 ",", cell_int(q, numbers[i]));
	put_cell(out, cell(q, l == LANGUAGE_JA ? "note_ja" : "note_en"));
	put_cell(out, cell(q, "answer"));
	put_cell(out, cell(q, "answer_by"));
	fprintf(out, "%s,", time_utc(cell_int(q, "answer_at"), time));
	fprintf(out, "%s\r\n", time_utc(cell_int(q, "answer_until"), time));
}

static void put_controls(struct facts *f, const struct catalogue *c, enum language l, FILE *out)
{
	struct query *q = facts_ask(
		f, "SELECT v.*, (SELECT count(*) FROM verdict_finding f WHERE f.guideline ="
		   " v.guideline AND f.item = v.item) AS findings FROM verdict v"
		   " ORDER BY guideline, position, item");

	fputs("guideline,control,control_title,item,item_text,level,verdict,verdict_words,findings,"
	      "hosts,hosts_answering,services,checked,note,answer,answer_by,answer_at,answer_"
	      "until\r\n",
	      out);
	while (facts_next(f, q))
		put_control(catalogue_guideline(c, cell(q, "guideline")), q, l, out);
	query_free(q);
}

int report_csv_table(const struct export_job *job, FILE *out)
{
	struct facts f;

	if (strcmp(job->table, "findings") == 0)
		return report_csv(job->db, job->catalogue, job->language, false, out);
	if (strcmp(job->table, "vulnerabilities") == 0)
		return report_vulnerabilities(job, out);
	int r = facts_load(job->db, job->catalogue, &f);
	if (r == 0 && strcmp(job->table, "controls") == 0)
		put_controls(&f, job->catalogue, job->language, out);
	for (size_t i = 0; r == 0 && i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].name, job->table) == 0)
			put_table(&f, &tables[i], out);
	r = r == 0 ? f.error : r;
	facts_done(&f);
	return r;
}
