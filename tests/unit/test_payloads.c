/* SPDX-License-Identifier: Apache-2.0 */
/* Questions of UDP ports and what is taken for an answer: answers of real servers, recorded
 * (tests/unit/data/wire/udp-*.pcap), and what is almost one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "site/plan.h"
#include "unit/capture.h"
#include "wire/frames.h"
#include "wire/heard.h"
#include "wire/payloads.h"

/* The keyed value of a question as it was recorded. */
static uint32_t key_of(const struct payload *p, struct span question)
{
	uint32_t key = 0;

	for (size_t i = 0; i < p->key_bytes; i++)
		key = key << 8 | question.at[p->key_at + i];
	return key;
}

static const struct {
	const char *name;
	uint16_t port;
	unsigned answers;
} recorded[] = {
	{ "udp-dns", 53, 2 },    { "udp-ntp", 123, 2 },      { "udp-netbios", 137, 1 },
	{ "udp-snmp", 161, 2 },  { "udp-ike", 500, 2 },      { "udp-ike-nat", 4500, 2 },
	{ "udp-ipmi", 623, 1 },  { "udp-openvpn", 1194, 2 }, { "udp-sip", 5060, 2 },
	{ "udp-mdns", 5353, 2 }, { "udp-coap", 5683, 2 },
};

/* Every capture holds our question and the server's answer, in turn; both families. */
static void real_servers_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(recorded); i++) {
		const struct payload *p = payload_find(recorded[i].port);
		char file[64], path[1024];
		uint8_t bytes[PAYLOAD_MOST];
		struct capture c;
		struct heard h;
		uint32_t keys[2] = { 0 }; /* of the last question, by family */
		unsigned asked = 0, fit = 0;

		assert_non_null(p);
		snprintf(file, sizeof(file), "%s.pcap", recorded[i].name);
		assert_int_equal(capture_read(&c, capture_path(file, path)), 0);
		for (size_t f = 0; f < c.count; f++) {
			if (!heard_read(c.frames[f].at, c.frames[f].length, c.link, &h) ||
			    h.kind != HEARD_UDP)
				continue;
			bool v4 = addr_is_ipv4(&h.from);
			uint32_t key = keys[v4];
			if (h.to_port == p->port) {
				key = keys[v4] = key_of(p, h.payload);
				asked++;
				/* what stands in the capture is what would be asked today */
				assert_int_equal(payload_write(p, key, bytes), h.payload.length);
				assert_memory_equal(bytes, h.payload.at, h.payload.length);
				/* a question sent back is no answer */
				assert_false(payload_fits(p, key, h.payload));
				continue;
			}
			assert_int_equal(h.from_port, p->port);
			assert_true(payload_fits(p, key, h.payload));
			/* nor is the answer to another question, where the protocol can tell */
			for (unsigned bit = 0; bit < p->key_bytes * 8; bit++)
				assert_false(payload_fits(p, key ^ 1U << bit, h.payload));
			/* one that a short capture has cut is known or not, never half read */
			for (size_t n = 0; n < h.payload.length; n++) {
				uint8_t *cut = malloc(n + 1);

				assert_non_null(cut);
				memcpy(cut, h.payload.at, n);
				if (n < 4)
					assert_false(payload_fits(p, key, span_of(cut, n)));
				else
					payload_fits(p, key, span_of(cut, n));
				free(cut);
			}
			/* and no other protocol takes it for its own */
			const struct payload *o;
			for (size_t k = 0; (o = payload_at(k)) != NULL; k++)
				if (o->key_bytes == 0 && o != p)
					assert_false(payload_fits(o, key, h.payload));
			fit++;
		}
		capture_done(&c);
		assert_int_equal(asked, recorded[i].answers);
		assert_int_equal(fit, recorded[i].answers);
	}
}

/* As the documents print them: no server of these runs on Debian. */
static void answers_of_documents(void **state)
{
	/* MC-SQLR, 4.2 */
	static const char sql[] =
		"\005\130\000ServerName;ILSUNG1;InstanceName;YUKONSTD;IsClustered;"
		"No;Version;9.00.1399.06;tcp;57137;;";
	/* UPnP Device Architecture 2.0, 1.3.3 */
	static const char upnp[] = "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age = 1800\r\nEXT:\r\n"
				   "LOCATION: http://192.0.2.1:80/d.xml\r\n"
				   "SERVER: OS/version UPnP/2.0 product/version\r\n"
				   "ST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\n\r\n";
	static const struct {
		uint16_t port;
		const char *bytes;
		size_t n;
		bool fits;
	} rows[] = {
		{ 1434, sql, sizeof(sql) - 1, true },
		{ 1434, sql, 20, true }, /* cut */
		{ 1434, sql + 1, sizeof(sql) - 2, false },
		{ 1434, "\005\003\000ServerName;and more than that", 32, false },
		{ 1434, "\003", 1, false },
		{ 1900, upnp, sizeof(upnp) - 1, true },
		{ 1900, upnp, 17, false },
		{ 1900, "HTTP/1.1 200 OK\r\nServer: a web server\r\n\r\n", 41, false },
		{ 1900, "HTTP/1.1 404 Not Found\r\nST: x\r\n\r\n", 33, false },
		{ 1900, "NOTIFY * HTTP/1.1\r\nST: x\r\n\r\n", 28, false },
		/* RFC 1350, 5 */
		{ 69, "\0\5\0\1File not found", 19, true },
		{ 69, "\0\3\0\1\177ELF", 8, true },
		{ 69, "\0\3\0\2\177ELF", 8, false },
		{ 69, "\0\5\0\11", 4, false },
		{ 69, "\0\5\0", 3, false },
		{ 5060, "SIP/2.0 483 Too Many Hops\r\n", 27, true },
		{ 5060, "SIP/2.0 783 Too Many Hops\r\n", 27, false },
		{ 5060, "SIP/2.0 48", 10, false },
		{ 5060, "OPTIONS sip:a SIP/2.0\r\n", 23, false },
		{ 5683, "\160\000\022\064", 4, true },
		{ 5683, "\160\000\022\065", 4, false },
		{ 5683, "\100\000\022\064", 4, false },
		{ 5683, "\160\000\022\064\377", 5, false },
	};
	(void)state;

	for (size_t i = 0; i < countof(rows); i++)
		if (payload_fits(payload_find(rows[i].port), 0x1234,
				 span_of(rows[i].bytes, rows[i].n)) != rows[i].fits)
			fail_msg("row %zu", i);
}

/* All rows are of the port list and none is of control equipment; each row names its port as the list
 * does; and a question that is one byte is one byte. */
static void rows_belong_to_the_port_list(void **state)
{
	struct port_list l = { 0 };
	struct complaints c = { 0 };
	const struct payload *p;
	uint16_t before = 0;
	size_t count = 0;
	char path[1024];
	uint8_t bytes[PAYLOAD_MOST];

	(void)state;
	snprintf(path, sizeof(path), "%s/../probes/data/ports.csv", getenv("TENKEN_TESTS"));
	assert_int_equal(port_list_load(path, &l, &c), 0);
	for (; (p = payload_at(count)) != NULL; count++) {
		const struct port_entry *e = port_list_find(&l, p->port, true);

		assert_non_null(e);
		assert_false(e->ot);
		assert_true(p->port > before);
		before = p->port;
		assert_true(strncmp(e->name, p->protocol, strlen(p->protocol)) == 0);
		assert_ptr_equal(payload_find(p->port), p);
		assert_true(p->key_bytes == 0 || p->key_bytes == 2 || p->key_bytes == 4);
		assert_true(p->key_at + p->key_bytes <= p->length && p->length <= PAYLOAD_MOST);
		assert_int_equal(payload_write(p, 0xa1b2c3d4, bytes), p->length);
		if (p->key_text)
			assert_memory_equal(bytes + p->key_at, "c3d4", 4);
		else if (p->key_bytes == 4)
			assert_memory_equal(bytes + p->key_at, "\xa1\xb2\xc3\xd4", 4);
		else if (p->key_bytes == 2)
			assert_memory_equal(bytes + p->key_at, "\xc3\xd4", 2);
		assert_false(payload_fits(p, 0xa1b2c3d4, span_of(bytes, p->length)));
		assert_false(payload_fits(p, 0xa1b2c3d4, span_of(bytes, 0)));
	}
	assert_int_equal(count, PAYLOAD_PORTS);
	for (size_t i = 0; i < l.count; i++)
		if (l.list[i].ot && l.list[i].udp)
			assert_null(payload_find(l.list[i].port));
	port_list_done(&l);
	complaints_done(&c);
}

/* The upper half of the keyed value, which the shorter keys leave out. */
static void source_ports_are_keyed(void **state)
{
	bool used[PAYLOAD_SOURCES] = { false };

	(void)state;
	for (uint32_t i = 0; i < 65536; i++) {
		uint16_t port = payload_source(61000, i << 16 | 0x5555);

		assert_in_range(port, 61000, 61000 + PAYLOAD_SOURCES - 1);
		used[port - 61000] = true;
		assert_int_equal(port, payload_source(61000, i << 16));
	}
	for (size_t i = 0; i < PAYLOAD_SOURCES; i++)
		assert_true(used[i]);
}

/* The frame that leaves: source port, keyed value and sums, as a reader sees them. */
static void frames_carry_the_question(void **state)
{
	static const uint8_t key[16] = { 7 }, mac[6] = { 2, 0, 0, 0, 0, 9 };
	static const char *const pairs[][2] = { { "192.0.2.1", "198.51.100.7" },
						{ "2001:db8::1", "2001:db8::7" } };
	(void)state;

	for (size_t v = 0; v < countof(pairs); v++) {
		struct way way = { .ethernet = true, .mtu = 1500, .mac = { 2, 0, 0, 0, 0, 1 } };
		const struct payload *p;
		struct addr to;

		assert_int_equal(addr_parse(pairs[v][0], &way.source), 0);
		assert_int_equal(addr_parse(pairs[v][1], &to), 0);
		for (size_t i = 0; (p = payload_at(i)) != NULL; i++) {
			struct frame_form f;
			uint8_t frame[FRAME_MOST], bytes[PAYLOAD_MOST];
			struct heard h;
			uint32_t cookie = frame_cookie(key, &way.source, &to, 17, 0, p->port);
			uint16_t from = payload_source(61000, cookie);

			assert_int_equal(
				frame_form_udp(&f, &way, mac, 0, p->port, p->bytes, p->length,
					       p->key_bytes ? p->key_at : p->length, p->key_bytes),
				0);
			frame_fill_udp_from(&f, frame, &to, from, payload_key(p, cookie),
					    (uint16_t)cookie);
			assert_true(heard_read(frame, f.length, 14, &h));
			assert_int_equal(h.kind, HEARD_UDP);
			assert_int_equal(h.from_port, from);
			assert_int_equal(h.to_port, p->port);
			assert_int_equal(payload_write(p, cookie, bytes), h.payload.length);
			assert_memory_equal(bytes, h.payload.at, h.payload.length);
			/* RFC 1071: header, pseudo header and sum make all ones */
			size_t ip = 14, header = v == 0 ? 20 : 40, n = f.length - ip - header;
			size_t a = ip + (v == 0 ? 12 : 8), length = v == 0 ? 8 : 32;
			uint32_t sum = (uint32_t)(17 + n);
			for (size_t k = 0; k < length; k++)
				sum += (uint32_t)frame[a + k] << (k % 2 == 0 ? 8 : 0);
			for (size_t k = 0; k < n; k++)
				sum += (uint32_t)frame[ip + header + k] << (k % 2 == 0 ? 8 : 0);
			while (sum >> 16 != 0)
				sum = (sum & 0xffff) + (sum >> 16);
			assert_int_equal(sum, 0xffff);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_servers_answer),
		cmocka_unit_test(answers_of_documents),
		cmocka_unit_test(rows_belong_to_the_port_list),
		cmocka_unit_test(source_ports_are_keyed),
		cmocka_unit_test(frames_carry_the_question),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
