/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool of the bench: large_store DATA STORE HOSTS SERVICES [JSON [QUIET]] writes a scan of HOSTS
 * answering hosts with SERVICES open ports each, as the engine does while it sweeps, judges it, writes
 * the JSON export and tells the time of each stage and the most memory held. With one service nobody
 * spoke (risk touch); with more, some were spoken with and left a small document. QUIET addresses more
 * are silent and told one by one in the order of a permutation, between the hosts (a power of two).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "codec/address.h"
#include "report/report.h"
#include "report/sample.h"

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void lap(const char *stage, double *since)
{
	struct rusage u;
	double now = now_s();

	getrusage(RUSAGE_SELF, &u);
	printf("%-12s %7.3f s   %6ld KiB at most\n", stage, now - *since, u.ru_maxrss);
	*since = now_s();
}

static const uint16_t port_numbers[] = { 80, 22, 443, 23, 502, 445, 21, 3389, 8080 };
static const char *const port_names[] = { "http", "ssh", "https",         "telnet",  "modbus",
					  "smb",  "ftp", "ms-wbt-server", "http-alt" };
static const int64_t started = 1795132800;

static void address_of(unsigned n, char out[static ADDR_TEXT])
{
	snprintf(out, ADDR_TEXT, "10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);
}

static void write_host(struct store *s, const char *address, unsigned services, bool complete)
{
	const struct host_row row = { .address = address,
				      .kind = "unassigned",
				      .treated = "it",
				      .state = "answering",
				      .reason = complete ? "connected" : NULL,
				      .complete = complete,
				      .planned = services,
				      .open = complete ? services : 1,
				      .rtt_us = 210,
				      .first_ms = started * 1000,
				      .last_ms = started * 1000 + 200 };

	store_host(s, &row);
}

static void converse(struct store *s, const char *address, uint16_t port)
{
	static const char http[] = "{\"gathered\":[\"headers\",\"page\"],\"http\":\"1.1\","
				   "\"product\":\"nginx\",\"server\":\"nginx/1.22.1\",\"status\":"
				   "200,\"title\":\"\",\"tls\":false,\"version\":\"1.22.1\"}";
	const struct evidence_row row = { .address = address,
					  .transport = "tcp",
					  .probe = "http",
					  .ending = "done",
					  .document = http,
					  .port = port,
					  .connections = 1,
					  .sent = 60,
					  .received = 400,
					  .started_ms = started * 1000,
					  .finished_ms = started * 1000 + 90 };

	store_evidence(s, &row);
	store_service_spoken(s, address, port, "tcp", "http", false, "port", NULL);
}

/* The order of a permutation: neighbours do not follow each other. */
static void write_hosts(struct store *s, unsigned hosts, unsigned services)
{
	for (unsigned i = 0; i < hosts; i++) {
		char address[ADDR_TEXT];

		address_of((unsigned)((uint64_t)i * 2654435761U % hosts), address);
		for (unsigned k = 0; k < services; k++) {
			store_service(s, address, port_numbers[k], "tcp", "open", "syn-ack",
				      port_names[k], NULL);
			if (k == 0)
				write_host(s, address, services, false);
		}
		write_host(s, address, services, true);
		for (unsigned k = 0; k < services; k++) {
			if (services == 1)
				store_service_spoken(s, address, port_numbers[k], "tcp", NULL,
						     false, "none", "class not allowed");
			else if (port_numbers[k] == 80)
				converse(s, address, port_numbers[k]);
		}
		store_tick(s);
	}
}

/* Addresses from 11.0.0.0 on. The multiplier is odd: every one comes once. */
static void write_quiet(struct store *s, uint32_t count)
{
	struct quiet_row row = { .state = "silent",
				 .kind = "unassigned",
				 .treated = "it",
				 .complete = true,
				 .planned = 1,
				 .first_ms = started * 1000,
				 .last_ms = started * 1000 + 200 };

	addr_parse("11.0.0.0", &row.first);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t n = (i * 2654435761U) & (count - 1);

		row.first.bytes[12] = (uint8_t)(11 + (n >> 24));
		row.first.bytes[13] = (uint8_t)(n >> 16);
		row.first.bytes[14] = (uint8_t)(n >> 8);
		row.first.bytes[15] = (uint8_t)n;
		row.last = row.first;
		store_quiet(s, &row);
		if (i % 256 == 0)
			store_tick(s);
	}
}

static bool write_json(struct db *db, const struct catalogue *c, const char *path)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		return false;
	bool good = report_json(db, c, LANGUAGE_EN, f) == 0;
	return fclose(f) == 0 && good;
}

int main(int argc, char **argv)
{
	struct sample_judge j;
	struct store *s;
	struct db *db;
	char plan[512];

	if (argc < 5) {
		fprintf(stderr, "usage: large_store DATA STORE HOSTS SERVICES [JSON [QUIET]]\n");
		return 2;
	}
	unsigned hosts = (unsigned)strtoul(argv[3], NULL, 10);
	unsigned services = (unsigned)strtoul(argv[4], NULL, 10);
	if (hosts == 0 || services == 0 ||
	    services > sizeof(port_numbers) / sizeof(port_numbers[0]))
		return 2;
	uint32_t quiet = argc > 6 ? (uint32_t)strtoul(argv[6], NULL, 10) : 0;
	if ((quiet & (quiet - 1)) != 0)
		return 2;
	double since = now_s();
	if (!sample_judge_start(&j, argv[1], NULL))
		return 1;
	lap("catalogue", &since);
	snprintf(plan, sizeof(plan),
		 "{\"site\":\"bench\",\"targets\":\"10.0.0.0/8\",\"ports_tcp\":\"%s\","
		 "\"ports_udp\":\"\",\"risk\":\"%s\"}",
		 services == 1 ? "80" : "21-23,80,443,445,502,3389,8080",
		 services == 1 ? "touch" : "read");
	const struct scan_row row = { .uuid = "00000000-0000-4000-8000-000000000001",
				      .site = "bench",
				      .vantage = "bench",
				      .profile = "mlit-water",
				      .version = "0",
				      .plan = plan,
				      .started = started };
	if (store_open(argv[2], &s) != STORE_OK)
		return 1;
	int64_t scan = store_scan_begin(s, &row);
	lap("open", &since);
	write_hosts(s, hosts, services);
	lap("rows", &since);
	if (quiet > 0) {
		write_quiet(s, quiet);
		lap("quiet", &since);
	}
	store_scan_end(s, "done", NULL, started + 1);
	lap("commit", &since);
	if (store_error(s) != STORE_OK || db_borrow(store_db(s), &db) != 0)
		return 1;
	bool good = judge_run(db, &j.catalogue, scan, j.probes, &j.ports, NULL) == 0;
	lap("judge", &since);
	good = good && judge_keep(db) == 0;
	lap("keep", &since);
	good = good && write_json(db, &j.catalogue, argc > 5 ? argv[5] : "/dev/null");
	lap("json", &since);
	if (!good)
		fprintf(stderr, "%s\n", db_error(db));
	judge_forget(db);
	lap("forget", &since);
	db_free(db);
	store_close(s);
	lap("close", &since);
	sample_judge_done(&j);
	return good ? 0 : 1;
}
