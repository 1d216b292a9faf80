/*
 * The painter: the difference between the grid and what the terminal shows, as bytes. Curses works
 * them out, writing into memory that it takes for a terminal; it never reads, never sets a mode and
 * never catches a signal. Only the screen uses this.
 */
#ifndef ATRIUM_TUI_PAINT_H
#define ATRIUM_TUI_PAINT_H

#include <stddef.h>

enum { PAINT_ROWS_MAX = 1000, PAINT_COLS_MAX = 2000 };

/* NULL or a sentence about `term`, which may be NULL. */
const char *paint_start(const char *term, int rows, int cols);
void paint_end(void);

/* A capability of terminfo as bytes, "" where the terminal has none. */
const char *paint_capability(const char *name);

/* Another size, which must be the grid's; everything is painted anew. */
void paint_resize(int rows, int cols);
void paint_again(void);     /* the next time everything is painted anew */
void paint_reentered(void); /* the same, and the cursor's visibility is not known */

/* The bytes that make the terminal show the grid; 0: it does already. They belong to the painter
 * until the next call, and are taken to be sent. */
size_t paint(const char **bytes);

#endif
