/* What the screen of retention and its picture of groups share. */
#ifndef ATRIUM_VIEWS_RETENTION_VIEW_H
#define ATRIUM_VIEWS_RETENTION_VIEW_H

#include "model/access/access.h"
#include "model/loop/retention.h"
#include "tui/draw.h"
#include "views/view.h"

enum { RETENTION_SHOWN = 12, RETENTION_SIZE = 10, RETENTION_CELL = 8, RETENTION_EVENTS = 1000 };

/* What is asked; the state begins with it. */
struct retention_choice {
    enum bucket_length length;
    enum funnel_by by;
    bool on_or_after, rolling, every_time, revenue;
    char events[RETENTION_EVENTS]; /* "start -> return" */
};

struct retention_state {
    struct retention_choice choice;
    int row, column;
    bool moved;
    struct access access; /* as the answer at hand is to be shown */
    char *group;   /* whose cohorts are shown; NULL: of all, or the groups beside each other */
    char *problem; /* of the line being typed */
    char subtitle[320];
};

/* Whether the groups are beside each other: a row is all cohorts of a group then, row 0 of all. */
bool retention_beside(const struct retention_state *state);
/* The group of a row of that picture; NULL: of all, or there is none. */
const struct retention_group *retention_group_at(const struct retention *answer, int row);
/* As people read it. */
const char *retention_group_title(enum funnel_by by, const char *name);

/* That picture and the line about its selected cell. */
void retention_groups_draw(const struct view *view, struct area area,
                           const struct retention *answer);

/* "▒ 34.1%", shaded by fixed steps, so that pictures can be compared. */
const char *retention_share_text(struct arena *arena, double share);
/* The first column after the cohort's that is shown, so that the selected one is in sight. */
int retention_column_first(const struct retention_state *state, int cols, int left);
void retention_heads_draw(struct area head, struct arena *arena,
                          const struct retention_state *state, int first, int left);

#endif
