/*
 * The loop: waits for keys, finished tasks, timers and signals, and never for anything else. All
 * handlers run on this thread.
 */
#ifndef ATRIUM_TUI_LOOP_H
#define ATRIUM_TUI_LOOP_H

#include "tui/screen.h"

/* A key as one number: a code point, or one of enum key, with modifiers. */
enum key {
    KEYS_BASE = 0x200000,
    KEYS_UP,
    KEYS_DOWN,
    KEYS_LEFT,
    KEYS_RIGHT,
    KEYS_HOME,
    KEYS_END,
    KEYS_PAGE_UP,
    KEYS_PAGE_DOWN,
    KEYS_ENTER,
    KEYS_ESC,
    KEYS_TAB,
    KEYS_BACK_TAB,
    KEYS_BACKSPACE,
    KEYS_DELETE,
    KEYS_INSERT,
    KEYS_F1,
    KEYS_F2,
    KEYS_F3,
    KEYS_F4,
    KEYS_F5,
    KEYS_F6,
    KEYS_F7,
    KEYS_F8,
    KEYS_F9,
    KEYS_F10,
    KEYS_F11,
    KEYS_F12,
    KEYS_MOUSE, /* see loop_mouse */
    KEYS_PASTE, /* bracketed paste; see loop_paste */
    KEYS_END_OF_KEYS,
    KEYS_CTRL = 0x400000, /* or-ed with a letter in lower case: KEYS_CTRL | 'r' */
    KEYS_ALT = 0x800000,
};

/* "q", "Ctrl-r", "PgDn", "Enter", "中"; and back (0 when not a key's name). Static or per-call
 * buffer of the given size. */
const char *key_name(uint32_t key, char name[32]);
uint32_t key_by_name(const char *name);

struct loop;
struct loop_ops {
    void (*key)(void *context, uint32_t key);
    void (*draw)(void *context);             /* between screen_frame_begin and _end */
    void (*quit)(void *context, int signal); /* SIGTERM, SIGHUP: save what is open */
};

struct loop *loop_new(const struct loop_ops *ops, void *context);
void loop_free(struct loop *loop);

/* Runs until loop_stop. Draws after each batch of keys and events when something asked for it. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
void loop_redraw(struct loop *loop); /* a frame is wanted */

/* A descriptor to watch for reading; handler runs when it is readable. */
void loop_watch(struct loop *loop, int fd, void (*ready)(void *context), void *context);
void loop_unwatch(struct loop *loop, int fd);

/* Calls `fire` once after ms (again: every ms). Returns an id for loop_timer_stop. */
int loop_timer(struct loop *loop, int ms, bool again, void (*fire)(void *context), void *context);
void loop_timer_stop(struct loop *loop, int id);

/* One round: handles what is ready, waiting at most ms (-1: until something happens), then draws.
 * For tests and `atrium play`. */
void loop_step(struct loop *loop, int ms);

/* Puts a key in front of the terminal's; for tests, `atrium play` and macros. */
void loop_feed(struct loop *loop, uint32_t key);

/* The last KEYS_MOUSE or KEYS_PASTE. */
struct loop_mouse {
    int row, col, button; /* 1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down */
    bool pressed, double_click;
};
const struct loop_mouse *loop_mouse(const struct loop *loop);
const char *loop_paste(const struct loop *loop); /* UTF-8, cleaned of control characters */

#endif
