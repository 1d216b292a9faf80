/*
 * What members of staff are asked to do for a person. A campaign with the contact "staff" makes
 * them; they are taken, done or dropped by operations of the entity "task".
 */
#ifndef ATRIUM_CAMPAIGN_TASK_H
#define ATRIUM_CAMPAIGN_TASK_H

#include "model/access/access.h"
#include "model/base/sheet.h"

enum task_state { TASK_OPEN, TASK_TAKEN, TASK_DONE, TASK_DROPPED, TASK_STATES };
extern const char *const task_state_names[TASK_STATES];  /* as in the file */
extern const char *const task_state_titles[TASK_STATES]; /* on screens, translated there */

enum task_column {
    TASK_ID,
    TASK_STATE,
    TASK_DUE,
    TASK_NAME, /* masked as the access says */
    TASK_CARD,
    TASK_TEXT, /* without what tells who the person is, for whom people are masked */
    TASK_CAMPAIGN,
    TASK_SHOP,
    TASK_ACTOR,
    TASK_NOTE,
    TASK_MADE,
    TASK_COLUMNS
};

struct task_query {
    unsigned states; /* bits 1 << enum task_state; 0: open and taken */
    size_t limit;    /* 0: all */
    size_t from;     /* leave out so many first */
};

struct task_list {
    struct sheet *sheet;     /* by due, then number; total as there are */
    const uint32_t *people;  /* by row */
    const int64_t *versions; /* by row */
};

/* ST_DENIED for a role without people. Owned by the arena. */
enum status task_list(struct reader *reader, const struct access *access, struct arena *arena,
                      const struct task_query *query, struct task_list *list, struct error *err);

/* ST_REFUSED: there is no such task, or dropping without a note; ST_CONFLICT: it is closed, taken
 * by somebody else (take), or was changed since base_version (-1: whatever there is). Begins and
 * commits by itself. */
enum status task_move(struct writer *writer, const struct access *access, int64_t id,
                      enum task_state to, const char *note, int64_t base_version,
                      struct operation_result *result, struct error *err);

/* -1: no such word. */
int task_state_named(const char *name);

#endif
