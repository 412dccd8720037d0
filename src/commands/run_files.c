/* SPDX-License-Identifier: Apache-2.0 */
#include "commands/run_files.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec/i18n.h"
#include "commands/lock.h"
#include "commands/snapshot.h"

static char *beside(const char *store, const char *ending)
{
	size_t n = strlen(store);
	const char *dot = strrchr(store, '.');
	const char *slash = strrchr(store, '/');
	char *path = NULL;

	if (dot != NULL && (slash == NULL || dot > slash))
		n = (size_t)(dot - store);
	return asprintf(&path, "%.*s%s", (int)n, store, ending) > 0 ? path : NULL;
}

bool run_files_make(struct run_files *p, const char *store, const char *stop_file, const char *html,
		    bool no_html)
{
	p->store = store;
	if (asprintf(&p->journal, "%s.journal", store) < 0)
		p->journal = NULL;
	if (stop_file != NULL)
		p->stop = strdup(stop_file);
	else if (asprintf(&p->stop, "%s.stop", store) < 0)
		p->stop = NULL;
	if (!no_html)
		p->html = html != NULL ? strdup(html) : beside(store, ".html");
	return p->journal != NULL && p->stop != NULL && (p->html != NULL || no_html);
}

void run_files_done(struct run_files *p)
{
	free(p->journal);
	free(p->stop);
	free(p->html);
}

bool run_writable(const char *path)
{
	struct stat st;
	char *folder;

	if (path == NULL)
		return true;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		fprintf(stderr, _("error: %s: cannot write there: %s\n"), path, strerror(EISDIR));
		return false;
	}
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		folder = strdup(".");
	else
		folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	bool good = folder != NULL && access(folder, W_OK | X_OK) == 0;
	if (!good)
		fprintf(stderr, _("error: %s: cannot write there: %s\n"), path, strerror(errno));
	free(folder);
	return good;
}

static void make_uuid(char out[static 37])
{
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		memset(b, 0, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

int64_t run_begin(struct store *store, const struct plan *plan, const struct judging *j,
		  const char *kind, char *plan_text, char ret_uuid[static 37])
{
	const struct site *site = &plan->site;
	char here[256] = "";

	make_uuid(ret_uuid);
	if (gethostname(here, sizeof(here) - 1) != 0 || here[0] == '\0')
		snprintf(here, sizeof(here), "bastion");
	const struct scan_row row = {
		.uuid = ret_uuid,
		.site = site->name,
		.vantage = site->vantage_name != NULL ? site->vantage_name : here,
		.vantage_zone = site->vantage_zone,
		.vantage_kind =
			strcmp(kind, "outside") == 0 ? "public" : snapshot_vantage_kind(site),
		.profile = judging_profiles(j),
		.version = PACKAGE_VERSION,
		.plan = plan_text != NULL ? plan_text : "{}",
		.kind = kind,
		.started = time(NULL),
	};
	int64_t scan = store_scan_begin(store, &row);

	free(plan_text);
	return scan;
}

int run_lock(bool wait)
{
	bool told = false;

	for (;;) {
		char holder[1024] = "";
		int fd = lock_take(LOCK_SENDING);

		if (fd >= 0)
			return fd;
		if (fd != -EADDRINUSE) {
			fprintf(stderr, _("error: the sending lock cannot be taken: %s\n"),
				strerror(-fd));
			return -1;
		}
		if (!told) {
			lock_holder(LOCK_SENDING, holder, sizeof(holder));
			fprintf(stderr,
				wait ? _("waiting: another scan is sending from this bastion: %s\n")
				     : _("error: another scan is sending from this bastion: %s\n"),
				holder);
		}
		told = true;
		if (!wait)
			return -1;
		sleep(1);
	}
}

void run_describe(char *out, size_t n, const char *store)
{
	const struct passwd *user = getpwuid(geteuid());
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(out, n, "process %ld, user %s, since %s, store %s", (long)getpid(),
		 user != NULL ? user->pw_name : "?", when, store);
}
