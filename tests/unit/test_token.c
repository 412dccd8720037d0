/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <sys/stat.h>

#include "reach/token_text.h"

enum { NOW = 1800000000, HOUR = 3600 };

static struct token_key key, other_key;
static const struct token_question asks = {
	.run = 0x0123456789abcdef,
	.number = 7,
	.method = TOKEN_UDP,
	.port = 443,
	.time = NOW,
	.random = { 1, 2, 3, 4, 5, 6, 7, 8 },
};

static int start(void **state)
{
	uint8_t bytes[TOKEN_KEY] = { 1 };

	assert_true(token_key_from(bytes, &key));
	bytes[31] = 1;
	assert_true(token_key_from(bytes, &other_key));
	return scratch_open(state);
}

static int end(void **state)
{
	unlink("key");
	return scratch_close(state);
}

static struct token_seen *seen_new(size_t room)
{
	struct token_seen *s = token_seen_new(room);

	assert_non_null(s);
	return s;
}

static struct span bytes_of(const struct token_asked *a)
{
	return span_of(a->bytes, a->length);
}

static struct token_asked asked_at(int64_t time, uint32_t number, bool brief)
{
	struct token_question q = asks;
	struct token_asked a;

	q.time = time;
	q.number = number;
	assert_true(brief ? token_ask_short(&key, &q, &a) : token_ask(&key, &q, &a));
	return a;
}

static struct token_answer answer(void)
{
	struct token_answer a = {
		.seen_port = 40000, .port = 443, .method = TOKEN_TCP, .time = NOW + 5
	};

	assert_int_equal(addr_parse("203.0.113.7", &a.seen), 0);
	return a;
}

static void the_question_arrives(void **state)
{
	struct token_seen *seen = seen_new(8);
	struct token_heard h;

	(void)state;
	for (int brief = 0; brief < 2; brief++) {
		struct token_asked a = asked_at(NOW, 7, brief != 0);
		assert_int_equal(a.length, brief != 0 ? TOKEN_SHORT : TOKEN_QUESTION);
		assert_int_equal(token_check_question(&key, seen, bytes_of(&a), NOW + 3, &h),
				 TOKEN_RIGHT);
		assert_true(h.question.run == asks.run);
		assert_int_equal(h.question.number, 7);
		assert_int_equal(h.question.method, TOKEN_UDP);
		assert_int_equal(h.question.port, brief != 0 ? 0 : 443);
		assert_int_equal(h.question.time, NOW);
		assert_memory_equal(h.question.random, asks.random, brief != 0 ? 3 : 8);
		assert_int_equal(h.skew_s, 3);
		assert_int_equal(h.times, 1);
	}
	token_seen_free(seen);
}

/* Every bit counts, and every length but the two. */
static void a_changed_question_is_refused(void **state)
{
	struct token_seen *seen = seen_new(8);
	struct token_heard h;

	(void)state;
	for (int brief = 0; brief < 2; brief++) {
		struct token_asked a = asked_at(NOW, 7, brief != 0);
		for (size_t bit = 0; bit < 8 * a.length; bit++) {
			struct token_asked bad = a;
			bad.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			enum token_verdict v =
				token_check_question(&key, seen, bytes_of(&bad), NOW, &h);
			assert_true(v == TOKEN_FORGED || v == TOKEN_NONE);
		}
		for (size_t n = 0; n < a.length; n++)
			assert_int_equal(
				token_check_question(&key, seen, span_of(a.bytes, n), NOW, &h),
				TOKEN_NONE);
		assert_int_equal(token_check_question(&other_key, seen, bytes_of(&a), NOW, &h),
				 TOKEN_FORGED);
		assert_int_equal(token_check_question(&key, seen, bytes_of(&a), NOW, &h),
				 TOKEN_RIGHT);
	}
	token_seen_free(seen);
}

static void an_hour_of_skew_works_and_is_told(void **state)
{
	static const struct {
		int64_t skew;
		enum token_verdict verdict;
	} cases[] = {
		{ 0, TOKEN_RIGHT },
		{ HOUR, TOKEN_RIGHT },
		{ -HOUR, TOKEN_RIGHT },
		{ TOKEN_SKEW_MOST, TOKEN_RIGHT },
		{ TOKEN_SKEW_MOST + 1, TOKEN_OLD },
		{ -TOKEN_SKEW_MOST, TOKEN_RIGHT },
		{ -TOKEN_SKEW_MOST - 1, TOKEN_AHEAD },
	};
	struct token_seen *seen = seen_new(8);
	struct token_heard h;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct token_asked a = asked_at(NOW - cases[i].skew, (uint32_t)i, i % 2 != 0);
		assert_int_equal(token_check_question(&key, seen, bytes_of(&a), NOW, &h),
				 cases[i].verdict);
		assert_int_equal(h.skew_s, cases[i].skew);
	}
	static const int64_t absurd[] = { INT64_MIN, -1, (int64_t)UINT32_MAX + 1, INT64_MAX };
	for (size_t i = 0; i < countof(absurd); i++) {
		struct token_asked a = asked_at(absurd[i], 20, false);
		assert_int_equal(token_check_question(&key, seen, bytes_of(&a), NOW, &h),
				 TOKEN_OLD);
	}
	token_seen_free(seen);
}

static void a_question_counts_once(void **state)
{
	struct token_seen *seen = seen_new(8);
	struct token_heard h;

	(void)state;
	for (int brief = 0; brief < 2; brief++) {
		struct token_asked a = asked_at(NOW, 7, brief != 0);
		assert_int_equal(token_check_question(&key, seen, bytes_of(&a), NOW, &h),
				 TOKEN_RIGHT);
		for (unsigned times = 2; times < 5; times++) {
			assert_int_equal(
				token_check_question(&key, seen, bytes_of(&a), NOW + times, &h),
				TOKEN_REPLAYED);
			assert_int_equal(h.times, times);
			assert_int_equal(h.first, NOW);
		}
	}
	token_seen_free(seen);
}

/* Room for 100, 1000 come: the last 100 are known, the others are refused by their time. */
static void what_is_forgotten_is_refused(void **state)
{
	struct token_seen *seen = seen_new(100);
	struct token_heard h;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct token_asked a = asked_at(NOW + i, i, i % 2 != 0);
		assert_int_equal(token_check_question(&key, seen, bytes_of(&a), NOW + i, &h),
				 TOKEN_RIGHT);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		struct token_asked a = asked_at(NOW + i, i, i % 2 != 0);
		assert_int_equal(token_check_question(&key, seen, bytes_of(&a), NOW + 1000, &h),
				 i < 900 ? TOKEN_OLD : TOKEN_REPLAYED);
	}
	/* Never heard, and of the second that was forgotten last: it cannot be told apart. */
	struct token_asked a = asked_at(NOW + 899, 5000, false);
	assert_int_equal(token_check_question(&key, seen, bytes_of(&a), NOW, &h), TOKEN_OLD);
	a = asked_at(NOW + 900, 5000, false);
	assert_int_equal(token_check_question(&key, seen, bytes_of(&a), NOW, &h), TOKEN_RIGHT);
	token_seen_free(seen);
}

static void the_answer_arrives(void **state)
{
	struct token_asked a = asked_at(NOW, 7, false), b = asked_at(NOW, 7, true);
	struct token_answer said = answer(), got;
	uint8_t whole[TOKEN_ANSWER], brief[TOKEN_SHORT_ANSWER];
	uint64_t run;
	uint32_t number;

	(void)state;
	assert_true(token_answer(&key, bytes_of(&a), &said, whole));
	assert_true(token_answer_claims(span_of(whole, sizeof(whole)), &run, &number));
	assert_true(run == asks.run);
	assert_int_equal(number, 7);
	assert_int_equal(token_check_answer(&key, &a, span_of(whole, sizeof(whole)), &got),
			 TOKEN_RIGHT);
	assert_int_equal(addr_compare(&got.seen, &said.seen), 0);
	assert_int_equal(got.seen_port, 40000);
	assert_int_equal(got.port, 443);
	assert_int_equal(got.method, TOKEN_TCP);
	assert_int_equal(got.time, NOW + 5);
	assert_int_equal(token_check_answer(&key, &a, span_of(whole, sizeof(whole)), &got),
			 TOKEN_REPLAYED);

	/* By DNS, to both. */
	struct token_asked *both[] = { &a, &b };
	for (size_t i = 0; i < countof(both); i++) {
		both[i]->answered = false;
		assert_true(token_answer_short(&key, bytes_of(both[i]), &said, brief));
		assert_int_equal(
			token_check_answer(&key, both[i], span_of(brief, sizeof(brief)), &got),
			TOKEN_RIGHT);
		assert_int_equal(addr_compare(&got.seen, &said.seen), 0);
		assert_int_equal(got.time, NOW + 5);
	}
}

static void a_changed_answer_is_refused(void **state)
{
	struct token_asked a = asked_at(NOW, 7, false), next = asked_at(NOW, 8, false);
	struct token_answer said = answer(), got;
	uint8_t whole[TOKEN_ANSWER], brief[TOKEN_SHORT_ANSWER];

	(void)state;
	assert_true(token_answer(&key, bytes_of(&a), &said, whole));
	assert_true(token_answer_short(&key, bytes_of(&a), &said, brief));
	for (size_t bit = 0; bit < 8 * sizeof(whole); bit++) {
		whole[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(
			token_check_answer(&key, &a, span_of(whole, sizeof(whole)), &got),
			TOKEN_RIGHT);
		whole[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof(brief); bit++) {
		brief[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(
			token_check_answer(&key, &a, span_of(brief, sizeof(brief)), &got),
			TOKEN_RIGHT);
		brief[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n < sizeof(whole); n++)
		assert_int_not_equal(token_check_answer(&key, &a, span_of(whole, n), &got),
				     TOKEN_RIGHT);
	assert_int_equal(token_check_answer(&key, &next, span_of(whole, sizeof(whole)), &got),
			 TOKEN_OTHER);
	assert_int_equal(token_check_answer(&key, &next, span_of(brief, sizeof(brief)), &got),
			 TOKEN_FORGED);
	assert_int_equal(token_check_answer(&other_key, &a, span_of(whole, sizeof(whole)), &got),
			 TOKEN_FORGED);
	/* A question sent back is no answer. */
	assert_int_equal(token_check_answer(&key, &a, bytes_of(&a), &got), TOKEN_NONE);
	assert_false(a.answered);

	/* The same numbers with other random bytes: another question, though it claims to be this. */
	struct token_question again = asks;
	struct token_asked twin;
	again.random[7]++;
	assert_true(token_ask(&key, &again, &twin));
	assert_int_equal(token_check_answer(&key, &twin, span_of(whole, sizeof(whole)), &got),
			 TOKEN_FORGED);
}

static void four_addresses_answer(void **state)
{
	struct token_asked a = asked_at(NOW, 7, true), next = asked_at(NOW, 8, true);
	struct addr list[TOKEN_ADDRESSES + 1], wildcard[TOKEN_ADDRESSES];
	struct range nobody;

	(void)state;
	assert_int_equal(range_parse("198.18.0.0/15", true, &nobody), 0);
	assert_true(token_addresses(&key, bytes_of(&a), list));
	for (size_t i = 0; i < TOKEN_ADDRESSES; i++)
		assert_true(addr_compare(&list[i], &nobody.first) >= 0 &&
			    addr_compare(&list[i], &nobody.last) <= 0);
	assert_int_equal(token_check_addresses(&key, &next, list, TOKEN_ADDRESSES), TOKEN_FORGED);
	assert_int_equal(token_check_addresses(&other_key, &a, list, TOKEN_ADDRESSES),
			 TOKEN_FORGED);
	assert_int_equal(token_check_addresses(&key, &a, list, TOKEN_ADDRESSES - 1), TOKEN_NONE);
	assert_int_equal(token_check_addresses(&key, &a, list, 0), TOKEN_NONE);
	for (size_t i = 0; i < TOKEN_ADDRESSES; i++)
		assert_int_equal(addr_parse("192.0.2.1", &wildcard[i]), 0);
	assert_int_equal(token_check_addresses(&key, &a, wildcard, TOKEN_ADDRESSES), TOKEN_NONE);
	for (size_t bit = 0; bit < 17; bit++) {
		struct addr bad[TOKEN_ADDRESSES];
		memcpy(bad, list, sizeof(bad));
		bad[2].bytes[15 - bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(token_check_addresses(&key, &a, bad, TOKEN_ADDRESSES),
				     TOKEN_RIGHT);
	}
	/* Resolvers turn them round, and one may add its own. */
	list[TOKEN_ADDRESSES] = list[0];
	list[0] = wildcard[0];
	assert_int_equal(token_check_addresses(&key, &a, list, TOKEN_ADDRESSES + 1), TOKEN_RIGHT);
	assert_int_equal(token_check_addresses(&key, &a, list, TOKEN_ADDRESSES + 1),
			 TOKEN_REPLAYED);
}

static void text_is_read_back(void **state)
{
	uint8_t bytes[TOKEN_QUESTION], back[TOKEN_QUESTION];
	char text[TOKEN_TEXT + 8];
	size_t n;

	(void)state;
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		for (size_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)(i * 37 + length);
		assert_true(token_text(span_of(bytes, length), text, sizeof(text)));
		assert_int_equal(strlen(text), (length * 8 + 4) / 5);
		assert_true(token_text_read(span_text(text), back, sizeof(back), &n));
		assert_int_equal(n, length);
		assert_memory_equal(bytes, back, length);
		assert_false(token_text(span_of(bytes, length), text, (length * 8 + 4) / 5));
	}
	/* RFC 4648, 10. */
	assert_true(token_text(span_text("foobar"), text, sizeof(text)));
	assert_string_equal(text, "cpnmuoj1e8");
	assert_true(token_text_read(span_text("CPNMUOJ1E8"), back, sizeof(back), &n));
	assert_memory_equal(back, "foobar", 6);
	assert_false(token_text_read(span_text("cpnmuoj1e8"), back, 5, &n));
	assert_false(token_text_read(span_text("cpnmuoj1e9"), back, sizeof(back), &n));
	assert_false(token_text_read(span_text("cpnmuoj1e80"), back, sizeof(back), &n));
	assert_false(token_text_read(span_text("cpnmuoj1w8"), back, sizeof(back), &n));
	assert_false(token_text_read(span_text("cpnm.oj1e8"), back, sizeof(back), &n));
}

static void names_carry_questions(void **state)
{
	struct token_asked a = asked_at(NOW, 7, false), b = asked_at(NOW, 7, true);
	char name[TOKEN_NAME], zone[TOKEN_NAME], labels[TOKEN_NAME];
	uint8_t back[TOKEN_QUESTION];
	size_t n;

	(void)state;
	assert_true(token_name(&b, "t.example", name));
	assert_int_equal(strcspn(name, "."), TOKEN_SHORT_TEXT - 1);
	assert_string_equal(strchr(name, '.'), ".t.example");
	assert_true(token_name_read(span_of(name, TOKEN_SHORT_TEXT - 1), back, &n));
	assert_int_equal(n, TOKEN_SHORT);
	assert_memory_equal(back, b.bytes, n);

	assert_true(token_name(&a, "t.example", name));
	assert_int_equal(strcspn(name, "."), 63);
	snprintf(labels, sizeof(labels), "%.63s%.40s", name, name + 64);
	assert_true(token_name_read(span_text(labels), back, &n));
	assert_int_equal(n, TOKEN_QUESTION);
	assert_memory_equal(back, a.bytes, n);
	assert_false(token_name_read(span_text("www"), back, &n));

	memset(zone, 'z', sizeof(zone));
	zone[253 - 105] = '\0';
	assert_true(token_name(&a, zone, name));
	zone[253 - 105] = 'z';
	zone[253 - 104] = '\0';
	assert_false(token_name(&a, zone, name));
}

static void text_records_answer(void **state)
{
	struct token_asked a = asked_at(NOW, 7, true);
	struct token_answer said = answer(), got;
	uint8_t brief[TOKEN_SHORT_ANSWER];
	char text[TOKEN_SHORT_ANSWER_TEXT];

	(void)state;
	assert_true(token_answer_short(&key, bytes_of(&a), &said, brief));
	assert_true(token_text(span_of(brief, sizeof(brief)), text, sizeof(text)));
	assert_int_equal(token_check_text(&key, &a, span_text("v=spf1 -all"), &got), TOKEN_NONE);
	assert_int_equal(token_check_text(&other_key, &a, span_text(text), &got), TOKEN_FORGED);
	assert_int_equal(token_check_text(&key, &a, span_text(text), &got), TOKEN_RIGHT);
	assert_int_equal(addr_compare(&got.seen, &said.seen), 0);
	assert_int_equal(token_check_text(&key, &a, span_text(text), &got), TOKEN_REPLAYED);
}

static void requests_carry_questions(void **state)
{
	struct token_asked a = asked_at(NOW, 7, false);
	struct token_answer said = answer();
	char request[TOKEN_REQUEST], reply[4 * TOKEN_TEXT], text[TOKEN_TEXT];
	uint8_t back[TOKEN_QUESTION], whole[TOKEN_ANSWER], found[TOKEN_ANSWER];

	(void)state;
	for (int proxy = 0; proxy < 2; proxy++) {
		size_t n = token_request(&a, "192.0.2.1:8080", proxy != 0, "tenken", request);
		assert_int_equal(n, strlen(request));
		assert_true(token_request_read(span_of(request, n), back));
		assert_memory_equal(back, a.bytes, sizeof(back));
	}
	assert_false(token_request_read(span_text("GET / HTTP/1.1\r\n\r\n"), back));
	assert_false(token_request_read(span_text("GET http:// HTTP/1.1\r\n\r\n"), back));
	assert_false(token_request_read(span_text("GET /tenken/ HTTP/1.1\r\n\r\n"), back));
	assert_false(token_request_read(span_text("POST /tenken/ HTTP/1.1\r\n\r\n"), back));
	assert_false(token_request_read(span_text("GET /tenken/"), back));
	assert_false(token_request_read(span_of(request, 0), back));

	assert_true(token_answer(&key, bytes_of(&a), &said, whole));
	assert_true(token_text(span_of(whole, sizeof(whole)), text, sizeof(text)));
	snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\n\r\n67\r\n%.20s%s\r\n0\r\n", text, text);
	assert_true(token_response_find(span_text(reply), found));
	assert_memory_equal(found, whole, sizeof(whole));
	reply[strlen(reply) - 8] = '\0';
	assert_false(token_response_find(span_text(reply), found));
	assert_false(token_response_find(span_text("<html>Log in</html>"), found));
}

static void expect_complaint(const char *mode_text, mode_t mode, const char *expected)
{
	struct complaints c = { 0 };
	struct token_key k;

	write_text("key", mode_text);
	assert_int_equal(chmod("key", mode), 0);
	assert_false(token_key_read("key", &k, &c));
	assert_only(&c, expected);
	complaints_done(&c);
}

static void key_files(void **state)
{
	struct complaints c = { 0 };
	struct token_key made, read;
	struct stat st;

	(void)state;
	assert_true(token_key_make("key", &c));
	assert_none(&c);
	assert_int_equal(stat("key", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(token_key_read("key", &made, &c));
	assert_none(&c);
	assert_false(token_key_make("key", &c));
	assert_only(&c, "key: is there already and is left as it is");
	complaints_done(&c);
	c = (struct complaints){ 0 };
	assert_true(token_key_read("key", &read, &c));
	assert_memory_equal(&made, &read, sizeof(made));

	/* The same key in both forms. */
	write_text("key", "# a remark\n\n"
			  "0100000000000000000000000000000000000000000000000000000000000000\r\n");
	assert_true(token_key_read("key", &read, &c));
	assert_memory_equal(&read, &key, sizeof(key));
	write_text("key", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	assert_true(token_key_read("key", &read, &c));
	assert_memory_equal(&read, &key, sizeof(key));
	assert_none(&c);

	static const char no_key[] =
		"key: is no token key: 32 bytes as 64 hexadecimal digits or as base64";
	expect_complaint("", 0600, no_key);
	expect_complaint("# only\n", 0600, no_key);
	expect_complaint("01000000000000000000000000000000000000000000000000000000000000", 0600,
			 no_key);
	expect_complaint("0100000000000000000000000000000000000000000000000000000000000g00", 0600,
			 no_key);
	expect_complaint("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", 0600, no_key);
	expect_complaint("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
			 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
			 0600, no_key);
	expect_complaint("-----BEGIN PRIVATE KEY-----\n", 0600,
			 "key: is a key of another kind (PEM); tokens have one of their own: "
			 "tenken beacon --make-key");
	expect_complaint("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0640,
			 "key: holds a key and may be read by others (chmod 600)");
	expect_complaint("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0604,
			 "key: holds a key and may be read by others (chmod 600)");
	assert_false(token_key_read(".", &read, &c));
	assert_only(&c, ".: is no file");
	complaints_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_question_arrives),
		cmocka_unit_test(a_changed_question_is_refused),
		cmocka_unit_test(an_hour_of_skew_works_and_is_told),
		cmocka_unit_test(a_question_counts_once),
		cmocka_unit_test(what_is_forgotten_is_refused),
		cmocka_unit_test(the_answer_arrives),
		cmocka_unit_test(a_changed_answer_is_refused),
		cmocka_unit_test(four_addresses_answer),
		cmocka_unit_test(text_is_read_back),
		cmocka_unit_test(names_carry_questions),
		cmocka_unit_test(text_records_answer),
		cmocka_unit_test(requests_carry_questions),
		cmocka_unit_test(key_files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, end);
}
