/*
 * A terminal inside the screen. The bytes of a program that runs elsewhere go in and become cells
 * of a model (libvterm); the cells are drawn like any other text. So nothing that program sends can
 * reach the operator's terminal: a title, the clipboard, a question, a mode ends here, and every
 * character is cleaned as all drawn text is. Colours, full-screen programs, the alternate screen,
 * bracketed paste and the mouse work.
 *
 * Keys become the bytes that the program expects; what it asks its terminal is answered here.
 */
#ifndef ATRIUM_TUI_EMULATOR_H
#define ATRIUM_TUI_EMULATOR_H

#include "tui/draw.h"
#include "tui/key.h"

#include <stddef.h>

struct emulator;

/* `send` gets bytes for the program: of keys, pastes, the mouse, and answers to its questions. */
struct emulator *emulator_new(int rows, int cols,
                              void (*send)(void *context, const char *bytes, size_t n),
                              void *context);
void emulator_free(struct emulator *emulator); /* NULL is fine */

/* What TERM is to say. */
#define EMULATOR_TERM "xterm-256color"

void emulator_resize(struct emulator *emulator, int rows, int cols);

/* Output of the program. */
void emulator_take(struct emulator *emulator, const char *bytes, size_t n);

void emulator_key(struct emulator *emulator, uint32_t key);
void emulator_paste(struct emulator *emulator, const char *text);
/* With the place relative to what was drawn. False: the program wants no mouse. */
bool emulator_mouse(struct emulator *emulator, const struct loop_mouse *mouse);

/* Lines that have left at the top, at most 5,000 and a million cells. */
int emulator_past(const struct emulator *emulator);

/* `back`: so many lines further up, 0: the present, with the cursor. */
void emulator_draw(struct emulator *emulator, struct area area, int back);
/* The same where the area is smaller than the terminal: from this row and column on. */
void emulator_draw_part(struct emulator *emulator, struct area area, int back, int row, int col);

int emulator_rows(const struct emulator *emulator);
int emulator_cols(const struct emulator *emulator);
void emulator_cursor(const struct emulator *emulator, int *row, int *col);

/* What is shown now, a line a row, for tests. Caller frees. */
char *emulator_text(struct emulator *emulator);

#endif
