/* What the funnel's screens share: the question of a line, its answer, and how they open. The line
 * is a plan's text (model/loop/funnel_plan.h). */
#ifndef ATRIUM_VIEWS_FUNNEL_VIEW_H
#define ATRIUM_VIEWS_FUNNEL_VIEW_H

#include "model/access/access.h"
#include "model/loop/funnel_compare.h"
#include "model/loop/funnel_plan.h"
#include "views/console.h"

struct funnel_question {
    char line[FUNNEL_PLAN_LONGEST + 1];
    char within[200]; /* in place of the line's; "": the line's */
    int64_t from, to;
    struct access access;
    bool groups, times;
};

struct funnel_answer {
    struct funnel_plan plan; /* bound */
    struct funnel funnel;
    const char *labels[FUNNEL_STEPS]; /* titles of a funnel that every mall has, else the steps */
    const struct saved_funnel *built_in;
};

/* The question over the console's period, with groups. False: the line is too long. */
bool funnel_question_make(const struct console *console, const char *line,
                          struct funnel_question *question);

/* A view_ask_fn: a struct funnel_answer. */
void *funnel_view_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err);

/* The funnel that every mall has and that a plan has the steps of; NULL: none. */
const struct saved_funnel *funnel_built_in(const struct funnel_plan *plan);

/* "clickhouse · strict_once · same shop · totals": whose rules, always shown. In the arena. */
const char *funnel_view_rules(struct arena *arena, const struct funnel_query *query);

/* What is kept in this mall, for choosing: funnels, and names of people. */
struct kept_answer {
    const struct funnel_kept *funnels;
    size_t n_funnels;
    const char **people;
    size_t n_people;
};

/* Of the funnel screen; NULL where it is not answered yet. */
const struct kept_answer *funnel_view_kept(const struct view *view);
const struct funnel_answer *funnel_view_answer(const struct view *view);

/* The acts of saved funnels; false: it is none of them. */
bool funnel_kept_action(struct view *view, int id, const char *argument);

/* Of the funnel screen: what the screen for editing works on, and gives back. */
const char *funnel_view_line(const struct view *view);
const char *funnel_view_name(const struct view *view); /* "" for none */
void funnel_view_set(struct view *view, const char *name, const char *line);
void funnel_view_rename(struct view *view, const char *name);      /* the same line under it */
bool funnel_view_known(const struct view *view, const char *name); /* kept under this name */

/* What the screen of a funnel draws. */
struct funnel_picture {
    struct arena *arena;                        /* of the frame */
    const struct funnel_answer *answer, *other; /* other NULL: nothing to compare with */
    const char *against;                        /* what it is compared with, for people */
    const struct sheet *people;                 /* beside; NULL: none */
    int selected;
    bool partial; /* from a sample: nothing is tested */
};
void funnel_picture_draw(const struct funnel_picture *picture, struct area area);

/* The people at a step: those who made it (drop false), or who came to the one before and no
 * further. Levels [*least, *most]. */
void funnel_levels(int selected, bool drop, int *least, int *most);

#endif
