/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts on their way out. Whatever a store holds (it may come from anybody), what leaves here is
 * valid UTF-8 without control characters; those, and the marks that turn the direction of writing,
 * appear as "\x1b" or "\u202e". NULL writes nothing.
 */
#ifndef TENKEN_REPORT_TEXT_H
#define TENKEN_REPORT_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "codec/clock.h"
#include "codec/i18n.h"

/* HTML text and attribute values in either quotes. */
void put_html(FILE *out, const char *text);
/* HTML text of which neither length nor direction of writing reaches what stands beside it: cut at 16 KiB, and in
 * an element of its own where it runs from right to left. */
void put_html_apart(FILE *out, const char *text);
/* XML 1.0 attribute values. */
void put_xml(FILE *out, const char *text);
/* One line of a terminal, of no more than 4 KiB of the text (" ..." then stands behind). */
void put_line(FILE *out, const char *text);
/* One line of a ticket: the same, and nothing that a tracker takes for a picture, a macro or a link. */
void put_ticket(FILE *out, const char *text);
/*
 * One CSV cell (RFC 4180), quoted where needed. A cell that a spreadsheet would take for a formula
 * (= + - @ TAB CR LF in front, their full-width forms too) gets an apostrophe in front. What a spreadsheet's cell
 * cannot hold is cut, with " ..." behind.
 */
void put_csv(FILE *out, const char *text);
/* A JSON string, null for NULL: the bytes that jansson writes of text_json(). */
void put_json(FILE *out, const char *text);
/* A new JSON string, null for NULL. */
json_t *text_json(const char *text);
/* The JSON that a text holds; where it is none, the text itself as a JSON string. */
json_t *text_parsed(const char *text);
/* The same for people: without members that are null, since what nobody knows is not told to them. */
json_t *text_told(const char *text);
/* How a value of it is shown; a new string. */
char *text_told_value(const json_t *v);
/*
 * The JSON that a text holds, as text_parsed() has it, in one line; null for NULL. What is compact JSON as the
 * store's own is (RFC 8259, without blanks between its parts) goes out byte for byte, which spares most of the
 * work of an export. False without memory.
 */
bool put_document(FILE *out, const char *text);

/*
 * One line for people inside a format that would read marks in it (Markdown, SARIF's messages): as
 * put_line(), with a backslash in front of each of specials, no more than most bytes of the source (0: all;
 * cut at a character, with " ..." behind). A new string, NULL without memory; NULL text is "".
 */
char *text_line(const char *text, const char *specials, size_t most);
/* The same as a code span of Markdown, whatever marks stand in it. */
char *text_code(const char *text, size_t most);
/* The same of evidence: of what text_told() gives. */
char *text_told_code(const char *text, size_t most);
/* What Markdown would take for a mark within a line. */
extern const char text_markdown[];

/* Unix seconds as RFC 3339 UTC, "" for 0. Returns out. */
const char *time_utc(int64_t seconds, char out[static TIME_TEXT]);

#endif
