/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CISA's Known Exploited Vulnerabilities Catalog (CC0), schema of
 * https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json. It names vendor
 * and product, no versions.
 */
#include <stdio.h>
#include <string.h>

#include "advice/advice_parts.h"
#include "codec/i18n.h"

bool is_kev(const json_t *root)
{
	return json_is_array(json_object_get(root, "vulnerabilities")) &&
	       (json_object_get(root, "catalogVersion") != NULL ||
		json_object_get(root, "dateReleased") != NULL);
}

/* "CVE-2024-12345" */
static bool is_cve(const char *text)
{
	static const char digits[] = "0123456789";

	return strncmp(text, "CVE-", 4) == 0 && strspn(text + 4, digits) == 4 && text[8] == '-' &&
	       strlen(text) <= 20 && strspn(text + 9, digits) >= 4 &&
	       text[9 + strspn(text + 9, digits)] == '\0';
}

static void read_vulnerability(struct file *f, const struct place *of, const json_t *v)
{
	const struct place at_cve = place_key(of, "cveID");
	char date[11], url[64], cves[32];
	struct advisory_row row = { .publisher = "CISA KEV", .date = date, .url = url };
	struct product_row product = { .status = "affected", .cves = cves, .score = -1 };

	row.name = member_text(f, of, v, "cveID", MUST);
	product.vendor = member_text(f, of, v, "vendorProject", MUST);
	product.product = member_text(f, of, v, "product", MUST);
	row.title = member_text(f, of, v, "vulnerabilityName", MUST);
	member_date(f, of, v, "dateAdded", MUST, date);
	if (f->wrong)
		return;
	if (!is_cve(row.name)) {
		file_wrong(f, &at_cve, _("'%.40s' is no CVE number"), row.name);
		return;
	}
	snprintf(url, sizeof(url), "https://nvd.nist.gov/vuln/detail/%s", row.name);
	snprintf(cves, sizeof(cves), "[\"%s\"]", row.name);
	int64_t advisory = keep_advisory(f, ADVICE_KEV, &row);
	if (advisory != 0)
		keep_product(f, advisory, &product);
}

void read_kev(struct file *f, const json_t *root)
{
	const struct place at_list = place_key(NULL, "vulnerabilities");
	const json_t *list = json_object_get(root, "vulnerabilities"), *v;
	char date[11];
	size_t i;

	member_date(f, NULL, root, "dateReleased", MUST, date);
	json_array_foreach(list, i, v)
	{
		const struct place at = place_index(&at_list, i);

		if (f->wrong)
			return;
		if (!json_is_object(v))
			file_wrong(f, &at, "%s", _("must be an object"));
		else
			read_vulnerability(f, &at, v);
	}
	check_count(f, root, "count", json_array_size(list));
	if (!f->wrong)
		note_date(f->advice, ADVICE_KEV, date);
}
