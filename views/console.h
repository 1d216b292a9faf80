/*
 * The console: the stack of open views, what they share (mall, period, rights, threads), the header
 * and the status line, and the way from a key to an action.
 */
#ifndef ATRIUM_VIEWS_CONSOLE_H
#define ATRIUM_VIEWS_CONSOLE_H

#include "model/access/access.h"
#include "model/base/task.h"
#include "model/fleet/rollout_drive.h"
#include "model/loop/period.h"
#include "tui/dialog.h"
#include "tui/intl.h"
#include "tui/loop.h"
#include "views/sync_work.h"
#include "views/view.h"

struct dialog;
struct picker;
struct palette;
struct help;
struct people_cache;
struct write_queue;
struct import_work;
struct session;
struct fleet_desk;
struct collect_task;
struct rollout_task;
struct fleet_run;
struct fleet_transfer;

struct console {
    struct mall *mall;
    struct loop *loop;
    struct keymap *keymap;
    struct task_pool *pool;
    struct task_pool *early;    /* first answers from a sample, which do not wait either */
    struct task_pool *pages;    /* rows of long lists, which do not wait behind questions */
    struct write_queue *writes; /* changes, off the screen's thread */
    char last_change[65];       /* id of the operation that `u` undoes; "": none */
    struct change_back *back;   /* or what it takes back that is no operation; NULL: none */
    struct import_work *imports;
    struct people_cache *people;
    struct fleet_desk *desk;         /* what is under way on devices */
    struct collect_task *collects;   /* what devices report; NULL: not here */
    struct rollout_task *rollouts;   /* what is driven from here; NULL: nothing ever is */
    struct fleet_run *run;           /* the last command that devices were given; NULL: none */
    struct fleet_transfer *transfer; /* the last files or configurations; NULL: none */
    struct sync_work *sync;          /* sessions with the hub; NULL: no replica, or none are had */
    struct sync_known sync_known;
    struct access access;
    const char *role; /* its name */

    char *period_id; /* what a person chose: "30d"; `period` is what it means at this present */
    enum compare compare;
    struct period period, against; /* `against` only when compare is not COMPARE_NONE */
    int64_t as_of, present;        /* of the data; as_of 0: no events */
    int64_t events_version, rows_version;
    int64_t watched_ns, asked_ns; /* when new events were last asked about, and what it took */
    uint32_t blocks;              /* of people */
    uint32_t early_blocks;        /* from so many on, answers from a sample come first */
    bool refreshing; /* the same is asked again: exact answers stay until the next ones */

    struct view **stack; /* the last one is on top */
    size_t depth, cap;
    struct session *session;

    /* At most one of these is open over the views and gets every key. */
    struct dialog *dialog;
    struct picker *picker;
    struct palette *palette;
    struct help *help;

    char *message; /* of the last act, shown until the next key */
    bool message_bad;
    int timer;
    int reveal_timer; /* until a revealed person is masked again; 0: none */
    bool leaving;
    char *next_mall;      /* to be opened after this one; NULL: none */
    bool still;           /* timings are left out, so that screens can be compared */
    bool sealed;          /* no file is written and no command is run */
    const char *identity; /* private key for devices; NULL: that of the config file */
    bool alone;           /* it was started for one screen: leaving that leaves the console */
    bool (*rollout_moment)(void *context, enum rollout_moment moment); /* tests; NULL */
};

struct console_options {
    const char *mall_path, *principal;
    int input, output;     /* descriptors of the terminal */
    const char *term;      /* NULL: $TERM */
    int rows, cols;        /* not 0: a screen of this size that no terminal shows (atrium play) */
    const char *start;     /* view to open; NULL: the loop */
    const char *argument;  /* what it is opened for, and then leaving it leaves the console; NULL */
    bool still;            /* leave timings out of the screen: tests, atrium play */
    bool forgetful;        /* neither read nor keep where one stopped: atrium play */
    uint32_t early_blocks; /* as in the console; 0: as usual */
    const char *identity;  /* as in the console; must outlive it */
    bool collects;         /* from devices, while it is open */
    bool drives;           /* roll-outs, while it is open */
    bool (*rollout_moment)(void *context, enum rollout_moment moment); /* as in the console */
    bool sealed; /* refuse to write files and run commands: tests with random keys */
};

/* Opens the mall and the screen. One console per process. */
enum status console_new(const struct console_options *options, struct console **console,
                        struct error *err);
void console_run(struct console *console);
void console_free(struct console *console);

/* For the loop: a key, a frame, the end of all views. */
void console_key(void *context, uint32_t key);
void console_draw(void *context);
void console_end_views(struct console *console);

/* Questions and changes in flight, and in a still console what devices were asked; tests wait for
 * zero. */
size_t console_busy(const struct console *console);

/* Views. `argument` is copied. A main screen replaces the whole stack. */
void console_open(struct console *console, const char *view, const char *argument);
void console_back(struct console *console);
struct view *console_top(const struct console *console);

/* Runs an action by id as if its key was pressed; `argument` may be "". */
void console_act(struct console *console, int action_id, const char *argument);

/* A sentence in the status line until the next key. */
void console_say(struct console *console, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void console_complain(struct console *console, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void console_redraw(struct console *console);

/* True when the principal has all of these rights; says so in the status line otherwise. */
bool console_may(struct console *console, unsigned rights);

/* The share of the people that the screen on top is from, 1 where its answers are exact; and true
 * where they are, so that people can be listed: says so in the status line otherwise. */
double console_share(const struct console *console);
bool console_exact(struct console *console);

/* Shows a dialog or picker over the views; it is freed when it closes. */
void console_dialog(struct console *console, struct dialog *dialog);

/* A dialog of names to choose from, 32 at most, marked for translation; a NULL among them is shown
 * as `none`. `done` finds the choice with dialog_choice. */
void console_choose(struct console *console, const char *title, const char *const *names, size_t n,
                    size_t selected, const char *none, dialog_done *done, void *context);
void console_picker(struct console *console, struct picker *picker);

/* Sets the period ("30d", "2017-10", …) for all screens and asks again; complains when it cannot be
 * read. */
void console_period(struct console *console, const char *text);
void console_compare(struct console *console, enum compare compare);

/* Every open view asks again: data, period or rights changed. */
void console_refresh(struct console *console);

/* A change by operation, off the screen's thread; the outcome is said in the status line and the
 * views are refreshed. `set` is borrowed for the call. */
void console_change(struct console *console, const char *entity, const char *target,
                    enum operation_verb verb, int64_t base_version, json_t *set,
                    const char *reason);

#endif
