/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The egress matrix: every way out that there is, tried towards the beacon. The paths are tested side by
 * side, each told as soon as it is done; what needs to know of the others (whose reset it was, who stands on
 * the way) is concluded at the end and told again.
 */
#include "reach/beacon.h"
#include "reach/egress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { JOBS_MOST = 8192 };

struct matrix {
	struct egress *e;
	struct egress_job *jobs;
	struct reach_result **results; /* of jobs that may have to be told again; else NULL */
	size_t count;
	_Atomic size_t next;
	struct reach_server proxies[REACH_ADDRESSES]; /* known ones, and those of WPAD */
	size_t proxy_count;
};

static egress_test *const tests[REACH_METHODS] = {
	[METHOD_TCP] = egress_tcp,
	[METHOD_UDP] = egress_udp,
	[METHOD_ICMP] = egress_icmp,
	[METHOD_HTTP] = egress_http,
	[METHOD_TLS] = egress_tls,
	[METHOD_DNS_A] = egress_dns,
	[METHOD_DNS_TXT] = egress_dns,
	[METHOD_DNS_LONG] = egress_dns,
	[METHOD_PROXY_CONNECT] = egress_connect,
	[METHOD_PROXY_GET] = egress_get,
	[METHOD_SOCKS5] = egress_socks5,
	[METHOD_SOCKS4A] = egress_socks4a,
	[METHOD_NTP] = egress_ntp,
	[METHOD_SMTP] = egress_smtp,
};

static const char *transport_of(enum reach_method m)
{
	switch (m) {
	case METHOD_UDP:
	case METHOD_DNS_A:
	case METHOD_DNS_TXT:
	case METHOD_DNS_LONG:
	case METHOD_NTP:
		return "udp";
	case METHOD_ICMP:
		return "icmp";
	default:
		return "tcp";
	}
}

/* ---- what is to be tested ---- */

static void add_job(struct matrix *m, enum reach_method method, const struct reach_source *from,
		    const struct addr *to, uint16_t port, const struct reach_server *via)
{
	if (m->count == JOBS_MOST || !m->e->run->options->methods[method])
		return;
	m->jobs[m->count++] = (struct egress_job){ .method = method,
						   .from = from,
						   .to = *to,
						   .port = port,
						   .via = via,
						   .reset_ttl = -1,
						   .beacon_ttl = -1 };
}

static void add_ports(struct matrix *m, enum reach_method method, const struct reach_source *from,
		      const struct addr *to, const uint64_t set[static 1024])
{
	for (unsigned port = 1; port <= UINT16_MAX; port++)
		if (ports_has(set, (uint16_t)port))
			add_job(m, method, from, to, (uint16_t)port, NULL);
}

/* The usual ports; where the site file says which the beacon has, those of them, and all that it has. */
static bool choose_ports(const struct reach_run *r, struct ports *ret)
{
	const struct beacon *b = r->beacon;

	*ret = (struct ports){ 0 };
	for (size_t i = 0; i < b->port_count; i++)
		for (unsigned p = b->ports[i].first; p <= b->ports[i].last && p <= UINT16_MAX; p++)
			ports_put(strcmp(b->ports[i].transport, "udp") == 0 ? ret->udp : ret->tcp,
				  (uint16_t)p);
	/* More than a plain matrix can hold is what --all-ports is for. */
	enum { MATRIX = 64 };
	if (ports_count(ret->tcp) + ports_count(ret->udp) > MATRIX)
		*ret = (struct ports){ 0 };
	if (ports_count(ret->tcp) + ports_count(ret->udp) > 0)
		return true;
	return ports_parse(ret, BEACON_TCP_PORTS ",U:" BEACON_UDP_PORTS, NULL, NULL, NULL) == 0;
}

static void add_direct(struct matrix *m, const struct reach_source *from, const struct addr *to,
		       const struct ports *p)
{
	struct ports web = { 0 }, tls = { 0 };
	bool own = m->e->run->beacon->port_count > 0;

	ports_parse(&web, BEACON_HTTP_PORTS, NULL, NULL, NULL);
	ports_parse(&tls, BEACON_TLS_PORTS, NULL, NULL, NULL);
	for (size_t i = 0; own && i < countof(web.tcp); i++) {
		web.tcp[i] &= p->tcp[i];
		tls.tcp[i] &= p->tcp[i];
	}
	add_ports(m, METHOD_TCP, from, to, p->tcp);
	add_ports(m, METHOD_UDP, from, to, p->udp);
	add_job(m, METHOD_ICMP, from, to, 0, NULL);
	add_ports(m, METHOD_HTTP, from, to, web.tcp);
	add_ports(m, METHOD_TLS, from, to, tls.tcp);
	if (m->e->run->beacon->dns_name != NULL)
		add_job(m, METHOD_DNS_TXT, from, to, 53, NULL);
}

static void add_via(struct matrix *m)
{
	const struct reach_run *r = m->e->run;
	const struct reach_known *k = r->known;
	const struct addr *beacon = &r->beacon->addresses[0];

	for (size_t i = 0; i < k->resolver_count && r->beacon->dns_name != NULL; i++)
		for (enum reach_method d = METHOD_DNS_A; d <= METHOD_DNS_LONG; d++)
			add_job(m, d, NULL, beacon, 53, &k->resolvers[i]);
	for (size_t i = 0; i < m->proxy_count; i++) {
		const struct reach_server *p = &m->proxies[i];

		if (!p->socks || p->http) {
			add_job(m, METHOD_PROXY_CONNECT, NULL, beacon, 443, p);
			add_job(m, METHOD_PROXY_GET, NULL, beacon, 80, p);
		}
		if (p->socks || !p->http) {
			add_job(m, METHOD_SOCKS5, NULL, beacon, 443, p);
			add_job(m, METHOD_SOCKS4A, NULL, beacon, 443, p);
		}
	}
	for (size_t i = 0; i < k->clock_count; i++)
		add_job(m, METHOD_NTP, NULL, &k->clocks[i].address, 123, NULL);
	for (size_t i = 0; i < k->mail_count; i++)
		add_job(m, METHOD_SMTP, NULL, &k->mail[i].address, k->mail[i].port, NULL);
}

/* ---- testing ---- */

/* What is said once more when all is known. */
static bool may_change(const struct reach_result *r)
{
	return r->outcome == OUTCOME_REFUSED || r->outcome == OUTCOME_SILENT ||
	       r->outcome == OUTCOME_PROHIBITED || r->outcome == OUTCOME_RESET_ON_WAY ||
	       r->outcome == OUTCOME_ANSWERED_BY_OTHER;
}

static void test_one(struct matrix *m, size_t i)
{
	struct egress_job *job = &m->jobs[i];
	struct reach_result *r = malloc(sizeof(*r));

	if (r == NULL)
		return;
	*r = reach_begin(m->e->run, job->method, job->from, &job->to, job->port,
			 transport_of(job->method));
	if (job->via != NULL)
		egress_place(&job->via->address,
			     job->method >= METHOD_PROXY_CONNECT ? job->via->port : 0, r->via);
	tests[job->method](m->e, job, r);
	egress_settle(m->e, r);
	job->reached = r->outcome == OUTCOME_REACHED;
	job->routed = r->outcome != OUTCOME_NOT_TESTED &&
		      (r->outcome != OUTCOME_NO_ROUTE || r->answered_by[0] != '\0');
	reach_tell(m->e->run, r);
	if (may_change(r))
		m->results[i] = r;
	else
		free(r);
}

static void *work(void *context)
{
	struct matrix *m = context;
	size_t i;

	while (!reach_stopping(m->e->run) && (i = atomic_fetch_add(&m->next, 1)) < m->count)
		test_one(m, i);
	return NULL;
}

/* ---- what all of them together tell ---- */

/* Machines begin at 64, 128 or 255 (or 32, of old). */
static int hops_of(int ttl)
{
	return ttl <= 32 ? 32 - ttl : ttl <= 64 ? 64 - ttl : ttl <= 128 ? 128 - ttl : 255 - ttl;
}

static bool same_way(const struct egress_job *a, const struct egress_job *b)
{
	return a->from == b->from && addr_compare(&a->to, &b->to) == 0;
}

static bool on_link(const struct reach_run *r, const struct addr *a)
{
	const struct way *w = routes_find(r->routes, a);

	return w != NULL && w->error == 0 && (w->on_link || w->local);
}

/* A reset comes from the beacon's machine where it comes from as far away. beacon: the TTL of its answers; -1:
 * none was heard. */
static bool reset_on_way(const struct reach_run *r, const struct egress_job *job, int beacon)
{
	if (job->reset_ttl < 0)
		return false;
	return beacon >= 0 ? hops_of(beacon) != hops_of(job->reset_ttl)
			   : hops_of(job->reset_ttl) == 0 && !on_link(r, &job->to);
}

static int ttl_of_beacon(const struct matrix *m, const struct egress_job *job)
{
	for (size_t k = 0; k < m->count; k++)
		if (same_way(&m->jobs[k], job) && m->jobs[k].reached && m->jobs[k].beacon_ttl >= 0)
			return m->jobs[k].beacon_ttl;
	return -1;
}

static void whose_reset(struct matrix *m, size_t i)
{
	const struct egress_job *job = &m->jobs[i];
	struct reach_result *r = m->results[i];
	int beacon = ttl_of_beacon(m, job);

	if (job->via != NULL || r->outcome != OUTCOME_REFUSED || job->reset_ttl < 0)
		return;
	if (reset_on_way(m->e->run, job, beacon)) {
		r->outcome = OUTCOME_RESET_ON_WAY;
		egress_note(r, beacon >= 0
				       ? "it comes from another distance than the beacon's answers"
				       : "it comes from the next hop");
	} else if (beacon < 0 && !on_link(m->e->run, &job->to)) {
		egress_note(r, "by the beacon's machine, or by somebody on the way");
	}
}

/* One list of hops for each way, transport and outcome. */
static void who_is_on_the_way(struct matrix *m, size_t i)
{
	const struct egress_job *job = &m->jobs[i];
	struct reach_result *r = m->results[i];
	struct addr from;
	char hops[REACH_HOPS] = "";

	if (job->via != NULL || job->from == NULL || r->outcome == OUTCOME_ANSWERED_BY_OTHER ||
	    r->hops[0] != '\0' || !m->e->run->options->methods[METHOD_HOPS])
		return;
	hops_trace(m->e->run, job->from, &job->to, r->transport, job->port, hops, &from);
	if (hops[0] == '\0')
		return;
	for (size_t k = i; k < m->count; k++)
		if (m->results[k] != NULL && m->jobs[k].via == NULL && same_way(&m->jobs[k], job) &&
		    m->results[k]->outcome == r->outcome &&
		    strcmp(m->results[k]->transport, r->transport) == 0)
			snprintf(m->results[k]->hops, sizeof(m->results[k]->hops), "%s", hops);
}

static void conclude(struct matrix *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->results[i] != NULL) {
			if (!reach_stopping(m->e->run))
				who_is_on_the_way(m, i);
			whose_reset(m, i);
			reach_tell(m->e->run, m->results[i]);
			free(m->results[i]);
			m->results[i] = NULL;
		}
}

/* ---- every port ---- */

struct all_ports {
	struct egress *e;
	const struct reach_source *from;
	const struct addr *to;
	const struct ports *done; /* that have rows of their own */
	_Atomic unsigned next;
	struct ports outcomes[REACH_OUTCOMES]; /* .tcp */
	pthread_mutex_t lock;
	int64_t began_ms;
	int beacon_ttl; /* -1: not known */
};

static void *work_ports(void *context)
{
	struct all_ports *a = context;
	struct reach_result *r = malloc(sizeof(*r));
	unsigned port;

	while (r != NULL && !reach_stopping(a->e->run) &&
	       (port = atomic_fetch_add(&a->next, 1)) <= UINT16_MAX) {
		struct egress_job job = { .method = METHOD_TCP,
					  .from = a->from,
					  .to = *a->to,
					  .port = (uint16_t)port,
					  .reset_ttl = -1,
					  .beacon_ttl = -1 };

		if (ports_has(a->done->tcp, job.port))
			continue;
		*r = (struct reach_result){ .destination = *a->to };
		egress_tcp(a->e, &job, r);
		egress_settle(a->e, r);
		if (r->outcome == OUTCOME_REACHED || r->outcome == OUTCOME_ANSWERED_BY_OTHER) {
			struct reach_result own =
				reach_begin(a->e->run, METHOD_TCP, a->from, a->to, job.port, "tcp");
			r->number = own.number;
			r->method = own.method;
			r->port = job.port;
			r->source = own.source;
			r->has_source = own.has_source;
			memcpy(r->transport, own.transport, sizeof(r->transport));
			memcpy(r->interface, own.interface, sizeof(r->interface));
			r->took_ms = reach_unix_ms() - r->at_ms;
			reach_tell(a->e->run, r);
			continue;
		}
		if (r->outcome == OUTCOME_REFUSED && reset_on_way(a->e->run, &job, a->beacon_ttl))
			r->outcome = OUTCOME_RESET_ON_WAY;
		pthread_mutex_lock(&a->lock);
		ports_put(a->outcomes[r->outcome].tcp, job.port);
		pthread_mutex_unlock(&a->lock);
	}
	free(r);
	return NULL;
}

/* One row for each outcome, with the ports that it holds for. */
static void tell_ports(struct all_ports *a)
{
	for (enum reach_outcome o = 0; o < REACH_OUTCOMES; o++) {
		unsigned n = ports_count(a->outcomes[o].tcp);

		if (n == 0)
			continue;
		struct reach_result r =
			reach_begin(a->e->run, METHOD_TCP, a->from, a->to, 0, "tcp");
		char *text = ports_text(a->outcomes[o].tcp);
		json_t *object = json_object();

		json_object_set_new(object, "count", json_integer(n));
		if (text != NULL && strlen(text) < REACH_EVIDENCE / 2)
			json_object_set_new(object, "ports", json_string(text));
		egress_evidence(&r, object);
		r.outcome = o;
		r.at_ms = a->began_ms;
		snprintf(r.note, sizeof(r.note), "%u ports", n);
		reach_tell(a->e->run, &r);
		free(text);
	}
}

/* Nothing leaves without a route, whatever the port. */
static bool has_route(const struct matrix *m, const struct reach_source *from,
		      const struct addr *to)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->jobs[i].method == METHOD_TCP && m->jobs[i].from == from &&
		    addr_compare(&m->jobs[i].to, to) == 0 && m->jobs[i].routed)
			return true;
	return false;
}

/* Somebody answers at the beacon's address, and nowhere as the beacon. */
static bool stranger(const struct matrix *m, const struct addr *to)
{
	bool other = false;

	for (size_t i = 0; i < m->count; i++) {
		if (m->jobs[i].via != NULL || addr_compare(&m->jobs[i].to, to) != 0)
			continue;
		if (m->jobs[i].reached)
			return false;
		other |= m->results[i] != NULL &&
			 m->results[i]->outcome == OUTCOME_ANSWERED_BY_OTHER;
	}
	return other;
}

static void tell_stranger(struct matrix *m, const struct reach_source *from, const struct addr *to)
{
	struct reach_result r = reach_begin(m->e->run, METHOD_TCP, from, to, 0, "tcp");

	egress_note(&r, "all ports: somebody else answers at the beacon's address");
	reach_tell(m->e->run, &r);
}

static void test_all_ports(struct matrix *m, const struct ports *done)
{
	const struct reach_run *r = m->e->run;

	for (size_t s = 0; s < r->source_count; s++)
		for (size_t i = 0; i < r->beacon->address_count && !reach_stopping(r); i++) {
			const struct reach_source *from = &r->sources[s];
			const struct addr *to = &r->beacon->addresses[i];

			if (addr_is_ipv4(&from->address) != addr_is_ipv4(to) ||
			    !has_route(m, from, to))
				continue;
			/* A mistyped address would be swept else. */
			if (stranger(m, to)) {
				tell_stranger(m, from, to);
				continue;
			}
			struct all_ports *a = calloc(1, sizeof(*a));
			if (a == NULL)
				return;
			a->e = m->e;
			a->from = from;
			a->to = to;
			a->done = done;
			a->next = 1;
			a->began_ms = reach_unix_ms();
			a->beacon_ttl =
				ttl_of_beacon(m, &(struct egress_job){ .from = from, .to = *to });
			pthread_mutex_init(&a->lock, NULL);
			reach_together(work_ports, a, REACH_THREADS_ALL_PORTS);
			tell_ports(a);
			pthread_mutex_destroy(&a->lock);
			free(a);
		}
}

static bool wants_any(const struct reach_options *o)
{
	for (enum reach_method m = 0; m < REACH_METHODS; m++)
		if (o->methods[m] && tests[m] != NULL)
			return true;
	return false;
}

static void run(struct matrix *m)
{
	struct reach_run *r = m->e->run;
	struct ports ports;

	memcpy(m->proxies, r->known->proxies, sizeof(m->proxies));
	m->proxy_count = r->known->proxy_count;
	if (r->options->methods[METHOD_PROXY_CONNECT] || r->options->methods[METHOD_SOCKS5])
		egress_wpad(m->e, r->known->resolvers, r->known->resolver_count, m->proxies,
			    &m->proxy_count);
	if (!choose_ports(r, &ports))
		return;
	for (size_t s = 0; s < r->source_count; s++)
		for (size_t i = 0; i < r->beacon->address_count; i++)
			if (addr_is_ipv4(&r->sources[s].address) ==
			    addr_is_ipv4(&r->beacon->addresses[i]))
				add_direct(m, &r->sources[s], &r->beacon->addresses[i], &ports);
	add_via(m);
	reach_together(work, m, REACH_THREADS);
	bool all = r->options->all_ports && r->options->methods[METHOD_TCP] && !reach_stopping(r);
	if (all)
		test_all_ports(m, &ports);
	conclude(m);
}

int egress_run(struct reach_run *r)
{
	struct egress e = { .run = r, .heard = r->heard };
	struct matrix *m = calloc(1, sizeof(*m));

	if (!wants_any(r->options)) {
		free(m);
		return 0;
	}
	if (m != NULL) {
		m->e = &e;
		m->jobs = calloc(JOBS_MOST, sizeof(*m->jobs));
		m->results = calloc(JOBS_MOST, sizeof(*m->results));
	}
	int error = m != NULL && m->jobs != NULL && m->results != NULL ? 0 : -ENOMEM;
	if (error == 0) {
		overheard_start(r->heard);
		run(m);
		overheard_stop(r->heard);
	}
	if (m != NULL) {
		free(m->jobs);
		free(m->results);
	}
	free(m);
	return error;
}
