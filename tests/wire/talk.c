/* SPDX-License-Identifier: Apache-2.0 */
#include "talk.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/limits.h"
#include "identity/credentials.h"
#include "tests/wire/known_forms.h"

/* ---- the file ---- */

static bool complain(const char *path, unsigned line, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", path, line, what);
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

struct bytes {
	uint8_t *at;
	size_t length, capacity;
};

static void put(struct bytes *b, uint8_t v)
{
	if (b->length == b->capacity) {
		b->capacity = b->capacity == 0 ? 64 : b->capacity * 2;
		b->at = realloc(b->at, b->capacity);
		if (b->at == NULL)
			abort();
	}
	b->at[b->length++] = v;
}

/* Hex pairs, 'text' with \r \n \t \\ \' \xHH, and "00*16" for a repeated byte. */
static bool read_tokens(const char *p, struct bytes *out)
{
	while (*p != '\0' && *p != '#') {
		if (isspace((unsigned char)*p)) {
			p++;
		} else if (*p == '\'') {
			for (p++; *p != '\'' && *p != '\0'; p++) {
				if (*p != '\\') {
					put(out, (uint8_t)*p);
					continue;
				}
				p++;
				if (*p == 'r')
					put(out, '\r');
				else if (*p == 'n')
					put(out, '\n');
				else if (*p == 't')
					put(out, '\t');
				else if (*p == 'x' && hex_digit(p[1]) >= 0 &&
					 hex_digit(p[2]) >= 0) {
					put(out, (uint8_t)(hex_digit(p[1]) * 16 + hex_digit(p[2])));
					p += 2;
				} else if (*p == '\\' || *p == '\'')
					put(out, (uint8_t)*p);
				else
					return false;
			}
			if (*p++ != '\'')
				return false;
		} else {
			if (hex_digit(p[0]) < 0 || hex_digit(p[1]) < 0)
				return false;
			uint8_t v = (uint8_t)(hex_digit(p[0]) * 16 + hex_digit(p[1]));
			unsigned long n = 1;

			p += 2;
			if (*p == '*') {
				char *end;

				n = strtoul(p + 1, &end, 10);
				if (end == p + 1 || n > READ_MAX)
					return false;
				p = end;
			}
			while (n-- > 0)
				put(out, v);
		}
	}
	return true;
}

static struct step *new_step(struct talk *t, enum step_kind kind, unsigned line)
{
	t->steps = realloc(t->steps, (t->count + 1) * sizeof(*t->steps));
	if (t->steps == NULL)
		abort();
	t->steps[t->count] = (struct step){ .kind = kind, .line = line };
	return &t->steps[t->count++];
}

/* Lines of one kind that follow each other are one message, unless the later is marked twice. */
static bool add_bytes(struct talk *t, enum step_kind kind, const char *text, unsigned line)
{
	bool own = *text == '<' || *text == '>';

	struct bytes b = { 0 };
	struct step *last = t->count > 0 ? &t->steps[t->count - 1] : NULL;

	text += own;
	if (last == NULL || last->kind != kind || own)
		last = new_step(t, kind, line);
	b = (struct bytes){ last->bytes, last->length, last->length };
	bool good = read_tokens(text, &b);
	last->bytes = b.at;
	last->length = b.length;
	return good;
}

static struct span first_word(const char *text)
{
	struct span s = span_trim(span_text(text));
	size_t n = 0;

	while (n < s.length && !isspace(s.at[n]) && s.at[n] != '#')
		n++;
	return span_first(s, n);
}

static bool read_setting(struct talk *t, const char *text, unsigned line)
{
	struct span word = first_word(text);
	const char *rest = strchr(text, (char)word.at[0]) + word.length;

	if (span_is(word, "port")) {
		t->port = (uint16_t)strtoul(rest, NULL, 10);
	} else if (span_is(word, "depth")) {
		t->depth = span_is(first_word(rest), "limited") ? DEPTH_LIMITED : DEPTH_FULL;
	} else if (span_is(word, "clock")) {
		t->clock = strtoll(rest, NULL, 10);
	} else if (span_is(word, "wanted")) {
		t->tls_wanted = span_is(first_word(rest), "tls");
		return t->tls_wanted;
	} else if (span_is(word, "starttls")) {
		struct span name = first_word(rest);

		snprintf(t->starttls, sizeof(t->starttls), "%.*s", (int)name.length,
			 (const char *)name.at);
		return name.length > 0;
	} else if (span_is(word, "credential")) {
		struct span said = span_trim(span_text(rest));

		free(t->credential);
		t->credential = strndup((const char *)said.at, said.length);
		return t->credential != NULL;
	} else if (span_is(word, "zones") || span_is(word, "mail") || span_is(word, "selectors") ||
		   span_is(word, "internal")) {
		struct span said = span_trim(span_text(rest));
		char **names = &t->names[span_is(word, "zones")       ? 0
					 : span_is(word, "mail")      ? 1
					 : span_is(word, "selectors") ? 2
								      : 3];

		free(*names);
		*names = strndup((const char *)said.at, said.length);
		return *names != NULL;
	} else if (span_is(word, "tls")) {
		new_step(t, STEP_TLS, line)->refused = span_is(first_word(rest), "refused");
	} else if (span_is(word, "renegotiation")) {
		struct span how = first_word(rest);

		new_step(t, STEP_RENEGOTIATION, line)->renegotiation =
			span_is(how, "done")      ? RENEGOTIATION_DONE
			: span_is(how, "refused") ? RENEGOTIATION_REFUSED
						  : RENEGOTIATION_UNKNOWN;
	} else if (span_is(word, "random")) {
		struct bytes b = { 0 };
		bool good = read_tokens(rest, &b);

		free(t->random);
		t->random = b.at;
		t->random_length = b.length;
		return good;
	} else {
		return false;
	}
	return true;
}

bool talk_read(struct talk *t, const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	unsigned line = 0;
	bool good = f != NULL;

	*t = (struct talk){ .depth = DEPTH_FULL, .clock = 1767225600, .ending = ENDINGS };
	if (f == NULL)
		return complain(path, 0, strerror(errno));
	while (good && getline(&text, &size, f) > 0) {
		line++;
		const char *rest = text + 1;

		switch (text[0]) {
		case '#':
		case '\n':
			break;
		case '>':
			good = add_bytes(t, STEP_SEND, rest, line);
			break;
		case '<':
			good = add_bytes(t, STEP_RECEIVE, rest, line);
			break;
		case '!':
			new_step(t, span_is(first_word(rest), "reset") ? STEP_RESET : STEP_CLOSE,
				 line);
			break;
		case '+': {
			struct span word = first_word(rest);

			new_step(t, STEP_AGAIN, line)->ending =
				word.length > 0 ? ending_of_word(word) : ENDING_DONE;
			break;
		}
		case '@':
			good = read_setting(t, rest, line);
			break;
		case '=':
			t->ending = ending_of_word(first_word(rest));
			good = t->ending != ENDINGS;
			break;
		default:
			good = false;
		}
		if (!good)
			complain(path, line, "not understood");
	}
	if (good && t->ending == ENDINGS)
		good = complain(path, line, "no '=' line says how it ends");
	free(text);
	fclose(f);
	return good;
}

/* What a fuzzer's bytes consist of: the length (2 bytes) and the bytes of an answer, or one of these in the
 * place of a length. */
enum {
	PIECE_LENGTH_MAX = 0xffef,
	PIECE_NAMES =
		0xfff3, /* and a kind (1 byte), a length (1 byte) and the declared names of it */
	PIECE_RANDOM = 0xfff4, /* and a length (1 byte) and bytes: what conn_random() gives */
	PIECE_PORT,            /* and 2 bytes */
	PIECE_WANTED,          /* the port is known to speak TLS */
	PIECE_RENEGOTIATION,   /* and a byte: enum renegotiation */
	PIECE_AGAIN_REFUSED,   /* the probe's next connection, which it does not get */
	PIECE_TLS_REFUSED,     /* the probe starts TLS, which does not come about; */
	PIECE_TLS,             /* it does */
	PIECE_RESET,
	PIECE_CLOSE,
	PIECE_SEND,     /* the probe says something before the peer goes on */
	PIECE_STARTTLS, /* and a length (1 byte) and the protocol inside which TLS begins */
	PIECE_AGAIN,    /* the probe's next connection */
};

bool talk_from_bytes(struct talk *t, const uint8_t *bytes, size_t n)
{
	static const enum step_kind kinds[] = {
		[PIECE_RENEGOTIATION - PIECE_RANDOM] = STEP_RENEGOTIATION,
		[PIECE_AGAIN_REFUSED - PIECE_RANDOM] = STEP_AGAIN,
		[PIECE_TLS_REFUSED - PIECE_RANDOM] = STEP_TLS,
		[PIECE_TLS - PIECE_RANDOM] = STEP_TLS,
		[PIECE_RESET - PIECE_RANDOM] = STEP_RESET,
		[PIECE_CLOSE - PIECE_RANDOM] = STEP_CLOSE,
		[PIECE_SEND - PIECE_RANDOM] = STEP_SEND,
		[PIECE_AGAIN - PIECE_RANDOM] = STEP_AGAIN,
	};
	struct reader r = rd_new(span_of(bytes, n));

	*t = (struct talk){ .clock = 1767225600, .depth = DEPTH_FULL };
	while (rd_left(&r) >= 2 && t->count < 2048) {
		size_t piece = rd_be16(&r);

		if (piece == PIECE_STARTTLS) {
			struct span name = rd_span(&r, rd_u8(&r));

			snprintf(t->starttls, sizeof(t->starttls), "%.*s", (int)name.length,
				 (const char *)name.at);
		} else if (piece == PIECE_NAMES) {
			char **names = &t->names[rd_u8(&r) % countof(t->names)];
			struct span said = rd_span(&r, rd_u8(&r));

			free(*names);
			*names = strndup((const char *)said.at, said.length);
		} else if (piece == PIECE_RANDOM) {
			struct span random = rd_span(&r, rd_u8(&r));

			free(t->random);
			t->random = random.length > 0 ? malloc(random.length) : NULL;
			t->random_length = t->random != NULL ? random.length : 0;
			if (t->random != NULL)
				memcpy(t->random, random.at, random.length);
		} else if (piece == PIECE_PORT) {
			t->port = rd_be16(&r);
		} else if (piece == PIECE_WANTED) {
			t->tls_wanted = true;
		} else if (piece >= PIECE_RENEGOTIATION) {
			struct step *step = new_step(t, kinds[piece - PIECE_RANDOM], 0);

			step->refused = piece == PIECE_TLS_REFUSED;
			step->ending = piece == PIECE_AGAIN_REFUSED ? ENDING_REFUSED : ENDING_DONE;
			if (piece == PIECE_RENEGOTIATION)
				step->renegotiation = (enum renegotiation)(rd_u8(&r) % 3);
		} else {
			struct span s = rd_span(&r, piece < rd_left(&r) ? piece : rd_left(&r));
			struct step *step = new_step(t, STEP_RECEIVE, 0);

			/* Exact, so that a sanitizer sees one over. */
			step->bytes = malloc(s.length > 0 ? s.length : 1);
			if (step->bytes == NULL)
				return false;
			memcpy(step->bytes, s.at, s.length);
			step->length = s.length;
		}
	}
	return true;
}

static void put_piece(FILE *f, unsigned piece)
{
	putc((int)(piece >> 8), f);
	putc((int)(piece & 0xff), f);
}

static void put_short(FILE *f, unsigned piece, const void *bytes, size_t n)
{
	put_piece(f, piece);
	putc((int)n, f);
	fwrite(bytes, 1, n, f);
}

static void put_step(FILE *f, const struct step *s)
{
	switch (s->kind) {
	case STEP_RECEIVE:
		for (size_t i = 0, n; i < s->length; i += n) {
			n = s->length - i < PIECE_LENGTH_MAX ? s->length - i : PIECE_LENGTH_MAX;
			put_piece(f, (unsigned)n);
			fwrite(s->bytes + i, 1, n, f);
		}
		break;
	case STEP_SEND:
		put_piece(f, PIECE_SEND);
		break;
	case STEP_CLOSE:
		put_piece(f, PIECE_CLOSE);
		break;
	case STEP_RESET:
		put_piece(f, PIECE_RESET);
		break;
	case STEP_AGAIN:
		put_piece(f, s->ending == ENDING_DONE ? PIECE_AGAIN : PIECE_AGAIN_REFUSED);
		break;
	case STEP_TLS:
		put_piece(f, s->refused ? PIECE_TLS_REFUSED : PIECE_TLS);
		break;
	case STEP_RENEGOTIATION:
		put_piece(f, PIECE_RENEGOTIATION);
		putc((int)s->renegotiation, f);
		break;
	}
}

/* Words of a line, which are kept in text; an empty one is "-". A fuzzer's protocol may bear a vendor. */
static struct credential credential_of(const struct talk *t, char *text, size_t room)
{
	struct credential k = { .number = 1, .vendor = (char *)"", .model = (char *)"*" };
	char *words[3] = { 0 }, *rest = text;

	snprintf(text, room, "%s%s", t->credential != NULL ? t->credential : t->starttls,
		 t->credential != NULL ? "" : " user password");
	for (size_t i = 0; i < countof(words); i++) {
		words[i] = strsep(&rest, " ");
		if (words[i] == NULL || strcmp(words[i], "-") == 0)
			words[i] = (char *)"";
	}
	if (rest != NULL)
		k.vendor = rest;
	else if (t->credential == NULL && (rest = strchr(words[0], '/')) != NULL) {
		*rest = '\0';
		k.vendor = rest + 1;
	}
	k.protocol = words[0];
	k.user = words[1];
	k.password = words[2];
	return k;
}

uint8_t *talk_to_bytes(const struct talk *t, size_t *ret)
{
	char *bytes = NULL;
	FILE *f = open_memstream(&bytes, ret);

	if (f == NULL)
		return NULL;
	if (t->credential !=
	    NULL) { /* protocol and vendor; name and password are the harness's own */
		char text[512], who[160];
		const struct credential k = credential_of(t, text, sizeof(text));

		snprintf(who, sizeof(who), "%s%s%s", k.protocol, k.vendor[0] != '\0' ? "/" : "",
			 k.vendor);
		put_short(f, PIECE_STARTTLS, who, strlen(who));
	}
	if (t->starttls[0] != '\0')
		put_short(f, PIECE_STARTTLS, t->starttls, strlen(t->starttls));
	for (size_t i = 0; i < countof(t->names); i++)
		if (t->names[i] != NULL) {
			size_t n = strlen(t->names[i]);

			put_piece(f, PIECE_NAMES);
			putc((int)i, f);
			putc((int)(n < 255 ? n : 255), f);
			fwrite(t->names[i], 1, n < 255 ? n : 255, f);
		}
	if (t->random_length > 0)
		put_short(f, PIECE_RANDOM, t->random,
			  t->random_length < 255 ? t->random_length : 255);
	if (t->port != 0) {
		put_piece(f, PIECE_PORT);
		put_piece(f, t->port);
	}
	if (t->tls_wanted)
		put_piece(f, PIECE_WANTED);
	for (size_t i = 0; i < t->count; i++)
		put_step(f, &t->steps[i]);
	fclose(f);
	return (uint8_t *)bytes;
}

void talk_done(struct talk *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->steps[i].bytes);
	free(t->steps);
	free(t->random);
	free(t->credential);
	for (size_t i = 0; i < countof(t->names); i++)
		free(t->names[i]);
}

size_t talk_received(const struct talk *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		if (t->steps[i].kind == STEP_RECEIVE)
			n += t->steps[i].length;
	return n;
}

/* ---- the player ---- */

struct player {
	struct play *play;
	size_t step;     /* the next */
	size_t offset;   /* within it */
	size_t position; /* of the peer's bytes, over all steps */
	size_t random;
	bool ended; /* the peer closed this connection */
};

static void complaint(struct player *q, const char *what)
{
	if (!q->play->strict || q->play->complaint[0] != '\0')
		return;
	const struct talk *t = q->play->talk;
	snprintf(q->play->complaint, sizeof(q->play->complaint), "line %u: %s",
		 q->step < t->count ? t->steps[q->step].line : 0, what);
}

static const struct step *next_step(const struct player *q)
{
	const struct talk *t = q->play->talk;

	return q->step < t->count ? &t->steps[q->step] : NULL;
}

static ssize_t memory_receive(void *context, void *bytes, size_t n, unsigned timeout_ms)
{
	struct player *q = context;
	const struct step *s = next_step(q);

	(void)timeout_ms;
	if (q->ended)
		return 0;
	if (s == NULL)
		return -ETIMEDOUT;
	if (s->kind == STEP_CLOSE || s->kind == STEP_RESET) {
		q->ended = true;
		q->step++;
		return s->kind == STEP_CLOSE ? 0 : -ECONNRESET;
	}
	if (s->kind != STEP_RECEIVE || s->length == 0)
		return -ETIMEDOUT;
	if (q->position >= q->play->cut) {
		q->ended = true;
		return 0;
	}
	size_t left = s->length - q->offset;
	if (left > q->play->cut - q->position)
		left = q->play->cut - q->position;
	if (n > left)
		n = left;
	memcpy(bytes, s->bytes + q->offset, n);
	size_t flip = q->play->flip / 8;
	if (q->play->flip != SIZE_MAX && flip >= q->position && flip < q->position + n)
		((uint8_t *)bytes)[flip - q->position] ^= (uint8_t)(1U << q->play->flip % 8);
	q->position += n;
	q->offset += n;
	if (q->offset == s->length) {
		q->offset = 0;
		q->step++;
	}
	return (ssize_t)n;
}

/* Skips what the probe did not read, up to the next step of this kind on this connection. */
static const struct step *seek(struct player *q, enum step_kind kind)
{
	const struct talk *t = q->play->talk;

	for (size_t i = q->step; i < t->count; i++) {
		if (t->steps[i].kind == kind) {
			for (size_t k = q->step; k < i; k++)
				if (t->steps[k].kind == STEP_RECEIVE)
					q->position +=
						t->steps[k].length - (k == q->step ? q->offset : 0);
			if (i != q->step) /* else a message goes on that was begun */
				q->offset = 0;
			q->step = i;
			return &t->steps[i];
		}
		if (t->steps[i].kind == STEP_AGAIN)
			break;
	}
	return NULL;
}

static void keep_sent(struct player *q, size_t step, const void *bytes, size_t n)
{
	struct step *s = &q->play->sent[step];

	s->bytes = realloc(s->bytes, s->length + n);
	if (s->bytes == NULL)
		abort();
	memcpy(s->bytes + s->length, bytes, n);
	s->length += n;
}

static int memory_send(void *context, const void *bytes, size_t n, unsigned timeout_ms)
{
	struct player *q = context;

	(void)timeout_ms;
	if (q->ended && !q->play->strict)
		return -EPIPE;
	const struct step *s = seek(q, STEP_SEND);
	if (s == NULL) {
		complaint(q, "the probe sent more than the file expects");
		return q->play->strict ? -EPIPE : 0;
	}
	if (q->play->record) {
		const struct step *sent = &q->play->sent[q->step];

		keep_sent(q, q->step, bytes, n);
		/* One message may be sent in several writes: more comes where the file has more. */
		if (sent->length >= s->length || memcmp(sent->bytes, s->bytes, sent->length) != 0)
			q->step++;
		return 0;
	}
	if (!q->play->strict) {
		q->step++;
		return 0;
	}
	/* One message may be sent in several writes. */
	if (n > s->length - q->offset || memcmp(s->bytes + q->offset, bytes, n) != 0) {
		char what[440];
		size_t used = (size_t)snprintf(what, sizeof(what), "other bytes sent:");

		for (size_t i = 0; i < n && used + 4 < sizeof(what); i++)
			used += (size_t)snprintf(what + used, sizeof(what) - used, " %02x",
						 ((const uint8_t *)bytes)[i]);
		complaint(q, what);
		return -EPIPE;
	}
	q->offset += n;
	if (q->offset == s->length) {
		q->offset = 0;
		q->step++;
	}
	return 0;
}

static enum ending memory_open(void *context)
{
	struct player *q = context;
	const struct talk *t = q->play->talk;

	while (q->step < t->count && t->steps[q->step].kind != STEP_AGAIN) {
		if (t->steps[q->step].kind == STEP_SEND)
			complaint(q, "the probe opened a connection instead");
		if (t->steps[q->step].kind == STEP_RECEIVE)
			q->position += t->steps[q->step].length - q->offset;
		q->offset = 0;
		q->step++;
	}
	q->ended = false;
	if (q->step == t->count) {
		complaint(q, "the probe opened more connections than the file expects");
		return ENDING_TIMEOUT;
	}
	return t->steps[q->step++].ending;
}

static void memory_close(void *context)
{
	(void)context;
}

static int memory_plays_tls(void *context, bool old)
{
	struct player *q = context;
	const struct step *s = seek(q, STEP_TLS);

	(void)old;
	if (s == NULL) {
		complaint(q, "the probe started TLS");
		return -1;
	}
	q->step++;
	return s->refused ? -1 : 1;
}

static enum renegotiation memory_plays_renegotiation(void *context)
{
	struct player *q = context;
	const struct step *s = seek(q, STEP_RENEGOTIATION);

	if (s == NULL) {
		complaint(q, "the probe renegotiated");
		return RENEGOTIATION_UNKNOWN;
	}
	q->step++;
	return s->renegotiation;
}

static void memory_random(void *context, void *bytes, size_t n)
{
	struct player *q = context;
	const struct talk *t = q->play->talk;

	for (size_t i = 0; i < n; i++, q->random++)
		((uint8_t *)bytes)[i] = t->random_length > 0
						? t->random[q->random % t->random_length]
						: (uint8_t)q->random;
}

static int64_t memory_clock(void *context)
{
	struct player *q = context;

	return q->play->talk->clock;
}

static int64_t memory_now(void *context)
{
	(void)context;
	return 0;
}

static const struct backend memory = {
	.receive = memory_receive,
	.send = memory_send,
	.open = memory_open,
	.close = memory_close,
	.plays_tls = memory_plays_tls,
	.plays_renegotiation = memory_plays_renegotiation,
	.random = memory_random,
	.clock = memory_clock,
	.now_ms = memory_now,
};

static uint16_t first_port(const char *ports)
{
	return (uint16_t)strtoul(ports, NULL, 10);
}

bool play_probe(struct play *p, const struct probe *probe)
{
	char words[512];
	const struct credential k = credential_of(p->talk, words, sizeof(words));

	struct player q = { .play = p };
	struct declared declared;
	json_t *evidence = json_object();
	enum depth depth = p->talk->depth;
	struct conn_setup setup = {
		.backend = &memory,
		.context = &q,
		.address = "192.0.2.1",
		.port = p->talk->port != 0 ? p->talk->port : first_port(probe->ports),
		.identity = "tenken/test (contact: none)",
		.ehlo = "tenken.invalid",
		.depth = depth,
		.anonymous = depth == DEPTH_FULL,
		.credential = probe->risk == RISK_LOGIN ? &k : NULL,
		.forms = probe->risk == RISK_LOGIN ? known_forms() : NULL,
		.declared = &declared.domains,
		.tls = p->talk->tls_wanted,
		.starttls = p->talk->starttls[0] != '\0' ? p->talk->starttls : NULL,
		.connections = probe->connections[depth],
		.sent = probe->sent[depth],
		.received = probe->received[depth],
		.deadline_ms = 5000,
		.evidence = evidence,
	};
	struct conn *c = evidence != NULL ? conn_new(&setup) : NULL;

	declared_init(&declared, p->talk->names);
	if (p->record)
		p->sent = calloc(p->talk->count + 1, sizeof(*p->sent));
	if (c == NULL) {
		declared_done(&declared);
		json_decref(evidence);
		return false;
	}
	p->complaint[0] = '\0';
	p->ending = probe->run(c, evidence);
	p->evidence = evidence;
	if (p->strict) {
		for (; q.step < p->talk->count; q.step++)
			if (p->talk->steps[q.step].kind == STEP_SEND ||
			    p->talk->steps[q.step].kind == STEP_AGAIN)
				complaint(&q, "the probe ended before this");
	}
	conn_free(c);
	declared_done(&declared);
	return true;
}
