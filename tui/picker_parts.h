/* The inside of the pickers, shared by picker.c and picker_date.c. */
#ifndef ATRIUM_TUI_PICKER_PARTS_H
#define ATRIUM_TUI_PICKER_PARTS_H

#include "tui/buffer.h"
#include "tui/edit.h"
#include "tui/intl.h"
#include "tui/picker.h"

enum picker_kind {
    PICKER_LIST,
    PICKER_DATES,
};

struct picker_row {
    char *title, *note;
    bool on;
};

struct picker {
    enum picker_kind kind;
    char *title;
    picker_done *done;
    void *context;
    bool open;
    struct edit edit; /* the filter, or the date being typed */
    struct area body; /* of the last drawing */

    /* List. */
    struct picker_row *rows;
    size_t n_rows;
    size_t *shown; /* rows that the filter leaves */
    size_t n_shown;
    int selected, top; /* among those shown */
    bool many;

    /* One date, or the first and the last of a stretch. */
    int32_t today, days[2];
    int n_dates, part; /* the one the cursor is on */
    bool wrong;        /* what is typed is not a date */
};

void picker_end(struct picker *picker, bool accepted);
struct picker *picker_new(enum picker_kind kind, const char *title, picker_done *done,
                          void *context);

void picker_date_key(struct picker *picker, uint32_t key);
void picker_date_typed(struct picker *picker);
void picker_date_draw(struct picker *picker, struct area screen);
void picker_date_mouse(struct picker *picker, const struct loop_mouse *mouse);

/* A cleared, framed window of at most cols × rows in the middle; returns what is inside. */
struct area picker_window(struct picker *picker, struct area screen, int cols, int rows);

#endif
