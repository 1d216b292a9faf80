/* A form in steps over texts: each field is checked by whoever opened it. It has a header of its
 * own, as the toolkit's forms and the store's entities both know field types by the same names. */
#ifndef ATRIUM_VIEWS_WIZARD_H
#define ATRIUM_VIEWS_WIZARD_H

#include "tui/draw.h"
#include "tui/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wizard_type {
    WIZARD_TEXT,
    WIZARD_LINES,
    WIZARD_CHOICE,
    WIZARD_FLAGS,
    WIZARD_DATE,
    WIZARD_NUMBER,
    WIZARD_DURATION
};

struct wizard_field {
    const char *page; /* title; fields of one page stand together */
    const char *name, *label, *hint, *value;
    enum wizard_type type;
    const char *const *choices; /* names and titles in turn, ended by NULL */
};

struct wizard_ops {
    /* What is wrong with a value, or NULL; valid until the next call. */
    const char *(*check)(void *context, const char *name, const char *value);
    void (*done)(void *context, bool sent); /* then the wizard is finished */
    void *context;
    const struct loop *loop; /* whose mouse the form follows */
};

/* The last page shows all values before they are sent. Fields are copied. */
struct wizard;
struct wizard *wizard_new(const char *title, const struct wizard_field *fields, size_t n,
                          int32_t today, const struct wizard_ops *ops);
void wizard_free(struct wizard *wizard); /* NULL is fine */
void wizard_draw(struct wizard *wizard, struct area area);
/* The place for what it comes to, which is cut off: beside it where it is wide, `cols` wide, else
 * `rows` below it, with a rule between where there is room. */
struct area wizard_side(struct area *area, int cols, int rows);
bool wizard_key(struct wizard *wizard, uint32_t key);
bool wizard_action(struct wizard *wizard, int action_id);
const char *wizard_value(const struct wizard *wizard, const char *name);
/* A number, or seconds of a duration; false: there is none. */
bool wizard_integer(const struct wizard *wizard, const char *name, int64_t *value);
void wizard_set(struct wizard *wizard, const char *name, const char *value);
/* Goes to a field of the first page. */
void wizard_go(struct wizard *wizard, const char *name);
/* To the last page, where all before it are right. */
void wizard_review(struct wizard *wizard);
/* The last page is open. */
bool wizard_reviews(const struct wizard *wizard);
bool wizard_changed(const struct wizard *wizard);

#endif
