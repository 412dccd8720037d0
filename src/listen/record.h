/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process that listens and main say to each other, as messages of a SOCK_SEQPACKET pair: orders one way,
 * several records in a message the other way. Reading believes nothing: who decoded hostile packets may be in
 * hostile hands.
 */
#ifndef TENKEN_LISTEN_RECORD_H
#define TENKEN_LISTEN_RECORD_H

#include "codec/reader.h"
#include "codec/writer.h"
#include "listen/listener.h"
#include "wire/capture.h"

/* main to the listening process, one byte; those about files come with a descriptor (SCM_RIGHTS). */
enum listen_order {
	LISTEN_PEEK = 'p', /* when does this file begin? Answered by RECORD_BEGIN */
	LISTEN_READ = 'r', /* read it; what it tells comes, then RECORD_WATCH */
	LISTEN_END = 'e',  /* that was all: tell the rest, then RECORD_END */
};

enum record_kind {
	RECORD_HOST = 'h',
	RECORD_FLOW = 'f',
	RECORD_OPERATION = 'o',
	RECORD_FACT = 't',
	RECORD_BEGIN = 'b',
	RECORD_WATCH = 'w',
	RECORD_END = 'e',
};

/* How one capture went, so far. */
struct told_watch {
	uint32_t number;           /* from 0: in the order of LISTEN_READ, or of the interfaces */
	char link[32];             /* libpcap's name of the link layer */
	int64_t first_ns, last_ns; /* 0: no packet */
	uint64_t packets, bytes, dropped, snapped, one_sided, damaged, backwards;
	uint64_t downs; /* how often the interface went down */
	enum capture_end end;
	bool link_known;
};

struct told_begin {
	enum capture_end why; /* CAPTURE_GOES_ON: it is a capture file */
	int64_t first_ns;     /* 0: it has no packet */
	bool link_known;
	char link[32];
};

enum { RECORD_MESSAGE = 64 * 1024, RECORD_VALUE_MAX = 48 * 1024 };

struct record {
	enum record_kind kind;
	union {
		struct told_host host;
		struct told_flow flow;
		struct told_operation operation;
		struct told_fact fact;
		struct told_begin begin;
		struct told_watch watch;
		struct listener_counts counts; /* RECORD_END */
	} u;
	/* The texts that they point to. */
	char words[4][64];
	char value[RECORD_VALUE_MAX + 1];
};

void record_write_host(struct writer *w, const struct told_host *h);
void record_write_flow(struct writer *w, const struct told_flow *f);
void record_write_operation(struct writer *w, const struct told_operation *o);
void record_write_fact(struct writer *w, const struct told_fact *f);
void record_write_begin(struct writer *w, const struct told_begin *b);
void record_write_watch(struct writer *w, const struct told_watch *t);
void record_write_end(struct writer *w, const struct listener_counts *c);

/* The next record of a message; false at its end (rd_end()) or where it is none (the reader has failed). Texts are
 * valid UTF-8 without control characters, words are plain, numbers fit the store. */
bool record_read(struct reader *r, struct record *ret);

#endif
