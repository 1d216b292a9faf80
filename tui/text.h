/*
 * Text on a screen: the one place where bytes become cells. Everything that is drawn passes
 * glyph_next, so no control character, escape sequence, bidirectional mark or ill-formed byte ever
 * reaches the terminal, whatever the data held.
 *
 * Terminals disagree about emoji sequences, flags and variation selectors. What they agree on is
 * one spacing character with marks of no width, so that is all that is ever sent: of a joined
 * sequence the first character is shown, a flag as its two letters, selectors are left out.
 * Widths are wcwidth's, so a UTF-8 locale must be in force (locale_start).
 */
#ifndef ATRIUM_TUI_TEXT_H
#define ATRIUM_TUI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* One grapheme cluster: its code points (cleaned) and its width in cells, 1 or 2. The first is a
 * spacing character, the others have no width; at most 5, which is what a curses cell holds. */
struct glyph {
    wchar_t runes[8];
    int n, cells;
};

/* Reads the next glyph of UTF-8 at *at (before `end`) and moves on; false at the end. Control
 * characters, bidirectional controls and ill-formed bytes become U+FFFD; combining marks join the
 * character before them; widths are wcwidth's, as curses lays out with it. */
bool glyph_next(const char **at, const char *end, struct glyph *glyph);

/* Decodes one code point at `at` (before `end`); *rune is -1 and the length 1 where the bytes are
 * ill-formed. Returns the length, 0 at the end. */
size_t rune_next(const char *at, const char *end, int32_t *rune);
/* Writes a code point as UTF-8; returns its length. */
size_t rune_put(uint32_t rune, char out[4]);
/* True for characters that glyph_next never lets through: controls, bidirectional controls. */
bool rune_unsafe(int32_t rune);

/* Cells that a string takes when drawn. */
int text_cells(const char *text);

/* How many bytes of `text` fit into `cells` cells; *used (may be NULL) is the cells they take. */
size_t text_fit(const char *text, int cells, int *used);

/* The cleaned text as UTF-8, at most `cells` cells wide (-1: no limit), ending with "…" where it
 * was cut. Caller frees. For tables on standard output, titles and copies. */
char *text_clean(const char *text, int cells);

/* The text broken into lines of at most `cells` cells at spaces (and between wide characters), and
 * at newlines; returns the number of lines; each is a byte range. *lines is allocated, caller
 * frees. A text without characters has no lines. */
struct text_line {
    size_t from, to;
};
size_t text_wrap(const char *text, int cells, struct text_line **lines);

#endif
