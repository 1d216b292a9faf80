/*
 * Text on a screen: the one place where bytes become cells. Everything that is drawn passes
 * text_next, so no control character, escape sequence, bidirectional mark or ill-formed byte ever
 * reaches the terminal, whatever the data held.
 */
#ifndef ATRIUM_TUI_TEXT_H
#define ATRIUM_TUI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* One grapheme cluster: its code points (cleaned) and its width in cells, 1 or 2. */
struct glyph {
    wchar_t runes[8];
    int n, cells;
};

/* Reads the next glyph of UTF-8 at *at (before `end`) and moves on; false at the end. Control
 * characters, bidirectional controls and ill-formed bytes become U+FFFD; combining marks join the
 * character before them; widths are wcwidth's, as curses lays out with it. */
bool glyph_next(const char **at, const char *end, struct glyph *glyph);

/* Cells that a string takes when drawn. */
int text_cells(const char *text);

/* How many bytes of `text` fit into `cells` cells; *used (may be NULL) is the cells they take. */
size_t text_fit(const char *text, int cells, int *used);

/* The cleaned text as UTF-8, at most `cells` cells wide (-1: no limit), ending with "…" where it
 * was cut. Caller frees. For tables on standard output, titles and copies. */
char *text_clean(const char *text, int cells);

/* The text broken into lines of at most `cells` cells at spaces (and between wide characters);
 * returns the number of lines; each is a byte range. *lines is allocated, caller frees. */
struct text_line {
    size_t from, to;
};
size_t text_wrap(const char *text, int cells, struct text_line **lines);

#endif
