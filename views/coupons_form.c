#include "views/coupons_form.h"

#include "model/base/arena.h"
#include "model/campaign/coupon_code.h"
#include "tui/form.h"
#include "tui/intl.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS = 4 };

struct coupons_form {
    struct form *form;
    struct arena *arena; /* of the last complaint */
    void (*done)(void *context, bool sent);
    void *context;
    struct field fields[FIELDS];
    struct form_page page;
};

/* By its form alone; a code of a list may have any. Whether it exists is asked meanwhile. */
static const char *code_check(void *context, const struct form *form, const char *value)
{
    struct coupons_form *f = context;
    char code[COUPON_CODE];
    (void)form;
    arena_reset(f->arena);
    if (coupon_code_read(value, strlen(value), code))
        return NULL;
    return arena_printf(f->arena, _("a code has %d to %d letters and digits"), COUPON_LEAST,
                        COUPON_MOST);
}

static void form_done(void *context, struct form *form, bool sent)
{
    struct coupons_form *f = context;
    (void)form;
    f->done(f->context, sent);
}

struct coupons_form *coupons_form_new(const char *code, void (*done)(void *context, bool sent),
                                      void *context, const struct loop *loop)
{
    struct coupons_form *f = mem_zero(1, sizeof *f);
    f->arena = arena_new();
    f->done = done;
    f->context = context;
    f->fields[0] = (struct field){.name = "code",
                                  .label = _("coupon code"),
                                  .hint = _("small letters, spaces and dashes do not matter"),
                                  .type = FIELD_TEXT,
                                  .flags = FIELD_REQUIRED,
                                  .max = 64,
                                  .check = code_check,
                                  .value = code};
    f->fields[1] = (struct field){.name = "shop",
                                  .label = _("shop"),
                                  .hint = _("its code"),
                                  .type = FIELD_TEXT,
                                  .flags = FIELD_REQUIRED,
                                  .max = 64};
    f->fields[2] = (struct field){.name = "amount",
                                  .label = _("amount"),
                                  .hint = _("what the receipt comes to"),
                                  .type = FIELD_MONEY,
                                  .flags = FIELD_REQUIRED,
                                  .max = INT64_C(1000000000000)};
    f->fields[3] = (struct field){.name = "receipt",
                                  .label = _("receipt number"),
                                  .hint = _("its number, where it has one"),
                                  .type = FIELD_TEXT,
                                  .max = 200};
    f->page = (struct form_page){_("Redeem a coupon"), f->fields, FIELDS};
    f->form = form_new(&(struct form_options){.title = _("Redeem a coupon"),
                                              .pages = &f->page,
                                              .n_pages = 1,
                                              .loop = loop,
                                              .done = form_done,
                                              .context = f});
    return f;
}

void coupons_form_free(struct coupons_form *f)
{
    if (!f)
        return;
    form_free(f->form);
    arena_free(f->arena);
    free(f);
}

void coupons_form_draw(struct coupons_form *f, struct area area)
{
    form_draw(f->form, area);
}

bool coupons_form_key(struct coupons_form *f, uint32_t key)
{
    return form_key(f->form, key);
}

bool coupons_form_action(struct coupons_form *f, int action_id)
{
    return form_action(f->form, action_id);
}

void coupons_form_read(struct coupons_form *f, struct coupons_form_values *values)
{
    *values = (struct coupons_form_values){.code = form_value(f->form, "code"),
                                           .shop = form_value(f->form, "shop"),
                                           .receipt = form_value(f->form, "receipt"),
                                           .amount = -1};
    form_integer(f->form, "amount", &values->amount);
}
