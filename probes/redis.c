/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis (and Valkey): whether commands are answered without a password, and which version.
 *
 * Specifications: Redis serialization protocol (RESP2); the commands PING and INFO of the Redis
 * command reference, neither of which writes. INFO is asked for its section "server" alone, so that
 * the server collects nothing about keys or clients.
 *
 * Sent on one connection:
 *   *1 $4 PING                  answered +PONG, or -NOAUTH, or -DENIED in protected mode
 *   *2 $4 INFO $6 server        only where PING was answered +PONG; version, mode, system are kept
 * No key is listed or read.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/limits.h"

/* What the answer to PING says about the door. */
enum door { DOOR_UNKNOWN, DOOR_OPEN, DOOR_PASSWORD, DOOR_PROTECTED, DOOR_BUSY };

/* ---- readers ---- */

static enum door read_door(struct span line)
{
	static const struct {
		const char *start;
		enum door door;
	} answers[] = {
		{ "+PONG", DOOR_OPEN },
		{ "-NOAUTH", DOOR_PASSWORD },
		{ "-ERR operation not permitted", DOOR_PASSWORD }, /* before 2.8 */
		{ "-NOPERM", DOOR_PASSWORD }, /* an ACL that denies even PING */
		{ "-DENIED", DOOR_PROTECTED },
		{ "-ERR max number of clients", DOOR_BUSY },
		{ "-LOADING", DOOR_BUSY },
	};

	for (size_t i = 0; i < countof(answers); i++)
		if (span_starts(line, answers[i].start))
			return answers[i].door;
	return DOOR_UNKNOWN;
}

/* "$3208": the length of a bulk string; false where it is none or longer than we hold. */
static bool read_bulk_length(struct span line, size_t *ret)
{
	size_t n = 0;

	if (line.length < 2 || line.length > 7 || line.at[0] != '$')
		return false;
	for (size_t i = 1; i < line.length; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return false;
		n = n * 10 + (line.at[i] - '0');
	}
	if (n > HTTP_BODY_MAX)
		return false;
	*ret = n;
	return true;
}

/* The value of "key:value\r\n" in the text of INFO; empty where it is missing. */
static struct span info_value(struct span info, const char *key)
{
	size_t n = strlen(key);

	while (info.length > 0) {
		ptrdiff_t end = span_find(info, "\n", 1);
		struct span line = end < 0 ? info : span_first(info, (size_t)end);

		if (span_starts(line, key) && line.length > n && line.at[n] == ':')
			return span_trim(span_from(line, n + 1));
		info = end < 0 ? span_first(info, 0) : span_from(info, (size_t)end + 1);
	}
	return info;
}

/* ---- writers ---- */

static void note_info(json_t *evidence, struct span info)
{
	static const struct {
		const char *key, *as;
	} kept[] = { { "os", "os" },
		     { "redis_mode", "mode" },
		     { "redis_version", "version" },
		     { "valkey_version", "version" } };

	for (size_t i = 0; i < countof(kept); i++) {
		struct span value = info_value(info, kept[i].key);

		if (value.length > 0)
			note_text(evidence, kept[i].as, value);
	}
	if (info_value(info, "valkey_version").length > 0)
		note_word(evidence, "product", "Valkey");
}

/* ---- conversation ---- */

static enum ending ask_info(struct conn *c, json_t *evidence)
{
	size_t n;

	conn_write_text(c, "*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n");
	struct span line = conn_read_line(c);
	if (!conn_ok(c))
		return conn_ending(c);
	if (line.length > 0 && line.at[0] == '-') /* renamed, or an ACL denies it */
		return ENDING_DONE;
	if (!read_bulk_length(line, &n))
		return conn_oddity(c, "redis.info-malformed");
	struct span info = conn_read(c, n);
	if (!conn_ok(c))
		return conn_ending(c);
	note_info(evidence, info);
	conn_gathered(c, "info");
	return ENDING_DONE;
}

static enum ending redis_run(struct conn *c, json_t *evidence)
{
	static const char *const words[] = { [DOOR_OPEN] = "open",
					     [DOOR_PASSWORD] = "password",
					     [DOOR_PROTECTED] = "protected-mode",
					     [DOOR_BUSY] = "busy" };

	conn_write_text(c, "*1\r\n$4\r\nPING\r\n");
	struct span line = conn_read_line(c);
	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	enum door door = read_door(line);
	if (door == DOOR_UNKNOWN)
		return ENDING_NOT_THIS;
	note_word(evidence, "product", "Redis");
	note_word(evidence, "access", words[door]);
	if (door == DOOR_BUSY)
		return ENDING_CLOSED;
	note_bool(evidence, "open", door == DOOR_OPEN);
	conn_gathered(c, "access");
	return door == DOOR_OPEN ? ask_info(c, evidence) : ENDING_DONE;
}

static const char redis_view[] =
	"CREATE TEMP VIEW redis AS SELECT address, port, evidence->>'$.open' AS open,"
	" evidence->>'$.version' AS version FROM document"
	" WHERE probe = 'redis' AND evidence <> '{}';";

const struct probe probe_redis = {
	.name = "redis",
	.ports = "6379",
	.risk = RISK_READ,
	.connections = { 1, 1 },
	.sent = { 64, 64 },
	.received = { 16384, 16384 },
	.hello_order = 9,
	.run = redis_run,
	.view = redis_view,
};
