/* SPDX-License-Identifier: Apache-2.0 */
/* What the site file says of names that the site answers for: `dns` and `mail`. */
#include <string.h>

#include "codec/dns.h"
#include "codec/i18n.h"
#include "site/load.h"

/* Names as they are asked for: without an empty label, without a dot at the end. */
static bool is_name(const char *text)
{
	uint8_t question[DNS_QUESTION];

	return text[strlen(text) - 1] != '.' &&
	       dns_question(question, sizeof(question), 0, false, text, DNS_TXT) > 0;
}

static void load_list_of_names(struct ynode n, size_t most, char ***list, size_t *count)
{
	if (load_count(n) > most) {
		yn_complain(n, _("has more than %d entries"), (int)most);
		return;
	}
	for (size_t i = 0; i < load_count(n); i++) {
		struct ynode element = load_element(n, i);
		const char *text = yn_is_text(element) ? yn_text_any(element) : NULL;

		if (text != NULL && text[0] != '\0' && !is_name(text))
			yn_complain(element, _("'%s' is not a name such as plant.example"), text);
	}
	load_texts(n, list, count);
}

static void load_unused_ranges(struct site *s, struct ynode n)
{
	struct ranges ranges = { 0 };

	load_ranges(n, &ranges);
	ranges_done(&ranges);
	load_not_yet(s, n);
}

void load_domains(struct site *s, struct ynode dns, struct ynode mail)
{
	static const char *const dns_keys[] = { "zones", "internal", "resolvers", "servers", NULL };
	static const char *const mail_keys[] = { "domains", "gateway", "test_mailbox", "selectors",
						 NULL };
	struct domains *d = &s->domains;

	if (yn_given(dns) && yn_map(dns, dns_keys)) {
		load_list_of_names(yn_get(dns, "zones"), DOMAINS_MOST, &d->zones, &d->zone_count);
		load_list_of_names(yn_get(dns, "internal"), DOMAINS_MOST, &d->internal,
				   &d->internal_count);
		load_unused_ranges(s, yn_get(dns, "resolvers"));
		load_unused_ranges(s, yn_get(dns, "servers"));
	}
	if (yn_given(mail) && yn_map(mail, mail_keys)) {
		load_list_of_names(yn_get(mail, "domains"), DOMAINS_MOST, &d->mail, &d->mail_count);
		load_list_of_names(yn_get(mail, "selectors"), SELECTORS_MOST, &d->selectors,
				   &d->selector_count);
		yn_text(yn_get(mail, "test_mailbox"));
		load_not_yet(s, yn_get(mail, "test_mailbox"));
	}
}

void domains_done(struct domains *d)
{
	texts_done(&d->zones, &d->zone_count);
	texts_done(&d->internal, &d->internal_count);
	texts_done(&d->mail, &d->mail_count);
	texts_done(&d->selectors, &d->selector_count);
}
