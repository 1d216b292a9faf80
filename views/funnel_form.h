/* A funnel as a form. It has a header of its own, as the toolkit's forms and the store's entities
 * both know field types by the same names. */
#ifndef ATRIUM_VIEWS_FUNNEL_FORM_H
#define ATRIUM_VIEWS_FUNNEL_FORM_H

#include "tui/draw.h"
#include "tui/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct funnel_form;

struct funnel_form_ops {
    /* A line that parses, and a name or ""; NULL for a line: given up. The form is finished. */
    void (*done)(void *context, const char *name, const char *line);
    void *context;
    const struct loop *loop; /* whose mouse the form follows */
};

/* Starts from a line; one that cannot be read gives an empty form. */
struct funnel_form *funnel_form_new(const char *name, const char *line,
                                    const struct funnel_form_ops *ops);
void funnel_form_free(struct funnel_form *form); /* NULL is fine */
void funnel_form_draw(struct funnel_form *form, struct area area);
bool funnel_form_key(struct funnel_form *form, uint32_t key);
bool funnel_form_action(struct funnel_form *form, int action_id);

#endif
