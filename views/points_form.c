#include "views/points_form.h"

#include "model/base/arena.h"
#include "tui/form.h"
#include "tui/intl.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_MOST = 9 };

static const struct field_choice weekdays[] = {{"mon", N_("Monday")},    {"tue", N_("Tuesday")},
                                               {"wed", N_("Wednesday")}, {"thu", N_("Thursday")},
                                               {"fri", N_("Friday")},    {"sat", N_("Saturday")},
                                               {"sun", N_("Sunday")},    {NULL, NULL}};

#define POINTS_FIELD                                                                               \
    {                                                                                              \
        .name = "points", .label = N_("points"), .type = FIELD_NUMBER, .flags = FIELD_REQUIRED,    \
        .min = 1, .max = 1000000000                                                                \
    }
#define SHOP_FIELD                                                                                 \
    {                                                                                              \
        .name = "shop", .label = N_("shop"), .hint = N_("its code, where there is one"),           \
        .type = FIELD_TEXT, .max = 64                                                              \
    }
#define REF_FIELD                                                                                  \
    {                                                                                              \
        .name = "ref", .label = N_("reference"),                                                   \
        .hint = N_("of the receipt; the same again changes nothing"), .type = FIELD_TEXT,          \
        .max = 100                                                                                 \
    }
#define REASON_FIELD(must)                                                                         \
    {                                                                                              \
        .name = "reason", .label = N_("reason"), .hint = N_("kept in the audit"),                  \
        .type = FIELD_TEXT, .flags = (must), .max = 200                                            \
    }

static const struct {
    const char *title;
    struct field fields[FIELDS_MOST];
} forms[POINTS_FORMS] = {
    [POINTS_FORM_EARN] = {N_("Give points"),
                          {POINTS_FIELD, SHOP_FIELD, REF_FIELD, REASON_FIELD(FIELD_REQUIRED)}},
    [POINTS_FORM_BURN] = {N_("Burn points"),
                          {POINTS_FIELD,
                           SHOP_FIELD,
                           {.name = "campaign",
                            .label = N_("campaign"),
                            .hint = N_("its code, where points are money under it"),
                            .type = FIELD_TEXT,
                            .max = 64},
                           REF_FIELD,
                           REASON_FIELD(0)}},
    [POINTS_FORM_ADJUST] = {N_("Adjust points"),
                            {{.name = "points",
                              .label = N_("points"),
                              .hint = N_("below 0 takes some away"),
                              .type = FIELD_NUMBER,
                              .flags = FIELD_REQUIRED,
                              .min = -1000000000,
                              .max = 1000000000},
                             REASON_FIELD(FIELD_REQUIRED),
                             REF_FIELD}},
    [POINTS_FORM_REVERSE] = {N_("Reverse an entry"),
                             {{.name = "points",
                               .label = N_("points"),
                               .hint = N_("empty: all that is left of it"),
                               .type = FIELD_NUMBER,
                               .min = 1,
                               .max = 1000000000},
                              REF_FIELD,
                              REASON_FIELD(FIELD_REQUIRED),
                              {.name = "of",
                               .label = N_("entry"),
                               .type = FIELD_TEXT,
                               .flags = FIELD_READ_ONLY,
                               .max = 200}}},
    [POINTS_FORM_RULE] = {N_("Rule of points"),
                          {{.name = "name",
                            .label = N_("rule"),
                            .type = FIELD_TEXT,
                            .flags = FIELD_REQUIRED,
                            .max = 60},
                           {.name = "per_yuan",
                            .label = N_("points for 100 yuan"),
                            .hint = N_("0: it only multiplies what another rule gives"),
                            .type = FIELD_NUMBER,
                            .flags = FIELD_REQUIRED,
                            .max = 1000000},
                           {.name = "factor",
                            .label = N_("factor"),
                            .hint = N_("in hundredths: 200 doubles"),
                            .type = FIELD_NUMBER,
                            .flags = FIELD_REQUIRED,
                            .min = 1,
                            .max = 10000},
                           {.name = "shops",
                            .label = N_("shops"),
                            .hint = N_("an expression over shops; empty: all"),
                            .type = FIELD_TEXT,
                            .max = 1000},
                           {.name = "tier",
                            .label = N_("tier"),
                            .hint = N_("empty: all"),
                            .type = FIELD_TEXT,
                            .max = 64},
                           {.name = "weekdays",
                            .label = N_("weekdays"),
                            .hint = N_("none: every day"),
                            .type = FIELD_FLAGS,
                            .choices = weekdays},
                           {.name = "from_day", .label = N_("first day"), .type = FIELD_DATE},
                           {.name = "to_day", .label = N_("last day"), .type = FIELD_DATE},
                           {.name = "priority",
                            .label = N_("priority"),
                            .hint = N_("of rules that give points the highest counts"),
                            .type = FIELD_NUMBER,
                            .max = 1000}}},
    [POINTS_FORM_TERMS] = {N_("Terms of points"),
                           {{.name = "since",
                             .label = N_("earned from"),
                             .type = FIELD_DATE,
                             .flags = FIELD_REQUIRED},
                            {.name = "months",
                             .label = N_("months good"),
                             .hint = N_("to the end of that month after; 0: for ever"),
                             .type = FIELD_NUMBER,
                             .flags = FIELD_REQUIRED,
                             .max = 1200}}},
};

struct points_form {
    struct form *form;
    struct points_form_ops ops;
    struct arena *arena; /* of what the fields start with */
    struct field fields[FIELDS_MOST];
    struct field_choice days[8];
    struct form_page page;
};

static void form_done(void *context, struct form *form, bool sent)
{
    struct points_form *f = context;
    (void)form;
    f->ops.done(f->ops.context, sent);
}

struct points_form *points_form_new(enum points_form_kind kind, const struct points_form_ops *ops)
{
    struct points_form *f = mem_zero(1, sizeof *f);
    int n = 0;
    f->ops = *ops;
    f->arena = arena_new();
    for (size_t i = 0; weekdays[i].name; i++)
        f->days[i] = (struct field_choice){weekdays[i].name, _(weekdays[i].title)};
    for (; n < FIELDS_MOST && forms[kind].fields[n].name; n++) {
        struct field *field = &f->fields[n];
        *field = forms[kind].fields[n];
        field->label = _(field->label);
        field->hint = field->hint ? _(field->hint) : NULL;
        field->choices = field->choices ? f->days : NULL;
        const char *value = ops->value ? ops->value(ops->context, field->name) : NULL;
        field->value = value ? arena_strdup(f->arena, value) : "";
    }
    f->page = (struct form_page){_(forms[kind].title), f->fields, n};
    f->form = form_new(&(struct form_options){.title = _(forms[kind].title),
                                              .pages = &f->page,
                                              .n_pages = 1,
                                              .review = true,
                                              .loop = ops->loop,
                                              .today = ops->today,
                                              .done = form_done,
                                              .context = f});
    return f;
}

void points_form_free(struct points_form *f)
{
    if (!f)
        return;
    form_free(f->form);
    arena_free(f->arena);
    free(f);
}

void points_form_draw(struct points_form *f, struct area area)
{
    form_draw(f->form, area);
}

bool points_form_key(struct points_form *f, uint32_t key)
{
    return form_key(f->form, key);
}

bool points_form_action(struct points_form *f, int action_id)
{
    return form_action(f->form, action_id);
}

const char *points_form_text(const struct points_form *f, const char *name)
{
    return form_value(f->form, name);
}

bool points_form_number(const struct points_form *f, const char *name, int64_t *number)
{
    return form_integer(f->form, name, number);
}
