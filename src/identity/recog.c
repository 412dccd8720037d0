/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fingerprints in the XML format of the recog project (https://github.com/rapid7/recog, CONTRIBUTING.md
 * there): <fingerprints matches="..."> of <fingerprint pattern flags> with <param pos name value>, where
 * pos is the group that brings the value, or 0 for a fixed one, into which "{service.version}" takes the
 * value of another. A database without `matches` goes by the name of its file. Its patterns are of Ruby;
 * one that PCRE2 does not take is a complaint.
 */
#include "identity/fingerprint_parts.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/file.h"
#include "codec/i18n.h"
#include "codec/writer.h"

enum {
	XML_BYTES_MAX = 16 * 1024 * 1024,
	XML_DEPTH_MAX = 8,
	PARAMS_MOST = 64,
	TAKEN_IN_MAX = 3, /* values that take in values that take in ... */
	VALUE_MAX = 1024,
};

struct param {
	char *name, *value; /* value NULL: the group brings it */
	unsigned group;
};

struct reading {
	struct fingerprints *f;
	struct complaints *c;
	const char *path, *file;
	XML_Parser parser;
	struct field *field; /* of this database; NULL: none that we have */
	struct rule rule;
	struct param params[PARAMS_MOST]; /* of this rule */
	size_t param_count;
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

/* ---- Ruby's patterns ---- */

/* "REG_ICASE", "REG_MULTILINE" and others between commas; Ruby's multiline lets '.' match ends of lines,
 * and its '^' and '$' always stand at every line. */
static uint32_t options_of(const char *flags)
{
	uint32_t o = PCRE2_MULTILINE;

	if (flags == NULL)
		return o;
	if (strstr(flags, "ICASE") != NULL || strstr(flags, "IGNORECASE") != NULL)
		o |= PCRE2_CASELESS;
	if (strstr(flags, "MULTILINE") != NULL || strstr(flags, "DOT_NEWLINE") != NULL ||
	    strstr(flags, "LINE_ANY_CRLF") != NULL)
		o |= PCRE2_DOTALL;
	return o;
}

/* What an escape is for PCRE2; returns how many bytes of the pattern it was. */
static size_t put_escape(struct writer *w, const char *p, bool in_class)
{
	size_t digits, skip;

	if (p[1] == 'h') { /* a hexadecimal digit; PCRE2's is a blank */
		wr_text(w, in_class ? "0-9A-Fa-f" : "[0-9A-Fa-f]");
		return 2;
	}
	if (p[1] == 'H' && !in_class) {
		wr_text(w, "[^0-9A-Fa-f]");
		return 2;
	}
	if (p[1] == 'u') { /* \u2122, \u{1f3ed} */
		skip = p[2] == '{';
		digits = strspn(p + 2 + skip, "0123456789ABCDEFabcdef");
		if (skip == 0 && digits > 4)
			digits = 4;
		wr_text(w, "\\x{");
		wr_bytes(w, p + 2 + skip, digits);
		wr_text(w, "}");
		return 2 + skip + digits + (skip && p[3 + digits] == '}');
	}
	wr_bytes(w, p, p[1] != '\0' ? 2 : 1);
	return p[1] != '\0' ? 2 : 1;
}

/* "(?mix-mix": Ruby's m is PCRE2's s; its a, d and u (which characters are letters) have no like here.
 * Returns how many bytes of the pattern were flags, 0: these are none. */
static size_t put_flags(struct writer *w, const char *p)
{
	size_t n = strspn(p + 2, "mixadu-");

	if (n == 0 || (p[2 + n] != ')' && p[2 + n] != ':'))
		return 0;
	wr_text(w, "(?");
	for (size_t i = 2; i < 2 + n; i++)
		if (strchr("adu", p[i]) == NULL)
			wr_u8(w, p[i] == 'm' ? 's' : (uint8_t)p[i]);
	return 2 + n;
}

/* A pattern of Ruby as PCRE2 writes it; false where it is too long. */
static bool translate(const char *p, char *out, size_t room)
{
	struct writer w = wr_new((uint8_t *)out, room - 1);
	bool in_class = false, first = false;
	size_t n;

	while (*p != '\0' && wr_ok(&w)) {
		if (*p == '\\') {
			p += put_escape(&w, p, in_class);
			first = false;
			continue;
		}
		if (!in_class && strncmp(p, "(?", 2) == 0 && (n = put_flags(&w, p)) > 0) {
			p += n;
			continue;
		}
		if (!in_class && p[0] == '{' && p[1] == ',' && p[2] >= '0' && p[2] <= '9') {
			wr_text(&w, "{0"); /* {,5} */
			p++;
			continue;
		}
		if (!in_class && *p == '[') {
			in_class = first = true;
			wr_u8(&w, '[');
			if (p[1] == '^')
				wr_u8(&w, (uint8_t) * ++p);
			p++;
			continue;
		}
		if (in_class && strncmp(p, "[:", 2) == 0 && strstr(p, ":]") != NULL) {
			n = (size_t)(strstr(p, ":]") + 2 - p);
			wr_bytes(&w, p, n);
			p += n;
			first = false;
			continue;
		}
		if (in_class && *p == ']' && !first)
			in_class = false;
		first = false;
		wr_u8(&w, (uint8_t)*p++);
	}
	if (!wr_ok(&w))
		return false;
	out[wr_span(&w).length] = '\0';
	return true;
}

/* ---- params ---- */

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

static const struct param *param_named(const struct reading *r, const char *name, size_t n)
{
	for (size_t i = 0; i < r->param_count; i++)
		if (strncmp(r->params[i].name, name, n) == 0 && r->params[i].name[n] == '\0')
			return &r->params[i];
	return NULL;
}

/* The value with what it takes in; false where there is no such thing. */
static bool put_value(const struct reading *r, struct writer *w, const struct param *p,
		      unsigned depth)
{
	if (depth > TAKEN_IN_MAX)
		return false;
	if (p->value == NULL) {
		wr_u8(w, GROUP_MARK);
		wr_u8(w, (uint8_t)p->group);
		return wr_ok(w);
	}
	for (const char *v = p->value; *v != '\0';) {
		if (*v != '{') {
			wr_u8(w, (uint8_t)*v++);
			continue;
		}
		size_t n = strcspn(v + 1, "{}");
		const struct param *other = v[1 + n] == '}' ? param_named(r, v + 1, n) : NULL;
		if (other == NULL || !put_value(r, w, other, depth + 1))
			return false;
		v += n + 2;
	}
	return wr_ok(w);
}

static void place_param(struct reading *r, const struct place *place, const struct param *p)
{
	char **fixed = &r->rule.fixed[place->part][place->fact];
	uint8_t text[VALUE_MAX];
	struct writer w = wr_new(text, sizeof(text) - 1);

	if (place->fact == FACT_ROLE) {
		const char *role = p->value != NULL ? role_of(p->value) : NULL;

		*fixed = role != NULL ? strdup(role) : NULL;
	} else if (p->value == NULL) {
		r->rule.group[place->part][place->fact] = (uint8_t)p->group;
	} else if (put_value(r, &w, p, 0)) {
		text[wr_span(&w).length] = '\0';
		*fixed = strdup((const char *)text);
	}
}

/* A fact that two params bring is the first's in the list of places. */
static void place_params(struct reading *r)
{
	for (const struct place *p = places; p->name != NULL; p++) {
		const struct param *param = param_named(r, p->name, strlen(p->name));

		if (param != NULL && r->rule.fixed[p->part][p->fact] == NULL &&
		    r->rule.group[p->part][p->fact] == 0)
			place_param(r, p, param);
	}
}

static void forget_params(struct reading *r)
{
	for (size_t i = 0; i < r->param_count; i++) {
		free(r->params[i].name);
		free(r->params[i].value);
	}
	r->param_count = 0;
}

static void take_param(struct reading *r, const XML_Char **list)
{
	const char *pos = attribute(list, "pos"), *name = attribute(list, "name"),
		   *value = attribute(list, "value");
	unsigned long group = pos != NULL ? strtoul(pos, NULL, 10) : GROUPS_MOST;

	if (name == NULL || group >= GROUPS_MOST || r->param_count == PARAMS_MOST ||
	    (group == 0 && value == NULL))
		return;
	struct param *p = &r->params[r->param_count];
	*p = (struct param){ .name = strdup(name),
			     .value = group == 0 ? strdup(value) : NULL,
			     .group = (unsigned)group };
	if (p->name != NULL && (group > 0 || p->value != NULL)) {
		r->param_count++;
		return;
	}
	free(p->name);
	free(p->value);
}

/* ---- the file ---- */

static void begin_database(struct reading *r, const char *matches)
{
	char name[256];

	if (matches == NULL) {
		snprintf(name, sizeof(name), "%s", r->file);
		name[strcspn(name, ".")] = '\0';
		matches = name;
	}
	for (size_t i = 0; i < r->f->field_count; i++)
		if (r->f->fields[i].recog != NULL && strcmp(r->f->fields[i].recog, matches) == 0)
			r->field = &r->f->fields[i];
}

static void begin_rule(struct reading *r, const char *pattern, const char *flags)
{
	char translated[RULE_TEXT_MAX], error[128] = "too long";
	size_t at = 0;

	r->rule = (struct rule){ .file = r->file, .line = line_of(r) };
	if (pattern == NULL) {
		complain(r->c, r->path, line_of(r), _("field 'pattern': is missing"));
		return;
	}
	if (!translate(pattern, translated, sizeof(translated)) ||
	    !rule_compile(&r->rule, translated, options_of(flags), error, sizeof(error), &at)) {
		complain(r->c, r->path, line_of(r),
			 _("field 'pattern': no pattern: %s at character %zu"), error, at);
		return;
	}
	r->in_rule = true;
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
		begin_database(r, attribute(list, "matches"));
	} else if (strcmp(name, "fingerprint") == 0 && r->field != NULL) {
		begin_rule(r, attribute(list, "pattern"), attribute(list, "flags"));
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
	place_params(r);
	forget_params(r);
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
	forget_params(&r);
	XML_ParserFree(r.parser);
	free(text);
}
