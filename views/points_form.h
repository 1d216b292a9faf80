/* The forms of points: an entry for a member, a rule, terms. They know nothing of the mall. */
#ifndef ATRIUM_VIEWS_POINTS_FORM_H
#define ATRIUM_VIEWS_POINTS_FORM_H

#include "tui/draw.h"
#include "tui/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum points_form_kind {
    POINTS_FORM_EARN,
    POINTS_FORM_BURN,
    POINTS_FORM_ADJUST,
    POINTS_FORM_REVERSE,
    POINTS_FORM_RULE,
    POINTS_FORM_TERMS,
    POINTS_FORMS
};

struct points_form;

/* `value` gives what a field starts with ("" or NULL: nothing); may be NULL. `done` is called once,
 * inside points_form_key or _action. */
struct points_form_ops {
    const char *(*value)(void *context, const char *name);
    void (*done)(void *context, bool sent);
    void *context;
    const struct loop *loop; /* whose mouse the form follows */
    int32_t today;
};
struct points_form *points_form_new(enum points_form_kind kind, const struct points_form_ops *ops);
void points_form_free(struct points_form *form);
void points_form_draw(struct points_form *form, struct area area);
bool points_form_key(struct points_form *form, uint32_t key);
bool points_form_action(struct points_form *form, int action_id);

/* Of a field by name: "" and false where there is none. */
const char *points_form_text(const struct points_form *form, const char *name);
bool points_form_number(const struct points_form *form, const char *name, int64_t *number);

#endif
