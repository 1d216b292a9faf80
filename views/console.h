/*
 * The console: the stack of open views, what they share (mall, period, rights, threads), the header
 * and the status line, and the way from a key to an action.
 */
#ifndef ATRIUM_VIEWS_CONSOLE_H
#define ATRIUM_VIEWS_CONSOLE_H

#include "model/base/task.h"
#include "model/loop/period.h"
#include "tui/intl.h"
#include "tui/loop.h"
#include "views/view.h"

struct write_queue;

struct console {
    struct mall *mall;
    struct loop *loop;
    struct keymap *keymap;
    struct task_pool *pool;
    struct write_queue *writes; /* NULL: the mall is read-only */
    char *principal, *role;
    unsigned rights;

    struct period_choice period; /* shared by all screens */
    int64_t as_of, present;      /* of the data; 0 until known */
    int64_t events_version, rows_version;

    struct view **stack; /* the last one is on top */
    size_t depth;
    char *message; /* of the last act, shown until the next key */
    bool message_bad;
};

/* Views. `argument` is copied. Opening a main screen clears the stack down to it. */
void console_open(struct console *console, const char *view, const char *argument);
void console_back(struct console *console);
struct view *console_top(const struct console *console);

/* A sentence in the status line until the next key. */
void console_say(struct console *console, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void console_complain(struct console *console, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void console_redraw(struct console *console);

/* True when the principal has all of these rights; says so in the status line otherwise. */
bool console_may(struct console *console, unsigned rights);

/* A change by operation, off the screen's thread; the outcome is said in the status line and the
 * views are refreshed. `set` is borrowed for the call. */
void console_change(struct console *console, const char *entity, const char *target,
                    enum operation_verb verb, int64_t base_version, json_t *set,
                    const char *reason);

#endif
