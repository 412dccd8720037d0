/* SPDX-License-Identifier: Apache-2.0 */
/* A store of one scan with documents of hosts, and what recognise() makes of them. */
#ifndef TENKEN_TESTS_UNIT_DOCUMENTS_H
#define TENKEN_TESTS_UNIT_DOCUMENTS_H

#include "scratch.h"

#include <jansson.h>

#include "codec/span.h"
#include "commands/recognise.h"
#include "store/db.h"

struct documents {
	struct store *store;
	int64_t scan;
	struct db *db; /* once they are recognised */
};

struct device {
	char vendor[128], model[128], firmware[128], serial[128], role[32], signs[256];
	char host_role[32], host_os[128];
	bool certain;
};

static inline void documents_open(struct documents *d)
{
	const struct scan_row row = { .uuid = "00000000-0000-4000-8000-000000000001",
				      .site = "here",
				      .vantage = "bastion",
				      .profile = "mlit-water",
				      .version = "0",
				      .plan = "{}",
				      .started = 1795132800 };

	unlink("store");
	*d = (struct documents){ 0 };
	assert_int_equal(store_open("store", &d->store), STORE_OK);
	d->scan = store_scan_begin(d->store, &row);
}

/* mac_maker: of the network card, or NULL. */
static inline void documents_host(struct documents *d, const char *address, const char *mac_maker)
{
	const struct host_row row = { .address = address,
				      .kind = "it",
				      .treated = "it",
				      .state = "answering",
				      .mac = mac_maker != NULL ? "00:00:5e:00:53:01" : NULL,
				      .vendor = mac_maker,
				      .complete = true,
				      .planned = 1 };

	store_host(d->store, &row);
}

static inline void documents_port(struct documents *d, const char *address, uint16_t port)
{
	store_service(d->store, address, port, "tcp", "open", "syn-ack", NULL, NULL);
}

static inline void documents_add(struct documents *d, const char *address, uint16_t port,
				 const char *probe, const char *document)
{
	const struct evidence_row row = { .address = address,
					  .transport = "tcp",
					  .probe = probe,
					  .ending = "done",
					  .document = document,
					  .port = port,
					  .connections = 1 };

	documents_port(d, address, port);
	store_evidence(d->store, &row);
}

static inline void documents_recognise(struct documents *d)
{
	store_commit(d->store);
	recognise(d->store, d->scan);
	store_commit(d->store);
	if (store_error(d->store) != STORE_OK)
		fail_msg("%s", store_error_text(d->store));
	assert_int_equal(db_borrow(store_db(d->store), &d->db), 0);
}

static inline void documents_close(struct documents *d)
{
	db_free(d->db);
	store_close(d->store);
	unlink("store");
}

static inline void documents_text(struct query *q, const char *name, char *out, size_t room)
{
	const char *text = query_text(q, query_column(q, name));

	snprintf(out, room, "%s", text != NULL ? text : "");
}

/* What the scan says of this host; false where there is no device. Texts that are not told are empty. */
static inline bool documents_device(struct documents *d, const char *address, struct device *ret)
{
	struct query *q;

	*ret = (struct device){ 0 };
	assert_int_equal(query_new(d->db,
				   "SELECT h.role AS host_role, h.os AS host_os, d.* FROM host AS h"
				   " LEFT JOIN main.device AS d USING (scan, address)"
				   " WHERE h.address = ?1",
				   &q),
			 0);
	query_bind_text(q, 1, address);
	assert_int_equal(query_step(q), 1);
	documents_text(q, "vendor", ret->vendor, sizeof(ret->vendor));
	documents_text(q, "model", ret->model, sizeof(ret->model));
	documents_text(q, "firmware", ret->firmware, sizeof(ret->firmware));
	documents_text(q, "serial", ret->serial, sizeof(ret->serial));
	documents_text(q, "role", ret->role, sizeof(ret->role));
	documents_text(q, "signs", ret->signs, sizeof(ret->signs));
	documents_text(q, "host_role", ret->host_role, sizeof(ret->host_role));
	documents_text(q, "host_os", ret->host_os, sizeof(ret->host_os));
	bool found = !query_null(q, query_column(q, "certain"));
	ret->certain = query_int(q, query_column(q, "certain")) == 1;
	query_free(q);
	return found;
}

#endif
