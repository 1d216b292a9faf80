/*
 * The screen: curses writes into memory, and each frame leaves in one write, wrapped in
 * synchronised update marks. An unchanged frame writes nothing. The screen owns the terminal's
 * modes and puts them back on every way out, signals included.
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

/* NULL on success, else a sentence (no terminal, unknown TERM). One screen per process. */
const char *screen_start(const struct screen_options *options);
void screen_end(void); /* restores the terminal; fine when not started */

/* For signal handlers: restores the terminal with async-signal-safe calls only. */
void screen_restore_now(void);

/* Leaves the terminal to another program (pager, shell, Ctrl-Z) and comes back with a full redraw.
 */
void screen_suspend(void);
void screen_resume(void);

struct area screen_area(void); /* the whole screen at its present size */
void screen_resized(void);     /* takes the terminal's new size; the loop calls it */
void screen_frame_begin(void); /* clears the back buffer */
void screen_frame_end(void);   /* sends what changed in one write */
void screen_redraw(void);      /* next frame repaints everything */

/* Sends text to the terminal's clipboard (OSC 52), cleaned and base64. */
void screen_copy(const char *text, size_t n);

/* Bytes written to the terminal so far and by the last frame, for tests and benchmarks. */
uint64_t screen_bytes(void);
uint64_t screen_frame_bytes(void);

#endif
