/* SPDX-License-Identifier: Apache-2.0 */
#include "store/functions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "codec/address.h"
#include "codec/compact.h"
#include "codec/naming.h"
#include "codec/span.h"
#include "codec/version.h"
#include "codec/writer.h"

/* address_key(TEXT): addresses in their own order; what is no address is behind them. */
static void address_key(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	struct addr a;
	uint8_t key[1 + sizeof(a.bytes) + 4] = { 1 };
	struct writer w = wr_new(key, sizeof(key));

	(void)count;
	if (text != NULL && addr_parse(text, &a) == 0) {
		wr_u8(&w, 0);
		wr_bytes(&w, a.bytes, sizeof(a.bytes));
		wr_be32(&w, a.scope);
	}
	sqlite3_result_blob(context, key, sizeof(key), SQLITE_TRANSIENT);
}

/* address_public(TEXT): 1 or 0, NULL for what is no address. */
static void address_public(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	struct addr a;

	(void)count;
	if (text != NULL && addr_parse(text, &a) == 0)
		sqlite3_result_int(context, addr_is_public(&a) && !addr_is_unusable(&a));
	else
		sqlite3_result_null(context);
}

/* "192.0.2.0/24,198.51.100.7-198.51.100.9", as ranges_text() gives it. */
static bool within(const struct addr *a, const char *text)
{
	char one[RANGE_TEXT];

	for (size_t n = strcspn(text, ","); n > 0; n = strcspn(text, ",")) {
		struct ranges set = { 0 };
		bool found = false;

		if (n < sizeof(one)) {
			memcpy(one, text, n);
			one[n] = '\0';
			found = ranges_parse_network(&set, one, false) == 0 &&
				ranges_contain(&set, a);
			ranges_done(&set);
		}
		if (found)
			return true;
		text += n + (text[n] == ',');
	}
	return false;
}

/* address_within(address, ranges): 1 or 0, NULL for what is no address. */
static void address_within(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	const char *set = (const char *)sqlite3_value_text(values[1]);
	struct addr a;

	(void)count;
	if (text != NULL && set != NULL && addr_parse(text, &a) == 0)
		sqlite3_result_int(context, within(&a, set));
	else
		sqlite3_result_null(context);
}

/* The two texts of a call; false where one is NULL, and the answer then is. */
static bool two_texts(sqlite3_value **values, const char *ret[static 2])
{
	for (int i = 0; i < 2; i++)
		ret[i] = (const char *)sqlite3_value_text(values[i]);
	return ret[0] != NULL && ret[1] != NULL;
}

/* version_compare(a, b): -1, 0, 1; NULL where they have no order. */
static void compare_versions(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *texts[2];

	(void)count;
	if (!two_texts(values, texts))
		return;
	enum version_order o = version_compare(texts[0], texts[1]);
	if (o != VERSION_UNKNOWN)
		sqlite3_result_int(context, o);
}

/* version_within(version, range), version_of_cycle(version, cycle): 1, 0; NULL where it cannot be known. */
static void ask_version(sqlite3_context *context, int count, sqlite3_value **values)
{
	int (*ask)(const char *, const char *) =
		sqlite3_user_data(context) == NULL ? version_within : version_of_cycle;
	const char *texts[2];

	(void)count;
	if (!two_texts(values, texts))
		return;
	int answer = ask(texts[0], texts[1]);
	if (answer >= 0)
		sqlite3_result_int(context, answer);
}

/* name_key(text), vendor_key(text). */
static void make_key(sqlite3_context *context, int count, sqlite3_value **values)
{
	char *(*make)(const char *) = sqlite3_user_data(context) == NULL ? name_key : vendor_key;
	const char *text = (const char *)sqlite3_value_text(values[0]);

	(void)count;
	if (text == NULL)
		return;
	char *key = make(text);
	if (key == NULL)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text(context, key, -1, free);
}

/* json_compact(text): 1 where it is compact JSON, which is told quicker than json_valid() tells JSON. */
static void ask_compact(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);

	(void)count;
	sqlite3_result_int(context, text != NULL && compact_json(text));
}

/* json_member(document, name): its text; what document->name gives, without taking all of it apart. */
static void find_member(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *texts[2];
	size_t length = 0;

	(void)count;
	if (!two_texts(values, texts))
		return;
	const char *member =
		compact_member(texts[0], (size_t)sqlite3_value_bytes(values[0]), texts[1], &length);
	if (member != NULL)
		sqlite3_result_text(context, member, (int)length, SQLITE_TRANSIENT);
}

/* ---- median ---- */

struct numbers {
	double *list;
	size_t count, room;
};

static void median_take(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct numbers *n = sqlite3_aggregate_context(context, sizeof(*n));

	(void)count;
	if (n == NULL || sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	if (n->count == n->room) {
		size_t room = n->room * 2 + 64;
		double *list = sqlite3_realloc64(n->list, room * sizeof(*list));

		if (list == NULL) {
			sqlite3_result_error_nomem(context);
			return;
		}
		n->list = list;
		n->room = room;
	}
	n->list[n->count++] = sqlite3_value_double(values[0]);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void median_tell(sqlite3_context *context)
{
	struct numbers *n = sqlite3_aggregate_context(context, 0);

	if (n == NULL)
		return;
	if (n->count > 0) {
		qsort(n->list, n->count, sizeof(*n->list), by_size);
		sqlite3_result_double(context,
				      (n->list[(n->count - 1) / 2] + n->list[n->count / 2]) / 2);
	}
	sqlite3_free(n->list);
	n->list = NULL;
}

int functions_add(struct sqlite3 *handle)
{
	static char second; /* tells two functions of one body apart */
	static const struct {
		const char *name;
		int values;
		void *data;
		void (*call)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {
		{ "address_key", 1, NULL, address_key },
		{ "address_public", 1, NULL, address_public },
		{ "address_within", 2, NULL, address_within },
		{ "version_compare", 2, NULL, compare_versions },
		{ "version_within", 2, NULL, ask_version },
		{ "version_of_cycle", 2, &second, ask_version },
		{ "json_compact", 1, NULL, ask_compact },
		{ "json_member", 2, NULL, find_member },
		{ "name_key", 1, NULL, make_key },
		{ "vendor_key", 1, &second, make_key },
	};

	for (size_t i = 0; i < countof(functions); i++)
		if (sqlite3_create_function_v2(
			    handle, functions[i].name, functions[i].values,
			    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
			    functions[i].data, functions[i].call, NULL, NULL, NULL) != SQLITE_OK)
			return -ENOMEM;
	return sqlite3_create_function_v2(handle, "median", 1,
					  SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
					  NULL, NULL, median_take, median_tell, NULL) == SQLITE_OK
		       ? 0
		       : -ENOMEM;
}
