/* SPDX-License-Identifier: Apache-2.0 */
#include "report/crowd.h"

#include <stdio.h>
#include <string.h>

#include "codec/address.h"
#include "codec/span.h"

enum { ZONES = 24, PER_PLAN = 9 };

static const int64_t now = 1795132800;

static const char plan[] =
	"{\"site\":\"crowd\",\"timezone\":\"Asia/Tokyo\",\"targets\":\"10.0.0.0/8\","
	"\"ports_tcp\":\"21-23,80,443,445,502,3389,8080\",\"ports_udp\":\"\","
	"\"risk\":\"read\"}";

#define OLD_SSH                                                                                 \
	"{\"algorithms\":{\"cipher\":[\"aes128-cbc\",\"3des-cbc\"],\"compression\":[\"none\"]," \
	"\"hostkey\":[\"ssh-ed25519\"],\"kex\":[\"curve25519-sha256\"],\"mac\":[\"hmac-"        \
	"md5\"]},\"gathered\":[\"algorithms\",\"auth\"],\"product\":\"OpenSSH\",\"protocol\":"  \
	"\"2.0\",\"auth_methods\":[\"password\"],\"software\":\"OpenSSH_8.4p1\",\"version\":"   \
	"\"8.4p1\"}"
#define GOOD_SSH                                                                                   \
	"{\"algorithms\":{\"cipher\":[\"aes256-gcm@openssh.com\"],\"compression\":[\"none\"],"     \
	"\"hostkey\":[\"ssh-ed25519\"],\"kex\":[\"curve25519-sha256\",\"kex-strict-s-v00@openssh." \
	"com\"],\"mac\":[\"hmac-sha2-256-etm@openssh.com\"]},\"gathered\":[\"algorithms\"],"       \
	"\"product\":\"OpenSSH\",\"protocol\":\"2.0\",\"software\":\"OpenSSH_9.2p1\","             \
	"\"strict_kex\":true,\"version\":\"9.2p1\"}"
#define TELNET "{\"banner\":\"login:\",\"gathered\":[\"banner\"],\"login_prompt\":true}"
#define HTTP                                                                                   \
	"{\"auth_scheme\":\"Basic\",\"auth_schemes\":[\"Basic\"],\"gathered\":[\"headers\","   \
	"\"page\"],\"http\":\"1.1\",\"login_form\":false,\"realm\":\"Pump\",\"server\":\"ngin" \
	"x/1.14.2\",\"status\":401,\"tls\":false,\"product\":\"nginx\",\"version\":\"1.14.2\"}"
#define SMB                                                                              \
	"{\"dialect\":\"3.1.1\",\"dialects\":[\"2.0.2\",\"3.1.1\"],\"encryption\":true," \
	"\"gathered\":[\"negotiate\",\"ntlm\",\"dialects\",\"smb1\"],\"os_version\":"    \
	"\"10.0.17763\",\"build\":17763,\"samba\":false,\"signing_enabled\":true,"       \
	"\"signing_required\":false,\"smb1\":false,\"product\":\"Windows\",\"version\":\"10.0\"}"
#define MODBUS                                                                                 \
	"{\"conformity\":131,\"gathered\":[\"identity\"],\"product\":\"KW-340\",\"revision\":" \
	"\"2.11\",\"unit\":255,\"vendor\":\"KitaWorks\",\"version\":\"2.11\"}"

struct kind {
	const char *role;
	struct {
		uint16_t port;
		const char *probe, *document;
	} ports[4];
};

/* Five findings each in the mean. */
static const struct kind kinds[] = {
	{ "workstation", { { 22, "ssh", GOOD_SSH }, { 445, "smb", SMB } } },
	{ "server", { { 22, "ssh", OLD_SSH }, { 445, "smb", SMB } } },
	{ "switch", { { 22, "ssh", GOOD_SSH }, { 23, "telnet", TELNET } } },
	{ "plc", { { 502, "modbus", MODBUS }, { 80, "http", HTTP } } },
	{ "nas", { { 22, "ssh", GOOD_SSH }, { 80, "http", HTTP } } },
};

/* The last zones are the plant's. */
static const char *zone_kind(unsigned zone)
{
	return zone == 0 ? "public" : zone == 1 ? "dmz" : zone >= ZONES - 6 ? "ot" : "it";
}

static void declare(struct store *s, unsigned machines)
{
	char name[32], other[32], networks[64];

	for (unsigned z = 0; z < ZONES; z++) {
		snprintf(name, sizeof(name), "区画-%02u", z);
		snprintf(networks, sizeof(networks), "10.%u.0.0/16", z);
		store_zone(s, name, zone_kind(z), networks);
		snprintf(other, sizeof(other), "区画-%02u", (z + 1) % ZONES);
		if (z % 2 == 0)
			store_conduit(s, name, other, "tcp", 443, 443, 0);
	}
	/* Half of them are in the ledger. */
	for (unsigned i = 0; i < machines; i += 2) {
		char id[32], address[ADDR_TEXT];

		snprintf(id, sizeof(id), "PC-%05u", i);
		snprintf(name, sizeof(name), "区画-%02u", i % ZONES);
		snprintf(address, sizeof(address), "10.%u.%u.%u", i % ZONES, i / ZONES / 250,
			 i / ZONES % 250 + 1);
		store_ledger(s, &(struct ledger_row){ .id = id,
						      .name = "機器",
						      .address = address,
						      .zone = name,
						      .class_ = kinds[i % countof(kinds)].role,
						      .owner = "施設課",
						      .declared = "[]",
						      .line = i + 2 });
	}
}

static void observe(struct store *s, unsigned i)
{
	const struct kind *k = &kinds[i % countof(kinds)];
	char address[ADDR_TEXT], zone[32], mac[32], ledger[32];
	const char *kind = zone_kind(i % ZONES);
	struct host_row host = { .address = address,
				 .zone = zone,
				 .kind = kind,
				 .treated = strcmp(kind, "ot") == 0 ? "ot" : "it",
				 .state = "answering",
				 .mac = mac,
				 .vendor = "Example Co.",
				 .ledger_id = i % 2 == 0 ? ledger : NULL,
				 .role = k->role,
				 .complete = true,
				 .planned = PER_PLAN,
				 .open = 2,
				 .closed = PER_PLAN - 2,
				 .first_ms = now * 1000,
				 .last_ms = (now + 300) * 1000 };

	snprintf(address, sizeof(address), "10.%u.%u.%u", i % ZONES, i / ZONES / 250,
		 i / ZONES % 250 + 1);
	snprintf(zone, sizeof(zone), "区画-%02u", i % ZONES);
	snprintf(mac, sizeof(mac), "02:00:00:%02x:%02x:%02x", i >> 16 & 255, i >> 8 & 255, i & 255);
	snprintf(ledger, sizeof(ledger), "PC-%05u", i);
	store_host(s, &host);
	for (size_t n = 0; n < countof(k->ports) && k->ports[n].port != 0; n++) {
		store_service(s, address, k->ports[n].port, "tcp", "open", "syn-ack",
			      k->ports[n].probe, NULL);
		store_service_spoken(s, address, k->ports[n].port, "tcp", k->ports[n].probe, false,
				     "port", NULL);
		store_evidence(s, &(struct evidence_row){ .address = address,
							  .transport = "tcp",
							  .probe = k->ports[n].probe,
							  .ending = "done",
							  .document = k->ports[n].document,
							  .port = k->ports[n].port,
							  .connections = 1,
							  .sent = 60,
							  .received = 400,
							  .started_ms = now * 1000,
							  .finished_ms = now * 1000 + 90 });
	}
}

bool crowd_make(const char *path, const struct sample_judge *j, unsigned machines)
{
	const struct scan_row row = { .uuid = "00000000-0000-4000-8000-000000000001",
				      .site = "crowd",
				      .vantage = "bastion-1",
				      .vantage_zone = "区画-02",
				      .vantage_kind = "it",
				      .profile = "all",
				      .version = "0",
				      .plan = plan,
				      .started = now };
	struct store *s;
	struct db *db;

	if (store_open(path, &s) != STORE_OK)
		return false;
	int64_t scan = store_scan_begin(s, &row);
	declare(s, machines);
	for (unsigned i = 0; i < machines; i++) {
		observe(s, i);
		if (i % 256 == 0)
			store_tick(s);
	}
	store_commit(s);
	store_scan_end(s, "done", NULL, now + 1800);
	bool good = store_error(s) == STORE_OK && db_borrow(store_db(s), &db) == 0;
	if (good) {
		good = db_execf(
			       db,
			       "INSERT INTO main.journal (scan, number, kind, opened_ms, closed_ms,"
			       " source, source_port, address, port, transport, probe, packets,"
			       " sent, received, ending) SELECT scan, row_number() OVER (ORDER BY"
			       " address, port), 'talk', started_ms, finished_ms, '10.2.0.250',"
			       " 40000, address, port, transport, probe, 9, sent, received, ending"
			       " FROM main.evidence WHERE scan = %lld",
			       (long long)scan) == 0 &&
		       judge_run(db, &j->catalogue, scan, j->probes, &j->ports, NULL) == 0 &&
		       judge_keep(db) == 0;
		if (!good)
			fprintf(stderr, "# %s\n", db_error(db));
		judge_forget(db);
		db_free(db);
	}
	store_close(s);
	return good;
}
