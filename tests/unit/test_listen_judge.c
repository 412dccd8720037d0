/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the shipped checks say of listening and of reachability tests: each case is the store below,
 * changed by a few statements, and what one check finds then.
 */
#include "scratch.h"

#include "judge/catalogue.h"
#include "judge/judge.h"
#include "probes/probe.h"
#include "store/db.h"
#include "store/schema.h"

static const char *const guidelines[] = { "mlit-water" };
static struct catalogue shipped;
static struct judge_probe list[128];

static int load(void **state)
{
	struct complaints c = { 0 };
	size_t i = 0;

	(void)state;
	for (; probes[i] != NULL && i + 1 < sizeof(list) / sizeof(list[0]); i++)
		list[i] = (struct judge_probe){ .name = probes[i]->name,
						.ports = probes[i]->ports,
						.udp = probes[i]->udp,
						.over_tls = probes[i]->over_tls,
						.tls_ports = probes[i]->tls_ports,
						.within = probes[i]->within,
						.view = probes[i]->view };
	if (probes[i] != NULL)
		return -1;
	int r = catalogue_load(getenv("TENKEN_DATA"), guidelines, 1, NULL, 0, &shipped, &c);
	complaints_print(&c, stderr);
	complaints_done(&c);
	return r;
}

static int unload(void **state)
{
	(void)state;
	catalogue_done(&shipped);
	return 0;
}

/* ---- the store ---- */

#define RUN(id, kind, vantage)                                                                \
	"INSERT INTO scan VALUES (" id ", 'u" id "', '" kind "', 'here', '" vantage           \
	"', 'plant', 'ot', 'p', 100000 + 1000 * " id ", 100000 + 1000 * " id                  \
	" + 500, 'done', NULL, '0', '{\"ports_tcp\":\"22,443,445,502\",\"risk\":\"read\"}');" \
	"INSERT INTO zone VALUES (" id ", 'office', 'it', '192.168.1.0/24'),"                 \
	" (" id ", 'plant', 'ot', '192.168.10.0/24');"                                        \
	"INSERT INTO conduit VALUES (" id ", 'office', 'plant', 'tcp', 443, 443, NULL);"      \
	"INSERT INTO ledger (scan, id, address, zone, class, declared, line) VALUES"          \
	" (" id ", 'H1', '192.168.10.5', 'plant', 'plc', '[]', 2),"                           \
	" (" id ", 'H2', '192.168.10.6', 'plant', 'hmi', '[\"must-log\",\"must-sync\"]', 3)," \
	" (" id ", 'P1', '192.168.1.7', 'office', 'terminal', '[]', 4);"

#define HEARD_HOST(run, address, mac, zone, kind, public)                                \
	"INSERT INTO heard_host VALUES (" run ", '" address "', " mac ", NULL, 0, " zone \
	", '" kind "', " public ", NULL, 10, 10, 100000000, 200000000);"
#define LISTENED(run)                                                                             \
	"INSERT INTO watch VALUES (" run ", 1, 'interface', 'eth0', 'EN10MB', 100000000,"         \
	" 200000000, 1000, 100000, 0, 0, 0, NULL);" HEARD_HOST(                                   \
		run, "192.168.10.5", "'02:00:00:00:00:05'", "'plant'", "ot",                      \
		"0") HEARD_HOST(run, "192.168.10.6", "'02:00:00:00:00:06'", "'plant'", "ot", "0") \
		HEARD_HOST(run, "192.168.1.7", "'02:00:00:00:00:07'", "'office'", "it", "0")      \
			HEARD_HOST(run, "203.0.113.9", "NULL", "NULL", "unassigned", "1")

#define FLOW_OF(run, src, dst, port, from, to, application, source, name, answered) \
	"INSERT INTO flow VALUES (" run ", '" src "', '" dst "', " port             \
	", 'tcp', 0, 1, " application ", " source ", " name ", " from ", " to       \
	", 2, 0, iif(" answered ", 0, 2), 200, 300, 4, 5, 110000000, 120000000);"
#define FACT_OF(run, address, mac, kind, value, peer, port, transport)                     \
	"INSERT INTO heard VALUES (" run ", '" address "', '" mac "', '" kind "', '" value \
	"', '" peer "', " port ", '" transport "', 3, 110000000, 120000000);"
#define FLOW(src, dst, port, from, to, application, source, name, answered) \
	FLOW_OF("1", src, dst, port, from, to, application, source, name, answered)
#define FACT(address, mac, kind, value, peer, port, transport) \
	FACT_OF("1", address, mac, kind, value, peer, port, transport)
#define OPERATION                                                                      \
	"INSERT INTO operation VALUES (1, '192.168.10.6', '192.168.10.5', 502, 'tcp'," \
	" 'modbus', 1, 3, 'read holding registers', 'read', 5, 0, 110000000, 120000000);"
#define PATH(number, method, via, destination, port, to, outcome, refutes)                     \
	"INSERT INTO path VALUES (1, " number ", '" method "', 'eth0', '192.168.10.2', " via   \
	", NULL, '" destination "', " port ", 'tcp', 'plant', " to ", '" outcome "', " refutes \
	", NULL, NULL, NULL, 110000000, 5, '{}', NULL);"
#define DECLARED(role, address) \
	"INSERT INTO declared_address VALUES (1, '" role "', '" address "');"

#define ONE_CARD "UPDATE heard_host SET mac = '02:00:00:00:00:05' WHERE address = '192.168.1.7';"

/* In 2026: some checks know the calendar. */
#define LATER "UPDATE scan SET started = 1790000000, finished = 1790000000;"

#define LISTENING RUN("1", "listen", "tap") LISTENED("1")
#define REACHING RUN("1", "reach", "b1")

static struct db *store_with(const char *base, const char *change)
{
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", DB_CREATE, &db), 0);
	for (int i = 0; i < store_version; i++)
		assert_int_equal(db_exec(db, store_migrations[i]), 0);
	if (db_exec(db, base) < 0 || db_exec(db, change) < 0)
		fail_msg("%s", db_error(db));
	return db;
}

static void judge(struct db *db, int64_t run)
{
	struct complaints c = { 0 };
	const struct judge_options options = { .complaints = &c };

	if (judge_run(db, &shipped, run, list, NULL, &options) < 0)
		fail_msg("%s", db_error(db));
	if (c.count > 0)
		fail_msg("%s", c.list[0]);
	complaints_done(&c);
}

static void value_of(struct db *db, const char *sql, char out[static 1024])
{
	struct query *q = NULL;

	if (query_new(db, sql, &q) < 0)
		fail_msg("%s: %s", sql, db_error(db));
	bool row = query_step(q) == 1;
	snprintf(out, 1024, "%s", !row ? "(none)" : query_null(q, 0) ? "" : query_text(q, 0));
	query_free(q);
}

static void expect(struct db *db, const char *sql, const char *want)
{
	char have[1024];

	value_of(db, sql, have);
	if (strcmp(have, want) != 0)
		fail_msg("%s\n#  gives  %s\n#  not    %s", sql, have, want);
}

/* ---- each check ---- */

#define OT_OUT(answered)                                                                 \
	FLOW("192.168.10.5", "203.0.113.9", "443", "'plant'", "NULL", "'tls'", "'ndpi'", \
	     "'cloud.example.net'", answered)
#define TO_PLANT(port, application, source)                                                   \
	FLOW("192.168.1.7", "192.168.10.5", port, "'office'", "'plant'", application, source, \
	     "NULL", "1")

#define OFFICE_OUT(answered)                                                                  \
	FLOW("192.168.1.7", "203.0.113.9", "443", "'office'", "NULL", "NULL", "NULL", "NULL", \
	     answered)
/* From a vantage in the plant nothing led out; from another in the office this did. */
#define OFFICE_PATH(outcome, refutes)                                              \
	PATH("1", "tcp", "NULL", "203.0.113.9", "443", "NULL", "no-route", "0")    \
	"INSERT INTO path VALUES (1, 2, 'tcp', 'eth0', '192.168.1.2', NULL, NULL," \
	" '203.0.113.9', 443, 'tcp', 'office', NULL, '" outcome "', " refutes      \
	", NULL, NULL, NULL, 110000000, 5, '{}', NULL);"

static const struct {
	const char *check, *base, *change, *found;
} rows[] = {
	{ "asset.unapproved", LISTENING, "", "" },
	{ "asset.unapproved", LISTENING,
	  HEARD_HOST("1", "192.168.10.99", "'02:00:00:00:00:99'", "'plant'", "ot", "0"),
	  "192.168.10.99 -  high" },
	/* Only what talks is an asset; strangers outside are none. */
	{ "asset.unapproved", LISTENING,
	  "INSERT INTO heard_host VALUES (1, '192.168.10.98', NULL, NULL, 0, 'plant', 'ot', 0, "
	  "NULL, 0, 9, 1, 2);",
	  "" },
	/* Its second address is the same machine's. */
	{ "asset.unapproved", LISTENING,
	  HEARD_HOST("1", "fe80::5", "'02:00:00:00:00:05'", "NULL", "unassigned", "0")
		  HEARD_HOST("1", "fd00::5", "'02:00:00:00:00:05'", "NULL", "unassigned", "0"),
	  "" },
	{ "asset.missing", LISTENING, "", "" },
	{ "asset.missing", LISTENING,
	  "DELETE FROM heard_host WHERE address = '192.168.10.6';"
	  "UPDATE watch SET last_ms = 100000000 + 86400000;",
	  "192.168.10.6 -  low" },
	{ "asset.missing", LISTENING, "DELETE FROM heard_host WHERE address = '192.168.10.6';",
	  "192.168.10.6 -  low" },
	{ "asset.missing", LISTENING,
	  "DELETE FROM heard_host WHERE address = '192.168.10.6';"
	  "UPDATE watch SET last_ms = 100000000 + 3600000;",
	  "" },
	{ "asset.duplicate-address", LISTENING,
	  FACT("192.168.10.5", "02:00:00:00:00:05", "addr.arp", "", "", "0", ""), "" },
	{ "asset.duplicate-address", LISTENING,
	  FACT("192.168.10.5", "02:00:00:00:00:05", "addr.arp", "", "", "0", "")
		  FACT("192.168.10.5", "02:00:00:00:00:55", "addr.arp", "", "", "0", ""),
	  "192.168.10.5 -  medium" },
	{ "asset.os-unsupported", LISTENING,
	  FACT("192.168.10.6", "", "os.ntlm", "6.1.7601", "", "0", "") LATER,
	  "192.168.10.6 - Windows build 7601 high" },
	{ "asset.os-unsupported", LISTENING,
	  FACT("192.168.10.6", "", "os.ntlm", "10.0.26100", "", "0", "") LATER, "" },
	{ "asset.default-device-role", LISTENING, OPERATION, "192.168.10.5 - ot-device info" },
	{ "asset.default-device-role", LISTENING, "", "" },
	{ "exposure.cleartext-admin", LISTENING, "", "" },
	{ "exposure.cleartext-admin", LISTENING,
	  FACT("192.168.10.5", "", "service.spoken", "telnet", "192.168.10.6", "23", "tcp") FACT(
		  "192.168.10.5", "", "login.cleartext", "http basic", "192.168.10.6", "80", "tcp")
		  FACT("192.168.10.5", "", "snmp.version", "2c", "192.168.10.6", "161", "udp"),
	  "192.168.10.5 23 telnet high;192.168.10.5 80 http login high;"
	  "192.168.10.5 161 snmp v2c high" },
	{ "exposure.cleartext-admin", LISTENING,
	  FACT("192.168.10.5", "", "service.spoken", "ssh", "192.168.10.6", "22", "tcp")
		  FACT("192.168.10.5", "", "snmp.version", "3", "192.168.10.6", "161", "udp"),
	  "" },
	{ "exposure.ot-protocol-public", LISTENING, OT_OUT("1"), "" },
	{ "exposure.ot-protocol-public", LISTENING,
	  FLOW("203.0.113.9", "192.168.10.5", "502", "NULL", "'plant'", "'modbus'", "'decoder'",
	       "NULL", "1"),
	  "192.168.10.5 502 modbus critical" },
	{ "exposure.ot-protocol-cross-zone", LISTENING, TO_PLANT("102", "'S7comm'", "'ndpi'"),
	  "192.168.10.5 102 s7 high" },
	{ "exposure.ot-protocol-cross-zone", LISTENING, TO_PLANT("443", "'modbus'", "'ndpi'"), "" },
	{ "tls.none", LISTENING,
	  FACT("192.168.10.5", "", "login.cleartext", "pop3", "192.168.10.6", "110", "tcp"),
	  "192.168.10.5 110 pop3 login medium" },
	{ "tls.none", LISTENING, "", "" },
	{ "tls.protocol-broken", LISTENING,
	  FACT("192.168.10.5", "", "tls.version", "SSLv3", "192.168.10.6", "443", "tcp"),
	  "192.168.10.5 443 SSLv3 critical" },
	{ "tls.protocol-broken", LISTENING,
	  FACT("192.168.10.5", "", "tls.version", "TLSv1.2", "192.168.10.6", "443", "tcp"), "" },
	{ "tls.protocol-obsolete", LISTENING,
	  FACT("192.168.10.5", "", "tls.version", "TLSv1.0", "192.168.10.6", "443", "tcp"),
	  "192.168.10.5 443 TLSv1.0 high" },
	{ "tls.protocol-obsolete", LISTENING,
	  FACT("192.168.10.5", "", "tls.version", "TLSv1.3", "192.168.10.6", "443", "tcp"), "" },
	{ "tls.cipher-broken", LISTENING,
	  FACT("192.168.10.5", "", "tls.suite", "TLS_RSA_WITH_RC4_128_MD5", "", "443", "tcp"),
	  "192.168.10.5 443 TLS_RSA_WITH_RC4_128_MD5 high" },
	{ "tls.cipher-weak", LISTENING,
	  FACT("192.168.10.5", "", "tls.suite", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "", "443", "tcp"),
	  "192.168.10.5 443 TLS_RSA_WITH_3DES_EDE_CBC_SHA medium" },
	{ "tls.cipher-weak", LISTENING,
	  FACT("192.168.10.5", "", "tls.suite", "TLS_AES_128_GCM_SHA256", "", "443", "tcp"), "" },
	{ "tls.certificate-expired", LISTENING,
	  FACT("192.168.10.5", "", "tls.certificate",
	       "{\"subject\":\"CN=a\",\"not_before\":1000,\"not_after\":110000}", "", "443", "tcp"),
	  "192.168.10.5 443 expired high" },
	{ "tls.certificate-expired", LISTENING,
	  FACT("192.168.10.5", "", "tls.certificate",
	       "{\"subject\":\"CN=a\",\"not_before\":1000,\"not_after\":130000}", "", "443", "tcp"),
	  "" },
	{ "tls.certificate-weak-key", LISTENING,
	  FACT("192.168.10.5", "", "tls.certificate",
	       "{\"subject\":\"CN=a\",\"not_after\":130000,\"key_type\":\"RSA\",\"key_bits\":1024,"
	       "\"signature\":\"RSA-SHA256\"}",
	       "", "443", "tcp"),
	  "192.168.10.5 443 RSA 1024 high" },
	{ "smb.v1", LISTENING, FACT("192.168.10.6", "", "smb.dialect", "1", "", "445", "tcp"),
	  "192.168.10.6 445  critical" },
	{ "smb.v1", LISTENING, FACT("192.168.10.6", "", "smb.dialect", "3.1.1", "", "445", "tcp"),
	  "" },
	{ "snmp.v1v2c", LISTENING, FACT("192.168.10.6", "", "snmp.version", "1", "", "161", "udp"),
	  "192.168.10.6 161 v1 medium" },
	{ "snmp.v1v2c", LISTENING, FACT("192.168.10.6", "", "snmp.version", "3", "", "161", "udp"),
	  "" },
	{ "credential.cleartext-seen", LISTENING,
	  FACT("192.168.10.6", "", "login.cleartext", "ftp", "192.168.10.5", "21", "tcp"),
	  "192.168.10.6 21 ftp high" },
	{ "credential.cleartext-seen", LISTENING, "", "" },
	{ "network.ot-public-flow", LISTENING, OT_OUT("1"), "192.168.10.5 -  critical" },
	{ "network.ot-public-flow", LISTENING, OT_OUT("0"), "" },
	{ "network.ot-public-flow", LISTENING,
	  FLOW("192.168.1.7", "203.0.113.9", "443", "'office'", "NULL", "NULL", "NULL", "NULL",
	       "1"),
	  "" },
	{ "network.ot-public-flow", LISTENING,
	  FLOW("203.0.113.9", "192.168.10.5", "22", "NULL", "'plant'", "NULL", "NULL", "NULL", "0"),
	  "192.168.10.5 -  critical" },
	/* An office zone that was declared closed. */
	{ "network.ot-public-flow", LISTENING,
	  FLOW("192.168.1.7", "203.0.113.9", "443", "'office'", "NULL", "NULL", "NULL", "NULL",
	       "1") "INSERT INTO zone_declared VALUES (1, 'office', 'closed');",
	  "192.168.1.7 -  critical" },
	{ "network.cross-zone-flow", LISTENING, TO_PLANT("443", "NULL", "NULL"), "" },
	{ "network.cross-zone-flow", LISTENING, TO_PLANT("22", "NULL", "NULL"),
	  "192.168.10.5 22 office > plant high" },
	{ "network.cross-zone-flow", LISTENING,
	  TO_PLANT("443", "NULL", "NULL") "UPDATE conduit SET until = 119999;",
	  "192.168.10.5 443 office > plant high" },
	{ "network.conduit-expired", LISTENING,
	  TO_PLANT("443", "NULL", "NULL") "UPDATE conduit SET until = 119999;",
	  "192.168.10.5 443 office > plant high" },
	{ "network.conduit-expired", LISTENING,
	  TO_PLANT("443", "NULL", "NULL") "UPDATE conduit SET until = 120000;", "" },
	{ "network.conduit-expired", REACHING,
	  PATH("1", "zone-tcp", "NULL", "192.168.1.7", "443", "'office'", "reached",
	       "1") "INSERT INTO conduit VALUES (1, 'plant', 'office', 'tcp', 443, 443, 1000);",
	  "192.168.1.7 443 plant > office high" },
	{ "network.policy-unused", LISTENING, "", "conduit office > plant tcp/443 -  info" },
	{ "network.policy-unused", LISTENING, TO_PLANT("443", "NULL", "NULL"), "" },
	{ "network.policy-unused", LISTENING, "UPDATE watch SET last_ms = first_ms + 60000;", "" },
	{ "network.segment-flat", LISTENING, OPERATION, "" },
	{ "network.segment-flat", LISTENING,
	  HEARD_HOST("1", "192.168.1.8", "'02:00:00:00:00:08'", "'office'", "it",
		     "0") "INSERT INTO operation VALUES (1, '192.168.1.7', '192.168.1.8', 502, "
			  "'tcp', 'modbus', 1,"
			  " 3, 'read', 'read', 5, 0, 110000000, 120000000);",
	  "192.168.1.8 - office high" },
	{ "network.dns-leak", LISTENING,
	  FACT("192.168.10.5", "", "dns.resolved", "update.example.com", "192.168.10.1", "53",
	       "udp") FACT("203.0.113.9", "", "name.dns", "update.example.com", "", "0", ""),
	  "192.168.10.5 - 192.168.10.1 medium" },
	{ "network.dns-leak", LISTENING,
	  FACT("192.168.10.5", "", "dns.resolved", "hmi.example.com", "192.168.10.1", "53", "udp")
		  FACT("192.168.10.6", "", "name.dns", "hmi.example.com", "", "0", "")
			  FACT("192.168.10.5", "", "dns.resolved", "plc.plant.local",
			       "192.168.10.1", "53", "udp"),
	  "" },
	{ "network.ipv6-unintended", LISTENING,
	  FACT("fe80::6", "02:00:00:00:00:06", "ra.router", "2001:db8::/64 1800", "", "0", "") FACT(
		  "192.168.10.5", "", "tunnel.teredo", "2001::1", "203.0.113.9", "3544", "udp"),
	  "192.168.10.5 - Teredo medium;192.168.10.6 - router advertisement medium" },
	{ "network.ipv6-unintended", LISTENING,
	  FACT("fe80::6", "02:00:00:00:00:06", "ra.router", "2001:db8::/64 1800", "", "0",
	       "") "UPDATE zone SET networks = networks || ',2001:db8::/64';",
	  "" },
	{ "network.dhcp-rogue", LISTENING,
	  FACT("192.168.10.6", "02:00:00:00:00:06", "dhcp.server", "", "", "67", "udp"),
	  "192.168.10.6 - DHCP medium" },
	{ "network.dhcp-rogue", LISTENING,
	  FACT("192.168.10.6", "02:00:00:00:00:06", "dhcp.server", "", "", "67", "udp")
		  DECLARED("dhcp-server", "192.168.10.1"),
	  "192.168.10.6 - DHCP high" },
	{ "network.dhcp-rogue", LISTENING,
	  FACT("192.168.10.6", "02:00:00:00:00:06", "dhcp.server", "", "", "67", "udp")
		  DECLARED("dhcp-server", "192.168.10.6"),
	  "" },
	/* The declared router by another of its addresses. */
	{ "network.dhcp-rogue", LISTENING,
	  FACT("fe80::6", "02:00:00:00:00:06", "ra.router", "2001:db8::/64 1800", "", "0", "")
		  DECLARED("router", "192.168.10.6"),
	  "" },
	{ "network.arp-anomaly", LISTENING,
	  FACT("192.168.10.5", "02:00:00:00:00:05", "addr.arp", "", "", "0", "")
		  FACT("192.168.10.5", "02:00:00:00:00:06", "addr.arp", "", "", "0", "")
			  FACT("192.168.10.6", "02:00:00:00:00:06", "addr.arp", "", "", "0", ""),
	  "192.168.10.5 -  high" },
	{ "network.arp-anomaly", LISTENING,
	  FACT("192.168.10.5", "02:00:00:00:00:05", "addr.arp", "", "", "0", "")
		  FACT("192.168.10.6", "02:00:00:00:00:06", "addr.arp", "", "", "0", ""),
	  "" },
	/* The lease went to another machine: one after the other. */
	{ "network.arp-anomaly", LISTENING,
	  FACT("192.168.10.5", "02:00:00:00:00:05", "addr.arp", "", "", "0", "")
		  FACT("192.168.10.5", "02:00:00:00:00:06", "addr.arp", "", "", "0", "")
			  FACT("192.168.10.6", "02:00:00:00:00:06", "addr.arp", "", "", "0",
			       "") "UPDATE heard SET first_ms = 130000000, last_ms = 140000000"
				   " WHERE mac = '02:00:00:00:00:06';",
	  "" },
	{ "network.arp-anomaly", LISTENING,
	  FACT("192.168.10.5", "00:00:5e:00:01:0a", "arp.mismatch", "02:00:00:00:00:05", "", "0",
	       ""),
	  "" },
	{ "network.discovery-leak", LISTENING,
	  FACT("", "02:00:00:00:00:05", "version.lldp", "Firmware 1.2", "", "0", ""),
	  "192.168.10.5 - LLDP low" },
	{ "network.discovery-leak", LISTENING, "", "" },
	{ "network.vpn-endpoint", LISTENING,
	  FACT("203.0.113.9", "", "vpn.wireguard", "", "192.168.10.5", "51820", "udp"),
	  "192.168.10.5 - wireguard to 203.0.113.9 medium" },
	{ "network.vpn-endpoint", LISTENING,
	  FACT("192.168.10.6", "", "vpn.ike", "", "203.0.113.9", "500", "udp"),
	  "192.168.10.6 500 ike medium" },
	{ "network.vpn-endpoint", LISTENING, "", "" },
	{ "network.remote-support-tool", LISTENING,
	  FLOW("192.168.1.7", "203.0.113.9", "443", "'office'", "NULL", "'tls'", "'ndpi'",
	       "'router7.teamviewer.com'", "1"),
	  "192.168.1.7 - TeamViewer high" },
	{ "network.remote-support-tool", LISTENING,
	  FACT("192.168.1.7", "", "dns.question", "relay-1.net.anydesk.com", "192.168.1.1", "53",
	       "udp"),
	  "192.168.1.7 - AnyDesk medium" },
	{ "network.remote-support-tool", LISTENING, OT_OUT("1"), "" },
	{ "log.syslog-absent", LISTENING, "", "192.168.10.6 -  info" },
	{ "log.syslog-absent", LISTENING,
	  FLOW("192.168.10.6", "192.168.10.5", "514", "'plant'", "'plant'", "NULL", "NULL", "NULL",
	       "0"),
	  "" },
	{ "asset.time-sync-absent", LISTENING, "", "192.168.10.6 -  info" },
	{ "asset.time-sync-absent", LISTENING,
	  FLOW("192.168.10.6", "192.168.10.5", "4123", "'plant'", "'plant'", "NULL", "NULL", "NULL",
	       "1") DECLARED("time-server", "192.168.10.5"),
	  "" },

	{ "network.ot-internet-egress", REACHING,
	  PATH("1", "tcp", "NULL", "203.0.113.5", "443", "NULL", "reached", "1")
		  PATH("2", "tcp", "NULL", "203.0.113.5", "80", "NULL", "reached", "1")
			  PATH("3", "dns-txt", "'192.168.10.1'", "203.0.113.5", "53", "NULL",
			       "reached", "1"),
	  "192.168.10.2 - dns-txt via 192.168.10.1 critical;192.168.10.2 - tcp ipv4 critical" },
	{ "network.ot-internet-egress", REACHING,
	  PATH("1", "tcp", "NULL", "203.0.113.5", "443", "NULL", "silent", "0") PATH(
		  "2", "gateway", "'192.168.10.1'", "203.0.113.5", "0", "NULL", "forwarded", "1"),
	  "" },
	{ "network.ot-internet-egress", REACHING,
	  PATH("1", "tcp", "NULL", "203.0.113.5", "443", "NULL", "reached",
	       "1") "UPDATE path SET from_zone = 'office';",
	  "" },
	{ "network.internet-path-filtered", REACHING,
	  PATH("1", "tcp", "NULL", "203.0.113.5", "443", "NULL", "prohibited", "0"),
	  "192.168.10.2 - tcp ipv4 high" },
	{ "network.internet-path-filtered", REACHING,
	  PATH("1", "tcp", "NULL", "203.0.113.5", "443", "NULL", "no-route", "0")
		  PATH("2", "tcp", "NULL", "203.0.113.5", "80", "NULL", "silent", "0"),
	  "" },
	{ "network.internet-path-filtered", REACHING,
	  PATH("1", "tcp", "NULL", "203.0.113.5", "443", "NULL", "prohibited", "0")
		  PATH("2", "tcp", "NULL", "203.0.113.5", "80", "NULL", "reached", "1"),
	  "" },
	{ "network.rogue-gateway", REACHING,
	  PATH("1", "gateway", "'192.168.10.77'", "203.0.113.5", "0", "NULL", "forwarded", "1"),
	  "192.168.10.77 - ipv4 critical" },
	{ "network.rogue-gateway", REACHING,
	  PATH("1", "gateway", "'192.168.10.77'", "203.0.113.5", "0", "NULL", "forwarded", "1")
		  DECLARED("router", "192.168.10.77"),
	  "" },
	{ "network.rogue-gateway", REACHING,
	  PATH("1", "gateway", "'192.168.10.77'", "203.0.113.5", "0", "NULL", "not-forwarded", "0"),
	  "" },
	{ "network.cross-zone-reachable", REACHING,
	  PATH("1", "zone-tcp", "NULL", "192.168.1.7", "22", "'office'", "reached", "1"),
	  "192.168.1.7 22 plant > office high" },
	{ "network.cross-zone-reachable", REACHING,
	  PATH("1", "zone-tcp", "NULL", "192.168.1.7", "22", "'office'", "silent", "0"), "" },
	/* ---- one machine in two zones ---- */
	{ "asset.bridging-host", LISTENING, "", "" },
	{ "asset.bridging-host", LISTENING,
	  "UPDATE heard_host SET mac = '02:00:00:00:00:05' WHERE address = '192.168.1.7';",
	  "192.168.1.7 - office + plant high;192.168.10.5 - office + plant high" },
	{ "asset.bridging-host", LISTENING,
	  "UPDATE heard_host SET mac = '00:00:5e:00:01:05' WHERE address IN ('192.168.1.7', "
	  "'192.168.10.5');",
	  "" },
	{ "asset.bridging-host", LISTENING,
	  "UPDATE heard_host SET mac = '02:00:00:00:00:05' WHERE address = "
	  "'192.168.1.7';" DECLARED("router", "192.168.10.5"),
	  "" },
	/* A declared relay is none, at whichever of its addresses it is declared; no other word will do, and not
	 * for others that share a sign with it. */
	{ "asset.bridging-host", LISTENING,
	  ONE_CARD "UPDATE ledger SET declared = '[\"important\",\"relay\"]' WHERE id = 'P1';",
	  "" },
	{ "asset.bridging-host", LISTENING,
	  ONE_CARD "UPDATE ledger SET declared = '[\"relay\"]' WHERE id = 'H1';", "" },
	{ "asset.bridging-host", LISTENING,
	  ONE_CARD "UPDATE ledger SET declared = '[\"important\",\"it-ot-boundary\"]';",
	  "192.168.1.7 - office + plant high;192.168.10.5 - office + plant high" },
	{ "asset.bridging-host", LISTENING,
	  ONE_CARD "UPDATE heard_host SET mac = '02:00:00:00:00:05' WHERE address = "
		   "'192.168.10.6';"
		   "UPDATE ledger SET declared = '[\"relay\"]' WHERE id = 'H1';",
	  "192.168.1.7 - office + plant high;192.168.10.6 - office + plant high" },
	/* The site file names the two zones of its boundary device. */
	{ "asset.bridging-host", LISTENING,
	  ONE_CARD "INSERT INTO boundary VALUES (1, 'fw', '192.168.1.7', 'plant', 'office');", "" },
	{ "asset.bridging-host", LISTENING,
	  ONE_CARD "INSERT INTO boundary VALUES (1, 'fw', '192.168.1.7', 'dmz', 'office');",
	  "192.168.1.7 - office + plant high;192.168.10.5 - office + plant high" },
	{ "asset.bridging-host", LISTENING,
	  ONE_CARD "INSERT INTO boundary VALUES (1, 'fw', '192.168.1.8', 'plant', 'office');",
	  "192.168.1.7 - office + plant high;192.168.10.5 - office + plant high" },
	/* Beside it, another relay is a way around, and it joins its zones as before. */
	{ "network.boundary-bypassed", LISTENING,
	  ONE_CARD "INSERT INTO boundary VALUES (1, 'fw', '192.168.1.8', 'plant', 'office');"
		   "UPDATE ledger SET declared = '[\"relay\"]' WHERE id IN ('H1', 'P1');",
	  "192.168.1.7 - office > plant high;192.168.10.5 - plant > office high" },
	/* Its own word alone is probable; a second sign makes it certain. */
	{ "asset.bridging-host", LISTENING,
	  FACT("192.168.10.5", "", "socket.enip", "192.168.1.50", "", "44818", "tcp"),
	  "192.168.10.5 - office + plant medium" },
	{ "asset.bridging-host", LISTENING,
	  FACT("192.168.10.5", "", "socket.enip", "192.168.10.5", "", "44818", "tcp"), "" },
	{ "asset.bridging-host", LISTENING,
	  FACT("192.168.10.5", "", "socket.enip", "10.9.9.9", "", "44818", "tcp"), "" },
	{ "asset.bridging-host", LISTENING,
	  FACT("192.168.10.5", "", "socket.enip", "192.168.1.7", "", "44818", "tcp")
		  FACT("192.168.10.5", "", "serial.enip", "1:00c0ffee", "", "44818", "tcp")
			  FACT("192.168.1.7", "", "serial.enip", "1:00c0ffee", "", "44818", "tcp"),
	  "192.168.1.7 - office + plant medium;192.168.10.5 - office + plant high" },

	/* ---- a closed network joined to one with a line ---- */
	{ "network.transitive-internet-exposure", LISTENING, "", "" },
	{ "network.transitive-internet-exposure", LISTENING, OFFICE_OUT("1"),
	  "192.168.10.5 - plant > office > Internet high" },
	{ "network.transitive-internet-exposure", LISTENING, OFFICE_OUT("0"), "" },
	{ "network.transitive-internet-exposure", LISTENING, OFFICE_OUT("1") "DELETE FROM conduit;",
	  "" },
	{ "network.transitive-internet-exposure", LISTENING,
	  OFFICE_OUT("1") "UPDATE conduit SET until = 50000;", "" },
	{ "network.transitive-internet-exposure", LISTENING,
	  OFFICE_OUT("1") "UPDATE conduit SET until = 50000;" TO_PLANT("80", "NULL", "NULL"),
	  "192.168.10.5 - plant > office > Internet high" },
	/* It has a line itself: graver findings say so. */
	{ "network.transitive-internet-exposure", LISTENING, OFFICE_OUT("1") OT_OUT("1"), "" },
	/* Over a further zone, in whatever direction the conduits lead; the shortest way is told. */
	{ "network.transitive-internet-exposure", LISTENING,
	  "INSERT INTO zone VALUES (1, 'dmz', 'dmz', '192.168.2.0/24'), (1, 'far', 'it', "
	  "'192.168.3.0/24');"
	  "INSERT INTO conduit VALUES (1, 'dmz', 'office', 'tcp', 1, 1, NULL),"
	  " (1, 'far', 'dmz', 'tcp', 1, 1, NULL), (1, 'far', 'office', 'tcp', 1, 1, NULL);" FLOW(
		  "192.168.2.7", "203.0.113.9", "443", "'dmz'", "NULL", "NULL", "NULL", "NULL",
		  "1"),
	  "192.168.10.5 - plant > office > dmz > Internet high" },
	{ "network.transitive-internet-exposure", LISTENING,
	  "INSERT INTO zone VALUES (1, 'dmz', 'dmz', '192.168.2.0/24');"
	  "INSERT INTO conduit VALUES (1, 'dmz', 'office', 'tcp', 1, 1, NULL),"
	  " (1, 'plant', 'dmz', 'tcp', 1, 1, NULL);",
	  "" },
	{ "network.transitive-internet-exposure", LISTENING,
	  FACT("192.168.1.7", "", "vpn.wireguard", "", "203.0.113.77", "51820", "udp"),
	  "192.168.10.5 - plant > office > Internet high" },
	{ "network.transitive-internet-exposure", LISTENING,
	  FACT("192.168.1.7", "", "vpn.wireguard", "", "192.168.10.5", "51820", "udp"), "" },
	{ "network.transitive-internet-exposure", LISTENING,
	  "DELETE FROM conduit; UPDATE heard_host SET mac = '02:00:00:00:00:05' WHERE address = "
	  "'192.168.1.7';" OFFICE_OUT("1"),
	  "192.168.10.5 - plant > office > Internet high" },
	{ "network.transitive-internet-exposure", LISTENING,
	  "DELETE FROM conduit; UPDATE ledger SET declared = '[\"relay\"]' WHERE id = "
	  "'P1';" ONE_CARD OFFICE_OUT("1"),
	  "192.168.10.5 - plant > office > Internet high" },
	{ "network.transitive-internet-exposure", REACHING, OFFICE_PATH("reached", "1"),
	  "192.168.10.2 - plant > office > Internet high" },
	{ "network.transitive-internet-exposure", REACHING, OFFICE_PATH("prohibited", "0"),
	  "192.168.10.2 - plant > office > Internet high" },
	{ "network.transitive-internet-exposure", REACHING, OFFICE_PATH("no-route", "0"), "" },

	/* ---- mobile routers ---- */
	{ "network.cellular-gateway", LISTENING, "", "" },
	{ "network.cellular-gateway", LISTENING,
	  "UPDATE heard_host SET vendor = 'Sierra Wireless' WHERE address = '192.168.10.5';",
	  "192.168.10.5 - Sierra Wireless AirLink high" },
	{ "network.cellular-gateway", LISTENING,
	  "UPDATE heard_host SET vendor = 'CENTURY SYSTEMS CORP.' WHERE address = "
	  "'192.168.10.5';",
	  "192.168.10.5 - Century Systems FutureNet medium" },
	{ "network.cellular-gateway", LISTENING,
	  FACT("192.168.10.5", "", "model.lldp", "Industrial Cellular Router", "", "0", ""),
	  "192.168.10.5 - mobile router high" },
	{ "network.cellular-gateway", LISTENING,
	  "UPDATE heard_host SET vendor = 'Sierra Wireless' WHERE address = '192.168.1.7';", "" },
	{ "network.cellular-gateway", LISTENING,
	  "UPDATE heard_host SET vendor = 'Sierra Wireless' WHERE address = "
	  "'192.168.10.5';" DECLARED("router", "192.168.10.5"),
	  "" },
};

static void each_check(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct db *db = store_with(rows[i].base, rows[i].change);
		char sql[512], have[1024];

		judge(db, 1);
		snprintf(sql, sizeof(sql),
			 "SELECT coalesce(group_concat(text, ';'), '') FROM (SELECT"
			 " coalesce(address, asset) || ' ' || coalesce(port, '-') || ' ' || detail"
			 " || ' ' || severity AS text FROM finding_now WHERE check_id = '%s'"
			 " ORDER BY address, port, detail)",
			 rows[i].check);
		value_of(db, sql, have);
		if (strcmp(have, rows[i].found) != 0) {
			print_message("# row %zu: %s gives '%s', not '%s'\n", i, rows[i].check,
				      have, rows[i].found);
			wrong++;
		}
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM finding_now WHERE check_id = '%s' AND (run <> 1"
			 " OR (severity IN ('high', 'critical') AND evidence IS NULL))",
			 rows[i].check);
		expect(db, sql, "0");
		judge_forget(db);
		db_free(db);
	}
	assert_int_equal(wrong, 0);
}

/* ---- runs that are judged together ---- */

#define SCANNED(run)                                                                           \
	"INSERT INTO host (scan, address, zone, kind, treated, state, mac, planned, complete," \
	" ledger_id) VALUES (" run ", '192.168.10.5', 'plant', 'ot', 'ot', 'answering',"       \
	" '02:00:00:00:00:05', 4, 1, 'H1'), (" run ", '192.168.10.6', 'plant', 'ot', 'ot',"    \
	" 'silent', NULL, 4, 1, 'H2');"                                                        \
	"INSERT INTO service (scan, address, port, transport, state, spoken) VALUES"           \
	" (" run ", '192.168.10.5', 22, 'tcp', 'open', 'none'),"                               \
	" (" run ", '192.168.10.5', 502, 'tcp', 'closed', 'none');"

static void runs_make_a_set(void **state)
{
	struct db *db = store_with(RUN("1", "scan", "b1") SCANNED("1") RUN("2", "listen", "tap")
					   LISTENED("2") RUN("3", "reach", "b1")
						   RUN("4", "listen", "tap") LISTENED("4"),
				   FLOW_OF("2", "192.168.10.6", "192.168.10.5", "502", "'plant'",
					   "'plant'", "'modbus'", "'decoder'", "NULL", "1")
					   FACT_OF("2", "192.168.10.6", "", "name.dhcp", "HMI", "",
						   "0", "") "INSERT INTO path VALUES (3, 1, 'tcp', "
							    "'eth0', '192.168.10.2', NULL, NULL,"
							    " '203.0.113.5', 443, 'tcp', 'plant', "
							    "NULL, 'reached', 1, NULL, NULL, NULL,"
							    " 103100000, 5, '{}', NULL);");

	(void)state;
	judge(db, 3);
	expect(db, "SELECT group_concat(id || kind || used) FROM judged_run",
	       "1scan1,2listen1,3reach1");
	expect(db, "SELECT scan || ' ' || id || ' ' || kind || ' ' || vantage FROM judged",
	       "1 3 reach b1");
	/* One list: scanned, heard where the scan met silence, and from where it was tested. */
	expect(db,
	       "SELECT group_concat(address || ' ' || state || scanned || heard) FROM (SELECT * "
	       "FROM"
	       " host ORDER BY address)",
	       "192.168.1.7 heard01,192.168.10.2 vantage00,192.168.10.5 answering11,"
	       "192.168.10.6 heard11");
	expect(db, "SELECT names FROM host WHERE address = '192.168.10.6'", "[\"HMI\"]");
	expect(db, "SELECT count(*) FROM heard_name WHERE source = 'name.dhcp'", "1");
	expect(db,
	       "SELECT group_concat(port || ' ' || state || ' ' || source || ' ' ||"
	       " coalesce(protocol, '-')) FROM (SELECT * FROM service ORDER BY port)",
	       "22 open scan -,502 open listen modbus");
	expect(db,
	       "SELECT vantage || ' ' || run || ' ' || last_seen FROM finding_now WHERE check_id ="
	       " 'network.ot-internet-egress'",
	       "b1 3 103100");
	/* Before the test nobody knew of it, nor of the listening after it. */
	judge(db, 2);
	expect(db, "SELECT group_concat(id) FROM judged_run", "1,2");
	expect(db,
	       "SELECT ran || reason FROM check_run WHERE check_id = 'network.ot-internet-egress'",
	       "0no reachability test yet");
	judge(db, 1);
	expect(db, "SELECT group_concat(id) FROM judged_run", "1");
	expect(db, "SELECT count(*) FROM service WHERE source = 'listen'", "0");
	expect(db, "SELECT state FROM host WHERE address = '192.168.10.6'", "silent");
	/* Listening alone plans no ports. */
	assert_int_equal(db_exec(db, "DELETE FROM scan WHERE id IN (1, 3)"), 0);
	judge(db, 2);
	expect(db, "SELECT coalesce(scan, 'none') FROM judged", "none");
	expect(db, "SELECT reason FROM check_run WHERE check_id = 'exposure.unneeded-service'",
	       "not scanned");
	expect(db,
	       "SELECT ran || ' ' || partial FROM check_run WHERE check_id = 'asset.unapproved'",
	       "1 0");
	judge_forget(db);
	db_free(db);
}

/* The second listening, changed; what becomes of the flow that the first one saw. */
static void silence_fixes_what_was_heard(void **state)
{
	static const struct {
		const char *change, *now, *gone;
	} cases[] = {
		{ "", "", "fixed" },
		{ FLOW_OF("2", "192.168.10.5", "203.0.113.9", "443", "'plant'", "NULL", "NULL",
			  "NULL", "NULL", "1"),
		  "open 2 0", "" },
		{ "UPDATE watch SET last_ms = 150000000 WHERE scan = 2", "",
		  "not-retested watched for a shorter time than when it was seen" },
		{ "DELETE FROM heard_host WHERE scan = 2 AND address = '192.168.10.5'", "",
		  "not-retested not heard" },
		/* Somebody else listened, and the first one stands. */
		{ "UPDATE scan SET vantage = 'tap2' WHERE id = 2", "open 1 0", "" },
		/* Nobody listened, but a scan was made. */
		{ "UPDATE scan SET kind = 'scan' WHERE id = 2; DELETE FROM watch WHERE scan = 2;"
		  "DELETE FROM heard_host WHERE scan = 2",
		  "open 1 0", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct db *db = store_with(LISTENING OT_OUT("1"), "");
		char have[1024];

		judge(db, 1);
		assert_int_equal(judge_keep(db), 0);
		judge_forget(db);
		if (db_exec(db, RUN("2", "listen", "tap") LISTENED("2")) < 0 ||
		    db_exec(db, cases[i].change) < 0)
			fail_msg("%s", db_error(db));
		judge(db, 2);
		value_of(db,
			 "SELECT coalesce(group_concat(status || ' ' || run || ' ' || carried), '')"
			 " FROM finding_now WHERE check_id = 'network.ot-public-flow'",
			 have);
		if (strcmp(have, cases[i].now) != 0)
			fail_msg("case %zu: now '%s', not '%s'", i, have, cases[i].now);
		value_of(db,
			 "SELECT coalesce(group_concat(status || coalesce(' ' || reason, '')), '')"
			 " FROM finding_gone WHERE check_id = 'network.ot-public-flow'",
			 have);
		if (strcmp(have, cases[i].gone) != 0)
			fail_msg("case %zu: gone '%s', not '%s'", i, have, cases[i].gone);
		judge_forget(db);
		db_free(db);
	}
}

/* ---- the closed network ---- */

#define ANSWER(item, answer, separation)                                        \
	"INSERT INTO attestation VALUES (1, 'mlit-water', '" item "', '" answer \
	"', 'chief', 900, NULL, NULL, " separation ", NULL, 0);"
#define SILENT_PATHS                                                            \
	PATH("1", "tcp", "NULL", "203.0.113.5", "443", "NULL", "no-route", "0") \
	PATH("2", "udp", "NULL", "203.0.113.5", "53", "NULL", "silent", "0")    \
	PATH("3", "gateway", "'192.168.10.5'", "203.0.113.5", "0", "NULL", "not-fully-tested", "0")
#define CLOSED \
	"SELECT verdict || ' ' || held || '/' || paths || ' ' || findings FROM closed_network"
#define VERDICT(item) "SELECT verdict FROM verdict WHERE item = '" item "'"

static void closed_is_refuted_or_not(void **state)
{
	static const struct {
		const char *change, *question, *answer;
	} cases[] = {
		{ SILENT_PATHS, CLOSED, "not-refuted 2/3 0" },
		{ "", CLOSED, "not-tested 0/0 0" },
		{ SILENT_PATHS PATH("4", "http", "NULL", "203.0.113.5", "80", "NULL", "reached",
				    "1"),
		  CLOSED, "refuted 2/4 1" },
		{ SILENT_PATHS PATH("4", "tcp", "NULL", "203.0.113.5", "80", "NULL", "prohibited",
				    "0"),
		  CLOSED, "refuted 2/4 1" },
		/* Who forwards may lead anywhere. */
		{ SILENT_PATHS PATH("4", "gateway", "'192.168.10.9'", "203.0.113.5", "0", "NULL",
				    "forwarded", "1"),
		  CLOSED, "not-refuted 2/4 0" },
		{ "UPDATE zone SET kind = 'it';", "SELECT count(*) FROM closed_network", "0" },
		{ "INSERT INTO zone_declared VALUES (1, 'office', 'closed');",
		  "SELECT group_concat(zone || ' ' || declared) FROM closed_network",
		  "office 1,plant 0" },
		{ SILENT_PATHS, VERDICT("ordinance-3-3"), "not-run" },
		{ PATH("4", "http", "NULL", "203.0.113.5", "80", "NULL", "reached", "1"),
		  VERDICT("ordinance-3-3"), "hint" },
		{ PATH("4", "tcp", "NULL", "203.0.113.5", "80", "NULL", "prohibited", "0"),
		  VERDICT("ordinance-2-4"), "hint" },
		{ PATH("4", "http", "NULL", "203.0.113.5", "80", "NULL", "reached", "1")
			  ANSWER("ordinance-3-3", "met", "'ip-vpn'"),
		  VERDICT("ordinance-3-3"), "contradicted" },
		/* The guideline counts carriers' closed networks, not what filters. */
		{ SILENT_PATHS ANSWER("ordinance-2-4", "met", "'wide-area-ethernet'"),
		  VERDICT("ordinance-2-4"), "not-run" },
		{ SILENT_PATHS ANSWER("ordinance-2-4", "met", "'firewall'"),
		  VERDICT("ordinance-2-4"), "contradicted" },
		{ SILENT_PATHS ANSWER("ordinance-2-4", "met", "'firewall'"),
		  "SELECT note_en || note_ja FROM verdict WHERE item = 'ordinance-2-4'",
		  "A firewall does not count as physical separation. The operator's answer: met. "
		  "Separated by a firewall.ファイアウォールは物理的な分離とみなされない。"
		  "事業者の回答：満たしている。分離の方法：ファイアウォール。" },
		{ SILENT_PATHS ANSWER("ordinance-2-4", "not-met", "'firewall'"),
		  VERDICT("ordinance-2-4"), "not-run" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct db *db = store_with(REACHING, cases[i].change);

		judge(db, 1);
		expect(db, cases[i].question, cases[i].answer);
		judge_forget(db);
		db_free(db);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check),
		cmocka_unit_test(runs_make_a_set),
		cmocka_unit_test(silence_fixes_what_was_heard),
		cmocka_unit_test(closed_is_refuted_or_not),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, load, unload);
}
