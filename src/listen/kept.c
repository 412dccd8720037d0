/* SPDX-License-Identifier: Apache-2.0 */
/* Facts and operations, each kept once and counted; texts are cleaned, cut and masked before they are kept. */
#include <jansson.h>
#include <stdlib.h>

#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/utf8.h"
#include "listen/listener_parts.h"
#include "wire/frames.h"

struct fact_key {
	uint8_t about[16], peer[16], mac[6];
	uint16_t port;
	uint64_t text; /* keyed digest of kind and value */
	uint8_t udp, has_mac, zero[6];
};

struct kept_fact {
	struct fact_key key;
	const char *kind;
	char *value;
	uint64_t times;
	int64_t first_ms, last_ms;
};

struct operation_key {
	uint8_t master[16], slave[16];
	const char *protocol, *word, *access;
	int unit;
	uint32_t code;
	uint16_t port;
	uint8_t udp, zero[5];
};

struct kept_operation {
	struct operation_key key;
	uint64_t requests, errors;
	int64_t first_ms, last_ms;
};

int kept_init(struct listener *l, uint32_t most_facts, uint32_t most_operations)
{
	int e = table_init(&l->facts, sizeof(struct kept_fact), sizeof(struct fact_key), most_facts,
			   l->setup.seed);

	return e != 0 ? e
		      : table_init(&l->operations, sizeof(struct kept_operation),
				   sizeof(struct operation_key), most_operations, l->setup.seed);
}

void kept_forget(struct listener *l)
{
	for (uint32_t n = 1; n <= l->facts.highest; n++) {
		struct kept_fact *f = table_at(&l->facts, n);

		if (f != NULL)
			free(f->value);
	}
	table_clear(&l->facts);
	table_clear(&l->operations);
	memset(l->kinds, 0, sizeof(l->kinds));
}

void kept_done(struct listener *l)
{
	kept_forget(l);
	table_done(&l->facts);
	table_done(&l->operations);
}

/* The first character, and how long it is only roughly: enough to tell two machines of one address apart. */
static void mask(char *text)
{
	uint32_t v;
	size_t all = strlen(text), first = all > 0 ? utf8_next((const uint8_t *)text, all, &v) : 0;
	size_t stars = all <= 4 ? 3 : all <= 8 ? 6 : all <= 16 ? 10 : 16;

	if (all == 0)
		return;
	memset(text + first, '*', stars);
	text[first + stars] = '\0';
}

enum {
	VALUE_ROOM = TEXT_MAX + 32,
	DOCUMENT_MAX = 48 * 1024, /* what a record to main has room for */
};

static bool plain(struct span s)
{
	for (size_t i = 0; i < s.length; i++)
		if (s.at[i] < 0x20 || s.at[i] >= 0x7f)
			return false;
	return s.length <= TEXT_MAX;
}

static void clean(const struct listener *l, const struct fact *f, char out[static VALUE_ROOM])
{
	if (plain(f->value)) {
		if (f->value.length > 0)
			memcpy(out, f->value.at, f->value.length);
		out[f->value.length] = '\0';
	} else {
		json_t *text = clean_text(f->value);

		snprintf(out, VALUE_ROOM, "%s", text != NULL ? json_string_value(text) : "");
		json_decref(text);
	}
	if (f->personal && !l->setup.show_names)
		mask(out);
}

/* JSON documents (certificates) are longer than texts; a decoder makes them of cleaned texts itself. */
static bool is_document(const struct fact *f)
{
	return f->value.length > TEXT_MAX && f->value.at[0] == '{' &&
	       f->value.length <= DOCUMENT_MAX && strcmp(f->kind, "tls.certificate") == 0;
}

static uint64_t digest(const struct listener *l, const char *kind, const char *value, size_t n)
{
	uint8_t key[16] = { 0 };
	uint64_t parts[2];

	memcpy(key, &l->setup.seed, sizeof(l->setup.seed));
	parts[0] = frame_siphash(key, kind, strlen(kind));
	parts[1] = frame_siphash(key, value, n);
	return frame_siphash(key, parts, sizeof(parts));
}

/* Room for one more of this kind, or NULL. Whoever asks for a thousand names a second must not leave those without
 * room who log in: no kind takes more than half of it. */
static struct kind_share *share_of(struct listener *l, const char *kind, size_t n)
{
	struct kind_share *s = l->kinds;

	/* By its text: two decoders may tell the same kind. */
	while (s < l->kinds + KINDS_MAX - 1 && s->kind != NULL && strcmp(s->kind, kind) != 0)
		s++;
	if (s->kind == NULL)
		s->kind = kind;
	if (s->count >= l->facts.limit / 2 || s->bytes + n > l->text_most / 2 ||
	    l->text_bytes + n > l->text_most)
		return NULL;
	return s;
}

static void keep(struct listener *l, const struct fact *f, const char *value, size_t n)
{
	struct fact_key key = {
		.port = f->port,
		.udp = f->udp,
		.has_mac = f->mac != NULL,
		.text = digest(l, f->kind, value, n),
	};
	int64_t now_ms = l->notes.time_ns / 1000000;

	memcpy(key.about, f->about.bytes, 16);
	memcpy(key.peer, f->peer.bytes, 16);
	if (f->mac != NULL)
		memcpy(key.mac, f->mac, 6);
	uint64_t hash = table_hash(&l->facts, &key);
	struct kept_fact *k = table_find(&l->facts, &key, hash);
	if (k == NULL) {
		struct kind_share *s = share_of(l, f->kind, n + 1);
		char *copy = s != NULL ? strndup(value, n) : NULL;

		k = copy != NULL ? table_add(&l->facts, &key, hash) : NULL;
		if (k == NULL) {
			free(copy);
			l->counts.facts_left++;
			return;
		}
		l->text_bytes += n + 1;
		s->bytes += n + 1;
		s->count++;
		k->kind = f->kind;
		k->value = copy;
		k->first_ms = k->last_ms = now_ms;
	}
	k->times++;
	if (k->last_ms < now_ms)
		k->last_ms = now_ms;
	if (k->first_ms > now_ms)
		k->first_ms = now_ms;
}

void keep_fact(struct notes *n, const struct fact *f)
{
	struct listener *l = (struct listener *)(void *)n;
	char value[VALUE_ROOM];

	if (f->kind == NULL || (f->mac == NULL && addr_is_none(&f->about)))
		return; /* about nobody */
	if (f->mac != NULL && strncmp(f->kind, "addr.", 5) == 0)
		hosts_own_mac(l, &f->about, f->mac, l->packet.vlan, n->time_ns);
	if (is_document(f)) {
		keep(l, f, (const char *)f->value.at, f->value.length);
		return;
	}
	clean(l, f, value);
	keep(l, f, value, strlen(value));
}

void keep_operation(struct notes *n, const struct operation *o)
{
	struct listener *l = (struct listener *)(void *)n;
	int64_t now_ms = n->time_ns / 1000000;
	struct operation_key key;

	memset(&key, 0, sizeof(key));
	key.protocol = o->protocol;
	key.word = o->word;
	key.access = o->access;
	key.unit = o->unit;
	key.code = o->code;
	key.port = o->port;
	key.udp = o->udp;
	memcpy(key.master, o->master.bytes, 16);
	memcpy(key.slave, o->slave.bytes, 16);
	uint64_t hash = table_hash(&l->operations, &key);
	struct kept_operation *k = table_find(&l->operations, &key, hash);
	if (k == NULL) {
		k = table_add(&l->operations, &key, hash);
		if (k == NULL) {
			l->counts.operations_left++;
			return;
		}
		k->first_ms = k->last_ms = now_ms;
	}
	if (o->error)
		k->errors++;
	else
		k->requests++;
	if (k->last_ms < now_ms)
		k->last_ms = now_ms;
}

void kept_tell_fact(struct listener *l, void *entry)
{
	struct kept_fact *k = entry;
	struct told_fact row = {
		.has_mac = k->key.has_mac != 0,
		.kind = k->kind,
		.value = k->value,
		.port = k->key.port,
		.udp = k->key.udp != 0,
		.times = k->times,
		.first_ms = k->first_ms,
		.last_ms = k->last_ms,
	};

	if (k->times == 0)
		return;
	addr_put(&row.about, k->key.about);
	addr_put(&row.peer, k->key.peer);
	memcpy(row.mac, k->key.mac, 6);
	l->setup.told->fact(l->setup.told->context, &row);
	k->times = 0;
}

void kept_tell_operation(struct listener *l, void *entry)
{
	struct kept_operation *k = entry;
	struct told_operation row = {
		.port = k->key.port,
		.udp = k->key.udp != 0,
		.protocol = k->key.protocol,
		.word = k->key.word,
		.access = k->key.access,
		.unit = k->key.unit,
		.code = k->key.code,
		.requests = k->requests,
		.errors = k->errors,
		.first_ms = k->first_ms,
		.last_ms = k->last_ms,
	};

	if (k->requests + k->errors == 0)
		return;
	addr_put(&row.master, k->key.master);
	addr_put(&row.slave, k->key.slave);
	l->setup.told->operation(l->setup.told->context, &row);
	k->requests = k->errors = 0;
}
