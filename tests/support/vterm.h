/*
 * A terminal for tests: a pseudo-terminal whose other end is libvterm's model of a screen, all in
 * this process and on this thread, so sanitizers see everything.
 *
 *     struct vt *vt = vt_new(24, 80);
 *     ... screen_start with vt_fd(vt) as input and output, loop_new ...
 *     vt_attach(vt, loop, busy, context);
 *     vt_keys(vt, "j j Enter");            // sends keys and steps the loop until it is idle
 *     assert_true(vt_shows(vt, "Members"));
 *     vt_golden(vt, "members-80x24-en");
 *     ... loop_free, screen_end ...
 *     vt_free(vt);
 *
 * Nothing sleeps and nothing guesses. "Idle" means: every byte sent was read, every byte written
 * was taken by the model, nothing is queued, and the program's own count of work is zero. Whoever
 * is not idle after a minute fails with what is missing.
 */
#ifndef ATRIUM_TESTS_VTERM_H
#define ATRIUM_TESTS_VTERM_H

#include "tui/loop.h"

#include <sys/types.h>

struct vt;

struct vt *vt_new(int rows, int cols); /* TERM is set to xterm-256color, LINES and COLUMNS unset */
void vt_free(struct vt *vt);           /* ends a program that vt_spawn started */
int vt_fd(const struct vt *vt);        /* the side a program reads and writes */

/* The loop to step, and how much work the program has in flight (NULL: none). */
void vt_attach(struct vt *vt, struct loop *loop, size_t (*busy)(void *context), void *context);

/* Steps the loop until nothing is left to do, or it has stopped. */
void vt_settle(struct vt *vt);

/* Each of these sends and settles. Keys are names as key_by_name knows them, between spaces. */
void vt_keys(struct vt *vt, const char *keys);
void vt_press(struct vt *vt, uint32_t key);
void vt_type(struct vt *vt, const char *text);
void vt_paste(struct vt *vt, const char *text);
void vt_send(struct vt *vt, const char *bytes, size_t n);
void vt_click(struct vt *vt, int row, int col, int button);
void vt_resize(struct vt *vt, int rows, int cols);

/* While stalled the terminal takes nothing; vt_settle then asks for everything but output. */
void vt_stall(struct vt *vt, bool stalled);

/* What is on the screen. Strings are the vt's until the next call of the same function. */
const char *vt_text(struct vt *vt);         /* a line a row, spaces at ends left out */
const char *vt_row(struct vt *vt, int row); /* one row */
const char *vt_dump(struct vt *vt);         /* text, cursor and attributes */
bool vt_shows(struct vt *vt, const char *text);
bool vt_cursor(struct vt *vt, int *row, int *col); /* false: hidden */
bool vt_alternate(const struct vt *vt);            /* the alternate screen is shown */
struct vt_look {
    int fg, bg; /* of 256 colours; -1: the default */
    bool bold, underline, reverse;
    int cells; /* 0: the right half of a wide character */
    uint32_t rune;
};
struct vt_look vt_look(struct vt *vt, int row, int col);

/* Bytes that came since vt_mark (or vt_new), their text, and the frames among them. */
void vt_mark(struct vt *vt);
size_t vt_bytes(const struct vt *vt);
const char *vt_raw(const struct vt *vt, size_t *n);
size_t vt_frames(const struct vt *vt);

/* Compares vt_dump with tests/screen/golden/NAME.txt and fails the test where they differ, showing
 * the lines. With UPDATE_GOLDEN=1 in the environment the file is written instead, and the
 * difference shown. */
void vt_golden(struct vt *vt, const char *name);
bool vt_golden_same(struct vt *vt, const char *name); /* the same, for the caller to fail */

/* Another process on this terminal, which becomes its controlling one: for signals and for the
 * built program. The child's function returns its exit status; `argv` runs a program. As a job, the
 * child has a parent in its session that could continue it, so that it can be stopped. */
pid_t vt_spawn(struct vt *vt, int (*child)(int fd, void *context), void *context);
pid_t vt_spawn_job(struct vt *vt, int (*child)(int fd, void *context), void *context);
pid_t vt_spawn_program(struct vt *vt, const char *const *argv);
pid_t vt_child(const struct vt *vt);
void vt_forget_child(struct vt *vt); /* it was waited for elsewhere */
int vt_master(const struct vt *vt);
void vt_write(struct vt *vt, const char *bytes, size_t n); /* sends only */
void vt_pump(struct vt *vt, int ms);                /* takes what comes, waiting at most so long */
void vt_wait_for(struct vt *vt, const char *text);  /* until it is on the screen */
void vt_wait_raw(struct vt *vt, const char *bytes); /* until these came since vt_mark */
void vt_wait_stop(struct vt *vt);                   /* until the job is stopped */
int vt_wait_exit(struct vt *vt);                    /* takes the rest; waitpid's status */
int vt_hang_up(struct vt *vt);                      /* the line is lost; waitpid's status */
void vt_drain(struct vt *vt); /* takes what this process wrote, after screen_end for example */

#endif
