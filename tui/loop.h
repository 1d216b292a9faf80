/*
 * The loop: waits for keys, finished tasks, timers and signals, and never for anything else. All
 * handlers run on this thread.
 *
 * One round reads all keys that are there, runs what is ready, then draws once. While the terminal
 * has not taken the last frame no other is drawn; keys are still handled.
 */
#ifndef ATRIUM_TUI_LOOP_H
#define ATRIUM_TUI_LOOP_H

#include "tui/key.h"
#include "tui/screen.h"

struct loop;
struct loop_ops {
    void (*key)(void *context, uint32_t key);
    void (*draw)(void *context); /* between screen_frame_begin and _end */
    /* SIGTERM, SIGHUP, SIGINT, or the terminal went away (SIGHUP): save what is open, at once. The
     * loop stops afterwards. When a handler is stuck, the program ends after two seconds without
     * this, the terminal restored. */
    void (*quit)(void *context, int signal);
    /* The program is about to be stopped by Ctrl-Z (resting), or goes on after it: nothing may keep
     * a lock of a file meanwhile. */
    void (*rest)(void *context, bool resting);
};

/* The ops are copied; each may be NULL. One loop per process: it holds the signals. */
struct loop *loop_new(const struct loop_ops *ops, void *context);
void loop_free(struct loop *loop);

/* Runs until loop_stop. Draws after each batch of keys and events when something asked for it. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
void loop_redraw(struct loop *loop); /* a frame is wanted */

/* Stops the program until it is continued, as Ctrl-Z does elsewhere: the terminal is given back
 * and afterwards taken and repainted. Nothing happens where no shell could continue it. */
void loop_suspend(struct loop *loop);

/* A descriptor to watch for reading; handler runs when it is readable (or closed at the other end:
 * the handler must unwatch it then). Handlers may watch and unwatch. */
void loop_watch(struct loop *loop, int fd, void (*ready)(void *context), void *context);
void loop_unwatch(struct loop *loop, int fd);

/* Calls `fire` once after ms (again: every ms). Returns an id for loop_timer_stop. */
int loop_timer(struct loop *loop, int ms, bool again, void (*fire)(void *context), void *context);
void loop_timer_stop(struct loop *loop, int id);

/* One round: handles what is ready, waiting at most ms (-1: until something happens), then draws.
 * For tests and `atrium play`. */
void loop_step(struct loop *loop, int ms);

/* True when nothing is left to do but to wait: no fed keys, no half-read sequence, no frame wanted,
 * no byte the terminal has not taken. Timers and watched descriptors are not asked. */
bool loop_idle(const struct loop *loop);
bool loop_stopped(const struct loop *loop);
uint64_t loop_bytes_read(const struct loop *loop); /* from the terminal, for tests */

/* Puts a key in front of the terminal's; for tests, `atrium play` and macros. */
void loop_feed(struct loop *loop, uint32_t key);
void loop_feed_paste(struct loop *loop, const char *text); /* as if it had been pasted */

/* The last KEYS_MOUSE or KEYS_PASTE. */
const struct loop_mouse *loop_mouse(const struct loop *loop);
const char *loop_paste(const struct loop *loop); /* UTF-8, cleaned of control characters */

#endif
