/* SPDX-License-Identifier: Apache-2.0 */
/* The store: the journal that the sending processes wrote as a file is taken in. */
#include "store/store_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/journal_line.h"

/* So long a guard may live on without its main process. */
enum { GUARD_MS = 5000 };

/* Taking one file in. */
struct taking {
	int64_t scan;
	int64_t *blocks; /* by lane: its present block's number, 0: none */
	size_t lanes;
	int64_t before, number; /* the last one that the store had, the last one given */
	char *ports;            /* of the block before */
	/* The same of questions, which count downwards; asked_before 0: the file is new to the store. */
	int64_t asked_before, asked;
};

/* The file of a process that ended between the commit and the file's removal is there again. */
static bool known_lane(struct store *s, const struct taking *t, const struct journal_lane_line *l)
{
	if (t->before == 0)
		return false;
	sqlite3_stmt *st = store_statement(s, KNOWN_LANE);

	if (st == NULL)
		return false;
	sqlite3_bind_int64(st, 1, t->scan);
	sqlite3_bind_int64(st, 2, t->before + 1);
	sqlite3_bind_int64(st, 3, l->lane);
	sqlite3_bind_int64(st, 4, l->ms);
	sqlite3_bind_text(st, 5, l->targets, -1, SQLITE_STATIC);
	int code = sqlite3_step(st);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		store_fail(s, code);
	sqlite3_reset(st);
	return code == SQLITE_ROW;
}

static void take_lane(struct store *s, struct taking *t, const struct journal_lane_line *l)
{
	enum { LANES_MOST = 1 << 20 }; /* no run has so many; the file may be anybody's */

	if (l->lane >= LANES_MOST)
		return;
	if (l->lane >= t->lanes) {
		size_t more = (size_t)l->lane + 64;
		int64_t *list = realloc(t->blocks, more * sizeof(*list));

		if (list == NULL) {
			store_out_of_memory(s);
			return;
		}
		memset(list + t->lanes, 0, (more - t->lanes) * sizeof(*list));
		t->blocks = list;
		t->lanes = more;
	}
	t->blocks[l->lane] = 0;
	if (known_lane(s, t, l) || s->fault != STORE_OK)
		return;
	/* One list for all blocks of a run, and it may have 65,535 ports. */
	bool same = t->ports != NULL && strcmp(t->ports, l->ports) == 0;
	if (!same) {
		free(t->ports);
		t->ports = strdup(l->ports);
	}
	t->blocks[l->lane] = ++t->number;
	store_run(s, INSERT_LANE,
		  "iiiiti"
		  "zitt",
		  t->scan, t->number, (int64_t)l->lane, l->ms, l->source, (int64_t)l->source_port,
		  l->key, sizeof(l->key), (int64_t)l->hosts, same ? NULL : l->ports, l->targets);
}

static void take_stretch(struct store *s, struct taking *t, const struct journal_stretch_line *r)
{
	if (r->lane < t->lanes && t->blocks[r->lane] != 0)
		store_run(s, INSERT_STRETCH, "iiiitii", t->scan, t->blocks[r->lane], ++t->number,
			  r->ms, r->kind, r->first, r->last);
}

/* Of a file that is there again the lines are known from the first on. */
static void take_asked(struct store *s, struct taking *t, const struct journal_asked_line *a)
{
	if (store_run(s, ASK_JOURNAL, "iiittitti", t->scan, t->asked - 1, a->ms, a->source, a->to,
		      (int64_t)a->port, a->port == 0 ? "icmp" : "udp", a->kind, t->asked_before) &&
	    sqlite3_changes(s->db) > 0) {
		t->asked--;
		t->asked_before = 0;
	}
}

static bool read_opened(const char *line, long long *number, long long *ms, char address[static 96],
			unsigned *port, bool *udp, char word[static 32])
{
	int rest = 0;

	*udp = sscanf(line, "O %lld %lld %95s %u/udp %31s%n", number, ms, address, port, word,
		      &rest) == 5;
	return (*udp || sscanf(line, "O %lld %lld %95s %u %31s%n", number, ms, address, port, word,
			       &rest) == 5) &&
	       line[rest] == '\0';
}

static void take_connection(struct store *s, int64_t scan, const char *line)
{
	char address[96], word[32], found[16];
	long long number, ms;
	unsigned port, packets;
	unsigned long long sent, received;
	int rest = 0;
	bool udp;

	if (read_opened(line, &number, &ms, address, &port, &udp, word))
		store_run(s, OPEN_JOURNAL,
			  "iitit"
			  "itt",
			  scan, (int64_t)number, strcmp(word, "sweep") == 0 ? "sweep" : "talk",
			  (int64_t)ms, address, (int64_t)port, udp ? "udp" : "tcp",
			  strcmp(word, "sweep") == 0 ? NULL : word);
	else if (sscanf(line, "B %lld %lld %31s", &number, &ms, word) == 3)
		store_run(s, NAME_JOURNAL, "iit", scan, (int64_t)number, word);
	else if (sscanf(line, "C %lld %lld %95s %u %u %llu %llu %31s%n", &number, &ms, address,
			&port, &packets, &sent, &received, word, &rest) == 8) {
		unsigned no_host = 0;
		int reason = 0;
		bool has = sscanf(line + rest, " %15s %u %n", found, &no_host, &reason) == 2;

		store_run(s, CLOSE_JOURNAL, "iiitiiiittit", scan, (int64_t)number, (int64_t)ms,
			  address, (int64_t)port, (int64_t)packets, (int64_t)sent,
			  (int64_t)received, word, has ? found : NULL, (int64_t)no_host,
			  has && reason > 0 ? line + rest + reason : NULL);
	} else if (sscanf(line, "D %lld %95s %n", &ms, address, &rest) == 2 && rest > 0) {
		store_run(s, DISTRESS_JOURNAL, "itt", scan, address, line + rest);
		store_run(s, DISTRESS_HOST, "itt", scan, address, line + rest);
	}
}

static int64_t last_number(struct store *s, int64_t scan)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "SELECT max(coalesce((SELECT max(number) FROM journal_lane WHERE scan=%lld), 0),"
		 " coalesce((SELECT max(number) FROM journal_stretch WHERE scan=%lld), 0))",
		 (long long)scan, (long long)scan);
	return store_number(s, text);
}

static int64_t last_asked(struct store *s, int64_t scan)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "SELECT min(0, coalesce((SELECT min(number) FROM journal WHERE scan=%lld), 0))",
		 (long long)scan);
	return store_number(s, text);
}

void store_journal(struct store *s, int64_t scan, const char *path)
{
	FILE *f = fopen(path, "re");
	struct taking t = { .scan = scan };
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (f == NULL)
		return;
	/* The guard of a killed scan still closes what is open, and writes it down. */
	for (int i = 0; i < GUARD_MS / 50 && flock(fileno(f), LOCK_EX | LOCK_NB) != 0; i++)
		usleep(50000);
	if (s->fault == STORE_OK)
		t.before = t.number = last_number(s, scan);
	if (s->fault == STORE_OK)
		t.asked_before = t.asked = last_asked(s, scan);
	while (s->fault == STORE_OK && (n = getline(&line, &room, f)) > 0) {
		struct journal_lane_line lane;
		struct journal_stretch_line stretch;
		struct journal_asked_line asked;

		/* A line that was cut off was not followed by anything sent. */
		if (line[n - 1] != '\n' || strlen(line) != (size_t)n)
			continue;
		line[n - 1] = '\0';
		if (line[0] == 'R' && journal_read_stretch(line, &stretch))
			take_stretch(s, &t, &stretch);
		else if (line[0] == 'L' && journal_read_lane(line, &lane))
			take_lane(s, &t, &lane);
		else if (line[0] == 'A' && journal_read_asked(line, &asked))
			take_asked(s, &t, &asked);
		else
			take_connection(s, scan, line);
	}
	fclose(f);
	free(line);
	free(t.ports);
	free(t.blocks);
	store_commit(s);
	if (s->fault == STORE_OK)
		unlink(path);
}
