/*
 * The screen: curses writes into memory, and each frame leaves in one write, wrapped in
 * synchronised update marks. An unchanged frame writes nothing. The screen owns the terminal's
 * modes and puts them back on every way out, signals included.
 *
 * The terminal is never waited for. What it does not take stays in a buffer and no further frame is
 * made until it is gone; then the newest state leaves as one frame. So a slow line sees fewer
 * frames, and what curses believes is on the terminal is always true.
 */
#ifndef ATRIUM_TUI_SCREEN_H
#define ATRIUM_TUI_SCREEN_H

#include "tui/draw.h"

#include <stdbool.h>
#include <stdint.h>

struct screen_options {
    int input, output; /* descriptors of the terminal */
    const char *term;  /* NULL: $TERM */
    struct theme_options theme;
    bool mouse;
};

/* NULL on success, else a sentence (no terminal, unknown TERM), static. One screen per process. */
const char *screen_start(const struct screen_options *options);
/* A screen that no terminal shows, for tests and `atrium play`: frames are read with screen_text.
 */
void screen_start_plain(int rows, int cols, const struct theme_options *theme);
void screen_end(void);  /* restores the terminal; fine when not started */
int screen_input(void); /* the descriptor keys come from; -1: none */

/* For signal handlers: restores the terminal with async-signal-safe calls only. */
void screen_restore_now(void);

/* Leaves the terminal to another program (pager, shell, Ctrl-Z) and comes back with a full redraw.
 */
void screen_suspend(void);
void screen_resume(void);

struct area screen_area(void);          /* the whole screen at its present size */
void screen_resized(void);              /* takes the terminal's new size; the loop calls it */
void screen_frame_begin(void);          /* clears the back buffer */
void screen_frame_end(void);            /* sends what changed in one write */
void screen_redraw(void);               /* next frame repaints everything */
char *screen_text(void);                /* the last frame as text, a line a row; caller frees */
bool screen_cursor(int *row, int *col); /* where the last frame put it; false: hidden */

/* What the terminal has not taken yet. While anything is pending, screen_frame_end sends nothing;
 * the loop calls screen_flush when the descriptor can be written. */
bool screen_pending(void);
int screen_output(void);
void screen_flush(void);
bool screen_gone(void); /* writing failed: the terminal is no longer there */

/* Sends text to the terminal's clipboard (OSC 52), cleaned and base64. */
void screen_copy(const char *text, size_t n);

/* Bytes written to the terminal so far and by the last frame, for tests and benchmarks. */
uint64_t screen_bytes(void);
uint64_t screen_frame_bytes(void);

#endif
