/*
 * Drawing: text into areas. An area is a rectangle of the screen; coordinates are relative to it
 * and everything is clipped to it by cells, so that a wide character never breaks a row. There is
 * one way to draw text, and it cleans and clips.
 */
#ifndef ATRIUM_TUI_DRAW_H
#define ATRIUM_TUI_DRAW_H

#include "tui/text.h"
#include "tui/theme.h"

struct area {
    int row, col, rows, cols; /* position on the screen and size; size may be 0 or less: nothing */
};

/* A part of an area, clipped to it. */
struct area area_part(struct area area, int row, int col, int rows, int cols);
/* Cuts rows from the top or bottom, columns from the left or right, off *area and returns them. */
struct area area_cut_top(struct area *area, int rows);
struct area area_cut_bottom(struct area *area, int rows);
struct area area_cut_left(struct area *area, int cols);
struct area area_cut_right(struct area *area, int cols);
/* The i-th of n columns of nearly equal width with `gap` cells between. */
struct area area_column(struct area area, int i, int n, int gap);

void draw_clear(struct area area, enum role role);

/* Draws at (row, col), clipped at the area's right edge; returns the cells used. Signs and parts of
 * pictures are drawn by draw_text; draw_printf is for words and figures, and ends with "…" where
 * something is cut off, so that no number is taken for a whole one. */
int draw_text(struct area area, int row, int col, enum role role, const char *text);
int draw_printf(struct area area, int row, int col, enum role role, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Says that there is more below the area's last row: beside it, in the cell after its right edge,
 * so that no figure of that row is covered. Where the screen ends there, nothing is drawn. */
void draw_below(struct area area, enum role role);

/* Exactly `cells` wide: cut with "…" or padded; align < 0 left, 0 centre, > 0 right. */
void draw_field(struct area area, int row, int col, int cells, int align, enum role role,
                const char *text);

/* The same with the parts in [from, to) byte ranges shown as ROLE_MATCH; ranges sorted. */
struct draw_match {
    size_t from, to;
};
void draw_field_matches(struct area area, int row, int col, int cells, int align, enum role role,
                        const char *text, const struct draw_match *matches, size_t n_matches);

/* Text over as many rows as it needs and the area has; returns the rows used. */
int draw_wrapped(struct area area, int row, enum role role, const char *text);

void draw_rule(struct area area, int row, enum role role);
void draw_frame(struct area area, enum role role, const char *title); /* border of a dialog */

/* Changes the look of cells already drawn (a selected row). */
void draw_mark(struct area area, int row, int col, int cells, enum role role);

/* Dims what is drawn there, for figures that are not final: texts and bars; what is selected,
 * warned of or a heat map keeps its look. */
void draw_dim(struct area area);

/* Where the hardware cursor goes after the frame: the selection, or the edited character. */
void draw_cursor(struct area area, int row, int col);

#endif
