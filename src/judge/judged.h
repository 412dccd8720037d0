/* SPDX-License-Identifier: Apache-2.0 */
/* The judged scan in memory, shared by the files of this room only. */
#ifndef TENKEN_JUDGE_JUDGED_H
#define TENKEN_JUDGE_JUDGED_H

#include "judge/judge.h"

/* An address, or a range of them from which nothing came back. */
struct judged_host {
	const char *address, *key; /* "FIRST-LAST" for a range */
	const char *filed;         /* the key in fingerprints; NULL: the same */
	int64_t count;             /* of addresses */
	bool answering;
	bool absent;         /* there is no such host */
	bool asset;          /* somebody is there: it answers or the ledger lists it */
	bool ot;             /* treated as OT */
	const char *gap;     /* why not all of its planned ports were tried; NULL: they were */
	int64_t planned;     /* ports of each address */
	bool udp;            /* its planned UDP ports were asked too */
	bool heard;          /* listening heard it talk */
	bool own;            /* from where paths were tested: no sweep tries itself */
	uint32_t zone, kind; /* words' numbers; 0: none */
	uint32_t first_service, service_count; /* its open services follow each other */
	int64_t talked_ms; /* when the last conversation with one of them ended; 0: there was none */
};

/* Texts are numbers of words (struct judged); 0 is NULL. */
struct judged_service {
	uint32_t host;
	uint32_t protocol, limited;
	uint32_t first_told; /* up to the next service's; behind the last stands one more */
	uint16_t port;
	bool udp, tls;
	int64_t talked_ms; /* when the last conversation with it ended; 0: there was none */
};

/* What one probe brought from a service. */
struct judged_told {
	uint32_t ending;
	uint32_t gathered, limited; /* JSON */
	uint16_t probe;             /* its place in the list of probes */
	bool full;                  /* the document says something */
};

/* Where a range lies: keys as in the table quiet. */
struct judged_range {
	uint8_t first[16], last[16];
	int64_t scope;
	uint32_t host;
};

struct word {
	const char *text;
	uint16_t state; /* as a reason; 0: it is none yet */
};

/* What a check did with a host or service: nothing to do with it, ran, or 2 + the number of the
 * reason why not. */
enum { SUBJECT_NONE, SUBJECT_RAN, SUBJECT_REASON };

/* Where checks with the same needs ran. */
struct cover {
	const struct words *needs;
	const char *reason; /* they ran nowhere; NULL: see below */
	bool counts_hosts, counts_services;
	bool by_listening; /* it ran on who was heard */
	bool by_reach;     /* it ran where paths were tested: `seen` tells */
	bool by_declared;  /* it is about what people declared, and what was found otherwise */
	bool or_heard;     /* beside the sweep: who was heard is as good */
	const char
		*only; /* what it needs is missing: it ran on nothing, but what it finds stands */
	/* Where it has no reason: */
	uint16_t *host;      /* per host; with counts_services only gaps */
	uint16_t *service;   /* per service */
	bool by_udp;         /* one of its probes speaks by UDP */
	const char *missing; /* not all the ports that they look at were tried on any host */
	const char *unseen;  /* of a check with `seen`: why it could not judge the others */
};

struct judged_finding {
	const char *fingerprint, *check;
	int64_t number;                  /* its row in finding_now */
	size_t first_place, place_count; /* in judged.places; one at least */
	bool open;
	bool inferred; /* it rests on data that is not verified: no more than a hint */
};

struct check_state {
	struct cover *cover; /* NULL: it did not run at all */
	const char *reason;  /* why it ran nowhere; NULL: it did */
	size_t first_finding, finding_count;
};

struct judged {
	struct db *db;
	const struct catalogue *catalogue;
	const struct judge_probe *probes;
	struct judge_options options;
	struct arena *arena;
	struct helper *helper; /* helper.c; NULL: there is none */
	bool helping;          /* this is the helper */

	int64_t scan, now, started;
	int64_t asof;              /* of what people declared */
	int64_t primary;           /* whose sweep is judged; 0: nobody's */
	int64_t declared;          /* whose declarations hold */
	const char *runs;          /* "(3,5)": those whose evidence counts */
	int64_t listened, reached; /* how many of them listened, tested reachability */
	bool heard;                /* somebody was heard to talk */
	const char *site, *vantage;
	bool probing; /* the plan's risk class allows probes */
	struct ports planned;
	struct judged_host *hosts; /* by address text */
	size_t host_count;
	struct judged_range *ranges; /* by scope and key */
	size_t range_count;
	bool any_answering, any_without_udp; /* of the answering hosts */
	bool talked_known;    /* all conversations that left a document were with open services */
	const char *left_out; /* why addresses were left out of the plan; NULL: none were */
	struct judged_service *services; /* open ones, by address text, port, transport */
	size_t service_count;
	struct judged_told *told; /* in the order of services */
	size_t told_count;
	struct word *words; /* each text once; the first is NULL */
	size_t word_count;
	uint32_t *word_places; /* a hash table of their numbers */
	size_t word_room;
	const char **reasons; /* interned */
	size_t reason_count, reason_room;
	struct cover **covers;
	size_t cover_count;
	struct check_state *states;       /* per check of the catalogue */
	bool findings_indexed;            /* finding_now has its indexes */
	struct counted *counted;          /* cover.c */
	struct asked *asked;              /* outcome.c */
	struct finding_set *finding_sets; /* outcome.c; the newest first */
	struct scope_cache *scopes;
	struct scope_set *scope_sets;
	bool kinds_asked;
	uint32_t *kinds; /* per host: scopes.c; NULL: there are too many */
	size_t kind_count;
	struct judged_finding *findings; /* by check as in the catalogue, then fingerprint */
	size_t finding_count;
	ptrdiff_t *places; /* hosts; -1: no host of the scan */
	size_t place_count;
};

/* runs.c: which runs are judged together (judged_run, judged), and what listening and reachability tests
 * brought. */
int runs_make(struct judged *j);
int runs_views(struct judged *j);
/* heard.c: adds who was heard or met to the view host, and makes the view service. */
int heard_join(struct judged *j);
/* The TEMP views of the judged scan. */
int views_make(struct judged *j, const struct port_list *ports);
/* The index of a table that has the columns address and port. */
int view_placed(struct judged *j, const char *name);
/* Tells of a view of the checks that cannot be made, and gives 0: each check that asks it fails, too. Without
 * memory it gives back the error. */
int view_failed(struct judged *j, const struct check_view *v, int error);
/* documents.c: the tables of the probes' views, and the view document. */
int documents_make(struct judged *j);
/* Writes down what was made since, for judge_forget(). */
int views_list(struct db *db);

/* declared.c: the views of what was declared; thresholds, once the lists are there. */
int declared_views(struct judged *j);
int declared_thresholds(struct judged *j);

/* load.c: hosts, services and the plan. */
int judged_load(struct judged *j);
/* Adds "22,80,1000-2000", as ports_text() writes it; what is no port is passed over. NULL: none. */
void judged_read_ports(const char *text, uint64_t set[static 1024]);
/* The probe of this name; NULL. */
const struct judge_probe *judged_probe_find(const struct judge_probe *probes, const char *name,
					    size_t length);
/* The host of this address, which may be a range that holds it; -1: it is none of the scan. */
ptrdiff_t judged_host_find(const struct judged *j, const char *address);
/* The place of an open service, or -1. */
ptrdiff_t judged_service_find(const struct judged *j, size_t host, int64_t port, bool udp);

/* words.c: room for words; false without memory. */
bool words_make(struct judged *j);
/* The number of a text among the words; 0 for NULL. */
int word_of(struct judged *j, const char *text, uint32_t *ret);
/* The number of a word as a reason. */
uint16_t word_state(struct judged *j, uint32_t number);
/* The number of an interned reason as a subject's state. */
uint16_t reason_state(struct judged *j, const char *reason);

/* needs.c: whether a need is of this kind ("probe:", "ports:"). */
bool need_starts(const char *need, const char *with);
/* Cuts the next of "sweep|listen" off *need: one of them is enough. False: there is none, or it is too long. */
enum { NEED_TEXT = 512 };
bool need_next(const char **need, char alternative[static NEED_TEXT]);
/* All the probes that it names are in the list. */
bool need_has_probes(const struct judge_probe *probes, const char *need);
/* Why a need that concerns the whole scan does not hold; NULL: it does, or it concerns hosts. */
int need_missing(struct judged *j, const char *need, const char **ret_reason);
/* "LIST" or "LIST/WORD": why not the ports of all rows of the list (whose first column is the word) were
 * tried. */
const char *need_ports_missing(const struct judged *j, const char *text);
/* Every port of the list ("502,102") is planned; any: one of them is. */
bool need_ports_planned(const struct judged *j, const char *text, bool udp, bool any);

/* cover.c: what ran where. */
/* The cover of these needs, made once. NULL without memory or where SQL failed (*ret_error). */
struct cover *cover_of(struct judged *j, const struct words *needs, int *ret_error);
/* Why not all services of this host could be asked: the first one's state; SUBJECT_NONE: they could. */
uint16_t judged_host_reason(const struct judged *j, const struct cover *v, size_t host);

struct coverage {
	int64_t hosts, answering, planned, services, checked;
};
/* Over the hosts that members marks with 1 (NULL: all), for all these covers together. Counted once
 * for the same members and covers. */
struct coverage coverage_of(struct judged *j, const struct cover *const *covers, size_t count,
			    const signed char *members);

/* seen.c: the cover of one check: that of its needs, less what it could not judge. */
struct cover *cover_for(struct judged *j, const struct check *check, int *ret_error);

/* findings.c: runs the checks (finding_now); with those that history.c carries over, check_run. */
int findings_make(struct judged *j);
int findings_end(struct judged *j);
/* history.c: finding_gone, and what was seen from other vantages into finding_now. */
int history_make(struct judged *j);
/* trend.c: trend, fix_time, since, changes; of the judged run into the table tally, for the next ones. */
int trend_make(struct judged *j);
int trend_keep(struct db *db);
/* gap.c: the table gap. */
int gap_make(struct judged *j);
/* standing.c: how declarations stand against all these findings (declared_state, and the columns status,
 * waiver, measures and treatment of finding_now). */
int standing_make(struct judged *j);
/* The table gone_unwaived (fingerprint): of findings that nobody looked for again, behind history_make(). */
int standing_gone(struct judged *j);
/* findings.c: runs the checks that are about declarations; history.c: which of their findings are gone. */
int findings_declared(struct judged *j);
int history_declared(struct judged *j);
/* The statements around a scope word's and an item's expression; in the arena, NULL without memory. */
const char *scope_sql(struct arena *arena, const struct scope_word *scope);
const char *when_sql(struct arena *arena, const struct item *item);
/* findings.c: makes the empty tables finding_now and check_run. */
int findings_tables(struct db *db);
/* scopes.c: per host 1, 0 or -1 (unknown), in the arena; NULL for an item of every asset. -1 stands
 * only where somebody is, or might be. */
int scope_members(struct judged *j, const struct item *item, const signed char **ret);
/* verdicts.c: verdict, verdict_finding, verdict_check. */
int verdicts_make(struct judged *j);
/* closed.c: closed_network, closed_refuted. */
int closed_make(struct judged *j);

#endif
