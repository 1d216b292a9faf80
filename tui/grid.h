/*
 * The grid: the cells of the frame being drawn, before curses sees them. Drawing writes here and
 * nowhere else, so a frame can be read back without a terminal, half a wide character is never left
 * over, and curses is only told about rows that differ from the frame before.
 */
#ifndef ATRIUM_TUI_GRID_H
#define ATRIUM_TUI_GRID_H

#include "tui/text.h"
#include "tui/theme.h"

struct cell {
    wchar_t runes[5];
    unsigned char n;     /* code points; 0: the right half of the wide character before it */
    unsigned char cells; /* 1 or 2; 0 for a right half */
    unsigned char role;  /* enum role */
    unsigned char mark;  /* a role laid over it, ROLE_PLAIN: none */
    struct look look;    /* with ROLE_OTHER */
};

void grid_resize(int rows, int cols); /* and clears it */
void grid_free(void);
void grid_clear(void); /* spaces of ROLE_PLAIN, no cursor */
int grid_rows(void);
int grid_cols(void);

/* The cells of a row; `grid_cols()` of them. */
const struct cell *grid_row(int row);

/* Puts a glyph; what is outside is left out. The other half of a wide character that is partly
 * covered becomes a space, and so does the visible half of one that reaches over an edge. */
void grid_put(int row, int col, enum role role, const struct glyph *glyph);
void grid_put_look(int row, int col, const struct look *look, const struct glyph *glyph);
void grid_space(int row, int col, enum role role);
void grid_mark(int row, int col, enum role role);

/* The hardware cursor; false: hidden. */
void grid_set_cursor(int row, int col);
bool grid_cursor(int *row, int *col);

/* The frame as text: rows separated by newlines, spaces at the ends of rows left out. Caller frees.
 */
char *grid_text(void);

#endif
