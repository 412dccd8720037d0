/* SPDX-License-Identifier: Apache-2.0 */
#include "identify.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/ntlm_login.h"
#include "codec/x509_trust.h"
#include "probe.h"
#include "ssh_lent.h"
#include "starttls.h"
#include "tls.h"

enum {
	GREETING_MS = 2000,     /* full depth: how long a server may take to speak first */
	DEADLINE_MS = 5000,     /* one read */
	DEADLINE_UDP_MS = 1500, /* one of two tries; nobody tells that a datagram was lost */
	DEADLINE_OT_MS = 8000,  /* gateways need some 2 s; controllers answer between cycles */
	HELLOS = 16,
};

static const struct fingerprints *fingerprints;
static const struct credentials *credentials;
static const struct login_forms *login_forms;

struct task {
	struct worker *w;
	const struct job *job;
	struct result_header *done;
	enum depth depth;
	bool tried[128];                 /* by index in the registry */
	const struct starttls *starttls; /* TLS may begin inside what is spoken */
	bool starttls_said;              /* the service said that it does */
};

/* A document to main, with what its texts tell of the machine. */
static void report(const struct task *t, int probe, enum ending e, const struct conn *c,
		   json_t *evidence, int64_t started_ms)
{
	fingerprints_tell(fingerprints, probes[probe]->name, evidence);
	worker_report(t->w, t->job, probe, e, c, evidence, started_ms);
}

static int tls_probe(void)
{
	int i = 0;

	while (strcmp(probes[i]->name, "tls") != 0)
		i++;
	return i;
}

static struct conn_setup setup_of(const struct task *t, int probe, json_t *evidence, bool tls)
{
	struct conn_setup s = {
		.depth = t->depth,
		.anonymous = t->job->anonymous,
		.connections = 1,
		.received = GREETING_MAX,
		.deadline_ms = t->job->treatment == TREAT_OT ? DEADLINE_OT_MS : DEADLINE_MS,
		.evidence = evidence,
		.tls = tls,
	};

	if (probe != NO_PROBE) {
		s.connections = probes[probe]->connections[t->depth];
		s.sent = probes[probe]->sent[t->depth];
		s.received = probes[probe]->received[t->depth];
		if (probes[probe]->udp)
			s.deadline_ms = DEADLINE_UDP_MS;
	}
	return s;
}

static void found_name(struct task *t, const char *name, const char *how)
{
	snprintf(t->done->protocol, sizeof(t->done->protocol), "%s", name);
	snprintf(t->done->spoken, sizeof(t->done->spoken), "%s", how);
}

static void found(struct task *t, int probe, const char *how)
{
	found_name(t, probes[probe]->name, how);
}

static void limit(struct task *t, const char *why)
{
	if (t->done->limited[0] == '\0')
		snprintf(t->done->limited, sizeof(t->done->limited), "%s", why);
}

/* Is it the protocol? Everything but "not this" and silence says so, as does what was learnt. */
static bool spoke(enum ending e, const json_t *evidence)
{
	return e == ENDING_DONE || e == ENDING_MALFORMED ||
	       (e != ENDING_NOT_THIS && json_object_size(evidence) > 0);
}

/* Does TLS begin inside this protocol, as far as its own probe was told? */
static void look_for_starttls(struct task *t, int probe, const json_t *evidence)
{
	const struct starttls *row = starttls_find(probes[probe]->name);
	bool known = false;

	if (row == NULL || t->done->tls)
		return;
	for (size_t i = 0; i < countof(row->said) && row->said[i] != NULL; i++) {
		const json_t *said = json_object_get(evidence, row->said[i]);

		t->starttls_said |= json_is_true(said);
		known |= json_is_boolean(said);
	}
	if (t->starttls_said || !known)
		t->starttls = row;
}

/* Runs a probe on an open conversation (freed here) and reports what it brought, if it is spoken. */
static enum ending run(struct task *t, int probe, struct conn *c, json_t *evidence, const char *how,
		       int64_t started_ms)
{
	enum ending e = probes[probe]->run(c, evidence);

	t->tried[probe] = true;
	if (spoke(e, evidence)) {
		found(t, probe, how);
		look_for_starttls(t, probe, evidence);
	}
	if (e !=
	    ENDING_NOT_THIS) /* a silent port where this protocol belongs is worth knowing too */
		report(t, probe, e, c, evidence, started_ms);
	conn_free(c);
	return e;
}

/* One probe on a connection of its own. True where the protocol is spoken; *ret_ending says how it
 * went. */
static bool try_probe(struct task *t, int probe, const char *how, bool tls, enum ending *ret_ending)
{
	json_t *evidence = json_object();
	struct conn_setup setup = setup_of(t, probe, evidence, tls);
	int64_t started_ms = worker_unix_ms();
	struct conn *c = NULL;
	bool good = false;

	*ret_ending = ENDING_LIMIT;
	if (evidence != NULL)
		c = worker_open(t->w, t->job, probe, &setup, ret_ending);
	if (c != NULL) {
		*ret_ending = run(t, probe, c, evidence, how, started_ms);
		good = spoke(*ret_ending, evidence);
	} else if (evidence != NULL) {
		report(t, probe, *ret_ending, NULL, evidence, started_ms);
	}
	json_decref(evidence);
	return good;
}

/* No use in going on with this port. */
static bool hopeless(enum ending e)
{
	return e == ENDING_STOPPED || e == ENDING_DISTRESS || e == ENDING_REFUSED;
}

/* The survey of TLS inside a protocol. True where the protocol is spoken. */
static bool over_starttls(struct task *t, const struct starttls *row, const char *how,
			  enum ending *ret_ending)
{
	int probe = tls_probe();
	json_t *evidence = json_object();
	struct conn_setup setup = setup_of(t, probe, evidence, false);
	int64_t started_ms = worker_unix_ms();

	*ret_ending = ENDING_LIMIT;
	setup.starttls = row->name;
	struct conn *c =
		evidence != NULL ? worker_open(t->w, t->job, probe, &setup, ret_ending) : NULL;
	if (c != NULL)
		*ret_ending = probes[probe]->run(c, evidence);
	bool spoken = json_object_get(evidence, "starttls") != NULL;
	if (spoken && row->ports != NULL)
		found_name(t, row->name, how);
	/* A survey that did not come about after TLS was offered is a gap to be told. */
	if (spoken ? *ret_ending != ENDING_NOT_THIS : evidence != NULL && row->ports == NULL) {
		note_word(evidence, "starttls", row->name);
		report(t, probe, *ret_ending, c, evidence, started_ms);
	}
	conn_free(c);
	json_decref(evidence);
	return spoken;
}

/* In limited depth nobody asks whether TLS is offered, and the checks of it are told so. */
static void leave_starttls(struct task *t)
{
	json_t *evidence = json_object();
	int64_t now = worker_unix_ms();

	for (size_t i = 0; tls_facets[i] != NULL; i++)
		list_word(note_list(evidence, "limited"), tls_facets[i]);
	note_word(evidence, "starttls", t->starttls->name);
	if (evidence != NULL)
		report(t, tls_probe(), ENDING_DONE, NULL, evidence, now);
	json_decref(evidence);
}

/* Waits for a greeting and lets the probe that knows it go on. Without `speak` only the name is
 * noted. *ret_silent: nothing was said. */
static bool by_greeting(struct task *t, bool speak, bool *ret_silent, enum ending *ret_ending)
{
	json_t *evidence = json_object();
	struct conn_setup setup = setup_of(t, NO_PROBE, evidence, false);
	int64_t started_ms = worker_unix_ms();
	struct conn *c =
		evidence != NULL ? worker_open(t->w, t->job, NO_PROBE, &setup, ret_ending) : NULL;
	bool good = false;

	*ret_silent = false;
	if (c == NULL) {
		json_decref(evidence);
		return false;
	}
	struct span greeting = conn_peek_quiet(c, GREETING_MAX, GREETING_MS);
	*ret_silent = greeting.length == 0;
	*ret_ending = ENDING_NOT_THIS;
	for (int i = 0; greeting.length > 0 && probes[i] != NULL; i++) {
		const struct probe *p = probes[i];

		if (t->tried[i] || p->recognise == NULL || !p->recognise(greeting))
			continue;
		if (!speak) {
			found(t, i, "greeting");
			good = true;
			break;
		}
		struct conn_setup own = setup_of(t, i, evidence, false);
		*ret_ending = worker_become(t->w, c, i, &own);
		if (*ret_ending != ENDING_DONE)
			break;
		*ret_ending = run(t, i, c, evidence, "greeting", started_ms);
		c = NULL;
		good = spoke(*ret_ending, evidence);
		break;
	}
	conn_free(c);
	json_decref(evidence);
	return good;
}

/* Where a protocol belongs that has no probe yet: far enough to survey its TLS. */
static bool by_starttls(struct task *t, enum ending *ret_ending)
{
	for (const struct starttls *row = starttls_rows; row->name != NULL; row++) {
		if (!starttls_belongs(row, t->job->port))
			continue;
		if (over_starttls(t, row, "port", ret_ending))
			return true;
		if (hopeless(*ret_ending))
			return false;
	}
	return false;
}

static bool by_port(struct task *t, enum ending *ret_ending)
{
	*ret_ending = ENDING_NOT_THIS;
	for (int i = 0; probes[i] != NULL; i++) {
		if (probes[i]->within != NULL || probes[i]->udp != t->job->udp ||
		    !probe_belongs(probes[i], t->job->port) ||
		    (t->depth == DEPTH_LIMITED && !probes[i]->ot))
			continue;
		if (try_probe(t, i, "port", false, ret_ending))
			return true;
		if (hopeless(*ret_ending) || t->depth == DEPTH_LIMITED)
			return false;
	}
	return false;
}

static bool by_hello(struct task *t, enum ending *ret_ending)
{
	for (int order = 1; order <= HELLOS; order++)
		for (int i = 0; probes[i] != NULL; i++) {
			if (probes[i]->hello_order != order || t->tried[i])
				continue;
			if (try_probe(t, i, "hello", false, ret_ending))
				return true;
			if (hopeless(*ret_ending))
				return false;
		}
	return false;
}

/* Ports where TLS carries something that is no web page, and that has no probe inside TLS yet; a request for
 * one would be noise in the logs of such a server. */
static bool other_tls(uint16_t port)
{
	static const uint16_t ports[] = { 563,  853,  989,  992,  994, 2484,
					  5061, 5671, 6514, 6697, 8883 };

	for (size_t i = 0; i < countof(ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* TLS stands; what is spoken inside? Where a protocol belongs inside TLS, that one or nothing. */
static void inside_tls(struct task *t, enum ending *ret_ending)
{
	char spoken[sizeof(t->done->spoken)];
	bool owned = other_tls(t->job->port);

	t->done->tls = true;
	memcpy(spoken, t->done->spoken, sizeof(spoken));
	for (int i = 0; probes[i] != NULL; i++) {
		if (!probe_belongs_inside_tls(probes[i], t->job->port))
			continue;
		owned = true;
		if (try_probe(t, i, spoken, true, ret_ending) || hopeless(*ret_ending))
			return;
	}
	for (int i = 0; !owned && probes[i] != NULL; i++)
		if (probes[i]->over_tls && try_probe(t, i, spoken, true, ret_ending))
			return;
}

/* A protocol was spoken that may carry another; the one inside names the service then. */
static void inside(struct task *t, enum ending *ret_ending)
{
	char carrier[sizeof(t->done->protocol)], spoken[sizeof(t->done->spoken)];

	memcpy(carrier, t->done->protocol, sizeof(carrier));
	memcpy(spoken, t->done->spoken, sizeof(spoken));
	for (int i = 0; probes[i] != NULL && !hopeless(*ret_ending); i++)
		if (probes[i]->within != NULL && strcmp(probes[i]->within, carrier) == 0 &&
		    probe_belongs(probes[i], t->job->port) &&
		    try_probe(t, i, spoken, t->done->tls, ret_ending))
			return;
}

/* One login that main ordered, and nothing else. */
static void log_in(struct task *t, enum ending *ret_ending)
{
	const struct credential *k = &credentials->list[t->job->credential - 1];
	const char *name = !t->job->udp                       ? "login"
			   : strcmp(k->protocol, "snmp") == 0 ? "community"
							      : "login-udp";
	json_t *evidence = json_object();
	int64_t started_ms = worker_unix_ms();
	int probe = 0;

	*ret_ending = ENDING_LIMIT;
	while (strcmp(probes[probe]->name, name) != 0)
		probe++;
	struct conn_setup setup = setup_of(t, probe, evidence, t->job->tls);
	setup.credential = k;
	setup.forms = login_forms;
	struct conn *c =
		evidence != NULL ? worker_open(t->w, t->job, probe, &setup, ret_ending) : NULL;
	if (c != NULL)
		*ret_ending = probes[probe]->run(c, evidence);
	if (evidence != NULL)
		report(t, probe, *ret_ending, c, evidence, started_ms);
	conn_free(c);
	json_decref(evidence);
}

void identify(struct worker *w, const struct job *job, struct result_header *done)
{
	struct task t = {
		.w = w,
		.job = job,
		.done = done,
		.depth = job->full_depth ? DEPTH_FULL : DEPTH_LIMITED,
	};
	enum ending e;
	bool silent;

	if (job->credential != 0) {
		if (credentials != NULL && job->credential <= credentials->count)
			log_in(&t, &e);
		else
			e = ENDING_LIMIT;
		done->ending = e;
		return;
	}
	if (job->udp) {
		if (t.depth == DEPTH_LIMITED)
			limit(&t, "limited in OT");
		by_port(&t, &e);
		done->ending = e;
		return;
	}
	if (t.depth == DEPTH_LIMITED) {
		limit(&t, "limited in OT");
		if (!by_port(&t, &e) && e == ENDING_NOT_THIS && job->unassigned)
			by_greeting(&t, false, &silent, &e);
		if (t.starttls != NULL && !hopeless(e))
			leave_starttls(&t);
		done->tls = strcmp(done->protocol, "tls") == 0;
		done->ending = e;
		return;
	}
	bool alone = probe_alone(job->port);
	bool good = by_port(&t, &e);
	if (!good && !hopeless(e) && !job->quiet)
		good = by_starttls(&t, &e);
	/* A greeting would have been heard already: those that stay alone listen first. */
	if (!good && !hopeless(e) && !(alone && e != ENDING_NOT_THIS)) {
		good = by_greeting(&t, !job->quiet, &silent, &e);
		if (!good && silent && job->quiet)
			limit(&t, "printed or logged: nothing is sent");
		else if (!good && silent && !alone && !hopeless(e))
			good = by_hello(&t, &e);
	}
	if (good && strcmp(done->protocol, "tls") == 0)
		inside_tls(&t, &e);
	if (good && !hopeless(e))
		inside(&t, &e);
	if (good && t.starttls_said && !hopeless(e)) {
		enum ending over;

		over_starttls(&t, t.starttls, "port", &over);
		if (hopeless(over))
			e = over;
	}
	done->ending = e;
}

void identify_credentials(const struct credentials *l, const struct login_forms *forms)
{
	credentials = l;
	login_forms = forms;
}

void identify_fingerprints(const struct fingerprints *f)
{
	fingerprints = f;
}

void identify_trust(const char *pem, size_t length)
{
	tls_trust(x509_trust_new(NULL, span_of(pem, length)));
}

void identify_prepare(void)
{
	OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
	ntlm_login_prepare(); /* and DES of old protocols; loaded until the process ends */
	SSL_CTX_free(SSL_CTX_new(TLS_client_method()));
	json_object_seed(0); /* reads /dev/urandom the first time */
	probe_ssh_prepare();
}
