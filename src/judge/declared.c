/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was declared, as TEMP tables without the column `scan`: by the judged runs, or, for what people answer
 * and decide, by a later site file. Thresholds have their defaults.
 */
#include "judge/judged.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct declaration {
	const char *table, *columns;
	bool answer; /* a later site file may say it anew */
} declarations[] = {
	{ "zone", "name, kind, networks", false },
	{ "conduit", "from_zone, to_zone, transport, first_port, last_port, until", false },
	{ "ledger",
	  "id, name, address, mac, zone, class, vendor, model, os, owner, location,"
	  " declared, ports, line, support_until",
	  false },
	{ "boundary", "name, address, zone, other_zone", false },
	{ "conduit_hours",
	  "from_zone, to_zone, transport, first_port, last_port, days, from_minute, to_minute,"
	  " utc_offset",
	  false },
	{ "declared_word", "kind, word", false },
	{ "attestation",
	  "guideline, item, answer, given_by, given_at, until, note, separation, evidence, whole",
	  true },
	{ "waiver",
	  "check_id, asset, port, reason, compensating, approved_by, approved_at, until,"
	  " applicant, clause, from_at, impact, closing, relies_on",
	  true },
	{ "measure",
	  "check_id, asset, port, guideline, item, whole, measure, given_by, given_at, until,"
	  " evidence, relies_on, line",
	  true },
	{ "treatment",
	  "check_id, asset, port, guideline, item, whole, action, owner, due, state, state_at,"
	  " note, line",
	  true },
	{ "decision",
	  "guideline, item, whole, decision, reason, given_by, given_at, level, severity, checks,"
	  " line",
	  true },
	{ "threshold", "name, value", true },
	{ "goal",
	  "guideline, item, whole, current, target, priority, owner, due, note, given_by,"
	  " given_at, line",
	  true },
	{ "tier", "area, current, target, given_by, given_at, note, line", true },
};

/* The name that the declaration itself has among the TEMP objects. */
static const char *own_name(const struct declaration *d)
{
	return strcmp(d->table, "threshold") == 0 ? "threshold_set" : d->table;
}

/* A store of an older version that is only read lacks columns, which are NULL then, or the whole table. */
static int shadow(struct judged *j, const struct declaration *d)
{
	struct query *q = NULL;
	bool there = false;
	int r = db_has_table(j->db, d->table, &there);
	char *list = NULL;
	size_t size = 0;
	FILE *out = r >= 0 ? open_memstream(&list, &size) : NULL;

	if (out == NULL)
		return r < 0 ? r : -ENOMEM;
	r = query_new(j->db, "SELECT 1 FROM pragma_table_info(?1, 'main') WHERE name = ?2", &q);
	for (const char *at = d->columns; r >= 0 && *at != '\0';) {
		char name[32];
		size_t n = strcspn(at, ",");

		snprintf(name, sizeof(name), "%.*s", (int)n, at);
		query_bind_text(q, 1, d->table);
		query_bind_text(q, 2, name);
		r = query_step(q);
		fprintf(out, "%s%s%s", at > d->columns ? ", " : "", r == 1 ? "" : "NULL AS ", name);
		query_reset(q);
		at += n + strspn(at + n, ", ");
	}
	query_free(q);
	if (fclose(out) != 0)
		r = -ENOMEM;
	if (r >= 0 && there)
		r = db_execf(j->db,
			     "CREATE TEMP TABLE %s AS SELECT %s FROM main.%s WHERE scan = %lld",
			     own_name(d), list, d->table, (long long)j->declared);
	else if (r >= 0)
		r = db_execf(j->db, "CREATE TEMP VIEW %s AS SELECT %s WHERE 0", own_name(d), list);
	free(list);
	return r < 0 ? r : 0;
}

/* The rows of another store's table, whatever run they are of. */
static int copy(struct judged *j, const struct declaration *d)
{
	struct query *from = NULL, *to = NULL;
	char sql[512], *at = sql;
	int r = db_execf(j->db, "CREATE TEMP TABLE %s (%s)", own_name(d), d->columns);

	snprintf(sql, sizeof(sql), "SELECT %s FROM main.%s", d->columns, d->table);
	if (r >= 0)
		r = query_new(j->options.answers, sql, &from);
	if (r < 0)
		return r;
	int columns = query_columns(from);
	at += snprintf(sql, sizeof(sql), "INSERT INTO temp.%s VALUES (?", own_name(d));
	for (int i = 1; i < columns; i++)
		at += snprintf(at, sizeof(sql) - (size_t)(at - sql), ", ?");
	snprintf(at, sizeof(sql) - (size_t)(at - sql), ")");
	r = query_new(j->db, sql, &to);
	while (r >= 0 && (r = query_step(from)) == 1) {
		for (int i = 0; i < columns; i++)
			if (query_numeric(from, i))
				query_bind_int(to, i + 1, query_int(from, i));
			else
				query_bind_text(to, i + 1, query_text(from, i));
		r = query_run(to);
	}
	query_free(from);
	query_free(to);
	return r < 0 ? r : 0;
}

int declared_views(struct judged *j)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < countof(declarations); i++)
		r = declarations[i].answer && j->options.answers != NULL
			    ? copy(j, &declarations[i])
			    : shadow(j, &declarations[i]);
	/* Checks look up the line of each host and service. */
	return r < 0 ? r
		     : db_exec(j->db, "CREATE INDEX temp.ledger_id ON ledger (id);"
				      "CREATE INDEX temp.ledger_address ON ledger (address)");
}

/* What an item asks of the site's figure, in the figure's unit; least or most is NULL. */
static int keep_figure(struct judged *j, struct query *q, const struct guideline *g,
		       const struct item *item, const struct item_threshold *t)
{
	struct query *unit = NULL;
	bool months = false;
	int r = query_new(j->db, "SELECT unit FROM temp.data_thresholds WHERE name = ?", &unit);

	if (r >= 0)
		r = query_bind_text(unit, 1, item->figure);
	if (r >= 0 && (r = query_step(unit)) == 1)
		months = strcmp(query_text(unit, 0), "months") == 0;
	query_free(unit);
	if (r < 0)
		return r;
	int64_t days = (int64_t)t->number * (t->unit == 'Y'   ? 366
					     : t->unit == 'M' ? 31
					     : t->unit == 'W' ? 7
							      : 1);
	int64_t value = !months ? days : t->number * (t->unit == 'Y' ? 12 : 1);
	bool countable = !months || t->unit == 'Y' || t->unit == 'M';

	if (t->measure == MEASURE_MIN_PER_YEAR)
		value = (366 + t->number - 1) / t->number;
	if (t->measure == MEASURE_MIN_COUNT || !countable)
		return 0;
	query_bind_text(q, 1, item->figure);
	query_bind_text(q, 2, g->id);
	query_bind_text(q, 3, item->id);
	query_bind_int(q, t->measure == MEASURE_RETENTION ? 4 : 5, value);
	return query_run(q);
}

static int declared_figures(struct judged *j)
{
	const struct catalogue *c = j->catalogue;
	struct query *q = NULL;
	int r = db_exec(j->db, "CREATE TEMP TABLE item_figure (name TEXT NOT NULL, guideline TEXT,"
			       " item TEXT, least INTEGER, most INTEGER)");

	if (r >= 0)
		r = query_new(j->db, "INSERT INTO temp.item_figure VALUES (?, ?, ?, ?, ?)", &q);
	for (size_t i = 0; i < c->guideline_count; i++)
		for (size_t k = 0; k < c->guidelines[i].control_count; k++) {
			const struct control *control = &c->guidelines[i].controls[k];

			for (size_t n = 0; n < control->item_count; n++)
				for (size_t m = 0; r >= 0 && control->items[n].figure != NULL &&
						   m < control->items[n].threshold_count;
				     m++)
					r = keep_figure(j, q, &c->guidelines[i], &control->items[n],
							&control->items[n].thresholds[m]);
		}
	query_free(q);
	return r < 0 ? r : 0;
}

int declared_thresholds(struct judged *j)
{
	int r = db_exec(
		j->db,
		"CREATE TEMP TABLE IF NOT EXISTS data_thresholds (name, value, unit, en, ja,"
		" source);"
		"CREATE TEMP TABLE threshold (name TEXT PRIMARY KEY, value INTEGER, unit TEXT,"
		" source TEXT NOT NULL) WITHOUT ROWID;"
		"INSERT INTO temp.threshold SELECT name, value, (SELECT d.unit FROM"
		"  temp.data_thresholds d WHERE d.name = s.name), 'site' FROM temp.threshold_set s;"
		/* An empty one is left open: what is compared with it gives no finding. */
		"INSERT OR IGNORE INTO temp.threshold SELECT name,"
		"  CAST(nullif(value, '') AS INTEGER), unit, 'default' FROM temp.data_thresholds");
	return r < 0 ? r : declared_figures(j);
}
