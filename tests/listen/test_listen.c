/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads every tests/listen/NAME.pcap (or .pcapng) with the listening core: hosts, conversations, operations and
 * facts must be those of NAME.json, sorted lines of JSON. Then the same file cut at every byte, with bits
 * flipped, and its frames cut short (all places of a small file, a sample of a large one, each time the same)
 * may tell anything, but must not crash, leak or hang.
 *
 * test_listen DIR [--update [NAME]]   --update rewrites the expectations, for review.
 */
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/evidence.h"
#include "listen/listener.h"
#include "wire/capture.h"

enum { ALL_UP_TO = 4096, SAMPLES = 3000 };

static unsigned tests, failures;

static void result(bool good, const char *name, const char *what)
{
	failures += !good;
	printf("%sok %u - %s %s\n", good ? "" : "not ", ++tests, name, what);
}

/* ---- what is told, as lines ---- */

struct lines {
	char **list;
	size_t count, room;
	bool silent; /* nothing is kept: it need only be sound */
};

static void add(struct lines *l, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(o);
	if (text == NULL)
		abort();
	if (l->silent) {
		free(text);
		return;
	}
	if (l->count == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		l->list = realloc(l->list, l->room * sizeof(*l->list));
	}
	l->list[l->count++] = text;
}

static void put_address(json_t *o, const char *key, const struct addr *a)
{
	static const struct addr none;
	char text[ADDR_TEXT];

	if (addr_compare(a, &none) != 0)
		json_object_set_new(o, key, json_string(addr_format(a, text)));
}

static void put_number(json_t *o, const char *key, uint64_t n)
{
	if (n != 0)
		json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void put_word(json_t *o, const char *key, const char *word)
{
	if (word == NULL)
		return;
	json_t *text = json_string(word);
	if (text == NULL)
		abort(); /* no valid UTF-8 */
	json_object_set_new(o, key, text);
}

static void put_mac(json_t *o, const uint8_t mac[static 6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	put_word(o, "mac", text);
}

static void take_host(void *context, const struct told_host *h)
{
	json_t *o = json_pack("{s:s}", "type", "host");

	put_address(o, "address", &h->address);
	if (h->has_mac)
		put_mac(o, h->mac);
	put_number(o, "vlan", h->vlan);
	put_number(o, "sent", h->sent);
	put_number(o, "received", h->received);
	add(context, o);
}

static void take_flow(void *context, const struct told_flow *f)
{
	char text[TRANSPORT_TEXT];
	json_t *o = json_pack("{s:s}", "type", "flow");

	put_address(o, "src", &f->src);
	put_address(o, "dst", &f->dst);
	put_number(o, "port", f->port);
	put_number(o, "vlan", f->vlan);
	put_word(o, "transport", told_transport(f->protocol, text));
	json_object_set_new(o, "opened", json_boolean(f->opened));
	put_word(o, "application", f->application);
	put_word(o, "source", f->source);
	put_word(o, "name", f->name);
	put_number(o, "connections", f->connections);
	put_number(o, "refused", f->refused);
	put_number(o, "unanswered", f->unanswered);
	put_number(o, "sent", f->bytes[0]);
	put_number(o, "received", f->bytes[1]);
	put_number(o, "sent_packets", f->packets[0]);
	put_number(o, "received_packets", f->packets[1]);
	add(context, o);
}

static void take_operation(void *context, const struct told_operation *p)
{
	json_t *o = json_pack("{s:s}", "type", "operation");

	put_address(o, "master", &p->master);
	put_address(o, "slave", &p->slave);
	put_number(o, "port", p->port);
	json_object_set_new(o, "udp", json_boolean(p->udp));
	put_word(o, "protocol", p->protocol);
	put_word(o, "word", p->word);
	put_word(o, "access", p->access);
	json_object_set_new(o, "unit", json_integer(p->unit));
	json_object_set_new(o, "code", json_integer(p->code));
	put_number(o, "requests", p->requests);
	put_number(o, "errors", p->errors);
	add(context, o);
}

static void take_fact(void *context, const struct told_fact *f)
{
	json_t *o = json_pack("{s:s}", "type", "fact");

	put_address(o, "about", &f->about);
	put_address(o, "peer", &f->peer);
	if (f->has_mac)
		put_mac(o, f->mac);
	put_word(o, "kind", f->kind);
	put_word(o, "value", f->value);
	put_number(o, "port", f->port);
	if (f->port != 0)
		put_word(o, "transport", f->udp ? "udp" : "tcp");
	put_number(o, "times", f->times);
	add(context, o);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->list[i]);
	free(l->list);
	*l = (struct lines){ 0 };
}

/* ---- a run ---- */

struct run {
	struct listener *listener;
	int link;
	size_t cut; /* of each frame so many bytes are kept at most */
};

/* Each frame in a block of its own, so that reading behind its end is seen. */
static void take_frame(void *context, struct span bytes, uint32_t wire_length, int64_t time_ns)
{
	struct run *r = context;
	size_t n = bytes.length < r->cut ? bytes.length : r->cut;
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, bytes.at, n);
	listener_take(r->listener, r->link, span_of(copy, n), wire_length, time_ns);
	free(copy);
}

/* False: libpcap does not take it. */
static bool play(const uint8_t *bytes, size_t n, size_t cut, bool show_names, struct lines *lines)
{
	const struct told told = {
		.context = lines,
		.host = take_host,
		.flow = take_flow,
		.operation = take_operation,
		.fact = take_fact,
	};
	const struct listener_setup setup = {
		.memory = LISTENER_MEMORY_LEAST,
		.no_ndpi = true,
		.show_names = show_names,
		.seed = 1,
		.told = &told,
	};
	char why_text[CAPTURE_TEXT];
	enum capture_end why;
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || (n > 0 && write(fd, bytes, n) != (ssize_t)n) || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	struct capture *c = capture_file(fd, &why, why_text);
	if (c == NULL)
		return false;
	struct run r = { .listener = listener_new(&setup), .link = capture_link(c), .cut = cut };
	if (r.listener == NULL)
		abort();
	while (capture_read(c, 256, take_frame, &r) == CAPTURE_GOES_ON)
		;
	listener_end(r.listener);
	listener_free(r.listener);
	capture_close(c);
	return true;
}

static uint64_t chance(uint64_t *seed)
{
	*seed ^= *seed << 13; /* xorshift64 */
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void mutate(const char *name, uint8_t *bytes, size_t n)
{
	struct lines lines = { .silent = true };
	uint64_t seed = 88172645463325252ULL;
	size_t all = n <= ALL_UP_TO ? n : SAMPLES;

	for (size_t i = 0; i < all; i++)
		play(bytes, all == n ? i : chance(&seed) % n, SIZE_MAX, false, &lines);
	result(true, name, "cut short");
	for (size_t i = 0; i < all; i++) {
		size_t bit = all == n ? i * 8 + chance(&seed) % 8 : chance(&seed) % (n * 8);

		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		play(bytes, n, SIZE_MAX, false, &lines);
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	result(true, name, "with bits flipped");
	for (size_t i = 0; i < 1600; i += i < 160 ? 1 : 37)
		play(bytes, n, i, false, &lines);
	result(true, name, "with its frames cut short");
}

/* ---- a case ---- */

static uint8_t *read_all(const char *path, size_t *ret_n)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 && (bytes = malloc((size_t)st.st_size + 1)) != NULL &&
	    read(fd, bytes, (size_t)st.st_size) == st.st_size) {
		bytes[st.st_size] = '\0';
		*ret_n = (size_t)st.st_size;
	}
	if (fd >= 0)
		close(fd);
	return bytes;
}

static char *text_of(const struct lines *l)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < l->count; i++)
		fprintf(f, "%s\n", l->list[i]);
	fclose(f);
	return text;
}

/* Names that end in "-named" are told as they are. */
static void run_case(const char *dir, const char *file, bool updating)
{
	char name[256], path[1024];
	struct lines lines = { 0 };
	size_t n = 0, expected_n = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(file, "."), file);
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	uint8_t *bytes = read_all(path, &n);
	bool named = strstr(name, "-named") != NULL;
	bool good = bytes != NULL && play(bytes, n, SIZE_MAX, named, &lines);
	if (lines.count > 0)
		qsort(lines.list, lines.count, sizeof(*lines.list), by_text);
	char *text = text_of(&lines);
	snprintf(path, sizeof(path), "%s/%s.json", dir, name);
	if (updating) {
		FILE *f = fopen(path, "w");

		if (f != NULL) {
			fputs(text, f);
			fclose(f);
			printf("updated %s\n", name);
		}
	} else {
		char *expected = (char *)read_all(path, &expected_n);
		bool same = good && expected != NULL && strcmp(expected, text) == 0;

		result(same, name, "tells what it should");
		if (!same)
			fprintf(stderr, "%s: got\n%s", name, text);
		free(expected);
		if (good)
			mutate(name, bytes, n);
	}
	free(text);
	free(bytes);
	lines_done(&lines);
}

static int is_capture(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot != NULL && (strcmp(dot, ".pcap") == 0 || strcmp(dot, ".pcapng") == 0);
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : getenv("TENKEN_LISTEN");
	bool updating = argc > 2 && strcmp(argv[2], "--update") == 0;
	const char *only = argc > 3 ? argv[3] : NULL;
	struct dirent **list = NULL;

	if (dir == NULL)
		dir = "tests/listen";
	int n = scandir(dir, &list, is_capture, alphasort);
	for (int i = 0; i < n; i++) {
		size_t length = strcspn(list[i]->d_name, ".");

		if (only == NULL ||
		    (strncmp(list[i]->d_name, only, length) == 0 && only[length] == '\0'))
			run_case(dir, list[i]->d_name, updating);
		free(list[i]);
	}
	free(list);
	if (!updating) {
		result(n > 0, dir, "has captures");
		printf("1..%u\n", tests);
	}
	return failures > 0;
}
