/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names below the beacon's own zone, through a resolver or straight to the beacon: whoever answers with the
 * right records had the question from us and the answer from the beacon. RFC 1035.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "codec/dns.h"
#include "codec/evidence.h"
#include "reach/egress.h"

enum { PORT = 53, MESSAGE = 1232, AGAIN_MS = 1500, TRIES = 3, ADDRESSES = 8, TEXTS = 4 };

/* What an answer brought. */
struct heard_names {
	struct addr addresses[ADDRESSES];
	size_t address_count;
	char texts[TEXTS][TOKEN_TEXT];
	size_t text_count;
};

static void take(void *context, const struct dns_record *r)
{
	struct heard_names *h = context;

	if (r->type == DNS_A && h->address_count < ADDRESSES)
		h->addresses[h->address_count++] = r->address;
	else if (r->type == DNS_TXT && h->text_count < TEXTS && strlen(r->target) < TOKEN_TEXT)
		snprintf(h->texts[h->text_count++], TOKEN_TEXT, "%s", r->target);
}

static uint16_t random_id(void)
{
	uint16_t id = 0;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		id = 0x7e41;
	return id;
}

static struct reach_link_to way_of(const struct egress_job *job)
{
	struct reach_link_to way = { .use = GATE_BEACON,
				     .to = job->to,
				     .port = PORT,
				     .udp = true,
				     .from = job->from,
				     .purpose = "reach-dns" };

	if (job->via != NULL) {
		way.use = GATE_RESOLVER;
		way.to = job->via->address;
	}
	return way;
}

/* One question until an answer or silence. 0, or negative errno. */
static int ask(struct egress *e, struct reach_talk *t, const char *name, enum dns_type type,
	       struct dns_message *ret, struct heard_names *heard, uint8_t *bytes, size_t *length)
{
	uint8_t out[DNS_QUESTION];
	struct dns_asked q = { .id = random_id(),
			       .recursion = true,
			       .name = name,
			       .type = type,
			       .class = DNS_CLASS_IN,
			       .room = MESSAGE };
	size_t n = dns_ask(out, sizeof(out), &q);

	if (n == 0)
		return -EINVAL;
	for (int i = 0; i < TRIES; i++) {
		int64_t until = reach_mono_ms() + AGAIN_MS;
		ssize_t got;

		if (!reach_send(e->run, t, out, n))
			return errno == ECONNREFUSED || errno == EHOSTUNREACH ? -errno
									      : -ECONNREFUSED;
		while ((got = egress_read(e, t, bytes, MESSAGE, until)) >= 0) {
			*heard = (struct heard_names){ 0 };
			if (dns_read(span_of(bytes, (size_t)got), ret, take, heard) &&
			    ret->answer && ret->id == q.id && dns_same_name(ret->question, name) &&
			    ret->question_type == type) {
				*length = (size_t)got;
				return 0;
			}
		}
		if (got != -ETIMEDOUT)
			return (int)got;
	}
	return -ETIMEDOUT;
}

/* Does this resolver know a name that nobody has? "invalid" has no names (RFC 6761, 6.4). */
static bool knows_everything(struct egress *e, struct reach_talk *t)
{
	char name[64];
	uint64_t noise = 0;
	struct dns_message m;
	struct heard_names heard;
	uint8_t bytes[MESSAGE];
	size_t n;

	if (getrandom(&noise, sizeof(noise), 0) != sizeof(noise))
		return false;
	snprintf(name, sizeof(name), "t%016llx.invalid", (unsigned long long)noise);
	return ask(e, t, name, DNS_A, &m, &heard, bytes, &n) == 0 && m.code == DNS_NO_ERROR &&
	       heard.address_count > 0;
}

static enum token_verdict judge(struct egress *e, struct token_asked *asked, enum dns_type type,
				const struct heard_names *heard, struct token_answer *ret)
{
	enum token_verdict v = TOKEN_NONE;

	*ret = (struct token_answer){ 0 };
	if (type == DNS_A)
		return token_check_addresses(e->run->key, asked, heard->addresses,
					     heard->address_count);
	for (size_t i = 0; i < heard->text_count && v != TOKEN_RIGHT; i++)
		v = token_check_text(e->run->key, asked, span_text(heard->texts[i]), ret);
	return v;
}

static void conclude(struct egress *e, struct egress_job *job, struct reach_talk *t,
		     struct token_asked *asked, enum dns_type type, const struct dns_message *m,
		     const struct heard_names *heard, struct span bytes, struct reach_result *ret)
{
	struct token_answer a;
	json_t *o;
	enum token_verdict v = judge(e, asked, type, heard, &a);

	if (v == TOKEN_RIGHT) {
		egress_reached(ret, asked, &a, bytes);
		return;
	}
	o = json_object();
	note_int(o, "code", m->code);
	note_text(o, "name", span_text(m->question));
	if (heard->address_count == 0 && heard->text_count == 0) {
		ret->outcome = OUTCOME_NAME_REFUSED;
		egress_evidence(ret, o);
		return;
	}
	char text[ADDR_TEXT];
	for (size_t i = 0; i < heard->address_count; i++)
		list_word(note_list(o, "addresses"), addr_format(&heard->addresses[i], text));
	ret->outcome = OUTCOME_ANSWERED_BY_OTHER;
	job->wildcard = job->via != NULL && knows_everything(e, t);
	note_bool(o, "wildcard", job->wildcard);
	note_word(o, "token", token_verdict_word(v));
	egress_evidence(ret, o);
	egress_note(ret, job->wildcard ? "this resolver answers every name"
				       : "an answer that is not the beacon's");
}

void egress_dns(struct egress *e, struct egress_job *job, struct reach_result *ret)
{
	struct reach_link_to way = way_of(job);
	enum dns_type type = job->method == METHOD_DNS_A ? DNS_A : DNS_TXT;
	struct heard_names heard;
	struct dns_message m;
	struct token_asked asked;
	struct reach_talk t;
	char name[TOKEN_NAME];
	uint8_t bytes[MESSAGE];
	size_t n = 0;

	if (!egress_open(e, job, &way, &t, ret))
		return;
	if (!egress_question(e, TOKEN_DNS, 0, job->method != METHOD_DNS_LONG, &asked) ||
	    !token_name(&asked, e->run->beacon->dns_name, name)) {
		egress_note(ret, "the beacon's zone leaves no room for a question");
	} else {
		int error = ask(e, &t, name, type, &m, &heard, bytes, &n);

		if (error != 0)
			egress_failed(e, job, &t, -error, ret);
		else
			conclude(e, job, &t, &asked, type, &m, &heard, span_of(bytes, n), ret);
	}
	reach_end(e->run, &t, reach_outcome_word(ret->outcome));
}

int egress_resolve(struct egress *e, const struct reach_server *resolver, const char *name,
		   struct addr *list, size_t room)
{
	struct reach_link_to way = { .use = GATE_RESOLVER,
				     .to = resolver->address,
				     .port = PORT,
				     .udp = true,
				     .purpose = "reach-dns" };
	struct dns_message m;
	struct heard_names heard = { 0 };
	struct reach_talk t;
	uint8_t bytes[MESSAGE];
	size_t n = 0;

	if (!reach_connect(e->run, &way, &t))
		return -EHOSTUNREACH;
	int error = ask(e, &t, name, DNS_A, &m, &heard, bytes, &n);
	reach_end(e->run, &t, error == 0 ? "done" : "silent");
	if (error != 0)
		return error;
	for (size_t i = 0; i < heard.address_count && i < room; i++)
		list[i] = heard.addresses[i];
	return (int)(heard.address_count < room ? heard.address_count : room);
}
