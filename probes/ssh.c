/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSH: which server it is, what it offers, its host keys and how one may log in.
 *
 * Learnt: the identification (protocol, software, product, version), whether protocol 1 is offered,
 * the algorithm lists, strict key exchange; in full depth every host key, the groups that a group
 * exchange gives, the login methods.
 *
 * Specifications: RFC 4253 4.2 (identification, lines before it), 5 (protocol 1.99), 6 (packets),
 * 7.1 (KEXINIT), 8 (Diffie-Hellman); RFC 4419 (group exchange), 5656 and 8731 (elliptic curves);
 * RFC 4252 5.2 (the "none" request); OpenSSH's PROTOCOL 1.10 (strict key exchange) and
 * PROTOCOL.certkeys.
 *
 * Sent on the first connection, after the server's identification was heard:
 *   SSH-2.0-tenken_0.1 CR LF     many servers send their KEXINIT only after it
 *   KEXINIT                      only where the server stays silent after that: some wait for the
 *                                client's. It is what every client says first (RFC 4253 7.1)
 * In limited depth the connection is then closed: no key is exchanged, so that the device computes
 * nothing. A server of protocol 1 alone gets nothing.
 *
 * In full depth (ssh_survey.c), once for each host key, the first time on that same connection:
 *   KEXINIT                      one key exchange, the cheapest for the server that both know, and
 *                                one host key algorithm
 *   KEXDH_INIT, KEX_ECDH_INIT    our half of it, 32 bytes on most servers; where there is nothing
 *                                but group exchange KEX_DH_GEX_REQUEST and _INIT
 * The server answers with its host key and the connection is closed. It is what ssh-keyscan does. The
 * server signs once and keeps nothing; a client may leave here at any time, and nothing that follows
 * (keys, login) is begun. On at most three more connections, where a group exchange is offered:
 *   KEX_DH_GEX_REQUEST           which group it gives for 512 to 1024, 1024 to 2048 and 2048 to 8192
 *                                bits (RFC 4419 3); nothing is computed with the answer
 *
 * A last connection goes through libssh: key exchange, then the "none" request for the user
 * "tenken-nobody", which no device has. RFC 4252 5.2 defines it as the question for the list of
 * methods; no password and no key is ever offered.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/product.h"
#include "ssh_lent.h"
#include "ssh_survey.h"

enum {
	KEXINIT_WAIT_MS = 2000,
	SESSION_TIMEOUT_MS = 20000,
	ONE_WAY_MAX = 16, /* names of a list that are told to be so */
};

/* "2.0", or "1.99" for both; anything else cannot speak version 2 (RFC 4253 5.1). */
static bool speaks_version_2(const struct ssh_identification *id)
{
	return span_is(id->protocol, "2.0") || span_is(id->protocol, "1.99");
}

/* Lines may stand before the identification (RFC 4253 4.2). */
static bool ssh_recognise(struct span greeting)
{
	return span_starts(greeting, "SSH-") || span_find(greeting, "\nSSH-", 5) >= 0;
}

/* ---- writers ---- */

static void note_identification(json_t *evidence, const struct ssh_identification *id)
{
	struct product p = product_split(id->software);

	note_text(evidence, "banner", id->line);
	note_text(evidence, "protocol", id->protocol);
	note_text(evidence, "software", id->software);
	if (id->comment.length > 0)
		note_text(evidence, "comment", id->comment);
	note_product(evidence, &p);
}

/* The name was not in this set of names; now it is. */
static bool is_new(json_t *known, struct span name)
{
	char key[SSH_NAME_MAX + 1] = "";

	memcpy(key, name.at, name.length);
	if (json_object_get(known, key) != NULL)
		return false;
	json_object_set_new(known, key, json_true());
	return true;
}

/* False where a name was none, or there were too many, and something was left out. */
static bool note_names(json_t *array, json_t *known, struct span list)
{
	bool good = true;

	while (list.length > 0) {
		struct span name = ssh_next_name(&list);

		if (!ssh_is_name(name)) {
			good = false;
		} else if (is_new(known, name)) {
			if (json_array_size(array) == LIST_MAX)
				return false;
			list_text(array, name);
		}
	}
	return good;
}

/* The names of this direction that the other does not have. */
static void note_one_way(json_t *evidence, const char *kind, struct span list, struct span other,
			 const char *direction)
{
	unsigned count = 0;

	for (unsigned i = 0; i < LIST_MAX && list.length > 0 && count < ONE_WAY_MAX; i++) {
		struct span name = ssh_next_name(&list);
		char key[SSH_NAME_MAX + 1] = "";

		if (!ssh_is_name(name))
			continue;
		memcpy(key, name.at, name.length);
		if (ssh_list_has(other, key))
			continue;
		note_word(note_object(note_object(evidence, "one_way"), kind), key, direction);
		count++;
	}
}

static bool same(struct span a, struct span b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* Both directions of a kind are one list; "one_way" tells names that one of them lacks. */
static bool note_kexinit(json_t *evidence, const struct ssh_kexinit *k)
{
	static const struct {
		const char *kind;
		unsigned first, last;
	} kinds[] = { { "kex", KEX, KEX },
		      { "hostkey", HOSTKEY, HOSTKEY },
		      { "cipher", CIPHER, CIPHER_BACK },
		      { "mac", MAC, MAC_BACK },
		      { "compression", COMPRESSION, COMPRESSION_BACK } };
	json_t *algorithms = note_object(evidence, "algorithms");
	bool good = true;

	for (size_t i = 0; i < countof(kinds); i++) {
		const char *kind = kinds[i].kind;
		struct span there = k->list[kinds[i].first], back = k->list[kinds[i].last];
		json_t *list = note_list(algorithms, kind), *known = json_object();

		good = note_names(list, known, there) && good;
		if (!same(there, back)) {
			good = note_names(list, known, back) && good;
			note_one_way(evidence, kind, there, back, "to-server");
			note_one_way(evidence, kind, back, there, "to-client");
		}
		json_decref(known);
	}
	note_bool(evidence, "strict_kex",
		  ssh_list_has(k->list[KEX], "kex-strict-s-v00@openssh.com"));
	return good;
}

/* ---- conversation ---- */

/* For a server that waits for it: what most servers have one of. */
static void say_any_kexinit(struct conn *c)
{
	static const char *const words[LISTS] = {
		[KEX] = "curve25519-sha256,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
		[HOSTKEY] = "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-256,ssh-rsa,ssh-dss",
		[CIPHER] = "aes128-ctr,aes256-ctr,aes128-cbc,3des-cbc",
		[CIPHER_BACK] = "aes128-ctr,aes256-ctr,aes128-cbc,3des-cbc",
		[MAC] = "hmac-sha2-256,hmac-sha1,hmac-md5",
		[MAC_BACK] = "hmac-sha2-256,hmac-sha1,hmac-md5",
		[COMPRESSION] = "none",
		[COMPRESSION_BACK] = "none",
		[LANGUAGES] = "",
		[LANGUAGES_BACK] = "",
	};
	struct span lists[LISTS];

	for (size_t i = 0; i < LISTS; i++)
		lists[i] = span_text(words[i]);
	ssh_say_kexinit(c, lists, false);
}

/* ret_silent: ours was said, so that this connection has chosen its algorithms. */
static enum ending hear_kexinit(struct conn *c, json_t *evidence, struct ssh_offer *ret,
				bool *ret_silent)
{
	struct span payload;
	struct ssh_kexinit k;
	bool padded;

	*ret_silent = conn_peek_quiet(c, 1, KEXINIT_WAIT_MS).length == 0 && !conn_peer_closed(c);
	if (*ret_silent)
		say_any_kexinit(c);
	enum ending e = ssh_hear(c, &payload, &padded);
	if (e != ENDING_DONE)
		return e;
	if (!padded)
		conn_note_oddity(c, "ssh.packet-padding");
	if (payload.at[0] != SSH_MSG_KEXINIT)
		return conn_oddity(c, "ssh.packet-unexpected");
	if (!ssh_read_kexinit(payload, &k))
		return conn_oddity(c, "ssh.kexinit-malformed");
	if (note_kexinit(evidence, &k))
		conn_gathered(c, "algorithms");
	else
		conn_note_oddity(c, "ssh.algorithm-name");
	ssh_read_offer(&k, ret);
	return ENDING_DONE;
}

static void ask_session(struct conn *c, json_t *evidence)
{
	int fd = conn_again(c) ? conn_lend(c, SSH_LENT_PACKETS) : -1;

	if (fd >= 0 && ssh_lent_ask(fd, SESSION_TIMEOUT_MS, evidence))
		conn_gathered(c, "auth");
}

/* What fails here leaves its facet out of the coverage; the conversation itself is done. */
static enum ending survey(struct conn *c, const struct ssh_offer *offer, bool here,
			  json_t *evidence)
{
	if (ssh_survey_keys(c, offer, here, evidence))
		conn_gathered(c, "hostkey");
	if (ssh_survey_moduli(c, offer, evidence))
		conn_gathered(c, "moduli");
	ask_session(c, evidence);
	enum ending e = conn_ending(c);
	return e == ENDING_STOPPED || e == ENDING_DISTRESS ? e : ENDING_DONE;
}

static enum ending ssh_run(struct conn *c, json_t *evidence)
{
	struct ssh_identification id;
	struct ssh_offer offer;
	bool silent;
	enum ending e = ssh_hear_identification(c, &id);

	if (e != ENDING_DONE)
		return e;
	bool version_2 = speaks_version_2(&id);
	note_identification(evidence, &id);
	if (!version_2)
		return ENDING_DONE;
	ssh_say_identification(c);
	e = hear_kexinit(c, evidence, &offer, &silent);
	if (conn_depth(c) == DEPTH_LIMITED) {
		conn_limited(c, "hostkey");
		conn_limited(c, "moduli");
		conn_limited(c, "auth");
		return e;
	}
	return e == ENDING_DONE ? survey(c, &offer, !silent, evidence) : e;
}

/* The columns hostkey_* are those of the first key, RSA where there is one. */
static const char ssh_view[] =
	"CREATE TEMP VIEW ssh AS SELECT address, port, evidence->>'$.software' AS software,"
	" evidence->>'$.protocol' AS protocol, evidence->>'$.product' AS product,"
	" evidence->>'$.version' AS version, evidence->>'$.hostkeys[0].type' AS hostkey_type,"
	" evidence->>'$.hostkeys[0].bits' AS hostkey_bits,"
	" evidence->>'$.hostkeys[0].sha256' AS hostkey_sha256,"
	" (SELECT min(m.value->>'$.bits') FROM json_each(json_member(evidence, 'moduli')) m) AS "
	"least_modulus,"
	" evidence->>'$.strict_kex' AS strict_kex, evidence->>'$.auth_banner' AS auth_banner,"
	" evidence->>'$.banner' AS banner"
	" FROM document WHERE probe = 'ssh' AND evidence <> '{}';"
	"CREATE TEMP VIEW ssh_algorithm AS WITH d AS MATERIALIZED (SELECT address, port,"
	"  json_member(evidence, 'algorithms') AS algorithms,"
	"  json_member(evidence, 'one_way') AS one_way FROM document WHERE probe = 'ssh')"
	" SELECT d.address, d.port, k.key AS kind, a.value AS algorithm,"
	"  iif(d.one_way IS NULL, 'both', coalesce((SELECT o.value"
	"   FROM json_each(json_member(d.one_way, k.key)) o WHERE o.key = a.value), 'both'))"
	"  AS direction FROM d, json_each(d.algorithms) k, json_each(k.value) a;"
	"CREATE TEMP VIEW ssh_hostkey AS SELECT address, port, k.value->>'$.algorithm' AS "
	"algorithm,"
	" k.value->>'$.type' AS type, k.value->>'$.bits' AS bits, k.value->>'$.sha256' AS sha256,"
	" k.value->>'$.md5' AS md5, k.value->>'$.certificate.authority.type' AS authority_type,"
	" k.value->>'$.certificate.authority.bits' AS authority_bits,"
	" k.value->>'$.certificate.valid_until' AS valid_until"
	" FROM document d, json_each(json_member(d.evidence, 'hostkeys')) k WHERE d.probe = 'ssh';"
	"CREATE TEMP VIEW ssh_modulus AS SELECT address, port, m.value->>'$.min' AS min,"
	" m.value->>'$.preferred' AS preferred, m.value->>'$.max' AS max,"
	" m.value->>'$.bits' AS bits, m.value->>'$.group' AS name"
	" FROM document d, json_each(json_member(d.evidence, 'moduli')) m WHERE d.probe = 'ssh';"
	"CREATE TEMP VIEW ssh_auth AS SELECT address, port, a.value AS method"
	" FROM document d, json_each(json_member(d.evidence, 'auth')) a WHERE d.probe = 'ssh';";

const struct probe probe_ssh = {
	.name = "ssh",
	.ports = "22,2222",
	.risk = RISK_READ,
	/* The first, a further one for each key, the requests for groups, libssh. */
	.connections = { 1, 1 + SSH_KEYS_MAX + SSH_MODULI_MAX + 1 },
	.sent = { 1024, 32768 },
	.received = { 65536, 524288 },
	.ot = true,
	.server_first = true,
	.recognise = ssh_recognise,
	.run = ssh_run,
	.view = ssh_view,
};
