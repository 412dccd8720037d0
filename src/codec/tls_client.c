/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/tls_client.h"

#include "codec/tls_records.h"

enum { EXT_SERVER_NAME = 0, EXT_ALPN = 16, EXT_SUPPORTED_VERSIONS = 43 };

/* RFC 6066, 3: of a list the first host name. */
static void read_server_name(struct reader *e, struct tls_client_hello *hello)
{
	struct reader list = rd_sub(e, rd_be16(e));

	while (rd_left(&list) > 0) {
		uint8_t type = rd_u8(&list);
		struct span name = rd_span(&list, rd_be16(&list));

		if (rd_ok(&list) && type == 0 && hello->name.length == 0)
			hello->name = name;
	}
	if (!rd_ok(&list))
		rd_fail(e);
}

/* RFC 8446, 4.2.1. Values of RFC 8701 (GREASE) and of drafts name no version of ours. */
static void read_versions(struct reader *e, struct tls_client_hello *hello)
{
	hello->versions = rd_span(e, rd_u8(e));
	struct reader list = rd_new(hello->versions);
	uint16_t highest = 0;

	while (rd_left(&list) >= 2) {
		uint16_t version = rd_be16(&list);

		if (tls_version_name(version) != NULL && version > highest)
			highest = version;
	}
	if (highest > 0)
		hello->version = highest;
}

bool tls_read_client_hello(struct span body, struct tls_client_hello *ret)
{
	struct reader r = rd_new(body);
	struct tls_client_hello hello = { 0 };

	hello.version = rd_be16(&r);
	hello.name = hello.protocol = hello.versions = span_of(r.end, 0);
	rd_skip(&r, TLS_RANDOM);
	rd_skip(&r, rd_u8(&r)); /* session */
	hello.suites = rd_span(&r, rd_be16(&r));
	rd_skip(&r, rd_u8(&r)); /* compression */
	if (!rd_ok(&r) || hello.version >> 8 != 3 || hello.suites.length < 2)
		return false;
	if (rd_left(&r) > 0) {
		struct reader extensions = rd_sub(&r, rd_be16(&r));

		while (rd_left(&extensions) > 0) {
			uint16_t type = rd_be16(&extensions);
			struct reader e = rd_sub(&extensions, rd_be16(&extensions));

			if (type == EXT_SERVER_NAME && rd_left(&e) > 0) {
				read_server_name(&e, &hello);
			} else if (type == EXT_SUPPORTED_VERSIONS) {
				read_versions(&e, &hello);
			} else if (type == EXT_ALPN) {
				struct reader list = rd_sub(&e, rd_be16(&e));

				hello.protocol = rd_span(&list, rd_u8(&list));
			}
			if (!rd_ok(&e))
				return false;
		}
		if (!rd_ok(&extensions))
			return false;
	}
	*ret = hello;
	return true;
}

size_t ssl2_record(struct span bytes)
{
	struct reader r = rd_new(bytes);
	uint16_t header = rd_be16(&r);

	return rd_ok(&r) && (header & 0x8000) && (header & 0x7fff) >= 9 ? header & 0x7fff : 0;
}

bool ssl2_read_client_hello(struct span body, uint16_t *ret_version)
{
	struct reader r = rd_new(body);

	if (rd_u8(&r) != 1)
		return false;
	uint16_t version = rd_be16(&r);
	size_t kinds = rd_be16(&r);
	size_t session = rd_be16(&r);
	size_t challenge = rd_be16(&r);
	rd_skip(&r, kinds);
	rd_skip(&r, session);
	rd_skip(&r, challenge);
	if (!rd_end(&r) || kinds == 0 || kinds % 3 != 0 || challenge < 16 || challenge > 32 ||
	    tls_version_name(version) == NULL)
		return false;
	*ret_version = version;
	return true;
}

bool ssl2_read_master_key(struct span body, uint32_t *ret_kind)
{
	struct reader r = rd_new(body);

	if (rd_u8(&r) != 2)
		return false;
	uint32_t kind = rd_be24(&r);
	if (!rd_ok(&r))
		return false;
	*ret_kind = kind;
	return true;
}
