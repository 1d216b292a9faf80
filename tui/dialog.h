/*
 * Dialogs: a small window over the screen that wants one answer. The program keeps a stack of them;
 * the top one gets every key. What cannot be undone states its reach and asks for the number: no
 * single key destroys.
 */
#ifndef ATRIUM_TUI_DIALOG_H
#define ATRIUM_TUI_DIALOG_H

#include "tui/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dialog;

/* Called once with the answer; the dialog is still there for dialog_text() and dialog_choice(), and
 * is freed by its owner after dialog_key() or dialog_mouse() returned. */
typedef void dialog_done(void *context, struct dialog *dialog, bool accepted);

/* A text and a way on: Enter, Esc or Space. Long texts scroll. */
struct dialog *dialog_message(const char *title, const char *text, dialog_done *done,
                              void *context);

/* A question that can be undone: y or Enter on "Yes", n, Esc. `yes` names the deed ("Archive"),
 * NULL = "Yes". The cursor starts on "No". */
struct dialog *dialog_confirm(const char *title, const char *text, const char *yes,
                              dialog_done *done, void *context);

/* What cannot be undone: `text` states the reach ("Reboots 14 POS terminals on floor 2."); only
 * typing `number` and Enter accepts. */
struct dialog *dialog_confirm_number(const char *title, const char *text, int64_t number,
                                     dialog_done *done, void *context);

/* One of n; typing narrows the list. Titles are copied. `selected` to start with. */
struct dialog *dialog_choose(const char *title, const char *const *choices, size_t n,
                             size_t selected, dialog_done *done, void *context);

/* A line of text. `check` returns a sentence or NULL, shown as typed; may be NULL. */
struct dialog *dialog_ask(const char *title, const char *label, const char *text,
                          const char *(*check)(void *context, const char *text), dialog_done *done,
                          void *context);

/* One that is still open is answered with false first, so that its context can go, too. NULL is
 * fine. */
void dialog_free(struct dialog *dialog);

/* True while it wants an answer. */
bool dialog_open(const struct dialog *dialog);
bool dialog_key(struct dialog *dialog, uint32_t key); /* always true while open */
bool dialog_mouse(struct dialog *dialog, const struct loop_mouse *mouse);
bool dialog_paste(struct dialog *dialog, const char *text);
void dialog_draw(struct dialog *dialog, struct area screen); /* centred, over what is there */

const char *dialog_text(const struct dialog *dialog); /* dialog_ask: what was typed */
int dialog_choice(const struct dialog *dialog);       /* dialog_choose: index into choices; -1 */

#endif
