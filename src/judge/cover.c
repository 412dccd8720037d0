/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a check ran. A need speaks of the whole scan ("ledger"), of hosts ("sweep") or of services
 * ("probe:ssh"); together they give for each host and service of the scan: nothing to do here, ran,
 * or why not. A host whose planned ports were not all tried is a gap for every check that asks the
 * network, because a service might stand on one of them.
 */
#include "judge/judged.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/arena.h"

/* ---- services ---- */

/* What a probe was to bring; a document that brought it names it in a list. */
struct wanted {
	const struct judge_probe *probe;
	const struct ports *expected, *inside_tls;
	const char *facet; /* NULL: nothing more than the document */
	uint32_t name;     /* as a word */
	uint32_t carrier;  /* the same of the protocol that carries it; 0: none */
	bool is_tls;
	struct query *listed;
	signed char *lists; /* per word: 1 it names the facet, -1 it does not, 0 not asked yet */
	size_t words;
	int error;
};

static bool lists_facet(struct judged *j, struct wanted *w, uint32_t list)
{
	if (list == 0)
		return false;
	if (w->lists[list] == 0) {
		query_bind_text(w->listed, 1, j->words[list].text);
		query_bind_text(w->listed, 2, w->facet);
		int r = query_step(w->listed);

		if (r < 0)
			w->error = r;
		w->lists[list] = r == 1 && query_int(w->listed, 0) != 0 ? 1 : -1;
		query_reset(w->listed);
	}
	return w->lists[list] == 1;
}

static const struct judged_told *told_by(const struct judged *j, const struct judged_service *s,
					 const struct judge_probe *p)
{
	for (size_t i = s->first_told; i < s[1].first_told; i++)
		if (&j->probes[j->told[i].probe] == p)
			return &j->told[i];
	return NULL;
}

static const char *limited_text(const struct judged *j, const struct judged_service *s)
{
	return j->hosts[s->host].ot ? "limited in OT" : "limited";
}

/* The state of one service for one probe. */
static uint16_t probe_state(struct judged *j, struct wanted *w, const struct judged_service *s)
{
	const struct judged_told *t = told_by(j, s, w->probe);
	const char *ending = t != NULL ? j->words[t->ending].text : NULL;
	bool here = ports_has(s->udp ? w->expected->udp : w->expected->tcp, s->port);

	if (ending != NULL && strcmp(ending, "done") == 0) {
		if (w->facet == NULL || lists_facet(j, w, t->gathered))
			return SUBJECT_RAN;
		if (lists_facet(j, w, t->limited))
			return reason_state(j, limited_text(j, s));
		return s->limited != 0 ? word_state(j, s->limited)
				       : reason_state(j, "not gathered");
	}
	if (ending != NULL && strcmp(ending, "not-this-protocol") == 0)
		return SUBJECT_NONE;
	/* Somebody speaks it for all we know: the greeting, a part of an answer, or its own port. */
	bool asked = ending != NULL || s->limited != 0;
	bool speaks = (s->protocol != 0 && s->protocol == w->name) || (s->tls && w->is_tls) ||
		      (ending != NULL && t->full) || (s->protocol == 0 && here) ||
		      (w->carrier != 0 && s->protocol == w->carrier && here && asked) ||
		      (s->tls && ending == NULL && s->limited != 0 &&
		       (w->probe->over_tls || ports_has(w->inside_tls->tcp, s->port)));
	if (!speaks)
		return SUBJECT_NONE;
	if (ending != NULL)
		return word_state(j, t->ending);
	return s->limited != 0 ? word_state(j, s->limited) : reason_state(j, "not probed");
}

/* Where two needs meet on one service, a reason wins over having run. */
static void meet(uint16_t *state, uint16_t with)
{
	if (with > *state)
		*state = with;
}

static int add_probe(struct judged *j, struct cover *v, const struct judge_probe *p,
		     const char *facet)
{
	struct wanted w = { .probe = p, .facet = facet, .is_tls = strcmp(p->name, "tls") == 0 };
	struct ports *expected = calloc(2, sizeof(*expected));

	w.expected = expected;
	int r = word_of(j, p->name, &w.name);
	if (r >= 0)
		r = word_of(j, p->within, &w.carrier);
	w.lists = calloc(j->word_count, 1);
	if (expected == NULL || w.lists == NULL)
		r = -ENOMEM;
	if (r >= 0)
		r = query_new(j->db, "SELECT EXISTS (SELECT 1 FROM json_each(?1) WHERE value = ?2)",
			      &w.listed);
	if (r >= 0) {
		w.inside_tls = expected + 1;
		judged_read_ports(p->ports, p->udp ? expected[0].udp : expected[0].tcp);
		judged_read_ports(p->tls_ports, expected[1].tcp);
		for (size_t i = 0; i < j->service_count; i++)
			meet(&v->service[i], probe_state(j, &w, &j->services[i]));
		r = w.error;
	}
	query_free(w.listed);
	free(w.lists);
	free(expected);
	return r;
}

static bool any_service(const struct judged *j, const struct cover *v)
{
	for (size_t i = 0; i < j->service_count; i++)
		if (v->service[i] != SUBJECT_NONE)
			return true;
	return false;
}

/* A cover that says nothing but its reason has no lists. */
static bool cover_lists(struct judged *j, struct cover *v)
{
	if (v->service == NULL) {
		v->host = arena_array(j->arena, j->host_count, sizeof(*v->host));
		v->service = arena_array(j->arena, j->service_count, sizeof(*v->service));
	}
	return v->host != NULL && v->service != NULL;
}

/* What keeps probes of a list (as below) from running anywhere. all: each must exist, else one. */
static const char *probes_missing(const struct judged *j, const char *list, bool all)
{
	bool one = false, every = true;

	for (const char *at = list; *at != '\0'; at += *at == ',') {
		bool known = judged_probe_find(j->probes, at, strcspn(at, ",/")) != NULL;

		one |= known;
		every &= known;
		at += strcspn(at, ",");
	}
	if (!one || (all && !every))
		return "no probe";
	return j->probing ? NULL : "class not allowed";
}

/* "NAME", "NAME/FACET", separated by commas. */
static int add_probes(struct judged *j, struct cover *v, const char *list)
{
	bool planned = false, every = true;

	if (!cover_lists(j, v))
		return -ENOMEM;
	for (const char *at = list; *at != '\0';) {
		size_t length = strcspn(at, ",");
		size_t name = strcspn(at, ",/");
		const struct judge_probe *p = judged_probe_find(j->probes, at, name);

		if (p != NULL) {
			char *facet = NULL;

			if (name < length) {
				facet = arena_printf(j->arena, "%.*s", (int)(length - name - 1),
						     at + name + 1);
				if (facet == NULL)
					return -ENOMEM;
			}
			int r = add_probe(j, v, p, facet);
			if (r < 0)
				return r;
			bool here =
				p->ports == NULL || need_ports_planned(j, p->ports, p->udp, true);
			v->by_udp |= p->udp;
			planned |= here;
			every &= here;
		}
		at += length;
		if (*at == ',')
			at++;
	}
	if (!planned && !any_service(j, v))
		v->reason = j->primary != 0 ? "ports not in the plan" : "not scanned";
	else if (!every)
		v->missing = "ports not in the plan";
	return 0;
}

/* ---- covers ---- */

static bool same_needs(const struct words *a, const struct words *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->list[i], b->list[i]) != 0)
			return false;
	return true;
}

/* Where all were left alone, nobody was asked. */
static const char *nobody_answered(const struct judged *j)
{
	for (size_t i = 0; i < j->host_count; i++)
		if (j->hosts[i].gap != NULL)
			return j->hosts[i].gap;
	return j->host_count == 0 && j->left_out != NULL ? j->left_out : "no host answered";
}

/* One way to meet a need; *ret_reason: why it does not. */
static int meet_alternative(struct judged *j, struct cover *v, const char *need,
			    const char **ret_reason)
{
	bool all = need_starts(need, "probe:");
	int r = need_missing(j, need, ret_reason);

	if (r < 0 || *ret_reason != NULL)
		return r;
	if (all || need_starts(need, "any:")) {
		const char *list = strchr(need, ':') + 1;

		*ret_reason = probes_missing(j, list, all);
		if (*ret_reason == NULL) {
			v->counts_services = true;
			r = add_probes(j, v, list);
			*ret_reason = v->reason;
			v->reason = NULL;
		}
	} else if (need_starts(need, "ports:") && v->missing == NULL) {
		v->missing = need_ports_missing(j, need + 6);
	}
	v->by_listening |= strcmp(need, "listen") == 0;
	v->by_reach |= strcmp(need, "reach") == 0;
	v->by_declared |= strcmp(need, "declared") == 0;
	return r;
}

static int meet_need(struct judged *j, struct cover *v, const char *need)
{
	char alternative[NEED_TEXT];
	const char *first = NULL;
	bool met = false;

	while (need_next(&need, alternative)) {
		const char *reason = NULL;

		if (met) {
			v->or_heard |= j->heard && strcmp(alternative, "listen") == 0;
			continue;
		}
		int r = meet_alternative(j, v, alternative, &reason);
		if (r < 0)
			return r;
		met = reason == NULL;
		if (first == NULL)
			first = reason;
	}
	if (!met)
		v->reason = first;
	return 0;
}

/* "or:listen": what the needs before it lack does not keep the check from telling what it finds. */
static int meet_needs(struct judged *j, struct cover *v)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < v->needs->count; i++) {
		const char *need = v->needs->list[i], *reason = NULL;

		if (!need_starts(need, "or:")) {
			if (v->reason == NULL)
				r = meet_need(j, v, need);
			continue;
		}
		if (v->reason == NULL)
			continue;
		r = need_missing(j, need + 3, &reason);
		if (r >= 0 && reason == NULL) {
			v->only = v->reason;
			v->reason = NULL;
		}
	}
	return r;
}

/* What it did with a host that is there. */
static uint16_t host_state(struct judged *j, const struct cover *v, const struct judged_host *h)
{
	if (h->own && !v->by_reach)
		return SUBJECT_NONE;
	if (v->only != NULL)
		return h->answering ? reason_state(j, v->only) : SUBJECT_NONE;
	if (v->by_listening && !v->by_reach)
		return h->heard       ? SUBJECT_RAN
		       : h->answering ? reason_state(j, "not heard")
				      : SUBJECT_NONE;
	if (v->by_reach)
		return h->answering ? SUBJECT_RAN : SUBJECT_NONE;
	if (h->gap != NULL)
		return v->or_heard && h->heard ? SUBJECT_RAN : reason_state(j, h->gap);
	if (v->missing != NULL && (v->counts_hosts || h->answering))
		return reason_state(j, v->missing);
	if (v->by_udp && h->answering && !h->udp)
		return reason_state(j, "UDP ports not tried");
	return v->counts_hosts ? SUBJECT_RAN : SUBJECT_NONE;
}

static int fill_cover(struct judged *j, struct cover *v)
{
	int r = meet_needs(j, v);

	if (r < 0)
		return r;
	/* What people declared is there whoever answers; no host or service has to do with it. */
	if (v->reason == NULL && v->by_declared)
		return cover_lists(j, v) ? 0 : -ENOMEM;
	if (v->reason == NULL && !j->any_answering)
		v->reason = nobody_answered(j);
	if (v->reason != NULL)
		return 0;
	if (!cover_lists(j, v))
		return -ENOMEM;
	if (v->only != NULL) {
		v->counts_services = false;
		memset(v->service, 0, j->service_count * sizeof(*v->service));
	}
	v->counts_hosts = !v->counts_services;
	for (size_t i = 0; i < j->host_count; i++)
		if (!j->hosts[i].absent)
			v->host[i] = host_state(j, v, &j->hosts[i]);
	return 0;
}

struct cover *cover_of(struct judged *j, const struct words *needs, int *ret_error)
{
	for (size_t i = 0; i < j->cover_count; i++)
		if (same_needs(j->covers[i]->needs, needs))
			return j->covers[i];
	struct cover *v = arena_array(j->arena, 1, sizeof(*v));
	if (v == NULL) {
		*ret_error = -ENOMEM;
		return NULL;
	}
	v->needs = needs;
	*ret_error = fill_cover(j, v);
	if (*ret_error < 0)
		return NULL;
	j->covers[j->cover_count++] = v; /* room for one per check */
	return v;
}

uint16_t judged_host_reason(const struct judged *j, const struct cover *v, size_t host)
{
	const struct judged_host *h = &j->hosts[host];

	for (size_t i = h->first_service; i < h->first_service + h->service_count; i++)
		if (v->service[i] >= SUBJECT_REASON)
			return v->service[i];
	return SUBJECT_NONE;
}

/* ---- counting ---- */

/* All the covers' states of one host or service: none, ran by all that have to do with it, or not. */
static uint16_t joined(const struct cover *const *covers, size_t count, size_t index, bool service)
{
	uint16_t state = SUBJECT_NONE;

	for (size_t i = 0; i < count; i++)
		meet(&state, service ? covers[i]->service[index] : covers[i]->host[index]);
	return state;
}

static struct coverage count_coverage(const struct judged *j, const struct cover *const *covers,
				      size_t count, const signed char *members)
{
	struct coverage c = { 0 };
	bool hosts = false;

	for (size_t i = 0; i < count; i++)
		hosts |= covers[i]->counts_hosts;
	for (size_t i = 0; i < j->host_count; i++) {
		const struct judged_host *h = &j->hosts[i];

		if (members != NULL && members[i] != 1)
			continue;
		c.hosts += h->count;
		c.answering += h->answering;
		c.planned += h->planned * h->count;
		if (hosts && !h->absent) {
			uint16_t state = joined(covers, count, i, false);

			c.services += state != SUBJECT_NONE ? h->count : 0;
			c.checked += state == SUBJECT_RAN ? h->count : 0;
		}
	}
	for (size_t i = 0; i < j->service_count; i++) {
		if (members != NULL && members[j->services[i].host] != 1)
			continue;
		uint16_t state = joined(covers, count, i, true);
		c.services += state != SUBJECT_NONE;
		c.checked += state == SUBJECT_RAN;
	}
	return c;
}

/* Many items have the same scope and checks. */
struct counted {
	struct counted *next;
	const struct cover **covers;
	size_t count;
	const signed char *members;
	struct coverage coverage;
};

struct coverage coverage_of(struct judged *j, const struct cover *const *covers, size_t count,
			    const signed char *members)
{
	for (const struct counted *c = j->counted; c != NULL; c = c->next)
		if (c->count == count && c->members == members &&
		    (count == 0 || memcmp(c->covers, covers, count * sizeof(struct cover *)) == 0))
			return c->coverage;
	struct coverage coverage = count_coverage(j, covers, count, members);
	struct counted *c = arena_array(j->arena, 1, sizeof(*c));
	const struct cover **list = arena_array(j->arena, count, sizeof(*list));
	if (c == NULL || list == NULL)
		return coverage;
	if (count > 0)
		memcpy(list, covers, count * sizeof(struct cover *));
	*c = (struct counted){ .next = j->counted,
			       .covers = list,
			       .count = count,
			       .members = members,
			       .coverage = coverage };
	j->counted = c;
	return coverage;
}
