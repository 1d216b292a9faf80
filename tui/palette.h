/*
 * The palette, opened with `:`: every action by its name. Typing narrows the list by letters in
 * order ("mo" finds member-open) and by words of the summaries; what was used last comes first.
 * Tab completes the name, what is typed behind it is the argument ("period 2024-01"), Enter runs,
 * Esc closes. It is driven like a dialog: the owner sends it every key while it is open.
 */
#ifndef ATRIUM_TUI_PALETTE_H
#define ATRIUM_TUI_PALETTE_H

#include "tui/action.h"
#include "tui/edit.h"

struct palette;

/* Called once. When accepted, palette_action and palette_argument say what to run. The owner frees
 * the palette after palette_key returned. */
typedef void palette_done(void *context, struct palette *palette, bool accepted);

/* Candidates for the argument of an action, from the text typed so far; NULL: none are offered. */
typedef void palette_completer(void *context, const struct action *action, const char *argument,
                               struct edit_completions *completions);

struct palette_options {
    const struct keymap *keymap;
    const char *const *scopes; /* actions of these and of "" are offered, hidden ones are not */
    size_t n_scopes;
    const char *const *recent; /* lines run before ("period 2024-01"), newest first; copied */
    size_t n_recent;
    palette_completer *complete;
    palette_done *done;
    void *context;
};

struct palette *palette_new(const struct palette_options *options);
void palette_free(struct palette *palette); /* NULL is fine */

bool palette_open(const struct palette *palette);
bool palette_key(struct palette *palette, uint32_t key); /* always true while open */
bool palette_paste(struct palette *palette, const char *text);
bool palette_mouse(struct palette *palette, const struct loop_mouse *mouse);
/* Over the lowest rows of the screen: the line being typed in the last one, the list above it. */
void palette_draw(struct palette *palette, struct area screen);

const struct action *palette_action(const struct palette *palette); /* NULL: nothing was chosen */
const char *palette_argument(const struct palette *palette);        /* "": none */
const char *palette_line(const struct palette *palette); /* name and argument, for `recent` */

/* How well `pattern` fits `text` as letters in order, ASCII case ignored: greater is better, 0: not
 * at all. `at` (may be NULL) gets the byte offsets of the letters matched, strlen(pattern) of them.
 */
int palette_fit(const char *pattern, const char *text, size_t *at);

#endif
