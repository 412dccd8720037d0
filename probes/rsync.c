/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rsync daemon: which modules it names, and which of them let strangers in.
 *
 * Specifications: csprotocol.txt of rsync (greeting, #list, the answers to a module's name); rsyncd.conf(5),
 * "list", "auth users".
 *
 * Sent, each on a connection of its own:
 *   @RSYNCD: 30.0, #list     answered by the names of modules that the daemon shows to everybody
 *   @RSYNCD: 30.0, NAME      where strangers may be tried, at most 16 of them: answered
 *                            "@RSYNCD: OK", "@RSYNCD: AUTHREQD challenge" or "@ERROR: reason"; closed then
 * What would be transferred is said in the message after that, which is never sent: no file is listed. Protocol 30
 * is what every rsync since 2008 speaks; its greeting needs no list of checksums.
 */
#include "probe.h"

#include "codec/evidence.h"
#include "codec/limits.h"
#include "codec/writer.h"

enum {
	MODULES_TRIED = 16,
	NAME_MAX_BYTES = 256,
	LINES_MAX = 1024,
};

/* ---- readers ---- */

/* "@RSYNCD: 31.0 sha512 sha256": what follows; empty where it is something else. */
static struct span read_greeting(struct span line)
{
	static const char start[] = "@RSYNCD: ";
	struct span rest = span_from(line, sizeof(start) - 1);

	if (!span_starts(line, start) || rest.length == 0 || rest.at[0] < '0' || rest.at[0] > '9')
		return span_first(line, 0);
	ptrdiff_t end = span_find(rest, " ", 1);
	return end < 0 ? rest : span_first(rest, (size_t)end);
}

static bool rsync_recognise(struct span greeting)
{
	return read_greeting(greeting).length > 0;
}

/* "name           \tcomment": a line before the modules (motd) has no tab. */
static struct span read_module(struct span line)
{
	ptrdiff_t end = span_find(line, "\t", 1);

	return end <= 0 ? span_first(line, 0) : span_trim(span_first(line, (size_t)end));
}

/* ---- conversation ---- */

/* Both greetings. */
static enum ending greet(struct conn *c, json_t *evidence)
{
	struct span version = read_greeting(conn_read_line(c));

	if (!conn_ok(c))
		return conn_received(c) > 0 ? ENDING_NOT_THIS : conn_ending(c);
	if (version.length == 0)
		return ENDING_NOT_THIS;
	if (evidence != NULL)
		note_text(evidence, "protocol", version);
	conn_write_text(c, "@RSYNCD: 30.0\n");
	return ENDING_DONE;
}

static enum ending list_modules(struct conn *c, json_t *modules)
{
	conn_write_text(c, "#list\n");
	for (unsigned i = 0; i < LINES_MAX; i++) {
		struct span line = conn_read_line(c);

		if (!conn_ok(c))
			return conn_ending(c);
		if (span_starts(line, "@RSYNCD: EXIT"))
			return ENDING_DONE;
		if (span_starts(line, "@ERROR"))
			return ENDING_CLOSED;
		struct span name = read_module(line);
		if (name.length == 0 || name.length > NAME_MAX_BYTES)
			continue;
		json_t *module = list_object(modules);
		if (module != NULL)
			note_text(module, "name", name);
	}
	return conn_oddity(c, "rsync.list-endless");
}

/* Does this module let us in without a login? */
static enum ending try_module(struct conn *c, json_t *module)
{
	const char *name = json_string_value(json_object_get(module, "name"));
	char line[NAME_MAX_BYTES * 4 + 2];
	struct writer w = wr_new(line, sizeof(line));

	if (name == NULL) /* no memory for it */
		return ENDING_LIMIT;
	if (!conn_again(c))
		return conn_ending(c);
	enum ending e = greet(c, NULL);
	if (e != ENDING_DONE)
		return e;
	wr_text(&w, name);
	wr_text(&w, "\n");
	if (wr_span(&w).length == 0)
		return ENDING_DONE;
	conn_write_span(c, wr_span(&w));
	for (unsigned i = 0; i < LINES_MAX; i++) {
		struct span answer = conn_read_line(c);

		if (!conn_ok(c))
			return conn_ending(c);
		bool open = span_is(answer, "@RSYNCD: OK");
		if (open || span_starts(answer, "@RSYNCD: AUTHREQD"))
			note_word(module, "access", open ? "open" : "password");
		else if (span_starts(answer, "@ERROR"))
			note_word(module, "access", "refused");
		else
			continue; /* motd */
		return ENDING_DONE;
	}
	return conn_oddity(c, "rsync.answer-endless");
}

static enum ending rsync_run(struct conn *c, json_t *evidence)
{
	size_t tried = 0;
	enum ending e = greet(c, evidence);

	if (e != ENDING_DONE)
		return e;
	note_word(evidence, "product", "rsync");
	if (!conn_anonymous(c)) {
		conn_limited(c, "modules");
		return ENDING_LIMIT;
	}
	json_t *modules = note_list(evidence, "modules");
	e = list_modules(c, modules);
	for (size_t i = 0; i < json_array_size(modules) && e == ENDING_DONE; i++, tried++) {
		if (tried == MODULES_TRIED) {
			conn_limited(c, "modules");
			return ENDING_DONE;
		}
		e = try_module(c, json_array_get(modules, i));
	}
	if (e == ENDING_DONE)
		conn_gathered(c, "modules");
	return e;
}

static const char rsync_view[] =
	"CREATE TEMP VIEW rsync AS SELECT address, port, evidence->>'$.protocol' AS protocol"
	" FROM document WHERE probe = 'rsync' AND evidence <> '{}';"
	"CREATE TEMP VIEW rsync_module AS SELECT d.address, d.port, m.value->>'$.name' AS name,"
	" m.value->>'$.access' AS access FROM document d, json_each(d.evidence, '$.modules') m"
	" WHERE d.probe = 'rsync';";

const struct probe probe_rsync = {
	.name = "rsync",
	.ports = "873",
	.risk = RISK_READ,
	.connections = { 1, 1 + MODULES_TRIED },
	.sent = { 16, (1 + MODULES_TRIED) * 280 },
	.received = { 1024, 262144 },
	.server_first = true,
	.recognise = rsync_recognise,
	.run = rsync_run,
	.view = rsync_view,
};
