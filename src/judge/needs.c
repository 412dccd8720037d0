/* SPDX-License-Identifier: Apache-2.0 */
/* What a check needs: which words there are, and why a need of the whole scan does not hold. */
#include "judge/judged.h"

#include <stdlib.h>
#include <string.h>

bool need_starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool alternative_known(const char *need)
{
	static const char *const plain[] = { "sweep",   "ledger",         "conduits", "zones",
					     "vantage", "vantage:public", "listen",   "reach",
					     "login",   "advisories",     "declared" };

	for (size_t i = 0; i < countof(plain); i++)
		if (strcmp(need, plain[i]) == 0)
			return true;
	if (need_starts(need, "declared:"))
		return need[9] != '\0';
	if (need_starts(need, "vantage:"))
		return need[8] != '\0';
	if (need_starts(need, "probe:"))
		return need[6] != '\0' && strchr(need, ',') == NULL;
	if (need_starts(need, "any:"))
		return need[4] != '\0' && need[4] != ',';
	if (need_starts(need, "ports:"))
		return need[6] != '\0' && need[6] != '/';
	if (need_starts(need, "port:"))
		return need[5] != '\0' && strspn(need + 5, "0123456789,-") == strlen(need + 5);
	return false;
}

bool need_next(const char **need, char alternative[static NEED_TEXT])
{
	size_t length = strcspn(*need, "|");

	if (length == 0 || length >= NEED_TEXT)
		return false;
	memcpy(alternative, *need, length);
	alternative[length] = '\0';
	*need += length + ((*need)[length] == '|');
	return true;
}

bool need_known(const char *need)
{
	char alternative[NEED_TEXT];

	if (need_starts(need, "or:"))
		need += 3;
	do {
		if (!need_next(&need, alternative) || !alternative_known(alternative))
			return false;
	} while (*need != '\0');
	return true;
}

bool need_has_probes(const struct judge_probe *probes, const char *need)
{
	char alternative[NEED_TEXT];

	while (need_next(&need, alternative)) {
		if (!need_starts(alternative, "probe:") && !need_starts(alternative, "any:"))
			continue;
		for (const char *at = strchr(alternative, ':') + 1; *at != '\0';) {
			if (judged_probe_find(probes, at, strcspn(at, ",/")) == NULL)
				return false;
			at += strcspn(at, ",");
			at += *at == ',';
		}
	}
	return true;
}

static size_t column_of(const struct data_list *l, const char *name)
{
	for (size_t i = 0; i < l->columns.count; i++)
		if (strcmp(l->columns.list[i], name) == 0)
			return i;
	return SIZE_MAX;
}

const char *need_ports_missing(const struct judged *j, const char *text)
{
	static const char front[] = "data_";
	size_t length = strcspn(text, "/");
	const char *word = text[length] == '/' ? text + length + 1 : NULL;
	const struct data_list *l = NULL;
	const char *missing = NULL;
	bool some = false;

	for (size_t i = 0; l == NULL && i < j->catalogue->list_count; i++) {
		const char *name = j->catalogue->lists[i].table + strlen(front);
		bool same = strlen(name) == length;

		for (size_t k = 0; same && k < length; k++)
			same = name[k] == (text[k] == '-' ? '_' : text[k]);
		if (same)
			l = &j->catalogue->lists[i];
	}
	if (l == NULL)
		return "unknown need";
	size_t port = column_of(l, "port"), transport = column_of(l, "transport");
	if (port == SIZE_MAX || transport == SIZE_MAX)
		return "unknown need";
	for (size_t i = 0; i < l->row_count; i++) {
		const char *const *row = l->rows[i].list;

		if (word != NULL && strcmp(row[0], word) != 0)
			continue;
		bool udp = strcmp(row[transport], "udp") == 0;
		unsigned long number = strtoul(row[port], NULL, 10);

		some = true;
		if (number > 65535 ||
		    (ports_has(udp ? j->planned.udp : j->planned.tcp, (uint16_t)number) &&
		     (!udp || !j->any_without_udp)))
			continue;
		if (!udp)
			return "ports not in the plan";
		missing = "UDP ports not tried";
	}
	return some ? missing : "unknown need";
}

bool need_ports_planned(const struct judged *j, const char *text, bool udp, bool any)
{
	struct ports *wanted = calloc(1, sizeof(*wanted));
	const uint64_t *planned = udp ? j->planned.udp : j->planned.tcp;
	bool all = true, one = false;

	if (wanted == NULL)
		return false;
	judged_read_ports(text, wanted->tcp);
	for (size_t i = 0; i < countof(wanted->tcp); i++) {
		all &= (wanted->tcp[i] & ~planned[i]) == 0;
		one |= (wanted->tcp[i] & planned[i]) != 0;
	}
	free(wanted);
	return any ? one : all;
}

static int table_missing(struct judged *j, const char *sql, const char *text,
			 const char **ret_reason)
{
	int64_t there = 0;
	int r = db_number(j->db, sql, 0, &there);

	*ret_reason = r >= 0 && there == 0 ? text : NULL;
	return r;
}

static const char something_is_so[] =
	"SELECT EXISTS (SELECT 1 FROM zone_declared WHERE word = ?1) OR EXISTS (SELECT 1"
	" FROM ledger AS l, json_each(iif(json_valid(l.declared), l.declared, '[]')) AS w"
	" WHERE w.value = ?1)";
static const char vantage_stands_so[] =
	"SELECT EXISTS (SELECT 1 FROM judged AS j JOIN zone_declared AS z ON z.zone = "
	"j.vantage_zone"
	" WHERE z.word = ?1) OR EXISTS (SELECT 1 FROM judged AS j JOIN asset AS a"
	" ON a.zone = j.vantage_zone, json_each(a.declared) AS w WHERE w.value = ?1)";

static int word_missing(struct judged *j, const char *sql, const char *word, const char *text,
			const char **ret_reason)
{
	struct query *q = NULL;
	int r = query_new(j->db, sql, &q);

	if (r < 0)
		return r;
	query_bind_text(q, 1, word);
	r = query_step(q);
	*ret_reason = r == 1 && query_int(q, 0) == 0 ? text : NULL;
	query_free(q);
	return r < 0 ? r : 0;
}

int need_missing(struct judged *j, const char *need, const char **ret_reason)
{
	*ret_reason = NULL;
	if (strcmp(need, "sweep") == 0 && j->primary == 0)
		*ret_reason = "not scanned";
	else if (strcmp(need, "ledger") == 0)
		return table_missing(j, "SELECT EXISTS (SELECT 1 FROM ledger)", "no ledger",
				     ret_reason);
	if (strcmp(need, "conduits") == 0)
		return table_missing(j, "SELECT EXISTS (SELECT 1 FROM conduit)",
				     "no conduits declared", ret_reason);
	if (strcmp(need, "zones") == 0)
		return table_missing(j, "SELECT EXISTS (SELECT 1 FROM zone)", "no zones declared",
				     ret_reason);
	if (strcmp(need, "vantage") == 0)
		return table_missing(j, "SELECT vantage_zone IS NOT NULL FROM judged",
				     "no vantage declared", ret_reason);
	if (strcmp(need, "vantage:public") == 0)
		return table_missing(
			j, "SELECT vantage_kind IS 'public' AND scan IS NOT NULL FROM judged",
			"not seen from outside", ret_reason);
	if (need_starts(need, "vantage:"))
		return word_missing(j, vantage_stands_so, need + 8, "not seen from there",
				    ret_reason);
	if (need_starts(need, "declared:"))
		return word_missing(j, something_is_so, need + 9, "nothing is declared as such",
				    ret_reason);
	if (strcmp(need, "login") == 0)
		return table_missing(
			j, "SELECT EXISTS (SELECT 1 FROM login WHERE result <> 'unasked')",
			"no login was tried", ret_reason);
	if (strcmp(need, "advisories") == 0)
		return table_missing(j, "SELECT EXISTS (SELECT 1 FROM advisory)",
				     "no advisories imported", ret_reason);
	if (strcmp(need, "listen") == 0 && j->listened == 0)
		*ret_reason = "no listening yet";
	else if (strcmp(need, "reach") == 0 && j->reached == 0)
		*ret_reason = "no reachability test yet";
	else if (need_starts(need, "port:") && !need_ports_planned(j, need + 5, false, false))
		*ret_reason = "ports not in the plan";
	else if (!need_known(need))
		*ret_reason = "unknown need";
	return 0;
}
