/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions, byte by byte, and their answers.
 *
 * UDP ports of the port list without a question, and why:
 *   67 DHCP: a DISCOVER takes an address out of the pool for a while, and what a server answers goes to
 *      port 68, where the DHCP client of our own machine would take it for an answer to itself.
 *   514 syslog: every datagram is a log line of the receiver. 51820 WireGuard: doc/not-asked.md.
 *   5355 LLMNR: a question to one address has to go over TCP (RFC 4795, 2.4): probes/llmnr.c.
 *   All that the list calls ot: cyclic data, and devices that nothing is sent to by UDP.
 */
#include "wire/payloads.h"

#include "codec/ber.h"
#include "codec/reader.h"

/* ---- DNS and its kin (RFC 1035, 4.1) ---- */

enum { DNS_RESPONSE = 0x8000, DNS_OPCODE = 0x7800 };

/* The keyed number, an answer, a standard query's; and the question, which comes back as it was asked
 * wherever it comes back at all. */
static bool dns_fits(struct span answer, uint32_t key, const uint8_t *question, size_t n)
{
	struct reader r = rd_new(answer);
	uint16_t id = rd_be16(&r), flags = rd_be16(&r), questions = rd_be16(&r);

	rd_skip(&r, 6); /* counts of answers, authorities, additional */
	if (!rd_ok(&r) || id != (uint16_t)key || (flags & DNS_RESPONSE) == 0 ||
	    (flags & DNS_OPCODE) != 0 || questions > 1)
		return false;
	if (questions == 0) /* refusals without it: RFC 1035 does not ask for more */
		return true;
	struct span asked = rd_span(&r, n);
	return rd_ok(&r) && memcmp(asked.at, question, n) == 0;
}

/* The name servers of the root: every server can tell them or refuse, none has to ask another
 * (recursion is not desired). */
/* clang-format off */
static const uint8_t dns_bytes[] = {
	0x00, 0x00, /* 4.1.1 ID: keyed */
	0x00, 0x00, /* flags: query, opcode 0, RD 0 */
	0x00, 0x01, /* QDCOUNT */
	0x00, 0x00, /* ANCOUNT */
	0x00, 0x00, /* NSCOUNT */
	0x00, 0x00, /* ARCOUNT */
	0x00,       /* 4.1.2 QNAME: the root */
	0x00, 0x02, /* QTYPE: NS */
	0x00, 0x01, /* QCLASS: IN */
};
/* clang-format on */

static bool fits_dns(struct span answer, uint32_t key)
{
	return dns_fits(answer, key, dns_bytes + 12, sizeof(dns_bytes) - 12);
}

/* RFC 6762, 6.7: a question from another port than 5353 gets an answer with its number and question by
 * unicast; 5.5: to one address. RFC 6763, 9: the kinds of services there. */
/* clang-format off */
static const uint8_t mdns_bytes[] = {
	0x00, 0x00, /* RFC 6762, 18.1 ID: keyed */
	0x00, 0x00, /* flags: query */
	0x00, 0x01, /* QDCOUNT */
	0x00, 0x00, /* ANCOUNT */
	0x00, 0x00, /* NSCOUNT */
	0x00, 0x00, /* ARCOUNT */
	9, '_', 's', 'e', 'r', 'v', 'i', 'c', 'e', 's', /* RFC 6763, 9 */
	7, '_', 'd', 'n', 's', '-', 's', 'd',
	4, '_', 'u', 'd', 'p',
	5, 'l', 'o', 'c', 'a', 'l',
	0,
	0x00, 0x0c, /* QTYPE: PTR */
	0x00, 0x01, /* QCLASS: IN, without the bit that RFC 6762, 5.4 gives to port 5353 */
};
/* clang-format on */

static bool fits_mdns(struct span answer, uint32_t key)
{
	return dns_fits(answer, key, mdns_bytes + 12, sizeof(mdns_bytes) - 12);
}

/* RFC 1002, 4.2.17: node status, the names that a Windows host or Samba goes by. */
/* clang-format off */
static const uint8_t netbios_bytes[] = {
	0x00, 0x00, /* 4.2.1.1 NAME_TRN_ID: keyed */
	0x00, 0x00, /* OPCODE: query, request; NM_FLAGS: unicast */
	0x00, 0x01, /* QDCOUNT */
	0x00, 0x00, /* ANCOUNT */
	0x00, 0x00, /* NSCOUNT */
	0x00, 0x00, /* ARCOUNT */
	/* QUESTION_NAME "*" and 15 zeros, half-bytes as letters (RFC 1001, 14.1) */
	32, 'C', 'K', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A',
	'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A',
	0,
	0x00, 0x21, /* QUESTION_TYPE: NBSTAT */
	0x00, 0x01, /* QUESTION_CLASS: IN */
};
/* clang-format on */

/* RFC 1002, 4.2.18: no question, one answer with its name, which is the one asked for. */
static bool fits_netbios(struct span answer, uint32_t key)
{
	enum { NAME = 12, NAME_BYTES = 34 };
	struct reader r = rd_new(answer);
	uint16_t id = rd_be16(&r), flags = rd_be16(&r);

	rd_skip(&r, 8); /* counts: some repeat the question, some do not */
	struct span name = rd_span(&r, NAME_BYTES);
	return rd_be16(&r) == 0x21 && rd_ok(&r) && id == (uint16_t)key &&
	       (flags & DNS_RESPONSE) != 0 && (flags & DNS_OPCODE) == 0 &&
	       memcmp(name.at, netbios_bytes + NAME, NAME_BYTES) == 0;
}

/* ---- TFTP (RFC 1350) ---- */

/* 5: a request to read a file whose name nobody gave to one. No server has to answer anything but that there
 * is none. */
#define TFTP_HEAD "\0\1tenken-no-such-file-"

enum { TFTP_KEY = sizeof(TFTP_HEAD) - 1 };
static const uint8_t tftp_bytes[] = TFTP_HEAD "0000"     /* keyed */
					      "\0octet"; /* and a zero */

/* 5: an error with a text, or the first block, of a server that has a file for every name. The question is not
 * brought back. */
static bool fits_tftp(struct span answer, uint32_t key)
{
	enum { DATA = 3, ERROR = 5, ERRORS = 9 };
	struct reader r = rd_new(answer);
	uint16_t opcode = rd_be16(&r), number = rd_be16(&r);

	(void)key;
	if (!rd_ok(&r))
		return false;
	return opcode == DATA ? number == 1 : opcode == ERROR && number < ERRORS;
}

/* ---- NTP (RFC 5905, 7.3) ---- */

/* clang-format off */
static const uint8_t ntp_bytes[48] = {
	0x23, /* LI 0, VN 4, mode 3: client */
	/* stratum, poll, precision, root delay and dispersion, reference id, reference, originate and
	 * receive timestamps: a client that keeps no clock has none */
	[40] = 0, 0, 0, 0, /* transmit timestamp, seconds: keyed; a server does not look at it */
	0, 0, 0, 1,        /* its fraction */
};
/* clang-format on */

/* 8: the server copies the transmit timestamp to the originate timestamp. */
static bool fits_ntp(struct span answer, uint32_t key)
{
	enum { SERVER = 4 };
	struct reader r = rd_new(answer);
	uint8_t first = rd_u8(&r);

	rd_skip(&r, 23);
	uint32_t seconds = rd_be32(&r), fraction = rd_be32(&r);
	rd_skip(&r, 16); /* receive, transmit */
	return rd_ok(&r) && (first & 7) == SERVER && (first >> 3 & 7) >= 1 &&
	       (first >> 3 & 7) <= 4 && seconds == key && fraction == 1;
}

/* ---- SNMP version 3 (RFC 3412, 6; RFC 3414, 4) ---- */

/* Discovery of the engine: no user, no community. Whoever has version 3 reports its engine id; a device
 * with versions 1 or 2c only stays silent, as those cannot be asked without a community. */
/* clang-format off */
static const uint8_t snmp_bytes[] = {
	0x30, 59,                     /* SNMPv3Message */
	0x02, 1, 3,                   /* msgVersion */
	0x30, 16,                     /* msgGlobalData */
	0x02, 4, 0x40, 0x00, 0, 0,    /* msgID below 2^31: its lower half is keyed */
	0x02, 2, 0x05, 0xc0,          /* msgMaxSize: 1472 */
	0x04, 1, 0x04,                /* msgFlags: reportable, no authentication, no privacy */
	0x02, 1, 3,                   /* msgSecurityModel: user-based */
	0x04, 16,                     /* msgSecurityParameters: RFC 3414, 2.4 */
	0x30, 14,                     /* UsmSecurityParameters */
	0x04, 0,                      /* msgAuthoritativeEngineID: not known */
	0x02, 1, 0,                   /* msgAuthoritativeEngineBoots */
	0x02, 1, 0,                   /* msgAuthoritativeEngineTime */
	0x04, 0,                      /* msgUserName */
	0x04, 0,                      /* msgAuthenticationParameters */
	0x04, 0,                      /* msgPrivacyParameters */
	0x30, 18,                     /* ScopedPDU */
	0x04, 0,                      /* contextEngineID */
	0x04, 0,                      /* contextName */
	0xa0, 12,                     /* GetRequest-PDU: RFC 3416, 3 */
	0x02, 2, 0x40, 0x00,          /* request-id */
	0x02, 1, 0,                   /* error-status */
	0x02, 1, 0,                   /* error-index */
	0x30, 0,                      /* variable-bindings: none */
};
/* clang-format on */

/* What the outermost sequence holds, whose end may lie beyond what was captured. */
static struct reader inside_sequence(struct span answer)
{
	struct reader r = rd_new(answer);

	if (rd_u8(&r) != BER_SEQUENCE)
		rd_fail(&r);
	uint8_t length = rd_u8(&r);
	if (length >= 0x80)
		rd_skip(&r, length & 0x7f);
	return r;
}

/* The header of the report: the same msgID, and nobody is to report on it in turn (RFC 3412, 6.4). */
static bool fits_snmp(struct span answer, uint32_t key)
{
	struct reader r = inside_sequence(answer);

	if (ber_take_uint(&r, BER_INTEGER) != 3)
		return false;
	struct reader header = ber_enter(&r, BER_SEQUENCE);
	uint32_t id = ber_take_uint(&header, BER_INTEGER);
	ber_take_uint(&header, BER_INTEGER); /* msgMaxSize */
	struct span flags = ber_take(&header, BER_OCTETS);
	ber_take_uint(&header, BER_INTEGER); /* msgSecurityModel */
	return rd_ok(&r) && rd_end(&header) && flags.length == 1 && (flags.at[0] & 0x04) == 0 &&
	       id == (0x40000000 | (key & 0xffff));
}

/* ---- IKEv2 (RFC 7296) ---- */

/* The first message of a key exchange by a method that nobody has (its numbers are for private use):
 * the responder keeps nothing and says NO_PROPOSAL_CHOSEN (2.7) or what else it thinks of it. */
/* clang-format off */
#define IKE_QUESTION                                                                               \
	0x00, 0x00, 0x00, 0x00, /* 3.1 initiator's SPI: keyed */                                   \
		0x74, 0x65, 0x6e, 0x6b,             /* the rest of it; never zero */               \
		0, 0, 0, 0, 0, 0, 0, 0,             /* responder's SPI: none yet */                \
		33,                                 /* next payload: SA */                         \
		0x20,                               /* version 2.0 */                              \
		34,                                 /* exchange: IKE_SA_INIT */                    \
		0x08,                               /* flags: from the initiator */                \
		0, 0, 0, 0,                         /* message 0 */                                \
		0, 0, 0, 152,                       /* length */                                   \
		/* 3.3 SA */                                                                       \
		34, 0, 0, 48,                       /* next: KE; not critical; length */           \
		0, 0, 0, 44,                        /* 3.3.1 the last proposal; length */          \
		1, 1, 0, 4,                         /* number 1, IKE, no SPI, 4 transforms */      \
		3, 0, 0, 12, 1, 0, 0, 12,           /* 3.3.2 more follow; encryption: AES-CBC */   \
		0x80, 14, 0, 128,                   /* 3.3.5 key length */                         \
		3, 0, 0, 8, 2, 0, 0, 5,             /* PRF: HMAC-SHA2-256 */                       \
		3, 0, 0, 8, 3, 0, 0, 12,            /* integrity: HMAC-SHA2-256-128 */             \
		0, 0, 0, 8, 4, 0, 0xfd, 0xe8,       /* the last; group 65000: private use */       \
		/* 3.4 KE */                                                                       \
		40, 0, 0, 40,                       /* next: nonce; length */                      \
		0xfd, 0xe8, 0, 0,                   /* group; reserved */                          \
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* value */                       \
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,                                    \
		/* 3.9 nonce: 16 bytes at least (2.10) */                                          \
		0, 0, 0, 36,                        /* no next payload; length */                  \
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
		24, 25, 26, 27, 28, 29, 30, 31, 32
/* clang-format on */

static const uint8_t ike_bytes[] = { IKE_QUESTION };

/* RFC 7296, 2.23, and RFC 3948, 2.2: on port 4500 four zero bytes tell IKE from ESP. */
static const uint8_t ike_nat_bytes[] = { 0, 0, 0, 0, IKE_QUESTION };

/* The same initiator's SPI, from a responder. One that knows version 1 only answers with its own version
 * (RFC 2408, 5.2). */
static bool fits_ike(struct span answer, uint32_t key)
{
	struct reader r = rd_new(answer);
	uint32_t spi = rd_be32(&r), rest = rd_be32(&r);

	rd_skip(&r, 9); /* responder's SPI, next payload */
	uint8_t version = rd_u8(&r);
	rd_skip(&r, 2); /* exchange, flags */
	rd_skip(&r, 4); /* message */
	uint32_t length = rd_be32(&r);
	/* What we sent, sent back, is no answer: the responder sets R (3.1), or it is version 1. */
	bool answers = version >> 4 == 1 || (answer.length > 19 && (answer.at[19] & 0x20) != 0);
	return rd_ok(&r) && spi == key && rest == 0x74656e6b && length >= 28 && answers &&
	       (version >> 4 == 1 || version >> 4 == 2);
}

static bool fits_ike_nat(struct span answer, uint32_t key)
{
	struct reader r = rd_new(answer);

	return rd_be32(&r) == 0 && rd_ok(&r) && fits_ike(rd_rest(&r), key);
}

/* ---- IPMI (IPMI 2.0, revision 1.1) ---- */

/* 22.13: Get Channel Authentication Capabilities, the one command that is meant for those without a
 * session, about the channel that it came by. */
/* clang-format off */
static const uint8_t ipmi_bytes[] = {
	0x06, 0x00, 0xff, 0x07, /* 13.1.3 RMCP: version, reserved, no acknowledge, class IPMI */
	0x00,                   /* 13.6 authentication: none */
	0, 0, 0, 0,             /* session sequence: outside of one */
	0, 0, 0, 0,             /* session id: outside of one */
	9,                      /* length of the message */
	0x20,                   /* 13.8 responder's address: the management controller */
	0x18,                   /* NetFn 6 (application), LUN 0 */
	0xc8,                   /* checksum of the two */
	0x81,                   /* requester's address: remote console software */
	0x00,                   /* sequence 0, LUN 0 */
	0x38,                   /* command */
	0x8e,                   /* version 2.0 data too; channel E: this one */
	0x04,                   /* for the privilege of an administrator; nothing is granted */
	0xb5,                   /* checksum of the five */
};
/* clang-format on */

static bool fits_ipmi(struct span answer, uint32_t key)
{
	struct reader r = rd_new(answer);

	(void)key;
	bool rmcp = rd_u8(&r) == 6; /* version */
	rd_skip(&r, 2);
	rmcp = rmcp && rd_u8(&r) == 7; /* class */
	rmcp = rmcp && rd_u8(&r) == 0; /* no authentication */
	rd_skip(&r, 8);                /* session sequence and id */
	struct reader m = rd_sub(&r, rd_u8(&r));
	bool mine = rd_u8(&m) == 0x81 && rd_u8(&m) == 0x1c; /* back to us, NetFn 7: response */
	rd_skip(&m, 3); /* checksum, responder's address, sequence */
	return rmcp && mine && rd_u8(&m) == 0x38 && rd_ok(&m) && rd_ok(&r);
}

/* ---- SQL Server Browser (MC-SQLR) ---- */

/* 2.2.2 CLNT_UCAST_EX: the instances of this host. */
static const uint8_t mssql_bytes[] = { 0x03 };

/* 2.2.5 SVR_RESP: 5, length, text that begins with the server's name. */
static bool fits_mssql(struct span answer, uint32_t key)
{
	static const char first[] = "ServerName;";
	struct reader r = rd_new(answer);

	(void)key;
	bool response = rd_u8(&r) == 5;
	uint16_t length = rd_le16(&r);
	struct span text = rd_rest(&r);
	return response && rd_ok(&r) && length >= text.length && span_starts(text, first);
}

/* ---- CLDAP ([MS-ADTS] 6.3.3) ---- */

/* The ping by which members of a domain look for their controller; without a user, and without the domain
 * that the answer tells. The message id is below 2^31: its lower half is keyed. */
/* clang-format off */
static const uint8_t cldap_bytes[] = {
	0x30, 54,                     /* RFC 4511, 4.1.1 LDAPMessage */
	0x02, 4, 0x40, 0x00, 0, 0,    /* messageID: keyed */
	0x63, 46,                     /* 4.5.1 SearchRequest */
	0x04, 0,                      /* baseObject: the root DSE */
	0x0a, 1, 0,                   /* scope: it alone */
	0x0a, 1, 0,                   /* derefAliases: never */
	0x02, 1, 0,                   /* sizeLimit: none */
	0x02, 1, 0,                   /* timeLimit: none */
	0x01, 1, 0,                   /* typesOnly: no */
	0xa0, 15,                     /* filter: and */
	0xa3, 13,                     /* equalityMatch */
	0x04, 5, 'N', 't', 'V', 'e', 'r',
	0x04, 4, 0x06, 0, 0, 0,       /* NETLOGON_NT_VERSION_5 and 5EX */
	0x30, 10,                     /* attributes */
	0x04, 8, 'N', 'e', 't', 'l', 'o', 'g', 'o', 'n',
};
/* clang-format on */

/* An entry, or the result where there is none, of the same message id. */
static bool fits_cldap(struct span answer, uint32_t key)
{
	enum { ENTRY = 0x64, DONE = 0x65 };
	struct reader r = inside_sequence(answer);
	uint32_t id = ber_take_uint(&r, BER_INTEGER);
	uint8_t operation = rd_u8(&r);
	return rd_ok(&r) && id == (0x40000000 | (key & 0xffff)) &&
	       (operation == ENTRY || operation == DONE);
}

/* ---- SSDP (UPnP Device Architecture 2.0, 1.3.2) ---- */

/* A search at one address. HOST would have to name it; no device is known to look. */
static const uint8_t ssdp_bytes[] = "M-SEARCH * HTTP/1.1\r\n"
				    "HOST: 239.255.255.250:1900\r\n"
				    "MAN: \"ssdp:discover\"\r\n"
				    "MX: 1\r\n" /* older versions want it; answer within 1 s */
				    "ST: upnp:rootdevice\r\n"
				    "\r\n";

/* 1.3.3: a status line and headers, ST among them. */
static bool fits_ssdp(struct span answer, uint32_t key)
{
	(void)key;
	return (span_starts(answer, "HTTP/1.1 200 ") || span_starts(answer, "HTTP/1.0 200 ")) &&
	       (span_find_nocase(answer, "\nST:") >= 0 || span_find_nocase(answer, "\nUSN:") >= 0 ||
		span_find_nocase(answer, "\nLOCATION:") >= 0);
}

/* ---- WS-Discovery (Web Services Dynamic Discovery, April 2005) ---- */

/* 5.1: a probe without types and scopes, which every target matches. Each has a message id of its own, since
 * targets pass repetitions over. The prefixes are those of Windows: small devices look for them as text. */
#define WSDISCOVERY_HEAD                                                                 \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>"                                     \
	"<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\""          \
	" xmlns:wsa=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""                \
	" xmlns:wsd=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\">"                \
	"<soap:Header><wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>"     \
	"<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action>" \
	"<wsa:MessageID>urn:uuid:74656e6b-656e-4000-8000-00000000"

enum { WSDISCOVERY_KEY = sizeof(WSDISCOVERY_HEAD) - 1 };
static const uint8_t wsdiscovery_bytes[] = WSDISCOVERY_HEAD
	"0000" /* keyed */
	"</wsa:MessageID></soap:Header><soap:Body><wsd:Probe/></soap:Body></soap:Envelope>";

/* 5.2: whose answer it is stands behind what a short capture keeps. */
static bool fits_wsdiscovery(struct span answer, uint32_t key)
{
	(void)key;
	return span_find(answer, "<", 1) >= 0 &&
	       span_find_nocase(answer, "/ws/2005/04/discovery/ProbeMatches") >= 0;
}

/* ---- SIP (RFC 3261) ---- */

/* 11: what the other side is able to do; no call is made. Max-Forwards 0: it is asked itself (11.2). */
static const uint8_t sip_bytes[] =
	"OPTIONS sip:tenken.invalid SIP/2.0\r\n"
	/* RFC 3581, 3: the answer goes to the port that the question came from */
	"Via: SIP/2.0/UDP tenken.invalid;branch=z9hG4bK-tenken;rport\r\n"
	"Max-Forwards: 0\r\n"
	"From: <sip:tenken@tenken.invalid>;tag=tenken\r\n"
	"To: <sip:tenken.invalid>\r\n"
	"Call-ID: tenken@tenken.invalid\r\n"
	"CSeq: 1 OPTIONS\r\n"
	"Contact: <sip:tenken@tenken.invalid>\r\n"
	"Accept: application/sdp\r\n"
	"Content-Length: 0\r\n"
	"\r\n";

/* 7.2: whatever the status. */
static bool fits_sip(struct span answer, uint32_t key)
{
	struct reader r = rd_new(span_from(answer, 8));
	uint8_t a = rd_u8(&r), b = rd_u8(&r), c = rd_u8(&r);

	(void)key;
	return span_starts(answer, "SIP/2.0 ") && a >= '1' && a <= '6' && b >= '0' && b <= '9' &&
	       c >= '0' && c <= '9' && rd_u8(&r) == ' ' && rd_ok(&r);
}

/* ---- CoAP (RFC 7252) ---- */

/* 4.3: an empty confirmable message, the "ping". */
/* clang-format off */
static const uint8_t coap_bytes[] = {
	0x40,       /* 3: version 1, confirmable, no token */
	0x00,       /* code 0.00: empty */
	0x00, 0x00, /* message ID: keyed */
};
/* clang-format on */

/* Reset with the same message ID, and nothing else (4.1). */
static bool fits_coap(struct span answer, uint32_t key)
{
	struct reader r = rd_new(answer);

	return rd_u8(&r) == 0x70 && rd_u8(&r) == 0 && rd_be16(&r) == (uint16_t)key && rd_end(&r);
}

/* ---- OpenVPN (its protocol page; ssl_pkt.h) ---- */

/* The first packet of a client. Servers before 2.6 keep it for a minute at most and repeat their answer
 * in that time; those that want a shared key first (tls-auth, tls-crypt) stay silent. */
/* clang-format off */
static const uint8_t openvpn_bytes[] = {
	0x38,                   /* P_CONTROL_HARD_RESET_CLIENT_V2 (7), key 0 */
	0x00, 0x00, 0x00, 0x00, /* our session id: keyed */
	0x74, 0x65, 0x6e, 0x6b, /* the rest of it; never zero */
	0,                      /* nothing is acknowledged */
	0, 0, 0, 0,             /* packet 0 */
};
/* clang-format on */

/* P_CONTROL_HARD_RESET_SERVER_V2 (8), or P_ACK_V1 (5) before it: both acknowledge packet 0 of our
 * session. */
static bool fits_openvpn(struct span answer, uint32_t key)
{
	struct reader r = rd_new(answer);
	uint8_t opcode = rd_u8(&r);

	rd_skip(&r, 8); /* its session id */
	uint8_t acknowledged = rd_u8(&r);
	uint32_t packet = rd_be32(&r), session = rd_be32(&r), rest = rd_be32(&r);
	return rd_ok(&r) && (opcode >> 3 == 8 || opcode >> 3 == 5) && acknowledged == 1 &&
	       packet == 0 && session == key && rest == 0x74656e6b;
}

/* ---- the table ---- */

#define QUESTION(b) .bytes = b, .length = sizeof(b)
#define QUESTION_TEXT(b) .bytes = b, .length = sizeof(b) - 1

static const struct payload payloads[PAYLOAD_PORTS] = {
	{ 53, "dns", QUESTION(dns_bytes), 0, 2, false, false, fits_dns },
	{ .port = 69,
	  .protocol = "tftp",
	  QUESTION(tftp_bytes),
	  .key_at = TFTP_KEY,
	  .key_bytes = 4,
	  .key_text = true,
	  .elsewhere = true,
	  .fits = fits_tftp },
	{ 123, "ntp", QUESTION(ntp_bytes), 40, 4, false, false, fits_ntp },
	{ 137, "netbios-ns", QUESTION(netbios_bytes), 0, 2, false, false, fits_netbios },
	{ 161, "snmp", QUESTION(snmp_bytes), 11, 2, false, false, fits_snmp },
	{ 389, "cldap", QUESTION(cldap_bytes), 6, 2, false, false, fits_cldap },
	{ 500, "ike", QUESTION(ike_bytes), 0, 4, false, false, fits_ike },
	{ 623, "ipmi", QUESTION(ipmi_bytes), 0, 0, false, false, fits_ipmi },
	{ 1194, "openvpn", QUESTION(openvpn_bytes), 1, 4, false, false, fits_openvpn },
	{ 1434, "mssql-browser", QUESTION(mssql_bytes), 0, 0, false, false, fits_mssql },
	{ 1900, "ssdp", QUESTION_TEXT(ssdp_bytes), 0, 0, false, false, fits_ssdp },
	{ .port = 3702,
	  .protocol = "wsdiscovery",
	  QUESTION_TEXT(wsdiscovery_bytes),
	  .key_at = WSDISCOVERY_KEY,
	  .key_bytes = 4,
	  .key_text = true,
	  .fits = fits_wsdiscovery },
	{ 4500, "ike", QUESTION(ike_nat_bytes), 4, 4, false, false, fits_ike_nat },
	{ 5060, "sip", QUESTION_TEXT(sip_bytes), 0, 0, false, false, fits_sip },
	{ 5353, "mdns", QUESTION(mdns_bytes), 0, 2, false, false, fits_mdns },
	{ 5683, "coap", QUESTION(coap_bytes), 2, 2, false, false, fits_coap },
};

const struct payload *payload_at(size_t i)
{
	return i < countof(payloads) ? &payloads[i] : NULL;
}

const struct payload *payload_find(uint16_t port)
{
	for (size_t i = 0; i < countof(payloads); i++)
		if (payloads[i].port == port)
			return &payloads[i];
	return NULL;
}

uint32_t payload_key(const struct payload *p, uint32_t cookie)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t text = 0;

	if (!p->key_text)
		return cookie;
	for (int at = 12; at >= 0; at -= 4)
		text = text << 8 | (uint8_t)digits[cookie >> at & 15];
	return text;
}

size_t payload_write(const struct payload *p, uint32_t cookie, uint8_t out[static PAYLOAD_MOST])
{
	struct writer w = wr_new(out, PAYLOAD_MOST);

	wr_bytes(&w, p->bytes, p->key_bytes != 0 ? p->key_at : p->length);
	if (p->key_bytes == 2)
		wr_be16(&w, (uint16_t)cookie);
	else if (p->key_bytes == 4)
		wr_be32(&w, payload_key(p, cookie));
	if (p->key_bytes != 0)
		wr_bytes(&w, p->bytes + p->key_at + p->key_bytes,
			 p->length - p->key_at - p->key_bytes);
	return wr_span(&w).length;
}

uint16_t payload_source(uint16_t first, uint32_t cookie)
{
	/* The half that the shorter keys leave out. */
	return (uint16_t)(first + (cookie >> 16) % PAYLOAD_SOURCES);
}

bool payload_fits(const struct payload *p, uint32_t cookie, struct span answer)
{
	return p->fits(answer, cookie);
}
