/* SPDX-License-Identifier: Apache-2.0 */
/* [MS-NLMP]. What proves the password (the responses) is never looked at. */
#include "listen/ntlm_ear.h"

#include <stdio.h>

#include "codec/ntlm.h"
#include "codec/utf8.h"

enum { DECODED_MAX = 3072 /* of the base64 text of a message */ };

static size_t text_of(struct span name, bool unicode, uint8_t *out, size_t size)
{
	if (unicode)
		return utf16le_text(name, out, size);
	size_t n = name.length < size ? name.length : size;
	if (n > 0)
		memcpy(out, name.at, n);
	return n;
}

static void tell_name(struct talk *t, enum side about, struct span name, bool unicode)
{
	uint8_t text[ACCOUNT_MAX];

	tell_machine(t, about, "name.ntlm",
		     span_of(text, text_of(name, unicode, text, sizeof(text))), true);
}

/* Build 0 is no Windows; clients that are none often say a version of their own with it. */
static void tell_system(struct talk *t, enum side about, unsigned major, unsigned minor,
			unsigned build)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%u.%u.%u", major, minor, build);

	if (build != 0 && major >= 5)
		tell_machine(t, about, "os.ntlm", span_of(text, (size_t)n), false);
}

static void hear_challenge(struct talk *t, enum side side, struct span message)
{
	struct ntlm_challenge c;

	if (!ntlm_read_challenge(message, &c))
		return;
	tell_name(t, side, c.computer, true);
	tell_name(t, side, c.dns_computer, true);
	if (c.has_version && !ntlm_is_samba(&c))
		tell_system(t, side, c.major, c.minor, c.build);
}

static void hear_authenticate(struct talk *t, enum side side, struct span message)
{
	struct ntlm_authenticate a;
	uint8_t text[ACCOUNT_MAX];

	if (!ntlm_read_authenticate(message, &a))
		return;
	bool unicode = a.flags & NTLM_UNICODE;
	tell_name(t, side, a.workstation, unicode);
	tell_account(t, span_of(text, text_of(a.user, unicode, text, sizeof(text))));
	if (a.has_version)
		tell_system(t, side, a.major, a.minor, a.build);
}

bool ntlm_ear(struct talk *t, enum side side, struct span bytes, uint32_t *ret_type)
{
	struct span message;
	uint32_t type;

	if (!ntlm_search(bytes, &message, &type))
		return false;
	if (type == 2)
		hear_challenge(t, side, message);
	else if (type == 3)
		hear_authenticate(t, side, message);
	if (ret_type != NULL)
		*ret_type = type;
	return true;
}

bool ntlm_ear_base64(struct talk *t, enum side side, struct span text, uint32_t *ret_type)
{
	uint8_t bytes[DECODED_MAX];
	size_t n = base64_all(text, bytes, sizeof(bytes));
	bool found = ntlm_ear(t, side, span_of(bytes, n), ret_type);

	explicit_bzero(bytes, sizeof(bytes));
	return found;
}
