/* A small list in a table: Chinese and Latin names, an unknown number, a tie, a role. */
#ifndef ATRIUM_TESTS_MEMBERS_H
#define ATRIUM_TESTS_MEMBERS_H

#include "tui/buffer.h"
#include "tui/table_rows.h"

struct member {
    uint64_t key;
    const char *name, *tier;
    int points; /* -1: unknown */
};

struct list {
    struct member members[8];
    int64_t n;
    struct table_rows *rows;
    struct table *table;
    struct buffer copied, said; /* what was copied and said last */
    int moved, layouts;         /* how often the view was told */
    uint64_t opened;
};

/* Five members with the keys 101 to 105; no loop, so everything is done at once. */
struct list *list_new(void);
void list_free(struct list *list); /* ends the plain screen, too */
/* Another table on the same rows, with that layout. */
void list_table(struct list *list, const char *layout);

const char *list_order(struct list *list); /* the keys in the order shown: "101 102 ..." */
uint64_t list_selected_key(struct list *list);
void list_draw(void *context, struct area area);     /* for plain_frame */
void list_type(struct list *list, const char *text); /* into what is being typed */

#endif
