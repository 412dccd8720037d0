/* SPDX-License-Identifier: Apache-2.0 */
#include "report/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/probe.h"
#include "store/answers.h"

/* 2026-11-20 09:00 at the site. */
static const int64_t first_scan = 1795132800, second_scan = 1795219200;

const char *const sample_hostile[] = {
	"<script>alert(1)</script>",
	"\"><img src=x onerror=alert(2)>",
	"=cmd|' /C calc'!A0",
	"\xe2\x80\xaegnp.exe", /* right-to-left override */
	"]]><!--",
	NULL,
};

static const char plan[] =
	"{\"site\":\"北浄水場 <Kita>\",\"site_file\":\"kita.yaml\",\"timezone\":\"Asia/Tokyo\","
	"\"targets\":\"192.168.1.0/24,192.168.10.0/24,fd00:10::5\",\"exclusions\":\"192.168.10.9\","
	"\"owned\":\"\",\"ports_tcp\":\"21-23,25,80,443,445,502,1883,3389,6379\",\"ports_udp\":"
	"\"\","
	"\"risk\":\"read\",\"rate\":1000,\"host_rate\":40,\"zone\":\"unassigned\","
	"\"authorisation\":"
	"{\"by\":\"施設管理責任者\",\"reference\":\"R8-031\",\"contact\":\"1234\",\"from\":\"2026-"
	"11-01\","
	"\"until\":\"2027-03-31\"},\"skipped\":[\"192.168.10.9: excluded\"]}";

struct port {
	uint16_t port;
	const char *probe, *name,
		*document; /* probe NULL: nothing spoken, name then says the port's word */
	const char *limited;
	int scans; /* bit 0: in the first, bit 1: in the second */
};

struct machine {
	const char *address, *zone, *kind, *treated, *state, *reason, *ot_sign, *mac, *vendor,
		*ledger, *role, *os, *names;
	struct port ports[6];
};

#define OLD_SSH                                                                                 \
	"{\"algorithms\":{\"cipher\":[\"aes128-cbc\",\"3des-cbc\"],\"compression\":[\"none\"]," \
	"\"hostkey\":[\"ssh-rsa\"],\"kex\":[\"diffie-hellman-group1-sha1\"],\"mac\":[\"hmac-"   \
	"md5\",\"hmac-sha1\"]},"                                                                \
	"\"gathered\":[\"algorithms\"],\"limited\":[\"hostkey\",\"auth\"],\"product\":"         \
	"\"OpenSSH\",\"protocol\":\"2.0\","                                                     \
	"\"software\":\"OpenSSH_5.3\",\"version\":\"5.3\"}"
#define NEW_SSH                                                                                    \
	"{\"algorithms\":{\"cipher\":[\"aes256-gcm@openssh.com\"],\"compression\":[\"none\"],"     \
	"\"hostkey\":[\"ssh-ed25519\"],\"kex\":[\"curve25519-sha256\",\"kex-strict-s-v00@openssh." \
	"com\"],"                                                                                  \
	"\"mac\":[\"hmac-sha2-256-etm@openssh.com\"]},\"gathered\":[\"algorithms\",\"hostkey\","   \
	"\"auth\"],"                                                                               \
	"\"product\":\"OpenSSH\",\"protocol\":\"2.0\",\"software\":\"OpenSSH_9.2p1\",\"strict_"    \
	"kex\":true,\"version\":\"9.2p1\"}"
#define WEAK_SMB                                                                                   \
	"{\"dialect\":\"3.1.1\",\"dialects\":[\"2.0.2\",\"3.1.1\",\"NT LM "                        \
	"0.12\"],\"encryption\":true,"                                                             \
	"\"gathered\":[\"negotiate\",\"ntlm\",\"dialects\",\"smb1\"],\"os_version\":\"6.1.7601\"," \
	"\"build\":7601,"                                                                          \
	"\"samba\":false,\"signing_enabled\":true,\"signing_required\":false,\"smb1\":true,"       \
	"\"computer\":\"KITA-HIST\","                                                              \
	"\"product\":\"Windows\",\"version\":\"6.1\"}"

static const struct machine machines[] = {
	{ .address = "192.168.1.9",
	  .zone = "office",
	  .kind = "it",
	  .treated = "it",
	  .state = "answering",
	  .mac = "00:00:5e:00:53:09",
	  .vendor = "Example Co.",
	  .ledger = "PC-009",
	  .role = "server",
	  .os = "Debian 12",
	  .names = "[\"jump.kita.example\"]",
	  .ports = { { 22, "ssh", "ssh", NEW_SSH, NULL, 3 },
		     { 6379, "redis", "redis",
		       "{\"access\":\"password\",\"gathered\":[\"access\"],\"open\":false,"
		       "\"product\":\"Redis\"}",
		       NULL, 3 } } },
	{ .address = "192.168.1.10",
	  .zone = "office",
	  .kind = "it",
	  .treated = "it",
	  .state = "answering",
	  .mac = "00:00:5e:00:53:0a",
	  .vendor = "Example Co.",
	  .ledger = "=cmd|' /C calc'!A0",
	  .role = "server",
	  .names = "[\"<script>alert(1)</script>\", 7]",
	  .ports = { { 21, "ftp", "ftp",
		       "{\"anonymous\":true,\"anonymous_code\":230,\"auth_tls\":false,"
		       "\"banner\":\"(vsFTPd 3.0.3)\",\"gathered\":[\"greeting\",\"tls\","
		       "\"anonymous\"],\"product\":\"vsFTPd\",\"version\":\"3.0.3\"}",
		       NULL, 3 },
		     { 22, "ssh", "ssh", OLD_SSH, NULL, 3 },
		     { 80, "http", "http",
		       "{\"gathered\":[\"headers\",\"page\"],\"http\":\"1.1\",\"login_form\":true,"
		       "\"product\":\"\\\"><img src=x onerror=alert(2)>\",\"server\":\"]]><!--\","
		       "\"status\":200,\"title\":\"\\u202egnp.exe\\u0000\\u001b[31m 点検 🏭\","
		       "\"tls\":false,\"version\":\"=1+1\"}",
		       NULL, 3 },
		     { 6379, "redis", "redis",
		       "{\"access\":\"open\",\"gathered\":[\"access\",\"info\"],"
		       "\"open\":true,\"product\":\"Redis\",\"version\":\"7.0.15\"}",
		       NULL, 2 } } },
	{ .address = "192.168.1.100",
	  .zone = "office",
	  .kind = "it",
	  .treated = "it",
	  .state = "answering",
	  .mac = "00:00:5e:00:53:64",
	  .vendor = "Example Co.",
	  .ledger = "PC-100",
	  .role = "server",
	  .names = "[]",
	  .ports = { { 445, "smb", "smb", WEAK_SMB, NULL, 3 },
		     { 23, "telnet", "telnet",
		       "{\"banner\":\"login:\",\"gathered\":[\"banner\"],"
		       "\"login_prompt\":true}",
		       NULL, 1 } } },
	{ .address = "192.168.10.5",
	  .zone = "plant",
	  .kind = "ot",
	  .treated = "ot",
	  .state = "answering",
	  .ot_sign = "port 502 open",
	  .mac = "00:00:5e:00:53:05",
	  .vendor = "KitaWorks",
	  .ledger = "PLC-1",
	  .role = "plc",
	  .names = "[]",
	  .ports = { { 502, "modbus", "modbus",
		       "{\"conformity\":131,\"gathered\":[\"identity\"],"
		       "\"product\":\"KW-340\",\"revision\":\"2.11\",\"unit\":255,"
		       "\"vendor\":\"KitaWorks\",\"version\":\"2.11\"}",
		       NULL, 3 },
		     { 9600, NULL, "fins", NULL, "limited in OT", 3 } } },
	{ .address = "192.168.10.6",
	  .zone = "plant",
	  .kind = "ot",
	  .treated = "ot",
	  .state = "answering",
	  .mac = "00:00:5e:00:53:06",
	  .ledger = "HMI-1",
	  .role = "hmi",
	  .names = "[\"ポンプ室パネル\", \"\u05e9\u05dc\u05d5\u05dd\"]",
	  .ports = { { 23, "telnet", "telnet",
		       "{\"banner\":\"VxWorks login:\",\"gathered\":[\"banner\"],"
		       "\"login_prompt\":true}",
		       NULL, 3 },
		     { 80, "http", "http",
		       "{\"auth_scheme\":\"Basic\",\"auth_schemes\":[\"Basic\"],\"gathered\":"
		       "[\"headers\",\"page\"],\"http\":\"1.1\",\"login_form\":false,\"realm\":"
		       "\"Pump 3\",\"server\":\"nginx\",\"status\":401,\"tls\":false,"
		       "\"product\":\"nginx\"}",
		       NULL, 3 } } },
	{ .address = "192.168.10.7",
	  .zone = "plant",
	  .kind = "ot",
	  .treated = "ot",
	  .state = "distress",
	  .reason = "silent after an answer",
	  .names = "[]",
	  .ports = { { 502, NULL, "modbus", NULL, "distress", 3 } } },
	{ .address = "192.168.10.8",
	  .zone = "plant",
	  .kind = "ot",
	  .treated = "ot",
	  .state = "silent",
	  .names = "[]" },
	{ .address = "192.168.10.9",
	  .zone = "plant",
	  .kind = "ot",
	  .treated = "ot",
	  .state = "skipped",
	  .reason = "excluded",
	  .names = "[]" },
	{ .address = "fd00:10::5",
	  .kind = "unassigned",
	  .treated = "ot",
	  .state = "all-ports",
	  .reason = "answers on every port",
	  .names = "[]",
	  .ports = { { 445, NULL, "smb", NULL, "answers on every port", 3 } } },
};

bool sample_judge_start(struct sample_judge *ret, const char *data, const char *checks)
{
	static const char *const guidelines[] = { "mlit-water" };

	return sample_judge_start_with(ret, data, checks, guidelines, 1);
}

bool sample_judge_start_with(struct sample_judge *ret, const char *data, const char *checks,
			     const char *const *guidelines, size_t count)
{
	struct complaints c = { 0 };
	char path[4096];
	size_t n = 0;

	*ret = (struct sample_judge){ 0 };
	while (probes[n] != NULL)
		n++;
	ret->probes = calloc(n + 1, sizeof(*ret->probes));
	if (ret->probes == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		ret->probes[i] = (struct judge_probe){ .name = probes[i]->name,
						       .ports = probes[i]->ports,
						       .udp = probes[i]->udp,
						       .over_tls = probes[i]->over_tls,
						       .tls_ports = probes[i]->tls_ports,
						       .within = probes[i]->within,
						       .view = probes[i]->view };
	snprintf(path, sizeof(path), "%s/probes/data/ports.csv", data);
	bool good = port_list_load(path, &ret->ports, &c) == 0 &&
		    catalogue_load(data, guidelines, count, &checks, checks != NULL,
				   &ret->catalogue, &c) == 0;
	complaints_print(&c, stderr);
	complaints_done(&c);
	return good;
}

void sample_judge_done(struct sample_judge *j)
{
	catalogue_done(&j->catalogue);
	port_list_done(&j->ports);
	free(j->probes);
}

/* What people decided beside it: enough for every part of a report that tells of that. */
static void decide(struct store *s, int64_t now)
{
	enum { DAY = 86400 };
	int64_t before = now - 10 * DAY, later = now + 100 * DAY;

	store_measure(s, &(struct measure_row){ .check = "smb.v1",
						.asset = "PC-100",
						.measure = "own segment <script>alert(1)</script>",
						.by = "計装係 <b>",
						.evidence = "図面 ]]><!--",
						.at = before,
						.until = later,
						.line = 20 });
	store_measure(
		s, &(struct measure_row){ .guideline = "mlit-water",
					  .item = "5.4.2",
					  .whole = true,
					  .measure = "old",
					  .by = "someone",
					  .at = now - 400 * DAY,
					  .until = now - DAY - DAY / 6, /* the day before in UTC */
					  .line = 21 });
	/* Late; said to be done and still there; of an item; accepted. */
	store_treatment(s, &(struct treatment_row){ .check = "exposure.unauthenticated-service",
						    .asset = "=cmd|' /C calc'!A0",
						    .port = 21,
						    .action = "\"><img src=x onerror=alert(2)>",
						    .owner = "情報係",
						    .state = "in-progress",
						    .note = "\xe2\x80\xaegnp.exe",
						    .due = now - 2 * DAY,
						    .state_at = before,
						    .line = 30 });
	store_treatment(s, &(struct treatment_row){ .check = "smb.v1",
						    .asset = "PC-100",
						    .action = "SMB1 を止める",
						    .owner = "情報係",
						    .state = "done",
						    .state_at = before,
						    .line = 31 });
	store_treatment(s, &(struct treatment_row){ .guideline = "mlit-water",
						    .item = "ordinance-1",
						    .whole = true,
						    .action = "対策ソフトを入れる",
						    .owner = "施設管理責任者",
						    .state = "planned",
						    .due = later,
						    .state_at = before,
						    .line = 32 });
	store_treatment(s, &(struct treatment_row){ .check = "exposure.cleartext-admin",
						    .asset = "PC-100",
						    .owner = "someone",
						    .state = "accepted",
						    .state_at = before,
						    .line = 33 });
	store_decision(s, &(struct decision_row){ .guideline = "mlit-water",
						  .item = "1.2.1",
						  .whole = true,
						  .decision = "decline",
						  .reason = "別に定める <script>alert(1)</script>",
						  .by = "施設管理責任者",
						  .at = before,
						  .line = 40 });
	store_decision(s, &(struct decision_row){ .guideline = "mlit-water",
						  .item = "5.4.2-7",
						  .decision = "tighten",
						  .level = "]]><!--",
						  .checks = "[\"ssh.algorithm-weak\"]",
						  .by = "計装係 <b>",
						  .at = before,
						  .line = 41 });
	store_decision(s, &(struct decision_row){ .guideline = "mlit-water",
						  .item = "5.1.3",
						  .whole = true,
						  .decision = "adopt",
						  .by = "計装係 <b>",
						  .at = before,
						  .line = 42 });
	store_threshold(s, "patch_days", 30);
	store_goal(s, &(struct goal_row){ .guideline = "mlit-water",
					  .item = "ordinance-1",
					  .whole = true,
					  .current = "一部 <b>",
					  .target = "=cmd|' /C calc'!A0",
					  .priority = "high",
					  .note = "\"><img src=x onerror=alert(2)>",
					  .by = "施設管理責任者",
					  .at = before,
					  .line = 50 });
	store_goal(s, &(struct goal_row){ .guideline = "mlit-water",
					  .item = "5.4.2-7",
					  .current = "managed",
					  .target = "managed",
					  .owner = "計装係 <b>",
					  .due = later,
					  .at = before,
					  .line = 51 });
	store_tier(s, &(struct tier_row){ .area = "all",
					  .current = 2,
					  .target = 3,
					  .by = "施設管理責任者",
					  .at = before,
					  .note = "]]><!--",
					  .line = 60 });
	store_tier(
		s,
		&(struct tier_row){
			.area = "PR", .target = 4, .by = "計装係 <b>", .at = before, .line = 61 });
}

static void declare(struct store *s, int64_t now)
{
	store_zone(s, "office", "it", "192.168.1.0/24");
	store_zone(s, "plant", "ot", "192.168.10.0/24");
	store_conduit(s, "office", "plant", "tcp", 80, 80, now + 86400 * 30);
	for (size_t i = 0; i < countof(machines); i++)
		if (machines[i].ledger != NULL) {
			const struct ledger_row row = { .id = machines[i].ledger,
							.name = "<b>機器</b>",
							.address = machines[i].address,
							.zone = machines[i].zone,
							.class_ = machines[i].role,
							.declared = "[]",
							.line = (unsigned)i + 2 };
			store_ledger(s, &row);
		}
	store_waiver(s, &(struct waiver_row){ .check = "exposure.cleartext-admin",
					      .asset = "HMI-1",
					      .port = 23,
					      .reason = "更新予定 <script>alert(1)</script>",
					      .compensating = "separate switch",
					      .by = "施設管理責任者",
					      .applicant = "計装係 <b>",
					      .clause = "5.4.2",
					      .impact = "監視盤の保守",
					      .closing = "更新完了時に報告",
					      .at = now - 86400 * 10,
					      .until = now + 86400 * 60 });
	store_waiver(s, &(struct waiver_row){ .check = "ssh.algorithm-weak",
					      .reason = "old",
					      .by = "someone",
					      .at = now - 86400 * 400,
					      .until = now - 86400 });
	store_attestation(
		s, &(struct attestation_row){ .guideline = "mlit-water",
					      .item = "ordinance-2-1",
					      .answer = "met",
					      .by = "施設管理責任者",
					      .at = now - 86400,
					      .until = now + 86400 * 300,
					      .note = "導入済み \"><img src=x onerror=alert(2)>" });
	store_remark(s, "feature-later", "kita.yaml:12",
		     "'schedule' is understood but has no effect yet");
	store_remark(s, "no-capability", NULL, "=cmd|' /C calc'!A0");
	decide(s, now);
}

static void observe(struct store *s, const struct machine *m, int64_t now, int bit)
{
	static const char transport[] = "tcp";
	struct host_row host = { .address = m->address,
				 .zone = m->zone,
				 .kind = m->kind,
				 .treated = m->treated,
				 .state = m->state,
				 .reason = m->reason,
				 .ot_sign = m->ot_sign,
				 .mac = m->mac,
				 .vendor = m->vendor,
				 .ledger_id = m->ledger,
				 .role = m->role,
				 .os = m->os,
				 .complete = strcmp(m->state, "distress") != 0,
				 .planned = 11,
				 .first_ms = now * 1000,
				 .last_ms = (now + 300) * 1000 };
	for (size_t i = 0; i < countof(m->ports) && m->ports[i].port != 0; i++)
		host.open += (m->ports[i].scans & bit) != 0;
	host.closed = 11 - host.open;
	store_host(s, &host);
	for (size_t i = 0; i < countof(m->ports) && m->ports[i].port != 0; i++) {
		const struct port *p = &m->ports[i];

		if ((p->scans & bit) == 0)
			continue;
		store_service(s, m->address, p->port, transport, "open", "syn-ack", p->name, NULL);
		if (p->probe == NULL) {
			store_service_spoken(s, m->address, p->port, transport, NULL, false, "none",
					     p->limited);
			continue;
		}
		store_service_spoken(s, m->address, p->port, transport, p->probe, false, "port",
				     p->limited);
		const struct evidence_row row = { .address = m->address,
						  .transport = transport,
						  .probe = p->probe,
						  .ending = "done",
						  .document = p->document,
						  .port = p->port,
						  .connections = 1,
						  .sent = 60,
						  .received = 400,
						  .started_ms = now * 1000,
						  .finished_ms = now * 1000 + 90 };
		store_evidence(s, &row);
	}
}

static bool one_scan(struct store *s, const struct sample_judge *j, int64_t now, int bit,
		     bool ended)
{
	const struct scan_row row = { .uuid = bit == 1 ? "00000000-0000-4000-8000-000000000001"
						       : "00000000-0000-4000-8000-000000000002",
				      .site = "北浄水場 <Kita>",
				      .vantage = "bastion-1",
				      .vantage_zone = "office",
				      .vantage_kind = "it",
				      .profile = "mlit-water",
				      .version = "0.1.0",
				      .plan = plan,
				      .started = now };
	int64_t scan = store_scan_begin(s, &row);

	declare(s, now);
	for (size_t i = 0; i < countof(machines); i++)
		observe(s, &machines[i], now, bit);
	struct db *db;
	store_commit(s);
	if (store_error(s) != STORE_OK || db_borrow(store_db(s), &db) != 0)
		return false;
	bool good = true;
	for (size_t i = 0; good && i < countof(machines); i++)
		good = db_execf(
			       db,
			       "UPDATE main.host SET names = %Q WHERE scan = %lld AND address = %Q",
			       machines[i].names, (long long)scan, machines[i].address) == 0;
	good = good &&
	       db_execf(db,
			"INSERT INTO main.journal (scan, number, kind, opened_ms, closed_ms,"
			" source, source_port, address, port, transport, probe, packets, sent,"
			" received, ending) SELECT scan, row_number() OVER (ORDER BY address,"
			" port), 'talk', started_ms, finished_ms, '192.168.1.2', 40000, address, "
			"port,"
			" transport, probe, 9, sent, received, ending FROM main.evidence"
			" WHERE scan = %lld",
			(long long)scan) == 0;
	if (good && ended) {
		store_scan_end(s, "done", NULL, now + 1800);
		good = judge_run(db, &j->catalogue, scan, j->probes, &j->ports, NULL) == 0 &&
		       judge_keep(db) == 0;
		judge_forget(db);
	}
	if (!good)
		fprintf(stderr, "# %s\n", db_error(db));
	db_free(db);
	return good;
}

bool sample_make(const char *path, const struct sample_judge *j, bool ended)
{
	struct store *s;

	if (store_open(path, &s) != STORE_OK)
		return false;
	bool good = one_scan(s, j, first_scan, 1, true) && one_scan(s, j, second_scan, 2, ended);
	if (store_error(s) != STORE_OK)
		fprintf(stderr, "# %s\n", store_error_text(s));
	good = good && store_error(s) == STORE_OK;
	store_close(s);
	return good;
}

/* ---- listening and reachability ---- */

#define HOSTILE "<script>alert(3)</script>\"'=1+1"

static int64_t begin_run(struct store *s, const char *kind, const char *vantage, const char *uuid,
			 int64_t now)
{
	const struct scan_row row = { .uuid = uuid,
				      .kind = kind,
				      .site = "北浄水場 <Kita>",
				      .vantage = vantage,
				      .vantage_zone = "plant",
				      .vantage_kind = "ot",
				      .profile = "mlit-water",
				      .version = "0.1.0",
				      .plan = plan,
				      .started = now };
	int64_t id = store_scan_begin(s, &row);

	declare(s, now);
	store_zone_declared(s, "plant", "closed");
	store_declared(s, "router", "192.168.10.1");
	return id;
}

static void listen_there(struct store *s, int64_t now)
{
	int64_t first = now * 1000, last = (now + 7200) * 1000;

	store_watch(s, &(struct watch_row){ .number = 1,
					    .kind = "interface",
					    .name = HOSTILE,
					    .link = "EN10MB",
					    .note = "link down",
					    .first_ms = first,
					    .last_ms = last,
					    .packets = 123456,
					    .bytes = 98765432,
					    .dropped = 7,
					    .snapped = 2,
					    .one_sided = 1 });
	static const struct {
		const char *address, *mac, *zone, *kind;
		bool is_public;
	} heard[] = {
		{ "192.168.10.5", "02:00:00:00:10:05", "plant", "ot", false },
		{ "192.168.10.88", "02:00:00:00:10:88", "plant", "ot", false },
		{ "203.0.113.66", NULL, NULL, "unassigned", true },
	};
	for (size_t i = 0; i < countof(heard); i++)
		store_heard_host(s, &(struct heard_host_row){ .address = heard[i].address,
							      .mac = heard[i].mac,
							      .zone = heard[i].zone,
							      .kind = heard[i].kind,
							      .is_public = heard[i].is_public,
							      .sent = 9,
							      .received = 9,
							      .first_ms = first,
							      .last_ms = last });
	struct flow_row flow = { .src = "192.168.10.88",
				 .dst = "192.168.10.5",
				 .transport = "tcp",
				 .application = "modbus",
				 .source = "decoder",
				 .from_zone = "plant",
				 .to_zone = "plant",
				 .port = 502,
				 .opened = true,
				 .connections = 3,
				 .sent = 3000,
				 .received = 4000,
				 .sent_packets = 30,
				 .received_packets = 31,
				 .first_ms = first,
				 .last_ms = last };
	store_flow(s, &flow);
	flow.dst = "203.0.113.66";
	flow.to_zone = NULL;
	flow.application = "tls";
	flow.source = "ndpi";
	flow.name = HOSTILE;
	flow.port = 443;
	store_flow(s, &flow);
	flow.dst = "192.168.1.10";
	flow.to_zone = "office";
	flow.transport = "icmp";
	flow.application = flow.source = flow.name = NULL;
	flow.port = 0;
	store_flow(s, &flow);
	store_operation(s, &(struct operation_row){ .src = "192.168.10.88",
						    .dst = "192.168.10.5",
						    .transport = "tcp",
						    .protocol = "modbus",
						    .word = HOSTILE,
						    .access = "write",
						    .port = 502,
						    .unit = 1,
						    .code = 6,
						    .requests = 5,
						    .errors = 1,
						    .first_ms = first,
						    .last_ms = last });
	store_heard(s, &(struct heard_row){ .address = "192.168.10.88",
					    .kind = "name.netbios",
					    .value = HOSTILE,
					    .times = 2,
					    .first_ms = first,
					    .last_ms = last });
}

static void reach_there(struct store *s, int64_t now)
{
	struct path_row path = { .number = 1,
				 .method = "tcp",
				 .interface = "eth1",
				 .source = "192.168.10.2",
				 .destination = "203.0.113.5",
				 .transport = "tcp",
				 .from_zone = "plant",
				 .outcome = "silent",
				 .hops = "[{\"hop\":1,\"from\":\""
					 "192.168.10.1"
					 "\"}]",
				 .evidence = "{}",
				 .note = HOSTILE,
				 .port = 443,
				 .at_ms = now * 1000,
				 .took_ms = 4000 };
	store_path(s, &path);
	path.number = 2;
	path.method = "dns-txt";
	path.via = "192.168.1.10";
	path.port = 53;
	path.transport = "udp";
	path.outcome = "reached";
	path.refutes = true;
	path.seen_as = "203.0.113.77";
	path.answered_by = HOSTILE;
	store_path(s, &path);
}

bool sample_add_heard(const char *path, const struct sample_judge *j)
{
	struct store *s;
	struct db *db;

	if (store_open(path, &s) != STORE_OK)
		return false;
	begin_run(s, "listen", "tap-1", "00000000-0000-4000-8000-000000000003", second_scan + 3600);
	listen_there(s, second_scan + 3600);
	store_scan_end(s, "done", NULL, second_scan + 10800);
	int64_t run = begin_run(s, "reach", "bastion-2", "00000000-0000-4000-8000-000000000004",
				second_scan + 14400);
	reach_there(s, second_scan + 14400);
	store_scan_end(s, "done", NULL, second_scan + 14700);
	bool good = store_error(s) == STORE_OK && db_borrow(store_db(s), &db) == 0;
	if (good) {
		good = judge_run(db, &j->catalogue, run, j->probes, &j->ports, NULL) == 0 &&
		       judge_keep(db) == 0;
		if (!good)
			fprintf(stderr, "# %s\n", db_error(db));
		judge_forget(db);
		db_free(db);
	}
	store_close(s);
	return good;
}
