/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's tables. Times are Unix seconds (UTC) unless the name says _ms. A new version appends
 * a step to store_migrations[] and never changes an old one.
 */
#include "store/schema.h"

static const char version_1[] =
	/* One run of tenken. status: running, done, incomplete ('running' in a store that nobody
	 * writes means that the scan was killed; readers show it as incomplete). plan is what was to
	 * be done, as JSON: targets, exclusions, ports_tcp (text), profile, risk, limits, zones,
	 * authorisation, site facts (see store.h). */
	"CREATE TABLE scan ("
	" id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, kind TEXT NOT NULL DEFAULT 'scan',"
	" site TEXT NOT NULL, vantage TEXT NOT NULL, vantage_zone TEXT, vantage_kind TEXT,"
	" profile TEXT NOT NULL, started INTEGER NOT NULL, finished INTEGER,"
	" status TEXT NOT NULL CHECK (status IN ('running', 'done', 'incomplete')),"
	" reason TEXT, version TEXT NOT NULL, plan TEXT NOT NULL) STRICT;"
	/* What the site file declared when the scan ran. kind: ot, it, dmz, public. */
	"CREATE TABLE zone ("
	" scan INTEGER NOT NULL REFERENCES scan(id), name TEXT NOT NULL, kind TEXT NOT NULL,"
	" networks TEXT NOT NULL, PRIMARY KEY (scan, name)) STRICT, WITHOUT ROWID;"
	/* Allowed paths. transport tcp, udp, icmp or any; first_port = 0 and last_port = 65535: all. */
	"CREATE TABLE conduit ("
	" scan INTEGER NOT NULL REFERENCES scan(id), from_zone TEXT NOT NULL, to_zone TEXT NOT "
	"NULL,"
	" transport TEXT NOT NULL, first_port INTEGER NOT NULL, last_port INTEGER NOT NULL,"
	" until INTEGER) STRICT;"
	/* The asset list. class: server, terminal, mobile, network-device, printer, iot, plc, hmi, rtu or
	 * another word of the operator; declared: JSON list of the words of scopes ('important', ...);
	 * ports: JSON list of [transport, first, last] that may be open, NULL: not stated. */
	"CREATE TABLE ledger ("
	" scan INTEGER NOT NULL REFERENCES scan(id), id TEXT NOT NULL, name TEXT, address TEXT, "
	"mac TEXT,"
	" zone TEXT, class TEXT, vendor TEXT, model TEXT, os TEXT, owner TEXT, location TEXT,"
	" declared TEXT NOT NULL DEFAULT '[]', ports TEXT, line INTEGER NOT NULL) STRICT;"
	"CREATE INDEX ledger_address ON ledger (scan, address);"
	/* subject: an item id ('mlit-water:ordinance-2-5'). answer: met, not-met, not-applicable. */
	"CREATE TABLE attestation ("
	" scan INTEGER NOT NULL REFERENCES scan(id), guideline TEXT NOT NULL, item TEXT NOT NULL,"
	" answer TEXT NOT NULL, given_by TEXT NOT NULL, given_at INTEGER NOT NULL, until INTEGER,"
	" note TEXT) STRICT;"
	/* check_id with an optional asset (ledger id or address) and port; both NULL: every finding. */
	"CREATE TABLE waiver ("
	" scan INTEGER NOT NULL REFERENCES scan(id), check_id TEXT NOT NULL, asset TEXT, port "
	"INTEGER,"
	" reason TEXT NOT NULL, compensating TEXT, approved_by TEXT NOT NULL, approved_at INTEGER "
	"NOT NULL,"
	" until INTEGER NOT NULL) STRICT;"
	/* One row per address of the scan that was to be tried. state: answering (something came back:
	 * open, closed or filtered by itself), silent (tried, nothing came), absent (its router or our
	 * own stack says that there is no such host), skipped (not tried; reason says why), distress
	 * (left alone), all-ports (answers on every port; bounded). kind is the declared kind of the zone
	 * ('unassigned' where nobody declared one); treated: how it was handled, ot or it. complete: all
	 * planned ports were tried. */
	"CREATE TABLE host ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, zone TEXT, kind TEXT "
	"NOT NULL,"
	" treated TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, ot_sign TEXT, mac TEXT, vendor "
	"TEXT,"
	" names TEXT NOT NULL DEFAULT '[]', ledger_id TEXT, role TEXT, os TEXT,"
	" public INTEGER NOT NULL DEFAULT 0, planned INTEGER NOT NULL, open INTEGER NOT NULL "
	"DEFAULT 0,"
	" closed INTEGER NOT NULL DEFAULT 0, filtered INTEGER NOT NULL DEFAULT 0,"
	" silent INTEGER NOT NULL DEFAULT 0, complete INTEGER NOT NULL DEFAULT 0, rtt_us INTEGER,"
	" first_ms INTEGER, last_ms INTEGER,"
	" PRIMARY KEY (scan, address)) STRICT, WITHOUT ROWID;"
	/* Open ports, and filtered ones of answering hosts. name: our port list's word for the port;
	 * protocol: what it was heard to speak, NULL when not known; spoken: how it was looked at:
	 * port (the probe that belongs there), greeting, hello, none; limited: why it was not looked at
	 * further: 'limited in OT', 'not allowed', 'answers on every port', ... */
	"CREATE TABLE service ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, port INTEGER NOT NULL,"
	" transport TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, name TEXT, protocol TEXT,"
	" tls INTEGER NOT NULL DEFAULT 0, product TEXT, version TEXT, spoken TEXT NOT NULL DEFAULT "
	"'none',"
	" limited TEXT, PRIMARY KEY (scan, address, port, transport)) STRICT, WITHOUT ROWID;"
	/* What each probe brought back. ending: doc/architecture.md. A document is a JSON object; beside
	 * the probe's own keys it may have "oddities", "gathered" (complete facets) and "limited"
	 * (facets left out because the depth is limited). */
	"CREATE TABLE evidence ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, port INTEGER NOT NULL,"
	" transport TEXT NOT NULL, probe TEXT NOT NULL, ending TEXT NOT NULL, document TEXT NOT "
	"NULL,"
	" connections INTEGER NOT NULL, sent INTEGER NOT NULL, received INTEGER NOT NULL,"
	" started_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL,"
	" PRIMARY KEY (scan, address, port, transport, probe)) STRICT, WITHOUT ROWID;"
	/* Findings with their history, one row per fingerprint. status: open, fixed, waived. */
	"CREATE TABLE finding ("
	" fingerprint TEXT PRIMARY KEY, site TEXT NOT NULL, check_id TEXT NOT NULL, severity TEXT "
	"NOT NULL,"
	" asset TEXT NOT NULL, address TEXT, port INTEGER, transport TEXT, detail TEXT NOT NULL "
	"DEFAULT '',"
	" status TEXT NOT NULL, vantage TEXT NOT NULL, zone TEXT,"
	" first_seen INTEGER NOT NULL, first_scan INTEGER NOT NULL,"
	" last_seen INTEGER NOT NULL, last_scan INTEGER NOT NULL, fixed_at INTEGER,"
	" reopened INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;"
	/* What the guard did: kind sweep or talk (or ask, below 0: a question to a whole segment or a
	 * resolver, see talk/journal.h); written before sending, completed after closing. */
	"CREATE TABLE journal ("
	" scan INTEGER NOT NULL REFERENCES scan(id), number INTEGER NOT NULL, kind TEXT NOT NULL,"
	" opened_ms INTEGER NOT NULL, closed_ms INTEGER, source TEXT, source_port INTEGER,"
	" address TEXT NOT NULL, port INTEGER NOT NULL, transport TEXT NOT NULL, probe TEXT,"
	" packets INTEGER, sent INTEGER, received INTEGER, ending TEXT,"
	" PRIMARY KEY (scan, number)) STRICT, WITHOUT ROWID;"
	/* What a reader of the report must know beside findings: kind is a word ('no-capability',
	 * 'window', 'feature-later', 'worker-fault', ...); subject and text say it. */
	"CREATE TABLE remark ("
	" scan INTEGER NOT NULL REFERENCES scan(id), kind TEXT NOT NULL, subject TEXT,"
	" text TEXT NOT NULL) STRICT;";

static const char version_2[] =
	/* Addresses from which nothing came back, in ranges (first and last within) of one state (silent,
	 * absent or skipped), with host's meaning of every word; planned is that of each address. Those
	 * that the ledger names have a row in host, and no address is in both or in two ranges. The keys
	 * are the 16 bytes of the address (IPv4 mapped into IPv6), scope the interface of a link-local
	 * one: the range with the greatest first_key that is not above the key of an address holds it, if
	 * any does. public holds for all of it. */
	"CREATE TABLE quiet ("
	" scan INTEGER NOT NULL REFERENCES scan(id), scope INTEGER NOT NULL,"
	" first_key BLOB NOT NULL, last_key BLOB NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL,"
	" addresses INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT, zone TEXT, kind TEXT NOT "
	"NULL,"
	" treated TEXT NOT NULL, public INTEGER NOT NULL, planned INTEGER NOT NULL,"
	" complete INTEGER NOT NULL, first_ms INTEGER, last_ms INTEGER,"
	" PRIMARY KEY (scan, scope, first_key)) STRICT, WITHOUT ROWID;";

/* What a scan needs to go on after it was cut off. All but the journal's columns is removed when the
 * scan is done. */
static const char version_3[] =
	/* What the plan was made from: 'site' and 'ledger' are the texts of the files, the other names
	 * stand in commands/resume.c. */
	"CREATE TABLE resume ("
	" scan INTEGER NOT NULL REFERENCES scan(id), name TEXT NOT NULL, text BLOB NOT NULL,"
	" PRIMARY KEY (scan, name)) STRICT, WITHOUT ROWID;"
	/* How far a sweep that keeps its own order is; written with the results up to there. */
	"CREATE TABLE place ("
	" scan INTEGER NOT NULL REFERENCES scan(id), name TEXT NOT NULL, place BLOB NOT NULL,"
	" PRIMARY KEY (scan, name)) STRICT, WITHOUT ROWID;"
	/* A service whose conversations came to their end, and in which depth (full 1 or 0); a port of UDP
	 * stands as 65536 and its number; port 0: the
	 * sweep of a host that is left alone was over when that was written. */
	"CREATE TABLE ended ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, port INTEGER NOT NULL,"
	" full INTEGER NOT NULL, PRIMARY KEY (scan, address, port)) STRICT, WITHOUT ROWID;"
	/* What the sweep found: open, closed, filtered or silent, NULL: nothing that counts; the weight
	 * of a message that there is no such host (wire/sweep.h); the reason as the service has it. */
	"ALTER TABLE journal ADD COLUMN found TEXT;"
	"ALTER TABLE journal ADD COLUMN no_host INTEGER;"
	"ALTER TABLE journal ADD COLUMN reason TEXT;";

static const char version_4[] =
	/* So many UDP ports were asked there; 0: nothing was sent to it by UDP. */
	"ALTER TABLE host ADD COLUMN udp_ports INTEGER NOT NULL DEFAULT 0;";

/* What the packets process sent (talk/journal.h): number is that of the line in the scan's journal, lane
 * and stretch together, over all its runs. */
static const char version_5[] =
	/* A block of addresses that one lane went over, in the order that the key gives (wire/order.h).
	 * ports NULL: those of the block before. Lanes are numbered anew by each run of the scan. */
	"CREATE TABLE journal_lane ("
	" scan INTEGER NOT NULL REFERENCES scan(id), number INTEGER NOT NULL,"
	" lane INTEGER NOT NULL, begun_ms INTEGER NOT NULL, source TEXT NOT NULL,"
	" source_port INTEGER NOT NULL, order_key BLOB NOT NULL, hosts INTEGER NOT NULL,"
	" ports TEXT, targets TEXT NOT NULL,"
	" PRIMARY KEY (scan, number)) STRICT, WITHOUT ROWID;"
	/* Places first to last (not within) of that order could be sent from at_ms on; block is the number
	 * of the journal_lane. */
	"CREATE TABLE journal_stretch ("
	" scan INTEGER NOT NULL REFERENCES scan(id), block INTEGER NOT NULL,"
	" number INTEGER NOT NULL, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY (scan, block, number)) STRICT, WITHOUT ROWID;";

static const char version_6[] =
	/* What is known of the machine behind an address: put together from the documents' identities at the
	 * end of the scan. certain 0: probable. signs: JSON list of the origins ('http.title', 'modbus'). */
	"CREATE TABLE device ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, vendor TEXT, model "
	"TEXT,"
	" firmware TEXT, serial TEXT, role TEXT, certain INTEGER NOT NULL, signs TEXT NOT NULL,"
	" PRIMARY KEY (scan, address)) STRICT, WITHOUT ROWID;";

static const char version_7[] =
	/* Attempts to log in with a maker's password: written and committed before anything is sent, over all
	 * scans of this store, since an account's failures are counted within a window. device: the MAC address,
	 * else the address. number: of the list of passwords; the password itself stands nowhere. result:
	 * pending (also where the scan was cut off then), accepted, refused, locked, untested, unasked (nothing was said, so it does not count). */
	"CREATE TABLE login ("
	" id INTEGER PRIMARY KEY, scan INTEGER NOT NULL REFERENCES scan(id), at_ms INTEGER NOT "
	"NULL,"
	" address TEXT NOT NULL, device TEXT NOT NULL, port INTEGER NOT NULL, transport TEXT NOT "
	"NULL,"
	" protocol TEXT NOT NULL, account TEXT NOT NULL, number INTEGER NOT NULL, vendor TEXT NOT "
	"NULL,"
	" blank INTEGER NOT NULL, result TEXT NOT NULL) STRICT;"
	"CREATE INDEX login_account ON login (device, account, at_ms);"
	/* Addresses that are one machine: machine is the first of them. certain 0: probable. signs: JSON list of
	 * what they share. */
	"CREATE TABLE machine ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, machine TEXT NOT NULL,"
	" certain INTEGER NOT NULL, signs TEXT NOT NULL,"
	" PRIMARY KEY (scan, address)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX machine_of ON machine (scan, machine);";

/* Data that `tenken update` brought in: of the whole store, not of a scan. */
static const char version_8[] =
	/* What was imported, one row per kind (endoflife, kev, csaf). date: the day that the data bears
	 * itself, NULL: none. */
	"CREATE TABLE offline ("
	" kind TEXT PRIMARY KEY, title TEXT NOT NULL, date TEXT, imported INTEGER NOT NULL,"
	" entries INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	/* Until when a product's cycle is looked after. product: endoflife.date's word for it. ends: the last
	 * day, NULL: none is known; ended 1: it is over, since a day that is not known. extended: the last day
	 * of support for money, or 'open'; NULL: there is none. */
	"CREATE TABLE support ("
	" product TEXT NOT NULL, cycle TEXT NOT NULL, label TEXT NOT NULL, latest TEXT,"
	" released TEXT, ends TEXT, ended INTEGER NOT NULL, extended TEXT, url TEXT,"
	" PRIMARY KEY (product, cycle)) STRICT, WITHOUT ROWID;"
	/* kind kev or csaf; name: what its publisher calls it (a CVE for kev). */
	"CREATE TABLE advisory ("
	" id INTEGER PRIMARY KEY, kind TEXT NOT NULL, publisher TEXT NOT NULL, name TEXT NOT NULL,"
	" title TEXT NOT NULL, url TEXT, date TEXT NOT NULL, UNIQUE (kind, publisher, name))"
	" STRICT;"
	/* What an advisory says of a product. vendor_key and product_key: as names are compared
	 * (codec/naming.h); vendor_key '': the product is named as a whole. versions: as written; ranges: in
	 * our notation (codec/version.h), NULL: it says no versions, or none that can be compared. status:
	 * affected, not-affected, fixed, investigated. cves: JSON list. score: the highest CVSS base score. */
	"CREATE TABLE advisory_product ("
	" advisory INTEGER NOT NULL REFERENCES advisory(id), vendor TEXT, product TEXT NOT NULL,"
	" vendor_key TEXT NOT NULL, product_key TEXT NOT NULL, versions TEXT, ranges TEXT,"
	" status TEXT NOT NULL, cves TEXT NOT NULL, score REAL) STRICT;"
	"CREATE INDEX advisory_product_key ON advisory_product (product_key, vendor_key);"
	"CREATE INDEX advisory_product_of ON advisory_product (advisory);";

/* Assets over all scans of a site (commands/assets.c). Of the whole store, not of a scan, but for asset_of. */
static const char version_9[] =
	"CREATE TABLE asset_known ("
	" site TEXT NOT NULL, asset TEXT NOT NULL, first_scan INTEGER NOT NULL,"
	" PRIMARY KEY (site, asset)) STRICT, WITHOUT ROWID;"
	/* By what an asset is known again: its addresses (kind 'address'), MAC addresses, keys. A value is that
	 * of the asset that had it last. */
	"CREATE TABLE asset_sign ("
	" site TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, asset TEXT NOT NULL,"
	" PRIMARY KEY (site, kind, value)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX asset_sign_of ON asset_sign (site, asset, kind);"
	/* Which asset an answering address was in this scan. */
	"CREATE TABLE asset_of ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, asset TEXT NOT NULL,"
	" PRIMARY KEY (scan, address)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX asset_of_asset ON asset_of (asset, address);"
	/* Of the test of an account that the operator named: number in login is that of the attempt. secret 1:
	 * with the account's own password, 0: with a made-up one. took_ms: from the order to the end. */
	"CREATE TABLE login_test ("
	" scan INTEGER NOT NULL REFERENCES scan(id), login INTEGER NOT NULL REFERENCES login(id),"
	" secret INTEGER NOT NULL, took_ms INTEGER, PRIMARY KEY (scan, login)) STRICT, WITHOUT "
	"ROWID;";

/* What listening and reachability tests bring: scan.kind is 'listen', 'reach' or 'outside' then. */
static const char version_10[] =
	/* How a network is said to be apart: own-lines, wide-area-ethernet, ip-vpn, entry-vpn, firewall,
	 * router, internet-vpn; NULL: it is not said. */
	"ALTER TABLE attestation ADD COLUMN separation TEXT;"
	/* What was watched, one row per interface or file, in the order in which it was read. kind: interface
	 * or file. link: the link layer's name. dropped: packets that nobody had room for. snapped: packets
	 * of which less was captured than was on the wire. one_sided: connections of which one direction
	 * alone was seen. note: why it ended before its end ('truncated', 'link down'); NULL: it did not. */
	"CREATE TABLE watch ("
	" scan INTEGER NOT NULL REFERENCES scan(id), number INTEGER NOT NULL, kind TEXT NOT NULL,"
	" name TEXT NOT NULL, link TEXT, first_ms INTEGER, last_ms INTEGER, packets INTEGER NOT "
	"NULL,"
	" bytes INTEGER NOT NULL, dropped INTEGER NOT NULL, snapped INTEGER NOT NULL,"
	" one_sided INTEGER NOT NULL, note TEXT, PRIMARY KEY (scan, number)) STRICT, WITHOUT "
	"ROWID;"
	/* An address that was heard. mac: NULL where only a router's was seen. sent, received: packets. */
	"CREATE TABLE heard_host ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, mac TEXT, vendor TEXT,"
	" vlan INTEGER, zone TEXT, kind TEXT NOT NULL, public INTEGER NOT NULL, ledger_id TEXT,"
	" sent INTEGER NOT NULL, received INTEGER NOT NULL, first_ms INTEGER NOT NULL,"
	" last_ms INTEGER NOT NULL, PRIMARY KEY (scan, address)) STRICT, WITHOUT ROWID;"
	/* Conversations of one kind between two addresses: src opened them (opened 1: its first packet was
	 * seen, 0: by the ports alone). port: of dst; 0 where the transport has none. transport: tcp, udp,
	 * icmp, sctp, or 'ip-N'. connections: how many; refused and unanswered of them. sent, received: bytes
	 * of IP packets from src and to it. application: what was spoken; source: decoder, ndpi, port, or
	 * NULL where nobody knows. name: what src called dst (TLS server name, Host, DNS). */
	"CREATE TABLE flow ("
	" scan INTEGER NOT NULL REFERENCES scan(id), src TEXT NOT NULL, dst TEXT NOT NULL,"
	" port INTEGER NOT NULL, transport TEXT NOT NULL, vlan INTEGER NOT NULL, opened INTEGER "
	"NOT NULL,"
	" application TEXT, source TEXT, name TEXT, from_zone TEXT, to_zone TEXT,"
	" connections INTEGER NOT NULL, refused INTEGER NOT NULL, unanswered INTEGER NOT NULL,"
	" sent INTEGER NOT NULL, received INTEGER NOT NULL, sent_packets INTEGER NOT NULL,"
	" received_packets INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
	" PRIMARY KEY (scan, src, dst, port, transport, vlan, opened)) STRICT, WITHOUT ROWID;"
	/* What an OT master (src) asked of a slave. unit: Modbus unit, S7 rack and slot, -1: none. code: the
	 * protocol's function. access: read, write, control, program, diagnose or other. */
	"CREATE TABLE operation ("
	" scan INTEGER NOT NULL REFERENCES scan(id), src TEXT NOT NULL, dst TEXT NOT NULL,"
	" port INTEGER NOT NULL, transport TEXT NOT NULL, protocol TEXT NOT NULL, unit INTEGER NOT "
	"NULL,"
	" code INTEGER NOT NULL, word TEXT NOT NULL, access TEXT NOT NULL, requests INTEGER NOT "
	"NULL,"
	" errors INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
	" PRIMARY KEY (scan, src, dst, port, transport, protocol, unit, code)) STRICT, WITHOUT "
	"ROWID;"
	/* One fact about an address (or, '' there, a MAC address): kind is a word of doc/listening.md. peer:
	 * the other side, ''; port 0 and transport '': none. value: as heard, cleaned and cut. */
	"CREATE TABLE heard ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, mac TEXT NOT NULL,"
	" kind TEXT NOT NULL, value TEXT NOT NULL, peer TEXT NOT NULL, port INTEGER NOT NULL,"
	" transport TEXT NOT NULL, times INTEGER NOT NULL, first_ms INTEGER NOT NULL,"
	" last_ms INTEGER NOT NULL,"
	" PRIMARY KEY (scan, address, mac, kind, value, peer, port, transport)) STRICT, WITHOUT "
	"ROWID;"
	"CREATE INDEX heard_kind ON heard (scan, kind);"
	/* One path that was tested. method and outcome are words of doc/reach.md. via: the resolver, proxy,
	 * relay or neighbour. answered_by: who refused or answered instead. seen_as: the address from which
	 * the beacon saw it come. refutes 1: it shows that the network is not closed. hops, evidence: JSON. */
	"CREATE TABLE path ("
	" scan INTEGER NOT NULL REFERENCES scan(id), number INTEGER NOT NULL, method TEXT NOT NULL,"
	" interface TEXT, source TEXT, via TEXT, via_mac TEXT, destination TEXT NOT NULL,"
	" port INTEGER NOT NULL, transport TEXT NOT NULL, from_zone TEXT, to_zone TEXT,"
	" outcome TEXT NOT NULL, refutes INTEGER NOT NULL, answered_by TEXT, seen_as TEXT, hops "
	"TEXT,"
	" at_ms INTEGER NOT NULL, took_ms INTEGER, evidence TEXT NOT NULL, note TEXT,"
	" PRIMARY KEY (scan, number)) STRICT, WITHOUT ROWID;"
	/* Addresses that the site file gives a part to play: router, dhcp-server, log-server, time-server,
	 * monitoring, beacon. */
	"CREATE TABLE declared_address ("
	" scan INTEGER NOT NULL REFERENCES scan(id), role TEXT NOT NULL, address TEXT NOT NULL,"
	" PRIMARY KEY (scan, role, address)) STRICT, WITHOUT ROWID;"
	/* The words behind `declared` of a zone: closed, important, ... */
	"CREATE TABLE zone_declared ("
	" scan INTEGER NOT NULL REFERENCES scan(id), zone TEXT NOT NULL, word TEXT NOT NULL,"
	" PRIMARY KEY (scan, zone, word)) STRICT, WITHOUT ROWID;";

/* What people declare beside the evidence, and what became of findings from run to run. */
static const char version_11[] =
	/* evidence: where the proof of the answer is kept (a document's number). whole 1: item is the id of a
	 * control, the answer is for all its items that have none of their own. */
	"ALTER TABLE attestation ADD COLUMN evidence TEXT;"
	"ALTER TABLE attestation ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;"
	/* The fields of a request for an exception (mlit-water 4.3.2-18): who asks, the rule's clause, from
	 * when (until stands already), what it affects, how its end is reported; reason and compensating
	 * stand already. relies_on: JSON list of checks that must stay clean on the asset, NULL: none. */
	"ALTER TABLE waiver ADD COLUMN applicant TEXT;"
	"ALTER TABLE waiver ADD COLUMN clause TEXT;"
	"ALTER TABLE waiver ADD COLUMN from_at INTEGER;"
	"ALTER TABLE waiver ADD COLUMN impact TEXT;"
	"ALTER TABLE waiver ADD COLUMN closing TEXT;"
	"ALTER TABLE waiver ADD COLUMN relies_on TEXT;"
	/* Checks and scopes ask for the lines of an asset, for each asset of a large site. */
	"CREATE INDEX ledger_id ON ledger (scan, id);"
	/* Compensating measures: for findings of a check (check_id; asset, port narrow them), or for an item
	 * (or, whole 1, a control) of a guideline. They hide nothing. */
	"CREATE TABLE measure ("
	" scan INTEGER NOT NULL REFERENCES scan(id), check_id TEXT, asset TEXT, port INTEGER,"
	" guideline TEXT, item TEXT, whole INTEGER NOT NULL DEFAULT 0, measure TEXT NOT NULL,"
	" given_by TEXT NOT NULL, given_at INTEGER NOT NULL, until INTEGER, evidence TEXT,"
	" relies_on TEXT, line INTEGER NOT NULL) STRICT;"
	/* What is going to be done: about findings of a check, or about an item (whole 1: a control) that is
	 * not met. state: planned, in-progress, done, accepted. */
	"CREATE TABLE treatment ("
	" scan INTEGER NOT NULL REFERENCES scan(id), check_id TEXT, asset TEXT, port INTEGER,"
	" guideline TEXT, item TEXT, whole INTEGER NOT NULL DEFAULT 0, action TEXT, owner TEXT, "
	"due INTEGER, state TEXT NOT NULL, state_at INTEGER, note TEXT,"
	" line INTEGER NOT NULL) STRICT;"
	/* What the operator makes of the guideline's items. decision: adopt, decline, tighten. level: his own
	 * word for how binding it is; checks: JSON list of further checks that bear on the item. */
	"CREATE TABLE decision ("
	" scan INTEGER NOT NULL REFERENCES scan(id), guideline TEXT NOT NULL, item TEXT NOT NULL,"
	" whole INTEGER NOT NULL DEFAULT 0, decision TEXT NOT NULL, reason TEXT, given_by TEXT,"
	" given_at INTEGER, level TEXT, severity TEXT, checks TEXT, line INTEGER NOT NULL) STRICT;"
	/* What a guideline leaves open, as the operator set it. */
	"CREATE TABLE threshold ("
	" scan INTEGER NOT NULL REFERENCES scan(id), name TEXT NOT NULL, value INTEGER NOT NULL,"
	" PRIMARY KEY (scan, name)) STRICT, WITHOUT ROWID;"
	/* Current and target profile, set by people. current, target: their words. */
	"CREATE TABLE goal ("
	" scan INTEGER NOT NULL REFERENCES scan(id), guideline TEXT NOT NULL, item TEXT NOT NULL,"
	" whole INTEGER NOT NULL DEFAULT 0, current TEXT, target TEXT NOT NULL, priority TEXT,"
	" owner TEXT, due INTEGER, note TEXT, given_by TEXT, given_at INTEGER,"
	" line INTEGER NOT NULL) STRICT;"
	/* Tiers 1 to 4 of an area (a function of the CSF, or the whole: 'all'), set by people. */
	"CREATE TABLE tier ("
	" scan INTEGER NOT NULL REFERENCES scan(id), area TEXT NOT NULL, current INTEGER,"
	" target INTEGER, given_by TEXT NOT NULL, given_at INTEGER NOT NULL, note TEXT,"
	" line INTEGER NOT NULL) STRICT;"
	/* Until when its maker looks after it, as the ledger says. */
	"ALTER TABLE ledger ADD COLUMN support_until INTEGER;"
	/* A device through which all that passes between two zones goes, one row for each of its addresses. */
	"CREATE TABLE boundary ("
	" scan INTEGER NOT NULL REFERENCES scan(id), name TEXT, address TEXT NOT NULL,"
	" zone TEXT NOT NULL, other_zone TEXT NOT NULL,"
	" PRIMARY KEY (scan, address, zone, other_zone)) STRICT, WITHOUT ROWID;"
	/* When a conduit may be used, one row for each window. days: bit 0 is the Sunday on which it begins;
	 * from_minute, to_minute: of that day, by the clock that is utc_offset seconds ahead of UTC. */
	"CREATE TABLE conduit_hours ("
	" scan INTEGER NOT NULL REFERENCES scan(id), from_zone TEXT NOT NULL, to_zone TEXT NOT "
	"NULL,"
	" transport TEXT NOT NULL, first_port INTEGER NOT NULL, last_port INTEGER NOT NULL,"
	" days INTEGER NOT NULL, from_minute INTEGER NOT NULL, to_minute INTEGER NOT NULL,"
	" utc_offset INTEGER NOT NULL) STRICT;"
	/* Words that were declared. kind: approved-software, approved-service (patterns in lower case; '' where
	 * the list was given and is empty), ledger-field, bastion ('unregistered'). */
	"CREATE TABLE declared_word ("
	" scan INTEGER NOT NULL REFERENCES scan(id), kind TEXT NOT NULL, word TEXT NOT NULL,"
	" PRIMARY KEY (scan, kind, word)) STRICT, WITHOUT ROWID;"
	/* What became of a finding in a run. event: new, fixed, reopened, waived, unwaived, severity. at: when
	 * that was observed. Runs that ended before this table was there have none. */
	"CREATE TABLE finding_event ("
	" site TEXT NOT NULL, fingerprint TEXT NOT NULL, scan INTEGER NOT NULL REFERENCES "
	"scan(id),"
	" event TEXT NOT NULL, at INTEGER NOT NULL, severity TEXT NOT NULL,"
	" PRIMARY KEY (site, fingerprint, scan, event)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX finding_event_at ON finding_event (site, at);"
	/* Under which key an asset's findings are filed (their fingerprints): it stays when the asset enters the
	 * ledger, leaves it, or gets another id there. By run and address; and what is known by now of each id
	 * of the ledger and each recognised asset (ledger: the id that it had last). */
	"CREATE TABLE asset_filed ("
	" scan INTEGER NOT NULL REFERENCES scan(id), address TEXT NOT NULL, filed TEXT NOT NULL,"
	" PRIMARY KEY (scan, address)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE filed_ledger ("
	" site TEXT NOT NULL, ledger TEXT NOT NULL, filed TEXT NOT NULL,"
	" PRIMARY KEY (site, ledger)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE filed_asset ("
	" site TEXT NOT NULL, asset TEXT NOT NULL, filed TEXT NOT NULL, ledger TEXT,"
	" PRIMARY KEY (site, asset)) STRICT, WITHOUT ROWID;"
	/* How things stood at the end of a run, for each severity. open: unseen of them were not looked at
	 * again. new, fixed, reopened: events of this run. */
	"CREATE TABLE tally ("
	" scan INTEGER NOT NULL REFERENCES scan(id), severity TEXT NOT NULL, open INTEGER NOT "
	"NULL,"
	" unseen INTEGER NOT NULL, waived INTEGER NOT NULL, new INTEGER NOT NULL,"
	" fixed INTEGER NOT NULL, reopened INTEGER NOT NULL,"
	" PRIMARY KEY (scan, severity)) STRICT, WITHOUT ROWID;"
	/* What a tracker was told of a finding last. target: the preset. status: open, waived, fixed. content:
	 * a digest of what its ticket says beside status and severity; of a finding that the table finding may
	 * never know, JSON with that digest (content) and what a ticket has to say that closes it. */
	"CREATE TABLE exported ("
	" site TEXT NOT NULL, target TEXT NOT NULL, fingerprint TEXT NOT NULL, status TEXT NOT "
	"NULL,"
	" severity TEXT NOT NULL, content TEXT NOT NULL, at INTEGER NOT NULL,"
	" scan INTEGER NOT NULL REFERENCES scan(id),"
	" PRIMARY KEY (site, target, fingerprint)) STRICT, WITHOUT ROWID;"
	/* What a server outside the store took of it. target: its URL without what stands behind '?'. key: of
	 * one batch, by its content. */
	"CREATE TABLE pushed ("
	" site TEXT NOT NULL, target TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,"
	" scan INTEGER NOT NULL REFERENCES scan(id), objects INTEGER NOT NULL, bytes INTEGER NOT "
	"NULL,"
	" PRIMARY KEY (site, target, key)) STRICT, WITHOUT ROWID;"
	/* The files that a run was declared with, as they were read: name 'site', 'ledger' or 'answers'. The same text is
	 * kept once (digest: SHA-256). */
	"CREATE TABLE kept_text (digest TEXT PRIMARY KEY, text BLOB NOT NULL) STRICT, WITHOUT "
	"ROWID;"
	"CREATE TABLE declared_text ("
	" scan INTEGER NOT NULL REFERENCES scan(id), name TEXT NOT NULL, digest TEXT NOT NULL,"
	" PRIMARY KEY (scan, name)) STRICT, WITHOUT ROWID;";

const char *const store_migrations[] = { version_1, version_2,  version_3, version_4,
					 version_5, version_6,  version_7, version_8,
					 version_9, version_10, version_11 };
const int store_version = sizeof(store_migrations) / sizeof(store_migrations[0]);
