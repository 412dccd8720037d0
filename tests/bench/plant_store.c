/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool of the bench: plant_store WIRE STORE HOSTS [DATA SCANS] writes the scan of a large site: HOSTS hosts in
 * four zones, most of them in a ledger, ten services each with the documents that real servers gave (the
 * expected evidence of tests/wire, WIRE), and what the operator declared. Judging and telling it is for
 * tenken itself; of several SCANS, a week apart, all but the last are judged here (with the checks and the five
 * guidelines of DATA), and their findings kept. It prints how large the documents are: the 184 that the lab's scans of real servers left
 * (services, services-more, services-within, tls-matrix, ssh, smb-rdp, udp, plant-scan, opcua) had 183 bytes in
 * the median.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/address.h"
#include "report/sample.h"
#include "store/answers.h"

enum { CASES_MOST = 5 };

enum { WEEK = 7 * 86400 };
static int64_t started = 1795132800;

/* What a machine offers: usually what the first case brought, now and then one of the others. */
static const struct offered {
	const char *probe, *name, *cases[5];
	uint16_t port;
	bool tls;
	const char *side; /* NULL: anybody; "ot": the plant's; "it": all others */
} offers[] = {
	{ "ssh",
	  "ssh",
	  { "tinysshd", "openssh-hybrid", "openssh-old", "dropbear-full", "dropbear" },
	  22,
	  false,
	  NULL },
	{ "http",
	  "http",
	  { "nginx-redirect-elsewhere", "nginx-basic", "python" },
	  80,
	  false,
	  NULL },
	{ "tls",
	  "https",
	  { "tls13-retry", "java-tls13", "nginx-obsolete", "chain-broken", "ssl2" },
	  443,
	  true,
	  NULL },
	{ "smb",
	  "microsoft-ds",
	  { "samba-hardened", "samba-weak", "samba-chosen" },
	  445,
	  false,
	  NULL },
	{ "rdp",
	  "ms-wbt-server",
	  { "freerdp-nla", "xrdp-standard", "xrdp-negotiate" },
	  3389,
	  false,
	  NULL },
	{ "ftp", "ftp", { "vsftpd-tls", "vsftpd-anonymous", "auth-tls" }, 21, false, NULL },
	{ "vnc", "vnc", { "password", "none", "vencrypt" }, 5900, false, NULL },
	{ "mysql", "mysql", { "mariadb-tls", "refused" }, 3306, false, NULL },
	{ "telnet", "telnet", { "inetutils", "menu" }, 23, false, "ot" },
	{ "modbus", "mbap", { "pymodbus", "gateway", "two-objects" }, 502, false, "ot" },
	{ "pop3", "pop3", { "tls", "clear" }, 110, false, "it" },
	{ "mqtt", "mqtt", { "closed", "open" }, 1883, false, "it" },
};
/* Two are of the other side. */
enum { OFFERS = sizeof(offers) / sizeof(offers[0]), SERVICES = OFFERS - 2 };

static const struct zone_of {
	const char *name, *kind, *networks, *class_;
	unsigned first; /* the second number of its addresses */
} zones[] = {
	{ "office", "it", "10.1.0.0/16", "terminal", 1 },
	{ "servers", "it", "10.2.0.0/16", "server", 2 },
	{ "exchange", "dmz", "10.3.0.0/16", "network-device", 3 },
	{ "plant", "ot", "10.4.0.0/16", "plc", 4 },
};
enum { ZONES = sizeof(zones) / sizeof(zones[0]) };

static char *documents[OFFERS][CASES_MOST];
static size_t document_count[OFFERS];

/* The document as the store has it: without the blanks that the file is written with for people. */
static char *read_document(const char *path)
{
	json_t *v = json_load_file(path, 0, NULL);
	char *text = v != NULL ? json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(v);
	return text;
}

static bool read_documents(const char *wire, size_t offer)
{
	char path[4096];

	for (size_t i = 0; i < CASES_MOST && offers[offer].cases[i] != NULL; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s.json", wire, offers[offer].probe,
			 offers[offer].cases[i]);
		char *text = read_document(path);
		if (text == NULL)
			return false;
		documents[offer][document_count[offer]++] = text;
	}
	return document_count[offer] > 0;
}

static void declare(struct store *s)
{
	for (size_t i = 0; i < ZONES; i++)
		store_zone(s, zones[i].name, zones[i].kind, zones[i].networks);
	for (size_t i = 0; i < ZONES; i++)
		store_conduit(s, "servers", zones[i].name, "tcp", 0, 65535, 0);
	store_waiver(s, &(struct waiver_row){ .check = "exposure.cleartext-admin",
					      .reason = "replaced next year",
					      .compensating = "own switch",
					      .by = "plant manager",
					      .at = started - 86400,
					      .until = started + 86400 * 90 });
	store_attestation(s, &(struct attestation_row){ .guideline = "mlit-water",
							.item = "ordinance-2-1",
							.answer = "met",
							.by = "plant manager",
							.at = started - 86400,
							.until = started + 86400 * 90 });
}

/* Keys and certificates are a machine's own. */
static void make_own(char *text, uint32_t number)
{
	static const char name[] = "\"sha256\":\"";
	char digits[9];

	snprintf(digits, sizeof(digits), "%08x", number);
	for (char *at = text; (at = strstr(at, name)) != NULL;) {
		at += sizeof(name) - 1;
		if (strncmp(at, "SHA256:", 7) == 0)
			at += 7;
		if (strlen(at) > sizeof(digits))
			memcpy(at, digits, sizeof(digits) - 1);
	}
}

static uint32_t scramble(uint32_t n)
{
	n ^= n >> 16;
	n *= 0x7feb352dU;
	n ^= n >> 15;
	n *= 0x846ca68bU;
	return n ^ n >> 16;
}

static int by_size(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

/* side: "ot" or "it" */
static void write_services(struct store *s, const char *address, const char *side, uint32_t host,
			   size_t *sizes)
{
	for (unsigned k = 0; k < OFFERS; k++) {
		const struct offered *o = &offers[k];
		if (o->side != NULL && strcmp(o->side, side) != 0)
			continue;
		uint32_t chance = scramble(host * OFFERS + k);
		size_t other = chance % 10 != 0 ? 0 : chance / 10 % document_count[k];
		char *text = documents[k][other];

		make_own(text, host * OFFERS + k);
		const struct evidence_row row = { .address = address,
						  .transport = "tcp",
						  .probe = o->probe,
						  .ending = "done",
						  .document = text,
						  .port = o->port,
						  .connections = 2,
						  .sent = 300,
						  .received = 1400,
						  .started_ms = started * 1000 + host,
						  .finished_ms = started * 1000 + host + 90 };

		*sizes++ = strlen(text);
		store_service(s, address, o->port, "tcp", "open", "syn-ack", o->name, NULL);
		store_evidence(s, &row);
		store_service_spoken(s, address, o->port, "tcp", o->tls ? NULL : o->probe, o->tls,
				     "port", NULL);
	}
}

static void write_plant(struct store *s, uint32_t hosts)
{
	size_t *sizes = calloc((size_t)hosts * SERVICES, sizeof(*sizes));
	char address[ADDR_TEXT], id[16];

	for (uint32_t i = 0; sizes != NULL && i < hosts; i++) {
		const struct zone_of *z = &zones[i % ZONES];
		uint32_t n = i / ZONES + 1;

		snprintf(address, sizeof(address), "10.%u.%u.%u", z->first, n >> 8 & 255, n & 255);
		snprintf(id, sizeof(id), "A-%05u", i);
		const struct ledger_row ledger = { .id = id,
						   .name = id,
						   .address = address,
						   .zone = z->name,
						   .class_ = z->class_,
						   .owner = "operations",
						   .declared = "[]",
						   .line = i + 2 };
		bool listed = i % 20 != 0;
		if (listed)
			store_ledger(s, &ledger);
		store_host(s,
			   &(struct host_row){ .address = address,
					       .zone = z->name,
					       .kind = z->kind,
					       .treated = strcmp(z->kind, "ot") == 0 ? "ot" : "it",
					       .state = "answering",
					       .ledger_id = listed ? id : NULL,
					       .complete = true,
					       .planned = OFFERS,
					       .open = SERVICES,
					       .rtt_us = 210,
					       .first_ms = started * 1000 + i,
					       .last_ms = started * 1000 + i + 200 });
		write_services(s, address, strcmp(z->kind, "ot") == 0 ? "ot" : "it", i,
			       sizes + (size_t)i * SERVICES);
		store_tick(s);
	}
	if (sizes != NULL) {
		qsort(sizes, (size_t)hosts * SERVICES, sizeof(*sizes), by_size);
		printf("%u hosts, %u services, documents of %zu bytes (median)\n", hosts,
		       hosts * SERVICES, sizes[(size_t)hosts * SERVICES / 2]);
	}
	free(sizes);
}

static bool judge(struct store *s, const struct sample_judge *j, int64_t scan)
{
	struct db *db;

	if (store_error(s) != STORE_OK || db_borrow(store_db(s), &db) != 0)
		return false;
	bool good = judge_run(db, &j->catalogue, scan, j->probes, &j->ports, NULL) == 0 &&
		    judge_keep(db) == 0;
	judge_forget(db);
	db_free(db);
	return good;
}

/* One scan, begun at `started`. */
static int64_t write_scan(struct store *s, uint32_t hosts)
{
	char uuid[64];
	struct scan_row row = {
		.site = "bench",
		.vantage = "bastion-1",
		.vantage_zone = "servers",
		.vantage_kind = "it",
		.profile = "mlit-water,mlit-port,jama-japia,nisc-measures,nisc-handbook",
		.version = "0",
		.plan = "{\"site\":\"bench\",\"targets\":\"10.0.0.0/8\",\"timezone\":\"Asia/"
			"Tokyo\","
			"\"ports_tcp\":\"21,22,23,80,110,443,445,502,1883,3306,3389,5900\","
			"\"ports_udp\":\"\",\"risk\":\"read\"}",
		.started = started,
	};

	snprintf(uuid, sizeof(uuid), "00000000-0000-4000-8000-%012lld", (long long)started);
	row.uuid = uuid;
	int64_t scan = store_scan_begin(s, &row);
	if (scan == 0)
		return 0;
	declare(s);
	write_plant(s, hosts);
	store_scan_end(s, "done", NULL, started + 3600);
	return store_error(s) == STORE_OK ? scan : 0;
}

static bool write_scans(struct store *s, uint32_t hosts, const char *data, unsigned long scans)
{
	static const char *const guidelines[] = { "mlit-water", "mlit-port", "jama-japia",
						  "nisc-measures", "nisc-handbook" };
	struct sample_judge j = { 0 };
	bool good =
		scans <= 1 || sample_judge_start_with(&j, data, NULL, guidelines,
						      sizeof(guidelines) / sizeof(guidelines[0]));

	for (unsigned long i = 1; good && i <= scans; i++, started += WEEK) {
		int64_t scan = write_scan(s, hosts);

		good = scan != 0 && (i == scans || judge(s, &j, scan));
	}
	if (scans > 1)
		sample_judge_done(&j);
	return good;
}

int main(int argc, char **argv)
{
	enum { HOSTS_MOST = 200000, SCANS_MOST = 100 };
	struct store *s;

	if (argc != 4 && argc != 6) {
		fprintf(stderr, "usage: plant_store WIRE STORE HOSTS [DATA SCANS]\n");
		return 2;
	}
	unsigned long hosts = strtoul(argv[3], NULL, 10);
	unsigned long scans = argc > 5 ? strtoul(argv[5], NULL, 10) : 1;
	if (hosts == 0 || hosts > HOSTS_MOST || scans == 0 || scans > SCANS_MOST)
		return 2;
	for (size_t i = 0; i < OFFERS; i++)
		if (!read_documents(argv[1], i)) {
			fprintf(stderr, "no documents of %s\n", offers[i].probe);
			return 1;
		}
	if (store_open(argv[2], &s) != STORE_OK)
		return 1;
	bool good = write_scans(s, (uint32_t)hosts, argc > 4 ? argv[4] : NULL, scans);
	if (!good)
		fprintf(stderr, "%s\n", store_error_text(s));
	store_close(s);
	for (size_t i = 0; i < OFFERS; i++)
		for (size_t k = 0; k < document_count[i]; k++)
			free(documents[i][k]);
	return good ? 0 : 1;
}
