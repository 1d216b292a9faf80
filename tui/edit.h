/*
 * The line editor: one line of UTF-8, edited by what a reader calls characters. Everything typed in
 * the console goes through it: filters, the palette, fields of forms.
 *
 * Keys: Left Right Home End (Ctrl-b f a e), by words with Ctrl-Left and Ctrl-Right (Alt-b f),
 * Backspace, Delete (Ctrl-d), Ctrl-w and Alt-Backspace a word, Ctrl-u and Ctrl-k to an end, Ctrl-y
 * brings back what was cut, Up and Down (Ctrl-p n) walk a history, Tab completes, paste.
 */
#ifndef ATRIUM_TUI_EDIT_H
#define ATRIUM_TUI_EDIT_H

#include "tui/loop.h"

/* Lines entered before, oldest first. Owned by whoever wants them to outlive an editor. */
struct edit_history {
    char **lines;
    size_t n;
    size_t most; /* 0: 200 */
};
void edit_history_add(struct edit_history *history, const char *line); /* no neighbours alike */
void edit_history_free(struct edit_history *history);

/* What could stand in place of the bytes from `from` to the cursor. `items` belong to the callback
 * and are copied at once. */
struct edit_completions {
    size_t from;
    const char *const *items;
    size_t n;
};
typedef void edit_completer(void *context, const char *text, size_t at,
                            struct edit_completions *completions);

enum edit_result {
    EDIT_IGNORED, /* not a key of the editor */
    EDIT_MOVED,   /* the cursor, or nothing to do: the text is the same */
    EDIT_CHANGED,
};

struct edit {
    char *text; /* NUL-terminated UTF-8 without control characters; NULL: empty */
    size_t n;
    size_t at;    /* the cursor: a byte offset between two characters */
    size_t first; /* the first byte shown, for lines longer than their field */
    size_t most;  /* bytes; 0: 65536 */
    bool secret;  /* drawn as bullets, never in a history */

    struct edit_history *history; /* NULL: none */
    size_t history_at;            /* which line is shown; history->n: the one being written */
    char *draft;                  /* the line being written, while another is shown */

    edit_completer *complete; /* NULL: Tab is not the editor's */
    void *context;
    char **candidates; /* of the last Tab */
    size_t n_candidates, candidate, candidate_from;

    char *cut;
};

/* A zeroed struct is an empty editor. */
void edit_free(struct edit *edit);

const char *edit_text(const struct edit *edit);        /* never NULL */
void edit_set(struct edit *edit, const char *text);    /* cursor at the end; cleaned */
void edit_insert(struct edit *edit, const char *text); /* at the cursor; newlines become spaces */
bool edit_remember(struct edit *edit);                 /* adds the line to the history */

/* `loop` is where the text of KEYS_PASTE is; NULL: pastes are ignored. */
enum edit_result edit_key(struct edit *edit, const struct loop *loop, uint32_t key);

/* Draws `cells` cells; places the hardware cursor when `focus`. */
void edit_draw(struct edit *edit, struct area area, int row, int col, int cells, enum role role,
               bool focus);

#endif
