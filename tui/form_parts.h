/* The inside of a form, shared by form.c (fields and pages), form_keys.c
 * (keys, lists, mouse), form_draw.c and form_field.c. */
#ifndef ATRIUM_TUI_FORM_PARTS_H
#define ATRIUM_TUI_FORM_PARTS_H

#include "tui/buffer.h"
#include "tui/edit.h"
#include "tui/form.h"
#include "tui/intl.h"
#include "tui/picker.h"

struct form_field {
    const struct field *field;
    int page;
    char *start;       /* canonical value it began with */
    char *value;       /* canonical where it is right, else as typed */
    char *error;       /* what is wrong, NULL: nothing */
    char *refused;     /* a problem found outside, until it is edited */
    bool touched;      /* left once, or sending was tried: an empty one may complain */
    struct edit *edit; /* the lines being edited; one but for FIELD_LINES */
    int n_lines, line;

    struct area area; /* of the last drawing, for the mouse */
};

struct form {
    const char *checking; /* the field whose check runs */
    char *title;
    const struct form_page *pages;
    int n_pages;
    bool review, finished;
    const struct loop *loop;
    int32_t today;
    void (*done)(void *context, struct form *form, bool sent);
    void *context;

    struct form_field *fields;
    int n_fields;
    int page;    /* n_pages = review */
    int current; /* field */
    int top;     /* first row shown of the page */
    struct picker *picker;
};

/* form.c */
void form_field_set(struct form *form, struct form_field *f, const char *value);
void form_check_all(struct form *form); /* again, as checks may look at other fields */
bool form_can_edit(const struct form_field *f);
/* The next field of the page that can be edited, from `from` on; -1: none. */
int form_field_from(const struct form *form, int from, int step);
void form_go_to(struct form *form, int field);
bool form_go_page(struct form *form, int page); /* false: no such page */
bool form_move(struct form *form, int step);    /* to the next field, or page */
bool form_send(struct form *form);
bool form_cancel(struct form *form);
void form_field_edited(struct form *form, struct form_field *f); /* the edit lines changed */
bool form_is_typed(const struct field *field);      /* edited as text, not chosen from a list */
struct form_field *form_current(struct form *form); /* NULL on the review page */

/* form_field.c */
/* A value for people: titles of choices, bullets for a secret; appended. */
void field_show(struct buffer *out, const struct field *field, const char *value);

#endif
