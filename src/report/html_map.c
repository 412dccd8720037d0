/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zone map, drawn: one lane per zone from the Internet down to the plant, a dot per machine (or per so
 * many that they have room), and at the right a column of its own for each way, so that neither lines nor
 * numbers lie on each other. The tables below say the same in words.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/utf8.h"
#include "report/map.h"
#include "report/page.h"

enum {
	LABEL = 214,  /* width of the lanes' names */
	PITCH = 12,   /* of dots */
	COLUMN = 28,  /* of ways */
	LEAST = 1040, /* width of the whole */
	GAP = 8,
	LANE = 62, /* least height */
	NAME = 26  /* characters of a name, wide ones count twice */
};

static const struct {
	const char *class;
	enum word w;
} states[] = {
	[MAP_OUTSIDE_OT] = { "outside-ot", W_WAY_OUTSIDE_OT },
	[MAP_AROUND] = { "around", W_WAY_AROUND },
	[MAP_FORBIDDEN] = { "forbidden", W_WAY_FORBIDDEN },
	[MAP_UNKNOWN] = { "unknown", W_WAY_UNKNOWN },
	[MAP_OUTSIDE] = { "outside", W_WAY_OUTSIDE },
	[MAP_ALLOWED] = { "allowed", W_WAY_ALLOWED },
	[MAP_UNUSED] = { "unused", W_WAY_UNUSED },
};

struct sheet {
	int width, dots, per_row;                      /* dots: the width that they have */
	int top[MAP_LANES + 1], height[MAP_LANES + 1]; /* 0: the Internet */
	int bottom;
};

/* As much of a text as has room. */
static void say_short(struct page *p, const char *text, int room)
{
	size_t left = strlen(text), n = 0;
	char part[4 * NAME + 1];

	while (n < left && n + 4 < sizeof(part)) {
		uint32_t v = 0;
		size_t step = utf8_next((const uint8_t *)text + n, left - n, &v);

		room -= step > 2 ? 2 : 1;
		if (room < 0)
			break;
		n += step > 0 ? step : 1;
	}
	memcpy(part, text, n);
	part[n] = '\0';
	say(p, part);
	if (n < left)
		mark(p, "&#8230;");
}

/* One <text> per language. */
static void text_at(struct page *p, int x, int y, const char *class, const char *en, const char *ja)
{
	const char *words[] = { en, ja };

	for (int l = 0; l < LANGUAGES; l++) {
		mark(p, "<text x=\"%d\" y=\"%d\"%s%s%s", x, y, class != NULL ? " class=\"" : "",
		     class != NULL ? class : "", class != NULL ? "\"" : "");
		mark(p, " lang=\"%s\">", l == 0 ? "en" : "ja");
		say(p, words[l]);
		mark(p, "</text>");
	}
}

static void measure(const struct map *m, struct sheet *s)
{
	int ways = (int)m->way_count * COLUMN + 24, y = 4;

	s->dots = LEAST - LABEL - ways;
	if (s->dots < 20 * PITCH)
		s->dots = 20 * PITCH;
	s->width = LABEL + s->dots + ways;
	s->per_row = s->dots / PITCH - 1;
	for (size_t i = 0; i <= m->lane_count; i++) {
		int rows =
			i == 0 ? 0
			       : (int)(m->lanes[i - 1].dots + (size_t)s->per_row - 1) / s->per_row;

		s->top[i] = y;
		s->height[i] = i == 0 ? 46 : 20 + rows * PITCH > LANE ? 20 + rows * PITCH : LANE;
		y += s->height[i] + GAP;
	}
	s->bottom = y;
}

static void lane_box(struct page *p, const struct sheet *s, size_t i, const char *kind)
{
	mark(p, "<rect class=\"lane k-");
	say_id(p, kind);
	mark(p, "\" x=\"1\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>", s->top[i],
	     s->width - 2, s->height[i]);
}

static void lane(struct page *p, const struct map_lane *l, const struct sheet *s, size_t i)
{
	int y = s->top[i];
	char en[96], ja[96], number[32];
	const char *values[] = { number };

	lane_box(p, s, i, l->kind);
	if (*l->name == '\0') {
		text_at(p, 14, y + 23, "name", word(W_NOT_DECLARED_ZONE, LANGUAGE_EN),
			word(W_NOT_DECLARED_ZONE, LANGUAGE_JA));
	} else {
		mark(p, "<text class=\"name\" x=\"14\" y=\"%d\">", y + 23);
		say_short(p, l->name, NAME);
		mark(p, "</text>");
	}
	snprintf(en, sizeof(en), "%s · %" PRId64 " %s", zone_kind_text(l->kind, LANGUAGE_EN),
		 l->machines, word(l->machines == 1 ? W_MACHINE : W_MACHINES, LANGUAGE_EN));
	snprintf(ja, sizeof(ja), "%s・%" PRId64 "%s", zone_kind_text(l->kind, LANGUAGE_JA),
		 l->machines, word(W_MACHINES, LANGUAGE_JA));
	text_at(p, 14, y + 39, "sub", en, ja);
	if (l->each > 1) {
		snprintf(number, sizeof(number), "%" PRId64, l->each);
		for (int k = 0; k < LANGUAGES; k++) {
			mark(p, "<text class=\"sub\" x=\"14\" y=\"%d\" lang=\"%s\">", y + 54,
			     language_word((enum language)k));
			put_with(p->out, put_html, word(W_DOT_IS, (enum language)k), values);
			mark(p, "</text>");
		}
	}
	for (size_t d = 0; d < l->dots; d++) {
		const struct map_dot *dot = &l->dot[d];
		int x = LABEL + (int)d % s->per_row * PITCH + 6;
		int at = y + 16 + (int)d / s->per_row * PITCH;
		const char *class =
			dot->severity < SEVERITIES ? severity_words[dot->severity] : NULL;

		if (dot->control)
			mark(p, "<rect x=\"%d\" y=\"%d\" width=\"9\" height=\"9\" class=\"d", x - 4,
			     at - 4);
		else
			mark(p, "<circle cx=\"%d\" cy=\"%d\" r=\"4.5\" class=\"d", x, at);
		mark(p, "%s%s\"/>", class != NULL ? " d-" : "", class != NULL ? class : "");
	}
	mark(p, "\n");
}

static int middle(const struct sheet *s, int lane_number)
{
	return s->top[lane_number + 1] + s->height[lane_number + 1] / 2;
}

static void way(struct page *p, const struct map_way *w, const struct sheet *s, size_t i)
{
	int x = LABEL + s->dots + 14 + (int)i * COLUMN, from = middle(s, w->from),
	    to = middle(s, w->to);
	int sign = to > from ? 1 : -1, half = (from + to) / 2;
	const char *class = states[w->state].class;

	mark(p, "<path class=\"w w-%s\" d=\"M%d %dV%d\"/>", class, x, from, to - sign * 9);
	if (w->state == MAP_AROUND)
		mark(p, "<path class=\"tip w-%s\" d=\"M%d %dl7 7 -7 7 -7 -7z\"/>", class, x,
		     from - 7);
	else
		mark(p, "<circle class=\"tip w-%s\" cx=\"%d\" cy=\"%d\" r=\"4\"/>", class, x, from);
	mark(p, "<path class=\"tip w-%s\" d=\"M%d %dl-6 %dh12z\"/>", class, x, to, sign * -11);
	mark(p,
	     "<circle class=\"badge\" cx=\"%d\" cy=\"%d\" r=\"9\"/><text class=\"number\" x=\"%d\" "
	     "y=\"%d\">%zu</text>\n",
	     x, half, x, half + 4, i + 1);
}

static void draw(struct page *p, const struct map *m)
{
	struct sheet s;

	measure(m, &s);
	mark(p,
	     "<div class=\"map\" role=\"region\" tabindex=\"0\" aria-labelledby=\"map-title\">"
	     "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"map-title map-same\">\n",
	     s.width, s.bottom);
	p->bare = true;
	lane_box(p, &s, 0, "internet");
	text_at(p, 14, s.top[0] + 28, "name", word(W_INTERNET, LANGUAGE_EN),
		word(W_INTERNET, LANGUAGE_JA));
	for (size_t i = 0; i < m->lane_count; i++)
		lane(p, &m->lanes[i], &s, i + 1);
	for (size_t i = 0; i < m->way_count; i++)
		way(p, &m->ways[i], &s, i);
	p->bare = false;
	mark(p, "</svg></div>\n");
}

static void key(struct page *p, const struct map *m)
{
	bool used[sizeof(states) / sizeof(states[0])] = { false };

	for (size_t i = 0; i < m->way_count; i++)
		used[m->ways[i].state] = true;
	mark(p, "<ul class=\"key map-key\"><li><svg aria-hidden=\"true\" viewBox=\"0 0 32 16\" "
		"class=\"map\"><circle class=\"d d-critical\" cx=\"8\" cy=\"8\" r=\"5\"/><circle "
		"class=\"d\" cx=\"24\" cy=\"8\" r=\"5\"/></svg>");
	say_word(p, W_LEGEND_DOT);
	mark(p, "</li><li><svg aria-hidden=\"true\" viewBox=\"0 0 32 16\" class=\"map\"><rect "
		"class=\"d\" x=\"11\" y=\"3\" width=\"10\" height=\"10\"/></svg>");
	say_word(p, W_LEGEND_OT);
	mark(p, "</li>");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (!used[i])
			continue;
		mark(p,
		     "<li><svg aria-hidden=\"true\" viewBox=\"0 0 32 16\" class=\"map\"><path "
		     "class=\"w w-%s\" d=\"M1 8H22\"/><path class=\"tip w-%s\" d=\"M31 8l-10 "
		     "-6v12z\"/></svg>",
		     states[i].class, states[i].class);
		say_word(p, states[i].w);
		mark(p, "</li>");
	}
	mark(p, "</ul>\n");
}

static void say_lane(struct page *p, const struct map *m, int lane_number)
{
	if (lane_number < 0)
		say_word(p, W_INTERNET);
	else if (*m->lanes[lane_number].name == '\0')
		say_word(p, W_NOT_DECLARED_ZONE);
	else
		say(p, m->lanes[lane_number].name);
}

static void say_how(struct page *p, const struct map_way *w)
{
	const struct {
		bool is;
		enum word w;
	} list[] = { { w->seen, W_WAY_SEEN },
		     { w->tested, W_WAY_TESTED },
		     { w->scanned, W_WAY_SCANNED },
		     { !w->seen && !w->tested && !w->scanned, W_WAY_DECLARED } };
	bool any = false;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (!list[i].is)
			continue;
		mark(p, any ? ", " : "");
		any = true;
		say_word(p, list[i].w);
	}
}

static void left_over(struct page *p, enum word w, size_t n)
{
	char text[32];
	const char *values[] = { text };

	if (n == 0)
		return;
	snprintf(text, sizeof(text), "%zu", n);
	mark(p, "<p class=\"quiet\">");
	say_with(p, w, values);
	mark(p, "</p>\n");
}

static void ways_table(struct page *p, const struct map *m)
{
	static const enum word columns[] = { W_MAP_WAY,   W_FROM,     W_TO,
					     W_MAP_STATE, W_MAP_WHAT, W_EVIDENCE };

	if (m->way_count == 0)
		return;
	mark(p, "<h3>");
	say_word(p, W_MAP_TABLE);
	mark(p, "</h3>\n<div class=\"scroll\"><table>");
	heads(p, columns, sizeof(columns) / sizeof(columns[0]));
	mark(p, "<tbody>\n");
	for (size_t i = 0; i < m->way_count; i++) {
		const struct map_way *w = &m->ways[i];

		mark(p, "<tr><td class=\"number\">%zu</td><td>", i + 1);
		say_lane(p, m, w->from);
		mark(p, "</td><td>");
		say_lane(p, m, w->to);
		mark(p, "</td><td>");
		say_word(p, states[w->state].w);
		mark(p, "</td><td class=\"mono\">");
		say(p, w->what);
		mark(p, "</td><td>");
		say_how(p, w);
		mark(p, "</td></tr>\n");
	}
	mark(p, "</tbody></table></div>\n");
	left_over(p, W_WAYS_MORE, m->ways_left);
}

static void zones_table(struct page *p, const struct map *m)
{
	static const enum word columns[] = { W_ZONE, W_KIND, W_HOSTS_WORD, W_LEGEND_OT };

	mark(p, "<h3>");
	say_word(p, W_ZONES);
	mark(p, "</h3>\n<div class=\"scroll\"><table>");
	mark(p, "<thead><tr>");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		mark(p, "<th scope=\"col\">");
		say_word(p, columns[i]);
		mark(p, "</th>");
	}
	for (size_t i = 0; severity_words[i] != NULL; i++) {
		mark(p, "<th scope=\"col\">");
		say_both(p, severity_text(severity_words[i], LANGUAGE_EN),
			 severity_text(severity_words[i], LANGUAGE_JA));
		mark(p, "</th>");
	}
	mark(p, "<th scope=\"col\">");
	say_word(p, W_NO_FINDING);
	mark(p, "</th><th scope=\"col\">");
	say_word(p, W_NETWORKS);
	mark(p, "</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < m->lane_count; i++) {
		const struct map_lane *l = &m->lanes[i];

		mark(p, "<tr><th scope=\"row\">");
		say_lane(p, m, (int)i);
		mark(p, "</th><td>");
		say_both(p, zone_kind_text(l->kind, LANGUAGE_EN),
			 zone_kind_text(l->kind, LANGUAGE_JA));
		mark(p,
		     "</td><td class=\"number\">%" PRId64 "</td><td class=\"number\">%" PRId64
		     "</td>",
		     l->machines, l->control);
		for (size_t k = 0; k <= SEVERITIES; k++)
			mark(p, "<td class=\"number\">%" PRId64 "</td>", l->by_severity[k]);
		mark(p, "<td class=\"mono\">");
		struct query *q =
			ask_of(p, "SELECT networks FROM zone WHERE name = ?1", l->name, NULL);
		if (facts_next(p->facts, q))
			say(p, query_text(q, 0));
		query_free(q);
		mark(p, "</td></tr>\n");
	}
	mark(p, "</tbody></table></div>\n");
	left_over(p, W_ZONES_MORE, m->lanes_left);
}

void page_map(struct page *p)
{
	struct map m;

	map_load(p->facts, &m);
	page_section(p, "map");
	if (m.lane_count == 0) {
		mark(p, "<p>");
		say_word(p, W_MAP_NOTHING);
		mark(p, "</p>\n");
	} else {
		mark(p, "<p><b id=\"map-title\">");
		say_word(p, W_MAP_TITLE);
		mark(p, "</b> <span class=\"quiet\" id=\"map-same\">");
		say_word(p, W_MAP_SAME);
		mark(p, "</span></p>\n");
		draw(p, &m);
		key(p, &m);
		ways_table(p, &m);
		zones_table(p, &m);
	}
	mark(p, "</section>\n");
	map_done(&m);
}
