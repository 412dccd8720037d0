/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fingerprints in the XML format of the recog project (https://github.com/rapid7/recog, CONTRIBUTING.md
 * there): <fingerprints matches="..."> of <fingerprint pattern flags> with <param pos name value>, where
 * pos is the group that brings the value, or 0 for a fixed one. Its patterns are of Ruby; one that PCRE2
 * does not take is a complaint.
 */
#include "identity/fingerprint_parts.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/file.h"
#include "codec/i18n.h"

enum { XML_BYTES_MAX = 16 * 1024 * 1024, XML_DEPTH_MAX = 8 };

struct reading {
	struct fingerprints *f;
	struct complaints *c;
	const char *path, *file;
	XML_Parser parser;
	struct field *field; /* of this database; NULL: none that we have */
	struct rule rule;
	unsigned depth;
	bool in_rule, broken;
};

static const char *attribute(const XML_Char **list, const char *name)
{
	for (size_t i = 0; list[i] != NULL; i += 2)
		if (strcmp(list[i], name) == 0)
			return list[i + 1];
	return NULL;
}

static unsigned line_of(const struct reading *r)
{
	return (unsigned)XML_GetCurrentLineNumber(r->parser);
}

/* "REG_ICASE", "REG_MULTILINE" and others between commas; Ruby's multiline lets '.' match ends of lines,
 * and its '^' and '$' always stand at every line. */
static uint32_t options_of(const char *flags)
{
	uint32_t o = PCRE2_MULTILINE;

	if (flags == NULL)
		return o;
	if (strstr(flags, "ICASE") != NULL || strstr(flags, "IGNORECASE") != NULL)
		o |= PCRE2_CASELESS;
	if (strstr(flags, "MULTILINE") != NULL || strstr(flags, "DOT_NEWLINE") != NULL)
		o |= PCRE2_DOTALL;
	return o;
}

struct place {
	const char *name;
	enum part part;
	enum fact fact;
};

static const struct place places[] = {
	{ "service.vendor", PART_SERVICE, FACT_VENDOR },
	{ "service.product", PART_SERVICE, FACT_PRODUCT },
	{ "service.version", PART_SERVICE, FACT_VERSION },
	{ "hw.vendor", PART_DEVICE, FACT_VENDOR },
	{ "hw.product", PART_DEVICE, FACT_PRODUCT },
	{ "hw.model", PART_DEVICE, FACT_PRODUCT },
	{ "hw.version", PART_DEVICE, FACT_VERSION },
	{ "hw.serial_number", PART_DEVICE, FACT_SERIAL },
	{ "hw.device", PART_DEVICE, FACT_ROLE },
	{ "os.vendor", PART_OS, FACT_VENDOR },
	{ "os.product", PART_OS, FACT_PRODUCT },
	{ "os.version", PART_OS, FACT_VERSION },
	{ NULL, PART_OS, FACT_VENDOR },
};

/* Recog's words of devices and ours. */
static const struct {
	const char *theirs, *ours;
} roles[] = {
	{ "Printer", "printer" },
	{ "Multifunction Device", "printer" },
	{ "Print Server", "printer" },
	{ "IP Camera", "camera" },
	{ "Web cam", "camera" },
	{ "DVR", "recorder" },
	{ "NVR", "recorder" },
	{ "VoIP", "phone" },
	{ "IP Phone", "phone" },
	{ "Router", "router" },
	{ "Broadband router", "router" },
	{ "Switch", "switch" },
	{ "Firewall", "firewall" },
	{ "VPN", "firewall" },
	{ "WAP", "access-point" },
	{ "Power device", "ups" },
	{ "UPS", "ups" },
	{ "NAS", "nas" },
	{ "Storage", "nas" },
	{ "Lights Out Management", "bmc" },
	{ "Remote Management", "bmc" },
	{ "KVM", "kvm" },
	{ "Device Server", "converter" },
	{ "Serial Server", "converter" },
	{ "Projector", "projector" },
	{ "PLC", "plc" },
	{ "Industrial Control", "plc" },
	{ "Server", "server" },
	{ "Desktop", "workstation" },
	{ "Gateway", "gateway" },
};

static const char *role_of(const char *theirs)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (strcasecmp(roles[i].theirs, theirs) == 0)
			return roles[i].ours;
	return NULL;
}

static void take_param(struct reading *r, const XML_Char **list)
{
	const char *pos = attribute(list, "pos"), *name = attribute(list, "name"),
		   *value = attribute(list, "value");
	const struct place *p = places;

	while (name != NULL && p->name != NULL && strcmp(p->name, name) != 0)
		p++;
	if (name == NULL || pos == NULL || p->name == NULL)
		return;
	unsigned long group = strtoul(pos, NULL, 10);
	if (group == 0 && p->fact == FACT_ROLE)
		value = value != NULL ? role_of(value) : NULL;
	/* "{service.version}" takes another fact's text in: a text of that fact's own. */
	if (group == 0 && value != NULL && strchr(value, '{') == NULL &&
	    r->rule.fixed[p->part][p->fact] == NULL)
		r->rule.fixed[p->part][p->fact] = strdup(value);
	else if (group > 0 && group < GROUPS_MOST && p->fact != FACT_ROLE)
		r->rule.group[p->part][p->fact] = (uint8_t)group;
}

static void XMLCALL element_begins(void *context, const XML_Char *name, const XML_Char **list)
{
	struct reading *r = context;

	if (++r->depth > XML_DEPTH_MAX) {
		complain(r->c, r->path, line_of(r), _("is nested too deeply"));
		XML_StopParser(r->parser, XML_FALSE);
		r->broken = true;
		return;
	}
	if (strcmp(name, "fingerprints") == 0) {
		const char *matches = attribute(list, "matches");

		for (size_t i = 0; matches != NULL && i < r->f->field_count; i++)
			if (r->f->fields[i].recog != NULL &&
			    strcmp(r->f->fields[i].recog, matches) == 0)
				r->field = &r->f->fields[i];
	} else if (strcmp(name, "fingerprint") == 0 && r->field != NULL) {
		const char *pattern = attribute(list, "pattern");
		char error[128];
		size_t at = 0;

		r->rule = (struct rule){ .file = r->file, .line = line_of(r) };
		if (pattern == NULL)
			complain(r->c, r->path, line_of(r), _("field 'pattern': is missing"));
		else if (strlen(pattern) > RULE_TEXT_MAX ||
			 !rule_compile(&r->rule, pattern, options_of(attribute(list, "flags")),
				       error, sizeof(error), &at))
			complain(r->c, r->path, line_of(r),
				 _("field 'pattern': no pattern: %s at character %zu"),
				 strlen(pattern) > RULE_TEXT_MAX ? "too long" : error, at);
		else
			r->in_rule = true;
	} else if (strcmp(name, "param") == 0 && r->in_rule) {
		take_param(r, list);
	}
}

static void XMLCALL element_ends(void *context, const XML_Char *name)
{
	struct reading *r = context;

	r->depth--;
	if (strcmp(name, "fingerprint") != 0 || !r->in_rule)
		return;
	r->in_rule = false;
	if (!field_add(r->f, r->field, &r->rule))
		complain(r->c, r->path, line_of(r), _("out of memory"));
	r->rule = (struct rule){ 0 };
}

/* Entities of the file's own could make it grow without end; recog's files have none. */
static void XMLCALL entity_declared(void *context, const XML_Char *name, int parameter,
				    const XML_Char *value, int length, const XML_Char *base,
				    const XML_Char *system, const XML_Char *public,
				    const XML_Char *notation)
{
	struct reading *r = context;

	(void)name, (void)parameter, (void)value, (void)length, (void)base, (void)system,
		(void)public, (void)notation;
	complain(r->c, r->path, line_of(r), _("declares an entity"));
	r->broken = true;
	XML_StopParser(r->parser, XML_FALSE);
}

void recog_read_file(struct fingerprints *f, const char *path, struct complaints *c)
{
	struct reading r = { .f = f, .c = c, .path = path };
	size_t n = 0;
	char *text = file_read(path, XML_BYTES_MAX, &n, c);

	if (text == NULL)
		return;
	r.file = fingerprints_file(f, path);
	r.parser = XML_ParserCreate(NULL);
	if (r.file == NULL || r.parser == NULL) {
		complain(c, path, 0, _("out of memory"));
	} else {
		XML_SetUserData(r.parser, &r);
		XML_SetElementHandler(r.parser, element_begins, element_ends);
		XML_SetEntityDeclHandler(r.parser, entity_declared);
		if (XML_Parse(r.parser, text, (int)n, XML_TRUE) != XML_STATUS_OK && !r.broken)
			complain(c, path, line_of(&r), _("no XML: %s"),
				 XML_ErrorString(XML_GetErrorCode(r.parser)));
	}
	rule_done(&r.rule);
	XML_ParserFree(r.parser);
	free(text);
}
