/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two pipes lie between both: the numbers of the checks that are to be asked go there, and what became of each
 * comes back (struct answer). The rows themselves stand in a file in memory, so that the helper need not wait
 * until they are read. Who dies closes its ends.
 */
#include "judge/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "judge/arena.h"

enum { LARGE = 3000 }; /* documents: below, one process is done before two have begun */

/* Less than PIPE_BUF: it goes as a whole. */
struct answer {
	uint64_t check;
	uint64_t failed;  /* 1: nothing follows */
	uint64_t nowhere; /* as in struct rows */
	uint64_t count;   /* of rows, which are struct kept */
	uint64_t bytes;   /* of all of it in the file: the rows, then their texts */
};

enum { TEXTS = 5 };

/* A row with the places of its texts among them, each with its end; 0: NULL. */
struct kept {
	struct row row;
	uint64_t texts[TEXTS];
};

struct helper {
	pid_t child;
	int ask, told, file; /* to the child, from it, and what it told; -1: none */
	uint64_t read;       /* bytes of the file */
	const struct catalogue *catalogue;
	bool *offered; /* per check of the catalogue */
};

/* ---- rows in a file ---- */

static void texts_of(struct row *row, const char **ret[static TEXTS])
{
	ret[0] = &row->address;
	ret[1] = &row->asset;
	ret[2] = &row->transport;
	ret[3] = &row->detail;
	ret[4] = &row->evidence;
}

static bool write_all(int fd, const void *bytes, size_t size)
{
	for (const char *p = bytes; size > 0;) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
	}
	return true;
}

static bool read_all(int fd, void *bytes, size_t size)
{
	for (char *p = bytes; size > 0;) {
		ssize_t n = read(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
	}
	return true;
}

/* Writes them behind what stands there. */
static bool put_rows(int file, const struct rows *rows, struct answer *a)
{
	size_t size = 1; /* no text is at 0 */
	const char **texts[TEXTS];
	struct kept *kept = calloc(rows->count + 1, sizeof(*kept));
	char *text = NULL;

	for (size_t i = 0; kept != NULL && i < rows->count; i++) {
		kept[i].row = rows->list[i];
		texts_of(&kept[i].row, texts);
		for (size_t k = 0; k < TEXTS; k++)
			if (*texts[k] != NULL) {
				kept[i].texts[k] = size;
				size += strlen(*texts[k]) + 1;
			}
	}
	if (kept != NULL)
		text = calloc(1, size);
	for (size_t i = 0; text != NULL && i < rows->count; i++) {
		texts_of(&kept[i].row, texts);
		for (size_t k = 0; k < TEXTS; k++) {
			if (*texts[k] != NULL)
				memcpy(text + kept[i].texts[k], *texts[k], strlen(*texts[k]));
			*texts[k] = NULL;
		}
	}
	a->count = rows->count;
	a->nowhere = rows->nowhere;
	a->bytes = rows->count * sizeof(*kept) + size;
	bool good = text != NULL && write_all(file, kept, rows->count * sizeof(*kept)) &&
		    write_all(file, text, size);
	free(kept);
	free(text);
	return good;
}

static int take_rows(const char *bytes, const struct answer *a, struct rows *ret)
{
	size_t head = a->count * sizeof(struct kept);
	const char *all = bytes + head;
	const char **texts[TEXTS];

	*ret = (struct rows){ .arena = arena_new(), .nowhere = a->nowhere };
	char *text = ret->arena != NULL ? arena_array(ret->arena, a->bytes - head, 1) : NULL;
	ret->list = reallocarray(NULL, a->count + 1, sizeof(*ret->list));
	if (text == NULL || ret->list == NULL)
		return -ENOMEM;
	memcpy(text, all, a->bytes - head);
	for (; ret->count < a->count; ret->count++) {
		struct kept kept;
		struct row *row = &ret->list[ret->count];

		memcpy(&kept, bytes + ret->count * sizeof(kept), sizeof(kept));
		*row = kept.row;
		texts_of(row, texts);
		for (size_t k = 0; k < TEXTS; k++)
			*texts[k] = kept.texts[k] != 0 ? text + kept.texts[k] : NULL;
	}
	ret->room = a->count + 1;
	return 0;
}

/* ---- the child ---- */

static struct fence fence_of(const struct judged *j)
{
	return (struct fence){ j->options.time_limit_ms, j->options.memory_limit };
}

/* False: the parent has gone, or there is no room for what it asked for. */
static bool answer(struct judged *j, int told, int file, uint64_t check)
{
	const struct fence fence = fence_of(j);
	struct answer a = { .check = check };
	struct rows rows;

	a.failed = rows_ask(j->db, &j->catalogue->checks[check], &fence, &rows) < 0 ||
		   rows.wrong != NULL;
	bool good = a.failed || put_rows(file, &rows, &a);
	rows_done(&rows);
	return good && write_all(told, &a, sizeof(a));
}

/*
 * Nothing of the parent's connection to the file is used here, and nothing is closed or given back: it is the
 * parent's.
 */
_Noreturn static void help(struct judged *j, const char *path, const struct port_list *ports,
			   int ask, int told, int file)
{
	uint64_t check;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (db_open(path, DB_READ, &j->db) < 0 || views_make(j, ports) < 0)
		_exit(1);
	while (read_all(ask, &check, sizeof(check)) && answer(j, told, file, check))
		;
	_exit(0);
}

/* ---- the parent ---- */

static bool pays(const struct judged *j)
{
	cpu_set_t processors;
	char ask[96];
	int64_t large = 0;

	if (j->options.helper == JUDGE_HELPER_ALWAYS)
		return true;
	/* The end of a scan keeps to the one process that it has. */
	if (j->options.helper == JUDGE_HELPER_NEVER || !db_only_read(j->db) ||
	    sched_getaffinity(0, sizeof(processors), &processors) != 0 ||
	    CPU_COUNT(&processors) < 2)
		return false;
	snprintf(ask, sizeof(ask), "SELECT 1 FROM main.evidence LIMIT 1 OFFSET %d", LARGE);
	return db_number(j->db, ask, 0, &large) >= 0 && large == 1;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool start(struct helper *h, const struct judged *j, const char *path,
		  const struct port_list *ports)
{
	int ask[2], told[2];
	/* Whatever is wrong with a view the first process tells. */
	struct judged own = { .catalogue = j->catalogue,
			      .probes = j->probes,
			      .options = j->options,
			      .scan = j->scan,
			      .now = j->now,
			      .asof = j->asof,
			      .arena = arena_new(),
			      .helping = true };

	own.options.complaints = NULL;
	h->file = memfd_create("rows", MFD_CLOEXEC);
	if (h->file < 0 || own.arena == NULL || pipe2(ask, O_CLOEXEC) != 0)
		goto out;
	if (pipe2(told, O_CLOEXEC) != 0) {
		close(ask[0]);
		close(ask[1]);
		goto out;
	}
	h->child = fork();
	if (h->child == 0) {
		close(ask[1]);
		close(told[0]);
		help(&own, path, ports, ask[0], told[1], h->file);
	}
	close(ask[0]);
	close(told[1]);
	h->ask = ask[1];
	h->told = told[0];
out:
	arena_free(own.arena);
	return h->child > 0;
}

struct helper *helper_start(const struct judged *j, const struct port_list *ports)
{
	const char *path = pays(j) ? db_path(j->db) : NULL;
	struct helper *h = path != NULL ? calloc(1, sizeof(*h)) : NULL;

	if (h == NULL)
		return NULL;
	*h = (struct helper){ .ask = -1, .told = -1, .file = -1, .catalogue = j->catalogue };
	h->offered = calloc(j->catalogue->check_count + 1, sizeof(*h->offered));
	if (h->offered != NULL && start(h, j, path, ports))
		return h;
	helper_end(h);
	return NULL;
}

/* SIGPIPE would end this process for what is no mistake of its own. */
static bool tell(int fd, uint64_t check)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	sigaction(SIGPIPE, &ignore, &before);
	bool good = write_all(fd, &check, sizeof(check));
	sigaction(SIGPIPE, &before, NULL);
	return good;
}

void helper_offer(struct helper *h, size_t check)
{
	/* What the user wrote may take its time, and is asked once. */
	if (h == NULL || h->ask < 0 || h->catalogue->checks[check].own)
		return;
	h->offered[check] = tell(h->ask, check);
	if (!h->offered[check])
		close_end(&h->ask);
}

void helper_all(struct helper *h)
{
	if (h != NULL)
		close_end(&h->ask);
}

/* What the child found; false: it has gone, or could not do it. */
static bool answered(struct helper *h, size_t check, struct rows *ret, int *ret_error)
{
	struct answer a;

	if (h->told < 0)
		return false;
	if (!read_all(h->told, &a, sizeof(a)) || a.check != check) {
		close_end(&h->told);
		return false;
	}
	if (a.failed)
		return false;
	/* From the page that it begins on. */
	uint64_t within = h->read % (uint64_t)sysconf(_SC_PAGESIZE);
	char *bytes = mmap(NULL, a.bytes + within, PROT_READ, MAP_SHARED, h->file,
			   (off_t)(h->read - within));
	h->read += a.bytes;
	if (bytes == MAP_FAILED)
		return false;
	*ret_error = take_rows(bytes + within, &a, ret);
	munmap(bytes, a.bytes + within);
	return true;
}

int helper_rows(struct helper *h, struct judged *j, size_t check, struct rows *ret)
{
	const struct fence fence = fence_of(j);
	int error = 0;

	if (h != NULL && h->offered[check] && answered(h, check, ret, &error))
		return error;
	return rows_ask(j->db, &j->catalogue->checks[check], &fence, ret);
}

void helper_end(struct helper *h)
{
	if (h == NULL)
		return;
	close_end(&h->ask);
	close_end(&h->told);
	close_end(&h->file);
	if (h->child > 0) { /* it only reads: there is nothing that it must finish */
		kill(h->child, SIGKILL);
		while (waitpid(h->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(h->offered);
	free(h);
}
