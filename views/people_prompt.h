/*
 * A line in which an expression of the people language is written: how many people it means is
 * counted while it is typed, an error stands under its word, Tab completes names. Screens of
 * segments and labels have one each.
 */
#ifndef ATRIUM_VIEWS_PEOPLE_PROMPT_H
#define ATRIUM_VIEWS_PEOPLE_PROMPT_H

#include "model/segment/label.h"
#include "tui/edit.h"
#include "views/console.h"

struct people_prompt {
    struct view *view;
    struct edit edit;
    struct edit_history history;
    struct arena *completing; /* of the last Tab */
    int count_slot, names_slot;
    int timer;    /* until the next count, 0: none */
    bool rule;    /* of a label: the count comes with the overlap */
    bool writing; /* the line has the keys */
    char *name;   /* of what is being edited; "" for a new one */
};

/* What was counted; view_answer of the count slot. */
struct prompt_answer {
    const char *text; /* the expression */
    struct label_preview preview;
    const char *hidden; /* what is told in place of the count, where it is kept back; else NULL */
    int64_t members;
};

void people_prompt_begin(struct people_prompt *prompt, struct view *view, const char *history,
                         int count_slot, int names_slot, bool rule);
void people_prompt_end(struct people_prompt *prompt);

/* Data changed: counts and reads the names again. */
void people_prompt_refresh(struct people_prompt *prompt);

/* Begins to write: `text` of what is called `name`, or "" and "" for a new one. */
void people_prompt_edit(struct people_prompt *prompt, const char *name, const char *text);

const char *people_prompt_text(const struct people_prompt *prompt);

/* Draws the line, and below it the count or what is wrong; what is left of the area below. */
void people_prompt_draw(struct people_prompt *prompt, struct area *area);

/* While it has the keys: true where the key was used. `below` says that there is something to go to
 * with Down or Esc. Enter is the caller's. */
bool people_prompt_key(struct people_prompt *prompt, uint32_t key, bool below);

#endif
