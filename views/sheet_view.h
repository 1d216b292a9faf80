/*
 * A screen that shows one sheet: what charts' tables, time lines and the lists behind figures
 * share. The view's question gives a struct sheet_answer; everything else is here.
 */
#ifndef ATRIUM_VIEWS_SHEET_VIEW_H
#define ATRIUM_VIEWS_SHEET_VIEW_H

#include "views/list.h"

struct sheet_answer {
    struct sheet *sheet;
    const char *title;    /* for the header; NULL: none */
    const char *screen;   /* what Enter on a row opens; NULL: nothing */
    const char **open;    /* its argument by row, NULL entries: nothing; NULL: opens nothing */
    const uint64_t *keys; /* by row, for keeping the selection; NULL: row numbers */
    int metric;           /* what `i` explains; negative: nothing */
    int64_t total; /* rows there are, where the sheet has only the latest; 0: all are there */
};

/* First in the state of such a view. Its question is asked in slot 0. */
struct sheet_state {
    struct list list;
};

/* For the view's slots of the same names. `name` is of the remembered layout. */
void sheet_view_open(struct view *view, const char *name, const char *noun);
void sheet_view_close(struct view *view);
void sheet_view_draw(struct view *view, struct area area);
bool sheet_view_action(struct view *view, int id, const char *argument);
bool sheet_view_key(struct view *view, uint32_t key);
void sheet_view_answered(struct view *view, int slot);
const char *sheet_view_subtitle(struct view *view);

#endif
