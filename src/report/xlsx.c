/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workbook as a whole. libxlsxwriter keeps one row of each sheet in memory and the rest in files without
 * a name below TMPDIR; the finished file is copied to where it goes. Its dates are those of the scan, so that
 * the same store gives the same bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/utf8.h"
#include "report/text.h"
#include "report/xlsx_book.h"

enum { CELL_MOST = 32767, CELL_KEPT = 32000, NAME_MOST = 31 };
/* In points. What is higher than Excel allows is cut on the screen, not in the cell. */
static const double line_height = 15.0, row_most = 409.0;

/* ---- text of a cell ---- */

/* Excel reads "_x0041_" as the character 0x41, wherever it stands. */
static bool is_escape(const char *p)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	return p[0] == '_' && p[1] == 'x' && strspn(p + 2, digits) >= 4 && p[6] == '_';
}

/* Cleaned, cut at the limit, escapes of Excel's own taken apart. */
static char *cell_text(struct book *b, const char *text)
{
	char *line = text_line(text, "", 0), *out = NULL;
	size_t size = 0;

	/* As many bytes are no more units. */
	if (line != NULL && strstr(line, "_x") == NULL && strlen(line) <= CELL_MOST)
		return line;
	FILE *f = line != NULL ? open_memstream(&out, &size) : NULL;
	size_t units = 0, left = line != NULL ? strlen(line) : 0;

	if (f == NULL) {
		b->facts->error = -ENOMEM;
		free(line);
		return NULL;
	}
	bool cut = left > CELL_MOST;
	for (const char *p = line; left > 0;) {
		uint32_t v = 0;
		size_t n = utf8_next((const uint8_t *)p, left, &v);

		if (n == 0)
			break;
		if (is_escape(p))
			fputs("_x005F", f);
		units += v > 0xffff ? 2 : is_escape(p) ? 7 : 1;
		if (cut && units > CELL_KEPT)
			break;
		fwrite(p, 1, n, f);
		p += n;
		left -= n;
	}
	/* As many bytes as that may be fewer units. */
	if (left > 0) {
		fputs(" ...", f);
		b->told->cells_cut++;
	}
	free(line);
	if (fclose(f) != 0) {
		b->facts->error = -ENOMEM;
		return NULL;
	}
	return out;
}

/* ---- looks ---- */

static lxw_format *look_new(struct book *b)
{
	lxw_format *f = workbook_add_format(b->workbook);

	if (f == NULL) {
		b->facts->error = -ENOMEM;
		return NULL;
	}
	format_set_font_name(f, b->l == LANGUAGE_JA ? "ＭＳ Ｐゴシック" : "Calibri");
	format_set_font_size(f, 10);
	format_set_align(f, LXW_ALIGN_VERTICAL_TOP);
	return f;
}

static void set_looks(struct book *b)
{
	static const struct {
		enum look look;
		lxw_color_t ink, paper;
	} colours[] = {
		{ LOOK_CRITICAL, 0xFFFFFF, 0x8B1A1A }, { LOOK_HIGH, 0x5A1010, 0xF6C7C2 },
		{ LOOK_MEDIUM, 0x4A3500, 0xFBE3A6 },   { LOOK_LOW, 0x1F3550, 0xD5E4F3 },
		{ LOOK_GOOD, 0x14401F, 0xD3EBD6 },     { LOOK_FILL, 0x000000, 0xFFFBE0 },
		{ LOOK_HEAD, 0xFFFFFF, 0x2F4A63 },     { LOOK_PART, 0x000000, 0xDDE3EA },
	};

	for (int i = 0; i < LOOKS; i++) {
		b->looks[i] = look_new(b);
		if (b->looks[i] == NULL)
			return;
		if (i != LOOK_TITLE && i != LOOK_PART)
			format_set_border(b->looks[i], LXW_BORDER_HAIR);
		if (i != LOOK_SHORT && i != LOOK_NUMBER && i != LOOK_COUNT && i != LOOK_TITLE &&
		    i != LOOK_PART)
			format_set_text_wrap(b->looks[i]);
	}
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
		format_set_font_color(b->looks[colours[i].look], colours[i].ink);
		format_set_bg_color(b->looks[colours[i].look], colours[i].paper);
	}
	format_set_bold(b->looks[LOOK_HEAD]);
	format_set_align(b->looks[LOOK_HEAD], LXW_ALIGN_VERTICAL_CENTER);
	format_set_bold(b->looks[LOOK_PART]);
	format_set_bold(b->looks[LOOK_TITLE]);
	format_set_font_size(b->looks[LOOK_TITLE], 14);
	format_set_num_format(b->looks[LOOK_NUMBER], "#,##0");
	format_set_num_format(b->looks[LOOK_COUNT], "#,##0");
	format_set_align(b->looks[LOOK_COUNT], LXW_ALIGN_LEFT);
}

/* ---- heights: not every program makes rows as high as their wrapped text needs ---- */

/* How many lines a text takes in a column of so many characters; East Asian ones are twice as wide. */
static unsigned lines_of(const char *text, double width)
{
	size_t units = 0, left = strlen(text);

	while (left > 0) {
		uint32_t v = 0;
		size_t n = utf8_next((const uint8_t *)text, left, &v);

		if (n == 0)
			break;
		units += v >= 0x1100 ? 2 : 1;
		text += n;
		left -= n;
	}
	double room = width > 2 ? width - 1 : 1;
	/* A tenth is lost where words do not fill their line. */
	double lines = (double)units <= room ? 0 : (double)units * 1.1 / room;

	return lines < 1 ? 1 : lines > 100 ? 100 : (unsigned)lines + 1;
}

static double height_of(unsigned lines)
{
	double height = line_height * (lines > 0 ? lines : 1) + 2;

	return height > row_most ? row_most : height;
}

static void end_row(struct sheet *s)
{
	if (s->at != NULL && s->row > s->head && s->lines > 0)
		worksheet_set_row(s->at, s->row, height_of(s->lines), NULL);
	s->lines = 0;
}

/* ---- sheets ---- */

/* The words of the printed page's head: '&' begins a code there, and 255 bytes are all it holds. */
static char *header_of(const struct facts *f, enum language l)
{
	char *text = NULL, *line = NULL, *out = NULL;
	size_t size = 0;

	if (asprintf(&text, "%s", f->site) < 0)
		return NULL;
	line = text_line(text, "", 120);
	free(text);
	FILE *h = line != NULL ? open_memstream(&out, &size) : NULL;
	if (h == NULL) {
		free(line);
		return NULL;
	}
	fprintf(h, "&L%s  ", word(W_REPORT_TITLE, l));
	for (const char *p = line; *p != '\0'; p++)
		fputs(*p == '&' ? "&&" : (char[]){ *p, '\0' }, h);
	fputs("&R&A", h);
	free(line);
	return fclose(h) == 0 ? out : NULL;
}

static void set_page(struct book *b, lxw_worksheet *w)
{
	enum { A4 = 9 };

	worksheet_set_landscape(w);
	worksheet_set_paper(w, A4);
	worksheet_fit_to_pages(w, 1, 0);
	worksheet_set_margins(w, 0.4, 0.4, 0.7, 0.6);
	worksheet_set_header(w, b->header);
	worksheet_set_footer(w, "&C&P / &N");
	worksheet_gridlines(w, LXW_HIDE_ALL_GRIDLINES);
}

/* A name that Excel takes: cut at a character, some characters replaced. */
static void sheet_name(const char *name, size_t most, char out[static 4 * NAME_MOST + 1])
{
	size_t n = 0, characters = 0, left = strlen(name);

	for (const char *p = name; left > 0 && characters < most; characters++) {
		uint32_t v = 0;
		size_t step = utf8_next((const uint8_t *)p, left, &v);

		if (step <= 1) {
			out[n++] = step == 0 || v < 0x20 || strchr("[]:*?/\\'", (int)v) != NULL
					   ? '_'
					   : *p;
			step = 1;
		} else {
			memcpy(out + n, p, step);
			n += step;
		}
		p += step;
		left -= step;
	}
	out[n] = '\0';
}

/* An operator's own guideline may bear the name of another sheet: "findings (2)". */
static lxw_worksheet *add_sheet(struct book *b, const char *name)
{
	enum { NUMBER = 5, TRIES = 99 };
	char safe[4 * NAME_MOST + 1];

	sheet_name(name, NAME_MOST, safe);
	for (int i = 2; i <= TRIES && workbook_validate_sheet_name(b->workbook, safe) ==
					      LXW_ERROR_SHEETNAME_ALREADY_USED;
	     i++) {
		sheet_name(name, NAME_MOST - NUMBER, safe);
		size_t n = strlen(safe);
		snprintf(safe + n, sizeof(safe) - n, " (%d)", i);
	}
	return workbook_add_worksheet(b->workbook, safe);
}

struct sheet sheet_new_titled(struct book *b, const char *name, const char *title, const char *note,
			      const struct column *columns, size_t count, size_t printed)
{
	struct sheet s = { .book = b, .columns = columns, .count = (lxw_col_t)count };

	s.at = add_sheet(b, name);
	if (s.at == NULL) {
		b->facts->error = -EINVAL;
		s.full = true;
		return s;
	}
	set_page(b, s.at);
	for (lxw_col_t i = 0; i < s.count; i++)
		worksheet_set_column(s.at, i, i, columns[i].width, NULL);
	if (title != NULL) {
		char *text = cell_text(b, title);

		worksheet_write_string(s.at, s.row, 0, text != NULL ? text : "",
				       b->looks[LOOK_TITLE]);
		worksheet_set_row(s.at, s.row++, 22, NULL);
		free(text);
	}
	if (note != NULL && *note != '\0') {
		char *text = cell_text(b, note);
		double width = 0;

		for (size_t i = 0; i < count && i < printed; i++)
			width += columns[i].width;
		worksheet_merge_range(s.at, s.row, 0, s.row,
				      (lxw_col_t)((printed < count ? printed : count) - 1),
				      text != NULL ? text : "", b->looks[LOOK_TEXT]);
		worksheet_set_row(s.at, s.row++,
				  height_of(lines_of(text != NULL ? text : "", width)), NULL);
		free(text);
	}
	s.head = s.row;
	worksheet_set_row(s.at, s.row, 30, NULL);
	for (lxw_col_t i = 0; i < s.count; i++)
		worksheet_write_string(s.at, s.row, i, word(columns[i].head, b->l),
				       b->looks[LOOK_HEAD]);
	worksheet_freeze_panes(s.at, s.row + 1, 0);
	worksheet_repeat_rows(s.at, s.head, s.head);
	return s;
}

struct sheet sheet_new(struct book *b, const char *name, const struct column *columns, size_t count)
{
	return sheet_new_titled(b, name, NULL, NULL, columns, count, count);
}

void sheet_end(struct sheet *s, lxw_col_t printed)
{
	end_row(s);
	if (s->at != NULL && printed > 0)
		worksheet_print_area(s->at, 0, 0, s->row, (lxw_col_t)(printed - 1));
	if (s->at != NULL && s->row > s->head)
		worksheet_autofilter(s->at, s->head, 0, s->row, (lxw_col_t)(s->count - 1));
}

bool sheet_row(struct sheet *s)
{
	end_row(s);
	if (s->at == NULL || s->row + 1 >= LXW_ROW_MAX) {
		s->full = true;
		s->book->told->rows_left++;
		return false;
	}
	s->row++;
	s->column = 0;
	return true;
}

/* ---- cells ---- */

void cell_put_look(struct sheet *s, const char *text, enum look look)
{
	lxw_format *format = s->book->looks[look];

	if (s->full)
		return;
	if (text == NULL || *text == '\0') {
		worksheet_write_blank(s->at, s->row, s->column++, format);
		return;
	}
	char *clean = cell_text(s->book, text);

	if (clean != NULL && look != LOOK_SHORT && look != LOOK_PART && s->column < s->count) {
		unsigned lines = lines_of(clean, s->columns[s->column].width);

		s->lines = lines > s->lines ? lines : s->lines;
	}
	if (clean != NULL &&
	    worksheet_write_string(s->at, s->row, s->column, clean, format) != LXW_NO_ERROR)
		s->book->facts->error = -EIO;
	s->column++;
	free(clean);
}

static enum look look_of(const struct sheet *s)
{
	return s->column < s->count ? s->columns[s->column].look : LOOK_TEXT;
}

void cell_put(struct sheet *s, const char *text)
{
	cell_put_look(s, text, look_of(s));
}

void cell_number(struct sheet *s, int64_t n)
{
	if (!s->full)
		worksheet_write_number(s->at, s->row, s->column++, (double)n,
				       s->book->looks[LOOK_NUMBER]);
}

void cell_count(struct sheet *s, int64_t n)
{
	if (!s->full)
		worksheet_write_number(s->at, s->row, s->column++, (double)n,
				       s->book->looks[LOOK_COUNT]);
}

void cell_number_of(struct sheet *s, struct query *q, const char *column)
{
	if (query_null(q, query_column(q, column)))
		cell_put(s, NULL);
	else
		cell_number(s, cell_int(q, column));
}

void cell_time(struct sheet *s, int64_t seconds)
{
	char time[TIME_TEXT];

	cell_put(s, time_here(seconds, time));
}

void cell_day(struct sheet *s, int64_t seconds)
{
	char time[TIME_TEXT];

	time_here(seconds, time);
	time[strcspn(time, " ")] = '\0';
	cell_put(s, time);
}

void cell_severity(struct sheet *s, const char *severity)
{
	static const struct {
		const char *word;
		enum look look;
	} looks[] = { { "critical", LOOK_CRITICAL },
		      { "high", LOOK_HIGH },
		      { "medium", LOOK_MEDIUM },
		      { "low", LOOK_LOW } };
	enum look look = LOOK_TEXT;

	for (size_t i = 0; severity != NULL && i < sizeof(looks) / sizeof(looks[0]); i++)
		if (strcmp(looks[i].word, severity) == 0)
			look = looks[i].look;
	cell_put_look(s, severity_text(severity, s->book->l), look);
}

void column_choice(struct sheet *s, lxw_col_t column, const char *const *words)
{
	lxw_data_validation v = { .validate = LXW_VALIDATION_TYPE_LIST,
				  .error_type = LXW_VALIDATION_ERROR_TYPE_INFORMATION };

	/* Copied by the library. */
	v.value_list = (char **)(uintptr_t)words;
	if (s->at != NULL && s->row > s->head)
		worksheet_data_validation_range(s->at, s->head + 1, column, s->row, column, &v);
}

/* ---- the workbook ---- */

static void fill(struct book *b)
{
	lxw_doc_properties properties = {
		.title = (char *)(uintptr_t)word(W_REPORT_TITLE, b->l),
		.author = (char *)(uintptr_t) "tenken",
		.created = (time_t)(b->facts->started),
	};

	workbook_set_properties(b->workbook, &properties);
	set_looks(b);
	if (b->facts->error != 0)
		return;
	sheet_summary(b);
	sheet_findings(b);
	for (size_t i = 0; i < b->catalogue->guideline_count; i++)
		sheet_checklist(b, &b->catalogue->guidelines[i]);
	sheet_assets(b);
	sheet_flows(b);
	sheet_waivers(b);
	sheet_treatments(b);
	sheet_vulnerabilities(b);
}

static int copy_out(int fd, FILE *out)
{
	char part[65536];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0)
		if (fwrite(part, 1, (size_t)n, out) != (size_t)n)
			return -EIO;
	return n < 0 ? -errno : 0;
}

static int error_of(lxw_error e)
{
	switch (e) {
	case LXW_NO_ERROR:
		return 0;
	case LXW_ERROR_MEMORY_MALLOC_FAILED:
		return -ENOMEM;
	case LXW_ERROR_CREATING_TMPFILE:
	case LXW_ERROR_CREATING_XLSX_FILE:
	case LXW_ERROR_ZIP_FILE_OPERATION:
	case LXW_ERROR_ZIP_FILE_ADD:
	case LXW_ERROR_ZIP_CLOSE:
		return errno == ENOSPC || errno == EDQUOT ? -errno : -EIO;
	default:
		return -EIO;
	}
}

/* The library wants a name to write to. */
static int make_place(const char *scratch, char **ret)
{
	const char *folder = scratch != NULL ? scratch : getenv("TMPDIR");

	if (asprintf(ret, "%s/tenken-xlsx-XXXXXX", folder != NULL ? folder : "/tmp") < 0)
		return -ENOMEM;
	int fd = mkostemp(*ret, O_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
		free(*ret);
		*ret = NULL;
	}
	return fd;
}

int report_xlsx(const struct export_job *job, FILE *out)
{
	struct facts f;
	char *path = NULL;
	struct clock clock;
	int r = facts_load(job->db, job->catalogue, &f);
	int fd = r == 0 ? make_place(job->scratch, &path) : r;

	if (fd < 0) {
		facts_done(&f);
		return fd;
	}
	struct book b = { .facts = &f,
			  .catalogue = job->catalogue,
			  .l = job->language,
			  .told = job->told,
			  .header = header_of(&f, job->language) };
	lxw_workbook_options options = { .constant_memory = LXW_TRUE,
					 .tmpdir = (char *)(uintptr_t)job->scratch };

	b.workbook = workbook_new_opt(path, &options);
	if (b.workbook == NULL || b.header == NULL) {
		r = -ENOMEM;
	} else {
		clock_enter(&clock, plan_text(&f, "timezone"));
		fill(&b);
		clock_leave(&clock);
		r = f.error;
	}
	if (b.workbook != NULL) {
		int closed = error_of(workbook_close(b.workbook));

		r = r == 0 ? closed : r;
	}
	/* It was written anew under that name. */
	close(fd);
	fd = r == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (r == 0)
		r = fd < 0 ? -errno : copy_out(fd, out);
	if (fd >= 0)
		close(fd);
	unlink(path);
	free(path);
	free(b.header);
	facts_done(&f);
	return r;
}
