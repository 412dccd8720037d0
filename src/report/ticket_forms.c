/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trackers' forms: columns of what they import as CSV, bodies of their REST interfaces as JSON. doc/tickets.md
 * says from which of their rules each comes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"
#include "report/ticket_parts.h"

enum field {
	SUBJECT,
	DESCRIPTION,
	PRIORITY,
	CATEGORY,
	PARENT,
	DUE,
	FINGERPRINT,
	ACTION,
	NOTES,
	TYPE,
	OURS, /* the word tenken */
	KEY,  /* of the ticket: filled in by whoever looks it up */
	IMPACT,
	URGENCY,
	STATE,
	ASSET,
	CLOSE_CODE,
	CLOSE_NOTES,
};

struct column {
	const char *en, *ja;
	enum field field;
};

enum body { BODY_CSV, BODY_REDMINE, BODY_JIRA, BODY_SERVICENOW, BODY_BACKLOG };

struct form {
	const char *name, *target;
	enum body body;
	size_t part_size, subject_most;
	unsigned actions;             /* that the importer can do */
	const struct column *columns; /* of what the importer takes */
	const char *priorities[2][5]; /* en, ja: info, low, medium, high, critical */
	const char *types[2];
};

enum { NEW_ONLY = 1U << TICKET_NEW, EVERY = (1U << TICKET_ACTIONS) - 1 };

/* clang-format off */
/* Names that Redmine knows its own columns by, so that it finds them itself. */
static const struct column redmine_columns[] = {
	{ "Subject", "題名", SUBJECT }, { "Description", "説明", DESCRIPTION },
	{ "Priority", "優先度", PRIORITY }, { "Category", "カテゴリ", CATEGORY },
	{ "Parent task", "親チケット", PARENT }, { "Due date", "期日", DUE },
	{ "Fingerprint", "フィンガープリント", FINGERPRINT }, { 0 },
};
static const struct column jira_columns[] = {
	{ "Summary", "Summary", SUBJECT }, { "Description", "Description", DESCRIPTION },
	{ "Issue Type", "Issue Type", TYPE }, { "Priority", "Priority", PRIORITY },
	{ "Due Date", "Due Date", DUE }, { "Labels", "Labels", FINGERPRINT },
	{ "Labels", "Labels", OURS }, { 0 },
};
static const struct column servicenow_columns[] = {
	{ "correlation_id", "correlation_id", FINGERPRINT },
	{ "correlation_display", "correlation_display", OURS },
	{ "short_description", "short_description", SUBJECT },
	{ "description", "description", DESCRIPTION }, { "impact", "impact", IMPACT },
	{ "urgency", "urgency", URGENCY }, { "state", "state", STATE },
	{ "category", "category", CATEGORY }, { "cmdb_ci", "cmdb_ci", ASSET },
	{ "due_date", "due_date", DUE }, { "work_notes", "work_notes", NOTES },
	{ "close_code", "close_code", CLOSE_CODE }, { "close_notes", "close_notes", CLOSE_NOTES },
	{ "action", "action", ACTION }, { 0 },
};
static const struct column backlog_columns[] = {
	{ "Subject", "件名", SUBJECT }, { "Description", "詳細", DESCRIPTION },
	{ "Issue Type", "種別", TYPE }, { "Priority", "優先度", PRIORITY },
	{ "Category", "カテゴリー", CATEGORY }, { "Due date", "期限日", DUE },
	{ "Fingerprint", "フィンガープリント", FINGERPRINT }, { 0 },
};
/* What no importer does, for whoever does it: by hand, or a script that looks the key up. */
static const struct column list_columns[] = {
	{ "Action", "操作", ACTION }, { "Key", "チケット番号", KEY },
	{ "Fingerprint", "フィンガープリント", FINGERPRINT }, { "Subject", "件名", SUBJECT },
	{ "Priority", "優先度", PRIORITY }, { "Due date", "期限日", DUE },
	{ "Notes", "コメント", NOTES }, { 0 },
};

#define REDMINE .target = "redmine", .subject_most = 255, \
	.priorities = { { "Low", "Low", "Normal", "High", "Urgent" }, { "低め", "低め", "通常", "高め", "急いで" } }
#define JIRA .target = "jira", .subject_most = 255, .types = { "Task", "Task" }, \
	.priorities = { { "Lowest", "Low", "Medium", "High", "Highest" }, { "Lowest", "Low", "Medium", "High", "Highest" } }
#define SERVICENOW .target = "servicenow", .subject_most = 160
#define BACKLOG .target = "backlog", .subject_most = 255, .types = { "Task", "タスク" }, \
	.priorities = { { "Low", "Low", "Normal", "High", "High" }, { "低", "低", "中", "高", "高" } }

static const struct form forms[] = {
	{ .name = "redmine", .body = BODY_CSV, .columns = redmine_columns, .actions = NEW_ONLY, REDMINE },
	{ .name = "redmine-json", .body = BODY_REDMINE, .actions = EVERY, REDMINE },
	{ .name = "jira", .body = BODY_CSV, .columns = jira_columns, .actions = NEW_ONLY, .part_size = 250, JIRA },
	{ .name = "jira-json", .body = BODY_JIRA, .actions = EVERY, JIRA },
	{ .name = "servicenow", .body = BODY_CSV, .columns = servicenow_columns, .actions = EVERY, SERVICENOW },
	{ .name = "servicenow-json", .body = BODY_SERVICENOW, .actions = EVERY, SERVICENOW },
	{ .name = "backlog", .body = BODY_CSV, .columns = backlog_columns, .actions = NEW_ONLY, .part_size = 250, BACKLOG },
	{ .name = "backlog-json", .body = BODY_BACKLOG, .actions = EVERY, BACKLOG },
};
/* clang-format on */

static const struct form *form_of(const struct export_format *f)
{
	for (size_t i = 0; i < countof(forms); i++)
		if (strcmp(forms[i].name, f->name) == 0)
			return &forms[i];
	return NULL;
}

const char *ticket_target(const struct export_format *f)
{
	const struct form *form = form_of(f);

	return form != NULL ? form->target : NULL;
}

size_t ticket_part_size(const struct export_format *f)
{
	const struct form *form = form_of(f);

	return form != NULL ? form->part_size : 0;
}

unsigned ticket_actions(const struct export_format *f)
{
	const struct form *form = form_of(f);

	return form != NULL ? form->actions : 0;
}

bool ticket_actions_fit(const struct export_format *f, unsigned actions)
{
	const struct form *form = form_of(f);

	/* An importer that only creates gets what is to be created, and nothing else in the same file. */
	return form->body != BODY_CSV || form->actions == EVERY || (actions & NEW_ONLY) == 0 ||
	       actions == NEW_ONLY;
}

/* ---- fields ---- */

struct ticket_writing {
	const struct form *form;
	struct ticket_settings settings;
	struct ticket_source source;
};

static unsigned severity_number(const struct ticket_row *r)
{
	enum severity s = severity_of_word(cell(r->finding, "severity"));

	return s < SEVERITIES ? (unsigned)s : 0;
}

static const char *priority_of(const struct ticket_writing *w, const struct ticket_row *r)
{
	return w->form->priorities[w->source.language == LANGUAGE_JA][severity_number(r)];
}

/* The state model of incidents: 1 new, 2 in progress, 6 resolved. */
static const char *state_of(const struct ticket_row *r)
{
	if (r->ticket->action == TICKET_CLOSE)
		return "6";
	return r->ticket->action == TICKET_REOPEN ? "2"
	       : r->ticket->action == TICKET_NEW  ? "1"
						  : "";
}

static void put_field(struct ticket_writing *w, const struct ticket_row *r, enum field field,
		      FILE *out)
{
	static const char impact[] = "33221", urgency[] = "32211";
	struct ticket_source *s = &w->source;
	const char *check = cell(r->finding, "check_id");
	bool closed = r->ticket->action == TICKET_CLOSE;

	switch (field) {
	case SUBJECT:
		put_ticket_subject(s, r, w->form->subject_most, out);
		break;
	case DESCRIPTION:
		put_ticket_description(s, r, out);
		break;
	case PRIORITY:
		fputs(priority_of(w, r), out);
		break;
	case CATEGORY:
		fprintf(out, "%.*s", (int)strcspn(check, "."), check);
		break;
	case PARENT:
		if (w->settings.parent != NULL)
			fprintf(out, "#%s", w->settings.parent);
		break;
	case DUE:
		put_ticket_day(r->plan.due, out);
		break;
	case FINGERPRINT:
		fputs(r->ticket->fingerprint, out);
		break;
	case ACTION:
		fputs(ticket_action_word(r->ticket->action), out);
		break;
	case NOTES:
		put_ticket_notes(s, r, out);
		break;
	case TYPE:
		fputs(w->form->types[s->language == LANGUAGE_JA], out);
		break;
	case OURS:
		fputs("tenken", out);
		break;
	case KEY:
		break;
	case IMPACT:
		putc(impact[severity_number(r)], out);
		break;
	case URGENCY:
		putc(urgency[severity_number(r)], out);
		break;
	case STATE:
		fputs(state_of(r), out);
		break;
	case ASSET:
		put_ticket(out, cell(r->finding, "asset"));
		break;
	case CLOSE_CODE:
		fputs(closed ? "Solved (Permanently)" : "", out);
		break;
	case CLOSE_NOTES:
		if (closed)
			put_ticket_notes(s, r, out);
		break;
	}
}

/* A field as a text of its own; NULL without memory. The caller frees it. */
static char *field_text(struct ticket_writing *w, const struct ticket_row *r, enum field field)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (f != NULL)
		put_field(w, r, field, f);
	if (f == NULL || fclose(f) != 0) {
		w->source.facts.error = -ENOMEM;
		free(text);
		return NULL;
	}
	return text;
}

/* ---- CSV ---- */

static void put_row(struct ticket_writing *w, const struct column *columns,
		    const struct ticket_row *r, FILE *out)
{
	for (const struct column *c = columns; c->en != NULL; c++) {
		char *text = field_text(w, r, c->field);

		put_csv(out, text);
		fputs(c[1].en != NULL ? "," : "\r\n", out);
		free(text);
	}
}

static void put_header(const struct ticket_writing *w, const struct column *columns, FILE *out)
{
	for (const struct column *c = columns; c->en != NULL; c++)
		fprintf(out, "%s%s", w->source.language == LANGUAGE_JA ? c->ja : c->en,
			c[1].en != NULL ? "," : "\r\n");
}

/* ---- JSON ---- */

static void put_pair(struct ticket_writing *w, const struct ticket_row *r, const char *name,
		     enum field field, bool first, FILE *out)
{
	char *text = field_text(w, r, field);

	fprintf(out, "%s\"%s\":", first ? "" : ",", name);
	put_json(out, text != NULL ? text : "");
	free(text);
}

static void put_due(struct ticket_writing *w, const struct ticket_row *r, const char *name,
		    FILE *out)
{
	if (r->plan.due != 0)
		put_pair(w, r, name, DUE, false, out);
}

/* {"issue":{...}}: what POST /issues.json and PUT /issues/ID.json take. */
static void put_redmine(struct ticket_writing *w, const struct ticket_row *r, FILE *out)
{
	bool create = r->ticket->action == TICKET_NEW;

	fputs("{\"issue\":{", out);
	put_pair(w, r, "subject", SUBJECT, true, out);
	put_pair(w, r, create ? "description" : "notes", create ? DESCRIPTION : NOTES, false, out);
	put_due(w, r, "due_date", out);
	if (create && w->settings.parent != NULL)
		fprintf(out, ",\"parent_issue_id\":%s", w->settings.parent);
	fputs("}}", out);
}

/* What POST /rest/api/2/issue and PUT /rest/api/2/issue/KEY take. */
static void put_jira(struct ticket_writing *w, const struct ticket_row *r, FILE *out)
{
	bool create = r->ticket->action == TICKET_NEW;

	fputs("{\"fields\":{", out);
	put_pair(w, r, "summary", SUBJECT, true, out);
	if (create)
		put_pair(w, r, "description", DESCRIPTION, false, out);
	fprintf(out, ",\"priority\":{\"name\":\"%s\"}", priority_of(w, r));
	put_due(w, r, "duedate", out);
	if (create)
		fprintf(out, ",\"issuetype\":{\"name\":\"%s\"},\"labels\":[\"%s\",\"tenken\"]",
			w->form->types[0], r->ticket->fingerprint);
	putc('}', out);
	if (!create) {
		fputs(",\"update\":{\"comment\":[{\"add\":{", out);
		put_pair(w, r, "body", NOTES, true, out);
		fputs("}}]}", out);
	}
	putc('}', out);
}

/* Parameters of POST /api/v2/issues and PATCH /api/v2/issues/KEY. Priorities are 2 high, 3 normal, 4 low; states
 * 1 open, 4 closed. */
static void put_backlog(struct ticket_writing *w, const struct ticket_row *r, FILE *out)
{
	static const char priority[] = "44322";
	enum ticket_action a = r->ticket->action;

	putc('{', out);
	put_pair(w, r, "summary", SUBJECT, true, out);
	put_pair(w, r, a == TICKET_NEW ? "description" : "comment",
		 a == TICKET_NEW ? DESCRIPTION : NOTES, false, out);
	fprintf(out, ",\"priorityId\":%c", priority[severity_number(r)]);
	put_due(w, r, "dueDate", out);
	if (a == TICKET_CLOSE || a == TICKET_REOPEN)
		fprintf(out, ",\"statusId\":%d", a == TICKET_CLOSE ? 4 : 1);
	putc('}', out);
}

static void put_record(struct ticket_writing *w, const struct ticket_row *r, FILE *out)
{
	putc('{', out);
	for (const struct column *c = servicenow_columns; c->en != NULL; c++)
		put_pair(w, r, c->en, c->field, c == servicenow_columns, out);
	putc('}', out);
}

/* One line: what to do, with which ticket, and the body. */
static void put_line_of(struct ticket_writing *w, const struct ticket_row *r, FILE *out)
{
	static const char *const finds[] = {
		[BODY_REDMINE] = "/search.json?issues=1&q=%s",
		[BODY_JIRA] = "labels = \\\"%s\\\"",
		[BODY_BACKLOG] = "/api/v2/issues?keyword=%s",
	};
	char find[128];

	fputs("{", out);
	put_pair(w, r, "action", ACTION, true, out);
	put_pair(w, r, "fingerprint", FINGERPRINT, false, out);
	put_pair(w, r, "priority", PRIORITY, false, out);
	put_pair(w, r, "category", CATEGORY, false, out);
	const char *before = finds[w->form->body], *mark = strstr(before, "%s");
	snprintf(find, sizeof(find), "%.*s%s%s", (int)(mark - before), before,
		 r->ticket->fingerprint, mark + 2);
	fprintf(out, ",\"find\":\"%s\",\"body\":", find);
	if (w->form->body == BODY_REDMINE)
		put_redmine(w, r, out);
	else if (w->form->body == BODY_JIRA)
		put_jira(w, r, out);
	else
		put_backlog(w, r, out);
	fputs("}\n", out);
}

/* ---- all of them ---- */

static void put_all(struct ticket_writing *w, const struct tickets *t, size_t first, size_t count,
		    FILE *out)
{
	const struct form *form = w->form;
	unsigned actions = w->settings.actions;
	const struct column *columns =
		form->actions == EVERY || actions == NEW_ONLY ? form->columns : list_columns;

	if (form->body == BODY_CSV)
		put_header(w, columns, out);
	if (form->body == BODY_SERVICENOW)
		fputs("{\"records\":[", out);
	for (size_t i = first; i < first + count; i++) {
		struct ticket_row r;

		if (!source_row(&w->source, &t->list[i], &r))
			return;
		if (form->body == BODY_CSV) {
			put_row(w, columns, &r, out);
		} else if (form->body == BODY_SERVICENOW) {
			fputs(i > first ? ",\n" : "\n", out);
			put_record(w, &r, out);
		} else {
			put_line_of(w, &r, out);
		}
	}
	if (form->body == BODY_SERVICENOW)
		fputs("\n]}\n", out);
}

int tickets_begin(const struct export_job *job, const struct export_format *f,
		  const struct ticket_settings *s, struct ticket_writing **ret)
{
	struct ticket_writing *w = calloc(1, sizeof(*w));

	*ret = w;
	if (w == NULL)
		return -ENOMEM;
	w->form = form_of(f);
	w->settings = *s;
	if (w->settings.actions == 0)
		w->settings.actions = w->form->actions;
	bool started =
		source_start(&w->source, job->db, job->catalogue, job->language, w->form->target);
	return w->source.facts.error != 0 ? w->source.facts.error : started ? 0 : -EIO;
}

int tickets_write(struct ticket_writing *w, const struct tickets *t, size_t first, size_t count,
		  FILE *out)
{
	struct clock clock;

	clock_enter(&clock, plan_text(&w->source.facts, "timezone"));
	put_all(w, t, first, count, out);
	clock_leave(&clock);
	int r = w->source.facts.error;
	return r == 0 && ferror(out) ? -EIO : r;
}

void tickets_end(struct ticket_writing *w)
{
	if (w == NULL)
		return;
	source_done(&w->source);
	free(w);
}

static int write_named(const struct export_job *job, const char *name, FILE *out)
{
	const struct export_format *f = export_format_of(name);
	struct ticket_settings s = { .actions = ticket_actions(f) };
	struct ticket_writing *w = NULL;
	struct tickets t;
	int r = tickets_choose(job->db, job->catalogue, f, &s, &t);

	if (r == 0)
		r = tickets_begin(job, f, &s, &w);
	if (r == 0)
		r = tickets_write(w, &t, 0, t.count, out);
	tickets_end(w);
	tickets_done(&t);
	return r;
}

#define WRITER(function, name)                                \
	int function(const struct export_job *job, FILE *out) \
	{                                                     \
		return write_named(job, name, out);           \
	}
WRITER(write_redmine, "redmine")
WRITER(write_redmine_json, "redmine-json")
WRITER(write_jira, "jira")
WRITER(write_jira_json, "jira-json")
WRITER(write_servicenow, "servicenow")
WRITER(write_servicenow_json, "servicenow-json")
WRITER(write_backlog, "backlog")
WRITER(write_backlog_json, "backlog-json")
