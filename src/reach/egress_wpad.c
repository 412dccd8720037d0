/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proxies that browsers here would find by themselves (WPAD): the URL of DHCP's option 252, or the name
 * "wpad" in the site's domains. The file is a program of JavaScript; it is not run, but read for the places
 * that it can name ("PROXY host:port", "SOCKS host:port"). Only servers in declared zones are asked.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/dns.h"
#include "codec/http_message.h"
#include "reach/egress.h"

enum { FILE_MOST = 65536, WORD_MOST = WPAD_HOST - 1, ADDRESSES = 4, WPAD_PLACES = 16 };

/* Who was silent once is not waited for again: a file may name many hosts. */
static bool resolve(struct egress *e, const struct reach_server *resolvers, size_t count,
		    const char *host, struct addr *ret)
{
	struct addr list[ADDRESSES];
	int n;

	if (addr_parse(host, ret) == 0)
		return true;
	if (!dns_is_host_name(host))
		return false;
	for (size_t i = 0; i < count && !reach_stopping(e->run); i++) {
		if (e->silent[i])
			continue;
		n = egress_resolve(e, &resolvers[i], host, list, countof(list));
		e->silent[i] = n < 0;
		if (n > 0) {
			*ret = list[0];
			return true;
		}
	}
	return false;
}

/* "host:port" at the beginning of a text, up to the first character that belongs to neither. */
static bool read_place(struct span s, char host[static WPAD_HOST], uint16_t *ret_port)
{
	size_t n = 0;
	unsigned port = 0;

	while (n < s.length && s.at[n] > ' ' && s.at[n] < 0x7f && strchr(":/;\"'", s.at[n]) == NULL)
		n++;
	if (n == 0 || n > WORD_MOST)
		return false;
	snprintf(host, WPAD_HOST, "%.*s", (int)n, (const char *)s.at);
	if (n < s.length && s.at[n] == ':')
		for (n++; n < s.length && s.at[n] >= '0' && s.at[n] <= '9' && port <= UINT16_MAX;
		     n++)
			port = port * 10 + (unsigned)(s.at[n] - '0');
	*ret_port = (uint16_t)(port <= UINT16_MAX ? port : 0);
	return true;
}

static void add(struct reach_server *list, size_t *count, const struct addr *a, uint16_t port,
		bool socks)
{
	for (size_t i = 0; i < *count; i++)
		if (list[i].port == port && addr_compare(&list[i].address, a) == 0)
			return;
	if (*count == REACH_ADDRESSES)
		return;
	list[(*count)++] = (struct reach_server){
		.address = *a, .port = port, .socks = socks, .http = !socks, .from = "wpad"
	};
}

size_t wpad_places(struct span file, struct wpad_place *list, size_t room)
{
	static const struct {
		const char *word;
		bool socks;
		uint16_t port;
	} words[] = { { "PROXY ", false, 80 },
		      { "HTTP ", false, 80 },
		      { "SOCKS ", true, 1080 },
		      { "SOCKS5 ", true, 1080 } };
	size_t n = 0;

	for (size_t i = 0; i < countof(words); i++) {
		struct span rest = file;
		ptrdiff_t at;

		while (n < room && (at = span_find_nocase(rest, words[i].word)) >= 0) {
			struct wpad_place *p = &list[n];

			rest = span_from(rest, (size_t)at + strlen(words[i].word));
			if (!read_place(rest, p->host, &p->port))
				continue;
			p->socks = words[i].socks;
			if (p->port == 0)
				p->port = words[i].port;
			n++;
		}
	}
	return n;
}

static void read_file(struct egress *e, const struct reach_server *resolvers, size_t resolver_count,
		      struct span file, struct reach_server *list, size_t *count)
{
	struct wpad_place places[WPAD_PLACES];
	size_t n = wpad_places(file, places, countof(places));

	for (size_t i = 0; i < n && !reach_stopping(e->run); i++) {
		struct addr a;

		if (resolve(e, resolvers, resolver_count, places[i].host, &a))
			add(list, count, &a, places[i].port, places[i].socks);
	}
}

/* GET of a path there. */
static void fetch(struct egress *e, const struct reach_server *resolvers, size_t resolver_count,
		  const char *host, uint16_t port, const char *path, struct reach_server *list,
		  size_t *count)
{
	struct reach_link_to way = { .use = GATE_PROXY, .port = port, .purpose = "reach-wpad" };
	struct reach_talk t;
	char request[1024];
	size_t have = 0;
	ssize_t n;

	if (!resolve(e, resolvers, resolver_count, host, &way.to))
		return;
	struct egress_job job = { .to = way.to };
	struct reach_result waste = { 0 };
	if (!egress_open(e, &job, &way, &t, &waste))
		return;
	int length = snprintf(request, sizeof(request),
			      "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n"
			      "Connection: close\r\n\r\n",
			      path, host, e->run->options->identity);
	char *file = malloc(FILE_MOST);
	int64_t until = reach_mono_ms() + REACH_ANSWER_MS;
	if (file != NULL && length > 0 && (size_t)length < sizeof(request) &&
	    reach_send(e->run, &t, request, (size_t)length))
		while (have < FILE_MOST &&
		       (n = egress_read(e, &t, file + have, FILE_MOST - have, until)) > 0)
			have += (size_t)n;
	reach_end(e->run, &t, have > 0 ? "done" : "silent");
	struct http_head head;
	struct span got = span_of(file != NULL ? file : "", have);
	if (http_read_head(got, &head) && head.status == 200)
		read_file(e, resolvers, resolver_count, got, list, count);
	free(file);
}

bool wpad_url(const char *url, char host[static WPAD_HOST], uint16_t *ret_port,
	      char path[static REACH_TEXT])
{
	struct span s = span_text(url);

	if (!span_starts_nocase(s, "http://"))
		return false;
	s = span_from(s, strlen("http://"));
	if (!read_place(s, host, ret_port))
		return false;
	if (*ret_port == 0)
		*ret_port = 80;
	ptrdiff_t slash = span_find(s, "/", 1);
	struct span rest = slash >= 0 ? span_from(s, (size_t)slash) : span_text("/");
	for (size_t i = 0; i < rest.length; i++)
		if (rest.at[i] <= ' ' || rest.at[i] >= 0x7f)
			return false; /* no second line in our request */
	int n = snprintf(path, REACH_TEXT, "%.*s", (int)rest.length, (const char *)rest.at);
	return n > 0 && n < REACH_TEXT;
}

void egress_wpad(struct egress *e, const struct reach_server *resolvers, size_t resolver_count,
		 struct reach_server *list, size_t *count)
{
	const struct reach_known *k = e->run->known;
	char host[WPAD_HOST], path[REACH_TEXT], name[REACH_TEXT + 8];
	uint16_t port;

	for (size_t i = 0; i < k->wpad_count && !reach_stopping(e->run); i++)
		if (wpad_url(k->wpad_urls[i], host, &port, path))
			fetch(e, resolvers, resolver_count, host, port, path, list, count);
	for (size_t i = 0; i < k->search_count && !reach_stopping(e->run); i++) {
		snprintf(name, sizeof(name), "wpad.%s", k->search_domains[i]);
		if (strlen(name) <= WORD_MOST)
			fetch(e, resolvers, resolver_count, name, 80, "/wpad.dat", list, count);
	}
}
