/* What a redemption by hand asks for, as a form. It has a header of its own, as the toolkit's forms
 * and the store's entities both know field types by the same names. */
#ifndef ATRIUM_VIEWS_COUPONS_FORM_H
#define ATRIUM_VIEWS_COUPONS_FORM_H

#include "tui/draw.h"
#include "tui/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct coupons_form;

/* Texts are those of the form, until the next key. */
struct coupons_form_values {
    const char *code, *shop, *receipt;
    int64_t amount; /* fen; -1: none yet */
};

/* `done` is called when it is sent complete or given up; the form is finished then. */
struct coupons_form *coupons_form_new(const char *code, void (*done)(void *context, bool sent),
                                      void *context, const struct loop *loop);
void coupons_form_free(struct coupons_form *form); /* NULL is fine */
void coupons_form_draw(struct coupons_form *form, struct area area);
bool coupons_form_key(struct coupons_form *form, uint32_t key);
bool coupons_form_action(struct coupons_form *form, int action_id);
void coupons_form_read(struct coupons_form *form, struct coupons_form_values *values);

#endif
