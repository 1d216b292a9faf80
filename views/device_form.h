/* What people set of a device, as a form. It has a header of its own, as the toolkit's forms and
 * the store's entities both know field types by the same names. */
#ifndef ATRIUM_VIEWS_DEVICE_FORM_H
#define ATRIUM_VIEWS_DEVICE_FORM_H

#include "tui/draw.h"
#include "tui/loop.h"

#include <stdbool.h>

enum device_field {
    DEVICE_FORM_SHOP,
    DEVICE_FORM_ZONE,
    DEVICE_FORM_FLOOR,
    DEVICE_FORM_KIND,
    DEVICE_FORM_MODEL,
    DEVICE_FORM_HOST,
    DEVICE_FORM_PORT,
    DEVICE_FORM_USER,
    DEVICE_FORM_IDENTITY,
    DEVICE_FORM_BASTION,
    DEVICE_FORM_NOTE,
    DEVICE_FORM_FIELDS
};
/* The fields of the entity "device". */
extern const char *const device_form_names[DEVICE_FORM_FIELDS];

struct device_form;

/* `values` to start with must outlive the form. `done` is called when it is sent or given up; the
 * form is finished then. */
struct device_form *device_form_new(const char *const values[DEVICE_FORM_FIELDS],
                                    void (*done)(void *context, bool sent), void *context,
                                    const struct loop *loop);
void device_form_free(struct device_form *form); /* NULL is fine */
void device_form_draw(struct device_form *form, struct area area);
bool device_form_key(struct device_form *form, uint32_t key);
bool device_form_action(struct device_form *form, int action_id);

/* Of the form, until the next key. */
const char *device_form_value(const struct device_form *form, enum device_field field);

#endif
