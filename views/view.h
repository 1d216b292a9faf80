/*
 * A view is one screen of the console. It asks questions, which are answered on reader threads, and
 * draws what it knows so far; it never waits. Each screen is one file with one const struct
 * view_ops, listed in views/screens.c.
 */
#ifndef ATRIUM_VIEWS_VIEW_H
#define ATRIUM_VIEWS_VIEW_H

#include "model/base/arena.h"
#include "model/store/operation.h"
#include "model/store/reader.h"
#include "tui/action.h"
#include "tui/draw.h"

#include <stdbool.h>

struct console;
struct view;

struct view_ops {
    const char *name;  /* "perceive": in `:` and scripts, and in the session */
    const char *title; /* marked for translation */
    const char *about; /* a paragraph for the help, marked for translation; NULL: none */
    int number;        /* its key 1..9 among the main screens, 0 for those opened from others */
    bool whole;        /* it draws the whole screen, without the console's frame */
    unsigned rights;   /* all of these are needed to open it */
    bool when_locked;  /* is shown also while the replica is locked */
    size_t size;       /* bytes of state, zeroed before open */

    /* Sets the view up for view->argument and asks its first questions. */
    void (*open)(struct view *view);
    /* Frees what open and actions allocated; questions are cancelled and freed by the console. */
    void (*close)(struct view *view);
    /* Period or data changed, or Ctrl-r: asks again. What is shown stays until the answer is there.
     */
    void (*refresh)(struct view *view);
    /* Draws from answers at hand. Called for every frame; must be cheap and must not ask. */
    void (*draw)(struct view *view, struct area area);
    /* An action of the view's scopes was pressed or named; false: not handled here. `argument` is
     * what stood behind its name in the palette, or "". */
    bool (*action)(struct view *view, int id, const char *argument);
    /* A key before the keymap sees it: for views with a text being edited. NULL: none; false: not
     * used. */
    bool (*key)(struct view *view, uint32_t key);
    /* An answer arrived in a slot; NULL: only a redraw is wanted. */
    void (*answered)(struct view *view, int slot);
    /* What to append to the title: the member's name, "23 people". Owned by the view; NULL: none.
     */
    const char *(*subtitle)(struct view *view);
    /* The people that the selection stands for, as views/people_of.h names them, for their
     * portrait. Caller frees; NULL: none. */
    char *(*people)(struct view *view);
};

enum { VIEW_SLOTS = 8, VIEW_SCOPES = 4 };

struct view {
    const struct view_ops *ops;
    struct console *console;
    char *argument; /* what it was opened for: a card, a shop's code, a drill; "" for none */
    void *state;    /* ops->size bytes */
    /* Scopes of the keymap, innermost first; the view's own name is always in. A view with a table
     * adds "table" while the table has the focus. */
    const char *scopes[VIEW_SCOPES];
    size_t n_scopes;
    struct question *asked[VIEW_SLOTS];
    struct answer *answer[VIEW_SLOTS];
    char *problem[VIEW_SLOTS];
};

/*
 * Questions. `ask` runs on a reader thread, inside one state of the file, and returns its answer,
 * allocated in the arena, or NULL with an error. `parameters` are copied into the arena. Asking in
 * a slot again cancels the question that was there and drops its late answer; the answer shown
 * stays until the new one is there.
 */
typedef void *view_ask_fn(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err);
void view_ask(struct view *view, int slot, const char *title, view_ask_fn *ask,
              const void *parameters, size_t size);
void *view_answer(const struct view *view, int slot);        /* NULL: none yet */
bool view_asking(const struct view *view, int slot);         /* a newer answer is on its way */
int view_asking_progress(const struct view *view, int slot); /* 0..1000 */
const char *view_problem(const struct view *view, int slot); /* why the last one failed, or NULL */
int64_t view_answer_ns(const struct view *view, int slot);   /* how long the answer took */
void view_cancel(struct view *view, int slot);

/*
 * As view_ask, for questions of all people: in a large mall a first answer comes from a sample of
 * them (model/event/sample.h), soon, and the exact one replaces it. `ask` is called twice and more
 * then; under a sample it counts as always, keeps small groups back, and scales what is left. What
 * is drawn of a partial answer is dimmed (draw_dim), and nobody is listed from it. Where an exact
 * answer is shown and the data behind it changed a little, it stays until the next exact one.
 */
void view_ask_early(struct view *view, int slot, const char *title, view_ask_fn *ask,
                    const void *parameters, size_t size);
double view_share(const struct view *view, int slot); /* of the people; 1: exact; 0: no answer */
bool view_is_partial(const struct view *view, int slot);

/* Moves an answer out of its slot: the caller owns the arena now. NULL: none. */
struct arena *view_answer_take(struct view *view, int slot, void **answer);

#endif
