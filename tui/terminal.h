/*
 * The terminal underneath the screen: its modes, its size, writing without waiting, and the way
 * back to how it was, on every exit. Nothing here knows curses.
 *
 * terminal_restore_now is for signal handlers: it uses strings and modes kept ready and calls only
 * what POSIX lists as safe there. terminal_open installs it for SIGSEGV, SIGBUS, SIGFPE, SIGILL and
 * SIGABRT, and hands the signal on to whoever had it before.
 */
#ifndef ATRIUM_TUI_TERMINAL_H
#define ATRIUM_TUI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct terminal_strings {
    const char *enter_screen, *leave_screen; /* the alternate screen */
    const char *show_cursor, *plain;         /* visible cursor, no attributes */
    bool mouse;
};

/* NULL, or a sentence that says what is not a terminal. */
const char *terminal_check(int input, int output);

/* Sets the modes; the first frame of curses enters the alternate screen. NULL or a sentence. */
const char *terminal_open(int input, int output, const struct terminal_strings *strings);

/* Offers what was not sent yet for a short moment, then puts everything back. */
void terminal_close(const char *pending, size_t n);
void terminal_restore_now(void);

/* To another program and back; the caller repaints. */
void terminal_leave(const char *pending, size_t n);
void terminal_enter(void);

void terminal_size(int fd, int *rows, int *cols); /* 24 x 80 where the terminal does not say */
int terminal_input(void);
int terminal_output(void);

/* Writes what the terminal takes at once; returns how much that was. */
size_t terminal_write(const char *bytes, size_t n);
bool terminal_gone(void);      /* a write failed for good */
uint64_t terminal_bytes(void); /* written by this process so far */

#endif
