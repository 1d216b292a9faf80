#include "views/wizard.h"

#include "model/base/arena.h"
#include "tui/form.h"

#include <stdlib.h>
#include <string.h>

enum { PAGES = 12 };

struct wizard {
    struct form *form;
    struct arena *arena;
    struct wizard_ops ops;
    struct form_page pages[PAGES];
    int n_pages;
};

static const char *field_check(void *context, const struct form *form, const char *value)
{
    struct wizard *wizard = context;
    return wizard->ops.check(wizard->ops.context, form_checking(form), value);
}

static struct field_choice *choices_of(struct arena *arena, const char *const *choices)
{
    size_t n = 0;
    while (choices[2 * n])
        n++;
    struct field_choice *list = arena_array(arena, struct field_choice, n + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct field_choice){arena_strdup(arena, choices[2 * i]),
                                        arena_strdup(arena, choices[2 * i + 1])};
    return list;
}

static struct field field_of(struct arena *arena, const struct wizard_field *from)
{
    static const enum field_type types[] = {
        [WIZARD_TEXT] = FIELD_TEXT,        [WIZARD_LINES] = FIELD_LINES,
        [WIZARD_CHOICE] = FIELD_CHOICE,    [WIZARD_FLAGS] = FIELD_FLAGS,
        [WIZARD_DATE] = FIELD_DATE,        [WIZARD_NUMBER] = FIELD_NUMBER,
        [WIZARD_DURATION] = FIELD_DURATION};
    return (struct field){.name = arena_strdup(arena, from->name),
                          .label = arena_strdup(arena, from->label),
                          .hint = from->hint ? arena_strdup(arena, from->hint) : NULL,
                          .type = types[from->type],
                          .rows = 4,
                          .choices = from->choices ? choices_of(arena, from->choices) : NULL,
                          .check = field_check,
                          .value = arena_strdup(arena, from->value)};
}

static void finished(void *context, struct form *form, bool sent)
{
    struct wizard *wizard = context;
    (void)form;
    wizard->ops.done(wizard->ops.context, sent);
}

struct wizard *wizard_new(const char *title, const struct wizard_field *fields, size_t n,
                          int32_t today, const struct wizard_ops *ops)
{
    struct wizard *wizard = mem_zero(1, sizeof *wizard);
    wizard->ops = *ops;
    wizard->arena = arena_new();
    struct field *all = arena_array(wizard->arena, struct field, n);
    for (size_t i = 0; i < n; i++) {
        all[i] = field_of(wizard->arena, &fields[i]);
        if (i == 0 || strcmp(fields[i].page, fields[i - 1].page) != 0)
            wizard->pages[wizard->n_pages++] =
                (struct form_page){arena_strdup(wizard->arena, fields[i].page), &all[i], 0};
        wizard->pages[wizard->n_pages - 1].n_fields++;
    }
    wizard->form = form_new(&(struct form_options){.title = title,
                                                   .pages = wizard->pages,
                                                   .n_pages = wizard->n_pages,
                                                   .review = true,
                                                   .loop = ops->loop,
                                                   .today = today,
                                                   .done = finished,
                                                   .context = wizard});
    return wizard;
}

void wizard_free(struct wizard *wizard)
{
    if (!wizard)
        return;
    form_free(wizard->form);
    arena_free(wizard->arena);
    free(wizard);
}

struct area wizard_side(struct area *area, int cols, int rows)
{
    enum { WIDE = 120 };
    if (area->cols >= WIDE) {
        struct area right = area_cut_right(area, cols);
        area_cut_right(area, 2);
        return right;
    }
    struct area below = area_cut_bottom(area, rows);
    if (rows > 2)
        draw_rule(area_cut_bottom(area, 1), 0, ROLE_DIM);
    return below;
}

void wizard_draw(struct wizard *wizard, struct area area)
{
    form_draw(wizard->form, area);
}

bool wizard_key(struct wizard *wizard, uint32_t key)
{
    return form_key(wizard->form, key);
}

bool wizard_action(struct wizard *wizard, int action_id)
{
    return form_action(wizard->form, action_id);
}

const char *wizard_value(const struct wizard *wizard, const char *name)
{
    return form_value(wizard->form, name);
}

bool wizard_integer(const struct wizard *wizard, const char *name, int64_t *value)
{
    return form_integer(wizard->form, name, value);
}

void wizard_set(struct wizard *wizard, const char *name, const char *value)
{
    form_set(wizard->form, name, value);
}

void wizard_review(struct wizard *wizard)
{
    if (!wizard_reviews(wizard))
        form_action(wizard->form, FORM_SEND); /* which comes by the last page */
}

void wizard_go(struct wizard *wizard, const char *name)
{
    for (int i = 0; i < wizard->pages[0].n_fields; i++) {
        const char *at = form_field(wizard->form);
        if (!at || strcmp(at, name) == 0)
            return;
        form_action(wizard->form, FORM_NEXT);
    }
}

bool wizard_reviews(const struct wizard *wizard)
{
    return form_page_number(wizard->form) == wizard->n_pages;
}

bool wizard_changed(const struct wizard *wizard)
{
    return form_changed(wizard->form);
}
