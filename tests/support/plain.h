/* A screen without a terminal, for tests of widgets: draw, then look at the text. */
#ifndef ATRIUM_TESTS_PLAIN_H
#define ATRIUM_TESTS_PLAIN_H

#include "tui/draw.h"

/* Starts a screen of that size (and ends the one before); the language is C.UTF-8. */
void plain_start(int rows, int cols, bool ascii);
void plain_end(void);

/* Draws one frame and keeps its text until the next call. */
const char *plain_frame(void (*draw)(void *context, struct area area), void *context);

/* The row of the last frame, without spaces at its end; until the next call. */
const char *plain_row(int row);
bool plain_has(const char *text); /* anywhere in the last frame */
enum role plain_role(int row, int col);
enum role plain_mark(int row, int col);
bool plain_cursor(int *row, int *col);

#endif
