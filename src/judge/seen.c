/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check could judge at all. A host that does not tell its operating system is not one with a
 * good operating system: a check with `seen` ran only on the hosts or services that this query
 * gives, and on none where it gives none.
 */
#include "judge/judged.h"

#include <errno.h>
#include <string.h>

#include "codec/i18n.h"
#include "judge/arena.h"

enum mark { MARK_UNSEEN, MARK_NO_CONCERN, MARK_SEEN };

struct marks {
	unsigned char *list; /* per host, or per service where the query has a column `port` */
	bool services;
};

static int read_marks(struct judged *j, const struct check *check, struct marks *m)
{
	struct query *q = NULL;
	int r = query_new(j->db, check->seen, &q);

	if (r < 0)
		return r;
	int address = query_column(q, "address"), port = query_column(q, "port");
	int transport = query_column(q, "transport"), concerns = query_column(q, "concerns");

	m->services = port >= 0;
	m->list = arena_array(j->arena, m->services ? j->service_count : j->host_count, 1);
	if (m->list == NULL)
		r = -ENOMEM;
	else if (address < 0)
		r = -EDOM;
	ptrdiff_t host = -1;
	while (r >= 0 && (r = query_step(q)) == 1) {
		const char *text = query_text(q, address);

		/* The services of a host mostly follow each other. */
		if (host < 0 || text == NULL || strcmp(j->hosts[host].address, text) != 0)
			host = judged_host_find(j, text);
		ptrdiff_t at = host;
		const char *word = query_text(q, transport);
		enum mark mark =
			concerns >= 0 && query_int(q, concerns) == 0 ? MARK_NO_CONCERN : MARK_SEEN;

		if (at >= 0 && m->services)
			at = judged_service_find(j, (size_t)at, query_int(q, port),
						 word != NULL && strcmp(word, "udp") == 0);
		if (at >= 0 && mark > m->list[at])
			m->list[at] = (unsigned char)mark;
	}
	query_free(q);
	return r;
}

static void mark_hosts(struct judged *j, struct cover *v, const unsigned char *marks)
{
	uint16_t unseen = reason_state(j, v->unseen);

	for (size_t i = 0; i < j->host_count; i++) {
		const struct judged_host *h = &j->hosts[i];

		if (h->absent || marks[i] == MARK_NO_CONCERN || (h->own && !v->by_reach))
			v->host[i] = SUBJECT_NONE;
		else if (v->only != NULL)
			continue;
		else if (!v->by_listening && !v->by_reach && !(v->or_heard && h->heard) &&
			 (h->gap != NULL || (v->missing != NULL && v->counts_hosts)))
			continue;
		else if (v->by_listening && !h->heard)
			continue;
		else if (!h->answering) /* nobody is there to be judged */
			v->host[i] = SUBJECT_NONE;
		else if (marks[i] == MARK_SEEN)
			v->host[i] = SUBJECT_RAN;
		else if ((v->host[i] = judged_host_reason(j, v, i)) == SUBJECT_NONE)
			v->host[i] = unseen;
	}
	if (j->service_count > 0)
		memset(v->service, 0, j->service_count * sizeof(*v->service));
	v->counts_hosts = true;
	v->counts_services = false;
}

static void mark_services(struct judged *j, struct cover *v, const unsigned char *marks)
{
	uint16_t unseen = reason_state(j, v->unseen);

	for (size_t i = 0; i < j->service_count; i++)
		if (v->service[i] == SUBJECT_RAN && marks[i] != MARK_SEEN)
			v->service[i] = marks[i] == MARK_NO_CONCERN ? SUBJECT_NONE : unseen;
}

struct cover *cover_for(struct judged *j, const struct check *check, int *ret_error)
{
	const struct fence fence = { j->options.time_limit_ms, j->options.memory_limit };
	struct cover *shared = cover_of(j, &check->needs, ret_error);
	struct marks marks = { 0 };

	if (shared == NULL || shared->reason != NULL || check->seen == NULL || check->sql == NULL)
		return shared;
	struct cover *v = arena_array(j->arena, 1, sizeof(*v));
	uint16_t *host = arena_array(j->arena, j->host_count, sizeof(*host));
	uint16_t *service = arena_array(j->arena, j->service_count, sizeof(*service));
	if (v == NULL || host == NULL || service == NULL) {
		*ret_error = -ENOMEM;
		return NULL;
	}
	*v = *shared;
	v->host = host;
	v->service = service;
	v->unseen = check->unseen.en;
	if (j->host_count > 0)
		memcpy(host, shared->host, j->host_count * sizeof(*host));
	if (j->service_count > 0)
		memcpy(service, shared->service, j->service_count * sizeof(*service));
	db_fence(j->db, &fence);
	int r = read_marks(j, check, &marks);
	if (r < 0 && j->options.complaints != NULL)
		complain(j->options.complaints, check->file, check->seen_line, _("check '%s': %s"),
			 check->id,
			 r == -EDOM ? _("the query 'seen' gives no column 'address'")
				    : db_error(j->db));
	db_unfence(j->db);
	if (r < 0)
		v->reason = "error in the check";
	else if (marks.services)
		mark_services(j, v, marks.list);
	else
		mark_hosts(j, v, marks.list);
	return v;
}
