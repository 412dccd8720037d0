/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages (RFC 1035; the same form serves multicast DNS, RFC 6762): questions out, the records of an
 * answer that concern names of hosts in.
 */
#ifndef TENKEN_CODEC_DNS_H
#define TENKEN_CODEC_DNS_H

#include "codec/address.h"
#include "codec/reader.h"

enum {
	DNS_NAME = 1024, /* a name as text: 255 bytes, each of which may become four characters */
	DNS_QUESTION = 288, /* bytes of a question */
	DNS_RECORDS_MOST = 256,
};
enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_AXFR = 252, /* of questions only: RFC 5936 */
};
enum dns_code { DNS_NO_ERROR = 0, DNS_NO_SUCH_NAME = 3, DNS_REFUSED = 5 };
enum dns_class { DNS_CLASS_IN = 1, DNS_CLASS_CH = 3 };

/* The name under which an address is looked up: RFC 1035, 3.5; RFC 3596, 2.5. Returns out. */
const char *dns_reverse_name(const struct addr *a, char out[static DNS_NAME]);
/* One question for class IN; with recursion desired, or not (multicast DNS). Its length; 0 where the
 * name is none, or does not fit. */
size_t dns_question(uint8_t *out, size_t room, uint16_t id, bool recursion, const char *name,
		    enum dns_type type);

struct dns_asked {
	uint16_t id;
	bool recursion; /* desired */
	const char *name;
	enum dns_type type;
	enum dns_class class;
	uint16_t
		room; /* bytes of an answer that may come by UDP (RFC 6891); 0: 512, and nothing is said */
};
/* The same with everything said. */
size_t dns_ask(uint8_t *out, size_t room, const struct dns_asked *q);

struct dns_message {
	uint16_t id;
	bool answer, truncated, authoritative, recursion_available;
	uint8_t code;            /* 0: no error, 3: no such name */
	char question[DNS_NAME]; /* the first; empty: there is none */
	uint16_t question_type;
	uint16_t answers; /* as the header says */
};

/* An A, AAAA, NS, SOA, CNAME, PTR, SRV or TXT record of class IN, or a TXT record of another. Names are without the last dot; what is no letter, digit,
 * '-' or '_' of a label stands there as \DDD. */
struct dns_record {
	uint16_t type;
	char owner[DNS_NAME];
	struct addr address; /* A, AAAA */
	char target
		[DNS_NAME]; /* NS, CNAME, PTR, SRV, the first server of SOA; of TXT the strings one behind the other, bytes as they are but
				* zeros */
	uint32_t serial;    /* SOA */
	struct span data;   /* as it stands in the message */
};

/* Reads a message; records go to take one by one. False: malformed, or not whole; what came before was
 * handed out. */
typedef void dns_take(void *context, const struct dns_record *r);
bool dns_read(struct span bytes, struct dns_message *ret, dns_take *take, void *context);

/* The beginning of a message whose rest need not be there: owner and type of the first record; empty and 0
 * where there is none. False: malformed. */
bool dns_read_first(struct span bytes, struct dns_message *ret, struct dns_record *ret_first);

/* The name at r, which stands inside of message and may refer back to what stands before it. False, and a
 * failed reader: there is none. */
bool dns_read_name(struct span message, struct reader *r, char out[static DNS_NAME]);

bool dns_same_name(const char *a, const char *b);
/* Letters, digits, '-' and '_' between dots, 253 characters at most, and no address. */
bool dns_is_host_name(const char *name);

#endif
