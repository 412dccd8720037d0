/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices announce of themselves: SSDP (UPnP Device Architecture 2.0, 1.2 and 1.3) and WS-Discovery
 * (OASIS WS-Discovery 1.1, 4 to 6; scopes of cameras by the ONVIF Core Specification, 7.3.2.2).
 */
#include "codec/http_message.h"

#include "listen/decoder.h"

enum { SSDP = 1900, WS_DISCOVERY = 3702 };

/* "urn:schemas-upnp-org:device:InternetGatewayDevice:1": what the device is. */
static void tell_type(struct notes *n, const struct packet *p, const struct http_head *head,
		      const char *header)
{
	static const char mark[] = ":device:";
	struct span value;

	if (!http_find(head, header, 0, &value) || !span_starts_nocase(value, "urn:"))
		return;
	ptrdiff_t at = span_find_nocase(value, mark);
	if (at < 0)
		return;
	value = span_from(value, (size_t)at + strlen(mark));
	ptrdiff_t end = span_find(value, ":", 1);
	tell_bytes(n, "model.ssdp", &p->src, end >= 0 ? span_first(value, (size_t)end) : value);
}

static void tell_header(struct notes *n, const struct packet *p, const struct http_head *head,
			const char *header, const char *kind)
{
	struct span value;

	if (http_find(head, header, 0, &value) && value.length > 0)
		tell_bytes(n, kind, &p->src, value);
}

static bool ssdp_packet(struct notes *n, const struct packet *p)
{
	struct http_head head;
	struct span first, value;

	if (!http_read_lines(p->payload, &first, &head))
		return false;
	if (span_starts_nocase(first, "M-SEARCH * HTTP/1.")) {
		tell_header(n, p, &head, "USER-AGENT", "os.user-agent");
		/* The friendly name of a control point, often a person's machine. */
		if (http_find(&head, "CPFN.UPNP.ORG", 0, &value) && value.length > 0)
			n->fact(n, &(struct fact){ .kind = "name.ssdp",
						   .about = p->src,
						   .value = value,
						   .personal = true });
		return true;
	}
	bool notify = span_starts_nocase(first, "NOTIFY * HTTP/1.");
	if (!notify && !(span_starts(first, "HTTP/1.") && p->src_port == SSDP))
		return false;
	if (notify && http_find(&head, "NTS", 0, &value) && span_is_nocase(value, "ssdp:byebye"))
		return true;
	tell_header(n, p, &head, "SERVER", "version.ssdp");
	tell_type(n, p, &head, notify ? "NT" : "ST");
	tell_spoken_by(n, p, SSDP, "ssdp");
	return true;
}

/* ---- WS-Discovery ---- */

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* RFC 3986, 2.1, up to the end of the URI in a list of them. */
static size_t unescape(struct span from, char *out, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < from.length && n < room; i++) {
		uint8_t c = from.at[i];

		if (c <= ' ' || c == '<' || c == '"' || c == '/')
			break;
		if (c == '%' && i + 2 < from.length && hex(from.at[i + 1]) >= 0 &&
		    hex(from.at[i + 2]) >= 0) {
			c = (uint8_t)(hex(from.at[i + 1]) << 4 | hex(from.at[i + 2]));
			i += 2;
		}
		out[n++] = (char)c;
	}
	return n;
}

static void tell_scope(struct notes *n, const struct packet *p, const char *scope, const char *kind)
{
	char value[256];
	ptrdiff_t at = span_find_nocase(p->payload, scope);

	if (at < 0)
		return;
	size_t length =
		unescape(span_from(p->payload, (size_t)at + strlen(scope)), value, sizeof(value));
	if (length > 0)
		tell_bytes(n, kind, &p->src, span_of(value, length));
}

static bool wsd_packet(struct notes *n, const struct packet *p)
{
	struct span bytes = p->payload;

	if (span_find(bytes, "http://schemas.xmlsoap.org/ws/2005/04/discovery", 47) < 0 &&
	    span_find(bytes, "http://docs.oasis-open.org/ws-dd/ns/discovery/", 46) < 0)
		return false;
	/* The action of the message ends its URI. */
	if (span_find(bytes, "discovery/Hello<", 16) < 0 &&
	    span_find(bytes, "/ProbeMatches<", 14) < 0 &&
	    span_find(bytes, "/ResolveMatches<", 16) < 0)
		return true;
	tell_scope(n, p, "onvif://www.onvif.org/name/", "name.wsd");
	tell_scope(n, p, "onvif://www.onvif.org/hardware/", "model.wsd");
	tell_spoken_by(n, p, WS_DISCOVERY, "ws-discovery");
	return true;
}

const struct decoder decoder_ssdp = {
	.name = "ssdp",
	.udp_ports = (const uint16_t[]){ SSDP, 0 },
	.packet = ssdp_packet,
};

const struct decoder decoder_wsd = {
	.name = "ws-discovery",
	.udp_ports = (const uint16_t[]){ WS_DISCOVERY, 0 },
	.packet = wsd_packet,
};
